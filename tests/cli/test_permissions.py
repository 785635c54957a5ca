"""``failover permissions`` as people and pipelines use it."""

import json
from pathlib import Path
from typing import Any

import pytest

from avd_failover.cli.main import run

GROUP = "/subscriptions/5b0c1a1e-6f0e-4a3b-9d5b-0f5f0c0e0001/resourceGroups/rg-hosts"
DELETE = "Microsoft.Authorization/roleAssignments/delete"
START = "Microsoft.Compute/virtualMachines/start/action"


def answered(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run(["permissions", "--plan", "small", *arguments, "--output", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def scopes(data: Any, action: str) -> set[str]:
    return {one["scope"] for role in data["roles"] if action in role["actions"] for one in role["assigned"]}


def test_the_json_has_the_fields_that_are_promised(capsys) -> None:
    data = answered(capsys)
    assert set(data) == {"plan", "purpose", "roles", "graph", "notes"}
    for role in data["roles"]:
        assert set(role) == {
            "id", "name", "summary", "actions", "not_actions", "data_actions", "not_data_actions",
            "assignable_scopes", "assigned",
        }  # fmt: skip
        assert role["not_actions"] == role["data_actions"] == role["not_data_actions"] == []
        for one in role["assigned"]:
            assert one["condition_version"] == ("2.0" if one["condition"] else "")
    assert {one["permission"] for one in data["graph"]} == {"GroupMember.Read.All", "User.ReadBasic.All"}


def test_a_direction_decides_where_access_may_be_taken_away(capsys) -> None:
    there = answered(capsys, "--direction", "primary-to-secondary", "--no-rollback")
    back = answered(capsys, "--direction", "back", "--no-rollback")
    assert all("-neu" in scope for scope in scopes(there, DELETE))
    assert all("-weu" in scope for scope in scopes(back, DELETE))
    assert scopes(there, DELETE)
    assert scopes(back, DELETE)
    assert {role["id"] for role in there["roles"]}.isdisjoint(role["id"] for role in back["roles"])


def test_reads_only_is_for_looking(capsys) -> None:
    data = answered(capsys, "--reads-only")
    assert all(action.endswith("/read") for role in data["roles"] for action in role["actions"])


def test_machines_lie_where_they_are_said_to(capsys) -> None:
    data = answered(capsys, "--direction", "primary-to-secondary", "--machines", f"secondary={GROUP}")
    assert scopes(data, START) == {GROUP.lower()}


def test_a_runbook_of_ones_own_needs_what_its_steps_need(capsys, tmp_path: Path) -> None:
    runbook = tmp_path / "look.yaml"
    runbook.write_text(
        "runbook: look\nsummary: Look only.\npool: pooled\n"
        "steps:\n  - id: readiness\n    uses: checks.readiness\n    summary: Look.\n"
    )
    data = answered(capsys, "--runbook", str(runbook), "--direction", "primary-to-secondary")
    assert all(action.endswith("/read") for role in data["roles"] for action in role["actions"])


def test_the_text_says_how_to_put_it_into_effect(capsys) -> None:
    assert run(["permissions", "--plan", "small"]) == 0
    text = capsys.readouterr().out
    for words in (DELETE, "GuidEquals", "az deployment sub create", "appRoleAssignments", "Note: Machines"):
        assert words in text
    assert "*" not in text


@pytest.mark.parametrize("form", ["arm", "bicep"])
def test_a_template_holds_every_role_of_the_data(capsys, form) -> None:
    ids = {role["id"] for role in answered(capsys)["roles"]}
    assert run(["permissions", "--plan", "small", "--output", form]) == 0
    text = capsys.readouterr().out
    assert all(one in text for one in ids)


@pytest.mark.parametrize(
    ("arguments", "because"),
    [
        (["--plan", "no-such-plan"], "no-such-plan"),
        (["--plan", "small", "--machines", "north=/x"], "names no side"),
        (["--plan", "small", "--machines", "primary=rg-hosts"], "no resource group"),
        (["--plan", "small", "--machines", f"primary={GROUP}/../x"], "not a scope"),
        (["--plan", "small", "--testers", "--direction", "back"], "there and back"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_is_allowed(capsys, arguments, because) -> None:
    assert run(["permissions", *arguments]) == 2
    assert because in capsys.readouterr().err
