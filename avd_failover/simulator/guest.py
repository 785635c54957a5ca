"""What runs inside a machine: an honest little Windows that reads its registry and registers its AVD agent.

Understood are ``reg query "HKLM\\..."`` (with ``/v name``), ``Get-ItemProperty`` of a key with
``ConvertTo-Json``, and a registration key anywhere in the script. Anything else fails, and says so.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from avd_failover.simulator.records_compute import Guest, RegistryValue

_QUERY = re.compile(
    r"\breg(?:\.exe)?\s+query\s+\"?HKLM\\([^\"\r\n/]+?)\"?(?:\s+/v\s+\"?(\w+)\"?)?\s*$", re.I | re.M
)
_PROPERTY = re.compile(
    r"Get-ItemProperty\s+(?:-Path\s+)?['\"]?HKLM:\\([^'\"|\r\n]+?)['\"]?\s*(?:-|\||$)", re.I | re.M
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What a script left behind."""

    exit_code: int
    output: str = ""
    error: str = ""


def run(guest: Guest, script: str, *, registered: bool) -> Said:
    """Run a script; ``registered`` tells whether it carried a registration key that works."""
    if registered:
        return Said(exit_code=0, output="RDAgent installed and registered.")
    said = [_query(guest, match[1], match[2]) for match in _QUERY.finditer(script)]
    said += [_as_json(guest, match[1]) for match in _PROPERTY.finditer(script)]
    if not said:
        first = next((line.strip() for line in script.splitlines() if line.strip()), "")
        return Said(exit_code=1, error=f"The simulated machine does not know the command '{first[:80]}'.")
    return Said(
        exit_code=max(one.exit_code for one in said),
        output="\n".join(one.output for one in said if one.output),
        error="\n".join(one.error for one in said if one.error),
    )


def _below(guest: Guest, path: str) -> Sequence[RegistryValue]:
    wanted = path.strip().strip("\\").lower()
    return [value for value in guest.registry if value.path.lower() == wanted]


def _query(guest: Guest, path: str, name: str | None) -> Said:
    found = [value for value in _below(guest, path) if name is None or value.name.lower() == name.lower()]
    if not found:
        text = "ERROR: The system was unable to find the specified registry key or value."
        return Said(exit_code=1, error=text)
    rows = [f"    {value.name}    {value.kind}    {_shown(value)}" for value in found]
    return Said(exit_code=0, output="\n".join([f"HKEY_LOCAL_MACHINE\\{path.strip()}", *rows]))


def _shown(value: RegistryValue) -> str:
    if value.kind == "REG_DWORD":
        return hex(int(value.value))
    return value.value.replace("\n", "\\0")


def _as_json(guest: Guest, path: str) -> Said:
    found = _below(guest, path)
    if not found:
        text = f"Get-ItemProperty : Cannot find path 'HKLM:\\{path.strip()}' because it does not exist."
        return Said(exit_code=1, error=text)
    return Said(exit_code=0, output=json.dumps({value.name: _typed(value) for value in found}))


def _typed(value: RegistryValue) -> int | str | list[str]:
    if value.kind == "REG_DWORD":
        return int(value.value)
    return value.value.split("\n") if value.kind == "REG_MULTI_SZ" else value.value
