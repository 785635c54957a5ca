"""What every ARM provider of the simulated Azure shares: times, pages, and bodies read by type."""

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlencode

from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal

T = TypeVar("T")
K = TypeVar("K")

_SKIP = "$skipToken"
LARGEST = 2**31 - 1
"""Whole numbers of these APIs are int32."""


def provider_time(moment: datetime) -> str:
    """Write a time as the AVD provider does: hundredths of a second, trailing zeros dropped."""
    utc = moment.astimezone(UTC)
    fraction = f"{utc.microsecond // 10_000:02d}".rstrip("0")
    return f"{utc:%Y-%m-%dT%H:%M:%S}{'.' + fraction if fraction else ''}Z"


def ticks_time(moment: datetime) -> str:
    """Write a time as Microsoft.Authorization does: seven digits of a second."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"


def offset_time(moment: datetime) -> str:
    """Write a time as Compute does: seven digits and an offset instead of Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def paged(
    call: Call, items: Sequence[T], key: Callable[[T], str], render: Callable[[T], Json], *, null_link: bool
) -> Answer:
    """Answer with one page, in order of ``key``.

    The continuation names the last key given, not a position: what exists during the whole enumeration is on
    exactly one page, whatever comes and goes meanwhile. ``null_link``: write ``nextLink`` as null at the end
    (AVD) instead of leaving it out (role lists, Compute).
    """
    page, last = cut(items, key, after=call.query.get(_SKIP.lower(), ""), size=page_size(call))
    body: dict[str, Json] = {"value": [render(item) for item in page]}
    if last is not None:
        body["nextLink"] = link(call, {_SKIP: base64.urlsafe_b64encode(last.encode()).decode()})
    elif null_link:
        body["nextLink"] = None
    return Answer(body=body)


def cut(
    items: Sequence[T], key: Callable[[T], str], *, after: str, size: int
) -> tuple[Sequence[T], str | None]:
    """Return one page after a continuation token, and the last key of it when there is more."""
    rest = sorted(items, key=key)
    if after:
        seen = _continuation(after)
        rest = [item for item in rest if key(item) > seen]
    page = rest[:size]
    return page, key(page[-1]) if len(rest) > size else None


def _continuation(token: str) -> str:
    try:
        return base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise Refusal(400, "InvalidSkipToken", f"The skip token '{token}' is not valid.") from error


def page_size(call: Call) -> int:
    """Return how many items this caller gets on a page; ``pageSize`` may ask for fewer."""
    wanted = call.query.get("pagesize", "")
    if not wanted:
        return call.page
    if not wanted.isascii() or not wanted.isdigit() or not int(wanted):
        raise Refusal(400, "BadRequest", f"The value '{wanted}' is not valid for pageSize.")
    return min(call.page, int(wanted))


def link(call: Call, extra: Mapping[str, str]) -> str:
    """Return the absolute address of this request with query parameters replaced."""
    path, _, query = call.ask.target.partition("?")
    replaced = {name.lower() for name in extra}
    kept = [(n, v) for n, v in parse_qsl(query, keep_blank_values=True) if n.lower() not in replaced]
    return f"{call.ask.base}{path}?{urlencode([*kept, *extra.items()], quote_via=quote, safe='$')}"


def member(holder: Mapping[str, Json], name: str, kind: type[K]) -> K | None:
    """Return a member of a JSON object, None when absent or null; refuses another type (400).

    A number is no boolean, a boolean is no number, and no number is beyond int32.
    """
    value = holder.get(name)
    if value is None:
        return None
    too_large = isinstance(value, int) and not -LARGEST <= value <= LARGEST
    if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)) or too_large:
        raise bad_content(f"Error converting value {value!r} to type '{kind.__name__}'. Path '{name}'.")
    return value


def required(holder: Mapping[str, Json], name: str, kind: type[K]) -> K:
    """Return a member that must be there."""
    value = member(holder, name, kind)
    if value is None:
        raise bad_content(f"Required property '{name}' not found in JSON. Path ''.")
    return value


def properties(call: Call) -> dict[str, Json]:
    """Return the ``properties`` object of a body; empty when the body has none."""
    return member(call.body(), "properties", dict) or {}


def bad_content(detail: str) -> Refusal:
    """Refuse a body that is JSON but not what the operation takes."""
    return Refusal(
        400,
        "InvalidRequestContent",
        f"The request content was invalid and could not be deserialized: '{detail}'.",
    )
