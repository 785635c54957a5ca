"""One request to the host that the runbook names: no second one, no other host, no secret in any message."""

import hashlib
import logging
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from avd_failover.cloud import Question
from avd_failover.domain.actions import CallWebhook
from avd_failover.domain.faults import CloudError, RefusedError, TransientError, UnknownError
from avd_failover.engine.clock import LoopClock
from avd_failover.outside.addresses import LONGEST, LONGEST_WAIT_S, Addresses
from avd_failover.simulator.http.certificates import make_certificates
from tests.outside.listener import Says, listening

TOKEN, QUERY = "canary-token-51b2", "sig=canary-query-9c1e%2F&v=1"
ENVIRONMENT = {"TOKEN": TOKEN, "QUERY": QUERY, "BROKEN": "a\r\nX-Evil: 1", "EMPTY": ""}
BODY = '{"run":"r-1","step":"tell"}'


def addresses() -> Addresses:
    return Addresses(LoopClock(datetime.now(UTC)), ENVIRONMENT)


def webhook(url: str, **changes: Any) -> CallWebhook:
    given = {"timeout_s": 5.0} | changes
    return CallWebhook(step="tell", number=1, url=url, body=BODY, key="key-1", reason="r", **given)


def question(url: str, **changes: Any) -> Question:
    given: dict[str, Any] = {"field": "status", "wanted": "done", "timeout_s": 5.0} | changes
    return Question(url=url, **given)


def told(body: bytes) -> str:
    return f"{len(body)} bytes of answer, SHA-256 {hashlib.sha256(body).hexdigest()}"


async def test_a_call_is_one_post_of_json_with_its_key() -> None:
    async with listening(Says(202, b"taken")) as host:
        accepted = await addresses().post(webhook(f"{host.url}/hook"))
    (heard,) = host.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/hook", BODY.encode())
    assert heard.headers["content-type"] == "application/json"
    assert heard.headers["idempotency-key"] == "key-1"
    assert "authorization" not in heard.headers
    assert accepted.detail == f"status 202, {told(b'taken')}"


async def test_token_and_query_come_from_the_environment_and_arrive_as_they_are() -> None:
    async with listening() as host:
        await addresses().post(webhook(f"{host.url}/hook", bearer_from="TOKEN", query_from="QUERY"))
    (heard,) = host.heard
    assert heard.headers["authorization"] == f"Bearer {TOKEN}"
    assert heard.path == f"/hook?{QUERY}"


ANSWERS = [
    (200, {}, None),
    (204, {}, None),
    (299, {}, None),
    (301, {"Location": "/elsewhere"}, RefusedError),
    (302, {"Location": "https://evil.test/"}, RefusedError),
    (307, {"Location": "/elsewhere"}, RefusedError),
    (400, {}, RefusedError),
    (401, {}, RefusedError),
    (404, {}, RefusedError),
    (408, {}, UnknownError),
    (409, {}, RefusedError),
    (429, {"Retry-After": "7"}, TransientError),
    (500, {}, UnknownError),
    (502, {}, UnknownError),
    (503, {}, TransientError),
    (504, {}, UnknownError),
]


@pytest.mark.parametrize(("status", "headers", "fault"), ANSWERS)
async def test_an_answer_means(status: int, headers: dict[str, str], fault: type[CloudError] | None) -> None:
    async with listening(Says(status, b"", headers)) as host:
        asked = addresses().post(webhook(f"{host.url}/hook"))
        if fault is None:
            assert (await asked).detail.startswith(f"status {status}, ")
        else:
            with pytest.raises(fault) as raised:
                await asked
            assert raised.value.status == status
            assert raised.value.message.startswith(f"status {status}, ")
    assert len(host.heard) == 1, "sent once, whatever the answer"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_the_token_goes_nowhere(status: int) -> None:
    async with listening() as evil, listening(Says(status, b"", {"Location": f"{evil.url}/take"})) as host:
        with pytest.raises(RefusedError, match="redirects are not followed"):
            await addresses().post(webhook(f"{host.url}/hook", bearer_from="TOKEN"))
        with pytest.raises(RefusedError, match="redirects are not followed"):
            await addresses().ask(question(f"{host.url}/status", bearer_from="TOKEN"))
    assert evil.heard == []


@pytest.mark.parametrize(
    ("asks", "waits_s"), [("7", 7.0), ("999999", LONGEST_WAIT_S), ("soon", 0.0), ("-5", 0.0), ("1e9", 0.0)]
)
async def test_the_wait_an_address_asks_for_is_bounded(asks: str, waits_s: float) -> None:
    async with listening(Says(429, b"", {"Retry-After": asks})) as host:
        with pytest.raises(TransientError) as raised:
            await addresses().post(webhook(f"{host.url}/hook"))
    assert raised.value.wait_s == waits_s


async def test_nobody_there_is_transient_because_nothing_was_sent() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/hook"
    with pytest.raises(TransientError, match="not connected"):
        await addresses().post(webhook(url))


@pytest.mark.parametrize("says", [Says(drop=True), Says(silent=True)])
async def test_a_lost_answer_is_unknown_for_a_call_and_transient_for_a_question(says: Says) -> None:
    async with listening(says) as host:
        with pytest.raises(UnknownError, match="sent, and the answer was lost"):
            await addresses().post(webhook(f"{host.url}/hook", timeout_s=0.3))
        with pytest.raises(TransientError):
            await addresses().ask(question(f"{host.url}/hook", timeout_s=0.3))
    assert [one.method for one in host.heard].count("POST") == 1, "a call is sent once"


async def test_a_giant_answer_is_read_no_further_than_needed() -> None:
    async with listening(Says(200, bytes(8 * LONGEST))) as host:
        accepted = await addresses().post(webhook(f"{host.url}/hook"))
    assert accepted.detail == f"status 200, {told(bytes(LONGEST))}"


@pytest.mark.parametrize(
    "url", ["https://user@h.test/", "http://h.test/", "https://h.test/?a=1", "file:///etc/passwd"]
)
async def test_an_address_that_no_runbook_may_name_is_not_called(url: str) -> None:
    with pytest.raises(RefusedError, match="not one that a runbook may name"):
        await addresses().post(webhook(url))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"bearer_from": "MISSING"}, "MISSING is not set"),
        ({"query_from": "EMPTY"}, "EMPTY is not set"),
        ({"bearer_from": "BROKEN"}, "BROKEN has blanks or marks"),
        ({"query_from": "BROKEN"}, "BROKEN has blanks or marks"),
    ],
)
async def test_a_variable_that_cannot_be_sent_refuses_before_anything_is(
    changes: dict[str, str], says: str
) -> None:
    async with listening() as host:
        with pytest.raises(RefusedError, match=says) as refused:
            await addresses().post(webhook(f"{host.url}/hook", **changes))
    assert host.heard == []
    assert "Evil" not in refused.value.message


async def test_an_untrusted_certificate_is_refused_and_not_tried_again(tmp_path: Path) -> None:
    made = make_certificates(tmp_path / "tls", datetime.now(UTC))
    async with listening(tls=made.context()) as host:
        with pytest.raises(RefusedError, match="certificate is not trusted"):
            await addresses().post(webhook(f"{host.url}/hook", bearer_from="TOKEN"))
    assert host.heard == []


SECRETIVE = [
    Says(500),
    Says(400),
    Says(302, b"", {"Location": "/x"}),
    Says(429),
    Says(drop=True),
    Says(silent=True),
]


@pytest.mark.parametrize("says", SECRETIVE, ids=str)
async def test_no_message_and_no_log_has_what_the_environment_gave(
    says: Says, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with listening(says) as host:
        with pytest.raises(CloudError) as raised:
            await addresses().post(
                webhook(f"{host.url}/hook", bearer_from="TOKEN", query_from="QUERY", timeout_s=0.3)
            )
    said = [raised.value, raised.value.message, raised.value.__cause__, caplog.text]
    assert "canary" not in " ".join(map(repr, said))
    assert raised.value.__suppress_context__ or raised.value.__context__ is None


STATUSES = [
    (b'{"status": "done"}', "status", "done", True, "done"),
    (b'{"status": "running"}', "status", "done", False, "running"),
    (b'{"a": {"b": {"c": true}}}', "a.b.c", "true", True, "true"),
    (b'{"n": 3}', "n", "3", True, "3"),
    (b'{"status": null}', "status", "done", False, "nothing"),
    (b'{"status": ["done"]}', "status", "done", False, "nothing"),
    (b'["done"]', "status", "done", False, "nothing"),
    (b"done", "status", "done", False, "nothing"),
    (b"", "status", "done", False, "nothing"),
    (b'{"status": NaN}', "status", "nan", False, "nothing"),
    (b"[" * 30000, "status", "done", False, "nothing"),
    (b'{"status": "eyJhbGciOi.secret/+=="}', "status", "done", False, "something else"),
    (b'{"status": "\\u001b[31mred"}', "status", "done", False, "something else"),
    (b'{"status": "' + b"x" * 41 + b'"}', "status", "done", False, "something else"),
]


@pytest.mark.parametrize(("body", "field", "wanted", "matches", "found"), STATUSES)
async def test_a_status_is_one_scalar_of_a_json_text(
    body: bytes, field: str, wanted: str, matches: bool, found: str
) -> None:
    async with listening(Says(200, body)) as host:
        answered = await addresses().ask(question(f"{host.url}/status", field=field, wanted=wanted))
    assert (answered.matches, answered.found) == (matches, found)
    assert host.heard[0].method == "GET"
