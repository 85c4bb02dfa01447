"""Sessions in the database, as Django stores them, looked up by a prepared query."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat.prepared_query import Parameter, PreparedQuery

unexpired = PreparedQuery(
    lambda: Session.objects.filter(session_key=Parameter("key"), expire_date__gt=Parameter("now"))
)


class SessionStore(db.SessionStore):
    """Django's, with a prepared lookup, and with an error of the database told apart from a session that has ended."""

    def _get_session_from_db(self) -> Session | None:
        found = unexpired.rows(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]

    def save(self, must_create: bool = False) -> None:
        """Save the session. Raises UpdateError if it has ended; Django also raises that while the database is busy."""
        try:
            super().save(must_create)
        except UpdateError as error:
            if "did not affect any rows" not in str(error.__context__):  # what Django says if there is no such row
                raise error.__context__ from None
            raise
