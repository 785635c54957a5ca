"""Somebody's test failover is seen at every look, and nothing is begun beside it; servers may be tested."""

import pytest
from msgspec.structs import replace

from avd_failover.domain import ids
from avd_failover.domain.desks import Stand
from avd_failover.domain.plan import Mode
from avd_failover.domain.recovery_jobs import JobState
from avd_failover.domain.replication import Phase
from avd_failover.operations.base import Blocked, NotYet, Proven
from avd_failover.operations.personal_commit import Commit
from avd_failover.operations.personal_failover import FailOver
from avd_failover.operations.personal_reprotect import Reprotect
from avd_failover.operations.personal_validate import Validate
from avd_failover.operations.twins import tests_begun as begun
from tests.domain.test_desks import HOST, item, job
from tests.operations.test_personal import bound, ready, seen, whole
from tests.recovery_actions import ITEM

GROUP = ITEM.split("/providers/")[0]
TWIN = ids.machine_in(GROUP, "vm-1-test")
TESTED = [
    ("the item says so", seen(ready(test_state="WaitingForCleanup"))),
    ("its twin is there", seen(ready(twin=TWIN))),
    ("a job runs", seen(ready(), history=(job("TestFailover"),))),
    ("a job waits for people", seen(ready(), history=(job("TestFailover", JobState.SUSPENDED),))),
    ("the host is its twin already", None),
]


def looks(look):
    if look is not None:
        return look
    tested = ready(twin=TWIN)
    lost = replace(tested, host=replace(HOST, machine=TWIN), item=None, stand=Stand.UNPROTECTED)
    return replace(seen(lost), items=whole([tested.item]))


@pytest.mark.parametrize(("name", "look"), TESTED, ids=[row[0] for row in TESTED])
@pytest.mark.parametrize("kind", [FailOver, Validate, Commit, Reprotect])
def test_nothing_is_begun_beside_a_test_failover_and_people_are_told_why(name, look, kind):
    operation = kind(bound(Mode.UNPLANNED))
    assert operation.plan(looks(look)).actions == ()
    verdict = operation.prove([looks(look)])
    assert isinstance(verdict, Blocked)
    assert [one.code for one in verdict.findings] == ["test-failover"]
    assert "vm-1 is under a test failover" in verdict.because
    assert "both would call the control plane" in verdict.because


def test_one_that_was_cleaned_up_stands_in_nobodys_way():
    look = seen(ready(), history=(job("TestFailover", JobState.SUCCEEDED),))
    assert begun(look) == ()
    assert len(FailOver(bound()).plan(look).actions) == 1
    assert isinstance(FailOver(bound()).prove([look]), NotYet)
    moved = seen(ready(stand=Stand.REVERSED), history=(job("TestFailover", JobState.SUCCEEDED),))
    assert isinstance(FailOver(bound()).prove([moved]), Proven)


def test_a_server_beside_the_desktops_may_be_tested():
    other = item(Phase.PROTECTED, test_state="WaitingForCleanup")
    other = replace(
        other, id=ids.ProtectedItemId(f"{ITEM}-x"), name="sql-1", friendly_name="sql-1",
        machine=ids.machine_in(GROUP, "sql-1"),
    )  # fmt: skip
    look = replace(seen(ready()), items=whole([ready().item, other]))
    assert begun(look) == ()
    tests = replace(job("TestFailover"), target_name="sql-1")
    assert begun(replace(look, jobs=whole([tests]))) == ()


def test_a_recovery_plan_under_test_may_have_any_desktop_in_it():
    tests = replace(job("TestFailover"), target_name="rp-eu", target_kind="RecoveryPlan")
    (found,) = begun(seen(ready(), history=(tests,)))
    assert found.subject == "recovery plan rp-eu"
