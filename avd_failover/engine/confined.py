"""A cloud and the plan that confines what is sent to it (safety S12).

Whatever reads, reads through here, so that the machines behind the hosts of the plan's pools are known by the
time that one of them is to be started or stopped.
"""

from typing import Any, cast

from avd_failover.cloud import Cloud, Reading
from avd_failover.domain.actions import Action
from avd_failover.domain.confinement import Confinement
from avd_failover.domain.estate import SessionHost
from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.ids import (
    HostPoolId,
    MachineId,
    ProtectedItemId,
    RecoveryPlanId,
    SessionHostId,
    VaultId,
    machine_in,
)
from avd_failover.domain.recovery_plan_actions import CommitPlan, FailOverPlan, PlanAction
from avd_failover.domain.recovery_plans import RecoveryPlan
from avd_failover.domain.replication import ProtectedItem


class Confined:
    """A cloud for one run: ``cloud`` is the one given, and learns from what it reads."""

    def __init__(self, cloud: Cloud, confinement: Confinement) -> None:
        self._confinement = confinement
        self._machines: set[MachineId] = set()
        self._plans: dict[RecoveryPlanId, frozenset[ProtectedItemId]] = {}
        self.cloud: Cloud = cast("Cloud", _Watched(cloud, self))

    def saw(self, host: SessionHost) -> None:
        """Take note of the machine behind a host of the plan's pools."""
        machine = self._confinement.shows(host)
        if machine is not None:
            self._machines.add(machine)

    def replicated(self, item: ProtectedItem) -> None:
        """Take note of both machines of an item, once one of them is known to be behind a host."""
        twins = {one for one in (item.machine, item.recovered) if one is not None}
        if item.recovery_group and item.recovery_name:
            twins.add(machine_in(item.recovery_group, item.recovery_name))
        if twins & self._machines:
            self._machines |= twins

    def gathered(self, plan: RecoveryPlan) -> None:
        """Take note of the machines that a recovery plan moves, as it stands now."""
        self._plans[plan.id] = frozenset(plan.items)

    def check(self, action: Action) -> None:
        """Return if an action lies inside the plan.

        Raises:
            OutsidePlanError: It does not, and must not be sent.
        """
        because = self._confinement.outside(action, self._machines) or self._unlike(action)
        if because:
            raise OutsidePlanError(because, target=action.target)

    def _unlike(self, action: Action) -> str:
        """A request on a recovery plan names none of its machines: those read last must be the ones meant."""
        if not isinstance(action, FailOverPlan | CommitPlan):
            return ""
        return "" if self._plans.get(action.plan) == _meant(action) else "it moves other machines than meant"


def _meant(action: PlanAction) -> frozenset[ProtectedItemId]:
    return frozenset(one.item for one in action.members)


class _Watched:
    """The parts of a cloud, found by name so that none is forgotten; hosts and items are listened to."""

    def __init__(self, cloud: Cloud, watcher: Confined) -> None:
        self._cloud = cloud
        self._watcher = watcher

    def __getattr__(self, part: str) -> Any:  # noqa: ANN401 - whatever the cloud has there
        found = getattr(self._cloud, part)
        if part == "recovery":
            return _WatchedItems(found, self._watcher)
        return _WatchedHosts(found, self._watcher) if part == "hosts" else found


class _WatchedItems:
    """Replicated items and recovery plans, whose machines are told to the watcher when they are read."""

    def __init__(self, recovery: Any, watcher: Confined) -> None:  # noqa: ANN401 - reads and writes alike
        self._recovery = recovery
        self._watcher = watcher

    def __getattr__(self, verb: str) -> Any:  # noqa: ANN401 - whatever Site Recovery has there
        return getattr(self._recovery, verb)

    async def items(self, vault: VaultId) -> Reading[ProtectedItem]:
        """List the items of a vault."""
        reading: Reading[ProtectedItem] = await self._recovery.items(vault)
        for item in reading.items:
            self._watcher.replicated(item)
        return reading

    async def plan(self, plan: RecoveryPlanId) -> RecoveryPlan:
        """Read a recovery plan."""
        found: RecoveryPlan = await self._recovery.plan(plan)
        self._watcher.gathered(found)
        return found


class _WatchedHosts:
    """The session hosts, each of which is told to the watcher when it is read."""

    def __init__(self, hosts: Any, watcher: Confined) -> None:  # noqa: ANN401 - reads and writes alike
        self._hosts = hosts
        self._watcher = watcher

    def __getattr__(self, verb: str) -> Any:  # noqa: ANN401 - whatever the hosts have there
        return getattr(self._hosts, verb)

    async def list(self, pool: HostPoolId) -> Reading[SessionHost]:
        """List the hosts of a pool."""
        reading: Reading[SessionHost] = await self._hosts.list(pool)
        for host in reading.items:
            self._watcher.saw(host)
        return reading

    async def get(self, host: SessionHostId) -> SessionHost:
        """Read one host."""
        seen: SessionHost = await self._hosts.get(host)
        self._watcher.saw(seen)
        return seen
