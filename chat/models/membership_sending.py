"""Sending messages: each form posts once, and messages that a page sends at the same time keep their order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from chat.exceptions import Refused
from chat.models.recent_messages import MANY, recent_messages, recent_tokens
from chat.models.typed_order import (
    AlreadySent,
    added_before_report,
    added_to,
    keep_typed_order,
    letters_in_front,
    letters_posted_before,
    may_change,
    next_of,
    overtaken_part,
    parts_of,
    put_before,
    rendered,
    rewrite,
    split,
    take_back,
    token_of_part,
)
from chat.names.normalize import VISIBLE
from chat.text import MAX_LENGTH, text_digest
from chat.typing_ahead import MAX_ADDED, FormToken, inserted_in, start_of

if TYPE_CHECKING:
    from chat.models.membership import Membership
    from chat.models.message import Message

EnterAgain = bool | Literal["next"]  # "next": in the next form


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

    def send(self: Membership, text: str, token: str, has_leftover: bool = False, more: EnterAgain = False) -> Message:
        """Post a message and return it. Raises Refused if the member may not post.

        If the token was used before with the same text, returns that message. Raises Refused if it is another text.

        `more` says that Enter was pressed again after the form was sent: only what was added is posted, as a message of
        its own. It is "next" if the focus was in the next form, still empty, which would otherwise take these letters.

        `has_leftover` says that the text begins with the letters left over from the page's message before it, or that
        the author has discarded them; otherwise they are put in front of it.
        """
        form = FormToken.read(token)
        content, digest = rendered(text, self.room), text_digest(text)
        try:
            with self.room.change():
                recent = recent_messages(self, MANY) if more else self._recent_related(form)
                if parts := parts_of(token, recent):
                    return self._send_again(parts, text, token, more, recent)
                self.check_may_post()
                if (whole := self._with_letters(text, token, has_leftover, recent)) != text:
                    content = rendered(whole, self.room)
                return append(self, content, str(form._replace(part=1)) if form and more else token, digest, recent)
        except AlreadySent as repeat:
            return repeat.message
        except (IntegrityError, Refused) as error:
            # A form from further back, or the same form sent twice at once, and the other request was first.
            sent = self.messages.model.sent_with(token, by=self)
            if sent and (isinstance(error, IntegrityError) or sent.was_sent_as(text)):
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
            recent = recent_messages(self, MANY)
            parts = parts_of(token, recent)
            if not parts:
                return None
            if not typed.strip():
                return Leftover()
            whole = next((text for text in (carried + typed, typed) if added_to(parts, text) is not None), None)
            if whole is None:
                return Leftover(inserted_in(typed, parts[0].text)[:MAX_ADDED], joins=False)
            return self._keep_for_next(parts, whole, token, recent)

    def _keep_for_next(
        self: Membership, parts: list[Message], typed: str, token: str, recent: list[Message]
    ) -> Leftover | None:
        rest, following = added_to(parts, typed) or "", next_of(token, recent)
        if not rest:
            return Leftover()
        if len(rest) > MAX_ADDED or (following and not put_before(following, rest, self)):
            return None
        # The digest is now of all that the field had, so that the same report again adds nothing.
        parts[0].digest, parts[0].leftover = text_digest(typed.lstrip("\n")), None if following else rest
        parts[0].save(update_fields=["digest", "leftover"])
        return Leftover("" if following else rest)

    def _recent_related(self: Membership, form: FormToken | None) -> list[Message]:
        """The member's newest messages, if one of them has to do with this form; usually none has."""
        tokens = recent_tokens(self)
        others = ((FormToken.read(token), leftover) for token, leftover in tokens)
        related = any(form and other and form.is_related(other, bool(leftover)) for other, leftover in others)
        return recent_messages(self, MANY) if related or form is None else []

    def _lock_room(self: Membership) -> None:
        locked = type(self.room).objects.select_for_update().filter(pk=self.room_id).first()
        if locked is None:
            raise self.room.deleted_refusal()
        self.room = locked

    def _with_letters(self: Membership, text: str, token: str, has_leftover: bool, recent: list[Message]) -> str:
        """The text with the letters left over for it in front, and without those that were posted already."""
        letters = self._leftover_for(token, recent)
        if not has_leftover:
            return joined(letters, text) if letters else text
        posted = letters_posted_before(token, text, recent)
        if posted is None or not text.removeprefix(posted.text).lstrip().startswith(letters):
            return text
        return without(posted, text)

    def _leftover_for(self: Membership, token: str, recent: list[Message]) -> str:
        """Take the letters that wait for the message with this token; they are returned once."""
        form = FormToken.read(token)
        before = next((message for message in recent if form and message.token == str(form.previous)), None)
        if before is None or not before.leftover:
            return ""
        letters, before.leftover = before.leftover, None
        before.save(update_fields=["leftover"])
        return letters

    def _send_again(
        self: Membership, parts: list[Message], text: str, token: str, more: EnterAgain, recent: list[Message]
    ) -> Message:
        """Send a form of which something is posted already, inside the room's `change()`."""
        if more == "next" and (letters := self._take_letters_back(parts[0], text, token, recent)):
            return self._append_part(letters, parts, len(parts), recent)
        first = parts[0]
        if first.token == token and (not more or first.was_sent_as(text)):
            raise AlreadySent(first.as_repeat(text))
        self.check_may_post()
        if not more:
            return self._send_first_part(first, text, token, recent)
        added, position = self._added(parts, text, token, recent)
        for later in range(len(parts) - 1, position - 1, -1):
            parts[later].token = token_of_part(parts, later + 1)
            parts[later].save(update_fields=["token"])
        return self._append_part(added, parts, position, recent)

    def _added(self: Membership, parts: list[Message], text: str, token: str, recent: list[Message]) -> tuple[str, int]:
        """What is to be posted because Enter was pressed again, and its position among the parts of the form."""
        reported = added_before_report(parts, text)
        added = added_to(parts, text) if reported is None else reported
        if added is None:
            position, own = overtaken_part(parts, text)
            return split(parts[position - 1], own, self), position
        if not VISIBLE.search(added):
            raise AlreadySent(parts[-1])
        if reported and not take_back(reported, parts[0], next_of(token, recent), self):
            raise parts[0].used_refusal()
        return added, len(parts)

    def _append_part(
        self: Membership, text: str, parts: list[Message], position: int, recent: list[Message]
    ) -> Message:
        """Post the part with this position, counted from 0, of a form of which these parts are posted already."""
        token = token_of_part(parts, position)
        return append(self, rendered(text, self.room), token, text_digest(text), recent)

    def _take_letters_back(
        self: Membership, first: Message, typed: str, token: str, recent: list[Message]
    ) -> str | None:
        """Take the letters left over from the next message, since Enter was pressed after them; None if it has none."""
        if not first.was_sent_as(typed):
            return None
        self.check_may_post()
        following = next_of(token, recent)
        letters = first.leftover or (letters_in_front(following) if following else "")
        if letters and typed.endswith(letters) and take_back(letters, first, following, self):
            return letters
        return None

    def _send_first_part(self: Membership, second: Message, text: str, token: str, recent: list[Message]) -> Message:
        """Post what a form sent first, after a later Enter in its field has arrived with the whole text."""
        if second.was_sent_as(text):
            raise AlreadySent(second)
        start = start_of(text, second.text, second.digest)
        if start is None:
            raise second.used_refusal()
        before, after = second.text[: start + len(text)], second.text[start + len(text) :].lstrip()
        if not may_change(second, self) or not VISIBLE.search(after):
            raise second.used_refusal()
        rewrite(second, after, self, digest=text_digest(after))
        before = self._with_letters(before, token, has_leftover=False, recent=recent)
        return append(self, rendered(before, self.room), token, text_digest(text), recent)


def joined(letters: str, text: str) -> str:
    """The text with the letters in front. Raises Refused if that is too long."""
    if len(letters) + len(text) > MAX_LENGTH:
        reason = _("With the text added in front, this message is too long. Shorten it, or send it in parts.")
        raise Refused(reason, code="long")
    return letters + text


def without(posted: Message, text: str) -> str:
    """The text without the letters in front that are posted already. Raises AlreadySent if nothing else is left."""
    rest = text.removeprefix(posted.text).lstrip()
    if not VISIBLE.search(rest):
        raise AlreadySent(posted)
    return rest


def append(
    member: Membership, content: dict[str, Any], token: str | None, digest: str, recent: list[Message]
) -> Message:
    """Append the member's message to the log, inside the room's `change()`, and mark the room as read."""
    message = member.room.append(
        author=member,
        nickname=member.nickname,
        namesake_number=member.namesake_number,
        role=member.role,
        hue=member.hue,
        by_account=not member.participant.is_guest,
        token=token,
        digest=digest,
        **content,
    )
    keep_typed_order(message, member, recent)
    if not member.participant.paused:
        member.mark_read()
    return message
