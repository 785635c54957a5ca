"""Scenario files: a simulated Azure as data, and what is expected of a run against it.

``build`` in ``building`` makes a ``World`` of one. A file may say only what differs from another scenario:
see ``scenario_layers``.

Things name each other by their names; ids of resources follow from subscription, resource group and name.
Users are counted, not listed: their object ids and names follow from the group they are made for.
"""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from avd_failover.runbook.yaml_file import FileModel, Findings, fit
from avd_failover.simulator.expectations import Expectation
from avd_failover.simulator.faults.catalogue import AnyFault
from avd_failover.simulator.physics import Physics
from avd_failover.simulator.records import Balancing
from avd_failover.simulator.scenario_access import AccessSections
from avd_failover.simulator.scenario_checks import faults
from avd_failover.simulator.scenario_details import (
    GroupDetails,
    HostDetails,
    PersonalScheduleSpec,
    PoolDetails,
    Shown,
)
from avd_failover.simulator.scenario_fleet import FleetSections
from avd_failover.simulator.scenario_layers import load_layers
from avd_failover.simulator.scenario_neighbours import NeighbourSections
from avd_failover.simulator.scenario_recovery import PersonalPoolSpec, RecoverySpec
from avd_failover.simulator.scenario_runs import RunSpec

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._()\-]{0,89}$")]
Guid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Percent = Annotated[int, Field(ge=0, le=100)]
Day = Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


class RegionSpec(FileModel):
    """A region and which of its parts answer."""

    name: Name = Field(description="Name as in resource locations, such as `northeurope`.")
    display_name: str = Field(description="Name for people, such as `North Europe`.")
    paired_with: Name | None = Field(default=None, description="The region that Azure pairs it with.")
    geography: str = Field(default="Europe", description="Group of geographies that it belongs to.")
    control_plane_up: bool = Field(
        default=True, description="Whether requests for its resources are answered."
    )
    compute_up: bool = Field(default=True, description="Whether machines can be allocated there.")


class SubscriptionSpec(FileModel):
    """A subscription."""

    id: Guid = Field(description="Subscription id.")
    name: str = Field(description="Display name.")


class ShareSpec(FileModel):
    """Users that a group has in common with an earlier group."""

    group: str = Field(description="Name of a group declared further up.")
    count: int = Field(ge=1, description="How many of its own users belong to this group too.")


class GroupSpec(FileModel):
    """A directory group and its direct members."""

    name: str = Field(description="Display name; other parts of the file refer to it.")
    id: Guid = Field(description="Object id.")
    users: int = Field(default=0, ge=0, le=20_000, description="Users made for this group.")
    shares: tuple[ShareSpec, ...] = Field(
        default=(), description="Users of earlier groups that are members too."
    )
    nested: tuple[str, ...] = Field(default=(), description="Names of groups that are members of this one.")
    kind: Literal["assigned", "dynamic", "synced", "role-assignable"] = Field(
        default="assigned", description="Who keeps its members; only an assigned group can be changed."
    )
    membership_rule: str | None = Field(default=None, description="Rule of a dynamic group.")


class ScheduleSpec(FileModel):
    """A pooled schedule; the times are local to the scaling plan's time zone."""

    name: Name = Field(description="Name of the schedule.")
    days: tuple[Day, ...] = Field(min_length=1, description="Days on which it holds.")
    ramp_up_at: TimeOfDay = Field(description="Start of ramp-up, HH:MM.")
    ramp_up_minimum_hosts_pct: Percent = Field(description="Hosts kept up in ramp-up and peak, in percent.")
    ramp_up_threshold_pct: Percent = Field(ge=1, description="Used capacity above which a host is started.")
    peak_at: TimeOfDay = Field(description="Start of peak, HH:MM.")
    ramp_down_at: TimeOfDay = Field(description="Start of ramp-down, HH:MM.")
    ramp_down_minimum_hosts_pct: Percent = Field(description="Hosts kept up in ramp-down and off-peak.")
    ramp_down_threshold_pct: Percent = Field(ge=1, description="Used capacity above which a host is started.")
    ramp_down_force_logoff: bool = Field(default=False, description="Whether ramp-down logs users off.")
    ramp_down_wait_minutes: int = Field(default=30, ge=0, description="Warning time before that, in minutes.")
    ramp_down_message: str = Field(default="", description="What users are told before that.")
    ramp_down_stop_hosts_when: Literal["ZeroSessions", "ZeroActiveSessions"] = Field(
        default="ZeroSessions", description="Which hosts count as empty."
    )
    off_peak_at: TimeOfDay = Field(description="Start of off-peak, HH:MM.")


class ScalingPlanSpec(FileModel):
    """A scaling plan that refers to the pool it is written under."""

    name: Name = Field(description="Name of the scaling plan; it lies in the pool's resource group.")
    time_zone: str = Field(description="IANA name of the time zone of its schedules.")
    enabled: bool = Field(default=True, description="Whether the reference to the pool is enabled.")
    exclusion_tag: str = Field(default="", description="Machines with this tag are left alone.")
    schedules: tuple[ScheduleSpec, ...] = Field(default=(), description="Its pooled schedules.")
    personal_schedules: tuple[PersonalScheduleSpec, ...] = Field(
        default=(), description="Its personal schedules, for a personal host pool."
    )

    @model_validator(mode="after")
    def _has_a_schedule(self) -> Self:
        if not self.schedules and not self.personal_schedules:
            raise ValueError("give at least one of schedules, personal_schedules")
        return self


class HostsSpec(HostDetails):
    """Session hosts made by count, and the machines behind them."""

    count: int = Field(ge=0, le=10_000, description="How many hosts.")
    running: int = Field(
        ge=0, description="How many of them run, from the first; the others are deallocated."
    )
    prefix: Name = Field(description="Host names are this and a number from 0.")
    machine_prefix: Name = Field(description="Machine names are this and the same number.")
    machine_resource_group: Name = Field(description="Resource group of the machines.")
    region: Name | None = Field(
        default=None, description="Region of the machines, where not that of the pool's metadata."
    )
    vm_size: str = Field(default="Standard_D8s_v5", description="Size of the machines.")

    @model_validator(mode="after")
    def _running_fits(self) -> Self:
        if self.running > self.count:
            raise ValueError(f"running ({self.running}) is more than count ({self.count})")
        return self


class SessionsSpec(FileModel):
    """Sessions that are open when the scenario begins, spread over the running hosts."""

    count: int = Field(ge=0, description="How many users have a session.")
    disconnected: int = Field(default=0, ge=0, description="How many of these sessions are Disconnected.")
    groups: tuple[str, ...] = Field(min_length=1, description="Groups whose users hold them.")


class ApplicationGroupSpec(GroupDetails):
    """An application group of the pool it is written under."""

    name: Name = Field(description="Name; other parts of the file refer to it.")
    kind: Literal["Desktop", "RemoteApp"] = Field(description="What it offers.")


class HostPoolSpec(PoolDetails):
    """A pooled host pool with everything that hangs on it."""

    name: Name = Field(description="Name; other parts of the file refer to it.")
    subscription: Guid | None = Field(
        default=None, description="Its subscription; the first one when absent."
    )
    resource_group: Name = Field(description="Resource group of pool, application groups and scaling plan.")
    region: Name = Field(description="Region of all of it, machines included.")
    max_session_limit: int = Field(ge=1, description="Sessions that a host takes.")
    load_balancer: Balancing = Field(default="BreadthFirst", description="How sessions are spread.")
    start_vm_on_connect: bool = Field(
        default=False, description="Whether a connection starts a stopped host."
    )
    application_groups: tuple[ApplicationGroupSpec, ...] = Field(description="Its application groups.")
    hosts: HostsSpec = Field(description="Its session hosts.")
    scaling_plan: ScalingPlanSpec | None = Field(
        default=None, description="The scaling plan that refers to it."
    )
    sessions: SessionsSpec | None = Field(default=None, description="Sessions open at the start.")


class WorkspaceSpec(Shown):
    """A workspace and the application groups it shows."""

    name: Name = Field(description="Name of the workspace.")
    subscription: Guid | None = Field(
        default=None, description="Its subscription; the first one when absent."
    )
    resource_group: Name = Field(description="Its resource group.")
    region: Name = Field(description="Its region.")
    application_groups: tuple[str, ...] = Field(description="Names of application groups.")


class RoleSpec(FileModel):
    """A custom role."""

    id: Guid = Field(description="GUID of the role.")
    name: str = Field(description="Name of the role; assignments refer to it.")
    actions: tuple[str, ...] = Field(default=(), description="Actions, wildcards allowed.")
    data_actions: tuple[str, ...] = Field(default=(), description="Data actions, wildcards allowed.")
    not_data_actions: tuple[str, ...] = Field(default=(), description="Data actions taken out again.")


class AssignmentSpec(FileModel):
    """A role assignment at one scope: an application group, a resource group, a subscription, or above."""

    principal: str = Field(
        description="Name of a group or service principal, or the principal name of a user."
    )
    role: str = Field(default="Desktop Virtualization User", description="Name of the role.")
    application_group: str | None = Field(default=None, description="Scope: an application group.")
    resource_group: str | None = Field(
        default=None, description="Scope: a resource group of the subscription."
    )
    subscription: Guid | None = Field(default=None, description="Scope: a subscription.")
    management_group: str | None = Field(default=None, description="Scope: a management group.")
    root: Literal[True] | None = Field(default=None, description="Scope: the root, above everything.")
    description: str | None = Field(default=None, description="Description of the assignment.")
    condition: str | None = Field(default=None, description="Condition of the assignment.")
    condition_version: Literal["1.0", "2.0"] | None = Field(
        default=None, description="Version of the condition."
    )

    @model_validator(mode="after")
    def _one_scope(self) -> Self:
        scopes = ("application_group", "resource_group", "subscription", "management_group", "root")
        if sum(getattr(self, scope) is not None for scope in scopes) != 1:
            raise ValueError(f"give one of {', '.join(scopes)}")
        return self


class WorkloadSpec(FileModel):
    """What is protected: the audit watches its users, and an engine may touch nothing else."""

    pools: tuple[str, str] | tuple[str] = Field(
        description="Names of the primary and the secondary host pool; of a personal workload, its only one."
    )
    groups: tuple[str, ...] = Field(min_length=1, description="Names of the user groups.")
    test_group: str | None = Field(default=None, description="Name of the group that drills move.")
    propagation_s: float = Field(
        default=660.0, ge=0, description="D of the audit: how long a removed assignment counts as access."
    )


class Scenario(AccessSections, FleetSections, NeighbourSections):
    """One simulated Azure, whole."""

    scenario: Name = Field(description="Name of the scenario; the file is called after it.")
    summary: str = Field(description="What it is for, in a sentence.")
    extends: Name | None = Field(
        default=None, description="Scenario that this one is like, but for what this file says."
    )
    plan: Name | None = Field(
        default=None, description="Plan to rehearse it with, when none is named on the command line."
    )
    seed: int = Field(default=1, ge=0, description="Seed of everything that chance decides.")
    starts_at: datetime = Field(description="When it begins, with offset, such as 2026-03-02T02:55:00Z.")
    tenant: Guid = Field(description="Tenant id.")
    domain: str = Field(default="contoso.example", description="Domain of the users' principal names.")
    subscriptions: tuple[SubscriptionSpec, ...] = Field(min_length=1, description="Its subscriptions.")
    regions: tuple[RegionSpec, ...] = Field(min_length=1, description="Its regions.")
    groups: tuple[GroupSpec, ...] = Field(
        description="Groups, nested and shared-from ones before the others."
    )
    roles: tuple[RoleSpec, ...] = Field(default=(), description="Custom roles, beside the built-in ones.")
    host_pools: tuple[HostPoolSpec, ...] = Field(description="Host pools.")
    workspaces: tuple[WorkspaceSpec, ...] = Field(default=(), description="Workspaces.")
    assignments: tuple[AssignmentSpec, ...] = Field(default=(), description="Role assignments.")
    workload: WorkloadSpec = Field(description="What is protected.")
    personal: tuple[PersonalPoolSpec, ...] = Field(default=(), description="Pools with personal desktops.")
    recovery: RecoverySpec | None = Field(default=None, description="A vault of Site Recovery.")
    physics: Physics = Field(
        default=Physics(), description="Durations and limits that differ from the usual."
    )
    faults: tuple[AnyFault, ...] = Field(
        default=(), description="What goes wrong, and when: each a `fault` of the catalogue and its values."
    )
    runs: tuple[RunSpec, ...] = Field(
        default=(RunSpec(),),
        min_length=1,
        description="The runs that are rehearsed in it in turn; a planned failover when left out.",
    )
    expect: tuple[Expectation, ...] = Field(
        default=(), description="What has to be so after a run of the plan against this scenario."
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        found = faults(self)
        if found:
            raise ValueError("; ".join(found))
        return self


def load_scenario(path: Path) -> Scenario:
    """Read a scenario file, with what it extends. Raises ``FileFaults`` with every fault and its place."""
    findings = Findings(load_layers(path))
    scenario = fit(findings, Scenario)
    findings.raise_any()
    if scenario is None:
        raise AssertionError("a scenario that does not fit has faults")
    return scenario


def standalone(path: Path) -> str:
    """Return a scenario file as one that extends nothing, for a run that is to meet it again unchanged.

    Raises ``FileFaults`` as ``load_scenario``.
    """
    load_scenario(path)
    data = load_layers(path).data
    kept = {key: value for key, value in data.items() if key != "extends"} if isinstance(data, dict) else {}
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
