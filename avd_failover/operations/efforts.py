"""What a step that starts machines has seen come of it: refusals, waves, machines that do not come up.

Kept by the process. A resumed run tries what Azure refused before once more: there may be room by then.
"""

from collections.abc import Collection, Iterable

from msgspec import Struct

from avd_failover.domain.estate import HostStatus, Machine, PowerState, SessionHost
from avd_failover.domain.fallbacks import Wave
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Given, SettingSpec
from avd_failover.domain.ids import MachineId
from avd_failover.domain.ladder import Trials
from avd_failover.operations.base import AfterRefusal

NO_CAPACITY = frozenset(
    {
        "AllocationFailed",
        "ZonalAllocationFailed",
        "OverconstrainedAllocationRequest",
        "OverconstrainedZonalAllocationRequest",
        "SkuNotAvailable",
        "OperationNotAllowed",
    }
)
"""Azure has no room for this machine now; others may still start (azure-facts section 6)."""

COME_UP_WITHIN_S = 600.0
"""The longest that a host takes from a running machine to Available (azure-facts section 6)."""

COME_UP_WITHIN = SettingSpec(
    kind="duration",
    summary="How long a host may take from a running machine to Available until it is given up; 10m.",
)


class Tried(Struct, frozen=True, kw_only=True):
    """The efforts of a step at one look."""

    trials: Trials = Trials()
    started: frozenset[str] = frozenset()
    """Machines that this step told to start, and that Azure did not refuse."""
    next_wave_in_s: float = 0.0


class Efforts:
    """Watches the machines that a step starts."""

    def __init__(self, wave: Wave | None, come_up_within: Given | None) -> None:
        self._wave = wave
        limit = come_up_within if isinstance(come_up_within, int | float) else COME_UP_WITHIN_S
        self._come_up_within_s = float(limit)
        self._refused: dict[MachineId, str] = {}
        self._running_since_s: dict[MachineId, float] = {}
        self._wave_at_s: float | None = None
        self._told = -1
        self._looked_s = 0.0

    def refused(self, machine: MachineId, refusal: RefusedError) -> AfterRefusal:
        """Take note of a refusal: no room here leaves the others, everything else needs a person."""
        if refusal.code not in NO_CAPACITY:
            return AfterRefusal.STOP
        self._refused[machine] = refusal.code
        return AfterRefusal.LEAVE

    def seen(
        self,
        hosts: Iterable[SessionHost],
        machines: Iterable[Machine],
        started: Collection[str],
        now_s: float,
    ) -> Tried:
        """Return the efforts as of a look at hosts and machines."""
        self._note_running(hosts, machines, now_s)
        late = (one for one, at_s in self._running_since_s.items() if self._is_late(at_s, now_s))
        return Tried(
            trials=Trials(refused=dict(self._refused), late=frozenset(late)),
            started=frozenset(started) - frozenset(self._refused),
            next_wave_in_s=self._next_wave_in_s(len(set(started) | set(self._refused)), now_s),
        )

    def _is_late(self, since_s: float, now_s: float) -> bool:
        return now_s - since_s >= self._come_up_within_s

    def _note_running(self, hosts: Iterable[SessionHost], machines: Iterable[Machine], now_s: float) -> None:
        running = {one.id for one in machines if one.power is PowerState.RUNNING}
        waited = [
            one.machine
            for one in hosts
            if one.machine in running and one.machine and one.status is not HostStatus.AVAILABLE
        ]
        self._running_since_s = {one: self._running_since_s.get(one, now_s) for one in waited}

    def _next_wave_in_s(self, told: int, now_s: float) -> float:
        """A wave began at the last look if more machines were told since; the first look knows of none."""
        if 0 <= self._told < told:
            self._wave_at_s = self._looked_s
        self._told, self._looked_s = told, now_s
        if self._wave is None or self._wave_at_s is None:
            return 0.0
        return max(0.0, self._wave_at_s + self._wave.every_s - now_s)
