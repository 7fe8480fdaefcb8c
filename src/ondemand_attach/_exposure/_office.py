"""Office documents encrypted with a password: compound files that hold the package ([MS-OFFCRYPTO])."""

from __future__ import annotations

import binascii
import re
import struct
from io import BytesIO
from typing import Final

from ondemand_attach._exposure._budget import Budget, at_most
from ondemand_attach._exposure._compound import MAGIC, CompoundFile
from ondemand_attach._exposure._facts import BY_PASSWORD, Facts
from ondemand_attach._exposure._plain import is_any_plain

_INFORMATION, _PACKAGE = "EncryptionInfo", "EncryptedPackage"
_BOTH: Final = frozenset({_INFORMATION, _PACKAGE})
_ITS_SPACES: Final = frozenset(  # [MS-OFFCRYPTO] section 2.1, and places that nothing is in
    {
        *("", "Root Entry", "\x06DataSpaces", "Version", "DataSpaceMap", "DataSpaceInfo", "\x06Primary"),
        *("StrongEncryptionDataSpace", "TransformInfo", "StrongEncryptionTransform"),
    }
)
_WORDS_OF_SPACES: Final = (  # the longer ones first
    *(
        "Microsoft.Container.EncryptionTransform",
        "Microsoft.Container.DataSpaces",
        "StrongEncryptionDataSpace",
    ),
    *("StrongEncryptionTransform", "EncryptedPackage", "{FF9A3F03-56EF-4613-BDD5-5A41C1D07246}"),
    *("AES 128", "AES 192", "AES 256", "AES128", "AES192", "AES256"),
)
_LONGEST_SPACE: Final = 1 << 10
_LARGEST_NUMBER: Final = 1 << 12  # of versions, lengths and counts
_LONGEST_INFORMATION: Final = 1 << 14
_EVERYBODYS: Final = "VelvetSweatshop"  # Excel opens a workbook with it unasked
_MOST_ROUNDS: Final = 1_000_000  # of a hash; Office makes a tenth of them
_BLOCK: Final = 16
_SHORTEST_SLACK: Final = 48
_AGILE: Final = (4, 4)
_AGILE_FLAGS: Final = 0x40
_KEY: Final = re.compile(rb"<keyData\b[^>]*+>")
_ROUNDS: Final = re.compile(rb'spinCount="(\d{1,20})"')
_ATTRIBUTE: Final = (
    rb"(?:xmlns(?::[pc])?|uri)=\"http://schemas\.microsoft\.com/office/2006/(?:encryption|keyEncryptor/(?:password|certificate))\""
    rb"|(?:spinCount|saltSize|blockSize|hashSize|keyBits)=\"\d{1,20}\""
    rb"|cipherAlgorithm=\"AES\"|cipherChaining=\"ChainingMode(?:CBC|CFB)\""
    rb"|hashAlgorithm=\"(?:SHA-?(?:1|256|384|512)|MD[45]|RIPEMD-1[26][08]|WHIRLPOOL)\""
    rb"|(?:saltValue|encrypted(?:HmacKey|HmacValue|VerifierHashInput|VerifierHashValue|KeyValue)|certVerifier)="
    rb"\"[A-Za-z0-9+/]{0,344}={0,2}\"|X509Certificate=\"[A-Za-z0-9+/]{0,8000}={0,2}\""
)
_VALUE: Final = re.compile(rb'(?:Value|HmacKey|HashInput|Verifier)="([A-Za-z0-9+/=]*+)"')
_XML: Final = re.compile(
    rb'(?:\xef\xbb\xbf)?<\?xml(?:\s++(?:version|encoding|standalone)="[-\w.]{1,10}")*+\s*+\?>\s*+'
    rb"(?:</?(?:[pc]:)?(?:encryption|keyData|dataIntegrity|keyEncryptors?|encryptedKey)"
    rb"(?:\s++(?:" + _ATTRIBUTE + rb"))*+\s*+/?>\s*+)++\0*+"
)
_STANDARD_AES: Final = {0x660E: "AES-128", 0x660F: "AES-192", 0x6610: "AES-256"}
_PROVIDERS: Final = {  # of cryptography ([MS-OFFCRYPTO] section 2.3.2)
    f"{name}\0".encode("utf-16-le")
    for name in (
        "",
        "Microsoft Enhanced RSA and AES Cryptographic Provider",
        "Microsoft Enhanced RSA and AES Cryptographic Provider (Prototype)",
    )
} | {b""}
_STANDARD_HEADER, _STANDARD_VERIFIER = 32, 72


def fits(content: bytes) -> bool:
    """Whether *content* begins as a compound file does."""
    return content.startswith(MAGIC)


def facts(content: bytes, budget: Budget) -> Facts:
    """Say how an Office document is encrypted; older formats in such a file count as not.

    Raises:
        ValueError, IndexError, struct.error: it is damaged.
        TooLargeError: there is too much in it, or the hash of its password takes too long.
    """
    file = CompoundFile(content, budget)
    if not file.streams.keys() >= _BOTH:
        return Facts()
    information = file.read(_INFORMATION)
    encryption = _algorithm(information)
    if encryption is None:
        return Facts(encryption="unknown")
    found = Facts(encryption=f"{encryption} by password (Office)", readers=BY_PASSWORD)
    found = found.if_all(_is_all(file, budget) and _is_only_information(information, budget))
    if found.readers and _opens_unasked(content, information, budget):
        return Facts(encryption=f"{encryption} (Office), opens without a password")
    return found


def _opens_unasked(content: bytes, information: bytes, budget: Budget) -> bool:
    """Whether it is encrypted with the password that Excel knows itself, as far as that can be tried."""
    try:
        from msoffcrypto.format.ooxml import OOXMLFile
    except ModuleNotFoundError:
        return False
    budget.spend(sum(at_most(int(rounds), _MOST_ROUNDS) for rounds in _ROUNDS.findall(information)))
    try:
        OOXMLFile(BytesIO(content)).load_key(password=_EVERYBODYS, verify_password=True)
    except Exception:  # noqa: BLE001 - however it says no
        return False
    return True


def _algorithm(information: bytes) -> str | None:
    major, minor = struct.unpack_from("<HH", information)
    if (major, minor) == _AGILE:
        return _agile(_KEY.search(information))
    algorithm = struct.unpack_from("<I", information, 12 + 8)[0] if minor == 2 else 0
    return _STANDARD_AES.get(algorithm)


def _agile(key: re.Match[bytes] | None) -> str | None:
    attributes = dict(re.findall(rb'(\w+)="([^"]*)"', key[0])) if key else {}
    bits = attributes.get(b"keyBits")
    if attributes.get(b"cipherAlgorithm") != b"AES" or bits not in {b"128", b"192", b"256"}:
        return None
    return f"AES-{int(bits)}"


def _is_only_information(information: bytes, budget: Budget) -> bool:
    """Whether *information* is what a program needs to try a password, without words of anybody."""
    if len(information) > _LONGEST_INFORMATION:
        return False
    if information[:4] != struct.pack("<HH", *_AGILE):
        return _is_only_standard(information, budget)
    values = map(binascii.a2b_base64, _VALUE.findall(information))
    return bool(_XML.fullmatch(information, 8)) and not is_any_plain(values, budget)


def _is_only_standard(information: bytes, budget: Budget) -> bool:
    """Whether it is the older form: numbers, the name of a library, what is random (section 2.3.4.5)."""
    end = 12 + struct.unpack_from("<I", information, 8)[0]
    provider, verifier = information[12 + _STANDARD_HEADER : end], information[end:]
    is_right = provider in _PROVIDERS and len(verifier) == _STANDARD_VERIFIER
    return is_right and not is_any_plain([verifier[4:36], verifier[40:]], budget)


def _is_all(file: CompoundFile, budget: Budget) -> bool:
    """Whether it holds nothing but what is encrypted, and what says how."""
    if not file.is_all or not file.streams.keys() <= _BOTH | _ITS_SPACES:
        return False
    package, slack = file.read(_PACKAGE), list(filter(None, file.slack()))
    return (
        all(_is_plain_space(file.read(name)) for name in file.streams.keys() - _BOTH)
        and len(package) >= 8 + _BLOCK
        and int.from_bytes(package[:8], "little") <= len(package) - 8
        and all(len(each) >= _SHORTEST_SLACK for each in slack)  # a shorter one may be a word
        and not is_any_plain([package[8:], *slack], budget)
    )


def _is_plain_space(space: bytes) -> bool:
    """Whether *space* holds the words that all such files have, and small numbers."""
    for word in _WORDS_OF_SPACES:
        for encoding in ("utf-16-le", "ascii"):
            space = space.replace(word.encode(encoding), bytes(len(word.encode(encoding))))
    numbers = [int.from_bytes(space[place : place + 4], "little") for place in range(0, len(space), 4)]
    return len(space) <= _LONGEST_SPACE and all(number <= _LARGEST_NUMBER for number in numbers)
