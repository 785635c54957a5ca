"""Groups and everyone in them, through nesting, circles, pages and refusals."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from avd_failover.azure import directory
from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import AzureCloud, connect
from avd_failover.domain import ids
from avd_failover.domain.faults import RefusedError, TransientError
from tests.azure.fake_arm import Answer, FakeArm, Seen, refusal
from tests.azure.jump_clock import START, JumpClock


def guid(number: int) -> str:
    return f"abcdef00-0000-0000-0000-{number:012d}"


def user(number: int) -> dict[str, str]:
    return {"@odata.type": "#microsoft.graph.user", "id": guid(number).upper()}


def called(number: int, name: str | None) -> dict[str, str | None]:
    return {**user(number), "userPrincipalName": name}


def group(number: int) -> dict[str, str]:
    return {"@odata.type": "#microsoft.graph.group", "id": guid(number)}


def page(*members: object, then: str | None = None) -> Answer:
    body: dict[str, Any] = {"@odata.context": "x", "value": list(members)}
    return Answer(200, {**body, "@odata.nextLink": then} if then else body)


def of(number: int) -> str:
    return f"/groups/{guid(number)}/members.*"


ROOT = ids.group_id(guid(900))
ITSELF = r"/v1\.0/groups/[^/?]+\?[^/]*"


def shape(state: str | None = None) -> Answer:
    """The group itself, without a rule or with one in this state."""
    return Answer(200, {"id": ROOT, "membershipRuleProcessingState": state})


@pytest.fixture
async def arm() -> AsyncIterator[FakeArm]:
    server = FakeArm()
    await server.start()
    server.on("GET", ITSELF, shape())
    yield server
    await server.stop()


def pages(arm: FakeArm) -> list[Seen]:
    """Return the requests for members."""
    return [one for one in arm.seen if not re.fullmatch(r"/v1\.0/groups/[^/]+", one.path)]


def users(*numbers: int) -> frozenset[str]:
    return frozenset(guid(number) for number in numbers)


async def test_users_and_nested_groups_are_found_at_any_depth(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), page(user(1), group(901)))
    arm.on("GET", of(901), page(user(2), group(902)))
    arm.on("GET", of(902), page(user(3)))
    found = await cloud.directory.members(ROOT)
    assert found.users == users(1, 2, 3)
    assert found.nested == users(901, 902)
    assert (found.group, found.complete, found.read_at) == (ROOT, True, START)


async def test_the_request_asks_for_ids_and_principal_names_only_in_large_pages(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("GET", of(900), page())
    await cloud.directory.members(ROOT)
    (seen,) = pages(arm)
    assert seen.path == f"/v1.0/groups/{ROOT}/members"
    assert dict(seen.query) == {
        "$select": "id,userPrincipalName,membershipRuleProcessingState",
        "$top": "999",
    }
    assert seen.headers["Authorization"] == "Bearer simulated"
    assert seen.headers["User-Agent"].startswith("avd-failover/")
    assert seen.headers["client-request-id"]


async def test_users_are_known_by_principal_name_in_lower_case_and_no_repr_shows_it(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("GET", of(900), page(called(2, "Zoe@Contoso.com"), called(3, None), user(4), group(901)))
    arm.on("GET", of(901), page(called(1, "ada@contoso.com"), called(2, "zoe@contoso.com")))
    found = await cloud.directory.members(ROOT)
    assert found.users == users(1, 2, 3, 4)
    assert found.names == (("ada@contoso.com", guid(1)), ("zoe@contoso.com", guid(2)))
    assert "contoso.com" not in repr(found) + repr(list(found.__rich_repr__()))


async def test_a_group_with_a_principal_name_is_nobody(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), page(group(901) | {"userPrincipalName": "ada@contoso.com"}))
    arm.on("GET", of(901), page())
    assert (await cloud.directory.members(ROOT)).names == ()


@pytest.mark.parametrize(
    ("state", "complete"),
    [("On", True), ("on", True), (None, True), ("Paused", False), ("Evaluating", False)],
)
async def test_a_dynamic_group_is_whole_only_while_its_rule_is_worked_off(
    arm: FakeArm, cloud: AzureCloud, state: str | None, complete: bool
) -> None:
    inner = group(901) | ({} if state is None else {"membershipRuleProcessingState": state})
    arm.on("GET", of(900), page(user(1), inner))
    arm.on("GET", of(901), page(user(2)))
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.complete) == (users(1, 2), complete)


@pytest.mark.parametrize(("state", "complete"), [("On", True), (None, True), ("Paused", False)])
async def test_the_same_goes_for_the_group_itself_which_is_read_once(
    cloud: AzureCloud, arm: FakeArm, state: str | None, complete: bool
) -> None:
    arm._scripts.clear()
    arm.on("GET", ITSELF, shape(state))
    arm.on("GET", of(900), page(user(1), then="{here}/v1.0/x?$skiptoken=2"))
    arm.on("GET", "skiptoken=2", page(user(2)))
    assert (await cloud.directory.members(ROOT)).complete is complete
    asked = [(one.path, dict(one.query)) for one in arm.seen][:1]
    assert asked == [(f"/v1.0/groups/{ROOT}", {"$select": "id,membershipRuleProcessingState"})]
    assert len(arm.seen) == 3


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (refusal(404, "Request_ResourceNotFound"), RefusedError),
        (refusal(403, "Authorization_RequestDenied"), RefusedError),
        (refusal(503, "serviceUnavailable"), TransientError),
        (Answer(200, {}), TransientError),
        (Answer(200, b"<html/>"), TransientError),
    ],
)
async def test_a_group_that_does_not_show_itself_is_not_read_any_further(
    arm: FakeArm, cloud: AzureCloud, answer: Answer, fault: type[Exception]
) -> None:
    arm._scripts.clear()
    arm.on("GET", ITSELF, answer)
    with pytest.raises(fault):
        await cloud.directory.members(ROOT)
    assert pages(arm) == []


async def test_every_page_is_read(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "skiptoken=2", page(user(2), then="{here}/v1.0/x?$skiptoken=3"))
    arm.on("GET", "skiptoken=3", page(user(3)))
    arm.on("GET", of(900), page(user(1), then="{here}/v1.0/x?$skiptoken=2"))
    assert (await cloud.directory.members(ROOT)).users == users(1, 2, 3)
    assert len(pages(arm)) == 3


async def test_an_empty_group_is_complete(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), page())
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.nested, found.complete) == (frozenset(), frozenset(), True)


async def test_groups_that_contain_each_other_are_read_once_each(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), page(group(901), group(901), group(900)))
    arm.on("GET", of(901), page(group(900), group(901), user(1)))
    found = await cloud.directory.members(ROOT)
    assert found.nested == users(901)
    assert (found.users, found.complete) == (users(1), True)
    assert len(pages(arm)) == 2


async def test_devices_and_service_principals_are_no_users(arm: FakeArm, cloud: AzureCloud) -> None:
    others = [
        {"@odata.type": f"#microsoft.graph.{kind}", "id": "x"} for kind in ("device", "servicePrincipal")
    ]
    arm.on("GET", of(900), page(user(1), *others))
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.complete) == (users(1), True)


async def test_a_member_whose_kind_is_hidden_makes_the_answer_incomplete(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    arm.on("GET", of(900), page(user(1), {"id": guid(2)}))
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.complete) == (users(1), False)


@pytest.mark.parametrize(
    "answer", [refusal(403, "Authorization_RequestDenied"), refusal(404, "Request_ResourceNotFound")]
)
async def test_a_nested_group_that_is_not_shown_makes_the_answer_incomplete(
    arm: FakeArm, cloud: AzureCloud, answer: Answer
) -> None:
    arm.on("GET", of(900), page(group(901), group(902)))
    arm.on("GET", of(901), answer)
    arm.on("GET", of(902), page(user(2)))
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.nested, found.complete) == (users(2), users(901, 902), False)


async def test_no_such_group_is_refused_with_404(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), refusal(404, "Request_ResourceNotFound", "Resource does not exist"))
    with pytest.raises(RefusedError) as caught:
        await cloud.directory.members(ROOT)
    assert (caught.value.status, caught.value.code) == (404, "Request_ResourceNotFound")


async def test_a_403_names_the_permission_that_lacks(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), refusal(403, "Authorization_RequestDenied", "Insufficient privileges"))
    with pytest.raises(RefusedError, match=r"GroupMember\.Read\.All"):
        await cloud.directory.members(ROOT)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(503, "serviceUnavailable", Retry_After="0"), id="503"),
        pytest.param(refusal(429, "TooManyRequests", Retry_After="5"), id="429"),
        pytest.param(Answer(500), id="500"),
        pytest.param(Answer(drop=True), id="dropped"),
        pytest.param(Answer(200, {}), id="no list"),
        pytest.param(Answer(200, {"value": None}), id="null for a list"),
        pytest.param(Answer(200, {"value": [{"id": 7}]}), id="a member without an id"),
        pytest.param(Answer(200, b"<html/>"), id="HTML"),
        pytest.param(Answer(200), id="nothing"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
async def test_trouble_worth_asking_again_for_is_raised_and_graph_is_asked_once(
    arm: FakeArm, cloud: AzureCloud, answer: Answer, nested: bool
) -> None:
    arm.on("GET", of(900), page(group(901)) if nested else answer)
    arm.on("GET", of(901), answer)
    with pytest.raises(TransientError):
        await cloud.directory.members(ROOT)
    assert len(pages(arm)) == 1 + nested


async def test_a_redirect_is_not_followed(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", of(900), Answer(302, headers={"Location": "{here}/v1.0/elsewhere"}))
    with pytest.raises(RefusedError):
        await cloud.directory.members(ROOT)
    assert len(pages(arm)) == 1


@pytest.mark.parametrize("nested", [False, True])
async def test_a_next_link_to_elsewhere_is_refused_with_nothing_sent(
    arm: FakeArm, cloud: AzureCloud, nested: bool
) -> None:
    elsewhere = FakeArm()
    await elsewhere.start()
    try:
        arm.on("GET", of(900), page(group(901), then=None if nested else f"{elsewhere.url}/v1.0/x"))
        arm.on("GET", of(901), page(user(1), then=f"{elsewhere.url}/v1.0/x"))
        with pytest.raises(RefusedError) as caught:
            await cloud.directory.members(ROOT)
    finally:
        await elsewhere.stop()
    assert caught.value.code == "ForeignEndpoint"
    assert elsewhere.seen == []


async def test_pages_that_lead_in_a_circle_are_incomplete(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "page=2", page(user(2), then="{here}/v1.0/x?page=2"))
    arm.on("GET", of(900), page(user(1), then="{here}/v1.0/x?page=2"))
    found = await cloud.directory.members(ROOT)
    assert (found.users, found.complete) == (users(1, 2), False)
    assert len(pages(arm)) == 2


@pytest.mark.parametrize(("bound", "value"), [("MAX_GROUPS", 2), ("MAX_USERS", 2), ("MAX_PAGES", 1)])
async def test_a_group_beyond_the_bounds_is_incomplete(
    arm: FakeArm, cloud: AzureCloud, monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    monkeypatch.setattr(directory, bound, value)
    everyone = [user(1), user(2), user(3), group(901), group(902)]
    arm.on("GET", "page=2", page())
    arm.on("GET", of(900), page(*everyone, then="{here}/v1.0/x?page=2"))
    arm.on("GET", "", page())
    assert not (await cloud.directory.members(ROOT)).complete


async def test_graph_has_a_wait_of_its_own(arm: FakeArm, clock: JumpClock) -> None:
    cloud = connect(Endpoints(arm=arm.url, graph=arm.url), clock)
    arm.on("GET", of(900), refusal(429, "TooManyRequests", Retry_After="70"), page())
    with pytest.raises(TransientError) as caught:
        await cloud.directory.members(ROOT)
    assert caught.value.wait_s == 70
    await cloud.directory.members(ROOT)
    assert clock.passed >= 70
    await cloud.aclose()
