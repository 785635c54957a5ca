"""The seam to a container of blobs: named bytes that are compared and changed in one stroke.

What the witness is made of: the lease of a pool pair and the copies of journals. Faults are those of
``domain.faults``; what the store says to a condition that does not hold is a ``RefusedError`` with one of the
codes below (Azure's own, Blob service REST API).
"""

from typing import Protocol

from msgspec import Struct

from avd_failover.domain.faults import CloudError

BLOCK_BYTES = 4 * 1024 * 1024
"""Most bytes of one appended block, in every version of the service."""

ALREADY_THERE = frozenset({"BlobAlreadyExists", "UnauthorizedBlobOverwrite"})
"""What was to be made is there."""
HELD_BY_ANOTHER = frozenset({"LeaseAlreadyPresent", "LeaseIsBreakingAndCannotBeAcquired"})
"""Somebody else has the lease."""
NOT_THE_HOLDER = frozenset(
    {
        *("LeaseIdMismatchWithLeaseOperation", "LeaseNotPresentWithLeaseOperation", "LeaseLost"),
        *("LeaseIdMismatchWithBlobOperation", "LeaseNotPresentWithBlobOperation", "LeaseIdMissing"),
        "LeaseIsBrokenAndCannotBeRenewed",
    }
)
"""The lease that was named is not, or no longer, in force."""
CHANGED = frozenset({"ConditionNotMet", "TargetConditionNotMet"})
"""Somebody wrote since the ETag that was named."""
ELSEWHERE = frozenset({"AppendPositionConditionNotMet"})
"""The blob does not end where the caller believed."""
NOT_THERE = frozenset({"BlobNotFound"})


class Blob(Struct, frozen=True, kw_only=True):
    """A blob as it was read: whole, or from an offset on."""

    content: bytes
    etag: str
    size: int
    """Length of the whole blob."""
    leased: bool = False


class Listed(Struct, frozen=True, kw_only=True):
    """A blob in a list."""

    name: str
    size: int


class Blobs(Protocol):
    """One container. Every verb is one request, sent once, except that a list may have pages.

    Raises, all of them:
        TransientError: Not taken, nothing changed.
        RefusedError: A condition does not hold, or the identity lacks a right; the code says which.
        UnknownError: Sent, answer lost; only a reading can tell.
    """

    async def read(self, name: str, *, offset: int = 0) -> Blob | None:
        """Return a blob from an offset on; None where no such blob is. At its end, nothing is read."""
        ...

    async def names(self, prefix: str) -> tuple[Listed, ...]:
        """Return every blob whose name begins so, in order of the names."""
        ...

    async def put(self, name: str, content: bytes, *, etag: str = "", lease: str = "") -> str:
        """Write a blob whole and return its new ETag: over the one named, or only where none is."""
        ...

    async def begin(self, name: str) -> None:
        """Make an empty blob that can be appended to, where none is."""
        ...

    async def append(self, name: str, content: bytes, *, at: int) -> None:
        """Add to the end of a blob, which must be at that position; durable on return."""
        ...

    async def acquire(self, name: str, lease: str, ttl_s: int) -> None:
        """Lease a blob for 15 to 60 seconds under an id of the caller's."""
        ...

    async def renew(self, name: str, lease: str) -> None:
        """Begin the lease's term anew."""
        ...

    async def release(self, name: str, lease: str) -> None:
        """Give the lease back."""
        ...


def said(fault: CloudError, codes: frozenset[str]) -> bool:
    """Tell whether a fault is the store's word on one of these conditions."""
    return fault.code in codes
