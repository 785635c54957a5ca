"""Host pools, application groups and workspaces (Microsoft.DesktopVirtualization 2024-04-03)."""

from collections.abc import Mapping, Sequence
from typing import Any

from avd_failover.simulator.core import under
from avd_failover.simulator.records import (
    AgentUpdate,
    ApplicationGroup,
    HostPool,
    Region,
    Subscription,
    Workspace,
    key,
)
from avd_failover.simulator.records_desktops import Application, Desktop
from avd_failover.simulator.refusals import ArmRefusal, avd_refusal, resource_missing
from avd_failover.simulator.requests import Part, external

_AVD = "Microsoft.DesktopVirtualization"


class Pools(Part):
    """Verbs on pools and what hangs on them. Lists take a subscription or resource group id as prefix."""

    area = "pools"

    def subscription(self, subscription: str) -> Subscription:
        """Return a subscription by GUID. Refused with 404 ``SubscriptionNotFound``."""
        found = self.core.find(Subscription, subscription)
        if found is None:
            text = f"The subscription '{subscription}' could not be found."
            raise ArmRefusal(404, "SubscriptionNotFound", text)
        return found

    def regions(self) -> Sequence[Region]:
        """Return every region of the scenario."""
        return list(self.core.table(Region).values())

    def get(self, pool: str) -> HostPool:
        """Return one host pool. Refused with 404 ``ResourceNotFound``, or 503 while its region is dark."""
        found = self.core.find(HostPool, pool)
        if found is None:
            raise _missing("hostPools", pool)
        self.core.require_up(found.location)
        return found

    def list(self, prefix: str) -> Sequence[HostPool]:
        """Return the host pools below a subscription or resource group."""
        return under(self.core.table(HostPool).values(), prefix)

    @external
    def set_start_on_connect(self, actor: str, pool: str, *, allowed: bool) -> HostPool:
        """Change startVMOnConnect of a host pool."""
        return self.core.change(actor, "patch-host-pool", self.get(pool), start_vm_on_connect=allowed)

    @external
    def patch(self, actor: str, pool: str, changes: Mapping[str, Any]) -> HostPool:
        """Change fields of a host pool, named as in ``records``; tags as a mapping, windows as pairs."""
        return self.core.change(actor, "patch-host-pool", self.get(pool), **_values(changes))

    @external
    def patch_application_group(self, actor: str, group: str, changes: Mapping[str, Any]) -> ApplicationGroup:
        """Change description, friendly_name, show_in_feed or tags of an application group."""
        found = self.application_group(group)
        return self.core.change(actor, "patch-application-group", found, **_values(changes))

    @external
    def patch_workspace(self, actor: str, workspace: str, changes: Mapping[str, Any]) -> Workspace:
        """Change fields of a workspace; ``application_groups`` replaces the whole list.

        Groups that come and go are linked and unlinked. Refused with 400: a group that does not exist or
        that another workspace shows.
        """
        found = self.workspace(workspace)
        wanted = _values(changes)
        if "application_groups" in wanted:
            wanted["application_groups"] = self._relink(actor, found, wanted["application_groups"])
        return self.core.change(actor, "patch-workspace", found, **wanted)

    def _relink(self, actor: str, workspace: Workspace, groups: Sequence[str]) -> tuple[str, ...]:
        found = [self._free_group(group, workspace) for group in groups]
        shown = {key(group.id) for group in found}
        for gone in workspace.application_groups:
            record = self.core.find(ApplicationGroup, gone)
            if record is not None and key(gone) not in shown:
                self.core.change(actor, "patch-workspace", record, workspace=None)
        for group in found:
            self.core.change(actor, "patch-workspace", group, workspace=workspace.id)
        return tuple(group.id for group in found)

    def _free_group(self, group: str, workspace: Workspace) -> ApplicationGroup:
        found = self.core.find(ApplicationGroup, group)
        if found is None:
            raise avd_refusal(400, f"ApplicationGroup {group} does not exist")
        if found.workspace is not None and key(found.workspace) != key(workspace.id):
            raise avd_refusal(400, f"ApplicationGroup {found.name} is registered in another workspace")
        return found

    def applications(self, group: str) -> Sequence[Application]:
        """Return the applications of a RemoteApp group; a desktop group has none."""
        return under(self.core.table(Application).values(), self.application_group(group).id)

    def application(self, application: str) -> Application:
        """Return one application. Refused with 404 (code ``"404"``) when there is none."""
        self.application_group(application.rsplit("/", 2)[0])
        found = self.core.find(Application, application)
        if found is None:
            raise avd_refusal(404, "Application does not exist")
        return found

    def desktops(self, group: str) -> Sequence[Desktop]:
        """Return the one desktop of a Desktop group; a RemoteApp group has none."""
        owner = self.application_group(group)
        if owner.application_group_type != "Desktop":
            return []
        name = f"{owner.id}/desktops/SessionDesktop"
        return [self.core.find(Desktop, name) or Desktop(id=name, application_group=owner.id)]

    def desktop(self, desktop: str) -> Desktop:
        """Return one desktop. Refused with 404 (code ``"404"``) when there is none."""
        for found in self.desktops(desktop.rsplit("/", 2)[0]):
            if key(found.id) == key(desktop):
                return found
        raise avd_refusal(404, "Desktop does not exist")

    @external
    def patch_desktop(self, actor: str, desktop: str, changes: Mapping[str, Any]) -> Desktop:
        """Change friendly_name or description of a desktop."""
        return self.core.change(actor, "patch-desktop", self.desktop(desktop), **_values(changes))

    def application_group(self, group: str) -> ApplicationGroup:
        """Return one application group. Refused with 404 ``ResourceNotFound``, or 503."""
        found = self.core.find(ApplicationGroup, group)
        if found is None:
            raise _missing("applicationGroups", group)
        self.core.require_up(found.location)
        return found

    def application_groups(self, prefix: str) -> Sequence[ApplicationGroup]:
        """Return the application groups below a subscription or resource group."""
        return under(self.core.table(ApplicationGroup).values(), prefix)

    def application_groups_of(self, pool: str) -> Sequence[ApplicationGroup]:
        """Return the application groups of one pool."""
        return [g for g in self.core.table(ApplicationGroup).values() if key(g.host_pool) == key(pool)]

    def workspace(self, workspace: str) -> Workspace:
        """Return one workspace. Refused with 404 ``ResourceNotFound``, or 503."""
        found = self.core.find(Workspace, workspace)
        if found is None:
            raise _missing("workspaces", workspace)
        self.core.require_up(found.location)
        return found

    def workspaces(self, prefix: str) -> Sequence[Workspace]:
        """Return the workspaces below a subscription or resource group."""
        return under(self.core.table(Workspace).values(), prefix)


def _values(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(name, value) for name, value in changes.items()}


def _value(name: str, value: Any) -> Any:  # noqa: ANN401 - any field of a pool, group or workspace
    if name == "tags":
        return tuple((str(tag), str(text)) for tag, text in value.items())
    if name == "agent_update" and value is not None:
        windows = tuple((int(hour), str(day)) for hour, day in value.get("windows", ()))
        return AgentUpdate(**{**value, "windows": windows})
    return value


def _missing(kind: str, resource: str) -> ArmRefusal:
    parts = resource.split("/")
    return resource_missing(f"{_AVD}/{kind}", parts[-1], parts[4] if len(parts) > 4 else "")
