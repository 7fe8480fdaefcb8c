r"""The last line of the confidentiality boundary: is a confidential value in the finished message?

The guards stop a template that touches a marked value. They cannot see a value that came in under
another name, so the finished bytes are searched as well. Whatever is not byte for byte a protected
document is searched: every header and file name, both bodies, unprotected attachments (also inside
PDF streams, ZIP members and gzip), and what lies between the parts.

Both sides are folded before they are compared: case, accents, compatibility forms, punctuation,
white space and invisible characters do not count, nor does how a letter is written where there is no such
letter (``ł`` as ``l``, ``æ`` as ``ae``). The haystack is also decoded, again and again, up to
four times: MIME transfer encodings, RFC 2047 and RFC 2231, HTML entities and tags, ``%XX``, ``\uXXXX``,
base64, base32, hexadecimal, UTF-16, labels of domains.

A false alarm refuses a good message, so the length of a folded value decides where it counts:

=========================  =======================================================================
fewer than 4 characters    not searched (a CJK character counts as two; with a fraction: 5 digits)
4 to 7                     as a whole word; a number of 6 or 7 digits as a whole run of digits
8 and more                 anywhere
in binary data             from 6 characters on
more than 64               each 64, up to the first 2,048 and the last, stand for the whole
=========================  =======================================================================

What is found where the application says it to everyone is no leak: `_explaining` tells, when there is a hit.

`_surfaces` and `_containers` say where to look, `_forms` and `_needles` what for, `_views`, `_decoding`
and `_guessing` what a text may read as, `_folding` when two texts are the same; `_searching` does it all.
`_containers` opens what it knows with `_zip`, `_inflating`, `_rtf` and `_pdf`, which reads strings, streams
and what pages show by the maps of their fonts. What a file may take while it is opened is in `_budget`.

Not found: see docs/security.md, "What the search does not see".
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from ondemand_attach._leaks._containers import opened
from ondemand_attach._leaks._needles import needles_for
from ondemand_attach._leaks._raw import found_raw
from ondemand_attach._leaks._searching import found
from ondemand_attach._leaks._surfaces import surfaces
from ondemand_attach._leaks._views import views

_SIGNS = 6  # characters; fewer may stand anywhere by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Leak:
    """Where a confidential value was found.

    Args:
        path: the marked path. Never the value.
        where: the surface, such as ``header Subject`` or ``file name of attachment 2``.
    """

    path: str
    where: str


def find_leaks(
    content: bytes,
    values: Iterable[tuple[str, object]],
    *,
    secrets: Sequence[tuple[str, str]] = (),
    elided: Mapping[bytes, bytes] | None = None,
    protected: Collection[bytes] = (),
    addresses: Collection[str] = (),
    own_words: Iterable[str] = (),
    disclosed: Iterable[object] = (),
) -> tuple[Leak, ...]:
    """Return each place where one of *values* or *secrets* can be read without a password or key.

    Args:
        content: the finished MIME bytes, CRLF line ends.
        values: the confidential leaves, each with its path.
        secrets: what opens a part of the message. Unlike a value, it counts in an address and in what is
            public as well.
        elided: the documents that lines of *content* stand for, see `ondemand_attach._pieces.elided`.
        protected: the contents of the protected documents. A part is left out only if it is equal to
            one of them, so that a wrong boundary or a forgotten encryption cannot hide a part. They are
            searched for the values as they are, where a document is not encrypted.
        addresses: the addr-specs that stand in From, Sender, Reply-To, To and Cc. Values may be in them.
        own_words: what the application itself says in every message: the sources of its templates. In a
            document whose maker is not known, a value that is one of these words (a customer called Price)
            cannot be told from them.
        disclosed: values that are public; one that is confidential as well under another path is no secret.
    """
    values = tuple(values)
    raw = found_raw((*values, *secrets), protected)
    leaks = [Leak(path=path, where="readable part of a protected document") for path in raw]
    opening = [needles_for([secret], (), ()) for secret in secrets]
    opening_needles = list(itertools.chain.from_iterable(opening))
    needles = [*needles_for(values, own_words, disclosed), *opening_needles]
    # Of a password of signs alone nothing is left when it is folded; it is searched as it is typed.
    typed = [s for s, its_own in zip(secrets, opening, strict=True) if not its_own and len(s[1]) >= _SIGNS]
    if not (needles or typed):
        return tuple(leaks)
    headers, documents = surfaces(content, elided or {}, tuple(protected), addresses)
    in_addresses = found(opening_needles, [" ".join(addresses)])
    leaks += (Leak(path=path, where="address of a sender or recipient") for path in in_addresses)

    def places() -> Iterator[tuple[str, str | bytes]]:
        yield from headers
        yield from itertools.chain.from_iterable(itertools.starmap(opened, documents))

    for where, surface in places() if typed else ():
        leaks += (Leak(path=path, where=where) for path, secret in typed if _is_typed(secret, surface))
    # A tag cannot reach over <>, so one search tells whether anything has to be looked at by itself.
    joined = " <> ".join(dict.fromkeys(text for _, text in headers))
    unlabelled = (surface for _, surface in itertools.islice(places(), len(headers), None))
    if any(found(needles, itertools.chain([joined], unlabelled))):
        for where, surface in places():
            leaks += (Leak(path=path, where=where) for path in found(needles, [surface]))
    return tuple(dict.fromkeys(leaks))


def _is_typed(secret: str, surface: str | bytes) -> bool:
    if isinstance(surface, bytes):
        return secret.encode() in surface
    return any(secret in view for view in views(surface) if isinstance(view, str))
