# %% [markdown]
# # 16 · ResNet and DenseNet
#
# **You will know afterwards**
#
# - in what sense a deeper network contains a shallower one, and why it still may train worse;
# - what a shortcut changes, and what vanishing gradients have to do with it;
# - where a residual network needs a 1×1 convolution, and where it only does harm;
# - how DenseNet stacks what ResNet adds, and why so few weights take so much memory.
#
# **Time**: {{lesson.minutes}} minutes to read, half a minute to run.

# %%
import convscope as cs

lesson = cs.lessons.begin(16)

# %% [markdown]
# ## A deeper network could do nothing more
#
# Take a network that works and put layers in. In the worst case, one would think, they hand on
# what they get, and nothing changes. He and others (2015) built that in: a *residual block*
# computes
#
# $$y = \mathrm{relu}(x + F(x)),$$
#
# where $F$, the branch, is two convolutions with batch norm. The $x$ beside it is the *shortcut*.
# With the branch at zero, the block hands on $x$. We put 12 layers into a network of 8, in four
# ways, and compare the logits for 200 digits.

# %%
nested = cs.experiments.insert_blocks(6)
cs.lessons.show(nested)

# %%
zero, fresh = nested.difference("residual, zero"), nested.difference("residual, fresh")
cs.lessons.claim(
    "16.identity", zero == 0 and fresh > 0.1, layers=nested.layers, zero=zero, fresh=fresh
)

# %%
kernels, plain = nested.difference("plain, identity"), nested.difference("plain, fresh")
cs.lessons.claim("16.kernels", kernels < 1e-5 and plain > 0.1, kernels=kernels, plain=plain)

# %% [markdown]
# So the plain network contains its shallower one, too: at kernels with a single 1 in the middle.
# The difference is *where* doing nothing lies. In the residual block it is at zero: weights
# begin near it, and weight decay pulls towards it. In the plain block it is one point among very many.
#
# **Exercise 16.1 (F)** Write a residual block with matrices in place of convolutions, without
# batch norm: `first` and `second` make the branch, with a ReLU between them; `projection` is
# None, or the matrix that fits `x` to the output.


# %%
def residual_block(x, first, second, projection): ...


cs.lessons.check("16.1", residual_block)

# %% [markdown]
# ## Deeper and worse
#
# If the deeper network contains the shallower one, it should reach at least its training loss.
# Try it: networks of 8 and of 32 layers on digits, all with batch norm, with shortcuts and
# without.

# %%
tried = cs.experiments.compare_depths((8, 32), epochs=10)
cs.lessons.show(tried)
stored = cs.lessons.stored("residual_depth")
trained = cs.experiments.read_depths(stored.rows, "depth")
seeds = len(trained.seeds)

# %% [markdown]
# One seed, one learning rate. So the question was put again (on {{stored.date}}): each network
# got the best of three rates, by seeds of their own, and was then trained from {{seeds}} others.
# **The rule, before the run**: there is a difference if the 95 percent interval of the paired
# differences lies on one side of 0.

# %%
cs.lessons.show(trained.select("plain", "residual"))

# %%
worse = trained.loss_difference(("plain", 32), ("plain", 8))
cs.lessons.claim(
    "16.degrade",
    worse.is_above(0),
    shallow=trained.loss("plain", 8),
    deep=trained.loss("plain", 32),
    low=worse.low,
    high=worse.high,
)

# %%
rescued = trained.accuracy_difference(("residual", 32), ("plain", 32))
cs.lessons.claim(
    "16.rescued", rescued.is_above(0), mean=rescued.mean, low=rescued.low, high=rescued.high
)

# %% [markdown]
# It is the *training* loss that is worse, so this is no overfitting: the deep plain network
# could, but doesn't get there. With shortcuts it does. And then, is deeper better?

# %%
deeper = trained.accuracy_difference(("residual", 32), ("residual", 8))
cs.lessons.claim(
    "16.deeper", deeper.is_below(0), mean=deeper.mean, low=deeper.low, high=deeper.high
)

# %%
shallow = trained.accuracy_difference(("residual", 8), ("plain", 8))
long = cs.experiments.read_depths(stored.rows, "long")
behind = long.accuracy_difference(("residual", 32), ("plain", 32))
epochs = len(long.runs[0].losses)
cs.lessons.claim(
    "16.patience",
    behind.is_above(0),
    epochs=epochs,
    plain=long.loss("plain", 32),
    residual=long.loss("residual", 32),
    mean=behind.mean,
    low=behind.low,
    high=behind.high,
)

# %% [markdown]
# Not on digits of 8 × 8 pixels: a shortcut takes away what depth costs in training, it doesn't
# make depth useful. At 8 layers it isn't even sure that shortcuts help: {{shallow.mean:+.1f}}
# percentage points ({{shallow.low:+.1f}} to {{shallow.high:+.1f}}). Depth pays where there is
# much to learn, as on ImageNet.
#
# ## Is it the gradient that vanishes?
#
# "Plain deep networks don't train because the gradient vanishes, and shortcuts cure that." Look
# at the gradient before the first step, behind each block of a network of 32 layers.

# %%
gradients = cs.experiments.compare_block_gradients(32)
cs.lessons.show(gradients)

# %%
vanished = gradients.kept("plain", batch_norm=False)
carried = gradients.kept("residual", batch_norm=False)
cs.lessons.claim("16.vanish", vanished < 1e-8 and carried > 1e-3, plain=vanished, residual=carried)

# %%
grown = gradients.kept("plain", batch_norm=True)
cs.lessons.claim("16.healthy", grown > 1, layers=gradients.layers, plain=grown)

# %% [markdown]
# Without batch norm the sentence is right, and drastically so. But the plain networks above *had*
# batch norm. Their gradient doesn't vanish, it grows towards the image, {{grown:.0f}} times; and
# they train worse all the same. He and others saw that as well and left the reason open. That
# gradients grow through batch norm (Yang and others, 2019) may be part of it: layers whose
# gradients differ that much don't get on with one learning rate.
#
# ## Where is the 1×1?
#
# A sum needs equal shapes. Where a block changes them, a 1×1 convolution with the same stride
# stands in the shortcut, the *projection*. Learners wonder why the first stage of ResNet-18 has
# none, while that of ResNet-50 has.

# %%
shortcuts = cs.experiments.list_shortcuts()
cs.lessons.show(shortcuts)

# %%
r18, r50 = shortcuts["resnet18"], shortcuts["resnet50"]
cs.lessons.claim(
    "16.projections",
    shortcuts.rule_holds and not r18.stages[0].projected and r50.stages[0].projected,
    networks=len(shortcuts.networks),
    r18=r18.macs,
    r50=r50.macs,
)

# %% [markdown]
# ResNet-50 has blocks of three convolutions (1×1, 3×3, 1×1) that give four times the channels
# that the middle one has. So its first stage makes 256 channels of 64: the shape changes, without
# a stride.
#
# With stride 2 the projection looks at one pixel in four; lesson 8 counts that. What is dropped
# there isn't lost: the branch beside it looks at everything. Would a projection in *every*
# shortcut be better? Networks of 20 layers, same rule:

# %%
everywhere = trained.accuracy_difference(("projected", 20), ("residual", 20))
cs.lessons.claim(
    "16.everywhere",
    everywhere.is_below(0),
    mean=everywhere.mean,
    low=everywhere.low,
    high=everywhere.high,
)

# %% [markdown]
# ## ResNet-18
#
# Four stages of two blocks of two convolutions, one convolution before them, one dense layer
# behind: 18. Each stage has half the height and width of the one before, and twice the channels.
# So all cost about the same.

# %%
resnet = cs.trace("resnet18", (1, 96, 96))
cs.lessons.show(resnet)

# %%
stages = [block.output_shape for block in resnet.blocks if block.name.startswith("layer")]
deep = [layer for layer in resnet.layers if layer.kind in ("convolution", "dense")]
layers = sum("downsample" not in layer.name for layer in deep)
expected = [(64, 24, 24), (128, 12, 12), (256, 6, 6), (512, 3, 3)]
cs.lessons.claim(
    "16.resnet18", stages == expected and layers == 18, layers=layers, last=stages[-1][0]
)

# %% [markdown]
# ## DenseNet: stack, don't add
#
# A shortcut can be joined in another way: put the input *beside* the result. In a dense block
# each layer adds a few channels, the *growth rate*, and sees all that were there before. A
# *transition* then mixes them by a 1×1 convolution and halves height and width.

# %%
dense = cs.experiments.follow_dense_channels(3, growth=10, layers=2)
cs.lessons.show(dense)

# %%
behind_block, behind_transition = dense.shapes[2], dense.shapes[3]
cs.lessons.claim(
    "16.channels",
    behind_block == (23, 8, 8) and behind_transition == (10, 4, 4),
    channels=behind_block[0],
    size=behind_transition[1],
)

# %% [markdown]
# **Exercise 16.2 (N)** A dense block gets 64 channels and has six layers of growth rate 32. The
# transition behind it halves the channels. How many channels does the sixth layer see, how many
# are there behind the block, and how many behind the transition?

# %%
answer = None  # three numbers
cs.lessons.check("16.2", answer)

# %% [markdown]
# ## "DenseNet is small"
#
# **Exercise 16.3 (P)** DenseNet-121 has less than a third of ResNet-50's weights and two thirds
# of its operations. What does training keep of an image for the backward pass: "a", about a
# third; "b", about two thirds; "c", more than ResNet-50? Answer before you run the next cell.

# %%
answer = None  # "a", "b" or "c"
cs.lessons.check("16.3", answer)

# %%
sizes = cs.experiments.compare_footprints()
cs.lessons.show(sizes)

# %%
weights = sizes.ratio("parameters", "densenet121", "resnet50")
kept = sizes.ratio("kept", "densenet121", "resnet50")
cs.lessons.claim("16.memory", weights < 0.5 and kept > 1, weights=weights, kept=kept)

# %% [markdown]
# Why? For the backward pass each layer keeps its input. The input of the tenth layer of a dense
# block are the maps of the nine before it, copied; and batch norm keeps another copy.

# %%
blocks = cs.experiments.measure_dense_costs()
cs.lessons.show(blocks)

# %%
last = blocks.blocks[-1]
copies = last.kept / last.maps
cs.lessons.claim(
    "16.quadratic",
    1.7 < blocks.exponent < 2.3 and copies > 5,
    exponent=blocks.exponent,
    layers=last.layers,
    copies=copies,
)

# %%
saved = last.kept_recomputed / last.kept
reference = cs.experiments.measure_footprint(cs.experiments.build_dense_network(), (1, 8, 8))
cs.lessons.claim("16.recompute", saved < 0.6, share=saved)

# %% [markdown]
# The maps themselves would take {{last.maps:,}} bytes, so this isn't the architecture, but the
# way it is computed: copies could be shared. What every framework can do is *recompute*: forget
# what a layer keeps, and compute the layer once more on the way back. That takes time and no
# accuracy (lesson 17).
#
# **Exercise 16.4 (D)** A network for digits of 1 × 8 × 8 with one dense block (16 channels, then
# eight layers of growth rate 12) keeps {{reference.kept:,}} bytes of an image. Build one that
# keeps at most half of that, and gets at least 96 of 100 digits right after the usual twelve
# epochs. `answer` is a module with 10 logits.

# %%
answer = None
cs.lessons.check("16.4", answer)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show resnet18 --drawing resnet18.svg` draws a network with its shortcuts.
# - `convscope plan densenet121 fashion-mnist --recompute` forecasts time and memory with
#   recomputing.
#
# Next: lesson 17, time and memory.

# %%
cs.lessons.end()
