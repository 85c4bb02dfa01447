"""How often pages of a person look for news, and whether they are paused."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0011_hidden_addresses"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="paused",
            field=models.BooleanField(default=False, editable=False, verbose_name="paused"),
        ),
        migrations.AddField(
            model_name="participant",
            name="poll_seconds",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (2, "every 2 seconds"),
                    (5, "every 5 seconds"),
                    (10, "every 10 seconds"),
                    (30, "every 30 seconds"),
                ],
                default=2,
                help_text="Where JavaScript is on. More seldom saves battery and data; every 2 seconds is also at once.",
                verbose_name="Look for new messages",
            ),
        ),
        migrations.AlterField(
            model_name="participant",
            name="refresh_seconds",
            field=models.PositiveSmallIntegerField(
                choices=[
                    (2, "every 2 seconds"),
                    (5, "every 5 seconds"),
                    (10, "every 10 seconds"),
                    (30, "every 30 seconds"),
                    (0, "only when I ask"),
                ],
                default=5,
                verbose_name="Look for new messages without JavaScript",
            ),
        ),
    ]
