"""The lookup `in` on integer columns: numbers from requests that the column can't hold match nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db.models import IntegerField
from django.db.models.lookups import In

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler


@IntegerField.register_lookup
class IntegerIn(In):
    """Django's other lookups do that already.

    Without this, such a number in a list of ids is an OverflowError of SQLite or a DataError of PostgreSQL, for example
    if it is selected in a list or a field of the admin.
    """

    def process_rhs(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> Any:
        if self.rhs_is_direct_value():
            kind = self.lhs.output_field.get_internal_type()
            lowest, highest = connection.ops.integer_field_range(kind)
            self.rhs = [number for number in self.rhs if number is None or lowest <= number <= highest]
        return super().process_rhs(compiler, connection)
