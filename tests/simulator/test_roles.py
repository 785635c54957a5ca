"""Role assignments: what ARM answers, how lists lag, and when access follows."""

import pytest

from avd_failover.simulator.refusals import ArmRefusal
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_A,
    GROUP_B,
    KIOSK,
    NIGHT,
    READER,
    ROOT,
    STAFF,
    USER_ROLE,
    assignment_of,
    grant,
    small_world,
)

NAME = "33333333-0000-4000-8000-000000000001"


def names(world, scope, odata_filter="atScope()"):
    return [a.principal_id for a in world.roles.assignments_for_scope(ADMIN, scope, odata_filter)]


def test_a_new_assignment_is_read_by_id_at_once_and_listed_only_after_the_lag():
    world = small_world()
    made = grant(world)
    assert world.roles.assignment(ENGINE, made.upper()).principal_id == STAFF
    world.advance(39.9)
    assert names(world, GROUP_B) == []
    world.advance(40)
    assert names(world, GROUP_B) == [STAFF]


def test_a_deleted_assignment_is_gone_by_id_at_once_and_still_listed_until_the_lag_is_over():
    world = small_world()
    target = assignment_of(world)
    deleted = world.roles.delete(ENGINE, target.lower())
    assert deleted is not None
    assert deleted.description == "staff desktop"
    with pytest.raises(ArmRefusal) as refusal:
        world.roles.assignment(ENGINE, target)
    assert (refusal.value.status, refusal.value.code) == (404, "RoleAssignmentNotFound")
    world.advance(39.9)
    assert STAFF in names(world, GROUP_A)
    world.advance(40)
    assert STAFF not in names(world, GROUP_A)


def test_deleting_what_is_not_there_is_no_content_and_no_history():
    world = small_world()
    target = assignment_of(world)
    world.roles.delete(ENGINE, target)
    length = world.history.next_sequence
    assert world.roles.delete(ENGINE, target) is None
    assert world.history.next_sequence == length


@pytest.mark.parametrize(("moment", "opens"), [(99.9, False), (100, True)])
def test_a_grant_opens_the_door_after_its_own_delay(moment, opens):
    world = small_world(sessions=0)
    grant(world)
    world.advance(moment)
    user = world.directory.users_of(NIGHT)[0].id
    assert (GROUP_B in [g.id for g in world.access.application_groups(user)]) is opens


@pytest.mark.parametrize(("moment", "opens"), [(119.9, True), (120, False)])
def test_a_revoke_closes_the_door_after_its_own_delay(moment, opens):
    world = small_world(sessions=0)
    world.roles.delete(ENGINE, assignment_of(world))
    world.advance(moment)
    user = world.directory.users_of(STAFF)[0].id
    assert (GROUP_A in [g.id for g in world.access.application_groups(user)]) is opens


def test_an_assignment_deleted_before_it_took_effect_never_opens_a_door():
    world = small_world(sessions=0)
    made = grant(world)
    world.advance(50)
    world.roles.delete(ENGINE, made)
    world.advance(1_000)
    user = world.directory.users_of(STAFF)[0].id
    assert GROUP_B not in [g.id for g in world.access.application_groups(user)]


def test_the_same_name_again_with_another_description_is_created_and_keeps_its_birth():
    world = small_world()
    grant(world)
    world.advance(10)
    status, again = world.roles.put(
        ADMIN, GROUP_B, NAME, principal_id=STAFF, principal_type="Group", role_definition_id=USER_ROLE,
        description="edited",
    )  # fmt: skip
    assert (status, again.description, again.created_by, again.created_s) == (201, "edited", ENGINE, 0.0)
    assert again.updated_s == 10


@pytest.mark.parametrize(
    ("changes", "name", "status", "code"),
    [
        ({}, "33333333-0000-4000-8000-000000000002", 409, "RoleAssignmentExists"),
        ({"principal_id": KIOSK}, NAME, 400, "RoleAssignmentUpdateNotPermitted"),
        ({"role_definition_id": READER}, NAME, 400, "RoleAssignmentUpdateNotPermitted"),
        ({}, "not-a-guid", 400, "InvalidRoleAssignmentId"),
        ({"role_definition_id": NAME}, NAME, 400, "RoleDefinitionDoesNotExist"),
        ({"principal_id": "99999999-0000-4000-8000-000000000009"}, NAME, 400, "PrincipalNotFound"),
    ],
)
def test_a_put_that_azure_would_refuse_is_refused_with_its_code(changes, name, status, code):
    world = small_world()
    grant(world)
    fields = {"principal_id": STAFF, "principal_type": "Group", "role_definition_id": USER_ROLE} | changes
    before = world.history.next_sequence
    with pytest.raises(ArmRefusal) as refusal:
        world.roles.put(ENGINE, GROUP_B, name, **fields)
    assert (refusal.value.status, refusal.value.code) == (status, code)
    assert world.history.next_sequence == before


def test_one_name_cannot_serve_two_scopes_even_in_another_casing():
    world = small_world()
    grant(world)
    with pytest.raises(ArmRefusal, match="RoleAssignmentUpdateNotPermitted"):
        grant(world, scope=GROUP_A, principal_id=NIGHT)


def test_a_principal_that_is_new_is_not_found_until_every_replica_knows_it():
    world = small_world()
    group = world.directory.group(STAFF)
    world.core.change(ADMIN, "create-group", group, created_s=0.0)
    with pytest.raises(ArmRefusal) as refusal:
        grant(world)
    assert refusal.value.code == "PrincipalNotFound"
    assert STAFF.replace("-", "") in refusal.value.message
    world.advance(180)
    assert grant(world)


@pytest.mark.parametrize("principal_type", ["User", "ServicePrincipal"])
def test_naming_the_principal_type_skips_the_directory_check(principal_type):
    unknown = "99999999-0000-4000-8000-000000000009"
    assert grant(small_world(), principal_id=unknown, principal_type=principal_type)


@pytest.mark.parametrize(
    ("limit", "scope"),
    [({"assignments_per_object": 2}, GROUP_A), ({"assignments_per_subscription": 3}, GROUP_B)],
)
def test_a_full_object_or_subscription_takes_no_further_assignment(limit, scope):
    world = small_world(physics=limit)
    with pytest.raises(ArmRefusal) as refusal:
        grant(world, scope=scope, principal_id=NIGHT)
    assert (refusal.value.status, refusal.value.code) == (400, "RoleAssignmentLimitExceeded")


def test_filters_choose_what_a_list_shows():
    world = small_world()
    assert names(world, GROUP_A) == [STAFF, KIOSK, KIOSK]
    assert names(world, f"{ROOT}/resourceGroups/rg-a") == [KIOSK]
    assert names(world, ROOT, f"principalId eq '{STAFF}'") == [STAFF]
    assert names(world, ROOT, "") == [STAFF, KIOSK, KIOSK]
    night = world.directory.users_of(NIGHT)[0].id
    assert names(world, ROOT, f"principalId eq '{night}'") == []
    assert names(world, ROOT, f"assignedTo('{night}')") == [STAFF]
    with pytest.raises(ArmRefusal, match="not supported"):
        names(world, ROOT, "name eq 'x'")


def test_a_wildcard_role_and_a_scope_above_open_application_groups_too():
    custom = {"id": NAME, "name": "Everything", "data_actions": ["Microsoft.DesktopVirtualization/*"]}
    shadow = {"principal": "NIGHT", "role": "Everything", "management_group": "corp"}
    world = small_world(sessions=0, roles=[custom], assignments=[shadow])
    user = world.directory.users_of(NIGHT)[0].id
    assert [g.id for g in world.access.application_groups(user)] == [GROUP_A, GROUP_B]


def test_an_excluded_data_action_opens_nothing():
    data = ["Microsoft.DesktopVirtualization/*"]
    custom = {
        "id": NAME,
        "name": "Not this",
        "data_actions": data,
        "not_data_actions": ["*/useApplications/action"],
    }
    shadow = {"principal": "NIGHT", "role": "Not this", "subscription": ROOT.rsplit("/", 1)[1]}
    world = small_world(sessions=0, roles=[custom], assignments=[shadow])
    assert world.access.application_groups(world.directory.users_of(NIGHT)[0].id) == []


def test_definitions_are_found_by_guid_or_id_and_missing_ones_refused():
    world = small_world()
    listed = [role.role_name for role in world.roles.definitions(GROUP_A)]
    assert {"Desktop Virtualization User", "Reader"} <= set(listed)
    assert (
        world.roles.definition(f"/x/roleDefinitions/{USER_ROLE}").role_name == "Desktop Virtualization User"
    )
    with pytest.raises(ArmRefusal, match="RoleDefinitionDoesNotExist"):
        world.roles.definition(NAME)


def test_a_filter_at_scope_and_by_principal_leaves_out_what_is_below():
    world = small_world()
    everywhere = names(world, ROOT, f"principalId eq '{STAFF}'")
    above = names(world, ROOT, f"atScope() and principalId eq '{STAFF}'")
    assert everywhere
    assert above == []
    assert names(world, GROUP_A, f"atScope() and assignedTo('{STAFF}')") == [STAFF]
    for wrong in ("atScope() and atScope()", "atScope() and ", f"assignedTo('{STAFF}') and atScope()"):
        with pytest.raises(ArmRefusal, match="not supported"):
            names(world, GROUP_A, wrong)
