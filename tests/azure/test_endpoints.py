"""Where Azure may be: https anywhere, http on this machine only."""

import pytest

from avd_failover.azure.endpoints import EndpointError, Endpoints, origin_of


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://management.azure.com", ("https", "management.azure.com", 443)),
        ("https://MANAGEMENT.azure.com:443/x?y", ("https", "management.azure.com", 443)),
        ("http://127.0.0.1:8080/x", ("http", "127.0.0.1", 8080)),
        ("http://[::1]:8080", ("http", "::1", 8080)),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: tuple[str, str, int]) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "management.azure.com",
        "//management.azure.com",
        "ftp://management.azure.com",
        "file:///etc/passwd",
        "https://",
        "https://management.azure.com@evil.example",
        "https://a:b@management.azure.com",
        "https://evil.example\\@management.azure.com",
        "https://management.azure.com:99999",
        "https://management.azure.com:x",
        "https://management.azure.com/a b",
        "https://management.azure.com/\n",
        "https://[::1",
        "",
    ],
)
def test_what_two_parsers_could_read_differently_has_no_origin(url: str) -> None:
    with pytest.raises(EndpointError):
        origin_of(url)


def test_the_defaults_are_the_public_cloud() -> None:
    endpoints = Endpoints()
    assert endpoints.arm == "https://management.azure.com"
    assert endpoints.graph == "https://graph.microsoft.com"
    assert not endpoints.simulated


def test_a_trailing_slash_is_folded_away() -> None:
    endpoints = Endpoints(arm="http://127.0.0.1:1/", graph=" http://localhost:2/ ")
    assert (endpoints.arm, endpoints.graph) == ("http://127.0.0.1:1", "http://localhost:2")
    assert endpoints.simulated


@pytest.mark.parametrize(
    ("arm", "reason"),
    [
        ("http://management.azure.com", "http is accepted for this machine only"),
        ("http://127.0.0.1.evil.example", "http is accepted for this machine only"),
        ("http://10.0.0.7:8080", "http is accepted for this machine only"),
        ("https://management.azure.com/subscriptions", "no path"),
        ("https://management.azure.com?x=1", "no path"),
        ("management.azure.com", "wanted https://"),
    ],
)
def test_an_endpoint_that_could_leak_a_token_is_refused(arm: str, reason: str) -> None:
    with pytest.raises(EndpointError, match=reason):
        Endpoints(arm=arm)


def test_half_a_simulated_azure_is_refused() -> None:
    with pytest.raises(EndpointError, match="never half of each"):
        Endpoints(arm="http://127.0.0.1:8080")
