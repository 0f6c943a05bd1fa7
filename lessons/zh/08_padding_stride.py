# %% [markdown] en="2310b661"
# # 8 · 填充、步幅与膨胀
#
# **学完本课你会知道**
#
# - 卷积的输出有多大，以及为什么两个人都写 $p$，指的却是两个不同的数；
# - 零不能平分时放在哪一侧，以及为什么各框架因此结果不同；
# - 步幅会漏看哪些像素，膨胀会留下哪些空洞；
# - 填充要付出什么、带来什么：把流行的说法拿来测一测。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行几十秒以内。

# %%
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(8)

# %% [markdown] en="e2a9223a"
# ## 没有填充，图像会缩小
#
# 5×5 的窗口必须完全落在图像上，所以它的中心离边界至少有 2 个像素。每一层减少 4 个像素。能叠多少层？

# %%
small = cs.experiments.follow_shrinking(32, 5, until=4)
photograph = cs.experiments.follow_shrinking(224, 5, until=4)
cs.lessons.show(small)

# %%
cs.lessons.claim(
    "8.shrink",
    small.layers == 7 and photograph.layers == 55,
    small=small.layers,
    large=photograph.layers,
)

# %% [markdown] en="f1ae3646"
# 32×32 的手写数字图像经过 {{small.layers}} 层就用完了，224×224 的照片经过 {{photograph.layers}} 层。而且边缘在消失之前就已吃亏：下图数出 10×10 图像的每个像素被多少个窗口看到。

# %%
visits = cs.experiments.count_visits(
    10, {"5×5, p = 0": {"kernel": 5}, "5×5, p = 2": {"kernel": 5, "padding": 2}}
)
cs.lessons.show(visits)

# %%
corner, padded_corner = visits.corner("5×5, p = 0"), visits.corner("5×5, p = 2")
middle = visits.centre("5×5, p = 0")
cs.lessons.claim(
    "8.corner",
    corner == 1 and middle == 25 and padded_corner == 9,
    corner=corner,
    middle=middle,
    padded=padded_corner,
)

# %% [markdown] en="6edad721"
# ## 填充，以及 p 的两种含义
#
# 填充就是在图像四周添加像素，通常是零。设有 $n$ 个像素，卷积核的跨度为 $k$，步幅为 $s$，两侧**一共**添加 $p$ 个像素，则一个方向上的输出个数为
#
# $$\left\lfloor \frac{n - k + p + s}{s} \right\rfloor$$
#
# 框架的参数却是**每一侧**的个数：`padding=1` 意味着 $p = 2$。表中最后一列是把两者弄混时得到的结果。各项设置按 PyTorch 的写法给出。

# %%
table = cs.experiments.compare_output_sizes()
cs.lessons.show(table)

# %% [markdown] en="1590af6c"
# 在带步幅的几行里，这个错误被掩盖了：向下取整把它吞掉了。所以人们往往很晚才发现。五种设置说明不了什么，下面试遍所有情形：尺寸到 12，卷积核到 4，填充和步幅到 3，膨胀 1 和 2。

# %%
sizes = cs.experiments.check_output_sizes()
wrong_sizes = sizes.padded - sizes.misread_agree
cs.lessons.claim(
    "8.sizes", sizes.agree == sizes.settings, agree=sizes.agree, settings=sizes.settings
)
cs.lessons.claim(
    "8.both_sides", wrong_sizes == sizes.padded, wrong=wrong_sizes, padded=sizes.padded
)

# %% [markdown] en="3152537e"
# **练习 8.1（N）** 下列各种情形在一个方向上各有多少个输出？填充指每一侧，与 PyTorch 相同。
#
# 1. 28 个像素，卷积核 5
# 2. 28 个像素，卷积核 5，填充 2
# 3. 224 个像素，卷积核 11，填充 1，步幅 4
# 4. 224 个像素，卷积核 7，填充 3，步幅 2
# 5. 32 个像素，卷积核 3，膨胀 2

# %%
answer = None  # 五个数，写成 [1, 2, 3, 4, 5]
cs.lessons.check("8.1", answer)

# %% [markdown] en="48a4556f"
# **练习 8.2（F）** 写出适用于两种约定的公式。`convention` 为 "each" 时，`p` 是每一侧的填充；为 "all" 时，`p` 是两侧之和。


# %%
def count_outputs(n, k, p, s, convention): ...


cs.lessons.check("8.2", count_outputs)

# %% [markdown] en="fcd0a345"
# ## 偶数卷积核：多出的零给谁？
#
# 步幅为 1 时，要保持尺寸需要 $p = k - 1$ 个零。$k = 3$ 时每侧一个。$k = 2$ 或 $4$ 时是奇数个：有一侧要多一个。
#
# **练习 8.3（P）** 把多出的零从图像后面移到前面。**步幅为 2** 时，输出会怎样？“a”：数值相同，平移一位。“b”：数值和位置都相同。“c”：数值不同。请在运行下一格之前作答。

# %%
answer = None  # "a"、"b" 或 "c"
cs.lessons.check("8.3", answer)

# %%
sides = cs.experiments.compare_same_padding(kernels=(2, 4), strides=(1, 2), size=7)
cs.lessons.show(sides)

# %%
still = [row for row in sides.rows if row.stride == 1]
strided = [row for row in sides.rows if row.stride > 1]
cs.lessons.claim(
    "8.sides",
    all(row.shift == 1 and row.pytorch == "behind" for row in still)
    and all(row.shift is None for row in strided),
    cases=2 * len(sides.rows),
)

# %% [markdown] en="a228c91c"
# 图中的八种情形：两种卷积核、两种步幅、两侧。步幅为 1 时什么也没有丢失，特征图只是平移了一位。步幅为 2 时窗口落在别的像素上，按一种方式训练的网络换成另一种方式，答案就变了。
#
# TensorFlow 和 Keras 把这种填充叫做 “same”，多出的零放在后面；PyTorch 的 `padding="same"` 也是如此，但它不接受大于 1 的步幅。ONNX 给两侧各起了名字（`SAME_UPPER` 在后，`SAME_LOWER` 在前）。而 `padding=1` 这样的数总是同时用于两侧。
#
# 于是有了“取奇数卷积核”的规矩。它在步幅为 1 时成立。步幅更大时，需要多少个零还取决于图像的尺寸：224 个像素上步幅为 2 的 3×3 卷积只需要一个零，而不是两个。这时 PyTorch 的 `padding=1` 与 TensorFlow 的 “same” 就相差一个像素。

# %%
even = cs.experiments.count_even_paddings()
photo_zeros = cs.experiments.same_padding(224, 3, stride=2)
cs.lessons.claim(
    "8.odd_even",
    even.odd_stride_1 == 1 and even.even_stride_1 == 0 and even.odd_strided < 1,
    still=even.odd_stride_1,
    strided=even.odd_strided,
)

# %% [markdown] en="653d3d7c"
# 对 224 个像素来说，前面 {{photo_zeros[0]}} 个零，后面 {{photo_zeros[1]}} 个零。
#
# 取奇数还有第二个理由：偶数卷积核没有中心像素。采用 “same” 填充时，每一层都把看到的东西移动半个像素。

# %%
drift = cs.experiments.measure_drift(kernels=(2, 3, 4, 5), layers=8)
cs.lessons.show(drift)

# %%
cs.lessons.claim(
    "8.drift",
    all(abs(drift.per_layer(k) - (k % 2 == 0) / 2) < 1e-9 for k in drift.positions),
    even=drift.per_layer(4),
    odd=drift.per_layer(3),
)

# %% [markdown] en="cb1b2ee3"
# **练习 8.4（D）** 某层用 4×4 卷积核、步幅 1，要让 31×31 的特征图保持尺寸。每一侧要加多少个零？请按 `torch.nn.functional.pad` 的次序给出（左、右、上、下）。

# %%
answer = None  # 四个数
cs.lessons.check("8.4", answer)

# %% [markdown] en="c67b2553"
# ## 步幅：有些像素从未被看到
#
# 步幅 $s$ 使窗口每次移动 $s$ 个像素。若卷积核比步幅小，就有像素落在窗口之间：不论它们是什么值，输出都一样。ResNet 的捷径正是如此：步幅为 2 的 1×1 卷积。

# %%
strides = cs.experiments.count_visits(
    8,
    {
        "1×1, s = 2": {"kernel": 1, "stride": 2},
        "3×3, s = 2, p = 1": {"kernel": 3, "stride": 2, "padding": 1},
        "3×3, s = 4": {"kernel": 3, "stride": 4},
    },
)
cs.lessons.show(strides)

# %%
dropped, all_seen = strides.unseen("1×1, s = 2"), strides.unseen("3×3, s = 2, p = 1")
cs.lessons.claim("8.unseen", dropped == 0.75 and all_seen == 0, dropped=dropped, seen=1 - all_seen)

# %% [markdown] en="e98fafc4"
# ## 膨胀：代价相同，看得更宽
#
# 膨胀卷积核的元素之间留有间隔：膨胀 2 把 3×3 个权重铺在 5×5 个像素上。它等于一个写入了零的大卷积核。

# %%
spread = cs.experiments.check_dilation(kernel=3, dilation=2)
stacks = cs.experiments.compare_dilations(((1, 1, 1), (2, 2, 2), (1, 2, 4)))
print(spread)
cs.lessons.show(stacks)

# %%
plain, same_twice, growing = stacks.stacks
cs.lessons.claim(
    "8.dilation",
    spread.difference < 1e-12 and spread.span == 5,
    span=spread.span,
    difference=spread.difference,
)
cs.lessons.claim(
    "8.holes",
    same_twice.seen < 0.5 and growing.seen == 1 and same_twice.weights == growing.weights,
    holes=same_twice.seen,
    span=same_twice.span,
    full=growing.span,
)

# %% [markdown] en="6d094dbc"
# 三层膨胀为 2 的卷积覆盖 {{same_twice.span}}×{{same_twice.span}} 个像素，却只看到其中的 {{same_twice.seen:.0%}}：相邻的像素从不相遇。膨胀逐层增大时，用同样的 {{growing.weights}} 个权重看到了 {{growing.span}}×{{growing.span}} 的全部。

# %% [markdown] en="4c029355"
# ## 填充什么？四种方式
#
# 零只是让图像延续下去的一种办法。其他办法有镜像、重复最后一个像素，或者取对侧的像素。

# %%
modes = cs.experiments.compare_padding_modes(cs.experiments.photograph(side=64), 16)
cs.lessons.show(modes, what="figure")

# %%
thin = cs.experiments.compare_padding_modes(cs.experiments.photograph(side=64), 1)
cs.lessons.show(thin, what="text")

# %%
inside, border = max(thin.inside.values()), max(thin.at_border.values())
cs.lessons.claim("8.modes", inside == 0 and border > 10, inside=inside, border=border)

# %% [markdown] en="49e4c82a"
# 经过一层 3×3 卷积，各种方式只在一个像素宽的边缘上不同，但差别很大。随后这圈边缘会变宽。

# %%
reach = cs.experiments.measure_border_reach(8, kernel=3, layers=5)
large_reach = cs.experiments.measure_border_reach(224, kernel=3, layers=20).shares[-1]
cs.lessons.show(reach)

# %%
cs.lessons.claim(
    "8.reach",
    reach.shares[3] == 1 and reach.shares[2] < 1 and 0.2 < large_reach < 0.5,
    first=reach.shares[0],
    large=large_reach,
)

# %% [markdown] en="08db3e1e"
# ## “零填充只花一点时间，不损失准确率”
#
# 这句话的两半都可以测量。先看前一半：三层 3×3 卷积，有零填充和没有填充。

# %%
padded = cs.experiments.build_plain_stack()
bare = cs.experiments.build_plain_stack(padding="valid")
more_on_digits = cs.trace(padded, (1, 8, 8)).macs / cs.trace(bare, (1, 8, 8)).macs - 1
more_on_photographs = cs.trace(padded, (1, 224, 224)).macs / cs.trace(bare, (1, 224, 224)).macs - 1
cs.lessons.claim(
    "8.cost",
    more_on_digits > 1 and more_on_photographs < 0.05,
    digits=more_on_digits,
    photographs=more_on_photographs,
)

# %% [markdown] en="cda6cbf3"
# 对照片来说，确实只多一点。而在 8×8 的手写数字图像上，有填充的特征图大得多，运算量增加了一倍以上。而且时间不只取决于运算量：零填充内建在卷积之中，其他方式则要先把图像复制到一个更大的数组里。

# %%
timed = cs.experiments.time_layers(
    {
        mode: (nn.Conv2d(64, 64, 3, padding=1, padding_mode=mode), (64, 56, 56))
        for mode in ("zeros", "reflect", "replicate", "circular")
    }
)
slower = timed.layers["reflect"].seconds / timed.layers["zeros"].seconds
cs.lessons.show(timed, what="text")

# %% [markdown] en="452b1494"
# 在这台机器上，镜像填充的用时是零填充的 {{slower:.2f}} 倍。
#
# 这句话的后一半需要训练。**运行之前先定规则**：同一个小网络，一个有填充，一个没有，用内置手写数字的一半学习，在另一半上测试；共 20 个种子，每个种子决定怎样分成两半以及初始权重。若按 20 个差值的置信区间（置信水平 0.95，学生氏 t 分布），零填充的损失不到半个百分点，这句话就成立。全部跑完要几分钟，所以这里只跑一个种子，然后读取存好的结果。（先前用别的种子摸索过该问什么；存好的结果用的是新的种子。）

# %%
live = cs.experiments.compare_short_trainings(
    {"none": lambda: cs.experiments.build_plain_stack(padding="valid"),
     "zeros": cs.experiments.build_plain_stack},
    seeds=(100,),
)  # fmt: skip
cs.lessons.show(live, what="text")
live_gain = live.difference("zeros", "none")

# %% [markdown] en="d8efbc8c"
# 这一个种子说零填充的得失是 {{live_gain.mean:+.1f}} 个百分点。先别急着相信，看看另外 19 个。

# %%
stored = cs.lessons.stored("padding")
by_padding = cs.experiments.read_trainings(stored.rows, "padding")
cs.lessons.show(by_padding)

# %%
gain = by_padding.difference("zeros", "none")
cs.lessons.claim(
    "8.zeros", gain.is_above(-0.5), mean=gain.mean, low=gain.low, high=gain.high, seeds=gain.pairs
)

# %% [markdown] en="4b17f1e2"
# 测于 {{stored.date}}，处理器为 {{stored.machine[processor]}}。在这些小图像上，零填充不但没有损失准确率，还有所提高：{{gain.mean:+.1f}} 个百分点。没有填充时，看到边缘笔画的窗口很少。其他几种方式都不比零更好。
#
# 深层网络里，边缘会影响每一个输出。这时填充方式有没有关系？同样的实验，换成 20 层、10 个种子。**运行之前先定规则**：若零填充与“circular”（循环）之差的置信区间不含 0，就有关系。

# %%
deep = cs.experiments.read_trainings(stored.rows, "20 layers")
cs.lessons.show(deep)

# %%
zeros_gain = deep.difference("zeros", "circular")
mirror_gain, repeat_gain = (
    deep.difference("zeros", "reflect"),
    deep.difference("zeros", "replicate"),
)
cs.lessons.claim(
    "8.deep",
    zeros_gain.is_above(0),
    mean=zeros_gain.mean,
    low=zeros_gain.low,
    high=zeros_gain.high,
    seeds=zeros_gain.pairs,
)

# %% [markdown] en="5fc81e13"
# 比三层时更有关系：取对侧的像素要损失 {{zeros_gain.mean:.1f}} 个百分点。原因何在，这个实验没有回答。零填充与镜像之差的区间从 {{mirror_gain.low:+.1f}} 到 {{mirror_gain.high:+.1f}} 个百分点，与重复末尾像素之差的区间从 {{repeat_gain.low:+.1f}} 到 {{repeat_gain.high:+.1f}}。

# %% [markdown] en="591f689c"
# ## “奇数卷积核更好”
#
# 作为填零的规矩，理由已经看到了。作为关于准确率的说法，那是另一回事。取 2×2 到 5×5 的卷积核，通道数取 $60 / k$，使各网络代价相同，各三层。**运行之前先定规则**：20 个种子；若按差值的置信区间（置信水平 0.95），4×4 与 3×3 或与 5×5 相差超过一个百分点，那么奇偶就有关系。

# %%
by_kernel = cs.experiments.read_trainings(stored.rows, "kernel")
cs.lessons.show(by_kernel)

# %%
to_three, to_five = by_kernel.difference("4×4", "3×3"), by_kernel.difference("4×4", "5×5")
by_two = by_kernel.difference("3×3", "2×2")
near = [to_three.is_within(1), to_five.is_within(1)]
cs.lessons.claim(
    "8.kernels",
    False if False in near else None if None in near else True,
    three=to_three.mean,
    five=to_five.mean,
    seeds=to_three.pairs,
)

# %% [markdown] en="117316ea"
# 偶数的 4×4 在同等代价下与相邻的奇数核一样好。2×2 落在后面，比 3×3 低 {{by_two.mean:.1f}} 个百分点。这是因为 2 是偶数吗？三层 2×2 在每个方向只看到 4 个像素，三层 3×3 看到 7 个。若让末端的全连接层得到更细的特征图（每个通道 4×4 个数，而不是 2×2），它就能弥补这一点：

# %%
finer = cs.experiments.read_trainings(stored.rows, "kernel, finer head")
cs.lessons.show(finer)
even_gain = finer.difference("2×2", "3×3")

# %% [markdown] en="199466c8"
# 这里 2×2 与 3×3 不相上下：相差 {{even_gain.mean:+.2f}} 个百分点，区间从 {{even_gain.low:+.2f}} 到 {{even_gain.high:+.2f}}。奇偶从来不是关键。

# %% [markdown] en="e0ca122d"
# ## 在别处看同样的内容
#
# - `convscope kernels photo.jpg --kernel sobel-vertical --stride 2` 让卷积核滑过你自己的图像，并代入你的数字写出公式；`--mode reflect` 和 `--dilation 2` 也可以用。
# - `convscope show lenet` 列出网络中每个特征图的尺寸。
#
# 下一课：第 9 课，多个通道，以及它们的代价。

# %%
cs.lessons.end()
