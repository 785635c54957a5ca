"""The catalogue of faults: every name, and what it does. Scenario files and the command line read it.

kind      what it does                                             when
request   changes how matching requests are answered               starts, lasts, nth, times, p
event     changes how events inside the world go                   starts, lasts, nth, times, p
connection  strikes new connections, before anything is sent        starts, lasts, nth, times, p
weather   changes durations, clocks, or the way to Azure           starts, lasts
deed      does something                                           starts, every, times; or on, nth, delay
"""

import functools
import operator
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from msgspec import Struct
from pydantic import Field, GetCoreSchemaHandler, TypeAdapter, ValidationError
from pydantic_core import CoreSchema

from avd_failover.runbook.faults import nearest, printable
from avd_failover.simulator.faults import (
    admin,
    answers,
    autoscaling,
    capacity,
    clocks,
    connecting,
    desktops,
    groups,
    hosting,
    identity,
    jobs,
    people,
    reading,
    region,
    transport,
    weather,
    witness,
)
from avd_failover.simulator.faults.base import ConnectionFault, Deed, FateFault, FaultSpec, RequestFault

Kind = Literal["request", "connection", "event", "weather", "deed"]

ROWS: tuple[type[FaultSpec], ...] = (
    transport.DropRequest,
    transport.DropResponse,
    transport.LateApply,
    transport.DelayRequest,
    transport.ReorderRequests,
    transport.DuplicateRequest,
    transport.ConnectionReset,
    transport.HalfOpen,
    transport.SlowBody,
    transport.TruncatedJson,
    transport.WrongContentLength,
    transport.GzipError,
    connecting.TlsFailure,
    connecting.DnsFailure,
    connecting.CaptivePortal,
    answers.HttpError,
    answers.ThrottleStorm,
    answers.DirectoryDown,
    capacity.OperationLost,
    capacity.OperationGone,
    capacity.OperationFlips,
    capacity.OperationEndless,
    jobs.JobMishap,
    desktops.AdminTestsFailover,
    desktops.AdminReassignsDesktop,
    reading.StaleRead,
    reading.PageSkew,
    reading.PageError,
    reading.FrontEnds,
    weather.SlowPropagation,
    region.RegionOutage,
    region.RegionBrownout,
    capacity.AllocationFailed,
    capacity.SkuNotAvailable,
    capacity.QuotaExceeded,
    weather.EagerUsers,
    weather.UsersLeave,
    people.UsersConnect,
    people.LogOffRefused,
    weather.LogOffSlow,
    weather.SessionIdReuse,
    weather.GhostSessions,
    hosting.HostStatus,
    hosting.HostTokenExpired,
    weather.HeartbeatLag,
    hosting.HostVanishes,
    hosting.HostAppears,
    hosting.ProfileHandleRemains,
    hosting.ProfileLocked,
    hosting.ProfileShareUnreachable,
    weather.ProfileFlushBacklog,
    groups.GroupMemberAdded,
    groups.GroupMemberRemoved,
    groups.GroupDeleted,
    groups.GroupRecreated,
    groups.GroupHidden,
    groups.GroupRulePending,
    autoscaling.AutoscaleDeallocates,
    autoscaling.AutoscaleDrains,
    autoscaling.AutoscaleLogsOff,
    admin.AdminGrants,
    admin.AdminRevokes,
    admin.AdminEditsAssignment,
    admin.PolicyRegrants,
    admin.AdminUndrains,
    admin.AdminDrains,
    admin.AdminResizesPlan,
    admin.AdminAllowsStartOnConnect,
    admin.AdminEditsRole,
    admin.ResourceLock,
    identity.TokenExpired,
    identity.IdentityDown,
    identity.RightsRemoved,
    identity.ClaimsChallenge,
    clocks.EngineClock,
    clocks.AzureClock,
    witness.LeaseStolen,
    witness.CopyRolledBack,
    witness.CopyForked,
    witness.CopyAppended,
)


class _OneOfTheRows:
    """Tells pydantic which models stand behind the common type, so that the table above is the only list."""

    def __get_pydantic_core_schema__(
        self, _source: type[FaultSpec], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        rows: Any = functools.reduce(operator.or_, ROWS)
        return handler.generate_schema(Annotated[rows, Field(discriminator="fault")])


AnyFault = Annotated[FaultSpec, _OneOfTheRows()]
"""One fault of a scenario file; its `fault` says which."""

_ADAPTER: TypeAdapter[FaultSpec] = TypeAdapter(AnyFault)


class Row(Struct, frozen=True, kw_only=True):
    """One line of the catalogue, for people."""

    name: str
    kind: Kind
    what: str
    parameters: dict[str, str]


def name_of(row: type[FaultSpec]) -> str:
    """Return the name of a kind of fault."""
    return str(row.model_fields["fault"].default)


BY_NAME: dict[str, type[FaultSpec]] = {name_of(row): row for row in ROWS}


def table() -> tuple[Row, ...]:
    """Return the whole catalogue."""
    return tuple(
        Row(
            name=name, kind=kind_of(row), what=(row.__doc__ or "").strip(),
            parameters={
                field: info.description or "" for field, info in row.model_fields.items() if field != "fault"
            },
        )
        for name, row in BY_NAME.items()
    )  # fmt: skip


def kind_of(row: type[FaultSpec]) -> Kind:
    """Return what sort of fault it is."""
    if issubclass(row, RequestFault):
        return "request"
    if issubclass(row, ConnectionFault):
        return "connection"
    if issubclass(row, FateFault):
        return "event"
    return "deed" if issubclass(row, Deed) else "weather"


def read_fault(spec: Mapping[str, Any]) -> FaultSpec:
    """Return a fault given as in a scenario file.

    Raises ``ValueError`` with everything that is wrong, and the nearest known name.
    """
    name = spec.get("fault")
    if not isinstance(name, str) or name not in BY_NAME:
        raise ValueError(
            f"no fault is called {printable(str(name))!r}; {nearest(str(name), BY_NAME) or 'there are'}"
            + ("" if nearest(str(name), BY_NAME) else f" {', '.join(BY_NAME)}")
        )
    try:
        return _ADAPTER.validate_python(_tupled(spec))
    except ValidationError as error:
        told = [_told(str(name), dict(one)) for one in error.errors(include_url=False)]
        raise ValueError("; ".join(told)) from error


def _tupled(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of JSON as the tuples that a strict model wants."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in spec.items()}


def _told(name: str, error: dict[str, Any]) -> str:
    where = ".".join(str(part) for part in error["loc"] if part != name)
    if error["type"] == "extra_forbidden":
        known = [field for field in BY_NAME[name].model_fields if field != "fault"]
        hint = nearest(where, known) or f"it has {', '.join(known)}"
        return f"{name} has no {printable(where)!r}; {hint}"
    found = "" if error["type"] == "missing" else f" (found {printable(str(error['input']))!r})"
    return f"{name}: {where}: {error['msg']}{found}"
