"""Every kind of page and fragment that Parlour answers with, as HTML by name, without a browser."""

import time

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.db import OperationalError
from django.test import override_settings
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from django_otp.oath import TOTP

from chat.models import Invite, Membership, Participant, SignInLink, Site, User

SECRET = "a long walk home"
HTMX = {"HX-Request": "true"}
WRITING = "/rooms/writing-club/"


def every_page(new_person):
    """Return the HTML of each page by name, and that of the fragments for htmx."""
    stranger, alice, bob = new_person(), new_person("Reading club", "Alice"), new_person("Reading club", "Bob")
    pages = {"home of an empty site": stranger.get("/")}
    Site.objects.create(name="Club", rules="Be kind.", privacy="We keep nothing.", contact="help@example.org")
    room = alice.membership.room
    add_messages(room, alice, bob)
    for answers in (
        public_pages(stranger, alice),
        pages_of_the_room(room, alice, bob),
        pages_of_moderators(room, alice, new_person),
        pages_of_joining(new_person, alice),
        account_pages(stranger, new_person("Reading club", "Ann")),
        error_pages(room, new_person),
        admin_pages(new_person),
    ):
        pages |= answers
    fragments = {
        "poll": alice.poll(room, 0),
        "next composer": alice.get(f"{room.get_absolute_url()}composer/2/"),
        "send status": alice.get(f"{room.get_absolute_url()}composer/status/"),
        "refused message": alice.send(room, " ", n=7, headers=HTMX),
        "older messages": alice.get(f"{room.get_absolute_url()}messages/?before=30", headers=HTMX),
        "joined": new_person().post("/join/", {"room": room.name, "nickname": "Eve"}, headers=HTMX),
    }
    return texts(pages), texts(fragments)


def texts(answers):
    return {name: answer.content.decode() for name, answer in answers.items()}


def add_messages(room, alice, bob):
    """Messages of every kind, more than one page of them."""
    for number in range(60):
        alice.membership.send(f"message {number}", f"t:{number}")
    room.set_topic("Middlemarch")
    for text in ("See https://example.org/?a=1&b=2", "several\nlines", "شكرا", "<b>no</b>"):
        bob.membership.send(text, f"t:{text}")
    alice.membership.send("rude", "t:61").remove()
    alice.membership.send("mistaek", "t:62").edit("mistake")


def public_pages(stranger, alice):
    return {
        "home": stranger.get("/"),
        "home of a member": alice.get("/"),
        "refused at home": stranger.post("/join/", {"room": "Reading club", "nickname": "Bob"}),
        "rules": stranger.get("/rules/"),
        "privacy": stranger.get("/privacy/"),
        "preferences": alice.get("/preferences/"),
    }


def pages_of_the_room(room, alice, bob):
    url = room.get_absolute_url()
    Membership.objects.filter(pk=bob.membership.pk).update(read_version=1, read_message_count=0)
    return {
        "room": alice.get(url),
        "room with unread messages": bob.get(url),
        "log frame": alice.get(f"{url}live/"),
        "compose frame": alice.get(f"{url}compose/"),
        "compose frame with a refusal": alice.send(room, "", n=3, frame="1"),
        "refused message on a page": alice.send(room, "", n=4),
        "several lines": alice.post(f"{url}composer/", {"n": "5", "page": "page-of-tests", "text": "a\nb"}),
        "history": alice.get(f"{url}messages/"),
        "message": alice.get(room.messages.last().get_absolute_url()),
        "nickname": alice.get(f"{url}name/"),
        "refused nickname": bob.post(f"{url}name/", {"nickname": "Alice"}),
        "members": bob.get(f"{url}members/"),
        "search for members": bob.get(f"{url}members/?q=zz"),
        "leave": alice.get(f"{url}leave/"),
        "no permission": bob.get(f"{url}settings/"),
        "paused room": paused(bob, url),
    }


def paused(person, url):
    Participant.objects.filter(memberships=person.membership).update(paused=True)
    return person.get(url)


def pages_of_moderators(room, alice, new_person):
    url, dora, zoe = room.get_absolute_url(), new_person(room.name, "Dora"), new_person(room.name, "Zoe")
    dora_id = dora.membership.pk
    zoe.membership.ban()
    rob = new_person(room.name, "Rob")
    rob.membership.remove()
    room.memberships.filter(pk=dora_id).update(status="waiting")
    answer = {"answer": "x" * 300, "approve": "1"}
    pages = {
        "members of a moderator": alice.get(f"{url}members/"),
        "join page of a removed person": rob.get(url),
        "frame of a removed person": rob.get(f"{url}live/"),
        "remove": alice.get(f"{url}members/{dora_id}/remove/"),
        "ban": alice.get(f"{url}members/{dora_id}/ban/"),
        "after a removal": alice.get(f"{url}members/?ended={rob.membership.pk}"),
        "refused answer": alice.post(f"{url}members/{dora_id}/answer/", answer),
        "join request": dora.get(f"{url}join-request/"),
        "settings": alice.get(f"{url}settings/"),
        "refused settings": alice.post(f"{url}settings/", {"name": " "}),
        "delete room": alice.get(f"{url}delete/"),
        "invites": alice.get(f"{url}invitations/"),
        "new invite": alice.post(f"{url}invitations/", {"days": "1", "max_uses": "1"}),
    }
    room.memberships.filter(pk=dora_id).update(status="in")
    return pages | {"transfer": alice.post(f"{url}members/{dora_id}/role/", {"role": "owner"})}


def pages_of_joining(new_person, alice):
    nora, stranger = new_person("Writing club", "Nora"), new_person()
    club = nora.membership.room
    club.update_settings(topic="Short stories", rules="Be kind.\nNo spoilers.")
    _invite, key = Invite.objects.issue(nora.membership, days=1, max_uses=1)
    pages = {
        "join page": stranger.get(WRITING),
        "refused on the join page": stranger.post(f"{WRITING}join/", {"nickname": "Nora"}),
        "invite": stranger.get(f"/invitations/{key}/"),
        "frame of a stranger": alice.get(f"{WRITING}live/"),
        "bad invite": stranger.get("/invitations/nonsense/"),
    }
    club.set_accounts_only(True)
    pages["join page for accounts"] = stranger.get(WRITING)
    club.set_accounts_only(False)
    club.set_approval(True)
    return pages | {"join page with approval": stranger.get(WRITING)}


def account_pages(stranger, ann):
    person = ann.membership.participant
    _link, key = SignInLink.objects.issue(person, hours=1)
    pages = {
        "account of nobody": stranger.get("/account/"),
        "account of a guest": ann.get("/account/"),
        "signing out": ann.get("/account/sign-out/"),
        "sign-in link": ann.post("/account/links/", {"hours": "1"}),
        "use a sign-in link": stranger.get(f"/continue/{key}/"),
        "bad sign-in link": stranger.get("/continue/nonsense/"),
        "create account": ann.get("/account/create/"),
        "sign in": stranger.get("/account/sign-in/?next=/rules/"),
        "refused sign-in": stranger.post("/account/sign-in/", {"name": "Nobody", "password": "wrong"}),
        "reset": stranger.get("/account/reset/"),
        "reset was sent": stranger.post("/account/reset/", {"name": "Nobody"}),
    }
    with override_settings(SITE_URL=""):
        pages["no email"] = stranger.get("/account/reset/")
    person.create_account("Ann", SECRET, email="ann@example.org")
    uid = urlsafe_base64_encode(force_bytes(person.user.pk))
    token = default_token_generator.make_token(person.user)
    pages["new password"] = stranger.get(reverse("new_password", args=[uid, token]))
    for name, path in {
        "account": "/account/",
        "password": "/account/password/",
        "email": "/account/email/",
        "delete account": "/account/delete/",
        "set up two-factor authentication": "/account/two-factor/",
    }.items():
        pages[name] = ann.get(path)
    pages |= two_factor_pages(person.user, ann, stranger)
    return pages | {"refused password": ann.post("/account/password/", {"old_password": "wrong"})}


def two_factor_pages(user, ann, stranger):
    """The pages of an account that uses two-factor authentication."""
    code = TOTP(bytes.fromhex(ann.session["second_factor_key"]))
    code.time = time.time()
    pages = {"recovery codes": ann.post("/account/two-factor/", {"password": SECRET, "code": f"{code.token():06}"})}
    _link, key = SignInLink.objects.issue(user.participant, hours=1)
    pages["use a sign-in link with a code"] = stranger.get(f"/continue/{key}/")
    stranger.post("/account/sign-in/", {"name": "Ann", "password": SECRET})
    pages["code"] = stranger.get("/account/sign-in/code/")
    pages["refused code"] = stranger.post("/account/sign-in/code/", {"code": "1"})
    pages["two-factor authentication"] = ann.get("/account/two-factor/")
    return pages | {"remove two-factor authentication": ann.get("/account/two-factor/remove/")}


def error_pages(room, new_person):
    person = new_person(room.name, "Eric")
    person.raise_request_exception = False
    strict = new_person(enforce_csrf_checks=True)
    pages = {
        "400": person.get("/", headers={"Host": "evil.example"}),
        "403": strict.post("/join/", {"room": "Forged"}, headers={"Origin": "https://evil.example"}),
        "404": person.get("/nothing/here/"),
        "405": person.delete(room.get_absolute_url()),
        "422": strict.post("/join/", {"room": "R", "nickname": "N"}, headers={"Origin": "http://testserver"}),
    }
    for status, error in (("500", RuntimeError("a bug")), ("503", OperationalError("database is locked"))):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Membership, "send", raising(error))
            pages[status] = person.send(room, "kept", n=int(status))
    with override_settings(LIMIT_SEND_PERSON="1/3600"):
        person.send(room, "first", n=1)
        pages["429"] = person.send(room, "second", n=2)
    assert {name: str(page.status_code) for name, page in pages.items()} == {name: name for name in pages}
    return pages


def raising(error):
    def fail(*arguments, **named):
        raise error

    return fail


def admin_pages(new_person):
    User.objects.create_superuser("root", password=SECRET)
    root = new_person()
    pages = {"admin: sign in": root.get("/admin/login/")}
    root.post("/admin/login/", {"username": "root", "password": SECRET, "next": "/admin/"})
    return pages | {"admin: two-factor": root.get("/admin/two-factor/")}
