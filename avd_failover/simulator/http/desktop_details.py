"""How Microsoft.DesktopVirtualization writes apps, desktops, keys and personal schedules."""

from avd_failover.simulator.http.arm_common import provider_time
from avd_failover.simulator.http.desktop_bodies import OWNER, envelope, object_id, plain, system_data
from avd_failover.simulator.http.desktop_fields import wire_names
from avd_failover.simulator.http.wire import Json
from avd_failover.simulator.records import Record
from avd_failover.simulator.records_desktops import Application, Desktop, PersonalSchedule
from avd_failover.simulator.world import World

_PERSONAL = wire_names(PersonalSchedule)


def application(world: World, held: Application) -> dict[str, Json]:
    """Write a RemoteApp. The service makes icon content of its own; here there is none."""
    return _child(world, held) | {
        "properties": {
            "description": held.description,
            "friendlyName": held.friendly_name,
            "filePath": held.file_path,
            "msixPackageFamilyName": held.msix_package_family_name,
            "msixPackageApplicationId": held.msix_package_application_id,
            "applicationType": held.application_type,
            "commandLineSetting": held.command_line_setting,
            "commandLineArguments": held.command_line_arguments,
            "showInPortal": held.show_in_portal,
            "iconPath": held.icon_path,
            "iconIndex": held.icon_index,
            "iconHash": None,
            "iconContent": None,
            "objectId": object_id(held.id),
        }
    }


def desktop(world: World, held: Desktop) -> dict[str, Json]:
    """Write the one desktop that a group of kind Desktop has."""
    return _child(world, held) | {
        "properties": {
            "description": held.description,
            "friendlyName": held.friendly_name,
            "iconHash": None,
            "iconContent": None,
            "objectId": object_id(held.id),
        }
    }


def personal_schedule(world: World, held: PersonalSchedule) -> dict[str, Json]:
    """Write a personal schedule."""
    shown = {wire: plain(getattr(held, name)) for wire, name in _PERSONAL.items()}
    return _child(world, held) | {"properties": shown}


def registration_info(world: World, pool: str, operation: str) -> dict[str, Json]:
    """Write a pool's registration key, all null when none works; the only place that shows the secret."""
    held = world.registration.key_of(pool)
    return {
        "expirationTime": provider_time(world.core.at(held.expires_s)) if held else None,
        "token": world.registration.secret(held) if held else None,
        "registrationTokenOperation": operation,
    }


def _child(world: World, held: Record) -> dict[str, Json]:
    made = provider_time(world.core.starts_at)
    return envelope(held.id) | {"systemData": system_data(OWNER, made, OWNER, made)}
