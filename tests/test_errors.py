"""The error tree: what Celery pickles, and what an error says."""

from __future__ import annotations

import copy
import inspect
import pickle
import traceback

import pytest

from ondemand_attach import AttachmentRequest, Document, MessageBuilder, _seal, errors
from ondemand_attach.errors import (
    ConfidentialityError,
    GenerationError,
    MailError,
    MissingDependencyError,
    RecipientsRefusedError,
    TransportError,
    WeakPasswordError,
)

TREE = [getattr(errors, name) for name in errors.__all__]


def made(cls: type[MailError]) -> MailError:
    if issubclass(cls, ConfidentialityError):
        return cls("text", path="customer.iban", template="a.txt", line=3)
    if issubclass(cls, TransportError):
        return cls("text", is_temporary=True, code=451, enhanced_code="4.7.1", refused={"a@example.com": 1})
    return cls("text")


@pytest.mark.parametrize("cls", TREE)
def test_every_error_pickles(cls: type[MailError]) -> None:
    error = made(cls)
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is cls
    kept = error.__dict__ | ({"accepted": (), "refused": {}} if isinstance(error, TransportError) else {})
    assert (str(found), found.__dict__) == (str(error), kept)


def test_no_address_travels_with_an_error() -> None:
    """Task queues and error trackers keep what they catch: by text, by repr, by pickle."""
    error = RecipientsRefusedError("text", accepted=["b@example.com"], refused={"a@example.com": 1})
    assert (error.accepted, error.refused) == (("b@example.com",), {"a@example.com": 1})
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert b"example.com" not in pickle.dumps(error, protocol)
    assert "example.com" not in f"{error} {error!r} {error.args}"
    assert copy.deepcopy(error).refused == {}


def test_the_tree_is_drawn_in_full() -> None:
    public = {cls for cls in vars(errors).values() if inspect.isclass(cls) and issubclass(cls, MailError)}
    assert {cls for cls in public if not cls.__name__.startswith("_")} == set(TREE)
    assert errors.__doc__ is not None
    assert all(cls.__name__ in errors.__doc__ for cls in TREE)


def test_a_missing_extra_is_an_import_error() -> None:
    assert issubclass(MissingDependencyError, ImportError)


def test_errors_say_where() -> None:
    assert str(ConfidentialityError("text", path="a", template="b.html", line=4)) == "b.html:4: text"
    for error in (GenerationError("text"), WeakPasswordError("text")):
        error.filename = "order.pdf"
        assert str(error) == "order.pdf: text"


def fail(secret: str) -> None:
    local = secret.upper()
    raise KeyError(local)


def test_sealed_cuts_everything_off() -> None:
    outer = _seal.sealed(fail)
    failure = None
    try:
        outer("canary")
    except MailError as error:
        failure = error
    assert failure is not None
    place = f"KeyError at test_errors.py:{fail.__code__.co_firstlineno + 2} (fail)"
    assert str(failure).startswith(place)
    assert "ONDEMAND_ATTACH_INSECURE_DEBUG=1" in str(failure)
    text = "".join(traceback.TracebackException.from_exception(failure, capture_locals=True).format())
    assert "CANARY" not in text
    assert "fail(secret" not in text


def test_sealed_lets_a_wrong_call_be_seen() -> None:
    with pytest.raises(TypeError, match="unexpected keyword"):
        _seal.sealed(fail)(secrt="x")  # type: ignore[call-arg]


def test_the_debug_switch_keeps_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONDEMAND_ATTACH_INSECURE_DEBUG", "1")
    with pytest.raises(KeyError, match="CANARY"):
        _seal.sealed(fail)("canary")


@pytest.mark.parametrize("cls", [cls for cls in TREE if cls is not ConfidentialityError])
def test_who_raises_an_error_says_in_the_call_that_it_is_temporary(cls: type[MailError]) -> None:
    error = cls("text", is_temporary=True)
    assert error.is_temporary
    assert pickle.loads(pickle.dumps(error)).is_temporary
    assert cls("text").is_temporary is cls.is_temporary


@pytest.mark.parametrize("is_temporary", [True, False])
def test_a_generator_says_that_its_error_is_temporary(is_temporary: bool) -> None:
    def fail(_: AttachmentRequest) -> Document:
        raise GenerationError("the terms are not made yet", is_temporary=is_temporary)

    letter = MessageBuilder().sender("orders@shop.example").subject("Order").text("Hello.")
    with pytest.raises(GenerationError, match=r"order\.pdf: the terms are not made yet$") as caught:
        letter.attach(fail, filename="order.pdf").build({}, to="jane@example.com")
    assert caught.value.is_temporary is is_temporary
