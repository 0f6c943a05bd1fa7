# %% [markdown]
# # 15 · Batch normalization
#
# **You will know afterwards**
#
# - what batch normalization computes in training, and what else in prediction;
# - which share "momentum" is, and which of two variances is used where;
# - why a forgotten mode, a small batch or a mere forward pass changes answers;
# - what it does for learning, and what is said about the reason but isn't so.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run. You need lessons 4 and 12.

# %%
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(15)

# %% [markdown]
# ## Mean 0, deviation 1
#
# In training, each channel is normalized by what is in the batch: minus its mean, divided by its
# standard deviation. A small constant ε keeps a channel that never changes from dividing by 0. Then
# come a scale γ and a shift β, one of each for every channel, which are learned:
#
# $$\hat x = \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \varepsilon}}, \qquad y = \gamma \hat x + \beta$$
#
# Below, random maps with four very different channels go through this formula and through PyTorch.

# %%
comparison = cs.experiments.compare_batch_norm()
cs.lessons.show(comparison)
cs.lessons.claim("15.equal", comparison.largest < 1e-9, difference=comparison.largest)

# %% [markdown]
# In prediction there may be a single image, so the layer can't ask the batch. It uses *moving
# averages* of mean and variance, which training has collected on the way.
#
# **Exercise 15.1 (F)** Write both. `x` is (images, features); `mean` and `variance` are the moving
# averages, needed only where `training` is False. ε is 0.00001.


# %%
def batch_norm(x, scale, shift, mean, variance, training): ...


cs.lessons.check("15.1", batch_norm)

# %% [markdown]
# ## 0.9 or 0.1?
#
# The textbook: new average = 0.9 · old + 0.1 · batch. So do Keras and TensorFlow, and call the 0.9
# "momentum". PyTorch calls "momentum" the share of the *new* one, 0.1. Same computation, opposite
# numbers.
#
# **Exercise 15.2 (N)** A moving mean begins at 0. Every batch has the mean 1. Where is it after ten
# batches, (1) with 0.9 · old + 0.1 · batch, (2) in PyTorch with `momentum=0.9`?

# %%
answer = None  # such as [0.5, 0.5]
cs.lessons.check("15.2", answer)

# %%
averages = cs.experiments.follow_moving_averages()
cs.lessons.show(averages)
same, crossed = averages.difference(0.1, keep=0.9), averages.difference(0.9, keep=0.9)
slow, fast = averages.batches_to(0.9, 0.1), averages.batches_to(0.9, 0.9)
cs.lessons.claim(
    "15.momentum",
    same < 1e-9 and crossed > 0.5,
    same=same,
    slow=slow,
    fast=fast,
    ratio=averages.wobble(0.9) / averages.wobble(0.1),
)

# %% [markdown]
# Whoever carries a 0.9 from one framework to the other gets averages that are hardly averages.
#
# ## Divided by m, or by m − 1?
#
# Both. The batch is normalized with its plain variance, divided by the count m. What is kept for
# prediction shall estimate the variance of all images, so it is divided by m − 1.

# %%
factors = cs.experiments.measure_variance_factors()
cs.lessons.show(factors)
plain_factor = max(factors.normalizing, key=lambda each: abs(each - 1))
cs.lessons.claim(
    "15.variance",
    abs(plain_factor - 1) < 1e-6
    and all(
        abs(kept - count / (count - 1)) < 1e-6
        for count, kept in zip(factors.counts, factors.keeping, strict=True)
    ),
    plain=plain_factor,
    two=factors.keeping[0] - 1,
    many=factors.keeping[-1] - 1,
)

# %% [markdown]
# m counts the numbers of a channel: in a convolution images × height × width. With a batch of 256
# images nobody notices the difference. With two images behind a dense layer, one variance is twice
# the other.
#
# ## Small batches
#
# **Exercise 15.3 (P)** A dense layer's batch normalization gets a batch of *one* image in training,
# with scale 1 and shift 0. What does the formula give: (a) the numbers as they are, (b) 0
# everywhere, whatever the image, (c) −1 or 1?

# %%
guess = None
cs.lessons.check("15.3", guess)

# %%
torch.manual_seed(0)
pair = nn.BatchNorm1d(32)(7 + 4 * torch.randn(2, 32)).detach()
off = (pair.abs() - 1).abs().max().item()
cs.lessons.claim("15.two", off < 0.01, off=off)

# %%
refused = ""
try:
    nn.BatchNorm1d(32)(torch.randn(1, 32))
except ValueError as error:
    refused = str(error)
    print("PyTorch:", refused)
maps_of_one = nn.BatchNorm2d(32)(torch.randn(1, 32, 6, 6))
cs.lessons.claim(
    "15.one",
    "more than 1 value" in refused and maps_of_one.shape == (1, 32, 6, 6),
    numbers=maps_of_one[0, 0].numel(),
)

# %% [markdown]
# Two images leave only signs, one image leaves nothing. So how large must a batch be? **The rule,
# before the run**: a dense network, with and without batch normalization, each batch size at the
# rate that was best on validation images, ten seeds. A difference counts if the 95 percent interval
# of the paired differences lies on one side of 0.

# %%
kept = cs.lessons.stored("batch_norm_sizes")
sizes = cs.experiments.read_batch_sizes(kept.rows)
cs.lessons.show(sizes)
two, many = sizes.difference(2), sizes.difference(8)
cs.lessons.claim("15.small", two.is_below(0), mean=two.mean, low=two.low, high=two.high)
cs.lessons.claim("15.large", many.is_above(0), mean=many.mean, low=many.low, high=many.high)

# %% [markdown]
# Measured on {{kept.date}}. That was a dense network. A convolution has more to go by, for every
# pixel of its maps is a number of the channel:

# %%
images, labels = cs.experiments.digits_of("train")
unseen, truth = cs.experiments.digits_of("test", None)
single = cs.experiments.build_normalized_convolutions(seed=0)
cs.experiments.train_by_sgd(single, images, labels, rate=0.03, epochs=3, batch_size=1)
alone_accuracy = cs.experiments.measure_accuracy(single, unseen, truth)
cs.lessons.claim("15.pixels", alone_accuracy > 0.7, accuracy=alone_accuracy)

# %% [markdown]
# ## A forgotten mode
#
# "My prediction changes with the batch size." "Training mode and prediction mode disagree." Train a
# network, then let it answer in both modes. Nothing else changes.

# %%
network = cs.experiments.build_normalized_dense(seed=0)
cs.experiments.train_by_sgd(network, images, labels, rate=0.3, epochs=6)
modes = cs.experiments.compare_modes(network, unseen, truth)
cs.lessons.show(modes)
cs.lessons.claim(
    "15.mode",
    modes.at(2)[0] < 0.6 < 0.9 < modes.prediction,
    prediction=modes.prediction,
    two=modes.at(2)[0],
)
cs.lessons.claim(
    "15.sorted",
    modes.at(32)[1] < 0.5 < 0.8 < modes.at(32)[0],
    shuffled=modes.at(32)[0],
    sorted=modes.at(32)[1],
)
cs.lessons.claim("15.alone", modes.batch_effect < 1e-4, effect=modes.batch_effect)

# %% [markdown]
# Images in a folder are sorted by class, more often than not. In training mode such a batch tells
# the network: "what these have in common is the mean", and the mean is subtracted. The fix is one
# line, `network.eval()`. It must come before the answers, and `network.train()` after them if
# training goes on.
#
# **Exercise 15.4 (D)** Repair `evaluate`: the share of right answers, whatever the batch, the same
# each time, and the network left as it was, in its weights, its averages and its *mode*.


# %%
def evaluate(network, images, labels): ...  # network(images).argmax(1) == labels, and then?


cs.lessons.check("15.4", evaluate)

# %% [markdown]
# ## No step, another answer
#
# A reader's puzzle: only forward passes, no optimizer, and the evaluation differs afterwards. Show
# the network some inverted digits in training mode, a batch at a time, without a gradient.

# %%
inverted = 1 - unseen[:64]
passes = cs.experiments.follow_forward_passes(network, inverted, unseen, truth)
cs.lessons.show(passes)
before, after = passes.accuracies[0], passes.accuracies[-1]
cs.lessons.claim(
    "15.forward",
    passes.weight_change == 0 and before - after > 0.05,
    passes=len(passes.accuracies) - 1,
    before=before,
    after=after,
    weights=passes.weight_change,
)

# %% [markdown]
# Moving averages are no parameters, no optimizer touches them, and "frozen" layers move them as
# well as long as they are in training mode.
#
# ## Faster?
#
# **The rule, before the run**: three hidden layers of ReLUs, six epochs, six rates, three seeds.
# Compared twice, at the same rate and each at its own best. Faster means: the worst seed with batch
# normalization ends below the best seed without. A third competitor has no normalization but a
# better start (Kaiming, lesson 2).

# %%
race = cs.experiments.race_normalization()
cs.lessons.show(race)
mean = {kind: (sum(race.at(kind, 0.1)) / 3, sum(race.best(kind)[1]) / 3) for kind in race.losses}
cs.lessons.claim(
    "15.equal_rate",
    max(race.at("batch norm", 0.1)) < min(race.at("plain", 0.1)),
    epochs=race.epochs,
    norm=mean["batch norm"][0],
    plain=mean["plain"][0],
)
cs.lessons.claim(
    "15.best_rate",
    max(race.best("batch norm")[1]) < min(race.best("plain")[1]),
    norm=mean["batch norm"][1],
    plain=mean["plain"][1],
    kaiming=mean["kaiming"][1],
)
counts = {kind: len(race.learning_rates(kind)) for kind in race.losses}
cs.lessons.claim(
    "15.rates",
    counts["batch norm"] > counts["kaiming"] and counts["batch norm"] > counts["plain"],
    norm=counts["batch norm"],
    plain=counts["plain"],
    kaiming=counts["kaiming"],
    tried=len(race.rates),
)

# %% [markdown]
# ## LeNet, rate 1.0
#
# The textbook puts batch normalization before every sigmoid of LeNet and raises the rate to 1.0, on
# Fashion-MNIST in batches of 256. First, held-out accuracy after three epochs at four rates, with
# and without; then the book's rates (0.9 without, 1.0 with), five seeds each, to the tenth epoch.

# %%
tried = {(row["network"], row["rate"]): row for row in cs.lessons.stored("batch_norm_rates").rows}
gains = [
    100 * (row["validation_accuracy"] - tried["lenet", rate]["validation_accuracy"])
    for (name, rate), row in tried.items()
    if name == "lenet-bn"
]
cs.lessons.claim("15.lenet_rates", min(gains) > 0, count=len(gains), least=min(gains))

# %%
runs = cs.lessons.stored("batch_norm_seeds")
others = cs.lessons.stored("lenet_seeds")
compared = cs.experiments.compare_seed_rows(
    [*runs.rows, *others.rows],
    {"rate 1.0": "LeNet + BN", "sigmoid, average": "LeNet", "relu, max": "LeNet, ReLU + max"},
)
cs.lessons.show(compared)
goal = 0.75
waits = {name: compared[name].longest_wait(goal) + 1 for name in ("LeNet + BN", "LeNet")}
ahead = compared.difference("LeNet + BN", "LeNet")
cs.lessons.claim(
    "15.lenet",
    ahead.first_is_better and waits["LeNet + BN"] < waits["LeNet"],
    goal=goal,
    norm=waits["LeNet + BN"],
    plain=waits["LeNet"],
    points=100 * ahead.mean,
    p=ahead.p_value,
)
with_norm = cs.experiments.seconds_to_accuracy(runs.rows, "rate 1.0", goal)
without = cs.experiments.seconds_to_accuracy(others.rows, "sigmoid, average", goal)
changed = compared["LeNet, ReLU + max"].median

# %% [markdown]
# An epoch takes longer, so look at the clock as well: {{with_norm:.0f}} seconds of one core to
# three in four right, {{without:.0f}} without ({{runs.date}}). And it isn't the only cure: LeNet with
# ReLU and maxima (lesson 12) has no normalization and ends at a median of {{changed:.3f}}.
#
# ## The test curve jumps
#
# Training goes well, the test accuracy leaps up and down: a question that is asked again and again.
# The usual suspect is the large rate. Compare it with a tenth of it: how far does an accuracy fall
# from one epoch to the next, at worst?

# %%
rates = {"rate 1.0": "1.0", "rate 0.1": "0.1"}
tested = cs.experiments.compare_seed_rows(runs.rows, rates)
learned = cs.experiments.compare_seed_rows(runs.rows, rates, curve="train_accuracy")
cs.lessons.show(tested, "text")
falls = {rate: 100 * tested[rate].largest_fall for rate in rates.values()}
trained = 100 * max(learned[rate].largest_fall for rate in rates.values())
cs.lessons.claim(
    "15.jumps",
    trained < 2 and min(falls.values()) > 5,
    fast=falls["1.0"],
    slow=falls["0.1"],
    trained=trained,
)

# %% [markdown]
# So the rate isn't it, and the training accuracy is calm. What does the evaluation use that training
# doesn't? The moving averages. They remember about ten batches, while the weights move on with every
# step, so they are those of a network that is gone. That can be tested: at the same step, with the
# same weights, take the averages anew over all training images, and evaluate twice.
#
# **The rule, before the run**: three seeds; for each, the mean jump between evaluations must shrink
# by a quarter at least.

# %%
lag = cs.experiments.follow_lag()
cs.lessons.show(lag)
moving, restated = lag.jumps("moving"), lag.jumps("restated")
cs.lessons.claim(
    "15.lag",
    all(new < 0.75 * old for new, old in zip(restated, moving, strict=True)),
    moving=100 * sum(moving) / len(moving),
    restated=100 * sum(restated) / len(restated),
)

# %% [markdown]
# So a single test accuracy in the middle of such a training says little. What helps is what was just
# done: before you judge, take the averages anew (`cs.experiments.restate_averages`).
#
# ## Why does it work?
#
# The paper's answer: while a network learns, each layer's inputs change their distribution
# ("internal covariate shift"), and normalization holds them still. Both halves can be measured. Put
# random noise behind each normalization, with another mean and deviation *at every step*. If the
# shift is what slows learning, this must ruin it.
#
# **The rule, before the run**: three seeds, each kind at its better rate; the noisy network must
# shift more than the plain one and yet end with a lower loss, in every seed.

# %%
shift = cs.experiments.measure_covariate_shift()
cs.lessons.show(shift)
noisy = "noisy batch norm"
cs.lessons.claim(
    "15.shift",
    min(shift.shifts[noisy]) > max(shift.shifts["plain"])
    and max(shift.losses[noisy]) < min(shift.losses["plain"]),
    noisy=shift.shift(noisy),
    plain=shift.shift("plain"),
    noisy_loss=shift.loss(noisy),
    plain_loss=shift.loss("plain"),
)

# %% [markdown]
# What can be said, then? More rates work, and the start matters less: that is measured above. Why
# is still argued about; that the surface of the loss becomes smoother is the usual view today, and
# this lesson hasn't tested it.
#
# ## The same elsewhere
#
# - `convscope train lenet-bn fashion-mnist --recipe book` is section "LeNet, rate 1.0".
# - `convscope evaluate` and `predict` always use prediction mode; `convscope show lenet-bn` lists
#   the layers.
# - Sources: Ioffe and Szegedy, *Batch normalization*, 2015; Santurkar et al., *How does batch
#   normalization help optimization?*, 2018.

# %%
cs.lessons.end()
