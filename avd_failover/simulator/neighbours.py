"""Reads on what lies around host pools, and providers, which can be registered."""

from collections.abc import Sequence

from avd_failover.simulator.core import under
from avd_failover.simulator.records import key
from avd_failover.simulator.records_neighbours import Registration, Resource, ResourceGroup
from avd_failover.simulator.refusals import ArmRefusal, resource_missing
from avd_failover.simulator.requests import Part, external

REGISTERS_IN_S = 60.0
"""How long a registration takes: an assumption; recordings only show that it is not done at once."""
RESOURCES = "azure:resources"


class Neighbours(Part):
    """Verbs on neighbours."""

    area = "neighbours"

    def get(self, resource: str, kind: str) -> Resource:
        """Return one resource of a type. Refused with 404 ``ResourceNotFound``, or 503 in a dark region."""
        found = self.core.find(Resource, resource)
        if found is None or key(found.type) != key(kind):
            parts = resource.split("/")
            raise resource_missing(kind, parts[-1], parts[4] if len(parts) > 4 else "")
        if found.location:
            self.core.require_up(found.location)
        return found

    def list(self, prefix: str, kind: str) -> Sequence[Resource]:
        """Return the resources of a type below a subscription, resource group or parent resource."""
        held = under(self.core.table(Resource).values(), prefix)
        return [one for one in held if key(one.type) == key(kind)]

    def group(self, group: str) -> ResourceGroup:
        """Return a resource group. Refused with 404 ``ResourceGroupNotFound``."""
        found = self.core.find(ResourceGroup, group)
        if found is None:
            name = group.rsplit("/", 1)[-1]
            text = f"Resource group '{name}' could not be found."
            raise ArmRefusal(404, "ResourceGroupNotFound", text)
        return found

    def groups(self, subscription: str) -> Sequence[ResourceGroup]:
        """Return the resource groups of a subscription."""
        return under(self.core.table(ResourceGroup).values(), f"/subscriptions/{subscription}")

    def registration(self, subscription: str, provider: str) -> Registration:
        """Return whether a subscription may use a provider. Refused with 404 ``InvalidResourceNamespace``."""
        found = self.core.find(Registration, f"{subscription}|{provider}")
        if found is None:
            text = f"The resource namespace '{provider}' is invalid."
            raise ArmRefusal(404, "InvalidResourceNamespace", text)
        return found

    def registrations(self, subscription: str) -> Sequence[Registration]:
        """Return every provider that a subscription knows."""
        held = self.core.table(Registration).values()
        return [one for one in held if key(one.subscription_id) == key(subscription)]

    @external
    def register(self, actor: str, subscription: str, provider: str) -> Registration:
        """Begin to register a provider; one that is registered stays so."""
        found = self.registration(subscription, provider)
        if found.state != "NotRegistered":
            return found
        begun = self.core.change(actor, "register-provider", found, state="Registering")
        self.core.after(REGISTERS_IN_S, lambda: self._registered(found.id))
        return begun

    def _registered(self, registration: str) -> None:
        self.core.change(
            RESOURCES, "provider-registered", self.core.get(Registration, registration), state="Registered"
        )
