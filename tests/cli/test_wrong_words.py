"""Wrong words of every kind: exit code 2 or 4, what was wrong, the next command to try; no traceback."""

import pytest

from avd_failover.cli.exits import ExitCode
from tests.cli.runs_at_hand import Shell
from tests.journal.builders import RUN, whole_run

BAD = [
    ([], "nothing to do"),
    (["--yes"], "nothing to do"),
    (["frobnicate"], "No such command 'frobnicate'."),
    (["bakc", "--plan", "pooled-eu"], "No such command 'bakc'. Did you mean 'back'?"),
    (["schema"], "Choose from: plan, runbook, scenario"),
    (["--plan", "personal-eu", "--groups", "GRP1"], "move machine by machine"),
    (["skip", RUN, "revoke-sorce", "--reason", "y"], "did you mean 'revoke-source'?"),
    (["--plan", "nope"], "no plan 'nope'"),
    (["--plan", "plans/"], "is a folder"),
    (["--plan", "/nonexistent/x.yaml"], "no file"),
    (["--plan", "pooled-eu", "--groups", "NOPE"], "the plan has no 'NOPE'"),
    (["--plan", "pooled-eu", "--groups", ","], "names nothing"),
    (["--plan", "pooled-eu", "--speed", "5"], "goes with --simulate"),
    (["--plan", "pooled-eu", "--mode", "sideways"], "sideways"),
    (["--plan", "pooled-eu", "--force", "because"], "goes with --mode unplanned"),
    (["--plan", "pooled-eu", "status"], "--plan belongs to a failover"),
    (["back"], "Missing option"),
    (["back", "--plan", "pooled-eu", "--groups", "GRP1"], "No such option"),
    (["drill", "--plan", "pooled-eu", "--hold", "5"], "is not a duration"),
    (["run"], "Missing argument"),
    (["run", "nope", "--plan", "pooled-eu"], "no runbook 'nope'"),
    (["run", "pooled-failover", "--plan", "pooled-eu"], "moves users"),
    (["run", "pooled-test-failover", "--plan", "pooled-eu"], "moves users"),
    (["run", "personal-failover", "--plan", "personal-eu"], "moves users"),
    (["run", "personal-failover", "--plan", "pooled-eu"], "of pooled desktops"),
    (["run", "plans/pooled-eu.yaml", "--plan", "pooled-eu"], "the key 'steps' is missing"),
    (["status", "nope"], "no run 'nope'"),
    (["watch", "nope"], "no run 'nope'"),
    (["resume", "nope"], "no run 'nope'"),
    (["skip", RUN, "nope", "--reason", "y"], "has no step 'nope'"),
    (["retry", RUN, "nope"], "has no step 'nope'"),
    (["approve", RUN, "nope"], "Missing option '--by'"),
    (["approve", RUN, "nope", "--by", " "], "names nobody"),
    (["journal"], "Usage"),
    (["report", RUN, "--html", "/nonexistent/x.html"], "cannot write"),
    (["validate", "nope"], "'nope'"),
    (["graph", "plans/pooled-eu.yaml"], "the key 'steps' is missing"),
    (["simulate", "nope"], "no scenario 'nope'"),
    (["rehearse", "--scenario", "small", "--runs", "0"], "not in the range"),
    (["check", "--plan", "nope"], "no plan 'nope'"),
    (["drills", "--plan", "nope"], "no plan 'nope'"),
    (["permissions", "--plan", "pooled-eu", "--machines", "nowhere"], "names no side"),
    (["amend", RUN, "--plan", "pooled-eu", "--by", " ", "--reason", "y"], "names nobody"),
    (["permissions", "--plan", "nope"], "no plan 'nope'"),
]


@pytest.mark.parametrize(("words", "said"), BAD, ids=[" ".join(words) or "nothing" for words, _ in BAD])
def test_wrong_words_are_refused_with_what_was_wrong_and_what_to_type(
    shell: Shell, words: list[str], said: str
) -> None:
    shell.record(RUN, whole_run())
    assert shell.type(*words) == ExitCode.BAD_INPUT
    assert said in shell.err
    assert "Next: failover" in shell.err or "Next: the same with" in shell.err
    assert "Traceback" not in shell.err


@pytest.mark.parametrize(
    ("words", "following"),
    [
        (["pause", RUN], f"failover status {RUN}"),
        (["abort", RUN], "failover back --plan pooled-eu"),
        (["abort", RUN, "--rollback"], "failover back --plan pooled-eu"),
        (["unplanned", RUN, "--reason", "dark"], f"failover status {RUN}"),
        (["retry", RUN, "revoke-source"], f"failover report {RUN}"),
    ],
)
def test_what_a_run_at_its_end_cannot_be_asked_for_is_refused_with_what_can(
    shell: Shell, words: list[str], following: str
) -> None:
    shell.record(RUN, whole_run())
    assert shell.type(*words) == ExitCode.REFUSED
    assert f"Next: {following}" in shell.err


def test_a_killed_run_is_not_called_running_when_it_is_asked_to_stop(shell: Shell) -> None:
    shell.record(RUN, whole_run()[:7])
    assert shell.type("abort", RUN) == ExitCode.REFUSED
    assert "its process ended without a word" in shell.err
    assert f"Next: failover abort {RUN} --rollback" in shell.err


@pytest.mark.parametrize("command", [["--plan", "nope"], ["validate", "nope"], ["graph", "nope"]])
def test_the_command_to_try_next_works(shell: Shell, command: list[str]) -> None:
    assert shell.type(*command) == ExitCode.BAD_INPUT
    named = shell.err.rsplit("Next: failover ", 1)[1].split("    ")[0].split()
    assert shell.type(*named) == ExitCode.DONE


def test_a_run_that_is_over_is_not_resumed_and_names_what_there_is_to_read(shell: Shell) -> None:
    shell.record(RUN, whole_run())
    assert shell.type("resume", RUN) == ExitCode.DONE
    assert f"{RUN} is completed; there is nothing to resume" in shell.err
    assert f"Next: failover report {RUN}" in shell.err
