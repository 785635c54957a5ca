"""This machine as leases know it: one boot of it, and a clock that goes on while processes and it sleep."""

import time
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Machine(Struct, frozen=True, kw_only=True):
    """One boot of one machine.

    ``boot`` names it; empty where the system does not tell, and then moments of different processes must not
    be compared. ``monotonic`` gives seconds on a clock that all processes of this boot share and nobody sets.
    """

    boot: str
    monotonic: Callable[[], float]


def this_machine() -> Machine:
    """Return the machine that this process runs on."""
    return Machine(boot=_boot(), monotonic=_seconds)


def _boot() -> str:
    try:
        return _BOOT_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError):
        return ""


def _seconds() -> float:
    """Read the clock that counts a suspended machine's sleep where there is one (CLOCK_BOOTTIME)."""
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.monotonic()
