"""One action, one request: which verb it becomes, and what is compared before something is destroyed."""

from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cloud import Accepted
from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    LogOff,
    RunCommand,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
)
from avd_failover.domain.estate import RoleAssignment, ScheduleFloor
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import HostPoolId, MachineId, ScalingPlanId, ScheduleId, UserSessionId
from avd_failover.engine.clock import run_virtually
from avd_failover.engine.send import send
from tests.engine.lamps import T0
from tests.journal.builders import drain, grant, make_assignment, revoke
from tests.permits import Unbounded
from tests.recovery_actions import RECOVERY_ACTIONS


class Wire:
    """Takes every verb of every service and remembers what was asked."""

    def __init__(self, standing: RoleAssignment | None = None) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self.standing = standing

    def __getattr__(self, service: str) -> "Service":
        return Service(self, service)

    @property
    def verbs(self) -> list[str]:
        return [verb for verb, _, _ in self.asked]


class Service:
    def __init__(self, wire: Wire, name: str) -> None:
        self.wire, self.name = wire, name

    def __getattr__(self, verb: str) -> Any:
        async def call(*positional: Any, **named: Any) -> Any:
            self.wire.asked.append((f"{self.name}.{verb}", positional, named))
            return self.wire.standing if verb == "get" else Accepted(at=T0)

        return call


FLOOR = ScheduleFloor(
    ramp_up_minimum_hosts_pct=1,
    ramp_up_capacity_threshold_pct=2,
    ramp_down_minimum_hosts_pct=3,
    ramp_down_capacity_threshold_pct=4,
)
ROWS: list[tuple[Action, list[str]]] = [
    (revoke(), ["assignments.get", "assignments.delete"]),
    (grant(), ["assignments.create"]),
    (drain(), ["hosts.set_logons"]),
    (LogOff(session=UserSessionId("s"), user=None, reason=""), ["sessions.log_off"]),
    (TellUser(session=UserSessionId("s"), title="t", body="b", reason=""), ["sessions.tell"]),
    (StartMachine(machine=MachineId("m"), reason=""), ["machines.start"]),
    (DeallocateMachine(machine=MachineId("m"), reason=""), ["machines.deallocate"]),
    (
        SetPoolReferences(plan=ScalingPlanId("p"), references=(), before=(), reason=""),
        ["scaling.set_references"],
    ),
    (
        SetScheduleFloor(schedule=ScheduleId("s"), floor=FLOOR, before=FLOOR, reason=""),
        ["scaling.set_floor"],
    ),
    (
        SetStartOnConnect(host_pool=HostPoolId("h"), allowed=False, before=True, reason=""),
        ["pools.set_start_on_connect"],
    ),
    (RunCommand(step="s", number=1, argv=("/x",), timeout_s=1, reason=""), ["outside.execute"]),
    (
        CallWebhook(step="s", number=1, url="https://h/", body="", key="", timeout_s=1, reason=""),
        ["outside.post"],
    ),
    *((action, [verb]) for _, _, action, verb in RECOVERY_ACTIONS),
]


def deliver(wire: Wire, action: Action) -> Accepted:
    return run_virtually(send(Unbounded(wire), action))


@pytest.mark.parametrize(("action", "verbs"), ROWS, ids=[str(row[1][-1]) for row in ROWS])
def test_each_action_becomes_one_mutating_request(action: Action, verbs: list[str]) -> None:
    wire = Wire()
    deliver(wire, action)
    assert wire.verbs == verbs


def test_every_kind_of_action_has_a_row() -> None:
    assert {type(action) for action, _ in ROWS} == set(Action.__args__)


@pytest.mark.parametrize(
    "changed",
    [
        {"condition": "somebody's"},
        {"description": "edited"},
        {"principal_type": "User"},
        {"role_definition_id": "/x/roledefinitions/00000000-0000-0000-0000-000000000000"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_an_assignment_that_somebody_changed_is_not_deleted(changed: dict[str, str]) -> None:
    wire = Wire(standing=replace(make_assignment(), **changed))
    with pytest.raises(RefusedError, match="somebody changed it") as caught:
        deliver(wire, revoke())
    assert caught.value.code == "Drift"
    assert wire.verbs == ["assignments.get"]


def test_an_assignment_equal_to_its_image_or_gone_already_is_deleted() -> None:
    for standing in (make_assignment(), None):
        wire = Wire(standing=standing)
        deliver(wire, revoke())
        assert wire.verbs == ["assignments.get", "assignments.delete"]
