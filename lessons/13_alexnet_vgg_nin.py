# %% [markdown]
# # 13 · AlexNet, VGG, NiN
#
# **You will know afterwards**
#
# - three ideas that made networks deep, and the shape behind each of their layers;
# - where such a network keeps its parameters, and where it does its work;
# - whether AlexNet's first layer gives 54, 55 or 56, and what that matters;
# - why a loss can stay at 2.3026 for ever, how often it does, and what helps.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run.

# %%
from functools import partial

import torch

import convscope as cs

lesson = cs.lessons.begin(13)

# %% [markdown]
# You need lessons 8, 9 and 12.
#
# ## 1 · AlexNet: wide, with dropout
#
# AlexNet (2012) is LeNet grown up: five convolutions and three dense layers, ReLU, overlapping
# maxima, dropout. Read the shapes from top to bottom, and say for each line why it changes. The
# images are 1×224×224, as in the textbook: Fashion-MNIST, enlarged.

# %%
alexnet = cs.trace("alexnet")
cs.lessons.show(alexnet, "text")
shapes = list(dict.fromkeys(layer.output_shape for layer in alexnet.layers))
published = [
    (96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (256, 5, 5),
    (6400,), (4096,), (10,),
]  # fmt: skip
cs.lessons.claim("13.alexnet", shapes == published, shapes=len(shapes))

# %% [markdown]
# ## 2 · VGG: blocks
#
# VGG (2014) repeats one block: some 3×3 convolutions that keep height and width, then a pooling
# that halves them. VGG-11 has five blocks, with 1, 1, 2, 2 and 2 convolutions and 64, 128, 256, 512
# and 512 channels, then AlexNet's dense layers. VGG-13, 16 and 19 only have more convolutions in a
# block.

# %%
vgg = cs.trace("vgg11")
pooled = [layer.output_shape for layer in vgg.layers if layer.kind == "max pooling"]
halved = [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]
names = ("vgg11", "vgg13", "vgg16", "vgg19")
deeper = cs.experiments.count_network_costs({name: (name, (1, 224, 224)) for name in names})
cs.lessons.show(deeper, "text")
layers = [row.convolutions + row.dense for row in deeper.rows]
cs.lessons.claim(
    "13.vgg",
    pooled == halved and layers == [11, 13, 16, 19],
    last=pooled[-1][1],
    layers=", ".join(map(str, layers)),
)

# %% [markdown]
# The number in the name counts the layers with weights. The textbook trains VGG-11 with a quarter
# of the channels (`cs.build("vgg11", width=0.25)`), for the whole takes too long.
#
# ## 3 · NiN: no dense layer
#
# Network in Network (2013) puts two 1×1 convolutions behind each convolution, a small dense network
# at every pixel. Its last block has ten channels, one for each class, and the mean of each map *is*
# the class's logit. No dense layer is left.
#
# **Exercise 13.1 (N)** Two numbers, worked out before you go on: how many parameters has AlexNet's
# first dense layer (from 6,400 to 4,096)? And how many has NiN's whole last block: a 3×3
# convolution from 384 to 10 channels and two 1×1 from 10 to 10?

# %%
answer = None
cs.lessons.check("13.1", answer)

# %%
nin = cs.trace("nin")
maps = list(dict.fromkeys(layer.output_shape for layer in nin.layers))
ends = maps[0] == (96, 54, 54) and maps[-3:] == [(10, 5, 5), (10, 1, 1), (10,)]
dense = [layer for layer in nin.layers if layer.kind == "dense"]
fewer = alexnet.parameters / nin.parameters
cs.lessons.claim("13.nin", ends and not dense and fewer > 20, fewer=fewer, left=nin.parameters)

# %% [markdown]
# ## 4 · Where the parameters are, where the work is

# %%
costs = cs.experiments.count_network_costs(
    {
        "AlexNet": ("alexnet", (1, 224, 224)),
        "VGG-11": ("vgg11", (1, 224, 224)),
        "NiN": ("nin", (1, 224, 224)),
        "AlexNet, 28 px": ("alexnet-32px", (1, 28, 28)),
        "VGG-11, 28 px": ("vgg11-32px", (1, 28, 28)),
        "NiN, 28 px": ("nin-32px", (1, 28, 28)),
    }
)
cs.lessons.show(costs)
held = min(costs["AlexNet"].dense_share, costs["VGG-11"].dense_share)
done = min(costs["AlexNet"].convolution_share, costs["VGG-11"].convolution_share)
dense_work = 1 - costs["AlexNet"].convolution_share
cs.lessons.claim("13.dense", held > 0.9 and done > 0.9, held=held, done=done)

# %% [markdown]
# Of AlexNet's parameters {{costs[AlexNet].dense_share:.0%}} sit in dense layers, which do
# {{dense_work:.0%}} of the work. NiN saves nearly all of the parameters and little of the
# time.
#
# Small images do not need large ones' windows: the last three rows are the same ideas for 28 to 32
# pixels, with small first kernels and few strides.

# %%
savings = [costs[name].macs / costs[f"{name}, 28 px"].macs for name in ("AlexNet", "VGG-11", "NiN")]
cs.lessons.claim("13.small", min(savings) > 2, least=min(savings), most=max(savings))

# %% [markdown]
# ## 5 · 54, 55 or 56?
#
# The paper says 224 pixels, and its figure has maps of 55×55, which 224 pixels without padding
# cannot give. Caffe takes 227 pixels, others pad; the textbook gets 54.
#
# **Exercise 13.2 (N)** A kernel of 11×11, stride 4. How high are the maps for 224 pixels with 1 of
# padding on each side; 224 with 2; 227 with none; 224 with 3 above and 4 below? Four numbers.

# %%
answer = None
cs.lessons.check("13.2", answer)

# %%
first = cs.experiments.measure_first_maps()
cs.lessons.show(first, "text")
heights = [
    first.height(given)
    for given in ("224, padding 1", "224, padding 2", "227, no padding", "224, padding 3 and 4")
]
cs.lessons.claim("13.sizes", heights == [54, 55, 55, 56], heights=", ".join(map(str, heights)))

# %% [markdown]
# So all three numbers are right, each for its own reading; only a size that goes with another
# reading is wrong. Weights trained with one reading do not fit another, as the last column says.
#
# Does it matter for accuracy? The rule, set before the run: an AlexNet with few channels,
# **n = 8** seeds, the same for each reading; 1,500 training images of Fashion-MNIST, 6 epochs, 1,000
# test images. "Does not matter" means: for all three other readings the 95 percent interval of the
# paired differences from the textbook's lies within 2 points. "Matters": one lies outside. Else:
# not decided.

# %%
kept = cs.lessons.stored("alexnet_inputs")
trials = cs.experiments.read_input_trials(kept.rows)
cs.lessons.show(trials)

# %%
others = [
    trials.difference(given)
    for given in ("224, padding 2", "227, no padding", "224, padding 3 and 4")
]
largest = max(abs(each.mean) for each in others)
within = [each.is_within(2) for each in others]
reach = max(max(-each.low, each.high) for each in others)
no_matter = False if False in within else None if None in within else True
cs.lessons.claim("13.no_matter", no_matter, largest=largest, pairs=others[0].pairs)

# %% [markdown]
# The means lie at most {{largest:.1f}} points apart, but eight seeds leave intervals that reach
# {{reach:.1f}} points from 0, beyond the rule's 2. So "it does not matter" stays a guess here, and so
# does "it matters".
#
# ## 6 · Does enlarging help?
#
# Fashion-MNIST has 28 pixels; the textbook enlarges them to 224 because AlexNet's windows want it.
# Enlarging adds no information. It does add work. In the last row of the table the same network
# reads the images as they are, with a first kernel of 3×3. Rule: "enlarging adds accuracy" holds if
# the whole interval of 28 less 224 lies below 0; it is false if it lies above 0.

# %%
plain = trials.difference("28")
times = trials.seconds["224, padding 1"] / trials.seconds["28"]
cs.lessons.claim(
    "13.enlarging", plain.is_below(0), mean=-plain.mean, low=-plain.high, high=-plain.low
)
cs.lessons.claim("13.work", times > 2, times=times)

# %% [markdown]
# No information was added, and yet the enlarged images win. What they buy is work: {{times:.1f}} times
# the time, for maps that are larger in every layer. Whether it is the pixels or the work, or the
# other first kernel, this comparison cannot say; nor what a large network does in many steps.
#
# ## 7 · What dropout does
#
# Dropout sets each hidden unit to 0 with probability ½, anew for every image, while training. Two
# sentences are said of it: it narrows the gap between training and test images, and it makes test
# accuracy better. They are not the same sentence. Rule: **n = 10** seeds, each trained with and
# without; 1,000 training images, 24 epochs, 2,000 test images; a sentence holds, or is false, where
# the whole 95 percent interval of the paired differences lies on one side of 0.

# %%
gaps = cs.experiments.read_dropout_gaps(cs.lessons.stored("alexnet_dropout").rows)
cs.lessons.show(gaps)
narrower = gaps.gap
cs.lessons.claim(
    "13.gap", narrower.is_below(0), mean=-narrower.mean, low=-narrower.high, high=-narrower.low
)

# %%
better = gaps.held_out
cs.lessons.claim(
    "13.dropout", better.is_below(0), mean=better.mean, low=better.low, high=better.high
)

# %% [markdown]
# Look at the column "as they were met" as well: programs print training accuracy *with* units
# dropped. That alone can put test accuracy above it.
#
# ## 8 · Loss 2.3026
#
# "Loss stays 2.3026, accuracy 10 percent" is what people report of NiN. Where does this number come
# from? We break a NiN on purpose: its last biases become −1, so that the ReLU behind them gives 0
# for every class and every image.
#
# **Exercise 13.3 (P)** *Before you run the next cell*: what happens to that network in training?
# "a": its loss is 0, since all outputs are 0. "b": its loss is 2.3026 and falls as soon as the first
# weights change. "c": its loss is 2.3026 and no weight ever changes.

# %%
answer = None
cs.lessons.check("13.3", answer)

# %%
digits = cs.load("digits", "test", size=28)
images = torch.from_numpy(digits.images[:100]).float() / 255
labels = torch.from_numpy(digits.labels[:100])

broken = cs.experiments.silence_classes(cs.experiments.build_small_nin())
dead = cs.experiments.measure_loss_and_gradient(broken, images, labels)
cs.lessons.show(dead, "text")
guessing = torch.tensor(10.0).log().item()
cs.lessons.claim(
    "13.dead",
    abs(dead.loss - guessing) < 1e-6 and dead.largest_gradient == 0,
    loss=dead.loss,
    parameters=dead.parameters,
)

# %% [markdown]
# Ten equal logits give each class 1/10, and −ln(1/10) = ln 10 = 2.3026: the loss of guessing. A
# ReLU that gives 0 has slope 0, so not one of {{dead.parameters:,}} parameters is told anything. No
# rate, no patience brings it back.
#
# PReLU has a slope below 0, too. The same broken biases:

# %%
bent = cs.experiments.silence_classes(cs.experiments.build_small_nin(prelu=True))
alive = cs.experiments.measure_loss_and_gradient(bent, images, labels)
cs.lessons.show(alive, "text")
cs.lessons.claim("13.prelu", alive.largest_gradient > 1e-4, gradient=alive.largest_gradient)

# %% [markdown]
# ## 9 · Silent before the first step
#
# Nobody sets biases to −1. But look at the book's NiN *before any training*: how many of its ten
# class maps are 0 for all of 128 digits already? Twenty starts each.

# %%
small = cs.experiments.build_small_nin
silent = cs.experiments.measure_silence(
    {
        "book": (small, "xavier"),
        "Kaiming": (small, "kaiming"),
        "no last ReLU": (partial(small, last_relu=False), "xavier"),
    }
)
cs.lessons.show(silent)
book, without = silent["book"], silent["no last ReLU"]
cs.lessons.claim(
    "13.silent",
    book.mean_dead_classes > 2 and max(without.dead_classes) == 0,
    mean=book.mean_dead_classes,
    units=book.mean_dead_units,
)

# %% [markdown]
# Why so many? Behind a ReLU half of the signal is gone, and Xavier's weights do not make up for it.
# After twelve layers all images look alike, what is left are the biases, and about half of them
# are negative. Kaiming's weights are wider:

# %%
wider = silent["Kaiming"].median_spread / book.median_spread
cs.lessons.claim("13.spread", wider > 10, wider=wider)

# %% [markdown]
# ## 10 · Twenty starts
#
# "Run it again until you are lucky", one is told. How often must one? The textbook's repository
# keeps 101 outputs of its NiN, from all its versions; 8 of them failed: at most one in five test
# images right. What share of failures does that speak for?

# %%
least, most = cs.experiments.wilson_interval(8, 101)
again = 1 / most**2

# %% [markdown]
# Between {{least:.0%}} and {{most:.0%}}, with 95 percent confidence. So a second try is a fair bet
# there: even by the upper figure both fail only once in {{again:.0f}} times.
#
# We cannot train that NiN twenty times here. Ours is smaller: an eighth of the channels, 28 pixels,
# 4,000 images of Fashion-MNIST, batches of 32, and **500 steps** where the book takes 4,690. Its
# share of failures is its own. The rule, set before the run: **n = 20** seeds for each way to start,
# the same twenty for all. *Learned*: more than one in five test images right at the end. *Dead*: all
# class maps are 0 for 500 test images. *Waiting*: neither. The interval of a share is Wilson's.

# %%
stored = cs.lessons.stored("nin_starts")
starts = cs.experiments.read_start_trials(stored.rows)
cs.lessons.show(starts)
low, high = starts.interval("book")
failed = 20 - starts.count("book", "learned")
cs.lessons.claim("13.lucky", low > 0.5, failed=failed, low=low, high=high)

# %% [markdown]
# What one is advised first is another rate, warm-up, clipping. Rule: such advice *does not help* if
# even then at least half of the starts fail, by the lower end of the interval; it *helps* if the
# upper end of the interval lies below the book's lower end.

# %%
advice = ("lower rate", "higher rate", "higher rate, warm-up", "higher rate, clipping")
of_advice = [starts.interval(name) for name in advice]
helps = any(end < low for _, end in of_advice)
useless = all(begin > 0.5 for begin, _ in of_advice)
dead = starts.count("higher rate", "dead")
most_learned = max(starts.count(name, "learned") for name in advice)
cs.lessons.claim(
    "13.advice", True if useless else False if helps else None, dead=dead, learned=most_learned
)

# %% [markdown]
# What does help is what the sections above point at: wider first weights, or a normalization that
# makes every layer's signal as wide as it should be (lesson 15).

# %%
cures = {name: starts.interval(name)[1] for name in ("Kaiming", "batch normalization")}
kaiming, normalized = (starts.count(name, "learned") for name in cures)
cs.lessons.claim(
    "13.cured",
    max(cures.values()) < low,
    kaiming=kaiming,
    normalized=normalized,
    high=max(cures.values()),
)

# %% [markdown]
# And patience? The last panels have four times as many steps, from five of the starts.

# %%
waited = starts.count("no last ReLU, patience", "learned")
silenced = starts.count("no last ReLU", "dead") + starts.count("no last ReLU, patience", "dead")
patient = starts.count("book, patience", "learned")
cs.lessons.claim("13.patience", waited == 5 and silenced == 0, learned=waited)

# %% [markdown]
# Without the last ReLU nothing can die, and what waits gets there. With it, {{patient}} of the same
# five learn in that time: there waiting is no plan either.

# %% [markdown]
# **Exercise 13.4 (D)** Make the small NiN start five times out of five, on the digits: after 6
# epochs of 45 steps, more than half of the test images right, from each of five seeds. Choose
# `initialization` ("default", "xavier", "kaiming"), `last_relu`, `batch_norm` (True or False) and
# `learning_rate`. The library stops at the first seed that fails.

# %%
design = None  # dict(initialization=..., last_relu=..., batch_norm=..., learning_rate=...)
cs.lessons.check("13.4", design)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show alexnet`, `vgg16`, `nin`: layers, shapes, costs; `--drawing` draws them;
# - `convscope doctor RUN` says why a run does not learn, dead units among the reasons;
# - `convscope train nin-32px fashion-mnist --seeds 5`: NiN for small images, which leaves out the
#   last ReLU.

# %%
cs.lessons.end()
