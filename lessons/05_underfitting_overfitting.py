# %% [markdown]
# # 5 · Underfitting and overfitting
#
# **You will know afterwards**
#
# - how to tell underfitting from overfitting by two numbers;
# - what weight decay and dropout compute, where they help, and where they do nothing;
# - why a validation accuracy above the training accuracy is seldom a bug;
# - that augmentation helps only with images that could have come.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run. You need lesson 4.

# %%
import convscope as cs

lesson = cs.lessons.begin(5)

# %% [markdown]
# ## Too small, too large
#
# Two errors: on the examples that a network learned from, and on others of the same kind. Both
# high: it *underfits*. The first low and the second high: it *overfits*. What lies between them is
# the *gap*.
#
# One hidden layer, 200 digits to learn from, 797 others to test it; only the width changes.
# Textbooks draw the test error as a U: it falls, then rises, because a large network "has room to
# learn by heart". **The rule, before the run**: the U is there if the widest network is worse than
# the best one by more than two points.

# %%
clean = cs.experiments.measure_over_width()
cs.lessons.show(clean)
cs.lessons.claim(
    "5.underfit",
    clean.train_error(1) > 0.5 and clean.test_error(1) > 0.5,
    train=clean.train_error(1),
    test=clean.test_error(1),
)
cs.lessons.claim(
    "5.overfit",
    clean.train_error(256) < 0.01 and clean.gap(256) > 0.05,
    train=clean.train_error(256),
    test=clean.test_error(256),
)

# %% [markdown]
# Where is the U?

# %%
largest = clean.values[-1]
loss_of_size = clean.test_error(largest) - clean.test_error(clean.best)
cs.lessons.claim(
    "5.ushape",
    loss_of_size < 0.02,
    largest=largest,
    best=clean.best,
    error=clean.test_error(largest),
    lowest=clean.test_error(clean.best),
)

# %% [markdown]
# But these labels are clean. Now four in ten are wrong, and there is something that should *not* be
# learned by heart.

# %%
noisy = cs.experiments.measure_over_width(wrong=0.4)
cs.lessons.show(noisy)
cs.lessons.claim(
    "5.wrong_labels",
    noisy.train_error(largest) < 0.05
    and noisy.test_error(largest) > clean.test_error(largest) + 0.2
    and noisy.test_error(64) > noisy.test_error(largest),
    train=noisy.train_error(largest),
    test=noisy.test_error(largest),
    middle=noisy.test_error(64),
)

# %% [markdown]
# All networks that are large enough learn the wrong labels as well, and pay for it. Of these the
# worst is not the widest, but the one that can only just do it. Size alone says little; what a
# network is fed says more.
#
# ## More examples
#
# The surest cure isn't in the network.

# %%
examples = cs.experiments.measure_over_examples()
cs.lessons.show(examples)
few, many = examples.values[0], examples.values[-1]
cs.lessons.claim(
    "5.examples",
    examples.gap(many) < 0.25 * examples.gap(few),
    few=few,
    many=many,
    before=examples.gap(few),
    after=examples.gap(many),
)

# %% [markdown]
# ## Weight decay
#
# A penalty on large weights: each step makes every weight a little smaller,
# $w \leftarrow w - \eta\,(g + \lambda w)$. Where it matters most is where data can't decide: 200
# inputs, 20 examples, so there are endless many lines that fit all examples exactly.

# %%
decay = cs.experiments.compare_decay()
cs.lessons.show(decay)
without, with_decay = decay.courses[0.0], decay.courses[3.0]
reached = with_decay.test[-1]
cs.lessons.claim(
    "5.no_decay",
    without.train[-1] < 1e-9 and without.test[-1] > 0.5 * without.test[0],
    train=without.train[-1],
    first=without.test[0],
    last=without.test[-1],
)
cs.lessons.claim(
    "5.decay",
    decay.gap(3.0) < 0.01 * decay.gap(0.0) and with_decay.norm < 0.1 * without.norm,
    gap=decay.gap(3.0),
    old_gap=decay.gap(0.0),
    norm=with_decay.norm,
    old_norm=without.norm,
)

# %% [markdown]
# A large success, so it seems. But always naming the mean would have an error of
# {{decay.guessing:.3f}}; with decay it is {{reached:.3f}}. Decay has kept the network from
# nonsense. What 20 examples don't say it cannot add.
#
# ## Dropout
#
# In training, each unit becomes 0 with probability p. The others are divided by 1 − p. In
# prediction nothing happens.
#
# **Exercise 5.1 (N)** A unit has the value 3 and dropout has p = 0.25. What is it (1) in training if
# it survives, (2) in training on average, (3) in prediction?

# %%
answer = None  # such as [1, 2, 3]
cs.lessons.check("5.1", answer)

# %%
dropped = cs.experiments.measure_dropout()
cs.lessons.show(dropped)
triples = [*zip(dropped.probabilities, dropped.zeros, dropped.means, strict=True)]
cs.lessons.claim(
    "5.dropout",
    max(dropped.differences) < 1e-12 and all(abs(zero - p) < 0.01 for p, zero, _ in triples),
    difference=max(dropped.differences),
    zeros=dropped.zeros[2],
)
cs.lessons.claim(
    "5.dropout_mean",
    all(abs(mean - 1) < 0.05 for _, _, mean in triples),
    off=max(abs(mean - 1) for _, _, mean in triples),
)
cs.lessons.claim(
    "5.prediction_off", dropped.prediction_change == 0, change=dropped.prediction_change
)

# %% [markdown]
# **Exercise 5.2 (F)** Write it. `kept` is an array like `x`, with 1 where a unit survives and 0 where
# it is dropped.


# %%
def dropout(x, p, kept, training): ...


cs.lessons.check("5.2", dropout)

# %% [markdown]
# ## Validation better than training?
#
# It looks like a bug and is asked about as one. But the two numbers of a log are made differently.
# The training accuracy is that of each batch *before* its step, averaged over the epoch, so early
# and bad answers count; and it is taken with dropout *on*. The validation accuracy is taken after
# the epoch, with dropout off. Below, a third number: training images, measured like validation.

# %%
logs = cs.experiments.follow_logs(dropout=0.7)
plain_logs = cs.experiments.follow_logs(dropout=0.0)
cs.lessons.show(logs)
cs.lessons.show(plain_logs, "text")
epochs = len(logs.logged)
cs.lessons.claim(
    "5.average",
    plain_logs.validation[0] > plain_logs.logged[0] + 0.05,
    validation=plain_logs.validation[0],
    logged=plain_logs.logged[0],
)
cs.lessons.claim(
    "5.mode",
    logs.flattered >= epochs - 1 and plain_logs.flattered <= 3,
    with_dropout=logs.flattered,
    without=plain_logs.flattered,
    epochs=epochs,
)
cs.lessons.claim("5.fair", logs.fair == plain_logs.fair == 0, count=logs.fair + plain_logs.fair)

# %% [markdown]
# ## Do they help?
#
# "Weight decay does nothing." "Dropout does nothing." Sometimes. **The rule, before the run**: a
# hidden layer of 128 units, 20 seeds; the gap is test loss minus training loss; a difference counts
# if the 95 percent interval of the paired differences lies on one side of 0. "Does nothing" to
# accuracy is said only if the whole interval lies within one point.

# %%
stored = cs.lessons.stored("regularizers")
thousand = cs.experiments.read_regularizers(stored.rows, examples=1000)
cs.lessons.show(thousand)
gap, points = thousand.gap_difference("dropout"), thousand.accuracy_difference("dropout")
cs.lessons.claim("5.dropout_gap", gap.is_below(0), mean=gap.mean, low=gap.low, high=gap.high)
cs.lessons.claim(
    "5.dropout_accuracy", points.is_above(0), mean=points.mean, low=points.low, high=points.high
)

# %%
gap, points = thousand.gap_difference("weight decay"), thousand.accuracy_difference("weight decay")
norms = [thousand.mean(setting, "norm") for setting in ("none", "weight decay")]
cs.lessons.claim(
    "5.decay_gap",
    gap.is_below(0) and norms[1] < norms[0],
    mean=gap.mean,
    low=gap.low,
    high=gap.high,
    before=norms[0],
    after=norms[1],
)
cs.lessons.claim(
    "5.decay_accuracy", points.is_below(0), mean=points.mean, low=points.low, high=points.high
)

# %% [markdown]
# So weight decay closed the gap from the wrong end: the training loss rose. A small gap is not a
# good network. And with a hundred examples instead of a thousand?

# %%
hundred = cs.experiments.read_regularizers(stored.rows, examples=100)
cs.lessons.show(hundred, "text")
points = hundred.accuracy_difference("dropout")
cs.lessons.claim(
    "5.dropout_nothing", points.is_within(1), mean=points.mean, low=points.low, high=points.high
)

# %% [markdown]
# Measured on {{stored.date}}. Try it on *your* data, at several strengths, with several seeds: a
# single run shows less than the seeds differ.
#
# ## Augmentation
#
# If more examples are the cure, make some: mirror them, cut another part out, change colours, cover
# a part (*cutout*), mix two images and their labels (*mixup*).

# %%
gallery = cs.experiments.show_augmentations()
cs.lessons.show(gallery)
shares = {name: gallery.changed(name) for name in gallery.images}
cs.lessons.claim(
    "5.gallery",
    shares["original"] == 0 and all(shares[name] > 0 for name in shares if name != "original"),
    changes=len(shares) - 1,
    crop=shares["crop"],
    cutout=shares["cutout"],
)

# %% [markdown]
# Each says something about the world: "mirrored, it is still the same". Is it?
#
# **Exercise 5.3 (P)** Half of the digits are mirrored left to right while a network learns. The test
# accuracy (a) rises by more than a point, (b) stays within a point, (c) falls by more than a point?

# %%
guess = None
cs.lessons.check("5.3", guess)

# %%
live = [
    cs.experiments.train_augmented("digits", change, seed)
    for seed in (0, 1)
    for change in ("none", "flip", "crop")
]
cs.lessons.show(cs.experiments.read_augmentations(live), "text")

# %% [markdown]
# Two seeds are a first look. **The rule, before the long run**: eight new seeds; 100 digits, 300
# digits, and 500 images of clothes (Fashion-MNIST); the interval as above.

# %%
runs = cs.lessons.stored("augmentation")
augmented = cs.experiments.read_augmentations(runs.rows)
cs.lessons.show(augmented)
mirrored = augmented.difference("digits", "flip")
moved = augmented.difference("few digits", "crop")
clothes = augmented.difference("clothes", "crop")
cs.lessons.claim(
    "5.flips", mirrored.is_below(0), mean=mirrored.mean, low=mirrored.low, high=mirrored.high
)
cs.lessons.claim("5.crops", moved.is_above(0), mean=moved.mean, low=moved.low, high=moved.high)
cs.lessons.claim(
    "5.clothes", clothes.is_above(0), mean=clothes.mean, low=clothes.low, high=clothes.high
)
shirts, more = augmented.difference("clothes", "flip"), augmented.difference("digits", "crop")

# %% [markdown]
# Measured on {{runs.date}}. With 300 digits crops changed {{more.mean:+.1f}} points ({{more.low:+.1f}} to
# {{more.high:+.1f}}): the more examples, the less is gained. Flips of clothes, which everybody
# recommends, changed {{shirts.mean:+.1f}} ({{shirts.low:+.1f}} to {{shirts.high:+.1f}}). A mirrored 2 is no
# digit; a mirrored shirt is a shirt, but shoes point to one side in this data set, so much of what
# flips teach never comes. A change helps if it makes images that could have come, and that were
# missing.
#
# Augmented images are also harder to learn. A network needs more epochs for them than for learning
# by heart: stop early, and you pay without gaining.
#
# **Exercise 5.4 (D)** A hundred digits, no more. Choose `network` ("dense" or "convolutional"),
# `change` ("none", "flip", "crop", "flip and crop"), `dropout` (from 0, below 1) and `epochs` (up to
# 400), so that at least 88 of 100 unseen digits are right, on average over two draws of the
# hundred. It takes some seconds.

# %%
design = None  # dict(network=..., change=..., dropout=..., epochs=...)
cs.lessons.check("5.4", design)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope train small fashion-mnist --epochs 5` shows both accuracies as it learns; its report
#   has the curves.
# - `convscope doctor RUN` says when a run overfits, and what to try.
# - Sources: Krogh and Hertz, *A simple weight decay can improve generalization*, 1991; Srivastava et
#   al., *Dropout*, 2014; Zhang et al., *Understanding deep learning requires rethinking
#   generalization*, 2017; Nakkiran et al., *Deep double descent*, 2020.

# %%
cs.lessons.end()
