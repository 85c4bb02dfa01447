"""Rooms of two."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0007_unread"),
    ]

    operations = [
        migrations.AddField(
            model_name="room",
            name="pair",
            field=models.CharField(editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AlterField(
            model_name="membership",
            name="status",
            field=models.CharField(
                choices=[
                    ("waiting", "waits to be let in"),
                    ("refused", "was not let in"),
                    ("in", "in"),
                    ("left", "left"),
                    ("removed", "removed"),
                    ("banned", "may not come back"),
                    ("asked", "was asked to come in"),
                    ("ignored", "ignores that"),
                    ("declined", "does not want to"),
                ],
                default="in",
                editable=False,
                max_length=8,
                verbose_name="status",
            ),
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
                    ("posting", "who writes changed"),
                    ("archived", "room archived"),
                    ("restored", "room restored"),
                    ("muted", "was muted"),
                    ("unmuted", "writes again"),
                    ("banned", "was shown out for good"),
                    ("declined", "does not want to"),
                ],
                max_length=8,
                verbose_name="event",
            ),
        ),
    ]
