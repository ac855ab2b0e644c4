"""Draws the demonstration county: schematic, and nobody's boundaries (示意图,不作划界依据).

`python -m data_access.demo.draw` writes the files of data_access/demo/data/shapes anew; `draw` also
makes as many grids as somebody wants to measure with. It needs shapely, which the product does not.

outline      where the county and its towns lie: set by hand, coarsely
plane        kilometres and degrees, and the bending of straight lines
cells        who gets which part: towns, then communities, then a seed for each grid
tiling       seeds to faces that share every vertex, parents as unions of their children
drawing      all of it, in the order of the county's own lists
"""
