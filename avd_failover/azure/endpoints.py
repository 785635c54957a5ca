"""Where Azure is: the two endpoints everything goes to, and the rule that nothing goes anywhere else."""

from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import force_setattr

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"https": 443, "http": 80}


class EndpointError(ValueError):
    """The text is no endpoint; the message says what is wanted."""


class Origin(NamedTuple):
    """Scheme, host and port: what must match for a request to be allowed to go."""

    scheme: str
    host: str
    port: int

    @property
    def loopback(self) -> bool:
        """Tell whether this is the machine itself, and therefore no real Azure."""
        return self.host in LOOPBACK


def origin_of(url: str) -> Origin:
    """Return where an absolute URL leads.

    Raises ``EndpointError`` for anything two parsers could read differently: no scheme or host, another
    scheme than http and https, a user name, a backslash, white space or control characters.
    """
    if "\\" in url or any(char <= " " or char == "\x7f" for char in url):
        raise EndpointError(f"not a plain URL: {url!r}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EndpointError(f"not a URL: {url!r}") from error
    if parts.scheme not in _PORTS or not parts.hostname or "@" in parts.netloc:
        raise EndpointError(f"wanted https://<host>[:port], without a user name: {url!r}")
    return Origin(parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port)


class Endpoints(Struct, frozen=True, kw_only=True):
    """Base URLs of Azure Resource Manager and Microsoft Graph, without path or trailing slash.

    http is accepted for this machine only (a simulated Azure), so that no token ever crosses a network in
    the clear. Raises ``EndpointError``.
    """

    arm: str = "https://management.azure.com"
    graph: str = "https://graph.microsoft.com"

    def __post_init__(self) -> None:
        force_setattr(self, "arm", _base(self.arm))
        force_setattr(self, "graph", _base(self.graph))
        if origin_of(self.arm).loopback != origin_of(self.graph).loopback:
            raise EndpointError(
                f"one endpoint is on this machine and the other is not: {self.arm}, {self.graph};"
                " a run is against a simulated Azure or a real one, never half of each"
            )

    @property
    def simulated(self) -> bool:
        """Tell whether these endpoints are on this machine: a simulated Azure, with a fixed credential."""
        return origin_of(self.arm).loopback


def _base(text: str) -> str:
    stripped = text.strip().rstrip("/")
    origin = origin_of(stripped)
    parts = urlsplit(stripped)
    if parts.path or parts.query or parts.fragment:
        raise EndpointError(f"an endpoint has no path, query or fragment: {text!r}")
    if origin.scheme == "http" and not origin.loopback:
        raise EndpointError(f"http is accepted for this machine only, use https: {text!r}")
    return stripped
