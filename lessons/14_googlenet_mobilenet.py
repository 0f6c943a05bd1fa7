# %% [markdown]
# # 14 · GoogLeNet, MobileNet, and searching
#
# **You will know afterwards**
#
# - how paths of different kernel sizes are put together, and what each costs;
# - whether four paths are better than one that costs as much;
# - why depthwise convolutions save operations, but less time, and what they cost in accuracy;
# - how to search for an architecture under a budget, and why its best figure flatters.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run.

# %%
import convscope as cs

lesson = cs.lessons.begin(14)

# %% [markdown]
# ## Four paths side by side
#
# 1×1, 3×3, 5×5, or pooling: which is right for a layer? GoogLeNet (Szegedy and others, 2014)
# takes all of them. An *inception block* sends its input along four paths and stacks their
# outputs. Here is its first block.

# %%
block = cs.experiments.follow_inception()
cs.lessons.show(block)

# %%
shapes = [path.shape for path in block.paths]
together = sum(channels for channels, _, _ in shapes)
cs.lessons.claim(
    "14.stack",
    {shape[1:] for shape in shapes} == {(12, 12)}
    and block.output == (together, 12, 12)
    and len({path.unpadded for path in block.paths}) > 1,
    channels=together,
    size=shapes[0][1],
    unpadded=block.paths[2].unpadded,
)

# %% [markdown]
# "How can outputs of different kernels be joined, if kernels shrink the image differently?" By
# padding: 1×1 needs none, 3×3 one pixel on each side, 5×5 two, and the pooling has stride 1. Then
# only the channels differ, and channels are what is stacked.
#
# The 1×1 convolutions in front of the 3×3 and the 5×5 make their input narrow. That is most of
# the trick:

# %%
cs.lessons.claim("14.reduce", block.reduced < 0.5, share=block.reduced, macs=block.macs / 1e6)

# %% [markdown]
# **Exercise 14.1 (N)** The next block gets these channels and has paths of 128 (1×1), 128 and 192
# (1×1, 3×3), 32 and 96 (1×1, 5×5) and 64 (pooling, 1×1) channels. How many channels does it give?
# And how many multiply–adds does its second path take on 12 × 12 pixels, both convolutions?

# %%
answer = None  # two numbers
cs.lessons.check("14.1", answer)

# %% [markdown]
# ## GoogLeNet
#
# Nine such blocks in three groups, with a pooling between them. At the end stands no large dense
# layer: each map is averaged, and one dense layer is enough.

# %%
googlenet = cs.trace("googlenet", (1, 96, 96))
cs.lessons.show(googlenet)

# %%
ends = {"maxpool1", "maxpool2", "maxpool3", "maxpool4", "avgpool", "fc"}
found = [layer.output_shape for layer in googlenet.layers if layer.name in ends]
expected = [(64, 24, 24), (192, 12, 12), (480, 6, 6), (832, 3, 3), (1024, 1, 1), (10,)]
cs.lessons.claim(
    "14.googlenet", found == expected, parameters=googlenet.parameters / 1e6, last=found[-2][0]
)
stored = cs.lessons.stored("block_networks")
paths = cs.experiments.read_trainings(stored.rows, "paths")
seeds = len(paths.seeds)

# %% [markdown]
# ## Are four paths better than one?
#
# Small networks of two blocks: four paths; one 3×3 convolution; two; or a 1×1 and a 3×3, the
# second path by itself. All take the same number of operations: for what four paths spend on 32
# channels, one 3×3 gets 13. They were trained on digits from {{seeds}} seeds (on
# {{stored.date}}). **The rule, before the run**: there is a difference if the 95 percent interval
# of the paired differences lies on one side of 0.

# %%
cs.lessons.show(paths)

# %%
single = paths.difference("four paths", "3×3")
cs.lessons.claim("14.paths", single.is_above(0), mean=single.mean, low=single.low, high=single.high)

# %%
narrowed = paths.difference("four paths", "1×1, 3×3")
cs.lessons.claim(
    "14.one", narrowed.is_above(0), mean=narrowed.mean, low=narrowed.low, high=narrowed.high
)

# %% [markdown]
# The single 3×3 falls behind, but part of that isn't the merit of many kernel sizes: a 1×1 in
# front of it, which lets it have more channels, brings it closer. Two thin 3×3 are worst of all.

# %% [markdown]
# ## Depthwise: fewer operations
#
# MobileNet (Howard and others, 2017) divides the work of a convolution: a *depthwise* 3×3 looks
# at each channel by itself, then a 1×1 mixes the channels. Lesson 9 counts what is left of the
# operations: $1/c + 1/9$ for $c$ channels and 3×3.
#
# **Exercise 14.2 (P)** With 16 channels that is about a sixth. What is left of the *time*: "a",
# about a sixth; "b", less; "c", more than a third? Answer before you run the next cell.

# %%
answer = None  # "a", "b" or "c"
cs.lessons.check("14.2", answer)

# %%
times = cs.experiments.time_separable()
cs.lessons.show(times)

# %%
exact = max(abs(pair.operations - (1 / pair.channels + 1 / 9)) for pair in times.pairs)
cs.lessons.claim(
    "14.operations",
    exact < 1e-12,
    widest=times.pairs[-1].channels,
    share=times.pairs[-1].operations,
)

# %%
separable = cs.experiments.read_trainings(stored.rows, "separable")
lag = times.least_lag
narrow = times.pairs[0]
cs.lessons.claim(
    "14.time",
    True if lag > 1.3 else False if lag <= 1.05 else None,
    operations=narrow.operations,
    time=narrow.time,
    channels=narrow.channels,
    lag=lag,
)

# %% [markdown]
# The reason is that of lesson 9: a depthwise kernel uses each pixel for 9 products, a full one
# with 64 outputs for 576. It waits for memory. Whether the figure above is ✓ on your machine says
# how well its library treats depthwise layers; with more channels the gap closes, for then the
# 1×1 takes most of the work.
#
# And the accuracy? Three layers of 3×3 on digits, {{seeds}} seeds, the same rule: full with 16
# channels; separable with 16; and full with 7, which cost as much as the separable ones.

# %%
cs.lessons.show(separable)

# %%
price = separable.difference("separable, 16", "full, 16")
cs.lessons.claim("14.price", price.is_below(0), mean=price.mean, low=price.low, high=price.high)
equal = separable.difference("separable, 16", "full, 7")

# %% [markdown]
# At equal *cost* nothing is decided here: {{equal.mean:+.1f}} percentage points
# ({{equal.low:+.1f}} to {{equal.high:+.1f}}). With so few channels there is little to save. What
# separable layers buy is width.
#
# ## MobileNet, beside the others

# %%
sizes = cs.experiments.compare_footprints(["resnet18", "googlenet", "mobilenet-v1", "mobilenet-v2"])
cs.lessons.show(sizes)

# %%
weights = sizes.ratio("parameters", "mobilenet-v2", "resnet18")
work = sizes.ratio("macs", "mobilenet-v2", "resnet18")
kept = sizes.ratio("kept", "mobilenet-v2", "resnet18")
cs.lessons.claim("14.mobilenet", weights < 0.25 and work < 0.25, weights=weights, work=work)
cs.lessons.claim("14.kept", kept > 1.5, kept=kept)

# %% [markdown]
# MobileNet v2 (Sandler and others, 2018) widens each block inside by a factor of six. The wide
# maps cost few operations, for the 3×3 that works on them is depthwise; but training keeps them.
# On a phone nothing is trained, so there it doesn't matter.
#
# And the clock, for one image of 32 × 32?

# %%
clock = cs.experiments.time_networks()
cs.lessons.show(clock)

# %%
resnet, mobile = clock.networks["resnet18-32px"], clock.networks["mobilenet-v2-32px"]
quicker, fewer = mobile.seconds / resnet.seconds, mobile.macs / resnet.macs
cs.lessons.claim(
    "14.clock",
    True if quicker > 1.3 * fewer else False if quicker <= 1.05 * fewer else None,
    macs=fewer,
    time=quicker,
)
budget, most = 30e9, 500_000
searched = cs.lessons.stored("architecture_search")
rows = [row for row in searched.rows if row["experiment"] == "alone"]
searches = len(rows)

# %% [markdown]
# ## Searching
#
# Kernel size, width, depth: instead of arguing, let the machine try. The search below draws all
# three at random, trains each network for ten epochs, and stops when the budget is spent. The
# budget is counted in multiply–adds rather than seconds, so that you get the same networks as
# everybody. No network may take more than {{most:,}} for an image.

# %%
search = cs.experiments.search_architectures(budget=budget, most_macs=most)
cs.lessons.show(search)
best = search.best

# %% [markdown]
# The winner has {{best.validation:.1%}} of the validation images right. Two questions, put to
# {{searches}} other searches with twice the budget (on {{searched.date}}), by the same rule: is
# the winner better than what one might have drawn? And is it as good as it looks?

# %%
tests = [100 * row["test"] for row in rows]
gain = cs.experiments.measure_difference(tests, [100 * row["middle_test"] for row in rows])
cs.lessons.claim("14.search", gain.is_above(0), mean=gain.mean, low=gain.low, high=gain.high)

# %%
flattery = cs.experiments.measure_difference([100 * row["validation"] for row in rows], tests)
cs.lessons.claim(
    "14.flattery",
    flattery.is_above(0),
    tries=sum(row["tries"] for row in rows) / len(rows),
    mean=flattery.mean,
    low=flattery.low,
    high=flattery.high,
)

# %% [markdown]
# Of many networks the luckiest is chosen, and its luck doesn't repeat. So what a search reports
# must be measured on images that it never asked.
#
# Would a clever search do better? Optuna's TPE proposes networks like those that have done well.
# Same budget, same seeds:

# %%
pairs = [row for row in searched.rows if row["experiment"] == "samplers"]
chance, clever = (
    [100 * row["test"] for row in pairs if row["sampler"] == name] for name in ("random", "tpe")
)
advantage = cs.experiments.measure_difference(clever, chance)
cs.lessons.claim(
    "14.clever",
    advantage.is_within(1),
    searches=len(chance),
    mean=advantage.mean,
    low=advantage.low,
    high=advantage.high,
)

# %% [markdown]
# **Exercise 14.3 (D)** Be the search: build a network for digits of 1 × 8 × 8 with at most 4,000
# parameters and 200,000 multiply–adds for an image that gets at least 95 of 100 digits right
# after the usual twelve epochs. `answer` is a module with 10 logits.

# %%
answer = None
cs.lessons.check("14.3", answer)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show googlenet --drawing googlenet.svg` draws the four paths of every block.
# - `convscope plan mobilenet-v2 fashion-mnist` forecasts time and memory on your machine.
# - `cs.experiments.search_architectures(sampler="tpe")` searches with Optuna (`pip install
#   "convscope[tune]"`).
#
# Next: lesson 15, batch normalization.

# %%
cs.lessons.end()
