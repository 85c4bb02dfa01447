"""Logging: secret keys are left out of URLs, and a line that each request would repeat is logged once a minute."""

import logging
import re
import threading
import time

# In sign-in links, invite links and password reset links, and the addresses of private rooms. Log readers could use
# them to sign in or to open a private room.
KEYS = re.compile(
    r"(?<=/continue/)[\w-]+|(?<=/invitations/)[\w-]+|(?<=/account/reset/)[\w-]+/[\w-]+|(?<=/rooms/)[\w-]{22}(?=/)"
)
# Some readers of logs begin a new line at these, and terminals a command. Headers may contain them.
CONTROLS = re.compile(r"[\x80-\x9f]")
INTERVAL = 60  # seconds
UNAVAILABLE = 503


class WithoutKeys(logging.Filter):
    def filter(self, record):
        record.msg, record.args = KEYS.sub("…", record.getMessage()), ()
        return True


class WithoutControls(logging.Filter):
    """Writes control characters outside of ASCII as escapes. The server refuses those of ASCII in a request."""

    def filter(self, record):
        record.msg, record.args = CONTROLS.sub(lambda found: f"\\x{ord(found[0]):x}", record.getMessage()), ()
        return True


class OnceAMinute(logging.Filter):
    """Logs one line of each subject a minute, with the number of lines that were left out since the last one.

    A line's subject is given as `extra=about("Redis")`. Lines without a subject are all logged.
    """

    def __init__(self):
        super().__init__()
        self.lock = threading.Lock()
        self.subjects = {}  # when each subject was logged last, on the clock of time.monotonic(); lines left out since

    def filter(self, record):
        subject = subject_of(record)
        if subject is None:
            return True
        with self.lock:
            logged_at, left_out = self.subjects.get(subject, (None, 0))
            if logged_at is not None and time.monotonic() < logged_at + INTERVAL:
                self.subjects[subject] = logged_at, left_out + 1
                return False
            self.subjects[subject] = time.monotonic(), 0
        if left_out:
            record.msg, record.args = f"{record.getMessage()} (and {left_out} more since the last line about this)", ()
        return True


def about(subject):
    """Return the `extra` of a log call whose lines are about this subject, so that one a minute is logged."""
    return {"subject": subject}


def subject_of(record):
    """Return the line's subject, or None.

    Django logs a line for each answer with status 503 and for each form of another site, and uvicorn warns of each
    malformed request.
    """
    if record.name == "django.security.csrf":
        return record.name
    if record.name == "uvicorn.error" and record.levelno == logging.WARNING:
        return record.msg
    if getattr(record, "status_code", None) == UNAVAILABLE:
        return UNAVAILABLE
    return getattr(record, "subject", None)
