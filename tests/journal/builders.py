"""Journals for tests: a small plan, its pinned run, and lines chained as the writer chains them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, SetLogons
from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, PoolKind, RoleAssignment
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.ids import (
    ApplicationGroupId,
    PrincipalId,
    Scope,
    application_group_id,
    assignment_at,
    group_id,
    host_pool_id,
    session_host_id,
    workspace_id,
)
from avd_failover.domain.plan import (
    ApplicationGroupPair,
    Capacity,
    End,
    Objectives,
    Plan,
    Side,
    SidePlan,
    UserGroup,
)
from avd_failover.domain.route import Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.codec import GENESIS, digest, encode
from avd_failover.journal.events import (
    SCHEMA,
    ActionEnded,
    ActionIntended,
    Entry,
    Event,
    Holder,
    Outcome,
    RunEnded,
    RunPinned,
    StepEnded,
    StepStarted,
)
from avd_failover.journal.state import RunState, fold

T0 = datetime(2026, 3, 2, 2, 55, tzinfo=UTC)
RUN = "pooled-eu-20260302-025500-7f3a"
SUBSCRIPTION = "/subscriptions/11111111-1111-4111-8111-111111111111"
AVD = f"{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.DesktopVirtualization"
GRP1 = UserGroup(name="GRP1", id=group_id("aaaaaaaa-0000-4000-8000-000000000001"))
STEPS = (
    Step(id="readiness", uses="checks.readiness", side=End.TARGET),
    Step(id="revoke-source", uses="assignments.revoke", side=End.SOURCE, needs=("readiness",)),
    Step(id="grant-target", uses="assignments.grant", side=End.TARGET, needs=("revoke-source",)),
)


class TickingClock:
    """A clock that moves one second at every look at its time."""

    def __init__(self, start: datetime = T0) -> None:
        self.at = start

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at

    def monotonic(self) -> float:
        return (self.at - T0).total_seconds()

    async def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


def make_plan(name: str = "pooled-eu") -> Plan:
    """Return a plan with one application group on each side, held by one user group."""
    return Plan(
        name=name,
        summary="Desktops of the EU staff",
        pool=PoolKind.POOLED,
        runbook="pooled-failover",
        primary=_side(Side.PRIMARY, "westeurope"),
        secondary=_side(Side.SECONDARY, "northeurope"),
        application_groups=(
            ApplicationGroupPair(
                name="DAG1",
                primary=application_group("we"),
                secondary=application_group("ne"),
                groups=(GRP1,),
            ),
        ),
        capacity=Capacity(seats=10),
        objectives=Objectives(rto_s=3600.0, rpo_s=300.0),
    )


def make_pinned(run: str = RUN, *, simulated: str | None = None, steps: Sequence[Step] = STEPS) -> RunPinned:
    """Return the first event of a run."""
    return RunPinned(
        run=run,
        schema=SCHEMA,
        engine="0.1.0",
        route=Route(plan=make_plan()),
        graph=StepGraph(
            runbook="pooled-failover", summary="Move everybody", pool=PoolKind.POOLED, steps=tuple(steps)
        ),
        plan_sha256="a" * 64,
        runbook_sha256="b" * 64,
        arm_endpoint="https://management.azure.com",
        graph_endpoint="https://graph.microsoft.com",
        simulated=simulated,
        holder=Holder(host="laptop", pid=4711),
    )


def make_assignment(place: str = "we", n: int = 1) -> RoleAssignment:
    """Return GRP1's assignment on an application group."""
    scope = Scope(application_group(place))
    name = f"00000000-0000-4000-8000-{n:012d}"
    return RoleAssignment(
        id=assignment_at(scope, name),
        name=name,
        scope=scope,
        principal_id=PrincipalId(GRP1.id),
        principal_type="Group",
        role_definition_id=f"{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/"
        + DESKTOP_VIRTUALIZATION_USER,
    )


def revoke(n: int = 1) -> RevokeAssignment:
    return RevokeAssignment(assignment=make_assignment("we", n), reason="the source is left")


def grant(n: int = 1) -> GrantAssignment:
    return GrantAssignment(assignment=make_assignment("ne", n), reason="the target takes over")


def drain(host: str = "vm-0") -> SetLogons:
    return SetLogons(
        host=session_host_id(f"{AVD}/hostPools/hp-we/sessionHosts/{host}"),
        allowed=False,
        before=True,
        reason="pool is being drained",
    )


def intended(step: str, n: int, action: Action) -> ActionIntended:
    return ActionIntended(step=step, n=n, action=action)


def applied(n: int) -> ActionEnded:
    return ActionEnded(n=n, outcome=Outcome.APPLIED, request_id=f"req-{n}")


def began(step: str) -> StepStarted:
    return StepStarted(step=step)


def done(step: str, because: str = "proven") -> StepEnded:
    return StepEnded(step=step, status=StepStatus.DONE, because=because)


def whole_run(run: str = RUN, *, simulated: str | None = None) -> list[Event]:
    """Return the events of a run that moved GRP1 and completed."""
    return [
        make_pinned(run, simulated=simulated),
        began("readiness"),
        done("readiness", "the target can take 10 users"),
        began("revoke-source"),
        intended("revoke-source", 1, revoke()),
        applied(1),
        done("revoke-source"),
        began("grant-target"),
        intended("grant-target", 2, grant()),
        applied(2),
        done("grant-target"),
        RunEnded(status=RunStatus.COMPLETED, because="every step ended"),
    ]


def make_entries(
    events: Iterable[Event], *, start: datetime = T0, every_s: float = 10.0, prev: str = GENESIS, seq: int = 1
) -> list[Entry]:
    """Number, date and chain events, the first one at ``start``."""
    entries = []
    for index, event in enumerate(events):
        at = start + timedelta(seconds=every_s * index)
        entries.append(Entry(seq=seq + index, at=at, prev=prev, event=event))
        prev = digest(encode(entries[-1]))
    return entries


def make_lines(events: Iterable[Event]) -> list[bytes]:
    """Return the lines of a journal that says these events."""
    return [encode(entry) for entry in make_entries(events)]


def make_state(events: Iterable[Event]) -> RunState:
    """Return the fold of a journal that says these events."""
    return fold(make_entries(events))


def application_group(place: str) -> ApplicationGroupId:
    return application_group_id(f"{AVD}/applicationGroups/dag1-{place}")


def _side(side: Side, region: str) -> SidePlan:
    place = region[0] + "e"
    return SidePlan(
        side=side,
        region=region,
        host_pool=host_pool_id(f"{AVD}/hostPools/hp-{place}"),
        workspace=workspace_id(f"{AVD}/workspaces/ws-{place}"),
    )
