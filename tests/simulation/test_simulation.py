"""Some hundred seeds in every mode; a seed that fails names the one command that plays it again."""

import pytest

from tests.simulation.draw import BREAKING, HEALING, LASTING, Mode, draw
from tests.simulation.play import Played, play, totals

SEEDS = {Mode.SAFETY: 80, Mode.LIVENESS: 60, Mode.PERMANENT: 12, Mode.ASSUMPTION: 30}
TABLES = {Mode.SAFETY: HEALING, Mode.LIVENESS: HEALING, Mode.PERMANENT: LASTING, Mode.ASSUMPTION: BREAKING}
COUNTED = ("S1", "S2", "S3", "S10", "S12")
"""Invariants that every run evaluates; the others depend on what happens."""


@pytest.fixture(scope="module")
def played() -> dict[Mode, list[Played]]:
    return {mode: [play(seed, mode) for seed in range(count)] for mode, count in SEEDS.items()}


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
@pytest.mark.timeout(300)
def test_nothing_is_wrong_under_any_seed(played: dict[Mode, list[Played]], mode: Mode) -> None:
    wrong = {one.command: one.wrong for one in played[mode] if one.wrong}
    assert wrong == {}


def test_the_seeds_mean_something(played: dict[Mode, list[Played]]) -> None:
    whole = totals([one for many in played.values() for one in many])
    assert all(whole["evaluated"][invariant] > 10_000 for invariant in COUNTED[:3]), whole["evaluated"]
    assert all(whole["evaluated"][invariant] > 100 for invariant in COUNTED), whole["evaluated"]
    assert len(whole["hits"]) >= 30, whole["hits"]
    assert whole["crashes"] > 50
    assert {"safety: completed", "safety: rolled back", "permanent: held"} <= set(whole["ends"])


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_a_seed_played_twice_gives_the_same_journal_and_history_byte_for_byte(mode: Mode) -> None:
    first, again = play(7, mode), play(7, mode)
    assert first.digest == again.digest
    assert first.digest != play(8, mode).digest


@pytest.mark.parametrize("mode", Mode, ids=lambda mode: mode.value)
def test_every_fault_of_a_mode_is_drawn_sooner_or_later(mode: Mode) -> None:
    drawn = {fault["fault"] for seed in range(400) for fault in draw(seed, mode).faults}
    assert set(TABLES[mode]) <= drawn
