"""Hues are stored: everyone keeps the colour that came from the id of their membership."""

from django.db import migrations, models
from django.db.models import F, OuterRef, PositiveSmallIntegerField, Subquery
from django.db.models.functions import Cast, Coalesce, Floor, Random

import chat.models.hue

HUES = 12


def keep_hues(apps, schema_editor):
    """A person's own hue becomes that of the membership they used last; without one it stays random.

    Messages have none, as there may be millions: they keep that of their membership's id.
    """
    members, people = apps.get_model("chat", "Membership").objects, apps.get_model("chat", "Participant").objects
    members.update(hue=F("pk") % HUES)
    last = members.filter(participant=OuterRef("pk")).order_by("-seen_at", "-pk").values("hue")[:1]
    by_chance = Cast(Floor(Random() * HUES), PositiveSmallIntegerField())
    people.update(hue=Coalesce(Subquery(last), by_chance))


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0005_removals"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="hue",
            field=models.PositiveSmallIntegerField(default=chat.models.hue.random_hue, editable=False),
        ),
        migrations.AddField(
            model_name="message",
            name="hue",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="participant",
            name="hue",
            field=models.PositiveSmallIntegerField(default=chat.models.hue.random_hue, editable=False),
        ),
        migrations.AddField(
            model_name="participant",
            name="same_hue",
            field=models.BooleanField(
                default=False,
                help_text="Others could tell that your nicknames belong to one person.",
                verbose_name="Use the same colour in all rooms",
            ),
        ),
        migrations.RunPython(keep_hues, migrations.RunPython.noop),
    ]
