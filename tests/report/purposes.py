"""Invented histories of runs that are no plain failover: drills, dark sources, settlings, cohorts, upkeep."""

from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, TellUser
from avd_failover.domain.graph import Setting, Step
from avd_failover.domain.ids import group_id, user_session_id
from avd_failover.domain.plan import End, Mode, Side, UserGroup, Way
from avd_failover.domain.route import Purpose, Route
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import (
    Holder,
    OperatorSaid,
    RunPinned,
    RunResumed,
    RunSwitched,
    StepEnded,
)
from tests.report.builders import ANNA, PLAN, Story, assignment, cut, grants, host, moved, pinned, warmed

TESTERS = UserGroup(name="GRP-TEST", id=group_id("aaaaaaaa-0000-4000-8000-0000000000aa"))
TESTED = replace(PLAN, test_group=TESTERS)
DRILL = Route(plan=TESTED, purpose=Purpose.DRILL, test=True)
DIGEST = "d" * 64
EVIDENCE = "e" * 64
DARK = "pooled-eu-20261122-010000-da4c"
"""Id of the run that owes."""

KINDS = (("assignment", 8), ("host", 20), ("pool", 2), ("autoscale", 2), ("schedule", 2))


def step(name: str, uses: str, side: End | None = None, way: Way = Way.THERE) -> Step:
    return Step(id=name, uses=uses, side=side, way=way)


DRILL_STEPS = (
    step("readiness", "checks.readiness"),
    step("record", "production.record"),
    step("assign", "assignments.grant", End.SOURCE),
    step("revoke", "assignments.revoke", End.SOURCE),
    step("barrier", "barrier"),
    step("grant", "assignments.grant", End.TARGET),
    step("testing", "drill.hold", End.TARGET),
    step("withdraw", "assignments.withdraw", End.SOURCE, Way.BACK),
    step("barrier-back", "barrier", None, Way.BACK),
    step("restore", "assignments.restore", End.TARGET, Way.BACK),
    step("reconcile", "reconcile", None, Way.BACK),
    step("prove", "production.prove"),
    step("verdict", "drill.verdict"),
)


def first(route: Route, *steps: Step, **more: object) -> RunPinned:
    base = pinned(route=route)
    graph = replace(base.graph, steps=steps, runbook="as-told") if steps else base.graph
    return replace(base, graph=graph, **more)


def said(kind: str, by: str, step: str, **more: Any) -> OperatorSaid:
    return OperatorSaid(request=1, kind=kind, by=by, step=step, **more)


def ended(name: str, because: str, **facts: Setting) -> StepEnded:
    return StepEnded(step=name, status=StepStatus.DONE, because=because, facts=facts)


def recorded() -> dict[str, Setting]:
    counts: dict[str, Setting] = {f"{kind}s": many for kind, many in KINDS}
    return counts | {f"{kind}s_sha256": DIGEST for kind, _ in KINDS}


def compared(after: str = DIGEST, touched: int = 0) -> dict[str, Setting]:
    counts: dict[str, Setting] = {f"{kind}s": many for kind, many in KINDS}
    before: dict[str, Setting] = {f"{kind}s_sha256_before": DIGEST for kind, _ in KINDS}
    later: dict[str, Setting] = {f"{kind}s_sha256_after": after for kind, _ in KINDS}
    return counts | before | later | {"production_sessions_touched": touched}


def moves(end: End, kind: type[GrantAssignment] | type[RevokeAssignment]) -> list[Action]:
    return [kind(assignment=assignment(pair, end), reason="the drill") for pair in DRILL.pairs]


def tested(story: Story) -> Story:
    """Tell a drill until testers are at work on the other side: there after 705 s."""
    story.begin("readiness").after(2).end("readiness", "ready").begin("record")
    story.after(1).tell(ended("record", "34 things of production written down", **recorded()))
    story.begin("assign").do("assign", moves(End.SOURCE, GrantAssignment)).end("assign", "3 pairs")
    story.begin("revoke").do("revoke", moves(End.SOURCE, RevokeAssignment)).end("revoke", "revoked")
    story.begin("barrier").after(690).tell(ended("barrier", "settled", proof="settle", looks=2, ghosts=0))
    story.begin("grant").do("grant", moves(End.TARGET, GrantAssignment)).end("grant", "3 pairs there")
    message = TellUser(
        session=user_session_id(f"{host('weu', 1)}/usersessions/7"),
        user=ANNA,
        title="Test",
        body="try it",
        reason="the drill is on",
    )
    return story.begin("testing").do("testing", [message])


def returned(story: Story, result: str = "pass", **proof: Setting) -> Story:
    """Tell what testers say after 20 minutes, the way back, and the proof of production."""
    story.after(1200).tell(said("choose", "Tess", "testing", item="sign-in", value=result))
    story.tell(said("approve", "Tess", "testing", reason="all good", **given("screens.zip")))
    heard: dict[str, Setting] = {"item sign-in": f"{result} by Tess", "item printers": "not told"}
    notes: dict[str, Setting] = {"result": result, "notes": "all good"}
    story.tell(ended("testing", f"Tess said {result}", **heard, **notes)).begin("withdraw")
    story.do("withdraw", moves(End.TARGET, RevokeAssignment)).end("withdraw", "withdrawn")
    story.begin("barrier-back").after(690).end("barrier-back", "settled").begin("restore")
    story.do("restore", moves(End.SOURCE, GrantAssignment)).end("restore", "as before the run")
    story.begin("reconcile").after(360).end("reconcile", "3 pairs on primary only").begin("prove")
    return story.tell(ended("prove", "production is as it was", **(proof or compared()))).begin("verdict")


def given(name: str) -> dict[str, str]:
    return {"evidence_name": name, "evidence_sha256": EVIDENCE}


def drilled() -> Story:
    story = returned(tested(Story(first=first(DRILL, *DRILL_STEPS, initiator="Dora", key="half-year"))))
    return story.end("verdict", "the testers' result is pass").close(RunStatus.COMPLETED, "every step ended")


def drilling() -> Story:
    """A drill whose testers are at work."""
    return tested(Story(first=first(DRILL, *DRILL_STEPS, initiator="Dora")))


def failed_drill() -> Story:
    """A drill that testers failed, and in which somebody's session was touched."""
    story = tested(Story(first=first(DRILL, *DRILL_STEPS, initiator="Dora")))
    returned(story, "fail", **compared(after="f" * 64, touched=1))
    story.end("verdict", "the testers' result is fail (sign-in)", StepStatus.FAILED)
    return story.close(RunStatus.FAILED, "the testers' result is fail (sign-in)")


def _dark(**more: object) -> Story:
    route = Route(plan=PLAN, mode=Mode.UNPLANNED, forced=str(more.pop("forced", "")))
    steps = tuple(
        replace(one, uses="barrier") if one.id == "barrier" else one for one in pinned().graph.steps
    )
    story = Story(first=first(route, *steps, **{"initiator": "Dora", **more}))
    story.begin("readiness").after(5).end("readiness", "ready").begin("drain-source").after(30)
    story.end("drain-source", "no answer for 30 s: northeurope is dark", StepStatus.DEBT)
    story.begin("revoke-source").do("revoke-source", _revokes()).end("revoke-source", "all")
    return story.begin("barrier")


def _revokes() -> list[Action]:
    route = Route(plan=PLAN)
    return [RevokeAssignment(assignment=assignment(pair, End.SOURCE), reason="left") for pair in route.pairs]


def fenced(**more: object) -> Story:
    """A dark source: Ann and Ben, with a file, declare it fenced; its drain is owed."""
    story = _dark(**more).after(60).tell(said("approve", "Ann", "barrier", reason="outage is published"))
    story.after(60).tell(said("approve", "Ben", "barrier", **given("outage.pdf")))
    until = story.at + timedelta(hours=4)
    facts: dict[str, Setting] = {
        "proof": "fence",
        "approvers": "Ann, Ben",
        "evidence": f"outage.pdf {EVIDENCE}",
        "unanswered": "hosts: 503; host pool: 503",
        "hosts_not_proven": 6,
        "ways_in_unread": "application groups: 503",
        "expires": f"{until:%Y-%m-%d %H:%M:%S} UTC",
    }
    story.after(540).tell(ended("barrier", "declared fenced by Ann and Ben", **facts)).begin("grant-target")
    story.do("grant-target", grants()).end("grant-target", "9 pairs assigned on secondary")
    return story.close(RunStatus.COMPLETED, "every step ended")


def waiting() -> Story:
    """The same, with one of two words: Dora's own does not count."""
    story = _dark().after(60).tell(said("approve", "Ann", "barrier"))
    story.tell(said("approve", "dora", "barrier"))
    because = "1 more person must declare the source fenced: failover approve"
    return story.end("barrier", because, StepStatus.HELD).close(RunStatus.HELD, because)


def settling(status: RunStatus = RunStatus.COMPLETED) -> Story:
    route = Route(plan=PLAN, purpose=Purpose.SETTLE)
    steps = (step("settle-drain", "hosts.drain", End.SOURCE), step("settle-empty", "barrier"))
    story = Story(first=first(route, *steps, run="settle-1", follows=(DARK,), initiator="Dora"))
    story.after(3600).begin("settle-drain").do("settle-drain", _of("drain-source", 6)).end(
        "settle-drain", "6 hosts refuse"
    )
    if status is RunStatus.COMPLETED:
        story.begin("settle-empty").end("settle-empty", "nobody there")
    return story.close(status, "every step ended" if status is RunStatus.COMPLETED else "still dark")


def _of(step: str, many: int) -> list[Action]:
    """Return the first actions of one step of a plain failover."""
    return [one.action for one in warmed(Story()).state.steps[step].attempts[:many]]


def cohort() -> Story:
    return moved(Story(route=Route(plan=PLAN, groups=("GRP1",), app_groups=("DAG1", "DAG2"))))


def home() -> Story:
    """A failback of two runs."""
    route = Route(plan=PLAN, leaving=Side.SECONDARY, purpose=Purpose.FAILBACK)
    return moved(Story(first=first(route, follows=("run-1", "run-2"), initiator="Dora", key="ticket-7")))


def upkeep() -> Story:
    route = Route(plan=PLAN, purpose=Purpose.UPKEEP)
    steps = (step("wake", "hosts.wake", End.TARGET), step("registered", "hosts.registered"))
    story = Story(first=first(route, *steps)).begin("wake")
    story.do("wake", _of("target-hosts", 2))
    story.end("wake", "2 hosts woken, both registered").begin("registered")
    story.end("registered", "2 of 2 woken hosts registered")
    return story.close(RunStatus.COMPLETED, "every step ended")


def switched() -> Story:
    """A planned run whose source goes dark under it."""
    story = cut(Story()).close(RunStatus.HELD, "no answer").after(5)
    return story.tell(
        RunSwitched(mode=Mode.UNPLANNED, because="the source is left as dark by Ann: it is gone")
    )


def taken_over() -> Story:
    """Killed, and taken over by a process that sends nothing for six minutes."""
    holder = Holder(host="desk", pid=12, epoch=2)
    return (
        cut(Story(), logged_off=12)
        .after(100)
        .tell(RunResumed(holder=holder, engine="0.1.0", quarantine_s=360.0))
    )


def gated() -> Story:
    """A gate that wants two of three people, with evidence; one word came without."""
    gate = Step(
        id="storage",
        uses="gate",
        settings={"instruction": "fail over", "who": ("Ann", "Ben", "Cay"), "approvals": 2, "evidence": True},
    )
    story = Story(first=first(Route(plan=PLAN), gate, initiator="Dora")).begin("storage").after(5)
    story.tell(said("approve", "Ann", "storage", **given("done.txt")), said("approve", "Ben", "storage"))
    return story


ALL = (
    drilled,
    drilling,
    failed_drill,
    fenced,
    waiting,
    settling,
    cohort,
    home,
    upkeep,
    switched,
    taken_over,
    gated,
)
