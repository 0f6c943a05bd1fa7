# %% [markdown] en="d37b3121"
# # 9 · 通道、1×1 卷积及其代价
#
# **学完本课你会知道**
#
# - 一层有多少个卷积核，以及为什么各输入通道的图要相加；
# - 1×1 卷积有什么用，何时它“只是缩放”，它与全连接层是什么关系；
# - 怎样手算一层的运算量，再换算成小时；
# - 为什么运算量相同的层，所用时间却相差悬殊。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行几十秒以内。

# %%
import numpy as np
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(9)

# %% [markdown] en="10234490"
# ## 多个输入通道：各图相加
#
# 彩色图像有三个通道，网络内部的特征图可能有几百个。输入有几个通道，卷积核就有几层，每一层在自己的通道上滑动，得到的图再相加。下面是两个 3×3 的通道。

# %%
x = np.stack([np.arange(9).reshape(3, 3), np.arange(1, 10).reshape(3, 3)])
kernel = np.stack([np.arange(4).reshape(2, 2), np.arange(1, 5).reshape(2, 2)])
one_output = cs.experiments.split_by_channel(x, kernel[None])
cs.lessons.show(one_output)

# %%
expected = np.array([[56, 72], [104, 120]])
cs.lessons.claim(
    "9.sum",
    one_output.difference == 0 and np.array_equal(one_output.added[0], expected),
    difference=one_output.difference,
    corner=one_output.added[0, 0, 0],
)

# %% [markdown] en="99198f40"
# ## 多个输出通道：一叠这样的卷积核
#
# 每个输出通道都有自己的卷积核，每个输入通道一个，外加一个要加上去的数，即偏置。所以一层的权重有四个轴：$c_o \times c_i \times k_h \times k_w$。对这两个通道取三个输出，卷积核为 $K$、$K + 1$ 和 $K + 2$：

# %%
three_outputs = cs.experiments.split_by_channel(
    x, np.stack([kernel, kernel + 1, kernel + 2]), bias=[0, 0, 0]
)
cs.lessons.show(three_outputs)

# %%
stacked = np.array([[[56, 72], [104, 120]], [[76, 100], [148, 172]], [[96, 128], [192, 224]]])
cs.lessons.claim(
    "9.outputs",
    np.array_equal(three_outputs.output, stacked)
    and three_outputs.difference == 0
    and three_outputs.kernels == 6,
    kernels=three_outputs.kernels,
    outputs=len(three_outputs.output),
)

# %% [markdown] en="33b21fd3"
# “一个滤波器有一个卷积核，还是一个通道有一个？”两个词各有所指：一个*滤波器*产生一个输出通道，其中有 $c_i$ 个二维卷积核。这一层有 3 个滤波器、{{three_outputs.kernels}} 个卷积核。
#
# **练习 9.1（F）** 写出多通道的卷积：`x` 的形状为 (c_i, 高, 宽)，`weight` 为 (c_o, c_i, k, k)，`bias` 为 (c_o)。步幅 1，无填充，卷积核不旋转。


# %%
def correlate_channels(x, weight, bias): ...


cs.lessons.check("9.1", correlate_channels)

# %% [markdown] en="3abca65e"
# **练习 9.2（P）** `nn.Conv2d(64, 128, 3)` 有多少个参数？“a”：128 · 9 + 128 = 1,280。“b”：64 · 128 · 9 = 73,728。“c”：64 · 128 · 9 + 128 = 73,856。“d”：64 · 128 · 9 + 64 = 73,792。请在运行下一格之前作答。

# %%
answer = None  # "a"、"b"、"c" 或 "d"
cs.lessons.check("9.2", answer)

# %% [markdown] en="c0018b80"
# ## 数参数，数运算
#
# 参数：$c_i \cdot c_o \cdot k^2$ 个权重和 $c_o$ 个偏置，与图像大小无关。运算：每个权重对输出的每个像素各乘一次，所以 $m \times m$ 的输出需要 $c_i \cdot c_o \cdot k^2 \cdot m^2$ 次乘加（MAC）。表中分别是手算、`cs.trace` 的计数，以及 PyTorch 自己的计数；后者把乘法和加法分开数，所以多一倍。

# %%
Layer = cs.experiments.ConvolutionSetting
layers = [
    Layer(64, 128, 3, size=56, padding=1),
    Layer(1, 6, 5, size=28, padding=2),
    Layer(6, 16, 5, size=14),
    Layer(3, 96, 11, size=224, padding=1, stride=4),
    Layer(64, 256, 1, size=56),
    Layer(100, 100, 5, size=64, padding=2),
]
costs = cs.experiments.count_layer_costs(layers)
cs.lessons.show(costs)

# %%
first, large = costs.rows[0], costs.rows[-1]
cs.lessons.claim(
    "9.parameters",
    all(row.parameters == row.real_parameters for row in costs.rows),
    layers=len(costs.rows),
    first=first.parameters,
)
cs.lessons.claim("9.macs", costs.agree, layers=len(costs.rows))
cs.lessons.claim(
    "9.gigaflop",
    large.macs == 1_024_000_000 and large.counted_flops == 2 * large.macs,
    macs=large.macs / 1e9,
    flops=large.counted_flops / 1e9,
)

# %% [markdown] en="76add7f9"
# 最后一行是书上爱举的例子：输入输出各 100 个通道，5×5，64×64 像素，“约 1 GFLOP”。究竟是 1 还是 2，要看一次乘法和随后的加法算一次还是两次。比较两篇论文之前先弄清这一点。最后一列是填充的代价：这一部分乘积中有一个因子是零。
#
# **练习 9.3（N）** AlexNet 的第二层把 96 个 26×26 的通道变成 256 个通道，卷积核 5×5，每侧填充 2。它有多少个参数？对一幅图像有多少次乘加？若乘法和加法分开计数，又是多少次浮点运算？

# %%
answer = None  # 三个数
cs.lessons.check("9.3", answer)

# %% [markdown] en="15bbf7c6"
# ## 1×1：每个像素处的全连接层
#
# 1×1 的卷积核只看一个像素。只有一个通道时，它就是乘以一个数，“它有什么用？”的疑问正由此而来。有多个通道时，它计算各通道的加权和。一个你熟悉的例子：彩色图像的灰度值。

# %%
mixed = cs.experiments.mix_channels(cs.experiments.photograph(side=160))
cs.lessons.show(mixed)

# %%
grey = mixed.difference_from_grey
cs.lessons.claim("9.grey", grey <= 1, levels=grey)

# %% [markdown] en="50fe4a81"
# 第一幅图就是 Pillow 给出的“灰度”。另外两幅分别对红与绿之差、黄与蓝之差作出响应。网络学到的就是这样的混合。
#
# 现在换成随机权重：结果与一个全连接层相同，它在每个像素处得到该像素的各个通道；而与相邻像素无关。

# %%
many = cs.experiments.compare_one_by_one(3, 4)
single = cs.experiments.compare_one_by_one(1, 4)
cs.lessons.show(many)

# %%
cs.lessons.claim(
    "9.dense",
    max(many.definition, many.linear) < 1e-6 and many.neighbours == 0,
    definition=many.definition,
    linear=many.linear,
)
cs.lessons.claim(
    "9.scales",
    single.unexplained < 1e-6 and many.unexplained > 0.05,
    single=single.unexplained,
    many=many.unexplained,
)

# %% [markdown] en="4a266e8a"
# “核为 1 的卷积与 `nn.Linear` 相同吗？”如果全连接层每次单独得到一个像素，那就相同：两者都有 {{many.parameters}} 个参数。接在 `nn.Flatten` 之后的全连接层是另一回事：它把每个像素与其他所有像素相连，需要 {{many.flat_parameters:,}} 个参数。高和宽不变，通道数改变：从 {{many.in_channels}} 到 {{many.output_shape[0]}}。

# %% [markdown] en="9a75d838"
# ## 顺带看看分组
#
# 代价大多来自 $c_i \cdot c_o$：每个输出都看每个输入。分组就是省去一部分卷积核。分两组时，前一半输出只看前一半输入；组数等于通道数时，每个输出只看一个输入（“逐通道卷积”）。

# %%
groups = cs.experiments.compare_groups(channels=8, groups=(1, 2, 4, 8))
cs.lessons.show(groups)

# %%
worst = max(row.difference for row in groups.rows)
wide = cs.experiments.compare_groups(channels=64, groups=(64,))
cs.lessons.claim("9.groups", worst < 1e-10, difference=worst)
cs.lessons.claim(
    "9.separable",
    abs(wide.saved - (1 / 64 + 1 / 9)) < 1e-12,
    share=wide.saved,
)

# %% [markdown] en="699c9def"
# 单靠逐通道卷积，通道之间永远不会混合。后面接一个负责混合的 1×1 卷积，在 64 个通道时，两者合起来的代价是普通卷积的 {{wide.saved:.0%}}：$1/c_o + 1/k^2$。MobileNet 就由这样的组合构成（第 14 课）。
#
# **练习 9.4（D）** 构造一个模块，把 64 个 28×28 的通道变成 64 个 28×28 的通道，使每个输出至少看到 5×5 个像素和全部 64 个输入通道，而运算量不超过一个普通 5×5 卷积的十分之一。（中途可以减少通道。）

# %%
answer = None  # 一个模块
cs.lessons.check("9.4", answer)

# %% [markdown] en="b02eeca6"
# ## 从运算量到小时
#
# 十个像上面最大那样的层，一百万幅图像：你的机器要算多久？先测一层，再相乘。

# %%
big = cs.experiments.time_layers(
    {"5×5, 100 → 100": (nn.Conv2d(100, 100, 5, padding=2), (100, 64, 64))}
)
rate = big.layers["5×5, 100 → 100"].gflops
petamacs = 10 * large.macs * 1_000_000 / 1e15
hours = 2 * petamacs * 1e6 / rate / 3600
cs.lessons.show(big, what="text")

# %% [markdown] en="0869e9fd"
# {{petamacs:.1f}} PMAC，单线程每秒 {{rate:.0f}} GFLOP：仅前向就要 {{hours:.0f}} 小时。训练还要反向传播，大约再加两倍。
#
# ## “运算量就是时间”
#
# 上面的计算假定只有一个速度。真有这样一个速度吗？下面六层的运算量相同，相差不超过百分之四。**运行之前先定规则**：若最快的层每秒运算次数至少是最慢的两倍，这句话就不成立。

# %%
times = cs.experiments.time_layers()
cs.lessons.show(times)

# %%
work = [layer.macs for layer in times.layers.values()]
cs.lessons.claim(
    "9.time",
    times.ratio >= 2 and max(work) / min(work) < 1.05,
    ratio=times.ratio,
    spread=max(work) / min(work) - 1,
)

# %% [markdown] en="3865e999"
# 这里相差 {{times.ratio:.0f}} 倍。最慢的两层原因相同：从内存取来的每个数只用很少几次。全连接层的 1700 万个权重各读一次，只做一次乘法；逐通道卷积中每个像素只用于 9 次乘法，而有 64 个输出的普通 3×3 卷积用 576 次。这时花时间的是内存，不是算术。
#
# 那么运算量何时能说明时间？**对同一种层。** 同一层处理 8 幅图像，运算量是 2 幅时的四倍。

# %%
same = {"3×3, 64 → 64": (nn.Conv2d(64, 64, 3, padding=1), (64, 42, 42))}
two = cs.experiments.time_layers(same, images=2).layers["3×3, 64 → 64"]
eight = cs.experiments.time_layers(same, images=8).layers["3×3, 64 → 64"]
longer = eight.seconds / two.seconds
near, far = 3 <= longer <= 5.5, longer < 2 or longer > 8
cs.lessons.claim("9.proportional", True if near else False if far else None, longer=longer)

# %% [markdown] en="d1506e24"
# ## 在别处看同样的内容
#
# - `convscope show resnet18` 列出网络每一层的参数和乘加次数。
# - `convscope plan resnet18 digits` 逐种测量各层，把运算量变成你的机器上要用多少小时的预测。
#
# 下一课：第 10 课，汇聚（池化）。

# %%
cs.lessons.end()
