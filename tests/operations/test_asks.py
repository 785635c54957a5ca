"""What operations were seen to ask, over many worlds, is what their rows say: no verb more or less."""

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from avd_failover.domain.actions import StartMachine
from avd_failover.domain.faults import CloudError, RefusedError
from avd_failover.domain.plan import End
from avd_failover.operations import asks
from avd_failover.operations.asks import ASKS
from avd_failover.operations.registry import CATALOGUE
from tests.domain.test_rights import seam_reads
from tests.operations.drive import DRILLS, ENDS, bound_operation, perform, planned, stage_with
from tests.operations.staging import Stage
from tests.operations.test_properties import BUSY, MOVED

CALL = r"\bcloud\.(\w+)\.(\w+)\("
Asked = tuple[str, End | None]

GHOSTLY = (
    *("host weu-1 Shutdown", "session weu-1/1 Active", "did weu-1/1 at 900"),
    *("host neu-1 Shutdown", "session neu-1/1 Active", "did neu-1/1 at 900"),
)
GONE = RefusedError("it is not there", code="NotFound", status=404)
ARRIVED = ("assign nobody", "assign all at target")
EMPTY = ("host weu-1 Available drained", "host weu-2 Available drained", "assign nobody")
STRAYS = ("group DAG source in hp-weu-other", "group DAG target in hp-neu-other")
WORLDS: tuple[tuple[str, ...], ...] = ((), BUSY, MOVED, GHOSTLY, EMPTY, ARRIVED, STRAYS)
DOERS = ("scaling.raise", "scaling.suspend", "pool.start-on-connect", "hosts.drain", "hosts.start")
"""Operations whose deeds give ``restore`` something to look at."""


class Listening:
    """Reads that note each verb, and the end of the thing that it was asked about."""

    def __init__(self, stage: Stage, heard: set[Asked], service: Any = None, name: str = "") -> None:
        self._of = (stage, heard)
        self._service = service or stage.estate
        self._name = name

    def __getattr__(self, name: str) -> Any:
        inner = getattr(self._service, name)
        if not self._name:
            return Listening(*self._of, inner, name)
        return self._noted(f"{self._name}.{name}", inner)

    def _noted(self, verb: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        stage, heard = self._of

        async def asked(about: str, *more: Any) -> Any:
            if not verb.startswith("outside."):
                heard.add((verb, _end_of(stage, verb, about)))
            return await inner(about, *more)

        return asked


def _end_of(stage: Stage, verb: str, about: str) -> End | None:
    """Tell the end by the region in the name; subscriptions and directory objects have none here."""
    if verb in {"directory.members", "assignments.count"}:
        return None
    regions = {end: stage.route.side(end).host_pool.rsplit("-", 1)[-1] for end in End}
    found = [end for end, region in regions.items() if f"-{region}" in about]
    return found[0] if len(found) == 1 else None


def _memories(stage: Stage) -> Iterator[Stage]:
    """Yield the stage as it is, and as one where the run did something already."""
    yield stage
    for uses in DOERS:
        for end in End:
            perform(stage, *planned(stage, uses, end=end))
    for machine in stage.world.machines.values():
        stage.memory.remember("start", StartMachine(machine=machine.id, reason=""))
    stage.memory.inherited = list(stage.memory.changed)
    moved = [stage.held(f"{pair.label} at {end.value}") for pair in stage.route.pairs for end in End]
    stage.memory.revoked, stage.memory.granted = moved, moved
    yield stage


def heard_of(uses: str, end: End | None) -> set[Asked]:
    """Let an operation look twice, in every world and with every memory, and return what it asked."""
    heard: set[Asked] = set()

    async def look(stage: Stage) -> None:
        operation = bound_operation(stage, uses, end=end)
        for later_s in (0.0, 5.0, 3600.0):
            stage.at(stage.memory.now_s + later_s)
            with suppress(CloudError):
                seen = await operation.observe(Listening(stage, heard), stage.memory)
                for action in operation.plan(seen).actions:
                    operation.after(action, GONE)

    for lines in WORLDS:
        for stage in _memories(stage_with(*lines)):
            asyncio.run(look(stage))
    return heard


def rows_of(uses: str, end: End) -> set[Asked]:
    found = set()
    for ask in ASKS[uses]:
        for one in ask.ends or (end,):
            found.add((ask.verb, None if ask.verb in {"directory.members", "assignments.count"} else one))
    return found


def test_every_operation_has_a_row() -> None:
    assert [uses for uses in CATALOGUE if uses not in ASKS] == []


def test_rows_name_verbs_of_the_seam_once() -> None:
    for uses, row in ASKS.items():
        assert len(set(row)) == len(row) or uses in {"checks.readiness", "barrier", "reconcile"}, uses
        assert {ask.verb for ask in row} <= seam_reads()


CASES = [
    (uses, end)
    for uses, spec in CATALOGUE.items()
    if not uses.startswith("personal.")  # they look at replicated machines, which no world here has
    for end in (spec.ends or (ENDS.get(uses) or End.SOURCE,))
    if uses not in DRILLS
]


@pytest.mark.parametrize(("uses", "end"), CASES, ids=[f"{uses}-{end.value}" for uses, end in CASES])
def test_what_an_operation_asks_is_what_its_row_says(uses: str, end: End) -> None:
    wanted, heard = rows_of(uses, end), heard_of(uses, end if CATALOGUE[uses].ends else None)
    assert heard == wanted


def test_whatever_any_operation_calls_is_in_some_row_and_no_row_has_more() -> None:
    sources = [path.read_text() for path in Path(asks.__file__).parent.glob("*.py")]
    called = {f"{service}.{verb}" for text in sources for service, verb in re.findall(CALL, text)}
    called = {one for one in called if not one.startswith("outside.")}
    assert {ask.verb for row in ASKS.values() for ask in row} == called
