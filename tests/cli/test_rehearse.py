"""``failover rehearse`` as it is typed: what it prints, how it ends, what it refuses."""

import json
from pathlib import Path

import pytest

from avd_failover.cli import rehearsing
from avd_failover.cli.main import run
from avd_failover.journal.store import Damage, DamagedJournalError

ROOT = Path(__file__).parents[2]
SMALL = (ROOT / "scenarios" / "small.yaml").read_text(encoding="utf-8")


@pytest.fixture(autouse=True)
def _at_the_root(monkeypatch):
    monkeypatch.chdir(ROOT)


def typed(capsys, *words: str) -> tuple[int, str, str]:
    code = run(["rehearse", *words])
    told = capsys.readouterr()
    return code, told.out, told.err


def expecting(folder: Path, *lines: str, named: str = "mine") -> str:
    """The small scenario with other expectations, as a file."""
    text = SMALL[: SMALL.index("expect:")].replace("scenario: small", f"scenario: {named}")
    path = folder / f"{named}.yaml"
    path.write_text(text + "expect:\n" + "".join(f"  - {line}\n" for line in lines), encoding="utf-8")
    return str(path)


def test_a_sound_rehearsal_ends_with_0_and_says_simulated_on_every_line(capsys):
    code, out, err = typed(capsys, "--plan", "small", "--scenario", "small")
    assert (code, err) == (0, "")
    assert out.startswith("SIMULATED SOUND: 1 run of small against small\n")
    assert all(line.startswith("SIMULATED ") for line in out.splitlines())


def test_the_scenario_names_its_plan(capsys):
    assert typed(capsys, "--scenario", "small")[0] == 0


def test_json_is_one_document_with_the_documented_fields(capsys):
    code, out, _ = typed(capsys, "--scenario", "small", "--runs", "3", "--seed", "11", "--output", "json")
    data = json.loads(out)
    assert code == 0
    assert {
        "scenario",
        "plan",
        "runs",
        "violations",
        "expectations",
        "recovery_s",
        "access_gap_s",
        "phases",
        "seeds",
        "outcomes",
    } <= set(data)
    assert (data["runs"], data["seeds"], data["outcomes"]) == (3, [11, 12, 13], {"completed": 3})
    assert data["recovery_s"]["median"] <= data["recovery_s"]["p95"] <= data["recovery_s"]["worst"]
    assert 0 < data["access_gap_s"]["worst"] < data["recovery_s"]["median"]
    assert all(one["met"] for one in data["expectations"])
    assert [row["step"] for row in data["phases"]][:2] == ["readiness", "raise-target-floor"]


def test_the_same_seed_says_the_same_twice(capsys):
    words = ("--scenario", "small", "--seed", "5", "--runs", "2", "--output", "json")
    assert typed(capsys, *words) == typed(capsys, *words)


def test_without_a_seed_the_scenarios_own_is_used(capsys):
    _, out, _ = typed(capsys, "--scenario", "small", "--output", "json")
    assert json.loads(out)["seeds"] == [20260401]


def test_a_missed_expectation_ends_with_1_and_the_command_that_shows_it(capsys, tmp_path):
    path = expecting(tmp_path, "{ ends: held }", "{ recovery_within: 1s }")
    code, out, err = typed(capsys, "--scenario", path, "--seed", "9")
    assert code == 1
    assert "SIMULATED NOT SOUND" in out
    assert "MISSED      ends held; found completed: every step ended (seed 9)" in out
    assert err.startswith(f"Next: failover rehearse --scenario {path} --seed 9")


def test_a_violation_alone_ends_with_1(capsys, tmp_path, monkeypatch):
    found = {"invariant": "S1", "at_s": 3.0, "subject": "user-1", "detail": "can start on both"}
    monkeypatch.setattr(rehearsing, "audit", lambda world: {"violations": [found]})
    code, out, _ = typed(capsys, "--scenario", expecting(tmp_path, "{ ends: completed }"))
    assert code == 1
    assert "S1 seed 20260401, 3 s in: user-1 can start on both" in out


def test_a_damaged_journal_is_a_missed_expectation(capsys, tmp_path, monkeypatch):
    def damaged(store):
        raise DamagedJournalError(7, Damage.BROKEN_CHAIN, "does not carry the hash")

    monkeypatch.setattr(rehearsing, "replay", damaged)
    code, out, _ = typed(capsys, "--scenario", expecting(tmp_path, "{ proves: journal-verifies }"))
    assert code == 1
    assert "does not carry the hash" in out


def test_a_rerun_that_is_not_done_already_is_told(capsys, tmp_path):
    """After a refused run the second one is refused as well: nothing sent, and nothing done either."""
    scenario = expecting(tmp_path, "{ proves: rerun-sends-nothing }")
    plan = (ROOT / "plans" / "small.yaml").read_text(encoding="utf-8").replace("seats: 4", "seats: 400")
    big = tmp_path / "big.yaml"
    big.write_text(plan, encoding="utf-8")
    code, out, _ = typed(capsys, "--scenario", scenario, "--plan", str(big))
    assert code == 1
    assert "MISSED      proves rerun-sends-nothing; found refused after 0 requests" in out


@pytest.mark.parametrize(
    ("words", "says", "next_step"),
    [
        (("--scenario", "smal"), "did you mean 'small'?", "failover validate"),
        (("--scenario", "small", "--plan", "smal"), "did you mean 'small'?", "failover validate"),
        (("--scenario", "small", "--runs", "0"), "not in the range", ""),
        (("--scenario", "small", "--seed", "-1"), "not in the range", ""),
        ((), "--scenario", ""),
    ],
)
def test_bad_input_ends_with_2_and_changes_nothing(capsys, words, says, next_step):
    code, out, err = typed(capsys, *words)
    assert (code, out) == (2, "")
    assert says in err
    assert next_step in err


def test_a_scenario_with_faults_is_told_with_file_and_line(capsys, tmp_path):
    path = expecting(tmp_path, "{ ends: stopped }")
    code, out, err = typed(capsys, "--scenario", path)
    line = Path(path).read_text(encoding="utf-8").splitlines().index("  - { ends: stopped }") + 1
    assert (code, out) == (2, "")
    assert f"{path}:{line}:" in err
    assert f"Next: failover validate {path}" in err


def test_a_scenario_without_a_plan_wants_one_named(capsys, tmp_path):
    path = Path(expecting(tmp_path, "{ ends: completed }"))
    path.write_text(path.read_text(encoding="utf-8").replace("plan: small\n", ""), encoding="utf-8")
    code, _, err = typed(capsys, "--scenario", str(path))
    assert code == 2
    assert "names no plan" in err
    assert f"failover rehearse --scenario {path} --plan NAME" in err
    assert typed(capsys, "--scenario", str(path), "--plan", "small")[0] == 0


def test_nothing_is_written_anywhere(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("AVD_FAILOVER_HOME", str(tmp_path / "home"))
    assert typed(capsys, "--scenario", "small")[0] == 0
    assert not (tmp_path / "home").exists()


def test_help_is_listed_and_says_what_ends_with_1(capsys):
    assert run(["--help"]) == 0
    assert "rehearse" in capsys.readouterr().out
    assert run(["rehearse", "--help"]) == 0
    assert "Exit code 1" in capsys.readouterr().out
