# %% [markdown] en="1a4223d6"
# # 11 · 感受野
#
# **学完本课你会知道**
#
# - 一个单元能看到多少像素，以及逐像素一致的三种求法；
# - 各种工具为什么对同一个网络给出不同的数，它们各自回答的是什么问题；
# - 十层 3 × 3 与五层 5 × 5 相比，省了什么，没省什么；
# - 单元所见的范围里只有中间部分起作用，以及怎样测量；
# - 三个深度的通道各响应什么。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行半分钟。

# %%
import torch

import convscope as cs

lesson = cs.lessons.begin(11)
torch.manual_seed(0)

# %% [markdown] en="a6c6abce"
# ## 一个单元看到什么
#
# 特征图里的一个数就是一个*单元*。第一层 3 × 3 卷积的单元由 3 × 3 个像素算出；第二层的单元由 3 × 3 个这样的数算出，它们的窗口互相重叠，合起来是 5 × 5 个像素。所有能改变一个单元的像素，就是它的*感受野*。
#
# 我们用互不相干的三种方法来问：**公式**把核的大小加起来；**计算图**从每个运算往回找，看它真正读了哪些数；**梯度**说出哪些像素能改变这个单元。

# %%
stack = cs.experiments.build_convolution_stack(10)
grown = cs.experiments.compare_field_methods(stack, 31, name="10 × 3×3")
cs.lessons.show(grown)

# %%
sizes = [layer.formula for layer in grown.layers]
cs.lessons.claim(
    "11.growth",
    grown.agree and sizes == [2 * n + 1 for n in range(1, 11)],
    first=sizes[0],
    last=sizes[-1],
)

# %% [markdown] en="d0cc3abe"
# 每一层增加 2 个像素：$n$ 层 3 × 3 卷积能看到 $2n + 1$ 个。
#
# **练习 11.1（F）** 写出这个公式。`layers` 是由 (核大小, 步幅) 组成的列表，从图像开始排列。大小为 $k$ 的核增加 $k - 1$ 步，一步的像素数是*之前*所有步幅的乘积。


# %%
def field(layers): ...


cs.lessons.check("11.1", field)

# %% [markdown] en="5700028e"
# ## 步幅与汇聚使感受野成倍增大
#
# 步幅为 2 之后，特征图里相邻的两个数在图像上相隔两个像素，所以后面的每个核都能伸到两倍远。VGG-11 有五次汇聚（池化）。下图的方框是每次汇聚之后，一个单元在 224 × 224 的照片上所见的范围。

# %%
vgg11 = cs.build("vgg11", in_channels=3, width=0.125)
poolings = [f"features.{place}" for place in (2, 5, 10, 15, 20)]
seen = cs.experiments.find_nested_fields(
    vgg11,
    cs.experiments.photograph("china", 224),
    {str(number): layer for number, layer in enumerate(poolings, start=1)},
)
cs.lessons.show(seen)

# %%
widths = [box.size[0] for box in seen.boxes.values()]
cs.lessons.claim("11.multiply", widths == [4, 10, 30, 70, 150], first=widths[0], last=widths[-1])

# %% [markdown] en="46b55b7d"
# ## 各种工具为什么不一致
#
# 有人用一个工具得到 40 个像素，用另一个得到 48 个；还有工具对 VGG-16 给出 308。下面是 VGG-16 五次汇聚之后的结果。

# %%
vgg16 = cs.build("vgg16", width=0.125)
compared = cs.experiments.compare_field_methods(
    vgg16.features, 224, ["4", "9", "16", "23", "30"], images=4, name="VGG-16"
)
cs.lessons.show(compared)

# %%
deepest = compared.layers[-1]
cs.lessons.claim("11.agree", compared.agree, formula=deepest.formula, gradient=deepest.gradient)

# %% [markdown] en="6e4c2a5a"
# 三种方法，一个答案。如果两个工具给出不同的数，它们回答的是不同的问题：汇聚之前还是之后，最后一个卷积还是最后一层，算不算边界。单是边界就会造成差别：下面是 LeNet 最后一张特征图*角上*的单元。

# %%
corner = cs.receptive_field("lenet", "features.pool2:0,0,0", size=28)
cs.lessons.show(corner)

# %%
inside, beyond = corner.seen.box.size[0], corner.seen.unclipped.size[0]
cs.lessons.claim("11.border", inside < beyond, inside=inside, beyond=beyond)

# %% [markdown] en="5227183f"
# ## 十层 3 × 3，还是五层 5 × 5？
#
# 两者都能看到 {{sizes[9]}} 个像素。主张小卷积核的理由是：权重更少、运算更少、非线性更多，所以更快也更好。下面数一数两者的运算量，再轮流计时：前向加反向，单线程，按处理器时间计。规则：如果时间之比的百分之九十五置信区间高于运算量之比，就说时间的减少不及运算量。

# %%
stacks = cs.experiments.compare_kernel_stacks()
cs.lessons.show(stacks)

# %%
operations = stacks.ratio("macs")
cs.lessons.claim(
    "11.operations",
    stacks.ratio("field") == 1 and abs(operations - 0.72) < 1e-9,
    field=stacks.stacks[0].field,
    operations=operations,
)

# %%
time, low, high = stacks.time_ratio()
slower = True if low > operations else False if high < operations else None
cs.lessons.claim("11.time", slower, operations=operations, time=time, low=low, high=high)
stored = cs.lessons.stored("kernel_stacks")
trained = cs.experiments.read_trainings(stored.rows, "stacks")
last_seed = max(trained.seeds)

# %% [markdown] en="e1ab6ebd"
# 数出来的处处成立，时间则取决于你的处理器：上面若是 ✗，说明在这里时间确实跟着运算量走。若没有跟着减少，那是因为十层要写十张特征图再读回来，五层只要五张；而且核小，处理器取来的每个数用得就少。换一台机器、换通道数，比值又会不同。
#
# 那么更好吗？我们在手写数字上训练了几组看得一样远的网络，都是 16 个通道，种子从 {{trained.seeds[0]}} 到 {{last_seed}}（测于 {{stored.date}}）。规则同第 10 课：百分之九十五置信区间全在 0 的一侧，才算有差别；全在 ±1 个百分点以内，才算没有差别。

# %%
cs.lessons.show(trained)

# %%
shallow = trained.difference("two 3×3", "one 5×5")
cs.lessons.claim(
    "11.shallow", shallow.is_above(0), mean=shallow.mean, low=shallow.low, high=shallow.high
)

# %%
deep = trained.difference("four 3×3", "two 5×5")
cs.lessons.claim("11.deep", deep.is_within(1), mean=deep.mean, low=deep.low, high=deep.high)

# %% [markdown] en="2685bc84"
# 多出的第一个非线性层值 {{shallow.mean:.1f}} 个百分点；从两层到四层，好处就没有了。
#
# **练习 11.2（D）** 在 (1, 64, 64) 的图像上，让一个单元至少看到 31 × 31 个像素，乘加次数不超过 35 万。核和窗口不大于 3，每个卷积输出 8 个通道，最后的特征图不小于 8 × 8。`answer` 是由卷积和汇聚组成的 `nn.Sequential`。

# %%
answer = None
cs.lessons.check("11.2", answer)

# %% [markdown] en="ec1c4650"
# ## 看到的东西里，什么起作用
#
# 一个像素*能*改变某个单元，并不说明改变多少；单元对每个像素的梯度的大小才能说明。看图之前先想一想：
#
# **练习 11.3（P）** 十层 3 × 3 之后的单元看到 21 × 21 = 441 个像素。百分之九十的梯度集中在多少个像素里：(a) 大约 400，(b) 大约 300，(c) 不到 200？

# %%
prediction = None  # "a"、"b" 或 "c"
cs.lessons.check("11.3", prediction)

# %%
growth = cs.experiments.measure_effective_growth()
cs.lessons.show(growth)

# %%
last = growth.fields[-1]
fields_stored = cs.lessons.stored("trained_field")
cs.lessons.claim(
    "11.effective",
    0.4 < growth.slope < 0.65 and last.share < 0.25,
    slope=growth.slope,
    layers=last.layers,
    share=last.share,
)

# %% [markdown] en="46673646"
# 中间的像素有许许多多条路径通向这个单元，边缘的像素只有一条。随机的权重把梯度散开，就像掷许多次骰子把点数之和散开：得到一个钟形，宽度按 $\sqrt{n}$ 增长。{{last.layers}} 层在理论上能看到 {{last.theoretical}} 个像素宽，实际起作用的大约是 {{last.width:.0f}} 个。
#
# 训练会把这个钟形变宽吗？Luo 等人（2016）在大型网络上看到它变宽。我们问了十个小网络：六层 3 × 3，在手写数字上训练（测于 {{fields_stored.date}}）。规则事先定好：成对差值的置信区间低于四分之一个像素，就算没有变宽。

# %%
rows = fields_stored.rows
widened = cs.experiments.measure_difference(
    [row["after"] for row in rows], [row["before"] for row in rows]
)
cs.lessons.claim(
    "11.trained",
    widened.is_below(0.25),
    before=sum(row["before"] for row in rows) / len(rows),
    mean=widened.mean,
    low=widened.low,
    high=widened.high,
)

# %% [markdown] en="d74f4f8e"
# ## “梯度什么也看不到”
#
# 有人发现，网络一用 sigmoid，画出来就是一片黑。sigmoid 看到的更少吗？

# %%
fields = cs.experiments.compare_field_activations()
cs.lessons.show(fields)

# %%
relu, sigmoid = fields.fields["relu"], fields.fields["sigmoid"]
cs.lessons.claim(
    "11.sigmoid",
    abs(sigmoid.width / relu.width - 1) < 0.15 and sigmoid.peak < 1e-3 * relu.peak,
    relu=relu.width,
    sigmoid=sigmoid.width,
    factor=relu.peak / sigmoid.peak,
)

# %% [markdown] en="c97b65dd"
# 并不。它的感受野一样宽。只是 sigmoid 的斜率至多 1/4，每过一层梯度就变小。把小于 {{fields.threshold}} 的都当作 0 的工具一行也找不到；换成它自己的尺度，图像就在那里。
#
# ## 通道响应什么
#
# 越深的单元看到的图像范围越大。它拿这些做什么？我们训练一个有三层卷积的网络，找出最能激发每个通道的九幅测试图像。

# %%
digits, tested = (cs.load("digits", split, size=16) for split in ("train", "test"))
network = cs.experiments.build_channel_network()
layers = ("relu1", "relu2", "relu3")
cs.experiments.train_briefly(network, *cs.experiments.normalize_images(digits))
after = cs.experiments.measure_class_purity(network, tested, layers)
purity = cs.lessons.stored("channel_purity")
cs.lessons.show(after)

# %% [markdown] en="3a3e5993"
# 第一层的方框里是一段笔画，任何数字都可能有；第三层的方框里几乎是整个数字。用数来说：九幅图像中有几幅是同一个数字？随机抽取时是 {{after.chance:.0%}}。一个网络只是一个例子，所以又问了另外十个（测于 {{purity.date}}），规则同上。

# %%
learned = cs.experiments.read_purities(purity.rows, trained=True)
fresh = cs.experiments.read_purities(purity.rows, trained=False)
gained = cs.experiments.measure_difference(learned["relu3"], fresh["relu3"])
cs.lessons.claim(
    "11.channels", gained.is_above(0), mean=gained.mean, low=gained.low, high=gained.high
)

# %%
late = cs.experiments.measure_difference(learned["relu3"], learned["relu2"])
early = cs.experiments.measure_difference(learned["relu2"], learned["relu1"])
rises = late.is_above(0) and early.is_above(0) is not True
cs.lessons.claim(
    "11.deeper", rises, late=late.mean, early=early.mean, low=early.low, high=early.high
)

# %% [markdown] en="f500794e"
# 第一层的卷积核够小，可以直接看懂：边缘和斑块。

# %%
cs.lessons.show(cs.first_kernels(network, (1, 16, 16)), "figure")

# %% [markdown] en="668de5ef"
# 从第二层起，卷积核就不能这样看懂了。但可以看它们把一幅图像变成什么：*特征图*。第一层里数字还在，一笔一笔都看得见；第三层的特征图大多是暗的，少数几个亮点在说：我要找的东西在这里。

# %%
four = tested.images[3]
cs.lessons.show(cs.feature_maps(network, four, "relu1"), "figure")
cs.lessons.show(cs.feature_maps(network, four, "relu3"), "figure")

# %% [markdown] en="ba245798"
# ## 在别处看同样的内容
#
# - `convscope show vgg16 --receptive-field features.30:0,3,3` 画出一个单元的感受野。
# - `cs.receptive_field(run, "layer2:0,3,3", image=…)` 用你自己的网络和图像来测。
# - `cs.trace(network)` 的表里有“看到”一列（英文为 sees）。

# %%
cs.lessons.end()
