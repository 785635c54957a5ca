"""What the core is made of stands where the table says, and shares are of what coverage tells."""

from pathlib import Path
from typing import Any

import pytest

from tests.census.core import PARTS, missing, shares

PACKAGE = Path(__file__).parents[2] / "avd_failover"


@pytest.mark.parametrize("file", [file for files in PARTS.values() for file in files])
def test_every_file_of_the_core_is_there(file: str) -> None:
    assert (PACKAGE / file).is_file()


def told(lines: tuple[int, int], branches: tuple[int, int], **gone: Any) -> dict[str, Any]:
    summary = {
        "covered_lines": lines[0], "num_statements": lines[1],
        "covered_branches": branches[0], "num_branches": branches[1],
    }  # fmt: skip
    return {"summary": summary, "missing_lines": [], "missing_branches": []} | gone


def test_shares_add_up_over_the_files_of_a_part() -> None:
    first, second = PARTS["lease"][:2]
    files = {first: told((10, 10), (3, 4)), second: told((5, 10), (1, 4), missing_lines=[7])}
    assert shares(files)["lease"] == (75.0, 50.0)
    assert shares(files)["gate"] == (0.0, 0.0)
    assert missing(files) == [f"{second}: lines [7], branches []"]
