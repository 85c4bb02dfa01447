"""What tests do at the same time: in threads of their own, each of which closes the database behind itself."""

import threading
from functools import wraps

from django.db import connection


def closing(call):
    """The same call, which leaves its thread without a connection: PostgreSQL drops no database that has one."""

    @wraps(call)
    def called(*arguments, **more):
        try:
            return call(*arguments, **more)
        finally:
            connection.close()

    return called


def together(calls):
    """Do all of these at once, and wait until the last one has come back."""
    threads = [threading.Thread(target=closing(call)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
