"""Which rights in Azure a reading or a change needs: the one table from our words to Azure's actions.

Every row was taken from the request that the adapter sends: method and path give the action, as Azure
Resource Manager derives it (``Microsoft.X/types/read``, ``write``, ``delete`` or ``verb/action``). Names of
actions as in safety 4.2. No row has a wildcard. A test sends every request and derives the rows again.
"""

from enum import Enum

from msgspec import Struct


class Place(Enum):
    """What a right is held at, on one side of a plan."""

    POOL = "host pool"
    GROUPS = "application groups"
    AUTOSCALE = "scaling plan"
    MACHINES = "machines"
    MACHINES_SUBSCRIPTION = "subscription of the machines"
    VAULT = "recovery vault"
    RESERVATIONS = "capacity reservation group"
    SUBSCRIPTION = "subscription"


class Right(Struct, frozen=True, kw_only=True, order=True):
    """One action of Azure Resource Manager at one kind of place."""

    action: str
    place: Place

    @property
    def reads(self) -> bool:
        """Whether it changes nothing."""
        return self.action.endswith("/read")


_AVD = "Microsoft.DesktopVirtualization"
_HOSTS = f"{_AVD}/hostpools/sessionhosts"
_MACHINES = "Microsoft.Compute/virtualMachines"
_ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
_VAULTS = "Microsoft.RecoveryServices/vaults"
_CONTAINERS = f"{_VAULTS}/replicationFabrics/replicationProtectionContainers"
_ITEMS = f"{_CONTAINERS}/replicationProtectedItems"
_PLANS = f"{_VAULTS}/replicationRecoveryPlans"
_RESERVED = "Microsoft.Compute/capacityReservationGroups"

ASSIGNMENT_WRITE, ASSIGNMENT_DELETE = f"{_ASSIGNMENTS}/write", f"{_ASSIGNMENTS}/delete"


def _at(place: Place, *actions: str) -> tuple[Right, ...]:
    return tuple(Right(action=action, place=place) for action in actions)


_POOL = _at(Place.POOL, f"{_AVD}/hostpools/read")
_HOST = _at(Place.POOL, f"{_HOSTS}/read")
# A list that Azure filtered by what we may see would hide a way in (safety S6): hence whole subscriptions.
_GROUPS = _at(Place.SUBSCRIPTION, f"{_AVD}/applicationgroups/read")
_SEEN_ASSIGNMENTS = _at(Place.SUBSCRIPTION, f"{_ASSIGNMENTS}/read")
_OPERATION = _at(Place.MACHINES_SUBSCRIPTION, "Microsoft.Compute/locations/operations/read")
READS: dict[str, tuple[Right, ...]] = {
    "assignments.at_or_above": _SEEN_ASSIGNMENTS,
    "assignments.get": _SEEN_ASSIGNMENTS,
    "assignments.count": _SEEN_ASSIGNMENTS,
    "assignments.definitions": _at(Place.SUBSCRIPTION, "Microsoft.Authorization/roleDefinitions/read"),
    "directory.members": (),
    "pools.get": _POOL,
    "pools.application_group": _GROUPS,
    "pools.application_groups": _GROUPS,
    "hosts.list": _HOST,
    "hosts.get": _HOST,
    "sessions.list": _at(Place.POOL, f"{_AVD}/hostpools/usersessions/read"),
    "scaling.get": _at(Place.AUTOSCALE, f"{_AVD}/scalingplans/read"),
    "scaling.schedules": _at(Place.AUTOSCALE, f"{_AVD}/scalingplans/pooledSchedules/read"),
    "machines.get": _at(Place.MACHINES, f"{_MACHINES}/read"),
    "machines.extensions": _at(Place.MACHINES, f"{_MACHINES}/extensions/read"),
    "outside.ask": (),
    "recovery.items": _at(Place.VAULT, f"{_VAULTS}/replicationProtectedItems/read"),
    "recovery.item": _at(Place.VAULT, f"{_ITEMS}/read"),
    "recovery.recovery_points": _at(Place.VAULT, f"{_ITEMS}/recoveryPoints/read"),
    "recovery.mappings": _at(Place.VAULT, f"{_VAULTS}/replicationProtectionContainerMappings/read"),
    "recovery.jobs": _at(Place.VAULT, f"{_VAULTS}/replicationJobs/read"),
    "recovery.job": _at(Place.VAULT, f"{_VAULTS}/replicationJobs/read"),
    "recovery.plan": _at(Place.VAULT, f"{_PLANS}/read"),
    "reservations.get": _at(
        Place.RESERVATIONS, f"{_RESERVED}/read", f"{_RESERVED}/capacityReservations/read"
    ),
}
"""Verb of the seam (``cloud.Reads``) to what it takes in Azure."""

GRAPH: dict[str, tuple[str, ...]] = {"directory.members": ("GroupMember.Read.All", "User.ReadBasic.All")}
"""Verb of the seam to the application permissions of Microsoft Graph that it takes.

The second is for principal names: sessions name their user by nothing else (safety J11 keeps them in memory).
"""

CHANGES: dict[str, tuple[Right, ...]] = {
    "assignment.revoke": _at(Place.GROUPS, ASSIGNMENT_DELETE),
    "assignment.grant": _at(Place.GROUPS, ASSIGNMENT_WRITE),
    "host.logons": _at(Place.POOL, f"{_HOSTS}/write"),
    "session.logoff": _at(Place.POOL, f"{_HOSTS}/usersessions/delete"),
    "session.message": _at(Place.POOL, f"{_HOSTS}/usersessions/sendMessage/action"),
    "machine.start": (*_at(Place.MACHINES, f"{_MACHINES}/start/action"), *_OPERATION),
    "machine.deallocate": (*_at(Place.MACHINES, f"{_MACHINES}/deallocate/action"), *_OPERATION),
    "autoscale.pools": _at(Place.AUTOSCALE, f"{_AVD}/scalingplans/write"),
    "autoscale.floor": _at(Place.AUTOSCALE, f"{_AVD}/scalingplans/pooledSchedules/write"),
    "pool.start-on-connect": _at(Place.POOL, f"{_AVD}/hostpools/write"),
    "command.run": (),
    "webhook.call": (),
    "machine.failover": _at(Place.VAULT, f"{_ITEMS}/unplannedFailover/action", f"{_ITEMS}/read"),
    "machine.change-point": _at(Place.VAULT, f"{_ITEMS}/applyRecoveryPoint/action", f"{_ITEMS}/read"),
    "machine.commit": _at(Place.VAULT, f"{_ITEMS}/failoverCommit/action", f"{_ITEMS}/read"),
    "machine.reprotect": _at(Place.VAULT, f"{_CONTAINERS}/switchprotection/action", f"{_ITEMS}/read"),
    "plan.failover": _at(Place.VAULT, f"{_PLANS}/unplannedFailover/action", f"{_PLANS}/read"),
    "plan.commit": _at(Place.VAULT, f"{_PLANS}/failoverCommit/action", f"{_PLANS}/read"),
    "machine.extension": (*_at(Place.MACHINES, f"{_MACHINES}/extensions/write"), *_OPERATION),
}
"""Tag of an action (``domain.actions``) to what it takes in Azure."""

OF_RECOVERY_PLANS = frozenset({"recovery.plan", "plan.failover", "plan.commit"})
"""Rows of both tables that only a plan needs which names recovery plans."""

UNDOES: dict[str, str] = {
    "assignment.revoke": "assignment.grant",
    "assignment.grant": "assignment.revoke",
    "host.logons": "host.logons",
    "machine.start": "machine.deallocate",
    "machine.deallocate": "machine.start",
    "autoscale.pools": "autoscale.pools",
    "autoscale.floor": "autoscale.floor",
    "pool.start-on-connect": "pool.start-on-connect",
}
"""Tag of an action to the tag of its inverse; what has none is missing."""
