from __future__ import annotations

import contextlib
import datetime
import email
import email.policy
import re
import sys
from dataclasses import replace
from email.header import decode_header, make_header
from string import ascii_letters, digits
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mime_cases import (
    FILENAMES,
    INJECTIONS,
    NAUGHTY,
    NOW,
    Asked,
    as_read,
    asked,
    problems,
    written,
    written_by_hand,
)
from ondemand_attach import Address, Attachment, Document
from ondemand_attach._filenames import sanitised
from ondemand_attach._mime import (
    Body,
    Headers,
    _fields,
    _parts,
    _reading,
    check_header_name,
    check_header_value,
    pieces,
    serialise,
)
from ondemand_attach._pieces import Base64, Piece, chunks, elided
from ondemand_attach.errors import InvalidAddressError, InvalidHeaderError, MessageError

HOSTILE = NAUGHTY + INJECTIONS
# Debian backports fixes to its 3.11.2.
INJECTS = (3, 11, 3) <= sys.version_info < (3, 11, 10) or (3, 12) <= sys.version_info < (3, 12, 5)
LOSES_QUOTES = INJECTS or (3, 12) <= sys.version_info < (3, 12, 9) or (3, 13) <= sys.version_info < (3, 13, 2)
CONTROLS = [
    *map(chr, range(0x20)),
    *map(chr, range(0x7F, 0xA0)),
    *"\u2028\u2029\u202a\u202e\u2066\u2069",
]

TEXT = st.text() | st.text(
    st.sampled_from('ab =?_.,;:<>@"\\()é漢👩\u200d\ufeff\r\n\u202e\ud800'), max_size=200
)
HEADERS = Headers(
    sender=Address.parse("Shop <orders@shop.example>"),
    to=(Address.parse("jane@example.com"),),
    subject="Your order",
    date=NOW,
    message_id="<1@shop.example>",
)
BODY = Body(text="Thank you.\n")


def pdf(
    filename: str = "order.pdf", content: bytes = b"%PDF", media_type: str = "application/pdf"
) -> Attachment:
    return Attachment(filename=filename, document=Document(content=content, media_type=media_type))


def image(name: str = "logo@shop.example") -> Attachment:
    return replace(pdf("logo.png", b"\x89PNG", "image/png"), content_id=name)


def fields(headers: Headers) -> str:
    return serialise(headers, BODY).partition(b"\r\n\r\n")[0].decode()


class TestHostileStrings:
    @pytest.mark.parametrize("string", HOSTILE, ids=lambda _: "")
    def test_nothing_gets_out_of_its_slot(self, string: str) -> None:
        ask, _ = asked(string)
        assert problems(written(ask), ask) == []

    def test_most_strings_are_taken_and_read_back(self) -> None:
        refused = [string for string in HOSTILE if asked(string)[1]]
        assert len(refused) < len(HOSTILE) / 10
        assert all(
            re.search("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", each) for each in refused
        )

    @pytest.mark.parametrize("mark", "\u061c\u200e\u200f", ids=ascii)
    def test_an_amount_in_hebrew_or_arabic_is_taken_and_read_back(self, mark: str) -> None:
        ask, refused = asked(f"{mark}-1,234.50\u00a0{mark}₪")
        assert refused == set()
        assert problems(written(ask), ask) == []

    @settings(max_examples=600, deadline=None)
    @given(TEXT)
    def test_any_text(self, string: str) -> None:
        ask, _ = asked(string)
        assert problems(written(ask), ask) == []

    @settings(max_examples=600, deadline=None)
    @given(TEXT, TEXT, TEXT, TEXT)
    def test_any_texts_together(self, subject: str, name: str, filename: str, text: str) -> None:
        asks = [asked(each)[0] for each in (subject, name, filename, text)]
        ask = Asked(
            subject=asks[0].subject,
            name=asks[1].name,
            filename=asks[2].filename,
            note=asks[0].note,
            text=asks[3].text,
            html=asks[3].html,
        )
        assert problems(written(ask), ask) == []


@pytest.fixture(scope="module")
def found() -> set[str]:
    found = set()
    for string in INJECTIONS:
        ask, _ = asked(string)
        try:
            found.update(problems(written_by_hand(ask), ask))
        except (ValueError, IndexError, AttributeError):
            found.add("crash")
    return found


class TestMutants:
    """What the harness must find in the message that the standard library writes."""

    def test_an_encoded_word_from_a_customer_is_decoded(self, found: set[str]) -> None:
        assert "compat32: subject" in found

    @pytest.mark.skipif(
        not LOSES_QUOTES, reason="this Python has the fix of gh-80222 or may have it backported"
    )
    def test_a_long_name_changes_the_recipient(self, found: set[str]) -> None:
        assert "compat32: recipients" in found

    @pytest.mark.skipif(
        not INJECTS, reason="this Python has the fix of CVE-2024-6923 or may have it backported"
    )
    def test_a_subject_becomes_a_header(self) -> None:
        ask = replace(asked("harmless")[0], subject="=?utf-8?q?=0D=0ABcc:_e=40x?=")
        assert "compat32: headers" in problems(written_by_hand(ask), ask)

    @pytest.mark.parametrize("name", ["<evil@x.test> aaa", "Doe, Jane", "evil@x.test", "a=?utf-8?b?aGk=?="])
    def test_the_reading_refuses_a_careless_phrase(self, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_fields, "_phrase", lambda name, _: [name])
        with pytest.raises(InvalidHeaderError, match="addresses in From"):
            written(replace(asked("harmless")[0], name=name))

    @pytest.mark.parametrize(
        "subject", ["x\r\nBcc: evil@x.test", "=?utf-8?b?aGk=?=", "x\r\n\r\nbody", "x\ny"]
    )
    def test_the_reading_refuses_a_careless_text(self, subject: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_fields, "check_characters", lambda *_: None)
        monkeypatch.setattr(_fields, "_text", lambda name, value: f"{name}: {value}\r\n")
        with pytest.raises(MessageError):
            written(replace(asked("harmless")[0], subject=subject))

    @pytest.mark.parametrize(
        "filename", ['a"; x="b.pdf', "a.pdf\r\nBcc: evil@x.test", "a\r\n\r\n--=_x\r\n\r\n"]
    )
    def test_the_reading_refuses_a_careless_parameter(
        self, filename: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(_parts, "_filename", lambda name: [f'filename="{name}"'])
        with pytest.raises(MessageError):
            serialise(HEADERS, replace(BODY, attachments=(pdf(filename),)))


class TestReading:
    """Every difference between what was asked and what was written is seen."""

    body = Body(text="a", html="b", images=(image(),), attachments=(pdf("č.pdf"), pdf()))

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (b"Subject: ", b"Bcc: evil@x.test\r\nSubject: "),
            (b"jane@example.com", b"jane@example.com, evil@x.test"),
            (b"jane@example.com", b"jana@example.com"),
            (b"Your order", b"your order"),
            (b"Message-ID: <1", b"Message-ID: <2"),
            (b"Auto-Submitted: auto-generated\r\n", b""),
            (b"MIME-Version: 1.0\r\n", b"MIME-Version: 1.0\r\nX-Note: x\r\n"),
            (b"charset=utf-8\r\n", b"charset=utf-8\n"),
            (b"\r\n\r\na\r\n", b"\r\n\r\na\rb\r\n"),
            (b"\r\n\r\na\r\n", b"\r\n\r\na\r\n--=_x\r\n\r\n"),
            (b"text/html; ch", b"text/plain; ch"),
            (b"%8D.pdf", b"%8E.pdf"),
            (b"order.pdf", b"order.exe"),
            (b"--\r\n--=_", b"\r\n--=_"),
        ],
        ids=ascii,
    )
    def test_a_change_is_refused(self, old: bytes, new: bytes) -> None:
        content, top = serialise(HEADERS, self.body), _parts.tree(self.body, HEADERS.message_id)
        _reading.check(content, HEADERS, top)
        assert old in content
        with pytest.raises(MessageError, match=r"read back|bare CR"):
            _reading.check(content.replace(old, new, 1), HEADERS, top)


class TestPieces:
    """What is sent is what was read back, though the base64 of the files is made later."""

    body = Body(text="a", html="b", images=(image(),), attachments=(pdf("č.pdf"), pdf(content=b"")))

    def test_documents_are_kept_as_they_are(self) -> None:
        written = pieces(HEADERS, self.body)
        kept = [piece.document for piece in written if isinstance(piece, Base64)]
        assert kept == [file.document.content for file in (*self.body.images, *self.body.attachments)]
        assert all(one is file.document.content for one, file in zip(kept, self.body.images, strict=False))
        assert b"".join(chunks(written)) == serialise(HEADERS, self.body)

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.binary(max_size=200), max_size=4))
    def test_with_its_documents_it_reads_as_without(self, documents: list[bytes]) -> None:
        body = replace(self.body, attachments=tuple(pdf(content=document) for document in documents))
        top = _parts.tree(body, HEADERS.message_id)
        _reading.check(elided(pieces(HEADERS, body))[0], HEADERS, top)
        _reading.check(serialise(HEADERS, body), HEADERS, top)

    @pytest.mark.parametrize("place", range(5))
    @pytest.mark.parametrize(
        "injected",
        [
            b"Bcc: evil@x.test\r\n",
            b"Content-Type: text/html\r\n",
            b"Content-Transfer-Encoding: 7bit\r\n",
            b"X-Note: a\r\n",
            b"\r\n--=_x\r\n\r\n",
            b"a\n",
            b"\r",
        ],
    )
    def test_an_injection_beside_any_document_is_refused(
        self, place: int, injected: bytes, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The mutants: a writer that lets something into the header of one of the parts."""
        real, count = _parts.Part, iter(range(100))

        def careless(media_type: str, written: list[Piece], *rest: Any) -> _parts.Part:
            first, *others = written
            assert isinstance(first, bytes)
            return real(media_type, [injected + first if next(count) == place else first, *others], *rest)

        monkeypatch.setattr(_parts, "Part", careless)
        with pytest.raises(MessageError):
            pieces(HEADERS, self.body)

    def test_a_nul_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_parts, "_filename", lambda name: [f'filename="{name}"'])
        with pytest.raises(MessageError, match="NUL"):
            pieces(HEADERS, replace(BODY, attachments=(pdf("a\0000\0"),)))

    def test_the_name_of_a_file_is_not_kept(self) -> None:
        for number in range(3):
            body = Body(text="a", attachments=(pdf(f"Jane Doe {number}.pdf"),))
            before = _reading._familiar_head.cache_info().currsize
            serialise(HEADERS, body)
            serialise(HEADERS, body)
            assert _reading._familiar_head.cache_info().currsize - before <= (number == 0)


class TestFields:
    def test_the_usual_ones(self) -> None:
        assert fields(HEADERS).splitlines() == [
            "From: Shop <orders@shop.example>",
            "To: jane@example.com",
            "Subject: Your order",
            "Date: Mon, 23 Nov 2026 12:00:00 +0000",
            "Message-ID: <1@shop.example>",
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: 7bit",
        ]

    def test_without_a_visible_recipient(self) -> None:
        assert "\r\nTo: undisclosed-recipients:;\r\nSubject" in fields(replace(HEADERS, to=()))

    def test_with_copies_only(self) -> None:
        headers = replace(HEADERS, to=(), cc=HEADERS.to)
        assert re.findall("(?m)^(To|Cc|Bcc)", fields(headers)) == ["Cc"]

    @pytest.mark.parametrize("has_to", [True, False])
    @pytest.mark.parametrize("has_cc", [True, False])
    @pytest.mark.parametrize("has_reply_to", [True, False])
    def test_address_fields_in_every_combination(
        self, has_to: bool, has_cc: bool, has_reply_to: bool
    ) -> None:
        jane, joe, desk = (
            (Address.parse(f"{name} <{name}@shop.example>"),) for name in ("jane", "joe", "desk")
        )
        headers = replace(
            HEADERS,
            to=jane if has_to else (),
            cc=joe if has_cc else (),
            reply_to=desk if has_reply_to else (),
        )
        to = "jane <jane@shop.example>" if has_to else None if has_cc else "undisclosed-recipients:;"
        expected = [
            ("From", "Shop <orders@shop.example>"),
            *([("To", to)] if to else []),
            *([("Cc", "joe <joe@shop.example>")] if has_cc else []),
            *([("Reply-To", "desk <desk@shop.example>")] if has_reply_to else []),
        ]
        read = email.message_from_bytes(serialise(headers, BODY)).items()
        assert read[: len(expected)] == expected
        assert read[len(expected)][0] == "Subject"

    def test_own_fields_come_in_order(self) -> None:
        extra = (
            ("Auto-Submitted", "no"),
            ("X-Tag", "1"),
            ("x-tag", "2"),
            ("List-Unsubscribe", "<https://shop.example/u>"),
        )
        written = fields(replace(HEADERS, extra=extra))
        assert (
            "Auto-Submitted: no\r\nX-Tag: 1\r\nx-tag: 2\r\nList-Unsubscribe: <https://shop.example/u>\r\nMIME"
            in written
        )

    def test_lists_are_folded_after_commas(self) -> None:
        headers = replace(
            HEADERS, to=tuple(Address.parse(f"person.number.{each}@example.com") for each in range(9))
        )
        lines = re.findall("(?ms)^To: .*?(?=^Subject)", fields(headers))[0].rstrip().split("\r\n")
        assert len(lines) == 5
        assert all(line.endswith("com,") and len(line) <= 76 for line in lines[:-1])

    def test_an_address_is_never_folded(self) -> None:
        long = Address(addr_spec="a" * 64 + "@" + "b." * 90 + "example", display_name="Jane Doe")
        assert f"\r\n <{long.addr_spec}>\r\n" in fields(replace(HEADERS, to=(long,)))

    def test_an_international_local_part_is_raw(self) -> None:
        headers = replace(
            HEADERS, to=(Address.parse("Zoë <zoë@bücher.example>"), Address.parse("joe@bücher.example"))
        )
        assert (
            "\r\nTo: =?utf-8?b?Wm/Dqw==?= <zoë@xn--bcher-kva.example>,\r\n joe@xn--bcher-kva.example\r\n"
            in fields(headers)
        )

    def test_a_long_plain_subject_is_folded_at_spaces(self) -> None:
        subject = "word " * 40 + "end"
        written = fields(replace(HEADERS, subject=subject))
        assert f"\r\nSubject: {subject}\r\n" in re.sub("\r\n ", " ", written)
        assert "=?" not in written

    def test_the_date_keeps_its_zone(self) -> None:
        zone = datetime.timezone(datetime.timedelta(hours=-9, minutes=-30))
        assert "\r\nDate: Mon, 23 Nov 2026 02:30:00 -0930\r\n" in fields(
            replace(HEADERS, date=NOW.astimezone(zone))
        )

    def test_a_date_without_zone_is_refused(self) -> None:
        with pytest.raises(MessageError, match="no timezone"):
            serialise(replace(HEADERS, date=NOW.replace(tzinfo=None)), BODY)

    @pytest.mark.parametrize(
        "message_id", ["", "1@shop.example", "<1>", "<a b@c>", "<a@b>\r\nBcc: x@y", "<a@b>,<c@d>", "<é@x>"]
    )
    def test_a_malformed_message_id_is_refused(self, message_id: str) -> None:
        with pytest.raises(InvalidHeaderError, match="message id"):
            serialise(replace(HEADERS, message_id=message_id), BODY)

    @pytest.mark.parametrize("control", CONTROLS, ids=ascii)
    def test_controls_are_refused_without_quoting(self, control: str) -> None:
        value = f"evil{control}x"
        for call in (
            lambda: serialise(replace(HEADERS, subject=value), BODY),
            lambda: serialise(replace(HEADERS, extra=(("X-Note", value),)), BODY),
            lambda: serialise(HEADERS, replace(BODY, attachments=(pdf(value),))),
            lambda: check_header_value("X-Note", value),
        ):
            with pytest.raises(InvalidHeaderError, match="at position 5") as caught:
                call()
            assert "evil" not in str(caught.value)
        with pytest.raises(InvalidAddressError):
            Address(addr_spec="a@b", display_name=value)

    def test_a_display_name_is_checked_again(self) -> None:
        address = Address.parse("jane@example.com")
        object.__setattr__(address, "display_name", "x\r\nBcc: evil@x.test")
        with pytest.raises(InvalidHeaderError, match="display name in To"):
            serialise(replace(HEADERS, to=(address,)), BODY)


class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            *("List-Unsubscribe", "List-Unsubscribe-Post", "X-Order", "x-a", "In-Reply-To", "References"),
            *("Auto-Submitted", "Feedback-ID", "Organization", "Precedence"),
        ],
    )
    def test_accepted(self, name: str) -> None:
        check_header_name(name)

    @pytest.mark.parametrize(
        "name",
        [
            *(
                "From",
                "SENDER",
                "Reply-To",
                "to",
                "Cc",
                "bCC",
                "Subject",
                "Date",
                "Message-ID",
                "MIME-Version",
            ),
            *(
                "Content-Type",
                "content-x",
                "Received",
                "Return-Path",
                "DKIM-Signature",
                "Resent-To",
                "ARC-Seal",
            ),
            *(
                "Delivered-To",
                "Errors-To",
                "Apparently-To",
                "",
                "X Y",
                "X:",
                "X;",
                ";",
                "X;y",
                "X;y=z",
                "X\r\nBcc",
                "X\n",
                "Bcc ",
                "É",
                "X\x00",
                "X" * 77,
            ),
        ],
        ids=ascii,
    )
    def test_refused(self, name: str) -> None:
        with pytest.raises(InvalidHeaderError):
            check_header_name(name)
        with pytest.raises(InvalidHeaderError):
            serialise(replace(HEADERS, extra=((name, "x"),)), BODY)

    @pytest.mark.parametrize(
        "value", ["<https://shop.example/é>", "a  b", " a", "=?utf-8?b?aGk=?=", "a" * 990]
    )
    def test_a_structured_field_takes_no_encoded_word(self, value: str) -> None:
        with pytest.raises(InvalidHeaderError, match="List-Unsubscribe takes"):
            check_header_value("List-Unsubscribe", value)

    def test_a_structured_field_keeps_its_long_words(self) -> None:
        link = f"<https://shop.example/{'u' * 300}>"
        written = fields(replace(HEADERS, extra=(("List-Unsubscribe", f"{link}, <mailto:a@b.example>"),)))
        assert f"List-Unsubscribe: {link},\r\n <mailto:a@b.example>\r\n" in written

    @pytest.mark.parametrize(
        "name",
        "Auto-Submitted Disposition-Notification-To Feedback-ID Importance In-Reply-To Precedence Priority References "  # noqa: SIM905
        "Sensitivity List-Unsubscribe List-Unsubscribe-Post List-Id".split(),
    )
    def test_the_structured_fields_are_known(self, name: str) -> None:
        for spelt in (name, name.lower(), name.upper()):
            with pytest.raises(InvalidHeaderError, match=f"{spelt} takes"):
                check_header_value(spelt, "é")
            assert f"{spelt}: plain\r\n" in fields(replace(HEADERS, extra=((spelt, "plain"),)))
        check_header_value("X-Tag", "é")
        check_header_value("Comments", "é")

    def test_a_structured_field_comes_once(self) -> None:
        with pytest.raises(InvalidHeaderError, match="twice"):
            serialise(replace(HEADERS, extra=(("References", "<a@b>"), ("references", "<c@d>"))), BODY)


class TestTree:
    def shape(self, body: Body) -> object:
        def of(part: email.message.Message) -> object:
            payload = part.get_payload()
            inner = [of(each) for each in payload] if isinstance(payload, list) else []
            return (part.get_content_subtype(), *inner) if inner else part.get_content_subtype()

        return of(email.message_from_bytes(serialise(HEADERS, body)))

    def test_levels_are_left_out(self) -> None:
        html, images, files = "b", (image(),), (pdf(), pdf())
        assert self.shape(Body(text="a")) == "plain"
        assert self.shape(Body(text="")) == "plain"
        assert self.shape(Body(text="", html=html)) == "html"
        assert self.shape(Body(text="a", html=html)) == ("alternative", "plain", "html")
        assert self.shape(Body(text="a", attachments=files)) == ("mixed", "plain", "pdf", "pdf")
        assert self.shape(Body(text="", html=html, images=images)) == ("related", "html", "png")
        assert self.shape(Body(text="a", html=html, images=images)) == (
            "alternative",
            "plain",
            ("related", "html", "png"),
        )
        assert self.shape(Body(text="a", html=html, images=images, attachments=files)) == (
            "mixed",
            ("alternative", "plain", ("related", "html", "png")),
            "pdf",
            "pdf",
        )

    def test_images_need_html(self) -> None:
        with pytest.raises(MessageError, match="no HTML body"):
            serialise(HEADERS, Body(text="a", images=(image(),)))

    def test_a_file_is_an_attachment_even_if_it_is_an_image(self) -> None:
        files = (pdf(), replace(image(), content_id=None), pdf("a.txt", b"a", "text/plain"))
        body = Body(text="a", html="b", images=(image(),), attachments=files)
        parts = list(email.message_from_bytes(serialise(HEADERS, body)).walk())
        found = [(part.get_filename(), part.get_content_disposition()) for part in parts]
        assert [each for each in found if each[1]] == [
            ("logo.png", "inline"),
            ("order.pdf", "attachment"),
            ("logo.png", "attachment"),
            ("a.txt", "attachment"),
        ]
        assert [bool(part["content-id"]) for part in parts if part.get_filename()] == [True, *[False] * 3]

    def test_an_image_is_inline(self) -> None:
        message = email.message_from_bytes(serialise(HEADERS, Body(text="a", html="b", images=(image(),))))
        part = next(part for part in message.walk() if part.get_content_maintype() == "image")
        assert part.get_content_disposition() == "inline"
        assert part["content-id"] == "<logo@shop.example>"
        assert next(message.walk()).get_payload()[1].get_param("type") == "text/html"

    def test_the_characters_of_a_content_id(self) -> None:
        for form, further in (
            ("a{}@b.example", "!#$%&'*+/=?^`{|}~"),
            ("a@b{}.example", ""),
            ("a{}b", "!#$%&'*+/=?^`{|}~"),
        ):
            allowed = ascii_letters + digits + "_.-" + further
            for character in (*map(chr, range(128)), "é"):
                content_id = form.replace("{}", character)
                body = Body(text="a", html="b", images=(image(content_id),))
                if character in allowed or (form == "a{}b" and character == "@"):
                    assert f"Content-ID: <{content_id}>".encode() in serialise(HEADERS, body)
                else:
                    with pytest.raises(InvalidHeaderError, match="Content-ID"):
                        serialise(HEADERS, body)

    @pytest.mark.parametrize("content_id", ["", "a b", "a>", "<a@b>", "a@b\r\nX: y", "é@b"])
    def test_a_malformed_content_id_is_refused(self, content_id: str) -> None:
        with pytest.raises(InvalidHeaderError, match="Content-ID"):
            serialise(HEADERS, Body(text="a", html="b", images=(image(content_id),)))

    @pytest.mark.parametrize(
        "media_type",
        [
            "",
            "pdf",
            "application/",
            "/pdf",
            "a/b/c",
            "a b/c",
            "a/b\r\nX: y",
            "a/b;",
            "a/b; c",
            'a/b; c="d"',
            "multipart/mixed",
            "message/rfc822",
        ],
    )
    def test_a_wrong_media_type_is_refused(self, media_type: str) -> None:
        with pytest.raises(MessageError, match=r"media type|cannot be"):
            serialise(HEADERS, replace(BODY, attachments=(pdf(media_type=media_type),)))

    @pytest.mark.parametrize(
        "form", ["a{}b/pdf", "application/a{}b", "a/b; c{}d=e", "a/b; c=d{}e", "a/b;c=d{}"]
    )
    def test_the_characters_of_a_media_type(self, form: str) -> None:
        """RFC 6838 section 4.2; RFC 2045 section 5.1 would let more into a parameter."""
        allowed = ascii_letters + digits + "!#$&^_.+-"
        for character in (*map(chr, range(128)), "é"):
            body = replace(BODY, attachments=(pdf(media_type=form.format(character)),))
            if character in allowed:
                part = email.message_from_bytes(serialise(HEADERS, body)).get_payload()[1]
                assert part["Content-Type"].lower().replace("\r\n", "") == form.format(
                    character
                ).lower().replace(";c", "; c")
            elif not (character == " " and form.endswith("{}")):
                with pytest.raises(MessageError):
                    serialise(HEADERS, body)

    @pytest.mark.parametrize("count", [127, 128])
    def test_the_names_of_a_media_type_are_short(self, count: int) -> None:
        for media_type in (f"{'a' * count}/b", f"a/{'b' * count}"):
            body = replace(BODY, attachments=(pdf(media_type=media_type),))
            with contextlib.nullcontext() if count == 127 else pytest.raises(MessageError):
                serialise(HEADERS, body)

    @pytest.mark.parametrize("count", [60, 61])
    def test_the_parameters_of_a_media_type_are_short(self, count: int) -> None:
        for media_type in (f"a/b; {'a' * count}=b", f"a/b; a={'b' * count}", "a/b" + "; a=b" * (count - 56)):
            body = replace(BODY, attachments=(pdf(media_type=media_type),))
            with contextlib.nullcontext() if count == 60 else pytest.raises(MessageError):
                serialise(HEADERS, body)

    def test_parameters_of_a_media_type_are_kept(self) -> None:
        body = replace(
            BODY, attachments=(pdf("a.ics", media_type="Text/Calendar; method=REQUEST;charset=utf-8"),)
        )
        part = email.message_from_bytes(serialise(HEADERS, body)).get_payload()[1]
        assert part.get_params() == [("text/calendar", ""), ("method", "REQUEST"), ("charset", "utf-8")]

    def test_a_plain_file_name_is_in_quotes_and_any_other_is_encoded(self) -> None:
        """RFC 2183 section 2.3: old programs read the first form only."""
        plain = ascii_letters + digits + "_!#$&+^`{}~., ()@-"
        names = {f"a{character}b.pdf": character in plain for character in map(chr, range(0x20, 0x7F))}
        names |= {"a" * 60: True, "a" * 61: False, "a=?b.pdf": False, "č.pdf": False}
        for name, is_plain in names.items():
            if set(name) & set("/\\"):
                continue
            raw = serialise(HEADERS, replace(BODY, attachments=(pdf(name),)))
            assert (f'filename="{name}"'.encode() in raw) == is_plain, name
            assert (b"filename*" in raw) != is_plain
            assert email.message_from_bytes(raw).get_payload()[1].get_filename() == name

    def test_no_line_of_a_file_name_is_long(self) -> None:
        for length in range(1, 200):
            for letter in "až日":
                raw = serialise(HEADERS, replace(BODY, attachments=(pdf(letter * length),)))
                head = raw.partition(b"filename")[2].partition(b"\r\n\r\n")[0]
                assert max(map(len, (b" filename" + head).split(b"\r\n"))) <= 76

    def test_an_encoded_name_is_there_for_programs_that_know_no_rfc_2231_too(self) -> None:
        """These take it from the type: otherwise the file has no name, and a mail program nothing to open it with."""
        for name in (
            *map(sanitised, FILENAMES),
            "O'Brien (1).pdf",
            "a" * 61,
            *(letter * 40 for letter in "ž日😀"),
        ):
            raw = serialise(HEADERS, replace(BODY, attachments=(pdf(name),)))
            _, part = email.message_from_bytes(raw).get_payload()
            named = part.get_param("name")
            assert (named is None) == ("filename=" in part["content-disposition"])
            assert named is None or str(make_header(decode_header(re.sub(r"\r\n ", " ", named)))) == name
            assert max(map(len, raw.split(b"\r\n"))) <= 76

    def test_a_name_in_the_media_type_stays_the_only_one(self) -> None:
        named = pdf("č.pdf", media_type="application/pdf; name=c.pdf")
        _, part = email.message_from_bytes(
            serialise(HEADERS, replace(BODY, attachments=(named,)))
        ).get_payload()
        assert part.get_params() == [("application/pdf", ""), ("name", "c.pdf")]

    def test_an_empty_file_name_is_refused(self) -> None:
        with pytest.raises(InvalidHeaderError, match="empty file name"):
            serialise(HEADERS, replace(BODY, attachments=(pdf(""),)))

    def test_the_same_input_gives_the_same_bytes(self) -> None:
        body = Body(text="a", html="b", images=(image(),), attachments=(pdf(),))
        assert serialise(HEADERS, body) == serialise(HEADERS, body)
        boundaries = re.findall(rb'boundary="(.*)"', serialise(HEADERS, body))
        other = re.findall(
            rb'boundary="(.*)"', serialise(replace(HEADERS, message_id="<2@shop.example>"), body)
        )
        assert len({*boundaries, *other}) == 6

    def test_a_body_cannot_hold_the_boundary(self) -> None:
        body = Body(text="a", html="b", attachments=(pdf(),))
        boundaries = re.findall(r'boundary="(.*)"', serialise(HEADERS, body).decode())
        hostile = "".join(f"\r\n--{each}--\r\n--{each}\r\n" for each in boundaries)
        ask = Body(text=hostile, html=hostile, attachments=(pdf(content=hostile.encode()),))
        parts = list(email.message_from_bytes(serialise(HEADERS, ask)).walk())
        assert len(parts) == 5
        assert [as_read(part.get_payload(decode=True).decode()) for part in parts[2:4]] == [
            as_read(hostile)
        ] * 2
        assert parts[4].get_payload(decode=True) == hostile.encode()

    @pytest.mark.parametrize(
        "size", [0, 1, 56, 57, 58, 57 * 2048 - 1, 57 * 2048, 57 * 2048 + 1, 57 * 5000 + 3]
    )
    def test_attachments_of_any_size(self, size: int) -> None:
        content = (bytes(range(256)) * (size // 256 + 1))[:size]
        raw = serialise(HEADERS, replace(BODY, attachments=(pdf(content=content),)))
        assert email.message_from_bytes(raw).get_payload()[1].get_payload(decode=True) == content
        assert max(map(len, raw.split(b"\r\n"))) <= 76
        assert raw.endswith(b"--\r\n")


class TestText:
    def encoding(self, text: str) -> str:
        raw = serialise(HEADERS, Body(text=text))
        message = email.message_from_bytes(raw)
        assert as_read(message.get_payload(decode=True).decode()) == as_read(text)
        assert raw.endswith(b"\r\n")
        assert raw.isascii()
        return message["content-transfer-encoding"]

    @pytest.mark.parametrize(
        "text", ["", "a", "a\n", "a\r\nb\rc\n", "--\na", "-----", "x" * 78, "\n\n", ">From a", "a.", " a"]
    )
    def test_plain(self, text: str) -> None:
        assert self.encoding(text) == "7bit"

    @pytest.mark.parametrize(
        "text",
        [
            "x" * 79,
            "From a",
            "a\nFrom a",
            ".",
            "a\n..\n",
            "a ",
            "a\t",
            "--=_a",
            "a\tb",
            "a\x00b",
            "é" + "a" * 20,
            "= \n" * 3,
            "a\x0cb\x85c\u2028" + "d" * 30,
        ],
        ids=ascii,
    )
    def test_quoted_printable(self, text: str) -> None:
        assert self.encoding(text) == "quoted-printable"

    @pytest.mark.parametrize("text", ["é", "Добрый день, заказ принят", "漢字" * 500], ids=ascii)
    def test_base64(self, text: str) -> None:
        assert self.encoding(text) == "base64"

    @settings(max_examples=500, deadline=None)
    @given(st.text(st.sampled_from(".From =\t\r\naé-_\x00x"), max_size=400))
    def test_lines_are_safe_on_the_way(self, text: str) -> None:
        self.encoding(text)
        content = serialise(HEADERS, Body(text=text)).partition(b"\r\n\r\n")[2]
        lines = content.split(b"\r\n")
        assert max(map(len, lines)) <= 78
        assert not re.search(rb"(?m)^(?:\.|From |--=_)|[ \t]\r$", content)

    @pytest.mark.parametrize(
        "text",
        ["x" * 1000, "=" * 1000, "é" + "abcdef " * 200, "x=" * 500, ". " * 500],
        ids=lambda text: text[:6],
    )
    def test_lines_in_quoted_printable_are_full(self, text: str) -> None:
        """RFC 2045 section 6.7 rule 5; "=XX" is not divided."""
        assert self.encoding(text) == "quoted-printable"
        content = serialise(HEADERS, Body(text=text)).partition(b"\r\n\r\n")[2]
        *full, _, last = content.split(b"\r\n")
        assert last == b""
        assert all(70 < len(line) <= 76 for line in full)

    def test_a_line_of_a_megabyte(self) -> None:
        assert self.encoding("." * 1_000_000) == "quoted-printable"

    def test_a_lone_surrogate_is_refused_without_quoting(self) -> None:
        with pytest.raises(MessageError, match="surrogate at position 5") as caught:
            serialise(HEADERS, Body(text="evil\ud800"))
        assert caught.value.__context__ is None
