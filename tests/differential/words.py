"""Words in several scripts, and what makes a text difficult."""

from __future__ import annotations

LANGUAGES = {
    name: words.split()
    for name, words in {
        "en": """amber kettle violin meadow cobalt walnut ferry lantern saffron glacier don't AV Toyota the of a
            in quantity’s re-delivery payment 100% T-shirt first-class fluffy office Wave 24/7 and to for""",
        "de": """Straße Größe Überweisung für Zahlung fällig Rechnungsbetrag äußerst Donaudampfschifffahrt der
            die das und in Prüfung „Haus“ Maß schön Öl""",
        "fr": """échéance garçon œuvre où naïf Noël réservé « prix » l’été aujourd’hui le la de et façade être
            hôtel ÿ à""",
        "es": """¿qué? ¡señor! niño mañana corazón pingüino año habitación el la y de vía más único""",
        "da": """smørrebrød ærlig på år Åse øl færge købe og det i for""",
        "cs": """příliš žluťoučký kůň úpěl ďábelské ódy smlouva částka účet zákazník měsíc a je na s pojištění
            řádek číslo dům""",
        "pl": """zażółć gęślą jaźń źródło płatność złoty świadczenie ubezpieczenie i w na do więcej ćma ósmy""",
        "hu": """árvíztűrő tükörfúrógép összeg szerződés ügyfél és a az őszi űr""",
        "el": """ξεσκεπάζω την ψυχοφθόρα βδελυγμία λογαριασμός ποσό και ο η το πελάτης Ωμέγα ΐ""",
        "ru": """съешь ещё этих мягких французских булок договор сумма счёт клиент и в на оплата Ёлка""",
        "uk": """щастям б’єш жук їх глицю фон ґедзь рахунок та і у за""",
        "tr": """pijamalı hasta yağız şoföre çabucak güvendi İstanbul ılık ve bir""",
        "he": """שלום חשבון לקוח סכום את של הוא תשלום כאן 12 קבלה מספר""",
        "ar": """مرحبا حساب العميل مبلغ من في على الدفع 24 رقم""",
    }.items()
}

MARKUP = [
    *("&", "<", ">", '"', "'", "<b>", "</p>", "<br/>", "&lt;", "&amp;", "&nbsp;", "&#8364;", "<!--", "-->"),
    *("]]>", "{{ x }}", "{% if %}", "<pdf:pagenumber>", "<pdf:nextpage />", "</td></tr></table>", "&copy"),
    *('<img src="x">', "<script>", "a<b>c</b>d", "\\(", ")", "(((", "\\", "%", "/", "</style>", "&quot;"),
]

ODD = [
    *("\xad", "co\xadop\xader\xadation", "\u2011", "\xa0", "\xa0\xa0", "\u2003", "\u2009", "\u200b"),
    *(
        "“”",
        "‚‘",
        "«»",
        "…",
        "–",
        "—",
        "•",
        "½",
        "²",
        "°",
        "№",
        "ﬁ",
        "ǆ",
        "e\u0301",
        "→",
        "✓",
        "\u2028",
        "\xb7",
    ),
]

FOREIGN = ["😀", "漢字", "नमस्ते", "שלום", "\U0001d400", "\ufffd", "Nguyễn", "ا", "\x01", "\x7f"]
"""Some of these have no glyph, so that a document that holds them is refused."""
