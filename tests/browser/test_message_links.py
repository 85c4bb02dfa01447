"""A stranger opens a message's link in a browser."""

import re

from playwright.sync_api import expect

from chat.models import Participant
from tests.support.browsing import EITHER_WAY, say


@EITHER_WAY
def test_a_stranger_who_opens_a_messages_link_and_joins_sees_that_message(visitor, javascript):
    mia = Participant.objects.create().enter("Mia", room="Reading club")
    message = say(mia, *(f"message {n}" for n in range(120)))[10]
    dave = visitor(javascript)
    dave.page.goto(dave.server + message.get_absolute_url())
    dave.page.get_by_label("Your name").fill("Dave")
    dave.page.get_by_role("button", name="Join", exact=True).click()
    dave.page.wait_for_url(re.compile(rf"/messages/{message.pk}/#m{message.pk}$"))
    expect(dave.page.locator(f"#m{message.pk}")).to_be_in_viewport()
    expect(dave.page.locator(f"#m{message.pk}")).to_have_class("highlighted")
