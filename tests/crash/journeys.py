"""Other runs than a planned failover, to be cut: the way home, and one that leaves a dark source."""

from typing import Any

from msgspec.structs import replace

from avd_failover.cli.rehearsing import play
from avd_failover.cli.request import Wish, of
from avd_failover.cli.standing import following
from avd_failover.domain.plan import Mode
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.journal.ledger import debts, ledger_of
from avd_failover.simulator.building import build
from tests.crash.cuts import Knife
from tests.crash.scene import Scene, asked, scenario
from tests.crash.stage import access, settings

NIGHT_S = 3600.0
OUTAGE = {"fault": "region-outage", "region": "northeurope"}
OWED = ("suspend-source-autoscale", "forbid-start-on-connect", "drain-source", "logoff-source")


class Home(Scene):
    """The way home of the small plan, an hour after a failover that completed."""

    def __init__(self) -> None:
        super().__init__("small")
        there = play(asked("small"), scenario("small"), 0)
        wish = of(Wish(plan="small", purpose=Purpose.FAILBACK), asked("small"))
        self.asked = following(wish, ledger_of([there.journal.state]))
        self.world = there.world
        self.later(NIGHT_S)
        self.run = "small-20260401-050000-0002"
        self.store = type(self.store)(self.run)
        self.knife = Knife(self.world)
        self.before, self.around = access(self.world), settings(self.world)

    def faults_found(self) -> list[str]:
        """Return what is not as it must be; a way home that ended leaves nothing of the failover behind."""
        found = super().faults_found()
        if self.state.status is RunStatus.COMPLETED:
            first, now = settings(build(scenario("small"))), settings(self.world)
            found += [f"{what} are not as before the failover" for what in first if first[what] != now[what]]
        return found


class Dark(Scene):
    """The small plan's source is dark from the first second on, and two people say so."""

    def __init__(self) -> None:
        super().__init__("small", faults=[OUTAGE])
        self.asked = replace(
            self.asked, route=replace(self.asked.route, mode=Mode.UNPLANNED), initiator="Cay"
        )
        for name in ("Ann", "Ben"):
            self.ask("approve", by=name, step="barrier", reason="the outage is published")

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


def scene_of(name: str) -> Scene:
    """Make the scene of that name: a scenario's planned failover, the way ``home``, or a ``dark`` source."""
    match name:
        case "home":
            return Home()
        case "dark":
            return Dark()
    return Scene(name)
