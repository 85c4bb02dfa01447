"""manage.py prune: throw away at once what the server throws away once an hour."""

from django.core.management.base import BaseCommand

from chat import retention


class Command(BaseCommand):
    help = "Delete rooms in which nobody ever wrote, and sessions, links and addresses that have expired."

    def handle(self, **options):
        self.stdout.write(f"Rooms deleted: {retention.tidy()}.")
