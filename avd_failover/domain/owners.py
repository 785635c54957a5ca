"""Whose a personal desktop is, without a name: no user name is kept anywhere (safety J11).

The API tells an owner by user principal name only. What is kept is a mark: equal for the same user on hosts
of the same pool, before and after a failover, and of no use to look the name up without knowing it.
"""

import hashlib
from typing import NewType

from avd_failover.domain.ids import HostPoolId

OwnerMark = NewType("OwnerMark", str)


def owner_mark(pool: HostPoolId, user: str | None) -> OwnerMark | None:
    """Mark the user whom a host of a pool is assigned to; None for a host that is nobody's.

    ``user`` is folded: Azure's casing varies. The pool is the salt.
    """
    folded = (user or "").strip().casefold()
    if not folded:
        return None
    digest = hashlib.blake2b(folded.encode(), key=hashlib.sha256(pool.encode()).digest(), digest_size=16)
    return OwnerMark(f"user-{digest.hexdigest()}")
