"""Killed at every boundary, resumed, same end: the level-triggered loop needs no other recovery."""

import pytest

from avd_failover.domain.states import RunStatus
from avd_failover.journal.chain import replay
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.store import JournalLostError
from tests.engine.lamps import Lamps, Stage, lamp_step, make_graph

GRAPH = make_graph(
    lamp_step("root", "a b"),
    lamp_step("left", "c d e", "root"),
    lamp_step("right", "f", "root"),
    lamp_step("join", "g", "left", "right"),
)
ALL = set("abcdefg")


class KilledError(KeyboardInterrupt):
    """The process dies here: like Ctrl-C, this is not caught by the event loop either."""


class DyingStore(MemoryStore):
    """A store whose process dies at the n-th commit, before or after it is durable."""

    def __init__(self, run: str, dies_at: int, *, after: bool) -> None:
        super().__init__(run)
        self.dies_at, self.after = dies_at, after

    def append(self, lines):
        self.dies_at -= 1
        if self.dies_at == 0 and not self.after:
            raise KilledError
        super().append(lines)
        if self.dies_at == 0:
            raise KilledError


class DyingLamps(Lamps):
    """A cloud that is left alone at the n-th request, before or after it took effect."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        super().__init__()
        self.dies_at, self.after = dies_at, after
        self.durable: list[bytes] = []
        self.store: MemoryStore | None = None

    def die(self) -> None:
        """Remember what was on disk at this moment: closing the loop may still flush a buffer."""
        assert self.store is not None
        self.durable = list(self.store.lines)
        raise KilledError

    async def start(self, machine):
        self.dies_at -= 1
        mine = self.dies_at == 0
        if mine and not self.after:
            self.sent.append(machine)
            self.die()
        accepted = await super().start(machine)
        if mine:
            self.die()
        return accepted


def commits_of_a_clean_run() -> int:
    stage = Stage(GRAPH)
    assert stage.drive() is RunStatus.COMPLETED
    return stage.store.commits


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_run_killed_at_any_commit_ends_the_same_when_resumed(after: bool) -> None:
    for cut in range(2, commits_of_a_clean_run() + 1):
        stage = Stage(GRAPH)
        stage.store = DyingStore(stage.pinned.run, cut, after=after)
        with pytest.raises(KilledError):
            stage.drive()
        stage.store = MemoryStore(stage.pinned.run, stage.store.lines)
        if not replay(stage.store).state.status.final:
            assert stage.drive() is RunStatus.COMPLETED, f"cut {cut}"
        assert stage.lamps.on == ALL
        assert len(stage.lamps.sent) <= len(ALL) + 3, f"cut {cut}: {stage.lamps.sent}"


@pytest.mark.parametrize("after", [False, True], ids=["not applied", "applied"])
@pytest.mark.parametrize("cut", range(1, 8))
def test_a_run_killed_at_any_request_repeats_only_what_nobody_knows(cut: int, after: bool) -> None:
    lamps = DyingLamps(cut, after=after)
    stage = Stage(GRAPH, lamps)
    lamps.store = stage.store
    with pytest.raises(KilledError):
        stage.drive()
    stage.store = MemoryStore(stage.pinned.run, lamps.durable)
    state = replay(stage.store).state
    known = {attempt.action.target for attempt in state.attempts.values() if attempt.outcome is not None}
    before = list(lamps.sent)
    assert stage.drive() is RunStatus.COMPLETED
    again = lamps.sent[len(before) :]
    assert lamps.on == ALL
    assert not known.intersection(again), "something whose outcome was durable was sent again"


def test_nothing_is_sent_after_the_journal_is_lost() -> None:
    class Lost(MemoryStore):
        left = 3

        def append(self, lines):
            self.left -= 1
            if self.left < 0:
                raise JournalLostError("no space left on device")
            super().append(lines)

    stage = Stage(GRAPH)
    stage.store = Lost(stage.pinned.run)
    with pytest.raises(JournalLostError):
        stage.drive()
    intents = {event.action.target for event in stage.events("action.intended")}
    assert set(stage.lamps.sent) <= intents
    stage.store = MemoryStore(stage.pinned.run, stage.store.lines)
    assert stage.drive() is RunStatus.COMPLETED
    assert stage.lamps.on == ALL
