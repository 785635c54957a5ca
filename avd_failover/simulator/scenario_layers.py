"""``extends``: a scenario file that says only what differs from another one.

The other file is named, never given by path: it lies beside the extending one or is a known scenario, and it
extends none itself. Mappings are merged key by key. Lists whose entries all have a ``name`` are merged by
that name; any other value stands in place of the other file's. Every value remembers the file and line
that it came from, so a fault is told where it was made.
"""

from pathlib import Path as FilePath
from typing import Any

from avd_failover.runbook.faults import Fault, FileFaults, Path, listed, nearest, quoted
from avd_failover.runbook.find import SUFFIXES, Kind, known_files
from avd_failover.runbook.yaml_file import Document, load

OWN = ("scenario", "summary")
"""Keys that an extending file has to say itself."""

Origin = tuple[Document, Path]


class Layered(Document, frozen=True, kw_only=True):
    """The data of two files in one, and where each part of it stands."""

    origins: dict[Path, Origin]

    def fault(
        self, path: Path, found: str, *, allowed: str = "", hint: str = "", at_key: bool = False
    ) -> Fault:
        """Return a fault in the file, and at the place, that a value came from."""
        document, inner = self._origin(path)
        return document.fault(inner, found, allowed=allowed, hint=hint, at_key=at_key)

    def _origin(self, path: Path) -> Origin:
        known = next(n for n in range(len(path), -1, -1) if path[:n] in self.origins)
        document, inner = self.origins[path[:known]]
        return document, inner + path[known:]


def load_layers(path: FilePath) -> Document:
    """Return a scenario file's data, merged into what it extends, if anything.

    Raises:
        FileFaults: A file cannot be read, what is extended is not there, or it extends another one itself.
    """
    top = load(path)
    if not isinstance(top.data, dict) or "extends" not in top.data:
        return top
    _refuse(top, [key for key in OWN if key not in top.data])
    base = load(_base_path(top, path))
    if not isinstance(base.data, dict) or "extends" in base.data:
        said = f"{quoted(str(top.data['extends']))} extends another scenario itself, or is none"
        raise FileFaults([top.fault(("extends",), said, allowed="a scenario that extends nothing")])
    origins: dict[Path, Origin] = {(): (top, ())}
    data = _merged((base, ()), (top, ()), (), origins)
    return Layered(file=top.file, data=data, values=top.values, keys=top.keys, origins=origins)


def _refuse(top: Document, missing: list[str]) -> None:
    if missing:
        allowed = "its own " + " and ".join(OWN) + ", beside extends"
        raise FileFaults(
            [top.fault((key,), f"the key {quoted(key)} is missing", allowed=allowed) for key in missing]
        )


def _base_path(top: Document, path: FilePath) -> FilePath:
    wanted = top.data["extends"] if isinstance(top.data, dict) else None
    beside = {one.stem: one for one in sorted(path.parent.iterdir()) if one.suffix in SUFFIXES}
    known = known_files(Kind.SCENARIO) | beside
    if not isinstance(wanted, str) or wanted not in known or known[wanted] == path:
        hint = nearest(wanted, known) if isinstance(wanted, str) else ""
        found = f"no other scenario is called {quoted(str(wanted))}"
        raise FileFaults([top.fault(("extends",), found, allowed=listed(sorted(known)), hint=hint)])
    return known[wanted]


def _merged(base: Origin, top: Origin, at: Path, origins: dict[Path, Origin]) -> Any:  # noqa: ANN401 - YAML
    """Merge two values that stand at ``at`` in the result, and note where each part came from."""
    origins[at] = top
    below, above = _value(base), _value(top)
    if isinstance(below, dict) and isinstance(above, dict):
        return _merged_mapping(base, top, at, origins)
    if _named(below) and _named(above):
        return _merged_list(base, top, at, origins)
    return above


def _merged_mapping(base: Origin, top: Origin, at: Path, origins: dict[Path, Origin]) -> dict[str, Any]:
    below, above = _value(base), _value(top)
    merged = {}
    for key in (*below, *(key for key in above if key not in below)):
        if key in below and key in above:
            merged[key] = _merged(_part(base, key), _part(top, key), (*at, key), origins)
        else:
            merged[key] = _taken(_part(base if key in below else top, key), (*at, key), origins)
    return merged


def _merged_list(base: Origin, top: Origin, at: Path, origins: dict[Path, Origin]) -> list[Any]:
    above = {entry["name"]: index for index, entry in enumerate(_value(top))}
    merged: list[Any] = []
    for index, entry in enumerate(_value(base)):
        change = above.pop(entry["name"], None)
        place = (*at, len(merged))
        if change is None:
            merged.append(_taken(_part(base, index), place, origins))
        else:
            merged.append(_merged(_part(base, index), _part(top, change), place, origins))
    for index in above.values():
        merged.append(_taken(_part(top, index), (*at, len(merged)), origins))
    return merged


def _taken(origin: Origin, at: Path, origins: dict[Path, Origin]) -> Any:  # noqa: ANN401 - a value of YAML
    origins[at] = origin
    return _value(origin)


def _part(origin: Origin, key: str | int) -> Origin:
    return origin[0], (*origin[1], key)


def _value(origin: Origin) -> Any:  # noqa: ANN401 - a value of YAML
    value: Any = origin[0].data
    for key in origin[1]:
        value = value[key]
    return value


def _named(value: object) -> bool:
    """Tell whether a value is a list of things that are told apart by their names."""
    if not isinstance(value, list) or not value:
        return False
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in value]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
