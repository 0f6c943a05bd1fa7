# %% [markdown] en="cad91bef"
# # 10 · 汇聚（池化）
#
# **学完本课你会知道**
#
# - 最大汇聚与平均汇聚算的是什么，窗口、填充和步幅各起什么作用；
# - 汇聚为什么没有参数，为什么各通道互不相干；
# - 图像平移时汇聚起什么作用，为什么它*不能*使网络具有平移不变性；
# - 同样的代价下，改用步幅会怎样。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行半分钟。

# %%
import numpy as np
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(10)

# %% [markdown] en="7fb0a1c2"
# ## 每个窗口一个数
#
# 汇聚（池化）和卷积一样，让窗口在特征图上滑动，但没有什么要学：它取窗口中最大的数（*最大汇聚*），或取平均值（*平均汇聚*）。
#
# 下图中，3 × 3 的窗口在 0 到 15 这些数上滑动。四周各填充一圈，步幅为 2，于是有四个窗口，各用一种颜色。对最大值来说，填充的是 −∞：它永远不会胜出。

# %%
matrix = np.arange(16).reshape(4, 4)
single = cs.experiments.pool_matrix(matrix, 3)
padded = cs.experiments.pool_matrix(matrix, 3, padding=1, stride=2)
cs.lessons.show(padded)

# %%
worked = single.values.tolist() == [[10]] and padded.values.tolist() == [[5, 7], [13, 15]]
rounding = max(single.difference, padded.difference)
cs.lessons.claim("10.worked", worked and rounding < 1e-6, difference=rounding)

# %% [markdown] en="2a1859c8"
# ## 默认的步幅就是窗口
#
# 没有填充、也不指定步幅时，3 × 3 的窗口只放得下一次，最大的数是 {{single.values[0][0]:.0f}}。下一个窗口要从上一个窗口结束的地方开始：除非另有说明，汇聚的窗口首尾相接。PyTorch 和 Keras 如此；Flax 的默认步幅却是 1，代码从一个框架搬到另一个框架，形状就变了。

# %%
side_by_side = cs.experiments.pool_matrix(matrix, 2)
every_place = cs.experiments.pool_matrix(matrix, 2, stride=1)
cs.lessons.show(side_by_side, "text")
cs.lessons.show(every_place, "text")

# %%
usual, dense = side_by_side.framework.shape, every_place.framework.shape
same = max(side_by_side.difference, every_place.difference)
cs.lessons.claim(
    "10.stride", usual == (2, 2) and dense == (3, 3) and same < 1e-6, usual=usual[0], dense=dense[0]
)

# %% [markdown] en="2dc171fa"
# **练习 10.1（N）** 对正方形的特征图作汇聚，结果的高是多少？
#
# 1. 28 × 28，窗口 2
# 2. 13 × 13，窗口 3，步幅 2
# 3. 7 × 7，窗口 3，每侧填充 1，步幅 2
# 4. 9 × 9，窗口 4

# %%
heights = None  # 例如 [1, 2, 3, 4]
cs.lessons.check("10.1", heights)

# %% [markdown] en="54b6f616"
# ## 平均值是卷积，最大值不是
#
# 窗口的平均值是权重固定的加权和：平均汇聚就是不能学习的卷积。所以它是线性的：两张特征图之和的汇聚，等于各自汇聚后的和。最大值没有这样的规律。下面用噪声来量两者离线性有多远。

# %%
average_bend = cs.experiments.measure_linearity(nn.AvgPool2d(2))
max_bend = cs.experiments.measure_linearity(nn.MaxPool2d(2))

# %%
cs.lessons.claim(
    "10.linear", average_bend < 1e-12 < 0.1 < max_bend, average=average_bend, max=max_bend
)

# %% [markdown] en="643c9350"
# **练习 10.2（F）** 写出对一个矩阵的最大汇聚。`padding` 是每一侧的填充。


# %%
def max_pool(matrix, window, padding, stride): ...


cs.lessons.check("10.2", max_pool)

# %% [markdown] en="17b5bad8"
# ## 没有参数，各通道互不相干
#
# 卷积把所有通道加在一起。汇聚一次只看一个通道，所以进来几个通道，出去还是几个。请比较表中两层的参数与形状。

# %%
layers = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.MaxPool2d(2))
trace = cs.trace(layers, (3, 32, 32))
cs.lessons.show(trace, "text")

# %%
pooling = trace.layers[-1]
apart = cs.experiments.find_mixed_channels(nn.MaxPool2d(2), 6)
mixed = cs.experiments.find_mixed_channels(layers[0], 3)
cs.lessons.claim(
    "10.channels",
    pooling.parameters == 0
    and pooling.output_shape == (6, 16, 16)
    and np.array_equal(apart, np.eye(6, dtype=bool))
    and mixed.all(),
    parameters=pooling.parameters,
    channels=pooling.output_shape[0],
)

# %% [markdown] en="0939629d"
# ## 图像平移时，汇聚后的特征图变化较小
#
# 书上说，汇聚的意义就在这里：小的平移不该有什么影响。我们把数字平移几个像素，看留在原处的特征图改变了多少。0 表示没有变化；两张毫不相干的图大约相差百分之一百四十。

# %%
images, labels = cs.experiments.canvas_digits("test")
changes = cs.experiments.measure_map_changes(
    {
        "image": nn.Identity(),
        "stride 2": nn.MaxPool2d(1, stride=2),
        "average 2": nn.AvgPool2d(2),
        "max 2": nn.MaxPool2d(2),
        "max 4": nn.MaxPool2d(4),
        "max 8": nn.MaxPool2d(8),
    },
    images,
)
cs.lessons.show(changes)

# %%
plain, strided = changes.at("image", 1), changes.at("stride 2", 1)
pooled, averaged = changes.at("max 2", 1), changes.at("average 2", 1)
cs.lessons.claim(
    "10.map",
    max(pooled, averaged) < 0.95 * plain and strided > 0.95 * plain,
    image=plain,
    max=pooled,
    average=averaged,
    stride=strided,
)

# %% [markdown] en="80d0e11a"
# 到这里为止，教科书是对的。平移一个像素，图像变化 {{plain:.0%}}，汇聚后的特征图变化 {{pooled:.0%}}；只用步幅而不汇聚则毫无好处。窗口越大，得到的数越稳定。
#
# ## 不变还是等变？
#
# *不变*是说：图像平移，结果不动。*等变*是说：图像平移，结果跟着平移。卷积是等变的。有了步幅，不论是汇聚的还是卷积的，特征图就只能跟随步幅整数倍的平移。

# %%
china = cs.experiments.photograph("china", 96)
curves = cs.experiments.measure_shift_curves(
    {
        "max 2, s = 1": nn.MaxPool2d(2, stride=1),
        "max 2, s = 2": nn.MaxPool2d(2),
        "average 2, s = 2": nn.AvgPool2d(2),
    },
    china,
    6,
)
cs.lessons.show(curves)

# %%
follows, all_of_them = curves.exact("max 2, s = 2"), curves.exact("max 2, s = 1")
cs.lessons.claim(
    "10.even",
    follows == curves.exact("average 2, s = 2") == [0, 2, 4, 6] and all_of_them == [*range(7)],
    followed=", ".join(map(str, follows)),
)

# %% [markdown] en="66f49ac2"
# 可见汇聚两者都不是：它不具有不变性，因为上面的特征图确实变了；它只对步幅的整数倍平移等变。
#
# ## 训练好的网络怎样回答
#
# 特征图变化小，不等于答案不变。我们用画布中央的数字训练几个网络，然后把数字移开。所有网络的计算量相同（38 万次乘加）：有的靠汇聚省下计算，有的就多些通道，或少些通道。
#
# **练习 10.3（P）** 一个有两层 2 × 2 最大汇聚的网络，用居中的数字训练。现在数字平移 4 个像素。有多少答案不变：(a) 几乎全部，(b) 大约一半，(c) 不到四分之一？

# %%
prediction = None  # "a"、"b" 或 "c"
cs.lessons.check("10.3", prediction)

# %%
live = cs.experiments.compare_moved_answers(epochs=8)
cs.lessons.show(live)

# %%
kept = live.mean("max", "kept")
cs.lessons.claim("10.invariant", kept[4] < 0.5, one=kept[1], four=kept[4])

# %% [markdown] en="c556e741"
# 平移一个像素，有最大汇聚的网络 {{kept[1]:.0%}} 的答案不变；平移四个像素，只剩 {{kept[4]:.0%}}。它的全连接层学会了每一笔应在汇聚后特征图的*什么位置*，而四个像素正好是那张图的一格。
#
# ## 什么能带来不变性
#
# 有一条曲线会回升：以*全局*汇聚结尾的网络。它取整张特征图中最大的数，也就忘掉了这个数在哪里。剩下的只是之前各层的步幅，2 · 2 = 4 个像素：平移 4 个像素，logits 还是同样的数；平移其间的距离则不然。

# %%
moved = live.mean("global", "change")
cs.lessons.claim("10.global", moved[4] < 1e-4 < 0.1 < moved[2], four=moved[4], two=moved[2])

# %% [markdown] en="055ae6c4"
# 另一个办法根本不是一层网络：最后那个网络的训练图像经过了随机平移。它的层与第一个网络完全相同。
#
# ## 由许多种子来决定
#
# 跑一次只是一个例子，而上面的曲线靠得很近。先用十个种子看了一遍，提出问题；回答时每个网络都用二十个*新*种子训练。规则事先定好：二十个成对差值的百分之九十五置信区间全在 0 的一侧，才算有差别；若我们说没有差别，整个区间须在 ±1 个百分点以内。否则就是未定。

# %%
stored = cs.lessons.stored("pooling")
many = cs.experiments.read_moved_comparison(stored.rows, epochs=15)
cs.lessons.show(many)

# %%
steadier = many.difference("max", "none", "kept", 1)
cs.lessons.claim(
    "10.small", steadier.is_above(0), mean=steadier.mean, low=steadier.low, high=steadier.high
)

# %%
looser = many.difference("average", "none", "kept", 1)
cs.lessons.claim(
    "10.average", looser.is_below(0), mean=looser.mean, low=looser.low, high=looser.high
)

# %%
instead = many.difference("stride", "max", "accuracy", 0)
cs.lessons.claim(
    "10.instead", instead.is_within(1), mean=instead.mean, low=instead.low, high=instead.high
)

# %%
taught = many.difference("max, moved", "max", "kept", 4)
cs.lessons.claim("10.moved", taught.is_above(0), mean=taught.mean, low=taught.low, high=taught.high)

# %%
less = many.difference("stride", "max", "kept", 1)
price = many.difference("max, moved", "max", "accuracy", 0)
toll = many.difference("global", "max", "accuracy", 0)

# %% [markdown] en="82867193"
# 测于 {{stored.date}}，{{stored.machine[cores]}} 个核，每次训练 {{many.epochs}} 轮。
#
# 可见就最大汇聚、平移一个像素而言，教科书是对的，好处是 {{steadier.mean:.1f}} 个百分点；就平均汇聚而言则不对。用步幅代替，在训练过的情形上同样准确，平移一个像素时保持的答案相差 {{less.mean:+.1f}} 个百分点。与平移训练图像带来的 {{taught.mean:.0f}} 个百分点相比，这些都微不足道。通向不变性的两条路都有代价：对居中的数字，用平移图像训练使准确率变化 {{price.mean:+.1f}} 个百分点，全局汇聚使它变化 {{toll.mean:+.1f}} 个百分点。

# %% [markdown] en="ba8ba7c7"
# **练习 10.4（D）** 搭一个答案稳定的网络，输入 (1, 32, 32) 的图像，输出 10 个 logits：用居中的数字训练 8 轮后，平移 1 至 4 个像素平均须保持 100 个答案中的 85 个，100 个数字须认对 70 个，乘加次数不超过 60 万。`answer` 是返回网络的函数，例如 `lambda: nn.Sequential(…)`。检查需要几秒钟。

# %%
answer = None
cs.lessons.check("10.4", answer)

# %% [markdown] en="59f604ab"
# ## 在别处看同样的内容
#
# - `convscope show lenet --unit features.pool1:0,3,4 --image photo.png` 写出一个汇聚值是怎样来的。
# - `convscope evaluate RUN` 也会平移你自己那次训练的测试图像。
# - 第 6 课量卷积的等变性，第 11 课量汇聚能让一个单元看多远。

# %%
cs.lessons.end()
