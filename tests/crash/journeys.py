"""Every run that the matrix cuts, by name: at least one of each runbook that is shipped."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from avd_failover.cli.request import Wish, of
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.journal.ledger import debts
from avd_failover.simulator.building import build
from avd_failover.simulator.records import Machine
from tests.crash import desks
from tests.crash.scene import Scene, scenario
from tests.crash.stage import access, settings
from tests.scenarios.partial import TESTERS, production

NIGHT_S = 3600.0
OUTAGE = {"fault": "region-outage", "region": "northeurope"}
OWED = ("suspend-source-autoscale", "forbid-start-on-connect", "drain-source", "logoff-source")


class Home(Scene):
    """The way home of everybody whom a planned failover had moved an hour before."""

    def __init__(self, name: str = "small", groups: tuple[str, ...] | None = None) -> None:
        super().__init__(name)
        first = Cohort() if groups else Scene(name)
        self.follow(first, Wish(plan=name, purpose=Purpose.FAILBACK, groups=groups), NIGHT_S)

    def faults_found(self) -> list[str]:
        """Return what is not as it must be; a way home that ended leaves nothing of the failover behind."""
        found = super().faults_found()
        if self.state.status is RunStatus.COMPLETED:
            first, now = settings(build(scenario(self.name))), settings(self.world)
            found += [f"{what} are not as before the failover" for what in first if first[what] != now[what]]
        return found


class Dark(Scene):
    """The small plan's source is dark from the first second on, and two people say so.

    Whoever turns it back does so while the source is dark still; then it returns.
    """

    def __init__(self) -> None:
        super().__init__("small", faults=[OUTAGE])
        self.asked = replace(
            self.asked, route=replace(self.asked.route, mode=Mode.UNPLANNED), initiator="Cay"
        )
        for name in ("Ann", "Ben"):
            self.ask("approve", by=name, step="barrier", reason="the outage is published")

    def turn_back(self) -> RunStatus:
        """Turn back in the dark; what needs the source is held, with a reason, until it answers again."""
        status = super().turn_back()
        if status is not RunStatus.HELD or not self.state.because:
            return status
        self.heal()
        return self.drive()

    def heal(self) -> None:
        """Let the source answer again, and some time pass."""
        for fault in self.world.faults.listed():
            self.world.faults.remove("tester", fault["id"])
        self.later(NIGHT_S)

    def faults_found(self) -> list[str]:
        """Return what is not as it must be; nothing is granted before people spoke, and the rest is owed."""
        found = super().faults_found()
        if self.state.status is not RunStatus.COMPLETED:
            return found
        if (owed := tuple(step.id for step in debts(self.state))) != OWED:
            found.append(f"owes {owed}")
        if (proof := self.state.steps["barrier"].facts.get("proof")) != "fence":
            found.append(f"the barrier stands by {proof}")
        approvers: Any = self.state.steps["barrier"].facts.get("approvers")
        return found if approvers == "Ann, Ben" else [*found, f"declared fenced by {approvers}"]


class Cohort(Scene):
    """One group that shares nobody moves alone; everybody else works on."""

    def __init__(self) -> None:
        super().__init__("cohort-and-back")
        self.asked = of(Wish(plan="small", groups=("GRP-LEDGER",), by="Dana"), self.asked)


class Drill(Scene):
    """The testers of the small plan go there and back while production works."""

    def __init__(self) -> None:
        super().__init__("small")
        wish = Wish(plan="small", purpose=Purpose.DRILL, hold_s=600.0, by="Dana")
        self.asked = of(wish, self.asked)
        self.production = production(self.world)

    def faults_found(self) -> list[str]:
        """Return what is not as it must be; production is as before whatever became of the drill."""
        now = production(self.world)
        found = [one for one in super().faults_found() if not one.startswith("access of")]
        found += self._testers_found(access(self.world))
        return found + [f"{what} of production changed" for what in now if now[what] != self.production[what]]

    def _misplaced(self, after: dict[str, dict[str, Any]]) -> list[str]:
        return []

    def _testers_found(self, after: dict[str, dict[str, Any]]) -> list[str]:
        """Demand the testers where drills begin, on the source; unless one was turned back before."""
        have = {one["scope"].lower() for one in after.values() if one["principal_id"] == TESTERS}
        wanted = {str(pair.source) for pair in self.asked.route.pairs}
        status = self.state.status
        right = have == wanted or (status is RunStatus.ROLLED_BACK and have <= wanted)
        return [] if right or not status.final else [f"testers are at {sorted(have)}"]


class Upkeep(Scene):
    """Standby hosts that slept for long are woken and put to rest again."""

    def __init__(self) -> None:
        super().__init__("host-keepalive")
        wish = Wish(plan="pooled-eu", purpose=Purpose.UPKEEP, runbook="host-keepalive", by="Dana")
        self.asked = of(wish, self.asked)
        self.up = _up(self.world.core.table(Machine).values())

    def faults_found(self) -> list[str]:
        """Return what is not as it must be: settings and machines are as before, however it ended."""
        found = super().faults_found()
        if self.around != settings(self.world):
            found.append("settings are not as before")
        if (up := _up(self.world.core.table(Machine).values())) != self.up:
            found.append(f"run now and did not before, or the other way round: {sorted(up ^ self.up)}")
        return found

    def _misplaced(self, after: dict[str, dict[str, Any]]) -> list[str]:
        return [] if after == self.before else ["access changed"]


def _up(machines: Any) -> frozenset[str]:
    return frozenset(one.id for one in machines if one.power == "running")


JOURNEYS: dict[str, Callable[[], Scene]] = {
    "small": Scene,
    "pooled-eu": lambda: Scene("pooled-eu"),
    "home": Home,
    "dark": Dark,
    "cohort": Cohort,
    "cohort-home": lambda: Home("cohort-and-back", ("GRP-LEDGER",)),
    "drill": Drill,
    "upkeep": Upkeep,
    "desks": desks.There,
    "desks-unplanned": desks.Unplanned,
    "desks-home": desks.Home,
    "desks-dark": desks.Dark,
    "desks-settle": desks.Settle,
    "desks-images": desks.Images,
}
"""What the names mean: planned failovers by scenario, the way home, a source that is dark, a cohort there and
home, a drill, an upkeep; personal desktops there, planned and unplanned, home, out of the dark, what is
owed then, and the upkeep that only reads."""


def scene_of(name: str) -> Scene:
    """Make the run of that name, new."""
    return JOURNEYS[name]()
