"""Each statement of a write fails once: either the answer shows an error and keeps the text, or the row is saved."""

import secrets
import traceback
from itertools import count

import pytest
from django.db import DatabaseError, InternalError, OperationalError, connection

from chat.models import Membership, Message, Participant, Room, SignInLink, User, room_deletion
from tests.support.flows import SECRET

pytestmark = pytest.mark.django_db(transaction=True)

DONE, FAILED = (200, 303), (422, 503)
MOST_STATEMENTS = 60  # of one write; without a maximum, a test that always fails would run for ever


class Fault:
    """Fails statement number `at` of this connection, once; BEGIN, savepoints and COMMIT are statements too.

    With `only`, just the statements that start with it are counted.
    """

    def __init__(self, at, only=""):
        self.left, self.only, self.fired, self.in_session_save = at, only, False, False

    def __enter__(self):
        self.commit, connection._commit = connection._commit, self._commit
        self.wrapper = connection.execute_wrapper(self._execute)
        self.wrapper.__enter__()
        return self

    def __exit__(self, *error):
        self.wrapper.__exit__(*error)
        del connection._commit

    def _count(self):
        self.left -= 1
        if self.left == 0:
            self.fired = True
            self.in_session_save = "process_response" in [frame.name for frame in traceback.extract_stack()]
            raise OperationalError("planned by the test")

    def _execute(self, execute, sql, params, many, context):
        if sql.startswith(self.only):
            self._count()
        return execute(sql, params, many, context)

    def _commit(self):
        if not self.only:
            self._count()
        self.commit()


def faults():
    """One Fault for each statement, until an attempt runs without a fault."""
    for at in count(1):
        assert at <= MOST_STATEMENTS
        fault = Fault(at)
        yield at, fault
        if not fault.fired:
            assert at > 3, "statements were counted"
            return


def is_honest(answer, written, fault):
    """Whether the answer says what was done. Where the session can't be saved, after the view, it may ask to repeat."""
    if fault.in_session_save:
        return answer.status_code in (*DONE, 503)
    return answer.status_code in (DONE + FAILED if written else FAILED)


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}], ids=["htmx", "plain"])
def test_a_message_is_sent_or_its_text_is_kept(alice, room, headers):
    alice.raise_request_exception = False
    for at, fault in faults():
        # As for a member who was away: the request first saves when they were last seen.
        Membership.objects.update(seen_at="2020-01-01T00:00Z", read_version=0)
        text = f"words {at} of the writer"
        with fault:
            answer = alice.send(room, text, n=at, headers=headers)
        sent = Message.objects.filter(text=text).exists()
        assert is_honest(answer, sent, fault), (at, answer.status_code)
        if not sent:
            assert headers or text in answer.content.decode(), f"statement {at}: the text was not kept"
            assert alice.send(room, text, n=at, headers=headers).status_code in (200, 303)
            assert Message.objects.filter(text=text).count() == 1


def test_a_person_joins_or_sees_an_error_and_joins_with_the_same_form(person, room):
    for at, fault in faults():
        visitor = person()
        visitor.raise_request_exception = False
        form = {"room": room.name, "nickname": f"Visitor {at}", "key": secrets.token_urlsafe(16)}
        with fault:
            answer = visitor.join(**form)
        joined = Membership.objects.filter(nickname=form["nickname"])
        assert is_honest(answer, joined.exists(), fault), (at, answer.status_code)
        if answer.status_code in FAILED:
            assert form["nickname"] in answer.content.decode(), at
            assert visitor.join(**form).status_code == 303, at
        assert joined.count() == 1, at
        assert visitor.get(f"/rooms/{room.slug}/messages/").status_code == 200, "the visitor is known as a member"


@pytest.mark.parametrize("verb", ["edit", "remove"])
def test_a_message_is_changed_or_the_verb_raises(alice, room, verb):
    for at, fault in faults():
        message = alice.membership.send("as it was", f"fault:{at}")
        arguments = {"edit": ["as it is"], "remove": []}[verb]
        raised = False
        with fault:
            try:
                getattr(message, verb)(*arguments)
            except OperationalError:
                raised = True
        message.refresh_from_db()
        changed = message.text == "as it is" or message.removed_at is not None
        assert changed is not raised, f"statement {at}"


VERBS = {  # what is done to a room and a member of it, and whether it was done
    "remove": (lambda room, member: member.remove(), lambda room, member: member.status == Membership.Status.REMOVED),
    "ban": (lambda room, member: member.ban(), lambda room, member: member.status == Membership.Status.BANNED),
    "set_topic": (lambda room, member: room.set_topic("As it is"), lambda room, member: room.topic == "As it is"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_room_or_member_is_changed_or_the_verb_raises(bob, room, verb):
    act, was_done = VERBS[verb]
    bob = bob.membership.pk
    for at, fault in faults():
        Membership.objects.filter(pk=bob).update(status=Membership.Status.IN)
        Room.objects.filter(pk=room.pk).update(topic="As it was")
        raised = raises(fault, act, Room.objects.get(pk=room.pk), Membership.objects.get(pk=bob))
        done = was_done(Room.objects.get(pk=room.pk), Membership.objects.get(pk=bob))
        assert done is not raised, f"statement {at}"


def test_a_room_is_deleted_or_the_verb_raises(person, monkeypatch):
    """Once it is marked as deleted, a failure only leaves rows to the hourly cleanup."""
    monkeypatch.setattr(room_deletion, "PAUSE", 0)
    for at, fault in faults():
        room = person(f"Room {at}", "Olga").membership.room
        raised = raises(fault, room.delete_with_messages)
        assert Room.objects.filter(pk=room.pk).exists() is raised, f"statement {at}"


def raises(fault, act, *arguments):
    with fault:
        try:
            act(*arguments)
        except OperationalError:
            return True
    return False


ACCOUNT = {"name": "Alice", "password": "some long words here"}
NEW_PASSWORD = "quite other words now"


@pytest.mark.parametrize("how", ["change_password", "save"])
def test_a_password_and_the_end_of_the_other_sessions_are_saved_together(room, how):
    for at, fault in faults():
        participant = Participant().create_account(f"Person {at}", ACCOUNT["password"])
        generation, user = participant.generation, participant.user
        if how == "change_password":
            raised = raises(fault, participant.change_password, ACCOUNT["password"], NEW_PASSWORD)
        else:
            user.set_password(NEW_PASSWORD)
            raised = raises(fault, user.save)
        changed = User.objects.get(pk=user.pk).check_password(NEW_PASSWORD)
        ended = Participant.objects.get(pk=participant.pk).generation > generation
        assert (changed, ended) == (not raised, not raised), f"statement {at}"


@pytest.mark.parametrize("error", [OperationalError, InternalError, DatabaseError])
def test_a_session_that_cannot_be_saved_is_never_an_ordinary_answer(alice, room, error):
    """For a form that is sent; the page of a GET is shown all the same."""
    alice.raise_request_exception = False
    session = alice.session
    session["renewed"] = 0
    session.save()

    def fail(execute, sql, params, many, context):
        if sql.startswith('UPDATE "django_session"'):
            raise error("planned by the test")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail):
        answer = alice.post(f"/rooms/{room.slug}/composer/", {"n": 1, "page": "page-of-tests", "text": "typed"})
    assert answer.status_code >= 500


SIGN_INS = {  # what signs a browser in anew, by a person in the room
    "sign_out_elsewhere": lambda visitor, at: ("/account/sign-out/elsewhere/", {}),
    "create_account": lambda visitor, at: ("/account/create/", {"name": f"Visitor {at}", "password": SECRET}),
    "use_link": lambda visitor, at: (f"/continue/{link_of(visitor)}/", {"sign_out_others": "on"}),
}


def link_of(visitor):
    return SignInLink.objects.issue(visitor.membership.participant, hours=1)[1]


@pytest.mark.parametrize("act", SIGN_INS)
def test_a_person_is_signed_in_anew_or_can_try_again(person, room, settings, act):
    """Neither the person nor the link is lost if a statement fails: the browser's own session still holds."""
    settings.LIMITS = False
    for at, fault in faults():
        visitor = person(room.name, f"Visitor {at}")
        visitor.raise_request_exception = False
        address, form = SIGN_INS[act](visitor, at)
        with fault:
            answer = visitor.post(address, form)
        assert answer.status_code in (*DONE, 503), (at, answer.status_code)
        assert visitor.get(f"/rooms/{room.slug}/messages/").status_code == 200, f"statement {at}: the person is lost"
        if answer.status_code == 503:
            assert visitor.post(address, form).status_code == 303, at
            assert visitor.get(f"/rooms/{room.slug}/messages/").status_code == 200, at


def test_a_page_is_shown_though_the_renewed_session_cannot_be_saved(alice, room):
    session = alice.session
    session["renewed"] = 0
    session.save()
    with Fault(1, only='UPDATE "django_session"') as fault:
        answer = alice.get(f"/rooms/{room.slug}/messages/")
    assert (answer.status_code, fault.fired) == (200, True)


def test_a_person_signs_out_or_can_try_again(person, room):
    """A sign-out that failed leaves the session; one that did not revokes the rights and forgets the join key."""
    for at, fault in faults():
        visitor = person(room.name, f"Visitor {at}")
        visitor.raise_request_exception = False
        epoch, pk = Room.objects.get(pk=room.pk).epoch, visitor.membership.participant_id
        with fault:
            answer = visitor.post("/account/sign-out/")
        if answer.status_code not in DONE:
            visitor.post("/account/sign-out/")
        assert Room.objects.get(pk=room.pk).epoch > epoch, at
        assert Participant.objects.get(pk=pk).join_key is None, at


def test_passwords_are_hashed_outside_of_transactions(person, room, monkeypatch):
    """Hashing takes a tenth of a second, in which nobody else could write to SQLite."""
    visitor, hashed = person(room.name, "Zed"), []
    visitor.post("/account/create/", {"name": "Zed", "password": SECRET})
    participant = visitor.membership.participant
    for name in ("check_password", "set_password"):
        hashing = getattr(User, name)
        monkeypatch.setattr(
            User, name, lambda *a, hashing=hashing: hashed.append(connection.in_atomic_block) or hashing(*a)
        )
    participant.change_password(SECRET, f"{SECRET} and back")
    assert hashed == [False, False]
