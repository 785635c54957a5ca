"""Personal desktops and a vault as scenario data: what is built, what is refused, and the shipped file."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.records import HostPool, Machine
from avd_failover.simulator.recovery_records import ContainerMapping, ProtectedItem, RecoveryPlan
from avd_failover.simulator.scenario import load_scenario
from tests.simulator.builders import ENGINE
from tests.simulator.recovery_estate import (
    NORTH,
    PLAN,
    POOL,
    VAULT,
    WEST,
    ended,
    host,
    item,
    recovered,
    recovery,
    scenario,
    source,
    state,
    vault_world,
)

PERSONAL_EU = Path(__file__).parents[2] / "scenarios" / "personal-eu.yaml"


def test_each_desktop_has_one_owner_and_sessions_begin_on_ones_own():
    world = vault_world()
    assert world.core.get(HostPool, POOL).host_pool_type == "Personal"
    hosts = world.hosts.of_pool(POOL)
    owners = [one.assigned_user for one in hosts]
    assert len(set(owners)) == 4
    seated = [(one.user_principal_name, one.host) for one in world.sessions.list(POOL)]
    assert len(seated) == 2
    assert all(world.hosts.get(desk).assigned_user == user for user, desk in seated)


def test_an_owner_comes_back_to_the_own_desktop_and_wakes_only_that():
    world = build(scenario(physics=scenario().physics.model_dump() | {"arrival_s": {"low": 60, "high": 60}}))
    world.advance(900)
    assert world.core.get(Machine, source(3)).power == "running"
    seated = {one.user_principal_name: one.host for one in world.sessions.list(POOL)}
    assert len(seated) == 4
    assert all(world.hosts.get(desk).assigned_user == user for user, desk in seated.items())


@pytest.mark.parametrize(
    ("name", "phase", "machine"),
    [
        ("protected", "protected", source(0)),
        ("initial", "initial", source(0)),
        ("commit-pending", "commit-pending", recovered(0)),
        ("committed", "committed", recovered(0)),
    ],
)
def test_a_desktop_may_stand_otherwise_than_the_rest(name, phase, machine):
    world = vault_world(protects={"exceptions": [{"desktop": "pd-0", "state": name}]})
    assert state(world).phase == phase
    assert world.hosts.get(host(0)).machine == machine
    running = machine == source(0)
    assert (world.core.get(Machine, source(0)).power == "running") is running
    assert state(world, 1).phase == "protected"


def test_an_unprotected_desktop_has_no_item_and_is_in_no_plan():
    world = vault_world(protects={"exceptions": [{"desktop": "pd-1", "state": "unprotected"}]})
    assert world.core.find(ProtectedItem, item(1)) is None
    assert len(world.recovery.items.get(RecoveryPlan, PLAN).items) == 3


def test_initial_replication_of_the_beginning_ends_by_itself():
    world = vault_world(protects={"exceptions": [{"desktop": "pd-0", "state": "initial"}]})
    world.advance(910)
    assert state(world).phase == "protected"


def test_an_item_may_name_no_reservation_group():
    world = vault_world(protects={"exceptions": [{"desktop": "pd-0", "no_reservation": True}]})
    assert [state(world, number).capacity_group == "" for number in range(2)] == [True, False]


def test_the_way_back_is_mapped_unless_the_scenario_says_otherwise():
    for reverse, ways in ((True, 2), (False, 1)):
        world = vault_world(reverse_mapping=reverse)
        found = world.recovery.items.list(ContainerMapping, VAULT)
        assert len(found) == ways
        assert (found[0].target, found[-1].target) == (WEST, NORTH if reverse else WEST)


FABRICS = recovery()["fabrics"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"region": "nowhere"}, "no region is called 'nowhere'"),
        ({"fabrics": [FABRICS[0], FABRICS[1] | {"region": "x"}]}, "no region is called 'x'"),
        ({"protects": {"pool": "hp-x"}}, "no host pool is called 'hp-x'"),
        ({"protects": {"source": "f-x"}}, "no fabric is called 'f-x'; there are f-north, f-west"),
        ({"protects": {"reservation_group": "g"}}, "no reservation group is called 'g'; there are crg"),
        ({"protects": {"exceptions": [{"desktop": "pd-9"}]}}, "no session host is called 'pd-9'"),
        ({"plans": [{"name": "rp", "pool": "hp-y"}]}, "no protected pool is called 'hp-y'"),
        ({"plans": [{"name": "rp", "pool": "hp-personal", "groups": [["pd-7"]]}]}, "called 'pd-7'"),
        ({"mishaps": [{"desktop": "z", "on": "ChangePit", "how": "fails"}]}, "no session host is called 'z'"),
        ({"mishaps": [{"on": "Everything", "how": "fails"}]}, "UnplannedFailover"),
    ],
)
def test_a_vault_that_makes_no_sense_is_refused_in_a_sentence(change, said):
    with pytest.raises(ValidationError) as refused:
        scenario(recovery_part=change)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("personal", "said"),
    [
        ({"pool": "hp-x", "groups": ["OWNERS"]}, "no host pool is called 'hp-x'"),
        ({"pool": "hp-personal", "groups": ["NOBODY"]}, "no group is called 'NOBODY'"),
    ],
)
def test_a_personal_pool_needs_a_pool_and_groups_that_exist(personal, said):
    with pytest.raises(ValidationError) as refused:
        scenario(personal=[personal])
    assert said in str(refused.value)


def test_the_shipped_scenario_is_as_its_head_says():
    world = build(load_scenario(PERSONAL_EU))
    root = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0011/resourceGroups"
    vault = f"{root}/rg-avd-dr-weu/providers/Microsoft.RecoveryServices/vaults/rsv-avd-weu"
    items = world.recovery.items.list(ProtectedItem, vault)
    assert len(items) == 20
    assert {one.phase for one in items} == {"protected"}
    assert len({one.assigned_user for one in world.hosts.of_pool(world.workload.host_pools[0])}) == 20
    group = f"{root}/rg-avd-dr-weu/providers/Microsoft.Compute/capacityReservationGroups/crg-personal-weu"
    assert sum(one.capacity for one in world.recovery.reservations.of_group(group)) == 20
    assert {one.capacity_group for one in items} == {group}
    assert audit(world)["standing"] == []


def test_every_desktop_of_the_shipped_scenario_finds_its_place_in_the_other_region():
    world = build(load_scenario(PERSONAL_EU))
    plan = next(iter(world.core.table(RecoveryPlan).values()))
    job = world.recovery.plans.unplanned_failover(
        ENGINE, plan.id, direction="PrimaryToRecovery", shut_down=True, point_type="Latest"
    )
    assert ended(world, job).state == "Succeeded"
    world.advance(world.now_s + 900)
    hosts = world.hosts.of_pool(world.workload.host_pools[0])
    assert {one.status for one in hosts} == {"Available"}
    assert all("/rg-avd-personal-weu-hosts/" in one.machine for one in hosts)
    assert audit(world)["violations"] == []


def test_a_snapshot_shows_items_plans_and_jobs_as_json():
    world = vault_world()
    world.recovery.items.unplanned_failover(ENGINE, item(0))
    told = json.loads(json.dumps(world.snapshot()))
    assert [len(told[name]) for name in ("protected_items", "recovery_plans", "recovery_jobs")] == [4, 1, 1]
