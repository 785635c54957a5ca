"""Whose word opens a gate: who counts, for how long, and that one no outweighs every yes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain.approvals import (
    EXPIRY_S,
    Approval,
    Granted,
    Rejected,
    Rule,
    Waiting,
    judge,
    same_person,
)

NOW = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
STARTER = "duty admin"


def said(
    by: str, ago_s: float = 60.0, verdict: str = "approve", evidence: str = "", reason: str = ""
) -> Approval:
    return Approval(
        by=by,
        at=NOW - timedelta(seconds=ago_s),
        verdict="approve" if verdict == "approve" else "reject",
        reason=reason,
        evidence_name="log.txt" if evidence else "",
        evidence_sha256=evidence,
    )


def no(by: str, ago_s: float = 60.0) -> Approval:
    return said(by, ago_s, "reject", reason="the storage is not in step")


ONE, TWO = Rule(), Rule(count=2, two_person=True)
NAMED, PROVEN = Rule(who=("Ann", "Bo")), Rule(evidence=True)

OPENS = [
    ("one approval of anybody", ONE, [said("ann")]),
    ("the initiator, where that is enough", ONE, [said(STARTER)]),
    ("two different people", TWO, [said("ann"), said("bo")]),
    ("two others besides the initiator", TWO, [said(STARTER), said("ann"), said("bo")]),
    ("a person named, however they write it", NAMED, [said("  ANN ")]),
    ("evidence that came along", PROVEN, [said("ann", evidence="ab" * 32)]),
    ("an approval of just now", ONE, [said("ann", ago_s=0)]),
    ("an approval at the end of its time", ONE, [said("ann", ago_s=EXPIRY_S)]),
    ("a clock that is a little ahead", ONE, [said("ann", ago_s=-59)]),
    ("a no that was taken back", ONE, [no("ann", 90), said("ann", 30)]),
    ("a no of somebody who may not decide", NAMED, [no("eve"), said("ann")]),
    ("a no that has expired", ONE, [no("bo", EXPIRY_S + 1), said("ann")]),
]


@pytest.mark.parametrize(("rule", "words"), [row[1:] for row in OPENS], ids=[row[0] for row in OPENS])
def test_a_gate_opens_for(rule: Rule, words: list[Approval]) -> None:
    assert isinstance(judge(words, rule, STARTER, NOW), Granted)


SHUT = [
    ("nobody", ONE, [], 1, ()),
    ("one of two", TWO, [said("ann")], 1, ()),
    ("one person twice", TWO, [said("ann", 90), said("Ann", 30)], 1, ()),
    ("one person with blanks around", TWO, [said("ann"), said(" ann ")], 1, ()),
    (
        "the initiator of two",
        TWO,
        [said("ann"), said("Duty  Admin")],
        1,
        ("Duty  Admin: started the run, and somebody else must approve",),
    ),
    (
        "the initiator where another is wanted",
        Rule(two_person=True),
        [said(STARTER)],
        1,
        ("duty admin: started the run, and somebody else must approve",),
    ),
    ("somebody who is not named", NAMED, [said("eve")], 1, ("eve: may not decide this",)),
    ("a word too old", ONE, [said("ann", EXPIRY_S + 1)], 1, ("ann: has expired",)),
    ("a word too old for this gate", Rule(expires_s=600), [said("ann", 601)], 1, ("ann: has expired",)),
    ("a word from the future", ONE, [said("ann", -61)], 1, ("ann: lies in the future",)),
    ("a word without its evidence", PROVEN, [said("ann")], 1, ("ann: came without evidence",)),
    (
        "a later word without evidence",
        PROVEN,
        [said("ann", 90, evidence="ab"), said("ann", 30)],
        1,
        ("ann: came without evidence",),
    ),
]


@pytest.mark.parametrize(
    ("rule", "words", "lacking", "ignored"), [row[1:] for row in SHUT], ids=[row[0] for row in SHUT]
)
def test_a_gate_stays_shut_for(
    rule: Rule, words: list[Approval], lacking: int, ignored: tuple[str, ...]
) -> None:
    assert judge(words, rule, STARTER, NOW) == Waiting(lacking=lacking, ignored=ignored)


@pytest.mark.parametrize("rule", [ONE, TWO, NAMED])
def test_one_no_outweighs_every_yes(rule: Rule) -> None:
    words = [said("ann"), said("cy"), no("bo")]
    assert judge(words, rule, STARTER, NOW) == Rejected(by="bo", reason="the storage is not in step")


def test_a_no_needs_no_evidence_and_the_initiator_may_say_it() -> None:
    assert isinstance(judge([no(STARTER)], Rule(evidence=True, two_person=True), STARTER, NOW), Rejected)


def test_what_counted_is_told_the_earliest_first() -> None:
    granted = judge([said("bo", 30), said("ann", 90)], TWO, STARTER, NOW)
    assert isinstance(granted, Granted)
    assert [one.by for one in granted.approvals] == ["ann", "bo"]


words = st.lists(
    st.builds(
        said,
        st.sampled_from(["ann", "ANN", "bo", "eve", STARTER]),
        st.floats(-100, 2 * EXPIRY_S),
        st.sampled_from(["approve", "reject"]),
        st.sampled_from(["", "ab" * 32]),
    ),
    max_size=8,
)


@given(words)
def test_two_people_are_two_and_the_initiator_is_neither(spoken: list[Approval]) -> None:
    granted = judge(spoken, TWO, STARTER, NOW)
    if isinstance(granted, Granted):
        people = {one.by.casefold() for one in granted.approvals}
        assert len(people) >= 2
        assert STARTER not in people


@given(words)
def test_more_time_never_opens_a_gate(spoken: list[Approval]) -> None:
    past = [one for one in spoken if one.at <= NOW and one.verdict == "approve"]
    later = NOW + timedelta(seconds=EXPIRY_S)
    if not isinstance(judge(past, ONE, STARTER, NOW), Granted):
        assert not isinstance(judge(past, ONE, STARTER, later), Granted)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("Ann", "ann ", True), ("a b", "a  B", True), ("ann", "anne", False), ("", "x", False)],
)
def test_names_are_one_persons_whatever_their_case_and_blanks(one: str, other: str, same: bool) -> None:
    assert same_person(one, other) is same
