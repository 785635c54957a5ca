"""Safety at the moment of a grant: was the other side empty, closed, and left by everybody concerned?

    S4   every revoke of the component came first; the source settled (D) or was barred; and then two looks
         at its sessions, the same engine's, 30 s apart, showed nobody
    S5   nobody of the component is still assigned on the source
    S6   no path to the source is left that the workload does not know of
    S7   a look that failed, or that showed somebody, is not followed by a grant
    S8   the source was dark: a grant without looks needs people's word; told as a fence, no violation
    S9   somebody could be seated on the target when the grant was sent

What an engine saw is judged only where the history has its looks. A component is every workload group that
shares users with the granted one, directly or through others. While groups of no concern to the component are
still assigned on the source, they work there on: then only sessions of the component count in a look.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from avd_failover.simulator.audit_picture import Picture, Pool
from avd_failover.simulator.audit_sent import Course
from avd_failover.simulator.history import Change, Looked
from avd_failover.simulator.records import (
    Group,
    HostPool,
    Machine,
    Region,
    RoleAssignment,
    ScalingPlan,
    SessionHost,
    User,
    key,
)
from avd_failover.simulator.workload import Workload

APART_S = 30.0
"""Least time between the two looks of S4."""
_BARRING = (SessionHost, Machine, HostPool, ScalingPlan)


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing found: an invariant, what it is about, and what is wrong; whole when ``detail`` is empty."""

    invariant: str
    subject: str
    detail: str = ""


class Grants:
    """Everything that has to be so when an engine grants access on a side."""

    def __init__(self, picture: Picture, workload: Workload, latency_s: float) -> None:
        self._picture = picture
        self._settle_s = workload.propagation_s
        self._apart_s = max(0.0, APART_S - latency_s)
        self._groups = list(map(key, workload.groups))
        self._scopes = set(map(key, workload.application_groups))
        self._looks: dict[Pool, list[tuple[Looked, frozenset[str]]]] = {}
        self._looking: set[str] = set()
        self._revoked_s: dict[tuple[str, Pool], float] = {}
        self._ever: set[tuple[str, Pool]] = set()
        self._barred_s: dict[Pool, float | None] = dict.fromkeys(picture.pools)
        self._seats: dict[Pool, Course[bool]] = {pool: Course() for pool in picture.pools}
        self._components: dict[str, frozenset[str]] | None = None

    def looked(self, look: Looked) -> None:
        """Take in that an engine read the sessions of a pool, and whose they were in truth."""
        if look.what != "assignments":
            self._looking.add(look.actor)
        if look.what == "sessions":
            there = self._picture.users_on(look.target) if look.seen > 0 else frozenset()
            self._looks.setdefault(look.target, []).append((look, there))

    def note(self, change: Change) -> None:
        """Take in a change, after the picture did."""
        if issubclass(change.kind, Group | User):
            self._components = None
        if issubclass(change.kind, _BARRING):
            self._note_barriers(change.at_s)
            for pool, course in self._seats.items():
                course.becomes(change.at_s, self._picture.has_seats(pool))
        record = change.after or change.before
        if isinstance(record, RoleAssignment):
            self._note_assignment(change, record)

    def findings(
        self, change: Change, granted: RoleAssignment, returning_to: frozenset[Pool], sent_s: float | None
    ) -> Iterator[Finding]:
        """Yield one finding for each invariant looked at; those with a detail are violations.

        ``sent_s`` tells when a grant was sent that arrives late.
        What is put back on a side that it had just left needs no seats there: nothing better is to be had.
        """
        principal = key(granted.principal_id)
        for target in sorted(self._picture.opens_on(granted)):
            source = self._picture.other(target)
            if target not in returning_to:
                yield self._seated(target, change.at_s if sent_s is None else sent_s)
            component = self._component(principal)
            if not any((member, source) in self._ever for member in component):
                continue
            yield self._closed(component, source, principal)
            yield self._shadow(principal, source)
            yield from self._empty(change, component, source)

    def _note_assignment(self, change: Change, record: RoleAssignment) -> None:
        principal = key(record.principal_id)
        for pool in self._picture.opens_on(record):
            self._ever.add((principal, pool))
            if change.after is None:
                self._revoked_s[principal, pool] = change.at_s

    def _note_barriers(self, at_s: float) -> None:
        for pool in self._picture.pools:
            barred = not self._picture.can_land(pool) and not self._could_wake(pool)
            if not barred:
                self._barred_s[pool] = None
            elif self._barred_s[pool] is None:
                self._barred_s[pool] = at_s

    def _could_wake(self, pool: Pool) -> bool:
        """Tell whether autoscale could start a host that would take sessions."""
        plans = self._picture.table(ScalingPlan).values()
        acts = any(
            ref.enabled and key(ref.host_pool) == pool
            for plan in plans if isinstance(plan, ScalingPlan) for ref in plan.references
        )  # fmt: skip
        return acts and bool(self._picture.undrained[pool])

    def _seated(self, pool: Pool, sent_s: float) -> Finding:
        detail = "" if self._seats[pool].at(sent_s) else "granted where no host could seat anybody"
        return Finding(invariant="S9", subject=pool, detail=detail)

    def _closed(self, component: frozenset[str], source: Pool, granted: str) -> Finding:
        left = [one for one in sorted(component) if self._picture.is_open(one, source)]
        detail = f"granted to {granted} while {', '.join(left)} of its component are still on {source}"
        return Finding(invariant="S5", subject=granted, detail=detail if left else "")

    def _shadow(self, principal: str, source: Pool) -> Finding:
        users = self._picture.users_behind(principal)
        for path, path_principal in self._picture.paths_to(source):
            record = self._picture.table(RoleAssignment).get(path)
            known = path_principal in self._groups and isinstance(record, RoleAssignment)
            if known and isinstance(record, RoleAssignment) and key(record.scope) in self._scopes:
                continue
            if users & self._picture.users_behind(path_principal):
                detail = f"granted although {path} still leads its users to {source}"
                return Finding(invariant="S6", subject=principal, detail=detail)
        return Finding(invariant="S6", subject=principal)

    def _empty(self, change: Change, component: frozenset[str], source: Pool) -> Iterator[Finding]:
        revokes = [self._revoked_s[one, source] for one in component if (one, source) in self._revoked_s]
        settled_s = max(revokes, default=0.0) + self._settle_s
        barred_s = self._barred_s[source]
        points = [
            *([settled_s] if settled_s <= change.at_s else []),
            *([] if barred_s is None else [barred_s]),
        ]
        if not points:
            detail = f"granted while {source} was neither settled nor barred"
            yield Finding(invariant="S4", subject=source, detail=detail)
        elif change.actor in self._looking:
            found = self._looked_enough(component, source, min(points))
            yield found
            if found.invariant == "S4":
                yield Finding(invariant="S7", subject=source)

    def _looks_at(self, component: frozenset[str], source: Pool) -> Iterator[Looked]:
        """Yield the looks at a pool; where others stay there, with the sessions of the component counted."""
        others = set(self._groups) - component
        stay = any(self._picture.is_open(one, source) for one in others)
        users = frozenset().union(*(self._picture.users_behind(one) for one in component))
        for look, there in self._looks.get(source, []):
            yield replace(look, seen=len(there & users)) if stay and look.seen > 0 else look

    def _looked_enough(self, component: frozenset[str], source: Pool, point_s: float) -> Finding:
        every = self._looks_at(component, source)
        looks = [look for look in every if look.at_s >= point_s - APART_S + self._apart_s]
        empty = _tail_of_nobody(looks)
        if len(empty) >= 2 and empty[-1].at_s - empty[0].at_s >= self._apart_s:
            return Finding(invariant="S4", subject=source)
        if self._dark(source):
            return Finding(invariant="S8", subject=source, detail="granted with the source dark")
        if looks and looks[-1].seen != 0:
            what = "the last look had failed" if looks[-1].seen < 0 else "the last look showed sessions"
            return Finding(invariant="S7", subject=source, detail=f"granted although {what}")
        seen = f"{len(empty)} looks showed nobody on {source} since it was settled or barred"
        return Finding(invariant="S4", subject=source, detail=f"granted after {seen}")

    def _dark(self, pool: Pool) -> bool:
        record = self._picture.table(HostPool).get(pool)
        location = key(record.location) if isinstance(record, HostPool) else ""
        region = self._picture.table(Region).get(location)
        return isinstance(region, Region) and not (region.control_plane_up and region.compute_up)

    def _component(self, principal: str) -> frozenset[str]:
        if self._components is None:
            self._components = _components(self._groups, self._picture)
        return self._components.get(principal, frozenset({principal}))


def _tail_of_nobody(looks: list[Looked]) -> list[Looked]:
    tail: list[Looked] = []
    for look in reversed(looks):
        if look.seen != 0:
            break
        tail.insert(0, look)
    return tail


def _components(groups: list[str], picture: Picture) -> dict[str, frozenset[str]]:
    parent = {group: group for group in groups}

    def root(group: str) -> str:
        while parent[group] != group:
            group = parent[group]
        return group

    first: dict[str, str] = {}
    for group in groups:
        for user in sorted(picture.users_behind(group)):
            parent[root(group)] = root(first.setdefault(user, group))
    members: dict[str, list[str]] = {}
    for group in groups:
        members.setdefault(root(group), []).append(group)
    return {group: frozenset(members[root(group)]) for group in groups}
