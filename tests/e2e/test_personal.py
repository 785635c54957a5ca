"""Personal desktops over HTTP: there by Site Recovery, killed half-way, home again; each exactly once."""

from collections import Counter
from pathlib import Path

from tests.e2e.processes import Azure, Ended, Station, simulated_azure, wait_for

PLAN = "personal-eu"
DESKTOPS = 3


def ok(done: Ended) -> Ended:
    assert done.code == 0, done.err[-2000:]
    return done


def jobs(azure: Azure) -> Counter[str]:
    return Counter(job["scenario"] for job in azure.ask("/_sim/state")["recovery_jobs"])


def test_desktops_move_once_each_way_although_the_run_is_killed(tmp_path: Path) -> None:
    with simulated_azure("personal-small", speed=300.0) as azure:
        station = Station(tmp_path / "home", azure.url)
        command = ("--plan", PLAN, "--mode", "unplanned", "--force", "a drill of the real thing", "--yes")
        with station.begin(*command) as process:
            wait_for(process, "failover: waits")
            process.kill()
        ok(station.run("resume"))
        there = jobs(azure)
        assert there["UnplannedFailover"] == DESKTOPS
        assert "nothing to settle" in ok(station.run("settle", "--plan", PLAN, "--yes")).err
        ok(station.run("back", "--plan", PLAN, "--yes"))
        assert jobs(azure)["UnplannedFailover"] == 2 * DESKTOPS
        assert azure.ask("/_sim/audit")["violations"] == []
    assert station.status()["direction"] == "secondary->primary"


def test_a_drill_of_personal_desktops_is_refused_with_the_reason(tmp_path: Path) -> None:
    refused = Station(tmp_path / "home").run("drill", "--plan", PLAN, "--simulate", "personal-small", "--yes")
    assert refused.code == 4
    assert "contract 125" in refused.err


def test_what_a_dark_region_left_owed_is_paid_until_desktops_are_protected_and_then_they_go_home(
    tmp_path: Path,
) -> None:
    outage = "region-outage:region=northeurope"
    with simulated_azure("personal-small", speed=400.0, faults=(outage,)) as azure:
        station = Station(tmp_path / "home", azure.url)
        there = ok(station.run("--plan", PLAN, "--mode", "unplanned", "--yes"))
        assert "reprotect: debt" in there.err
        early = station.run("back", "--plan", PLAN, "--yes")
        assert early.code == 4
        assert "failover settle" in early.err
        azure.mend()
        assert "settle-protected: done" in ok(station.run("settle", "--plan", PLAN, "--yes")).err
        ok(station.run("back", "--plan", PLAN, "--yes"))
        assert jobs(azure)["UnplannedFailover"] == 2 * DESKTOPS
        assert azure.ask("/_sim/audit")["violations"] == []
