"""From a plan and a runbook to roles: narrow scopes, one direction only, conditions that name groups."""

from itertools import product
from typing import Any

import msgspec
import pytest

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import OperationSpec, Step, StepGraph
from avd_failover.domain.ids import Scope, group_id, scope
from avd_failover.domain.needs import Ask, Job, Needs, Wish
from avd_failover.domain.permissions import Permissions, permissions
from avd_failover.domain.plan import End, Side, UserGroup, Way
from avd_failover.domain.rights import ASSIGNMENT_DELETE, ASSIGNMENT_WRITE
from avd_failover.domain.route import Route
from tests.domain.builders import GRP1, SUBSCRIPTION_SCOPE, plan, resource_group

TESTERS = UserGroup(name="GRP-TEST", id=group_id("6a000000-0000-4000-8000-0000000000ff"))
PLAN = plan(test_group=TESTERS)
START, STOP = (f"Microsoft.Compute/virtualMachines/{verb}/action" for verb in ("start", "deallocate"))
DRAIN = "Microsoft.DesktopVirtualization/hostpools/sessionhosts/write"

CATALOGUE = {
    name: OperationSpec(name=name, summary="", changes=changes)
    for name, changes in {
        "look": (),
        "hosts.drain": ("host.logons",),
        "hosts.start": ("machine.start",),
        "scaling.suspend": ("autoscale.pools",),
        "pool.start-on-connect": ("pool.start-on-connect",),
        "sessions.logoff": ("session.logoff",),
        "assignments.revoke": ("assignment.revoke",),
        "assignments.grant": ("assignment.grant",),
        "assignments.withdraw": ("assignment.revoke",),
        "assignments.restore": ("assignment.grant",),
        "barrier": ("session.logoff",),
        "reconcile": (),
        "restore": ("host.logons", "autoscale.pools", "pool.start-on-connect", "machine.deallocate"),
    }.items()
}
ASKS = {name: (Ask(verb="pools.get"),) for name in CATALOGUE} | {
    "look": (Ask(verb="hosts.list", ends=(End.SOURCE, End.TARGET)), Ask(verb="directory.members")),
    "hosts.start": (Ask(verb="machines.get"),),
}


class For(msgspec.Struct, frozen=True, kw_only=True):
    """A wish as these tests say it."""

    leaving: tuple[Side, ...] = tuple(Side)
    rollback: bool = True
    testers: bool = False
    reads_only: bool = False
    machines: dict[Side, tuple[Scope, ...]] = {}


THERE, BACK = For(leaving=(Side.PRIMARY,), rollback=False), For(leaving=(Side.SECONDARY,), rollback=False)


def graph(*steps: tuple[str, End | None] | Step) -> StepGraph:
    made = [
        one if isinstance(one, Step) else Step(id=f"s{n}", uses=one[0], side=one[1])
        for n, one in enumerate(steps)
    ]
    return StepGraph(runbook="r", summary="", pool=PoolKind.POOLED, steps=tuple(made))


MOVE = graph(
    ("look", None),
    ("hosts.start", End.TARGET),
    ("hosts.drain", End.SOURCE),
    ("assignments.revoke", End.SOURCE),
    ("barrier", None),
    ("assignments.grant", End.TARGET),
)


def made(about: For, of: StepGraph = MOVE, **changes: Any) -> Permissions:
    changed = msgspec.structs.replace(PLAN, **changes)
    routes = [Route(plan=changed, leaving=side, test=about.testers) for side in about.leaving]
    wish = Wish(
        jobs=tuple(Job(route=route, graph=of) for route in routes),
        rollback=about.rollback,
        reads_only=about.reads_only,
        machines=about.machines,
    )
    return permissions(changed, Needs(CATALOGUE, ASKS), wish)


def where(found: Permissions, action: str) -> set[str]:
    """Return every scope at which an action is given."""
    return {one.scope for role in found.roles if action in role.actions for one in role.assigned}


def test_a_change_is_allowed_at_the_end_where_its_step_acts_and_nowhere_else() -> None:
    there, back = made(THERE), made(BACK)
    assert where(there, DRAIN) == {PLAN.primary.host_pool}
    assert where(back, DRAIN) == {PLAN.secondary.host_pool}
    assert where(there, ASSIGNMENT_DELETE) == {pair.primary for pair in PLAN.application_groups}
    assert where(there, ASSIGNMENT_WRITE) == {pair.secondary for pair in PLAN.application_groups}


def test_both_directions_are_the_two_together() -> None:
    both = made(For(rollback=False))
    actions = {action for role in both.roles for action in role.actions}
    for action in actions:
        assert where(both, action) == where(made(THERE), action) | where(made(BACK), action)


def test_turning_back_takes_the_inverses_where_the_run_changed_something() -> None:
    there, turned = made(THERE), made(For(leaving=(Side.PRIMARY,)))
    assert where(there, STOP) == set()
    assert where(turned, START) == where(turned, STOP) == where(there, START)
    groups = {one for pair in PLAN.application_groups for one in (pair.primary, pair.secondary)}
    assert where(turned, ASSIGNMENT_WRITE) == where(turned, ASSIGNMENT_DELETE) == groups


def test_what_changes_nothing_needs_no_way_back() -> None:
    only_looks = graph(("look", None))
    plain, without = made(For(), only_looks), made(For(rollback=False), only_looks)
    assert [role.actions for role in plain.roles] == [role.actions for role in without.roles]


def test_reads_only_changes_nothing_at_all() -> None:
    found = made(For(reads_only=True))
    assert found.roles
    assert all(action.endswith("/read") for role in found.roles for action in role.actions)
    assert not any(one.condition for role in found.roles for one in role.assigned)


def test_a_step_of_the_way_back_of_a_drill_acts_on_the_other_side() -> None:
    drill = graph(
        Step(id="there", uses="hosts.drain", side=End.SOURCE),
        Step(id="back", uses="hosts.drain", side=End.SOURCE, way=Way.BACK),
    )
    assert where(made(THERE, drill), DRAIN) == {PLAN.primary.host_pool, PLAN.secondary.host_pool}


def test_each_application_group_has_the_groups_that_hold_it_in_its_condition() -> None:
    found = made(For())
    conditions = {one.scope: one.condition for role in found.roles for one in role.assigned if one.condition}
    for pair, side in product(PLAN.application_groups, Side):
        for group in PLAN.groups:
            assert (group.id in conditions[pair.on(side)]) is (group in pair.groups)
        assert PLAN.role in conditions[pair.on(side)]


def test_a_role_that_changes_assignments_never_goes_without_its_condition() -> None:
    for wish in (For(), THERE, BACK, For(testers=True)):
        for role in made(wish).roles:
            holds = {ASSIGNMENT_WRITE, ASSIGNMENT_DELETE} & set(role.actions)
            assert all(bool(one.condition) is bool(holds) for one in role.assigned)
            assert not holds or set(role.actions) == holds, "nothing else shares the role of the condition"


def test_testers_only_names_the_test_group_and_nobody_of_production() -> None:
    found = made(For(testers=True))
    conditions = [one.condition for role in found.roles for one in role.assigned if one.condition]
    assert conditions
    assert all(TESTERS.id in one and GRP1.id not in one for one in conditions)


def test_testers_without_a_test_group_are_refused() -> None:
    with pytest.raises(ValueError, match="no group"):
        made(For(testers=True), test_group=None)


def test_machines_are_looked_for_beside_the_pool_unless_told_and_the_assumption_is_said() -> None:
    assert where(made(THERE), START) == {resource_group("neu")}
    assert any("--machines secondary=" in note for note in made(THERE).notes)
    told = scope(f"{SUBSCRIPTION_SCOPE}/resourceGroups/rg-hosts")
    wish = msgspec.structs.replace(THERE, machines={Side.SECONDARY: (told,)})
    assert where(made(wish), START) == {told}
    assert not any("--machines secondary=" in note for note in made(wish).notes)


def test_a_plan_without_scaling_plans_needs_nothing_for_them() -> None:
    bare: dict[str, Any] = {
        side.value: msgspec.structs.replace(PLAN.on(side), scaling_plan=None) for side in Side
    }
    found = made(For(), **bare)
    assert not any("scalingplans" in action for role in found.roles for action in role.actions)


def test_assignable_scopes_are_resource_groups_and_subscriptions_that_cover_the_assignments() -> None:
    for role in made(For()).roles:
        assert all(one.count("/") in {2, 4} for one in role.assignable_scopes)
        for one in role.assigned:
            assert any(one.scope == at or one.scope.startswith(f"{at}/") for at in role.assignable_scopes)


def test_no_two_roles_of_a_plan_share_a_name_or_an_id_whatever_they_are_for() -> None:
    wishes = [
        For(leaving=leaving, rollback=rollback, testers=testers, reads_only=reads)
        for leaving in (tuple(Side), (Side.PRIMARY,), (Side.SECONDARY,))
        for rollback, testers, reads in product((True, False), repeat=3)
        if (rollback or not reads) and (not testers or leaving == tuple(Side))
    ]
    roles = [role for wish in wishes for role in made(wish).roles]
    assert len({role.name for role in roles}) == len({role.id for role in roles}) == len(roles)


def test_equal_questions_have_equal_answers() -> None:
    assert made(For()) == made(For())


def test_the_directory_is_asked_for_only_where_a_step_reads_it() -> None:
    assert made(For()).graph == ("GroupMember.Read.All", "User.ReadBasic.All")
    assert made(For(), graph(("hosts.drain", End.SOURCE))).graph == ()


def test_an_operation_without_a_row_is_our_defect_and_never_an_empty_right() -> None:
    with pytest.raises(KeyError):
        made(For(), graph(("unheard-of", None)))
