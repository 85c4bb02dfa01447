"""Drafts, letters left over from a sent form, and the renderer's version of each message."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_audit_group_actions"),
    ]

    operations = [
        # New columns of messages have no default, so that no database rewrites the table: it may have millions of rows.
        migrations.CreateModel(
            name="Draft",
            fields=[
                (
                    "membership",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="draft",
                        serialize=False,
                        to="chat.membership",
                    ),
                ),
                ("page", models.CharField(max_length=40)),
                ("number", models.PositiveBigIntegerField()),
                ("text", models.TextField(max_length=4000)),
                ("multiline", models.BooleanField()),
                ("updated_at", models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="leftover",
            field=models.TextField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="renderer",
            field=models.PositiveSmallIntegerField(editable=False, null=True),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("leftover__isnull", False)), fields=["membership"], name="message_leftover"
            ),
        ),
    ]
