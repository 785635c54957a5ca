"""Rights on recovery plans are asked for where a plan names one, and nowhere else (safety 4.2)."""

import pytest

from avd_failover.cli.request import read
from avd_failover.domain.needs import Job, Needs, Wish
from avd_failover.operations.asks import ASKS
from avd_failover.operations.registry import CATALOGUE
from tests.runbook.builders import ROOT

ON_PLANS = "Microsoft.RecoveryServices/vaults/replicationRecoveryPlans/"


def rights(name: str, *, reads_only: bool = False) -> set[str]:
    asked = read(str(ROOT / "plans" / f"{name}.yaml"))
    wish = Wish(jobs=(Job(route=asked.route, graph=asked.graph),), reads_only=reads_only)
    held = Needs(CATALOGUE, ASKS).rights(wish)
    return {one.right.action.removeprefix(ON_PLANS) for one in held if one.right.action.startswith(ON_PLANS)}


@pytest.mark.parametrize(
    ("name", "reads_only", "wanted"),
    [
        ("personal-together", False, {"read", "unplannedFailover/action", "failoverCommit/action"}),
        ("personal-together", True, {"read"}),
        ("personal-eu", False, set()),
    ],
)
def test_only_a_plan_that_names_recovery_plans_needs_rights_on_them(name, reads_only, wanted):
    assert rights(name, reads_only=reads_only) == wanted
