"""User sessions and the profile containers they hold (Microsoft.DesktopVirtualization 2024-04-03)."""

import math
from collections.abc import Callable, Sequence

from avd_failover.simulator.core import Core
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.records import Message, ProfileContainer, SessionHost, UserSession, key
from avd_failover.simulator.refusals import avd_refusal
from avd_failover.simulator.requests import Part, RequestLog, external

BROKER = "azure:broker"


class Sessions(Part):
    """Verbs on sessions, and how a session ends.

    A log-off takes a while (LogOff, then gone, then the container is free). A host that stops takes its
    sessions with it: the lists show them as ghosts for a while, and the container's lock goes stale.
    """

    area = "sessions"

    def __init__(self, core: Core, log: RequestLog, hosts: Hosts) -> None:
        super().__init__(core, log)
        self._hosts = hosts
        self._by_host: dict[str, dict[str, None]] = {}
        self._by_user: dict[str, dict[str, None]] = {}
        core.watch(UserSession, self._index)

    def list(self, pool: str) -> Sequence[UserSession]:
        """Return every session that the service lists on a pool, ghosts included."""
        return [session for host in self._hosts.list(pool) for session in self.on_host(host.id)]

    def list_on_host(self, host: str) -> Sequence[UserSession]:
        """Return every session that the service lists on a host, ghosts included."""
        return self.on_host(self._hosts.get(host).id)

    def get(self, session: str) -> UserSession:
        """Return one session. Refused with 404 (code ``"404"``) when there is none."""
        self._hosts.get(session.rsplit("/", 2)[0])
        found = self.core.find(UserSession, session)
        if found is None:
            raise avd_refusal(404, "User session does not exist")
        return found

    @external
    def log_off(self, actor: str, session: str) -> UserSession | None:
        """Begin a log-off (DELETE userSession). Returns the session (200), or None when there is none (204).

        A ghost is refused with 404: its host is not there to ask.
        """
        self._hosts.get(session.rsplit("/", 2)[0])
        found = self.core.find(UserSession, session)
        if found is None:
            return None
        self._refuse_ghost(found)
        return self.end(actor, found)

    @external
    def disconnect(self, actor: str, session: str) -> UserSession:
        """Disconnect a session: it stays on its host and keeps its container. Nothing happens twice."""
        found = self.get(session)
        self._refuse_ghost(found)
        if found.state == "Active":
            found = self.core.change(actor, "disconnect", found, state="Disconnected")
        return found

    @external
    def send_message(self, actor: str, session: str, *, title: str, body: str) -> None:
        """Show a message in a session."""
        found = self.get(session)
        self._refuse_ghost(found)
        message_id = f"{found.id}#{self.core.history.next_sequence}"
        message = Message(id=message_id, session=found.id, user=found.user, title=title, body=body)
        self.core.write(actor, "send-message", message)

    @external
    def remove_host(self, actor: str, host: str, *, force: bool = False) -> SessionHost | None:
        """Take a host out of its pool (DELETE sessionHost). Returns it (200), or None: it is not there (204).

        Its sessions are lost. Refused with 400 while it has sessions, unless forced.
        """
        self._hosts.list(host.rsplit("/", 2)[0])
        found = self.core.find(SessionHost, host)
        if found is None:
            return None
        sessions = self.on_host(found.id)
        if sessions and not force:
            raise avd_refusal(400, "SessionHost cannot be deleted while it has user sessions; use force")
        for session in sessions:
            self.core.erase(actor, "host-removed", session)
            self.release(session)
        self.core.erase(actor, "delete-session-host", found)
        return found

    def end(self, actor: str, session: UserSession) -> UserSession:
        """Let a session log off; it is gone, and its container free, when sign-out is done."""
        if session.state == "LogOff":
            return session
        ending = self.core.change(actor, "log-off", session, state="LogOff")
        self._after(self._log_off_takes_s(), "log-off", ending, actor, lambda: self._gone(ending))
        return ending

    def erase_all(self, actor: str, host: SessionHost) -> None:
        """A host is no more: its sessions are not listed any longer, and their containers are free."""
        for session in self.on_host(host.id):
            self.core.erase(actor, "session-vanishes", session)
            self.release(session)

    def drop_all(self, host: SessionHost) -> None:
        """A host stopped: its sessions turn to ghosts, and their containers' locks go stale."""
        for session in self.on_host(host.id):
            if session.ghost:
                continue
            self._lose(session)

    def release(self, session: UserSession) -> None:
        """Free the container if that very session holds it."""
        container = self.core.find(ProfileContainer, session.user)
        if container is None or key(container.held_by or "") != key(session.id):
            return
        if container.attached_s < session.created_s:
            return
        self.core.change(BROKER, "profile-released", container, held_by=None, host=None, host_pool=None)

    def on_host(self, host: str) -> Sequence[UserSession]:
        """Return the listed sessions of a host; for the world's own use."""
        return [self.core.get(UserSession, session) for session in self._by_host.get(key(host), ())]

    def alive_on_host(self, host: str) -> Sequence[UserSession]:
        """Return the sessions that really are on a host."""
        return [session for session in self.on_host(host) if not session.ghost]

    def count_on_host(self, host: str) -> int:
        """Return how many sessions a host is counted with."""
        return self.count_at(key(host))

    def count_at(self, host_key: str) -> int:
        """Return the same for a host named by its key."""
        return len(self._by_host.get(host_key, ()))

    def of_user(self, user: str) -> Sequence[UserSession]:
        """Return a user's sessions that really are, in order of creation."""
        found = (self.core.get(UserSession, session) for session in self._by_user.get(key(user), ()))
        return [session for session in found if not session.ghost]

    def still(self, session: UserSession) -> UserSession | None:
        """Return that very session as it is now; None when it is gone, whoever has its id since."""
        found = self.core.find(UserSession, session.id)
        same = found is not None and (found.user, found.created_s) == (session.user, session.created_s)
        return found if same else None

    def _log_off_takes_s(self) -> float:
        physics = self.core.physics
        slow = self.core.chance("log-off-slow").random() < physics.log_off_slow_share
        return self.core.draw("log-off", physics.log_off_slow_s if slow else physics.log_off_s)

    def _gone(self, session: UserSession) -> None:
        found = self.still(session)
        if found is not None and found.state == "LogOff" and not found.ghost:
            self.core.erase(BROKER, "logged-off", found)
            self._let_go(found)

    def _let_go(self, session: UserSession) -> None:
        flush_s = self.core.physics.flush_s
        takes_s = self.core.draw("flush", flush_s) if flush_s.high else 0.0
        self._after(takes_s, "profile-release", session, BROKER, lambda: self.release(session))

    def _after(
        self, takes_s: float, event: str, session: UserSession, actor: str, then: Callable[[], None]
    ) -> None:
        """Let something happen when it is due and no fault holds it up any longer; at once if it is now."""
        held_s = self.core.fate(event, session.id, actor).held_s or 0.0
        if not takes_s and not held_s:
            then()
        elif not math.isinf(held_s):
            self.core.after(takes_s + held_s, then)

    def _lose(self, session: UserSession) -> None:
        physics = self.core.physics
        self.core.change(BROKER, "host-lost", session, ghost=True)
        self.core.after(self.core.draw("ghost", physics.ghost_s), lambda: self._forget(session))
        self.core.after(self.core.draw("lock", physics.stale_lock_s), lambda: self.release(session))

    def _forget(self, session: UserSession) -> None:
        found = self.still(session)
        if found is not None and found.ghost:
            self.core.erase(BROKER, "ghost-forgotten", found)

    def _refuse_ghost(self, session: UserSession) -> None:
        if session.ghost:
            raise avd_refusal(404, "User session does not exist")

    def _index(self, before: UserSession | None, after: UserSession | None) -> None:
        if before is not None and after is None:
            self._by_host.get(key(before.host), {}).pop(key(before.id), None)
            self._by_user.get(key(before.user), {}).pop(key(before.id), None)
        if before is None and after is not None:
            self._by_host.setdefault(key(after.host), {})[key(after.id)] = None
            self._by_user.setdefault(key(after.user), {})[key(after.id)] = None
