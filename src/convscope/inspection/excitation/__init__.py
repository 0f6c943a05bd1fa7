"""What the channels of a layer respond to: the images of a data set that excite them most.

- `excitation.py`: one pass over the images keeps the strongest activations of every channel.
- `find.py`: `find_exciting_images`, the result that prints, draws itself and becomes data.
- `figure.py`: a row for each channel, the images and the patches that its strongest unit sees.

Every image counts once for a channel, by its strongest unit. The images are real ones: nothing is
optimized until it excites a channel, for such images say more about the optimizer's constraints.

Public: `find_exciting_images`, `ExcitingImages`.
"""
