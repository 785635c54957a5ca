"""Settings of steps that reach outside Azure: what a program, a variable and an address may look like.

Everything here is literal. An address is whole, so that the host is pinned by the runbook; a program is an
absolute path, so that neither the current folder nor ``PATH`` decides what runs.
"""

import re
from pathlib import PurePosixPath

from avd_failover.domain.addresses import safe_path, safe_url
from avd_failover.domain.graph import Given

OUTWARD = {
    "program": "a list of texts that begins with the absolute path of a program",
    "variables": "a list of names of environment variables, none that makes a program load another",
    "variable": "the name of an environment variable, none that makes a program load another",
    "url": "an https address without user, query and fragment (http on loopback only)",
    "path": "a path on the same host, such as /status/42, without query and fragment",
}
"""Kinds of settings, and what each allows."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_LOADERS = re.compile(r"(?:LD|DYLD)_.*|PYTHON(?:PATH|HOME|STARTUP)|BASH_ENV|ENV|IFS", re.IGNORECASE)
"""Variables that make a program load something else than it is."""


def outward(kind: str, value: Given) -> Given | None:
    """Return the value if it is of that kind; None when it is not."""
    if isinstance(value, tuple):
        sound = _program(value) if kind == "program" else kind == "variables" and all(map(_variable, value))
    elif isinstance(value, str):
        checks = {"variable": _variable, "url": safe_url, "path": safe_path}
        sound = kind in checks and checks[kind](value)
    else:
        return None
    return value if sound else None


def _program(argv: tuple[str, ...]) -> bool:
    sound = all("\0" not in part for part in argv)
    first = argv[0] if argv else ""
    return sound and first.startswith("/") and "${" not in first and ".." not in PurePosixPath(first).parts


def _variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None and _LOADERS.fullmatch(name) is None
