"""The stages as fixtures; everything the wire carries in these tests is held to the documents."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.contract.documents import SPECS
from tests.contract.spec import Recorder, known_deviations
from tests.contract.stage import Stage, direct, wire
from tests.simulator.builders import small_world
from tests.simulator.recovery_estate import vault_world

SEEN = pytest.StashKey[Recorder]()

Opened = Callable[..., Awaitable[Stage]]


@pytest.fixture
def recorder(request: pytest.FixtureRequest) -> Iterator[Recorder | None]:
    """Hold what one test sends and gets to the documents, and add it to the whole run."""
    if not SPECS.is_dir():
        yield None
        return
    seen = Recorder()
    yield seen
    request.config.stash.setdefault(SEEN, Recorder()).add(seen)
    assert seen.news(known_deviations()) == []


@pytest.fixture(params=["direct", "wire"])
async def opened(request: pytest.FixtureRequest, recorder: Recorder | None) -> AsyncIterator[Opened]:
    """Open a stage over the small world, with parts of its scenario replaced."""
    async with AsyncExitStack() as stack:

        async def open_stage(**changes: Any) -> Stage:
            world = small_world(**changes)
            made = direct(world) if request.param == "direct" else wire(world, recorder)
            return await stack.enter_async_context(made)

        yield open_stage


@pytest.fixture(params=["direct", "wire"])
async def opened_vault(request: pytest.FixtureRequest, recorder: Recorder | None) -> AsyncIterator[Opened]:
    """Open a stage over the small vault, with parts of it replaced."""
    async with AsyncExitStack() as stack:

        async def open_stage(**changes: Any) -> Stage:
            world = vault_world(**changes)
            made = direct(world) if request.param == "direct" else wire(world, recorder)
            return await stack.enter_async_context(made)

        yield open_stage


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Tell what the run was held to."""
    seen = config.stash.get(SEEN, None)
    if seen is not None:
        terminalreporter.write_line(f"wire: {seen.told()}")
