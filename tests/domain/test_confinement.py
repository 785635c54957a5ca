"""What lies inside an approved plan, what does not, and why not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from avd_failover.domain import ids
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
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.estate import (
    DESKTOP_VIRTUALIZATION_USER,
    HostStatus,
    PoolReference,
    RoleAssignment,
    ScheduleFloor,
    SessionHost,
)
from avd_failover.domain.filling import could_become
from avd_failover.domain.graph import Step
from avd_failover.domain.ids import MachineId, Scope, SessionHostId
from avd_failover.domain.plan import ApplicationGroupPair, End, Plan, Side
from avd_failover.domain.route import Route
from tests.domain import builders
from tests.domain.builders import DAG_NEU, DAG_WEU, GRP1, GRP2, GRP3, GRP4, RAG_WEU, STRAY_WEU

NAME = "12345678-0000-4000-8000-000000000001"
FLOOR = ScheduleFloor(
    ramp_up_minimum_hosts_pct=1, ramp_up_capacity_threshold_pct=2,
    ramp_down_minimum_hosts_pct=3, ramp_down_capacity_threshold_pct=4,
)  # fmt: skip
HERE, THERE, STRANGE = builders.pool("weu"), builders.pool("neu"), builders.pool("uks")
PLAN_WEU = ids.scaling_plan_id(builders.resource("weu", "scalingPlans", "sp-weu"))
PLAN_UKS = ids.scaling_plan_id(builders.resource("uks", "scalingPlans", "sp-uks"))
VM, OTHER_VM = (
    ids.machine_id(f"{builders.resource_group('weu')}/providers/Microsoft.Compute/virtualMachines/vm-{n}")
    for n in (1, 2)
)
SEEN = frozenset({VM})
OTHER_SUBSCRIPTION = "0b0b0b0b-1111-4222-8333-444444444444"


def held(scope: str = DAG_WEU, group: str = GRP1.id, **changes: Any) -> RoleAssignment:
    usual = builders.assignment(scope, group, name=NAME)
    return replace(usual, **changes)


def grant(*given_: Any, **changes: Any) -> Action:
    return GrantAssignment(assignment=held(*given_, **changes), reason="")


def revoke(*given_: Any, **changes: Any) -> Action:
    return RevokeAssignment(assignment=held(*given_, **changes), reason="")


def drain(host: str) -> Action:
    return SetLogons(host=SessionHostId(host), allowed=False, before=True, reason="")


def log_off(session: str) -> Action:
    return LogOff(session=ids.UserSessionId(session), user=None, reason="")


def tell(session: str) -> Action:
    return TellUser(session=ids.UserSessionId(session), title="", body="", reason="")


def references(plan: str = PLAN_WEU, after: tuple[Any, ...] = (), before: tuple[Any, ...] = ()) -> Action:
    return SetPoolReferences(
        plan=ids.ScalingPlanId(plan),
        references=tuple(PoolReference(host_pool=pool, enabled=on) for pool, on in after),
        before=tuple(PoolReference(host_pool=pool, enabled=on) for pool, on in before),
        reason="",
    )


def floor(schedule: str) -> Action:
    return SetScheduleFloor(schedule=ids.ScheduleId(schedule), floor=FLOOR, before=FLOOR, reason="")


def connect(pool: str) -> Action:
    return SetStartOnConnect(host_pool=ids.HostPoolId(pool), allowed=False, before=True, reason="")


def outside(action: Action, route: Route | None = None) -> str:
    return Confinement.of(route or builders.route()).outside(action, SEEN)


INSIDE = [
    grant(),
    grant(DAG_NEU, GRP2.id),
    revoke(),
    revoke(RAG_WEU, GRP3.id),
    drain(builders.host_id(1)),
    drain(builders.host_id(1, "neu")),
    log_off(f"{builders.host_id(1)}/usersessions/3"),
    tell(f"{builders.host_id(1, 'neu')}/usersessions/3"),
    StartMachine(machine=VM, reason=""),
    DeallocateMachine(machine=VM, reason=""),
    references(after=((HERE, False), (STRANGE, True)), before=((HERE, True), (STRANGE, True))),
    floor(f"{PLAN_WEU}/pooledschedules/week"),
    connect(HERE),
    connect(THERE),
]


@pytest.mark.parametrize("direction", Side)
@pytest.mark.parametrize("action", INSIDE, ids=kind_of)
def test_what_the_plan_names_lies_inside_at_both_ends_in_both_directions(
    action: Action, direction: Side
) -> None:
    assert outside(action, builders.route(leaving=direction)) == ""


ROLE_PATH = "/subscriptions/{}/providers/microsoft.authorization/roledefinitions/{}"
OUTSIDE: dict[str, tuple[Action, str]] = {
    "an application group of nobody": (grant(STRAY_WEU), "moves no group"),
    "another group of a plan's group": (grant(RAG_WEU, GRP1.id), "moves no group"),
    "a group that the plan does not have": (revoke(DAG_WEU, GRP4.id), "moves no group"),
    "the resource group above": (grant(builders.resource_group("weu")), "moves no group"),
    "the subscription above": (revoke(builders.SUBSCRIPTION_SCOPE), "moves no group"),
    "the root": (revoke(builders.ROOT), "moves no group"),
    "the pool, not its application group": (grant(HERE), "moves no group"),
    "another role": (
        grant(role_definition_id=ROLE_PATH.format(builders.SUBSCRIPTION, builders.OTHER_ROLE)),
        "its role is not the plan's",
    ),
    "a role by a way around": (
        grant(role_definition_id=f"/owner/../{DESKTOP_VIRTUALIZATION_USER}"),
        "its role is not the plan's",
    ),
    "an id at another scope than the assignment says": (
        revoke(id=ids.assignment_at(Scope(STRAY_WEU), NAME)),
        "its id does not name",
    ),
    "an id of another assignment": (revoke(name="12345678-0000-4000-8000-000000000002"), "its id does not"),
    "a name that leads elsewhere": (
        grant(id=ids.assignment_at(Scope(DAG_WEU), "../x"), name="../x"),
        "its id does not",
    ),
    "a host of another pool": (drain(builders.host_id(1, "uks")), "its host pool is not one of the plan's"),
    "a session of another pool": (
        log_off(f"{builders.host_id(1, 'uks')}/usersessions/3"),
        "its host pool is not one of the plan's",
    ),
    "words in another pool": (tell(f"{builders.host_id(1, 'uks')}/usersessions/3"), "its host pool"),
    "a machine that no reading showed": (StartMachine(machine=OTHER_VM, reason=""), "no reading shows"),
    "a machine to be stopped that no reading showed": (
        DeallocateMachine(machine=OTHER_VM, reason=""),
        "no reading shows",
    ),
    "another scaling plan": (references(PLAN_UKS), "no such scaling plan"),
    "a pool of others taken off autoscale": (
        references(after=((HERE, False),), before=((HERE, True), (STRANGE, True))),
        "pools that are not the plan's",
    ),
    "a pool of others switched": (
        references(after=((STRANGE, False),), before=((STRANGE, True),)),
        "pools that are not the plan's",
    ),
    "a schedule of another plan": (floor(f"{PLAN_UKS}/pooledschedules/week"), "no such scaling plan"),
    "a setting of another pool": (connect(STRANGE), "no such host pool"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_what_the_plan_does_not_name_lies_outside_and_says_why(name: str) -> None:
    action, because = OUTSIDE[name]
    told = outside(action)
    assert told.startswith(f"{kind_of(action)} on {action.target} lies outside the plan: ")
    assert because in told


HOSTILE = [
    "{}/..",
    "{}/../hp-uks",
    "{}//",
    "{}%2f..",
    "{}%2e%2e",
    "{}?x=1",
    "{}#x",
    "{}\\x",
    "{} ",
    "{}\n",
    "/{}",
    "https://management.azure.com{}",
    "",
    "..",
]


@pytest.mark.parametrize("shape", HOSTILE)
@pytest.mark.parametrize(
    ("make", "honest"),
    [
        (drain, builders.host_id(1)),
        (log_off, f"{builders.host_id(1)}/usersessions/3"),
        (tell, f"{builders.host_id(1)}/usersessions/3"),
        (floor, f"{PLAN_WEU}/pooledschedules/week"),
        (references, PLAN_WEU),
        (connect, HERE),
        (lambda machine: StartMachine(machine=MachineId(machine), reason=""), VM),
        (grant, DAG_WEU),
        (revoke, DAG_WEU),
        (lambda name: grant(id=ids.assignment_at(Scope(DAG_WEU), name), name=name), NAME),
    ],
    ids=["host", "session", "message", "schedule", "plan", "pool", "machine", "grant", "revoke", "name"],
)
def test_no_spelling_leads_out_of_the_plan(make: Any, honest: str, shape: str) -> None:
    assert outside(make(honest)) == ""
    assert outside(make(shape.format(honest))) != ""


FOLDED = [(drain, builders.host_id(1)), (connect, HERE), (grant, DAG_WEU)]


@pytest.mark.parametrize("twist", [str.upper, str.title, str.swapcase])
@pytest.mark.parametrize(("make", "honest"), FOLDED)
def test_an_id_that_was_not_folded_is_not_taken_for_the_one_that_was(
    make: Any, honest: str, twist: Any
) -> None:
    assert outside(make(twist(honest))) != ""


@pytest.mark.parametrize(("make", "honest"), FOLDED)
def test_the_same_names_in_another_subscription_are_others(make: Any, honest: str) -> None:
    assert outside(make(honest.replace(builders.SUBSCRIPTION, OTHER_SUBSCRIPTION))) != ""


def test_a_drill_moves_the_test_group_and_nobody_else() -> None:
    drill = builders.route(plan=builders.plan(test_group=GRP4), test=True)
    assert outside(grant(DAG_NEU, GRP4.id), drill) == ""
    assert "moves no group" in outside(grant(DAG_NEU, GRP1.id), drill)
    assert "moves no group" in outside(revoke(DAG_WEU, GRP1.id), drill)


def test_a_cohort_moves_its_groups_and_nobody_else() -> None:
    cohort = builders.route(groups=("GRP2",))
    assert outside(revoke(DAG_WEU, GRP2.id), cohort) == ""
    assert "moves no group" in outside(revoke(DAG_WEU, GRP1.id), cohort)


@pytest.mark.parametrize(
    ("host", "machine"),
    [
        (builders.host_id(1), VM),
        (builders.host_id(1, "neu"), VM),
        (builders.host_id(1, "uks"), None),
        (f"{HERE}/sessionhosts/../../hp-uks/sessionhosts/x", None),
    ],
)
def test_only_hosts_of_the_plan_s_pools_show_machines(host: str, machine: MachineId | None) -> None:
    seen = SessionHost(
        id=SessionHostId(host), machine=VM, status=HostStatus.AVAILABLE, allows_new_sessions=True
    )
    assert Confinement.of(builders.route()).shows(seen) == machine


def test_a_host_without_a_machine_shows_none() -> None:
    assert Confinement.of(builders.route()).shows(builders.host(1)) is None


REGIONS = ("weu", "neu", "uks", "frc")
GROUPS = (GRP1, GRP2, GRP3, GRP4)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Two different regions, some application groups, some user groups on each."""
    here, there = draw(st.permutations(REGIONS))[:2]
    names = draw(st.lists(st.sampled_from(["dag", "rag", "lab"]), min_size=1, max_size=3, unique=True))
    pairs = tuple(
        ApplicationGroupPair(
            name=name,
            primary=builders.application_group(here, name),
            secondary=builders.application_group(there, name),
            groups=tuple(draw(st.lists(st.sampled_from(GROUPS), min_size=1, unique=True))),
        )
        for name in names
    )
    return builders.plan(
        primary=builders.side(Side.PRIMARY, here),
        secondary=builders.side(Side.SECONDARY, there),
        application_groups=pairs,
    )


routes = st.builds(
    lambda plan, leaving: Route(plan=plan, leaving=leaving), plans(), st.sampled_from(list(Side))
)
regions = st.sampled_from(REGIONS)
scopes = st.one_of(
    st.builds(builders.application_group, regions, st.sampled_from(["dag", "rag", "lab", "stray"])),
    st.builds(builders.resource_group, regions),
    st.sampled_from([builders.ROOT, builders.SUBSCRIPTION_SCOPE]),
)
hosts = st.builds(builders.host_id, st.integers(0, 3), regions)
machines = st.sampled_from([VM, OTHER_VM])
scaling_plans = st.builds(lambda at: builders.resource(at, "scalingplans", f"sp-{at}").lower(), regions)
enabled = st.lists(st.tuples(st.builds(builders.pool, regions), st.booleans()), max_size=3).map(tuple)
actions = st.one_of(
    st.builds(grant, scopes, st.sampled_from([one.id for one in GROUPS])),
    st.builds(revoke, scopes, st.sampled_from([one.id for one in GROUPS])),
    hosts.map(drain),
    hosts.map(lambda host: log_off(f"{host}/usersessions/1")),
    hosts.map(lambda host: tell(f"{host}/usersessions/1")),
    st.builds(lambda machine: StartMachine(machine=machine, reason=""), machines),
    st.builds(lambda machine: DeallocateMachine(machine=machine, reason=""), machines),
    st.builds(references, scaling_plans, enabled, enabled),
    scaling_plans.map(lambda plan: floor(f"{plan}/pooledschedules/week")),
    st.builds(builders.pool, regions).map(connect),
)


def judged_otherwise(action: Action, plan: Plan) -> bool:
    """Say in other words than the code's, from the plan's own text, whether an action may be sent."""
    sides = (plan.primary, plan.secondary)
    pools = [side.host_pool for side in sides]
    match action:
        case GrantAssignment() | RevokeAssignment():
            one = action.assignment
            twins = [twin for twin in plan.application_groups if one.scope in {twin.primary, twin.secondary}]
            return any(one.principal_id == group.id for twin in twins for group in twin.groups)
        case SetPoolReferences():
            own = any(action.plan == side.scaling_plan for side in sides)
            kept = [one for one in action.references if one.host_pool not in pools]
            return own and kept == [one for one in action.before if one.host_pool not in pools]
        case SetScheduleFloor():
            return any(action.schedule.startswith(f"{side.scaling_plan}/") for side in sides)
        case StartMachine() | DeallocateMachine():
            return action.machine == VM
        case SetStartOnConnect():
            return action.host_pool in pools
    return any(action.target.startswith(f"{pool}/sessionhosts/") for pool in pools)


@given(routes, actions)
def test_for_any_plan_an_action_is_refused_exactly_if_the_plan_does_not_name_it(
    route: Route, action: Action
) -> None:
    assert (outside(action, route) == "") == judged_otherwise(action, route.plan)


@given(routes, actions)
def test_the_way_back_may_do_what_the_way_there_may(route: Route, action: Action) -> None:
    assert outside(action, route) == outside(action, route.reverse)


@given(routes)
def test_everything_that_a_run_moves_lies_inside_its_own_confinement(route: Route) -> None:
    for pair in route.pairs:
        for end in End:
            assert outside(grant(pair.at(end), pair.group.id), route) == ""
            assert outside(revoke(pair.at(end), pair.group.id), route) == ""


STEPS = (
    Step(
        id="dns",
        uses="command",
        settings={"argv": ("/opt/dns", "--to=${target.region}"), "environment": ("KEY",)},
    ),
    Step(id="bare", uses="command", settings={"argv": ("/opt/bare",)}),
    Step(id="tell", uses="webhook", settings={"url": "https://h.test/in", "bearer_from": "TOKEN"}),
)


def run(step: str, *argv: str, environment: tuple[str, ...] = ()) -> Action:
    return RunCommand(step=step, number=1, argv=argv, environment=environment, timeout_s=1, reason="")


def call(step: str, url: str, **secrets: str) -> Action:
    return CallWebhook(step=step, number=1, url=url, body="{}", key="k", timeout_s=1, reason="", **secrets)


@pytest.mark.parametrize(
    "action",
    [
        run("dns", "/opt/dns", "--to=northeurope", environment=("KEY",)),
        run("bare", "/opt/bare"),
        call("tell", "https://h.test/in", bearer_from="TOKEN"),
    ],
)
def test_what_its_own_step_names_may_be_run_and_called(action: Action) -> None:
    assert Confinement.of(builders.route(), STEPS).outside(action, SEEN) == ""
    assert Confinement.of(builders.route()).outside(action, SEEN) != ""


@pytest.mark.parametrize(
    "action",
    [
        run("dns", "/opt/rm", "--to=northeurope", environment=("KEY",)),
        run("dns", "/opt/dns", "--to=northeurope", "-x", environment=("KEY",)),
        run("dns", "/opt/dns", "--from=northeurope", environment=("KEY",)),
        run("dns", "/opt/dns", "--to=northeurope"),
        run("dns", "/opt/dns", "--to=northeurope", environment=("KEY", "AZURE_TOKEN")),
        run("bare", "/opt/bare", environment=("KEY",)),
        run("bare"),
        run("tell", "/opt/dns"),
        run("nobody", "/opt/dns"),
        call("tell", "https://h.test/elsewhere", bearer_from="TOKEN"),
        call("tell", "https://evil.test/in", bearer_from="TOKEN"),
        call("tell", "https://h.test/in", bearer_from="OTHER"),
        call("tell", "https://h.test/in", bearer_from="TOKEN", query_from="KEY"),
        call("bare", "https://h.test/in"),
        call("nobody", ""),
    ],
)
def test_no_other_program_and_no_other_address(action: Action) -> None:
    assert "its step" in Confinement.of(builders.route(), STEPS).outside(action, SEEN)


@pytest.mark.parametrize(
    ("text", "filled", "could"),
    [
        ("a", "a", True),
        ("a", "ab", False),
        ("${run}", "anything\nat all", True),
        ("a${run}b", "axb", True),
        ("a${run}b", "ab", True),
        ("a${run}b", "xab", False),
        (".*", "xy", False),
        ("a${run}.${step}", "a1.2", True),
        ("a${run}.${step}", "a1-2", False),
    ],
)
def test_a_text_becomes_only_what_its_names_leave_open(text: str, filled: str, could: bool) -> None:
    assert could_become(text, filled) is could
