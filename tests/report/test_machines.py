"""What a report tells of each personal desktop: loss, failover, works again, time unprotected, jobs."""

from datetime import datetime, timedelta
from functools import cache

import pytest

from avd_failover.cli.rehearsing import Played, play_all
from avd_failover.cli.request import read
from avd_failover.domain.desk_words import STAYED
from avd_failover.domain.plan import Mode
from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import links, replay
from avd_failover.report.account import Account, account_data
from avd_failover.report.account_text import account_text
from avd_failover.report.html import page
from avd_failover.report.machines import (
    MachineAccount,
    machines_line,
    machines_text,
    natural,
    shown,
    worst_loss_s,
)
from avd_failover.report.story import told
from avd_failover.simulator.recovery_records import Job
from avd_failover.simulator.scenario import load_scenario
from tests.crash.desks import Desks
from tests.crash.stage import ROOT
from tests.report.histories import account, completed

HEAD = "c" * 64


def told_of(mode: Mode, *, dark: bool = False) -> Account:
    faults = [{"fault": "region-outage", "region": "northeurope"}] if dark else []
    scene = Desks(mode, faults=faults)
    if dark:
        scene.later(60)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    return told([entry for entry, _ in links(scene.store)], HEAD, alive=False)


@pytest.fixture(scope="module")
def calm() -> Account:
    return told_of(Mode.UNPLANNED)


def test_every_machine_is_told_once_in_order(calm):
    assert [one.name for one in calm.machines] == ["vm-pd-neu-0", "vm-pd-neu-1", "vm-pd-neu-2"]
    assert {one.state for one in calm.machines} == {"protected"}


def test_the_moments_come_in_their_order_and_the_loss_is_measured(calm):
    for one in calm.machines:
        moments = [one.point_at, one.failed_over_at, one.works_at, one.committed_at, one.reprotected_at]
        known = [at for at in moments if at is not None]
        assert known == sorted(known)
        assert len(known) == len(moments)
        assert one.loss_s is not None
        assert 0 < one.loss_s <= timedelta(minutes=15).total_seconds()


def test_what_was_stopped_before_its_point_was_taken_lost_nothing():
    planned = told_of(Mode.PLANNED)
    stopped = next(step for step in planned.steps if step.id == "stop-source").turns[-1].ended_at
    assert stopped is not None
    for one in planned.machines:
        assert one.point_at is not None
        assert one.loss_s == max(0.0, (stopped - one.point_at).total_seconds())


def test_the_time_without_protection_ends_with_the_proof_of_it(calm):
    ended = next(step for step in calm.steps if step.id == "protected").turns[-1].ended_at
    assert ended is not None
    for one in calm.machines:
        assert one.works_at is not None
        assert one.unprotected_s == (ended - one.works_at).total_seconds()


def test_while_the_region_is_dark_a_machine_stays_unprotected_in_the_report():
    dark = told_of(Mode.UNPLANNED, dark=True)
    for one in dark.machines:
        assert (one.reprotected_at, one.unprotected_s, one.state) == (None, None, "unprotected")
        assert one.committed_at is not None
    assert "3 desktops: 3 not protected yet; data loss at most" in account_text(dark)
    assert "unprotected since" in account_text(dark)


def test_the_recovery_point_objective_is_the_most_that_any_lost_and_access_has_none(calm):
    measures = {one.name: one for one in calm.objectives}
    assert list(measures) == ["recovery time (RTO)", "recovery point (RPO)"]
    rpo = measures["recovery point (RPO)"]
    assert rpo.measured_s == worst_loss_s(calm.machines) == max(one.loss_s or 0 for one in calm.machines)
    assert rpo.kept is True
    assert not [line for line in calm.missing if "user data" in line]


def test_jobs_are_those_of_the_vault():
    scene = Desks(Mode.UNPLANNED)
    scene.drive()
    found = told([entry for entry, _ in links(scene.store)], HEAD, alive=False)
    vault = {job.id.lower(): job.scenario for job in scene.world.core.table(Job).values()}
    kinds = {"failover": "UnplannedFailover", "commit": "CommitFailover", "reprotect": "SwitchProtection"}
    for one in found.machines:
        assert [job.what for job in one.jobs] == list(kinds)
        assert [vault[job.id.lower()] for job in one.jobs] == list(kinds.values())
        assert all(job.at is not None for job in one.jobs)


def test_text_and_data_have_them_all(calm):
    lines = list(machines_text(calm.machines))
    assert lines[0].startswith("3 desktops: 3 protected again; data loss at most")
    assert len(lines) == 1 + 2 * len(calm.machines)
    assert all(words in lines[1] for words in ("vm-pd-neu-0", "data loss", "works", "unprotected for"))
    assert lines[2].strip().startswith("jobs: failover ")
    text = account_text(calm)
    assert "Desktops" in text
    assert all(line in text for line in lines)
    data = account_data(calm)
    assert isinstance(data, dict)
    assert [one["name"] for one in data["machines"]] == [one.name for one in calm.machines]
    assert data["machines"][0]["jobs"][0]["what"] == "failover"


def test_the_page_has_a_section_with_every_machine_and_every_job(calm):
    html = page(calm)
    section = html.partition('id="machines"')[2].partition("</section>")[0]
    assert "Desktops, machine by machine" in section
    for one in calm.machines:
        assert section.count(one.name) == 2, "once with its moments, once with its jobs"
        assert all(job.id.rsplit("/", 1)[-1] in section for job in one.jobs)
    assert "3 of 3" in html.partition("Desktops moved")[2][:60]


def test_the_page_keeps_records_of_single_desktops_to_itself(calm):
    assert "owner of pd-neu" not in page(calm)
    assert dict(shown({"owner of a": "x", "image of a": "[]", "earlier image of a": "[]", "kept": 1})) == {
        "kept": 1
    }
    assert dict(shown({f"{STAYED}vm-1": "why", "desktops": 2})) == {"desktops": 2}


def test_a_pooled_run_has_none():
    assert account(completed()).machines == ()
    assert 'id="machines"' not in page(account(completed()))


def test_numbers_in_names_count():
    names = ["vm-10", "vm-9", "a2b10", "vm", "a2b9"]
    assert sorted(names, key=natural) == ["a2b9", "a2b10", "vm", "vm-9", "vm-10"]


def test_all_of_them_in_a_line():
    states = ("stayed", "protected", "protected", "not committed")
    found = [MachineAccount(name="vm", state=state) for state in states]
    assert machines_line(found) == (
        "2 protected again, 1 failed over and not committed, 1 stayed where they were"
    )
    assert worst_loss_s(found) is None


@cache
def lost() -> tuple[Played, ...]:
    """A lost region of three desktops: failed over, settled, home again."""
    scenario = load_scenario(ROOT / "scenarios" / "personal-region-lost.yaml")
    pool = scenario.host_pools[0]
    assert pool.sessions is not None
    few = pool.model_copy(
        update={
            "hosts": pool.hosts.model_copy(update={"count": 3, "running": 3}),
            "sessions": pool.sessions.model_copy(update={"count": 1, "disconnected": 0}),
        }
    )
    scenario = scenario.model_copy(update={"host_pools": (few,)})
    return play_all(read(str(ROOT / "plans" / "personal-eu.yaml")), scenario, scenario.seed)


def account_of(number: int) -> Account:
    states = [replay(one.store).state for one in lost()]
    entries = [entry for entry, _ in links(lost()[number].store)]
    others = [state for index, state in enumerate(states) if index != number]
    return told(entries, HEAD, alive=False, others=others)


def proven(step: str, found: Account) -> datetime:
    ended = next(one for one in found.steps if one.id == step).turns[-1].ended_at
    assert ended is not None
    return ended


def test_a_debt_that_another_run_paid_ends_the_time_without_protection_in_both_reports():
    there, settled = account_of(0), account_of(1)
    protected_at = proven("settle-protected", settled)
    assert len(there.machines) == len(settled.machines) == 3
    for moved, paid in zip(there.machines, settled.machines, strict=True):
        assert moved.works_at is not None
        bare_s = (protected_at - moved.works_at).total_seconds()
        assert (moved.unprotected_s, paid.unprotected_s) == (bare_s, bare_s)
        assert (moved.state, paid.state) == ("protected", "protected")
        assert [job.what for job in paid.jobs] == ["reprotect"]
    assert "Desktops replicated back" in page(settled)


def test_on_its_own_a_run_knows_nothing_of_who_paid():
    alone = told([entry for entry, _ in links(lost()[0].store)], HEAD, alive=False)
    assert {one.state for one in alone.machines} == {"unprotected"}


def test_a_run_home_has_desktops_of_its_own():
    home = account_of(2)
    assert {one.state for one in home.machines} == {"protected"}
    assert all(one.loss_s is not None for one in home.machines)


def test_whom_a_step_went_on_without_is_told_with_the_reason():
    scenario = load_scenario(ROOT / "scenarios" / "personal-unhealthy.yaml")
    (run,) = play_all(read(str(ROOT / "plans" / "personal-eu.yaml")), scenario, scenario.seed)
    found = told([entry for entry, _ in links(run.store)], HEAD, alive=False)
    stayed = [one for one in found.machines if one.state == "stayed"]
    assert [one.name for one in stayed] == ["vm-pd-neu-3"]
    assert stayed[0].notes[0].startswith("failover went on without it: replication is Critical")
    assert "19 protected again, 1 stayed where they were" in account_text(found)
    assert "19 of 20" in page(found).partition("Desktops moved")[2][:60]
    assert "went on without it: replication is Critical" in page(found)
