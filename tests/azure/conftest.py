"""A scripted Azure and a cloud wired to it, on a clock that jumps."""

from collections.abc import AsyncIterator

import pytest

from avd_failover.azure.endpoints import Endpoints
from avd_failover.azure.estate import AzureCloud, connect
from tests.azure.fake_arm import FakeArm
from tests.azure.jump_clock import JumpClock
from tests.permits import with_permits


@pytest.fixture
async def arm() -> AsyncIterator[FakeArm]:
    server = FakeArm()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
async def cloud(arm: FakeArm, clock: JumpClock) -> AsyncIterator[AzureCloud]:
    wired = connect(Endpoints(arm=arm.url, graph=arm.url), clock, answer_timeout_s=2.0)
    yield with_permits(wired)
    await wired.aclose()
