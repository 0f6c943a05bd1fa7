# %% [markdown] en="813417eb"
# # 12 · LeNet 与公平的比较
#
# **学完本课你会知道**
#
# - 卷积网络的五个部分，以及 LeNet 每一层输出的形状；
# - “Expected 4-dimensional input” 这条报错要你做什么；
# - 为什么一个写对了的 LeNet 也会二十轮都停在十分之一，怎样让它动起来；
# - 怎样说一个网络比另一个好，而不欺骗自己。

# %%
import tempfile

import torch

import convscope as cs

lesson = cs.lessons.begin(12)

# %% [markdown] en="84b34856"
# **时间**：阅读 {{lesson.minutes}} 分钟，运行只需几十秒。需要先学第 7、8、10 课。
#
# ## 1 · 五个部分
#
# 用于分类的卷积网络由输入、卷积、汇聚（池化）、全连接层和 softmax 组成。Convscope
# 能把任何模型画出来，并标明这几个部分；下面是 LeNet。图是从模块本身画出来的，模块里没有的层，
# 图上也不会有。

# %%
drawing = cs.draw("lenet")
cs.lessons.show(drawing, "figure")
parts = {step.part for step in drawing.steps} & {
    "input", "convolution", "pooling", "dense", "softmax",
}  # fmt: skip
cs.lessons.claim("12.parts", len(parts) == 5, count=len(parts))

# %% [markdown] en="65325ba9"
# ## 2 · 形状
#
# **练习 12.1（N）** LeNet 的第二个卷积层（6 个通道到 16 个通道，5×5）和第一个全连接层（400 到
# 120）各有多少参数（权重加偏置）？先算出这两个数，再看下面的表。

# %%
answer = None
cs.lessons.check("12.1", answer)

# %% [markdown] en="40487755"
# 从上到下读这张表，每一行都说说形状*为什么*变。5×5 的卷积核配上 2 的填充，高和宽不变；不填充就少
# 4；汇聚使其减半。

# %%
trace = cs.trace("lenet")
cs.lessons.show(trace, "text")
shapes = list(dict.fromkeys(layer.output_shape for layer in trace.layers))
published = [
    (6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (400,), (120,), (84,), (10,),
]  # fmt: skip
cs.lessons.claim("12.shapes", shapes == published, shapes=len(shapes))

# %% [markdown] en="d25f1f54"
# 参数和计算量不在同一处：几乎所有参数都在全连接层，几乎所有计算都在卷积层。
#
# 它的一个小亲戚，常是课程里的第一个网络：1×32×32 的图像、3×3 的卷积核、ReLU 和最大汇聚。
# 有多少个数到达它的第一个全连接层？尺寸错误多半出在这里。

# %%
small = cs.trace("small")
cs.lessons.show(small, "text")
flattened = next(layer.output_shape[0] for layer in small.layers if layer.kind == "flatten")
cs.lessons.claim("12.flattened", flattened == 16 * 6 * 6, flattened=flattened)

# %% [markdown] en="e5a51d50"
# ## 3 · “Expected 4-dimensional input”
#
# 网络要的是一个*批量*：（图像数，通道，高，宽）。单幅图像只有三个轴。PyTorch 的卷积层照样收下，
# 错误要到几层之后才以别的说法冒出来。

# %%
network = cs.build("lenet")
image = torch.zeros(1, 28, 28)

maps = network.features(image)  # 还没有任何报错
try:
    network.classifier(network.flatten(maps))
except RuntimeError as error:
    print("PyTorch, four layers later:", error)

message = ""
try:
    network(image)
except cs.UsageError as error:
    message = str(error)
    print("Convscope, at once:", message)

logits = network(image[None])  # 按报错给出的改法
mended = tuple(logits.shape) == (1, 10)
cs.lessons.claim("12.batch_axis", "image[None]" in message and mended, shape=tuple(logits.shape))

# %% [markdown] en="0733c4f3"
# ## 4 · 图像从哪里来
#
# 可以用名字：`digits`（内置）、`fashion-mnist`、`mnist`、`cifar10`；也可以用你自己的文件夹，
# 每个类别一个子文件夹。把手写数字图像写成文件再读回来，逐位不变：本课看到的，对你的文件夹同样成立。

# %%
digits = {split: cs.load("digits", split) for split in ("train", "test")}
with tempfile.TemporaryDirectory() as folder:
    for split, images in digits.items():
        cs.experiments.write_image_folder(images, f"{folder}/{split}")
    unchanged = all(
        cs.experiments.same_images(cs.load(folder, split, size=8), images)
        for split, images in digits.items()
    )
files = sum(len(images.labels) for images in digits.values())
cs.lessons.claim("12.folder", unchanged, files=files)

# %% [markdown] en="7b760a16"
# ## 5 · 同一配方，换了数据
#
# 教科书在 Fashion-MNIST 上训练 LeNet：10 轮，批量 256，普通的随机梯度下降，学习率高达 0.9，Xavier
# 初始化。下面会看到，它在那里行得通。现在把同样的配方用到手写数字图像上，这些图像好认得多。
#
# **练习 12.2（P）** *先作答，再运行下一格*：十幅测试图像中会认对几幅？“a”：大约九幅；“b”：
# 大约五幅；“c”：大约一幅。

# %%
answer = None
cs.lessons.check("12.2", answer)

# %%
book = cs.experiments.lenet_recipe("digits", size=28, threads=1)
stuck = cs.experiments.measure_curves("lenet", "digits", book)
cs.lessons.show(stuck)

# %% [markdown] en="12460ad6"
# 正确率：{{stuck.last_accuracy:.1%}}。损失停在 ln 10 附近，也就是瞎猜的损失。程序没有坏：
# 相同的*配方*并不是相同的*训练*。Fashion-MNIST 的十轮是 2,350 步；这里只有 {{stuck.total_steps}}
# 步。把配方搬到别的数据上时，要数步数，不要数轮数。
#
# ## 6 · 停在十分之一：学习率与初始化
#
# 光是增加步数还不够。下面四次训练各 450 步，批量 32，只有学习率和初始权重的幅度不同。Kaiming
# 的权重比 Xavier 的分布得更开。

# %%
starts = cs.experiments.map_rates(
    cs.experiments.LENET_VARIANTS["sigmoid, average"],
    "digits",
    book.replace(batch_size=32),
    rates=[0.1, 0.3],
    initializations=["xavier", "kaiming"],
    name="LeNet",
)
cs.lessons.show(starts, "text")
learned, tried = len(starts.learned), len(starts.cells)
kept = cs.lessons.stored("lenet_map")  # 后面要用的更多结果
cs.lessons.claim("12.starts", 0 < learned < tried, learned=learned, tried=tried)

# %% [markdown] en="d5262bc7"
# 整张图要算得更久，所以是事先存好的（测于 {{kept.date}}）：四种学习率、四种初始化；一种是书中的
# sigmoid 与平均汇聚，另一种是 ReLU 与最大汇聚。

# %%
with_sigmoid = cs.experiments.rate_map_of_rows(kept.rows, "sigmoid, average")
with_relu = cs.experiments.rate_map_of_rows(kept.rows, "relu, max")
cs.lessons.show(cs.experiments.draw_rate_maps([with_sigmoid, with_relu]))
cs.lessons.claim(
    "12.relu_starts",
    len(with_relu.learned) > len(with_sigmoid.learned),
    relu=len(with_relu.learned),
    sigmoid=len(with_sigmoid.learned),
    tried=len(with_relu.cells),
)

# %% [markdown] en="331b84ea"
# 为什么？sigmoid 使信号逐层变小。权重太窄时，到了顶层所有图像看起来都一样，
# 回到第一层的梯度也所剩无几。下面是一步都还没走时的测量，取五个种子的中位数：

# %%
signals = cs.experiments.compare_start_signals(cs.experiments.LENET_VARIANTS["sigmoid, average"])
cs.lessons.show(signals)
narrow, xavier, kaiming = map(signals.gradient, ("normal", "xavier", "kaiming"))
cs.lessons.claim(
    "12.narrow",
    kaiming > 5 * xavier and xavier > 1000 * narrow,
    normal=narrow,
    xavier=xavier,
    kaiming=kaiming,
)

# %% [markdown] en="fce09266"
# 可见，停在十分之一的 LeNet 常常只是起点不好。有用的办法：更宽的权重、
# 大小合适的学习率（并非越大越好）、ReLU，或者批量规范化（第 15 课）。
#
# ## 7 · 哪个数才对？随机种子
#
# “同样的代码，我得到的准确率却不一样。”先问：真是同样的代码吗？种子相同的两次训练，
# 每个权重的每一位都必须相同。

# %%
modern = cs.experiments.LENET_VARIANTS["relu, max"]
short = book.replace(batch_size=32, learning_rate=0.1, epochs=2)
first = cs.experiments.measure_curves(modern, "digits", short)
again = cs.experiments.measure_curves(modern, "digits", short)
other = cs.experiments.measure_curves(modern, "digits", short.replace(seed=1))
same_seed = cs.experiments.weight_difference(first.network, again.network)
other_seed = cs.experiments.weight_difference(first.network, other.network)
cs.lessons.claim("12.repeat", same_seed == 0 and other_seed > 0, same=same_seed, other=other_seed)

# %% [markdown] en="3a7887a6"
# 换一个种子，就换了初始权重和图像的次序。影响有多大？先立规则，再看结果。按书中配方在
# Fashion-MNIST 上训练 LeNet，**n = 5** 个种子，取**最后**一轮（不是最好一轮）的准确率。
# 尺子是标准误 √(p(1−p)/n)，这是 10,000 幅测试图像无论如何都会留下的误差。如果种子之间的标准差更大，
# 单独一次训练就说明不了那么多。
#
# **练习 12.3（P）** *先作答，再运行下一格*：五个种子中最好与最差相差多少？“a”：不到半个百分点；
# “b”：半个到三个百分点；“c”：三个以上。

# %%
answer = None
cs.lessons.check("12.3", answer)

# %%
runs = cs.lessons.stored("lenet_seeds")
alone = cs.experiments.compare_seed_rows(runs.rows, {"sigmoid, average": "LeNet"})
cs.lessons.show(alone)
lenet = alone["LeNet"]
cs.lessons.claim(
    "12.seed",
    lenet.standard_deviation > lenet.standard_error(10_000),
    spread=100 * lenet.standard_deviation,
    error=100 * lenet.standard_error(10_000),
)

# %% [markdown] en="1778ea79"
# 中位数 {{lenet.median:.3f}}，从 {{lenet.lowest:.3f}} 到 {{lenet.highest:.3f}}。这是书里的 LeNet
# 吗？该书各个版本的笔记本中，有 181 份输出是公开的：中位数 0.806，十分之八落在 0.781 到 0.820
# 之间。规则：我们的中位数必须落在这个范围内。

# %%
cs.lessons.claim("12.book", 0.781 <= lenet.median <= 0.820, median=lenet.median)

# %% [markdown] en="092d3163"
# ## 8 · 公平的比较
#
# “ReLU 和最大汇聚更好。”“卷积网络胜过多层感知机。”有了三条规则，这样的话才能检验：
#
# - 各用**自己的**学习率。两个新来者的学习率是用留出的训练图像选的，
#   从不用测试图像（`lenet_rates`）；LeNet 用书中的；
# - 如果论断说的是层的种类，就要**大小相同**：感知机只有一个隐藏层，宽度恰好使参数与 LeNet 一样多；
# - **多个种子，检验事先说好**：各 n = 5；对平均准确率做置换检验；如果这样的差别单凭偶然，在 100
#   次比较中会出现 5 次以上，就算*未定*。

# %%
names = {"relu, max": "LeNet, ReLU + max", "mlp": "MLP", "sigmoid, average": "LeNet"}
compared = cs.experiments.compare_seed_rows(runs.rows, names)
cs.lessons.show(compared)
relu = compared.difference("LeNet, ReLU + max", "LeNet")
cs.lessons.claim("12.relu", relu.first_is_better, points=100 * relu.mean, p=relu.p_value)

# %% [markdown] en="0c14f910"
# 那么感知机呢？对书中的 LeNet，它*赢*了。对另一个 LeNet，请看判定。

# %%
plain = compared.difference("LeNet", "MLP")
cs.lessons.claim(
    "12.mlp_wins",
    plain.mean < 0 and plain.p_value <= 0.05,
    points=-100 * plain.mean,
    p=plain.p_value,
)
changed = compared.difference("LeNet, ReLU + max", "MLP")
cs.lessons.claim(
    "12.mlp_loses", changed.first_is_better, points=100 * changed.mean, p=changed.p_value
)
waited = compared["LeNet, ReLU + max"].longest_wait(0.2)

# %% [markdown] en="bf7305a4"
# “未定”也是结果：单凭偶然就会出现这样的差别。图中的色带说明了原因：五个种子里，
# 有一个在瞎猜的水平上停了 {{waited}} 轮，用的是*一个*种子训练两轮之后看起来最好的学习率，这又是第
# 6 节的问题。要在 100 次尝试中有 80 次看出这样大的差别，大约各需 {{changed.seeds_needed}} 个种子。
# 不该做的是：一直添加种子，直到判定合意；或者去掉那个不听话的种子。另外，
# 激活函数与汇聚方式是一起换的，所以这里看不出是哪一样的功劳。
#
# ## 9 · 没有 GPU
#
# “在笔记本电脑上，一分钟能认对五分之四吗？”这里量的是一个处理器核心的时间，
# 到首次认对五分之四的那一轮结束为止（{{runs.machine[processor]}}，{{runs.date}}）。

# %%
seconds = {
    shown: cs.experiments.seconds_to_accuracy(runs.rows, name, 0.8) for name, shown in names.items()
}
for shown, taken in seconds.items():
    print(f"{shown:18}", "not in 10 epochs" if taken is None else f"{taken:.0f} s")
modern_seconds = seconds["LeNet, ReLU + max"]
cs.lessons.claim(
    "12.minute", modern_seconds is not None and modern_seconds < 60, seconds=modern_seconds or 0
)

# %% [markdown] en="5f3cd9db"
# **练习 12.4（D）** 让 LeNet 学会手写数字图像：5 轮之后，测试图像至少认对十分之九。请选择
# `activation`（"sigmoid"、"relu"）、`pooling`（"average"、"max"）、`initialization`（"normal"、
# "default"、"xavier"、"kaiming"）、`learning_rate` 和 `batch_size`（不小于 16）。库用种子 0
# 训练它，并告诉你做到了多少。

# %%
design = (
    None  # dict(activation=..., pooling=..., initialization=..., learning_rate=..., batch_size=...)
)
cs.lessons.check("12.4", design)

# %% [markdown] en="dc36507a"
# ## 在别处看同样的内容
#
# - `convscope train lenet fashion-mnist --recipe book --seeds 5`：训练五个种子，训练损失、
#   训练准确率和测试准确率的曲线见于终端、TensorBoard 和报告；
# - `convscope compare` 说明几次训练之间的差别是否超出偶然；`convscope doctor RUN`
#   说明某次训练为什么学不会；
# - `convscope show lenet` 列出各层，加上 `--drawing lenet.png` 则画出网络。

# %%
cs.lessons.end()
