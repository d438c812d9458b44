# %% [markdown]
# # WaveNet
#
# **After this lesson** you have built the best model of this unit: a tree that joins eight letters two by two. You can
# say what longer context is worth and what a bigger layer is not, you know a bug in batch normalisation that raises no
# error, and you can turn the tree into dilated convolutions that compute all predictions of a text in one pass.
#
# About 120 minutes, with a break after part 5 · 8 exercises, 20 points · builds on: 04/02 (contexts, minibatches,
# splits), 04/03 (BatchNorm), 01/03 (modules and their modes).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.models.wavenet`; your test cell does not
# look for them.

# %%
import copy
import time

import torch
from torch import nn
from torch.nn import functional

from fasttrack import makemore, plot
from fasttrack.check import wavenet as check
from fasttrack.data import names_split
from fasttrack.models.mlp import build_dataset, cosine_rates, split_loss, train

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# Data, loss and training loop stay as they are. The box "model" is what changes, for the last time in this unit:

# %% tags=["demo"]
plot.pipeline(
    {
        "names": "stella",
        "contexts": "..stel → l",
        "tree": "2 · 2 · 2 letters",
        "loss": "nats per character",
        "sampling": "new names",
    },
    here={"tree", "sampling"},
)

# %% [markdown]
# Three functions of 04/02 come ready-made: `build_dataset` (contexts and targets), `train` (one update on a random
# minibatch for each learning rate of a list) and `split_loss` (mean loss in evaluation mode). Contexts of eight letters,
# for the name *bo*:

# %% tags=["nbval-check-output"]
split = names_split()
stoi, itos = makemore.build_vocab(split.train)
vocab_size = len(itos)
tiny_x, tiny_y = build_dataset(["bo"], stoi, 8)  # (3, 8), (3,)
for context, target in zip(tiny_x.tolist(), tiny_y.tolist(), strict=True):
    print("".join(itos[i] for i in context), "→", itos[target])

# %% [markdown]
# ## 1. Eight letters at once
#
# Counting gave up at three letters back (04/01, part 11): most longer contexts have never been seen. An MLP does not
# look rows up, so it can take a longer context. Here is the model of 04/03 once more, with PyTorch's layers:


# %%
def flat_model(block_size, n_embd, n_hidden):
    """All embeddings side by side into one tanh layer: ids `(batch, block_size)` -> logits."""
    hidden = [nn.Linear(block_size * n_embd, n_hidden, bias=False), nn.BatchNorm1d(n_hidden), nn.Tanh()]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return nn.Sequential(nn.Embedding(vocab_size, n_embd), nn.Flatten(), *hidden, last)


# %% [markdown]
# **Predict:** let it look 8 letters back instead of 3, and change nothing else. By how much does the loss on the dev
# names fall? (Training cells of this lesson take between some seconds and half a minute.) `cosine_rates` of 04/02 gives the rates;
# every 500 steps `fit` stops and measures on dev.


# %% tags=["demo"]
def dev_loss(model, back):
    return split_loss(model, *build_dataset(split.dev, stoi, back))


def fit(model, back, steps, lr=0.005):
    """AdamW on minibatches of 256, the rate falling along a cosine: each train loss, and the dev loss every 500 steps."""
    x, y = build_dataset(split.train, stoi, back)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    rates, generator = cosine_rates(lr, steps), torch.Generator().manual_seed(0)
    on_train, on_dev = [], []
    for k in range(0, steps, 500):
        on_train += train(model, optimizer, x, y, rates[k : k + 500], 256, generator)
        on_dev.append(dev_loss(model, back))
    return on_train, on_dev


def size(model):
    return sum(parameter.numel() for parameter in model.parameters())


flat = {}
for back in (3, 8):
    torch.manual_seed(0)
    flat[back] = flat_model(back, n_embd=24, n_hidden=128)
    flat_dev = fit(flat[back], back, steps=1000)[1]
    print(f"{back} letters back: {size(flat[back]):,} parameters, dev loss {flat_dev[-1]:.4f}")

# %% [markdown]
# Five more letters are worth 0.06 nats after these 1,000 steps, and they cost 15,000 parameters, all of them in one layer: `(8 · 24, 128)` instead
# of `(3 · 24, 128)`. Look at what that layer has to do. Each of its 128 units sees eight embeddings side by side, 192 numbers, and has
# a weight for each. The weights for *an* at places 3 and 4 have nothing to do with the weights for *an* at places 5 and
# 6; what is learned about a pair at one place is not known at another. And everything that eight letters can mean
# together must be said in one weighted sum and one tanh.
#
# The other way: **join neighbours first.** Letters to pairs, pairs to fours, fours to eights. Each join is a small
# layer, the same one for all pairs, and after each comes a tanh:

# %% tags=["demo"]
plot.joining("..stella", {"all at once: the MLP": (8,), "two by two: a tree": (2, 2, 2)})

# %% [markdown]
# Only pairs that begin at an even place are joined: *..*, *st*, *el*, *la*. The two letters of *ll* meet one level higher, as parts of two pairs.
#
# *WaveNet* (van den Oord and others, 2016) did this for sound, where a context is a thousand samples long and squeezing it
# into one layer is out of the question.
#
# ## 2. Joining neighbours
#
# A linear layer works on the last dimension, whatever stands before it:

# %% tags=["nbval-check-output"]
linear = nn.Linear(48, 128)
for shape in [(32, 48), (32, 4, 48), (32, 5, 4, 48)]:
    print(shape, "→", tuple(linear(torch.zeros(shape)).shape))

# %% [markdown]
# So "the same layer for all pairs" needs no loop. If pairs stand side by side, `(batch, 4, 2 * 24)`, one `nn.Linear(48, 128)` joins
# all four. What is missing is the step from `(batch, 8, 24)` to `(batch, 4, 48)`: a change of shape, without
# computing anything. Lesson 01/01 has told you which numbers are neighbours in memory.
#
# ### Exercise 1: FlattenConsecutive   ·  ★★☆ · 8 min · 2 points
#
# A module that puts groups of `n` neighbouring positions side by side.
#
# - `FlattenConsecutive(n)`: `n` int ≥ 1, kept as `self.n`
# - `forward(x)`: `x` float `(batch, time, channels)`, possibly not contiguous
# - returns `(batch, time // n, n * channels)`: in each row the channels of the group's first position, then those of the
#   next, and so on. Positions run as the text does: the first is the oldest
# - if only one group is left, its dimension goes: `(batch, n * channels)`. A batch of one stays a batch: `(1, n * channels)`
# - `n` does not divide `time`: raises `ValueError`


# %% exercise: FlattenConsecutive forbid=["fasttrack.models.wavenet.FlattenConsecutive"]
class FlattenConsecutive(nn.Module):
    """`n` neighbours side by side: `(batch, time, channels)` -> `(batch, time // n, n * channels)`."""

    def __init__(self, n: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.n = n
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Groups of `n` positions; a single group loses its dimension."""
        ### BEGIN SOLUTION
        batch, time, channels = x.shape
        if time % self.n:
            raise ValueError(f"{time} positions are no groups of {self.n}")
        x = x.reshape(batch, time // self.n, self.n * channels)
        return x.squeeze(1)
        ### END SOLUTION


# %%
steps_of_two = torch.arange(8).reshape(1, 4, 2)  # four positions of two channels
print(FlattenConsecutive(2)(steps_of_two).tolist())  # look: [[[0, 1, 2, 3], [4, 5, 6, 7]]]
print(tuple(FlattenConsecutive(4)(steps_of_two).shape))  # look: (1, 8), without the dimension of size 1

# %% test: FlattenConsecutive points=2
check.FlattenConsecutive(FlattenConsecutive)
### BEGIN HIDDEN TESTS
check.FlattenConsecutive(FlattenConsecutive, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which operation is it?</summary>
#
# In a contiguous tensor the channels of one position are followed by those of the next. Two positions of 24 numbers are one
# row of 48: the numbers stay where they are, only the shape is another.
# </details>
# <details><summary>A batch of one loses a dimension, too</summary>
#
# `squeeze()` removes every dimension of size 1. `squeeze(1)` removes dimension 1, and only if its size is 1.
# </details>
# <details><summary>view size is not compatible with input tensor's size and stride</summary>
#
# `view` never copies, and numbers that are not in order in memory need a copy. `reshape` makes one where it must.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.wavenet import FlattenConsecutive`. The grader still counts the
# exercise as not written.
# </details>

# %% [markdown]
# With the embeddings of *..stella*: `(1, 8)` ids become `(1, 8, 24)`, then `(1, 4, 48)`, a row for each pair.
#
# ## 3. Layers in turn
#
# The tree will be fourteen layers. An attribute for each, as the MLP of 04/02 had, is tiresome; a list says it better. That takes
# a class that calls the layers of a list in turn, gives all their parameters to the optimiser, and passes the mode on to
# all of them. PyTorch has one, `nn.Sequential`. Write your own, as a plain class without `nn.Module`, and you know all that it does.
#
# ### Exercise 2: Sequential   ·  ★★☆ · 10 min · 3 points
#
# - `Sequential(layers)`: a list of layers, kept in `self.layers`, a list or something else to loop over. A layer has `layer(x)`,
#   `layer.parameters()` and `layer.train(mode)`, as every `nn.Module` has; it may itself be a `Sequential` of yours
# - `model(x)`: what the last layer returns, where the first gets `x` and each other one what the layer before it returned
# - `model.parameters()`: all parameters of all layers, in the order of the layers, in one list (or anything else to loop over). They
#   are the layers' own tensors, no copies
# - `model.train(mode=True)`: puts every layer into training mode, or into evaluation mode if `mode` is False. Returns the model
# - `model.eval()`: the same as `model.train(False)`. Returns the model
# - `model.training`: True or False, the mode. A new model is in training mode, as its layers are


# %% exercise: Sequential forbid=["torch.nn.Sequential", "fasttrack.models.wavenet.Sequential"]
class Sequential:
    """Layers in turn, with one list of parameters and one mode."""

    def __init__(self, layers: list):
        ### BEGIN SOLUTION
        self.layers = layers
        self.training = True
        ### END SOLUTION

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """The output of the last layer."""
        ### BEGIN SOLUTION
        for layer in self.layers:
            x = layer(x)
        return x
        ### END SOLUTION

    def parameters(self) -> list[torch.Tensor]:
        """The parameters of all layers, in order."""
        ### BEGIN SOLUTION
        return [parameter for layer in self.layers for parameter in layer.parameters()]
        ### END SOLUTION

    def train(self, mode: bool = True) -> "Sequential":
        """Every layer into training mode, or with False into evaluation mode; the model itself."""
        ### BEGIN SOLUTION
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self
        ### END SOLUTION

    def eval(self) -> "Sequential":
        """Every layer into evaluation mode; the model itself."""
        ### BEGIN SOLUTION
        return self.train(False)
        ### END SOLUTION


# %%
torch.manual_seed(0)
small = Sequential([nn.Linear(2, 3), nn.Dropout(0.5), Sequential([nn.Linear(3, 1)])])
print([tuple(parameter.shape) for parameter in small.parameters()])  # look: (3, 2), (3,), (1, 3), (1,)
small.eval()
print(small(torch.ones(1, 2)).item() == small(torch.ones(1, 2)).item())  # look: True, no dropout

# %% test: Sequential points=3
check.Sequential(Sequential)
### BEGIN HIDDEN TESTS
check.Sequential(Sequential, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The output is that of one layer only</summary>
#
# In the loop, `x` has to be what the layer before returned: `x = layer(x)`.
# </details>
# <details><summary>The mode reaches some layers and not others</summary>
#
# `eval` of a layer inside a `Sequential` inside a `Sequential` works by itself, if `train` calls `layer.train(mode)` for every
# layer and asks none what it is. And `mode` must be passed on: `layer.train()` alone always means training.
# </details>
# <details><summary>'NoneType' object has no attribute …</summary>
#
# `train` and `eval` return the model, so that `model.eval()(x)` works.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.wavenet import Sequential`. The grader still counts the exercise as
# not written.
# </details>

# %% [markdown]
# ## 4. BatchNorm with one dimension more
#
# After the first join there are four positions, `(batch, 4, 128)`. A BatchNorm for `(batch, 128)` may take its statistics
# as `x.mean(0)` and `x.var(0)`. **Predict:** what happens when it gets three dimensions? An error? And which shape does the running mean
# have afterwards?


# %% tags=["nbval-check-output"]
class OldBatchNorm:
    """Statistics over dimension 0, in training mode: enough for (batch, channels)."""

    def __init__(self, channels):
        self.running_mean = torch.zeros(channels)

    def __call__(self, x):
        mean, var = x.mean(0), x.var(0, correction=0)
        self.running_mean = 0.9 * self.running_mean + 0.1 * mean
        return (x - mean) / torch.sqrt(var + 1e-5)


generator = torch.Generator().manual_seed(0)
joined = torch.randn(32, 4, 128, generator=generator)  # (batch, time, channels)
old = OldBatchNorm(128)
print("output", tuple(old(joined).shape), "  running mean", tuple(old.running_mean.shape))

# %% [markdown]
# No error. Broadcasting makes it fit: the mean is `(4, 128)`, and so, from the first batch on, is the running mean. **Each position has got statistics of its
# own**, each from 32 numbers, where all four together have 128. But the point of the tree is that all pairs are treated alike. Noisier
# statistics, four sets of them, and a loss that still falls: in the public lecture on this model the bug was trained with, and found by looking at the shape of the running mean.
#
# **Predict:** how much noisier are they?

# %%
draws = torch.randn(1000, 32, 4, generator=generator)  # 1000 batches of one channel whose true mean is 0
print(f"mean over the batch             {draws.mean(1).std().item():.3f} off")
print(f"mean over batch and positions   {draws.mean((1, 2)).std().item():.3f} off")

# %% [markdown]
# Half as far off, since there are four times as many numbers, and errors of a mean fall with the root of their number.
#
# ### Exercise 3: batch statistics   ·  ★☆☆ · 5 min · 2 points
#
# The two numbers that BatchNorm needs for each channel.
#
# - `x`: float `(batch, channels)`, `(batch, time, channels)` or with more dimensions; channels come last
# - returns a tuple `(mean, var)`, each `(channels,)`: over all other dimensions together
# - `var` is the biased variance: divided by the number $n$ of elements, not $n - 1$
# - gradients flow through both


# %% exercise: batch_statistics
def batch_statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and biased variance of each channel over everything else: `(..., channels)` -> `(channels,)`, twice."""
    ### BEGIN SOLUTION
    dims = tuple(range(x.dim() - 1))
    return x.mean(dims), x.var(dims, correction=0)
    ### END SOLUTION


# %%
mean, var = batch_statistics(joined)
print(tuple(mean.shape), tuple(var.shape))  # look: (128,), twice
print(batch_statistics(torch.tensor([[[0.0], [2.0]], [[4.0], [6.0]]])))  # look: 3 and 5

# %% test: batch_statistics points=2
check.batch_statistics(batch_statistics)
### BEGIN HIDDEN TESTS
check.batch_statistics(batch_statistics, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I name "all dimensions but the last"?</summary>
#
# `mean` and `var` take a tuple of dimensions, `(0, 1)` for three. `x.dim()` is their number. Or make two dimensions of them first:
# `(n, channels)`.
# </details>
# <details><summary>The variance is too small</summary>
#
# The mean of four variances is not the variance of all: what the four means differ by is lost. Take all the numbers at
# once.
# </details>
# <details><summary>The variance is slightly too large</summary>
#
# `var` divides by $n - 1$ unless told otherwise: `correction=0`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def batch_statistics(x):
#     return torch.var_mean(x.flatten(0, -2), 0, correction=0)[::-1]
# ```
# </details>

# %% [markdown]
# The layer around it is that of 04/03, with your function in it:


# %%
class BatchNorm1d(nn.Module):
    """Normalises each channel of `(..., channels)`; by running statistics in evaluation mode."""

    def __init__(self, channels, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = batch_statistics(x)
            n = x[..., 0].numel()
            with torch.no_grad():
                self.running_mean.lerp_(mean, self.momentum)
                self.running_var.lerp_(var * n / (n - 1), self.momentum)  # unbiased, as in 04/03
        return (x - mean) * (self.weight / torch.sqrt(var + self.eps)) + self.bias


layer = BatchNorm1d(128)
layer(joined)
print(tuple(layer.running_mean.shape))

# %% [markdown]
# PyTorch's own `nn.BatchNorm1d` has another convention: it wants `(batch, channels, time)`. Given `(32, 4, 128)` it takes 4 for the
# number of channels. With a layer for 128 that is an error; should `time` and `channels` ever be the same number, it is none.
#
# ## 5. The tree
#
# Now everything is there. For eight characters, with `n_embd` 24 and `n_hidden` 128:
#
# | layer | output | parameters |
# |---|---|---|
# | ids | `(batch, 8)` | |
# | Embedding(27, 24) | `(batch, 8, 24)` | 648 |
# | FlattenConsecutive(2), Linear(48, 128), BatchNorm1d, Tanh | `(batch, 4, 128)` | 6,144 + 256 |
# | FlattenConsecutive(2), Linear(256, 128), BatchNorm1d, Tanh | `(batch, 2, 128)` | 32,768 + 256 |
# | FlattenConsecutive(2), Linear(256, 128), BatchNorm1d, Tanh | `(batch, 128)` | 32,768 + 256 |
# | Linear(128, 27) | `(batch, 27)` | 3,456 + 27 |
#
# The linear layers before BatchNorm have no bias: BatchNorm takes the mean out again, and its own bias does that work. The last layer
# starts small, so that the first loss is near $\ln 27$ (04/03).
#
# ### Exercise 4: wavenet   ·  ★★☆ · 12 min · 3 points
#
# - `vocab_size`, `block_size`, `n_embd`, `n_hidden`: ints
# - returns your `Sequential` of, in this order
#   - `nn.Embedding(vocab_size, n_embd)`
#   - for each level `FlattenConsecutive(2)`, `nn.Linear` to `n_hidden` without bias, `BatchNorm1d(n_hidden)`, `nn.Tanh()`. There are as many
#     levels as it takes until one position is left: 1 for a `block_size` of 2, 3 for 8, 4 for 16
#   - `nn.Linear(n_hidden, vocab_size)`, whose weight is multiplied by 0.1 (its bias is left as it is)
# - `block_size` is no power of two, or below 2: raises `ValueError`
#
# A weight that is to be changed by hand is a leaf that requires grad: `with torch.no_grad():` and in place (01/02).


# %% exercise: wavenet forbid=["fasttrack.models.wavenet.wavenet", "torch.nn.Sequential"]
def wavenet(vocab_size: int, block_size: int, n_embd: int, n_hidden: int) -> Sequential:
    """A tree over `block_size` characters: ids `(batch, block_size)` -> logits `(batch, vocab_size)`."""
    ### BEGIN SOLUTION
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError(f"block_size {block_size} is no power of two")
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [FlattenConsecutive(2), nn.Linear(2 * inputs, n_hidden, bias=False)]
        layers += [BatchNorm1d(n_hidden), nn.Tanh()]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])
    ### END SOLUTION


# %%
torch.manual_seed(0)
tree = wavenet(vocab_size, 8, n_embd=24, n_hidden=128)
print(sum(parameter.numel() for parameter in tree.parameters()))  # look: 76579, the sum of the table
h = tiny_x
for layer in tree.layers:  # look: the shapes of the table
    h = layer(h)
    print(f"{type(layer).__name__:<20}{tuple(h.shape)}")
print(f"{functional.cross_entropy(h, tiny_y).item():.2f}")  # look: near ln 27 = 3.30

# %% test: wavenet points=3
check.wavenet(wavenet)
### BEGIN HIDDEN TESTS
check.wavenet(wavenet, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# Print the shapes as in the cell above. The first level joins embeddings, `2 * n_embd` numbers; the others join outputs of the
# level below.
# </details>
# <details><summary>running_mean should contain … elements not …</summary>
#
# That is PyTorch's `nn.BatchNorm1d`, which takes dimension 1 for the channels. The tree needs the `BatchNorm1d` of part 4.
# </details>
# <details><summary>How do I know that a number is a power of two?</summary>
#
# Halve it until it is odd; 1 must be left. The number of halvings is the number of levels.
# </details>
# <details><summary>a leaf Variable that requires grad is being used in an in-place operation</summary>
#
# The multiplication by 0.1 is no part of the model: put it under `torch.no_grad()`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.wavenet import FlattenConsecutive, wavenet` (both, since later cells look
# for layers of that class). The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ### Is it the tree, or is it the size?
#
# The tree has 76,579 parameters, the flat model of part 1 had 28,963. A fair comparison gives both the same number: flat with 343 hidden units
# has 76,478. Same data, batches, optimiser, steps.
#
# **Predict:** which is better on the dev names, and by how much, compared with the 0.06 nats that five more letters brought?

# %% tags=["demo"]
torch.manual_seed(0)
wide = flat_model(8, n_embd=24, n_hidden=343)
wide_train, wide_dev = fit(wide, 8, steps=4000)
print(f"flat: {size(wide):,} parameters, dev loss {wide_dev[-1]:.4f}")

# %% tags=["demo"]
torch.manual_seed(0)
tree = wavenet(vocab_size, 8, n_embd=24, n_hidden=128)
tree_train, tree_dev = fit(tree, 8, steps=4000)
print(f"tree: {size(tree):,} parameters, dev loss {tree_dev[-1]:.4f}")

# %% tags=["demo"]
plot.curves(
    range(500, 4500, 500),
    {
        "flat, dev": wide_dev,
        "flat, train": torch.tensor(wide_train).reshape(8, 500)[:, -250:].mean(1),
        "tree, dev": tree_dev,
        "tree, train": torch.tensor(tree_train).reshape(8, 500)[:, -250:].mean(1),
    },
    dashed={"flat, train": "flat, dev", "tree, train": "tree, dev"},
    title="The flat model fits better, the tree generalises better",
    xlabel="step",
    ylabel="nats per character",
)

# %% [markdown]
# The tree: about 2.19 against 2.20. A difference this small asks for more than one run, since another seed moves either
# figure by as much. The cells above with three seeds, for the parameters and for the batches:
#
# | seed | flat, dev | tree, dev |
# |---|---|---|
# | 0 | 2.2025 | 2.1934 |
# | 1 | 2.2092 | 2.1949 |
# | 2 | 2.2157 | 2.2014 |
#
# In each pair of runs the tree is better, by 0.013 nats in the mean: a fifth of what five more letters brought, for no
# parameter more. Now look at the dashed curves. **The flat model fits the train names better, and the
# dev names worse.** The tree is not the stronger learner. Its shape is the better guess: what holds for a pair of letters
# at one place should hold at another, and what eight letters mean is made of what their halves mean.
#
# Where in a name does the long context pay? To see that, a flat model with three letters needs a fair chance, too: 751 hidden units make
# 76,526 parameters. Then the dev loss by the place of the letter to be predicted, for this model and for the tree. **Predict** where the two curves part.

# %% tags=["demo"]
torch.manual_seed(0)
short = flat_model(3, n_embd=24, n_hidden=751)
short_dev = fit(short, 3, steps=4000)[1]
print(f"3 letters back: {size(short):,} parameters, dev loss {short_dev[-1]:.4f}")


# %% tags=["demo"]
def loss_by_place(model, back, places=11):
    """Mean dev loss of the first letter of a name, of the second, and so on, up to `places`."""
    x, y = build_dataset(split.dev, stoi, back)
    place = torch.cat([torch.arange(len(name) + 1) for name in split.dev])  # (n,)
    model.eval()
    with torch.no_grad():
        losses = functional.cross_entropy(model(x), y, reduction="none")
    return [losses[place == k].mean().item() for k in range(places)]


plot.curves(
    range(1, 12),
    {"3 letters back": loss_by_place(short, 3), "the tree, 8 letters back": loss_by_place(tree, 8)},
    title="What longer context is for",
    xlabel="place of the letter in the name",
    ylabel="nats per character, dev",
)

# %% [markdown]
# At the fourth letter. There the short context holds the first three letters and no dot any more: the model cannot tell
# that these are the beginning of a name. From then on it never knows how long the name already is, so it falls furthest
# behind where names come to their end.
#
# ## 6. New names
#
# Sampling goes as before: a context of dots, draw a letter, move the context by one. Two things are new. All names can be drawn at once, one row of
# the batch for each, so that a thousand names take some twenty calls of the model instead of thousands. And the model has BatchNorm layers, three of them, so
# the mode decides. **Predict:** in training mode, what does the prediction for a context depend on?

# %% tags=["demo"]
lina, otto = build_dataset(["lina"], stoi, 8)[0], build_dataset(["otto"], stoi, 8)[0]
asked = copy.deepcopy(tree)  # a copy: in training mode even a question moves the running statistics
with torch.no_grad():
    for training in (True, False):
        asked.train(training)
        alone = asked(lina).softmax(1)[4, 0].item()
        together = asked(torch.cat([lina, otto])).softmax(1)[4, 0].item()
        print(
            f"training {training!s:<5}  P(end after lina): {alone:.3f} among its own contexts, {together:.3f} with otto's"
        )

# %% [markdown]
# In training mode, on the company it is in: the contexts of *otto* change what *lina* is told. With a batch of names that are drawn
# together, each name would depend on the others.
#
# ### Exercise 5: sample names   ·  ★★☆ · 12 min · 3 points
#
# - `model`: maps ids `(batch, block_size)` to logits `(batch, vocab_size)`; it has `training`, `train(mode)` and `eval()`. It may be in either mode when it comes
# - `itos`: list of characters, the dot first; `count`: int ≥ 0; `generator`: a `torch.Generator`, the only source of chance
# - all names start from a context of dots, id 0, and grow at the same time: one call of the model on ids `(count, block_size)` for each letter, until every name has
#   drawn its closing dot. Rows whose name is complete stay in the batch; what they draw does not count
# - each letter is drawn from the softmax of the logits, by `torch.multinomial`
# - under `torch.no_grad()`, in evaluation mode; afterwards the model is in the mode it was in
# - returns a list of `count` strings without dots


# %% exercise: sample_names forbid=["fasttrack.models.wavenet.sample_names", "fasttrack.models.mlp.sample_names"]
def sample_names(
    model, itos: list[str], block_size: int, count: int, generator: torch.Generator
) -> list[str]:
    """`count` names, drawn at once, letter by letter."""
    ### BEGIN SOLUTION
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            probs = model(contexts).softmax(1)  # (count, vocab_size)
            drawn = torch.multinomial(probs, 1, generator=generator)  # (count, 1)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, (i,) in enumerate(drawn.tolist()):
                done[k] = done[k] or i == 0
                if not done[k]:
                    names[k] += itos[i]
    model.train(mode)
    return names
    ### END SOLUTION


# %%
sample_names(
    wavenet(vocab_size, 8, 4, 8), itos, 8, 2, torch.Generator().manual_seed(0)
)  # look: two untrained names

# %% test: sample_names points=3
check.sample_names(sample_names)
### BEGIN HIDDEN TESTS
check.sample_names(sample_names, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It never ends</summary>
#
# A complete name draws on. Remember for each name whether its dot has come, and stop when it has for all. With `count` 0 there is
# nothing to wait for.
# </details>
# <details><summary>Names have letters after their end</summary>
#
# After its first dot a row goes on drawing, and its context is that of a new name. Those letters must not be added.
# </details>
# <details><summary>All names are empty, in the test</summary>
#
# The test's model predicts a dot only, as long as it is in training mode.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.wavenet import sample_names`. The grader still counts the exercise as not
# written.
# </details>

# %% tags=["demo"]
start = time.perf_counter()
drawn = sample_names(tree, itos, 8, 1000, torch.Generator().manual_seed(1))
elapsed = time.perf_counter() - start
known = len(set(drawn) & set(split.train)) / len(set(drawn))
print(f"1,000 names in {elapsed:.1f} s; {known:.0%} of them are train names")
print("tree:           ", ", ".join(drawn[:12]))
few = sample_names(short, itos, 3, 12, torch.Generator().manual_seed(1))
print("3 letters back: ", ", ".join(few))

# %% [markdown]
# The short model's *gubladlianbio* shows the curve of above: with three letters back, nothing says that this has gone
# on long enough.
#
# ## 7. The same node, again and again
#
# The tree predicts one letter from one window. A text has a window for each of its letters, and windows overlap. Slide the window over *christella*: which nodes of the tree are
# computed more than once?
#
# The node that joins *l* and *l* belongs to the window that ends there, and to the ones that end two, four and six letters later: wherever *ll* falls on a pair. It sees
# the same two letters, and has the same weights, so it is the same number each time. **Predict:** a window of eight has 4 + 2 + 1 = 7 nodes. If no node is computed twice, how many *new* ones does each further letter need?
#

# %%
letters, known = ".......christella", set()
for end in range(8, len(letters) + 1):
    nodes = {(first, length) for length in (2, 4, 8) for first in range(end - 8, end, length)}
    print(f"{letters[end - 8 : end]}   {len(nodes)} nodes, {len(nodes - known)} new")
    known |= nodes

# %% [markdown]
# In the long run three, one for each level: the pair that ends here, the four that end here, the eight that end here. (The first four windows also compute what earlier windows would have left them.) With a window of 1,024 it is 10 instead of 1,023.
#
# ### A level is a convolution
#
# "The same weights at every position" has a name. A **convolution** slides a small linear map, the **kernel**, over the positions; moving it by more than one position at a time is called a **stride**. Your first level is one with
# a kernel of 2 inputs and a stride of 2:

# %%
torch.manual_seed(0)
pair = nn.Linear(2 * 3, 5, bias=False)  # joins two positions of 3 channels
h = torch.randn(1, 8, 3)  # (batch, time, channels)
by_tree = pair(FlattenConsecutive(2)(h))  # (1, 4, 5)
kernel = pair.weight.reshape(5, 2, 3).transpose(1, 2)  # (5, 3, 2): conv1d wants (out, channels, positions)
by_conv = functional.conv1d(h.transpose(1, 2), kernel, stride=2).transpose(1, 2)  # (1, 4, 5)
print(torch.allclose(by_tree, by_conv, atol=1e-6))

# %% [markdown]
# PyTorch's convolutions have channels before positions, `(batch, channels, time)`; hence the transposes.
#
# Stride 2 gives pairs that do not overlap. For every window at once, take **stride 1**: a pair ends at every position. The next level must then not join neighbours, since the pairs at *t* and *t* − 1 share a letter. It joins the pairs at $t$ and
# $t - 2$, the one above it the fours at $t$ and $t - 4$. The distance is called **dilation**. And since it looks only back, the convolution is called **causal**.

# %% tags=["demo"]
plot.dilated(".......christella", (1, 2, 4), title="Every node once; in blue, the tree of the last window")

# %% [markdown]
# The blue part has the shape of the tree of part 1. The grey part are the trees of all other windows, and they share its nodes. Lines that come in from the left begin at dots not drawn.
#
# How far back does such a stack see? One output of a layer with a kernel of $k$ inputs at dilation $d$ sees back $(k - 1)\,d$ positions of the layer below. Through several
# layers that adds up. The number of inputs from the oldest that reaches an output to the newest, both included, is called its **receptive field**.
#
# ### Exercise 6: receptive field   ·  ★☆☆ · 4 min · 1 point
#
# - `kernel_size`: int ≥ 1, inputs of one output, the same in all layers; `dilations`: list of ints ≥ 1, one for each layer, possibly empty
# - returns an int: the receptive field of one output of the last layer


# %% exercise: receptive_field forbid=["fasttrack.models.wavenet.receptive_field"]
def receptive_field(kernel_size: int, dilations: list[int]) -> int:
    """The length of context that reaches one output of a stack of dilated convolutions."""
    ### BEGIN SOLUTION
    return 1 + (kernel_size - 1) * sum(dilations)
    ### END SOLUTION


# %%
print(receptive_field(2, [1, 2, 4]))  # look: 8, as the picture
print(receptive_field(2, [1, 1, 1]))  # look: 4, what three layers see without dilation

# %% test: receptive_field points=1
check.receptive_field(receptive_field)
### BEGIN HIDDEN TESTS
check.receptive_field(receptive_field, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>One off</summary>
#
# Without any layer an output is its own input: a receptive field of 1. Each layer adds what it looks *back*.
# </details>
# <details><summary>Right for 1, 2, 4 and wrong for other dilations</summary>
#
# $2^3 = 8$ is true because 1, 2, 4 leave no gap and no overlap. In general distances add.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Later cells use it once: `from fasttrack.models.wavenet import receptive_field`.
# </details>

# %% [markdown]
# Doubling dilations make the context grow exponentially with the number of layers, and the parameters only linearly. WaveNet's paper has dilations 1, 2, 4, …, 512, and then the same again, and again:

# %%
block = [2**k for k in range(10)]
for repeats in (1, 3):
    field = receptive_field(2, block * repeats)
    print(
        f"{10 * repeats} layers: {field:,} samples, {1000 * field / 16000:.0f} ms of sound at 16,000 a second"
    )

# %% [markdown]
# ### Exercise 7: causal dilated convolution   ·  ★★★ · 12 min · 3 points
#
# - `x`: float `(batch, time, channels)`
# - `weight`: float `(out, n * channels)`, as the weight of the `nn.Linear` after `FlattenConsecutive(n)`: the columns for the oldest of the $n$ positions come first. $n$ ≥ 1 follows
#   from the shapes
# - `bias`: `(out,)` or None; `dilation`: int ≥ 1
# - returns `(batch, time, out)`: at position $t$ the linear map of the positions $t - (n-1)d,\ \dots,\ t - d,\ t$, side by side, with $d$ the dilation
# - positions before the start of `x` count as zeros; `time` may be shorter than the dilation
#
# Without PyTorch's convolutions. Slices of a padded `x` do it: `functional.pad(x, (0, 0, k, 0))` puts `k` zeros in front of dimension 1.


# %% exercise: causal_dilated_conv forbid=["fasttrack.models.wavenet.causal_dilated_conv", "torch.nn.functional.conv1d", "torch.nn.functional.conv2d", "torch.conv1d", "torch.conv2d", "torch.convolution", "torch.nn.Conv1d", "torch.nn.Conv2d", "torch.nn.functional.unfold", "torch.nn.Unfold"]
def causal_dilated_conv(
    x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, dilation: int
) -> torch.Tensor:
    """At each position a linear map of it and of positions before it: `(batch, time, out)`."""
    ### BEGIN SOLUTION
    _, time, channels = x.shape
    n = weight.shape[1] // channels
    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]  # oldest first
    return functional.linear(torch.cat(seen, 2), weight, bias)
    ### END SOLUTION


# %%
ones = torch.arange(1.0, 7).reshape(1, 6, 1)  # positions 1 to 6, one channel
print(
    causal_dilated_conv(ones, torch.tensor([[10.0, 1.0]]), None, 2).flatten().tolist()
)  # look: 1, 2, 13, 24, 35, 46

# %% test: causal_dilated_conv points=3
check.causal_dilated_conv(causal_dilated_conv)
### BEGIN HIDDEN TESTS
check.causal_dilated_conv(causal_dilated_conv, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I get the position d steps back, for all positions at once?</summary>
#
# Put $d$ zeros in front of `x` and take its first `time` positions: what stood at $t - d$ now stands at $t$.
# </details>
# <details><summary>My output sees the future</summary>
#
# The zeros belong in front only. Zeros on both sides, as PyTorch's `padding=` has them, shift the output.
# </details>
# <details><summary>The numbers are right, and multiplied by the wrong weights</summary>
#
# The oldest position meets the first columns of `weight`. In the look cell the 10 belongs to the older one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def causal_dilated_conv(x, weight, bias, dilation):
#     n = weight.shape[1] // x.shape[2]
#     kernel = weight.reshape(len(weight), n, -1).transpose(1, 2)
#     rows = functional.pad(x.transpose(1, 2), ((n - 1) * dilation, 0))
#     return functional.conv1d(rows, kernel, bias, dilation=dilation).transpose(1, 2)
# ```
# </details>

# %% [markdown]
# ### All predictions in one pass
#
# Now the trained tree can be run as convolutions, **with the weights it has**. Walk through its layers: a `FlattenConsecutive` and the linear layer after it become one dilated convolution; all other layers (embedding, BatchNorm, tanh, the last
# linear one) treat each position for itself, and need no change.
#
# One thing remains, the start. The first letters of a text have a context of dots, while the convolution puts *zeros* before the start, and the embedding of a dot is not zero. So put dots in front of the ids, one less than a window, and drop
# those positions from the result.
#
# ### Exercise 8: logits everywhere   ·  ★★★ · 15 min · 3 points
#
# - `model`: a `wavenet` of yours in evaluation mode, over `block_size` characters
# - `ids`: int64 `(batch, time)`, `time` ≥ 1
# - returns logits `(batch, time, vocab_size)`: at position $t$ those that `model` gives for the window that *ends* at $t$, with dots (id 0) before the start of `ids`
# - `model.layers` are the layers; a `FlattenConsecutive` has `.n`, an `nn.Linear` has `.weight` and `.bias`
# - one pass: each layer is used once, on all positions, those of the dots included. The test counts


# %% exercise: logits_everywhere forbid=["fasttrack.models.wavenet.logits_everywhere"]
def logits_everywhere(model: Sequential, ids: torch.Tensor, block_size: int) -> torch.Tensor:
    """The tree's logits after every position: ids `(batch, time)` -> `(batch, time, vocab_size)`."""
    ### BEGIN SOLUTION
    x = functional.pad(ids, (block_size - 1, 0))  # dots in front
    dilation = n = 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear):  # the last one sees one position: n is 1 by its shape
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            dilation *= n
        else:
            x = layer(x)
    return x[:, block_size - 1 :]
    ### END SOLUTION


# %%
tree.eval()
stella = torch.tensor([[stoi[c] for c in ".stella"]])  # (1, 7)
windows, _ = build_dataset(["stella"], stoi, 8)  # (7, 8): a window for each position
with torch.no_grad():
    difference = logits_everywhere(tree, stella, 8)[0] - tree(windows)  # (7, 27)
print(f"largest difference {difference.abs().max().item():.0e}")  # look: 0, or a rounding error

# %% test: logits_everywhere points=3
check.logits_everywhere(logits_everywhere, wavenet)
### BEGIN HIDDEN TESTS
check.logits_everywhere(logits_everywhere, wavenet, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I find the linear layer that belongs to a FlattenConsecutive?</summary>
#
# It is the next one. Remember that a `FlattenConsecutive` has come, and its `n`, and use that when the linear layer comes.
# </details>
# <details><summary>Right for the last positions, wrong for the first</summary>
#
# There the windows reach back before the start. Dots in front of `ids` are ids of 0, put there before the embedding; `functional.pad(ids, (k, 0))` puts `k`.
# </details>
# <details><summary>Too many rows</summary>
#
# The dots in front have got logits, too. `ids` has not asked for those.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It computes every window anew, so the next cell shows no gain; the grader still counts the exercise as not written.
#
# ```
# def logits_everywhere(model, ids, block_size):
#     windows = functional.pad(ids, (block_size - 1, 0)).unfold(1, block_size, 1)
#     return model(windows.reshape(-1, block_size)).reshape(*ids.shape, -1)
# ```
# </details>

# %% [markdown]
# How much faster is it? Take the train names as one long text, with dots between them. **Predict** the factor, for the window of 8 and for one of 64: the number of nodes falls from 7 to 3 for each
# letter, and from 63 to 6.

# %% tags=["demo"]
text = torch.tensor([[stoi[c] for c in "." + ".".join(split.train)][:5_000]])  # (1, 5000)
for window in (8, 16, 32, 64):
    torch.manual_seed(0)
    net = wavenet(vocab_size, window, n_embd=24, n_hidden=64).eval()
    contexts = functional.pad(text, (window - 1, 0))[0].unfold(0, window, 1)  # (5000, window)
    slow, fast = [], []
    for _ in range(4):  # once to warm up, then the best of three
        with torch.no_grad():
            start = time.perf_counter()
            sliding = torch.cat([net(part) for part in contexts.split(1000)])  # (5000, 27)
            middle = time.perf_counter()
            at_once = logits_everywhere(net, text, window)[0]  # (5000, 27)
            end = time.perf_counter()
        slow.append(middle - start)
        fast.append(end - middle)
    nodes = (window - 1) / (window.bit_length() - 1)
    print(
        f"window {window:<3} sliding {min(slow[1:]):.3f} s, at once {min(fast[1:]):.3f} s: "
        f"{min(slow[1:]) / min(fast[1:]):.1f} times faster, {nodes:.1f} times fewer nodes, "
        f"largest difference {(sliding - at_once).abs().max().item():.0e}"
    )

# %% [markdown]
# It grows with the window, roughly as the nodes do. Not exactly: nodes of the lowest level are cheaper, the last layer is the same in
# both, sliding looks up each letter many times, and at these sizes memory counts as much as arithmetic.
# The logits agree to the last digit or nearly so: it is the same computation, in another order.
#
# What the convolution saves in **prediction of a text that is there** it also saves in training: every position of a sequence gives a loss in one pass. (On names it hardly pays: a name of six letters has seven windows, and the dots in front cost as much as is saved.) GPT is
# trained in this way, too; what is causal there is not a convolution but a mask (unit 06). When new text is *drawn*, one letter is there at a time, and the savings need a memory of earlier nodes; that is a challenge below.
#
# ## 8. The number to beat
#
# **2.2028**, the test loss of the BatchNorm model of 04/03, is the number to beat. Everything here was chosen on the dev names. Now the test names, once:

# %% tags=["demo"]
test_x, test_y = build_dataset(split.test, stoi, 8)
yours = {"WaveNet": split_loss(tree, test_x, test_y)}
print(makemore.table(yours))
print("\n* your own measurement")

# %% tags=["demo"]
plot.ladder(
    makemore.results(yours),
    yours=yours,
    steps=True,
    title="Unit 04: every model, on the same test names",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# **2.18**, where BatchNorm had 2.2028. From the top: knowing how often letters occur is worth 0.40 nats, one letter back
# another 0.34, an MLP with longer contexts and good training 0.35 more, and the last step, two letters more, longer training and a
# better shape, 0.02. As perplexity: the first model chooses among 27 characters, yours, as it were, among $e^{2.18} = 8.8$.
#
# What is the best possible? For names nobody knows. In unit 07 the texts come from a grammar of our own, whose entropy is computed, and every
# curve has its floor drawn in.
#
# ### On the public list
#
# On names.txt, with the lectures' split, each after 200,000 steps on batches of 32. The last lecture keeps this log:
#
# | model | parameters | lecture, dev |
# |---|---|---|
# | 3 letters, flat, BatchNorm | 12,000 | 2.105 |
# | 8 letters, flat | 22,000 | 2.027 |
# | 8 letters, tree, with the bug of part 4 | 22,000 | 2.029 |
# | 8 letters, tree, bug removed | 22,000 | 2.022 |
# | 8 letters, tree, `n_embd` 24, `n_hidden` 128 | 76,579 | **1.9937** |
#
# The same order as here: the context brings most, the tree at equal size little, and with the bug nothing. This lesson's code reaches **1.9818** with the model of the last row, in 20,000 steps on batches of 256
# with AdamW, a rate falling from 0.005 along a cosine, and a weight decay of 0.05. That is fewer steps on about as many examples, some three minutes on one core: `python benchmarks/makemore.py --only wavenet`. Of those dev names 13 % are also train names (04/01), so figures on
# this split are for comparing with the lecture, and for nothing else.
#
# ### What WaveNet has, and this tree has not
#
# - **gated units**: $\tanh(W_f x) \cdot \sigma(W_g x)$ instead of a tanh alone
# - **residual connections**: each level adds to its input instead of replacing it; thirty levels would not train otherwise (unit 07)
# - **skip connections**: the output sees every level, not only the last
#
# Dilated causal convolutions were for some years the fastest way to model sequences: training in parallel, and a context that grows exponentially. What ended it was attention: which letters are joined is then no longer fixed by their places, but chosen by what they are. That is unit 06.
#
# ## Recap
#
# **Q:** What is wrong with reading eight letters in one layer?\
# **A:** The layer's number of inputs grows with the context, a pair is learned anew for every place, and all that the letters mean together must be said in one sum and one tanh.
#
# **Q:** What does FlattenConsecutive(2) do, and what does it compute?\
# **A:** It puts each two neighbouring positions side by side, (batch, time, channels) to (batch, time / 2, 2 · channels). It computes nothing; it changes the shape.
#
# **Q:** What happens when BatchNorm takes `x.mean(0)` of (batch, time, channels)?\
# **A:** No error: broadcasting fits. Each position gets statistics of its own, from fewer numbers, and the running mean becomes (time, channels). The mean must go over all dimensions but the last.
#
# **Q:** Which layout does PyTorch's nn.BatchNorm1d want for sequences?\
# **A:** (batch, channels, time), channels in the middle, while this lesson has channels last.
#
# **Q:** What three things must a Sequential do for the layers in it?\
# **A:** Call them in turn, give all their parameters to the optimiser, and pass the mode (training or evaluation) on to every one of them.
#
# **Q:** Why must a model with BatchNorm be in evaluation mode while it draws names?\
# **A:** In training mode a prediction depends on the other rows of the batch, so names that are drawn together would influence each other.
#
# **Q:** How are two models compared fairly when one has a new structure?\
# **A:** With the same number of parameters, data, steps and optimiser, and over several seeds, since one run differs from the next.
#
# **Q:** What is a dilated convolution?\
# **A:** A convolution whose inputs are not neighbours but a fixed distance apart, the dilation.
#
# **Q:** What is the receptive field of layers with kernel size 2 and dilations 1, 2, 4?\
# **A:** 1 + 1 + 2 + 4 = 8 inputs. Each layer adds (kernel size − 1) · dilation.
#
# **Q:** Why is a tree over sliding windows the same as a stack of causal dilated convolutions?\
# **A:** Nodes of overlapping windows that see the same letters have the same weights, so they are the same numbers. Computing a node once for every position is a convolution, and the distance to its partner doubles at each level.

# %% [markdown]
# ## Glossary
#
# - **FlattenConsecutive**: the layer that puts n neighbouring positions side by side
# - **level**: all nodes of the tree at one height; one layer of parameters
# - **convolution**: the same linear map at every position
# - **kernel**: the weights of that map; its size is the number of inputs
# - **stride**: by how many positions the map moves from one output to the next
# - **dilation**: the distance between the inputs of one output
# - **causal**: no output depends on later inputs
# - **receptive field**: the number of inputs from the oldest that reaches an output to the newest, both included
# - **WaveNet**: a stack of causal dilated convolutions that predicts sound sample by sample

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Drawing fast.** While names are drawn, each new letter needs three new nodes, and the others are known. Keep for each level the nodes that a later one will need (1, 2 and 4 of them), and draw with three small products a letter. Compare with `sample_names` for a window of 64.
# 2. **A real WaveNet.** Write the gated unit and the residual connection, keep the number of parameters, and go to 16 letters. Does the dev loss fall? Do you still need BatchNorm?
# 3. **Whole names in a batch.** Train with `logits_everywhere` on batches of padded names: one loss for all positions, with those after the end left out. In training mode BatchNorm then sees other rows than before; which, and does it matter?

# %% [markdown]
# ## To go deeper
#
# - van den Oord and others, [WaveNet: a generative model for raw audio], 2016: figures 2 and 3 are the tree and the dilations
# - Andrej Karpathy, [Building makemore, part 5]: the lecture whose figure is reproduced here, with the bug of part 4
# - Bai, Kolter and Koltun, [An empirical evaluation of generic convolutional and recurrent networks], 2018: dilated causal convolutions against recurrent networks on many tasks
# - Le Paine and others, [Fast WaveNet generation algorithm], 2016: challenge 1
#
# [WaveNet: a generative model for raw audio]: https://arxiv.org/abs/1609.03499
# [Building makemore, part 5]: https://www.youtube.com/watch?v=t3YJ5hKiMQ0
# [An empirical evaluation of generic convolutional and recurrent networks]: https://arxiv.org/abs/1803.01271
# [Fast WaveNet generation algorithm]: https://arxiv.org/abs/1611.09482
