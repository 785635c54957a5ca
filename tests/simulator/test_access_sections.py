"""Sections about access in a scenario file: what they refuse."""

import json

import pytest
from pydantic import ValidationError

from avd_failover.simulator.scenario import Scenario
from tests.simulator.http.estate import PLAIN, SUBSCRIPTION, TENANT

ABOVE = [{"principal": "G1", "management_group": "b"}]


def refused(**changes) -> str:
    with pytest.raises(ValidationError) as fault:
        Scenario.model_validate_json(json.dumps(PLAIN | changes))
    return str(fault.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"management_groups": [{"name": "a", "parent": "b"}]}, "no management group further up"),
        ({"management_groups": [{"name": "a", "subscriptions": [TENANT]}]}, "no subscription"),
        ({"management_groups": [{"name": "a"}], "assignments": ABOVE}, "no management group is called 'b'"),
        ({"assignments": [{"principal": "G1"}]}, "give one of"),
        ({"assignments": [{"principal": "G1", "root": True, "subscription": SUBSCRIPTION}]}, "give one of"),
        ({"assignments": [{"principal": "robot", "root": True}]}, "is called 'robot'"),
        ({"locks": [{"name": "x", "level": "CanNotDelete"}]}, "give one of resource, resource_group"),
        ({"locks": [{"name": "x", "level": "Soft", "resource_group": "g"}]}, "CanNotDelete"),
    ],
)  # fmt: skip
def test_what_does_not_resolve_is_refused(changes, said):
    assert said in refused(**changes)
