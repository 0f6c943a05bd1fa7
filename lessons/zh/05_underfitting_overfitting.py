# %% [markdown] en="b477238f"
# # 5 · 欠拟合与过拟合
#
# **学完本课你会知道**
#
# - 怎样用两个数分辨欠拟合与过拟合；
# - 权重衰减与暂退法（dropout）算的是什么，哪里有用，哪里毫无作用；
# - 为什么验证准确率高于训练准确率多半不是错误；
# - 增广只有造出本来可能出现的图像时才有益。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行半分钟。需要先学第 4 课。

# %%
import convscope as cs

lesson = cs.lessons.begin(5)

# %% [markdown] en="501d52f3"
# ## 太小，太大
#
# 两个误差：一个在网络学过的样本上，一个在同类的其他图像上。两个都高，是*欠拟合*；前者低而后者高，是*过拟合*。两者之差称为*差距*。
#
# 一个隐藏层，学 200 个数字，用另外 797 个来测试，只改变宽度。教科书把测试误差画成 U 形：先降后升，因为大网络“有余地死记硬背”。**运行之前先定规则**：最宽的网络若比最好的差两个百分点以上，就算有 U 形。

# %%
clean = cs.experiments.measure_over_width()
cs.lessons.show(clean)
cs.lessons.claim(
    "5.underfit",
    clean.train_error(1) > 0.5 and clean.test_error(1) > 0.5,
    train=clean.train_error(1),
    test=clean.test_error(1),
)
cs.lessons.claim(
    "5.overfit",
    clean.train_error(256) < 0.01 and clean.gap(256) > 0.05,
    train=clean.train_error(256),
    test=clean.test_error(256),
)

# %% [markdown] en="3a2b08a8"
# U 形在哪里？

# %%
largest = clean.values[-1]
loss_of_size = clean.test_error(largest) - clean.test_error(clean.best)
cs.lessons.claim(
    "5.ushape",
    loss_of_size < 0.02,
    largest=largest,
    best=clean.best,
    error=clean.test_error(largest),
    lowest=clean.test_error(clean.best),
)

# %% [markdown] en="15e732c4"
# 不过这些标签都是对的。现在每十个标签有四个是错的，于是有了*不该*背下来的东西。

# %%
noisy = cs.experiments.measure_over_width(wrong=0.4)
cs.lessons.show(noisy)
cs.lessons.claim(
    "5.wrong_labels",
    noisy.train_error(largest) < 0.05
    and noisy.test_error(largest) > clean.test_error(largest) + 0.2
    and noisy.test_error(64) > noisy.test_error(largest),
    train=noisy.train_error(largest),
    test=noisy.test_error(largest),
    middle=noisy.test_error(64),
)

# %% [markdown] en="158770ac"
# 凡是足够大的网络，都会把错误的标签也学进去，并为此付出代价。其中最差的不是最宽的，而是刚刚背得下来的那个。只看大小说明不了多少，更要看喂给它什么。
#
# ## 更多的样本
#
# 最可靠的办法不在网络里。

# %%
examples = cs.experiments.measure_over_examples()
cs.lessons.show(examples)
few, many = examples.values[0], examples.values[-1]
cs.lessons.claim(
    "5.examples",
    examples.gap(many) < 0.25 * examples.gap(few),
    few=few,
    many=many,
    before=examples.gap(few),
    after=examples.gap(many),
)

# %% [markdown] en="4bf1eb5b"
# ## 权重衰减
#
# 对大的权重加以惩罚：每一步都让所有权重变小一点，$w \leftarrow w - \eta\,(g + \lambda w)$。数据无法作出决定的地方，它最重要：200 个输入，20 个样本，能完全拟合所有样本的直线无穷多。

# %%
decay = cs.experiments.compare_decay()
cs.lessons.show(decay)
without, with_decay = decay.courses[0.0], decay.courses[3.0]
reached = with_decay.test[-1]
cs.lessons.claim(
    "5.no_decay",
    without.train[-1] < 1e-9 and without.test[-1] > 0.5 * without.test[0],
    train=without.train[-1],
    first=without.test[0],
    last=without.test[-1],
)
cs.lessons.claim(
    "5.decay",
    decay.gap(3.0) < 0.01 * decay.gap(0.0) and with_decay.norm < 0.1 * without.norm,
    gap=decay.gap(3.0),
    old_gap=decay.gap(0.0),
    norm=with_decay.norm,
    old_norm=without.norm,
)

# %% [markdown] en="6204d1ac"
# 看起来大获成功。但是，总是回答平均值，误差就是 {{decay.guessing:.3f}}；有衰减时是 {{reached:.3f}}。衰减使网络免于胡说；20 个样本没有说出的东西，它也补不出来。
#
# ## 暂退法（dropout）
#
# 训练时，每个单元以概率 p 变为 0，其余的除以 1 − p。预测时什么也不做。
#
# **练习 5.1（N）** 某单元的值是 3，暂退法的 p = 0.25。(1) 训练时若幸存，它是多少？(2) 训练时平均是多少？(3) 预测时是多少？

# %%
answer = None  # 例如 [1, 2, 3]
cs.lessons.check("5.1", answer)

# %%
dropped = cs.experiments.measure_dropout()
cs.lessons.show(dropped)
triples = [*zip(dropped.probabilities, dropped.zeros, dropped.means, strict=True)]
cs.lessons.claim(
    "5.dropout",
    max(dropped.differences) < 1e-12 and all(abs(zero - p) < 0.01 for p, zero, _ in triples),
    difference=max(dropped.differences),
    zeros=dropped.zeros[2],
)
cs.lessons.claim(
    "5.dropout_mean",
    all(abs(mean - 1) < 0.05 for _, _, mean in triples),
    off=max(abs(mean - 1) for _, _, mean in triples),
)
cs.lessons.claim(
    "5.prediction_off", dropped.prediction_change == 0, change=dropped.prediction_change
)

# %% [markdown] en="c2caf0b0"
# **练习 5.2（F）** 把它写出来。`kept` 是与 `x` 形状相同的数组，单元幸存处为 1，丢弃处为 0。


# %%
def dropout(x, p, kept, training): ...


cs.lessons.check("5.2", dropout)

# %% [markdown] en="071df2ab"
# ## 验证比训练还好？
#
# 看上去像是错误，也常有人当错误来问。可是日志里这两个数的来历不同。训练准确率是每个小批量在更新*之前*的准确率，再对整轮求平均，所以前面答得差的也算在内；而且测的时候暂退法是*开着*的。验证准确率则在一轮之后测，暂退法是关着的。下图给出第三个数：用测验证的方法来测训练图像。

# %%
logs = cs.experiments.follow_logs(dropout=0.7)
plain_logs = cs.experiments.follow_logs(dropout=0.0)
cs.lessons.show(logs)
cs.lessons.show(plain_logs, "text")
epochs = len(logs.logged)
cs.lessons.claim(
    "5.average",
    plain_logs.validation[0] > plain_logs.logged[0] + 0.05,
    validation=plain_logs.validation[0],
    logged=plain_logs.logged[0],
)
cs.lessons.claim(
    "5.mode",
    logs.flattered >= epochs - 1 and plain_logs.flattered <= 3,
    with_dropout=logs.flattered,
    without=plain_logs.flattered,
    epochs=epochs,
)
cs.lessons.claim("5.fair", logs.fair == plain_logs.fair == 0, count=logs.fair + plain_logs.fair)

# %% [markdown] en="7988fed7"
# ## 它们有用吗？
#
# “权重衰减毫无作用。”“暂退法毫无作用。”有时的确如此。**运行之前先定规则**：一个 128 单元的隐藏层，20 个种子；差距指测试损失减训练损失；若成对差值的百分之九十五置信区间全在 0 的一侧，差别才算数。只有整个区间都在一个百分点之内，才说对准确率“毫无作用”。

# %%
stored = cs.lessons.stored("regularizers")
thousand = cs.experiments.read_regularizers(stored.rows, examples=1000)
cs.lessons.show(thousand)
gap, points = thousand.gap_difference("dropout"), thousand.accuracy_difference("dropout")
cs.lessons.claim("5.dropout_gap", gap.is_below(0), mean=gap.mean, low=gap.low, high=gap.high)
cs.lessons.claim(
    "5.dropout_accuracy", points.is_above(0), mean=points.mean, low=points.low, high=points.high
)

# %%
gap, points = thousand.gap_difference("weight decay"), thousand.accuracy_difference("weight decay")
norms = [thousand.mean(setting, "norm") for setting in ("none", "weight decay")]
cs.lessons.claim(
    "5.decay_gap",
    gap.is_below(0) and norms[1] < norms[0],
    mean=gap.mean,
    low=gap.low,
    high=gap.high,
    before=norms[0],
    after=norms[1],
)
cs.lessons.claim(
    "5.decay_accuracy", points.is_below(0), mean=points.mean, low=points.low, high=points.high
)

# %% [markdown] en="b648fec2"
# 可见权重衰减是从错误的一头缩小差距的：训练损失升高了。差距小，不等于网络好。如果样本不是一千个，而是一百个呢？

# %%
hundred = cs.experiments.read_regularizers(stored.rows, examples=100)
cs.lessons.show(hundred, "text")
points = hundred.accuracy_difference("dropout")
cs.lessons.claim(
    "5.dropout_nothing", points.is_within(1), mean=points.mean, low=points.low, high=points.high
)

# %% [markdown] en="4aad947b"
# 测于 {{stored.date}}。请在*你自己的*数据上试，试几种强度，用几个种子：只跑一次，看到的差别还不如种子之间的差别大。
#
# ## 增广
#
# 既然更多的样本是良方，那就造一些：镜像翻转，裁出另一部分，改变颜色，遮住一块（*cutout*），把两幅图像连同标签混合（*mixup*）。

# %%
gallery = cs.experiments.show_augmentations()
cs.lessons.show(gallery)
shares = {name: gallery.changed(name) for name in gallery.images}
cs.lessons.claim(
    "5.gallery",
    shares["original"] == 0 and all(shares[name] > 0 for name in shares if name != "original"),
    changes=len(shares) - 1,
    crop=shares["crop"],
    cutout=shares["cutout"],
)

# %% [markdown] en="3d5f2e85"
# 每一种都对世界有所断言：“翻转之后还是同一个东西。”是吗？
#
# **练习 5.3（P）** 网络学习时，有一半的数字被左右翻转。测试准确率会：(a) 升高一个百分点以上，(b) 变化在一个百分点之内，(c) 下降一个百分点以上？

# %%
guess = None
cs.lessons.check("5.3", guess)

# %%
live = [
    cs.experiments.train_augmented("digits", change, seed)
    for seed in (0, 1)
    for change in ("none", "flip", "crop")
]
cs.lessons.show(cs.experiments.read_augmentations(live), "text")

# %% [markdown] en="cab08519"
# 两个种子只能粗看。**长时间运行之前先定规则**：八个新种子；100 个数字、300 个数字与 500 幅服装图像（Fashion-MNIST）；区间同上。

# %%
runs = cs.lessons.stored("augmentation")
augmented = cs.experiments.read_augmentations(runs.rows)
cs.lessons.show(augmented)
mirrored = augmented.difference("digits", "flip")
moved = augmented.difference("few digits", "crop")
clothes = augmented.difference("clothes", "crop")
cs.lessons.claim(
    "5.flips", mirrored.is_below(0), mean=mirrored.mean, low=mirrored.low, high=mirrored.high
)
cs.lessons.claim("5.crops", moved.is_above(0), mean=moved.mean, low=moved.low, high=moved.high)
cs.lessons.claim(
    "5.clothes", clothes.is_above(0), mean=clothes.mean, low=clothes.low, high=clothes.high
)
shirts, more = augmented.difference("clothes", "flip"), augmented.difference("digits", "crop")

# %% [markdown] en="60cea0bb"
# 测于 {{runs.date}}。有 300 个数字时，裁剪带来的变化是 {{more.mean:+.1f}} 个百分点（{{more.low:+.1f}} 至 {{more.high:+.1f}}）：样本越多，得益越少。人人推荐的翻转，用在服装上变化 {{shirts.mean:+.1f}} 个百分点（{{shirts.low:+.1f}} 至 {{shirts.high:+.1f}}）。翻转的 2 不是数字；翻转的衬衫还是衬衫，但这个数据集里的鞋都朝一边，翻转教的东西有许多从不出现。只有造出本来可能出现、而又缺少的图像，改变才有益。
#
# 增广过的图像也更难学。网络学它们所需的轮数，比死记硬背要多：停得太早，只有付出，没有收获。
#
# **练习 5.4（D）** 只有一百个数字。选择 `network`（"dense" 全连接或 "convolutional" 卷积）、`change`（"none"、"flip"、"crop"、"flip and crop"）、`dropout`（从 0 起，小于 1）与 `epochs`（至多 400），使没见过的数字每 100 个至少认对 88 个（取两次抽样的平均）。检查需要几秒钟。

# %%
design = None  # dict(network=..., change=..., dropout=..., epochs=...)
cs.lessons.check("5.4", design)

# %% [markdown] en="f1df2df7"
# ## 在别处看同样的内容
#
# - `convscope train small fashion-mnist --epochs 5` 一边学习，一边显示两个准确率；报告里有曲线。
# - `convscope doctor RUN` 会指出训练是否过拟合，该怎么办。
# - 来源：Krogh 与 Hertz，*A simple weight decay can improve generalization*，1991；Srivastava 等，*Dropout*，2014；Zhang 等，*Understanding deep learning requires rethinking generalization*，2017；Nakkiran 等，*Deep double descent*，2020。

# %%
cs.lessons.end()
