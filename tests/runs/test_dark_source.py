"""Unplanned runs: a source that does not answer, the people who declare it fenced, and what is owed then."""

import pytest

from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.journal.ledger import debts, ledger_of
from avd_failover.journal.state import RunState
from avd_failover.simulator.audit import audit
from tests.runs.staging import played, run, says

OWED = ("suspend-source-autoscale", "forbid-start-on-connect", "drain-source", "logoff-source")
ANN, BEN = says("6m", "approve", "Ann", "barrier"), says("7m", "approve", "Ben", "barrier")
PROPAGATION_S = 660.0


def dark(*people, mode="unplanned", **fields) -> RunState:
    """The only run against a region that is dark from the first second on."""
    (only,) = played("region-dark", run(*people, mode=mode, **fields))
    assert audit(only.world)["violations"] == []
    return only.journal.state


def test_two_people_who_did_not_start_the_run_let_it_pass():
    state = dark(ANN, BEN)
    assert (state.status, state.because) == (RunStatus.COMPLETED, "every step ended")
    assert state.steps["barrier"].because == "declared fenced by Ann and Ben"


def test_the_record_of_the_fence_says_who_on_what_evidence_and_what_stays_unproven():
    facts = dark(ANN, {**BEN, "reason": "published"}).steps["barrier"].facts
    assert facts["proof"] == "fence"
    assert facts["approvers"] == "Ann, Ben"
    assert facts["hosts_not_proven"] == "not even listed"
    assert str(facts["unanswered"]).startswith("hosts: 503 ServiceUnavailable; host pool: 503")
    assert str(facts["expires"]).endswith("UTC")


def test_what_could_not_be_done_at_a_dark_source_is_owed_and_access_never_is():
    state = dark(ANN, BEN)
    assert tuple(step.id for step in debts(state)) == OWED
    assert state.steps["revoke-source"].status is StepStatus.DONE


def test_nobody_is_granted_anything_before_the_last_removed_assignment_has_settled():
    state = dark(says("1m", "approve", "Ann", "barrier"), says("1m", "approve", "Ben", "barrier"))
    revoked = max(one.ended_at for one in state.applied() if one.step == "revoke-source" if one.ended_at)
    granted = min(one.intended_at for one in state.applied() if one.step == "grant-target")
    assert (granted - revoked).total_seconds() >= PROPAGATION_S


NOT_ENOUGH = [
    ([], "2 more persons must declare the source fenced"),
    ([ANN], "1 more person must declare the source fenced"),
    ([ANN, says("8m", "approve", "  ann ", "barrier")], "1 more person"),
    ([ANN, says("8m", "approve", "rehearsal", "barrier")], "started the run, and somebody else must approve"),
    ([ANN, says("8m", "approve", "Ben", "readiness")], "1 more person"),
]


@pytest.mark.parametrize(("people", "because"), NOT_ENOUGH)
def test_too_few_people_hold_the_run_with_the_command_that_would_let_it_pass(people, because):
    state = dark(*people)
    assert (state.status, state.steps["barrier"].status) == (RunStatus.HELD, StepStatus.HELD)
    assert because in state.because
    assert f"failover approve {state.run} barrier --by NAME" in state.because
    assert not [one for one in state.attempts.values() if one.step == "grant-target"]


def test_one_who_knows_better_outweighs_everybody():
    no = says("6m", "reject", "Cay", "barrier", reason="I see sessions on two hosts")
    state = dark(no, ANN, BEN)
    assert state.status is RunStatus.HELD
    assert "Cay says that the source is not fenced: I see sessions on two hosts" in state.because


def test_a_planned_run_never_takes_a_dark_source_for_an_empty_one_whoever_says_so():
    state = dark(ANN, BEN, mode="planned")
    assert (state.status, state.changed) == (RunStatus.HELD, False)


def test_a_healthy_source_is_not_left_as_if_it_were_dark():
    (only,) = played("pooled-eu", run(mode="unplanned"))
    state = only.journal.state
    assert (state.status, state.changed) == (RunStatus.REFUSED, False)
    assert [one.code for one in state.findings] == ["source-healthy"]


def test_a_person_with_a_reason_leaves_a_healthy_source_and_the_barrier_still_needs_its_proof():
    (only,) = played("pooled-eu", run(mode="unplanned", force="a flood is an hour away"))
    state = only.journal.state
    assert state.status is RunStatus.COMPLETED, state.because
    assert state.steps["readiness"].facts["forced"] == "a flood is an hour away"
    assert state.steps["barrier"].facts["proof"] in {"physical", "settle"}
    assert debts(state) == ()


SWITCH = says("25m", "unplanned", "Ann", reason="the region is gone")
LATER = (says("30m", "approve", "Ann", "barrier"), says("31m", "approve", "Ben", "barrier"))


def test_a_planned_run_whose_source_goes_dark_under_it_is_switched_once_and_ends():
    (only,) = played("region-dark-at-log-off", run(SWITCH, *LATER, resumes=2))
    state = only.journal.state
    assert state.status is RunStatus.COMPLETED, state.because
    assert [step.id for step in debts(state)] == ["logoff-source"]
    assert state.route.mode.value == "unplanned"
    assert state.pinned.route.mode.value == "planned"


def test_debts_are_in_the_ledger_until_a_settling_paid_them():
    there, settled, home = played("region-dark-unplanned")
    states = [one.journal.state for one in (there, settled, home)]
    assert ledger_of([states[0]]).owing is states[0]
    assert ledger_of([states[1], states[0]]).owing is None
    assert states[1].pinned.follows == (states[0].run,)
    assert ledger_of(reversed(states)).away == ()


def test_a_settling_makes_the_returned_side_unable_to_take_anybody_in():
    _, settled, _ = played("region-dark-unplanned")
    steps = settled.journal.state.steps
    assert {name: step.status.value for name, step in steps.items()} == {
        "settle-autoscale": "done",
        "settle-start-on-connect": "done",
        "settle-drain": "done",
        "settle-access": "skipped",
        "settle-sessions": "skipped",
        "settle-empty": "done",
        "settle-reconcile": "done",
    }


def test_a_settling_of_a_source_that_is_still_dark_is_held():
    there, settled = played("region-dark", run(ANN, BEN, mode="unplanned"), run(purpose="settle", after="1h"))
    assert there.journal.state.status is RunStatus.COMPLETED
    assert settled.journal.state.status is RunStatus.HELD
    assert "northeurope" in settled.journal.state.because
