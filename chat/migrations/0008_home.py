from django.db import migrations, models

WELCOME_OF_BEFORE = "Type a room and a name, and you are in."


def clear_default_welcome(apps, schema_editor):
    """A site whose welcome nobody has chosen gets Parlour's own sentence."""
    apps.get_model("chat", "Site").objects.filter(welcome=WELCOME_OF_BEFORE).update(welcome="")


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0007_plain_words"),
    ]

    operations = [
        migrations.AlterField(
            model_name="site",
            name="welcome",
            field=models.CharField(
                blank=True,
                help_text="One sentence below the name on the home page. Leave blank for Parlour’s own.",
                max_length=300,
                verbose_name="welcome",
            ),
        ),
        migrations.RunPython(clear_default_welcome, migrations.RunPython.noop, elidable=True),
    ]
