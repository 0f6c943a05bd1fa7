"""A drawing of any network on one page of the shape of a slide.

`draw(network)` gives a `Drawing`, which writes itself as SVG or PNG, shows itself in a notebook,
prints as a list of its steps and becomes data. The way there, one file for each stage:

- `steps.py`: the graph's layers, gathered to steps that each make one block.
- `blocks.py`: what is framed. `repeats.py`: blocks made alike become one, with their number.
  `collapsing.py`: blocks that a reader folds. `shortening.py`: what would take more than a row
  becomes one step.
- `stretches.py`: the network cut where everything passes through one step; columns and lanes.
- `scale.py`, `cells.py`, `pieces.py`, `units.py`: sizes and places, in points.
- `page.py`, `legend.py`: rows on a page with a title and a legend.
- `shapes.py`: what it all is made of. `svg.py`, `png.py`: how that reaches a file.
- `letters.py`: sizes of letters, and how much room text takes.

Letters never get smaller than 8 points on the page, nothing overlaps (tests measure it), and any
network that `graph.capture` follows can be drawn.

Public: `draw`, `Drawing`, `draw_graph`.
"""
