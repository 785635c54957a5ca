"""``failover journal show|verify|export``."""

import hashlib
import json

import pytest

from avd_failover.cli.exits import ExitCode
from avd_failover.journal.codec import GENESIS, digest
from avd_failover.journal.events import Event
from avd_failover.journal.sqlite_store import SqliteStore
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, began, done, make_lines, make_pinned, whole_run
from tests.journal.files import meddle
from tests.journal.signing import renamed, rewritten, signed_lines, signer

LINES = make_lines(whole_run())
UNSIGNED = "unsigned: no checkpoint vouches for it\n"


def record_signed(shell: Shell, lines: list[bytes]) -> None:
    shell.home.prepare()
    store = SqliteStore.create(shell.home.path_of(RUN))
    store.append(lines)
    store.close()


def test_show_tells_one_line_an_entry(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", "show", RUN) == ExitCode.DONE
    lines = shell.out.splitlines()
    assert len(lines) == len(LINES)
    assert "run begins: pooled-failover of plan pooled-eu" in lines[0]
    assert "revoke GRP1 from DAG1" in lines[4]
    assert lines[-1].endswith("run completed: every step ended")


def test_show_escapes_what_would_act_on_a_terminal(shell: Shell) -> None:
    shell.record(RUN, [make_pinned(), began("readiness"), done("readiness", "\x1b]0;owned\x07\nforged")])
    shell.type("journal", "show")
    assert len(shell.out.splitlines()) == 3
    assert "\\x1b]0;owned\\x07\\nforged" in shell.out


def test_show_tells_what_comes_before_the_damage_and_then_fails(shell: Shell) -> None:
    meddle(shell.record(RUN, whole_run()), "DELETE FROM events WHERE seq=5")
    assert shell.type("journal", "show") == ExitCode.FAILED
    assert len(shell.out.splitlines()) == 4
    assert "entry 5: gap" in shell.err


def test_verify_says_that_a_journal_is_whole_and_names_its_head(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", "verify", RUN) == ExitCode.DONE
    assert shell.out == f"the journal of {RUN} is whole: 12 entries, head {digest(LINES[-1])}\n" + UNSIGNED


BREAKS = [
    ("DELETE FROM events WHERE seq=3", "entry 3: gap"),
    ("UPDATE events SET line=x'7b7d' WHERE seq=7", "entry 7: broken chain"),
    ("UPDATE events SET hash='0' WHERE seq=12", "entry 12: broken chain"),
    ("DELETE FROM events", "empty"),
]


@pytest.mark.parametrize(("statement", "said"), BREAKS)
def test_verify_fails_with_the_first_break_its_number_and_its_reason(
    shell: Shell, statement: str, said: str
) -> None:
    meddle(shell.record(RUN, whole_run()), statement)
    assert shell.type("journal", "verify", RUN) == ExitCode.FAILED
    assert f"the journal of {RUN} is damaged: {said}" in shell.err
    assert shell.out == ""


def test_verify_finds_a_story_that_cannot_be(shell: Shell) -> None:
    shell.record(RUN, [make_pinned(), done("readiness")])
    assert shell.type("journal", "verify", RUN) == ExitCode.FAILED
    assert "entry 2: contradiction: step readiness cannot go from pending to done" in shell.err


def test_verify_refuses_what_is_no_journal(shell: Shell) -> None:
    path = shell.record(RUN, whole_run())
    path.write_bytes(bytes(8192))
    assert shell.type("journal", "verify", RUN) == ExitCode.FAILED
    assert "unreadable" in shell.err
    assert "file is not a database" in shell.err


def test_export_writes_the_lines_exactly_as_they_are_chained(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", "export", RUN) == ExitCode.DONE
    lines = shell.out.encode().split(b"\n")
    assert lines == [*LINES, b""]
    prev = GENESIS
    for line in lines[:-1]:
        assert json.loads(line)["prev"] == prev
        prev = hashlib.sha256(line).hexdigest()


def test_export_of_text_in_other_scripts_is_still_byte_for_byte(shell: Shell) -> None:
    events: list[Event] = [
        make_pinned(),
        began("readiness"),
        done("readiness", "Plätze für 東京 \N{SNOWMAN}"),
    ]
    shell.record(RUN, events)
    assert shell.type("journal", "export") == ExitCode.DONE
    assert shell.out.encode().split(b"\n")[:-1] == make_lines(events)


def test_export_keeps_what_comes_before_the_damage_and_then_fails(shell: Shell) -> None:
    meddle(shell.record(RUN, whole_run()), "UPDATE events SET line=x'7b7d' WHERE seq=4")
    assert shell.type("journal", "export", RUN) == ExitCode.FAILED
    assert shell.out.encode().split(b"\n")[:-1] == LINES[:3]
    assert "entry 4: broken chain" in shell.err


@pytest.mark.parametrize("command", ["show", "verify", "export"])
def test_an_unknown_run_is_bad_usage(shell: Shell, command: str) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", command, "zzz") == ExitCode.BAD_INPUT
    assert RUN in shell.err
    assert shell.out == ""


@pytest.mark.parametrize("command", ["show", "verify", "export"])
def test_without_a_name_the_latest_run_is_meant(shell: Shell, command: str) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", command) == ExitCode.DONE
    assert shell.out


def test_verify_says_which_checkpoints_hold_and_by_whose_key(shell: Shell) -> None:
    record_signed(shell, signed_lines())
    assert shell.type("journal", "verify", RUN) == ExitCode.DONE
    begun = f"by key {signer().public[:16]}"
    assert f"checkpoint 2: holds for entries 1 to 1, {begun}" in shell.out
    assert shell.out.count("holds for entries") == 4
    assert "not this machine's; 0 of 16 entries stand behind the last checkpoint" in shell.out


def test_verify_trusts_only_the_key_that_is_named(shell: Shell) -> None:
    record_signed(shell, signed_lines())
    assert shell.type("journal", "verify", RUN, "--key", signer().public) == ExitCode.DONE
    assert shell.type("journal", "verify", RUN, "--key", signer(2).public) == ExitCode.FAILED
    assert "signed by a key that is not trusted: checkpoint 2, 6, 14, 16" in shell.err
    assert shell.type("journal", "verify", RUN, "--key", "nonsense") == ExitCode.BAD_INPUT
    assert "neither a public key nor a file" in shell.err


def test_verify_refuses_a_journal_that_was_rewritten_with_a_recomputed_chain(shell: Shell) -> None:
    record_signed(shell, rewritten(signed_lines(), renamed))
    assert shell.type("journal", "verify", RUN) == ExitCode.FAILED
    assert "entry 2: broken seal" in shell.err
    assert "is whole" not in shell.out


def test_verify_with_a_key_refuses_a_journal_from_which_every_seal_was_taken(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("journal", "verify", RUN, "--key", signer().public) == ExitCode.FAILED
    assert "nothing of this journal is signed" in shell.err


def test_the_public_key_is_printed_and_is_the_same_each_time(shell: Shell) -> None:
    assert shell.type("journal", "key") == ExitCode.DONE
    first = shell.out
    assert len(first.strip()) == 64
    assert shell.type("journal", "key") == ExitCode.DONE
    assert shell.out == first


def test_show_tells_what_a_seal_vouches_for(shell: Shell) -> None:
    record_signed(shell, signed_lines())
    shell.type("journal", "show", RUN)
    assert f"sealed up to entry 1 by key {signer().public[:16]}" in shell.out.splitlines()[1]
