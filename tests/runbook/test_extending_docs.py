"""Every step in docs/extending.md loads as it stands, and every setting it could have is told there."""

import re

import pytest

from avd_failover.domain.filling import NAMES
from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.runbook_file import load_runbook
from tests.runbook.builders import ROOT, written

TEXT = (ROOT / "docs" / "extending.md").read_text()
STEPS = [
    block.lstrip("\n")
    for block in re.findall(r"(?:^    .*\n|^\n(?=    ))+", TEXT, re.MULTILINE)
    if block.lstrip().startswith("- id:")
]


def test_the_steps_are_found() -> None:
    assert len(STEPS) == 7


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.split("\n", 1)[0].split()[-1])
def test_a_step_of_the_docs_loads_as_it_stands(tmp_path, step: str) -> None:
    alone = "".join(line for line in step.splitlines(keepends=True) if "needs:" not in line)
    path = written(tmp_path, f"runbook: docs\npool: pooled\nsteps:\n{alone}")
    (loaded,) = load_runbook(path, CATALOGUE).graph.steps
    assert loaded.uses in {"command", "webhook", "gate"}
    assert loaded.settings


@pytest.mark.parametrize("uses", ["command", "webhook", "gate"])
def test_every_setting_is_told(uses: str) -> None:
    section = TEXT.split(f"`uses: {uses}`", 1)[1].split("\n## ", 1)[0]
    for setting in CATALOGUE[uses].settings:
        assert f"`{setting}`" in section, setting


def test_every_name_is_told() -> None:
    assert {f"${{{name}}}" for name in NAMES} <= set(re.findall(r"`(\$\{[^`]+\})`", TEXT))
