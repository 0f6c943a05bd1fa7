# %% [markdown]
# # 8 · Padding, stride, dilation
#
# **You will know afterwards**
#
# - how large the output of a convolution is, and why two people who both write $p$ mean two
#   numbers;
# - where the zeros go if they can't be divided evenly, and why frameworks then disagree;
# - which pixels a stride never looks at, and which holes a dilation leaves;
# - what padding costs and what it brings: popular sentences, measured.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run.

# %%
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(8)

# %% [markdown]
# ## Without padding, images shrink
#
# A window of 5×5 must lie on the image, so its middle never comes nearer to the border than 2
# pixels. Each layer takes 4 pixels away. How many layers fit?

# %%
small = cs.experiments.follow_shrinking(32, 5, until=4)
photograph = cs.experiments.follow_shrinking(224, 5, until=4)
cs.lessons.show(small)

# %%
cs.lessons.claim(
    "8.shrink",
    small.layers == 7 and photograph.layers == 55,
    small=small.layers,
    large=photograph.layers,
)

# %% [markdown]
# A digit of 32×32 is used up after {{small.layers}} layers, a photograph of 224×224 after
# {{photograph.layers}}. And the border suffers before it vanishes: the figure below counts how
# many windows look at each pixel of a 10×10 image.

# %%
visits = cs.experiments.count_visits(
    10, {"5×5, p = 0": {"kernel": 5}, "5×5, p = 2": {"kernel": 5, "padding": 2}}
)
cs.lessons.show(visits)

# %%
corner, padded_corner = visits.corner("5×5, p = 0"), visits.corner("5×5, p = 2")
middle = visits.centre("5×5, p = 0")
cs.lessons.claim(
    "8.corner",
    corner == 1 and middle == 25 and padded_corner == 9,
    corner=corner,
    middle=middle,
    padded=padded_corner,
)

# %% [markdown]
# ## Padding, and the two meanings of p
#
# Padding adds pixels around the image, usually zeros. With $n$ pixels, a kernel that spans $k$,
# stride $s$ and $p$ added pixels **in all**, one axis has
#
# $$\left\lfloor \frac{n - k + p + s}{s} \right\rfloor$$
#
# outputs. Frameworks take the number of **each side**: `padding=1` is $p = 2$. The last column of
# the table shows what you get if you mix the two up. The settings are written as PyTorch takes
# them.

# %%
table = cs.experiments.compare_output_sizes()
cs.lessons.show(table)

# %% [markdown]
# In the rows with a stride the mistake hides: rounding down swallows it. That is why it is found
# so late. Five settings prove little, so here are all sizes up to 12, kernels up to 4, paddings
# and strides up to 3, dilations 1 and 2.

# %%
sizes = cs.experiments.check_output_sizes()
wrong_sizes = sizes.padded - sizes.misread_agree
cs.lessons.claim(
    "8.sizes", sizes.agree == sizes.settings, agree=sizes.agree, settings=sizes.settings
)
cs.lessons.claim(
    "8.both_sides", wrong_sizes == sizes.padded, wrong=wrong_sizes, padded=sizes.padded
)

# %% [markdown]
# **Exercise 8.1 (N)** How many outputs has each of these, along one axis? The padding is that of
# each side, as in PyTorch.
#
# 1. 28 pixels, kernel 5
# 2. 28 pixels, kernel 5, padding 2
# 3. 224 pixels, kernel 11, padding 1, stride 4
# 4. 224 pixels, kernel 7, padding 3, stride 2
# 5. 32 pixels, kernel 3, dilation 2

# %%
answer = None  # five numbers, as [1, 2, 3, 4, 5]
cs.lessons.check("8.1", answer)

# %% [markdown]
# **Exercise 8.2 (F)** Write the formula for both conventions. `convention` is "each" where `p` is
# the padding of each side, or "all" where it is that of both sides together.


# %%
def count_outputs(n, k, p, s, convention): ...


cs.lessons.check("8.2", count_outputs)

# %% [markdown]
# ## Even kernels: who gets the odd zero?
#
# To keep the size at stride 1, $p = k - 1$ zeros are needed. For $k = 3$ that is one on each
# side. For $k = 2$ or $4$ it is an odd number: one side gets one more.
#
# **Exercise 8.3 (P)** The odd zero moves from behind the image to before it. With **stride 2**,
# what becomes of the outputs? "a": the same numbers, moved by one place. "b": the same numbers at
# the same places. "c": other numbers. Answer before you run the next cell.

# %%
answer = None  # "a", "b" or "c"
cs.lessons.check("8.3", answer)

# %%
sides = cs.experiments.compare_same_padding(kernels=(2, 4), strides=(1, 2), size=7)
cs.lessons.show(sides)

# %%
still = [row for row in sides.rows if row.stride == 1]
strided = [row for row in sides.rows if row.stride > 1]
cs.lessons.claim(
    "8.sides",
    all(row.shift == 1 and row.pytorch == "behind" for row in still)
    and all(row.shift is None for row in strided),
    cases=2 * len(sides.rows),
)

# %% [markdown]
# The eight cases of the figure: two kernels, two strides, two sides. At stride 1 nothing is lost,
# the map is moved by one place. At stride 2 the windows stand on other pixels, and a network
# trained one way answers differently the other way.
#
# TensorFlow and Keras call this padding "same" and put the odd zero behind; so does PyTorch's
# `padding="same"`, but it refuses strides. ONNX has a name for each side (`SAME_UPPER` is behind,
# `SAME_LOWER` before). A number, as in `padding=1`, is always for both sides.
#
# Hence the rule to take odd kernels. It holds at stride 1. With a larger stride the zeros that
# are needed depend on the size of the image, too: a 3×3 kernel with stride 2 on 224 pixels needs
# one zero, not two. PyTorch's `padding=1` and TensorFlow's "same" then differ by one pixel.

# %%
even = cs.experiments.count_even_paddings()
photo_zeros = cs.experiments.same_padding(224, 3, stride=2)
cs.lessons.claim(
    "8.odd_even",
    even.odd_stride_1 == 1 and even.even_stride_1 == 0 and even.odd_strided < 1,
    still=even.odd_stride_1,
    strided=even.odd_strided,
)

# %% [markdown]
# For 224 pixels it is {{photo_zeros[0]}} zero before and {{photo_zeros[1]}} behind.
#
# There is a second reason for odd kernels: an even one has no middle pixel. With "same" padding
# each layer moves what it sees by half a pixel.

# %%
drift = cs.experiments.measure_drift(kernels=(2, 3, 4, 5), layers=8)
cs.lessons.show(drift)

# %%
cs.lessons.claim(
    "8.drift",
    all(abs(drift.per_layer(k) - (k % 2 == 0) / 2) < 1e-9 for k in drift.positions),
    even=drift.per_layer(4),
    odd=drift.per_layer(3),
)

# %% [markdown]
# **Exercise 8.4 (D)** A layer with a 4×4 kernel and stride 1 shall keep a map of 31×31. How many
# zeros on each side? Give (left, right, top, bottom), as `torch.nn.functional.pad` takes them.

# %%
answer = None  # four numbers
cs.lessons.check("8.4", answer)

# %% [markdown]
# ## Stride: what is never looked at
#
# Stride $s$ moves the window by $s$ pixels. If the kernel is smaller than the stride, pixels fall
# between the windows: whatever they hold, the output is the same. That happens in the shortcuts
# of ResNet, which are 1×1 with stride 2.

# %%
strides = cs.experiments.count_visits(
    8,
    {
        "1×1, s = 2": {"kernel": 1, "stride": 2},
        "3×3, s = 2, p = 1": {"kernel": 3, "stride": 2, "padding": 1},
        "3×3, s = 4": {"kernel": 3, "stride": 4},
    },
)
cs.lessons.show(strides)

# %%
dropped, all_seen = strides.unseen("1×1, s = 2"), strides.unseen("3×3, s = 2, p = 1")
cs.lessons.claim("8.unseen", dropped == 0.75 and all_seen == 0, dropped=dropped, seen=1 - all_seen)

# %% [markdown]
# ## Dilation: wider at the same price
#
# A dilated kernel leaves gaps between its entries: dilation 2 spreads 3×3 weights over 5×5
# pixels. It is the same as a large kernel with zeros written in.

# %%
spread = cs.experiments.check_dilation(kernel=3, dilation=2)
stacks = cs.experiments.compare_dilations(((1, 1, 1), (2, 2, 2), (1, 2, 4)))
print(spread)
cs.lessons.show(stacks)

# %%
plain, same_twice, growing = stacks.stacks
cs.lessons.claim(
    "8.dilation",
    spread.difference < 1e-12 and spread.span == 5,
    span=spread.span,
    difference=spread.difference,
)
cs.lessons.claim(
    "8.holes",
    same_twice.seen < 0.5 and growing.seen == 1 and same_twice.weights == growing.weights,
    holes=same_twice.seen,
    span=same_twice.span,
    full=growing.span,
)

# %% [markdown]
# Three layers of dilation 2 see {{same_twice.span}}×{{same_twice.span}} pixels, but only
# {{same_twice.seen:.0%}} of them: neighbours never meet. Dilations that grow see all of
# {{growing.span}}×{{growing.span}}, with the same {{growing.weights}} weights.

# %% [markdown]
# ## What is added? Four modes
#
# Zeros are one way to continue an image. Others mirror it, repeat its last pixel, or take the
# pixels of the opposite side.

# %%
modes = cs.experiments.compare_padding_modes(cs.experiments.photograph(side=64), 16)
cs.lessons.show(modes, what="figure")

# %%
thin = cs.experiments.compare_padding_modes(cs.experiments.photograph(side=64), 1)
cs.lessons.show(thin, what="text")

# %%
inside, border = max(thin.inside.values()), max(thin.at_border.values())
cs.lessons.claim("8.modes", inside == 0 and border > 10, inside=inside, border=border)

# %% [markdown]
# After one layer of 3×3 the modes differ in a rim of one pixel, and there a lot. Then the rim
# grows.

# %%
reach = cs.experiments.measure_border_reach(8, kernel=3, layers=5)
large_reach = cs.experiments.measure_border_reach(224, kernel=3, layers=20).shares[-1]
cs.lessons.show(reach)

# %%
cs.lessons.claim(
    "8.reach",
    reach.shares[3] == 1 and reach.shares[2] < 1 and 0.2 < large_reach < 0.5,
    first=reach.shares[0],
    large=large_reach,
)

# %% [markdown]
# ## "Zeros cost a little time and no accuracy"
#
# Both halves can be measured. The first half: three layers of 3×3 with and without zeros.

# %%
padded = cs.experiments.build_plain_stack()
bare = cs.experiments.build_plain_stack(padding="valid")
more_on_digits = cs.trace(padded, (1, 8, 8)).macs / cs.trace(bare, (1, 8, 8)).macs - 1
more_on_photographs = cs.trace(padded, (1, 224, 224)).macs / cs.trace(bare, (1, 224, 224)).macs - 1
cs.lessons.claim(
    "8.cost",
    more_on_digits > 1 and more_on_photographs < 0.05,
    digits=more_on_digits,
    photographs=more_on_photographs,
)

# %% [markdown]
# A little on photographs, yes. On digits of 8×8 the padded maps are so much larger that the
# operations more than double. And operations aren't the whole time: zeros are built into the
# convolution, while for the other modes the image is first copied into a larger one.

# %%
timed = cs.experiments.time_layers(
    {
        mode: (nn.Conv2d(64, 64, 3, padding=1, padding_mode=mode), (64, 56, 56))
        for mode in ("zeros", "reflect", "replicate", "circular")
    }
)
slower = timed.layers["reflect"].seconds / timed.layers["zeros"].seconds
cs.lessons.show(timed, what="text")

# %% [markdown]
# On this machine mirroring takes {{slower:.2f}} times as long as zeros.
#
# The second half of the sentence needs training. **The rule, before the run**: one small net with
# and without padding learns half of the built-in digits and is tested on the other half, with 20
# seeds that decide the halves and the first weights. The sentence holds if zeros lose less than
# half a percentage point, by the 95-percent interval of the 20 differences (Student's t). That
# takes minutes, so here you see one seed, and then the stored result. (Other seeds had served to
# find out what to ask; the stored ones are fresh.)

# %%
live = cs.experiments.compare_short_trainings(
    {"none": lambda: cs.experiments.build_plain_stack(padding="valid"),
     "zeros": cs.experiments.build_plain_stack},
    seeds=(100,),
)  # fmt: skip
cs.lessons.show(live, what="text")
live_gain = live.difference("zeros", "none")

# %% [markdown]
# This one seed says {{live_gain.mean:+.1f}} points for zeros. Before you believe it, see the
# other 19.

# %%
stored = cs.lessons.stored("padding")
by_padding = cs.experiments.read_trainings(stored.rows, "padding")
cs.lessons.show(by_padding)

# %%
gain = by_padding.difference("zeros", "none")
cs.lessons.claim(
    "8.zeros", gain.is_above(-0.5), mean=gain.mean, low=gain.low, high=gain.high, seeds=gain.pairs
)

# %% [markdown]
# Measured {{stored.date}} on {{stored.machine[processor]}}. On these small images zeros cost no
# accuracy, they win some: {{gain.mean:+.1f}} points. Without padding, few windows have seen the
# strokes at the border. No other mode comes out ahead of zeros in the table.
#
# In a deep net the border reaches every output. Does the mode matter there? The same with 20
# layers and 10 seeds. **The rule, before the run**: it matters if the interval of the difference
# between zeros and "circular" does not hold 0.

# %%
deep = cs.experiments.read_trainings(stored.rows, "20 layers")
cs.lessons.show(deep)

# %%
zeros_gain = deep.difference("zeros", "circular")
mirror_gain, repeat_gain = (
    deep.difference("zeros", "reflect"),
    deep.difference("zeros", "replicate"),
)
cs.lessons.claim(
    "8.deep",
    zeros_gain.is_above(0),
    mean=zeros_gain.mean,
    low=zeros_gain.low,
    high=zeros_gain.high,
    seeds=zeros_gain.pairs,
)

# %% [markdown]
# It matters more than with three layers: taking the opposite side's pixels costs
# {{zeros_gain.mean:.1f}} points. Why, this experiment doesn't say. Against mirroring, the
# interval for zeros runs from {{mirror_gain.low:+.1f}} to {{mirror_gain.high:+.1f}} points,
# against repeating the last pixel from {{repeat_gain.low:+.1f}} to {{repeat_gain.high:+.1f}}.

# %% [markdown]
# ## "Odd kernels are better"
#
# As a rule for zeros you have seen why. As a rule for accuracy it is a different claim. Kernels
# of 2×2 to 5×5, with so many channels ($60 / k$) that all nets cost the same, three layers each.
# **The rule, before the run**: 20 seeds; odd or even matters if 4×4 lies more than one percentage
# point from 3×3 or from 5×5, by the 95-percent intervals of the differences.

# %%
by_kernel = cs.experiments.read_trainings(stored.rows, "kernel")
cs.lessons.show(by_kernel)

# %%
to_three, to_five = by_kernel.difference("4×4", "3×3"), by_kernel.difference("4×4", "5×5")
by_two = by_kernel.difference("3×3", "2×2")
near = [to_three.is_within(1), to_five.is_within(1)]
cs.lessons.claim(
    "8.kernels",
    False if False in near else None if None in near else True,
    three=to_three.mean,
    five=to_five.mean,
    seeds=to_three.pairs,
)

# %% [markdown]
# The even 4×4 is as good as its odd neighbours, at the same cost. 2×2 falls behind, by
# {{by_two.mean:.1f}} points to 3×3. Is that because 2 is even? Three layers of 2×2 see only 4
# pixels along each axis, three of 3×3 see 7. If the dense layer at the end gets a finer map, of
# 4×4 numbers for each channel in place of 2×2, it can make up for that:

# %%
finer = cs.experiments.read_trainings(stored.rows, "kernel, finer head")
cs.lessons.show(finer)
even_gain = finer.difference("2×2", "3×3")

# %% [markdown]
# Here 2×2 and 3×3 are level: {{even_gain.mean:+.2f}} points, with an interval from
# {{even_gain.low:+.2f}} to {{even_gain.high:+.2f}}. Odd or even was never the point.

# %% [markdown]
# ## The same elsewhere
#
# - `convscope kernels photo.jpg --kernel sobel-vertical --stride 2` slides kernels over your own
#   image and prints the formula with your numbers; `--mode reflect` and `--dilation 2` work, too.
# - `convscope show lenet` lists the size of every map of a network.
#
# Next: lesson 9, several channels and what they cost.

# %%
cs.lessons.end()
