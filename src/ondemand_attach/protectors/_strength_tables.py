"""What guessers know: words, dates, numbers that are given out, walks over the keyboard. Tables only."""

from __future__ import annotations

import re
from typing import Final

# How many bits more likely a letter follows another in names and words of 40 languages than by chance, plus
# 4: a row for each letter from a to z, in it one digit for each letter that may come next.
FOLLOWING: Final = tuple(
    tuple(int(digit) - 4 for digit in row)
    for row in """
    34442233423546130655432032 63037003620500600520500020 60305007505400601414400020
    61037023610311600531512031 43343232423646330655232233 60006501600511500623400020
    62126035501414500520602030 71016000600333500413501030 53545231124546421454230123
    70216001502102700020601000 71006004613312600442504030 62146211612531510033430040
    74216101600141630121501020 61456151623215510245302032 33342233323546330654453023
    70006005502401640533400010 60002000400210400011830000 62346041612334610434420031
    61406005503332531156411022 60206005611211600535401031 44445233424546131664122213
    70107000701300500220200020 71016103601213500321500010 70405202600300550015401020
    72346122502545520443431030 72136011612322501032411034
    """.split()  # noqa: SIM905 - a table is read as text
)

WELL_KNOWN: Final = frozenset(
    """
    abcd access admin administrator ahoj andrew android angel apple april asdf ashley autumn azerty baby
    bank baseball basketball batman battery bestellung bienvenue changeme charlie client company
    computer contrasena correct customer daniel default demo document dokument dragon email facebook
    faktura family february firma flower foobar football freedom friday fussball geheim google guest
    hallo haslo hello heslo hidden hockey horse iloveyou internet invoice iphone january jelszo jessica
    jordan klient kodeord kunde letmein login logon losenord love lovely mail march martin master
    michael microsoft monday money monkey motdepasse mustang ninja office online order parola pass passw
    password passwort pokemon post princess private qwerty qwertz rechnung robert root salasana samsung
    secret senha service shadow shop soccer sommer spiderman spring staple starwars summer sunday
    sunshine superman support tajne test tester thomas trustno user vitejte wachtwoord welcome whatever
    willkommen windows winter witaj zakaznik zxcv
    """.split()  # noqa: SIM905 - a list of words is read as text
)

_Y, _M, _D = "(?P<y>(?:19|20)?[0-9]{2})", "(?P<m>1[0-2]|0?[1-9])", "(?P<d>3[01]|[12][0-9]|0?[1-9])"
_YYYY, _MM, _DD = "(?P<y>(?:19|20)[0-9]{2})", "(?P<m>[0-9]{2})", "(?P<d>[0-9]{2})"
DATES: Final = [
    re.compile(f"(?=(?P<all>{pattern}))")
    for pattern in (
        *(f"{a}{b}{c}" for a, b, c in ((_YYYY, _MM, _DD), (_DD, _MM, _YYYY), (_MM, _DD, _YYYY))),
        *(f"{a}[-./ ]+{b}[-./ ]+{c}" for a, b, c in ((_Y, _M, _D), (_D, _M, _Y), (_M, _D, _Y))),
    )
]

_IN_MONTH = "(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])"
_STATES = (
    "A[NPRS]|BR|C[GHT]|D[DL]|G[AJ]|H[PR]|J[HK]|K[AL]|L[AD]|M[HLNPZ]|NL|O[DR]|P[BY]|RJ|SK|T[GNRS]|U[APK]|WB"
)
_VAT = "B[EG]|C[HYZ]|D[EK]|E[ELS]|F[IR]|G[BR]|H[RU]|I[ET]|L[TUV]|MT|N[LO]|P[LT]|RO|S[EIK]|XI"
_INDONESIAN = (  # few provinces have more than 19 regencies or 5 towns
    r"(?:(?:12|13|32|33|35|53|73)(?:[0-2][0-9]|7[1-9])"
    r"|(?:1[14-9]|21|3[146]|5[12]|6[1-5]|7[124-6]|8[12]|9[1-6])(?:[01][0-9]|7[1-5]))[0-5][0-9]"
    r"(?:[04][1-9]|[1256][0-9]|[37][01])(?:0[1-9]|1[0-2])[0-9]{2}00[0-9]{2}"
)
_RU = "[ABEKMHOPCTYX\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425]"
_TAX, PLATE, DRIVER = "a tax or identity number", "a registration plate", "a driver's number"
# Numbers that are given out and too long to be refused by their length, without separators and in capitals.
# Each is so narrow that fewer than one random code in 10,000 is taken for one.
FORMATS: Final = [
    (kind, re.compile(pattern))
    for kind, pattern in (
        (_TAX, r"[A-Z]{6}[0-9]{2}[ABCDEHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]"),  # Italy
        (_TAX, rf"[A-Z]{{4}}[0-9]{{2}}{_IN_MONTH}(?:[HMX][A-Z]{{5}}[A-Z0-9][0-9]|[A-Z0-9]{{3}})"),  # Mexico
        (_TAX, rf"[A-Z]{{3}}[0-9]{{2}}{_IN_MONTH}[A-Z0-9]{{3}}"),  # Mexico, of companies
        (_TAX, r"[A-Z]{2}[0-9]{6}[A-D]"),  # United Kingdom
        (_TAX, r"[A-Z][0-9]{7}[A-Z]"),  # Spain, Singapore
        (_TAX, r"[0-9]{9}[A-Z0-9]{2}[0-9]"),  # Portugal
        (_TAX, r"[0-9]{2}[0-3][0-9][01][0-9]{3}[A-Z][0-9]{3}"),  # Germany, pensions
        (PLATE, r"[A-Z]{5}[0-9]{4}"),  # Germany
        (PLATE, r"[0-8][0-9][A-Z]{1,3}[0-9]{2,4}"),  # Turkey
        (_TAX, r"[A-Z]{3}P[A-Z][0-9]{4}[A-Z]"),  # India, of persons
        (_TAX, r"[0-3][0-9][A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z][0-9A-Z]Z[0-9A-Z]"),  # India, GST
        (_TAX, r"[AP][0-9]{9}[A-Z]"),  # Kenya
        (_TAX, r"[0-3][0-9][01][0-9]{3}[A-FU-Y]?[0-9]{3}[0-9A-Y]"),  # Finland
        (_TAX, r"[A-Z][0-9]{9}"),  # Taiwan, Germany (health insurance)
        (DRIVER, r"[A-Z][0-9]{11,14}"),  # states of North America
        (_TAX, rf"[1-9][0-9]{{5}}(?:19|20)[0-9]{{2}}{_IN_MONTH}[0-9]{{3}}X"),  # China
        (_TAX, r"[12][0-9]{4}2[AB][0-9]{6}(?:[0-9]{2})?"),  # France, Corsica
        (_TAX, _INDONESIAN),  # Indonesia
        ("a VAT number", rf"(?:{_VAT}|ATU|CHE)[0-9]{{8,12}}(?:[A-Z]|B[0-9]{{2}}|MWST|TVA|IVA|MVA)?"),
        ("a VAT number", r"ES[A-Z][0-9]{7}[A-Z0-9]|IE[0-9]{7}[A-Z][A-I]?|FR[A-Z0-9]{2}[0-9]{9}"),
        (
            DRIVER,
            r"[A-Z][A-Z9]{4}[0-9][0156][0-9][0-3][0-9]{2}(?:[A-Z]{2}|[A-Z]9|99)[0-9A-Z][A-Z]{2}",
        ),  # United Kingdom
        (PLATE, rf"(?:{_STATES})[0-9]{{2}}[A-Z]{{1,2}}[0-9]{{4}}"),  # India
        (PLATE, r"DL[0-9]{1,2}[A-Z]{1,3}[0-9]{4}"),  # India, Delhi
        (PLATE, rf"{_RU}[0-9]{{3}}{_RU}{{2}}[0-9]{{2,3}}"),  # Russia
    )
]
# How long account numbers are (ISO 13616), by country.
_LENGTHS = """
        AD 24 AE 23 AL 28 AT 20 AZ 28 BA 20 BE 16 BG 22 BH 22 BR 29 BY 28 CH 21 CR 22 CY 28 CZ 24 DE
    22 DK 18 DO 28 EE 20     EG 29 ES 24 FI 18 FO 18 FR 27 GB 22 GE 22 GI 23 GL 18 GR 27 GT 28 HR 21
    HU 28 IE 22 IL 23 IQ 23 IS 26 IT 27 JO 30     KW 30 KZ 20 LB 28 LC 32 LI 21 LT 20 LU 20 LV 21 LY
    25 MC 27 MD 24 ME 22 MK 19 MR 27 MT 31 MU 30 NL 18 NO 15 PK 24     PL 28 PS 29 PT 25 QA 29 RO 24
    RS 22 SA 24 SE 24 SI 19 SK 24 SM 27 TN 24 TR 26 UA 29 VA 22 VG 24 XK 20
""".split()  # noqa: SIM905 - a table is read as text
CHINESE: Final = re.compile(  # with a check digit; of a province
    r"(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3])[0-9]{4}(?:19[0-9]|20[0-2])[0-9]"
    rf"{_IN_MONTH}[0-9]{{3}}[0-9X]"
)
CARD: Final = re.compile("(?:4|5[0-8]|6[02-57]|3[05689]|2[2-7]|8[12]|97)[0-9]{12,18}")
"""Numbers of cards, of 16 to 19 digits, by how they begin (ISO/IEC 7812-1)."""

IBAN: Final = dict(zip(_LENGTHS[::2], map(int, _LENGTHS[1::2]), strict=True))

_PATHS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "qwertzuiop", "azertyuiop"),
    *(
        "asdfghjkl",
        "qsdfghjklm",
        "zxcvbnm,./",
        "yxcvbnm,.-",
        "!@#$%^&*()",
        "1qaz2wsx3edc4rfv5tgb",
        "1q2w3e4r5t6y7u8i9o0p",
    ),
)
WALKS: Final = "\n".join(path[::step] for path in _PATHS for step in (1, -1))
