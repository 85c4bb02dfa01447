"""Sessions in the database, as Django stores them, looked up by a prepared query."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from chat.prepared_query import Parameter, PreparedQuery

unexpired = PreparedQuery(
    lambda: Session.objects.filter(session_key=Parameter("key"), expire_date__gt=Parameter("now"))
)


class SessionStore(db.SessionStore):
    def _get_session_from_db(self) -> Session | None:
        found = unexpired.rows(key=self.session_key, now=timezone.now())
        if not found:
            self._session_key = None
            return None
        return found[0]
