"""What operations ask Azure, and what they do not: every question costs time and part of a budget."""

from collections import Counter

import pytest

from tests.domain import builders
from tests.operations.drive import bound_operation, see, stage_with
from tests.operations.staging import Stage
from tests.operations.test_properties import BUSY


def asked(stage: Stage, uses: str) -> Counter[str]:
    see(bound_operation(stage, uses), stage)
    return Counter(stage.script.asked)


def kinds(questions: Counter[str]) -> set[str]:
    return {question.rsplit(" ", 1)[0] for question in questions}


def test_members_are_asked_only_of_groups_whose_role_may_open_an_application_group() -> None:
    stage = stage_with(
        "extra reader to group 9 at subscription", "extra wildcard to group 9 at DAG source", "members GRP9 9"
    )
    assert f"members {builders.gid(9)}" in asked(stage, "checks.readiness")
    harmless = stage_with("extra reader to group 9 at subscription", "members GRP9 forbidden")
    assert f"members {builders.gid(9)}" not in asked(harmless, "checks.readiness")


@pytest.mark.parametrize(
    ("uses", "wanted"),
    [
        ("assignments.revoke", {"assignments", "assignment"}),
        ("assignments.grant", {"assignments", "assignment"}),
        ("hosts.drain", {"hosts"}),
        ("hosts.start", {"pool", "hosts", "machine"}),
        ("capacity.prove", {"pool", "hosts", "machine"}),
        ("sessions.logoff", {"sessions"}),
        ("notify.users", {"sessions"}),
        ("scaling.raise", {"schedules"}),
        ("scaling.suspend", {"scaling plan"}),
        ("pool.start-on-connect", {"pool"}),
        ("reconcile", {"assignments", "assignment", "sessions", "host", "machine"}),
    ],
)
def test_a_step_asks_only_what_it_is_about(uses: str, wanted: set[str]) -> None:
    assert kinds(asked(stage_with(*BUSY), uses)) == wanted


def test_each_listing_is_asked_for_once_a_look() -> None:
    for uses in ("assignments.revoke", "hosts.drain", "sessions.logoff", "scaling.raise"):
        listings = [
            n for question, n in asked(stage_with(*BUSY), uses).items() if "assignment " not in question
        ]
        assert set(listings) == {1}


def test_a_revoke_reads_each_assignment_by_id_before_it_plans_to_delete_it() -> None:
    stage = stage_with()
    questions = asked(stage, "assignments.revoke")
    by_id = {one for one in questions if one.startswith("assignment ")}
    assert by_id == {f"assignment {one.name}" for one in stage.world.assignments.values()}


def test_machines_of_available_hosts_are_not_asked_about() -> None:
    stage = stage_with("host neu-1 Available")
    machines = {one for one in asked(stage, "hosts.start") if one.startswith("machine ")}
    assert machines == {"machine vm-neu-2", "machine vm-neu-3"}


def test_the_barrier_asks_about_ways_in_only_when_nobody_is_inside() -> None:
    inside = asked(stage_with("session weu-1/1 Active"), "barrier")
    assert "assignments" not in kinds(inside)
    assert "assignments" in kinds(asked(stage_with(), "barrier"))
