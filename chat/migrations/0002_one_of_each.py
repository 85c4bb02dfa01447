"""One guest for each join form, one room for each look, and who was removed told apart from who left."""

from django.db import migrations, models
from django.db.models import Min


def tell_twins_apart(apps, schema_editor):
    """Rooms that look alike could be made at the same moment: the younger ones keep their names and give up the look."""
    Room = apps.get_model("chat", "Room")
    eldest = Room.objects.values("look").annotate(eldest=Min("pk")).values_list("eldest", flat=True)
    for twin in Room.objects.exclude(pk__in=eldest):
        twin.look = f"{twin.look[:230]} #{twin.pk}"  # no look of a name has a space in it
        twin.save(update_fields=["look"])


class Migration(migrations.Migration):
    dependencies = [("chat", "0001_first")]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="join_key",
            field=models.CharField(editable=False, max_length=40, null=True, unique=True),
        ),
        migrations.RunPython(tell_twins_apart, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="room",
            name="look",
            field=models.CharField(editable=False, max_length=256, unique=True),
        ),
        migrations.AlterField(
            model_name="membership",
            name="status",
            field=models.CharField(
                choices=[("in", "in"), ("left", "left"), ("removed", "removed")],
                default="in",
                editable=False,
                max_length=7,
                verbose_name="status",
            ),
        ),
    ]
