"""Which steps may begin: needs counted down, so that a graph of thousands costs no search."""

from collections.abc import Iterable

from avd_failover.domain.graph import Step, StepGraph


class Frontier:
    """Hands out each step once, as soon as all its needs ended, in file order among equals."""

    def __init__(self, graph: StepGraph, ended: Iterable[str] = ()) -> None:
        self._graph = graph
        self._order = {step.id: index for index, step in enumerate(graph.steps)}
        self._waits_for = {step.id: len(set(step.needs)) for step in graph.steps}
        self._opens: dict[str, list[Step]] = {step.id: [] for step in graph.steps}
        for step in graph.steps:
            for need in set(step.needs):
                self._opens[need].append(step)
        self._before = frozenset[str](ended)
        for one in sorted(self._before):
            self._count_down(one)

    def first(self) -> list[Step]:
        """Return every step that may begin at once."""
        return [
            step for step in self._graph.steps if not self._waits_for[step.id] and step.id not in self._before
        ]

    def ended(self, step: str) -> list[Step]:
        """Take note that a step ended; return the steps that may begin because of it, none of them twice."""
        ready = [one for one in self._count_down(step) if one.id not in self._before]
        return sorted(ready, key=lambda one: self._order[one.id])

    def _count_down(self, step: str) -> list[Step]:
        ready = []
        for follower in self._opens[step]:
            self._waits_for[follower.id] -= 1
            if not self._waits_for[follower.id]:
                ready.append(follower)
        return ready
