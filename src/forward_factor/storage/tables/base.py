"""The base of all models: one catalogue, constraints named by one rule."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, cast

from sqlalchemy import JSON, BigInteger, Boolean, Date, Double, Integer, MetaData, SmallInteger, String, Table
from sqlalchemy.orm import DeclarativeBase, mapped_column

from forward_factor.storage.types import UtcDateTime

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

Instant = Annotated[datetime, mapped_column(UtcDateTime)]
Day = Annotated[date, mapped_column(Date)]
Text = Annotated[str, mapped_column(String)]
Number = Annotated[float, mapped_column(Double)]
Whole = Annotated[int, mapped_column(Integer)]
BigWhole = Annotated[int, mapped_column(BigInteger)]
SmallWhole = Annotated[int, mapped_column(SmallInteger)]
Truth = Annotated[bool, mapped_column(Boolean)]
# json, not jsonb: what the old bot stored comes back to the letter
Json = Annotated[Any, mapped_column(JSON)]


class Base(DeclarativeBase):
    """Base of every model."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def table_of(model: type[Base]) -> Table:
    """Return the table behind a model, for statements that move columns and not objects."""
    return cast("Table", model.__table__)


def is_of_models(name: str | None, kind: str, _parents: object) -> bool:
    """Tell Alembic, which compares models with a schema, whose the tables are: the job queue's are pgqueuer's own."""
    return kind != "table" or name is None or not name.startswith("pgqueuer")
