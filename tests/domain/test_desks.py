"""Where a personal desktop stands, which point it is brought back to, what a step concludes: tables."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from avd_failover.domain import ids
from avd_failover.domain import recovery_jobs as jobs
from avd_failover.domain.desk_wishes import Wish, choose, reads_points, wish_for
from avd_failover.domain.desk_words import Progress, Tally, Word, choices, one_wave, stuck, why_failed
from avd_failover.domain.desks import Desk, Stand, desks_of, stand_of
from avd_failover.domain.estate import HostStatus, SessionHost
from avd_failover.domain.item_request import ItemRequest
from avd_failover.domain.personal_plan import PointPolicy
from avd_failover.domain.recovery_jobs import JobError, JobState, RecoveryJob
from avd_failover.domain.replication import (
    Health,
    Location,
    Phase,
    PointKind,
    ProtectedItem,
    RecoveryPoint,
)
from tests.recovery_actions import GROUP, HERE, ITEM, THERE, VAULT

NOW = datetime(2026, 3, 9, 12, 0, tzinfo=UTC)
NEU, WEU = "northeurope", "westeurope"
SOURCE = ids.machine_in(GROUP.replace("weu", "neu"), "vm-1")
TARGET = ids.machine_in(GROUP, "vm-1")
JOB = ids.recovery_job_id(f"{VAULT}/replicationJobs/11111111-0000-4000-8000-000000000001")
HOST = SessionHost(
    id=ids.session_host_id(f"{GROUP}/providers/Microsoft.DesktopVirtualization/hostPools/hp/sessionHosts/pd-1.c.test"),
    machine=SOURCE,
    status=HostStatus.AVAILABLE,
    allows_new_sessions=True,
)  # fmt: skip


def item(phase=Phase.PROTECTED, **changes):
    whole = ProtectedItem(
        id=ITEM, name="vm-1", friendly_name="vm-1", provider="A2A", machine=SOURCE, phase=phase, state="",
        active=Location.PRIMARY, health=Health.NORMAL, recovery_container=THERE, policy=None,
        primary_region=NEU, recovery_region=WEU, recovery_group=GROUP, recovery_name="vm-1",
    )  # fmt: skip
    return replace(whole, **changes)


def job(scenario=jobs.FAILOVER, state=JobState.IN_PROGRESS, age_s=60.0, **changes):
    began = NOW - timedelta(seconds=age_s)
    return RecoveryJob(
        id=JOB, scenario=scenario, state=state, target_name="vm-1", started_at=began, **changes
    )


def desk(stand=Stand.READY, name="vm-1", **changes):
    return replace(Desk(name=name, host=HOST, stand=stand, item=item()), **changes)


STANDS = [
    (None, None, Stand.UNPROTECTED),
    (item(Phase.REPLICATING), None, Stand.REPLICATING),
    (item(Phase.PROTECTED), None, Stand.READY),
    (item(Phase.COMMIT_PENDING), None, Stand.PENDING),
    (item(Phase.COMMITTED), None, Stand.COMMITTED),
    (item(Phase.FAILED), None, Stand.FAILED),
    (item(Phase.OTHER), None, Stand.BUSY),
    (item(Phase.REPLICATING, primary_region=WEU), None, Stand.REVERSING),
    (item(Phase.PROTECTED, primary_region=WEU), None, Stand.REVERSED),
    (item(Phase.COMMIT_PENDING, primary_region=WEU), None, Stand.BUSY),
    (item(Phase.COMMITTED, primary_region=WEU), None, Stand.UNPROTECTED),
    (item(Phase.OTHER, job=JOB), job(), Stand.FAILING_OVER),
    (item(Phase.OTHER, job=JOB), job(jobs.COMMIT), Stand.COMMITTING),
    (item(Phase.COMMIT_PENDING, job=JOB), job(jobs.CHANGE_POINT), Stand.CHANGING),
    (item(Phase.COMMITTED, job=JOB), job(jobs.SWITCH_PROTECTION), Stand.REVERSING),
    (item(Phase.PROTECTED, job=JOB), job("TestFailover"), Stand.BUSY),
    (item(Phase.OTHER, job=JOB, scenario=jobs.FAILOVER), None, Stand.FAILING_OVER),
    (item(Phase.OTHER, job=JOB), job(state=JobState.SUSPENDED), Stand.STUCK),
    (item(Phase.OTHER, job=JOB), job(age_s=3601.0), Stand.STUCK),
    (item(Phase.OTHER, job=JOB), job(state=JobState.SUCCEEDED, age_s=3601.0), Stand.FAILING_OVER),
    (item(Phase.REPLICATING, primary_region=WEU, job=JOB), job("PrimaryIrCompletion"), Stand.REVERSING),
    (item(Phase.PROTECTED, primary_region=WEU, job=JOB), job(), Stand.BUSY),
]


@pytest.mark.parametrize(("found", "work", "stand"), STANDS, ids=[str(n) for n in range(len(STANDS))])
def test_an_item_and_its_job_tell_where_a_desktop_stands(found, work, stand):
    assert stand_of(found, work, source_region="NorthEurope", now=NOW, stuck_after_s=3600.0) is stand


def all_desks(hosts, items, history=()):
    return desks_of(hosts, items, history, source_region=NEU, now=NOW, stuck_after_s=3600.0)


@pytest.mark.parametrize("machine", [SOURCE, TARGET])
def test_a_desktop_is_known_by_the_machine_behind_its_host_before_and_after(machine):
    found = all_desks([replace(HOST, machine=machine)], [item(Phase.COMMIT_PENDING, recovered=TARGET)])
    assert [(one.name, one.stand, one.left) for one in found] == [("vm-1", Stand.PENDING, SOURCE)]


def test_an_item_that_replicates_a_machine_wins_over_one_that_made_it():
    there = replace(
        item(Phase.PROTECTED, primary_region=WEU, machine=TARGET),
        id=ids.protected_item_id(f"{THERE}/replicationProtectedItems/vm-1"),
    )
    stale = item(Phase.COMMITTED, recovered=TARGET)
    for order in ([there, stale], [stale, there]):
        (found,) = all_desks([replace(HOST, machine=TARGET)], order)
        assert (found.item, found.turned, found.stand) == (there, True, Stand.REVERSED)


def test_what_a_reversed_desktop_left_is_where_it_would_be_recovered_to():
    turned = item(primary_region=WEU, machine=TARGET, recovery_group=GROUP.replace("weu", "neu"))
    (found,) = all_desks([replace(HOST, machine=TARGET)], [turned])
    assert found.left == SOURCE


def test_nothing_was_left_before_a_desktop_moved():
    assert all_desks([HOST], [item()])[0].left is None


def test_a_desktop_without_item_keeps_its_host_as_its_key():
    (found,) = all_desks([HOST], [])
    assert (found.stand, found.key, found.history) == (Stand.UNPROTECTED, HOST.id, ())


@pytest.mark.parametrize("name", ["vm-1", "VM-1", "pd-1", "pd-1.c.test", " pd-1 "])
def test_people_may_call_a_desktop_by_machine_or_host(name):
    assert desk().called(name)
    assert not desk().called("vm-10")


POINTS = tuple(
    RecoveryPoint(
        id=ids.recovery_point_id(f"{ITEM}/recoveryPoints/1111111{n}-0000-4000-8000-000000000001"),
        taken_at=NOW - timedelta(minutes=5 * n),
        kind=PointKind.APP_CONSISTENT if n == 2 else PointKind.CRASH_CONSISTENT,
    )
    for n in range(4)
)
CHOICES = [
    (PointPolicy.LATEST, "", None, ""),
    (PointPolicy.LATEST_PROCESSED, "", 0, ""),
    (PointPolicy.LATEST_APPLICATION_CONSISTENT, "", 2, ""),
    (PointPolicy.LATEST, "latest_processed", 0, ""),
    (PointPolicy.LATEST_PROCESSED, "latest", None, ""),
    (PointPolicy.LATEST, ids.name_of(POINTS[3].id), 3, ""),
    (PointPolicy.LATEST, POINTS[1].id.upper(), 1, ""),
    (PointPolicy.LATEST, "gone", None, "there is no recovery point gone (any more)"),
]


@pytest.mark.parametrize(("policy", "wanted", "number", "lacks"), CHOICES)
def test_a_persons_choice_of_a_point_wins_over_the_policy(policy, wanted, number, lacks):
    chosen = choose(POINTS, policy, wanted)
    assert (chosen.point, chosen.lacks) == (None if number is None else POINTS[number], lacks)


@pytest.mark.parametrize("policy", [PointPolicy.LATEST_PROCESSED, PointPolicy.LATEST_APPLICATION_CONSISTENT])
def test_where_there_is_no_point_none_is_made_up(policy):
    assert choose((), policy).lacks
    assert choose((), policy).point is None


def test_points_are_read_only_for_a_choice():
    assert not reads_points(PointPolicy.LATEST)
    assert not reads_points(PointPolicy.LATEST_PROCESSED, "latest")
    assert reads_points(PointPolicy.LATEST, "p-1")


def said(kind, name="vm-1", **words):
    return ItemRequest(kind=kind, item=name, by="ops", at=NOW, **words)


WISHES = [
    ([], Wish()),
    ([said("retry"), said("retry")], Wish(retries=2)),
    ([said("skip", reason="on leave")], Wish(skipped="left out by ops: on leave")),
    ([said("skip")], Wish(skipped="left out by ops: no reason given")),
    ([said("skip"), said("retry")], Wish(retries=1)),
    ([said("choose", value="p")], Wish(retries=1, point="p")),
    ([said("choose", value="p"), said("retry")], Wish(retries=2, point="p")),
    ([said("retry", name="vm-2")], Wish()),
]


@pytest.mark.parametrize(("requests", "wish"), WISHES, ids=[str(n) for n in range(len(WISHES))])
def test_the_last_word_about_a_desktop_counts_and_each_retry_once(requests, wish):
    assert wish_for(desk(), requests) == wish


def tally(minimum, **counts):
    words = [
        Word(desk=desk(name=f"{kind}-{n}"), progress=Progress[kind.upper()], says="because")
        for kind, count in counts.items()
        for n in range(count)
    ]
    return Tally(words=tuple(words), minimum_pct=minimum)


ENOUGH = [
    (tally(90, through=18, stopped=2), True),
    (tally(90, through=17, stopped=3), False),
    (tally(100, through=19, stopped=1), False),
    (tally(100, through=19, left_out=1), True),
    (tally(1, stopped=1), False),
    (tally(90, left_out=3), True),
    (tally(90), True),
]


@pytest.mark.parametrize(("counted", "enough"), ENOUGH, ids=[str(n) for n in range(len(ENOUGH))])
def test_the_share_that_came_through_decides_and_whom_people_left_out_does_not_count(counted, enough):
    assert counted.enough is enough


def test_a_tally_names_everyone_who_did_not_come_through():
    told = tally(90, through=2, under_way=1, stopped=1, left_out=1).sentence("failed over")
    assert told == (
        "2 of 5 desktops failed over, 1 under way, 1 stopped (stopped-0: because),"
        " 1 left out (left_out-0: because)"
    )


def test_a_later_wave_waits_until_the_earlier_one_has_ended():
    first = Word(desk=desk(name="a"), progress=Progress.UNDER_WAY)
    second = Word(desk=desk(name="b"), progress=Progress.DUE)
    waits = one_wave([first, second], {"a": 0, "b": 1})
    assert [word.progress for word in waits] == [Progress.UNDER_WAY, Progress.WAITS]
    stopped = replace(first, progress=Progress.STOPPED)
    goes = one_wave([stopped, second], {"a": 0, "b": 1})
    assert [word.progress for word in goes] == [Progress.STOPPED, Progress.DUE]


FAILED = JobError(code="170010", message="could not be completed")
WHYS = [
    (None, "not now", "Azure refused: not now"),
    (None, "", "failover failed"),
    (
        job(state=JobState.FAILED, errors=(FAILED,)),
        "",
        "job UnplannedFailover Failed: 170010 could not be completed",
    ),
    (
        job(state=JobState.SUCCEEDED),
        "",
        "job UnplannedFailover says Succeeded, but the desktop failover failed",
    ),
    (job(state=JobState.CANCELLED), "", "job UnplannedFailover is Cancelled"),
]  # fmt: skip


@pytest.mark.parametrize(("work", "refusal", "says"), WHYS, ids=[str(n) for n in range(len(WHYS))])
def test_a_failure_is_told_in_the_services_words(work, refusal, says):
    assert why_failed(desk(Stand.FAILED), work, refusal) == says


def test_a_stuck_job_is_named_with_what_a_person_may_do_in_the_vault():
    waits = job(state=JobState.SUSPENDED, allowed=("Resume", "Cancel"))
    says = stuck(desk(Stand.STUCK, job=waits))
    assert "is Suspended and does not end; in the vault a person may resume or cancel it" in says
    assert stuck(desk(Stand.STUCK)) == "a job is stuck"


def test_the_choices_of_people_are_commands_that_can_be_typed():
    told = choices("run-1", "failover", points=True)
    assert "failover retry run-1 failover --item NAME" in told
    assert "failover choose run-1 failover --item NAME --value RECOVERY_POINT" in told
    assert "choose" not in choices("run-1", "commit", points=False)


def test_the_words_of_stands_agree_with_what_they_mean():
    assert {one for one in Stand if one.kept} < {one for one in Stand if one.moved}
    assert not Stand.READY.unprotected
    assert Stand.COMMITTED.unprotected
    assert not Stand.REVERSED.unprotected


def test_the_container_of_the_items_used_here_is_the_sources():
    assert item().container == HERE
