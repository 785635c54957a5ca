"""What the command line says of a runbook with an operation of another package."""

import json
from pathlib import Path

import pytest

from avd_failover.cli.main import run

ROOT = Path(__file__).parents[2]
MODULE = """
from avd_failover.domain.graph import OperationSpec
from avd_failover.operations.base import Base

class Mail(Base):
    spec = OperationSpec(name="acme.mail", summary="Mail.")
"""


@pytest.fixture
def foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A runbook that uses an operation of an installed package."""
    info = tmp_path / "acme_cli-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-cli\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[avd_failover.operations]\nacme.mail = acme_cli:Mail\n")
    (tmp_path / "acme_cli.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    shipped = (ROOT / "runbooks" / "pooled-failover.yaml").read_text()
    path = tmp_path / "mine.yaml"
    path.write_text(shipped + "\n  - {id: mail, uses: acme.mail, needs: [closing-reconcile]}\n")
    return str(path)


def test_validate_and_graph_know_it(foreign: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["validate", foreign]) == 0
    capsys.readouterr()
    assert run(["graph", foreign, "--output", "json"]) == 0
    steps = json.loads(capsys.readouterr().out)["steps"]
    assert steps[-1]["provided_by"] == "acme-cli 1.0"


def test_permissions_do_not_guess_what_it_reads(foreign: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = str(ROOT / "plans" / "pooled-eu.yaml")
    assert run(["permissions", "--plan", plan, "--runbook", foreign]) == 2
    assert (
        "what acme.mail of acme-cli 1.0 asks Azure is not known here (step mail)" in capsys.readouterr().err
    )
