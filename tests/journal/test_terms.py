"""Terms: what a lease needs so that one renewal may fail, and a request still ends inside it."""

import pytest

from avd_failover.journal.lease import MARGIN, TTL_S, Terms, terms_for


@pytest.mark.parametrize(
    ("ttl_s", "renew_every_s", "retry_timeout_s"),
    [(60.0, 15.0, 22.6), (34.9, 15.0, 10.0), (60.0, 60.0, 0.1), (60.0, 0.0, 10.0), (60.0, 15.0, 0.0)],
)
def test_terms_that_one_failed_renewal_would_end_are_refused(
    ttl_s: float, renew_every_s: float, retry_timeout_s: float
) -> None:
    with pytest.raises(ValueError, match="cannot be renewed every"):
        Terms(ttl_s=ttl_s, renew_every_s=renew_every_s, retry_timeout_s=retry_timeout_s)


def test_terms_that_just_fit_are_taken() -> None:
    assert Terms(ttl_s=35.0, renew_every_s=15.0, retry_timeout_s=10.0).ttl_s == 35.0


def test_the_usual_term_is_a_minute_renewed_every_quarter() -> None:
    assert (Terms().ttl_s, Terms().renew_every_s) == (60.0, 15.0)
    assert terms_for(30.0) == Terms(), "the plan's usual deadline of a request needs no longer term"


@pytest.mark.parametrize("request_s", [1.0, 30.0, 34.0, 35.0, 60.0, 600.0])
def test_a_request_can_be_sent_although_a_renewal_is_late(request_s: float) -> None:
    terms = terms_for(request_s)
    left_at_worst = terms.ttl_s - terms.renew_every_s - terms.retry_timeout_s
    assert left_at_worst >= terms.needed_s(request_s) - 1e-9
    assert terms.ttl_s >= TTL_S


def test_the_margin_is_at_least_a_hundredth_of_the_term() -> None:
    assert MARGIN >= 0.01
    assert Terms(ttl_s=200.0).needed_s(30.0) == pytest.approx(32.0)
