"""Host pools, application groups and workspaces (Microsoft.DesktopVirtualization 2024-04-03)."""

from collections.abc import Sequence

from avd_failover.simulator.core import under
from avd_failover.simulator.records import ApplicationGroup, HostPool, Region, Subscription, Workspace, key
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
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


def _missing(kind: str, resource: str) -> ArmRefusal:
    parts = resource.split("/")
    return resource_missing(f"{_AVD}/{kind}", parts[-1], parts[4] if len(parts) > 4 else "")
