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
from tests.contract.tour import Step
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

FOLDER = SHARED / "azure-recordings"
NO_RECORDINGS = f"the recordings are not on this machine ({FOLDER})"

EXCUSED: Mapping[str, str] = {
    "no header x-ms-opsarmpath": "until 2020; now its base64 form x-ms-opsarmpath64",
    "no properties.instanceView.extensions": "extensions of the recorded machine; none is simulated",
}
"""Beginnings of differences, with their reasons, beyond those that the tests of the wire excuse."""

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


class Case(Struct, frozen=True):
    """A recording, and the requests whose last answer is compared with it."""

    file: str
    number: int
    steps: Sequence[Step]

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
    Case("role-assignments", 3, [_PUT, Step("PUT", _MADE, body=_RENAMED)]),
    Case("role-assignments", 4, [_PUT, _get(_MADE)]),
    Case("role-assignments", 5, [_PUT, Step("DELETE", _MADE)]),
    Case("role-assignments", 6, [_PUT]),
    Case("role-assignments", 9, [_PUT, Step("DELETE", _MADE)]),
    Case("role-assignments", 11, [_PUT]),
)


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
    return [told for told in _all_differences(case) if not told.startswith(tuple(EXCUSED))]


def _all_differences(case: Case) -> list[str]:
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
    wire = Wire()
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
