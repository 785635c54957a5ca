"""The last gate before the wire: what an action may become leaves, and nothing else does."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from azure.core.pipeline.transport import HttpRequest as OlderRequest
from azure.core.rest import HttpRequest
from kiota_abstractions.method import Method
from msgspec.structs import replace

from avd_failover.azure.credentials import SimulatedCredential
from avd_failover.azure.endpoints import Endpoints, origin_of
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.azure.graph import Graph
from avd_failover.azure.outgoing import PermitPolicy, asked_by
from avd_failover.azure.pipeline import policies
from avd_failover.azure.throttle import Throttle
from avd_failover.domain import ids
from avd_failover.domain.actions import Action
from avd_failover.domain.faults import OutsidePlanError, RefusedError
from avd_failover.domain.fence import UNFENCED
from avd_failover.domain.permits import Permit, digest_of, permits_of, permitted
from tests.azure.builders import ASSIGNMENT, POOL, PRINCIPAL, SUBSCRIPTION, host_body
from tests.azure.fake_arm import Answer, FakeArm, listed
from tests.azure.jump_clock import JumpClock
from tests.domain.test_permits import ROWS
from tests.permits import WRITES

BASE = f"https://arm.test/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-avd/providers"
SENDERS: dict[str, Callable[[AzureCloud, Any], Awaitable[object]]] = {
    "assignment.grant": lambda cloud, action: cloud.assignments.create(action.assignment),
    "assignment.revoke": lambda cloud, action: cloud.assignments.delete(action.assignment.id),
    "host.logons": lambda cloud, action: cloud.hosts.set_logons(action.host, allowed=action.allowed),
    "session.logoff": lambda cloud, action: cloud.sessions.log_off(action.session),
    "session.message": lambda cloud, action: cloud.sessions.tell(
        action.session, title=action.title, body=action.body
    ),
    "machine.start": lambda cloud, action: cloud.machines.start(action.machine),
    "machine.deallocate": lambda cloud, action: cloud.machines.deallocate(action.machine),
    "autoscale.pools": lambda cloud, action: cloud.scaling.set_references(action.plan, action.references),
    "autoscale.floor": lambda cloud, action: cloud.scaling.set_floor(action.schedule, action.floor),
    "pool.start-on-connect": lambda cloud, action: cloud.pools.set_start_on_connect(
        action.host_pool, allowed=action.allowed
    ),
}
ACTIONS: dict[str, Action] = {str(row[0].__struct_config__.tag): row[0] for row in ROWS}


@pytest.fixture
async def bare(arm: FakeArm, clock: JumpClock) -> Any:
    """The cloud as the engine has it: no permit opens by itself."""
    arm.on("PUT", "", Answer(201, {}))
    arm.on("PATCH", "", Answer(200, {}))
    arm.on("POST", "", Answer(200))
    arm.on("DELETE", "", Answer(200))
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock, answer_timeout_s=2.0)
    yield cloud
    await cloud.aclose()


def test_every_write_of_the_seam_has_an_action_here() -> None:
    assert len(SENDERS) == len(ACTIONS) == len(WRITES)


@pytest.mark.parametrize("kind", SENDERS)
async def test_the_permits_of_an_action_let_its_adapter_send_it_once(
    arm: FakeArm, bare: AzureCloud, kind: str
) -> None:
    action = ACTIONS[kind]
    (permit,) = permits_of(action)
    with permitted([permit]):
        await SENDERS[kind](bare, action)
        with pytest.raises(OutsidePlanError, match="was sent already"):
            await SENDERS[kind](bare, action)
    (sent,) = arm.seen
    assert (sent.method, sent.path.lower()) == (permit.method, permit.resource)
    assert (digest_of(sent.body) if sent.body else None) == permit.body_sha256


@pytest.mark.parametrize("kind", SENDERS)
async def test_without_an_open_permit_nothing_that_changes_leaves(
    arm: FakeArm, bare: AzureCloud, kind: str
) -> None:
    with pytest.raises(OutsidePlanError, match="belongs to no action of an approved plan") as caught:
        await SENDERS[kind](bare, ACTIONS[kind])
    assert isinstance(caught.value, RefusedError)
    assert caught.value.code == "OutsidePlan"
    assert arm.seen == []


WRONG: dict[str, Callable[[Permit], dict[str, Any]]] = {
    "method": lambda _: {"method": "GET"},
    "id": lambda one: {"resource": f"{one.resource}0"},
    "subscription": lambda one: {"resource": one.resource.replace(SUBSCRIPTION[:8], "0" * 8)},
    "parent": lambda one: {"resource": one.resource.rsplit("/", 1)[0]},
    "query": lambda _: {"query": (("x", "y"),)},
    "body": lambda one: {"body_sha256": digest_of({"other": one.method})},
}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("kind", SENDERS)
async def test_with_a_permit_for_anything_else_nothing_leaves(
    arm: FakeArm, bare: AzureCloud, kind: str, wrong: str
) -> None:
    action = ACTIONS[kind]
    (permit,) = permits_of(action)
    with (
        permitted([replace(permit, **WRONG[wrong](permit))]),
        pytest.raises(OutsidePlanError, match="differs in"),
    ):
        await SENDERS[kind](bare, action)
    assert arm.seen == []


@pytest.mark.parametrize("kind", SENDERS)
@pytest.mark.parametrize("other", SENDERS)
async def test_the_permits_of_one_kind_let_no_other_kind_leave(
    arm: FakeArm, bare: AzureCloud, kind: str, other: str
) -> None:
    if kind != other:
        with permitted(permits_of(ACTIONS[other])), pytest.raises(OutsidePlanError):
            await SENDERS[kind](bare, ACTIONS[kind])
    assert arm.seen == []


@pytest.mark.parametrize(
    "detour", ["/../roleassignments/x", "//x", "%2f..%2fx", "/./x", "%252fx", "/x?y=z", "#x"]
)
async def test_an_id_with_a_detour_does_not_leave_even_with_a_permit_of_its_own(
    arm: FakeArm, bare: AzureCloud, detour: str
) -> None:
    """The confinement refuses such ids; were it gone, the gate still would."""
    hostile = ids.AssignmentId(f"{ASSIGNMENT}{detour}")
    with permitted([Permit(method="DELETE", resource=hostile)]), pytest.raises(OutsidePlanError):
        await bare.assignments.delete(hostile)
    assert arm.seen == []


async def test_reading_needs_no_permit(arm: FakeArm, bare: AzureCloud) -> None:
    arm.on("GET", "", listed(host_body()))
    assert (await bare.hosts.list(POOL)).complete


def test_the_gate_is_the_last_that_a_request_passes(clock: JumpClock) -> None:
    home = origin_of("https://arm.test")
    passed = policies(home, Throttle(clock), SimulatedCredential(), "scope", UNFENCED)
    assert isinstance(passed[-1], PermitPolicy)


READABLE = [
    (
        HttpRequest("PATCH", f"{BASE}/X/hostPools/HP?api-version=1", json={"b": 1, "a": [True]}),
        Permit(
            method="PATCH",
            resource=f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-avd/providers/x/hostpools/hp",
            body_sha256=digest_of({"a": [True], "b": 1}),
        ),
    ),
    (
        OlderRequest("PUT", f"{BASE}/X/y%28z%29?b=2&api-version=1&a=1", data=b'{"a": 1}'),
        Permit(
            method="PUT",
            resource=f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg-avd/providers/x/y(z)",
            query=(("a", "1"), ("b", "2")),
            body_sha256=digest_of({"a": 1}),
        ),
    ),
    (
        HttpRequest("POST", "https://arm.test/a?flag", content=b""),
        Permit(method="POST", resource="/a", query=(("flag", ""),)),
    ),
]


@pytest.mark.parametrize(("request_", "asked"), READABLE)
def test_what_a_request_asks_for_is_read_off_itself(request_: Any, asked: Permit) -> None:
    assert asked_by(request_) == asked


@pytest.mark.parametrize(
    "path",
    [
        "/a/../b",
        "/a/./b",
        "/a//b",
        "/a/",
        "",
        "/a%2fb",
        "/a%2Fb",
        "/a/%2e%2e/b",
        "/a%5cb",
        "/a\\b",
        "/a%252fb",
        "/a%3fb",
        "/a%23b",
        "/a%00",
        "/a%0d%0ab",
        "/a;b",
        "/a#b",
    ],
)
def test_a_path_that_two_readers_read_differently_never_leaves(path: str) -> None:
    with pytest.raises(OutsidePlanError, match="two ways"):
        asked_by(HttpRequest("DELETE", f"https://arm.test{path}"))


def test_only_the_case_of_ascii_is_folded() -> None:
    kelvin = asked_by(HttpRequest("DELETE", "https://arm.test/hosts/%E2%84%AA"))
    assert kelvin.resource == "/hosts/\N{KELVIN SIGN}"
    assert asked_by(HttpRequest("DELETE", "https://arm.test/HOSTS/K")).resource == "/hosts/k"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b'{"a": 1, "a": 2}',
        b'{"p": {"a": 1, "a": 1}}',
        b'{"a": NaN}',
        b"\xff\xfe",
        b'{"a": 1} {}',
    ],
)
def test_a_body_that_two_readers_read_differently_never_leaves(body: bytes) -> None:
    with pytest.raises(OutsidePlanError, match="not plain JSON"):
        asked_by(HttpRequest("PUT", "https://arm.test/a", content=body))


def test_a_body_that_is_not_there_yet_never_leaves() -> None:
    for later in ({"content": iter([b"{}"])}, {"files": {"f": b"x"}}):
        with pytest.raises(OutsidePlanError, match="not there before it leaves"):
            asked_by(HttpRequest("PUT", "https://arm.test/a", **later))


async def test_the_directory_is_only_read(
    arm: FakeArm, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A defect that turns the question for members into something else is stopped at the door."""
    arm.on("GET", "/members.*", Answer(200, {"value": []}))
    directory = Graph(Endpoints(arm=arm.url, graph=arm.url), SimulatedCredential(), Throttle(clock))
    assert (await directory.members(ids.group_id(PRINCIPAL))).value == ()
    send = Graph._send

    async def defective(self: Any, request: Any, *given: Any) -> Any:
        request.http_method = Method.DELETE
        return await send(self, request, *given)

    monkeypatch.setattr(Graph, "_send", defective)
    with pytest.raises(OutsidePlanError, match="the directory is only read"):
        await directory.members(ids.group_id(PRINCIPAL))
    assert [seen.method for seen in arm.seen] == ["GET"]
    await directory.aclose()
