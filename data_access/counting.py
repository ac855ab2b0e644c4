"""Counting in SQL: of the rows of a group those of which something holds."""

from sqlalchemy import ColumnElement, case, func


def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """Of how many rows it holds; None of no rows at all, and on PostgreSQL a Decimal."""
    return func.sum(case((condition, 1), else_=0))
