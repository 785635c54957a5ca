"""How a run is told to people: durations, names for ids, one sentence for each action.

Everything that reaches a screen goes through ``plain``: what the cloud calls its things is not to be
trusted with a terminal (safety 4.3). Users are never named; a session is its number on its host.
"""

import re
import shlex

from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    RunCommand,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import PoolReference, RoleAssignment, ScheduleFloor
from avd_failover.domain.ids import name_of
from avd_failover.domain.plan import Side
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    InstallExtension,
    RecoveryAction,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.words import counted
from avd_failover.report.redaction import redact

SIMULATED = "SIMULATED"
"""Stands on every line that tells of a simulated Azure (design section 4)."""


def plain(text: str) -> str:
    r"""Return the text on one line, without secrets, and with all that a terminal would act on spelled out.

    Colour codes, line ends, and marks that turn the direction of writing come out as ``\x1b``, ``\n`` and
    ``\u202e``: a name cannot paint the screen, forge a second line, or read other than it is.
    """
    text = redact(text)
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _spelled(char) for char in text)


_ABOUT = re.compile(r"\.?,? for (?P<id>/(?:subscriptions|providers)/[^\s;,()]+)(?: \(request [^)\s]+\))?")
_ID = re.compile(r"(?<!--item )(?<![\w:/])/subscriptions/[^\s;,()]+")
_POINTER = re.compile(r" ?For more details please go to https://aka\.ms/\S+")


def brief(text: str) -> str:
    """Return what Azure said in the room of a screen: names for ids, and no ids of requests.

    Journal, report and data forms keep the whole text, which is what support of Azure asks for.
    """
    short = _ABOUT.sub(lambda found: f" ({name_of(found['id'])})", _POINTER.sub("", text))
    return _ID.sub(lambda found: name_of(found[0]), short)


def screen(text: str) -> str:
    """Return the text as ``plain`` does, with what Azure said made ``brief``."""
    return plain(brief(text))


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def duration(seconds: float) -> str:
    """Say how long: ``12 s``, ``4 min 10 s``, ``1 h 02 min``, ``3 d 04 h``. Less than nothing is ``0 s``."""
    whole = max(0, round(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < 60:
        return f"{whole} s"
    if minutes < 60:
        return f"{minutes} min {whole % 60:02d} s" if whole % 60 else f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes % 60:02d} min"
    return f"{days} d {hours % 24:02d} h"


def stopwatch(seconds: float) -> str:
    """Show a running time in the least room: ``0:12``, ``4:10``, ``1:02:03``."""
    whole = max(0, round(seconds))
    minutes, hours = whole // 60, whole // 3600
    if hours:
        return f"{hours}:{minutes % 60:02d}:{whole % 60:02d}"
    return f"{minutes}:{whole % 60:02d}"


def marked(text: str, simulated: str | None) -> str:
    """Return the text with ``SIMULATED`` in front of every line, where the Azure of the run is simulated."""
    if simulated is None:
        return text
    return "\n".join(f"{SIMULATED} {line}".rstrip() for line in text.split("\n"))


def endpoints(arm: str, graph: str) -> str:
    """Name where Azure was, once where both its parts answer at one address."""
    return arm if arm == graph else f"{arm} and {graph}"


_KINDS = {Purpose.DRILL: "drill", Purpose.SETTLE: "settling", Purpose.UPKEEP: "upkeep"}


def travel(route: Route) -> str:
    """Say what kind of run it is: ``failover``, ``failback`` to the primary side, or what else it is for."""
    if route.purpose in _KINDS:
        return _KINDS[route.purpose]
    return "failover" if route.leaving is Side.PRIMARY else "failback"


def journey(route: Route) -> str:
    """Say from where to where: ``primary (northeurope) -> secondary (westeurope)``."""
    sides = [route.plan.on(side) for side in (route.leaving, route.leaving.other)]
    return plain(" -> ".join(f"{side.side.value} ({side.region})" for side in sides))


class Names:
    """Names for the ids of one plan: as the plan calls them, else the last segment of the id."""

    def __init__(self, route: Route) -> None:
        plan = route.plan
        self._groups: dict[str, str] = {
            twin.on(side): f"{twin.name} ({plan.on(side).region})"
            for twin in plan.application_groups
            for side in Side
        }
        holders = [*plan.groups, *([plan.test_group] if plan.test_group else [])]
        self._principals: dict[str, str] = {group.id: group.name for group in holders}

    def of(self, target: str) -> str:
        """Name whatever an action, a skip or a finding is about; a text that is no id stays as it is."""
        if not target.startswith("/"):
            return plain(target)
        if target in self._groups:
            return plain(self._groups[target])
        parts = target.split("/")
        match parts[-2:]:
            case ["usersessions", number]:
                return plain(f"session {number} on {_short(parts[-3])}")
            case ["sessionhosts", host]:
                return plain(_short(host))
            case ["pooledschedules", schedule]:
                return plain(f"schedule {schedule} of {parts[-3]}")
        return plain(name_of(target))

    def access(self, assignment: RoleAssignment, link: str) -> str:
        """Name who is assigned to what, such as ``GRP1 on DAG1 (northeurope)``; users stay object ids."""
        who = self._principals.get(assignment.principal_id, assignment.principal_id)
        return plain(f"{who} {link} ") + self.of(assignment.scope)

    def sentence(self, action: Action) -> str:
        """Say in a few words what an action does."""
        match action:
            case RevokeAssignment():
                return f"revoke {self.access(action.assignment, 'from')}"
            case GrantAssignment():
                return f"grant {self.access(action.assignment, 'on')}"
            case SetLogons():
                return f"{'take' if action.allowed else 'refuse'} new sessions on {self.of(action.host)}"
            case LogOff() | TellUser():
                return f"{'log off' if isinstance(action, LogOff) else 'tell'} {self.of(action.session)}"
            case StartMachine() | DeallocateMachine():
                verb = "start" if isinstance(action, StartMachine) else "deallocate"
                return f"{verb} {self.of(action.machine)}"
            case RunCommand() | CallWebhook():
                return _outward(action)
            case (
                FailOverMachine()
                | ChangeRecoveryPoint()
                | CommitFailover()
                | ReprotectMachine()
                | InstallExtension()
                | FailOverPlan()
                | CommitPlan()
            ):
                return self._recovering(action)
            case _:
                return self._setting(action)

    def _recovering(self, action: RecoveryAction | PlanAction) -> str:
        if isinstance(action, FailOverPlan | CommitPlan):
            return self._together(action)
        if isinstance(action, InstallExtension):
            return f"install {plain(action.extension.name)} on {self.of(action.machine)}"
        return f"{_JOBS[kind_of(action)]} {self.of(action.item)}"

    def _together(self, action: PlanAction) -> str:
        moved = counted(len(action.members), "desktop")
        return f"{_JOBS[kind_of(action)]} {moved} together by recovery plan {self.of(action.plan)}"

    def _setting(self, action: SetPoolReferences | SetScheduleFloor | SetStartOnConnect) -> str:
        match action:
            case SetPoolReferences():
                changes = self._reference_changes(action.before, action.references)
                return f"let {self.of(action.plan)} {changes}"
            case SetScheduleFloor():
                return f"set {self.of(action.schedule)}: {_floor_changes(action.before, action.floor)}"
            case SetStartOnConnect():
                verb = "allow" if action.allowed else "forbid"
                return f"{verb} start on connect for {self.of(action.host_pool)}"

    def _reference_changes(self, before: tuple[PoolReference, ...], after: tuple[PoolReference, ...]) -> str:
        now, then = ({ref.host_pool for ref in refs if ref.enabled} for refs in (after, before))
        begun = [f"act on {self.of(pool)}" for pool in sorted(now - then)]
        left = [f"leave {self.of(pool)} alone" for pool in sorted(then - now)]
        return " and ".join([*left, *begun]) or "act on the same pools as before"


_JOBS = {
    "machine.failover": "fail over",
    "machine.change-point": "bring another recovery point to",
    "machine.commit": "commit the failover of",
    "machine.reprotect": "reprotect",
    "plan.failover": "fail over",
    "plan.commit": "commit the failover of",
}


def _outward(action: RunCommand | CallWebhook) -> str:
    if isinstance(action, RunCommand):
        return f"run {plain(shlex.join(action.argv))}"
    return f"call {plain(action.url)}"


def _short(host: str) -> str:
    return host.split(".", 1)[0]


_FLOORS = {
    "ramp_up_minimum_hosts_pct": "ramp-up minimum",
    "ramp_up_capacity_threshold_pct": "ramp-up threshold",
    "ramp_down_minimum_hosts_pct": "ramp-down minimum",
    "ramp_down_capacity_threshold_pct": "ramp-down threshold",
}


def _floor_changes(before: ScheduleFloor, after: ScheduleFloor) -> str:
    changes = [
        f"{name} {getattr(before, key)} -> {getattr(after, key)} %"
        for key, name in _FLOORS.items()
        if getattr(before, key) != getattr(after, key)
    ]
    return ", ".join(changes) or "as it is"


_DEEDS = {
    "assignment.revoke": ("revoke", "assignment", "revoked"),
    "assignment.grant": ("grant", "assignment", "granted"),
    "session.logoff": ("log-off", "session", "logged off"),
    "session.message": ("message", "session", "told"),
    "machine.start": ("start", "machine", "started"),
    "machine.deallocate": ("deallocation", "machine", "deallocated"),
    "autoscale.pools": ("autoscale change", "scaling plan", "changed"),
    "autoscale.floor": ("schedule change", "schedule", "changed"),
    "pool.start-on-connect": ("pool change", "host pool", "changed"),
    "command.run": ("command", "command", "run"),
    "webhook.call": ("webhook call", "webhook", "called"),
    "machine.failover": ("failover", "desktop", "failed over"),
    "machine.change-point": ("change of the recovery point", "desktop", "changed"),
    "machine.commit": ("commit", "desktop", "committed"),
    "machine.reprotect": ("reprotect", "desktop", "reprotected"),
    "plan.failover": ("failover", "recovery plan", "failed over"),
    "plan.commit": ("commit", "recovery plan", "committed"),
    "machine.extension": ("installation", "extension", "installed"),
}


def deed(action: Action) -> tuple[str, str]:
    """Return what an action does to what, to be counted once it is done: ``("session", "logged off")``."""
    if isinstance(action, SetLogons):
        return "host", "opened" if action.allowed else "drained"
    _, noun, done = _DEEDS[kind_of(action)]
    return noun, done


def request(action: Action) -> str:
    """Return what an action is called while nothing proves it yet: ``log-off``, ``drain``."""
    if isinstance(action, SetLogons):
        return "opening" if action.allowed else "drain"
    return _DEEDS[kind_of(action)][0]


def sign(action: Action) -> str:
    """Return the mark of an action in a plan of changes: ``+`` adds, ``-`` takes away, ``~`` alters."""
    match action:
        case GrantAssignment() | StartMachine() | TellUser():
            return "+"
        case RevokeAssignment() | LogOff() | DeallocateMachine():
            return "-"
        case _:
            return "~"
