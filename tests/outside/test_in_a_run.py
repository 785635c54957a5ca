"""Author's steps in whole runs: real programs, real sockets, an engine, a journal that tells no secret."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from avd_failover.cloud import Cloud
from avd_failover.domain.faults import UnknownError
from avd_failover.domain.graph import Step
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.clock import LoopClock
from avd_failover.engine.run import Run
from avd_failover.engine.stop import StopSignal
from avd_failover.journal.events import Holder, OperatorSaid, RunResumed
from avd_failover.journal.memory_store import MemoryStore
from avd_failover.journal.state import RunState
from avd_failover.journal.writer import JournalWriter
from avd_failover.operations.registry import operation_for
from avd_failover.outside.outdoors import Outdoors
from avd_failover.report.status import status_data
from tests.engine.lamps import RUN, make_graph, pinned_for
from tests.outside.listener import Says, listening

TOKEN, ENVIRON = "canary-in-a-token", {"DNS_TOKEN": "canary-in-a-variable", "HOOK": "canary-in-a-token"}
COUNT = "open({mark!r}, 'a').write('x'); {then}"


class Counted:
    """A way out that counts, and can lose the end of what it did, as a killed process does."""

    def __init__(self, inner: Outdoors) -> None:
        self.inner = inner
        self.lose = 0
        self.sent = 0

    async def execute(self, command: Any) -> Any:
        self.sent += 1
        done = await self.inner.execute(command)
        if self.lose:
            self.lose -= 1
            raise UnknownError("the answer was lost")
        return done

    async def post(self, webhook: Any) -> Any:
        self.sent += 1
        return await self.inner.post(webhook)

    async def ask(self, question: Any) -> Any:
        return await self.inner.ask(question)


class Stage:
    """One run on one store, driven again after each rest, each time an hour later on the run's clock."""

    def __init__(self, *steps: Step) -> None:
        self.pinned = pinned_for(make_graph(*steps))
        self.store = MemoryStore(RUN)
        self.hours = 0
        self.lose = 0
        self.sent = 0
        self.said: list[OperatorSaid] = []
        self.state: RunState

    async def drive(self) -> RunStatus:
        clock = LoopClock(datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=self.hours), speed=20.0)
        self.hours += 1
        if self.store.lines:
            journal = JournalWriter.reopen(self.store, clock)
            journal.append(RunResumed(holder=Holder(host="h", pid=2, epoch=self.hours), engine="0"))
        else:
            journal = JournalWriter.create(self.store, clock, self.pinned)
        for one in self.said:
            journal.append(one)
        self.said = []
        self.state = journal.state
        outside = Counted(Outdoors(clock, ENVIRON))
        outside.lose = self.lose
        cloud: Cloud = _Azureless(outside)  # type: ignore[assignment]
        run = Run(journal=journal, cloud=cloud, clock=clock, operations=operation_for, stop=StopSignal())
        try:
            return await run.drive()
        finally:
            self.sent += outside.sent

    def say(self, kind: str, step: str, by: str = "ann") -> None:
        self.said.append(OperatorSaid(request=self.hours, kind=kind, by=by, step=step))

    @property
    def journal(self) -> str:
        return b"".join(self.store.lines).decode()


class _Azureless:
    def __init__(self, outside: Counted) -> None:
        self.outside = outside


def command(name: str, text: str, *more: str, needs: tuple[str, ...] = (), **settings: Any) -> Step:
    given: dict[str, Any] = {
        "argv": (sys.executable, "-I", "-c", text, *more),
        "idempotent": False,
    } | settings
    return Step(id=name, uses="command", needs=needs, settings=given, proof_within_s=600.0)


def counting(mark: Path, then: str = "") -> str:
    return COUNT.format(mark=str(mark), then=then)


async def test_a_program_runs_once_and_what_needs_it_runs_after(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stage = Stage(
        command("dns", counting(mark)),
        command("after", counting(mark, f"assert open({str(mark)!r}).read() == 'xx'"), needs=("dns",)),
    )
    assert await stage.drive() is RunStatus.COMPLETED
    assert mark.read_text() == "xx"
    assert stage.state.steps["dns"].because.startswith("exit code 0, 0 bytes of output, SHA-256 ")


async def test_intent_and_outcome_are_in_the_journal_and_the_output_is_not() -> None:
    text = "import os; print('canary-in-the-output', os.environ['DNS_TOKEN'])"
    stage = Stage(command("dns", text, environment=("DNS_TOKEN",)))
    assert await stage.drive() is RunStatus.COMPLETED
    assert "command.run" in stage.journal
    assert "DNS_TOKEN" in stage.journal
    assert "canary-in-a-variable" not in stage.journal
    assert stage.journal.count("canary-in-the-output") == stage.journal.count("print('canary-in-the-output'")


async def test_a_program_that_fails_once_holds_the_run_until_a_person_says_again(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    then = f"import sys; sys.exit(len(open({str(mark)!r}).read()) < 2)"
    stage = Stage(command("dns", counting(mark, then)))
    assert await stage.drive() is RunStatus.HELD
    assert "ended with exit code 1" in stage.state.because
    assert "failover approve" in stage.state.because
    assert await stage.drive() is RunStatus.HELD, "resuming alone sends nothing"
    assert mark.read_text() == "x"
    stage.say("approve", "dns")
    assert await stage.drive() is RunStatus.COMPLETED
    assert mark.read_text() == "xx"


async def test_one_whose_end_nobody_knows_is_not_sent_again_by_itself(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stage = Stage(command("dns", counting(mark)))
    stage.lose = 1
    assert await stage.drive() is RunStatus.HELD
    stage.lose = 0
    assert await stage.drive() is RunStatus.HELD
    assert mark.read_text() == "x"
    assert [one.outcome.value for one in stage.state.attempts.values() if one.outcome] == ["unknown"]
    stage.say("approve", "dns")
    assert await stage.drive() is RunStatus.COMPLETED
    outcomes = [one.outcome.value for one in stage.state.attempts.values() if one.outcome]
    assert outcomes == ["unknown", "applied"], "what nobody knew stays unknown"


async def test_an_idempotent_one_is_sent_again_and_both_attempts_count_as_done(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stage = Stage(command("dns", counting(mark), idempotent=True))
    stage.lose = 1
    assert await stage.drive() is RunStatus.COMPLETED
    assert mark.read_text() == "xx"
    assert {one.outcome.value for one in stage.state.attempts.values() if one.outcome} == {"applied"}


async def test_a_process_that_died_under_an_intent_asks_a_person(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    stage = Stage(command("dns", counting(mark)))
    assert await stage.drive() is RunStatus.COMPLETED
    at = next(n for n, line in enumerate(stage.store.lines) if "action.intended" in str(line))
    del stage.store.lines[at + 1 :]
    assert await stage.drive() is RunStatus.HELD
    assert "nobody knows whether it took effect" in stage.state.because
    assert mark.read_text() == "x"


async def test_a_program_that_takes_too_long_is_killed_and_unknown() -> None:
    stage = Stage(command("dns", "import time; time.sleep(600)", timeout=5.0))
    assert await stage.drive() is RunStatus.HELD
    assert "did not end within 5 s and was killed" in stage.state.because


def hook(url: str, **settings: Any) -> Step:
    given: dict[str, Any] = {"url": f"{url}/hook", "idempotent": True, "bearer_from": "HOOK"} | settings
    return Step(id="tell", uses="webhook", settings=given, proof_within_s=600.0)


async def test_a_call_is_repeated_under_one_key_until_it_is_taken_and_its_status_is_awaited() -> None:
    script = (
        Says(503),
        Says(500),
        Says(202),
        Says(200, b'{"status": "running"}'),
        Says(200, b'{"status": "done"}'),
    )
    async with listening(*script) as host:
        stage = Stage(hook(host.url, status_path="/status"))
        assert await stage.drive() is RunStatus.COMPLETED
    posts = [one for one in host.heard if one.method == "POST"]
    assert len(posts) == 3
    assert len({one.headers["idempotency-key"] for one in posts}) == 1
    assert stage.state.steps["tell"].because.endswith("its status is done")
    assert TOKEN not in stage.journal


async def test_a_refused_call_fails_the_step_by_its_policy_and_tells_no_secret() -> None:
    async with listening(Says(403, b"canary-in-the-answer")) as host:
        stage = Stage(hook(host.url))
        assert await stage.drive() is RunStatus.HELD
    assert stage.state.because.startswith("tell: status 403, 20 bytes of answer, SHA-256 ")
    assert stage.state.steps["tell"].status is StepStatus.HELD
    report = str(status_data(stage.state, "head"))
    assert "canary" not in stage.journal + report


async def test_a_gate_holds_back_what_needs_it_until_somebody_else_approves(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    gate = Step(
        id="ask", uses="gate", settings={"instruction": "Look.", "two_person": True}, proof_within_s=60.0
    )
    stage = Stage(gate, command("dns", counting(mark), needs=("ask",)))
    stage.pinned = replace(stage.pinned, initiator="duty admin")
    stage.say("approve", "ask", by="Duty Admin")
    assert await stage.drive() is RunStatus.HELD
    assert not mark.exists()
    stage.say("approve", "ask", by="ann")
    assert await stage.drive() is RunStatus.COMPLETED
    assert mark.read_text() == "x"


async def test_a_no_before_anything_was_changed_refuses_the_run() -> None:
    stage = Stage(Step(id="ask", uses="gate", settings={"instruction": "Look."}, proof_within_s=60.0))
    stage.say("reject", "ask")
    assert await stage.drive() is RunStatus.REFUSED
    assert stage.state.because == "ann rejected it"


@pytest.mark.parametrize("hostile", ["; touch {}", "$(touch {})", "`touch {}`", "| touch {}", "&& touch {}"])
async def test_no_argument_becomes_a_command(tmp_path: Path, hostile: str) -> None:
    mark = tmp_path / "mark"
    stage = Stage(command("dns", "import sys", hostile.format(mark)))
    assert await stage.drive() is RunStatus.COMPLETED
    assert not mark.exists()
