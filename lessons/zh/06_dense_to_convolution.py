# %% [markdown] en="525ab1d6"
# # 6 · 从全连接到卷积
#
# **学完本课你会知道**
#
# - 为什么全连接层处理不了一张照片；
# - 哪两个假设把它变成了卷积，又省下了什么；
# - 特征图什么时候精确地随图像一起平移，什么时候不会；
# - 卷积网络是怎样知道物体*在哪里*的。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行只需几秒。

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(6)

# %% [markdown] en="3383a1b1"
# ## 一张照片，一个隐藏层
#
# 1200 万像素的照片，每个像素有三个数。全连接层让每个数与每个单元相连，每条连接都有自己的权重。
#
# **练习 6.1（N）** 不计偏置，100 个单元的隐藏层需要多少个权重？

# %%
weights = None

cs.lessons.check("6.1", weights)

# %%
counts = cs.experiments.count_weights()
cs.lessons.show(counts)
cs.lessons.claim(
    "6.weights",
    counts.dense[-1] == 3_600_000_000 and len(set(counts.convolution)) == 1,
    dense=counts.dense[-1],
    convolution=counts.convolution[-1],
)

# %% [markdown] en="e8b795ed"
# 单是这一层就能占满一块大显卡，而且每个权重都要靠样本来学。同样的 100 个特征写成 5 × 5 的卷积核，
# 只要 {{counts.convolution[0]:,}} 个权重，缩略图和照片都一样。

# %% [markdown] en="9a5074ec"
# ## 两个假设
#
# 把隐藏层也排成一幅图像。它的每个单元 $(i, j)$ 对每个像素 $(k, l)$ 都有一个权重；
# 改用偏移 $a = k - i$、$b = l - j$ 来记：
#
# $$H_{ij} = u + \sum_{k,l} W_{ijkl}\, X_{kl} = u + \sum_{a,b} V_{ijab}\, X_{i+a,\,j+b}$$
#
# 1. **平移**：在一处值得找的东西，在任何地方都值得找。于是 $V$ 与 $(i, j)$ 无关：
#    $V_{ijab} = V_{ab}$。
# 2. **局部性**：有没有这个东西，看附近就知道。于是 $a$ 或 $b$ 较大时，$V_{ab} = 0$。
#
# 剩下的是一个在图像上滑动的小小的核 $V$：这就是卷积。它仍然是全连接层，只是大多数权重固定为零，
# 其余的权重彼此共享。下面是它在 5 × 5 图像上的样子：

# %%
kernel = [[-4, -3, -2], [-1, 0.5, 1], [2, 3, 4]]
matrix = cs.experiments.convolution_matrix(kernel, 5)
cs.lessons.show(matrix)
cs.lessons.claim("6.matrix", matrix.difference < 1e-6, difference=matrix.difference)
outputs = len(matrix.matrix)
cs.lessons.claim(
    "6.repeats",
    matrix.places == [outputs] * 9 and all(np.count_nonzero(row) == 9 for row in matrix.matrix),
    outputs=outputs,
    zeros=matrix.zeros,
)
larger = cs.experiments.convolution_matrix(kernel, 28)

# %% [markdown] en="1d24ed9d"
# 图像有 25 个像素时，矩阵的 {{matrix.zeros:.0%}} 是零。图像为 28 × 28 时，
# {{larger.matrix.size:,}} 个元素中有 {{larger.zeros:.1%}} 是零，要学的仍然只有九个数。
#
# **练习 6.2（F）** 写一个函数来构造这个矩阵。图像逐行展平；矩阵的每一行对应一个输出，
# 每一列对应一个像素。


# %%
def dense_matrix(kernel, height, width):
    """The (outputs, height · width) matrix of a kernel, without padding."""
    # 在这里写代码


cs.lessons.check("6.2", dense_matrix)

# %% [markdown] en="061f96ce"
# ## 共享带来了什么
#
# 给两种层看同样的样本：由随机数组成的图像，以及某个核作用后的结果。
# 各自用最小二乘找出能解释样本的权重，再用新图像检验。

# %%
sobel = [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
shared = cs.experiments.count_examples_needed(sobel)
cs.lessons.show(shared)
dense, convolution = shared.needed()
cs.lessons.claim(
    "6.examples",
    (dense, convolution) == (shared.inputs, 1),
    dense=dense,
    convolution=convolution,
)

# %% [markdown] en="94f2989b"
# 每幅图像都在所有位置上展示了这个核，而对全连接层的每一行只展示了一次。图像比像素少时，
# 全连接层无从知道该怎样处理其余的图像。
#
# 如果假设不成立，就要付出代价。现在让特征图的右半边由另一个核产生，好像左右是两个世界：

# %%
turned = [[1, 2, 1], [0, 0, 0], [-1, -2, -1]]
apart = cs.experiments.count_examples_needed(sobel, elsewhere=turned)
cs.lessons.show(apart, "figure")
dense_apart, convolution_apart = apart.needed()
cs.lessons.claim(
    "6.price",
    dense_apart == apart.inputs and convolution_apart is None,
    dense=dense_apart,
    error=apart.convolution[-1],
)

# %% [markdown] en="f7c74f56"
# ## 特征图随图像平移
#
# 如果图像平移后，得到的正是平移后的特征图，就说这一层对平移是**等变**的。我们像移动相机那样，
# 让照片平移八个像素，再作比较。先看三层不填充的卷积：

# %%
torch.manual_seed(0)
photograph = cs.experiments.photograph("china", 96) / 255
unpadded = nn.Sequential(
    nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3)
)
followed = cs.experiments.measure_shift_response(unpadded, photograph, 8)
cs.lessons.show(followed, "text")
cs.lessons.claim(
    "6.shift",
    followed.equivariance < 1e-9 and followed.map_shift == 8,
    error=followed.equivariance,
)

# %% [markdown] en="d8f5fd54"
# 再加上零填充，让特征图与图像一样大：

# %%
padded = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1),
)
at_border = cs.experiments.measure_shift_response(padded, photograph, 8)
cs.lessons.show(at_border)
cs.lessons.claim(
    "6.border",
    at_border.inside < 1e-9 and at_border.strips == (3, 3),
    inside=at_border.inside,
    left=at_border.strips[0],
    right=at_border.strips[1],
)

# %% [markdown] en="b8386653"
# 图像移动时，填充的零留在原处。每一层都把零的影响向内带进一个像素：
# 三层之后是 {{at_border.strips[0]}} 列。
#
# 换个角度看就是：**同样的图案无论在哪里，得到的响应都一样**。把一个数字在图像上放两次，
# 再用一个长得像它的核：

# %%
digit = cs.load("digits", "test").images[5, 0]
twice = np.zeros((1, 24, 32), np.uint8)
twice[0, 2:10, 3:11] = digit
twice[0, 13:21, 19:27] = digit
like_it = np.where(digit > 100, 1.0, -1.0)
found = cs.filter_image(twice, like_it)
cs.lessons.show(found, "figure")
answers = found.results[0].values[0]
cs.lessons.claim(
    "6.same",
    abs(answers[2, 3] - answers[13, 19]) < 1e-6 and answers.max() - answers[2, 3] < 1e-6,
    first=answers[2, 3],
    second=answers[13, 19],
)

# %% [markdown] en="288e3524"
# ## 步幅的影响
#
# 步幅为 2 时，每两个输出只留一个。
#
# **练习 6.3（P）** 步幅为 2 的卷积之后，接窗口为 2 的最大汇聚（池化）。在远离边界处，
# 它的特征图能精确跟随 1 … 8 中的哪些平移？(a) 全部，(b) 2、4、6 和 8，(c) 4 和 8。先作答，
# 再运行下一个单元格。

# %%
prediction = None

cs.lessons.check("6.3", prediction)

# %%
curves = cs.experiments.measure_shift_curves(
    {
        "s = 1": nn.Conv2d(3, 4, 3, padding=1),
        "s = 2": nn.Conv2d(3, 4, 3, padding=1, stride=2),
        "s = 2 · 2": nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, stride=2), nn.MaxPool2d(2)),
    },
    photograph,
)
cs.lessons.show(curves)
cs.lessons.claim(
    "6.stride",
    curves.exact("s = 1") == [*range(9)]
    and curves.exact("s = 2") == [0, 2, 4, 6, 8]
    and curves.exact("s = 2 · 2") == [0, 4, 8],
    two=curves.exact("s = 2")[1:],
    four=curves.exact("s = 2 · 2")[1:],
)

# %% [markdown] en="06d6f7a1"
# ## 等变还是不变？
#
# 很多网页把这两个词混为一谈。**等变**：特征图跟着平移。**不变**：输出保持原样。
# 为了避开边界同时测量两者，现在让图像循环平移：从右边出去的，从左边进来；
# 网络内部用循环填充做同样的事。

# %%
around = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
    nn.ReLU(),
    nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
)
both = cs.experiments.measure_shift_response(around, photograph, 8, room=0)
cs.lessons.show(both, "text")
cs.lessons.claim(
    "6.invariant",
    both.equivariance < 1e-9 and both.invariance > 0.1 and both.pooled < 1e-9,
    equivariance=both.equivariance,
    invariance=both.invariance,
    pooled=both.pooled,
)

# %% [markdown] en="5cf10e05"
# 卷积是等变的，不是不变的：不移动特征图时，它变化了自身大小的 {{both.invariance:.2f}}。
# 真正不变的，是*丢掉位置*之后的东西，这里是每个通道对所有位置的均值。普通的汇聚能带来多少不变性，
# 第 10 课再说。

# %% [markdown] en="8f20634b"
# ## 边界告诉网络物体在哪里
#
# 那么，卷积加全局汇聚的网络就不可能知道物体在哪里了吗？我们训练几个小网络，
# 让它们说出数字在图像的哪个象限。瞎猜的话，四次对一次。
#
# **运行之前先定规则**：四个没见过的数字，各放在 64 个位置，共 256 幅测试图像。
# 如果准确率的置信区间（二十次有十九次覆盖真值）高于瞎猜，就算网络*知道一些*。
# 如果同一个数字在所有位置的输出都相同，就是网络*不可能知道*。

# %%
position = cs.experiments.learn_position((("circular", 3), ("zeros", 3), ("none", 3)))
cs.lessons.show(position)
circular, zeros, none = position.answers
cs.lessons.claim(
    "6.circular", circular.spread < 1e-3, spread=circular.spread, accuracy=circular.accuracy
)
cs.lessons.claim(
    "6.zeros", zeros.interval[0] > 0.25, accuracy=zeros.accuracy, low=zeros.interval[0]
)
cs.lessons.claim("6.none", none.interval[0] > 0.25, accuracy=none.accuracy, low=none.interval[0])

# %% [markdown] en="cf040a35"
# 正如人们常说的，零填充泄露了位置。但原因不在于零：完全不填充，网络同样知道，
# 因为靠近边界的数字被较少的窗口覆盖。只有图像没有边界时，位置才真正丢失。
#
# **练习 6.4（D）** 为 (N, 1, 16, 16) 的图像搭一个网络：图像怎样循环平移（`torch.roll`），
# 输出都不变；图像不同，输出就不同。参数最多 1000 个，至少有一个卷积层。


# %%
def build_network():
    """An nn.Module for images (N, 1, 16, 16)."""
    # 在这里写代码


cs.lessons.check("6.4", build_network)

# %% [markdown] en="2d7bbf80"
# ## 在别处看同样的内容
#
# - `convscope networks` 和 `convscope show lenet`：整个网络的参数在哪里。
# - 第 7 课：卷积核的作用。第 8 课：填充与步幅。第 10 课：汇聚与平移。
# - 边界泄露位置：Kayhan 与 van Gemert，CVPR 2020；Islam、Jia 与 Bruce，ICLR 2020。

# %%
cs.lessons.end()
