"""What a person asked for, read and checked: the plan, its runbook, and what the run is for."""

import getpass
import os
import platform
import shlex
from collections.abc import Collection

from msgspec import Struct
from msgspec.structs import replace

from avd_failover import __version__
from avd_failover.azure.endpoints import Endpoints
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.domain.accepted import Accepted
from avd_failover.domain.actions import Action
from avd_failover.domain.desk_images import DeskImage
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import Mode, Plan, Side
from avd_failover.domain.route import Purpose, Route
from avd_failover.journal.events import SCHEMA, Holder, RunPinned
from avd_failover.operations.foreign import provided
from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.faults import FileFaults, listed, nearest, quoted
from avd_failover.runbook.find import NotFoundError, find_plan, find_runbook
from avd_failover.runbook.plan_file import PlanFile, load_plan
from avd_failover.runbook.runbook_file import RunbookFile, load_runbook


class Wish(Struct, frozen=True, kw_only=True):
    """A run as it was asked for, before anything was read."""

    plan: str
    purpose: Purpose = Purpose.FAILOVER
    mode: Mode = Mode.PLANNED
    groups: tuple[str, ...] | None = None
    app_groups: tuple[str, ...] | None = None
    runbook: str | None = None
    """Runbook to take instead of the one that the plan names for the purpose."""
    forced: str = ""
    """Why a source that looks healthy is left as if it were dark."""
    hold_s: float | None = None
    """How long a drill holds for its testers, where not as its runbook says."""
    severity: str = ""
    """How severe the scenario of a drill is; goes into its evidence, as what follows."""
    chosen_because: str = ""
    key: str = ""
    by: str = ""
    accepted: str = ""
    """Digest of the placement to begin from although no journal explains it."""

    @property
    def partial(self) -> bool:
        """Whether only some of the plan's users are meant."""
        return self.groups is not None or self.app_groups is not None


class Asked(Struct, frozen=True, kw_only=True):
    """A plan and a runbook as they were read, with the digests that name them."""

    route: Route
    graph: StepGraph
    plan_sha256: str
    runbook_sha256: str
    initiator: str = ""
    key: str = ""
    follows: tuple[str, ...] = ()
    inherited: tuple[Action, ...] = ()
    accepted: Accepted | None = None
    images: tuple[DeskImage, ...] = ()
    severity: str = ""
    chosen_because: str = ""

    def pin(self, run: str, where: Endpoints, simulated: str | None, holder: Holder) -> RunPinned:
        """Return the first event of the run's journal."""
        return RunPinned(
            run=run,
            schema=SCHEMA,
            engine=__version__,
            route=self.route,
            graph=self.graph,
            plan_sha256=self.plan_sha256,
            runbook_sha256=self.runbook_sha256,
            arm_endpoint=where.arm,
            graph_endpoint=where.graph,
            simulated=simulated,
            holder=holder,
            initiator=self.initiator,
            key=self.key,
            follows=self.follows,
            inherited=self.inherited,
            accepted=self.accepted,
            images=self.images,
            severity=self.severity,
            chosen_because=self.chosen_because,
        )


def read(plan: str) -> Asked:
    """Read a plan for a planned failover of everything. Raises as ``ask`` does."""
    return ask(Wish(plan=plan))


def ask_plan(plan: str) -> Plan:
    """Read a plan alone. Raises as ``ask`` does."""
    try:
        return load_plan(find_plan(plan)).plan
    except FileFaults as faults:
        raise Quit(ExitCode.BAD_INPUT, str(faults), next_step=_mend(faults)) from faults
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault


def ask(wish: Wish) -> Asked:
    """Read a plan and the runbook that it names for what is wished.

    Raises:
        Quit: With every fault of the file at once, or with what was looked for and where.
    """
    try:
        plan = load_plan(find_plan(wish.plan))
        _refuse_drill_of_machines(wish, plan.plan)
        _refuse_groups_of_machines(wish, plan.plan)
        runbook = load_runbook(
            find_runbook(wish.runbook or _runbook_for(wish, plan.plan)), CATALOGUE, provided
        )
    except FileFaults as faults:
        raise Quit(ExitCode.BAD_INPUT, str(faults), next_step=_mend(faults)) from faults
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    if plan.plan.pool is not runbook.graph.pool:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"plan {plan.plan.name} is of {plan.plan.pool.value} desktops, its runbook"
            f" {runbook.graph.runbook} of {runbook.graph.pool.value} ones",
            next_step="failover validate    lists plans and runbooks",
        )
    _refuse_upkeep_that_moves(wish, plan.plan, runbook.graph)
    return _asked(wish, plan, runbook)


def of(wish: Wish, asked: Asked) -> Asked:
    """Return what is wished for the plan that was read for something else. Raises as ``ask`` does."""
    plan = PlanFile(plan=asked.route.plan, sha256=asked.plan_sha256)
    _refuse_drill_of_machines(wish, plan.plan)
    try:
        runbook = load_runbook(find_runbook(wish.runbook or _runbook_for(wish, plan.plan)), CATALOGUE)
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    return _asked(wish, plan, runbook)


def _asked(wish: Wish, plan: PlanFile, runbook: RunbookFile) -> Asked:
    test = wish.purpose is Purpose.DRILL
    if wish.partial and wish.mode is Mode.UNPLANNED:
        raise Quit(
            ExitCode.BAD_INPUT,
            "--groups and --app-groups go with planned mode: a dark region is dark for everybody in it, and"
            " nobody could prove who of them is where",
            next_step=f"failover --plan {wish.plan} --mode unplanned",
        )
    if test and plan.plan.test_group is None:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"plan {plan.plan.name} names no test group; add 'test:' to it",
            next_step="failover schema plan    shows the form of 'test:'",
        )
    _known("--groups", wish.groups, [group.name for group in plan.plan.groups])
    _known("--app-groups", wish.app_groups, [pair.name for pair in plan.plan.application_groups])
    return Asked(
        route=Route(
            plan=plan.plan,
            leaving=Side.SECONDARY if wish.purpose is Purpose.FAILBACK else Side.PRIMARY,
            mode=wish.mode,
            groups=wish.groups,
            app_groups=wish.app_groups,
            purpose=wish.purpose,
            test=test,
            forced=wish.forced,
        ),
        graph=runbook.graph if wish.hold_s is None else _holding(runbook.graph, wish.hold_s),
        plan_sha256=plan.sha256,
        runbook_sha256=runbook.sha256,
        initiator=wish.by or this_person(),
        key=wish.key,
        severity=wish.severity,
        chosen_because=wish.chosen_because,
        accepted=Accepted(digest=wish.accepted, by=wish.by or this_person()) if wish.accepted else None,
    )


def _runbook_for(wish: Wish, plan: Plan) -> str:
    kind = plan.pool.value
    match wish.purpose:
        case Purpose.FAILBACK:
            return plan.runbooks.get("failback", f"{kind}-failback")
        case Purpose.DRILL:
            return plan.runbooks.get("drill", f"{kind}-test-failover")
        case Purpose.FAILOVER if wish.partial:
            return plan.runbooks.get("cohort", f"{kind}-cohort")
    return plan.runbook


def _refuse_drill_of_machines(wish: Wish, plan: Plan) -> None:
    """Site Recovery's test failover would bring up a second host with the same identity (contract 125)."""
    if wish.purpose is Purpose.DRILL and plan.pool is PoolKind.PERSONAL:
        raise Quit(
            ExitCode.REFUSED,
            f"plan {plan.name} is of personal desktops: a test failover by Site Recovery would bring up each"
            " host a second time, and both would report to the same host pool (contract 125)",
            next_step=f"failover rehearse --plan {plan.name} --scenario NAME   plays it on a simulated Azure",
        )


def _refuse_groups_of_machines(wish: Wish, plan: Plan) -> None:
    """A personal desktop goes with its machine; nobody's access is moved."""
    if wish.partial and plan.pool is PoolKind.PERSONAL:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"plan {plan.name} is of personal desktops, which move machine by machine: there are no groups",
            next_step=f"failover --plan {plan.name} --dry-run    all of them, in the waves of the plan",
        )


MOVING = frozenset(
    {"assignment.grant", "assignment.revoke", "session.logoff", "machine.failover", "plan.failover"}
)
"""What no upkeep may do: it follows no earlier run, and no later one would know whom it moved."""


def _refuse_upkeep_that_moves(wish: Wish, plan: Plan, graph: StepGraph) -> None:
    uses = (step.uses for step in graph.steps if step.uses in CATALOGUE)
    if wish.purpose is Purpose.UPKEEP and any(MOVING & {*CATALOGUE[one].changes} for one in uses):
        raise Quit(
            ExitCode.BAD_INPUT,
            f"runbook {graph.runbook} moves users, and 'failover run' is for runbooks that move nobody",
            next_step=f"failover --plan {plan.name} --dry-run    a plan names its own runbooks ('runbooks:')",
        )


def _mend(faults: FileFaults) -> str:
    return f"failover validate {shlex.quote(faults.faults[0].file)}"


def _holding(graph: StepGraph, hold_s: float) -> StepGraph:
    """Return the graph with its hold for testers changed to a length of one's own."""

    def held(step: Step) -> Step:
        settings = {**step.settings, "hold": hold_s}
        longer_s = max(step.proof_within_s, hold_s + 3600.0)
        return replace(step, settings=settings, proof_within_s=longer_s)

    steps = tuple(held(step) if step.uses == "drill.hold" else step for step in graph.steps)
    return replace(graph, steps=steps)


def _known(option: str, wanted: Collection[str] | None, known: list[str]) -> None:
    for name in wanted or ():
        if name not in known:
            hint = nearest(name, known)
            meant = f"; {hint}" if hint else ""
            raise Quit(
                ExitCode.BAD_INPUT,
                f"{option}: the plan has no {quoted(name)}; it has {listed(known)}{meant}",
                next_step=f"the same with {option} {shlex.quote(','.join(known))}, or some of them",
            )


def this_person() -> str:
    """Return who asks, as far as this machine knows."""
    try:
        return os.environ.get("AVD_FAILOVER_OPERATOR") or getpass.getuser()
    except (KeyError, OSError):
        return f"somebody on {platform.node() or 'this machine'}"


def this_process() -> Holder:
    """Return this process as a lease names it."""
    return Holder(host=platform.node() or "unknown", pid=os.getpid())
