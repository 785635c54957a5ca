"""A drill there and back: production is what it was, testers are where they were (contract 149-154, O6)."""

from functools import cache

import pytest

from avd_failover.domain.actions import LogOff, TellUser
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.simulator.records import Machine, Message, RoleAssignment, SessionHost, UserSession
from avd_failover.simulator.scenario import ShareSpec
from tests.crash.cuts import KilledError
from tests.crash.scene import scenario
from tests.scenarios.partial import (
    TESTERS,
    PartialScene,
    drill,
    moved_principals,
    production,
    touched_by_engine,
    users_of_sessions,
)


@pytest.fixture(scope="module")
def done() -> PartialScene:
    scene = drill()
    scene.drive()
    return scene


def test_a_drill_completes_and_the_audit_finds_nothing(done):
    done.later(4_000.0)
    assert done.state.status is RunStatus.COMPLETED, done.state.because
    assert done.unsafe() == []


def test_production_is_bit_identical(done):
    assert production(done.world) == done.production


def test_only_the_test_group_was_assigned_or_revoked(done):
    assert moved_principals(done.world) == {TESTERS}


def test_only_sessions_of_testers_were_touched(done):
    assert users_of_sessions(touched_by_engine(done.world, UserSession)) <= {"grp-test-01"}


def test_no_host_was_drained_and_what_was_started_is_stopped_again(done):
    assert touched_by_engine(done.world, SessionHost) == []
    started = {one.id for one in touched_by_engine(done.world, Machine) if isinstance(one, Machine)}
    power = {one.id: one.power for one in done.world.core.table(Machine).values()}
    assert started
    assert {power[one] for one in started} <= {"deallocated", "deallocating"}


def test_testers_end_where_production_is_assigned_and_nowhere_else(done):
    held = [one for one in done.world.core.table(RoleAssignment).values() if one.principal_id == TESTERS]
    assert sorted(one.scope.rsplit("/", 1)[-1] for one in held) == ["desk-neu", "ledger-neu"]


def test_a_tester_who_signs_in_is_told_what_to_do(done):
    told = list(done.world.core.table(Message).values())
    assert len(told) == done.facts("testing")["tester_sessions_told"]
    assert all("westeurope" in one.body for one in told)


def test_the_evidence_is_counted_from_the_journal(done):
    facts = done.facts("prove-production")
    ends = [one.action for one in done.state.applied() if isinstance(one.action, LogOff)]
    words = [one.action for one in done.state.applied() if isinstance(one.action, TellUser)]
    assert all(one.user is not None for one in ends)
    assert all(one.user is not None for one in words)
    assert facts["tester_sessions_ended"] == len({one.target for one in ends})
    assert facts["testers_told"] == len({one.target for one in words})
    assert facts["production_sessions_touched"] == 0


def test_both_digests_are_in_the_evidence_and_equal(done):
    facts, recorded = done.facts("prove-production"), done.facts("record-production")
    for category in ("assignments", "hosts", "pools", "autoscales", "schedules"):
        assert facts[f"{category}_sha256_before"] == facts[f"{category}_sha256_after"]
        assert facts[f"{category}_sha256_after"] == recorded[f"{category}_sha256"]
        assert facts[category] == recorded[category] > 0


def test_a_tester_in_a_production_group_is_refused_and_nothing_is_changed():
    small = scenario("small")
    share = ShareSpec(group="GRP-OFFICE", count=1)
    mixed = tuple(
        one.model_copy(update={"shares": (share,)}) if one.name == "GRP-TEST" else one for one in small.groups
    )
    scene = drill(small.model_copy(update={"groups": mixed}))
    assert scene.drive() is RunStatus.REFUSED
    assert scene.codes()[0] == "overlap"
    assert "GRP-TEST and GRP-OFFICE share 1 user" in scene.state.because
    assert "grp-office-0" not in str(scene.state.findings)
    assert not scene.state.attempts


def test_a_drill_without_testers_is_refused():
    small = scenario("small")
    empty = tuple(
        one.model_copy(update={"users": 0}) if one.name == "GRP-TEST" else one for one in small.groups
    )
    scene = drill(small.model_copy(update={"groups": empty}))
    assert scene.drive() is RunStatus.REFUSED
    assert scene.codes() == ["testers-missing"]


def test_what_testers_reject_fails_the_drill_after_they_are_back():
    scene = drill(hold_s=7_200.0)
    scene.at(1_200.0, lambda _: scene.ask("reject", step="testing", reason="the profile is empty"))
    assert scene.drive() is RunStatus.FAILED
    assert scene.state.because == "the testers' result is fail: the profile is empty"
    assert scene.facts("testing") | {"result": "fail", "by": "tester"} == scene.facts("testing")
    assert scene.state.steps["prove-production"].status is StepStatus.DONE
    assert scene.unsafe() == []


def test_testers_who_pass_end_the_hold_at_once():
    scene = drill(hold_s=7_200.0)
    scene.at(1_200.0, lambda _: scene.ask("approve", step="testing", reason="all well"))
    assert scene.drive() is RunStatus.COMPLETED
    assert scene.facts("testing")["result"] == "pass"
    assert scene.facts("testing")["notes"] == "all well"
    assert scene.world.now_s < 7_200.0


def test_somebody_who_changes_production_meanwhile_is_named():
    scene = drill()

    def drained(world):
        host = sorted(world.core.table(SessionHost).values(), key=lambda one: one.id)[0]
        world.core.change("admin:ann", "drain", host, allow_new_session=False)

    scene.at(900.0, drained)
    assert scene.drive() is RunStatus.HELD
    (finding,) = scene.state.findings
    assert finding.code == "production-changed"
    assert '"takes_sessions": true' in finding.detail.split(", is ")[0]
    assert '"takes_sessions": false' in finding.detail.split(", is ")[1]


@cache
def boundaries() -> int:
    scene = drill()
    scene.drive()
    return len(scene.knife.points)


KILLS = [0.1, 0.3, 0.45, 0.6, 0.8, 0.95]


@pytest.mark.parametrize("share", KILLS)
def test_a_drill_that_dies_is_resumed_elsewhere_and_ends_the_same(share):
    scene = drill()
    with pytest.raises(KilledError):
        scene.drive(max(1, int(boundaries() * share)))
    scene.move()
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    scene.later(4_000.0)
    assert scene.unsafe() == []
    assert production(scene.world) == scene.production
    assert scene.facts("prove-production")["production_sessions_touched"] == 0


@pytest.mark.parametrize("share", [0.02, 0.05, 0.1, 0.2, 0.5, 0.7, 0.9])
def test_a_drill_that_is_turned_back_leaves_testers_on_the_source_side_only(share):
    """What they were given there before they moved stays; on the other side nothing does."""
    scene = drill()
    with pytest.raises(KilledError):
        scene.drive(max(1, int(boundaries() * share)))
    scene.move()
    scene.ask("rollback", reason="enough")
    assert scene.drive() is RunStatus.ROLLED_BACK, scene.state.because
    scene.later(4_000.0)
    assert scene.unsafe() == []
    assert production(scene.world) == scene.production
    held = [one for one in scene.world.core.table(RoleAssignment).values() if one.principal_id == TESTERS]
    assert {one.scope.rsplit("-", 1)[-1] for one in held} <= {"neu"}
