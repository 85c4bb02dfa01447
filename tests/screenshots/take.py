"""Takes the screenshots; pytest runs this file only when it is named, as make screenshots does."""

from chat.models import Participant
from tests.screenshots import accounts, joining, members, rooms, site

SHOTS = rooms.SHOTS | joining.SHOTS | members.SHOTS | accounts.SHOTS | site.SHOTS
HEIGHTS = {360: 740, 768: 1024}
NARROW = 700  # pixels; below it, the screen is a phone's


def pytest_generate_tests(metafunc):
    """One test for each page, width, and JavaScript on or off: `-k` selects by these names."""
    widths, javascript = map(metafunc.config.getoption, ("widths", "javascript"))
    cases = [
        (name, width, script)
        for name in SHOTS
        for width in widths
        for script in javascript
        if script == "on" or name not in rooms.ONLY_WITH_SCRIPT
    ]
    ids = [f"{name}-{width}-script-{script}" for name, width, script in cases]
    metafunc.parametrize(("name", "width", "script"), cases, ids=ids)


def test_screenshot(visitor, pytestconfig, monkeypatch, name, width, script):
    seconds = Participant._meta.get_field("refresh_seconds")
    monkeypatch.setattr(seconds, "_get_default", lambda: seconds.default)  # the product's, not the tests'
    size = {"width": width, "height": HEIGHTS.get(width, 800)}
    alice = visitor(script == "on", viewport=size, has_touch=width < NARROW, reduced_motion="reduce")
    for step in SHOTS[name]:
        step(alice)
    for scheme in pytestconfig.getoption("schemes"):
        alice.page.emulate_media(color_scheme=scheme)
        picture = f"{name}_{width}_{scheme}_{'js' if script == 'on' else 'nojs'}.png"
        alice.page.screenshot(path=pytestconfig.getoption("folder") / picture, full_page=True)
