"""How long an answer asks to wait, whatever form it takes."""

import pytest
from multidict import CIMultiDict

from avd_failover.azure.retry_after import MAX_WAIT_S, UNDATED_WAIT_S, asked_wait_s

SENT = "Sun, 01 Mar 2026 03:00:00 GMT"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        pytest.param({}, None, id="nothing asked"),
        pytest.param({"Retry-After": "17"}, 17.0, id="seconds"),
        pytest.param({"retry-after": " 2.5 "}, 2.5, id="fraction, other case"),
        pytest.param({"Retry-After": "0"}, 0.0, id="at once"),
        pytest.param({"Retry-After": "-5"}, 0.0, id="negative"),
        pytest.param({"Retry-After": "86400"}, MAX_WAIT_S, id="a day"),
        pytest.param({"Retry-After": "inf"}, MAX_WAIT_S, id="for ever"),
        pytest.param({"Retry-After": "nan"}, None, id="not a number"),
        pytest.param({"Retry-After": "soon"}, None, id="nonsense"),
        pytest.param({"Retry-After": "Sun, 01 Mar 2026 03:00:40 GMT", "Date": SENT}, 40.0, id="date"),
        pytest.param({"Retry-After": "Sun, 01 Mar 2026 02:00:00 GMT", "Date": SENT}, 0.0, id="past date"),
        pytest.param({"Retry-After": "Mon, 01 Mar 2027 03:00:00 GMT", "Date": SENT}, MAX_WAIT_S, id="a year"),
        pytest.param(
            {"Retry-After": "Sun, 01 Mar 2026 03:00:40 GMT"}, UNDATED_WAIT_S, id="no Date to compare"
        ),
        pytest.param({"Retry-After": "Sun, 99 Foo 2026 03:00:40 GMT", "Date": SENT}, None, id="broken date"),
        pytest.param({"Retry-After-Ms": "1500"}, 1.5, id="milliseconds"),
        pytest.param({"x-ms-retry-after-ms": "250", "Retry-After": "9"}, 0.25, id="the finer one wins"),
    ],
)
def test_a_wait_is_read_and_clamped(headers: dict[str, str], seconds: float | None) -> None:
    assert asked_wait_s(CIMultiDict(headers)) == seconds
