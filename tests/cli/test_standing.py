"""What stands in the way of a run, what a run takes up, and what was asked for under a run key."""

from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Asked, Wish, ask
from avd_failover.cli.standing import following, ledger, may_begin, run_of_key, states
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import Event, RunEnded, StepEnded
from avd_failover.journal.ledger import Ledger
from avd_failover.journal.state import RunState
from avd_failover.journal.store import DamagedJournalError
from tests.cli.runs_at_hand import Shell
from tests.crash.stage import ROOT
from tests.journal.builders import applied, began, drain, grant, intended, make_pinned, make_state, revoke
from tests.journal.files import meddle

PLAN = str(ROOT / "plans" / "small.yaml")
KEY = "night-7"


@cache
def asked(purpose: Purpose = Purpose.FAILOVER, **more: Any) -> Asked:
    return ask(Wish(plan=PLAN, purpose=purpose, by="Ann", **more))


def back(**more: Any) -> Asked:
    return asked(Purpose.FAILBACK, **more)


def events_of(
    run: str, wanted: Asked, status: RunStatus | None = RunStatus.COMPLETED, *, owes: bool = False
) -> list[Event]:
    """A run that revoked, granted, and ended like that; None for one that still goes on."""
    first = make_pinned(run)
    graph = first.graph
    first = replace(first, route=wanted.route, key=wanted.key, follows=wanted.follows, simulated=None)
    told: list[Event] = [first, began("revoke-source"), intended("revoke-source", 1, revoke()), applied(1)]
    told += [
        intended("revoke-source", 2, drain()),
        applied(2),
        intended("revoke-source", 3, grant()),
        applied(3),
    ]
    if owes:
        told += [StepEnded(step=graph.steps[1].id, status=StepStatus.DEBT, because="no answer")]
    if status is not None:
        told.append(RunEnded(status=status, because="so it ended"))
    return told


def ran(
    run: str, wanted: Asked, status: RunStatus | None = RunStatus.COMPLETED, *, owes: bool = False
) -> RunState:
    return make_state(events_of(run, wanted, status, owes=owes))


def refused(wanted: Asked, standing: Ledger, after_s: float = 60.0) -> Quit | None:
    """Ask whether a run may begin so long after the last one."""
    last = standing.last or standing.owing or standing.unfinished or ran("A", asked())
    try:
        may_begin(wanted, standing, last.last_at + timedelta(seconds=after_s))
    except Quit as no:
        return no
    return None


EVERY = [asked(), back(), asked(Purpose.DRILL), asked(Purpose.SETTLE)]
EVERY += [asked(Purpose.UPKEEP, runbook="host-keepalive")]
PURPOSES = [one.route.purpose.value for one in EVERY]


@pytest.mark.parametrize("wanted", EVERY, ids=PURPOSES)
def test_nothing_begins_before_what_is_unfinished_has_ended(wanted: Asked) -> None:
    no = refused(wanted, Ledger(unfinished=ran("small-A", asked(), RunStatus.HELD)))
    assert no is not None
    assert (no.code, no.next_step) == (ExitCode.LOCKED, "failover resume small-A")
    assert "small-A of this pool pair was started 2026-03-02 02:55:00 UTC and is not finished" in no.message


@pytest.mark.parametrize("wanted", EVERY, ids=PURPOSES)
def test_nothing_but_a_settling_begins_while_anything_is_owed(wanted: Asked) -> None:
    no = refused(wanted, Ledger(owing=ran("small-A", asked(), owes=True)))
    if wanted.route.purpose is Purpose.SETTLE:
        assert no is None
        return
    assert no is not None
    assert (no.code, no.next_step) == (ExitCode.REFUSED, "failover settle --plan small")
    assert "small-A owes what it could not do while its source was dark: revoke-source" in no.message


def test_what_is_unfinished_is_told_before_what_is_owed() -> None:
    standing = Ledger(unfinished=ran("B", back(), RunStatus.HELD), owing=ran("A", asked(), owes=True))
    no = refused(asked(Purpose.SETTLE), standing)
    assert no is not None
    assert no.code is ExitCode.LOCKED


HOLD_DOWN = [
    ("right after, by a scheduler", back(key=KEY), 60.0, "held down for another 59 min"),
    ("right after, by a person", back(), 60.0, None),
    ("an hour later, by a scheduler", back(key=KEY), 3600.0, None),
    ("the same way again, by a scheduler", asked(key=KEY), 60.0, None),
]


@pytest.mark.parametrize(
    ("wanted", "after_s", "because"), [r[1:] for r in HOLD_DOWN], ids=[r[0] for r in HOLD_DOWN]
)
def test_a_run_key_stands_for_nobody_who_could_say_that_the_way_back_is_meant(
    wanted, after_s, because
) -> None:
    no = refused(wanted, Ledger(last=ran("A", asked())), after_s)
    assert (no is None) == (because is None)
    if no is not None:
        assert no.code is ExitCode.REFUSED
        assert because in no.message


def test_where_nothing_stands_everything_may_begin() -> None:
    assert [refused(one, Ledger()) for one in EVERY] == [None] * len(EVERY)


def test_a_failback_takes_up_what_is_away_with_all_that_it_changed() -> None:
    first, second = ran("A", asked()), ran("B", asked())
    found = following(back(), Ledger(away=(first, second)))
    assert found.follows == ("A", "B")
    assert found.inherited == (revoke(), drain(), grant()) * 2


def test_a_failback_of_a_cohort_returns_the_cohort() -> None:
    some = replace(asked(), route=replace(asked().route, groups=("OFFICE",), app_groups=("desk",)))
    found = following(back(), Ledger(away=(ran("A", some),)))
    assert (found.route.groups, found.route.app_groups) == (("OFFICE",), ("desk",))


def test_one_run_returns_one_of_several_cohorts_and_says_which_there_are() -> None:
    cohorts = [replace(asked(), route=replace(asked().route, groups=(name,))) for name in ("GRP1", "GRP2")]
    with pytest.raises(Quit) as no:
        following(back(), Ledger(away=(ran("A", cohorts[0]), ran("B", cohorts[1]))))
    assert no.value.code is ExitCode.REFUSED
    assert "A: groups GRP1; B: groups GRP2" in no.value.message


def test_a_settling_between_is_no_cohort_of_its_own() -> None:
    some = replace(asked(), route=replace(asked().route, groups=("GRP1",)))
    found = following(back(), Ledger(away=(ran("A", some), ran("S", asked(Purpose.SETTLE)))))
    assert (found.route.groups, found.follows) == (("GRP1",), ("A", "S"))


def test_a_settling_goes_the_way_of_the_run_that_owes_and_names_it() -> None:
    dark = replace(
        asked(), route=replace(asked().route, mode=Mode.UNPLANNED, forced="a flood", groups=("GRP1",))
    )
    found = following(asked(Purpose.SETTLE), Ledger(owing=ran("A", dark, owes=True)))
    assert (found.follows, found.route.groups) == (("A",), ("GRP1",))
    assert (found.route.purpose, found.route.mode, found.route.forced) == (Purpose.SETTLE, Mode.PLANNED, "")
    assert found.graph.steps[0].id == "settle-autoscale"
    assert found.inherited == (revoke(), drain(), grant())
    assert found.initiator == "Ann"


def test_where_nothing_is_owed_there_is_nothing_to_settle() -> None:
    with pytest.raises(Quit) as done:
        following(asked(Purpose.SETTLE), Ledger())
    assert (done.value.code, "nothing to settle" in done.value.message) == (ExitCode.DONE, True)


@pytest.mark.parametrize("purpose", [Purpose.FAILOVER, Purpose.DRILL])
def test_whatever_else_takes_up_nothing(purpose: Purpose) -> None:
    wanted = asked(purpose)
    assert following(wanted, Ledger(away=(ran("A", asked()),))) == wanted


def test_the_newest_run_under_a_key_is_the_one_that_is_meant(shell: Shell) -> None:
    shell.record("small-20260301-000000-0001", events_of("small-20260301-000000-0001", asked(key=KEY)))
    shell.record("small-20260302-000000-0001", events_of("small-20260302-000000-0001", asked(key="other")))
    assert run_of_key(shell.home, KEY) == "small-20260301-000000-0001"
    assert run_of_key(shell.home, "never") is None


def test_the_runs_of_this_pair_are_folded_and_those_of_others_are_not(shell: Shell) -> None:
    mine, other = "small-20260301-000000-0001", "pooled-eu-20260302-000000-0001"
    shell.record(mine, events_of(mine, asked()))
    shell.record(other, events_of(other, ask(Wish(plan=str(ROOT / "plans" / "pooled-eu.yaml")))))
    found = ledger(shell.home, asked().route.plan, None)
    assert [state.run for state in found.away] == [mine]
    assert ledger(shell.home, asked().route.plan, "small") == Ledger(), (
        "a simulated world knows nothing of it"
    )
    assert sorted(state.run for state in states(shell.home)) == sorted([mine, other])


def test_nobody_can_say_what_a_pair_with_a_damaged_journal_left(shell: Shell) -> None:
    run = "small-20260301-000000-0001"
    meddle(shell.record(run, events_of(run, asked())), "DELETE FROM events WHERE seq = 3")
    with pytest.raises(DamagedJournalError):
        ledger(shell.home, asked().route.plan, None)
    assert list(states(shell.home)) == [], "a list of runs goes on without it"
