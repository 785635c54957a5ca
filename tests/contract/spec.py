"""The recorder: every exchange that passes is held to the documents, counted, and its departures kept."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import yaml
from msgspec import Struct

from avd_failover.simulator.http.face import AZURE_ROUTES, Azure, Finished
from avd_failover.simulator.http.routing import Face, Router
from avd_failover.simulator.http.wire import Ask, Refusal
from tests.contract.documents import Found, Operation, find
from tests.contract.schema import Finding, check, plain

Json = Any
DEVIATIONS = Path(__file__).parent / "deviations.yaml"

_ROUTER = Router(AZURE_ROUTES)
_PAGING = {"$skiptoken", "$skip"}
"""Added by the service to the links that it gives."""
_ERROR = {"code": str, "message": str}


class Group(Struct, frozen=True, forbid_unknown_fields=True):
    """Departures of one kind that have one reason."""

    kind: str
    reason: str
    at: list[str]


def deviation_groups(path: Path = DEVIATIONS) -> list[Group]:
    """Return the listed departures as they are written down."""
    return msgspec.convert(yaml.safe_load(path.read_text()), list[Group])


def known_deviations(path: Path = DEVIATIONS) -> dict[str, str]:
    """Return the listed departures with their reasons, by ``Finding.key``; none is listed twice."""
    groups = deviation_groups(path)
    listed = [(f"{group.kind} {at}", group.reason) for group in groups for at in group.at]
    twice = [key for key, times in Counter(key for key, _ in listed).items() if times > 1]
    if twice:
        raise ValueError(f"listed twice in {path.name}: {twice}")
    return dict(listed)


class Exchange(Struct, frozen=True):
    """A request and its answer, as they crossed the wire."""

    ask: Ask
    status: int
    headers: Mapping[str, str]
    body: bytes


class Recorder:
    """Validates exchanges and keeps count. One can watch any number of simulated Azures."""

    def __init__(self) -> None:
        self.operations: Counter[str] = Counter()
        """Documented operations, by operationId."""
        self.routes: Counter[str] = Counter()
        """Served operations, by method and template."""
        self.documented: dict[str, str] = {}
        """The operationId that each served operation was held to."""
        self.findings: Counter[str] = Counter()
        """Departures by ``Finding.key``; an operation that no document describes is one."""
        self.examples: dict[str, str] = {}

    @property
    def validated(self) -> int:
        """How many exchanges were held to a document."""
        return self.operations.total()

    def told(self) -> str:
        """Return the counts in words."""
        return (
            f"{len(self.operations)} documented operations covered, {self.validated} exchanges validated,"
            f" {len(self.findings)} departures from the documents met"
        )

    def add(self, other: "Recorder") -> None:
        """Count what another has seen."""
        self.operations.update(other.operations)
        self.routes.update(other.routes)
        self.documented |= other.documented
        self.findings.update(other.findings)
        self.examples = other.examples | self.examples

    def watch(self, azure: Azure) -> None:
        """See everything that an Azure answers from now on."""
        answer: Callable[..., Finished] = azure.answer

        def observed(ask: Ask, *more: Any) -> Finished:
            finished = answer(ask, *more)
            self.see(Exchange(ask, finished.status, finished.headers, finished.body))
            return finished

        azure.answer = observed  # type: ignore[method-assign]  # whatever else it takes

    def see(self, exchange: Exchange) -> None:
        """Hold one exchange to the documents."""
        route = route_of(exchange.ask)
        if route is None:
            return
        self.routes[route] += 1
        found = find(exchange.ask.method, exchange.ask.path, exchange.ask.query.get("api-version", ""))
        if found is None:
            self._keep(Finding("no-document", route), exchange)
            return
        self.operations[found.operation.id] += 1
        self.documented[route] = found.operation.id
        for finding in judged(found, exchange):
            self._keep(finding, exchange)

    def _keep(self, finding: Finding, exchange: Exchange) -> None:
        self.findings[finding.key] += 1
        told = f"{finding.told} in {exchange.ask.method} {exchange.ask.path}"
        self.examples.setdefault(finding.key, told)

    def news(self, known: Mapping[str, str]) -> list[str]:
        """Return the departures that are not listed, each with an example."""
        return [f"{key}: {self.examples[key]}" for key in sorted(self.findings) if key not in known]


def route_of(ask: Ask) -> str | None:
    """Return the served operation that a request names; None for tokens, metadata and what is not served."""
    try:
        route = _ROUTER.match(ask.method, ask.path).route
    except Refusal:
        return None
    return None if route.face in {Face.TOKENS, Face.CONTROL} else f"{route.method} {route.template}"


def judged(found: Found, exchange: Exchange) -> Iterator[Finding]:
    """Yield every departure of a request and its answer."""
    version, document = exchange.ask.query.get("api-version", ""), found.operation.document
    if version not in {document.version, ""} and found.operation.id != "OperationStatus_Get":
        yield Finding("api-version", found.operation.id, version)
    if exchange.status < 400:
        yield from _request(found, exchange.ask)
    yield from _answer(found.operation, exchange)


def _request(found: Found, ask: Ask) -> Iterator[Finding]:
    operation, query = found.operation, ask.query
    known = set()
    for parameter in operation.parameters():
        place, name = parameter["in"], str(parameter["name"])
        at = f"{operation.id}.{name}"
        known.add((place, name.lower()))
        if place == "body":
            yield from _sent(operation, parameter, ask)
            continue
        value = {"query": query, "header": ask.headers}.get(place, {}).get(name.lower(), found.path.get(name))
        if value is not None:
            yield from plain(parameter, _typed(parameter, value), at)
        elif parameter.get("required") and place == "query":
            yield Finding("required", at)
    for name in query.keys() - _PAGING:
        if ("query", name) not in known:
            yield Finding("undocumented-parameter", f"{operation.id}.{name}")
    if ask.body and not any(place == "body" for place, _ in known):
        yield Finding("body-undocumented", f"{operation.id} request")


def _typed(parameter: Mapping[str, Json], value: str) -> Json:
    wanted = parameter.get("type")
    if wanted == "integer" and value.isascii() and value.isdecimal():
        return int(value)
    if wanted == "boolean" and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    return value


def _sent(operation: Operation, parameter: Mapping[str, Json], ask: Ask) -> Iterator[Finding]:
    if ask.body:
        at = f"{operation.id} request"
        body = json.loads(ask.body)
        yield from check(operation.document, parameter["schema"], body, at=at, sent=True)
    elif parameter.get("required"):
        yield Finding("required", f"{operation.id} request")


def _answer(operation: Operation, exchange: Exchange) -> Iterator[Finding]:
    declared: Mapping[str, Json] = operation.content["responses"]
    response = declared.get(str(exchange.status))
    if response is None and exchange.status < 400:
        yield Finding("undocumented-status", f"{operation.id} {exchange.status}")
        return
    if exchange.status >= 400:
        yield from _error(operation, exchange)
        return
    yield from _links(operation, exchange)
    schema = operation.document.resolve(response or {})[1].get("schema")
    at = f"{operation.id} {exchange.status}"
    if exchange.body and schema and not _is_text(exchange):
        partial = "$select" in exchange.ask.query
        for finding in check(operation.document, schema, json.loads(exchange.body), at=at):
            if not (partial and finding.kind == "required"):
                yield finding
    elif exchange.body and not schema:
        yield Finding("body-undocumented", at)
    elif schema and not exchange.body and not operation.content.get("x-body-optional"):
        yield Finding("body-missing", at)


def _is_text(exchange: Exchange) -> bool:
    return exchange.headers.get("Content-Type", "").startswith("text/plain")


def _error(operation: Operation, exchange: Exchange) -> Iterator[Finding]:
    """Every refusal has the form of ARM and Graph; a schema of errors, where there is one, holds as well."""
    at = f"{operation.id} {exchange.status}"
    body = json.loads(exchange.body) if exchange.body else None
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict) or any(not isinstance(error.get(n), t) for n, t in _ERROR.items()):
        yield Finding("error-form", at)
        return
    schema = operation.content["responses"].get("default", {}).get("schema")
    if schema:
        yield from check(operation.document, schema, body, at=at)


def _links(operation: Operation, exchange: Exchange) -> Iterator[Finding]:
    """What a caller is to follow is absolute; a long-running operation tells both addresses."""
    wanted = set()
    if operation.content.get("x-ms-long-running-operation") and exchange.status == 202:
        wanted = {"Azure-AsyncOperation", "Location"}
    for name in sorted(wanted):
        if not urlsplit(exchange.headers.get(name, "")).netloc:
            yield Finding("header-missing", f"{operation.id}.{name}")
