"""Actions, skips and verdicts as the short lines of ``tests/cases``."""

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
    Skipped,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import RoleAssignment, ScheduleFloor
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import End
from avd_failover.domain.route import Route
from avd_failover.operations.base import Blocked, Moot, NotYet, Proven, Stuck, Verdict

VERDICTS = {Proven: "proven", NotYet: "not yet", Blocked: "blocked", Stuck: "stuck", Moot: "moot"}


def tell_action(action: Action, route: Route) -> str:
    """``kind target key fields``."""
    return " ".join((kind_of(action), *_fields(action, route)))


def tell_skip(skip: Skipped) -> str:
    """``target: because``."""
    return f"{short(skip.target)}: {skip.because}"


def tell_verdict(verdict: Verdict) -> str:
    """Return the kind of a verdict."""
    return VERDICTS[type(verdict)]


def short(target: str) -> str:
    """Return the name that cases use for a target: ``weu-1/3`` for a session, the last segment otherwise."""
    if "/usersessions/" in target:
        host, _, number = target.split("/")[-3:]
        return f"{host}/{number}"
    return name_of(target) if target.startswith("/") else target


def _fields(action: Action, route: Route) -> tuple[str, ...]:
    name = short(action.target)
    match action:
        case RevokeAssignment():
            return (_place(action.assignment, route),)
        case GrantAssignment():
            return (_place(action.assignment, route), *_properties(action.assignment))
        case SetLogons() | SetStartOnConnect():
            return (name, f"{_said(action.before)}->{_said(action.allowed)}")
        case TellUser():
            return (name, repr(action.title))
        case LogOff() | StartMachine() | DeallocateMachine() | RunCommand() | CallWebhook():
            return (name,)
        case SetPoolReferences():
            return (name, *(f"{name_of(one.host_pool)}={_said(one.enabled)}" for one in action.references))
        case SetScheduleFloor():
            return (name, f"{_floor(action.before)} -> {_floor(action.floor)}")
    raise AssertionError(f"no pooled step sends {type(action).__name__}")


def _place(one: RoleAssignment, route: Route) -> str:
    for pair in route.pairs:
        for end in End:
            if (one.scope, one.principal_id) == (pair.at(end), pair.group.id):
                return f"{pair.label} at {end.value}"
    return one.id


def _properties(one: RoleAssignment) -> tuple[str, ...]:
    kind = "" if one.principal_type == "Group" else one.principal_type
    condition = f"if {one.condition} ({one.condition_version})" if one.condition else ""
    return tuple(filter(None, (kind, condition, repr(one.description) if one.description else "")))


def _said(allowed: bool) -> str:
    return "on" if allowed else "off"


def _floor(floor: ScheduleFloor) -> str:
    return (
        f"{floor.ramp_up_minimum_hosts_pct}/{floor.ramp_up_capacity_threshold_pct}"
        f" {floor.ramp_down_minimum_hosts_pct}/{floor.ramp_down_capacity_threshold_pct}"
    )
