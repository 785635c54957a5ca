"""Arithmetic of request budgets, without any waiting."""

import pytest

from avd_failover.azure.meters import Bucket, Gate, Window


def drain(bucket: Bucket, now: float, calls: int) -> None:
    for _ in range(calls):
        bucket.take(now, 1)


def test_a_bucket_gives_its_capacity_at_once_and_then_its_refill() -> None:
    bucket = Bucket(200, 10)
    for _ in range(200):
        assert bucket.wait_s(5.0, 1) == 0
        bucket.take(5.0, 1)
    assert bucket.wait_s(5.0, 1) == pytest.approx(0.1)
    assert bucket.wait_s(5.1, 1) == 0


def test_a_bucket_never_holds_more_than_its_capacity() -> None:
    bucket = Bucket(3, 1)
    assert bucket.wait_s(0.0, 1) == 0
    assert bucket.wait_s(1_000.0, 3) == 0
    assert bucket.wait_s(1_000.0, 4) == pytest.approx(1.0)


def test_a_costly_request_waits_for_all_its_tokens() -> None:
    bucket = Bucket(10, 2)
    drain(bucket, 0.0, 10)
    assert bucket.wait_s(0.0, 4) == pytest.approx(2.0)


def test_time_that_stands_still_or_runs_back_refills_nothing() -> None:
    bucket = Bucket(1, 1)
    bucket.take(10.0, 1)
    assert bucket.wait_s(9.0, 1) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("remaining", "wait"),
    [(500, 0.0), (200, 0.0), (6, 0.0), (5, 0.0), (4, 0.1), (0, 0.5)],
)
def test_azures_count_only_ever_lowers_the_estimate(remaining: float, wait: float) -> None:
    bucket = Bucket(196, 10, reserve=4)
    bucket.lower(remaining)
    assert bucket.wait_s(0.0, 1) == pytest.approx(wait)


def test_azures_count_does_not_refill_an_empty_bucket() -> None:
    bucket = Bucket(2, 1)
    drain(bucket, 0.0, 2)
    bucket.lower(150)
    assert bucket.wait_s(0.0, 1) == pytest.approx(1.0)


def test_a_closed_bucket_waits_out_the_closing_even_when_full() -> None:
    bucket = Bucket(200, 10)
    bucket.close(0.0, 60)
    assert bucket.wait_s(0.0, 1) == pytest.approx(60.0)
    assert bucket.wait_s(59.0, 1) == pytest.approx(1.0)
    assert bucket.wait_s(60.0, 1) == 0


def test_the_longest_closing_counts() -> None:
    gate = Gate()
    gate.close(0.0, 60)
    gate.close(10.0, 5)
    assert gate.wait_s(10.0, 1) == pytest.approx(50.0)


def test_a_refusal_slows_the_refill_once_per_closing_and_it_recovers() -> None:
    bucket = Bucket(100, 10)
    for _ in range(64):
        bucket.close(0.0, 1)
    drain(bucket, 1.0, 7)
    assert bucket.wait_s(1.0, 1) == pytest.approx(1 / 7, rel=0.05)
    drain(bucket, 400.0, 100)
    assert bucket.wait_s(400.0, 1) == pytest.approx(0.1)


def test_the_refill_is_never_slowed_below_a_tenth() -> None:
    bucket = Bucket(100, 10)
    for closing in range(50):
        bucket.close(closing * 0.001, 0.0005)
    assert bucket.wait_s(0.05, 1) <= 1.0


def test_a_window_lets_so_many_through_in_so_many_seconds() -> None:
    window = Window(9, 300)
    for call in range(9):
        assert window.wait_s(float(call), 1) == 0
        window.take(float(call), 1)
    assert window.wait_s(8.0, 1) == pytest.approx(292.0)
    assert window.wait_s(300.0, 1) == 0
    window.take(300.0, 1)
    assert window.wait_s(300.0, 1) == pytest.approx(1.0)


def test_a_free_request_passes_a_full_window_but_not_a_closed_one() -> None:
    window = Window(1, 300)
    window.take(0.0, 1)
    assert window.wait_s(0.0, 0) == 0
    window.close(0.0, 20)
    assert window.wait_s(0.0, 0) == pytest.approx(20.0)


def test_a_slower_azure_is_followed_by_its_own_count_alone() -> None:
    """Real refill 4/s against our 10/s: after the first burst, sending settles near 4/s, refusing nothing."""
    ours, theirs, now, sent = Bucket(196, 9.8, reserve=4), 200.0, 0.0, 0
    while now < 120:
        wait = ours.wait_s(now, 1)
        theirs = min(200.0, theirs + wait * 4)
        now += wait
        ours.take(now, 1)
        theirs -= 1
        assert theirs >= 0
        ours.lower(int(theirs))
        sent += 1
    assert 200 + 0.9 * 4 * 120 - 10 < sent <= 200 + 4 * 120
