"""What the runs of one pool pair left standing: histories of several runs as data, oldest first."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from avd_failover.domain.actions import Action
from avd_failover.domain.desk_images import RECORDS, figure
from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import (
    ActionEnded,
    Event,
    Outcome,
    RunEnded,
    RunPinned,
    StepEnded,
    StepStarted,
)
from avd_failover.journal.ledger import Ledger, debts, ledger_of
from avd_failover.journal.state import RunState
from tests.journal.builders import (
    applied,
    began,
    done,
    drain,
    grant,
    intended,
    make_pinned,
    make_state,
    revoke,
)

RUNNING = RunStatus.RUNNING
COMPLETED = RunStatus.COMPLETED


class Told(Struct, frozen=True):
    """One run of a history, as a test says it."""

    name: str
    purpose: Purpose = Purpose.FAILOVER
    status: RunStatus = COMPLETED
    follows: tuple[str, ...] = ()
    owes: bool = False
    idle: bool = False
    """It changed nothing."""
    groups: tuple[str, ...] | None = None


def there(name: str, **more: Any) -> Told:
    return msgspec.structs.replace(Told(name), **more)


def back(name: str, *follows: str, **more: Any) -> Told:
    return msgspec.structs.replace(Told(name, purpose=Purpose.FAILBACK, follows=follows), **more)


def settled(name: str, *follows: str, **more: Any) -> Told:
    return msgspec.structs.replace(Told(name, purpose=Purpose.SETTLE, follows=follows), **more)


def pinned(told: Told) -> RunPinned:
    first = make_pinned(told.name)
    route = msgspec.structs.replace(first.route, purpose=told.purpose, groups=told.groups)
    return msgspec.structs.replace(first, route=route, follows=told.follows)


def deeds(*actions: Action) -> list[Event]:
    pairs = [(intended("revoke-source", n, one), applied(n)) for n, one in enumerate(actions, 1)]
    return [event for pair in pairs for event in pair]


def state_of(told: Told) -> RunState:
    """Fold the journal of a run that went like that."""
    events: list[Event] = [pinned(told), began("readiness"), done("readiness"), began("revoke-source")]
    if not told.idle:
        events += deeds(revoke(), grant())
    events.append(done("revoke-source"))
    if told.owes:
        events += [began("grant-target"), StepEnded(step="grant-target", status=StepStatus.DEBT, because="")]
    if told.status is not RUNNING:
        events.append(RunEnded(status=told.status, because="so it ended"))
    return make_state(events)


def ledger(*history: Told) -> Ledger:
    """Fold a history, told oldest first as people tell it."""
    return ledger_of(state_of(one) for one in reversed(history))


class Left(Struct, frozen=True):
    """What a ledger says, by names of runs."""

    unfinished: str | None = None
    owing: str | None = None
    away: tuple[str, ...] = ()
    last: str | None = None


def left(found: Ledger) -> Left:
    def name(state: RunState | None) -> str | None:
        return None if state is None else state.run

    away = tuple(state.run for state in found.away)
    return Left(name(found.unfinished), name(found.owing), away, name(found.last))


HISTORIES = [
    ("nothing ever ran", (), Left()),
    ("a failover stands", (there("A"),), Left(away=("A",), last="A")),
    ("a failback took it back", (there("A"), back("B", "A")), Left(last="B")),
    ("and again there", (there("A"), back("B", "A"), there("C")), Left(away=("C",), last="C")),
    ("a run still goes on", (there("A", status=RUNNING),), Left(unfinished="A")),
    ("one is held", (there("A", status=RunStatus.HELD),), Left(unfinished="A")),
    ("one failed half-way", (there("A", status=RunStatus.FAILED),), Left(unfinished="A")),
    ("one was interrupted", (there("A", status=RunStatus.INTERRUPTED),), Left(unfinished="A")),
    (
        "a failback is held half-way: what it takes back still stands",
        (there("A"), back("B", "A", status=RunStatus.HELD)),
        Left(unfinished="B", away=("A",), last="A"),
    ),
    ("a drill hangs", (Told("D", Purpose.DRILL, RunStatus.HELD),), Left(unfinished="D")),
    ("a drill is over", (Told("D", Purpose.DRILL),), Left()),
    ("upkeep is over", (there("A"), Told("U", Purpose.UPKEEP)), Left(away=("A",), last="A")),
    ("one that rests before it changed anything", (there("A", status=RunStatus.HELD, idle=True),), Left()),
    ("one refused", (there("A", status=RunStatus.REFUSED, idle=True),), Left()),
    (
        "a failover turned back after another one stands",
        (there("A"), back("B", "A", status=RunStatus.ROLLED_BACK)),
        Left(away=("A",), last="A"),
    ),
    ("one turned back alone", (there("A", status=RunStatus.ROLLED_BACK),), Left()),
    (
        "one turned back owes nothing",
        (there("A", status=RunStatus.ROLLED_BACK, owes=True),),
        Left(),
    ),
    ("one with nothing to do", (there("A"), there("B", idle=True)), Left(away=("A",), last="A")),
    ("a failback with nothing to do", (there("A"), back("B", "A", idle=True)), Left(away=("A",), last="A")),
    ("a dark source", (there("A", owes=True),), Left(owing="A", away=("A",), last="A")),
    (
        "a debt is settled: what the settling changed is to be put back too",
        (there("A", owes=True), settled("S", "A")),
        Left(away=("A", "S"), last="A"),
    ),
    (
        "a debt that somebody else had paid is settled by looking",
        (there("A", owes=True), settled("S", "A", idle=True)),
        Left(away=("A",), last="A"),
    ),
    (
        "a settling that is held settles nothing",
        (there("A", owes=True), settled("S", "A", status=RunStatus.HELD)),
        Left(unfinished="S", owing="A", away=("A",), last="A"),
    ),
    (
        "a settling that is held before it changed anything settles nothing",
        (there("A", owes=True), settled("S", "A", status=RunStatus.HELD, idle=True)),
        Left(owing="A", away=("A",), last="A"),
    ),
    (
        "a settling that was refused settles nothing",
        (there("A", owes=True), settled("S", "A", status=RunStatus.REFUSED, idle=True)),
        Left(owing="A", away=("A",), last="A"),
    ),
    (
        "a settling turned back settles nothing",
        (there("A", owes=True), settled("S", "A", status=RunStatus.ROLLED_BACK)),
        Left(owing="A", away=("A",), last="A"),
    ),
    (
        "a settling of another run settles nothing here",
        (there("A", owes=True), settled("S", "Z")),
        Left(owing="A", away=("A", "S"), last="A"),
    ),
    (
        "there, settled, and home",
        (there("A", owes=True), settled("S", "A"), back("B", "A", "S")),
        Left(last="B"),
    ),
    (
        "the way back owes: its own settling comes first",
        (there("A"), back("B", "A", owes=True)),
        Left(owing="B", last="B"),
    ),
    (
        "of two that owe, the newer one is asked for first",
        (there("A", owes=True), there("B", owes=True)),
        Left(owing="B", away=("A", "B"), last="B"),
    ),
    (
        "a cohort is away",
        (there("A", groups=("GRP1",)),),
        Left(away=("A",), last="A"),
    ),
    (
        "two cohorts are away",
        (there("A", groups=("GRP1",)), there("B", groups=("GRP2",))),
        Left(away=("A", "B"), last="B"),
    ),
    (
        "one of two cohorts is home",
        (there("A", groups=("GRP1",)), there("B", groups=("GRP2",)), back("C", "A", groups=("GRP1",))),
        Left(away=("B",), last="C"),
    ),
    (
        "a full failback of all that is away ends the story",
        (there("A", groups=("GRP1",)), there("B"), back("C", "A", "B")),
        Left(last="C"),
    ),
]


@pytest.mark.parametrize(("history", "wanted"), [row[1:] for row in HISTORIES], ids=[r[0] for r in HISTORIES])
def test_what_stands_after(history: tuple[Told, ...], wanted: Left) -> None:
    assert left(ledger(*history)) == wanted


def test_what_is_inherited_is_what_took_effect_or_may_have_oldest_first() -> None:
    events: list[Event] = [
        pinned(there("A")),
        began("readiness"),
        done("readiness"),
        began("revoke-source"),
        intended("revoke-source", 1, revoke()),
        applied(1),
        intended("revoke-source", 2, drain("vm-refused")),
        ActionEnded(n=2, outcome=Outcome.REFUSED),
        intended("revoke-source", 3, drain("vm-lost")),
        ActionEnded(n=3, outcome=Outcome.UNKNOWN),
        intended("revoke-source", 4, drain("vm-throttled")),
        ActionEnded(n=4, outcome=Outcome.TRANSIENT),
        intended("revoke-source", 5, drain("vm-later")),
        ActionEnded(n=5, outcome=Outcome.UNKNOWN),
        ActionEnded(n=5, outcome=Outcome.VOID, by="reading"),
        RunEnded(status=COMPLETED, because=""),
    ]
    first, second = make_state(events), state_of(there("B"))
    assert ledger_of([second, first]).inherited == (
        revoke(),
        drain("vm-lost"),
        drain("vm-later"),
        revoke(),
        grant(),
    )


def test_debts_come_in_the_order_of_the_graph() -> None:
    assert [step.id for step in debts(state_of(there("A", owes=True)))] == ["grant-target"]
    assert debts(state_of(there("A"))) == ()


names = st.sampled_from("ABCDEF")
runs = st.builds(
    Told,
    name=names,
    purpose=st.sampled_from(Purpose),
    status=st.sampled_from([RUNNING, COMPLETED, RunStatus.HELD, RunStatus.ROLLED_BACK]),
    follows=st.lists(names, max_size=2).map(tuple),
    owes=st.booleans(),
    idle=st.booleans(),
)
histories = st.lists(runs, max_size=6, unique_by=lambda told: told.name)


@given(histories)
def test_runs_that_changed_nothing_and_settled_nothing_change_no_ledger(history: list[Told]) -> None:
    telling = [one for one in history if not (one.idle and one.purpose is not Purpose.SETTLE)]
    assert left(ledger(*history)) == left(ledger(*telling))


@given(histories)
def test_runs_that_were_turned_back_change_no_ledger(history: list[Told]) -> None:
    kept = [one for one in history if one.status is not RunStatus.ROLLED_BACK]
    assert left(ledger(*history)) == left(ledger(*kept))


@given(histories)
def test_a_failback_of_everything_away_leaves_nothing_away(history: list[Told]) -> None:
    away = left(ledger(*history)).away
    assert left(ledger(*history, back("Z", *away))).away == ()


@given(histories)
def test_a_settling_of_what_is_owed_leaves_that_run_owing_nothing(history: list[Told]) -> None:
    owing = left(ledger(*history)).owing
    if owing is not None:
        assert left(ledger(*history, settled("Z", owing, idle=True))).owing != owing


@given(histories)
def test_nothing_unfinished_is_away_owing_or_last(history: list[Told]) -> None:
    found = left(ledger(*history))
    open_runs = {one.name for one in history if not one.status.final}
    assert not open_runs & {found.owing, found.last, *found.away}


IMAGED = Step(id="record", uses=RECORDS, side=End.SOURCE)
AGENT = VmExtension(name="A", publisher="P", type="T", version="1.0")


def imaged(run: str, **figures: str) -> RunState:
    """A run that wrote down extensions, each figure under its whole name with spaces for underscores."""
    facts = {name.replace("_", " "): written for name, written in figures.items()}
    ended = StepEnded(step="record", status=StepStatus.DONE, because="", facts=dict(facts))
    end = RunEnded(status=COMPLETED, because="")
    return make_state([make_pinned(run, steps=[IMAGED]), StepStarted(step="record"), ended, end])


def test_the_newest_image_of_each_desktop_is_known_although_its_run_changed_nothing():
    new = imaged("B", image_of_pd1=figure([AGENT]))
    old = imaged("A", image_of_pd1=figure([]), image_of_pd2=figure([]))
    found = {one.host: one for one in ledger_of([new, old]).images}
    assert found["pd1"].extensions == (AGENT,)
    assert found["pd1"].taken_at == new.steps["record"].finished_at
    assert set(found) == {"pd1", "pd2"}
    assert ledger_of([new, old]).away == ()


def test_what_stood_in_for_a_reading_is_no_younger_for_that():
    assert ledger_of([imaged("B", earlier_image_of_pd1=figure([AGENT]))]).images == ()
