"""Settings of steps that reach outside Azure: what a program, a variable and an address may look like.

Everything here is literal. An address is whole and without secrets, so that the host is pinned by the
runbook; a program is an absolute path, so that neither folder nor ``PATH`` decides what runs.
"""

import re
from ipaddress import ip_address
from pathlib import PurePosixPath
from urllib.parse import SplitResult, urlsplit

from avd_failover.domain.graph import Given

OUTWARD = {
    "program": "a list of texts that begins with the absolute path of a program",
    "variables": "a list of names of environment variables",
    "variable": "the name of an environment variable",
    "url": "an https address without user, query and fragment (http on loopback only)",
    "path": "a path on the same host, such as /status/42, without query and fragment",
}
"""Kinds of settings, and what each allows."""

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")
_LOADERS = re.compile(r"(?:LD|DYLD)_.*|PYTHON(?:PATH|HOME|STARTUP)|BASH_ENV|ENV|IFS", re.IGNORECASE)
"""Variables that make a program load something else than it is."""


def outward(kind: str, value: Given) -> Given | None:
    """Return the value if it is of that kind; None when it is not."""
    if isinstance(value, tuple):
        sound = _program(value) if kind == "program" else kind == "variables" and all(map(_variable, value))
    elif isinstance(value, str):
        checks = {"variable": _variable, "url": safe_url, "path": _path}
        sound = kind in checks and checks[kind](value)
    else:
        return None
    return value if sound else None


def safe_url(text: str) -> bool:
    """Say whether an address is https, or http on loopback, with a host and nothing that carries secrets."""
    parts = _split(text)
    if parts is None or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return False
    if not _PATH.fullmatch(parts.path or "/") or text != parts.geturl():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname))


def _split(text: str) -> SplitResult | None:
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _program(argv: tuple[str, ...]) -> bool:
    sound = all("\0" not in part for part in argv)
    return bool(argv) and sound and argv[0].startswith("/") and ".." not in PurePosixPath(argv[0]).parts


def _variable(name: str) -> bool:
    return _VARIABLE.fullmatch(name) is not None and _LOADERS.fullmatch(name) is None


def _path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None
