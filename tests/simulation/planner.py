"""What a planned failover of a pooled workload has to change, worked out a second time (safety T12).

Written from docs/plan-and-runbook.md and docs/runbooks.md alone: it imports nothing of the engine, reads the
plan's file as plain data and the simulated Azure as JSON, and knows neither steps nor readings. What a run
changed is taken from the history of the simulated Azure, not from its journal. Both are sets of *effects*:
tuples that begin with a word and go on with folded ids.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from avd_failover.simulator.history import Change

Effect = tuple[Any, ...]
Data = Mapping[str, Any]
USER = "1d18fff3-a72a-46b5-b4a9-0b38a3cd7e63"
"""Desktop Virtualization User, the role that a plan moves when it names none."""
KEPT = ("principal_id", "principal_type", "condition", "condition_version", "description")
FLOORS = ("ramp_up_minimum_hosts_pct", "ramp_down_minimum_hosts_pct")
THRESHOLDS = ("ramp_up_capacity_threshold_pct", "ramp_down_capacity_threshold_pct")


class Planner:
    """The changes that a plan asks for in an Azure as it is, from ``primary`` to ``secondary``."""

    def __init__(self, plan: Data, azure: Data) -> None:
        self.plan, self.azure = plan, azure
        self.source, self.target = (self._pool(side) for side in ("primary", "secondary"))

    def effects(self) -> set[Effect]:
        """Return everything but messages and log-offs, which depend on who is there when it is time."""
        return {*self.access(), *self.closing(), *self.floors(), *self.starts()}

    def access(self) -> Iterable[Effect]:
        """Take each group's assignment from the source, and give the same on the target."""
        for spec in self.plan["application_groups"].values():
            source, target = (self._group(side, spec[side]) for side in ("primary", "secondary"))
            groups = {self.plan["groups"][name].lower() for name in spec["groups"]}
            for one in self.azure["role_assignments"]:
                mine = fold(one["scope"]) == source and one["principal_id"].lower() in groups
                if mine and role_of(one) == USER:
                    yield "revoke", fold(one["id"])
                    yield "grant", target, *(kept(one, name) for name in KEPT)

    def closing(self) -> Iterable[Effect]:
        """Refuse new sessions on every host of the source, and let nothing start one there."""
        for host in self.azure["session_hosts"]:
            if fold(host["host_pool"]) == self.source and host["allow_new_session"]:
                yield "drain", fold(host["id"])
        for pool in self.azure["host_pools"]:
            if fold(pool["id"]) == self.source and pool["start_vm_on_connect"]:
                yield "no start on connect", self.source
        for plan in self.azure["scaling_plans"]:
            if any(fold(one["host_pool"]) == self.source and one["enabled"] for one in plan["references"]):
                yield "no autoscale", fold(plan["id"]), self.source

    def floors(self) -> Iterable[Effect]:
        """Let autoscale keep up the wanted share of the target's hosts, and add hosts early enough."""
        capacity = self.plan["capacity"]
        share, threshold = capacity["minimum_hosts_pct"], capacity.get("capacity_threshold_pct", 100)
        mine = {fold(one["id"]) for one in self.azure["scaling_plans"] if self._acts_on_target(one)}
        for schedule in self.azure["pooled_schedules"]:
            wanted = {name: max(share, schedule[name]) for name in FLOORS}
            wanted |= {name: min(threshold, schedule[name]) for name in THRESHOLDS}
            for name, value in wanted.items():
                if fold(schedule["plan"]) in mine and value != schedule[name]:
                    yield "floor", fold(schedule["id"]), name, value

    def starts(self) -> Iterable[Effect]:
        """Start as many machines as the seats and the share of the first choice ask for."""
        hosts = [one for one in self.azure["session_hosts"] if fold(one["host_pool"]) == self.target]
        power = {fold(one["id"]): one["power"] for one in self.azure["machines"]}
        off = [fold(one["machine"]) for one in hosts if power[fold(one["machine"])] != "running"]
        limit = next(p["max_session_limit"] for p in self.azure["host_pools"] if fold(p["id"]) == self.target)
        capacity = self.plan["capacity"]
        share = math.ceil(len(hosts) * capacity["minimum_hosts_pct"] / 100)
        wanted = max(share, math.ceil(capacity["seats"] / limit))
        lacking = max(0, wanted - (len(hosts) - len(off)))
        yield from (("start", machine) for machine in off[:lacking])

    def _pool(self, side: str) -> str:
        return self._resource(side, "hostPools", self.plan["sides"][side]["host_pool"])

    def _group(self, side: str, name: str) -> str:
        return self._resource(side, "applicationGroups", name)

    def _resource(self, side: str, kind: str, name: str) -> str:
        spec = self.plan["sides"][side]
        place = f"/subscriptions/{spec['subscription']}/resourceGroups/{spec['resource_group']}"
        return fold(f"{place}/providers/Microsoft.DesktopVirtualization/{kind}/{name}")

    def _acts_on_target(self, plan: Data) -> bool:
        return any(fold(one["host_pool"]) == self.target for one in plan["references"])


def fold(resource: str) -> str:
    """Fold an id for comparing."""
    return resource.lower()


def kept(one: Data, name: str) -> Any:
    """Return a property that has to be the same on the other side."""
    return one[name].lower() if name == "principal_id" else one[name]


def role_of(one: Data) -> str:
    """Return the GUID of an assignment's role."""
    return fold(one["role_definition_id"]).rsplit("/", 1)[-1]


def changed(changes: Iterable[Change]) -> set[Effect]:
    """Return the effects that engines had, of everything that the history knows them to have done."""
    return {
        effect
        for change in changes
        if change.actor_kind == "engine"
        for effect in _effects_of(change.verb, change.as_line())
    }


def _effects_of(verb: str, line: Data) -> Iterable[Effect]:
    before, after, target = line["before"] or {}, line["after"] or {}, fold(line["target"])
    if verb not in EFFECTS:
        return [("unknown", verb, target)]
    return EFFECTS[verb](target, before, after)


def _autoscale(plan: str, before: Iterable[Data], after: Iterable[Data]) -> Iterable[Effect]:
    """Compare two lists of pools; a pool that appears, vanishes or changes is an effect."""
    old, new = ({fold(one["host_pool"]): one["enabled"] for one in many} for many in (before, after))
    for pool in sorted({*old, *new}):
        if old.get(pool) != new.get(pool):
            yield ("no autoscale" if new.get(pool) is False else f"autoscale {new.get(pool)}"), plan, pool


def _floors(schedule: str, _before: Data, after: Data) -> Iterable[Effect]:
    return (("floor", schedule, name, value) for name, value in after.items())


EFFECTS: dict[str, Callable[[str, Data, Data], Iterable[Effect]]] = {
    "delete-assignment": lambda target, _, __: [("revoke", target)],
    "put-assignment": lambda _, __, new: [("grant", fold(new["scope"]), *(kept(new, name) for name in KEPT))],
    "patch-session-host": lambda target, _, new: [("open" if new["allow_new_session"] else "drain", target)],
    "patch-host-pool": lambda target, _, new: [
        ("start on connect" if new["start_vm_on_connect"] else "no start on connect", target)
    ],
    "patch-scaling-plan": lambda target, old, new: _autoscale(target, old["references"], new["references"]),
    "patch-schedule": _floors,
    "begin-start": lambda _, __, new: [("start", fold(new["machine"]))],
    "power-starting": lambda _, __, ___: [],
    "send-message": lambda _, __, new: [("tell", fold(new["session"]))],
    "log-off": lambda target, _, __: [("log off", target)],
}
"""By verb of the history; ``power-starting`` is what ``begin-start`` begins."""
