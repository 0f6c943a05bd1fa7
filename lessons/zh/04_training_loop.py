# %% [markdown] en="5e59db45"
# # 4 · 训练循环、小批量与优化器
#
# **学完本课你会知道**
#
# - 每次训练都有的六个步骤，以及损失应当从多少开始；
# - 批量大小改变什么，不改变什么；
# - SGD、动量与 Adam 怎样比较，为什么只看一个学习率说明不了问题；
# - 两个不报错的错误，损失怎样把它们暴露出来。
#
# **时间**：阅读约 {{lesson.minutes}} 分钟，运行只需几秒。需要先学第 1 至 3 课。

# %%
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import convscope as cs

lesson = cs.lessons.begin(4)

# %% [markdown] en="2b153ab9"
# ## 第一步之前
#
# 未训练的网络应当一无所知：十个类别的概率大致相同。它的交叉熵是一个可以事先知道的数。如果看到的第一个损失与它相差很远，就已经有什么地方
# 不对了。
#
# **练习 4.1（N）** 这个数是多少？精确到两位小数。

# %%
answer = None
cs.lessons.check("4.1", answer)

# %%
images, labels = cs.experiments.digits_of("train")
network = cs.experiments.digits_network(seed=0)
with torch.no_grad():
    first_loss = F.cross_entropy(network(images), labels).item()
cs.lessons.claim("4.start", abs(first_loss - 2.3026) < 0.1, loss=first_loss)

# %% [markdown] en="7c5dc387"
# ## 六个步骤
#
# 带参数的模型（1）、在数据的小批量上循环（2）、前向计算（3）、损失（4）、反向传播（5）、更新（6）。其余的都只是为了方便。

# %%
optimizer = torch.optim.SGD(network.parameters(), lr=0.5)  # 1：谁的参数
order = torch.Generator().manual_seed(0)
for _ in range(10):
    for batch in torch.randperm(len(images), generator=order).split(50):  # 2
        logits = network(images[batch])  # 3
        loss = F.cross_entropy(logits, labels[batch])  # 4
        optimizer.zero_grad()
        loss.backward()  # 5
        optimizer.step()  # 6
with torch.no_grad():
    last_loss = F.cross_entropy(network(images), labels).item()
cs.lessons.claim("4.loop", last_loss < 0.5, first=first_loss, last=last_loss)

# %% [markdown] en="e092b3a8"
# 同样的循环也能拟合一条直线，只是换一种损失：均方误差。下面的点来自 $y = 2x_1 - 3.4x_2 + 4.2$，加上少许噪声。

# %%
torch.manual_seed(0)
points = torch.randn(1000, 2)
heights = points @ torch.tensor([2.0, -3.4]) + 4.2 + 0.01 * torch.randn(1000)
line = nn.Linear(2, 1)
fitting = torch.optim.SGD(line.parameters(), lr=0.03)
for _ in range(3):
    for batch in torch.randperm(1000, generator=order).split(10):
        fitting.zero_grad()
        F.mse_loss(line(points[batch]).squeeze(1), heights[batch]).backward()
        fitting.step()
found = [*line.weight[0].tolist(), line.bias.item()]
off = max(abs(a - b) for a, b in zip(found, [2.0, -3.4, 4.2], strict=True))
cs.lessons.claim("4.line", off < 0.05, weights=[round(each, 2) for each in found], off=off)

# %% [markdown] en="a42b08c4"
# ## 手写更新
#
# 普通 SGD 只有一行：$w \leftarrow w - \eta\,g$。动量法保留一个速度 $v \leftarrow \mu v + g$，并沿着它走：$w \leftarrow w - \eta\,v$。
# 优化器做的就只有这些吗？

# %%
by_hand, by_optimizer = cs.experiments.digits_network(0), cs.experiments.digits_network(0)
stepping = torch.optim.SGD(by_optimizer.parameters(), lr=0.1)
for model in (by_hand, by_optimizer):
    F.cross_entropy(model(images), labels).backward()
stepping.step()
with torch.no_grad():
    for parameter in by_hand.parameters():
        parameter -= 0.1 * parameter.grad
    pairs = zip(by_hand.parameters(), by_optimizer.parameters(), strict=True)
    step_difference = max((a - b).abs().max().item() for a, b in pairs)
cs.lessons.claim("4.hand", step_difference < 1e-7, difference=step_difference)

# %% [markdown] en="6ddf5e6d"
# **练习 4.2（F）** 写出带动量的 SGD 的一步。返回 `[新的权重, 新的速度]`。


# %%
def momentum_step(weight, gradient, velocity, rate, momentum): ...


cs.lessons.check("4.2", momentum_step)

# %% [markdown] en="7cef7ff8"
# ## 学习率，与三种优化器
#
# **运行之前先定规则**：一个隐藏层，八轮，六个学习率，两个种子。每种优化器都取自己最好的学习率；若一种的两个种子最后的损失都低于另一种的
# 两个种子，就算它更好。

# %%
race = cs.experiments.race_optimizers()
cs.lessons.show(race)
rates = len(race.rates)
good = [sum(race.loss(name, rate) < 0.2 for rate in race.rates) for name in race.losses]
cs.lessons.claim(
    "4.rates",
    race.loss("sgd", 0.001) > 2 and race.loss("sgd", 1.0) < 0.5 and race.loss("sgd", 10.0) > 2,
    small=race.loss("sgd", 0.001),
    good=race.loss("sgd", 1.0),
    large=race.loss("sgd", 10.0),
)
cs.lessons.claim(
    "4.adam",
    race.is_better("adam", "sgd"),
    adam=race.best("adam")[1],
    sgd=race.best("sgd")[1],
    momentum=race.best("momentum")[1],
)
cs.lessons.claim(
    "4.one_rate",
    race.loss("sgd", 1.0) < 0.5 < race.loss("adam", 1.0),
    sgd=race.loss("sgd", 1.0),
    adam=race.loss("adam", 1.0),
)

# %% [markdown] en="d38bf8b7"
# {{rates}} 个学习率中有几个是好的，即损失低于 0.2？SGD 有 {{good[0]}} 个，加动量有 {{good[1]}} 个，Adam 有 {{good[2]}} 个。但在宣布谁最快
# 之前，请先看看带动量的 SGD。
#
# ## 小批量
#
# 打乱图像，切成小批量，一个接一个地取：这就是一轮（epoch）。下一轮再重新打乱。

# %%
batches = cs.experiments.follow_batches(50, batch_size=4, epochs=2)
cs.lessons.show(batches)
one, two = batches.epoch(0), batches.epoch(1)
cs.lessons.claim(
    "4.order",
    sorted(one) == sorted(two) == [*range(50)] and one != two,
    same=sum(a == b for a, b in zip(one, two, strict=True)),
    last=batches.last_size,
)

# %% [markdown] en="dab755e6"
# 课程里通常用 `DataLoader` 来做这件事，还常常带上工作进程：网络计算时，它们去读取和解码文件。在 Windows 上卡住不动、或者报 “Broken pipe”
# 的，也正是它们：每个工作进程都会重新启动 Python 并导入你的脚本，所以脚本必须把训练放在 `if __name__ == "__main__":` 之下。图像装得进
# 内存时，根本不需要工作进程。Convscope 一个也不用。

# %%
loader = DataLoader(TensorDataset(images, labels), batch_size=64, num_workers=0)
cut = zip(images.split(64), labels.split(64), strict=True)
pairs = zip(loader, cut, strict=False)  # 不论加载器给出多少个
equal = [torch.equal(a, c) and torch.equal(b, d) for (a, b), (c, d) in pairs]
cs.lessons.claim(
    "4.loader", all(equal) and len(equal) == len(loader) == 16, equal=sum(equal), count=len(equal)
)

# %% [markdown] en="6c317519"
# **练习 4.3（P）** 小批量增大到原来的四倍，它们的损失的标准差会怎样？(a) 和原来一样，(b) 一半，(c) 四分之一。请在运行下一格之前作答。

# %%
guess = None
cs.lessons.check("4.3", guess)

# %%
noise = cs.experiments.measure_batch_noise()
cs.lessons.show(noise)
cs.lessons.claim("4.noise", abs(noise.slope + 0.5) < 0.08, slope=noise.slope)

# %% [markdown] en="5480d21e"
# 确实更平滑。可是更好吗？学习率相同，轮数相同，因而看过的图像也一样多：

# %%
small_batches, large_batches = (
    cs.experiments.race_optimizers(("sgd",), rates=(0.1,), batch_size=size).loss("sgd", 0.1)
    for size in (10, 500)
)
cs.lessons.claim(
    "4.batch", small_batches < 0.5 < 2 < large_batches, small=small_batches, large=large_batches
)

# %% [markdown] en="997ce960"
# 批量大，一轮的步数就少。更平滑的梯度允许更大的学习率，也只有这样才能弥补。
#
# ## 两个不报错的错误
#
# *不清零梯度。* PyTorch 把每个新梯度加到已有的上面（第 2 课）。没有 `zero_grad`，每一步都沿着从头到现在所有梯度之和前进。这有个名字：
# 动量为 1，一个没有摩擦的球。
#
# *两次 softmax。* `cross_entropy` 接受 logits，自己会做 softmax。若把概率交给它，它最多只能得知：正确的类别是 1，其余是 0。

# %%
loops = cs.experiments.compare_loops()
cs.lessons.show(loops)
cs.lessons.claim(
    "4.uncleared",
    loops.loss("uncleared") > 3 * loops.loss("right"),
    right=loops.loss("right"),
    uncleared=loops.loss("uncleared"),
)
runs = loops.courses
ball = abs(runs["uncleared"].weights - runs["momentum 1"].weights).max()
cs.lessons.claim("4.friction", ball < 1e-3, difference=ball)

# %% [markdown] en="c9044426"
# 两次 softmax 时损失几乎不动：梯度很小。给它大的学习率和足够的时间，看它停在哪里。

# %%
floor = cs.experiments.softmax_twice_floor(10)
twice = cs.experiments.compare_loops(("softmax twice",), rate=3.0, epochs=40)
reached = min(twice.courses["softmax twice"].losses)
right_answers = twice.courses["softmax twice"].accuracy
cs.lessons.claim(
    "4.twice",
    floor - 1e-5 <= reached < floor + 0.2,
    floor=floor,
    reached=reached,
    accuracy=right_answers,
)

# %% [markdown] en="4d8a38da"
# 下限是 $\log(e + 9) - 1$，在这里即 {{floor:.3f}}。损失停在那里，并不是问题太难，而是多了一个 softmax。回答照样正确，所以没有人发觉：
# softmax 保持次序（第 1 课）。
#
# ## 在别处看同样的内容
#
# - `convscope train lenet digits --epochs 3` 就是这个循环，另外还有检查、报告，以及可以接着跑的训练记录。
# - `convscope doctor` 寻找妨碍训练的原因，并说明该怎么办。
# - 来源：Robbins 与 Monro，1951（SGD）；Polyak，1964（动量）；Kingma 与 Ba，*Adam*，2015。

# %%
cs.lessons.end()
