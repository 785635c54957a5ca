"""Paying debts: the graph of what a run could not do while its source was dark (safety S8, contract 172).

A region that returns is first made unable to take anybody in, whatever it was that was owed: its hosts come
back as they were, with sessions that nobody logged off. Each step looks before it does anything, so that what
was done already costs a look.
"""

from collections.abc import Iterator, Sequence

from avd_failover.domain.estate import PoolKind
from avd_failover.domain.graph import IfUnreachable, Step, StepGraph
from avd_failover.domain.plan import End

PREFIX = "settle-"
HOUR_S, DAY_S = 3600.0, 86400.0
REPROTECTS, PROTECTED = "personal.reprotect", "personal.protected"
"""Replicating back is paid when the first replication is complete; that can take long."""

GUARD = (
    ("autoscale", "scaling.suspend"),
    ("start-on-connect", "pool.start-on-connect"),
    ("drain", "hosts.drain"),
    ("access", "assignments.revoke"),
    ("sessions", "sessions.logoff"),
)
"""The re-entry guard of a pooled source, in the order of its steps."""


def settling(forward: StepGraph, owed: Sequence[Step], pool: PoolKind) -> StepGraph:
    """Return the graph that pays what a run owes. ``source`` is the end that was dark."""
    return StepGraph(
        runbook=f"{forward.runbook} (settle)",
        summary="Make the side that was dark unable to take anybody in, and pay what is owed there.",
        pool=forward.pool,
        steps=tuple(_steps(owed, pool)),
    )


def _steps(owed: Sequence[Step], pool: PoolKind) -> Iterator[Step]:
    before: tuple[str, ...] = ()
    if pool is PoolKind.POOLED:
        for name, uses in GUARD:
            yield _step(name, uses, End.SOURCE, before)
            before = (PREFIX + name,)
    guarded = {uses for _, uses in GUARD} if pool is PoolKind.POOLED else set()
    for step in owed:
        if step.uses not in guarded:
            yield _step(step.id, step.uses, step.side, before, step)
            before = (PREFIX + step.id,)
    if any(step.uses == REPROTECTS for step in owed):
        yield _step("protected", PROTECTED, End.SOURCE, before, within_s=DAY_S)
    if pool is PoolKind.POOLED:
        yield _step("empty", "barrier", None, before)
        yield _step("reconcile", "reconcile", None, (PREFIX + "empty",))


def _step(
    name: str,
    uses: str,
    side: End | None,
    needs: tuple[str, ...],
    like: Step | None = None,
    *,
    within_s: float = HOUR_S,
) -> Step:
    return Step(
        id=PREFIX + name,
        uses=uses,
        side=side,
        needs=needs,
        proof_within_s=within_s,
        if_unreachable=IfUnreachable.HOLD,
        settings=like.settings if like else {},
        summary=like.summary if like else "",
    )
