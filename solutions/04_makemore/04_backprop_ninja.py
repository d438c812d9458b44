# %% [markdown]
# # The backward pass by hand
#
# **After this lesson** you can write the gradient of every step between the letters and the loss, you know what BatchNorm
# and cross-entropy do to a gradient (one line each), and you have trained the network of 04/03 with `torch.no_grad()` around
# everything. And you will see bugs that nobody sees who takes `loss.backward()` for a black box.
#
# About 165 minutes, with a break after part 4 · 13 exercises, 33 points · builds on: 03_backprop/02_numpy_network (paths add; what
# broadcasting repeats, backward adds), 04/02 (the MLP), 04/03 (BatchNorm).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint has a stand-in.
#
# **By hand** means: the grader refuses autograd (`backward`, `torch.autograd`, `torch.func`) in all exercises. Your
# test cell does not look for it.

# %%
import statistics
import time

import torch
from torch.nn import functional

from fasttrack import makemore, plot
from fasttrack.check import backprop_ninja as check
from fasttrack.data import DataUnavailable, lecture_split, names, names_split
from fasttrack.models import mlp
from fasttrack.models.batchnorm import BatchNormMLP

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# No new model this time: the one of 04/03, and the box that has been a single call so far.

# %% tags=["demo"]
plot.pipeline(
    {
        "names": "..a → n",
        "model": "MLP + BatchNorm",
        "loss": "one number",
        "backward": "a gradient each",
        "step": "parameters − lr · grad",
    },
    here={"backward", "step"},
)

# %%
split = names_split()
stoi, itos = makemore.build_vocab(split.train)
vocab_size, block_size = len(itos), 3
train_x, train_y = mlp.build_dataset(split.train, stoi, block_size)  # (n, 3), (n,)
print(len(train_y), "examples, such as")
for context, target in zip(train_x[:4].tolist(), train_y[:4].tolist(), strict=True):
    print(" ", "".join(itos[i] for i in context), "→", itos[target])

# %% [markdown]
# ## 1. A training loss too good to be true
#
# A colleague has found that a few very surprising examples dominate the loss. "Outliers. I cut the loss of each
# example off at 4 nats, then no example can throw the training off." One call, `clamp(max=4)`, no error, and the
# training loss falls *lower* than before.
#
# We take the smallest model there is, so that nothing else can be to blame: 27 logits, the same ones after every letter. It can
# learn how often each letter occurs, and nothing more. The best it can do is known: the entropy of these shares, 2.897 nats.


# %%
def surprise(logits: torch.Tensor) -> torch.Tensor:
    """−ln p of each letter: (27,)."""
    return -logits.log_softmax(0)


shares = torch.bincount(train_y) / len(train_y)  # (27,): how often each letter is the target


def train_letters(
    cap: float, steps: int = 1000, lr: float = 5.0
) -> tuple[torch.Tensor, list[float], list[float]]:
    """Logits after `steps` steps on the mean of min(surprise, cap); that loss and the true one, step by step."""
    logits = torch.zeros(27, requires_grad=True)
    seen, true = [], []
    for _ in range(steps):
        each = surprise(logits)
        loss = (shares * each.clamp(max=cap)).sum()  # the mean over all examples, letter by letter
        loss.backward()
        with torch.no_grad():
            logits -= lr * logits.grad
            logits.grad = None
        seen.append(loss.item())
        true.append((shares * each).sum().item())
    return logits.detach(), seen, true


logits_cut, seen, true = train_letters(cap=4.0)
print(f"entropy of the letters, the limit of this model: {-(shares * shares.log()).sum():.3f}")
print(f"the training loss that the colleague sees:       {seen[-1]:.3f}")

# %% [markdown]
# Below the limit of what is possible. **Predict:** what is the loss of this model without the cut, at the same time?

# %% tags=["demo"]
plot.curves(
    range(1000),
    {"what is trained: cut off at 4": seen, "the true loss of the same model": true},
    title="A loss cut off at 4 nats",
    xlabel="step",
    ylabel="nats per character",
)

# %% tags=["demo"]
print("letter   occurs     the model says")
for letter in "axq":
    i = stoi[letter]
    print(f"{letter}        {shares[i]:.4%}   {logits_cut.softmax(0)[i]:.4%}")
lost = "".join(letter for letter, each in zip(itos, surprise(logits_cut).tolist(), strict=True) if each > 4)
print(f"beyond the cut: {lost}, {len(lost)} of 27 letters")

# %% [markdown]
# The true loss falls for a dozen steps, and then it *rises*; half of the alphabet dies out. The cause is in the backward pass. `clamp` is
# constant beyond its limit, so its slope is 0 there. An example more surprising than 4 nats sends **no gradient at all**: nobody pulls its letter up any more.
# All other examples push that letter down, as they push everything that is not their target. It sinks, and cannot come back. The right surprise of eleven of these letters is
# above 4 (x: 6.7). On the way there they cross the cut, and nobody holds them any more. y and g, whose right surprise is 3.9, are pushed across with them.
#
# What the colleague wanted was to clip the *gradient* (01/02): an outlier then has a small say, not none. From the forward pass the two look alike. Andrej Karpathy found this very bug in
# published code for deep Q-learning ("Yes you should understand backprop", 2016); he calls backpropagation a **leaky abstraction**: it works without you until
# it does not, and then nothing tells you.
#
# So once in a lifetime: the whole way back, by hand, every step of it.
#
# ## 2. The way forward, in small steps
#
# The model of 04/03 with one hidden layer, and a forward pass cut into steps so small that each has an obvious derivative. First from the letters to the hidden layer:

# %% tags=["demo"]
plot.chain(
    {
        "C": (0, 0, "(27, 10)"),
        "W1": (2, 0, "(30, 64)"),
        "gain, shift": (6, 0, "(64,) each"),
        "emb": (0, 1, "(n, 3, 10)"),
        "embcat": (1, 1, "(n, 30)"),
        "hprebn": (2, 1, "(n, 64)"),
        "bndiff": (4, 1, "(n, 64)"),
        "bnraw": (5, 1, "(n, 64)"),
        "hpreact": (6, 1, "(n, 64)"),
        "h": (7, 1, "(n, 64)"),
        "bnmeani": (3, 2, "(1, 64)"),
        "bndiff2": (4, 2, "(n, 64)"),
        "bnvar": (5, 2, "(1, 64)"),
        "bnvar_inv": (6, 2, "(1, 64)"),
    },
    [
        ("C", "emb"),
        ("emb", "embcat"),
        ("embcat", "hprebn"),
        ("W1", "hprebn"),
        ("hprebn", "bnmeani"),
        ("hprebn", "bndiff"),
        ("bnmeani", "bndiff"),
        ("bndiff", "bndiff2"),
        ("bndiff2", "bnvar"),
        ("bnvar", "bnvar_inv"),
        ("bndiff", "bnraw"),
        ("bnvar_inv", "bnraw"),
        ("gain, shift", "hpreact"),
        ("bnraw", "hpreact"),
        ("hpreact", "h"),
    ],
    here={"C", "W1", "gain, shift"},
    title="From letters to the hidden layer",
)

# %% [markdown]
# and from there to the loss:

# %% tags=["demo"]
plot.chain(
    {
        "W2, b2": (1, 0, "(64, 27), (27,)"),
        "h": (0, 1, "(n, 64)"),
        "logits": (1, 1, "(n, 27)"),
        "norm_logits": (3, 1, "(n, 27)"),
        "counts": (4, 1, "(n, 27)"),
        "probs": (6, 1, "(n, 27)"),
        "log_probs": (7, 1, "(n, 27)"),
        "loss": (8, 1, "()"),
        "logit_maxes": (2, 2, "(n, 1)"),
        "counts_sum": (4, 2, "(n, 1)"),
        "counts_sum_inv": (5, 2, "(n, 1)"),
    },
    [
        ("h", "logits"),
        ("W2, b2", "logits"),
        ("logits", "logit_maxes"),
        ("logits", "norm_logits"),
        ("logit_maxes", "norm_logits"),
        ("norm_logits", "counts"),
        ("counts", "counts_sum"),
        ("counts_sum", "counts_sum_inv"),
        ("counts", "probs"),
        ("counts_sum_inv", "probs"),
        ("probs", "log_probs"),
        ("log_probs", "loss"),
    ],
    here={"W2, b2"},
    title="From the hidden layer to the loss",
)

# %% [markdown]
# Blue boxes are parameters, the others are what the forward pass computes; `n` is the number of examples in the batch. The names are those of Karpathy's fourth makemore lecture. Where two
# arrows leave a box, two gradients come back to it, and **add**. Where a `(1, 64)` or `(n, 1)` meets an `(n, …)`, it is broadcast, and its gradient is a **sum** (03_backprop/02).
#
# The same in code. `correction` is what is taken off `n` in the variance: 0 for the mean of the squares, 1 for the unbiased estimate of `torch.var`. BatchNorm as published, and PyTorch's, normalises with 0; the lecture takes 1. We train
# with 0 and derive both.


# %%
Tensors = dict[str, torch.Tensor]


def forward(
    params: Tensors, x: torch.Tensor, y: torch.Tensor, correction: int = 0, eps: float = 1e-5
) -> Tensors:
    """Every step from the ids `x` (n, block_size) to the mean loss at the targets `y` (n,), by name."""
    n = len(y)
    emb = params["C"][x]  # (n, block_size, n_embd)
    embcat = emb.flatten(1)  # (n, block_size * n_embd)
    hprebn = embcat @ params["W1"]  # (n, n_hidden)
    bnmeani = hprebn.mean(0, keepdim=True)  # (1, n_hidden)
    bndiff = hprebn - bnmeani
    bndiff2 = bndiff**2
    bnvar = bndiff2.sum(0, keepdim=True) / (n - correction)  # (1, n_hidden)
    bnvar_inv = (bnvar + eps) ** -0.5
    bnraw = bndiff * bnvar_inv
    hpreact = params["gain"] * bnraw + params["shift"]
    h = torch.tanh(hpreact)
    logits = h @ params["W2"] + params["b2"]  # (n, vocab_size)
    logit_maxes = logits.max(1, keepdim=True).values  # (n, 1)
    norm_logits = logits - logit_maxes
    counts = norm_logits.exp()
    counts_sum = counts.sum(1, keepdim=True)  # (n, 1)
    counts_sum_inv = counts_sum**-1
    probs = counts * counts_sum_inv
    log_probs = probs.log()
    loss = -log_probs[torch.arange(n), y].mean()
    steps = locals()
    return {
        name: value
        for name, value in steps.items()
        if name not in ("params", "x", "y", "n", "correction", "eps")
    }


# %% [markdown]
# A batch to work on: 32 examples, in float64, because gradients are checked in float64. `gain` and `shift` are *not* 1 and 0 here, and `b2` not 0: with neutral numbers a forgotten
# factor would go unnoticed.

# %%
generator = torch.Generator().manual_seed(0)


def normal(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=generator, dtype=torch.float64)


params = {
    "C": normal(vocab_size, 10),
    "W1": normal(30, 64) * (5 / 3) / 30**0.5,
    "gain": 1 + 0.1 * normal(64),
    "shift": 0.1 * normal(64),
    "W2": 0.1 * normal(64, vocab_size),
    "b2": 0.1 * normal(vocab_size),
}
rows = torch.randint(len(train_y), (32,), generator=generator)
x, y = train_x[rows], train_y[rows]  # (32, 3), (32,)
steps = forward(params, x, y)
print({name: tuple(value.shape) for name, value in steps.items()})
print(f"loss {steps['loss']:.4f}, PyTorch's {functional.cross_entropy(steps['logits'], y):.4f}")

# %% [markdown]
# ### What we compare with
#
# Autograd knows all of these gradients. It throws away what no parameter asks for, unless told to keep it (`retain_grad`, 01/02). `compare` shows how far yours are from its own.


# %%
def by_autograd(params: Tensors, x: torch.Tensor, y: torch.Tensor, correction: int = 0) -> Tensors:
    """The gradient of the loss in each parameter and each step, by name."""
    with torch.enable_grad():  # also where the caller has switched autograd off
        leaves = {name: value.detach().clone().requires_grad_() for name, value in params.items()}
        steps = forward(leaves, x, y, correction)
        for value in steps.values():
            value.retain_grad()
        steps["loss"].backward()
    return {name: value.grad for name, value in (leaves | steps).items()}


oracle = by_autograd(params, x, y)


def compare(names: str, *grads: torch.Tensor, truth: Tensors = oracle) -> None:
    """Print how far each gradient is from autograd's of that name."""
    for name, grad in zip(names.split(), grads, strict=True):
        want = truth[name]
        if grad.shape != want.shape:
            print(f"{name:<15} shape {tuple(grad.shape)}, not {tuple(want.shape)}")
        else:
            off = (grad - want).abs().max().item()
            print(f"{name:<15} {tuple(grad.shape)!s:<9} {'agrees' if off < 1e-12 else f'off by {off:.1e}'}")


# %% [markdown]
# One convention from here on, the lecture's: **`dlogits` is the gradient of the loss with respect to `logits`**, and has its shape. So for every name. Backward begins with `dloss = 1` and goes through the
# pictures against the arrows.
#
# ## 3. Cross-entropy, one step at a time
#
# $$\text{loss} = -\frac{1}{n}\sum_{r} \text{log\_probs}_{r,\,y_r}$$
#
# Of the $n \cdot 27$ elements of `log_probs`, the loss looks at $n$, one in each row. Each of these enters with the factor $-1/n$. The others do not enter: slope 0. Then `log_probs = log(probs)`, element by element, slope
# $1/\text{probs}$.
#
# A slope alone is no gradient yet. The chain rule: **what arrives from above, times the slope here.**
#
# ### Exercise 1: the likelihood, backward   ·  ★☆☆ · 6 min · 2 points
#
# - `probs`: float `(n, vocab_size)`, all positive; `y`: int64 `(n,)`, the targets
# - the forward pass: `log_probs = probs.log()`, then `loss = -log_probs[torch.arange(n), y].mean()`
# - returns: a tuple `(dlog_probs, dprobs)`, both in shape and dtype of `probs`


# %% exercise: likelihood_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def likelihood_backward(probs: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The gradients of the mean loss in log_probs and probs: (n, vocab_size) each."""
    ### BEGIN SOLUTION
    n = len(y)
    dlog_probs = torch.zeros_like(probs)
    dlog_probs[torch.arange(n), y] = -1 / n
    return dlog_probs, dlog_probs / probs
    ### END SOLUTION


# %%
for d in likelihood_backward(torch.tensor([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]), torch.tensor([0, 2])):
    print(d.tolist())  # look: -0.5 at the targets; then -1 and -5, the rarer the steeper
compare("log_probs probs", *likelihood_backward(steps["probs"], y))

# %% test: likelihood_backward points=2
check.likelihood_backward(likelihood_backward)
### BEGIN HIDDEN TESTS
check.likelihood_backward(likelihood_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Too many elements are not zero</summary>
#
# `d[:, y]` is all rows of the columns `y`. `d[torch.arange(n), y]` is one place in each row.
# </details>
# <details><summary>My numbers are n times too large</summary>
#
# The loss is a mean. What is the slope of a mean of $n$ numbers in one of them?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written. `pull` asks autograd, and the
# stand-ins of this lesson use it:
#
# ```
# def pull(f, *inputs):
#     with torch.enable_grad():
#         leaves = [t.detach().requires_grad_() for t in inputs]
#         return torch.autograd.grad(f(*leaves), leaves)
#
# def likelihood_backward(probs, y):
#     nll = torch.nn.functional.nll_loss
#     return *pull(lambda lp: nll(lp, y), probs.log()), *pull(lambda p: nll(p.log(), y), probs)
# ```
# </details>

# %% [markdown]
# Read the second row of the little example: a target with probability 0.1 has slope −5, ten times the slope at probability 1 (halved by the mean). `1/probs` is what makes cross-entropy care: **the more surprised, the
# harder it pulls**. The colleague's cut removed exactly these rows.
#
# ### Two ways through a normalisation
#
# `probs = counts * counts_sum_inv`, where `counts_sum_inv = counts_sum**-1` and `counts_sum = counts.sum(1, keepdim=True)`. A tiny case, one row of three counts with sum 4:
#
# | | values |
# |---|---|
# | `counts` | 1, 2, 1 |
# | `counts_sum`, `counts_sum_inv` | 4, 0.25 |
# | `probs` | 0.25, 0.5, 0.25 |
#
# Suppose `dprobs` is (0, −2, 0). Then, from the back:
#
# - `counts_sum_inv` was used three times, once for each count; each use sends `dprobs · counts` back, and they add: $0 \cdot 1 - 2 \cdot 2 + 0 \cdot 1 = -4$
# - `counts_sum`: the slope of $s^{-1}$ is $-s^{-2} = -1/16$, so $-4 \cdot -1/16 = 0.25$
# - `counts`, directly: `dprobs · counts_sum_inv` = (0, −0.5, 0)
# - `counts`, through the sum: each count enters the sum with slope 1, so each gets all of 0.25
#
# Both ways together: (0.25, −0.25, 0.25). Larger counts elsewhere make the target less probable; the loss grows with them.
#
# ### Exercise 2: a normalisation, backward   ·  ★★☆ · 10 min · 3 points
#
# - `dprobs`: float `(n, vocab_size)`, any numbers; `counts`: the same shape and dtype, all positive
# - returns: a tuple `(dcounts_sum_inv, dcounts_sum, dcounts)` of shapes `(n, 1)`, `(n, 1)`, `(n, vocab_size)`
# - arguments stay as they are


# %% exercise: normalization_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def normalization_backward(
    dprobs: torch.Tensor, counts: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients in counts_sum_inv (n, 1), counts_sum (n, 1) and counts (n, vocab_size)."""
    ### BEGIN SOLUTION
    counts_sum = counts.sum(1, keepdim=True)  # (n, 1)
    dcounts_sum_inv = (dprobs * counts).sum(1, keepdim=True)
    dcounts_sum = -(counts_sum**-2) * dcounts_sum_inv
    return dcounts_sum_inv, dcounts_sum, dprobs / counts_sum + dcounts_sum
    ### END SOLUTION


# %%
for d in normalization_backward(torch.tensor([[0.0, -2.0, 0.0]]), torch.tensor([[1.0, 2.0, 1.0]])):
    print(d.tolist())  # look: the numbers of the text
compare("counts_sum_inv counts_sum counts", *normalization_backward(oracle["probs"], steps["counts"]))

# %% test: normalization_backward points=3
check.normalization_backward(normalization_backward)
### BEGIN HIDDEN TESTS
check.normalization_backward(normalization_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My first gradient has shape (n, vocab_size)</summary>
#
# `counts_sum_inv` is `(n, 1)` and was broadcast along the row. Its gradient has its shape.
# </details>
# <details><summary>Only dcounts is wrong</summary>
#
# Two arrows leave `counts` in the picture. What comes back on them adds.
# </details>
# <details><summary>How does a sum go backward?</summary>
#
# Each summand gets the gradient of the sum, all of it. `(n, 1)` added to `(n, vocab_size)` does that by broadcasting.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def normalization_backward(dprobs, counts):
#     total = counts.sum(1, keepdim=True)
#     (a,) = pull(lambda inv: (counts * inv * dprobs).sum(), 1 / total)
#     (b,) = pull(lambda s: (counts / s * dprobs).sum(), total)
#     (c,) = pull(lambda k: (k / k.sum(1, keepdim=True) * dprobs).sum(), counts)
#     return a, b, c
# ```
# </details>

# %% [markdown]
# A pattern worth keeping: **a sum forward is a broadcast backward, and a broadcast forward is a sum backward.** It will come back again and again.
#
# ### The maximum, which should not matter
#
# `counts = exp(norm_logits)`. The slope of exp is exp itself, so `dnorm_logits = dcounts * counts`. Then `norm_logits = logits - logit_maxes`, where `logit_maxes` is the largest logit of each row, `(n, 1)`. Two arrows leave `logits`: the
# direct one, and the one through the maximum.
#
# - the subtraction has slope 1 in `logits`, and −1 in `logit_maxes`, which is broadcast along the row
# - the maximum copies one of its inputs, the one at `argmax`. So the gradient goes to **that** place of the row, and 0 to all others
#
# **Predict:** we subtract the maximum only to keep exp from overflowing; the probabilities, and so the loss, do not depend on it. What must `dlogit_maxes` be in our network?
#
# ### Exercise 3: exp and maximum, backward   ·  ★★☆ · 8 min · 2 points
#
# - `dcounts`: float `(n, vocab_size)`, any numbers; `logits`: same shape and dtype, in each row one is the largest
# - the forward pass: `logit_maxes = logits.max(1, keepdim=True).values`, `norm_logits = logits - logit_maxes`, `counts = norm_logits.exp()`
# - returns: a tuple `(dnorm_logits, dlogit_maxes, dlogits)` of shapes `(n, vocab_size)`, `(n, 1)`, `(n, vocab_size)`
# - no shortcut: `dcounts` may come from a loss that does depend on the maximum. Arguments stay as they are


# %% exercise: exp_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def exp_backward(
    dcounts: torch.Tensor, logits: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients in norm_logits (n, vocab_size), logit_maxes (n, 1) and logits (n, vocab_size)."""
    ### BEGIN SOLUTION
    logit_maxes, largest = logits.max(1, keepdim=True)  # (n, 1) each
    dnorm_logits = dcounts * (logits - logit_maxes).exp()
    dlogit_maxes = -dnorm_logits.sum(1, keepdim=True)
    return dnorm_logits, dlogit_maxes, dnorm_logits.scatter_add(1, largest, dlogit_maxes)
    ### END SOLUTION


# %%
for d in exp_backward(torch.tensor([[1.0, 2.0]]), torch.tensor([[0.0, 3.0]])):
    print(d.tolist())  # look: 0.05 and 2; -2.05; 0.05 and -0.05
compare("norm_logits logit_maxes logits", *exp_backward(oracle["counts"], steps["logits"]))
print(f"largest dlogit_maxes: {oracle['logit_maxes'].abs().max():.0e}")

# %% test: exp_backward points=2
check.exp_backward(exp_backward)
### BEGIN HIDDEN TESTS
check.exp_backward(exp_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>dlogits is too large in every column of the row</summary>
#
# `dnorm_logits + dlogit_maxes` broadcasts the maximum's share to the whole row. It belongs to one place: the one that `argmax` names.
# </details>
# <details><summary>How do I add a number to one place of each row?</summary>
#
# On a clone: `d[torch.arange(n), place] += share`, with `place` and `share` of shape `(n,)`. No row occurs twice in this index, so `+=` is safe. (Part 7 has an index for which it is not.)
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def exp_backward(dcounts, logits):
#     top = logits.amax(1, keepdim=True)
#     a, b = pull(lambda z, m: ((z - m).exp() * dcounts).sum(), logits, top)
#     return a, b, *pull(lambda z: ((z - z.max(1, keepdim=True).values).exp() * dcounts).sum(), logits)
# ```
# </details>

# %% [markdown]
# About $10^{-17}$: zero, up to rounding. That must be so, and checking it costs one line. A number you know without computing it is the best test there is.
#
# ## 4. All of it in one line
#
# Eight gradients to get through cross-entropy. But PyTorch's `cross_entropy` is one operation, and 03_backprop/02 derived its gradient on paper, where nearly everything cancels:
#
# $$\text{loss} = \frac1n\sum_r \Bigl(\ln\sum_k e^{Z_{rk}} - Z_{r y_r}\Bigr), \qquad
# \text{dlogits} = \frac{\text{softmax}(Z) - \text{onehot}(y)}{n}$$
#
# with $Z$ the logits `(n, vocab_size)`. One exponential, one sum, one subtraction. No division by a probability that may be 0, either: the chain of part 3 fails where a target has probability 0, as $\frac10 \cdot 0$ is nan.
#
# ### Exercise 4: cross-entropy, backward   ·  ★★☆ · 6 min · 2 points
#
# - `logits`: float `(n, vocab_size)`, entries up to ±1e4; `y`: int64 `(n,)`
# - returns: the gradient of the mean loss in the logits, `(n, vocab_size)`, dtype of `logits`, finite everywhere
# - arguments stay as they are. `torch.softmax` is allowed


# %% exercise: cross_entropy_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def cross_entropy_backward(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The gradient of the mean cross-entropy in the logits: (n, vocab_size)."""
    ### BEGIN SOLUTION
    return (logits.softmax(1) - functional.one_hot(y, logits.shape[1])) / len(y)
    ### END SOLUTION


# %%
two = torch.tensor([[0.0, 0.0], [5.0, 0.0]])  # (2, 2)
print(cross_entropy_backward(two, torch.tensor([0, 0])))  # look: -0.25, 0.25; then almost 0
compare("logits", cross_entropy_backward(steps["logits"], y))

# %% test: cross_entropy_backward points=2
check.cross_entropy_backward(cross_entropy_backward)
### BEGIN HIDDEN TESTS
check.cross_entropy_backward(cross_entropy_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>nan for large logits</summary>
#
# `exp(1000)` is infinite. `softmax` subtracts the maximum for you.
# </details>
# <details><summary>It changes its input in place</summary>
#
# `logits[...] -= 1` writes to the caller's tensor. The result of `softmax` is a new one, there it is fine.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def cross_entropy_backward(logits, y):
#     return pull(lambda z: torch.nn.functional.cross_entropy(z, y), logits)[0]
# ```
# </details>

# %% [markdown]
# ### Pull and push
#
# What does a batch want of its logits? Take the bigram model of 04/01 and the ten examples in *xenia* and *max*. Blue is a positive gradient: a step *against* it pushes the logit down. Orange pulls it up.

# %% tags=["demo"]
counted = makemore.bigram_probs(
    makemore.count_bigrams(*makemore.bigrams(split.train, stoi), vocab_size), smoothing=0.1
)
ten_x, ten_y = mlp.build_dataset(["xenia", "max"], stoi, block_size)  # (10, 3), (10,)
bigram_logits = counted.log()[ten_x[:, -1]]  # (10, 27): the row of the last letter
pushes = cross_entropy_backward(bigram_logits, ten_y)
wanted = [
    "".join(itos[i] for i in context) + " → " + itos[target]
    for context, target in zip(ten_x.tolist(), ten_y.tolist(), strict=True)
]
plot.heatmap(
    10 * pushes,
    rows=wanted,
    columns=itos,
    mark=enumerate(ten_y.tolist()),
    title="n · dlogits: orange is pulled up, blue is pushed down; frames are the targets",
    xlabel="logit of",
    limit=0.4,
)

# %% tags=["demo"]
print("rows sum to zero:", bool(pushes.sum(1).abs().max() < 1e-7))

# %% [markdown]
# In every row one place is pulled, with the force $1 - p$ (colours end at 0.4; nearly all pulls are stronger). All others are pushed, each with the probability $p$ that the model gave it in vain. Pull and push balance: **each row sums to zero**.
# The more probable the target was, the weaker both are. That is the whole teaching that a language model ever gets; everything below is passing it on.
#
# And the colleague's cut? The forces of an example beyond it are multiplied by the slope of `clamp`, 0. **Predict:** which of the rows go blank?

# %% tags=["demo"]
cost = functional.cross_entropy(bigram_logits, ten_y, reduction="none")  # (10,)
slope = (cost < 4).float()[:, None]  # (10, 1): the slope of clamp(max=4)
plot.heatmap(
    10 * slope * pushes,
    rows=[f"{name}  {nats:.2f}" for name, nats in zip(wanted, cost.tolist(), strict=True)],
    columns=itos,
    mark=enumerate(ten_y.tolist()),
    title="The same, with each loss (in nats, left) cut off at 4",
    xlabel="logit of",
    limit=0.4,
)

# %% [markdown]
# Two of ten examples have nothing to say any more, and they are those from which there was most to learn. Whoever has seen this picture once does not clip a loss.
#
# **A good place for a break.**
#
# ## 5. Through the layers
#
# Next is `logits = h @ W2 + b2`. Unit 03 found its gradients in NumPy, guided by shapes; here they are in PyTorch, for the output layer and for `hprebn = embcat @ W1`, which has no bias.
#
# ### Exercise 5: linear, backward   ·  ★☆☆ · 5 min · 2 points
#
# - `dout`: float `(n, d_out)`; `x`: `(n, d_in)`; `W`: `(d_in, d_out)`; the forward pass was `x @ W + b`
# - returns: a tuple `(dx, dW, db)` of shapes `(n, d_in)`, `(d_in, d_out)`, `(d_out,)`


# %% exercise: linear_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def linear_backward(
    dout: torch.Tensor, x: torch.Tensor, W: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients of x @ W + b in x (n, d_in), W (d_in, d_out) and b (d_out,)."""
    ### BEGIN SOLUTION
    return dout @ W.T, x.T @ dout, dout.sum(0)
    ### END SOLUTION


# %%
compare("h W2 b2", *linear_backward(oracle["logits"], steps["h"], params["W2"]))

# %% test: linear_backward points=2
check.linear_backward(linear_backward)
### BEGIN HIDDEN TESTS
check.linear_backward(linear_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# Write down the three shapes. `dW` is `(d_in, d_out)`; only one product of `x` and `dout`, one of them transposed, has it.
# </details>
# <details><summary>db is (n, d_out), or n times too small</summary>
#
# `b` was broadcast over the rows: a sum. The $1/n$ of the loss is in `dout` already.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def linear_backward(dout, x, W):
#     return torch.einsum("no,io->ni", dout, W), torch.einsum("ni,no->io", x, dout), torch.einsum("no->o", dout)
# ```
# </details>

# %% [markdown]
# ### tanh
#
# `h = tanh(hpreact)`. The derivative of $\tanh z$ is $1 - \tanh^2 z$, and $\tanh z$ is what the forward pass has left in `h`. So backward needs the *output* only, and computes no tanh again.
#
# It is the other leak you know, from 04/03: where `h` is near ±1 the slope is near 0, and what arrives from above ends there. A unit that is saturated for every example is dead. Like the clamp, it
# is invisible from the front.
#
# ### Exercise 6: tanh, backward   ·  ★☆☆ · 3 min · 1 point
#
# - `dh`: float of any shape; `h`: same shape and dtype, the **output** of tanh
# - returns: the gradient in the input of tanh, same shape and dtype


# %% exercise: tanh_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def tanh_backward(dh: torch.Tensor, h: torch.Tensor) -> torch.Tensor:
    """The gradient in the input of tanh, from its output `h`; same shape."""
    ### BEGIN SOLUTION
    return dh * (1 - h**2)
    ### END SOLUTION


# %%
print(tanh_backward(torch.ones(4), torch.tensor([0.0, 0.5, 0.99, 1.0])))  # look: 1, 0.75, 0.02, 0
compare("hpreact", tanh_backward(oracle["h"], steps["h"]))

# %% test: tanh_backward points=1
check.tanh_backward(tanh_backward)
### BEGIN HIDDEN TESTS
check.tanh_backward(tanh_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Off by a little, everywhere</summary>
#
# Is there a `torch.tanh` in your function? `h` is a tanh already.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `tanh_backward = lambda dh, h: dh * (1 - h) * (1 + h)`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ## 6. BatchNorm
#
# The one layer in which examples meet: the mean and the variance are over the batch. So the gradient of one example depends on all the others. Again piece by piece, from the back.
#
# ### Gain and shift
#
# `hpreact = gain * bnraw + shift`, with `bnraw` `(n, n_hidden)` and the other two `(n_hidden,)`, broadcast over the rows.
#
# ### Exercise 7: gain and shift, backward   ·  ★☆☆ · 5 min · 2 points
#
# - `dhpreact`, `bnraw`: float `(n, n_hidden)`; `gain`: `(n_hidden,)`
# - returns: a tuple `(dbnraw, dgain, dshift)` of shapes `(n, n_hidden)`, `(n_hidden,)`, `(n_hidden,)`


# %% exercise: affine_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def affine_backward(
    dhpreact: torch.Tensor, bnraw: torch.Tensor, gain: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients of gain * bnraw + shift in bnraw (n, n_hidden), gain (n_hidden,) and shift (n_hidden,)."""
    ### BEGIN SOLUTION
    return dhpreact * gain, (dhpreact * bnraw).sum(0), dhpreact.sum(0)
    ### END SOLUTION


# %%
compare("bnraw gain shift", *affine_backward(oracle["hpreact"], steps["bnraw"], params["gain"]))

# %% test: affine_backward points=2
check.affine_backward(affine_backward)
### BEGIN HIDDEN TESTS
check.affine_backward(affine_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My gradients have n rows</summary>
#
# A broadcast forward is a sum backward. And the shape is that of the parameter: no `keepdim` here.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def affine_backward(dout, raw, gain):
#     return pull(lambda r, g, s: ((g * r + s) * dout).sum(), raw, gain, torch.zeros_like(gain))
# ```
# </details>

# %% [markdown]
# ### The way of the variance
#
# `bnraw = bndiff * bnvar_inv` is a product with a broadcast. The way down the lower row of the picture:
#
# | forward | slope | note |
# |---|---|---|
# | `bnraw = bndiff * bnvar_inv` | in `bnvar_inv`: `bndiff` | `bnvar_inv` is `(1, n_hidden)`: a sum over the examples |
# | `bnvar_inv = (bnvar + eps) ** -0.5` | $-\frac12 (\text{bnvar} + \varepsilon)^{-3/2}$ | that is $-\frac12\,\text{bnvar\_inv}^3$ |
# | `bnvar = bndiff2.sum(0, keepdim=True) / (n - correction)` | $1 / (n - \text{correction})$ | a sum forward: a broadcast backward |
#
# ### Which n?
#
# The variance of a batch divides by $n$ (**biased**) or by $n - 1$ (**unbiased**, since the mean is estimated from the same numbers). BatchNorm's paper and PyTorch use the biased one to normalise, and the unbiased one only for the running
# variance (04/03). Whichever the forward pass took, backward must divide by the same. With the wrong one, the variance's share is off by $1/n$, 3 % for 32: training does not show it, a gradient check does.
#
# ### Exercise 8: the variance, backward   ·  ★★☆ · 12 min · 3 points
#
# - `dbnraw`, `bndiff`: float `(n, n_hidden)`, `n` ≥ 2; `bnvar_inv`: `(1, n_hidden)`
# - `correction`: int, 0 or 1, what the forward pass took off `n`
# - returns: a tuple `(dbnvar_inv, dbnvar, dbndiff2)` of shapes `(1, n_hidden)`, `(1, n_hidden)`, `(n, n_hidden)`


# %% exercise: variance_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def variance_backward(
    dbnraw: torch.Tensor, bndiff: torch.Tensor, bnvar_inv: torch.Tensor, correction: int = 0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients in bnvar_inv (1, n_hidden), bnvar (1, n_hidden) and bndiff2 (n, n_hidden)."""
    ### BEGIN SOLUTION
    dbnvar_inv = (dbnraw * bndiff).sum(0, keepdim=True)
    dbnvar = -0.5 * bnvar_inv**3 * dbnvar_inv
    return dbnvar_inv, dbnvar, dbnvar.expand_as(bndiff) / (len(bndiff) - correction)
    ### END SOLUTION


# %%
steps_1, oracle_1 = forward(params, x, y, correction=1), by_autograd(params, x, y, correction=1)
compare("bnvar_inv bnvar bndiff2", *variance_backward(oracle["bnraw"], steps["bndiff"], steps["bnvar_inv"]))
print("with correction 1:")
found = variance_backward(oracle_1["bnraw"], steps_1["bndiff"], steps_1["bnvar_inv"], 1)
compare("bnvar_inv bnvar bndiff2", *found, truth=oracle_1)

# %% test: variance_backward points=3
check.variance_backward(variance_backward)
### BEGIN HIDDEN TESTS
check.variance_backward(variance_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>dbndiff2 has one row</summary>
#
# It has the shape of `bndiff2`. Every row of it is the same: `expand_as`, or a product with `torch.ones_like(bndiff)`.
# </details>
# <details><summary>dbnvar is wrong, dbnvar_inv is right</summary>
#
# The derivative of $v^{-1/2}$ is $-\frac12 v^{-3/2}$: sign, factor, and the third power of `bnvar_inv`. `eps` is inside it already.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
#     (a,) = pull(lambda i: (bndiff * i * dbnraw).sum(), bnvar_inv)
#     (b,) = pull(lambda v: (bndiff * v.rsqrt() * dbnraw).sum(), bnvar_inv**-2)
#     return a, b, *pull(lambda q: (q.sum(0) / (len(q) - correction) * b[0]).sum(), bndiff**2)
# ```
# </details>

# %% [markdown]
# ### Where the ways meet
#
# `bndiff` has two arrows: into `bnraw`, and through its square into the variance. `hprebn` has two: into `bndiff`, and into the mean.
#
# - `bndiff`: `dbnraw * bnvar_inv` on the first, and $2 \cdot \text{bndiff} \cdot \text{dbndiff2}$ on the second, together
# - `bnmeani`: subtracted from every row, so minus the sum of the rows of `dbndiff`
# - `hprebn`: slope 1 into `bndiff`; and each of the $n$ examples enters the mean with $1/n$
#
# **Predict:** does the mean feel the variance? It is subtracted before the squares are taken, so its gradient holds the term $-2 \cdot \text{bndiff} \cdot \text{dbndiff2}$, summed over the examples. What is that sum, when all rows of `dbndiff2` are the same?
#
# ### Exercise 9: the mean, backward   ·  ★★☆ · 12 min · 3 points
#
# - `dbnraw`, `dbndiff2`, `bndiff`: float `(n, n_hidden)`; `bnvar_inv`: `(1, n_hidden)`
# - returns: a tuple `(dbndiff, dbnmeani, dhprebn)` of shapes `(n, n_hidden)`, `(1, n_hidden)`, `(n, n_hidden)`
# - `dbndiff2` may be any numbers, its rows need not be the same. Arguments stay as they are


# %% exercise: mean_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def mean_backward(
    dbnraw: torch.Tensor, dbndiff2: torch.Tensor, bndiff: torch.Tensor, bnvar_inv: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The gradients in bndiff (n, n_hidden), bnmeani (1, n_hidden) and hprebn (n, n_hidden)."""
    ### BEGIN SOLUTION
    dbndiff = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    dbnmeani = -dbndiff.sum(0, keepdim=True)
    return dbndiff, dbnmeani, dbndiff + dbnmeani / len(bndiff)
    ### END SOLUTION


# %%
compare(
    "bndiff bnmeani hprebn",
    *mean_backward(oracle["bnraw"], oracle["bndiff2"], steps["bndiff"], steps["bnvar_inv"]),
)
felt = (2 * steps["bndiff"] * oracle["bndiff2"]).sum(0)  # (64,)
print(f"what the mean feels of the variance: at most {felt.abs().max():.0e}")

# %% test: mean_backward points=3
check.mean_backward(mean_backward)
### BEGIN HIDDEN TESTS
check.mean_backward(mean_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>bndiff is right, the rest is not</summary>
#
# `bnmeani` is subtracted (sign), was broadcast (sum over the examples, one row stays), and is a mean ($1/n$ on the way to `hprebn`, not before).
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test (`pull` is in the hints of exercise 1). The grader still counts the exercise as not written.
#
# ```
# def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
#     out = lambda d: (d * bnvar_inv * dbnraw + d**2 * dbndiff2).sum()
#     mean = torch.zeros_like(bnvar_inv)
#     return (*pull(out, bndiff), *pull(lambda m: out(bndiff - m), mean), *pull(lambda u: out(u - u.mean(0)), bndiff))
# ```
# </details>

# %% [markdown]
# Zero again: the deviations from a mean sum to zero, in every column. The variance does not change when all examples move together, and so the mean gets nothing from it. With that, half of the terms are gone.
#
# ### In one line
#
# Put exercises 8 and 9 together on paper. With $G = \text{dbnraw}$, $\hat x = \text{bnraw}$, $\sigma^{-1} = \text{bnvar\_inv}$, and $m = n - \text{correction}$, all sums over the examples of one column, and $\text{bndiff} = \sigma \hat x$:
#
# - the direct way: $\sigma^{-1} G$
# - the square's way: $2\,\text{bndiff} \cdot \frac1m \cdot \bigl(-\tfrac12 \sigma^{-3}\bigr) \sum G\,\text{bndiff}$
#   $= 2\,\sigma \hat x \cdot \frac1m \bigl(-\tfrac12 \sigma^{-3}\bigr) \cdot \sigma \sum G\,\hat x$
#   $= -\,\sigma^{-1} \hat x \cdot \frac1m \sum G\,\hat x$
# - the mean's way: $-\frac1n \sum \sigma^{-1} G$, for the square's share of it is zero
#
# $$\text{dhprebn} = \sigma^{-1} \Bigl( G - \frac1n \sum G - \hat x \cdot \frac1m \sum G\,\hat x \Bigr), \qquad G = \text{gain} \cdot \text{dhpreact}$$
#
# Read it: of the gradient that arrives, BatchNorm takes away the mean, and the part that points along $\hat x$. A common push on all examples cannot change a normalised number; neither can stretching all of them. What can
# have no effect gets no gradient. The rest is divided by the standard deviation.
#
# ### Exercise 10: BatchNorm, backward   ·  ★★☆ · 8 min · 3 points
#
# - `dhpreact`, `bnraw`: float `(n, n_hidden)`, `n` ≥ 2; `gain`: `(n_hidden,)`; `bnvar_inv`: `(1, n_hidden)`; `correction`: 0 or 1, as in exercise 8
# - returns: `dhprebn`, `(n, n_hidden)`, in the dtype of `dhpreact`, by the formula


# %% exercise: batchnorm_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd", "torch.native_batch_norm_backward", "torch.ops.aten.native_batch_norm_backward"]
def batchnorm_backward(
    dhpreact: torch.Tensor,
    bnraw: torch.Tensor,
    gain: torch.Tensor,
    bnvar_inv: torch.Tensor,
    correction: int = 0,
) -> torch.Tensor:
    """The gradient in the input of BatchNorm, `(n, n_hidden)`, from that of its output."""
    ### BEGIN SOLUTION
    dbnraw = gain * dhpreact
    along = (dbnraw * bnraw).sum(0) / (len(bnraw) - correction)  # (n_hidden,)
    return bnvar_inv * (dbnraw - dbnraw.mean(0) - bnraw * along)
    ### END SOLUTION


# %%
compare("hprebn", batchnorm_backward(oracle["hpreact"], steps["bnraw"], params["gain"], steps["bnvar_inv"]))
print("with correction 1:")
found = batchnorm_backward(oracle_1["hpreact"], steps_1["bnraw"], params["gain"], steps_1["bnvar_inv"], 1)
compare("hprebn", found, truth=oracle_1)

# %% test: batchnorm_backward points=3
check.batchnorm_backward(batchnorm_backward)
### BEGIN HIDDEN TESTS
check.batchnorm_backward(batchnorm_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Right for correction 0, wrong for 1</summary>
#
# Two sums are divided. The one of the mean is always divided by $n$.
# </details>
# <details><summary>Wrong by a factor in each column</summary>
#
# `gain` and `bnvar_inv` are one number for each column, and both are factors of everything.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: three of your own functions do the same.
#
# ```
# def batchnorm_backward(dout, raw, gain, inv, correction=0):
#     d, centred = affine_backward(dout, raw, gain)[0], raw / inv
#     return mean_backward(d, variance_backward(d, centred, inv, correction)[2], centred, inv)[2]
# ```
# </details>

# %% [markdown]
# Back to the question which $n$. Forward with one divisor, backward with the same or the other, error relative to the length of the gradient. **Predict** two of the four numbers.

# %%
for ahead in (0, 1):
    taken, truth = forward(params, x, y, ahead), by_autograd(params, x, y, ahead)
    for back in (0, 1):
        found = batchnorm_backward(truth["hpreact"], taken["bnraw"], params["gain"], taken["bnvar_inv"], back)
        off = (found - truth["hprebn"]).norm() / truth["hprebn"].norm()
        print(f"correction forward {ahead}, backward {back}: error {off:.0e}")

# %% [markdown]
# Why ten times less than 3 %? Only the last term, $\hat x \cdot \frac1m \sum G\,\hat x$, has the divisor in it, and it is a small part of the gradient. No loss curve shows that (part 8 tries). A gradient check does:
# in float64, where rounding does not cover it, and with several batch sizes, since the smaller $n$, the further apart are $n$ and $n - 1$.
#
# Two consequences of the formula that you can now read off, and that 04/03 has shown by experiment:

# %% tags=["nbval-check-output"]
dhprebn = batchnorm_backward(oracle["hpreact"], steps["bnraw"], params["gain"], steps["bnvar_inv"])
print("a bias before BatchNorm would have a gradient of zero:", bool(dhprebn.sum(0).abs().max() < 1e-15))
along_w1 = (params["W1"] * (steps["embcat"].T @ dhprebn)).sum(0)  # (64,): one number for each unit
print("the gradient of W1 is perpendicular to W1, unit by unit:", bool(along_w1.abs().max() < 1e-6))

# %% [markdown]
# The first is why `W1` has no bias. The second holds up to `eps`, since stretching the weights of a unit changes nothing.
#
# ## 7. The embedding
#
# Last station: `emb = C[x]`, a row of `C` for each letter of each context. Backward, each of these rows sends its gradient to the row of `C` it was copied from. A tiny case: two contexts of two letters, embeddings of one number.
#
# | | | |
# |---|---|---|
# | `x` | a b | a a |
# | gradient of `emb` | 1, 10 | 100, 1000 |
#
# *a* was copied three times. Three paths: row *a* of `dC` is 1 + 100 + 1000, row *b* is 10, and all other rows are 0. The natural line for it is wrong:

# %% tags=["nbval-check-output"]
tiny_x = torch.tensor([[1, 2], [1, 1]])
tiny_demb = torch.tensor([[[1.0], [10.0]], [[100.0], [1000.0]]])  # (2, 2, 1)
table_grad = torch.zeros(4, 1)
table_grad[tiny_x] += tiny_demb
print(table_grad[:, 0].tolist())

# %% [markdown]
# `dC[x] += d` reads the rows, adds, and writes them back. Where an index occurs twice, the second write overwrites the first; only one of the three gradients is left. No error, and training goes on with the
# gradient of a single occurrence. In a batch of 32 contexts of three letters the dot occurs about 27 times.
#
# What adds instead: `index_add_`, `scatter_add_`, `index_put_(…, accumulate=True)`, a loop; or a product with one-hot rows, since a look-up is a product with a one-hot matrix, and you know the gradient of a product.
#
# ### Exercise 11: embedding, backward   ·  ★★☆ · 10 min · 3 points
#
# - `dembcat`: float `(n, block_size * n_embd)`, the gradient after `emb.flatten(1)`; `x`: int64 `(n, block_size)`; `vocab_size`: int
# - returns: `dC`, `(vocab_size, n_embd)`, in the dtype of `dembcat`; 0 for letters that do not occur
# - a letter may occur any number of times, within a context and across contexts


# %% exercise: embedding_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd", "torch.ops.aten.embedding_dense_backward"]
def embedding_backward(dembcat: torch.Tensor, x: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """The gradient in the embedding table, `(vocab_size, n_embd)`, of `C[x].flatten(1)`."""
    ### BEGIN SOLUTION
    demb = dembcat.reshape(x.numel(), -1)  # (n * block_size, n_embd)
    dC = torch.zeros(vocab_size, demb.shape[1], dtype=demb.dtype)
    return dC.index_add(0, x.flatten(), demb)
    ### END SOLUTION


# %%
print(embedding_backward(tiny_demb.flatten(1), tiny_x, 4)[:, 0].tolist())  # look: 0, 1101, 10, 0
compare("C", embedding_backward(oracle["embcat"], x, vocab_size))

# %% test: embedding_backward points=3
check.embedding_backward(embedding_backward)
### BEGIN HIDDEN TESTS
check.embedding_backward(embedding_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Some rows are too small</summary>
#
# Those of letters that occur more than once. `dC[x] = …` and `dC[x] += …` keep one of the gradients; position by position (`dC[x[:, k]] += …`) is no cure if a letter stands at the same position of two contexts.
# </details>
# <details><summary>How do I get from (n, block_size * n_embd) to one row for each letter?</summary>
#
# `reshape(n * block_size, n_embd)`: row `r * block_size + k` then belongs to `x[r, k]`, which is element `r * block_size + k` of `x.flatten()`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def embedding_backward(dembcat, x, vocab_size):
#     one_hot = torch.nn.functional.one_hot(x.flatten(), vocab_size).to(dembcat.dtype)
#     return one_hot.T @ dembcat.reshape(len(one_hot), -1)
# ```
# </details>

# %% [markdown]
# ## 8. All the way back
#
# The closed forms, the layers, the embedding: six functions are left on the way from the loss to the letters. `batchnorm_backward` starts at `dhpreact` and contains the gain; from `affine_backward` you need only
# `dgain` and `dshift`.
#
# ### Exercise 12: the MLP, backward   ·  ★★★ · 15 min · 4 points
#
# - `params`: a dict of the six tensors `C`, `W1`, `gain`, `shift`, `W2`, `b2`, of any sizes that fit each other
# - `steps`: the dict that `forward(params, x, y)` returned, with `correction` 0; `x`: int64 `(n, block_size)`, `y`: int64 `(n,)`
# - returns: a dict of the gradients, with the keys of `params`, each in shape and dtype of its parameter
# - use your functions; `params` and `steps` stay as they are


# %% exercise: mlp_backward forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def mlp_backward(params: Tensors, steps: Tensors, x: torch.Tensor, y: torch.Tensor) -> Tensors:
    """The gradient of the loss in each parameter, from what `forward` has left."""
    ### BEGIN SOLUTION
    dlogits = cross_entropy_backward(steps["logits"], y)
    dh, dW2, db2 = linear_backward(dlogits, steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    _, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    dhprebn = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    dembcat, dW1, _ = linear_backward(dhprebn, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}
    ### END SOLUTION


# %%
grads = mlp_backward(params, steps, x, y)
compare(" ".join(grads), *grads.values())

# %% test: mlp_backward points=4
check.mlp_backward(mlp_backward)
### BEGIN HIDDEN TESTS
check.mlp_backward(mlp_backward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I start?</summary>
#
# At the right end of the second picture, and against the arrows: each function takes the gradient that the one before it has returned, and what the forward pass has left in `steps`.
# </details>
# <details><summary>W2 and b2 are right, the rest is not</summary>
#
# Print the shape of each gradient beside that of its step. Does tanh get `h`, BatchNorm `dhpreact` and `bnraw`, and the first linear layer `embcat`?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def mlp_backward(params, steps, x, y):
#     found = by_autograd(params, x, y)
#     return {name: found[name] for name in params}
# ```
# </details>

# %% [markdown]
# ### Wrong, and learning all the same
#
# How much would it have mattered? Three classic mistakes, each one line: the variance and the mean taken for constants; $n-1$ where the forward pass had $n$; embedding rows overwritten. 300 steps of plain descent from the same
# start, on the same batches. **Predict** which curves you could tell apart.


# %% tags=["demo"]
def start(seed: int, dtype: torch.dtype = torch.float32, n_hidden: int = 100) -> Tensors:
    """The parameters of `BatchNormMLP` with one hidden layer, as a dict; weights as (d_in, d_out)."""
    made = BatchNormMLP(vocab_size, block_size, 10, n_hidden, 1, torch.Generator().manual_seed(seed))
    parts = [value.detach().to(dtype) for value in made.parameters()]
    keys = ("C", "W1", "gain", "shift", "W2", "b2")
    return {key: (part.T if key[0] == "W" else part).clone() for key, part in zip(keys, parts, strict=True)}


def batches(count: int, size: int, seed: int = 1):
    """Pairs x `(size, block_size)`, y `(size,)` of random training examples."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(count):
        picked = torch.randint(len(train_y), (size,), generator=generator)
        yield train_x[picked], train_y[picked]


def altered(params: Tensors, steps: Tensors, x: torch.Tensor, y: torch.Tensor, mistake: str) -> Tensors:
    """`mlp_backward` with one line gone wrong."""
    grads = mlp_backward(params, steps, x, y)
    dh, _, _ = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    taken_for = 1 if mistake == "n − 1 for n" else 0
    dhprebn = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"], taken_for)
    if mistake == "statistics as constants":
        dhprebn = dhpreact * params["gain"] * steps["bnvar_inv"]
    dembcat, dW1, _ = linear_backward(dhprebn, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    if mistake == "rows overwritten":
        dC = torch.zeros_like(dC)
        dC[x] = dembcat.reshape(steps["emb"].shape)
    return grads | {"C": dC, "W1": dW1}


mistakes = ("right", "statistics as constants", "n − 1 for n", "rows overwritten")
histories: dict[str, list[float]] = {name: [] for name in mistakes}
print("gradient                   last 50 losses   worst relative error of a gradient, first step")
for mistake, losses in histories.items():
    now, worst = start(0), 0.0
    for k, (bx, by) in enumerate(batches(300, 32)):
        steps_now = forward(now, bx, by)
        wrong = altered(now, steps_now, bx, by, mistake)
        if k == 0:
            right = mlp_backward(now, steps_now, bx, by)
            worst = max(((wrong[p] - right[p]).norm() / right[p].norm()).item() for p in right)
        now = {name: value - 0.3 * wrong[name] for name, value in now.items()}
        losses.append(steps_now["loss"].item())
    print(f"{mistake:<27} {statistics.mean(losses[-50:]):.3f}            {worst:.0e}")

# %% tags=["demo"]
plot.curves(
    range(20, 301, 20),
    {
        name: [statistics.mean(losses[k : k + 20]) for k in range(0, 300, 20)]
        for name, losses in histories.items()
    },
    title="Training with a right gradient, and with three wrong ones",
    xlabel="step",
    ylabel="loss (nats), mean of 20 steps",
)

# %% [markdown]
# Two of the wrong runs cannot be told from the right one. $n-1$ for $n$ is off by half a per cent. Statistics taken for constants give a gradient that is off by 70 % of its length, and the curve lies on the right one
# all the same: from this start, at this learning rate, the missing terms hardly change where the steps lead. In 04/03 you saw when they do: with large weights or a large learning rate, it is these terms that brake. Overwritten
# rows cost a little: letters that occur often learn too slowly, and you would try another learning rate. **A falling loss says nothing about a gradient.** The comparison with autograd, or with difference quotients, says it before the first
# step.
#
# ## 9. Training without autograd
#
# What is missing for a training loop: the update, and the running statistics that evaluation mode needs (04/03). Both are plain arithmetic. Nothing requires a gradient any more, so there is no graph, nothing to zero, nothing to detach.
#
# ### Exercise 13: a training step   ·  ★★☆ · 12 min · 3 points
#
# - `params`: as in exercise 12; `running`: a dict `{"mean": …, "var": …}`, each `(n_hidden,)`
# - `x`, `y`: a batch of at least two examples; `lr`, `momentum`: floats
# - returns: a tuple `(params, running, loss)`
#   - `params`: a new dict, each tensor one step downhill. All gradients belong to the parameters that came in
#   - `running`: a new dict: `(1 - momentum)` of the old value plus `momentum` of the batch's. For the mean that is `bnmeani`; for the variance the **unbiased** one, $\frac{n}{n-1}$ `bnvar`. Shapes `(n_hidden,)`
#   - `loss`: a Python float, the loss before the step
# - use `forward` and your `mlp_backward`; arguments stay as they are


# %% exercise: train_step forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.func.grad", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd"]
def train_step(
    params: Tensors, running: Tensors, x: torch.Tensor, y: torch.Tensor, lr: float, momentum: float = 0.1
) -> tuple[Tensors, Tensors, float]:
    """Parameters after one step of descent, running statistics after this batch, and the loss before."""
    ### BEGIN SOLUTION
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    n = len(y)
    batch = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][0] * n / (n - 1)}  # (n_hidden,) each
    return (
        {name: value - lr * grads[name] for name, value in params.items()},
        {name: (1 - momentum) * value + momentum * batch[name] for name, value in running.items()},
        steps["loss"].item(),
    )
    ### END SOLUTION


# %%
new = {"mean": torch.zeros(64, dtype=torch.float64), "var": torch.ones(64, dtype=torch.float64)}
stepped, moved, before = train_step(params, new, x, y, lr=0.1)
print(f"loss {before:.4f}, after the step {forward(stepped, x, y)['loss']:.4f}")  # look: smaller
print({name: tuple(value.shape) for name, value in moved.items()})

# %% test: train_step points=3
check.train_step(train_step)
### BEGIN HIDDEN TESTS
check.train_step(train_step, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>running has shape (1, n_hidden)</summary>
#
# `bnmeani` and `bnvar` keep a dimension of 1 for broadcasting. `[0]` takes it away.
# </details>
# <details><summary>running["var"] is off by a little</summary>
#
# `forward` divides by $n$; the running variance wants $n - 1$. This is the place, and the only one, where BatchNorm uses the unbiased variance.
# </details>
# <details><summary>It changes its input in place</summary>
#
# `value -= lr * grad` writes into the caller's tensors. `value - lr * grad` makes new ones, and a dict comprehension collects them.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def train_step(params, running, x, y, lr, momentum=0.1):
#     found, hprebn = by_autograd(params, x, y), forward(params, x, y)["hprebn"]
#     now = {"mean": hprebn.mean(0), "var": hprebn.var(0)}
#     loss = forward(params, x, y)["loss"].item()
#     return ({k: torch.sub(v, found[k], alpha=lr) for k, v in params.items()},
#             {k: torch.lerp(v, now[k], momentum) for k, v in running.items()}, loss)
# ```
# </details>

# %% [markdown]
# ### The same run, twice
#
# The model of 04/03 by `loss.backward()` and `torch.optim.SGD`, and yours by hand. Same start, same batches, float64. **Predict:** after how many steps do the losses part?


# %% tags=["demo"]
def side_by_side(count: int, size: int, dtype: torch.dtype) -> tuple[list[float], list[float], float, float]:
    """Losses by hand and by autograd, and the median milliseconds of a step."""
    model = BatchNormMLP(vocab_size, block_size, 10, 100, 1, torch.Generator().manual_seed(0)).to(dtype)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    now = start(0, dtype)
    state = {"mean": torch.zeros(100, dtype=dtype), "var": torch.ones(100, dtype=dtype)}
    by_hand, by_torch, times = [], [], ([], [])
    for bx, by in batches(count, size):
        began = time.perf_counter()
        with torch.no_grad():
            now, state, loss = train_step(now, state, bx, by, lr=0.3)
        by_hand.append(loss)
        middle = time.perf_counter()
        graph_loss = functional.cross_entropy(model(bx), by)
        optimizer.zero_grad()
        graph_loss.backward()
        optimizer.step()
        by_torch.append(graph_loss.item())
        times[0].append(middle - began)
        times[1].append(time.perf_counter() - middle)
    gap = (state["var"] - model.hidden[2].running_var).abs().max().item()
    print(f"{dtype}: running variances differ by at most {gap:.0e}")
    return by_hand, by_torch, *(1000 * statistics.median(one) for one in times)


by_hand, by_torch, mine, theirs = side_by_side(500, 32, torch.float64)
apart = [abs(a - b) for a, b in zip(by_hand, by_torch, strict=True)]
print(f"largest difference of the losses in 500 steps: {max(apart):.0e}")
print(f"milliseconds for a step: by hand {mine:.2f}, autograd {theirs:.2f}, ratio {mine / theirs:.2f}")

# %% tags=["demo"]
smooth = [statistics.mean(by_hand[k : k + 20]) for k in range(0, 500, 20)]
plot.curves(
    range(20, 501, 20),
    {"by hand": smooth, "autograd": [statistics.mean(by_torch[k : k + 20]) for k in range(0, 500, 20)]},
    title="The same run by hand and by autograd: one curve covers the other",
    xlabel="step",
    ylabel="loss (nats), mean of 20 steps",
)

# %% [markdown]
# They do not part. Five hundred steps, and the losses agree to the last digits of a float64; the running variances, too. Autograd does nothing that you have not done.
#
# And yours is *faster*: where this was built, it takes about two thirds of the time. It does less: no graph is recorded, no module is called, and BatchNorm and cross-entropy go back in one line. Layers as small as these cost more in calls than in
# arithmetic. In a large network the matrix products take nearly all of the time, and they are the same on both sides. So this is a reason to fuse operations (PyTorch's own BatchNorm and cross-entropy are fused) and none to give
# up autograd, which gets the network of tomorrow right without a line from you.
#
# ## 10. The table
#
# The row of 04/03 is a deeper model, with contexts of six letters and two hidden layers, trained by AdamW. Nothing new is needed for it: the middle of `mlp_backward` runs twice. An optimizer takes gradients from wherever they come; here we write them to `.grad`
# ourselves, and `backward()` is not called. The training takes ten seconds to half a minute.


# %%
@torch.no_grad()
def gradients_by_hand(model: BatchNormMLP, x: torch.Tensor, y: torch.Tensor) -> float:
    """Write the gradient of the loss into `.grad` of each parameter, and update the running statistics; the loss."""
    C, output = model.embedding.weight, model.output
    layers = list(model.hidden)[1:]  # linear, BatchNorm, tanh, and again
    pairs = list(zip(layers[::3], layers[1::3], strict=True))
    h, kept = C[x].flatten(1), []
    for linear, norm in pairs:
        hprebn = h @ linear.weight.T  # (n, n_hidden)
        mean, var = hprebn.mean(0), hprebn.var(0, correction=0)
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(var * len(x) / (len(x) - 1), norm.momentum)
        inv = (var + norm.eps) ** -0.5
        bnraw = (hprebn - mean) * inv
        out = torch.tanh(norm.weight * bnraw + norm.bias)
        kept.append((h, bnraw, inv, out))
        h = out
    logits = h @ output.weight.T + output.bias

    dlogits = cross_entropy_backward(logits, y)
    dh, dW, output.bias.grad = linear_backward(dlogits, h, output.weight.T)
    output.weight.grad = dW.T.contiguous()
    for (linear, norm), (below, bnraw, inv, out) in zip(reversed(pairs), reversed(kept), strict=True):
        dhpreact = tanh_backward(dh, out)
        _, norm.weight.grad, norm.bias.grad = affine_backward(dhpreact, bnraw, norm.weight)
        dhprebn = batchnorm_backward(dhpreact, bnraw, norm.weight, inv[None])
        dh, dW, _ = linear_backward(dhprebn, below, linear.weight.T)
        linear.weight.grad = dW.T.contiguous()  # nn.Linear holds (d_out, d_in)
    C.grad = embedding_backward(dh, x, len(C))
    return functional.cross_entropy(logits, y).item()


# %% tags=["demo"]
six = {name: mlp.build_dataset(getattr(split, name), stoi, 6) for name in split._fields}
model = BatchNormMLP(vocab_size, 6, 16, 200, 2, torch.Generator().manual_seed(0))
optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.1)
generator, long_x, long_y = torch.Generator().manual_seed(1), *six["train"]
losses = []
for rate in mlp.cosine_rates(0.003, 3000):
    optimizer.param_groups[0]["lr"] = rate
    picked = torch.randint(len(long_y), (256,), generator=generator)
    losses.append(gradients_by_hand(model, long_x[picked], long_y[picked]))
    optimizer.step()
print(f"train {mlp.split_loss(model, *six['train']):.4f}   dev {mlp.split_loss(model, *six['dev']):.4f}")

# %% tags=["demo"]
yours = {"BatchNorm": mlp.split_loss(model, *six["test"])}
print(makemore.table(yours))
print("\n* your own measurement, with gradients by hand")

# %% tags=["demo"]
plot.ladder(
    makemore.results(yours),
    yours=yours,
    title="Unit 04: every model so far, on the same test names",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# **2.2028**, the row of 04/03 to the last digit, and no `backward()` was called in the whole run. The model is the same, so the table has no new row; the WaveNet of 04/05 gets 2.1807 out of contexts of eight letters.
#
# ### The public figure
#
# On names.txt, with the lectures' settings (one hidden layer of 200, contexts of three letters, `n_embd` 10, 200,000 steps on batches of 32, lr 0.1 and from half-way 0.01), on the lectures' dev names:
#
# | gradients | nats per character |
# |---|---|
# | autograd, third lecture | 2.1057 |
# | by hand, fourth lecture | **2.1099** |
# | your `train_step`, with the start of 04/03 | 2.1117 |
#
# The gradients are not what makes the lectures' two figures differ: their run by hand starts with small random biases and gains instead of zeros and ones, for the reason given in part 2. Here are the first steps of yours, if the file is on this
# machine or can be downloaded. For the figure in the table set `total` to 200,000, and wait a minute or two.


# %% tags=["demo"]
def evaluated(
    params: Tensors, running: Tensors, x: torch.Tensor, y: torch.Tensor, eps: float = 1e-5
) -> float:
    """The mean loss with the running statistics in place of the batch's."""
    hprebn = params["C"][x].flatten(1) @ params["W1"]
    bnraw = (hprebn - running["mean"]) / (running["var"] + eps).sqrt()
    h = torch.tanh(params["gain"] * bnraw + params["shift"])
    return functional.cross_entropy(h @ params["W2"] + params["b2"], y).item()


total = 2_000
try:
    public = lecture_split(names("karpathy"))
except DataUnavailable:
    print("names.txt is neither on this machine nor to be had: no network.")
else:
    public_stoi, _ = makemore.build_vocab(public.train)
    public_x, public_y = mlp.build_dataset(public.train, public_stoi, block_size)
    now, state = start(0, n_hidden=200), {"mean": torch.zeros(200), "var": torch.ones(200)}
    generator = torch.Generator().manual_seed(1)
    for k in range(total):
        picked = torch.randint(len(public_y), (32,), generator=generator)
        lr = 0.1 if k < total / 2 else 0.01
        now, state, _ = train_step(now, state, public_x[picked], public_y[picked], lr)
    dev_loss = evaluated(now, state, *mlp.build_dataset(public.dev, public_stoi, block_size))
    print(f"names.txt, the lectures' dev names, after {total:,} steps by hand: {dev_loss:.4f}")

# %% [markdown]
# ## Recap
#
# **Q:** Why does clipping the loss of each example harm training, while clipping gradients does not?\
# **A:** Beyond its limit `clamp` is constant, slope 0: a surprising example sends no gradient at all, and what it should teach is never learned. A clipped gradient is short but keeps its direction.
#
# **Q:** What is the gradient of the mean cross-entropy in the logits?\
# **A:** (softmax − one-hot) / n. Each row sums to zero: the target is pulled up by 1 − p, every other class pushed down by its p.
#
# **Q:** Why is the gradient of the subtracted maximum in softmax zero?\
# **A:** The probabilities do not depend on it, so neither does the loss. In numbers it is about 1e-17.
#
# **Q:** What is the backward of a sum, and of a broadcast?\
# **A:** Each other: a sum sends its gradient to every summand, and a number that was broadcast gets the sum over all its copies.
#
# **Q:** Which part of a gradient does BatchNorm take away?\
# **A:** Its mean over the batch, and the part along the normalised values. Shifting or stretching all examples has no effect on the output, so neither gets a gradient; the rest is scaled by gain over standard deviation.
#
# **Q:** Does the gradient of the batch mean have a share from the variance?\
# **A:** Its sum is zero: deviations from the mean sum to zero, since moving all examples together leaves the variance as it is.
#
# **Q:** Where does BatchNorm use the biased variance, and where the unbiased one?\
# **A:** It normalises, and differentiates, with the biased one (division by n); only the running variance gets the unbiased one. Backward must divide by what forward divided by.
#
# **Q:** Why is `dC[x] += d` wrong for the gradient of an embedding?\
# **A:** A letter that occurs several times in the batch keeps only one of its gradients: the rows are read, added to and written back, so later writes overwrite earlier ones. `index_add` accumulates.
#
# **Q:** Why does the backward of tanh need only the output?\
# **A:** The slope is 1 − tanh², and tanh is the output. A saturated unit has slope near 0 and stops the gradient.
#
# **Q:** Why is a layer's gradient checked in float64, with several batch sizes and gains other than 1?\
# **A:** Mistakes such as n − 1 for n are off by less than a per cent of the gradient here, and by more in a small batch; float64 leaves no rounding to hide them, and neutral values such as gain 1 hide a forgotten factor. Training shows neither.

# %% [markdown]
# ## Glossary
#
# - **leaky abstraction**: one that works only as long as you know what is beneath it
# - **upstream gradient**: what arrives from the loss at the output of a step; the first factor of the chain rule
# - **closed form**: the gradient of several steps together, simplified on paper to one expression
# - **fused operation**: several steps computed as one, forward and backward; `cross_entropy` is one
# - **scatter-add**: adding rows to the places an index names, repeated places included
# - **biased, unbiased variance**: the sum of squared deviations divided by n, by n − 1
# - **running statistics**: moving averages of batch means and variances; no gradient goes through them

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **LayerNorm.** Normalise each example over its features instead of each feature over the batch (unit 06). Derive its backward from your BatchNorm's: which sums change, and which formula does not?
# 2. **Less memory.** `mlp_backward` keeps `bnraw`, `h` and more. Which steps can be computed again from others, and what does it cost? With `gain` never 0, `bnraw` follows from `h`: try it, and watch what saturation does to it.
# 3. **Second order.** `mlp_backward` is itself made of differentiable operations. Let autograd differentiate it, and find how the gradient changes along a direction. Does it agree with a difference quotient of your gradients?

# %% [markdown]
# ## To go deeper
#
# - Andrej Karpathy, [makemore part 4: becoming a backprop ninja], whose exercise this lesson follows and extends
# - Andrej Karpathy, [Yes you should understand backprop]: clipped losses, dead units, vanishing gradients
# - Sergey Ioffe and Christian Szegedy, [Batch normalization], section 3: the chain of exercises 7 to 9 as published
# - Kevin Zakka, [Deriving the gradient for the backward pass of batch normalization]: the way to the closed form
# - Stanford CS231n, [Backpropagation, intuitions]: gates, and why gradients add
#
# [makemore part 4: becoming a backprop ninja]: https://www.youtube.com/watch?v=q8SA3rM6ckI
# [Yes you should understand backprop]: https://karpathy.medium.com/yes-you-should-understand-backprop-e2f06eab496b
# [Batch normalization]: https://arxiv.org/abs/1502.03167
# [Deriving the gradient for the backward pass of batch normalization]: https://kevinzakka.github.io/2016/09/14/batch_normalization/
# [Backpropagation, intuitions]: https://cs231n.github.io/optimization-2/
