"""The fake refuses what Azure refuses: an estate that answers anything would let a wrong question pass."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
import pytest

from avd_failover.domain.estate import PoolReference
from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.ids import PrincipalId, Scope, assignment_at, subscription_of
from avd_failover.domain.plan import End
from tests.domain import builders
from tests.operations import places
from tests.operations.drive import stage_with
from tests.operations.estate import Estate

replace = msgspec.structs.replace
NOWHERE: Any = builders.pool("nowhere")
PLAN = places.make_plan()
ONE = places.held(places.make_route().pairs[0], End.SOURCE)

REFUSED: list[tuple[str, str, Callable[[Estate], Awaitable[Any]]]] = [
    ("a pool that is not there", "ResourceNotFound", lambda e: e.pools.get(NOWHERE)),
    ("hosts of no pool", "ResourceNotFound", lambda e: e.hosts.list(NOWHERE)),
    ("a host that is not there", "ResourceNotFound", lambda e: e.hosts.get(places.host_id("weu-9"))),
    ("sessions of no pool", "ResourceNotFound", lambda e: e.sessions.list(NOWHERE)),
    ("groups of no pool", "ResourceNotFound", lambda e: e.pools.application_groups(NOWHERE)),
    (
        "an application group that is not there",
        "ResourceNotFound",
        lambda e: e.pools.application_group(NOWHERE),
    ),
    ("assignments of no application group", "ResourceNotFound", lambda e: e.assignments.at_or_above(NOWHERE)),
    ("roles of no application group", "ResourceNotFound", lambda e: e.assignments.definitions(NOWHERE)),
    (
        "a count in no subscription",
        "ResourceNotFound",
        lambda e: e.assignments.count(subscription_of("/subscriptions/none")),
    ),
    ("members of no group", "ResourceNotFound", lambda e: e.directory.members(builders.gid(77))),
    ("a machine that is not there", "ResourceNotFound", lambda e: e.machines.get(places.machine_of("weu-9"))),
    ("a start of no machine", "ResourceNotFound", lambda e: e.machines.start(places.machine_of("weu-9"))),
    ("a scaling plan that is not there", "ResourceNotFound", lambda e: e.scaling.get(NOWHERE)),
    ("schedules of no scaling plan", "ResourceNotFound", lambda e: e.scaling.schedules(NOWHERE)),
    (
        "a message to no session",
        "ResourceNotFound",
        lambda e: e.sessions.tell(places.session_id("weu-1/9"), title="t", body="b"),
    ),
    (
        "a reference to no pool",
        "ResourceNotFound",
        lambda e: e.scaling.set_references(
            PLAN.primary.scaling_plan,  # type: ignore[arg-type]
            [PoolReference(host_pool=NOWHERE, enabled=True)],
        ),
    ),
    (
        "a share above 100",
        "BadRequest",
        lambda e: e.scaling.set_floor(
            places.make_schedule("neu", "weekdays", "0/1 0/1").id, places.make_floor("101/60 10/90")
        ),
    ),
    (
        "a threshold of zero",
        "BadRequest",
        lambda e: e.scaling.set_floor(
            places.make_schedule("neu", "weekdays", "0/1 0/1").id, places.make_floor("10/0 10/90")
        ),
    ),
    (
        "the same triple under another name",
        "RoleAssignmentExists",
        lambda e: e.assignments.create(_named(ONE, "00000000-0000-4000-8000-000000000001")),
    ),
    (
        "a name that is taken elsewhere",
        "RoleAssignmentUpdateNotPermitted",
        lambda e: e.assignments.create(replace(ONE, principal_id=PrincipalId(builders.gid(9)))),
    ),
    (
        "a group that the directory does not know",
        "PrincipalNotFound",
        lambda e: e.assignments.create(places.make_assignment(ONE.scope, builders.gid(77))),
    ),
]


def _named(one: Any, name: str) -> Any:
    return replace(one, name=name, id=assignment_at(one.scope, name))


@pytest.mark.parametrize(("what", "code", "ask"), REFUSED, ids=[row[0] for row in REFUSED])
async def test_azure_would_refuse(what: str, code: str, ask: Callable[[Estate], Awaitable[Any]]) -> None:
    estate = stage_with().estate
    before = estate.picture()
    with pytest.raises(RefusedError) as refused:
        await ask(estate)
    assert refused.value.code == code
    assert estate.picture() == before


async def test_an_id_that_was_not_folded_is_our_defect() -> None:
    with pytest.raises(AssertionError, match="not folded"):
        await stage_with().estate.pools.get(PLAN.primary.host_pool.upper())  # type: ignore[arg-type]


async def test_a_listing_shows_what_is_at_or_above_a_scope_and_nothing_below_or_beside() -> None:
    stage = stage_with(
        "assign nobody",
        "extra user to user 1 at root",
        "extra user to user 1 at management",
        "extra user to user 1 at subscription",
        "extra user to user 1 at resources weu",
        "extra user to user 1 at resources neu",
        "extra user to user 1 at DAG source",
        "extra user to user 1 at RAG source",
    )
    group = stage.route.pairs[0].source
    found = (await stage.estate.assignments.at_or_above(group)).items
    assert [one.scope for one in found] == [
        builders.ROOT,
        builders.MANAGEMENT_GROUP,
        builders.SUBSCRIPTION_SCOPE,
        builders.resource_group("weu"),
        group,
    ]
    above = (await stage.estate.assignments.at_or_above(Scope(builders.SUBSCRIPTION_SCOPE))).items
    assert len(above) == 3


async def test_listings_lag_while_reads_by_id_do_not() -> None:
    stage = stage_with("lags GRP1 on DAG at source", "hides GRP2 on DAG at source")
    group = stage.route.pairs[0].source
    listed = [one.principal_id for one in (await stage.estate.assignments.at_or_above(group)).items]
    assert listed == [builders.gid(1)]
    by_id = [await stage.estate.assignments.get(stage.held(f"GRP{n} on DAG at source").id) for n in (1, 2)]
    assert [one is not None for one in by_id] == [False, True]


async def test_a_gap_takes_something_away_and_says_so() -> None:
    stage = stage_with("gap hosts hp-weu: page 2 did not come")
    reading = await stage.estate.hosts.list(PLAN.primary.host_pool)
    assert (len(reading.items), reading.complete, reading.gap) == (1, False, "page 2 did not come")


async def test_a_group_that_is_unreadable_tells_some_members_and_that_it_lacks_others() -> None:
    stage = stage_with("members GRP1 unreadable")
    membership = await stage.estate.directory.members(builders.gid(1))
    assert (len(membership.users), membership.complete) == (1, False)


async def test_a_scripted_fault_comes_once() -> None:
    stage = stage_with("fault pool hp-weu: 503")
    with pytest.raises(TransientError):
        await stage.estate.pools.get(PLAN.primary.host_pool)
    assert (await stage.estate.pools.get(PLAN.primary.host_pool)).start_on_connect


async def test_deleting_what_is_not_there_is_accepted() -> None:
    estate = stage_with("assign nobody").estate
    assert await estate.assignments.delete(ONE.id)
    assert await estate.sessions.log_off(places.session_id("weu-1/9"))


@pytest.mark.parametrize(
    "line",
    ["", "hosts weu-1 Available", "host weu-1 Fine", "host weu-1 Available sleepy", "session weu-1/1 Away"],
)
def test_a_line_that_says_nothing_known_is_an_error(line: str) -> None:
    with pytest.raises((KeyError, AssertionError, ValueError)):
        stage_with(line)
