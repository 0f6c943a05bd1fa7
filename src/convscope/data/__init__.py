"""Images and labels: where they come from, how they are stored, and how they become batches.

Sources (`digits`, `idx`, `cifar`, `folder`) give an `ImageSet` for each split; `load` chooses the
source and makes the splits that it lacks. `Batches` turns an `ImageSet` into what a network eats.
"""
