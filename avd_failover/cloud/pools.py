"""Host pools with their hosts and sessions, and the autoscale that acts on them."""

from collections.abc import Sequence
from typing import Protocol

from avd_failover.cloud.answers import Accepted, Reading
from avd_failover.domain.estate import (
    ApplicationGroup,
    HostPool,
    PooledSchedule,
    PoolReference,
    ScalingPlan,
    ScheduleFloor,
    SessionHost,
    UserSession,
)
from avd_failover.domain.ids import (
    ApplicationGroupId,
    HostPoolId,
    ScalingPlanId,
    ScheduleId,
    SessionHostId,
    UserSessionId,
)


class HostPoolReads(Protocol):
    """Host pools and application groups (Microsoft.DesktopVirtualization 2024-04-03)."""

    async def get(self, pool: HostPoolId) -> HostPool:
        """Read one host pool."""
        ...

    async def application_group(self, group: ApplicationGroupId) -> ApplicationGroup:
        """Read one application group."""
        ...

    async def application_groups(self, pool: HostPoolId) -> Reading[ApplicationGroup]:
        """List the application groups of a pool, among those of the pool's subscription."""
        ...


class HostPools(HostPoolReads, Protocol):
    """The same, and the one setting of a pool that a run changes."""

    async def set_start_on_connect(self, pool: HostPoolId, *, allowed: bool) -> Accepted:
        """Allow or forbid Start VM on Connect for a pool."""
        ...


class SessionHostReads(Protocol):
    """Session hosts of a pool."""

    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        """List every host of a pool. Azure allows 10 of these calls in 5 minutes: poll with ``get``."""
        ...

    async def get(self, host: SessionHostId) -> SessionHost:
        """Read one host."""
        ...


class SessionHosts(SessionHostReads, Protocol):
    """The same, and drain mode."""

    async def set_logons(self, host: SessionHostId, *, allowed: bool) -> Accepted:
        """Allow or refuse new sessions on one host; open sessions stay."""
        ...


class UserSessionReads(Protocol):
    """User sessions of a pool."""

    async def list(self, pool: HostPoolId) -> Reading[UserSession]:
        """List every session on every host of a pool."""
        ...


class UserSessions(UserSessionReads, Protocol):
    """The same, ending them and talking to their users."""

    async def log_off(self, session: UserSessionId) -> Accepted:
        """End one session by force; accepted as well when it is gone already (204)."""
        ...

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        """Show a message in one session."""
        ...


class ScalingPlanReads(Protocol):
    """Scaling plans and their pooled schedules."""

    async def get(self, plan: ScalingPlanId) -> ScalingPlan:
        """Read one scaling plan with the pools it acts on."""
        ...

    async def schedules(self, plan: ScalingPlanId) -> Reading[PooledSchedule]:
        """List the pooled schedules of a scaling plan."""
        ...


class ScalingPlans(ScalingPlanReads, Protocol):
    """The same, and changing them."""

    async def set_references(self, plan: ScalingPlanId, references: Sequence[PoolReference]) -> Accepted:
        """Replace the whole list of pools a plan acts on. The API has no precondition: read before."""
        ...

    async def set_floor(self, schedule: ScheduleId, floor: ScheduleFloor) -> Accepted:
        """Set the minimum-host and threshold percentages of one schedule."""
        ...
