"""A session store: Django's sessions in the database, found by a query whose SQL is built only once."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.db import DatabaseError
from django.utils import timezone

from chat.prepared_query import Parameter, PreparedQuery

unexpired = PreparedQuery(
    lambda: Session.objects.filter(session_key=Parameter("key"), expire_date__gt=Parameter("now"))
)


class SessionStore(db.SessionStore):
    """Django's, with a prepared lookup, and with an error of the database told apart from a session that has ended."""

    saved: tuple[str | None, dict[str, Any]] | None = None  # the key and data that were saved last

    def _get_session_from_db(self) -> Session | None:
        found = unexpired.rows(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]

    def save(self, must_create: bool = False) -> None:
        """Save the session, unless it is saved already as it is. Raises UpdateError if it has ended.

        Django also raises UpdateError for an error of the database; here that error is raised.
        """
        if not must_create and self.saved == (self.session_key, dict(self.items())):
            return
        try:
            super().save(must_create)
        except UpdateError as error:
            cause = error.__context__
            if isinstance(cause, DatabaseError) and "did not affect any rows" not in str(cause):  # Django's own words
                raise cause from None
            raise
        self.saved = self.session_key, deepcopy(dict(self.items()))
