"""Who the engine is to Azure: one explicit choice, tokens in memory only, never a secret in a file.

A managed identity is asked for directly, never through a chain that would quietly fall back to somebody
else's sign-in. Which protocol a managed identity uses depends on variables of the host (azure-facts section
2); the branch taken is logged, because a surprise there is otherwise hard to see.
"""

import asyncio
import os
from collections.abc import Mapping
from enum import Enum
from types import TracebackType
from typing import Any

import structlog
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.identity.aio import AzureCliCredential, ManagedIdentityCredential, WorkloadIdentityCredential

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.faults import clean
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import TransientError

REFRESH_BEFORE_S = 300.0
"""A token this close to its end is asked for anew."""
_BUSY = frozenset({408, 410, 429})
"""What a machine's endpoint answers while it is not ready."""
ANSWER_MARGIN_S = 30.0
"""A token this close to its end is not sent any more: a request takes a while to be looked at."""

Option = Any
"""An option of a token request, passed through unread."""

_FAR_FUTURE = 4_102_444_800
_log = structlog.get_logger(__name__)


class Identity(Enum):
    """Whose name the engine acts in."""

    MANAGED = "managed-identity"
    WORKLOAD = "workload-identity"
    CLI = "azure-cli"


class SimulatedCredential(AsyncTokenCredential):
    """A fixed token that no real Azure accepts, for endpoints on this machine."""

    async def get_token(self, *scopes: str, **_: Option) -> AccessToken:
        """Return the fixed token."""
        return AccessToken("simulated", _FAR_FUTURE)

    async def close(self) -> None:
        """Nothing to release."""

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Nothing to release."""


class CachedCredential(AsyncTokenCredential):
    """Tokens of another credential, kept in memory until shortly before they end.

    Microsoft Graph's library asks on every request and every client asks for itself; the identity endpoint
    of a machine answers a few times a second at most. One question per scope is under way at a time.
    """

    def __init__(self, inner: AsyncTokenCredential, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self._tokens: dict[tuple[str, ...], AccessToken] = {}
        self._asking = asyncio.Lock()

    async def get_token(self, *scopes: str, **options: Option) -> AccessToken:
        """Return a token for the scopes.

        Raises ``TransientError`` where the identity service could not be reached, or is away: nothing was
        sent to Azure yet, so that a mutation waiting for the token is not unknown.
        """
        async with self._asking:
            kept = self._tokens.get(scopes)
            if kept is None or options.get("claims") or self._ends_within(kept, REFRESH_BEFORE_S):
                kept = self._tokens[scopes] = await self._renewed(kept, *scopes, **options)
            return kept

    async def close(self) -> None:
        """Forget the tokens and close the credential beneath."""
        self._tokens.clear()
        await self._inner.close()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close."""
        await self.close()

    def _ends_within(self, token: AccessToken, seconds: float) -> bool:
        return token.expires_on - self._clock.now().timestamp() < seconds

    async def _renewed(self, kept: AccessToken | None, *scopes: str, **options: Option) -> AccessToken:
        try:
            return await self._ask(kept is not None, *scopes, **options)
        except TransientError:
            # Nobody answers: what is held is good until its end, and Azure tells if not.
            if kept is None or options.get("claims") or self._ends_within(kept, ANSWER_MARGIN_S):
                raise
            return kept

    async def _ask(self, had_one: bool, *scopes: str, **options: Option) -> AccessToken:  # noqa: FBT001
        try:
            return await self._inner.get_token(*scopes, **options)
        except AzureError as error:
            if isinstance(error, ClientAuthenticationError) and not _is_away(error, had_one=had_one):
                raise
            text = f"no token: {clean(str(error))}"
            raise TransientError(text, code="TokenUnavailable", target=scopes[0]) from error


def _is_away(error: ClientAuthenticationError, *, had_one: bool) -> bool:
    """Tell an identity service that is away from one that says no; the library raises the same for both.

    One that never answered may not be there at all on this host, which no waiting mends.
    """
    if error.status_code is not None:
        return error.status_code >= 500 or error.status_code in _BUSY
    return had_one and isinstance(error.__cause__, ServiceRequestError | ServiceResponseError)


def credential_for(
    endpoints: Endpoints,
    clock: Clock,
    choice: Identity | None = None,
    *,
    client_id: str = "",
    environment: Mapping[str, str] | None = None,
) -> AsyncTokenCredential:
    """Return the credential for these endpoints.

    On this machine (a simulated Azure) it is always the fixed one. Otherwise ``choice``, and without one
    what the host's variables say: workload identity, managed identity, or the CLI's sign-in. ``client_id``
    names a user-assigned identity.
    """
    if endpoints.simulated:
        return SimulatedCredential()
    env = os.environ if environment is None else environment
    taken = choice or suggested(env)
    _log.info(
        "identity chosen", identity=taken.value, told=choice is not None, protocol=_protocol(taken, env)
    )
    return CachedCredential(_build(taken, client_id), clock)


def suggested(environment: Mapping[str, str]) -> Identity:
    """Return the identity that the variables of this host point to; the CLI's sign-in without any."""
    if environment.get("AZURE_FEDERATED_TOKEN_FILE"):
        return Identity.WORKLOAD
    if environment.get("IDENTITY_ENDPOINT") or environment.get("MSI_ENDPOINT"):
        return Identity.MANAGED
    return Identity.CLI


def _build(choice: Identity, client_id: str) -> AsyncTokenCredential:
    match choice:
        case Identity.MANAGED:
            return ManagedIdentityCredential(client_id=client_id or None)
        case Identity.WORKLOAD:
            return WorkloadIdentityCredential(client_id=client_id or None)
        case Identity.CLI:
            return AzureCliCredential()


def _protocol(choice: Identity, environment: Mapping[str, str]) -> str:
    if choice is not Identity.MANAGED:
        return str(choice.value)
    if not environment.get("IDENTITY_ENDPOINT"):
        return "imds"
    return "app-service" if environment.get("IDENTITY_HEADER") else "arc"
