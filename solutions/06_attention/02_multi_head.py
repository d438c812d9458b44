# %% [markdown]
# # Many heads
#
# **After this lesson** you can write multi-head attention the way every transformer runs it, all heads in one
# tensor; you can hide padding from it; you can let one sequence read another; and you have trained a model that
# turns dates as people write them into ISO dates, and looked at where it looks.
#
# About 130 minutes, with a break after part 4 · 13 exercises, 28 points · builds on: 06_attention/01_self_attention.
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint stands in for
# it: the grader still counts the exercise as not written.
#
# **Without …** The grader refuses the calls that an exercise excludes; your test cell does not look for them.
# In all exercises of this lesson these are PyTorch's finished multi-head modules and the course's own
# (`fasttrack.models.multi_head`).

# %%
import math
import time

import torch
from torch import nn

from fasttrack import plot
from fasttrack.check import multi_head as check
from fasttrack.models.attention import Head, attention_weights, causal_mask, scaled_dot_product_attention

# %% [markdown]
# The last line brings lesson 01's functions: `scaled_dot_product_attention(q, k, v, mask=None)`,
# `attention_weights(q, k, mask=None)`, `causal_mask(time)` and the module `Head`. They work on tensors with any
# dimensions in front of the last two. A mask is bool, `True` = may attend, and a query that may attend nowhere
# gets weights 0 and output 0.
#
# ## Where this sits

# %% tags=["demo"]
plot.pipeline(
    {
        "ids": "(batch, time)",
        "embedding": "(…, n_embd)",
        "attention": "positions exchange",
        "feed forward": "each position for itself",
        "logits": "(…, vocab_size)",
    },
    here={"attention"},
)

# %% [markdown]
# In a transformer only attention moves anything from one position to another. In lesson 01 it was one head. Here it
# becomes what GPT-3 has 96 of in each of its 96 layers.
#
# ## 1. One head, one average
#
# A head gives each query one row of weights, and the output is the average of the values under these weights. Let the
# values be letters, one column for each of a, b, c, d. A query needs two things: the letter at one place *and* the
# letter at another. One row of weights must mix them.
#
# **Predict:** what does it read from `ab` and from `ba` with half on each, and what with 0.75 and 0.25?

# %% tags=["nbval-check-output"]
letter_values = torch.eye(4)  # (4, 4): row k is the value of the k-th letter


def read(text, weights):
    """The average of the letters' values: a text of n letters and n weights give (4,)."""
    return torch.tensor(weights) @ letter_values[["abcd".index(letter) for letter in text]]


for row in ([0.5, 0.5], [0.75, 0.25], [1.0, 0.0]):
    print(row, *(f"  {text} -> {read(text, row).tolist()}" for text in ("ab", "ba")))

# %% [markdown]
# With equal weights `ab` and `ba` are the same: the order is gone, and nothing after the head can bring it back. Unequal
# weights keep it, but only as amounts in the same columns, which later layers must measure apart. And a head that looks
# sharply at one place sees nothing of the other.
#
# Two heads, each with its own row of weights, look at one place each. Put their outputs side by side:

# %% tags=["nbval-check-output"]
for text in ("ab", "ba", "cd"):
    both = torch.cat([read(text, [1.0, 0.0]), read(text, [0.0, 1.0])])  # (8,)
    print(text, "two heads:", both.int().tolist())

# %% [markdown]
# That is the whole idea: **several averages instead of one**. To write the month of `3 march 1987`, a model must see
# the m, the a and the r. One average has all three in the same columns; three heads keep them apart.
#
# Does it cost more? A head of lesson 01 has three matrices `(n_embd, head_size)`. With `n_head` heads of
# `head_size = n_embd // n_head` columns each, there are `n_embd` columns in all, however many heads share them:
#
# | | one head, 768 wide | 12 heads, 64 wide each |
# |---|---|---|
# | columns of queries | 768 | 12 · 64 = 768 |
# | multiplications for the scores of `time` positions | time² · 768 | 12 · time² · 64 |
# | rows of weights for each query | 1 | 12 |
#
# Same parameters, same multiplications, twelve averages. What is given up: each score compares 64 numbers, not 768.
#
# ## 2. All heads in one tensor
#
# The obvious program is a list of lesson 01's heads, and `torch.cat`:

# %%
torch.manual_seed(0)
tiny = torch.randn(2, 5, 12)  # (batch, time, n_embd)
heads = [Head(12, 4) for _ in range(3)]
joined = torch.cat([head(tiny) for head in heads], -1)  # (2, 5, 3 * 4)
print(tuple(joined.shape))

# %% [markdown]
# It is right, and no transformer runs it: three small matrix products for each head, one after the other. Instead
#
# 1. one `Linear(n_embd, n_embd)` makes the queries of all heads at once: head 0 owns the first `head_size` columns, head 1 the
#    next, and so on. The same for keys and values.
# 2. the columns are **split**: `(batch, time, n_embd)` becomes `(batch, n_head, time, head_size)`
# 3. lesson 01's function runs on the last two dimensions; batch and heads are both just "in front"
# 4. the heads are **merged** back to `(batch, time, n_embd)`.
#
# ### Exercise 1: split heads   ·  ★★☆ · 8 min · 2 points
#
# - `x`: `(batch, time, n_embd)`, any dtype; `n_head`: int ≥ 1
# - returns: `(batch, n_head, time, head_size)` with `head_size = n_embd // n_head`; head k holds the k-th block of neighbouring
#   columns, `x[:, :, k * head_size : (k + 1) * head_size]`
# - `n_head` that does not divide `n_embd`: raise ValueError


# %% exercise: split_heads forbid=["fasttrack.models.multi_head.split_heads"]
def split_heads(x: torch.Tensor, n_head: int) -> torch.Tensor:
    """`(batch, time, n_embd)` -> `(batch, n_head, time, head_size)`, a block of columns for each head."""
    ### BEGIN SOLUTION
    batch, time, n_embd = x.shape
    if n_embd % n_head:
        raise ValueError(f"{n_head} heads cannot share {n_embd} columns")
    return x.view(batch, time, n_head, n_embd // n_head).permute(0, 2, 1, 3)
    ### END SOLUTION


# %%
counted = torch.arange(12).reshape(1, 3, 4)  # time 3, n_embd 4
print(counted[0])
split_heads(counted, 2)[0]  # look: head 0 has columns 0 and 1 of all positions: 0 1, 4 5, 8 9

# %% test: split_heads points=2
check.split_heads(split_heads)
### BEGIN HIDDEN TESTS
check.split_heads(split_heads, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The shape is right, the numbers are not</summary>
#
# `reshape` walks through memory in order and knows nothing of positions: 0 1 2 3 4 5 would be head 0, which is
# all of position 0 and half of position 1. Cut only the *last* dimension in two; then exchange two dimensions.
# </details>
# <details><summary>Which two parts does the last dimension become?</summary>
#
# In memory the columns of one head stand together. So the slow index, on the left, is the head, and the
# fast one, on the right, the column within it: `(n_head, head_size)`, not `(head_size, n_head)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import split_heads`.
# </details>

# %% [markdown]
# **Predict:** `split_heads` has exchanged two dimensions. Is its result stored in order, and what will `view` say to it?

# %% tags=["nbval-check-output"]
halves = split_heads(counted, 2)  # (1, 2, 3, 2)
print("stored in order:", halves.is_contiguous())
try:
    halves.view(1, 12)
except RuntimeError as error:
    print(str(error)[:64], "…")

# %% [markdown]
# Exchanging dimensions changes strides, not memory (01_tensors/01_tensors). Going back, exchange first, then flatten with
# something that copies where it must.
#
# ### Exercise 2: merge heads   ·  ★☆☆ · 4 min · 2 points
#
# - `x`: `(batch, n_head, time, head_size)`, any dtype
# - returns: `(batch, time, n_head * head_size)`, the columns of head 0 first: `merge_heads(split_heads(x, n))` is `x`


# %% exercise: merge_heads forbid=["fasttrack.models.multi_head.merge_heads"]
def merge_heads(x: torch.Tensor) -> torch.Tensor:
    """`(batch, n_head, time, head_size)` -> `(batch, time, n_head * head_size)`, the heads side by side."""
    ### BEGIN SOLUTION
    batch, n_head, time, head_size = x.shape
    return x.transpose(1, 2).reshape(batch, time, n_head * head_size)
    ### END SOLUTION


# %%
merge_heads(split_heads(counted, 2))[0]  # look: 0 to 11, in order

# %% test: merge_heads points=2
check.merge_heads(merge_heads)
### BEGIN HIDDEN TESTS
check.merge_heads(merge_heads, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The shape is right, the numbers are not</summary>
#
# Heads stand before time. Flatten them like that and a row of the result holds several positions of one head. Time must come
# before heads first.
# </details>
# <details><summary>view size is not compatible with input tensor's size and stride</summary>
#
# After an exchange of dimensions the numbers do not lie in order. `reshape` copies them if it must; `view` never does.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import merge_heads`.
# </details>

# %% [markdown]
# ### Masks and the heads' dimension
#
# All heads see the same mask. In lesson 01 a mask had shape `(time, time)`, or `(batch, time, time)` where each sequence has its
# own. But scores are now `(batch, n_head, time, time)`, and broadcasting lines shapes up **from the right**:
#
# ```
# scores  (batch, n_head, query_time, key_time)
# mask           (batch, query_time, key_time)      <- batch stands under n_head
# mask    (batch,     1, query_time, key_time)      <- what it should be
# ```
#
# Two unequal sizes are an error, and you are lucky, unless one of them is 1: a `batch` of 1 does no harm, an `n_head` of 1 gives a result that is too wide.
# If the two are equal, each *head* silently gets the mask of one *sequence*. A model with 4 heads that was only ever tried on batches of 4 passes, and so
# does one that was tried on single sequences.
#
# ### Exercise 3: multi-head attention   ·  ★★☆ · 10 min · 3 points
#
# Split, attend, merge.
#
# - `q`: `(batch, query_time, n_embd)`; `k`, `v`: `(batch, key_time, n_embd)`; `n_head`: int that divides `n_embd`
# - `mask`: None, or bool `(query_time, key_time)` or `(batch, query_time, key_time)`, where any of these may be 1;
#   `True` = may attend; the same for every head
# - returns: `(batch, query_time, n_embd)`: in the columns of head k the attention of these columns of q, k and v, each head scaled by
#   the root of **its** number of columns
# - a query that may attend nowhere gets 0, as in lesson 01
#
# Attention itself is lesson 01's `scaled_dot_product_attention`, or PyTorch's function of the same name.


# %% exercise: multi_head_attention forbid=["fasttrack.models.multi_head.multi_head_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
def multi_head_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, n_head: int, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Attention in each of `n_head` blocks of columns: `(batch, query_time, n_embd)`."""
    ### BEGIN SOLUTION
    if mask is not None:
        mask = mask.unsqueeze(-3)  # (..., 1, query_time, key_time)
    split = [split_heads(each, n_head) for each in (q, k, v)]
    return merge_heads(scaled_dot_product_attention(*split, mask))
    ### END SOLUTION


# %%
looped = [
    scaled_dot_product_attention(*[tiny[:, :, at : at + 4]] * 3, causal_mask(5)) for at in (0, 4, 8)
]  # three heads, one after the other
together = multi_head_attention(tiny, tiny, tiny, 3, causal_mask(5))
print((together - torch.cat(looped, -1)).abs().max().item())  # look: 0 up to rounding

# %% test: multi_head_attention points=3
check.multi_head_attention(multi_head_attention)
### BEGIN HIDDEN TESTS
check.multi_head_attention(multi_head_attention, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The size of tensor a must match the size of tensor b at non-singleton dimension 1</summary>
#
# A dimension of the mask stands under the heads. If the mask has a batch, that is it, and it needs a dimension of size 1 behind it: third from the right.
# Count from the right, and the same line does no harm to a mask without a batch; `mask[:, None]` counts from the left.
# </details>
# <details><summary>It is right without a mask, or with one for all sequences, and else wrong</summary>
#
# Print the mask's shape and the scores' shape, one below the other, aligned at the right.
# </details>
# <details><summary>All numbers are a little off</summary>
#
# Is the scale the root of `head_size`? Split before you attend, and the function takes it from the last dimension.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import multi_head_attention`.
# </details>

# %% [markdown]
# **Predict** by what factor one tensor beats a list of twelve heads here, on a CPU, with GPT-2's sizes.


# %% tags=["demo"]
def milliseconds(run, times=5):
    took = []
    for _ in range(times):
        before = time.perf_counter()
        run()
        took.append(time.perf_counter() - before)
    return 1000 * sorted(took)[times // 2]


with torch.no_grad():
    wide = torch.randn(4, 32, 768)
    twelve = [Head(768, 64) for _ in range(12)]
    all_at_once = nn.Linear(768, 3 * 768, bias=False)
    in_a_list = milliseconds(lambda: torch.cat([head(wide) for head in twelve], -1))
    in_one = milliseconds(lambda: multi_head_attention(*all_at_once(wide).chunk(3, -1), 12))
print(f"a list of heads {in_a_list:.1f} ms, one tensor {in_one:.1f} ms")

# %% [markdown]
# By little or nothing: both do the same arithmetic, and only the number of calls falls. 36 small matrix products became one (here with queries, keys and
# values in one layer; your module has three). A GPU spends longer on starting a small product than on computing it; there the calls are what one waits for.
#
# ## 3. The module
#
# One piece is missing. After merging, columns 0–63 hold what head 0 found, columns 64–127 what head 1 found: nothing has met. A last
# `Linear(n_embd, n_embd)`, called `proj`, lets what each head found reach every column:
#
# $$\text{MultiHead}(x) = \bigl[\,\text{head}_0 \,|\, \text{head}_1 \,|\, \dots\,\bigr]\; W_{proj}^T + b_{proj}$$
#
# with $[\cdot|\cdot]$ for "side by side", `(batch, time, n_embd)`, and $W_{proj}$ `(n_embd, n_embd)`.
#
# ### Exercise 4: MultiHeadAttention   ·  ★★★ · 12 min · 4 points
#
# - `__init__(n_embd, n_head)`: four layers `nn.Linear(n_embd, n_embd)` with bias, as attributes `query`, `key`, `value`, `proj`, and the number of
#   heads as attribute `n_head`; ValueError if `n_head` does not divide `n_embd`
# - `forward(x, mask=None)`: `x` `(batch, time, n_embd)`; queries, keys and values by the three layers; attention in `n_head` heads under the
#   mask; through `proj`. Returns `(batch, time, n_embd)`.
# - `mask`: as in exercise 3, with `time` for both times
#
# The test copies your parameters' values into PyTorch's `nn.MultiheadAttention` and compares outputs and gradients in float64.


# %% exercise: MultiHeadAttention forbid=["fasttrack.models.multi_head.MultiHeadAttention", "fasttrack.models.multi_head.CrossAttention", "fasttrack.models.multi_head.multi_head_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
class MultiHeadAttention(nn.Module):
    """Self-attention in `n_head` heads: `(batch, time, n_embd)` -> the same shape."""

    def __init__(self, n_embd: int, n_head: int):
        super().__init__()
        ### BEGIN SOLUTION
        if n_embd % n_head:
            raise ValueError(f"{n_head} heads cannot share {n_embd} columns")
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.proj = nn.Linear(n_embd, n_embd)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """`x` `(batch, time, n_embd)`, `mask` broadcastable to `(batch, time, time)`."""
        ### BEGIN SOLUTION
        found = multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)
        return self.proj(found)
        ### END SOLUTION


# %%
made = MultiHeadAttention(12, 3)
print(tuple(made(tiny).shape))  # look: (2, 5, 12)
print([name for name, _ in made.named_parameters()])  # look: eight, four of them biases

# %% test: MultiHeadAttention points=4
check.MultiHeadAttention(MultiHeadAttention)
### BEGIN HIDDEN TESTS
check.MultiHeadAttention(MultiHeadAttention, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>cannot assign module before Module.__init__() call</summary>
#
# `super().__init__()` comes first in `__init__`.
# </details>
# <details><summary>My module has no attribute n_head</summary>
#
# `forward` needs what `__init__` was given. Keep it: `self.n_head = …`.
# </details>
# <details><summary>Shapes are right, the output is not</summary>
#
# Go through the four layers: does each of `q`, `k`, `v` come from its own, and does the result pass `proj` once, after merging?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import MultiHeadAttention`.
# </details>

# %% [markdown]
# PyTorch's own module keeps the three input layers as one matrix, three times `n_embd` high. In the parameters that is all that differs:

# %%
torch.manual_seed(1)
three_heads = MultiHeadAttention(12, 3)
theirs = nn.MultiheadAttention(12, 3, batch_first=True)
with torch.no_grad():
    theirs.in_proj_weight.copy_(
        torch.cat([layer.weight for layer in (three_heads.query, three_heads.key, three_heads.value)])
    )
    theirs.in_proj_bias.copy_(
        torch.cat([layer.bias for layer in (three_heads.query, three_heads.key, three_heads.value)])
    )
    theirs.out_proj.load_state_dict(three_heads.proj.state_dict())
    difference = theirs(tiny, tiny, tiny, need_weights=False)[0] - three_heads(tiny)
print(f"largest difference {difference.abs().max():.0e}")

# %% [markdown]
# Mind one thing when you use theirs: its bool mask means the opposite, `True` = may **not** attend, while
# `F.scaled_dot_product_attention` of the same library means what we mean.
#
# ### How many numbers is that?
#
# Count what attention costs a whole model. In some models `n_head * head_size` is not `n_embd`: T5-11B has
# `n_embd` 1024 and 128 heads of 128 columns. Then `query`, `key` and `value` lead from `n_embd` to `n_head * head_size` columns, and
# `proj` leads back.
#
# ### Exercise 5: attention parameters   ·  ★☆☆ · 5 min · 1 point
#
# - `n_layer`, `n_embd`, `n_head`, `head_size`: ints ≥ 1
# - `bias`: whether the four layers have biases
# - returns: int, the parameters of the attention of all `n_layer` layers


# %% exercise: attention_parameters
def attention_parameters(n_layer: int, n_embd: int, n_head: int, head_size: int, bias: bool = True) -> int:
    """How many parameters query, key, value and proj have in `n_layer` layers."""
    ### BEGIN SOLUTION
    columns = n_head * head_size
    weights = 4 * n_embd * columns
    biases = 3 * columns + n_embd if bias else 0
    return n_layer * (weights + biases)
    ### END SOLUTION


# %%
print("GPT-2 small", f"{attention_parameters(12, 768, 12, 64):,}")  # look: 28,348,416
print("GPT-3      ", f"{attention_parameters(96, 12288, 96, 128, bias=False):,}")  # look: 57,982,058,496

# %% test: attention_parameters points=1
check.attention_parameters(attention_parameters)
### BEGIN HIDDEN TESTS
check.attention_parameters(attention_parameters, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Right for GPT-3, wrong for others</summary>
#
# For GPT-3 `n_head * head_size` is `n_embd`. In general the four matrices are `n_embd` by `n_head * head_size`.
# </details>
# <details><summary>Right without biases only</summary>
#
# A bias has as many elements as its layer has outputs. Three layers end in `n_head * head_size` columns, one in `n_embd`.
# </details>

# %% [markdown]
# 58 billion of GPT-3's 175 billion parameters are attention, a third. (`n_embd`, heads and layers: Brown et al., 2020, table 2.1.) Where are the other
# two thirds? Lesson 04 adds what comes after attention.
#
# The number of heads is nowhere in the result, only its product with `head_size`. Heads are a way of *using* columns, not more of them.
#
# ## 4. Padding
#
# Sequences of one batch have different lengths, and a tensor has none: short rows are filled up with a padding id. A real position must not
# read the filling, and the result for a sequence must not depend on what it was batched with.
#
# **Predict:** the same short sequence, once alone and once padded to eight positions. By how much does its output change?

# %%
torch.manual_seed(2)
short = torch.randn(1, 3, 12)
filled_up = torch.cat([short, torch.zeros(1, 5, 12)], 1)  # (1, 8, 12)
with torch.no_grad():
    alone, padded = three_heads(short), three_heads(filled_up)[:, :3]
print(f"largest change {(alone - padded).abs().max():.2f}, typical output {alone.abs().mean():.2f}")

# %% [markdown]
# Zeros are not "nothing": a key of zeros gives the score of the key layer's bias, softmax gives that a weight, and the weights of the real
# positions shrink. Only a mask hides a position.
#
# ### Exercise 6: padding mask   ·  ★☆☆ · 4 min · 1 point
#
# - `lengths`: int64 `(batch,)`, how many positions of each row are real, 0 to `time`; they come first
# - `time`: int, the columns of the batch, which may be more than the longest row needs
# - returns: bool `(batch, time)`, `True` = a real position


# %% exercise: padding_mask forbid=["fasttrack.models.multi_head.padding_mask"]
def padding_mask(lengths: torch.Tensor, time: int) -> torch.Tensor:
    """Which positions are real: bool `(batch, time)`."""
    ### BEGIN SOLUTION
    positions = torch.arange(time)  # (time,)
    return positions < lengths.unsqueeze(1)
    ### END SOLUTION


# %%
padding_mask(torch.tensor([2, 4, 1]), 4)  # look: two, four and one True at the left

# %% test: padding_mask points=1
check.padding_mask(padding_mask)
### BEGIN HIDDEN TESTS
check.padding_mask(padding_mask, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Do I need a loop?</summary>
#
# Position `t` of row `b` is real if `t < lengths[b]`. That is one comparison of a row of positions with a column of lengths.
# </details>
# <details><summary>The last real position is False</summary>
#
# Positions count from 0: a row of length 2 has positions 0 and 1. `<`, not `<=`, and not `length - 1`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import padding_mask`.
# </details>

# %% [markdown]
# The mask of padding is `(batch, time)`, that of attention `(batch, query_time, key_time)`. Padding hides **keys**: nobody may read them. So
# it gets a dimension of size 1 for the queries, `padding[:, None]`, `(batch, 1, key_time)`:

# %%
with torch.no_grad():
    padding = padding_mask(torch.tensor([3]), 8)
    padded = three_heads(filled_up, padding[:, None])[:, :3]
print(f"largest change {(alone - padded).abs().max():.0e}")  # look: rounding, at most 1e-7

# %% [markdown]
# Rows of padding still ask, and get some output. Nobody reads it: it is hidden in the next layer, and left out of the loss.
#
# **Predict:** someone forgets the `None` and passes `padding` itself, `(batch, time)`, where `batch` happens to equal `time`. What happens?
#
# Nothing visible. It is taken for a mask `(query_time, key_time)`: the padding of sequence i hides keys from *query* i, in every
# sequence. The loss still falls.
#
# ### Padding on the left
#
# A GPT continues several prompts at once: each step appends one id to every row. With padding at the right, the new id of a short row would
# stand behind its filling. So prompts are padded **on the left**, and the mask must say both: not ahead, and no padding.
#
# ### Exercise 7: causal padding mask   ·  ★★☆ · 5 min · 2 points
#
# - `padding`: bool `(batch, time)`, `True` = real, with padding anywhere
# - returns: bool `(batch, time, time)`, `True` where query i may attend to key j: j is not after i, and j is real
# - rows of padding are treated like all others: they may look at the real positions before them


# %% exercise: causal_padding_mask
def causal_padding_mask(padding: torch.Tensor) -> torch.Tensor:
    """Who may attend to whom: bool `(batch, query_time, key_time)`."""
    ### BEGIN SOLUTION
    return causal_mask(padding.shape[1]) & padding.unsqueeze(1)
    ### END SOLUTION


# %%
on_the_left = torch.tensor([[False, False, True, True], [True, True, True, True]])
causal_padding_mask(on_the_left).int()  # look: in the first matrix two empty columns, and two empty rows

# %% test: causal_padding_mask points=2
check.causal_padding_mask(causal_padding_mask)
### BEGIN HIDDEN TESTS
check.causal_padding_mask(causal_padding_mask, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Rows are hidden instead of columns</summary>
#
# Keys are the last dimension. `padding[:, None]` has its positions there; `padding[:, :, None]` has them among the queries.
# </details>
# <details><summary>The size of tensor a must match</summary>
#
# `(time, time)` and `(batch, time)` line up from the right, `batch` under `time`. With a dimension more, `(batch, 1, time)`, they broadcast
# to `(batch, time, time)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# causal_padding_mask = lambda padding: padding[:, None].expand(-1, padding.shape[1], -1).tril()
# ```
# </details>

# %% [markdown]
# Here are the rows that may attend **nowhere**: a padding position on the left has nothing before it. Plain softmax over
# a row of $-\infty$ is $0/0$:

# %%
causal_left = causal_padding_mask(on_the_left)
with torch.no_grad():
    scores = torch.zeros(2, 4, 4).masked_fill(~causal_left, -math.inf)
    print("plain softmax:  ", scores.softmax(-1)[0, 0].tolist())
    queries = torch.randn(2, 4, 12)
    print("lesson 01's:    ", attention_weights(queries, queries, causal_left)[0, 0].tolist())
    print("any nan in mine:", three_heads(queries, causal_left).isnan().any().item())

# %% [markdown]
# One nan in a position that nobody needs is not harmless. Hidden keys get weight 0 in the next layer, but $0 \cdot \text{nan} = \text{nan}$, and
# the loss of every row in the batch is nan. So fully masked rows give 0, by definition, in our functions as in
# `F.scaled_dot_product_attention`. (`nn.MultiheadAttention`, asked for its weights as it is by default, gives nan.)
#
# **Time for a break.** Behind you: one sequence, read by itself. Ahead: two sequences.
#
# ## 5. One sequence reads another
#
# To translate, a model needs two sequences: the *source*, which is all there, and the *target*, which it writes one id at a time. Here is how the
# transformer of 2017 did it, and how speech recognisers and image captioners do it now:
#
# - an **encoder** turns the source into vectors, one for each position: the **memory**, `(batch, source_time, n_embd)`
# - a **decoder** reads what has been written so far, with causal self-attention, and in between reads the memory with **cross-attention**:
#   *queries from the decoder, keys and values from the memory.*
#
# The line `q, k, v` of self-attention is all that changes.
#
# ### Exercise 8: CrossAttention   ·  ★★☆ · 7 min · 3 points
#
# - `__init__(n_embd, n_head)`: as in exercise 4; the class may inherit it from your `MultiHeadAttention`
# - `forward(x, memory, mask=None)`: `x` `(batch, query_time, n_embd)` asks, `memory` `(batch, key_time, n_embd)` answers. The two times
#   are independent of each other.
# - `mask`: None, or bool as in exercise 3, for the memory's padding for instance `padding[:, None]`
# - returns `(batch, query_time, n_embd)`


# %% exercise: CrossAttention forbid=["fasttrack.models.multi_head.CrossAttention", "fasttrack.models.multi_head.MultiHeadAttention", "fasttrack.models.multi_head.multi_head_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
class CrossAttention(nn.Module):
    """`x` asks, `memory` answers, in `n_head` heads."""

    def __init__(self, n_embd: int, n_head: int):
        super().__init__()
        ### BEGIN SOLUTION
        if n_embd % n_head:
            raise ValueError(f"{n_head} heads cannot share {n_embd} columns")
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.proj = nn.Linear(n_embd, n_embd)
        ### END SOLUTION

    def forward(
        self, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """`(batch, query_time, n_embd)`, `(batch, key_time, n_embd)` -> `(batch, query_time, n_embd)`."""
        ### BEGIN SOLUTION
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        return self.proj(multi_head_attention(q, k, v, self.n_head, mask))
        ### END SOLUTION


# %%
torch.manual_seed(3)
asked = torch.randn(2, 7, 12)
print(tuple(CrossAttention(12, 3)(tiny, asked).shape))  # look: (2, 5, 12), a row for each of x

# %% test: CrossAttention points=3
check.CrossAttention(CrossAttention)
### BEGIN HIDDEN TESTS
check.CrossAttention(CrossAttention, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My output has the memory's length</summary>
#
# One row of output for each query, and the queries come from `x`.
# </details>
# <details><summary>It works when both are the same, and else not</summary>
#
# Two of the three layers read the memory. Which ones? Keys say what is there to be found, values are what is handed over.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.multi_head import CrossAttention`.
# </details>

# %% [markdown]
# **Predict:** shuffle the positions of the memory. How does the output change?

# %%
asking = CrossAttention(12, 3)
with torch.no_grad():
    change = asking(tiny, asked[:, torch.randperm(7)]) - asking(tiny, asked)
print(f"largest change {change.abs().max():.0e}")

# %% [markdown]
# Not at all: a weighted average does not know in which order it was added up. Where a thing stands must be in its vector. Our model below
# adds a learned vector for each position; lesson 03 is about ways to do that.
#
# ### Looking inside
#
# A trained module can be asked two questions. *Where does each head look?* Its weights say that. And *what does each head contribute?*
#
# ### Exercise 9: head weights   ·  ★★☆ · 7 min · 2 points
#
# - `attention`: a module with `query`, `key`, `value`, `proj` and `n_head`, as in exercises 4 and 8
# - `x` `(batch, query_time, n_embd)`, `memory` `(batch, key_time, n_embd)`; for self-attention the caller passes `x` twice
# - `mask`: as in exercise 3
# - returns: the weights `(batch, n_head, query_time, key_time)` with which this module averages values; rows sum to 1, or to 0 where the mask leaves nothing


# %% exercise: head_weights forbid=["torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
def head_weights(
    attention: nn.Module, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """Where each head looks: `(batch, n_head, query_time, key_time)`."""
    ### BEGIN SOLUTION
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    return attention_weights(q, k, mask if mask is None else mask.unsqueeze(-3))
    ### END SOLUTION


# %%
with torch.no_grad():
    weights = head_weights(asking, tiny, asked)
print(tuple(weights.shape), weights.sum(-1).min().item())  # look: (2, 3, 5, 7), and rows that sum to 1

# %% test: head_weights points=2
check.head_weights(head_weights)
### BEGIN HIDDEN TESTS
check.head_weights(head_weights, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My weights have one dimension too few</summary>
#
# Split the queries and keys into heads before you compute weights; do not average over heads.
# </details>
# <details><summary>They do not fit the module's output</summary>
#
# Queries and keys are what `attention.query` and `attention.key` make of `x` and `memory`, not `x` and `memory` themselves.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def head_weights(attention, x, memory, mask=None):
#     q, k = (t.unflatten(-1, (attention.n_head, -1)).movedim(2, 1) for t in (attention.query(x), attention.key(memory)))
#     return attention_weights(q, k, None if mask is None else mask[..., None, :, :])
# ```
# </details>

# %% [markdown]
# For the second question look at `proj` again. Its product with the merged heads is a sum over columns, and each column belongs to one head. Cut the sum
# where one head ends and the next begins:
#
# $$\bigl[\,h_0 \,|\, h_1 \,|\, \dots\,\bigr]\, W^T = h_0 W_0^T + h_1 W_1^T + \dots$$
#
# $h_k$ `(…, head_size)` is what head $k$ found, $W_k$ `(n_embd, head_size)` its block of **columns** of `proj.weight`. So "side by side, then a matrix" is the
# same as "each head its own matrix, then a sum". Heads do not mix: they **add up**, each for itself (Elhage et al., 2021, build on this).
#
# ### Exercise 10: head contributions   ·  ★★★ · 12 min · 3 points
#
# - arguments as in exercise 9
# - returns: `(batch, n_head, query_time, n_embd)`, the summand of each head. Their sum over heads plus `proj.bias` is the module's output; the bias belongs
#   to no head.


# %% exercise: head_contributions forbid=["torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward"]
def head_contributions(
    attention: nn.Module, x: torch.Tensor, memory: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """What each head adds to the output: `(batch, n_head, query_time, n_embd)`."""
    ### BEGIN SOLUTION
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v  # (batch, n_head, query_time, head_size)
    blocks = attention.proj.weight.T.reshape(attention.n_head, v.shape[-1], -1)  # (n_head, head_size, n_embd)
    return found @ blocks
    ### END SOLUTION


# %%
with torch.no_grad():
    added_up = head_contributions(asking, tiny, asked).sum(1) + asking.proj.bias
    print(f"largest difference {(added_up - asking(tiny, asked)).abs().max():.0e}")  # look: rounding

# %% test: head_contributions points=3
check.head_contributions(head_contributions)
### BEGIN HIDDEN TESTS
check.head_contributions(head_contributions, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I begin?</summary>
#
# With the weights of exercise 9 and the split values: `(batch, n_head, query_time, head_size)` is what the heads found, before merging.
# </details>
# <details><summary>The sum over heads is not the output</summary>
#
# `nn.Linear` computes `x @ weight.T`, so a head's *input* columns are columns of `weight`, and rows of `weight.T`.
# </details>
# <details><summary>The matrix product refuses the shapes</summary>
#
# `(batch, n_head, query_time, head_size) @ (n_head, head_size, n_embd)` broadcasts over the batch. `weight.T` has `n_head * head_size` rows; cut
# them in two dimensions, head first.
# </details>

# %% [markdown]
# ## 6. Dates
#
# People write `the 3rd of march, 1987`, `mar 3 '87`, `3.3.1987`. A database wants `1987-03-03`. The function `dates` draws days from 1950 to 2049, so `'50` is
# 1950 and `'49` 2049, and writes each in one of eleven ways. No day comes twice, so the held-out days are new.

# %%
from fasttrack.data import dates

pairs = dates(9000, seed=0)
train_pairs, held_pairs = pairs[:8000], pairs[8000:]
for k in (4, 27, 6, 2, 3, 7, 14, 31, 1, 10, 20):  # one of each way
    print(f"{train_pairs[k][0]:<32}{train_pairs[k][1]}")

# %% [markdown]
# Why is that attention's work? The four digits of the year stand at the front of the answer and mostly at the end of the source; the month is a
# word or a number; `3/4/2001` means march, `3.4.2001` april; `'87` lacks a century; the weekday is noise. Each digit of the answer depends on a few characters, and *where* these are
# differs from row to row.
#
# What is good? `dateutil`, the date parser of the Python world, has two thousand lines of rules for this:

# %% tags=["demo"]
from dateutil import parser


def by_rules(text, **options):
    try:
        return parser.parse(text, **options).date().isoformat()
    except ValueError:
        return "no answer"


ruled = [(by_rules(text), iso, text) for text, iso in held_pairs]
tuned = [by_rules(text, fuzzy=True, dayfirst="." in text) == iso for text, iso in held_pairs]
print(f"dateutil, exact match: {sum(got == iso for got, iso, _ in ruled) / len(ruled):.1%}")
print(f"with two options set for our ways: {sum(tuned) / len(tuned):.1%}")
for got, iso, text in [one for one in ruled if one[0] != one[1]][:4]:
    print(f"  {text:<30} {iso}   dateutil: {got}")

# %% [markdown]
# **About 85 % as it comes, about 97.5 % with two options, are the numbers to beat.** dateutil does not know our conventions. It stumbles over "the 22nd of" unless
# `fuzzy` lets it skip words, and reads `5.8.1990` month first unless told `dayfirst`. What is left are years of two digits: it puts them within 50 years of
# today, so its share drifts with the calendar. A program that knows the eleven ways is right on all of them, so 100 % is possible.
#
# ### Characters and ids
#
# Sources get ids from 1, and 0 is padding. Targets have ten ids of eleven characters and need no padding.


# %%
letters = sorted({letter for text, _ in pairs for letter in text})
digits = "0123456789-"
START = len(digits)  # an id that no target contains
SOURCE_TIME, TARGET_TIME = max(len(text) for text, _ in pairs), 10


def to_ids(some_pairs):
    """Sources (n, SOURCE_TIME), their padding mask, targets (n, TARGET_TIME)."""
    rows = [[letters.index(letter) + 1 for letter in text] for text, _ in some_pairs]
    lengths = torch.tensor([len(row) for row in rows])
    sources = torch.tensor([row + [0] * (SOURCE_TIME - len(row)) for row in rows])
    targets = torch.tensor([[digits.index(letter) for letter in day] for _, day in some_pairs])
    return sources, padding_mask(lengths, SOURCE_TIME), targets


train_data, held_data = to_ids(train_pairs), to_ids(held_pairs)
print([tuple(one.shape) for one in train_data], len(letters), "letters")

# %% [markdown]
# ### What the decoder is given
#
# In training the whole answer is known. The decoder gets it as input and must predict it, all ten places at once: at each place from what
# stands *before*. The causal mask forbids looking ahead; but at place t the input may not hold target t itself. So the input is the target, moved one place to the
# right, with a start id in front. Giving the right ids so far, not the model's own, is called **teacher forcing**.
#
# ```
# input    START  1  9  8  7  -  0  3  -  0
# target     1    9  8  7  -  0  3  -  0  3
# ```
#
# ### Exercise 11: shift right   ·  ★☆☆ · 3 min · 1 point
#
# - `targets`: int64 `(batch, time)`, time ≥ 1; `start`: int
# - returns: int64 `(batch, time)`, the first column `start`, column t the targets' column t - 1


# %% exercise: shift_right
def shift_right(targets: torch.Tensor, start: int) -> torch.Tensor:
    """The decoder's input: `start`, then all targets but the last."""
    ### BEGIN SOLUTION
    first = torch.full_like(targets[:, :1], start)
    return torch.cat([first, targets[:, :-1]], 1)
    ### END SOLUTION


# %%
shift_right(torch.tensor([[3, 1, 4]]), 11)  # look: 11, 3, 1

# %% test: shift_right points=1
check.shift_right(shift_right)
### BEGIN HIDDEN TESTS
check.shift_right(shift_right, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My result is one column too long</summary>
#
# The last target is never an input: nothing comes after it. Drop it.
# </details>
# <details><summary>The caller's targets have changed</summary>
#
# Writing `start` into `targets` or a view of it writes into the caller's tensor. Build a new one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# shift_right = lambda targets, start: nn.functional.pad(targets, (1, 0), value=start)[..., :-1]
# ```
# </details>

# %% [markdown]
# ### The model
#
# One layer of encoder, one of decoder, from your modules. Two things are taken in advance from lesson 04: `x = x + …`, so that each part adds to a position's vector
# and replaces nothing, and a small network for each position for itself after attention. Positions are an embedding that is added (lesson 03).

# %% tags=["demo"]
N_EMBD, N_HEAD = 48, 4


def small_network():
    return nn.Sequential(nn.Linear(N_EMBD, 2 * N_EMBD), nn.ReLU(), nn.Linear(2 * N_EMBD, N_EMBD))


class Translator(nn.Module):
    """Source ids to target logits: one layer of encoder, one of decoder."""

    def __init__(self):
        super().__init__()
        self.source_embedding = nn.Embedding(len(letters) + 1, N_EMBD)
        self.source_position = nn.Embedding(SOURCE_TIME, N_EMBD)
        self.target_embedding = nn.Embedding(len(digits) + 1, N_EMBD)
        self.target_position = nn.Embedding(TARGET_TIME, N_EMBD)
        self.encoder, self.encoder_network = MultiHeadAttention(N_EMBD, N_HEAD), small_network()
        self.decoder, self.decoder_network = MultiHeadAttention(N_EMBD, N_HEAD), small_network()
        self.cross = CrossAttention(N_EMBD, N_HEAD)
        self.to_logits = nn.Linear(N_EMBD, len(digits))

    def encode(self, source, padding):
        """(batch, source_time) -> the memory (batch, source_time, n_embd)."""
        x = self.source_embedding(source) + self.source_position.weight[: source.shape[1]]
        x = x + self.encoder(x, padding[:, None])
        return x + self.encoder_network(x)

    def decode(self, ids, memory, padding):
        """The ids so far (batch, time) and the memory -> logits (batch, time, 11)."""
        x = self.target_embedding(ids) + self.target_position.weight[: ids.shape[1]]
        x = x + self.decoder(x, causal_mask(ids.shape[1]))
        x = x + self.cross(x, memory, padding[:, None])
        return self.to_logits(x + self.decoder_network(x))


torch.manual_seed(0)
translator = Translator()
print(f"{sum(one.numel() for one in translator.parameters()):,} parameters")

# %% [markdown]
# Three attentions, three masks: the encoder hides padding, the decoder hides what lies ahead, cross-attention hides the memory's padding.
#
# ### Writing an answer
#
# When the model is used, there is no target to shift. It writes one id, gets it back as input, writes the next. Taking the likeliest id each time is called **greedy
# decoding**.
#
# ### Exercise 12: greedy decode   ·  ★★★ · 10 min · 3 points
#
# - `model`: has `encode(source, padding)` and `decode(ids, memory, padding)`, as the class above
# - `source` int64 `(batch, source_time)`, `padding` bool of that shape; both go to the model as they are
# - `start`: the first id of every row of the decoder's input; `steps`: int ≥ 1, how many ids to write
# - at each step `decode` gets *all* ids so far, `start` included, and the logits after the **last** of them decide
# - returns: int64 `(batch, steps)`, without `start`
# - the source is encoded once, `decode` is called once for each id, and no gradients are recorded


# %% exercise: greedy_decode
def greedy_decode(
    model: nn.Module, source: torch.Tensor, padding: torch.Tensor, start: int, steps: int
) -> torch.Tensor:
    """The likeliest id, `steps` times: `(batch, steps)`."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        memory = model.encode(source, padding)
        ids = torch.full((len(source), 1), start)
        for _ in range(steps):
            logits = model.decode(ids, memory, padding)  # (batch, time, vocab_size)
            ids = torch.cat([ids, logits[:, -1:].argmax(-1)], 1)
    return ids[:, 1:]
    ### END SOLUTION


# %% tags=["demo"]
def answer(model, text):
    source, padding, _ = to_ids([(text, "")])
    return "".join(digits[one] for one in greedy_decode(model, source, padding, START, TARGET_TIME)[0])


answer(translator, "3 march 1987")  # look: ten characters of an untrained model, nonsense

# %% test: greedy_decode points=3
check.greedy_decode(greedy_decode)
### BEGIN HIDDEN TESTS
check.greedy_decode(greedy_decode, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Tensors must have same number of dimensions, or: Sizes of tensors must match except in dimension 1</summary>
#
# `argmax(-1)` of `(batch, vocab_size)` is `(batch,)`. To stand beside `(batch, time)` it must be `(batch, 1)`: keep a dimension of size 1.
# </details>
# <details><summary>Every id is the same</summary>
#
# Look at the logits of the last position, `[:, -1]`, and hand the new id back as input of the next step.
# </details>
# <details><summary>The answer is too long by one</summary>
#
# `start` is the decoder's first input, not part of what it wrote.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# @torch.no_grad()
# def greedy_decode(model, source, padding, start, steps):
#     memory, rows = model.encode(source, padding), torch.full((steps + 1, len(source)), start)
#     for t in range(steps):
#         rows[t + 1] = model.decode(rows[: t + 1].T, memory, padding).argmax(2)[:, t]
#     return rows[1:].T
# ```
# </details>

# %% [markdown]
# A date with nine right digits is a wrong date. So what counts is the share of rows that are right throughout.
#
# ### Exercise 13: exact match   ·  ★☆☆ · 3 min · 1 point
#
# - `predicted`, `targets`: int64 `(n, time)`, n ≥ 1
# - returns: a Python float, the share of rows in which all ids agree


# %% exercise: exact_match
def exact_match(predicted: torch.Tensor, targets: torch.Tensor) -> float:
    """The share of rows that are right throughout."""
    ### BEGIN SOLUTION
    right = (predicted == targets).all(dim=1)  # (n,)
    return right.float().mean().item()
    ### END SOLUTION


# %%
exact_match(torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 2], [3, 0]]))  # look: 0.5

# %% test: exact_match points=1
check.exact_match(exact_match)
### BEGIN HIDDEN TESTS
check.exact_match(exact_match, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My share is too high</summary>
#
# You count ids. First ask of each row whether *all* of its ids agree, then average over rows.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# exact_match = lambda predicted, targets: sum(map(torch.equal, predicted, targets)) / len(targets)
# ```
# </details>

# %% [markdown]
# ### Before training
#
# A **pre-hook** sees what a module is called with (hooks: 01_tensors/02_autograd). That is all we need to ask your `head_weights` about the cross-attention of a
# running model.


# %% tags=["demo"]
def looked_at(model, text, iso):
    """Where the cross-attention looks while `iso` is written: (n_head, 10, len(text))."""
    seen = []
    hook = model.cross.register_forward_pre_hook(lambda module, inputs: seen.extend(inputs))
    source, padding, target = to_ids([(text, iso)])
    with torch.no_grad():
        model.decode(shift_right(target, START), model.encode(source, padding), padding)
        hook.remove()
        return head_weights(model.cross, *seen)[0, :, :, : len(text)]


example = ("the 25th of march, 1987", "1987-03-25")
rows_and_columns = {"queries": list(example[1]), "keys": list(example[0].replace(" ", "␣"))}
plot.attention(
    looked_at(translator, *example).mean(0),  # (10, 23), the mean over heads
    **rows_and_columns,
    title="Before training",
    xlabel="character read",
    ylabel="character to write",
)

# %% [markdown]
# Each row is an answer's character about to be written, each column a character of the source. Nothing is preferred.
#
# **Predict** the map after training. Which columns will the third and the fourth row prefer, and which ones nobody?
#
# ### Training

# %% tags=["demo"]
STEPS, BATCH = 900, 32
optimizer = torch.optim.AdamW(translator.parameters(), lr=4e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, STEPS, pct_start=0.1)
generator = torch.Generator().manual_seed(0)
losses = []
began = time.perf_counter()
for _ in range(STEPS):
    rows = torch.randint(len(train_pairs), (BATCH,), generator=generator)
    source, padding, target = (one[rows] for one in train_data)
    memory = translator.encode(source, padding)
    logits = translator.decode(shift_right(target, START), memory, padding)
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), target.flatten())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    schedule.step()
    losses.append(loss.item())
print(
    f"{time.perf_counter() - began:.0f} s, loss {losses[0]:.2f} -> {sum(losses[-50:]) / 50:.4f} nats per character"
)

# %% tags=["demo"]
smooth = torch.tensor(losses).reshape(-1, 20).mean(1)  # means of 20 steps
plot.curves(
    range(10, STEPS, 20),
    {"training": smooth},
    title="Reading dates",
    xlabel="step",
    ylabel="loss (nats per character)",
    log=True,
)

# %% [markdown]
# And the held-out dates, none of which the model has seen in any way of writing:


# %% tags=["demo"]
def write_held_out(model):
    """The model's answers for all held-out sources: ids (1000, 10)."""
    source, padding, _ = held_data
    return greedy_decode(model, source, padding, START, TARGET_TIME)


wrote = write_held_out(translator)
print(f"exact match {exact_match(wrote, held_data[2]):.1%}")
for k in (wrote != held_data[2]).any(1).nonzero().flatten()[:5].tolist():
    print(f"  {held_pairs[k][0]:<30} {held_pairs[k][1]}   model: {''.join(digits[one] for one in wrote[k])}")

# %% [markdown]
# **Around 98 %** after less than a minute: far above the 85 % of dateutil as it comes, and about the 97.5 % with its two options. It is no fair race: the model got 8,000 examples
# of our conventions, dateutil none. A program that knows the eleven ways beats both. (Seeds differ by a percent either way, and so do machines: sums in another order lead training elsewhere.) Most errors that are left lie in the day of the month: a
# digit too many, or one lost.
#
# ### After training

# %% tags=["demo"]
plot.attention(
    looked_at(translator, *example).mean(0),
    **rows_and_columns,
    title="After training: an alignment",
    xlabel="character read",
    ylabel="character to write",
)

# %% [markdown]
# Nobody told it which character belongs to which. The loss only asked for right answers, and this map is how they are found. Read it row by row:
#
# - the third and the fourth digit of the year come from the year's last two digits, wherever these stand
# - the day's two digits come from the day's two digits, although they are the first digits of the source and the last of the answer
# - `the`, `th` and `of` get almost nothing in these rows
# - the month rests on a few places in `march` or near it; which, differs from seed to seed
# - the century rests on several, the decade among them: of `'87` there is nothing else
# - the two dashes need nothing; some heads spread there, some park on one place: a softmax must look *somewhere*
#
# Bahdanau, Cho and Bengio found such maps for French and English in 2014, in a recurrent network with a single head. They called it *alignment*.
#
# ### What each head is for

# %% tags=["demo"]
plot.attention(
    {f"head {k}": one for k, one in enumerate(looked_at(translator, *example))},
    **rows_and_columns,
    title="Four heads of the cross-attention",
    xlabel="character read",
    ylabel="character to write",
    columns=2,
)

# %% [markdown]
# Note for both rows of the month which place each head prefers. Several heads look sharply, and not all at the same place: this is part 1 again, and together they
# read more than one average could keep apart. In the row of the year's last digit most or all heads agree, which costs nothing.
#
# Beware of reading too much into such maps. The encoder has moved information between positions already: a weight on `c` is a weight on what the *encoder* put there. A
# space can hold the month.
#
# A map shows where a head looks, not whether it matters. Leaving out a part to see what it was for is called **ablation**. Exercise 10 said that heads add up, so one can be left out of the sum:
# set its columns of `proj.weight` to zero.
#
# **Predict:** the exact match without one of the four heads.


# %% tags=["demo"]
import copy


def without_head(model, head):
    """A copy of the model whose cross-attention lacks one head."""
    cut = copy.deepcopy(model)
    size = N_EMBD // N_HEAD
    with torch.no_grad():
        cut.cross.proj.weight[:, head * size : (head + 1) * size] = 0
    return cut


matches = {"all heads": exact_match(wrote, held_data[2])}
for head in range(N_HEAD):
    matches[f"without {head}"] = exact_match(write_held_out(without_head(translator, head)), held_data[2])
plot.bars(
    list(matches),
    {"held-out": [100 * one for one in matches.values()]},
    title="One head of the cross-attention silenced",
    ylabel="exact match (%)",
)

# %% [markdown]
# Every head is needed, none is all: without any one of them a tenth to a third of the answers goes wrong, the rest stays right. Heads share the work, and training
# had no reason to keep their parts apart. In large trained models many heads can go without loss (Michel et al., 2019).
#
# Would one head of all 48 columns have done? The same model, the same 900 steps, with `N_HEAD` changed, from eight seeds each:
#
# | heads × columns | 1 × 48 | 2 × 24 | 4 × 12 | 12 × 4 |
# |---|---|---|---|---|
# | exact match, mean | 96.8 % | 97.2 % | 97.9 % | 97.4 % |
# | worst to best seed | 94.2 to 98.7 % | 96.0 to 99.4 % | 97.1 to 98.8 % | 96.4 to 98.1 % |
#
# With one head half as many dates again are wrong as with four in the mean, at the same number of parameters. But two seeds of one model differ by more than the means do: from a single run each,
# any order could come out. One head does well because the encoder's attention can bring letters together before the decoder looks.
#
# ### Where it breaks
#
# **Predict** what the model makes of ways it was never shown.

# %% tags=["demo"]
for text in ("3. march, 1987", "1987/3/4", "32 march 1987", "3 march 1887", "3 marsh 1987", "tomorrow"):
    print(f"{text:<18} {answer(translator, text)}")

# %% [markdown]
# It learned eleven ways, not dates. It writes a 32nd of march without hesitation, moves 1887 to the century it knows, and answers `tomorrow` with
# something that looks like a date: greedy decoding has no way to decline. What is near the training data often works (a misspelt month whose telling letters are there), what is merely
# plausible to *us*, year first with slashes, does not. dateutil fails by saying so; a model fails by answering.

# %% [markdown]
# ## Recap
#
# **Q:** What can two heads do that one head cannot?\
# **A:** Look sharply at two places and keep them apart. One head gives each query one mixture: with equal weights order is lost, with unequal ones it is left only as amounts in the same columns.
#
# **Q:** Why do twelve heads cost no more parameters than one head of the same `n_embd`?\
# **A:** They share its columns: each has `head_size = n_embd // n_head` of them. Number of parameters and of multiplications stay the same.
#
# **Q:** Why is `x.reshape(batch, n_head, time, head_size)` wrong for splitting heads?\
# **A:** Reshape keeps the order in memory, so a head would get whole positions. Cut the last dimension into `(n_head, head_size)`, then exchange time and heads.
#
# **Q:** A mask `(batch, time, time)` meets scores `(batch, n_head, time, time)`. What goes wrong, and when silently?\
# **A:** Broadcasting lines up from the right, so batch stands under n_head: an error, unless one of them is 1 or both are equal; then each head silently gets one sequence's mask. The mask needs a dimension of size 1 for the heads.
#
# **Q:** What is `proj` for, and how do heads' outputs meet in it?\
# **A:** It maps the merged heads back to the model's columns. Its product is a sum over heads, each through its own block of columns of `proj.weight`: heads add up.
#
# **Q:** How many weights has an attention layer, and why does n_head not matter?\
# **A:** Four matrices of `n_embd` times `n_head * head_size`, 4 · `n_embd`² in most models (a third of GPT-3). Only that product counts: heads are a way of using columns.
#
# **Q:** Why are zeros as padding not enough, and what does a padding mask hide?\
# **A:** A zero vector still gets a score and a weight. The mask hides keys: no query may read a padding position.
#
# **Q:** Why must a fully masked row give 0 and not nan?\
# **A:** A nan at a position that nobody needs spreads: hidden keys get weight 0, and 0 times nan is nan.
#
# **Q:** Why is padding put on the left for a GPT that continues prompts, and which rows of the causal mask does that empty?\
# **A:** So that each row's new id stands right behind its text. The rows of padding itself: nothing real stands before them.
#
# **Q:** Where do queries, keys and values of cross-attention come from?\
# **A:** Queries from the decoder, keys and values from the memory, which is the encoder's output.
#
# **Q:** What is teacher forcing?\
# **A:** In training the decoder gets the right target so far, moved one place to the right, not what it wrote itself. So all places are trained in one pass.
#
# **Q:** What does an attention map not show, and what does?\
# **A:** Whether a head matters, and what the encoder put at the place it looks at. Ablation shows the first: zero the head's columns of `proj.weight` and count right answers.
#
# **Q:** How does a decoder write greedily?\
# **A:** It starts with the start id, appends the likeliest id after the last position, and reads all ids so far again for the next.

# %% [markdown]
# ## Glossary
#
# - **head**: one attention with queries, keys and values of its own
# - **head_size**: the columns of a head; `n_embd // n_head` in most models
# - **split, merge**: from `(batch, time, n_embd)` to `(batch, n_head, time, head_size)`, and back
# - **proj**: the last linear layer of multi-head attention
# - **padding**: filling that makes rows of a batch equally long; a **padding mask** says which positions are real
# - **encoder, decoder**: what reads the source; what writes the target
# - **memory**: the encoder's output, which the decoder reads
# - **cross-attention**: attention with queries from one sequence, keys and values from another
# - **alignment**: which places of the source a place of the target rests on
# - **teacher forcing**: training the decoder on the right ids so far
# - **greedy decoding**: writing the likeliest id each time
# - **exact match**: the share of answers that are right throughout
# - **ablation**: taking a part out to see what it was for

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Fewer examples.** Train on 500 dates instead of 8,000, with one head and with four. Where does each begin to fail, and on which ways of writing?
# 2. **Without an encoder.** Leave out the encoder's self-attention, so that each memory vector knows its own character only. What happens to the alignment map,
#    and to `'87`?
# 3. **Fewer keys than queries.** Let all heads share one head of keys and values (*multi-query attention*; Shazeer, 2019). How many parameters does that save in GPT-3, and does the model still
#    learn dates? Most models of today share keys among groups of heads, to make memory for long texts affordable.

# %% [markdown]
# ## To go deeper
#
# - Vaswani et al., [Attention is all you need], 2017: multi-head attention, encoder and decoder
# - Bahdanau, Cho and Bengio, [Neural machine translation by jointly learning to align and translate], 2014: where alignment maps come from
# - Jay Alammar, [The illustrated transformer]: the same, drawn
# - Sebastian Raschka, [Self-, multi-head and cross-attention], in code
# - Harvard NLP, [The annotated Transformer]: the paper, line by line
# - Elhage et al., [A mathematical framework for transformer circuits], 2021: heads as independent summands
# - Michel, Levy and Neubig, [Are sixteen heads really better than one?], 2019: most heads of trained models can go
#
# [Attention is all you need]: https://arxiv.org/abs/1706.03762
# [Neural machine translation by jointly learning to align and translate]: https://arxiv.org/abs/1409.0473
# [The illustrated transformer]: https://jalammar.github.io/illustrated-transformer/
# [Self-, multi-head and cross-attention]: https://magazine.sebastianraschka.com/p/understanding-and-coding-self-attention
# [The annotated Transformer]: https://nlp.seas.harvard.edu/annotated-transformer/
# [A mathematical framework for transformer circuits]: https://transformer-circuits.pub/2021/framework/index.html
# [Are sixteen heads really better than one?]: https://arxiv.org/abs/1905.10650
