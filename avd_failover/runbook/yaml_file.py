"""Load a YAML file as plain data with places, or as a pydantic model; on trouble, tell every fault at once.

Models are validated strictly, as JSON would be: text is no number, lists may become tuples, words may become
members of an enum. Give a model ``extra="forbid"`` (``FileModel`` does) and an unknown key is a fault that
names the nearest known one.
"""

from pathlib import Path as FilePath
from typing import TypeVar

from msgspec import Struct
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError, to_json

from avd_failover.runbook.faults import Fault, FileFaults, Path, path_text
from avd_failover.runbook.model_faults import faults_of, without
from avd_failover.runbook.text_file import read_text
from avd_failover.runbook.yaml_nodes import Builder, Place, Plain

__all__ = [
    "Document",
    "Fault",
    "FileFaults",
    "FileModel",
    "Findings",
    "Path",
    "load",
    "load_model",
    "refused",
]

ModelT = TypeVar("ModelT", bound=BaseModel)


class FileModel(BaseModel):
    """A mapping in a file: closed, strict, frozen; what stands above a field is its help in an editor."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True)


class Document(Struct, frozen=True, kw_only=True):
    """A file's data and where each part of it stands."""

    file: str
    data: Plain
    values: dict[Path, Place]
    keys: dict[Path, Place]

    def place(self, path: Path) -> Place:
        """Return line and column of a value; for one that is missing, of what it is missing from."""
        while path and path not in self.values:
            path = path[:-1]
        return self.values.get(path, (1, 1))

    def key_place(self, path: Path) -> Place:
        """Return line and column of a key; for a list entry or something missing, as ``place``."""
        return self.keys.get(path) or self.place(path)

    def fault(
        self, path: Path, found: str, *, allowed: str = "", hint: str = "", at_key: bool = False
    ) -> Fault:
        """Return a fault with the place of a value, or of its key."""
        line, column = self.key_place(path) if at_key else self.place(path)
        return Fault(
            file=self.file,
            line=line,
            column=column,
            path=path_text(path),
            found=found,
            allowed=allowed,
            hint=hint,
        )


class Findings:
    """Collects what is wrong with a document, so that one look at the file tells all of it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []

    def add(self, path: Path, found: str, *, allowed: str = "", hint: str = "", at_key: bool = False) -> None:
        """Note one fault at a value, or at its key."""
        self.faults.append(self.document.fault(path, found, allowed=allowed, hint=hint, at_key=at_key))

    def raise_any(self) -> None:
        """Raise what was found, if anything.

        Raises:
            FileFaults: Something was.
        """
        if self.faults:
            raise FileFaults(self.faults)


def load(path: FilePath | str) -> Document:
    """Return the data of a YAML file and the place of every part.

    Raises:
        FileFaults: It cannot be read, is no strict YAML (see ``yaml_nodes``) or exceeds a limit.
    """
    file = FilePath(path)
    builder = Builder(file)
    builder.read(read_text(file))
    if builder.faults:
        raise FileFaults(builder.faults)
    return Document(file=str(file), data=builder.data, values=builder.values, keys=builder.keys)


def load_model(path: FilePath | str, model: type[ModelT]) -> ModelT:
    """Return a file as a model.

    Raises:
        FileFaults: As ``load``, or the data does not fit the model.
    """
    findings = Findings(load(path))
    fitted = fit(findings, model)
    findings.raise_any()
    if fitted is None:
        raise AssertionError("a model that does not fit has faults")
    return fitted


def fit(findings: Findings, model: type[ModelT]) -> ModelT | None:
    """Return the document as a model, and note what does not fit.

    With unknown keys as its only faults a model is returned all the same, so that a caller can go on and
    check references between its parts before it raises. None when there is none to go on with.
    """
    data = findings.document.data
    unknown: list[Path] = []
    try:
        return _validated(data, model)
    except ValidationError as error:
        for fault in faults_of(error, data, model):
            findings.add(fault.path, fault.found, allowed=fault.allowed, hint=fault.hint, at_key=fault.at_key)
            if fault.unknown_key:
                unknown.append(fault.path)
    try:
        return _validated(without(data, unknown), model)
    except ValidationError:
        return None


def refused(allowed: str, hint: str = "") -> PydanticCustomError:
    """Return what a validator raises to refuse a value: what is allowed instead, and what may be meant."""
    return PydanticCustomError("refused", "allowed: {allowed}", {"allowed": allowed, "hint": hint})


def _validated(data: Plain, model: type[ModelT]) -> ModelT:
    return model.model_validate_json(to_json(data), strict=True)
