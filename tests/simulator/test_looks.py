"""The history tells what an engine was shown of assignments: by id, in lists, and that one is gone."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from avd_failover.cloud import Cloud
from avd_failover.domain import ids
from avd_failover.domain.faults import CloudError
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.simulator.direct import DirectCloud
from avd_failover.simulator.history import Looked
from avd_failover.simulator.world import World
from tests.simulator.builders import ADMIN, ENGINE, GROUP_A, assignment_of, small_world

READ = "assignments.get"
LIST = "assignments.list"
HTTP_404 = {"fault": "http-error", "route": READ, "status": 404}


def seen_by(world: World, read: Callable[[Cloud], Awaitable[Any]]) -> list[tuple[str, int]]:
    """Let an engine read once, and return what the history says it looked at: what, and how much."""
    begun = len(world.history.entries)

    async def main() -> None:
        cloud: Cloud = DirectCloud(world, LoopClock(world.at()))
        try:
            await read(cloud)
        except CloudError:
            pass
        finally:
            await cloud.aclose()

    run_virtually(main())
    looks = [one for one in world.history.entries[begun:] if isinstance(one, Looked)]
    assert {one.actor for one in looks} <= {ENGINE}
    return [(one.what, one.seen) for one in looks]


@pytest.mark.parametrize(
    ("stands", "faults", "noted"),
    [
        (True, [], [("assignment", 1)]),
        (False, [], [("assignment", 0)]),
        (True, [HTTP_404], []),
        (False, [HTTP_404], [("assignment", 0)]),
        (False, [HTTP_404 | {"status": 403}], []),
        (False, [{"fault": "connection-reset", "route": READ}], []),
        (True, [{"fault": "connection-reset", "route": READ}], []),
    ],
)
def test_an_assignment_counts_as_missed_only_where_it_is_gone_and_the_engine_was_told(
    stands: bool, faults: list[dict[str, Any]], noted: list[tuple[str, int]]
) -> None:
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    if not stands:
        world.roles.delete(ADMIN, target)
    for fault in faults:
        world.faults.add(ADMIN, fault)
    assert seen_by(world, lambda cloud: cloud.assignments.get(ids.assignment_id(target))) == noted


@pytest.mark.parametrize(
    ("faults", "noted"),
    [
        ([], [("assignments", 1)]),
        ([{"fault": "stale-read", "route": LIST, "low": "50s", "high": "90s"}], []),
        ([{"fault": "http-error", "route": LIST, "status": 503}], []),
        ([{"fault": "truncated-json", "route": LIST}], []),
    ],
)
def test_a_list_of_assignments_is_a_look_when_it_was_read_and_is_of_now(
    faults: list[dict[str, Any]], noted: list[tuple[str, int]]
) -> None:
    world = small_world(sessions=0)
    world.advance(world.now_s + 200)
    for fault in faults:
        world.faults.add(ADMIN, fault)
    seen = seen_by(world, lambda cloud: cloud.assignments.at_or_above(ids.scope(GROUP_A)))
    assert sorted(set(seen)) == noted
