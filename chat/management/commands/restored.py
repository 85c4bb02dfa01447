"""manage.py restored: run this after restoring a backup of the database."""

from django.core.management.base import BaseCommand

from chat import restored_backup
from chat_app.caches import REREAD_SECONDS


class Command(BaseCommand):
    help = "Invalidate caches and open pages. Run this after restoring a backup of the database."

    def handle(self, **options):
        restored_backup.invalidate()
        self.stdout.write(f"Caches are invalidated. Running servers notice within {REREAD_SECONDS} seconds.")
