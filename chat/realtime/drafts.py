"""Drafts: what members have typed and not sent, kept in the cache and written to the database every 10 seconds."""

from __future__ import annotations

import atexit
import logging
import re
import time
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime
from functools import cache as once
from typing import Any, NamedTuple

from django.core.cache import cache
from django.db import DatabaseError, InterfaceError, transaction

from chat.composer import LAST_NUMBER, submitted_tokens, typed_text
from chat.models import Draft, Installation, Membership, Message, Participant
from chat.prepared_query import Parameter, PreparedQuery
from chat.realtime.unwritten import Form, Stay, Unwritten
from chat.text import draft_text
from chat.typing_ahead import FormToken

logger = logging.getLogger("chat")

WRITE_INTERVAL = 10  # seconds between two writes to the database
CACHE_SECONDS = 60  # also how long a process without Redis may miss what another one wrote
BATCH = 1000  # drafts in one transaction
TOKEN = re.compile(r"([A-Za-z0-9_-]{8,40}):([0-9]{1,18})", re.ASCII)


class Entry(NamedTuple):
    """What the cache knows about a member's draft. Without text there is none.

    A form of the same page with a lower number was sent already, or was left behind: what comes from it is ignored.
    """

    page: str = ""
    number: int = 0
    text: str = ""
    multiline: bool = False
    updated_at: float = 0  # seconds since 1970

    @property
    def token(self) -> str:
        return f"{self.page}:{self.number}"

    def is_of(self, page: str, number: int) -> bool:
        """Whether it is of the page's composer with this number, or of an earlier one.

        A form with a used token got a random number above LAST_NUMBER, which says nothing about the order.
        """
        return self.page == page and (self.number == number or self.number < number <= LAST_NUMBER)

    def is_later(self, page: str, number: int) -> bool:
        """Whether it is of a later composer of the same page."""
        return self.page == page and number < self.number <= LAST_NUMBER

    def replaces(self, other: Entry) -> bool:
        """Whether it is as new as the other: of a later form of the same page, or else not older."""
        if self.page == other.page and self.number != other.number and max(self.number, other.number) <= LAST_NUMBER:
            return self.number > other.number
        return self.updated_at >= other.updated_at


unwritten: Unwritten[Entry] = Unwritten()
draft_of_member = PreparedQuery(lambda: Draft.objects.filter(membership=Parameter("membership")))


# Keeping


def submitted(data: Mapping[str, str]) -> Entry | None:
    """The draft in this submitted form; None if the form is incomplete, or isn't for a new message."""
    found = TOKEN.fullmatch(f"{data.get('page', '')}:{data.get('n', '')}")
    if not found or "text" not in data or "target" in data:
        return None
    return Entry(found[1], int(found[2]), draft_text(typed_text(data)), data.get("lines") == "many", time.time())


def keep(membership: Membership, draft: Entry) -> None:
    """Keep this draft in place of the member's earlier one, unless it is of a form that was sent or left behind."""
    stay = _stay_of(membership)
    known = _known(stay)
    if known and known.is_later(draft.page, draft.number):
        return
    if known is None or known[:-1] != draft[:-1]:
        _put(stay, draft)


def keep_refused(membership: Membership, form: Mapping[str, str], token: FormToken) -> None:
    """Keep the text of this refused form as a draft with this token, unless its page's next form has text already."""
    draft, known = submitted(form), _known_or_stored(membership)
    is_older = known.text and any(known.is_later(*sent) for sent in _forms(submitted_tokens(form)))
    if draft and not is_older:
        _put(_stay_of(membership), draft._replace(page=token.page, number=token.number))


def keep_leftover(membership: Membership, form: Mapping[str, str], letters: str) -> None:
    """Keep letters left over from this submitted form as the draft of its page's next form."""
    draft = submitted(form)
    if draft and draft.number < LAST_NUMBER:
        keep(membership, draft._replace(number=draft.number + 1, text=draft_text(letters)))


def forget_leftover(membership: Membership, form: Mapping[str, str], letters: str) -> None:
    """Take these letters out of the next form's draft: they were posted as a message of their own."""
    draft, known = submitted(form), _known(_stay_of(membership))
    if draft and known and (known.page, known.number) == (draft.page, draft.number + 1):
        keep(membership, known._replace(text=known.text.removeprefix(draft_text(letters))))


def record_sent(membership: Membership, tokens: Iterable[str]) -> None:
    """Forget the draft if it was typed in a form with one of these tokens; the first is that of the sent form.

    A draft that was typed elsewhere stays: in the next composer meanwhile, or in another window.
    """
    forms = _forms(tokens)
    stay, page = _stay_of(membership), forms[0][0]
    known = _known(stay)
    if known is None:
        unwritten.record_sent(membership.pk, forms)
    elif not known.text or _is_sent(known, forms):
        _put(stay, _after(known, page, forms), changes=bool(known.text))


def _forms(tokens: Iterable[str]) -> list[Form]:
    return [(found[1], int(found[2])) for found in map(TOKEN.fullmatch, tokens) if found]


def _after(known: Entry, page: str, forms: Iterable[tuple[str, int]]) -> Entry:
    """The empty entry after the page sent these forms: it refuses what comes from them later.

    It is as old as the draft that was sent. Another process may have written a newer one since, which stays.
    """
    before = known.number if known.page == page and known.number <= LAST_NUMBER else 0
    number = max([before, *(number + 1 for of, number in forms if of == page and number <= LAST_NUMBER)])
    return Entry(page, number, updated_at=known.updated_at)


def _put(stay: Stay, entry: Entry, changes: bool = True) -> None:
    cache.set(_key(stay), tuple(entry), CACHE_SECONDS)
    if changes:
        unwritten.add(stay, entry)


# Reading


def draft_of(membership: Membership) -> Entry | None:
    """The member's draft. Takes one query if the cache doesn't know it, and one more if there is a draft."""
    entry = _known_or_stored(membership)
    if entry.text and Message.sent_with(entry.token, by=membership):
        record_sent(membership, [entry.token])  # The server ended before it had deleted the draft.
        return None
    return entry if entry.text else None


def _known_or_stored(membership: Membership) -> Entry:
    stay = _stay_of(membership)
    entry = _known(stay)
    if entry is None:
        entry = _stored(membership)
        cache.add(_key(stay), tuple(entry), CACHE_SECONDS)  # not `set`, as a newer one may have come meanwhile
    return entry


def _stored(membership: Membership) -> Entry:
    """The draft in the database, unless it was sent and is about to be deleted.

    A draft from before the member last joined was written too late, and is ignored.
    """
    for row in draft_of_member.rows(membership=membership.pk):
        entry = _entry(row)
        if row.updated_at >= membership.joined_at and not _is_sent(entry, unwritten.sent_by(membership.pk)):
            return entry
    return Entry()


def _entry(row: Draft) -> Entry:
    return Entry(row.page, row.number, row.text, row.multiline, row.updated_at.timestamp())


def _is_sent(draft: Entry, forms: Iterable[Form]) -> bool:
    return any(draft.is_of(*form) for form in forms)


def _known(stay: Stay) -> Entry | None:
    """What this process or the cache knows about the draft of this stay; None if nothing."""
    found = cache.get(_key(stay))
    return Entry(*found) if found else unwritten.get(stay)


def _stay_of(membership: Membership) -> Stay:
    return Stay(membership.pk, membership.joined_at, membership.room.incarnation)


def _key(stay: Stay) -> str:
    return f"draft:{stay.membership}:{stay.joined_at.timestamp()}:{stay.incarnation}"


def forget(participant: Participant) -> None:
    """Forget what the cache knows about this person's drafts, because the database has others now."""
    for membership in participant.memberships.inside().select_related("room"):
        cache.set(_key(_stay_of(membership)), None, 0)


# Writing


def write() -> None:
    """Write all drafts that have changed in this process to the database. If that fails, they are tried again."""
    changes = unwritten.take()
    if not (changes.entries or changes.sent):
        return
    try:
        for batch in changes.batches(BATCH):
            # With Redis, another process may have received a newer one.
            cached = cache.get_many([_key(stay) for stay in batch.entries])
            _write({stay: _newer(entry, cached.get(_key(stay))) for stay, entry in batch.entries.items()}, batch.sent)
    except (DatabaseError, InterfaceError):
        unwritten.give_back(changes)
        raise


def _newer(entry: Entry, cached: Iterable[Any] | None) -> Entry:
    other = Entry(*cached) if cached else entry
    return other if other.replaces(entry) else entry


@transaction.atomic
def _write(entries: Mapping[Stay, Entry], sent: Mapping[int, Collection[Form]]) -> None:
    """Write these drafts, except those of which the database has newer ones: without Redis, from another process."""
    Installation.lock()  # All processes write one after the other, so what is read here stays the newest.
    present = {Stay(*row) for row in Membership.with_deleted.filter(pk__in=[s.membership for s in entries]).stays()}
    stored = {row.pk: _entry(row) for row in Draft.objects.of([*(stay.membership for stay in entries), *sent])}
    rest = {pk: draft for pk, draft in stored.items() if not _is_sent(draft, sent.get(pk, ()))}
    newer = [
        (stay, entry)
        for stay, entry in sorted(entries.items())
        if stay in present and (stay.membership not in rest or entry.replaces(rest[stay.membership]))
    ]
    emptied = {stay.membership for stay, entry in newer if not entry.text}
    Draft.objects.remove([pk for pk in stored if pk in emptied or pk not in rest])
    Draft.objects.store([_row(stay, entry) for stay, entry in newer if entry.text])


def _row(stay: Stay, entry: Entry) -> Draft:
    values = {"page": entry.page, "number": entry.number, "text": entry.text, "multiline": entry.multiline}
    return Draft(membership_id=stay.membership, updated_at=datetime.fromtimestamp(entry.updated_at, UTC), **values)


def write_if_due() -> None:
    """Without a gate: write the drafts if the last write was WRITE_INTERVAL seconds ago, and when the process ends."""
    _write_at_exit()
    if time.monotonic() - unwritten.taken_at >= WRITE_INTERVAL:
        try_to_write()


def try_to_write() -> None:
    """Write the drafts. An error is logged, and they are tried again at the next write."""
    try:
        write()
    except (DatabaseError, InterfaceError):
        logger.exception("The drafts could not be written.")


@once
def _write_at_exit() -> None:
    atexit.register(try_to_write)
