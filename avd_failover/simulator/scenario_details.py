"""What a scenario may say of pools, groups, workspaces and hosts beyond what a failover needs: all optional.

These are the properties that readiness compares between the two sides; see ``scenario`` for the whole file.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from avd_failover.runbook.yaml_file import FileModel

ResourceName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._()\-]{0,89}$")]
Tags = dict[str, str]
Check = Literal[
    "DomainJoinedCheck",
    "DomainTrustCheck",
    "FSLogixHealthCheck",
    "SxSStackListenerCheck",
    "UrlsAccessibleCheck",
    "MonitoringAgentCheck",
    "DomainReachable",
    "WebRTCRedirectorCheck",
    "SupportedEncryptionCheck",
    "MetaDataServiceCheck",
    "AppAttachHealthCheck",
]


class Shown(FileModel):
    """How an object is shown to people."""

    friendly_name: str = Field(default="", description="Name that users see.")
    description: str = Field(default="", description="Description that administrators see.")
    tags: Tags = Field(default={}, description="Tags of the resource.")


class ApplicationSpec(FileModel):
    """A RemoteApp of an application group."""

    name: ResourceName = Field(description="Name of the application.")
    path: str = Field(description="Path of the program on the session hosts.")
    friendly_name: str = Field(default="", description="Name that users see.")
    arguments: str = Field(default="", description="Command line arguments.")
    argument_setting: Literal["DoNotAllow", "Allow", "Require"] = Field(
        default="DoNotAllow", description="Whether arguments are passed on."
    )
    show_in_portal: bool = Field(default=True, description="Whether it is shown in the feed.")


class GroupDetails(Shown):
    """What an application group offers, and how it is shown."""

    show_in_feed: bool = Field(default=True, description="Whether the feed shows it.")
    applications: tuple[ApplicationSpec, ...] = Field(
        default=(), description="Applications of a RemoteApp group."
    )


class UpdateWindow(FileModel):
    """An hour in which agents may be updated."""

    day: Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"] = Field(
        description="Day of the week."
    )
    hour: int = Field(ge=0, le=23, description="Hour at which it begins.")


class PoolDetails(Shown):
    """Settings of a host pool that should be equal on both sides."""

    rdp_properties: str = Field(default="", description="Custom RDP properties, as Azure writes them.")
    validation_environment: bool = Field(default=False, description="Whether it gets updates early.")
    preferred_app_group_type: Literal["None", "Desktop", "RailApplications"] = Field(
        default="Desktop", description="What users get who may open both kinds of group."
    )
    public_network_access: Literal[
        "Enabled", "Disabled", "EnabledForSessionHostsOnly", "EnabledForClientsOnly"
    ] = Field(default="Enabled", description="Who reaches it over the internet.")
    agent_update_windows: tuple[UpdateWindow, ...] = Field(
        default=(), description="When agents may be updated; at any time when empty."
    )
    registration_key_hours: float | None = Field(
        default=None, gt=0, le=648, description="For how many hours its registration key still works, if any."
    )


class HostDetails(FileModel):
    """What the machines behind the session hosts are made of, and how long they have been off."""

    zones: tuple[Literal["1", "2", "3"], ...] = Field(
        default=("1", "2", "3"),
        description="Zones over which the machines are spread in turn; none when empty.",
    )
    off_for_days: float = Field(
        default=7.0, ge=0, description="For how many days the hosts that do not run have been off."
    )
    failing_checks: tuple[Check, ...] = Field(
        default=(), description="Health checks that fail on the hosts that run."
    )
    os_disk_sku: Literal[
        "Standard_LRS", "StandardSSD_LRS", "Premium_LRS", "Premium_ZRS", "StandardSSD_ZRS"
    ] = Field(default="Premium_LRS", description="Storage type of the system disks.")
    tags: Tags = Field(default={}, description="Tags of the machines.")
    subnet: str | None = Field(default=None, description="Subnet of the machines, as network/subnet.")
    image: str | None = Field(
        default=None, description="Image version they were made from, as gallery/image/version."
    )


DisconnectDeed = Literal["None", "Deallocate", "Hibernate"]


class PersonalPhase(FileModel):
    """What happens in one phase to a personal desktop whose user is away."""

    at: Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")] = Field(
        description="Start of the phase, HH:MM."
    )
    start_on_connect: bool = Field(default=True, description="Whether a connection starts the desktop.")
    on_disconnect: DisconnectDeed = Field(default="None", description="What a disconnect leads to.")
    minutes_after_disconnect: int = Field(default=0, ge=0, description="How long after it, in minutes.")
    on_logoff: DisconnectDeed = Field(default="None", description="What a log-off leads to.")
    minutes_after_logoff: int = Field(default=0, ge=0, description="How long after it, in minutes.")


class PersonalScheduleSpec(FileModel):
    """A personal schedule of a scaling plan."""

    name: ResourceName = Field(description="Name of the schedule.")
    days: tuple[
        Literal["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"], ...
    ] = Field(min_length=1, description="Days on which it holds.")
    auto_start: Literal["None", "WithAssignedUser", "All"] = Field(
        default="None", description="Which desktops ramp-up starts."
    )
    ramp_up: PersonalPhase = Field(description="Ramp-up.")
    peak: PersonalPhase = Field(description="Peak.")
    ramp_down: PersonalPhase = Field(description="Ramp-down.")
    off_peak: PersonalPhase = Field(description="Off-peak.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        times = [self.ramp_up.at, self.peak.at, self.ramp_down.at, self.off_peak.at]
        if sorted(times) != times:
            raise ValueError("the phases must begin in the order ramp_up, peak, ramp_down, off_peak")
        return self
