"""A settling asks first whether the region answers, and is not begun where it does not."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cli.answering import TRIES, refuse_dark
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.cli.request import Wish, ask
from avd_failover.domain.estate import PoolKind
from avd_failover.domain.faults import RefusedError, TransientError
from avd_failover.domain.route import Purpose
from tests.cli.test_observe import PLAN
from tests.journal.builders import TickingClock

ASKED = ask(Wish(plan=PLAN))
DARK = TransientError("the region is down", code="ServiceUnavailable", status=503)


def settling(**changes: Any) -> Any:
    return replace(ASKED, route=replace(ASKED.route, **{"purpose": Purpose.SETTLE, **changes}))


class Region:
    """Host pools of a region that gives these answers in turn."""

    def __init__(self, *answers: Exception | None) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def get(self, _pool: str) -> None:
        self.asked += 1
        if (answer := self.answers.pop(0) if self.answers else None) is not None:
            raise answer


def tried(region: Region, asked: Any) -> None:
    wired: Any = SimpleNamespace(cloud=SimpleNamespace(pools=region), clock=TickingClock())
    asyncio.run(refuse_dark(asked, wired))


def test_a_settling_of_a_dark_region_is_refused_before_a_run_is_begun() -> None:
    region = Region(*[DARK] * TRIES)
    with pytest.raises(Quit) as end:
        tried(region, settling())
    assert end.value.code is ExitCode.REFUSED
    assert "northeurope still does not answer (503 ServiceUnavailable" in end.value.message
    assert end.value.message.endswith("nothing was begun")
    assert end.value.next_step.startswith("failover settle --plan pooled-eu")
    assert region.asked == TRIES


@pytest.mark.parametrize("answers", [(), (DARK,)], ids=["at once", "at the second time"])
def test_a_region_that_answers_may_be_settled(answers: tuple[Exception, ...]) -> None:
    region = Region(*answers)
    tried(region, settling())
    assert region.asked == len(answers) + 1


def test_what_a_region_refuses_is_no_silence() -> None:
    with pytest.raises(RefusedError):
        tried(Region(RefusedError("no right to read", code="AuthorizationFailed", status=403)), settling())


@pytest.mark.parametrize(
    "asked",
    [
        ASKED,
        settling(purpose=Purpose.FAILBACK),
        settling(plan=replace(ASKED.route.plan, pool=PoolKind.PERSONAL)),
    ],
    ids=["a failover", "a failback", "personal desktops, whose debts lie in the other region"],
)
def test_only_a_settling_of_pools_is_asked_about(asked: Any) -> None:
    region = Region(DARK, DARK)
    tried(region, asked)
    assert region.asked == 0
