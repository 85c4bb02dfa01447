"""Drafts: what a member has typed in a room and not sent yet."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0003_audit_group_actions"),
    ]

    operations = [
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
    ]
