# %% [markdown] en="fd8edfc7"
# # 14 · GoogLeNet、MobileNet 与结构搜索
#
# **学完本课你会知道**
#
# - 不同大小的卷积核怎样合在一起，每条路径的代价是多少；
# - 代价相同时，四条路径是否胜过一条；
# - 逐通道卷积为什么省了运算，省的时间却较少，又损失多少准确率；
# - 怎样在预算之内搜索网络结构，搜索得到的最好成绩为什么偏高。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行半分钟。

# %%
import convscope as cs

lesson = cs.lessons.begin(14)

# %% [markdown] en="6632c9c1"
# ## 四条路径并排
#
# 1×1、3×3、5×5，还是汇聚（池化）：一层该用哪个？GoogLeNet（Szegedy 等，2014）全都要。*Inception 块*让输入走四条路径，再把各自的输出拼接起来。下面是它的第一个块。

# %%
block = cs.experiments.follow_inception()
cs.lessons.show(block)

# %%
shapes = [path.shape for path in block.paths]
together = sum(channels for channels, _, _ in shapes)
cs.lessons.claim(
    "14.stack",
    {shape[1:] for shape in shapes} == {(12, 12)}
    and block.output == (together, 12, 12)
    and len({path.unpadded for path in block.paths}) > 1,
    channels=together,
    size=shapes[0][1],
    unpadded=block.paths[2].unpadded,
)

# %% [markdown] en="4433a644"
# “卷积核大小不同，图像缩小的程度就不同，输出怎么能拼在一起？”靠填充：1×1 不需要，3×3 每侧填一个像素，5×5 填两个，汇聚的步幅取 1。这样各路径只有通道数不同，而拼接的正是通道。
#
# 3×3 和 5×5 前面的 1×1 卷积先把输入变窄，省下的大半都在这里：

# %%
cs.lessons.claim("14.reduce", block.reduced < 0.5, share=block.reduced, macs=block.macs / 1e6)

# %% [markdown] en="38a2e3e9"
# **练习 14.1（N）** 下一个块收到这些通道，四条路径分别是 128（1×1）、128 和 192（1×1，3×3）、32 和 96（1×1，5×5）、64（汇聚，1×1）个通道。它输出多少个通道？它的第二条路径在 12 × 12 的像素上需要多少次乘加（两个卷积合计）？

# %%
answer = None  # 两个数
cs.lessons.check("14.1", answer)

# %% [markdown] en="7e3665f3"
# ## GoogLeNet
#
# 九个这样的块分成三组，组间有汇聚。末尾没有庞大的全连接层：对每张特征图取平均，再接一个全连接层就够了。

# %%
googlenet = cs.trace("googlenet", (1, 96, 96))
cs.lessons.show(googlenet)

# %%
ends = {"maxpool1", "maxpool2", "maxpool3", "maxpool4", "avgpool", "fc"}
found = [layer.output_shape for layer in googlenet.layers if layer.name in ends]
expected = [(64, 24, 24), (192, 12, 12), (480, 6, 6), (832, 3, 3), (1024, 1, 1), (10,)]
cs.lessons.claim(
    "14.googlenet", found == expected, parameters=googlenet.parameters / 1e6, last=found[-2][0]
)
stored = cs.lessons.stored("block_networks")
paths = cs.experiments.read_trainings(stored.rows, "paths")
seeds = len(paths.seeds)

# %% [markdown] en="8c804b65"
# ## 四条路径胜过一条吗？
#
# 这里是只有两个块的小网络，块有四种：四条路径；一个 3×3 卷积；两个 3×3；一个 1×1 加一个 3×3，即单独的第二条路径。它们的运算量相同：四条路径用来得到 32 个通道的运算，单个 3×3 只能得到 13 个。在手写数字上用 {{seeds}} 个种子训练（测于 {{stored.date}}）。**规则在运行之前定好**：成对差值的百分之九十五置信区间全在 0 的一侧，才算有差别。

# %%
cs.lessons.show(paths)

# %%
single = paths.difference("four paths", "3×3")
cs.lessons.claim("14.paths", single.is_above(0), mean=single.mean, low=single.low, high=single.high)

# %%
narrowed = paths.difference("four paths", "1×1, 3×3")
cs.lessons.claim(
    "14.one", narrowed.is_above(0), mean=narrowed.mean, low=narrowed.low, high=narrowed.high
)

# %% [markdown] en="d295d59a"
# 单个 3×3 落后了，但这并不全是多种卷积核的功劳：在它前面放一个 1×1，它就能有更多通道，差距随之缩小。两个很窄的 3×3 最差。

# %% [markdown] en="4edc72f2"
# ## 逐通道卷积：运算量更少
#
# MobileNet（Howard 等，2017）把卷积的工作分成两步：*逐通道*的 3×3 各看一个通道，再由 1×1 把通道混合起来。第 9 课数过剩下的运算量：$c$ 个通道、3×3 的核时为 $1/c + 1/9$。
#
# **练习 14.2（P）** 16 个通道时大约是六分之一。*时间*还剩多少："a"，约六分之一；"b"，更少；"c"，三分之一以上？先回答，再运行下一格。

# %%
answer = None  # "a"、"b" 或 "c"
cs.lessons.check("14.2", answer)

# %%
times = cs.experiments.time_separable()
cs.lessons.show(times)

# %%
exact = max(abs(pair.operations - (1 / pair.channels + 1 / 9)) for pair in times.pairs)
cs.lessons.claim(
    "14.operations",
    exact < 1e-12,
    widest=times.pairs[-1].channels,
    share=times.pairs[-1].operations,
)

# %%
separable = cs.experiments.read_trainings(stored.rows, "separable")
lag = times.least_lag
narrow = times.pairs[0]
cs.lessons.claim(
    "14.time",
    True if lag > 1.3 else False if lag <= 1.05 else None,
    operations=narrow.operations,
    time=narrow.time,
    channels=narrow.channels,
    lag=lag,
)

# %% [markdown] en="1ad4de55"
# 原因与第 9 课相同：逐通道卷积把每个像素用于 9 次乘法，有 64 个输出的普通卷积则用于 576 次。它在等内存。上面在你的机器上是不是 ✓，说明你的计算库处理逐通道层的好坏；通道越多差距越小，因为那时工作大多在 1×1 里。
#
# 准确率呢？在手写数字上训练三层 3×3，{{seeds}} 个种子，规则同上：16 个通道的普通卷积；16 个通道的可分离卷积；7 个通道的普通卷积，代价与可分离的那种相同。

# %%
cs.lessons.show(separable)

# %%
price = separable.difference("separable, 16", "full, 16")
cs.lessons.claim("14.price", price.is_below(0), mean=price.mean, low=price.low, high=price.high)
equal = separable.difference("separable, 16", "full, 7")

# %% [markdown] en="b54fa924"
# *代价*相同时，这里分不出高下：{{equal.mean:+.1f}} 个百分点（{{equal.low:+.1f}} 至 {{equal.high:+.1f}}）。通道这么少，没有多少可省。可分离卷积换来的是宽度。
#
# ## MobileNet 与其他网络

# %%
sizes = cs.experiments.compare_footprints(["resnet18", "googlenet", "mobilenet-v1", "mobilenet-v2"])
cs.lessons.show(sizes)

# %%
weights = sizes.ratio("parameters", "mobilenet-v2", "resnet18")
work = sizes.ratio("macs", "mobilenet-v2", "resnet18")
kept = sizes.ratio("kept", "mobilenet-v2", "resnet18")
cs.lessons.claim("14.mobilenet", weights < 0.25 and work < 0.25, weights=weights, work=work)
cs.lessons.claim("14.kept", kept > 1.5, kept=kept)

# %% [markdown] en="f1dd9993"
# MobileNet v2（Sandler 等，2018）在每个块内部把通道展宽到六倍。处理这些宽特征图的 3×3 是逐通道的，所以运算量不大；训练却要把它们保存下来。手机上不训练，也就无所谓。
#
# 那么时钟怎么说？一幅 32 × 32 的图像：

# %%
clock = cs.experiments.time_networks()
cs.lessons.show(clock)

# %%
resnet, mobile = clock.networks["resnet18-32px"], clock.networks["mobilenet-v2-32px"]
quicker, fewer = mobile.seconds / resnet.seconds, mobile.macs / resnet.macs
cs.lessons.claim(
    "14.clock",
    True if quicker > 1.3 * fewer else False if quicker <= 1.05 * fewer else None,
    macs=fewer,
    time=quicker,
)
budget, most = 30e9, 500_000
searched = cs.lessons.stored("architecture_search")
rows = [row for row in searched.rows if row["experiment"] == "alone"]
searches = len(rows)

# %% [markdown] en="3819bab8"
# ## 搜索
#
# 核的大小、宽度、深度：与其争论，不如让机器去试。下面的搜索随机抽取这三者，每个网络训练十轮，预算用完就停。预算按乘加次数而不按秒计，这样你得到的网络与别人的相同。每个网络处理一幅图像不得超过 {{most:,}} 次乘加。

# %%
search = cs.experiments.search_architectures(budget=budget, most_macs=most)
cs.lessons.show(search)
best = search.best

# %% [markdown] en="3ddc4974"
# 选中的网络认对了 {{best.validation:.1%}} 的验证图像。还有两个问题，用另外 {{searches}} 次预算加倍的搜索来回答（测于 {{searched.date}}），规则同上：它是否胜过随手抽到的网络？它是否真有看上去那么好？

# %%
tests = [100 * row["test"] for row in rows]
gain = cs.experiments.measure_difference(tests, [100 * row["middle_test"] for row in rows])
cs.lessons.claim("14.search", gain.is_above(0), mean=gain.mean, low=gain.low, high=gain.high)

# %%
flattery = cs.experiments.measure_difference([100 * row["validation"] for row in rows], tests)
cs.lessons.claim(
    "14.flattery",
    flattery.is_above(0),
    tries=sum(row["tries"] for row in rows) / len(rows),
    mean=flattery.mean,
    low=flattery.low,
    high=flattery.high,
)

# %% [markdown] en="ab92b27f"
# 在许多网络中选出的是运气最好的那个，而运气不会重来。所以搜索报告的成绩，必须在它从未问过的图像上测量。
#
# 聪明一点的搜索会更好吗？Optuna 的 TPE 会提出与先前表现好的网络相近的网络。预算与种子都相同：

# %%
pairs = [row for row in searched.rows if row["experiment"] == "samplers"]
chance, clever = (
    [100 * row["test"] for row in pairs if row["sampler"] == name] for name in ("random", "tpe")
)
advantage = cs.experiments.measure_difference(clever, chance)
cs.lessons.claim(
    "14.clever",
    advantage.is_within(1),
    searches=len(chance),
    mean=advantage.mean,
    low=advantage.low,
    high=advantage.high,
)

# %% [markdown] en="0734d359"
# **练习 14.3（D）** 你来当搜索者：为 1 × 8 × 8 的数字构造一个网络，至多 4,000 个参数，每幅图像至多 200,000 次乘加，照常训练十二轮之后每 100 个数字至少认对 95 个。`answer` 是给出 10 个输出的模块。

# %%
answer = None
cs.lessons.check("14.3", answer)

# %% [markdown] en="294fe6c2"
# ## 在别处看同样的内容
#
# - `convscope show googlenet --drawing googlenet.svg` 画出每个块的四条路径。
# - `convscope plan mobilenet-v2 fashion-mnist` 预测你的机器上的时间与内存。
# - `cs.experiments.search_architectures(sampler="tpe")` 用 Optuna 搜索（`pip install "convscope[tune]"`）。
#
# 下一课：第 15 课，批量规范化。

# %%
cs.lessons.end()
