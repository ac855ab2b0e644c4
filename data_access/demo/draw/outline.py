"""Where the county lies, by hand: a coarse figure of its own, after no map's line.

Longitudes and latitudes in degrees. The seats of the towns are where they roughly are, to a
hundredth of a degree; their shares of the county are rounded to whole hundredths.
"""

from dataclasses import dataclass

from domain.organisation import ZoneKind

# Twenty-seven corners, a mountain county that falls from the north-west into the plain.
OUTLINE = (
    (103.12, 30.70), (103.16, 30.76), (103.22, 30.79), (103.29, 30.77), (103.35, 30.75),
    (103.41, 30.73), (103.45, 30.70), (103.50, 30.69), (103.54, 30.66), (103.58, 30.64),
    (103.63, 30.62), (103.68, 30.60), (103.70, 30.56), (103.68, 30.52), (103.66, 30.47),
    (103.62, 30.44), (103.57, 30.43), (103.52, 30.44), (103.47, 30.42), (103.42, 30.44),
    (103.38, 30.48), (103.33, 30.50), (103.29, 30.53), (103.24, 30.55), (103.19, 30.58),
    (103.15, 30.62), (103.11, 30.65),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a town's office stands, and how much of the county is the town's."""

    lon: float
    lat: float
    share: float


SEATS = {
    "510129001": Seat(103.53, 30.58, 0.06),  # 晋原街道
    "510129002": Seat(103.63, 30.57, 0.06),  # 沙渠街道
    "510129003": Seat(103.50, 30.62, 0.07),  # 青霞街道
    "510129101": Seat(103.48, 30.49, 0.08),  # 王泗镇
    "510129103": Seat(103.42, 30.52, 0.07),  # 新场镇
    "510129104": Seat(103.42, 30.60, 0.08),  # 悦来镇
    "510129105": Seat(103.61, 30.50, 0.11),  # 安仁镇
    "510129106": Seat(103.34, 30.60, 0.10),  # 䢺江镇
    "510129107": Seat(103.27, 30.57, 0.08),  # 花水湾镇
    "510129108": Seat(103.21, 30.68, 0.20),  # 西岭镇
    "510129119": Seat(103.38, 30.67, 0.09),  # 鹤鸣镇
}


@dataclass(frozen=True, slots=True)
class ZoneSketch:
    """An ellipse, half axes in kilometres, turned by so many degrees against the clock."""

    code: str
    name: str
    kind: ZoneKind
    lon: float
    lat: float
    half_axes: tuple[float, float]
    turned: float


ZONES = (
    # Across the line between 西岭镇 and 花水湾镇.
    ZoneSketch("Z01", "西岭雪山景区", ZoneKind.SCENIC, 103.24, 30.635, (6.5, 4.0), 70),
    # Across the line between 晋原街道 and 沙渠街道.
    ZoneSketch("Z02", "大邑经济开发区", ZoneKind.INDUSTRIAL, 103.585, 30.575, (3.6, 1.9), -20),
)
