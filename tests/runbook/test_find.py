"""Files are found by path, by environment, in the current directory, or in the package."""

from pathlib import Path

import pytest

import avd_failover
from avd_failover.runbook.find import (
    Kind,
    NotFoundError,
    find,
    find_plan,
    find_runbook,
    find_scenario,
    known_files,
)
from tests.runbook.builders import ROOT, written


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A current directory of our own, and nothing in the environment."""
    for kind in Kind:
        monkeypatch.delenv(kind.variable, raising=False)
    monkeypatch.chdir(tmp_path)


def test_a_path_is_taken_as_it_is(tmp_path):
    path = written(tmp_path, "", "mine.yaml")
    assert find_plan(str(path)) == path
    assert find_plan("mine.yaml") == Path("mine.yaml")


def test_a_path_that_leads_nowhere_is_said_to(tmp_path):
    with pytest.raises(NotFoundError, match=r"no file './none'"):
        find_plan("./none")
    with pytest.raises(NotFoundError, match=r"no file 'a\\x00b.yaml'"):
        find_plan("a\0b.yaml")


def test_a_checkout_offers_its_own_files_from_anywhere():
    assert find_plan("pooled-eu") == ROOT / "plans" / "pooled-eu.yaml"
    assert find_runbook("pooled-failover") == ROOT / "runbooks" / "pooled-failover.yaml"
    assert find_scenario("pooled-eu") == ROOT / "scenarios" / "pooled-eu.yaml"


def test_the_environment_comes_before_the_current_directory_and_that_before_the_package(tmp_path):
    (tmp_path / "named").mkdir()
    (tmp_path / "plans").mkdir()
    here = written(tmp_path / "plans", "", "pooled-eu.yaml")
    assert find_plan("pooled-eu").resolve() == here
    named = written(tmp_path / "named", "", "pooled-eu.yml")
    assert find(Kind.PLAN, "pooled-eu", {"AVD_FAILOVER_PLANS": str(tmp_path / "named")}) == named


def test_each_kind_has_its_own_variable(tmp_path):
    written(tmp_path, "", "x.yaml")
    for kind, variable in [
        (Kind.RUNBOOK, "AVD_FAILOVER_RUNBOOKS"),
        (Kind.SCENARIO, "AVD_FAILOVER_SCENARIOS"),
    ]:
        assert find(kind, "x", {variable: str(tmp_path)}) == tmp_path / "x.yaml"
        with pytest.raises(NotFoundError):
            find(kind, "x", {"AVD_FAILOVER_PLANS": str(tmp_path)})


def test_an_installed_package_brings_its_files_and_looks_no_further(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "avd_failover"
    (package / "plans").mkdir(parents=True)
    packaged = written(package / "plans", "", "shipped.yaml")
    beside = package.parent / "plans"
    beside.mkdir()
    written(beside, "", "strange.yaml")
    monkeypatch.setattr(avd_failover, "__file__", str(package / "__init__.py"))
    assert known_files(Kind.PLAN, {}) == {"shipped": packaged}


def test_an_unknown_name_lists_the_nearest_the_known_and_where_was_looked(tmp_path):
    with pytest.raises(NotFoundError) as caught:
        find(Kind.PLAN, "poled-eu", {"AVD_FAILOVER_PLANS": str(tmp_path / "absent")})
    says = str(caught.value)
    assert says.startswith("no plan 'poled-eu'; did you mean 'pooled-eu'?; known: large, personal-eu,")
    assert "looked in " in says
    assert str(tmp_path / "absent") in says


@pytest.mark.parametrize("name", ["..", ".", "", "pooled-eu\n", "\x1b[2J", "POOLED-EU"])
def test_a_name_is_never_a_way_around_the_folders(name):
    with pytest.raises(NotFoundError) as caught:
        find_plan(name)
    assert "\x1b" not in str(caught.value)


def test_only_yaml_files_are_known(tmp_path):
    (tmp_path / "plans").mkdir()
    for name in ["a.yaml", "b.yml", "c.txt", "d.yaml~", "README.md"]:
        written(tmp_path / "plans", "", name)
    assert {"a", "b"} <= set(known_files(Kind.PLAN, {}))
    assert not {"c", "d", "d.yaml~", "README"} & set(known_files(Kind.PLAN, {}))
