"""A source that does not answer: when people may declare it fenced, and what none of them can (S8, I7)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.approvals import AHEAD_S, EXPIRY_S, Approval
from avd_failover.domain.dead_source import LOOK_EVERY_S, Denied, Fenced, Silence, Undecided, decide
from avd_failover.domain.plan import Policies

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
STARTER = "duty admin"
QUIET = Silence(
    at_s=1000.0,
    unanswered=("hosts: 503", "sessions: 503"),
    held=(),
    unread=(),
    settles_in_s=0.0,
    hosts_unproven=("weu-1", "weu-2", "weu-3"),
)


def said(by: str, ago_s: float = 60.0, **more: Any) -> Approval:
    return Approval(by=by, at=NOW - timedelta(seconds=ago_s), **more)


def no(by: str, **more: Any) -> Approval:
    return said(by, verdict="reject", **more)


def judged(*words: Approval, approvers: int = 2, **silence: Any) -> Fenced | Undecided | Denied:
    seen = msgspec.structs.replace(QUIET, **silence)
    return decide(seen, words, Policies(approvers=approvers), STARTER, NOW)


ANN, BEN = said("Ann", 90), said("Ben", 30)
HELD, UNREAD = ("GRP1 on DAG",), ("assignments: page 2 did not come",)

TABLE: list[tuple[str, tuple[Approval, ...], dict[str, Any], type, str]] = [
    ("nobody spoke", (), {}, Undecided, "2 more persons must declare the source fenced"),
    ("one spoke", (ANN,), {}, Undecided, "1 more person must declare the source fenced"),
    ("two spoke", (ANN, BEN), {}, Fenced, ""),
    ("two spoke in the other order", (BEN, ANN), {}, Fenced, ""),
    ("one spoke twice", (ANN, said("Ann", 10)), {}, Undecided, "1 more person"),
    ("one spoke in two spellings", (ANN, said(" ANN  ", 10)), {}, Undecided, "1 more person"),
    (
        "two words of one name, one blank more",
        (said("Ann  Lee"), said("ann lee")),
        {},
        Undecided,
        "1 more person",
    ),
    (
        "whoever started the run is the second",
        (ANN, said("Duty  Admin")),
        {},
        Undecided,
        "started the run, and somebody else must approve",
    ),
    ("two besides whoever started it", (said(STARTER), ANN, BEN), {}, Fenced, ""),
    ("one is enough where the plan says one", (ANN,), {"approvers": 1}, Fenced, ""),
    ("where one is enough, the starter is one", (said(STARTER),), {"approvers": 1}, Fenced, ""),
    ("one of them spoke too long ago", (said("Ann", EXPIRY_S + 1), BEN), {}, Undecided, "Ann: has expired"),
    ("to the second not too long ago", (said("Ann", EXPIRY_S), BEN), {}, Fenced, ""),
    ("one of them speaks tomorrow", (said("Ann", -AHEAD_S - 1), BEN), {}, Undecided, "lies in the future"),
    ("one knows better", (ANN, BEN, no("Cay")), {}, Denied, "Cay says that the source is not fenced: no"),
    (
        "one knows better, before the others spoke",
        (no("Cay", ago_s=99.0, reason="I see users"), ANN, BEN),
        {},
        Denied,
        "I see users",
    ),
    ("one took the yes back", (ANN, BEN, no("ben", ago_s=1.0)), {}, Denied, "ben says"),
    ("one took the no back", (no("Ann", ago_s=99.0), said("Ann", 5), BEN), {}, Fenced, ""),
    ("whoever started it may say no", (ANN, BEN, no(STARTER)), {}, Denied, STARTER),
    ("a no that has expired", (ANN, BEN, no("Cay", ago_s=EXPIRY_S + 1)), {}, Fenced, ""),
    ("a pair is still held", (ANN, BEN), {"held": HELD}, Undecided, "GRP1 on DAG is still assigned on"),
    ("assignments were not read", (ANN, BEN), {"unread": UNREAD}, Undecided, "page 2 did not come"),
    ("a pair is held, and somebody says no", (ANN, no("Cay")), {"held": HELD}, Undecided, "still assigned"),
    ("a removed assignment may open a door", (ANN, BEN), {"settles_in_s": 40.0}, Undecided, "another 40 s"),
    ("not even the hosts were listed", (ANN,), {"hosts_unproven": None}, Undecided, "hosts not proven empty"),
]


@pytest.mark.parametrize(
    ("words", "how", "kind", "because"), [r[1:] for r in TABLE], ids=[r[0] for r in TABLE]
)
def test_a_silent_source_counts_as_fenced_when(words, how, kind, because) -> None:
    decision = judged(*words, **how)
    assert isinstance(decision, kind)
    assert because in getattr(decision, "because", "")


def test_whoever_is_asked_is_told_what_was_asked_and_not_answered() -> None:
    decision = judged()
    assert isinstance(decision, Undecided)
    assert decision.because == (
        "the source does not answer (hosts: 503 and sessions: 503), 3 hosts not proven empty;"
        " 2 more persons must declare the source fenced"
    )


@pytest.mark.parametrize(
    ("left_s", "again_s"), [(3.0, 3.0), (LOOK_EVERY_S, LOOK_EVERY_S), (500.0, LOOK_EVERY_S)]
)
def test_the_next_look_is_not_later_than_the_settling_ends(left_s: float, again_s: float) -> None:
    decision = judged(ANN, BEN, settles_in_s=left_s)
    assert isinstance(decision, Undecided)
    assert decision.look_again_s == again_s


def test_the_record_names_who_on_what_evidence_and_until_when() -> None:
    decision = judged(said("Ann", 90, evidence_name="status.png", evidence_sha256="ab" * 32), BEN)
    assert decision == Fenced(
        approvers=("Ann", "Ben"),
        evidence=(f"status.png {'ab' * 32}",),
        until=NOW - timedelta(seconds=90) + timedelta(seconds=EXPIRY_S),
    )


PEOPLE = ["Ann", "ann", " ANN ", "Ben", "BEN", "Cay", STARTER, STARTER.upper()]
words = st.lists(
    st.builds(
        said,
        by=st.sampled_from(PEOPLE),
        ago_s=st.sampled_from([-2 * AHEAD_S, 0.0, 60.0, EXPIRY_S - 1, EXPIRY_S + 1]),
        verdict=st.sampled_from(["approve", "approve", "approve", "reject"]),
    ),
    max_size=6,
)
approvers = st.integers(min_value=1, max_value=3)
lists = st.lists(st.sampled_from([*HELD, *UNREAD]), min_size=1, max_size=2).map(tuple)


def folded(name: str) -> str:
    return " ".join(name.split()).casefold()


@given(words, approvers, st.sampled_from(["held", "unread"]), lists)
def test_nothing_that_people_say_outweighs_what_is_held_or_unread(spoken, count, field, left) -> None:
    assert isinstance(judged(*spoken, approvers=count, **{field: left}), Undecided)


@given(words, approvers, st.floats(min_value=0.001, max_value=10_000.0))
def test_nobody_fences_anything_before_it_settled(spoken, count, left_s) -> None:
    assert not isinstance(judged(*spoken, approvers=count, settles_in_s=left_s), Fenced)


@given(words, approvers)
def test_a_fence_rests_on_so_many_different_people_who_said_yes_last_and_in_time(spoken, count) -> None:
    decision = judged(*spoken, approvers=count)
    if not isinstance(decision, Fenced):
        return
    who = {folded(name) for name in decision.approvers}
    assert len(who) == len(decision.approvers) >= count
    assert count == 1 or folded(STARTER) not in who
    valid = [one for one in spoken if -AHEAD_S <= (NOW - one.at).total_seconds() <= EXPIRY_S]
    assert who <= {folded(one.by) for one in valid if one.verdict == "approve"}
    assert decision.until >= NOW


@given(words, approvers)
def test_a_no_that_stands_is_never_outweighed(spoken, count) -> None:
    assert not isinstance(judged(*spoken, no("Zoe", ago_s=0.0), approvers=count), Fenced)


@given(words, approvers)
def test_who_asks_again_is_told_how_soon(spoken, count) -> None:
    decision = judged(*spoken, approvers=count)
    if isinstance(decision, Undecided):
        assert 0 < decision.look_again_s <= LOOK_EVERY_S
