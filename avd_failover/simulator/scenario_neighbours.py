"""What a scenario may say of storage, networks, logs, resource groups and providers. All optional."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from avd_failover.runbook.yaml_file import FileModel
from avd_failover.simulator.scenario_details import ResourceName

AccountName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{3,24}$")]
Prefix = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+\.\d+/\d+$")]
Address = Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+\.\d+$")]


class FileShareSpec(FileModel):
    """A file share."""

    name: ResourceName = Field(description="Name of the share.")
    quota_gb: int = Field(default=1_024, ge=1, le=102_400, description="Provisioned size, in GiB.")


class StorageSpec(FileModel):
    """A storage account with its file shares."""

    name: AccountName = Field(description="Name of the account.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region.")
    serves: ResourceName | None = Field(default=None, description="Host pool that it is near to, if any.")
    purpose: Literal["profiles", "office", "packages"] = Field(
        default="profiles", description="What it holds; profiles and office make Cloud Cache providers."
    )
    sku: Literal[
        "Premium_LRS", "Premium_ZRS", "Standard_LRS", "Standard_ZRS", "Standard_GRS", "Standard_GZRS"
    ] = Field(default="Premium_ZRS", description="Performance and redundancy.")
    shares: tuple[FileShareSpec, ...] = Field(default=(), description="Its file shares.")
    public_access: bool = Field(default=False, description="Whether it is reached over the internet.")
    subnets: tuple[str, ...] = Field(
        default=(), description="Subnets that its rules let in, as network/subnet."
    )
    directory: Literal["None", "AD", "AADDS", "AADKERB"] = Field(
        default="AADKERB", description="Directory that its shares authenticate against."
    )


class BlobContainerSpec(FileModel):
    """A container of blobs, such as the witness of a plan."""

    account: AccountName = Field(description="Name of its storage account.")
    name: Annotated[str, StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9]){2,62}$")] = Field(
        description="Name of the container."
    )
    region: ResourceName = Field(description="Region of the account; the container is dark while it is.")


class SubnetSpec(FileModel):
    """A subnet."""

    name: ResourceName = Field(description="Name of the subnet.")
    prefix: Prefix = Field(description="Its addresses, such as 10.1.0.0/24.")


class NetworkSpec(FileModel):
    """A virtual network."""

    name: ResourceName = Field(description="Name; peerings and hosts refer to it.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region.")
    addresses: tuple[Prefix, ...] = Field(min_length=1, description="Its address space.")
    subnets: tuple[SubnetSpec, ...] = Field(default=(), description="Its subnets.")
    dns_servers: tuple[Address, ...] = Field(default=(), description="DNS servers; Azure's own when empty.")
    peers: tuple[ResourceName, ...] = Field(default=(), description="Networks that it is peered to.")
    broken_peers: tuple[ResourceName, ...] = Field(
        default=(), description="Those of them whose peering is Disconnected."
    )


class LogSpec(FileModel):
    """A Log Analytics workspace, and what sends its diagnostics there."""

    name: ResourceName = Field(description="Name of the workspace.")
    resource_group: ResourceName = Field(description="Its resource group.")
    region: ResourceName = Field(description="Its region.")
    of: tuple[ResourceName, ...] = Field(
        default=(), description="Names of host pools, application groups and workspaces that send to it."
    )


class ResourceGroupSpec(FileModel):
    """A resource group whose own region is not that of what it holds."""

    name: ResourceName = Field(description="Name of the resource group.")
    region: ResourceName = Field(description="Its region.")


class NeighbourSections(FileModel):
    """Sections of a scenario about what lies around its host pools; all optional."""

    storage: tuple[StorageSpec, ...] = Field(default=(), description="Storage accounts.")
    blob_containers: tuple[BlobContainerSpec, ...] = Field(
        default=(), description="Containers of blobs that are there from the beginning."
    )
    networks: tuple[NetworkSpec, ...] = Field(default=(), description="Virtual networks.")
    logs: tuple[LogSpec, ...] = Field(default=(), description="Log Analytics workspaces.")
    resource_groups: tuple[ResourceGroupSpec, ...] = Field(
        default=(), description="Resource groups that lie elsewhere than the first resource they hold."
    )
    unregistered_providers: tuple[str, ...] = Field(
        default=(), description="Namespaces of providers that no subscription may use yet."
    )
