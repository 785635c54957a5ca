"""Virtual machines on the wire, and their long-running operations from 202 to the final GET."""

import pytest

from avd_failover.simulator.http.face import Pages
from tests.simulator.http.estate import BASE, GROUP, MACHINE, MACHINES, STOPPED, SUBSCRIPTION, Wire, a_world

EVERY = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachines"


def power(wire, machine):
    view = wire.get(machine + "/instanceView").body
    return next(one["code"] for one in view["statuses"] if one["code"].startswith("PowerState/"))


def followed(answer, header):
    link = answer.headers[header]
    assert link.startswith(BASE + "/subscriptions/")
    return link.removeprefix(BASE)


def test_ids_are_camel_case_and_nothing_is_null():
    body = Wire().get(MACHINE.upper() + "?api-version=1&$expand=instanceView").body
    assert body["id"] == MACHINE
    assert body["type"] == "Microsoft.Compute/virtualMachines"

    def nulls(value):
        if isinstance(value, dict):
            return any(nulls(one) for one in value.values())
        return any(nulls(one) for one in value) if isinstance(value, list) else value is None

    assert not nulls(body)


def test_the_instance_view_comes_only_when_asked_for():
    wire = Wire()
    assert "instanceView" not in wire.get(MACHINE).body["properties"]
    whole = wire.get(MACHINE + "?api-version=1&$expand=instanceView").body["properties"]["instanceView"]
    assert whole == wire.get(MACHINE + "/instanceView").body


def test_a_deallocated_machine_has_no_agent_and_no_computer_name():
    wire = Wire()
    running, off = (wire.get(one + "/instanceView").body for one in (MACHINE, STOPPED))
    assert {"vmAgent", "computerName", "osName"} <= running.keys()
    assert not {"vmAgent", "computerName", "osName"} & off.keys()
    assert [one["code"] for one in off["statuses"]] == [
        "ProvisioningState/succeeded",
        "PowerState/deallocated",
    ]
    assert ["time" in one for one in off["statuses"]] == [True, False]


@pytest.mark.parametrize(
    ("machine", "verb", "during", "after"),
    [
        (STOPPED, "start", "PowerState/starting", "PowerState/running"),
        (MACHINE, "deallocate", "PowerState/deallocating", "PowerState/deallocated"),
        (MACHINE, "powerOff", "PowerState/stopping", "PowerState/stopped"),
    ],
)
def test_an_operation_runs_from_202_over_polls_to_an_empty_200(machine, verb, during, after):
    wire = Wire()
    began = wire.ask("POST", f"{machine}/{verb}?api-version=2026-04-01")
    assert (began.status, began.raw, began.headers["Retry-After"]) == (202, b"", "10")
    poll, final = followed(began, "Azure-AsyncOperation"), followed(began, "Location")
    assert "monitor=true" in final
    assert began.headers["x-ms-request-id"] in poll
    assert power(wire, machine) == during
    first = wire.get(poll)
    assert (first.body["status"], "endTime" in first.body) == ("InProgress", False)
    assert wire.get(final).status == 202
    wire.world.advance(300)
    done = wire.get(poll)
    assert done.body["status"] == "Succeeded"
    assert done.body["startTime"] < done.body["endTime"]
    assert done.body["name"] == began.headers["x-ms-request-id"]
    last = wire.get(final)
    assert (last.status, last.raw) == (200, b"")
    assert power(wire, machine) == after


def test_starting_what_runs_succeeds_at_once():
    wire = Wire()
    began = wire.ask("POST", MACHINE + "/start")
    assert wire.get(followed(began, "Azure-AsyncOperation")).body["status"] == "Succeeded"


def test_no_capacity_is_told_by_the_operation_and_not_by_the_202():
    regions = [
        {"name": "northeurope", "display_name": "North Europe", "compute_up": False},
        {"name": "westeurope", "display_name": "West Europe"},
    ]
    wire = Wire(a_world(regions=regions))
    began = wire.ask("POST", STOPPED + "/start")
    assert began.status == 202
    wire.world.advance(300)
    poll = wire.get(followed(began, "Azure-AsyncOperation"))
    assert (poll.status, poll.body["status"], poll.body["error"]["code"]) == (
        200,
        "Failed",
        "AllocationFailed",
    )
    final = wire.get(followed(began, "Location"))
    assert (final.status, final.code) == (409, "AllocationFailed")


def test_another_operation_under_way_is_a_conflict():
    wire = Wire()
    wire.ask("POST", STOPPED + "/start")
    answer = wire.ask("POST", STOPPED + "/deallocate")
    assert (answer.status, answer.code) == (409, "Conflict")


@pytest.mark.parametrize(
    ("path", "count"),
    [(MACHINES, 5), (EVERY, 10), (GROUP + "/providers/Microsoft.Compute/virtualMachines", 0)],
)
def test_machines_are_listed_by_group_and_by_subscription_over_small_pages(path, count):
    whole = Wire().get(path).body
    assert len(whole["value"]) == count
    assert "nextLink" not in whole
    pages = Wire(pages=Pages(arm=3)).pages(path + "?api-version=1")
    assert [one["id"] for page in pages for one in page] == [one["id"] for one in whole["value"]]


def test_status_only_gives_the_run_time_state_of_every_machine():
    found = Wire().get(EVERY + "?api-version=1&statusOnly=true").body["value"]
    states = [one["properties"]["instanceView"]["statuses"][-1]["code"] for one in found]
    assert states.count("PowerState/running") == 5
    assert states.count("PowerState/deallocated") == 5


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", MACHINE + "x", "ResourceNotFound"),
        ("POST", MACHINE + "x/start", "ResourceNotFound"),
        (
            "GET",
            f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/x",
            "NotFound",
        ),
    ],
)
def test_what_is_not_there_is_404(method, path, code):
    answer = Wire().ask(method, path)
    assert (answer.status, answer.code) == (404, code)
