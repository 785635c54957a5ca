"""Steps that wait: they keep to Azure's 10 listings of hosts in 5 minutes, and their proof comes at last."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from avd_failover.domain.faults import TransientError
from avd_failover.domain.plan import BarrierProof, Capacity, Policies
from avd_failover.engine.steps import LOOKS_KEPT
from avd_failover.operations.base import NotYet, Verdict
from tests.operations.drive import bound_operation, perform, stage_with
from tests.operations.estate import Estate
from tests.operations.staging import Stage
from tests.operations.world import LISTINGS, World

READ_TAKES_S = 0.5
NOTHING: Callable[[Stage], None] = lambda _: None  # noqa: E731  # a default of a parameter

CLOSED = (
    "assign nobody",
    "revoked all at source",
    "last revoke 990",
    "host weu-1 Available drained",
    "host weu-2 Available drained",
    "pool weu start=off",
    "scaling weu own=off",
)


def drive(
    stage: Stage, uses: str, seconds: float, before: Callable[[Stage], None] = NOTHING
) -> tuple[Verdict, float]:
    """Loop as the engine does, in the estate's time; return the last verdict and how long it took."""
    operation, looks = bound_operation(stage, uses), deque[Any](maxlen=LOOKS_KEPT)
    verdict: Verdict = NotYet(because="nothing was looked at yet")
    began_s = stage.memory.now_s
    while isinstance(verdict, NotYet) and stage.memory.now_s - began_s < seconds:
        before(stage)
        stage.at(stage.memory.now_s + READ_TAKES_S)
        looks.append(_wait_for(operation.observe(stage.estate, stage.memory)))
        if actions := operation.plan(looks[-1]).actions:
            perform(stage, *actions)
            verdict = NotYet(because="sent", look_again_s=0.0)
        else:
            verdict = operation.prove(tuple(looks))
        if isinstance(verdict, NotYet):
            stage.at(stage.memory.now_s + verdict.look_again_s)
    return verdict, stage.memory.now_s - began_s


def _wait_for(read: Any) -> Any:
    """Run a read that never waits: the estate answers at once."""
    return asyncio.run(read)


NEVER = [
    ("checks.readiness", ["gap hosts hp-neu: page 2 did not come"]),
    ("checks.readiness", ["gap assignments dag-weu: page 2 did not come"]),
    ("hosts.drain", ["gap hosts hp-weu: page 2 did not come"]),
    ("hosts.start", ["host neu-1 Shutdown stopping", "host neu-2 Unavailable deallocating"]),
    ("hosts.start", ["gap hosts hp-neu: page 2 did not come"]),
    ("capacity.prove", []),
    ("capacity.prove", ["gap hosts hp-neu: page 2 did not come"]),
    ("barrier", [*CLOSED, "host weu-1 Unavailable running"]),
    ("barrier", [*CLOSED, "gap hosts hp-weu: page 2 did not come"]),
    ("barrier", [*CLOSED, "lags GRP1 on DAG at source"]),
    ("barrier", [*CLOSED, "session weu-1/1 LogOff"]),
]


@pytest.mark.parametrize(("uses", "lines"), NEVER)
def test_a_step_that_waits_for_an_hour_never_lists_too_often(uses: str, lines: list[str]) -> None:
    stage = stage_with(*lines)
    verdict, _ = drive(stage, uses, 3600.0)
    assert isinstance(verdict, NotYet)
    listed = max(stage.script.listings.values(), key=len)
    assert 12 <= len(listed) <= 3600 / 300 * LISTINGS


def test_a_barrier_whose_users_keep_coming_back_never_lists_too_often() -> None:
    came_s = [0.0]

    def come_back(stage: Stage) -> None:
        """Somebody signs in again 20 s after the last one was logged off."""
        if stage.memory.now_s - came_s[-1] > 20.0:
            came_s.append(stage.memory.now_s)
            stage.change(f"session weu-1/{len(came_s)} Active")

    stage = stage_with(*CLOSED)
    verdict, _ = drive(stage, "barrier", 1800.0, come_back)
    assert isinstance(verdict, NotYet)
    assert sum("log off" in line for line in stage.script.sent) == len(came_s) - 1 > 50


def test_the_estate_refuses_the_listing_that_is_one_too_many() -> None:
    estate = stage_with().estate
    pool = next(iter(estate.world.pools))
    for _ in range(LISTINGS):
        _wait_for(estate.hosts.list(pool))  # type: ignore[arg-type]
    with pytest.raises(TransientError) as refused:
        _wait_for(estate.hosts.list(pool))  # type: ignore[arg-type]
    assert (refused.value.status, refused.value.wait_s) == (429, 300.0)


@pytest.mark.parametrize("lines", [CLOSED, ("assign nobody",)])
def test_the_settle_time_ends_however_few_looks_are_kept(lines: tuple[str, ...]) -> None:
    """D is longer than the engine keeps looks: the point it runs from must not move with them."""
    stage = stage_with(*lines, policies=Policies(barrier=BarrierProof.SETTLE))
    verdict, took_s = drive(stage, "barrier", 3600.0)
    assert not isinstance(verdict, NotYet), verdict
    assert 640.0 <= took_s <= 760.0


def test_a_physical_barrier_takes_two_looks_and_not_a_settle_time() -> None:
    verdict, took_s = drive(stage_with(*CLOSED), "barrier", 3600.0)
    assert not isinstance(verdict, NotYet)
    assert took_s <= 40.0


def test_hosts_that_come_up_end_the_start_of_hosts() -> None:
    stage = stage_with(capacity=Capacity(seats=25, minimum_hosts_pct=0))

    def broker(stage: Stage) -> None:
        """An agent reports two minutes after its machine runs."""
        for n in (1, 2, 3):
            if stage.memory.now_s > 1120 and _runs(stage.estate, n):
                stage.change(f"host neu-{n} Available")

    verdict, took_s = drive(stage, "hosts.start", 3600.0, broker)
    assert not isinstance(verdict, NotYet)
    assert took_s < 200.0
    assert len(stage.script.sent) == 3


def _runs(estate: Estate, number: int) -> bool:
    world: World = estate.world
    return any(
        one.power.value == "running"
        for key, one in world.machines.items()
        if key.endswith(f"vm-neu-{number}")
    )
