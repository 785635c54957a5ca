"""What personal operations make of what they see: when a desktop is sent for, awaited, stopped, left out."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from avd_failover.cloud import Reading
from avd_failover.domain import ids
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.desk_wishes import Wish
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.estate import HostPool, HostStatus, Machine, PoolKind, PowerState
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.recovery_actions import CommitFailover, FailOverMachine
from avd_failover.domain.recovery_jobs import JobError, JobState
from avd_failover.domain.replication import Allowed, Health, Phase
from avd_failover.domain.reservations import Reservation, ReservationGroup
from avd_failover.domain.route import Route
from avd_failover.operations.base import Blocked, Bound, Moot, NotYet, Proven, Stuck, Tried
from avd_failover.operations.desks import Desks
from avd_failover.operations.personal_commit import Commit
from avd_failover.operations.personal_failover import FailOver
from avd_failover.operations.personal_readiness import PersonalReadiness, PersonalSeen
from avd_failover.operations.personal_reprotect import Protected, Reprotect
from avd_failover.operations.personal_source import StopSource
from avd_failover.operations.personal_validate import Validate
from avd_failover.runbook.plan_file import load_plan
from tests.domain.test_desks import HOST, NOW, POINTS, TARGET, desk, item, job
from tests.recovery_actions import ITEM
from tests.runbook.builders import ROOT

PLAN = load_plan(ROOT / "plans" / "personal-eu.yaml").plan
READY = (Allowed.FAIL_OVER, Allowed.TEST_FAILOVER)


def bound(mode=Mode.UNPLANNED):
    step = Step(id="failover", uses="personal.failover", side=End.TARGET)
    return Bound(run="run-1", epoch=1, route=Route(plan=PLAN, mode=mode), step=step)


def ready(name="vm-1", stand=Stand.READY, phase=Phase.PROTECTED, **changes) -> Desk:
    found: Desk = desk(stand, name=name, item=item(phase, **({"allowed": READY} | changes)))
    return found


def whole(items=()):
    return Reading(items=tuple(items), read_at=NOW)


def seen(*desks, tried=(), wishes=None, points=True, machines=None, gap="", history=()):
    hosts = whole(one.host for one in desks)
    return Desks(
        hosts=replace(hosts, complete=not gap, gap=gap),
        items=whole(one.item for one in desks if one.item),
        jobs=whole(history),
        desks=desks,
        wishes=wishes or {},
        tried=tuple(tried),
        now=NOW,
        points={one.item.id: whole(POINTS) for one in desks if one.item} if points else {},
        machines=machines or {},
    )


def tried(ended, age_s=600.0, detail=""):
    return Tried(target=ITEM, at=NOW - timedelta(seconds=age_s), ended=ended, detail=detail)


def progress(operation, look):
    (word,) = operation.tally(look).words
    return word.progress, word.says


def test_a_ready_desktop_is_sent_for_with_the_latest_processed_point():
    (action,) = FailOver(bound()).plan(seen(ready())).actions
    assert isinstance(action, FailOverMachine)
    assert (action.point, action.point_at) == (POINTS[0].id, POINTS[0].taken_at)
    assert action.machine == HOST.machine


def test_a_planned_failover_takes_whatever_is_latest():
    (action,) = FailOver(bound(Mode.PLANNED)).plan(seen(ready(), points=False)).actions
    assert isinstance(action, FailOverMachine)
    assert action.point is None


def test_a_person_chooses_another_point():
    wishes = {"vm-1": Wish(retries=1, point=ids.name_of(POINTS[3].id))}
    (action,) = FailOver(bound(Mode.PLANNED)).plan(seen(ready(), wishes=wishes)).actions
    assert isinstance(action, FailOverMachine)
    assert action.point == POINTS[3].id


STARTED = job(jobs.FAILOVER, JobState.SUCCEEDED, age_s=590.0, ended_at=NOW - timedelta(seconds=300))
BROKE = job(
    jobs.FAILOVER, JobState.FAILED, age_s=590.0, ended_at=NOW, errors=(JobError(code="1", message="no"),)
)
OLD = job(jobs.FAILOVER, JobState.FAILED, age_s=9000.0, ended_at=NOW - timedelta(seconds=8000))
SAYS_DONE = "job UnplannedFailover says Succeeded, but the desktop can be failed over"
CASES = [
    ("never tried", ready(), [], Wish(), Progress.DUE, ""),
    ("a job runs", ready(stand=Stand.FAILING_OVER), [], Wish(), Progress.UNDER_WAY, ""),
    ("a job of others runs", ready(stand=Stand.BUSY), [], Wish(), Progress.UNDER_WAY, ""),
    ("moved", ready(stand=Stand.PENDING), [], Wish(), Progress.THROUGH, ""),
    ("moved whatever was asked", ready(stand=Stand.PENDING), [], Wish(skipped="x"), Progress.THROUGH, ""),
    ("skipped", ready(), [], Wish(skipped="left out by ops"), Progress.LEFT_OUT, "left out by ops"),
    ("stuck", ready(stand=Stand.STUCK), [], Wish(), Progress.STOPPED, "a job is stuck"),
    ("no item", desk(Stand.UNPROTECTED, item=None), [], Wish(), Progress.STOPPED, "is not replicated"),
    ("replicating", ready(stand=Stand.REPLICATING), [], Wish(), Progress.STOPPED, "first replication"),
    ("just sent", ready(), [tried("applied", 5.0)], Wish(), Progress.UNDER_WAY, "does not show yet"),
    ("sent, no job ever", ready(), [tried("applied")], Wish(), Progress.STOPPED, "can be failed over"),
    (
        "refused",
        ready(),
        [tried("refused", 5.0, "not now")],
        Wish(),
        Progress.STOPPED,
        "Azure refused: not now",
    ),
    ("refused, retried", ready(), [tried("refused", 5.0)], Wish(retries=1), Progress.DUE, ""),
    ("answer lost, nothing seen", ready(), [tried("unknown")], Wish(), Progress.DUE, ""),
    (
        "answer lost, old job only",
        replace(ready(), history=(OLD,)),
        [tried("unknown")],
        Wish(),
        Progress.DUE,
        "",
    ),
    (
        "answer lost, job failed",
        replace(ready(stand=Stand.FAILED), history=(BROKE,)),
        [tried("unknown")],
        Wish(),
        Progress.STOPPED,
        "1 no",
    ),
    ("not taken", ready(), [tried("transient")], Wish(), Progress.DUE, ""),
    ("read back as not done", ready(), [tried("void")], Wish(), Progress.DUE, ""),
    (
        "job says done",
        replace(ready(), history=(STARTED,)),
        [tried("applied")],
        Wish(),
        Progress.STOPPED,
        SAYS_DONE,
    ),
    ("failed before this run", ready(stand=Stand.FAILED, phase=Phase.FAILED), [], Wish(), Progress.DUE, ""),
    (
        "failed twice, retried once",
        replace(ready(stand=Stand.FAILED), history=(BROKE,)),
        [tried("applied"), tried("applied")],
        Wish(retries=1),
        Progress.STOPPED,
        "1 no",
    ),
    (
        "under a test failover",
        ready(test_state="WaitingForCleanup"),
        [],
        Wish(retries=3),
        Progress.STOPPED,
        "one host",
    ),
    ("not allowed", ready(allowed=()), [], Wish(), Progress.STOPPED, "does not allow a failover now"),
    ("of another provider", ready(provider="HyperV"), [], Wish(), Progress.STOPPED, "HyperV"),
    (
        "a point that is gone",
        ready(),
        [],
        Wish(retries=1, point="p"),
        Progress.STOPPED,
        "no recovery point p",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_a_failover_makes_of_a_desktop(case):
    _, one, attempts, wish, wanted, says = case
    found, told = progress(FailOver(bound()), seen(one, tried=attempts, wishes={"vm-1": wish}))
    assert found is wanted
    assert says in told


def ready_items(**changes):
    return replace(ready(), item=item(allowed=READY, **changes))


@pytest.mark.parametrize(
    ("changes", "says"), [({"health": Health.CRITICAL}, "Critical"), ({"rpo_s": 901.0}, "901")]
)
def test_a_planned_run_does_not_lose_data_without_a_persons_word(changes, says):
    look = seen(ready_items(**changes), points=False)
    found, told = progress(FailOver(bound(Mode.PLANNED)), look)
    assert (found, says in told) == (Progress.STOPPED, True)
    assert progress(FailOver(bound()), seen(ready_items(**changes)))[0] is Progress.DUE
    wished = replace(look, wishes={"vm-1": Wish(retries=1)})
    assert progress(FailOver(bound(Mode.PLANNED)), wished)[0] is Progress.DUE


def test_nothing_is_sent_while_something_could_not_be_read_whole():
    look = seen(ready(), gap="a page is missing")
    moves = FailOver(bound()).plan(look)
    assert (moves.actions, moves.whole) == ((), False)
    verdict = FailOver(bound()).prove([look])
    assert isinstance(verdict, NotYet)
    assert "a page is missing" in verdict.because


def test_traders_go_first_and_the_others_wait():
    look = seen(ready("vm-pd-neu-0"), ready("vm-pd-neu-14"))
    words = FailOver(bound()).tally(look).words
    assert [word.progress for word in words] == [Progress.WAITS, Progress.DUE]


def test_too_few_hold_the_run_with_names_and_choices_and_enough_let_it_go_on():
    moved = [ready(f"vm-{n}", Stand.PENDING) for n in range(9)]
    one_stuck = seen(*moved, ready("vm-x", Stand.STUCK))
    two_stuck = seen(*moved, ready("vm-x", Stand.STUCK), ready("vm-y", Stand.STUCK))
    assert isinstance(FailOver(bound()).prove(lasting(one_stuck)), Proven)
    verdict = FailOver(bound()).prove(lasting(two_stuck))
    assert isinstance(verdict, Stuck)
    for words in (
        "vm-x",
        "vm-y",
        "90 %",
        "failover skip run-1 failover --item NAME",
        "failover choose run-1",
    ):
        assert words in verdict.because


def pending(**changes) -> Desk:
    host = replace(HOST, machine=TARGET)
    found = item(
        Phase.COMMIT_PENDING, recovered=TARGET, allowed=(Allowed.COMMIT,), failover_point=POINTS[1].id
    )
    seen: Desk = replace(desk(Stand.PENDING, item=found), host=replace(host, **changes))
    return seen


def machine(**changes) -> dict[ids.MachineId, Machine]:
    up = Machine(id=TARGET, location="westeurope", power=PowerState.RUNNING, agent_ready=True)
    return {TARGET: replace(up, **changes)}


def test_what_works_is_committed_and_the_point_it_came_from_written_down():
    (action,) = Commit(bound()).plan(seen(pending(), machines=machine())).actions
    assert isinstance(action, CommitFailover)
    assert (action.machine, action.point_at) == (TARGET, POINTS[1].taken_at)


UNSOUND = [
    ({}, {"power": PowerState.STARTING}, "its machine is starting"),
    ({}, {"agent_ready": False}, "agent inside is not ready"),
    ({}, {"location": "northeurope"}, "still points to a machine in northeurope"),
    ({"status": HostStatus.UNAVAILABLE}, {}, "its session host is Unavailable"),
    ({"machine": None}, {}, "no machine stands behind"),
]


@pytest.mark.parametrize(("host", "power", "says"), UNSOUND, ids=[case[2] for case in UNSOUND])
def test_what_does_not_work_keeps_its_other_points_until_a_person_says_otherwise(host, power, says):
    look = seen(pending(**host), machines=machine(**power))
    found, told = progress(Commit(bound()), look)
    assert (found, says in told) == (Progress.STOPPED, True)


def gate(*desks, mode=Mode.UNPLANNED, reserved=None, history=(), kind=PoolKind.PERSONAL):
    pool = HostPool(
        id=PLAN.primary.host_pool,
        location="westeurope",
        kind=kind,
        max_sessions_per_host=1,
        start_on_connect=True,
    )
    look = PersonalSeen(pool=pool, desks=seen(*desks, history=history), reserved=reserved)
    return PersonalReadiness(bound(mode)).prove([look])


def test_the_gate_lets_ready_desktops_pass_and_finds_nothing_to_do_where_all_moved():
    assert isinstance(gate(ready()), Proven)
    assert isinstance(gate(ready(stand=Stand.REVERSED), ready("vm-2", Stand.COMMITTED)), Moot)


@pytest.mark.parametrize(
    "tested",
    [
        {"desks": (ready(test_state="WaitingForCleanup"),)},
        {"desks": (ready(twin=ids.machine_in(ITEM.split("/providers/")[0], "vm-1-test")),)},
        {"desks": (ready(),), "history": (job("TestFailover"),)},
        {"desks": (ready(),), "history": (job("TestFailover", JobState.SUSPENDED),)},
    ],
    ids=["state", "twin", "job", "waiting job"],
)
def test_a_test_failover_begun_elsewhere_refuses_the_run_with_the_reason(tested):
    verdict = gate(*tested["desks"], history=tested.get("history", ()))
    assert isinstance(verdict, Blocked)
    assert "test-failover" in {finding.code for finding in verdict.findings}
    assert "both would call the control plane" in verdict.because


def test_a_test_failover_that_was_cleaned_up_refuses_nothing():
    over = job("TestFailover", JobState.SUCCEEDED)
    assert isinstance(gate(ready(), history=(over,)), Proven)


def lasting(look, seconds=130.0):
    """The same, seen for a while: what stopped is believed only then, since readings lag."""
    return [replace(look, now=NOW - timedelta(seconds=seconds)), look]


@pytest.mark.parametrize("stand", [Stand.UNPROTECTED, Stand.STUCK])
def test_a_desktop_that_stopped_is_looked_at_until_no_reading_could_lag_any_more(stand):
    look = seen(ready(stand=Stand.PENDING), desk(stand, name="vm-2", item=None))
    for looks in ([look], lasting(look, 60.0), [*lasting(seen(ready(stand=Stand.PENDING))), look]):
        verdict = FailOver(bound()).prove(looks)
        assert isinstance(verdict, NotYet)
        assert "seen once more, since readings lag" in verdict.because
    assert isinstance(FailOver(bound()).prove(lasting(look)), Stuck)


@pytest.mark.parametrize("operation", [Commit, Validate, Reprotect])
def test_whoever_this_run_brought_so_far_is_missed_where_a_reading_shows_them_elsewhere(operation):
    done = frozenset({(kind, ids.name_of(ITEM).lower()) for kind in ("machine.failover", "machine.commit")})
    stale = replace(seen(ready()), done=done)
    assert isinstance(operation(bound()).prove([stale]), NotYet)
    assert isinstance(operation(bound()).prove(lasting(stale)), Proven), "then it is where it says"
    assert isinstance(operation(bound()).prove([seen(ready())]), Proven), "nobody was brought so far"


LOST = [
    ("a reading that may be older says otherwise", ready(stand=Stand.BUSY), 5.0, False),
    ("no reading can be older", ready(stand=Stand.BUSY), 130.0, True),
    ("it is through", ready(stand=Stand.PENDING), 5.0, True),
    ("its job is seen", replace(ready(stand=Stand.FAILING_OVER), history=(STARTED,)), 580.0, True),
    ("its item is not seen", desk(Stand.UNPROTECTED, name="vm-1", item=None), 5.0, False),
]


@pytest.mark.parametrize(("one", "age_s", "whole"), [row[1:] for row in LOST], ids=[row[0] for row in LOST])
def test_a_lost_request_is_not_done_because_a_reading_that_may_be_old_does_not_want_it(one, age_s, whole):
    assert FailOver(bound()).plan(seen(one, tried=[tried("unknown", age_s)])).whole is whole


def test_machines_left_are_not_counted_from_a_reading_older_than_the_failovers():
    done = frozenset({("machine.failover", ids.name_of(ITEM).lower())})
    stale = replace(seen(ready()), done=done)
    assert isinstance(StopSource(bound()).prove([stale]), NotYet)
    assert isinstance(StopSource(bound()).prove(lasting(stale)), Proven)


def test_nothing_counts_as_protected_that_a_reading_does_not_show_as_turned():
    done = frozenset({("machine.reprotect", ids.name_of(ITEM).lower())})
    stale = replace(seen(ready(stand=Stand.COMMITTED)), done=done)
    assert isinstance(Protected(bound()).prove([stale]), NotYet)
    assert isinstance(Protected(bound()).prove(lasting(stale)), Proven)


def test_a_pool_of_another_kind_and_an_empty_one_are_refused():
    verdict = gate(ready(), kind=PoolKind.POOLED)
    assert isinstance(verdict, Blocked)
    assert [one.code for one in verdict.findings] == ["pool-kind"]
    assert isinstance(gate(), Blocked)


assert PLAN.personal is not None
assert PLAN.personal.secondary.reservation_group is not None
RESERVED = PLAN.personal.secondary.reservation_group


def kept(capacity, taken=0):
    place = Reservation(name="r", size="Standard_D4s_v5", capacity=capacity, taken=taken, zone="1")
    return ReservationGroup(id=RESERVED, location="westeurope", reservations=(place,))


def placed(name, group=None):
    named = RESERVED if group is None else group
    where = {"recovery_size": "standard_d4s_v5", "recovery_zone": "1", "reservation_group": named}
    return ready(name, **where)


@pytest.mark.parametrize(("capacity", "taken", "passes"), [(2, 0, True), (1, 0, False), (2, 1, False)])
def test_every_machine_needs_a_free_place_of_its_size_in_its_zone(capacity, taken, passes):
    verdict = gate(placed("vm-1"), placed("vm-2"), reserved=kept(capacity, taken))
    assert isinstance(verdict, Proven) is passes
    if isinstance(verdict, Blocked):
        assert [one.code for one in verdict.findings] == ["reservation-short"]


def test_an_item_without_the_plans_reservation_group_is_named():
    verdict = gate(placed("vm-1", group=""), reserved=kept(5))
    assert isinstance(verdict, Blocked)
    assert [one.code for one in verdict.findings] == ["reservation-unset"]


def test_a_failback_needs_protection_first():
    back = Bound.to(bound().step, replace(bound().route, mode=Mode.PLANNED).reverse, run="r", epoch=1)
    look = PersonalSeen(
        pool=HostPool(
            id=PLAN.primary.host_pool,
            location="",
            kind=PoolKind.PERSONAL,
            max_sessions_per_host=1,
            start_on_connect=True,
        ),
        desks=seen(ready(stand=Stand.REPLICATING)),
        reserved=None,
    )
    verdict = PersonalReadiness(back).prove([look])
    assert isinstance(verdict, Blocked)
    assert "first replication is under way" in verdict.because
