"""The address that a private room has left is free for others."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0010_preferences"),
    ]

    operations = [
        migrations.AlterField(
            model_name="formeraddress",
            name="slug",
            field=models.CharField(max_length=80, verbose_name="address"),
        ),
        migrations.AddConstraint(
            model_name="formeraddress",
            constraint=models.UniqueConstraint(fields=("slug", "room"), name="one_of_a_room"),
        ),
    ]
