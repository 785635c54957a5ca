"""The routing table as data, and the tree it compiles to.

A template is a path with placeholders: ``/subscriptions/{subscription}/...``. Literal segments match in any
casing and win over placeholders. A template that starts with ``{scope}`` matches below any scope, which is
everything before the last ``/providers/`` of one of the namespaces that belong to other resources.
"""

from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from urllib.parse import unquote

from msgspec import Struct

from avd_failover.simulator.http.wire import Answer, Call, Refusal
from avd_failover.simulator.world import World

Handler = Callable[[World, Call], Answer]

_ANY_SCOPE = "{scope}"
_SCOPED = (
    "/providers/microsoft.authorization/",
    "/providers/microsoft.insights/",
    "/providers/microsoft.resourcehealth/",
)
_LONGEST = 4096


class Face(Enum):
    """Who answers: it decides headers, the form of errors, and which request budget is drawn on."""

    ARM = "arm"
    AUTHORIZATION = "authorization"
    DESKTOPS = "desktops"
    COMPUTE = "compute"
    RECOVERY = "recovery"
    GRAPH = "graph"
    BLOBS = "blobs"
    TOKENS = "tokens"
    CONTROL = "control"


class Route(Struct, frozen=True):
    """One operation: verb, path, what serves it and who it belongs to."""

    method: str
    template: str
    handler: Handler
    face: Face


class Unserved(Refusal):
    """Refused because nothing here serves it; Azure might."""


class Match(Struct, frozen=True):
    """The operation that a request names, with the names in its path."""

    route: Route
    params: Mapping[str, str]


class _Node:
    __slots__ = ("literals", "placeholder", "routes")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.placeholder: _Node | None = None
        self.routes: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Router:
    """Finds the operation of a request in time proportional to the length of its path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root = _Node()
        self._below_scope = _Node()
        for route in routes:
            self._add(route)

    def match(self, method: str, path: str) -> Match:
        """Return the operation, or refuse: 400 for a hostile path, 404 for an unknown one, 405 for a verb."""
        segments = decoded(path)
        found = self._at(self._root, segments, "") or self._scoped(segments)
        if found is None:
            raise unknown_path(segments)
        routes, values, scope = found
        if method not in routes:
            raise _wrong_verb(method, sorted(routes))
        route, names = routes[method]
        params = dict(zip(names, values, strict=True))
        return Match(route, params | {"scope": scope} if scope else params)

    def _scoped(self, segments: list[str]) -> "_Found | None":
        folded = "/" + "/".join(segments).lower()
        at = max(folded.rfind(namespace) for namespace in _SCOPED)
        if at < 0:
            return None
        whole = "/" + "/".join(segments)
        return self._at(self._below_scope, whole[at + 1 :].split("/"), whole[:at] or "/")

    @staticmethod
    def _at(node: _Node, segments: list[str], scope: str) -> "_Found | None":
        found = _walk(node, segments, 0)
        return None if found is None else (found[0], found[1], scope)

    def _add(self, route: Route) -> None:
        node, template = self._root, route.template
        if template.startswith(_ANY_SCOPE):
            node, template = self._below_scope, template.removeprefix(_ANY_SCOPE)
        names = []
        for segment in template.strip("/").split("/"):
            if segment.startswith("{"):
                names.append(segment[1:-1])
                node.placeholder = node.placeholder or _Node()
                node = node.placeholder
            else:
                node = node.literals.setdefault(segment.lower(), _Node())
        node.routes[route.method] = (route, tuple(names))


_Routes = dict[str, tuple[Route, tuple[str, ...]]]
_Found = tuple[_Routes, tuple[str, ...], str]


def _walk(node: _Node, segments: list[str], at: int) -> tuple[_Routes, tuple[str, ...]] | None:
    """Go down from a node; a literal branch that ends nowhere gives way to the placeholder beside it."""
    if at == len(segments):
        return (node.routes, ()) if node.routes else None
    below = node.literals.get(segments[at].lower())
    found = None if below is None else _walk(below, segments, at + 1)
    if found is None and node.placeholder is not None:
        behind = _walk(node.placeholder, segments, at + 1)
        return None if behind is None else (behind[0], (segments[at], *behind[1]))
    return found


def decoded(path: str) -> list[str]:
    """Split a path into decoded segments; a path that could be read two ways is refused (400)."""
    bare = path.strip("/")
    segments = [unquote(segment) for segment in bare.split("/")]
    if "//" in bare or len(bare) > _LONGEST or any(_doubtful(segment) for segment in segments):
        raise Refusal(
            400, "BadRequest", "The request URI is not valid: empty, relative or encoded path segments."
        )
    return segments


def _doubtful(segment: str) -> bool:
    return segment in {".", ".."} or any(char in segment for char in "/\\%?#\x00\r\n�")


def unknown_path(segments: list[str]) -> Refusal:
    """Say about a path that nothing serves what ARM says: the namespace, the type, or the subscription."""
    folded = [segment.lower() for segment in segments]
    if folded[0] == "v1.0" and len(folded) > 1:
        return Unserved(400, "BadRequest", f"Resource not found for the segment '{segments[-1]}'.")
    if "providers" in folded[:-1]:
        namespace = segments[folded.index("providers") + 1]
        kind = "/".join(segments[folded.index("providers") + 2 :][::2])
        return Unserved(
            404,
            "InvalidResourceType",
            f"The resource type '{kind}' could not be found in the namespace '{namespace}'.",
        )
    if folded[0] != "subscriptions":
        return Unserved(
            404,
            "MissingSubscription",
            "The request did not have a subscription or a valid tenant level resource provider.",
        )
    return Unserved(404, "OperationNotFound", f"The resource '/{'/'.join(segments)}' was not found.")


def _wrong_verb(method: str, allowed: list[str]) -> Refusal:
    return Unserved(
        405,
        "MethodNotAllowed",
        f"The requested resource does not support http method '{method}'.",
        headers={"Allow": ", ".join(allowed)},
    )
