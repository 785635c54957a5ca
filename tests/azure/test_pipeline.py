"""How requests travel: once, to one place, with the token only there."""

import re
from collections.abc import Awaitable, Callable

import pytest

from avd_failover import __version__
from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.domain import ids
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from tests.azure.builders import (
    APPS,
    ASSIGNMENT,
    HOST,
    NAME,
    PLAN,
    POOL,
    PRINCIPAL,
    ROLE,
    SESSION,
    VM,
    host_body,
)
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.jump_clock import JumpClock
from tests.permits import with_permits

GRANT = RoleAssignment(
    id=ASSIGNMENT,
    name=NAME,
    scope=ids.scope(APPS),
    principal_id=ids.PrincipalId(PRINCIPAL),
    principal_type="Group",
    role_definition_id=ROLE,
)

Verb = Callable[[AzureCloud], Awaitable[object]]

MUTATIONS: dict[str, tuple[str, Verb]] = {
    "PUT an assignment": ("PUT", lambda cloud: cloud.assignments.create(GRANT)),
    "DELETE an assignment": ("DELETE", lambda cloud: cloud.assignments.delete(ASSIGNMENT)),
    "DELETE a session": ("DELETE", lambda cloud: cloud.sessions.log_off(SESSION)),
    "POST a message": ("POST", lambda cloud: cloud.sessions.tell(SESSION, title="t", body="b")),
    "POST a start": ("POST", lambda cloud: cloud.machines.start(VM)),
    "POST a deallocate": ("POST", lambda cloud: cloud.machines.deallocate(VM)),
    "PATCH a host": ("PATCH", lambda cloud: cloud.hosts.set_logons(HOST, allowed=False)),
    "PATCH a pool": ("PATCH", lambda cloud: cloud.pools.set_start_on_connect(POOL, allowed=False)),
    "PATCH a plan": ("PATCH", lambda cloud: cloud.scaling.set_references(PLAN, ())),
}

LOSSES = {
    "503 with a wait": (refusal(503, "ServiceUnavailable", Retry_After="0"), TransientError),
    "503": (Answer(503), UnknownError),
    "500": (refusal(500, "InternalServerError"), UnknownError),
    "504 with a wait": (refusal(504, "GatewayTimeout", Retry_After="0"), UnknownError),
    "408": (Answer(408), UnknownError),
    "429": (refusal(429, "TooManyRequests", Retry_After="0"), TransientError),
    "404 with a wait": (refusal(404, "404", Retry_After="0"), RefusedError),
    "409 exists, with a wait": (refusal(409, "RoleAssignmentExists", Retry_After="0"), RefusedError),
    "409 unregistered provider": (
        refusal(409, "MissingSubscriptionRegistration", "not registered to use namespace 'Microsoft.X'"),
        RefusedError,
    ),
    "401 with a challenge": (
        refusal(
            401,
            "ExpiredAuthenticationToken",
            WWW_Authenticate='Bearer error="insufficient_claims", claims="eyJhIjoxfQ=="',
        ),
        RefusedError,
    ),
    "redirect": (Answer(307, headers={"Location": "{here}/elsewhere"}), RefusedError),
    "connection reset": (Answer(drop=True), UnknownError),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_mutation_arrives_exactly_once_whatever_the_answer(
    arm: FakeArm, cloud: AzureCloud, mutation: str, loss: str
) -> None:
    (method, verb), (answer, fault) = MUTATIONS[mutation], LOSSES[loss]
    arm.on(method, "", answer)
    with pytest.raises(CloudError) as caught:
        await verb(cloud)
    assert type(caught.value) is fault
    assert [seen.method for seen in arm.seen] == [method]


async def test_a_put_whose_connection_drops_is_not_sent_again_by_aiohttp(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    """The trap is a connection kept alive: aiohttp repeats PUT and DELETE on those by itself."""
    arm.on("GET", "", listed())
    arm.on("PUT", "", Answer(drop=True))
    await cloud.hosts.list(POOL)
    with pytest.raises(UnknownError):
        await cloud.assignments.create(GRANT)
    assert len(arm.sent("PUT")) == 1


async def test_a_mutation_answered_in_part_is_unknown(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PATCH", "", Answer(200, headers={"Content-Type": "application/json"}, cut=True))
    with pytest.raises(UnknownError):
        await cloud.hosts.set_logons(HOST, allowed=False)


async def test_a_read_answered_in_part_may_be_asked_again(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", Answer(200, headers={"Content-Type": "application/json"}, cut=True))
    with pytest.raises(TransientError):
        await cloud.hosts.list(POOL)
    assert len(arm.seen) == 1


async def test_nobody_there_is_transient_even_for_a_mutation(clock: JumpClock) -> None:
    nowhere = "http://127.0.0.1:9"
    cloud = with_permits(connect(Endpoints(arm=nowhere, graph=nowhere), clock))
    with pytest.raises(TransientError) as caught:
        await cloud.sessions.log_off(SESSION)
    assert caught.value.code == "NotConnected"
    with pytest.raises(TransientError):
        await cloud.directory.members(ids.group_id(PRINCIPAL))
    await cloud.aclose()


async def test_silence_after_sending_is_unknown(arm: FakeArm, clock: JumpClock) -> None:
    cloud = with_permits(connect(Endpoints(arm=arm.url, graph=arm.url), clock, answer_timeout_s=0.05))
    arm.on("DELETE", "", Answer(204, wait=True))
    with pytest.raises(UnknownError):
        await cloud.sessions.log_off(SESSION)
    assert len(arm.seen) == 1
    await cloud.aclose()


@pytest.fixture
async def elsewhere() -> FakeArm:
    """A server that is not the configured endpoint, on the same machine: only the port differs."""
    return FakeArm()


@pytest.mark.parametrize(
    "link",
    [
        "{there}/page/2",
        "https://evil.example/page/2",
        "http://evil.example/page/2",
        "{here}@evil.example/page/2",
    ],
)
async def test_a_next_link_to_elsewhere_is_refused_before_anything_is_sent(
    arm: FakeArm, cloud: AzureCloud, elsewhere: FakeArm, link: str
) -> None:
    await elsewhere.start()
    try:
        told = link.replace("{there}", elsewhere.url)
        arm.on("GET", "", listed(host_body(), then=told))
        with pytest.raises(RefusedError) as caught:
            await cloud.hosts.list(POOL)
    finally:
        await elsewhere.stop()
    assert caught.value.code == "ForeignEndpoint"
    assert elsewhere.seen == []
    assert len(arm.seen) == 1


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
async def test_an_operation_that_leads_elsewhere_is_not_followed_and_unknown(
    arm: FakeArm, cloud: AzureCloud, elsewhere: FakeArm, header: str
) -> None:
    await elsewhere.start()
    try:
        arm.on("POST", "", Answer(202, headers={header: f"{elsewhere.url}/operations/1"}))
        with pytest.raises(UnknownError) as caught:
            await cloud.machines.start(VM)
    finally:
        await elsewhere.stop()
    cause = caught.value.__cause__
    assert isinstance(cause, RefusedError)
    assert cause.code == "ForeignEndpoint"
    assert elsewhere.seen == []
    assert [seen.method for seen in arm.seen] == ["POST"]


async def test_every_request_names_itself_its_sender_and_its_token(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", listed(host_body()))
    await cloud.hosts.list(POOL)
    await cloud.hosts.list(POOL)
    first, second = (seen.headers for seen in arm.seen)
    assert first["User-Agent"] == f"avd-failover/{__version__}"
    assert first["Authorization"] == "Bearer simulated"
    assert re.fullmatch(r"[0-9a-f-]{36}", first["x-ms-client-request-id"])
    assert first["x-ms-client-request-id"] != second["x-ms-client-request-id"]


async def test_a_proxy_of_the_environment_never_sees_this_machines_traffic(
    arm: FakeArm, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    arm.on("GET", "/members.*", Answer(200, {"value": []}))
    arm.on("GET", r"/groups/[^/?]+\?[^/]*", Answer(200, {"id": PRINCIPAL}))
    arm.on("GET", "", listed())
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock)
    assert (await cloud.hosts.list(POOL)).complete
    assert (await cloud.directory.members(ids.group_id(PRINCIPAL))).complete
    await cloud.aclose()


async def test_an_accepted_write_names_the_request_and_the_time(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("DELETE", "", Answer(204, headers={"x-ms-request-id": "r", "x-ms-correlation-request-id": "c"}))
    accepted = await cloud.sessions.log_off(SESSION)
    assert accepted.request_id == "c"
    assert accepted.at == clock.now()


async def test_the_throttle_stands_in_the_way_of_every_request(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("DELETE", "", refusal(429, "TooManyRequests", Retry_After="120"), Answer(204))
    with pytest.raises(TransientError) as caught:
        await cloud.sessions.log_off(SESSION)
    assert caught.value.wait_s == 120
    await cloud.sessions.log_off(SESSION)
    assert clock.passed >= 120
    assert len(arm.seen) == 2
