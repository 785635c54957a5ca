"""Strict YAML: what is understood, what is refused, and where."""

import os
import socket
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from avd_failover.runbook import yaml_nodes
from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.yaml_file import load
from tests.runbook.builders import written


def faults_in(folder: Path, text: str | bytes) -> list[str]:
    """Faults without the file's name, as ``line:column path: ...``."""
    path = written(folder, text)
    with pytest.raises(FileFaults) as caught:
        load(path)
    return [str(fault).removeprefix(f"{path}:") for fault in caught.value.faults]


@pytest.fixture(params=["CSafeLoader", "SafeLoader"])
def parser(request, monkeypatch):
    """Both parsers of PyYAML must agree, whichever a wheel has."""
    monkeypatch.setattr(yaml, "CSafeLoader", getattr(yaml, request.param))
    return request.param


SCALARS = [
    ("true", True),
    ("false", False),
    ("null", None),
    ("", None),
    ("0", 0),
    ("-12", -12),
    ("999999999999999999", 999999999999999999),
    ("1.50", 1.5),
    ("-0.25", -0.25),
    ("'12'", "12"),
    ('"true"', "true"),
    ("''", ""),
]
STAY_TEXT = [
    *("NO", "no", "on", "off", "Yes", "y", "True", "TRUE", "~", "Null"),
    *("1e3", "1.5e3", ".5", "5.", "+1", "1_000", "0o17", "017", "0x1f", "0b11", "190:20:30", "12:30"),
    *(".inf", "-.inf", ".nan", "NaN", "2026-01-01", "2026-01-01T00:00:00Z", "=", "9" * 19),
    *(
        "{{ x }}"[1:4],
        "${HOME}",
        "%s",
        "{0.__class__}",
        "; rm -rf /",
        "-v",
        "file:///etc/passwd",
        "../x",
        "CON",
    ),
]


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars_mean_what_json_says(tmp_path, parser, text, value):
    data = load(written(tmp_path, f"key: {text}\n")).data
    assert data == {"key": value}
    assert type(data["key"]) is type(value)


@pytest.mark.parametrize("text", [text for text in STAY_TEXT if text[0] not in "{%"])
def test_whatever_else_stays_text(tmp_path, parser, text):
    assert load(written(tmp_path, f"key: {text}\n")).data == {"key": text}


@pytest.mark.parametrize("text", ["{{ x }}", "%s", "{0.__class__}", "@file", "`id`", "!x", "&a", "*a"])
def test_nothing_in_quotes_is_ever_expanded(tmp_path, parser, text):
    assert load(written(tmp_path, f"key: '{text}'\n")).data == {"key": text}


HOSTILE = [
    ("a: !!python/object/apply:os.system [id]", ["1:4 a: an explicit tag, tag:yaml.org,2002:python"]),
    ("a: !!str 1", ["1:4 a: an explicit tag"]),
    ("a: ! x", ["1:4 a: an explicit tag"]),
    ("a: !local {b: 1}", ["1:4 a: an explicit tag, !local"]),
    ("a: &x 1", ["1:4 a: an anchor, &x"]),
    ("a: &x [1]\nb: [*x, *x]", ["1:4 a: an anchor", "2:5 b[0]: an alias, *x", "2:9 b[1]: an alias, *x"]),
    ("a:\n  <<: {b: 1}", ["2:3 a: a merge key"]),
    ("a: 1\nb: 2\na: 3", ["3:1 a: the key 'a' stands here again; it stands in line 1 already"]),
    ("a: 1\n'a': 3", ["2:1 a: the key 'a' stands here again"]),
    ("1: x", ["1:1: the key 1 is no text"]),
    ("null: x", ["1:1: the key null is no text"]),
    ("true: x", ["1:1: the key true is no text"]),
    ("? [a]\n: b", ["1:3: a key that is no text"]),
    ("? {a: b}\n: b", ["1:3: a key that is no text"]),
    ("a: 1\n---\nb: 2", ["2:1: a second document begins here"]),
    ("%YAML 1.2\n---\na: 1", ["1:1: a YAML directive"]),
    ("%TAG ! tag:x,2000:\n---\na: 1", ["1:1: a YAML directive"]),
    ("", ["1:1: the file is empty"]),
    ("# only a comment\n", ["1:1: the file is empty"]),
    ("a:\n\tb: 1", ["2:1 a: this is no YAML"]),
    ('a: "\\u202e"', ["1:4 a: invisible or direction-changing character U+202E"]),
    ('a: "\\0"', ["1:4 a: control character U+0000"]),
    ('a: "\\e[2J"', ["1:4 a: control character U+001B"]),
    ('"a\\u200b": 1', ["1:1: invisible or direction-changing character U+200B"]),
]


@pytest.mark.parametrize(("text", "starts"), HOSTILE)
def test_cleverness_and_broken_files_are_refused_with_their_place(tmp_path, parser, text, starts):
    faults = faults_in(tmp_path, text)
    assert len(faults) == len(starts)
    for fault, start in zip(faults, starts, strict=True):
        assert fault.startswith(start)


@pytest.mark.parametrize("text", ["a: [1, 2", "a: 'open", "a: b: c", "a: }", "- a\nb: c", "a: @x", '"\\x"'])
def test_what_is_no_yaml_is_said_to_be_none(tmp_path, parser, text):
    (fault,) = faults_in(tmp_path, text)
    assert "this is no YAML: " in fault


def test_a_tab_is_named_where_it_indents(tmp_path, parser):
    (fault,) = faults_in(tmp_path, "a:\n\tb: 1")
    assert fault.endswith("; indent with spaces, not with tabs")


RAW = [
    (b"a: 1\nb: \x00", "2:4: control character U+0000"),
    (b"a: \x1b[2J", "1:4: control character U+001B"),
    ("a: x\u202ey".encode(), "1:5: invisible or direction-changing character U+202E"),
    ("a\u2066: 1".encode(), "1:2: invisible or direction-changing character U+2066"),
    ("a: \u2028".encode(), "1:4: invisible or direction-changing character U+2028"),
    ("a: \u0085".encode(), "1:4: control character U+0085"),
    (b"a: 1\rb: 2", "1:5: control character U+000D"),
    ("\ufeffa: 1".encode(), "1:1: the file begins with a byte order mark"),
    ("a: \ufeff".encode(), "1:4: invisible or direction-changing character U+FEFF"),
    ("a: 1".encode("utf-16"), "1:1: the file is UTF-16"),
    ("a: 1".encode("utf-16-be"), "1:1: control character U+0000"),
    (b"a: 1\nb: \xff", "2:4: bytes that are not UTF-8"),
]


@pytest.mark.parametrize(("content", "start"), RAW)
def test_what_is_no_plain_text_is_refused_with_its_place(tmp_path, content, start):
    assert faults_in(tmp_path, content)[0].startswith(start)


def test_words_of_other_scripts_and_windows_line_ends_are_welcome(tmp_path, parser):
    text = "a: \u0645\u06cc\u200c\u062e\r\nb: Größe 東京 👩\u200d🔧\r\n"
    assert load(written(tmp_path, text)).data == {
        "a": "\u0645\u06cc\u200c\u062e",
        "b": "Größe 東京 👩\u200d🔧",
    }


def test_a_million_control_characters_are_reported_up_to_a_bound(tmp_path):
    assert len(faults_in(tmp_path, b"\x01" * 1_000_000)) == 100


def test_depth_is_bounded_long_before_the_stack_is(tmp_path, parser):
    deep = "[" * 49 + "x" + "]" * 49
    assert load(written(tmp_path, f"a: {deep}")).data
    assert "more than 50 levels deep" in faults_in(tmp_path, f"a: [{deep}]")[0]
    assert "more than 50 levels deep" in faults_in(tmp_path, "[" * 100_000)[0]
    assert "more than 50 levels deep" in faults_in(tmp_path, "- " * 1000 + "x")[0]


def test_values_are_counted_and_bounded(tmp_path):
    fits = "a: [" + "1," * (yaml_nodes.MOST_NODES - 3) + "]"
    data = load(written(tmp_path, fits)).data
    assert isinstance(data, dict)
    assert data == {"a": [1] * (yaml_nodes.MOST_NODES - 3)}
    assert "more than 20000 values" in faults_in(tmp_path, "a: [" + "1," * yaml_nodes.MOST_NODES + "]")[0]


def test_a_bomb_of_aliases_never_goes_off(tmp_path, parser):
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    faults = faults_in(tmp_path, "\n".join(lines))
    assert len(faults) == yaml_nodes.MOST_FAULTS


def test_size_is_bounded(tmp_path):
    assert load(written(tmp_path, "a: 1\n#" + "x" * ((1 << 20) - 6))).data == {"a": 1}
    with pytest.raises(FileFaults, match="larger than 1 MiB"):
        load(written(tmp_path, "a: 1\n#" + "x" * ((1 << 20) - 5)))


def _link(folder: Path) -> Path:
    (folder / "link.yaml").symlink_to(written(folder, "a: 1"))
    return folder / "link.yaml"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def _socket(folder: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "s"))
    return folder / "s"


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (_link, "is a symbolic link"),
        (_pipe, "is a pipe"),
        (_socket, "is a socket"),
        (lambda folder: folder, "is a folder"),
        (lambda _: Path("/dev/zero"), "is a device"),
        (lambda folder: folder / "none.yaml", "cannot be read: No such file"),
        (lambda folder: folder / "a\0b", "is not a path"),
    ],
)
def test_what_is_no_regular_file_is_refused_without_reading_it(tmp_path, made, says):
    with pytest.raises(FileFaults, match=says):
        load(made(tmp_path))


def test_every_key_and_value_knows_its_place(tmp_path, parser):
    document = load(written(tmp_path, "a: 1\nsteps:\n  - id: x\n    needs: [y, 'z']\n"))
    assert document.place(("a",)) == (1, 4)
    assert document.key_place(("steps",)) == (2, 1)
    assert document.place(("steps", 0)) == (3, 5)
    assert document.key_place(("steps", 0, "needs")) == (4, 5)
    assert document.place(("steps", 0, "needs", 1)) == (4, 16)


def test_what_is_missing_has_the_place_of_what_it_is_missing_from(tmp_path):
    document = load(written(tmp_path, "a:\n  b: 1\n"))
    assert document.place(("a", "c")) == (2, 3)
    assert document.place(("x", 7)) == (1, 1)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.text("abc: -#'\"{}[]&*!|>%@äß1.0e", max_size=12),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abcN1", min_size=1), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(data=st.dictionaries(st.text("abcxyz", min_size=1), PLAIN, min_size=1, max_size=5))
def test_what_another_writer_writes_in_quotes_is_read_back_the_same(tmp_path_factory, data):
    text = yaml.safe_dump(data, default_style='"', allow_unicode=True)
    unquoted = text.replace("!!null ", "").replace("!!bool ", "").replace("!!int ", "")
    path = written(tmp_path_factory.mktemp("yaml"), unquoted)
    assert load(path).data == _as_text(data)


def _as_text(value):
    """What quotes make of every scalar: text."""
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


@given(content=st.binary(max_size=300))
def test_no_bytes_whatsoever_do_more_than_fault(tmp_path_factory, content):
    path = written(tmp_path_factory.mktemp("bytes"), content)
    says = ""
    try:
        assert isinstance(load(path).data, None | bool | int | float | str | list | dict)
    except FileFaults as error:
        says = str(error)
    assert "\x1b" not in says
