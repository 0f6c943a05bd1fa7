"""What units see of the image: receptive fields, theoretical and effective.

- `unit_field.py`: the theoretical field of one unit, exact to the pixel, over the real graph.
- `effective_field.py`: how much each pixel matters to a unit, from gradients.
- `fields_between.py`: both fields of one unit on every layer between the image and itself.
- `layer_fields.py`: size, stride and start of the fields of whole layers, as a trace shows them.
- `receptive_field.py`: both fields of one unit on an image, as a result that prints and draws
  itself; `figure.py`: how it is drawn.

No pixel outside of a theoretical field can change the unit (tests change them). Fields of layers
are given as if the image went on beyond its border; fields of units are cut off there, and both
sizes are told. What an operation looks at is asked of `graph/reach.py`; an operation without a rule
is taken to see all of its inputs.

Public: `receptive_field`, `UnitReceptiveField`, `unit_field`, `effective_field`, `layer_fields`.
"""
