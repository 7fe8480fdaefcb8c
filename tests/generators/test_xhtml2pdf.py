from __future__ import annotations

import base64
import concurrent.futures
import io
import itertools
import logging
import pathlib
import pickle
import re
import tempfile
import traceback

import pikepdf
import pypdfium2
import pytest
from PIL import Image

import ondemand_attach
from ondemand_attach import AttachmentRequest, Xhtml2PdfGenerator
from ondemand_attach._seal import sealed
from ondemand_attach.errors import (
    ConfigurationError,
    GenerationError,
    GenerationTimeoutError,
    MailError,
    ResourceBlockedError,
    TemplateError,
)
from ondemand_attach.testing import GeneratorContract, attachment_request

PACKAGE = pathlib.Path(ondemand_attach.__file__).parent
FONTS = PACKAGE / "generators" / "fonts"
TEMPLATES = pathlib.Path(__file__).parents[1] / "data" / "templates"
CANARY = "Canary7f3a"


class TestContract(GeneratorContract):
    context = {"order": {"number": "A-1"}, "customer": {"name": "Jiří Dvořák"}}

    def make(self) -> Xhtml2PdfGenerator:
        return Xhtml2PdfGenerator(source="<h1>{{ order.number }}</h1><p>{{ customer.name }}</p>")


def rendered(html: str, **options: object) -> bytes:
    """Return the PDF of *html*, which may hold braces."""
    generator = Xhtml2PdfGenerator(source="{{ html | safe }}", **options)
    return generator.generate(attachment_request({"html": html})).content


def texts(content: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(content)]


def font_names(content: bytes) -> set[str]:
    with pikepdf.open(io.BytesIO(content)) as pdf:
        fonts = [font for page in pdf.pages for _, font in page.resources.get("/Font", {}).items()]
        return {
            re.sub(r"^/[A-Z]{6}\+", "", str(font.BaseFont)) for font in fonts if "/FontDescriptor" in font
        }


def picture(kind: str, color: str = "teal", size: tuple[int, int] = (60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, kind)
    return out.getvalue()


SVG = (
    "<svg xmlns='http://www.w3.org/2000/svg' width='90' height='40'><rect width='90' height='40' fill='teal'/>"
    "<text x='4' y='20' font-family='Arial' font-weight='bold' font-size='12'>Žluť Ωμ</text></svg>"
)


@pytest.fixture
def assets(tmp_path: pathlib.Path) -> pathlib.Path:
    folder = tmp_path / "assets"
    (folder / "css").mkdir(parents=True)
    (folder / "logo.png").write_bytes(picture("PNG"))
    (folder / "logo.svg").write_text(SVG)
    (folder / "brand.ttf").write_bytes((FONTS / "DejaVuSerif-Bold.ttf").read_bytes())
    (folder / "css" / "site.css").write_text(
        "@import 'more.css'; @font-face { font-family: Brand; src: url(../brand.ttf) } h1 { font-family: Brand }"
    )
    (folder / "css" / "more.css").write_text(
        "p { background-image: url(../logo.png); font-family: monospace }"
    )
    (folder / "with space.png").write_bytes(picture("PNG", "red"))
    return folder


# What it takes


def test_it_takes_one_template() -> None:
    for options in ({}, {"template": "a", "source": "b"}):
        with pytest.raises(ConfigurationError):
            Xhtml2PdfGenerator(**options)


def test_wrong_places_and_fonts_are_found_while_wiring(tmp_path: pathlib.Path) -> None:
    otf = tmp_path / "brand.otf"
    otf.write_bytes(b"OTTO" + bytes(100))
    for options in (
        {"assets": [tmp_path / "nowhere"]},
        {"assets": ["package:no_such_package"]},
        {"fonts": {"Brand": {"normal": tmp_path / "nowhere.ttf"}}},
        {"fonts": {"Brand": {"heavy": FONTS / "DejaVuSans.ttf"}}},
        {"fonts": {"Brand": {}}},
    ):
        with pytest.raises(ConfigurationError):
            Xhtml2PdfGenerator(source="x", **options)
    with pytest.raises(ConfigurationError, match="PostScript"):
        Xhtml2PdfGenerator(source="x", fonts={"Brand": {"normal": otf}})


def test_html_is_the_place_to_make_it_otherwise() -> None:
    class Sample(Xhtml2PdfGenerator):
        def html(self, request: AttachmentRequest) -> str:
            return super().html(request).replace("<body>", "<body><p>SAMPLE</p>")

    document = Sample(source="<body>{{ n }}</body>").generate(attachment_request({"n": 7}))
    assert document.media_type == "application/pdf"
    assert texts(document.content) == ["SAMPLE\r\n7"]


def test_a_template_file_and_its_errors(tmp_path: pathlib.Path) -> None:
    (tmp_path / "order.html").write_text("<p>{{ name }}</p>{% if img %}<img src='x'>{% endif %}")
    generator = Xhtml2PdfGenerator(template="order.html")
    request = attachment_request({"name": "<b>Zoë & Co"}, templates=[tmp_path])
    with pytest.raises(TemplateError):
        generator.generate(request)
    request = attachment_request({"name": "<b>Zoë & Co", "img": False}, templates=[tmp_path])
    assert texts(generator.generate(request).content) == ["<b>Zoë & Co"]
    request = attachment_request({"name": "x", "img": True}, templates=[tmp_path], filename="order-1.pdf")
    with pytest.raises(ResourceBlockedError) as caught:
        generator.generate(request)
    assert (caught.value.filename, caught.value.template) == ("order-1.pdf", "order.html")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


# What it draws

SENTENCES = {
    "Bulgarian": "Жълтата дюля беше щастлива",
    "Croatian": "Gojazni đačić s biciklom drži hmelj",
    "Czech": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "Danish": "Høj bly gom vandt fræk sexquiz på wc Åse",
    "Estonian": "Põdur Zagrebi tšellomängija-följetonist",
    "Finnish": "Törkylempijävongahdus Åland",
    "French": "Dès Noël où un zéphyr haï me vêt œuvre ÿ",
    "German": "Zwölf Boxkämpfer jagen Viktor quer über den Sylter Deich, Straße ẞ",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "Greek, polytonic": "ἐν ἀρχῇ ἦν ὁ λόγος ᾳ ῥ",
    "Hungarian": "Árvíztűrő tükörfúrógép",
    "Icelandic": "Kæmi ný öxi hér, ykist þjófum nú bæði víl og ádrepa",
    "Irish": "D'ith cat mór dubh na héisc lofa go pras Ḃḃ",
    "Latvian": "Glāžšķūņa rūķīši dzērumā čiepj Baha koncertflīģeļu vākus",
    "Lithuanian": "Įlinkdama fechtuotojo špaga sublykčiojusi pragręžė",
    "Maltese": "Ħ ħ Ġ ġ Ċ ċ Ż ż Għ",
    "Polish": "Zażółć gęślą jaźń",
    "Portuguese": "Luís argüia à Júlia que brações",
    "Romanian": "Gheorghe, obezul, a reușit să obțină jucându-se Țara",
    "Russian": "Съешь же ещё этих мягких французских булок",
    "Serbian": "Љубазни фењерџија чађавог лица",
    "Slovak": "Kŕdeľ ďatľov učí koňa žrať kôru",
    "Spanish": "El pingüino Wenceslao ¿hizo? ¡señor!",
    "Swedish": "Flygande bäckasiner söka hwila på mjuka tuvor Åå",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi İı",
    "Ukrainian": "Щастям б’єш жук їх глицю в фон й ґедзь пріч",
    "Welsh": "Ŵŵ Ŷŷ",
    "signs": "€ £ § % ‰ – — … „“ ‚‘ «» • © ® ™ № ½ × ÷ ± ≤ ≥ → ✓",
}


@pytest.mark.parametrize(
    "family", ["", "serif", "Helvetica Neue, Arial", "monospace", "No Such Font, Georgia"]
)
def test_every_european_language_has_glyphs(family: str) -> None:
    body = "".join(
        f"<p>{text}</p><p><b>{text}</b></p><p><i>{text}</i></p><p><b><i>{text}</i></b></p>"
        for text in SENTENCES.values()
    )
    lines = "\n".join(
        texts(rendered(f"<body style='font-family: {family}; font-size: 7pt'>{body}</body>"))
    ).splitlines()
    for text in SENTENCES.values():
        assert lines.count(text) == 4


def test_the_right_faces_are_embedded() -> None:
    words = "<p>a <b>b</b> <i>c</i> <b><i>d</i></b></p>"
    html = f"{words}<div style='font-family: Times'>{words}</div><div style='font-family: Courier New'>{words}</div>"
    assert font_names(rendered(html)) == {file.stem for file in FONTS.glob("*.ttf")}


def test_the_font_tag_chooses_a_face() -> None:
    html = "<p><font face='Courier'>a</font> <font face='Times, serif'>b</font></p>"
    assert font_names(rendered(html)) == {"DejaVuSansMono", "DejaVuSerif", "DejaVuSans"}


def test_decomposed_letters_are_composed() -> None:
    assert texts(rendered("<p>Jir\u030ci\u0301</p>")) == ["Jiří"]


def test_a_font_of_the_application() -> None:
    fonts = {"Brand": {"normal": FONTS / "DejaVuSerif.ttf", "bold": FONTS / "DejaVuSansMono-Bold.ttf"}}
    content = rendered("<p style='font-family: Brand'>a <b>b</b> <i>c</i></p>", fonts=fonts)
    assert font_names(content) == {"DejaVuSerif", "DejaVuSansMono-Bold"}


def test_a_style_sheet_with_font_and_image_from_the_assets(assets: pathlib.Path) -> None:
    html = "<link rel='stylesheet' href='css/site.css'><h1>Title</h1><p>text</p>"
    content = rendered(html, assets=[assets])
    assert font_names(content) == {"DejaVuSerif-Bold", "DejaVuSansMono"}
    assert images(content) >= 1  # the background is tiled


def test_assets_of_a_package() -> None:
    assert images(rendered("<img src='logo.png'>", assets=["package:ondemand_attach.demo.templates"])) == 1


def images(content: bytes) -> int:
    pages = pypdfium2.PdfDocument(content)
    return sum(1 for page in pages for _ in page.get_objects([pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
@pytest.mark.parametrize(
    "use",
    [
        "<p>x <img src='{}'></p>",
        "<p><img src='{}' align='left'>x</p>",
        "<ul style='list-style-image: url({}); margin-left: 3cm'><li>x</ul>",
    ],
)
def test_raster_images(kind: str, use: str) -> None:
    address = f"data:image/{kind.lower()};base64,{base64.b64encode(picture(kind)).decode()}"
    [page] = pypdfium2.PdfDocument(rendered(use.format(address)))
    colors = page.render().to_pil().getcolors(1 << 20)
    assert any(count > 300 and abs(color[1] - 128) < 9 and color[0] < 9 for count, color in colors)


@pytest.mark.parametrize(
    "use", ["<p>x <img src='logo.svg'></p>", "<p><img src='logo.svg' align='left'>x</p>"]
)
def test_drawings_stay_drawings(use: str, assets: pathlib.Path) -> None:
    content = rendered(use, assets=[assets])
    assert images(content) == 0
    assert "Žluť Ωμ" in texts(content)[0]
    assert "DejaVuSans-Bold" in font_names(content)


def test_a_page_background(assets: pathlib.Path) -> None:
    (assets / "paper.png").write_bytes(picture("PNG", "red", (210, 297)))
    html = "<style>@page { background-image: url(paper.png) }</style><p>one</p><pdf:nextpage /><p>two</p>"
    for page in pypdfium2.PdfDocument(rendered(html, assets=[assets])):
        red, green, _ = page.render().to_pil().getpixel((300, 400))
        assert red > 240
        assert green < 9


def test_a_pdf_as_background_and_as_inserted_page(assets: pathlib.Path) -> None:
    (assets / "paper.pdf").write_bytes(rendered("<p>LETTERHEAD</p>"))
    content = rendered(
        "<style>@page { background-image: url(paper.pdf) }</style><p><br><br>one</p>", assets=[assets]
    )
    assert "LETTERHEAD" in texts(content)[0]
    content = rendered("<p>one</p><pdf:insertpdf src='paper.pdf' />", assets=[assets])
    assert texts(content) == ["one", "LETTERHEAD"]


PAPER = """<html lang="cs"><title>Objednávka č. 7</title><style>
  @page { size: a4; @frame body { left: 2cm; right: 2cm; top: 3cm; bottom: 3cm }
    @frame head { -pdf-frame-content: head; left: 2cm; right: 2cm; top: 1cm; height: 1cm }
    @frame foot { -pdf-frame-content: foot; left: 2cm; right: 2cm; bottom: 1cm; height: 1cm } }
</style><body><div id="head">Čas &amp; Zlato</div><div id="foot">strana <pdf:pagenumber> z <pdf:pagecount></div>"""


def test_headers_footers_page_numbers_and_repeated_table_heads() -> None:
    rows = "".join(f"<tr><td>řádek {number}</td></tr>" for number in range(120))
    pages = texts(rendered(f"{PAPER}<table repeat='1'><tr><th>Záhlaví</th></tr>{rows}</table>"))
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert "Čas & Zlato" in page
        assert f"strana {number} z {len(pages)}" in page
        assert page.count("Záhlaví") == 1
    assert "".join(pages).count("řádek") == 120


def test_title_language_and_links() -> None:
    html = (
        f"{PAPER}<p><a href='https://shop.example/7'>web</a> <a href='#end'>end</a></p><h1 id='end'>End</h1>"
    )
    with pikepdf.open(io.BytesIO(rendered(html))) as pdf:
        assert str(pdf.docinfo["/Title"]) == "Objednávka č. 7"
        assert str(pdf.Root.Lang) == "cs"
        notes = list(pdf.pages[0].Annots)
        assert [str(note.A.URI) for note in notes if "/A" in note] == ["https://shop.example/7"]
        assert sum("/Dest" in note for note in notes) == 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("simple-invoice", ["Invoice #: 123", "Website design", "$385.00"]),
        ("receipt-email", ["Thanks for using", "{{total}}"]),
    ],
)
def test_templates_that_others_wrote(name: str, words: list[str], assets: pathlib.Path) -> None:
    html = (TEMPLATES / f"{name}.html").read_text()
    with pytest.raises(ResourceBlockedError):
        rendered(html)
    html = re.sub(r"@import url\([^)]*\);?", "", html)  # their logo and font lie on the web
    html = re.sub(r'src="https[^"]*"\s*style="width: 100%;', 'src="logo.png" style="width: 300px;', html)
    content = rendered(html, assets=[assets])
    for word in words:
        assert word in "".join(texts(content))


# What it keeps to itself


@pytest.fixture
def no_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from xhtml2pdf import files

    class Asked(BaseException):
        """Not an Exception: xhtml2pdf makes do without its temporary file otherwise."""

    def refuse(*_: object, **__: object) -> None:
        raise Asked("a temporary file was asked for")

    monkeypatch.setattr(files.pisaTempFile, "STRATEGIES", (io.BytesIO, refuse))
    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)


@pytest.mark.usefixtures("no_temporary_files")
def test_nothing_is_written_to_a_disk(assets: pathlib.Path) -> None:
    (assets / "paper.png").write_bytes(picture("PNG", "red", (210, 297)))
    html = (
        "<style>@page { background-image: url(paper.png); background-opacity: 0.5 }</style>"
        "<link rel='stylesheet' href='css/site.css'><h1>Title</h1><img src='logo.svg'><img src='with%20space.png'>"
        f"{'<p>more than a hundred thousand bytes</p>' * 3_000}"
    )
    assert len(html) > 100_000
    assert len(texts(rendered(html, assets=[assets], time_limit=300))) > 20


def test_xhtml2pdf_on_its_own_does_write(no_temporary_files: None) -> None:
    from xhtml2pdf import pisa

    with pytest.raises(BaseException, match="temporary"):
        pisa.CreatePDF("<p>x</p>" + " " * 200_000, io.BytesIO())


FAILING = {
    "layout": "<table><tr><td style='height: 2000pt'>{}</td></tr></table>",
    "loss": "<p style='font-size: 2pt'>{}</p>",
    "image": "<img src='{}.png'>",
    "color": "<hr color='{}'><p style='border: {} {} {}'>x</p><font color='{}' size='{}'>x</font>",
    "list": "<ol start='{}'><li value='{}'>x</ol><table width='{}'><tr height='{}'><td colspan='{}'>x</table><div style='position: absolute; top: -99pt'>{}</div>",
    "barcode": "<pdf:barcode value='{}' type='ean13'>",
    "svg": "<img src='data:image/svg+xml,%3Csvg%3E{}'>",
    "style": "<style>p {{ {}: {}; }} @{} </style><p style='font-size: 1pt'>{}</p>",
    "depth": "<div>{}" * 200,
    "slow": "<table style='-pdf-keep-with-next: true'>" + "<tr><td>{}</td></tr>" * 80 + "</table>",
}


@pytest.mark.parametrize("name", FAILING)
def test_an_error_holds_nothing_of_the_document(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    generator = Xhtml2PdfGenerator(source="{{ html | safe }}", time_limit=0.5)
    request = attachment_request(
        {"html": FAILING[name].replace("{}", CANARY).replace("{{", "{").replace("}}", "}")}
    )
    generate = sealed(generator.generate)
    failure = _failure(generate, request)
    assert isinstance(failure, GenerationError)
    shown = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert CANARY not in shown + repr(failure) + str(vars(failure))
    assert CANARY not in caplog.text


def _failure(generate: object, request: AttachmentRequest) -> MailError:
    """Return the error without the frames of this test, which hold the document."""
    try:
        generate(request)
    except MailError as error:
        outermost = error.__traceback__
        assert outermost is not None
        return error.with_traceback(outermost.tb_next)
    raise AssertionError("it did not fail")


def test_what_xhtml2pdf_says_does_quote_the_document(caplog: pytest.LogCaptureFixture) -> None:
    from xhtml2pdf import pisa

    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception, match=r"large") as caught:
        pisa.CreatePDF(FAILING["layout"].format(CANARY), io.BytesIO())
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True).format()
    assert CANARY in "".join(shown)
    assert CANARY in caplog.text


def test_the_applications_own_use_keeps_its_log_and_settings(caplog: pytest.LogCaptureFixture) -> None:
    from reportlab import rl_config
    from xhtml2pdf import pisa, xhtml2pdf_reportlab

    before = rl_config.toColorCanUse, xhtml2pdf_reportlab.svg2rlg, xhtml2pdf_reportlab.PmlImage.draw
    rendered("<p>x</p>")
    assert before == (rl_config.toColorCanUse, xhtml2pdf_reportlab.svg2rlg, xhtml2pdf_reportlab.PmlImage.draw)
    pisa.CreatePDF("<style>p { float: left }</style><p>x</p>", io.BytesIO())
    assert "float" in caplog.text


def test_unsupported_css_is_reported_once_per_template(caplog: pytest.LogCaptureFixture) -> None:
    generator = Xhtml2PdfGenerator(
        source="<style>p { float: left; mueller: x; width: calc(1px + 1px) }</style><p>{{ n }}</p>"
    )
    for number in range(3):
        generator.generate(attachment_request({"n": number}))
    [record] = caplog.records
    assert record.name == "ondemand_attach"
    assert "float" in record.getMessage()
    assert "mueller" not in record.getMessage()


def test_colours_and_addresses_are_not_evaluated() -> None:
    from reportlab import rl_config
    from xhtml2pdf.xhtml2pdf_reportlab import PmlParagraph

    seen = []

    class Spy(Xhtml2PdfGenerator):
        def html(self, request: AttachmentRequest) -> str:
            return "<p>x</p>"

    original = PmlParagraph.wrap

    def wrap(self: PmlParagraph, *arguments: object) -> object:
        seen.append((rl_config.toColorCanUse, rl_config.trustedHosts, rl_config.trustedSchemes))
        return original(self, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PmlParagraph, "wrap", wrap)
        Spy(source="x").generate(attachment_request())
    assert set(map(str, seen)) == {"(None, [], [])"}


DESCRIBED = {
    "/Type",
    "/FontName",
    "/Flags",
    "/FontBBox",
    "/ItalicAngle",
    "/Ascent",
    "/Descent",
    "/StemV",
    "/FontFile2",
}


def test_an_embedded_font_is_described_in_full() -> None:
    """ISO 32000-2 table 120."""
    content = rendered("<p>x</p><p style='font-family: serif; font-weight: bold'>x</p>")
    with pikepdf.open(io.BytesIO(content)) as pdf:
        found = [
            each.FontDescriptor
            for each in pdf.objects
            if isinstance(each, pikepdf.Dictionary) and "/FontDescriptor" in each
        ]
        assert len(found) == 2
        for descriptor in found:
            assert set(descriptor.keys()) >= DESCRIBED
            assert len(descriptor.FontBBox) == 4
            assert int(descriptor.Flags) & 0b100100 == 0b000100  # symbolic, and not both
            assert -500 < descriptor.Descent < 0 < descriptor.StemV < descriptor.Ascent < 1200


@pytest.mark.parametrize(
    ("style", "flag"),
    [("font-style: italic", 1 << 6), ("font-weight: bold", 1 << 18), ("font-family: monospace", 1)],
)
def test_the_description_of_a_font_says_what_kind_it_is_of(style: str, flag: int) -> None:
    """ISO 32000-2 table 121."""
    with pikepdf.open(io.BytesIO(rendered(f"<p>x</p><p style='{style}'>x</p>"))) as pdf:
        fonts = [
            each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and "/FontDescriptor" in each
        ]
        assert sorted(int(font.FontDescriptor.Flags) & flag for font in fonts) == [0, flag]


@pytest.mark.parametrize(
    ("character", "script"),
    [
        ("日", "CJK"),
        ("ก", "Thai"),
        ("한", "Hangul"),
        ("ひ", "Hiragana"),
        ("አ", "Ethiopic"),
        ("\U0001fae0", "symbols"),
        ("∛\u20e4", "symbols"),
    ],
)
def test_characters_that_cannot_be_drawn_are_told_by_their_script(character: str, script: str) -> None:
    with pytest.raises(GenerationError, match=rf"\({script}\) cannot be drawn with its fonts") as caught:
        rendered(f"<p>x {character}</p>")
    assert character not in str(caught.value)


FACES = {
    ("normal", "normal"): "DejaVuSerif",
    ("bold", "normal"): "DejaVuSans-Bold",
    ("normal", "italic"): "DejaVuSansMono-Oblique",
    ("bold", "italic"): "DejaVuSerif-BoldItalic",
}


@pytest.mark.parametrize("order", list(itertools.permutations(FACES))[::5], ids=str)
def test_each_style_of_a_family_is_drawn_with_its_own_file(
    order: tuple[tuple[str, str], ...], tmp_path: pathlib.Path
) -> None:
    rules = ""
    for weight, style in order:
        name = FACES[weight, style]
        (tmp_path / f"{name}.ttf").write_bytes((FONTS / f"{name}.ttf").read_bytes())
        rules += f"@font-face {{ font-family: Brand; src: url({name}.ttf); font-weight: {weight}; font-style: {style} }}"
    for (weight, style), name in FACES.items():
        html = f"<style>{rules}</style><p style='font: {style} {weight} 9pt Brand'>x</p>"
        assert font_names(rendered(html, assets=[tmp_path])) == {name}


def test_two_applications_may_name_different_fonts_and_images_alike(tmp_path: pathlib.Path) -> None:
    html = "<style>@font-face { font-family: Brand; src: url(brand.ttf) }</style><p style='font-family: Brand; background-image: url(a.png)'>x</p>"
    for font, color in (
        ("DejaVuSerif", (255, 0, 0)),
        ("DejaVuSansMono", (0, 0, 255)),
        ("DejaVuSerif", (255, 0, 0)),
    ):
        folder = tmp_path / f"{font}{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (folder / "brand.ttf").write_bytes((FONTS / f"{font}.ttf").read_bytes())
        (folder / "a.png").write_bytes(picture("PNG", "red" if color[0] else "blue"))
        content = rendered(html, assets=[folder])
        assert font_names(content) == {font}
        [page] = pypdfium2.PdfDocument(content)
        assert color in {shade for _, shade in page.render().to_pil().getcolors(1 << 20)}


def test_threads_get_their_own_documents(assets: pathlib.Path) -> None:
    generators = [
        Xhtml2PdfGenerator(
            source="<h1>{{ n }}</h1><p style='font-family: FAMILY'>Jiří {{ n }}</p>".replace(
                "FAMILY", family
            ),
            assets=[assets],
        )
        for family in ("serif", "monospace")
    ]

    def run(number: int) -> bytes:
        return generators[number % 2].generate(attachment_request({"n": f"n{number}"})).content

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        results = [pool.submit(run, number) for number in range(64)]
    for number, result in enumerate(results):  # here, because pdfium is for one thread at a time
        content = result.result()
        assert texts(content) == [f"n{number}\r\nJiří n{number}"]
        assert font_names(content) == {"DejaVuSans-Bold", ("DejaVuSerif", "DejaVuSansMono")[number % 2]}


def test_a_held_renderer_is_not_waited_for_longer_than_the_limit() -> None:
    from xhtml2pdf import document

    with concurrent.futures.ThreadPoolExecutor(1) as pool, document._RENDER_LOCK:
        result = pool.submit(rendered, "<p>x</p>", time_limit=0.2)
        with pytest.raises(GenerationTimeoutError):
            result.result(timeout=120)


def test_the_version_that_the_driver_follows() -> None:
    """The driver repeats a part of xhtml2pdf: look at its changes before raising this."""
    import importlib.metadata

    assert importlib.metadata.version("xhtml2pdf").startswith("0.2.")


def test_importing_the_generator_loads_no_library(fresh_python: object) -> None:
    program = "import sys, ondemand_attach; ondemand_attach.Xhtml2PdfGenerator(source='x'); print('xhtml2pdf' in sys.modules)"
    assert fresh_python(program).strip() == "False"


@pytest.mark.parametrize("time_limit", [0, -1, float("inf"), float("nan")])
def test_a_time_limit_that_is_none_is_refused(time_limit: float) -> None:
    with pytest.raises(ConfigurationError, match="time_limit"):
        Xhtml2PdfGenerator(source="x", time_limit=time_limit)


def test_one_place_for_assets_is_enough(tmp_path: pathlib.Path) -> None:
    Xhtml2PdfGenerator(source="x", assets=tmp_path)
    Xhtml2PdfGenerator(source="x", assets=str(tmp_path))
