"""One look at the source of a run: all that the barrier depends on (safety S4, S7)."""

from collections.abc import Iterator

from msgspec import Struct

from avd_failover.domain.estate import HostStatus, PowerState
from avd_failover.domain.ids import SessionHostId, name_of
from avd_failover.domain.words import counted, listed

_SILENT = frozenset(
    {HostStatus.UNKNOWN, HostStatus.UNAVAILABLE, HostStatus.NO_HEARTBEAT, HostStatus.DISCONNECTED}
)
_OFF = frozenset({PowerState.STOPPED, PowerState.DEALLOCATED})


class HostLook(Struct, frozen=True, kw_only=True):
    """One source host in one look."""

    host: SessionHostId
    status: HostStatus
    drained: bool
    """It refuses new sessions."""
    power: PowerState | None = None
    """Power of its machine; None where it was not read."""

    @property
    def off(self) -> bool:
        """The machine was seen stopped or deallocated; on its way there is not enough."""
        return self.power in _OFF

    @property
    def barred(self) -> bool:
        """Nobody new can land on it."""
        return self.drained or self.off

    @property
    def silent(self) -> bool:
        """Its word on sessions is worth nothing: it does not report, and is not known to be off.

        Shutdown is believed unless the machine was seen up: the agent says it on its way down. A machine
        stopped before its agent reported shows Unavailable, which is why power decides (azure-facts 4).
        """
        if self.off:
            return False
        if self.status is HostStatus.SHUTDOWN:
            return self.power not in {None, PowerState.UNKNOWN}
        return self.status in _SILENT


class SourceLook(Struct, frozen=True, kw_only=True):
    """Everything about the source that the barrier depends on, as seen in one look.

    Hosts, machines and settings are read before the sessions, so that what they say held when the
    enumeration of sessions began. ``at_s`` is that beginning, in monotonic seconds.
    """

    at_s: float
    hosts: tuple[HostLook, ...]
    live_sessions: int
    """Sessions in any state, on hosts that are not known to be off."""
    ghost_sessions: int
    """Sessions that the broker still lists on hosts whose machine was seen deallocated in this look."""
    start_on_connect: bool
    autoscale_acts: bool
    """Autoscale may start hosts of the pool."""
    last_revoke_s: float | None
    """Monotonic seconds of the last confirmed revoke; None when this run revoked nothing."""
    hosts_complete: bool = True
    sessions_complete: bool = True
    gaps: tuple[str, ...] = ()
    """What could not be read, in words."""
    until_s: float | None = None
    """Monotonic seconds at which the enumeration of sessions had ended; None where it took no time."""

    @property
    def over_s(self) -> float:
        """When this look was over: a throttled one may take longer than looks have to lie apart."""
        return self.at_s if self.until_s is None else self.until_s

    @property
    def clear(self) -> bool:
        """Nothing is missing from it: its silence may be taken for zero."""
        whole = self.hosts_complete and self.sessions_complete and not self.gaps
        return whole and not any(host.silent for host in self.hosts)

    @property
    def zero(self) -> bool:
        """It is clear and shows nobody. A ghost is nobody while nothing can start its machine again."""
        return self.clear and self.live_sessions == 0 and not (self.ghost_sessions and self.wakes)

    @property
    def barred(self) -> bool:
        """It is clear, and nothing could take a new user in."""
        return self.clear and not self.wakes and all(host.barred for host in self.hosts)

    @property
    def wakes(self) -> bool:
        """Azure may start a stopped host of the pool by itself."""
        return self.start_on_connect or self.autoscale_acts

    def lost_since(self, before: "SourceLook") -> tuple[SessionHostId, ...]:
        """Return the hosts that the look before had and this one has not: their sessions are out of sight."""
        return tuple(sorted({host.host for host in before.hosts} - {host.host for host in self.hosts}))

    def unseen(self) -> Iterator[str]:
        """Say what keeps this look from being clear."""
        yield from self.gaps
        if not self.hosts_complete:
            yield "the list of hosts is incomplete"
        if not self.sessions_complete:
            yield "the list of sessions is incomplete"
        if silent := [name_of(host.host) for host in self.hosts if host.silent]:
            yield f"{counted(len(silent), 'host')} not reporting and not known to be off: {listed(silent)}"

    def inside(self) -> Iterator[str]:
        """Say whom this look still shows."""
        if self.live_sessions:
            yield f"{counted(self.live_sessions, 'session')} on the source"
        if self.ghost_sessions and self.wakes:
            yield f"{counted(self.ghost_sessions, 'ghost session')} on stopped machines that could be started"

    def doors(self) -> Iterator[str]:
        """Say what could still take a new user in."""
        if takers := [name_of(host.host) for host in self.hosts if not host.barred]:
            yield f"{counted(len(takers), 'host')} neither drained nor stopped: {listed(takers)}"
        if self.start_on_connect:
            yield "Start VM on Connect is on"
        if self.autoscale_acts:
            yield "autoscale acts on the pool"
