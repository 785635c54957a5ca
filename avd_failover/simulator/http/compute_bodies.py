"""How Microsoft.Compute writes machines and operations: camelCase ids, and no nulls at all."""

from avd_failover.simulator.fleet import interface_id
from avd_failover.simulator.http.arm_common import offset_time
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.machines import ON_A_HOST
from avd_failover.simulator.records import Machine, Operation
from avd_failover.simulator.records_compute import CommandRun
from avd_failover.simulator.recovery_reversal import disk_of
from avd_failover.simulator.world import World

_UNDER_WAY = {"starting", "stopping", "deallocating"}


def machine_id(machine: Machine) -> str:
    """Write the id of a machine in Compute's casing."""
    return (
        f"/subscriptions/{machine.subscription}/resourceGroups/{machine.resource_group}"
        f"/providers/Microsoft.Compute/virtualMachines/{machine.name}"
    )


def machine_body(world: World, machine: Machine, *, with_view: bool) -> dict[str, Json]:
    """Write a machine, with its instance view when asked for."""
    body: dict[str, Json] = {
        "name": machine.name,
        "id": machine_id(machine),
        "type": "Microsoft.Compute/virtualMachines",
        "location": machine.location,
        "tags": dict(machine.tags),
        "properties": _properties(world, machine),
    }
    if machine.zones:
        body["zones"] = list(machine.zones)
    if with_view:
        body["properties"]["instanceView"] = instance_view(world, machine)
    return body


def _properties(world: World, machine: Machine) -> dict[str, Json]:
    disk = f"{machine.name}_OsDisk"
    group = machine.reservation_group
    reserved = {"capacityReservation": {"capacityReservationGroup": {"id": group}}} if group else {}
    return {
        **reserved,
        "vmId": machine.vm_id,
        "hardwareProfile": {"vmSize": machine.vm_size},
        "storageProfile": {
            "osDisk": {
                "osType": "Windows",
                "name": disk,
                "createOption": "FromImage",
                "caching": "ReadWrite",
                "managedDisk": {
                    "id": disk_of(machine_id(machine)),
                    "storageAccountType": machine.os_disk_sku,
                },
                "deleteOption": "Delete",
                "diskSizeGB": 128,
            },
            "dataDisks": [],
            **_image(machine),
        },
        "networkProfile": {
            "networkInterfaces": [{"id": interface_id(machine), "properties": {"primary": True}}]
        },
        "osProfile": {
            "computerName": machine.computer_name,
            "adminUsername": "avdadmin",
            "windowsConfiguration": {"provisionVMAgent": True, "enableAutomaticUpdates": False},
            "secrets": [],
            "allowExtensionOperations": True,
            "requireGuestProvisionSignal": True,
        },
        "licenseType": "Windows_Client",
        "provisioningState": "Updating" if machine.power in _UNDER_WAY else "Succeeded",
        "timeCreated": offset_time(world.core.starts_at),
    }


def _image(machine: Machine) -> dict[str, Json]:
    if machine.image is None:
        return {}
    return {"imageReference": {"id": machine.image, "exactVersion": machine.image.rsplit("/", 1)[-1]}}


def instance_view(world: World, machine: Machine) -> dict[str, Json]:
    """Write the run-time state; a machine without a host has no agent and no computer name (recorded)."""
    since = offset_time(world.core.at(machine.power_since_s))
    disk_status = _status("ProvisioningState/succeeded", "Provisioning succeeded") | {"time": since}
    view: dict[str, Json] = {
        "disks": [{"name": f"{machine.name}_OsDisk", "statuses": [disk_status]}],
        "hyperVGeneration": "V2",
        "statuses": [
            disk_status,
            _status(f"PowerState/{machine.power}", f"VM {machine.power}"),
        ],
    }
    return _agent(machine, since) | view if machine.power in ON_A_HOST else view


def _agent(machine: Machine, since: str) -> dict[str, Json]:
    ready = _status("ProvisioningState/succeeded", "Ready")
    return {
        "computerName": machine.computer_name,
        "osName": "Windows 11 Enterprise multi-session",
        "osVersion": "10.0.26100.4349",
        "vmAgent": {
            "vmAgentVersion": "2.7.41491.1183",
            "statuses": [ready | {"message": "GuestAgent is running.", "time": since}],
            "extensionHandlers": [],
        },
    }


def _status(code: str, shown: str) -> dict[str, Json]:
    return {"code": code, "level": "Info", "displayStatus": shown}


def operation_body(world: World, operation: Operation) -> dict[str, Json]:
    """Write the status of a long-running operation, as it is polled."""
    body: dict[str, Json] = {"startTime": offset_time(world.core.at(operation.start_s))}
    if operation.end_s is not None:
        body["endTime"] = offset_time(world.core.at(operation.end_s))
    body |= {"status": operation.status, "name": operation.id}
    if operation.status == "Failed":
        body["error"] = {"code": operation.error_code, "message": operation.error_message}
    return body


def script_output(run: CommandRun) -> dict[str, Json]:
    """Write what a script said, as the result of a run command by action."""
    said = (("StdOut", run.output), ("StdErr", run.error))
    return {
        "value": [
            _status(f"ComponentStatus/{stream}/succeeded", "Provisioning succeeded") | {"message": text}
            for stream, text in said
        ]
    }
