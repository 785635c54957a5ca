"""Operations of other packages, by the entry point group ``avd_failover.operations``.

A package is imported only when a runbook names an operation that the engine does not have, and only the one
entry point of that name. It may plan the kinds of actions that it declares and no others; access is granted
and revoked by the engine's own operations alone, because the barrier rests on them. Its distribution and
version are pinned with the step: a run is never resumed with another version.
"""

from collections.abc import Sequence
from importlib.metadata import EntryPoint, entry_points
from typing import Any, get_args

from avd_failover.cloud import Reads
from avd_failover.domain.actions import Action, Moves, kind_of
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import OperationSpec
from avd_failover.domain.provided import Provided, UnusableError
from avd_failover.operations.base import (
    AfterRefusal,
    AnyOperation,
    Base,
    Blocked,
    Bound,
    Memory,
    Verdict,
)

GROUP = "avd_failover.operations"
RESERVED = frozenset({"assignment.grant", "assignment.revoke", "command.run", "webhook.call"})
"""Kinds that no other package may plan: safety rests on who plans them, or the runbook spells them out."""

KINDS = frozenset(str(kind.__struct_config__.tag) for kind in get_args(Action))
_FAILS = (ImportError, AttributeError, SyntaxError, TypeError, ValueError, LookupError, OSError, RuntimeError)
"""What an import of somebody else's package is known to raise."""


def provided(name: str) -> Provided | None:
    """Find and check an operation by name; None when no package has it.

    Raises:
        UnusableError: Two packages have it, it cannot be imported, or it claims what it may not.
    """
    if (found := _entry(name)) is None:
        return None
    return Provided(spec=_kind(found).spec, by=_by(found))


def foreign_operation(bound: Bound) -> AnyOperation:
    """Make the operation of a step; one that only blocks where it is not the one that was pinned."""
    try:
        found = _entry(bound.step.uses)
        if found is None:
            return Absent(bound, f"no installed package provides {bound.step.uses}")
        if _by(found) != bound.step.provided_by:
            pinned = bound.step.provided_by
            return Absent(bound, f"{bound.step.uses} is pinned to {pinned}, and {_by(found)} is installed")
        return Kept(_kind(found)(bound))  # type: ignore[arg-type]
    except UnusableError as fault:
        return Absent(bound, str(fault))


class Kept:
    """An operation of another package, kept to the kinds of actions that it declared."""

    def __init__(self, inner: AnyOperation) -> None:
        self._inner = inner
        self._spec: OperationSpec = inner.spec  # type: ignore[attr-defined]

    async def observe(self, cloud: Reads, memory: Memory) -> Any:  # noqa: ANN401 - the package knows
        """Let it look."""
        return await self._inner.observe(cloud, memory)

    def plan(self, seen: Any) -> Moves:  # noqa: ANN401 - the package knows
        """Return what it plans; raises RefusedError when it plans what it did not declare."""
        moves = self._inner.plan(seen)
        for action in moves.actions:
            if kind_of(action) not in self._spec.changes:
                message = (
                    f"{self._spec.name} plans {kind_of(action)}, which it did not declare; nothing was sent"
                )
                raise RefusedError(message, code="Undeclared", target=action.target)
        return moves

    def prove(self, looks: Sequence[Any]) -> Verdict:
        """Let it judge."""
        return self._inner.prove(looks)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Let it say what a refusal means."""
        return self._inner.after(action, refusal)


class Absent:
    """Stands where an operation cannot be had: looks at nothing, changes nothing, holds the run."""

    def __init__(self, bound: Bound, because: str) -> None:
        self._because = f"{because}; install what the run was started with, then: failover resume {bound.run}"

    async def observe(self, cloud: Reads, memory: Memory) -> None:
        """Look at nothing."""

    def plan(self, seen: None) -> Moves:
        """Change nothing."""
        return Moves()

    def prove(self, looks: Sequence[None]) -> Verdict:
        """Block."""
        return Blocked(because=self._because)

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Stop; nothing is ever sent from here."""
        return AfterRefusal.STOP


def _entry(name: str) -> EntryPoint | None:
    found = {_by(one): one for one in entry_points(group=GROUP, name=name)}
    if len(found) > 1:
        raise UnusableError(f"{name} is provided by more than one package: {', '.join(sorted(found))}")
    return next(iter(found.values()), None)


def _by(found: EntryPoint) -> str:
    if found.dist is None:
        raise UnusableError(f"{found.name} comes from no installed distribution")
    return f"{found.dist.name} {found.dist.version}"


def _kind(found: EntryPoint) -> type[Base]:
    told = f"{found.name} of {_by(found)}"
    try:
        kind = found.load()
    except _FAILS as fault:
        raise UnusableError(f"{told} cannot be imported: {type(fault).__name__}: {fault}") from fault
    if not (isinstance(kind, type) and issubclass(kind, Base)):
        raise UnusableError(f"{told} is no subclass of avd_failover.operations.base.Base")
    if why := _unfit(found.name, _spec(kind)):
        raise UnusableError(f"{told} {why}")
    return kind


def _spec(kind: type[Base]) -> object:
    try:
        return kind.spec
    except AttributeError:  # Base declares it and has none
        return None


def _unfit(name: str, spec: object) -> str:
    if not isinstance(spec, OperationSpec):
        return "has no spec that is an OperationSpec"
    if spec.name != name:
        return f"has a spec of another name, {spec.name}"
    if spec.essential:
        return "claims to be essential, which only the engine's own operations are"
    if unknown := sorted(set(spec.changes) - KINDS):
        return f"declares actions that there are not: {', '.join(unknown)}"
    if reserved := sorted(set(spec.changes) & RESERVED):
        return f"declares actions that are the engine's own: {', '.join(reserved)}"
    return ""
