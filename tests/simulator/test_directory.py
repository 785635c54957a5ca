"""Users, groups and nested groups."""

import pytest

from avd_failover.simulator.records import Group, key
from avd_failover.simulator.refusals import ArmRefusal
from tests.simulator.builders import ADMIN, GROUP_A, KIOSK, NIGHT, STAFF, small_world


def test_nested_groups_are_members_and_their_users_are_transitive_members():
    world = small_world()
    direct = world.directory.members(STAFF)
    assert [m.id for m in direct if isinstance(m, Group)] == [NIGHT]
    assert len(direct) == 4
    assert len(world.directory.transitive_members(STAFF)) == 5
    assert len(world.directory.users_of(STAFF)) == 4
    night = world.directory.users_of(NIGHT)[0]
    assert set(world.directory.principals_of(key(night.id))) == {key(night.id), NIGHT, STAFF}


def test_a_circle_of_groups_ends():
    world = small_world()
    world.directory.add_member(ADMIN, NIGHT, STAFF)
    assert len(world.directory.users_of(STAFF)) == 4
    assert STAFF in world.directory.principals_of(world.directory.users_of(NIGHT)[0].id)


def test_joining_and_leaving_a_group_moves_access_with_it():
    world = small_world(sessions=0)
    kiosk = world.directory.users_of(KIOSK)[0]
    world.directory.remove_member(ADMIN, KIOSK, kiosk.id.upper())
    assert world.access.application_groups(kiosk.id) == []
    world.directory.add_member(ADMIN, NIGHT, kiosk.id)
    assert [g.id for g in world.access.application_groups(kiosk.id)] == [GROUP_A]


@pytest.mark.parametrize(
    ("ask", "status", "code"),
    [
        (lambda d, u: d.add_member(ADMIN, KIOSK, u), 400, "Request_BadRequest"),
        (lambda d, u: d.add_member(ADMIN, KIOSK, "nobody"), 404, "Request_ResourceNotFound"),
        (lambda d, u: d.remove_member(ADMIN, STAFF, u), 404, "Request_ResourceNotFound"),
        (lambda d, u: d.members("nobody"), 404, "Request_ResourceNotFound"),
    ],
)
def test_graph_refuses_with_its_own_codes(ask, status, code):
    world = small_world()
    kiosk = world.directory.users_of(KIOSK)[0]
    with pytest.raises(ArmRefusal) as refusal:
        ask(world.directory, kiosk.id)
    assert (refusal.value.status, refusal.value.code) == (status, code)


def test_a_principal_is_a_user_a_group_or_nobody():
    world = small_world()
    user = world.directory.users_of(NIGHT)[0]
    assert world.directory.users_of(user.id) == [user]
    assert world.directory.users_of("nobody") == []
    assert len(world.directory.users()) == 5
    assert [g.display_name for g in world.directory.groups()] == ["NIGHT", "STAFF", "KIOSK"]
