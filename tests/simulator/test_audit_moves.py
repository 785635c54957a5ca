"""The audit of moves bites: barrier, components, shadows, seats, provenance, conservation, lateness.

Each test plays the same careful move and leaves out, or spoils, one thing.
"""

from typing import Any

import pytest

from avd_failover.simulator.audit import INVARIANTS, audit
from avd_failover.simulator.building import build
from avd_failover.simulator.records import HostPool, RoleAssignment, SessionHost
from avd_failover.simulator.world import World
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_A,
    GROUP_B,
    KIOSK,
    NIGHT,
    PLAN_A,
    POOL_A,
    ROOT,
    STAFF,
    assignment_of,
    drain,
    grant,
    host,
    log_all_off,
    machine,
    small,
    small_world,
)

BOTH_MOVE = {"pools": ["hp-a", "hp-b"], "groups": ["STAFF", "NIGHT"]}
NIGHT_TOO = [
    {"principal": "STAFF", "application_group": "ag-a", "description": "staff desktop"},
    {"principal": "NIGHT", "application_group": "ag-a"},
]


def found(world: World, invariant: str) -> list[str]:
    return [v["detail"] for v in audit(world)["violations"] if v["invariant"] == invariant]


def broken(world: World) -> set[str]:
    return {v["invariant"] for v in audit(world)["violations"]}


def look(world: World, seen: int = 0, pool: str = POOL_A) -> None:
    world.faults.looked(ENGINE, "sessions", pool, seen)


def compare(world: World, target: str) -> None:
    world.roles.assignment(ENGINE, target)
    world.faults.looked(ENGINE, "assignment", target, 1)


def bar(world: World) -> None:
    world.scaling.set_references(ENGINE, PLAN_A, [(POOL_A, False)])
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    drain(world, "a")


def revoke(world: World, principal: str = STAFF) -> None:
    target = assignment_of(world, principal=principal, actor=ENGINE)
    compare(world, target)
    world.roles.delete(ENGINE, target)


def wait(world: World, seconds: float) -> None:
    world.advance(world.now_s + seconds)


def empty(world: World) -> None:
    log_all_off(world)
    wait(world, 60)


def look_twice(world: World, apart_s: float = 35.0) -> None:
    look(world)
    wait(world, apart_s)
    look(world)


def careful(world: World) -> None:
    bar(world)
    revoke(world)
    empty(world)
    look_twice(world)
    grant(world, description="staff desktop")


def test_a_careful_move_breaks_nothing_and_everything_was_looked_at():
    world = small_world()
    careful(world)
    verdict = audit(world)
    assert verdict["violations"] == []
    assert verdict["fences"] == verdict["in_transit"] == verdict["lock_conflicts"] == []
    looked_at = {name for name, times in verdict["evaluated"].items() if times}
    assert looked_at == set(INVARIANTS) - {"S8", "S14"}
    assert verdict["bystanders"]["records"] > 3
    assert verdict["bystanders"]["touched"] == []


def test_settling_for_d_is_as_good_as_a_barrier_and_less_is_not():
    for waited, says in (
        (700, []),
        (600, [f"granted while {POOL_A.lower()} was neither settled nor barred"]),
    ):
        world = small_world(sessions=0, physics={"arrival_s": {"low": 9_999, "high": 9_999}})
        revoke(world)
        wait(world, waited)
        look_twice(world)
        grant(world)
        assert found(world, "S4") == says


@pytest.mark.parametrize(
    "open_door", ["start on connect", "one host undrained", "autoscale may start a host"]
)
def test_s4_bites_when_the_barrier_has_a_door(open_door):
    world = small_world()
    bar(world)
    if open_door == "start on connect":
        for number in range(3):
            world.machines.deallocate(ENGINE, machine("a", number))
            world.hosts.set_logons(ENGINE, host("a", number), allowed=True)
        world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=True)
    if open_door == "one host undrained":
        world.hosts.set_logons(ADMIN, host("a", 1), allowed=True)
    if open_door == "autoscale may start a host":
        world.machines.deallocate(ENGINE, machine("a", 0))
        world.hosts.set_logons(ADMIN, host("a", 0), allowed=True)
        world.scaling.set_references(ADMIN, PLAN_A, [(POOL_A, True)])
    revoke(world)
    empty(world)
    look_twice(world)
    grant(world)
    assert len(found(world, "S4")) == 1
    assert "neither settled nor barred" in found(world, "S4")[0]


@pytest.mark.parametrize(
    ("looks", "says"),
    [
        ([], "0 looks"),
        ([0], "1 looks"),
        ([0, 10], "2 looks"),
        ([0, 35], ""),
    ],
)
def test_s4_bites_when_an_engine_that_looks_did_not_look_twice_or_too_soon(looks, says):
    world = small_world()
    bar(world)
    revoke(world)
    empty(world)
    began = world.now_s
    for moment in looks:
        world.advance(began + moment)
        look(world)
    world.advance(began + 60)
    grant(world)
    assert [says in detail for detail in found(world, "S4")] == ([True] if says else [])


def test_looks_before_the_barrier_stood_do_not_count():
    world = small_world()
    look_twice(world)
    bar(world)
    revoke(world)
    empty(world)
    grant(world)
    assert len(found(world, "S4")) == 1


@pytest.mark.parametrize(("seen", "says"), [(-1, "the last look had failed"), (2, "showed sessions")])
def test_s7_bites_when_the_last_look_failed_or_showed_somebody(seen, says):
    world = small_world()
    bar(world)
    revoke(world)
    empty(world)
    look_twice(world)
    look(world, seen)
    grant(world)
    assert [says in detail for detail in found(world, "S7")] == [True]


def test_a_look_that_failed_in_between_makes_the_count_begin_again():
    world = small_world()
    bar(world)
    revoke(world)
    empty(world)
    look(world)
    wait(world, 20)
    look(world, -1)
    wait(world, 20)
    look(world)
    grant(world)
    assert "1 looks" in found(world, "S4")[0]


def test_an_engine_whose_looks_nobody_recorded_is_not_judged_by_them():
    world = small_world()
    bar(world)
    world.roles.delete(ENGINE, assignment_of(world, actor=ENGINE))
    empty(world)
    grant(world)
    assert audit(world)["violations"] == []
    assert audit(world)["evaluated"]["S15"] == 0


def test_a_grant_with_the_source_dark_is_a_fence_that_people_have_to_answer_for():
    world = small_world(faults=[{"fault": "region-outage", "region": "northeurope", "starts": "100s"}])
    world.advance(50)
    revoke(world)
    world.advance(800)
    look(world, -1)
    grant(world)
    verdict = audit(world)
    assert [(row["subject"], row["actor"]) for row in verdict["fences"]] == [(POOL_A.lower(), ENGINE)]
    assert verdict["evaluated"]["S8"] == 1
    assert {v["invariant"] for v in verdict["violations"]} & {"S4", "S7"} == set()


def test_s5_bites_when_a_component_is_split():
    world = small_world(workload=BOTH_MOVE, assignments=NIGHT_TOO)
    careful(world)
    assert len(found(world, "S5")) == 1
    assert NIGHT in found(world, "S5")[0]


def test_groups_without_a_common_user_may_move_apart():
    apart = BOTH_MOVE | {"groups": ["STAFF", "KIOSK"]}
    world = small_world(
        workload=apart, assignments=[*NIGHT_TOO[:1], {"principal": "KIOSK", "application_group": "ag-a"}]
    )
    careful(world)
    assert found(world, "S5") == []
    assert audit(world)["evaluated"]["S5"] == 1


def test_s5_bites_when_somebody_joins_the_other_group_on_the_way():
    world = small_world(
        workload=BOTH_MOVE | {"groups": ["STAFF", "KIOSK"]},
        assignments=[*NIGHT_TOO[:1], {"principal": "KIOSK", "application_group": "ag-a"}],
    )
    bar(world)
    revoke(world)
    empty(world)
    world.directory.add_member(ADMIN, KIOSK, world.directory.users_of(NIGHT)[0].id)
    look_twice(world)
    grant(world)
    assert len(found(world, "S5")) == 1


@pytest.mark.parametrize(
    "path",
    [
        {"scope": f"{ROOT}/resourceGroups/rg-a"},
        {"scope": ROOT},
        {"scope": GROUP_A, "principal_id": NIGHT},
    ],
)
def test_s6_bites_when_a_path_is_left_that_the_workload_does_not_know(path):
    world = small_world()
    grant(world, 7, actor=ADMIN, **{"scope": path["scope"], **path})
    careful(world)
    assert len(found(world, "S6")) == 1


def test_s6_bites_for_one_user_assigned_directly():
    world = small_world()
    user = world.directory.users_of(NIGHT)[0].id
    grant(world, 7, actor=ADMIN, scope=GROUP_A, principal_id=user, principal_type="User")
    careful(world)
    assert len(found(world, "S6")) == 1


def test_a_path_of_somebody_else_is_no_shadow():
    world = small_world()
    grant(world, 7, actor=ADMIN, scope=ROOT, principal_id=KIOSK)
    careful(world)
    assert found(world, "S6") == []


def test_s9_bites_when_nobody_can_be_seated_where_access_goes():
    world = small_world(running_b=0)
    careful(world)
    assert found(world, "S9") == ["granted where no host could seat anybody"]
    world = small_world()
    world.core.change(ADMIN, "status", world.core.get(SessionHost, host("b", 0)), status="Unavailable")
    careful(world)
    assert len(found(world, "S9")) == 1


@pytest.mark.parametrize(
    "changed",
    [{"condition": "@x", "condition_version": "2.0"}, {"principal_type": "ForeignGroup"}],
)
def test_s11_bites_when_what_is_created_differs_from_what_was_removed(changed):
    world = small_world()
    bar(world)
    revoke(world)
    empty(world)
    look_twice(world)
    grant(world, **changed)
    assert len(found(world, "S11")) == 1


def test_what_is_removed_and_not_created_again_is_told_as_in_transit():
    world = small_world()
    bar(world)
    revoke(world)
    assert audit(world)["in_transit"] == [{"principal": STAFF, "left": POOL_A.lower()}]
    assert audit(world)["violations"] == []


def test_putting_back_where_it_was_is_whole_as_well():
    world = small_world()
    bar(world)
    revoke(world)
    grant(world, scope=GROUP_A)
    verdict = audit(world)
    assert verdict["violations"] == []
    assert verdict["in_transit"] == []
    assert verdict["evaluated"]["S11"] == 1


def test_s13_bites_when_an_engine_deletes_what_an_admin_made_meanwhile():
    world = small_world()
    careful(world)
    theirs = grant(world, 5, actor=ADMIN, scope=GROUP_A)
    compare(world, theirs)
    world.roles.delete(ENGINE, theirs)
    assert found(world, "S13") == [f"deleted what {ADMIN} had made"]


def test_s13_bites_when_a_rollback_deletes_what_stood_on_the_target_before():
    both = [{"principal": "STAFF", "application_group": name} for name in ("ag-a", "ag-b")]
    world = small_world(sessions=0, assignments=both)
    revoke(world)
    standing = assignment_of(world, scope=GROUP_B, actor=ENGINE)
    compare(world, standing)
    world.roles.delete(ENGINE, standing)
    assert found(world, "S13") == ["deleted what stood on the side that access moves to before the run"]


def test_s13_lets_an_engine_delete_what_it_made():
    world = small_world()
    careful(world)
    own = grant_on_b(world)
    compare(world, own)
    world.roles.delete(ENGINE, own)
    assert found(world, "S13") == []


def grant_on_b(world: World) -> str:
    held = world.core.table(RoleAssignment).values()
    return next(one.id for one in held if one.created_by == ENGINE)


def test_s14_bites_when_a_late_create_leaves_both_sides_open():
    world = small_world(sessions=0)
    name = "33333333-0000-4000-8000-000000000001"
    target = f"{GROUP_B}/providers/Microsoft.Authorization/roleAssignments/{name}"
    world.faults.arrived_late("assignments.create", target.lower(), ENGINE, 400.0)
    grant(world)
    assert len(found(world, "S14")) == 1
    assert "both sides" in found(world, "S14")[0]
    revoke(world)
    assert found(world, "S14") == []
    assert audit(world)["evaluated"]["S14"] == 1


def test_s14_bites_when_a_late_delete_leaves_nothing():
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    compare(world, target)
    world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, 400.0)
    world.roles.delete(ENGINE, target)
    assert "nowhere" in found(world, "S14")[0]
    grant(world, scope=GROUP_A)
    assert found(world, "S14") == []


def delete_late(world: World) -> str:
    """Delete an assignment by a request that was under way for long; return its id."""
    target = assignment_of(world, actor=ENGINE)
    compare(world, target)
    world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, 400.0)
    world.roles.delete(ENGINE, target)
    return target


@pytest.mark.parametrize(
    ("what", "scope", "seen", "caught_up", "bites"),
    [
        ("assignment", "", 0, False, False),
        ("assignment", "", 1, False, True),
        ("assignments", GROUP_A, 1, True, False),
        ("assignments", ROOT, 1, True, False),
        ("assignments", GROUP_A, 1, False, True),
        ("assignments", GROUP_B, 1, True, True),
        ("sessions", POOL_A, 0, True, True),
    ],
)
def test_s14_lets_what_was_deleted_late_be_in_transit_once_an_engine_saw_that_it_is_gone(
    what, scope, seen, caught_up, bites
):
    world = small_world(sessions=0)
    target = delete_late(world)
    if caught_up:
        wait(world, 50)
    world.faults.looked(ENGINE, what, scope or target, seen)
    assert bool(found(world, "S14")) is bites
    assert len(audit(world)["in_transit"]) == 1


def test_s14_is_not_satisfied_by_a_look_before_the_deletion_arrived():
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    world.faults.looked(ENGINE, "assignment", target, 0)
    delete_late(world)
    assert len(found(world, "S14")) == 1


@pytest.mark.parametrize(
    ("age_s", "late_s", "bites"), [(5, 0, False), (20, 0, True), (400, 395, False), (20, 5, True)]
)
def test_s15_bites_when_an_engine_deletes_on_an_old_comparison_but_the_road_is_forgiven(age_s, late_s, bites):
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    compare(world, target)
    wait(world, age_s)
    if late_s:
        world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, late_s)
    world.roles.delete(ENGINE, target)
    assert bool(found(world, "S15")) is bites


def test_s15_is_not_satisfied_by_a_comparison_that_came_after_the_delete_was_sent():
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    look(world)
    wait(world, 100)
    compare(world, target)
    world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, 30)
    world.roles.delete(ENGINE, target)
    assert len(found(world, "S15")) == 1


@pytest.mark.parametrize("what", ["assignments.get", "assignments.list"])
def test_a_slow_reading_does_not_make_a_delete_any_younger(what):
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    compare(world, target)
    world.faults.add(ADMIN, {"fault": "delay-request"})
    world.faults.hit("delay-request-1", 1, what=what, target=target.lower(), actor=ENGINE, late_s=100.0)
    wait(world, 100)
    world.roles.delete(ENGINE, target)
    assert len(found(world, "S15")) == 1


def test_a_delay_is_forgiven_to_the_sender_it_befell_and_to_nobody_else():
    for sender, bites in ((ENGINE, False), ("engine:other", True)):
        world = small_world(sessions=0)
        target = assignment_of(world, actor=ENGINE)
        compare(world, target)
        world.faults.add(ADMIN, {"fault": "delay-request"})
        world.faults.hit(
            "delay-request-1", 1, what="assignments.delete", target=target.lower(), actor=sender, late_s=100.0
        )
        wait(world, 100)
        world.roles.delete(ENGINE, target)
        assert bool(found(world, "S15")) is bites


@pytest.mark.parametrize(
    ("edited_s", "late_s", "bites"),
    [
        (None, 0, False),
        (50, 0, True),  # read, edited by somebody, deleted: the image was of something else
        (50, 80, False),  # the delete was under way already
        (50, 20, True),
    ],
)
def test_s10_asks_what_stood_when_the_delete_was_sent(edited_s, late_s, bites):
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    old = world.roles.assignment(ENGINE, target)
    if edited_s:
        wait(world, edited_s)
        world.roles.put(
            ADMIN, old.scope, old.name, principal_id=STAFF, principal_type="Group",
            role_definition_id=old.role_definition_id, description="edited by hand",
        )  # fmt: skip
    wait(world, 100 - world.now_s)
    if late_s:
        world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, late_s)
    world.roles.delete(ENGINE, target)
    assert bool(found(world, "S10")) is bites


def test_s10_bites_when_the_delete_was_sent_before_anything_was_read():
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ADMIN)
    wait(world, 100)
    world.roles.assignment(ENGINE, target)
    world.faults.arrived_late("assignments.delete", target.lower(), ENGINE, 50)
    world.roles.delete(ENGINE, target)
    assert found(world, "S10") == ["deleted an assignment that was never read"]


@pytest.mark.parametrize(
    ("opens_s", "closes_s", "late_s", "bites"),
    [
        (0, 50, 0, True),  # no seat any more when it was sent
        (0, 50, 80, False),  # there was one when it was sent
        (0, 50, 20, True),
        (50, 200, 80, True),  # there was none when it was sent, and one when it arrived
        (50, 200, 0, False),
    ],
)
def test_s9_asks_for_seats_at_the_moment_the_grant_was_sent(opens_s, closes_s, late_s, bites):
    world = small_world(sessions=0, running_b=1)
    revoke(world)
    for moment, allowed in sorted([(0, opens_s == 0), (opens_s, True), (closes_s, False)]):
        if moment > 100:
            continue
        wait(world, moment - world.now_s)
        for number in range(3):
            world.hosts.set_logons(ADMIN, host("b", number), allowed=allowed)
    wait(world, 100 - world.now_s)
    name = f"{GROUP_B}/providers/Microsoft.Authorization/roleAssignments/33333333-0000-4000-8000-000000000001"
    if late_s:
        world.faults.arrived_late("assignments.create", name.lower(), ENGINE, late_s)
    grant(world)
    assert bool(found(world, "S9")) is bites


def test_s15_bites_when_only_a_list_was_read():
    world = small_world(sessions=0)
    look(world)
    world.roles.delete(ENGINE, assignment_of(world, actor=ENGINE))
    assert len(found(world, "S15")) == 1


def test_a_slow_road_at_speed_is_forgiven_by_its_latency():
    world = small_world(sessions=0)
    target = assignment_of(world, actor=ENGINE)
    compare(world, target)
    wait(world, 100)
    world.roles.delete(ENGINE, target)
    assert [v["invariant"] for v in audit(world, latency_s=1.0)["violations"]] == ["S15"]
    assert audit(world, latency_s=300.0)["violations"] == []


@pytest.mark.parametrize(
    ("act", "field"),
    [
        (
            lambda w: w.core.change(ENGINE, "x", w.core.get(HostPool, POOL_A), max_session_limit=99),
            "max_session_limit",
        ),
        (
            lambda w: w.core.change(ENGINE, "x", w.core.get(SessionHost, host("a", 0)), status="Shutdown"),
            "status",
        ),
        (lambda w: w.core.erase(ENGINE, "x", w.core.get(SessionHost, host("a", 0))), "deletes a SessionHost"),
        (lambda w: w.roles.put(ENGINE, **edited(w)), "description"),
    ],
)
def test_s12_bites_on_fields_that_no_engine_changes(act, field):
    world = small_world(sessions=0)
    act(world)
    assert [field in detail for detail in found(world, "S12")] == [True]
    assert len(audit(world)["bystanders"]["touched"]) == 1


def edited(world: World) -> dict[str, Any]:
    held = world.roles.assignment(ENGINE, assignment_of(world))
    return {
        "scope": held.scope, "name": held.name, "principal_id": held.principal_id, "principal_type": "Group",
        "role_definition_id": held.role_definition_id, "description": "mine now",
    }  # fmt: skip


def test_error_33_is_told_with_who_wanted_and_who_held():
    world = small_world(faults=[{"fault": "profile-locked"}], sessions=0)
    world.advance(1_000)
    told = audit(world)["lock_conflicts"]
    assert len(told) >= 3
    assert {row["held_by"] for row in told} == {"azure:profile-store:profile-locked-1"}
    assert all(row["user"] and row["wanted_by"].startswith("/") for row in told)


def test_a_real_night_with_every_kind_of_trouble_is_read_without_a_slip():
    troubles: list[dict[str, Any]] = [
        {"fault": "region-outage", "region": "northeurope", "starts": "10m", "lasts": "20m", "flaps": "3m"},
        {"fault": "host-vanishes", "hosts": "a-2", "starts": "5m"},
        {"fault": "group-recreated", "group": "KIOSK", "starts": "6m"},
        {"fault": "admin-grants", "principal": "STAFF", "application_group": "ag-b", "starts": "7m"},
        {
            "fault": "admin-edits-role",
            "role": "Desktop Virtualization User",
            "data_actions": [],
            "starts": "30m",
        },
    ]
    world = small_world(faults=troubles, autoscale=True)
    world.advance(7_200)
    verdict = audit(world)
    assert {v["invariant"] for v in verdict["violations"]} <= {"S1", "S2", "S3"}
    assert {v["actor"].split(":")[0] for v in verdict["violations"]} <= {"admin", "azure", "user"}


def crowd(users: int) -> World:
    spec = small(
        sessions=0,
        groups=[
            {"name": "NIGHT", "id": NIGHT, "users": 1},
            {"name": "STAFF", "id": STAFF, "users": users, "nested": ["NIGHT"]},
            {"name": "KIOSK", "id": KIOSK, "users": 1},
        ],
        physics={"arrival_s": {"low": 9_999, "high": 9_999}},
    )
    return build(spec)


@pytest.mark.parametrize("users", [60, 5_000])
def test_reading_a_history_stays_in_proportion_to_its_users(users):
    world = crowd(users)
    bar(world)
    revoke(world)
    wait(world, 700)
    grant(world, principal_id=STAFF)
    verdict = audit(world)
    assert len(verdict["users"]) == users + 1
    assert verdict["evaluated"]["S1"] <= 60 * users, "each user is looked at a bounded number of times"
