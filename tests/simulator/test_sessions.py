"""Sessions, impatient users and their profile containers."""

import pytest

from avd_failover.simulator.records import LockConflict, Message, ProfileContainer, SessionHost
from tests.simulator.builders import (
    ADMIN,
    ENGINE,
    GROUP_B,
    POOL_A,
    POOL_B,
    STAFF,
    assignment_of,
    drain,
    grant,
    host,
    log_all_off,
    machine,
    sessions_on,
    small_world,
)


def holder(world, session):
    return world.core.get(ProfileContainer, session.user).held_by


def conflicts(world):
    return world.core.table(LockConflict)


def test_a_log_off_passes_through_logoff_and_frees_the_container_only_when_it_is_done():
    world = small_world()
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id.upper())
    assert world.sessions.get(session.id).state == "LogOff"
    assert holder(world, session) == session.id
    world.advance(9.9)
    assert holder(world, session) == session.id
    world.advance(10)
    assert holder(world, session) is None
    assert world.sessions.log_off(ENGINE, session.id) is None


def test_logging_off_twice_does_not_start_a_second_log_off():
    world = small_world()
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(5)
    world.sessions.log_off(ENGINE, session.id)
    world.advance(10)
    assert session.id not in [s.id for s in sessions_on(world)]


def test_some_log_offs_hang_on_the_container():
    world = small_world(physics={"log_off_slow_share": 1})
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(59)
    assert world.sessions.get(session.id).state == "LogOff"
    world.advance(90)
    assert session.id not in [s.id for s in sessions_on(world)]


def test_a_user_who_lost_a_session_comes_back_after_the_retry_interval():
    world = small_world()
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(19.9)
    assert not world.sessions.of_user(session.user)
    world.advance(20)
    assert [s.state for s in world.sessions.of_user(session.user)] == ["Pending"]
    world.advance(25)
    assert [s.state for s in world.sessions.of_user(session.user)] == ["Active"]


def test_drained_hosts_take_nobody_new_but_let_the_disconnected_return():
    world = small_world()
    drain(world, "a")
    leaving, staying = sessions_on(world)[:2]
    world.sessions.log_off(ENGINE, leaving.id)
    world.sessions.disconnect(ENGINE, staying.id)
    assert holder(world, staying) == staying.id
    world.advance(599)
    assert not world.sessions.of_user(leaving.user)
    assert world.sessions.get(staying.id).state == "Disconnected"
    world.advance(600)
    assert world.sessions.get(staying.id).state == "Active"


def test_disconnecting_twice_is_accepted_and_changes_nothing_more():
    world = small_world()
    session = sessions_on(world)[0]
    world.sessions.disconnect(ENGINE, session.id)
    length = world.history.next_sequence
    assert world.sessions.disconnect(ENGINE, session.id).state == "Disconnected"
    assert world.history.next_sequence == length


def test_sign_in_elsewhere_while_the_container_is_held_ends_with_error_33():
    world = small_world(physics={"log_off_s": {"low": 60, "high": 60}})
    world.roles.delete(ENGINE, assignment_of(world))
    grant(world)
    world.advance(130)
    session = sessions_on(world)[0]
    world.sessions.log_off(ENGINE, session.id)
    world.advance(130 + 20)
    assert [c.error for c in conflicts(world).values()] == [33]
    pending = [s for s in world.sessions.of_user(session.user) if s.host_pool == POOL_B]
    assert [s.state for s in pending] == ["Pending"]
    world.advance(130 + 26)
    assert not [s for s in world.sessions.of_user(session.user) if s.host_pool == POOL_B]
    world.advance(130 + 150)
    assert [s.state for s in world.sessions.of_user(session.user)] == ["Active"]
    assert len(conflicts(world)) == 2, "one more attempt at 45 s met the lock, the one after it did not"


def test_a_mere_disconnect_keeps_the_container_and_locks_the_user_out_on_the_other_side():
    world = small_world()
    world.roles.delete(ENGINE, assignment_of(world))
    session = sessions_on(world)[0]
    grant(world)
    world.advance(130)
    world.sessions.disconnect(ADMIN, session.id)
    world.broker.connect(session.user)
    assert [c.held_by for c in conflicts(world).values()] == [session.id]


def test_without_any_access_a_cached_feed_still_leads_back_to_the_disconnected_session():
    world = small_world()
    world.roles.delete(ENGINE, assignment_of(world))
    world.advance(130)
    session = sessions_on(world)[0]
    world.sessions.disconnect(ADMIN, session.id)
    world.broker.connect(session.user)
    assert world.sessions.get(session.id).state == "Active"


def test_a_disconnected_session_on_a_stopped_host_is_not_returned_to_and_the_lock_outlives_the_host():
    world = small_world()
    drain(world, "a")
    session = next(s for s in sessions_on(world) if s.host == host("a", 0))
    world.machines.deallocate(ENGINE, machine("a", 0))
    world.advance(79.9)
    assert holder(world, session) == session.id
    world.advance(80)
    assert holder(world, session) is None


@pytest.mark.parametrize("balancing", ["BreadthFirst", "DepthFirst"])
def test_new_sessions_are_spread_as_the_pool_says_and_never_beyond_its_limit(balancing):
    world = small_world(sessions=0, limit=2)
    pool = world.pools.get(POOL_A)
    world.core.change(ADMIN, "patch-host-pool", pool, load_balancer_type=balancing)
    for user in world.directory.users_of(STAFF):
        world.broker.connect(user.id)
    counts = sorted(world.sessions.count_on_host(host("a", n)) for n in range(3))
    assert counts == ([1, 1, 2] if balancing == "BreadthFirst" else [0, 2, 2])


def test_a_full_pool_lands_nobody():
    world = small_world(sessions=3, limit=1)
    waiting = next(u for u in world.directory.users_of(STAFF) if not world.sessions.of_user(u.id))
    world.broker.connect(waiting.id)
    assert not world.sessions.of_user(waiting.id)


def test_start_vm_on_connect_wakes_one_undrained_host_and_the_user_lands_there():
    world = small_world()
    for number in range(3):
        world.machines.deallocate(ADMIN, machine("a", number))
    world.hosts.set_logons(ADMIN, host("a", 0), allowed=False)
    world.advance(55)
    powers = []
    for moment in (90, 130):
        world.advance(moment)
        powers.append([world.machines.get(machine("a", n)).power for n in range(3)])
    assert powers[0] == ["deallocated", "starting", "deallocated"]
    assert powers[1] == ["deallocated", "running", "deallocated"]
    world.advance(600)
    landed = {s.host for u in world.directory.users_of(STAFF) for s in world.sessions.of_user(u.id)}
    assert landed == {host("a", 1)}


def test_start_vm_on_connect_never_wakes_a_drained_pool_nor_one_that_forbids_it():
    for forbid in ("drain", "setting"):
        world = small_world()
        if forbid == "drain":
            drain(world, "a")
        else:
            world.pools.set_start_on_connect(ENGINE, POOL_A, allowed=False)
        for number in range(3):
            world.machines.deallocate(ENGINE, machine("a", number))
        world.advance(1_800)
        assert {world.machines.get(machine("a", n)).power for n in range(3)} == {"deallocated"}


def test_users_without_a_session_arrive_on_their_own():
    world = small_world(sessions=0)
    world.advance(899)
    assert not sessions_on(world)
    world.advance(910)
    assert [s.state for s in sessions_on(world)] == ["Active"] * 4


def test_active_users_leave_and_return_when_the_scenario_says_so():
    world = small_world(physics={"leave_s": {"low": 300, "high": 300}})
    world.broker.connect(world.directory.users_of(STAFF)[0].id)
    world.advance(300)
    assert {s.state for s in sessions_on(world)} == {"Disconnected"}
    world.advance(900)
    assert {s.state for s in sessions_on(world)} == {"Active"}


def test_a_message_is_kept_and_the_session_unchanged():
    world = small_world()
    session = sessions_on(world)[0]
    world.sessions.send_message(ENGINE, session.id, title="Moving", body="Please save")
    message = next(iter(world.core.table(Message).values()))
    assert (message.session, message.title, message.body) == (session.id, "Moving", "Please save")
    assert world.sessions.get(session.id) == session


def test_the_same_host_listing_counts_ghosts_as_the_service_does():
    world = small_world()
    drain(world, "a")
    world.machines.deallocate(ENGINE, machine("a", 0))
    ghosts = world.sessions.list_on_host(host("a", 0))
    assert ghosts
    assert all(s.ghost for s in ghosts)
    assert world.sessions.count_on_host(host("a", 0)) == len(ghosts)
    assert not world.sessions.alive_on_host(host("a", 0))


def test_a_hidden_application_group_attracts_nobody():
    world = small_world(sessions=0)
    group = world.pools.application_group(GROUP_B.replace("-b", "-a").replace("rg-b", "rg-a"))
    world.core.change(ADMIN, "hide", group, show_in_feed=False)
    world.advance(3_600)
    assert not sessions_on(world)


def test_everyone_logged_off_from_a_drained_pool_stays_out():
    world = small_world()
    drain(world, "a")
    log_all_off(world)
    world.advance(3_600)
    assert not sessions_on(world)
    assert {h.allow_new_session for h in world.core.table(SessionHost).values() if "/hp-a/" in h.id} == {
        False
    }


def reuse(world, *, on):
    world.core.physics = world.core.physics.model_copy(update={"reuse_session_ids": on})


def test_a_number_that_was_given_while_ids_came_back_is_not_given_to_a_second_session():
    world = small_world(sessions=0)
    first, second = world.directory.users_of(STAFF)[:2]
    seat = world.core.get(SessionHost, host("a", 0))
    reuse(world, on=True)
    early = world.broker.seat(first, seat, "Active")
    reuse(world, on=False)
    late = world.broker.seat(second, seat, "Active")
    assert early.id != late.id
    assert [s.user for s in sessions_on(world)] == [first.id, second.id]
    world.sessions.log_off(ENGINE, late.id)
    world.advance(10)
    assert [s.id for s in world.sessions.of_user(first.id)] == [early.id]
    assert not world.sessions.of_user(second.id)


def test_ids_of_sessions_that_are_gone_come_back_only_while_they_are_reused():
    world = small_world(sessions=0)
    user = world.directory.users_of(STAFF)[0]
    seat = world.core.get(SessionHost, host("a", 0))
    given = []
    for reused in (False, True, False):
        reuse(world, on=reused)
        session = world.broker.seat(user, seat, "Active")
        given.append(session.name)
        world.core.erase(ADMIN, "gone", session)
        world.sessions.release(session)
    assert given == ["1", "1", "2"]


@pytest.mark.parametrize("what", ["log-off", "ghost", "sign-in"])
def test_what_was_due_for_one_session_does_not_befall_the_next_with_its_id(what):
    world = small_world(sessions=0)
    first, second = world.directory.users_of(STAFF)[:2]
    seat = world.core.get(SessionHost, host("a", 0))
    reuse(world, on=True)
    early = world.broker.seat(first, seat, "Pending" if what == "sign-in" else "Active")
    if what == "log-off":
        world.sessions.log_off(ENGINE, early.id)
    if what == "ghost":
        world.sessions.drop_all(seat)
    world.core.erase(ADMIN, "gone", world.sessions.get(early.id))
    world.advance(1)
    late = world.broker.seat(second, seat, "Active")
    world.core.change(ADMIN, "is", late, state="LogOff" if what == "log-off" else "Active")
    assert late.id == early.id
    world.advance(250)
    assert world.sessions.get(late.id).user == second.id
