"""Where errors leave: nothing of the customer's data may hang on them.

An exception drags more along than its text: the error that caused it, which may quote a paragraph of
the document, and the frames it passed through, whose local variables error trackers print. So errors
are raised anew outside of the `except` block, with the frames inside the library cut off.

For development, the environment variable ``ONDEMAND_ATTACH_INSECURE_DEBUG=1`` keeps all of it.
"""

from __future__ import annotations

import errno
import functools
import os
import socket
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ondemand_attach import _origins
from ondemand_attach.errors import ConfigurationError, MailError

P = ParamSpec("P")
T = TypeVar("T")
E = TypeVar("E", bound=MailError)
_PASSING = {errno.ETIMEDOUT, errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN}


def translated(call: Callable[[], T], translate: Callable[[Exception], MailError]) -> T:
    """Return ``call()``, with any error of another library replaced by ``translate(error)``."""
    try:
        return call()
    except MailError as error:
        failure = error
    except Exception as error:  # noqa: BLE001 - whatever the foreign code raised is cut off here
        failure = translate(error)
        if keeps_causes():
            failure.__cause__ = error
    raise failure


def sealed(function: Callable[P, T]) -> Callable[P, T]:
    """Cut the frames and causes off every error that leaves *function*."""

    @functools.wraps(function)
    def outermost(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            if keeps_causes():
                raise
            failure = bare(error)
        del args, kwargs  # a traceback that captures locals shows them
        raise failure

    return outermost


def at_work(failure: type[MailError]) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Do as `sealed`, and let no `ConfigurationError` out: nobody is wiring any more. It is *failure*."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        @functools.wraps(function)
        def working(*args: P.args, **kwargs: P.kwargs) -> T:
            return not_wiring(lambda: function(*args, **kwargs), failure)

        return sealed(working)

    return decorate


def not_wiring(call: Callable[[], T], failure: type[MailError]) -> T:
    """Return ``call()``; a `ConfigurationError` of it becomes *failure*, with the same text."""
    try:
        return call()
    except ConfigurationError as error:
        found = error
    renamed = failure(str(found))
    if keeps_causes():
        renamed.__cause__ = found
    raise renamed


def as_outage(failure: E, error: Exception) -> E:
    """Return *failure* of the application's own code, temporary if *error* is of a network or a service.

    `requests` and `urllib` raise an OSError without a number; one with a number, such as of a file that is
    not there, stays as long as nobody does something.
    """
    is_of_network = isinstance(error, ConnectionError | TimeoutError | socket.gaierror)
    if is_of_network or (isinstance(error, OSError) and (error.errno is None or error.errno in _PASSING)):
        failure.is_temporary = True
    return failure


def bare(error: BaseException) -> BaseException:
    """Return *error* without frames and causes; an error that is not ours, without its text too."""
    if isinstance(error, Exception) and not isinstance(error, MailError) and not _is_misuse(error):
        error = MailError(_origins.unforeseen(error))
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _is_misuse(error: Exception) -> bool:
    """Whether the call itself was wrong, such as an unknown keyword: it raised before any frame of ours."""
    return (
        isinstance(error, TypeError)
        and error.__traceback__ is not None
        and error.__traceback__.tb_next is None
    )


def keeps_causes() -> bool:
    """Whether errors keep their causes and frames, for development."""
    return os.environ.get(_origins.SWITCH) == "1"
