# %% [markdown] en="6de26f56"
# # 1 · 神经元、激活函数与感知机
#
# **学完本课你会知道**
#
# - 一个神经元计算什么，最早的神经元怎样学习；
# - 它永远学不会什么，又该怎样补救；
# - 为什么中间没有激活函数的几层只相当于一层；
# - ReLU 什么时候比 sigmoid 学得快，什么时候不是。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行只需几秒。

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs
from convscope.definitions.activations import sigmoid, softmax
from convscope.definitions.neuron import neuron

lesson = cs.lessons.begin(1)

# %% [markdown] en="11a656ec"
# ## 神经元：加权求和，再作决定
#
# 每个输入乘以自己的权重，全部相加，再加上偏置，由激活函数作出决定：
#
# $$y = g\Big(\sum_i w_i x_i + b\Big)$$
#
# 最早的神经元以阶跃函数为 $g$：和大于 0 输出 1，否则输出 0。偏置也没有什么特别：给神经元添一个恒为 1 的输入，偏置就是它的权重：

# %%
random = np.random.default_rng(0)
x, weight, bias = random.normal(size=(1000, 5)), random.normal(size=5), 0.7
with_bias = neuron(x, weight, bias, sigmoid)
with_one = neuron(np.hstack([x, np.ones((1000, 1))]), [*weight, bias], 0.0, sigmoid)
bias_difference = abs(with_bias - with_one).max()
cs.lessons.claim("1.bias", bias_difference < 1e-12, difference=bias_difference)

# %% [markdown] en="2a889d30"
# ## 从错误中学习
#
# Rosenblatt 1958 年的规则：答对了什么也不做；答错了就把这个样本加到权重上，或从权重中减去：
#
# $$w \leftarrow w + (\text{target} - y)\,x, \qquad b \leftarrow b + (\text{target} - y)$$
#
# **练习 1.1（F）** 写出这样的一步。返回新的权重，最后一个数是新的偏置。


# %%
def learn_one(weight, bias, x, target): ...


cs.lessons.check("1.1", learn_one)

# %% [markdown] en="95204c55"
# 六十个点，一条直线可以分开，直线两侧留有空隙：

# %%
points, targets, line = cs.experiments.draw_separable_points(60, 0.1, seed=3)
separable = cs.experiments.follow_perceptron(points, targets, separation=line)
cs.lessons.show(separable)

# %% [markdown] en="484f447e"
# 它犯了 {{separable.total}} 次错误之后，在第 {{separable.passes}} 遍静止下来。Novikoff 在 1962 年证明了必然如此：若某条直线两侧的空隙
# 为 $\gamma$，且没有样本比 $R$ 更长，那么错误最多 $(R/\gamma)^2$ 次，这里是 {{separable.bound:.0f}} 次。这个上界与样本的数量无关。

# %%
cs.lessons.claim(
    "1.rest",
    separable.rests and separable.total <= separable.bound,
    total=separable.total,
    bound=separable.bound,
)

# %% [markdown] en="9901adc2"
# ## 它永远学不会的
#
# *异或*（XOR）：两个输入中恰有一个为 1 时输出 1。没有哪条直线能让两个 0 在一侧、两个 1 在另一侧。

# %%
xor = cs.experiments.follow_perceptron([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0])
cs.lessons.show(xor)
cs.lessons.claim(
    "1.xor", not xor.rests and min(xor.mistakes) > 0, passes=xor.passes, mistakes=xor.total
)

# %% [markdown] en="bc369fe0"
# ## 单是加层没有用
#
# 三层首尾相接，中间什么也没有。把矩阵乘起来，就得到做同样事情的一层：

# %%
torch.manual_seed(0)
stack = nn.Sequential(nn.Linear(20, 256), nn.Linear(256, 256), nn.Linear(256, 10))
merged = cs.experiments.merge_affine_layers([*stack])
inputs = torch.randn(1000, 20)
with torch.no_grad():
    affine_difference = float((stack(inputs) - merged(inputs)).abs().max())
before = sum(parameter.numel() for parameter in stack.parameters())
after = sum(parameter.numel() for parameter in merged.parameters())
cs.lessons.claim(
    "1.affine", affine_difference < 1e-5, before=before, after=after, difference=affine_difference
)

# %% [markdown] en="32a24d71"
# **练习 1.2（N）** 三层，每层只有一个数：先是 $2x + 1$，再是 $-3x + 2$，最后是 $0.5x - 1$。哪个 $ax + b$ 与它们相同？
# 以 `[a, b]` 作答。

# %%
answer = None
cs.lessons.check("1.2", answer)

# %% [markdown] en="f84fd30c"
# ## 中间加上激活函数就有用
#
# 两个仿射层之间加一个隐藏层，用 ReLU，即 $\max(x, 0)$。解异或要多少个隐藏单元？每个数目从十个起点开始：

# %%
hidden = cs.experiments.learn_xor((0, 1, 2, 3, 4), seeds=10)
cs.lessons.show(hidden)
cs.lessons.claim(
    "1.hidden",
    hidden.solved[0] == hidden.solved[1] == 0 and hidden.solved[2] > 0,
    two=hidden.solved[2],
    four=hidden.solved[4],
    seeds=hidden.seeds,
)

# %% [markdown] en="2724fea3"
# 两个单元*能够*做到，但 {{hidden.seeds}} 个起点中只有 {{hidden.solved[2]}} 个成功：其余的起点最后都有某个单元对什么都输出 0，从此
# 不再学习。多出来的单元可以弥补死去的。
#
# **练习 1.3（D）** 至少要多少个隐藏单元，十个起点中才有至少 9 个解出异或？可以用 `cs.experiments.learn_xor` 来找。

# %%
units = None
cs.lessons.check("1.3", units)

# %% [markdown] en="fae065a5"
# ## 选哪一种激活函数？
#
# 阶跃函数不能用：它的斜率处处为 0，梯度通不过去。别的函数呢？

# %%
slopes = cs.experiments.compare_slopes()
cs.lessons.show(slopes)
cs.lessons.claim(
    "1.slope",
    slopes.slopes["sigmoid"].max() <= 0.25
    and slopes.slope_at("sigmoid", 6) < 0.01
    and slopes.slope_at("relu", 6) == 1,
    largest=slopes.slopes["sigmoid"].max(),
    far=slopes.slope_at("sigmoid", 6),
)
cs.lessons.claim(
    "1.centred",
    abs(slopes.mean("sigmoid") - 0.5) < 1e-9 and abs(slopes.mean("tanh")) < 1e-9,
    sigmoid=slopes.mean("sigmoid"),
    tanh=slopes.mean("tanh"),
)

# %% [markdown] en="0994e67e"
# 每经过一个 sigmoid，梯度就缩小到四分之一以下。因此 ReLU 应当学得更快。但只用一个学习率来比较，比的是那个学习率：sigmoid 受得住更大的。
#
# **练习 1.4（P）** 两个网络，学习率都是 3，三十轮。哪一个能让 100 幅训练图像对 95 幅？(a) 只有 ReLU 的，(b) 只有 sigmoid 的，(c) 两个
# 都能。请在运行下一格之前作答。

# %%
guess = None
cs.lessons.check("1.4", guess)

# %% [markdown] en="879af86a"
# **运行之前先定规则**：两个隐藏层，各 32 个单元，普通 SGD，五个学习率，两个种子。每种激活函数都取自己最好的学习率。若一种的两个种子所用
# 轮数都少于另一种的两个种子，就算它更快。

# %%
race = cs.experiments.race_activations()
cs.lessons.show(race)
cs.lessons.claim(
    "1.faster",
    race.is_faster("relu", "sigmoid"),
    relu=race.mean("relu"),
    sigmoid=race.mean("sigmoid"),
    tanh=race.mean("tanh"),
)
at_three = {name: by_rate[-1] for name, by_rate in race.epochs.items()}
cs.lessons.claim(
    "1.one_rate",
    None not in at_three["sigmoid"] and {*at_three["relu"]} == {None},
    rate=race.rates[-1],
    sigmoid=np.mean([epochs or 2 * race.most for epochs in at_three["sigmoid"]]),
)

# %% [markdown] en="c7b190fc"
# 在这么小的网络里，老式的 tanh 并不比 ReLU 慢。使 ReLU 出名的是深度：每多一层，小于 1 的斜率就再乘一次。第 2 课会测量它。
#
# ## softmax 不改变什么
#
# softmax 把任意数变成概率，但保持它们的次序。所以 softmax 回归，即一个仿射层加 softmax，仍以平直的边界作决定。下面这组图像能说明问题：
# 数字既有黑底白字，*也有*白底黑字。

# %%
logits = random.normal(size=(1000, 10))
probabilities = softmax(logits)
kept = float((logits.argsort(axis=1) == probabilities.argsort(axis=1)).all(axis=1).mean())
cs.lessons.claim("1.order", kept == 1, kept=kept)

inverses = cs.experiments.learn_inverses()
cs.lessons.show(inverses)
cs.lessons.claim(
    "1.inverses",
    inverses.both["linear"] < 0.3 and inverses.both["hidden"] > 0.9,
    plain=inverses.plain["linear"],
    linear=inverses.both["linear"],
    hidden=inverses.both["hidden"],
)
cs.lessons.claim("1.constant", inverses.constant < 1e-9, spread=inverses.constant)

# %% [markdown] en="8a826d59"
# 线性模型不是稍差，而是在瞎猜。原因只有一行，其中 $\mathbf 1$ 是全白的图像：一幅图像与它的反色图像，logits 之和是
# $W x + b + W(\mathbf 1 - x) + b = W \mathbf 1 + 2b$，对每幅图像都一样。在一幅上支持某个类别的，在另一幅上就反对它。
#
# ## 在别处看同样的内容
#
# - `convscope show mlp`：带隐藏层的网络，它的层、参数和运算量。
# - `convscope train softmax-regression digits` 与 `convscope train mlp digits`：两者在原样数字上的表现。
# - 来源：Rosenblatt，*Psychological Review*，1958；Novikoff，1962；Minsky 与 Papert，*Perceptrons*，1969。

# %%
cs.lessons.end()
