"""The simulated worlds of runs: where each is remembered, and which command goes on in which world.

One rule: what begins anew (a failover, a drill, upkeep) gets a fresh world; what follows or looks (back,
settle, check, observe) goes on in the world that the plan's last run of that scenario left, as long as that
run moved users who are still away, or owes something. Without such a run it gets a fresh one as well.
"""

import shutil
from pathlib import Path

from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Asked
from avd_failover.cli.standing import ledger
from avd_failover.cli.wiring import DEFAULT_SPEED, Simulation, Wired
from avd_failover.domain.route import Purpose
from avd_failover.journal.home import Home
from avd_failover.journal.ledger import Ledger
from avd_failover.journal.state import RunState
from avd_failover.runbook.find import find_scenario

GOES_ON = frozenset({Purpose.FAILBACK, Purpose.SETTLE})
"""Purposes that make sense in the world that an earlier run left, and in no other."""


def simulation_for(
    home: Home, run: str, asked: Asked, simulate: str | None, speed: float | None, *, keep: bool
) -> Simulation | None:
    """Return the simulated Azure that a run asks for; None when it asks for none.

    A failover gets a fresh world. What follows it goes on in the world that the failover left, if that was
    of the same scenario. ``keep`` remembers the world, so that a resumed run meets it as it was left.
    """
    if simulate is None:
        return None
    scenario = find_scenario(simulate)
    left = _left_by(home, asked, scenario) if asked.route.purpose in GOES_ON else None
    if not keep:
        return Simulation(
            scenario=left.with_suffix(".yaml") if left else scenario,
            speed=speed or DEFAULT_SPEED,
            memory=left,
            remembers=False,
        )
    home.prepare()
    memory = _world_of(home, run)
    memory.parent.mkdir(mode=0o700, exist_ok=True)
    if left is not None:
        shutil.copyfile(left, memory)
        scenario = Path(shutil.copyfile(left.with_suffix(".yaml"), memory.with_suffix(".yaml")))
    else:
        scenario = _kept(scenario, memory.with_suffix(".yaml"))
    return Simulation(scenario=scenario, speed=speed or DEFAULT_SPEED, memory=memory)


def looked_at(home: Home, asked: Asked, simulate: str | None) -> Simulation | None:
    """Return the simulated Azure for a command that only looks; nothing of it is remembered."""
    if simulate is None:
        return None
    scenario = find_scenario(simulate)
    left = _left_by(home, asked, scenario)
    return Simulation(scenario=left.with_suffix(".yaml") if left else scenario, memory=left, remembers=False)


def remembered(home: Home, state: RunState, speed: float | None) -> Simulation | None:
    """Return the world of a run as it was left; None for a run that has none of its own."""
    memory = _world_of(home, state.run)
    if memory.with_suffix(".yaml").exists():
        return Simulation(scenario=memory.with_suffix(".yaml"), speed=speed or DEFAULT_SPEED, memory=memory)
    if speed is not None:
        raise Quit(ExitCode.BAD_INPUT, f"--speed: {state.run} does not run on a simulated Azure of its own")
    return None


def standing(home: Home, asked: Asked, simulate: str | None, wired: Wired) -> Ledger:
    """Return what earlier runs left standing in the world that a run meets; a fresh one knows of none."""
    found = ledger(home, asked.route.plan, wired.simulated)
    if simulate is not None and asked.route.purpose not in GOES_ON:
        return Ledger(unfinished=found.unfinished)
    return found


def _left_by(home: Home, asked: Asked, scenario: Path) -> Path | None:
    """Return the memory of the world that the newest run left, of those that are to be followed."""
    from avd_failover.simulator.scenario import load_scenario

    found = ledger(home, asked.route.plan, load_scenario(scenario).scenario)
    runs = [state.run for state in (*found.away, found.owing) if state is not None]
    worlds = [memory for run in reversed(runs) if (memory := _world_of(home, run)).exists()]
    return worlds[0] if worlds else None


def _kept(scenario: Path, copy: Path) -> Path:
    """Keep a scenario as it is now, with what it extends: a resumed run must meet the same one."""
    from avd_failover.simulator.scenario import standalone

    copy.write_text(standalone(scenario), encoding="utf-8")
    return copy


def _world_of(home: Home, run: str) -> Path:
    return home.path / "simulated" / f"{run}.jsonl"
