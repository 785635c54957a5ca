"""Faults of the engine's own identity."""

import base64
import random
from typing import Literal

from pydantic import Field

from avd_failover.simulator.faults.base import RequestFault, called
from avd_failover.simulator.faults.names import Stage
from avd_failover.simulator.faults.ruling import Ruling
from avd_failover.simulator.faults.sent import Sent
from avd_failover.simulator.refusals import ArmRefusal

_ACTIONS = {
    "application-groups": "Microsoft.DesktopVirtualization/applicationgroups",
    "assignments": "Microsoft.Authorization/roleAssignments",
    "hosts": "Microsoft.DesktopVirtualization/hostpools/sessionhosts",
    "machines": "Microsoft.Compute/virtualMachines",
    "plans": "Microsoft.DesktopVirtualization/scalingplans",
    "pools": "Microsoft.DesktopVirtualization/hostpools",
    "roles": "Microsoft.Authorization/roleDefinitions",
    "schedules": "Microsoft.DesktopVirtualization/scalingplans/pooledSchedules",
    "sessions": "Microsoft.DesktopVirtualization/hostpools/sessionhosts/usersessions",
    "workspaces": "Microsoft.DesktopVirtualization/workspaces",
}
_VERBS = {
    "create": "write", "patch": "write", "delete": "delete", "log-off": "delete",
    "message": "sendMessage/action",
    "start": "start/action", "deallocate": "deallocate/action", "power-off": "powerOff/action",
    "disconnect": "disconnect/action",
}  # fmt: skip


class TokenExpired(RequestFault):
    """The engine's token has expired: 401."""

    fault: Literal["token-expired"] = called("token-expired")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 401."""
        heads = {
            "WWW-Authenticate": 'Bearer error="invalid_token", error_description="The token has expired."'
        }
        text = "The access token expiry UTC time is earlier than the current UTC time."
        return Ruling(refusal=ArmRefusal(401, "ExpiredAuthenticationToken", text, headers=heads))


class IdentityDown(RequestFault):
    """Whoever gives out tokens does not answer; a token that is held is good until its own end."""

    fault: Literal["identity-down"] = called("identity-down")
    route: Literal["token.issue"] = Field(default="token.issue", description="Requests for tokens.")
    actor: str = Field(default="*", description="Who asks.")
    how: Literal["error", "reset"] = Field(default="error", description="503, or no answer at all.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Give no token."""
        if self.how == "reset":
            return Ruling(arrives=False, damage="reset")
        return Ruling(refusal=ArmRefusal(503, "temporarily_unavailable", "The identity service is away."))


class RightsRemoved(RequestFault):
    """The engine's own role is removed: 403, naming the action it lacks."""

    fault: Literal["rights-removed"] = called("rights-removed")
    route: str = Field(default="assignments.*", description="Which requests.")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 403, in ARM's words or in Graph's."""
        kind, _, verb = sent.route.partition(".")
        if kind not in _ACTIONS:
            text = "Insufficient privileges to complete the operation."
            return Ruling(refusal=ArmRefusal(403, "Authorization_RequestDenied", text))
        action = f"{_ACTIONS[kind]}/{_VERBS.get(verb, 'read')}"
        text = (
            f"The client with object id '{sent.actor.partition(':')[2]}' does not have authorization"
            f" to perform action '{action}' over scope '{sent.target}' or the scope is invalid."
        )
        return Ruling(refusal=ArmRefusal(403, "AuthorizationFailed", text))


class ClaimsChallenge(RequestFault):
    """Conditional Access wants another token: 401 with a claims challenge."""

    fault: Literal["claims-challenge"] = called("claims-challenge")

    def rule(self, stage: Stage, sent: Sent, chance: random.Random) -> Ruling:
        """Answer 401 with claims."""
        claims = base64.b64encode(b'{"access_token":{"nbf":{"essential":true,"value":"1"}}}').decode()
        heads = {"WWW-Authenticate": f'Bearer error="insufficient_claims", claims="{claims}"'}
        text = "Continuous access evaluation resulted in a challenge."
        return Ruling(refusal=ArmRefusal(401, "InvalidAuthenticationToken", text, headers=heads))
