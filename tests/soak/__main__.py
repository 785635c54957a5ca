"""Play seeds and crashes for as long as you like: ``make soak SOAK_MINUTES=30``.

Half of the time goes to seeded runs in all modes, a third to the crash matrix of every run that it knows,
every cut point, not only one for each distinct state, in an order drawn from the starting seed, and the rest
to cuts in the recovery of a cut and beside faults; then every guard is taken out once. JSON goes to stdout,
or to a file; the table for people goes to stderr. The exit code is 1 when anything was wrong.
"""

import argparse
import asyncio
import json
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from tests.mutations.__main__ import survivors
from tests.simulation.draw import Mode
from tests.simulation.play import Played, play, totals
from tests.soak.crashes import crashed, twice


def seeded(until_s: float, first: int) -> dict[str, Any]:
    """Play seeds in all modes in turn until the time is over."""
    played: list[Played] = []
    broke: list[dict[str, Any]] = []
    seed = first
    while time.monotonic() < until_s:
        for mode in Mode:
            try:
                played.append(play(seed, mode))
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - a finding
                command = f"python -m tests.simulation --seed {seed} --mode {mode.value}"
                broke.append({"command": command, "found": [f"{type(error).__name__}: {error}"]})
        seed += 1
    found = totals(played)
    found["wrong"] += broke
    return {"first_seed": first, "last_seed": seed - 1, **found}


def table(report: dict[str, Any]) -> str:
    """Return the report for people."""
    seeds, crashes, more = report["seeded"], report["crashed"], report["twice"]
    rows = [
        f"first seed {seeds['first_seed']}, last {seeds['last_seed']}",
        f"{seeds['seeds']} runs, {seeds['crashes']} crashes",
        *(f"  ended {end:<28} {count:>8}" for end, count in seeds["ends"].items()),
        "faults hit",
        *(f"  {name:<34} {count:>8}" for name, count in seeds["hits"].items()),
        "invariants evaluated",
        *(f"  {name:<34} {count:>8}" for name, count in seeds["evaluated"].items()),
        "crash matrix: cut points covered, of all; runs",
        *(
            f"  {name:<20} {crashes['cut_points_covered'][name]:>6} of {whole:<6}"
            f" {crashes['runs'].get(name, 0):>8}"
            for name, whole in crashes["cut_points_in_all"].items()
        ),
        "cut again on the way, and cut beside faults: runs",
        *(f"  {name:<34} {count:>8}" for name, count in more["runs"].items()),
        f"guards that nobody missed: {', '.join(report['survivors']) or 'none'}",
        f"wrong: {len(seeds['wrong'])} seeds, {len(crashes['wrong']) + len(more['wrong'])} crashes",
        *(f"  {one['command']}: {one['found'][0][:160]}" for one in seeds["wrong"]),
        *(f"  {case}: {found[0][:160]}" for case, found in (crashes["wrong"] | more["wrong"]).items()),
    ]
    return "\n".join(rows) + "\n"


def main() -> int:
    """Soak, and report."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--first-seed", type=int, default=1_000_000)
    parser.add_argument("--without-mutations", action="store_true")
    parser.add_argument("--json", type=Path, help="write the report there instead of to stdout")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", "coroutine .* was never awaited")  # a process that dies awaits nothing
    begin, half_s = time.monotonic(), asked.minutes * 30.0
    report = {"minutes": asked.minutes, "seeded": seeded(begin + half_s, asked.first_seed)}
    report["crashed"] = crashed(begin + 5 * half_s / 3, asked.first_seed)
    report["twice"] = twice(begin + 2 * half_s, asked.first_seed)
    report["survivors"] = [] if asked.without_mutations else survivors()
    whole = json.dumps(report, indent=2) + "\n"
    if asked.json:
        asked.json.write_text(whole)
    else:
        sys.stdout.write(whole)
    sys.stderr.write(table(report))
    wrong = (
        report["seeded"]["wrong"]
        or report["crashed"]["wrong"]
        or report["twice"]["wrong"]
        or report["survivors"]
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
