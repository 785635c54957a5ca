"""Journals of every version are read as they were meant, and gone on with where their runs were open."""

import json
from datetime import datetime
from typing import Any

import pytest

from avd_failover.domain.states import RunStatus
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.engine.send import _deliver
from avd_failover.journal.chain import links, replay
from avd_failover.journal.codec import decode, encode
from avd_failover.journal.events import SCHEMA, RunPinned
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import DamagedJournalError
from avd_failover.simulator.direct import DirectCloud
from tests.crash.journeys import scene_of
from tests.crash.scene import Scene
from tests.golden.recipes import HERE, RECIPES, kept, lines_of, told

VERSIONS = sorted(path.name for path in HERE.iterdir() if path.is_dir() and path.name[0].isdigit())
EVERY = [(version, name) for version in VERSIONS for name in sorted(RECIPES)]


def golden(version: str, name: str) -> MemoryStore:
    return MemoryStore(kept(version, name)["run"], lines_of(version, name))


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_a_journal_of_an_earlier_version_adds_up_to_what_it_did_when_it_was_written(
    version: str, name: str
) -> None:
    store = golden(version, name)
    assert {"run": store.run} | told(store) == kept(version, name)


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_nothing_of_it_is_lost_on_the_way_through_the_vocabulary_of_today(version: str, name: str) -> None:
    entries = [entry for entry, _ in links(golden(version, name))]
    assert isinstance(entries[0].event, RunPinned)
    assert 1 <= entries[0].event.schema <= SCHEMA
    assert [decode(entry.seq, encode(entry)) for entry in entries] == entries
    for entry, line in zip(entries, lines_of(version, name), strict=True):
        assert within(json.loads(line), json.loads(encode(entry)))


def within(old: Any, new: Any) -> bool:
    """Tell whether everything that stood there still does; a later version may say more."""
    if isinstance(old, dict):
        return all(name in new and within(value, new[name]) for name, value in old.items())
    if isinstance(old, list):
        return len(old) == len(new) and all(map(within, old, new))
    return bool(old == new)


@pytest.mark.parametrize(("version", "name"), EVERY)
def test_its_chain_still_bites(version: str, name: str) -> None:
    lines = lines_of(version, name)
    middle = len(lines) // 2
    lines[middle] = lines[middle].replace(b'"at":"2026', b'"at":"2027')
    with pytest.raises(DamagedJournalError):
        replay(MemoryStore(kept(version, name)["run"], lines))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("order", "end"), [("", RunStatus.COMPLETED), ("rollback", RunStatus.ROLLED_BACK)], ids=["on", "back"]
)
def test_a_run_that_an_earlier_version_left_open_is_gone_on_with(
    version: str, order: str, end: RunStatus
) -> None:
    scene = standing(version, "cut")
    if order:
        scene.ask(order, reason="another version is here now")
    assert scene.drive() is end, scene.state.because
    assert [one for one in scene.faults_found() if "audit" not in one] == []


def standing(version: str, name: str) -> Scene:
    """Return a world in which that has happened of which a golden journal knows, and the journal."""
    scene = scene_of("small")
    scene.store = golden(version, name)
    scene.epoch = 1
    state = replay(scene.store).state
    last: datetime = [entry.at for entry, _ in links(scene.store)][-1]

    async def happen() -> None:
        cloud = DirectCloud(scene.world, LoopClock(scene.world.at()))
        for action in state.effects:
            await _deliver(cloud, action, None)
        await cloud.aclose()

    run_virtually(happen())
    scene.later((last - scene.world.at()).total_seconds())
    return scene


def test_every_kind_of_journal_is_kept_of_every_version() -> None:
    assert VERSIONS
    for version in VERSIONS:
        names = {path.stem for path in (HERE / version).glob("*.jsonl")}
        assert names == set(RECIPES)


@pytest.mark.parametrize(("name", "recipe"), RECIPES.items(), ids=list(RECIPES))
def test_a_recipe_gives_the_kind_of_journal_that_is_kept(name: str, recipe: object) -> None:
    assert callable(recipe)
    now, then = told(recipe().store), kept(VERSIONS[-1], name)
    assert (now["status"], now["turned"]) == (then["status"], then["turned"])
