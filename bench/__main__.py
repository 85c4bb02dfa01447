"""python -m bench: measures a real server and prints a table; --full adds the large figures, which take longer."""

import argparse
import json
import signal
import sys
import time
from pathlib import Path

from bench.figures import delivery, growth, held, polls, sends, typing
from bench.report import heading, table
from bench.server import Broken

FIGURES = {
    "polls": polls.measure,
    "held": held.measure,
    "delivery": delivery.measure,
    "sends": sends.measure,
    "growth": growth.measure,
    "plain": delivery.measure_plain,
    "typing": typing.measure,
}


def main():
    asked = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that started processes are ended
    about, began = heading(), time.monotonic()
    rows = [row for name in asked.only or FIGURES for row in measured(name, asked.full)]
    took = f"Took:     {time.monotonic() - began:.0f} s"
    print(about, took, "", table(rows), sep="\n")
    if asked.json:
        asked.json.write_text(json.dumps({"about": about.splitlines(), "rows": [row.as_json() for row in rows]}))


def arguments():
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.partition(": ")[2])
    parser.add_argument("--full", action="store_true", help="10,000 readers, 1,000,000 messages, longer runs")
    parser.add_argument("--only", action="append", choices=FIGURES, help="one figure; can be repeated")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows to FILE")
    return parser.parse_args()


def measured(name, full):
    """The rows of a figure; each is printed as soon as it is measured."""
    for row in FIGURES[name](full):
        print(f"{row.name.strip()}: {row.measured}", file=sys.stderr, flush=True)
        yield row


if __name__ == "__main__":
    try:
        main()
    except Broken as broken:
        sys.exit(f"The run failed. {broken}")
    except KeyboardInterrupt:
        sys.exit(130)
