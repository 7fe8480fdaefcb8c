"""Strings that try to become something else in a message, and what its readers must find in it."""

from __future__ import annotations

import datetime
import email
import email.message
import email.policy
import json
import re
from dataclasses import dataclass
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path

from ondemand_attach import Address, Attachment, Document
from ondemand_attach._filenames import sanitised
from ondemand_attach._mime import Body, Headers, check_header_value, serialise
from ondemand_attach.errors import MailError

NAUGHTY: list[str] = json.loads((Path(__file__).parent / "data/blns.json").read_text(encoding="utf-8"))

ENDINGS = ["\r\n", "\n", "\r", "\r\n ", "\n\t", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\x00", "\x1c"]
INJECTIONS = [
    *(f"x{ending}Bcc: evil@x.test" for ending in ENDINGS),
    *(f"x{ending}{ending}body" for ending in ENDINGS),
    "trailing\n",
    "=?utf-8?q?=0D=0ABcc:_e=40x?=",
    "=?utf-8?b?DQpCY2M6IGVAeA==?=",
    "=?utf-8?q?=0D=0A?= =?utf-8?q?Bcc:_e=40x?=",
    "=?utf-8?b?aGk=?=",
    "=?utf-8?q?",
    "?= =?",
    "a =?utf-8?b?aGk=?= b",
    "=?utf-7?q?+AA0-+AAo-Bcc:_e?=",
    "invoice\u202efdp.exe",
    "\u2066ltr\u2069",
    "\ud800",
    "a\udcffb",
    "\U0010ffff\ufffe",
    "%0D%0ABcc: e@x",
    "x; filename=evil.exe",
    'x"; filename="evil.exe',
    "utf-8''evil.exe",
    "../../etc/passwd",
    "C:\\x\\y.pdf",
    "--=_0",
    ".",
    "..\r\n.\r\n",
    "From the start",
    " leading",
    "trailing ",
    "two  spaces",
    "",
    " ",
    '"',
    "\\",
    '\\" <evil@x.test>',
    "<evil@x.test>",
    "<evil@x.test> " + "a" * 100,
    "evil@x.test, " + "b" * 90,
    '"evil@x.test" ' + "word " * 30,
    "Doe, Jane " + "word " * 20,
    "Doe, Jane word word word word word word word word word word word word word word",
    "a" * 77 + " <evil@x.test>",
    "(" * 40 + "evil@x.test" + ")" * 40,
    "Group: evil@x.test;",
    "évil <evil@x.test> " + "é" * 60,
    "é, evil@x.test",
    "é" * 500,
    "漢字" * 200,
    "👩‍👩‍👧‍👦" * 30,
    "a" * 2000,
    "a " * 1000 + "a",
    "= " * 60 + "=",
    "=" * 200,
]

FILENAMES = [
    *(
        "INV/2026/0001.pdf",
        "INV\\2026\\0001.pdf",
        "FV-01/02/2026.pdf",
        "/2026/1/.pdf",
        ".pdf",
        "  .pdf",
        "..pdf",
    ),
    *(
        "CON.pdf",
        "nul .pdf",
        "order.pdf. .",
        "-rf.pdf",
        "a.tar.gz",
        "a.pdf.exe",
        "100%.pdf",
        "%41%zz.pdf",
        "a%2Fb.pdf",
    ),
    *(
        "it's.pdf",
        "a'b''c.pdf",
        "semi;colon, comma.pdf",
        "(comment).pdf",
        "a=b&c.pdf",
        "[1] {2}.pdf",
        "$(id) `id`.pdf",
    ),
    *(
        "Objednávka č. 7.pdf",
        "Fakture\u0301.pdf",
        "Łódź/Zażółć gęślą jaźń.pdf",
        "счёт №5.pdf",
        "ご請求書／二〇二六.pdf",
    ),
    *(
        "חשבונית.pdf",
        "فاتورة.pdf",
        "ใบแจ้งหนี้.pdf",
        "चालान.pdf",
        "👩‍👩‍👧‍👦 🇨🇿 ✔️.pdf",
        "invoice\u202efdp.pdf",
        "\U0001f4c4" * 50 + ".pdf",
    ),
    *(
        "č" * 300 + ".pdf",
        "a" * 300 + ".pdf",
        "漢" * 60 + ".tar.gz",
        "a b " * 60 + ".pdf",
        "é%'" * 40 + ".pdf",
    ),
    *(
        "=?utf-8?q?x?=.pdf",
        "utf-8''a%20b.pdf",
        "a" * 59 + "é.pdf",
        "name*0*=x.pdf",
        "a  b.pdf",
        "a\u00a0b.pdf",
        "7",
    ),
]
"""Names as templates render them; the reader sees what `sanitised` makes of them."""

RECIPIENT, COPY, SENDER, ANSWERS = (
    "jane@example.com",
    "joe@example.com",
    "orders@shop.example",
    "help@shop.example",
)
FIELDS = [
    "from",
    "to",
    "cc",
    "reply-to",
    "subject",
    "date",
    "message-id",
    "x-note",
    "auto-submitted",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
]
NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One string in every slot that takes it; the others hold something harmless."""

    subject: str
    name: str
    filename: str
    note: str
    text: str
    html: str

    @property
    def mailboxes(self) -> dict[str, list[tuple[str, str]]]:
        return {
            "from": [(self.name, SENDER)],
            "to": [(self.name, RECIPIENT), ("", COPY), (self.name, COPY)],
            "cc": [("", COPY), (self.name, RECIPIENT)],
            "reply-to": [(self.name, ANSWERS)],
        }


def asked(string: str) -> tuple[Asked, set[str]]:
    """What to ask for, and the slots that refused *string*."""
    slots = dict.fromkeys(("subject", "name", "note", "text", "html"), string)
    refused = {slot for slot in slots if not _is_taken(slot, string)}
    slots |= dict.fromkeys(refused, "harmless")
    return Asked(**slots, filename=sanitised(string)), refused


def _is_taken(slot: str, string: str) -> bool:
    try:
        if slot == "name":
            Address(addr_spec=RECIPIENT, display_name=string)
        elif slot in {"subject", "note"}:
            check_header_value(slot, string)
        else:
            string.encode()
    except (MailError, UnicodeEncodeError):
        return False
    return True


def written(asked: Asked) -> bytes:
    """The message as the library writes it."""
    boxes = {
        name: tuple(Address(addr_spec=spec, display_name=display) for display, spec in pairs)
        for name, pairs in asked.mailboxes.items()
    }
    headers = Headers(
        sender=boxes["from"][0],
        to=boxes["to"],
        cc=boxes["cc"],
        reply_to=boxes["reply-to"],
        subject=asked.subject,
        date=NOW,
        message_id="<1@shop.example>",
        extra=(("X-Note", asked.note),),
    )
    file = Attachment(
        filename=asked.filename, document=Document(content=b"%PDF", media_type="application/pdf")
    )
    return serialise(headers, Body(text=asked.text, html=asked.html, attachments=(file,)))


def written_by_hand(asked: Asked) -> bytes:
    """The same message as the standard library writes it."""
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    for name, pairs in asked.mailboxes.items():
        quoted = (f"{json.dumps(display, ensure_ascii=False)} <{spec}>" for display, spec in pairs)
        message[name] = ", ".join(quoted)
    message["Subject"] = asked.subject
    message["Date"] = NOW
    message["Message-ID"] = "<1@shop.example>"
    message["X-Note"] = asked.note
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(asked.text)
    message.add_alternative(asked.html, subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename=asked.filename)
    return message.as_bytes()


def problems(content: bytes, asked: Asked) -> list[str]:
    """What is wrong with *content* when the standard library's two parsers read it."""
    return [*_problems_on_the_wire(content), *_as_compat32(content, asked), *_as_modern(content, asked)]


def _problems_on_the_wire(content: bytes) -> list[str]:
    found = []
    if re.search(rb"\r(?!\n)|(?<!\r)\n", content):
        found.append("bare CR or LF")
    if max(map(len, content.split(b"\r\n"))) > 78:
        found.append("a line longer than 78 characters")
    return found


def _as_compat32(content: bytes, asked: Asked) -> list[str]:
    parsed = email.message_from_bytes(content)
    boxes = {name: getaddresses(map(str, parsed.get_all(name, []))) for name in asked.mailboxes}
    seen = {
        "headers": [name.lower() for name in parsed.keys() if name.lower() not in FIELDS],  # noqa: SIM118
        "subject": _decoded(parsed["subject"]),
        "note": _decoded(parsed["x-note"]),
        "recipients": {name: [spec for _, spec in pairs] for name, pairs in boxes.items()},
        "names": {name: [_decoded(display) for display, _ in pairs] for name, pairs in boxes.items()},
        "filename": [part.get_filename() for part in parsed.walk() if part.get_filename() is not None],
        "parts": [part.get_content_type() for part in parsed.walk()],
        "bodies": [
            as_read(part.get_payload(decode=True).decode())
            for part in parsed.walk()
            if part.get_content_maintype() == "text"
        ],
    }
    return [f"compat32: {slot}" for slot, value in expected(asked).items() if seen[slot] != value]


def _as_modern(content: bytes, asked: Asked) -> list[str]:
    parsed = email.message_from_bytes(content, policy=email.policy.default)
    seen = {
        "headers": [name.lower() for name in parsed.keys() if name.lower() not in FIELDS],  # noqa: SIM118
        "subject": str(parsed["subject"]),
        "note": str(parsed["x-note"]),
        "recipients": {name: [box.addr_spec for box in parsed[name].addresses] for name in asked.mailboxes},
        "names": {
            name: [_spaceless(box.display_name) for box in parsed[name].addresses] for name in asked.mailboxes
        },
        "filename": [part.get_filename() for part in parsed.walk() if part.get_filename() is not None],
    }
    # This parser folds white space in a display name, and adds some between encoded-words.
    names = {name: [_spaceless(display) for display, _ in boxes] for name, boxes in asked.mailboxes.items()}
    wanted = expected(asked) | {"names": names}
    return [f"modern: {slot}" for slot, value in seen.items() if wanted[slot] != value]


def expected(asked: Asked) -> dict[str, object]:
    bodies = ["multipart/alternative", "text/plain", "text/html"] if asked.text else ["text/html"]
    return {
        "headers": [],
        "subject": asked.subject,
        "note": asked.note,
        "recipients": {name: [spec for _, spec in boxes] for name, boxes in asked.mailboxes.items()},
        "names": {name: [display for display, _ in boxes] for name, boxes in asked.mailboxes.items()},
        "filename": [asked.filename],
        "parts": ["multipart/mixed", *bodies, "application/pdf"],
        "bodies": [as_read(text) for text in (asked.text, asked.html)]
        if asked.text
        else [as_read(asked.html)],
    }


def _spaceless(text: str) -> str:
    return "".join(text.split())


def as_read(text: str) -> str:
    """*text* with single line feeds, without those at its end: they may belong to the boundary after it."""
    return re.sub("\r\n|\r", "\n", text).rstrip("\n")


def _decoded(value: object) -> str:
    return str(make_header(decode_header(re.sub(r"\r\n(?=[ \t])", "", str(value)))))
