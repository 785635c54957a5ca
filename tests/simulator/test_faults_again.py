"""Determinism: equal seeds, requests and faults give equal histories, also after a world is made again."""

import json
from typing import Any

import pytest

from avd_failover.cloud import Cloud
from avd_failover.domain import ids
from avd_failover.domain.faults import CloudError
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.requests import Request, replay
from avd_failover.simulator.world import World
from tests.simulator.builders import POOL_A, assignment_of, host, machine, small, small_world

STORM: list[dict[str, Any]] = [
    {"fault": "drop-response", "p": 0.3, "route": "hosts.*"},
    {"fault": "http-error", "status": 500, "p": 0.2},
    {"fault": "late-apply", "p": 0.5, "route": "sessions.*", "low": "5s", "high": "90s"},
    {"fault": "delay-request", "low": "1s", "high": "20s", "heavy_tail": True},
    {"fault": "duplicate-request", "route": "assignments.*", "gap": "7s"},
    {"fault": "policy-regrants", "delay": "11s"},
    {"fault": "users-connect", "on": "assignments.delete", "delay": "1s"},
    {"fault": "region-outage", "region": "westeurope", "starts": "200s", "lasts": "100s"},
    {"fault": "stale-read", "low": "10s", "high": "90s", "replicas": 3, "route": "*.list"},
    {"fault": "slow-propagation", "starts": "20s", "lasts": "100s"},
]


def play(world: World) -> World:
    """A night of an engine that meets every kind of fault and goes on regardless."""

    async def main() -> None:
        clock = LoopClock(world.at())
        cloud: Cloud = DirectCloud(world, clock)
        for number in range(3):
            await tried(cloud.hosts.set_logons(ids.session_host_id(host("a", number)), allowed=False))
        await tried(cloud.assignments.delete(ids.assignment_id(assignment_of(world))))
        for session in list(world.sessions.list(POOL_A)):
            await tried(cloud.sessions.log_off(ids.user_session_id(session.id)))
        await tried(cloud.machines.start(ids.machine_id(machine("b", 1))))
        for _ in range(20):
            await tried(cloud.sessions.list(ids.host_pool_id(POOL_A)))
            await tried(cloud.assignments.at_or_above(ids.scope(POOL_A)))
            await clock.sleep(30)

    run_virtually(main())
    return world


async def tried(asked: Any) -> None:
    try:
        await asked
    except CloudError:
        return


def test_the_same_faults_strike_the_same_requests_byte_for_byte():
    first, second = (play(small_world(faults=STORM)) for _ in range(2))
    assert first.history.dump() == second.history.dump()
    assert sum(row["hits"] for row in first.faults.listed()) > 30
    assert json.dumps(audit(first)) == json.dumps(audit(second))


def test_another_seed_meets_other_faults():
    assert (
        play(small_world(faults=STORM)).history.dump()
        != play(small_world(faults=STORM, seed=8)).history.dump()
    )


def test_a_fault_added_beside_others_does_not_disturb_whom_they_strike():
    def struck(faults: list[dict[str, Any]]) -> list[tuple[float, str]]:
        lines = [json.loads(line) for line in play(small_world(faults=faults)).history.dump().splitlines()]
        return [(one["at_s"], one["after"]["target"]) for one in lines if one["actor"] == "fault:x"]

    alone: list[dict[str, Any]] = [{"fault": "drop-response", "p": 0.5, "route": "*.list", "id": "x"}]
    assert struck([*alone, {"fault": "users-leave"}, {"fault": "half-open", "p": 0}]) == struck(alone)
    assert 5 < len(struck(alone)) < 35


def test_a_world_is_made_again_from_its_requests_with_all_hits_and_deeds():
    entries: list[Request] = []
    world = small_world(faults=STORM)
    world.log.on_request = entries.append
    play(world)
    world.faults.add("admin:test", {"fault": "admin-drains", "hosts": "a-*", "starts": "60s"})
    with pytest.raises(ValueError, match="no fault"):
        world.faults.add("admin:test", {"fault": "no-such-thing"})
    world.faults.remove("admin:test", "stale-read-9")
    with pytest.raises(KeyError):
        world.faults.remove("admin:test", "nothing")
    stored = [json.loads(json.dumps([e.at_s, e.verb, e.arguments])) for e in entries]
    again = build(small(faults=STORM))
    replay(again, [Request(at_s=at, verb=verb, arguments=arguments) for at, verb, arguments in stored])
    for one in (world, again):
        one.advance(5_000)
    assert again.history.dump() == world.history.dump()
    listed = [[(row["id"], row["hits"], row["removed"]) for row in w.faults.listed()] for w in (again, world)]
    assert listed[0] == listed[1]
    assert audit(again) == audit(world)
