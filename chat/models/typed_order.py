"""Puts a page's newest messages in the order in which they were typed, if their requests arrived in another."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from chat import markup
from chat.names.normalize import VISIBLE
from chat.text import MAX_LENGTH, text_digest
from chat.typing_ahead import FormToken, own_part, rest_of, start_of, start_with_digest

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.message import Message
    from chat.models.room import Room

# The fields that are exchanged when messages are put in the order in which they were typed.
CONTENT = ("text", "html", "renderer", "token", "digest", "leftover")
# How long a message's text can still change because another one arrived late. After that, others have read it.
REORDER_WINDOW = timedelta(seconds=10)


class AlreadySent(Exception):
    """The form was sent before. Rolls back the transaction, so that the room gets no new version."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


def rendered(text: str, room: Room) -> dict[str, Any]:
    """A message's text, and the HTML made of it, as fields."""
    return {"text": text, "html": markup.render(text, room), "renderer": markup.RENDERER}


def rewrite(message: Message, text: str, author: Membership, **fields: Any) -> None:
    """Give the author's message another text, and these other fields."""
    message.room = author.room
    message.touch(**rendered(text, author.room), **fields)


def may_change(message: Message, author: Membership) -> bool:
    """Whether the author's message may still get another text, because it was typed in another order than it arrived.

    Only for some seconds, while no one else has written after it, and under the same name and role.
    """
    same = all(getattr(message, name) == getattr(author, name) for name in ("nickname", "namesake_number", "role"))
    same = same and message.by_account != author.participant.is_guest
    if message.is_altered or not message.is_newer_than(REORDER_WINDOW) or not same:
        return False
    later = author.room.messages.with_text().after(message.first_version)
    return not later.exclude(membership=author).exists()


def overtaken_part(parts: list[Message], typed: str) -> tuple[int, str]:
    """Find the message that has the end of `typed` and goes on, as a later Enter in the same field arrived first.

    Returns its position in `parts`, counted from 1, and the part of `typed` that is in it. Raises Refused if there is
    none.
    """
    for count in range(1, len(parts) + 1):
        before = added_in_any_order(parts[: count - 1], typed) if count > 1 else typed
        if before and end_of(before, parts[count - 1]):
            return count, before
    raise parts[0].used_refusal()


def split(part: Message, own: str, author: Membership) -> str:
    """Cut the message's text after `own`, and return what was cut off."""
    end = end_of(own, part)
    follows, ended = part.text[end:].lstrip(), part.text[:end].rstrip()
    if not VISIBLE.search(follows):
        raise AlreadySent(part)
    if not may_change(part, author):
        raise part.used_refusal()
    rewrite(part, ended, author, digest=text_digest(own))
    return follows


def end_of(typed: str, part: Message) -> int:
    """The position after `typed` in the message's text; 0 if the text that was sent doesn't begin with it."""
    start = start_of(typed, part.text, part.digest)
    return 0 if start is None else start + len(typed)


def put_before(message: Message, letters: str, author: Membership) -> bool:
    """Put letters in front of the author's message. Returns False if it may not change, or would be too long."""
    if len(letters) + len(message.text) > MAX_LENGTH or not may_change(message, author):
        return False
    rewrite(message, letters + message.text, author)
    return True


def letters_in_front(message: Message) -> str:
    """The letters that were put in front of the message after it was sent."""
    return message.text[: start_of("", message.text, message.digest) or 0]


def next_of(token: str, recent: list[Message]) -> Message | None:
    """The message that the same page sent first after the form with this token.

    Until the request of its form's first Enter has arrived, it is that of a later Enter, which has the whole text.
    """
    form = FormToken.read(token)
    return next(iter(parts_of(str(form.next), recent)), None) if form else None


def parts_of(token: str, recent: list[Message]) -> list[Message]:
    """The messages that one form sent, in the order in which they were typed."""
    form = FormToken.read(token)
    tokens = [(FormToken.read(message.token), message) for message in recent]
    same = [(part.part, message) for part, message in tokens if part and form and form.is_same_form(part)]
    return [message for _, message in sorted(same, key=lambda pair: pair[0])]


def added_to(parts: list[Message], typed: str) -> str | None:
    """What was typed after the texts that a form has sent; None if `typed` does not begin with them."""
    first, *others = parts
    own = own_part(typed, first.text, first.digest)
    if own == typed.lstrip("\n"):
        return ""  # Letters typed after all parts were taken as the first one's leftover.
    return None if own is None else rest_of(typed, [own, *(part.text for part in others)])


def added_in_any_order(parts: list[Message], typed: str) -> str | None:
    """Like `added_to`, also if the report of further letters in the same field arrived before this."""
    reported = added_before_report(parts, typed)
    return added_to(parts, typed) if reported is None else reported


def added_before_report(parts: list[Message], typed: str) -> str | None:
    """What was typed after the texts that a form has sent, if the report of its further letters arrived before this.

    The first digest is then of all that was reported. None if it is of the text as it was sent.
    """
    (first, *others), typed = parts, typed.lstrip("\n")
    if start_with_digest(typed, first.digest) is not None or start_of("", first.text, first.digest) is not None:
        return None
    starts = (typed[:length] for length in range(len(typed), 0, -1))
    own_texts = (start for start in starts if first.text.endswith(start))
    rests = (rest_of(typed, [own, *(part.text for part in others)]) for own in own_texts)
    return next((rest for rest in rests if rest is not None), None)


def take_back(letters: str, first: Message, following: Message | None, author: Membership) -> bool:
    """Cut letters off the first part's leftover, or off the following message, which has got them in front.

    Returns False if they are in neither, or if that message may not change.
    """
    if first.leftover and first.leftover.startswith(letters):
        first.leftover = first.leftover.removeprefix(letters).lstrip() or None
        first.save(update_fields=["leftover"])
        return True
    if not following or not following.text.startswith(letters) or not may_change(following, author):
        return False
    rest = following.text.removeprefix(letters).lstrip()
    if not VISIBLE.search(rest):
        return False
    rewrite(following, rest, author)
    return True


def token_of_part(parts: list[Message], position: int) -> str | None:
    """The token for the part at this position, counted from 0, of a form that sent these parts already."""
    first = FormToken.read(parts[0].token)
    return str(first._replace(part=first.part + position)) if first else None


def letters_posted_before(token: str, text: str, recent: list[Message]) -> Message | None:
    """The message with the letters that the text begins with, if Enter has just posted them as a message.

    The page sends them again if it did not know that yet.
    """
    form = FormToken.read(token)
    for message in recent:
        before = FormToken.read(message.token)
        if form and before and before.part and before.is_same_form(form.previous) and text.startswith(message.text):
            return message if message.is_newer_than(REORDER_WINDOW) else None
    return None


def keep_typed_order(message: Message, author: Membership, recent: list[Message]) -> None:
    """If messages of the same page that were typed later overtook this one, give the texts their order.

    The messages keep their places; only their texts move.
    """
    form = FormToken.read(message.token)
    later = [other for other in recent if form and form.precedes(FormToken.read(other.token))]
    lines = [other for other in later if may_change(other, author)]
    if not lines:
        return
    lines = sorted([*lines, message], key=lambda line: line.first_version)
    typed = sorted(lines, key=lambda line: FormToken.read(line.token) or ())
    contents = [{name: getattr(line, name) for name in CONTENT} for line in typed]
    # First without tokens, because each token is unique.
    type(message).objects.filter(pk__in=[line.pk for line in lines]).update(token=None)
    for line, content in zip(lines, contents, strict=True):
        line.room = message.room
        line.touch(**content)
