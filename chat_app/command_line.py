"""manage.py's command line: Django's own, but old code leaves a database alone that newer code has migrated."""

from django.core.management import ManagementUtility

# These use no rows of Parlour's, or are how one repairs a database. `serve` and `migrate` check it themselves, when
# they have the lock.
UNCHECKED = {
    *("check", "compilemessages", "collectstatic", "createcachetable", "dbshell", "diffsettings", "findstatic", "help"),
    *("inspectdb", "makemessages", "makemigrations", "migrate", "optimizemigration", "sendtestemail", "serve"),
    *("showmigrations", "sqlflush", "sqlmigrate", "sqlsequencereset", "squashmigrations", "startapp", "startproject"),
    *("tailwind", "test", "testserver", "version"),
}


class CommandLine(ManagementUtility):
    def fetch_command(self, subcommand):
        """Return the command to run, or exit with the reason."""
        from chat.management.unknown_migrations import exit_on_unknown_migrations  # it needs the apps

        command = super().fetch_command(subcommand)
        asked_for = self.argv[1] == subcommand and not {"-h", "--help"} & set(self.argv)
        if asked_for and subcommand not in UNCHECKED:
            exit_on_unknown_migrations()
        return command
