"""What a read and a write of the seam answer with."""

from datetime import datetime
from typing import Generic, TypeVar

from msgspec import Struct

from avd_failover.domain.ids import RecoveryJobId

T = TypeVar("T")


class Reading(Struct, Generic[T], frozen=True, kw_only=True):
    """One enumeration: every item of every page, or ``complete`` is false and ``gap`` says what lacks."""

    items: tuple[T, ...]
    read_at: datetime
    complete: bool = True
    gap: str = ""


class Accepted(Struct, frozen=True, kw_only=True):
    """The cloud took a write. Not yet that anything became true."""

    at: datetime
    request_id: str = ""
    detail: str = ""
    """What the journal notes besides, such as an exit code; never anything that was sent or answered."""
    job: RecoveryJobId | None = None
    """The job of Site Recovery that an operation became, where that is told: follow it by reads."""
