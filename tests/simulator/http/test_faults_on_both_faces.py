"""One ruling, two faces: what the adapters make of a damaged wire is what the direct face raises at once."""

import json
from typing import Any

import msgspec
import pytest

from avd_failover.domain import ids
from avd_failover.domain.estate import RoleAssignment
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.simulator.records import RoleAssignment as Stored
from tests.contract.stage import Stage, direct, wire
from tests.simulator.builders import (
    GROUP_B,
    POOL_A,
    STAFF,
    SUBSCRIPTION,
    USER_ROLE,
    assignment_of,
    host,
    machine,
    small_world,
)

SCOPE = ids.scope(GROUP_B)
NAME = "33333333-0000-4000-8000-000000000009"
POOL = ids.host_pool_id(POOL_A)
HOST = ids.session_host_id(host("a", 0))
VM = ids.machine_id(machine("b", 1))
ROLE = f"/subscriptions/{SUBSCRIPTION}/providers/microsoft.authorization/roledefinitions/{USER_ROLE}"
WANTED = RoleAssignment(
    id=ids.assignment_at(SCOPE, NAME), name=NAME, scope=SCOPE, principal_id=ids.group_id(STAFF),
    principal_type="Group", role_definition_id=ROLE,
)  # fmt: skip


async def create(stage: Stage) -> Any:
    return await stage.cloud.assignments.create(WANTED)


async def delete(stage: Stage) -> Any:
    return await stage.cloud.assignments.delete(ids.assignment_id(assignment_of(stage.world)))


async def drain(stage: Stage) -> Any:
    return await stage.cloud.hosts.set_logons(HOST, allowed=False)


async def pool(stage: Stage) -> Any:
    return await stage.cloud.pools.get(POOL)


async def sessions(stage: Stage) -> Any:
    return await stage.cloud.sessions.list(POOL)


async def members(stage: Stage) -> Any:
    return await stage.cloud.directory.members(ids.group_id(STAFF))


async def start(stage: Stage) -> Any:
    return await stage.cloud.machines.start(VM)


async def log_off(stage: Stage) -> Any:
    listed = stage.world.sessions.list(POOL_A)
    return await stage.cloud.sessions.log_off(ids.user_session_id(listed[0].id))


async def outcome(face: str, fault: dict[str, Any], act: Any) -> tuple[Any, Stage]:
    """Play one act under one fault and return what came of it."""
    world = small_world(faults=[fault])
    world.advance(1)
    async with (direct if face == "direct" else wire)(world) as stage:
        try:
            return await act(stage), stage
        except CloudError as error:
            return error, stage


LOST = [
    {"fault": "drop-request"},
    {"fault": "drop-response"},
    {"fault": "drop-response", "how": "half-open", "hold": "0s"},
    {"fault": "half-open", "hold": "0s"},
    {"fault": "connection-reset", "at_byte": 0},
    {"fault": "connection-reset", "at_byte": 30},
    {"fault": "wrong-content-length"},
    {"fault": "truncated-json"},
    {"fault": "gzip-error"},
    {"fault": "http-error", "status": 500},
    {"fault": "http-error", "status": 408},
    {"fault": "http-error", "status": 503},
    {"fault": "http-error", "status": 504, "applied": True},
]


@pytest.mark.parametrize("fault", LOST, ids=json.dumps)
@pytest.mark.parametrize(
    ("act", "kind"),
    [(pool, TransientError), (sessions, TransientError), (create, UnknownError), (drain, UnknownError)],
)
async def test_what_is_lost_is_harmless_to_read_again_and_unknown_when_written(fault, act, kind):
    told = [(await outcome(face, fault, act))[0] for face in ("direct", "wire")]
    assert [type(error) for error in told] == [kind, kind]
    assert len({(error.code, error.status) for error in told}) == 1


@pytest.mark.parametrize("face", ["direct", "wire"])
@pytest.mark.parametrize(
    ("fault", "stands"),
    [
        ({"fault": "drop-request"}, False),
        ({"fault": "drop-response"}, True),
        ({"fault": "connection-reset"}, True),
        ({"fault": "truncated-json"}, True),
        ({"fault": "http-error", "status": 500}, False),
        ({"fault": "http-error", "status": 500, "applied": True}, True),
        ({"fault": "late-apply", "low": "60s", "high": "60s"}, False),
    ],
    ids=json.dumps,
)
async def test_an_unknown_write_stands_or_not_by_what_was_lost(face, fault, stands):
    error, stage = await outcome(face, fault, create)
    assert type(error) is UnknownError
    assert (stage.world.core.find(Stored, WANTED.id) is not None) is stands


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_a_late_change_takes_effect_after_its_time_and_says_so_in_the_history(face):
    _, stage = await outcome(face, {"fault": "late-apply", "low": "60s", "high": "60s"}, create)
    stage.world.advance(stage.world.now_s + 59)
    assert stage.world.core.find(Stored, WANTED.id) is None
    stage.world.advance(stage.world.now_s + 2)
    assert stage.world.core.find(Stored, WANTED.id) is not None
    assert [c.verb for c in stage.world.history.changes()[-4:] if c.actor == "fault:late"] == ["arrives-late"]


BROWN: dict[str, Any] = {"fault": "region-brownout", "region": "northeurope", "p": 1}
REFUSED: list[Any] = [
    ({"fault": "http-error", "status": status}, create, RefusedError, status)
    for status in (400, 401, 403, 404, 412, 423)
] + [
    ({"fault": "http-error", "status": 409, "code": "Whatever"}, create, RefusedError, 409),
    ({"fault": "http-error", "status": 409, "code": "ServerBusy"}, drain, TransientError, 409),
    ({"fault": "http-error", "status": 409, "retry_after": "7s"}, drain, TransientError, 409),
    ({"fault": "http-error", "status": 503, "retry_after": "40s"}, drain, TransientError, 503),
    ({"fault": "http-error", "status": 429}, drain, TransientError, 429),
    ({"fault": "directory-down"}, members, TransientError, 503),
    ({"fault": "group-hidden", "group": "STAFF"}, members, RefusedError, 403),
    ({"fault": "resource-lock"}, delete, RefusedError, 409),
    ({"fault": "log-off-refused"}, log_off, UnknownError, 500),
    ({"fault": "log-off-refused", "status": 404}, log_off, RefusedError, 404),
    ({"fault": "token-expired"}, pool, RefusedError, 401),
    ({"fault": "claims-challenge"}, pool, RefusedError, 401),
    ({"fault": "rights-removed"}, create, RefusedError, 403),
    ({"fault": "rights-removed", "route": "members.*"}, members, RefusedError, 403),
    ({"fault": "sku-not-available"}, start, RefusedError, 409),
    ({"fault": "quota-exceeded"}, start, RefusedError, 409),
    ({"fault": "allocation-failed"}, start, RefusedError, 0),
    ({"fault": "operation-gone"}, start, UnknownError, 0),
    ({"fault": "operation-lost"}, start, UnknownError, 0),
    ({"fault": "operation-endless"}, start, UnknownError, 0),
    (BROWN | {"fails": "writes"}, drain, UnknownError, 503),
    (BROWN | {"fails": "reads"}, pool, TransientError, 503),
    ({"fault": "region-outage", "region": "northeurope"}, pool, TransientError, 503),
]  # fmt: skip


@pytest.mark.parametrize(
    ("fault", "act", "kind", "status"), REFUSED, ids=lambda value: getattr(value, "__name__", str(value)[:60])
)
async def test_both_faces_tell_the_same_fault_with_the_same_code(fault, act, kind, status):
    told = {face: (await outcome(face, fault, act))[0] for face in ("direct", "wire")}
    assert [(type(e), e.status, e.code) for e in told.values()] == [(kind, status, told["wire"].code)] * 2
    waits = {getattr(error, "wait_s", 0.0) for error in told.values()}
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("form", "wait_s"), [("seconds", 2), ("http-date", 2), ("absent", 0), ("negative", 0), ("huge", 900)]
)
@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_a_storm_of_429_asks_to_wait_in_every_form(face, form, wait_s):
    storm = {"fault": "throttle-storm", "bucket": 1, "refill": 0.5, "retry_after": form, "route": "pools.*"}
    world = small_world(faults=[storm])
    async with (direct if face == "direct" else wire)(world) as stage:
        await pool(stage)
        with pytest.raises(TransientError) as refused:
            await pool(stage)
    assert refused.value.status == 429
    assert abs(refused.value.wait_s - wait_s) <= 1


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_a_page_that_leads_back_leaves_a_gap_and_one_that_leads_elsewhere_is_refused(face):
    looped, _ = await outcome(face, {"fault": "page-skew", "how": "loop"}, sessions)
    assert (looped.complete, looped.gap) == (False, "the next link leads back to a page already read")
    elsewhere, _ = await outcome(face, {"fault": "page-skew", "how": "foreign-host"}, sessions)
    assert (type(elsewhere), elsewhere.code) == (RefusedError, "ForeignEndpoint")
    broken, _ = await outcome(face, {"fault": "page-error"}, sessions)
    assert type(broken) is TransientError


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_pages_that_skew_without_a_trace_repeat_or_omit_items(face):
    one = {"fault": "page-skew", "times": 1}
    whole, _ = await outcome(face, {**one, "how": "omit", "route": "hosts.list"}, sessions)
    repeated, _ = await outcome(face, {**one, "how": "repeat"}, sessions)
    omitted, _ = await outcome(face, {**one, "how": "omit"}, sessions)
    assert whole.complete
    assert repeated.complete
    assert omitted.complete
    assert len(whole.items) == 4
    assert len(repeated.items) == 5
    assert set(repeated.items) == set(whole.items)
    assert len(omitted.items) == 3


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_a_stale_replica_shows_what_was_and_writes_go_to_what_is(face):
    stale = {"fault": "stale-read", "low": "100s", "high": "100s", "route": "hosts.*"}
    world = small_world(faults=[stale])
    world.advance(500)
    async with (direct if face == "direct" else wire)(world) as stage:
        await drain(stage)
        assert (await stage.cloud.hosts.get(HOST)).allows_new_sessions
        assert not world.hosts.get(HOST).allow_new_session
        await stage.clock.sleep(101)
        assert not (await stage.cloud.hosts.get(HOST)).allows_new_sessions


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_front_ends_answer_an_identical_put_as_they_please_and_create_it_once(face):
    world = small_world(faults=[{"fault": "front-ends", "answers": [409]}])
    async with (direct if face == "direct" else wire)(world) as stage:
        await create(stage)
        with pytest.raises(RefusedError) as refused:
            await create(stage)
    assert refused.value.code == "RoleAssignmentExists"
    assert world.core.find(Stored, WANTED.id) is not None
    async with (direct if face == "direct" else wire)(
        small_world(faults=[{"fault": "front-ends", "answers": [200]}])
    ) as stage:
        await create(stage)
        await create(stage)


@pytest.mark.parametrize("face", ["direct", "wire"])
async def test_a_doubled_delete_of_an_old_name_strikes_again_after_its_gap(face):
    world = small_world(faults=[{"fault": "duplicate-request", "gap": "30s", "route": "assignments.delete"}])
    old = assignment_of(world)
    async with (direct if face == "direct" else wire)(world) as stage:
        stored = await stage.cloud.assignments.get(ids.assignment_id(old))
        assert stored is not None
        await stage.cloud.assignments.delete(ids.assignment_id(old))
        await stage.cloud.assignments.create(msgspec.structs.replace(stored))
        assert world.core.find(Stored, old) is not None
        world.advance(world.now_s + 31)
        assert world.core.find(Stored, old) is None
