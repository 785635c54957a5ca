"""The drawings in docs/runbooks.md are those of the shipped runbooks, every one of them, step by step."""

import re

import pytest

from avd_failover.operations.registry import CATALOGUE
from avd_failover.runbook.runbook_file import load_runbook
from tests.runbook.graphs import DOC, ORDER, ROOT, document, main

SHIPPED = sorted((ROOT / "runbooks").glob("*.yaml"))
PAGE = DOC.read_text()


def test_the_page_is_current() -> None:
    assert document() == PAGE, "run: python -m tests.runbook.graphs"


def test_every_shipped_runbook_has_its_place_in_the_order() -> None:
    assert {path.stem for path in SHIPPED} == set(ORDER)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_each_step_is_drawn_and_told_and_each_need_is_an_arrow(path) -> None:
    section = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    (own,) = [part for part in section if part.startswith(f"{path.stem}\n")]
    steps = load_runbook(path, CATALOGUE).graph.steps
    assert own.count(" --> ") == sum(len(step.needs) for step in steps)
    for step in steps:
        assert f'["{step.id}<br/>{step.uses}' in own
        assert f"\n| `{step.id}` | " in own


def test_the_module_writes_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr("tests.runbook.graphs.DOC", tmp_path / "runbooks.md")
    main()
    assert (tmp_path / "runbooks.md").read_text() == document()
