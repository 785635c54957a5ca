"""What the wire says, as the engine would hear it through the adapters: one table for the direct face.

    what happened                                     read               mutation
    ------------------------------------------------  -----------------  -----------------
    not connected: nothing was sent                    Transient          Transient
    sent, answer lost, cut short or not readable       Transient          Unknown
    429, or 503 that says it was not taken             Transient (wait)   Transient (wait)
    other 5xx, or 408                                  Transient          Unknown
    409 that says another operation is in the way      Transient (wait)   Transient (wait)
    any other refusal                                  Refused            Refused

"Says it was not taken" means a ``Retry-After`` or one of the codes in ``_BUSY``. A shared test holds this
table to the adapters' own.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.simulator.faults.ruling import Damage, Ruling
from avd_failover.simulator.refusals import ArmRefusal, Throttled

MAX_WAIT_S = 900.0
"""Longest wait that the engine's side believes."""

_BUSY = frozenset(
    {
        "anotheroperationinprogress", "conflictingoperationinprogress", "operationinprogress",
        "retryableerror", "serverbusy", "subscriptionrequeststhrottled", "toomanyrequests",
    }
)  # fmt: skip
_NAMELESS_CONFLICT = frozenset({"", "409", "conflict"})
UNREADABLE: frozenset[Damage] = frozenset({"truncated-json", "gzip"})
"""Damage after which an answer arrived and says nothing."""
BODYLESS = frozenset(
    {
        "items.change-point", "items.commit", "items.fail-over", "items.switch", "items.test",
        "machines.start", "machines.deallocate", "machines.power-off", "sessions.log-off", "sessions.message",
        "recovery-plans.commit", "recovery-plans.fail-over",
    }
)  # fmt: skip
"""Requests whose success has no body that could be damaged."""


def fault_of(refusal: ArmRefusal, target: str, *, mutating: bool, at: datetime | None = None) -> CloudError:
    """Return the fault that a refusal is; ``at`` is the answer's own date, for a Retry-After that is one."""
    text = f"{refusal.message}, for {target}"
    asked = _asked_s(refusal, at)
    if _not_taken(refusal, asked):
        return TransientError(
            text, wait_s=asked or 0.0, code=refusal.code, target=target, status=refusal.status
        )
    if refusal.status < 500 and refusal.status != 408:
        return RefusedError(text, code=refusal.code, target=target, status=refusal.status)
    if mutating:
        return UnknownError(text, code=refusal.code, target=target, status=refusal.status)
    return TransientError(text, wait_s=asked or 0.0, code=refusal.code, target=target, status=refusal.status)


def lost(target: str, *, mutating: bool, code: str = "AnswerLost") -> CloudError:
    """Return the fault that a lost or unreadable answer is."""
    kind = UnknownError if mutating else TransientError
    text = "answer not readable" if code == "AnswerUnreadable" else "answer lost"
    return kind(text, code=code, target=target)


def unconnected(why: str, target: str) -> CloudError:
    """Return the fault that a connection is which never came to be: nothing was sent."""
    return TransientError(f"could not connect: {why}", code="NotConnected", target=target)


def unheard(ruling: Ruling, target: str, *, mutating: bool) -> CloudError:
    """Return the fault that it is to hear nothing of Azure: silence, or a captive portal in its place."""
    if ruling.damage != "portal":
        return lost(target, mutating=mutating)
    if ruling.portal == "page":
        return lost(target, mutating=mutating, code="AnswerUnreadable")
    if ruling.portal == "redirect":
        return RefusedError(f"not followed: another host, for {target}", code="", target=target, status=302)
    kind = UnknownError if mutating else TransientError
    return kind(f"511: no reason given, for {target}", code="", target=target, status=511)


def _not_taken(refusal: ArmRefusal, asked: float | None) -> bool:
    folded = refusal.code.lower()
    if refusal.status == 429:
        return True
    if refusal.status == 503:
        return asked is not None or folded in _BUSY
    return refusal.status == 409 and (folded in _BUSY or (asked is not None and folded in _NAMELESS_CONFLICT))


def _asked_s(refusal: ArmRefusal, at: datetime | None) -> float | None:
    if isinstance(refusal, Throttled):
        return float(refusal.retry_after_s)
    return _wait_s(refusal.headers, at)


def _wait_s(headers: Mapping[str, str], at: datetime | None) -> float | None:
    text = headers.get("Retry-After", "")
    if not text:
        return None
    try:
        wait_s = float(text)
    except ValueError:
        until = parsedate_to_datetime(text)
        wait_s = (until - at.replace(microsecond=0)).total_seconds() if at else math.nan
    return min(max(wait_s, 0.0), MAX_WAIT_S)
