# %% [markdown] en="dd3bb087"
# # 7 · 卷积与卷积核
#
# **学完本课你会知道**
#
# - 卷积把什么加在一起，为什么其中一个函数是翻转的；
# - 卷积层实际计算的是什么，叫错名字要不要紧；
# - 手工设计的卷积核对图像做什么，又怎样从图像中学出一个核；
# - 学到的核什么时候是真正的核，什么时候不可能是。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行只需几秒。

# %%
import numpy as np
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(7)

# %% [markdown] en="cb2e8522"
# ## 现在胃里有多少？
#
# 设 $f(\tau)$ 是你在时刻 $\tau$ 的进食速度，
# $g(\text{age})$ 是一份食物过了 age 这么久之后剩下的比例。
# 每一小份 $f(\tau)\,d\tau$ 到现在已经过了 $t - \tau$，剩下 $f(\tau)\,g(t - \tau)\,d\tau$。
# 把所有小份加起来：
#
# $$(f * g)(t) = \int f(\tau)\, g(t - \tau)\, d\tau$$
#
# 这就是卷积。两个自变量之和总是 $t$：最后吃的，时间最短。所以沿着 $\tau$ 画出来，$g$ 是反着走的。

# %%
stomach = cs.experiments.convolve_meals(14.0)
cs.lessons.show(stomach)
cs.lessons.claim(
    "7.sum",
    stomach.error < 1e-3 and abs(stomach.sums[0] - stomach.exact) > 10,
    fine=stomach.sums[-1],
    exact=stomach.exact,
    coarse=stomach.sums[0],
)

# %% [markdown] en="436406dd"
# 计算机改用求和：把时间分成一定宽度的小份，每份取中点。每份两小时太粗，
# 求和得到 {{stomach.sums[0]:.0f}} 克，把午饭漏掉了。
# 每份 15 分钟时得到 {{stomach.sums[3]:.1f}} 克，准确值是 {{stomach.exact:.1f}} 克。从这里起，
# 所有的卷积都是求和。

# %% [markdown] en="86928a71"
# ## 二维情形
#
# 把一个小小的核放在图像上，上下对齐的数相乘，再全部相加；然后移到下一处。一边有 $n$ 个像素，
# 大小为 $k$ 的核放得下 $n - k + 1$ 个位置。
#
# **练习 7.1（F）** 对任意大小的图像和核写出这个运算。不要翻转。


# %%
def corr2d(image, kernel):
    """Slide the kernel over the image: (h, w) and (k_h, k_w) give (h - k_h + 1, w - k_w + 1)."""
    # 在这里写代码


cs.lessons.check("7.1", corr2d)

# %%
image = np.arange(9).reshape(3, 3)
kernel = np.arange(4).reshape(2, 2)
products = cs.experiments.slide_kernel(image, kernel)
cs.lessons.show(products)
cs.lessons.claim(
    "7.products",
    products.output.tolist() == [[19, 25], [37, 43]] and products.difference < 1e-6,
    output=products.output.astype(int).tolist(),
)

# %% [markdown] en="6ac4e072"
# **一幅算不对的图。** 步幅为 2 时，核每次移动两个像素。一份流传很广的教程画过这样的卷积，
# 有读者核对后算出了别的数（conv_arithmetic 的第 17 号问题，2018 年提出，至今未关闭）。
# 下面用的是图中的数；谁算对了？

# %%
drawn = [[2, 2, 3, 3, 3], [0, 1, 3, 0, 3], [2, 3, 0, 1, 3], [3, 3, 2, 1, 2], [3, 3, 0, 2, 3]]
weights = [[2, 0, 1], [1, 0, 0], [0, 1, 1]]
published = [[1, 6, 5], [7, 10, 9], [7, 10, 8]]
strided = cs.experiments.slide_kernel(drawn, weights, stride=2, padding=1)
by_one = cs.experiments.slide_kernel(drawn, weights, padding=1)
cs.lessons.show(strided)
cs.lessons.claim(
    "7.published",
    strided.output.tolist() != published and by_one.output[:3, :3].tolist() == published,
    right=strided.output.astype(int).tolist(),
)

# %% [markdown] en="826a1ecc"
# 读者算对了。那幅图画的是步幅为 1 的卷积的一角，标题却写着步幅 2。图和你算的不一致时，就动手算。

# %% [markdown] en="159b698f"
# ## 卷积还是互相关？
#
# 严格说来，刚才计算的是**互相关**。它用 $i + a$ 的地方，二维卷积用的是 $i - a$，
# 正如胃的例子里是 $t - \tau$：要先把核旋转 180°。
#
# **练习 7.2（N）** 还是图像 `0 … 8` 和核 `0 … 3`，但做真正的卷积。逐行写出得到的四个数。

# %%
four_numbers = None

cs.lessons.check("7.2", four_numbers)

# %%
photograph = cs.experiments.photograph("china", 200)
slope = [[-2, -1, 0], [-1, 0, 1], [0, 1, 2]]
flip = cs.experiments.compare_flip(photograph, slope)
cs.lessons.show(flip)
cs.lessons.claim(
    "7.flip",
    flip.plain > 100 and flip.turned < 1e-6,
    plain=flip.plain,
    turned=flip.turned,
)
cs.lessons.claim("7.framework", flip.framework < 1e-6, difference=flip.framework)
laplace = [[0, 1, 0], [1, -4, 1], [0, 1, 0]]
alike = cs.experiments.compare_flip(photograph, laplace)
cs.lessons.claim("7.symmetric", alike.symmetric and alike.plain < 1e-6, difference=alike.plain)

# %% [markdown] en="86b192b6"
# 所以，所有框架里这一层的名字都叫错了，大家也都知道。这*要不要紧*，取决于核是给定的，还是学来的。
# 后面再回到这个问题。

# %% [markdown] en="6ad59775"
# ## 手工设计的卷积核
#
# 在卷积核可以学习之前，人们靠自己设计。每一个核都是一个小小的理论：图像里什么值得看。

# %%
gallery = cs.filter_image(photograph)
cs.lessons.show(gallery, "figure")
even = cs.filter_image(np.full((1, 9, 9), 120, np.uint8))
kept = [one.values for one in even.results if one.kernel.keeps_brightness]
gone = [one.values for one in even.results if one.kernel.is_difference]
cs.lessons.claim(
    "7.even",
    all(np.allclose(values, 120) for values in kept)
    and all(np.allclose(values, 0) for values in gone),
    kept=len(kept),
    gone=len(gone),
)

# %% [markdown] en="4ff21a03"
# 看一个核，先看它的和。权重之和为 1，均匀区域保持原样：模糊和锐化。权重之和为 0，均匀区域变成零，
# 留下的是差别：边缘。

# %% [markdown] en="397896f8"
# ## 会找边缘的层
#
# 卷积层就是卷积核加偏置。最小的边缘检测器是 $[1, -1]$：左减右。图像是白的（1），
# 第 2 到第 5 列是一条黑带（0）。
#
# **练习 7.3（P）** 从左往右，在由白变黑的地方，这一层的输出是什么？(a) 正数，(b) 负数，(c) 零。
# 先作答，再运行下一格。

# %%
prediction = None

cs.lessons.check("7.3", prediction)

# %%
edges = cs.experiments.edge_image()
cs.lessons.show(cs.filter_image((255 * edges[None]).astype(np.uint8), "1 -1"), "figure")
found = cs.experiments.slide_kernel(edges, [[1, -1]]).output
on_its_side = cs.experiments.slide_kernel(edges.T, [[1, -1]]).output
cs.lessons.claim(
    "7.edge",
    found.tolist() == [[0, 1, 0, 0, 0, -1, 0]] * 6 and not on_its_side.any(),
    row=found[0].astype(int).tolist(),
)

# %% [markdown] en="56e23b8f"
# 它看得见竖直边缘；同一幅图像横过来，它就什么也看不见。偏置为 0.5 时，每个输出都多 0.5。
# 下面是这一层的一个输出，以及它是由什么组成的：

# %%
layer = nn.Conv2d(1, 1, (1, 2))
with torch.no_grad():
    layer.weight.copy_(torch.tensor([[[[1.0, -1.0]]]]))
    layer.bias.fill_(0.5)
at_edge = cs.unit(layer, torch.tensor(edges, dtype=torch.float32)[None], "convolution:0,0,1")
cs.lessons.show(at_edge, "text")

# %% [markdown] en="9262af65"
# ## 学出卷积核
#
# 现在忘掉核，只留下图像和输出。从零开始，让梯度下降去找两者之间的东西：十步，学习率 0.03，
# 平方误差。

# %%
learned = cs.experiments.learn_kernel(edges, [[1, -1]], steps=10, rate=0.03)
cs.lessons.show(learned)
cs.lessons.claim(
    "7.learned",
    learned.difference < 0.05,
    left=learned.learned[0, 0],
    right=learned.learned[0, 1],
)

# %% [markdown] en="e1799160"
# ## 学到的核是真正的核吗？
#
# 这么说，核可以从图像中学到。那么，能学回产生这些输出的那个核吗？取上面的拉普拉斯核，
# 再取只有一个方向的边缘的图像：

# %%
stripes = cs.experiments.striped_images("vertical")
fooled = cs.experiments.learn_kernel(stripes, laplace, steps=200, rate=None)
cs.lessons.show(fooled)
seen = fooled.error_on(cs.experiments.striped_images("vertical", seed=1))
unseen = fooled.error_on(cs.experiments.striped_images("horizontal"))
cs.lessons.claim(
    "7.stripes",
    seen < 1e-6 and unseen > 0.5 and fooled.difference > 0.5,
    seen=seen,
    unseen=unseen,
    free=fooled.free,
)

# %% [markdown] en="a02f1aaa"
# 在所有竖直条纹上都完美，新的条纹也一样；在水平条纹上却毫无用处。条纹只透露核的各列之和，
# 而这些和都学对了。其余的，九个方向中的 {{fooled.free}} 个，没有任何样本问起过。
# 如果图像里什么都可能出现，就没有空子可钻了：

# %%
noise = cs.experiments.noise_images()
true = cs.experiments.learn_kernel(noise, laplace, steps=200, rate=None)
cs.lessons.show(true, "text")
elsewhere = true.error_on(cs.experiments.striped_images("horizontal"))
cs.lessons.claim(
    "7.noise",
    true.free == 0 and true.difference < 0.01 and elsewhere < 0.02,
    difference=true.difference,
    elsewhere=elsewhere,
)

# %% [markdown] en="7d498e36"
# ## 翻转影响学习吗？
#
# 有一本教科书说，无论用卷积还是互相关，输出都*不受影响*；它的中文版说*不会受太大影响*；
# 读者为此争论。我们用手写数字图像把同一个小网络训练两次，其中一次用真正的卷积。
# 先让两者的初始核互为镜像，再让它们相同。

# %%
mirrored = cs.experiments.train_mirrored()
same = cs.experiments.train_mirrored(mirrored=False)
cs.lessons.show(mirrored, "text")
cs.lessons.show(same, "text")
cs.lessons.show(cs.experiments.mirrored_figure((mirrored, same)))
cs.lessons.claim(
    "7.mirrored",
    max(mirrored.outputs) < 1e-9 and mirrored.kernels < 1e-9,
    outputs=max(mirrored.outputs),
    kernels=mirrored.kernels,
)
cs.lessons.claim("7.same_start", max(same.outputs) > 0.1, outputs=max(same.outputs))

# %% [markdown] en="8039850e"
# 初始核互为镜像时，每一步都只差舍入，两者的核始终互为镜像。初始核相同时，
# 它们就成了两个不同的网络，好比换了随机种子：
# 测试图像上的准确率分别是 {{same.accuracies[0]:.1%}} 和 {{same.accuracies[1]:.1%}}。
# 其中一个更好吗？
#
# **运行之前先定规则**：12 个随机种子，每一对初始核相同。
# 如果平均差的置信区间（二十次有十九次覆盖真值）在两个百分点以内，就说*没有差别*。

# %%
pairs = [cs.experiments.train_mirrored(mirrored=False, seed=seed).accuracies for seed in range(12)]
difference = cs.experiments.measure_difference(*zip(*pairs, strict=True))
cs.lessons.claim(
    "7.average",
    difference.is_within(0.02),
    pairs=difference.pairs,
    low=100 * difference.low,
    high=100 * difference.high,
)

# %% [markdown] en="9cf987a7"
# 所以两句话都对，各有各的条件。初始核是随机的，抽到它和抽到它的镜像同样可能：平均而言什么也不变。
# 如果核是**给定**的，手工设计或取自别的程序，翻转就会改变输出。

# %% [markdown] en="561498b2"
# ## 一维与三维
#
# 二维并没有什么特别。文本、语音和时间序列是一维的；体数据和视频是三维的。

# %%
series = cs.experiments.slide_kernel([[0, 1, 2, 3, 4, 5, 6]], [[1, 2]])
cs.lessons.show(series, "text")
motion = cs.experiments.measure_motion()
cs.lessons.show(motion)
cs.lessons.claim(
    "7.series",
    series.output[0].tolist() == [2, 5, 8, 11, 14, 17],
    output=series.output[0].astype(int).tolist(),
)
cs.lessons.claim("7.slices", motion.slices < 1e-9, difference=motion.slices)
cs.lessons.claim(
    "7.motion",
    motion.volume["right"] > 1.5 * motion.volume["left"]
    and abs(motion.image["right"] - motion.image["left"]) < 1e-9,
    right=motion.volume["right"],
    left=motion.volume["left"],
    image=motion.image["right"],
)

# %% [markdown] en="2ce8115f"
# 三维核就是一叠二维核，每个时刻一个，响应相加。因此它看得到任何单独一帧都看不到的东西：
# 物体往哪边移动。
#
# **练习 7.4（D）** 设计一个 3 × 3 的核，对斜条纹有响应，对竖直和水平条纹毫无响应。
# `cs.experiments.measure_directions(kernel)` 会告诉你它的表现。

# %%
diagonal = None

cs.lessons.check("7.4", diagonal)

# %% [markdown] en="d4d1ab24"
# ## 在别处看同样的内容
#
# - `convscope kernels photo.jpg`：在你自己的图像上看全部的核；
#   `convscope kernels photo.jpg --kernel "1 0 -1; 2 0 -2; 1 0 -1" --stride 2`：用你自己的核。
# - `convscope show lenet --unit LAYER:C,Y,X --image photo.jpg`：网络里的一个数是从哪里来的，就像上面的边缘。
# - 第 8 课：填充、步幅与膨胀。第 9 课：多个通道。

# %%
cs.lessons.end()
