"""Faults of hosts and of Site Recovery, added while a stage is open: both faces tell the same."""

from typing import get_args

import pytest

from avd_failover.domain import ids
from avd_failover.domain.estate import HostStatus
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.domain.recovery_jobs import FAILOVER, JobState
from avd_failover.domain.replication import Location, Phase
from avd_failover.simulator.doors import LOAD_BALANCED
from avd_failover.simulator.records import Unwell
from tests.contract.vault_play import FIRST, THE_VAULT, ended, fail_over
from tests.simulator.builders import POOL_A, host
from tests.simulator.recovery_estate import item

HOST = ids.session_host_id(host("a", 0))


@pytest.mark.parametrize("status", get_args(Unwell))
async def test_a_host_is_shown_in_every_way_of_being_unwell_and_well_again(opened, status):
    stage = await opened(faults=[{"fault": "host-status", "hosts": "a-0", "status": status, "lasts": "60s"}])
    await stage.clock.sleep(1)
    seen = {one.id: one for one in (await stage.cloud.hosts.list(ids.host_pool_id(POOL_A))).items}
    assert seen[HOST].status is HostStatus(status)
    await stage.clock.sleep(61)
    assert (await stage.cloud.hosts.get(HOST)).status is HostStatus.AVAILABLE


def test_sessions_land_where_azure_says_they_do():
    assert {status for status in get_args(Unwell) if status in LOAD_BALANCED} == {
        "NeedsAssistance", "Upgrading", "UpgradeFailed",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("how", "state", "phase"),
    [
        ("fails", JobState.FAILED, Phase.FAILED),
        ("suspends", JobState.SUSPENDED, Phase.OTHER),
        ("stalls", JobState.IN_PROGRESS, Phase.OTHER),
        ("lost", JobState.SUCCEEDED, Phase.PROTECTED),
    ],
)
async def test_a_job_goes_wrong_as_was_put_in_store_and_the_item_says_how_it_stands(
    opened_vault, how, state, phase
):
    stage = await opened_vault()
    stage.world.faults.add("admin:test", {"fault": "job-mishap", "how": how, "code": "28031"})
    await stage.clock.sleep(1)
    accepted = await fail_over(stage)
    await stage.clock.sleep(50_000)
    job = await stage.cloud.recovery.job(accepted.job)
    assert job.state is state
    assert [one.code for one in job.errors] == (["28031"] if how == "fails" else [])
    found = await stage.cloud.recovery.item(FIRST)
    assert (found.active, found.phase) == (Location.PRIMARY, phase)


async def test_a_mishap_meant_for_one_item_passes_the_others_by(opened_vault):
    stage = await opened_vault()
    name = item(1).rsplit("/", 1)[-1]
    stage.world.faults.add("admin:test", {"fault": "job-mishap", "item": name, "jobs": 3})
    await stage.clock.sleep(1)
    assert (await ended(stage, await fail_over(stage))).state is JobState.SUCCEEDED


@pytest.mark.parametrize("spec", [{"item": "nobody"}, {"job": "Sleep"}, {"how": "burns"}, {"jobs": 0}])
async def test_a_mishap_that_means_nothing_is_refused(opened_vault, spec):
    stage = await opened_vault()
    with pytest.raises(ValueError, match=r"job-mishap|protected item"):
        stage.world.faults.add("admin:test", {"fault": "job-mishap", **spec})


@pytest.mark.parametrize(
    ("fault", "kind", "begun"),
    [
        ({"fault": "operation-lost", "route": "items.*"}, None, 1),
        ({"fault": "drop-request", "route": "items.fail-over"}, UnknownError, 0),
        ({"fault": "drop-response", "route": "items.fail-over"}, UnknownError, 1),
        ({"fault": "http-error", "route": "items.fail-over", "status": 503}, UnknownError, 0),
        ({"fault": "http-error", "route": "items.*", "status": 504, "applied": True}, UnknownError, 1),
        ({"fault": "http-error", "route": "items.*", "status": 503, "retry_after": "9s"}, TransientError, 0),
        ({"fault": "http-error", "route": "items.*", "status": 409, "code": "Other"}, RefusedError, 0),
        ({"fault": "captive-portal", "route": "items.fail-over"}, UnknownError, 0),
    ],
    ids=str,
)
async def test_a_failover_that_is_not_answered_well_is_found_in_the_list_of_jobs_or_not(
    opened_vault, fault, kind, begun
):
    stage = await opened_vault()
    stage.world.faults.add("admin:test", {**fault, "times": 1})
    try:
        await fail_over(stage)
        told: type[CloudError] | None = None
    except CloudError as error:
        told = type(error)
    assert told is kind
    jobs = (await stage.cloud.recovery.jobs(THE_VAULT)).items
    assert [job.scenario for job in jobs] == [FAILOVER] * begun
