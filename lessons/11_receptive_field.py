# %% [markdown]
# # 11 · Receptive field
#
# **You will know afterwards**
#
# - how many pixels a unit sees, in three ways that agree to the pixel;
# - why tools give different numbers for one network, and which question each answers;
# - what ten layers of 3 × 3 save against five of 5 × 5, and what they don't;
# - that of what a unit sees only the middle counts, and how to measure that;
# - what channels at three depths respond to.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run.

# %%
import torch

import convscope as cs

lesson = cs.lessons.begin(11)
torch.manual_seed(0)

# %% [markdown]
# ## What a unit sees
#
# One number in a map is a *unit*. A unit of the first 3 × 3 convolution is computed from 3 × 3
# pixels. A unit of the second is computed from 3 × 3 of those, whose windows overlap: 5 × 5 pixels.
# All pixels that can change a unit are its *receptive field*.
#
# We ask three times, independently: the **formula** adds up kernel sizes; the **graph** follows
# each operation backwards to the numbers it really reads; the **gradients** say which pixels change
# the unit at all.

# %%
stack = cs.experiments.build_convolution_stack(10)
grown = cs.experiments.compare_field_methods(stack, 31, name="10 × 3×3")
cs.lessons.show(grown)

# %%
sizes = [layer.formula for layer in grown.layers]
cs.lessons.claim(
    "11.growth",
    grown.agree and sizes == [2 * n + 1 for n in range(1, 11)],
    first=sizes[0],
    last=sizes[-1],
)

# %% [markdown]
# Each layer adds 2 pixels: $n$ layers of 3 × 3 see $2n + 1$.
#
# **Exercise 11.1 (F)** Write the formula. `layers` is a list of (kernel, stride), from the image on.
# A kernel of $k$ adds $k - 1$ steps, and a step is as many pixels as all strides *before* it
# multiply to.


# %%
def field(layers): ...


cs.lessons.check("11.1", field)

# %% [markdown]
# ## Strides and pooling multiply
#
# Behind a stride of 2, neighbours in the map stand two pixels apart in the image. So every later
# kernel reaches twice as far. VGG-11 has five poolings. The frames are what a unit behind each of
# them sees of a photograph of 224 × 224 pixels.

# %%
vgg11 = cs.build("vgg11", in_channels=3, width=0.125)
poolings = [f"features.{place}" for place in (2, 5, 10, 15, 20)]
seen = cs.experiments.find_nested_fields(
    vgg11,
    cs.experiments.photograph("china", 224),
    {str(number): layer for number, layer in enumerate(poolings, start=1)},
)
cs.lessons.show(seen)

# %%
widths = [box.size[0] for box in seen.boxes.values()]
cs.lessons.claim("11.multiply", widths == [4, 10, 30, 70, 150], first=widths[0], last=widths[-1])

# %% [markdown]
# ## Why tools disagree
#
# Learners report 40 pixels from one tool and 48 from another, and a tool that gave 308 for VGG-16.
# Here is VGG-16, behind each of its five poolings.

# %%
vgg16 = cs.build("vgg16", width=0.125)
compared = cs.experiments.compare_field_methods(
    vgg16.features, 224, ["4", "9", "16", "23", "30"], images=4, name="VGG-16"
)
cs.lessons.show(compared)

# %%
deepest = compared.layers[-1]
cs.lessons.claim("11.agree", compared.agree, formula=deepest.formula, gradient=deepest.gradient)

# %% [markdown]
# Three ways, one answer. If two tools differ, they answer different questions: before or behind
# the pooling, the last convolution or the last layer, with the border or without. The border
# alone makes a difference: here is the unit in the *corner* of LeNet's last map.

# %%
corner = cs.receptive_field("lenet", "features.pool2:0,0,0", size=28)
cs.lessons.show(corner)

# %%
inside, beyond = corner.seen.box.size[0], corner.seen.unclipped.size[0]
cs.lessons.claim("11.border", inside < beyond, inside=inside, beyond=beyond)

# %% [markdown]
# ## Ten layers of 3 × 3, or five of 5 × 5?
#
# Both see {{sizes[9]}} pixels. The argument for small kernels goes: fewer weights, fewer operations,
# more nonlinearities; so faster and better. Both are counted, and timed in turns: forward and
# backward, on one thread, in processor time. The rule: the time falls less than the operations if
# the 95 percent interval of the ratio lies above theirs.

# %%
stacks = cs.experiments.compare_kernel_stacks()
cs.lessons.show(stacks)

# %%
operations = stacks.ratio("macs")
cs.lessons.claim(
    "11.operations",
    stacks.ratio("field") == 1 and abs(operations - 0.72) < 1e-9,
    field=stacks.stacks[0].field,
    operations=operations,
)

# %%
time, low, high = stacks.time_ratio()
slower = True if low > operations else False if high < operations else None
cs.lessons.claim("11.time", slower, operations=operations, time=time, low=low, high=high)
stored = cs.lessons.stored("kernel_stacks")
trained = cs.experiments.read_trainings(stored.rows, "stacks")
last_seed = max(trained.seeds)

# %% [markdown]
# The count holds everywhere. The time is your processor's: a ✗ above would say that here it follows
# the operations. Where it doesn't, ten layers write ten maps to memory and read them again where
# five write five, and a small kernel gives the processor less to do with each number that it
# fetched. Other machines and numbers of channels give other ratios.
#
# And better? We trained stacks that see equally far on digits, all with 16 channels, with seeds
# {{trained.seeds[0]}} to {{last_seed}} (on {{stored.date}}). The rule is that of lesson 10: a
# difference counts if its 95 percent interval lies on one side of 0; that there is none, if the
# interval lies within 1 percentage point.

# %%
cs.lessons.show(trained)

# %%
shallow = trained.difference("two 3×3", "one 5×5")
cs.lessons.claim(
    "11.shallow", shallow.is_above(0), mean=shallow.mean, low=shallow.low, high=shallow.high
)

# %%
deep = trained.difference("four 3×3", "two 5×5")
cs.lessons.claim("11.deep", deep.is_within(1), mean=deep.mean, low=deep.low, high=deep.high)

# %% [markdown]
# The first additional nonlinearity is worth {{shallow.mean:.1f}} points; from two layers to four the
# gain is gone.
#
# **Exercise 11.2 (D)** A unit should see at least 31 × 31 pixels of an image (1, 64, 64), for at most
# 350,000 multiply–adds. Kernels and windows are at most 3, every convolution has 8 output channels,
# and the last map is at least 8 × 8. `answer` is an `nn.Sequential` of convolutions and pooling.

# %%
answer = None
cs.lessons.check("11.2", answer)

# %% [markdown]
# ## What counts of what is seen
#
# That a pixel *can* change a unit says nothing about how much. The size of the unit's gradient by
# each pixel does. Before you look:
#
# **Exercise 11.3 (P)** A unit behind ten layers of 3 × 3 sees 21 × 21 = 441 pixels. In how many of
# them do 90 percent of the gradient lie: (a) about 400, (b) about 300, (c) fewer than 200?

# %%
prediction = None  # "a", "b" or "c"
cs.lessons.check("11.3", prediction)

# %%
growth = cs.experiments.measure_effective_growth()
cs.lessons.show(growth)

# %%
last = growth.fields[-1]
fields_stored = cs.lessons.stored("trained_field")
cs.lessons.claim(
    "11.effective",
    0.4 < growth.slope < 0.65 and last.share < 0.25,
    slope=growth.slope,
    layers=last.layers,
    share=last.share,
)

# %% [markdown]
# A pixel in the middle reaches the unit on very many paths, one at the edge on a single one. Random
# weights spread a gradient as throws of a die spread their sum: a bell, whose width grows with
# $\sqrt{n}$. On paper {{last.layers}} layers see {{last.theoretical}} pixels across; in effect about
# {{last.width:.0f}}.
#
# Does training widen the bell? Luo and others (2016) saw it grow in large networks. We asked ten
# small ones: six layers of 3 × 3, trained on digits (on {{fields_stored.date}}). The rule was set
# before: it is no wider, if the interval of the paired differences lies below a quarter of a pixel.

# %%
rows = fields_stored.rows
widened = cs.experiments.measure_difference(
    [row["after"] for row in rows], [row["before"] for row in rows]
)
cs.lessons.claim(
    "11.trained",
    widened.is_below(0.25),
    before=sum(row["before"] for row in rows) / len(rows),
    mean=widened.mean,
    low=widened.low,
    high=widened.high,
)

# %% [markdown]
# ## "The gradient shows nothing"
#
# A learner found the picture black as soon as the network had sigmoids. Does a sigmoid see less?

# %%
fields = cs.experiments.compare_field_activations()
cs.lessons.show(fields)

# %%
relu, sigmoid = fields.fields["relu"], fields.fields["sigmoid"]
cs.lessons.claim(
    "11.sigmoid",
    abs(sigmoid.width / relu.width - 1) < 0.15 and sigmoid.peak < 1e-3 * relu.peak,
    relu=relu.width,
    sigmoid=sigmoid.width,
    factor=relu.peak / sigmoid.peak,
)

# %% [markdown]
# No: its field is as wide. But the slope of a sigmoid is at most 1/4, so every layer makes the
# gradient smaller. A tool that takes less than {{fields.threshold}} for 0 finds no row at all; on a
# scale of its own, the picture is there.
#
# ## What channels respond to
#
# The deeper, the more of the image a unit sees. What does it do with that? We train a network with
# three convolutions and look for the nine test images that excite each channel most.

# %%
digits, tested = (cs.load("digits", split, size=16) for split in ("train", "test"))
network = cs.experiments.build_channel_network()
layers = ("relu1", "relu2", "relu3")
cs.experiments.train_briefly(network, *cs.experiments.normalize_images(digits))
after = cs.experiments.measure_class_purity(network, tested, layers)
purity = cs.lessons.stored("channel_purity")
cs.lessons.show(after)

# %% [markdown]
# In the first layer the frame is a stroke, and any digit may have it. In the third it is nearly a
# whole digit. As a number: how many of the nine images show the same digit? {{after.chance:.0%}} would
# do so if they were drawn blindly. One network is one case; so the question was put to ten others
# (on {{purity.date}}), with the rule from above.

# %%
learned = cs.experiments.read_purities(purity.rows, trained=True)
fresh = cs.experiments.read_purities(purity.rows, trained=False)
gained = cs.experiments.measure_difference(learned["relu3"], fresh["relu3"])
cs.lessons.claim(
    "11.channels", gained.is_above(0), mean=gained.mean, low=gained.low, high=gained.high
)

# %%
late = cs.experiments.measure_difference(learned["relu3"], learned["relu2"])
early = cs.experiments.measure_difference(learned["relu2"], learned["relu1"])
rises = late.is_above(0) and early.is_above(0) is not True
cs.lessons.claim(
    "11.deeper", rises, late=late.mean, early=early.mean, low=early.low, high=early.high
)

# %% [markdown]
# The kernels of the first layer are small enough to be read: edges and blobs.

# %%
cs.lessons.show(cs.first_kernels(network, (1, 16, 16)), "figure")

# %% [markdown]
# From the second layer on, kernels can't be read like this any more. But one can look at what they
# make of one image: its *feature maps*. In the first layer the digit is still there, stroke by
# stroke. In the third, most maps are dark, and a few bright spots say: here is what I look for.

# %%
four = tested.images[3]
cs.lessons.show(cs.feature_maps(network, four, "relu1"), "figure")
cs.lessons.show(cs.feature_maps(network, four, "relu3"), "figure")

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show vgg16 --receptive-field features.30:0,3,3` draws a unit's field.
# - `cs.receptive_field(run, "layer2:0,3,3", image=…)` measures it for your own network and image.
# - `cs.trace(network)` has a column "sees".

# %%
cs.lessons.end()
