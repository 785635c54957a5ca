"""What the order of a runbook's steps must guarantee, whatever the plan (safety S4, contract 42).

Access at one end is granted behind a barrier, and that barrier stands behind every revoke at the other end.
A step that does not apply in a mode orders nothing in it, so that both are looked for mode by mode.
"""

from collections.abc import Iterator

from avd_failover.domain.graph import Catalogue, Step
from avd_failover.domain.plan import End, Mode
from avd_failover.runbook.faults import listed
from avd_failover.runbook.yaml_file import Findings

BARRIER = "barrier"
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
            for step in self._steps:
                if mode in step.modes and step.side is not None and GRANTS in self._changes[step.id]:
                    self._granted(step, step.side, mode, before)

    def _granted(self, grant: Step, end: End, mode: Mode, before: dict[str, frozenset[str]]) -> None:
        barriers = [step for step in self._steps if step.id in before[grant.id] and step.uses == BARRIER]
        if not barriers:
            found = f"{grant.id} grants on the {end.value} with no barrier before it in {mode.value} mode"
            hint = "let it need a step that uses barrier; a step that does not apply in a mode orders nothing"
            self._note(grant, found, hint)
            return
        late = [self._late(barrier, end, before) for barrier in barriers]
        if all(late):
            found = f"no barrier before {grant.id} stands behind {listed(late[-1])} in {mode.value} mode"
            self._note(barriers[-1], found, "let the barrier need every step that revokes, in both modes")

    def _late(self, barrier: Step, granted: End, before: dict[str, frozenset[str]]) -> list[str]:
        """Return the revokes at the other end that the barrier does not wait for."""
        return [
            step.id
            for step in self._steps
            if REVOKES in self._changes[step.id]
            and step.side is not granted
            and step.id not in before[barrier.id]
        ]

    def _note(self, step: Step, found: str, hint: str) -> None:
        path = ("steps", self._index[step.id], "needs")
        fault = self._findings.document.fault(path, found, hint=hint, at_key=True)
        if fault not in self._findings.faults:
            self._findings.faults.append(fault)


def _before(steps: tuple[Step, ...], mode: Mode) -> dict[str, frozenset[str]]:
    """Return, for each step, those that must have ended before it in a mode and apply in it."""
    by_id = {step.id: step for step in steps}
    before: dict[str, frozenset[str]] = {}
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
