"""``failover validate``, ``schema`` and ``graph``."""

import json
import re
from pathlib import Path

import jsonschema
import pytest

from avd_failover.cli.main import run
from avd_failover.runbook.find import Kind
from avd_failover.runbook.yaml_file import load

ROOT = Path(__file__).parents[2]
SHIPPED = (ROOT / "plans" / "pooled-eu.yaml").read_text()


@pytest.fixture
def failover(tmp_path, monkeypatch, capsys):
    """The command line in an empty directory; returns code, stdout, stderr."""
    for kind in Kind:
        monkeypatch.delenv(kind.variable, raising=False)
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def test_everything_that_ships_is_valid(failover):
    code, out, err = failover("validate")
    assert (code, err) == (0, "")
    shipped = [path for kind in Kind for path in (ROOT / kind.value).glob("*.yaml")]
    assert len(out.splitlines()) == len(shipped)
    assert all(line.startswith("ok  ") for line in out.splitlines())


def test_a_name_means_every_file_of_that_name(failover):
    code, out, _ = failover("validate", "pooled-eu")
    assert code == 0
    assert [line.split()[1] for line in out.splitlines()] == ["plan", "scenario"]


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("plans/pooled-eu", "plan"),
        ("runbooks/pooled-failover", "runbook"),
        ("scenarios/pooled-eu", "scenario"),
    ],
)
def test_the_kind_of_a_path_is_told_from_its_content(failover, file, kind):
    code, out, _ = failover("validate", str(ROOT / f"{file}.yaml"))
    assert code == 0
    assert out.split()[:2] == ["ok", kind]


def test_all_faults_of_all_files_are_printed_with_exit_code_2(failover, tmp_path):
    bad = SHIPPED.replace("seats: 60", "seats: 0").replace("rto: 1h", "rto: 60")
    (tmp_path / "plan.yaml").write_text(bad)
    (tmp_path / "runbook.yaml").write_text("runbook: r\npool: pooled\nsteps: [{id: a, uses: barier}]\n")
    (tmp_path / "scenario.yaml").write_text("scenario: s\nsed: 1\n")
    code, out, err = failover("validate", "plan.yaml", "runbook.yaml", "scenario.yaml")
    assert code == 2
    assert "plan.yaml:" in out
    assert "capacity.seats: 0 (a number); allowed: at least 1" in out
    assert "durations carry a unit: 60s or 60m?" in out
    assert "runbook.yaml:3:23 steps[0].uses: unknown operation 'barier'" in out
    assert "scenario.yaml:2:1 sed: unknown key 'sed'" in out
    assert err.splitlines()[-1] == "Next: failover schema plan"


def test_good_files_are_named_beside_bad_ones(failover, tmp_path):
    (tmp_path / "bad.yaml").write_text("plan: [\n")
    code, out, _ = failover("validate", "bad.yaml", "pooled-failover")
    assert code == 2
    assert out.splitlines()[-1].startswith("ok  runbook   pooled-failover")


def test_json_holds_every_part_of_every_fault(failover, tmp_path):
    (tmp_path / "plan.yaml").write_text(SHIPPED.replace("seats: 60", "seets: 60"))
    code, out, _ = failover("validate", "--output", "json", "plan.yaml", "pooled-failover")
    said = json.loads(out)
    assert (code, said["valid"]) == (2, False)
    plan, runbook = said["files"]
    assert (runbook["kind"], runbook["name"], runbook["valid"], runbook["faults"]) == (
        "runbook",
        "pooled-failover",
        True,
        [],
    )
    assert (plan["file"], plan["kind"], plan["valid"]) == ("plan.yaml", "plan", False)
    unknown = next(fault for fault in plan["faults"] if fault["path"] == "capacity.seets")
    assert set(unknown) == {"file", "line", "column", "path", "found", "allowed", "hint"}
    assert unknown["hint"] == "did you mean 'seats'?"


REFUSED = [
    (["validate", "poled-eu"], "no plan, runbook or scenario 'poled-eu'; did you mean 'pooled-eu'?"),
    (["validate", "./none.yaml"], "no file './none.yaml'"),
    (["graph", "pooled-failver"], "no runbook 'pooled-failver'; did you mean 'pooled-failover'?"),
    (["schema", "plans"], "'plans' is not one of 'plan', 'runbook', 'scenario'"),
]


@pytest.mark.parametrize(("arguments", "says"), REFUSED)
def test_what_does_not_exist_is_bad_usage_and_names_the_nearest(failover, arguments, says):
    code, out, err = failover(*arguments)
    assert (code, out) == (2, "")
    assert says in err


MISFITS = [
    ("runbook: pooled-failver", "runbook: pooled-failover", "did you mean 'pooled-failover'?"),
    (
        "runbook: personal-failover",
        "runbook: pooled-failover",
        "the runbook 'personal-failover' is for personal pools; allowed: one for pooled",
    ),
    (
        "pool: personal",
        "pool: pooled",
        "the key 'desktops' is missing",
    ),
]


@pytest.mark.parametrize(("new", "old", "says"), MISFITS)
def test_a_plan_must_fit_the_runbook_that_it_names(failover, tmp_path, new, old, says):
    (tmp_path / "plan.yaml").write_text(SHIPPED.replace(old, new))
    code, out, _ = failover("validate", "plan.yaml")
    assert code == 2
    assert says in out


def test_a_file_of_no_known_kind_is_said_to_be_none(failover, tmp_path):
    (tmp_path / "x.yaml").write_text("a: 1\n")
    (tmp_path / "y.yaml").write_text("- a\n")
    code, out, _ = failover("validate", "x.yaml", "y.yaml")
    assert code == 2
    assert out.count("neither a plan, a runbook nor a scenario") == 2


def test_a_file_cannot_write_to_the_terminal(failover, tmp_path):
    (tmp_path / "x.yaml").write_text('plan: "\\e[2J"\n')
    code, out, err = failover("validate", "x.yaml")
    assert code == 2
    assert "\x1b" not in out + err


@pytest.mark.parametrize("kind", list(Kind), ids=lambda kind: kind.word)
def test_the_schema_is_valid_and_accepts_what_ships(failover, kind):
    code, out, _ = failover("schema", kind.word)
    schema = json.loads(out)
    assert (code, schema["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in (ROOT / kind.value).glob("*.yaml"):
        jsonschema.validate(load(path).data, schema, cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize("kind", ["plan", "runbook", "scenario"])
def test_every_key_of_a_schema_has_help_for_an_editor(failover, kind):
    schema = json.loads(failover("schema", kind)[1])
    missing = [
        f"{name}.{key}"
        for name, part in {**schema["$defs"], kind: schema}.items()
        for key, value in part.get("properties", {}).items()
        if "description" not in value and "$ref" not in value
    ]
    assert missing == []
    assert all("description" in part for part in schema["$defs"].values())


def test_the_schema_of_runbooks_names_the_operations(failover):
    schema = json.loads(failover("schema", "runbook")[1])
    known, foreign = schema["$defs"]["StepEntry"]["properties"]["uses"]["anyOf"]
    assert "assignments.revoke" in known["enum"]
    assert re.fullmatch(foreign["pattern"], "acme.mail")


@pytest.mark.parametrize(
    ("step", "sound"),
    [
        ({"id": "a", "uses": "command", "with": {"argv": ["/bin/true"], "idempotent": True}}, True),
        ({"id": "a", "uses": "command", "with": {"argv": ["/bin/true"]}}, False),
        ({"id": "a", "uses": "command"}, False),
        ({"id": "a", "uses": "command", "with": {"argv": "/bin/true", "idempotent": True}}, False),
        ({"id": "a", "uses": "command", "with": {"argv": ["/x"], "idempotent": True, "cwd": "/"}}, False),
        ({"id": "a", "uses": "gate", "with": {"instruction": "Look.", "approvals": 2}}, True),
        ({"id": "a", "uses": "gate", "with": {"instruction": "Look.", "approvals": 3}}, False),
        ({"id": "a", "uses": "gate", "with": {"instruction": "Look.", "expires": "2h30m"}}, True),
        ({"id": "a", "uses": "gate", "with": {"instruction": "Look.", "expires": 5}}, False),
        ({"id": "a", "uses": "barrier", "with": {"x": 1}}, False),
        ({"id": "a", "uses": "acme.mail", "with": {"to": "ops"}}, True),
        ({"id": "a", "uses": "nothing"}, False),
    ],
)
def test_the_schema_knows_the_settings_of_each_operation(failover, step, sound):
    schema = json.loads(failover("schema", "runbook")[1])
    runbook = {"runbook": "r", "pool": "pooled", "steps": [step]}
    assert jsonschema.Draft202012Validator(schema).is_valid(runbook) is sound


def test_a_graph_is_drawn_as_text_by_default(failover):
    code, out, err = failover("graph", "pooled-failover")
    assert (code, err) == (0, "")
    assert out.startswith("pooled-failover: Move every user")
    assert "  1  readiness " in out


def test_a_graph_is_drawn_as_mermaid_on_request(failover):
    code, out, _ = failover("graph", str(ROOT / "runbooks" / "pooled-failover.yaml"), "--format", "mermaid")
    assert code == 0
    assert out.startswith("flowchart TD\n")
    assert "assignments.grant (target)" in out


def test_a_graph_as_json_has_ranks_steps_and_the_digest(failover):
    said = json.loads(failover("graph", "pooled-failover", "--output", "json")[1])
    assert said["ranks"][0] == ["readiness"]
    assert said["ranks"][-1] == ["closing-reconcile"]
    assert next(step["id"] for step in said["steps"]) == "readiness"
    assert len(said["sha256"]) == 64


def test_a_graph_of_a_broken_runbook_tells_its_faults(failover, tmp_path):
    (tmp_path / "r.yaml").write_text(
        "runbook: r\npool: pooled\nsteps: [{id: a, uses: barrier, needs: [a]}]\n"
    )
    code, out, err = failover("graph", "r.yaml")
    assert (code, out) == (2, "")
    assert "in a circle: a needs a" in err
