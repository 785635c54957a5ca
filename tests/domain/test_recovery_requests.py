"""What actions on replicated machines may become on the wire, and where: nothing besides, nowhere else."""

from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain import ids
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.ids import MachineId
from avd_failover.domain.permits import Permit, permits_of
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
    plan = load_plan(ROOT / "plans" / "personal-eu.yaml").plan
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
