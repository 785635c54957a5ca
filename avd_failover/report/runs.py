"""The list of runs. A damaged journal is listed as such: never hidden, and never in the way of the others."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from avd_failover.journal.state import RunState
from avd_failover.report.status import because, standing, status_data
from avd_failover.report.turning import moves_anybody
from avd_failover.report.words import marked, plain, screen, travel

DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Listed:
    """One run of the home: its fold, or why there is none. ``alive``: a process holds its lease."""

    run: str
    state: RunState | None = None
    alive: bool = False
    damage: str = ""


class RunRow(TypedDict):
    """One run in short. ``state`` is that of ``status``, or ``damaged``: then what is not known is null."""

    run: str
    plan: str | None
    runbook: str | None
    state: str
    started_at: str | None
    finished_at: str | None
    simulated: str | None
    direction: str | None
    mode: str | None
    because: str
    purpose: str | None
    scope: str | None
    initiator: str | None
    run_key: str | None
    follows: list[str]
    debts: list[str]
    """Steps that it owes; who settles them stands in the reports of both runs."""


class RunsReport(TypedDict):
    """All runs of a home."""

    runs: list[RunRow]


def runs_data(listed: Iterable[Listed]) -> RunsReport:
    """Return the list in the order given."""
    return {"runs": [_row(run) for run in listed]}


def runs_text(listed: Sequence[Listed]) -> str:
    """Return the list for people, one line a run."""
    if not listed:
        return "no runs yet"
    return "\n".join(_line(run) for run in listed)


def _row(listed: Listed) -> RunRow:
    if listed.state is None:
        return {
            "run": listed.run,
            "plan": None,
            "runbook": None,
            "state": DAMAGED,
            "started_at": None,
            "finished_at": None,
            "simulated": None,
            "direction": None,
            "mode": None,
            "because": listed.damage,
            "purpose": None,
            "scope": None,
            "initiator": None,
            "run_key": None,
            "follows": [],
            "debts": [],
        }
    whole = status_data(listed.state, "", alive=listed.alive)
    return {
        "run": whole["run"],
        "plan": whole["plan"],
        "runbook": whole["runbook"],
        "state": whole["state"],
        "started_at": whole["started_at"],
        "finished_at": whole["finished_at"],
        "simulated": whole["simulated"],
        "direction": whole["direction"],
        "mode": whole["mode"],
        "because": whole["because"],
        "purpose": whole["purpose"],
        "scope": whole["scope"],
        "initiator": whole["initiator"],
        "run_key": whole["run_key"],
        "follows": whole["follows"],
        "debts": whole["debts"],
    }


def _line(listed: Listed) -> str:
    state = listed.state
    if state is None:
        return plain(f"{DAMAGED:<12} {listed.run}  {listed.damage}")
    stands, route = standing(state, alive=listed.alive), state.pinned.route
    started = f"{state.started_at:%Y-%m-%d %H:%M} UTC"
    reason = because(state, alive=listed.alive)
    what = travel(route) + (f" of {route.scope}" if route.partial else "")
    way = route.direction if moves_anybody(route) else "moves nobody"
    line = "  ".join((f"{stands.value:<12} {state.run}", started, what, way, route.mode.value, reason))
    return marked(screen(line.rstrip()), state.pinned.simulated)
