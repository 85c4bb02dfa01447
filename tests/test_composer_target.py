"""A composer with a target message: it carries the target, is never cached, and no target is ignored."""

import re

import pytest
from django.http import QueryDict

from chat.composer import Composer, Target
from chat.forms.messages import MessageForm
from chat.models import Message

REPLY = {"target": "reply", "target_message": "7"}
INVALID_TARGETS = [
    {"target": "reply"},
    {"target_message": "7"},
    {"target": "delete", "target_message": "7"},
    {"target": "edit", "target_message": "x"},
    {"target": "edit", "target_message": "-1"},
    {"target": "edit", "target_message": "٧"},
    {"target": "edit", "target_message": "1" * 19},
]


def hidden_fields(html):
    return dict(re.findall(r'<input type="hidden" name="(target\w*)" value="(\w+)"', html))


def composer(person, room, number=3, **query):
    return person.get(f"/rooms/{room.slug}/composer/{number}/", query)


def test_a_composer_with_a_target_has_hidden_fields_and_is_never_cached(alice, room):
    response = composer(alice, room, **REPLY)
    assert hidden_fields(response.text) == REPLY
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_composer_without_a_target_is_cached(alice, room):
    response = composer(alice, room)
    assert hidden_fields(response.text) == {}
    assert response.headers["Cache-Control"] == "private, max-age=86400"


def test_the_url_of_a_composer_names_its_target(alice, room):
    url = Composer(room.slug, 3, multiline=True, target=Target("edit", 7)).url
    response = alice.get(url)
    assert hidden_fields(response.text) == {"target": "edit", "target_message": "7"}
    assert 'name="lines" value="many"' in response.text


def test_the_composers_that_follow_have_no_target(alice, room):
    following = Composer(room.slug, opening=True, target=Target("reply", 7))
    assert [c.target for c in [following.next, *following.prefetch]] == [None] * 5
    assert "target" not in following.next.url


@pytest.mark.parametrize("target", INVALID_TARGETS)
def test_an_invalid_target_is_an_error_and_never_ignored(alice, room, target):
    assert composer(alice, room, **target).status_code == 400
    assert alice.post(f"/rooms/{room.slug}/composer/", target | {"n": 1, "text": "draft"}).status_code == 400
    response = alice.send(room, "draft", **target)
    assert response.status_code == 422
    assert 'value="draft"' in response.text
    assert not Message.objects.filter(event="").exists()


def test_a_target_that_no_verb_handles_is_refused_and_stays_with_the_text(alice, room):
    response = alice.send(room, "an answer", **REPLY)
    assert response.status_code == 422
    assert 'value="an answer"' in response.text
    assert hidden_fields(response.text) == REPLY
    assert not Message.objects.filter(event="").exists()


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {}])
def test_switching_the_mode_keeps_the_target(alice, room, headers):
    typed = REPLY | {"n": 1, "text": "draft"}
    response = alice.post(f"/rooms/{room.slug}/composer/", typed, headers=headers)
    assert hidden_fields(response.text) == REPLY
    assert response.headers["Cache-Control"] == "private, no-store"


def test_a_form_gives_a_target_that_its_verb_handles_to_the_view(monkeypatch):
    monkeypatch.setattr(MessageForm, "target_kinds", ("reply",))
    form = MessageForm(QueryDict("n=1&page=page-of-tests&text=hello&target=reply&target_message=7"))
    assert form.is_valid()
    assert form.cleaned_data["target"] == Target("reply", 7)


def test_a_form_without_a_target_has_none():
    form = MessageForm(QueryDict("n=1&page=page-of-tests&text=hello"))
    assert form.is_valid()
    assert form.cleaned_data["target"] is None
