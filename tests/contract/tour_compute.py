"""The walk over Compute beside power: sizes, quotas, disks, images, commands, many machines at once."""

from collections.abc import Sequence
from typing import Any

from tests.contract.walking import Step, get
from tests.simulator.http.estate import MACHINE, MACHINES, STOPPED
from tests.simulator.http.test_bulk import NORTH, body
from tests.simulator.http.test_fleet import COMPUTE, GALLERY, GROUP_COMPUTE, VERSION

NOBODY = "99999999-0000-4000-8000-000000000009"
_DISK = f"{GROUP_COMPUTE}/disks/nvm-0_OsDisk"
_NIC = MACHINES.replace("Microsoft.Compute/virtualMachines", "Microsoft.Network/networkInterfaces")
_IMAGE = VERSION.split("/versions")[0]
_COMMAND = f"{MACHINE}/runCommands/look"
_SCRIPT = {"commandId": "RunPowerShellScript", "script": ["Get-Date"]}
_SOURCE = {"location": "northeurope", "properties": {"source": {"script": "Get-Date"}}}
_OPERATIONS = {"operationIds": [NOBODY], "correlationid": "c"}
_WHEN: dict[str, Any] = {"schedule": {"deadline": "2026-03-02T04:00:00Z", "deadlineType": "InitiateAt"}}

COMPUTE_STEPS: Sequence[Step] = (
    *get(f"{COMPUTE}/locations/northeurope/virtualMachines", f"{COMPUTE}/locations/northeurope/usages"),
    *get(f"{COMPUTE}/skus", f"{COMPUTE}/skus?$filter=location eq 'northeurope'"),
    *get(f"{COMPUTE}/disks", f"{GROUP_COMPUTE}/disks", _DISK, _DISK + "x"),
    *get(f"{_NIC}/nvm-0-nic", f"{_NIC}/none"),
    *get(f"{COMPUTE}/galleries", GALLERY.rsplit("/", 1)[0], GALLERY, GALLERY + "x"),
    *get(_IMAGE.rsplit("/", 1)[0], _IMAGE, f"{_IMAGE}/versions", VERSION, VERSION + "9"),
    *get(f"{VERSION}?$expand=ReplicationStatus"),
    Step("PATCH", MACHINE, body={"tags": {"a": "b"}}),
    Step("PATCH", MACHINE + "x", body={"tags": {"a": "b"}}),
    Step("POST", MACHINE + "/runCommand", body=_SCRIPT),
    Step("POST", STOPPED + "/runCommand", body=_SCRIPT),
    Step("PUT", _COMMAND, body=_SOURCE),
    *get(
        _COMMAND, f"{_COMMAND}?$expand=instanceView", f"{MACHINE}/runCommands", f"{MACHINE}/runCommands/none"
    ),
    Step("DELETE", _COMMAND),
    Step("DELETE", _COMMAND),
    Step("POST", f"{NORTH}ExecuteStart", body=body([STOPPED, STOPPED + "x"])),
    Step("POST", f"{NORTH}ExecuteDeallocate", body=body([MACHINE])),
    Step("POST", f"{NORTH}SubmitStart", body=body([STOPPED], **_WHEN)),
    Step("POST", f"{NORTH}SubmitDeallocate", body=body([MACHINE], **_WHEN)),
    *(
        Step("POST", f"{NORTH}{verb}", body=_OPERATIONS)
        for verb in ("GetOperationStatus", "CancelOperations")
    ),
    Step("POST", f"{NORTH}GetOperationErrors", body={"operationIds": [NOBODY]}),
)
