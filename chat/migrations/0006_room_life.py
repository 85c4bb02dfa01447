"""What becomes of a room: newcomers who wait, muted people, announcements, a most of members, an archive."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0005_marks"),
    ]

    operations = [
        migrations.AddField(
            model_name="membership",
            name="answer",
            field=models.CharField(blank=True, editable=False, max_length=200, verbose_name="answer"),
        ),
        migrations.AddField(
            model_name="membership",
            name="muted",
            field=models.BooleanField(default=False, editable=False, verbose_name="muted"),
        ),
        migrations.AddField(
            model_name="room",
            name="announce_only",
            field=models.BooleanField(default=False, verbose_name="announcements only"),
        ),
        migrations.AddField(
            model_name="room",
            name="approval",
            field=models.BooleanField(default=False, verbose_name="newcomers wait"),
        ),
        migrations.AddField(
            model_name="room",
            name="archived",
            field=models.BooleanField(default=False, verbose_name="archived"),
        ),
        migrations.AddField(
            model_name="room",
            name="most_members",
            field=models.PositiveIntegerField(blank=True, null=True, verbose_name="most members"),
        ),
        migrations.AddField(
            model_name="room",
            name="waiting",
            field=models.PositiveIntegerField(default=0, editable=False, verbose_name="waiting"),
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
                ],
                default="in",
                editable=False,
                max_length=7,
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
                ],
                max_length=8,
                verbose_name="event",
            ),
        ),
    ]
