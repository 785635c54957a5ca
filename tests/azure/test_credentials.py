"""Who the engine is: one explicit choice, tokens in memory, nothing real sent to a simulated Azure."""

import asyncio
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure.identity.aio import AzureCliCredential, ManagedIdentityCredential, WorkloadIdentityCredential
from structlog.testing import capture_logs

from avd_failover.azure.credentials import (
    CachedCredential,
    Identity,
    SimulatedCredential,
    credential_for,
    suggested,
)
from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import connect
from avd_failover.domain.faults import RefusedError, TransientError
from tests.azure.builders import HOST, SESSION
from tests.azure.fake_arm import FakeArm
from tests.azure.jump_clock import JumpClock

LOCAL = Endpoints(arm="http://127.0.0.1:1", graph="http://127.0.0.1:1")
REAL = Endpoints()
WORKLOAD = {
    "AZURE_FEDERATED_TOKEN_FILE": "/var/run/token",
    "AZURE_TENANT_ID": "t",
    "AZURE_CLIENT_ID": "c",
}


@pytest.fixture
def workload_host(clock: JumpClock, monkeypatch: pytest.MonkeyPatch) -> JumpClock:
    """The variables that azure-identity itself reads for a workload identity."""
    for name, value in WORKLOAD.items():
        monkeypatch.setenv(name, value)
    return clock


class Counting:
    """A credential that counts, and fails when told to."""

    def __init__(self, clock: JumpClock, *, lasts_s: float = 3_600, error: Exception | None = None) -> None:
        self.clock = clock
        self.lasts_s = lasts_s
        self.error = error
        self.asked: list[tuple[str, ...]] = []
        self.closed = False

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        await asyncio.sleep(0)
        self.asked.append(scopes)
        if self.error:
            raise self.error
        return AccessToken(f"t{len(self.asked)}", int(self.clock.now().timestamp() + self.lasts_s))

    async def close(self) -> None:
        self.closed = True

    async def __aenter__(self) -> "Counting":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def test_a_token_is_asked_for_once_per_scope(clock: JumpClock) -> None:
    inner = Counting(clock)
    credential = CachedCredential(inner, clock)
    tokens = await asyncio.gather(*(credential.get_token("arm") for _ in range(20)))
    assert {token.token for token in tokens} == {"t1"}
    assert (await credential.get_token("graph")).token == "t2"
    assert inner.asked == [("arm",), ("graph",)]


async def test_a_token_is_renewed_before_it_ends(clock: JumpClock) -> None:
    credential = CachedCredential(Counting(clock, lasts_s=3_600), clock)
    await credential.get_token("arm")
    await clock.sleep(3_600 - 301)
    assert (await credential.get_token("arm")).token == "t1"
    await clock.sleep(2)
    assert (await credential.get_token("arm")).token == "t2"


async def test_a_claim_asks_anew(clock: JumpClock) -> None:
    credential = CachedCredential(Counting(clock), clock)
    await credential.get_token("arm")
    assert (await credential.get_token("arm", claims="{}")).token == "t2"


async def test_closing_forgets_and_closes(clock: JumpClock) -> None:
    inner = Counting(clock)
    async with CachedCredential(inner, clock) as credential:
        await credential.get_token("arm")
    assert inner.closed
    assert (await credential.get_token("arm")).token == "t2"


async def test_an_identity_service_that_is_not_reached_leaves_a_mutation_unsent(
    arm: FakeArm, clock: JumpClock
) -> None:
    inner = Counting(clock, error=ServiceRequestError("imds for ada@contoso.com"))
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock, credential=CachedCredential(inner, clock))
    with pytest.raises(TransientError) as caught:
        await cloud.sessions.log_off(SESSION)
    assert caught.value.code == "TokenUnavailable"
    assert "@" not in caught.value.message
    assert arm.seen == []
    await cloud.aclose()
    assert inner.closed


async def test_an_identity_that_is_not_let_in_is_refused(arm: FakeArm, clock: JumpClock) -> None:
    inner = Counting(clock, error=ClientAuthenticationError("no identity on this machine"))
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock, credential=CachedCredential(inner, clock))
    with pytest.raises(RefusedError) as caught:
        await cloud.hosts.get(HOST)
    assert caught.value.status == 401
    assert arm.seen == []
    await cloud.aclose()


@pytest.mark.parametrize("choice", [None, *Identity])
async def test_no_real_token_ever_goes_to_this_machine(clock: JumpClock, choice: Identity | None) -> None:
    credential = credential_for(LOCAL, clock, choice, environment=WORKLOAD)
    assert isinstance(credential, SimulatedCredential)
    async with credential:
        assert (await credential.get_token("x")).token == "simulated"


@pytest.mark.parametrize(
    ("choice", "environment", "kind", "protocol"),
    [
        (Identity.MANAGED, {}, ManagedIdentityCredential, "imds"),
        (
            Identity.MANAGED,
            {"IDENTITY_ENDPOINT": "x"},
            ManagedIdentityCredential,
            "arc",
        ),
        (
            Identity.MANAGED,
            {"IDENTITY_ENDPOINT": "x", "IDENTITY_HEADER": "y"},
            ManagedIdentityCredential,
            "app-service",
        ),
        (None, {"IDENTITY_ENDPOINT": "x", "IDENTITY_HEADER": "y"}, ManagedIdentityCredential, "app-service"),
        (Identity.WORKLOAD, WORKLOAD, WorkloadIdentityCredential, "workload-identity"),
        (None, WORKLOAD, WorkloadIdentityCredential, "workload-identity"),
        (Identity.CLI, WORKLOAD, AzureCliCredential, "azure-cli"),
        (None, {}, AzureCliCredential, "azure-cli"),
    ],
)
async def test_the_identity_is_chosen_once_and_logged(
    workload_host: JumpClock,
    choice: Identity | None,
    environment: dict[str, str],
    kind: type[object],
    protocol: str,
) -> None:
    with capture_logs() as logs:
        credential = credential_for(REAL, workload_host, choice, environment=environment)
    assert isinstance(credential, CachedCredential)
    assert isinstance(credential._inner, kind)
    (line,) = logs
    assert line["protocol"] == protocol
    assert line["told"] is (choice is not None)
    await credential.close()


def test_a_host_without_variables_suggests_the_cli() -> None:
    assert suggested({}) is Identity.CLI
    assert suggested({"MSI_ENDPOINT": "x"}) is Identity.MANAGED
