"""The official Site Recovery client, unmodified, against the served face: a desktop goes over and back."""

import asyncio

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError
from azure.mgmt.recoveryservicessiterecovery.aio import SiteRecoveryManagementClient
from azure.mgmt.recoveryservicessiterecovery.models import (
    A2ASwitchProtectionInput,
    A2AUnplannedFailoverInput,
    A2AUpdateReplicationProtectedItemInput,
    A2AVmManagedDiskInputDetails,
    RecoveryPlanA2AFailoverInput,
    RecoveryPlanUnplannedFailoverInput,
    RecoveryPlanUnplannedFailoverInputProperties,
    SwitchProtectionInput,
    SwitchProtectionInputProperties,
    UnplannedFailoverInput,
    UnplannedFailoverInputProperties,
    UpdateReplicationProtectedItemInput,
    UpdateReplicationProtectedItemInputProperties,
)

from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.http.server import serve
from tests.simulator.builders import SUBSCRIPTION
from tests.simulator.http.test_sdks import SCOPE, SPEED, Fixed, OverHttp, WorldTransport
from tests.simulator.recovery_estate import NORTH, POLICY, RESERVED, WEST, item, state, switch, vault_world

PLACE = ("rg-dr", "rsv")
HERE = (*PLACE, "f-north", "c-north", "vm-pd-0")
THERE = (*PLACE, "f-west", "c-west", "vm-pd-0")


def served(**changes):
    return serve(vault_world(**changes), speed=SPEED, pages=Pages(arm=3))


def client(server):
    credential = Fixed()
    return SiteRecoveryManagementClient(
        credential,
        SUBSCRIPTION,
        base_url=server.url,
        credential_scopes=[SCOPE],
        authentication_policy=OverHttp(credential, SCOPE),
        transport=WorldTransport(),
        retry_total=0,
    )


def failover(point=None):
    return UnplannedFailoverInput(
        properties=UnplannedFailoverInputProperties(
            failover_direction="PrimaryToRecovery",
            source_site_operations="Required",
            provider_specific_details=A2AUnplannedFailoverInput(recovery_point_id=point),
        )
    )


def reprotect(world):
    asked = switch(state(world))
    disk = asked["disks"][0]
    details = A2ASwitchProtectionInput(
        recovery_container_id=asked["recovery_container"],
        policy_id=POLICY,
        recovery_resource_group_id=asked["recovery_group"],
        vm_managed_disks=[
            A2AVmManagedDiskInputDetails(
                disk_id=disk["disk"],
                primary_staging_azure_storage_account_id=disk["staging_account"],
                recovery_resource_group_id=disk["recovery_group"],
            )
        ],
    )
    return SwitchProtectionInput(
        properties=SwitchProtectionInputProperties(
            replication_protected_item_name="vm-pd-0", provider_specific_details=details
        )
    )


async def test_a_desktop_is_failed_over_committed_reprotected_and_failed_back():
    async with served() as server, client(server) as asr:
        items, containers = asr.replication_protected_items, asr.replication_protection_containers
        found = await (await items.begin_unplanned_failover(*HERE, failover())).result()
        assert found.properties.protection_state == "UnplannedFailoverCommitPendingStatesBegin"
        found = await (await items.begin_failover_commit(*HERE)).result()
        assert found.properties.active_location == "Recovery"
        poller = await containers.begin_switch_protection(
            *PLACE, "f-north", "c-north", reprotect(server.world)
        )
        assert (await poller.result()).id.lower() == NORTH.lower()
        jobs = [job async for job in asr.replication_jobs.list(*PLACE)]
        newest = await asr.replication_jobs.get(*PLACE, jobs[0].name)
        made = newest.properties.custom_details.new_replication_protected_item_id
        assert made.lower() == item(0, WEST).lower()
        while (await items.get(*THERE)).properties.protection_state != "Protected":
            await asyncio.sleep(60 / SPEED)
        back = await (await items.begin_unplanned_failover(*THERE, failover())).result()
        assert back.properties.provider_specific_details.recovery_fabric_location == "northeurope"


async def test_points_and_settings_are_read_and_changed():
    async with served() as server, client(server) as asr:
        points = [one async for one in asr.recovery_points.list_by_replication_protected_items(*HERE)]
        assert len({one.name for one in points}) == len(points) > 40
        change = UpdateReplicationProtectedItemInput(
            properties=UpdateReplicationProtectedItemInputProperties(
                recovery_azure_vm_size="Standard_D16s_v5",
                provider_specific_details=A2AUpdateReplicationProtectedItemInput(
                    recovery_capacity_reservation_group_id=RESERVED
                ),
            )
        )
        found = await (await asr.replication_protected_items.begin_update(*HERE, change)).result()
        assert found.properties.provider_specific_details.recovery_azure_vm_size == "Standard_D16s_v5"
        listed = [one async for one in asr.replication_protected_items.list(*PLACE)]
        assert [one.name for one in listed] == [f"vm-pd-{number}" for number in range(4)]


async def test_a_plan_takes_a_list_of_details():
    async with served() as server, client(server) as asr:
        body = RecoveryPlanUnplannedFailoverInput(
            properties=RecoveryPlanUnplannedFailoverInputProperties(
                failover_direction="PrimaryToRecovery",
                source_site_operations="NotRequired",
                provider_specific_details=[RecoveryPlanA2AFailoverInput(recovery_point_type="Latest")],
            )
        )
        plans = asr.replication_recovery_plans
        plan = await (await plans.begin_unplanned_failover(*PLACE, "rp", body)).result()
        assert plan.properties.allowed_operations == ["Commit"]
        plan = await (await plans.begin_failover_commit(*PLACE, "rp")).result()
        assert plan.properties.current_scenario.scenario_name == "CommitFailover"


async def test_a_refused_and_a_failed_operation_raise_what_azure_says():
    mishaps = [{"on": "UnplannedFailover", "how": "fails", "code": "28031", "message": "no room"}]
    async with served(mishaps=mishaps) as server, client(server) as asr:
        items = asr.replication_protected_items
        with pytest.raises(ResourceExistsError) as refused:
            await items.begin_failover_commit(*HERE)
        assert "(OperationNotAllowed)" in str(refused.value)
        poller = await items.begin_unplanned_failover(*HERE, failover())
        with pytest.raises(HttpResponseError) as failed:
            await poller.result()
        assert "(28031) no room" in str(failed.value)
        jobs = [job async for job in asr.replication_jobs.list(*PLACE)]
        restarted = await (await asr.replication_jobs.begin_restart(*PLACE, jobs[0].name)).result()
        assert restarted.properties.state == "InProgress"
