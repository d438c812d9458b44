# %% [markdown]
# # BatchNorm
#
# **After this lesson** you can tell from an untrained network's first loss, and from three numbers about its
# layers, whether it will train; you set its weights so that it does; and you have built batch normalisation,
# with its two modes and its traps, and measured what it is good for by switching it off.
#
# About 140 minutes, with a break after part 4 · 9 exercises, 24 points · builds on: 04/02 (the MLP), 01/02 (vanishing
# gradients), 01/03 (modules, `train` and `eval`).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in PyTorch and in `fasttrack.models`; your test
# cell does not look for them.

# %%
import copy
import math

import torch
from torch import nn
from torch.nn import functional

from fasttrack import makemore, plot
from fasttrack.check import batchnorm as check
from fasttrack.data import DataUnavailable, lecture_split, names, names_split
from fasttrack.models import mlp

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# The problem and the names are those of the whole unit, and the model is the MLP of 04/02 again. This lesson is about
# what flows *inside* it: the numbers that each layer hands on, forward and backward.

# %% tags=["demo"]
plot.pipeline(
    {
        "context": "(batch, block_size)",
        "embedding": "block_size · n_embd",
        "hidden": "linear, norm, tanh",
        "logits": "(batch, 27)",
        "loss": "nats per character",
    },
    here={"hidden", "logits"},
)

# %% [markdown]
# The names, in contexts of three letters, from the functions you wrote in 04/02:

# %%
train_names, dev_names, test_names = names_split()
stoi, itos = makemore.build_vocab(train_names)
vocab_size = len(itos)
x, y = mlp.build_dataset(train_names, stoi, block_size=3)  # (n, 3), (n,)
dev_x, dev_y = mlp.build_dataset(dev_names, stoi, block_size=3)
print(tuple(x.shape), tuple(dev_x.shape), vocab_size)

# %% [markdown]
# ## 1. Confidently wrong
#
# The MLP of 04/02, all parameters drawn from a standard normal distribution, before any training. It knows
# nothing about names.
#
# **Predict** its loss. Then run the cell, and the thousand steps after it.


# %%
def fresh_mlp():
    """The MLP of 04/02 as it starts, always with the same numbers."""
    return mlp.MLP(vocab_size, 3, 10, 200, torch.Generator().manual_seed(0))


def descend(model, lr=0.1, steps=1000):
    """The losses of plain gradient descent on batches of 32."""
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    return mlp.train(model, optimizer, x, y, [lr] * steps, 32, torch.Generator().manual_seed(1))


print(f"loss before training {mlp.split_loss(fresh_mlp(), dev_x, dev_y):.2f}")
as_drawn = descend(fresh_mlp())


# %% tags=["demo"]
def smooth(losses, width=25):
    """Means over `width` steps each: single batches jump."""
    return torch.tensor(losses).view(-1, width).mean(1)


plot.curves(
    range(0, 1000, 25),
    {"all parameters standard normal": smooth(as_drawn), "knowing nothing": [math.log(vocab_size)] * 40},
    title="A thousand steps, spent on unlearning",
    xlabel="step",
    ylabel="loss (nats), mean of 25 steps",
)

# %% [markdown]
# Whoever knows nothing should say so: 27 equal probabilities cost $\ln 27 = 3.30$ nats, on any text. This model starts
# about eight times as high, because its logits are large by chance. It is sure of a letter, and wrong. A thousand steps later
# it has not come down to where knowing nothing would have started.
#
# A curve of this shape, steep and then ever flatter, is called a *hockey stick*. The steep part is hardly learning. It is
# the network turning down its own noise.
#
# **What should the first loss be?** Say that the logits $z_1, \dots, z_V$ are normal numbers of standard deviation $s$ that have nothing to do
# with the target. Then
#
# $$L = \ln \sum_{k=1}^{V} e^{z_k} - z_y \;\approx\; \ln \bigl(V \, \mathbb{E}[e^{z}]\bigr) - 0 = \ln V + \frac{s^2}{2}$$
#
# since the mean of $e^z$ over normal $z$ of standard deviation $s$ is $e^{s^2/2}$, and the mean of $z_y$ is 0. $V$ is the size of the
# vocabulary.
#
# ### Exercise 1: expected initial loss   ·  ★☆☆ · 4 min · 2 points
#
# - `vocab_size`: int ≥ 2
# - `logit_std`: float ≥ 0, the standard deviation $s$ of the logits; 0 by default
# - returns: float, the loss in nats by the formula above


# %% exercise: expected_initial_loss forbid=["fasttrack.models.batchnorm.expected_initial_loss"]
def expected_initial_loss(vocab_size: int, logit_std: float = 0.0) -> float:
    """The loss of logits that are normal with standard deviation `logit_std`, in nats."""
    ### BEGIN SOLUTION
    return math.log(vocab_size) + logit_std**2 / 2
    ### END SOLUTION


# %%
print(expected_initial_loss(27), expected_initial_loss(27, 1.0))  # look: 3.2958 and half a nat more

# %% test: expected_initial_loss points=2
check.expected_initial_loss(expected_initial_loss)
### BEGIN HIDDEN TESTS
check.expected_initial_loss(expected_initial_loss, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which logarithm?</summary>
#
# Nats are made by the natural one: `math.log`.
# </details>
# <details><summary>Does the loss fall or rise with s?</summary>
#
# It rises. Spread-out logits are opinions, and opinions that have nothing to do with the target cost.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import expected_initial_loss`. The grader still counts the
# exercise as not written.
# </details>

# %% [markdown]
# The formula against random logits. **Predict:** where does it stop being right, and in which direction is it off?

# %% tags=["demo"]
generator = torch.Generator().manual_seed(0)
spreads = [0.25 * k for k in range(17)]
measured = []
for s in spreads:
    z = s * torch.randn(4000, vocab_size, generator=generator)  # (4000, 27)
    targets = torch.randint(vocab_size, (4000,), generator=generator)
    measured.append(functional.cross_entropy(z, targets).item())
plot.curves(
    spreads,
    {"random logits": measured, "formula": [expected_initial_loss(vocab_size, s) for s in spreads]},
    title="What opinions about nothing cost",
    xlabel="standard deviation of the logits",
    ylabel="loss (nats)",
)

# %% [markdown]
# Up to about 1.5 it holds. Beyond, the sum is ruled by the largest of the 27 terms, the mean of $e^z$ by rarer and larger ones that 27 draws
# do not contain, and the loss grows in proportion to $s$. Our MLP is far out there:


# %%
def inside(model, contexts):
    """Hidden pre-activations, hidden activations and logits of the MLP of 04/02."""
    with torch.no_grad():
        pre = mlp.embed(model.C, contexts) @ model.W1 + model.b1  # (n, 200)
        h = pre.tanh()
        return pre, h, h @ model.W2 + model.b2


pre, h, logits = inside(fresh_mlp(), x[:1000])
print(f"standard deviation of the logits {logits.std().item():.1f}")

# %% [markdown]
# Where does 13 come from? Each logit is a sum of 200 products of an activation near ±1 and a standard normal weight (why that makes 13 is in part 3). The repair is one factor:


# %%
def calm_mlp():
    """The MLP with a last layer that starts with hardly an opinion."""
    model = fresh_mlp()
    with torch.no_grad():
        model.W2 *= 0.01
        model.b2.zero_()
    return model


calm = descend(calm_mlp())
print(f"first loss {calm[0]:.4f}, expected {expected_initial_loss(vocab_size):.4f}")
print(
    f"mean of the last 100 losses: {sum(as_drawn[-100:]) / 100:.3f} as drawn, {sum(calm[-100:]) / 100:.3f} calm"
)

# %% tags=["demo"]
plot.curves(
    range(0, 1000, 25),
    {"as drawn": smooth(as_drawn), "calm": smooth(calm), "knowing nothing": [math.log(vocab_size)] * 40},
    title="One factor, and the hockey stick is gone",
    xlabel="step",
    ylabel="loss (nats), mean of 25 steps",
)

# %% [markdown]
# Why 0.01 and not 0? Zero works here as well (the mean of the last 200 losses is the same to 0.0001). It costs the hidden layer its first step, since the
# gradient that reaches it is multiplied by `W2`. What would never come apart are units that start with the same weights on *both* sides.
#
# So before every training: **compare the first loss with `expected_initial_loss`.** If it is much higher, the last layer is too
# large. If it is much lower than $\ln V$, the network is not untrained (old parameters were loaded), or the loss is not what you think (padding
# counted, another $V$, a wrong mean). Targets that leak into the inputs show later, as a loss that falls too far: an untrained network cannot use them.
#
# ## 2. Saturated
#
# The logits are repaired. The hidden layer is not. Its activations are $h = \tanh(\text{pre})$, and the slope of tanh is $1 - h^2$: at $h =
# \pm 1$ nothing flows back. **Predict:** which share of the activations of the fresh MLP lies beyond ±0.97, where the slope is below 0.06?
#
# ### Exercise 2: saturation   ·  ★☆☆ · 3 min · 1 point
#
# - `h`: float tensor of any shape, outputs of tanh
# - `limit`: float, 0.97 by default
# - returns: Python float, the share of all elements of `h` that are greater than `limit` or less than `-limit`


# %% exercise: saturation forbid=["fasttrack.models.batchnorm.saturation"]
def saturation(h: torch.Tensor, limit: float = 0.97) -> float:
    """The share of the elements of `h` that lie beyond `limit` on either side."""
    ### BEGIN SOLUTION
    return (h.abs() > limit).float().mean().item()
    ### END SOLUTION


# %%
saturation(torch.tensor([0.99, -0.99, 0.5, 0.0]))  # look: 0.5

# %% test: saturation points=1
check.saturation(saturation)
### BEGIN HIDDEN TESTS
check.saturation(saturation, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mean(): could not infer output dtype</summary>
#
# A comparison gives bool. `.float()` makes 0 and 1 of it.
# </details>
# <details><summary>My share is half of what is expected</summary>
#
# tanh saturates at both ends.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import saturation`. The grader still counts the exercise as
# not written.
# </details>

# %%
pre, h, _ = inside(fresh_mlp(), x[:1000])
print(f"pre-activations: standard deviation {pre.std().item():.2f}")
print(f"saturated: {saturation(h):.0%}")

# %% [markdown]
# Seven in ten. tanh has turned a broad bell into a switch with two positions: for most examples a unit says $\pm 1$ whatever its weights are, give or
# take. These examples teach the unit nothing.
#
# One unit that is saturated for *some* examples learns from the others. A unit that is saturated for **all** of them gets no gradient from
# any, or next to none. It is **dead**: a constant that the network carries along. The same happens to a ReLU that is negative for every example.
#
# ### Exercise 3: dead units   ·  ★★☆ · 6 min · 2 points
#
# - `slope`: float `(..., units)`, two dimensions or more: the slope of the activation function for each example and unit. All dimensions but the
#   last are examples: `(batch, units)`, `(batch, time, units)`
# - `limit`: float ≥ 0; 0 by default
# - returns: bool `(units,)`, `True` where the **absolute** slope is at most `limit` for **every** example (some activation functions have negative slopes)


# %% exercise: dead_units forbid=["fasttrack.models.batchnorm.dead_units"]
def dead_units(slope: torch.Tensor, limit: float = 0.0) -> torch.Tensor:
    """Which units have a slope of at most `limit` in size for every example: bool `(units,)`."""
    ### BEGIN SOLUTION
    return (slope.abs() <= limit).flatten(0, -2).all(0)
    ### END SOLUTION


# %%
dead_units(torch.tensor([[0.0, 0.0, 0.5], [0.0, 0.3, 0.5]]))  # look: True, False, False

# %% test: dead_units points=2
check.dead_units(dead_units)
### BEGIN HIDDEN TESTS
check.dead_units(dead_units, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>One answer for each example instead of each unit</summary>
#
# The dimension that you name in `all(dim)` is the one that goes away. The units are the last dimension and must stay.
# </details>
# <details><summary>Three dimensions give an answer with two</summary>
#
# `flatten(0, -2)` merges all dimensions but the last; for two dimensions it changes nothing.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import dead_units`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# **Predict:** how many of the 200 units of the fresh MLP are as good as dead (slope at most 0.01 for all training examples)? And of a ReLU layer after 100
# steps of AdamW, with learning rates from the usual 0.001 to a careless 0.3?

# %%
pre, h, _ = inside(fresh_mlp(), x)
print("fresh MLP, as good as dead:", int(dead_units(1 - h**2, 0.01).sum()), "of 200")


# %% tags=["demo"]
torch.manual_seed(0)
relu_net = nn.Sequential(
    nn.Embedding(vocab_size, 10), nn.Flatten(), nn.Linear(30, 200), nn.ReLU(), nn.Linear(200, vocab_size)
)
for lr in (0.001, 0.01, 0.1, 0.3):
    stepped = copy.deepcopy(relu_net)
    optimizer = torch.optim.AdamW(stepped.parameters())
    losses = mlp.train(stepped, optimizer, x, y, [lr] * 100, 256, torch.Generator().manual_seed(1))
    with torch.no_grad():
        slope = (stepped[:3](x) > 0).float()  # of ReLU: 1 above zero, 0 below
    print(
        f"ReLU, 100 steps, lr {lr:<6} dead: {int(dead_units(slope).sum()):>3} of 200   loss {losses[-1]:.2f}"
    )

# %% [markdown]
# The tanh layer is badly saturated, yet no unit is beyond help: each has examples on its slope. The ReLU layer shows how units die in practice: steps that are too large push
# a unit below zero for every name there is. It gets no gradient of its own then; only if its inputs move can it come back, which is rare (2 of 156 in another 2,000 steps at 0.003). **Nothing reports it.** With 156 units dead the loss has fallen nicely to 2.6; it is just not the 2.4 of its neighbour. With all 200 dead
# it is 2.9, the loss of the letter counts: only the bias of the output layer is still learning.
#
# The repair of the hidden layer is a factor again: pre-activations of standard deviation 5.6 are to become about 1. Both repairs against one and none:


# %%
def repaired_mlp():
    """The MLP with a calm last layer and a hidden layer in the range where tanh bends."""
    model = calm_mlp()
    with torch.no_grad():
        model.W1 *= 0.2
        model.b1 *= 0.01
    return model


repaired = descend(repaired_mlp())
_, calm_h, _ = inside(calm_mlp(), x[:1000])
_, repaired_h, _ = inside(repaired_mlp(), x[:1000])
print(f"saturated: {saturation(calm_h):.0%} before, {saturation(repaired_h):.0%} after")
for name, losses in {"as drawn": as_drawn, "calm": calm, "repaired": repaired}.items():
    print(f"{name:<9} first loss {losses[0]:6.2f}   mean of the last 200: {sum(losses[-200:]) / 200:.3f}")

# %% tags=["demo"]
plot.images(
    torch.stack([calm_h, repaired_h])[:, :100, :100].abs() > 0.97,
    ["hidden layer as drawn", "repaired"],
    title="Saturated activations are dark: 100 examples down, 100 units across",
    columns=2,
    size=3.4,
)

# %% [markdown]
# Each dark dot is an example that cannot teach a unit. The same network, the same data, the same thousand steps: what differs is where it started.
#
# The loss falls by only 0.02 (by 0.01 to 0.03 with each of five seeds): one hidden layer can do much with the rest. In ten layers the factors
# multiply, and tuning them by hand will not do.
#
# ## 3. How large should a weight be?
#
# A pre-activation is a sum of $n$ products, $p = \sum_{i=1}^{n} w_i x_i$, with $n$ the number of inputs of the unit, its **fan-in**. If the $w_i$ are
# independent, with mean 0 and variance $\sigma^2$, and the $x_i$ have a mean square of 1, each product has variance $\sigma^2$ and
# variances of independent terms add:
#
# $$\operatorname{Var}(p) = n \sigma^2$$

# %% tags=["nbval-check-output"]
generator = torch.Generator().manual_seed(0)
for fan_in in (10, 100, 1000):
    inputs = torch.randn(2000, fan_in, generator=generator)  # (2000, fan_in)
    weights = torch.randn(fan_in, 50, generator=generator)
    products = inputs @ weights  # (2000, 50)
    print(
        f"fan-in {fan_in:<5} out {products.std().item():5.1f}   out / sqrt(fan-in) {products.std().item() / fan_in**0.5:.2f}"
    )

# %% [markdown]
# The 13 of part 1 was $\sqrt{200} \cdot 0.92$, with 0.92 the root of the mean square of the activations, and the 5.6 of part 2 about $\sqrt{30 + 1}$: thirty inputs and a bias.
#
# So with $\sigma = 1/\sqrt{n}$ the scale is kept. That is for a linear layer. A nonlinearity then takes something away, and the weights have to make up for it by a
# factor, the **gain**:
#
# - **relu**: half of a symmetric distribution becomes 0, and with it half of the mean square. To double the variance, the gain is $\sqrt{2}$ (He et al. 2015).
# - **tanh**: it squeezes. There is no exact value; PyTorch uses $5/3$, which holds a deep stack of tanh layers near a standard deviation of 0.65.
#
# $$\sigma = \frac{\text{gain}}{\sqrt{\text{fan-in}}}$$
#
# This start is called **Kaiming** (or He) initialisation after the first author's first name; Glorot and Bengio (2010) had one for tanh that weighs fan-in and fan-out.
#
# ### Exercise 4: kaiming std   ·  ★☆☆ · 4 min · 2 points
#
# - `fan_in`: int ≥ 1
# - `nonlinearity`: `"linear"` (gain 1, the default), `"tanh"` (gain 5/3) or `"relu"` (gain √2)
# - returns: float, the standard deviation of the weights
# - any other name: raise a `ValueError`


# %% exercise: kaiming_std forbid=["torch.nn.init.calculate_gain", "fasttrack.models.batchnorm.kaiming_std"]
def kaiming_std(fan_in: int, nonlinearity: str = "linear") -> float:
    """The standard deviation of weights that keeps the scale of a signal through a layer."""
    ### BEGIN SOLUTION
    gains = {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    if nonlinearity not in gains:
        raise ValueError(f"kaiming_std: no gain for {nonlinearity!r}")
    return gains[nonlinearity] / math.sqrt(fan_in)
    ### END SOLUTION


# %%
print(kaiming_std(100), kaiming_std(30, "tanh"))  # look: 0.1 and 0.304

# %% test: kaiming_std points=2
check.kaiming_std(kaiming_std)
### BEGIN HIDDEN TESTS
check.kaiming_std(kaiming_std, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Is it gain² or gain, fan_in or its root?</summary>
#
# The variance is gain² / fan_in. The standard deviation is its root.
# </details>
# <details><summary>How do I refuse a name?</summary>
#
# `raise ValueError("…")`. A dict with `[]` raises KeyError by itself, which is another thing.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import kaiming_std`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# The factor 0.2 that repaired the hidden layer by hand was nearly $1/\sqrt{30} = 0.18$, the gain for linear layers. With the gain of tanh it is 0.30: a fifth of the activations saturated, on purpose,
# to make up for the squeezing. With one hidden layer that makes no difference (2.537 and 2.536).
#
# Now ten layers of 100 units. Random inputs go in, a random gradient comes back, nothing is trained. **Predict** what becomes of the activations of
# layer 10, and of the gradient that arrives at layer 1, when the gain is 0.5, when it is 5/3, and when it is 5.


# %%
def stack(gain, norm=None, depth=10, width=100):
    """Activations of a stack of tanh layers, and the gradients that reach them: depth tensors `(1000, width)` each."""
    generator = torch.Generator().manual_seed(0)
    h = torch.randn(1000, width, generator=generator)
    activations = []
    for _ in range(depth):
        weight = gain * kaiming_std(width) * torch.randn(width, width, generator=generator)
        h = h @ weight.requires_grad_()
        h = torch.tanh(norm(h) if norm else h)
        h.retain_grad()  # autograd drops gradients in between (01/02)
        activations.append(h)
    h.backward(torch.randn(h.shape, generator=generator))
    return [h.detach() for h in activations], [h.grad for h in activations]


gains = {"gain 0.5": 0.5, "gain 1": 1.0, "gain 5/3": 5 / 3, "gain 5": 5.0}
stacks = {name: stack(gain) for name, gain in gains.items()}
print("standard deviation of  activations: layer 1, layer 10    gradients: layer 1, layer 10")
for name, (activations, grads) in stacks.items():
    a, g = ([tensors[k].std().item() for k in (0, 9)] for tensors in (activations, grads))
    print(f"{name:<24}{a[0]:18.3f} {a[1]:9.3f}{g[0]:20.3f} {g[1]:9.3f}")

# %% tags=["demo"]
plot.layers(
    {name: activations for name, (activations, _) in stacks.items()},
    title="Activations of ten tanh layers, by the gain of their weights",
    xlabel="activation",
    span=(-1.02, 1.02),
)

# %% tags=["demo"]
plot.curves(
    range(1, 11),
    {name: [math.log10(g.std()) for g in grads] for name, (_, grads) in stacks.items()},
    title="Gradients on their way back, from layer 10 to layer 1",
    xlabel="layer",
    ylabel="log₁₀ of their standard deviation",
)

# %% [markdown]
# - **0.5**: activations shrink to nothing, and since a layer's slopes are the same matrices, so do gradients: a factor of about 500 from layer 10 to layer 1.
# - **1**: right for linear layers. tanh squeezes a little each time, and it adds up.
# - **5/3**: from the fourth layer on, the distributions lie on each other.
# - **5**: two thirds saturated, and where tanh has not cut them off gradients *grow*, by more than a hundred.
#
# At a hundred layers, 5/3 still holds the activations and multiplies the gradient by more than ten thousand; only gains between about 1.05 and 1.2 keep both. And it is only the *start*: training moves the weights, and nothing
# keeps the scale where it was.
#
# ## 4. Why not make it so?
#
# We want pre-activations of mean 0 and standard deviation 1. Until now we chose weights from which that follows, if all assumptions hold. Sergey Ioffe and Christian Szegedy
# asked in 2015: if that is what we want, why not **compute** it? Mean and standard deviation are differentiable, so the operation can stand
# in the network:
#
# $$\hat{x}_{ij} = \frac{x_{ij} - \mu_j}{\sqrt{\sigma_j^2 + \varepsilon}}$$
#
# with $\mu_j$ and $\sigma_j^2$ the mean and variance of feature $j$ over the examples of the batch. It is the `Standardizer` of 01/03, inside the network, fitted anew to each batch.
#
# Three conventions that differ between libraries and layers, and which ours are:
#
# - the variance divides by $n$ (**biased**), not by $n - 1$. In torch: `var(…, correction=0)`
# - $\varepsilon$ stands inside the root, as in the paper and in PyTorch
# - features are the **last** dimension; means go over all others. For `(batch, time, features)`, which 04/05 needs, one mean for each feature over batch *and* time.
#   (`nn.BatchNorm1d` wants three dimensions as `(batch, features, time)`.)
#
# By hand, for four examples of two features:

# %% tags=["nbval-check-output"]
small = torch.tensor([[1.0, 10.0], [3.0, 10.0], [5.0, 30.0], [7.0, 30.0]])  # (4, 2)
mean = small.mean(0)  # (2,)
var = ((small - mean) ** 2).mean(0)  # (2,)
print("mean", mean.tolist(), " variance", var.tolist())
print(((small - mean) / var.sqrt()).tolist())

# %% [markdown]
# ### Exercise 5: normalize   ·  ★★☆ · 8 min · 3 points
#
# - `x`: float `(batch, features)` or `(batch, time, features)`; it stays as it is
# - `eps`: float, added to the variance under the root
# - returns: shape and dtype of `x`; each feature with mean 0 and (up to eps) variance 1 over all dimensions but the last, variance divided by the number of
#   examples $n$
# - a feature that does not vary becomes 0; a single example becomes zeros
# - gradients flow through mean and variance, too
#
# Without PyTorch's own: `functional.batch_norm`, `nn.BatchNorm1d` and the like. In float32 the variance must hold up for features far from 0: subtract the mean before squaring (as `var` does).


# %% exercise: normalize forbid=["torch.nn.functional.batch_norm", "torch.batch_norm", "torch.native_batch_norm", "torch.nn.BatchNorm1d", "torch.nn.functional.instance_norm", "torch.nn.functional.layer_norm", "torch.nn.LayerNorm", "torch.nn.InstanceNorm1d", "fasttrack.models.batchnorm.normalize", "fasttrack.models.batchnorm.BatchNorm1d"]
def normalize(x: torch.Tensor, eps: float = 1e-5) -> torch.Tensor:
    """Each feature to mean 0 and variance 1 over all dimensions but the last: the shape of `x`."""
    ### BEGIN SOLUTION
    dims = tuple(range(x.dim() - 1))
    mean = x.mean(dims)  # (features,)
    var = x.var(dims, correction=0)  # (features,)
    return (x - mean) / torch.sqrt(var + eps)
    ### END SOLUTION


# %%
normalize(small)  # look: the numbers above, up to eps

# %% test: normalize points=3
check.normalize(normalize)
### BEGIN HIDDEN TESTS
check.normalize(normalize, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My rows have mean 0, not my columns</summary>
#
# `mean(0)` takes the dimension of the examples away and leaves one number for each feature. Over the last dimension it is another layer, LayerNorm, of unit 06.
# </details>
# <details><summary>Right for two dimensions, wrong for three</summary>
#
# `mean` and `var` take a tuple of dimensions. Which are "all but the last"?
# </details>
# <details><summary>Off by a little, more so for small batches</summary>
#
# `var` and `std` divide by n − 1 unless you say `correction=0`. And √(σ² + ε) is not σ + ε.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import normalize`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# The ten layers again, each normalised before its tanh. **Predict** the histograms for the gains 0.5 and 5.

# %%
normed = {name: stack(gain, normalize) for name, gain in gains.items()}
for name, (activations, grads) in normed.items():
    a, g = ([tensors[k].std().item() for k in (0, 9)] for tensors in (activations, grads))
    print(f"{name:<24}{a[0]:18.3f} {a[1]:9.3f}{g[0]:20.3f} {g[1]:9.3f}")

# %% tags=["demo"]
plot.layers(
    {name: activations for name, (activations, _) in normed.items()},
    title="The same layers, each normalised before its tanh",
    xlabel="activation",
    span=(-1.02, 1.02),
)

# %% [markdown]
# At the start the gain has no influence on the activations: whatever factor the weights have, dividing by the standard deviation takes it out again. Weights of a wrong size are not repaired here;
# their size has stopped mattering. (Gradients at layer 1 are about twice those at layer 10 now. That is mild, and the same for every gain.)
#
# Two things have changed that are easy to miss.
#
# **1. The network can no longer choose.** A unit may be of use when it is saturated, or nearly linear. So each feature gets two learned numbers, a gain
# $\gamma_j$ that starts at 1 and a bias $\beta_j$ that starts at 0, and the layer's output is $\gamma_j \hat{x}_{ij} + \beta_j$. With $\gamma_j = \sigma_j$, $\beta_j = \mu_j$ it would undo itself. The scale is still
# free, but now it is *one number that says so*, not a by-product of 100 weights.
#
# **2. Examples see each other.** The first name below is the same in both batches. **Predict:** is its output?

# %% tags=["nbval-check-output"]
same = torch.tensor([[1.0, 2.0]])
batch_a = torch.cat([same, torch.tensor([[0.0, 0.0], [2.0, 1.0]])])  # (3, 2)
batch_b = torch.cat([same, torch.tensor([[5.0, 9.0], [4.0, 3.0]])])
for batch in (batch_a, batch_b):
    print([round(value, 3) for value in normalize(batch)[0].tolist()])

# %% [markdown]
# It is not. What the network makes of a name depends on which other names happen to be in the batch. In training that is a little noise, another one in each step, and it works against overfitting like a
# weak dropout (01/03). But it is also the source of most bugs with this layer. What is the output for a *single* name?
#
# This is a good place for a break.
#
# ## 5. One name at a time
#
# Trained, the network is to judge one context at a time, and its answer must not depend on company. So the layer keeps, beside what it learns, an
# estimate of mean and variance over *all* training data, and uses it when it evaluates. It has two modes:
#
# | mode | normalises by | and |
# |---|---|---|
# | `train()` | mean and variance of this batch | moves the running statistics towards them |
# | `eval()` | the running statistics | changes nothing |
#
# The running statistics are a moving average with **momentum** $m$, in PyTorch's convention the share of the *new* value:
#
# $$\text{running} \leftarrow (1 - m) \cdot \text{running} + m \cdot \text{new}$$

# %% tags=["nbval-check-output"]
running = torch.zeros(())
for step, new in enumerate((4.0, 4.0, 4.0, 4.0), 1):
    running = 0.9 * running + 0.1 * torch.tensor(new)
    print(f"after batch {step}: {running.item():.3f}")

# %% [markdown]
# It starts at 0 and needs some tens of batches to forget that: after $k$ batches a share of $0.9^k$ is still the start.
#
# - **Which variance is kept?** The batch is a sample, and a sample's biased variance is too small on average, by the factor $(n-1)/n$. An estimate of *all* data should not be, so PyTorch keeps the **unbiased** one,
#   divided by $n - 1$, while it normalises by the biased one. With batches of 32 that is 3 %; with batches of 2, a factor of 2.
# - **Running statistics are not parameters.** No gradient belongs to them: they are measured, not learned. But they must be saved with the model, and move with it to another device or dtype. For that a module has **buffers**:
#   `self.register_buffer("running_mean", torch.zeros(3))` makes `self.running_mean` a tensor that is in `state_dict()` and not in `parameters()`.
# - **They must not remember the graph.** `mean` comes from recorded operations. Mix it into the running mean outside of `torch.no_grad()`, and the running mean drags the graph of every batch so far with it (01/02, part 5: memory grows).
# - **A batch of one** has variance 0 and an unbiased variance of 0/0. In training mode that is an error, better raised than kept: `nan` in a running average never leaves it.
#
# ### Exercise 6: BatchNorm1d   ·  ★★★ · 18 min · 5 points
#
# A module, `BatchNorm1d(num_features, eps=1e-5, momentum=0.1)`.
#
# - parameters: `weight` (the gain, ones) and `bias` (zeros); buffers: `running_mean` (zeros) and `running_var` (ones); all float32 `(num_features,)`, and no other parameters or buffers
# - `forward(x)`: `x` float `(batch, num_features)` or `(batch, time, num_features)`; statistics over all dimensions but the last; returns the shape of `x`
# - if `self.training`: normalise by mean and **biased** variance of `x`; gradients flow through both. Move `running_mean` towards the mean and `running_var` towards the **unbiased** variance of `x`, by `momentum`, without
#   recording gradients
# - if `self.training` and there is only one example, as in `(1, features)` or `(1, 1, features)`: raise a `ValueError`, before anything has changed
# - else: normalise by the running statistics, and change nothing
# - in both modes: times `weight`, plus `bias`
#
# To change a buffer in place, `self.running_mean.lerp_(mean, momentum)` or `mul_` and `add_`; assigning `self.running_mean = …` a new tensor works, too.


# %% exercise: BatchNorm1d forbid=["torch.nn.functional.batch_norm", "torch.batch_norm", "torch.native_batch_norm", "torch.nn.BatchNorm1d", "torch.nn.SyncBatchNorm", "torch.nn.functional.instance_norm", "torch.nn.InstanceNorm1d", "fasttrack.models.batchnorm.BatchNorm1d", "fasttrack.models.batchnorm.normalize"]
class BatchNorm1d(nn.Module):
    """Batch normalisation over all dimensions but the last, with running statistics for evaluation."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1):
        super().__init__()
        ### BEGIN SOLUTION
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` `(batch, num_features)` or `(batch, time, num_features)`, normalised, scaled and shifted."""
        ### BEGIN SOLUTION
        if self.training:
            count = len(x.flatten(0, -2))
            if count < 2:
                raise ValueError("one example has no variance: train on more, or call eval()")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)  # (num_features,)
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * count / (count - 1), self.momentum)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias
        ### END SOLUTION


# %%
norm = BatchNorm1d(2)
print(norm(small).tolist())  # look: as normalize(small)
print(norm.running_mean.tolist())  # look: a tenth of the way from 0 to 4 and 20
print(norm.running_var.tolist())  # look: 0.9 · 1 plus a tenth of 6.67 and 133.3, the unbiased variances
print(norm.eval()(small[:1]).tolist())  # look: one example is no problem here

# %% test: BatchNorm1d points=5
check.BatchNorm1d(BatchNorm1d)
### BEGIN HIDDEN TESTS
check.BatchNorm1d(BatchNorm1d, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>'BatchNorm1d' object has no attribute '_parameters', or cannot assign before __init__</summary>
#
# `super().__init__()` must run before anything is assigned. It stands in the given code; keep it first.
# </details>
# <details><summary>Training is right, evaluation is not</summary>
#
# Look at the running statistics first: `momentum` is the share of the new value, the kept variance divides by n − 1, and evaluation must not move either. Then at what is subtracted and divided by when
# `self.training` is False.
# </details>
# <details><summary>a leaf Variable that requires grad is being used in an in-place operation</summary>
#
# Your running mean is an `nn.Parameter`. That is what buffers are for.
# </details>
# <details><summary>The gradients differ although the outputs agree</summary>
#
# `no_grad` and `detach` belong around the running statistics alone. The mean and variance that normalise the batch stay in the graph.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import BatchNorm1d`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# ### The wrong mode
#
# A network with your layer, trained for 2,000 steps on batches of 32:


# %% tags=["demo"]
def small_net(norm):
    """Embedding, one hidden layer with or without BatchNorm, logits."""
    torch.manual_seed(0)
    layers = [nn.Embedding(vocab_size, 10), nn.Flatten(), nn.Linear(30, 100, bias=not norm)]
    return nn.Sequential(
        *layers, *([BatchNorm1d(100)] if norm else []), nn.Tanh(), nn.Linear(100, vocab_size)
    )


with_norm = small_net(True)
descend(with_norm, steps=2000)
print(f"dev loss, evaluation mode: {mlp.split_loss(with_norm, dev_x, dev_y):.4f}")

# %% [markdown]
# `split_loss` has always called `model.eval()` and put the mode back. Here is what it saved you from. **Predict:** how does the dev loss depend on the size of the batches in which it is measured, if somebody forgets the call? In evaluation mode?

# %% tags=["demo"]
shuffled = torch.randperm(len(dev_x), generator=torch.Generator().manual_seed(0))[:8192]  # (8192,)


def measured_in(size, training):
    """The loss on 8,192 dev examples in batches of `size`."""
    model = copy.deepcopy(with_norm).train(training)
    with torch.no_grad():
        parts = [functional.cross_entropy(model(dev_x[i]), dev_y[i]).item() for i in shuffled.split(size)]
    return sum(parts) / len(parts)


powers = [1, 2, 3, 4, 5, 7, 9, 11]
by_mode = {
    "forgot eval()": [measured_in(2**k, True) for k in powers],
    "evaluation mode": [measured_in(2**k, False) for k in powers],
}
print("batches of  2:", " and ".join(f"{losses[0]:.4f}" for losses in by_mode.values()))
print("batches of 32:", " and ".join(f"{losses[4]:.4f}" for losses in by_mode.values()))
plot.curves(
    powers,
    by_mode,
    title="The same network, the same names",
    xlabel="log₂ of the batch size in which the loss is measured",
    ylabel="dev loss (nats)",
)

# %% [markdown]
# 0.4 nats worse in batches of 2, and 0.01 in batches of 32, which nobody would notice. A loss is a property of a model and data. In training mode it is a property of the batch size, too, which gives it away. Worse: measuring in training mode also *moved* the running statistics. The dev data have shaped the model,
# a leak of 04/01's kind.
#
# The opposite mistake, training in evaluation mode, is rarer and quieter: the layer normalises by whatever is stored, mean 0 and variance 1 at first, so it does nothing, and the network trains as if the layer
# were not there.
#
# ## 6. What BatchNorm makes superfluous
#
# In evaluation mode, all numbers of the layer are constants. Linear and BatchNorm one after the other are
#
# $$\gamma_j \, \frac{(W x)_j - \mu_j}{\sqrt{\sigma_j^2 + \varepsilon}} + \beta_j$$
#
# with $W$ `(out, in)`, which is a linear function of $x$. So after training they can be **folded** into one linear layer, and BatchNorm costs nothing when the model is used.
#
# Where is the bias of the linear layer? There is none: it would be added to each example of feature $j$, and hence to $\mu_j$, and subtracted with it. **Predict** its gradient:

# %% tags=["demo"]
with_bias = nn.Linear(30, 100)
inputs = torch.randn(64, 30, generator=torch.Generator().manual_seed(0))
torch.tanh(normalize(with_bias(inputs))).pow(2).sum().backward()
print(
    f"largest gradient: weight {with_bias.weight.grad.abs().max():.2f}, bias {with_bias.bias.grad.abs().max():.1e}"
)

# %% [markdown]
# Nothing but rounding. A bias before BatchNorm does no harm; it wastes memory and looks as if it meant something. Write `nn.Linear(n, m, bias=False)`; BatchNorm's own `bias` takes its place.
#
# ### Exercise 7: fold BatchNorm   ·  ★★☆ · 8 min · 3 points
#
# - `linear_weight`: float `(out, in)`, as `nn.Linear` keeps it; the layer has no bias
# - `weight`, `bias`, `running_mean`, `running_var`: float `(out,)`, those of the BatchNorm after it; `eps`: float
# - returns a tuple: weight `(out, in)` and bias `(out,)` of the one linear layer that does the same as both in evaluation mode


# %% exercise: fold_batchnorm forbid=["torch.nn.utils.fusion.fuse_linear_bn_weights", "torch.nn.utils.fuse_linear_bn_weights", "torch.nn.utils.fusion.fuse_linear_bn_eval", "fasttrack.models.batchnorm.fold_batchnorm"]
def fold_batchnorm(
    linear_weight: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    eps: float,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weight `(out, in)` and bias `(out,)` of one linear layer in place of linear and BatchNorm."""
    ### BEGIN SOLUTION
    scale = weight / torch.sqrt(running_var + eps)  # (out,)
    return scale[:, None] * linear_weight, bias - scale * running_mean
    ### END SOLUTION


# %%
one = torch.ones(1)
fold_batchnorm(
    torch.tensor([[3.0, 5.0]]), 2 * one, one, 10 * one, 4 * one, 0.0
)  # look: 2 / √4 = 1, so [[3, 5]] and 1 - 10 = -9

# %% test: fold_batchnorm points=3
check.fold_batchnorm(fold_batchnorm)
### BEGIN HIDDEN TESTS
check.fold_batchnorm(fold_batchnorm, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I start?</summary>
#
# On paper: multiply the formula out into (something) · x + (something). The factor in front of $(Wx)_j$ is one number for each output.
# </details>
# <details><summary>Wrong for square weights only, or an error about shapes</summary>
#
# Output $j$ is *row* $j$ of the weight. A `(out,)` tensor lines up with columns unless it becomes `(out, 1)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import fold_batchnorm`. The grader still counts the exercise as not
# written.
# </details>

# %% tags=["demo"]
_, _, first, bn, _, last = with_norm.eval()
folded = nn.Linear(30, 100)
with torch.no_grad():
    new_weight, new_bias = fold_batchnorm(
        first.weight, bn.weight, bn.bias, bn.running_mean, bn.running_var, bn.eps
    )
    folded.weight.copy_(new_weight)
    folded.bias.copy_(new_bias)
    plain = nn.Sequential(with_norm[0], nn.Flatten(), folded, nn.Tanh(), last)
    difference = (plain(dev_x) - with_norm(dev_x)).abs().max()
print(f"largest difference of any logit: {difference:.1e}")

# %% [markdown]
# ## 7. Is it learning at the right speed?
#
# Activations and gradients tell whether a signal arrives. They do not tell whether `lr` is right. For that, compare how far a step moves a tensor with how large the tensor is: the **update-to-data ratio**.
#
# $$r = \log_{10} \frac{\operatorname{std}(\text{after} - \text{before})}{\operatorname{std}(\text{before})}$$
#
# $r = -3$ means that a step changes the tensor by a thousandth of its size. As a rule of thumb (Karpathy's), a healthy training has $r$ near $-3$ for all weight matrices: at $-5$ it crawls, at $-1$ it forgets in ten steps
# what it has learned. A tensor far from the others shows *which* layer is started wrongly.
#
# ### Exercise 8: update to data   ·  ★☆☆ · 5 min · 2 points
#
# - `before`, `after`: lists of tensors of the same shapes, the parameters before and after a step; each has at least two elements, which differ. Both stay as they are
# - returns: list of Python floats, $r$ for each pair in order; an empty list for empty lists


# %% exercise: update_to_data forbid=["fasttrack.models.batchnorm.update_to_data"]
def update_to_data(before: list[torch.Tensor], after: list[torch.Tensor]) -> list[float]:
    """log10 of the size of a step relative to the tensor it changes, one for each tensor."""
    ### BEGIN SOLUTION
    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after, strict=True)]
    ### END SOLUTION


# %%
tens = torch.tensor([10.0, -10.0])
update_to_data([tens], [0.99 * tens])  # look: -2

# %% test: update_to_data points=2
check.update_to_data(update_to_data)
### BEGIN HIDDEN TESTS
check.update_to_data(update_to_data, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My numbers are off by a factor of 2.303</summary>
#
# That is ln 10. `log10`, not `log`.
# </details>
# <details><summary>A list of tensors</summary>
#
# `.item()` makes a float of a tensor with one element.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import update_to_data`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# A network of four hidden layers with BatchNorm, three learning rates, plain gradient descent. **Predict** by how much the ratios of two learning rates differ. Does any layer stand out?


# %% tags=["demo"]
def deep(norm, gain, depth, width):
    """A deep tanh network; hidden weights of `gain` / sqrt(fan-in), a calm last layer."""
    torch.manual_seed(0)
    layers, fan_in = [nn.Embedding(vocab_size, 10), nn.Flatten()], 30
    for _ in range(depth):
        hidden = nn.Linear(fan_in, width, bias=not norm)
        nn.init.normal_(hidden.weight, std=gain * kaiming_std(fan_in))
        layers += [hidden, *([BatchNorm1d(width)] if norm else []), nn.Tanh()]
        fan_in = width
    output = nn.Linear(width, vocab_size)
    nn.init.normal_(output.weight, std=0.1 * kaiming_std(width))
    return nn.Sequential(*layers, output)


def ratios(model, lr, steps=100):
    """update_to_data of the weight of each linear layer, mean of the last half of the steps: (layers,)."""
    optimizer, generator = torch.optim.SGD(model.parameters()), torch.Generator().manual_seed(1)
    weights = [layer.weight for layer in model if isinstance(layer, nn.Linear)]
    found = []
    for _ in range(steps):
        before = [weight.detach().clone() for weight in weights]
        mlp.train(model, optimizer, x, y, [lr], 64, generator)
        found.append(update_to_data(before, [weight.detach() for weight in weights]))
    return torch.tensor(found[steps // 2 :]).mean(0)


seen = {f"lr {lr}": ratios(deep(True, 5 / 3, 4, 100), lr) for lr in (0.01, 0.1, 1.0)}
for name, found in seen.items():
    print(f"{name:<8}", [round(value, 2) for value in found.tolist()])

# %% tags=["demo"]
plot.runs(
    ["layer 1", "layer 2", "layer 3", "layer 4", "output"],
    {name: 10**found for name, found in seen.items()},
    title="How far a step moves each weight matrix",
    xlabel="weight matrix",
    ylabel="update / data",
    levels={"r = −3": 1e-3},
    yticks=(1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1),
)

# %% [markdown]
# At 0.01 the hidden layers are moved by a twenty-thousandth of their size in a step: a crawl. At 0.1 they are near $-3$, at 1.0 a step moves them by a fiftieth. The four hidden layers agree with each other, which is the work of BatchNorm
# and the start together.
#
# The output layer stands out, for three reasons. It started ten times smaller, so the same step is more of it. Through it the hidden layers get gradients that are ten times smaller at first. And it moves more anyway: without the
# factor 0.1 it is still at least four times ahead. The ratio of a tensor that starts near 0 says little until it has grown; judge by the hidden layers.
#
# ## 8. Switched off
#
# Does it matter, in the end, for the loss? Here is the experiment: eight hidden layers of 64, 120 steps of plain gradient descent on batches of 64; learning rates from 0.03 to 10; weights that start with a
# gain of 0.3, 5/3 or 5; with BatchNorm, and without (with biases in its place). **Predict** which of the six curves look alike.


# %% tags=["demo"]
def reached(norm, gain, lr, steps=120):
    """The mean loss of the last 30 steps; what is no better than knowing nothing counts as ln 27."""
    net = deep(norm, gain, 8, 64)
    optimizer = torch.optim.SGD(net.parameters())
    losses = mlp.train(net, optimizer, x, y, [lr] * steps, 64, torch.Generator().manual_seed(1))
    loss = sum(losses[-30:]) / 30
    return min(loss, math.log(vocab_size)) if math.isfinite(loss) else math.log(vocab_size)


rates = [0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
with_it, without = (
    {
        f"gain {label}": [reached(norm, gain, lr) for lr in rates]
        for label, gain in (("0.3", 0.3), ("5/3", 5 / 3), ("5", 5.0))
    }
    for norm in (True, False)
)
print("learning rate       ", "".join(f"{lr:>7}" for lr in rates))
for name, losses in {"BatchNorm": with_it, "without": without}.items():
    for gain, row in losses.items():
        print(f"{name:<10} {gain:<9}", "".join(f"{loss:7.2f}" for loss in row))

# %% tags=["demo"]
same_axes = {
    "xlabel": "learning rate",
    "ylabel": "loss (nats) after 120 steps",
    "xticks": rates,
    "yticks": (2.6, 2.8, 3.0, 3.2, 3.4),
    "levels": {"knowing nothing": math.log(vocab_size)},
}
plot.runs(
    rates,
    with_it,
    title="With BatchNorm: every start trains, over a wide range of learning rates",
    **same_axes,
)

# %% tags=["demo"]
plot.runs(rates, without, title="Without: the start and the learning rate decide", **same_axes)

# %% [markdown]
# Without BatchNorm only one of the three starts trains well. With the others, too small by a factor of five or too large by three, no learning rate brings the loss below 2.9. With BatchNorm every run
# between 0.1 and 3.0, whatever its start, ends between 2.67 and 2.89; at 3.0, two of the three without it know no more than at the beginning. At 10 BatchNorm fails, too.
#
# Look for the smallest number in the table, too. It belongs to the network *without* BatchNorm, with the right start and the right learning rate. BatchNorm did not make the best run better. It made a good run hard to miss.
#
# ### Why?
#
# The layer is ten years old and everybody agrees that it works. Why it works took longer.
#
# - **Ioffe and Szegedy (2015)**: each layer has to learn on inputs whose distribution changes while the layers below learn. They called this *internal covariate shift* and proposed to remove it.
# - **Santurkar et al. (2018)** put that to the test: they added noise *after* each BatchNorm, a new distribution in every step. The network trained as well as before. What they found instead: with BatchNorm the loss surface is
#   smoother. A gradient says something about a longer way ahead, so longer steps are safe.
#
# One cause of the second you can measure. Multiply all weights before a BatchNorm by $a$: the output does not change, so the loss as a function of the weights does not change along that direction, and its slope is divided by $a$.

# %% tags=["demo"]
torch.manual_seed(0)
weight = kaiming_std(30) * torch.randn(30, 50)
goal = torch.randn(64, 50)
for a in (0.1, 1.0, 10.0):
    w = (a * weight).requires_grad_()
    loss = (torch.tanh(normalize(inputs @ w, eps=0.0)) - goal).pow(2).mean()
    loss.backward()
    along = (w.grad * w).sum() / w.norm()  # the part of the gradient that points along w
    print(
        f"weights times {a:<4}  loss {loss.item():.4f}  gradient {w.grad.norm().item():.4f}  of it along w {along.item():.0e}"
    )

# %% [markdown]
# The gradient is perpendicular to the weights. So each step makes them a little *longer*, the longer they are the smaller the next gradient is, and a learning rate that is too large makes weights grow until the steps fit: the
# layer brakes by itself. That is why the curves with BatchNorm reach so far to the right, and why they end at 10: the output layer, $\gamma$ and $\beta$ have no brake. The gain acts like a change of the learning rate:
# larger weights, smaller relative steps. So gain 0.3 does best at the left, gain 5 at the right.
#
# What it costs: examples depend on each other; two modes, and their bugs; batches must be large; the statistics of a long text cut in windows mean little. Language models have moved on to LayerNorm (unit 06), which normalises each
# example by itself. The ideas stay: watch the scales, and build the scale you want into the network.
#
# ## 9. A network that trains
#
# All of it together.
#
# ### Exercise 9: BatchNormMLP   ·  ★★★ · 15 min · 4 points
#
# A module `BatchNormMLP(vocab_size, block_size, n_embd, n_hidden, n_layer, generator)`; `n_layer` ≥ 1 is the number of hidden layers.
#
# - an embedding, `nn.Embedding(vocab_size, n_embd)`; the rows for a context are laid side by side
# - `n_layer` times: a linear layer to `n_hidden` **without bias**, your `BatchNorm1d(n_hidden)`, tanh
# - an output layer with bias: logits
# - at the start: embedding standard normal; weights of hidden layers normal with `kaiming_std(fan_in, "tanh")` (BatchNorm takes their scale out again, but it decides how far a step turns them); weight of the output layer normal with **0.1 ·** `kaiming_std(n_hidden)`, its bias 0
# - all of these are drawn from `generator` alone: `nn.init.normal_(tensor, std=…, generator=generator)` draws anew in place; `nn.init.zeros_(tensor)` writes zeros
# - `forward(x)`: int64 `(batch, block_size)` → logits `(batch, vocab_size)`
# - `parameters()` yields the tensors in the order in which data meets them: make the modules in that order, and use `nn.Linear`


# %% exercise: BatchNormMLP forbid=["torch.nn.BatchNorm1d", "torch.nn.functional.batch_norm", "torch.nn.LazyBatchNorm1d", "fasttrack.models.batchnorm.BatchNormMLP", "fasttrack.models.batchnorm.BatchNorm1d"]
class BatchNormMLP(nn.Module):
    """Embedding, `n_layer` times linear, BatchNorm and tanh, then logits."""

    def __init__(
        self,
        vocab_size: int,
        block_size: int,
        n_embd: int,
        n_hidden: int,
        n_layer: int,
        generator: torch.Generator,
    ):
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers: list[nn.Module] = [nn.Flatten()]
        fan_in = block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Logits `(batch, vocab_size)` of `x` int64 `(batch, block_size)`."""
        ### BEGIN SOLUTION
        return self.output(self.hidden(self.embedding(x)))
        ### END SOLUTION


# %%
model = BatchNormMLP(vocab_size, 3, 10, 200, 1, torch.Generator().manual_seed(0))
print(sum(parameter.numel() for parameter in model.parameters()), "parameters")  # look: 12097
print(f"{functional.cross_entropy(model(x[:1000]), y[:1000]).item():.2f}")  # look: near ln 27 = 3.30

# %% test: BatchNormMLP points=4
check.BatchNormMLP(BatchNormMLP)
### BEGIN HIDDEN TESTS
check.BatchNormMLP(BatchNormMLP, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# The embedding gives `(batch, block_size, n_embd)`; the first linear layer wants `(batch, block_size * n_embd)`: `flatten(1)`, or `nn.Flatten()`. And from the second layer on, fan-in is `n_hidden`.
# </details>
# <details><summary>The shapes of my parameters are right, their order is not</summary>
#
# A module yields its parameters in the order in which its parts were assigned. One `nn.Sequential` of linear, BatchNorm, tanh, linear, … has the right one.
# </details>
# <details><summary>Evaluation mode gives the logits of training mode</summary>
#
# `model.eval()` reaches only modules that are registered: as attributes, in `nn.Sequential` or `nn.ModuleList`. A plain list hides them.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.batchnorm import BatchNormMLP`. The grader still counts the exercise as not
# written.
# </details>

# %% [markdown]
# ## 10. The table
#
# **2.2511 is the number to beat**, the tuned MLP of 04/02. The settings below were chosen on the dev names: contexts of six letters, two hidden layers of 200, 3,000 steps of AdamW (weight decay 0.1) on batches of 256, the learning rate falling from 0.003 along half a
# cosine.

# %% tags=["demo"]
block_size = 6
long = {
    name: mlp.build_dataset(part, stoi, block_size)
    for name, part in {"train": train_names, "dev": dev_names, "test": test_names}.items()
}


def trained(network):
    """The network after 3,000 steps on the train names."""
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.1)
    rates, generator = mlp.cosine_rates(0.003, 3000), torch.Generator().manual_seed(1)
    mlp.train(network, optimizer, *long["train"], rates, 256, generator)
    return network


model = trained(BatchNormMLP(vocab_size, block_size, 16, 200, 2, torch.Generator().manual_seed(0)))
print(f"{sum(parameter.numel() for parameter in model.parameters()):,} parameters")
print(f"train {mlp.split_loss(model, *long['train']):.4f}   dev {mlp.split_loss(model, *long['dev']):.4f}")

# %% tags=["demo"]
yours = {"BatchNorm": mlp.split_loss(model, *long["test"])}
print(makemore.table(yours))
print("\n* your own measurement")

# %% tags=["demo"]
plot.ladder(
    makemore.results(yours),
    yours=yours,
    title="Unit 04: every model so far, on the same test names",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# 0.05 nats below the tuned MLP. The test names were looked at once, after the settings were chosen.

# %% tags=["demo"]
print(", ".join(mlp.sample_names(model, itos, block_size, 15, torch.Generator().manual_seed(5))))

# %% [markdown]
# ### What did BatchNorm do for it?
#
# The same question as in part 8, now for this network: the same start, the same batches, but every BatchNorm replaced by a module that does nothing (the hidden layers have no bias at all then). **Predict** the dev loss of this twin.


# %% tags=["demo"]
def switched_off(network):
    """The network without its BatchNorms."""
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, BatchNorm1d):
                setattr(parent, name, nn.Identity())
    return network


twin = trained(
    switched_off(BatchNormMLP(vocab_size, block_size, 16, 200, 2, torch.Generator().manual_seed(0)))
)
print(
    f"dev: {mlp.split_loss(model, *long['dev']):.4f} with BatchNorm, {mlp.split_loss(twin, *long['dev']):.4f} without"
)

# %% [markdown]
# The twin is as good, even better by a hundredth. So the step down in the table comes from longer contexts, a second layer, AdamW, and a network that starts right. With two layers and the right start, nothing is left for BatchNorm to repair, and its noise costs
# a little. It had its worth before: we did not have to search for the start.
#
# That is no exception: small networks with a careful start do not need it. In image networks of fifty layers and more it made training possible, together with residual connections (unit 06); a start that replaces it there was found only years later (Fixup, Zhang et al. 2019).
#
# ### The public figure
#
# On names.txt, with the settings of Andrej Karpathy's third makemore lecture (contexts of three letters, `n_embd` 10, 200 hidden units, 200,000 steps of plain gradient descent on batches of 32), on the lectures' dev names:
#
# | network | learning rate | nats per character |
# |---|---|---|
# | lecture: MLP, all parameters standard normal | 0.1, from half-way 0.01 | 2.1701 |
# | lecture: with a better start and BatchNorm | 0.1, from half-way 0.01 | **2.1057** |
# | `BatchNormMLP(27, 3, 10, 200, 1, …)` | 0.1, from half-way 0.01 | 2.1117 |
# | the same | from 0.1 along half a cosine | **2.1048** |
#
# The third line differs from the lecture's in its random numbers, and in its running statistics: with a momentum of 0.1 they remember some ten batches, 320 examples, and are noisy. The lecture takes 0.001; with that the same parameters reach 2.1105.
#
# `benchmarks/makemore.py` recomputes the last line in a few minutes. Here are 2,000 steps at a rate of 0.1, if the file is on this machine or can be downloaded:

# %% tags=["demo"]
try:
    public = lecture_split(names("karpathy"))
except DataUnavailable:
    print("names.txt is neither on this machine nor to be had: no network.")
else:
    public_stoi, public_itos = makemore.build_vocab(public.train)
    public_x, public_y = mlp.build_dataset(public.train, public_stoi, 3)
    lecture_net = BatchNormMLP(len(public_itos), 3, 10, 200, 1, torch.Generator().manual_seed(0))
    sgd = torch.optim.SGD(lecture_net.parameters(), lr=0.1)
    mlp.train(lecture_net, sgd, public_x, public_y, [0.1] * 2000, 32, torch.Generator().manual_seed(1))
    dev_loss = mlp.split_loss(lecture_net, *mlp.build_dataset(public.dev, public_stoi, 3))
    print(f"names.txt, the lectures' dev names, after 2,000 steps: {dev_loss:.4f}")

# %% [markdown]
# ## Recap
#
# **Q:** What loss should an untrained classifier with V classes have, and what does a much higher one say?\
# **A:** ln V, the loss of equal probabilities. Much higher: the logits are large by chance, so the last layer starts too large and the network is confidently wrong.
#
# **Q:** Why is a saturated tanh bad for training?\
# **A:** Its slope is 1 − h², which is near 0 at h = ±1. The gradient is multiplied by it, so that example teaches the unit nothing.
#
# **Q:** What is a dead unit?\
# **A:** One whose activation has slope 0 for every example, such as a ReLU that is negative on all data. It gets no gradient itself, and recovers only if its inputs happen to move.
#
# **Q:** How large should initial weights be, and why does fan-in come in?\
# **A:** Standard deviation gain / √fan-in. A unit adds fan-in products, whose variances add, so without the root the scale grows at every layer.
#
# **Q:** What is the gain of ReLU and of tanh in Kaiming initialisation?\
# **A:** √2 for ReLU, since it drops half of the mean square; 5/3 for tanh, by convention.
#
# **Q:** What does BatchNorm compute in training mode, and what in evaluation mode?\
# **A:** In training each feature is normalised by the mean and biased variance of the batch, and the running statistics move towards them. In evaluation it is normalised by the running statistics, which stay.
#
# **Q:** Why are BatchNorm's running mean and variance buffers and not parameters?\
# **A:** They are measured, not learned: no gradient belongs to them and no optimiser may move them. As buffers they are still saved with the model.
#
# **Q:** Which variance does PyTorch's BatchNorm use where?\
# **A:** The biased one, divided by n, normalises the batch. The unbiased one, divided by n − 1, goes into the running variance.
#
# **Q:** A model gives different losses in batches of 2 and of 200 on the same held-out data. What is wrong?\
# **A:** It is in training mode: BatchNorm normalises by each batch. Call eval() before measuring.
#
# **Q:** Why does a linear layer before BatchNorm need no bias?\
# **A:** The bias shifts all examples of a feature alike, and subtracting the batch mean takes it away again.
#
# **Q:** What is the update-to-data ratio, and which value is healthy?\
# **A:** log10 of the standard deviation of a step over that of the tensor it changes. About −3; much less crawls, much more forgets. Judge by the hidden layers: a tensor that starts near 0 is far above that until it has grown.
#
# **Q:** Why does BatchNorm make a network less sensitive to the learning rate and to the scale of its weights?\
# **A:** The output does not depend on the weights' scale, the gradient is perpendicular to the weights and shrinks as they grow, and the loss surface is smoother. Reducing internal covariate shift is not the reason, as Santurkar et al. showed.

# %% [markdown]
# ## Glossary
#
# - **initialisation**: the numbers that parameters start from
# - **hockey stick**: a loss curve that falls steeply in its first steps because the network started confidently wrong
# - **pre-activation, activation**: a unit's number before and after the nonlinearity
# - **saturated**: at the flat end of an activation function
# - **dead unit**: a unit with slope 0, or next to it, for all examples
# - **fan-in**: how many inputs a unit has
# - **gain**: the factor by which initial weights make up for what a nonlinearity takes away
# - **Kaiming initialisation**: weights of standard deviation gain / √fan-in
# - **batch normalisation**: mean 0 and variance 1 for each feature over a batch, then a learned scale and shift
# - **running statistics**: moving averages of batch means and variances, used in evaluation
# - **momentum** (of BatchNorm): the share of the new value in a running statistic
# - **buffer**: a module's tensor that is saved with it and not trained
# - **folding**: replacing linear and BatchNorm by one linear layer
# - **update-to-data ratio**: how far a step moves a tensor, relative to its size

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Noise instead of BatchNorm.** If examples seeing each other acts as a regulariser, how small must batches be for it to show? Train the network of part 10 on batches of 8, 32 and 256 for the same number of *examples*, and plot train and dev loss.
# 2. **Exact statistics.** Replace the running statistics of a trained network by mean and unbiased variance over the whole train part, layer by layer. Does the dev loss change? When would it?
# 3. **Without normalisation, at last.** Ten hidden layers, no BatchNorm: find a start under which it trains as well. (For plain stacks: orthogonal matrices, Saxe et al. 2013; or LSUV, Mishkin and Matas 2015, which rescales layer after layer until its output has variance 1.)

# %% [markdown]
# ## To go deeper
#
# - Andrej Karpathy, [makemore, part 3]: activations, gradients and BatchNorm, the lecture this lesson follows
# - Kaiming He et al., [Delving deep into rectifiers], 2015: the gain of ReLU, section 2.2
# - Xavier Glorot and Yoshua Bengio, [Understanding the difficulty of training deep feedforward neural networks], 2010: histograms by layer
# - Sergey Ioffe and Christian Szegedy, [Batch normalization], 2015
# - Shibani Santurkar et al., [How does batch normalization help optimization?], 2018: not by reducing internal covariate shift
#
# [makemore, part 3]: https://www.youtube.com/watch?v=P6sfmUTpUmc
# [Delving deep into rectifiers]: https://arxiv.org/abs/1502.01852
# [Understanding the difficulty of training deep feedforward neural networks]: https://proceedings.mlr.press/v9/glorot10a.html
# [Batch normalization]: https://arxiv.org/abs/1502.03167
# [How does batch normalization help optimization?]: https://arxiv.org/abs/1805.11604
