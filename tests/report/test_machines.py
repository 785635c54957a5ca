"""What a report tells of each personal desktop: measured loss, failover, works again, time unprotected."""

from datetime import timedelta

import pytest

from avd_failover.domain.plan import Mode
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import links
from avd_failover.report.account import Account, account_data
from avd_failover.report.account_text import account_text
from avd_failover.report.machines import machines_text
from avd_failover.report.story import told
from tests.crash.personal import PersonalScene
from tests.report.histories import account, completed

HEAD = "c" * 64


def told_of(mode: Mode, *, dark: bool = False) -> Account:
    faults = [{"fault": "region-outage", "region": "northeurope"}] if dark else []
    scene = PersonalScene(mode, faults=faults)
    if dark:
        scene.later(60)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    return told([entry for entry, _ in links(scene.store)], HEAD, alive=False)


@pytest.fixture(scope="module")
def calm() -> Account:
    return told_of(Mode.UNPLANNED)


def test_every_machine_is_told_once_in_order(calm):
    assert [one.name for one in calm.machines] == ["vm-pd-neu-0", "vm-pd-neu-1"]


def test_the_moments_come_in_their_order_and_the_loss_is_measured(calm):
    for one in calm.machines:
        moments = [one.point_at, one.failed_over_at, one.works_at, one.committed_at, one.reprotected_at]
        known = [at for at in moments if at is not None]
        assert known == sorted(known)
        assert len(known) == len(moments)
        assert one.loss_s is not None
        assert 0 < one.loss_s <= timedelta(minutes=15).total_seconds()


def test_the_time_without_protection_ends_with_the_proof_of_it(calm):
    ended = next(step for step in calm.steps if step.id == "protected").turns[-1].ended_at
    assert ended is not None
    for one in calm.machines:
        assert one.works_at is not None
        assert one.unprotected_s == (ended - one.works_at).total_seconds()


def test_while_the_region_is_dark_a_machine_stays_unprotected_in_the_report():
    for one in told_of(Mode.UNPLANNED, dark=True).machines:
        assert (one.reprotected_at, one.unprotected_s) == (None, None)
        assert one.committed_at is not None


def test_text_and_data_have_them_all(calm):
    lines = list(machines_text(calm.machines))
    assert len(lines) == len(calm.machines)
    assert all(words in lines[0] for words in ("vm-pd-neu-0", "data loss", "works", "unprotected"))
    text = account_text(calm)
    assert "Desktops" in text
    assert lines[0] in text
    data = account_data(calm)
    assert isinstance(data, dict)
    assert len(data["machines"]) == len(lines)


def test_a_pooled_run_has_none():
    assert account(completed()).machines == ()
