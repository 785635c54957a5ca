"""The audit bites: each invariant is driven into its violation by hand; a careful failover stays clean."""

import pytest

from avd_failover.simulator.audit import audit
from avd_failover.simulator.records import ProfileContainer, User
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_A,
    GROUP_B,
    KIOSK,
    NIGHT,
    PLAN_A,
    POOL_A,
    POOL_B,
    READER,
    ROOT,
    STAFF,
    assignment_of,
    drain,
    grant,
    host,
    log_all_off,
    machine,
    pool,
    sessions_on,
    small_world,
)


def found(world, invariant=None):
    return [v for v in audit(world)["violations"] if invariant in (None, v["invariant"])]


def revoke(world, actor=ENGINE):
    world.roles.delete(actor, assignment_of(world, actor=actor))


def careful_failover(world):
    """Drain, revoke, log off, wait until empty, grant: the order that safety asks for."""
    world.scaling.set_references(ENGINE, PLAN_A, [(POOL_A, False)])
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    drain(world, "a")
    revoke(world)
    log_all_off(world)
    world.advance(world.now_s + 60)
    grant(world)


def test_a_careful_failover_violates_nothing_and_tells_what_users_felt():
    world = small_world()
    careful_failover(world)
    world.advance(600)
    verdict = audit(world)
    assert verdict["violations"] == []
    assert verdict["standing"] == []
    assert all(verdict["evaluated"][name] > 0 for name in ("S1", "S2", "S3", "S10", "S12"))
    assert len(verdict["users"]) == 4
    for felt in verdict["users"].values():
        assert felt["declared_gap_s"] == 60
        assert felt["gap_s"] == 160, "the drain shut the door at once, the grant took 100 s to open the other"
        assert felt["sessions_ended"] == 1
        assert felt["lock_conflicts"] == 0
    assert all(s.host_pool == POOL_B for s in sessions_on(world, POOL_B))
    assert len(sessions_on(world, POOL_B)) == 4


def test_nothing_done_is_nothing_violated():
    world = small_world()
    world.advance(3_600)
    verdict = audit(world)
    assert verdict["violations"] == []
    assert {felt["gap_s"] for felt in verdict["users"].values()} == {0}


def test_s1_and_s3_bite_when_access_is_granted_on_both_sides():
    world = small_world(sessions=0)
    grant(world)
    assert len(found(world, "S1")) == len(found(world, "S3")) == 4
    violation = found(world, "S1")[0]
    assert violation["actor"] == ENGINE
    assert violation["at"] == "2026-03-02T02:55:00+00:00"
    assert violation["subject"] in audit(world)["users"]


def test_s1_bites_within_the_propagation_bound_after_a_revoke_and_not_after_it():
    for waited, broken in ((659, 4), (661, 0)):
        world = small_world(sessions=0)
        revoke(world)
        world.advance(waited)
        grant(world)
        assert len(found(world, "S1")) == broken
        assert not found(world, "S3")


def test_s1_holds_behind_drained_hosts_and_bites_when_one_is_opened_again():
    world = small_world(sessions=0)
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    drain(world, "a")
    revoke(world)
    grant(world)
    assert not found(world, "S1")
    world.hosts.set_logons(ADMIN, host("a", 1), allowed=True)
    assert [v["actor"] for v in found(world, "S1")] == [ADMIN] * 4


def test_s1_counts_a_stopped_host_as_a_door_while_start_vm_on_connect_could_open_it():
    world = small_world(sessions=0)
    for number in range(3):
        world.machines.deallocate(ENGINE, machine("a", number))
    revoke(world)
    grant(world)
    assert len(found(world, "S1")) == 4
    world = small_world(sessions=0)
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    for number in range(3):
        world.machines.deallocate(ENGINE, machine("a", number))
    revoke(world)
    grant(world)
    assert not found(world, "S1")


@pytest.mark.parametrize("end", ["left alone", "disconnected", "logging off"])
def test_s2_bites_when_the_other_side_opens_while_a_session_is_held(end):
    world = small_world()
    drain(world, "a")
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    revoke(world)
    for session in sessions_on(world):
        if end == "disconnected":
            world.sessions.disconnect(ENGINE, session.id)
        if end == "logging off":
            world.sessions.log_off(ENGINE, session.id)
    grant(world)
    assert len(found(world, "S2")) == 4
    assert not found(world, "S1")


def test_s2_bites_when_a_user_holds_sessions_on_both_sides():
    world = small_world()
    session = sessions_on(world)[0]
    world.broker.seat(world.core.get(User, session.user), world.hosts.get(host("b", 0)), "Active")
    assert [v["subject"] for v in found(world, "S2")] == [session.user]


def test_s2_bites_when_a_container_passes_from_side_to_side_without_being_released():
    world = small_world()
    session = sessions_on(world)[0]
    held = world.core.get(ProfileContainer, session.user)
    world.core.change(ADMIN, "test", held, held_by=f"{host('b', 0)}/userSessions/1", host_pool=POOL_B)
    assert [v["detail"] for v in found(world, "S2")] == ["has a profile container open on both sides"]


def test_s2_takes_a_stopped_hosts_ghosts_for_what_they_are():
    world = small_world()
    drain(world, "a")
    world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
    revoke(world)
    for number in range(3):
        world.machines.deallocate(ENGINE, machine("a", number))
    grant(world)
    world.advance(400)
    assert not found(world, "S2")
    assert {felt["sessions_ended"] for felt in audit(world)["users"].values()} == {1}


def test_s3_bites_through_nested_groups_and_scopes_above():
    world = small_world(sessions=0)
    grant(world, actor=ADMIN, scope=f"{ROOT}/resourceGroups/rg-b", principal_id=NIGHT)
    night = world.directory.users_of(NIGHT)[0].id
    assert [v["subject"] for v in found(world, "S3")] == [night]


def test_s3_bites_when_a_user_joins_a_group_of_the_other_side():
    world = small_world(sessions=0)
    grant(world, actor=ADMIN, principal_id=KIOSK)
    assert not found(world, "S3")
    staff = next(u for u in world.directory.users_of(STAFF) if u not in world.directory.users_of(NIGHT))
    world.directory.add_member(ADMIN, KIOSK, staff.id)
    assert [v["subject"] for v in found(world, "S3")] == [staff.id]


def test_a_role_that_opens_nothing_is_no_access():
    world = small_world(sessions=0)
    grant(world, actor=ADMIN, role_definition_id=READER)
    assert not found(world)


def test_what_was_so_at_the_start_is_standing_and_no_violation():
    both = [{"principal": "STAFF", "application_group": name} for name in ("ag-a", "ag-b")]
    world = small_world(sessions=0, assignments=both)
    world.advance(600)
    verdict = audit(world)
    assert verdict["violations"] == []
    assert {row["invariant"] for row in verdict["standing"]} == {"S1", "S3"}


def test_s10_bites_when_an_assignment_is_deleted_unseen():
    world = small_world()
    world.roles.delete(ENGINE, assignment_of(world, actor=ADMIN))
    assert [v["detail"] for v in found(world, "S10")] == ["deleted an assignment that was never read"]


def test_s10_bites_when_what_was_read_had_changed_and_not_once_it_was_read_again():
    for read_again, broken in ((False, 1), (True, 0)):
        world = small_world()
        target = assignment_of(world, actor=ENGINE)
        old = world.roles.assignment(ENGINE, target)
        world.roles.put(
            ADMIN, old.scope, old.name, principal_id=STAFF, principal_type="Group",
            role_definition_id=old.role_definition_id, description="edited by hand",
        )  # fmt: skip
        if read_again:
            world.roles.assignment(ENGINE, target)
        else:
            assignment_of(world, actor=ENGINE)
        world.roles.delete(ENGINE, target)
        assert len(found(world, "S10")) == broken, "a lagging list shows the old text only"


def test_s10_asks_engines_only():
    world = small_world()
    world.roles.delete(ADMIN, assignment_of(world, actor="admin:other"))
    assert not found(world, "S10")


@pytest.mark.parametrize(
    ("act", "what"),
    [
        (lambda w: w.roles.delete(ENGINE, assignment_of(w, principal=KIOSK, actor=ENGINE)), "put"),
        (lambda w: grant(w, principal_id=KIOSK), "a principal outside"),
        (lambda w: grant(w, role_definition_id=READER), "a role outside"),
        (lambda w: grant(w, scope=f"{ROOT}/resourceGroups/rg-b"), "a scope above"),
        (lambda w: w.directory.add_member(ENGINE, KIOSK, NIGHT), "a group"),
    ],
)
def test_s12_bites_on_what_is_not_the_workloads(act, what):
    world = small_world(sessions=0)
    act(world)
    assert len(found(world, "S12")) == 1, what


def third_pool():
    extra = pool("a", 1, 0, autoscale=True, limit=4)
    hosts = extra["hosts"] | {
        "count": 1,
        "prefix": "c-",
        "machine_prefix": "vm-c-",
        "machine_resource_group": "rg-c-vms",
    }
    plan = extra["scaling_plan"] | {"name": "sp-c"}
    groups = [{"name": "ag-c", "kind": "Desktop"}]
    return extra | {
        "name": "hp-c",
        "resource_group": "rg-c",
        "hosts": hosts,
        "scaling_plan": plan,
        "application_groups": groups,
    }


C_POOL = POOL_A.replace("rg-a", "rg-c").replace("hp-a", "hp-c")
C_PLAN = PLAN_A.replace("rg-a", "rg-c").replace("sp-a", "sp-c")
C_VM = machine("c", 0)


@pytest.mark.parametrize(
    "act",
    [
        lambda w: w.hosts.set_logons(ENGINE, f"{C_POOL}/sessionHosts/c-0", allowed=False),
        lambda w: w.pools.set_start_on_connect(ENGINE, C_POOL, allowed=False),
        lambda w: w.machines.start(ENGINE, C_VM),
        lambda w: w.scaling.set_references(ENGINE, C_PLAN, []),
        lambda w: w.scaling.patch_schedule(
            ENGINE, f"{C_PLAN}/pooledSchedules/all-week", {"ramp_up_minimum_hosts_pct": 1}
        ),
        lambda w: w.scaling.set_references(ENGINE, PLAN_A, [(POOL_A, False), (C_POOL, False)]),
    ],
)
def test_s12_bites_on_other_pools_hosts_machines_and_plans(act):
    pools = [
        pool("a", 3, 0, autoscale=False, limit=4),
        pool("b", 1, 0, autoscale=False, limit=4),
        third_pool(),
    ]
    world = small_world(host_pools=pools)
    act(world)
    assert {v["actor"] for v in found(world, "S12")} == {ENGINE}


def test_gaps_are_counted_while_open_and_only_for_those_who_had_access():
    world = small_world(sessions=0)
    revoke(world)
    world.advance(300)
    felt = audit(world)["users"].values()
    assert {row["declared_gap_s"] for row in felt} == {300}
    assert {row["gap_s"] for row in felt} == {180}, "gates closed 120 s after the revoke"
    never = small_world(sessions=0, assignments=[])
    never.advance(300)
    assert {row["declared_gap_s"] for row in audit(never)["users"].values()} == {0}


def test_a_lock_conflict_is_on_the_users_account():
    world = small_world()
    revoke(world)
    session = sessions_on(world)[0]
    grant(world)
    world.advance(130)
    world.sessions.disconnect(ADMIN, session.id)
    world.broker.connect(session.user)
    accounts = audit(world)["users"]
    assert accounts[session.user]["lock_conflicts"] == 1
    assert sum(account["lock_conflicts"] for account in accounts.values()) == 1


def test_a_direct_assignment_of_one_user_counts_for_that_user():
    world = small_world(sessions=0)
    user = world.directory.users_of(NIGHT)[0].id
    grant(world, actor=ADMIN, scope=GROUP_B, principal_id=user, principal_type="User")
    assert [v["subject"] for v in found(world, "S3")] == [user]
    assert GROUP_A != GROUP_B
