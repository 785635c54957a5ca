"""Session hosts that are unwell, come and go, and profile containers that stay locked."""

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.runbook.durations import Duration
from avd_failover.simulator.fates import Fate
from avd_failover.simulator.faults.base import Deed, FateFault, LastingDeed, called
from avd_failover.simulator.faults.names import Stage, fits, matching, named, require
from avd_failover.simulator.records import (
    HostPool,
    Machine,
    ProfileContainer,
    SessionHost,
    Status,
    Unwell,
    User,
)

if TYPE_CHECKING:
    from avd_failover.simulator.world import World

AGENT = "azure:agent"
STORE = "azure:profile-store"


class HostStatus(LastingDeed):
    """Hosts are shown unwell, in an upgrade, or as not heard of; as Available again afterwards."""

    fault: Literal["host-status"] = called("host-status")
    hosts: str = Field(description="Name of a session host, or a pattern such as `avd-weu-*`.")
    status: Unwell = Field(default="Unavailable", description="The status, in the words of the API.")

    def act(self, stage: Stage) -> None:
        """Show it."""
        for host in matching(stage.world, SessionHost, self.hosts):
            self._show(stage, host, self.status)

    def undo(self, stage: Stage) -> None:
        """Show hosts that run as Available again."""
        for host in matching(stage.world, SessionHost, self.hosts):
            if stage.world.core.get(Machine, host.machine).power == "running" and host.status == self.status:
                self._show(stage, host, "Available")

    def check(self, world: "World") -> None:
        """Find out whether there are such hosts."""
        super().check(world)
        require(world, SessionHost, self.hosts)

    @staticmethod
    def _show(stage: Stage, host: SessionHost, status: Status) -> None:
        stage.hit(f"is-{status}", host.id)
        stage.world.core.change(AGENT, "status", host, status=status, status_since_s=stage.world.now_s)


class HostTokenExpired(FateFault):
    """A host that slept for more than 90 days: its machine starts, and its agent never reports."""

    fault: Literal["host-token-expired"] = called("host-token-expired")

    @property
    def events(self) -> tuple[str, ...]:
        """Reports of agents."""
        return ("agent-reports",)

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Stay silent."""
        return Fate(silent=True)


class HostVanishes(Deed):
    """Session hosts are gone from their pool, and their sessions with them; the machines stay."""

    fault: Literal["host-vanishes"] = called("host-vanishes")
    hosts: str = Field(description="Name of a session host, or a pattern.")

    def act(self, stage: Stage) -> None:
        """Take them out."""
        for host in matching(stage.world, SessionHost, self.hosts):
            stage.hit("vanishes", host.id)
            stage.world.sessions.erase_all(AGENT, host)
            stage.world.core.erase(AGENT, "unregister", host)

    def check(self, world: "World") -> None:
        """Find out whether there are such hosts."""
        super().check(world)
        require(world, SessionHost, self.hosts)


class HostAppears(Deed):
    """New session hosts register in a pool, running and Available, on machines like those that are there."""

    fault: Literal["host-appears"] = called("host-appears")
    pool: str = Field(description="Name of the host pool; it must have a host.")
    name: str = Field(description="Name of the host; a number is added to further ones.")
    drained: bool = Field(default=False, description="Whether it takes no sessions.")

    def act(self, stage: Stage) -> None:
        """Register one."""
        world = stage.world
        number = stage.memory["number"] = stage.memory.get("number", 0) + 1
        name = self.name if number == 1 else f"{self.name}-{number}"
        pattern = world.hosts.of_pool(named(world, HostPool, self.pool).id)[0]
        like = world.core.get(Machine, pattern.machine)
        machine = replace(
            like, id=f"{like.id.rsplit('/', 1)[0]}/vm-{name}", computer_name=name, power="running",
            vm_id=world.core.guid(f"fault:{stage.fault}"),
        )  # fmt: skip
        host = SessionHost(
            id=f"{pattern.id.rsplit('/', 1)[0]}/{name}", host_pool=pattern.host_pool, machine=machine.id,
            status="Available", allow_new_session=not self.drained, last_heartbeat_s=world.now_s,
        )  # fmt: skip
        stage.hit("appears", host.id)
        world.core.write("azure:compute", "create-machine", machine)
        world.core.write(AGENT, "register", host)

    def check(self, world: "World") -> None:
        """Find out whether the pool has a host to take after."""
        super().check(world)
        if not world.hosts.of_pool(named(world, HostPool, self.pool).id):
            raise ValueError(f"{self.fault}: the pool {self.pool!r} has no host to take after")


class ProfileHandleRemains(FateFault):
    """A session is gone and its handle on the profile container remains: sign-ins elsewhere meet error 33."""

    fault: Literal["profile-handle-remains"] = called("profile-handle-remains")
    remains: Duration | None = Field(default=None, description="How long; for ever when absent.")

    @property
    def events(self) -> tuple[str, ...]:
        """Releases of containers."""
        return ("profile-release",)

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Hold on."""
        return Fate(held_s=math.inf if self.remains is None else self.remains)


class ProfileShareUnreachable(FateFault):
    """The store of a region's profiles does not answer: log-offs there hang until it does."""

    fault: Literal["profile-share-unreachable"] = called("profile-share-unreachable")

    @property
    def events(self) -> tuple[str, ...]:
        """Ends of log-offs."""
        return ("log-off",)

    def fate(self, stage: Stage, chance: random.Random) -> Fate:
        """Hang until the store is back."""
        return Fate(held_s=stage.left_s)


class ProfileLocked(LastingDeed):
    """Something else holds users' containers open (a backup, a scanner): sign-ins meet error 33."""

    fault: Literal["profile-locked"] = called("profile-locked")
    users: str = Field(default="*", description="Name of a user, or a pattern such as `grp1-*`.")

    def act(self, stage: Stage) -> None:
        """Open containers that nobody holds."""
        core = stage.world.core
        for user in matching(stage.world, User, self.users):
            container = core.find(ProfileContainer, user.id) or ProfileContainer(id=user.id)
            if container.held_by is None:
                stage.hit("locks", user.id)
                core.write(STORE, "profile-locked", replace(container, held_by=f"{STORE}:{stage.fault}"))

    def undo(self, stage: Stage) -> None:
        """Close them."""
        for container in list(stage.world.core.table(ProfileContainer).values()):
            if container.held_by == f"{STORE}:{stage.fault}":
                stage.world.core.change(STORE, "profile-unlocked", container, held_by=None)

    def check(self, world: "World") -> None:
        """Find out whether there are such users."""
        super().check(world)
        if not any(fits(user, self.users) for user in world.directory.users()):
            raise ValueError(f"no user is called {self.users!r}")
