"""Desktops that one recovery plan moves together: who they are, what works on them, what speaks against it.

Pure. The plan file says which machines are meant, the vault which machines the recovery plan has: anything
but the same is a fault, because its request moves whatever it has.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from avd_failover.domain.desks import Desk
from avd_failover.domain.ids import RecoveryPlanId, fabric_of, name_of
from avd_failover.domain.recovery_jobs import RecoveryJob, jobs_newest_first
from avd_failover.domain.recovery_plans import MOST_MACHINES, PlannedTogether, RecoveryPlan
from avd_failover.domain.replication import AZURE_TO_AZURE, ProtectedItem
from avd_failover.domain.words import counted, listed

Plans = Mapping[RecoveryPlanId, RecoveryPlan | None]
"""Recovery plans as they were read; None for one that is not there."""


class Ensemble(Struct, frozen=True, kw_only=True):
    """The desktops of one recovery plan, by name. ``history`` are the jobs about it, newest first."""

    use: PlannedTogether
    plan: RecoveryPlan | None
    desks: tuple[Desk, ...]
    history: tuple[RecoveryJob, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name of the recovery plan."""
        return self.plan.name if self.plan is not None else name_of(self.use.plan)

    @property
    def job(self) -> RecoveryJob | None:
        """The job that works on all of them now."""
        return next((one for one in self.history if not one.state.ended), None)

    @property
    def busy(self) -> bool:
        """Whether a job works on all of them, also where the list of jobs does not show it yet."""
        told, plan = {one.id for one in self.history}, self.plan
        unseen = plan is not None and plan.job is not None and plan.job not in told
        return self.job is not None or (unseen and plan is not None and not plan.job_state.ended)

    def works_at(self, scenario: str) -> bool:
        """Tell whether a job of a kind works on all of them now."""
        if self.job is not None:
            return self.job.scenario == scenario
        return self.busy and self.plan is not None and self.plan.scenario == scenario

    def stuck(self, now: datetime, after_s: float) -> bool:
        """Tell whether the job that works on all of them does not end by itself."""
        return self.job is not None and self.job.stuck(now, after_s)


def ensembles_of(
    uses: Sequence[PlannedTogether],
    plans: Plans,
    desks: Sequence[Desk],
    history: Sequence[RecoveryJob],
    *,
    wave_of: Callable[[str], int],
    onwards: bool,
) -> tuple[Ensemble, ...]:
    """Return what each recovery plan of a plan file moves, and what is wrong with it.

    ``onwards``: the run leaves the primary side. On the way back only the pair of fabrics is held against
    the machines, since in which order a recovery plan names them after a reprotect is not verified.
    """
    found = []
    for use in uses:
        meant = tuple(desk for desk in desks if use.means(desk.name) and desk.item is not None)
        plan = plans.get(use.plan)
        name = plan.name if plan is not None else name_of(use.plan)
        others = [one for one in uses if one is not use]
        found.append(
            Ensemble(
                use=use,
                plan=plan,
                desks=meant,
                history=tuple(job for job in history if job.about_plan(name)),
                faults=(
                    *_shape(plan, onwards=onwards, desks=meant),
                    *_members(plan, meant, desks),
                    *_elsewhere(meant, others, wave_of),
                ),
            )
        )
    return tuple(found)


def with_history(desks: Iterable[Desk], ensembles: Sequence[Ensemble]) -> tuple[Desk, ...]:
    """Return the desktops with the jobs about their recovery plans among their own."""
    return tuple(_with(desk, ensembles) for desk in desks)


def _with(desk: Desk, ensembles: Sequence[Ensemble]) -> Desk:
    of_all = tuple(job for one in ensembles if one.use.means(desk.name) for job in one.history)
    known = {job.id for job in desk.history}
    more = tuple(job for job in of_all if job.id not in known)
    return replace(desk, history=jobs_newest_first((*desk.history, *more))) if more else desk


def _shape(plan: RecoveryPlan | None, *, onwards: bool, desks: Sequence[Desk]) -> Iterator[str]:
    """Say what is wrong with a recovery plan as such."""
    if plan is None:
        yield "does not exist in the vault"
        return
    if plan.providers != (AZURE_TO_AZURE,):
        yield f"moves machines by {listed(plan.providers) or 'no provider'}, not from Azure to Azure"
    if len(plan.items) > MOST_MACHINES:
        yield f"has {len(plan.items)} machines; Site Recovery takes {MOST_MACHINES} at most"
    if plan.steps:
        own = counted(len(plan.steps), "step")
        yield f"runs {own} of its own that nothing here checks ({listed(plan.steps)})"
    if strays := [desk.name for desk in desks if desk.item and not _fits(desk.item, plan, onwards=onwards)]:
        way = f"from {name_of(plan.primary_fabric)} to {name_of(plan.recovery_fabric)}"
        yield f"leads {way}, and the replication of {listed(strays)} does not"


def _fits(item: ProtectedItem, plan: RecoveryPlan, *, onwards: bool) -> bool:
    to = fabric_of(item.recovery_container) if item.recovery_container is not None else ""
    way = (fabric_of(item.container), to)
    ends = (plan.primary_fabric, plan.recovery_fabric)
    return way == ends or (not onwards and way == ends[::-1])


def _members(plan: RecoveryPlan | None, meant: Sequence[Desk], desks: Sequence[Desk]) -> Iterator[str]:
    """Say how the machines that it has differ from those that are meant, by name."""
    if plan is None:
        return
    wanted = {desk.item.id: desk.name for desk in meant if desk.item is not None}
    names = {desk.item.id: desk.name for desk in desks if desk.item is not None}
    if lacks := [name for item, name in wanted.items() if item not in plan.items]:
        yield f"lacks {listed(lacks)}"
    if besides := [names.get(item, name_of(item)) for item in plan.items if item not in wanted]:
        yield f"moves {listed(besides)} besides, which the plan does not mean by it"


def _elsewhere(
    meant: Sequence[Desk], others: Sequence[PlannedTogether], wave_of: Callable[[str], int]
) -> Iterator[str]:
    """Say who is meant twice, and that machines of one recovery plan wait for different waves."""
    for other in others:
        if twice := [desk.name for desk in meant if other.means(desk.name)]:
            yield f"and {name_of(other.plan)} are both to move {listed(twice)}"
    if len({wave_of(desk.name) for desk in meant}) > 1:
        yield f"moves at once what the plan has in different waves ({listed([desk.name for desk in meant])})"
