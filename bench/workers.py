"""Runs load generators in their own processes, so that they take no time from the measuring process."""

import contextlib
import multiprocessing
import resource
import signal

from bench.server import Broken

ANSWERS_WITHIN = 60  # seconds


class Worker:
    """Creates `make(*arguments)` in a new process and calls its methods by name.

    The object has `serve(pipe)`, which handles calls until the other end of the pipe is closed.
    """

    def __init__(self, make, *arguments):
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=work, args=(theirs, make, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    def call(self, name, *arguments, within=ANSWERS_WITHIN):
        self.pipe.send((name, arguments))
        try:
            if not self.pipe.poll(within):
                raise Broken(f"{self.process.name} did not answer {name} within {within} s.")
            return self.pipe.recv()
        except EOFError:
            raise Broken(f"{self.process.name} ended before it answered {name}.") from None

    def end(self):
        self.pipe.close()
        self.process.join(5)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def work(pipe, make, *arguments):
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C ends the bench, which then closes the pipe
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    make(*arguments).serve(pipe)


def answer(pipe, target):
    """Handle one call from the pipe. Returns False when the pipe is closed."""
    try:
        name, arguments = pipe.recv()
        pipe.send(getattr(target, name)(*arguments))
    except (EOFError, BrokenPipeError):
        return False
    return True


@contextlib.contextmanager
def working(make, *arguments):
    worker = Worker(make, *arguments)
    try:
        yield worker
    finally:
        worker.end()
