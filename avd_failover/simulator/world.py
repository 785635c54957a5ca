"""A simulated Azure: one pure state machine, made of the parts that its faces call.

Reads return records; refusals raise ``ArmRefusal``. Every verb acts at ``now_s``: a face advances the world
to its own clock first. Lists are whole: paging is the face's. Nothing here does I/O or knows real time, so
the same scenario, seed and requests give the same history, byte for byte.

    world.roles      role assignments and definitions     world.sessions   user sessions
    world.directory  users and groups                     world.scaling    scaling plans, schedules
    world.registration  keys of pools, agents that register again
    world.pools      pools, application groups, workspaces, subscriptions, regions
    world.hosts      session hosts                        world.machines   machines, operations
    world.recovery   Site Recovery: items, plans, jobs
    world.budgets    who may still send what             world.faults     what goes wrong, and when
    world.blobs      containers of blobs and their leases
"""

from datetime import datetime
from typing import Any

from avd_failover.simulator.access import Access
from avd_failover.simulator.autoscale import Autoscale
from avd_failover.simulator.blobs import BlobStore
from avd_failover.simulator.broker import Broker
from avd_failover.simulator.bulk import Bulk
from avd_failover.simulator.capacity import Capacity
from avd_failover.simulator.commands import Commands
from avd_failover.simulator.compute_limits import ComputeBudgets
from avd_failover.simulator.core import Core
from avd_failover.simulator.directory import Directory
from avd_failover.simulator.faults.desk import Faults
from avd_failover.simulator.fleet import Fleet
from avd_failover.simulator.graph_limits import GraphBudgets
from avd_failover.simulator.hierarchy import Hierarchy
from avd_failover.simulator.history import History, plain
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.limits import Budgets, Kind
from avd_failover.simulator.locks import Locks
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.neighbours import Neighbours
from avd_failover.simulator.permissions import Permissions
from avd_failover.simulator.physics import Physics
from avd_failover.simulator.pools import Pools
from avd_failover.simulator.propagation import Propagation
from avd_failover.simulator.records import (
    ApplicationGroup,
    Group,
    HostPool,
    Machine,
    Operation,
    PooledSchedule,
    ProfileContainer,
    Record,
    Region,
    RoleAssignment,
    ScalingPlan,
    SessionHost,
    UserSession,
    Workspace,
)
from avd_failover.simulator.recovery_parts import recovery_parts
from avd_failover.simulator.recovery_records import Job, ProtectedItem, RecoveryPlan
from avd_failover.simulator.registration import Registration
from avd_failover.simulator.requests import Part, RequestLog
from avd_failover.simulator.roles import Roles
from avd_failover.simulator.scaling import Scaling
from avd_failover.simulator.sessions import Sessions
from avd_failover.simulator.workload import Workload

SHOWN: dict[str, type[Record]] = {
    "regions": Region,
    "host_pools": HostPool,
    "application_groups": ApplicationGroup,
    "workspaces": Workspace,
    "session_hosts": SessionHost,
    "user_sessions": UserSession,
    "scaling_plans": ScalingPlan,
    "pooled_schedules": PooledSchedule,
    "machines": Machine,
    "operations": Operation,
    "role_assignments": RoleAssignment,
    "groups": Group,
    "profile_containers": ProfileContainer,
    "protected_items": ProtectedItem,
    "recovery_plans": RecoveryPlan,
    "recovery_jobs": Job,
}
"""What ``World.snapshot`` holds: no registration tokens exist here, and names of users stay out."""


class World:
    """One simulated Azure. ``scenario.build`` makes it; ``requests.replay`` brings it back."""

    def __init__(self, *, seed: int, starts_at: datetime, physics: Physics, workload: Workload) -> None:
        self.core = core = Core(seed=seed, starts_at=starts_at, physics=physics)
        self.workload = workload
        self.built = 0
        """How many entries of the history only describe the beginning."""
        self.log = log = RequestLog()
        self.budgets = Budgets(core)
        self.directory = Directory(core, log)
        self.propagation = Propagation(core)
        self.hierarchy = Hierarchy(core)
        self.permissions = Permissions(core, self.directory, self.hierarchy)
        self.locks = Locks(core, log, self.hierarchy)
        self.access = Access(core, self.directory, self.hierarchy, self.permissions)
        self.roles = Roles(
            core, log, directory=self.directory, propagation=self.propagation, hierarchy=self.hierarchy,
            locks=self.locks,
        )  # fmt: skip
        self.pools = Pools(core, log)
        self.hosts = Hosts(core, log, self.pools)
        self.registration = Registration(core, log, self.pools, self.hosts)
        self.sessions = Sessions(core, log, self.hosts)
        self.scaling = Scaling(core, log)
        self.machines = Machines(core, log, self.hosts, self.sessions)
        self.recovery = recovery_parts(core, log, self.hosts, self.sessions, self.machines)
        self.capacity = Capacity(core)
        self.graph_budgets = GraphBudgets(core)
        self.compute_budgets = ComputeBudgets(core)
        self.commands = Commands(core, log, self.machines, self.registration)
        self.bulk = Bulk(core, log, self.machines)
        self.neighbours = Neighbours(core, log)
        self.fleet = Fleet(core, log, self.machines)
        self.blobs = BlobStore(core, log)
        self.broker = Broker(core, self.access, self.hosts, self.sessions, self.machines)
        self.autoscale = Autoscale(core, self.hosts, self.sessions, self.scaling, self.machines)
        self.faults = Faults(core, log, self)

    @property
    def now_s(self) -> float:
        """Seconds since the scenario's start."""
        return self.core.now_s

    @property
    def history(self) -> History:
        """Everything that happened."""
        return self.core.history

    def at(self) -> datetime:
        """Return the world's time, aware and in UTC."""
        return self.core.at()

    def advance(self, to_s: float) -> None:
        """Run everything due up to ``to_s`` seconds after the start; going back does nothing."""
        self.core.advance(to_s)

    def admit(self, actor: str, subscription: str, kind: Kind) -> int:
        """Take one request out of the actor's budget; see ``Budgets.admit``."""
        return self.budgets.admit(actor, subscription, kind)

    def part(self, area: str) -> Part:
        """Return a part by its area's name.

        Raises:
            ValueError: No part is called so.
        """
        parts: tuple[Part, ...] = (
            self.roles, self.directory, self.pools, self.hosts, self.sessions, self.scaling, self.machines,
            self.registration, self.locks, self.commands, self.bulk, self.fleet, self.neighbours,
            self.blobs, self.faults,
            *self.recovery.all,
        )  # fmt: skip
        for part in parts:
            if part.area == area:
                return part
        raise ValueError(f"the simulator has no area {area!r}")

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state as JSON values, keyed by the names of ``SHOWN``."""
        tables = {
            name: [plain(record) for record in self.core.table(kind).values()] for name, kind in SHOWN.items()
        }
        for session in tables["user_sessions"]:
            del session["user_principal_name"]
        return {
            "seed": self.core.seed,
            "starts_at": self.core.starts_at.isoformat(),
            "now_s": self.now_s,
            "at": self.at().isoformat(),
            "history_length": self.history.next_sequence,
            **tables,
        }
