"""What a scenario protects: the subject of the audit."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """Two host pools (primary first), their application groups, and the user groups that move between them.

    ``propagation_s`` is D of safety 1.1: how long a removed assignment still counts as access.
    """

    host_pools: tuple[str, str]
    application_groups: tuple[str, ...]
    groups: tuple[str, ...]
    role: str
    propagation_s: float = 660.0
