"""Addresses of the network: one request each, to the host that the runbook names and no other.

No redirects, no cookies, no proxies from the environment, no second attempt of a call. What is sent along
from the environment appears in no message; of answers there is a status, a length and a digest.

    what happened                                   a call          a question
    ----------------------------------------------  --------------  -------------
    not connected                                    Transient       Transient
    its certificate is not trusted                   Refused         Refused
    sent, answer lost                                Unknown         Transient
    429, 503                                         Transient       Transient
    other 5xx, 408                                   Unknown         Transient
    2xx                                              accepted        read
    any other, redirects among them                  Refused         Refused
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
import msgspec
from yarl import URL

from avd_failover import __version__
from avd_failover.cloud import Accepted, Answered, Question
from avd_failover.domain.actions import CallWebhook
from avd_failover.domain.addresses import safe_url
from avd_failover.domain.clock import Clock
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.outside.environment import one_word
from avd_failover.outside.output import Digested

LONGEST = 65536
"""Bytes of an answer that are read; the rest is left."""

LONGEST_WAIT_S = 300.0
"""What an address may ask us to wait at most."""

SHOWN = 40
"""Characters of a status that are told."""


class Addresses:
    """Sends requests with values from one environment."""

    def __init__(self, clock: Clock, environment: Mapping[str, str]) -> None:
        self._clock = clock
        self._environment = environment

    async def post(self, webhook: CallWebhook) -> Accepted:
        """Post to an address (``cloud.Outside.post``)."""
        headers = {"Idempotency-Key": webhook.key, "Content-Type": "application/json"}
        told, _ = await self._exchange(webhook, "POST", webhook.target, headers, webhook.body.encode())
        return Accepted(at=self._clock.now(), detail=told)

    async def ask(self, question: Question) -> Answered:
        """Read a status address once (``cloud.Outside.ask``)."""
        try:
            _, body = await self._exchange(question, "GET", question.url, {"Accept": "application/json"})
        except UnknownError as fault:
            raise TransientError(fault.message, target=fault.target, status=fault.status) from fault
        found = _field(body, question.field)
        return Answered(matches=found == question.wanted, found=_shown(found))

    async def _exchange(
        self,
        asked: CallWebhook | Question,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: bytes | None = None,
    ) -> tuple[str, bytes]:
        url, sent = self._address(asked, target), {**headers, **self._bearer(asked, target)}
        timeout = aiohttp.ClientTimeout(total=asked.timeout_s)
        jar = aiohttp.DummyCookieJar()
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, auto_decompress=False) as session,
                session.request(method, url, headers=sent, data=body, allow_redirects=False) as answer,
            ):
                return await _answer(answer, target)
        except (aiohttp.ClientError, TimeoutError) as error:
            # Without the cause: its text may hold the address with what the environment added to it.
            raise _lost(error, target) from None

    def _address(self, asked: CallWebhook | Question, target: str) -> URL:
        if not safe_url(asked.url):
            raise RefusedError("the address is not one that a runbook may name", code="Url", target=target)
        if not asked.query_from:
            return URL(asked.url, encoded=True)
        return URL(f"{asked.url}?{one_word(asked.query_from, self._environment, target)}", encoded=True)

    def _bearer(self, asked: CallWebhook | Question, target: str) -> dict[str, str]:
        plain = {"User-Agent": f"avd-failover/{__version__}", "Accept-Encoding": "identity"}
        if not asked.bearer_from:
            return plain
        return plain | {"Authorization": f"Bearer {one_word(asked.bearer_from, self._environment, target)}"}


async def _answer(answer: aiohttp.ClientResponse, target: str) -> tuple[str, bytes]:
    """Return what is told of an answer 2xx, and its first bytes; raise the fault that any other one is."""
    body = b""
    while len(body) < LONGEST and (part := await answer.content.read(LONGEST - len(body))):
        body += part
    output = Digested()
    output.add(body)
    told = f"status {answer.status}, {output.told('answer')}"
    if 200 <= answer.status < 300:
        return told, body
    raise _fault(answer.status, answer.headers.get("Retry-After", ""), told, target)


def _fault(status: int, retry_after: str, told: str, target: str) -> CloudError:
    if status in {429, 503}:
        wait_s = min(float(retry_after), LONGEST_WAIT_S) if retry_after.isdecimal() else 0.0
        return TransientError(told, wait_s=wait_s, target=target, status=status)
    if status >= 500 or status == 408:
        return UnknownError(told, target=target, status=status)
    if 300 <= status < 400:
        told = f"{told}; redirects are not followed"
    return RefusedError(told, code="Answer", target=target, status=status)


def _lost(error: Exception, target: str) -> CloudError:
    kind = type(error).__name__
    if isinstance(error, aiohttp.ClientSSLError | aiohttp.ClientConnectorCertificateError):
        return RefusedError(f"not connected, its certificate is not trusted ({kind})", target=target)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return TransientError(f"not connected ({kind})", target=target)
    return UnknownError(f"sent, and the answer was lost ({kind})", target=target)


def _field(body: bytes, path: str) -> str | None:
    """Return a scalar of a JSON text as text; None where there is none."""
    try:
        found: Any = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    for key in path.split("."):
        found = found.get(key) if isinstance(found, dict) else None
    if isinstance(found, bool):
        return str(found).lower()
    return str(found) if isinstance(found, str | int | float) else None


def _shown(found: str | None) -> str:
    """Return a status as it may be told: a short word or two, never what could be more than a status."""
    if found is None:
        return "nothing"
    plain = all(char.isascii() and (char.isalnum() or char in " _.-") for char in found)
    return found if plain and len(found) <= SHOWN else "something else"
