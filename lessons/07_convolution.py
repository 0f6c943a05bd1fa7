# %% [markdown]
# # 7 · Convolution and kernels
#
# **You will know afterwards**
#
# - what a convolution adds up, and why one of the two functions stands flipped;
# - what a layer really computes, and whether the other name for it matters;
# - what kernels made by hand do to an image, and how a kernel is learned from images;
# - when the learned kernel is the true one, and when it can't be.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run.

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(7)

# %% [markdown]
# ## What is in the stomach now?
#
# Say $f(\tau)$ is how fast you eat at the time $\tau$, and $g(\text{age})$ the share of a portion
# that is left at that age. Each small portion $f(\tau)\,d\tau$ is now $t - \tau$ old, so there is
# left of it $f(\tau)\,g(t - \tau)\,d\tau$. Add up all portions:
#
# $$(f * g)(t) = \int f(\tau)\, g(t - \tau)\, d\tau$$
#
# That is a convolution. The two arguments always add up to $t$: what was eaten last is the
# freshest. Drawn over $\tau$, $g$ therefore runs backwards.

# %%
stomach = cs.experiments.convolve_meals(14.0)
cs.lessons.show(stomach)
cs.lessons.claim(
    "7.sum",
    stomach.error < 1e-3 and abs(stomach.sums[0] - stomach.exact) > 10,
    fine=stomach.sums[-1],
    exact=stomach.exact,
    coarse=stomach.sums[0],
)

# %% [markdown]
# A computer adds up instead: portions of a certain width, each taken at its middle. Two hours are
# too coarse, the sum finds {{stomach.sums[0]:.0f}} g and misses lunch. At 15 minutes it finds
# {{stomach.sums[3]:.1f}} g of {{stomach.exact:.1f}}. From here on all convolutions are sums.

# %% [markdown]
# ## In two dimensions
#
# Lay a small kernel on an image, multiply what lies on top of each other, add up; then move on. Of
# $n$ pixels along a side, a kernel of $k$ finds room in $n - k + 1$ places.
#
# **Exercise 7.1 (F)** Write it, for an image and a kernel of any size. Nothing is flipped.


# %%
def corr2d(image, kernel):
    """Slide the kernel over the image: (h, w) and (k_h, k_w) give (h - k_h + 1, w - k_w + 1)."""
    # your code


cs.lessons.check("7.1", corr2d)

# %%
image = np.arange(9).reshape(3, 3)
kernel = np.arange(4).reshape(2, 2)
products = cs.experiments.slide_kernel(image, kernel)
cs.lessons.show(products)
cs.lessons.claim(
    "7.products",
    products.output.tolist() == [[19, 25], [37, 43]] and products.difference < 1e-6,
    output=products.output.astype(int).tolist(),
)

# %% [markdown]
# **A picture that doesn't compute.** With stride 2 the kernel moves on by two pixels. A reader of
# a widely copied guide checked its drawing of such a convolution and got other numbers
# (conv_arithmetic, issue 17, open since 2018). Here are the numbers of the drawing; who is right?

# %%
drawn = [[2, 2, 3, 3, 3], [0, 1, 3, 0, 3], [2, 3, 0, 1, 3], [3, 3, 2, 1, 2], [3, 3, 0, 2, 3]]
weights = [[2, 0, 1], [1, 0, 0], [0, 1, 1]]
published = [[1, 6, 5], [7, 10, 9], [7, 10, 8]]
strided = cs.experiments.slide_kernel(drawn, weights, stride=2, padding=1)
by_one = cs.experiments.slide_kernel(drawn, weights, padding=1)
cs.lessons.show(strided)
cs.lessons.claim(
    "7.published",
    strided.output.tolist() != published and by_one.output[:3, :3].tolist() == published,
    right=strided.output.astype(int).tolist(),
)

# %% [markdown]
# The reader is. The drawing shows the corner of the convolution with stride 1, under a caption
# that says stride 2. When a picture and your sum disagree, compute.

# %% [markdown]
# ## Convolution or cross-correlation?
#
# What we have just computed is, strictly, a **cross-correlation**. A convolution in two dimensions
# has $i - a$ where it has $i + a$, as the stomach has $t - \tau$: the kernel is turned by 180°
# first.
#
# **Exercise 7.2 (N)** The same image `0 … 8` and kernel `0 … 3`, but a true convolution. Which
# four numbers come out, row by row?

# %%
four_numbers = None

cs.lessons.check("7.2", four_numbers)

# %%
photograph = cs.experiments.photograph("china", 200)
slope = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]
flip = cs.experiments.compare_flip(photograph, slope)
cs.lessons.show(flip)
cs.lessons.claim(
    "7.flip",
    flip.plain > 100 and flip.turned < 1e-6,
    plain=flip.plain,
    turned=flip.turned,
)
cs.lessons.claim("7.framework", flip.framework < 1e-6, difference=flip.framework)
laplace = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
alike = cs.experiments.compare_flip(photograph, laplace)
cs.lessons.claim("7.symmetric", alike.symmetric and alike.plain < 1e-6, difference=alike.plain)

# %% [markdown]
# So the name of the layer is wrong, in every framework, and everybody knows. Whether that
# *matters* is a question of what the kernel is: given, or learned. We come back to it.

# %% [markdown]
# ## Kernels made by hand
#
# Before kernels were learned, people thought them up. Each of these is a small theory of what is
# worth seeing in an image.

# %%
gallery = cs.filter_image(photograph)
cs.lessons.show(gallery, "figure")
even = cs.filter_image(np.full((1, 9, 9), 120, np.uint8))
kept = [one.values for one in even.results if one.kernel.keeps_brightness]
gone = [one.values for one in even.results if one.kernel.is_difference]
cs.lessons.claim(
    "7.even",
    all(np.allclose(values, 120) for values in kept)
    and all(np.allclose(values, 0) for values in gone),
    kept=len(kept),
    gone=len(gone),
)

# %% [markdown]
# Read a kernel by its sum. Weights that add up to 1 keep an even area as it is: blur and sharpen.
# Weights that add up to 0 turn it to nothing, and leave differences: edges.

# %% [markdown]
# ## A layer that finds edges
#
# A convolution layer is a kernel and a bias. The smallest edge detector is $[1, -1]$: left minus
# right. The image is white (1) with a black (0) band over columns 2 to 5.
#
# **Exercise 7.3 (P)** Going from left to right, what does the layer answer where white turns to
# black? (a) a positive number, (b) a negative number, (c) zero. Answer before you run the next
# cell.

# %%
prediction = None

cs.lessons.check("7.3", prediction)

# %%
edges = cs.experiments.edge_image()
cs.lessons.show(cs.filter_image((255 * edges[None]).astype(np.uint8), "1 -1"), "figure")
found = cs.experiments.slide_kernel(edges, [[1, -1]]).output
on_its_side = cs.experiments.slide_kernel(edges.T, [[1, -1]]).output
cs.lessons.claim(
    "7.edge",
    found.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6 and not on_its_side.any(),
    row=found[0].astype(int).tolist(),
)

# %% [markdown]
# It sees vertical edges and is blind to the same image on its side. With a bias of 0.5, every
# answer is 0.5 more. One number of that layer, with all that it is made of:

# %%
layer = nn.Conv2d(1, 1, (1, 2))
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[[[1.0, -1.0]]]]))
    layer.bias.fill_(0.5)
at_edge = cs.unit(layer, torch.tensor(edges, dtype=torch.float32)[None], "convolution:0,0,1")
cs.lessons.show(at_edge, "text")

# %% [markdown]
# ## Learning the kernel
#
# Now forget the kernel. Keep the image and what came out, start with zeros, and let gradient
# descent find what lies between: ten steps, rate 0.03, squared error.

# %%
learned = cs.experiments.learn_kernel(edges, [[1, -1]], steps=10, rate=0.03)
cs.lessons.show(learned)
cs.lessons.claim(
    "7.learned",
    learned.difference < 0.05,
    left=learned.learned[0, 0],
    right=learned.learned[0, 1],
)

# %% [markdown]
# ## Is the learned kernel the true one?
#
# So kernels are learned from images. Does one get back the kernel that made the outputs? Take the
# Laplace kernel above, and images that have edges in one direction only:

# %%
stripes = cs.experiments.striped_images("vertical")
fooled = cs.experiments.learn_kernel(stripes, laplace, steps=200, rate=None)
cs.lessons.show(fooled)
seen = fooled.error_on(cs.experiments.striped_images("vertical", seed=1))
unseen = fooled.error_on(cs.experiments.striped_images("horizontal"))
cs.lessons.claim(
    "7.stripes",
    seen < 1e-6 and unseen > 0.5 and fooled.difference > 0.5,
    seen=seen,
    unseen=unseen,
    free=fooled.free,
)

# %% [markdown]
# Perfect on all vertical stripes, also on new ones; useless on horizontal ones. Stripes show only
# the sums of the kernel's columns, and those are right. The rest, {{fooled.free}} directions out
# of nine, no example ever asked about. With images in which anything can happen there is no way
# out:

# %%
noise = cs.experiments.noise_images()
true = cs.experiments.learn_kernel(noise, laplace, steps=200, rate=None)
cs.lessons.show(true, "text")
elsewhere = true.error_on(cs.experiments.striped_images("horizontal"))
cs.lessons.claim(
    "7.noise",
    true.free == 0 and true.difference < 0.01 and elsewhere < 0.02,
    difference=true.difference,
    elsewhere=elsewhere,
)

# %% [markdown]
# ## Does the flip matter to learning?
#
# One textbook says that outputs stay *unaffected* whether a layer convolves or correlates; its
# Chinese edition says *not much affected*; readers argue. We train the same small network on the
# digits twice, once with true convolutions. First with kernels that start as each other's mirror
# images, then with the same.

# %%
mirrored = cs.experiments.train_mirrored()
same = cs.experiments.train_mirrored(mirrored=False)
cs.lessons.show(mirrored, "text")
cs.lessons.show(same, "text")
cs.lessons.show(cs.experiments.mirrored_figure((mirrored, same)))
cs.lessons.claim(
    "7.mirrored",
    max(mirrored.outputs) < 1e-9 and mirrored.kernels < 1e-9,
    outputs=max(mirrored.outputs),
    kernels=mirrored.kernels,
)
cs.lessons.claim("7.same_start", max(same.outputs) > 0.1, outputs=max(same.outputs))

# %% [markdown]
# From mirrored starts nothing differs but rounding, at any step, and the kernels stay mirror
# images. From the same start the two are different networks, as from another seed: they were right
# on {{same.accuracies[0]:.1%}} and {{same.accuracies[1]:.1%}} of the test images. Is one of them
# better?
#
# **The rule, before the run**: 12 seeds, the same start in each pair. We say *no difference* if
# the interval of the mean difference, made to cover the truth 19 times in 20, lies within two
# percentage points.

# %%
pairs = [cs.experiments.train_mirrored(mirrored=False, seed=seed).accuracies for seed in range(12)]
difference = cs.experiments.measure_difference(*zip(*pairs, strict=True))
cs.lessons.claim(
    "7.average",
    difference.is_within(0.02),
    pairs=difference.pairs,
    low=100 * difference.low,
    high=100 * difference.high,
)

# %% [markdown]
# So both sentences are true, each under its condition. First kernels are random, and a draw is as
# likely as its mirror image: on average nothing changes. With kernels that are **given**, made by
# hand or taken from another program, the flip changes the output.

# %% [markdown]
# ## One dimension, and three
#
# Nothing was special about two dimensions. Text, speech and series have one; volumes and video
# have three.

# %%
series = cs.experiments.slide_kernel([[0, 1, 2, 3, 4, 5, 6]], [[1, 2]])
cs.lessons.show(series, "text")
motion = cs.experiments.measure_motion()
cs.lessons.show(motion)
cs.lessons.claim(
    "7.series",
    series.output[0].tolist() == [2, 5, 8, 11, 14, 17],
    output=series.output[0].astype(int).tolist(),
)
cs.lessons.claim("7.slices", motion.slices < 1e-9, difference=motion.slices)
cs.lessons.claim(
    "7.motion",
    motion.volume["right"] > 1.5 * motion.volume["left"]
    and abs(motion.image["right"] - motion.image["left"]) < 1e-9,
    right=motion.volume["right"],
    left=motion.volume["left"],
    image=motion.image["right"],
)

# %% [markdown]
# A 3-D kernel is a stack of 2-D kernels, one for each time, whose answers add up. That makes it
# see what no single frame shows: which way something moves.
#
# **Exercise 7.4 (D)** Design a kernel of 3 × 3 that answers to diagonal stripes, and not at all to
# vertical or horizontal ones. `cs.experiments.measure_directions(kernel)` shows how it does.

# %%
diagonal = None

cs.lessons.check("7.4", diagonal)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope kernels photo.jpg`: the gallery on an image of yours; `convscope kernels photo.jpg
#   --kernel "1 0 -1; 2 0 -2; 1 0 -1" --stride 2`: your kernel.
# - `convscope show lenet --unit LAYER:C,Y,X --image photo.jpg`: where one number of a network
#   comes from, as for the edge above.
# - Lesson 8: padding, stride and dilation. Lesson 9: several channels.

# %%
cs.lessons.end()
