"""The countdown: who is told when, what the message says, and nobody besides in a partial run."""

import asyncio
from datetime import timedelta

import pytest

from avd_failover.domain.actions import TellUser
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End, Notice
from avd_failover.operations.base import Bound, NotYet, Proven, Tried
from avd_failover.operations.registry import operation_for
from tests.operations import places
from tests.operations.drive import bound_operation, see
from tests.operations.staging import STEP, Stage
from tests.operations.world import T0

NOTICE = Notice(
    before_s=900.0,
    title="{plan} moves",
    body="You will be signed out in {minutes} min. {{plan}} {0.__class__}",
    reminders_s=(300.0, 60.0),
)
FIRST_S = 1000.0
"""When the first session was told."""


def stage_at(seconds: float, *lines: str, told: dict[str, float] | None = None) -> Stage:
    """A stage at a moment of the countdown; ``told`` are sessions and when each was told last."""
    stage = Stage(places.make_route(notice=NOTICE))
    for line in lines:
        stage.change(line)
    stage.at(seconds)
    for name, at_s in (told or {}).items():
        at = T0 + timedelta(seconds=at_s)
        tried = Tried(target=places.session_id(name), at=at, ended="applied", ended_at=at)
        stage.memory.tries.setdefault(STEP, []).append(tried)
    return stage


def told_now(stage: Stage) -> dict[str, str]:
    moves, _ = see(bound_operation(stage, "notify.users"), stage)
    messages = [one for one in moves.actions if isinstance(one, TellUser)]
    assert len(messages) == len(moves.actions)
    return {one.session.rpartition("/")[2]: one.body.partition(" min")[0] for one in messages}


BOTH = ("session weu-1/1 Active", "session weu-1/2 Disconnected")
OUT = "You will be signed out in"


@pytest.mark.parametrize(
    ("seconds", "told", "wanted"),
    [
        (FIRST_S, {}, {"1": f"{OUT} 15", "2": f"{OUT} 15"}),
        (FIRST_S + 1, {"weu-1/1": FIRST_S}, {"2": f"{OUT} 15"}),
        (FIRST_S + 500, {"weu-1/1": FIRST_S}, {"2": f"{OUT} 7"}),
        (FIRST_S + 599, {"weu-1/1": FIRST_S, "weu-1/2": FIRST_S + 400}, {}),
        (FIRST_S + 600, {"weu-1/1": FIRST_S, "weu-1/2": FIRST_S + 400}, {"1": f"{OUT} 5", "2": f"{OUT} 5"}),
        (FIRST_S + 630, {"weu-1/1": FIRST_S + 601, "weu-1/2": FIRST_S}, {"2": f"{OUT} 5"}),
        (FIRST_S + 840, {"weu-1/1": FIRST_S, "weu-1/2": FIRST_S + 610}, {"1": f"{OUT} 1", "2": f"{OUT} 1"}),
        (FIRST_S + 899, {"weu-1/1": FIRST_S, "weu-1/2": FIRST_S + 841}, {"1": f"{OUT} 1"}),
        (FIRST_S + 901, {"weu-1/1": FIRST_S, "weu-1/2": FIRST_S + 841}, {}),
    ],
)
def test_each_session_hears_the_last_mark_once(
    seconds: float, told: dict[str, float], wanted: dict[str, str]
) -> None:
    assert told_now(stage_at(seconds, *BOTH, told=told)) == wanted


def test_what_looks_like_a_template_stays_as_it_is_written() -> None:
    moves, _ = see(bound_operation(stage_at(FIRST_S, BOTH[0]), "notify.users"), stage_at(FIRST_S, BOTH[0]))
    (message,) = moves.actions
    assert isinstance(message, TellUser)
    assert message.title == "pooled-eu moves" or message.title.endswith(" moves")
    assert message.body.endswith("{0.__class__}")


@pytest.mark.parametrize(("seconds", "again_s"), [(0, 30), (590, 10), (600, 30), (835, 5), (880, 20)])
def test_the_next_look_is_in_time_for_the_next_mark(seconds: float, again_s: float) -> None:
    stage = stage_at(FIRST_S + seconds, *BOTH, told={"weu-1/1": FIRST_S + seconds, "weu-1/2": FIRST_S})
    _, verdict = see(bound_operation(stage, "notify.users"), stage)
    assert isinstance(verdict, NotYet)
    assert verdict.look_again_s == pytest.approx(again_s)


def test_a_session_told_three_times_counts_once() -> None:
    stage = stage_at(FIRST_S + 901, *BOTH, told={"weu-1/1": FIRST_S})
    for at_s in (600, 840):
        at = T0 + timedelta(seconds=FIRST_S + at_s)
        stage.memory.tries[STEP].append(
            Tried(target=places.session_id("weu-1/1"), at=at, ended="applied", ended_at=at)
        )
    _, verdict = see(bound_operation(stage, "notify.users"), stage)
    assert verdict == Proven(because="1 session told", facts={"sessions_told": 1})


@pytest.mark.parametrize("ended", ["refused", "unknown", "transient"])
def test_a_message_that_did_not_arrive_was_not_heard(ended: str) -> None:
    stage = stage_at(FIRST_S + 10, *BOTH, told={"weu-1/1": FIRST_S})
    at = T0 + timedelta(seconds=FIRST_S)
    stage.memory.tries[STEP].append(
        Tried(target=places.session_id("weu-1/2"), at=at, ended=ended, ended_at=at)
    )
    assert set(told_now(stage)) == {"2"}


def many_told(*after_s: float) -> dict[str, float]:
    return {f"weu-1/{n}": FIRST_S + at_s for n, at_s in enumerate(after_s, 1)}


@pytest.mark.parametrize(
    ("after_s", "left_s"),
    [
        ((0,), 900),
        ((0, 15, 30, 45, 60), 960),
        ((0, 10, 40), 910),
        ((0, 10, 400), 910),
        ((0, *(n * 20 for n in range(1, 16))), 1170),
        ((0, *(n * 20 for n in range(1, 31))), 1170),
    ],
    ids=["one", "a round", "a late comer", "a late reminder", "at the limit", "a round too long"],
)
def test_the_time_announced_counts_from_the_end_of_the_first_round(
    after_s: tuple[float, ...], left_s: float
) -> None:
    stage = stage_at(FIRST_S, *BOTH, told=many_told(*after_s))
    step = Step(id=STEP, uses="notify.users", side=End.SOURCE, proof_within_s=1200.0)
    operation = operation_for(Bound(run="run-1", epoch=1, route=stage.route, step=step))
    seen = asyncio.run(operation.observe(stage.estate, stage.memory))
    assert seen.left_s == pytest.approx(left_s)
    assert max(seen.heard_s.values()) <= NOTICE.before_s
