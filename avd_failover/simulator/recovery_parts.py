"""Site Recovery as one piece of a world: its parts, made over the shared core."""

from dataclasses import dataclass

from avd_failover.simulator.core import Core
from avd_failover.simulator.extensions import Extensions
from avd_failover.simulator.hosts import Hosts
from avd_failover.simulator.machines import Machines
from avd_failover.simulator.recovery import Recovery
from avd_failover.simulator.recovery_failover import Hands
from avd_failover.simulator.recovery_jobs import Jobs
from avd_failover.simulator.recovery_mishaps import Mishaps
from avd_failover.simulator.recovery_plans import Plans
from avd_failover.simulator.requests import Part, RequestLog
from avd_failover.simulator.reservations import Reservations
from avd_failover.simulator.sessions import Sessions


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveryParts:
    """``items``: vaults and protected items. ``mishaps``: what goes wrong, put in store beforehand."""

    items: Recovery
    plans: Plans
    jobs: Jobs
    mishaps: Mishaps
    extensions: Extensions
    reservations: Reservations

    @property
    def all(self) -> tuple[Part, ...]:
        """Every part, for those who look one up by its area."""
        return (self.items, self.plans, self.jobs, self.mishaps, self.extensions, self.reservations)


def recovery_parts(
    core: Core, log: RequestLog, hosts: Hosts, sessions: Sessions, machines: Machines
) -> RecoveryParts:
    """Make the parts of Site Recovery."""
    mishaps = Mishaps(core, log)
    jobs = Jobs(core, log, mishaps)
    reservations, extensions = Reservations(core, log), Extensions(core, log, machines)
    hands = Hands(
        core=core, hosts=hosts, sessions=sessions, machines=machines, reservations=reservations,
        extensions=extensions,
    )  # fmt: skip
    items = Recovery(core, log, hands, jobs)
    return RecoveryParts(
        items=items, plans=Plans(core, log, items, jobs), jobs=jobs, mishaps=mishaps,
        extensions=extensions, reservations=reservations,
    )  # fmt: skip
