"""An edited plan: refused where it means another run, else taken up with all that was done before."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cli.exits import ExitCode
from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.amending import unfit
from avd_failover.domain.approvals import EXPIRY_S
from avd_failover.domain.placement import Where
from avd_failover.domain.plan import Plan
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.settle import settle
from avd_failover.journal.events import (
    ActionEnded,
    ActionIntended,
    Entry,
    Outcome,
    RunEnded,
    RunPinned,
    RunResumed,
)
from avd_failover.journal.ledger import ledger_of
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState, fold
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import operation_for
from avd_failover.report.advice import advice
from avd_failover.simulator.direct import DirectCloud
from tests.cli.runs_at_hand import Shell
from tests.cli.test_observe import LostError, observed
from tests.crash.stage import Stage, access
from tests.journal.builders import RUN, grant, make_entries, make_pinned, revoke, whole_run
from tests.journal.signing import Still

NEW = "pooled-eu-20260302-035500-0002"
HELD = RunEnded(status=RunStatus.HELD, because="a person must look")
AMENDED = RunEnded(status=RunStatus.AMENDED, because="amended by ann", successor=NEW)
ROUTE = make_pinned().route


def edited(**changes: Any) -> Route:
    return replace(ROUTE, plan=replace(ROUTE.plan, **changes))


def without_groups(plan: Plan) -> Plan:
    pair = plan.application_groups[0]
    return replace(plan, application_groups=(replace(pair, groups=()),))


UNFIT: dict[str, tuple[Route, list[Action], str]] = {
    "nothing but the words": (edited(summary="other words"), [revoke()], ""),
    "more seats": (edited(capacity=replace(ROUTE.plan.capacity, seats=20)), [revoke(), grant()], ""),
    "another pool": (
        edited(secondary=replace(ROUTE.plan.secondary, host_pool=ROUTE.plan.primary.host_pool + "x")),
        [],
        "another pool pair",
    ),
    "sides exchanged": (edited(primary=ROUTE.plan.secondary, secondary=ROUTE.plan.primary), [], "direction"),
    "another role": (edited(role="00000000-0000-4000-8000-000000000001"), [], "another role"),
    "a moved pair left out": (
        replace(ROUTE, plan=without_groups(ROUTE.plan)),
        [revoke()],
        "does not name any more",
    ),
    "a pair left out that never moved": (replace(ROUTE, plan=without_groups(ROUTE.plan)), [], ""),
}


@pytest.mark.parametrize("case", UNFIT)
def test_only_edits_that_leave_the_run_what_it_is_are_taken_up(case: str) -> None:
    after, carried, said = UNFIT[case]
    why = unfit(ROUTE, after, carried)
    assert (said in why) if said else not why


@pytest.mark.parametrize("purpose", [Purpose.DRILL, Purpose.SETTLE, Purpose.UPKEEP])
def test_only_runs_that_move_users_are_amended(purpose: Purpose) -> None:
    route = replace(ROUTE, purpose=purpose)
    assert "not amended" in unfit(route, route, [])


def amended_states() -> tuple[RunState, RunState]:
    """Return a run that had revoked when it was amended, and its successor, just begun."""
    old = fold(make_entries([*whole_run()[:6], HELD, resumed(), AMENDED]))
    pinned = replace(make_pinned(NEW), amends=RUN, carried=old.effects)
    return old, fold(make_entries([pinned]))


def resumed() -> RunResumed:
    return RunResumed(holder=make_pinned().holder, engine="0.1.0")


def test_what_the_amended_run_did_counts_as_its_successors_own() -> None:
    old, new = amended_states()
    assert old.status is RunStatus.AMENDED
    assert old.successor == NEW
    memory = RunMemory(new, Still())
    assert memory.changed == (revoke(),)
    assert memory.revoked == [revoke().assignment]
    assert not memory.granted
    assert memory.last_revoke_s is not None
    assert new.changed


def test_a_carried_grant_may_still_arrive_late() -> None:
    pinned = replace(make_pinned(NEW), amends=RUN, carried=(revoke(), grant()))
    memory = RunMemory(fold(make_entries([pinned])), Still())
    assert memory.last_doubt_s is not None
    assert memory.granted == [grant().assignment]


def test_an_amendment_of_an_amendment_carries_both() -> None:
    _, new = amended_states()
    later = [new.pinned, *whole_run()[7:10]]
    later[2] = replace(later[2], n=1)
    later[3] = replace(later[3], n=1)
    assert fold(make_entries(later)).effects == (revoke(), grant())


def test_a_failback_takes_back_each_action_once_however_often_its_run_was_amended() -> None:
    old, new = amended_states()
    ended = fold(make_entries([new.pinned, RunEnded(status=RunStatus.COMPLETED, because="every step ended")]))
    found = ledger_of([ended, old])
    assert [state.run for state in found.away] == [NEW]
    assert found.inherited == (revoke(),)
    assert found.unfinished is None


def test_an_amended_run_whose_successor_never_began_stands_in_the_way() -> None:
    old, new = amended_states()
    alone = ledger_of([old])
    assert alone.unfinished is old
    assert ledger_of([new, old]).unfinished is new


def killed(when: Callable[[Entry, RunState], bool]) -> Stage:
    """Drive a run until a moment, at which its process dies."""
    stage = Stage()

    def watch(_stage: Stage, entry: Entry, state: RunState) -> None:
        if when(entry, state):
            raise LostError

    stage.watch = watch
    with pytest.raises(LostError):
        stage.drive()
    stage.watch = lambda *_: None
    stage.world.advance(stage.world.now_s + 10.0)
    return stage


def after(kind: type) -> Callable[[Entry, RunState], bool]:
    def ended(entry: Entry, state: RunState) -> bool:
        event = entry.event
        return isinstance(event, ActionEnded) and isinstance(state.attempts[event.n].action, kind)

    return ended


def amended(stage: Stage, approvers: int = 2) -> Stage:
    """Amend a run as ``failover amend`` does, by ``duty``, with the plan's summary edited."""

    async def end() -> RunState:
        clock = LoopClock(stage.world.at())
        journal = JournalWriter.reopen(stage.store, clock)
        journal.append(RunResumed(holder=journal.state.holder, engine="0"))
        cloud = DirectCloud(stage.world, clock)
        left = await settle(journal, cloud=cloud, clock=clock, operations=operation_for)
        assert not left
        journal.append(AMENDED)
        journal.flush()
        return journal.state

    old = run_virtually(end())
    assert not [attempt for attempt in old.attempts.values() if attempt.open]
    new = Stage()
    new.world, new.store = stage.world, MemoryStore(NEW)
    policies = replace(old.route.plan.policies, approvers=approvers)
    plan = replace(old.route.plan, summary="edited", policies=policies)
    new.asked = replace(new.asked, route=replace(old.route, plan=plan))
    asked_pin = new._pinned

    def pin(holder: Any) -> RunPinned:
        pinned = asked_pin(holder)
        return replace(pinned, run=NEW, amends=old.run, carried=old.effects, initiator="duty")

    new._pinned = pin  # type: ignore[method-assign]
    return new


def approved(stage: Stage, *names: str) -> Stage:
    """Let people approve the edited plan; the one who edited it is ``duty``."""
    for name in names or ("ben",):
        stage.ask("approve", step="readiness", by=name)
    return stage


UNAPPROVED = [
    ("nobody approves", [], "waits for 1 approval by somebody else: failover approve"),
    ("whoever edited it does", ["Duty "], "started the run, and somebody else must approve"),
]


@pytest.mark.parametrize(
    ("names", "said"), [row[1:] for row in UNAPPROVED], ids=[row[0] for row in UNAPPROVED]
)
def test_an_edited_plan_waits_for_somebody_else_before_anything_is_sent(names: list[str], said: str) -> None:
    stage = amended(killed(after(RevokeAssignment)))
    for name in names:
        approved(stage, name)
    assert stage.drive() is RunStatus.HELD
    assert said in stage.state.because
    assert not stage.state.attempts
    assert advice(stage.state)[0].startswith(f"failover approve {NEW} readiness --by NAME")
    assert approved(stage).drive() is RunStatus.COMPLETED, stage.state.because


def test_an_edited_plan_that_somebody_rejected_is_not_begun() -> None:
    stage = amended(killed(after(RevokeAssignment)))
    stage.ask("reject", step="readiness", by="ben", reason="too few seats")
    assert stage.drive() is RunStatus.HELD
    assert stage.state.because == "ben rejected the edited plan: too few seats"
    assert not stage.state.attempts


def test_what_was_approved_for_the_old_plan_counts_for_nothing_under_the_edited_one() -> None:
    old = killed(after(RevokeAssignment))
    approved(old)
    stage = amended(old)
    assert stage.drive() is RunStatus.HELD
    assert not stage.state.attempts


def test_an_edited_plan_that_nobody_approved_can_still_be_turned_back() -> None:
    before = access(Stage().world)
    stage = amended(killed(after(RevokeAssignment)))
    assert stage.drive() is RunStatus.HELD
    stage.ask("rollback")
    assert stage.drive() is RunStatus.ROLLED_BACK, stage.state.because
    assert access(stage.world) == before


def test_an_approved_plan_that_was_begun_needs_no_second_approval_when_the_first_has_expired() -> None:
    stage = approved(amended(killed(after(RevokeAssignment))))

    def watch(_stage: Stage, entry: Entry, _state: RunState) -> None:
        if isinstance(entry.event, ActionIntended):
            raise LostError

    stage.watch = watch
    with pytest.raises(LostError):
        stage.drive()
    stage.watch = lambda *_: None
    stage.world.advance(stage.world.now_s + EXPIRY_S + 60.0)
    assert stage.drive() is RunStatus.COMPLETED, stage.state.because


def test_a_plan_that_asks_for_one_person_takes_the_word_of_whoever_edited_it() -> None:
    stage = amended(killed(after(RevokeAssignment)), approvers=1)
    assert stage.drive() is RunStatus.COMPLETED, stage.state.because


@pytest.mark.parametrize("kind", [RevokeAssignment, GrantAssignment])
def test_an_amended_run_ends_as_the_old_one_would_have(kind: type) -> None:
    stage = approved(amended(killed(after(kind))))
    assert stage.drive() is RunStatus.COMPLETED, stage.state.because
    assert {placed.where for placed in observed(stage).placement.places} == {Where.TARGET}
    assert not stage.violations()


def test_turning_an_amended_run_back_restores_what_the_old_run_had_revoked_field_by_field() -> None:
    before = access(Stage().world)
    stage = approved(amended(killed(after(GrantAssignment))))
    stage.ask("rollback")
    assert stage.drive() is RunStatus.ROLLED_BACK, stage.state.because
    assert access(stage.world) == before
    assert not stage.violations()


def test_an_attempt_whose_end_nobody_knows_is_settled_by_reading_before_the_old_run_ends() -> None:
    def sent(entry: Entry, _state: RunState) -> bool:
        return isinstance(entry.event, ActionIntended) and isinstance(entry.event.action, RevokeAssignment)

    stage = killed(sent)
    amended(stage)
    events = [
        entry for entry in stage_events(stage) if isinstance(entry, ActionEnded) and entry.by == "reading"
    ]
    assert events
    assert {event.outcome for event in events} <= {Outcome.VOID, Outcome.APPLIED}


def stage_events(stage: Stage) -> list[object]:
    from avd_failover.journal.codec import decode

    return [decode(seq, line).event for seq, line in enumerate(stage.store.lines, 1)]


PLAN = str(Path(__file__).parents[2] / "plans" / "pooled-eu.yaml")


def test_a_finished_run_is_not_amended(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    code = shell.type("amend", RUN, "--plan", PLAN, "--by", "ann", "--reason", "more seats")
    assert code == ExitCode.REFUSED
    assert f"{RUN} is completed" in shell.err


def test_a_plan_of_another_pool_pair_is_refused_before_anything_is_touched(shell: Shell) -> None:
    path = shell.record(RUN, [*whole_run()[:6], HELD])
    before = path.read_bytes()
    code = shell.type("amend", RUN, "--plan", PLAN, "--by", "ann", "--reason", "more seats")
    assert code == ExitCode.REFUSED
    assert "another pool pair" in shell.err
    assert path.read_bytes() == before
    assert shell.home.runs() == (RUN,)


def test_an_amendment_has_a_name_and_a_reason(shell: Shell) -> None:
    shell.record(RUN, [*whole_run()[:6], HELD])
    assert shell.type("amend", RUN, "--plan", PLAN, "--by", " ", "--reason", "x") == ExitCode.BAD_INPUT
    assert shell.type("amend", RUN, "--plan", PLAN, "--by", "ann") == ExitCode.BAD_INPUT


def test_a_run_that_was_amended_names_the_run_that_goes_on(shell: Shell) -> None:
    old = [*whole_run()[:6], HELD, resumed(), AMENDED]
    shell.record(RUN, old)
    shell.record(NEW, [replace(make_pinned(NEW), amends=RUN, carried=(revoke(),))])
    code = shell.type("amend", RUN, "--plan", PLAN, "--by", "ann", "--reason", "again")
    assert code == ExitCode.REFUSED
    assert f"failover resume {NEW}" in shell.err


def test_resuming_an_amended_run_names_the_run_that_goes_on_or_how_to_begin_it(shell: Shell) -> None:
    shell.record(RUN, [*whole_run()[:6], HELD, resumed(), AMENDED])
    assert shell.type("resume", RUN) == ExitCode.DONE
    assert f"failover amend {RUN}" in shell.err
    shell.record(NEW, [replace(make_pinned(NEW), amends=RUN, carried=(revoke(),))])
    assert shell.type("resume", RUN) == ExitCode.DONE
    assert f"failover resume {NEW}" in shell.err
