"""What can stand in the way of a connection, so that nothing is ever sent on it."""

from typing import Literal

TlsFailureKind = Literal["expired", "not-yet-valid", "wrong-host", "unknown-authority", "downgrade", "reset"]
Obstacle = TlsFailureKind | Literal["unresolved", "stale-address"]

TOLD: dict[Obstacle, str] = {
    "expired": "the certificate has expired",
    "not-yet-valid": "the certificate is not valid yet",
    "wrong-host": "the certificate is somebody else's",
    "unknown-authority": "the certificate is signed by nobody known",
    "downgrade": "the server speaks nothing newer than TLS 1.1",
    "reset": "the connection was reset in its handshake",
    "unresolved": "the name does not resolve",
    "stale-address": "the name leads to another machine",
}
"""What a caller finds out of each."""
