"""The simulated wire against recorded answers of real Azure: status, header names, shape, error code.

How two answers are compared is told in ``tests/simulator/http/test_recordings.py``; here is which of the
recordings are compared, so that none that could be is forgotten.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import Struct

from avd_failover.simulator.http.face import AZURE_ROUTES
from avd_failover.simulator.http.routing import Router
from avd_failover.simulator.http.wire import Refusal
from tests.contract.documents import SHARED
from tests.contract.tour_recovery import EXTENSION
from tests.contract.walking import Step
from tests.simulator.http import test_recordings as shapes
from tests.simulator.http.estate import (
    AGROUP,
    HOST,
    MACHINE,
    PLAN,
    POOL,
    ROLES,
    WORKSPACE,
    Told,
    Wire,
)
from tests.simulator.recovery_estate import NORTH, RESERVED, source, vault_world

FOLDER = SHARED / "azure-recordings"
NO_RECORDINGS = f"the recordings are not on this machine ({FOLDER})"

EXCUSED: Mapping[str, str] = {
    "no header x-ms-opsarmpath": "until 2020; now its base64 form x-ms-opsarmpath64",
    "asr-items-3: no header": "front ends of 2018, and the caller's own id, which it did not send here",
    "compute-capacity-usage-gallery-2: no value[].zones": "the recorded reservation is in a zone",
    "compute-extensions-runcommand-5: status 200 for 202": "removed at once; the document has both",
    "compute-extensions-runcommand-5: no header azure-asyncoperation": "removed at once",
    "no properties.instanceView.extensions": "extensions of the recorded machine; none is simulated",
}
"""Beginnings of differences, anywhere or in one recording, with their reasons."""

Json = Any
Key = tuple[str, int]

_BETWEEN_S = 200.0
_ROUTER = Router(AZURE_ROUTES)
_SESSION = HOST + "/userSessions/1"
_VIEW = "api-version=1&$expand=instanceView"
_MADE = f"{shapes.WEST}/{ROLES}/{shapes.NAME}"
_PUT = Step("PUT", _MADE, body=shapes.GRANT)
_RENAMED = {"properties": {**shapes.GRANT["properties"], "description": "changed"}}
_LINKED = {"properties": {"hostPoolReferences": [{"hostPoolArmPath": POOL, "scalingPlanEnabled": True}]}}
_REGISTERED = {"properties": {"applicationGroupReferences": [AGROUP]}}
_GROUPS = AGROUP.rsplit("/", 1)[0]


_COMMAND = MACHINE + "/runCommands/c"
_COMMANDED = Step("PUT", _COMMAND, body={"properties": {"source": {"script": "Get-Date"}}})
_EXTEND = Step("PUT", f"{source(0)}/extensions/New", body=EXTENSION)

ELSEWHERE: Mapping[str, frozenset[int]] = {
    "arm-common": frozenset({3, 4, 5, 7, 8}),
    "compute-capacity-usage-gallery": frozenset({6}),
    "asr-items": frozenset({0, 1, 2, 4, 5, 8}),
    "asr-jobs": frozenset({0}),
    "asr-failover": frozenset({1}),
    "asr-recoveryplans": frozenset({0, 1}),
}
"""Compared by ``test_arm_recovery_specs`` and ``test_recordings`` of the wire, polls and jobs included."""

INCOMPARABLE: Mapping[Key, str] = {
    ("asr-items", 6): "a Hyper-V machine; only machines of Azure are simulated",
    ("asr-items", 7): "a list of Hyper-V machines",
    ("asr-failover", 0): "a Hyper-V machine",
    ("asr-failover", 2): "a Hyper-V machine",
    ("asr-failover", 3): "planned failover, which Azure refuses for machines of Azure",
    ("asr-recoveryplans", 2): "planned failover of a plan of Hyper-V machines",
    ("asr-recoveryplans", 3): "a plan of Hyper-V machines",
}
"""Recorded answers of operations that are served, to requests that cannot be made here."""


class Case(Struct, frozen=True):
    """A recording, and the requests whose last answer is compared with it."""

    file: str
    number: int
    steps: Sequence[Step]
    vault: bool = False
    """Asked of the small world with a vault, extensions and reserved capacity."""

    @property
    def key(self) -> Key:
        return self.file, self.number


def _get(path: str, query: str = "") -> Step:
    return Step("GET", path, query)


def _shared() -> list[Case]:
    """The comparisons that the tests of the wire have already."""
    return [
        Case(file, number, [Step(method, path.partition("?")[0], path.partition("?")[2], body)])
        for file, number, method, path, body in shapes.CASES
    ]


CASES: Sequence[Case] = (
    *_shared(),
    Case("avd-applicationgroups", 4, [_get(_GROUPS)]),
    Case("avd-hostpools", 3, [_get(POOL.rsplit("/", 1)[0])]),
    Case("avd-scalingplans", 0, [Step("PATCH", PLAN, body=_LINKED)]),
    Case(
        "avd-sessionhosts",
        3,
        [Step("PATCH", HOST, body={"properties": {"allowNewSession": False}}), _get(HOST)],
    ),
    Case("avd-usersessions", 4, [Step("POST", _SESSION + "/disconnect"), _get(_SESSION)]),
    Case("avd-workspaces", 0, [Step("PATCH", WORKSPACE, body=_REGISTERED)]),
    Case("avd-workspaces", 1, [_get(WORKSPACE)]),
    Case("avd-workspaces", 6, [_get(WORKSPACE.rsplit("/", 1)[0])]),
    Case("compute-vm", 4, [Step("POST", MACHINE + "/powerOff"), _get(MACHINE, _VIEW)]),
    Case("compute-vm", 6, [_get(MACHINE, _VIEW)]),
    Case("compute-vm", 8, [Step("POST", MACHINE + "/deallocate")]),
    Case("compute-vm-full-headers", 2, [Step("POST", MACHINE + "/powerOff")]),
    Case("asr-items", 3, [_get(NORTH.split("/replicationProtectionContainers")[0])], vault=True),
    Case("compute-capacity-usage-gallery", 2, [_get(RESERVED + "/capacityReservations")], vault=True),
    Case("compute-extensions-runcommand", 0, [_EXTEND], vault=True),
    Case("compute-extensions-runcommand", 1, [_EXTEND, _EXTEND], vault=True),
    Case("compute-extensions-runcommand", 4, [_COMMANDED, _get(_COMMAND, _VIEW)]),
    Case("compute-extensions-runcommand", 5, [_COMMANDED, Step("DELETE", _COMMAND)]),
    Case("compute-vm-full-headers", 1, [Step("POST", MACHINE + "/runCommand", body=shapes.SCRIPT)]),
    Case("role-assignments", 3, [_PUT, Step("PUT", _MADE, body=_RENAMED)]),
    Case("role-assignments", 4, [_PUT, _get(_MADE)]),
    Case("role-assignments", 5, [_PUT, Step("DELETE", _MADE)]),
    Case("role-assignments", 6, [_PUT]),
    Case("role-assignments", 9, [_PUT, Step("DELETE", _MADE)]),
    Case("role-assignments", 11, [_PUT]),
)


def compared() -> set[Key]:
    """Return every recording that is compared, here or where the tests of Site Recovery do it."""
    there = {(file, number) for file, numbers in ELSEWHERE.items() for number in numbers}
    return {case.key for case in CASES} | there


@cache
def recorded() -> Mapping[Key, Mapping[str, Json]]:
    """Return every exchange of the recordings, by file and number."""
    return {
        (path.stem, number): exchange
        for path in sorted(FOLDER.glob("*.json"))
        for number, exchange in enumerate(json.loads(path.read_text()))
    }


def is_served(key: Key) -> bool:
    """Tell whether the simulated Azure has the operation of a recording."""
    request = recorded()[key]["request"]
    try:
        _ROUTER.match(request["method"], str(request["path"]).partition("?")[0])
    except Refusal:
        return False
    return True


def differences(case: Case) -> list[str]:
    """Return how our answer differs in form from the recorded one, beyond what is excused."""
    known = tuple(EXCUSED)
    return [told for told in all_differences(case) if not any(n.startswith(known) for n in names(case, told))]


def names(case: Case, told: str) -> tuple[str, str]:
    """Return what a difference is known by: anywhere, and in its recording."""
    return told, f"{case.file}-{case.number}: {told}"


def all_differences(case: Case) -> list[str]:
    """Return every difference, the excused ones included."""
    theirs = recorded()[case.key]["response"]
    ours = _played(case)
    return [
        *([f"status {ours.status} for {theirs['status']}"] if ours.status != theirs["status"] else []),
        *sorted(f"no header {name}" for name in shapes.missing_headers(theirs["headers"], ours.headers)),
        *_shape(theirs.get("body"), ours.body),
        *_code(theirs.get("body"), ours.body),
    ]


def _played(case: Case) -> Told:
    """Send the steps of a case, with time enough between them for everything to come true."""
    wire = Wire(vault_world() if case.vault else None)
    for step in case.steps:
        wire.world.advance(wire.world.now_s + _BETWEEN_S)
        told = wire.ask(step.method, f"{step.path}?{step.query or 'api-version=2022-04-01'}", step.body)
    return told


def _shape(theirs: Json, ours: Json) -> list[str]:
    if (theirs is None) != (ours is None):
        return [f"a body of {type(ours).__name__} for {type(theirs).__name__}"]
    found: list[str] = []
    held = shapes.paths(ours)
    for where, kinds in shapes.paths(theirs).items():
        if shapes.excused(where) or shapes.inside_empty(where, held):
            continue
        if where not in held:
            found.append(f"no {where}")
        elif not (held[where] & kinds or "null" in held[where] | kinds):
            found.append(f"{where}: {sorted(held[where])} for {sorted(kinds)}")
    return found


def _code(theirs: Json, ours: Json) -> list[str]:
    if not isinstance(theirs, dict) or not isinstance(theirs.get("error"), dict):
        return []
    wanted, told = theirs["error"]["code"], (ours or {}).get("error", {}).get("code")
    return [] if wanted == told else [f"code {told} for {wanted}"]
