"""Replicated machines, their jobs, extensions, reservations and owners, as values."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from avd_failover.domain import ids
from avd_failover.domain.extensions import InstalledExtension, VmExtension, canonical, settings_of
from avd_failover.domain.owners import owner_mark
from avd_failover.domain.recovery_jobs import JobState, RecoveryJob, jobs_newest_first
from avd_failover.domain.replication import (
    Allowed,
    Health,
    Location,
    Phase,
    PointKind,
    ProtectedItem,
    RecoveryPoint,
    newest_first,
    phase_of,
)
from avd_failover.domain.reservations import Reservation, ReservationGroup

ROOT = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/RG"
VAULT = f"{ROOT}/providers/Microsoft.RecoveryServices/vaults/V"
CONTAINER = f"{VAULT}/replicationFabrics/F/replicationProtectionContainers/C"
ITEM = ids.protected_item_id(f"{CONTAINER}/replicationProtectedItems/VM-1")
POOL = ids.host_pool_id(f"{ROOT}/providers/Microsoft.DesktopVirtualization/hostPools/hp")
OTHER_POOL = ids.host_pool_id(f"{ROOT}/providers/Microsoft.DesktopVirtualization/hostPools/hp2")
VM = ids.machine_id(f"{ROOT}/providers/Microsoft.Compute/virtualMachines/vm-1")
T0 = datetime(2026, 3, 9, 10, tzinfo=UTC)


def item(**changes):
    usual = ProtectedItem(
        id=ITEM,
        name="VM-1",
        friendly_name="vm-one",
        provider="A2A",
        machine=VM,
        phase=Phase.PROTECTED,
        state="Protected",
        active=Location.PRIMARY,
        health=Health.NORMAL,
        recovery_container=None,
        policy=None,
    )
    return msgspec.structs.replace(usual, **changes)


def job(name="j", **changes):
    found = ids.recovery_job_id(f"{VAULT}/replicationJobs/{name}")
    usual = RecoveryJob(id=found, scenario="UnplannedFailover", state=JobState.IN_PROGRESS)
    return msgspec.structs.replace(usual, **changes)


def point(name, minutes):
    return RecoveryPoint(
        id=ids.recovery_point_id(f"{ITEM}/recoveryPoints/{name}"),
        taken_at=T0 + timedelta(minutes=minutes),
        kind=PointKind.CRASH_CONSISTENT,
    )


@pytest.mark.parametrize(
    ("fold", "text"),
    [
        (ids.vault_id, VAULT),
        (ids.container_id, CONTAINER),
        (ids.protected_item_id, f"{CONTAINER}/replicationProtectedItems/x"),
        (ids.recovery_point_id, f"{CONTAINER}/replicationProtectedItems/x/recoveryPoints/y"),
        (ids.recovery_job_id, f"{VAULT}/replicationJobs/9"),
        (ids.replication_policy_id, f"{VAULT}/replicationPolicies/p"),
        (ids.reservation_group_id, f"{ROOT}/providers/Microsoft.Compute/capacityReservationGroups/g"),
    ],
)
def test_ids_of_recovery_are_folded_and_nothing_else_passes_for_one(fold, text):
    assert fold(f" {text.replace('/subscriptions/', '/Subscriptions/')} ") == text.lower()
    for wrong in ("", text + "/more", text.rsplit("/", 1)[0], text + "/../x", text.replace("Microsoft", "M")):
        with pytest.raises(ids.MalformedIdError):
            fold(wrong)


def test_an_id_tells_what_it_lies_in():
    point_id = ids.recovery_point_id(f"{ITEM}/recoveryPoints/p")
    assert ids.item_of(point_id) == ITEM
    assert ids.container_of(ITEM) == ids.container_id(CONTAINER)
    for inside in (ITEM, point_id, ids.container_id(CONTAINER), job().id):
        assert ids.vault_of(inside) == ids.vault_id(VAULT)


@pytest.mark.parametrize(
    ("state", "phase"),
    [
        ("EnablingProtection", Phase.REPLICATING),
        ("UnprotectedStatesBegin", Phase.REPLICATING),
        ("InitialReplicationInProgress", Phase.REPLICATING),
        ("Protected", Phase.PROTECTED),
        (" protected ", Phase.PROTECTED),
        ("UnplannedFailoverCommitPendingStatesBegin", Phase.COMMIT_PENDING),
        ("UnplannedFailoverCommitRequired", Phase.COMMIT_PENDING),
        ("UnplannedFailoverCommitted", Phase.COMMITTED),
        ("FailoverCommitted", Phase.COMMITTED),
        ("UnplannedFailoverFailed", Phase.FAILED),
        ("UnplannedFailoverInProgress", Phase.OTHER),
        ("ProtectedOrSo", Phase.OTHER),
        ("", Phase.OTHER),
    ],
)
def test_words_not_known_of_a_protection_state_are_waited_on(state, phase):
    assert phase_of(state) is phase


def test_points_are_sorted_by_time_and_those_of_one_moment_by_id():
    points = (point("b", 1), point("c", 3), point("a", 1), point("d", 2))
    assert [ids.name_of(one.id) for one in newest_first(points)] == ["c", "d", "b", "a"]
    assert newest_first(()) == ()


@pytest.mark.parametrize(
    ("changes", "under_test"),
    [
        ({}, False),
        ({"test_state": "None"}, False),
        ({"test_state": "WaitingForCompletion"}, True),
        ({"test_state": "MarkedForDeletion"}, True),
        ({"twin": VM}, True),
        ({"scenario": "TestFailover"}, True),
        ({"scenario": "TestFailoverCleanup"}, True),
        ({"scenario": "UnplannedFailover"}, False),
    ],
)
def test_a_test_failover_is_seen_by_any_of_its_traces(changes, under_test):
    assert item(**changes).under_test is under_test


def test_an_item_allows_what_it_lists_and_nothing_else():
    found = item(allowed=(Allowed.COMMIT,))
    assert [one for one in Allowed if found.allows(one)] == [Allowed.COMMIT]
    assert found.container == ids.container_id(CONTAINER)


@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"target_name": "VM-1"}, True),
        ({"target_name": "vm-1", "target_kind": "ProtectionEntity"}, True),
        ({"target_name": "VM-One"}, True),
        ({"target_name": "vm-10"}, False),
        ({"target_name": ""}, False),
        ({"target_name": "vm-1", "target_kind": "RecoveryPlan"}, False),
    ],
)
def test_a_job_is_about_the_item_that_it_names(changes, about):
    assert job(**changes).about(item()) is about


@pytest.mark.parametrize(
    ("scenario", "tests"),
    [("TestFailover", True), ("testfailovercleanup", True), ("UnplannedFailover", False), ("", False)],
)
def test_jobs_that_test_are_told_by_their_scenario(scenario, tests):
    assert job(scenario=scenario).tests is tests


def test_only_what_never_changes_again_has_ended():
    ended = {state for state in JobState if state.ended}
    assert ended == {
        JobState.SUCCEEDED, JobState.WITH_INFORMATION, JobState.FAILED, JobState.CANCELLED
    }  # fmt: skip
    assert {state for state in JobState if state.succeeded} == {JobState.SUCCEEDED, JobState.WITH_INFORMATION}


def test_jobs_are_sorted_by_their_beginning_and_those_not_begun_come_first():
    jobs = (
        job("a", started_at=T0),
        job("b"),
        job("c", started_at=T0 + timedelta(1)),
        job("d", started_at=T0),
    )
    assert [ids.name_of(one.id) for one in jobs_newest_first(jobs)] == ["b", "c", "d", "a"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"b": 1, "a": {"d": [1, 2], "c": None}}, {"a": {"c": None, "d": [1, 2]}, "b": 1}),
        (None, {}),
        ({"x": "ü"}, {"x": "\u00fc"}),
    ],
)
def test_equal_settings_are_equal_text(one, other):
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"), [({"a": [1, 2]}, {"a": [2, 1]}), ({"a": 1}, {"a": "1"}), ({}, {"a": None})]
)
def test_different_settings_are_different_text(one, other):
    assert canonical(one) != canonical(other)


def test_settings_come_back_whole():
    told = {"level": 3, "paths": ["C:\\x"], "nested": {"on": True}}
    image = VmExtension(name="n", publisher="P", type="T", version="1", settings=canonical(told))
    assert settings_of(image) == told
    assert image.kind == "p/t"
    assert settings_of(VmExtension(name="n", publisher="P", type="T", version="1")) == {}


@pytest.mark.parametrize(
    ("state", "ready"),
    [("Succeeded", True), ("succeeded", True), ("Creating", False), ("Failed", False), ("", False)],
)
def test_an_extension_is_ready_when_it_was_installed_to_its_end(state, ready):
    image = VmExtension(name="n", publisher="P", type="T", version="1")
    assert InstalledExtension(image=image, state=state).ready is ready


GROUP = ReservationGroup(
    id=ids.reservation_group_id(f"{ROOT}/providers/Microsoft.Compute/capacityReservationGroups/g"),
    location="westeurope",
    reservations=(
        Reservation(name="a", size="Standard_D4s_v5", capacity=7, taken=2, zone="1"),
        Reservation(name="b", size="standard_d4s_v5", capacity=3, taken=5, zone="1"),
        Reservation(name="c", size="Standard_D4s_v5", capacity=4, taken=0, zone="2"),
        Reservation(name="d", size="Standard_D8s_v5", capacity=2, taken=1),
    ),
)


@pytest.mark.parametrize(
    ("size", "zone", "free"),
    [
        ("Standard_D4s_v5", "1", 5),
        ("STANDARD_D4S_V5", "2", 4),
        ("Standard_D4s_v5", "3", 0),
        ("Standard_D4s_v5", "", 0),
        ("Standard_D8s_v5", "", 1),
        ("Standard_D8s_v5", "1", 0),
    ],
)
def test_a_machine_finds_a_place_of_its_size_in_its_zone_only(size, zone, free):
    assert GROUP.free(size, zone) == free


def test_the_mark_of_an_owner_is_no_name_and_the_same_however_the_name_is_written():
    mark = owner_mark(POOL, "Ada.Lovelace@Contoso.com")
    assert mark == owner_mark(POOL, " ada.lovelace@contoso.COM ")
    assert mark is not None
    assert mark.startswith("user-")
    assert "ada" not in mark.removeprefix("user-")
    assert mark != owner_mark(POOL, "ada.lovelace2@contoso.com")
    assert mark != owner_mark(OTHER_POOL, "ada.lovelace@contoso.com")


@pytest.mark.parametrize("nobody", [None, "", "  "])
def test_a_host_that_is_nobodys_has_no_mark(nobody):
    assert owner_mark(POOL, nobody) is None


def test_values_go_through_the_journal_unchanged():
    values = (item(allowed=(Allowed.COMMIT,), rpo_at=T0), job(started_at=T0), point("p", 1), GROUP)
    for one in values:
        assert msgspec.json.decode(msgspec.json.encode(one), type=type(one)) == one
