"""Transactions that a test rolls back, inside which the product's durable ones may run."""

from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back():
    """Undo everything that is written inside."""
    block = transaction.atomic()
    block._from_testcase = True  # as Django marks its own: a durable transaction inside is no error then
    with block:
        yield
        transaction.set_rollback(True)
