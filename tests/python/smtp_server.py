"""An SMTP server on loopback that keeps each mail, taken apart, as a JSON file.

usage: smtp_server.py FOLDER [--login USER:PASSWORD] [--starttls]. Prints the port that it listens at, then serves until its
standard input ends. With --starttls it offers TLS by a certificate that nobody has signed.
"""

import argparse
import datetime
import email
import email.policy
import ipaddress
import itertools
import json
import pathlib
import socket
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


class Keeper:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.numbers = itertools.count()

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        parts = [part for part in mail.walk() if not part.is_multipart()]
        kept = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "login": session.auth_data.decode() if session.authenticated else None,
            "tls": session.ssl is not None,
            "ascii": raw.isascii(),
            "longestLine": max(len(line) for line in raw.split(b"\r\n")),
            "headers": {name.lower(): str(value) for name, value in mail.items()},
            "type": mail.get_content_type(),
            "parts": [{"type": part.get_content_type(), "charset": part.get_content_charset(), "text": part.get_content()} for part in parts],
        }
        number = next(self.numbers)
        draft = self.folder / f"{number:06}.draft"
        draft.write_text(json.dumps(kept))
        draft.rename(self.folder / f"{number:06}.json")
        return "250 kept"


class Here(Controller):
    """Listens at a port that is taken once and kept: one that is only looked for somebody else may take."""

    def __init__(self, handler, hostname, **more):
        self.listening = socket.create_server((hostname, 0))
        super().__init__(handler, hostname=hostname, port=self.listening.getsockname()[1], **more)

    def _create_server(self):
        return self.loop.create_server(self._factory_invoker, sock=self.listening)


def certificate(folder):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - day).not_valid_after(now + day)
    signed = builder.add_extension(names, critical=False).sign(key, hashes.SHA256())
    file = pathlib.Path(folder) / "certificate.pem"
    pem, encoding = serialization, serialization.Encoding.PEM
    secret = key.private_bytes(encoding, pem.PrivateFormat.PKCS8, pem.NoEncryption())
    file.write_bytes(secret + signed.public_bytes(encoding))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    return context


def main():
    options = argparse.ArgumentParser()
    options.add_argument("folder")
    options.add_argument("--login")
    options.add_argument("--starttls", action="store_true")
    given = options.parse_args()
    more = {}
    if given.login:
        user, password = given.login.split(":", 1)

        def check(server, session, envelope, mechanism, data):
            right = data.login == user.encode() and data.password == password.encode()
            # Not handled yet: the refusal is still to be said.
            return AuthResult(success=right, handled=False, auth_data=data.login)

        more |= {"authenticator": check, "auth_required": True, "auth_require_tls": given.starttls}
    if given.starttls:
        more |= {"tls_context": certificate(given.folder), "require_starttls": True}
    controller = Here(Keeper(given.folder), hostname="127.0.0.1", **more)
    controller.start()
    print(controller.port, flush=True)
    sys.stdin.read()
    controller.stop()


main()
