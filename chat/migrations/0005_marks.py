"""Marks that tell a later holder of a name from an earlier one; who holds one now counts as its first."""

import django.db.models.deletion
from django.db import migrations, models


def note_holders(apps, schema_editor):
    """Whoever has, or had, a name when this began to be noted: those who came earlier first."""
    Membership = apps.get_model("chat", "Membership")
    NameHolder = apps.get_model("chat", "NameHolder")
    known = Membership.objects.order_by("holds_name", "pk").values_list("room_id", "nickname_key", "pk")
    NameHolder.objects.bulk_create(
        (NameHolder(room_id=room, key=key, membership_id=pk) for room, key, pk in known.iterator()), batch_size=1000
    )


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0004_people_and_rooms"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="mark",
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="message",
            name="mark",
            field=models.PositiveSmallIntegerField(default=1, editable=False),
        ),
        migrations.AlterField(
            model_name="message",
            name="event",
            field=models.CharField(
                blank=True,
                choices=[
                    ("opened", "opened the room"),
                    ("joined", "joined"),
                    ("left", "left"),
                    ("removed", "was removed"),
                    ("renamed", "goes by another name"),
                    ("role", "role changed"),
                    ("topic", "topic changed"),
                    ("rules", "rules changed"),
                    ("named", "room renamed"),
                    ("access", "access changed"),
                    ("locked", "room locked"),
                    ("unlocked", "room unlocked"),
                ],
                max_length=8,
                verbose_name="event",
            ),
        ),
        migrations.CreateModel(
            name="NameHolder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=256)),
                (
                    "membership",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="names_held", to="chat.membership"
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="chat.room"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("room", "key", "membership"), name="one_holding_per_member")
                ],
            },
        ),
        migrations.RunPython(note_holders, migrations.RunPython.noop, elidable=True),
    ]
