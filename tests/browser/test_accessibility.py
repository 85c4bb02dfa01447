"""Accessibility: axe on every page, small screens, large enough targets, and keyboard use."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from chat.models import Membership, Participant, Room, SignInLink
from chat.models.direct_message import open_direct_message
from chat.realtime import delta, unread
from chat.text import MAX_LENGTH
from tests.support import more_pages
from tests.support.browsing import say

SMALL, WIDE = {"width": 320, "height": 640}, {"width": 1280, "height": 800}
LONG_WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbau" + "xyz"  # 60 characters
# Links in a line of text and the time next to each message may be as small as the text.
TARGETS = (
    "button, input:not([type=hidden], .choice *), .choice, select, textarea, summary, "
    "a:not(.body a, .message > a, p a, h1 a, .skip, label a)"
)
LEAST = 43.5  # CSS pixels; 44 but for rounding


@pytest.fixture
def busy_room(server):
    """A room with many kinds of events, and its messages."""
    bob = Participant.objects.create().enter("Bob", room="Reading club")
    carol = bob.room.join(Participant.objects.create(), LONG_WORD)
    messages = say(bob, *(f"message {n}" for n in range(60)))
    messages += say(carol, LONG_WORD, "See https://example.org/ and write to me@example.org", "شكرا", "several\nlines")
    messages += say(bob, "rude", "mistaek", "long " * 400)
    messages[-3].remove()
    messages[-2].edit("mistake")
    bob.room.set_topic(f"Middlemarch, and what became of {LONG_WORD}")
    return messages


@pytest.fixture
def short_log(monkeypatch):
    """Pages of the log with 20 lines: still of every kind, but axe has half the work."""
    for module in (delta, unread):
        monkeypatch.setattr(module, "PAGE_SIZE", 20)


@pytest.fixture
def other_room(server):
    return Participant.objects.create().enter("Mallory", room=LONG_WORD).room


# One function for each page: it opens the page in the browser of one person


def home_of_an_empty_site(alice):
    alice.page.goto(alice.server)


def refused_at_home(alice):
    alice.page.goto(alice.server)
    alice.page.get_by_label("Room", exact=True).fill("Reading club")
    alice.page.get_by_label("Your name").fill("Bob")
    alice.page.get_by_role("button", name="Join", exact=True).click()
    expect(alice.page.get_by_label("Your name")).to_have_attribute("aria-invalid", "true")


def join_page(alice):
    alice.page.goto(alice.server + Room.objects.get(key__startswith="donau").get_absolute_url())


def joined(alice):
    alice.join()
    expect(alice.field).to_be_focused()


def home_with_rooms(alice):
    alice.page.goto(alice.server)


def room(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/")


def room_with_open_menu(alice):
    room(alice)
    alice.page.get_by_role("button", name="Menu").click()
    expect(alice.page.get_by_role("link", name="Leave room…")).to_be_visible()


def room_with_its_people(alice):
    """On a wide screen, the members are next to the log."""
    room(alice)
    if (button := alice.page.get_by_role("button", name="Members")).is_visible():
        button.click()
    expect(alice.page.get_by_role("link", name="All members")).to_be_visible()


def room_with_a_refusal(alice):
    room(alice)
    alice.field.fill("   ")
    alice.field.press("Enter")
    expect(alice.page.get_by_text("Write something first")).to_be_visible()


def several_lines(alice):
    room(alice)
    alice.toggle()
    expect(alice.page.locator("textarea")).to_be_focused()


def log_frame(alice):
    # Otherwise it could reload itself while the next page is opened, which would stop that.
    Participant.objects.filter(memberships__nickname="Alice").update(refresh_seconds=0)
    alice.page.goto(f"{alice.server}/rooms/reading-club/live/")


def compose_frame(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/compose/")


def history(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/messages/")


def permalink(alice):
    history(alice)
    alice.page.locator("article > a").first.click()
    expect(alice.page.locator("[aria-current=true]")).to_be_visible()


def people(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/members/")


def people_to_a_moderator(alice):
    Membership.objects.get(nickname="Alice").set_role("owner")
    people(alice)
    alice.page.get_by_text("Manage Bob").click()


def settings(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/settings/")


def refused_settings(alice):
    settings(alice)
    alice.page.get_by_label("Name", exact=True).fill(" ")
    alice.page.get_by_role("button", name="Save").click()
    expect(alice.page.get_by_label("Name", exact=True)).to_have_attribute("aria-invalid", "true")


def new_invitation(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/invitations/")
    alice.page.get_by_role("button", name="Create link").click()
    expect(alice.page.get_by_role("heading", name="New invite link")).to_be_visible()


def people_who_wait(alice):
    room = Room.objects.get(slug="reading-club")
    room.set_approval(True)
    Participant.objects.create().enter("Dora", target_room=room)
    room.memberships.get(nickname="Bob").ban()
    people(alice)
    expect(alice.page.get_by_role("button", name="Approve Dora")).to_be_visible()


def waiting_before_a_room(alice):
    room = Room.objects.get(slug="reading-club")
    mine = room.memberships.get(nickname="Alice")
    room.memberships.filter(pk=mine.pk).update(status="waiting")
    alice.page.goto(f"{alice.server}/rooms/reading-club/join-request/")
    expect(alice.page.get_by_text("You’re first in line.")).to_be_visible()
    room.memberships.filter(pk=mine.pk).update(status="in")


def asked_into_a_room_of_two(alice):
    room = Room.objects.get(slug="reading-club")
    mine, bobs = (room.memberships.get(nickname=name) for name in ("Alice", "Bob"))
    asked = open_direct_message(bobs, mine).room
    alice.page.goto(f"{alice.server}/rooms/{asked.slug}/chat-request/")
    expect(alice.page.get_by_role("button", name="Accept")).to_be_visible()


def you(alice):
    alice.page.goto(f"{alice.server}/account/")
    alice.page.get_by_role("button", name="Create link").click()
    expect(alice.page.get_by_role("heading", name="Open this link in the other browser")).to_be_visible()


def going_on_by_a_link(alice):
    _link, key = SignInLink.objects.issue(Participant.objects.create(), hours=1)
    alice.page.goto(f"{alice.server}/continue/{key}/")


def keeping_a_name(alice):
    alice.page.goto(f"{alice.server}/account/create/")
    alice.page.get_by_role("button", name="Create account").click()
    expect(alice.page.get_by_label("Password")).to_be_visible()


def signing_in(alice):
    alice.page.goto(f"{alice.server}/account/sign-in/")
    alice.page.get_by_label("Name").fill("Nobody")
    alice.page.get_by_label("Password").fill("wrong")
    alice.page.get_by_role("button", name="Sign in").click()
    expect(alice.page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")


def forgetting_a_password(alice):
    alice.page.goto(f"{alice.server}/account/reset/")


def unread_in_the_room(alice):
    """More messages than fit on the screen were posted while no page of Alice showed the room."""
    alice.page.goto(f"{alice.server}/account/sign-in/")
    others = Room.objects.get(slug="reading-club").memberships.inside().exclude(nickname="Alice")
    say(others.filter(muted=False).first(), *map(str, range(25)))
    room(alice)
    expect(alice.page.locator(".unread a").first).to_be_visible()


def deleting(alice):
    alice.page.goto(f"{alice.server}/rooms/reading-club/delete/")


def preferences(alice):
    alice.page.goto(f"{alice.server}/preferences/")


def nothing_there(alice):
    alice.page.goto(f"{alice.server}/nothing/here/")
    expect(alice.page).to_have_title(re.compile("Page not found"))


def form_from_elsewhere(alice):
    alice.page.goto(f"data:text/html,<form method=post action={alice.server}/join/><button>Win</button></form>")
    with alice.page.expect_response(f"{alice.server}/join/") as answer:
        alice.page.get_by_role("button").click()
    assert answer.value.status == 403
    expect(alice.page.get_by_role("link", name="All rooms")).to_be_visible()


def locked_room(alice):
    Room.objects.get(slug="reading-club").lock()
    room(alice)


def room_of_somebody_muted(alice):
    mine = Room.objects.get(slug="reading-club").memberships.get(nickname="Alice")
    Membership.objects.filter(pk=mine.pk).update(muted=True)
    room(alice)
    expect(alice.page.get_by_text("You’re muted")).to_be_visible()
    Membership.objects.filter(pk=mine.pk).update(muted=False)


def door_of_a_full_room(alice):
    full = Room.objects.get(key__startswith="donau")
    full.set_member_limit(1)
    join_page(alice)
    expect(alice.page.get_by_text("This room is full")).to_be_visible()


def door_for_accounts(alice):
    Room.objects.get(key__startswith="donau").set_accounts_only(True)
    join_page(alice)
    expect(alice.page.get_by_role("link", name="Create account")).to_be_visible()


def home_after_declining(alice):
    alice.page.goto(f"{alice.server}/?declined")
    expect(alice.page.get_by_text("Declined.")).to_be_visible()


def not_yours_to_open(alice):
    Membership.objects.filter(nickname="Alice").update(role="member")
    settings(alice)
    expect(alice.page.get_by_role("link", name="Back to Reading club")).to_be_visible()


PAGES = [
    *(refused_at_home, join_page, joined, home_with_rooms, room, room_with_open_menu, room_with_its_people),
    *(room_with_a_refusal, several_lines),
    *(log_frame, compose_frame, history, permalink, people, people_to_a_moderator, settings, refused_settings),
    *(
        new_invitation,
        deleting,
        asked_into_a_room_of_two,
        you,
        going_on_by_a_link,
        keeping_a_name,
        signing_in,
        forgetting_a_password,
        unread_in_the_room,
        people_who_wait,
        waiting_before_a_room,
        preferences,
        nothing_there,
        form_from_elsewhere,
        room_of_somebody_muted,
        locked_room,
    ),
    *(door_of_a_full_room, door_for_accounts, home_after_declining, not_yours_to_open),
]


WALKS = {"rooms": PAGES, "doors": more_pages.DOORS, "seldom": more_pages.SELDOM}


def assert_none(found):
    """Fail with all problems found on any page."""
    lines = "\n".join(f"{page}: {line}" for page, found_there in found.items() for line in found_there)
    assert not lines, lines


AXE = Axe()
# What axe looks at is the same HTML in every colour scheme: these are its only rules about colours.
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}


def complaints(page):
    """The problems that axe reports on this page, in light and in dark colours."""
    page.evaluate(AXE.axe_script)
    in_colours(page, "dark")
    dark = axe(page, runOnly=COLOUR_RULES)
    in_colours(page, "light")
    light = axe(page)
    return [f"dark: {line}" for line in dark] + [f"light: {line}" for line in light]


# Axe would report a colour on its way from one scheme to the other.
TRANSITIONS_END = """() => Promise.allSettled(document.getAnimations()
    .map(animation => animation instanceof CSSTransition && animation.finished))"""


def in_colours(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.evaluate(TRANSITIONS_END)


def axe(page, **options):
    # `preload` would load all style sheets once more, for rules that are not enabled.
    options |= {"resultTypes": ["violations"], "preload": False}
    found = page.evaluate("options => axe.run(options).then(results => results.violations)", options)
    return [f"{v['id']}: {node['html'][:150]} {node['failureSummary']}" for v in found for node in v["nodes"]]


def too_wide(page):
    return page.evaluate(WIDER_THAN_THE_SCREEN)


def too_small_for_a_finger(page):
    return page.locator(TARGETS).evaluate_all(SMALLER_THAN, LEAST)


EVERY_WALK = pytest.mark.parametrize("walk", WALKS)


@EVERY_WALK
def test_every_page_is_accessible_on_a_wide_screen(visitor, short_log, busy_room, other_room, walk):
    alice = visitor(viewport=WIDE, reduced_motion="reduce")
    found = {}
    for show in WALKS[walk]:
        show(alice)
        found[show.__name__] = complaints(alice.page)
    assert_none(found)


@EVERY_WALK
def test_every_page_is_accessible_and_fits_on_a_small_screen(visitor, short_log, busy_room, other_room, walk):
    alice = visitor(viewport=SMALL, has_touch=True, reduced_motion="reduce")
    found = {}
    for show in WALKS[walk]:
        show(alice)
        found[show.__name__] = too_wide(alice.page) + too_small_for_a_finger(alice.page)
        found[show.__name__] += complaints(alice.page)
    assert_none(found)


def test_axe_finds_no_problem_with_a_refused_message_above_the_next_field(visitor):
    alice = visitor(viewport=SMALL, reduced_motion="reduce").enter()
    alice.send("a" * (MAX_LENGTH + 1))
    expect(alice.page.get_by_role("button", name="try again")).to_be_visible()
    assert complaints(alice.page) == []


def test_axe_finds_no_problem_on_the_home_page_of_an_empty_site(visitor):
    alice = visitor(viewport=SMALL, reduced_motion="reduce")
    home_of_an_empty_site(alice)
    assert complaints(alice.page) == []


# Small screens and fingers


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no-script"])
def test_a_draft_of_one_long_word_does_not_widen_the_page(visitor, busy_room, javascript):
    alice = visitor(javascript, viewport=SMALL).enter()
    alice.toggle()
    expect(alice.writing.locator("textarea")).to_be_visible()
    alice.field.fill("x" * 4100)
    assert alice.writing.locator("html").evaluate(WIDER_THAN_THE_SCREEN) == []
    alice.writing.get_by_role("button", name="Send", exact=True).last.click()
    expect(alice.writing.get_by_text("100 characters too long")).to_be_visible()
    assert alice.writing.locator("html").evaluate(WIDER_THAN_THE_SCREEN) == []


WIDER_THAN_THE_SCREEN = """() => [document.documentElement, ...document.querySelectorAll('.log, .foot, .room')]
    .filter(box => box && box.scrollWidth > box.clientWidth)
    .map(box => `${box.tagName} ${box.scrollWidth} > ${box.clientWidth}`)"""


SMALLER_THAN = """(targets, least) => targets
    .filter(target => target.checkVisibility({visibilityProperty: true, contentVisibilityAuto: true}))
    .map(target => [target, target.getBoundingClientRect()])
    .filter(([_, box]) => box.height < least || box.width < least)
    .map(([target, box]) => `${box.width} x ${box.height}: ${target.outerHTML.slice(0, 120)}`)"""


# Keyboard only


def focused(visitor):
    return visitor.page.locator(":focus")


def tab_to(visitor, target, key="Tab"):
    """Press Tab until this element has the focus; after the last element of a page comes the first."""
    for _ in range(12):
        visitor.page.keyboard.press(key)
        if target.evaluate("target => target == document.activeElement"):
            return
    raise AssertionError(f"{key} does not lead to {target}")


def test_joining_works_with_the_keyboard_only(visitor, busy_room):
    alice = visitor()
    alice.page.goto(alice.server)
    expect(alice.page.get_by_label("Room", exact=True)).to_be_focused()
    alice.page.keyboard.type("Reading club")
    alice.page.keyboard.press("Tab")
    alice.page.keyboard.type("Alice")
    tab_to(alice, alice.page.get_by_role("button", name="Join", exact=True))
    alice.page.keyboard.press("Enter")
    expect(alice.field).to_be_focused()
    alice.page.keyboard.type("No mouse here")
    alice.page.keyboard.press("Enter")
    alice.reads("No mouse here")


def test_the_menu_opens_and_closes_by_keyboard(visitor, busy_room):
    alice = visitor()
    joined(alice)
    room(alice)
    menu, leave = alice.page.get_by_role("button", name="Menu"), alice.page.get_by_role("link", name="Leave room…")
    tab_to(alice, menu)
    alice.page.keyboard.press("Enter")
    expect(leave).to_be_visible()
    tab_to(alice, leave)
    alice.page.keyboard.press("Escape")
    expect(leave).to_be_hidden()
    expect(menu).to_be_focused()
    # A skip link leads past fifty messages, each with a link, to the composer.
    tab_to(alice, alice.page.get_by_role("link", name="Skip to the latest message"), "Shift+Tab")
    alice.page.keyboard.press("Enter")
    tab_to(alice, alice.field)


def test_the_log_scrolls_by_keyboard(visitor, busy_room):
    alice = visitor()
    joined(alice)
    log = alice.page.get_by_role("region", name="Messages")
    oldest, newest = (log.locator(f"#{line}") for line in first_and_last_line(alice))
    expect(newest).to_be_in_viewport()
    tab_to(alice, log)
    alice.page.keyboard.press("Home")
    expect(oldest).to_be_in_viewport()
    wait_until_at_rest(log)
    alice.page.keyboard.press("End")
    expect(newest).to_be_in_viewport()


def wait_until_at_rest(log):
    """Wait until scrolling has stopped; it continues for a moment, and loads older messages."""
    before, now = None, log.evaluate("log => log.scrollTop")
    while now != before:
        log.page.wait_for_timeout(400)
        before, now = now, log.evaluate("log => log.scrollTop")


def first_and_last_line(visitor):
    ids = visitor.log.locator("#messages .lines > li[id]").evaluate_all("lines => lines.map(line => line.id)")
    return ids[0], ids[-1]


def test_a_skip_link_leads_past_the_parts_of_every_page(visitor, busy_room):
    alice = visitor().enter()
    alice.page.goto(f"{alice.server}/rooms/reading-club/messages/")
    alice.page.keyboard.press("Tab")
    expect(focused(alice)).to_have_text("Skip to content")
    expect(focused(alice)).to_be_in_viewport()
    alice.page.keyboard.press("Enter")
    expect(alice.page.locator("main")).to_be_focused()
