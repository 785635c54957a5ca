"""The arrows between the rooms of the package, held by parsing every import.

The tables below are the design: who may import whom, and where a third party is allowed at all. A new room,
arrow or dependency is a new row here, with a reason.
"""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = "avd_failover"

ARROWS: dict[str, set[str]] = {
    "domain": set(),
    "cloud": {"domain"},
    "runbook": {"domain"},
    "journal": {"domain"},
    "simulator": {"domain", "cloud", "runbook"},  # scenario files are YAML
    "azure": {"domain", "cloud"},
    "outside": {"domain", "cloud"},
    "operations": {"domain", "cloud"},
    "engine": {"domain", "cloud", "journal", "operations"},
    "report": {"domain", "journal", "operations", "engine"},
    "cli": {
        *("domain", "cloud", "runbook", "journal", "simulator", "azure", "outside", "operations", "engine"),
        "report",
    },
    "__main__": {"cli"},
}
"""Room to the rooms that it may import besides itself; every room may know the package's version."""

THIRD_PARTIES: dict[str, tuple[str, ...]] = {
    "azure": ("azure",),
    "msgraph": ("azure",),
    "kiota_abstractions": ("azure",),
    "kiota_http": ("azure",),
    "kiota_authentication_azure": ("azure",),
    "httpx": ("azure",),
    "aiohttp": ("azure", "simulator.http", "outside"),
    "yarl": ("outside",),  # addresses as aiohttp takes them; it brings it
    "cryptography": ("simulator.http.certificates", "journal.keys"),
    "click": ("cli",),
    "rich": ("cli",),
    "structlog": ("cli", "azure"),
    "yaml": ("runbook",),
    "pydantic": (
        "simulator.scenario_runs",
        "runbook",
        "simulator.scenario",
        "simulator.scenario_access",
        "simulator.scenario_details",
        "simulator.scenario_fleet",
        "simulator.scenario_neighbours",
        "simulator.scenario_recovery",
        "simulator.expectations",
        "simulator.faults",
        "simulator.physics",
    ),
    "pydantic_core": ("runbook", "simulator.faults"),
    "tenacity": ("engine", "azure"),
    "sqlite3": ("journal",),
    "msgspec": ("",),
}
"""Third party (and sqlite3) to the places, as prefixes of a module's name, that may import it."""

EFFECTS = {
    "asyncio",
    "io",
    "os",
    "pathlib",
    "shutil",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
}
"""Standard library that reaches outside; the domain has none of it."""


class Import(NamedTuple):
    """One imported name as it stands in a module."""

    module: str
    imports: str
    line: int
    late: bool
    """Inside a function."""
    typing_only: bool


def imports_of(module: str, source: str) -> Iterator[Import]:
    yield from _walk(module, _parsed(source), late=False, typing_only=False)


def _walk(module: str, node: ast.AST, *, late: bool, typing_only: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = late or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        typed = typing_only or (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        for name in _names(child):
            yield Import(module, name, getattr(child, "lineno", 0), late, typing_only)
        yield from _walk(module, child, late=inside, typing_only=typed)


@cache
def _parsed(source: str) -> ast.Module:
    return ast.parse(source)


def _names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert node.level == 0, "imports are absolute"
        yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tree_of(package: Path) -> dict[str, str]:
    """Module names, without the package's, to their source; a folder's ``__init__`` has the folder's name."""
    tree = {}
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        tree[".".join(parts).removesuffix("__init__").rstrip(".")] = path.read_text()
    return tree


def room_of(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def breaches(tree: dict[str, str]) -> list[str]:
    """Every import that the tables do not allow, as ``module:line imports name``."""
    return [
        f"{found.module}:{found.line} imports {found.imports}"
        for module, source in tree.items()
        for found in imports_of(module, source)
        if not _allowed(found)
    ]


def _allowed(found: Import) -> bool:
    top, _, inner = found.imports.partition(".")
    room = room_of(found.module)
    if found.late and room != "cli":
        return False
    if top == PACKAGE:
        target = room_of(inner)
        return target in {"", "__version__", room} or target in ARROWS.get(room, set())
    if top in THIRD_PARTIES:
        return any(_within(found.module, place) for place in THIRD_PARTIES[top])
    return top in sys.stdlib_module_names and not (room == "domain" and top in EFFECTS)


def _within(module: str, place: str) -> bool:
    return not place or module == place or module.startswith(f"{place}.")


def cycle_in(tree: dict[str, str]) -> list[str]:
    """Modules that import each other in a circle when loaded; empty when there is none."""
    graph: dict[str, set[str]] = {module: set() for module in tree}
    for module, source in tree.items():
        for found in imports_of(module, source):
            if found.imports.startswith(f"{PACKAGE}.") and not found.late and not found.typing_only:
                graph[module].add(_module_named(found.imports.removeprefix(f"{PACKAGE}."), tree))
    try:
        TopologicalSorter({module: known - {module} for module, known in graph.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def _module_named(name: str, tree: dict[str, str]) -> str:
    return name if name in tree else name.rpartition(".")[0]


@pytest.fixture(scope="module")
def package() -> dict[str, str]:
    return tree_of(ROOT / PACKAGE)


def test_no_import_goes_against_the_arrows(package):
    assert breaches(package) == []


def test_no_modules_import_each_other_in_a_circle(package):
    assert cycle_in(package) == []


def test_every_room_of_the_package_has_its_row(package):
    rooms = {room_of(module) for module in package} - {""}
    assert rooms == set(ARROWS)


def test_the_arrows_themselves_point_downwards_only():
    order = list(TopologicalSorter(ARROWS).static_order())
    assert order.index("domain") == 0
    assert not ARROWS["azure"] & {"simulator"}
    assert not ARROWS["simulator"] & {"azure", "outside"}
    for room in ("operations", "engine", "report"):
        assert not ARROWS[room] & {"azure", "simulator", "outside"}


BAD = [
    ("domain.plan", "from avd_failover.cloud import Cloud"),
    ("domain.plan", "import pydantic"),
    ("domain.plan", "from pathlib import Path"),
    ("domain.plan", "import time"),
    ("domain.plan", "import surprise"),
    ("cloud", "from avd_failover.journal.events import Entry"),
    ("engine.run", "from avd_failover.azure.clients import Clients"),
    ("engine.run", "import avd_failover.simulator.world"),
    ("engine.run", "from avd_failover import simulator"),
    ("engine.run", "import yaml"),
    ("operations.hosts", "from avd_failover.simulator import world"),
    ("operations.hosts", "from azure.core import exceptions"),
    ("operations.hosts", "from avd_failover.engine.send import send"),
    ("azure.estate", "from avd_failover.simulator.world import World"),
    ("azure.estate", "from avd_failover.journal.events import Entry"),
    ("operations.custom", "from avd_failover.outside.programs import Programs"),
    ("engine.send", "from avd_failover.outside.outdoors import Outdoors"),
    ("outside.programs", "from avd_failover.journal.events import Entry"),
    ("simulator.world", "from avd_failover.azure.faults import translated"),
    ("simulator.world", "import aiohttp"),
    ("simulator.world", "from pydantic import BaseModel"),
    ("simulator.httpish", "import aiohttp"),
    ("report.text", "import click"),
    ("report.text", "from avd_failover.cloud import Cloud"),
    ("runbook.find", "from avd_failover.operations.registry import CATALOGUE"),
    ("runbook.find", "import sqlite3"),
    ("journal.store", "from avd_failover.runbook.digest import digest_of"),
    ("journal.store", "def f():\n    import json"),
    (
        "journal.store",
        "class A:\n    async def f(self):\n        if True:\n            from json import loads",
    ),
    ("cli.run", "import msgraph"),
    ("stray", "from avd_failover.domain.plan import Plan"),
    ("domain.plan", "if TYPE_CHECKING:\n    from avd_failover.engine.run import Run"),
]


@pytest.mark.parametrize(("module", "source"), BAD)
def test_the_checker_bites(module, source):
    assert len(breaches({module: source})) == 1


GOOD = [
    ("domain.plan", "from msgspec import Struct\nfrom avd_failover.domain.ids import GroupId"),
    ("azure.graph", "from msgraph import x\nimport azure.core\nfrom avd_failover.cloud import Cloud"),
    ("azure.graph", "from avd_failover import __version__"),
    ("simulator.http.server", "from aiohttp import web"),
    ("simulator.scenario", "from pydantic import Field\nfrom avd_failover.runbook.yaml_file import load"),
    ("cli.run", "def f():\n    from avd_failover.azure.clients import Clients\n    import rich.live"),
    ("engine.run", "import asyncio\nfrom avd_failover.operations.base import Base"),
]


@pytest.mark.parametrize(("module", "source"), GOOD)
def test_the_checker_lets_the_design_pass(module, source):
    assert breaches({module: source}) == []


def test_the_checker_sees_circles_of_any_length_and_through_packages():
    ring = {
        "a": "from avd_failover.b import x",
        "b": "import avd_failover.c.d",
        "c": "",
        "c.d": "from avd_failover import a",
    }
    assert set(cycle_in(ring)) == {"a", "b", "c.d"}


def test_a_late_import_or_one_for_types_closes_no_circle():
    late = {"a": "from avd_failover import b", "b": "def f():\n    from avd_failover import a"}
    typed = {"a": "from avd_failover import b", "b": "if TYPE_CHECKING:\n    from avd_failover import a"}
    assert cycle_in(late) == cycle_in(typed) == []


def test_a_relative_import_is_refused():
    with pytest.raises(AssertionError, match="absolute"):
        breaches({"domain.plan": "from . import ids"})
