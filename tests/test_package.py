"""What `import ondemand_attach` costs, and what it offers."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import ondemand_attach
from ondemand_attach._mime import Body, Headers

FreshPython = Callable[[str], str]

HEAVY = {
    "aiohttp", "asn1crypto", "cryptography", "email_validator", "html5lib", "idna", "jinja2", "lxml",
    "markupsafe", "PIL", "pyhanko", "pyhanko_certvalidator", "pypdf", "reportlab", "svglib", "urllib3",
    "xhtml2pdf",
}  # fmt: skip
HEAVY_STANDARD = {
    "asyncio", "concurrent", "ctypes", "decimal", "email", "html", "http", "logging", "multiprocessing",
    "smtplib", "socket", "sqlite3", "ssl", "subprocess", "tempfile", "unittest", "urllib", "uuid",
    "xml", "zoneinfo",
}  # fmt: skip

LOADED = """
import json, sys
before = set(sys.modules)
{statement}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def loaded(fresh_python: FreshPython, statement: str) -> set[str]:
    return set(json.loads(fresh_python(LOADED.format(statement=statement))))


def top_levels(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_importing_the_package_loads_only_light_standard_library_modules(fresh_python: FreshPython) -> None:
    modules = loaded(fresh_python, "import ondemand_attach")
    assert {module for module in modules if module.startswith("ondemand_attach")} == {"ondemand_attach"}
    others = top_levels(modules) - {"ondemand_attach"}
    assert others <= sys.stdlib_module_names
    assert not others & HEAVY_STANDARD


def test_naming_every_public_object_loads_no_heavy_library(fresh_python: FreshPython) -> None:
    modules = loaded(fresh_python, "from ondemand_attach import *")
    assert "ondemand_attach._builder" in modules
    assert not top_levels(modules) & HEAVY


@pytest.mark.parametrize("library", ["jinja2", "ssl"])
def test_what_is_loaded_is_noticed(fresh_python: FreshPython, library: str) -> None:
    modules = loaded(fresh_python, f"import ondemand_attach, {library}")
    assert top_levels(modules) & (HEAVY | HEAVY_STANDARD)


@pytest.mark.parametrize("name", ondemand_attach.__all__)
def test_every_public_name_exists(name: str) -> None:
    assert getattr(ondemand_attach, name) is getattr(ondemand_attach, name)
    assert name in dir(ondemand_attach)


@pytest.mark.parametrize("name", sorted(set(ondemand_attach.__all__) - {"__version__"}))
def test_every_public_name_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(ondemand_attach, name))


PUBLIC = {
    *(
        "Address",
        "Attachment",
        "AttachmentGenerator",
        "AttachmentRequest",
        "Confidential",
        "DkimSigner",
        "Document",
    ),
    *("Encryptor", "Envelope", "Exposure", "FileTransport", "Finding", "GeneratedPassword", "HttpsTransport"),
    *(
        "MailError",
        "MaildirTransport",
        "Mailer",
        "MemoryTransport",
        "Message",
        "MessageBuilder",
        "OfficeEncryptor",
    ),
    *(
        "OpenPgpEncryptor",
        "OpenPgpSigner",
        "PartReceipt",
        "PasswordDelivery",
        "PdfEncryptor",
        "PdfSigner",
        "Receipt",
    ),
    *("Recipient", "Refusal", "RenderPool", "Signer", "SmimeEncryptor", "SmimeSigner", "SmtpTransport"),
    *("TimeStampAuthority", "Transport", "VisibleSignature", "Xhtml2PdfGenerator", "ZipEncryptor"),
}


def test_no_public_name_is_lost() -> None:
    assert set(ondemand_attach.__all__) >= PUBLIC
    for name in PUBLIC:
        assert getattr(ondemand_attach, name).__name__ == name


def test_public_names_are_sorted_and_unique() -> None:
    names = [name for name in ondemand_attach.__all__ if name != "__version__"]
    assert names == sorted(set(names))


def test_type_checkers_see_the_names_that_exist() -> None:
    tree = ast.parse(Path(ondemand_attach.__file__).read_text("utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    imported = {alias.asname or alias.name for node in block.body for alias in node.names}  # type: ignore[attr-defined]
    assert imported == set(ondemand_attach.__all__) - {"__version__"}


def test_every_module_has_the_names_that_it_offers(fresh_python: FreshPython) -> None:
    """In a process of its own: some modules change the one that imports them."""
    offered = json.loads(fresh_python(OFFERED))
    assert len(offered) > 5
    assert {module: missing for module, missing in offered.items() if missing} == {}


OFFERED = """
import importlib, json, pkgutil, ondemand_attach
found = pkgutil.walk_packages(ondemand_attach.__path__, "ondemand_attach.")
modules = [importlib.import_module(each.name) for each in found if not each.name.endswith("__main__")]
offering = [module for module in modules if getattr(module, "__all__", ())]
print(json.dumps({each.__name__: [name for name in each.__all__ if not hasattr(each, name)] for each in offering}))
"""


def test_values_are_frozen_and_take_their_fields_by_name() -> None:
    values = [getattr(ondemand_attach, name) for name in ondemand_attach.__all__]
    values = [each for each in (*values, Body, Headers) if dataclasses.is_dataclass(each)]
    assert len(values) > 10
    for value in values:
        assert value.__dataclass_params__.frozen, value.__name__
        fields = [field for field in dataclasses.fields(value) if field.init]
        assert all(field.kw_only for field in fields), value.__name__


NOT_SHOWN = {
    "AttachmentRequest": {"context", "filename", "templates", "passwords", "public_view"},
    "Document": {"content", "proof", "made_for"},
    "Exposure": {"name"},
    "GeneratedPassword": {"password", "recipient", "context"},
    "Message": {"pieces", "protected_for"},
    "Receipt": {"accepted", "refused"},
    "Recipient": {"certificate"},
    "TimeStampAuthority": {"trust_roots", "credentials"},
    "VisibleSignature": {"logo"},
}


@pytest.mark.parametrize("name", NOT_SHOWN)
def test_no_repr_shows_what_is_secret_or_somebodys(name: str) -> None:
    fields = dataclasses.fields(getattr(ondemand_attach, name))
    assert {field.name for field in fields if not field.repr} >= NOT_SHOWN[name]


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'MailBuilder'"):
        _ = ondemand_attach.MailBuilder


def test_the_changelog_begins_with_this_version() -> None:
    changelog = Path(__file__).parent.parent.joinpath("CHANGELOG.md").read_text("utf-8")
    versions = re.findall(r"^## \[(\d.*?)\]", changelog, re.MULTILINE)
    assert versions[0] == ondemand_attach.__version__


DEFAULTS = {
    "AttachmentRequest.render(autoescape)": True,
    "HttpsTransport(rewrites_messages)": False,
    "HttpsTransport(timeout)": 60.0,
    "HttpsTransport.mailgun(timeout)": 60.0,
    "MessageBuilder.attach(hash_plain)": False,
    "OfficeEncryptor(strength)": "patterns",
    "PdfEncryptor(allow)": ("print", "copy"),
    "PdfEncryptor(rsa_padding)": "PKCS1-v1_5",
    "PdfEncryptor(strength)": "patterns",
    "PdfSigner(level)": "B-B",
    "RenderPool(memory_limit)": 512 << 20,
    "RenderPool(processes)": 1,
    "RenderPool(time_limit)": 30.0,
    "SmimeEncryptor(strict)": False,
    "SmtpTransport(rewrites_messages)": False,
    "SmtpTransport(timeout)": 60.0,
    "TimeStampAuthority(timeout)": 5.0,
    "VisibleSignature(page)": -1,
    "Xhtml2PdfGenerator(replay)": True,
    "Xhtml2PdfGenerator(strict)": True,
    "Xhtml2PdfGenerator(time_limit)": 30.0,
    "ZipEncryptor(strength)": "patterns",
}
"""What an application gets that says nothing: another value would be another product."""


def test_the_defaults_stay() -> None:
    found = defaults()
    assert {option: found.get(option) for option in DEFAULTS} == DEFAULTS
    insecure = {option: value for option, value in found.items() if "(insecure_" in option}
    assert len(insecure) >= 5
    assert not any(insecure.values())


def defaults() -> dict[str, object]:
    return {
        f"{name}({parameter.name})": parameter.default
        for name, function in functions()
        for parameter in inspect.signature(function).parameters.values()
        if parameter.default is not parameter.empty
    }


def functions() -> Iterator[tuple[str, Callable[..., object]]]:
    for name in ondemand_attach.__all__:
        public = getattr(ondemand_attach, name)
        if inspect.isclass(public) and not issubclass(public, Exception):
            yield name, public
            for method in vars(public):
                if not method.startswith("_") and (
                    inspect.isfunction(getattr(public, method)) or inspect.ismethod(getattr(public, method))
                ):
                    yield f"{name}.{method}", getattr(public, method)
