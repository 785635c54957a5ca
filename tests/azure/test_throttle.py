"""Requests in their turn, in virtual time: hours of throttling in milliseconds."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from avd_failover.azure.throttle import IN_FLIGHT, READS_ONLY, Throttle
from avd_failover.engine.clock import EPOCH, LoopClock, run_virtually
from tests.azure.builders import AVD, HOST, OTHER_POOL, POOL, SUBSCRIPTION, VM

HERE = "https://management.azure.com"
OTHER = (
    f"{HERE}/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups/x/providers/Microsoft.A/b/c"
)
POLL = (
    f"{HERE}/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/1?p=2"
)
ROLE_AT = f"{HERE}{AVD}/applicationGroups/a/providers/Microsoft.Authorization/roleAssignments/b"


class Bench:
    """A throttle on virtual time, and the moments at which requests went."""

    def __init__(self, **limits: Any) -> None:
        self.clock = LoopClock(EPOCH)
        self.throttle = Throttle(self.clock, **limits)
        self.went: list[tuple[str, float]] = []

    async def send(
        self,
        name: str,
        method: str,
        url: str,
        *,
        lasts: float = 0.0,
        status: int = 200,
        headers: dict[str, str] | None = None,
    ) -> None:
        async with self.throttle.arm(method, url) as admission:
            self.went.append((name, self.clock.monotonic()))
            await self.clock.sleep(lasts)
            admission.answered(status, headers or {})

    def times(self, name: str) -> list[float]:
        return [at for called, at in self.went if called == name]


def virtually(scenario: Coroutine[Any, Any, None]) -> None:
    run_virtually(scenario)


async def together(*sends: Coroutine[Any, Any, None]) -> None:
    await asyncio.gather(*sends)


@pytest.mark.parametrize(
    ("method", "burst", "per_s"),
    [
        ("PUT", 200, 10),
        ("PATCH", 200, 10),
        ("POST", 200, 10),
        ("DELETE", 200, 10),
        ("GET", 250, 25),
        ("HEAD", 250, 25),
    ],
)
def test_each_kind_goes_just_below_its_documented_budget(method: str, burst: int, per_s: float) -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        await together(*(bench.send("x", method, f"{HERE}{HOST}") for _ in range(1_000)))
        at_once = sum(at == 0 for at in bench.times("x"))
        assert 0.97 * burst <= at_once < burst
        bound = (1_000 - burst) / per_s
        assert bound < max(bench.times("x")) <= 1.05 * bound + 1

    virtually(scenario())


def test_no_window_of_time_ever_holds_more_than_azure_grants() -> None:
    async def scenario() -> None:
        bench = Bench()
        await together(*(bench.send("x", "POST", f"{HERE}{HOST}", lasts=0.3) for _ in range(900)))
        times = bench.times("x")
        for first in range(0, 900, 7):
            inside = sum(times[first] <= at <= times[first] + 20 for at in times)
            assert inside <= 200 + 20 * 10

    virtually(scenario())


def test_writes_count_as_one_kind_whatever_their_verb() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        verbs = ["PUT", "PATCH", "POST", "POST"] * 100
        await together(*(bench.send("x", verb, f"{HERE}{HOST}") for verb in verbs))
        assert max(bench.times("x")) > 19

    virtually(scenario())


def test_reads_and_deletes_do_not_wait_behind_spent_writes() -> None:
    async def scenario() -> None:
        bench = Bench()
        writes = [bench.send("write", "POST", f"{HERE}{HOST}") for _ in range(500)]
        await together(
            *writes,
            bench.send("read", "GET", f"{HERE}{HOST}"),
            bench.send("delete", "DELETE", f"{HERE}{HOST}"),
        )
        assert bench.times("read") == [0.0]
        assert bench.times("delete") == [0.0]
        assert max(bench.times("write")) > 29

    virtually(scenario())


def test_each_subscription_has_a_budget_of_its_own() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        mine = [bench.send("mine", "POST", f"{HERE}{HOST}") for _ in range(190)]
        theirs = [bench.send("theirs", "POST", OTHER) for _ in range(190)]
        await together(*mine, *theirs)
        assert max(at for _, at in bench.went) == 0.0

    virtually(scenario())


def test_two_spellings_of_a_subscription_share_its_budget() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        urls = [f"{HERE}{HOST}", f"{HERE}{HOST.upper()}"] * 150
        await together(*(bench.send("x", "POST", url) for url in urls))
        assert max(bench.times("x")) > 9

    virtually(scenario())


def test_waiters_go_in_order_of_arrival() -> None:
    async def scenario() -> None:
        bench = Bench()
        await together(*(bench.send(f"{n}", "POST", f"{HERE}{HOST}") for n in range(400)))
        assert [name for name, _ in bench.went] == [f"{n}" for n in range(400)]

    virtually(scenario())


def test_a_waiter_that_gives_up_lets_the_next_one_through() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        await together(*(bench.send("x", "POST", f"{HERE}{HOST}") for _ in range(196)))
        first = asyncio.create_task(bench.send("gave up", "POST", f"{HERE}{HOST}"))
        second = asyncio.create_task(bench.send("next", "POST", f"{HERE}{HOST}"))
        await asyncio.sleep(0)
        first.cancel()
        await second
        assert bench.times("gave up") == []
        assert len(bench.times("next")) == 1

    virtually(scenario())


def test_a_429_closes_its_kind_until_the_time_it_asks_for() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.send("refused", "POST", f"{HERE}{HOST}", status=429, headers={"retry-after": "60"})
        await together(
            bench.send("write", "POST", f"{HERE}{HOST}"),
            bench.send("read", "GET", f"{HERE}{HOST}"),
            bench.send("elsewhere", "POST", OTHER),
        )
        assert bench.times("write")[0] >= 60
        assert bench.times("read") == [0.0]
        assert bench.times("elsewhere") == [0.0]

    virtually(scenario())


def test_a_closing_reaches_those_who_were_already_waiting() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=10_000)
        await together(*(bench.send("x", "POST", f"{HERE}{HOST}") for _ in range(196)))
        late = asyncio.create_task(bench.send("late", "POST", f"{HERE}{HOST}"))
        await asyncio.sleep(0)
        async with bench.throttle.arm("GET", f"{HERE}{HOST}"):
            pass
        lane = bench.throttle._lanes[("arm", SUBSCRIPTION, "writes")]
        lane.meter.close(bench.clock.monotonic(), 45)
        await late
        assert bench.times("late")[0] >= 45

    virtually(scenario())


def test_a_429_of_a_provider_closes_only_that_provider() -> None:
    """The budget is visibly not spent, so it is Compute that refuses; role assignments go on."""

    async def scenario() -> None:
        bench = Bench()
        told = {"retry-after": "30", "x-ms-ratelimit-remaining-subscription-writes": "150"}
        await bench.send("refused", "POST", f"{HERE}{VM}/start", status=429, headers=told)
        await together(
            bench.send("compute", "POST", f"{HERE}{VM}/start"), bench.send("roles", "PUT", ROLE_AT)
        )
        assert bench.times("compute")[0] >= 30
        assert bench.times("roles") == [0.0]

    virtually(scenario())


def test_a_503_closes_nothing_because_a_dark_region_must_not_stop_the_other() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.send("dark", "POST", f"{HERE}{HOST}", status=503, headers={"retry-after": "600"})
        await bench.send("bright", "POST", f"{HERE}{HOST}")
        assert bench.times("bright") == [0.0]

    virtually(scenario())


def test_azures_remaining_count_is_believed() -> None:
    async def scenario() -> None:
        bench = Bench()
        told = {"x-ms-ratelimit-remaining-subscription-writes": "0"}
        await bench.send("first", "POST", f"{HERE}{HOST}", headers=told)
        await bench.send("second", "POST", f"{HERE}{HOST}")
        assert bench.times("second")[0] > 0.4

    virtually(scenario())


@pytest.mark.parametrize("told", ["many", "-3", "", "9223372036854775807"])
def test_a_remaining_count_that_says_nothing_changes_nothing(told: str) -> None:
    async def scenario() -> None:
        bench = Bench()
        headers = {"x-ms-ratelimit-remaining-subscription-writes": told}
        for _ in range(5):
            await bench.send("x", "POST", f"{HERE}{HOST}", headers=headers)
        assert max(bench.times("x")) == 0.0

    virtually(scenario())


def test_nine_lists_of_hosts_go_in_five_minutes_and_the_tenth_waits() -> None:
    async def scenario() -> None:
        bench = Bench()
        for _ in range(10):
            await bench.send("list", "GET", f"{HERE}{POOL}/sessionHosts?api-version=1")
        assert bench.times("list")[8] == 0.0
        assert bench.times("list")[9] == pytest.approx(300.0)

    virtually(scenario())


def test_only_lists_count_as_lists_and_each_pool_for_itself() -> None:
    async def scenario() -> None:
        bench = Bench()
        for _ in range(9):
            await bench.send("list", "GET", f"{HERE}{POOL}/sessionHosts?api-version=1")
        await together(
            bench.send("other pool", "GET", f"{HERE}{OTHER_POOL}/sessionHosts"),
            bench.send("one host", "GET", f"{HERE}{HOST}?api-version=1"),
            bench.send("sessions", "GET", f"{HERE}{POOL}/userSessions"),
            bench.send("later page", "GET", f"{HERE}{POOL}/sessionHosts?api-version=1&$skiptoken=abc"),
            bench.send("drain", "PATCH", f"{HERE}{HOST}"),
        )
        assert max(at for _, at in bench.went) == 0.0

    virtually(scenario())


def test_a_bare_429_of_a_host_list_closes_that_list_and_no_other_read() -> None:
    async def scenario() -> None:
        bench = Bench()
        listing = f"{HERE}{POOL}/sessionHosts"
        await bench.send("refused", "GET", listing, status=429, headers={"retry-after": "200"})
        await together(bench.send("list", "GET", listing), bench.send("get", "GET", f"{HERE}{HOST}"))
        assert bench.times("list")[0] >= 200
        assert bench.times("get") == [0.0]

    virtually(scenario())


def test_polling_hundreds_of_starts_leaves_half_the_reads_to_proofs() -> None:
    async def scenario() -> None:
        bench = Bench()
        polls = [bench.send("poll", "GET", POLL) for _ in range(600)]
        reads = [bench.send("read", "GET", f"{HERE}{HOST}") for _ in range(100)]
        await together(*polls, *reads)
        assert max(bench.times("read")) == 0.0
        assert max(bench.times("poll")) > 30

    virtually(scenario())


def test_at_most_64_are_in_flight_and_mutations_never_fill_them_all() -> None:
    async def scenario() -> None:
        bench = Bench()
        writes = [bench.send("write", "POST", f"{HERE}{HOST}", lasts=5) for _ in range(100)]
        reads = [bench.send("read", "GET", f"{HERE}{HOST}", lasts=5) for _ in range(100)]
        await together(*writes, *reads)
        first = [name for name, at in bench.went if at == 0.0]
        assert len(first) == IN_FLIGHT
        assert first.count("read") == READS_ONLY

    virtually(scenario())


def test_a_place_is_given_back_when_a_request_fails() -> None:
    async def scenario() -> None:
        bench = Bench(in_flight=1)
        for _ in range(3):
            with pytest.raises(OSError, match="dropped"):
                async with bench.throttle.arm("POST", f"{HERE}{HOST}"):
                    raise OSError("dropped")
        await bench.send("after", "POST", f"{HERE}{HOST}")
        assert bench.times("after") == [0.0]

    virtually(scenario())


def test_graph_is_paid_in_resource_units() -> None:
    async def scenario() -> None:
        clock = LoopClock(EPOCH)
        throttle = Throttle(clock)
        sent = []
        for _ in range(2_000):
            async with throttle.graph(2.0) as admission:
                sent.append(clock.monotonic())
                admission.answered(200, {})
        for start in range(0, 2_000, 100):
            units = 2 * sum(sent[start] <= at < sent[start] + 10 for at in sent)
            assert units <= 3_500

    virtually(scenario())


def test_a_429_of_graph_closes_graph_only() -> None:
    async def scenario() -> None:
        bench = Bench()
        async with bench.throttle.graph(2.0) as admission:
            admission.answered(429, {"retry-after": "15"})
        await bench.send("arm", "GET", f"{HERE}{HOST}")
        async with bench.throttle.graph(2.0):
            assert bench.clock.monotonic() >= 15
        assert bench.times("arm") == [0.0]

    virtually(scenario())


def test_a_429_that_asks_for_nothing_still_pauses() -> None:
    async def scenario() -> None:
        bench = Bench()
        await bench.send("refused", "POST", f"{HERE}{HOST}", status=429)
        await bench.send("next", "POST", f"{HERE}{HOST}")
        assert bench.times("next")[0] >= 1.0

    virtually(scenario())
