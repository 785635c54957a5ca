"""A starting point that no journal explains, accepted by a person as it stands (safety J10, S20).

Where a journal was lost, the pairs may stand anywhere, and nobody can say what was meant. The digest names
exactly one placement: which assignment, by id and field, holds which pair at which side. A run that accepts
it may begin there and nowhere else; if anything moved since, the digest is another one.
"""

import hashlib

from msgspec import Struct, json

from avd_failover.domain.approvals import Rule
from avd_failover.domain.placement import Placement
from avd_failover.domain.plan import Policies


class Accepted(Struct, frozen=True, kw_only=True):
    """Which placement a run may begin from although no journal explains it, and who said so."""

    digest: str
    by: str


def digest_of(placement: Placement) -> str:
    """Return the name of a placement: SHA-256, the same seen from either side."""
    pairs = sorted(
        (one.pair.group.id, *sorted((one.pair.source, one.pair.target))) for one in placement.places
    )
    held = sorted({one.id: one for seen in placement.places for one in (*seen.source, *seen.target)}.items())
    said = {"pairs": pairs, "held": [one for _, one in held], "gaps": placement.gaps}
    return hashlib.sha256(json.encode(said, order="deterministic")).hexdigest()


def rule_for(policies: Policies) -> Rule | None:
    """Return whose word it takes besides that of whoever accepts; None for nobody's."""
    others = policies.approvers - 1
    return Rule(count=others, two_person=True) if others > 0 else None
