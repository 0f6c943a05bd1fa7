# %% [markdown]
# # 10 · Pooling
#
# **You will know afterwards**
#
# - what maximum and average pooling compute, with window, padding and stride;
# - why pooling has no parameters and leaves channels apart;
# - what pooling does when the image moves, and why it does *not* make a network translation
#   invariant;
# - what a stride does instead, at the same cost.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run.

# %%
import numpy as np
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(10)

# %% [markdown]
# ## One number for each window
#
# Pooling slides a window over a map, as a convolution does. But it has nothing to learn: it takes
# the largest number of the window (*max pooling*) or their mean (*average pooling*).
#
# Below, a window of 3 × 3 slides over the numbers 0 to 15. The map is padded by one number on each
# side and the stride is 2, so there are four windows, each in its colour. Padding counts as −∞ for
# a maximum: it never wins.

# %%
matrix = np.arange(16).reshape(4, 4)
single = cs.experiments.pool_matrix(matrix, 3)
padded = cs.experiments.pool_matrix(matrix, 3, padding=1, stride=2)
cs.lessons.show(padded)

# %%
worked = single.values.tolist() == [[10]] and padded.values.tolist() == [[5, 7], [13, 15]]
rounding = max(single.difference, padded.difference)
cs.lessons.claim("10.worked", worked and rounding < 1e-6, difference=rounding)

# %% [markdown]
# ## The usual stride is the window
#
# Without padding and without a word about the stride, one window fits at one place: its largest
# number is {{single.values[0][0]:.0f}}. The next window would begin where the first one ends:
# unless one says otherwise, windows of pooling lie side by side. PyTorch and Keras do so; Flax
# begins with a stride of 1, and code that is moved from one to the other changes its shapes.

# %%
side_by_side = cs.experiments.pool_matrix(matrix, 2)
every_place = cs.experiments.pool_matrix(matrix, 2, stride=1)
cs.lessons.show(side_by_side, "text")
cs.lessons.show(every_place, "text")

# %%
usual, dense = side_by_side.framework.shape, every_place.framework.shape
same = max(side_by_side.difference, every_place.difference)
cs.lessons.claim(
    "10.stride", usual == (2, 2) and dense == (3, 3) and same < 1e-6, usual=usual[0], dense=dense[0]
)

# %% [markdown]
# **Exercise 10.1 (N)** Square maps are pooled. How high is the result?
#
# 1. 28 × 28, window 2
# 2. 13 × 13, window 3, stride 2
# 3. 7 × 7, window 3, padding 1 on each side, stride 2
# 4. 9 × 9, window 4

# %%
heights = None  # such as [1, 2, 3, 4]
cs.lessons.check("10.1", heights)

# %% [markdown]
# ## The mean is a convolution, the maximum isn't
#
# The mean of a window is a sum with fixed weights: average pooling is a convolution that cannot
# learn. So it is linear: pooling a sum of two maps gives the sum of the pooled maps. The maximum
# has no such rule. Here is how far both are from it, for noise.

# %%
average_bend = cs.experiments.measure_linearity(nn.AvgPool2d(2))
max_bend = cs.experiments.measure_linearity(nn.MaxPool2d(2))

# %%
cs.lessons.claim(
    "10.linear", average_bend < 1e-12 < 0.1 < max_bend, average=average_bend, max=max_bend
)

# %% [markdown]
# **Exercise 10.2 (F)** Write max pooling of one matrix. `padding` is that of each side.


# %%
def max_pool(matrix, window, padding, stride): ...


cs.lessons.check("10.2", max_pool)

# %% [markdown]
# ## No parameters, and each channel alone
#
# A convolution adds up all channels. Pooling looks at one channel at a time, so as many come out
# as went in. In the table, compare parameters and shapes of both layers.

# %%
layers = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2))
trace = cs.trace(layers, (3, 32, 32))
cs.lessons.show(trace, "text")

# %%
pooling = trace.layers[-1]
apart = cs.experiments.find_mixed_channels(nn.MaxPool2d(2), 6)
mixed = cs.experiments.find_mixed_channels(layers[0], 3)
cs.lessons.claim(
    "10.channels",
    pooling.parameters == 0
    and pooling.output_shape == (6, 16, 16)
    and np.array_equal(apart, np.eye(6, dtype=bool))
    and mixed.all(),
    parameters=pooling.parameters,
    channels=pooling.output_shape[0],
)

# %% [markdown]
# ## A pooled map changes less when the image moves
#
# Now the point of it, one reads: small shifts should not matter. We move digits by a few pixels
# and look how much a map changes that stays where it is. 0 is no change; two unrelated maps would
# differ by about 140 percent.

# %%
images, labels = cs.experiments.canvas_digits("test")
changes = cs.experiments.measure_map_changes(
    {
        "image": nn.Identity(),
        "stride 2": nn.MaxPool2d(1, stride=2),
        "average 2": nn.AvgPool2d(2),
        "max 2": nn.MaxPool2d(2),
        "max 4": nn.MaxPool2d(4),
        "max 8": nn.MaxPool2d(8),
    },
    images,
)
cs.lessons.show(changes)

# %%
plain, strided = changes.at("image", 1), changes.at("stride 2", 1)
pooled, averaged = changes.at("max 2", 1), changes.at("average 2", 1)
cs.lessons.claim(
    "10.map",
    max(pooled, averaged) < 0.95 * plain and strided > 0.95 * plain,
    image=plain,
    max=pooled,
    average=averaged,
    stride=strided,
)

# %% [markdown]
# So far the textbook is right. One pixel changes the image by {{plain:.0%}}, its pooled map by
# {{pooled:.0%}}; a stride without pooling gains nothing. And the larger the window, the steadier its
# numbers.
#
# ## Invariant or equivariant?
#
# *Invariant* means: the image moves and the result stays. *Equivariant* means: the image moves and
# the result moves along. A convolution is equivariant. With a stride, in pooling or convolution, a
# map can follow only whole steps of the stride.

# %%
china = cs.experiments.photograph("china", 96)
curves = cs.experiments.measure_shift_curves(
    {
        "max 2, s = 1": nn.MaxPool2d(2, stride=1),
        "max 2, s = 2": nn.MaxPool2d(2),
        "average 2, s = 2": nn.AvgPool2d(2),
    },
    china,
    6,
)
cs.lessons.show(curves)

# %%
follows, all_of_them = curves.exact("max 2, s = 2"), curves.exact("max 2, s = 1")
cs.lessons.claim(
    "10.even",
    follows == curves.exact("average 2, s = 2") == [0, 2, 4, 6] and all_of_them == [*range(7)],
    followed=", ".join(map(str, follows)),
)

# %% [markdown]
# So pooling is neither: not invariant, as the map did change above; and equivariant only for
# multiples of its stride.
#
# ## What a trained network answers
#
# A map that changes less is not yet an answer that stays. We train networks on digits in the middle
# of a canvas, then move the digits. All networks cost the same (380,000 multiply–adds): where one
# saves by pooling, another has more channels, or fewer.
#
# **Exercise 10.3 (P)** A network with two layers of 2 × 2 max pooling was trained on centred digits.
# Now they move by 4 pixels. How many of its answers stay the same: (a) nearly all, (b) about half,
# (c) fewer than a quarter?

# %%
prediction = None  # "a", "b" or "c"
cs.lessons.check("10.3", prediction)

# %%
live = cs.experiments.compare_moved_answers(epochs=8)
cs.lessons.show(live)

# %%
kept = live.mean("max", "kept")
cs.lessons.claim("10.invariant", kept[4] < 0.5, one=kept[1], four=kept[4])

# %% [markdown]
# Moved by one pixel, the network with max pooling keeps {{kept[1]:.0%}} of its answers; by four,
# {{kept[4]:.0%}}. Its dense layer has learned *where* on the pooled map each stroke belongs, and
# four pixels are a whole step of that map.
#
# ## What does make it invariant
#
# One curve comes back: the network that ends in *global* pooling. It takes the largest number of
# each whole map, and with it forgets where that was. What is left is the stride of the layers
# before, 2 · 2 = 4 pixels: moved by 4, its logits are the same numbers; in between they aren't.

# %%
moved = live.mean("global", "change")
cs.lessons.claim("10.global", moved[4] < 1e-4 < 0.1 < moved[2], four=moved[4], two=moved[2])

# %% [markdown]
# The other way is not a layer at all: the training images of the last network were moved at random.
# It has the same layers as the first.
#
# ## Many seeds decide
#
# One run shows one case, and the curves above lie close together. A first look with ten seeds
# raised the questions; for the answers every network was trained with twenty *new* seeds. The
# rule was set before: a difference counts if the 95 percent interval of the twenty paired
# differences lies on one side of 0. Where we say that there is none, the whole interval must lie
# within 1 percentage point. Else the claim is not decided.

# %%
stored = cs.lessons.stored("pooling")
many = cs.experiments.read_moved_comparison(stored.rows, epochs=15)
cs.lessons.show(many)

# %%
steadier = many.difference("max", "none", "kept", 1)
cs.lessons.claim(
    "10.small", steadier.is_above(0), mean=steadier.mean, low=steadier.low, high=steadier.high
)

# %%
looser = many.difference("average", "none", "kept", 1)
cs.lessons.claim(
    "10.average", looser.is_below(0), mean=looser.mean, low=looser.low, high=looser.high
)

# %%
instead = many.difference("stride", "max", "accuracy", 0)
cs.lessons.claim(
    "10.instead", instead.is_within(1), mean=instead.mean, low=instead.low, high=instead.high
)

# %%
taught = many.difference("max, moved", "max", "kept", 4)
cs.lessons.claim("10.moved", taught.is_above(0), mean=taught.mean, low=taught.low, high=taught.high)

# %%
less = many.difference("stride", "max", "kept", 1)
price = many.difference("max, moved", "max", "accuracy", 0)
toll = many.difference("global", "max", "accuracy", 0)

# %% [markdown]
# Measured on {{stored.date}} on {{stored.machine[cores]}} cores, {{many.epochs}} epochs each.
#
# So the textbook is right about max pooling and one pixel, by {{steadier.mean:.1f}} points, and wrong
# about average pooling. A stride in its place is as accurate on what it was trained on, and keeps
# {{less.mean:+.1f}} points of its answers at one pixel. All of that is little beside
# {{taught.mean:.0f}} points from moved training images. Neither way to invariance is free: on
# centred digits, training on moved ones changes accuracy by {{price.mean:+.1f}} points, global pooling
# by {{toll.mean:+.1f}}.

# %% [markdown]
# **Exercise 10.4 (D)** Build a network for images (1, 32, 32) with 10 logits whose answers stay:
# trained for 8 epochs on centred digits, it must keep at least 85 of 100 answers (mean of 1 to 4
# pixels) and get 70 of 100 right, with at most 600,000 multiply–adds. `answer` is a function that
# returns the network, such as `lambda: nn.Sequential(…)`. Checking takes some seconds.

# %%
answer = None
cs.lessons.check("10.4", answer)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show lenet --unit features.pool1:0,3,4 --image photo.png` writes out one pooled number.
# - `convscope evaluate RUN` moves the test images of your own run, too.
# - Lesson 6 measures equivariance of convolutions, lesson 11 how far pooling lets a unit see.

# %%
cs.lessons.end()
