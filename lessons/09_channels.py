# %% [markdown]
# # 9 · Channels, 1×1 convolutions, and what they cost
#
# **You will know afterwards**
#
# - how many kernels a layer has, and why the maps of the input channels add up;
# - what a 1×1 convolution is for, when it "only scales", and what it has to do with a dense
#   layer;
# - how to count the operations of a layer by hand, and turn them into hours;
# - why layers with the same operations take very different times.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run.

# %%
import numpy as np
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(9)

# %% [markdown]
# ## Several input channels: the maps add up
#
# A colour image has three channels, a map inside a network may have hundreds. The kernel then has
# as many layers as the input has channels. Each slides over its own channel, and the resulting
# maps are added. Here are two channels of 3×3.

# %%
x = np.stack([np.arange(9).reshape(3, 3), np.arange(1, 10).reshape(3, 3)])
kernel = np.stack([np.arange(4).reshape(2, 2), np.arange(1, 5).reshape(2, 2)])
one_output = cs.experiments.split_by_channel(x, kernel[None])
cs.lessons.show(one_output)

# %%
expected = np.array([[56, 72], [104, 120]])
cs.lessons.claim(
    "9.sum",
    one_output.difference == 0 and np.array_equal(one_output.added[0], expected),
    difference=one_output.difference,
    corner=one_output.added[0, 0, 0],
)

# %% [markdown]
# ## Several output channels: a stack of such kernels
#
# Every output channel has its own kernels, one for each input channel, and one number to add, the
# bias. So the weights of a layer have four axes: $c_o \times c_i \times k_h \times k_w$. Three
# outputs for our two channels, with the kernels $K$, $K + 1$ and $K + 2$:

# %%
three_outputs = cs.experiments.split_by_channel(
    x, np.stack([kernel, kernel + 1, kernel + 2]), bias=[0, 0, 0]
)
cs.lessons.show(three_outputs)

# %%
stacked = np.array([[[56, 72], [104, 120]], [[76, 100], [148, 172]], [[96, 128], [192, 224]]])
cs.lessons.claim(
    "9.outputs",
    np.array_equal(three_outputs.output, stacked)
    and three_outputs.difference == 0
    and three_outputs.kernels == 6,
    kernels=three_outputs.kernels,
    outputs=len(three_outputs.output),
)

# %% [markdown]
# "Is there one kernel per filter, or one per channel?" Both words mean something: a *filter*
# makes one output channel and holds $c_i$ kernels of two dimensions. This layer has 3 filters and
# {{three_outputs.kernels}} kernels.
#
# **Exercise 9.1 (F)** Write the convolution of several channels: `x` is (c_i, height, width),
# `weight` (c_o, c_i, k, k), `bias` (c_o). Stride 1, no padding, kernels not turned.


# %%
def correlate_channels(x, weight, bias): ...


cs.lessons.check("9.1", correlate_channels)

# %% [markdown]
# **Exercise 9.2 (P)** How many parameters has `nn.Conv2d(64, 128, 3)`? "a": 128 · 9 + 128 =
# 1,280. "b": 64 · 128 · 9 = 73,728. "c": 64 · 128 · 9 + 128 = 73,856. "d": 64 · 128 · 9 + 64 =
# 73,792. Answer before you run the next cell.

# %%
answer = None  # "a", "b", "c" or "d"
cs.lessons.check("9.2", answer)

# %% [markdown]
# ## Counting parameters and operations
#
# Parameters: $c_i \cdot c_o \cdot k^2$ weights and $c_o$ biases, whatever the size of the image.
# Operations: every weight is multiplied once for each pixel of the output, so there are $c_i
# \cdot c_o \cdot k^2 \cdot m^2$ multiply–adds (MACs) for an output of $m \times m$. The table
# counts by hand, with `cs.trace`, and with PyTorch's own counter, which counts products and
# additions apart and so gives twice as many.

# %%
Layer = cs.experiments.ConvolutionSetting
layers = [
    Layer(64, 128, 3, size=56, padding=1),
    Layer(1, 6, 5, size=28, padding=2),
    Layer(6, 16, 5, size=14),
    Layer(3, 96, 11, size=224, padding=1, stride=4),
    Layer(64, 256, 1, size=56),
    Layer(100, 100, 5, size=64, padding=2),
]
costs = cs.experiments.count_layer_costs(layers)
cs.lessons.show(costs)

# %%
first, large = costs.rows[0], costs.rows[-1]
cs.lessons.claim(
    "9.parameters",
    all(row.parameters == row.real_parameters for row in costs.rows),
    layers=len(costs.rows),
    first=first.parameters,
)
cs.lessons.claim("9.macs", costs.agree, layers=len(costs.rows))
cs.lessons.claim(
    "9.gigaflop",
    large.macs == 1_024_000_000 and large.counted_flops == 2 * large.macs,
    macs=large.macs / 1e9,
    flops=large.counted_flops / 1e9,
)

# %% [markdown]
# The last row is the example that books like: 100 channels in and out, 5×5, 64×64 pixels, "about
# 1 GFLOP". Whether that is 1 or 2 depends on whether a product and its addition count once or
# twice. Ask before you compare two papers. The last column is what padding costs: that share of
# the products has a zero for a factor.
#
# **Exercise 9.3 (N)** AlexNet's second layer takes 96 channels of 26×26 to 256 channels, with 5×5
# kernels and padding 2 on each side. How many parameters, how many MACs for one image, and how
# many FLOPs if products and additions count apart?

# %%
answer = None  # three numbers
cs.lessons.check("9.3", answer)

# %% [markdown]
# ## 1×1: a dense layer at every pixel
#
# A kernel of 1×1 looks at one pixel. With one channel it multiplies by a number, and that is
# where the question "what is it for?" comes from. With several channels it computes weighted sums
# of them. An example you know: the grey value of a colour image.

# %%
mixed = cs.experiments.mix_channels(cs.experiments.photograph(side=160))
cs.lessons.show(mixed)

# %%
grey = mixed.difference_from_grey
cs.lessons.claim("9.grey", grey <= 1, levels=grey)

# %% [markdown]
# The first map is what Pillow gives for "grey". The other two answer to red against green and to
# yellow against blue. A network learns such mixtures.
#
# Now with random weights: the same numbers as a dense layer that gets the channels of one pixel,
# at every pixel; and nothing of its neighbours.

# %%
many = cs.experiments.compare_one_by_one(3, 4)
single = cs.experiments.compare_one_by_one(1, 4)
cs.lessons.show(many)

# %%
cs.lessons.claim(
    "9.dense",
    max(many.definition, many.linear) < 1e-6 and many.neighbours == 0,
    definition=many.definition,
    linear=many.linear,
)
cs.lessons.claim(
    "9.scales",
    single.unexplained < 1e-6 and many.unexplained > 0.05,
    single=single.unexplained,
    many=many.unexplained,
)

# %% [markdown]
# "Is a convolution with kernel 1 the same as `nn.Linear`?" Yes, if the dense layer gets each
# pixel by itself: {{many.parameters}} parameters either way. A dense layer behind `nn.Flatten` is
# another thing: it joins every pixel with every other, for {{many.flat_parameters:,}} parameters.
# Height and width don't change, channels do: {{many.in_channels}} to {{many.output_shape[0]}}.

# %% [markdown]
# ## A glance at groups
#
# Most of the cost comes from $c_i \cdot c_o$: everyone looks at everyone. Groups leave kernels
# out. With two groups the first half of the outputs sees the first half of the inputs; with as
# many groups as channels each output sees one input ("depthwise").

# %%
groups = cs.experiments.compare_groups(channels=8, groups=(1, 2, 4, 8))
cs.lessons.show(groups)

# %%
worst = max(row.difference for row in groups.rows)
wide = cs.experiments.compare_groups(channels=64, groups=(64,))
cs.lessons.claim("9.groups", worst < 1e-10, difference=worst)
cs.lessons.claim(
    "9.separable",
    abs(wide.saved - (1 / 64 + 1 / 9)) < 1e-12,
    share=wide.saved,
)

# %% [markdown]
# Depthwise alone never mixes channels. With a 1×1 convolution behind it, which does, the pair
# costs {{wide.saved:.0%}} of the full convolution at 64 channels: $1/c_o + 1/k^2$. MobileNet is
# made of such pairs (lesson 14).
#
# **Exercise 9.4 (D)** Build a module that takes 64 channels of 28×28 to 64 channels of 28×28,
# where every output sees at least 5×5 pixels and all 64 input channels, with at most a tenth of
# the operations of one full 5×5 convolution. (You may narrow the channels on the way.)

# %%
answer = None  # a module
cs.lessons.check("9.4", answer)

# %% [markdown]
# ## From operations to hours
#
# Ten layers like the large one, one million images: how long does your machine take? Measure one
# layer, then multiply.

# %%
big = cs.experiments.time_layers(
    {"5×5, 100 → 100": (nn.Conv2d(100, 100, 5, padding=2), (100, 64, 64))}
)
rate = big.layers["5×5, 100 → 100"].gflops
petamacs = 10 * large.macs * 1_000_000 / 1e15
hours = 2 * petamacs * 1e6 / rate / 3600
cs.lessons.show(big, what="text")

# %% [markdown]
# {{petamacs:.1f}} PMACs at {{rate:.0f}} GFLOP/s on one thread: {{hours:.0f}} hours, forward only.
# Training also goes backward, which costs about twice as much again.
#
# ## "Time is operations"
#
# That calculation took one rate for granted. Is there one? Six layers with the same operations,
# within 4 of a hundred. **The rule, before the run**: the sentence falls if the fastest does at
# least twice as many operations per second as the slowest.

# %%
times = cs.experiments.time_layers()
cs.lessons.show(times)

# %%
work = [layer.macs for layer in times.layers.values()]
cs.lessons.claim(
    "9.time",
    times.ratio >= 2 and max(work) / min(work) < 1.05,
    ratio=times.ratio,
    spread=max(work) / min(work) - 1,
)

# %% [markdown]
# A factor of {{times.ratio:.0f}} here. The two slow ones have the same reason: they use each
# number that they fetch from memory only a few times. The dense layer reads each of its 17
# million weights for one product; the depthwise layer uses each pixel for 9 products, a full 3×3
# layer with 64 outputs for
# 576. Then it is the memory that takes the time, not the arithmetic.
#
# So when do operations tell the time? **For one kind of layer.** The same layer on 8 images in
# place of 2 does four times as much.

# %%
same = {"3×3, 64 → 64": (nn.Conv2d(64, 64, 3, padding=1), (64, 42, 42))}
two = cs.experiments.time_layers(same, images=2).layers["3×3, 64 → 64"]
eight = cs.experiments.time_layers(same, images=8).layers["3×3, 64 → 64"]
longer = eight.seconds / two.seconds
near, far = 3 <= longer <= 5.5, longer < 2 or longer > 8
cs.lessons.claim("9.proportional", True if near else False if far else None, longer=longer)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show resnet18` lists parameters and MACs of every layer of a network.
# - `convscope plan resnet18 digits` turns operations into a forecast of hours on your machine, by
#   measuring every kind of layer.
#
# Next: lesson 10, pooling.

# %%
cs.lessons.end()
