"""When a change was sent: courses of values, and requests that travel for long."""

import pytest

from avd_failover.simulator.audit_sent import Course, Travel
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import FaultHit, RoleAssignment

ENGINE = "engine:failover"
TARGET = "/x/providers/microsoft.authorization/roleassignments/1"


def change(at_s: float, actor: str = ENGINE, target: str = TARGET) -> Change:
    return Change(
        at_s=at_s, sequence=0, actor=actor, verb="delete", kind=RoleAssignment, target=target,
        before=None, after=None,
    )  # fmt: skip


def hit(at_s: float, late_s: float, *, arrives: bool = False, what: str = "assignments.delete") -> Change:
    struck = FaultHit(id="f#1", fault="f", what=what, target=TARGET.upper(), actor=ENGINE, late_s=late_s)
    verb = "arrives-late" if arrives else "fault-strikes"
    return Change(
        at_s=at_s, sequence=0, actor="fault:f", verb=verb, kind=FaultHit, target="f#1", before=None,
        after=struck,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("moment_s", "value"), [(-1, None), (0, "a"), (4.9, "a"), (5, "c"), (6, "c"), (9, "d"), (99, "d")]
)
def test_a_course_tells_what_was_so_at_the_end_of_a_moment(moment_s: float, value: str | None) -> None:
    course = Course[str]()
    for at_s, became in [(0, "a"), (5, "b"), (5, "c"), (7, "c"), (9, "d")]:
        course.becomes(at_s, became)
    assert course.at(moment_s) == value


def test_nothing_is_known_of_what_never_was() -> None:
    assert Course[int]().at(1e9) is None


@pytest.mark.parametrize(
    ("noted", "arrives", "sent_s"),
    [
        ([], change(100), None),
        ([hit(100, 60.0, arrives=True)], change(100), 40.0),
        ([hit(40, 60.0)], change(100.1), 40.0),
        ([hit(40, 60.0)], change(90), None),  # another request of the same sender about the same
        ([hit(40, 60.0)], change(100, actor="engine:other"), None),
        ([hit(40, 60.0)], change(100, target=TARGET + "2"), None),
        ([hit(40, 60.0, what="assignments.get")], change(100), None),
        ([hit(40, 0.0)], change(40), None),
        ([hit(10, 20.0), hit(100, 70.0, arrives=True)], change(100), 30.0),
    ],
)
def test_what_arrives_is_matched_with_what_was_under_way(
    noted: list[Change], arrives: Change, sent_s: float | None
) -> None:
    travel = Travel(latency_s=1.0)
    for one in noted:
        travel.note(one)
    assert travel.sent_s(arrives) == sent_s


def test_a_journey_ends_once_and_the_network_may_deliver_it_again() -> None:
    travel = Travel(latency_s=1.0)
    travel.note(hit(40, 60.0))
    assert travel.sent_s(change(100)) == 40.0
    assert travel.sent_s(change(100)) is None
    travel.note(hit(130, 90.0, arrives=True))
    assert travel.sent_s(change(130)) == 40.0
