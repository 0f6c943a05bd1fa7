# %% [markdown] en="62d8717f"
# # 17 · 时间、内存与重新计算
#
# **学完本课你会知道**
#
# - 训练一步的内存用在哪里，为什么只有一幅图像也会“内存不足”；
# - 批量、精度与重新计算各改变什么，改变多少；
# - 怎样在开始之前知道训练要多久，这样的预测会差多少；
# - 第二个线程或 GPU 改变什么，又不许改变什么；
# - 各个网络是怎样的：一张表，一张图。

# %%
import convscope as cs

lesson = cs.lessons.begin(17)

# %% [markdown] en="58c92e5f"
# **时间**：阅读 {{lesson.minutes}} 分钟，运行只需几十秒。需要先学第 3、9 课。
#
# ## 1 · 内存用在哪里
#
# 训练一步要占四样东西：参数；参数的梯度；优化器记住的东西（Adam 为每个参数记两个滑动平均）；
# 以及激活值，它们由前向传播留给反向传播。下面是一个小 DenseNet，128 幅放大到 32×32 的手写数字。
# 从左到右是每一次占用或归还内存；这里什么都没有计算，只是让这一步走过有形状而没有数值的张量。

# %%
dense = cs.experiments.measure_step_bytes("densenet", 128)
cs.lessons.show(dense)
cs.lessons.claim(
    "17.activations",
    dense.share("activations") > 0.5,
    share=dense.share("activations"),
    peak=dense.peak / 1e6,
)

# %% [markdown] en="dd111d2e"
# 像一座山：前向传播留下结果，山就堆高；反向传播再从后往前一点点搬走。
#
# ## 2 · “参数少，占内存就少”
#
# DenseNet 与 ResNet-18，图像相同，批量相同。

# %%
residual = cs.experiments.measure_step_bytes("resnet18", 128)
fewer = residual.parameters / dense.parameters
more = dense.parts["activations"] / residual.parts["activations"]
cs.lessons.show(residual, "text")
cs.lessons.claim("17.densenet", fewer > 5 and more > 1.2, fewer=fewer, more=more)

# %% [markdown] en="5bf32241"
# 稠密块中的每一层都要用到前面所有层的结果，重新规范化一遍，这些全都要等反向传播。
# 参数决定文件有多大；批量大时，激活值决定训练要多少内存。
#
# 批量不大呢？“批量只有 1，也内存不足！”看 VGG-11 对一幅数字图像：

# %%
single = cs.experiments.measure_step_bytes("vgg11", 1)
cs.lessons.show(single, "text")
cs.lessons.claim(
    "17.one_image",
    single.lasting / single.peak > 0.9,
    share=single.lasting / single.peak,
    peak=single.peak / 1e9,
)

# %% [markdown] en="2097d966"
# 这时再小的批量也无济于事。四份之中有三份不在模型文件里：{{single.parameters:,}} 个参数，
# 每个都有一个梯度和两个滑动平均。如果进程毫无提示地结束（“kernel died”），
# 那是机器的*主*内存用完了：系统会挑一个进程杀掉。
#
# ## 3 · 批量改变什么
#
# **练习 17.1（P）** *先作答，再运行下一格*：用 float32 训练这个 DenseNet，限 2 GB，
# 其中进程本身占 0.5 GB，批量最多能有多少幅图像？“a”：大约 200；“b”：大约 700；“c”：大约 2,000。
# （第 1 节的图里有你需要的一切。）

# %%
answer = None
cs.lessons.check("17.1", answer)

# %%
batches = cs.experiments.compare_batch_memory("densenet")
cs.lessons.show(batches)
first, last = batches.growth(1, 2), batches.growth(128, 256)
cs.lessons.claim("17.proportional", first < 1.5 and last > 1.7, first=first, last=last)

# %% [markdown] en="3e111dfa"
# ## 4 · “bfloat16 使内存减半”
#
# 用 bfloat16 训练时，卷积以 16 位计算。参数、梯度和优化器的滑动平均仍是 float32，因为 16
# 位会丢掉微小的步子；激活值也有一部分保持原样。

# %%
large = batches.at(256, "bfloat16").peak / batches.at(256).peak
little = batches.at(1, "bfloat16").peak / batches.at(1).peak
cs.lessons.claim("17.bfloat16", large > 0.52 and little > 0.9, large=large, little=little)

# %% [markdown] en="758f3709"
# ## 5 · 重新计算：拿时间换内存
#
# 反向传播需要每一层收到的输入。可以不全部保留，只保留若干块的输入，
# 等反向传播到了那里再把这一块计算一遍。由库来挑选：重复的计算少、省下的内存多。

# %%
again = cs.experiments.measure_step_bytes("densenet", 128, recompute=True)
cs.lessons.show(cs.experiments.draw_steps([dense, again]))
cs.lessons.claim(
    "17.recomputed",
    again.peak < 0.8 * dense.peak,
    share=again.peak / dense.peak,
    before=dense.peak / 1e6,
    after=again.peak / 1e6,
)

# %% [markdown] en="0c044f27"
# 代价是什么？不是准确率：第二次算出的数与第一次相同。代价是时间。按运算量计，这一步有
# {{again.repeated:.0%}} 的计算要重复；用小批量在时钟上测：

# %%
gradients = cs.experiments.compare_recomputation("densenet")
cs.lessons.show(gradients)
cs.lessons.claim(
    "17.same_gradients",
    gradients.difference == 0 and gradients.blocks > 0,
    blocks=gradients.blocks,
    difference=gradients.difference,
)
cs.lessons.claim("17.slower", gradients.ratio > 1.05, ratio=gradients.ratio)

# %% [markdown] en="28e7d93a"
# **练习 17.2（F）** 一条链有 `layers` 层，每层要保留一个单位的内存。把它切成长度为 `length`
# 层的段（最后一段可以短些）。每段只保留它的输入，一个单位；反向传播进入某一段时，
# 这一段的各层又都在内存里。请写出同时保留的单位数的最大值。（然后试试：100 层时多长的段最好？）


# %%
def kept_units(layers, length): ...


cs.lessons.check("17.2", kept_units)

# %% [markdown] en="7a38a03e"
# ## 6 · 要多久？
#
# 论坛里的回答：“几秒钟”“24 小时”“几个星期”。预测的办法是：
# 在你的机器上把这一步的每个运算各测一小会儿，再加起来。然后看时钟：
# 看处理器的时钟，别的程序不算在内。

# %%
recipe = {"epochs": 2, "size": 16, "threads": 1, "precision": "float32"}
plan = cs.plan("lenet", "digits", "fast", **recipe)
print(plan.forecast().in_words())
curves = cs.experiments.measure_curves("lenet", "digits", plan.recipe)
step_forecast = plan.step.value
step_taken = curves.seconds[-1] / curves.steps
ratio = step_taken / step_forecast
kept = cs.lessons.stored("networks")  # 后面要用的更多结果
cs.lessons.claim(
    "17.clock",
    1 / 3 < ratio < 3,
    forecast=1000 * step_forecast,
    taken=1000 * step_taken,
    ratio=ratio,
)

# %% [markdown] en="ab8e9e23"
# 一次小训练说明不了什么。再看九个网络，先预测，再训练（测于 {{kept.date}}，
# 当时机器上还有很多别的工作，所以“实际”是一个核工作的时间，而不是墙上的钟）。**先立规则再看**：
# 范围的用意是十次有九次落在其中；九个网络里若只有七个或更少落在其中，就对它不利。

# %%
checked = cs.experiments.check_forecasts(kept.rows)
cs.lessons.show(checked)
tried = len(checked.rows)
cs.lessons.claim(
    "17.time_range",
    checked.inside("seconds") >= 0.8 * tried,
    inside=checked.inside("seconds"),
    tried=tried,
    worst=checked.worst("seconds"),
)
cs.lessons.claim(
    "17.memory_range",
    checked.inside("bytes") < 0.8 * tried and checked.worst("bytes") < 1.25,
    inside=checked.inside("bytes"),
    tried=tried,
    worst=100 * (checked.worst("bytes") - 1),
)

# %% [markdown] en="371b1f84"
# 时间守住了承诺，但范围很宽；内存预测得准得多，却没落在很窄的范围里。
# 这些范围来自另一台机器：这里没有一次训练可以借鉴以前的训练。范围也是一种论断，也必须检验。
# `convscope plan --history` 用你自己的训练来检验。
#
# **练习 17.3（N）** 计划说每秒 850 幅图像。一百万幅图像训练 30 轮，要多少小时？

# %%
answer = None
cs.lessons.check("17.3", answer)

# %% [markdown] en="394f5cca"
# ## 7 · 第二个线程，GPU
#
# 有 GPU 的机器上，同一条命令就在 GPU 上训练。可以变的是时间，不许变的是结果——舍入误差除外，
# 因为每种设备求和的次序不同。从同一起点走五步，旁边是 float64 的同样五步：

# %%
devices = cs.experiments.compare_devices(width=8)
cs.lessons.show(devices)
cs.lessons.claim(
    "17.devices",
    devices.difference < 1e-3,
    count=len(devices.devices),
    difference=devices.difference,
    chosen=devices.chosen,
)
cs.lessons.claim("17.threads", devices.speedup < 1.9, speedup=devices.speedup)

# %% [markdown] en="b6985747"
# 线程在每个运算之后都要互相等待，还要共用内存。层很小时，等待比省下的还多；
# 机器上还有别的工作时，两个线程可能比一个慢得多。Convscope 在训练开始前会测量。
#
# ## 8 · 各个网络是怎样的
#
# 九个网络放在一张表和一张图里。`convscope plan all DATA --plot networks.png`
# 会为你的图像做出这两样，包括目录中的所有网络。

# %%
table = cs.experiments.read_network_table(kept.rows)
cs.lessons.show(table)
best, largest = table.most_accurate, table.largest
correlation = table.rank_correlation("macs", "accuracy")
counted = cs.experiments.measure_step_bytes("densenet", 1).parameters
cs.lessons.claim(
    "17.table",
    correlation < 0.5
    and best["parameters"] < largest["parameters"] / 5
    and counted == table["densenet"]["parameters"],
    correlation=correlation,
    best=best["network"],
    right=best["accuracy"],
    times=largest["parameters"] / best["parameters"],
    largest=largest["network"],
    behind=100 * (best["accuracy"] - largest["accuracy"]),
)
quick = table.within(60)
cs.lessons.claim(
    "17.minute",
    best["network"] in quick and best["accuracy"] > 0.8,
    quick=len(quick),
    tried=tried,
    best=best["network"],
    seconds=best["processor_seconds"],
    right=best["accuracy"],
)

# %% [markdown] en="e7ef322e"
# 三轮很短，有的网络还停在瞎猜的水平（原因见第 12、13 课）。时间更长，名次会变；前几列不会变。
#
# **练习 17.4（D）** 一份预算：整个训练 1000 亿次乘加（反向传播按两次前向计算）。
# 我们的网络中，哪一个至少认对十分之九的手写数字？请选择 `network`（"small"、"lenet"、"resnet9"）、
# `width`（仅用于 resnet9；否则为 None）、`epochs` 和 `learning_rate`。图像为 16×16，批量为 32。

# %%
design = None  # dict(network=..., width=..., epochs=..., learning_rate=...)
cs.lessons.check("17.4", design)

# %% [markdown] en="d9f98367"
# ## 在别处看同样的内容
#
# - `convscope plan resnet18 cifar10 --what-if`：每次只改一样，时间和内存各是多少；
# - `convscope plan resnet9 cifar10 --fits 2GB`：最大的批量，重新计算与否；
# - `convscope train … --recompute`；`convscope plan resnet18 cifar10 --on a100`。

# %%
cs.lessons.end()
