"""What the channels of a layer make of an image.

- `feature_maps.py`: the maps of one layer as a result that prints and draws itself
  (`feature_maps`), the maps of several layers from one call (`read_feature_maps`), and which
  operations of a graph have maps at all (`feature_map_nodes`).
- `figure.py`: maps side by side, all in the same colours.

Maps are shown as the layer gave them, before any later operation in place changed them. A layer
behind the flattening has no maps, and the error says so.

Public: `feature_maps`, `FeatureMaps`.
"""
