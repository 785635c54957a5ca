"""Find a plan, runbook or scenario: by path, or by name in the places where such files lie.

Looked through in this order: the folder that the environment names (``$AVD_FAILOVER_PLANS``, ``_RUNBOOKS``,
``_SCENARIOS``), the folder of that name in the current directory, what comes with the package.
"""

import os
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path as FilePath

import avd_failover
from avd_failover.runbook.faults import listed, nearest, quoted

SUFFIXES = (".yaml", ".yml")


class Kind(Enum):
    """Kinds of file; the value is the name of the folder they lie in."""

    PLAN = "plans"
    RUNBOOK = "runbooks"
    SCENARIO = "scenarios"

    @property
    def word(self) -> str:
        """The kind as people say it."""
        return self.value.removesuffix("s")

    @property
    def variable(self) -> str:
        """The environment variable that names a folder of such files."""
        return f"AVD_FAILOVER_{self.value.upper()}"


class NotFoundError(Exception):
    """There is no such file; the message names the nearest and the known ones, and where they were sought."""


def find_plan(wanted: str) -> FilePath:
    """Return the path of a plan. Raises: NotFoundError."""
    return find(Kind.PLAN, wanted)


def find_runbook(wanted: str) -> FilePath:
    """Return the path of a runbook. Raises: NotFoundError."""
    return find(Kind.RUNBOOK, wanted)


def find_scenario(wanted: str) -> FilePath:
    """Return the path of a scenario. Raises: NotFoundError."""
    return find(Kind.SCENARIO, wanted)


def find(kind: Kind, wanted: str, environment: Mapping[str, str] = os.environ) -> FilePath:
    """Return the path of a file by path or name; whether it can be read is for the loader to find.

    Raises:
        NotFoundError: There is none.
    """
    if is_path(wanted):
        if not os.path.lexists(wanted.replace("\0", "")):
            raise NotFoundError(f"no file {quoted(wanted)}")
        return FilePath(wanted)
    known = known_files(kind, environment)
    if wanted in known:
        return known[wanted]
    raise NotFoundError(_nothing(kind, wanted, list(known), environment))


def is_path(wanted: str) -> bool:
    """Tell a path from a name: it has a separator or a suffix of YAML."""
    return "/" in wanted or os.sep in wanted or wanted.endswith(SUFFIXES)


def known_files(kind: Kind, environment: Mapping[str, str] = os.environ) -> dict[str, FilePath]:
    """Return every file of a kind by name, sorted; of two with one name the one that ``find`` takes."""
    found: dict[str, FilePath] = {}
    for folder in _folders(kind, environment):
        if folder.is_dir():
            for path in sorted(folder.iterdir()):
                if path.suffix in SUFFIXES:
                    found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def _folders(kind: Kind, environment: Mapping[str, str]) -> Iterator[FilePath]:
    if named := environment.get(kind.variable):
        yield FilePath(named)
    yield FilePath(kind.value)
    package = FilePath(avd_failover.__file__).parent
    yield package / kind.value
    # In a checkout the folders lie next to the package; beside an installed one lie other people's.
    if (package.parent / "pyproject.toml").is_file():
        yield package.parent / kind.value


def _nothing(kind: Kind, wanted: str, known: list[str], environment: Mapping[str, str]) -> str:
    says = [f"no {kind.word} {quoted(wanted)}"]
    if hint := nearest(wanted, known):
        says.append(hint)
    says.append(f"known: {listed(known) if known else 'none'}")
    says.append("looked in " + listed([str(folder) for folder in _folders(kind, environment)]))
    return "; ".join(says)
