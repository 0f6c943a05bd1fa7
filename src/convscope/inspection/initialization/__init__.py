"""What the choice of initial weights does to the signal on its way through a network.

- `spread.py`: how widely the outputs of each layer with weights vary, over units and images.
- `compare.py`: `compare_initializations` gives a copy of the network fresh weights by each rule and
  measures; the result prints, says what becomes of the signal, and draws itself.
- `figure.py`: one line for each initialization, layer after layer.

The rules themselves are in `networks/initialization.py`. Nothing is trained here: what an
initialization does to training is shown by training.

Public: `compare_initializations`, `InitializationComparison`.
"""
