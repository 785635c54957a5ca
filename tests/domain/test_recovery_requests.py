"""What actions on replicated machines may become on the wire, and where: nothing besides, nowhere else."""

from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain import ids
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.ids import MachineId
from avd_failover.domain.permits import Permit, permits_of
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_plans import PlannedTogether
from avd_failover.domain.recovery_requests import request_of
from avd_failover.domain.route import Route
from avd_failover.runbook.plan_file import load_plan
from tests import recovery_actions as one
from tests import recovery_permits as by_hand
from tests.runbook.builders import ROOT

ONWARD = one.FAIL_OVER.direction
BY_HAND: list[tuple[Any, Permit]] = [
    (
        one.FAIL_OVER,
        by_hand.fail_over(one.ITEM, direction=ONWARD, point=one.POINT, shut_down_source=True),
    ),
    (
        replace(one.FAIL_OVER, point=None, shut_down=False),
        by_hand.fail_over(one.ITEM, direction=ONWARD, point=None, shut_down_source=False),
    ),
    (one.CHANGE, by_hand.change_point(one.ITEM, one.POINT)),
    (one.COMMIT, by_hand.PERMITS["recovery.commit_failover"](one.ITEM)),
    (one.REPROTECT, by_hand.switch(one.ITEM, one.REVERSAL)),
    *(
        (
            replace(one.TOGETHER, point=point, shut_down=shut_down),
            by_hand.fail_over_plan(one.PLAN, direction=ONWARD, point=point, shut_down_source=shut_down),
        )
        for point in PointPolicy
        for shut_down in (True, False)
    ),
    (one.COMMIT_TOGETHER, by_hand.PERMITS["recovery.commit_plan"](one.PLAN)),
    (one.INSTALL, by_hand.put_extension(one.MACHINE, one.MONITOR, location="westeurope")),
]


@pytest.mark.parametrize(("action", "permit"), BY_HAND, ids=[type(a).__name__ for a, _ in BY_HAND])
def test_an_action_may_become_the_one_request_that_was_written_down_by_hand(action, permit):
    assert permits_of(action) == (permit,)


def test_a_failover_to_the_latest_names_no_point_and_no_machine():
    _, address, body = request_of(replace(one.FAIL_OVER, point=None))
    assert address == f"{one.ITEM}/unplannedfailover"
    assert body is not None
    assert body["properties"]["providerSpecificDetails"] == {"instanceType": "A2A"}


def confined():
    """Return the shipped plan, naming one recovery plan besides, and its confinement."""
    plan = load_plan(ROOT / "plans" / "personal-eu.yaml").plan
    assert plan.personal is not None
    together = (PlannedTogether(plan=one.PLAN, machines=("vm-*",)),)
    plan = replace(plan, personal=replace(plan.personal, plans=together))
    return plan, Confinement.of(Route(plan=plan))


def moved_to(vault):
    lies = f"{vault}/replicationfabrics/neu/replicationprotectioncontainers/pc/replicationprotecteditems/vm-1"
    return ids.protected_item_id(lies)


def test_an_item_of_the_plans_vault_behind_a_known_host_is_inside():
    plan, limits = confined()
    mine = replace(one.FAIL_OVER, item=moved_to(plan.personal.vault))
    assert limits.outside(mine, {one.MACHINE}) == ""


def test_another_vault_is_outside_whatever_the_machine():
    _, limits = confined()
    assert "does not lie in the plan's vault" in limits.outside(one.COMMIT, {one.MACHINE})


@pytest.mark.parametrize("action", [row[2] for row in one.RECOVERY_ACTIONS], ids=lambda a: type(a).__name__)
def test_a_machine_that_no_reading_showed_behind_a_host_is_outside(action):
    _, limits = confined()
    assert "no reading shows this machine" in limits.outside(action, {MachineId("another")})


def test_a_recovery_plan_that_the_plan_names_is_inside_with_machines_of_its_vault_only():
    plan, limits = confined()
    here, elsewhere = (
        replace(one.TOGETHER, members=(replace(one.TOGETHER.members[0], item=item),))
        for item in (moved_to(plan.personal.vault), one.ITEM)
    )
    assert limits.outside(here, {one.MACHINE}) == ""
    assert "does not lie in the plan's vault" in limits.outside(elsewhere, {one.MACHINE})


@pytest.mark.parametrize("action", [one.TOGETHER, one.COMMIT_TOGETHER], ids=lambda a: type(a).__name__)
def test_a_recovery_plan_that_the_plan_does_not_name_is_outside(action):
    _, limits = confined()
    other = replace(action, plan=ids.recovery_plan_id(f"{one.PLAN}-other"))
    assert "the plan has no such recovery plan" in limits.outside(other, {one.MACHINE})


def test_what_is_done_to_a_recovery_plan_is_told_of_each_of_its_machines():
    (moved,), (kept,) = one.TOGETHER.each(), one.COMMIT_TOGETHER.each()
    assert moved == replace(one.FAIL_OVER, point=None, point_at=None)
    assert kept == one.COMMIT
