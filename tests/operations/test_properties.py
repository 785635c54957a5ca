"""What holds of every operation in every world, in whatever order listings come, wherever it was cut off."""

from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
from avd_failover.domain.estate import PowerState
from avd_failover.domain.ids import host_of, pool_of, within
from avd_failover.domain.placement import differences
from avd_failover.domain.plan import Capacity, End
from avd_failover.domain.route import Route
from avd_failover.operations.base import Proven
from avd_failover.operations.registry import CATALOGUE
from tests.operations.drive import THERE, bound_operation, fork, perform, planned, see, stage_with
from tests.operations.staging import Stage
from tests.operations.strategies import closable, worlds

EVERY = THERE
ACTING = [name for name in EVERY if CATALOGUE[name].changes]
BUSY = (
    "session weu-1/1 Active",
    "session weu-1/2 Disconnected",
    "session weu-2/1 Pending",
    "host weu-3 Shutdown",
    "host neu-4 Unavailable stopped",
)
"""A world in which every operation that acts has several things to do."""
MOVED = ("assign nobody", "revoked all at source")
PREFIXES = [*((uses, BUSY) for uses in ACTING), ("assignments.grant", MOVED)]


def busy(uses: str, *more: str, **plan: Any) -> Stage:
    stage = stage_with(*BUSY, *more, **plan)
    assert planned(stage, uses), f"nothing to do for {uses}: the test would prove nothing"
    return stage


@pytest.mark.parametrize(("uses", "lines"), PREFIXES)
def test_whatever_prefix_was_applied_the_rest_is_planned(uses: str, lines: tuple[str, ...]) -> None:
    stage = stage_with(*lines)
    wanted = planned(stage, uses)
    assert wanted
    for done in range(len(wanted) + 1):
        half = fork(stage)
        perform(half, *wanted[:done])
        assert planned(half, uses) == wanted[done:]


@pytest.mark.parametrize("uses", ACTING)
@given(st.sets(st.integers(0, 9)))
@settings(max_examples=20)
def test_whatever_part_was_applied_the_rest_is_planned(uses: str, done: set[int]) -> None:
    stage = busy(uses)
    wanted = planned(stage, uses)
    perform(stage, *(action for n, action in enumerate(wanted) if n in done))
    assert planned(stage, uses) == tuple(action for n, action in enumerate(wanted) if n not in done)


@pytest.mark.parametrize("uses", ACTING)
@given(closable)
@settings(max_examples=15)
def test_when_all_of_a_plan_was_applied_nothing_is_planned_any_more(uses: str, lines: list[str]) -> None:
    stage = stage_with(*lines)
    perform(stage, *planned(stage, uses))
    assert planned(stage, uses) == ()


@pytest.mark.parametrize(
    "uses", ["assignments.revoke", "hosts.drain", "pool.start-on-connect", "scaling.raise", "scaling.suspend"]
)
@given(closable)
@settings(max_examples=15)
def test_a_plan_that_took_effect_whole_is_proven(uses: str, lines: list[str]) -> None:
    stage = stage_with(*lines)
    perform(stage, *planned(stage, uses))
    _, verdict = see(bound_operation(stage, uses), stage)
    assert isinstance(verdict, Proven)


@pytest.mark.parametrize("share", [0, 30, 60, 100])
@pytest.mark.parametrize("seats", [1, 15, 40, 90])
def test_hosts_started_one_by_one_are_those_of_the_whole_plan(seats: int, share: int) -> None:
    stage = stage_with(*BUSY, capacity=Capacity(seats=seats, minimum_hosts_pct=share))
    wanted = planned(stage, "hosts.start")
    for action in wanted:
        assert planned(stage, "hosts.start")[0] == action
        perform(stage, action)
    assert planned(stage, "hosts.start") == ()
    assert wanted or seats <= 0


def test_a_resumed_grant_under_a_later_epoch_leaves_what_the_earlier_one_granted() -> None:
    stage = stage_with(*MOVED)
    wanted = planned(stage, "assignments.grant")
    perform(stage, *wanted[:2])
    stage.script.unlisted.update(stage.world.assignments)
    rest = planned(stage, "assignments.grant", epoch=2)
    assert [one.assignment.principal_id for one in rest if isinstance(one, GrantAssignment)] == [
        one.assignment.principal_id for one in wanted[2:] if isinstance(one, GrantAssignment)
    ]
    assert {one.target for one in rest}.isdisjoint(one.target for one in wanted)


def shuffled(stage: Stage, seed: int) -> Stage:
    other = fork(stage)
    random = Random(seed)

    def order(items: Any) -> list[Any]:
        found = list(items)
        random.shuffle(found)
        return found

    other.script.order = order
    return other


@pytest.mark.parametrize("uses", EVERY)
@given(worlds, st.integers(0, 5))
@settings(max_examples=25)
def test_a_plan_does_not_depend_on_the_order_of_listings(uses: str, lines: list[str], seed: int) -> None:
    stage = stage_with(*lines, capacity=Capacity(seats=15, minimum_hosts_pct=0))
    one, said = see(bound_operation(stage, uses), stage)
    other, also_said = see(bound_operation(stage, uses), shuffled(stage, seed))
    assert one == other
    assert said == also_said


@pytest.mark.parametrize("uses", EVERY)
@given(worlds)
@settings(max_examples=15)
def test_looking_and_planning_change_nothing_and_come_out_the_same_byte_for_byte(
    uses: str, lines: list[str]
) -> None:
    stage = stage_with(*lines)
    before = stage.estate.picture()
    plans = [see(bound_operation(stage, uses), stage)[0] for _ in range(2)]
    assert len({msgspec.json.encode(plan) for plan in plans}) == 1
    assert stage.estate.picture() == before
    assert stage.script.sent == []


INVERTIBLE = sorted(set(ACTING) - {"sessions.logoff", "notify.users", "barrier"})


@pytest.mark.parametrize("uses", INVERTIBLE)
@given(closable)
@settings(max_examples=15)
def test_actions_and_then_their_inverses_restore_the_estate_field_by_field(
    uses: str, lines: list[str]
) -> None:
    stage = stage_with(*lines)
    for machine in stage.world.machines.values():
        if machine.power is PowerState.STOPPED:  # undone by deallocating, which is cheaper and not the same
            stage.world.machines[machine.id] = msgspec.structs.replace(machine, power=PowerState.DEALLOCATED)
    before, wanted = stage.estate.picture(), planned(stage, uses)
    perform(stage, *wanted)
    assert stage.estate.picture() != before or not wanted
    perform(stage, *(undo for one in reversed(wanted) if (undo := one.inverse())))
    assert stage.estate.picture() == before


@pytest.mark.parametrize("uses", INVERTIBLE)
def test_an_inverse_undone_is_the_action_but_for_its_reason(uses: str) -> None:
    for action in planned(busy(uses), uses):
        undo = action.inverse()
        assert undo is not None
        again = undo.inverse()
        assert again is not None
        assert msgspec.structs.replace(again, reason=action.reason) == action


@pytest.mark.parametrize("uses", ["sessions.logoff", "notify.users", "barrier"])
def test_what_cannot_be_undone_says_so(uses: str) -> None:
    lines = ("assign nobody",) if uses == "barrier" else ()
    assert {one.inverse() for one in planned(busy(uses, *lines), uses)} == {None}


def confined(action: Action, route: Route, end: End, stage: Stage) -> bool:
    """Tell whether an action touches only what the plan names at one end (safety S12)."""
    side = route.side(end)
    match action:
        case RevokeAssignment() | GrantAssignment():
            one, pairs = action.assignment, route.pairs
            mine = {(pair.at(end), pair.group.id) for pair in pairs}
            return (one.scope, one.principal_id) in mine and one.role == route.plan.role
        case SetLogons():
            return pool_of(action.host) == side.host_pool
        case LogOff() | TellUser():
            return pool_of(host_of(action.session)) == side.host_pool
        case StartMachine() | DeallocateMachine():
            hosts = [one for one in stage.world.hosts.values() if one.machine == action.machine]
            return bool(hosts) and all(pool_of(one.id) == side.host_pool for one in hosts)
        case SetPoolReferences():
            others = [
                [ref for ref in refs if ref.host_pool != side.host_pool]
                for refs in (action.before, action.references)
            ]
            return action.plan == side.scaling_plan and others[0] == others[1]
        case SetScheduleFloor():
            return side.scaling_plan is not None and within(action.schedule, side.scaling_plan)
        case SetStartOnConnect():
            return action.host_pool == side.host_pool
    return False


@pytest.mark.parametrize("uses", ACTING)
@pytest.mark.parametrize("end", list(End))
@given(worlds)
@settings(max_examples=15)
def test_nothing_outside_the_plan_is_ever_touched(uses: str, end: End, lines: list[str]) -> None:
    end = End.SOURCE if uses == "barrier" else end
    stage = stage_with(*lines)
    actions = planned(stage, uses, end=end)
    assert [one for one in actions if not confined(one, stage.route, end, stage)] == []
    assert {kind_of(one) for one in actions} <= set(CATALOGUE[uses].changes)


@pytest.mark.parametrize("uses", ACTING)
@given(worlds)
@settings(max_examples=15)
def test_no_target_is_acted_on_twice_and_none_both_acted_on_and_skipped(uses: str, lines: list[str]) -> None:
    stage = stage_with(*lines)
    moves, _ = see(bound_operation(stage, uses), stage)
    targets = [one.target for one in moves.actions]
    skipped = [one.target for one in moves.skipped]
    assert len(set(targets)) == len(targets)
    assert len(set(skipped)) == len(skipped)
    assert set(targets).isdisjoint(skipped)


@pytest.mark.parametrize("uses", ACTING)
@given(worlds)
@settings(max_examples=15)
def test_the_before_of_every_action_is_what_stood_there(uses: str, lines: list[str]) -> None:
    stage = stage_with(*lines)
    for action in planned(stage, uses):
        match action:
            case RevokeAssignment():
                assert stage.world.assignments[action.assignment.id] == action.assignment
            case SetLogons():
                assert stage.world.hosts[action.host].allows_new_sessions is action.before
            case SetPoolReferences():
                assert stage.world.scaling[action.plan].references == action.before
            case SetScheduleFloor():
                assert stage.world.schedules[action.schedule].floor == action.before
            case SetStartOnConnect():
                assert stage.world.pools[action.host_pool].start_on_connect is action.before


texts = st.none() | st.text(min_size=1, max_size=40)


@given(st.lists(st.tuples(texts, texts, texts), min_size=5, max_size=5), st.booleans())
@settings(max_examples=40)
def test_a_grant_mirrors_every_property_of_the_image(
    properties: list[tuple[str | None, str | None, str | None]], remembered: bool
) -> None:
    stage = stage_with()
    named = zip(stage.world.assignments.values(), properties, strict=True)
    for one, (condition, version, description) in list(named):
        stage.world.assignments[one.id] = msgspec.structs.replace(
            one, condition=condition, condition_version=version, description=description
        )
    if remembered:
        perform(stage, *planned(stage, "assignments.revoke"))
    images = stage.memory.revoked or list(stage.world.assignments.values())
    grants = [
        one.assignment for one in planned(stage, "assignments.grant") if isinstance(one, GrantAssignment)
    ]
    assert len(grants) == len(images) == 5
    for image, grant in zip(images, grants, strict=True):
        assert differences(image, grant) == ("scope",)
        assert image.id != grant.id


def test_there_and_back_again_restores_every_assignment_but_its_name() -> None:
    stage = stage_with()
    before = {one.scope + one.principal_id: one for one in stage.world.assignments.values()}
    for leaving in (stage.route.leaving, stage.route.leaving.other):
        stage.route = msgspec.structs.replace(stage.route, leaving=leaving)
        stage.memory.revoked, stage.memory.granted = [], []
        perform(stage, *planned(stage, "assignments.revoke"))
        perform(stage, *planned(stage, "assignments.grant"))
    after = {one.scope + one.principal_id: one for one in stage.world.assignments.values()}
    assert after.keys() == before.keys()
    assert {differences(before[key], after[key]) for key in before} == {()}
