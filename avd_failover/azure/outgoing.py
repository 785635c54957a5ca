"""What a request that is about to leave asks for, in the words of a permit, read off the request itself.

Read strictly: whatever two readers could understand differently (an encoded slash, a dot segment, a doubled
slash, a key that stands twice in a body, a body that is a stream) is refused, because it cannot be compared.
"""

import json
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from avd_failover.domain.faults import OutsidePlanError
from avd_failover.domain.permits import Permit, depart, digest_of

READS = frozenset({"GET", "HEAD"})
"""Methods that change nothing. No POST of ours is a mere question; one that were would be named here."""

_VERSION = "api-version"
_AMBIGUOUS = frozenset("/\\%?#;")
_LOWER = {ord(upper): ord(upper.lower()) for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
"""Only ASCII is folded: a letter that merely looks like another after folding names another resource."""

Request = PipelineRequest[Any]


class PermitPolicy(SansIOHTTPPolicy[Any, Any]):
    """Let a request that changes something leave only against an open permit (safety S12)."""

    def on_request(self, request: Request) -> None:
        """Let a request go or not; raises ``OutsidePlanError``."""
        if request.http_request.method not in READS:
            depart(asked_by(request.http_request))


def asked_by(request: Any) -> Permit:  # noqa: ANN401 - two classes of azure-core that share no base
    """Return the one permit that would let this request leave.

    Raises:
        OutsidePlanError: It cannot be told what the request asks for.
    """
    url = urlsplit(request.url)
    return Permit(
        method=request.method,
        resource=_resource(url),
        query=_query(url),
        body_sha256=_digest(request, url),
    )


def _resource(url: SplitResult) -> str:
    first, *rest = url.path.split("/")
    # What is no UTF-8 becomes U+FFFD, which no id contains.
    segments = [unquote(segment) for segment in rest]
    if first or url.fragment or not rest or any(map(_doubtful, segments)):
        raise _unreadable(f"its path can be read in two ways: {url.path!r}", url)
    return "/" + "/".join(segments).translate(_LOWER)


def _doubtful(segment: str) -> bool:
    return segment in {"", ".", ".."} or not _AMBIGUOUS.isdisjoint(segment) or not segment.isprintable()


def _query(url: SplitResult) -> tuple[tuple[str, str], ...]:
    pairs = parse_qsl(url.query, keep_blank_values=True)
    return tuple(sorted(pair for pair in pairs if pair[0] != _VERSION))


def _digest(request: Any, url: SplitResult) -> str | None:  # noqa: ANN401 - as above
    body = request.body
    if request.files or not isinstance(body, str | bytes | None):
        raise _unreadable("its body is not there before it leaves", url)
    if not body:
        return None
    try:
        return digest_of(json.loads(body, object_pairs_hook=_once, parse_constant=_no_number))
    except ValueError as error:
        raise _unreadable(f"its body is not plain JSON: {error}", url) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _unreadable(because: str, url: SplitResult) -> OutsidePlanError:
    return OutsidePlanError(f"not sent: {because}", target=url.path)
