"""What a PDF shows is found, however its strings, streams and fonts are encoded."""

from __future__ import annotations

import base64
import io
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pytest
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph, SimpleDocTemplate

import ondemand_attach.generators
from leak_cases import is_found, pdf, stream
from ondemand_attach import Document, MessageBuilder, Xhtml2PdfGenerator
from ondemand_attach._leaks import _pdf_filters
from ondemand_attach.errors import ConfidentialityError

NAME = "Zdenka Kvapilová"
OTHER = "Zdenka Kvapilíková"
FONT = Path(ondemand_attach.generators.__file__).parent / "fonts" / "DejaVuSans.ttf"
DEFLATED = b"/Filter /FlateDecode"


def octal(octets: bytes) -> bytes:
    return b"".join(b"\\%03o" % octet for octet in octets)


STRINGS: dict[str, bytes] = {
    "PDFDocEncoding": b"(" + NAME.encode("latin-1") + b")",
    "UTF-16BE": b"(" + b"\xfe\xff" + NAME.encode("utf-16-be").replace(b"\\", b"\\\\") + b")",
    "UTF-16LE": b"(" + b"\xff\xfe" + NAME.encode("utf-16-le") + b")",
    "UTF-8, PDF 2.0": b"(\xef\xbb\xbf" + NAME.encode() + b")",
    "UTF-8 without a mark": b"(" + NAME.encode() + b")",
    "UTF-16 without a mark": b"(" + NAME.encode("utf-16-be") + b")",
    "octal": b"(" + octal(NAME.encode("latin-1")) + b")",
    "octal UTF-16": b"(\\376\\377" + octal(NAME.encode("utf-16-be")) + b")",
    "short octal": rb"(\132denka Kvapilov\341)",
    "one octal digit": b"(\\376\\377\\0Z\\0d\\0e\\0n\\0k\\0a\\0 \\0K\\0v\\0a\\0p\\0i\\0l\\0o\\0v\\0\\341)",
    "line continued": b"(Zden\\\nka Kva\\\r\npilov\\341)",
    "escaped for nothing": rb"(Zd\enka Kv\apilov\341)",
    "nested parentheses": b"(the (good (old) one) " + NAME.encode("latin-1") + b")",
    "escaped parenthesis": rb"(of \) Zdenka Kvapilov" + b"\xe1)",
    "hexadecimal": b"<" + NAME.encode("latin-1").hex().encode() + b">",
    "hexadecimal in lines": b"<FE FF" + NAME.encode("utf-16-be").hex(" ", 2).upper().encode().replace(b" ", b"\r\n ") + b">",
    "hexadecimal of odd length": b"<" + (NAME.encode("latin-1") + b"p").hex().encode()[:-1] + b">",
    "with a language": b"(\xfe\xff\0\x1b\0c\0s\0\x1b" + NAME.encode("utf-16-be") + b")",
    "a name": b"/Zdenka#20Kvapilov#c3#a1",
    "not closed": b"(" + NAME.encode("latin-1"),
}  # fmt: skip
HOLDERS: dict[str, Callable[[bytes], bytes]] = {
    "a dictionary": lambda string: pdf(b"<</Title %s /Count 7>>" % string),
    "an array": lambda string: pdf(b"<</Opt [(no) %s (yes)]>>" % string),
    "an object stream": lambda string: pdf(
        stream(zlib.compress(b"9 0 <</V %s /T (x)>>" % string), b"/Type /ObjStm /N 1 /First 4" + DEFLATED)
    ),
    "a file cut off": lambda string: b"%PDF-1.7\n1 0 obj <<>> stream\nabc endobj\n2 0 obj <</T " + string,
}


@pytest.mark.parametrize("form", STRINGS)
@pytest.mark.parametrize("holder", HOLDERS)
def test_strings_are_found_in_every_form(form: str, holder: str) -> None:
    if form == "UTF-8 without a mark" and "stream" not in holder:
        return  # also found as it stands
    assert is_found(HOLDERS[holder](STRINGS[form]), NAME)
    assert not is_found(HOLDERS[holder](STRINGS[form]), OTHER)


def test_a_short_name_in_a_string_is_found_as_a_word_only() -> None:
    assert is_found(pdf(b"<</Title <4D6F6E61>>>"), "Mona")
    assert not is_found(pdf(b"<</Title <4D6F6E6172636879>>>"), "Mona")


def lzw(data: bytes, *, early: int) -> bytes:
    """Compress as LZWDecode reads it."""
    table = {bytes([octet]): octet for octet in range(256)}
    bits, width, known, held = f"{256:09b}", 9, 258, b""
    for octet in data:
        if held + bytes([octet]) in table:
            held += bytes([octet])
            continue
        bits += f"{table[held]:0{width}b}"
        table[held + bytes([octet])] = known
        known += 1
        width = min((known + early - 1).bit_length() if known > 258 else 9, 12)
        held = bytes([octet])
        width = max(width, 9)
    bits += f"{table[held]:0{width}b}" + f"{257:0{width}b}"
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def run_lengths(data: bytes) -> bytes:
    return (
        b"".join(bytes([len(data[at : at + 9]) - 1]) + data[at : at + 9] for at in range(0, len(data), 9))
        + b"\x80"
    )


def predicted(data: bytes, kind: int, width: int) -> bytes:
    """Apply a PNG predictor, octet by octet."""
    above, made = bytes(width), b""
    for at in range(0, len(data), width):
        row = data[at : at + width].ljust(width)
        made += bytes([kind])
        for place, octet in enumerate(row):
            left, corner = (row[place - 1], above[place - 1]) if place else (0, 0)
            upper = above[place]
            nearest = min((left, upper, corner), key=lambda one: abs(left + upper - corner - one))
            guess = (0, left, upper, (left + upper) // 2, nearest)[kind]
            made += bytes([(octet - guess) & 255])
        above = row
    return made


CONTENT = b"BT /F1 12 Tf (Dear ) Tj (Zdenka Kvapilov\xe1) Tj ET"
# So long that its LZW codes grow to twelve bits.
LONG = b"% " + random.Random(2).randbytes(3000).hex().encode() + b"\n" + CONTENT
FILTERS: dict[str, tuple[bytes, bytes]] = {
    "none": (b"", CONTENT),
    "deflated": (DEFLATED, zlib.compress(CONTENT)),
    "deflated, but not said so": (b"", zlib.compress(CONTENT)),
    "deflated and cut off": (DEFLATED, zlib.compress(CONTENT + random.Random(1).randbytes(90))[:-40]),
    "deflated, checksum wrong": (DEFLATED, zlib.compress(CONTENT)[:-4] + b"\0\0\0\0"),
    "hexadecimal": (b"/Filter /ASCIIHexDecode", CONTENT.hex(" ").encode() + b">"),
    "base 85": (b"/Filter/ASCII85Decode", base64.a85encode(CONTENT, wrapcol=40) + b"~>"),
    "run lengths": (b"/Filter /RunLengthDecode", run_lengths(CONTENT)),
    "LZW": (b"/Filter /LZWDecode", lzw(LONG, early=1)),
    "LZW, changed late": (
        b"/Filter /LZWDecode /DecodeParms <</EarlyChange 0>>",
        lzw(LONG, early=0),
    ),
    "two filters": (
        b"/Filter [/ASCII85Decode /FlateDecode]",
        base64.a85encode(zlib.compress(CONTENT)) + b"~>",
    ),
    "three filters": (
        b"/Filter [/AHx/A85/Fl]",
        (base64.a85encode(zlib.compress(CONTENT)) + b"~>").hex().encode(),
    ),
    **{
        f"PNG predictor {kind}": (
            DEFLATED + b"/DecodeParms <</Predictor 15 /Columns 7>>",
            zlib.compress(predicted(CONTENT, kind, 7)),
        )
        for kind in range(5)
    },
    "TIFF predictor": (
        DEFLATED + b"/DecodeParms <</Predictor 2 /Columns 7>>",
        zlib.compress(
            b"".join(predicted(CONTENT[at : at + 7], 1, 7)[1:] for at in range(0, len(CONTENT), 7))
        ),
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_streams_are_found_behind_every_filter(name: str) -> None:
    entries, data = FILTERS[name]
    assert is_found(pdf(stream(data, entries)), NAME)
    assert not is_found(pdf(stream(data, entries)), OTHER)


def test_a_stream_holds_whatever_its_length_says_it_does() -> None:
    """An attached PDF that is not compressed has an end of a stream in it."""
    inner = pdf(stream(zlib.compress(CONTENT), DEFLATED))
    assert is_found(pdf(stream(inner, b"/Type /EmbeddedFile")), NAME)
    assert is_found(pdf(stream(CONTENT).replace(b"/Length ", b"/Length 99")), NAME)


TO_UNICODE = b"""begincmap 1 begincodespacerange <%s> <%s> endcodespacerange
2 beginbfchar <%s> <005A> <%s> <0064> endbfchar
3 beginbfrange
<%s><%s> <0065> <%s> <%s> [<006E> <006B> <0061>]
<%s> <%s> <00660066>
endbfrange endcmap"""
LETTERS = {1: "Z", 2: "d", 5: "e", 6: "f", 16: "n", 17: "k", 18: "a", 32: "ff", 33: "fg"}


def code_map(width: int) -> bytes:
    codes = (0, 256**width - 1, 1, 2, 5, 6, 16, 18, 32, 33)
    return TO_UNICODE % tuple(code.to_bytes(width, "big").hex().encode() for code in codes)


def font(kind: bytes, number: int) -> bytes:
    return b"<</Type /Font /Subtype /%s /ToUnicode %d 0 R>>" % (kind, number)


def page(font_number: int, content_number: int) -> bytes:
    return b"<</Type /Page /Resources <</Font <</F1 %d 0 R>>>> /Contents %d 0 R>>" % (font_number, content_number)  # fmt: skip


def shown(text: str, width: int = 1) -> bytes:
    codes = {letter: code for code, letter in LETTERS.items()}
    return b"<" + b"".join(codes[letter].to_bytes(width, "big") for letter in text).hex().encode() + b">"


def of_glyphs(content: bytes, width: int = 1, kind: bytes = b"TrueType") -> bytes:
    return pdf(page(2, 4), font(kind, 3), stream(code_map(width)), stream(zlib.compress(content), DEFLATED))


@pytest.mark.parametrize(("width", "kind"), [(1, b"TrueType"), (1, b"Type1"), (1, b"Type3"), (2, b"Type0")])
def test_glyph_numbers_are_read_by_the_map_of_their_font(width: int, kind: bytes) -> None:
    content = b"BT /F1 9 Tf " + shown("Zdenka", width) + b" Tj ET"
    assert is_found(of_glyphs(content, width, kind), "Zdenka")
    assert not is_found(of_glyphs(content, width, kind), "Zdeněk")
    assert not is_found(of_glyphs(content.replace(b"/F1", b"/F2"), width, kind), "Zdenka")


@pytest.mark.parametrize(
    "content",
    [
        b"BT /F1 9 Tf [%s -20 %s 31.5 %s] TJ ET" % (shown("Zd"), shown("en"), shown("ka")),
        b"BT /F1 9 Tf [%s -20%s] TJ ET" % (shown("Zden"), shown("ka")),
        b"/F1 9.5 Tf\nBT 1 0 0 1 72 700 Tm %s ' ET" % shown("Zdenka"),
        b'BT /F1 9 Tf 0 0 %s " ET' % shown("Zdenka"),
        b"q /F1 9 Tf q /F9 9 Tf Q BT %s Tj ET Q" % shown("Zdenka"),
        b"/F1 9 Tf BI /W 1 /H 1 ID ((( EI BT %s Tj ET" % shown("Zdenka"),
        b"/F1 9 Tf % :-(\nBT " + shown("Zdenka") + b" Tj ET",
        b"BT /F1 9 Tf [%s -300 %s -300 %s] TJ ET" % (shown("an"), shown("Zdenka"), shown("end")),
        b"BT /F1 9 Tf %s Tj 40 0 Td %s Tj T* %s Tj ET" % (shown("an"), shown("Zdenka"), shown("end")),
        b"/Span <</ActualText (\xfe\xff%s)>> BDC EMC BT (x) Tj ET" % "Zdenka".encode("utf-16-be"),
    ],
)
def test_a_word_is_read_however_it_is_placed(content: bytes) -> None:
    assert is_found(of_glyphs(content), "Zdenka")


def test_codes_of_one_and_two_octets_are_told_apart_by_the_map_of_their_font() -> None:
    spaces = b"begincmap 2 begincodespacerange <00> <7f> <8000> <ffff> endcodespacerange endcmap"
    letters = (
        b"beginbfchar <01> <005A> <8002> <0064> <05> <0065> <8010> <006E> <11> <006B> <12> <0061> endbfchar"
    )
    one = b"<</Type /Font /Subtype /Type0 /Encoding 5 0 R /ToUnicode 3 0 R>>"
    content = stream(b"BT /F1 9 Tf <01 8002 05 8010 11 12> Tj ET")
    assert is_found(pdf(page(2, 4), one, stream(letters), content, stream(spaces)), "Zdenka")


def test_each_page_has_its_own_fonts() -> None:
    """Programs that join files leave each with a font of the same name."""
    other = code_map(1).replace(b"<005A>", b"<0058>").replace(b"<0064>", b"<0078>")
    content = stream(b"BT /F1 9 Tf " + shown("Zd") + b" Tj " + shown("enka") + b" Tj ET")
    joined = pdf(
        page(3, 7), page(4, 8), font(b"Type1", 5), font(b"Type1", 6), stream(other), stream(code_map(1)),
        stream(b"BT (x) Tj ET"), content,
    )  # fmt: skip
    assert is_found(joined, "Zdenka")
    assert not is_found(joined, "Xxenka")


@pytest.mark.parametrize(
    "objects",
    [
        (b"<</Type /Page /Parent 6 0 R /Contents 4 0 R>>", b"<</Type /Pages /Resources 7 0 R>>", b"<</Font 8 0 R>>", b"<</F1 2 0 R>>"),
        (b"<</Type /Page /Parent 6 0 R /Contents [5 0 R 4 0 R]>>", b"<</Resources <</Font<</F1 2 0 R>>>>>>"),
        (b"<</Type /Page /Contents 6 0 R>>", b"[4 0 R]", b"<</Font <</F1 2 0 R>>>>"),
        (b"<</Type /Catalog>>", b"<</Font <</F1 2 0 R>>>>"),
    ],
)  # fmt: skip
def test_fonts_are_found_wherever_they_are_named(objects: tuple[bytes, ...]) -> None:
    content = stream(b"BT %s Tj ET" % shown("Zdenka"))
    before = stream(b"/F1 9 Tf") if b"[5 0 R" in objects[0] else b"null"
    if before == b"null":
        content = stream(b"BT /F1 9 Tf %s Tj ET" % shown("Zdenka"))
    made = pdf(objects[0], font(b"Type1", 3), stream(code_map(1)), content, before, *objects[1:])
    assert is_found(made, "Zdenka")


def test_a_form_is_read_by_its_own_fonts() -> None:
    form = b"/Subtype /Form /Resources <</Font <</F1 1 0 R>>>>"
    content = b"BT /F1 9 Tf " + shown("Zdenka") + b" Tj ET"
    assert is_found(pdf(font(b"Type1", 2), stream(code_map(1)), stream(content, form)), "Zdenka")


@pytest.mark.parametrize(
    ("encoding", "octets", "name"),
    [
        (b"/WinAnsiEncoding", "Žižková".encode("cp1252", "replace"), "Zi"),
        (b"/WinAnsiEncoding", "Kvapilová".encode("cp1252"), "Kvapilová"),
        (b"/MacRomanEncoding", "Kvapilová".encode("mac-roman"), "Kvapilová"),
        (b"/StandardEncoding", b"S\xf8awomir W\xf9jcik", "Sławomir Wøjcik"),
        (b"<</Differences [1 /Rcaron /e /h /o /rcaron]>>", b"\1\2\3\4\5 Jan", "Řehoř Jan"),
        (b"<</Differences [65 /uni0158 /u0065 /afii1 67 /h.alt /o /rcaron.sc]>>", b"ABCDE", "Řehoř"),
        (b"<</Differences [1 /Lslash 9 /aogonek /cacute /Eogonek]>>", b"\1\x09\x0a\x0b Nowak", "ŁąćĘ Nowak"),
        (b"<</Differences [1 /germandbls /f_f /fi /dotlessi]>>", b"Stra\1e a\2n\3\4", "Straße affnfiı"),
    ],
)
def test_simple_encodings_are_read(encoding: bytes, octets: bytes, name: str) -> None:
    content = b"BT /F1 9 Tf <%s> Tj ET" % octets.hex().encode()
    for inline, aside in ((encoding, b"null"), (b"4 0 R", encoding)):
        if inline == b"4 0 R" and not encoding.startswith(b"<<"):
            continue
        one = b"<</Type /Font /Subtype /Type1 /Encoding %s>>" % inline
        made = pdf(page(2, 3), one, stream(content), aside)
        assert is_found(made, name) is (name != "Zi")


@pytest.mark.parametrize(
    ("encoding", "charset", "name"),
    [
        (b"UniJIS-UCS2-H", "utf-16-be", "山田太郎"),
        (b"UniGB-UTF16-H", "utf-16-be", "王小明先生"),
        (b"90ms-RKSJ-H", "cp932", "山田太郎"),
        (b"GBK-EUC-H", "gbk", "王小明先生"),
        (b"ETen-B5-H", "big5", "王小明先生"),
        (b"KSCms-UHC-H", "cp949", "김철수"),
    ],
)
def test_character_collections_of_east_asia_are_read(encoding: bytes, charset: str, name: str) -> None:
    content = b"BT /F1 9 Tf <%s> Tj ET" % name.encode(charset).hex().encode()
    one = b"<</Type /Font /Subtype /Type0 /Encoding /%s>>" % encoding
    assert is_found(pdf(page(2, 3), one, stream(content)), name)


def drawn(name: str) -> bytes:
    pdfmetrics.registerFont(TTFont("Search", str(FONT)))
    memory = io.BytesIO()
    canvas = Canvas(memory)
    canvas.setFont("Search", 12)
    canvas.drawString(50, 700, f"Dear {name}, thank you.")
    canvas.save()
    return memory.getvalue()


def justified(name: str) -> bytes:
    pdfmetrics.registerFont(TTFont("Search", str(FONT)))
    memory = io.BytesIO()
    style = ParagraphStyle("", fontName="Search", alignment=4)
    SimpleDocTemplate(memory).build([Paragraph(f"Dear {name}, thank you for your order. " * 5, style)])
    return memory.getvalue()


def rewritten(content: bytes, **options: object) -> bytes:
    memory = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(memory, **options)
    return memory.getvalue()


MAKERS: dict[str, Callable[[str], bytes]] = {
    "ReportLab": drawn,
    "ReportLab, justified": justified,
    "qpdf": lambda name: rewritten(drawn(name), object_stream_mode=pikepdf.ObjectStreamMode.generate),
    "qpdf, plain": lambda name: rewritten(
        drawn(name), qdf=True, object_stream_mode=pikepdf.ObjectStreamMode.disable
    ),
}
NAMES = [
    NAME,
    "Søren Ørsted",
    "Łukasz Wójcik",
    "Ελένη Παππά",
    "Надежда Иванова",
    "Mona",
    "Efficient Affiliate",
]


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("name", NAMES)
def test_text_of_an_unprotected_pdf_is_found(maker: str, name: str) -> None:
    content = MAKERS[maker](name)
    assert is_found(content, name)
    assert not any(is_found(content, other) for other in NAMES if other != name)


def test_an_unprotected_document_with_a_value_under_another_name_is_refused() -> None:
    letter = MessageBuilder().sender("orders@shop.example").subject("s").text("t").confidential("name")
    for source in ("<p>{{ alias }}</p>", '<p><a href="https://shop.example/{{ alias }}">x</a></p>'):
        builder = letter.attach(Xhtml2PdfGenerator(source=source), filename="a.pdf")
        with pytest.raises(ConfidentialityError, match="attachment 1"):
            builder.build({"name": NAME, "alias": NAME}, to="a@example.com")
        assert builder.build({"name": NAME, "alias": OTHER}, to="a@example.com")
    foreign = letter.attach(lambda request: Document(content=drawn(request.context["alias"]), media_type="application/pdf"), filename="a.pdf")  # fmt: skip
    with pytest.raises(ConfidentialityError, match="attachment 1"):
        foreign.build({"name": NAME, "alias": NAME}, to="a@example.com")


def test_what_is_read_of_encodings_that_fonts_share_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    names = b" ".join(b"%d /uni%04X" % (place % 256, place) for place in range(5_000))
    fonts = [b"<</Type /Font /Subtype /Type1 /Encoding 1 0 R>>"] * 400
    content = pdf(b"<</Type /Encoding /Differences [%b]>>" % names, *fonts, stream(b"BT /F1 9 Tf (x) Tj ET"))
    builder = (
        MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.").confidential("name")
    )
    builder = builder.attach(
        lambda _: Document(content=content, media_type="application/pdf"), filename="a.pdf"
    )
    builder.build({"name": "Alexandra Sommerfeld"}, to="jane@example.com")
    assert "not searched" in caplog.text


def test_one_code_may_stand_for_a_word() -> None:
    name = "".join(random.Random(7).choices("abcdefghijklmnopqrstuvwxyz", k=60))
    code_map = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <01> <%b> endbfchar"
    objects = (
        b"<</Type /Font /Subtype /Type1 /ToUnicode 2 0 R>>",
        stream(code_map % name.encode("utf-16-be").hex().encode()),
        b"<</Type /Page /Resources <</Font <</F1 1 0 R>>>> /Contents 4 0 R>>",
        stream(b"BT /F1 9 Tf <01> Tj ET"),
    )
    assert is_found(pdf(*objects), name)


def test_what_codes_stand_for_is_counted(caplog: pytest.LogCaptureFixture) -> None:
    code_map = b"1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfchar <01> <%b> endbfchar" % (
        b"0061" * 64
    )
    content = pdf(
        b"<</Type /Font /Subtype /Type1 /ToUnicode 2 0 R>>",
        stream(code_map),
        b"<</Type /Page /Resources <</Font <</F1 1 0 R>>>> /Contents 4 0 R>>",
        stream(zlib.compress(b"BT /F1 9 Tf (%b) Tj ET" % (b"\1" * (40 << 20))), b"/Filter /FlateDecode"),
    )
    builder = (
        MessageBuilder().sender("shop@shop.example").subject("Order").text("Thank you.").confidential("name")
    )
    builder = builder.attach(
        lambda _: Document(content=content, media_type="application/pdf"), filename="a.pdf"
    )
    builder.build({"name": "Alexandra Sommerfeld"}, to="jane@example.com")
    assert "not searched" in caplog.text


def test_the_numbers_of_glyphs_are_no_text() -> None:
    code_map = b"begincmap 1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfchar <0007> <0058> endbfchar"
    content = pdf(
        b"<</Type /Font /Subtype /Type0 /ToUnicode 2 0 R>>",
        stream(zlib.compress(code_map), b"/Filter /FlateDecode"),
        b"<</Type /Page /Resources <</Font <</F1 1 0 R>>>> /Contents 4 0 R>>",
        stream(
            zlib.compress(b"BT /F1 9 Tf <0007> Tj (4711) Tj ET BT /F2 9 Tf <30303038> Tj ET"),
            b"/Filter /FlateDecode",
        ),
    )
    assert not is_found(content, "0007")
    assert is_found(content, "0008")


def test_a_page_may_name_no_contents() -> None:
    content = pdf(b"<</Type /Page /Contents []>>", stream(b"BT (for Zdenka Kvapilova) Tj ET"))
    assert is_found(content, "Zdenka Kvapilova")


def test_run_lengths_are_worked_through_up_to_a_number_of_runs() -> None:
    """A run of one octet takes two, and as long as one of 128."""
    most = _pdf_filters._MOST_RUNS
    dictionary = b"/Filter /RunLengthDecode"
    assert len(_pdf_filters.decoded(dictionary, b"\0a" * (most + 9), 1 << 30)) == most
    long = (b"\x7f" + b"x" * 128) * 9
    assert _pdf_filters.decoded(dictionary, long, 1 << 30) == b"x" * 128 * 9
