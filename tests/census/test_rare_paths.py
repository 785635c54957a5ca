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
from avd_failover.journal import machine
from avd_failover.journal.codec import decode
from avd_failover.journal.keys import UnfitKeyError, read_public
from avd_failover.journal.state import BrokenStoryError, fold
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.text_file import read_text
from tests.journal.builders import make_lines, whole_run
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


def test_a_story_without_a_beginning_is_none() -> None:
    entries = [decode(n, line) for n, line in enumerate(make_lines(whole_run()), 1)]
    for told in ([], entries[1:]):
        with pytest.raises(BrokenStoryError):
            fold(told)


def test_a_file_that_is_no_key_is_said_to_hold_none(tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_text("-----BEGIN PUBLIC KEY-----\nbm8ga2V5\n-----END PUBLIC KEY-----\n")
    with pytest.raises(UnfitKeyError, match="holds no public key"):
        read_public(str(file))


@pytest.mark.parametrize("content", [None, b"\xff\xfe"], ids=["not there", "not text"])
def test_a_machine_that_does_not_tell_its_boot_is_still_one(
    content: bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = tmp_path / "boot_id"
    if content is not None:
        told.write_bytes(content)
    monkeypatch.setattr(machine, "_BOOT_ID", told)
    assert machine.this_machine().boot == ""
