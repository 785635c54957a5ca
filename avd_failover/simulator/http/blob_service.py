"""The Blob service on the wire, below ``/_blob/{account}``: in Azure every account has a host of its own.

Served: Create Container, Put Blob (block and append), Append Block, Lease Blob, Get Blob and its properties,
List Blobs. Status codes, error codes and headers are those of the service's REST API; errors are XML.
"""

from collections.abc import Mapping
from email.utils import format_datetime
from xml.sax.saxutils import escape

from msgspec import Struct

from avd_failover.simulator.blobs import APPEND, BLOCK, StoredBlob
from avd_failover.simulator.http.pacing import Pace
from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Refusal
from avd_failover.simulator.world import World

_XML = "application/xml"


class BlobService(Struct, frozen=True, kw_only=True):
    """Answers for every container of a world."""

    pace: Pace | None = None
    """A lease is counted in its holder's seconds, which are real ones; this many of the world's are one."""

    def put_container(self, world: World, call: Call) -> Answer:
        """Create Container."""
        if call.query.get("restype") != "container":
            raise _unsupported()
        world.blobs.create_container(_container(call), call.ask.headers.get("x-ms-meta-region", "simulated"))
        return Answer(status=201)

    def get_container(self, world: World, call: Call) -> Answer:
        """List Blobs."""
        if call.query.get("comp") != "list":
            raise _unsupported()
        prefix = call.query.get("prefix", "")
        found = world.blobs.listed(_container(call), prefix)
        begins = int(call.query.get("marker") or 0)
        page = found[begins : begins + call.page]
        ends = begins + len(page)
        marker = str(ends) if ends < len(found) else ""
        items = "".join(_item(world, name, blob) for name, blob in page)
        return _xml(
            f'<EnumerationResults ContainerName="{escape(call.params["container"])}">'
            f"<Prefix>{escape(prefix)}</Prefix><Blobs>{items}</Blobs><NextMarker>{marker}</NextMarker>"
            "</EnumerationResults>"
        )

    def put_blob(self, world: World, call: Call) -> Answer:
        """Put Blob, Append Block and Lease Blob, told apart by ``comp``."""
        match call.query.get("comp", ""):
            case "":
                return self._put(world, call)
            case "appendblock":
                return self._append(world, call)
            case "lease":
                return self._lease(world, call)
        raise _unsupported()

    def get_blob(self, world: World, call: Call) -> Answer:
        """Get Blob, whole or a range of it."""
        blob = world.blobs.blob(_container(call), call.params["blob"])
        heads = _heads(world, blob)
        wanted = call.ask.headers.get("x-ms-range") or call.ask.headers.get("range", "")
        if not wanted:
            return Answer(raw=blob.content, headers=heads)
        first, last = _range(wanted, len(blob.content))
        heads["Content-Range"] = f"bytes {first}-{last}/{len(blob.content)}"
        return Answer(status=206, raw=blob.content[first : last + 1], headers=heads)

    def head_blob(self, world: World, call: Call) -> Answer:
        """Get Blob Properties."""
        blob = world.blobs.blob(_container(call), call.params["blob"])
        heads = _heads(world, blob)
        return Answer(headers=heads | {"Content-Length": str(len(blob.content))})

    def _put(self, world: World, call: Call) -> Answer:
        heads = call.ask.headers
        kind = heads.get("x-ms-blob-type", "")
        if kind not in {APPEND, BLOCK} or (kind == APPEND and call.ask.body):
            raise Refusal(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not valid.")
        etag = world.blobs.put(
            _container(call),
            call.params["blob"],
            kind=kind,
            text=call.ask.body.decode("latin-1"),
            if_match=heads.get("if-match", ""),
            if_none=heads.get("if-none-match", ""),
            lease=heads.get("x-ms-lease-id", ""),
        )
        return Answer(status=201, headers={"ETag": etag, "Last-Modified": _http_date(world, world.now_s)})

    def _append(self, world: World, call: Call) -> Answer:
        heads = call.ask.headers
        at = heads.get("x-ms-blob-condition-appendpos")
        offset = world.blobs.append(
            _container(call),
            call.params["blob"],
            text=call.ask.body.decode("latin-1"),
            at=int(at) if at is not None else None,
            if_match=heads.get("if-match", ""),
            lease=heads.get("x-ms-lease-id", ""),
        )
        blob = world.blobs.blob(_container(call), call.params["blob"])
        told = {"x-ms-blob-append-offset": str(offset), "x-ms-blob-committed-block-count": str(blob.blocks)}
        return Answer(status=201, headers=_changed(world, blob) | told)

    def _lease(self, world: World, call: Call) -> Answer:
        heads, where = call.ask.headers, (_container(call), call.params["blob"])
        lease, told, status = heads.get("x-ms-lease-id", ""), {}, 200
        match heads.get("x-ms-lease-action", ""):
            case "acquire":
                status, wanted = 201, heads.get("x-ms-proposed-lease-id", "")
                told = {"x-ms-lease-id": world.blobs.acquire(*where, wanted, self._ttl_s(heads))}
            case "renew":
                told = {"x-ms-lease-id": world.blobs.renew(*where, lease)}
            case "release":
                world.blobs.release(*where, lease)
            case "break":
                status, told = 202, {"x-ms-lease-time": "0"}
                world.blobs.break_lease(*where)
            case _:
                raise _unsupported()
        return Answer(status=status, headers=_changed(world, world.blobs.blob(*where)) | told)

    def _ttl_s(self, heads: Mapping[str, str]) -> float:
        text = heads.get("x-ms-lease-duration", "")
        if not (text.isdecimal() and 15 <= int(text) <= 60):
            raise Refusal(400, "InvalidHeaderValue", "The value for one of the HTTP headers is not valid.")
        return int(text) * (self.pace.speed if self.pace else 1.0)


def blob_routes(service: BlobService) -> tuple[Route, ...]:
    """Return the operations of the service."""
    container = "/_blob/{account}/{container}"
    blob = f"{container}/{{blob}}"
    return (
        Route("PUT", container, service.put_container, Face.BLOBS),
        Route("GET", container, service.get_container, Face.BLOBS),
        Route("PUT", blob, service.put_blob, Face.BLOBS),
        Route("GET", blob, service.get_blob, Face.BLOBS),
        Route("HEAD", blob, service.head_blob, Face.BLOBS),
    )


def route_of(call: Call) -> str:
    """Return the name that selectors of faults know a request by."""
    if call.query.get("comp") == "lease":
        return f"leases.{call.ask.headers.get('x-ms-lease-action', 'change')}"
    if call.ask.method in {"GET", "HEAD"}:
        return "blobs.get" if "blob" in call.params else "blobs.list"
    return "blobs.append" if call.query.get("comp") == "appendblock" else "blobs.create"


def target_of(call: Call) -> str:
    """Return what a request is about, as faults see it."""
    return f"/{_container(call)}/{call.params.get('blob', '')}".rstrip("/")


def error_body(code: str, message: str) -> str:
    """Return the XML of an error."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    )


def _container(call: Call) -> str:
    return f"{call.params['account']}/{call.params['container']}"


def _heads(world: World, blob: StoredBlob) -> dict[str, str]:
    state = world.blobs.state(blob)
    return {
        **_changed(world, blob),
        "Content-Type": "application/octet-stream",
        "Accept-Ranges": "bytes",
        "x-ms-blob-type": blob.kind,
        "x-ms-lease-status": "locked" if state == "leased" else "unlocked",
        "x-ms-lease-state": state,
    }


def _changed(world: World, blob: StoredBlob) -> dict[str, str]:
    return {"ETag": blob.etag, "Last-Modified": _http_date(world, blob.changed_s)}


def _http_date(world: World, moment_s: float) -> str:
    return format_datetime(world.core.at(moment_s), usegmt=True)


def _range(text: str, size: int) -> tuple[int, int]:
    first, _, last = text.removeprefix("bytes=").partition("-")
    if not first.isdecimal() or int(first) >= size:
        raise Refusal(
            416, "InvalidRange", "The range specified is invalid for the current size of the resource."
        )
    return int(first), min(int(last), size - 1) if last else size - 1


def _item(world: World, name: str, blob: StoredBlob) -> str:
    return (
        f"<Blob><Name>{escape(name)}</Name><Properties><Etag>{escape(blob.etag)}</Etag>"
        f"<Last-Modified>{_http_date(world, blob.changed_s)}</Last-Modified>"
        f"<Content-Length>{len(blob.content)}</Content-Length><BlobType>{blob.kind}</BlobType>"
        f"<LeaseState>{world.blobs.state(blob)}</LeaseState></Properties></Blob>"
    )


def _xml(inner: str) -> Answer:
    text = f'<?xml version="1.0" encoding="utf-8"?>{inner}'
    return Answer(raw=text.encode(), headers={"Content-Type": _XML})


def _unsupported() -> Refusal:
    return Refusal(400, "UnsupportedQueryParameter", "One of the query parameters is not simulated.")
