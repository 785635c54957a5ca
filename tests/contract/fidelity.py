"""Writes the measured part of ``docs/fidelity.md``: ``python -m tests.contract.fidelity``, or by make.

Everything in it comes from the walk of ``tour``, from ``deviations.yaml`` and from the recordings compared;
nothing depends on the time of day or on the machine.
"""

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from avd_failover.simulator.http.face import AZURE_ROUTES
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Ask
from tests.contract.documents import NO_SPECS, SPECS
from tests.contract.recordings import FOLDER, INCOMPARABLE, NO_RECORDINGS, compared, is_served, recorded
from tests.contract.spec import Recorder, deviation_groups, known_deviations, route_of
from tests.contract.tour import walk

DOC = Path(__file__).parents[2] / "docs/fidelity.md"
BEGIN = "<!-- measured: written by make fidelity, not by hand -->"
END = "<!-- end of the measured part -->"

_PREFIXES = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/",
    "/subscriptions/{subscription}/providers/",
    "{scope}/providers/",
)
_FACES = {
    Face.ARM: "Resource Manager",
    Face.AUTHORIZATION: "Microsoft.Authorization 2022-04-01",
    Face.DESKTOPS: "Microsoft.DesktopVirtualization 2024-04-03",
    Face.COMPUTE: "Microsoft.Compute 2026-04-01",
    Face.RECOVERY: "Microsoft.RecoveryServices 2025-08-01 (Site Recovery)",
    Face.GRAPH: "Microsoft Graph v1.0",
}


def measured(recorder: Recorder) -> str:
    """Return the measured part as Markdown."""
    parts = [*_numbers(recorder), *_operations(recorder), *_departures(), *_unserved()]
    return "\n".join([BEGIN, "", *parts, "", END])


def updated(doc: str, part: str) -> str:
    """Return the document with its measured part replaced. Raises ValueError when the marks are not there."""
    before, begin, rest = doc.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{DOC.name} has lost its marks: {BEGIN} ... {END}")
    return before + part + after


def azure_routes() -> list[Route]:
    """Return what is served of Azure itself: neither sign-in nor metadata, which no document describes."""
    return [route for route in AZURE_ROUTES if route.face in _FACES]


def _numbers(recorder: Recorder) -> Iterator[str]:
    groups = deviation_groups()
    yield "| measure | number |"
    yield "| --- | ---: |"
    yield f"| operations served | {len(azure_routes())} |"
    yield f"| of them described by a document | {len(recorder.documented)} |"
    yield f"| exchanges of the walk that were validated | {recorder.validated} |"
    yield f"| departures from the documents, each with a reason | {sum(len(one.at) for one in groups)} |"
    yield f"| departures without a reason | {len(recorder.news(known_deviations()))} |"
    yield f"| recorded exchanges compared | {len(compared())} of {len(recorded())} |"
    yield ""


def _operations(recorder: Recorder) -> Iterator[str]:
    alike = Counter(_route_of(*key) for key in compared())
    yield "### Operations"
    for face, title in _FACES.items():
        yield f"\n{title}\n"
        yield "| operation | document | validated | recorded |"
        yield "| --- | --- | ---: | ---: |"
        for route in (route for route in azure_routes() if route.face is face):
            name = f"{route.method} {route.template}"
            document = recorder.documented.get(name, "none")
            validated = recorder.routes[name] if name in recorder.documented else 0
            yield f"| `{_short(name)}` | {document} | {validated} | {alike[name] or ''} |"
    yield ""


def _route_of(file: str, number: int) -> str:
    request = recorded()[file, number]["request"]
    return route_of(Ask(method=request["method"], target=request["path"], headers={})) or ""


def _short(name: str) -> str:
    for prefix in _PREFIXES:
        name = name.replace(prefix, "…/")
    return name


def _departures() -> Iterator[str]:
    yield "### Departures from the documents\n"
    yield "| what | reason | where |"
    yield "| --- | --- | --- |"
    for group in deviation_groups():
        where = ", ".join(f"`{_short(at)}`" for at in group.at)
        yield f"| {group.kind} | {group.reason} | {where} |"
    yield ""


def _unserved() -> Iterator[str]:
    rest = Counter(str(recorded()[key]["operation"]) for key in recorded() if not is_served(key))
    names = [f"{name} ({times})" if times > 1 else name for name, times in sorted(rest.items())]
    yield "### Recorded and not compared\n"
    yield f"Not served: {', '.join(names)}.\n"
    yield "Served, but the recorded request cannot be made here:\n"
    for (file, number), reason in INCOMPARABLE.items():
        yield f"- {recorded()[file, number]['operation']} (`{file}` {number}): {reason}"


def main() -> int:
    """Write the document anew; 1 where what it is measured against is not on this machine."""
    for folder, reason in ((SPECS, NO_SPECS), (FOLDER, NO_RECORDINGS)):
        if not folder.is_dir():
            sys.stderr.write(f"{DOC.name} cannot be measured here: {reason}\n")
            return 1
    DOC.write_text(updated(DOC.read_text(), measured(asyncio.run(walk()))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
