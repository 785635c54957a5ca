"""Microsoft Graph, read through its own adapter and request builders, with the answers left as bytes.

The library's typed models cost a hundred times what decoding the two fields we need does (measured: over
200 ms a page against 2 ms). Its retries, which repeat every verb, and its redirects are not installed.
"""

import ssl
import uuid
from functools import cached_property
from typing import Any, TypeVar

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph.generated.groups.item.group_item_request_builder import GroupItemRequestBuilder
from msgraph.generated.groups.item.members.members_request_builder import MembersRequestBuilder
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgspec import Struct, field
from msgspec.json import Decoder

from avd_failover.azure.endpoints import Endpoints, origin_of
from avd_failover.azure.faults import UnreadableAnswerError, azure_faults, fault_of_answer
from avd_failover.azure.outgoing import READS
from avd_failover.azure.pipeline import ANSWER_TIMEOUT_S, CONNECT_TIMEOUT_S, USER_AGENT, guard
from avd_failover.azure.throttle import Throttle
from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.ids import GroupId

PAGE = 999
"""Most members Graph returns in one page."""

FIELDS = ["id", "userPrincipalName", "membershipRuleProcessingState"]
"""What is asked for of each member; Graph serves a property that only some kinds of member have."""

GROUP_FIELDS = ["id", "membershipRuleProcessingState"]

MEMBERS_COST, GROUP_COST = 2.0, 1.0
"""Resource units of one page of members, 3 less 1 for $select, and of one group (azure-facts section 8)."""


class Member(Struct, frozen=True):
    """A directory object in a group; ``kind`` is empty where the caller may not see what it is.

    Only users have a principal name, and Graph writes null for it where the caller may read members but not
    users (permission User.ReadBasic.All).
    """

    id: str
    kind: str = field(default="", name="@odata.type")
    principal_name: str | None = field(default=None, name="userPrincipalName")
    rule_state: str | None = field(default=None, name="membershipRuleProcessingState")

    @property
    def settled(self) -> bool:
        """Whether no rule decides who its members are, or one that is worked off."""
        return (self.rule_state or "on").lower() == "on"


class Page(Struct, frozen=True):
    """One page of members. ``value`` has no default: a body without it is no page."""

    value: tuple[Member, ...]
    next_link: str | None = field(default=None, name="@odata.nextLink")


class _GraphError(Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Refusal(Struct, frozen=True):
    error: _GraphError


T = TypeVar("T")
_pages = Decoder(Page)
_groups = Decoder(Member)
_refusals = Decoder(_Refusal)
_Query = MembersRequestBuilder.MembersRequestBuilderGetQueryParameters
_GroupQuery = GroupItemRequestBuilder.GroupItemRequestBuilderGetQueryParameters


class Graph:
    """Pages of group members."""

    def __init__(self, endpoints: Endpoints, credential: AsyncTokenCredential, throttle: Throttle) -> None:
        self._base = endpoints.graph
        self._home = origin_of(endpoints.graph)
        self._credential = credential
        self._throttle = throttle
        self._client: httpx.AsyncClient | None = None

    async def members(self, group: GroupId, link: str = "") -> Page:
        """Read one page of a group's direct members, the first or the one behind a next link.

        Raises RefusedError with code ``ForeignEndpoint`` for a link that leads elsewhere, before any token
        is asked for; else the faults of a read.
        """
        if link:
            guard(link, self._home)
        return await self._read(group, self._page(group, link), MEMBERS_COST, _pages)

    async def group(self, group: GroupId) -> Member:
        """Read a group itself. Raises the faults of a read."""
        query = RequestConfiguration[_GroupQuery](query_parameters=_GroupQuery(select=GROUP_FIELDS))
        builder = GroupItemRequestBuilder(self._adapter, {"group%2Did": group})
        request = self._bare(builder.to_get_request_information(query))
        return await self._read(group, request, GROUP_COST, _groups)

    async def _read(self, group: GroupId, request: RequestInformation, cost: float, what: Decoder[T]) -> T:
        request.headers.try_add("client-request-id", str(uuid.uuid4()))
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        with azure_faults(group, mutating=False):
            answer = await self._send(request, cost)
            if answer.status_code == 200:
                return what.decode(answer.content)
        code, message = _reason(answer.content)
        raise fault_of_answer(answer.status_code, answer.headers, code, message, target=group, mutating=False)

    async def aclose(self) -> None:
        """Close the connections, if any were opened."""
        if self._client is not None:
            await self._client.aclose()

    @cached_property
    def _adapter(self) -> GraphRequestAdapter:
        # Made on first use: loading the certificates takes longer than a page.
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S),
            follow_redirects=False,
            trust_env=not self._home.loopback,
            # As Resource Manager's transport: the machine's authorities, or those SSL_CERT_FILE names.
            verify=ssl.create_default_context(),
            headers={"User-Agent": USER_AGENT},
            event_hooks={"request": [_only_read]},
        )
        provider = AzureIdentityAuthenticationProvider(
            self._credential,
            scopes=[f"{self._base}/.default"],
            allowed_hosts=[self._home.host],
            is_cae_enabled=False,
        )
        adapter = GraphRequestAdapter(provider, client=self._client)
        adapter.base_url = f"{self._base}/v1.0"
        return adapter

    def _page(self, group: GroupId, link: str) -> RequestInformation:
        if link:
            return MembersRequestBuilder(self._adapter, link).to_get_request_information()
        query = RequestConfiguration[_Query](query_parameters=_Query(select=FIELDS, top=PAGE))
        builder = MembersRequestBuilder(self._adapter, {"group%2Did": group})
        return self._bare(builder.to_get_request_information(query))

    def _bare(self, request: RequestInformation) -> RequestInformation:
        """The builders write "$" as "%24"; the middleware that puts it back is not installed."""
        request.path_parameters["baseurl"] = self._adapter.base_url
        request.url = request.url.replace("%24", "$")
        return request

    async def _send(self, request: RequestInformation, cost: float) -> httpx.Response:
        async with self._throttle.graph(cost) as admission:
            answer: Any = await self._adapter.send_primitive_async(request, "bytes", {})
            if not isinstance(answer, httpx.Response):
                raise UnreadableAnswerError("no answer came through the adapter")
            admission.answered(answer.status_code, answer.headers)
            return answer


async def _only_read(request: httpx.Request) -> None:
    """Let nothing leave that could change the directory: no plan allows that (safety S12)."""
    if request.method not in READS:
        raise OutsidePlanError(
            f"not sent: {request.method} {request.url.path}: the directory is only read",
            target=request.url.path,
        )


def _reason(body: bytes) -> tuple[str, str]:
    try:
        error = _refusals.decode(body).error
    except ValueError:
        return "", ""
    return error.code, error.message
