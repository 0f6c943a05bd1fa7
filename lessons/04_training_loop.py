# %% [markdown]
# # 4 · Training loop, batches, optimizers
#
# **You will know afterwards**
#
# - the six steps of every training, and the loss it should begin with;
# - what a batch's size changes, and what it doesn't;
# - how SGD, momentum and Adam compare, and why one rate proves nothing;
# - two faults that raise no error, and how the loss gives them away.
#
# **Time**: {{lesson.minutes}} minutes to read, seconds to run. You need lessons 1 to 3.

# %%
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import convscope as cs

lesson = cs.lessons.begin(4)

# %% [markdown]
# ## Before the first step
#
# An untrained network should know nothing: about the same probability for each of ten classes. Its cross-entropy is a number that you
# can know in advance. If the first loss you see is far from it, something is wrong already.
#
# **Exercise 4.1 (N)** Which number, to two decimals?

# %%
answer = None
cs.lessons.check("4.1", answer)

# %%
images, labels = cs.experiments.digits_of("train")
network = cs.experiments.digits_network(seed=0)
with torch.no_grad():
    first_loss = F.cross_entropy(network(images), labels).item()
cs.lessons.claim("4.start", abs(first_loss - 2.3026) < 0.1, loss=first_loss)

# %% [markdown]
# ## Six steps
#
# A model with parameters (1), a loop over batches of the data (2), a forward pass (3), a loss (4), a backward pass (5), an update (6).
# All the rest is comfort.

# %%
optimizer = torch.optim.SGD(network.parameters(), lr=0.5)  # 1: whose parameters
order = torch.Generator().manual_seed(0)
for _ in range(10):
    for batch in torch.randperm(len(images), generator=order).split(50):  # 2
        logits = network(images[batch])  # 3
        loss = F.cross_entropy(logits, labels[batch])  # 4
        optimizer.zero_grad()
        loss.backward()  # 5
        optimizer.step()  # 6
with torch.no_grad():
    last_loss = F.cross_entropy(network(images), labels).item()
cs.lessons.claim("4.loop", last_loss < 0.5, first=first_loss, last=last_loss)

# %% [markdown]
# The same loop fits a line, with another loss: the mean squared error. The points below come from $y = 2x_1 - 3.4x_2 + 4.2$ and a little
# noise.

# %%
torch.manual_seed(0)
points = torch.randn(1000, 2)
heights = points @ torch.tensor([2.0, -3.4]) + 4.2 + 0.01 * torch.randn(1000)
line = nn.Linear(2, 1)
fitting = torch.optim.SGD(line.parameters(), lr=0.03)
for _ in range(3):
    for batch in torch.randperm(1000, generator=order).split(10):
        fitting.zero_grad()
        F.mse_loss(line(points[batch]).squeeze(1), heights[batch]).backward()
        fitting.step()
found = [*line.weight[0].tolist(), line.bias.item()]
off = max(abs(a - b) for a, b in zip(found, [2.0, -3.4, 4.2], strict=True))
cs.lessons.claim("4.line", off < 0.05, weights=[round(each, 2) for each in found], off=off)

# %% [markdown]
# ## The update by hand
#
# Plain SGD is one line: $w \leftarrow w - \eta\,g$. Momentum keeps a velocity, $v \leftarrow \mu v + g$, and goes along it:
# $w \leftarrow w - \eta\,v$. Is that all that the optimizer does?

# %%
by_hand, by_optimizer = cs.experiments.digits_network(0), cs.experiments.digits_network(0)
stepping = torch.optim.SGD(by_optimizer.parameters(), lr=0.1)
for model in (by_hand, by_optimizer):
    F.cross_entropy(model(images), labels).backward()
stepping.step()
with torch.no_grad():
    for parameter in by_hand.parameters():
        parameter -= 0.1 * parameter.grad
    pairs = zip(by_hand.parameters(), by_optimizer.parameters(), strict=True)
    step_difference = max((a - b).abs().max().item() for a, b in pairs)
cs.lessons.claim("4.hand", step_difference < 1e-7, difference=step_difference)

# %% [markdown]
# **Exercise 4.2 (F)** A step of SGD with momentum. Give back `[new weight, new velocity]`.


# %%
def momentum_step(weight, gradient, velocity, rate, momentum): ...


cs.lessons.check("4.2", momentum_step)

# %% [markdown]
# ## Rates, and three optimizers
#
# **The rule, before the run**: one hidden layer, eight epochs, six rates, two seeds. Each optimizer counts at its own best rate; one is
# better if both its seeds end below both of the other's.

# %%
race = cs.experiments.race_optimizers()
cs.lessons.show(race)
rates = len(race.rates)
good = [sum(race.loss(name, rate) < 0.2 for rate in race.rates) for name in race.losses]
cs.lessons.claim(
    "4.rates",
    race.loss("sgd", 0.001) > 2 and race.loss("sgd", 1.0) < 0.5 and race.loss("sgd", 10.0) > 2,
    small=race.loss("sgd", 0.001),
    good=race.loss("sgd", 1.0),
    large=race.loss("sgd", 10.0),
)
cs.lessons.claim(
    "4.adam",
    race.is_better("adam", "sgd"),
    adam=race.best("adam")[1],
    sgd=race.best("sgd")[1],
    momentum=race.best("momentum")[1],
)
cs.lessons.claim(
    "4.one_rate",
    race.loss("sgd", 1.0) < 0.5 < race.loss("adam", 1.0),
    sgd=race.loss("sgd", 1.0),
    adam=race.loss("adam", 1.0),
)

# %% [markdown]
# How many of the {{rates}} rates are good, with a loss below 0.2? {{good[0]}} for SGD, {{good[1]}} with momentum, {{good[2]}} for Adam. But look at SGD with momentum before you call anyone the fastest.
#
# ## Batches
#
# Shuffle the images, cut them into batches, take one after the other: an epoch. Shuffle again for the next.

# %%
batches = cs.experiments.follow_batches(50, batch_size=4, epochs=2)
cs.lessons.show(batches)
one, two = batches.epoch(0), batches.epoch(1)
cs.lessons.claim(
    "4.order",
    sorted(one) == sorted(two) == [*range(50)] and one != two,
    same=sum(a == b for a, b in zip(one, two, strict=True)),
    last=batches.last_size,
)

# %% [markdown]
# Courses use a `DataLoader` for that, often with worker processes, which read and decode files while the network computes. They are
# also what hangs, or says "Broken pipe", on Windows: each worker starts Python anew and imports your script, so the script must keep
# its training under `if __name__ == "__main__":`. For images that fit into memory you need none. Convscope uses none.

# %%
loader = DataLoader(TensorDataset(images, labels), batch_size=64, num_workers=0)
cut = zip(images.split(64), labels.split(64), strict=True)
pairs = zip(loader, cut, strict=False)  # however many the loader gives
equal = [torch.equal(a, c) and torch.equal(b, d) for (a, b), (c, d) in pairs]
cs.lessons.claim(
    "4.loader", all(equal) and len(equal) == len(loader) == 16, equal=sum(equal), count=len(equal)
)

# %% [markdown]
# **Exercise 4.3 (P)** Batches four times as large: how much do their losses spread? (a) as much as before, (b) half as much, (c) a
# quarter. Answer before you run the next cell.

# %%
guess = None
cs.lessons.check("4.3", guess)

# %%
noise = cs.experiments.measure_batch_noise()
cs.lessons.show(noise)
cs.lessons.claim("4.noise", abs(noise.slope + 0.5) < 0.08, slope=noise.slope)

# %% [markdown]
# Smoother, then. Better? Same rate, same number of epochs, so the same number of images seen:

# %%
small_batches, large_batches = (
    cs.experiments.race_optimizers(("sgd",), rates=(0.1,), batch_size=size).loss("sgd", 0.1)
    for size in (10, 500)
)
cs.lessons.claim(
    "4.batch", small_batches < 0.5 < 2 < large_batches, small=small_batches, large=large_batches
)

# %% [markdown]
# A large batch makes fewer steps of an epoch. Its smoother gradient allows a larger rate, and only that pays for it.
#
# ## Two faults without an error
#
# *Gradients not cleared.* PyTorch adds each new gradient to what is there (lesson 2). Without `zero_grad`, every step goes along the
# sum of all gradients since the beginning. That has a name: momentum 1, a ball without friction.
#
# *Softmax twice.* `cross_entropy` takes logits and applies softmax itself. Give it probabilities, and the best that it can be told is 1
# for the right class and 0 for the others.

# %%
loops = cs.experiments.compare_loops()
cs.lessons.show(loops)
cs.lessons.claim(
    "4.uncleared",
    loops.loss("uncleared") > 3 * loops.loss("right"),
    right=loops.loss("right"),
    uncleared=loops.loss("uncleared"),
)
runs = loops.courses
ball = abs(runs["uncleared"].weights - runs["momentum 1"].weights).max()
cs.lessons.claim("4.friction", ball < 1e-3, difference=ball)

# %% [markdown]
# With softmax twice the loss hardly moves: gradients are small. Give it a large rate and time, and see where it stops.

# %%
floor = cs.experiments.softmax_twice_floor(10)
twice = cs.experiments.compare_loops(("softmax twice",), rate=3.0, epochs=40)
reached = min(twice.courses["softmax twice"].losses)
right_answers = twice.courses["softmax twice"].accuracy
cs.lessons.claim(
    "4.twice",
    floor - 1e-5 <= reached < floor + 0.2,
    floor=floor,
    reached=reached,
    accuracy=right_answers,
)

# %% [markdown]
# The floor is $\log(e + 9) - 1$, here {{floor:.3f}}. A loss that stops there isn't a hard problem, it is a softmax too many. That the
# answers are right all the same is why nobody notices: softmax keeps the order (lesson 1).
#
# ## The same elsewhere
#
# - `convscope train lenet digits --epochs 3` is this loop, with checks, a report and a run that can be resumed.
# - `convscope doctor` looks for what keeps a run from learning, and says what to do.
# - Sources: Robbins and Monro, 1951 (SGD); Polyak, 1964 (momentum); Kingma and Ba, *Adam*, 2015.

# %%
cs.lessons.end()
