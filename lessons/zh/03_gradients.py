# %% [markdown] en="8352e9c4"
# # 3 · 梯度
#
# **学完本课你会知道**
#
# - 自动微分算的是什么，怎样用每个数两次函数调用来检验它；
# - 它为什么沿计算图*往回*走，这要付出多少时间和内存；
# - 怎样有意切断一条路径，又怎样找出无意中切断的地方：那个学不动的层。

# %%
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(3)

# %% [markdown] en="114017e5"
# **时间**：阅读 {{lesson.minutes}} 分钟，运行只需几秒。需要先学第 1、2 课。
#
# ## 1 · 你要的是什么
#
# 梯度说的是：一个数随其他许多数中的每一个变化得有多快。$y = 2\,x^\top x$ 的梯度是 $4x$；单纯求和，
# 梯度处处是 1。PyTorch 记下对 `x` 做过的事，再把梯度算出来。

# %%
x = torch.arange(4.0, requires_grad=True)
y = 2 * torch.dot(x, x)
y.backward()
square_error = (x.grad - 4 * x).abs().max().item()
cs.lessons.claim("3.square", square_error == 0, error=square_error)

x.grad = None  # 否则梯度会累加
x.sum().backward()
sum_gradient = x.grad.tolist()
cs.lessons.claim("3.sum", sum_gradient == [1.0] * 4, gradient=sum_gradient)

# %% [markdown] en="39cb1a75"
# 向量没有单独一个梯度：它的每个元素各有一个。PyTorch 要求给出权重，每个元素一个，
# 然后给出加权和的梯度。权重全为 1，得到的就是和的梯度。

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

# %% [markdown] en="201ce5b5"
# ## 2 · 相信，但要检验
#
# 梯度不必轻信：把每个数往两边各挪一点，看看结果怎么变。每个数要两次调用，所以没人这样训练；
# 但凡是自己写反向计算的人，都这样检验。
#
# 步长该取多大？通常的回答是：“越小越好。”

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

# %% [markdown] en="59fa32f1"
# ## 3 · 计算图，以及沿图的链式法则
#
# 每个结果背后都有一张图，记着它由什么得来。每条边上有一个容易求的斜率：乘积的斜率是另一个因子，
# 和的斜率是 1。把从输入到结果沿途的斜率相乘；如果有几条路径，就把它们相加。


# %%
def formula(x, y, z):
    return (x * y + z) ** 2


graph = cs.experiments.value_graph(formula, x=2.0, y=3.0, z=-4.0)
cs.lessons.show(graph)
cs.lessons.claim("3.chain", graph.chain_rule_error < 1e-12, error=graph.chain_rule_error)

# %% [markdown] en="77243fd2"
# **练习 3.1（N）** 现在 x = 1，y = −2，z = 3：手算 x、y、z 的梯度。

# %%
answer = None
cs.lessons.check("3.1", answer)

# %% [markdown] en="2231ee59"
# 循环和分支并不妨碍：图记的是*实际发生*的事。下面的函数先把输入不断加倍，直到足够大，
# 再走两个分支中的一个。对每个输入来说，它不过是乘以某个数，所以斜率必定是 f(a)/a。


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

# %% [markdown] en="74b401fd"
# ## 4 · 切断一条路径
#
# `detach` 把数值传下去，同时切断回来的路。设 u = x²，z = u·x 的梯度是 3x²。把 u 断开，它就算常数，
# 梯度是 u。

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

# %% [markdown] en="ddb6b2f1"
# ## 5 · 要付出多少？
#
# 一个网络有上万个参数，只有一个损失。从损失*往回*走一遍，就得到全部梯度。常听说：
# “大约相当于一次前向计算。”数一数：一层的反向计算是两个与前向同样大小的乘积，一个给权重，
# 一个给输入；只有第一层省去后一个。规则：少于四次前向计算就算便宜；计时用一个线程，取六次中最短的。

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

# %% [markdown] en="c5acdf12"
# 若用有限差分求 {{costs.costs[1].network}} 的这些梯度，要花大约
# {{costs.costs[1].times_as_slow_by_differences:,.0f}} 倍的时间。
#
# ## 6 · 往回还是往前
#
# 还有一种办法：一边计算，一边携带*一个*输入的影响。什么都不用留着，但每个输入都要算一遍。
# 下面对若干层的堆叠试两种办法：数运算的次数，也数同时占用的字节数。
#
# **练习 3.2（P）** *先作答，再运行下一格*：层数增加到八倍，前向方式的内存会怎样？“a”：变为八倍；
# “b”：大约两倍；“c”：不变。

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

# %% [markdown] en="5b7ae9c1"
# 网络的损失有上百万个输入（各个权重）和一个输出：所以训练要往回走，并为每一层付出内存。
# 怎样少付一些：见第 17 课。
#
# **练习 3.3（F）** 一个小卷积的反向计算。`image`（H, W）与 `kernel`（h, w）做了不填充的互相关；
# `upstream` 是损失对每个输出的梯度。请返回对卷积核的梯度，NumPy 数组（h, w）。


# %%
def kernel_gradient(image, kernel, upstream): ...


cs.lessons.check("3.3", kernel_gradient)

# %% [markdown] en="24912d44"
# ## 7 · 自己写的层
#
# 带参数的层先登记参数，再用它们计算；不带参数的层只管计算。两种层的梯度都是白得的。


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

# %% [markdown] en="5eb701cc"
# ## 8 · “我自己写的层学不动”
#
# 下面这个网络，作者在某一层里写了 `self.weight.data`。输出是对的，损失甚至也在下降，
# 因为别的层在学。看看梯度吧。

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

# %% [markdown] en="93c6e1d3"
# 有两个参数被断开了。还有两个参数梯度为 0，也没有动；它们也被断开了吗？没有：它们后面的 ReLU
# 对所有这些图像都是关闭的。把它打开，梯度就有了。梯度为 0 只是个疑问，答案在计算图里。

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

# %% [markdown] en="38bf0b15"
# **练习 3.4（D）** 修好这一层。写一个模块 `RepairedDense(inputs, units)`，输出与
# `cs.experiments.DetachingDense` 相同，参数为 `weight`（inputs, units）和 `bias`，并且能学习。
# 把这个类交上来。

# %%
answer = None
cs.lessons.check("3.4", answer)

# %% [markdown] en="7754ce5c"
# ## 在别处看同样的内容
#
# - `convscope show RUN --unit features.conv1:2,10,12 --image seven.png --backward`
#   逐项解释网络内部某一个数的梯度；
# - `cs.describe_parameters(run, "digits")` 列出整个网络的梯度范数；`convscope doctor`
#   查找学不动的参数。

# %%
cs.lessons.end()
