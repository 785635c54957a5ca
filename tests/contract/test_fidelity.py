"""The walk meets no unknown departure, no listed one is stale, and ``docs/fidelity.md`` says so."""

import asyncio
from functools import cache

import pytest

from tests.contract.documents import NO_SPECS, SPECS
from tests.contract.fidelity import BEGIN, DOC, END, azure_routes, main, measured, updated
from tests.contract.recordings import FOLDER, NO_RECORDINGS
from tests.contract.spec import known_deviations
from tests.contract.tour import walk

pytestmark = [
    pytest.mark.skipif(not SPECS.is_dir(), reason=NO_SPECS),
    pytest.mark.skipif(not FOLDER.is_dir(), reason=NO_RECORDINGS),
]


@cache
def walked():
    return asyncio.run(walk())


def test_every_departure_from_the_documents_has_a_reason():
    """When this fails: mend the answer, or list it in ``deviations.yaml`` with Azure's reason."""
    assert walked().news(known_deviations()) == []


def test_every_listed_departure_still_happens():
    """When this fails: the answer obeys its document now, so take the entry out of ``deviations.yaml``."""
    assert [key for key in known_deviations() if key not in walked().findings] == []


def test_the_walk_goes_over_everything_that_is_served():
    """When this fails: a route is new, so add a ``Step`` for it to ``tour.py``."""
    served = {f"{route.method} {route.template}" for route in azure_routes()}
    assert (served - walked().routes.keys(), walked().routes.keys() - served) == (set(), set())


def test_the_document_says_what_is_measured():
    """When this fails: ``make fidelity``."""
    doc = DOC.read_text()
    assert updated(doc, measured(walked())) == doc


def test_the_walk_is_the_same_every_time():
    assert measured(asyncio.run(walk())) == measured(walked())


@pytest.mark.parametrize("doc", ["", BEGIN, END, f"{END}{BEGIN}"])
def test_a_document_without_its_marks_is_not_overwritten(doc):
    with pytest.raises(ValueError, match="marks"):
        updated(doc, "new")


def test_the_command_writes_the_measured_part_and_keeps_the_rest(tmp_path, monkeypatch):
    doc = tmp_path / "fidelity.md"
    doc.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    monkeypatch.setattr("tests.contract.fidelity.DOC", doc)
    assert main() == 0
    assert doc.read_text() == f"before\n{measured(walked())}\nafter\n"


def test_the_command_says_what_it_lacks(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("tests.contract.fidelity.SPECS", tmp_path / "none")
    assert main() == 1
    assert "cannot be measured here" in capsys.readouterr().err
