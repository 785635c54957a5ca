"""One thing done to each desktop for itself: what comes through, what is under way, what stopped and why.

Resuming needs nothing of its own: an item says which job works on it, so a desktop whose job runs is under
way whoever began it, and nothing is ever sent while one does. How often a desktop was tried is counted in the
journal; once, unless people ask for more. An attempt whose answer was lost counts as soon as a job of its
kind is seen that began after it.
"""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar

from avd_failover.domain.actions import Action, Moves, Skipped
from avd_failover.domain.desk_words import (
    STAYED,
    Progress,
    Tally,
    Word,
    choices,
    one_wave,
    stuck,
    why_failed,
)
from avd_failover.domain.desks import Desk, Stand
from avd_failover.domain.faults import RefusedError
from avd_failover.domain.graph import Setting
from avd_failover.domain.ids import name_of
from avd_failover.domain.recovery_jobs import RecoveryJob
from avd_failover.operations.base import AfterRefusal, Blocked, NotYet, Proven, Tried, Verdict
from avd_failover.operations.base import Stuck as StuckVerdict
from avd_failover.operations.desks import SETTLES_S, Desks, PersonalBase, lasted_s
from avd_failover.operations.twins import tests_begun

SKEW_S = 60.0
"""How far Azure's clock may be from ours, when a job is told from one that was there before."""
LOOK_AGAIN_S = 15.0

_COUNTED = frozenset({"applied", "refused"})


class FanOut(PersonalBase):
    """An operation that does one thing to each desktop. ``scenario`` is the job that it becomes."""

    scenario: ClassVar[str]
    ready: ClassVar[frozenset[Stand]]
    """Where a desktop stands when the thing can be done to it."""
    under_way: ClassVar[frozenset[Stand]]
    done: ClassVar[str]
    """What is said of those that came through."""
    takes_points: ClassVar[bool] = False
    follows: ClassVar[str] = ""
    """Kind of the change without which nothing is to be done here: whom it was done to must come through."""

    @abstractmethod
    def through(self, desk: Desk, seen: Desks) -> bool:
        """Tell whether the thing is done."""

    @abstractmethod
    def action(self, desk: Desk, seen: Desks) -> Action:
        """Return what does it."""

    def concerned(self, seen: Desks) -> tuple[Desk, ...]:
        """Return the desktops that the step is about."""
        return seen.desks

    def obstacle(self, desk: Desk, seen: Desks) -> str:
        """Say why nobody but a person may decide that it is done; empty when nothing speaks against it."""
        return ""

    def lacks(self, desk: Desk, seen: Desks) -> str:
        """Say what makes it impossible, whoever asks."""
        return ""

    def tally(self, seen: Desks) -> Tally:
        """Say of each desktop where it stands in this step."""
        words = tuple(self._word(desk, seen) for desk in self.concerned(seen))
        waves = {word.desk.name: self.personal.wave_of(word.desk.name) for word in words}
        return Tally(words=one_wave(words, waves), minimum_pct=self.personal.minimum_success_pct)

    def plan(self, seen: Desks) -> Moves:
        """Begin with those that are due, in the order of waves and names; never where a job runs.

        Nothing is begun beside somebody's test failover either.
        """
        due = self.tally(seen).of(Progress.DUE) if not (seen.gaps or tests_begun(seen)) else ()
        ordered = sorted(due, key=lambda word: (self.personal.wave_of(word.desk.name), word.desk.name))
        return Moves(
            actions=tuple(self.action(word.desk, seen) for word in ordered),
            skipped=tuple(
                Skipped(target=word.desk.key, because=word.says)
                for word in self.tally(seen).of(Progress.LEFT_OUT)
            ),
            whole=not seen.gaps and self._ends_known(seen),
        )

    def _ends_known(self, seen: Desks) -> bool:
        """Tell whether it is seen what became of every request whose answer was lost.

        That it is not wanted now may come of a reading that is older than the request.
        """
        desks = {desk.item_name: desk for desk in seen.desks}
        for one in (one for one in seen.tried if one.ended == "unknown"):
            desk = desks.get(name_of(one.target).lower())
            job = desk.last(self.scenario) if desk is not None else None
            shown = desk is not None and (self.through(desk, seen) or (job and self._shows(job, one)))
            if not shown and (seen.now - one.at).total_seconds() < SETTLES_S:
                return False
        return True

    def prove(self, looks: Sequence[Desks]) -> Verdict:
        """Hold when every desktop ended and enough came through; the others are named."""
        seen = looks[-1]
        if seen.gaps:
            return NotYet(
                because="could not be read whole: " + "; ".join(seen.gaps), look_again_s=LOOK_AGAIN_S
            )
        if tests := tests_begun(seen):
            return Blocked(because=f"{tests[0].subject} {tests[0].detail}", findings=tests)
        tally = self.tally(seen)
        said = tally.sentence(self.done)
        if tally.open:
            return NotYet(because=said, look_again_s=LOOK_AGAIN_S)
        if lasted_s(looks, self._left_behind) < SETTLES_S:
            return NotYet(because=f"{said}; seen once more, since readings lag", look_again_s=LOOK_AGAIN_S)
        if not tally.enough:
            asks = choices(self.bound.run, self.bound.step.id, points=self.takes_points)
            return StuckVerdict(because=f"{said}; {tally.minimum_pct} % must come through; {asks}")
        return Proven(because=said, facts=self.facts(tally), idle=not seen.tried and len(looks) == 1)

    def facts(self, tally: Tally) -> dict[str, Setting]:
        """Return the figures."""
        return {
            "desktops": len(tally.words),
            "through": len(tally.of(Progress.THROUGH)),
            "stopped": len(tally.of(Progress.STOPPED)),
            "left_out": len(tally.of(Progress.LEFT_OUT)),
            **{STAYED + word.desk.name: word.says for word in tally.of(Progress.STOPPED, Progress.LEFT_OUT)},
        }

    def after(self, action: Action, refusal: RefusedError) -> AfterRefusal:
        """Go on with the others; whether this one may be tried again is counted."""
        return AfterRefusal.AGAIN

    def _left_behind(self, seen: Desks) -> tuple[datetime, frozenset[str]]:
        """Return who stopped here, or is not even seen to have come this far, and when that was read.

        A replica that lags behind shows a desktop where it stood before, or without its item (safety S22).
        """
        words = self.tally(seen).words
        arrived = {word.desk.item_name for word in words if word.progress is not Progress.STOPPED}
        stopped = {word.desk.item_name for word in words if word.progress is Progress.STOPPED}
        return seen.now, frozenset(stopped | (seen.done_to(self.follows) - arrived))

    def _word(self, desk: Desk, seen: Desks) -> Word:
        progress, says = self._progress(desk, seen)
        return Word(desk=desk, progress=progress, says=says)

    def _progress(self, desk: Desk, seen: Desks) -> tuple[Progress, str]:
        wish = seen.wish(desk)
        if self.through(desk, seen):
            return Progress.THROUGH, self.done
        if desk.stand in self.under_way or (desk.stand is Stand.BUSY and not wish.skipped):
            return Progress.UNDER_WAY, desk.stand.value
        if wish.skipped:
            return Progress.LEFT_OUT, wish.skipped
        if desk.stand is Stand.STUCK:
            return Progress.STOPPED, stuck(desk)
        if desk.stand not in self.ready:
            return Progress.STOPPED, desk.stand.value
        return self._attempt(desk, seen, wish.retries)

    def _attempt(self, desk: Desk, seen: Desks, retries: int) -> tuple[Progress, str]:
        tries = seen.tries(desk)
        if self._counted(desk, tries) > retries:
            return self._tried(desk, tries[-1], seen)
        if lacks := self.lacks(desk, seen):
            return Progress.STOPPED, lacks
        if not retries and (obstacle := self.obstacle(desk, seen)):
            return Progress.STOPPED, obstacle
        return Progress.DUE, "is due"

    def _tried(self, desk: Desk, last: Tried, seen: Desks) -> tuple[Progress, str]:
        """Say what came of the last attempt: a job that is not shown yet is waited for."""
        job = desk.last(self.scenario)
        if last.ended == "refused":
            return Progress.STOPPED, why_failed(desk, job, last.detail)
        if job is None or not self._shows(job, last):
            settled_s, job = (seen.now - last.at).total_seconds(), None
        else:
            settled_s = (seen.now - (job.ended_at or seen.now)).total_seconds()
        if settled_s < SETTLES_S and not (job is not None and job.errors):
            return Progress.UNDER_WAY, "what came of it does not show yet"
        return Progress.STOPPED, why_failed(desk, job, "")

    def _counted(self, desk: Desk, tries: Sequence[Tried]) -> int:
        job = desk.last(self.scenario)
        return sum(
            one.ended in _COUNTED or (one.ended == "unknown" and job is not None and self._shows(job, one))
            for one in tries
        )

    def _shows(self, job: RecoveryJob, attempt: Tried) -> bool:
        """Tell whether a job began after an attempt, so that the attempt, or another like it, had arrived."""
        began = job.started_at
        return began is not None and began >= attempt.at - timedelta(seconds=SKEW_S)
