"""The checker itself: shortest, complete, and able to say that there is no way out."""

import pytest

from tests.model.checker import explore, read, replay, schedule, told, without_way_out


class Jugs:
    """Two jugs of five and three litres, a tap and a drain: the puzzle of measuring four."""

    sizes = (5, 3)

    def start(self):
        return (0, 0)

    def moves(self, state):
        found = []
        for which, size in enumerate(self.sizes):
            other = 1 - which
            poured = min(state[which], self.sizes[other] - state[other])
            found += [
                (("fill", which), self.put(state, which, size)),
                (("empty", which), self.put(state, which, 0)),
                (
                    ("pour", which),
                    self.put(self.put(state, which, state[which] - poured), other, state[other] + poured),
                ),
            ]
        return found

    def put(self, state, which, amount):
        return (amount, state[1]) if which == 0 else (state[0], amount)

    def broken(self, state):
        return ["four litres"] if 4 in state else []


class Stairs(Jugs):
    """Steps down to a cellar whose door falls shut behind you at the third."""

    def start(self):
        return 0

    def moves(self, state):
        down = [(("down", -1), state + 1)] if state < 5 else []
        return down + ([(("up", -1), state - 1)] if 0 < state < 3 else [])

    def broken(self, state):
        return ["at once"] if state == 0 else []


def test_a_shortest_way_is_found():
    found = explore(Jugs())
    assert found.steps == {"four litres": 6}
    assert told(found.schedules["four litres"]) == "fill:0, pour:0, empty:1, pour:0, fill:0, pour:0"


def test_every_state_is_counted_once():
    found = explore(Jugs())
    assert found.states == len({(a, b) for a in range(6) for b in range(4) if a in {0, 5} or b in {0, 3}})
    assert found.transitions == 6 * found.states


def test_what_is_broken_at_the_start_takes_no_move():
    assert explore(Stairs()).schedules == {"at once": ()}


def test_a_way_back_to_a_state_can_be_asked_for():
    found = explore(Stairs())
    assert schedule(Stairs(), found.parents, 2) == (("down", -1), ("down", -1))


def test_states_without_a_way_out_are_named():
    found = explore(Stairs())
    assert without_way_out(Stairs(), found, [0]) == [3, 4, 5]
    assert without_way_out(Stairs(), found, [5]) == []


def test_a_replay_shows_every_state_and_refuses_what_cannot_happen():
    assert replay(Stairs(), read("down, down, up")) == [0, 1, 2, 1]
    with pytest.raises(ValueError, match="not possible after 3 moves"):
        replay(Stairs(), read("down, down, down, up"))


def test_a_schedule_survives_being_written():
    way = (("send delete", 0), ("settle", -1), ("late put", 12))
    assert read(told(way)) == way
