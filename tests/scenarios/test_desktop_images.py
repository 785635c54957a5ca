"""What is on desktops before their region goes dark is on them afterwards, since somebody wrote it down."""

import json
from collections.abc import Iterator
from functools import cache

from avd_failover.cli.rehearsing import play_all
from avd_failover.cli.request import read
from avd_failover.domain.extensions import canonical
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.simulator.recovery_records import Extension
from avd_failover.simulator.scenario import load_scenario
from avd_failover.simulator.world import World
from tests.scenarios.test_scenarios import ROOT

DESKTOPS = 20
JOINED = {"AADLoginForWindows"}


@cache
def played():
    found = load_scenario(ROOT / "scenarios" / "personal-images.yaml")
    return play_all(read(str(ROOT / "plans" / "personal-eu.yaml")), found, found.seed)


def on_machines(world: World, group: str) -> dict[str, dict[str, Extension]]:
    """Return the extensions of every machine of a resource group, by machine and name."""
    found: dict[str, dict[str, Extension]] = {}
    for one in world.core.table(Extension).values():
        machine, _, name = one.id.rpartition("/extensions/")
        if f"/resourcegroups/{group}/" in machine.lower():
            found.setdefault(machine.rsplit("/", 1)[-1].lower(), {})[name.lower()] = one
    return found


def what(of: dict[str, Extension]) -> Iterator[tuple[str, str, str, str]]:
    for one in of.values():
        if one.type not in JOINED:
            yield one.publisher, one.type, one.version, canonical(json.loads(one.settings))


def test_the_night_run_writes_down_every_desktop_and_changes_nothing():
    night = played()[0].journal.state
    assert not night.changed
    assert night.pinned.images == ()
    facts = night.steps["record-extensions"].facts
    assert sum(name.startswith("image of pd-neu-") for name in facts) == DESKTOPS


def test_a_dark_regions_desktops_have_their_extensions_again_beyond_the_plans_list():
    night, dark = played()
    state, world = dark.journal.state, dark.world
    assert {one.taken_at for one in state.pinned.images} == {
        night.journal.state.steps["record-extensions"].finished_at
    }
    told = state.steps["record-extensions"]
    assert (told.facts["kept"], told.facts["hidden"]) == (DESKTOPS, 0)
    assert "an earlier image stands in for 20 desktops, 8 h old at most" in told.because
    before, after = (on_machines(world, f"rg-avd-personal-{side}-hosts") for side in ("neu", "weu"))
    assert len(after) == DESKTOPS
    assert {name: sorted(what(one)) for name, one in after.items()} == {
        name: sorted(what(one)) for name, one in before.items() if name in after
    }
    assert all("iaasantimalware" in one for one in after.values())


def test_an_image_says_nothing_of_users():
    night = played()[0]
    assert isinstance(night.store, MemoryStore)
    assert b"@contoso" not in b"".join(line for line in night.store.lines)
