"""A member's newest messages, read for each send."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps

from chat.prepared_query import Parameter, PreparedQuery

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from chat.models.membership import Membership
    from chat.models.message import Message

# A send reads the tokens of FEW messages. If one of them has to do with its form, it loads MANY: more than a page ever
# has on the way at once, each Enter counted.
FEW, MANY = 8, 50


def recent_messages(member: Membership, count: int) -> list[Message]:
    """The member's newest messages, newest first. Their texts are loaded when they are needed."""
    return _newest(count).rows(membership=member.pk)


def recent_tokens(member: Membership) -> list[tuple[str | None, str | None]]:
    """The tokens and leftovers of the member's FEW newest messages. Without the rest, they cost much less."""
    return _tokens.rows(membership=member.pk)


def _of_member() -> QuerySet[Any]:
    messages = apps.get_model("chat", "Message").objects
    return messages.filter(membership=Parameter("membership")).order_by("-pk")


@cache
def _newest(count: int) -> PreparedQuery[Any]:
    return PreparedQuery(lambda: _of_member().defer("text", "html", "detail")[:count])


_tokens: PreparedQuery[Any] = PreparedQuery(lambda: _of_member().values_list("token", "leftover")[:FEW])
