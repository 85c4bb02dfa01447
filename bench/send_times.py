"""How long a normal send takes, with and without slow clients around it."""

import asyncio

from bench.verdict import percentile

SENDS = 150  # per figure
PAUSE = 0.05  # seconds between two sends


async def times(sender, sends=SENDS):
    """The seconds that each of `sends` sends took."""
    before = len(sender.times)
    for _ in range(sends):
        await sender.say(number := len(sender.times) + 1, f"{sender.name} says {number}")
        await asyncio.sleep(PAUSE)
    return sender.times[before:]


def judge(verdict, name, quiet, slow):
    """The p95 of sends among slow clients must be under twice that of quiet sends."""
    before, now = percentile(quiet, 0.95), percentile(slow, 0.95)
    verdict.figure(f"{name}, p50 / p95", shown(slow))
    verdict.figure("without them", shown(quiet))
    verdict.must("ratio of the p95: under 2", now < 2 * before, f"{now / before:.2f}")


def shown(seconds):
    return f"{percentile(seconds, 0.5) * 1000:.1f} / {percentile(seconds, 0.95) * 1000:.1f} ms"
