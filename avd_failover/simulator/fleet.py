"""What is known of machines beside their power: tags and reservation groups, disks and interfaces, images."""

from collections.abc import Mapping, Sequence
from typing import Any

from avd_failover.simulator.core import Core, under
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.records import Machine, R, key
from avd_failover.simulator.records_compute import Gallery, GalleryImage, ImageVersion
from avd_failover.simulator.recovery_records import CapacityGroup
from avd_failover.simulator.recovery_reversal import disk_of
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, RequestLog, external

_COMPUTE = "Microsoft.Compute"


class Fleet(Part):
    """Verbs on what belongs to machines."""

    area = "fleet"

    def __init__(self, core: Core, log: RequestLog, machines: Machines) -> None:
        super().__init__(core, log)
        self._machines = machines

    @external
    def patch(self, actor: str, machine: str, changes: Mapping[str, Any]) -> Machine:
        """Change tags (as a mapping) or ``reservation_group`` of a machine; an empty group takes it out.

        Refused with 404 for a group that does not exist, and with 409 ``OperationNotAllowed`` for a machine
        that joins or leaves a group while it is allocated.
        """
        found = self._machines.get(machine)
        wanted = dict(changes)
        if "tags" in wanted:
            wanted["tags"] = tuple((str(name), str(text)) for name, text in wanted["tags"].items())
        if "reservation_group" in wanted:
            wanted["reservation_group"] = self._group(found, wanted["reservation_group"])
        return self.core.change(actor, "patch-machine", found, **wanted)

    def _group(self, machine: Machine, group: str | None) -> str | None:
        if machine.power != "deallocated" and key(group or "") != key(machine.reservation_group or ""):
            text = "The VM must be deallocated before its capacity reservation group is changed."
            raise ArmRefusal(409, "OperationNotAllowed", text)
        if not group:
            return None
        held = self.core.find(CapacityGroup, group)
        if held is None:
            parts = group.split("/")
            raise resource_missing(f"{_COMPUTE}/capacityReservationGroups", parts[-1], parts[4])
        return held.id

    def with_disk(self, disk: str) -> Machine:
        """Return the machine whose system disk is meant. Refused with 404 ``ResourceNotFound``."""
        for machine in self.core.table(Machine).values():
            if key(disk_id(machine)) == key(disk):
                self.core.require_up(machine.location)
                return machine
        raise resource_missing(f"{_COMPUTE}/disks", disk.rsplit("/", 1)[-1], disk.split("/")[4])

    def galleries(self, prefix: str) -> Sequence[Gallery]:
        """Return the galleries below a subscription or resource group."""
        return under(self.core.table(Gallery).values(), prefix)

    def gallery(self, gallery: str) -> Gallery:
        """Return one gallery. Refused with 404 ``ResourceNotFound``."""
        return self._get(Gallery, gallery, "galleries")

    def images(self, gallery: str) -> Sequence[GalleryImage]:
        """Return the image definitions of a gallery."""
        return under(self.core.table(GalleryImage).values(), self.gallery(gallery).id)

    def image(self, image: str) -> GalleryImage:
        """Return one image definition. Refused with 404 ``ResourceNotFound``."""
        return self._get(GalleryImage, image, "galleries/images")

    def versions(self, image: str) -> Sequence[ImageVersion]:
        """Return the versions of an image."""
        return under(self.core.table(ImageVersion).values(), self.image(image).id)

    def version(self, version: str) -> ImageVersion:
        """Return one version of an image. Refused with 404 ``ResourceNotFound``."""
        return self._get(ImageVersion, version, "galleries/images/versions")

    def _get(self, kind: type[R], resource: str, named: str) -> R:
        found = self.core.find(kind, resource)
        if found is None:
            parts = resource.split("/")
            raise resource_missing(f"{_COMPUTE}/{named}", "/".join(parts[8::2]), parts[4])
        self.core.require_up(str(getattr(found, "location", "")))
        return found


def disk_id(machine: Machine) -> str:
    """Return the id of a machine's system disk."""
    return disk_of(f"{_base(machine)}/Microsoft.Compute/virtualMachines/{machine.name}")


def interface_id(machine: Machine) -> str:
    """Return the id of a machine's network interface."""
    return f"{_base(machine)}/Microsoft.Network/networkInterfaces/{machine.name}-nic"


def _base(machine: Machine) -> str:
    return f"/subscriptions/{machine.subscription}/resourceGroups/{machine.resource_group}/providers"
