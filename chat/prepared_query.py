"""Queries whose SQL is built only once: Django needs longer to build it than a database to run it."""

from __future__ import annotations

from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet, Value

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row", bound=Model)


class Parameter(Value):
    """A placeholder in a prepared query, by name. Its value is given each time the query runs."""

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        return "%s", (self,)


class _Compiled(NamedTuple):
    """A query that was compiled once, with its SQL and parameters.

    `compiler` has built the SQL, so it also knows which columns belong to which model.
    """

    queryset: QuerySet[Any]
    compiler: SQLCompiler
    sql: str
    parameters: tuple[Any, ...]


class PreparedQuery(Generic[Row]):
    """A query with Parameters. `build` returns its queryset; it is called when the query first runs.

    Values go to the database as they are, without the field's conversion: give an id, not a model.
    """

    def __init__(self, build: Callable[[], QuerySet[Row]]) -> None:
        self._build = build
        self._compiled = cache(self._compile)

    def rows(self, **values: object) -> list[Row]:
        """Run the prepared query in one statement and return its rows; `values` gives the Parameters their values."""
        queryset, compiler, sql, parameters = self._compiled(connection.alias)
        adapt = connection.ops.adapt_unknown_value
        given = tuple(adapt(values[p.value]) if isinstance(p, Parameter) else p for p in parameters)
        prepared = queryset.all()
        vars(prepared.query).update(get_compiler=lambda using: _compiler_for(compiler, sql, given))
        return list(prepared)

    def _compile(self, alias: str) -> _Compiled:
        queryset = self._build().using(alias)
        compiler = queryset.query.get_compiler(alias)
        return _Compiled(queryset, compiler, *compiler.as_sql())


def _compiler_for(compiler: SQLCompiler, sql: str, parameters: tuple[Any, ...]) -> SQLCompiler:
    """Copy the compiler for this thread's connection, so that it returns this SQL with these parameters."""
    prepared = copy(compiler)
    vars(prepared).update(connection=connection, as_sql=lambda: (sql, parameters))
    return prepared
