"""Loops that live as long as their process, and stop when told.

A cancellation may get lost on its way: under Python 3.11 `asyncio.wait_for`, on which psycopg waits, swallows
it when what it waited for arrives at that very moment; and psycopg answers it with the database's error when
the connection is lost with it. So every long loop asks `going_on()` at each turn, and no wait in it is longer
than a second or two.
"""

from __future__ import annotations

import asyncio


def going_on() -> bool:
    """False once this task was told to stop."""
    task = asyncio.current_task()
    return task is None or not task.cancelling()


def end_if_cancelled(error: BaseException) -> None:
    """To be called where a loop survives an error: a task told to stop stops."""
    if not going_on():
        raise asyncio.CancelledError from error
