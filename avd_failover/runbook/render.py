"""Draw a step graph, as text for a terminal or as Mermaid for a document."""

from collections.abc import Iterator

from avd_failover.domain.graph import Step, StepGraph
from avd_failover.domain.plan import Mode


def as_text(graph: StepGraph) -> str:
    """Return the steps rank by rank: those of one rank may run side by side."""
    return "\n".join(_text_lines(graph)) + "\n"


def as_mermaid(graph: StepGraph) -> str:
    """Return a Mermaid flowchart; steps of one mode only are dashed."""
    return "\n".join(_mermaid_lines(graph)) + "\n"


def duration_text(seconds: float) -> str:
    """Return seconds as files write them, such as ``1h30m``."""
    whole, text = round(seconds), ""
    for unit, length in (("h", 3600), ("m", 60), ("s", 1)):
        count, whole = divmod(whole, length)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _text_lines(graph: StepGraph) -> Iterator[str]:
    yield f"{graph.runbook}: {graph.summary}" if graph.summary else graph.runbook
    width = max(len(step.id) for step in graph.steps)
    for rank, steps in enumerate(graph.levels(), start=1):
        yield ""
        for position, step in enumerate(steps):
            mark = f"{rank:>3}" if position == 0 else "   "
            yield f"{mark}  {step.id:<{width}}  {_does(step)}"
            if step.needs:
                yield f"     {'':<{width}}  after {', '.join(step.needs)}"


def _does(step: Step) -> str:
    side = f" on the {step.side.value}" if step.side else ""
    return f"{step.uses}{side}, proven within {duration_text(step.proof_within_s)}{_only(step)}"


def _only(step: Step) -> str:
    left_out = [mode for mode in Mode if mode not in step.modes]
    return f", {step.modes[0].value} mode only" if left_out else ""


def _mermaid_lines(graph: StepGraph) -> Iterator[str]:
    yield "flowchart TD"
    names = {step.id: f"s{index}" for index, step in enumerate(graph.steps, start=1)}
    for step in graph.steps:
        side = f" ({step.side.value})" if step.side else ""
        yield f'  {names[step.id]}["{step.id}<br/>{step.uses}{side}"]'
    for step in graph.steps:
        for need in step.needs:
            yield f"  {names[need]} --> {names[step.id]}"
    if dashed := [names[step.id] for step in graph.steps if _only(step)]:
        yield "  classDef sometimes stroke-dasharray: 5 5"
        yield f"  class {','.join(dashed)} sometimes"
