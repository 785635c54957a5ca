"""What is taken away comes back as it was: conservation, provenance, and what arrives late.

S11  what an engine removes from a side it creates on one side again, property by property
S13  it deletes nothing that others made meanwhile, nor what stood on the side it moves to
S14  a change that took effect late is repaired by the end, or is known and under way: whoever is assigned
     nowhere is in transit once an engine saw that what was deleted late is gone
S15  each assignment is read by its id shortly before its deletion is sent
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from avd_failover.simulator.access import covers
from avd_failover.simulator.audit_grants import Finding
from avd_failover.simulator.audit_picture import Picture, Pool
from avd_failover.simulator.history import Change, Looked
from avd_failover.simulator.records import ListedAssignment, RoleAssignment, key

COMPARE_S = 10.0
"""T_cmp: how old the comparison before a delete may be."""

Traits = tuple[str, str, str | None, str | None]


@dataclass
class Transit:
    """What is under way for one principal: how it looked, and which side it left."""

    images: list[tuple[Traits, Pool]] = field(default_factory=list)

    def take(self, traits: Traits) -> bool:
        """Take an image with these traits out; False when there is none."""
        for image in self.images:
            if image[0] == traits:
                self.images.remove(image)
                return True
        return False


class Conservation:
    """Follows every assignment of the workload that an engine moves."""

    def __init__(self, picture: Picture, groups: tuple[str, ...], built: int, latency_s: float) -> None:
        self._picture = picture
        self._groups = set(map(key, groups))
        self._built = built
        self._compare_s = COMPARE_S + latency_s
        self._transit: dict[str, Transit] = {}
        self._looking: set[str] = set()
        self._compared_s: dict[tuple[str, str], list[float]] = {}
        self._arrived_late: dict[str, Change] = {}
        self._missed: set[str] = set()
        """Deleted late, and an engine saw since that they are gone."""
        self._made_meanwhile: set[str] = set()

    def looked(self, look: Looked) -> None:
        """Take in that an engine read something."""
        if look.what != "assignments":
            self._looking.add(look.actor)
        if look.what == "assignment" and look.seen:
            self._compared_s.setdefault((look.actor, look.target), []).append(look.at_s)
        self._missed.update(target for target in self._arrived_late if self._shows_absence(look, target))

    def _shows_absence(self, look: Looked, target: str) -> bool:
        """Tell whether a look shows, by id or in a list that has caught up, that an assignment is gone."""
        if look.what == "assignment":
            return look.target == target and not look.seen
        record = self._arrived_late[target].before
        if look.what != "assignments" or not isinstance(record, RoleAssignment):
            return False
        return covers(look.target, record.scope) and target not in self._picture.table(ListedAssignment)

    def note(self, change: Change, sent_s: float | None) -> Iterator[Finding]:
        """Take in a change, before the picture does, and yield what was looked at.

        ``sent_s`` tells when it was sent, if it arrives late.
        """
        if change.kind is not RoleAssignment:
            return
        if change.actor_kind == "engine":
            yield from self._by_engine(change, sent_s)
        elif change.before is None and change.sequence >= self._built:
            self._made_meanwhile.add(change.target)

    def at_the_end(self) -> Iterator[tuple[Change, Finding]]:
        """Yield what late changes left behind."""
        for change in self._arrived_late.values():
            record = change.after or change.before
            if isinstance(record, RoleAssignment):
                yield change, self._left(change, record)

    def left_by(self, principal: str) -> frozenset[Pool]:
        """Return the sides that a principal's assignments were removed from and are not back on yet."""
        return frozenset(pool for _, pool in self._transit.get(principal, Transit()).images)

    def in_transit(self) -> list[dict[str, str]]:
        """Return what was removed and is nowhere yet: principal, and the side it left."""
        return [
            {"principal": principal, "left": pool}
            for principal, transit in self._transit.items()
            for _, pool in transit.images
        ]

    def _by_engine(self, change: Change, sent_s: float | None) -> Iterator[Finding]:
        if sent_s is not None:
            self._arrived_late[change.target] = change
            self._missed.discard(change.target)
        if isinstance(change.before, RoleAssignment) and change.after is None:
            yield from self._deleted(change, change.before, change.at_s if sent_s is None else sent_s)
        elif isinstance(change.after, RoleAssignment) and change.before is None:
            yield from self._created(change.after)

    def _deleted(self, change: Change, gone: RoleAssignment, sent_s: float) -> Iterator[Finding]:
        if change.actor in self._looking:
            reads_s = self._compared_s.get((change.actor, change.target), [])
            fresh = any(sent_s - self._compare_s <= read_s <= sent_s for read_s in reads_s)
            detail = "" if fresh else f"deleted without being read by its id in the last {COMPARE_S:g} s"
            yield Finding(invariant="S15", subject=change.target, detail=detail)
        yield self._provenance(change, gone)
        transit = self._transit.setdefault(key(gone.principal_id), Transit())
        for pool in sorted(self._picture.opens_on(gone)):
            transit.images.append((_traits(gone), pool))

    def _provenance(self, change: Change, gone: RoleAssignment) -> Finding:
        if change.target in self._made_meanwhile:
            return Finding(
                invariant="S13", subject=change.target, detail=f"deleted what {gone.created_by} had made"
            )
        own = gone.created_by.startswith("engine:")
        moving = self._transit.get(key(gone.principal_id), Transit()).images
        goals = {self._picture.other(pool) for _, pool in moving}
        if not own and goals & set(self._picture.opens_on(gone)):
            detail = "deleted what stood on the side that access moves to before the run"
            return Finding(invariant="S13", subject=change.target, detail=detail)
        return Finding(invariant="S13", subject=change.target)

    def _created(self, made: RoleAssignment) -> Iterator[Finding]:
        principal = key(made.principal_id)
        transit = self._transit.get(principal)
        if transit is None or not transit.images or not self._picture.opens_on(made):
            return
        if transit.take(_traits(made)):
            yield Finding(invariant="S11", subject=principal)
            return
        had = "; ".join(str(traits) for traits, _ in transit.images)
        detail = f"created as {_traits(made)}, and what was removed had {had}"
        yield Finding(invariant="S11", subject=principal, detail=detail)

    def _left(self, change: Change, record: RoleAssignment) -> Finding:
        principal = key(record.principal_id)
        held = [pool for pool in self._picture.pools if self._picture.is_open(principal, pool)]
        detail = ""
        if len(held) > 1:
            detail = f"arrived late, and {principal} is left assigned on both sides"
        if not held and change.after is None and change.target not in self._missed:
            detail = f"arrived late, and {principal} is left assigned nowhere without anybody's knowledge"
        return Finding(invariant="S14", subject=change.target, detail=detail)


def _traits(record: RoleAssignment) -> Traits:
    role = key(record.role_definition_id.rsplit("/", 1)[-1])
    return record.principal_type.lower(), role, record.condition, record.condition_version
