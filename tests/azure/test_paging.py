"""Enumerations are read to their end, or say what lacks."""

import pytest

from avd_failover.azure.estate import AzureCloud
from avd_failover.azure.paging import read_all
from avd_failover.domain.faults import RefusedError, TransientError
from tests.azure.builders import HOST, POOL, host_body
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.jump_clock import START, JumpClock

FIRST = "/sessionHosts"


async def test_every_page_is_read(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", r"skiptoken=2", listed(host_body("sh-2"), then="{here}/hosts?$skiptoken=3"))
    arm.on("GET", r"skiptoken=3", listed(host_body("sh-3")))
    arm.on("GET", FIRST, listed(host_body("sh-1"), then="{here}/hosts?$skiptoken=2"))
    reading = await cloud.hosts.list(POOL)
    assert [host.id.rsplit("/", 1)[1] for host in reading.items] == ["sh-1", "sh-2", "sh-3"]
    assert (reading.complete, reading.gap, reading.read_at) == (True, "", START)
    assert [seen.query.get("$skiptoken") for seen in arm.seen] == [None, "2", "3"]


async def test_an_empty_page_in_the_middle_is_not_the_end(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "page=2", listed(host_body()))
    arm.on("GET", FIRST, listed(then="{here}/hosts?page=2"))
    assert [host.id for host in (await cloud.hosts.list(POOL)).items] == [HOST]


async def test_no_hosts_is_a_complete_reading(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", FIRST, listed())
    reading = await cloud.hosts.list(POOL)
    assert (reading.items, reading.complete) == ((), True)


async def test_a_next_link_that_leads_in_a_circle_is_a_gap(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "page=2", listed(host_body("sh-2"), then="{here}/hosts?page=3"))
    arm.on("GET", "page=3", listed(host_body("sh-3"), then="{here}/hosts?page=2"))
    arm.on("GET", FIRST, listed(host_body("sh-1"), then="{here}/hosts?page=2"))
    reading = await cloud.hosts.list(POOL)
    assert not reading.complete
    assert "already read" in reading.gap
    assert len(reading.items) == 3
    assert len(arm.seen) == 3


class Pages:
    """An SDK list that never ends."""

    continuation_token: str | None = None

    def __init__(self, pages: int) -> None:
        self.left = pages
        self.asked = 0

    def by_page(self) -> "Pages":
        return self

    def __aiter__(self) -> "Pages":
        return self

    async def __anext__(self) -> "Pages.Items":
        if not self.left:
            raise StopAsyncIteration
        self.left -= 1
        self.asked += 1
        self.continuation_token = f"page-{self.asked}" if self.left else None
        return Pages.Items(self.asked)

    class Items:
        def __init__(self, *values: int) -> None:
            self.values = list(values)

        def __aiter__(self) -> "Pages.Items":
            return self

        async def __anext__(self) -> int:
            if not self.values:
                raise StopAsyncIteration
            return self.values.pop(0)


@pytest.mark.parametrize(("pages", "complete"), [(4, True), (5, True), (6, False), (10**9, False)])
async def test_more_pages_than_the_bound_is_a_gap(pages: int, complete: bool) -> None:
    source = Pages(pages)
    reading = await read_all(source, int, JumpClock(), max_pages=5)
    assert reading.complete is complete
    assert source.asked == min(pages, 5)
    assert ("more than 5 pages" in reading.gap) is not complete


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no list in it"),
        pytest.param({"value": None}, id="null for a list"),
        pytest.param({"error": {"code": "X"}}, id="an error under a 200"),
        pytest.param(b"<html>gateway</html>", id="HTML"),
        pytest.param(b"", id="nothing"),
        pytest.param([], id="a bare list"),
    ],
)
async def test_a_success_without_a_list_is_never_an_empty_list(
    arm: FakeArm, cloud: AzureCloud, body: object
) -> None:
    headers = {"Content-Type": "application/json"} if isinstance(body, bytes) else {}
    arm.on("GET", FIRST, Answer(200, body, headers))
    with pytest.raises(TransientError):
        await cloud.hosts.list(POOL)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({"id": "not-an-id", "properties": {"sessions": 1}}, id="no id"),
        pytest.param({"properties": {"sessions": 1}}, id="id missing"),
        pytest.param(host_body("sh-9", sessions=None), id="sessions not told"),
        pytest.param(host_body("sh-9", resourceId="/vm"), id="machine unreadable"),
    ],
)
async def test_an_item_that_cannot_be_read_is_a_gap_not_an_absence(
    arm: FakeArm, cloud: AzureCloud, item: object
) -> None:
    arm.on("GET", FIRST, listed(host_body(), item))
    reading = await cloud.hosts.list(POOL)
    assert [host.id for host in reading.items] == [HOST]
    assert not reading.complete
    assert "could not be read" in reading.gap


async def test_several_gaps_are_counted(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", FIRST, listed({"id": "a"}, {"id": "b"}, {"id": "c"}))
    assert (await cloud.hosts.list(POOL)).gap.endswith("and 2 more")


@pytest.mark.parametrize(
    ("answer", "fault"), [(refusal(503, "X"), TransientError), (refusal(403, "X"), RefusedError)]
)
async def test_a_later_page_that_fails_fails_the_reading(
    arm: FakeArm, cloud: AzureCloud, answer: Answer, fault: type[Exception]
) -> None:
    arm.on("GET", "page=2", answer)
    arm.on("GET", FIRST, listed(host_body(), then="{here}/hosts?page=2"))
    with pytest.raises(fault):
        await cloud.hosts.list(POOL)
