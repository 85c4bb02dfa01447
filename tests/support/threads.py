"""Threads for tests; each closes its database connection when it ends."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import wraps

from django.db import connection


def closing(call):
    """The same call, then close the thread's connection: PostgreSQL can't drop a database with open connections."""

    @wraps(call)
    def called(*arguments, **more):
        try:
            return call(*arguments, **more)
        finally:
            connection.close()

    return called


def together(calls):
    """Call all of these at once, and wait for all of them."""
    threads = [threading.Thread(target=closing(call)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def run(coroutine):
    """Run it in a new thread: after browser tests, Playwright's event loop still runs in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing(asyncio.run), coroutine).result()
