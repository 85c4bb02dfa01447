"""Accounts, and personal links by which one goes on in another browser."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0008_pairs"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="account",
            field=models.BooleanField(default=False, editable=False, verbose_name="by an account"),
        ),
        migrations.AddField(
            model_name="participant",
            name="account_key",
            field=models.CharField(editable=False, max_length=256, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="participant",
            name="user",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="participant",
                to=settings.AUTH_USER_MODEL,
                verbose_name="account",
            ),
        ),
        migrations.AddField(
            model_name="room",
            name="accounts_only",
            field=models.BooleanField(default=False, verbose_name="accounts only"),
        ),
        migrations.CreateModel(
            name="PersonalLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="made")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("used_at", models.DateTimeField(null=True, verbose_name="used")),
                ("revoked_at", models.DateTimeField(null=True, verbose_name="taken back")),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="personal_links",
                        to="chat.participant",
                        verbose_name="participant",
                    ),
                ),
            ],
            options={
                "verbose_name": "personal link",
                "verbose_name_plural": "personal links",
            },
        ),
    ]
