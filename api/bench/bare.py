"""The bare servers that the service is compared with: ASGI and orjson, nothing decided, nothing checked."""

from __future__ import annotations

from functools import cache
from typing import Any

_HEADERS = [(b"content-type", b"application/json")]


def _app() -> Any:
    import orjson

    loads, dumps = orjson.loads, orjson.dumps

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                await send({"type": message["type"] + ".complete"})
                if message["type"] == "lifespan.shutdown":
                    return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        asked = loads(body)
        out = dumps({"permit": True, "basis": [asked.get("action") is not None]})
        headers = [*_HEADERS, (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    return app


_made = cache(_app)


def __getattr__(name: str) -> Any:
    if name == "app":  # made when it is asked for: the module can be looked at without orjson
        return _made()
    raise AttributeError(name)
