"""manage.py flush: Django's own, but it removes the audit log's triggers first and creates them again afterwards."""

from django.core.management.commands import flush
from django.db import connections, transaction

from chat.migrations import _audit_triggers as audit_triggers
from chat.models import AuditEntry

QUESTION = "This deletes ALL data in the database {name}, the audit log too. Type 'yes' to continue: "


class Command(flush.Command):
    def handle(self, **options):
        connection = connections[options["database"]]
        # Ask before the transaction, which would block the running site until the answer.
        if options["interactive"] and input(QUESTION.format(name=connection.settings_dict["NAME"])) != "yes":
            self.stdout.write("Flush cancelled.")
            return
        options["interactive"] = False
        if AuditEntry._meta.db_table not in connection.introspection.table_names():
            super().handle(**options)
            return
        with transaction.atomic(using=connection.alias):
            audit_triggers.drop_on(connection)
            super().handle(**options)
            audit_triggers.create_on(connection)
