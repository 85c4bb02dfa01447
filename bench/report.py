"""The table of measurements with required values and goals, and a description of the machine."""

import os
import platform
import sqlite3
import sys
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

HEADINGS = ("figure", "measured", "must", "aim", "")


@dataclass(frozen=True)
class Bound:
    """A measured value, its required value (`must`) and its goal (`aim`): maximums, or minimums if `more` is set."""

    value: float
    must: float
    aim: float
    more: bool = False

    def reaches(self, bound):
        return self.value >= bound if self.more else self.value <= bound


@dataclass(frozen=True)
class Row:
    name: str
    measured: str
    must: str = ""
    aim: str = ""
    bounds: tuple = ()

    @property
    def verdict(self):
        if not self.bounds:
            return ""
        if all(bound.reaches(bound.aim) for bound in self.bounds):
            return "reaches the aim"
        return "reaches" if all(bound.reaches(bound.must) for bound in self.bounds) else "falls short"

    @property
    def cells(self):
        return self.name, self.measured, self.must, self.aim, self.verdict

    def as_json(self):
        bounds = [{"value": b.value, "must": b.must, "aim": b.aim} for b in self.bounds]
        return dict(zip(HEADINGS[:4], self.cells, strict=False)) | {"verdict": self.verdict, "bounds": bounds}


def table(rows):
    cells = [HEADINGS, *(row.cells for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEADINGS))]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])


def heading():
    """Command, versions and machine, one line each."""
    versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version, "Linux": platform.release()}
    versions |= {name: version(name) for name in ("Django", "uvicorn", "uvloop", "httptools")}
    return "\n".join(
        [
            f"Command:  python -m bench {' '.join(sys.argv[1:])}".rstrip(),
            "Versions: " + ", ".join(f"{name} {number}" for name, number in versions.items()),
            f"Machine:  {processor()}, {os.cpu_count()} cores; load before the run {os.getloadavg()[0]:.1f}",
        ]
    )


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.machine())


def ms(seconds):
    return f"{seconds * 1000:.0f}" if abs(seconds) >= 0.01 else f"{seconds * 1000:.1f}"


def us(seconds):
    return f"{seconds * 1e6:.0f} us"


def percent(part):
    return f"{part * 100:.1f} %"
