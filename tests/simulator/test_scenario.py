"""Scenario files: what the shipped one holds, and how a wrong one is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from avd_failover.runbook.faults import FileFaults
from avd_failover.simulator.audit import audit
from avd_failover.simulator.building import build
from avd_failover.simulator.records import Machine, RoleAssignment, Workspace
from avd_failover.simulator.scenario import Scenario, load_scenario
from tests.simulator.builders import GROUP_B, STAFF, small

POOLED_EU = Path(__file__).parents[2] / "scenarios" / "pooled-eu.yaml"
SUBSCRIPTION = "5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001"
NEU = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-avd-neu/providers/Microsoft.DesktopVirtualization"


@pytest.fixture(scope="module")
def world():
    return build(load_scenario(POOLED_EU))


def test_the_estate_is_the_one_that_the_plan_names(world):
    pool = world.pools.get(f"{NEU}/hostPools/hp-pooled-neu")
    assert (pool.max_session_limit, pool.start_vm_on_connect, pool.location) == (8, True, "northeurope")
    groups = [g.name for g in world.pools.application_groups_of(pool.id)]
    assert groups == ["dag1-neu", "appg2-neu", "appg3-neu"]
    assert [p.name for p in world.scaling.of_pool(pool.id)] == ["sp-pooled-neu"]
    workspace = next(iter(world.core.table(Workspace).values()))
    assert (workspace.name, workspace.location, len(workspace.application_groups)) == (
        "ws-pooled-eu",
        "westeurope",
        6,
    )
    assert world.pools.application_group(f"{NEU}/applicationGroups/dag1-neu").workspace == workspace.id


def test_hosts_and_machines_have_different_names_and_the_right_power(world):
    host = world.hosts.get(f"{NEU}/hostPools/hp-pooled-neu/sessionHosts/avd-neu-0")
    assert host.machine.endswith(
        "/resourceGroups/rg-avd-neu-hosts/providers/Microsoft.Compute/virtualMachines/vm-avd-neu-0"
    )
    powers = [m.power for m in world.core.table(Machine).values()]
    assert powers == ["running"] * 12 + ["deallocated"] * 8


def test_users_overlap_through_several_groups_and_nesting(world):
    ids = {
        name: f"6a000000-0000-4000-8000-{tail:0>12}"
        for name, tail in (("1", "1"), ("2", "2"), ("3", "3"), ("t", "ff"), ("k", "aa"))
    }
    users = {name: {u.id for u in world.directory.users_of(group)} for name, group in ids.items()}
    assert len(users["1"] | users["2"] | users["3"]) == 60
    assert len(users["1"] & users["2"]) == 8
    assert len(users["2"] & users["3"]) == 5
    assert len(users["t"]) == 3
    assert not users["t"] & (users["1"] | users["2"] | users["3"])
    assert len(users["k"]) == 2
    contractors = world.directory.users_of("6a000000-0000-4000-8000-000000000031")
    assert {u.id for u in contractors} < users["3"]


def test_sessions_are_spread_over_the_primary_side_within_its_limit(world):
    sessions = world.sessions.list(f"{NEU}/hostPools/hp-pooled-neu")
    states = [s.state for s in sessions]
    assert (len(sessions), states.count("Disconnected")) == (45, 7)
    assert len({s.user for s in sessions}) == 45
    assert max(world.sessions.count_on_host(h.id) for h in world.hosts.of_pool(sessions[0].host_pool)) == 5


def test_assignments_carry_what_a_restore_must_bring_back(world):
    made = list(world.core.table(RoleAssignment).values())
    assert len(made) == 10
    assert [a.condition_version for a in made if a.condition] == ["2.0"]
    assert [a.description for a in made if a.description] == ["Desktop for staff (CHG0041207)"]
    scopes = {a.scope.rsplit("/", 1)[-1] for a in made}
    assert scopes == {"dag1-neu", "appg2-neu", "appg3-neu", "rg-avd-neu", SUBSCRIPTION}


def test_an_ordinary_night_violates_nothing_and_takes_nobodys_work_away():
    quiet = build(load_scenario(POOLED_EU))
    quiet.advance(4 * 3_600)
    verdict = audit(quiet)
    assert verdict["violations"] == verdict["standing"] == []
    assert {felt["sessions_ended"] for felt in verdict["users"].values()} == {0}
    assert len(verdict["users"]) == 63


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"surprise": 1}, "Extra inputs"),
        ({"starts_at": "2026-03-02T02:55:00"}, "no offset"),
        ({"workload": {"pools": ["hp-a", "hp-x"], "groups": ["STAFF"]}}, "no host pool is called 'hp-x'"),
        ({"workload": {"pools": ["hp-a", "hp-b"], "groups": ["GRP9"]}}, "no group is called 'GRP9'"),
        (
            {"assignments": [{"principal": "STAFF", "application_group": "ag-x"}]},
            "no application group is called",
        ),
        ({"assignments": [{"principal": "STAFF"}]}, "give one of"),
        ({"groups": [{"name": "STAFF", "id": STAFF, "nested": ["LATER"]}]}, "no group further up"),
        ({"groups": [{"name": "STAFF", "id": STAFF}, {"name": "STAFF", "id": STAFF}]}, "more than one group"),
        (
            {"assignments": [{"principal": "x@contoso.example", "application_group": "ag-a"}]},
            "no user is called",
        ),
        ({"sessions": 5}, "5 sessions, but its groups have 4 users"),
        ({"sessions": 4, "limit": 1}, "4 sessions, but its running hosts have 3 seats"),
        ({"regions": [{"name": "northeurope", "display_name": "N"}]}, "no region is called 'westeurope'"),
        ({"physics": {"start_s": {"low": 9, "high": 1}}}, "is below low"),
        ({"physics": {"warp": 1}}, "Extra inputs"),
        ({"seed": "7"}, "valid integer"),
        (
            {"assignments": [{"principal": "STAFF", "application_group": "ag-a", "role": "Rreader"}]},
            "no role is called",
        ),
    ],
)
def test_a_wrong_scenario_is_refused_with_what_is_wrong(changes, says):
    with pytest.raises(ValidationError, match=says):
        small(**changes)


def test_a_wrong_file_names_file_line_and_column(tmp_path):
    text = POOLED_EU.read_text(encoding="utf-8").replace("max_session_limit: 8", "max_session_limit: many", 1)
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    line = next(n for n, row in enumerate(text.splitlines(), 1) if "many" in row)
    with pytest.raises(FileFaults) as faults:
        load_scenario(path)
    assert [(f.line, f.path) for f in faults.value.faults] == [(line, "host_pools[0].max_session_limit")]


def test_a_user_can_be_a_principal_by_name():
    single = {"principal": "night-01@contoso.example", "application_group": "ag-b"}
    made = next(iter(build(small(sessions=0, assignments=[single])).core.table(RoleAssignment).values()))
    assert (made.principal_type, made.scope) == ("User", GROUP_B)


def test_every_field_of_a_scenario_is_documented():
    schema = Scenario.model_json_schema()
    models = [schema, *schema["$defs"].values()]
    bare = [
        f"{m['title']}.{name}"
        for m in models
        for name, field in m.get("properties", {}).items()
        if "description" not in field
    ]
    assert bare == []
