"""Where a wrong variant of the protocol goes on, the engine's own decisions refuse.

Each schedule that breaks an invariant is replayed with a clock; what its runner saw is put before the real
barrier, direction latch, closing reconcile or fold of the journal. The same decisions let the right protocol
pass, and with the one guard taken away they let the wrong one pass too, so that it is that guard which bites.
"""

import pytest

from avd_failover.cloud import Reading
from avd_failover.domain.access import paths
from avd_failover.domain.barrier import Holds, NotYet, judge
from avd_failover.domain.estate import PowerState
from avd_failover.domain.exposure import exposure, plan_users
from avd_failover.domain.graph import Step
from avd_failover.domain.placement import AllOnSource, AllOnTarget, Mixed, latch, place
from avd_failover.domain.plan import ApplicationGroupPair, BarrierProof, End, Policies, Side
from avd_failover.domain.source_look import SourceLook
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import RunEnded
from avd_failover.operations.barrier import Barrier, BarrierSeen
from avd_failover.operations.base import Blocked, Bound, Proven
from avd_failover.operations.base import NotYet as StepNotYet
from avd_failover.operations.reconcile import Reconcile, ReconcileSeen
from tests.domain.builders import (
    DAG_NEU,
    DAG_WEU,
    GRP1,
    GRP2,
    assignment,
    gid,
    host_look,
    look,
    members,
    plan,
    role,
    route,
)
from tests.journal.builders import T0, began, intended, make_pinned, make_state, revoke
from tests.model.checker import read, replay, schedule
from tests.model.known import VARIANTS, explored, model
from tests.model.protocol import DUAL_ACCESS, LOST, SESSION_AND_ACCESS
from tests.model.schedules import SCHEDULES
from tests.model.state import DRAINED, GRANTING, NO_AUTOSCALE, NO_START, SPARE_UP, Proof

D, APART = Policies().propagation_s, Policies().zero_apart_s
PAIRS = (ApplicationGroupPair(name="DAG", primary=DAG_WEU, secondary=DAG_NEU, groups=(GRP1, GRP2)),)
MEMBERS = (members(1, 1, 2), members(2, 2))
"""As in the model: both users in the first or the second group, one in both."""


def steps_of(name, invariant):
    """Return the schedule's moves, each with the state before it."""
    moves = read(SCHEDULES[name][invariant])
    return list(zip(moves, replay(model(name), moves), strict=False))


def before_the_first_grant(name):
    """Return the shortest way of a right variant to where it may grant, as moves and states before them."""
    found = explored(name)
    there = next(state for state in found.parents if state.phase == GRANTING and state.leaving == 0)
    moves = schedule(model(name), found.parents, there)
    return list(zip((*moves, ("send put", 0)), replay(model(name), moves), strict=True))


def hosts_of(state, doors):
    if not doors:
        return (host_look(1, drained=False),)
    mine = state.doors >> 4 * state.leaving
    spare = PowerState.RUNNING if mine & SPARE_UP else PowerState.DEALLOCATED
    return (host_look(1, drained=bool(mine & DRAINED)), host_look(2, drained=False, power=spare))


def seen_at(at_s, state, setting, last_revoke_s):
    """Return a look at the source as the model's state shows it."""
    mine = state.doors >> 4 * state.leaving
    users = len(setting.users)
    inside = state.sessions >> state.leaving * users & ((1 << users) - 1)
    return look(
        at_s,
        hosts=hosts_of(state, setting.doors),
        live_sessions=inside.bit_count(),
        start_on_connect=not mine & NO_START,
        autoscale_acts=not mine & NO_AUTOSCALE,
        last_revoke_s=last_revoke_s,
    )


def looks_until_granting(steps, setting):
    """Return what the runner saw until it granted: moves take a second, waits as long as they must."""
    at_s, last_revoke_s = 0.0, 0.0
    looks: list[SourceLook] = []
    for (what, _), state in steps:
        at_s += 1.0
        match what:
            case "apply delete":
                last_revoke_s = at_s
            case "settle":
                at_s = max(at_s, last_revoke_s + D)
            case "look":
                at_s = max(at_s, looks[-1].at_s + APART) if looks else at_s
                looks.append(seen_at(at_s, state, setting, last_revoke_s))
            case "send put":
                return looks
    raise AssertionError("nothing was granted")


def policies_of(variant):
    proof = BarrierProof.PHYSICAL if variant.rules.proof is Proof.PHYSICAL else BarrierProof.SETTLE
    return Policies(barrier=proof, zero_looks=variant.rules.looks)


REFUSED = [
    ("no settle wait", DUAL_ACCESS, "may open a door for another"),
    ("zero before the settle wait", SESSION_AND_ACCESS, "0 of 1 look without a session"),
    ("hosts not drained", DUAL_ACCESS, "1 host neither drained nor stopped"),
    ("Start VM on Connect left on", DUAL_ACCESS, "Start VM on Connect is on"),
    ("autoscale left on", DUAL_ACCESS, "autoscale acts on the pool"),
]


@pytest.mark.parametrize(("name", "invariant", "lacks"), REFUSED, ids=[row[0] for row in REFUSED])
def test_the_real_barrier_refuses_where_the_wrong_variant_grants(name, invariant, lacks):
    variant = VARIANTS[name]
    looks = looks_until_granting(steps_of(name, invariant), variant.setting)
    verdict = judge(looks, policies_of(variant))
    assert isinstance(verdict, NotYet)
    assert lacks in verdict.because


@pytest.mark.parametrize("name", ["the protocol", "two looks", "physical barrier"])
def test_the_real_barrier_holds_where_the_right_protocol_grants(name):
    variant = VARIANTS[name]
    looks = looks_until_granting(before_the_first_grant(name), variant.setting)
    verdict = judge(looks, policies_of(variant))
    assert isinstance(verdict, Holds)
    assert verdict.looks == tuple(one.at_s for one in looks)


def test_one_look_is_refused_because_the_plan_wants_two():
    variant = VARIANTS["one look"]
    looks = looks_until_granting(steps_of("one look", SESSION_AND_ACCESS), variant.setting)
    verdict = judge(looks, Policies(barrier=BarrierProof.SETTLE))
    assert isinstance(verdict, NotYet)
    assert verdict.because == "1 of 2 looks without a session"
    assert isinstance(judge(looks, policies_of(variant)), Holds)


def test_a_second_look_would_have_seen_whoever_slipped_past_the_first():
    """A connection becomes a session sooner than looks lie apart: what lands is there at the second look."""
    steps = steps_of("one look", SESSION_AND_ACCESS)
    variant = VARIANTS["one look"]
    first = looks_until_granting(steps, variant.setting)[-1]
    _, landed = replay(model("one look"), [move for move, _ in steps])[-2:]
    second = seen_at(first.at_s + APART, landed, variant.setting, first.last_revoke_s)
    assert second.live_sessions == 1
    assert not isinstance(judge([first, second], Policies(barrier=BarrierProof.SETTLE)), Holds)


# Overlapping groups: the barrier counts ways in, not only sessions.


def bound(uses, policies=None, **changes):
    whole = route(plan=plan(application_groups=PAIRS, policies=policies or Policies()), **changes)
    return Bound(run="run", epoch=1, route=whole, step=Step(id="step", uses=uses, side=End.TARGET))


def standing(state):
    """Return the assignments in the model's store: weu is side 0, neu is side 1."""
    places = ((DAG_WEU, 1, 0b0001), (DAG_WEU, 2, 0b0010), (DAG_NEU, 1, 0b0100), (DAG_NEU, 2, 0b1000))
    return [assignment(at, gid(group)) for at, group, bit in places if state.on & bit]


def ways_in(whole, state):
    """Return every way into the source, as the barrier reads it."""
    here = [one for one in standing(state) if one.scope == DAG_WEU]
    found = paths([DAG_WEU], here, [role()], MEMBERS, {})
    return exposure(whole, found, plan_users(whole, MEMBERS))


@pytest.mark.parametrize(("left", "verdict"), [(True, Blocked), (False, Proven)])
def test_a_group_that_still_stands_on_the_source_blocks_the_real_barrier(left, verdict):
    name = "pipelined" if left else "the protocol"
    variant = VARIANTS[name]
    steps = steps_of(name, DUAL_ACCESS) if left else before_the_first_grant(name)
    operation = Barrier(bound("barrier", policies_of(variant)))
    looks = looks_until_granting(steps, variant.setting)
    state = next(state for (what, _), state in steps if what == "send put")
    ways = ways_in(operation.route, state)
    seen = [BarrierSeen(look=one, sessions=(), ways=ways) for one in looks]
    assert isinstance(judge(looks, policies_of(variant)), Holds), "sessions alone would let it pass"
    assert isinstance(operation.prove(seen), verdict)


# Runs that were cut short.


def state_at(name, invariant, move):
    return next(state for (what, _), state in steps_of(name, invariant) if what == move)


@pytest.mark.parametrize(
    "name",
    ["no quarantine", "quarantine only before the end", "quarantine only before the first grant"],
)
def test_the_real_latch_starts_no_run_back_from_the_middle_of_another(name):
    """Nothing stands anywhere, and the new run's journal explains nothing of it."""
    state = state_at(name, DUAL_ACCESS, "take over and reverse")
    whole = bound("checks.readiness", leaving=Side.SECONDARY).route
    verdict = latch(place(whole, standing(state)))
    assert isinstance(verdict, Mixed)
    assert not verdict.explained


def test_the_latch_alone_cannot_see_a_late_delete_so_the_journal_forbids_another_run():
    """All stands where the new run would go, while a DELETE is under way: only the journal knows of it."""
    state = state_at("no quarantine", LOST, "nothing to do")
    whole = bound("checks.readiness", leaving=Side.SECONDARY).route
    assert isinstance(latch(place(whole, standing(state))), AllOnTarget)
    left = make_state([make_pinned(), began("revoke-source"), intended("revoke-source", 1, revoke())])
    assert left.changed
    assert not left.status.final


def test_a_run_that_sent_nothing_stands_in_nobodys_way():
    idle = make_state([make_pinned(), RunEnded(status=RunStatus.REFUSED, because="no seats")])
    assert not idle.changed
    assert idle.status.final


def test_a_successor_in_the_same_direction_is_let_on_by_the_latch():
    """The model's runner that resumes without a quarantine: its journal explains what is missing."""
    name = "resumed in the same direction only, without quarantine"
    parted = next(state for state in explored(name).parents if not state.alive and state.on == 0b0010)
    whole = bound("checks.readiness").route
    gone = assignment(DAG_WEU, gid(1))
    assert isinstance(latch(place(whole, standing(model(name).start()))), AllOnSource)
    placed = place(whole, standing(parted))
    verdicts = latch(placed, revoked=[gone]), latch(placed)
    assert [isinstance(one, Mixed) and one.explained for one in verdicts] == [True, False]


# The closing reconcile.


def reconcile_seen(settles_in_s):
    return ReconcileSeen(
        source=(), target=(), sessions=Reading(items=(), read_at=T0), ghosts=0, settles_in_s=settles_in_s
    )


@pytest.mark.parametrize("invariant", SCHEDULES["no closing reconcile"])
def test_the_real_reconcile_waits_where_the_wrong_variant_ends(invariant):
    steps = steps_of("no closing reconcile", invariant)
    ends = [(at, state) for at, ((what, _), state) in enumerate(steps) if what == "reconcile"]
    in_flight = [at for at, state in ends if state.in_flight]
    assert in_flight, "something is still under way when the run is called finished"
    sends = [at for at, ((what, _), _) in enumerate(steps) if what.startswith("send") and at < in_flight[0]]
    operation = Reconcile(bound("reconcile"))
    left_s = Policies().in_flight_s - (in_flight[0] - sends[-1])
    verdict = operation.prove([reconcile_seen(left_s)])
    assert isinstance(verdict, StepNotYet)
    assert verdict.look_again_s == left_s
    assert isinstance(operation.prove([reconcile_seen(0.0)]), Proven)


def test_the_translation_reads_sessions_doors_and_revokes_from_the_model():
    steps = before_the_first_grant("physical barrier")
    variant = VARIANTS["physical barrier"]
    (only,) = looks_until_granting(steps, variant.setting)
    assert only.barred
    assert only.zero
    assert only.last_revoke_s is not None
    state = next(state for (what, _), state in steps if what == "look")
    assert seen_at(0.0, state.but(sessions=0b01), variant.setting, 0.0).live_sessions == 1
    assert not seen_at(0.0, state.but(doors=state.doors | SPARE_UP), variant.setting, 0.0).barred
