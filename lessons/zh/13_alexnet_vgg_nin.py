# %% [markdown] en="554f2f38"
# # 13 · AlexNet、VGG 与 NiN
#
# **学完本课你会知道**
#
# - 使网络变深的三个想法，以及它们每一层的形状；
# - 这类网络的参数在哪里，计算又在哪里；
# - AlexNet 第一层的输出是 54、55 还是 56，以及这有没有关系；
# - 为什么损失会永远停在 2.3026，这种事有多常见，怎样避免。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行约半分钟。

# %%
from functools import partial

import torch

import convscope as cs

lesson = cs.lessons.begin(13)

# %% [markdown] en="ca94ebef"
# 需要先学第 8、9、12 课。
#
# ## 1 · AlexNet：更宽，加上暂退法
#
# AlexNet（2012）是长大了的 LeNet：五个卷积层、三个全连接层，用 ReLU、窗口相互重叠的最大汇聚（池化）
# 和暂退法。从上到下读这些形状，每一行都说说为什么变。图像是 1×224×224，与教科书相同：放大后的
# Fashion-MNIST。

# %%
alexnet = cs.trace("alexnet")
cs.lessons.show(alexnet, "text")
shapes = list(dict.fromkeys(layer.output_shape for layer in alexnet.layers))
published = [
    (96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (256, 5, 5),
    (6400,), (4096,), (10,),
]  # fmt: skip
cs.lessons.claim("13.alexnet", shapes == published, shapes=len(shapes))

# %% [markdown] en="559a07d7"
# ## 2 · VGG：块
#
# VGG（2014）反复使用同一种块：几个保持高和宽的 3×3 卷积层，再加一次使高和宽减半的汇聚。VGG-11 有五个块，
# 卷积层数为 1、1、2、2、2，通道数为 64、128、256、512、512，后面接与 AlexNet 一样的全连接层。VGG-13、16、19
# 只是块里的卷积层更多。

# %%
vgg = cs.trace("vgg11")
pooled = [layer.output_shape for layer in vgg.layers if layer.kind == "max pooling"]
halved = [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]
names = ("vgg11", "vgg13", "vgg16", "vgg19")
deeper = cs.experiments.count_network_costs({name: (name, (1, 224, 224)) for name in names})
cs.lessons.show(deeper, "text")
layers = [row.convolutions + row.dense for row in deeper.rows]
cs.lessons.claim(
    "13.vgg",
    pooled == halved and layers == [11, 13, 16, 19],
    last=pooled[-1][1],
    layers=", ".join(map(str, layers)),
)

# %% [markdown] en="08e17a4c"
# 名字里的数字是带权重的层数。教科书训练 VGG-11 时只用四分之一的通道
# （`cs.build("vgg11", width=0.25)`），因为整个网络太费时间。
#
# ## 3 · NiN：没有全连接层
#
# NiN（Network in Network，2013）在每个卷积层后面加两个 1×1 卷积层，相当于在每个像素上放一个小的全连接网络。
# 最后一个块有十个通道，每个类别一个；每张图的平均值*就是*这个类别的输出。全连接层一个也不剩。
#
# **练习 13.1（N）** 继续之前先算出两个数：AlexNet 的第一个全连接层（6,400 到 4,096）有多少参数？NiN 的整个
# 最后一块（一个从 384 到 10 个通道的 3×3 卷积层，加两个从 10 到 10 的 1×1 卷积层）又有多少？

# %%
answer = None
cs.lessons.check("13.1", answer)

# %%
nin = cs.trace("nin")
maps = list(dict.fromkeys(layer.output_shape for layer in nin.layers))
ends = maps[0] == (96, 54, 54) and maps[-3:] == [(10, 5, 5), (10, 1, 1), (10,)]
dense = [layer for layer in nin.layers if layer.kind == "dense"]
fewer = alexnet.parameters / nin.parameters
cs.lessons.claim("13.nin", ends and not dense and fewer > 20, fewer=fewer, left=nin.parameters)

# %% [markdown] en="9b10709d"
# ## 4 · 参数在哪里，计算在哪里

# %%
costs = cs.experiments.count_network_costs(
    {
        "AlexNet": ("alexnet", (1, 224, 224)),
        "VGG-11": ("vgg11", (1, 224, 224)),
        "NiN": ("nin", (1, 224, 224)),
        "AlexNet, 28 px": ("alexnet-32px", (1, 28, 28)),
        "VGG-11, 28 px": ("vgg11-32px", (1, 28, 28)),
        "NiN, 28 px": ("nin-32px", (1, 28, 28)),
    }
)
cs.lessons.show(costs)
held = min(costs["AlexNet"].dense_share, costs["VGG-11"].dense_share)
done = min(costs["AlexNet"].convolution_share, costs["VGG-11"].convolution_share)
dense_work = 1 - costs["AlexNet"].convolution_share
cs.lessons.claim("13.dense", held > 0.9 and done > 0.9, held=held, done=done)

# %% [markdown] en="92f17cc1"
# AlexNet 的参数有 {{costs[AlexNet].dense_share:.0%}} 在全连接层，而全连接层只做 {{dense_work:.0%}} 的计算。
# NiN 省下了几乎所有参数，时间却没省多少。
#
# 小图像不需要大图像的窗口：后三行是同样的思路，但为 28 到 32 像素而设，第一个卷积核小，步幅大于 1 的层也少。

# %%
savings = [costs[name].macs / costs[f"{name}, 28 px"].macs for name in ("AlexNet", "VGG-11", "NiN")]
cs.lessons.claim("13.small", min(savings) > 2, least=min(savings), most=max(savings))

# %% [markdown] en="2b051e29"
# ## 5 · 54、55 还是 56？
#
# 论文说图像是 224 像素，图中的特征图却是 55×55；224 像素不填充得不到它。Caffe 用 227 像素，别人用填充；
# 教科书得到 54。
#
# **练习 13.2（N）** 卷积核 11×11，步幅 4。下面四种情况，特征图各有多高：224 像素，每侧填充 1；224，每侧填充
# 2；227，不填充；224，上面填充 3、下面填充 4？四个数。

# %%
answer = None
cs.lessons.check("13.2", answer)

# %%
first = cs.experiments.measure_first_maps()
cs.lessons.show(first, "text")
heights = [
    first.height(given)
    for given in ("224, padding 1", "224, padding 2", "227, no padding", "224, padding 3 and 4")
]
cs.lessons.claim("13.sizes", heights == [54, 55, 55, 56], heights=", ".join(map(str, heights)))

# %% [markdown] en="270f0ae2"
# 所以三个数都对，各对应一种读法；把一种读法的尺寸配到另一种上才是错的。用一种读法训练的权重，也放不进另一种：
# 看最后一列就知道。
#
# 准确率会因此不同吗？规则在运行之前就定好：通道很少的 AlexNet，每种读法 **n = 8** 个相同的种子；Fashion-MNIST
# 的 1,500 幅训练图像，6 轮，1,000 幅测试图像。“没有关系”是指：其余三种读法与教科书的成对差异，百分之九十五置信区间都落在
# 2 个百分点以内。“有关系”是指：有一个区间整个落在外面。其余情况：无法判定。

# %%
kept = cs.lessons.stored("alexnet_inputs")
trials = cs.experiments.read_input_trials(kept.rows)
cs.lessons.show(trials)

# %%
others = [
    trials.difference(given)
    for given in ("224, padding 2", "227, no padding", "224, padding 3 and 4")
]
largest = max(abs(each.mean) for each in others)
within = [each.is_within(2) for each in others]
reach = max(max(-each.low, each.high) for each in others)
no_matter = False if False in within else None if None in within else True
cs.lessons.claim("13.no_matter", no_matter, largest=largest, pairs=others[0].pairs)

# %% [markdown] en="10a04329"
# 平均值最多相差 {{largest:.1f}} 个百分点，但八个种子的区间可达离 0 有 {{reach:.1f}} 个百分点之处，超出了规则的 2。
# 所以在这里，“没有关系”只是猜测，“有关系”也一样。
#
# ## 6 · 放大有用吗？
#
# Fashion-MNIST 只有 28 像素；教科书把它放大到 224，是因为 AlexNet 的窗口需要。放大不增加任何信息，只增加计算。
# 表的最后一行是同一个网络直接读原图，第一个卷积核为 3×3。规则：28 减 224 的差异，整个区间在 0 以下，则“放大提高
# 准确率”成立；整个区间在 0 以上，则不成立。

# %%
plain = trials.difference("28")
times = trials.seconds["224, padding 1"] / trials.seconds["28"]
cs.lessons.claim(
    "13.enlarging", plain.is_below(0), mean=-plain.mean, low=-plain.high, high=-plain.low
)
cs.lessons.claim("13.work", times > 2, times=times)

# %% [markdown] en="a31a0cc1"
# 信息没有增加，放大的图像却赢了。它换来的是计算：用时为 {{times:.1f}} 倍，每一层的特征图都更大。究竟是像素、
# 计算量，还是不同的第一个卷积核起了作用，这个比较说不清；大网络走很多步会怎样，也说不清。
#
# ## 7 · 暂退法有什么用
#
# 训练时，暂退法以 ½ 的概率把每个隐藏单元设为 0，每幅图像重新抽取。人们说它有两个好处：缩小训练图像与测试图像
# 之间的差距；提高测试准确率。这是两回事。规则：**n = 10** 个种子，每个种子用与不用各训练一次；1,000 幅训练图像，
# 24 轮，2,000 幅测试图像；成对差异的整个百分之九十五置信区间在 0 的一侧，说法才算成立或不成立。

# %%
gaps = cs.experiments.read_dropout_gaps(cs.lessons.stored("alexnet_dropout").rows)
cs.lessons.show(gaps)
narrower = gaps.gap
cs.lessons.claim(
    "13.gap", narrower.is_below(0), mean=-narrower.mean, low=-narrower.high, high=-narrower.low
)

# %%
better = gaps.held_out
cs.lessons.claim(
    "13.dropout", better.is_below(0), mean=better.mean, low=better.low, high=better.high
)

# %% [markdown] en="c7fc9748"
# 再看“训练途中所见”那一列：程序显示的训练准确率是*丢掉了单元*时的。仅凭这一点，测试准确率就可能比它高。
#
# ## 8 · 损失 2.3026
#
# “损失停在 2.3026，准确率百分之十”，这是人们说起 NiN 时常见的抱怨。这个数是哪里来的？我们故意弄坏一个 NiN：
# 把最后的偏置都改成 −1，于是后面的 ReLU 对每个类别、每幅图像都输出 0。
#
# **练习 13.3（P）** *运行下一格之前*先回答：训练这个网络会怎样？“a”：损失为 0，因为输出全是 0。“b”：损失为
# 2.3026，一旦权重开始变化就会下降。“c”：损失为 2.3026，而且没有一个权重会变。

# %%
answer = None
cs.lessons.check("13.3", answer)

# %%
digits = cs.load("digits", "test", size=28)
images = torch.from_numpy(digits.images[:100]).float() / 255
labels = torch.from_numpy(digits.labels[:100])

broken = cs.experiments.silence_classes(cs.experiments.build_small_nin())
dead = cs.experiments.measure_loss_and_gradient(broken, images, labels)
cs.lessons.show(dead, "text")
guessing = torch.tensor(10.0).log().item()
cs.lessons.claim(
    "13.dead",
    abs(dead.loss - guessing) < 1e-6 and dead.largest_gradient == 0,
    loss=dead.loss,
    parameters=dead.parameters,
)

# %% [markdown] en="6e757b0b"
# 十个相等的输出使每个类别的概率都是 1/10，而 −ln(1/10) = ln 10 = 2.3026：这就是瞎猜的损失。ReLU 输出 0
# 的地方斜率也是 0，所以 {{dead.parameters:,}} 个参数没有一个得到任何信息。再怎么调学习率、再怎么等，也救不回来。
#
# PReLU 在 0 以下也有斜率。同样弄坏的偏置：

# %%
bent = cs.experiments.silence_classes(cs.experiments.build_small_nin(prelu=True))
alive = cs.experiments.measure_loss_and_gradient(bent, images, labels)
cs.lessons.show(alive, "text")
cs.lessons.claim("13.prelu", alive.largest_gradient > 1e-4, gradient=alive.largest_gradient)

# %% [markdown] en="bf445960"
# ## 9 · 还没训练就沉默
#
# 没有人会把偏置设成 −1。但请看*未经训练*的书中 NiN：对 128 幅手写数字图像全都为 0 的类别图，十张里已经有几张？
# 每种起点试二十次。

# %%
small = cs.experiments.build_small_nin
silent = cs.experiments.measure_silence(
    {
        "book": (small, "xavier"),
        "Kaiming": (small, "kaiming"),
        "no last ReLU": (partial(small, last_relu=False), "xavier"),
    }
)
cs.lessons.show(silent)
book, without = silent["book"], silent["no last ReLU"]
cs.lessons.claim(
    "13.silent",
    book.mean_dead_classes > 2 and max(without.dead_classes) == 0,
    mean=book.mean_dead_classes,
    units=book.mean_dead_units,
)

# %% [markdown] en="d8c20dfb"
# 为什么这么多？信号过一次 ReLU 就少一半，Xavier 的权重补不回来。过了十二层，所有图像看起来都一样，剩下的只有
# 偏置，而偏置约有一半是负的。Kaiming 的权重更宽：

# %%
wider = silent["Kaiming"].median_spread / book.median_spread
cs.lessons.claim("13.spread", wider > 10, wider=wider)

# %% [markdown] en="bdc86c39"
# ## 10 · 二十次起点
#
# 有人会说：“再跑几次，总会碰上运气。”要跑几次？教科书的代码库里保存着各版本 NiN 的 101 次输出，其中 8 次失败：
# 测试图像最多认对五分之一。这说明失败的比例是多少？

# %%
least, most = cs.experiments.wilson_interval(8, 101)
again = 1 / most**2

# %% [markdown] en="8a2d8240"
# 在 {{least:.0%}} 到 {{most:.0%}} 之间（百分之九十五置信水平）。所以在那里再试一次是划算的：即使按上限算，两次都失败也要
# {{again:.0f}} 次才遇到一次。
#
# 我们无法在这里把那个 NiN 训练二十次。我们的更小：通道为八分之一，28 像素，Fashion-MNIST 的 4,000 幅图像，
# 批量 32，只走 **500 步**，而书中是 4,690 步。所以失败的比例只属于这个网络。规则在运行之前就定好：每种起点
# **n = 20** 个种子，各起点用同样的二十个。*学会*：最后测试图像认对五分之一以上。*死亡*：类别图对 500 幅测试图像全
# 为 0。*停滞*：两者都不是。比例的区间用 Wilson 公式。

# %%
stored = cs.lessons.stored("nin_starts")
starts = cs.experiments.read_start_trials(stored.rows)
cs.lessons.show(starts)
low, high = starts.interval("book")
failed = 20 - starts.count("book", "learned")
cs.lessons.claim("13.lucky", low > 0.5, failed=failed, low=low, high=high)

# %% [markdown] en="f050b3ec"
# 别人首先会建议换学习率、预热、裁剪梯度。规则：即使照做，失败的起点仍至少占一半（看区间下端），就算*没有帮助*；
# 区间上端低于书中起点的区间下端，就算*有帮助*。

# %%
advice = ("lower rate", "higher rate", "higher rate, warm-up", "higher rate, clipping")
of_advice = [starts.interval(name) for name in advice]
helps = any(end < low for _, end in of_advice)
useless = all(begin > 0.5 for begin, _ in of_advice)
dead = starts.count("higher rate", "dead")
most_learned = max(starts.count(name, "learned") for name in advice)
cs.lessons.claim(
    "13.advice", True if useless else False if helps else None, dead=dead, learned=most_learned
)

# %% [markdown] en="b1927299"
# 真正有用的，正是前面各节所指的：初始权重更宽，或者用规范化使每一层的信号宽窄合适（第 15 课）。

# %%
cures = {name: starts.interval(name)[1] for name in ("Kaiming", "batch normalization")}
kaiming, normalized = (starts.count(name, "learned") for name in cures)
cs.lessons.claim(
    "13.cured",
    max(cures.values()) < low,
    kaiming=kaiming,
    normalized=normalized,
    high=max(cures.values()),
)

# %% [markdown] en="aa837545"
# 那么多等一等呢？最后几幅图的步数是四倍，取其中五个种子。

# %%
waited = starts.count("no last ReLU, patience", "learned")
silenced = starts.count("no last ReLU", "dead") + starts.count("no last ReLU, patience", "dead")
patient = starts.count("book, patience", "learned")
cs.lessons.claim("13.patience", waited == 5 and silenced == 0, learned=waited)

# %% [markdown] en="0071b8f8"
# 去掉最后的 ReLU，就没有什么会死，停滞的最后都能学会。保留它，同样的五次中，这段时间里学会的有 {{patient}} 次：
# 在那里，等也不是办法。

# %% [markdown] en="7ce29b01"
# **练习 13.4（D）** 用手写数字图像，使小型 NiN 五次起点全部成功：6 轮、每轮 45 步之后，五个种子的测试图像都要
# 认对一半以上。选择 `initialization`（"default"、"xavier"、"kaiming"）、`last_relu`、`batch_norm`（True 或
# False）和 `learning_rate`。一遇到失败的种子，检查就停下。

# %%
design = None  # dict(initialization=..., last_relu=..., batch_norm=..., learning_rate=...)
cs.lessons.check("13.4", design)

# %% [markdown] en="bc8c72aa"
# ## 在别处看同样的内容
#
# - `convscope show alexnet`、`vgg16`、`nin`：各层、形状、开销；加 `--drawing` 可以画图；
# - `convscope doctor RUN` 说明一次训练为什么没学会，死亡单元是原因之一；
# - `convscope train nin-32px fashion-mnist --seeds 5`：用于小图像的 NiN，它没有最后的 ReLU。

# %%
cs.lessons.end()
