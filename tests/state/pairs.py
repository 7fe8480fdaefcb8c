"""Uses each feature as the first of a process, and each other one as the second; run as a program of its own.

    python pairs.py [MUTANT]

prints as JSON how many pairs there are, and what went wrong. The first process has imported nothing but the
package itself. For each feature it forks a process that uses it, and that one forks another for each second
feature: what has been imported, registered and kept by then, and in which order, is as in a new process.
"""

from __future__ import annotations

import http.server
import json
import os
import pickle
import ssl
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import ondemand_attach as oa

if TYPE_CHECKING:
    from ondemand_attach import AttachmentRequest, Document, Message, MessageBuilder

SENDER, READER, PASSWORD = "orders@shop.example", "jane@insurer.example", "Kx7-tRw9-2mQz-88"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEAVY = ("asn1crypto", "cryptography", "dkim", "lxml", "msoffcrypto", "pikepdf", "PIL", "pyhanko")
HEAVIER = ("pysequoia", "pyzipper", "reportlab", "smtplib", "urllib3", "xhtml2pdf")


class Material(NamedTuple):
    """What the features need, made in another process."""

    key: bytes
    certificate: bytes
    reader: bytes
    openpgp: bytes
    openpgp_reader: bytes
    pdf: bytes
    damaged: bytes
    workbook: bytes
    tls: str
    smtp: str
    https: str


class Provider(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None: ...


def material(folder: str) -> Material:
    """Make all of it, and start the servers, which end with this process."""
    import io

    import openpyxl
    import pysequoia
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from ondemand_attach.testing import SmtpSink, self_signed
    from protectors.samples import certify, order, rsa_key

    def pem(key: Any) -> bytes:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())  # type: ignore[no-any-return]

    book, workbook = openpyxl.Workbook(), io.BytesIO()
    book.save(workbook)
    tls_key, tls_certificate = self_signed("localhost")
    tls = Path(folder, "tls.pem")
    tls.write_bytes(pem(tls_key) + tls_certificate.public_bytes(Encoding.PEM))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    keys = [pysequoia.Tsk.generate(name, profile=pysequoia.Profile.RFC4880) for name in (SENDER, READER)]
    return Material(
        key=pem(rsa_key()),
        certificate=certify(rsa_key(), address=SENDER).public_bytes(Encoding.DER),
        reader=certify(rsa_key(), address=READER).public_bytes(Encoding.DER),
        openpgp=bytes(keys[0]),
        openpgp_reader=bytes(keys[1].extract_certificate()),
        pdf=order().content,
        damaged=b"\r\n" + order().content,
        workbook=workbook.getvalue(),
        tls=str(tls),
        smtp=SmtpSink().url,
        https=f"https://localhost:{server.server_port}/messages",
    )


# The features


def letter() -> MessageBuilder:
    return (
        oa.MessageBuilder().sender(SENDER).subject("Your order").text("Thank you.").confidential("customer")
    )


def built(builder: MessageBuilder, *, certificate: bytes | None = None) -> Message:
    to = oa.Recipient(address=oa.Address(addr_spec=READER), certificate=certificate)
    return builder.build({"customer": {"name": "Jane", "password": PASSWORD}}, to=to)


def attached(
    generator: Any,
    filename: str = "order.pdf",
    *,
    encryptor: Any = None,
    signer: Any = None,
    certificate: bytes | None = None,
) -> str:
    """Return how the attachment is protected, as the finished bytes say."""
    builder = letter().attach(generator, filename=filename, encryptor=encryptor, signer=signer)
    return said(built(builder, certificate=certificate))


def said(message: Message) -> str:
    each = ((part.encryption, part.signature, part.rewriting and "anew") for part in message.parts)
    return ", ".join(word for words in each for word in words if word)


def given(content: bytes, media_type: str = "application/pdf") -> Callable[[AttachmentRequest], Document]:
    return lambda _: oa.Document(content=content, media_type=media_type)


def whole(signer: Any = None, encryptor: Any = None, *, certificate: bytes | None = None) -> str:
    builder = letter().whole_message(signer=signer, encryptor=encryptor)
    return said(built(builder, certificate=certificate))


def signer(of: Material, **options: Any) -> oa.PdfSigner:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: Any = load_pem_private_key(of.key, None)
    return oa.PdfSigner(key=key, certificate=of.certificate, **options)


def smime_signer(of: Material) -> oa.SmimeSigner:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key: Any = load_pem_private_key(of.key, None)
    return oa.SmimeSigner(key=key, certificate=of.certificate)


def dkim(of: Material) -> str:
    made = built(letter().dkim(oa.DkimSigner(domain="shop.example", selector="a", key=of.key)))
    return str(b"DKIM-Signature" in made.content)


def generated_password(of: Material) -> str:
    kept: list[object] = []
    builder = letter().generated_password("passphrase", words=6, delivery=kept.append)
    encryptor = oa.PdfEncryptor(password="{{ passphrase }}")
    built(builder.attach(given(of.pdf), filename="order.pdf", encryptor=encryptor))
    return str(len(kept))


def sent(transport: Any) -> str:
    with oa.Mailer(transport) as mailer:
        return str(mailer.deliver(built(letter())).accepted)


def into_files(_: Material) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return sent(oa.FileTransport(Path(folder, "mails")))


def over_https(of: Material) -> str:
    context = ssl.create_default_context(cafile=of.tls)
    return sent(oa.HttpsTransport(of.https, lambda message: ({}, message.content), ssl_context=context))


def by_password() -> oa.PdfEncryptor:
    return oa.PdfEncryptor(password="{{ customer.password }}")


FEATURES: dict[str, Callable[[Material], str]] = {
    "xhtml2pdf": lambda _: attached(oa.Xhtml2PdfGenerator(source="<p>Thank you.</p>")),
    "a function": lambda of: attached(given(of.pdf)),
    "PDF by password": lambda of: attached(given(of.pdf), encryptor=by_password()),
    "PDF to certificates": lambda of: attached(
        given(of.pdf), encryptor=oa.PdfEncryptor(), certificate=of.reader
    ),
    "PDF signed": lambda of: attached(given(of.pdf), signer=signer(of)),
    "PDF signed visibly": lambda of: attached(
        given(of.pdf), signer=signer(of, appearance=oa.VisibleSignature(page=0, box=(60, 20, 260, 60)))
    ),
    "PDF written anew": lambda of: attached(given(of.damaged), encryptor=by_password()),
    "S/MIME signed": lambda of: whole(smime_signer(of)),
    "S/MIME encrypted": lambda of: whole(encryptor=oa.SmimeEncryptor(), certificate=of.reader),
    "OpenPGP": lambda of: whole(
        oa.OpenPgpSigner(key=of.openpgp), oa.OpenPgpEncryptor(), certificate=of.openpgp_reader
    ),
    "DKIM": dkim,
    "ZIP": lambda of: attached(
        given(of.pdf),
        "order.zip",
        encryptor=oa.ZipEncryptor(password="{{ customer.password }}", name_inside="order.pdf"),
    ),
    "Office": lambda of: attached(
        given(of.workbook, TYPE),
        "order.xlsx",
        encryptor=oa.OfficeEncryptor(password="{{ customer.password }}"),
    ),
    "a generated password": generated_password,
    "FileTransport": into_files,
    "SmtpTransport": lambda of: sent(oa.SmtpTransport(of.smtp)),
    "HttpsTransport": over_https,
}


# Processes


def in_a_child(call: Callable[[], Any]) -> Any:
    """Return what *call* returns, in a process that ends with it."""
    read, write = os.pipe()
    if (child := os.fork()) == 0:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(call(), pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        made = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(made) if made else "the process ended"


def with_servers(folder: str) -> tuple[Material, int]:
    """Return the material, and the process to end when it is no longer needed."""
    read, write = os.pipe()
    parent = os.getpid()
    if (child := os.fork()) == 0:
        os.close(read)
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(material(folder), pipe)
        while os.getppid() == parent:  # until it is killed, or nobody is left to do so
            time.sleep(1)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return pickle.load(pipe), child


def used(name: str, of: Material) -> str:
    try:
        return FEATURES[name](of)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said
        return f"{type(error).__name__}: {error}"


def after(first: str, of: Material) -> dict[str, str]:
    """Use *first*, and say what comes of each feature after it."""
    found = {"": used(first, of)}
    return found | {name: in_a_child(lambda name=name: used(name, of)) for name in FEATURES}


EXPECTED: Mapping[str, str] = {
    "xhtml2pdf": "",
    "a function": "",
    "PDF by password": "AES-256 by password",
    "PDF to certificates": "AES-256 to a certificate",
    "PDF signed": "PAdES B-B",
    "PDF signed visibly": "PAdES B-B",
    "PDF written anew": "AES-256 by password, anew",
    "S/MIME signed": "S/MIME",
    "S/MIME encrypted": "S/MIME, AES-256-CBC to a certificate",
    "OpenPGP": "OpenPGP, OpenPGP, AES-256 to a key",
    "DKIM": "True",
    "ZIP": "AES-256 by password (WinZip)",
    "Office": "AES-256 by password (Office)",
    "a generated password": "1",
    "FileTransport": f"('{READER}',)",
    "SmtpTransport": f"('{READER}',)",
    "HttpsTransport": f"('{READER}',)",
}


# A program that is known to be bad


def _leave_something(of: Material) -> str:
    from ondemand_attach.protectors import _pdf_encryptor

    _pdf_encryptor.is_pdf_a = lambda _: True
    return whole(smime_signer(of))


MUTANTS: Mapping[str, Mapping[str, Callable[[Material], str]]] = {
    "a signature changes a name of another module": {"S/MIME signed": _leave_something}
}


def main(mutant: str = "") -> None:
    loaded = [name for name in (*HEAVY, *HEAVIER) if name in sys.modules]
    with tempfile.TemporaryDirectory() as folder:
        of, servers = with_servers(folder)
        FEATURES.update(MUTANTS.get(mutant, {}))
        firsts = ("S/MIME signed", "PDF by password") if mutant else FEATURES
        found = {first: in_a_child(lambda first=first: after(first, of)) for first in firsts}
        os.kill(servers, 9)
        os.waitpid(servers, 0)
    alone = {first: each[""] for first, each in found.items()}
    different = [
        f"{second} after {first}: {each[second]}"
        for first, each in found.items()
        for second in each
        if second in alone and each[second] != alone[second]
    ]
    json.dump(
        {"loaded": loaded, "alone": alone, "different": different, "pairs": len(found) * len(FEATURES)},
        sys.stdout,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
