"""Prints the figures and checks of a proof line by line, and ends with an exit code."""

import asyncio
import platform
import signal
import sys

from bench.server import running


class Verdict:
    def __init__(self, title):
        self.failed = []
        print(f"{title}\n(Python {platform.python_version()}, {platform.system()} {platform.machine()})\n", flush=True)

    def figure(self, name, value):
        print(f"  {name:<58} {value}", flush=True)

    def must(self, name, holds, value=""):
        """A check that must hold. `value`: what was measured."""
        if not holds:
            self.failed.append(name)
        print(f"  {'ok  ' if holds else 'FAIL'} {name:<53} {value}", flush=True)

    def end(self):
        print(f"\n{'FAIL: ' + '; '.join(self.failed) if self.failed else 'PASS'}", flush=True)
        sys.exit(bool(self.failed))


def prove(title, proof, **about):
    """Run `proof(server, verdict)` against a new server, which is always ended. `about`: see `bench.server.Server`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    verdict = Verdict(title)
    with running(**about) as server:
        asyncio.run(proof(server, verdict))
    verdict.end()


def percentile(values, share):
    """The value below which `share` (0 to 1) of the values lie; NaN without values."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else float("nan")


def counted(statuses):
    return ", ".join(f"{number:,} x {status}" for status, number in sorted(statuses.items())) or "none"


def total(people, what):
    """The sum of an attribute of all people; lists count by their length."""
    values = [getattr(each, what) for each in people]
    return sum(len(value) if isinstance(value, list) else value for value in values)


def some(values):
    return f"{len(values)}, such as {values[:3]}" if values else 0
