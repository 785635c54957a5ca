"""docs/reports.md names every field that scripts may read, and none that there is not."""

import re
from pathlib import Path

import pytest

from avd_failover.report.account import Account
from avd_failover.report.drill_account import DrillEvidence
from avd_failover.report.runs import RunRow
from avd_failover.report.status import StatusReport

TEXT = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()
FORMS = {
    "`failover report": Account.__struct_fields__,
    "`drill` in it": DrillEvidence.__struct_fields__,
    "`failover status --output json`, also": tuple(StatusReport.__annotations__),
    "`failover runs --output json`, one": tuple(RunRow.__annotations__),
}


def fields(head: str) -> list[str]:
    """Return what a paragraph of the page lists after its first colon, without what stands in brackets."""
    part = TEXT[TEXT.rindex(f"\n{head}") :].strip().split("\n\n")[0]
    return re.findall(r"`([a-z_]+)`", re.sub(r"\(.*?\)", "", part.split(": ", 1)[1], flags=re.DOTALL))


@pytest.mark.parametrize(("head", "known"), FORMS.items(), ids=[head.split("`")[1] for head in FORMS])
def test_the_page_lists_exactly_the_fields_that_there_are(head: str, known: tuple[str, ...]) -> None:
    assert sorted(fields(head)) == sorted(known)
