"""The main job as a user meets it: one command, real SDKs, real sockets, and a world that checks itself."""

import json
import random
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.processes import Azure, Station, simulated_azure, wait_for

GROUPS = {f"GRP{n}": f"6a000000-0000-4000-8000-00000000000{n}" for n in (1, 2, 3)}
PAIRS = {"GRP1": 2, "GRP2": 3, "GRP3": 2}
REQUIRED = {
    "run", "plan", "runbook", "direction", "mode", "scope", "state", "simulated", "started_at",
    "finished_at", "recovery_s", "access_gap_s", "journal_head", "steps",
}  # fmt: skip


@pytest.fixture
def azure() -> Iterator[Azure]:
    with simulated_azure() as served:
        yield served


@pytest.fixture
def station(tmp_path: Path, azure: Azure) -> Station:
    return Station(tmp_path / "home", azure.url)


def assert_moved(azure: Azure) -> None:
    """Everything is on the target and nothing on the source, and the world saw no violation."""
    for group, principal in GROUPS.items():
        assert azure.assignments(principal, "-neu") == [], f"{group} is still assigned on the source"
        assert len(azure.assignments(principal, "-weu")) == PAIRS[group]
    state = azure.ask("/_sim/state")
    assert [one for one in state["user_sessions"] if "hp-pooled-neu" in one["id"]] == []
    available = [host for host in state["session_hosts"] if "weu" in host["id"] and _available(azure, host)]
    assert len(available) * 8 >= 60
    audit = azure.ask("/_sim/audit")
    assert audit["violations"] == []
    assert all(audit["evaluated"][name] > 0 for name in ("S1", "S2", "S3", "S10", "S12"))


def _available(azure: Azure, host: dict[str, Any]) -> bool:
    machines = {one["id"].lower(): one["power"] for one in azure.ask("/_sim/state")["machines"]}
    return bool(machines[host["machine"].lower()] == "running")


def bystanders(azure: Azure) -> list[dict[str, Any]]:
    """Return every assignment that the plan does not name, whole."""
    found = azure.ask("/_sim/state")["role_assignments"]
    return [one for one in found if one["principal_id"] not in GROUPS.values()]


def engine_changes(azure: Azure) -> list[dict[str, Any]]:
    """Return what requests changed in the world, in order."""
    changes = [one for one in azure.ask("/_sim/history") if "target" in one and "seen" not in one]
    return [one for one in changes if one["actor"].startswith("engine")]


def test_a_planned_failover_moves_everybody_and_running_it_again_changes_nothing(
    station: Station, azure: Azure
) -> None:
    before = bystanders(azure)
    done = station.run("--plan", "pooled-eu", "--yes", "--output", "json")
    assert done.code == 0, done.err
    assert_moved(azure)
    assert bystanders(azure) == before, "an assignment that the plan does not name was touched"
    status = done.json()
    assert set(status) >= REQUIRED
    assert (status["state"], status["simulated"]) == ("completed", "pooled-eu")
    assert 0 < status["access_gap_s"] < status["recovery_s"] / 2
    for step in status["steps"]:
        assert set(step) >= {"id", "uses", "state", "started_at", "finished_at", "reason", "actions"}
        assert set(step["actions"]) == {"planned", "applied", "skipped", "unknown", "failed"}
    changes = len(engine_changes(azure))
    again = station.run("--plan", "pooled-eu", "--yes")
    assert (again.code, len(engine_changes(azure))) == (0, changes)
    assert "nothing to do" in again.out
    runs = station.run("runs", "--output", "json").json()["runs"]
    assert [run["state"] for run in runs] == ["completed", "completed"]
    assert runs[1]["run"] == status["run"], "the newest run does not come first"


def test_killed_at_random_moments_and_resumed_each_time_it_ends_the_same(
    station: Station, azure: Azure
) -> None:
    chance = random.Random(20260302)
    before = bystanders(azure)
    words: list[str] = ["--plan", "pooled-eu", "--yes"]
    for _ in range(10):
        with station.begin(*words) as process:
            wait_for(process, "]")
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=chance.uniform(0.02, 0.5))
            process.kill()
            process.wait()
        words = ["resume"]
        if station.status()["state"] == "completed":
            break
    ended = station.run("resume")
    assert ended.code == 0, ended.err
    assert_moved(azure)
    assert bystanders(azure) == before
    assert_nothing_known_was_repeated(station)
    assert station.run("journal", "verify").code == 0


def assert_nothing_known_was_repeated(station: Station) -> None:
    """No action whose effect was durable in the journal was sent a second time."""
    applied: Counter[tuple[str, str]] = Counter()
    open_: dict[int, tuple[str, str]] = {}
    for line in station.run("journal", "export").out.splitlines():
        event = json.loads(line)["event"]
        if event["type"] == "action.intended":
            action = event["action"]
            assert applied[key(action)] == 0, f"sent again although applied: {key(action)}"
            open_[event["n"]] = key(action)
        elif event["type"] == "action.ended" and event["outcome"] == "applied":
            applied[open_[event["n"]]] += 1
    assert applied


def key(action: dict[str, Any]) -> tuple[str, str]:
    target = action.get("assignment", {}).get("id") or next(
        value for name, value in action.items() if name not in {"type", "reason"}
    )
    return action["type"], str(target)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_what_is_under_way_and_says_how_to_resume(
    station: Station, azure: Azure, number: signal.Signals
) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "revoke-source: started")
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    status = station.status()
    assert status["state"] == "interrupted"
    assert f"failover resume {status['run']}" in out + err
    assert station.run("resume", status["run"]).code == 0
    assert_moved(azure)


def test_a_second_start_says_who_holds_the_pair_and_sends_nothing(tmp_path: Path) -> None:
    with simulated_azure(speed=10.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        with station.begin("--plan", "pooled-eu", "--yes") as process:
            wait_for(process, "start-target-hosts: started")
            second = station.run("--plan", "pooled-eu", "--yes")
            assert second.code == 5
            assert str(process.pid) in second.err
        assert len(station.run("runs", "--output", "json").json()["runs"]) == 1


def test_a_new_run_is_refused_while_an_earlier_one_is_half_done(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "revoke-source: done")
        process.kill()
    killed = station.status()
    assert killed["state"] == "interrupted"
    second = station.run("--plan", "pooled-eu", "--yes")
    assert second.code == 5
    assert f"failover resume {killed['run']}" in second.err
    assert station.run("resume").code == 0
    assert_moved(azure)


def test_an_edited_plan_makes_no_difference_to_a_resumed_run(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "pooled-eu", "--yes") as process:
        wait_for(process, "start-target-hosts: started")
        process.kill()
    station.extra["AVD_FAILOVER_PLANS"] = "/nowhere"
    assert station.run("resume").code == 0
    assert_moved(azure)


def test_the_embedded_azure_survives_the_death_of_its_process(tmp_path: Path) -> None:
    station = Station(tmp_path / "home")
    with station.begin(
        "--plan", "pooled-eu", "--simulate", "pooled-eu", "--speed", "300", "--yes"
    ) as process:
        wait_for(process, "revoke-source: done")
        process.kill()
    resumed = station.run("resume", "--speed", "300", "--output", "json")
    assert resumed.code == 0, resumed.err
    assert resumed.json()["state"] == "completed"
    sent = [one["actions"] for one in resumed.json()["steps"]]
    assert sum(one["applied"] for one in sent) >= 60
    assert sum(one["unknown"] + one["failed"] for one in sent) == 0


def test_a_dry_run_shows_every_change_and_makes_none(station: Station, azure: Azure) -> None:
    dry = station.run("--plan", "pooled-eu", "--dry-run", "--output", "json")
    assert dry.code == 0, dry.err
    kinds = Counter(action["kind"] for step in dry.json()["steps"] for action in step["actions"])
    assert (kinds["assignment.revoke"], kinds["assignment.grant"], kinds["machine.start"]) == (7, 7, 8)
    assert engine_changes(azure) == []
    assert not station.home.exists()


def test_without_a_terminal_and_without_yes_nothing_starts(station: Station, azure: Azure) -> None:
    asked = station.run("--plan", "pooled-eu")
    assert asked.code == 2
    assert "--yes" in asked.err
    assert engine_changes(azure) == []


def test_every_line_of_a_simulated_run_says_so(station: Station) -> None:
    done = station.run("--plan", "pooled-eu", "--yes")
    lines = [line for line in (done.out + done.err).splitlines() if line.strip()]
    assert [line for line in lines if "SIMULATED" not in line] == []
