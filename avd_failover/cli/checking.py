"""Check files of every kind for ``failover validate``: what kind each is, and all that is wrong with it."""

from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from avd_failover.runbook.faults import Fault, FileFaults, nearest, printable, quoted
from avd_failover.runbook.find import (
    Kind,
    NotFoundError,
    find,
    find_runbook,
    is_path,
    known_files,
)
from avd_failover.runbook.plan_file import load_plan
from avd_failover.runbook.yaml_file import load

_TOP_KEYS = {"scenario": Kind.SCENARIO, "plan": Kind.PLAN, "runbook": Kind.RUNBOOK}
"""The key that tells a file's kind; a plan names its runbook under ``runbook``, hence the order."""


class Checked(Struct, frozen=True, kw_only=True):
    """One file and what was found. ``kind`` is empty for a file that cannot even be read as YAML."""

    file: str
    kind: str
    name: str = ""
    faults: tuple[Fault, ...] = ()


def check_all(wanted: tuple[str, ...]) -> list[Checked]:
    """Check the files asked for, by path or name; without any, every file that can be found.

    Raises:
        NotFoundError: A name is that of no plan, runbook or scenario, or a path leads nowhere.
    """
    if not wanted:
        return [_checked(kind, path) for kind in Kind for path in known_files(kind).values()]
    return [_checked(kind, path) for text in wanted for kind, path in _meant(text)]


def _meant(text: str) -> Iterator[tuple[Kind | None, Path]]:
    if is_path(text):
        yield None, find(Kind.PLAN, text)
        return
    known = {kind: known_files(kind) for kind in Kind}
    hits = [(kind, files[text]) for kind, files in known.items() if text in files]
    if not hits:
        names = sorted({name for files in known.values() for name in files})
        hint = nearest(text, names)
        says = [f"no plan, runbook or scenario {quoted(text)}", *([hint] if hint else [])]
        raise NotFoundError("; ".join([*says, f"known: {', '.join(map(printable, names)) or 'none'}"]))
    yield from hits


def _checked(kind: Kind | None, path: Path) -> Checked:
    told: Kind | None = kind
    try:
        told = kind or _kind_of(path)
        return Checked(file=str(path), kind=told.word, name=_LOADERS[told](path))
    except FileFaults as error:
        return Checked(file=str(path), kind=told.word if told else "", faults=error.faults)


def _kind_of(path: Path) -> Kind:
    document = load(path)
    keys = document.data if isinstance(document.data, dict) else {}
    for key, kind in _TOP_KEYS.items():
        if key in keys:
            return kind
    found = "neither a plan, a runbook nor a scenario"
    raise FileFaults([document.fault((), found, allowed="a mapping with the key plan, runbook or scenario")])


def _plan(path: Path) -> str:
    plan = load_plan(path).plan
    document = load(path)
    try:
        runbook = find_runbook(plan.runbook)
    except NotFoundError as error:
        raise FileFaults([document.fault(("runbook",), str(error))]) from error
    pool = load(runbook).data
    stated = pool.get("pool") if isinstance(pool, dict) else None
    if stated != plan.pool.value:
        found = f"the runbook {quoted(plan.runbook)} is for {printable(str(stated))} pools"
        raise FileFaults([document.fault(("runbook",), found, allowed=f"one for {plan.pool.value} pools")])
    return plan.name


def _runbook(path: Path) -> str:
    # Imported here, as the scenario below: both are heavy, and a plan needs neither.
    from avd_failover.operations.foreign import provided
    from avd_failover.operations.registry import CATALOGUE
    from avd_failover.runbook.runbook_file import load_runbook

    return load_runbook(path, CATALOGUE, provided).graph.runbook


def _scenario(path: Path) -> str:
    from avd_failover.simulator.scenario import load_scenario

    return load_scenario(path).scenario


_LOADERS: dict[Kind, Callable[[Path], str]] = {
    Kind.PLAN: _plan,
    Kind.RUNBOOK: _runbook,
    Kind.SCENARIO: _scenario,
}
