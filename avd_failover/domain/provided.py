"""Operations that other packages provide: what the loader of runbooks is told of one."""

from collections.abc import Callable

from msgspec import Struct

from avd_failover.domain.graph import OperationSpec


class UnusableError(ValueError):
    """A package claims to provide an operation, and what it provides cannot be used. Says why."""


class Provided(Struct, frozen=True, kw_only=True):
    """An operation of another package, checked."""

    spec: OperationSpec
    by: str
    """Distribution and version, such as ``acme-avd 1.2.0``; pinned with the step."""


Provider = Callable[[str], Provided | None]
"""Finds an operation by name; None when no package provides it. Raises UnusableError."""


def nobody(_name: str) -> Provided | None:
    """Provide nothing: a loader that knows the engine's own operations only."""
    return None
