# %% [markdown] en="b0a2f740"
# # 16 · ResNet 与 DenseNet
#
# **学完本课你会知道**
#
# - 深层网络在什么意义上包含浅层网络，为什么训练结果仍可能更差；
# - 捷径改变了什么，它与梯度消失有什么关系；
# - 残差网络在哪里需要 1×1 卷积，在哪里它只有害处；
# - ResNet 相加，DenseNet 堆叠；权重这么少，为什么内存这么多。
#
# **时间**：阅读 {{lesson.minutes}} 分钟，运行半分钟。

# %%
import convscope as cs

lesson = cs.lessons.begin(16)

# %% [markdown] en="3abef332"
# ## 更深的网络可以什么都不多做
#
# 取一个好用的网络，在中间插入几层。按理说，最坏的情况也不过是这几层把收到的东西原样传下去，什么都不变。何恺明等人（2015）把这一点做进了结构里：*残差块*计算
#
# $$y = \mathrm{relu}(x + F(x)),$$
#
# 其中支路 $F$ 是两个带批量规范化的卷积，旁边的 $x$ 就是*捷径*（shortcut，也叫跨层连接）。支路为零时，块把 $x$ 原样传下去。我们用四种方式在 8 层的网络中插入 12 层，比较 200 个数字的输出。

# %%
nested = cs.experiments.insert_blocks(6)
cs.lessons.show(nested)

# %%
zero, fresh = nested.difference("residual, zero"), nested.difference("residual, fresh")
cs.lessons.claim(
    "16.identity", zero == 0 and fresh > 0.1, layers=nested.layers, zero=zero, fresh=fresh
)

# %%
kernels, plain = nested.difference("plain, identity"), nested.difference("plain, fresh")
cs.lessons.claim("16.kernels", kernels < 1e-5 and plain > 0.1, kernels=kernels, plain=plain)

# %% [markdown] en="c97de80c"
# 可见没有捷径的网络同样包含浅层网络：只要每个卷积核中间有一个 1。区别在于“什么都不做”*位于何处*。在残差块中它在零点，权重从零点附近开始，权重衰减也往那里拉；在无捷径的块中，它只是茫茫参数空间里的一个点。
#
# **练习 16.1（F）** 写一个残差块，用矩阵代替卷积，不要批量规范化：`first` 与 `second` 组成支路，两者之间有 ReLU；`projection` 是 None，或者是使 `x` 与输出形状相合的矩阵。


# %%
def residual_block(x, first, second, projection): ...


cs.lessons.check("16.1", residual_block)

# %% [markdown] en="b36f7c2d"
# ## 更深，反而更差
#
# 既然深层网络包含浅层网络，它的训练损失至少应当一样低。试一试：8 层与 32 层的网络，在手写数字上训练，都有批量规范化，一组有捷径，一组没有。

# %%
tried = cs.experiments.compare_depths((8, 32), epochs=10)
cs.lessons.show(tried)
stored = cs.lessons.stored("residual_depth")
trained = cs.experiments.read_depths(stored.rows, "depth")
seeds = len(trained.seeds)

# %% [markdown] en="99483cd2"
# 这只是一个种子、一个学习率。所以又问了一遍（测于 {{stored.date}}）：先用另外的种子，为每个网络从三个学习率中选出最好的一个，再用 {{seeds}} 个新种子训练。**规则在运行之前定好**：成对差值的百分之九十五置信区间全在 0 的一侧，才算有差别。

# %%
cs.lessons.show(trained.select("plain", "residual"))

# %%
worse = trained.loss_difference(("plain", 32), ("plain", 8))
cs.lessons.claim(
    "16.degrade",
    worse.is_above(0),
    shallow=trained.loss("plain", 8),
    deep=trained.loss("plain", 32),
    low=worse.low,
    high=worse.high,
)

# %%
rescued = trained.accuracy_difference(("residual", 32), ("plain", 32))
cs.lessons.claim(
    "16.rescued", rescued.is_above(0), mean=rescued.mean, low=rescued.low, high=rescued.high
)

# %% [markdown] en="07c56ac9"
# 更差的是*训练*损失，所以这不是过拟合：深的无捷径网络做得到，却走不到那里。有了捷径就能走到。那么，是不是越深越好？

# %%
deeper = trained.accuracy_difference(("residual", 32), ("residual", 8))
cs.lessons.claim(
    "16.deeper", deeper.is_below(0), mean=deeper.mean, low=deeper.low, high=deeper.high
)

# %%
shallow = trained.accuracy_difference(("residual", 8), ("plain", 8))
long = cs.experiments.read_depths(stored.rows, "long")
behind = long.accuracy_difference(("residual", 32), ("plain", 32))
epochs = len(long.runs[0].losses)
cs.lessons.claim(
    "16.patience",
    behind.is_above(0),
    epochs=epochs,
    plain=long.loss("plain", 32),
    residual=long.loss("residual", 32),
    mean=behind.mean,
    low=behind.low,
    high=behind.high,
)

# %% [markdown] en="80262321"
# 在 8 × 8 像素的数字上并非如此：捷径消除了深度给训练带来的代价，却不会让深度变得有用。8 层时，捷径有没有好处都还说不准：{{shallow.mean:+.1f}} 个百分点（{{shallow.low:+.1f}} 至 {{shallow.high:+.1f}}）。要学的东西很多时，深度才有回报，例如 ImageNet。
#
# ## 是梯度消失吗？
#
# “深的无捷径网络难训练，是因为梯度消失，而捷径治好了它。”看看第一步之前，32 层网络每个块之后的梯度。

# %%
gradients = cs.experiments.compare_block_gradients(32)
cs.lessons.show(gradients)

# %%
vanished = gradients.kept("plain", batch_norm=False)
carried = gradients.kept("residual", batch_norm=False)
cs.lessons.claim("16.vanish", vanished < 1e-8 and carried > 1e-3, plain=vanished, residual=carried)

# %%
grown = gradients.kept("plain", batch_norm=True)
cs.lessons.claim("16.healthy", grown > 1, layers=gradients.layers, plain=grown)

# %% [markdown] en="82d8b2bc"
# 没有批量规范化时，这句话是对的，而且差得惊人。但上面训练的无捷径网络*都有*批量规范化：梯度并不消失，反而越靠近图像越大，达 {{grown:.0f}} 倍，训练却照样很差。何恺明等人也看到了这一点，没有给出原因。梯度每穿过一层批量规范化都会变大（Yang 等，2019），这可能是原因之一：各层的梯度相差这么大，用同一个学习率就顾此失彼。
#
# ## 1×1 在哪里？
#
# 相加要求形状相同。块改变了形状时，捷径里就放一个步幅相同的 1×1 卷积，称为*投影*。常有人问：为什么 ResNet-18 的第一阶段没有它，ResNet-50 的却有？

# %%
shortcuts = cs.experiments.list_shortcuts()
cs.lessons.show(shortcuts)

# %%
r18, r50 = shortcuts["resnet18"], shortcuts["resnet50"]
cs.lessons.claim(
    "16.projections",
    shortcuts.rule_holds and not r18.stages[0].projected and r50.stages[0].projected,
    networks=len(shortcuts.networks),
    r18=r18.macs,
    r50=r50.macs,
)

# %% [markdown] en="1dce8d4e"
# ResNet-50 的块有三个卷积（1×1、3×3、1×1），输出通道是中间那个卷积的四倍。所以它的第一阶段把 64 个通道变成 256 个：没有步幅，形状也变了。
#
# 步幅为 2 时，投影在每四个像素中只看一个，第 8 课数过。那里丢下的并没有丢失：旁边的支路什么都看。那么，*每条*捷径都放投影会不会更好？20 层的网络，规则同上：

# %%
everywhere = trained.accuracy_difference(("projected", 20), ("residual", 20))
cs.lessons.claim(
    "16.everywhere",
    everywhere.is_below(0),
    mean=everywhere.mean,
    low=everywhere.low,
    high=everywhere.high,
)

# %% [markdown] en="91b72be6"
# ## ResNet-18
#
# 四个阶段，每个阶段两个块，每块两个卷积；前面一个卷积，后面一个全连接层：共 18 层。每个阶段的高和宽是前一个的一半，通道是前一个的两倍，所以各阶段的代价差不多。

# %%
resnet = cs.trace("resnet18", (1, 96, 96))
cs.lessons.show(resnet)

# %%
stages = [block.output_shape for block in resnet.blocks if block.name.startswith("layer")]
deep = [layer for layer in resnet.layers if layer.kind in ("convolution", "dense")]
layers = sum("downsample" not in layer.name for layer in deep)
expected = [(64, 24, 24), (128, 12, 12), (256, 6, 6), (512, 3, 3)]
cs.lessons.claim(
    "16.resnet18", stages == expected and layers == 18, layers=layers, last=stages[-1][0]
)

# %% [markdown] en="ab798c0e"
# ## DenseNet：堆叠，而不相加
#
# 捷径还可以用另一种方式接上：把输入放在结果*旁边*。稠密块的每一层增加少数几个通道，这个数叫*增长率*；每一层都能看到之前的全部通道。随后*过渡层*用 1×1 卷积把它们混合起来，并把高和宽减半。

# %%
dense = cs.experiments.follow_dense_channels(3, growth=10, layers=2)
cs.lessons.show(dense)

# %%
behind_block, behind_transition = dense.shapes[2], dense.shapes[3]
cs.lessons.claim(
    "16.channels",
    behind_block == (23, 8, 8) and behind_transition == (10, 4, 4),
    channels=behind_block[0],
    size=behind_transition[1],
)

# %% [markdown] en="597827ff"
# **练习 16.2（N）** 一个稠密块收到 64 个通道，有六层，增长率为 32。其后的过渡层把通道减半。第六层看到多少个通道？块之后有多少个？过渡层之后有多少个？

# %%
answer = None  # 三个数
cs.lessons.check("16.2", answer)

# %% [markdown] en="f6692c86"
# ## “DenseNet 很小”
#
# **练习 16.3（P）** DenseNet-121 的权重不到 ResNet-50 的三分之一，运算量是其三分之二。训练时，每幅图像要为反向传播保存多少："a"，约三分之一；"b"，约三分之二；"c"，比 ResNet-50 还多？先回答，再运行下一格。

# %%
answer = None  # "a"、"b" 或 "c"
cs.lessons.check("16.3", answer)

# %%
sizes = cs.experiments.compare_footprints()
cs.lessons.show(sizes)

# %%
weights = sizes.ratio("parameters", "densenet121", "resnet50")
kept = sizes.ratio("kept", "densenet121", "resnet50")
cs.lessons.claim("16.memory", weights < 0.5 and kept > 1, weights=weights, kept=kept)

# %% [markdown] en="fffb862a"
# 为什么？为了反向传播，每一层都要保存自己的输入。稠密块第十层的输入是前九层的特征图，又复制了一份；批量规范化还要再存一份。

# %%
blocks = cs.experiments.measure_dense_costs()
cs.lessons.show(blocks)

# %%
last = blocks.blocks[-1]
copies = last.kept / last.maps
cs.lessons.claim(
    "16.quadratic",
    1.7 < blocks.exponent < 2.3 and copies > 5,
    exponent=blocks.exponent,
    layers=last.layers,
    copies=copies,
)

# %%
saved = last.kept_recomputed / last.kept
reference = cs.experiments.measure_footprint(cs.experiments.build_dense_network(), (1, 8, 8))
cs.lessons.claim("16.recompute", saved < 0.6, share=saved)

# %% [markdown] en="651d5ec8"
# 特征图本身只需 {{last.maps:,}} 字节，所以问题不在结构，而在计算方式：这些副本本可以共用。各个框架都能做到的是*重算*：先忘掉一层所保存的，在反向传播时把这一层再算一遍。这要花时间，但不损失准确率（第 17 课）。
#
# **练习 16.4（D）** 一个识别 1 × 8 × 8 数字的网络，含一个稠密块（16 个通道，然后是增长率为 12 的八层），每幅图像保存 {{reference.kept:,}} 字节。请构造一个网络，保存的至多是它的一半，并在照常训练十二轮之后，每 100 个数字至少认对 96 个。`answer` 是给出 10 个输出的模块。

# %%
answer = None
cs.lessons.check("16.4", answer)

# %% [markdown] en="14d45e35"
# ## 在别处看同样的内容
#
# - `convscope show resnet18 --drawing resnet18.svg` 画出网络和它的捷径。
# - `convscope plan densenet121 fashion-mnist --recompute` 预测重算时的时间与内存。
#
# 下一课：第 17 课，时间与内存。

# %%
cs.lessons.end()
