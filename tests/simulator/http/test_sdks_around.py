"""Official SDKs against what lies beside the failover itself: capacity, images, scripts, keys, scopes."""

from datetime import UTC, datetime

from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.desktopvirtualization.aio import DesktopVirtualizationMgmtClient
from azure.mgmt.desktopvirtualization.models import HostPoolPatch, RegistrationInfoPatch, WorkspacePatch

from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.http.server import serve
from tests.simulator.http.estate import AGROUP, MACHINE
from tests.simulator.http.test_desktop_details import detailed
from tests.simulator.http.test_fleet import imaged
from tests.simulator.http.test_sdks import SPEED, client


async def test_capacity_images_and_disks_are_read_with_the_sdk():
    async with (
        serve(imaged().world, speed=SPEED, pages=Pages(arm=2)) as server,
        client(ComputeManagementClient, server) as compute,
    ):
        usages = {one.name.value: one async for one in compute.usage.list("northeurope")}
        assert usages["cores"].limit > usages["cores"].current_value > 0
        version = await compute.gallery_image_versions.get(
            "rg-img", "gal", "win11", "1.2.0", expand="ReplicationStatus"
        )
        assert version.properties.replication_status.aggregated_state == "InProgress"
        assert [
            one.regional_replica_count for one in version.properties.publishing_profile.target_regions
        ] == [2, 1]
        disk = await compute.disks.get("rg-North-vms", "nvm-0_OsDisk")
        assert disk.sku.name == "Premium_LRS"
        skus = [one.name async for one in compute.resource_skus.list(filter="location eq 'westeurope'")]
        assert "Standard_D8s_v5" in skus


async def test_a_script_is_run_with_the_sdk_and_its_output_comes_back():
    async with (
        serve(imaged().world, speed=SPEED) as server,
        client(ComputeManagementClient, server) as compute,
    ):
        wanted = {"commandId": "RunPowerShellScript", "script": ["nonsense"]}
        poller = await compute.virtual_machines.begin_run_command("rg-North-vms", "nvm-0", wanted)
        said = (await poller.result()).value
        assert "does not know the command" in said[1].message


async def test_pools_workspaces_apps_and_keys_are_handled_with_the_sdk():
    async with (
        serve(detailed().world, speed=1.0, pages=Pages(arm=1)) as server,
        client(DesktopVirtualizationMgmtClient, server) as avd,
    ):
        apps = [one.name async for one in avd.applications.list("rg-North", "app-North")]
        assert apps == ["app-North/Excel", "app-North/Word"]
        expires = datetime(2026, 3, 3, 3, tzinfo=UTC)
        patch = HostPoolPatch(
            friendly_name="x",
            registration_info=RegistrationInfoPatch(
                expiration_time=expires, registration_token_operation="Update"
            ),
        )
        pool = await avd.host_pools.update("rg-North", "hp-North", patch)
        assert pool.friendly_name == "x"
        token = await avd.host_pools.retrieve_registration_token("rg-North", "hp-North")
        assert token.token == pool.registration_info.token
        listed = await avd.host_pools.list_registration_tokens("rg-North", "hp-North")
        assert [one.token for one in listed.value] == [token.token]
        space = await avd.workspaces.update(
            "rg-North", "ws-North", WorkspacePatch(application_group_references=[AGROUP])
        )
        assert len(space.application_group_references) == 1
        schedules = [one async for one in avd.scaling_plan_personal_schedules.list("rg-North", "sp-North")]
        assert schedules[0].ramp_up_auto_start_hosts == "WithAssignedUser"


async def test_denials_and_permissions_are_read_with_the_sdk():
    async with (
        serve(imaged().world, speed=1.0) as server,
        client(AuthorizationManagementClient, server) as roles,
    ):
        assert [one async for one in roles.deny_assignments.list_for_scope(MACHINE)] == []
        held = [one async for one in roles.permissions.list_for_resource_group("rg-North")]
        assert held[0].actions == ["*"]
