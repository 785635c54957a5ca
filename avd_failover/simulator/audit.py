"""An omniscient checker of a world's history: were the safety invariants kept, and what did users feel?

It knows nothing of engines, journals or plans: the evidence is ``history``, the subject the scenario's
workload.

    at every change    S1 no dual start, S2 no dual session and no container open on both sides, S3 declared
                       on one side only
    at every grant     S4 barrier, S5 whole components, S6 no shadow path, S7 silence is not zero, S9 seats
    at every delete    S10 shown as it was, S13 nobody else's, S15 compared just before
    everywhere         S11 what was removed comes back as it was, S12 the workload only and the usual fields
                       only, S14 nothing that arrived late is left unrepaired

S4, S7 and S15 speak about what an engine looked at: they are judged for an engine whose looks the history
has. S9, S10 and S15 bind the sender: a change that arrives late is judged by what was so, and by what the
sender had been shown, when it was sent. Of S10 the history holds the half that the cloud sees, that the image
could have been taken; whether it was durable, the journal alone can tell.

What was so when the scenario began is standing, not a violation: a run must refuse it. A grant with the
source dark is a fence (S8): people have to have decided it, and the audit cannot see people.
"""

from collections.abc import Callable
from typing import Any

from avd_failover.simulator.audit_confinement import Confinement
from avd_failover.simulator.audit_conservation import Conservation
from avd_failover.simulator.audit_gaps import Gaps
from avd_failover.simulator.audit_grants import Finding, Grants
from avd_failover.simulator.audit_picture import Picture, Pool, UserKey
from avd_failover.simulator.audit_sent import Course, Travel
from avd_failover.simulator.history import Change, Looked, Shown
from avd_failover.simulator.records import LockConflict, ProfileContainer, RoleAssignment, key
from avd_failover.simulator.world import World

INVARIANTS = (
    "S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12", "S13", "S14", "S15",
)  # fmt: skip


def audit(world: World, *, latency_s: float = 1.0) -> dict[str, Any]:
    """Read the whole history and return what it proves, as JSON values.

    ``latency_s`` is how long a request may have been on its way, in seconds of the world: on a real socket at
    speed, a moment of real time is minutes of the world.

    ``violations``: invariant, at, at_s, actor, subject, detail, each once when it begins.
    ``standing``: invariant and subject of what was so at the start.
    ``evaluated``: how often each invariant was looked at.
    ``users``: by object id, ``declared_gap_s`` (declared on neither side), ``gap_s`` (could start nowhere),
    ``sessions_ended``, ``lock_conflicts``.
    ``fences``: grants made with the source dark (S8): ``at_s``, ``actor``, ``subject``.
    ``in_transit``: what an engine removed and has not created again: ``principal`` and the side it ``left``.
    ``lock_conflicts``: every error 33: ``at_s``, ``user``, ``wanted_by``, ``held_by``.
    ``bystanders``: ``records`` that are not the workload's, and which of them an engine ``touched``.
    """
    return Audit(world, latency_s).run()


class Audit:
    """One reading of one history. ``engine`` and ``admin`` actors are told apart by the actor's kind."""

    def __init__(self, world: World, latency_s: float = 1.0) -> None:
        self._world = world
        self._picture = Picture(world.workload)
        self._gaps = Gaps(self._picture)
        self._confinement = Confinement(world.workload, self._picture)
        self._grants = Grants(self._picture, world.workload, latency_s)
        self._conservation = Conservation(self._picture, world.workload.groups, world.built, latency_s)
        self._propagation_s = world.workload.propagation_s
        self._travel = Travel(latency_s)
        self._bystanders = 0
        self._seen: dict[tuple[str, str], Course[int]] = {}
        self._revisions: dict[str, Course[int]] = {}
        self._open: set[tuple[str, UserKey]] = set()
        self._began = False
        self.violations: list[dict[str, Any]] = []
        self.standing: list[dict[str, str]] = []
        self.fences: list[dict[str, Any]] = []
        self.lock_conflicts: list[dict[str, Any]] = []
        self.evaluated = dict.fromkeys(INVARIANTS, 0)

    def run(self) -> dict[str, Any]:
        """Read everything once, in order."""
        for entry in self._world.history.entries:
            if isinstance(entry, Shown):
                for target, revision in entry.assignments:
                    course = self._seen.setdefault((entry.actor, target), Course())
                    course.becomes(entry.at_s, revision)
            elif isinstance(entry, Looked):
                self._grants.looked(entry)
                self._conservation.looked(entry)
            else:
                self._change(entry)
        self._begin()
        for change, finding in self._conservation.at_the_end():
            self._found(change, finding)
        return self._report()

    def _report(self) -> dict[str, Any]:
        touched = {row["subject"] for row in self.violations if row["invariant"] == "S12"}
        return {
            "violations": self.violations,
            "standing": self.standing,
            "evaluated": self.evaluated,
            "users": self._gaps.report(self._world.now_s),
            "fences": self.fences,
            "in_transit": self._conservation.in_transit(),
            "lock_conflicts": self.lock_conflicts,
            "bystanders": {"records": self._bystanders, "touched": sorted(touched)},
        }

    def _change(self, change: Change) -> None:
        if change.sequence >= self._world.built:
            self._begin()
        self._travel.note(change)
        sent_s = None
        if change.actor_kind == "engine":
            sent_s = self._travel.sent_s(change)
            self._check_confinement(change)
            self._check_shown(change, sent_s)
        self._check_moves(change, sent_s)
        could_land = {pool: self._picture.can_land(pool) for pool in self._picture.pools}
        touched = self._picture.apply(change)
        self._grants.note(change)
        opened = [pool for pool, could in could_land.items() if self._picture.can_land(pool) != could]
        if not self._began:
            return
        self._check_container(change)
        users = list(self._picture.users) if opened else touched
        self._check_users(users, change)
        self._gaps.note(change, users)

    def _check_moves(self, change: Change, sent_s: float | None) -> None:
        """Look at an assignment that is made or deleted, before the picture has it."""
        made = change.after
        if change.actor_kind == "engine" and change.before is None and isinstance(made, RoleAssignment):
            returning_to = self._conservation.left_by(key(made.principal_id))
            for finding in self._grants.findings(change, made, returning_to, sent_s):
                self._found(change, finding)
        for finding in self._conservation.note(change, sent_s):
            self._found(change, finding)
        if isinstance(made, RoleAssignment):
            self._revisions.setdefault(change.target, Course()).becomes(change.at_s, made.revision)

    def _found(self, change: Change, finding: Finding) -> None:
        self.evaluated[finding.invariant] += 1
        if finding.invariant == "S8":
            self.fences.append({"at_s": change.at_s, "actor": change.actor, "subject": finding.subject})
        elif finding.detail:
            self._violation(finding.invariant, change, finding.subject, finding.detail)

    def _begin(self) -> None:
        """The scenario's own writes are over: look at every user once, and take what is so for standing."""
        if self._began:
            return
        self._began = True
        self._bystanders = sum(map(self._confinement.is_bystander, self._picture.records()))
        for user in self._picture.users:
            for invariant, (broken, _) in self._conditions(user, 0.0).items():
                if broken:
                    self._open.add((invariant, user))
                    self.standing.append({"invariant": invariant, "subject": user})
        self._gaps.begin()

    def _check_users(self, users: list[UserKey], change: Change) -> None:
        for user in users:
            for invariant, (broken, detail) in self._conditions(user, change.at_s).items():
                self.evaluated[invariant] += 1
                if not broken:
                    self._open.discard((invariant, user))
                elif (invariant, user) not in self._open:
                    self._open.add((invariant, user))
                    self._violation(invariant, change, user, detail())

    def _conditions(self, user: UserKey, now_s: float) -> dict[str, tuple[bool, Callable[[], str]]]:
        picture = self._picture
        first, second = picture.pools
        if first == second:
            return {name: (False, lambda: "") for name in ("S1", "S2", "S3")}
        held = picture.pools_of(user)
        crossed = [pool for pool in held if self._can_start(user, picture.other(pool), now_s)]
        return {
            "S1": (
                self._can_start(user, first, now_s) and self._can_start(user, second, now_s),
                lambda: f"can start a session on {first} and on {second}",
            ),
            "S2": (
                len(held) > 1 or bool(crossed),
                lambda: (
                    f"has sessions on {', '.join(held)}" + (" and can start on the other" if crossed else "")
                ),
            ),
            "S3": (
                picture.declared.get((user, first), False) and picture.declared.get((user, second), False),
                lambda: f"is assigned on {first} and on {second}",
            ),
        }

    def _can_start(self, user: UserKey, pool: Pool, now_s: float) -> bool:
        """CanStart = Eff and Land, with Eff as conservative as safety 1.1: declared within the last D."""
        picture = self._picture
        if not picture.can_land(pool):
            return False
        if picture.declared.get((user, pool)):
            return True
        ended_s = picture.undeclared_s.get((user, pool))
        return ended_s is not None and now_s - ended_s <= self._propagation_s

    def _check_container(self, change: Change) -> None:
        conflict = change.after
        if isinstance(conflict, LockConflict):
            told = {"user": conflict.user, "wanted_by": conflict.wanted_by, "held_by": conflict.held_by}
            self.lock_conflicts.append({"at_s": change.at_s, **told})
        if change.kind is not ProfileContainer or change.target not in self._picture.users:
            return
        before, after = change.before, change.after
        self.evaluated["S2"] += 1
        if not (isinstance(before, ProfileContainer) and isinstance(after, ProfileContainer)):
            return
        pools = {key(holder.host_pool) for holder in (before, after) if holder.held_by and holder.host_pool}
        if before.held_by != after.held_by and len(pools) > 1:
            self._violation("S2", change, change.target, "has a profile container open on both sides")

    def _check_shown(self, change: Change, sent_s: float | None) -> None:
        before = change.before
        if change.after is not None or not isinstance(before, RoleAssignment):
            return
        self.evaluated["S10"] += 1
        at_s = change.at_s if sent_s is None else sent_s
        shown, stood = self._seen.get((change.actor, change.target)), self._revisions[change.target]
        seen = None if shown is None else shown.at(at_s)
        if seen is None or seen != stood.at(at_s):
            what = "was never read" if seen is None else "had changed since it was read"
            self._violation("S10", change, change.target, f"deleted an assignment that {what}")

    def _check_confinement(self, change: Change) -> None:
        self.evaluated["S12"] += 1
        trespass = self._confinement.trespass(change)
        if trespass:
            self._violation("S12", change, change.target, f"{change.verb}: {trespass}")

    def _violation(self, invariant: str, change: Change, subject: str, detail: str) -> None:
        self.violations.append(
            {
                "invariant": invariant,
                "at": self._world.core.at(change.at_s).isoformat(),
                "at_s": round(change.at_s, 6),
                "actor": change.actor,
                "subject": subject,
                "detail": detail,
            }
        )
