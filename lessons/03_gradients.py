# %% [markdown]
# # 3 · Gradients
#
# **You will know afterwards**
#
# - what automatic differentiation computes, and how to check it with two function calls a number;
# - why it goes *back* through the graph, and what that costs in time and in memory;
# - how a path is cut on purpose, and how to find where it was cut by accident: the layer that does
#   not learn.

# %%
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(3)

# %% [markdown]
# **Time**: {{lesson.minutes}} minutes to read, seconds to run. You need lessons 1 and 2.
#
# ## 1 · What you asked for
#
# A gradient says how fast one number grows with each of many others. For $y = 2\,x^\top x$ it is
# $4x$; for a plain sum it is 1 everywhere. PyTorch notes what happens to `x` and works it out.

# %%
x = torch.arange(4.0, requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
square_error = (x.grad - 4 * x).abs().max().item()
cs.lessons.claim("3.square", square_error == 0, error=square_error)

x.grad = None  # gradients add up otherwise
x.sum().backward()
sum_gradient = x.grad.tolist()
cs.lessons.claim("3.sum", sum_gradient == [1.0] * 4, gradient=sum_gradient)

# %% [markdown]
# A vector has no single gradient: it has one for each of its entries. PyTorch asks for weights, one
# an entry, and gives the gradient of the weighted sum. Weights of one give the gradient of the sum.

# %%
x.grad = None
try:
    (x * x).backward()
    refused = False
except RuntimeError as error:
    refused = True
    print("PyTorch:", error)
(x * x).backward(torch.ones(4))
vector_error = (x.grad - 2 * x).abs().max().item()
cs.lessons.claim("3.vector", refused and vector_error == 0, error=vector_error)

# %% [markdown]
# ## 2 · Trust, but check
#
# You do not have to believe a gradient: move each number a little to either side and see what the
# result does. That is two calls for each number, so nobody trains with it, but everybody who writes
# a backward pass tests with it.
#
# Which step should you take? "As small as possible" is the usual answer.

# %%
torch.manual_seed(0)
point = torch.rand(5) + 0.5
tried = [10.0**-exponent for exponent in range(1, 13)]


def wave(values):
    return torch.sin(values).prod()


steps = cs.experiments.measure_step_errors(wave, point, tried)
cs.lessons.show(steps, "figure")
cs.lessons.claim("3.numeric", steps.smallest_error < 1e-8, error=steps.smallest_error)
smallest_step = steps.error(tried[-1])
cs.lessons.claim(
    "3.step",
    smallest_step > 100 * steps.smallest_error,
    best=steps.best_step,
    smallest=tried[-1],
    times=smallest_step / steps.smallest_error,
)

# %% [markdown]
# ## 3 · The graph, and the chain rule along it
#
# Behind every result stands a graph of what it was made of. On each edge stands a slope that is
# easy to know: of a product it is the other factor, of a sum it is 1. Multiply the slopes on the
# way from an input to the result; where several ways lead there, add them up.


# %%
def formula(x, y, z):
    return (x * y + z) ** 2


graph = cs.experiments.value_graph(formula, x=2.0, y=3.0, z=-4.0)
cs.lessons.show(graph)
cs.lessons.claim("3.chain", graph.chain_rule_error < 1e-12, error=graph.chain_rule_error)

# %% [markdown]
# **Exercise 3.1 (N)** Now with x = 1, y = −2, z = 3: the gradients of x, y and z, by hand.

# %%
answer = None
cs.lessons.check("3.1", answer)

# %% [markdown]
# Loops and branches are no obstacle: the graph is what *happened*. The function below doubles its
# input until it is large enough and then takes one of two branches. For every input it is just a
# product with some number, so its slope must be f(a)/a.


# %%
def winding(a):
    b = 2 * a
    while b.abs() < 1000:
        b = 2 * b
    return b if b > 0 else 100 * b


ratios = []
for number in torch.linspace(-3.0, 3.0, 24).tolist():
    a = torch.tensor(number, requires_grad=True)
    result = winding(a)
    result.backward()
    ratios.append(abs(a.grad.item() * number / result.item() - 1))
cs.lessons.claim("3.control", max(ratios) < 1e-6, count=len(ratios), error=max(ratios))

# %% [markdown]
# ## 4 · Cutting a path
#
# `detach` hands on the number and cuts the way back. With u = x², the gradient of z = u·x is 3x².
# With u detached it counts as a constant, and the gradient is u.

# %%
x = torch.arange(1.0, 5.0, requires_grad=True)
u = x * x
(whole,) = torch.autograd.grad((u * x).sum(), x, retain_graph=True)
(cut,) = torch.autograd.grad((u.detach() * x).sum(), x)
cs.lessons.claim(
    "3.detach",
    bool((whole == 3 * x**2).all()) and bool((cut == u).all()),
    whole=whole.tolist(),
    cut=cut.tolist(),
)

# %% [markdown]
# ## 5 · What does it cost?
#
# A network has tens of thousands of parameters and one loss. Going *back* from the loss, one pass
# gives all gradients. "About as much as one forward pass", one often reads. Count it: a layer's
# backward pass is two products of the size of its forward pass, one for its weights and one for its
# inputs; only the first layer is spared the second. Rule: less than four forward passes counts as
# cheap; the clock is read on one thread, the least of six tries.

# %%
costs = cs.experiments.measure_backward()
cs.lessons.show(costs)
slowest = max(costs.ratios)
cs.lessons.claim(
    "3.cost",
    True if slowest < 4 else False if slowest > 8 else None,
    low=min(costs.ratios),
    high=slowest,
)
counted = costs.costs[-1].counted
cs.lessons.claim("3.counted", 1.7 < counted < 2.01, network=costs.costs[-1].network, ratio=counted)

# %% [markdown]
# By finite differences the same gradients of {{costs.costs[1].network}} would take about
# {{costs.costs[1].times_as_slow_by_differences:,.0f}} times as long.
#
# ## 6 · Back or forward
#
# There is another way: carry the influence of *one* input along while computing. Nothing has to be
# kept, but it takes a pass for each input. Below, both ways for stacks of layers: operations are
# counted, and so are the bytes that are held at once.
#
# **Exercise 3.2 (P)** *Before you run the next cell*: with eight times as many layers, what happens
# to the memory of the forward way? "a": eight times as much, "b": about twice, "c": nothing.

# %%
answer = None
cs.lessons.check("3.2", answer)

# %%
modes = cs.experiments.compare_gradient_modes()
cs.lessons.show(modes, "figure")
cs.lessons.claim(
    "3.inputs",
    modes.growth("forward", "inputs", "operations") > 7
    and modes.growth("reverse", "inputs", "operations") < 1.1,
    forward=modes.growth("forward", "inputs", "operations"),
    reverse=modes.growth("reverse", "inputs", "operations"),
)
cs.lessons.claim(
    "3.memory",
    modes.growth("reverse", "depth", "peak_bytes") > 6
    and modes.growth("forward", "depth", "peak_bytes") < 1.1,
    reverse=modes.growth("reverse", "depth", "peak_bytes"),
    forward=modes.growth("forward", "depth", "peak_bytes"),
)

# %% [markdown]
# A network has millions of inputs to its loss (the weights) and one output: so training goes back,
# and pays with memory for every layer. How to pay less: lesson 17.
#
# **Exercise 3.3 (F)** The backward pass of a small convolution. `image` (H, W) and `kernel` (h, w)
# gave the cross-correlation without padding; `upstream` holds the gradient of the loss with respect
# to each of its outputs. Return the gradient with respect to the kernel, as a NumPy array (h, w).


# %%
def kernel_gradient(image, kernel, upstream): ...


cs.lessons.check("3.3", kernel_gradient)

# %% [markdown]
# ## 7 · Layers of your own
#
# A layer with parameters registers them and computes with them; a layer without just computes. Both
# get their gradients for nothing.


# %%
class OwnDense(nn.Module):
    def __init__(self, inputs, units):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, units) / inputs**0.5)
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, values):
        return torch.relu(values @ self.weight + self.bias)


class Centred(nn.Module):
    def forward(self, values):
        return values - values.mean()


torch.manual_seed(0)
own = nn.Sequential(nn.Flatten(), OwnDense(64, 32), Centred(), nn.Linear(32, 10))
images, labels = cs.experiments.digits_batch()
found = cs.experiments.find_untrained(own, images, labels)
cs.lessons.show(found, "text")
mean = abs(own[:3](images).mean().item())
cs.lessons.claim(
    "3.own", mean < 1e-6 and not found.detached and not found.at_zero, mean=mean,
    count=len(found.paths),
)  # fmt: skip

# %% [markdown]
# ## 8 · "My own layer does not learn"
#
# Below, a network whose author wrote `self.weight.data` in a layer. The output is right, the loss
# even falls, for the other layers learn. Look at the gradients.

# %%
broken = cs.experiments.BrokenNetwork()
paths = cs.experiments.find_untrained(broken, images, labels)
cs.lessons.show(paths)

before = {name: value.detach().clone() for name, value in broken.named_parameters()}
optimizer = torch.optim.SGD(broken.parameters(), lr=0.5)
for _ in range(20):
    optimizer.zero_grad()
    nn.functional.cross_entropy(broken(images), labels).backward()
    optimizer.step()
moved = {
    name: float((value.detach() - before[name]).abs().max())
    for name, value in broken.named_parameters()
}
stuck = [name for name, distance in moved.items() if distance == 0]
cs.lessons.claim(
    "3.detached",
    "dense.weight" in paths.detached and moved["dense.weight"] == 0 and moved["head.weight"] > 0,
    detached=", ".join(paths.detached),
    head=moved["head.weight"],
)

# %% [markdown]
# Two parameters are detached. Two more have a gradient of 0 and did not move either; are they cut
# off, too? No: a ReLU behind them is closed for all of these images. Open it, and the gradient is
# there. A gradient of 0 is a question; the graph has the answer.

# %%
with torch.no_grad():
    broken.branch.bias.zero_()
opened = cs.experiments.find_untrained(broken, images, labels)
cs.lessons.claim(
    "3.zero",
    "branch.weight" in paths.at_zero
    and "branch.weight" not in opened.at_zero
    and opened.detached == paths.detached,
    zero=len(paths.at_zero),
    left=len(opened.at_zero),
)

# %% [markdown]
# **Exercise 3.4 (D)** Repair the layer. Write a module `RepairedDense(inputs, units)` that gives
# the same outputs as `cs.experiments.DetachingDense`, with parameters `weight` (inputs, units) and
# `bias`, and that learns. Hand in the class.

# %%
answer = None
cs.lessons.check("3.4", answer)

# %% [markdown]
# ## The same elsewhere
#
# - `convscope show RUN --unit features.conv1:2,10,12 --image seven.png --backward` explains the
#   gradient of a single number inside a network, term by term;
# - `cs.describe_parameters(run, "digits")` lists gradient norms of a whole network; `convscope
#   doctor` looks for parameters that do not learn.

# %%
cs.lessons.end()
