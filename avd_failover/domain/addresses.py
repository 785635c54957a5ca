"""Addresses outside Azure that a runbook may name: whole, literal, and without anything secret in them."""

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?|[0-9a-fA-F:.]+")
_PATH = re.compile(r"/(?!/)[A-Za-z0-9._~!$&'()*+,;=:@%/-]*")


def safe_url(text: str) -> bool:
    """Say whether an address is https, or http on loopback, with a host and nothing that carries secrets."""
    parts = _split(text)
    if parts is None or not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return False
    if not _HOST.fullmatch(parts.hostname) or not safe_path(parts.path or "/") or text != parts.geturl():
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _loopback(parts.hostname))


def safe_path(text: str) -> bool:
    """Say whether this is a path on a host, without query and fragment."""
    return _PATH.fullmatch(text) is not None


def beside(url: str, path: str) -> str:
    """Return the address of a path on the same host and port, by the same protocol."""
    return urlsplit(url)._replace(path=path).geturl()


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
