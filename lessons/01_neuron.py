# %% [markdown]
# # 1 · Neuron, activation, perceptron
#
# **You will know afterwards**
#
# - what a neuron computes, and how the first one learned;
# - what it can never learn, and what mends that;
# - why layers without an activation between them are one layer;
# - when ReLU learns faster than a sigmoid, and when not.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run.

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs
from convscope.definitions.activations import sigmoid, softmax
from convscope.definitions.neuron import neuron

lesson = cs.lessons.begin(1)

# %% [markdown]
# ## A neuron is a weighted sum and a decision
#
# Each input is multiplied by its weight, everything is added up, the bias is added too, and an activation decides:
#
# $$y = g\Big(\sum_i w_i x_i + b\Big)$$
#
# The first neurons had a step for $g$: 1 if the sum is above 0, else 0. And the bias is nothing special. Give the neuron one more
# input that is always 1, and the bias is the weight on it:

# %%
random = np.random.default_rng(0)
x, weight, bias = random.normal(size=(1000, 5)), random.normal(size=5), 0.7
with_bias = neuron(x, weight, bias, sigmoid)
with_one = neuron(np.hstack([x, np.ones((1000, 1))]), [*weight, bias], 0.0, sigmoid)
bias_difference = abs(with_bias - with_one).max()
cs.lessons.claim("1.bias", bias_difference < 1e-12, difference=bias_difference)

# %% [markdown]
# ## It learns from its mistakes
#
# Rosenblatt's rule of 1958: after a right answer do nothing, after a wrong one add the example to the weights, or take it away:
#
# $$w \leftarrow w + (\text{target} - y)\,x, \qquad b \leftarrow b + (\text{target} - y)$$
#
# **Exercise 1.1 (F)** Write one such step. Give back the new weights and, as the last number, the new bias.


# %%
def learn_one(weight, bias, x, target): ...


cs.lessons.check("1.1", learn_one)

# %% [markdown]
# Sixty points that a line separates, with a gap on both sides of it:

# %%
points, targets, line = cs.experiments.draw_separable_points(60, 0.1, seed=3)
separable = cs.experiments.follow_perceptron(points, targets, separation=line)
cs.lessons.show(separable)

# %% [markdown]
# It came to rest after {{separable.total}} mistakes, in pass {{separable.passes}}. Novikoff proved in 1962 that it must: if some line
# leaves a gap $\gamma$ and no example is longer than $R$, there are at most $(R/\gamma)^2$ mistakes, here {{separable.bound:.0f}}. The
# bound doesn't ask how many examples there are.

# %%
cs.lessons.claim(
    "1.rest",
    separable.rests and separable.total <= separable.bound,
    total=separable.total,
    bound=separable.bound,
)

# %% [markdown]
# ## What it never learns
#
# *Exclusive or*, XOR: 1 if just one of the two inputs is 1. No line has the two zeros on one side and the two ones on the other.

# %%
xor = cs.experiments.follow_perceptron([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
cs.lessons.show(xor)
cs.lessons.claim(
    "1.xor", not xor.rests and min(xor.mistakes) > 0, passes=xor.passes, mistakes=xor.total
)

# %% [markdown]
# ## More layers alone don't help
#
# Three layers, one after the other, with nothing between them. Multiply the matrices and there is one layer that does the same:

# %%
torch.manual_seed(0)
stack = nn.Sequential(nn.Linear(20, 256), nn.Linear(256, 256), nn.Linear(256, 10))
merged = cs.experiments.merge_affine_layers([*stack])
inputs = torch.randn(1000, 20)
with torch.no_grad():
    affine_difference = float((stack(inputs) - merged(inputs)).abs().max())
before = sum(parameter.numel() for parameter in stack.parameters())
after = sum(parameter.numel() for parameter in merged.parameters())
cs.lessons.claim(
    "1.affine", affine_difference < 1e-5, before=before, after=after, difference=affine_difference
)

# %% [markdown]
# **Exercise 1.2 (N)** Three layers of one number each: first $2x + 1$, then $-3x + 2$, then $0.5x - 1$. Which layer $ax + b$ is the
# same? Answer with `[a, b]`.

# %%
answer = None
cs.lessons.check("1.2", answer)

# %% [markdown]
# ## An activation between them does
#
# A hidden layer with ReLU, $\max(x, 0)$, between two affine layers. How many hidden units does XOR need? Ten starts for each number:

# %%
hidden = cs.experiments.learn_xor((0, 1, 2, 3, 4), seeds=10)
cs.lessons.show(hidden)
cs.lessons.claim(
    "1.hidden",
    hidden.solved[0] == hidden.solved[1] == 0 and hidden.solved[2] > 0,
    two=hidden.solved[2],
    four=hidden.solved[4],
    seeds=hidden.seeds,
)

# %% [markdown]
# Two units *can* do it, but from {{hidden.solved[2]}} of {{hidden.seeds}} starts only: the others end with a unit that answers 0 to
# everything and never learns again. Spare units make up for dead ones.
#
# **Exercise 1.3 (D)** What is the smallest number of hidden units with which at least 9 of 10 starts solve XOR?
# `cs.experiments.learn_xor` finds out.

# %%
units = None
cs.lessons.check("1.3", units)

# %% [markdown]
# ## Which activation?
#
# The step can't be used: its slope is 0 everywhere, so no gradient comes through. What about the others?

# %%
slopes = cs.experiments.compare_slopes()
cs.lessons.show(slopes)
cs.lessons.claim(
    "1.slope",
    slopes.slopes["sigmoid"].max() <= 0.25
    and slopes.slope_at("sigmoid", 6) < 0.01
    and slopes.slope_at("relu", 6) == 1,
    largest=slopes.slopes["sigmoid"].max(),
    far=slopes.slope_at("sigmoid", 6),
)
cs.lessons.claim(
    "1.centred",
    abs(slopes.mean("sigmoid") - 0.5) < 1e-9 and abs(slopes.mean("tanh")) < 1e-9,
    sigmoid=slopes.mean("sigmoid"),
    tanh=slopes.mean("tanh"),
)

# %% [markdown]
# A gradient shrinks to a quarter or less at each sigmoid it passes. So ReLU should learn faster. But a comparison at one rate is a
# comparison of that rate: sigmoids stand a larger one.
#
# **Exercise 1.4 (P)** Both networks, learning rate 3, thirty epochs. Which reaches 95 of 100 training images? (a) only the one with
# ReLU, (b) only the one with sigmoids, (c) both. Answer before you run the next cell.

# %%
guess = None
cs.lessons.check("1.4", guess)

# %% [markdown]
# **The rule, before the run**: two hidden layers of 32 units, plain SGD, five rates, two seeds. Each activation counts at its own best
# rate. One is faster than another if both its seeds take fewer epochs than both of the other's.

# %%
race = cs.experiments.race_activations()
cs.lessons.show(race)
cs.lessons.claim(
    "1.faster",
    race.is_faster("relu", "sigmoid"),
    relu=race.mean("relu"),
    sigmoid=race.mean("sigmoid"),
    tanh=race.mean("tanh"),
)
at_three = {name: by_rate[-1] for name, by_rate in race.epochs.items()}
cs.lessons.claim(
    "1.one_rate",
    None not in at_three["sigmoid"] and {*at_three["relu"]} == {None},
    rate=race.rates[-1],
    sigmoid=np.mean([epochs or 2 * race.most for epochs in at_three["sigmoid"]]),
)

# %% [markdown]
# In so small a network the old tanh isn't slower than ReLU. What made ReLU famous is depth: with every further layer, slopes below 1
# are multiplied once more. Lesson 2 measures that.
#
# ## What softmax doesn't change
#
# Softmax makes probabilities of any numbers, but it keeps their order. So softmax regression, one affine layer and softmax, still
# decides by straight boundaries. A set of images that shows it: digits in white on black *and* in black on white.

# %%
logits = random.normal(size=(1000, 10))
probabilities = softmax(logits)
kept = float((logits.argsort(axis=1) == probabilities.argsort(axis=1)).all(axis=1).mean())
cs.lessons.claim("1.order", kept == 1, kept=kept)

inverses = cs.experiments.learn_inverses()
cs.lessons.show(inverses)
cs.lessons.claim(
    "1.inverses",
    inverses.both["linear"] < 0.3 and inverses.both["hidden"] > 0.9,
    plain=inverses.plain["linear"],
    linear=inverses.both["linear"],
    hidden=inverses.both["hidden"],
)
cs.lessons.claim("1.constant", inverses.constant < 1e-9, spread=inverses.constant)

# %% [markdown]
# The linear model isn't just worse, it guesses. The reason is one line, in which $\mathbf 1$ is the image that is all white. The
# logits of an image and of its inverse add up to $W x + b + W(\mathbf 1 - x) + b = W \mathbf 1 + 2b$, the same for every image. What speaks for a class on one speaks against it on
# the other.
#
# ## The same elsewhere
#
# - `convscope show mlp`: layers, parameters and operations of a network with hidden layers.
# - `convscope train softmax-regression digits` and `convscope train mlp digits`: both on the digits as they are.
# - Sources: Rosenblatt, *Psychological Review* 1958; Novikoff 1962; Minsky and Papert, *Perceptrons*, 1969.

# %%
cs.lessons.end()
