"""A web application on Starlette; FastAPI takes the same lifespan."""

import asyncio
import contextlib

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from ondemand_attach.errors import MailError

from .mails import STATEMENT, event_of, mailer, pool


@contextlib.asynccontextmanager
async def lifespan(_):
    """Start the render processes before the first request, and end them after the last one."""
    await asyncio.to_thread(pool.warm_up, STATEMENT)
    try:
        yield
    finally:
        await asyncio.to_thread(mailer.close)


async def send(request):
    """Send a statement, and answer when the mail server has taken it."""
    context, to = event_of(request.path_params["number"])
    try:
        receipt = await mailer.asend(STATEMENT, context, to=to)
    except MailError as error:
        if error.is_temporary:
            return Response("try again", status_code=503, headers={"Retry-After": "30"})
        return Response("refused", status_code=502)
    return Response("sent, but not to all" if receipt.refused else "sent")


async def ping(_):
    """Answer at once, whatever is being sent."""
    return Response("pong")


app = Starlette(
    lifespan=lifespan,
    routes=[Route("/statements/{number:int}", send, methods=["POST"]), Route("/ping", ping)],
)
