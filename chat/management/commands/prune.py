"""manage.py prune: run the hourly cleanup now."""

from django.core.management.base import BaseCommand

from chat import retention


class Command(BaseCommand):
    help = "Delete rooms that were never used or that everyone left, and expired sessions, links and addresses."

    def handle(self, **options):
        deleted = retention.tidy()
        retention.erase_deleted_rooms()
        self.stdout.write(f"Rooms deleted: {deleted}.")
