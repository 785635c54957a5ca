"""Permits: the exact requests that one action may become, and the gate they open while it is sent.

An approved plan is compiled twice before anything leaves the process (safety S12). ``confinement`` says
whether an *action* lies inside the plan; what is compiled here says which *requests* that action may
become, by method, resource, query and body. ``engine.send`` opens the permits of an action around the one
call that sends it, and the pipeline of ``azure`` lets a request that changes something leave only against
an open permit. So neither a defective operation nor a defective adapter reaches anything that the plan does
not name, and a process that opens no permit, such as a status or a dry run, can only read (safety O5).

Every body is pinned whole, by a digest of its canonical form: no action of today reads a resource, edits it
and writes it back. A change of an SDK's serialisation therefore refuses requests instead of altering them.

A new kind of action must declare here, in ``permits_of``, every request that its adapter sends: method, ARM
path in lower case, each query parameter but ``api-version``, and the body as ``digest_of`` what the wire
carries. Where an adapter writes back what it read, let the action carry the whole body it wants, so that it
can be pinned. What leaves by another way than Resource Manager (a command, a webhook) has no permits:
``()``. The row in ``confinement.Confinement.outside`` and the one in ``tests/permits.py`` are the other
two.
"""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from hashlib import sha256
from typing import Any, assert_never

from msgspec import Struct
from msgspec.structs import fields

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
)
from avd_failover.domain.estate import PoolReference, RoleAssignment, ScheduleFloor
from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.recovery_requests import request_of
from avd_failover.domain.words import listed


class Permit(Struct, frozen=True, kw_only=True):
    """One request: ``method`` in upper case, ``resource`` as an ARM path in lower case.

    ``query`` has every parameter but ``api-version``, in order of name; ``body_sha256`` is None where there
    is no body.
    """

    method: str
    resource: str
    query: tuple[tuple[str, str], ...] = ()
    body_sha256: str | None = None


def digest_of(body: object) -> str:
    """Return the SHA-256 of a JSON value in canonical form: keys in order, nothing between the parts."""
    return sha256(
        json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    ).hexdigest()


def permits_of(action: Action) -> tuple[Permit, ...]:
    """Return every request that an action may become, each to be sent at most once."""
    match action:
        case RevokeAssignment():
            return (Permit(method="DELETE", resource=action.assignment.id),)
        case GrantAssignment():
            return (_carrying("PUT", action.assignment.id, _properties(_assignment(action.assignment))),)
        case LogOff() | TellUser():
            return (_about_a_session(action),)
        case StartMachine():
            return (Permit(method="POST", resource=f"{action.machine}/start"),)
        case DeallocateMachine():
            return (Permit(method="POST", resource=f"{action.machine}/deallocate"),)
        case SetLogons() | SetStartOnConnect() | SetPoolReferences() | SetScheduleFloor():
            return (_carrying("PATCH", action.target, _properties(_settings(action))),)
        case RunCommand() | CallWebhook():
            return ()  # leaves by another way than Resource Manager
        case (
            FailOverMachine()
            | ChangeRecoveryPoint()
            | CommitFailover()
            | ReprotectMachine()
            | InstallExtension()
            | FailOverPlan()
            | CommitPlan()
        ):
            return (_recovering(action),)
        case _:
            assert_never(action)


@contextmanager
def permitted(permits: Sequence[Permit]) -> Iterator[None]:
    """Let these requests leave, each once, from what is called inside.

    Tasks made inside are inside too, but only for as long: one that outlives the call sends nothing any more.
    """
    opened = _Open(permits)
    before = _here.set(opened)
    try:
        yield
    finally:
        opened.shut()
        _here.reset(before)


def depart(asked: Permit) -> None:
    """Use up the open permit for one request that is about to leave.

    Raises:
        OutsidePlanError: There is none. Nothing may be sent.
    """
    opened = _here.get()
    if opened is None:
        raise OutsidePlanError(
            f"not sent: {_told(asked)} belongs to no action of an approved plan", target=asked.resource
        )
    opened.use(asked)


class _Open:
    """The permits of the action that is being sent."""

    def __init__(self, permits: Sequence[Permit]) -> None:
        self._all = tuple(permits)
        self._left = list(permits)

    def use(self, asked: Permit) -> None:
        if asked not in self._left:
            raise OutsidePlanError(f"not sent: {_told(asked)} {self._why(asked)}", target=asked.resource)
        self._left.remove(asked)

    def shut(self) -> None:
        self._left.clear()

    def _why(self, asked: Permit) -> str:
        if asked in self._all:
            return "was sent already, or comes after its action ended"
        unlike = min((_unlike(asked, one) for one in self._all), key=len, default=["every part"])
        return f"differs in {listed(unlike)} from what its action may send"


_here: ContextVar[_Open | None] = ContextVar("permits", default=None)


def _told(asked: Permit) -> str:
    return f"{asked.method} {asked.resource}"


def _unlike(asked: Permit, permit: Permit) -> list[str]:
    names = [field.name for field in fields(Permit)]
    return [name.removesuffix("_sha256") for name in names if getattr(asked, name) != getattr(permit, name)]


def _carrying(method: str, resource: str, body: object) -> Permit:
    return Permit(method=method, resource=resource, body_sha256=digest_of(body))


def _properties(values: dict[str, Any]) -> dict[str, Any]:
    return {"properties": values}


def _recovering(action: RecoveryAction | PlanAction) -> Permit:
    method, resource, body = request_of(action)
    return Permit(method=method, resource=resource) if body is None else _carrying(method, resource, body)


def _about_a_session(action: LogOff | TellUser) -> Permit:
    match action:
        case LogOff():
            return Permit(method="DELETE", resource=action.session, query=(("force", "true"),))
        case TellUser():
            message = {"messageTitle": action.title, "messageBody": action.body}
            return _carrying("POST", f"{action.session}/sendmessage", message)


def _settings(action: SetLogons | SetStartOnConnect | SetPoolReferences | SetScheduleFloor) -> dict[str, Any]:
    match action:
        case SetLogons():
            return {"allowNewSession": action.allowed}
        case SetStartOnConnect():
            return {"startVMOnConnect": action.allowed}
        case SetPoolReferences():
            return {"hostPoolReferences": [_reference(one) for one in action.references]}
        case SetScheduleFloor():
            return _percentages(action.floor)


def _assignment(one: RoleAssignment) -> dict[str, str]:
    told = {
        "roleDefinitionId": one.role_definition_id,
        "principalId": one.principal_id,
        "principalType": one.principal_type,
        "description": one.description,
        "condition": one.condition,
        "conditionVersion": one.condition_version,
    }
    return {name: value for name, value in told.items() if value is not None}


def _reference(one: PoolReference) -> dict[str, object]:
    return {"hostPoolArmPath": one.host_pool, "scalingPlanEnabled": one.enabled}


def _percentages(floor: ScheduleFloor) -> dict[str, int]:
    return {
        "rampUpMinimumHostsPct": floor.ramp_up_minimum_hosts_pct,
        "rampUpCapacityThresholdPct": floor.ramp_up_capacity_threshold_pct,
        "rampDownMinimumHostsPct": floor.ramp_down_minimum_hosts_pct,
        "rampDownCapacityThresholdPct": floor.ramp_down_capacity_threshold_pct,
    }
