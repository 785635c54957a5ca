"""The small facts that nouns know of themselves, and faults that carry what happens next."""

import pytest

from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, PoolReference, ScalingPlan
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.ids import scaling_plan_id
from tests.domain.builders import DAG_WEU, GRP1, assignment, pool, resource

ACTS = [
    ("enabled for the pool", [("weu", True)], True),
    ("disabled for the pool", [("weu", False)], False),
    ("enabled for another pool", [("neu", True)], False),
    ("listed twice, once enabled", [("weu", False), ("weu", True)], True),
    ("no pool", [], False),
]


@pytest.mark.parametrize(("references", "acts"), [case[1:] for case in ACTS], ids=[case[0] for case in ACTS])
def test_autoscale_acts_on_a_pool_that_its_plan_lists_as_enabled(references, acts):
    plan = ScalingPlan(
        id=scaling_plan_id(resource("weu", "scalingPlans", "sp")),
        references=tuple(PoolReference(host_pool=pool(region), enabled=on) for region, on in references),
    )
    assert plan.acts_on(pool("weu")) is acts


def test_a_role_is_its_guid_whatever_subscription_was_asked():
    assert assignment(DAG_WEU, GRP1.id).role == DESKTOP_VIRTUALIZATION_USER


@pytest.mark.parametrize("kind", [TransientError, RefusedError, UnknownError])
def test_every_fault_of_the_cloud_is_one_family_and_says_what_and_where(kind):
    fault = kind("no", code="Busy", target="/x", status=503)
    assert isinstance(fault, CloudError)
    assert (str(fault), fault.message, fault.code, fault.target, fault.status) == (
        "no",
        "no",
        "Busy",
        "/x",
        503,
    )


def test_a_transient_fault_carries_the_wait_the_cloud_asked_for():
    assert TransientError("busy", wait_s=17.0).wait_s == 17.0
    assert TransientError("busy").wait_s == 0.0
