"""Load a runbook file: shape, then each step against the catalogue of operations, then the graph as a whole.

Faults of shape and of single steps are told together; circles and the safety rules are looked for only in a
runbook whose steps are sound, since anything else would be told twice.
"""

from collections.abc import Iterator
from pathlib import Path as FilePath

from msgspec import Struct

from avd_failover.domain.graph import Catalogue, Given, OperationSpec, Step, StepGraph
from avd_failover.domain.provided import Provider, UnusableError, nobody
from avd_failover.runbook.digest import digest_of
from avd_failover.runbook.faults import FileFaults, listed, nearest, printable, quoted
from avd_failover.runbook.runbook_models import RunbookEntry, StepEntry
from avd_failover.runbook.runbook_safety import check_order
from avd_failover.runbook.settings import settings_of
from avd_failover.runbook.yaml_file import Findings, fit, load


class RunbookFile(Struct, frozen=True, kw_only=True):
    """A runbook as a file says it, with the digest that names it in journals."""

    graph: StepGraph
    sha256: str


def load_runbook(path: FilePath | str, catalogue: Catalogue, provider: Provider = nobody) -> RunbookFile:
    """Return the step graph in a file, checked against the operations there are.

    What is not in the catalogue is asked of ``provider``, which may import another package for it.

    Raises:
        FileFaults: The file cannot be read, or what it says is no valid and safe runbook.
    """
    findings = Findings(load(path))
    entry = fit(findings, RunbookEntry)
    if entry is None:
        raise FileFaults(findings.faults)
    known = dict(catalogue)
    steps = tuple(_Steps(findings, entry, known, provider).compiled())
    findings.raise_any()
    check_order(findings, steps, known)
    findings.raise_any()
    graph = StepGraph(runbook=entry.runbook, summary=entry.summary, pool=entry.pool, steps=steps)
    return RunbookFile(graph=graph, sha256=digest_of(graph))


class _Steps:
    """Turns entries into steps, noting what the catalogue or the other steps contradict."""

    def __init__(
        self, findings: Findings, entry: RunbookEntry, catalogue: Catalogue, provider: Provider
    ) -> None:
        self._findings = findings
        self._entries = entry.steps
        self._catalogue = catalogue
        self._provider = provider
        self._by: dict[str, str] = {}
        self._first: dict[str, int] = {}
        for index, step in enumerate(self._entries):
            self._first.setdefault(step.id, index)

    def compiled(self) -> Iterator[Step]:
        for index, entry in enumerate(self._entries):
            self._check_id(index, entry)
            self._check_needs(index, entry)
            spec = self._operation(index, entry)
            if spec is not None:
                self._check_side(index, entry, spec)
            settings = {} if spec is None else self._settings(index, entry, spec)
            yield _step(entry, settings, self._by.get(entry.uses, ""))

    def _check_id(self, index: int, entry: StepEntry) -> None:
        first = self._first[entry.id]
        if first != index:
            self._findings.add(
                ("steps", index, "id"),
                f"the id {quoted(entry.id)} is used twice; steps[{first}] has it already",
            )

    def _check_needs(self, index: int, entry: StepEntry) -> None:
        seen: set[str] = set()
        for position, need in enumerate(entry.needs):
            path = ("steps", index, "needs", position)
            if need not in self._first:
                others = [step for step in self._first if step != entry.id]
                hint = nearest(need, others)
                self._findings.add(path, f"unknown step {quoted(need)}", allowed=listed(others), hint=hint)
            elif need in seen:
                self._findings.add(path, f"{quoted(need)} stands here twice")
            seen.add(need)

    def _operation(self, index: int, entry: StepEntry) -> OperationSpec | None:
        spec = self._catalogue.get(entry.uses)
        if spec is None and self._provided(index, entry):
            return self._catalogue.get(entry.uses)
        if spec is None:
            known = list(self._catalogue)
            found = f"unknown operation {quoted(entry.uses)}"
            hint = nearest(entry.uses, known)
            self._findings.add(("steps", index, "uses"), found, allowed=listed(known), hint=hint)
        return spec

    def _provided(self, index: int, entry: StepEntry) -> bool:
        """Say whether another package claims the operation; it joins the catalogue if it can be used."""
        try:
            found = self._provider(entry.uses)
        except UnusableError as fault:
            self._findings.add(("steps", index, "uses"), printable(str(fault)))
            return True
        if found is not None:
            self._catalogue[entry.uses], self._by[entry.uses] = found.spec, found.by
        return found is not None

    def _check_side(self, index: int, entry: StepEntry, spec: OperationSpec) -> None:
        allowed = " or ".join(end.value for end in spec.ends)
        path = ("steps", index, "side")
        if entry.side is None and spec.ends:
            self._findings.add(
                ("steps", index), f"{spec.name} acts on one side, and side is missing", allowed=allowed
            )
        elif entry.side is not None and not spec.ends:
            self._findings.add(path, f"{spec.name} takes no side", hint="remove it", at_key=True)
        elif entry.side is not None and entry.side not in spec.ends:
            self._findings.add(path, f"{spec.name} on the {entry.side.value}", allowed=allowed)

    def _settings(self, index: int, entry: StepEntry, spec: OperationSpec) -> dict[str, Given]:
        return settings_of(self._findings, ("steps", index, "with"), spec, entry.settings)


def _step(entry: StepEntry, settings: dict[str, Given], provided_by: str) -> Step:
    return Step(
        id=entry.id,
        uses=entry.uses,
        side=entry.side,
        way=entry.way,
        needs=entry.needs,
        proof_within_s=entry.proof_within,
        on_failure=entry.on_failure,
        if_unreachable=entry.if_unreachable,
        modes=entry.modes,
        settings=settings,
        summary=entry.summary,
        provided_by=provided_by,
    )
