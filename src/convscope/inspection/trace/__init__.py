"""A network layer by layer: as a table, as data, in a notebook."""
