"""What happens without the runner: time passes, users come and go, requests arrive late, hosts wake."""

from collections.abc import Iterator

from tests.model.checker import Move
from tests.model.state import DRAINED, NO_AUTOSCALE, NO_START, SPARE_UP, Setting, State

Moves = Iterator[tuple[Move, State]]


def bits(mask: int) -> tuple[int, ...]:
    """Return the single bits of a mask, lowest first."""
    return _BITS[mask]


def place(bit: int) -> int:
    """Return the number of a single bit."""
    return bit.bit_length() - 1


WIDEST = 10
"""Bits of the widest mask: five users or groups on two sides."""

_BITS = [tuple(1 << n for n in range(WIDEST) if mask >> n & 1) for mask in range(1 << WIDEST)]


class World:
    """Azure and its users, as bad as they are allowed to be.

    An assignment counts as soon as it is in the store, and after its removal until the delay has passed: that
    is the widest that access can be. Whoever may start a session may do so at any moment.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.groups = (1 << setting.groups) - 1
        self.users = (1 << len(setting.users)) - 1
        self.both = self.users << len(setting.users) | self.users
        self._access = [self._who(effective) for effective in range(1 << 2 * setting.groups)]
        self._land = [self._takes(doors) for doors in range(1 << 8)]

    def _who(self, effective: int) -> int:
        found = 0
        for side in (0, 1):
            held = effective >> side * self.setting.groups & self.groups
            for user, member_of in enumerate(self.setting.users):
                if held & member_of:
                    found |= 1 << side * len(self.setting.users) + user
        return found

    def _takes(self, doors: int) -> int:
        found = 0
        for side in (0, 1):
            mine = doors >> 4 * side
            if not mine & DRAINED or mine & SPARE_UP or not mine & NO_START:
                found |= self.users << side * len(self.setting.users)
        return found

    def access(self, state: State) -> int:
        """Return who has effective access, side by side."""
        return self._access[state.on | state.lag]

    def can_start(self, state: State) -> int:
        """Return who could start a session: effective access, and a host that takes them."""
        return self._access[state.on | state.lag] & self._land[state.doors]

    def across(self, users: int) -> int:
        """Return the same users on the other side."""
        return (users >> len(self.setting.users) | users << len(self.setting.users)) & self.both

    def moves(self, state: State) -> Moves:
        """Yield everything that may happen by itself."""
        for bit in bits(state.lag):
            yield ("visible", place(bit)), state.but(lag=state.lag ^ bit)
        for bit in bits(state.sessions):
            yield ("log off", place(bit)), state.but(sessions=state.sessions ^ bit)
        yield from self._arrivals(state)
        if state.late_delete or state.late_put:
            yield from self._latecomers(state)
        if self.setting.doors:
            yield from self._autoscale(state)
        for bit in bits(state.queued_delete):
            queued = state.queued_delete ^ bit
            yield (
                ("zombie delete", place(bit)),
                state.but(queued_delete=queued, late_delete=state.late_delete | bit),
            )
        for bit in bits(state.queued_put):
            queued = state.queued_put ^ bit
            yield (
                ("zombie put", place(bit)),
                state.but(queued_put=queued, late_put=state.late_put | bit),
            )

    def _arrivals(self, state: State) -> Moves:
        for bit in bits(self.can_start(state) & ~state.sessions & ~state.connecting):
            woken = self._woken(state, bit)
            if self.setting.landing:
                yield ("connect", place(bit)), woken.but(connecting=state.connecting | bit)
            else:
                yield ("start", place(bit)), woken.but(sessions=state.sessions | bit)
        for bit in bits(state.connecting):
            yield (
                ("land", place(bit)),
                state.but(connecting=state.connecting ^ bit, sessions=state.sessions | bit),
            )

    def _woken(self, state: State, user: int) -> State:
        """Start a stopped host for a user who finds every other one drained."""
        shift = 0 if user <= self.users else 4
        mine = state.doors >> shift
        if mine & DRAINED and not mine & SPARE_UP:
            return state.but(doors=state.doors | SPARE_UP << shift)
        return state

    def _latecomers(self, state: State) -> Moves:
        for bit in bits(state.late_delete):
            rest = state.but(late_delete=state.late_delete ^ bit)
            yield ("late delete", place(bit)), deleted(rest, bit)
            yield ("drop delete", place(bit)), rest
        for bit in bits(state.late_put):
            rest = state.but(late_put=state.late_put ^ bit)
            yield ("late put", place(bit)), created(rest, bit)
            yield ("drop put", place(bit)), rest

    def _autoscale(self, state: State) -> Moves:
        for side in (0, 1):
            mine = state.doors >> 4 * side
            if mine & DRAINED and not mine & (NO_AUTOSCALE | SPARE_UP):
                yield ("autoscale", side), state.but(doors=state.doors | SPARE_UP << 4 * side)


def deleted(state: State, bit: int) -> State:
    """Remove an assignment from the store; it may open doors for a while yet."""
    if not state.on & bit:
        return state
    return state.but(on=state.on ^ bit, lag=state.lag | bit)


def created(state: State, bit: int) -> State:
    """Write an assignment into the store."""
    return state.but(on=state.on | bit, lag=state.lag & ~bit)
