"""The shipped roles are what the command derives today, and templates say what the data says."""

import json
import re
from typing import Any

import pytest
from click.testing import CliRunner

from avd_failover.cli.main import cli
from avd_failover.cli.request import read
from tests.deploy.shipped import DEPLOY, SHIPPED
from tests.e2e.processes import ROOT

SPECS = ROOT.parent / "shared" / "azure-specs" / "specification" / "authorization"
CALLS = SPECS / "resource-manager" / "Microsoft.Authorization" / "stable" / "2022-04-01"
TEMPLATES = sorted(name for name in SHIPPED if name.endswith(".json"))
GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def made(arguments: tuple[str, ...]) -> str:
    result = CliRunner().invoke(cli, ["permissions", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def template(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((DEPLOY / name).read_text())
    return loaded


def of_type(resources: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [one for one in resources if one["type"] == kind]


def assignments(whole: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return every assignment with the scope that it comes to lie at."""
    found = []
    for nested in of_type(whole["resources"], "Microsoft.Resources/deployments"):
        home = f"/subscriptions/{nested['subscriptionId']}"
        if "resourceGroup" in nested:
            home += f"/resourcegroups/{nested['resourceGroup']}"
        for one in nested["properties"]["template"]["resources"]:
            inner = f"/providers/{one['scope']}" if "scope" in one else ""
            found.append((home + inner, one))
    return found


def role_of(assignment: dict[str, Any]) -> str:
    return str(assignment["properties"]["roleDefinitionId"].rsplit("/", 1)[-1])


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_file_is_what_the_command_makes(name: str) -> None:
    assert (DEPLOY / name).read_text() == made(SHIPPED[name]), "make it anew: python -m tests.deploy"


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_defines_and_assigns_exactly_the_roles_of_the_data(name: str) -> None:
    data = json.loads(made((*SHIPPED[name][:-1], "json")))
    whole = template(name)
    definitions = of_type(whole["resources"], "Microsoft.Authorization/roleDefinitions")
    assert [
        (one["name"], one["properties"]["permissions"][0]["actions"], one["properties"]["assignableScopes"])
        for one in definitions
    ] == [(role["id"], role["actions"], role["assignable_scopes"]) for role in data["roles"]]
    assert sorted(
        (
            scope,
            one["properties"]["roleDefinitionId"].rsplit("/", 1)[-1],
            one["properties"].get("condition", ""),
        )
        for scope, one in assignments(whole)
    ) == sorted(
        (one["scope"], role["id"], one["condition"]) for role in data["roles"] for one in role["assigned"]
    )


@pytest.mark.parametrize("name", TEMPLATES)
def test_nothing_in_a_template_is_wider_than_an_exact_action(name: str) -> None:
    for one in of_type(template(name)["resources"], "Microsoft.Authorization/roleDefinitions"):
        (block,) = one["properties"]["permissions"]
        assert block["actions"]
        assert not any("*" in action for action in block["actions"])
        assert block["notActions"] == block["dataActions"] == block["notDataActions"] == []
        assert GUID.fullmatch(one["name"])


@pytest.mark.parametrize("name", TEMPLATES)
def test_whoever_may_assign_may_do_so_under_a_condition_only(name: str) -> None:
    whole = template(name)
    changers = {
        one["name"]
        for one in of_type(whole["resources"], "Microsoft.Authorization/roleDefinitions")
        if any("roleAssignments/" in action and not action.endswith("/read")
               for action in one["properties"]["permissions"][0]["actions"])
    }  # fmt: skip
    for scope, one in assignments(whole):
        conditioned = one["properties"].get("conditionVersion") == "2.0"
        assert conditioned is (role_of(one) in changers)
        assert not conditioned or "/applicationgroups/" in scope
    assert bool(changers) is ("pooled" in name and "reads-only" not in name)


def test_who_drills_may_assign_the_testers_and_nobody_else() -> None:
    whole = template("roles/pooled-eu-testers.json")
    plan = read("pooled-eu").route.plan
    assert plan.test_group is not None
    conditions = [
        one["properties"]["condition"] for _, one in assignments(whole) if "condition" in one["properties"]
    ]
    assert conditions
    assert all(plan.test_group.id in condition for condition in conditions)
    assert not [group.id for group in plan.groups if any(group.id in condition for condition in conditions)]


def test_who_moves_machines_acts_on_one_vault_and_changes_nobodys_access() -> None:
    whole = template("roles/personal-eu.json")
    definitions = of_type(whole["resources"], "Microsoft.Authorization/roleDefinitions")
    rights = {one["name"]: one["properties"]["permissions"][0]["actions"] for one in definitions}
    fails_over = {
        role for role, actions in rights.items() if any("unplannedFailover" in one for one in actions)
    }
    (at,) = [scope for scope, one in assignments(whole) if role_of(one) in fails_over]
    assert at.endswith("/providers/microsoft.recoveryservices/vaults/rsv-avd-weu")
    every = {action.lower() for actions in rights.values() for action in actions}
    assert not [one for one in every if "roleassignments/" in one and not one.endswith("/read")]
    assert not [one for one in every if "testfailover" in one or one.endswith("virtualmachines/write")]


def test_one_direction_alone_cannot_take_back_what_it_gave() -> None:
    whole = template("roles/pooled-eu-there-only.json")
    for scope, one in assignments(whole):
        condition = one["properties"].get("condition", "")
        assert ("roleAssignments/write" in condition) is ("/applicationgroups/" in scope and "-weu" in scope)
        assert ("roleAssignments/delete" in condition) is ("/applicationgroups/" in scope and "-neu" in scope)


@pytest.mark.skipif(not CALLS.is_dir(), reason="the official documents are not beside the project")
@pytest.mark.parametrize("name", TEMPLATES)
def test_resources_have_the_properties_that_the_official_documents_know(name: str) -> None:
    whole = template(name)
    roles = json.loads((CALLS / "authorization-RoleDefinitionsCalls.json").read_text())["definitions"]
    given = json.loads((CALLS / "authorization-RoleAssignmentsCalls.json").read_text())["definitions"]
    for one in of_type(whole["resources"], "Microsoft.Authorization/roleDefinitions"):
        assert one["apiVersion"] == CALLS.name
        assert set(one["properties"]) <= set(roles["RoleDefinitionProperties"]["properties"])
        assert set(one["properties"]["permissions"][0]) <= set(roles["Permission"]["properties"])
    wanted = given["RoleAssignmentProperties"]
    for _, one in assignments(whole):
        assert one["apiVersion"] == CALLS.name
        assert set(wanted["required"]) <= set(one["properties"]) <= set(wanted["properties"])
        assert one["properties"]["principalType"] in wanted["properties"]["principalType"]["enum"]
