"""Actions are values: complete, readable for ever, and undone by their inverse."""

from typing import Any, get_args

import msgspec
import pytest

from avd_failover.domain.actions import (
    Action,
    CallWebhook,
    DeallocateMachine,
    GrantAssignment,
    LogOff,
    RevokeAssignment,
    RunCommand,
    SetLogons,
    SetPoolReferences,
    SetScheduleFloor,
    SetStartOnConnect,
    StartMachine,
    TellUser,
    kind_of,
)
from avd_failover.domain.estate import PoolReference, ScheduleFloor
from avd_failover.domain.ids import machine_id, scaling_plan_id, schedule_id, user_session_id
from tests.domain.builders import DAG_WEU, GRP1, assignment, host_id, pool, resource, resource_group, user
from tests.recovery_actions import RECOVERY_ACTIONS

HELD = assignment(DAG_WEU, GRP1.id, condition="x", condition_version="2.0", description="by hand")
MACHINE = machine_id(f"{resource_group('weu')}/providers/Microsoft.Compute/virtualMachines/vm-1")
SESSION = user_session_id(f"{host_id(1)}/userSessions/3")
SCALING = scaling_plan_id(resource("weu", "scalingPlans", "sp-weu"))
SCHEDULE = schedule_id(resource("weu", "scalingPlans", "sp-weu/pooledSchedules/weekdays"))
LOW, HIGH = (
    ScheduleFloor(
        ramp_up_minimum_hosts_pct=pct,
        ramp_up_capacity_threshold_pct=60,
        ramp_down_minimum_hosts_pct=pct,
        ramp_down_capacity_threshold_pct=90,
    )
    for pct in (0, 100)
)
ON, OFF = ((PoolReference(host_pool=pool("weu"), enabled=enabled),) for enabled in (True, False))

ACTIONS: list[tuple[str, str, Any]] = [
    ("assignment.revoke", HELD.id, RevokeAssignment(assignment=HELD, reason="r")),
    ("assignment.grant", HELD.id, GrantAssignment(assignment=HELD, reason="r")),
    ("host.logons", host_id(1), SetLogons(host=host_id(1), allowed=False, before=True, reason="r")),
    ("session.logoff", SESSION, LogOff(session=SESSION, user=user(1), reason="r")),
    ("session.message", SESSION, TellUser(session=SESSION, title="t", body="b", reason="r")),
    ("machine.start", MACHINE, StartMachine(machine=MACHINE, reason="r")),
    ("machine.deallocate", MACHINE, DeallocateMachine(machine=MACHINE, reason="r")),
    ("autoscale.pools", SCALING, SetPoolReferences(plan=SCALING, references=OFF, before=ON, reason="r")),
    ("autoscale.floor", SCHEDULE, SetScheduleFloor(schedule=SCHEDULE, floor=HIGH, before=LOW, reason="r")),
    (
        "pool.start-on-connect",
        pool("weu"),
        SetStartOnConnect(host_pool=pool("weu"), allowed=False, before=True, reason="r"),
    ),
    (
        "command.run",
        "dns",
        RunCommand(step="dns", number=1, argv=("/bin/true",), environment=("HOME",), timeout_s=5, reason="r"),
    ),
    (
        "webhook.call",
        "tell",
        CallWebhook(
            step="tell", number=1, url="https://h.test/", body="{}", key="k", timeout_s=5, reason="r"
        ),
    ),
    *((tag, target, action) for tag, target, action, _ in RECOVERY_ACTIONS),
]
TAGS = [case[0] for case in ACTIONS]
BACK = [case for case in ACTIONS if case[2].inverse() is not None]


def test_every_kind_of_action_is_held_to_these_tests():
    assert {type(action) for _, _, action in ACTIONS} == set(get_args(Action))


@pytest.mark.parametrize(("tag", "target", "action"), ACTIONS, ids=TAGS)
def test_an_action_knows_its_kind_and_its_target(tag, target, action):
    assert kind_of(action) == tag
    assert action.target == target


@pytest.mark.parametrize(("tag", "target", "action"), ACTIONS, ids=TAGS)
def test_an_action_survives_the_journal_under_its_tag(tag, target, action):
    text = msgspec.json.encode(action)
    assert msgspec.json.decode(text)["type"] == tag
    assert msgspec.json.decode(text, type=Action) == action
    assert target.encode() in text


@pytest.mark.parametrize(("tag", "target", "action"), BACK, ids=[case[0] for case in BACK])
def test_an_inverse_acts_on_the_same_target_and_is_undone_by_the_action(tag, target, action):
    inverse = action.inverse()
    assert inverse.target == target
    assert inverse.reason == "undo: r"
    again = inverse.inverse()
    assert kind_of(again) == tag
    assert msgspec.structs.replace(again, reason="r") == action


@pytest.mark.parametrize(("tag", "target", "action"), BACK, ids=[case[0] for case in BACK])
def test_an_inverse_is_never_the_action_itself(tag, target, action):
    changed = msgspec.structs.replace(action.inverse(), reason="r")
    assert changed != action, (tag, target)


def test_what_a_person_notices_cannot_be_undone():
    assert {kind_of(action) for _, _, action in ACTIONS if action.inverse() is None} == {
        "session.logoff",
        "session.message",
        "command.run",
        "webhook.call",
        *(tag for tag, _, _, _ in RECOVERY_ACTIONS),
    }


def test_a_revoke_carries_the_whole_image_to_restore():
    inverse: Any = RevokeAssignment(assignment=HELD, reason="r").inverse()
    assert inverse.assignment == HELD


@pytest.mark.parametrize(("tag", "target", "action"), ACTIONS, ids=TAGS)
def test_an_action_cannot_be_changed_once_it_is_planned(tag, target, action):
    with pytest.raises(AttributeError):
        action.reason = f"{tag} of {target} for another reason"
