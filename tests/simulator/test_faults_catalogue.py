"""The catalogue: every fault is documented and can be written down; nonsense is told with what is meant."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from avd_failover.simulator.building import build
from avd_failover.simulator.faults.catalogue import BY_NAME, ROWS, kind_of, read_fault, table
from avd_failover.simulator.faults.command_line import parse_fault
from avd_failover.simulator.scenario import Scenario
from tests.simulator.builders import small, small_world

NEEDED: dict[str, dict[str, Any]] = {
    "region-outage": {"region": "northeurope"},
    "region-brownout": {"region": "northeurope"},
    "host-status": {"hosts": "a-*"},
    "host-vanishes": {"hosts": "a-0"},
    "host-appears": {"pool": "hp-a", "name": "a-new"},
    "group-member-added": {"group": "STAFF", "member": "kiosk-01"},
    "group-member-removed": {"group": "STAFF", "member": "staff-01"},
    "group-deleted": {"group": "STAFF"},
    "group-recreated": {"group": "STAFF"},
    "group-hidden": {"group": "STAFF"},
    "group-rule-pending": {"group": "STAFF"},
    "autoscale-deallocates": {"pool": "hp-a"},
    "autoscale-drains": {"pool": "hp-a"},
    "autoscale-logs-off": {"pool": "hp-a"},
    "admin-grants": {"principal": "STAFF", "application_group": "ag-b"},
    "admin-revokes": {"principal": "STAFF", "application_group": "ag-a"},
    "admin-edits-assignment": {"principal": "STAFF", "application_group": "ag-a"},
    "admin-undrains": {"hosts": "a-*"},
    "admin-drains": {"hosts": "a-*"},
    "admin-resizes-plan": {"plan": "sp-a", "minimum_hosts_pct": 10},
    "admin-allows-start-on-connect": {"pool": "hp-b"},
    "admin-edits-role": {"role": "Desktop Virtualization User", "data_actions": []},
}
"""What a fault needs beside its name, in the small world."""


WITH_A_VAULT = {"job-mishap", "admin-tests-failover", "admin-reassigns-desktop"}
"""What the small world, which has no personal desktops, has no use for; shipped scenarios have."""


@pytest.mark.parametrize("name", sorted(BY_NAME.keys() - WITH_A_VAULT))
def test_every_fault_can_stand_in_a_scenario_and_lives_through_two_hours(name):
    world = small_world(faults=[{"fault": name, **NEEDED.get(name, {})}])
    world.advance(7_200)
    assert [row["fault"] for row in world.faults.listed()] == [name]


def test_every_fault_and_every_value_of_it_is_documented():
    rows = {row.name: row for row in table()}
    assert len(rows) == len(ROWS) >= 60
    assert all(row.what.endswith(".") and len(row.what) > 20 for row in rows.values())
    undocumented = [
        (n, field) for n, row in rows.items() for field, text in row.parameters.items() if not text
    ]
    assert undocumented == []
    assert {row.kind for row in rows.values()} == {"request", "connection", "event", "weather", "deed"}


def test_an_editor_is_told_every_fault_by_the_schema():
    schema = json.dumps(Scenario.model_json_schema())
    assert all(f'"{name}"' in schema for name in BY_NAME)
    assert "Name of the region." in schema


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("drop-response", {"nth": 1, "times": None, "route": "*"}),
        ("drop-response:nth=3,times=2,route=assignments.*", {"nth": 3, "times": 2, "route": "assignments.*"}),
        ("region-outage:region=northeurope,starts=10m,lasts=1h30m", {"starts": 600.0, "lasts": 5400.0}),
        ("http-error:status=503,p=0.25,applied=true", {"status": 503, "p": 0.25, "applied": True}),
        ("front-ends:answers=200+409", {"answers": (200, 409)}),
        ("admin-grants:principal=12,application_group=ag-b", {"principal": "12"}),
        ("eager-users:id=rush", {"id": "rush"}),
    ],
)
def test_a_fault_is_one_word_of_a_command_line(text, values):
    found = parse_fault(text)
    assert {name: getattr(found, name) for name in values} == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("region-outige", "did you mean 'region-outage'"),
        ("xyzzy", "there are drop-request, "),
        ("", "no fault is called"),
        ("region-outage", "region: Field required"),
        ("http-error:stat=503", "http-error has no 'stat'; did you mean 'status'?"),
        ("http-error:status=599", "found '599'"),
        ("http-error:status", "no key=value"),
        ("http-error:=503", "no key=value"),
        ("http-error:status=503,status=500", "given twice"),
        ("drop-response:nth=0", "greater than or equal to 1"),
        ("drop-response:p=2", "less than or equal to 1"),
        ("eager-users:low=3", "a duration such as 5m"),
        ("drop-response:nth=many", "nth"),
        ("drop-response:id=No Good", "id"),
    ],
)
def test_nonsense_on_the_command_line_is_told_with_what_is_meant(text, says):
    with pytest.raises(ValueError, match=r".") as wrong:
        parse_fault(text)
    assert says in str(wrong.value)


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"fault": "region-outage", "region": "mars"}, "no region is called 'mars'; there are northeurope"),
        ({"fault": "region-outage", "region": "westeurop"}, "did you mean 'westeurope'"),
        ({"fault": "drop-response", "route": "assignment.delete"}, "did you mean 'assignments.delete'"),
        ({"fault": "drop-response", "region": "moon"}, "no region"),
        ({"fault": "drop-response", "target": "ag-a"}, "write '*ag-a*'"),
        ({"fault": "host-status", "hosts": "c-*"}, "no session host is called 'c-*'"),
        ({"fault": "admin-grants", "principal": "STAF", "application_group": "ag-a"}, "did you mean 'STAFF'"),
        ({"fault": "admin-undrains", "hosts": "a-*", "on": "grants"}, "no request is called 'grants'"),
        ({"fault": "admin-undrains", "hosts": "a-*", "nth": 2}, "nth and delay go with on"),
        ({"fault": "admin-undrains", "hosts": "a-*", "times": 2}, "times goes with every or on"),
        ({"fault": "slow-propagation", "low": "10m", "high": "5m"}, "high (300 s) is below low (600 s)"),
        ({"fault": "stale-read", "low": "10m", "high": "5m"}, "below low"),
        (
            {"fault": "region-outage", "region": "northeurope", "plane": "control", "hosts": "lost"},
            "goes with",
        ),
        ({"fault": "profile-locked", "users": "nobody"}, "no user is called"),
        ({"fault": "admin-edits-role", "role": "Kng", "data_actions": []}, "no role is called"),
    ],
)
def test_a_fault_that_names_what_is_not_there_is_refused_when_the_world_is_made(spec, says):
    with pytest.raises(ValueError, match=r".") as wrong:
        build(small(faults=[spec]))
    assert says in str(wrong.value)


def test_a_scenario_with_an_unknown_fault_or_value_does_not_load():
    for spec in ({"fault": "earthquake"}, {"fault": "drop-request", "speed": 3}, {"nth": 2}):
        with pytest.raises(ValidationError):
            small(faults=[spec])


def test_two_faults_of_one_name_get_names_of_their_own_and_given_names_are_unique():
    world = small_world(faults=[{"fault": "drop-request"}, {"fault": "drop-request"}])
    assert [row["id"] for row in world.faults.listed()] == ["drop-request-1", "drop-request-2"]
    with pytest.raises(ValueError, match="already"):
        build(small(faults=[{"fault": "drop-request", "id": "x"}, {"fault": "half-open", "id": "x"}]))


def test_a_fault_is_a_frozen_value():
    fault = read_fault({"fault": "drop-request", "nth": 2})
    with pytest.raises(ValidationError):
        fault.starts = 3.0
    assert fault == read_fault({"fault": "drop-request", "nth": 2})


DOCUMENT = Path(__file__).parents[2] / "docs" / "scenarios.md"


def told_of() -> dict[str, str]:
    """Return every fault that the table of disasters names, and of which kind it says that it is."""
    text = DOCUMENT.read_text(encoding="utf-8").partition("## What can go wrong")[2].partition("\n## ")[0]
    rows = re.findall(
        r"^\| [^|]+ \| ([^|]+) \| (request|connection|event|weather|deed) \|$", text, re.MULTILINE
    )
    return {
        name: kind for cell, kind in rows for name in re.findall(r"`([a-z0-9-]+)`", cell) if name in BY_NAME
    }


def test_the_table_of_disasters_tells_where_to_find_every_fault_and_how_it_is_set_off():
    kinds = {row.name: row.kind for row in table()}
    assert {name: told_of().get(name) for name in kinds} == kinds


TRIGGERS = {
    "request": {"nth", "times", "p", "starts", "lasts"},
    "connection": {"nth", "times", "p", "starts", "lasts"},
    "event": {"nth", "times", "p", "starts", "lasts"},
    "weather": {"starts", "lasts"},
    "deed": {"on", "nth", "times", "delay", "starts", "every"},
}


@pytest.mark.parametrize("name", BY_NAME)
def test_every_fault_has_the_triggers_of_its_kind(name):
    assert TRIGGERS[kind_of(BY_NAME[name])] <= BY_NAME[name].model_fields.keys()
