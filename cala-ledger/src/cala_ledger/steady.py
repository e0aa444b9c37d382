"""psycopg's connection, with its socket registered at the event loop once instead of at every wait.

A statement waits once or twice, and each wait of psycopg's own adds and removes the socket's reader and sets
a timer: half the CPU of a short statement. Here the reader stays as long as somebody waits whenever it fires.

Guarantees: as psycopg's, cancellation included (the server is told to stop, and its answer is read). A reader
is never left on a socket that is closed, whoever closed it: an error in a wait removes it, and so does
`close`.

What breaks it: a generator that wants to be woken without its socket being ready; such a one comes with a
`timeout` and is left to psycopg.
"""

import asyncio
import select
from typing import Final, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg.rows import Row
from psycopg.waiting import Ready, Wait

_CANCEL_SECONDS: Final = 5.0

T = TypeVar("T")


class SteadyConnection(psycopg.AsyncConnection[Row]):
    """For `connection_class` of a pool, or `await SteadyConnection.connect(dsn)`."""

    _reading: int | None = None
    _waiter: "asyncio.Future[None] | None" = None

    async def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        if timeout is not None:
            self._stop_reading()
            return await super().wait(gen, interval, timeout)
        try:
            return await self._wait(gen)
        except asyncio.CancelledError:
            self._stop_reading()
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                await self._interrupt(gen)
            raise
        except BaseException:
            self._stop_reading()
            raise

    async def close(self) -> None:
        self._stop_reading()
        await super().close()

    async def _wait(self, gen: PQGen[T]) -> T:
        try:
            wanted = next(gen)
            while True:
                if wanted & Wait.W:
                    ready = await self._writable()
                else:
                    await self._readable()
                    ready = Ready.R
                wanted = gen.send(ready)
        except StopIteration as done:
            return done.value

    async def _readable(self) -> None:
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        if self._reading is None:
            self._reading = self.pgconn.socket
            loop.add_reader(self._reading, self._wake)
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _writable(self) -> Ready:
        """Nearly always at once; else as soon as the socket takes or gives something."""
        ready = self._poll()
        if not ready:
            loop = asyncio.get_running_loop()
            socket = self.pgconn.socket
            loop.add_writer(socket, self._wake)
            try:
                await self._readable()
            finally:
                loop.remove_writer(socket)
            ready = self._poll()
        return ready

    def _poll(self) -> Ready:
        poll = select.poll()
        poll.register(self.pgconn.socket, select.POLLIN | select.POLLOUT)
        ready = 0
        for _, events in poll.poll(0):
            if events & ~select.POLLOUT:
                ready |= Ready.R
            if events & ~select.POLLIN:
                ready |= Ready.W
        return Ready(ready)

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None:
            self._stop_reading()  # it speaks unasked: whoever waits next hears it
        elif not waiter.done():
            waiter.set_result(None)

    def _stop_reading(self) -> None:
        if self._reading is not None:
            asyncio.get_running_loop().remove_reader(self._reading)
            self._reading = None

    async def _interrupt(self, gen: PQGen[T]) -> None:
        """Tell the server to stop and read its answer; a connection that does not come to rest is closed."""
        try:
            await self.cancel_safe(timeout=_CANCEL_SECONDS)
            await super().wait(gen, timeout=_CANCEL_SECONDS)
        except psycopg.errors.QueryCanceled:
            pass
        except BaseException as error:
            self.pgconn.finish()
            if not isinstance(error, Exception):
                raise
