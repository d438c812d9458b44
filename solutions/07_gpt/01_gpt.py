# %% [markdown]
# # GPT
#
# **After this lesson** you have written the whole of GPT-2, and a checkpoint that somebody else trained fits into it: your
# logits equal those of the reference implementation to the fifth digit. You can count a model's parameters to the last one, from GPT-2's 124,439,808
# to GPT-3's 175 billion, and say what a token costs in training. (OpenAI's own file needs internet, once. Offline, the checkpoints here are small ones of random numbers.)
#
# About 150 minutes, with a break after part 6 · 10 exercises, 29 points · builds on: 06/04 (the block), 06/03 (positions),
# 06/01 (the causal mask), 04/03 (the first loss), 01/03 (modules).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.models.gpt`; your test cell does not
# look for them.

# %%
import math
import tempfile
import time
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from fasttrack import makemore, plot
from fasttrack.check import gpt as check
from fasttrack.data import DataUnavailable, names_split
from fasttrack.models.attention import causal_mask
from fasttrack.models.block import Block, LayerNorm
from fasttrack.models.memory import activation_bytes

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# Unit 06 ended with a block that can be stacked. What is still missing is little, and it is all at the two ends:

# %% tags=["demo"]
plot.pipeline(
    {
        "text": "one string",
        "ids": "(batch, time)",
        "GPT": "logits",
        "loss": "nats per token",
        "training": "lesson 02",
    },
    here={"GPT", "loss"},
)

# %% [markdown]
# ## 1. A file that has to fit
#
# In 2019 OpenAI published GPT-2: a paper, the code to run it, and files of numbers. The smallest holds 148
# tensors, no code and no description of how to compute with them. Here are their names and shapes. (The library
# `transformers` can make the model without memory for its numbers, so nothing is downloaded. Importing it takes some seconds.)

# %% tags=["demo"]
from transformers import GPT2Config, GPT2LMHeadModel
from transformers.utils import logging

logging.disable_progress_bar()
with torch.device("meta"):  # tensors with a shape and without numbers
    reference = GPT2LMHeadModel(GPT2Config())
listed = {entry: tuple(held.shape) for entry, held in reference.named_parameters()}
for entry, shape in listed.items():
    if ".h." not in entry or ".h.0." in entry:
        print(f"{entry:<38}{shape!s:<16}{math.prod(shape):>12,}")
print(f"… and the same 12 for each of h.1 to h.11: {len(listed)} tensors")

# %% [markdown]
# You know most of these. `ln_1` and `ln_2` are the norms of a block, `attn` its attention, `mlp` its feed-forward network, 4 times as wide as the
# stream; `h.0` is the first block. `wte` is a table with a row for each of 50,257 tokens, and `wpe` one with a row for each of 1024 positions.
#
# Look again, there are two oddities:
#
# - a model ends in logits, 50,257 of them at each position. **Where is the matrix that makes them?**
# - the feed-forward network's first matrix has shape (768, 3072). Your `nn.Linear(768, 3072)` has a weight of shape (3072, 768). **Which of the two is turned?**
#
# Part 4 answers the first, part 9 the second. Until then this file is our specification: by the end it must fit, tensor by tensor, into a model of yours.
# This is the whole of it, from the lower end to the upper:

# %% tags=["demo"]
plot.tower(
    "ids (batch, time)",
    [
        ("embedding + positions", "embedding (vocab_size, n_embd)\npositions (block_size, n_embd)", "(batch, time, n_embd)"),
        ("x + attention(norm1(x))", "norm1 · query, key, value, proj", "(batch, time, n_embd)"),
        ("x + feed_forward(norm2(x))", "norm2 · fc, proj", "(batch, time, n_embd)"),
        ("norm", "weight, bias (n_embd,)", "(batch, time, n_embd)"),
        ("times the embedding, transposed", "embedding, again", "logits (batch, time, vocab_size)"),
    ],
    repeated=(1, 2, "× n_layer"),
    tied=(0, 4, "one matrix"),
    title="GPT-2 from ids to logits",
)  # fmt: skip

# %% [markdown]
# ## 2. Five numbers say it all
#
# GPT-2 exists in four sizes. They have the same code and differ in five numbers:
#
# | | `vocab_size` | `block_size` | `n_layer` | `n_head` | `n_embd` |
# |---|---|---|---|---|---|
# | gpt2 | 50257 | 1024 | 12 | 12 | 768 |
# | gpt2-medium | 50257 | 1024 | 24 | 16 | 1024 |
# | gpt2-large | 50257 | 1024 | 36 | 20 | 1280 |
# | gpt2-xl | 50257 | 1024 | 48 | 25 | 1600 |
#
# We keep the five together in a **configuration**. A wrong one should be refused where it is made, and not ten calls later, in the middle of a matrix product.
#
# ### Exercise 1: GPTConfig   ·  ★☆☆ · 6 min · 2 points
#
# The fields are there. `__post_init__` is called by a dataclass when all fields are set; write it.
#
# - a size that is not at least 1 (any of the five): raises `ValueError`, with the name of the size in its message
# - `n_embd` that does not divide into `n_head` heads: raises `ValueError`, with `n_embd` in its message
# - everything else is accepted


# %% exercise: GPTConfig forbid=["fasttrack.models.gpt.GPTConfig"]
@dataclass(frozen=True)
class GPTConfig:
    """The shape of a GPT."""

    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        """Raises ValueError for a size below 1, and if n_head does not divide n_embd."""
        ### BEGIN SOLUTION
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(f"{name} is {size}: every size must be at least 1")
        if self.n_embd % self.n_head:
            raise ValueError(f"n_embd is {self.n_embd}, which {self.n_head} heads do not divide")
        ### END SOLUTION


# %%
print(GPTConfig(vocab_size=50257, block_size=1024, n_layer=12, n_head=12, n_embd=768))
try:
    GPTConfig(50257, 1024, 12, 10, 768)
except ValueError as error:
    print("refused:", error)  # look: 768 columns, 10 heads

# %% test: GPTConfig points=2
check.GPTConfig(GPTConfig)
### BEGIN HIDDEN TESTS
check.GPTConfig(GPTConfig, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>ZeroDivisionError</summary>
#
# `n_embd % n_head` is asked before it is known that `n_head` is not 0. Look at the sizes one by one first.
# </details>
# <details><summary>How do I get all five with their names?</summary>
#
# `vars(self)` is a dict of an object's attributes.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.gpt import GPTConfig`. The grader still counts the exercise as not written.
# </details>

# %%
GPT2 = {
    "gpt2": GPTConfig(50257, 1024, n_layer=12, n_head=12, n_embd=768),
    "gpt2-medium": GPTConfig(50257, 1024, n_layer=24, n_head=16, n_embd=1024),
    "gpt2-large": GPTConfig(50257, 1024, n_layer=36, n_head=20, n_embd=1280),
    "gpt2-xl": GPTConfig(50257, 1024, n_layer=48, n_head=25, n_embd=1600),
}
print([config.n_embd // config.n_head for config in GPT2.values()])  # look: head_size is 64 in all of them

# %% [markdown]
# ## 3. The lower end: what and where
#
# A block takes vectors. Two tables make them from ids:
#
# - the **token embedding** has a row for each token (04/02): *what* stands here
# - the **position embedding** has a row for each position from 0 to `block_size - 1` (06/03): *where* it stands
#
# The stream starts as their sum, at position $t$: `tokens[ids[t]] + positions[t]`. Take the tables
#
# | token | row | | position | row |
# |---|---|---|---|---|
# | 0 | (1, 0) | | 0 | (0, 0.1) |
# | 1 | (0, 1) | | 1 | (0, 0.2) |
# | 2 | (5, 5) | | 2 | (0, 0.3) |
#
# **Predict:** which three vectors do the ids 2, 0, 2 become?
#
# ### Exercise 2: embed   ·  ★☆☆ · 6 min · 2 points
#
# - `ids`: int64 `(batch, time)`, with 0 ≤ id < `vocab_size`
# - `tokens`: float `(vocab_size, n_embd)`; `positions`: float `(block_size, n_embd)`
# - returns: float `(batch, time, n_embd)`, at each place the row of its token plus the row of its position. The first position of every row of `ids` is 0
# - more positions than `block_size`: raises `ValueError`


# %% exercise: embed
def embed(ids: torch.Tensor, tokens: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """The start of the stream: `(batch, time)` -> `(batch, time, n_embd)`."""
    ### BEGIN SOLUTION
    time, block_size = ids.shape[1], positions.shape[0]
    if time > block_size:
        raise ValueError(f"{time} positions, but block_size is {block_size}")
    return tokens[ids] + positions[:time]
    ### END SOLUTION


# %%
token_rows = torch.tensor([[1.0, 0.0], [0.0, 1.0], [5.0, 5.0]])  # (vocab_size, n_embd)
position_rows = torch.tensor([[0.0, 0.1], [0.0, 0.2], [0.0, 0.3]])  # (block_size, n_embd)
embed(torch.tensor([[2, 0, 2]]), token_rows, position_rows)  # look: (5, 5.1), (1, 0.2), (5, 5.3)

# %% test: embed points=2
check.embed(embed)
### BEGIN HIDDEN TESTS
check.embed(embed, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I look up many rows at once?</summary>
#
# A tensor can be indexed by a tensor of integers: the result has the shape of the index, and then what is left of the table (01/01).
# </details>
# <details><summary>It works for the look cell and fails in the test</summary>
#
# There `time` equals `block_size`. With fewer ids than positions, only the first `time` rows of the table take part.
# </details>
# <details><summary>I want to go on without it</summary>
#
# `GPT` in exercise 3 needs it. Add a cell below the test:
#
# ```
# def embed(ids, tokens, positions):
#     places = torch.arange(ids.shape[1]).expand_as(ids)
#     return functional.embedding(ids, tokens) + functional.embedding(places, positions)
# ```
# </details>

# %% [markdown]
# Token 2 stands there twice, as two different vectors. Both tables are *learned*; GPT-2 has no rule for positions, and it cannot be
# run on position 1024, because that row does not exist. (Rotary positions, 06/03, were made to get round this.)
#
# ## 4. The upper end, and the whole
#
# ### Where is the output matrix?
#
# At the top of the stack there is one vector of `n_embd` numbers for each position, normalised by a last norm. From it the model needs a score for each
# token: a matrix $(V, n)$, whose row $i$ is compared with the vector by a dot product. That is the shape of the token embedding. GPT-2 does not only
# use the same shape, it uses **the same matrix**:
#
# $$\text{logits} = x\,E^\top \qquad x: (\text{batch}, \text{time}, n),\quad E: (V, n)$$
#
# So a token's row has two roles: it is written into the stream when the token is read, and the stream is compared with it when the token is to be predicted. This is
# called **weight tying** (Press and Wolf, 2017). For GPT-2 it saves 38.6 million parameters of 163, and there is no extra bias.
#
# ### Exercise 3: GPT   ·  ★★★ · 15 min · 5 points
#
# - `GPT(config)`: a module with these parts as attributes: `embedding` (`nn.Embedding` of `vocab_size` rows), `positions` (`nn.Embedding` of `block_size` rows), `blocks` (an
#   `nn.ModuleList` of `n_layer` `Block(n_embd, n_head)`, imported above), `norm` (`LayerNorm(n_embd)`, imported above). No other parameters
# - `forward(ids)`: int64 `(batch, time)`; returns logits `(batch, time, vocab_size)`: embed, then the blocks in order, each with the causal mask, then `norm`, then the product with the transposed embedding
# - more positions than `block_size`: raises `ValueError`
# - gradients reach the embedding from both of its uses. How parameters start does not matter yet
#
# `block(x, mask)` takes the mask of 06/01, bool `(time, time)`, True = may attend; `causal_mask(time)`, imported above, makes it. The test copies random parameters into your model,
# computes GPT-2 with them in plain PyTorch functions, and compares the logits to nine digits (in float64).


# %% exercise: GPT forbid=["fasttrack.models.gpt.GPT", "fasttrack.check.fixtures.gpt.PlainGPT", "transformers.GPT2LMHeadModel", "transformers.GPT2Model"]
class GPT(nn.Module):
    """Ids `(batch, time)` -> logits `(batch, time, vocab_size)`."""

    def __init__(self, config: GPTConfig):
        super().__init__()
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)
        ### END SOLUTION

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The logits of the next token at each position."""
        ### BEGIN SOLUTION
        x = embed(ids, self.embedding.weight, self.positions.weight)  # (batch, time, n_embd)
        mask = causal_mask(ids.shape[1])
        for block in self.blocks:
            x = block(x, mask)
        return self.norm(x) @ self.embedding.weight.T
        ### END SOLUTION


# %%
torch.manual_seed(0)
tiny = GPT(GPTConfig(vocab_size=27, block_size=8, n_layer=2, n_head=2, n_embd=16))
some_ids = torch.randint(27, (3, 8))
changed_ids = some_ids.clone()
changed_ids[:, 5] = (some_ids[:, 5] + 1) % 27  # another token at position 5
with torch.no_grad():
    moved = (tiny(some_ids) - tiny(changed_ids)).abs().amax((0, 2))  # (time,)
print(
    tuple(tiny(some_ids).shape), [f"{one:.1f}" for one in moved.tolist()]
)  # look: (3, 8, 27); 0 before position 5

# %% test: GPT points=5
check.GPT(GPT)
### BEGIN HIDDEN TESTS
check.GPT(GPT, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The test finds other names than it expects</summary>
#
# It copies parameters by name: `embedding.weight`, `positions.weight`, `blocks.0.norm1.weight` and so on, `norm.weight`, `norm.bias`. Blocks in a plain Python list are not
# registered. An output layer of its own is one matrix too many.
# </details>
# <details><summary>The shapes do not fit in the last product</summary>
#
# The embedding has a row for each *token*. `functional.linear(x, weight)` multiplies by the transposed weight, and so does `x @ weight.T`.
# </details>
# <details><summary>The shape is right, the numbers are not</summary>
#
# Walk up the picture: are positions added? Do all blocks run, in order, each on the output of the one before? Does each get the mask? Is the last norm there? The message names the slip where your logits show it.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.check.fixtures.gpt import PlainGPT as GPT`. Then run the cell above the test again: later ones use its `tiny`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# That is the architecture of GPT-2, complete: two tables, the block of unit 06 twelve times, a norm, a product. Everything else in this lesson is about its numbers: how they start, how many there are, what they cost,
# and how to get somebody else's in.
#
# ## 5. One text, many predictions
#
# A text of $T$ tokens holds $T - 1$ questions: which token follows the first, the first two, the first three … Thanks to the mask, **one** forward pass answers them all. The logits at position $t$
# are a prediction of token $t + 1$:
#
# | position | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | sees | the | the cat | the cat sat | the cat sat down |
# | should predict | cat | sat | down | – |
#
# The last position predicts a token that we do not have, so its logits do not count. The loss is the mean of $-\log p(\text{target})$, in nats per token.
#
# **Predict:** suppose you forget to shift, and the model is asked at each position for the token that stands there. What does training do?
#
# ### Exercise 4: next token loss   ·  ★★☆ · 6 min · 2 points
#
# - `logits`: float `(batch, time, vocab_size)`, with `time` ≥ 2; up to ±1000 in size
# - `ids`: int64 `(batch, time)`, the ids that the model has read
# - returns: a tensor of shape `()`: the mean over all `batch * (time - 1)` predictions of $-\log p$ of the **next** token; differentiable


# %% exercise: next_token_loss
def next_token_loss(logits: torch.Tensor, ids: torch.Tensor) -> torch.Tensor:
    """How surprised the model is by each next token, on average; nats."""
    ### BEGIN SOLUTION
    predictions = logits[:, :-1].flatten(0, 1)  # (batch * (time - 1), vocab_size)
    targets = ids[:, 1:].flatten()  # (batch * (time - 1),)
    return functional.cross_entropy(predictions, targets)
    ### END SOLUTION


# %%
sure = torch.full((1, 3, 4), -20.0)
sure[0, 0, 3], sure[0, 1, 1] = 20.0, 20.0  # after position 0 surely token 3, after position 1 surely token 1
print(next_token_loss(sure, torch.tensor([[2, 3, 1]])).item())  # look: 0
print(next_token_loss(torch.zeros(1, 3, 4), torch.tensor([[2, 3, 1]])).item(), math.log(4))  # look: ln 4

# %% test: next_token_loss points=2
check.next_token_loss(next_token_loss)
### BEGIN HIDDEN TESTS
check.next_token_loss(next_token_loss, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which end is cut off where?</summary>
#
# Of the predictions the last goes, since nothing is known to follow it. Of the ids the first goes, since nothing predicted it.
# </details>
# <details><summary>cross_entropy complains about shapes</summary>
#
# It wants the classes in dimension 1. Flatten batch and time of both into one dimension: `(n, vocab_size)` and `(n,)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def next_token_loss(logits, ids):
#     log_probs = logits.log_softmax(-1)
#     chosen = log_probs[:, :-1].gather(2, ids[:, 1:, None])
#     return -chosen.mean()
# ```
# </details>

# %% [markdown]
# Without the shift, the loss falls to zero within minutes, and the model has learned to *copy*: it sees the answer in its input. A loss that is too good is the most common sign of this bug.
#
# ### The first loss
#
# A model that knows nothing should spread its bets evenly: a loss of $\ln V$ (04/03). For 27 characters that is 3.30, for GPT-2's vocabulary 10.82. Here is your GPT with parameters as PyTorch starts them.
#
# **Predict:** what is its first loss?

# %%
torch.manual_seed(0)
fresh = GPT(GPTConfig(vocab_size=1000, block_size=64, n_layer=4, n_head=4, n_embd=128))
random_ids = torch.randint(1000, (8, 64))
with torch.no_grad():
    fresh_logits = fresh(random_ids)
print(f"first loss {next_token_loss(fresh_logits, random_ids):.1f}, where ln 1000 = {math.log(1000):.1f}")
print(f"logits of size {fresh_logits.std():.1f}, where 0 would be even bets")
own = fresh_logits.gather(2, random_ids[..., None])  # the logit of the token just read
likeliest = fresh_logits.argmax(-1)
print(
    f"the token just read: {own.mean():.1f}; the likeliest at {(likeliest == random_ids).float().mean():.0%}"
)

# %% [markdown]
# Far above a guess at random. `nn.Embedding` starts with standard deviation 1. As a table to look up that is fine. As an **output matrix** it makes each logit a sum of $n$ products of numbers near 1, of size
# $\sqrt{n}$: about 11 here, 28 for GPT-2. One logit is far larger. The stream still holds the row of the token just read, and here that row is compared with itself: $n$ squares, which do not cancel. Alone it would score about 128; with a position and branches beside it, 87. So a tied model with this start **repeats its input**, with certainty, and the next token is nearly always another one. (Without the shift of exercise 4, this untrained model has a loss of 0.000.)
# Training would first have to unlearn that. Sharing a matrix has its price: it must start right for both roles.
#
# ## 6. How a GPT starts
#
# GPT-2's recipe is short:
#
# - every matrix (linear layers and both tables): normal, with standard deviation **0.02** (OpenAI's [code](https://github.com/openai/gpt-2/blob/master/src/model.py) has 0.01 for the positions; transformers and nanoGPT have 0.02, and so do we)
# - biases: 0. Norms: gain 1, bias 0, as they are made
# - the matrices that **write to the residual stream**, `proj` of attention and `proj` of the feed-forward network: 0.02 divided by $\sqrt{2 \cdot n\_layer}$
#
# Why the last line? The stream is a sum (06/04): the embedding, and $2 \cdot n\_layer$ branch outputs, two from each block. At the start these are independent random vectors; their variances add. $N$ of them of equal size make a stream
# that is $\sqrt{N}$ times as large as one. Divide each by $\sqrt{N}$, with $N = 2 \cdot n\_layer$, and the size of the sum no longer depends on the depth: a stack of 48 blocks starts like one of 12.
#
# ### Exercise 5: init weights   ·  ★★☆ · 10 min · 3 points
#
# - `model`: a GPT as in exercise 3 (the test brings its own). Go by the names and dimensions that `model.named_parameters()` tells
# - `n_layer`: int ≥ 1, the number of blocks
# - a name that ends in `bias`: zeros
# - two dimensions: drawn from a normal distribution of mean 0 and standard deviation 0.02, or `0.02 / sqrt(2 * n_layer)` where the name ends in `proj.weight`
# - all else, the gains of the norms: left as it is
# - works in place (the parameters stay the same objects and still require grad), draws from torch's global generator, and returns `model`


# %% exercise: init_weights forbid=["fasttrack.models.gpt.init_weights"]
def init_weights(model: nn.Module, n_layer: int) -> nn.Module:
    """GPT-2's start, in place; returns the model."""
    ### BEGIN SOLUTION
    for name, parameter in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        elif parameter.dim() == 2:
            branches = 2 * n_layer if name.endswith("proj.weight") else 1
            nn.init.normal_(parameter, std=0.02 / math.sqrt(branches))
    return model
    ### END SOLUTION


# %%
torch.manual_seed(0)
started = init_weights(GPT(GPTConfig(1000, 64, n_layer=4, n_head=4, n_embd=128)), 4)
for name in (
    "embedding.weight",
    "blocks.3.feed_forward.fc.weight",
    "blocks.3.feed_forward.proj.weight",
    "norm.weight",
):
    value = started.get_parameter(name)
    print(
        f"{name:<36} mean {value.mean():6.3f}, standard deviation {value.std():.4f}"
    )  # look: 0.02, 0.02, 0.0071, mean 1

# %% test: init_weights points=3
check.init_weights(init_weights)
### BEGIN HIDDEN TESTS
check.init_weights(init_weights, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>a leaf Variable that requires grad is being used in an in-place operation</summary>
#
# Filling a parameter is not part of the model. `nn.init.normal_` and `nn.init.zeros_` take care of that; by hand, it needs `torch.no_grad()`.
# </details>
# <details><summary>The test says the parameters were replaced</summary>
#
# `parameter = …` gives a new meaning to a local name, and `nn.Parameter(…)` makes a new object. Fill the one that is there.
# </details>
# <details><summary>Which matrices are divided?</summary>
#
# Two in each block: `attention.proj.weight` and `feed_forward.proj.weight`. Their names end alike. `fc`, `query`, `key` and `value` do not write to the stream.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.gpt import init_weights`. Then run the cell above the test again: later ones use its `started`. The grader still counts the exercise as not written.
# </details>

# %%
with torch.no_grad():
    started_loss = next_token_loss(started(random_ids), random_ids)
print(f"first loss {started_loss:.2f}, where ln 1000 = {math.log(1000):.2f}")

# %% [markdown]
# Even bets, and training can begin with learning. Now the other half of the recipe. Stacks of different depth, started with and without the division; how large is the stream at the top?
#
# **Predict:** by which factor does the stream of 64 blocks exceed that of 4, without the division?


# %%
def top_of_stream(n_layer, divided):
    """The standard deviation of the stream after the last block, before the last norm."""
    torch.manual_seed(0)
    told = n_layer if divided else 0.5  # sqrt(2 * 0.5) = 1 switches the division off
    model = init_weights(GPT(GPTConfig(1000, 32, n_layer, n_head=4, n_embd=64)), told)
    sizes = []
    model.norm.register_forward_pre_hook(lambda module, args: sizes.append(args[0].std().item()))
    with torch.no_grad():
        model(random_ids[:2, :32])
    return sizes[0]


stack_depths = [1, 2, 4, 8, 16, 32, 64]
stream_sizes = {
    "0.02 for all": [top_of_stream(depth, divided=False) for depth in stack_depths],
    "proj divided by √(2 n_layer)": [top_of_stream(depth, divided=True) for depth in stack_depths],
}
for name, sizes in stream_sizes.items():
    print(f"{name:<30}", "  ".join(f"{size:.3f}" for size in sizes))

# %% tags=["demo"]
plot.runs(
    stack_depths,
    stream_sizes,
    title="With the division, a deep stack starts as a shallow one",
    xlabel="blocks",
    ylabel="size of the stream at the top",
    xticks=stack_depths,
    yticks=[0.02, 0.05, 0.1, 0.2, 0.4],
)

# %% [markdown]
# From 4 blocks to 64 the stream grows by $0.254 / 0.062 = 4.1$, close to $\sqrt{16}$: the root of the depth. With both axes logarithmic that is a straight line, one doubling for each two of the depth. (From 1 to 64 it is 6.5 and not 8, since the embedding, of size 0.028, is in the sum, too: the line bends at its left end.) With the division, no growth. A large stream at the start is no catastrophe, since norms stand everywhere. But what a new branch writes
# is then small beside what is there, so later blocks change little; and a learning rate that suits one depth does not suit another.
#
# ## 7. Counting parameters
#
# How large is GPT-2? The file's 148 shapes have the answer, and so has a formula in the five sizes. Write $n$ for `n_embd`. A matrix from $n$ to $m$ features has $nm$ parameters, its bias $m$; a norm has $2n$.
#
# **Predict** for the smallest GPT-2: how many millions, and which share is the token table?
#
# ### Exercise 6: count parameters   ·  ★★☆ · 8 min · 3 points
#
# - `config`: has `vocab_size`, `block_size`, `n_layer`, `n_head` and `n_embd`
# - returns an int: how many parameters `GPT(config)` of exercise 3 has, weights and biases and norms. The matrix that embedding and output share counts once
# - by a formula: gpt2-xl would need 6 GB if you built it


# %% exercise: count_parameters forbid=["fasttrack.models.gpt.count_parameters", "fasttrack.models.gpt.GPT"]
def count_parameters(config: GPTConfig) -> int:
    """How many numbers a GPT of this shape learns."""
    ### BEGIN SOLUTION
    n = config.n_embd
    attention = 4 * (n * n + n)
    feed_forward = n * 4 * n + 4 * n + 4 * n * n + n
    norm = 2 * n
    block = attention + feed_forward + 2 * norm
    return (config.vocab_size + config.block_size) * n + config.n_layer * block + norm
    ### END SOLUTION


# %%
for name, config in GPT2.items():
    print(f"{name:<12}{count_parameters(config):>14,}")  # look: 124,439,808 is the first
print(
    count_parameters(GPTConfig(27, 8, 2, 2, 16)), sum(parameter.numel() for parameter in tiny.parameters())
)  # equal

# %% test: count_parameters points=3
check.count_parameters(count_parameters)
### BEGIN HIDDEN TESTS
check.count_parameters(count_parameters, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I am too high by tens of millions</summary>
#
# $50257 \cdot 768 = 38{,}597{,}376$: the output matrix, a second time.
# </details>
# <details><summary>Off by a multiple of n_embd</summary>
#
# Then the matrices are right. A block has $9n$ biases (four of attention, $4n + n$ of the network) and $4n$ in its norms. The last norm has $2n$.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.gpt import count_parameters`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# 124,439,808. The paper (Radford et al., 2019, table 2) says 117 million for this model and 345 for the next, which are miscounts that OpenAI later corrected in the names of its files. Your count is that of the file, to the last one. In one line, with $V$, $T$ and $L$ for `vocab_size`, `block_size` and `n_layer`: $(V + T)\,n + L\,(12 n^2 + 13 n) + 2n$.
#
# ### GPT-3, from eight kinds of matrices
#
# GPT-3 (Brown et al., 2020) has 96 blocks, 96 heads of 128 columns, `n_embd` 12,288, GPT-2's vocabulary, and famously 175 billion parameters. Can we find them? Leave biases and norms aside, and count matrices by what they do, all heads and all blocks together:
#
# | kind | one such matrix takes | to | how many |
# |---|---|---|---|
# | embedding | a token | `n_embd` | 1 |
# | query, key, value | `n_embd` | `head_size` | one of each for each head of each block |
# | output | `n_head * head_size` | `n_embd` | one for each block |
# | up | `n_embd` | `4 * n_embd` | one for each block |
# | down | `4 * n_embd` | `n_embd` | one for each block |
# | unembedding | `n_embd` | a score for each token | 1 |
#
# In this account, which is Grant Sanderson's (3Blue1Brown), the unembedding counts as a matrix of its own.
#
# ### Exercise 7: count matrices   ·  ★☆☆ · 6 min · 2 points
#
# - `config`: as in exercise 6; `head_size` is `n_embd // n_head`
# - returns a dict from name to int, the number of parameters of all matrices of that kind together. The names: `embedding`, `key`, `query`, `value`, `output`, `up`, `down`, `unembedding`


# %% exercise: count_matrices
def count_matrices(config: GPTConfig) -> dict[str, int]:
    """The parameters of a GPT's matrices, by kind."""
    ### BEGIN SOLUTION
    n = config.n_embd
    head_size = n // config.n_head
    one_each = config.n_layer * config.n_head * n * head_size
    return {
        "embedding": config.vocab_size * n,
        "key": one_each,
        "query": one_each,
        "value": one_each,
        "output": one_each,
        "up": config.n_layer * 4 * n * n,
        "down": config.n_layer * 4 * n * n,
        "unembedding": config.vocab_size * n,
    }
    ### END SOLUTION


# %%
GPT3 = GPTConfig(vocab_size=50257, block_size=2048, n_layer=96, n_head=96, n_embd=12288)
kinds = count_matrices(GPT3)
for name, count in kinds.items():
    print(f"{name:<12}{count:>16,}")
print(f"{'together':<12}{sum(kinds.values()):>16,}")  # look: 175,181,291,520

# %% test: count_matrices points=2
check.count_matrices(count_matrices)
### BEGIN HIDDEN TESTS
check.count_matrices(count_matrices, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My query, key and value are 96 times too large</summary>
#
# Each head has only `head_size` columns of its own. All heads together make a matrix `(n_embd, n_embd)`.
# </details>
# <details><summary>My query, key and value are 96 times too small</summary>
#
# There are two factors of 96 in GPT-3: heads, and blocks.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next picture needs it. Add a cell below the test:
#
# ```
# def count_matrices(config):
#     v, square = config.vocab_size * config.n_embd, config.n_layer * config.n_embd**2
#     four = dict.fromkeys(("key", "query", "value", "output"), square)
#     return {"embedding": v, **four, "up": 4 * square, "down": 4 * square, "unembedding": v}
# ```
# </details>

# %% tags=["demo"]
by_size = {}
for name, config in {**GPT2, "GPT-3": GPT3}.items():
    counts = count_matrices(config)
    by_size[name] = {
        "token embedding": counts["embedding"],
        "position embedding": config.block_size * config.n_embd,
        "attention": sum(counts[kind] for kind in ("query", "key", "value", "output")),
        "feed-forward": counts["up"] + counts["down"],
    }
plot.shares(
    by_size,
    title="The larger the model, the more of it is blocks",
    xlabel="share of all matrices, in % (the shared table counts once)",
)

# %% [markdown]
# In the small GPT-2, nearly a third of the parameters is a table of words. In GPT-3 it is a third of a percent: blocks grow with $n\_layer \cdot n^2$, tables with $n$. Two thirds of a large language model are feed-forward networks. What attention is famous for happens in the other third.
#
# ## 8. What a token costs
#
# ### Operations
#
# A matrix of $n \times m$ numbers meets a vector: $nm$ multiplications and $nm$ additions, $2nm$ **operations** (flops). So on the way forward each token costs **2 operations for each parameter of a matrix**. On the way back two products of the same size are needed for each one, a gradient for the input and one for the matrix: twice as much. Together 6:
#
# $$\text{training operations} \approx 6 \cdot \text{parameters} \cdot \text{tokens}$$
#
# That is the rule of thumb of the field. Exactly, there are two more things to see. Looking up a row is no product: tables cost nothing as input, and the token table costs as **output**. And attention multiplies without parameters: each query meets `time` keys (`time` dot products of `n_embd` numbers, all heads together), and the weights mix `time` values (the same again).
#
# ### Exercise 8: training flops   ·  ★★★ · 12 min · 3 points
#
# For **one token** of a sequence of `time` tokens, forward and backward, counting matrix products only (not norms, softmax, gelu, biases, or sums):
#
# - `config`: as in exercise 6; `time`: int ≥ 1
# - forward: 2 operations for each number in the matrices of the blocks (query, key, value, proj, fc, proj) and in the output matrix; and in each block the two products of attention, with all `time` keys and `time` values: the mask is applied later, so what it hides is computed all the same
# - backward: twice the forward
# - returns an int: forward plus backward


# %% exercise: training_flops
def training_flops(config: GPTConfig, time: int) -> int:
    """Operations in matrix products, forward and backward, for one token of a sequence of `time`."""
    ### BEGIN SOLUTION
    n = config.n_embd
    matrices = 12 * config.n_layer * n * n + config.vocab_size * n
    attention = config.n_layer * 2 * (2 * n * time)
    forward = 2 * matrices + attention
    return 3 * forward
    ### END SOLUTION


# %%
for name, config in GPT2.items():
    exact, rule = training_flops(config, 1024), 6 * count_parameters(config)
    print(
        f"{name:<12} {exact / 1e9:6.3f} · 10⁹ operations a token, 6 N is {rule / 1e9:6.3f} · 10⁹: {exact / rule:.2f}"
    )  # look: 0.854 for gpt2, 1.14 times 6 N

# %% test: training_flops points=3
check.training_flops(training_flops)
### BEGIN HIDDEN TESTS
check.training_flops(training_flops, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I am off by a factor of 2 or 3</summary>
#
# A multiplication and an addition are two operations. And the total is forward (1) plus backward (2), which makes 3 times forward.
# </details>
# <details><summary>What exactly does attention cost?</summary>
#
# For one token, in one block: scores with `time` keys, `2 * n_embd * time`; mixing `time` values, `2 * n_embd * time`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It lets PyTorch count, in a model without memory for its numbers (so the next cell compares PyTorch with itself). The grader still counts the exercise as not written.
#
# ```
# def training_flops(config, time):
#     long = GPTConfig(config.vocab_size, time, config.n_layer, config.n_head, config.n_embd)
#     with torch.device("meta"), FlopCounterMode(display=False) as counter:
#         GPT(long)(torch.zeros(1, time, dtype=torch.int64)).sum().backward()
#     return counter.get_total_flops() // time
# ```
# </details>

# %% [markdown]
# The exact figure is 10 to 14 % above $6N$. ($N$ has positions, biases and norms in it, which cost nothing here, but that is little.) The surplus is attention's own products: two of them, of $2 \cdot n\_embd \cdot time$ operations each, three times with the way back, in each block. That is $12 \cdot n\_layer \cdot n\_embd \cdot time$.
#
# PyTorch can count, too, while it runs a model. On the device `meta` no numbers are computed, so this works for any size. Does your formula agree, with your GPT at the size of GPT-2?

# %%
with torch.device("meta"), FlopCounterMode(display=False) as counter:
    GPT(GPT2["gpt2"])(torch.zeros(1, 1024, dtype=torch.int64)).sum().backward()
print(
    f"counted {counter.get_total_flops() // 1024:,}, by your formula {training_flops(GPT2['gpt2'], 1024):,}"
)

# %% [markdown]
# To the last operation. What GPT-3's training cost follows from one line: 300 billion tokens (Brown et al., 2020), $6 \cdot 175 \cdot 10^9 \cdot 300 \cdot 10^9 = 3.15 \cdot 10^{23}$ operations; the paper's own table has $3.14 \cdot 10^{23}$. An H100's data sheet has
# $10^{15}$ a second, of which training gets some 40 %: one of them would need 25 years.
#
# How much of the cost is attention itself? Its share grows with the length of the text, and shrinks with the width of the model:

# %% tags=["demo"]
lengths = [128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768]
of_attention = {
    name: [
        100 * 12 * config.n_layer * config.n_embd * length / training_flops(config, length)
        for length in lengths
    ]  # in %
    for name, config in {"gpt2": GPT2["gpt2"], "gpt2-xl": GPT2["gpt2-xl"], "GPT-3": GPT3}.items()
}
plot.runs(
    lengths,
    of_attention,
    title="Attention's share of the operations: small, until the text is long",
    xlabel="tokens in the text",
    ylabel="share in %",
    xticks=lengths,
)

# %% [markdown]
# "Attention is quadratic" is true and often beside the point: at GPT-3's 2048 tokens its own products are under 3 % of the work. The matrices cost the rest, and they are linear in the length.
#
# ### Memory
#
# For training in float32 with Adam each parameter needs 16 bytes: itself, its gradient, and Adam's two means. That is 2 GB for the smallest GPT-2, 25 GB for the largest, 2.8 TB for GPT-3. And then there is what the forward pass keeps for the way back, the **activations**. `activation_bytes` asks autograd which tensors it keeps. For a small model:

# %% tags=["demo"]
small_config = GPTConfig(1000, 64, n_layer=4, n_head=4, n_embd=128)
small = GPT(small_config)
print(f"parameters and all that belongs to them: {16 * count_parameters(small_config) / 1e6:.0f} MB")
for batch in (1, 8, 32):
    texts = random_ids[:1].expand(batch, -1)  # (batch, 64)
    kept = activation_bytes(small, lambda texts=texts: next_token_loss(small(texts), texts))
    print(f"activations, batch {batch:>2}: {kept / 1e6:.0f} MB")

# %% [markdown]
# Parameters cost the same whatever you do; activations grow with batch and length, and soon outweigh everything. When memory runs out in training, a smaller batch helps. A smaller learning rate never does.
#
# ## 9. Somebody else's numbers
#
# Now the file of part 1. Three things stand between it and your model.
#
# **Names.** They say the same in other words:

# %%
RENAMED = {
    "embedding": "wte",
    "positions": "wpe",
    "blocks": "h",
    "norm1": "ln_1",
    "attention.query": "attn.c_attn",  # the three are one layer in the file
    "attention.key": "attn.c_attn",
    "attention.value": "attn.c_attn",
    "attention.proj": "attn.c_proj",
    "norm2": "ln_2",
    "feed_forward.fc": "mlp.c_fc",
    "feed_forward.proj": "mlp.c_proj",
}


def gpt2_name(name):
    """What the file calls a parameter of your GPT."""
    for ours, theirs in RENAMED.items():
        name = name.replace(ours, theirs)
    return "ln_f" + name.removeprefix("norm") if name.startswith("norm.") else name


for name in ("embedding.weight", "blocks.11.norm1.bias", "blocks.0.attention.key.weight", "norm.weight"):
    print(f"{name:<32}{gpt2_name(name)}")

# %% [markdown]
# Files saved by transformers have `transformer.` in front of each name; the file on the model hub has not.
#
# **Conv1D.** OpenAI's code kept the matrices of its linear layers as `(in, out)` and computed $xW + b$; transformers calls this layer `Conv1D`. PyTorch's `nn.Linear` keeps `(out, in)` and computes $xW^\top + b$. So the matrices of linear layers must be **transposed**: `attn.c_attn`, `attn.c_proj`, `mlp.c_fc`, `mlp.c_proj`. The tables and norms must not.
#
# **One layer for three.** `attn.c_attn` computes queries, keys and values in one product: its weight is `(n_embd, 3 * n_embd)`, whose first `n_embd` columns make queries, the next keys, the last values. Its bias is `(3 * n_embd,)`, in the same order.
#
# ### Exercise 9: split qkv   ·  ★★☆ · 6 min · 2 points
#
# - `joined`: `attn.c_attn`'s weight, float `(n_embd, 3 * n_embd)`, or its bias, `(3 * n_embd,)`
# - returns a tuple of three tensors, for query, key and value in this order: as `nn.Linear(n_embd, n_embd)` keeps them, `(n_embd, n_embd)` **transposed**, or `(n_embd,)` each


# %% exercise: split_qkv
def split_qkv(joined: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The weights, or the biases, of query, key and value, as nn.Linear keeps them."""
    ### BEGIN SOLUTION
    q, k, v = joined.chunk(3, dim=-1)
    return q.t(), k.t(), v.t()
    ### END SOLUTION


# %%
for part in split_qkv(torch.tensor([[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]])):
    print(part.tolist())  # look: [[1, 10], [2, 20]], then 3 and 4, then 5 and 6

# %% test: split_qkv points=2
check.split_qkv(split_qkv)
### BEGIN HIDDEN TESTS
check.split_qkv(split_qkv, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The shapes are right, and the numbers stand at the wrong places</summary>
#
# Three `(n, n)` matrices come out of cutting rows of the transposed matrix, or columns of the given one. Cutting *after* a reshape mixes them. And each must be transposed once, neither twice nor never.
# </details>
# <details><summary>The bias has one dimension only</summary>
#
# Cut along the last dimension, which both have. `tensor.t()` transposes a matrix and leaves a vector as it is.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `split_qkv = lambda joined: tuple(joined.t().tensor_split(3))`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# **Predict:** if you forget to transpose, which of the layers raise an error, and which load without a word?
#
# | not transposed | shape in the file | `nn.Linear` wants | |
# |---|---|---|---|
# | `mlp.c_fc` | (768, 3072) | (3072, 768) | an error |
# | `mlp.c_proj` | (3072, 768) | (768, 3072) | an error |
# | query, key, value, cut from the columns of `c_attn` | (768, 768) each | (768, 768) | loads |
# | `attn.c_proj` | (768, 768) | (768, 768) | loads |
#
# Where it loads, the model runs, and babbles. Shapes are not enough: whoever loads a checkpoint compares **logits** with a known good implementation.
#
# ### Exercise 10: load GPT-2's weights   ·  ★★★ · 20 min · 5 points
#
# - `model`: a `GPT` as in exercise 3; `state`: a dict from name to tensor, a checkpoint
# - puts the checkpoint's numbers into the model's parameters, in place (the parameters stay the same objects, keep their dtype, and still require grad), and returns `model`. `state` and its tensors stay as they are, and share no memory with the model afterwards
# - names: those of `gpt2_name` above, all (but `lm_head.weight`) with `transformer.` in front, or all without. Linear layers of `attn` and `mlp` are transposed, `attn.c_attn` is split (your `split_qkv`)
# - entries that your model has no use for are passed over: `lm_head.weight` (the embedding again), `h.0.attn.bias` and `h.0.attn.masked_bias` (old files' masks)
# - a tensor that is missing, or has another shape than the parameter needs: raises `ValueError` with the file's name of that tensor in its message (`transformer.` may be left out there), **before** any parameter has changed


# %% exercise: load_gpt2_weights forbid=["fasttrack.models.gpt.load_gpt2_weights", "fasttrack.models.hub.pretrained_gpt2"]
def load_gpt2_weights(model: nn.Module, state: dict[str, torch.Tensor]) -> nn.Module:
    """A GPT-2 checkpoint's numbers in `model`; returns the model."""
    ### BEGIN SOLUTION
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"the checkpoint has no {source}")
        value = state[source]
        if ".c_attn." in source:
            three = [f"attention.{part}." in name for part in ("query", "key", "value")]
            value = split_qkv(value)[three.index(True)]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(f"{source} gives {tuple(value.shape)}, {name} needs {tuple(parameter.shape)}")
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model
    ### END SOLUTION


# %%
half_sized = {"wte.weight": torch.zeros(27, 8)}  # n_embd 8, where the model has 16
try:
    load_gpt2_weights(tiny, half_sized)
except ValueError as error:
    print("refused:", error)  # look: wte.weight and two shapes, or the first that is missing

# %% test: load_gpt2_weights points=5
check.load_gpt2_weights(load_gpt2_weights, GPT)
### BEGIN HIDDEN TESTS
check.load_gpt2_weights(load_gpt2_weights, GPT, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I begin?</summary>
#
# Go through the *model's* parameters, not the file's tensors: for each, find the file's name, take the tensor, turn it into what `nn.Linear` wants, compare shapes, and put it into a new dict under your name. When all are there, a second loop copies.
# </details>
# <details><summary>KeyError, where ValueError is wanted</summary>
#
# Ask `source in state` before you take it.
# </details>
# <details><summary>Parameters have changed although it raised</summary>
#
# The first loop may only collect. Copying starts when nothing can fail any more.
# </details>
# <details><summary>My parameters were replaced</summary>
#
# `parameter.data = value` and `nn.Parameter(value)` take over memory, dtype or identity. `parameter.copy_(value)`, inside `torch.no_grad()`, copies numbers.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# from fasttrack.models.gpt import GPT, load_gpt2_weights
# ```
# </details>

# %% [markdown]
# ### The judge: transformers
#
# `GPT2LMHeadModel` of the library transformers is what the world uses to run GPT-2. Make five of them with random sizes and random numbers (large ones, so that every part makes a difference), load each one's numbers into a model of yours, and compare logits.

# %% tags=["demo"]
draw = torch.Generator().manual_seed(0)


def pick(low, high):
    return torch.randint(low, high, (), generator=draw).item()


for _ in range(5):
    n_head = pick(1, 5)
    config = GPTConfig(
        pick(20, 200), pick(5, 40), n_layer=pick(1, 5), n_head=n_head, n_embd=4 * n_head * pick(1, 6)
    )
    theirs = GPT2LMHeadModel(
        GPT2Config(
            vocab_size=config.vocab_size,
            n_positions=config.block_size,
            n_layer=config.n_layer,
            n_head=config.n_head,
            n_embd=config.n_embd,
            bos_token_id=0,
            eos_token_id=0,
        )
    ).eval()
    for entry, parameter in theirs.named_parameters():
        gain = ".ln_" in entry and entry.endswith("weight")
        nn.init.normal_(parameter, mean=float(gain), std=0.3, generator=draw)
    mine = load_gpt2_weights(GPT(config), theirs.state_dict())
    ids = torch.randint(config.vocab_size, (4, config.block_size), generator=draw)
    with torch.no_grad():
        difference = (mine(ids) - theirs(ids).logits).abs().max().item()
        size = theirs(ids).logits.std().item()
    print(f"{config}: logits of size {size:.1f}, largest difference {difference:.0e}")

# %% [markdown]
# All within $10^{-5}$, of logits of size 1 and more. What is left is float32's rounding: the two add up in a different order. Your forty lines *are* GPT-2.
#
# And the trap? Turn the square matrices of the last model back, as they would be if only `attn.c_proj` had been forgotten. **Predict:** is the difference a matter of digits?

# %% tags=["demo"]
with torch.no_grad():
    for block in mine.blocks:
        block.attention.proj.weight.copy_(block.attention.proj.weight.T.clone())
    difference = (mine(ids) - theirs(ids).logits).abs()
    for block in mine.blocks:
        block.attention.proj.weight.copy_(block.attention.proj.weight.T.clone())
print(f"largest difference {difference.max():.2f}, of logits of size {theirs(ids).logits.std():.2f}")

# %% [markdown]
# No error, no warning, and another model.
#
# ### From a folder, and from the hub
#
# A checkpoint travels as a folder of two files, `config.json` and `model.safetensors` (names, shapes, and raw numbers; no code, so it cannot do anything when it is opened). `gpt2_checkpoint` reads both. Here is a round trip with the last model:

# %% tags=["demo"]
from fasttrack.models import hub

with tempfile.TemporaryDirectory() as folder:
    theirs.save_pretrained(folder)
    sizes, state = hub.gpt2_checkpoint(folder)
    again = load_gpt2_weights(GPT(sizes), state)
print(sizes, "\nthe same logits:", torch.equal(again(ids), mine(ids)))

# %% [markdown]
# The same code takes a name on the model hub instead of a folder. Where the internet is there, the next cell downloads the real GPT-2 (548 MB, once) and lets **your** model continue a sentence, always with the likeliest token. Where it is not, the cell says so, and random checkpoints are all you have loaded: the code is the same, the sentence is missing.

# %% tags=["demo"]
from tokenizers import Tokenizer

try:
    sizes, state = hub.gpt2_checkpoint("openai-community/gpt2")
    tokenizer = Tokenizer.from_file(hub.download("openai-community/gpt2", "tokenizer.json"))
except (DataUnavailable, OSError) as error:
    print(error)
else:
    gpt2 = load_gpt2_weights(GPT(sizes), state)
    prompt = "In a hole in the ground there lived a"
    continued = tokenizer.encode(prompt).ids
    with torch.no_grad():
        print(
            f"{next_token_loss(gpt2(torch.tensor([continued])), torch.tensor([continued])):.2f} nats per token on the prompt"
        )
        for _ in range(20):
            continued.append(gpt2(torch.tensor([continued]))[0, -1].argmax().item())
    print(tokenizer.decode(continued))

# %% [markdown]
# ## 10. A number to match
#
# A model that you can train here is smaller. In 06/04 three blocks of width 32, with tables and an output matrix around them, reached **2.198** nats per character on the test names of unit 04, with 40,443 parameters. Now the same blocks as a GPT: tied, and with a
# start of its own. Batches of 64 and AdamW as there. Match it with 891 parameters fewer.
#
# The names stand in rows, as in 06/04: a dot, the letters, a dot. What comes after the end of a name is left out of the loss, which is otherwise your `next_token_loss`.

# %%
split = names_split()
stoi, itos = makemore.build_vocab(split.train)


def name_rows(names):
    """Each name between dots, and -100 from there on: int64 (len(names), 17)."""
    rows = torch.full((len(names), 17), -100)
    for row, one in zip(rows, names, strict=True):
        row[: len(one) + 2] = torch.tensor([0, *(stoi[letter] for letter in one), 0])
    return rows


rows_of = {part: name_rows(getattr(split, part)) for part in ("train", "dev", "test")}
print(rows_of["train"][0].tolist(), split.train[0])


# %% tags=["demo"]
def name_loss(model, rows):
    """Mean loss in nats per character; columns after the longest name are left out."""
    rows = rows[:, : int((rows >= 0).sum(1).max())]  # (batch, longest)
    inputs = rows[:, :-1].clamp(min=0)  # -100 is no row of the table; what is read there does not count
    logits = model(inputs)  # (batch, longest - 1, vocab_size)
    return functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten())  # leaves out -100


def part_loss(model, part):
    with torch.no_grad():
        return name_loss(model, rows_of[part]).item()


def fit(model, steps, lr=0.012, warmup=50, batch_size=64):
    """AdamW on minibatches of names, the rate falling to zero in a straight line; the losses."""
    # fused: all parameters in one go, which for tensors as small as these saves a tenth of the time
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
    generator, losses = torch.Generator().manual_seed(0), []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * min((step + 1) / warmup, 1 - step / steps)
        i = torch.randint(len(rows_of["train"]), (batch_size,), generator=generator)
        loss = name_loss(model, rows_of["train"][i])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% [markdown]
# ### Is 0.02 a law?
#
# A layer with $n$ inputs of size 1 and weights of standard deviation $\sigma$ gives outputs of size $\sigma\sqrt n$. For GPT-2 that is $0.02 \cdot \sqrt{768} = 0.55$. Here it would be $0.02 \cdot \sqrt{32} = 0.11$: gelu is nearly a straight line over so short a range, and the
# branches write next to nothing. With $\sigma = 1/\sqrt n$ the size stays 1 whatever the width. (The rule is for layers with $n$ inputs. We scale the tables and `proj` along with them, to keep to one number.) Try both, for 300 steps.
#
# **Predict:** which one has the lower first loss? Which one the lower last loss?


# %% tags=["demo"]
def name_gpt(std):
    """Three blocks of width 32, started as GPT-2, with `std` in the place of 0.02."""
    torch.manual_seed(0)
    model = init_weights(GPT(GPTConfig(len(itos), 16, n_layer=3, n_head=4, n_embd=32)), 3)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                parameter *= std / 0.02
    return model


print(f"{sum(parameter.numel() for parameter in name_gpt(0.02).parameters()):,} parameters")
two_starts = {}
for label, std in {"0.02, as GPT-2": 0.02, "1 / √32 = 0.18": 32**-0.5}.items():
    model = name_gpt(std)
    two_starts[label] = fit(model, steps=300)
    print(
        f"{label:<16} first loss {two_starts[label][0]:.2f}, dev loss after 300 steps {part_loss(model, 'dev'):.3f}"
    )

# %% tags=["demo"]
plot.runs(
    range(20, 301),
    {label: torch.tensor(losses).unfold(0, 20, 1).mean(1) for label, losses in two_starts.items()},
    title="At width 32, GPT-2's 0.02 learns more slowly",
    xlabel="step",
    ylabel="loss, mean of 20 steps (nats)",
)

# %% [markdown]
# The better start has the *higher* first loss: 3.85, where $\ln 27 = 3.30$. Its logits have size 1, and some liking for the token just read, whose logit averages 1.2. Some five steps repair that, while branches that write nothing cost far more. $\ln V$ finds gross errors; it is not a goal.
#
# 0.02 is of the order of $1/\sqrt n$ for GPT-2: 0.036 at width 768, 0.025 at 1600. It is often copied to other widths. What carries over is the reason: keep sizes near 1 where layers read, and the sum of the branches independent of depth.
#
# Now the longer run, with a setting that was chosen on the dev names (2,400 steps as in 06/04, some 25 seconds):

# %% tags=["demo"]
writer = name_gpt(32**-0.5)
started_at = time.time()
writer_losses = fit(writer, steps=2400)
writer_loss = {part: part_loss(writer, part) for part in ("train", "dev", "test")}
print(
    {part: round(value, 4) for part, value in writer_loss.items()}, f"after {time.time() - started_at:.0f} s"
)

# %% tags=["demo"]
known = {row.model: row.test for row in makemore.ROWS} | {
    "06/04, 3 blocks": 2.1979,
    "GPT": writer_loss["test"],
}
plot.ladder(
    dict(sorted(known.items(), key=lambda entry: -entry[1])),
    yours={"GPT"},
    title="The names of unit 04, and a GPT",
    xlabel="nats per character on the test names (less is better)",
)

# %% [markdown]
# **2.19** against 2.198. That counts as the same: another order of the batches changes the last digits as much. We changed two things at once, so here is each by itself, in runs like this one:
#
# | | start 0.18 | start 0.02 |
# |---|---|---|
# | tied, 39,552 parameters | 2.192 | 2.224 |
# | an output matrix of its own, 40,443 parameters | 2.190 | |
#
# Tying costs nothing that could be told from chance, and the start matters more.
#
# WaveNet (2.1807) is still ahead. It was *told* that neighbouring letters belong together, and 15,863 short names are too few for attention to find out as well. What is the best known? On names.txt, which has twice as many names, the public lectures' WaveNet reaches 1.9937. Where text is long and plentiful,
# this architecture has outgrown all others so far. Lesson 02 trains it on such a text, whose exact limit is known.
#
# Names from it, drawn letter by letter (lesson 03 is about how to draw well):


# %% tags=["demo"]
@torch.no_grad()
def draw_names(model, count, seed):
    """Names, each letter from the model's distribution."""
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
# **Q:** What are the parts of GPT-2, from ids to logits?\
# **A:** Token embedding plus learned position embedding, a stack of pre-norm blocks with a causal mask, one last layer norm, and the product with the token embedding transposed.
#
# **Q:** Which five numbers describe a GPT-2?\
# **A:** vocab_size, block_size, n_layer, n_head, n_embd: 50257, 1024, 12, 12 and 768 for the smallest.
#
# **Q:** What is weight tying, and what does it save?\
# **A:** The output matrix is the token embedding itself. For the smallest GPT-2 that saves 38.6 million parameters of 163.
#
# **Q:** Why can GPT-2 not be run on 1025 tokens?\
# **A:** Its positions are a learned table with 1024 rows; there is no row for another one.
#
# **Q:** Which logits predict which token in next_token_loss?\
# **A:** Those at position t predict token t + 1; the last position has no target, the first token is nobody's target. A row of T tokens gives T − 1 predictions.
#
# **Q:** What happens when targets are not shifted?\
# **A:** The model learns to copy its input, and the loss falls to almost zero.
#
# **Q:** How does a GPT-2 start?\
# **A:** Matrices normal with standard deviation 0.02 (OpenAI's positions 0.01), biases 0, gains 1; proj of attention and of the feed-forward network 0.02 divided by the root of 2 · n_layer.
#
# **Q:** Why are the residual projections divided by the root of 2 · n_layer?\
# **A:** The stream is a sum of 2 · n_layer independent branch outputs, whose variances add. Divided so, its size does not depend on the depth.
#
# **Q:** Why does a GPT with nn.Embedding's own start have a first loss far above ln V?\
# **A:** The tied matrix has standard deviation 1: the logits have size √n_embd, and that of the token just read is nearer to n_embd, as its row is compared with itself. The model repeats its input with certainty.
#
# **Q:** How many parameters has the smallest GPT-2, and what is the formula?\
# **A:** 124,439,808: (vocab_size + block_size) n + n_layer (12 n² + 13 n) + 2 n, with n = n_embd.
#
# **Q:** How do GPT-3's 175 billion parameters divide up?\
# **A:** Two thirds in feed-forward networks (up and down), one third in attention (query, key, value, output), under one percent in embedding and unembedding: 175,181,291,520 in all.
#
# **Q:** How many operations does training cost for one token?\
# **A:** About 6 for each parameter: 2 forward, 4 backward. Attention's own products come on top, 12 · n_layer · n_embd · time.
#
# **Q:** What must be done to GPT-2's tensors before they fit into nn.Linear?\
# **A:** The weights of attn and mlp are transposed, since Conv1D keeps (in, out), and c_attn is cut into query, key and value.
#
# **Q:** Why is it not enough that all shapes fit when a checkpoint is loaded?\
# **A:** A square matrix fits transposed, too, and queries fit where keys belong. Only logits that equal a known implementation's show that all is right.

# %% [markdown]
# ## Glossary
#
# - **configuration**: the sizes from which a model is built
# - **checkpoint**: a file of a model's parameters by name
# - **position embedding**: a learned row for each position, added to the token's
# - **weight tying**: one matrix as token embedding and as output
# - **unembedding**: the matrix that turns the stream into logits
# - **residual projection**: a matrix whose product is added to the stream; `proj` in both branches
# - **Conv1D**: in GPT-2's code, a linear layer that keeps its weight as (in, out)
# - **flops**: floating-point operations; a multiplication and an addition are two
# - **activations**: what the forward pass keeps for the way back
# - **safetensors**: a file format for tensors that holds names, shapes and numbers, and no code

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **One product for three.** Replace query, key and value by one `nn.Linear(n_embd, 3 * n_embd)`, as the file has it, and use `is_causal=True` of PyTorch's attention. How much faster is a step? `fasttrack.models.gpt` does it.
# 2. **How much does the table of positions know?** With the real GPT-2, compute the cosine of each row of `wpe` with each other, and draw it as a heat map. What is the pattern, and where does it break?
# 3. **Untie it.** Give the name model an output matrix of its own, started with zeros. Does it learn faster? At which vocabulary size would you expect tying to matter?

# %% [markdown]
# ## To go deeper
#
# - Radford and others, [Language models are unsupervised multitask learners], 2019: GPT-2; section 2.3 is the model, in five sentences
# - Brown and others, [Language models are few-shot learners], 2020: GPT-3; table 2.1 has the sizes, appendix D the operations
# - Andrej Karpathy, [Let's reproduce GPT-2], and his [nanoGPT]: the same model with an eye on speed
# - Jay Mody, [GPT in 60 lines of NumPy]: the same model without PyTorch
# - Grant Sanderson, [Transformers, the tech behind LLMs]: the count by kinds of matrices, in pictures
# - Press and Wolf, [Using the output embedding to improve language models], 2017: weight tying
# - Sebastian Raschka, *Build a large language model (from scratch)*, chapters 4 and 5
#
# [Language models are unsupervised multitask learners]: https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf
# [Language models are few-shot learners]: https://arxiv.org/abs/2005.14165
# [Let's reproduce GPT-2]: https://www.youtube.com/watch?v=l8pRSuU81PU
# [nanoGPT]: https://github.com/karpathy/nanoGPT
# [GPT in 60 lines of NumPy]: https://jaykmody.com/blog/gpt-from-scratch/
# [Transformers, the tech behind LLMs]: https://www.youtube.com/watch?v=wjZofJX0v4M
# [Using the output embedding to improve language models]: https://arxiv.org/abs/1608.05859
