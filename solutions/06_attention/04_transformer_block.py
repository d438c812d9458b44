# %% [markdown]
# # The transformer block
#
# **After this lesson** you have built the block that GPT stacks: layer norm, a feed-forward network, attention, and the
# residual stream that joins them. You have measured what each of them does to the gradient through 64 layers, you can say
# why the norm moved from behind the sum to before it, and three of your blocks have learned to write names.
#
# About 150 minutes, with a break after part 4 · 11 exercises, 28 points · builds on: 06/01 and 06/02 (attention, heads,
# masks), 06/03 (embedded positions), 04/03 (BatchNorm, gradients that shrink), 01/03 (modules), 04/05 (the table of results).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.models.block`; your test cell does not
# look for them.

# %%
import itertools
import math

import torch
from torch import nn
from torch.nn import functional

from fasttrack import makemore, plot
from fasttrack.check import transformer_block as check
from fasttrack.data import names_split
from fasttrack.models.attention import causal_mask
from fasttrack.models.multi_head import MultiHeadAttention

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# Attention carries information from position to position. A language model needs that many times over, and it needs
# something that thinks about what has arrived. The unit of both is the **block**:

# %% tags=["demo"]
plot.pipeline(
    {
        "ids": "(batch, time)",
        "embedding": "letter + position",
        "blocks": "one after the other",
        "norm": "the last one",
        "logits": "one for each letter",
    },
    here={"blocks", "norm"},
)

# %% [markdown]
# Every station in the middle has the same shape, `(batch, time, n_embd)`. So blocks can be stacked as high as one
# likes: GPT-2 has 12 to 48, GPT-3 has 96. That they can be *trained* at that height is what this lesson is about.
#
# ## 1. Sixty-four layers
#
# Take attention of lesson 02 and a small network with one hidden layer, feed one into the other, and stack 64 of these.
# The start of each is what PyTorch gives.


# %%
def bare_layer(n_embd, n_head):
    """Attention, then a small network; nothing else. A function from (batch, time, n_embd) to the same shape."""
    attention = MultiHeadAttention(n_embd, n_head)
    network = nn.Sequential(nn.Linear(n_embd, 4 * n_embd), nn.GELU(), nn.Linear(4 * n_embd, n_embd))
    return lambda x: network(attention(x, causal_mask(x.shape[1])))


torch.manual_seed(0)
start = torch.randn(8, 16, 32, requires_grad=True)  # (batch, time, n_embd)
depths = [1, 2, 4, 8, 16, 32, 64]
bare = [bare_layer(32, 4) for _ in range(64)]
out, sizes, slopes = start, [], []
for depth, layer in enumerate(bare, start=1):
    out = layer(out)
    if depth in depths:
        sizes.append(out.std().item())
        slope = torch.autograd.grad(out.square().mean(), start, retain_graph=True)[0]
        slopes.append(slope.double().norm().item())  # in float32 the squares would vanish before the sum

# %% [markdown]
# `slopes` holds the length of the gradient at the **input**, when the loss is the mean square of what comes out after
# 1, 2, 4 … layers. From lesson 04/03 you know that numbers shrink through layers if nobody takes care.
#
# **Predict:** how long is the gradient after 16 layers? After 64?

# %%
for depth, size, slope in zip(depths, sizes, slopes, strict=True):
    print(f"{depth:>2} layers: outputs of size {size:.3f}, gradient at the input {slope:.1e}")

# %% [markdown]
# After 16 layers there is next to nothing, and after 64 the gradient is **exactly zero**: every entry has become smaller than the
# smallest number that float32 can hold. The lower layers of this stack will never learn, whatever the learning rate.
# And nothing has raised an error. The outputs look fine, too: their size settles near 0.06. But that is the work of the
# biases of the last layers; next to nothing in it comes from the input.
#
# Two ideas repair this, and a block is made of them:
#
# - **normalise**: bring every vector back to a known size before a layer reads it (parts 2 and 5)
# - **add instead of replace**: a layer's output is a change to its input, $x + f(x)$ (part 4)
#
# Part 5 measures each of them alone, and both together.
#
# ## 2. Layer norm
#
# ### One vector, by numbers
#
# A position of a text is one vector of `n_embd` numbers. Say it is $(1, 2, 6)$. Its mean is 3, the distances from it are
# $(-2, -1, 3)$, and their mean square, the **variance**, is $14/3$. Divide the distances by the root of that:
#
# $$\hat x_i = \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}} \qquad
# \mu = \frac1n \sum_i x_i \qquad \sigma^2 = \frac1n \sum_i (x_i - \mu)^2$$
#
# That gives $(-0.93, -0.46, 1.39)$, of mean 0 and variance 1. $n$ is the length of the vector, and
# $\varepsilon$ (`eps`) a small number that keeps a vector of equal numbers from dividing 0 by 0. It stands **under the root**,
# and the variance divides by $n$, not by $n - 1$: both are conventions, and other libraries' parameters only fit if
# you share them.
#
# ### Exercise 1: normalize vector   ·  ★☆☆ · 5 min · 1 point
#
# In plain Python, without tensors:
#
# - `values`: a list of at least one float
# - `eps`: float > 0, added to the variance
# - returns: a list of floats of the same length, $\hat x$ of the formula
# - a list of equal numbers, or of a single one, gives zeros


# %% exercise: normalize_vector forbid=["torch.nn.functional.layer_norm", "torch.nn.LayerNorm", "torch.layer_norm"]
def normalize_vector(values: list[float], eps: float = 1e-5) -> list[float]:
    """The numbers with mean 0 and variance 1."""
    ### BEGIN SOLUTION
    mean = sum(values) / len(values)
    variance = sum((value - mean) ** 2 for value in values) / len(values)
    return [(value - mean) / math.sqrt(variance + eps) for value in values]
    ### END SOLUTION


# %%
print([round(value, 2) for value in normalize_vector([1.0, 2.0, 6.0])])  # look: -0.93, -0.46, 1.39
print([round(value, 2) for value in normalize_vector([10.0, 20.0, 60.0])])  # look: the same
print([round(value, 2) for value in normalize_vector([101.0, 102.0, 106.0])])  # look: the same

# %% test: normalize_vector points=1
check.normalize_vector(normalize_vector)
### BEGIN HIDDEN TESTS
check.normalize_vector(normalize_vector, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My numbers are a little too small</summary>
#
# `statistics.variance` and `statistics.stdev` divide by $n - 1$; so does `torch.var` unless told otherwise. Here it is $n$.
# </details>
# <details><summary>Right for large numbers, wrong for numbers close together</summary>
#
# Where the variance is small, `eps` shows. Is it added before the root is taken? $\sqrt{\sigma^2 + \varepsilon}$ and
# $\sqrt{\sigma^2} + \varepsilon$ differ.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Nothing below needs it but a few printed numbers. Add a cell below the test:
#
# ```
# def normalize_vector(values, eps=1e-5):
#     x = torch.tensor(values, dtype=torch.float64)
#     return functional.layer_norm(x, x.shape, eps=eps).tolist()
# ```
# </details>

# %% [markdown]
# What is lost? Multiply a vector by 10, or add 100 to each of its numbers, and the result is the same. What is kept is
# the pattern: which features are high and which are low, in comparison with each other. What a layer **reads** has the
# same size at every depth.
#
# ### Which numbers belong together
#
# In lesson 04/03 BatchNorm took mean and variance of each *feature* over all examples. Layer norm (Ba, Kiros and Hinton, 2016)
# takes them for each *position* over its features. In a tensor `(batch, time, n_embd)`:
#
# | | pooled | one mean for each | needs |
# |---|---|---|---|
# | BatchNorm | batch and time | feature | a batch of some size, running statistics, a mode |
# | LayerNorm | features | position of each example | nothing |
#
# For text the second row wins. A batch of one works, training and evaluation compute the same, padding (what fills up short
# texts) does not disturb the statistics. And there is one more reason, which concerns GPT.
#
# **Predict:** in the next cell a *causal* model is normalised over time. Position 0 must not see the later ones. Does it?

# %% tags=["nbval-check-output"]
text = torch.tensor([[1.0, 4.0], [2.0, 0.0], [3.0, 2.0]])  # (time, n_embd)
other = text.clone()
other[2] = 9.0  # another future


def over(x, dim):
    """x normalised over one dimension."""
    return (x - x.mean(dim, keepdim=True)) / (x.var(dim, correction=0, keepdim=True) + 1e-5).sqrt()


for name, dim in {"over time": 0, "over features": 1}.items():
    before, after = over(text, dim)[0], over(other, dim)[0]
    told = [" ".join(f"{value:5.2f}" for value in row.tolist()) for row in (before, after)]
    print(f"{name:<14} position 0: {told[0]}   with another future: {told[1]}")

# %% [markdown]
# Over time, the first position changes when the *last* letter does: what is to be predicted leaks into the
# statistics, past every mask. Over features nothing leaks.
#
# ### A gain and a shift
#
# Perhaps a layer would like its input larger, or not centred, in some feature. So each feature gets two learned numbers,
# a gain and a shift, that start as if they were not there:
#
# $$y_i = \gamma_i \, \hat x_i + \beta_i$$
#
# PyTorch calls $\gamma$ `weight`, and it starts at 1; $\beta$ is `bias`, and starts at 0. They are shared by all positions.
#
# ### Exercise 2: LayerNorm   ·  ★★☆ · 12 min · 4 points
#
# - `LayerNorm(n_embd, eps=1e-5)`: a module with two parameters, `weight` (ones) and `bias` (zeros), each `(n_embd,)`
# - `forward(x)`: `x` float of shape `(..., n_embd)`, with any number of dimensions before the last
# - returns: the shape of `x`; each vector of the last dimension normalised by its own mean and variance (dividing by
#   `n_embd`), times `weight`, plus `bias`
# - `x` stays as it is; gradients flow through mean and variance
# - in float32 it must work for numbers near 3000, too: the variance is the mean of $(x - \mu)^2$. Taken as the mean of $x^2$ minus $\mu^2$ it has no digits left there


# %% exercise: LayerNorm forbid=["torch.nn.LayerNorm", "torch.nn.functional.layer_norm", "torch.layer_norm", "torch.native_layer_norm", "fasttrack.models.block.LayerNorm"]
class LayerNorm(nn.Module):
    """Each vector of the last dimension to mean 0 and variance 1, then a learned gain and shift."""

    def __init__(self, n_embd: int, eps: float = 1e-5):
        super().__init__()
        ### BEGIN SOLUTION
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.bias = nn.Parameter(torch.zeros(n_embd))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(..., n_embd)` -> the same shape."""
        ### BEGIN SOLUTION
        mean = x.mean(-1, keepdim=True)  # (..., 1)
        variance = x.var(-1, correction=0, keepdim=True)  # (..., 1)
        return self.weight * (x - mean) / torch.sqrt(variance + self.eps) + self.bias
        ### END SOLUTION


# %%
rows = torch.tensor([[1.0, 2.0, 6.0], [-10.0, 0.0, 10.0]])  # (2, 3)
print(LayerNorm(3)(rows).tolist())  # look: exercise 1's numbers, and about -1.22, 0, 1.22

# %% test: LayerNorm points=4
check.LayerNorm(LayerNorm)
### BEGIN HIDDEN TESTS
check.LayerNorm(LayerNorm, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The size of tensor a must match the size of tensor b</summary>
#
# `x.mean(-1)` has lost the last dimension. With `keepdim=True` it stays, with size 1, and broadcasting does the rest.
# </details>
# <details><summary>Close, and never quite equal</summary>
#
# Three candidates: the variance (`correction=0`), the place of `eps`, and an `eps` that is written into `forward` instead of taken
# from `__init__`.
# </details>
# <details><summary>The test finds no parameters</summary>
#
# A plain tensor as an attribute is not trained. `nn.Parameter(tensor)` is.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `LayerNorm = nn.LayerNorm`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# Four positions whose vectors are very different in size, before and after:

# %% tags=["demo"]
uneven = torch.tensor([[0.1], [1.0], [5.0], [1.0]]) * torch.randn(
    4, 7, generator=torch.Generator().manual_seed(3)
)
uneven[3] += 4  # one that is far from zero
plot.grid(uneven, "four positions, seven features", row_label="position", column_label="feature")

# %% tags=["demo"]
with torch.no_grad():
    picture = plot.grid(
        LayerNorm(7)(uneven),
        "after LayerNorm: every row of one size",
        row_label="position",
        column_label="feature",
    )
picture

# %% [markdown]
# ### Without the mean: RMSNorm
#
# Of the two steps, centring and scaling, the second does the work. RMSNorm (Zhang and Sennrich, 2019) drops the first, and the
# shift with it. What divides is the *root mean square*:
#
# $$y_i = \gamma_i \, \frac{x_i}{\sqrt{\tfrac1n \sum_j x_j^2 + \varepsilon}}$$
#
# Llama, Mistral, Gemma and most models since 2023 use it: one pass over the vector less, and as good.
#
# ### Exercise 3: RMSNorm   ·  ★☆☆ · 6 min · 3 points
#
# - `RMSNorm(n_embd, eps=1e-6)`: a module with one parameter, `weight` (ones), `(n_embd,)`
# - `forward(x)`: `x` float of shape `(..., n_embd)`; returns the shape of `x`, by the formula, with $\gamma$ = `weight`
# - a vector of zeros gives zeros


# %% exercise: RMSNorm forbid=["torch.nn.RMSNorm", "torch.nn.functional.rms_norm", "torch.rms_norm", "fasttrack.models.block.RMSNorm"]
class RMSNorm(nn.Module):
    """Each vector of the last dimension to a mean square of 1, then a learned gain."""

    def __init__(self, n_embd: int, eps: float = 1e-6):
        super().__init__()
        ### BEGIN SOLUTION
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(n_embd))
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(..., n_embd)` -> the same shape."""
        ### BEGIN SOLUTION
        mean_square = x.square().mean(-1, keepdim=True)  # (..., 1)
        return self.weight * x * torch.rsqrt(mean_square + self.eps)
        ### END SOLUTION


# %%
print(RMSNorm(2)(torch.tensor([[3.0, 4.0], [6.0, 8.0]])).tolist())  # look: 0.85, 1.13, twice

# %% test: RMSNorm points=3
check.RMSNorm(RMSNorm)
### BEGIN HIDDEN TESTS
check.RMSNorm(RMSNorm, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My vectors come out with length 1</summary>
#
# `x.norm()` is the root of the *sum* of squares. The root of the *mean* is smaller by $\sqrt{n}$, so a vector comes out with length $\sqrt{n}$.
# </details>
# <details><summary>I get what LayerNorm gives</summary>
#
# `x.std()` and `x.var()` subtract the mean inside. Square `x` itself.
# </details>
# <details><summary>I want to go on without it</summary>
#
# The next cell compares it; nothing else needs it. Add a cell below the test: `RMSNorm = lambda n: nn.RMSNorm(n, eps=1e-6)`. The
# grader still counts the exercise as not written.
# </details>

# %% [markdown]
# **Predict:** on which vectors do the two norms agree?

# %% tags=["nbval-check-output"]
balanced, shifted = torch.tensor([-3.0, 1.0, 2.0]), torch.tensor([7.0, 11.0, 12.0])  # (3,), the same pattern
with torch.no_grad():
    for vector in (balanced, shifted):
        layer_normed, rms_normed = LayerNorm(3)(vector), RMSNorm(3)(vector)
        print(
            vector.tolist(),
            " LayerNorm", [f"{value:.2f}" for value in layer_normed.tolist()],
            " RMSNorm", [f"{value:.2f}" for value in rms_normed.tolist()],
        )  # fmt: skip

# %% [markdown]
# Where the mean is zero, they are the same. Where it is far from zero, RMSNorm keeps it, and the pattern around the mean
# is squeezed.
#
# ## 3. The feed-forward network
#
# Attention mixes positions, and mixing is all it does: a weighted mean of values, which are linear in the input. What a model *computes* about
# a position, it computes in the other half of the block: a network with one hidden layer, wider by four, applied to **each position by
# itself**.
#
# ### The bend in it
#
# Without a nonlinearity in the middle two linear layers are one. ReLU would do: $x$ where $x > 0$, else 0. GPT uses **gelu** (Hendrycks and Gimpel, 2016):
#
# $$\text{gelu}(x) = x \cdot \Phi(x)$$
#
# $\Phi(x)$ is the share of a standard normal distribution that lies below $x$: 0.5 at 0, nearly 0 at $-3$, nearly 1 at 3. So the
# larger $x$ is among normally distributed numbers, the more of it passes: a ReLU with a soft knee. It has a slope left of zero, too,
# where a unit of a ReLU gets no gradient and learns nothing.
#
# There are **two conventions**, and they are not equal in the fourth digit:
#
# - the *exact* form: $\Phi(x) = \tfrac12 \bigl(1 + \operatorname{erf}(x / \sqrt2)\bigr)$. PyTorch's default
# - the *tanh* form, which GPT-2 uses, from when erf was slow:
#
# $$\text{gelu}(x) \approx \frac{x}{2} \Bigl(1 + \tanh\bigl(\sqrt{2/\pi}\,(x + 0.044715\, x^3)\bigr)\Bigr)$$
#
# Load GPT-2's weights into a model with the wrong one of them, and its logits are slightly off. Here it is the **tanh form**.
#
# ### Exercise 4: gelu   ·  ★☆☆ · 4 min · 2 points
#
# - `x`: float tensor of any shape
# - returns: the tanh form for each element; same shape and dtype
# - $\pm 10^4$ give $10^4$ and 0


# %% exercise: gelu forbid=["torch.nn.functional.gelu", "torch.nn.GELU", "fasttrack.models.block.gelu"]
def gelu(x: torch.Tensor) -> torch.Tensor:
    """GPT-2's gelu, the form with tanh; any shape."""
    ### BEGIN SOLUTION
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    return 0.5 * x * (1 + torch.tanh(inner))
    ### END SOLUTION


# %%
gelu(torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0]))  # look: -0.0036, -0.1588, 0, 0.8412, 2.9964

# %% test: gelu points=2
check.gelu(gelu)
### BEGIN HIDDEN TESTS
check.gelu(gelu, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Equal in three digits, and then not</summary>
#
# Is it the exact form? Otherwise look at the constant, 0.044715, and at the power, which is 3.
# </details>
# <details><summary>Wrong away from zero</summary>
#
# The root of $2/\pi$ multiplies the whole bracket, the cubic term as well.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `gelu = nn.GELU(approximate="tanh")`. The grader still counts the exercise as not written.
# </details>

# %% tags=["demo"]
line = torch.linspace(-4, 4, 161)
plot.curves(
    line,
    {"gelu": gelu(line), "ReLU": line.relu()},
    title="gelu is a ReLU with a soft knee",
    xlabel="x",
    ylabel="output",
)

# %% tags=["demo"]
plot.curves(
    line,
    {"tanh form − exact form": 1e4 * (gelu(line.double()) - functional.gelu(line.double()))},
    title="The two forms of gelu differ in the fourth digit",
    xlabel="x",
    ylabel="difference · 10⁴",
)

# %% [markdown]
# ### Exercise 5: FeedForward   ·  ★☆☆ · 5 min · 2 points
#
# - `FeedForward(n_embd)`: a module with two linear layers, both with bias: `fc` from `n_embd` to `4 * n_embd`, and `proj` back to `n_embd`
# - `forward(x)`: `x` float `(..., n_embd)`; returns `proj` of gelu (yours) of `fc` of `x`: the shape of `x`


# %% exercise: FeedForward forbid=["fasttrack.models.block.FeedForward"]
class FeedForward(nn.Module):
    """A network with a hidden layer of 4 * n_embd units, for each position by itself."""

    def __init__(self, n_embd: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.fc = nn.Linear(n_embd, 4 * n_embd)
        self.proj = nn.Linear(4 * n_embd, n_embd)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`(..., n_embd)` -> the same shape."""
        ### BEGIN SOLUTION
        return self.proj(gelu(self.fc(x)))
        ### END SOLUTION


# %%
torch.manual_seed(0)
network = FeedForward(8)
positions = torch.randn(1, 5, 8)  # (batch, time, n_embd)
with torch.no_grad():
    forth, back = network(positions), network(positions.flip(1)).flip(1)
print(tuple(forth.shape), torch.allclose(forth, back))  # look: (1, 5, 8) True

# %% test: FeedForward points=2
check.FeedForward(FeedForward)
### BEGIN HIDDEN TESTS
check.FeedForward(FeedForward, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The test finds other names than it expects</summary>
#
# It copies parameters by name: `fc.weight`, `fc.bias`, `proj.weight`, `proj.bias`. The attributes must be called `fc` and `proj`; in an
# `nn.Sequential` they would be called 0 and 2.
# </details>
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# `nn.Linear` takes the number of inputs first. The first layer widens, the second narrows.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.block import FeedForward`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# Reversing the positions reverses the outputs and changes nothing else: no position knows of another here. All exchange happens in attention, and all the rest is parallel.
#
# ## 4. The residual stream
#
# ### Adding instead of replacing
#
# In part 1 each layer *replaced* what it got: $x \to f(x)$. Whatever the first layer knew was gone unless every layer after
# it chose to pass it on. **Residual connections** (He and others, 2015) make passing on the default:
#
# $$x \to x + f(x)$$
#
# A layer that has nothing to say outputs zero, and the input goes through. Look at it from above, and there is a **stream** of vectors, one
# for each position, that runs from the embedding to the logits. Each layer is a **branch**: it reads the stream, and adds what it found. After $k$ branches
#
# $$x_k = x_0 + f_1(x_0) + f_2(x_1) + \dots + f_k(x_{k-1})$$
#
# The stream is a sum, and everything that was ever written to it is still in there.
#
# ### Exercise 6: residual stream   ·  ★☆☆ · 6 min · 2 points
#
# - `x`: float tensor `(batch, time, n_embd)`
# - `branches`: a list of functions, possibly empty; each takes a tensor and returns one of the same shape
# - returns: a list of `len(branches) + 1` tensors: the stream before the first branch (`x`), after the first, … after the last
# - each branch is called once, with the stream as it is by then; `x` and the earlier entries of the list keep their values


# %% exercise: residual_stream
def residual_stream(x: torch.Tensor, branches: list) -> list[torch.Tensor]:
    """All states of the stream: x, and what it is after each branch has been added."""
    ### BEGIN SOLUTION
    stream = [x]
    for branch in branches:
        stream.append(stream[-1] + branch(stream[-1]))
    return stream
    ### END SOLUTION


# %%
doubled = residual_stream(torch.ones(1, 1, 2), [lambda t: t, lambda t: t, lambda t: 0 * t])
print(
    [state.flatten().tolist() for state in doubled]
)  # look: 1, 2, 4, and 4 again: the last branch adds nothing

# %% test: residual_stream points=2
check.residual_stream(residual_stream)
### BEGIN HIDDEN TESTS
check.residual_stream(residual_stream, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>All entries of my list are equal</summary>
#
# `x += …` changes the tensor that is already in the list. `x = x + …` makes a new one.
# </details>
# <details><summary>The first entry is right and the others are not</summary>
#
# A branch reads what the branches before it have left, not the `x` at the start. And what it returns is added to that.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# from itertools import accumulate
#
# def residual_stream(x, branches):
#     return list(accumulate(branches, lambda state, branch: state + branch(state), initial=x))
# ```
# </details>

# %% [markdown]
# ### What it does for gradients
#
# By the chain rule a gradient passes a layer by the layer's matrix of slopes, its Jacobian $J$. In a bare stack that makes a product, and with a
# residual a product of another kind:
#
# $$J_L \cdots J_2\, J_1 \qquad\text{and}\qquad (I + J_L) \cdots (I + J_2)(I + J_1) = I + J_1 + J_2 + \dots + J_2 J_1 + \dots$$
#
# If each $J$ shrinks vectors by 10, then 64 of them shrink by $10^{64}$. In the second product there is an $I$: one path on which
# the gradient reaches the bottom **unchanged**, whatever the branches do, and 64 paths through one branch only. All the
# paths are added up, which can make too much as well (part 5). The same 64
# bare layers as in part 1, their outputs now added:

# %%
with torch.no_grad():
    stream = residual_stream(start.detach(), bare)
fresh = start.detach().requires_grad_()
last = residual_stream(fresh, bare)[-1]
print(f"stream: size {stream[0].std():.2f} at the bottom, {stream[-1].std():.2f} at the top")
print(f"gradient at the input: {torch.autograd.grad(last.square().mean(), fresh)[0].norm():.1e}")
added = sum(after - before for before, after in itertools.pairwise(stream))
print("the stream is x and what was added to it:", torch.allclose(stream[0] + added, stream[-1], atol=1e-4))

# %% [markdown]
# From exactly zero to alive: the gradient is 0.04 at the bottom of 64 layers; with no layer at all it would be 0.03. The stream has grown a little, as 64 small terms were added to it. Here they stay small.
# They need not: a branch that reads larger numbers may write larger ones, and the next branch reads those, too. Part 5 shows where that ends. **Unless each branch normalises what it reads.**
#
# ### The block
#
# That is the last piece. A block has two branches, and each reads a normalised copy of the stream:
#
# $$x \leftarrow x + \text{attention}(\text{norm1}(x)) \qquad x \leftarrow x + \text{feed\_forward}(\text{norm2}(x))$$

# %% tags=["demo"]
plot.stream(
    {
        "a block: nothing but additions on the stream": [
            ("norm1", "attention"),
            ("norm2", "feed forward"),
        ]
    }
)

# %% [markdown]
# This order is called **pre-norm**. It is GPT-2's and that of nearly every model since; the first transformer had another, see part 6.
#
# ### Exercise 7: Block   ·  ★★☆ · 10 min · 4 points
#
# - `Block(n_embd, n_head)`: a module with four parts as attributes: `norm1` and `norm2` (two `LayerNorm`s of yours, each with parameters of its own), `attention`
#   (`MultiHeadAttention(n_embd, n_head)` of lesson 02, imported above), `feed_forward` (your `FeedForward`)
# - `forward(x, mask=None)`: `x` float `(batch, time, n_embd)`; `mask` bool, broadcastable to `(batch, time, time)`, True = may attend, goes to attention: `attention(…, mask)`
# - returns `(batch, time, n_embd)`: the stream after both branches, attention first. The second branch reads what the first has written
# - `x` stays as it is
#
# The test copies parameters into PyTorch's `nn.TransformerEncoderLayer(norm_first=True)` and compares, with and without masks.


# %% exercise: Block forbid=["torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer", "fasttrack.models.block.Block"]
class Block(nn.Module):
    """Attention, then a feed-forward network; each reads a normalised copy of the stream and adds to it."""

    def __init__(self, n_embd: int, n_head: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.norm1 = LayerNorm(n_embd)
        self.attention = MultiHeadAttention(n_embd, n_head)
        self.norm2 = LayerNorm(n_embd)
        self.feed_forward = FeedForward(n_embd)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` True = may attend."""
        ### BEGIN SOLUTION
        x = x + self.attention(self.norm1(x), mask)
        return x + self.feed_forward(self.norm2(x))
        ### END SOLUTION


# %%
torch.manual_seed(0)
one_block, past = Block(8, 2), causal_mask(4)
heard = torch.randn(1, 4, 8)
changed = heard.clone()
changed[0, 3] = 0.0  # another last position
with torch.no_grad():
    moved = (one_block(heard, past) - one_block(changed, past)).abs().amax((0, 2))  # (time,)
print([f"{one:.2f}" for one in moved.tolist()])  # look: 0, 0, 0, and only the last has changed

# %% test: Block points=4
check.Block(Block)
### BEGIN HIDDEN TESTS
check.Block(Block, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The test says it is post-norm</summary>
#
# The norm is applied to what a branch *reads*. The sum is left as it is.
# </details>
# <details><summary>The stream is overwritten by its normalised copy</summary>
#
# After `x = self.norm1(x)` the stream itself is gone. Put `self.norm1(x)` inside the call of attention.
# </details>
# <details><summary>The test names a part of my block</summary>
#
# Each part is first compared by itself. If `norm1` is named, the fault is in exercise 2, and if `feed_forward` is, in exercise 4 or 5.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.block import Block`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ### How many parameters?
#
# A matrix from $n$ to $m$ features has $nm$ parameters, its bias $m$. Write $n$ for `n_embd`. **Predict** before you count: where do most of a block's
# parameters sit, in attention or in the feed-forward network? And how does their number change with the number of heads?
#
# ### Exercise 8: count block parameters   ·  ★☆☆ · 5 min · 2 points
#
# - `n_embd`: int ≥ 1
# - returns an int: the number of parameters of a `Block(n_embd, n_head)`, all four parts, weights and biases
# - by a formula: as fast for 12288 as for 2, so build no block


# %% exercise: count_block_parameters
def count_block_parameters(n_embd: int) -> int:
    """How many numbers a block learns."""
    ### BEGIN SOLUTION
    attention = 4 * (n_embd * n_embd + n_embd)
    feed_forward = 8 * n_embd * n_embd + 4 * n_embd + n_embd
    norms = 2 * 2 * n_embd
    return attention + feed_forward + norms
    ### END SOLUTION


# %%
print(
    count_block_parameters(8), sum(parameter.numel() for parameter in one_block.parameters())
)  # look: equal

# %% test: count_block_parameters points=2
check.count_block_parameters(count_block_parameters)
### BEGIN HIDDEN TESTS
check.count_block_parameters(count_block_parameters, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Off by a multiple of n_embd</summary>
#
# Then the matrices are right. Six linear layers have a bias: five of `n_embd` numbers, one of `4 * n_embd`. Each of the two norms has a weight and a bias.
# </details>
# <details><summary>Off by a multiple of n_embd squared</summary>
#
# Attention has four matrices: query, key, value and proj. The heads share them out; their number makes no difference. The network has two of `4 * n_embd * n_embd`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `count_block_parameters = lambda n: sum(p.numel() for p in nn.TransformerEncoderLayer(n, 1, 4 * n, device="meta").parameters())`.
# </details>

# %% tags=["nbval-check-output"]
for name, n_layer, n_embd, total in (
    ("GPT-2", 12, 768, 124_439_808),
    ("GPT-2 XL", 48, 1600, 1_557_611_200),
    ("GPT-3", 96, 12288, 175e9),
):
    in_blocks = n_layer * count_block_parameters(n_embd)
    print(
        f"{name:<9}{n_layer} blocks of {n_embd:>5}: {in_blocks / 1e6:>9,.0f} million in blocks, {in_blocks / total:.0%} of all"
    )

# %% [markdown]
# $12 n^2 + 13 n$: four parts in attention, eight in the feed-forward network, and the rest hardly counts. The larger a model, the more of it is blocks; the remainder is its
# embeddings. `12 * n_layer * n_embd ** 2` is the rule of thumb for the size of any GPT.
#
# ## 5. Depth, measured
#
# ### Exercise 9: gradient norms   ·  ★★★ · 12 min · 4 points
#
# An instrument: how long is the gradient of a loss at each height of a stack?
#
# - `layers`: a list of functions, possibly empty, each from a tensor to a tensor of the same shape (modules, or lambdas)
# - `x`: float tensor, the input of the first layer; it may or may not require grad
# - `loss`: a function from the last layer's output to a tensor of shape `()`
# - returns: a list of `len(layers) + 1` Python floats: the norm (root of the sum of all squares) of the gradient of the loss at the input of the first layer, at the output of the first layer, … at the
#   output of the last
# - take the norm in float64 (`.double()`): in float32 the squares of numbers below $10^{-23}$ are zero
# - nothing is left behind: `x.requires_grad` and `x.grad` are what they were, and no parameter of a layer has a gradient


# %% exercise: gradient_norms
def gradient_norms(layers: list, x: torch.Tensor, loss) -> list[float]:
    """The length of the gradient at the input, and after each layer."""
    ### BEGIN SOLUTION
    states = [x.detach().requires_grad_()]
    for layer in layers:
        states.append(layer(states[-1]))
    gradients = torch.autograd.grad(loss(states[-1]), states)
    return [gradient.double().norm().item() for gradient in gradients]
    ### END SOLUTION


# %%
halves = [lambda t: t / 2] * 3
gradient_norms(halves, torch.zeros(1, 1, 4), lambda out: out.sum())  # look: 0.25, 0.5, 1, 2

# %% test: gradient_norms points=4
check.gradient_norms(gradient_norms)
### BEGIN HIDDEN TESTS
check.gradient_norms(gradient_norms, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I get gradients in the middle?</summary>
#
# Keep every output in a list. `torch.autograd.grad(scalar, list_of_tensors)` gives one gradient for each, in order (lesson 01/02).
# </details>
# <details><summary>One of the differentiated tensors does not require grad</summary>
#
# The input is data. A detached copy of it can be told to require grad, without touching the caller's.
# </details>
# <details><summary>Gradients are left behind</summary>
#
# `backward()` writes to `.grad` of every parameter on its way. `torch.autograd.grad` returns gradients and writes nothing.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It leaves gradients behind, and the grader still counts the exercise as not written.
#
# ```
# def gradient_norms(layers, x, loss):
#     states = [x.clone().requires_grad_()]
#     for layer in layers:
#         states.append(layer(states[-1]))
#     for state in states[1:]:
#         state.retain_grad()
#     loss(states[-1]).backward()
#     return [state.grad.double().norm().item() for state in states]
# ```
# </details>

# %% [markdown]
# Now the experiment. Five stacks of 64, which have the same parts in another order:
#
# | stack | a layer does |
# |---|---|
# | bare | `x = feed_forward(attention(x))` |
# | norm only | `x = feed_forward(norm2(attention(norm1(x))))` |
# | residual only | `x = x + attention(x)`, then `x = x + feed_forward(x)` |
# | pre-norm | the block of exercise 7 |
# | post-norm | `x = norm1(x + attention(x))`, then `x = norm2(x + feed_forward(x))` |
#
# In part 4 attention and network made *one* branch, which writes terms of size 0.07. Here each is a branch of its own, and
# writes 0.2. The parameters start as PyTorch has them, the inputs are random, and the loss is the cross-entropy of 27 random letters, with a fixed random
# matrix for the logits.
#
# **Predict** for each of the five: does the gradient shrink on its way down, stay, or grow?


# %%
def bare_order(b, x, mask):
    return b.feed_forward(b.attention(x, mask))


def norm_only(b, x, mask):
    return b.feed_forward(b.norm2(b.attention(b.norm1(x), mask)))


def residual_only(b, x, mask):
    x = x + b.attention(x, mask)
    return x + b.feed_forward(x)


def pre_norm(b, x, mask):
    return b(x, mask)


def post_norm(b, x, mask):
    x = b.norm1(x + b.attention(x, mask))
    return b.norm2(x + b.feed_forward(x))


def stack(order, n_layer, n_embd=32, n_head=4, time=16):
    """`n_layer` layers whose parts are put together in one of the five ways."""
    mask = causal_mask(time)
    blocks = [Block(n_embd, n_head) for _ in range(n_layer)]
    return [lambda x, b=b: order(b, x, mask) for b in blocks]


# %%
ORDERS = {
    "bare": bare_order,
    "norm only": norm_only,
    "residual only": residual_only,
    "pre-norm": pre_norm,
    "post-norm": post_norm,
}


generator = torch.Generator().manual_seed(1)
random_x = torch.randn(8, 16, 32, generator=generator)  # (batch, time, n_embd)
random_letters = torch.randint(27, (8 * 16,), generator=generator)
to_logits = torch.randn(32, 27, generator=generator) / math.sqrt(32)


def letter_loss(x):
    return functional.cross_entropy((x @ to_logits).flatten(0, 1), random_letters)


by_order = {}
for name, order in ORDERS.items():
    torch.manual_seed(0)
    norms = by_order[name] = gradient_norms(stack(order, 64), random_x, letter_loss)
    print(f"{name:<14}" + "".join(f"  at {k:>2}: {norms[k]:.0e}" for k in (0, 16, 32, 48, 64)))

# %% tags=["demo"]
plot.runs(
    range(65),
    {name: [v if v > 1e-12 else math.nan for v in norms] for name, norms in by_order.items()},
    title="The gradient on its way down",
    xlabel="height in the stack (0 is the input)",
    ylabel="length of the gradient",
    yticks=(1e-12, 1e-9, 1e-6, 1e-3, 1, 1e3, 1e6),
)

# %% [markdown]
# Read it from the right, where the loss is, to the left (what is below $10^{-12}$ is not drawn):
#
# - **bare**: gone after some ten layers, exactly zero from about height 30 down. Each layer shrinks the gradient by a factor near 20.
# - **norm only**: shrinks more than a thousandfold over 64 layers, in jumps. The norm divides by the size of what it reads, which undoes the
#   shrinking of numbers. But attention averages, and an average's gradient is spread thin; there is no path around it.
# - **residual only**: no vanishing; it **explodes**, several hundred thousand times. A branch that reads a large stream writes more, which makes the
#   stream larger, and so on. On the way down each factor $I + J$ stretches the gradient a little, and 128 factors of 1.1 make $2 \cdot 10^5$. Large queries and keys make it worse, as attention's scores grow with the square of the stream.
# - **pre-norm** and **post-norm**: nearly level, a factor of 2 to 4 over 64 layers.
#
# Neither idea is enough. Together they are, each for the other's trouble: the residual gives the gradient a path, the norm keeps
# what the branches write from growing with the stream. And why does *adding* a branch of fixed size not explode? Here is the size of the stream itself:

# %%
torch.manual_seed(0)
sizes_of = {}
for name in ("residual only", "pre-norm"):
    state, sizes_of[name] = random_x, [random_x.std().item()]
    torch.manual_seed(0)
    with torch.no_grad():
        for layer in stack(ORDERS[name], 64):
            state = layer(state)
            sizes_of[name].append(state.std().item())
    print(f"{name:<14}" + "".join(f"  after {k:>2}: {sizes_of[name][k]:>6.2f}" for k in (0, 8, 16, 32, 64)))

# %% [markdown]
# Pre-norm's stream grows, as a sum of many small terms does, and slower the larger it is. It is never normalised itself, so **a stack of pre-norm
# blocks ends in one more norm** before the logits. In GPT-2 it is called `ln_f`.
#
# ## 6. Before or after the sum
#
# The transformer of 2017 normalised the *sum*: $x \leftarrow \text{norm}(x + f(x))$. So did BERT. GPT-2 moved the norm into the branch, and most have followed. The gradients
# at the start look alike in the picture above. So what is the difference?

# %% tags=["demo"]
plot.stream(
    {
        "pre-norm: the stream has a path of its own": [("norm1", "attention"), ("norm2", "feed forward")],
        "post-norm: the stream passes every norm": [("attention",), "norm1", ("feed forward",), "norm2"],
    }
)

# %% [markdown]
# Blue is the path of $x$ on which nothing but additions stands. With post-norm it ends at the first norm.
#
# ### Exercise 10: PostNormBlock   ·  ★☆☆ · 5 min · 2 points
#
# - `PostNormBlock(n_embd, n_head)`: the same four parts as `Block`, under the same names
# - `forward(x, mask=None)`: `x` and `mask` as there. Twice: a branch reads the stream as it is, its output is added, and the **sum** is normalised, by `norm1` after attention and by `norm2` after the feed-forward network
# - it may inherit from your `Block`


# %% exercise: PostNormBlock forbid=["torch.nn.TransformerEncoderLayer", "torch.nn.TransformerDecoderLayer", "fasttrack.models.block.PostNormBlock"]
class PostNormBlock(nn.Module):
    """Attention, then a feed-forward network; the stream is normalised after each sum."""

    def __init__(self, n_embd: int, n_head: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.attention = MultiHeadAttention(n_embd, n_head)
        self.norm1 = LayerNorm(n_embd)
        self.feed_forward = FeedForward(n_embd)
        self.norm2 = LayerNorm(n_embd)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`(batch, time, n_embd)` -> the same shape; `mask` True = may attend."""
        ### BEGIN SOLUTION
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.feed_forward(x))
        ### END SOLUTION


# %%
torch.manual_seed(0)
with torch.no_grad():
    normed = PostNormBlock(8, 2)(100 * heard, past)
print(
    f"{normed.mean(-1).abs().max():.4f} {normed.var(-1, correction=0).mean():.4f}"
)  # look: 0 and 1, whatever came in

# %% test: PostNormBlock points=2
check.PostNormBlock(PostNormBlock)
### BEGIN HIDDEN TESTS
check.PostNormBlock(PostNormBlock, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where exactly is the norm?</summary>
#
# Around the whole sum: `norm(x + branch(x))`. Its result is the new stream, and the next branch reads that.
# </details>
# <details><summary>The test says it is pre-norm</summary>
#
# The branch reads `x`, not `norm1(x)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.block import PostNormBlock`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# To see a difference, train. For that we need data, and a model around the blocks.
#
# ### Names as rows
#
# In unit 04 every letter was an example of its own, with a context cut out for it. A causal model predicts at *all* positions at once, so a name is **one** example. For *ada* with
# `block_size` 6:
#
# | position | 0 | 1 | 2 | 3 | 4 | 5 |
# |---|---|---|---|---|---|---|
# | x | . | a | d | a | . | . |
# | y | a | d | a | . | – | – |
#
# The dot, id 0, begins a name and ends it. Names have different lengths, rows have not: after the name `x` is filled with dots, and `y` says that there is
# nothing to predict, by −100. That number is what `functional.cross_entropy` leaves out of its mean by default (`ignore_index`).
# The dots after the name are padding, and no mask has to hide them: they stand *behind* the letters, where the causal mask lets no letter look, and what comes out at the dots themselves is not asked for.
#
# ### Exercise 11: name rows   ·  ★★☆ · 8 min · 2 points
#
# - `names`: a list of strings, possibly empty; `stoi`: a dict from each character to its id, 0 for the dot; `block_size`: int ≥ 1
# - returns a tuple of two int64 tensors `(len(names), block_size)`: `x`, a dot, then the letters of the name, then dots; and `y`, at each position the id that comes next: the letters, a dot after the last letter, and −100 from there on
# - a name needs one position more than it has letters; if `block_size` is too small for one of them: raises `ValueError`


# %% exercise: name_rows
def name_rows(names: list[str], stoi: dict[str, int], block_size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """A row for each name: ids, and what comes after each of them; -100 after the end."""
    ### BEGIN SOLUTION
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(f"{name!r} needs {len(name) + 1} positions, block_size is {block_size}")
        ids = torch.tensor([0, *(stoi[letter] for letter in name), 0])
        x[row, : len(ids) - 1] = ids[:-1]
        y[row, : len(ids) - 1] = ids[1:]
    return x, y
    ### END SOLUTION


# %%
for row in name_rows(["ada", "bo"], {".": 0, "a": 1, "b": 2, "d": 4, "o": 15}, 6):
    print(row.tolist())  # look: the table above, and a shorter name

# %% test: name_rows points=2
check.name_rows(name_rows)
### BEGIN HIDDEN TESTS
check.name_rows(name_rows, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>An empty list comes out as (0,), or as float32</summary>
#
# `torch.tensor([])` cannot know how many columns there are, nor the dtype. Say both: `reshape(len(names), block_size)`, `dtype=torch.int64`.
# </details>
# <details><summary>How are x and y related?</summary>
#
# Write the name with a dot on both sides. `x` is that without its last character, `y` without its first.
# </details>
# <details><summary>My model learns that dots follow dots</summary>
#
# It has been asked to: `y` is 0 after the end of the name. Only the first of those dots is worth predicting; the rest are −100.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def name_rows(names, stoi, block_size):
#     both = [[stoi[c] for c in f".{name}."] for name in names]
#     x = [(one[:-1] + [0] * block_size)[:block_size] for one in both]
#     y = [(one[1:] + [-100] * block_size)[:block_size] for one in both]
#     return torch.tensor(x), torch.tensor(y)
# ```
# </details>

# %% [markdown]
# ### A model around the blocks
#
# Embeddings of letter and position, added (lesson 03); the blocks; for pre-norm the last norm; logits. Unit 07 builds this as GPT, with all its details.


# %%
class NameModel(nn.Module):
    """ids `(batch, time)` -> logits `(batch, time, vocab_size)`; `back` is for part 7."""

    def __init__(self, block, vocab_size, block_size, n_layer, n_embd, n_head, back=0):
        super().__init__()
        self.letters = nn.ModuleList(nn.Embedding(vocab_size, n_embd) for _ in range(back + 1))
        self.positions = nn.Embedding(block_size, n_embd)
        self.blocks = nn.ModuleList(block(n_embd, n_head) for _ in range(n_layer))
        self.norm = LayerNorm(n_embd)
        self.head = nn.Linear(n_embd, vocab_size)
        with torch.no_grad():
            self.head.weight *= 0.1  # the first loss is near ln 27 (04/03)

    def forward(self, ids):
        time = ids.shape[1]
        x = self.positions.weight[:time]  # (time, n_embd)
        for shift, letters in enumerate(self.letters):
            x = x + letters(functional.pad(ids, (shift, 0))[:, :time])  # the letter `shift` places before
        for block in self.blocks:
            x = block(x, causal_mask(time))
        return self.head(self.norm(x))


split = names_split()
stoi, itos = makemore.build_vocab(split.train)
rows_of = {part: name_rows(getattr(split, part), stoi, 16) for part in ("train", "dev", "test")}
for part, (x, y) in rows_of.items():
    print(f"{part:<6}{len(x):>6,} rows, {(y >= 0).sum():>7,} letters to predict")


# %% tags=["demo"]
def name_loss(model, x, y):
    """Mean loss in nats per character; columns in which no name has a letter are left out."""
    longest = int((y >= 0).sum(1).max())
    logits = model(x[:, :longest])  # (batch, longest, vocab_size)
    return functional.cross_entropy(logits.flatten(0, 1), y[:, :longest].flatten())


def part_loss(model, part):
    with torch.no_grad():
        return name_loss(model, *rows_of[part]).item()


def fit(model, steps, lr, warmup=0, cosine=True, weight_decay=0.1, batch_size=64):
    """AdamW (01/03) on minibatches, a rate that falls along a half cosine (04/02); a step for each loss it yields."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=weight_decay)
    x, y = rows_of["train"]
    generator = torch.Generator().manual_seed(0)
    for step in range(steps):
        fade = (1 + math.cos(math.pi * step / steps)) / 2 if cosine else 1.0
        for group in optimizer.param_groups:
            group["lr"] = lr * fade * min(1.0, (step + 1) / max(warmup, 1))
        i = torch.randint(len(x), (batch_size,), generator=generator)
        loss = name_loss(model, x[i], y[i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


# %% [markdown]
# ### Twelve blocks, two orders, two learning rates
#
# A small learning rate, and one ten times as large; the largest rate that works decides how fast a model learns. And one more run for post-norm with a **warm-up**, a rate that begins near zero
# and grows to its full size over the first 50 steps. The paper of 2017 needed one.
#
# **Predict:** which of these runs fail? (Some 15 seconds.)

# %% tags=["demo"]
twelve = {}
for name, block, lr, warmup in (
    ("pre-norm, 0.001", Block, 0.001, 0),
    ("post-norm, 0.001", PostNormBlock, 0.001, 0),
    ("pre-norm, 0.01", Block, 0.01, 0),
    ("post-norm, 0.01", PostNormBlock, 0.01, 0),
    ("post-norm, 0.01, warm-up", PostNormBlock, 0.01, 50),
):
    torch.manual_seed(0)
    deep = NameModel(block, len(itos), 16, n_layer=12, n_embd=32, n_head=4)
    if block is PostNormBlock:
        deep.norm = nn.Identity()  # its stream is normalised already
    twelve[name] = list(
        fit(deep, steps=80, lr=lr, warmup=warmup, cosine=False, weight_decay=0.0, batch_size=32)
    )
    print(
        f"{name:<26} loss {twelve[name][0]:.2f} at the start, {sum(twelve[name][-20:]) / 20:.2f} in the last 20 steps"
    )


# %% tags=["demo"]
def smooth(losses, width=10):
    """The mean of each `width` losses in a row."""
    return torch.tensor(losses).unfold(0, width, 1).mean(1)  # (steps - width + 1,)


high = {name: smooth(losses) for name, losses in twelve.items() if "0.01" in name}
plot.runs(
    range(10, 81),
    high,
    title="Twelve blocks at a learning rate of 0.01",
    xlabel="step",
    ylabel="loss (nats)",
)

# %% [markdown]
# At the small rate the two orders learn alike. At the large one pre-norm learns faster than before, at once and without help. Post-norm ends above 2.9, where a model
# stands that knows how often each letter occurs and nothing else (2.8937 in the table of unit 04). The warm-up does not save it: while the rate is low the loss falls, and when the rate has grown it falls no further or climbs (in three seeds the last 20 steps were at 2.78 to 2.93). The rate is too high for this order
# at this depth; pre-norm can take it.
#
# Xiong and others (2020) computed why: with post-norm the gradients of the parameters *near the output* are large at the start, whatever the depth, and a full-sized step then does damage.
# With pre-norm they shrink with depth, by $1/\sqrt{L}$: many layers share the work. On the other hand, what the highest layers of a pre-norm stack add is small beside a stream that
# has grown, and a post-norm model that has survived its start is sometimes the better one. That is why people still look for orders between the two.
#
# ## 7. The number to beat
#
# WaveNet of 04/05 has the best row of the table: **2.1807** nats per character on the test names. It sees eight letters. Three blocks see the whole name. With width 32 and 4 heads the model has
# 40,443 parameters, half of WaveNet's 76,579.
#
# **Predict:** does it win? It has been trained with settings chosen on the dev names, by the cells below with
# `back=0, steps=2200, warmup=50`; that is not run again here.

# %% tags=["demo"]
known = {row.model: row.test for row in makemore.ROWS} | {"3 blocks": 2.1979}
for name in ("BatchNorm", "3 blocks", "WaveNet"):
    print(f"{name:<10}{known[name]:.4f} nats per character on the test names")

# %% [markdown]
# It passes the BatchNorm model of 04/03, and **it does not pass WaveNet**. WaveNet has been *given* something that attention must learn from 15,863 names: that the letters just before
# the next one matter most, and in which order they stand. Attention begins as a mean over the whole name.
#
# So give it that: `back=2` adds to the embedding of each letter those of the two letters before it, each from a table of its own. That is a small causal convolution (04/05) below the first block. That makes 1,728 more parameters.
# It gets 1,600 steps, and no warm-up, which pre-norm does not need. (Half a minute, in two cells.)

# %% tags=["demo"]
torch.manual_seed(0)
writer = NameModel(Block, len(itos), 16, n_layer=3, n_embd=32, n_head=4, back=2)
print(f"{sum(parameter.numel() for parameter in writer.parameters()):,} parameters")
training = fit(writer, steps=1600, lr=0.01)
writer_losses = list(itertools.islice(training, 800))
print(f"after 800 steps: dev loss {part_loss(writer, 'dev'):.4f}")

# %% tags=["demo"]
writer_losses += training
train_loss, dev_loss, test_loss = (part_loss(writer, part) for part in ("train", "dev", "test"))
print(f"after 1,600 steps: train {train_loss:.4f}, dev {dev_loss:.4f}, test {test_loss:.4f}")

# %% tags=["demo"]
table = known | {"3 blocks, back=2": test_loss}
plot.ladder(
    {name: table[name] for name in sorted(table, key=table.get, reverse=True) if table[name] < 2.5},
    yours={"3 blocks, back=2"},
    start=2.1,
    title="The names of unit 04, and three transformer blocks",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# **2.181: level with WaveNet**, with 42,171 parameters against 76,579. More cannot be claimed: other runs of this model gave 2.184 (another seed) and 2.179 (2,200 steps), and WaveNet's 2.1807 lies between them.
# The two added tables are worth more than that, about 0.02 nats, and that in fewer steps. On 15,863 names what is *built in* counts; a model that has to learn everything from data shows its strength when there is more of it. The gap of 0.12 between train and dev names says the same: this model
# has begun to learn its names by heart.
#
# On the public list, names.txt, with twice as many names, transformers are ahead: the README of Karpathy's [makemore] gives about **1.92** on its own test names for the default model, a transformer of 200,000 parameters; the lecture's WaveNet has 1.9937 on its
# dev names (04/05). The two splits differ, so the third digit means nothing.
#
# [makemore]: https://github.com/karpathy/makemore
#
# Names from it, drawn letter by letter:


# %% tags=["demo"]
@torch.no_grad()
def draw_names(model, count, seed):
    generator = torch.Generator().manual_seed(seed)
    ids = torch.zeros(count, 1, dtype=torch.int64)  # a dot each
    for _ in range(15):
        probs = model(ids)[:, -1].softmax(-1)  # (count, vocab_size)
        ids = torch.cat([ids, torch.multinomial(probs, 1, generator=generator)], 1)
    return ["".join(itos[i] for i in row[1:]).split(".")[0] for row in ids.tolist()]


print(", ".join(draw_names(writer, 24, seed=1)))

# %% [markdown]
# ## Recap
#
# **Q:** What does LayerNorm compute?\
# **A:** For each position the mean and variance of its own features; it subtracts the mean, divides by the root of variance plus eps, multiplies by a learned weight and adds a learned bias.
#
# **Q:** Where does eps stand in LayerNorm, and what does the variance divide by?\
# **A:** Under the root, added to the variance, which divides by n_embd and not by n_embd − 1.
#
# **Q:** Why LayerNorm and not BatchNorm in a language model?\
# **A:** It needs no batch, no running statistics and no mode, padding does not disturb it, and no position sees another one's numbers, so nothing of the future leaks.
#
# **Q:** What does RMSNorm leave out?\
# **A:** The mean and the bias. It divides by the root of the mean square and multiplies by a weight. Where the mean is zero it equals LayerNorm without bias.
#
# **Q:** Which two forms of gelu are in use?\
# **A:** The exact one with erf, PyTorch's default, and the one with tanh, GPT-2's. They differ in the fourth digit.
#
# **Q:** What does the feed-forward network of a block see?\
# **A:** One position at a time. It has a hidden layer of 4 · n_embd units, and two thirds of the block's parameters; all exchange between positions is attention's.
#
# **Q:** What is the residual stream?\
# **A:** The vectors that run from the embedding to the logits, one for each position. Every branch reads them and adds to them, so the last state is the first plus the sum of all that was added.
#
# **Q:** Why do residual connections keep gradients alive?\
# **A:** The Jacobian of x + f(x) is I + J. The product over all layers contains I, one path on which the gradient reaches the bottom unchanged.
#
# **Q:** What goes wrong with residuals and no norm?\
# **A:** The stream grows, branches that read a larger stream write more, and numbers and gradients explode: here several hundred thousand times over 64 layers.
#
# **Q:** What is the difference between pre-norm and post-norm?\
# **A:** Pre-norm normalises what a branch reads, x + f(norm(x)); post-norm normalises the sum, norm(x + f(x)). Pre-norm trains at higher learning rates and without warm-up, and needs one last norm after the stack.
#
# **Q:** How many parameters does a block have?\
# **A:** 12 n² + 13 n for n = n_embd: 4 n² in attention, 8 n² in the feed-forward network, the rest in biases and norms. The number of heads makes no difference.
#
# **Q:** How does padding stay out of the loss when names are rows?\
# **A:** Targets after the end of a name are −100, which cross_entropy leaves out of its mean by default.

# %% [markdown]
# ## Glossary
#
# - **layer norm**: each vector to mean 0 and variance 1 over its own features, then a learned gain and shift
# - **RMSNorm**: each vector divided by the root of its mean square, then a learned gain
# - **gelu**: x times the share of a normal distribution below x; exact with erf, or approximated with tanh
# - **feed-forward network**: the part of a block with one hidden layer, applied to each position by itself
# - **residual connection**: x + f(x) instead of f(x)
# - **residual stream**: the state that all branches of a transformer read and add to
# - **branch**: what is computed beside the stream and added to it
# - **block**: attention and a feed-forward network, each with a norm and a residual connection
# - **pre-norm, post-norm**: the norm before the branch, or after the sum
# - **warm-up**: a learning rate that grows over the first steps

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Side by side.** GPT-J and PaLM let both branches read the same norm of the same stream: `x + attention(norm(x)) + feed_forward(norm(x))`. Half of the waiting, one norm less. What does it cost on the names?
# 2. **Start small.** GPT-2 divides the start of both `proj` weights by $\sqrt{2L}$, so that the stream does not grow with depth. Do it, and measure the sizes of part 5 again. What does a start at zero do (every block the identity)?
# 3. **Where is the neighbour?** `back=2` told the model which letters stand just before. Rotary positions of lesson 03 make scores depend on the distance. Write an attention with `rope`, put it into the blocks in place of `attention`, and leave the table of positions out. How much of the gain of `back=2` is left?

# %% [markdown]
# ## To go deeper
#
# - Ba, Kiros and Hinton, [Layer normalization], 2016
# - Zhang and Sennrich, [Root mean square layer normalization], 2019
# - Hendrycks and Gimpel, [Gaussian error linear units], 2016
# - He and others, [Deep residual learning], 2015: where residual connections come from, with 152 layers
# - Vaswani and others, [Attention is all you need], 2017: post-norm, with warm-up
# - Xiong and others, [On layer normalization in the transformer architecture], 2020: the theory behind part 6
# - Elhage and others, [A mathematical framework for transformer circuits], 2021: the residual stream as the centre of everything
#
# [Layer normalization]: https://arxiv.org/abs/1607.06450
# [Root mean square layer normalization]: https://arxiv.org/abs/1910.07467
# [Gaussian error linear units]: https://arxiv.org/abs/1606.08415
# [Deep residual learning]: https://arxiv.org/abs/1512.03385
# [Attention is all you need]: https://arxiv.org/abs/1706.03762
# [On layer normalization in the transformer architecture]: https://arxiv.org/abs/2002.04745
# [A mathematical framework for transformer circuits]: https://transformer-circuits.pub/2021/framework/index.html
