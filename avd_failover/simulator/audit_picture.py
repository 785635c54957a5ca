"""What the audit knows while it reads a history: a fold of its changes, for the workload's users and pools.

It trusts nothing of the world but the history: access, landing and sessions are worked out here again, so
that a defect of the world's own indexes shows as a difference.
"""

from collections.abc import Iterable

from avd_failover.simulator.access import covers, opens_applications
from avd_failover.simulator.history import Change
from avd_failover.simulator.records import (
    ApplicationGroup,
    EffectiveGrant,
    Group,
    HostPool,
    Machine,
    Record,
    RoleAssignment,
    RoleDefinition,
    ScalingPlan,
    SessionHost,
    User,
    UserSession,
    key,
)
from avd_failover.simulator.workload import Workload

SEATING = {"Available", "NeedsAssistance", "Upgrading", "UpgradeFailed"}
"""Statuses of hosts that sessions land on."""

Pool = str
UserKey = str


class Picture:
    """State after the changes read so far. Pools and users are named by their keys."""

    def __init__(self, workload: Workload) -> None:
        self.pools: tuple[Pool, Pool] = (key(workload.host_pools[0]), key(workload.host_pools[1]))
        self.declared: dict[tuple[UserKey, Pool], bool] = {}
        self.undeclared_s: dict[tuple[UserKey, Pool], float] = {}
        self.effective: dict[tuple[UserKey, Pool], bool] = {}
        self.landable: dict[Pool, set[str]] = {pool: set() for pool in self.pools}
        self.undrained: dict[Pool, set[str]] = {pool: set() for pool in self.pools}
        self.seating: dict[Pool, set[str]] = {pool: set() for pool in self.pools}
        self.sessions: dict[UserKey, dict[str, Pool]] = {}
        self._groups_of_workload = workload.groups
        self._tables: dict[type[Record], dict[str, Record]] = {}
        self._members: dict[str, frozenset[UserKey]] = {}
        self._hosts_on: dict[str, str] = {}
        self._opened: dict[str, tuple[frozenset[Pool], str]] = {}
        self._in_force: dict[str, tuple[frozenset[Pool], str]] = {}
        self._users: dict[UserKey, None] = {}
        self._users_are_stale = True

    @property
    def users(self) -> dict[UserKey, None]:
        """The workload's users: members of its groups, nested ones included. Who ever was one stays one."""
        if self._users_are_stale:
            self._users_are_stale = False
            for group in self._groups_of_workload:
                self._users.update(dict.fromkeys(sorted(self.users_behind(group))))
        return self._users

    def table(self, kind: type[Record]) -> dict[str, Record]:
        """Return the records of a kind, by key."""
        return self._tables.setdefault(kind, {})

    def records(self) -> list[Record]:
        """Return every record, kind by kind."""
        return [record for table in self._tables.values() for record in table.values()]

    def other(self, pool: Pool) -> Pool:
        """Return the opposite pool."""
        return self.pools[1] if pool == self.pools[0] else self.pools[0]

    def can_land(self, pool: Pool) -> bool:
        """Land(p): some host takes new sessions, or Start VM on Connect could wake one that would."""
        return bool(self.landable[pool])

    def has_seats(self, pool: Pool) -> bool:
        """Tell whether some host of a pool could seat somebody: it takes sessions, and is seen well."""
        limit = self.table(HostPool).get(pool)
        return isinstance(limit, HostPool) and limit.max_session_limit > 0 and bool(self.seating[pool])

    def pools_of(self, user: UserKey) -> list[Pool]:
        """Return the pools on which a user has a session, each once."""
        return sorted(set(self.sessions.get(user, {}).values()))

    def users_on(self, pool: Pool) -> frozenset[UserKey]:
        """Return the users who have a session on a pool."""
        return frozenset(user for user, held in self.sessions.items() if pool in held.values())

    def machines(self) -> set[str]:
        """Return the keys of the machines behind the workload's hosts."""
        return set(self._hosts_on)

    def users_behind(self, principal: str) -> frozenset[UserKey]:
        """Return the users behind a principal, through nested groups."""
        name = key(principal)
        if name not in self._members:
            found: dict[UserKey, None] = {}
            waiting, seen = [name], {name}
            while waiting:
                current = waiting.pop()
                group = self.table(Group).get(current)
                if isinstance(group, Group):
                    fresh = [key(member) for member in group.members if key(member) not in seen]
                    seen.update(fresh)
                    waiting.extend(fresh)
                else:
                    found[current] = None
            self._members[name] = frozenset(found)
        return self._members[name]

    def apply(self, change: Change) -> list[UserKey]:
        """Take a change in; return the users whose access or sessions it may have moved."""
        table = self.table(change.kind)
        if change.after is None:
            table.pop(change.target, None)
        else:
            table[change.target] = change.after
        match change.after or change.before:
            case RoleAssignment() as record:
                return self._assignment(record, gone=change.after is None, at_s=change.at_s)
            case EffectiveGrant() as grant:
                return self._grant(grant, gone=change.after is None)
            case Group() | User():
                return self._membership(change.at_s)
            case UserSession() as session:
                return self._session(session, gone=change.after is None)
            case SessionHost() as host:
                self._host(host, gone=change.after is None)
            case Machine():
                self._landing(self._hosts_on.get(change.target))
            case HostPool():
                for host_key in self.table(SessionHost):
                    self._landing(host_key)
        return []

    def _assignment(self, record: RoleAssignment, *, gone: bool, at_s: float) -> list[UserKey]:
        self._remember(self._opened, record, gone=gone)
        return self._recount(self.users_behind(record.principal_id), at_s)

    def _grant(self, grant: EffectiveGrant, *, gone: bool) -> list[UserKey]:
        self._remember(self._in_force, grant, gone=gone)
        return self._recount(self.users_behind(grant.principal_id), None)

    def _membership(self, at_s: float) -> list[UserKey]:
        self._members.clear()
        self._users_are_stale = True
        return self._recount(self.users, at_s) if self._opened else []

    def _remember(
        self,
        into: dict[str, tuple[frozenset[Pool], str]],
        record: RoleAssignment | EffectiveGrant,
        *,
        gone: bool,
    ) -> None:
        into.pop(key(record.id), None)
        pools = frozenset() if gone else self.opens_on(record)
        if pools:
            into[key(record.id)] = (pools, record.principal_id)

    def opens_on(self, record: RoleAssignment | EffectiveGrant) -> frozenset[Pool]:
        """Return the pools that an assignment gives access to, by its role and scope."""
        role = self.table(RoleDefinition).get(key(record.role_definition_id.rsplit("/", 1)[-1]))
        if not isinstance(role, RoleDefinition) or not opens_applications(role):
            return frozenset()
        groups = self.table(ApplicationGroup).values()
        pools = {
            key(g.host_pool) for g in groups if isinstance(g, ApplicationGroup) and covers(record.scope, g.id)
        }
        return frozenset(pools & set(self.pools))

    def paths_to(self, pool: Pool) -> list[tuple[str, str]]:
        """Return every assignment that opens a pool: its key, and its principal's."""
        return [(path, key(who)) for path, (pools, who) in self._opened.items() if pool in pools]

    def is_open(self, principal: str, pool: Pool) -> bool:
        """Tell whether some assignment of this very principal opens a pool."""
        return any(pool in pools and key(who) == principal for pools, who in self._opened.values())

    def _recount(self, users: Iterable[UserKey], at_s: float | None) -> list[UserKey]:
        """Work out declared access (``at_s`` given) or effective access, and both when memberships moved."""
        touched = [user for user in sorted(users) if user in self.users]
        for user in touched:
            for pool in self.pools:
                self.effective[user, pool] = self._reaches(self._in_force, user, pool)
                declared = self._reaches(self._opened, user, pool)
                if at_s is not None and self.declared.get((user, pool)) and not declared:
                    self.undeclared_s[user, pool] = at_s
                self.declared[user, pool] = declared
        return touched

    def _reaches(self, paths: dict[str, tuple[frozenset[Pool], str]], user: UserKey, pool: Pool) -> bool:
        return any(
            pool in pools and user in self.users_behind(principal) for pools, principal in paths.values()
        )

    def _session(self, session: UserSession, *, gone: bool) -> list[UserKey]:
        pool, user = key(session.host_pool), key(session.user)
        if pool not in self.pools:
            return []
        held = self.sessions.setdefault(user, {})
        held.pop(key(session.id), None)
        if not gone and not session.ghost:
            held[key(session.id)] = pool
        return [user] if user in self.users else []

    def _host(self, host: SessionHost, *, gone: bool) -> None:
        if gone and key(host.host_pool) in self.pools:
            self._hosts_on.pop(key(host.machine), None)
            for hosts in (self.landable, self.undrained, self.seating):
                hosts[key(host.host_pool)].discard(key(host.id))
        elif key(host.host_pool) in self.pools:
            self._hosts_on[key(host.machine)] = key(host.id)
            self._landing(key(host.id))

    def _landing(self, host_key: str | None) -> None:
        host = self.table(SessionHost).get(host_key or "")
        if not isinstance(host, SessionHost) or key(host.host_pool) not in self.pools:
            return
        pool = self.table(HostPool).get(key(host.host_pool))
        machine = self.table(Machine).get(key(host.machine))
        wakes = isinstance(pool, HostPool) and pool.start_vm_on_connect
        runs = isinstance(machine, Machine) and machine.power == "running"
        lands = host.allow_new_session and (runs or wakes)
        for hosts, belongs in (
            (self.undrained, host.allow_new_session),
            (self.landable, lands),
            (self.seating, lands and host.status in SEATING),
        ):
            of_pool = hosts[key(host.host_pool)]
            (of_pool.add if belongs else of_pool.discard)(key(host.id))

    def plans_on(self, pools: Iterable[Pool]) -> set[str]:
        """Return the keys of scaling plans that refer to one of these pools."""
        wanted = set(pools)
        return {
            plan_key
            for plan_key, plan in self.table(ScalingPlan).items()
            if isinstance(plan, ScalingPlan) and wanted & {key(ref.host_pool) for ref in plan.references}
        }
