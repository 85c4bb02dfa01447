"""manage.py two_factor_off: for people who lost their authentication app and recovery codes, turn off their 2FA."""

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from chat.models import two_factor


class Command(BaseCommand):
    help = "Turn off a user's two-factor authentication. If it is required, they set it up again in the admin."

    def add_arguments(self, parser):
        parser.add_argument("name", help="username")

    def handle(self, *, name, **options):
        user = get_user_model().objects.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is no user named {name}.")
        if not two_factor.forget(user):
            raise CommandError(f"{name} doesn't use two-factor authentication.")
        self.stdout.write(f"Two-factor authentication is off for {name}.")
