"""A file against a model: all faults at once, each with place, what is allowed and what was meant."""

from enum import Enum
from typing import Annotated, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from avd_failover.runbook.durations import Duration
from avd_failover.runbook.faults import FAULTS_SHOWN, Fault, FileFaults, described, nearest, printable
from avd_failover.runbook.yaml_file import FileModel, Findings, fit, load, load_model, refused
from tests.runbook.builders import written


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Circle(FileModel):
    kind: Literal["circle"]
    radius: int


class Square(FileModel):
    kind: Literal["square"]
    edge: int


class Inner(FileModel):
    size: Annotated[int, Field(ge=1, le=9)] = 1
    shapes: tuple[Annotated[Circle | Square, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _even_shapes(self):
        if len(self.shapes) == 3:
            raise ValueError("three shapes are a crowd")
        return self


class Outer(FileModel):
    name: Annotated[str, Field(pattern="^[a-z]+$")]
    colour: Colour = Colour.RED
    wait: Duration = 5.0
    ratio: float = 0.5
    loud: bool = False
    either: int | str | None = None
    counts: dict[Annotated[str, Field(max_length=3)], int] = {}  # noqa: RUF012
    words: Annotated[list[str], Field(max_length=2)] = []  # noqa: RUF012
    inner: Inner = Inner()

    @field_validator("name")
    @classmethod
    def _not_forbidden(cls, value):
        if value == "nobody":
            raise refused("anybody", "did you mean 'somebody'?")
        return value


def faults_of(folder, text) -> tuple[Fault, ...]:
    with pytest.raises(FileFaults) as caught:
        load_model(written(folder, text), Outer)
    return caught.value.faults


def test_a_file_that_fits_becomes_a_model(tmp_path):
    text = "name: abc\ncolour: green\nwait: 1m\nratio: 1\ninner: {shapes: [{kind: circle, radius: 2}]}"
    model = load_model(written(tmp_path, text), Outer)
    assert (model.name, model.colour, model.wait, model.ratio) == ("abc", Colour.GREEN, 60.0, 1.0)
    assert model.inner.shapes == (Circle(kind="circle", radius=2),)


ONE_FAULT = [
    ("{}", "1:1: the key 'name' is missing"),
    ("[]", "1:1: a list of 0; allowed: a mapping"),
    ("abc", "1:1: 'abc'; allowed: a mapping"),
    ("name: 1", "1:7 name: 1 (a number); allowed: text; put it in quotes to make it text"),
    ("name: true", "1:7 name: true (a flag); allowed: text; put it in quotes to make it text"),
    ("name:", "1:6 name: nothing (null); allowed: text"),
    ("name: [a]", "1:7 name: a list of 1; allowed: text"),
    ("name: A", "1:7 name: 'A'; allowed: text of the form ^[a-z]+$"),
    ("name: nobody", "1:7 name: 'nobody'; allowed: anybody; did you mean 'somebody'?"),
    ("name: a\ncolour: gren", "2:9 colour: 'gren'; allowed: red, green; did you mean 'green'?"),
    ("name: a\ncolour: GREEN", "2:9 colour: 'GREEN'; allowed: red, green; did you mean 'green'?"),
    ("name: a\ncolour: 7", "2:9 colour: 7 (a number); allowed: red, green"),
    (
        "name: a\nwait: 5",
        (
            "2:7 wait: 5 (a number); allowed: a duration such as 5m, 90s, 2h or 1h30m;"
            " durations carry a unit: 5s or 5m?"
        ),
    ),
    ("name: a\nratio: x", "2:8 ratio: 'x'; allowed: a number"),
    ("name: a\nloud: yes", "2:7 loud: 'yes'; allowed: true or false"),
    ("name: a\nloud: 1", "2:7 loud: 1 (a number); allowed: true or false"),
    ("name: a\neither: [1]", "2:9 either: a list of 1; allowed: a whole number or text"),
    ("name: a\ncounts: {abcd: 1}", "2:10 counts.abcd: 'abcd'; allowed: at most 3 characters"),
    ("name: a\ncounts: {abc: x}", "2:15 counts.abc: 'x'; allowed: a whole number"),
    ("name: a\ncounts: {abc: 1.5}", "2:15 counts.abc: 1.5 (a number); allowed: a whole number"),
    ("name: a\nwords: [a, b, c]", "2:8 words: a list of 3; allowed: at most 2 entries"),
    (
        "name: a\nwords: [a, 2]",
        "2:12 words[1]: 2 (a number); allowed: text; put it in quotes to make it text",
    ),
    ("name: a\ninner: {size: 0}", "2:15 inner.size: 0 (a number); allowed: at least 1"),
    ("name: a\ninner: {size: 10}", "2:15 inner.size: 10 (a number); allowed: at most 9"),
    (
        "name: a\ninner: {sise: 1}",
        "2:9 inner.sise: unknown key 'sise'; allowed: size, shapes; did you mean 'size'?",
    ),
    (
        "name: a\ninner: {shapes: [{kind: cirle}]}",
        "2:25 inner.shapes[0].kind: 'cirle'; allowed: circle, square; did you mean 'circle'?",
    ),
    (
        "name: a\ninner: {shapes: [{radius: 1}]}",
        "2:18 inner.shapes[0]: the key 'kind' is missing; allowed: circle, square",
    ),
    (
        "name: a\ninner: {shapes: [{kind: circle, radius: 1, edge: 2}]}",
        "2:44 inner.shapes[0].edge: unknown key 'edge'; allowed: kind, radius",
    ),
    ("name: a\ninner: {shapes: [{kind: square}]}", "2:18 inner.shapes[0]: the key 'edge' is missing"),
    (
        "name: a\ninner:\n  shapes:\n" + "    - {kind: circle, radius: 1}\n" * 3,
        "3:3 inner: three shapes are a crowd",
    ),
]


@pytest.mark.parametrize(("text", "says"), ONE_FAULT)
def test_a_fault_names_place_path_what_was_found_and_what_is_allowed(tmp_path, text, says):
    (fault,) = faults_of(tmp_path, text)
    assert str(fault) == f"{tmp_path / 'file.yaml'}:{says}"


def test_all_faults_of_a_file_come_at_once_in_its_order(tmp_path):
    faults = faults_of(tmp_path, "colour: gren\nwait: 5\nnmae: x\ninner: {size: 0, sise: 1}\n")
    assert [fault.path for fault in faults] == ["", "colour", "wait", "nmae", "inner.size", "inner.sise"]
    assert [fault.line for fault in faults] == [1, 1, 2, 3, 4, 4]


def test_a_fault_keeps_its_parts_for_machines(tmp_path):
    (fault,) = faults_of(tmp_path, "name: a\ncolour: gren")
    assert fault == Fault(
        file=str(tmp_path / "file.yaml"),
        line=2,
        column=9,
        path="colour",
        found="'gren'",
        allowed="red, green",
        hint="did you mean 'green'?",
    )


def test_with_unknown_keys_alone_a_caller_may_go_on_to_look_for_more(tmp_path):
    findings = Findings(load(written(tmp_path, "name: a\nnmae: b")))
    assert fit(findings, Outer) == Outer(name="a")
    assert len(findings.faults) == 1


def test_with_other_faults_there_is_nothing_to_go_on_with(tmp_path):
    findings = Findings(load(written(tmp_path, "name: 1\nnmae: b")))
    assert fit(findings, Outer) is None
    assert len(findings.faults) == 2


def test_text_from_a_file_cannot_steer_a_terminal(tmp_path):
    assert printable("a\x1b[2J\nb\u202ec") == "a\\x1b[2J\\nb\\u202ec"
    assert printable("x" * 500) == "x" * 200 + "... (500 characters)"
    (fault,) = faults_of(tmp_path, f"name: {'A' * 5000}")
    assert len(str(fault)) < 500
    assert "(5000 characters)" in str(fault)


def test_many_faults_are_all_kept_and_the_first_are_shown(tmp_path):
    faults = faults_of(tmp_path, "name: a\ncounts:\n" + "".join(f"  k{n}: x\n" for n in range(60)))
    assert len(faults) == 60
    assert str(FileFaults(faults)).endswith(f"... and {60 - FAULTS_SHOWN} more")


def test_a_fault_of_the_whole_file_has_no_line():
    fault = Fault(file="a\n.yaml", line=0, column=0, path="", found="is a folder", allowed="a regular file")
    assert str(fault) == "a\\n.yaml: is a folder; allowed: a regular file"


@pytest.mark.parametrize(
    ("word", "known", "says"),
    [
        ("neds", ["needs", "id"], "did you mean 'needs'?"),
        ("NEEDS", ["needs", "id"], "did you mean 'needs'?"),
        ("zebra", ["needs", "id"], ""),
        ("x", [], ""),
        ("a" * 100_000, ["aaa"], ""),
    ],
)
def test_the_nearest_known_word_is_named_when_one_is_near(word, known, says):
    assert nearest(word, known) == says


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "nothing (null)"),
        (True, "true (a flag)"),
        (7, "7 (a number)"),
        ({}, "a mapping"),
        ([1], "a list of 1"),
    ],
)
def test_values_are_described_as_people_would(value, says):
    assert described(value) == says
