"""Personal desktops, to be cut: there, home, out of the dark, and the settling of what is owed then."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from avd_failover.cli.request import Wish, of
from avd_failover.domain.plan import Mode
from avd_failover.domain.recovery_actions import FailOverMachine
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.events import Outcome
from avd_failover.journal.ledger import debts
from avd_failover.simulator.records import Machine, SessionHost
from avd_failover.simulator.recovery_records import Extension, Job
from tests.crash.scene import Scene
from tests.crash.ways import STALE_VAULT, Faults, Going

NAME = "personal-small"
DESKTOPS = 3
NIGHT_S = 3600.0
OUTAGE = {"fault": "region-outage", "region": "northeurope"}
NOT_PUT_AGAIN = frozenset({"AADLoginForWindows", "DSC"})
"""Types of extensions that join: the desktop has joined, and keeps that."""


class Desks(Scene):
    """One run of three personal desktops. ``once`` are the kinds of jobs that it begins for each of them."""

    stale: Faults = STALE_VAULT
    once: tuple[str, ...] = ("UnplannedFailover", "CommitFailover", "SwitchProtection")
    owed: tuple[str, ...] = ()

    def __init__(self, mode: Mode = Mode.PLANNED, faults: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(NAME, faults=faults)
        self.asked = replace(self.asked, route=replace(self.asked.route, mode=mode))
        self._remember()

    def follow(self, first: Scene, wish: Wish, after_s: float) -> None:
        """Become the run that follows another one."""
        super().follow(first, wish, after_s)
        self._remember()

    def _remember(self) -> None:
        self.began_s = self.world.now_s
        self.owners = self._owners()
        self.extensions = self.extensions_now()
        self.running = self._running()

    def ends(self, going: Going) -> RunStatus:
        """A run that failed a machine over, or may have, only goes on: no failover is undone."""
        if self._sent_failover():
            return RunStatus.COMPLETED
        return super().ends(going)

    def turn_back(self) -> RunStatus:
        """Ask for the way back; where there is none, the run rests with the reason and is resumed."""
        bars = self._sent_failover()
        status = super().turn_back()
        if bars and status is RunStatus.HELD and "no failover is undone" in self.state.because:
            return self.drive()
        return status

    def _sent_failover(self) -> bool:
        harmless = {Outcome.TRANSIENT, Outcome.REFUSED}
        attempts = replay(self.store).state.attempts.values()
        return any(
            isinstance(one.action, FailOverMachine) and one.outcome not in harmless for one in attempts
        )

    def faults_found(self) -> list[str]:
        """Return everything that is not as it must be."""
        found = super().faults_found() + self._jobs_found()
        if self._owners() != self.owners:
            found.append(f"desktops have other owners: {self._owners()}")
        if self.state.status is RunStatus.COMPLETED:
            found += self._completed_found()
        if self.state.status is RunStatus.ROLLED_BACK and (other := self._started_or_stopped()):
            found.append(f"run and did not, or the other way round: {other}")
        return found

    def _jobs_found(self) -> list[str]:
        """Never two jobs of a kind for a desktop; each of those that a whole run begins."""
        jobs = self.jobs()
        found = [f"{n} {kind} jobs for {desk}" for (kind, desk), n in jobs.items() if n > 1]
        if self.state.status is RunStatus.COMPLETED:
            begun = Counter(kind for kind, _ in jobs)
            wanted = dict.fromkeys(self.once, DESKTOPS)
            found += [f"jobs begun: {dict(begun)}"] if begun != wanted else []
        return found

    def _completed_found(self) -> list[str]:
        found = []
        if (have := self.extensions_now()) != self.extensions:
            found.append(f"extensions differ: {have}")
        if (owed := tuple(step.id for step in debts(self.state))) != self.owed:
            found.append(f"owes {owed}")
        twice = [
            name for name, many in Counter(one.split("/")[-1] for one in self._running()).items() if many > 1
        ]
        if twice and not self.owed:
            found.append(f"run on both sides: {twice}")
        return found

    def jobs(self) -> Counter[tuple[str, str]]:
        """Count the jobs that this run began in the vault, by kind and desktop."""
        kinds = ("UnplannedFailover", "CommitFailover", "SwitchProtection")
        return Counter(
            (job.scenario, job.subject.rsplit("/", 1)[-1])
            for job in self.world.core.table(Job).values()
            if job.start_s >= self.began_s and job.scenario in kinds
        )

    def extensions_now(self) -> dict[str, list[tuple[str, ...]]]:
        """Return the extensions of the machine behind each host, but for those that join."""
        every = self.world.core.table(Extension).values()
        return {
            host.id.rsplit("/", 1)[-1]: sorted(
                (one.publisher, one.type, one.version, one.settings, one.state)
                for one in every
                if one.id.lower().startswith(f"{host.machine.lower()}/") and one.type not in NOT_PUT_AGAIN
            )
            for host in self.world.core.table(SessionHost).values()
        }

    def _owners(self) -> dict[str, str | None]:
        return {host.id: host.assigned_user for host in self.world.core.table(SessionHost).values()}

    def _started_or_stopped(self) -> list[str]:
        """Return the machines that a run which was turned back did not leave as they were."""
        return sorted(self._running() ^ self.running)

    def _running(self) -> frozenset[str]:
        return frozenset(one.id for one in self.world.core.table(Machine).values() if one.power == "running")


class There(Desks):
    """A planned failover."""


class Unplanned(Desks):
    """An unplanned failover while the source answers: the service shuts the machines down."""

    def __init__(self, faults: Iterable[Mapping[str, Any]] = ()) -> None:
        super().__init__(Mode.UNPLANNED, faults)


class Dark(Unplanned):
    """The source is dark: the machines come up on the other side, and what is left is owed."""

    once = ("UnplannedFailover", "CommitFailover")
    owed = ("stop-left", "reprotect")

    def __init__(self) -> None:
        super().__init__([OUTAGE])

    def _started_or_stopped(self) -> list[str]:
        """What went down with its region is not the run's doing."""
        return sorted(self._running() - self.running)


class Settle(Desks):
    """The region answers again, and what an unplanned failover owes is paid."""

    once = ("SwitchProtection",)

    def _started_or_stopped(self) -> list[str]:
        """What was left behind and is stopped stays stopped: its desktop works on the other side."""
        behind = {host.machine for host in self.world.core.table(SessionHost).values()}
        stopped = self.running - self._running()
        return sorted((self._running() - self.running) | (stopped & behind))

    def __init__(self) -> None:
        super().__init__()
        first = Dark()
        self.follow(first, Wish(plan="personal-eu", purpose=Purpose.SETTLE), 3600.0)
        for fault in self.world.faults.listed():
            self.world.faults.remove("tester", fault["id"])
        self.later(3600.0)
        self._remember()


class Home(Desks):
    """The way home, an hour after a planned failover."""

    def __init__(self) -> None:
        super().__init__()
        self.follow(There(), Wish(plan="personal-eu", purpose=Purpose.FAILBACK), NIGHT_S)


class Images(Desks):
    """The nightly upkeep that writes down what is on the machines, and changes nothing."""

    once = ()

    def __init__(self) -> None:
        super().__init__()
        wish = Wish(plan="personal-eu", purpose=Purpose.UPKEEP, runbook="personal-images", by="Dana")
        self.asked = of(wish, self.asked)
