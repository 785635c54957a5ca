"""A dry run for people and for scripts: what each step would change, leave alone and wait for.

The fields of the JSON form are a contract with scripts: they are added to, never renamed. Ids there are
whole; in the text they are names. Where there is nothing to do, no step shows an action: none would be sent.
"""

from collections.abc import Iterator, Sequence
from typing import TypedDict

from avd_failover.domain.actions import Action, Moves, kind_of
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import Way
from avd_failover.domain.words import counted, listed
from avd_failover.engine.preview import Preview, StepPreview
from avd_failover.journal.events import RunPinned
from avd_failover.operations.base import Blocked, Moot, Proven
from avd_failover.report.drill_story import RECORD
from avd_failover.report.lists import NAMES_SHOWN, FindingData, findings_data, findings_text, left_alone
from avd_failover.report.redaction import redact
from avd_failover.report.words import (
    Names,
    deed,
    duration,
    endpoints,
    journey,
    marked,
    plain,
    screen,
    sign,
    travel,
)

ACTIONS_SHOWN = 4
"""Of each step; the JSON form has them all."""


class ActionData(TypedDict):
    """One action that would be sent; ``kind`` is its tag in the journal."""

    kind: str
    target: str
    reason: str


class SkippedData(TypedDict):
    """Something that would be left alone."""

    target: str
    because: str


class BlockedData(TypedDict):
    """The interlock that would refuse the run."""

    because: str
    findings: list[FindingData]


class StepData(TypedDict):
    """One step; ``because`` is what its proof says of the world as it is now."""

    id: str
    uses: str
    provided_by: str
    """Package and version of an operation that is not the engine's own; else empty."""
    side: str | None
    actions: list[ActionData]
    skipped: list[SkippedData]
    because: str


class PreviewData(TypedDict):
    """A dry run. ``blocked`` and ``nothing_to_do`` are null when the run would go on."""

    plan: str
    direction: str
    mode: str
    scope: str
    simulated: str | None
    changes: int
    """How many things would be changed; one that two steps take care of counts once."""
    blocked: BlockedData | None
    nothing_to_do: str | None
    steps: list[StepData]


def preview_data(seen: Preview, pinned: RunPinned) -> PreviewData:
    """Return the dry run as data, steps in file order."""
    route = pinned.route
    return {
        "plan": route.plan.name,
        "direction": route.direction,
        "mode": route.mode.value,
        "scope": route.scope,
        "simulated": pinned.simulated,
        "changes": len({_key(action) for one in seen.steps for action in _moves(seen, one).actions}),
        "blocked": _blocked(seen.blocked),
        "nothing_to_do": _idle(seen),
        "steps": [_step_data(one, _moves(seen, one)) for one in seen.steps],
    }


def preview_text(seen: Preview, pinned: RunPinned) -> str:
    """Return the dry run as a plan of changes; every line says SIMULATED where the Azure is simulated."""
    lines = [*_header(pinned), "", *_body(seen, pinned)]
    return marked("\n".join(lines), pinned.simulated)


def _header(pinned: RunPinned) -> Iterator[str]:
    route, goals = pinned.route, pinned.route.plan.objectives
    yield plain(f"{travel(route).capitalize()} of {route.plan.name}: {journey(route)}")
    yield plain(f"  mode {route.mode.value}, scope {route.scope}, runbook {pinned.graph.runbook}")
    yield f"  objectives: recovery within {duration(goals.rto_s)}, data loss at most {duration(goals.rpo_s)}"
    simulated = "" if pinned.simulated is None else f" (simulated: {pinned.simulated})"
    yield plain(f"  Azure: {endpoints(pinned.arm_endpoint, pinned.graph_endpoint)}{simulated}")


def _body(seen: Preview, pinned: RunPinned) -> Iterator[str]:
    if (idle := _idle(seen)) is not None:
        yield plain(f"Nothing to do: {idle}.")
        return
    names, planned = Names(pinned.route), set[tuple[str, str]]()
    for number, one in enumerate(seen.steps, 1):
        yield plain(f"{number:>3}. {one.step.id:<24} {_place(one.step, pinned)}")
        yield from _actions(one.moves.actions, planned, names)
        left = () if one.step.uses == RECORD else one.moves.skipped
        yield from (f"       = {line}" for line in left_alone(left, names))
        yield f"         {_awaited(one)}"
    yield ""
    yield f"In all: {_total(seen)}."
    if (blocked := seen.blocked) is not None:
        yield ""
        yield from _refusal(blocked, names)


def _actions(actions: Sequence[Action], planned: set[tuple[str, str]], names: Names) -> Iterator[str]:
    """Yield the first few actions; those that an earlier step takes as well are only counted."""
    fresh = [action for action in actions if _key(action) not in planned]
    planned.update(_key(action) for action in fresh)
    yield from (f"       {sign(action)} {names.sentence(action)}" for action in fresh[:ACTIONS_SHOWN])
    if len(fresh) > ACTIONS_SHOWN:
        yield f"         and {len(fresh) - ACTIONS_SHOWN} more"
    if again := len(actions) - len(fresh):
        yield f"         again, what is left by then of {again} from the steps before"


def _key(action: Action) -> tuple[str, str]:
    return kind_of(action), action.target


def _place(step: Step, pinned: RunPinned) -> str:
    after = f", after {listed(step.needs, NAMES_SHOWN)}" if step.needs else ""
    after = f" from {step.provided_by}{after}" if step.provided_by else after
    if step.side is None:
        return f"{step.uses}{after}"
    region = pinned.route.towards(step.way).side(step.side).region
    way = ", on the way back" if step.way is Way.BACK else ""
    return f"{step.uses} in {region} ({step.side.value}{way}){after}"


def _awaited(one: StepPreview) -> str:
    if isinstance(one.verdict, Proven) and not one.moves.actions:
        return screen(f"holds already: {one.verdict.because}")
    if isinstance(one.verdict, Blocked):
        return screen(f"REFUSES: {one.verdict.because}")
    now = "" if one.verdict is None else f"; now: {one.verdict.because}"
    return screen(f"then proof within {duration(one.step.proof_within_s)}{now}")


def _because(one: StepPreview) -> str:
    """Say what the proof says of the world as it is; nothing yet where it waits for other steps' changes."""
    return "waits for the changes before it" if one.verdict is None else redact(one.verdict.because)


def _total(seen: Preview) -> str:
    targets: dict[tuple[str, str], set[str]] = {}
    for one in seen.steps:
        for action in one.moves.actions:
            targets.setdefault(deed(action), set()).add(action.target)
    sums = {done: len(them) for done, them in targets.items()}
    return ", ".join(_sums(sums)) or "no changes"


def _sums(sums: dict[tuple[str, str], int]) -> Iterator[str]:
    moved = sums.get(("assignment", "revoked"))
    if moved is not None and moved == sums.get(("assignment", "granted")):
        yield f"{counted(moved, 'assignment')} revoked and granted"
        sums = {done: number for done, number in sums.items() if done[0] != "assignment"}
    yield from (f"{counted(number, noun)} {done}" for (noun, done), number in sums.items())


def _refusal(blocked: Blocked, names: Names) -> Iterator[str]:
    yield screen(f"This run would be REFUSED, and nothing changed: {blocked.because}")
    yield from findings_text(blocked.findings, names)


def _moves(seen: Preview, one: StepPreview) -> Moves:
    return one.moves if _idle(seen) is None else Moves(skipped=one.moves.skipped)


def _idle(seen: Preview) -> str | None:
    if isinstance(seen.moot, Moot):
        return redact(seen.moot.because)
    if not seen.changes and all(isinstance(one.verdict, Proven) for one in seen.steps):
        return "everything is as it is wanted"
    return None


def _blocked(blocked: Blocked | None) -> BlockedData | None:
    if blocked is None:
        return None
    return {"because": redact(blocked.because), "findings": findings_data(blocked.findings)}


def _step_data(one: StepPreview, moves: Moves) -> StepData:
    return {
        "id": one.step.id,
        "uses": one.step.uses,
        "provided_by": one.step.provided_by,
        "side": one.step.side.value if one.step.side else None,
        "actions": [_action(action) for action in moves.actions],
        "skipped": [{"target": skip.target, "because": redact(skip.because)} for skip in moves.skipped],
        "because": _because(one),
    }


def _action(action: Action) -> ActionData:
    return {"kind": kind_of(action), "target": action.target, "reason": redact(action.reason)}
