"""Records of management groups, locks, deny assignments and service principals that a scenario describes."""

from collections.abc import Callable, Iterator

from avd_failover.simulator.hierarchy import GROUPS
from avd_failover.simulator.locks import lock_id
from avd_failover.simulator.records_access import (
    EVERYONE,
    DenyAssignment,
    Lock,
    ManagementGroup,
    ServicePrincipal,
)
from avd_failover.simulator.scenario import Scenario
from avd_failover.simulator.scenario_access import DenySpec, ScopeSpec


def management_groups(scenario: Scenario) -> Iterator[ManagementGroup]:
    """Return the tenant's root group and the groups below it; nothing when the scenario has none."""
    specs = scenario.management_groups
    if not specs:
        return
    placed = {one for spec in specs for one in spec.subscriptions}
    left = tuple(one.id for one in scenario.subscriptions if one.id not in placed)
    root = f"{GROUPS}/{scenario.tenant}"
    yield ManagementGroup(id=root, display_name="Tenant Root Group", parent=None, subscriptions=left)
    for spec in specs:
        yield ManagementGroup(
            id=f"{GROUPS}/{spec.name}",
            display_name=spec.display_name or spec.name,
            parent=f"{GROUPS}/{spec.parent}" if spec.parent else root,
            subscriptions=spec.subscriptions,
        )


def service_principals(scenario: Scenario) -> Iterator[ServicePrincipal]:
    """Return the service principals."""
    for spec in scenario.service_principals:
        yield ServicePrincipal(id=spec.id, app_id=spec.app_id, display_name=spec.name)


def locks(scenario: Scenario) -> Iterator[Lock]:
    """Return the locks."""
    for spec in scenario.locks:
        scope = scope_of(scenario, spec)
        yield Lock(id=lock_id(scope, spec.name), scope=scope, level=spec.level, notes=spec.notes)


def deny_assignments(scenario: Scenario, principal: Callable[[str], str]) -> Iterator[DenyAssignment]:
    """Return the deny assignments; ``principal`` turns a name into an object id."""
    for spec in scenario.deny_assignments:
        yield _deny(spec, scope_of(scenario, spec), principal)


def scope_of(scenario: Scenario, spec: ScopeSpec) -> str:
    """Return the scope that a section names."""
    if spec.resource is not None:
        return spec.resource
    if spec.subscription is not None:
        return f"/subscriptions/{spec.subscription}"
    return f"/subscriptions/{scenario.subscriptions[0].id}/resourceGroups/{spec.resource_group}"


def _deny(spec: DenySpec, scope: str, principal: Callable[[str], str]) -> DenyAssignment:
    return DenyAssignment(
        id=f"{scope}/providers/Microsoft.Authorization/denyAssignments/{spec.id}",
        scope=scope,
        deny_name=spec.name,
        principals=tuple(EVERYONE if one == "everyone" else principal(one) for one in spec.principals),
        excluded=tuple(principal(one) for one in spec.excluded),
        actions=spec.actions,
        data_actions=spec.data_actions,
    )
