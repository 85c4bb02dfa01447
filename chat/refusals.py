"""What a verb says when it will not: a reason in words, a code, and where there is one, what to do instead."""

from django.core.exceptions import ValidationError


class Refused(ValidationError):
    def __init__(self, message, code, instead=None):
        super().__init__(message, code=code)
        self.instead = instead
