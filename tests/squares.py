"""Square shapes for the small county of the tests: each town a half, what lies in it the same."""

from datetime import date

from data_access.map_layers import NewShape, write_shapes


def square(west, south, east, north):
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return {"type": "Polygon", "coordinates": [corners]}


def draw_squares(world, **over):
    """Shapes of every unit of the world, in one transaction."""
    halves = {
        103.4: (world.town_a, world.community_a, world.grid_a),
        103.5: (world.town_b, world.community_b, world.grid_b),
    }
    shapes = [new_shape(world.county, 103.4, 103.6, **over)]
    for west, units in halves.items():
        shapes += [new_shape(unit, west, west + 0.1, **over) for unit in units]
    world.db.write(lambda session: write_shapes(session, shapes, county_id=world.county))


def new_shape(unit_id, west, east, **over):
    return NewShape(
        **{
            "unit_id": unit_id,
            "geometry": square(round(west, 5), 30.5, round(east, 5), 30.6),
            "inner": (round((west + east) / 2, 5), 30.55),
            "valid_from": date(2020, 1, 1),
            "schematic": True,
            **over,
        }
    )
