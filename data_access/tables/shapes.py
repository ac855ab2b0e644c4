"""Shapes on the map, as dated as the units that they belong to, and what is served of them.

Shapes and names of places are no secret within the office; figures are what a scope is drawn
around. Longitudes and latitudes are degrees of CGCS2000, which is WGS 84 to a web map.
"""

from datetime import date
from typing import Any

from sqlalchemy import CheckConstraint, Double, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from data_access.tables.base import Base, Payload, id_column, stored
from domain.organisation import UnitLevel, ZoneKind


class Outlined:
    """A shape as GeoJSON text (Polygon or MultiPolygon, 5 digits), with what is asked most of it.

    The inner point lies inside the shape: whether a stroke on the map covers the area, and where
    its markers stand, is decided by it.
    """

    geometry: Mapped[str] = mapped_column(Text)
    inner_lon: Mapped[float] = mapped_column(Double)
    inner_lat: Mapped[float] = mapped_column(Double)
    south: Mapped[float] = mapped_column(Double)
    west: Mapped[float] = mapped_column(Double)
    north: Mapped[float] = mapped_column(Double)
    east: Mapped[float] = mapped_column(Double)


class UnitSuccession(Base):
    """What became of a unit that ended: one row a merger, several a split.

    A merger is several units with one successor, a split one unit with several.
    """

    __tablename__ = "unit_succession"
    __table_args__ = (CheckConstraint("unit_id <> successor_id", name="two_units"),)

    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), primary_key=True)
    successor_id: Mapped[int] = mapped_column(
        ForeignKey("organisation_unit.id"), primary_key=True, index=True
    )
    day: Mapped[date]  # the first day of what came after


class UnitShape(Outlined, Base):
    """The shape of a unit for a time. It holds no longer than its unit, whatever its own end."""

    __tablename__ = "unit_shape"
    __table_args__ = (
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
    )

    unit_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    # Drawn for show: no boundary follows from it (示意图,不作划界依据).
    schematic: Mapped[bool] = mapped_column(default=False)
    # The number under which the map was approved (审图号), where it was.
    audit_no: Mapped[str] = mapped_column(String(60), default="")


class Zone(Outlined, Base):
    """A zone (功能区) such as a scenic area: drawn over the units, and part of none of them."""

    __tablename__ = "zone"
    __table_args__ = (
        UniqueConstraint("county_id", "code", "valid_from"),
        CheckConstraint("valid_to IS NULL OR valid_to > valid_from", name="dates_in_order"),
    )

    id: Mapped[id_column]
    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"))
    code: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[ZoneKind] = mapped_column(stored(ZoneKind))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]


class MapLayer(Base):
    """What is served of one level for one time, made of the shapes whenever they change.

    `sha` is of the body before it is compressed, `ids` are the units in the order of its features.
    """

    __tablename__ = "map_layer"
    __table_args__ = (Index(None, "sha"),)

    county_id: Mapped[int] = mapped_column(ForeignKey("organisation_unit.id"), primary_key=True)
    level: Mapped[UnitLevel] = mapped_column(stored(UnitLevel), primary_key=True)
    valid_from: Mapped[date] = mapped_column(primary_key=True)
    valid_to: Mapped[date | None]
    sha: Mapped[str] = mapped_column(String(64))
    ids: Mapped[list[Any]] = mapped_column(Payload)
    schematic: Mapped[bool]
    audit_no: Mapped[str] = mapped_column(String(60))
    body: Mapped[bytes]  # gzip of GeoJSON
