"""The protocol that moves users from one side to the other, as a model of what the engine does.

    drain      close the doors of the side being left (where doors are modelled)
    revoke     look at each pair: standing, so DELETE; absent, so there is nothing to do
    barrier    wait until no removed assignment can open a door, or see every door closed; then look for
               sessions until enough looks in a row showed none
    grant      look at each pair: absent, so PUT; standing, so there is nothing to do
    close      wait until nothing can arrive late, read everything once more

A runner may crash at any moment; what it had under way may still be applied, at any time until somebody
waited for it. Another one takes over from the journal, in the same direction or, as a rollback, in the other.
A request of a living runner may be applied without an answer, be late, or be applied twice.
"""

from collections.abc import Callable
from functools import cached_property

from tests.model.checker import Move
from tests.model.state import (
    BARRIER,
    CLOSING,
    DRAINED,
    DRAINING,
    ENDED,
    GRANTING,
    PARTS,
    REVOKING,
    SPARE_UP,
    Proof,
    Quarantine,
    Rules,
    Setting,
    State,
)
from tests.model.world import Moves, World, bits, created, deleted, place

DUAL_ACCESS = "dual access"
SESSION_AND_ACCESS = "session on one side while access on the other"
DUAL_SESSION = "sessions on both sides"
TWICE = "assigned on both sides"
LOST = "assignment lost"
MISPLACED = "not where the run ended"
INVARIANTS = (DUAL_ACCESS, SESSION_AND_ACCESS, DUAL_SESSION, TWICE, LOST, MISPLACED)


class Protocol:
    """One setting under one set of rules."""

    def __init__(self, setting: Setting, rules: Rules) -> None:
        self.setting, self.rules = setting, rules
        self.world = World(setting)
        self.n, self.all = setting.groups, self.world.groups
        single = [1 << group for group in range(setting.groups)]
        self.waves = [self.all] if rules.together else single
        self.first = DRAINING if setting.doors else REVOKING

    def start(self) -> State:
        """Everything stands on side 0, nobody is in."""
        budget = self.setting
        return State(
            phase=self.first,
            on=self.all,
            crashes=budget.crashes,
            reversals=budget.reversals,
            faults=budget.faults,
        )

    def moves(self, state: State) -> list[tuple[Move, State]]:
        """Return what the runner may do and what may happen by itself."""
        return [*self._runner(state), *self.world.moves(state)]

    def broken(self, state: State) -> list[str]:
        """Check every invariant (S1, S2, S3, S10, S11)."""
        found = []
        can = self.world.can_start(state)
        if can & self.world.across(can):
            found.append(DUAL_ACCESS)
        if state.sessions:
            if state.sessions & self.world.across(can):
                found.append(SESSION_AND_ACCESS)
            if state.sessions & self.world.across(state.sessions):
                found.append(DUAL_SESSION)
        here, there = self._split(state)
        if here & there:
            found.append(TWICE)
        transit = self.all & ~(here | there)
        if transit & ~state.images or (transit and state.phase == ENDED):
            found.append(LOST)
        if state.phase == ENDED and here:
            found.append(MISPLACED)
        return found

    def _split(self, state: State) -> tuple[int, int]:
        """Return the groups on the side being left and those on the other."""
        sides = state.on & self.all, state.on >> self.n
        return sides if state.leaving == 0 else sides[::-1]

    def _source(self, state: State) -> int:
        return state.leaving * self.n

    def _target(self, state: State) -> int:
        return (1 - state.leaving) * self.n

    def _runner(self, state: State) -> Moves:
        if not state.alive:
            yield from self._takeover(state)
            return
        if self._idle(state):
            yield from self._nothing_to_do(state)
        else:
            yield from self._steps[state.phase](state)
        if state.phase == ENDED:
            return
        if state.crashes:
            yield ("crash", -1), self._crashed(state)
        if not state.sent and self._may_reverse(state):
            yield ("abort", -1), self._reversed(state)

    @cached_property
    def _steps(self) -> dict[int, Callable[[State], Moves]]:
        return {
            DRAINING: self._draining,
            REVOKING: self._revoking,
            BARRIER: self._barrier,
            GRANTING: self._granting,
            CLOSING: self._closing,
            ENDED: self._ended,
        }

    def _idle(self, state: State) -> bool:
        """Tell whether a run that did nothing yet finds everything on its target already (S20)."""
        fresh = state.phase == self.first and not (state.wave or state.sent or state.unsure or state.done)
        return fresh and self._split(state) == (0, self.all)

    def _nothing_to_do(self, state: State) -> Moves:
        if not state.in_flight or self.rules.quarantine is Quarantine.NEVER:
            yield ("nothing to do", -1), state.but(phase=ENDED, images=0)

    # Doors.

    def _draining(self, state: State) -> Moves:
        shift, target = 4 * state.leaving, 4 * (1 - state.leaving)
        if self.rules.early_doors and state.doors >> target & 15:
            yield ("open doors", 1 - state.leaving), state.but(doors=state.doors & 15 << shift)
            return
        wanted = [part for part in self.rules.parts if not state.doors >> shift & PARTS[part]]
        for part in wanted:
            closed = state.but(doors=state.doors | PARTS[part] << shift)
            done = len(wanted) == 1
            yield (part, state.leaving), closed.but(phase=REVOKING) if done else closed
        if not wanted:
            yield ("drained", state.leaving), state.but(phase=REVOKING)

    def _barred(self, state: State) -> bool:
        """Tell whether a look at the doors of the source finds every part that it looks for."""
        mine = state.doors >> 4 * state.leaving
        wanted = sum(PARTS[part] for part in self.rules.parts)
        return mine & wanted == wanted and not (wanted & DRAINED and mine & SPARE_UP)

    # Revoking and granting: the same level-triggered loop, with DELETE at one end and PUT at the other.

    def _revoking(self, state: State) -> Moves:
        yield from self._requests(state, self._source(state), wanted=0)

    def _granting(self, state: State) -> Moves:
        target = 1 - state.leaving
        if state.doors >> 4 * target & 15:
            yield ("open doors", target), state.but(doors=state.doors & 15 << 4 * state.leaving)
            return
        if self.rules.looks_back and self._split(state)[0] and not state.sent:
            yield ("look back", -1), state.but(phase=REVOKING, done=0, unsure=0)
            return
        if state.in_flight and self.rules.quarantine is Quarantine.BEFORE_GRANTING:
            return
        yield from self._requests(state, self._target(state), wanted=1)

    def _requests(self, state: State, shift: int, *, wanted: int) -> Moves:
        verb = "put" if wanted else "delete"
        for bit in bits(self.waves[state.wave] & ~state.done):
            group, at = place(bit), bit << shift
            there = bool(state.on & at) == bool(wanted)
            if state.sent & bit:
                yield ("apply " + verb, group), self._done(_applied(state, at, wanted), bit)
                if state.faults:
                    yield from self._faults(state, bit, at, wanted)
            elif there:
                yield ("nothing to " + verb, group), self._done(state, bit)
            elif state.unsure & bit:
                yield ("look after " + verb, group), state.but(unsure=state.unsure ^ bit)
            else:
                images = state.images if wanted else state.images | bit
                yield ("send " + verb, group), state.but(sent=state.sent | bit, images=images)

    def _faults(self, state: State, bit: int, at: int, wanted: int) -> Moves:
        verb = "put" if wanted else "delete"
        group = place(bit)
        worse = state.but(faults=state.faults - 1)
        unsure = worse.but(sent=state.sent ^ bit, unsure=state.unsure | bit)
        yield ("lose answer of " + verb, group), _applied(unsure, at, wanted)
        yield ("delay " + verb, group), _late(unsure, at, wanted)
        yield ("double " + verb, group), self._done(_late(_applied(worse, at, wanted), at, wanted), bit)

    def _done(self, state: State, bit: int) -> State:
        """Take note that a group is where this phase wants it; the last one ends the phase."""
        done = state.done | bit
        ended = done == self.waves[state.wave]
        state = state.but(done=0 if ended else done, sent=state.sent & ~bit, unsure=state.unsure & ~bit)
        if not ended:
            return state
        if state.phase == REVOKING:
            return state.but(phase=BARRIER, settled=0, zeros=0)
        if state.wave + 1 < len(self.waves):
            return state.but(phase=REVOKING, wave=state.wave + 1)
        return state.but(phase=CLOSING)

    # The barrier.

    def _barrier(self, state: State) -> Moves:
        lag = state.lag >> self._source(state) & self.waves[state.wave]
        if self.rules.proof is Proof.SETTLE and not state.settled and not lag:
            yield ("settle", -1), self._passed(state.but(settled=1))
        if state.doors >> 4 * state.leaving & SPARE_UP and "drain" in self.rules.parts:
            shut = state.doors & ~(SPARE_UP << 4 * state.leaving)
            yield ("drain the woken", state.leaving), state.but(doors=shut)
        yield from self._look(state)

    def _look(self, state: State) -> Moves:
        """Look for sessions. Looks lie further apart than a connection takes to show as a session."""
        users = self.world.users << state.leaving * len(self.setting.users)
        if state.zeros >= self.rules.looks or (state.zeros and state.connecting & users):
            return
        if state.sessions & users or not self._counts(state):
            if state.zeros:
                yield ("look in vain", -1), state.but(zeros=0)
            return
        yield ("look", -1), self._passed(state.but(zeros=state.zeros + 1))

    def _counts(self, state: State) -> bool:
        if not self.rules.zero_after_point:
            return True
        match self.rules.proof:
            case Proof.SETTLE:
                return bool(state.settled)
            case Proof.PHYSICAL:
                return self._barred(state)
            case Proof.NOTHING:
                return True

    def _passed(self, state: State) -> State:
        waited = state.settled or self.rules.proof is not Proof.SETTLE
        if waited and state.zeros >= self.rules.looks:
            return state.but(phase=GRANTING, settled=0, zeros=0)
        return state

    # The end, and what may follow.

    def _closing(self, state: State) -> Moves:
        here, there = self._split(state)
        if here == 0 and there == self.all and not (state.in_flight and self.rules.closing):
            yield ("reconcile", -1), state.but(phase=ENDED, images=0)

    def _ended(self, state: State) -> Moves:
        if state.reversals:
            yield ("fail back", -1), self._reversed(state)

    def _crashed(self, state: State) -> State:
        """Leave requests under way to themselves; the journal keeps what was durable."""
        shift = self._source(state) if state.phase == REVOKING else self._target(state)
        wanted = int(state.phase == GRANTING)
        left = _late(state, state.sent << shift, wanted).but(alive=0, crashes=state.crashes - 1)
        if not self.rules.fenced and state.phase in {REVOKING, GRANTING}:
            todo = (self.waves[state.wave] & ~state.done & ~state.sent) << shift
            left = left.but(queued_put=todo) if wanted else left.but(queued_delete=todo)
        images = left.images if self.rules.images_durable else 0
        return left.but(sent=0, unsure=0, settled=0, zeros=0, images=images)

    def _takeover(self, state: State) -> Moves:
        if self._waited(state) or self.rules.latched:
            yield ("take over", -1), state.but(alive=1)
        if self._may_reverse(state):
            yield ("take over and reverse", -1), self._reversed(state.but(alive=1))

    def _may_reverse(self, state: State) -> bool:
        return bool(state.reversals) and not self.rules.latched and self._waited(state)

    def _waited(self, state: State) -> bool:
        return not state.in_flight or self.rules.quarantine is not Quarantine.BEFORE_SENDING

    def _reversed(self, state: State) -> State:
        """Begin a run in the other direction."""
        return state.but(
            leaving=1 - state.leaving,
            phase=self.first,
            wave=0,
            unsure=0,
            done=0,
            settled=0,
            zeros=0,
            reversals=state.reversals - 1,
        )


def _applied(state: State, at: int, wanted: int) -> State:
    return created(state, at) if wanted else deleted(state, at)


def _late(state: State, at: int, wanted: int) -> State:
    if wanted:
        return state.but(late_put=state.late_put | at)
    return state.but(late_delete=state.late_delete | at)
