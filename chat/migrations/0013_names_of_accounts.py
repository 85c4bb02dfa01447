"""The name of every account is nobody else's, also of those that were made in the admin or on the command line."""

from django.db import migrations

from chat import names


def keep_names(apps, schema_editor):
    people = apps.get_model("chat", "Participant").objects
    for user in apps.get_model("auth", "User").objects.order_by("pk"):
        key = names.nickname_key(user.username)
        person = people.filter(user=user).first() or people.create(user=user)
        if len(key) <= names.LONGEST_KEY and not people.filter(account_key=key).exists():
            people.filter(pk=person.pk, account_key=None).update(account_key=key)


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0012_poll_interval"),
    ]

    operations = [
        migrations.RunPython(keep_names, migrations.RunPython.noop),
    ]
