"""Personal desktops one by one: what each lost, when it was failed over, worked again, and was unprotected.

Measured from journals alone. The loss of data is what lies between the recovery point and the failover, or
the moment from which the machine was known to be stopped: at most that much. A desktop counts as working
again when its commit was begun, because nothing is committed that is not seen to work; it is unprotected from
then on until a step that waits for the first replication had its proof, in this run or in the one that paid
its debts.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from msgspec import Struct

from avd_failover.domain.actions import Action
from avd_failover.domain.desk_images import IMAGE, KEPT
from avd_failover.domain.desk_words import STAYED
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import ProtectedItemId, name_of
from avd_failover.domain.recovery_actions import (
    ChangeRecoveryPoint,
    CommitFailover,
    FailOverMachine,
    ReprotectMachine,
)
from avd_failover.domain.recovery_plan_actions import singly
from avd_failover.domain.states import StepStatus
from avd_failover.domain.words import counted
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState
from avd_failover.operations.personal_owners import OWNER
from avd_failover.report.words import duration, plain

PROTECTS, STOPS = "personal.protected", "personal.stop-source"
_Deed = FailOverMachine | ChangeRecoveryPoint | CommitFailover | ReprotectMachine
_JOBS: dict[type[_Deed], str] = {
    FailOverMachine: "failover",
    ChangeRecoveryPoint: "other point",
    CommitFailover: "commit",
    ReprotectMachine: "reprotect",
}


class MachineJob(Struct, frozen=True, kw_only=True):
    """The job of Site Recovery that an accepted request became."""

    what: str
    id: str
    at: datetime | None
    """When Azure took the request."""


class MachineAccount(Struct, frozen=True, kw_only=True):
    """One desktop's machine; moments are None for what did not happen in this run, or nobody measured."""

    name: str
    failed_over_at: datetime | None = None
    """When Azure took the failover."""
    point_at: datetime | None = None
    """When the recovery point was taken that it came up from."""
    loss_s: float | None = None
    """Measured loss of data, in seconds: at most so much."""
    works_at: datetime | None = None
    committed_at: datetime | None = None
    reprotected_at: datetime | None = None
    """When Azure took the reprotect."""
    unprotected_s: float | None = None
    """How long it was unprotected; None while it still is, or was not moved."""
    state: str = ""
    """``stayed``, ``not committed``, ``unprotected`` or ``protected``."""
    jobs: tuple[MachineJob, ...] = ()
    notes: tuple[str, ...] = ()
    """Steps that went on without it, and why."""


class _Known(Struct, frozen=True, kw_only=True):
    """What the steps of a run, and other runs, say of all its machines."""

    stopped_at: datetime | None
    protected_at: dict[ProtectedItemId, datetime]
    """When machines were proven to be protected that were replicated back, under their items."""
    works_at: dict[ProtectedItemId, datetime]
    """When machines worked again that an earlier run moved, under their items."""


def machine_accounts(state: RunState, others: Sequence[RunState] = ()) -> tuple[MachineAccount, ...]:
    """Return every machine that this run moved, or went on without, by name.

    ``others`` are the runs whose debts it pays, and the run that paid its own.
    """
    deeds: dict[str, list[tuple[_Deed, Attempt]]] = {}
    for deed, attempt in _deeds(state):
        deeds.setdefault(deed.item, []).append((deed, attempt))
    known = _known(state, others)
    told = [_account(deeds[item], known, state) for item in deeds]
    moved = {one.name for one in told}
    told += [
        MachineAccount(name=name, state="stayed", notes=notes)
        for name, notes in _notes(state).items()
        if name not in moved
    ]
    return tuple(sorted(told, key=lambda one: natural(one.name)))


def shown(figures: Mapping[str, Setting]) -> Iterator[tuple[str, Setting]]:
    """Yield the figures of a step that people read; records of single desktops are for later steps."""
    for name, figure in figures.items():
        if not name.startswith((OWNER, IMAGE, KEPT, STAYED)):
            yield name, figure


def worst_loss_s(accounts: Sequence[MachineAccount]) -> float | None:
    """Return the most data that any machine lost; None where nobody measured one."""
    return max((one.loss_s for one in accounts if one.loss_s is not None), default=None)


def machines_line(accounts: Sequence[MachineAccount]) -> str:
    """Say in one line what became of all of them."""
    many = {state: sum(one.state == state for one in accounts) for state in _SAYS}
    return ", ".join(f"{number} {_SAYS[state]}" for state, number in many.items() if number)


def machines_text(accounts: tuple[MachineAccount, ...]) -> Iterator[str]:
    """Yield a sentence on all, then one line for each machine, and its jobs below."""
    worst = worst_loss_s(accounts)
    lost = "" if worst is None else f"; data loss at most {duration(worst)}"
    yield f"{counted(len(accounts), 'desktop')}: {machines_line(accounts)}{lost}"
    for one in accounts:
        yield plain(f"{one.name}  {one.state}: {'; '.join(_moments(one)) or 'nothing was done to it'}")
        yield from (plain(f"{'':<4}{note}") for note in one.notes)
        if jobs := ", ".join(f"{job.what} {name_of(job.id)}" for job in one.jobs):
            yield plain(f"{'':<4}jobs: {jobs}")


def natural(name: str) -> tuple[tuple[int, str], ...]:
    """Return what names are sorted by so that numbers in them count: ``vm-2`` before ``vm-10``."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name))


_SAYS = {
    "protected": "protected again",
    "unprotected": "not protected yet",
    "not committed": "failed over and not committed",
    "stayed": "stayed where they were",
}


def _deeds(state: RunState) -> Iterator[tuple[_Deed, Attempt]]:
    for attempt in state.attempts.values():
        if attempt.outcome is Outcome.APPLIED:
            yield from ((deed, attempt) for deed in _each(attempt.action))


def _each(action: Action) -> Iterator[_Deed]:
    yield from (one for one in singly(action) if isinstance(one, _Deed))


def _known(state: RunState, others: Sequence[RunState]) -> _Known:
    followed = [one for one in others if one.run in state.pinned.follows]
    payers = [one for one in others if state.run in one.pinned.follows]
    ends = {
        deed.item: at
        for one in (*payers, state)
        if (at := _proven(one, PROTECTS)) is not None
        for deed, _ in _deeds(one)
        if isinstance(deed, ReprotectMachine)
    }
    works = {
        deed.item: attempt.intended_at
        for one in followed
        for deed, attempt in _deeds(one)
        if isinstance(deed, CommitFailover)
    }
    return _Known(stopped_at=_proven(state, STOPS), protected_at=ends, works_at=works)


def _account(deeds: Sequence[tuple[_Deed, Attempt]], known: _Known, state: RunState) -> MachineAccount:
    last = {type(deed): (deed, attempt) for deed, attempt in deeds}
    first = deeds[0][0]
    moved, kept = last.get(FailOverMachine), last.get(CommitFailover)
    again = last.get(ReprotectMachine)
    works_at = kept[1].intended_at if kept else known.works_at.get(first.item)
    bare_s = _between(works_at, known.protected_at.get(first.item))
    point_at, loss_s = _measured(moved, kept, known)
    return MachineAccount(
        name=name_of(first.machine),
        failed_over_at=moved[1].ended_at if moved else None,
        point_at=point_at,
        loss_s=loss_s,
        works_at=kept[1].intended_at if kept else None,
        committed_at=kept[1].ended_at if kept else None,
        reprotected_at=again[1].ended_at if again else None,
        unprotected_s=bare_s,
        state=_state(protected=first.item in known.protected_at, committed=bool(kept or again)),
        jobs=tuple(
            MachineJob(what=_JOBS[type(deed)], id=attempt.job, at=attempt.ended_at)
            for deed, attempt in deeds
            if attempt.job
        ),
        notes=_notes(state).get(name_of(first.machine), ()),
    )


def _state(*, protected: bool, committed: bool) -> str:
    if protected:
        return "protected"
    return "unprotected" if committed else "not committed"


def _measured(
    moved: tuple[_Deed, Attempt] | None, kept: tuple[_Deed, Attempt] | None, known: _Known
) -> tuple[datetime | None, float | None]:
    """Return when the point was taken, and what was lost since; the commit read the point last."""
    point_at, left_at = _point(moved, kept)
    if point_at is None or left_at is None:
        return point_at, None
    ended_at = min(left_at, known.stopped_at) if known.stopped_at else left_at
    return point_at, max(0.0, (ended_at - point_at).total_seconds())


def _point(
    moved: tuple[_Deed, Attempt] | None, kept: tuple[_Deed, Attempt] | None
) -> tuple[datetime | None, datetime | None]:
    """Return when the point was taken and when the machine was left."""
    began = moved[1].intended_at if moved else None
    if kept is not None and isinstance(kept[0], CommitFailover) and kept[0].point_at is not None:
        return kept[0].point_at, kept[0].failed_over_at or began
    if moved is not None and isinstance(moved[0], FailOverMachine):
        return moved[0].point_at, began
    return None, None


def _notes(state: RunState) -> dict[str, tuple[str, ...]]:
    """Return the machines that steps went on without, with step and reason."""
    found: dict[str, tuple[str, ...]] = {}
    for step in state.steps.values():
        for figure, said in step.facts.items():
            if figure.startswith(STAYED):
                name = figure[len(STAYED) :]
                found[name] = (*found.get(name, ()), f"{step.step.id} went on without it: {said}")
    return found


def _proven(state: RunState, uses: str) -> datetime | None:
    steps = [step for step in state.steps.values() if step.step.uses == uses]
    return next((step.finished_at for step in steps if step.status is StepStatus.DONE), None)


def _between(begin: datetime | None, end: datetime | None) -> float | None:
    return (end - begin).total_seconds() if begin and end and end > begin else None


def _moments(one: MachineAccount) -> Iterator[str]:
    if one.failed_over_at is not None:
        point = f" to the point of {_clock(one.point_at)}" if one.point_at else ""
        lost = "not measured" if one.loss_s is None else loss(one.loss_s)
        yield f"failed over {_clock(one.failed_over_at)}{point}, data loss {lost}"
    if one.committed_at is not None:
        yield f"works {_clock(one.works_at)}, committed {_clock(one.committed_at)}"
    if one.reprotected_at is not None:
        yield f"replicated back from {_clock(one.reprotected_at)}"
    if one.unprotected_s is not None:
        yield f"unprotected for {duration(one.unprotected_s)}"
    elif one.works_at is not None and one.state == "unprotected":
        yield f"unprotected since {_clock(one.works_at)}"


def loss(seconds: float) -> str:
    """Say how much data was lost: an upper bound."""
    return f"at most {duration(seconds)}" if seconds else "none"


def _clock(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%H:%M:%S}" if at else "-"
