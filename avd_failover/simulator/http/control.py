"""``/_sim``: the simulated Azure's own door, for tests, for people and for the command line's clock.

No token is asked for; the server binds loopback only. Nothing here exists in Azure.
"""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from msgspec import Struct, structs

from avd_failover.simulator.audit import audit
from avd_failover.simulator.faults.catalogue import table
from avd_failover.simulator.http.arm_common import bad_content
from avd_failover.simulator.http.pacing import Pace
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Refusal
from avd_failover.simulator.world import World

PERSON = "admin:simulator"
"""Who adds faults at this door."""
_FARTHEST_S = 366 * 86_400.0


class Controls(Struct, kw_only=True):
    """What the door shows and moves besides the world: its pace, its name, and what was asked in vain."""

    pace: Pace | None = None
    """None where nobody maps real time: then only jumps move the world."""
    scenario: str = ""
    gaps: Callable[[], Mapping[str, int]] = dict

    def clock(self, world: World, _call: Call) -> Answer:
        """GET /_sim/clock: the time as an engine's wall clock has it, its pace, and which world it is."""
        body = {
            "now": (world.at() + timedelta(seconds=world.faults.clock_errors()[0])).isoformat(),
            "now_s": world.now_s,
            "speed": self.pace.speed if self.pace else 0.0,
            "scenario": self.scenario,
            "seed": world.core.seed,
        }
        return Answer(body=body)

    def advance(self, world: World, call: Call) -> Answer:
        """POST /_sim/advance {"seconds": n}: jump forward; everything due on the way happens."""
        sent = call.body().get("seconds")
        if isinstance(sent, bool) or not isinstance(sent, int | float) or not 0 <= sent <= _FARTHEST_S:
            raise bad_content(f"'seconds' must be a number from 0 to {_FARTHEST_S:.0f}, not {sent!r}")
        if self.pace is not None:
            self.pace.jump(float(sent))
        world.advance(world.now_s + float(sent))
        return self.clock(world, call)

    def audit(self, world: World, _call: Call) -> Answer:
        """GET /_sim/audit: what the history proves; a real second on the way is forgiven."""
        return Answer(body=audit(world, latency_s=self.pace.speed if self.pace else 1.0))

    def unserved(self, _world: World, _call: Call) -> Answer:
        """GET /_sim/gaps: what was asked for and is not simulated, and how often."""
        asked = self.gaps()
        return Answer(body={"gaps": [{"request": name, "times": asked[name]} for name in sorted(asked)]})


def _faults(world: World, _call: Call) -> Answer:
    """GET /_sim/faults: every fault that was added, and what it has struck."""
    return Answer(body={"faults": world.faults.listed()})


def _add_fault(world: World, call: Call) -> Answer:
    """POST /_sim/faults: add one, given as in a scenario file; its times count from now."""
    try:
        return Answer(status=201, body={"id": world.faults.add(PERSON, call.body())})
    except ValueError as wrong:
        raise Refusal(400, "InvalidFault", str(wrong)) from wrong


def _remove_fault(world: World, call: Call) -> Answer:
    """DELETE /_sim/faults/{fault}: take one away; what it did for a while ends now."""
    try:
        world.faults.remove(PERSON, call.params["fault"])
    except KeyError as unknown:
        text = f"There is no fault '{call.params['fault']}'."
        raise Refusal(404, "FaultNotFound", text) from unknown
    return Answer(status=204)


def _catalogue(_world: World, _call: Call) -> Answer:
    """GET /_sim/faults/catalogue: every fault there is."""
    return Answer(body={"catalogue": [structs.asdict(row) for row in table()]})


def _state(world: World, _call: Call) -> Answer:
    return Answer(body=world.snapshot())


def _history(world: World, _call: Call) -> Answer:
    return Answer(body=[json.loads(line) for line in world.history.dump().splitlines()])


def routes(controls: Controls) -> tuple[Route, ...]:
    """Return the operations of the door."""
    return (
        Route("GET", "/_sim/clock", controls.clock, Face.CONTROL),
        Route("POST", "/_sim/advance", controls.advance, Face.CONTROL),
        Route("GET", "/_sim/gaps", controls.unserved, Face.CONTROL),
        Route("GET", "/_sim/audit", controls.audit, Face.CONTROL),
        Route("GET", "/_sim/faults", _faults, Face.CONTROL),
        Route("POST", "/_sim/faults", _add_fault, Face.CONTROL),
        Route("GET", "/_sim/faults/catalogue", _catalogue, Face.CONTROL),
        Route("DELETE", "/_sim/faults/{fault}", _remove_fault, Face.CONTROL),
        Route("GET", "/_sim/state", _state, Face.CONTROL),
        Route("GET", "/_sim/history", _history, Face.CONTROL),
    )
