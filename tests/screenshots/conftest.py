"""Options of the screenshots."""

from pathlib import Path


def words(text):
    return text.split(",")


def numbers(text):
    return [int(word) for word in words(text)]


def pytest_addoption(parser):
    group = parser.getgroup("screenshots")
    group.addoption("--folder", type=Path, default=Path("screenshots"))
    group.addoption("--widths", type=numbers, default=[360, 768, 1280])
    group.addoption("--schemes", type=words, default=["light", "dark"])
    group.addoption("--javascript", type=words, default=["on", "off"])
