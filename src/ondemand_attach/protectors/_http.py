"""HTTP to those who answer for certificates and time stamps: bounded, and sent on to nobody."""

from __future__ import annotations

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

import aiohttp

from ondemand_attach._reach import reaching_out

T = TypeVar("T")

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
        async with self._session.get(url, **options, allow_redirects=False) as response:
            yield await self._answer(response)

    @asynccontextmanager
    async def post(self, url: str, **options: Any) -> AsyncIterator[Answer]:
        """Send something to *url*."""
        async with self._session.post(url, **options, allow_redirects=False) as response:
            yield await self._answer(response)

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
