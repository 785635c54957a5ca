"""Which addresses a runbook may name: whole, literal, encrypted, and without secrets."""

import pytest

from avd_failover.domain.addresses import beside, safe_path, safe_url

GOOD = [
    "https://hooks.example.com/failover",
    "https://hooks.example.com",
    "https://hooks.example.com:8443/a/b-c_d.e~f",
    "http://127.0.0.1:8080/x",
    "http://localhost/x",
    "http://[::1]:9/x",
]
BAD = [
    "http://hooks.example.com/x",
    "ftp://h/x",
    "file:///etc/passwd",
    "//h/x",
    "h/x",
    "",
    "https://",
    "https:///x",
    "https://user@h/x",
    "https://user:pw@h/x",
    "https://:pw@h/x",
    "https://h/x?sig=1",
    "https://h/x#f",
    "https://h/a b",
    "https://h/\n",
    "https://h/\x00",
    "https://h\\@evil/x",
    "https://h:99999/x",
    "https://h:x/",
    "HTTPS://h/x",
    "https://hé.test/",
    "http://127.0.0.1.evil.test/",
    "http://10.0.0.1/x",
    "javascript:alert(1)",
    "https://h/${run}",
    "https://h/{0}",
    'https://h/"',
    "https://h//evil/x",
    "https://h/x?",
    "https://[::1/x",
]


@pytest.mark.parametrize("url", GOOD)
def test_an_address_that_may_be_named(url: str) -> None:
    assert safe_url(url)


@pytest.mark.parametrize("url", BAD)
def test_an_address_that_may_not(url: str) -> None:
    assert not safe_url(url)


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("/status/1", True),
        ("/", True),
        ("//evil/x", False),
        ("x", False),
        ("/a?b", False),
        ("/a#b", False),
        ("", False),
        ("https://evil/", False),
    ],
)
def test_a_path_stays_on_its_host(path: str, good: bool) -> None:
    assert safe_path(path) is good
    if good:
        assert beside("https://h.test:8443/call", path) == f"https://h.test:8443{path}"
