"""What the order of a runbook's steps must guarantee, whatever the plan (safety S4, contract 42).

Access at one end is granted behind a barrier of the other end, and that barrier stands behind every revoke
there, one of which follows each grant there. A barrier proves the source of its own way empty, so a run that
goes there and back needs one for each way. A step that does not apply in a mode orders nothing in it, so that
all of it is looked for mode by mode.

One grant needs no barrier: the one at the end where users stand when the run begins. ``checks.readiness``
goes before it, which lets no run pass whose users have the other end, and whatever gives or takes access at
the other end comes after it, so that nobody can have left that end, or be on the way to it, at that moment.
"""

from collections.abc import Iterator

from avd_failover.domain.graph import Catalogue, Step
from avd_failover.domain.plan import End, Mode, Way
from avd_failover.runbook.faults import listed
from avd_failover.runbook.yaml_file import Findings

BARRIER = "barrier"
READINESS = "checks.readiness"
GRANTS = "assignment.grant"
REVOKES = "assignment.revoke"


def check_order(findings: Findings, steps: tuple[Step, ...], catalogue: Catalogue) -> None:
    """Note circles and, where there are none, what breaks the barrier's promise."""
    circles = list(_circles(steps))
    for circle in circles:
        index = next(position for position, step in enumerate(steps) if step.id == circle[0])
        found = "steps need each other in a circle: " + " needs ".join(circle)
        findings.add(("steps", index, "needs"), found, hint="remove one of these needs")
    if not circles:
        _Order(findings, steps, catalogue).check()


Before = dict[str, frozenset[str]]
"""For each step those that must have ended before it."""

_WAY = {End.SOURCE: "way there", End.TARGET: "way back"}


class _Order:
    """The safety rules over an acyclic runbook."""

    def __init__(self, findings: Findings, steps: tuple[Step, ...], catalogue: Catalogue) -> None:
        self._findings = findings
        self._steps = steps
        self._index = {step.id: index for index, step in enumerate(steps)}
        self._changes = {step.id: catalogue[step.uses].changes for step in steps}

    def check(self) -> None:
        for mode in Mode:
            before = _before(self._steps, mode)
            for grant in self._that_change(GRANTS, mode):
                if not self._first(grant, mode, before):
                    self._granted(grant, mode, before)

    def _that_change(self, what: str, mode: Mode) -> Iterator[Step]:
        """Yield the steps of a mode that grant or revoke, at whatever end."""
        for step in self._steps:
            if mode in step.modes and step.side is not None and what in self._changes[step.id]:
                yield step

    def _first(self, grant: Step, mode: Mode, before: Before) -> bool:
        """Tell whether a grant is at the end where users stand, before anything happens at the other end."""
        moves = [*self._that_change(GRANTS, mode), *self._that_change(REVOKES, mode)]
        there = [step for step in moves if _end(step) is not _end(grant)]
        checked = any(step.id in before[grant.id] for step in self._steps if step.uses == READINESS)
        begins = grant.way is Way.THERE and grant.side is End.SOURCE
        return begins and checked and bool(there) and all(grant.id in before[step.id] for step in there)

    def _granted(self, grant: Step, mode: Mode, before: Before) -> None:
        end, left = _end(grant), _opposite(_end(grant))
        earlier = [step for step in self._steps if step.id in before[grant.id] and step.uses == BARRIER]
        barriers = [step for step in earlier if _emptied(step) is left]
        if not barriers:
            found = f"{grant.id} grants on the {end.value} with no barrier before it in {mode.value} mode"
            hint = "let it need a step that uses barrier; a step that does not apply in a mode orders nothing"
            if earlier:
                found = f"{earlier[-1].id} before {grant.id} is a barrier of the {end.value} itself"
                hint = f"a barrier empties the source of its way: the {left.value} on the {_WAY[left]}"
            self._note(grant, found, hint)
            return
        late = [self._late(barrier, left, before) for barrier in barriers]
        if all(late):
            found = f"no barrier before {grant.id} stands behind {listed(late[-1])} in {mode.value} mode"
            self._note(barriers[-1], found, "let the barrier need every step that revokes, in both modes")
            return
        proper = [barrier for barrier, lacks in zip(barriers, late, strict=True) if not lacks]
        self._taken_back(grant, proper, mode, before)

    def _late(self, barrier: Step, left: End, before: Before) -> list[str]:
        """Return the revokes at the end that is left which the barrier does not wait for."""
        return [
            step.id
            for step in self._steps
            if REVOKES in self._changes[step.id]
            and step.side is not None
            and _end(step) is left
            and step.id not in before[barrier.id]
        ]

    def _taken_back(self, grant: Step, barriers: list[Step], mode: Mode, before: Before) -> None:
        """Look for the revoke that undoes each grant at the other end before this one may happen."""
        revokes = list(self._that_change(REVOKES, mode))
        for other in self._that_change(GRANTS, mode):
            if _end(other) is _end(grant) or grant.id in before[other.id]:
                continue
            undone = [one for one in revokes if _end(one) is _end(other) and other.id in before[one.id]]
            if not any(one.id in before[barrier.id] for one in undone for barrier in barriers):
                found = (
                    f"{other.id} gives access on the {_end(other).value}, and nothing takes it away before"
                )
                found += f" {grant.id} in {mode.value} mode"
                self._note(grant, found, "revoke between the two, and let the barrier need that")

    def _note(self, step: Step, found: str, hint: str) -> None:
        path = ("steps", self._index[step.id], "needs")
        fault = self._findings.document.fault(path, found, hint=hint, at_key=True)
        if fault not in self._findings.faults:
            self._findings.faults.append(fault)


def _opposite(end: End) -> End:
    return End.TARGET if end is End.SOURCE else End.SOURCE


def _end(step: Step) -> End:
    """Return the end that a step acts on, as the way there calls it."""
    end = step.side or End.SOURCE
    return end if step.way is Way.THERE else _opposite(end)


def _emptied(barrier: Step) -> End:
    """Return the end that a barrier proves empty, as the way there calls it."""
    return End.SOURCE if barrier.way is Way.THERE else End.TARGET


def _before(steps: tuple[Step, ...], mode: Mode) -> Before:
    """Return, for each step, those that must have ended before it in a mode and apply in it."""
    by_id = {step.id: step for step in steps}
    before: Before = {}
    waiting = [step.id for step in steps]
    while waiting:
        step = by_id[waiting[-1]]
        if unknown := [need for need in step.needs if need not in before]:
            waiting.extend(unknown)
            continue
        needs = [need for need in step.needs if mode in by_id[need].modes]
        before[waiting.pop()] = frozenset(needs).union(*(before[need] for need in needs))
    return before


def _circles(steps: tuple[Step, ...]) -> Iterator[list[str]]:
    """Yield circles of needs, first step repeated at the end, until each step is seen once."""
    needs = {step.id: step.needs for step in steps}
    seen: set[str] = set()
    for start in needs:
        trail: list[str] = []
        rest = [] if start in seen else [iter((start,))]
        while rest:
            step = next(rest[-1], None)
            if step is None:
                rest.pop()
                seen.update(trail[-1:])
                del trail[-1:]
            elif step in trail:
                yield [*trail[trail.index(step) :], step]
            elif step not in seen:
                trail.append(step)
                rest.append(iter(needs[step]))
