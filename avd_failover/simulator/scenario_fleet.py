"""What a scenario may say of Compute: images, room, quotas, sizes that are restricted. All optional."""

from typing import Literal

from pydantic import Field

from avd_failover.runbook.yaml_file import FileModel
from avd_failover.simulator.scenario_details import ResourceName


class ReplicaSpec(FileModel):
    """Copies of an image version in a region."""

    region: ResourceName = Field(description="Region.")
    count: int = Field(default=1, ge=1, le=100, description="How many copies.")
    state: Literal["Completed", "Replicating", "Failed"] = Field(
        default="Completed", description="How far their making is."
    )


class VersionSpec(FileModel):
    """A version of an image."""

    name: str = Field(pattern=r"^\d+\.\d+\.\d+$", description="Version, such as 1.0.0.")
    replicas: tuple[ReplicaSpec, ...] = Field(min_length=1, description="Where copies of it are.")
    copied_from: str | None = Field(
        default=None, description="Version it was copied from, as gallery/image/version."
    )
    days_old: float = Field(default=20.0, ge=0, description="How many days ago it was published.")


class ImageSpec(FileModel):
    """An image definition."""

    name: ResourceName = Field(description="Name of the definition.")
    versions: tuple[VersionSpec, ...] = Field(min_length=1, description="Its versions.")


class GallerySpec(FileModel):
    """A compute gallery with its images."""

    name: ResourceName = Field(description="Name; hosts refer to it.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region.")
    images: tuple[ImageSpec, ...] = Field(min_length=1, description="Its image definitions.")


class CapacitySpec(FileModel):
    """How much room a region has for a size; without an entry there is always room."""

    region: ResourceName = Field(description="Region.")
    size: str = Field(description="Size of machines, such as Standard_D8s_v5.")
    zone: Literal["1", "2", "3"] | None = Field(default=None, description="One zone of it; all when absent.")
    free: int = Field(ge=0, description="How many more machines fit than run at the start.")


class QuotaSpec(FileModel):
    """A quota that differs from the usual roomy one."""

    region: ResourceName = Field(description="Region.")
    name: str = Field(description="Compute's name for it, such as cores or standardDSv5Family.")
    limit: int = Field(ge=0, description="The limit.")


class RestrictionSpec(FileModel):
    """A size that the subscriptions cannot use in a region."""

    region: ResourceName = Field(description="Region.")
    size: str = Field(description="Size of machines.")
    zones: tuple[Literal["1", "2", "3"], ...] = Field(default=(), description="Zones; the region when empty.")


class FleetSections(FileModel):
    """Sections of a scenario about Compute; all optional."""

    galleries: tuple[GallerySpec, ...] = Field(default=(), description="Compute galleries.")
    capacity: tuple[CapacitySpec, ...] = Field(default=(), description="Where room is scarce.")
    quotas: tuple[QuotaSpec, ...] = Field(default=(), description="Quotas that differ from the usual.")
    restricted_sizes: tuple[RestrictionSpec, ...] = Field(
        default=(), description="Sizes that cannot be used somewhere."
    )
