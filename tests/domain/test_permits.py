"""What each action may become on the wire, and how long and how often that may leave."""

import asyncio
import hashlib
import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.domain import ids
from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    RunCommand,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import PoolReference, RoleAssignment, ScheduleFloor
from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.permits import Permit, depart, digest_of, permits_of, permitted
from tests.azure.builders import (
    APPS,
    ASSIGNMENT,
    HOST,
    NAME,
    OTHER_POOL,
    PLAN,
    POOL,
    PRINCIPAL,
    ROLE,
    SCHEDULE,
    SESSION,
    VM,
)

HELD = RoleAssignment(
    id=ASSIGNMENT, name=NAME, scope=ids.scope(APPS), principal_id=ids.PrincipalId(PRINCIPAL),
    principal_type="Group", role_definition_id=ROLE, description="given in 2024",
)  # fmt: skip
FLOOR = ScheduleFloor(
    ramp_up_minimum_hosts_pct=10, ramp_up_capacity_threshold_pct=20,
    ramp_down_minimum_hosts_pct=30, ramp_down_capacity_threshold_pct=40,
)  # fmt: skip
REFERENCES = (PoolReference(host_pool=POOL, enabled=False), PoolReference(host_pool=OTHER_POOL, enabled=True))
BASE = f"/subscriptions/{ids.subscription_of(POOL)}/resourcegroups/rg-avd/providers"
AVD = f"{BASE}/microsoft.desktopvirtualization"

Row = tuple[Action, str, str, tuple[tuple[str, str], ...], Any]
ROWS: list[Row] = [
    # action, method, resource, query, body
    (
        GrantAssignment(assignment=HELD, reason=""), "PUT",
        f"{AVD}/applicationgroups/dag-west/providers/microsoft.authorization/roleassignments/{NAME}", (),
        {
            "properties": {
                "principalId": PRINCIPAL, "principalType": "Group", "roleDefinitionId": ROLE,
                "description": "given in 2024",
            }
        },
    ),
    (
        RevokeAssignment(assignment=HELD, reason=""), "DELETE",
        f"{AVD}/applicationgroups/dag-west/providers/microsoft.authorization/roleassignments/{NAME}", (),
        None,
    ),
    (
        SetLogons(host=HOST, allowed=False, before=True, reason=""), "PATCH",
        f"{AVD}/hostpools/hp-west/sessionhosts/sh-0.contoso.com", (),
        {"properties": {"allowNewSession": False}},
    ),
    (
        LogOff(session=SESSION, user=None, reason=""), "DELETE",
        f"{AVD}/hostpools/hp-west/sessionhosts/sh-0.contoso.com/usersessions/3", (("force", "true"),), None,
    ),
    (
        TellUser(session=SESSION, title="Moving", body="Save", reason=""), "POST",
        f"{AVD}/hostpools/hp-west/sessionhosts/sh-0.contoso.com/usersessions/3/sendmessage", (),
        {"messageBody": "Save", "messageTitle": "Moving"},
    ),
    (
        StartMachine(machine=VM, reason=""), "POST",
        f"{BASE}/microsoft.compute/virtualmachines/vm-0/start", (), None,
    ),
    (
        DeallocateMachine(machine=VM, reason=""), "POST",
        f"{BASE}/microsoft.compute/virtualmachines/vm-0/deallocate", (), None,
    ),
    (
        SetPoolReferences(plan=PLAN, references=REFERENCES, before=(), reason=""), "PATCH",
        f"{AVD}/scalingplans/sp-west", (),
        {
            "properties": {
                "hostPoolReferences": [
                    {"hostPoolArmPath": f"{AVD}/hostpools/hp-west", "scalingPlanEnabled": False},
                    {"hostPoolArmPath": f"{AVD}/hostpools/hp-north", "scalingPlanEnabled": True},
                ]
            }
        },
    ),
    (
        SetScheduleFloor(schedule=SCHEDULE, floor=FLOOR, before=FLOOR, reason=""), "PATCH",
        f"{AVD}/scalingplans/sp-west/pooledschedules/week", (),
        {
            "properties": {
                "rampUpMinimumHostsPct": 10, "rampUpCapacityThresholdPct": 20,
                "rampDownMinimumHostsPct": 30, "rampDownCapacityThresholdPct": 40,
            }
        },
    ),
    (
        SetStartOnConnect(host_pool=POOL, allowed=False, before=True, reason=""), "PATCH",
        f"{AVD}/hostpools/hp-west", (), {"properties": {"startVMOnConnect": False}},
    ),
]  # fmt: skip
ELSEWHERE: list[Action] = [
    RunCommand(step="s", number=1, argv=("true",), timeout_s=1, reason=""),
    CallWebhook(step="s", number=1, url="https://h.test/", body="{}", key="k", timeout_s=1, reason=""),
]
"""What leaves by another way than Resource Manager."""

ONE = Permit(method="DELETE", resource="/a", query=(("force", "true"),))
TWO = Permit(method="PATCH", resource="/b", body_sha256=digest_of({"x": 1}))


def named(row: Row) -> str:
    return kind_of(row[0])


@pytest.mark.parametrize("row", ROWS, ids=named)
def test_each_action_may_become_exactly_one_request(row: Row) -> None:
    action, method, resource, query, body = row
    (permit,) = permits_of(action)
    wire = None if body is None else json.dumps(body, sort_keys=True, separators=(",", ":")).encode()
    sha256 = hashlib.sha256(wire).hexdigest() if wire else None
    assert permit == Permit(method=method, resource=resource, query=query, body_sha256=sha256)


@pytest.mark.parametrize("action", ELSEWHERE, ids=kind_of)
def test_what_leaves_another_way_may_become_no_request_to_azure(action: Action) -> None:
    assert permits_of(action) == ()


def test_every_kind_of_action_has_its_row() -> None:
    every = {type(row[0]) for row in ROWS} | set(map(type, ELSEWHERE))
    undeclared = [kind for kind in Action.__args__ if kind not in every and not _declared_elsewhere(kind)]
    assert undeclared == []


def _declared_elsewhere(kind: type) -> bool:
    """Requests to Site Recovery have a table of their own, held against its adapter."""
    modules = ("recovery_actions", "recovery_plan_actions")
    return kind.__module__ in {f"avd_failover.domain.{name}" for name in modules}


def test_a_kind_that_nobody_declared_is_a_loud_defect() -> None:
    with pytest.raises(AssertionError):
        permits_of("not an action")  # type: ignore[arg-type]


def test_the_order_of_keys_and_the_space_between_them_do_not_count_and_values_do() -> None:
    assert digest_of({"a": 1, "b": [1, 2]}) == digest_of(json.loads(' {"b" : [1,2],\n"a":1}'))
    others: list[Any] = [
        {"a": 1, "b": [2, 1]},
        {"a": 1},
        {"a": "1", "b": [1, 2]},
        {"A": 1, "b": [1, 2]},
        None,
    ]
    assert len({digest_of(one) for one in others} | {digest_of({"a": 1, "b": [1, 2]})}) == len(others) + 1


def test_what_json_cannot_say_has_no_digest() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        digest_of({"a": float("nan")})


def test_nothing_leaves_where_no_permit_is_open() -> None:
    with pytest.raises(OutsidePlanError, match="belongs to no action of an approved plan") as caught:
        depart(ONE)
    assert (caught.value.code, caught.value.target) == ("OutsidePlan", "/a")


def test_each_permit_lets_one_request_leave() -> None:
    with permitted([ONE, TWO]):
        depart(TWO)
        depart(ONE)
        with pytest.raises(OutsidePlanError, match="was sent already"):
            depart(ONE)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"method": "PUT"}, "in method from"),
        ({"resource": "/a/.."}, "in resource from"),
        ({"query": ()}, "in query from"),
        ({"query": (("force", "false"),)}, "in query from"),
        ({"body_sha256": digest_of({})}, "in body from"),
        ({"method": "PATCH", "resource": "/b", "query": ()}, "in body from"),
        ({"method": "PUT", "resource": "/c", "query": ()}, "in method, resource and query from"),
    ],
)
def test_whatever_differs_is_refused_and_says_in_what(changes: dict[str, Any], differs: str) -> None:
    asked = Permit(**{"method": "DELETE", "resource": "/a", "query": (("force", "true"),), **changes})
    with permitted([ONE, TWO]), pytest.raises(OutsidePlanError, match=differs):
        depart(asked)


def test_an_action_without_permits_lets_nothing_leave() -> None:
    with permitted([]), pytest.raises(OutsidePlanError, match="every part"):
        depart(ONE)


def test_after_the_call_the_permit_is_gone_whatever_the_call_raised() -> None:
    with suppress(KeyError), permitted([ONE]):
        raise KeyError
    with pytest.raises(OutsidePlanError):
        depart(ONE)


def test_inside_another_action_only_the_inner_one_counts_and_the_outer_one_returns() -> None:
    with permitted([ONE]):
        with permitted([TWO]):
            with pytest.raises(OutsidePlanError):
                depart(ONE)
            depart(TWO)
        depart(ONE)


async def test_actions_under_way_at_once_do_not_share_their_permits() -> None:
    order = asyncio.Event()

    async def first() -> None:
        with permitted([ONE]):
            order.set()
            await asyncio.sleep(0)
            with pytest.raises(OutsidePlanError):
                depart(TWO)
            depart(ONE)

    async def second() -> None:
        await order.wait()
        with permitted([TWO]):
            with pytest.raises(OutsidePlanError):
                depart(ONE)
            await asyncio.sleep(0)
            depart(TWO)

    await asyncio.gather(first(), second())


async def test_a_task_that_outlives_its_action_sends_nothing_any_more() -> None:
    gone = asyncio.Event()

    async def straggler() -> None:
        await gone.wait()
        depart(ONE)

    with permitted([ONE]):
        late = asyncio.ensure_future(straggler())
        await asyncio.sleep(0)
    gone.set()
    with pytest.raises(OutsidePlanError, match="after its action ended"):
        await late


@given(st.lists(st.sampled_from([ONE, TWO]), max_size=4), st.lists(st.sampled_from([ONE, TWO]), max_size=6))
def test_what_leaves_is_never_more_than_what_was_permitted(given_: list[Permit], asked: list[Permit]) -> None:
    left = []
    with permitted(given_):
        for one in asked:
            with suppress(OutsidePlanError):
                depart(one)
                left.append(one)
    assert all(left.count(one) == min(given_.count(one), asked.count(one)) for one in (ONE, TWO))
