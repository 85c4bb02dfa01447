"""Triggers that keep the audit log unchanged, for SQLite and PostgreSQL."""

ENTRY, DETAIL = "chat_auditentry", "chat_auditdetail"

SQLITE = (  # one statement each, as its driver takes no more inside a transaction
    f"""CREATE TRIGGER audit_entry_no_update BEFORE UPDATE ON {ENTRY}
    BEGIN SELECT RAISE(ABORT, 'Audit entries cannot be changed.'); END""",
    f"""CREATE TRIGGER audit_entry_no_delete BEFORE DELETE ON {ENTRY}
    BEGIN SELECT RAISE(ABORT, 'Audit entries cannot be deleted.'); END""",
    f"""CREATE TRIGGER audit_detail_no_delete BEFORE DELETE ON {DETAIL}
    BEGIN SELECT RAISE(ABORT, 'Audit details cannot be deleted.'); END""",
    f"""CREATE TRIGGER audit_detail_erase_once BEFORE UPDATE ON {DETAIL}
    WHEN OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL
        OR NEW.data IS NOT '{{}}' OR NEW.entry_id IS NOT OLD.entry_id
    BEGIN SELECT RAISE(ABORT, 'Audit details can only be erased, once.'); END""",
    # INSERT OR REPLACE deletes a row without the triggers of DELETE. PostgreSQL's ON CONFLICT has those of UPDATE.
    f"""CREATE TRIGGER audit_entry_no_replace BEFORE INSERT ON {ENTRY}
    WHEN EXISTS (SELECT 1 FROM {ENTRY} WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'Audit entries cannot be replaced.'); END""",  # noqa: S608  (no value in it)
    f"""CREATE TRIGGER audit_detail_no_replace BEFORE INSERT ON {DETAIL}
    WHEN EXISTS (SELECT 1 FROM {DETAIL} WHERE entry_id = NEW.entry_id)
    BEGIN SELECT RAISE(ABORT, 'Audit details cannot be replaced.'); END""",  # noqa: S608  (no value in it)
)
SQLITE_DROP = tuple(
    f"DROP TRIGGER IF EXISTS {name}"
    for name in (
        *("audit_entry_no_update", "audit_entry_no_delete", "audit_entry_no_replace"),
        *("audit_detail_no_delete", "audit_detail_erase_once", "audit_detail_no_replace"),
    )
)

POSTGRESQL = f"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit log cannot be changed.' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE OR REPLACE FUNCTION audit_erase_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.erased_at IS NOT NULL OR NEW.erased_at IS NULL OR NEW.data <> '{{}}'::jsonb OR NEW.entry_id <> OLD.entry_id
    THEN
        RAISE EXCEPTION 'Audit details can only be erased, once.' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER audit_entry_unchanged BEFORE UPDATE OR DELETE ON {ENTRY} FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_entry_kept BEFORE TRUNCATE ON {ENTRY} FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_detail_kept BEFORE DELETE ON {DETAIL} FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_detail_not_truncated BEFORE TRUNCATE ON {DETAIL} FOR EACH STATEMENT
    EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER audit_detail_erase_once BEFORE UPDATE ON {DETAIL} FOR EACH ROW EXECUTE FUNCTION audit_erase_once();
"""
POSTGRESQL_DROP = f"""
DROP TRIGGER IF EXISTS audit_entry_unchanged ON {ENTRY};
DROP TRIGGER IF EXISTS audit_entry_kept ON {ENTRY};
DROP TRIGGER IF EXISTS audit_detail_kept ON {DETAIL};
DROP TRIGGER IF EXISTS audit_detail_not_truncated ON {DETAIL};
DROP TRIGGER IF EXISTS audit_detail_erase_once ON {DETAIL};
DROP FUNCTION IF EXISTS audit_refuse();
DROP FUNCTION IF EXISTS audit_erase_once();
"""


def create(apps, schema_editor):
    create_on(schema_editor.connection)


def drop(apps, schema_editor):
    drop_on(schema_editor.connection)


def create_on(connection):
    _run(connection, SQLITE, POSTGRESQL)


def drop_on(connection):
    _run(connection, SQLITE_DROP, POSTGRESQL_DROP)


def _run(connection, sqlite, postgresql):
    statements = [postgresql] if connection.vendor == "postgresql" else sqlite
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
