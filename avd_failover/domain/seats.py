"""Seats: how many sessions a pool can take now, and how many with more hosts up (safety S9; contract 34).

A seat is counted on a host that reports Available and allows new sessions. Azure also sends sessions to
hosts that report NeedsAssistance, Upgrading or UpgradeFailed (azure-facts section 4: load-balanced): their
seats are ``impaired``, told apart and never promised.
"""

from collections.abc import Iterable

from msgspec import Struct

from avd_failover.domain.estate import HostPool, HostStatus, PoolKind, SessionHost
from avd_failover.domain.plan import Capacity
from avd_failover.domain.words import counted

LOAD_BALANCED = frozenset(
    {HostStatus.AVAILABLE, HostStatus.NEEDS_ASSISTANCE, HostStatus.UPGRADING, HostStatus.UPGRADE_FAILED}
)
"""Statuses of hosts that the broker sends sessions to."""


class Seats(Struct, frozen=True, kw_only=True):
    """The seats of one pool, from one enumeration of its hosts."""

    per_host: int
    """Sessions that one host may hold."""
    open_hosts: int
    """Hosts that report Available and allow new sessions."""
    now: int
    """Free seats on those."""
    impaired: int
    """Free seats on hosts that take sessions but report something else than Available."""
    waiting: tuple[int, ...]
    """Free seats of every host not open now, should it become Available and allow sessions; most first."""
    in_use: int
    """Sessions on all hosts."""
    hosts: tuple[tuple[HostStatus, int], ...]
    """Hosts by status, in the order of ``HostStatus``; statuses of no host are left out."""

    @property
    def at_most(self) -> int:
        """Free seats if every host became Available and allowed new sessions."""
        return self.now + sum(self.waiting)

    def fits(self, capacity: Capacity) -> bool:
        """Tell whether the seats that a plan asks for are there now."""
        return self.now >= capacity.seats

    def needs(self, capacity: Capacity) -> int | None:
        """Return how many more hosts must become Available, those with most free seats first.

        Goes beyond the hosts that exist when even all of them are too few; None when no number of hosts
        would do, because a host of this pool may hold no session.
        """
        missing, hosts = capacity.seats - self.now, 0
        for free in self.waiting:
            if missing <= 0 or free == 0:
                break
            missing, hosts = missing - free, hosts + 1
        if missing <= 0:
            return hosts
        return (
            len(self.waiting) - self.waiting.count(0) + -(-missing // self.per_host)
            if self.per_host
            else None
        )

    def sentence(self, capacity: Capacity) -> str:
        """Say what there is and what lacks, with counts."""
        there = (
            f"{counted(self.now, 'seat')} of {capacity.seats} on {counted(self.open_hosts, 'Available host')}"
        )
        if self.fits(capacity):
            return there
        if capacity.seats > self.at_most:
            return f"{there}; all {counted(self.total, 'host')} of the pool would give {self.at_most}"
        return f"{there}; {counted(self.needs(capacity) or 0, 'more host')} must become Available"

    @property
    def total(self) -> int:
        """Hosts of the pool, whatever their status."""
        return sum(number for _, number in self.hosts)


def seats(pool: HostPool, hosts: Iterable[SessionHost]) -> Seats:
    """Count the seats of a pool from a complete enumeration of its hosts.

    A host enumerated twice counts once, at its fewest free seats. A personal host has one seat.
    """
    per_host = 1 if pool.kind is PoolKind.PERSONAL else max(0, pool.max_sessions_per_host)
    every = _once(hosts, per_host)
    open_hosts = [host for host in every if _open(host)]
    now = sum(_free(host, per_host) for host in open_hosts)
    return Seats(
        per_host=per_host,
        open_hosts=len(open_hosts),
        now=now,
        impaired=sum(_free(host, per_host) for host in every if _lands(host)) - now,
        waiting=tuple(sorted((_free(host, per_host) for host in every if not _open(host)), reverse=True)),
        in_use=sum(host.sessions for host in every),
        hosts=_by_status(every),
    )


def _once(hosts: Iterable[SessionHost], per_host: int) -> tuple[SessionHost, ...]:
    ranked = sorted(hosts, key=lambda host: _worth(host, per_host), reverse=True)
    return tuple({host.id: host for host in ranked}.values())


def _worth(host: SessionHost, per_host: int) -> tuple[int, bool, int, str]:
    free = _free(host, per_host) if _open(host) else -1
    return (free, _lands(host), -host.sessions, host.status.value)


def _free(host: SessionHost, per_host: int) -> int:
    return max(0, per_host - host.sessions)


def _open(host: SessionHost) -> bool:
    return host.status is HostStatus.AVAILABLE and host.allows_new_sessions


def _lands(host: SessionHost) -> bool:
    return host.status in LOAD_BALANCED and host.allows_new_sessions


def _by_status(hosts: Iterable[SessionHost]) -> tuple[tuple[HostStatus, int], ...]:
    statuses = [host.status for host in hosts]
    return tuple((status, statuses.count(status)) for status in HostStatus if status in statuses)
