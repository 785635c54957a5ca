"""The official SDKs, unmodified, against the served face."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx
import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.core.pipeline.transport import AioHttpTransport
from azure.mgmt.authorization.aio import AuthorizationManagementClient
from azure.mgmt.authorization.v2022_04_01.models import RoleAssignmentCreateParameters
from azure.mgmt.compute.aio import ComputeManagementClient
from azure.mgmt.core.policies import AsyncARMChallengeAuthenticationPolicy
from azure.mgmt.desktopvirtualization.aio import DesktopVirtualizationMgmtClient
from azure.mgmt.desktopvirtualization.models import SendMessage, SessionHostPatch
from kiota_abstractions.api_error import APIError
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from msgraph.generated.groups.item.transitive_members.transitive_members_request_builder import (
    TransitiveMembersRequestBuilder,
)
from msgraph.graph_request_adapter import GraphRequestAdapter

from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.http.server import serve
from tests.simulator.http.estate import AGROUP, DEFINITION, G1, SUBSCRIPTION, TENANT, a_world

SCOPE = "https://management.azure.com/.default"
SPEED = 2_000.0
NAME = "11111111-2222-4333-8444-555555555555"
WEST = AGROUP.replace("North", "West")


class Fixed:
    async def get_token(self, *_, **__):
        return AccessToken("simulated", 4_102_444_800)

    async def close(self):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


class OverHttp(AsyncARMChallengeAuthenticationPolicy):
    async def on_request(self, request):
        request.context.options["enforce_https"] = False
        await super().on_request(request)


class WorldTransport(AioHttpTransport):  # type: ignore[misc]  # the SDK loads it lazily
    """Waits on the world's clock: a Retry-After is told in its seconds."""

    async def sleep(self, duration):
        await asyncio.sleep(duration / SPEED)


@asynccontextmanager
async def served(**changes):
    async with serve(a_world(**changes), speed=SPEED, pages=Pages(arm=2, graph=3)) as server:
        yield server


def client(kind, server):
    credential = Fixed()
    return kind(
        credential,
        SUBSCRIPTION,
        base_url=server.url,
        credential_scopes=[SCOPE],
        authentication_policy=OverHttp(credential, SCOPE),
        transport=WorldTransport(),
        retry_total=0,
    )


async def test_hosts_and_sessions_are_listed_over_pages_and_a_host_is_drained():
    async with served() as server, client(DesktopVirtualizationMgmtClient, server) as avd:
        hosts = [host async for host in avd.session_hosts.list("rg-North", "hp-North")]
        assert [host.name for host in hosts] == [f"hp-North/nhost-{n}" for n in range(5)]
        sessions = [one async for one in avd.user_sessions.list_by_host_pool("rg-North", "hp-North")]
        assert len(sessions) == 6
        drained = await avd.session_hosts.update(
            "rg-North", "hp-North", "nhost-0", session_host=SessionHostPatch(allow_new_session=False)
        )
        assert drained.allow_new_session is False
        _, host, number = sessions[0].name.split("/")
        message = SendMessage(message_title="Soon", message_body="Save your work")
        await avd.user_sessions.send_message("rg-North", "hp-North", host, number, message)
        await avd.user_sessions.disconnect("rg-North", "hp-North", host, number)
        await avd.user_sessions.delete("rg-North", "hp-North", host, number, force=True)


async def test_scaling_plans_and_application_groups_are_read():
    async with served() as server, client(DesktopVirtualizationMgmtClient, server) as avd:
        plan = await avd.scaling_plans.get("rg-North", "sp-North")
        assert plan.host_pool_references[0].scaling_plan_enabled is True
        schedules = [one async for one in avd.scaling_plan_pooled_schedules.list("rg-North", "sp-North")]
        assert schedules[0].ramp_up_minimum_hosts_pct == 50
        groups = [one async for one in avd.application_groups.list_by_subscription()]
        assert len(groups) == 4
        with pytest.raises(ResourceNotFoundError):
            await avd.host_pools.get("rg-North", "hp-Nowhere")


async def test_an_assignment_is_put_listed_read_and_deleted():
    async with served() as server, client(AuthorizationManagementClient, server) as roles:
        wanted = RoleAssignmentCreateParameters(
            role_definition_id=DEFINITION, principal_id=G1, principal_type="Group"
        )
        made = await roles.role_assignments.create(WEST, NAME, wanted)
        assert made.created_by is None
        assert (await roles.role_assignments.get_by_id(made.id)).principal_id == G1
        with pytest.raises(ResourceExistsError) as exists:
            await roles.role_assignments.create(WEST, NAME[:-1] + "6", wanted)
        assert "(RoleAssignmentExists)" in str(exists.value)
        found = [one async for one in roles.role_assignments.list_for_scope(AGROUP, filter="atScope()")]
        assert len(found) == 2
        assert (await roles.role_assignments.delete(WEST, NAME)).name == NAME
        assert await roles.role_assignments.delete(WEST, NAME) is None
        definitions = [one async for one in roles.role_definitions.list(WEST)]
        assert len({one.name for one in definitions}) == len(definitions) > 4


async def test_a_machine_is_started_and_followed_to_its_end():
    async with served() as server, client(ComputeManagementClient, server) as compute:
        poller = await compute.virtual_machines.begin_start("rg-North-vms", "nvm-4")
        assert await poller.result() is None
        machine = await compute.virtual_machines.get("rg-North-vms", "nvm-4", expand="instanceView")
        codes = [status.code for status in machine.properties.instance_view.statuses]
        assert codes == ["ProvisioningState/succeeded", "PowerState/running"]
        assert len([one async for one in compute.virtual_machines.list_all(status_only="true")]) == 10


async def test_a_start_without_capacity_raises_what_the_operation_says():
    regions = [
        {"name": "northeurope", "display_name": "North Europe", "compute_up": False},
        {"name": "westeurope", "display_name": "West Europe"},
    ]
    async with served(regions=regions) as server, client(ComputeManagementClient, server) as compute:
        poller = await compute.virtual_machines.begin_start("rg-North-vms", "nvm-4")
        with pytest.raises(HttpResponseError) as failed:
            await poller.result()
    assert "(AllocationFailed)" in str(failed.value)


async def test_graph_members_are_read_over_pages_with_the_official_request_builders():
    """As bytes: the typed models of that library take seconds to import."""
    async with served() as server, httpx.AsyncClient() as http:
        provider = AzureIdentityAuthenticationProvider(
            Fixed(), scopes=["https://graph.microsoft.com/.default"], allowed_hosts=["127.0.0.1"]
        )
        adapter = GraphRequestAdapter(provider, http)
        adapter.base_url = f"{server.url}/v1.0"
        members = TransitiveMembersRequestBuilder(adapter, {"baseurl": adapter.base_url, "group%2Did": G1})
        found: list[str] = []
        asked: TransitiveMembersRequestBuilder | None = members
        while asked is not None:
            information = asked.to_get_request_information()
            page = json.loads(await adapter.send_primitive_async(information, "bytes", {}))
            found += [one["id"] for one in page["value"]]
            link = page.get("@odata.nextLink")
            asked = members.with_url(link) if link else None
        assert len(set(found)) == len(found) == 8
        missing = TransitiveMembersRequestBuilder(
            adapter, {"baseurl": adapter.base_url, "group%2Did": TENANT}
        )
        with pytest.raises(APIError) as refused:
            await adapter.send_primitive_async(missing.to_get_request_information(), "bytes", {})
        assert refused.value.response_status_code == 404
