"""Makes the certificates of Kafka's broker: python -m deploy.containers.certificates FOLDER BROKER_FOLDER HOST [USER].

FOLDER gets the certificate that clients trust. BROKER_FOLDER gets the broker's certificate and key, readable only by
USER (a number). To use an authority of your own, put files with the same names there before the first start.
"""

import ipaddress
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY, BROKER = "ca.pem", "broker.pem"
_DAYS = 3650
_RENEW_DAYS = 30
_READ_BY_ALL, _READ_BY_OWNER = 0o644, 0o600


def make_certificates(folder: Path, broker_folder: Path, host: str, owner: int | None = None) -> bool:
    """Makes both files unless they exist and stay valid for 30 days; returns whether they are new.

    The key that signs is discarded, so that nobody can sign another certificate with it.
    """
    authority_file, broker_file = folder / AUTHORITY, broker_folder / BROKER
    if broker_file.exists() and authority_file.exists() and _is_still_valid(broker_file):
        return False
    for one in (folder, broker_folder):
        one.mkdir(parents=True, exist_ok=True, mode=0o755)
    signing, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = _name("Aftale's own authority")
    authority = (
        _builder(authority_name, authority_name, signing.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(signing.public_key()), critical=False)
        .add_extension(_signs_certificates(), critical=True)
        .sign(signing, hashes.SHA256())
    )
    certificate = (
        _builder(_name(host), authority_name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_as_host(host)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    authority_pem = authority.public_bytes(Encoding.PEM)
    _write(broker_file, private + certificate.public_bytes(Encoding.PEM) + authority_pem, _READ_BY_OWNER, owner)
    _write(authority_file, authority_pem, _READ_BY_ALL, owner)
    return True


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))  # clocks of two machines can differ
        .not_valid_after(now + timedelta(days=_DAYS))
    )


def _signs_certificates() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _as_host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _is_still_valid(file: Path) -> bool:
    certificate = x509.load_pem_x509_certificates(file.read_bytes())[0]
    return certificate.not_valid_after_utc > datetime.now(UTC) + timedelta(days=_RENEW_DAYS)


def _write(file: Path, content: bytes, mode: int, owner: int | None) -> None:
    """Writes a file completely or not at all; others can never read it meanwhile."""
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        target.write(content)
    unfinished.chmod(mode)
    if owner is not None:
        os.chown(unfinished, owner, owner)
    unfinished.replace(file)


def main() -> None:
    """Makes the certificates, before the broker starts."""
    folder, broker_folder, host, *owner = sys.argv[1:]
    made = make_certificates(Path(folder), Path(broker_folder), host, int(owner[0]) if owner else None)
    print(f"The certificates of {host} {'were made' if made else 'exist already'}.")


if __name__ == "__main__":
    main()
