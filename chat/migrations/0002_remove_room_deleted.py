"""Members of a deleted room are found by the room, no longer by a column of their own."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0001_initial"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="membership",
            name="room_deleted",
        ),
    ]
