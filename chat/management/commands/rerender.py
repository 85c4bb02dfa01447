"""manage.py rerender: stores the HTML of messages that an earlier version of Parlour rendered."""

import time

from django.core.management.base import BaseCommand

from chat.models import Message

BATCH = 500  # messages in one transaction, which takes some 30 ms
PAUSE = 0.05  # seconds between two batches, so that other writers get their turn
REPORT = 20  # batches after which the number is shown


class Command(BaseCommand):
    help = (
        "Render messages from earlier versions of Parlour again, and store the HTML. You don't have to run this: pages "
        "show the new HTML anyway, but make it again each time. If it is interrupted, run it again."
    )

    def handle(self, **options):
        stored = 0
        for number, messages in enumerate(batches(), 1):
            Message.store_html(messages)
            stored += len(messages)
            if number % REPORT == 0:
                self.stdout.write(f"{stored} messages so far.")
            time.sleep(PAUSE)
        self.stdout.write(f"Messages rendered again: {stored}.")


def batches():
    """The outdated messages, oldest first, as lists of BATCH messages."""
    last = 0
    while messages := list(Message.objects.outdated().filter(pk__gt=last).order_by("pk").only("text")[:BATCH]):
        yield messages
        last = messages[-1].pk
