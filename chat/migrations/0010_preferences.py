"""Preferences of a person: how pages look to them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0009_accounts"),
    ]

    operations = [
        migrations.AddField(
            model_name="participant",
            name="color_scheme",
            field=models.CharField(
                blank=True,
                choices=[("", "as this device has them"), ("light", "light"), ("dark", "dark")],
                max_length=5,
                verbose_name="Colours",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="enter_sends",
            field=models.BooleanField(
                default=True,
                help_text="Otherwise Enter begins a new line, and the button sends.",
                verbose_name="Enter sends",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="less_noise",
            field=models.BooleanField(
                default=False,
                help_text="Leave out the lines that say who came, left or is called otherwise.",
                verbose_name="Less noise",
            ),
        ),
        migrations.AddField(
            model_name="participant",
            name="text_size",
            field=models.CharField(
                blank=True,
                choices=[("small", "smaller"), ("", "normal"), ("large", "larger"), ("largest", "largest")],
                max_length=7,
                verbose_name="Size of text",
            ),
        ),
    ]
