# %% [markdown]
# # 2 · Layers, blocks, parameters, initialization
#
# **You will know afterwards**
#
# - why a layer is one matrix product, and how blocks are made of blocks;
# - how to read every parameter of a network, and what happens to one that is used twice;
# - which first weights a signal survives, through twenty layers;
# - whether units that begin alike stay alike for ever.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run. You need lesson 1.

# %%
import copy

import numpy as np
import torch
from torch import nn

import convscope as cs
from convscope.definitions.activations import sigmoid
from convscope.definitions.neuron import neuron
from convscope.networks.initialization import initialize

lesson = cs.lessons.begin(2)

# %% [markdown]
# ## A layer is many neurons, and one product
#
# Neurons that look at the same inputs form a layer. Write the weights of each neuron as a row of a matrix, and the whole layer is one
# product, one sum and one activation:
#
# $$a^{(l+1)} = g\big(W^{(l)} a^{(l)} + b^{(l)}\big)$$
#
# Below, a layer of PyTorch against its neurons one by one.

# %%
torch.manual_seed(0)
layer = nn.Linear(20, 256)
inputs = torch.randn(2, 20)
with torch.no_grad():
    whole = torch.sigmoid(layer(inputs)).numpy()
weights, biases = layer.weight.detach().numpy(), layer.bias.detach().numpy()
rows = zip(weights, biases, strict=True)
one_by_one = np.stack([neuron(inputs.numpy(), row, bias, sigmoid) for row, bias in rows], axis=1)
product_difference = abs(whole - one_by_one).max()
cs.lessons.claim(
    "2.product", product_difference < 1e-5, units=len(weights), difference=product_difference
)

# %% [markdown]
# ## Blocks
#
# A block takes numbers and gives numbers, like a layer; inside it may be layers, or blocks again. The simplest runs its parts in turn.

# %%
mlp = nn.Sequential(nn.Linear(20, 256), nn.ReLU(), nn.Linear(256, 10))
outputs = mlp(inputs)
count = sum(parameter.numel() for parameter in mlp.parameters())
cs.lessons.claim(
    "2.shapes",
    outputs.shape == (2, 10) and count == (20 * 256 + 256) + (256 * 10 + 10),
    given=tuple(inputs.shape),
    got=tuple(outputs.shape),
    count=count,
)

# %% [markdown]
# There is no magic in it. A block of your own says which parts it has, and what it does with them:


# %%
class OwnSequential(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)  # a plain list would hide their parameters

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


own = OwnSequential(OwnSequential(mlp[0], mlp[1]), mlp[2])  # a block in a block
own_difference = (own(inputs) - mlp(inputs)).abs().max().item()
cs.lessons.claim("2.own", own_difference == 0, difference=own_difference)

# %% [markdown]
# And it may do whatever Python can: use a layer twice, compute with weights that aren't learned, loop until something holds.


# %%
class Winding(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(20, 20)
        self.register_buffer("fixed", torch.rand(20, 20))  # kept, moved to the GPU, not learned

    def forward(self, x):
        x = torch.relu(self.dense(x) @ self.fixed + 1)
        x = self.dense(x)  # the same layer once more
        while x.abs().sum() > 1:
            x = x / 2
        return x.sum()


winding = Winding()
total = winding(inputs).item()
learned = sum(parameter.numel() for parameter in winding.parameters())
cs.lessons.claim(
    "2.control",
    abs(total) <= 1 and learned == 20 * 20 + 20,
    total=total,
    learned=learned,
    fixed=winding.fixed.numel(),
)

# %% [markdown]
# **Exercise 2.1 (N)** A small block: `Linear(4, 8)`, ReLU, `Linear(8, 4)`, ReLU. A network: four such blocks, then `Linear(4, 1)`. How
# many parameters has it? And how many if the *same* block stands there four times? Answer with `[four blocks, one block four times]`.

# %%
answer = None
cs.lessons.check("2.1", answer)

# %% [markdown]
# ## Reading parameters
#
# Every parameter has a path, the names of the blocks that it lies in: `blocks.0.blocks.0.weight`. Read one, or all below a block:

# %%
path = "blocks.0.blocks.0.weight"
by_path = cs.read_parameters(own, path)
nested = cs.read_parameters(own, "blocks.0")["blocks"]["0"]["weight"]
cs.lessons.claim("2.read", by_path is mlp[0].weight and nested is mlp[0].weight, path=path)

# %% [markdown]
# And a whole network at a glance: shapes, mean, spread, zeros, and the gradients, if there are any. Before the first backward pass
# there are none. After a second one that wasn't asked for, they are twice what they should be: PyTorch adds to what is there.

# %%
before = cs.describe_parameters(mlp).parameters[1].gradient_norm
mlp(inputs).sum().backward()
once = cs.describe_parameters(mlp).parameters[1].gradient_norm
mlp(inputs).sum().backward()
described = cs.describe_parameters(mlp)
twice = described.parameters[1].gradient_norm or 0.0
cs.lessons.show(described, "text")
cs.lessons.claim(
    "2.gradient",
    before is None and once > 0 and abs(twice - 2 * once) < 1e-4 * once,
    once=once,
    twice=twice,
)

# %% [markdown]
# ## One parameter, two uses
#
# A layer that stands in two places is one layer: a change here is a change there. What is its gradient? Put two *copies* of it in the
# two places, look at the gradient of each, and compare.

# %%
shared = nn.Linear(20, 20)
tied = nn.Sequential(shared, nn.Tanh(), shared, nn.Tanh(), nn.Linear(20, 1))
copies = nn.Sequential(copy.deepcopy(shared), nn.Tanh(), copy.deepcopy(shared), nn.Tanh(), tied[4])
tied(inputs).sum().backward()
copies(inputs).sum().backward()
sum_of_uses = copies[0].weight.grad + copies[2].weight.grad
tied_gradient = tied[0].weight.grad
tied_difference = float((tied_gradient - sum_of_uses).abs().max())
cs.lessons.claim(
    "2.tied",
    tied[0].weight.data_ptr() == tied[2].weight.data_ptr() and tied_difference < 1e-6,
    difference=tied_difference,
    size=float(tied_gradient.abs().max()),
)

# %% [markdown]
# ## First weights: what twenty layers make of them
#
# Each layer multiplies the spread of its inputs by about the same factor, and depth makes a power of it: with 0.7 a layer, twenty layers
# leave less than a thousandth. So the first weights decide what arrives at the end. The common rules:
#
# - *default*: PyTorch's own, uniform, with the variance $1 / (3\,n)$ for $n$ inputs;
# - *normal*: N(0, 0.01²), as old recipes have it;
# - *constant*: all 0.01;
# - *Xavier* (2010): variance $2 / (n_\text{in} + n_\text{out})$;
# - *Kaiming* (2015): twice that, as ReLU throws half away.
#
# **Exercise 2.2 (P)** Twenty layers with ReLU, Xavier's weights. What is left of the spread behind the last layer, of that behind the
# first? (a) more than a third, (b) about a thousandth, (c) it has grown. Answer before you run the next cell.

# %%
guess = None
cs.lessons.check("2.2", guess)

# %%
relu = cs.experiments.follow_signal("relu")
cs.lessons.show(relu)
tanh = cs.experiments.follow_signal("tanh")
cs.lessons.show(tanh, "text")
cs.lessons.claim(
    "2.fades",
    relu.kept("default") < 1e-4 and relu.kept("normal") < 1e-4,
    default=relu.kept("default"),
    normal=relu.kept("normal"),
)
cs.lessons.claim(
    "2.xavier",
    0.1 < tanh.kept("xavier") < 1 and relu.kept("xavier") < 0.01,
    tanh=tanh.kept("xavier"),
    relu=relu.kept("xavier"),
)
cs.lessons.claim("2.kaiming", 0.5 < relu.kept("kaiming") < 2, kept=relu.kept("kaiming"))

# %% [markdown]
# Even with tanh, Xavier doesn't quite keep it: the rule is for the straight part of the curve, and tanh bends a little at every layer.
#
# The constant grows or fills up, and it is useless for another reason. Below.
#
# ## A spread isn't a signal
#
# With sigmoids the spread looks healthy. But of what is it the spread? Ask how far the outputs of a unit differ *between examples*:
# that is all that a later layer can know about the input.

# %%
sigmoids = cs.experiments.follow_signal("sigmoid")
cs.lessons.show(sigmoids, "text")
cs.lessons.claim(
    "2.signal",
    sigmoids.kept("xavier") > 0.3 and sigmoids.signal_kept("xavier") < 1e-4,
    spread=sigmoids.kept("xavier"),
    signal=sigmoids.signal_kept("xavier"),
)
cs.lessons.claim(
    "2.slopes",
    sigmoids.gradient_kept("xavier") < 1e-6 and 0.3 < relu.gradient_kept("kaiming") < 3,
    sigmoid=sigmoids.gradient_kept("xavier"),
    relu=relu.gradient_kept("kaiming"),
)

# %% [markdown]
# The outputs are all different from unit to unit and the same for every input. The gradient on its way back fares no better. That,
# and not the speed of shallow networks (lesson 1), is why deep networks gave up sigmoids.
#
# Nothing says that all blocks must begin alike: a rule can be applied to any part.

# %%
torch.manual_seed(0)
mixed = nn.Sequential(nn.Linear(400, 400), nn.ReLU(), nn.Linear(400, 400))
initialize(mixed[0], "kaiming")
initialize(mixed[2], "normal")
spreads = [float(mixed[place].weight.detach().std()) for place in (0, 2)]
cs.lessons.claim(
    "2.blocks",
    abs(spreads[0] - (2 / 400) ** 0.5) < 1e-3 and abs(spreads[1] - 0.01) < 1e-3,
    kaiming=spreads[0],
    normal=spreads[1],
)

# %% [markdown]
# **Exercise 2.3 (F)** `uniform` holds random numbers, evenly spread from 0 to 1, one for each weight of a layer: (units, inputs). Make
# weights of them, evenly spread around 0, with the variance 2 / inputs. (Numbers evenly spread from −1 to 1 have the variance 1/3.)


# %%
def draw_weights(uniform): ...


cs.lessons.check("2.3", draw_weights)

# %% [markdown]
# ## Units that begin alike
#
# Two units with the same weights, in and out, give the same output, get the same gradient, and are the same after the step. "So they
# stay equal for ever", says one answer that learners get; "it recovers", says another. Both were measured somewhere. Eight trainings
# on the digits, the same but for how they begin:

# %%
starts = cs.experiments.compare_constant_starts()
cs.lessons.show(starts)
together, alone = starts.accuracy("constant"), starts.accuracy("one unit")
after_twenty = starts.courses["constant"].differences[19]
cs.lessons.claim(
    "2.alike",
    after_twenty < 1e-3 and together < 0.7 < 0.9 < starts.accuracy("random"),
    difference=after_twenty,
    constant=together,
    one=alone,
    random=starts.accuracy("random"),
)
cs.lessons.claim(
    "2.zero",
    starts.courses["zero"].moved == 0 and starts.accuracy("zero") < 0.2,
    moved=starts.courses["zero"].moved,
    accuracy=starts.accuracy("zero"),
)

# %% [markdown]
# With all weights at 0, every path through the network is multiplied by 0: no weight gets a gradient. With all at 0.1, 32 units that
# are the same come to {{together:.0%}}, about what a *single* hidden unit can: {{alone:.0%}}.
#
# Now the exceptions.

# %%
nudge = starts.courses["nudged"].differences
cs.lessons.claim(
    "2.rounding", nudge[0] < 1e-5 and nudge[-1] > 0.1, first=nudge[0], last=nudge[-1],
    epochs=len(nudge),
)  # fmt: skip
cs.lessons.claim(
    "2.dropout",
    starts.difference("dropout") > 0.1 and starts.accuracy("dropout") > 0.9,
    difference=starts.difference("dropout"),
    accuracy=starts.accuracy("dropout"),
)
cs.lessons.claim(
    "2.linear",
    starts.difference("linear zero") > 0.1
    and abs(starts.accuracy("linear zero") - starts.accuracy("linear random")) <= 0.01,
    zero=starts.accuracy("linear zero"),
    random=starts.accuracy("linear random"),
)

# %% [markdown]
# So being alike is a balance on a knife's edge. In exact arithmetic it lasts for ever; on a computer a difference the size of a rounding
# error grows, and whether there is one depends on the number of units and on the processor. Dropout tips it over at the first step: it
# drops one unit and not its twin. And a single layer has no twins at all: each class has its own labels.
#
# ## The same elsewhere
#
# - `cs.compare_initializations("vgg11", "digits")` measures the spread through a network of the catalog, layer by layer.
# - `convscope show mlp` lists layers and parameters; `cs.describe_parameters(run, "digits")` adds gradients and dead units.
# - Sources: Glorot and Bengio, *Understanding the difficulty of training deep feedforward neural networks*, 2010; He et al., *Delving
#   deep into rectifiers*, 2015.

# %%
cs.lessons.end()
