"""System messages: what happened in a room, and runs of people who joined or left, which pages fold into one line."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import models
from django.utils import timezone

from chat.models.actor import Actor
from chat.models.message import Message

if TYPE_CHECKING:
    from chat.models.actor import ActedBy
    from chat.models.membership import Membership
    from chat.models.room import Room

RUN_EVENTS = (Message.Event.JOINED, Message.Event.LEFT)
RUN_ENDS_AFTER = timedelta(hours=3)  # without anything in the room


class EventsMixin(models.Model):
    """The part of a room that appends system messages."""

    class Meta:
        abstract = True

    def append_event(
        self: Room, event: str, by: ActedBy = None, subject: Membership | None = None, **changed: Any
    ) -> Message:
        """Append a system message, inside `change()`. `changed` holds the template's values other than names.

        The names are stored as they are now. `by` is the actor, or None for Parlour itself. `subject` is the
        member that the message is about.
        """
        actor = Actor.of(by)
        names: dict[str, Any] = {"actor_name": actor.public_name}
        if subject:
            names |= {"subject_name": subject.nickname, "subject_namesake_number": subject.namesake_number}
        run = self._run_continued_by(event, subject)
        return self.append(event=event, actor=actor.membership, subject=subject, detail=names | changed | run)

    def announce_join(self: Room, member: Membership, by: ActedBy) -> None:
        """Append the system message that this member joined or created the room, inside `change()`.

        `by` is who approved the join request; otherwise it is the member.
        """
        event = Message.Event.OPENED if self.version == 1 else Message.Event.JOINED
        self.append_event(event, by, member)
        if self.is_direct_message:
            self.touch_header()

    def _run_continued_by(self: Room, event: str, subject: Membership | None) -> dict[str, Any]:
        """What the detail of a new message says of the run that it continues; empty if it continues none.

        A run is joins and leaves without anything in between. `start` is the version of its first message, `previous`
        the id of the one before this, `others` how many people other than the subject are in it, and `mixed` whether
        some joined and some left.
        """
        previous = self._end_of_run() if event in RUN_EVENTS else None
        if previous is None:
            return {}
        run = (previous.detail or {}).get("run", {"start": previous.first_version, "others": 0, "mixed": False})
        # By the subject alone, who is in one room: with the room, a database could read the whole run.
        again = Message.objects.filter(subject=subject, event__in=RUN_EVENTS, first_version__gte=run["start"]).exists()
        others, mixed = run["others"] + (not again), run["mixed"] or previous.event != event
        return {"run": run | {"previous": previous.pk, "others": others, "mixed": mixed}}

    def _end_of_run(self: Room) -> Message | None:
        """The room's last message, if someone joined or left with it, and not too long ago."""
        quiet = self.last_sent_at is None or timezone.now() - self.last_sent_at > RUN_ENDS_AFTER
        last = None if quiet or self.last_author_id else self.messages.newest().first()
        return last if last and last.event in RUN_EVENTS else None
