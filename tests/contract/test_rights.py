"""The table of rights, derived again: every verb is sent over the wire, and ARM's action read off it."""

from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec import Struct

from avd_failover.cloud import Cloud
from avd_failover.domain import ids
from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import PooledSchedule, PoolReference, RoleAssignment
from avd_failover.domain.faults import CloudError
from avd_failover.domain.rights import CHANGES, READS, Place, Right
from avd_failover.engine.send import send
from avd_failover.simulator.http.guard import deed_of
from tests.contract.stage import Stage, wire
from tests.contract.test_writes import NAME, wanted
from tests.simulator.builders import (
    GROUP_A,
    PLAN_A,
    POOL_A,
    ROOT,
    STAFF,
    SUBSCRIPTION,
    assignment_of,
    host,
    machine,
    sessions_on,
    small_world,
)

Call = Callable[[Stage], Any]

POOL, GROUP, PLAN = ids.host_pool_id(POOL_A), ids.application_group_id(GROUP_A), ids.scaling_plan_id(PLAN_A)
HOST, VM, STOPPED = ids.session_host_id(host("a", 0)), ids.machine_id(machine("a", 0)), machine("b", 1)

READINGS: dict[str, Call] = {
    "assignments.at_or_above": lambda on: on.cloud.assignments.at_or_above(GROUP),
    "assignments.get": lambda on: on.cloud.assignments.get(ids.assignment_id(assignment_of(on.world))),
    "assignments.count": lambda on: on.cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION)),
    "assignments.definitions": lambda on: on.cloud.assignments.definitions(GROUP),
    "directory.members": lambda on: on.cloud.directory.members(ids.group_id(STAFF)),
    "pools.get": lambda on: on.cloud.pools.get(POOL),
    "pools.application_group": lambda on: on.cloud.pools.application_group(GROUP),
    "pools.application_groups": lambda on: on.cloud.pools.application_groups(POOL),
    "hosts.list": lambda on: on.cloud.hosts.list(POOL),
    "hosts.get": lambda on: on.cloud.hosts.get(HOST),
    "sessions.list": lambda on: on.cloud.sessions.list(POOL),
    "scaling.get": lambda on: on.cloud.scaling.get(PLAN),
    "scaling.schedules": lambda on: on.cloud.scaling.schedules(PLAN),
    "machines.get": lambda on: on.cloud.machines.get(VM),
}
OUTSIDE = {"outside.ask", "command.run", "webhook.call"}
"""Never a request to Azure: their rows are empty, and another test sends them."""


class Things(Struct):
    """What is there to be changed in the small world."""

    held: RoleAssignment
    schedule: PooledSchedule
    references: tuple[PoolReference, ...]
    session: ids.UserSessionId


REPLICATED = ("recovery.", "reservations.", "machines.extensions", "machine.failover", "machine.change-point",
              "machine.commit", "machine.reprotect", "machine.extension", "plan.")  # fmt: skip
"""Of machines that Site Recovery moves: nothing in this small world is replicated."""


async def things(on: Stage) -> Things:
    held = await on.cloud.assignments.get(ids.assignment_id(assignment_of(on.world)))
    assert held is not None
    return Things(
        held=held,
        schedule=(await on.cloud.scaling.schedules(PLAN)).items[0],
        references=(await on.cloud.scaling.get(PLAN)).references,
        session=ids.user_session_id(sessions_on(on.world)[0].id),
    )


ACTIONS: dict[str, Callable[[Things], Action]] = {
    "assignment.revoke": lambda of: RevokeAssignment(assignment=of.held, reason=""),
    "assignment.grant": lambda _: GrantAssignment(assignment=wanted(NAME), reason=""),
    "host.logons": lambda _: SetLogons(host=HOST, allowed=False, before=True, reason=""),
    "session.logoff": lambda of: LogOff(session=of.session, user=None, reason=""),
    "session.message": lambda of: TellUser(session=of.session, title="t", body="b", reason=""),
    "machine.start": lambda _: StartMachine(machine=ids.machine_id(STOPPED), reason=""),
    "machine.deallocate": lambda _: DeallocateMachine(machine=VM, reason=""),
    "autoscale.pools": lambda of: SetPoolReferences(
        plan=PLAN, references=of.references, before=of.references, reason=""
    ),
    "autoscale.floor": lambda of: SetScheduleFloor(
        schedule=of.schedule.id, floor=of.schedule.floor, before=of.schedule.floor, reason=""
    ),
    "pool.start-on-connect": lambda _: SetStartOnConnect(
        host_pool=POOL, allowed=False, before=True, reason=""
    ),
}


@pytest.fixture
async def watched() -> AsyncIterator[tuple[Stage, list[Right]]]:
    """Serve a small world, and note the right that each request to Resource Manager takes."""
    seen: list[Right] = []
    async with wire(small_world(), Watch(seen)) as stage:  # type: ignore[arg-type]  # all that wire calls
        yield stage, seen


class Anywhere:
    """A cloud that no plan confines: each kind of action is tried on whatever there is."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def check(self, action: Action) -> None:
        """Let it pass."""


class Watch:
    """Stands where the recorder stands."""

    def __init__(self, seen: list[Right]) -> None:
        self._seen = seen

    def watch(self, azure: Any) -> None:
        answer = azure.answer

        def observed(ask: Any, *more: Any) -> Any:
            deed = deed_of(ask.method, ask.path)
            if deed.action:
                self._seen.append(Right(action=deed.action.lower(), place=place_of(deed.resource)))
            return answer(ask, *more)

        azure.answer = observed


def place_of(resource: str) -> Place:
    """Tell the kind of place from where it lies."""
    folded = resource.lower()
    for start, place in (
        (POOL_A, Place.POOL),
        (PLAN_A, Place.AUTOSCALE),
        (f"{ROOT}/resourceGroups/rg-a-vms", Place.MACHINES),
        (f"{ROOT}/resourceGroups/rg-b-vms", Place.MACHINES),
        (f"{ROOT}/providers/Microsoft.Compute", Place.MACHINES_SUBSCRIPTION),
    ):
        if folded.startswith(start.lower()):
            return place
    return Place.GROUPS if "/applicationgroups/" in folded else Place.SUBSCRIPTION


def rows(rights: tuple[Right, ...]) -> set[Right]:
    return {Right(action=one.action.lower(), place=one.place) for one in rights}


def widened(seen: list[Right]) -> set[Right]:
    """Readings of an application group, and of assignments at one, are held at its subscription."""
    return {
        Right(action=one.action, place=Place.SUBSCRIPTION) if one.reads and one.place is Place.GROUPS else one
        for one in seen
    }


@pytest.mark.parametrize("verb", READINGS)
async def test_a_reading_takes_what_its_row_says_no_action_more_or_less(verb, watched) -> None:
    stage, seen = watched
    await READINGS[verb](stage)
    assert widened(seen) == rows(READS[verb])


@pytest.mark.parametrize("tag", ACTIONS)
async def test_a_change_takes_what_its_row_says_no_action_more_or_less(tag, watched) -> None:
    stage, seen = watched
    action = ACTIONS[tag](await things(stage))
    assert kind_of(action) == tag
    seen.clear()
    with suppress(CloudError):
        await send(Anywhere(stage.cloud), action)  # type: ignore[arg-type]  # what send asks of it
    looked_first = rows(READS["assignments.get"]) if tag == "assignment.revoke" else set()
    assert widened(seen) == rows(CHANGES[tag]) | looked_first


def test_every_verb_and_every_kind_of_action_is_tried_or_never_goes_to_azure() -> None:
    assert set(READINGS) == {one for one in set(READS) - OUTSIDE if not one.startswith(REPLICATED)}
    assert set(ACTIONS) == {one for one in set(CHANGES) - OUTSIDE if not one.startswith(REPLICATED)}
    assert {right for name in OUTSIDE for right in (*READS.get(name, ()), *CHANGES.get(name, ()))} == set()
