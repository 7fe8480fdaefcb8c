"""Two spellings of a value are the same to the search if they are to a reader, whatever the text was encoded in."""

from __future__ import annotations

import base64
import codecs
import unicodedata
import urllib.parse
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest

from leak_cases import HEADER, is_found, pdf, zipped
from ondemand_attach._leaks import _windows, find_leaks

NAMES = [
    "Jiří Řehoř",
    "Zoë Strauß",
    "Łukasz Ćwikła",
    "Надежда Иванова",
    "Ελένη Παπαδοπούλου",
    "Jane Doe-Smithers",
]


def in_text(text: str) -> bytes:
    return b"Subject: s\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()


def in_header(text: str) -> bytes:
    return b"Subject: " + text.encode() + b"\r\n\r\nHello\r\n"


def leaks(message: bytes, value: object) -> bool:
    return bool(find_leaks(message, [("customer.secret", value)]))


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        ("Łukasz Wójcik", "lukasz-wojcik"),
        ("Søren Ørsted", "SOREN ORSTED"),
        ("Søren Ørsted", "Soeren Oersted"),
        ("Đorđe Đukić", "dorde_dukic"),
        ("İbrahim Işık", "ibrahim isik"),
        ("İbrahim Işık", "IBRAHIM IŞIK"),
        ("Ibrahim Isik", "ıbrahim ısık"),
        ("Æthelred Ælfric", "aethelred aelfric"),
        ("Œuvre Cœur", "oeuvre coeur"),
        ("Günther Weiß", "Guenther Weiss"),
        ("Günther Weiß", "GÜNTHER WEISS"),
        ("Günther Weiß", "GÜNTHER WEIẞ"),
        ("Müller", "Mueller"),
        ("Åse Ångström", "Aase Aangstroem"),
        ("Þórður Ægir", "Thordur Aegir"),
        ("Guðrún Óðins", "gudrun odins"),
        ("Ħal Għaxaq", "Hal Ghaxaq"),
        ("Ŧeamu Ŋagno", "teamu nagno"),
        ("Ĳsbrand Ĳssel", "IJsbrand IJssel"),
        ("Παπαδόπουλος Νίκος", "ΠΑΠΑΔΟΠΟΥΛΟΣ ΝΙΚΟΣ"),
        ("Фёдор Королёв", "ФЕДОР КОРОЛЕВ"),
        ("Қайрат Әлиев", "Кайрат Әлиев"),
        ("Jane Doe-Smithers", "Ｊａｎｅ　Ｄｏｅ－Ｓｍｉｔｈｅｒｓ"),
        ("Jane Doe-Smithers", "𝐉𝐚𝐧𝐞 𝐃𝐨𝐞-𝐒𝐦𝐢𝐭𝐡𝐞𝐫𝐬"),
        ("Jane Doe-Smithers", "Jane\u00a0Doe\u2011Smi\u00adthers\u200e"),
        ("Efflund Affliger", "Eﬄund Aﬄiger"),
        ("Finn Fiala", "ﬁnn ﬁala"),
        ("O'Brien", "O’Brien"),
        ("O'Brien", "Oʼbrien"),
        ("O'Brien", "OBrien"),
        ("D'Arcy", "darcy"),
        ("Anne-Lu", "Anne\u2010Lu"),
        ("Anne-Lu", "AnneLu"),
        ("Li Wei", "LiWei"),
        ("1980-05-01", "١٩٨٠-٠٥-٠١"),
        ("DE02120300000000202051", "DE０２１２０３００００００００２０２０５１"),
        ("محمد علي حسن", "محـمد علـي حسن"),
        ("Việt Nguyễn Đức", "Viet Nguyen Duc"),
        ("řízek-měsíček.example", "www.xn--zek-msek-8ya4sb26bfe.example"),
    ],
)
def test_letters_are_the_same_however_they_are_written(value: str, spelt: str) -> None:
    if "xn--" in spelt:
        spelt = value.encode("idna").decode()
    for put in (in_text, in_header):
        assert leaks(put(spelt), value)
        assert leaks(put(unicodedata.normalize("NFD", spelt)), value)
    assert is_found(zipped((f"{spelt}.txt", b"x")), value)


HOST, A_LABEL = "řízek-měsíček.example", "řízek-měsíček.example".encode("idna").decode()
LABELS = [A_LABEL, A_LABEL.upper(), A_LABEL.title(), f"www.{A_LABEL.upper()}.", HOST, HOST.upper()]


def in_address(text: str) -> bytes:
    return b"To: <" + text.encode() + b">\r\nSubject: s\r\nContent-Type: text/plain\r\n\r\nx"


def in_link(text: str) -> bytes:
    return in_text(f"https://shop.example/?mail={text}&go=1")


@pytest.mark.parametrize("put", [in_text, in_header, in_address, in_link])
@pytest.mark.parametrize("value", [HOST, f"jane@{HOST}", f"jane@{A_LABEL}", f"jane@{A_LABEL.upper()}"])
def test_a_domain_is_the_same_in_a_labels_and_letters_of_any_case(
    value: str, put: Callable[[str], bytes]
) -> None:
    name = "jane@" * ("@" in value)
    for label in LABELS[: 3 if name else None]:
        spelt = name + label
        in_hexadecimal = "".join(f"%{octet:02X}" for octet in spelt.encode())
        assert leaks(put(spelt), value)
        assert leaks(put(urllib.parse.quote(spelt, safe="").replace("-", "%2d")), value)
        assert leaks(put(in_hexadecimal), value)
    assert not leaks(put("jane@XN--MNCHEN-3YA.EXAMPLE"), value)


@pytest.mark.parametrize(
    ("value", "innocent"),
    [
        ("Sauer", "Saur"),
        ("Anna", "Anne"),
        ("Bruns", "Brunß"),
        ("12/34", "1234"),
        ("Li Wei", "Lisbeth Weiss"),
        ("O'Brien", "OBriens"),
        ("Müller", "Muellerin"),
        ("Łoś", "los"),  # of three letters
        ("محمد علي", "محمود علي"),
        ("Кайрат Иванов", "Кайсар Иванов"),
    ],
)
def test_other_words_stay_others(value: str, innocent: str) -> None:
    assert not leaks(in_text(innocent), value)


ENGLISH = [
    *("%d %B %Y", "%-d %B %Y", "%B %d, %Y", "%B %-d, %Y", "%d %b %Y", "%b %d, %Y", "%b. %-d, %Y", "%d-%b-%Y"),
    *(
        "%A, %B %d, %Y",
        "{nth} %B %Y",
        "{nth} of %B, %Y",
        "%B {nth}, %Y",
        "%b. {nth}, %Y",
        "the {nth} of %b %Y",
    ),
]
NTH = "1st 2nd 3rd 4th 5th 6th 7th 8th 9th 10th 11th 12th 13th 14th 15th 16th 17th 18th 19th 20th 21st 22nd 23rd"
NTH += " 24th 25th 26th 27th 28th 29th 30th 31st"


@pytest.mark.parametrize("form", ENGLISH)
def test_a_date_is_found_as_english_has_it(form: str) -> None:
    for day, nth in enumerate(NTH.split(), 1):
        born = date(1985, 3, day)
        said = in_text(f"Born: {born.strftime(form.replace('{nth}', nth))}.")
        assert leaks(said, born), said
        assert leaks(
            in_text(f"{born.strftime(form.replace('{nth}', nth))} 14:05"), datetime(1985, 3, day, 14, 5)
        )
        assert not any(leaks(said, date(1985, 3, other)) for other in range(1, 32) if other != day), said
        assert not leaks(said, date(1985, 4, min(day, 30)))
        assert not leaks(said, date(1984, 3, day))


@pytest.mark.parametrize(
    "spelt",
    ["No. 12 1 March 1985", "born:1 March 1985", "1\u00a0March\n1985", "(1 March 1985)", "a1.March.1985"],
)
def test_a_first_day_is_found_behind_anything_but_a_digit(spelt: str) -> None:
    assert leaks(in_text(spelt), date(1985, 3, 1))


@pytest.mark.parametrize(
    "spelt",
    [
        *(
            "May 4, 2026 at 2:30 PM",
            "4 May 2026, 2:30 p.m.",
            "May 4th, 2026 at 14:30",
            "2:30 pm, Monday, May 04, 2026",
        ),
        *(
            "04.05.2026 um 14:30 Uhr",
            "4.5.2026 um 14.30 Uhr",
            "14:30, 4 May 2026",
            "04/05/2026 14:30",
            "05/04/2026, 2:30 PM",
        ),
        *("2026-05-04T14:30", "2026-05-04T14:30:00Z", "20260504T143000", "Mon May  4 14:30:00 2026"),
    ],
)
def test_an_appointment_is_found_with_its_time(spelt: str) -> None:
    at = datetime(2026, 5, 4, 14, 30)
    assert leaks(in_text(f"See you: {spelt}."), at)
    others = (at.replace(hour=2), at.replace(minute=31), at.replace(day=14), at.replace(year=2025))
    assert not any(leaks(in_text(f"See you: {spelt}."), other) for other in others)


@pytest.mark.parametrize(
    ("hour", "spelt"),
    [(0, "12:05 a.m."), (1, "1:05 am"), (11, "11:05 AM"), (12, "12:05 PM"), (23, "11:05 pm")],
)
def test_midnight_and_noon_are_twelve(hour: int, spelt: str) -> None:
    assert leaks(in_text(f"May 4, 2026, {spelt}"), datetime(2026, 5, 4, hour, 5))
    assert not leaks(in_text(f"May 4, 2026, around {spelt}"), datetime(2026, 5, 4, (hour + 12) % 24, 5))


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        *(
            ("1985-03-07", spelt)
            for spelt in ("7 March 1985", "March 07, 1985", "07.03.1985", "3/7/1985", "07/03/1985")
        ),
        *(("7.3.1985", spelt) for spelt in ("1985-03-07", "7th of March 1985")),
        *(("07. 03. 1985", spelt) for spelt in ("19850307", "Mar 7, 1985")),
        *(
            (point, spelt)
            for point in (
                "2026-05-04T14:30:00",
                "2026-05-04 14:30",
                "2026-05-04T14:30:00.250+02:00",
                "2026-05-04T14:30:00Z",
            )
            for spelt in ("4 May 2026 at 2:30 pm", "04.05.2026 um 14:30 Uhr", "20260504T143000")
        ),
        *(("1234.50", spelt) for spelt in ("1,234.50", "1.234,50", "1234.5", "1\u202f234,50")),
        *(("-98765.4", spelt) for spelt in ("98,765.40", "98'765.40")),
        ("1500.00", "1,500"),
    ],
)
def test_texts_that_are_dates_and_amounts_are_found_as_such(value: str, spelt: str) -> None:
    """A context that went through JSON has nothing but texts."""
    assert leaks(in_text(f"It is {spelt} then."), value)


@pytest.mark.parametrize(
    ("value", "innocent"),
    [
        ("2026-05-04T14:30:00", "4 May 2026"),  # of a point of time, the day alone is no secret
        ("1985-02-31", "28 February 1985"),
        ("1985-13-01", "1 January 1985"),
        ("2026-05-04T25:99:00", "4 May 2026, 2:30 pm"),
        ("12.50", "12.5"),
        ("192.168.100.5", "192"),
        ("-", "1 March 1985"),
        ("1985-03-07 and more", "7 March 1985"),
    ],
)
def test_texts_that_are_none_stay_texts(value: str, innocent: str) -> None:
    assert not leaks(in_text(innocent), value)


@pytest.mark.parametrize("spelt", ["Sept. 7, 1985", "7 Sept 1985", "7th of September 1985", "Sep 07, 1985"])
def test_september_has_two_short_forms(spelt: str) -> None:
    assert leaks(in_text(spelt), date(1985, 9, 7))


@pytest.mark.parametrize(
    ("value", "spelt"),
    [
        (Decimal("1234567.80"), "1234567.8"),  # as JSON, XML and spreadsheets have it
        (Decimal("1234567.80"), "1.234.567,8"),
        (Decimal("1234.50"), "1234.5"),
        (Decimal("1234.50"), "1,234.5"),
        (Decimal("20500.1000"), "20500.1"),
        (Decimal("-98765.40"), "-98765.4"),
        (Decimal("1.23450E+4"), "12,345.00"),
        (98765.40, "98 765,4"),
        (1234567, "12,34,567"),
        (Decimal("100000.00"), "1,00,000"),
        (-1234567, "-12,34,567"),
    ],
)
def test_a_number_is_found_with_and_without_zeros_at_its_end(value: object, spelt: str) -> None:
    assert leaks(in_text(f"Total: {spelt} EUR"), value)
    assert leaks(in_text(f'{{"total": {spelt}}}'), value)


NUMBERS = {
    "+49 30 1234567": [
        "030 1234567",
        "(030) 123 45 67",
        "030/1234567",
        "+49 (0)30 1234567",
        "0049-30-1234567",
    ],
    "+49 (0)30/1234567": ["+49301234567", "030 1234567", "tel:+49-30-1234567"],
    "0049301234567": ["030 1234567", "+49 30 1234567"],
    "+1 (212) 555-0187": ["212-555-0187", "(212) 555-0187", "12125550187", "212.555.0187"],
    "+420603123456": ["603 123 456", "00420 603 123 456"],
    "+7 912 345-67-89": ["8 (912) 345-67-89"],
    "+36 20 555 0187": ["06 20 555 0187"],
    "+354 5810187": ["5810187"],
    "030 1234567": ["+49 30 1234567", "+49 (0) 30 123 45 67", "+49301234567"],
    "0532013000": ["532013000", "532 013 000"],  # an account that a spreadsheet took for a number
}


@pytest.mark.parametrize(
    ("value", "spelt"), [(value, spelt) for value, all_spelt in NUMBERS.items() for spelt in all_spelt]
)
def test_a_telephone_number_is_found_as_it_is_dialled_elsewhere(value: str, spelt: str) -> None:
    assert leaks(in_text(f"Call {spelt}, please."), value)


@pytest.mark.parametrize(
    ("value", "innocent"),
    [
        ("+49 30 1234567", "030 1234568, 49 30 123456 and 1234567"),
        ("030 1234567", "1234567"),
        ("000123", "123"),
        ("0000001234", "1234"),
        ("+354 5810187", "35810187"),
        ("+4", "4"),
        (Decimal("100.50"), "100.5"),
        (Decimal("12.50"), "12.5"),
        ("jane@x.example", "Jane is at the shop; x example"),
    ],
)
def test_other_numbers_stay_others(value: object, innocent: str) -> None:
    assert not leaks(in_text(innocent), value)


@pytest.mark.parametrize(
    "spelt",
    ["jane.doe(at)shop.example", "jane.doe [at] shop [dot] example", "jane.doe AT shop DOT example"],
)
def test_an_address_is_found_as_it_is_spelt_for_people(spelt: str) -> None:
    assert leaks(in_text(f"Write to {spelt}!"), "jane.doe@shop.example")


@pytest.mark.parametrize(
    "markup",
    [
        "<a><![CDATA[Jörg Möll]]></a><a><![CDATA[enkämper]]></a>",
        "<w:t><![CDATA[Jörg]]></w:t><w:t> <![CDATA[Möllenkämper]]></w:t>",
        'p::after { content: "J\\f6rg M\\0000f6llenk\\e4 mper" }',
        'p::after { content: "J\\F6\nrg M\\f6 llenk\\0000E4mper" }',
    ],
)
def test_text_is_read_in_every_section_and_escape(markup: str) -> None:
    assert leaks(in_text(markup), "Jörg Möllenkämper")


CHARSETS = {
    "Jiří Řehoř": ["iso-8859-2", "windows-1250", "utf-8", "utf-16", "cp852"],
    "Zoë Strauß": ["iso-8859-1", "windows-1252", "iso-8859-15", "utf-8", "mac-roman"],
    "Łukasz Ćwikła": ["iso-8859-2", "windows-1250", "iso-8859-16"],
    "Надежда Иванова": ["koi8-r", "windows-1251", "iso-8859-5", "cp866"],
    "Ελένη Παπαδοπούλου": ["iso-8859-7", "windows-1253"],
    "Şehnaz Gökçe": ["iso-8859-9", "windows-1254"],
    "Jane Doe-Smithers": ["us-ascii", "utf-8"],
    "王小明先生": ["gb2312", "gbk", "big5", "utf-8"],
    "山田太郎様": ["iso-2022-jp", "shift_jis", "euc-jp"],
    "김철수선생": ["euc-kr"],
}
IN_CHARSETS = [(name, charset) for name, charsets in CHARSETS.items() for charset in charsets]


def encoded_word(text: str, charset: str, letter: str) -> str:
    octets = text.encode(charset)
    if letter in "bB":
        return f"=?{charset}?{letter}?{base64.b64encode(octets).decode()}?="
    return f"=?{charset}?{letter}?{''.join(f'={octet:02X}' for octet in octets)}?="


@pytest.mark.parametrize("letter", "bBqQ")
@pytest.mark.parametrize(("name", "charset"), IN_CHARSETS)
def test_encoded_words_are_read_in_every_charset(name: str, charset: str, letter: str) -> None:
    half = len(name) // 2
    for words in (
        encoded_word(name, charset, letter),
        encoded_word(name, f"{charset}", letter).replace(f"?{letter}?", f"*cs?{letter}?"),
        f"{encoded_word(name[:half], charset, letter)} {encoded_word(name[half:], 'utf-8', letter)}",
    ):
        assert leaks(in_header(words), name)
        assert leaks(in_text(words), name)


@pytest.mark.parametrize(("name", "charset"), IN_CHARSETS)
def test_file_names_are_read_in_the_charset_that_they_say(name: str, charset: str) -> None:
    octets = "".join(f"%{octet:02X}" for octet in name.encode(charset))
    for parameter in (
        f"filename*={charset}'cs'{octets}.pdf",
        f"filename*0*={charset}''{octets[:6]};\r\n filename*1*={octets[6:]}",
    ):
        field = (
            f"Content-Type: application/pdf\r\nContent-Disposition: attachment; {parameter}\r\n\r\nx".encode()
        )
        assert leaks(field, name)


@pytest.mark.parametrize(("name", "charset"), IN_CHARSETS)
def test_files_of_older_programs_are_read(name: str, charset: str) -> None:
    if charset == "iso-2022-jp":
        return  # seven bits, as any text in ASCII: it is decoded only where it is declared
    for case in (name, name.upper(), name.lower()):
        content = f"name;order\r\n{case};7\r\n".encode(charset, "replace")
        assert is_found(content, name)
        assert not is_found(content, name[::-1])
    declared = f"Content-Type: text/csv; charset={charset}\r\n\r\n".encode() + name.encode(charset)
    assert leaks(declared, name)


def test_question_marks_are_nobodys_name() -> None:
    assert not is_found(b"\xff\0 what??????? ????????????????? \xff\0", "Надежда Иванова")


@pytest.mark.parametrize("charset", ["utf-32-le", "utf-32-be", "utf-32", "utf-16-le", "utf-16-be", "utf-16"])
@pytest.mark.parametrize("name", NAMES)
def test_wide_text_is_read(name: str, charset: str) -> None:
    assert is_found(f"name\n{name}\n".encode(charset), name)
    assert is_found(b"\x01\xff\0\0" + name.encode(charset) + b"\0\0\0\0\xff", name)


@pytest.mark.parametrize("name", NAMES)
def test_escapes_of_code_points_are_read(name: str) -> None:
    for escape in ("\\u{%x}", "\\U%08x", "%%u%04X", "\\u%04x", "&#%d", "&#x%x;", "&#%06000d;", "&#X%050x;"):
        assert leaks(in_text("".join(escape % ord(letter) for letter in name)), name), escape
    assert leaks(in_text(base64.b32encode(name.encode()).decode()), name)
    assert leaks(in_text(base64.b32encode(name.encode()).decode().rstrip("=")), name)
    assert leaks(in_text(name.encode("utf-16-be").hex()), name)
    assert leaks(in_text((codecs.BOM_UTF16_BE + name.encode("utf-16-be")).hex()), name)


def test_each_part_of_a_long_value_is_known() -> None:
    diagnosis = "Diagnosis: " + " ".join(f"word{number} of {number * 7}" for number in range(120))
    for at in (0, 70, 500, 1500, len(diagnosis) - 130):
        assert leaks(in_text(f"… {diagnosis[at : at + 130]} …"), diagnosis), at
    assert not leaks(in_text(diagnosis[70:100]), diagnosis)
    assert not leaks(in_text(diagnosis.replace("word", "term")), diagnosis)


def test_hebrew_and_arabic_are_found_as_a_pdf_draws_them() -> None:
    for name in ("שרה לוי כהן", "محمد علي حسن"):
        hexadecimal = ("\ufeff" + name[::-1]).encode("utf-16-be").hex().encode()
        assert is_found(pdf(b"<</Contents <%s>>>" % hexadecimal), name)


def test_words_of_capitals_are_found_in_binary_files() -> None:
    for charset in ("utf-8", "cp1252", "utf-16-le", "utf-16-be"):
        for case in ("MÜLLER-STRASSE", "müller-strasse", "Müller-Strasse"):
            content = b"\x00\xff\x01" + case.encode(charset) + b"\x02\xff\x00" * 9
            assert is_found(content, "Müller-Strasse"), (charset, case)


def test_six_characters_are_found_in_binary_data_and_five_are_not() -> None:
    assert is_found(b"\xff\0" + "Müllér".encode("cp1252"), "Müllér")
    for token in ("TfxsbOly", "id=TfxsbOly&x", "xTfxsbOly"):  # base64 of it in cp1252, of eight letters
        assert leaks(in_text(token), "Müllér")
        assert leaks(in_header(token), "Müllér")
    assert not leaks(in_text("TfxsbOl="), "Müllér")
    assert not is_found(b"\xff\0\x01" + "Mülle".encode("cp1252") + b"\xff", "Mülle")


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("value", ["Žižkov", "Mariana", "Holubec"])
def test_short_values_are_found_in_large_files_of_wide_text(value: str, charset: str) -> None:
    filler = "order;7\r\n" * (_windows.CHUNK // 12)
    assert is_found(f"{filler}{value};7\r\n{filler}".encode(charset), value)
    assert not is_found(f"{filler}x{value}y;7\r\n{filler}".encode(charset), value) or not value.isascii()


@pytest.mark.parametrize("password", ["walnut-ferry-8823", "Žluťoučký kůň 77"])
@pytest.mark.parametrize(
    "spelling",
    [str, str.upper, lambda text: text.replace("-", " "), lambda text: text.replace(" ", "\u00a0")],
)
def test_a_password_is_found_in_another_spelling(password: str, spelling: object) -> None:
    written = spelling(password)  # type: ignore[operator]
    assert find_leaks(in_text(written), [], secrets=[("password", password)])
    assert find_leaks(HEADER + written.encode(), [], secrets=[("password", password)])
    assert not find_leaks(in_text("walnut ferry"), [], secrets=[("password", password)])


def test_what_a_long_value_has_in_common_with_the_templates_is_no_leak() -> None:
    foot = (
        "The Example Shop, 12 Market Street, 110 00 Prague, registered at the Municipal Court in Prague. " * 2
    )
    diagnosis = "Fracture of the left wrist, healed without complications, no further treatment is needed. "
    letter = f"Dear Zoë Lindström. {diagnosis * 2}{foot}"
    values = [("letter", letter)]
    assert not find_leaks(in_text(f"Hello. {foot}"), values, own_words=[f"Hello. {foot}"])
    assert find_leaks(in_text(f"Hello. {diagnosis * 2}{foot}"), values, own_words=[f"Hello. {foot}"])
    assert find_leaks(in_text(f"Hello. {foot}"), values)  # data, for all that anybody knows
