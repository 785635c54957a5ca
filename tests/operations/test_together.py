"""When a recovery plan is taken, when its machines go one by one instead, and when nobody is sent for."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.actions import kind_of
from avd_failover.domain.desk_wishes import Wish
from avd_failover.domain.desk_words import Progress
from avd_failover.domain.desks import Stand
from avd_failover.domain.ensembles import ensembles_of, with_history
from avd_failover.domain.estate import HostPool, PoolKind
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.plan import Mode
from avd_failover.domain.recovery_jobs import JobError, JobState
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan
from avd_failover.domain.replication import Allowed, Phase
from avd_failover.operations.base import Blocked, Tried
from avd_failover.operations.personal_commit import Commit
from avd_failover.operations.personal_failover import FailOver
from avd_failover.operations.personal_readiness import PersonalReadiness, PersonalSeen
from tests.domain.test_desks import NOW, POINTS, TARGET, desk, item
from tests.domain.test_ensembles import USE, about_all, of, plan
from tests.operations.test_personal import PLAN as OF_RUN
from tests.operations.test_personal import READY, bound, machine, seen, whole
from tests.recovery_actions import PLAN

NAMES = ("vm-1", "vm-2")


def ready(name, stand=Stand.READY, phase=Phase.PROTECTED, **changes):
    allowed = {"allowed": READY, "id": of(name), "name": name, "friendly_name": name}
    return desk(stand, name=name, item=item(phase, **(allowed | changes)))


def look(*desks, read=None, history=(), **more):
    """Return desktops as a step sees them that a recovery plan moves."""
    found = seen(*desks, history=history, **more)
    ensembles = ensembles_of(
        (USE,), {PLAN: read or plan()}, desks, history, wave_of=lambda _: 0, onwards=True
    )
    return replace(found, ensembles=ensembles, desks=with_history(desks, ensembles))


BOTH = tuple(ready(name) for name in NAMES)


def sent(operation, found):
    moves = operation.plan(found)
    return [kind_of(action) for action in moves.actions], [skip.because for skip in moves.skipped]


@pytest.mark.parametrize(("mode", "point"), [
    (Mode.UNPLANNED, PointPolicy.LATEST_PROCESSED),
    (Mode.PLANNED, PointPolicy.LATEST),
])  # fmt: skip
def test_machines_that_are_all_due_go_by_their_recovery_plan(mode, point):
    (action,) = FailOver(bound(mode)).plan(look(*BOTH)).actions
    assert isinstance(action, FailOverPlan)
    assert (kind_of(action), action.target, action.point) == ("plan.failover", PLAN, point)
    assert [member.item for member in action.members] == [of(name) for name in NAMES]


def tried(ended, age_s=600.0, detail=""):
    return Tried(target=PLAN, at=NOW - timedelta(seconds=age_s), ended=ended, detail=detail)


ONE_BY_ONE = [
    ("one of them moved", look(ready("vm-1", Stand.PENDING), BOTH[1]), "it is due: not vm-1"),
    ("one is left out", look(*BOTH, wishes={"vm-1": Wish(skipped="by ops")}), "not vm-1"),
    ("a point is chosen", look(*BOTH, wishes={"vm-1": Wish(retries=1, point="latest")}), "for vm-1"),
    ("it does not allow it", look(*BOTH, read=plan(allowed=())), "does not allow UnplannedFailover now"),
    (
        "a commit works on it",
        look(*BOTH, history=(about_all(scenario=jobs.COMMIT),)),
        "does not allow UnplannedFailover now",
    ),
    ("Azure refused it", look(*BOTH, tried=[tried("refused", detail="busy")]), "Azure refused it: busy"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("found", "says"), [row[1:] for row in ONE_BY_ONE], ids=[row[0] for row in ONE_BY_ONE]
)
def test_else_those_that_are_due_go_one_by_one_and_the_reason_is_told(found, says):
    kinds, because = sent(FailOver(bound()), found)
    assert set(kinds) == {"machine.failover"}
    assert says in because[-1]
    assert because[-1].endswith("its machines go one by one")


FAILED = about_all(
    JobState.FAILED, age_s=590.0, ended_at=NOW, errors=(JobError(code="28013", message="failed for vm-1"),)
)
NOBODY = [
    ("its job runs", look(*BOTH, history=(about_all(age_s=30.0),)), Progress.UNDER_WAY, "rp is at it"),
    (
        "its job runs, whoever is retried",
        look(*BOTH, history=(about_all(),), wishes={name: Wish(retries=5) for name in NAMES}),
        Progress.UNDER_WAY,
        "rp is at it",
    ),
    (
        "its job is stuck",
        look(*BOTH, history=(about_all(JobState.SUSPENDED),)),
        Progress.STOPPED,
        "of recovery plan rp is Suspended and does not end",
    ),
    ("just sent", look(*BOTH, tried=[tried("applied", 5.0)]), Progress.UNDER_WAY, "does not show yet"),
    ("it failed", look(*BOTH, tried=[tried("applied")], history=(FAILED,)), Progress.STOPPED, "28013"),
    ("it lacks one", look(*BOTH, read=plan(items=(of("vm-1"),))), Progress.STOPPED, "rp lacks vm-2"),
]


@pytest.mark.parametrize(
    ("found", "stands", "says"), [row[1:] for row in NOBODY], ids=[row[0] for row in NOBODY]
)
def test_nobody_is_sent_for_while_a_job_works_on_all_or_the_plan_is_another_than_meant(found, stands, says):
    operation = FailOver(bound())
    words = operation.tally(found).words
    assert {word.progress for word in words} == {stands}
    assert all(says in word.says for word in words)
    assert operation.plan(found).actions == ()


def test_after_its_recovery_plan_a_machine_is_tried_again_by_itself_when_people_say_so():
    found = look(*BOTH, tried=[tried("applied")], history=(FAILED,), wishes={"vm-1": Wish(retries=1)})
    assert sent(FailOver(bound()), found)[0] == ["machine.failover"]


@pytest.mark.parametrize("ended", ["unknown", "transient", "void"])
def test_an_attempt_that_did_not_arrive_is_made_again_with_the_recovery_plan(ended):
    found = look(*BOTH, tried=[tried(ended)])
    assert sent(FailOver(bound()), found)[0] == ["plan.failover"]


def test_an_attempt_whose_answer_was_lost_counts_once_a_job_about_all_of_them_is_seen():
    found = look(*BOTH, tried=[tried("unknown")], history=(FAILED,))
    assert sent(FailOver(bound()), found)[0] == []


def pending(name):
    found = item(
        Phase.COMMIT_PENDING, id=of(name), name=name, recovered=TARGET, allowed=(Allowed.COMMIT,),
        failover_point=POINTS[1].id, failed_over_at=NOW,
    )  # fmt: skip
    one = desk(Stand.PENDING, name=name, item=found)
    return replace(one, host=replace(one.host, machine=TARGET))


def test_all_are_committed_by_the_recovery_plan_with_the_point_that_each_came_from():
    operation = Commit(bound())
    found = look(*map(pending, NAMES), read=plan(allowed=(Allowed.COMMIT,)), machines=machine())
    found = replace(found, points={of(name): whole(POINTS) for name in NAMES})
    (action,) = operation.plan(found).actions
    assert isinstance(action, CommitPlan)
    assert {one.point_at for one in action.members} == {POINTS[1].taken_at}
    assert {one.failed_over_at for one in action.members} == {NOW}


def test_a_recovery_plan_that_lacks_a_machine_does_not_keep_the_others_from_being_committed():
    read = plan(items=(of("vm-1"),), allowed=(Allowed.COMMIT,))
    kinds, because = sent(Commit(bound()), look(*map(pending, NAMES), read=read, machines=machine()))
    assert kinds == ["machine.commit", "machine.commit"]
    assert "lacks vm-2" in because[0]


def gate_of(found):
    pool = HostPool(
        id=OF_RUN.primary.host_pool, location="westeurope", kind=PoolKind.PERSONAL, max_sessions_per_host=1,
        start_on_connect=True,
    )  # fmt: skip
    return PersonalSeen(pool=pool, desks=found, reserved=None)


@pytest.mark.parametrize(
    ("read", "says"), [(plan(items=(of("vm-1"),)), "lacks vm-2"), (plan(steps=("Run",)), "1 step of its own")]
)
def test_readiness_refuses_before_any_change_a_recovery_plan_that_is_not_what_is_meant(read, says):
    verdict = PersonalReadiness(bound()).prove([gate_of(look(*BOTH, read=read))])
    assert isinstance(verdict, Blocked)
    (finding,) = verdict.findings
    assert (finding.code, finding.subject) == ("recovery-plan", "rp")
    assert says in finding.detail
