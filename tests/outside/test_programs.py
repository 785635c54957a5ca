"""Programs run as they stand, with real processes: nothing inherited, nothing left behind, nothing kept."""

import asyncio
import hashlib
import os
import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from avd_failover.cloud import Accepted
from avd_failover.domain.actions import RunCommand
from avd_failover.domain.faults import RefusedError, UnknownError
from avd_failover.engine.clock import LoopClock
from avd_failover.outside.programs import Programs

PYTHON = sys.executable
CANARY = "canary-7f3a9c-do-not-tell"
HOSTILE = [
    "; id",
    "$(id)",
    "`id`",
    "| cat",
    "> /tmp/x",
    "*",
    "~",
    "$HOME",
    "'",
    '"',
    "\\",
    "&",
    "\n",
    "-rf",
    "",
]


def command(*argv: str, **changes: Any) -> RunCommand:
    given: dict[str, Any] = {"environment": (), "timeout_s": 20.0} | changes
    return RunCommand(step="dns", number=1, argv=argv, reason="r", **given)


async def run(*argv: str, given: dict[str, str] | None = None, **changes: Any) -> Accepted:
    programs = Programs(LoopClock(datetime.now(UTC)), given or {})
    return await programs.execute(command(*argv, **changes))


def script(text: str, *more: str) -> tuple[str, ...]:
    return (PYTHON, "-I", "-c", text, *more)


def digest(output: bytes) -> str:
    return f"{len(output)} bytes of output, SHA-256 {hashlib.sha256(output).hexdigest()}"


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and waits for its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid: int) -> bool:
    for _ in range(200):
        if not alive(pid):
            return True
        await asyncio.sleep(0.01)
    return False


async def test_exit_code_0_is_accepted_with_a_digest_of_the_output() -> None:
    accepted = await run("/bin/echo", "switched")
    assert accepted.detail == f"exit code 0, {digest(b'switched' + os.linesep.encode())}"


async def test_both_streams_are_in_the_digest() -> None:
    text = "import os; os.write(1, b'a'); os.write(2, b'b')"
    assert (await run(*script(text))).detail.endswith(digest(b"ab"))


@pytest.mark.parametrize("code", [1, 3, 255])
async def test_another_exit_code_is_a_refusal_with_its_number(code: int) -> None:
    with pytest.raises(RefusedError) as refused:
        await run(*script(f"raise SystemExit({code})"))
    assert refused.value.status == code
    assert refused.value.message.startswith(f"ended with exit code {code}; 0 bytes")


async def test_a_program_that_a_signal_ended_is_refused_with_the_signal() -> None:
    with pytest.raises(RefusedError, match=f"was ended by signal {signal.SIGKILL.value}"):
        await run(*script("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))


async def test_what_a_shell_would_act_on_arrives_word_for_word() -> None:
    text = "import sys; sys.stdout.write(chr(0).join(sys.argv[1:]))"
    accepted = await run(*script(text, *HOSTILE))
    assert accepted.detail.endswith(digest("\0".join(HOSTILE).encode()))


async def test_a_program_is_given_the_variables_named_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEAKS", CANARY)
    accepted = await run(
        "/usr/bin/env", given={"WANTED": "yes", "LEAKS": CANARY, "PATH": "/bin"}, environment=("WANTED",)
    )
    assert accepted.detail.endswith(digest(b"WANTED=yes\n"))


async def test_a_variable_that_lacks_refuses_before_anything_is_started(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(RefusedError, match="the environment variable TOKEN is not set"):
        await run("/bin/touch", str(mark), environment=("TOKEN",))
    assert not mark.exists()


async def test_it_runs_at_the_root_reads_nothing_and_has_no_terminal() -> None:
    text = (
        "import os, sys\n"
        "sys.stdout.write(f'{os.getcwd()} {sys.stdin.read()!r} {os.getsid(0) == os.getpid()}')"
    )
    assert (await run(*script(text))).detail.endswith(digest(b"/ '' True"))


async def test_no_open_file_of_ours_is_inherited() -> None:
    ours, theirs = os.pipe()
    os.set_inheritable(theirs, True)
    try:
        text = "import os, sys; sys.stdout.write(','.join(sorted(os.listdir('/proc/self/fd'), key=int)[:4]))"
        assert (await run(*script(text))).detail.endswith(digest(b"0,1,2,3"))
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("argv", [("/no/such/program",), ("/etc/passwd",), ("/bin/echo", "a\0b"), ("/",)])
async def test_what_cannot_be_started_is_refused_with_the_reason(argv: tuple[str, ...]) -> None:
    with pytest.raises(RefusedError, match="cannot be started: ") as refused:
        await run(*argv)
    assert refused.value.code == "NotStarted"


async def test_a_giant_output_is_hashed_and_never_held() -> None:
    text = "import os\nfor _ in range(512): os.write(1, bytes(65536))"
    accepted = await run(*script(text))
    assert accepted.detail == f"exit code 0, {digest(bytes(512 * 65536))}"


async def test_a_secret_in_the_output_is_in_no_message() -> None:
    text = f"import sys; print('{CANARY}'); sys.exit(2)"
    with pytest.raises(RefusedError) as refused:
        await run(*script(text), given={"T": CANARY}, environment=("T",))
    assert CANARY not in f"{refused.value} {refused.value.message} {refused.value.__cause__}"


FAMILY = """
import os, sys, time, signal
{deaf}
child = os.fork()
if child == 0:
    time.sleep(600)
with open(sys.argv[1] + '.part', 'w') as file:
    file.write(f'{{os.getpid()}} {{child}}')
os.rename(sys.argv[1] + '.part', sys.argv[1])
time.sleep({stays})
"""


def family(at: Path, *, deaf: bool = False, stays: float = 600) -> tuple[str, ...]:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)" if deaf else ""
    return script(FAMILY.format(deaf=ignore, stays=stays), str(at))


async def pids(at: Path) -> list[int]:
    while not at.exists():
        await asyncio.sleep(0.01)
    return [int(one) for one in at.read_text().split()]


async def test_a_program_that_takes_too_long_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with pytest.raises(UnknownError, match=r"did not end within 0\.5 s and was killed"):
        await run(*family(tmp_path / "pids"), timeout_s=0.5)
    assert [await gone(pid) for pid in await pids(tmp_path / "pids")] == [True, True]


async def test_one_that_is_deaf_to_asking_is_killed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avd_failover.outside.programs.GRACE_S", 0.2)
    with pytest.raises(UnknownError):
        await run(*family(tmp_path / "pids", deaf=True), timeout_s=0.5)
    assert [await gone(pid) for pid in await pids(tmp_path / "pids")] == [True, True]


async def test_who_is_asked_to_end_may_still_tidy_up(tmp_path: Path) -> None:
    mark = tmp_path / "tidied"
    text = (
        "import signal, sys, time\n"
        "def tidy(*_): open(sys.argv[1], 'w').close(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, tidy)\ntime.sleep(600)"
    )
    with pytest.raises(UnknownError):
        await run(*script(text, str(mark)), timeout_s=0.5)
    assert mark.exists()


async def test_what_a_program_leaves_behind_is_ended_and_its_exit_code_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("avd_failover.outside.programs.GRACE_S", 0.2)
    accepted = await run(*family(tmp_path / "pids", stays=0))
    assert accepted.detail.startswith("exit code 0, ")
    assert await gone((await pids(tmp_path / "pids"))[1])


async def test_a_run_that_is_stopped_leaves_nothing_behind(tmp_path: Path) -> None:
    running = asyncio.ensure_future(run(*family(tmp_path / "pids")))
    found = await pids(tmp_path / "pids")
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert [await gone(pid) for pid in found] == [True, True]


async def test_no_file_of_ours_stays_open() -> None:
    await run("/bin/true")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        await run("/bin/true")
        with pytest.raises(RefusedError):
            await run("/no/such/program")
        with pytest.raises(UnknownError):
            await run("/bin/sleep", "600", timeout_s=0.05)
    await asyncio.sleep(0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
