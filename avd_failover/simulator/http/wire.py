"""What crosses the wire, as values: a request as received, the operation it names, and the answer.

Handlers are pure functions ``(World, Call) -> Answer``; they know nothing of sockets.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

import msgspec
from msgspec import Struct

from avd_failover.simulator.refusals import ArmRefusal

Json: TypeAlias = Any
"""A JSON value: what ``msgspec.json`` decodes to and encodes from."""


class Ask(Struct, frozen=True, kw_only=True):
    """One request as it came in. Header names are lower case; ``target`` is path and query as sent."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    base: str = "http://127.0.0.1"
    """Scheme and authority the caller used: absolute links in answers start with it."""

    @property
    def path(self) -> str:
        """The path as sent, still percent-encoded."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        """Query parameters by lower-case name, decoded; the last of equal names wins."""
        pairs = parse_qsl(self.target.partition("?")[2], keep_blank_values=True)
        return {name.lower(): value for name, value in pairs}


class Call(Struct, frozen=True, kw_only=True):
    """A request that was matched to an operation: who asks, and the names taken from its path."""

    ask: Ask
    actor: str
    params: Mapping[str, str]
    """Path names as sent, decoded, by the template's placeholder."""
    query: Mapping[str, str]
    number: int
    """How many requests came before this one: the seed of request ids, so that equal runs answer equally."""
    page: int
    """Most items on one page of a list."""

    def body(self) -> Json:
        """Return the JSON body, empty when none was sent; refuses what is no JSON object."""
        return json_object(self.ask.body) if self.ask.body else {}


class Answer(Struct, frozen=True, kw_only=True):
    """A response: a JSON body, text, bytes, or none at all."""

    status: int = 200
    body: Json = None
    headers: Mapping[str, str] = {}
    text: str | None = None
    raw: bytes | None = None
    """Bytes as they are; the handler names their type."""


class Refusal(ArmRefusal):
    """A request refused by the wire itself, before or beside the world, with headers of its own."""

    def __init__(
        self, status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, code, message)
        self.headers = dict(headers or {})


def json_object(raw: bytes) -> dict[str, Json]:
    """Decode a JSON object; anything else is refused as ARM refuses it."""
    try:
        value = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(
            400,
            "InvalidRequestContent",
            f"The request content was invalid and could not be deserialized: '{error}'.",
        ) from error
    if not isinstance(value, dict):
        raise Refusal(
            400,
            "InvalidRequestContent",
            "The request content was invalid and could not be deserialized: 'a JSON object is expected'.",
        )
    return value
