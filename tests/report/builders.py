"""A failover of three groups, 45 sessions and eight hosts, told event by event, for screens and reports."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Self, TypeVar

from avd_failover.domain.actions import (
    Action,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    SetLogons,
    Skipped,
    StartMachine,
)
from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, PoolKind, RoleAssignment
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.ids import (
    PrincipalId,
    Scope,
    application_group_id,
    assignment_at,
    group_id,
    host_pool_id,
    machine_id,
    scaling_plan_id,
    session_host_id,
    user_id,
    user_session_id,
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
from avd_failover.domain.route import Pair, Route
from avd_failover.domain.states import RunStatus, StepStatus
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
    RunResumed,
    StepEnded,
    StepSkips,
    StepStarted,
    StepWaiting,
)
from avd_failover.journal.state import RunState

T0 = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
RUN = "pooled-eu-20261122-030000-7f3a"
SUB = "/subscriptions/11111111-1111-4111-8111-111111111111/resourcegroups"
REGIONS = {Side.PRIMARY: ("northeurope", "neu"), Side.SECONDARY: ("westeurope", "weu")}
GROUPS = tuple(
    UserGroup(name=f"GRP{n}", id=group_id(f"aaaaaaaa-0000-4000-8000-00000000000{n}")) for n in (1, 2, 3)
)
ANNA = user_id("bbbbbbbb-0000-4000-8000-000000000001")


def avd(place: str, tail: str) -> str:
    return f"{SUB}/rg-avd-{place}/providers/microsoft.desktopvirtualization/{tail}"


def side_plan(side: Side) -> SidePlan:
    region, place = REGIONS[side]
    return SidePlan(
        side=side,
        region=region,
        host_pool=host_pool_id(avd(place, f"hostpools/pool-{place}")),
        workspace=workspace_id(avd(place, f"workspaces/ws-{place}")),
        scaling_plan=scaling_plan_id(avd(place, f"scalingplans/scale-{place}")),
    )


def twin(n: int) -> ApplicationGroupPair:
    return ApplicationGroupPair(
        name=f"DAG{n}",
        primary=application_group_id(avd("neu", f"applicationgroups/dag{n}-neu")),
        secondary=application_group_id(avd("weu", f"applicationgroups/dag{n}-weu")),
        groups=GROUPS,
    )


PLAN = Plan(
    name="pooled-eu",
    summary="Desktops of the EU staff",
    pool=PoolKind.POOLED,
    runbook="pooled-failover",
    primary=side_plan(Side.PRIMARY),
    secondary=side_plan(Side.SECONDARY),
    application_groups=(twin(1), twin(2), twin(3)),
    capacity=Capacity(seats=60),
    objectives=Objectives(rto_s=1800, rpo_s=0),
)


def _step(step: str, uses: str, side: End | None, *needs: str, within_s: float = 900.0) -> Step:
    return Step(id=step, uses=uses, side=side, needs=needs, proof_within_s=within_s)


STEPS = (
    _step("readiness", "checks.readiness", None),
    _step("target-scaling", "scaling.raise", End.TARGET, "readiness"),
    _step("target-hosts", "hosts.start", End.TARGET, "readiness", within_s=1200),
    _step("target-seats", "capacity.prove", End.TARGET, "target-hosts"),
    _step("source-scaling", "scaling.suspend", End.SOURCE, "readiness"),
    _step("source-connect", "pools.forbid-start-on-connect", End.SOURCE, "readiness"),
    _step("tell-users", "notify.users", End.SOURCE, "readiness"),
    _step("drain-source", "hosts.drain", End.SOURCE, "readiness", within_s=300),
    _step("revoke-source", "assignments.revoke", End.SOURCE, "drain-source", "target-seats"),
    _step("log-off-source", "sessions.logoff", End.SOURCE, "revoke-source"),
    _step("barrier", "barrier.prove", End.SOURCE, "log-off-source", within_s=1800),
    _step("seats-again", "capacity.prove", End.TARGET, "barrier"),
    _step("grant-target", "assignments.grant", End.TARGET, "seats-again", within_s=600),
    _step("reconcile", "reconcile.close", None, "grant-target"),
)


def pinned(*, simulated: str | None = None, route: Route | None = None) -> RunPinned:
    return RunPinned(
        run=RUN,
        schema=SCHEMA,
        engine="0.1.0",
        route=route or Route(plan=PLAN),
        graph=StepGraph(
            runbook="pooled-failover", summary="Move everybody", pool=PoolKind.POOLED, steps=STEPS
        ),
        plan_sha256="a" * 64,
        runbook_sha256="b" * 64,
        arm_endpoint="https://management.azure.com",
        graph_endpoint="https://graph.microsoft.com",
        simulated=simulated,
        holder=Holder(host="laptop", pid=4711),
    )


def assignment(pair: Pair, end: End) -> RoleAssignment:
    scope = Scope(pair.at(end))
    name = f"cccccccc-0000-4000-8000-0000000{pair.name[-1]}000{pair.group.name[-1]}"
    return RoleAssignment(
        id=assignment_at(scope, name),
        name=name,
        scope=scope,
        principal_id=PrincipalId(pair.group.id),
        principal_type="Group",
        role_definition_id=f"/providers/x/roledefinitions/{DESKTOP_VIRTUALIZATION_USER}",
    )


def revokes(route: Route | None = None) -> list[Action]:
    route = route or Route(plan=PLAN)
    return [
        RevokeAssignment(assignment=assignment(pair, End.SOURCE), reason=f"{pair.label} leaves primary")
        for pair in route.pairs
    ]


def grants(route: Route | None = None) -> list[Action]:
    route = route or Route(plan=PLAN)
    return [
        GrantAssignment(assignment=assignment(pair, End.TARGET), reason=f"{pair.label} goes to secondary")
        for pair in route.pairs
    ]


def host(place: str, n: int) -> str:
    return avd(place, f"hostpools/pool-{place}/sessionhosts/avd-{place}-{n}.contoso.local")


def drains(many: int = 6) -> list[Action]:
    return [
        SetLogons(host=session_host_id(host("neu", n)), allowed=False, before=True, reason="the pool is left")
        for n in range(1, many + 1)
    ]


def log_offs(many: int = 45) -> list[Action]:
    return [
        LogOff(
            session=user_session_id(f"{host('neu', n % 6 + 1)}/usersessions/{n}"),
            user=ANNA,
            reason="access moved to the other side",
        )
        for n in range(1, many + 1)
    ]


def starts(many: int = 8) -> list[Action]:
    return [
        StartMachine(
            machine=machine_id(
                f"{SUB}/rg-avd-weu/providers/microsoft.compute/virtualmachines/vm-avd-weu-{n}"
            ),
            reason="60 seats are needed on secondary",
        )
        for n in range(1, many + 1)
    ]


class Story:
    """Tells events to a fold, second by second, and keeps the entries."""

    def __init__(
        self, *, simulated: str | None = None, route: Route | None = None, first: RunPinned | None = None
    ) -> None:
        first = first or pinned(simulated=simulated, route=route)
        self.at = T0
        self.entries = [Entry(seq=1, at=T0, prev="", event=first)]
        self.state = RunState(first, T0)
        self._n = 0

    def after(self, seconds: float) -> Self:
        self.at += timedelta(seconds=seconds)
        return self

    def tell(self, *events: Event) -> Self:
        for event in events:
            self.entries.append(Entry(seq=len(self.entries) + 1, at=self.at, prev="", event=event))
            self.state.apply(self.entries[-1])
        return self

    def begin(self, *steps: str) -> Self:
        return self.tell(*(StepStarted(step=step) for step in steps))

    def wait(self, step: str, because: str, at_most_s: float = 600.0) -> Self:
        return self.tell(
            StepWaiting(step=step, because=because, until=self.at + timedelta(seconds=at_most_s))
        )

    def end(self, step: str, because: str, status: StepStatus = StepStatus.DONE) -> Self:
        return self.tell(StepEnded(step=step, status=status, because=because))

    def skip(self, step: str, because: str, *targets: str) -> Self:
        skipped = tuple(Skipped(target=target, because=because) for target in targets)
        return self.tell(StepSkips(step=step, skipped=skipped))

    def intend(self, step: str, actions: Sequence[Action]) -> list[int]:
        first = self._n + 1
        for action in actions:
            self._n += 1
            self.tell(ActionIntended(step=step, n=self._n, action=action))
        return list(range(first, self._n + 1))

    def answer(
        self,
        numbers: Sequence[int],
        outcome: Outcome = Outcome.APPLIED,
        detail: str = "",
        every_s: float = 0.5,
    ) -> Self:
        for n in numbers:
            self.after(every_s).tell(ActionEnded(n=n, outcome=outcome, detail=detail))
        return self

    def do(self, step: str, actions: Sequence[Action], every_s: float = 0.5) -> Self:
        return self.answer(self.intend(step, actions), every_s=every_s)

    def close(self, status: RunStatus, because: str, *findings: Finding) -> Self:
        return self.tell(RunEnded(status=status, because=because, findings=findings))

    def resume(self) -> Self:
        return self.tell(RunResumed(holder=Holder(host="desk", pid=12, epoch=2), engine="0.1.0"))


Told = TypeVar("Told", bound=Story)


def warmed(story: Told) -> Told:
    """Tell up to the proof of seats: target warm, source drained, nobody cut off yet."""
    story.begin("readiness").after(12).end("readiness", "all 14 checks hold")
    story.begin("target-scaling", "target-hosts", "source-scaling", "source-connect", "drain-source")
    story.after(3).end("target-scaling", "2 schedules set to keep the wanted share of hosts up")
    story.end("source-scaling", "no autoscale acts on the pool")
    story.end("source-connect", "nobody starts a host by connecting", StepStatus.SKIPPED)
    story.begin("tell-users").end("tell-users", "the plan has no notice", StepStatus.SKIPPED)
    story.skip("drain-source", "refuses new sessions already", host("neu", 7), host("neu", 8))
    story.do("drain-source", drains()).end("drain-source", "all 8 hosts refuse new sessions")
    story.do("target-hosts", starts(), every_s=15)
    story.wait("target-hosts", "45 of 60 seats on 6 Available hosts").after(60)
    story.end("target-hosts", "60 of 60 seats on 8 Available hosts")
    return story.begin("target-seats").after(1).end("target-seats", "60 of 60 seats on 8 Available hosts")


def cut(story: Told, *, logged_off: int = 45) -> Told:
    """Tell up to the log-offs, of which the first so many are answered."""
    story = warmed(story).begin("revoke-source").do("revoke-source", revokes(story.state.pinned.route))
    story.end("revoke-source", "none of 9 pairs is assigned on primary any more").begin("log-off-source")
    numbers = story.intend("log-off-source", log_offs())
    return story.answer(numbers[:logged_off], every_s=0.3)


def moved(story: Told) -> Told:
    """Tell a whole run that moved everybody."""
    story = cut(story).end("log-off-source", "45 sessions logged off, none left").begin("barrier")
    story.wait("barrier", "1 of 2 looks without a session").after(31)
    story.end("barrier", "9 pairs revoked, 8 hosts drained, zero sessions twice").begin("seats-again")
    story.end("seats-again", "60 of 60 seats on 8 Available hosts").begin("grant-target")
    story.do("grant-target", grants(story.state.pinned.route)).end(
        "grant-target", "9 pairs assigned on secondary"
    )
    story.begin("reconcile").after(20).end("reconcile", "nobody else changed anything")
    return story.close(RunStatus.COMPLETED, "every step ended")
