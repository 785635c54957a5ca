"""The Automation job: explicit about who it is, the same run again after a restart, JSON lines throughout."""

import importlib.util
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from avd_failover.cli.exits import ExitCode
from tests.e2e.processes import LONGEST_S, ROOT, Azure, simulated_azure

SCRIPT = ROOT / "deploy" / "automation" / "failover_runbook.py"
SECRET = "hunter2-canary"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("failover_runbook", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


FIT = {"AVD_FAILOVER_HOME": "/var/lib/avd-failover", "AVD_FAILOVER_CLIENT_ID": "c", "AUTOMATION_JOB_ID": "j"}


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def told(script: ModuleType, arguments: list[str], environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    out = io.StringIO()
    code = script.main(arguments, environment, out)
    return code, lines(out.getvalue())[-1]


@pytest.mark.parametrize(
    ("arguments", "command"),
    [
        (["failover", "p"], ["--plan", "p"]),
        (["back", "p"], ["back", "--plan", "p"]),
        (["drill", "p", "--hold", "30m"], ["drill", "--plan", "p", "--hold", "30m"]),
    ],
)
def test_what_begins_a_run_says_yes_and_carries_the_jobs_id_as_its_key(script, arguments, command) -> None:
    made = script.command_for(arguments, FIT)
    assert made[: len(command)] == command
    assert made[-3:] == ["--yes", "--run-key", f"{arguments[0]}-j"]
    assert made[made.index("--log-format") + 1] == made[made.index("--output") + 1] == "json"


def test_a_check_changes_nothing_and_so_has_no_key(script) -> None:
    assert script.command_for(["check", "p"], {}) == ["check", "--plan", "p", "--output", "json"]


def test_a_key_of_ones_own_wins_over_the_jobs(script) -> None:
    assert script.command_for(["drill", "p"], FIT | {"AVD_FAILOVER_RUN_KEY": "w47"})[-1] == "drill-w47"


UNFIT = [
    ([], {}, "WHAT PLAN"),
    (["failover"], {}, "WHAT PLAN"),
    (["settle", "p"], {}, "WHAT PLAN"),
    (["failover", "p", "--run-key", "x"], {}, "not for a job to choose"),
    (["failover", "p", "--run-key=x"], {}, "not for a job to choose"),
    (["failover", "p", "--simulate", "small"], {}, "not for a job to choose"),
    (["failover", "p"], {"AUTOMATION_JOB_ID": ""}, "a restart could not go on"),
    (["failover", "p"], {"AVD_FAILOVER_HOME": ""}, "outlives the job"),
    (["failover", "p"], {"AVD_FAILOVER_HOME": "journals"}, "outlives the job"),
    (["failover", "p"], {"AVD_FAILOVER_CLIENT_ID": " "}, "managed identity"),
]


@pytest.mark.parametrize(("arguments", "changes", "because"), UNFIT)
def test_a_job_that_is_not_set_up_right_begins_nothing(script, arguments, changes, because) -> None:
    code, last = told(script, arguments, FIT | changes)
    assert (code, last["job"], last["exit_code"]) == (2, "Failed", 2)
    assert because in last["meaning"]


@pytest.mark.parametrize(("client", "chosen"), [("c0ffee", "c0ffee"), ("system", "")])
def test_the_identity_is_always_a_managed_one_that_somebody_named(script, client, chosen) -> None:
    environment = {**FIT, "AVD_FAILOVER_CLIENT_ID": client, "AVD_FAILOVER_IDENTITY": "azure-cli"}
    script.choose_identity(environment, drill=False)
    assert environment["AVD_FAILOVER_IDENTITY"] == "managed-identity"
    assert environment["AVD_FAILOVER_CLIENT_ID"] == chosen


@pytest.mark.parametrize(("drill", "chosen"), [(True, "tester"), (False, "mover")])
def test_a_drill_may_have_an_identity_of_its_own(script, drill, chosen) -> None:
    environment = {**FIT, "AVD_FAILOVER_CLIENT_ID": "mover", "AVD_FAILOVER_DRILL_CLIENT_ID": "tester"}
    script.choose_identity(environment, drill=drill)
    assert environment["AVD_FAILOVER_CLIENT_ID"] == chosen


def test_the_workers_own_settings_win_over_automations(script) -> None:
    environment = {"AVD_FAILOVER_HOME": "/mine"}
    script.complete(environment, {"AVD_FAILOVER_HOME": "/theirs", "AVD_FAILOVER_PLANS": "/plans"})
    assert environment == {"AVD_FAILOVER_HOME": "/mine", "AVD_FAILOVER_PLANS": "/plans"}


def test_every_exit_code_has_a_meaning_in_the_job_stream(script) -> None:
    assert set(script.MEANINGS) == {int(code) for code in ExitCode}


@pytest.mark.parametrize(("code", "job"), [(0, "Completed"), *((int(c), "Failed") for c in ExitCode if c)])
def test_only_done_is_completed(script, code, job) -> None:
    out = io.StringIO()
    assert script.end(out, code) == code
    assert lines(out.getvalue()) == [
        {"event": "job ended", "exit_code": code, "job": job, "meaning": script.MEANINGS[code]}
    ]


def test_whatever_the_command_says_becomes_one_object_a_line(script) -> None:
    out = io.StringIO()
    stream = script.Lines(out)
    for part in ('{"event": ', '"a"}\nplain wo', "rds\n\n[1]\nhalf"):
        assert stream.write(part) == len(part)
    assert lines(out.getvalue()) == [
        {"event": "a"}, {"event": "said", "text": "plain words"}, {"event": "said", "text": "[1]"},
    ]  # fmt: skip


@pytest.fixture
def azure() -> Iterator[Azure]:
    with simulated_azure("small", speed=120.0) as served:
        yield served


@contextmanager
def job(home: Path, azure: Azure, *arguments: str, key: str = "job-1") -> "Iterator[subprocess.Popen[str]]":
    """Start the script as a worker does: a plain process with an environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AVD_FAILOVER_")}
    settings = {
        "AVD_FAILOVER_HOME": str(home),
        "AVD_FAILOVER_CLIENT_ID": "system",
        "AVD_FAILOVER_ARM_ENDPOINT": azure.url,
        "AVD_FAILOVER_GRAPH_ENDPOINT": azure.url,
        "AUTOMATION_JOB_ID": key,
        "AZURE_CLIENT_SECRET": SECRET,
    }
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], env=kept | settings, cwd=ROOT,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=LONGEST_S)


def ended(process: "subprocess.Popen[str]") -> tuple[int, list[dict[str, Any]]]:
    out, err = process.communicate(timeout=LONGEST_S)
    assert err == "", "everything is told on stdout"
    assert SECRET not in out
    return process.returncode, lines(out)


def test_a_job_killed_half_way_and_run_again_is_one_run_and_finishes(tmp_path: Path, azure: Azure) -> None:
    home = tmp_path / "home"
    with job(home, azure, "failover", "small") as first:
        assert first.stdout is not None
        run = ""
        for line in first.stdout:
            said = json.loads(line)
            run = said.get("run", run)
            if said["event"] == "step.ended" and said.get("step") == "drain-source":
                break
        first.send_signal(signal.SIGKILL)
        assert first.wait(timeout=LONGEST_S) == -signal.SIGKILL
    with job(home, azure, "failover", "small") as again:
        code, said_again = ended(again)
    result = next(one["result"] for one in said_again if one["event"] == "result")
    assert (code, said_again[-1]["job"]) == (0, "Completed"), said_again[-3:]
    assert (result["run"], result["state"]) == (run, "completed")
    assert {one["run"] for one in said_again if "run" in one} == {run}
    assert azure.ask("/_sim/audit")["violations"] == []

    before = len(azure.ask("/_sim/history"))
    with job(home, azure, "failover", "small") as third:
        code, said_last = ended(third)
    assert (code, said_last[-1]["job"]) == (0, "Completed")
    assert next(one["result"]["run"] for one in said_last if one["event"] == "result") == run
    changes = [one for one in azure.ask("/_sim/history")[before:] if "target" in one and "seen" not in one]
    assert [one for one in changes if one["actor"].startswith("engine")] == []
