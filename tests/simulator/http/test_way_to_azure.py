"""Names, handshakes and networks in between: what the real adapters make of them over real sockets with TLS.

Nothing was sent where no connection came to be: a mutation is as free to be tried again as a read.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import aiohttp
import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import ManagedIdentityCredential

from avd_failover.azure.credentials import CachedCredential
from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import connect
from avd_failover.azure.faults import _TABLE, _Kind
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.simulator.faults.obstacles import TOLD
from avd_failover.simulator.http.certificates import Certificates, make_certificates
from avd_failover.simulator.http.server import Server, serve
from avd_failover.simulator.records import RoleAssignment as Stored
from tests.contract.stage import STANDSTILL, Stage, WorldClock, direct, wire
from tests.permits import with_permits
from tests.simulator.builders import small_world
from tests.simulator.http.test_faults_on_both_faces import (
    WANTED,
    create,
    drain,
    log_off,
    members,
    pool,
    sessions,
    start,
)

KINDS = ("expired", "not-yet-valid", "wrong-host", "unknown-authority", "downgrade", "reset")

OTHERS = (members, drain, start, log_off)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return make_certificates(tmp_path_factory.mktemp("tls"), datetime.now(UTC))


@pytest.fixture
def trusting(made: Certificates, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Let both HTTP clients of this process trust the authority, as SSL_CERT_FILE does for a new process."""
    monkeypatch.setenv("SSL_CERT_FILE", str(made.authority))
    monkeypatch.setattr(
        aiohttp.connector, "_SSL_CONTEXT_VERIFIED", ssl.create_default_context(cafile=str(made.authority))
    )
    return made


@asynccontextmanager
async def secured(made: Certificates, *faults: dict[str, Any]) -> AsyncIterator[tuple[Stage, Server]]:
    """The adapters on the HTTP face with TLS."""
    world = small_world(faults=list(faults))
    async with serve(world, speed=STANDSTILL, tls=made.contexts()) as server:
        clock = WorldClock(world, server._pace.jump)
        cloud = with_permits(connect(Endpoints(arm=server.url, graph=server.url), clock))
        try:
            yield Stage(face="tls", cloud=cloud, clock=clock, world=world, port=server.port), server
        finally:
            await cloud.aclose()


async def came_of(stage: Stage, act: Any) -> Any:
    try:
        return await act(stage)
    except CloudError as error:
        return error


@pytest.mark.parametrize(
    ("kind", "act"),
    [*((kind, act) for kind in KINDS for act in (pool, create)), *(("expired", act) for act in OTHERS)],
)
async def test_a_handshake_that_fails_sends_nothing_whatever_was_meant(trusting, kind, act):
    async with secured(trusting, {"fault": "tls-failure", "kind": kind}) as (stage, server):
        error = await came_of(stage, act)
        assert (type(error), error.code) == (TransientError, "NotConnected")
        assert server.azure._asked == 0
        assert [row["hits"] for row in stage.world.faults.listed()] == [1]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_second_connection_alone_fails_and_the_third_gets_through(trusting, kind):
    fault = {"fault": "tls-failure", "kind": kind, "nth": 2}
    async with secured(trusting, fault) as (stage, server):
        assert (await pool(stage)) is not None
        # What is in force keeps no connection for the next request: each needs one of its own.
        error = await came_of(stage, create)
        assert (type(error), error.code) == (TransientError, "NotConnected")
        assert stage.world.core.find(Stored, WANTED.id) is None
        await create(stage)
        assert stage.world.core.find(Stored, WANTED.id) is not None
        assert server.azure._asked == 2


async def test_a_window_of_handshakes_that_fail_is_over_when_it_is_over(trusting):
    fault = {"fault": "tls-failure", "starts": "10s", "lasts": "60s"}
    async with secured(trusting, fault) as (stage, _):
        # At 11 s the connection of second 0 serves one more request, and is closed.
        for waited_s, fails in ((0, False), (11, False), (1, True), (47, True), (12, False)):
            await stage.clock.sleep(waited_s)
            assert isinstance(await came_of(stage, pool), TransientError) is fails


async def test_some_handshakes_fail_by_chance_and_equal_seeds_agree(trusting):
    told = []
    for _ in range(2):
        async with secured(trusting, {"fault": "tls-failure", "p": 0.5}) as (stage, _):
            told.append([isinstance(await came_of(stage, pool), TransientError) for _ in range(12)])
    assert told[0] == told[1]
    assert {True, False} == set(told[0])


async def test_a_client_sees_what_is_wrong_with_each_certificate(trusting):
    words = {
        "expired": "expired", "not-yet-valid": "not yet valid", "wrong-host": "IP address mismatch",
        "unknown-authority": "unable to get local issuer", "downgrade": "unsupported protocol",
    }  # fmt: skip
    assert {*words, "reset"} == set(KINDS)
    for kind, word in words.items():
        async with secured(trusting, {"fault": "tls-failure", "kind": kind}) as (_, server):
            trusted = ssl.create_default_context(cafile=str(trusting.authority))
            async with httpx.AsyncClient(verify=trusted) as client:
                with pytest.raises(httpx.ConnectError) as failed:
                    await client.get(f"{server.url}/_sim/clock")
        assert word in str(failed.value).lower().replace("_", " ") or word in str(failed.value)


async def test_faults_of_the_handshake_come_and_go_at_run_time(trusting):
    async with secured(trusting) as (stage, _):
        assert (await pool(stage)) is not None
        added = stage.world.faults.add("admin:test", {"fault": "tls-failure", "kind": "unknown-authority"})
        assert (await pool(stage)) is not None, "a connection that is open serves one more request"
        assert isinstance(await came_of(stage, pool), TransientError)
        stage.world.faults.remove("admin:test", added)
        assert (await pool(stage)) is not None


async def test_without_tls_a_connection_that_fails_is_closed_unanswered():
    world = small_world(faults=[{"fault": "tls-failure"}])
    async with wire(world) as stage:
        error = await came_of(stage, create)
        assert type(error) is UnknownError
        assert world.core.find(Stored, WANTED.id) is None


@pytest.mark.parametrize("kind", KINDS)
async def test_a_rehearsal_tells_the_same(kind):
    async with direct(small_world(faults=[{"fault": "tls-failure", "kind": kind, "nth": 1}])) as stage:
        error = await came_of(stage, create)
        assert (type(error), error.code) == (TransientError, "NotConnected")
        assert TOLD[kind] in str(error)
        await create(stage)
        assert stage.world.core.find(Stored, WANTED.id) is not None


@pytest.mark.parametrize("how", ["unresolved", "stale-address"])
@pytest.mark.parametrize("face", ["direct", "wire", "tls"])
async def test_a_name_that_leads_nowhere_is_tried_again_and_leads_there_again(trusting, face, how):
    fault = {"fault": "dns-failure", "how": how, "lasts": "60s"}
    if face == "tls":
        async with secured(trusting, fault) as (stage, server):
            await gone_and_back(stage, server)
        return
    async with (direct if face == "direct" else wire)(small_world(faults=[fault])) as stage:
        await gone_and_back(stage, None)


async def gone_and_back(stage: Stage, server: Server | None) -> None:
    for act in (pool, create, members):
        error = await came_of(stage, act)
        assert (type(error), error.code) == (TransientError, "NotConnected")
    assert server is None or server.azure._asked == 0
    await stage.clock.sleep(61)
    for _ in range(40):  # a served door looks up twenty times in a real second
        if not isinstance(await came_of(stage, pool), TransientError):
            break
        await asyncio.sleep(0.05)
    await create(stage)
    assert stage.world.core.find(Stored, WANTED.id) is not None


@pytest.mark.parametrize("error", [aiohttp.ClientConnectorDNSError, httpx.ConnectError])
def test_a_name_that_does_not_resolve_is_no_connection_for_either_client(error):
    assert next(_TABLE[kind] for kind in error.__mro__ if kind in _TABLE) is _Kind.NOT_SENT


PORTALS = [
    ("page", pool, TransientError, 0),
    ("page", sessions, TransientError, 0),
    ("page", create, UnknownError, 0),
    ("page", start, UnknownError, 0),
    ("page", log_off, UnknownError, 0),
    ("page", members, TransientError, 0),
    ("redirect", pool, RefusedError, 302),
    ("redirect", create, RefusedError, 302),
    ("redirect", members, RefusedError, 302),
    ("sign-in", pool, TransientError, 511),
    ("sign-in", create, UnknownError, 511),
    ("sign-in", members, TransientError, 511),
]


@pytest.mark.parametrize(("how", "act", "kind", "status"), PORTALS)
async def test_a_network_that_answers_itself_is_never_taken_for_azure(how, act, kind, status):
    told = {}
    for stand in (direct, wire):
        world = small_world(faults=[{"fault": "captive-portal", "how": how}])
        before = world.history.next_sequence
        async with stand(world) as stage:
            error = await came_of(stage, act)
        changed = [one for one in world.history.changes()[before:] if one.actor_kind == "engine"]
        told[stand] = (type(error), error.code, error.status, changed)
    assert told[direct] == told[wire]
    assert told[wire][0] is kind
    assert told[wire][2:] == (status, [])


class Counted(AsyncTokenCredential):
    """A managed identity led to the simulated Azure, and how often it was asked.

    Made anew each time: the library keeps tokens by the time of this machine, which is not the world's.
    """

    asked = 0

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += 1
        async with ManagedIdentityCredential(retry_total=0) as inner:
            token: AccessToken = await inner.get_token(*scopes)
            return token

    async def close(self) -> None:
        """Nothing is kept."""

    async def __aexit__(self, *_: object) -> None:
        """Nothing is kept."""


@asynccontextmanager
async def identity(monkeypatch, *faults: dict[str, Any]) -> AsyncIterator[tuple[CachedCredential, Any, Any]]:
    """A credential that asks the served Azure for its tokens, on a clock of its own."""
    world = small_world(faults=list(faults))
    async with serve(world, speed=STANDSTILL) as server:
        monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", server.url)
        clock, counted = WorldClock(world, server._pace.jump), Counted()
        credential = CachedCredential(counted, clock)
        yield credential, clock, counted
        await credential.close()


SCOPE = "https://management.azure.com/.default"


async def test_a_managed_identity_is_given_a_token_that_names_it(monkeypatch):
    async with identity(monkeypatch) as (credential, clock, counted):
        token = await credential.get_token(SCOPE)
        assert token.expires_on - clock.now().timestamp() == pytest.approx(3_600, abs=5)
        assert (await credential.get_token(SCOPE)).token == token.token
        assert counted.asked == 1


@pytest.mark.parametrize("how", ["error", "reset"])
async def test_without_the_identity_service_a_held_token_lasts_and_then_nothing_is_sent(monkeypatch, how):
    away = {"fault": "identity-down", "how": how, "starts": "50m", "lasts": "20m"}
    async with identity(monkeypatch, away) as (credential, clock, counted):
        held = await credential.get_token(SCOPE)
        await clock.sleep(57 * 60)
        assert (await credential.get_token(SCOPE)).token == held.token
        assert counted.asked == 2, "it is asked for anew before its end"
        await clock.sleep(4 * 60)
        with pytest.raises(TransientError, match="no token") as none:
            await credential.get_token(SCOPE)
        assert none.value.code == "TokenUnavailable"
        await clock.sleep(10 * 60)
        assert (await credential.get_token(SCOPE)).token != held.token


async def test_a_rehearsal_holds_its_token_likewise():
    away = {"fault": "identity-down", "starts": "50m", "lasts": "20m"}
    async with direct(small_world(faults=[away])) as stage:
        for waited_s, fails in ((1, False), (57 * 60, False), (4 * 60, True), (10 * 60, False)):
            await stage.clock.sleep(waited_s)
            error = await came_of(stage, create if fails else pool)
            assert (getattr(error, "code", "") == "TokenUnavailable") is fails
    assert stage.world.core.find(Stored, WANTED.id) is None


@pytest.mark.parametrize(("direction", "seconds"), [("ahead", 3_900), ("back", 3_300)])
async def test_five_minutes_of_skew_are_in_the_end_of_a_token(monkeypatch, direction, seconds):
    skewed = {"fault": "azure-clock", "by": "5m", "direction": direction}
    async with identity(monkeypatch, skewed) as (credential, clock, _):
        token = await credential.get_token(SCOPE)
        assert token.expires_on - clock.now().timestamp() == pytest.approx(seconds, abs=5)


@pytest.mark.parametrize("direction", ["ahead", "back"])
@pytest.mark.parametrize("stand", [direct, wire])
async def test_a_date_to_wait_for_is_measured_by_the_clock_that_wrote_it(stand, direction):
    skewed = {"fault": "azure-clock", "by": "5m", "direction": direction}
    busy = {"fault": "http-error", "status": 503, "retry_after": "40s", "form": "http-date"}
    async with stand(small_world(faults=[skewed, busy])) as stage:
        error = await came_of(stage, create)
    assert type(error) is TransientError
    assert error.wait_s == pytest.approx(40, abs=1)


@pytest.mark.parametrize(
    ("form", "read", "wrote", "wait_s"),
    [
        ("seconds", TransientError, TransientError, 40),
        ("http-date", TransientError, TransientError, 40),
        ("absent", TransientError, UnknownError, 0),
        ("negative", TransientError, TransientError, 0),
        ("huge", TransientError, TransientError, 900),
    ],
)
@pytest.mark.parametrize("stand", [direct, wire])
async def test_a_503_asks_to_wait_in_every_form(stand, form, read, wrote, wait_s):
    busy = {"fault": "http-error", "status": 503, "retry_after": "40s", "form": form}
    for act, kind in ((pool, read), (create, wrote)):
        async with stand(small_world(faults=[busy])) as stage:
            error = await came_of(stage, act)
        assert type(error) is kind
        assert getattr(error, "wait_s", 0) == pytest.approx(wait_s, abs=1)
