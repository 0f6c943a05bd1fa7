# %% [markdown] en="82eeb446"
# # 2 · 层、块、参数与初始化
#
# **学完本课你会知道**
#
# - 为什么一层就是一次矩阵乘法，块又怎样由块组成；
# - 怎样读取网络的每个参数，一个参数用在两处时会怎样；
# - 用哪种初始化，信号才能穿过二十层；
# - 起点相同的单元是否永远相同。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行只需几秒。需要先学第 1 课。

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

# %% [markdown] en="b87cbc03"
# ## 一层是许多神经元，也是一次乘法
#
# 看同样输入的神经元组成一层。把每个神经元的权重写成矩阵的一行，整层就是一次乘法、一次加法和一次激活：
#
# $$a^{(l+1)} = g\big(W^{(l)} a^{(l)} + b^{(l)}\big)$$
#
# 下面让 PyTorch 的一层与逐个计算的神经元相比较。

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

# %% [markdown] en="2ee312a0"
# ## 块
#
# 块和层一样，输入一些数，输出一些数；它的内部可以是层，也可以又是块。最简单的块依次运行它的各个部分。

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

# %% [markdown] en="e141ab31"
# 这里面没有什么魔法。自己写一个块，只要说明它有哪些部分、怎样使用它们：


# %%
class OwnSequential(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        self.blocks = nn.ModuleList(blocks)  # 普通列表会使参数隐而不见

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


own = OwnSequential(OwnSequential(mlp[0], mlp[1]), mlp[2])  # 块中有块
own_difference = (own(inputs) - mlp(inputs)).abs().max().item()
cs.lessons.claim("2.own", own_difference == 0, difference=own_difference)

# %% [markdown] en="d8b444a5"
# 块里可以做 Python 能做的任何事：同一层用两次，用不参与学习的权重计算，循环到某个条件成立为止。


# %%
class Winding(nn.Module):
    def __init__(self):
        super().__init__()
        self.dense = nn.Linear(20, 20)
        self.register_buffer("fixed", torch.rand(20, 20))  # 随网络保存、移到 GPU，但不学习

    def forward(self, x):
        x = torch.relu(self.dense(x) @ self.fixed + 1)
        x = self.dense(x)  # 同一层再用一次
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

# %% [markdown] en="219fcb98"
# **练习 2.1（N）** 一个小块：`Linear(4, 8)`、ReLU、`Linear(8, 4)`、ReLU。一个网络：四个这样的块，再接 `Linear(4, 1)`。它有多少个参数？
# 如果那里放的是*同一个*块，重复四次，又有多少个？以 `[四个块, 同一个块四次]` 的形式作答。

# %%
answer = None
cs.lessons.check("2.1", answer)

# %% [markdown] en="addc502d"
# ## 读取参数
#
# 每个参数都有路径，由它所在各个块的名字组成：`blocks.0.blocks.0.weight`。可以读取一个参数，也可以读取某个块之下的全部参数：

# %%
path = "blocks.0.blocks.0.weight"
by_path = cs.read_parameters(own, path)
nested = cs.read_parameters(own, "blocks.0")["blocks"]["0"]["weight"]
cs.lessons.claim("2.read", by_path is mlp[0].weight and nested is mlp[0].weight, path=path)

# %% [markdown] en="a18829c3"
# 也可以一眼看完整个网络：形状、均值、标准差、零的比例，以及梯度（如果有的话）。第一次反向传播之前没有梯度；无意中再做一次之后，
# 梯度变成应有的两倍：PyTorch 是往已有的值上累加的。

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

# %% [markdown] en="5a3461fb"
# ## 一个参数，两处使用
#
# 放在两处的同一层就是一层：改了这里，那里也随之改变。它的梯度是什么？在两处各放一个*副本*，看每个副本的梯度，再作比较。

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

# %% [markdown] en="739f8459"
# ## 初始权重：二十层之后还剩什么
#
# 每一层都把输入的分布宽度乘以大致相同的因子，层数就成了它的指数：每层 0.7，二十层之后不到千分之一。所以末端能收到什么，取决于初始权重。
# 常见的规则有：
#
# - *default*：PyTorch 自己的规则，均匀分布，$n$ 个输入时方差为 $1 / (3\,n)$；
# - *normal*：N(0, 0.01²)，早年的做法；
# - *constant*：全为 0.01；
# - *Xavier*（2010）：方差 $2 / (n_\text{in} + n_\text{out})$；
# - *Kaiming*（2015）：上者的两倍，因为 ReLU 丢掉了一半。
#
# **练习 2.2（P）** 二十层，用 ReLU 和 Xavier 初始化。末层之后的分布宽度是第一层之后的多少？(a) 超过三分之一，(b) 约千分之一，(c) 变大了。
# 请在运行下一格之前作答。

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

# %% [markdown] en="0da5a083"
# 即使用 tanh，Xavier 也不能完全保持分布宽度：这条规则只适用于曲线近于直线的部分，而 tanh 在每一层都弯了一点。
#
# 常数初始化会增大，或者饱和；但它没有用另有原因，见下文。
#
# ## 分布宽度不等于信号
#
# 用 sigmoid 时，分布宽度看上去很正常。可这是什么的分布？应当问：同一单元的输出*在样本之间*相差多少？后面的层对输入所能知道的，只有这些。

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

# %% [markdown] en="d1c07e07"
# 各单元的输出彼此不同，对所有输入却都一样。梯度在返回的路上也好不了多少。深层网络放弃 sigmoid，原因在此，而不在浅层网络的学习速度
# （第 1 课）。
#
# 没有谁规定所有的块要有相同的起点：规则可以只用于其中任何一部分。

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

# %% [markdown] en="b225bfb0"
# **练习 2.3（F）** `uniform` 里是 0 到 1 之间均匀分布的随机数，一层的每个权重各一个，形状为（单元数，输入数）。请把它们变成以 0 为中心、
# 均匀分布、方差为 2 / 输入数的权重。（−1 到 1 之间均匀分布的数，方差为 1/3。）


# %%
def draw_weights(uniform): ...


cs.lessons.check("2.3", draw_weights)

# %% [markdown] en="4c463a3b"
# ## 起点相同的单元
#
# 两个单元若输入、输出的权重都相同，就给出同样的输出，得到同样的梯度，一步之后仍然相同。常听到的回答是“所以它们永远相同”，
# 也有人说“会自行恢复”。两种说法都有实测依据。下面在数字图像上训练八次，除了起点，其余都相同：

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

# %% [markdown] en="fe6cba06"
# 权重全为 0 时，穿过网络的每条路径都被乘以 0：没有一个权重得到梯度。全为 0.1 时，32 个
# 相同的单元达到 {{together:.0%}}，与*一个*隐藏单元所能达到的 {{alone:.0%}} 相差不多。
#
# 再看例外。

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

# %% [markdown] en="02f085fe"
# 可见，“相同”是刀刃上的平衡。在精确算术里它永远保持；在计算机上，舍入误差大小的差别会不断增大，而有没有这样的误差，取决于单元的数目和
# 处理器。暂退法（dropout）在第一步就打破平衡：它丢掉一个单元，却留下它的孪生单元。而单独一层根本没有孪生单元：每个类别都有自己的标签。
#
# ## 在别处看同样的内容
#
# - `cs.compare_initializations("vgg11", "digits")` 逐层测量目录中一个网络的分布宽度。
# - `convscope show mlp` 列出各层与参数；`cs.describe_parameters(run, "digits")` 还给出梯度和死去的单元。
# - 来源：Glorot 与 Bengio，*Understanding the difficulty of training deep feedforward neural networks*，2010；He 等，*Delving deep into
#   rectifiers*，2015。

# %%
cs.lessons.end()
