"""Personal desktops one by one: what each lost, when it was failed over, worked again, and was unprotected.

Measured from the journal alone. The loss of data is what lies between the recovery point and the failover; a
desktop counts as working again when its commit was begun, because nothing is committed that is not seen to
work; it is unprotected from then on until the step that waits for the first replication had its proof.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct

from avd_failover.domain.ids import name_of
from avd_failover.domain.recovery_actions import CommitFailover, FailOverMachine, ReprotectMachine
from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.report.words import duration, plain

PROTECTS = "personal.protected"
_Step = FailOverMachine | CommitFailover | ReprotectMachine


class MachineAccount(Struct, frozen=True, kw_only=True):
    """One desktop's machine; moments are None for what did not happen in this run, or nobody measured."""

    name: str
    failed_over_at: datetime | None = None
    """When Azure took the failover."""
    point_at: datetime | None = None
    """When the recovery point was taken that it came up from."""
    loss_s: float | None = None
    """Measured loss of data, in seconds."""
    works_at: datetime | None = None
    committed_at: datetime | None = None
    reprotected_at: datetime | None = None
    """When Azure took the reprotect."""
    unprotected_s: float | None = None
    """How long it was unprotected; None while it still is, or was not moved."""


def machine_accounts(state: RunState) -> tuple[MachineAccount, ...]:
    """Return every machine that this run failed over, committed or reprotected, by name."""
    deeds: dict[str, dict[type[_Step], Attempt]] = {}
    for attempt in state.attempts.values():
        if isinstance(attempt.action, _Step) and attempt.outcome is Outcome.APPLIED:
            deeds.setdefault(name_of(attempt.action.machine), {})[type(attempt.action)] = attempt
    protected_at = _protected_at(state)
    return tuple(_account(name, deeds[name], protected_at) for name in sorted(deeds))


def machines_text(accounts: tuple[MachineAccount, ...]) -> Iterator[str]:
    """Yield one line for each machine."""
    for one in accounts:
        lost = "not measured" if one.loss_s is None else duration(one.loss_s)
        bare = "not protected yet" if one.unprotected_s is None else duration(one.unprotected_s)
        yield plain(
            f"{one.name}  failed over {_clock(one.failed_over_at)}, point of {_clock(one.point_at)},"
            f" data loss {lost}, works {_clock(one.works_at)}, committed {_clock(one.committed_at)},"
            f" unprotected {bare if one.works_at else '-'}"
        )


def _account(name: str, deeds: dict[type[_Step], Attempt], protected_at: datetime | None) -> MachineAccount:
    moved, kept = deeds.get(FailOverMachine), deeds.get(CommitFailover)
    point_at, left_at = _point(moved, kept)
    works_at = kept.intended_at if kept else None
    again = deeds.get(ReprotectMachine)
    return MachineAccount(
        name=name,
        failed_over_at=moved.ended_at if moved else None,
        point_at=point_at,
        loss_s=max(0.0, (left_at - point_at).total_seconds()) if point_at and left_at else None,
        works_at=works_at,
        committed_at=kept.ended_at if kept else None,
        reprotected_at=again.ended_at if again else None,
        unprotected_s=_between(works_at, protected_at) if again else None,
    )


def _point(moved: Attempt | None, kept: Attempt | None) -> tuple[datetime | None, datetime | None]:
    """Return when the point was taken and when the machine was left; the commit read it last."""
    if kept is not None and isinstance(kept.action, CommitFailover) and kept.action.point_at is not None:
        began = moved.intended_at if moved else None
        return kept.action.point_at, kept.action.failed_over_at or began
    if moved is not None and isinstance(moved.action, FailOverMachine):
        return moved.action.point_at, moved.intended_at
    return None, None


def _protected_at(state: RunState) -> datetime | None:
    steps = [state.steps[step.id] for step in state.graph.steps if step.uses == PROTECTS]
    return next((step.finished_at for step in steps if step.status is StepStatus.DONE), None)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if begin and end else None


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else "-"
