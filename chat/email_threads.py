"""Threads that send emails, and don't keep the process from ending: a mail server may take very long to answer."""

import logging
from collections.abc import Callable
from functools import partial
from queue import Queue
from threading import Lock, Thread
from typing import Any

logger = logging.getLogger("chat")


class EmailThreads:
    """Runs work in `count` threads, which start with the first work. Work must not raise."""

    def __init__(self, count: int) -> None:
        self.waiting: Queue[Callable[[], object]] = Queue()
        self.missing, self.lock = count, Lock()

    def submit(self, work: Callable[..., object], *arguments: Any) -> None:
        self.waiting.put(partial(work, *arguments))
        with self.lock:
            while self.missing:
                self.missing -= 1
                Thread(target=self._run, name="mail", daemon=True).start()

    def _run(self) -> None:
        while True:
            work = self.waiting.get()
            try:
                work()
            finally:
                self.waiting.task_done()

    def finish(self, seconds: float) -> None:
        """Wait until all work is done, for at most this many seconds. What is left then is lost, and logged."""
        with self.waiting.all_tasks_done:
            if not self.waiting.all_tasks_done.wait_for(lambda: not self.waiting.unfinished_tasks, seconds):
                left = self.waiting.unfinished_tasks
                logger.error("The server stops, and requests for emails that are not done yet are lost: %d.", left)
