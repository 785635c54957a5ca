"""What can be held of Bicep without its compiler: modules exist, parameters fit, brackets close."""

import re
from pathlib import Path

import pytest

from avd_failover.domain.witness import WITNESS_ACTIONS
from avd_failover.report.permissions_bicep import MODULES
from tests.deploy.shipped import DEPLOY

FILES = sorted(DEPLOY.rglob("*.bicep"))
MODULE = re.compile(r"^module (\w+) '([\w/-]+\.bicep)' = \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
PARAM = re.compile(r"^param (\w+) (\w+)( = .*)?$", re.MULTILINE)
RESOURCE = re.compile(r"^resource (\w+) '([\w./]+)@(\d{4}-\d{2}-\d{2}(?:-preview)?)'", re.MULTILINE)
SECRETS = re.compile(r"listKeys|password|secret|sharedKey(?!Access: false)", re.IGNORECASE)


def names(files: list[Path]) -> list[str]:
    return [str(one.relative_to(DEPLOY)) for one in files]


def bare(text: str) -> str:
    """Return the text without strings and comments, whose brackets do not count."""
    text = re.sub(r"'''.*?'''", "", text, flags=re.DOTALL)
    text = re.sub(r"'(?:\\.|[^'\\\n])*'", "", text)
    return re.sub(r"//[^\n]*", "", text)


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_every_bracket_closes_and_every_resource_names_its_version(file: Path) -> None:
    text = file.read_text()
    open_: list[str] = []
    for char in bare(text):
        if char in "({[":
            open_.append({"(": ")", "{": "}", "[": "]"}[char])
        elif char in ")}]":
            assert open_.pop() == char
    assert open_ == []
    declared = len(re.findall(r"^resource ", text, re.MULTILINE))
    assert len(RESOURCE.findall(text)) == declared


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_a_module_exists_and_is_given_the_parameters_that_it_wants(file: Path) -> None:
    for symbol, path, body in MODULE.findall(file.read_text()):
        target = file.parent / path
        assert target.is_file(), f"{symbol}: {path}"
        params = PARAM.findall(target.read_text())
        block = re.search(r"^  params: \{\n(.*?)^  \}", body, re.MULTILINE | re.DOTALL)
        assert block is not None
        given = set(re.findall(r"^    (\w+):", block[1], re.MULTILINE))
        assert {name for name, _, default in params if not default} <= given, symbol
        assert given <= {name for name, _, _ in params}, symbol


@pytest.mark.parametrize("file", FILES, ids=names(FILES))
def test_every_parameter_is_used_and_no_secret_is_asked_for(file: Path) -> None:
    text = bare(file.read_text()) + "".join(re.findall(r"\$\{(\w+)", file.read_text()))
    for name, _, _ in PARAM.findall(file.read_text()):
        assert len(re.findall(rf"{name}", text)) > 1, f"{name} does nothing"
    assert not SECRETS.search(bare(file.read_text()))


def test_every_module_that_roles_may_need_is_there() -> None:
    for name in (*MODULES.values(), "subscription-role"):
        assert (DEPLOY / "modules" / f"{name}.bicep").is_file()


def test_journal_copies_can_be_added_and_never_deleted() -> None:
    text = (DEPLOY / "modules" / "journal.bicep").read_text()
    actions = re.findall(r"'(Microsoft\.Storage/[\w/]+/(?:read|write|delete|action))'", text)
    assert {one.rsplit("blobs/", 1)[-1] for one in actions} == {"read", "add/action"}
    assert "allowSharedKeyAccess: false" in text
    assert "immutabilityPolicies" in text


def test_a_witness_is_given_exactly_the_rights_that_the_engine_names() -> None:
    text = (DEPLOY / "witness.bicep").read_text()
    actions = re.findall(r"'(Microsoft\.Storage/[\w/]+/(?:read|write|delete|action))'", text)
    assert tuple(actions) == WITNESS_ACTIONS
    assert "allowSharedKeyAccess: false" in text
    assert "scope: container" in text


def test_the_settings_that_the_template_makes_are_those_that_the_script_reads() -> None:
    template = (DEPLOY / "modules" / "automation.bicep").read_text()
    script = (DEPLOY / "automation" / "failover_runbook.py").read_text()
    made = set(re.findall(r"^  (AVD_FAILOVER_\w+):", template, re.MULTILINE))
    assert made
    assert all(f'"{name}",' in script for name in made)
