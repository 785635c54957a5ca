"""The official OpenAPI 2.0 documents, found by request: which operation is this, and what may it carry."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

SHARED = Path(__file__).parents[2] / "../shared"
SPECS = SHARED / "azure-specs"
NO_SPECS = f"the OpenAPI documents are not on this machine ({SPECS})"

_RM = "specification/{0}/resource-manager/Microsoft.{1}/stable/{2}/{3}.json"
_SDK = "derived-from-sdk/azure-mgmt-{0}/{1}.json"
_COMPUTE_VERSIONS = ("2021-07-01", "2026-03-02", "2026-03-03", "2026-04-01")
DOCUMENTS = (
    _RM.format("desktopvirtualization", "DesktopVirtualization", "2024-04-03", "desktopvirtualization"),
    _RM.format("authorization", "Authorization", "2022-04-01", "authorization-RoleAssignmentsCalls"),
    _RM.format("authorization", "Authorization", "2022-04-01", "authorization-RoleDefinitionsCalls"),
    _RM.format("compute", "Compute/ComputeRP", "2024-03-01", "virtualMachine"),
    *(_SDK.format("compute", f"{version}/compute-subset") for version in _COMPUTE_VERSIONS),
    _SDK.format("computeschedule", "2025-05-01/computeschedule"),
    _SDK.format("recoveryservicessiterecovery", "2025-08-01/siterecovery-a2a-subset"),
    _RM.format("resourcegraph", "ResourceGraph", "2021-03-01", "resourcegraph"),
    "graph/graph-subset.json",
)
"""What the adapters call, in the versions that they send; of Compute also the nearest official one."""

_COMMON = "specification/common-types/resource-management/v5/types.json"
_ANY_RESOURCE = "/{roleAssignmentId}"
"""A path that fits every path; the same operations have addressed ones."""

Json = Any


class Document(Struct, frozen=True):
    """One file; references in its schemas are relative to it."""

    path: Path
    content: Mapping[str, Json]

    @property
    def version(self) -> str:
        """The api-version it describes."""
        return str(self.content["info"]["version"])

    def resolve(self, node: Mapping[str, Json]) -> tuple["Document", Mapping[str, Json], str]:
        """Follow a reference; return where it leads, what is there, and its name ("" without reference)."""
        reference = node.get("$ref")
        if reference is None:
            return self, node, ""
        file, _, pointer = reference.partition("#")
        there = read((self.path.parent / file).resolve()) if file else self
        target: Mapping[str, Json] = there.content
        for part in pointer.strip("/").split("/"):
            target = target[part.replace("~1", "/")]
        return there, target, pointer.rsplit("/", 1)[-1]


class Operation(Struct, frozen=True):
    """One documented operation."""

    document: Document
    method: str
    template: str
    content: Mapping[str, Json]
    shared_parameters: tuple[Mapping[str, Json], ...] = ()

    @property
    def id(self) -> str:
        """Its operationId."""
        return str(self.content["operationId"])

    def parameters(self) -> Iterator[Mapping[str, Json]]:
        """Yield its parameters, references followed."""
        for one in (*self.shared_parameters, *self.content.get("parameters", ())):
            yield self.document.resolve(one)[1]


class Found(Struct, frozen=True):
    """An operation, and the path parameters of a request."""

    operation: Operation
    path: Mapping[str, str]


@cache
def read(path: Path) -> Document:
    """Read a document once."""
    return Document(path, json.loads(path.read_text()))


def find(method: str, path: str, version: str) -> Found | None:
    """Return the operation of a request: in the api-version asked, else of the newest that has it."""
    fitting = [
        (operation, match)
        for operation, pattern in _operations()
        if operation.method == method and (match := pattern.fullmatch(path.rstrip("/")))
    ]
    if not fitting:
        return None
    literal = max(_literals(operation) for operation, _ in fitting)
    best = [one for one in fitting if _literals(one[0]) == literal]
    exact = [one for one in best if one[0].document.version == version]
    operation, match = exact[0] if exact else max(best, key=lambda one: one[0].document.version)
    values = (unquote(value or "") for value in match.groups())
    return Found(operation, dict(zip(_names(operation.template), values, strict=True)))


@cache
def _operations() -> list[tuple[Operation, re.Pattern[str]]]:
    found = []
    for name in DOCUMENTS:
        document = read((SPECS / name).resolve())
        for template, item in document.content["paths"].items():
            if template == _ANY_RESOURCE:
                continue
            shared = tuple(item.get("parameters", ()))
            for method in item.keys() - {"parameters"}:
                operation = Operation(document, method.upper(), template, item[method], shared)
                found.append((operation, _pattern(document, template)))
    return [*found, (_operation_status(), _pattern(read((SPECS / _COMMON).resolve()), _STATUS_PATH))]


_STATUS_PATH = "/subscriptions/{s}/providers/Microsoft.Compute/locations/{location}/operations/{operation}"


def _operation_status() -> Operation:
    """The poll of a long-running operation: in no service's document, its body in the common types."""
    schema = {"$ref": "#/definitions/OperationStatusResult"}
    content = {
        "operationId": "OperationStatus_Get",
        "parameters": [
            {"name": name, "in": "query", "type": "string"} for name in ("api-version", "monitor", "p")
        ],
        "responses": {"200": {"schema": schema}, "202": {}, "default": {}},
        "x-body-optional": True,
    }
    return Operation(read((SPECS / _COMMON).resolve()), "GET", _STATUS_PATH, content)


def _pattern(document: Document, template: str) -> re.Pattern[str]:
    base = str(document.content.get("basePath", "")).rstrip("/")
    written = re.escape(base + template).replace(re.escape("/{scope}"), "(?:/(.*))?")
    return re.compile(re.sub(r"\\\{.+?\\\}", "([^/]+)", written), re.IGNORECASE)


def _names(template: str) -> list[str]:
    return re.findall(r"\{([^}]+)\}", template)


def _literals(operation: Operation) -> int:
    return len(re.sub(r"\{[^}]+\}", "", operation.template))
