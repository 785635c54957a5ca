"""Records around host pools that no failover changes: keys, applications, desktops, personal schedules."""

from dataclasses import dataclass
from typing import Literal

from avd_failover.simulator.records import DayTime, Record

DisconnectAction = Literal["None", "Deallocate", "Hibernate"]


@dataclass(frozen=True, kw_only=True, slots=True)
class RegistrationKey(Record):
    """A pool's registration key: which one it is and until when it works, never the secret itself.

    Its id is the pool's with ``/registrationKey``; ``registration.secret`` makes the text from it.
    """

    host_pool: str
    serial: int
    expires_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Application(Record):
    """A RemoteApp of an application group."""

    application_group: str
    file_path: str | None = None
    friendly_name: str = ""
    description: str = ""
    command_line_setting: Literal["DoNotAllow", "Allow", "Require"] = "DoNotAllow"
    command_line_arguments: str = ""
    application_type: Literal["InBuilt", "MsixApplication"] = "InBuilt"
    msix_package_family_name: str | None = None
    msix_package_application_id: str | None = None
    show_in_portal: bool = True
    icon_path: str | None = None
    icon_index: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Desktop(Record):
    """What a desktop group's one desktop is called in the feed."""

    application_group: str
    friendly_name: str | None = "SessionDesktop"
    description: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class PersonalSchedule(Record):
    """A personal schedule of a scaling plan: what happens to a desktop whose user leaves; minutes."""

    plan: str
    days_of_week: tuple[str, ...]
    ramp_up_start_time: DayTime
    peak_start_time: DayTime
    ramp_down_start_time: DayTime
    off_peak_start_time: DayTime
    ramp_up_auto_start_hosts: Literal["None", "WithAssignedUser", "All"] = "None"
    ramp_up_start_vm_on_connect: Literal["Enable", "Disable"] = "Enable"
    ramp_up_action_on_disconnect: DisconnectAction = "None"
    ramp_up_minutes_to_wait_on_disconnect: int = 0
    ramp_up_action_on_logoff: DisconnectAction = "None"
    ramp_up_minutes_to_wait_on_logoff: int = 0
    peak_start_vm_on_connect: Literal["Enable", "Disable"] = "Enable"
    peak_action_on_disconnect: DisconnectAction = "None"
    peak_minutes_to_wait_on_disconnect: int = 0
    peak_action_on_logoff: DisconnectAction = "None"
    peak_minutes_to_wait_on_logoff: int = 0
    ramp_down_start_vm_on_connect: Literal["Enable", "Disable"] = "Enable"
    ramp_down_action_on_disconnect: DisconnectAction = "None"
    ramp_down_minutes_to_wait_on_disconnect: int = 0
    ramp_down_action_on_logoff: DisconnectAction = "None"
    ramp_down_minutes_to_wait_on_logoff: int = 0
    off_peak_start_vm_on_connect: Literal["Enable", "Disable"] = "Enable"
    off_peak_action_on_disconnect: DisconnectAction = "None"
    off_peak_minutes_to_wait_on_disconnect: int = 0
    off_peak_action_on_logoff: DisconnectAction = "None"
    off_peak_minutes_to_wait_on_logoff: int = 0
