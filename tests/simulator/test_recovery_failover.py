"""Failover of a protected item: what becomes of job, item, machine, session host and sessions."""

import json

import pytest

from avd_failover.simulator.audit import audit
from avd_failover.simulator.records import Machine
from avd_failover.simulator.recovery_points import health, lag_s
from avd_failover.simulator.recovery_records import Extension, Mishap, ProtectedItem
from avd_failover.simulator.refusals import ArmRefusal
from avd_failover.simulator.requests import Request, replay
from tests.simulator.builders import ADMIN, ENGINE
from tests.simulator.recovery_estate import (
    NORTH,
    RESERVED,
    VAULT,
    WEST,
    committed,
    ended,
    failed_over,
    host,
    item,
    recovered,
    reprotected,
    source,
    state,
    switch,
    vault_world,
)

UFO = ["VmUfoPrerequisitesCheck", "VmShutdownVmOnPrimary", "VmPrepareForUnPlannedFailover", "VmFailover"]
UFO += ["VmFoStartVmOnSecondary"]


def dark(world, region="northeurope", *, up=False):
    set_region(world, region, control_plane_up=up, compute_up=up)


def set_region(world, region, **parts):
    found = next(one for one in world.pools.regions() if one.id == region)
    world.core.change("azure:weather", "region", found, **parts)


def lasted(job):
    return job.end_s - job.start_s


def refusal(call, *args, **kwargs):
    with pytest.raises(ArmRefusal) as told:
        call(*args, **kwargs)
    return told.value.status, told.value.code


def begun(world, verb, number=0, container=NORTH, **how):
    """Begin one operation on one item with arguments that are right for it."""
    items = world.recovery.items
    target = item(number, container)
    calls = {
        "unplanned_failover": lambda: items.unplanned_failover(ENGINE, target, **how),
        "commit": lambda: items.commit(ENGINE, target),
        "apply_point": lambda: items.apply_point(ENGINE, target, items.points(target)[0].id),
        "reprotect": lambda: items.reprotect(ENGINE, target),
        "switch_protection": lambda: items.switch_protection(
            ENGINE, container, f"vm-pd-{number}", switch(state(world, number, container))
        ),
        "test_failover": lambda: items.test_failover(ENGINE, target),
        "clean_up_test": lambda: items.clean_up_test(ENGINE, target),
        "cancel_failover": lambda: items.cancel_failover(ENGINE, target),
        "update": lambda: items.update(ENGINE, target, {"recovery_vm_size": "Standard_D16s_v5"}),
    }
    return calls[verb]()


def test_a_failover_makes_a_machine_with_the_same_name_and_the_session_host_follows_it():
    world = vault_world()
    before = world.machines.get(source(0))
    found = failed_over(world, shut_down=True)
    made = world.machines.get(recovered(0))
    assert (found.phase, found.recovery_machine) == ("commit-pending", made.id)
    assert (made.computer_name, made.location, made.power) == (before.computer_name, "westeurope", "running")
    assert made.vm_id != before.vm_id
    assert world.machines.get(source(0)).power == "deallocated"
    desk = world.hosts.get(host(0))
    assert (desk.machine, desk.status, desk.assigned_user) == (
        made.id,
        "Unavailable",
        "owners-01@contoso.example",
    )
    world.advance(world.now_s + 91)
    assert world.hosts.get(host(0)).status == "Available"


def test_the_old_machine_says_nothing_about_the_session_host_any_more():
    world = vault_world()
    failed_over(world, shut_down=False)
    world.advance(world.now_s + 200)
    world.machines.deallocate(ADMIN, source(0))
    world.advance(world.now_s + 200)
    assert world.hosts.get(host(0)).status == "Available"
    assert world.hosts.on_machine(source(0)) is None


def test_the_tasks_of_a_failover_follow_each_other_and_take_the_time_of_the_whole():
    world = vault_world()
    job = ended(world, world.recovery.items.unplanned_failover(ENGINE, item(0), shut_down=True))
    assert [task.name for task in job.tasks] == UFO
    assert {task.state for task in job.tasks} == {"Succeeded"}
    times = [moment for task in job.tasks for moment in (task.start_s, task.end_s) if moment is not None]
    assert len(times) == 2 * len(UFO)
    assert times == sorted(times)
    assert lasted(job) == pytest.approx(200, abs=1)


@pytest.mark.parametrize(
    ("how", "region_up", "skipped"),
    [
        ({"shut_down": True}, True, []),
        ({"shut_down": False}, True, [UFO[1]]),
        ({"shut_down": True}, False, UFO[1:3]),
        ({"shut_down": False}, False, UFO[1:3]),
    ],
)
def test_tasks_that_cannot_or_must_not_be_done_are_skipped(how, region_up, skipped):
    world = vault_world()
    dark(world, up=region_up)
    job = ended(world, world.recovery.items.unplanned_failover(ENGINE, item(0), **how))
    assert job.state == "Succeeded"
    assert [task.name for task in job.tasks if task.state == "Other"] == skipped
    untouched = not how["shut_down"] or not region_up
    power = world.core.get(Machine, source(0)).power
    assert power == ("running" if untouched else "deallocated")


def test_no_extension_comes_along_and_a_failback_brings_none_either():
    world = vault_world()
    assert [one.name for one in world.recovery.extensions.list(source(0))] == ["AADLogin", "Agent"]
    reprotected(world)
    assert world.recovery.extensions.list(recovered(0)) == []
    failed_over(world, 0, WEST, shut_down=True)
    assert world.recovery.extensions.list(source(0)) == []
    assert len(world.core.table(Extension)) == 6


def test_sessions_on_a_desktop_end_with_its_source():
    world = vault_world()
    number = next(n for n in range(3) if world.sessions.alive_on_host(host(n)))
    failed_over(world, number, shut_down=True)
    assert not world.sessions.alive_on_host(host(number))


LEGAL = {
    "protected": ["unplanned_failover", "test_failover", "update"],
    "commit-pending": ["commit", "apply_point", "update"],
    "committed": ["reprotect", "switch_protection", "update"],
    "initial": ["update"],
}
VERBS = ["unplanned_failover", "commit", "apply_point", "reprotect", "switch_protection", "test_failover"]
VERBS += ["clean_up_test", "cancel_failover", "update"]


@pytest.mark.parametrize("phase", list(LEGAL))
@pytest.mark.parametrize("verb", VERBS)
def test_each_state_allows_its_operations_and_no_others(phase, verb):
    world = vault_world(protects={"exceptions": [{"desktop": "pd-0", "state": phase}]})
    if verb == "apply_point" and phase in {"committed", "initial"}:
        call = (world.recovery.items.apply_point, ENGINE, item(0), "anything")
        assert refusal(*call) == (409, "OperationNotAllowed")
    elif verb in LEGAL[phase]:
        assert begun(world, verb).state == "InProgress"
    else:
        assert refusal(begun, world, verb) == (409, "OperationNotAllowed")


@pytest.mark.parametrize("verb", ["unplanned_failover", "test_failover", "update"])
def test_while_a_job_works_on_an_item_nothing_else_is_taken(verb):
    world = vault_world()
    begun(world, "unplanned_failover")
    assert refusal(begun, world, verb) == (409, "OperationNotAllowed")
    assert begun(world, verb, 1).state == "InProgress"


def test_after_the_commit_there_are_no_points_and_no_way_back_but_reprotect():
    world = vault_world()
    failed_over(world)
    assert world.recovery.items.points(item(0))
    found = state(world)
    assert any(one.id == found.failover_point for one in world.recovery.items.points(item(0)))
    done = ended(world, world.recovery.items.commit(ENGINE, item(0)))
    assert lasted(done) == pytest.approx(4, abs=1)
    assert world.recovery.items.points(item(0)) == []
    assert state(world).phase == "committed"


def test_another_point_may_be_chosen_before_the_commit_and_the_machine_starts_anew():
    world = vault_world()
    found = failed_over(world)
    other = next(one for one in world.recovery.items.points(item(0)) if one.id != found.failover_point)
    world.advance(world.now_s + 200)
    assert world.hosts.get(host(0)).status == "Available"
    ended(world, world.recovery.items.apply_point(ENGINE, item(0), other.id))
    assert state(world).failover_point == other.id
    assert world.hosts.get(host(0)).status == "Unavailable"
    world.advance(world.now_s + 200)
    assert world.hosts.get(host(0)).status == "Available"


def test_a_failover_to_a_point_of_ones_choice_uses_that_and_synchronises_nothing():
    world = vault_world()
    oldest = min(world.recovery.items.points(item(0)), key=lambda one: one.at_s)
    job = ended(world, world.recovery.items.unplanned_failover(ENGINE, item(0), point=oldest.id.upper()))
    assert [task.state for task in job.tasks if task.name == UFO[2]] == ["Other"]
    assert state(world).failover_point == oldest.id
    wrong = (world.recovery.items.unplanned_failover, ENGINE, item(1))
    assert refusal(*wrong, point=oldest.id) == (400, "RecoveryPointNotFound")


@pytest.mark.parametrize(
    ("setting", "forth", "back"),
    [
        ("PrimaryToRecovery", "PrimaryToRecovery", "PrimaryToRecovery"),
        ("RecoveryToPrimary", "PrimaryToRecovery", "RecoveryToPrimary"),
    ],
)
def test_only_the_configured_direction_is_taken(setting, forth, back):
    wrong = {"PrimaryToRecovery": "RecoveryToPrimary", "RecoveryToPrimary": "PrimaryToRecovery"}
    world = vault_world(failback_direction=setting)
    refused = (400, "InvalidFailoverDirection")
    assert refusal(begun, world, "unplanned_failover", 1, direction=wrong[forth]) == refused
    assert begun(world, "unplanned_failover", 1, direction=forth).state == "InProgress"
    reprotected(world)
    assert refusal(begun, world, "unplanned_failover", 0, WEST, direction=wrong[back]) == refused
    assert begun(world, "unplanned_failover", 0, WEST, direction=back).state == "InProgress"


def test_a_reprotect_moves_the_item_to_the_other_container_and_replicates_for_a_while():
    world = vault_world()
    found = committed(world, shut_down=True)
    job = world.recovery.items.switch_protection(ENGINE, NORTH, found.name, switch(found))
    world.advance(world.now_s + 300)
    assert state(world).phase == "committed"
    done = ended(world, job)
    assert done.made == item(0, WEST)
    assert lasted(done) == pytest.approx(605, abs=2)
    assert refusal(state, world) == (404, "ResourceNotFound")
    moved = state(world, 0, WEST)
    assert (moved.phase, moved.machine, moved.recovery_machine) == ("initial", recovered(0), "")
    assert (moved.recovery_container, moved.recovery_group) == (
        NORTH,
        found.machine.partition("/providers")[0],
    )
    assert world.recovery.items.points(moved.id) == []
    world.advance(world.now_s + 901)
    scenarios = [one.scenario for one in world.recovery.jobs.of_vault(VAULT)]
    assert "PrimaryIrCompletion" in scenarios
    world.advance(world.now_s + 5)
    assert state(world, 0, WEST).phase == "protected"
    assert world.recovery.items.points(moved.id)


def test_a_failback_brings_the_desktop_home_under_its_first_id():
    world = vault_world()
    reprotected(world)
    committed(world, 0, WEST, shut_down=True)
    world.advance(world.now_s + 200)
    desk = world.hosts.get(host(0))
    assert (desk.machine, desk.status) == (source(0), "Available")
    assert world.machines.get(source(0)).location == "northeurope"
    assert world.machines.get(recovered(0)).power == "deallocated"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"recovery_container": WEST}, "InvalidRecoveryContainer"),
        ({"policy": VAULT + "/replicationPolicies/other"}, "InvalidPolicy"),
        ({"disks": []}, "VMDisksMissing"),
        (
            {"disks": [{"disk": source(0) + "_x", "staging_account": "s", "recovery_group": "g"}]},
            "VMDisksMissing",
        ),
        ({"capacity_group": RESERVED}, "InvalidCapacityReservationGroup"),
    ],
)
def test_a_reprotect_that_asks_for_the_wrong_thing_is_refused(change, code):
    world = vault_world()
    found = committed(world)
    call = (world.recovery.items.switch_protection, ENGINE, NORTH, found.name, switch(found, **change))
    assert refusal(*call) == (400, code)
    assert state(world) == found


def test_without_the_reverse_mapping_nothing_is_reprotected():
    world = vault_world(reverse_mapping=False)
    committed(world)
    assert refusal(begun, world, "switch_protection") == (400, "ProtectionContainerMappingNotFound")


def test_re_protect_fails_for_managed_disks_and_the_item_stays_committed():
    world = vault_world()
    committed(world)
    job = ended(world, begun(world, "reprotect"))
    assert (job.state, job.errors[0].message) == ("Failed", "Managed disk details not provided.")
    assert state(world).phase == "committed"
    assert begun(world, "switch_protection").state == "InProgress"


def test_an_original_that_still_runs_is_stopped_when_it_is_reprotected():
    world = vault_world()
    committed(world, shut_down=False)
    assert world.machines.get(source(0)).power == "running"
    ended(world, begun(world, "switch_protection"))
    assert world.machines.get(source(0)).power == "deallocated"


def test_initial_replication_waits_for_a_source_that_is_dark():
    world = vault_world()
    committed(world, shut_down=True)
    ended(world, begun(world, "switch_protection"))
    dark(world, "westeurope")
    world.advance(world.now_s + 5_000)
    dark(world, "westeurope", up=True)
    assert state(world, 0, WEST).phase == "initial"
    world.advance(world.now_s + 70)
    assert state(world, 0, WEST).phase == "protected"


def test_a_reservation_that_is_too_small_fails_the_failover_and_leaves_the_source_alone():
    few = {
        "name": "crg",
        "resource_group": "rg-dr",
        "region": "westeurope",
        "reservations": [{"name": "cr", "size": "Standard_D8s_v5", "capacity": 1}],
    }
    world = vault_world(reservation_groups=[few])
    failed_over(world, 0)
    job = ended(world, begun(world, "unplanned_failover", 1))
    assert (job.state, job.errors[0].code, job.allowed) == ("Failed", "28031", ("Restart",))
    assert "crg" in job.errors[0].message
    assert [task.state for task in job.tasks][-2:] == ["Failed", "NotStarted"]
    assert state(world, 1).phase == "failover-failed"
    assert world.hosts.get(host(1)).machine == source(1)
    assert refusal(world.machines.get, recovered(1)) == (404, "ResourceNotFound")
    ended(world, world.recovery.items.update(ENGINE, item(1), {"capacity_group": ""}))
    assert ended(world, world.recovery.jobs.restart(ADMIN, job.id)).state == "Succeeded"
    assert state(world, 1).phase == "commit-pending"


def test_a_recovery_region_without_compute_has_no_room():
    world = vault_world()
    set_region(world, "westeurope", compute_up=False)
    job = ended(world, begun(world, "unplanned_failover"))
    assert "AllocationFailed" in job.errors[0].message


@pytest.mark.parametrize(
    ("on", "verb", "phase"),
    [
        ("UnplannedFailover", "unplanned_failover", "protected"),
        ("CommitFailover", "commit", "commit-pending"),
        ("ChangePit", "apply_point", "commit-pending"),
        ("SwitchProtection", "switch_protection", "committed"),
        ("TestFailover", "test_failover", "protected"),
        ("UpdateReplicationProtectedItem", "update", "protected"),
    ],
)
class TestMishaps:
    def start(self, on, verb, phase, how):
        world = vault_world(
            protects={"exceptions": [{"desktop": "pd-0", "state": phase}]},
            mishaps=[{"desktop": "pd-0", "on": on, "how": how, "code": "99", "message": "no"}],
        )
        return world, begun(world, verb)

    def test_a_job_that_fails_says_why_and_the_next_one_succeeds(self, on, verb, phase):
        world, job = self.start(on, verb, phase, "fails")
        done = ended(world, job)
        assert (done.state, done.errors[0].code, done.errors[0].message) == ("Failed", "99", "no")
        assert state(world).phase == ("failover-failed" if verb == "unplanned_failover" else phase)
        assert ended(world, world.recovery.jobs.restart(ADMIN, job.id)).state == "Succeeded"
        assert refusal(world.recovery.jobs.restart, ADMIN, job.id) == (409, "OperationNotAllowed")

    def test_a_suspended_job_never_ends_by_itself_and_goes_on_when_resumed(self, on, verb, phase):
        world, job = self.start(on, verb, phase, "suspends")
        world.advance(200_000)
        waiting = world.recovery.jobs.get(job.id)
        assert (waiting.state, waiting.allowed) == ("Suspended", ("Resume", "Cancel"))
        assert state(world).job == job.id
        assert ended(world, world.recovery.jobs.resume(ADMIN, job.id)).state == "Succeeded"

    def test_a_suspended_job_that_is_cancelled_changes_nothing(self, on, verb, phase):
        world, job = self.start(on, verb, phase, "suspends")
        world.advance(500)
        assert world.recovery.jobs.cancel(ADMIN, job.id).state == "Cancelled"
        assert (state(world).phase, state(world).job) == (phase, "")

    def test_a_stalled_job_stays_in_one_task_for_ever(self, on, verb, phase):
        world, job = self.start(on, verb, phase, "stalls")
        world.advance(200_000)
        stuck = world.recovery.jobs.get(job.id)
        assert stuck.state == "InProgress"
        assert [task.state for task in stuck.tasks].count("InProgress") == 1
        assert refusal(world.recovery.jobs.cancel, ADMIN, job.id) == (409, "OperationNotAllowed")

    def test_a_lost_job_says_succeeded_and_nothing_was_done(self, on, verb, phase):
        world, job = self.start(on, verb, phase, "lost")
        assert ended(world, job).state == "Succeeded"
        assert (state(world).phase, state(world).test_state, state(world).job) == (phase, "None", "")
        assert world.core.find(ProtectedItem, item(0, WEST)) is None


def test_a_mishap_strikes_as_often_as_it_says_and_only_whom_it_means():
    world = vault_world()
    world.recovery.mishaps.arm(ADMIN, "", "UnplannedFailover", "fails", times=2)
    ends = [ended(world, begun(world, "unplanned_failover", number)).state for number in range(3)]
    assert ends == ["Failed", "Failed", "Succeeded"]
    assert [one.left for one in world.core.table(Mishap).values()] == [0]
    world.recovery.mishaps.arm(ADMIN, item(3), "CommitFailover", "fails")
    assert ended(world, begun(world, "commit", 2)).state == "Succeeded"


def test_a_failover_can_be_cancelled_until_the_machine_is_being_made():
    world = vault_world()
    job = begun(world, "unplanned_failover")
    world.advance(3)
    world.recovery.jobs.cancel(ADMIN, job.id)
    world.advance(1_000)
    assert (state(world).phase, world.recovery.jobs.get(job.id).state) == ("protected", "Cancelled")
    again = begun(world, "unplanned_failover")
    world.advance(world.now_s + 60)
    assert refusal(world.recovery.jobs.cancel, ADMIN, again.id) == (409, "OperationNotAllowed")


def test_a_failed_job_is_not_restarted_once_its_item_went_on():
    world = vault_world(mishaps=[{"on": "UnplannedFailover", "how": "fails"}])
    failed = ended(world, begun(world, "unplanned_failover"))
    failed_over(world)
    assert refusal(world.recovery.jobs.restart, ADMIN, failed.id) == (409, "OperationNotAllowed")


def test_a_test_failover_leaves_a_twin_that_anybody_can_see_until_it_is_cleaned_up():
    world = vault_world()
    twin = recovered(0) + "-test"
    ended(world, begun(world, "test_failover"))
    assert world.machines.get(twin).computer_name == world.machines.get(source(0)).computer_name
    assert state(world).test_state == "WaitingForCleanup"
    assert refusal(begun, world, "unplanned_failover") == (409, "OperationNotAllowed")
    assert world.hosts.get(host(0)).machine == source(0)
    ended(world, begun(world, "clean_up_test"))
    assert refusal(world.machines.get, twin) == (404, "ResourceNotFound")
    assert state(world).test_state == "None"
    violations = [one["detail"] for one in audit(world)["violations"]]
    assert any("TestFailover" in text for text in violations)


def test_protection_is_never_disabled_here():
    world = vault_world()
    assert refusal(world.recovery.items.refuse_removal, item(0)) == (409, "ScopeLocked")
    assert state(world).phase == "protected"


def test_a_dark_vault_answers_nothing_and_runs_its_jobs_all_the_same():
    world = vault_world()
    job = begun(world, "unplanned_failover")
    set_region(world, "westeurope", control_plane_up=False)
    assert refusal(state, world) == (503, "ServiceUnavailable")
    assert refusal(world.recovery.jobs.get, job.id) == (503, "ServiceUnavailable")
    world.advance(400)
    set_region(world, "westeurope", control_plane_up=True)
    assert world.recovery.jobs.get(job.id).state == "Succeeded"


def test_replication_falls_behind_while_the_source_is_dark_and_the_points_stand_still():
    world = vault_world()
    assert health(state(world), world.now_s) == "Normal"
    dark(world)
    newest = max(one.at_s for one in world.recovery.items.points(item(0)))
    world.advance(7_000)
    behind = lag_s(state(world), world.now_s)
    assert behind is not None
    assert 7_000 <= behind <= 7_200
    assert health(state(world), world.now_s) == "Critical"
    assert max(one.at_s for one in world.recovery.items.points(item(0))) == newest
    dark(world, up=True)
    assert health(state(world), world.now_s) == "Normal"


def test_broken_replication_of_one_item_does_not_mend_with_its_region():
    world = vault_world(protects={"exceptions": [{"desktop": "pd-1", "broken": True}]})
    dark(world)
    dark(world, up=True)
    assert [health(state(world, number), world.now_s) for number in range(2)] == ["Normal", "Critical"]
    world.recovery.mishaps.set_broken(ADMIN, item(1), broken=False)
    assert health(state(world, 1), world.now_s) == "Normal"


def test_equal_requests_give_equal_histories_and_a_world_is_made_again_from_them():
    def night(log=None):
        world = vault_world(mishaps=[{"on": "CommitFailover", "how": "fails"}])
        world.log.on_request = log
        failed_over(world)
        failed = ended(world, begun(world, "commit"))
        ended(world, world.recovery.jobs.restart(ENGINE, failed.id))
        ended(world, begun(world, "switch_protection"))
        begun(world, "update", 1)
        refusal(begun, world, "commit", 2)
        world.advance(5_000)
        return world

    requests: list[Request] = []
    first, second = night(requests.append), night()
    assert first.history.dump() == second.history.dump()
    again = vault_world(mishaps=[{"on": "CommitFailover", "how": "fails"}])
    told = [
        Request(at_s=r.at_s, verb=r.verb, arguments=json.loads(json.dumps(r.arguments))) for r in requests
    ]
    replay(again, told)
    again.advance(5_000)
    assert again.history.dump() == first.history.dump()


def test_an_engine_that_fails_desktops_of_the_workload_over_breaks_no_invariant():
    world = vault_world()
    reprotected(world)
    committed(world, 0, WEST, shut_down=True)
    told = audit(world)
    assert (told["violations"], told["standing"]) == ([], [])
    assert told["evaluated"]["S12"] > 0
