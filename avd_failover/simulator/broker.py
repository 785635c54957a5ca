"""The broker and the impatient users it serves: who lands where, and whose profile container is locked.

A user of the crowd wants to work. Who loses a session tries again at seeded intervals; who left one
Disconnected comes back to it, on a drained host too. A new session needs effective access to an application
group and a host that takes logons; where none runs, Start VM on Connect wakes one. The profile container is
held from sign-in until log off is complete: a sign-in elsewhere meanwhile ends with error 33.
"""

import itertools

from avd_failover.simulator.access import Access
from avd_failover.simulator.core import Core
from avd_failover.simulator.doors import Doors
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.landing import Landing
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.records import (
    ApplicationGroup,
    HostPool,
    LockConflict,
    Machine,
    ProfileContainer,
    SessionHost,
    SessionPhase,
    User,
    UserSession,
    key,
)
from avd_failover.simulator.sessions import BROKER, Sessions


class Broker:
    """Lands users on hosts, and moves the crowd."""

    def __init__(
        self, core: Core, access: Access, hosts: Hosts, sessions: Sessions, machines: Machines
    ) -> None:
        self._core = core
        self._access = access
        self._hosts = hosts
        self._doors = Doors(core, hosts)
        self._sessions = sessions
        self._landing = Landing(core, self._doors, sessions)
        self._machines = machines
        self._crowd: dict[str, None] = {}
        self._attempt_at: dict[str, float] = {}
        self._session_numbers: dict[str, int] = {}
        core.watch(UserSession, self._session_changed)

    def join_crowd(self, user: str) -> None:
        """Let a user act from now on: without a session it arrives after a while."""
        self._crowd[key(user)] = None
        sessions = self._sessions.of_user(user)
        if not sessions:
            self._want(user, self._core.draw("arrival", self._core.physics.arrival_s))
        for session in sessions:
            self._session_changed(None, session)

    def seat(self, user: User, host: SessionHost, state: SessionPhase, actor: str = BROKER) -> UserSession:
        """Put a session of a user on a host, with its container if nobody holds that yet."""
        number = self._number(host)
        session = UserSession(
            id=f"{host.id}/userSessions/{number}",
            host=host.id,
            host_pool=host.host_pool,
            user=user.id,
            user_principal_name=user.user_principal_name,
            state=state,
            created_s=self._core.now_s,
        )
        self._core.write(actor, "session-begins", session)
        self._attach(session)
        return session

    def everybody_connects(self) -> None:
        """Let every user of the crowd try at this moment."""
        for user in self._crowd:
            self.connect(user)

    def connect(self, user: str) -> None:
        """Let a user try once to get to work, now. What it may open and what it lacks is decided here."""
        sessions = self._sessions.of_user(user)
        if any(session.state in {"Active", "Pending"} for session in sessions):
            return
        groups = [group for group in self._access.application_groups(user) if group.show_in_feed]
        left = [session for session in sessions if session.state == "Disconnected"]
        own_pools = {key(group.host_pool) for group in groups}
        if left and (not groups or key(left[0].host_pool) in own_pools):
            done = self._reconnect(left[0])
        else:
            done = bool(groups) and self._sign_in(user, self._core.chance("feed").choice(groups))
        if not done:
            self._want(user, self._core.draw("retry", self._core.physics.retry_s))

    def _number(self, host: SessionHost) -> int:
        """Return the lowest free number where ids are given again, and otherwise one never given before."""
        taken = {session.name for session in self._sessions.on_host(host.id)}
        given = self._session_numbers.get(key(host.id), 0)
        first = 1 if self._core.physics.reuse_session_ids else given + 1
        number = next(one for one in itertools.count(first) if str(one) not in taken)
        self._session_numbers[key(host.id)] = max(given, number)
        return number

    def _reconnect(self, session: UserSession) -> bool:
        host = self._core.get(SessionHost, session.host)
        if self._core.get(Machine, host.machine).power != "running":
            return False
        self._core.change(f"user:{session.user}", "reconnect", session, state="Active")
        return True

    def _sign_in(self, user: str, group: ApplicationGroup) -> bool:
        pool = self._core.get(HostPool, group.host_pool)
        if not self._core.is_up(pool.location, "control"):
            return False
        pooled = pool.host_pool_type == "Pooled"
        host = self._landing.host_for(pool) if pooled else self._own_desktop(pool, user)
        if host is None:
            self._start_on_connect(pool, user)
            return False
        session = self.seat(self._core.get(User, user), host, "Pending", f"user:{key(user)}")
        self._core.after(
            self._core.draw("sign-in", self._core.physics.sign_in_s), lambda: self._signed_in(session)
        )
        return True

    def _own_desktop(self, pool: HostPool, user: str) -> SessionHost | None:
        """Return the personal desktop of a user, when it is open."""
        name = self._core.get(User, user).user_principal_name
        return next(
            (host for _, host in self._doors.of(pool.id).open_hosts if host.assigned_user == name), None
        )

    def _start_on_connect(self, pool: HostPool, user: str) -> None:
        machine = self._doors.of(pool.id).to_wake
        if pool.host_pool_type == "Personal":
            machine = self._own_sleeping_machine(pool, user)
        if pool.start_vm_on_connect and machine is not None:
            self._machines.attempt(BROKER, "start", machine)

    def _own_sleeping_machine(self, pool: HostPool, user: str) -> Machine | None:
        name = self._core.get(User, user).user_principal_name
        for host in self._hosts.of_pool(pool.id):
            machine = self._core.get(Machine, host.machine)
            if host.assigned_user == name and machine.power in {"stopped", "deallocated"}:
                return machine
        return None

    def _attach(self, session: UserSession) -> None:
        container = self._core.find(ProfileContainer, session.user) or ProfileContainer(id=session.user)
        if container.held_by is not None:
            conflict_id = f"{session.id}#{self._core.history.next_sequence}"
            conflict = LockConflict(
                id=conflict_id, user=session.user, wanted_by=session.id, held_by=container.held_by
            )
            self._core.write(BROKER, "lock-conflict", conflict)
            return
        held = ProfileContainer(
            id=session.user,
            held_by=session.id,
            host=session.host,
            host_pool=session.host_pool,
            attached_s=self._core.now_s,
        )
        self._core.write(BROKER, "profile-attached", held)

    def _signed_in(self, asked: UserSession) -> None:
        session = self._sessions.still(asked)
        if session is None or session.state != "Pending" or session.ghost:
            return
        container = self._core.get(ProfileContainer, session.user)
        if key(container.held_by or "") == key(session.id):
            self._core.change(BROKER, "signed-in", session, state="Active")
        else:
            self._core.erase(BROKER, "sign-in-failed", session)

    def _leave(self, left: UserSession) -> None:
        session = self._sessions.still(left)
        if session is not None and session.state == "Active" and not session.ghost:
            self._core.change(f"user:{session.user}", "leave", session, state="Disconnected")

    def _session_changed(self, before: UserSession | None, after: UserSession | None) -> None:
        session = after or before
        if session is None or key(session.user) not in self._crowd:
            return
        physics = self._core.physics
        if after is None or after.ghost or after.state == "LogOff":
            self._want(session.user, self._core.draw("retry", physics.retry_s))
        elif after.state == "Disconnected":
            self._want(session.user, self._core.draw("return", physics.return_s))
        elif after.state == "Active" and physics.leave_s is not None:
            self._core.after(self._core.draw("leave", physics.leave_s), lambda: self._leave(after))

    def _want(self, user: str, delay_s: float) -> None:
        at_s = self._core.now_s + delay_s
        if self._attempt_at.get(key(user), at_s + 1) <= at_s:
            return
        self._attempt_at[key(user)] = at_s
        self._core.after(delay_s, lambda: self._try(user, at_s))

    def _try(self, user: str, at_s: float) -> None:
        if self._attempt_at.get(key(user)) == at_s:
            del self._attempt_at[key(user)]
            self.connect(user)
