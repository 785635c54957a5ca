"""A lost journal: what is observed, and the run that begins from exactly what was observed and accepted."""

import json

import pytest
from msgspec.structs import replace

from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Wish, ask
from avd_failover.domain.accepted import Accepted, digest_of, rule_for
from avd_failover.domain.actions import GrantAssignment, RevokeAssignment
from avd_failover.domain.placement import Where
from avd_failover.domain.plan import Policies
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.journal.events import ActionEnded, Entry
from avd_failover.journal.state import RunState
from avd_failover.operations.observation import Observed, half_done
from avd_failover.operations.observation import observe as look
from avd_failover.simulator.direct import DirectCloud
from tests.cli.runs_at_hand import Shell
from tests.crash.stage import ROOT, Stage

PLAN = str(ROOT / "plans" / "pooled-eu.yaml")


class LostError(BaseException):
    """The machine burns down here, its journal with it."""


def lost_after(kind: type, count: int) -> Stage:
    """Let a run die after so many actions of a kind took effect, and forget its journal."""
    stage = Stage()
    seen = 0

    def watch(_stage: Stage, entry: Entry, state: RunState) -> None:
        nonlocal seen
        if isinstance(entry.event, ActionEnded) and isinstance(state.attempts[entry.event.n].action, kind):
            seen += 1
            if seen == count:
                raise LostError

    stage.watch = watch
    with pytest.raises(LostError):
        stage.drive()
    stage.world.advance(stage.world.now_s + 1800.0)
    after = Stage()
    after.world = stage.world
    return after


def without(count: int) -> Stage:
    """Take the first assignments of the plan away by hand."""
    stage = Stage()
    held = [placed.source[0].id for placed in observed(stage).placement.places[:count]]

    async def take() -> None:
        cloud = DirectCloud(stage.world, LoopClock(stage.world.at()))
        for assignment in held:
            await cloud.assignments.delete(assignment)

    run_virtually(take())
    stage.world.advance(stage.world.now_s + 1800.0)
    return stage


def observed(stage: Stage) -> Observed:
    async def ask_the_cloud() -> Observed:
        clock = LoopClock(stage.world.at())
        return await look(DirectCloud(stage.world, clock), stage.asked.route)

    return run_virtually(ask_the_cloud())


def adopting(stage: Stage, digest: str, purpose: Purpose = Purpose.FAILOVER, approvers: int = 1) -> Stage:
    stage.asked = ask(Wish(plan=PLAN, purpose=purpose, accepted=digest, by="ann"))
    plan = stage.asked.route.plan
    plan = replace(plan, policies=replace(plan.policies, approvers=approvers))
    stage.asked = replace(stage.asked, route=replace(stage.asked.route, plan=plan))
    return stage


def test_a_lost_run_leaves_a_mix_that_is_told_pair_by_pair() -> None:
    seen = observed(lost_after(RevokeAssignment, 3))
    assert len(seen.placement.at(Where.NEITHER)) >= 3
    assert not seen.gaps
    codes = [finding.code for finding in half_done(seen)]
    assert codes.count("pair-on-neither") == len(seen.placement.at(Where.NEITHER))
    primary, secondary = seen.sides
    assert (primary.hosts, secondary.hosts) == (10, 10)
    assert primary.drained == 10
    assert "hosts-drained" in codes or not seen.placement.at(Where.SOURCE)


def test_an_ordinary_run_refuses_a_mix_that_no_journal_explains() -> None:
    stage = lost_after(RevokeAssignment, 3)
    assert stage.drive() is RunStatus.REFUSED
    assert [finding.code for finding in stage.state.findings] == ["placement-mixed"]
    assert not stage.state.attempts


@pytest.mark.parametrize(("kind", "count"), [(RevokeAssignment, 3), (GrantAssignment, 2)])
def test_a_run_that_accepts_the_observed_placement_leaves_nobody_behind(kind: type, count: int) -> None:
    stage = lost_after(kind, count)
    digest = digest_of(observed(stage).placement)
    assert adopting(stage, digest).drive() is RunStatus.COMPLETED, stage.state.because
    after = observed(stage).placement
    assert {placed.where for placed in after.places} == {Where.TARGET}
    # What a revoked pair's assignment said besides is lost with the journal that had its image.
    assert {one["invariant"] for one in stage.violations()} <= (
        {"S11"} if kind is RevokeAssignment else set()
    )


def test_another_placement_than_the_accepted_one_is_refused() -> None:
    stage = lost_after(RevokeAssignment, 3)
    assert adopting(stage, "0" * 64).drive() is RunStatus.REFUSED
    assert "placement-mixed" in [finding.code for finding in stage.state.findings]
    assert not stage.state.attempts


def test_where_the_plan_asks_for_two_people_a_second_one_must_approve_before_anything_is_sent() -> None:
    stage = lost_after(RevokeAssignment, 3)
    digest = digest_of(observed(stage).placement)
    adopting(stage, digest, approvers=2)
    assert stage.drive() in {RunStatus.HELD, RunStatus.FAILED}
    assert stage.state.steps["readiness"].status in {StepStatus.HELD, StepStatus.FAILED}
    assert "waits for 1 approval" in stage.state.because
    stage.ask("approve", step="readiness", by="ann")
    assert stage.drive() is not RunStatus.COMPLETED, "whoever began it is nobody else"
    assert not any(isinstance(one.action, RevokeAssignment) for one in stage.state.attempts.values())
    stage.ask("approve", step="readiness", by="ben")
    assert stage.drive() is RunStatus.COMPLETED


def test_a_rejected_starting_point_is_refused() -> None:
    stage = lost_after(RevokeAssignment, 3)
    adopting(stage, digest_of(observed(stage).placement), approvers=2)
    stage.ask("reject", step="readiness", by="ben", reason="we know that run")
    stage.drive()
    assert stage.state.because == "ben rejected this starting point: we know that run"
    assert not any(isinstance(one.action, RevokeAssignment) for one in stage.state.attempts.values())


def test_the_digest_is_the_same_from_both_sides_and_another_for_every_other_placement() -> None:
    stage = lost_after(RevokeAssignment, 3)
    forward = observed(stage).placement
    back = adopting(lost_after(RevokeAssignment, 3), "0" * 64, Purpose.FAILBACK)
    assert digest_of(observed(back).placement) == digest_of(forward)
    digests = {digest_of(forward), digest_of(observed(Stage()).placement)}
    digests |= {digest_of(observed(without(count)).placement) for count in (1, 2)}
    assert len(digests) == 4


def test_one_approver_needs_nobody_else_and_two_need_one() -> None:
    assert rule_for(Policies(approvers=1)) is None
    rule = rule_for(Policies(approvers=2))
    assert rule is not None
    assert (rule.count, rule.two_person) == (1, True)


def test_observe_tells_where_everything_stands_and_what_to_type(shell: Shell) -> None:
    assert shell.type("observe", "--plan", PLAN, "--simulate", "pooled-eu") == ExitCode.DONE
    assert shell.out.count("on primary") == 7
    assert "towards secondary" in shell.out
    assert f"failover --plan {PLAN}" in shell.out
    assert "towards primary: nothing to do" in shell.out
    assert not shell.home.runs()


def test_observe_as_json_has_stable_fields(shell: Shell) -> None:
    code = shell.type("observe", "--plan", PLAN, "--simulate", "pooled-eu", "--output", "json")
    assert code == ExitCode.DONE
    told = json.loads(shell.out)
    assert list(told) == [
        *("plan", "simulated", "digest", "unfinished", "pairs", "sides", "gaps", "findings", "ways_on")
    ]
    assert [one["where"] for one in told["pairs"]] == ["on primary"] * 7
    assert [one["towards"] for one in told["ways_on"]] == ["secondary", "primary"]
    assert len(told["digest"]) == 64
    assert told["ways_on"][0]["command"] == f"failover --plan {PLAN}"
    assert told["ways_on"][1]["nothing_to_do"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--observed", "f" * 64, "--by", " "], "names nobody"),
        (["--observed", "f" * 63, "--by", "ann"], "not the digest of a placement"),
    ],
)
def test_adopt_wants_a_name_and_a_digest(shell: Shell, words: list[str], said: str) -> None:
    code = shell.type("adopt", "--plan", PLAN, "--towards", "secondary", *words)
    assert code == ExitCode.BAD_INPUT
    assert said in shell.err


def test_what_was_accepted_and_by_whom_is_pinned() -> None:
    asked = ask(Wish(plan=PLAN, accepted="f" * 64, by="ann"))
    assert asked.accepted == Accepted(digest="f" * 64, by="ann")
    assert ask(Wish(plan=PLAN)).accepted is None
