"""HTTP to those who answer for certificates and time stamps: bounded, and sent on to nobody."""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import urllib.parse
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import aiohttp

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


class NoAnswerError(Exception):
    """Nobody answered, or not so that it is of use. The text is safe to show."""


def reason_of(error: BaseException, otherwise: str | None = None) -> str:
    """Say in words why a server cannot be asked, or *otherwise* if the network is not to blame."""
    cause = getattr(error, "os_error", None) or error
    for kinds, words in _REASONS:
        if isinstance(error, kinds) or isinstance(cause, kinds):
            return words
    return otherwise or f"its answer is of no use ({named(error)})"


_REASONS: Final[tuple[tuple[Any, str], ...]] = (
    (TooLargeError, "its answer is too large"),
    (TimeoutError, "it did not answer within the time limit"),
    (
        (aiohttp.ClientConnectorCertificateError, ssl.SSLCertVerificationError),
        "its TLS certificate is not trusted, or of another host",
    ),
    ((aiohttp.ClientSSLError, ssl.SSLError), "no TLS connection could be agreed on"),
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "its name is not found in the DNS"),
    (ConnectionRefusedError, "it refused the connection"),
    ((aiohttp.ClientConnectorError, OSError), "it cannot be reached over the network"),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), "it broke off the connection"),
)


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
    """Asks servers, each for *timeout* seconds at most. Takes the place of an aiohttp.ClientSession."""

    def __init__(self, timeout: float, largest: int = _LARGEST) -> None:
        self._timeout, self._largest = aiohttp.ClientTimeout(timeout), largest
        self.failures: list[str] = []
        """Why servers gave nothing, for libraries that say only that there was nothing."""

    async def __aenter__(self) -> Self:
        session = aiohttp.ClientSession(
            timeout=self._timeout, connector=aiohttp.TCPConnector(ssl=_verifying())
        )
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
        yield await self._asked(self._session.post, url, options)

    async def _asked(self, method: Callable[..., Any], url: str, options: dict[str, Any]) -> Answer:
        try:
            async with method(url, **options, allow_redirects=False) as response:
                answer = await self._answer(response)
        except Exception as error:
            self._note(url, reason_of(error))
            raise
        if answer.status != _OK:
            self._note(url, f"it answered HTTP {answer.status}")
        return answer

    def _note(self, url: str, reason: str) -> None:
        self.failures.append(f"{urllib.parse.urlsplit(url).hostname}: {reason}")

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
