"""Sign-in on the simulated Azure: a token endpoint that trusts everyone, and who a bearer token stands for.

The token is unsigned and says so; it opens nothing but a simulated Azure.
"""

import base64
import re
from collections.abc import Mapping
from urllib.parse import parse_qs

import msgspec

from avd_failover.simulator.http.routing import Face, Route
from avd_failover.simulator.http.wire import Answer, Call, Json, Refusal
from avd_failover.simulator.world import World

SIMULATED_PRINCIPAL = "51310000-0000-4000-8000-000000000001"
"""Object id that a token of this endpoint carries when no client id was given."""

_LIFETIME_S = 3600
_PERSON = "admin:"
_PLAIN = re.compile(r"[A-Za-z0-9._@:\-]{1,64}")
_CHALLENGE = (
    'Bearer authorization_uri="https://login.windows.net/common", error="invalid_token", '
    'error_description="{0}"'
)


def actor_of(headers: Mapping[str, str]) -> str:
    """Return who asks, as ``kind:name``: the ``oid`` of a token of ours, or a plain token itself.

    Whoever asks is an engine, but for a plain token such as ``admin:portal``: a person beside the engine.
    Raises ``Refusal`` 401 without a bearer token, in the words of ARM.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if not scheme:
        raise _unauthorized(
            "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing."
        )
    if scheme.lower() != "bearer" or not token.strip():
        raise _unauthorized(
            "AuthenticationFailedInvalidHeader",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        )
    principal = _bearer(token.strip())
    return principal if principal.startswith(_PERSON) else f"engine:{principal}"


def _bearer(token: str) -> str:
    parts = token.split(".")
    if len(parts) == 3:
        principal = _principal(parts[1])
        if principal:
            return principal
    if _PLAIN.fullmatch(token):
        return token
    raise _unauthorized("InvalidAuthenticationToken", "The access token is invalid.")


def _principal(claims: str) -> str:
    try:
        held = msgspec.json.decode(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    except ValueError:
        return ""
    return str(held.get("oid", "")) if isinstance(held, dict) else ""


def _unauthorized(code: str, message: str) -> Refusal:
    return Refusal(401, code, message, headers={"WWW-Authenticate": _CHALLENGE.format(message)})


def simulated_token(principal: str, now_s: float) -> str:
    """Make the unsigned token of a principal."""
    head = {"alg": "none", "typ": "JWT"}
    claims = {"aud": "simulated", "oid": principal, "iss": "simulated", "exp": int(now_s) + _LIFETIME_S}
    return f"{_packed(head)}.{_packed(claims)}.simulated"


def _packed(part: Mapping[str, Json]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(part)).decode().rstrip("=")


def token(world: World, call: Call) -> Answer:
    """POST /{tenant}/oauth2/v2.0/token: any credentials will do; the client id becomes the principal."""
    form = parse_qs(call.ask.body.decode("latin-1"))
    principal = form.get("client_id", [SIMULATED_PRINCIPAL])[0]
    body = {
        "token_type": "Bearer",
        "expires_in": _LIFETIME_S,
        "ext_expires_in": _LIFETIME_S,
        "access_token": simulated_token(principal, world.now_s),
    }
    return Answer(body=body)


def machine_token(world: World, call: Call) -> Answer:
    """GET /metadata/identity/oauth2/token: what a machine's own endpoint (IMDS) gives its managed identity.

    A client is led here by ``AZURE_POD_IDENTITY_AUTHORITY_HOST``. Times are by Azure's clock, as numbers in
    strings.
    """
    if call.ask.headers.get("metadata", "").lower() != "true":
        raise Refusal(400, "invalid_request", "Required metadata header not specified")
    resource = call.query.get("resource", "")
    if not resource:
        raise Refusal(400, "invalid_request", "Required query variable 'resource' is missing")
    principal = call.query.get("client_id", SIMULATED_PRINCIPAL)
    now_s = int(world.faults.azure_time().timestamp())
    body = {
        "access_token": simulated_token(principal, now_s),
        "client_id": principal,
        "expires_in": str(_LIFETIME_S),
        "expires_on": str(now_s + _LIFETIME_S),
        "not_before": str(now_s),
        "resource": resource,
        "token_type": "Bearer",
    }
    return Answer(body=body)


def configuration(_world: World, call: Call) -> Answer:
    """GET /{tenant}/v2.0/.well-known/openid-configuration: where the endpoints are."""
    tenant = f"{call.ask.base}/{call.params['tenant']}"
    body = {
        "issuer": f"{tenant}/v2.0",
        "authorization_endpoint": f"{tenant}/oauth2/v2.0/authorize",
        "token_endpoint": f"{tenant}/oauth2/v2.0/token",
        "device_authorization_endpoint": f"{tenant}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{tenant}/discovery/v2.0/keys",
        "response_types_supported": ["code", "id_token", "token"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["none"],
    }
    return Answer(body=body)


ROUTES = (
    Route("GET", "/metadata/identity/oauth2/token", machine_token, Face.TOKENS),
    Route("POST", "/{tenant}/oauth2/v2.0/token", token, Face.TOKENS),
    Route("GET", "/{tenant}/v2.0/.well-known/openid-configuration", configuration, Face.TOKENS),
)
