"""Every recorded exchange of an operation that is served here is compared, and is alike in form."""

from copy import deepcopy

import pytest

from tests.contract import recordings
from tests.contract.recordings import (
    CASES,
    EXCUSED,
    FOLDER,
    INCOMPARABLE,
    NO_RECORDINGS,
    all_differences,
    compared,
    differences,
    is_served,
    names,
    recorded,
)

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=NO_RECORDINGS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.file}-{case.number}")
def test_an_answer_is_alike_in_form(case):
    assert differences(case) == []


def test_what_is_served_is_compared_and_nothing_else_is():
    """When this fails: a new route answers what was recorded, so add a ``Case`` for it."""
    known = compared() | INCOMPARABLE.keys()
    served = {key for key in recorded() if is_served(key)}
    assert (served - known, known - served) == (set(), set())
    assert not compared() & INCOMPARABLE.keys()


def test_no_excuse_is_left_over():
    met = [name for case in CASES for told in all_differences(case) for name in names(case, told)]
    assert [excuse for excuse in EXCUSED if not any(name.startswith(excuse) for name in met)] == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda answer: answer.update(status=202), "status 200 for 202"),
        (lambda answer: answer["headers"].update({"x-ms-new": "1"}), "no header x-ms-new"),
        (lambda answer: answer["body"].update(novelty=1), "no novelty"),
        (lambda answer: answer["body"].update(location=["x"]), "location: ['str'] for ['list']"),
        (lambda answer: answer.update(body=None), "a body of dict for NoneType"),
        (lambda answer: answer.update(body={"error": {"code": "Gone"}}), "code None for Gone"),
    ],
)
def test_the_comparison_can_fail(monkeypatch, change, words):
    exchanges = dict(deepcopy(recorded()))
    change(exchanges["compute-vm", 1]["response"])
    monkeypatch.setattr(recordings, "recorded", lambda: exchanges)
    case = next(case for case in CASES if case.key == ("compute-vm", 1))
    assert words in differences(case)
