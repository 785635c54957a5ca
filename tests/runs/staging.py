"""Runs of a scenario in virtual time, with people who speak up."""

from functools import cache
from typing import Any

from avd_failover.cli.rehearsing import Played, play_all
from avd_failover.cli.request import Asked, read
from avd_failover.simulator.scenario import Scenario, load_scenario
from avd_failover.simulator.scenario_runs import RunSpec
from tests.crash.stage import ROOT


@cache
def plan(name: str) -> Asked:
    return read(str(ROOT / "plans" / f"{name}.yaml"))


@cache
def loaded(name: str) -> Scenario:
    return load_scenario(ROOT / "scenarios" / f"{name}.yaml")


def scenario(name: str, *runs: RunSpec, **changes: Any) -> Scenario:
    found = loaded(name)
    return found.model_copy(update={"runs": runs or found.runs, **changes})


def run(*people: dict[str, Any], **fields: Any) -> RunSpec:
    """One run as a scenario file would ask for it."""
    return RunSpec.model_validate({**fields, "people": people})


def says(at: str, order: str, by: str, step: str | None = None, **more: str) -> dict[str, Any]:
    """What one person says."""
    return {"at": at, "order": order, "by": by, "step": step, **more}


def played(name: str, *runs: RunSpec, **changes: Any) -> tuple[Played, ...]:
    found = scenario(name, *runs, **changes)
    return play_all(plan(found.plan or name), found, found.seed)


__all__ = ["loaded", "plan", "played", "run", "says", "scenario"]
