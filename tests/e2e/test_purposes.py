"""There and back, a dark source and its settling: real processes over HTTP, and people at other terminals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.processes import LONGEST_S, ROOT, Azure, Ended, Station, simulated_azure, wait_for

OFFICE = "6b000000-0000-4000-8000-000000000001"
DARK = "region-outage:region=northeurope"


@pytest.fixture
def azure(request: pytest.FixtureRequest) -> Iterator[Azure]:
    fields = {"speed": 250.0, **getattr(request, "param", {})}
    with simulated_azure("small", **fields) as served:
        yield served


@pytest.fixture
def station(tmp_path: Path, azure: Azure) -> Station:
    return Station(tmp_path / "home", azure.url)


def ok(done: Ended) -> Ended:
    assert done.code == 0, done.err[-2000:]
    return done


def assert_users_on(azure: Azure, part: str) -> None:
    """Everybody of the office is here and nowhere else, and the world saw nothing wrong on the way."""
    other = {"-neu": "-weu", "-weu": "-neu"}[part]
    assert azure.assignments(OFFICE, part)
    assert azure.assignments(OFFICE, other) == []
    assert azure.ask("/_sim/audit")["violations"] == []


def test_under_one_key_there_is_one_run_however_often_it_is_asked_for(station: Station, azure: Azure) -> None:
    command = ("--plan", "small", "--yes", "--run-key", "night-7")
    with station.begin(*command) as process:
        wait_for(process, "drain-source: done")
        process.kill()
    ok(station.run(*command))
    assert_users_on(azure, "-weu")
    again = ok(station.run(*command, "--output", "json")).json()
    assert (again["state"], again.get("resumed", 1)) == ("completed", 1)
    assert [run["run"] for run in station.run("runs", "--output", "json").json()["runs"]] == [again["run"]]


def test_users_go_home_and_nothing_is_left_to_do_or_to_settle(station: Station, azure: Azure) -> None:
    ok(station.run("--plan", "small", "--yes"))
    assert_users_on(azure, "-weu")
    shown = ok(station.run("back", "--plan", "small", "--dry-run")).out
    assert "primary" in shown
    assert_users_on(azure, "-weu")
    ok(station.run("back", "--plan", "small", "--yes"))
    assert_users_on(azure, "-neu")
    assert station.status()["direction"] == "secondary->primary"
    assert "nothing to do" in ok(station.run("back", "--plan", "small", "--yes")).out.lower()
    assert "nothing to settle" in ok(station.run("settle", "--plan", "small", "--yes")).err
    checked = ok(station.run("check", "--plan", "small", "--output", "json")).json()
    assert (checked["ready"], checked["users_are_on"]) == (True, "primary")


@pytest.mark.parametrize("azure", [{"speed": 150.0}], indirect=True)
def test_a_scheduler_does_not_go_back_right_after_a_failover(station: Station, tmp_path: Path) -> None:
    """Held down for twenty hours: a busy machine takes long between two commands, and the clock is fast."""
    text = (ROOT / "plans" / "small.yaml").read_text(encoding="utf-8")
    plan = tmp_path / "small.yaml"
    plan.write_text(text + "\npolicies: {hold_down: 20h}\n", encoding="utf-8")
    ok(station.run("--plan", str(plan), "--yes"))
    refused = station.run("back", "--plan", str(plan), "--yes", "--run-key", "nightly")
    assert refused.code == 4
    assert "held down for another" in refused.err


@pytest.mark.parametrize("azure", [{"faults": (DARK,), "speed": 120.0}], indirect=True)
def test_a_dark_source_is_left_on_two_words_settled_and_returned_to(station: Station, azure: Azure) -> None:
    with station.begin("--plan", "small", "--mode", "unplanned", "--yes", "--by", "Cay") as process:
        wait_for(process, "barrier: waits")
        refused = station.run("approve", "latest", "barrier", "--by", " ")
        assert refused.code == 2
        for name in ("Cay", "Ann", "Ben"):  # who began the run does not count
            ok(station.run("approve", "latest", "barrier", "--by", name, "--reason", "published"))
        assert process.wait(timeout=LONGEST_S) == 0
    assert_users_on(azure, "-weu")
    status = station.status()
    owed = {step["id"] for step in status["steps"] if step["state"] == "debt"}
    assert {"drain-source", "logoff-source"} <= owed
    blocked = station.run("back", "--plan", "small", "--yes")
    assert (blocked.code, "drain-source" in blocked.err) == (4, True)
    assert "failover settle --plan small" in blocked.err
    azure.mend()
    ok(station.run("settle", "--plan", "small", "--yes"))
    ok(station.run("back", "--plan", "small", "--yes"))
    assert_users_on(azure, "-neu")


TESTERS = "6a000000-0000-4000-8000-0000000000ff"


def test_testers_go_there_and_back_while_production_works(tmp_path: Path) -> None:
    with simulated_azure("pooled-eu", speed=200.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        before = azure.ask("/_sim/state")["role_assignments"]
        done = ok(
            station.run("drill", "--plan", "pooled-eu", "--yes", "--hold", "2m", "--run-key", "half-year")
        )
        assert "COMPLETED" in done.out
        after = azure.ask("/_sim/state")["role_assignments"]
        audit = azure.ask("/_sim/audit")

    def production(found: list[dict[str, object]]) -> list[dict[str, object]]:
        return sorted(
            (one for one in found if one["principal_id"] != TESTERS), key=lambda one: str(one["id"])
        )

    assert production(after) == production(before)
    assert audit["violations"] == []
    steps = {step["id"]: step for step in station.status()["steps"]}
    assert "no session touched" in steps["prove-production"]["reason"]
    listed = ok(station.run("drills", "--plan", "pooled-eu", "--output", "json")).json()
    assert [one["state"] for one in listed["drills"]] == ["completed"]


def test_groups_that_share_users_do_not_move_apart(tmp_path: Path) -> None:
    with simulated_azure("pooled-eu", speed=200.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        refused = station.run("--plan", "pooled-eu", "--groups", "GRP1", "--yes")
        assert refused.code == 4, refused.err
        assert "GRP1 and GRP2 share" in refused.out + refused.err
        unknown = station.run("--plan", "pooled-eu", "--groups", "GRP9", "--yes")
        assert (unknown.code, "GRP9" in unknown.err) == (2, True)


def test_a_cohort_moves_alone_and_comes_home_alone(tmp_path: Path) -> None:
    with simulated_azure("cohort-and-back", speed=200.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        ok(station.run("--plan", "small", "--groups", "GRP-LEDGER", "--yes"))
        assert azure.assignments(OFFICE, "-neu"), "the office stays"
        assert azure.assignments(OFFICE, "-weu") == []
        ok(station.run("back", "--plan", "small", "--yes"))
        assert station.status()["scope"] == "groups GRP-LEDGER"
        assert_users_on(azure, "-neu")


def test_standby_hosts_are_woken_registered_and_rest_again(tmp_path: Path) -> None:
    with simulated_azure("host-keepalive", speed=200.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        before = {one["id"]: one["power"] for one in azure.ask("/_sim/state")["machines"]}
        done = ok(station.run("run", "host-keepalive", "--plan", "pooled-eu", "--yes"))
        assert "8 woken hosts registered" in done.out
        assert {one["id"]: one["power"] for one in azure.ask("/_sim/state")["machines"]} == before
        assert azure.ask("/_sim/audit")["violations"] == []
