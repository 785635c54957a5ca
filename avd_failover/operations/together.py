"""The same thing done to many desktops by one request on a recovery plan; what is proven is said by each.

A recovery plan is taken only where every one of its machines is due, and once in a step: what comes after,
a machine that failed in it or one that people have an answer for, goes by itself like any other machine. So
does everything when Azure refuses the recovery plan, or a machine of it is not due: nobody waits for one.
While a job works on a recovery plan none of its machines is sent for.
"""

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar

from msgspec.structs import replace

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Action, Moves, Skipped
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.ensembles import Ensemble
from avd_failover.domain.recovery_plan_actions import PlanMember
from avd_failover.domain.replication import Allowed
from avd_failover.operations.base import Memory
from avd_failover.operations.desks import Desks
from avd_failover.operations.ensembles import gathered
from avd_failover.operations.fan_out import FanOut


class Together(FanOut):
    """An operation that a recovery plan can do to all its machines at once."""

    allows: ClassVar[Allowed]
    """What a recovery plan must allow."""

    @abstractmethod
    def action_for_all(self, ensemble: Ensemble, seen: Desks) -> Action:
        """Return what does it to every machine of a recovery plan."""

    async def look(self, cloud: Reads, memory: Memory) -> Desks:
        """Read desktops and, before them, the recovery plans that move some of them."""
        return await gathered(super().look, self.personal, self.route, cloud, memory)

    def plan(self, seen: Desks) -> Moves:
        """Begin with those that are due: by their recovery plan where it may be taken, else one by one."""
        moves, due = super().plan(seen), self._due(seen)
        for ensemble in seen.ensembles:
            mine = {desk.key for desk in due if seen.ensemble(desk) is ensemble}
            if not mine:
                continue
            if because := self.hinders(ensemble, seen):
                moves = replace(moves, skipped=(*moves.skipped, _one_by_one(ensemble, because)))
            else:
                moves = replace(moves, actions=self._as_one(moves.actions, mine, ensemble, seen))
        return moves

    def hinders(self, ensemble: Ensemble, seen: Desks) -> str:
        """Say why a recovery plan is not taken although machines of it are due; empty when it is."""
        return next(self._hindrances(ensemble, seen), "")

    def members(self, ensemble: Ensemble) -> tuple[PlanMember, ...]:
        """Return the machines of a recovery plan, as an action names them."""
        return tuple(
            PlanMember(item=desk.item.id, machine=desk.host.machine)
            for desk in ensemble.desks
            if desk.item is not None and desk.host.machine is not None
        )

    def _hindrances(self, ensemble: Ensemble, seen: Desks) -> Iterator[str]:
        yield from ensemble.faults
        tries = seen.tries_of(ensemble)
        if refused := [one for one in tries if one.ended == "refused"]:
            yield f"Azure refused it: {refused[-1].detail}"
        if self._counted(ensemble.desks[0], tries):
            yield "it was taken once"
        due = {desk.name for desk in self._due(seen)}
        if others := [desk.name for desk in ensemble.desks if desk.name not in due]:
            yield f"not every machine of it is due: not {', '.join(others)}"
        if chosen := [desk.name for desk in ensemble.desks if seen.wish(desk).point]:
            yield f"a recovery point was chosen for {', '.join(chosen)}"
        if ensemble.busy or ensemble.plan is None or not ensemble.plan.allows(self.allows):
            yield f"it does not allow {self.allows.value} now"

    def _as_one(
        self, actions: Sequence[Action], mine: set[str], ensemble: Ensemble, seen: Desks
    ) -> tuple[Action, ...]:
        """Put one action in the place of the first of many."""
        first = next(number for number, one in enumerate(actions) if one.target in mine)
        before = [one for one in actions[:first] if one.target not in mine]
        after = [one for one in actions[first:] if one.target not in mine]
        return (*before, self.action_for_all(ensemble, seen), *after)

    def _due(self, seen: Desks) -> tuple[Desk, ...]:
        return tuple(word.desk for word in self.tally(seen).of(Progress.DUE))

    def _progress(self, desk: Desk, seen: Desks) -> tuple[Progress, str]:
        """Wait while a job works on the recovery plan, whatever one machine of it shows by then."""
        progress, says = super()._progress(desk, seen)
        ensemble = seen.ensemble(desk)
        if ensemble is None or progress is Progress.THROUGH:
            return progress, says
        if desk.stand in self.under_way or desk.stand is Stand.STUCK:
            return progress, says
        if ensemble.works_at(self.scenario):
            return self._awaited(ensemble, seen, progress, says)
        return progress, says

    def _awaited(
        self, ensemble: Ensemble, seen: Desks, progress: Progress, says: str
    ) -> tuple[Progress, str]:
        job = ensemble.job
        if job is None or not ensemble.stuck(seen.now, self.personal.stuck_after_s):
            return Progress.UNDER_WAY, f"recovery plan {ensemble.name} is at it"
        if progress is Progress.LEFT_OUT:
            return progress, says
        told = f"job {job.scenario} of recovery plan {ensemble.name} is {job.state.value} and does not end"
        return Progress.STOPPED, told


def _one_by_one(ensemble: Ensemble, because: str) -> Skipped:
    return Skipped(target=ensemble.use.plan, because=f"{because}; its machines go one by one")
