"""manage.py second_factor_off: for one of the staff who has lost both the app and the recovery codes."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from chat.admin import two_factor


class Command(BaseCommand):
    help = "Remove somebody's second factor; where one is required, they set up another as they sign in."

    def add_arguments(self, parser):
        parser.add_argument("name", help="the name with which they sign in")

    def handle(self, *, name, **options):
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {name}.")
        if not two_factor.forget(user):
            raise CommandError(f"{name} has no second factor.")
        self.stdout.write(f"{name} has no second factor any more.")
