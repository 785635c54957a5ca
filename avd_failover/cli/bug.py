"""The report that a defect of ours leaves behind: what was called and where it broke, and no secrets."""

import os
import platform
import tempfile
import traceback
from pathlib import Path

from avd_failover import __version__


def write_report(bug: Exception, arguments: list[str]) -> Path | None:
    """Write a report that can be attached as it is; None when nothing can be written anywhere.

    Local variables are left out on purpose: they could hold tokens.
    """
    lines = [
        f"avd-failover {__version__}",
        f"python {platform.python_version()} on {platform.system()} {platform.machine()}",
        f"arguments: {arguments!r}",
        "",
        *traceback.format_exception(bug),
    ]
    try:
        handle, name = tempfile.mkstemp(prefix="avd-failover-bug-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
    except OSError:
        return None
    return Path(name)
