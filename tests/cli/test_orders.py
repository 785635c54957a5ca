"""What people may ask of a run from another terminal, and what is refused before anything is asked."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from avd_failover.cli import run as going_on
from avd_failover.cli.errors import Quit
from avd_failover.cli.exits import ExitCode
from avd_failover.domain.graph import Step
from avd_failover.domain.plan import End, Mode
from avd_failover.domain.states import RunStatus, StepStatus
from avd_failover.engine.orders import Words
from avd_failover.journal.events import Event, Holder, RunEnded, StepEnded
from avd_failover.journal.local_leases import LocalLeases
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, T0, applied, began, done, intended, make_pinned, revoke, whole_run
from tests.recovery_actions import FAIL_OVER

STEPS = (
    Step(id="readiness", uses="checks.readiness", side=End.TARGET),
    Step(id="revoke-source", uses="assignments.revoke", side=End.SOURCE, needs=("readiness",)),
    Step(id="tell-users", uses="notify.users", side=End.SOURCE, needs=("readiness",)),
    Step(id="move", uses="personal.failover", side=End.SOURCE, needs=("readiness",)),
    Step(id="barrier", uses="barrier", needs=("revoke-source",)),
    Step(id="testing", uses="drill.hold", needs=("barrier",), settings={"checklist": ("sign-in", "files")}),
    Step(id="theirs", uses="acme.mail", needs=("barrier",)),
)
COMMANDS = {
    "approve": ("approve", RUN, "barrier", "--by", "Ann"),
    "reject": ("approve", RUN, "barrier", "--by", "Ann", "--reject"),
    "retry": ("retry", RUN, "barrier", "--by", "Ann"),
    "retry item": ("retry", RUN, "barrier", "--item", "vm-1", "--by", "Ann"),
    "choose": ("choose", RUN, "move", "--item", "vm-1", "--value", "point-7", "--by", "Ann"),
    "skip": ("skip", RUN, "tell-users", "--reason", "known", "--by", "Ann"),
    "skip item": ("skip", RUN, "move", "--item", "vm-1", "--reason", "scrapped", "--by", "Ann"),
    "unplanned": ("unplanned", RUN, "--reason", "gone", "--by", "Ann"),
}
ABOUT_A_STEP = [name for name in COMMANDS if name != "unplanned"]
GO_ON = ["retry", "retry item", "choose", "unplanned"]
"""What takes a run at rest up again at once; the others wait for a resume."""


def held(**route: Any) -> list[Event]:
    """A run that changed something and is held at its barrier."""
    first = make_pinned(steps=STEPS)
    first = msgspec.structs.replace(first, route=msgspec.structs.replace(first.route, **route))
    return [
        first,
        began("readiness"),
        done("readiness"),
        began("revoke-source"),
        intended("revoke-source", 1, revoke()),
        applied(1),
        done("revoke-source"),
        began("barrier"),
        StepEnded(step="barrier", status=StepStatus.HELD, because="a person must look"),
        RunEnded(status=RunStatus.HELD, because="a person must look"),
    ]


def requests(shell: Shell) -> list[tuple[str, Words]]:
    """Return what lies in the run's second stream."""
    store = SqliteStore.read_only(shell.home.path_of(RUN))
    try:
        found = store.requests_after(0)
    finally:
        store.close()
    return [(one.kind, msgspec.json.decode(one.body, type=Words)) for one in found]


@contextmanager
def driven(shell: Shell, run: str = RUN) -> Iterator[None]:
    """Hold the run's lease, as the process that drives it does."""
    leases = LocalLeases(shell.home.leases)
    lease = leases.acquire(make_pinned().lock, Holder(host="h", pid=1), run, T0)
    try:
        yield
    finally:
        leases.release(lease)


@pytest.fixture
def resumed(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Return the runs that a command took up again; none is really driven."""
    taken_up: list[str | None] = []

    def resume_run(run: str | None, *_: Any, **__: Any) -> None:
        taken_up.append(run)
        raise Quit(ExitCode.HELD, "")

    monkeypatch.setattr(going_on, "resume_run", resume_run)
    return taken_up


ASKED = {
    "approve": ("approve", Words(by="Ann", step="barrier")),
    "reject": ("reject", Words(by="Ann", step="barrier")),
    "retry": ("retry", Words(by="Ann", step="barrier")),
    "retry item": ("retry", Words(by="Ann", step="barrier", item="vm-1")),
    "choose": ("choose", Words(by="Ann", step="move", item="vm-1", value="point-7")),
    "skip": ("skip", Words(by="Ann", step="tell-users", reason="known")),
    "skip item": ("skip", Words(by="Ann", step="move", item="vm-1", reason="scrapped")),
    "unplanned": ("unplanned", Words(by="Ann", reason="gone")),
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_running_process_finds_exactly_what_was_typed(shell: Shell, resumed, name: str) -> None:
    shell.record(RUN, held())
    with driven(shell):
        assert shell.type(*COMMANDS[name]) == ExitCode.DONE
    assert requests(shell) == [ASKED[name]]
    assert resumed == []
    assert shell.out.strip()


@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_at_rest_is_taken_up_where_that_is_meant_and_told_about_where_not(
    shell: Shell, resumed, name: str
) -> None:
    shell.record(RUN, held())
    code = shell.type(*COMMANDS[name])
    assert requests(shell) == [ASKED[name]]
    if name in GO_ON:
        assert (code, resumed) == (ExitCode.HELD, [RUN])
    else:
        assert (code, resumed) == (ExitCode.DONE, [])
        assert f"failover resume {RUN}" in shell.out


@pytest.mark.parametrize("name", ABOUT_A_STEP)
def test_a_step_that_the_run_does_not_have_is_bad_usage_and_the_known_ones_are_named(
    shell: Shell, name: str
) -> None:
    shell.record(RUN, held())
    command = [word if word not in {step.id for step in STEPS} else "barier" for word in COMMANDS[name]]
    assert shell.type(*command) == ExitCode.BAD_INPUT
    assert "has no step 'barier'" in shell.err
    assert "readiness, revoke-source, tell-users, move, barrier" in shell.err
    assert requests(shell) == []


@pytest.mark.parametrize("name", ABOUT_A_STEP)
def test_of_a_step_that_ended_nothing_can_be_asked(shell: Shell, name: str) -> None:
    shell.record(RUN, held())
    command = [
        word if word not in {step.id for step in STEPS} else "revoke-source" for word in COMMANDS[name]
    ]
    assert shell.type(*command) == ExitCode.REFUSED
    assert requests(shell) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_of_a_run_that_is_over_nothing_can_be_asked(shell: Shell, name: str) -> None:
    shell.record(RUN, [*held()[:-1], RunEnded(status=RunStatus.COMPLETED, because="every step ended")])
    assert shell.type(*COMMANDS[name]) == ExitCode.REFUSED
    assert "completed" in shell.err
    assert requests(shell) == []


@pytest.mark.parametrize("name", COMMANDS)
def test_a_run_that_nobody_knows_is_not_asked_for_anything(shell: Shell, name: str) -> None:
    shell.record(RUN, held())
    command = [word if word != RUN else "zzz" for word in COMMANDS[name]]
    assert shell.type(*command) not in {ExitCode.DONE, ExitCode.OUR_BUG}
    assert "zzz" in shell.err
    assert requests(shell) == []


@pytest.mark.parametrize("by", ["", "  ", "\t"])
def test_an_approval_is_a_person_s_word_and_nobody_s_is_none(shell: Shell, by: str) -> None:
    shell.record(RUN, held())
    assert shell.type("approve", RUN, "barrier", "--by", by) == ExitCode.BAD_INPUT
    assert "names nobody" in shell.err
    assert requests(shell) == []


def test_an_approval_without_a_name_at_all_is_bad_usage(shell: Shell) -> None:
    shell.record(RUN, held())
    assert shell.type("approve", RUN, "barrier") == ExitCode.BAD_INPUT
    assert requests(shell) == []


def test_a_file_of_evidence_is_on_record_by_name_and_digest_and_never_by_content(
    shell: Shell, tmp_path: Path
) -> None:
    shell.record(RUN, held())
    file = tmp_path / "folder" / "status.png"
    file.parent.mkdir()
    file.write_bytes(b"a secret picture")
    code = shell.type("approve", RUN, "barrier", "--by", " Ann ", "--reason", "seen", "--evidence", str(file))
    assert code == ExitCode.DONE
    ((_, words),) = requests(shell)
    assert words == Words(
        by="Ann",
        reason="seen",
        step="barrier",
        evidence_name="status.png",
        evidence_sha256=hashlib.sha256(b"a secret picture").hexdigest(),
    )
    assert b"secret picture" not in shell.home.path_of(RUN).read_bytes()


@pytest.mark.parametrize("what", ["nothing", "folder"])
def test_evidence_that_is_no_file_is_bad_usage(shell: Shell, tmp_path: Path, what: str) -> None:
    shell.record(RUN, held())
    (tmp_path / "folder").mkdir()
    command = ("approve", RUN, "barrier", "--by", "Ann", "--evidence", str(tmp_path / what))
    assert shell.type(*command) == ExitCode.BAD_INPUT
    assert requests(shell) == []


@pytest.mark.parametrize("step", ["barrier", "readiness"])
def test_a_step_that_safety_rests_on_is_not_skipped(shell: Shell, step: str) -> None:
    shell.record(RUN, held())
    assert shell.type("skip", RUN, step, "--reason", "hurry") == ExitCode.REFUSED
    assert "safety rests on" in shell.err
    assert requests(shell) == []


def test_one_thing_of_such_a_step_may_be_left_out(shell: Shell) -> None:
    shell.record(RUN, held())
    assert shell.type("skip", RUN, "barrier", "--item", "vm-1", "--reason", "scrapped") == ExitCode.DONE
    ((kind, words),) = requests(shell)
    assert (kind, words.step, words.item) == ("skip", "barrier", "vm-1")


@pytest.mark.parametrize(
    "command", [("skip", RUN, "tell-users"), ("unplanned", RUN), ("skip", RUN, "move", "--item", "x")]
)
def test_what_cannot_be_undone_needs_a_reason(shell: Shell, command: tuple[str, ...]) -> None:
    shell.record(RUN, held())
    assert shell.type(*command) == ExitCode.BAD_INPUT
    assert "--reason" in shell.err
    assert requests(shell) == []


@pytest.mark.parametrize("option", ["--item", "--value"])
def test_a_choice_says_what_for_and_what(shell: Shell, option: str) -> None:
    shell.record(RUN, held())
    words = {"--item": "vm-1", "--value": "point-7"}
    words.pop(option)
    given = [word for pair in words.items() for word in pair]
    assert shell.type("choose", RUN, "barrier", *given) == ExitCode.BAD_INPUT
    assert option in shell.err


def test_a_run_is_switched_to_unplanned_once(shell: Shell, resumed) -> None:
    shell.record(RUN, held(mode=Mode.UNPLANNED))
    assert shell.type("unplanned", RUN, "--reason", "gone") == ExitCode.REFUSED
    assert "unplanned already" in shell.err
    assert (requests(shell), resumed) == ([], [])


def test_whoever_does_not_say_who_they_are_is_who_this_machine_knows(
    shell: Shell, resumed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AVD_FAILOVER_OPERATOR", "Dora")
    shell.record(RUN, held())
    shell.type("retry", RUN, "barrier")
    ((_, words),) = requests(shell)
    assert words.by == "Dora"


@pytest.mark.parametrize(
    ("step", "item", "value", "said"),
    [
        (
            "barrier",
            "vm-1",
            "point-7",
            "nothing can be chosen for an item of barrier (barrier); move and testing",
        ),
        ("testing", "sign-in", "maybe", "'maybe' is none of pass, fail"),
        ("testing", "printers", "pass", "testing has no item 'printers'; it has 'sign-in', 'files'"),
    ],
)
def test_a_choice_that_no_step_would_look_at_is_refused(
    shell: Shell, step: str, item: str, value: str, said: str
) -> None:
    shell.record(RUN, held())
    assert shell.type("choose", RUN, step, "--item", item, "--value", value) == ExitCode.BAD_INPUT
    assert said in shell.err
    assert requests(shell) == []


@pytest.mark.parametrize(("step", "item", "value"), [("testing", "files", "pass"), ("theirs", "a", "b")])
def test_a_choice_that_a_step_may_look_at_is_handed_on(
    shell: Shell, resumed, step: str, item: str, value: str
) -> None:
    shell.record(RUN, held())
    shell.type("choose", RUN, step, "--item", item, "--value", value)
    assert [(kind, words.value) for kind, words in requests(shell)] == [("choose", value)]


@pytest.mark.parametrize(("by", "warned"), [("ann ", True), ("Bo", False)])
def test_whoever_started_the_run_is_told_that_their_approval_may_not_count(
    shell: Shell, by: str, warned: bool
) -> None:
    first, *rest = held()
    shell.record(RUN, [msgspec.structs.replace(first, initiator="Ann"), *rest])
    shell.type("approve", RUN, "barrier", "--by", by)
    assert ("this one does not count" in shell.out) is warned


@pytest.mark.parametrize("command", [("pause", RUN), ("abort", RUN)])
def test_what_rests_already_is_neither_paused_nor_aborted(shell: Shell, command: tuple[str, ...]) -> None:
    shell.record(RUN, held())
    assert shell.type(*command) == ExitCode.REFUSED
    assert requests(shell) == []


def test_a_rollback_of_a_run_at_rest_takes_it_up(shell: Shell, resumed) -> None:
    shell.record(RUN, held())
    shell.type("abort", RUN, "--rollback", "--by", "Ann")
    assert [kind for kind, _ in requests(shell)] == ["rollback"]
    assert resumed == [RUN]


def test_a_run_that_failed_a_desktop_over_is_not_turned_back_and_the_way_on_is_named(
    shell: Shell, resumed
) -> None:
    shell.record(RUN, [*held()[:-1], began("move"), intended("move", 2, FAIL_OVER)])
    assert shell.type("abort", RUN, "--rollback", "--by", "Ann") == ExitCode.REFUSED
    assert "cannot be turned back: 1 desktop failed over, or about to" in shell.err
    assert f"failover resume {RUN}    and then: failover back --plan" in shell.err
    assert (requests(shell), resumed) == ([], [])


def test_a_run_that_is_over_is_not_aborted(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("abort", RUN, "--rollback") == ExitCode.REFUSED
    assert requests(shell) == []
