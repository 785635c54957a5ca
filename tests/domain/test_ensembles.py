"""Which desktops a recovery plan moves together, and what speaks against it: every fault by name."""

import pytest
from msgspec.structs import replace

from avd_failover.domain import ids
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.ensembles import ensembles_of, with_history
from avd_failover.domain.recovery_jobs import JobState
from avd_failover.domain.recovery_plans import PlannedTogether, RecoveryPlan
from avd_failover.domain.replication import Allowed
from tests.domain.test_desks import NOW, desk, item, job
from tests.recovery_actions import HERE, PLAN, THERE

OTHER = ids.recovery_plan_id(f"{PLAN}-other")
ENDS = (ids.fabric_of(HERE), ids.fabric_of(THERE))
USE = PlannedTogether(plan=PLAN, machines=("vm-*",))


def of(name):
    return ids.protected_item_id(f"{HERE}/replicationProtectedItems/{name}")


def one(name, **changes):
    return desk(name=name, item=item(id=of(name), name=name, **changes))


DESKS = (one("vm-1"), one("vm-2"), desk(name="vm-3", item=None))


def plan(**changes):
    whole = RecoveryPlan(
        id=PLAN,
        name="rp",
        items=(of("vm-1"), of("vm-2")),
        primary_fabric=ENDS[0],
        recovery_fabric=ENDS[1],
        providers=("A2A",),
        allowed=(Allowed.FAIL_OVER,),
    )
    return replace(whole, **changes)


def gathered(read, *, uses=(USE,), desks=DESKS, history=(), wave_of=lambda _: 0, onwards=True):
    found = ensembles_of(uses, {PLAN: read}, desks, history, wave_of=wave_of, onwards=onwards)
    return found[0]


def test_what_a_plan_file_means_is_what_the_vault_has_and_unprotected_desktops_are_no_part_of_it():
    found = gathered(plan())
    assert found.faults == ()
    assert [each.name for each in found.desks] == ["vm-1", "vm-2"]
    assert (found.name, found.job, found.busy) == ("rp", None, False)


MANY = tuple(of(f"vm-{number}") for number in range(101))
FAULTS = [
    (None, {}, "does not exist in the vault"),
    (plan(items=(of("vm-1"),)), {}, "lacks vm-2"),
    (plan(items=(of("vm-1"), of("vm-2"), of("sql-9"))), {}, "moves sql-9 besides"),
    (plan(items=MANY), {}, "has 101 machines; Site Recovery takes 100 at most"),
    (plan(providers=("HyperVReplicaAzure",)), {}, "moves machines by HyperVReplicaAzure"),
    (plan(providers=()), {}, "moves machines by no provider"),
    (plan(steps=("Run it", "Ask")), {}, "runs 2 steps of its own that nothing here checks (Run it and Ask)"),
    (plan(primary_fabric=ENDS[1], recovery_fabric=ENDS[0]), {}, "of vm-1 and vm-2 does not"),
    (plan(recovery_fabric="microsoft azure"), {"onwards": False}, "of vm-1 and vm-2 does not"),
    (plan(), {"wave_of": lambda name: int(name[-1])}, "in different waves (vm-1 and vm-2)"),
    (
        plan(),
        {"uses": (USE, PlannedTogether(plan=OTHER, machines=("vm-2",)))},
        "and rp-other are both to move vm-2",
    ),
]


@pytest.mark.parametrize(("read", "how", "says"), FAULTS, ids=[row[2] for row in FAULTS])
def test_anything_else_is_a_fault_that_names_what_differs(read, how, says):
    assert says in "; ".join(gathered(read, **how).faults)


def test_on_the_way_home_the_order_of_the_fabrics_is_not_held_against_a_plan():
    turned = plan(primary_fabric=ENDS[1], recovery_fabric=ENDS[0])
    assert gathered(turned, onwards=False).faults == ()


def about_all(state=JobState.IN_PROGRESS, **changes):
    return replace(job(state=state, **changes), target_name="RP", target_kind="RecoveryPlan")


BUSY = [
    ("nothing ran ever", plan(), (), False),
    ("its job runs", plan(job=about_all().id), (about_all(),), True),
    ("its job waits for a person", plan(), (about_all(JobState.SUSPENDED),), True),
    ("its job has ended", plan(job=about_all().id), (about_all(JobState.SUCCEEDED),), False),
    ("a job that no list shows", plan(job=about_all().id, job_state=JobState.IN_PROGRESS), (), True),
    ("one that no list shows any more", plan(job=about_all().id, job_state=JobState.SUCCEEDED), (), False),
    ("the job of one machine", plan(), (job(),), False),
]


@pytest.mark.parametrize(("read", "history", "busy"), [row[1:] for row in BUSY], ids=[row[0] for row in BUSY])
def test_it_is_busy_while_a_job_about_it_runs(read, history, busy):
    found = gathered(replace(read, scenario=jobs.FAILOVER), history=history)
    assert found.busy is busy
    assert found.works_at(jobs.FAILOVER) is busy
    assert not found.works_at(jobs.COMMIT)


def test_a_job_about_all_of_them_is_stuck_as_one_about_a_machine_is():
    for history, stuck in ((about_all(age_s=90.0), False), (about_all(JobState.SUSPENDED), True)):
        assert gathered(plan(), history=(history,)).stuck(NOW, 3600.0) is stuck
    late = gathered(plan(), history=(about_all(age_s=3601.0),))
    assert late.stuck(NOW, 3600.0)


def test_the_jobs_of_all_are_among_the_jobs_of_each_newest_first():
    own = replace(job(age_s=30.0), id=ids.recovery_job_id(f"{job().id[:-1]}9"))
    found = gathered(plan(), history=(about_all(),))
    first, second, third = with_history((replace(DESKS[0], history=(own,)), *DESKS[1:]), (found,))
    assert first.history == (own, about_all())
    assert second.history == third.history == (about_all(),)
    outside = replace(DESKS[0], name="sql-1")
    assert with_history((outside,), (found,)) == (outside,)
