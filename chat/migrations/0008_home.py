"""The home page: its introduction, and when each room was last active. Changed settings no longer count as activity."""

from django.db import migrations, models
from django.db.models import OuterRef, Subquery

WELCOME_OF_BEFORE = "Type a room and a name, and you are in."


def clear_default_welcome(apps, schema_editor):
    """A site that still has the default welcome gets Parlour's own sentence."""
    apps.get_model("chat", "Site").objects.filter(welcome=WELCOME_OF_BEFORE).update(welcome="")


def find_last_activity(apps, schema_editor):
    """When someone last posted or joined: the time of a room's newest message of these kinds."""
    posted_or_joined = apps.get_model("chat", "Message").objects.filter(event__in=("", "opened", "joined"))
    newest = posted_or_joined.filter(room=OuterRef("pk")).order_by("-first_version").values("sent_at")[:1]
    apps.get_model("chat", "Room").objects.update(active_at=Subquery(newest))


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0007_plain_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="site",
            name="welcome",
            field=models.CharField(
                blank=True,
                help_text="One sentence below the name on the home page. Leave blank for Parlour’s own.",
                max_length=300,
                verbose_name="welcome",
            ),
        ),
        migrations.RunPython(clear_default_welcome, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="room",
            name="last_sent_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="room",
            name="active_at",
            field=models.DateTimeField(db_index=True, editable=False, null=True, verbose_name="last activity"),
        ),
        migrations.RunPython(find_last_activity, migrations.RunPython.noop, elidable=True),
    ]
