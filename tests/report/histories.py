"""Invented histories of runs, one for each way that a run can go; the report is held against them all."""

from collections.abc import Callable
from typing import TypeGuard

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.findings import Finding
from avd_failover.domain.graph import Setting
from avd_failover.domain.rollback import way_back
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.events import ActionEnded, OperatorSaid, Outcome, RunTurned, StepEnded
from avd_failover.report.account import Account
from avd_failover.report.story import told
from tests.report.builders import PLAN, Story, cut, drains, grants, host, log_offs, moved, revokes, warmed

HEAD = "c" * 64
SHADOW = Finding(code="SHADOW-PATH", subject=PLAN.application_groups[0].primary, detail="GRP9 reaches it")
PROOF: dict[str, Setting] = {"proof": "physical", "looks": 2, "ghosts": 1}


def account(story: Story, *, alive: bool = False) -> Account:
    return told(story.entries, HEAD, alive=alive)


def stand(story: Story, **facts: str | int) -> Story:
    """Tell the barrier with its evidence."""
    story.begin("barrier").wait("barrier", "1 of 2 looks without a session").after(31)
    evidence: dict[str, Setting] = {**PROOF, **facts}
    return story.tell(
        StepEnded(
            step="barrier", status=StepStatus.DONE, because="nobody is there, nobody can come", facts=evidence
        )
    )


def finish(story: Story) -> Story:
    """Tell from the barrier to the end."""
    stand(story).begin("seats-again").end("seats-again", "60 seats", StepStatus.SKIPPED).begin("grant-target")
    story.do("grant-target", grants()).end("grant-target", "9 pairs assigned on secondary")
    story.begin("reconcile").after(20).end("reconcile", "nobody else changed anything")
    return story.close(RunStatus.COMPLETED, "every step ended")


def completed() -> Story:
    return moved(Story())


def proven() -> Story:
    return finish(cut(Story()).end("log-off-source", "45 sessions logged off"))


def simulated() -> Story:
    return moved(Story(simulated="region-dark"))


def moot() -> Story:
    story = Story().begin("readiness").after(2).end("readiness", "already there", StepStatus.SKIPPED)
    return story.close(RunStatus.COMPLETED, "nothing to do: all 9 pairs are on secondary already")


def refused() -> Story:
    story = Story().begin("readiness").after(5).end("readiness", "1 finding", StepStatus.HELD)
    return story.close(RunStatus.REFUSED, "1 finding stands against it", SHADOW)


def held_with_findings() -> Story:
    story = cut(Story()).end("log-off-source", "45 sessions logged off").begin("barrier").after(9)
    found = StepEnded(step="barrier", status=StepStatus.HELD, because="a way in is left", findings=(SHADOW,))
    return story.tell(found).close(RunStatus.HELD, "a way in is left", SHADOW)


def held_then_finished() -> Story:
    story = held_with_findings().after(7200).resume()
    return finish(story)


def failed() -> Story:
    story = warmed(Story()).begin("revoke-source")
    story.answer(story.intend("revoke-source", revokes()[:1]), Outcome.REFUSED, "403 no right")
    story.end("revoke-source", "Azure refused assignment.revoke", StepStatus.FAILED)
    return story.close(RunStatus.FAILED, "Azure refused assignment.revoke")


def interrupted() -> Story:
    return cut(Story(), logged_off=12).close(RunStatus.INTERRUPTED, "stopped by SIGINT")


def killed() -> Story:
    return cut(Story(), logged_off=12)


def killed_and_resumed() -> Story:
    """Killed between log-offs, taken up an hour later: 33 of them turn out to have been done."""
    story = killed().after(3600).resume().begin("log-off-source").after(4)
    for n in story.state.open_attempts("log-off-source"):
        story.tell(ActionEnded(n=n.n, outcome=Outcome.APPLIED, by="reading"))
    return finish(story.end("log-off-source", "45 sessions logged off"))


def lost_revoke() -> Story:
    """A revoke whose answer was lost; 100 s later a reading shows that it had taken effect."""
    story = warmed(Story()).begin("revoke-source")
    numbers = story.intend("revoke-source", revokes())
    story.answer(numbers[1:]).answer(numbers[:1], Outcome.UNKNOWN, "no answer", every_s=30)
    story.after(65.5).tell(ActionEnded(n=numbers[0], outcome=Outcome.APPLIED, by="reading"))
    story.end("revoke-source", "revoked").begin("log-off-source").do("log-off-source", log_offs())
    return finish(story.end("log-off-source", "45 sessions logged off"))


def unknown() -> Story:
    story = warmed(Story()).begin("revoke-source")
    numbers = story.intend("revoke-source", revokes())
    story.answer(numbers[:8]).answer(numbers[8:], Outcome.UNKNOWN, "connection reset")
    return story.end("revoke-source", "8 of 9", StepStatus.HELD).close(RunStatus.HELD, "8 of 9")


def indebted() -> Story:
    story = Story().begin("readiness").after(4).end("readiness", "ready").begin("drain-source")
    story.after(300).end("drain-source", "no answer within 300 s: northeurope is dark", StepStatus.DEBT)
    return story.close(RunStatus.HELD, "a person must say that the source is dark")


def bumpy() -> Story:
    """A drain that was throttled twice and then taken, and one that is refused for good."""
    story = Story().begin("readiness").end("readiness", "ready").begin("drain-source")
    first, second = drains(2)
    for _ in range(2):
        story.answer(story.intend("drain-source", [first]), Outcome.TRANSIENT, "429 too many requests")
    story.do("drain-source", [first])
    story.answer(story.intend("drain-source", [second]), Outcome.REFUSED, "409 conflict")
    story.skip("drain-source", "refuses new sessions already", host("neu", 1), host("neu", 7))
    return story.end("drain-source", "1 of 2", StepStatus.HELD).close(RunStatus.HELD, "1 of 2")


def turn(story: Story) -> Story:
    """Tell that somebody has the run turned back."""
    ask = OperatorSaid(request=1, kind="rollback", by="duty admin", reason="wrong plan")
    story.tell(ask).close(RunStatus.HELD, "turned back by duty admin: wrong plan").after(1)
    state = story.state
    changed = [one.action for one in state.attempts.values()]
    return story.tell(
        RunTurned(
            route=state.route.reverse,
            graph=way_back(state.graph, changed),
            because="turned back by duty admin",
        )
    )


def turned_back() -> Story:
    """Turned back when users had the target already: withdrawn there, proven empty, restored."""
    story = stand(cut(Story()).end("log-off-source", "45 sessions logged off"))
    story.begin("grant-target").do("grant-target", grants()).end("grant-target", "9 pairs assigned")
    turn(story.after(100))
    withdrawn: list[Action] = [
        RevokeAssignment(assignment=one.assignment, reason="undo") for one in grants() if _moves(one)
    ]
    restored: list[Action] = [
        GrantAssignment(assignment=one.assignment, reason="undo") for one in revokes() if _moves(one)
    ]
    for step in ("back-suspend-autoscale", "back-forbid-start-on-connect", "back-drain"):
        story.begin(step).end(step, "nothing to do", StepStatus.SKIPPED)
    story.begin("back-withdraw").do("back-withdraw", withdrawn).end("back-withdraw", "withdrawn")
    story.begin("back-logoff").end("back-logoff", "nobody there", StepStatus.SKIPPED)
    story.begin("back-barrier").after(31).end("back-barrier", "nobody there, nobody can come")
    story.begin("back-access").do("back-access", restored).end("back-access", "9 pairs restored")
    story.begin("back-reconcile").after(9).end("back-reconcile", "every pair is where it was")
    story.begin("back-restore-gone-to").end("back-restore-gone-to", "as before")
    return story.close(RunStatus.ROLLED_BACK, "every pair is where it was")


def turned_early() -> Story:
    """Turned back when four of nine pairs were revoked and none was granted."""
    story = warmed(Story()).begin("revoke-source").do("revoke-source", revokes()[:4])
    story.end("revoke-source", "turned back", StepStatus.HELD)
    turn(story)
    restored: list[Action] = [
        GrantAssignment(assignment=one.assignment, reason="undo") for one in revokes()[:4] if _moves(one)
    ]
    story.begin("back-access").do("back-access", restored).end("back-access", "4 pairs restored")
    story.begin("back-reconcile").after(9).end("back-reconcile", "every pair is where it was")
    return story.close(RunStatus.ROLLED_BACK, "every pair is where it was")


def _moves(action: Action) -> TypeGuard[RevokeAssignment | GrantAssignment]:
    return isinstance(action, RevokeAssignment | GrantAssignment)


def begun() -> Story:
    """A run that has only just been pinned."""
    return Story()


ALL: tuple[Callable[[], Story], ...] = (
    completed,
    proven,
    simulated,
    moot,
    refused,
    held_with_findings,
    held_then_finished,
    failed,
    interrupted,
    killed,
    killed_and_resumed,
    lost_revoke,
    unknown,
    indebted,
    bumpy,
    turned_back,
    turned_early,
    begun,
)
