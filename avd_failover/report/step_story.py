"""Each step of a run as its account: its turns, what it did, what it left alone, what went wrong in it."""

from collections import Counter
from collections.abc import Iterable, Iterator

from avd_failover.domain.actions import Action, GrantAssignment, RevokeAssignment, kind_of
from avd_failover.domain.plan import End, Way
from avd_failover.domain.route import Pair, Route
from avd_failover.domain.states import StepStatus
from avd_failover.journal.events import Outcome
from avd_failover.journal.state import Attempt, RunState, StepState
from avd_failover.report.account import Deeds, Left, Loose, StepAccount, Trouble, Turn
from avd_failover.report.chronicle import CUT_OFF, Chronicle
from avd_failover.report.words import Names, request

_FRUITLESS = frozenset({Outcome.TRANSIENT, Outcome.REFUSED, Outcome.VOID})


def step_account(step: StepState, chronicle: Chronicle, state: RunState, *, alive: bool) -> StepAccount:
    """Return one step's account; on the way back, source and target have changed places."""
    route, back = _route(step, state), _goes_back(step, state)
    turns = chronicle.turns_of(step.step.id, alive=alive)
    deeds = tuple(_deeds(step.attempts))
    return StepAccount(
        id=step.step.id,
        uses=step.step.uses,
        side=step.step.side.value if step.step.side else None,
        region=_region(route, step.step.side),
        back=back,
        summary=step.step.summary,
        state=_state(step, turns),
        reason=step.because,
        started_at=step.started_at,
        ended_at=step.finished_at,
        duration_s=_length(turns),
        facts=dict(step.facts),
        turns=turns,
        waits=tuple(chronicle.waits.get(step.step.id, ())),
        deeds=deeds,
        retries=sum(one.retries for one in deeds),
        left_alone=tuple(_left(step, route)),
        actor=_actor(step, turns, chronicle, alive=alive),
    )


def _actor(step: StepState, turns: tuple[Turn, ...], chronicle: Chronicle, *, alive: bool) -> str:
    """Name the processes that worked on a step, and the people who decided in it."""
    worked = [
        f"process {drive.pid} on {drive.host}"
        for drive in chronicle.drives(alive=alive)
        for turn in turns
        if drive.since <= turn.started_at and (drive.until is None or turn.started_at <= drive.until)
    ]
    decided = [f"{one.by} ({one.kind})" for one in chronicle.decisions if one.step == step.step.id]
    return ", ".join(dict.fromkeys([*worked, *decided]))


def region_of(step: StepState, state: RunState) -> str | None:
    """Return the region that a step works in; None for one that works in both or in none."""
    return _region(_route(step, state), step.step.side)


def loose_ends(state: RunState, names: Names) -> Iterator[Loose]:
    """Yield every attempt whose effect nobody knows, in the order of sending."""
    for attempt in state.attempts.values():
        if attempt.open:
            yield Loose(
                step=attempt.step,
                n=attempt.n,
                what=names.sentence(attempt.action),
                sent_at=attempt.intended_at,
                detail=attempt.detail,
            )


def troubles(state: RunState, names: Names) -> Iterator[Trouble]:
    """Yield what did not work, alike things as one, in the order in which they first came up."""
    heaps: dict[tuple[str, str, str], list[Attempt]] = {}
    for attempt in state.attempts.values():
        if attempt.outcome in _FRUITLESS:
            key = (attempt.step, attempt.outcome.value, attempt.detail)
            heaps.setdefault(key, []).append(attempt)
    for (step, outcome, detail), heap in heaps.items():
        yield Trouble(
            step=step,
            outcome=outcome,
            detail=detail,
            count=len(heap),
            such_as=names.sentence(heap[0].action),
            first_at=heap[0].ended_at or heap[0].intended_at,
        )


def _state(step: StepState, turns: tuple[Turn, ...]) -> str:
    cut = step.status is StepStatus.RUNNING and turns and turns[-1].result == CUT_OFF
    return CUT_OFF if cut else step.status.value


def _goes_back(step: StepState, state: RunState) -> bool:
    return step.step.way is Way.BACK or _turned(step, state)


def _turned(step: StepState, state: RunState) -> bool:
    return state.turned is not None and step.step in state.turned.graph.steps


def _route(step: StepState, state: RunState) -> Route:
    if state.turned and _turned(step, state):
        return state.turned.route
    return state.pinned.route.towards(step.step.way)


def _region(route: Route, end: End | None) -> str | None:
    return route.side(end).region if end else None


def _deeds(attempts: Iterable[Attempt]) -> Iterator[Deeds]:
    kinds: dict[str, tuple[Action, dict[str, Outcome | None]]] = {}
    sent: Counter[str] = Counter()
    for attempt in attempts:
        kind = kind_of(attempt.action)
        sent[kind] += 1
        _, latest = kinds.setdefault(kind, (attempt.action, {}))
        latest[attempt.action.target] = attempt.outcome
    for kind, (first, latest) in kinds.items():
        ends = Counter(latest.values())
        yield Deeds(
            kind=kind,
            request=request(first),
            targets=len(latest),
            applied=ends[Outcome.APPLIED],
            refused=ends[Outcome.REFUSED],
            transient=ends[Outcome.TRANSIENT],
            void=ends[Outcome.VOID],
            unknown=ends[Outcome.UNKNOWN] + ends[None],
            attempts=sent[kind],
        )


def _left(step: StepState, route: Route) -> Iterator[Left]:
    """Yield what was left alone; a thing that the step changed itself, and then found as wanted, is not."""
    if not step.skipped:
        return
    names = Names(route)
    acted = {name for attempt in step.attempts for name in _called(attempt.action, names, route)}
    heaps: dict[str, list[str]] = {}
    for skip in step.skipped.values():
        if names.of(skip.target) not in acted:
            heaps.setdefault(skip.because, []).append(skip.target)
    for because, targets in heaps.items():
        yield Left(because=because, targets=tuple(targets))


def _called(action: Action, names: Names, route: Route) -> Iterator[str]:
    """Yield what a skip may call the thing that an action is about: the thing itself, or its pair."""
    yield names.of(action.target)
    if isinstance(action, RevokeAssignment | GrantAssignment):
        holds = (action.assignment.principal_id, action.assignment.scope)
        yield from (pair.label for pair in route.pairs if holds in _ends(pair))


def _ends(pair: Pair) -> tuple[tuple[str, str], ...]:
    return (pair.group.id, pair.source), (pair.group.id, pair.target)


def _length(turns: tuple[Turn, ...]) -> float | None:
    ended = [(turn.ended_at - turn.started_at).total_seconds() for turn in turns if turn.ended_at]
    return sum(ended) if ended else None
