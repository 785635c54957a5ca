"""One behaviour of a container of blobs on both ways to it: the direct face, and the official library."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from avd_failover.azure.blobs import connect_blobs
from avd_failover.azure.credentials import SimulatedCredential
from avd_failover.domain.blobs import Blob, Blobs, Listed
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.engine.clock import LoopClock
from avd_failover.simulator.direct_blobs import DirectBlobs
from avd_failover.simulator.http.server import serve
from avd_failover.simulator.requests import Request, replay
from avd_failover.simulator.world import World
from tests.simulator.builders import small_world

ME, OTHER = "11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"
SPEED = 100.0
CONTAINER = {"account": "stwitness", "name": "failover", "region": "swedencentral"}
WAYS = ("direct", "library")


@dataclass
class Stand:
    """A container with two blobs: ``x``, written once, and ``j``, begun."""

    world: World
    blobs: Blobs
    pass_s: Callable[[float], None]
    etag: str = ""


@asynccontextmanager
async def standing(way: str, **more: Any) -> AsyncIterator[Stand]:
    world = small_world(blob_containers=[CONTAINER], **more)
    async with AsyncExitStack() as stack:
        clock = LoopClock(datetime(2026, 3, 2, tzinfo=UTC), speed=SPEED)
        if way == "direct":
            blobs: Blobs = DirectBlobs(world, clock, "stwitness/failover")
            stand = Stand(world, blobs, lambda seconds: world.advance(world.now_s + seconds))
        else:
            server = await stack.enter_async_context(serve(world, speed=SPEED))
            url = f"{server.url}/_blob/stwitness"
            blobs = await stack.enter_async_context(
                connect_blobs(url, "failover", SimulatedCredential(), clock)
            )
            # On the wire a lease is counted in real seconds, each of them SPEED of the world's.
            stand = Stand(world, blobs, lambda seconds: server._pace.jump(seconds * SPEED))
        yield stand


@pytest.fixture(params=WAYS)
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with standing(request.param) as made:
        made.etag = await made.blobs.put("x", b"{}")
        await made.blobs.begin("j")
        yield made


async def refusal(doing: Awaitable[object]) -> str:
    with pytest.raises(RefusedError) as caught:
        await doing
    return f"{caught.value.status} {caught.value.code}"


async def test_what_is_not_there_is_nothing_and_no_error(stand: Stand) -> None:
    assert await stand.blobs.read("y") is None
    assert await stand.blobs.names("y") == ()


async def test_a_blob_is_made_once(stand: Stand) -> None:
    assert await refusal(stand.blobs.put("x", b"{1}")) == "409 BlobAlreadyExists"
    await stand.blobs.begin("x")
    assert await stand.blobs.read("x") == Blob(content=b"{}", etag=stand.etag, size=2)


async def test_a_blob_is_written_over_by_whoever_knows_its_etag(stand: Stand) -> None:
    etag = await stand.blobs.put("x", b"{1}", etag=stand.etag)
    assert etag != stand.etag
    assert await refusal(stand.blobs.put("x", b"{2}", etag=stand.etag)) == "412 ConditionNotMet"
    assert await stand.blobs.read("x") == Blob(content=b"{1}", etag=etag, size=3)


async def test_bytes_are_appended_at_the_end_and_nowhere_else(stand: Stand) -> None:
    await stand.blobs.append("j", "ä\n".encode(), at=0)
    await stand.blobs.append("j", b"b\n", at=3)
    for at in (0, 3, 99):
        assert await refusal(stand.blobs.append("j", b"c\n", at=at)) == "412 AppendPositionConditionNotMet"
    assert await refusal(stand.blobs.append("y", b"c\n", at=0)) == "404 BlobNotFound"
    assert await refusal(stand.blobs.append("x", b"c\n", at=2)) == "409 InvalidBlobType"
    whole = await stand.blobs.read("j")
    assert whole is not None
    assert (whole.content, whole.size) == ("ä\nb\n".encode(), 5)


@pytest.mark.parametrize(("offset", "rest"), [(0, b"abcd"), (2, b"cd"), (4, b"")])
async def test_a_blob_is_read_from_an_offset_on(stand: Stand, offset: int, rest: bytes) -> None:
    await stand.blobs.append("j", b"abcd", at=0)
    found = await stand.blobs.read("j", offset=offset)
    assert found is not None
    assert (found.content, found.size) == (rest, 4)


async def test_blobs_are_listed_by_the_beginning_of_their_names(stand: Stand) -> None:
    for n in range(3):
        await stand.blobs.put(f"k{n}", b"1" * n)
    assert await stand.blobs.names("k") == tuple(Listed(name=f"k{n}", size=n) for n in range(3))
    assert [one.name for one in await stand.blobs.names("")] == ["j", "k0", "k1", "k2", "x"]


async def test_one_holds_a_lease_and_only_it_writes(stand: Stand) -> None:
    blobs = stand.blobs
    await blobs.acquire("x", ME, 60)
    await blobs.acquire("x", ME, 60)
    found = await blobs.read("x")
    assert found is not None
    assert found.leased
    assert await refusal(blobs.acquire("x", OTHER, 60)) == "409 LeaseAlreadyPresent"
    assert await refusal(blobs.put("x", b"1", etag=stand.etag)) == "412 LeaseIdMissing"
    wrong = blobs.put("x", b"1", etag=stand.etag, lease=OTHER)
    assert await refusal(wrong) == "412 LeaseIdMismatchWithBlobOperation"
    await blobs.put("x", b"1", etag=stand.etag, lease=ME)
    assert await refusal(blobs.renew("x", OTHER)) == "409 LeaseIdMismatchWithLeaseOperation"
    assert await refusal(blobs.release("x", OTHER)) == "409 LeaseIdMismatchWithLeaseOperation"
    await blobs.release("x", ME)
    assert await refusal(blobs.renew("x", ME)) == "409 LeaseIdMismatchWithLeaseOperation"
    await blobs.acquire("x", OTHER, 15)


async def test_a_lease_that_is_over_can_be_renewed_until_another_one_began(stand: Stand) -> None:
    await stand.blobs.acquire("x", ME, 60)
    stand.pass_s(59)
    assert await refusal(stand.blobs.acquire("x", OTHER, 60)) == "409 LeaseAlreadyPresent"
    stand.pass_s(5)
    await stand.blobs.renew("x", ME)
    stand.pass_s(65)
    assert await refusal(stand.blobs.put("x", b"1", etag=stand.etag, lease=ME)) == "412 LeaseLost"
    await stand.blobs.acquire("x", OTHER, 60)
    assert await refusal(stand.blobs.renew("x", ME)) == "409 LeaseIdMismatchWithLeaseOperation"


async def test_a_lease_that_is_over_is_gone_once_somebody_wrote(stand: Stand) -> None:
    await stand.blobs.acquire("x", ME, 60)
    stand.pass_s(65)
    await stand.blobs.put("x", b"1", etag=stand.etag)
    assert await refusal(stand.blobs.renew("x", ME)) == "409 LeaseIdMismatchWithLeaseOperation"


@pytest.mark.parametrize("way", WAYS)
async def test_a_container_that_is_not_there_is_no_missing_blob(way: str) -> None:
    async with standing(way) as stand:
        stand.world.blobs.containers.clear()
        assert await refusal(stand.blobs.read("x")) == "404 ContainerNotFound"


FAULTS = [
    ({"fault": "drop-request", "route": "blobs.get"}, TransientError, "AnswerLost"),
    ({"fault": "drop-response", "route": "blobs.create"}, UnknownError, "AnswerLost"),
    ({"fault": "http-error", "route": "blobs.get", "status": 503}, TransientError, "ServiceUnavailable"),
    ({"fault": "http-error", "route": "blobs.create", "status": 500}, UnknownError, "InternalServerError"),
    ({"fault": "http-error", "route": "blobs.*", "status": 403}, RefusedError, "AuthorizationFailed"),
    ({"fault": "http-error", "route": "blobs.*", "status": 412}, RefusedError, "PreconditionFailed"),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("fault", "kind", "code"), FAULTS)
async def test_faults_are_told_apart_by_what_may_follow(
    way: str, fault: dict[str, object], kind: type[CloudError], code: str
) -> None:
    async with standing(way, faults=[fault]) as stand:
        reads = fault["route"] == "blobs.get"
        with pytest.raises(kind) as caught:
            await (stand.blobs.read("x") if reads else stand.blobs.put("x", b"1"))
        assert caught.value.code == code


@pytest.mark.parametrize("way", WAYS)
async def test_a_lease_whose_answer_was_lost_is_held(way: str) -> None:
    fault = {"fault": "drop-response", "route": "leases.acquire", "nth": 1}
    async with standing(way, faults=[fault]) as stand:
        await stand.blobs.put("x", b"{}")
        with pytest.raises(UnknownError):
            await stand.blobs.acquire("x", ME, 60)
        await stand.blobs.renew("x", ME)


@pytest.mark.parametrize("way", WAYS)
async def test_a_container_is_dark_with_its_region(way: str) -> None:
    names = ("northeurope", "westeurope", "swedencentral")
    async with standing(way, regions=[{"name": one, "display_name": one} for one in names]) as stand:
        stand.world.faults.add("admin:test", {"fault": "region-outage", "region": "swedencentral"})
        stand.world.advance(stand.world.now_s + 1)
        with pytest.raises(TransientError) as caught:
            await stand.blobs.read("x")
        assert caught.value.status == 503


@pytest.mark.parametrize(
    ("fault", "content"),
    [
        ({"fault": "copy-rolled-back", "lines": 2}, b'{"seq":1}\n'),
        ({"fault": "copy-forked"}, b'{"seq":1}\n{"seq":2}\n{"seq":4}\n'),
        ({"fault": "copy-appended"}, b'{"seq":1}\n{"seq":2}\n{"seq":3}\n{"somebody":"else"}\n'),
    ],
)
async def test_a_copy_can_be_another_one_than_was_written(fault: dict[str, object], content: bytes) -> None:
    async with standing("direct") as stand:
        await stand.blobs.begin("journal-a")
        await stand.blobs.append("journal-a", b'{"seq":1}\n{"seq":2}\n{"seq":3}\n', at=0)
        stand.world.faults.add("admin:test", fault)
        stand.world.advance(stand.world.now_s + 1)
        found = await stand.blobs.read("journal-a")
        assert found is not None
        assert found.content == content


async def test_a_stolen_lease_is_anothers(stand: Stand) -> None:
    await stand.blobs.acquire("x", ME, 60)
    stand.world.faults.add("admin:test", {"fault": "lease-stolen"})
    stand.world.advance(stand.world.now_s + 1)
    assert await refusal(stand.blobs.renew("x", ME)) == "409 LeaseIdMismatchWithLeaseOperation"


async def test_a_world_made_again_from_its_requests_has_the_same_blobs() -> None:
    noted: list[Request] = []
    async with standing("direct") as stand:
        stand.world.log.on_request = noted.append
        etag = await stand.blobs.put("x", b"{}")
        await stand.blobs.begin("j")
        await stand.blobs.append("j", "ä\n".encode(), at=0)
        await stand.blobs.acquire("x", ME, 60)
        await stand.blobs.put("x", b"2", etag=etag, lease=ME)
        again = small_world(blob_containers=[CONTAINER])
        replay(again, noted)
        assert again.blobs.containers == stand.world.blobs.containers
