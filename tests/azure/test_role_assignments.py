"""Role assignments: complete images in, complete images out."""

import pytest
from msgspec.structs import replace

from avd_failover.azure.estate import AzureCloud
from avd_failover.domain import ids
from avd_failover.domain.estate import DESKTOP_VIRTUALIZATION_USER, USE_APPLICATIONS, RoleAssignment
from avd_failover.domain.faults import RefusedError, TransientError
from tests.azure.builders import APPS, ASSIGNMENT, GROUP, NAME, PRINCIPAL, ROLE, SUBSCRIPTION, assignment_body
from tests.azure.fake_arm import Answer, FakeArm, listed, refusal
from tests.azure.recordings import answer_of, recorded

IMAGE = RoleAssignment(
    id=ASSIGNMENT,
    name=NAME,
    scope=ids.scope(APPS),
    principal_id=ids.PrincipalId(PRINCIPAL),
    principal_type="Group",
    role_definition_id=ROLE.lower(),
)
CONDITIONAL = replace(
    IMAGE, condition="@Resource[A:B] StringEquals 'Foo'", condition_version="2.0", description="Hi"
)
EXTRAS = {"condition": "@Resource[A:B] StringEquals 'Foo'", "conditionVersion": "2.0", "description": "Hi"}
ROOT_LISTED = assignment_body("/", "aaaaaaaa-0000-0000-0000-00000000000f")
ROLES = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"


async def test_assignments_are_listed_at_and_above_with_every_property(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    upper = assignment_body(APPS.upper(), NAME.upper(), **EXTRAS)
    arm.on("GET", "/roleAssignments.*", listed(upper, assignment_body(GROUP), ROOT_LISTED))
    reading = await cloud.assignments.at_or_above(ids.scope(APPS))
    assert reading.items[0] == CONDITIONAL
    assert [found.scope for found in reading.items] == [APPS, GROUP.lower(), "/"]
    assert reading.items[0].role == DESKTOP_VIRTUALIZATION_USER
    assert arm.seen[0].query["$filter"] == "atScope()"
    assert arm.seen[0].path.lower() == f"{APPS}/providers/microsoft.authorization/roleassignments"


async def test_the_root_scope_can_be_asked_for(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/roleAssignments.*", listed(ROOT_LISTED))
    reading = await cloud.assignments.at_or_above(ids.scope("/"))
    assert reading.items[0].scope == "/"
    assert arm.seen[0].path == "/providers/Microsoft.Authorization/roleAssignments"


async def test_one_assignment_is_read_by_its_id(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", f"/roleAssignments/{NAME}", Answer(200, assignment_body(**EXTRAS)))
    assert await cloud.assignments.get(ASSIGNMENT) == CONDITIONAL
    assert arm.seen[0].path == ASSIGNMENT


@pytest.mark.parametrize("code", ["RoleAssignmentNotFound", "ResourceNotFound", "ResourceGroupNotFound"])
async def test_an_absent_assignment_is_none(arm: FakeArm, cloud: AzureCloud, code: str) -> None:
    arm.on("GET", "", refusal(404, code))
    assert await cloud.assignments.get(ASSIGNMENT) is None


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(404, "SubscriptionNotFound"), id="wrong subscription"),
        pytest.param(Answer(404, b"<html>no such page</html>"), id="a gateway's 404"),
        pytest.param(refusal(403, "AuthorizationFailed"), id="not allowed to look"),
    ],
)
async def test_an_assignment_that_was_not_seen_is_not_absent(
    arm: FakeArm, cloud: AzureCloud, answer: Answer
) -> None:
    arm.on("GET", "", answer)
    with pytest.raises(RefusedError):
        await cloud.assignments.get(ASSIGNMENT)


async def test_an_assignment_that_cannot_be_read_is_not_absent(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "", Answer(200, {}))
    with pytest.raises(TransientError):
        await cloud.assignments.get(ASSIGNMENT)


@pytest.mark.parametrize("status", [200, 201])
async def test_a_grant_sends_the_image_field_by_field(arm: FakeArm, cloud: AzureCloud, status: int) -> None:
    arm.on("PUT", "", Answer(status, assignment_body(), {"x-ms-request-id": "r-1"}))
    accepted = await cloud.assignments.create(CONDITIONAL)
    (sent,) = arm.seen
    assert sent.path == ASSIGNMENT
    assert sent.body == {
        "properties": {
            "roleDefinitionId": ROLE.lower(),
            "principalId": PRINCIPAL,
            "principalType": "Group",
            **EXTRAS,
        }
    }
    assert accepted.request_id == "r-1"


async def test_a_grant_without_a_condition_sends_none(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PUT", "", Answer(201, assignment_body()))
    await cloud.assignments.create(IMAGE)
    assert set(arm.seen[0].body["properties"]) == {"roleDefinitionId", "principalId", "principalType"}


@pytest.mark.parametrize(
    ("status", "code"),
    [(409, "RoleAssignmentExists"), (400, "PrincipalNotFound"), (400, "RoleAssignmentUpdateNotPermitted")],
)
async def test_a_refused_grant_carries_azures_code(
    arm: FakeArm, cloud: AzureCloud, status: int, code: str
) -> None:
    arm.on("PUT", "", refusal(status, code))
    with pytest.raises(RefusedError) as caught:
        await cloud.assignments.create(IMAGE)
    assert (caught.value.status, caught.value.code) == (status, code)


@pytest.mark.parametrize("answer", [Answer(204), Answer(200, assignment_body())])
async def test_a_revoke_is_accepted_whether_or_not_there_was_one(
    arm: FakeArm, cloud: AzureCloud, answer: Answer
) -> None:
    arm.on("DELETE", "", answer)
    await cloud.assignments.delete(ASSIGNMENT)
    assert [seen.path for seen in arm.seen] == [ASSIGNMENT]


async def test_the_count_leaves_out_what_lies_above_the_subscription(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("GET", "/roleAssignments", listed(assignment_body(), assignment_body(GROUP), ROOT_LISTED))
    reading = await cloud.assignments.count(ids.SubscriptionId(SUBSCRIPTION))
    assert reading.items == (ASSIGNMENT, ids.assignment_at(ids.scope(GROUP), NAME))
    assert reading.complete


def role(name: str, *permissions: dict[str, list[str]]) -> dict[str, object]:
    return {"id": f"{ROLES}/{name}", "properties": {"roleName": name, "permissions": list(permissions)}}


async def test_a_role_is_reduced_to_its_data_actions(arm: FakeArm, cloud: AzureCloud) -> None:
    plain = role("user", {"actions": ["*"], "dataActions": [USE_APPLICATIONS.upper()]})
    none = role("reader", {"actions": ["*/read"]})
    arm.on("GET", "/roleDefinitions", listed(plain, none))
    first, second = (await cloud.assignments.definitions(ids.scope(APPS))).items
    assert (first.name, first.data_actions, first.not_data_actions) == ("user", (USE_APPLICATIONS,), ())
    assert first.id == f"{ROLES}/user".lower()
    assert second.data_actions == ()


async def test_an_exclusion_in_one_block_does_not_take_away_what_another_grants(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    wildcard = {
        "dataActions": ["Microsoft.DesktopVirtualization/*"],
        "notDataActions": ["x/y", USE_APPLICATIONS],
    }
    second = {"dataActions": [USE_APPLICATIONS], "notDataActions": ["X/Y"]}
    arm.on("GET", "", listed(role("custom", wildcard, second, {"notDataActions": [USE_APPLICATIONS]})))
    (found,) = (await cloud.assignments.definitions(ids.scope(APPS))).items
    assert USE_APPLICATIONS in found.data_actions
    assert found.not_data_actions == ("x/y",)


async def test_a_recorded_assignment_is_read_with_its_condition(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("role-assignments", "roleAssignments.get")
    arm.on("GET", "", answer_of(exchange))
    found = await cloud.assignments.get(ids.assignment_id(exchange["request"]["path"]))
    assert found is not None
    told = exchange["response"]["body"]["properties"]
    assert (found.condition, found.condition_version) == (told["condition"], told["conditionVersion"])
    assert (found.description, found.principal_type) == (told["description"], told["principalType"])


async def test_a_recorded_list_is_read_whole(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("role-assignments", "roleAssignments.listForResourceGroup($filter atScope)")
    arm.on("GET", "/roleAssignments.*", answer_of(exchange))
    reading = await cloud.assignments.at_or_above(ids.scope(GROUP))
    assert reading.complete, reading.gap
    assert len(reading.items) == len(exchange["response"]["body"]["value"])


async def test_a_recorded_list_of_roles_is_read_whole(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("role-assignments", "roleDefinitions.list")
    arm.on("GET", "/roleDefinitions", answer_of(exchange))
    reading = await cloud.assignments.definitions(ids.scope("/"))
    assert reading.complete, reading.gap
    assert len(reading.items) == len(exchange["response"]["body"]["value"])


@pytest.mark.parametrize(
    "operation", ["roleAssignments.delete", "roleAssignments.delete (service principal)"]
)
async def test_a_recorded_revoke_is_accepted(arm: FakeArm, cloud: AzureCloud, operation: str) -> None:
    exchange = recorded("role-assignments", operation)
    arm.on("DELETE", "", answer_of(exchange))
    await cloud.assignments.delete(ids.assignment_id(exchange["request"]["path"]))


async def test_a_recorded_refusal_for_a_fresh_principal_keeps_its_code(
    arm: FakeArm, cloud: AzureCloud
) -> None:
    exchange = recorded("role-assignments", "roleAssignments.create -> PrincipalNotFound (replication delay)")
    arm.on("PUT", "", answer_of(exchange))
    with pytest.raises(RefusedError) as caught:
        await cloud.assignments.create(IMAGE)
    assert caught.value.code == "PrincipalNotFound"


async def test_a_recorded_403_names_the_right_and_not_the_person(arm: FakeArm, cloud: AzureCloud) -> None:
    exchange = recorded("arm-common", "error 403 AuthorizationFailed")
    arm.on("DELETE", "", answer_of(exchange))
    with pytest.raises(RefusedError) as caught:
        await cloud.assignments.delete(ASSIGNMENT)
    assert "Microsoft.Authorization/policyDefinitions/error_policy/read" in caught.value.message
    assert "contoso" not in caught.value.message


async def test_a_recorded_429_is_transient(arm: FakeArm, cloud: AzureCloud) -> None:
    arm.on("PUT", "", answer_of(recorded("arm-common", "429 (network provider)")))
    with pytest.raises(TransientError) as caught:
        await cloud.assignments.create(IMAGE)
    assert caught.value.status == 429
