"""What every step of a run shares."""

import asyncio
from dataclasses import dataclass, field
from math import inf

from avd_failover.cloud import Cloud
from avd_failover.domain.clock import Clock
from avd_failover.domain.fence import UNFENCED, Fence
from avd_failover.domain.plan import Mode
from avd_failover.engine.confined import Confined
from avd_failover.engine.memory import RunMemory
from avd_failover.engine.progress import Progress
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.writer import JournalWriter

UNDER_WAY = 128
"""Actions that are under way at once; requests are bounded further by the throttle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What every step of a run shares."""

    confined: Confined
    clock: Clock
    journal: JournalWriter
    memory: RunMemory
    progress: Progress
    stop: StopSignal
    mode: Mode
    fence_s: float = inf
    """How long a source that does not answer is waited for (safety L5)."""
    self_fence: Fence = UNFENCED
    window: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(UNDER_WAY))

    @property
    def cloud(self) -> Cloud:
        """What is read and written."""
        return self.confined.cloud
