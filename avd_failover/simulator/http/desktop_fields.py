"""What PATCH takes of each AVD object: the wire's names, the record's fields, their types and values.

A property that Azure would take and that no record here holds is answered with 501 ``NotSimulated``, never
taken and forgotten. A null is a property that was not sent (recorded).
"""

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from types import NoneType
from typing import get_type_hints

from msgspec import Struct

from avd_failover.simulator.http.arm_common import bad_content, member, properties, required
from avd_failover.simulator.http.wire import Call, Json, Refusal
from avd_failover.simulator.records import DayTime, Record


class Taken(Struct, frozen=True):
    """One property: the record's field, its JSON type, and its values where they are a closed set."""

    field: str
    kind: type
    allowed: tuple[str, ...] = ()
    lowest: int | None = None


_ACCESS = ("Enabled", "Disabled", "EnabledForSessionHostsOnly", "EnabledForClientsOnly")
_SECRETS = ("SharedKey", "Certificate", "SharedKeyInKeyVault", "CertificateInKeyVault")

POOL: Mapping[str, Taken] = {
    "friendlyName": Taken("friendly_name", str),
    "description": Taken("description", str),
    "customRdpProperty": Taken("custom_rdp_property", str),
    "maxSessionLimit": Taken("max_session_limit", int, lowest=1),
    "personalDesktopAssignmentType": Taken("personal_desktop_assignment_type", str, ("Automatic", "Direct")),
    "loadBalancerType": Taken("load_balancer_type", str, ("BreadthFirst", "DepthFirst")),
    "ring": Taken("ring", int),
    "validationEnvironment": Taken("validation_environment", bool),
    "vmTemplate": Taken("vm_template", str),
    "ssoadfsAuthority": Taken("ssoadfs_authority", str),
    "ssoClientId": Taken("sso_client_id", str),
    "ssoClientSecretKeyVaultPath": Taken("sso_client_secret_key_vault_path", str),
    "ssoSecretType": Taken("sso_secret_type", str, _SECRETS),
    "preferredAppGroupType": Taken("preferred_app_group_type", str, ("None", "Desktop", "RailApplications")),
    "startVMOnConnect": Taken("start_vm_on_connect", bool),
    "publicNetworkAccess": Taken("public_network_access", str, _ACCESS),
}
APPLICATION_GROUP: Mapping[str, Taken] = {
    "description": Taken("description", str),
    "friendlyName": Taken("friendly_name", str),
    "showInFeed": Taken("show_in_feed", bool),
}
WORKSPACE: Mapping[str, Taken] = {
    "description": Taken("description", str),
    "friendlyName": Taken("friendly_name", str),
    "publicNetworkAccess": Taken("public_network_access", str, ("Enabled", "Disabled")),
}
DESKTOP: Mapping[str, Taken] = {
    "description": Taken("description", str),
    "friendlyName": Taken("friendly_name", str),
}
PLAN: Mapping[str, Taken] = {
    "description": Taken("description", str),
    "friendlyName": Taken("friendly_name", str),
    "exclusionTag": Taken("exclusion_tag", str),
}
HOST: Mapping[str, Taken] = {
    "assignedUser": Taken("assigned_user", str),
    "friendlyName": Taken("friendly_name", str),
}


def sent_properties(call: Call, *known: Mapping[str, object] | set[str]) -> dict[str, Json]:
    """Return what was sent and is not null; refuses what is in none of the tables (501)."""
    names = {name for table in known for name in table}
    sent = properties(call)
    for name in sent:
        if name not in names:
            raise Refusal(501, "NotSimulated", f"A change of '{name}' is not simulated.")
    return {name: value for name, value in sent.items() if value is not None}


def changes(sent: Mapping[str, Json], table: Mapping[str, Taken]) -> dict[str, Json]:
    """Return the record's fields that were sent, of the right type and value (400 otherwise)."""
    return {taken.field: _value(sent, name, taken) for name, taken in table.items() if name in sent}


def tags(call: Call) -> dict[str, Json]:
    """Return ``tags`` as a change when the body has them; they are replaced whole."""
    held = member(call.body(), "tags", dict)
    if held is None:
        return {}
    return {"tags": {name: required(held, name, str) for name in held}}


def agent_update(sent: Mapping[str, Json]) -> dict[str, Json]:
    """Return ``agentUpdate`` as a change; it is replaced whole."""
    held = member(sent, "agentUpdate", dict)
    if held is None:
        return {}
    windows = [
        (required(one, "hour", int), required(one, "dayOfWeek", str))
        for one in member(held, "maintenanceWindows", list) or []
    ]
    if any(not 0 <= hour <= 23 for hour, _ in windows):
        raise Refusal(400, "400", "The hour of a maintenance window must be from 0 to 23")
    kind = member(held, "type", str) or "Default"
    _check("agentUpdate.type", kind, ("Default", "Scheduled"))
    return {
        "agent_update": {
            "type": kind,
            "use_session_host_local_time": bool(member(held, "useSessionHostLocalTime", bool)),
            "time_zone": member(held, "maintenanceWindowTimeZone", str),
            "windows": windows,
        }
    }


def schedule_changes(
    kind: type[Record], names: Mapping[str, str], sent: Mapping[str, Json]
) -> dict[str, Json]:
    """Return the fields of a schedule that were sent, by the types of its record; times as [hour, minute]."""
    hints = get_type_hints(kind)
    return {names[wire]: _like(hints[names[wire]], sent, wire) for wire in sent if sent[wire] is not None}


def wire_names(kind: type[Record]) -> dict[str, str]:
    """Return a schedule's properties on the wire, and the record's fields behind them."""
    return {_camel(field.name): field.name for field in fields(kind) if field.name not in {"id", "plan"}}


def moment(text: str) -> datetime:
    """Read a time of the wire; one without an offset is UTC."""
    try:
        return datetime.fromisoformat(text if text[-1:] == "Z" or "+" in text else text + "Z")
    except ValueError as error:
        raise bad_content(f"Could not convert string to DateTime: {text}. Path 'expirationTime'.") from error


def _camel(name: str) -> str:
    words = ["VM" if word == "vm" else word.capitalize() for word in name.split("_")]
    return words[0].lower() + "".join(words[1:])


def _value(sent: Mapping[str, Json], name: str, taken: Taken) -> Json:
    value: Json = required(sent, name, taken.kind)
    if taken.allowed:
        _check(name, value, taken.allowed)
    if taken.lowest is not None and value < taken.lowest:
        raise Refusal(400, "400", f"{name} must be at least {taken.lowest}")
    return value


def _check(name: str, value: Json, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise bad_content(f"Requested value '{value}' was not found. Path 'properties.{name}'.")


def _like(hint: object, sent: Mapping[str, Json], name: str) -> Json:
    if hint is DayTime:
        return _time(required(sent, name, dict))
    if hint == tuple[str, ...]:
        return _days(required(sent, name, list), name)
    choices = tuple(getattr(hint, "__args__", ()))
    value: Json = required(sent, name, type(choices[0]) if choices else _plain(hint))
    if choices:
        _check(name, value, choices)
    return value


def _plain(hint: object) -> type:
    return hint if isinstance(hint, type) else NoneType


def _time(value: Mapping[str, Json]) -> list[int]:
    hour, minute = required(value, "hour", int), required(value, "minute", int)
    if not (0 <= hour <= 23 and 0 <= minute <= 59):
        raise Refusal(400, "400", f"{hour}:{minute} is not a time of day")
    return [hour, minute]


def _days(value: list[Json], name: str) -> list[str]:
    if not all(isinstance(day, str) for day in value):
        raise bad_content(f"Error converting value to type 'str'. Path '{name}'.")
    return value
