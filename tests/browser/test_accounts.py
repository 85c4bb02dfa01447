"""An account in a browser: it is created, and its owner signs in again."""

from tests.support.browsing import EITHER_WAY
from tests.test_accounts import SECRET


@EITHER_WAY
def test_a_guest_creates_an_account_and_signs_in_again(visitor, javascript):
    old, new = visitor(javascript).join(nickname="Ann"), visitor(javascript)
    room = old.page.url
    old.page.goto(old.server + "/account/create/")
    old.page.get_by_label("Password").fill(SECRET)
    old.page.get_by_role("button", name="Create account").click()
    old.page.wait_for_url("**/account/")
    old.page.get_by_role("button", name="Sign out in this browser").click()
    old.page.wait_for_url(old.server + "/")
    new.page.goto(new.server + "/account/sign-in/")
    new.page.get_by_label("Name").fill("ann")
    new.page.get_by_label("Password").fill(SECRET)
    new.page.get_by_role("button", name="Sign in").click()
    new.page.wait_for_url(new.server + "/")
    new.page.goto(room)
    new.send("it is me")
    new.reads("it is me")
