"""A run of letters and digits is read as the base64, base32 or hexadecimal that it may be."""

from __future__ import annotations

import base64

import pytest

from ondemand_attach._leaks._guessing import base64_tokens, readable_tokens, unaligned_base64

LONG = b"Jane Doe-Smithers, DE02 1203 0000 0000 2020 51"


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(LONG).decode(),
        base64.urlsafe_b64encode(LONG).decode().rstrip("="),
        base64.encodebytes(LONG * 3).decode(),
        base64.encodebytes(LONG * 3).decode().replace("\n", "\r\n  "),
        base64.b32encode(LONG).decode(),
        base64.b32encode(LONG).decode().rstrip("="),
        LONG.hex(),
        LONG.hex().upper(),
        LONG.decode().encode("utf-16-be").hex(),
        ("\ufeff" + LONG.decode()).encode("utf-16-be").hex(),
        "key=" + base64.b64encode(LONG).decode() + "&x",
        "a-" + LONG.hex() + "_b",
    ],
)
def test_what_a_run_of_letters_would_say_is_read(text: str) -> None:
    assert LONG.decode() in readable_tokens(base64_tokens(text))


@pytest.mark.parametrize(
    "text",
    [
        "Jane\tDoe",
        "Jane\r\nDoe",
        "Ji\u0159\u00ed \u0158eho\u0159",
        "\u738b\u5c0f\u660e \U0001f600",
        "~ Jane Doe ~",
    ],
)
def test_what_is_read_may_have_tabs_lines_and_any_letters(text: str) -> None:
    for written in (base64.b64encode(text.encode()).decode(), text.encode().hex()):
        assert text in readable_tokens(base64_tokens(written))


@pytest.mark.parametrize(
    "octets", [b"Jane\0Doe \0\1", b"\x80\x81\x82\x83\x84\x85", b"\1\2\3\4\5\6\7\x08", b"\x7f" * 9]
)
def test_what_is_no_text_is_not(octets: bytes) -> None:
    assert "\x7f" not in readable_tokens(base64_tokens(octets.hex()))
    assert "\x80" not in readable_tokens(base64_tokens(octets.hex()))
    assert "\1" not in readable_tokens(base64_tokens(octets.hex()))


@pytest.mark.parametrize("size", range(13, 60))
def test_base32_of_any_length_is_read(size: int) -> None:
    text = base64.b32encode((LONG * 2)[:size]).decode().rstrip("=")
    assert (LONG * 2)[:size].decode() in readable_tokens(base64_tokens(text))


@pytest.mark.parametrize("before", ["", "A", "AB", "ABC"])
def test_base64_is_read_wherever_a_group_begins(before: str) -> None:
    tokens = base64_tokens(before + base64.b64encode(LONG).decode())
    assert LONG[:-3] in unaligned_base64(tokens)


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


@pytest.mark.parametrize("sign", ALPHABET)
def test_base64_in_lines_is_put_together_whatever_stands_at_the_ends(sign: str) -> None:
    for line_end in ("\n", "\r\n", "\n \t"):
        for after in (sign, f"{sign}BCD", f"B{sign}", f"{sign}==", f"BC{sign}="):
            text = f"{ALPHABET}{sign * 4}{line_end}{after}"
            assert base64_tokens(text) == base64_tokens(f"{text}\n!") == [_whole(text)]
        assert base64_tokens(f"{ALPHABET}{line_end}{sign}, Jane")[0] == ALPHABET.encode()


def _whole(text: str) -> bytes:
    return "".join(text.split()).rstrip("=").encode()
