"""A run changes what a planner of another make works out, and nothing else (safety T12).

Estates and plans are drawn: hosts and which of them run, floors and thresholds, settings that need no change,
assignments with conditions and descriptions, assignments of others. The other make is ``planner``.
"""

import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from avd_failover.cli.request import Wish, of, read
from avd_failover.cli.standing import following
from avd_failover.domain.route import Purpose
from avd_failover.domain.states import RunStatus
from avd_failover.journal.events import Entry, StepStarted
from avd_failover.journal.ledger import ledger_of
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.simulator.building import build
from avd_failover.simulator.records import UserSession
from avd_failover.simulator.scenario import Scenario
from tests.crash.cuts import Knife
from tests.crash.scene import Scene
from tests.crash.stage import ROOT, access, settings
from tests.simulation.planner import KEPT, Effect, Planner, changed, fold, kept

Data = dict[str, Any]
CONDITION = "@Resource[Microsoft.DesktopVirtualization/applicationGroups:name] StringEquals 'desk-neu'"
SEEDS = range(40)
NIGHT_S = 3600.0
KINDS = ("revoke", "grant", "drain", "start", "floor", "no autoscale", "no start on connect")


def loaded(kind: str, name: str) -> Data:
    found: Data = yaml.safe_load((ROOT / kind / f"{name}.yaml").read_text())
    return found


def drawn(seed: int) -> tuple[Data, Data]:
    """Draw a plan and an estate that it can be carried out on."""
    rng = random.Random(f"planner:{seed}")
    plan, estate = loaded("plans", "small"), loaded("scenarios", "small")
    source, target = estate["host_pools"]
    source["hosts"] |= {"count": rng.randint(1, 4)}
    source["hosts"]["running"] = rng.randint(1, source["hosts"]["count"])
    source["start_vm_on_connect"] = rng.random() < 0.5
    source["scaling_plan"]["enabled"] = rng.random() < 0.7
    source["sessions"]["count"] = rng.randint(0, 3)
    target["hosts"] |= {"count": rng.randint(1, 5)}
    target["hosts"]["running"] = rng.randint(0, target["hosts"]["count"])
    for pool in (source, target):
        schedule = pool["scaling_plan"]["schedules"][0]
        for phase in ("ramp_up", "ramp_down"):
            schedule[f"{phase}_minimum_hosts_pct"] = rng.choice([0, 30, 60, 100])
            schedule[f"{phase}_threshold_pct"] = rng.choice([40, 60, 90])
    for one in estate["assignments"]:
        one.update(rng.choice([{}, {"description": f"CHG{seed:07}"}, {"condition": CONDITION}]))
    plan["capacity"] = {"seats": rng.randint(1, 4), "minimum_hosts_pct": rng.choice([20, 50, 80, 100])}
    if rng.random() < 0.5:
        plan["capacity"]["capacity_threshold_pct"] = rng.choice([50, 70])
    estate["expect"], estate["seed"] = [], seed
    return plan, estate


class Planned(Scene):
    """A run of a plan on an estate, both as data, that keeps who was there to be told and let go."""

    def __init__(self, plan: Data, estate: Data, directory: Path) -> None:
        super().__init__("small")
        file = directory / "drawn.yaml"
        file.write_text(yaml.safe_dump(plan))
        self.asked = read(str(file))
        self.world = build(Scenario.model_validate_json(json.dumps(estate)))
        self.knife = Knife(self.world)
        self.before, self.around = access(self.world), settings(self.world)
        self.planner = Planner(plan, self.world.snapshot())
        self.there: dict[str, set[str]] = {"tell-users": set(), "logoff-source": set()}
        self.observers.append(self._watch)

    def _watch(self, entry: Entry, _state: RunState) -> None:
        if isinstance(entry.event, StepStarted) and entry.event.step in self.there:
            self.there[entry.event.step] |= self._sessions()

    def _sessions(self) -> set[str]:
        seen = self.world.snapshot()["user_sessions"]
        return {fold(one["id"]) for one in seen if fold(one["host_pool"]) == self.planner.source}

    def came(self) -> set[Effect]:
        """Return what is right for users who signed in on the source meanwhile, and not asked for."""
        made = [
            one.target for one in self.world.history.changes() if one.kind is UserSession and not one.before
        ]
        here = [one for one in made if one.startswith(self.planner.source)]
        return {(verb, one) for verb in ("tell", "log off") for one in here}

    def differs(self) -> set[Effect]:
        """Return what was asked for and not done, or done and not asked for."""
        done, wanted = changed(self.world.history.changes()), self.wanted()
        return (wanted - done) | (done - wanted - self.came())

    def wanted(self) -> set[Effect]:
        told = {("tell", one) for one in self.there["tell-users"]}
        return {*self.planner.effects(), *told, *(("log off", one) for one in self.there["logoff-source"])}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_run_changes_exactly_what_another_planner_asks_for(seed: int, tmp_path: Path) -> None:
    scene = Planned(*drawn(seed), tmp_path)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    assert scene.differs() == set()
    assert scene.faults_found() == []


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_the_way_home_leaves_every_drawn_estate_as_it_was(seed: int, tmp_path: Path) -> None:
    scene = Planned(*drawn(seed), tmp_path)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    first = whose(scene.before), scene.around
    scene.later(NIGHT_S)
    scene.asked = following(
        of(Wish(plan="small", purpose=Purpose.FAILBACK), scene.asked), ledger_of([scene.state])
    )
    scene.run = "small-20260401-050000-0002"
    scene.store = MemoryStore(scene.run)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    assert (whose(access(scene.world)), settings(scene.world)) == first
    assert scene.unsafe() == []


def whose(assignments: Data) -> list[tuple[Any, ...]]:
    """Return who may open what, and how, whatever the assignments are called."""
    return sorted(
        (one["scope"].lower(), *(str(kept(one, name)) for name in KEPT)) for one in assignments.values()
    )


@pytest.mark.parametrize("name", ["pooled-eu", "pooled-ladder"])
def test_so_it_does_on_the_estates_that_are_shipped(name: str, tmp_path: Path) -> None:
    estate = loaded("scenarios", "pooled-eu") | {"expect": []}
    scene = Planned(loaded("plans", name), estate, tmp_path)
    assert scene.drive() is RunStatus.COMPLETED, scene.state.because
    assert scene.differs() == set()


def test_the_draws_mean_something() -> None:
    estates = [
        (plan, build(Scenario.model_validate_json(json.dumps(one)))) for plan, one in map(drawn, SEEDS)
    ]
    effects = [Planner(plan, world.snapshot()).effects() for plan, world in estates]
    counts = {kind: sorted({sum(one[0] == kind for one in many) for many in effects}) for kind in KINDS}
    assert counts["revoke"] == counts["grant"] == [4]
    assert counts["drain"] == [1, 2, 3, 4]
    assert len(counts["start"]) >= 4
    assert len(counts["floor"]) >= 3
    assert counts["no autoscale"] == counts["no start on connect"] == [0, 1]


@pytest.mark.parametrize(
    ("kind", "edit"),
    [
        ("grant", lambda effect: (*effect[:-1], "another description")),
        ("revoke", lambda effect: ("revoke", effect[1] + "0")),
        ("floor", lambda effect: (*effect[:-1], effect[-1] - 1)),
        ("drain", lambda effect: ("open", effect[1])),
    ],
)
def test_one_effect_that_differs_is_seen(
    kind: str, edit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = Planned(loaded("plans", "small"), loaded("scenarios", "small") | {"expect": []}, tmp_path)
    scene.drive()
    wanted = scene.wanted()
    one = min((effect for effect in wanted if effect[0] == kind), key=str)
    assert scene.differs() == set()
    monkeypatch.setattr(scene, "wanted", lambda: (wanted - {one}) | {edit(one)})
    assert scene.differs() == {one, edit(one)}
