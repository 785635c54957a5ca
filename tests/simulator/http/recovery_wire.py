"""The small vault of ``recovery_estate`` without a socket, and bodies to ask it with."""

from typing import Any

from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.world import World
from tests.simulator.http.estate import BASE, Told, Wire
from tests.simulator.recovery_estate import POLICY, item, state, switch, vault_world

VERSION = "?api-version=2025-08-01"


def vault_wire(world: World | None = None, *, pages: Pages | None = None, **changes: Any) -> Wire:
    return Wire(world or vault_world(**changes), pages=pages)


def a2a(**properties: Any) -> dict[str, Any]:
    """A body of an operation on an A2A item; ``details`` go into the provider's part."""
    details = {"instanceType": "A2A"} | properties.pop("details", {})
    return {"properties": {"providerSpecificDetails": details, **properties}}


FAILOVER = a2a(failoverDirection="PrimaryToRecovery", sourceSiteOperations="NotRequired")
PLAN_FAILOVER = {
    "properties": {
        "failoverDirection": "PrimaryToRecovery",
        "sourceSiteOperations": "NotRequired",
        "providerSpecificDetails": [{"instanceType": "A2A", "recoveryPointType": "LatestProcessed"}],
    }
}


def switching(world: World, number: int = 0) -> dict[str, Any]:
    """The body of a reprotect of a committed item."""
    asked = switch(state(world, number))
    disk = asked["disks"][0]
    return a2a(
        replicationProtectedItemName=f"vm-pd-{number}",
        details={
            "recoveryContainerId": asked["recovery_container"],
            "policyId": POLICY,
            "recoveryResourceGroupId": asked["recovery_group"],
            "vmManagedDisks": [
                {
                    "diskId": disk["disk"],
                    "primaryStagingAzureStorageAccountId": disk["staging_account"],
                    "recoveryResourceGroupId": disk["recovery_group"],
                }
            ],
        },
    )


def link(answer: Told, header: str) -> str:
    """The target of a header that leads on."""
    assert answer.headers[header].startswith(BASE + "/Subscriptions/")
    return answer.headers[header].removeprefix(BASE)


def post(wire: Wire, action: str, body: Any = None, number: int = 0) -> Told:
    return wire.ask("POST", f"{item(number)}/{action}{VERSION}", body)


def done(wire: Wire, began: Told, *, within_s: float = 2_000.0) -> Told:
    """Follow a 202 to the end of its operation; return the last status."""
    assert began.status == 202, began.body
    until_s = wire.world.now_s + within_s
    status = wire.get(link(began, "Azure-AsyncOperation"))
    while status.body["status"] == "InProgress" and wire.world.now_s < until_s:
        wire.world.advance(wire.world.now_s + 5)
        status = wire.get(link(began, "Azure-AsyncOperation"))
    return status


def failed_over(wire: Wire, number: int = 0) -> None:
    assert done(wire, post(wire, "unplannedFailover", FAILOVER, number)).body["status"] == "Succeeded"


def committed(wire: Wire, number: int = 0) -> None:
    failed_over(wire, number)
    assert done(wire, post(wire, "failoverCommit", None, number)).body["status"] == "Succeeded"
