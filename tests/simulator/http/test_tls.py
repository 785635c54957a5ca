"""The served face with TLS: who trusts it, who does not, and where its links lead."""

import ssl
import stat
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from cryptography import x509

from avd_failover.simulator.http.certificates import make_certificates
from avd_failover.simulator.http.face import Pages
from avd_failover.simulator.http.server import serve
from tests.simulator.http.estate import MACHINES, a_world

NOW = datetime.now(UTC)
BEARER = {"Authorization": "Bearer simulated"}


@pytest.fixture
def made(tmp_path):
    return make_certificates(tmp_path / "new" / "directory", NOW)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_caller_who_trusts_the_authority_gets_absolute_https_links(made, host):
    trusted = ssl.create_default_context(cafile=str(made.authority))
    async with (
        serve(a_world(), pages=Pages(arm=2), tls=made.contexts()) as server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusted)) as session,
    ):
        base = f"https://{host}:{server.port}"
        async with session.get(f"{base}{MACHINES}?api-version=1", headers=BEARER) as answer:
            body = await answer.json()
        assert server.url == f"https://127.0.0.1:{server.port}"
        assert body["nextLink"].startswith(f"{base}/subscriptions/")


async def test_who_does_not_trust_the_authority_does_not_get_in(made):
    async with serve(a_world(), tls=made.contexts()) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await session.get(f"{server.url}/_sim/clock")


async def test_plain_http_on_the_tls_port_gets_no_answer(made):
    async with serve(a_world(), tls=made.contexts()) as server, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientError):
            await session.get(f"http://127.0.0.1:{server.port}/_sim/clock")


def test_the_certificates_obey_strict_verification(made):
    """Python 3.13 and OpenSSL's strict mode want key identifiers and key usage."""
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    server = x509.load_pem_x509_certificate(made.server.read_bytes())
    server.verify_directly_issued_by(authority)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(one) for one in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    key = server.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    assert key == authority.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert authority.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0
    assert not server.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def test_they_are_valid_from_yesterday_for_a_month(made):
    server = x509.load_pem_x509_certificate(made.server.read_bytes())
    whole = NOW.replace(microsecond=0)
    assert server.not_valid_before_utc == whole - timedelta(days=1)
    assert server.not_valid_after_utc == whole + timedelta(days=30)


def test_the_key_is_its_owners_alone_and_the_authority_has_none(made):
    made.server.chmod(0o644)
    again = make_certificates(made.server.parent, NOW)
    assert stat.S_IMODE(again.server.stat().st_mode) == 0o600
    assert b"PRIVATE KEY" in again.server.read_bytes()
    assert b"PRIVATE KEY" not in again.authority.read_bytes()
    assert again.context().minimum_version is ssl.TLSVersion.TLSv1_2
