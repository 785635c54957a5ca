"""What a person asked for, read and checked: the plan and its runbook, pinned for a run."""

import os
import platform

from msgspec import Struct

from avd_failover import __version__
from avd_failover.azure.endpoints import Endpoints
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.domain.graph import StepGraph
from avd_failover.domain.route import Route
from avd_failover.journal.events import SCHEMA, Holder, RunPinned
from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.find import NotFoundError, find_plan, find_runbook
from avd_failover.runbook.plan_file import load_plan
from avd_failover.runbook.runbook_file import load_runbook


class Asked(Struct, frozen=True, kw_only=True):
    """A plan and a runbook as they were read, with the digests that name them."""

    route: Route
    graph: StepGraph
    plan_sha256: str
    runbook_sha256: str

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
        )


def read(plan_name: str) -> Asked:
    """Read a plan and the runbook that it names.

    Raises:
        Quit: With every fault of the file at once, or with what was looked for and where.
    """
    try:
        plan = load_plan(find_plan(plan_name))
        runbook = load_runbook(find_runbook(plan.plan.runbook), CATALOGUE)
    except FileFaults as faults:
        raise Quit(ExitCode.BAD_INPUT, str(faults), next_step=f"failover validate {plan_name}") from faults
    except NotFoundError as fault:
        raise Quit(ExitCode.BAD_INPUT, str(fault), next_step="failover validate") from fault
    if plan.plan.pool is not runbook.graph.pool:
        raise Quit(
            ExitCode.BAD_INPUT,
            f"plan {plan.plan.name} is of {plan.plan.pool.value} desktops, its runbook"
            f" {runbook.graph.runbook} of {runbook.graph.pool.value} ones",
        )
    return Asked(
        route=Route(plan=plan.plan),
        graph=runbook.graph,
        plan_sha256=plan.sha256,
        runbook_sha256=runbook.sha256,
    )


def this_process() -> Holder:
    """Return this process as a lease names it."""
    return Holder(host=platform.node() or "unknown", pid=os.getpid())
