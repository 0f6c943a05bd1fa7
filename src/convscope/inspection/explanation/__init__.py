"""What a network says of one image, and what that rests on.

- `explain.py`: `explain` asks the network, the attribution methods and the graph.
- `explanation.py`: the result, which prints, draws itself (`figure`) and, when it is asked to,
  writes a folder with a figure for each part (`save`).
- `page.py`: the HTML page of that folder, which holds all of its figures and opens anywhere.

Scores are logits. The attribution methods answer different questions and may disagree; none of
them proves why a network decides, and the page says so. A method that the network has no layer
for is left out with a note, unless it was asked for by name.

Public: `explain`, `Explanation`.
"""
