"""The notice of a plan: reminders in order, placeholders that there are."""

from pathlib import Path

import pytest

from avd_failover.runbook.faults import FileFaults
from avd_failover.runbook.plan_file import load_plan
from tests.runbook.builders import ROOT, written

PLAN = (ROOT / "plans" / "pooled-eu.yaml").read_text()
NOTICE = (
    "notice:\n  before: 15m\n  reminders: [5m, 1m]\n  title: '{plan} moves'\n  body: In {minutes} minutes.\n"
)


def plan_with(folder: Path, notice: str) -> Path:
    head, _, tail = PLAN.partition("notice:\n")
    rest = tail[tail.index("\naccepted_paths") :]
    return written(folder, head + notice + rest)


def test_a_countdown_is_read_as_seconds_in_falling_order(tmp_path: Path) -> None:
    notice = load_plan(plan_with(tmp_path, NOTICE)).plan.notice
    assert notice is not None
    assert notice.marks_s == (900.0, 300.0, 60.0)
    assert notice.body == "In {minutes} minutes."


def test_a_notice_without_reminders_is_as_it_was(tmp_path: Path) -> None:
    notice = load_plan(plan_with(tmp_path, NOTICE.replace("  reminders: [5m, 1m]\n", ""))).plan.notice
    assert notice is not None
    assert notice.marks_s == (900.0,)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[5m, 1m]", "[1m, 5m]", "notice.reminders[1]: a reminder 300 s before; allowed: each at least 1m"),
        ("[5m, 1m]", "[15m]", "notice.reminders[0]: a reminder 900 s before"),
        ("[5m, 1m]", "[5m, 30s]", "notice.reminders[1]: a reminder 30 s before"),
        ("[5m, 1m]", "[5m, 270s]", "notice.reminders[1]: a reminder 270 s before"),
        ("{minutes}", "{seconds}", "notice.body: '{seconds}' is no placeholder; allowed: {minutes} {plan}"),
        ("{plan}", "{user}", "notice.title: '{user}' is no placeholder"),
        ("[5m, 1m]", "[5]", "notice.reminders[0]: 5 (a number); allowed: a duration"),
    ],
)
def test_what_is_wrong_with_a_notice_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(FileFaults) as caught:
        load_plan(plan_with(tmp_path, NOTICE.replace(old, new)))
    assert says in str(caught.value)
