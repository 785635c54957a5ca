"""User sessions of a pool (Microsoft.DesktopVirtualization 2024-04-03).

A session tells its user by principal name only: its ``objectId`` is the session's own ("internal use" in the
published contract), not the user's. So ``user`` is None here; ``domain.whose`` works it out from the name.
"""

from azure.mgmt.desktopvirtualization import models

from avd_failover.azure.answers import Raw, Receipt
from avd_failover.azure.clients import Clients
from avd_failover.azure.faults import azure_faults
from avd_failover.azure.paging import read_all
from avd_failover.cloud import Accepted, Reading
from avd_failover.domain import ids
from avd_failover.domain.clock import Clock
from avd_failover.domain.estate import SessionState, UserSession
from avd_failover.domain.ids import HostPoolId, UserSessionId

_STATES = {state.value.lower(): state for state in SessionState}


class AzureUserSessions:
    """User sessions: list, end, tell."""

    def __init__(self, clients: Clients, clock: Clock) -> None:
        self._clients = clients
        self._clock = clock

    async def list(self, pool: HostPoolId) -> Reading[UserSession]:
        """List every session on every host of a pool (UserSessions_ListByHostPool)."""
        sessions = self._clients.desktops(pool).user_sessions
        with azure_faults(pool, mutating=False):
            return await read_all(
                sessions.list_by_host_pool(ids.resource_group_of(pool), ids.name_of(pool)),
                _session,
                self._clock,
            )

    async def log_off(self, session: UserSessionId) -> Accepted:
        """End one session (UserSessions_Delete, force); accepted as well when it is gone (204)."""
        sessions = self._clients.desktops(session).user_sessions
        receipt = Receipt(self._clock)
        with azure_faults(session, mutating=True):
            await sessions.delete(*_address(session), force=True, cls=receipt)
            return receipt.accepted

    async def tell(self, session: UserSessionId, *, title: str, body: str) -> Accepted:
        """Show a message in one session (UserSessions_SendMessage)."""
        sessions = self._clients.desktops(session).user_sessions
        message = models.SendMessage(message_title=title, message_body=body)
        receipt = Receipt(self._clock)
        with azure_faults(session, mutating=True):
            await sessions.send_message(*_address(session), message, cls=receipt)
            return receipt.accepted


def _address(session: UserSessionId) -> tuple[str, str, str, str]:
    host = ids.host_of(session)
    pool = ids.pool_of(host)
    return ids.resource_group_of(pool), ids.name_of(pool), ids.name_of(host), ids.name_of(session)


def _session(raw: Raw) -> UserSession:
    return UserSession(
        id=ids.user_session_id(raw.id),
        state=_STATES.get((raw.session_state or "").lower(), SessionState.UNKNOWN),
        name=(raw.user_principal_name or "").lower() or None,
    )
