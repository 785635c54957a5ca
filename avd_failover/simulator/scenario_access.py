"""What a scenario may say of access beside role assignments: management groups, locks, denials, callers."""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from avd_failover.runbook.yaml_file import FileModel
from avd_failover.simulator.scenario_details import ResourceName

Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class ManagementGroupSpec(FileModel):
    """A management group; what is assigned to it holds in every subscription below."""

    name: ResourceName = Field(description="Name; assignments refer to it.")
    display_name: str = Field(default="", description="Name for people; the name itself when empty.")
    parent: ResourceName | None = Field(
        default=None, description="Group above, declared further up; the tenant's root group when absent."
    )
    subscriptions: tuple[Guid, ...] = Field(default=(), description="Subscriptions right below it.")


class ScopeSpec(FileModel):
    """Where something holds: a resource by its id, a resource group, a subscription, or all of these."""

    resource: str | None = Field(default=None, description="Scope: the id of a resource.")
    resource_group: ResourceName | None = Field(
        default=None, description="Scope: a resource group of the first subscription."
    )
    subscription: Guid | None = Field(default=None, description="Scope: a subscription.")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(one is not None for one in (self.resource, self.resource_group, self.subscription)) != 1:
            raise ValueError("give one of resource, resource_group, subscription")
        return self


class LockSpec(ScopeSpec):
    """A lock: nothing below its scope can be deleted, or changed at all."""

    name: ResourceName = Field(description="Name of the lock.")
    level: Literal["CanNotDelete", "ReadOnly"] = Field(description="What it forbids.")
    notes: str = Field(default="", description="Why it is there.")


class DenySpec(ScopeSpec):
    """A deny assignment, made by Azure itself."""

    id: Guid = Field(description="Name of the deny assignment, a GUID.")
    name: str = Field(description="Name for people.")
    principals: tuple[str, ...] = Field(
        default=("everyone",), description="Names of groups or principal names of users, or everyone."
    )
    excluded: tuple[str, ...] = Field(default=(), description="Names of those it does not hold for.")
    actions: tuple[str, ...] = Field(default=(), description="Actions it takes out, wildcards allowed.")
    data_actions: tuple[str, ...] = Field(default=(), description="Data actions it takes out.")


class ServicePrincipalSpec(FileModel):
    """A service principal; as a caller it is held to the roles that are assigned to it."""

    name: str = Field(description="Display name; assignments refer to it.")
    id: Guid = Field(description="Object id.")
    app_id: Guid = Field(description="Application id.")


class AccessSections(FileModel):
    """Sections of a scenario about access; all optional."""

    management_groups: tuple[ManagementGroupSpec, ...] = Field(
        default=(), description="Management groups; without any, one that is named is above everything."
    )
    locks: tuple[LockSpec, ...] = Field(default=(), description="Management locks.")
    deny_assignments: tuple[DenySpec, ...] = Field(default=(), description="Deny assignments.")
    service_principals: tuple[ServicePrincipalSpec, ...] = Field(
        default=(), description="Service principals; a caller that is none of them may do everything."
    )
