"""PDFs as other programs make them: every kind of image, cross-references of every kind, odd metadata, damage."""

from __future__ import annotations

import functools
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name
from PIL import Image, features

_SIZE = 24
_PLAIN = {"object_stream_mode": pikepdf.ObjectStreamMode.disable}
_PACKED = {"object_stream_mode": pikepdf.ObjectStreamMode.generate}


def _picture(mode: str) -> Image.Image:
    picture = Image.new("RGB", (_SIZE, _SIZE))
    picture.putdata([(9 * x % 256, 7 * y % 256, x * y % 256) for y in range(_SIZE) for x in range(_SIZE)])
    return picture.convert(mode)


def _encoded(mode: str, kind: str) -> bytes:
    output = io.BytesIO()
    _picture(mode).save(output, kind)
    return output.getvalue()


def _samples(colours: int, bits: int = 8) -> bytes:
    return bytes(place * 37 % 251 for place in range(_SIZE * _SIZE * colours * bits // 8))


Entries = Mapping[str, Any]


def _image(data: bytes, colours: Any, **entries: Any) -> Callable[[pikepdf.Pdf], pikepdf.Object]:
    def made(pdf: pikepdf.Pdf) -> pikepdf.Object:
        shape = {"/Width": _SIZE, "/Height": _SIZE, "/ColorSpace": colours, "/BitsPerComponent": 8}
        given = {f"/{name}": value for name, value in entries.items()}
        return pdf.make_stream(data, {"/Type": Name.XObject, "/Subtype": Name.Image, **shape, **given})

    return made


def _with_mask(pdf: pikepdf.Pdf) -> pikepdf.Object:
    found = _image(_samples(3), Name.DeviceRGB)(pdf)
    found["/SMask"] = _image(_samples(1), Name.DeviceGray)(pdf)
    return found


def _of_palette(pdf: pikepdf.Pdf) -> pikepdf.Object:
    palette = pikepdf.String(bytes(range(256)) * 3)
    return _image(_samples(1), Array([Name.Indexed, Name.DeviceRGB, 255, palette]))(pdf)


_FAX = bytes.fromhex("26a0cb8fe0abe0abf0010010")
IMAGES: dict[str, Callable[[pikepdf.Pdf], pikepdf.Object]] = {
    "JPEG": _image(_encoded("RGB", "JPEG"), Name.DeviceRGB, Filter=Name.DCTDecode),
    "grey JPEG": _image(_encoded("L", "JPEG"), Name.DeviceGray, Filter=Name.DCTDecode),
    "CMYK JPEG": _image(_encoded("CMYK", "JPEG"), Name.DeviceCMYK, Filter=Name.DCTDecode),
    "JPEG deflated": _image(
        zlib.compress(_encoded("RGB", "JPEG")),
        Name.DeviceRGB,
        Filter=Array([Name.FlateDecode, Name.DCTDecode]),
    ),
    "CCITT": _image(
        _FAX,
        Name.DeviceGray,
        BitsPerComponent=1,
        Filter=Name.CCITTFaxDecode,
        DecodeParms=Dictionary(K=-1, Columns=_SIZE, Rows=_SIZE),
    ),
    "JBIG2": _image(bytes(range(40)), Name.DeviceGray, BitsPerComponent=1, Filter=Name.JBIG2Decode),
    "run lengths": _image(
        b"".join(bytes((257 - _SIZE, row)) for row in range(_SIZE)) + b"\x80",
        Name.DeviceGray,
        Filter=Name.RunLengthDecode,
    ),
    "16 bits": _image(_samples(3, 16), Name.DeviceRGB, BitsPerComponent=16),
    "a palette": _of_palette,
    "a soft mask": _with_mask,
    "predictors": _image(
        zlib.compress(b"".join(b"\2" + _samples(1)[:_SIZE] for _ in range(_SIZE))),
        Name.DeviceGray,
        Filter=Name.FlateDecode,
        DecodeParms=Dictionary(Predictor=15, Columns=_SIZE),
    ),
}
if features.check("jpg_2000"):
    IMAGES["JPEG 2000"] = _image(_encoded("RGB", "JPEG2000"), Name.DeviceRGB, Filter=Name.JPXDecode)


def page(pdf: pikepdf.Pdf, content: bytes, **resources: Any) -> pikepdf.Page:
    made = pdf.add_blank_page(page_size=(300, 200))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    shown = {f"/{name}": value for name, value in resources.items()}
    made["/Resources"] = Dictionary({"/Font": Dictionary(F1=pdf.make_indirect(font)), **shown})
    made["/Contents"] = pdf.make_stream(content)
    return made


def saved(pdf: pikepdf.Pdf, **options: Any) -> bytes:
    output = io.BytesIO()
    pdf.save(output, fix_metadata_version=False, **(_PLAIN | options))
    return output.getvalue()


def with_image(kind: str, **options: Any) -> bytes:
    with pikepdf.new() as pdf:
        drawn = b"q 100 0 0 100 20 20 cm /Im0 Do Q BT /F1 12 Tf 150 100 Td (%s) Tj ET" % kind.encode()
        page(pdf, drawn, XObject=Dictionary(Im0=IMAGES[kind](pdf)))
        return saved(pdf, **options)


def letter(change: Callable[[pikepdf.Pdf], object] = id, **options: Any) -> bytes:
    with pikepdf.new() as pdf:
        for number in range(2):
            page(pdf, b"BT /F1 12 Tf 20 100 Td (Letter, page %d) Tj ET" % number)
        change(pdf)
        return saved(pdf, **options)


@functools.cache
def plain() -> bytes:
    return letter()


# Names, forms and metadata


def named(**options: Any) -> bytes:
    """Draw by a font whose name is in Latin-1, which is not valid UTF-8."""
    content = letter(_rename, compress_streams=False).replace(b"/FQQQ", b"/F#e9")
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return saved(pdf, **options) if options else content


def _rename(pdf: pikepdf.Pdf) -> None:
    for each in pdf.pages:
        fonts = each.Resources.Font
        fonts.FQQQ = fonts.F1
        del fonts["/F1"]
        each.Contents.write(each.Contents.read_bytes().replace(b"/F1", b"/FQQQ"))


def form(*, is_drawn: bool, asks: bool, **options: Any) -> bytes:
    """Make a form with one field that is filled in."""

    def change(pdf: pikepdf.Pdf) -> None:
        field = Dictionary(Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, T="name", V="Alice", F=4)
        field.Rect, field.DA = Array([20, 20, 120, 40]), "/F1 12 Tf"
        drawn = b"/Tx BMC BT /F1 12 Tf 2 5 Td (Alice) Tj ET EMC" if is_drawn else b"/Tx BMC EMC"
        font = Dictionary(Font=pdf.pages[0].Resources.Font)
        field.AP = Dictionary(
            N=pdf.make_stream(
                drawn, Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 100, 20]), Resources=font
            )
        )
        found = pdf.make_indirect(field)
        pdf.pages[0].Annots = Array([found])
        pdf.Root.AcroForm = Dictionary(Fields=Array([found]), DA="/F1 12 Tf", DR=font)
        if asks:
            pdf.Root.AcroForm.NeedAppearances = True

    return letter(change, **options)


def _metadata(data: bytes) -> Callable[[pikepdf.Pdf], object]:
    def change(pdf: pikepdf.Pdf) -> None:
        pdf.Root.Metadata = pdf.make_stream(data, Type=Name.Metadata, Subtype=Name.XML)

    return change


def _info(**entries: Any) -> Callable[[pikepdf.Pdf], object]:
    def change(pdf: pikepdf.Pdf) -> None:
        for name, value in entries.items():
            pdf.docinfo[f"/{name}"] = value

    return change


# Cross-references


def hybrid() -> bytes:
    """Add a hybrid-reference update (ISO 32000-2 section 7.5.8.4), as word processors write it."""
    base = plain()
    size = int(base[base.rindex(b"/Size ") + 6 :].split()[0].rstrip(b">"))
    previous = int(base[base.rindex(b"startxref") + 9 :].split()[0])
    inner = b"%d 0 <</Type /Extra>>" % size
    head = b"%d 0 obj\n<</Type /ObjStm /N 1 /First %d /Length %d>>\nstream\n%b\nendstream\nendobj\n"
    out = base + head % (size + 1, inner.index(b"<<"), len(inner), inner)
    at, row = len(out), struct.pack(">BIH", 2, size + 1, 0)
    head = b"%d 0 obj\n<</Type /XRef /Size %d /W [1 4 2] /Index [%d 1] /Root 1 0 R /Length 7>>\nstream\n%b\nendstream\nendobj\n"
    out += head % (size + 2, size + 3, size, row)
    table = b"xref\n%d 2\n%010d 00000 n \n%010d 00000 n \n" % (size + 1, len(base), at)
    trailer = b"trailer\n<</Size %d /Root 1 0 R /Prev %d /XRefStm %d>>\nstartxref\n%d\n%%%%EOF\n"
    return out + table + trailer % (size + 3, previous, at, len(out))


def replaced(old: bytes, new: bytes) -> bytes:
    content = plain()
    assert old in content
    return content.replace(old, new, 1)


def with_size(change: int) -> bytes:
    content = plain()
    at = content.rindex(b"/Size ") + 6
    size = content[at:].split()[0].rstrip(b">")
    return content[:at] + b"%d" % (int(size) + change) + content[at + len(size) :]


def by_pillow() -> bytes:
    """Have Pillow write two pages, whose first entry is of generation 65536."""
    output = io.BytesIO()
    _picture("RGB").save(output, "PDF", save_all=True, append_images=[_picture("1")], title="Žofie (7)")
    return output.getvalue()


def usage_rights() -> bytes:
    """Add what lets Adobe Reader save a form: a signature that vouches for nothing else."""

    def change(pdf: pikepdf.Pdf) -> None:
        method = Dictionary(Type=Name.SigRef, TransformMethod=Name.UR3)
        signature = Dictionary(Type=Name.Sig, ByteRange=Array([0, 1, 2, 3]), Contents=pikepdf.String("x"))
        signature.Reference = Array([method])
        pdf.Root.Perms = Dictionary(UR3=pdf.make_indirect(signature))

    return letter(change).replace(b" 65535 f", b" 65536 f")


SOUND: dict[str, Callable[[], bytes]] = {
    **{f"{kind}": functools.partial(with_image, kind) for kind in IMAGES},
    **{
        f"{kind} in a packed file": functools.partial(with_image, kind, **_PACKED)
        for kind in ("JPEG", "a palette")
    },
    "object streams": lambda: letter(**_PACKED),
    "linearized": lambda: letter(linearize=True),
    "uncompressed": lambda: letter(compress_streams=False),
    "PDF 2.0": lambda: letter(force_version="2.0"),
    "hybrid references": hybrid,
    "the first entry of generation 65536": lambda: replaced(b" 65535 f", b" 65536 f"),
    "the first entry of generation 0": lambda: replaced(b" 65535 f", b" 00000 f"),
    "pictures by Pillow": by_pillow,
    "an update": lambda: plain() + plain()[plain().rindex(b"xref\n0 ") :],
    "XMP that is no UTF-8": lambda: letter(
        _metadata(b"<?xpacket?><x:xmpmeta>\xff\xfe\xe9</x:xmpmeta>"), **_PACKED
    ),
    "XMP that is no XML": lambda: letter(_metadata(b"<x:xmpmeta><a></x:xmpmeta"), **_PACKED),
    "Info in UTF-16": lambda: letter(_info(Title="Objednávka č. 7", Author="Ž"), **_PACKED),
    "dates that are none": lambda: letter(_info(CreationDate="yesterday", ModDate="D:2026-13-45"), **_PACKED),
    "Info that is no text": lambda: letter(_info(Title=7, Author=Array([1])), **_PACKED),
    "names in Latin-1": named,
    "names in Polish": lambda: letter(
        lambda pdf: pdf.Root.__setitem__("/Extra", Dictionary({"/Łódź": Name("/żółć")})), **_PACKED
    ),
    "a form": lambda: form(is_drawn=True, asks=False),
    "a form in a packed file": lambda: form(is_drawn=True, asks=False, **_PACKED),
}
"""What every reader opens, without a complaint of qpdf."""

MENDED: dict[str, Callable[[], bytes]] = {
    "names in Latin-1 in a packed file": lambda: named(**_PACKED),
    "fewer objects in the trailer": lambda: with_size(-1),
    "a reference to nothing": lambda: letter(
        lambda pdf: pdf.Root.__setitem__("/PageLabels", pdf.make_indirect(Dictionary(Nums=Array([]))))
    ).replace(b"/PageLabels ", b"/PageLabels 9"),
    "no end": lambda: plain().rstrip()[:-5],
    "bytes before the header": lambda: b"\r\n\r\n" + plain(),
    "NUL behind the end": lambda: plain() + bytes(2048),
    "a wrong startxref": lambda: plain()[: plain().rindex(b"startxref")] + b"startxref\n7\n%%EOF\n",
    "a wrong length": lambda: letter(compress_streams=False).replace(b"/Length 4", b"/Length 1", 1),
    "a number of many digits": lambda: replaced(
        b"/MediaBox", b"/Pi 3.%b /MediaBox" % (b"1415926535" * 10_000)
    ),
    "usage rights": usage_rights,
    "a key that recurs": lambda: replaced(b"/MediaBox", b"/Rotate 0 /Rotate 0 /MediaBox"),
}
"""What readers open all the same, and pyHanko does not, or not as it is."""
