"""Messages store which version of the renderer made their HTML; None for those that are there already."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_audit_group_actions"),
    ]

    operations = [
        # Without a default, so that no database rewrites the table, which may have millions of rows.
        migrations.AddField(
            model_name="message",
            name="renderer",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
    ]
