"""What a failover changed and the way home puts back: what is ours, what is others', in which order."""

from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.domain.actions import (
    Action,
    DeallocateMachine,
    Moves,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    kind_of,
)
from avd_failover.domain.estate import HostStatus, PowerState
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.ids import name_of, scaling_plan_id
from avd_failover.domain.plan import End, Side
from avd_failover.operations.base import AfterRefusal, AnyOperation, NotYet, Proven, Verdict
from tests.domain import builders
from tests.operations.drive import bound_operation, perform, see
from tests.operations.places import (
    host_id,
    machine_of,
    make_floor,
    make_machine,
    make_route,
    make_scaling,
    make_schedule,
)
from tests.operations.staging import STEP, Stage

WHY = "the side was left"
PUT_BACK, RESTORE = "restore.earlier", "restore"
LONG_AGO_S, NOW_S = 100.0, 1000.0


def shut(host: str, *, allowed: bool = False, before: bool = True) -> SetLogons:
    return SetLogons(host=host_id(host), allowed=allowed, before=before, reason=WHY)


def held_autoscale(region: str = "weu") -> SetPoolReferences:
    before, after = make_scaling(region, own=True), make_scaling(region, own=False)
    return SetPoolReferences(
        plan=before.id, references=after.references, before=before.references, reason=WHY
    )


def forbidden(region: str = "weu") -> SetStartOnConnect:
    return SetStartOnConnect(host_pool=builders.pool(region), allowed=False, before=True, reason=WHY)


def raised(name: str, floor: str, before: str, region: str = "neu") -> SetScheduleFloor:
    schedule = make_schedule(region, name, floor).id
    return SetScheduleFloor(schedule=schedule, floor=make_floor(floor), before=make_floor(before), reason=WHY)


def started(name: str) -> StartMachine:
    return StartMachine(machine=machine_of(name), reason=WHY)


LEFT = (held_autoscale(), forbidden(), shut("weu-1"), shut("weu-2"))
"""What a failover does to the side that it leaves."""
WARMED = (raised("weekdays", "100/60 100/90", "20/60 10/90"), started("neu-1"), started("neu-2"))
"""What it does to the side that it goes to."""


def going_home() -> Stage:
    """Users are on the secondary side after a failover; the run home begins."""
    stage = Stage(make_route(leaving=Side.SECONDARY))
    stage.at(NOW_S)
    for name in ("neu-1", "neu-2", "neu-3"):
        stage.change(f"host {name} Available")
    for name in ("weu-1", "weu-2"):
        stage.change(f"host {name} Available")
    perform(stage, *LEFT)
    stage.world.schedules[WARMED[0].target] = make_schedule("neu", "weekdays", "100/60 100/90")
    stage.memory = type(stage.memory)(now_s=NOW_S, inherited=[*LEFT, *WARMED])
    return stage


def look(
    stage: Stage, end: End, uses: str = PUT_BACK, operation: AnyOperation | None = None
) -> tuple[Moves, Verdict]:
    return see(operation or bound_operation(stage, uses, end=end), stage)


def told(moves: Moves) -> list[str]:
    return [f"{kind_of(one)} {name_of(one.target)}" for one in moves.actions]


def put_back_all(stage: Stage, end: End) -> Verdict:
    """Do all that is planned, look by look, to the end."""
    operation = bound_operation(stage, PUT_BACK, end=end)
    for _ in range(5):
        moves, verdict = look(stage, end, operation=operation)
        if not moves.actions:
            return verdict
        perform(stage, *moves.actions)
    raise AssertionError("it never ends")


def test_what_the_failover_did_to_the_side_that_users_return_to_is_undone_there_and_not_elsewhere() -> None:
    moves, verdict = look(going_home(), End.TARGET)
    assert told(moves) == ["pool.start-on-connect hp-weu", "host.logons weu-1", "host.logons weu-2"]
    assert all(one.allowed for one in moves.actions if isinstance(one, SetLogons | SetStartOnConnect))
    assert verdict == NotYet(because="not put back yet: sp-weu, hp-weu, weu-1 and weu-2")


def test_autoscale_comes_last() -> None:
    """Before that, it would start and stop machines while they are being opened or stopped."""
    stage = going_home()
    perform(stage, *look(stage, End.TARGET)[0].actions)
    moves, _ = look(stage, End.TARGET)
    assert told(moves) == ["autoscale.pools sp-weu"]
    (action,) = moves.actions
    assert isinstance(action, SetPoolReferences)
    assert action.references == held_autoscale().before


@pytest.mark.parametrize("end", [End.TARGET, End.SOURCE])
def test_when_all_is_put_back_a_look_proves_it_and_nothing_more_is_sent(end: End) -> None:
    stage = going_home()
    verdict = put_back_all(stage, end)
    changes = {End.TARGET: 4, End.SOURCE: 3}[end]
    assert isinstance(verdict, Proven)
    assert (verdict.because, verdict.facts) == (
        f"{changes} changes put back",
        {"restored": changes, "left": 0},
    )
    again, _ = look(stage, end)
    assert again.actions == ()


def test_the_side_that_users_left_goes_to_rest_as_it_was() -> None:
    stage = going_home()
    put_back_all(stage, End.SOURCE)
    powers = {name: stage.world.machines[machine_of(name)].power for name in ("neu-1", "neu-2", "neu-3")}
    assert powers == {
        "neu-1": PowerState.DEALLOCATED,
        "neu-2": PowerState.DEALLOCATED,
        "neu-3": PowerState.RUNNING,
    }, "what the failover had not started is nobody's to stop"
    assert stage.world.schedules[WARMED[0].target].floor == make_floor("20/60 10/90")


def test_machines_that_this_run_started_where_users_return_to_stay_up() -> None:
    stage = going_home()
    stage.memory.changed = [started("weu-1")]
    moves, _ = look(stage, End.TARGET)
    assert not [one for one in moves.actions if isinstance(one, DeallocateMachine)]
    put_back_all(stage, End.TARGET)
    assert stage.world.machines[machine_of("weu-1")].power is PowerState.RUNNING


def test_machines_that_the_failover_had_started_there_are_stopped_all_the_same() -> None:
    """Such as one of the side that was left, woken for a look: this run owes it no users."""
    stage = going_home()
    stage.memory.inherited = [started("weu-2")]
    assert told(look(stage, End.TARGET)[0]) == ["machine.deallocate vm-weu-2"]


def test_machines_that_this_run_started_on_the_side_it_leaves_are_stopped() -> None:
    stage = going_home()
    stage.memory.inherited, stage.memory.changed = [], [started("neu-3")]
    assert told(look(stage, End.SOURCE)[0]) == ["machine.deallocate vm-neu-3"]


def test_a_machine_is_stopped_once_and_whoever_starts_it_again_has_reasons() -> None:
    stage = going_home()
    stage.memory.inherited = [started("neu-1")]
    operation = bound_operation(stage, PUT_BACK, end=End.SOURCE)
    perform(stage, *look(stage, End.SOURCE, operation=operation)[0].actions)
    stage.world.machines[machine_of("neu-1")] = make_machine("neu-1", PowerState.RUNNING)
    for process in (operation, bound_operation(stage, PUT_BACK, end=End.SOURCE)):
        moves, verdict = look(stage, End.SOURCE, operation=process)
        assert moves.actions == ()
        assert [one.because for one in moves.skipped] == ["was stopped, and somebody else started it since"]
        assert isinstance(verdict, Proven)


def test_a_machine_on_which_somebody_works_is_left_to_them() -> None:
    stage = going_home()
    stage.change("host neu-1 Available sessions=2")
    moves, _ = look(stage, End.SOURCE)
    assert told(moves) == ["autoscale.floor weekdays", "machine.deallocate vm-neu-2"]
    assert ("2 sessions on it", f"{machine_of('neu-1')}") in [
        (one.because, one.target) for one in moves.skipped
    ]


def test_a_machine_that_is_still_being_stopped_is_started_once_it_is_off() -> None:
    """Such as by a request of ours that arrived late: Azure refuses a start until then (safety S14)."""
    stage = going_home()
    stage.memory.changed = [DeallocateMachine(machine=machine_of("neu-3"), reason=WHY)]
    operation = bound_operation(stage, RESTORE, end=End.SOURCE)
    stage.world.machines[machine_of("neu-3")] = make_machine("neu-3", PowerState.DEALLOCATING)
    moves, verdict = look(stage, End.SOURCE, operation=operation)
    assert moves.actions == ()
    assert verdict == NotYet(because="vm-neu-3 is still being stopped")
    stage.world.machines[machine_of("neu-3")] = make_machine("neu-3", PowerState.DEALLOCATED)
    assert told(look(stage, End.SOURCE, operation=operation)[0]) == ["machine.start vm-neu-3"]


@pytest.mark.parametrize("uses", [PUT_BACK, RESTORE])
@pytest.mark.parametrize("code", ["AuthorizationFailed", "Conflict", "OperationNotAllowed"])
def test_a_machine_that_cannot_be_stopped_holds_nothing(uses: str, code: str) -> None:
    stage = going_home()
    stage.memory.inherited = stage.memory.changed = [started("neu-1")]
    operation = bound_operation(stage, uses, end=End.SOURCE)
    (stop,) = look(stage, End.SOURCE, operation=operation)[0].actions
    assert operation.after(stop, RefusedError("no", code=code)) is AfterRefusal.LEAVE
    moves, verdict = look(stage, End.SOURCE, operation=operation)
    assert moves.actions == ()
    assert isinstance(verdict, Proven)
    assert verdict.because == "0 changes put back; changed by others since and left to them: vm-neu-1"


SETTINGS: list[tuple[Action, End]] = [
    (shut("weu-1"), End.TARGET),
    (held_autoscale(), End.TARGET),
    (forbidden(), End.TARGET),
    (WARMED[0], End.SOURCE),
]


@pytest.mark.parametrize("uses", [PUT_BACK, RESTORE])
@pytest.mark.parametrize(("action", "end"), SETTINGS, ids=[kind_of(row[0]) for row in SETTINGS])
def test_a_setting_that_cannot_be_put_back_stops_the_step(uses: str, action: Action, end: End) -> None:
    operation = bound_operation(going_home(), uses, end=end)
    assert (
        operation.after(action, RefusedError("no", code="AuthorizationFailed", status=403))
        is AfterRefusal.STOP
    )


THEIRS = [
    ("a drain flag set back by hand", "host weu-1 Available", End.TARGET, "stands as before the run", 0),
    ("a host that is gone", "host weu-1 gone", End.TARGET, "it is gone", 1),
    ("a floor set to something else", "schedule neu weekdays 50/60 10/90", End.SOURCE, "somebody else", 1),
    ("a schedule that is gone", "schedule neu weekdays gone", End.SOURCE, "it is gone", 1),
    ("autoscale of another pool held too", "scaling weu own=off other=off", End.TARGET, "somebody else", 1),
    ("start on connect allowed by hand", "pool weu start=on", End.TARGET, "stands as before the run", 0),
]


@pytest.mark.parametrize(
    ("line", "end", "because", "drifted"), [r[1:] for r in THEIRS], ids=[r[0] for r in THEIRS]
)
def test_what_others_changed_since_is_left_to_them_and_told(line, end, because, drifted) -> None:
    stage = going_home()
    stage.change(line)
    moves, _ = look(stage, end)
    assert [because in one.because for one in moves.skipped] == [True]
    verdict = put_back_all(stage, end)
    assert isinstance(verdict, Proven)
    assert verdict.facts["left"] == drifted
    assert ("left to them" in verdict.because) is bool(drifted)


def test_what_this_run_changed_on_top_of_the_failover_goes_back_to_before_both() -> None:
    """The failover raised a floor, and the way home raised it further: neither is the world's own value."""
    stage = going_home()
    higher = raised("weekdays", "100/50 100/50", "100/60 100/90")
    perform(stage, higher)
    action, *_ = look(stage, End.SOURCE)[0].actions
    assert isinstance(action, SetScheduleFloor)
    assert (action.floor, action.before) == (make_floor("20/60 10/90"), make_floor("100/50 100/50"))


def test_a_request_of_the_failover_that_arrived_late_is_its_own_doing() -> None:
    stage = going_home()
    stage.memory.inherited += [shut("weu-1", allowed=True, before=False)]
    moves, _ = look(stage, End.TARGET)
    assert "host.logons weu-1" in told(moves), (
        "shut as the failover once asked, although it asked otherwise last"
    )


def test_hosts_are_not_opened_while_a_removed_assignment_may_open_a_door() -> None:
    stage = going_home()
    stage.memory.last_revoke_s = NOW_S - 60.0
    moves, verdict = look(stage, End.SOURCE)
    assert moves == Moves()
    assert verdict == NotYet(because="opening hosts again is safe in 600 s", look_again_s=600.0)
    assert look(stage, End.TARGET)[0].actions, "nothing was removed where users return to"


def test_a_failover_that_changed_nothing_leaves_nothing_to_put_back() -> None:
    stage = going_home()
    stage.memory.inherited = []
    moves, verdict = look(stage, End.TARGET)
    assert moves == Moves()
    assert verdict == Proven(because="0 changes put back", facts={"restored": 0, "left": 0}, idle=True)


def test_a_rollback_puts_back_its_own_run_only() -> None:
    stage = going_home()
    assert look(stage, End.TARGET, RESTORE)[0] == Moves()
    stage.memory.changed = [*LEFT]
    assert told(look(stage, End.TARGET, RESTORE)[0]) == told(look(stage, End.TARGET, PUT_BACK)[0])


def test_what_belongs_to_neither_side_is_never_touched() -> None:
    stage = going_home()
    elsewhere: Any = scaling_plan_id(builders.resource("sea", "scalingPlans", "sp-sea"))
    stage.memory.inherited = [replace(held_autoscale(), plan=elsewhere), started("sea-1"), forbidden("sea")]
    for end in End:
        assert look(stage, end)[0] == Moves()


def test_hosts_that_report_nothing_are_opened_all_the_same() -> None:
    stage = going_home()
    stage.change(f"host weu-1 {HostStatus.UNAVAILABLE.value} drained")
    assert "host.logons weu-1" in told(look(stage, End.TARGET)[0])


def test_what_was_stopped_already_is_not_stopped_again() -> None:
    stage = going_home()
    stage.world.machines[machine_of("neu-1")] = make_machine("neu-1", PowerState.DEALLOCATING)
    moves, _ = look(stage, End.SOURCE)
    assert [one.because for one in moves.skipped] == ["is stopped already"]
    assert STEP not in stage.memory.done
