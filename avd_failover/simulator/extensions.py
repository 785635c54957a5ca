"""Extensions of virtual machines (Microsoft.Compute): listed, put, deleted. No failover takes them along."""

from collections.abc import Sequence
from typing import Literal

from avd_failover.simulator.core import Core, under
from avd_failover.simulator.machines import COMPUTE, Machines
from avd_failover.simulator.records import Operation, key
from avd_failover.simulator.recovery_records import Extension
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, RequestLog, external

_KIND = "Microsoft.Compute/virtualMachines/extensions"


class Extensions(Part):
    """Verbs on extensions. Installing and removing take a while, as operations of Compute."""

    area = "extensions"

    def __init__(self, core: Core, log: RequestLog, machines: Machines) -> None:
        super().__init__(core, log)
        self._machines = machines

    def list(self, machine: str) -> Sequence[Extension]:
        """Return the extensions of a machine, which must exist."""
        return under(self.core.table(Extension).values(), self._machines.get(machine).id)

    def get(self, extension: str) -> Extension:
        """Return one extension. Refused with 404 ``ResourceNotFound``."""
        self._machines.get(_machine_of(extension))
        found = self.core.find(Extension, extension)
        if found is None:
            parts = extension.split("/")
            raise resource_missing(_KIND, f"{parts[-3]}/{parts[-1]}", parts[4])
        return found

    @external
    def put(
        self, actor: str, extension: str, *, publisher: str, type: str, version: str,  # noqa: A002 - Azure's word
        auto_upgrade: bool, settings: str,
    ) -> tuple[bool, Extension, Operation]:  # fmt: skip
        """Install an extension or change it; the first value tells whether it is new.

        Refused with 409 ``OperationNotAllowed`` when the machine does not run.
        """
        machine = self._machines.get(_machine_of(extension))
        if machine.power != "running":
            text = "Cannot modify extensions in the VM when the VM is not running."
            raise ArmRefusal(409, "OperationNotAllowed", text)
        present = self.core.find(Extension, extension)
        wanted = Extension(
            id=present.id if present else f"{machine.id}/extensions/{extension.rsplit('/', 1)[-1]}",
            location=machine.location, publisher=publisher, type=type, version=version,
            auto_upgrade=auto_upgrade, settings=settings, state="Updating" if present else "Creating",
        )  # fmt: skip
        self.core.write(actor, "put-extension", wanted)
        return present is None, wanted, self._follow(actor, wanted)

    @external
    def delete(self, actor: str, extension: str) -> Operation | None:
        """Remove an extension; None when there is none (204)."""
        self._machines.get(_machine_of(extension))
        found = self.core.find(Extension, extension)
        if found is None:
            return None
        return self._follow(actor, self.core.change(actor, "delete-extension", found, state="Deleting"))

    def drop_all(self, machine: str) -> None:
        """Forget the extensions of a machine that was made anew."""
        for found in under(self.core.table(Extension).values(), machine):
            self.core.erase(COMPUTE, "extension-gone", found)

    def _follow(self, actor: str, extension: Extension) -> Operation:
        verb: Literal["putExtension", "deleteExtension"] = (
            "deleteExtension" if extension.state == "Deleting" else "putExtension"
        )
        machine = self._machines.get(_machine_of(extension.id))
        operation = Operation(
            id=self.core.guid("operation"), verb=verb, machine=machine.id, location=machine.location,
            subscription_id=machine.subscription, status="InProgress", start_s=self.core.now_s,
        )  # fmt: skip
        self.core.write(actor, f"begin-{verb}", operation)
        delay_s = self.core.draw("extension", self.core.physics.recovery.extension_s)
        self.core.after(delay_s, lambda: self._done(operation, extension.id))
        return operation

    def _done(self, operation: Operation, extension: str) -> None:
        found = self.core.find(Extension, extension)
        if found is not None and found.state == "Deleting":
            self.core.erase(COMPUTE, "extension-gone", found)
        elif found is not None:
            self.core.change(COMPUTE, "extension-installed", found, state="Succeeded")
        self.core.change(COMPUTE, "operation-ends", operation, status="Succeeded", end_s=self.core.now_s)


def _machine_of(extension: str) -> str:
    return key(extension).rsplit("/", 2)[0]
