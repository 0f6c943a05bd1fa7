# %% [markdown] en="b5af1ae8"
# # 18 · 保存、评判、交付
#
# **学完本课你会知道**
#
# - 训练被杀掉或断电之后怎样继续，除了权重还需要什么；
# - 只有权重的文件没有说什么，一个模型文件必须包含什么；
# - 什么时候 0.99 表示有把握，什么时候毫无意义；
# - 为什么自己拍的照片会认错，却没有任何报错；
# - 网络交给别的程序时有什么变化，用 32 位或 8 位时各怎样。

# %%
import shutil
import tempfile
from pathlib import Path

import torch

import convscope as cs

lesson = cs.lessons.begin(18)

# %% [markdown] en="92deeb68"
# **时间**：阅读 {{lesson.minutes}} 分钟，运行约半分钟。第 6 节需要 `pip install 'convscope[onnx]'`。
#
# ## 1 · 中途被杀
#
# 一个小的残差网络在单独的进程里学认数字。它一写完第二个检查点，我们就杀掉它：没有预告，
# 也没有时间收拾。对它来说，断电也是一样。

# %%
folder = Path(tempfile.mkdtemp())
killed = cs.experiments.kill_training(
    folder / "killed",
    "resnet9",
    "digits",
    epochs=6,
    size=16,
    threads=1,
    precision="float32",
    network_arguments={"width": 8},
)
print(sorted(file.name for file in killed.checkpoints.iterdir()))

# %% [markdown] en="3eff7bd2"
# 现在用三种办法继续：从最新的检查点；从只剩一半的最新检查点；只凭权重，丢掉优化器记住的东西。
# 另有一次同样的训练，从头到尾从未中断。你预计会怎样：准确率相同，还是每一位都相同？

# %%
run = cs.resume(shutil.copytree(killed.folder, folder / "resumed"), quiet=True)
ways = cs.experiments.compare_continuations(killed, run, folder)
cs.lessons.show(ways)
cs.lessons.claim(
    "18.killed",
    ways["resumed"].difference == 0 and 0 < ways.killed_at < ways.steps,
    step=ways.killed_at,
    steps=ways.steps,
    difference=ways["resumed"].difference,
)
cs.lessons.claim(
    "18.power_cut",
    ways["power cut"].difference == 0 and ways["power cut"].begins < ways.killed_at,
    step=ways["power cut"].begins,
    difference=ways["power cut"].difference,
)
bare = ways["weights alone"]
cs.lessons.claim("18.weights_only", bare.difference > 0, difference=bare.difference)

# %% [markdown] en="be84fb9d"
# 每一位都相同，因为一切随机的东西（图像的次序、数据增广、暂退法）都由种子、轮数和步数算出，
# 而检查点保存了权重、优化器的滑动平均以及训练到了哪里。检查点留两个，各带校验和；损坏的会被跳过。
#
# 只凭权重，就成了*另一次*训练。不一定更差：这里是
# {{bare.accuracy:.1%}}，不中断时为 {{ways.accuracy:.1%}}。
# 但已经不是你想继续的那一次了。
#
# ## 2 · 什么值得保存
#
# 先说数。一个张量、一个列表、一个字典、模型的全部参数：写进去什么，读回来就是什么，逐位不差。

# %%
model = run.model()
x, y = torch.arange(4.0), torch.rand(3, 5, generator=torch.Generator().manual_seed(0))
kept = cs.experiments.write_and_read(
    {
        "x": x,
        "[x, y]": [x, y],
        "{'x': x, 'y': y}": {"x": x, "y": y},
        "network.state_dict()": model.network.state_dict(),
    },
    folder,
)
cs.lessons.show(kept)
cs.lessons.claim("18.round_trip", kept.difference == 0, difference=kept.difference)

# %% [markdown] en="a45c18c8"
# 这个参数文件就是网络吗？把同样的数交给并不合适的网络试试。名称和形状必须对得上；别的都不检查，
# 因为文件里没有别的。

# %%
test_images = cs.evaluate(run, quiet=True).images
refills = cs.experiments.compare_refills(run, test_images)
cs.lessons.show(refills)
trained, tanh, pixels = (refills[name] for name in ("as trained", "tanh", "pixels"))
cs.lessons.claim(
    "18.weights_fit",
    tanh.fits and pixels.fits and trained.accuracy - max(tanh.accuracy, pixels.accuracy) > 0.2,
    trained=trained.accuracy,
    tanh=tanh.accuracy,
    pixels=pixels.accuracy,
)

# %% [markdown] en="a05a322b"
# 所以，日后还要用的文件还必须写明：是哪个网络，参数如何；图像怎样变成它的输入（尺寸、均值、标准差）；
# 它的输出叫什么。训练留下的 `model.safetensors` 全都写明了。我们把它单独拷走，
# 只凭它重建网络，不再写一遍代码。

# %%
alone = shutil.copy(run.model_file, folder / "somewhere-else.safetensors")
rebuilt = cs.experiments.compare_rebuilt(alone, run, test_images)
cs.lessons.show(rebuilt)
cs.lessons.claim(
    "18.rebuilt",
    rebuilt.same == rebuilt.images and rebuilt.difference < 1e-5,
    same=rebuilt.same,
    images=rebuilt.images,
    difference=rebuilt.difference,
)

# %% [markdown] en="d5ffa220"
# **练习 18.1（D）** 写一个这样的程序，大约十行。`model.network` 是网络，`model.card` 有 `mean`、
# `std`、`classes` 和 `temperature`（第 3 节会说它是什么），`image` 是 uint8，形状为（通道，高，宽）。
# 返回类别名及其概率。你的函数会在 50 幅图像上与库比较。


# %%
def recognize(model, image): ...


cs.lessons.check("18.1", recognize)

# %% [markdown] en="b797b88e"
# ## 3 · 说八成，就是八成吗？
#
# 网络对一百幅图像都说 0.8。如果这是概率，就有八十个答案是对的。按它所说的概率把测试图像分组，数一数。

# %%
evaluation = cs.evaluate(run, quiet=True)
reliability = cs.experiments.compare_calibration(evaluation)
cs.lessons.show(reliability)
cs.lessons.claim(
    "18.calibrated",
    reliability.error_after < reliability.error_before,
    before=100 * reliability.error_before,
    after=100 * reliability.error_after,
    temperature=reliability.temperature,
)

# %% [markdown] en="e2258421"
# 神经网络以过于自信出名。这一个训练时用了标签平滑，不许它说得比 0.9 高多少，于是过于*谦虚*。
# 两种情况都可以用一个数来纠正：所有 logit 除以一个温度，温度用留出的图像来拟合。答案不变，
# 变的只是概率。
#
# **练习 18.2（F）** 写出期望校准误差：`probabilities` 的形状为（N，类别数），`labels` 为（N）。
# 按最大的概率把图像分到十个区间（0 到 0.1，……正好在边界上的归入下面的区间）；
# 在每个区间里取平均概率与正确比例之间的距离；再以区间所含图像的比例为权重求平均。


# %%
def calibration_error(probabilities, labels): ...


cs.lessons.check("18.2", calibration_error)

# %% [markdown] en="5ffac537"
# ## 4 · 它不可能认识的图像
#
# 现在给它看照片的小块，灰度的：里面没有一个数字。先立规则：0.99 保证一百个答案至多错一个，
# 所以一百块中不止一块就算违背。
#
# **练习 18.3（P）** *先作答，再运行下一格*：网络会怎么说？“a”：十个类别的概率差不多；“b”：
# 说是某个类别，而且十块中不止一块的概率不低于 0.9；“c”：拒绝回答并报错。

# %%
answer = None
cs.lessons.check("18.3", answer)

# %%
photographs, noise = cs.experiments.photograph_patches(), cs.experiments.noise_patches()
inverted = cs.experiments.invert_images(test_images)
upside_down = cs.experiments.turn_upside_down(test_images)
sure = cs.experiments.measure_confidence(
    run,
    {
        "digits": test_images,
        "photographs": photographs,
        "noise": noise,
        "inverted": inverted,
        "upside down": upside_down,
    },
)
cs.lessons.show(sure)
digits, foreign = sure["digits"], sure["photographs"]
sure_of_them = None if 0 < foreign.sure <= 0.01 else foreign.sure > 0.01
cs.lessons.claim(
    "18.sure",
    digits.sure_right > 0.97 and sure_of_them,
    foreign=foreign.sure,
    right=digits.sure_right,
)
cs.lessons.claim(
    "18.unknown",
    foreign.unknown > 0.5 and digits.unknown < 0.15,
    foreign=foreign.unknown,
    digits=digits.unknown,
)

# %% [markdown] en="2b54cde8"
# softmax 总是把 1 分给各个类别，不管图像是什么：没有“都不是”的位置。那个概率是说：
# *如果它属于其中一类*，那么是这一类的概率。它究竟属不属于其中一类，是另一个问题；Convscope
# 看 logit 与所有训练图像相差多远来回答。请看最后一组：上下颠倒的数字，有一半以上没有被识破。
# 这个阈值也不是保证。
#
# ## 5 · 你自己的照片
#
# “测试图像一百幅对九十九幅，我自己拍的却认错了。”第一个原因最简单：训练图像是暗底亮字，
# 而纸上的墨迹是亮底暗字。

# %%
dark = sure["inverted"]
cs.lessons.claim(
    "18.inverted",
    digits.accuracy - dark.accuracy > 0.3,
    before=digits.accuracy,
    after=dark.accuracy,
    unknown=dark.unknown,
)

# %% [markdown] en="b82cd6f0"
# 第二个原因：有的库按蓝、绿、红的次序读文件（OpenCV 就是）。一个小网络学着分辨两张彩色照片的小块；
# 然后把红与蓝互换。

# %%
colours = cs.experiments.colour_patches()
colour_run = cs.train(
    "small", colours, "fast", epochs=4, batch_size=32, threads=1, precision="float32",
    out=folder / "colours", quiet=True,
)  # fmt: skip
orders = cs.experiments.compare_channel_orders(colour_run, colours["test"])
cs.lessons.show(orders)
lost = orders.accuracy - orders.reversed_accuracy
cs.lessons.claim(
    "18.channels",
    None if 0 < lost <= 0.03 else lost > 0,
    before=orders.accuracy,
    after=orders.reversed_accuracy,
    sure=orders.sure,
)

# %% [markdown] en="349d11b0"
# 没有异常，没有警告：形状和取值范围都对。（损失多少，要看网络碰巧注意了什么，所以也与种子有关。）
# 有用的办法是：*看一看*真正送进网络的那个数组，
# 并且让训练与使用时由同一个函数来读图像。模型文件和导出的文件都自带读图的方法，原因就在这里。
#
# ## 6 · 交给别的程序
#
# ONNX 文件包含计算图、权重，以及之前对图像做的一切。我们把它交给 ONNX Runtime，它对 PyTorch
# 一无所知；再给它 {{digits.images}} 幅 16×16 的测试图像，一幅一幅地问。

# %%
squares = cs.load("digits", "test", size=16)
exported = cs.experiments.compare_export(run, folder, squares)
cs.lessons.show(exported)
cs.lessons.claim(
    "18.exported",
    exported.same == exported.images and exported.difference < 1e-4,
    same=exported.same,
    images=exported.images,
    difference=exported.difference,
)

# %% [markdown] en="f7b3e82e"
# 每次都是同样的类别；概率在最后几位不同，因为求和的次序变了。要求数值*相等*的测试会失败。
#
# 这些数字其实只有 8×8 个像素。如果两个程序各自放大，用的是两个都叫“双线性”、
# 却相差一个灰度级的函数，又会怎样？

# %%
own_way = cs.experiments.compare_file(exported.file, run, test_images)
cs.lessons.show(own_way)
cs.lessons.claim(
    "18.resizing",
    own_way.difference > 10 * exported.difference,
    difference=own_way.difference,
    before=exported.difference,
)

# %% [markdown] en="fb1c9510"
# 两个程序的答案不一致时，先查读图像的方法，最后才查网络。
#
# **练习 18.4（N）** *先作答，再运行下一格*：权重和激活值用 8 位整数代替 32 位。
# 准确率会降低几个百分点？（误差在一个半百分点之内；升高用负数表示。）

# %%
answer = None
cs.lessons.check("18.4", answer)

# %%
small = cs.experiments.compare_export(run, folder, squares, bits=8)
if small is not None:
    cs.lessons.show(small)
share = small.bytes / exported.bytes if small is not None else 1.0
points = small.points_lost if small is not None else 0.0
one_answer = 100 / exported.images
cs.lessons.claim(
    "18.eight_bits",
    None if small is None else share < 0.5 and points <= 1,
    share=share,
    points=points,
)

# %% [markdown] en="61fba765"
# 测试图像有 {{exported.images}} 幅，一个答案就是 {{one_answer:.1f}} 个百分点，这么大的差别可能只是偶然。
# 每次导出时 Convscope 都会测量，降低超过半个百分点的文件不会写出。
#
# ## 在别处看同样的内容
#
# - `convscope train resnet9 digits`，然后按 Ctrl-C 或 `kill -9`，再 `convscope resume RUN`；
# - `convscope evaluate RUN` 写出 report.html，含校准、错误与未知图像；
# - `convscope predict RUN my-photographs/` 在该说“未知”的地方说“未知”；
# - `convscope export RUN digits.onnx --int8`；`convscope serve RUN` 通过 HTTP 回答。

# %%
shutil.rmtree(folder)
cs.lessons.end()
