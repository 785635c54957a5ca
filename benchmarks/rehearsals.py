"""How many whole runs a second the direct face carries, and how long large rehearsals take.

usage: python -m benchmarks.rehearsals [--runs 200] [--large] [--json]

A run is everything: a world built, the plan's runbook driven by the real engine to its end, the journal
chained, in virtual time. A judged run also lets the world go on, audits its history, verifies the journal,
runs once more and holds the expectations. Figures are per second of one core's CPU; beside them stands how
long this machine takes for ten million additions, since machines differ by more than code does.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avd_failover.cli.rehearsing import play, rehearse
from avd_failover.cli.request import Asked, read
from avd_failover.simulator.scenario import Scenario, load_scenario

ROOT = Path(__file__).parents[1]


def main() -> None:
    options = _options()
    figures = {"ten_million_additions_s": round(_machine_s(), 3), "small": _small(options.runs)}
    if options.large:
        figures["large"] = _large()
    if options.json:
        print(json.dumps(figures))
        return
    print(f"this machine: {figures['ten_million_additions_s']:.2f} s for ten million additions")
    for name, row in figures.items():
        if isinstance(row, dict):
            print(f"{name:<8} " + ", ".join(f"{key} {value:g}" for key, value in row.items()))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=200, help="runs of the small scenario, each way")
    parser.add_argument("--large", action="store_true", help="5,000 users as well: some ten seconds")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def _machine_s() -> float:
    def additions() -> None:
        total = 0
        for number in range(10_000_000):
            total += number

    return _cpu_s(additions)


def _small(runs: int) -> dict[str, Any]:
    asked, scenario = _loaded("small")
    play(asked, scenario, 0)
    played = _cpu_s(lambda: [play(asked, scenario, seed) for seed in range(runs)])
    judged = _cpu_s(lambda: [rehearse(asked, scenario, seed) for seed in range(runs)])
    one = play(asked, scenario, 0)
    return {
        "runs": runs,
        "runs_per_s": round(runs / played, 1),
        "judged_per_s": round(runs / judged, 1),
        "journal_lines": len(one.store.lines),
        "world_changes": one.world.history.next_sequence - one.world.built,
    }


def _large() -> dict[str, Any]:
    asked, scenario = _loaded("large")
    kept: list[Any] = []
    return {
        "judged_s": round(_cpu_s(lambda: kept.append(rehearse(asked, scenario, scenario.seed))), 1),
        "recovery_s": round(kept[0].recovery_s, 1),
        "access_gap_s": round(kept[0].gap.seconds, 1),
    }


def _loaded(name: str) -> tuple[Asked, Scenario]:
    scenario = load_scenario(ROOT / "scenarios" / f"{name}.yaml")
    return read(str(ROOT / "plans" / f"{scenario.plan}.yaml")), scenario


def _cpu_s(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    main()
