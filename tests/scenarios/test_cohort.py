"""Some groups move, the others stay and notice nothing (contract 44, 45, 137; safety S5; row 2)."""

import pytest
from msgspec.structs import replace

from avd_failover.domain.plan import BarrierProof
from avd_failover.domain.states import RunStatus
from avd_failover.simulator.records import RoleAssignment, SessionHost, User, UserSession
from tests.scenarios.partial import (
    PartialScene,
    apart,
    cohort,
    moved_principals,
    touched_by_engine,
    users_of_sessions,
)

LEDGER = "6b000000-0000-4000-8000-000000000002"


@pytest.fixture(scope="module")
def done() -> PartialScene:
    scene = cohort("GRP-LEDGER", whole=apart())
    scene.drive()
    return scene


def test_a_cohort_that_shares_nobody_moves_alone(done):
    assert done.state.status is RunStatus.COMPLETED, done.state.because
    assert done.unsafe() == []
    assert moved_principals(done.world) == {LEDGER}
    held = [one for one in done.world.core.table(RoleAssignment).values() if one.principal_id == LEDGER]
    assert sorted(one.scope.rsplit("/", 1)[-1] for one in held) == ["desk-weu", "ledger-weu"]


def test_those_who_stay_keep_their_sessions_and_their_hosts(done):
    assert users_of_sessions(touched_by_engine(done.world, UserSession)) <= {"grp-ledger-01"}
    source = "/hostpools/hp-small-neu/"
    assert not [one for one in touched_by_engine(done.world, SessionHost) if source in one.id.lower()]


def test_the_barrier_of_a_cohort_is_the_settle_time(done):
    assert done.facts("barrier")["proof"] == "settle"


def test_seats_are_proven_for_those_who_move_only(done):
    assert done.facts("target-seats")["needed"] == 1


def test_row_2_a_cohort_that_shares_a_user_is_refused_with_the_set_that_may_move():
    scene = cohort("GRP-LEDGER")
    assert scene.drive() is RunStatus.REFUSED
    assert scene.codes() == ["overlap"]
    assert "what may move alone is GRP-OFFICE, GRP-LEDGER" in scene.state.because
    assert not scene.state.attempts


def test_a_group_that_would_be_left_on_an_application_group_is_refused():
    scene = cohort(app_groups=("DESK",), whole=apart())
    assert scene.drive() is RunStatus.REFUSED
    assert "GRP-LEDGER would move and still be left on LEDGER" in scene.state.because


def test_closing_hosts_is_no_proof_in_a_cohort():
    scene = cohort("GRP-LEDGER", whole=apart())
    route = scene.wished.route
    policies = replace(route.plan.policies, barrier=BarrierProof.PHYSICAL)
    plan = replace(route.plan, policies=policies)
    scene.wished = replace(scene.wished, route=replace(route, plan=plan))
    assert scene.drive() is RunStatus.REFUSED
    assert scene.codes() == ["barrier-physical"]


def renamed(world) -> None:
    """Somebody of the office is called otherwise in the directory than the broker knows."""
    users = world.core.table(User).values()
    user = next(one for one in users if one.user_principal_name.startswith("grp-office-01"))
    world.core.change("admin:ann", "rename", user, user_principal_name="somebody.else@contoso.com")


def test_a_session_of_nobody_knows_whom_is_refused_before_anything_is_changed():
    scene = cohort("GRP-LEDGER", whole=apart())
    renamed(scene.world)
    assert scene.drive() is RunStatus.REFUSED
    assert set(scene.codes()) == {"session-unresolved"}
    assert not scene.state.attempts


def test_one_that_comes_up_later_holds_the_run_and_is_not_touched():
    scene = cohort("GRP-LEDGER", whole=apart())
    scene.at(100.0, renamed)
    assert scene.drive() is RunStatus.HELD
    assert set(scene.codes()) == {"session-unresolved"}
    assert "somebody" not in str(scene.state.findings)
    assert users_of_sessions(touched_by_engine(scene.world, UserSession)) <= {"grp-ledger-01"}
