# %% [markdown]
# # 6 · From dense to convolution
#
# **You will know afterwards**
#
# - why a dense layer is too much for a photograph;
# - which two assumptions turn it into a convolution, and what they save;
# - when the map moves exactly as the image moves, and when it doesn't;
# - how a network of convolutions finds out *where* something is.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run.

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(6)

# %% [markdown]
# ## One hidden layer for one photograph
#
# A photograph of 12 megapixels has three numbers for each pixel. A dense layer joins each of them
# to each of its units with a weight of its own.
#
# **Exercise 6.1 (N)** How many weights does a hidden layer of 100 units need for it, without
# biases?

# %%
weights = None

cs.lessons.check("6.1", weights)

# %%
counts = cs.experiments.count_weights()
cs.lessons.show(counts)
cs.lessons.claim(
    "6.weights",
    counts.dense[-1] == 3_600_000_000 and len(set(counts.convolution)) == 1,
    dense=counts.dense[-1],
    convolution=counts.convolution[-1],
)

# %% [markdown]
# The layer alone would fill a large graphics card, and every weight of it wants examples to learn
# from. The same 100 features as kernels of 5 × 5 take {{counts.convolution[0]:,}} weights, for the
# thumbnail and for the photograph alike.

# %% [markdown]
# ## Two assumptions
#
# Write the hidden layer as an image as well. Each of its units $(i, j)$ then has a weight for each
# pixel $(k, l)$, and with the offsets $a = k - i$ and $b = l - j$ in their place:
#
# $$H_{ij} = u + \sum_{k,l} W_{ijkl}\, X_{kl} = u + \sum_{a,b} V_{ijab}\, X_{i+a,\,j+b}$$
#
# 1. **Translation**: what is worth finding in one place is worth finding in every place. So $V$
#    doesn't depend on $(i, j)$: $V_{ijab} = V_{ab}$.
# 2. **Locality**: whether it is there can be seen nearby. So $V_{ab} = 0$ where $a$ or $b$ is
#    large.
#
# What is left is a small kernel $V$ that slides over the image: a convolution. It is still a dense
# layer, with most weights nailed to zero and the others shared. Here it is, for an image of 5 × 5:

# %%
kernel = [[-4, -3, -2], [-1, 0.5, 1], [2, 3, 4]]
matrix = cs.experiments.convolution_matrix(kernel, 5)
cs.lessons.show(matrix)
cs.lessons.claim("6.matrix", matrix.difference < 1e-6, difference=matrix.difference)
outputs = len(matrix.matrix)
cs.lessons.claim(
    "6.repeats",
    matrix.places == [outputs] * 9 and all(np.count_nonzero(row) == 9 for row in matrix.matrix),
    outputs=outputs,
    zeros=matrix.zeros,
)
larger = cs.experiments.convolution_matrix(kernel, 28)

# %% [markdown]
# From 25 pixels, {{matrix.zeros:.0%}} of the matrix are zeros. From 28 × 28 it is
# {{larger.zeros:.1%}} of {{larger.matrix.size:,}} entries, and there are still nine numbers to
# learn.
#
# **Exercise 6.2 (F)** Write the function that builds this matrix. The image is flattened row by
# row; the matrix has a row for each output and a column for each pixel.


# %%
def dense_matrix(kernel, height, width):
    """The (outputs, height · width) matrix of a kernel, without padding."""
    # your code


cs.lessons.check("6.2", dense_matrix)

# %% [markdown]
# ## What sharing buys
#
# Give both layers the same examples: images of random numbers, and what a kernel made of them. Let
# each find, by least squares, the weights that explain them. Then test both on new images.

# %%
sobel = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
shared = cs.experiments.count_examples_needed(sobel)
cs.lessons.show(shared)
dense, convolution = shared.needed()
cs.lessons.claim(
    "6.examples",
    (dense, convolution) == (shared.inputs, 1),
    dense=dense,
    convolution=convolution,
)

# %% [markdown]
# Each image shows the kernel in all places at once, but each row of the dense layer only once.
# With fewer images than pixels the dense layer can't know what it would do to all others.
#
# The assumption has a price where it is false. Now the right half of each map is made by another
# kernel, as if left and right were different worlds:

# %%
turned = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
apart = cs.experiments.count_examples_needed(sobel, elsewhere=turned)
cs.lessons.show(apart, "figure")
dense_apart, convolution_apart = apart.needed()
cs.lessons.claim(
    "6.price",
    dense_apart == apart.inputs and convolution_apart is None,
    dense=dense_apart,
    error=apart.convolution[-1],
)

# %% [markdown]
# ## The map moves with the image
#
# A layer is **equivariant** to translation if a shifted image gives the shifted map. We move a
# photograph by eight pixels, as a camera would, and compare. First three layers without padding:

# %%
torch.manual_seed(0)
photograph = cs.experiments.photograph("china", 96) / 255
unpadded = nn.Sequential(
    nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)
)
followed = cs.experiments.measure_shift_response(unpadded, photograph, 8)
cs.lessons.show(followed, "text")
cs.lessons.claim(
    "6.shift",
    followed.equivariance < 1e-9 and followed.map_shift == 8,
    error=followed.equivariance,
)

# %% [markdown]
# The same with zero padding, so that the map keeps the size of the image:

# %%
padded = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1),
)
at_border = cs.experiments.measure_shift_response(padded, photograph, 8)
cs.lessons.show(at_border)
cs.lessons.claim(
    "6.border",
    at_border.inside < 1e-9 and at_border.strips == (3, 3),
    inside=at_border.inside,
    left=at_border.strips[0],
    right=at_border.strips[1],
)

# %% [markdown]
# The zeros stay where they are while the image moves past them. Each layer carries what they did
# one pixel further in: {{at_border.strips[0]}} columns after three layers.
#
# The other side of the same coin: **the same pattern gets the same answer, wherever it stands**. A
# digit, twice on one image, and a kernel that looks like it:

# %%
digit = cs.load("digits", "test").images[5, 0]
twice = np.zeros((1, 24, 32), np.uint8)
twice[0, 2:10, 3:11] = digit
twice[0, 13:21, 19:27] = digit
like_it = np.where(digit > 100, 1.0, -1.0)
found = cs.filter_image(twice, like_it)
cs.lessons.show(found, "figure")
answers = found.results[0].values[0]
cs.lessons.claim(
    "6.same",
    abs(answers[2, 3] - answers[13, 19]) < 1e-6 and answers.max() - answers[2, 3] < 1e-6,
    first=answers[2, 3],
    second=answers[13, 19],
)

# %% [markdown]
# ## With a stride
#
# A stride of 2 keeps every second output.
#
# **Exercise 6.3 (P)** A convolution of stride 2 is followed by max pooling with windows of 2.
# Which of the shifts 1 … 8 does its map follow exactly, away from the borders? (a) all of them,
# (b) 2, 4, 6 and 8, (c) 4 and 8. Answer before you run the next cell.

# %%
prediction = None

cs.lessons.check("6.3", prediction)

# %%
curves = cs.experiments.measure_shift_curves(
    {
        "s = 1": nn.Conv2d(3, 4, 3, padding=1),
        "s = 2": nn.Conv2d(3, 4, 3, padding=1, stride=2),
        "s = 2 · 2": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, stride=2), nn.MaxPool2d(2)),
    },
    photograph,
)
cs.lessons.show(curves)
cs.lessons.claim(
    "6.stride",
    curves.exact("s = 1") == [*range(9)]
    and curves.exact("s = 2") == [0, 2, 4, 6, 8]
    and curves.exact("s = 2 · 2") == [0, 4, 8],
    two=curves.exact("s = 2")[1:],
    four=curves.exact("s = 2 · 2")[1:],
)

# %% [markdown]
# ## Equivariant or invariant?
#
# Pages mix up the two words. **Equivariant**: the map moves along. **Invariant**: the answer stays
# the same. To measure both without borders, the image now moves around: what leaves at the right
# comes in at the left, and circular padding does the same inside the network.

# %%
around = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
)
both = cs.experiments.measure_shift_response(around, photograph, 8, room=0)
cs.lessons.show(both, "text")
cs.lessons.claim(
    "6.invariant",
    both.equivariance < 1e-9 and both.invariance > 0.1 and both.pooled < 1e-9,
    equivariance=both.equivariance,
    invariance=both.invariance,
    pooled=both.pooled,
)

# %% [markdown]
# A convolution is equivariant and not invariant: left in place, its map changed by
# {{both.invariance:.2f}} of its size. What *throws the place away* is invariant, here the mean of
# each channel over all places. Lesson 10 asks how much of it ordinary pooling brings.

# %% [markdown]
# ## The border tells a network where things are
#
# So a network of convolutions with global pooling can't know where something is? We train small
# ones to say in which quarter of an image a digit stands. Guessing is right one time in four.
#
# **The rule, before the run**: four unseen digits at 64 places give 256 test images. A network
# *knows something* if the interval of its accuracy, made to cover the truth 19 times in 20, lies
# above guessing. It *can't know* if one digit gets the same logits at all places.

# %%
position = cs.experiments.learn_position((("circular", 3), ("zeros", 3), ("none", 3)))
cs.lessons.show(position)
circular, zeros, none = position.answers
cs.lessons.claim(
    "6.circular", circular.spread < 1e-3, spread=circular.spread, accuracy=circular.accuracy
)
cs.lessons.claim(
    "6.zeros", zeros.interval[0] > 0.25, accuracy=zeros.accuracy, low=zeros.interval[0]
)
cs.lessons.claim("6.none", none.interval[0] > 0.25, accuracy=none.accuracy, low=none.interval[0])

# %% [markdown]
# Zero padding gives the place away, as often said. But it isn't the zeros: without any padding the
# network knows it as well, since a digit at the border is covered by fewer windows. Only where the
# image has no border is the place lost.
#
# **Exercise 6.4 (D)** Build a network for images (N, 1, 16, 16) that gives the same answer however
# the image is moved around (`torch.roll`), and different answers to different images. At most
# 1,000 parameters, at least one convolution.


# %%
def build_network():
    """An nn.Module for images (N, 1, 16, 16)."""
    # your code


cs.lessons.check("6.4", build_network)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope networks` and `convscope show lenet`: where the parameters of whole networks are.
# - Lesson 7: what a kernel does. Lesson 8: padding and stride. Lesson 10: pooling and shifts.
# - The place that a border gives away: Kayhan and van Gemert, CVPR 2020; Islam, Jia and Bruce,
#   ICLR 2020.

# %%
cs.lessons.end()
