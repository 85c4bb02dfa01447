"""Sending messages: each form posts once, and messages that a page sends at the same time keep their order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import IntegrityError, models, transaction

from chat import markup
from chat.exceptions import Refused
from chat.names.normalize import VISIBLE
from chat.text import MAX_LENGTH, text_digest
from chat.typing_ahead import FormToken, inserted_in, own_part, rest_of, start_of

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.message import Message
    from chat.models.room import Room

# What moves when messages get the order in which they were typed.
CONTENT = ("text", "html", "renderer", "token", "digest", "leftover")
# For so long, a message that arrives late still takes the place in which it was typed. Later, no one can change what
# others have read.
REORDER_WINDOW = timedelta(seconds=10)


class AlreadySent(Exception):
    """The form was sent before. Rolls back the transaction, so that the room gets no new version."""

    def __init__(self, message: Message) -> None:
        super().__init__()
        self.message = message


@dataclass(frozen=True)
class Leftover:
    """Letters typed into a form after it was sent, which belong to the page's next message; empty if there are none.

    `joins` is False if they were typed in the middle of the sent text, so they may belong elsewhere.
    """

    text: str = ""
    joins: bool = True


class SendingMixin(models.Model):
    """The part of a membership that posts messages.

    A page sends its messages as soon as they are typed, without waiting for the answer to the one before. So a later
    one can arrive first; the form's token then tells in which order they were typed.
    """

    class Meta:
        abstract = True

    def send(self: Membership, text: str, token: str, has_leftover: bool = False) -> Message:
        """Post a message and return it. Raises Refused if the member may not post.

        `has_leftover` says that the text begins with the letters left over from the page's message before it, or that
        the author has discarded them; otherwise they are put in front of it.

        If the token was used before with the same text, returns that message. If the text goes on from there, Enter was
        pressed again before the page had moved on: only what was added is posted, as a message of its own. Raises
        Refused if it is another text.
        """
        content = rendered(text, self.room)
        try:
            with self.room.change():
                recent = self.recent_messages()
                if sent := next((message for message in recent if message.token == token), None):
                    return self._send_again(sent, text, recent)
                self.check_may_post()
                letters = self._leftover_for(token, recent)
                digest = text_digest(text)
                if letters and not has_leftover:
                    content = rendered(letters + text, self.room)
                return append(self, content, token, digest, recent)
        except AlreadySent as repeat:
            return repeat.message
        except (IntegrityError, Refused):
            # A form from further back, or the same form sent twice at once, and the other request was first.
            if sent := self.messages.model.sent_with(token, by=self):
                return sent.as_repeat(text)
            raise

    def take_leftover(self: Membership, typed: str, token: str, carried: str = "") -> Leftover | None:
        """Take what was typed into a form after it was sent. `typed` is the whole text of its field.

        `carried` is what the page shows in front of that, as the rest of the form before.

        If the page's next message has just been posted, the letters are put in front of it, and the Leftover is empty.
        If it is not posted yet, it will take them, unless the page, which shows them, sends them along. Returns None if
        nothing was posted with this token, or if the next message can't take them any more: the page then keeps the
        form. Raises Refused if the member may not post.
        """
        with transaction.atomic():
            self._lock_room()
            self.check_may_post()
            recent = self.recent_messages()
            parts = parts_of(token, recent)
            if not parts:
                return None
            rest = added_to(parts, carried + typed)
            if rest is None:  # The page got the carried letters only after it had sent the form.
                rest = added_to(parts, typed)
            if rest is None:
                return Leftover(inserted_in(typed, parts[0].text), joins=False)
            if not rest:
                return Leftover()
            if following := next_of(token, recent):
                return Leftover() if put_before(following, rest, self.room) else None
            parts[0].leftover = rest
            parts[0].save(update_fields=["leftover"])
            return Leftover(rest)

    def recent_messages(self: Membership) -> list[Message]:
        """The member's newest messages; a page has never more than a few on the way at once."""
        return self.messages.model.recent_of(self)

    def _lock_room(self: Membership) -> None:
        if not type(self.room).objects.select_for_update().filter(pk=self.room_id).first():
            raise self.room.deleted_refusal()

    def _leftover_for(self: Membership, token: str, recent: list[Message]) -> str:
        """Take the letters that wait for the message with this token; they are returned once."""
        form = FormToken.read(token)
        before = next((message for message in recent if form and message.token == str(form.previous)), None)
        if before is None or not before.leftover:
            return ""
        letters, before.leftover = before.leftover, None
        before.save(update_fields=["leftover"])
        return letters

    def _send_again(self: Membership, sent: Message, text: str, recent: list[Message]) -> Message:
        """Post what was added to the text of a form that was sent before, inside the room's `change()`."""
        if sent.digest == text_digest(text):
            raise AlreadySent(sent)
        parts = parts_of(str(sent.token), recent)
        added, position = added_to(parts, text), len(parts)
        if added is not None and not VISIBLE.search(added):
            raise AlreadySent(parts[-1])
        self.check_may_post()
        if added is None:
            position, own = overtaken_part(parts, text)
            added = split(parts[position - 1], own, self.room)
        form = FormToken.read(sent.token)
        for part in reversed(parts[position:]):
            part.token = str(form and form._replace(part=parts.index(part) + 1))
            part.save(update_fields=["token"])
        token = str(form._replace(part=position)) if form else None
        return append(self, rendered(added, self.room), token, text_digest(added), recent)


def rendered(text: str, room: Room) -> dict[str, Any]:
    """A message's text, and the HTML made of it, as fields."""
    return {"text": text, "html": markup.render(text, room), "renderer": markup.RENDERER}


def append(
    member: Membership, content: dict[str, Any], token: str | None, digest: str, recent: list[Message]
) -> Message:
    """Append the member's message to the log, inside the room's `change()`, and mark the room as read."""
    message = member.room.append(
        author=member,
        nickname=member.nickname,
        namesake_number=member.namesake_number,
        role=member.role,
        by_account=not member.participant.is_guest,
        token=token,
        digest=digest,
        **content,
    )
    keep_typed_order(message, recent)
    if not member.participant.paused:
        member.mark_read()
    return message


def overtaken_part(parts: list[Message], typed: str) -> tuple[int, str]:
    """How many of a form's messages have text that was typed up to here, and what the last of them has of it.

    That one goes on, because a later Enter in the same field arrived first. Raises Refused if there is none.
    """
    for count in range(1, len(parts) + 1):
        before = added_to(parts[: count - 1], typed) if count > 1 else typed
        if before and end_of(before, parts[count - 1]):
            return count, before
    raise parts[0].used_refusal()


def end_of(typed: str, part: Message) -> int:
    """Where in the message's text this ends, which was typed as its beginning; 0 if it was not, or too long ago."""
    start = start_of(typed, part.text, part.digest)
    return 0 if start is None or part.is_altered or not part.is_newer_than(REORDER_WINDOW) else start + len(typed)


def split(part: Message, own: str, room: Room) -> str:
    """End the message's text after its beginning `own`. Returns what follows."""
    end = end_of(own, part)
    follows, ended = part.text[end:].lstrip(), part.text[:end].rstrip()
    if not VISIBLE.search(follows):
        raise AlreadySent(part)
    part.room = room
    part.touch(**rendered(ended, room), digest=text_digest(own))
    return follows


def put_before(message: Message, letters: str, room: Room) -> bool:
    """Put letters in front of a message. Returns False if it is too old for that, was changed, or would be too long."""
    is_too_long = len(letters) + len(message.text) > MAX_LENGTH
    if is_too_long or message.is_altered or not message.is_newer_than(REORDER_WINDOW):
        return False
    message.room = room
    message.touch(**rendered(letters + message.text, room))
    return True


def next_of(token: str, recent: list[Message]) -> Message | None:
    """The message that the same page sent after the form with this token."""
    form = FormToken.read(token)
    return next((message for message in recent if form and message.token == str(form.next)), None)


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
    return None if own is None else rest_of(typed, [own, *(part.text for part in others)])


def keep_typed_order(message: Message, recent: list[Message]) -> None:
    """If messages of the same page that were typed later overtook this one, give the texts their order.

    The messages keep their places; only their texts move.
    """
    form = FormToken.read(message.token)
    later = [other for other in recent if form and form.precedes(FormToken.read(other.token))]
    lines = [other for other in later if other.is_newer_than(REORDER_WINDOW) and not other.is_altered]
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
