"""Certificates for a simulated Azure served with TLS: an authority of its own and one for this machine.

Made anew at every start and valid for a month. The authority's key is never written: nothing else can be
signed with it, so that trusting its certificate means trusting one process. Beside the sound one there is
one for each flaw that a handshake can fail on.
"""

import ssl
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

_VALID = timedelta(days=30)
_EARLY = timedelta(days=1)
"""Clocks of callers may be behind ours."""
_NAMES = (
    x509.DNSName("localhost"),
    x509.IPAddress(ip_address("127.0.0.1")),
    x509.IPAddress(ip_address("::1")),
)
_ELSEWHERE = (x509.DNSName("elsewhere.invalid"),)
_USAGES = (
    "digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
    "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
)  # fmt: skip


_OURS = "SIMULATED Azure, made by failover simulate"
_OTHERS = "SIMULATED authority that nobody trusts"


class _Issuer(NamedTuple):
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Certificates(Struct, frozen=True, kw_only=True):
    """Files of one authority: its certificate, and certificate with key of the server it vouches for."""

    authority: Path
    """What a caller must trust, as PEM."""
    server: Path
    """Certificate and private key in one PEM file that only its owner can read."""
    flawed: Mapping[str, Path]
    """The same with something wrong, by what is wrong: what ``tls-failure`` shows."""

    def context(self) -> ssl.SSLContext:
        """Return what the server's sockets are wrapped in: TLS 1.2 or later."""
        return _context(self.server)

    def contexts(self) -> dict[str, ssl.SSLContext]:
        """Return every context by name: ``sound``, and one for each flaw."""
        return {"sound": self.context(), **{name: _context(path) for name, path in self.flawed.items()}}


def make_certificates(directory: Path, now: datetime) -> Certificates:
    """Make an authority and a certificate for this machine's loopback names; files there are replaced.

    ``now`` is real time, whatever the world's: callers check validity by their own clocks.
    Raises OSError when the directory cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    ca_key, other_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca, other = _authority(ca_key, now, _OURS), _authority(other_key, now, _OTHERS)
    ours, others = _Issuer(ca, ca_key), _Issuer(other, other_key)
    made = {
        "server": _server(ours, now),
        "expired": _server(ours, now - 2 * _VALID),
        "not-yet-valid": _server(ours, now + 2 * _EARLY),
        "wrong-host": _server(ours, now, _ELSEWHERE),
        "unknown-authority": _server(others, now),
    }
    files = {name: directory / f"{name}.pem" for name in made}
    for name, content in made.items():
        _write_secretly(files[name], content)
    (directory / "ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    return Certificates(authority=directory / "ca.pem", server=files.pop("server"), flawed=files)


def _context(pem: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(pem)
    return context


def _authority(key: ec.EllipticCurvePrivateKey, now: datetime, called: str) -> x509.Certificate:
    name = _name(called)
    builder = _begun(name, name, key, now)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage("key_cert_sign", "crl_sign"), critical=True)
    return builder.sign(key, hashes.SHA256())


def _server(issuer: _Issuer, now: datetime, names: Sequence[x509.GeneralName] = _NAMES) -> bytes:
    """Return a certificate for this machine, or for other names, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    parent = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = _begun(_name("localhost"), issuer.certificate.subject, key, now)
    for extension, critical in _of_a_server(parent, names):
        builder = builder.add_extension(extension, critical=critical)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM) + secret


def _of_a_server(
    parent: x509.SubjectKeyIdentifier, names: Sequence[x509.GeneralName]
) -> Iterable[tuple[x509.ExtensionType, bool]]:
    yield x509.BasicConstraints(ca=False, path_length=None), True
    yield _usage("digital_signature"), True
    yield x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False
    yield x509.SubjectAlternativeName(names), False
    yield x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(parent), False


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder(subject_name=subject, issuer_name=issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - _EARLY).not_valid_after(now + _VALID)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False)


def _usage(*allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in allowed for usage in _USAGES})


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _write_secretly(path: Path, content: bytes) -> None:
    # Removed first: the mode counts only for a file that is made here.
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_bytes(content)
