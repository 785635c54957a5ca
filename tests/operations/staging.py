"""The language of ``tests/cases``: one line a change of the world, or of what the run remembers.

A pair is written ``GRP1 on DAG``, an end ``source`` or ``target``, a host ``weu-1``, a session ``weu-1/3``.
A line that no verb understands is an error, as is a name that the estate does not know.
"""

from collections import deque
from collections.abc import Callable
from datetime import timedelta

import msgspec

from avd_failover.domain.actions import StartMachine
from avd_failover.domain.estate import (
    ApplicationGroup,
    HostStatus,
    PoolKind,
    PowerState,
    RoleAssignment,
    SessionState,
)
from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import GroupId, ScalingPlanId, Scope, application_group_id, subscription_of
from avd_failover.domain.plan import End
from avd_failover.domain.route import Pair, Route
from avd_failover.operations.base import Tried
from tests.domain import builders
from tests.operations import places
from tests.operations.estate import Estate
from tests.operations.remembering import Remembering
from tests.operations.world import T0

replace = msgspec.structs.replace
STEP = "the-step"
GROUPS = {"GRP1": 1, "GRP2": 2, "GRP3": 3, "GRP9": 9}


class Stage:
    """One estate, one memory, and the route between its ends."""

    def __init__(self, route: Route) -> None:
        self.route = route
        self.estate = Estate(places.make_world(route))
        self.memory = Remembering(now_s=1000.0)
        self.world, self.script = self.estate.world, self.estate.script

    def at(self, seconds: float) -> None:
        """Move the time of estate and memory."""
        self.memory.now_s = self.script.now_s = seconds

    def change(self, line: str) -> None:
        """Carry out one line."""
        verb, _, rest = line.partition(" ")
        VERBS[verb](self, rest)

    def pair(self, label: str) -> Pair:
        """Return a pair by its label."""
        return next(pair for pair in self.route.pairs if pair.label == label)

    def held(self, text: str) -> RoleAssignment:
        """``GRP1 on DAG at source``: the assignment by which the pair stands there."""
        label, end = text.split(" at ")
        return places.held(self.pair(label), End(end))

    def scope(self, text: str) -> Scope:
        """``DAG source``, ``stray weu``, ``resources weu``, ``subscription``, ``management`` or ``root``."""
        match text.split():
            case ["root"]:
                return builders.ROOT
            case ["management"]:
                return builders.MANAGEMENT_GROUP
            case ["subscription"]:
                return builders.SUBSCRIPTION_SCOPE
            case ["resources", region]:
                return builders.resource_group(region)
            case [name, "source" | "target" as end]:
                return next(pair.at(End(end)) for pair in self.route.pairs if pair.name == name)
            case [name, region]:
                return application_group_id(builders.resource(region, "applicationGroups", name))
        raise KeyError(text)


def _host(stage: Stage, rest: str) -> None:
    """``weu-1 Available drained running sessions=3 silent=95 size=D4 reserved`` or ``weu-1 gone``.

    ``silent`` counts days since the last heartbeat; without it Azure tells none.
    """
    name, *words = rest.split()
    valued = dict(word.split("=") for word in words if "=" in word and not word.startswith("sessions="))
    assert set(valued) <= {"silent", "size"}, rest
    words = [word for word in words if word.partition("=")[0] not in valued]
    host, machine = places.host_id(name), places.machine_of(name)
    if words == ["gone"]:
        del stage.world.hosts[host]
        return
    status = next((one for one in HostStatus if one.value == words[0]), None)
    if status is None:
        raise KeyError(words[0])
    powers = [one for one in PowerState if one.value in words]
    power = powers[0] if powers else places.POWER_OF.get(status, PowerState.RUNNING)
    sessions = [int(word.removeprefix("sessions=")) for word in words if word.startswith("sessions=")]
    known = {
        "drained",
        "nomachine",
        "reserved",
        *(one.value for one in powers),
        *(f"sessions={n}" for n in sessions),
    }
    assert set(words[1:]) <= known, rest
    stage.world.hosts[host] = places.make_host(
        name,
        status,
        machine=None if "nomachine" in words else machine,
        allows_new_sessions="drained" not in words,
        sessions=sum(sessions),
        last_heartbeat=T0 - timedelta(days=float(valued["silent"])) if "silent" in valued else None,
    )
    stage.world.machines[machine] = replace(
        places.make_machine(name, power),
        size=valued.get("size", ""),
        reservation_group=places.RESERVED if "reserved" in words else None,
    )


def _session(stage: Stage, rest: str) -> None:
    """``weu-1/3 Active`` or ``weu-1/3 gone``."""
    name, state = rest.split()
    key = places.session_id(name)
    if state == "gone":
        del stage.world.sessions[key]
    else:
        stage.world.sessions[key] = places.make_session(name, SessionState(state))


def _pool(stage: Stage, rest: str) -> None:
    """``weu personal``, ``weu most=0``, ``weu start=off``."""
    region, *words = rest.split()
    changes: dict[str, object] = {}
    for word in words:
        match word.split("="):
            case ["personal"]:
                changes["kind"] = PoolKind.PERSONAL
            case ["most", number]:
                changes["max_sessions_per_host"] = int(number)
            case ["start", "on" | "off" as said]:
                changes["start_on_connect"] = said == "on"
            case _:
                raise KeyError(word)
    stage.world.pools[builders.pool(region)] = replace(stage.world.pools[builders.pool(region)], **changes)


def _assign(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at target``, ``all at target`` or ``nobody``."""
    if rest == "nobody":
        stage.world.assignments.clear()
        return
    label, end = rest.split(" at ")
    labels = [pair.label for pair in stage.route.pairs] if label == "all" else [label]
    found = [stage.held(f"{one} at {end}") for one in labels]
    stage.world.assignments.update({one.id: one for one in found})


def _revoke(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at source``: it is gone, for listings too."""
    del stage.world.assignments[stage.held(rest).id]


def _lags(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at source``: it is gone, and listings still show it."""
    gone = stage.held(rest)
    stage.world.assignments.pop(gone.id, None)
    stage.script.still_listed[gone.id] = gone


def _hides(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at target``: it stands, as somebody made it, and listings do not show it yet."""
    one = stage.held(rest)
    stage.world.assignments[one.id] = one
    stage.script.unlisted.add(one.id)


def _settles(stage: Stage, rest: str) -> None:
    """``listings``: from now on they show what is."""
    assert rest == "listings"
    stage.script.unlisted.clear()
    stage.script.still_listed.clear()


def _alter(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at target condition=x``: somebody changed a property of it."""
    text, _, change = rest.rpartition(" ")
    name, value = change.split("=")
    one = stage.held(text)
    stage.world.assignments[one.id] = replace(one, **{name: value})


def _stolen(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at source by group 9``: listed as before, while the id names somebody else's by now."""
    text, number = rest.split(" by group ")
    one = stage.held(text)
    stage.script.still_listed[one.id] = one
    stage.world.assignments[one.id] = replace(one, principal_id=builders.gid(int(number)))


def _kind(stage: Stage, rest: str) -> None:
    """``GRP3 on LAB ForeignGroup``: of that kind was the principal that the run revoked."""
    label, kind = rest.rsplit(" ", 1)
    pair = stage.pair(label)
    stage.memory.revoked = [
        replace(one, principal_type=kind) if one.principal_id == pair.group.id else one
        for one in stage.memory.revoked
    ]


def _extra(stage: Stage, rest: str) -> None:
    """``wildcard to group 9 at subscription``; also to ``user 3``, ``service 1``, ``ForeignGroup 9``."""
    what, at = rest.split(" at ")
    role, holder = what.split(" to ")
    kind, number = holder.split()
    kinds = {"group": "Group", "user": "User", "service": "ServicePrincipal"}
    principal = builders.user(int(number)) if kind in {"user", "service"} else builders.gid(int(number))
    one = places.make_assignment(stage.scope(at), principal, role, kinds.get(kind, kind))
    stage.world.assignments[one.id] = one


def _group(stage: Stage, rest: str) -> None:
    """``stray weu``: an application group that no plan names; ``DAG source in hp-weu-other``: a moved one."""
    where, _, pool = rest.partition(" in ")
    group = application_group_id(stage.scope(where))
    region = where.split()[1]
    owner = builders.pool(pool.removeprefix("hp-") if pool else region)
    stage.world.groups[group] = ApplicationGroup(id=group, host_pool=owner)


def _members(stage: Stage, rest: str) -> None:
    """``GRP9 3,4``, nested groups resolved; ``GRP9 unreadable``; ``GRP9 forbidden``."""
    name, who = rest.split()
    group = builders.gid(GROUPS[name])
    if who == "unreadable":
        stage.script.unreadable.add(group)
    elif who == "forbidden":
        stage.world.members.pop(group)
    else:
        stage.world.members[group] = builders.members(GROUPS[name], *map(int, who.split(",")))


def _gap(stage: Stage, rest: str) -> None:
    """``hosts hp-weu: page 2 did not come``."""
    question, _, gap = rest.partition(": ")
    stage.script.gaps[question] = gap


def _fault(stage: Stage, rest: str) -> None:
    """``pool hp-weu: 503``: the next answer to that question."""
    question, _, status = rest.partition(": ")
    kind = TransientError if int(status) >= 429 else RefusedError
    fault = kind(f"{question} answered {status}", status=int(status))
    stage.script.faults.setdefault(question, deque()).append(fault)


def _scaling(stage: Stage, rest: str) -> None:
    """``weu own=off other=on``: the pools that the side's scaling plan names, in this order."""
    region, *pools = rest.split()
    named = dict(one.split("=") for one in pools)
    plan = places.make_scaling(region, **{name: said == "on" for name, said in named.items()})
    stage.world.scaling[plan.id] = plan


def _schedule(stage: Stage, rest: str) -> None:
    """``neu weekdays 100/60 100/90`` or ``neu weekdays gone``."""
    region, name, floor = rest.split(" ", 2)
    one = places.make_schedule(region, name, "0/1 0/1" if floor == "gone" else floor)
    if floor == "gone":
        del stage.world.schedules[one.id]
    else:
        stage.world.schedules[one.id] = one


def _others(stage: Stage, rest: str) -> None:
    """``3990``: assignments in the target's subscription; ``198 at DAG target``: on one application group."""
    number, _, at = rest.partition(" at ")
    if not at:
        target = subscription_of(stage.route.side(End.TARGET).host_pool)
        stage.script.more_assignments[target] = int(number)
        return
    for n in range(int(number)):
        one = places.make_assignment(stage.scope(at), GroupId(builders.user(5000 + n)), "reader", "User")
        stage.world.assignments[one.id] = one


def _noscaling(stage: Stage, rest: str) -> None:
    """``weu``: Azure does not know the side's scaling plan any more."""
    plan = ScalingPlanId(builders.resource(rest, "scalingPlans", f"sp-{rest}").lower())
    del stage.world.scaling[plan]


def _revoked(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at source`` or ``all at source``: the run revoked it."""
    label, end = rest.split(" at ")
    labels = [pair.label for pair in stage.route.pairs] if label == "all" else [label]
    stage.memory.revoked += [stage.held(f"{one} at {end}") for one in labels]


def _granted(stage: Stage, rest: str) -> None:
    """``GRP1 on DAG at target`` or ``all at target``: the run granted it."""
    label, end = rest.split(" at ")
    labels = [pair.label for pair in stage.route.pairs] if label == "all" else [label]
    stage.memory.granted += [stage.held(f"{one} at {end}") for one in labels]


def _last(stage: Stage, rest: str) -> None:
    """``revoke 900`` or ``send 900``: when the run last did so, in monotonic seconds."""
    what, seconds = rest.split()
    field = {"revoke": "last_revoke_s", "send": "last_send_s"}[what]
    setattr(stage.memory, field, float(seconds))


def _did(stage: Stage, rest: str) -> None:
    """``weu-1/3 at 900``: this step dealt with that session then."""
    name, seconds = rest.split(" at ")
    stage.memory.done.setdefault(STEP, set()).add(places.session_id(name))
    at = T0 + timedelta(seconds=float(seconds))
    tried = Tried(target=places.session_id(name), at=at, ended="applied", ended_at=at)
    stage.memory.tries.setdefault(STEP, []).append(tried)


def _told(stage: Stage, rest: str) -> None:
    """``neu-1 neu-2``: this step told their machines to start."""
    for name in rest.split():
        stage.memory.done.setdefault(STEP, set()).add(places.machine_of(name))


def _woke(stage: Stage, rest: str) -> None:
    """``neu-1 neu-2 at 900``: the step ``wake`` of this run started their machines then."""
    names, _, seconds = rest.partition(" at ")
    at = T0 + timedelta(seconds=float(seconds))
    for name in names.split():
        action = StartMachine(machine=places.machine_of(name), reason="it was due")
        stage.memory.changed.append(action)
        tried = Tried(target=action.target, at=at, ended="applied", ended_at=at)
        stage.memory.tries.setdefault("wake", []).append(tried)


def _figures(stage: Stage, rest: str) -> None:
    """``wake registered=2 silent=neu-1,neu-2``: what a step ended with."""
    step, *figures = rest.split()
    found: dict[str, Setting] = {}
    for name, value in (one.split("=") for one in figures):
        found[name] = int(value) if value.isdigit() else value.replace(",", " ")
    stage.memory.figures[step] = found


VERBS: dict[str, Callable[[Stage, str], None]] = {
    "host": _host,
    "session": _session,
    "pool": _pool,
    "assign": _assign,
    "revoke": _revoke,
    "lags": _lags,
    "hides": _hides,
    "settles": _settles,
    "alter": _alter,
    "extra": _extra,
    "stolen": _stolen,
    "kind": _kind,
    "group": _group,
    "members": _members,
    "gap": _gap,
    "fault": _fault,
    "scaling": _scaling,
    "schedule": _schedule,
    "others": _others,
    "noscaling": _noscaling,
    "revoked": _revoked,
    "granted": _granted,
    "last": _last,
    "did": _did,
    "told": _told,
    "woke": _woke,
    "figures": _figures,
}
