"""Error paths that no scenario reaches, each entered by the fault that it is there for (safety T15)."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from avd_failover.azure.answers import Receipt
from avd_failover.azure.faults import UnreadableAnswerError
from avd_failover.azure.no_outside import NoOutside
from avd_failover.cloud import Question
from avd_failover.domain.actions import CallWebhook, RunCommand
from avd_failover.domain.faults import RefusedError
from avd_failover.engine.clock import LoopClock, run_virtually
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.text_file import read_text
from tests.simulator.builders import small_world


def test_a_write_that_ended_without_an_answer_is_no_acceptance() -> None:
    async def ask() -> None:
        with pytest.raises(UnreadableAnswerError, match="without an answer"):
            _ = Receipt(LoopClock(small_world(sessions=0).at())).accepted

    run_virtually(ask())


ADDRESS = "https://hooks.example/1"
COMMAND = RunCommand(step="announce", number=1, argv=("true",), timeout_s=1.0, reason="a test")
WEBHOOK = CallWebhook(
    step="announce",
    number=1,
    url="https://hooks.example/1",
    body="{}",
    key="1",
    timeout_s=1.0,
    reason="a test",
)


@pytest.mark.parametrize(
    "deed",
    [
        lambda way: way.execute(COMMAND),
        lambda way: way.post(WEBHOOK),
        lambda way: way.ask(Question(url=ADDRESS, field="state", wanted="done")),
    ],
    ids=["program", "webhook", "question"],
)
def test_where_no_way_out_was_given_nothing_leaves(deed: Callable[[NoOutside], Awaitable[object]]) -> None:
    async def try_it() -> None:
        with pytest.raises(RefusedError) as refused:
            await deed(NoOutside())
        assert refused.value.code == "NoOutside"

    run_virtually(try_it())


def test_a_pipe_that_takes_a_files_place_after_the_look_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, pipe = tmp_path / "plan.yaml", tmp_path / "pipe"
    file.write_text("plan: x\n")
    os.mkfifo(pipe)
    innocent = os.lstat(file)
    monkeypatch.setattr(os, "lstat", lambda _path: innocent)
    with pytest.raises(FileFaults, match="is a pipe"):
        read_text(pipe)
