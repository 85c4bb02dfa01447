"""How much was said in a room, and how much of it each member has read: by now, all."""

from django.db import migrations, models
from django.db.models import Count, OuterRef, Subquery
from django.db.models.functions import Coalesce


def all_is_read(apps, schema_editor):
    Room = apps.get_model("chat", "Room")
    Membership = apps.get_model("chat", "Membership")
    Message = apps.get_model("chat", "Message")
    said = Message.objects.filter(room=OuterRef("pk"), event="").order_by().values("room").annotate(n=Count("pk"))
    Room.objects.update(said=Coalesce(Subquery(said.values("n")), 0))
    room = Room.objects.filter(pk=OuterRef("room"))
    Membership.objects.update(
        read_version=Subquery(room.values("version")[:1]), read_said=Subquery(room.values("said")[:1])
    )


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0006_room_life"),
    ]

    operations = [
        migrations.AddField("membership", "read_said", models.PositiveBigIntegerField(default=0, editable=False)),
        migrations.AddField("membership", "read_version", models.PositiveBigIntegerField(default=0, editable=False)),
        migrations.AddField("room", "said", models.PositiveBigIntegerField(default=0, editable=False)),
        migrations.RunPython(all_is_read, migrations.RunPython.noop, elidable=True),
    ]
