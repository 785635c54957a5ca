"""The way back of a run, composed from what it did: the reverse route and its step graph (safety O2).

The theory. Going back is the same job with the ends exchanged: what the run granted is revoked, the end that
is left now is proven empty and closed, and only then the images are restored where they came from. Where
nothing was granted yet, nobody could ever start a session there, and the images are restored at once; unless
the run was itself a way home, to hosts that it opened again and that users knew before. What
the run changed besides, drain flags, autoscale, Start VM on Connect, floors, started machines, is put back
only where nobody else has changed it since. At the end that users return to it is done twice: before they
have access, so that they find their hosts open, and again when nothing can arrive late any more.
"""

from collections.abc import Iterator, Sequence

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment
from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import End
from avd_failover.domain.recovery_actions import FailOverMachine
from avd_failover.domain.recovery_plan_actions import singly
from avd_failover.domain.words import counted

PREFIX = "back-"
"""Steps of the way back never share an id with those of a runbook."""

HOUR_S = 3600.0


def way_back(
    forward: StepGraph, changed: Sequence[Action], *, partial: bool = False, homeward: bool = False
) -> StepGraph:
    """Return the graph that undoes these changes, which took effect or may have.

    ``source`` of its steps is the end that the run was going to, ``target`` the end that it left. A
    ``partial`` run closed no pool, since others work there: its barrier waits for access to settle instead.
    A ``homeward`` one went where its users had been before, so that the barrier stands in any case (S4).
    """
    return StepGraph(
        runbook=f"{forward.runbook} (rollback)",
        summary="Return every pair to where it was, through the barrier, and restore what was changed.",
        pool=forward.pool,
        steps=tuple(_steps(changed, partial=partial, homeward=homeward)),
    )


def no_way_back(changed: Sequence[Action]) -> str:
    """Say why a run that did this, or may have, can only go on; empty when it can be turned back.

    A failover of a machine has no inverse: it comes home by a failover the other way, once it is replicated
    back, and that is a run of its own.
    """
    single = [one for action in changed for one in singly(action)]
    moved = {one.target for one in single if isinstance(one, FailOverMachine)}
    if not moved:
        return ""
    said = f"{counted(len(moved), 'desktop')} failed over, or about to"
    return f"{said}: no failover is undone; let the run end, then return the desktops with a failback"


def _steps(changed: Sequence[Action], *, partial: bool, homeward: bool) -> Iterator[Step]:
    granted = any(isinstance(action, GrantAssignment) for action in changed)
    revoked = any(isinstance(action, RevokeAssignment) for action in changed)
    before: tuple[str, ...] = ()
    if granted or (homeward and revoked):
        closing = (
            []
            if partial
            else [
                _step("suspend-autoscale", "scaling.suspend", End.SOURCE),
                _step("forbid-start-on-connect", "pool.start-on-connect", End.SOURCE),
                _step("drain", "hosts.drain", End.SOURCE),
            ]
        )
        yield from closing
        yield _step("withdraw", "assignments.withdraw", End.SOURCE, *closing)
        yield _step("logoff", "sessions.logoff", End.SOURCE, "withdraw")
        yield _step("barrier", "barrier", None, "logoff")
        before = ("barrier",)
    # Hosts are open before anybody has access again (S9); it costs no time, since images wait longer.
    yield _step("restore-left", "restore", End.TARGET, *before)
    before = ("restore-left",)
    if revoked:
        yield _step("access", "assignments.restore", End.TARGET, *before)
        before = ("access",)
    yield _step("reconcile", "reconcile", None, *before)
    yield _step("restore-gone-to", "restore", End.SOURCE, "reconcile")
    # A change whose answer was lost may have come true after the first restore saw nothing to do (S14).
    yield _step("restore-late", "restore", End.TARGET, "reconcile")


def _step(name: str, uses: str, side: End | None, *needs: str | Step) -> Step:
    ids = tuple(need.id if isinstance(need, Step) else PREFIX + need for need in needs)
    return Step(
        id=PREFIX + name,
        uses=uses,
        side=side,
        needs=ids,
        proof_within_s=HOUR_S,
    )
