"""Images of extensions: figures of a step that are read back, the newest of several, and those too old."""

from datetime import UTC, datetime, timedelta

import pytest

from avd_failover.domain.desk_images import (
    IMAGE,
    KEPT,
    DeskImage,
    figure,
    image_in,
    images_in,
    newest,
    span,
    stale,
)
from avd_failover.domain.extensions import VmExtension
from avd_failover.domain.graph import Setting

NOW = datetime(2026, 3, 9, 3, 0, tzinfo=UTC)
WEEK_S = 7 * 86_400.0
ONE = VmExtension(name="A", publisher="P", type="T", version="1.0", settings='{"x":1}')
TWO = VmExtension(name="B", publisher="P", type="U", version="2.1", automatic_upgrade=True)


def image(host: str, days: float, *extensions: VmExtension) -> DeskImage:
    return DeskImage(host=host, taken_at=NOW - timedelta(days=days), extensions=extensions)


def test_what_is_written_is_read_back_whole():
    figures: dict[str, Setting] = {
        IMAGE + "pd-1": figure([ONE, TWO]),
        IMAGE + "pd-2": figure([]),
        "hidden": 0,
    }
    assert image_in(figures, "pd-1") == (ONE, TWO)
    assert image_in(figures, "pd-2") == (), "a machine without extensions is known to have none"
    assert image_in(figures, "pd-3") is None


def test_only_what_was_read_then_is_an_image_of_that_moment():
    figures: dict[str, Setting] = {IMAGE + "pd-1": figure([ONE]), KEPT + "pd-2": figure([TWO]), "kept": 1}
    assert image_in(figures, "pd-2") == (TWO,)
    assert list(images_in(figures, NOW)) == [DeskImage(host="pd-1", taken_at=NOW, extensions=(ONE,))]


def test_of_each_host_the_newest_counts_whatever_the_order():
    images = [image("b", 3), image("a", 2, ONE), image("b", 1, TWO), image("a", 5)]
    wanted = (image("a", 2, ONE), image("b", 1, TWO))
    assert newest(images) == newest(reversed(images)) == wanted


@pytest.mark.parametrize(
    ("hosts", "images", "says"),
    [
        (["a"], [image("a", 7)], None),
        ([], [], None),
        (["a"], [image("a", 7.1)], "those of 1 of 1 desktop were not written down within 7 d (a)"),
        (["a", "b"], [image("a", 1)], "those of 1 of 2 desktops were not written down within 7 d (b)"),
        (["a"], [image("b", 1)], "(a)"),
    ],
)
def test_desktops_without_a_young_image_are_warned_of(hosts, images, says):
    found = stale(hosts, images, now=NOW, within_s=WEEK_S, mend="take some")
    assert (found is None) is (says is None)
    if found is not None:
        assert found.code == "images-stale"
        assert says in found.detail
        assert found.detail.endswith("take some")


@pytest.mark.parametrize(
    ("seconds", "says"),
    [(0.0, "0 h"), (5400.0, "2 h"), (90_000.0, "25 h"), (172_800.0, "2 d"), (WEEK_S, "7 d")],
)
def test_a_span_is_told_in_hours_and_then_in_days(seconds, says):
    assert span(seconds) == says
