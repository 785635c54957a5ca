"""Autoscale in the way: it deallocates hosts, flips drain, and logs users off, beside its schedule."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from avd_failover.simulator.autoscale import ACTOR
from avd_failover.simulator.faults.base import Deed, called
from avd_failover.simulator.faults.names import Stage, named
from avd_failover.simulator.records import HostPool, Machine, SessionHost

if TYPE_CHECKING:
    from avd_failover.simulator.world import World


class _OnPool(Deed):
    """Concerns hosts of a pool, those with the fewest sessions first."""

    pool: str = Field(description="Name of the host pool.")
    count: int = Field(default=1, ge=1, description="How many hosts.")

    def check(self, world: "World") -> None:
        """Find out whether the pool exists."""
        super().check(world)
        named(world, HostPool, self.pool)

    def _running(self, stage: Stage) -> list[tuple[SessionHost, Machine]]:
        world, pool = stage.world, named(stage.world, HostPool, self.pool)
        hosts = sorted(world.hosts.of_pool(pool.id), key=lambda host: world.sessions.count_on_host(host.id))
        rows = [(host, world.core.get(Machine, host.machine)) for host in hosts]
        return [row for row in rows if row[1].power == "running"]


class AutoscaleDeallocates(_OnPool):
    """Autoscale deallocates running hosts of a pool, as if an enabled plan had asked for it."""

    fault: Literal["autoscale-deallocates"] = called("autoscale-deallocates")

    def act(self, stage: Stage) -> None:
        """Deallocate."""
        for _, machine in self._running(stage)[: self.count]:
            stage.hit("deallocates", machine.id)
            stage.world.machines.attempt(ACTOR, "deallocate", machine)


class AutoscaleDrains(_OnPool):
    """Autoscale flips the drain mode of running hosts."""

    fault: Literal["autoscale-drains"] = called("autoscale-drains")
    drained: bool = Field(default=True, description="Drained, or undrained.")

    def act(self, stage: Stage) -> None:
        """Flip."""
        rows = [host for host, _ in self._running(stage) if host.allow_new_session == self.drained]
        for host in rows[: self.count]:
            stage.hit("drains" if self.drained else "undrains", host.id)
            stage.world.core.change(
                ACTOR, "drain" if self.drained else "undrain", host, allow_new_session=not self.drained
            )


class AutoscaleLogsOff(_OnPool):
    """Autoscale logs everybody off some hosts, as a ramp-down does that forces users off."""

    fault: Literal["autoscale-logs-off"] = called("autoscale-logs-off")

    def act(self, stage: Stage) -> None:
        """Log off."""
        for host, _ in self._running(stage)[: self.count]:
            stage.hit("logs-off", host.id)
            for session in stage.world.sessions.alive_on_host(host.id):
                stage.world.sessions.end(ACTOR, session)
