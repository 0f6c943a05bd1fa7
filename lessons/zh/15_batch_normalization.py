# %% [markdown] en="2536673c"
# # 15 · 批量规范化
#
# **学完本课你会知道**
#
# - 批量规范化在训练时算什么，预测时又算什么；
# - “动量”指的是哪一份，两种方差各用在哪里；
# - 为什么忘了切换模式、批量太小，甚至只做一次前向计算，答案就会改变；
# - 它对学习有什么作用，以及流传的哪种解释并不成立。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行半分钟。需要先学第 4 课与第 12 课。

# %%
import torch
from torch import nn

import convscope as cs

lesson = cs.lessons.begin(15)

# %% [markdown] en="ef606a6b"
# ## 均值为 0，标准差为 1
#
# 训练时，每个通道用批量里的数来规范化：减去均值，除以标准差。小常数 ε 使始终不变的通道不至于除以 0。然后乘以缩放 γ，加上平移 β，每个通道各一个，都是学出来的：
#
# $$\hat x = \frac{x - \mathrm{mean}}{\sqrt{\mathrm{variance} + \varepsilon}}, \qquad y = \gamma \hat x + \beta$$
#
# 下面让四个通道大不相同的随机特征图，分别经过这个公式和 PyTorch。

# %%
comparison = cs.experiments.compare_batch_norm()
cs.lessons.show(comparison)
cs.lessons.claim("15.equal", comparison.largest < 1e-9, difference=comparison.largest)

# %% [markdown] en="15890682"
# 预测时可能只有一幅图像，这一层没有批量可问。它改用均值与方差的*移动平均*，那是训练途中积累下来的。
#
# **练习 15.1（F）** 两种都写出来。`x` 的形状是（图像数，特征数）；`mean` 与 `variance` 是移动平均，只在 `training` 为 False 时用到。ε 取 0.00001。


# %%
def batch_norm(x, scale, shift, mean, variance, training): ...


cs.lessons.check("15.1", batch_norm)

# %% [markdown] en="a23bd057"
# ## 0.9 还是 0.1？
#
# 教科书写的是：新平均 = 0.9 · 旧平均 + 0.1 · 本批量。Keras 与 TensorFlow 也这样算，并把 0.9 叫作“动量”（momentum）。PyTorch 的 momentum 却指*新值*所占的份额，即 0.1。算的是同一件事，写的数正好相反。
#
# **练习 15.2（N）** 移动平均从 0 开始，每个批量的均值都是 1。十个批量之后它是多少：(1) 按 0.9 · 旧 + 0.1 · 本批量；(2) 在 PyTorch 中设 `momentum=0.9`？

# %%
answer = None  # 例如 [0.5, 0.5]
cs.lessons.check("15.2", answer)

# %%
averages = cs.experiments.follow_moving_averages()
cs.lessons.show(averages)
same, crossed = averages.difference(0.1, keep=0.9), averages.difference(0.9, keep=0.9)
slow, fast = averages.batches_to(0.9, 0.1), averages.batches_to(0.9, 0.9)
cs.lessons.claim(
    "15.momentum",
    same < 1e-9 and crossed > 0.5,
    same=same,
    slow=slow,
    fast=fast,
    ratio=averages.wobble(0.9) / averages.wobble(0.1),
)

# %% [markdown] en="64eed5d9"
# 谁把一个框架的 0.9 照搬到另一个框架，得到的移动平均就几乎没有平均可言。
#
# ## 除以 m，还是 m − 1？
#
# 两种都用。规范化本批量用普通方差，即除以个数 m。留作预测用的方差要估计所有图像的方差，所以除以 m − 1。

# %%
factors = cs.experiments.measure_variance_factors()
cs.lessons.show(factors)
plain_factor = max(factors.normalizing, key=lambda each: abs(each - 1))
cs.lessons.claim(
    "15.variance",
    abs(plain_factor - 1) < 1e-6
    and all(
        abs(kept - count / (count - 1)) < 1e-6
        for count, kept in zip(factors.counts, factors.keeping, strict=True)
    ),
    plain=plain_factor,
    two=factors.keeping[0] - 1,
    many=factors.keeping[-1] - 1,
)

# %% [markdown] en="84806061"
# m 是一个通道的数的个数：在卷积层中是图像数 × 高 × 宽。批量有 256 幅图像时，没有人察觉其中的差别。全连接层后面若只有两幅图像，一种方差就是另一种的两倍。
#
# ## 批量很小时
#
# **练习 15.3（P）** 训练时，全连接层的批量规范化收到只有*一幅*图像的批量，缩放为 1，平移为 0。公式给出什么：(a) 原来的数，(b) 不管什么图像，处处为 0，(c) −1 或 1？

# %%
guess = None
cs.lessons.check("15.3", guess)

# %%
torch.manual_seed(0)
pair = nn.BatchNorm1d(32)(7 + 4 * torch.randn(2, 32)).detach()
off = (pair.abs() - 1).abs().max().item()
cs.lessons.claim("15.two", off < 0.01, off=off)

# %%
refused = ""
try:
    nn.BatchNorm1d(32)(torch.randn(1, 32))
except ValueError as error:
    refused = str(error)
    print("PyTorch:", refused)
maps_of_one = nn.BatchNorm2d(32)(torch.randn(1, 32, 6, 6))
cs.lessons.claim(
    "15.one",
    "more than 1 value" in refused and maps_of_one.shape == (1, 32, 6, 6),
    numbers=maps_of_one[0, 0].numel(),
)

# %% [markdown] en="46b792cc"
# 两幅图像只剩正负号，一幅图像什么也不剩。那么批量要多大？**运行之前先定规则**：一个全连接网络，有、无批量规范化，每种批量大小都用在验证图像上最好的学习率，十个种子。若成对差值的百分之九十五置信区间全在 0 的一侧，差别才算数。

# %%
kept = cs.lessons.stored("batch_norm_sizes")
sizes = cs.experiments.read_batch_sizes(kept.rows)
cs.lessons.show(sizes)
two, many = sizes.difference(2), sizes.difference(8)
cs.lessons.claim("15.small", two.is_below(0), mean=two.mean, low=two.low, high=two.high)
cs.lessons.claim("15.large", many.is_above(0), mean=many.mean, low=many.low, high=many.high)

# %% [markdown] en="d202459d"
# 测于 {{kept.date}}。那是全连接网络。卷积层的依据更多，因为特征图上的每个像素都是该通道的一个数：

# %%
images, labels = cs.experiments.digits_of("train")
unseen, truth = cs.experiments.digits_of("test", None)
single = cs.experiments.build_normalized_convolutions(seed=0)
cs.experiments.train_by_sgd(single, images, labels, rate=0.03, epochs=3, batch_size=1)
alone_accuracy = cs.experiments.measure_accuracy(single, unseen, truth)
cs.lessons.claim("15.pixels", alone_accuracy > 0.7, accuracy=alone_accuracy)

# %% [markdown] en="3244d89b"
# ## 忘了切换模式
#
# “我的预测随批量大小而变。”“训练模式与预测模式的结果不一致。”训练一个网络，让它在两种模式下作答，别的都不变。

# %%
network = cs.experiments.build_normalized_dense(seed=0)
cs.experiments.train_by_sgd(network, images, labels, rate=0.3, epochs=6)
modes = cs.experiments.compare_modes(network, unseen, truth)
cs.lessons.show(modes)
cs.lessons.claim(
    "15.mode",
    modes.at(2)[0] < 0.6 < 0.9 < modes.prediction,
    prediction=modes.prediction,
    two=modes.at(2)[0],
)
cs.lessons.claim(
    "15.sorted",
    modes.at(32)[1] < 0.5 < 0.8 < modes.at(32)[0],
    shuffled=modes.at(32)[0],
    sorted=modes.at(32)[1],
)
cs.lessons.claim("15.alone", modes.batch_effect < 1e-4, effect=modes.batch_effect)

# %% [markdown] en="7a70c840"
# 文件夹里的图像多半是按类别排好的。在训练模式下，这样的批量等于告诉网络：“它们共有的东西就是均值”，而均值会被减掉。补救只要一行：`network.eval()`。它必须写在作答之前；若还要继续训练，之后再写 `network.train()`。
#
# **练习 15.4（D）** 修好 `evaluate`：给出答对的比例，与批量无关，每次都一样，而且让网络保持原样：权重、移动平均，还有*模式*。


# %%
def evaluate(network, images, labels): ...  # network(images).argmax(1) == labels，然后呢？


cs.lessons.check("15.4", evaluate)

# %% [markdown] en="16a03ea9"
# ## 一步没走，答案变了
#
# 一个常见的谜：只做前向计算，没有优化器，之后的评估结果却不同了。在训练模式下让网络看几次反色的数字，一次一个批量，不求梯度。

# %%
inverted = 1 - unseen[:64]
passes = cs.experiments.follow_forward_passes(network, inverted, unseen, truth)
cs.lessons.show(passes)
before, after = passes.accuracies[0], passes.accuracies[-1]
cs.lessons.claim(
    "15.forward",
    passes.weight_change == 0 and before - after > 0.05,
    passes=len(passes.accuracies) - 1,
    before=before,
    after=after,
    weights=passes.weight_change,
)

# %% [markdown] en="84c3a8cd"
# 移动平均不是参数，优化器碰不到它们；“冻结”的层只要还处在训练模式，照样会移动它们。
#
# ## 学得更快？
#
# **运行之前先定规则**：三个隐藏层，ReLU，六轮，六个学习率，三个种子。比较两次：学习率相同时，以及各用自己最好的学习率时。所谓更快是指：有批量规范化的最差的种子，损失也低于没有时最好的种子。第三个参赛者没有规范化，但起点更好（Kaiming 初始化，第 2 课）。

# %%
race = cs.experiments.race_normalization()
cs.lessons.show(race)
mean = {kind: (sum(race.at(kind, 0.1)) / 3, sum(race.best(kind)[1]) / 3) for kind in race.losses}
cs.lessons.claim(
    "15.equal_rate",
    max(race.at("batch norm", 0.1)) < min(race.at("plain", 0.1)),
    epochs=race.epochs,
    norm=mean["batch norm"][0],
    plain=mean["plain"][0],
)
cs.lessons.claim(
    "15.best_rate",
    max(race.best("batch norm")[1]) < min(race.best("plain")[1]),
    norm=mean["batch norm"][1],
    plain=mean["plain"][1],
    kaiming=mean["kaiming"][1],
)
counts = {kind: len(race.learning_rates(kind)) for kind in race.losses}
cs.lessons.claim(
    "15.rates",
    counts["batch norm"] > counts["kaiming"] and counts["batch norm"] > counts["plain"],
    norm=counts["batch norm"],
    plain=counts["plain"],
    kaiming=counts["kaiming"],
    tried=len(race.rates),
)

# %% [markdown] en="272ced28"
# ## LeNet，学习率 1.0
#
# 教科书在 LeNet 的每个 sigmoid 之前加上批量规范化，把学习率提高到 1.0，在 Fashion-MNIST 上以 256 为批量训练。先看四个学习率下训练三轮后，在留出图像上的准确率；再按书中的学习率（没有时 0.9，有时 1.0）各训练五个种子，直到第十轮。

# %%
tried = {(row["network"], row["rate"]): row for row in cs.lessons.stored("batch_norm_rates").rows}
gains = [
    100 * (row["validation_accuracy"] - tried["lenet", rate]["validation_accuracy"])
    for (name, rate), row in tried.items()
    if name == "lenet-bn"
]
cs.lessons.claim("15.lenet_rates", min(gains) > 0, count=len(gains), least=min(gains))

# %%
runs = cs.lessons.stored("batch_norm_seeds")
others = cs.lessons.stored("lenet_seeds")
compared = cs.experiments.compare_seed_rows(
    [*runs.rows, *others.rows],
    {"rate 1.0": "LeNet + BN", "sigmoid, average": "LeNet", "relu, max": "LeNet, ReLU + max"},
)
cs.lessons.show(compared)
goal = 0.75
waits = {name: compared[name].longest_wait(goal) + 1 for name in ("LeNet + BN", "LeNet")}
ahead = compared.difference("LeNet + BN", "LeNet")
cs.lessons.claim(
    "15.lenet",
    ahead.first_is_better and waits["LeNet + BN"] < waits["LeNet"],
    goal=goal,
    norm=waits["LeNet + BN"],
    plain=waits["LeNet"],
    points=100 * ahead.mean,
    p=ahead.p_value,
)
with_norm = cs.experiments.seconds_to_accuracy(runs.rows, "rate 1.0", goal)
without = cs.experiments.seconds_to_accuracy(others.rows, "sigmoid, average", goal)
changed = compared["LeNet, ReLU + max"].median

# %% [markdown] en="261c05d6"
# 每一轮花的时间更长，所以也要看钟表：认对四分之三，一个核心用 {{with_norm:.0f}} 秒，没有批量规范化时用 {{without:.0f}} 秒（{{runs.date}}）。而且它不是唯一的办法：用 ReLU 与最大汇聚的 LeNet（第 12 课）没有规范化，最后的中位数是 {{changed:.3f}}。
#
# ## 测试曲线忽高忽低
#
# 训练很顺利，测试准确率却上蹿下跳：这个问题一再有人问。人们首先怀疑学习率太大。拿它的十分之一来比较：从一轮到下一轮，准确率最多下降多少？

# %%
rates = {"rate 1.0": "1.0", "rate 0.1": "0.1"}
tested = cs.experiments.compare_seed_rows(runs.rows, rates)
learned = cs.experiments.compare_seed_rows(runs.rows, rates, curve="train_accuracy")
cs.lessons.show(tested, "text")
falls = {rate: 100 * tested[rate].largest_fall for rate in rates.values()}
trained = 100 * max(learned[rate].largest_fall for rate in rates.values())
cs.lessons.claim(
    "15.jumps",
    trained < 2 and min(falls.values()) > 5,
    fast=falls["1.0"],
    slow=falls["0.1"],
    trained=trained,
)

# %% [markdown] en="79f0cf1e"
# 可见问题不在学习率，而训练准确率是平稳的。评估用了什么训练时不用的东西？移动平均。它大约记得最近十个批量，而权重每一步都在变，所以记住的是一个已经不存在的网络的平均。这可以检验：在同一步、用同样的权重，在全部训练图像上重新求平均，评估两次。
#
# **运行之前先定规则**：三个种子；每个种子的两次评估之间的平均跳动，至少要减小四分之一。

# %%
lag = cs.experiments.follow_lag()
cs.lessons.show(lag)
moving, restated = lag.jumps("moving"), lag.jumps("restated")
cs.lessons.claim(
    "15.lag",
    all(new < 0.75 * old for new, old in zip(restated, moving, strict=True)),
    moving=100 * sum(moving) / len(moving),
    restated=100 * sum(restated) / len(restated),
)

# %% [markdown] en="4b01af66"
# 所以，在这样的训练中途，单独一个测试准确率说明不了什么。有帮助的正是刚才所做的：下结论之前，先重新求平均（`cs.experiments.restate_averages`）。
#
# ## 它为什么有效？
#
# 论文的回答是：网络学习时，各层输入的分布在变（“内部协变量偏移”），规范化使它们稳定下来。这两半都可以测量。在每个规范化后面加随机噪声，其均值与标准差*每一步*都不同。如果拖慢学习的就是偏移，这样做必定有害。
#
# **运行之前先定规则**：三个种子，每种网络用两个学习率中较好的一个；对每个种子，加噪声的网络必须比普通网络偏移得更多，最后的损失却更低。

# %%
shift = cs.experiments.measure_covariate_shift()
cs.lessons.show(shift)
noisy = "noisy batch norm"
cs.lessons.claim(
    "15.shift",
    min(shift.shifts[noisy]) > max(shift.shifts["plain"])
    and max(shift.losses[noisy]) < min(shift.losses["plain"]),
    noisy=shift.shift(noisy),
    plain=shift.shift("plain"),
    noisy_loss=shift.loss(noisy),
    plain_loss=shift.loss("plain"),
)

# %% [markdown] en="9695f171"
# 那么能说的是什么？可用的学习率更多，起点不那么要紧：这是上面测出来的。至于原因，至今仍有争论；如今常见的看法是损失曲面变得更平滑，本课没有检验它。
#
# ## 在别处看同样的内容
#
# - `convscope train lenet-bn fashion-mnist --recipe book` 就是“LeNet，学习率 1.0”一节。
# - `convscope evaluate` 与 `predict` 始终用预测模式；`convscope show lenet-bn` 列出各层。
# - 来源：Ioffe 与 Szegedy，*Batch normalization*，2015；Santurkar 等，*How does batch normalization help optimization?*，2018。

# %%
cs.lessons.end()
