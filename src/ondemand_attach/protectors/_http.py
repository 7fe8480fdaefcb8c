"""HTTP to those who answer for certificates and time stamps: bounded, and sent on to nobody."""

from __future__ import annotations

import asyncio
import functools
import http.client
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp

from ondemand_attach._faults import Advice, Fault, fault, may_pass
from ondemand_attach._origins import named
from ondemand_attach._reach import reaching_out

T = TypeVar("T")

_OK = 200
_LARGEST = 16 << 20  # bytes of an answer; some lists of revoked certificates have several millions


@functools.cache
def _verifying() -> ssl.SSLContext:
    """Return what verifies servers: TLS 1.2 or newer, and never a common name (RFC 9525 section 6.3)."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = False
    return context


class TooLargeError(aiohttp.ClientError):
    """The answer was longer than it may be."""


_ADVICE: Final = Advice(
    authority="have this machine trust it (SSL_CERT_FILE)", client="such a server cannot be asked"
)


class NoAnswerError(Exception):
    """Nobody answered, or not so that it is of use. The text is safe to show.

    Args:
        text: what is wrong.
        is_temporary: it may end by itself.
    """

    def __init__(self, text: str, *, is_temporary: bool = False) -> None:
        super().__init__(text)
        self.is_temporary = is_temporary


def reason_of(error: BaseException, otherwise: str | None = None) -> Fault:
    """Say in words why a server cannot be asked, or *otherwise* if the network is not to blame."""
    match error:
        case NoAnswerError():
            return Fault(str(error), error.is_temporary)
        case TooLargeError():
            return Fault("its answer is too large", is_temporary=False)
    cause = _cause(error)
    if isinstance(cause, OSError | http.client.HTTPException):
        return fault(cause, _ADVICE)
    return Fault(otherwise or f"its answer is of no use ({named(error)})", is_temporary=False)


def _cause(error: BaseException) -> BaseException:
    """Return what aiohttp has wrapped, or what it stands for."""
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return error.certificate_error
        case aiohttp.ClientConnectorError():
            return error.os_error
        case aiohttp.ServerDisconnectedError() | aiohttp.ClientPayloadError():
            return ConnectionResetError()
        case aiohttp.ClientResponseError():  # it could not be parsed; a status is looked at elsewhere
            return http.client.HTTPException()
    return error


def of_status(status: int) -> Fault:
    """Say what it means that a server answered with an HTTP *status* that is no success."""
    return Fault(f"it answered HTTP {status}{_TODO.get(status, '')}", may_pass(status))


_TODO: Final = {
    **dict.fromkeys((401, 403), ": it wants other credentials=, or gives nothing to this machine"),
    **dict.fromkeys((404, 410), ": see the path in the URL"),
    **dict.fromkeys((301, 302, 303, 307, 308), ": nobody is sent on; give the final URL"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: as much of aiohttp's own as pyHanko looks at."""

    status: int
    headers: Any
    request_info: Any
    history: Any
    content: bytes

    async def read(self) -> bytes:
        """Return the body."""
        return self.content


class Session:
    """Asks servers, each for *timeout* seconds at most. Takes the place of an aiohttp.ClientSession.

    Args:
        timeout: seconds.
        largest: bytes of an answer.
        judge: what is wrong with what was posted for, if anything.
    """

    def __init__(
        self, timeout: float, largest: int = _LARGEST, judge: Callable[[bytes], Fault | None] | None = None
    ) -> None:
        self._timeout, self._largest, self._judge = aiohttp.ClientTimeout(timeout), largest, judge
        self.failures: list[Fault] = []
        """Why servers gave nothing, for libraries that say only that there was nothing."""

    async def __aenter__(self) -> Self:
        # aiodns, which aiohttp takes if it is installed, does not tell an unknown name from an outage.
        connector = aiohttp.TCPConnector(ssl=_verifying(), resolver=aiohttp.ThreadedResolver())
        session = aiohttp.ClientSession(timeout=self._timeout, connector=connector)
        self._session = await session.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.__aexit__(kind, error, trace)

    @asynccontextmanager
    async def get(self, url: str, **options: Any) -> AsyncIterator[Answer]:
        """Get what is at *url*."""
        yield await self._asked(self._session.get, url, options)

    @asynccontextmanager
    async def post(self, url: str, **options: Any) -> AsyncIterator[Answer]:
        """Send something to *url*."""
        answer = await self._asked(self._session.post, url, options)
        if self._judge and answer.status == _OK and (wrong := self._judge(answer.content)):
            self._note(url, wrong)
        yield answer

    async def _asked(self, method: Callable[..., Any], url: str, options: dict[str, Any]) -> Answer:
        must_succeed = options.pop("raise_for_status", False)  # aiohttp would say of it what it says of noise
        try:
            async with method(url, **options, allow_redirects=False) as response:
                answer = await self._answer(response)
        except Exception as error:
            self._note(url, reason_of(error))
            raise
        if answer.status != _OK:
            self._note(url, of_status(answer.status))
            if must_succeed:
                raise aiohttp.ClientResponseError(answer.request_info, answer.history, status=answer.status)
        return answer

    def _note(self, url: str, reason: Fault) -> None:
        self.failures.append(reason._replace(text=f"{urllib.parse.urlsplit(url).hostname}: {reason.text}"))

    async def _answer(self, response: aiohttp.ClientResponse) -> Answer:
        content = bytearray()
        async for chunk in response.content.iter_any():
            content += chunk
            if len(content) > self._largest:
                raise TooLargeError
        return Answer(
            response.status, response.headers, response.request_info, response.history, bytes(content)
        )


class _Impatient(ThreadPoolExecutor):
    """Looks names up for an event loop, whose end does not wait for a name server that does not answer."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002
        super().shutdown(wait=False, cancel_futures=True)


def run(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine that reaches out, in a thread of its own: the caller may have a loop that runs."""

    async def main() -> T:
        asyncio.get_running_loop().set_default_executor(_Impatient())
        return await make()

    with reaching_out(), ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(lambda: asyncio.run(main())).result()
