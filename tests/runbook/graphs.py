"""Draws docs/runbooks.md anew from the runbooks that are shipped: ``python -m tests.runbook.graphs``."""

from collections.abc import Iterator
from pathlib import Path

from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.render import as_mermaid, duration_text
from avd_failover.runbook.runbook_file import RunbookFile, load_runbook

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "runbooks.md"

ORDER = (
    "pooled-failover",
    "pooled-failback",
    "pooled-cohort",
    "pooled-test-failover",
    "personal-failover",
    "personal-failback",
    "host-keepalive",
    "personal-images",
)
"""As people meet them; a runbook that is not named here stands at the end."""

HEAD = """# The runbooks, drawn

Drawn from the files in `runbooks/` by `python -m tests.runbook.graphs`; a test fails when they differ. An
arrow means that the step it comes from must have ended, and steps without a way between them run side by
side. Dashed steps belong to one mode only. The end in brackets is `source`, which users leave, or `target`:
in a failback the source is the secondary side. `failover graph NAME` draws any runbook, one of yours as
well.
"""


def document() -> str:
    """Return the whole page."""
    found = {path.stem: path for path in (ROOT / "runbooks").glob("*.yaml")}
    names = [*(name for name in ORDER if name in found), *sorted(set(found) - set(ORDER))]
    return HEAD + "".join(_section(load_runbook(found[name], CATALOGUE)) for name in names)


def _section(runbook: RunbookFile) -> str:
    graph = runbook.graph
    lines = [
        f"## {graph.runbook}",
        "",
        graph.summary,
        "",
        "```mermaid",
        as_mermaid(graph).rstrip(),
        "```",
        "",
    ]
    return "\n" + "\n".join([*lines, *_rows(runbook)]) + "\n"


def _rows(runbook: RunbookFile) -> Iterator[str]:
    yield "| step | what it is for | proven within |"
    yield "|---|---|---|"
    for step in runbook.graph.steps:
        told = (step.summary or CATALOGUE[step.uses].summary).replace("|", "\\|")
        yield f"| `{step.id}` | {told} | {duration_text(step.proof_within_s)} |"


def main() -> None:
    """Write the page."""
    DOC.write_text(document())


if __name__ == "__main__":
    main()
