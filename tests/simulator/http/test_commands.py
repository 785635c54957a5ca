"""Run commands: what a script finds in a machine, how it ends, and what it does to the AVD agent."""

import json
from typing import Any

import pytest

from avd_failover.simulator.guest import run
from avd_failover.simulator.records_compute import Guest, RegistryValue
from tests.simulator.http.estate import MACHINE, POOL, STOPPED, Wire

PROFILES = "SOFTWARE\\FSLogix\\Profiles"
VALUES = (
    RegistryValue(path=PROFILES, name="Enabled", kind="REG_DWORD", value="1"),
    RegistryValue(path=PROFILES, name="CCDLocations", kind="REG_MULTI_SZ", value="a\nb"),
    RegistryValue(path=PROFILES, name="Note", kind="REG_SZ", value="x"),
)
GUEST = Guest(id="g", machine="m", registry=VALUES)
QUERY = f'reg query "HKLM\\{PROFILES}"'


@pytest.mark.parametrize(
    ("script", "output", "failed"),
    [
        (QUERY, ["Enabled    REG_DWORD    0x1", "CCDLocations    REG_MULTI_SZ    a\\0b"], False),
        (QUERY.lower() + " /v Enabled", ["Enabled    REG_DWORD    0x1"], False),
        (QUERY + " /v Nothing", [], True),
        ('reg query "HKLM\\SOFTWARE\\Nowhere"', [], True),
        ("Remove-Item C:\\ -Recurse", [], True),
        ("", [], True),
    ],
)
def test_a_script_finds_what_the_registry_holds_and_nothing_else_works(script, output, failed):
    said = run(GUEST, script, registered=False)
    assert (said.exit_code != 0) is failed
    assert bool(said.error) is failed
    assert all(line in said.output for line in output)


def test_powershell_reads_a_key_as_json_with_its_types():
    said = run(GUEST, f"Get-ItemProperty -Path 'HKLM:\\{PROFILES}' | ConvertTo-Json", registered=False)
    assert json.loads(said.output) == {"Enabled": 1, "CCDLocations": ["a", "b"], "Note": "x"}
    missing = run(GUEST, "Get-ItemProperty 'HKLM:\\SOFTWARE\\No' | ConvertTo-Json", registered=False)
    assert (missing.exit_code, "Cannot find path" in missing.error) == (1, True)


def given_registry(wire: Wire) -> None:
    wire.world.core.write(
        "scenario:x", "build", Guest(id=f"{MACHINE}/guest", machine=MACHINE, registry=VALUES)
    )


def shell(*lines: str) -> dict[str, Any]:
    return {"commandId": "RunPowerShellScript", "script": list(lines)}


def finish(wire: Wire, headers: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    wire.world.advance(wire.world.now_s + 120)
    poll = wire.get(headers["Azure-AsyncOperation"].partition("7777")[2]).body
    result = wire.get(headers["Location"].partition("7777")[2]).body
    return poll, result


def test_an_action_answers_202_and_its_location_holds_what_the_script_said():
    wire = Wire()
    given_registry(wire)
    began = wire.ask("POST", MACHINE + "/runCommand", shell(QUERY))
    assert began.status == 202
    waiting = wire.get(began.headers["Azure-AsyncOperation"].partition("7777")[2]).body
    assert waiting["status"] == "InProgress"
    poll, result = finish(wire, began.headers)
    assert poll["status"] == "Succeeded"
    assert [one["code"] for one in result["value"]] == [
        "ComponentStatus/StdOut/succeeded",
        "ComponentStatus/StdErr/succeeded",
    ]
    assert "CCDLocations" in result["value"][0]["message"]


def test_an_action_succeeds_although_its_script_failed():
    wire = Wire()
    poll, result = finish(wire, wire.ask("POST", MACHINE + "/runCommand", shell("dance")).headers)
    assert poll["status"] == "Succeeded"
    assert "does not know the command 'dance'" in result["value"][1]["message"]


@pytest.mark.parametrize(
    ("machine", "body", "code"),
    [
        (STOPPED, shell("x"), "OperationNotAllowed"),
        (MACHINE, {"commandId": "Nothing"}, "InvalidRequestContent"),
        (MACHINE, {"commandId": "RunPowerShellScript", "script": [1]}, "InvalidRequestContent"),
        (MACHINE, {}, "InvalidRequestContent"),
        (MACHINE + "x", shell("x"), "ResourceNotFound"),
    ],
)
def test_what_cannot_run_is_refused(machine, body, code):
    assert Wire().ask("POST", machine + "/runCommand", body).code == code


def test_one_action_at_a_time():
    wire = Wire()
    first = wire.ask("POST", MACHINE + "/runCommand", shell(QUERY))
    assert wire.ask("POST", MACHINE + "/runCommand", shell(QUERY)).code == "Conflict"
    finish(wire, first.headers)
    assert wire.ask("POST", MACHINE + "/runCommand", shell(QUERY)).status == 202


def test_a_script_ends_badly_when_its_machine_goes_away():
    wire = Wire()
    began = wire.ask("POST", MACHINE + "/runCommand", shell(QUERY))
    wire.ask("POST", MACHINE + "/deallocate")
    poll, _ = finish(wire, began.headers)
    assert (poll["status"], poll["error"]["code"]) == ("Failed", "VMAgentStatusCommunicationError")


def test_a_managed_command_is_created_read_with_its_view_listed_and_removed():
    wire = Wire()
    path = MACHINE + "/runCommands/look"
    sent = {"location": "northeurope", "properties": {"source": {"script": "dance"}, "asyncExecution": False}}
    made = wire.ask("PUT", path, sent)
    assert (made.status, made.body["properties"]["provisioningState"]) == (201, "Creating")
    assert "Azure-AsyncOperation" in made.headers
    assert "Location" not in made.headers
    running = wire.get(path + "?api-version=1&$expand=instanceView").body["properties"]["instanceView"]
    assert running["executionState"] == "Running"
    wire.world.advance(120)
    view = wire.get(path + "?api-version=1&$expand=instanceView").body["properties"]["instanceView"]
    assert (view["executionState"], view["exitCode"]) == ("Failed", 1)
    assert wire.get(path).body["properties"]["provisioningState"] == "Succeeded"
    assert wire.ask("PUT", path, sent).status == 200
    assert [one["name"] for one in wire.get(MACHINE + "/runCommands").body["value"]] == ["look"]
    assert wire.ask("DELETE", path).status == 200
    assert wire.ask("DELETE", path).status == 204
    assert wire.get(path).code == "ResourceNotFound"


def test_a_script_with_a_registration_key_brings_a_sleeper_back():
    wire = Wire()
    world = wire.world
    host = world.hosts.on_machine(STOPPED)
    assert host is not None
    world.core.change("scenario:x", "age", host, token_s=-100 * 86_400.0)
    wire.ask("POST", STOPPED + "/start")
    world.advance(1_200)
    assert world.hosts.get(host.id).status == "Unavailable"
    update = {"registrationTokenOperation": "Update", "expirationTime": "2026-03-03T03:00:00Z"}
    told = wire.ask("PATCH", POOL, {"properties": {"registrationInfo": update}}).body
    token = told["properties"]["registrationInfo"]["token"]
    finish(wire, wire.ask("POST", STOPPED + "/runCommand", shell(f"install.ps1 -Token {token}")).headers)
    world.advance(world.now_s + 1_200)
    assert world.hosts.get(host.id).status == "Available"
    assert token not in json.dumps(world.snapshot())
