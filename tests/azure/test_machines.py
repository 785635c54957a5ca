"""Machines: power from the instance view, operations followed to their end on the clock."""

from collections.abc import Awaitable, Callable

import pytest

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.cloud import Accepted
from avd_failover.domain import ids
from avd_failover.domain.estate import PowerState
from avd_failover.domain.faults import RefusedError, TransientError, UnknownError
from tests.azure.builders import SUBSCRIPTION, VM
from tests.azure.fake_arm import Answer, FakeArm, refusal
from tests.azure.jump_clock import JumpClock
from tests.azure.recordings import answer_of, recorded
from tests.permits import with_permits

OPERATION = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/locations/westeurope/operations/op-1"
FOLLOW = {
    "Azure-AsyncOperation": f"{{here}}{OPERATION}?p=1&api-version=2026-04-01",
    "Location": f"{{here}}{OPERATION}?p=1&monitor=true&api-version=2026-04-01",
    "Retry-After": "10",
    "x-ms-request-id": "op-1",
}
TAKEN = Answer(202, headers=FOLLOW)
RUNNING = Answer(200, {"name": "op-1", "status": "InProgress"})
DONE = Answer(200, {"name": "op-1", "status": "Succeeded"})


def failed(code: str, status: str = "Failed") -> Answer:
    error = {"code": code, "message": f"{code} for ada@contoso.com"}
    return Answer(200, {"name": "op-1", "status": status, "error": error})


def vm_body(*codes: str) -> dict[str, object]:
    statuses = [{"code": code, "level": "Info"} for code in codes]
    properties = {"instanceView": {"statuses": statuses}, "vmId": "x"}
    return {"id": VM.upper(), "location": "westeurope", "properties": properties}


@pytest.mark.parametrize(
    ("codes", "power"),
    [
        (("ProvisioningState/succeeded", "PowerState/running"), PowerState.RUNNING),
        (("PowerState/deallocated", "ProvisioningState/succeeded"), PowerState.DEALLOCATED),
        (("ProvisioningState/updating", "PowerState/Starting"), PowerState.STARTING),
        (("ProvisioningState/updating", "PowerState/deallocating"), PowerState.DEALLOCATING),
        (("PowerState/stopped",), PowerState.STOPPED),
        (("PowerState/hibernated",), PowerState.UNKNOWN),
        (("ProvisioningState/failed/AllocationFailed",), PowerState.UNKNOWN),
        ((), PowerState.UNKNOWN),
    ],
)
async def test_power_comes_from_the_instance_view(
    arm: FakeArm, cloud: AzureCloud, codes: tuple[str, ...], power: PowerState
) -> None:
    arm.on("GET", "/virtualMachines/vm-0.*", Answer(200, vm_body(*codes)))
    machine = await cloud.machines.get(VM)
    assert (machine.id, machine.location, machine.power) == (VM, "westeurope", power)
    assert arm.seen[0].query["$expand"] == "instanceView"


async def test_power_is_unknown_where_no_instance_view_is_told(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", Answer(200, {"id": VM, "location": "x", "properties": {}}))
    assert (await cloud.machines.get(VM)).power is PowerState.UNKNOWN


async def test_a_body_that_is_no_machine_is_no_reading(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", Answer(200, {}))
    with pytest.raises(TransientError):
        await cloud.machines.get(VM)


Verb = Callable[[AzureCloud], Awaitable[Accepted]]
START: Verb = lambda cloud: cloud.machines.start(VM)  # noqa: E731
DEALLOCATE: Verb = lambda cloud: cloud.machines.deallocate(VM)  # noqa: E731


@pytest.mark.parametrize(("verb", "path"), [(START, "/start"), (DEALLOCATE, "/deallocate")])
async def test_an_operation_is_followed_to_its_end(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock, verb: Verb, path: str
) -> None:
    arm.on("POST", path, TAKEN)
    arm.on("GET", "op-1.*", RUNNING, RUNNING, DONE)
    accepted = await verb(cloud)
    assert accepted.request_id == "op-1"
    assert accepted.at == clock.now()
    assert [seen.method for seen in arm.seen] == ["POST", "GET", "GET", "GET"]
    assert clock.slept == [10.0, 10.0]


async def test_polls_come_as_often_as_azure_asks(arm: FakeArm, cloud: AzureCloud, clock: JumpClock) -> None:
    slow = Answer(200, {"status": "InProgress"}, {"Retry-After": "36"})
    arm.on("POST", "/start", TAKEN)
    arm.on("GET", "op-1.*", slow, RUNNING, DONE)
    await cloud.machines.start(VM)
    assert clock.slept == [36.0, 10.0]


async def test_an_operation_by_location_alone_is_followed(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/start", Answer(202, headers={"Location": FOLLOW["Location"]}))
    arm.on("GET", "op-1.*", Answer(202), Answer(202), Answer(200))
    await cloud.machines.start(VM)
    assert len(arm.sent("GET")) == 3


async def test_a_start_done_at_once_needs_no_poll(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/start", Answer(200))
    await cloud.machines.start(VM)
    assert len(arm.seen) == 1


async def test_accepted_with_nothing_to_follow_is_not_done(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "/start", Answer(202))
    with pytest.raises(UnknownError):
        await cloud.machines.start(VM)
    assert len(arm.seen) == 1


@pytest.mark.parametrize(
    "code", ["AllocationFailed", "ZonalAllocationFailed", "OverconstrainedAllocationRequest"]
)
@pytest.mark.parametrize("verb", [START, DEALLOCATE])
async def test_a_failed_operation_is_refused_with_azures_code(
    arm: FakeArm, cloud: AzureCloud, verb: Verb, code: str
) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", RUNNING, failed(code))
    with pytest.raises(RefusedError) as caught:
        await verb(cloud)
    assert (caught.value.code, caught.value.target) == (code, VM)
    assert "@" not in caught.value.message
    assert len(arm.sent("POST")) == 1


async def test_a_cancelled_operation_is_refused(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", Answer(200, {"status": "Canceled"}))
    with pytest.raises(RefusedError) as caught:
        await cloud.machines.start(VM)
    assert caught.value.code == "OperationCanceled"


async def test_an_operation_without_end_is_unknown_at_the_deadline(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", RUNNING)
    with pytest.raises(UnknownError) as caught:
        await cloud.machines.start(VM)
    assert "InProgress" in caught.value.message
    assert clock.passed == pytest.approx(20 * 60)
    assert len(arm.sent("POST")) == 1


async def test_the_deadline_holds_against_an_absurd_wait(arm: FakeArm, clock: JumpClock) -> None:
    cloud = with_permits(connect(Endpoints(arm=arm.url, graph=arm.url), clock, operation_deadline_s=60))
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", Answer(200, {"status": "InProgress"}, {"Retry-After": "86400"}))
    with pytest.raises(UnknownError):
        await cloud.machines.start(VM)
    assert clock.passed == pytest.approx(60)
    await cloud.aclose()


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(Answer(503), id="503, empty, as recorded"),
        pytest.param(Answer(500, {"error": {"code": "InternalError"}}), id="500"),
        pytest.param(Answer(drop=True), id="connection dropped"),
        pytest.param(Answer(503, b"<html/>", {"Content-Type": "application/json"}), id="503, not readable"),
    ],
)
async def test_a_poll_that_fails_is_asked_again_and_the_start_is_not(
    arm: FakeArm, cloud: AzureCloud, trouble: Answer
) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", trouble, RUNNING, trouble, DONE)
    await cloud.machines.start(VM)
    assert len(arm.sent("GET")) == 4
    assert len(arm.sent("POST")) == 1


async def test_a_throttled_poll_waits_as_long_as_asked(
    arm: FakeArm, cloud: AzureCloud, clock: JumpClock
) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", refusal(429, "TooManyRequests", Retry_After="50"), DONE)
    await cloud.machines.start(VM)
    assert clock.passed >= 50


@pytest.mark.parametrize(
    "lost",
    [
        pytest.param(refusal(404, "OperationNotFound"), id="operation forgotten"),
        pytest.param(refusal(403, "AuthorizationFailed"), id="not allowed to look"),
        pytest.param(Answer(200, {"name": "op-1"}), id="no status"),
        pytest.param(Answer(200), id="no body"),
        pytest.param(Answer(200, b"<html/>", {"Content-Type": "application/json"}), id="not readable"),
        pytest.param(Answer(200, []), id="not an object"),
    ],
)
async def test_an_operation_that_cannot_be_read_is_unknown_not_failed(
    arm: FakeArm, cloud: AzureCloud, lost: Answer
) -> None:
    arm.on("POST", "", TAKEN)
    arm.on("GET", "op-1.*", RUNNING, lost)
    with pytest.raises(UnknownError):
        await cloud.machines.start(VM)
    assert len(arm.sent("POST")) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refusal(409, "SkuNotAvailable"), "SkuNotAvailable"),
        (refusal(409, "OperationNotAllowed", "quota"), "OperationNotAllowed"),
        (refusal(404, "ResourceNotFound"), "ResourceNotFound"),
        (refusal(403, "AuthorizationFailed"), "AuthorizationFailed"),
    ],
)
async def test_a_start_refused_at_the_door_is_refused(
    arm: FakeArm, cloud: AzureCloud, answer: Answer, code: str
) -> None:
    arm.on("POST", "", answer)
    with pytest.raises(RefusedError) as caught:
        await cloud.machines.start(VM)
    assert caught.value.code == code


async def test_an_acceptance_with_a_date_to_wait_for_is_followed_or_unknown(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    """The SDK reads Retry-After as a number and fails on a date, after the machine was told to start."""
    arm.on("POST", "", Answer(202, headers={**FOLLOW, "Retry-After": "Sun, 01 Mar 2026 03:00:40 GMT"}))
    arm.on("GET", "op-1.*", DONE)
    with pytest.raises(UnknownError):
        await cloud.machines.start(VM)
    assert len(arm.sent("POST")) == 1


@pytest.mark.parametrize(
    ("operation", "power"),
    [
        ("virtualMachines.get($expand=instanceView) running", PowerState.RUNNING),
        ("virtualMachines.get($expand=instanceView) stopped", PowerState.STOPPED),
        ("virtualMachines.get($expand=instanceView) deallocated", PowerState.DEALLOCATED),
    ],
)
async def test_recorded_machines_are_read(
    arm: FakeArm, cloud: AzureCloud, operation: str, power: PowerState
) -> None:
    exchange = recorded("compute-vm", operation)
    arm.on("GET", "", answer_of(exchange))
    machine = ids.machine_id(exchange["request"]["path"].split("?")[0])
    assert (await cloud.machines.get(machine)).power is power


async def test_a_recorded_missing_machine_is_refused(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("compute-vm", "virtualMachines.get missing (404)")
    arm.on("GET", "", answer_of(exchange))
    with pytest.raises(RefusedError) as caught:
        await cloud.machines.get(VM)
    assert (caught.value.status, caught.value.code) == (404, "ResourceNotFound")


@pytest.mark.parametrize(("operation", "verb"), [("start", START), ("deallocate", DEALLOCATE)])
async def test_a_recorded_operation_is_followed_to_its_end(
    arm: FakeArm, cloud: AzureCloud, operation: str, verb: Verb
) -> None:
    exchange = recorded("compute-vm-full-headers", f"virtualMachines.{operation}")
    polls = [poll for poll in exchange["poll"] if "status" in (poll.get("body") or {})]
    arm.on("POST", f"/{operation}", answer_of(exchange))
    arm.on("GET", "/operations/.*", *(Answer(poll["status"], poll["body"]) for poll in polls))
    accepted = await verb(cloud)
    assert accepted.request_id == exchange["response"]["headers"]["x-ms-correlation-request-id"]
    assert len(arm.sent("GET")) == len(polls)
