"""The cheapest HTTP client that will do: one request at a time on a connection that stays open."""

from __future__ import annotations

import asyncio
import re

ANSWER_SECONDS = 30.0
HEAD = b"\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """`host` is where it connects, `name` what it says in the Host header."""

    def __init__(self, host: str, port: int, name: str) -> None:
        self._place = (host, port)
        self._name = f"{name}:{port}".encode()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def post(self, path: bytes, token: str, body: bytes) -> bytes:
        """The answer's body. RuntimeError unless it is a 200."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(*self._place)
        reader, writer = self._streams
        writer.write(
            b"POST %b HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n"
            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
            % (path, self._name, token.encode(), len(body), body)
        )
        async with asyncio.timeout(ANSWER_SECONDS):
            head = await reader.readuntil(HEAD)
            length = LENGTH.search(head)
            if length is None:
                raise RuntimeError(f"an answer without its length: {head!r}")
            answer = await reader.readexactly(int(length[1]))
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"{head.split(maxsplit=2)[1].decode()}: {answer[:500]!r}")
        return answer

    def close(self) -> None:
        if self._streams:
            self._streams[1].close()
