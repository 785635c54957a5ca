"""How a request to Azure Resource Manager travels: once, to the configured endpoint, in its turn.

The official clients are given this list of policies instead of their own, because theirs send a request
again by themselves (azure-facts section 0.4): on ``Retry-After``, on 5xx, after registering a provider,
after a challenge, and below them aiohttp once more when a connection drops. Here, one call is one request:

    guard       refuses any other scheme, host or port, before a token is attached; first requests, next
                links, ``Location`` and ``Azure-AsyncOperation`` alike
    names       request id and user agent
    decode      JSON bodies of successes
    throttle    waits for the budget, so that the token attached below is fresh
    bearer      the token, over http on this machine only
    fence       asks whether a request that changes something may still leave (safety S17)
    permit      last of all, whether it is exactly what the approved plan allows now (safety S12)
    transport   aiohttp without its own second attempt, without redirects, waiting on the injected clock
"""

from typing import Any

import aiohttp
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import DecodeError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import (
    AsyncBearerTokenCredentialPolicy,
    AsyncHTTPPolicy,
    ContentDecodePolicy,
    RequestIdPolicy,
    SansIOHTTPPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport._aiohttp import AioHttpTransport

from avd_failover import __version__
from avd_failover.azure.endpoints import EndpointError, Origin, origin_of
from avd_failover.azure.outgoing import READS, PermitPolicy
from avd_failover.azure.throttle import Throttle
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.fence import Checked

USER_AGENT = f"avd-failover/{__version__}"
CONNECT_TIMEOUT_S = 10.0
ANSWER_TIMEOUT_S = 60.0
"""Longest silence of a socket. Real seconds, whatever the clock: sockets know no other."""

Request = PipelineRequest[Any]
Response = PipelineResponse[Any, Any]


def guard(url: str, home: Origin) -> None:
    """Refuse a URL that leads anywhere but home; raises ``RefusedError`` with code ``ForeignEndpoint``."""
    try:
        origin = origin_of(url)
    except EndpointError as error:
        raise RefusedError(f"not followed: {error}", code="ForeignEndpoint") from error
    if origin != home:
        raise RefusedError(
            f"not followed: {origin.scheme}://{origin.host}:{origin.port} is not the configured endpoint"
            f" {home.scheme}://{home.host}:{home.port}; no token was sent",
            code="ForeignEndpoint",
        )


class EndpointGuard(SansIOHTTPPolicy[Any, Any]):
    """Let requests go to the configured endpoint only."""

    def __init__(self, home: Origin) -> None:
        self._home = home

    def on_request(self, request: Request) -> None:
        """Refuse a request to anywhere else."""
        guard(request.http_request.url, self._home)


class DecodeSuccess(ContentDecodePolicy):
    """Decode the bodies of successes; an error keeps its status, whatever a gateway put into its body."""

    def on_response(self, request: Request, response: Response) -> None:
        """Decode a success; raises ``DecodeError`` for a page, which some network put in Azure's place."""
        answer = response.http_response
        if answer.status_code < 300 and answer.headers.get("content-type", "").startswith("text/html"):
            raise DecodeError(message="a page of HTML, which Azure does not send", response=answer)
        if answer.status_code < 400:
            super().on_response(request, response)


class ThrottlePolicy(AsyncHTTPPolicy[Any, Any]):
    """Let requests go when the budget allows it, and learn from the answers."""

    def __init__(self, throttle: Throttle) -> None:
        super().__init__()
        self._throttle = throttle

    async def send(self, request: Request) -> Response:
        """Send one request in its turn."""
        async with self._throttle.arm(request.http_request.method, request.http_request.url) as admission:
            response: Response = await self.next.send(request)
            admission.answered(response.http_response.status_code, response.http_response.headers)
            return response


class BearerPolicy(AsyncBearerTokenCredentialPolicy[Any, Any]):
    """Attach the token; plain http only where the endpoint is this machine."""

    def __init__(self, credential: AsyncTokenCredential, scope: str, home: Origin) -> None:
        super().__init__(credential, scope)
        self._plain = home.scheme == "http" and home.loopback

    async def on_request(self, request: Request) -> None:
        """Attach the token."""
        if self._plain:
            request.context.options["enforce_https"] = False
        await super().on_request(request)

    async def on_challenge(self, request: Request, response: Response) -> bool:
        """Never answer a challenge by sending again: a 401 is the answer, and the caller decides."""
        return False


class FencePolicy(SansIOHTTPPolicy[Any, Any]):
    """Ask the fence when a request that changes something has waited for everything else there is.

    A request may have waited for its budget or its token for longer than the lease holds.
    """

    def __init__(self, fence: Checked) -> None:
        self._fence = fence

    def on_request(self, request: Request) -> None:
        """Let a request go or not; raises ``FencedError``."""
        if request.http_request.method not in READS:
            self._fence.check()


class ClockedTransport(AioHttpTransport):
    """aiohttp that sends each request once and waits on the injected clock.

    The poller of long-running operations waits through its transport, so it polls at the clock's pace.
    """

    def __init__(self, clock: Clock, home: Origin, *, answer_timeout_s: float = ANSWER_TIMEOUT_S) -> None:
        super().__init__(connection_timeout=CONNECT_TIMEOUT_S, read_timeout=answer_timeout_s)
        self._clock = clock
        self._trust_env = not home.loopback

    async def open(self) -> None:
        """Open the session on first use, inside the running loop."""
        if self.session is None and not self._has_been_opened:
            # A proxy of the environment must not come between this machine and itself.
            self.session = aiohttp.ClientSession(
                trust_env=self._trust_env, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
            )
            # No public switch exists: aiohttp repeats GET, PUT and DELETE when a connection drops.
            self.session._retry_connection = False  # noqa: SLF001
        await super().open()  # type: ignore[no-untyped-call]

    async def close(self) -> None:
        """Close the session; nothing can be sent afterwards."""
        await super().close()  # type: ignore[no-untyped-call]

    async def sleep(self, duration: float) -> None:
        """Wait on the clock."""
        await self._clock.sleep(duration)


def policies(
    home: Origin, throttle: Throttle, credential: AsyncTokenCredential, scope: str, fence: Checked
) -> list[AsyncHTTPPolicy[Any, Any] | SansIOHTTPPolicy[Any, Any]]:
    """Return a fresh list of policies, in order, for one client (policies are linked, never shared)."""
    return [
        EndpointGuard(home),
        RequestIdPolicy(),
        UserAgentPolicy(USER_AGENT, user_agent_overwrite=True, user_agent_use_env=False),
        DecodeSuccess(),
        ThrottlePolicy(throttle),
        BearerPolicy(credential, scope, home),
        FencePolicy(fence),
        PermitPolicy(),
    ]
