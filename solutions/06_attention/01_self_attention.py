# %% [markdown]
# # Self-attention
#
# **After this lesson** you can write attention from an average up to the head of a transformer, you know why its
# scores are divided by $\sqrt{\text{head size}}$ and why a mask comes before softmax, and you have seen two heads,
# one above the other, learn to copy a text.
#
# About 150 minutes, with a break after part 5 · 11 exercises, 29 points · builds on: 01_tensors (broadcasting,
# softmax), 01_tensors/03 (modules), 04/01 (bigrams), 04/02 (embeddings, training with AdamW).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not written;
# run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.models.attention`; your test cell does
# not look for them.

# %%
import math

import torch
from torch import nn
from torch.nn import functional

from fasttrack import plot
from fasttrack.check import self_attention as check

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# A transformer is a stack of blocks, and each block does two things: positions exchange information (attention),
# then each position thinks for itself (a small network). This lesson builds the first.

# %% tags=["demo"]
plot.pipeline(
    {
        "tokens": "ids",
        "embedding": "a vector each",
        "attention": "who reads whom",
        "logits": "a number each",
        "next token": "the best",
    },
    here={"attention"},
)

# %% [markdown]
# ## 1. A text that repeats
#
# Here is a language. A text is a **block** of 5 to 12 different letters, drawn at random, repeated until there are
# 24 letters. Two texts have nothing in common, except that they repeat.

# %%
letters = "abcdefghijklmnopqrstuvwxyz"
length = 24


def repeats(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """`count` texts: inputs int64 `(count, 23)`, targets (the next letters), and bool: is the target known?"""
    generator = torch.Generator().manual_seed(seed)
    block = torch.rand(count, 26, generator=generator).argsort(1)  # (count, 26): the letters, shuffled
    period = torch.randint(5, 13, (count, 1), generator=generator)  # (count, 1)
    ids = block.gather(1, torch.arange(length) % period)  # (count, 24)
    known = torch.arange(1, length) > period  # (count, 23): the letter before it has been seen earlier
    return ids[:, :-1], ids[:, 1:], known


def spell(ids: torch.Tensor) -> str:
    return "".join(letters[i] for i in ids.tolist())


held_x, held_y, held_known = repeats(2000, seed=1)  # held-out: training draws from other seeds
for row in range(4):
    print(spell(held_x[row]), " next:", spell(held_y[row, -1:]))

# %% [markdown]
# Where the second copy of a block has begun, you can tell every next letter: look for the letter you are at,
# further left, and read what came after it. `known` marks these targets; we count only them. (The first letter of
# the second copy is not among them: nothing says that the block is over.)
#
# The bigram of 04/01 counts which letter follows which. **Predict** the share of known targets that it gets right,
# after 20,000 training texts.

# %% tags=["demo"]
train_x, train_y, train_known = repeats(20_000, seed=0)
pairs = torch.zeros(26, 26)
pairs.index_put_(
    (train_x[train_known], train_y[train_known]), torch.ones(int(train_known.sum())), accumulate=True
)
bigram_right = (pairs.argmax(1)[held_x] == held_y)[held_known].float().mean().item()
print(f"bigram {bigram_right:.1%}, blind guess {1 / 26:.1%}")

# %% [markdown]
# No better than a guess. Over all texts, every other letter follows *q* equally often; in *this* text exactly one
# does. A table of parameters knows the language. It cannot know the text in front of it.
#
# What about the MLP or the WaveNet of unit 04, with a window of 12 letters? They have other parameters for each
# place in the window. What they learn about a letter four places back tells them nothing about the same letter five
# places back. What we need is an operation that looks things up *by what they are*, at any distance. Its first form
# is very plain.
#
# ## 2. The plainest way to look back: an average
#
# From here on each position $t$ of a sequence has a vector of `n_embd` numbers, all of them together `x`, `(batch,
# time, n_embd)`. We want to give each position information on what came before. The plainest summary is a mean.
#
# ### Exercise 1: mean of the past   ·  ★☆☆ · 6 min · 2 points
#
# - `x`: float `(batch, time, n_embd)`, any float dtype
# - returns: same shape and dtype. Row `t` is the mean of rows 0 to `t` of `x`, position `t` included
# - `x` stays as it is
#
# A loop over positions is welcome; it will not stay.


# %% exercise: mean_of_past
def mean_of_past(x: torch.Tensor) -> torch.Tensor:
    """At each position the mean of it and all before it: `(batch, time, n_embd)`, as `x`."""
    ### BEGIN SOLUTION
    rows = [x[:, : t + 1].mean(1) for t in range(x.shape[1])]  # each (batch, n_embd)
    return torch.stack(rows, 1)
    ### END SOLUTION


# %%
small = torch.tensor([[[4.0, 0.0], [2.0, 0.0], [0.0, 3.0]]])  # (1, 3, 2)
mean_of_past(small)  # look: (4, 0), (3, 0), (2, 1)

# %% test: mean_of_past points=2
check.mean_of_past(mean_of_past)
### BEGIN HIDDEN TESTS
check.mean_of_past(mean_of_past, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My first row is nan</summary>
#
# A mean of nothing. Position 0 sees itself; a slice up to and with `t` ends at `t + 1`.
# </details>
# <details><summary>The shape is wrong</summary>
#
# `x[:, :3].mean(1)` is `(batch, n_embd)`: time is gone. Collect one for each position and put time back as
# dimension 1; `torch.stack` takes the place of the new dimension.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next comparison needs it. Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def mean_of_past(x):
#     return torch.cumsum(x, 1) / torch.arange(1, x.shape[1] + 1)[:, None]
# ```
# </details>

# %% [markdown]
# ### The same as a matrix
#
# A loop over positions is slow, and it hides what is going on. A mean is a sum with **weights**. With the three
# positions of `small`:
#
# $$\begin{pmatrix} 1 & 0 & 0 \\ \tfrac12 & \tfrac12 & 0 \\ \tfrac13 & \tfrac13 & \tfrac13 \end{pmatrix}
# \begin{pmatrix} 4 & 0 \\ 2 & 0 \\ 0 & 3 \end{pmatrix} = \begin{pmatrix} 4 & 0 \\ 3 & 0 \\ 2 & 1 \end{pmatrix}$$
#
# Row $t$ of the left matrix says how much position $t$ takes from each position. **One matrix product moves all the
# information there is to move.** From now on the row is the **query** (the position that reads), the column the
# **key** (the position that is read), and everything in this lesson is about what stands in that matrix.
#
# (Careful with a word: *weights* here are these shares, computed anew for each text. What training changes are
# *parameters*.)
#
# First, who may be read at all. A **mask** is a matrix of bool, **True = may attend**, as in PyTorch's own
# attention. (Older modules of PyTorch mean the opposite, and say so in their documentation.)
#
# ### Exercise 2: causal mask   ·  ★☆☆ · 3 min · 1 point
#
# Position $t$ may look at itself and at what came before, never ahead: the letter to be predicted is there.
#
# - `time`: int ≥ 1
# - returns: bool tensor `(time, time)`, True where the row (query) may attend to the column (key)


# %% exercise: causal_mask forbid=["fasttrack.models.attention.causal_mask"]
def causal_mask(time: int) -> torch.Tensor:
    """Which keys each query may see: bool `(time, time)`, True = may attend."""
    ### BEGIN SOLUTION
    return torch.ones(time, time, dtype=torch.bool).tril()
    ### END SOLUTION


# %%
causal_mask(4).int()  # look: a lower triangle, diagonal included

# %% test: causal_mask points=1
check.causal_mask(causal_mask)
### BEGIN HIDDEN TESTS
check.causal_mask(causal_mask, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which triangle is it?</summary>
#
# Row 0 is the first position. It may see one key, itself. The last row sees all.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.attention import causal_mask`. The grader still counts the
# exercise as not written.
# </details>

# %% [markdown]
# ### Exercise 3: averaging weights   ·  ★★☆ · 6 min · 2 points
#
# Equal weights for all keys that a mask allows. Masks come in many forms; do not count on a triangle.
#
# - `mask`: bool `(..., query_time, key_time)`, with any number of dimensions in front, not always square
# - returns: float32, same shape. In each row the allowed keys share the weight 1 equally; all others get 0
# - a row without any allowed key: zeros, not nan


# %% exercise: averaging_weights
def averaging_weights(mask: torch.Tensor) -> torch.Tensor:
    """Equal weights on what each query may see: `(..., query_time, key_time)`, rows sum to 1, or to 0."""
    ### BEGIN SOLUTION
    return mask / mask.sum(-1, keepdim=True).clamp(min=1)  # the sum: (..., query_time, 1)
    ### END SOLUTION


# %%
print(averaging_weights(causal_mask(3)))  # look: the matrix above
print(averaging_weights(torch.tensor([[True, False, True], [False, False, False]])))  # look: ½ 0 ½, zeros
print(averaging_weights(causal_mask(3)) @ small)  # look: what mean_of_past gave

# %% test: averaging_weights points=2
check.averaging_weights(averaging_weights)
### BEGIN HIDDEN TESTS
check.averaging_weights(averaging_weights, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My rows do not sum to 1</summary>
#
# The sum of a row runs along the keys, the last dimension. Without `keepdim=True` the division pairs rows with
# columns: for a square matrix that raises no error.
# </details>
# <details><summary>nan in a row of zeros</summary>
#
# 0/0. Where the sum is 0, anything else may stand in the denominator: the numbers above are 0 already.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def averaging_weights(mask):
#     return functional.normalize(mask.float(), p=1, dim=-1)
# ```
# </details>

# %% [markdown]
# Loop and matrix agree, for any `x`:

# %%
x = torch.randn(3, 8, 5, generator=torch.Generator().manual_seed(0))  # (batch, time, n_embd)
(averaging_weights(causal_mask(8)) @ x - mean_of_past(x)).abs().max()  # look: rounding, no more

# %% tags=["demo"]
word = list("quantizequan")
plot.attention(
    averaging_weights(causal_mask(12)), word, word, title="Averaging: every letter reads all before it"
)

# %% [markdown]
# Two things are wrong with an average. It takes as much from a useless position as from the one that matters, so
# the more there is to read, the less of each arrives. And it is the same for every text. At the second *q* we want
# all of the weight on what came after the first *q*. The weights have to depend on `x`.
#
# ## 3. Asking: queries and keys
#
# Think of a Python dictionary. You come with a query, find the *one* key that is equal, and get its value.
# Attention is a dictionary in which everything is a vector and nothing needs to be equal:
#
# - each position asks with a **query** vector $q$: what am I looking for?
# - each position is found by a **key** vector $k$: what am I?
# - each position hands over a **value** vector $v$: what do I tell?
#
# How well a key answers a query is their dot product, a **score**. Softmax makes of one query's scores weights that
# sum to 1, and the answer is the weighted mean of the values. With one query, three keys and three values of one
# number each:

# %% tags=["nbval-check-output"]
one_query = torch.tensor([2.0, 0.0])  # (2,)
three_keys = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])  # (3, 2)
three_values = torch.tensor([[10.0], [99.0], [30.0]])  # (3, 1)

scores = torch.stack([one_query @ key for key in three_keys])  # (3,)
weights = scores.softmax(0)  # (3,)
answer = sum(weight * value for weight, value in zip(weights, three_values, strict=True))  # (1,)
print("scores ", scores.tolist())
print("weights", [round(weight, 3) for weight in weights.tolist()])
print("answer ", round(answer.item(), 2))

# %% [markdown]
# The first and the third key answer equally well, so the answer would be 20, were it not for the second, which gets
# through, a little. Unlike a dictionary's lookup, this has a derivative: training can move queries and keys until
# the right ones find each other.
#
# ### Exercise 4: scores   ·  ★☆☆ · 4 min · 1 point
#
# The scores of all queries against all keys. Queries and keys may come from different sequences, so their times may
# differ.
#
# - `q`: float `(..., query_time, head_size)`; `k`: float `(..., key_time, head_size)`. The same dimensions in
#   front: none, a batch, or more. `head_size` is the length of a query or key (what a *head* is says part 7)
# - returns: `(..., query_time, key_time)`, at row $i$, column $j$ the dot product of query $i$ with key $j$
# - no scale and no softmax yet


# %% exercise: attention_scores
def attention_scores(q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
    """Dot products of all queries with all keys: `(..., query_time, key_time)`."""
    ### BEGIN SOLUTION
    return q @ k.transpose(-2, -1)
    ### END SOLUTION


# %%
attention_scores(one_query[None], three_keys)  # look: one row, 2, 0, 2

# %% test: attention_scores points=1
check.attention_scores(attention_scores)
### BEGIN HIDDEN TESTS
check.attention_scores(attention_scores, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# A matrix product sums over the last dimension of the left and the last but one of the right. For `k` these are in
# the wrong order.
# </details>
# <details><summary>It works for two dimensions, not for three</summary>
#
# `k.T` turns *all* dimensions round, the batch too. `k.mT` turns the last two; so does `transpose` with two
# negative numbers.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `attention_scores = lambda q, k: torch.einsum("...qh,...kh->...qk", q, k)`. The grader
# still counts the exercise as not written.
# </details>

# %% [markdown]
# ## 4. Why the scores are scaled
#
# Say the numbers in `q` and `k` are independent, with mean 0 and variance 1. Each product $q_i k_i$ has mean 0 and
# variance 1, too, and a sum of `head_size` such products has variance `head_size`. Its standard deviation is
# $\sqrt{\text{head size}}$.
#
# **Predict:** with 16 keys and a head size of 256, how large is the largest of the 16 weights? With equal weights
# it would be 1/16 = 0.06.

# %% tags=["demo", "nbval-check-output"]
generator = torch.Generator().manual_seed(0)
head_sizes = [1, 4, 16, 64, 256, 1024]
raw_scores = []
for head_size in head_sizes:
    q = torch.randn(500, 1, head_size, generator=generator)  # 500 queries, each with 16 keys of its own
    k = torch.randn(500, 16, head_size, generator=generator)
    raw_scores.append((q @ k.transpose(1, 2)).squeeze(1))  # (500, 16)
    deviation, largest = raw_scores[-1].std().item(), raw_scores[-1].softmax(1).amax(1).mean().item()
    print(f"head_size {head_size:>4}: scores deviate by {deviation:5.1f}, largest weight {largest:.2f}")

# %% [markdown]
# Nearly 1. Before any training, attention has made up its mind, at random, and reads one position. Worse: it
# cannot change its mind, as the derivative of softmax will show.
#
# ### Exercise 5: Jacobian of softmax   ·  ★★☆ · 10 min · 3 points
#
# Softmax takes scores $s_1 … s_n$ to weights $w_i = e^{s_i} / \sum_k e^{s_k}$. How does each weight move with each
# score? All these derivatives in one matrix, outputs in rows, inputs in columns, are the **Jacobian**. By the
# quotient rule
#
# $$\frac{\partial w_i}{\partial s_i} = w_i - w_i^2 \qquad\qquad \frac{\partial w_i}{\partial s_j} = -\,w_i w_j \quad (i \ne j)$$
#
# - `weights`: float `(n,)`, the output of softmax
# - returns: `(n, n)`, same dtype, at row $i$, column $j$ the derivative of weight $i$ in score $j$
#
# Without autograd and without `torch.func`.


# %% exercise: softmax_jacobian forbid=["torch.autograd.functional.jacobian", "torch.func.jacrev", "torch.func.jacfwd", "torch.func.vjp", "torch.func.jvp", "torch.autograd.grad", "torch.autograd.backward", ".backward"]
def softmax_jacobian(weights: torch.Tensor) -> torch.Tensor:
    """The derivative of each softmax weight `(n,)` in each score: `(n, n)`."""
    ### BEGIN SOLUTION
    return torch.diag(weights) - weights[:, None] * weights
    ### END SOLUTION


# %%
print(softmax_jacobian(torch.tensor([0.5, 0.5])))  # look: ±0.25
print(softmax_jacobian(torch.tensor([0.99, 0.01])))  # look: ±0.0099, 25 times smaller

# %% test: softmax_jacobian points=3
check.softmax_jacobian(softmax_jacobian)
### BEGIN HIDDEN TESTS
check.softmax_jacobian(softmax_jacobian, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I write all the products at once?</summary>
#
# A column `(n, 1)` times a row `(1, n)` broadcasts to `(n, n)`: lesson 01/01.
# </details>
# <details><summary>Only the diagonal is wrong</summary>
#
# Start from the products with a minus, everywhere; then look at what the diagonal is missing. `torch.diag` makes a
# matrix of a vector.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next picture needs it. Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def softmax_jacobian(weights):
#     return torch.func.jacrev(lambda s: s.softmax(0))(weights.log())
# ```
# </details>

# %% [markdown]
# If one weight is near 1 and the others near 0, then **all** entries are near 0. Such a softmax is called
# **saturated**: whatever the loss says, hardly any gradient reaches scores, queries and keys. The cure is to divide
# the scores by what they deviate by, $\sqrt{\text{head size}}$. The norm of a Jacobian, the root of the sum of its
# squared entries, says how much gets through:

# %% tags=["demo"]
sensitivity = {"scores as they are": [], "divided by √head_size": []}
for head_size, raw in zip(head_sizes, raw_scores, strict=True):
    for name, scaled in zip(sensitivity, (raw, raw / math.sqrt(head_size)), strict=True):
        norms = [softmax_jacobian(row.softmax(0)).norm() for row in scaled[:200]]
        sensitivity[name].append(torch.stack(norms).median().item())
plot.curves(
    [math.log2(head_size) for head_size in head_sizes],
    sensitivity,
    title="How much softmax lets through: medians of 200 queries",
    xlabel="head size, log₂",
    ylabel="norm of its Jacobian",
)

# %% [markdown]
# Unscaled, at head size 256 = 2⁸, half of the queries let through next to nothing. (At 4 and 16 it is a little more than
# with the scale: most gets through where two keys compete.) With the scale, the head size makes no difference at the
# start. Training may still saturate a softmax, by growing queries and keys; it is not forced to begin there.
# (Dividing by `head_size` itself, a common slip, makes scores so small that attention begins as an average.)
#
# ## 5. Weights, with a mask
#
# One question is left: how does a mask get into it? Softmax gives weight to *every* score, and a 0 is a score like
# any other. **Predict:** which score gets weight 0, exactly? And what comes of a row in which every score is that?

# %% tags=["nbval-check-output"]
print(torch.tensor([1.0, 0.0, 2.0]).softmax(0))
print(torch.tensor([1.0, -math.inf, 2.0]).softmax(0))
print(torch.tensor([-math.inf, -math.inf]).softmax(0))

# %% [markdown]
# Minus infinity: $e^{-\infty} = 0$. And a row of nothing but that is 0/0. Such rows occur: a batch holds texts of
# different lengths, filled up with padding that nobody may read, and a text can be empty. PyTorch's attention gives
# these queries zeros. So shall yours.
#
# ### Exercise 6: attention weights   ·  ★★★ · 15 min · 4 points
#
# $$W = \text{softmax}\!\left(\frac{q\,k^\top}{\sqrt{\text{head size}}}\right)\quad\text{over the keys the mask allows}$$
#
# - `q`: float `(..., query_time, head_size)`; `k`: float `(..., key_time, head_size)`
# - `mask`: None (everything may be seen), or bool, **True = may attend**, broadcastable to `(..., query_time,
#   key_time)`. A mask may be `(time, time)` for a whole batch, or `(batch, 1, key_time)` for padding
# - returns: `(..., query_time, key_time)`, the dtype of `q`. Each row sums to 1, and a masked key has weight 0,
#   exactly
# - a row without any allowed key is all zeros. No nan anywhere, nor in the gradients of `q` and `k`
# - a masked score, however large, must make no difference
# - the inputs stay as they are
#
# Without PyTorch's own attention. `scores.masked_fill(where, value)` is a new tensor with `value` where the bool
# `where` is True; `where` broadcasts.


# %% exercise: attention_weights forbid=["torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward", "fasttrack.models.attention.attention_weights", "fasttrack.models.attention.scaled_dot_product_attention"]
def attention_weights(q: torch.Tensor, k: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
    """How much each query takes from each key: `(..., query_time, key_time)`, rows sum to 1, or to 0."""
    ### BEGIN SOLUTION
    scores = attention_scores(q, k) / math.sqrt(q.shape[-1])  # (..., query_time, key_time)
    if mask is None:
        return scores.softmax(-1)
    weights = scores.masked_fill(~mask, -math.inf).softmax(-1)
    return weights.masked_fill(~mask, 0.0)  # rows without a key are nan until here
    ### END SOLUTION


# %%
pair_q, pair_k = torch.eye(2), torch.tensor([[0.0, 0.0], [math.sqrt(2), 0.0]])  # (2, 2), (2, 2)
print(attention_weights(pair_q, pair_k))  # look: 0.27 0.73, then ½ ½
print(attention_weights(pair_q, pair_k, torch.tensor([[False, False], [True, False]])))  # look: 0 0, then 1 0

# %% test: attention_weights points=4
check.attention_weights(attention_weights)
### BEGIN HIDDEN TESTS
check.attention_weights(attention_weights, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My rows do not sum to one</summary>
#
# Two causes. Softmax may run over the wrong dimension: the keys are the last. Or the mask comes after softmax, and
# takes weight away that nobody gives back.
# </details>
# <details><summary>I get nan</summary>
#
# A row without any allowed key. Softmax gives nan there, whatever you do before it with -inf. Put zeros in
# afterwards, exactly where the mask forbids.
# </details>
# <details><summary>The values are right, the gradients are nan</summary>
#
# Adding -inf to a score leaves a path from the nan back to it. *Filling* cuts the path: a filled place gets
# gradient 0.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.attention import attention_weights`. The grader still counts the
# exercise as not written.
# </details>

# %% [markdown]
# A good moment for a break.
#
# ## 6. Attention
#
# Two lines are left. The weights multiply the values, as the averaging weights multiplied `x`:
#
# $$\text{attention}(q, k, v) = W v$$
#
# ### Exercise 7: scaled dot-product attention   ·  ★☆☆ · 5 min · 2 points
#
# - `q`: float `(..., query_time, head_size)`; `k`: float `(..., key_time, head_size)`
# - `v`: float `(..., key_time, value_size)`: one value for each key, of a size of its own
# - `mask`: as in exercise 6
# - returns: `(..., query_time, value_size)`, for each query the mean of the values, by its weights; zeros for a
#   query that may attend to nothing
#
# Use your `attention_weights`.


# %% exercise: scaled_dot_product_attention forbid=["torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward", "fasttrack.models.attention.attention_weights", "fasttrack.models.attention.scaled_dot_product_attention"]
def scaled_dot_product_attention(
    q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, mask: torch.Tensor | None = None
) -> torch.Tensor:
    """For each query the weighted mean of the values: `(..., query_time, value_size)`."""
    ### BEGIN SOLUTION
    return attention_weights(q, k, mask) @ v
    ### END SOLUTION


# %%
scaled_dot_product_attention(one_query[None], three_keys, three_values)  # look: 28.56
# Without the scale it was 25.01: now the scores lie closer together, and more of the 99 gets through.

# %% test: scaled_dot_product_attention points=2
check.scaled_dot_product_attention(scaled_dot_product_attention)
### BEGIN HIDDEN TESTS
check.scaled_dot_product_attention(scaled_dot_product_attention, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The shapes do not fit</summary>
#
# `(query_time, key_time)` times `(key_time, value_size)`. Nothing has to be transposed.
# </details>
# <details><summary>It is said to be wrong, but it is one line</summary>
#
# It stands on your `attention_weights`. Run that test again, and look whether the mask is handed on.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `scaled_dot_product_attention = functional.scaled_dot_product_attention`. The grader
# still counts the exercise as not written.
# </details>

# %% [markdown]
# PyTorch has this function under the same name, and `fasttrack.check` held yours against it. On a GPU, PyTorch's
# does without the `(query_time, key_time)` matrix where it can: it works on tiles of it (*FlashAttention*, Dao et
# al., 2022), with the same result up to rounding. On a text of 100,000 tokens the matrix would have 10¹⁰ entries.

# %%
q, k, v = torch.randn(3, 2, 50, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
theirs = functional.scaled_dot_product_attention(q, k, v, causal_mask(50))
ours = scaled_dot_product_attention(q, k, v, causal_mask(50))
print(f"{(ours - theirs).abs().max():.0e}")  # look: 0, or rounding

# %% [markdown]
# ## 7. A head
#
# Where do queries, keys and values come from? In **self-attention** all three come from the same `x`, by three
# linear layers. (In *cross-attention*, lesson 02, the queries come from one sequence, keys and values from another.
# The function is the same.) Three layers, because a position looks for something else than what it is: our second
# *q* is a *q*, and looks for "comes after a *q*". These layers and the attention together are a **head**.
#
# ### Exercise 8: Head   ·  ★★☆ · 12 min · 4 points
#
# - `Head(n_embd, head_size)`: a module with three layers `nn.Linear(n_embd, head_size)` without bias, in attributes
#   named `query`, `key` and `value`, and nothing else that is trained
# - `forward(x, mask=None)`: `x` float `(batch, time, n_embd)`; `mask` as in exercise 6
# - returns: `(batch, time, head_size)`, the attention of the positions among each other
# - without a mask all positions see all: causal or not is the caller's affair
#
# Use your `scaled_dot_product_attention`.


# %% exercise: Head forbid=["torch.nn.functional.scaled_dot_product_attention", "torch.nn.MultiheadAttention", "torch.nn.functional.multi_head_attention_forward", "fasttrack.models.attention.Head", "fasttrack.models.attention.attention_weights", "fasttrack.models.attention.scaled_dot_product_attention"]
class Head(nn.Module):
    """One head of self-attention: `(batch, time, n_embd)` -> `(batch, time, head_size)`."""

    def __init__(self, n_embd: int, head_size: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        ### END SOLUTION

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        """What each position reads from the others: `(batch, time, head_size)`."""
        ### BEGIN SOLUTION
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)
        ### END SOLUTION


# %%
torch.manual_seed(0)
head = Head(5, 4)
print(sum(parameter.numel() for parameter in head.parameters()))  # look: 3 · 5 · 4, for any length of text
print(tuple(head(x).shape), tuple(head(x, causal_mask(8)).shape))  # look: (3, 8, 4), twice

# %% test: Head points=4
check.Head(Head)
### BEGIN HIDDEN TESTS
check.Head(Head, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The names of the parameters are wrong</summary>
#
# A bias too many, or an attribute of another name. `print(list(dict(Head(5, 4).named_parameters())))` shows them.
# </details>
# <details><summary>Shapes are right, numbers are not</summary>
#
# All three layers have one shape, so nothing complains if two of them change places. And the scale is in your
# function already.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.attention import Head`. The grader still counts the exercise as
# not written.
# </details>

# %% [markdown]
# Note what a head has no parameters *for*: places. Three matrices serve a text of any length. They see what stands
# at a position, not where that is. (If you shuffle the keys together with their values, nothing changes. Lesson 03
# is about that.)
#
# ## 8. Does it look ahead?
#
# A model that sees the letter it has to predict has a beautiful training loss, and is worthless. Masks are where
# that bug lives. Here are three ways to write causal weights; the output is `weights @ x`. Two are wrong, as part
# 5 says. **Predict** for each of the two: do its *weights* above the diagonal show it?


# %%
def mask_before(x):
    """(time, n) -> weights (time, time)"""
    return attention_weights(x, x, causal_mask(len(x)))


def mask_after(x):
    return attention_weights(x, x) * causal_mask(len(x))


def mask_by_product(x):
    scores = attention_scores(x, x) / math.sqrt(x.shape[1]) * causal_mask(len(x))
    return scores.softmax(-1)


# %% [markdown]
# Do not trust the weights: ask the *output*. Output row $t$ looks at input row $s$ if it changes when row $s$
# changes: if a derivative is not 0, for some $x$. So one probes at random numbers.
#
# ### Exercise 9: influences   ·  ★★★ · 12 min · 3 points
#
# - `f`: a function that takes a float tensor `(time, n)` and returns one of shape `(time, m)`, with `m` not always
#   `n`
# - `x`: float64 `(time, n)`
# - returns: bool `(time, time)`. At row $t$, column $s$: True if the derivative at `x` of *at least one* number in
#   row $t$ of the output in *at least one* number in row $s$ of the input is not exactly 0
# - `x` is left without traces: same numbers, no `requires_grad`, no `.grad`
#
# `torch.autograd.functional.jacobian(f, x)` is `(time, m, time, n)`: the derivative of each number of the output in
# each number of the input. You may also go another way.


# %% exercise: influences
def influences(f, x: torch.Tensor) -> torch.Tensor:
    """Which rows of the input `(time, n)` reach which rows of the output: bool `(time, time)`, outputs in rows."""
    ### BEGIN SOLUTION
    slopes = torch.autograd.functional.jacobian(f, x)  # (time, m, time, n)
    return (slopes != 0).any(3).any(1)
    ### END SOLUTION


# %%
influences(lambda t: t.cumsum(0), torch.ones(3, 2, dtype=torch.float64)).int()  # look: a lower triangle

# %% test: influences points=3
check.influences(influences)
### BEGIN HIDDEN TESTS
check.influences(influences, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Some influences are missing</summary>
#
# Slopes have signs. If you add them up, or call `backward` on the sum of a row, +1 and −1 make 0. Ask first which
# are 0, then whether *any* is not.
# </details>
# <details><summary>Rows and columns are exchanged</summary>
#
# The Jacobian has output dimensions first, then those of the input. After dropping `n` and `m`, nothing has to be
# transposed.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next picture needs it. Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def influences(f, x):
#     return torch.func.jacfwd(f)(x).abs().amax((1, 3)) > 0
# ```
# </details>

# %% tags=["demo"]
probe = torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
ways = (mask_before, mask_after, mask_by_product)
panels = {f"{way.__name__}: weights": way(probe) for way in ways}
panels |= {f"{way.__name__}: influences": influences(lambda x, way=way: way(x) @ x, probe) for way in ways}
places = [str(t) for t in range(6)]
plot.attention(
    panels,
    places,
    places,
    title="The weights of mask_after are clean; its output looks ahead",
    xlabel="key, or input",
    ylabel="query, or output",
    measure="weight (influence: 0 or 1)",
)

# %% [markdown]
# `mask_by_product` gives future keys the score 0 and, with it, weight: the weights show it. `mask_after` is the
# insidious one: its weights *are* zero above the diagonal. But the denominator of softmax has run over all keys, so
# the size of every weight that is left tells of the future. Nor is that little: at this probe the largest derivative
# in a later row is 0.29, where those in a position's own row are about 1. A model finds it.
#
# ## 9. A model of heads alone
#
# Back to the language of part 1. A model needs three more things around the heads:
#
# - **Embeddings**, as in 04/02: a learned vector for each letter.
# - **Positions.** Heads do not see the order, so each place gets a learned vector, too, which is added to the
#   letter's. (Lesson 03 has better ways.)
# - **Adding up.** A head's output is *added* to what was there, `x = x + head(x)`. So a position keeps what it is,
#   and learns what the head has read. Output and `x` must be of one size, so `head_size` is `n_embd`. (Lesson 04 has
#   more on adding.)
#
# ### Exercise 10: attention only   ·  ★★★ · 15 min · 4 points
#
# - `AttentionOnly(vocab_size, block_size, n_embd, n_layer)`: a module with four attributes: `token`, an
#   `nn.Embedding` with `vocab_size` vectors of `n_embd` numbers; `position`, an `nn.Embedding` with `block_size`
#   such vectors; `heads`, an `nn.ModuleList` of `n_layer` heads `Head(n_embd, n_embd)`; `out`, an `nn.Linear` (with
#   bias) from `n_embd` to `vocab_size` numbers
# - `forward(ids)`: int64 `(batch, time)`, time ≤ block_size
#     - `x`: the letters' vectors plus the vectors of places 0 to time − 1, `(batch, time, n_embd)`
#     - then for each head in turn `x = x + head(x, mask)`, with the causal mask
#     - returns the logits `out(x)`, `(batch, time, vocab_size)`


# %% exercise: AttentionOnly
class AttentionOnly(nn.Module):
    """Embeddings, causal heads that add what they read, logits: ids `(batch, time)` -> `(batch, time, vocab_size)`."""

    def __init__(self, vocab_size: int, block_size: int, n_embd: int, n_layer: int):
        super().__init__()
        ### BEGIN SOLUTION
        self.token = nn.Embedding(vocab_size, n_embd)
        self.position = nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList([Head(n_embd, n_embd) for _ in range(n_layer)])
        self.out = nn.Linear(n_embd, vocab_size)
        ### END SOLUTION

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Logits for the next token at each position."""
        ### BEGIN SOLUTION
        time = ids.shape[1]
        x = self.token(ids) + self.position(torch.arange(time))  # (batch, time, n_embd)
        mask = causal_mask(time)
        for head in self.heads:
            x = x + head(x, mask)
        return self.out(x)
        ### END SOLUTION


# %%
torch.manual_seed(0)
model = AttentionOnly(26, length, 32, 2)
print(sum(parameter.numel() for parameter in model.parameters()))  # look: 8602
print(tuple(model(held_x[:5]).shape))  # look: (5, 23, 26)

# %% test: AttentionOnly points=4
check.AttentionOnly(AttentionOnly)
### BEGIN HIDDEN TESTS
check.AttentionOnly(AttentionOnly, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>index out of range in self</summary>
#
# There are `block_size` places and `vocab_size` letters. The places are 0, 1, 2, … up to time − 1, not the
# ids.
# </details>
# <details><summary>8,602 is not what I get</summary>
#
# 26 · 32 for the letters, 24 · 32 for the places, 2 · 3 · 32 · 32 for the heads, 32 · 26 + 26 for the output.
# `[Head(…)] * 2` is a list of one head, twice.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# class AttentionOnly(nn.Module):
#     def __init__(self, vocab_size, block_size, n_embd, n_layer):
#         super().__init__()
#         self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
#         self.heads = nn.ModuleList()
#         for _ in range(n_layer):
#             self.heads.append(Head(n_embd, n_embd))
#         self.out = nn.Linear(n_embd, vocab_size)
#
#     def forward(self, ids):
#         stream = self.token(ids) + self.position.weight[: ids.shape[-1]]
#         for read in self.heads:
#             stream = stream + read(stream, causal_mask(ids.shape[-1]))
#         return self.out(stream)
# ```
# </details>

# %% [markdown]
# ## 10. A number for a picture
#
# Soon we shall look at attention maps and see a pattern. Before that, let us say what we hope to see, as a number
# that can be computed for thousands of texts.
#
# A head that copies reads, at a letter, *what came after the same letter before*. How much of its weight goes
# there? This is the **induction score**; a head with a high one is an *induction head*. Olsson et al. of Anthropic
# (2022) found such heads in all transformer language models of two layers or more that they looked at, large ones
# too.
#
# ### Exercise 11: induction score   ·  ★★★ · 15 min · 3 points
#
# - `weights`: float `(batch, time, time)`, queries in rows; `ids`: int64 `(batch, time)`
# - for a query $t$, the keys that count are all $s$ with $1 \le s \le t$ and `ids[s - 1] == ids[t]`: the places
#   after earlier occurrences of its token. There may be several, or none
# - returns: a Python float, the sum of a query's weights on the keys that count, averaged over all queries of all
#   sequences together that have at least one such key. Queries without are left out
# - `0.0` if there is no such query at all
#
# A loop over places is fine; broadcasting does without.


# %% exercise: induction_score
def induction_score(weights: torch.Tensor, ids: torch.Tensor) -> float:
    """The mean weight on what came after the query's token before; 0.0 if no token occurs twice."""
    ### BEGIN SOLUTION
    same = ids[:, :, None] == ids[:, None, :-1]  # (batch, time, time - 1): query t, place s - 1
    after = functional.pad(same, (1, 0)) & causal_mask(ids.shape[1])  # (batch, time, time): query t, key s
    counted = (weights * after).sum(-1)[after.any(-1)]  # (queries,)
    return counted.mean().item() if len(counted) else 0.0
    ### END SOLUTION


# %%
abcab = torch.tensor([[0, 1, 2, 0, 1]])  # "abcab": query 3 looks for place 1, query 4 for place 2
both_one = torch.zeros(1, 5, 5)
both_one[0, 3, 1] = both_one[0, 4, 1] = 1.0  # queries 3 and 4 both read place 1
print(induction_score(both_one, abcab))  # look: query 3 right, 4 wrong: 0.5
print(f"{induction_score(averaging_weights(causal_mask(5))[None], abcab):.3f}")  # look: (1/4 + 1/5) / 2

# %% test: induction_score points=3
check.induction_score(induction_score)
### BEGIN HIDDEN TESTS
check.induction_score(induction_score, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I am off by one place</summary>
#
# If the letter at `t` stood at place `p` before, the key is `p + 1`. In a matrix of "is equal", that is a shift by
# one column to the right, with nothing in column 0.
# </details>
# <details><summary>It is right for abcab, and wrong in the test</summary>
#
# A letter may have occurred several times; each has a key that counts. The weights in the test also look ahead:
# keys after the query do not count. And a key may be the query itself, in *aa*.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It is slow; ask it about few texts. The grader still counts the exercise as not
# written.
#
# ```
# def induction_score(weights, ids):
#     found = []
#     for w, row in zip(weights.tolist(), ids.tolist()):
#         for t, token in enumerate(row):
#             hits = [w[t][p + 1] for p in range(t) if row[p] == token]
#             found += [sum(hits)] if hits else []
#     return sum(found) / max(len(found), 1)
# ```
# </details>

# %% [markdown]
# ## 11. Training
#
# Three models, all trained the same way: 1,000 batches of 64 fresh texts, AdamW, the loss on known targets only.
# Beside them stands the bigram of part 1.
#
# - **averaging**: two layers, with the heads' weights replaced by the equal ones of exercise 3
# - **one layer** and **two layers**: `AttentionOnly` with one head, and with two, one above the other. (Heads side by
#   side are lesson 02.)
#
# **Predict** the share of the known targets that each gets right on held-out texts. Whoever can look for a letter
# gets 100 %; a line of Python does: `text[text.index(letter) + 1]`.


# %% tags=["demo"]
class Averaging(nn.Module):
    """A head whose weights do not depend on x."""

    def __init__(self, n_embd: int):
        super().__init__()
        self.value = nn.Linear(n_embd, n_embd, bias=False)

    def forward(self, x, mask):
        return averaging_weights(mask) @ self.value(x)


def train(model: nn.Module, steps: int = 1000) -> list[float]:
    """Train on fresh texts; the loss before each step."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.003)
    losses = []
    for step in range(steps):
        ids, targets, known = repeats(64, seed=1000 + step)
        loss = functional.cross_entropy(model(ids)[known], targets[known])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@torch.no_grad()
def accuracy(model: nn.Module) -> float:
    return (model(held_x).argmax(-1) == held_y)[held_known].float().mean().item()


# %% [markdown]
# Before we train, a map of what the two layers do now. `maps` goes through the model by hand and keeps the weights
# of each.


# %% tags=["demo"]
@torch.no_grad()
def maps(model: nn.Module, ids: torch.Tensor) -> list[torch.Tensor]:
    """The attention weights of each layer: ids `(batch, time)` -> `(batch, time, time)` each."""
    x = model.token(ids) + model.position(torch.arange(ids.shape[1]))
    mask, found = causal_mask(ids.shape[1]), []
    for head in model.heads:
        found.append(attention_weights(head.query(x), head.key(x), mask))
        x = x + head(x, mask)
    return found


torch.manual_seed(0)
two_layers = AttentionOnly(26, length, 32, 2)
text = "quantizequantizequantiz"
text_ids = torch.tensor([[letters.index(letter) for letter in text]])  # (1, 23)
before = maps(two_layers, text_ids)
score_before = [induction_score(weights, held_x) for weights in maps(two_layers, held_x)]
plot.attention(
    {f"layer {i + 1}": weights[0] for i, weights in enumerate(before)},
    list(text),
    list(text),
    title="Before training: everyone reads a bit of everything",
)

# %% tags=["demo"]
torch.manual_seed(0)
averaging = AttentionOnly(26, length, 32, 2)
averaging.heads = nn.ModuleList([Averaging(32), Averaging(32)])
one_layer = AttentionOnly(26, length, 32, 1)
trained = {"averaging": averaging, "one layer": one_layer, "two layers": two_layers}
losses = {name: train(model) for name, model in trained.items()}
plot.curves(
    range(400),
    {name: values[:400] for name, values in losses.items()},
    title="The first 400 steps: two layers find something that one does not",
    xlabel="step",
    ylabel="loss (nats per letter)",
)

# %% tags=["demo"]
print(f"bigram      {bigram_right:6.1%}")
for name, model in trained.items():
    print(f"{name:<11} {accuracy(model):6.1%}")

# %% [markdown]
# The bigram stays at a guess. The average knows which letters are in the text. Whoever guesses among the letters of
# the block, without the present one, is right in 16 % of the cases, and that is about what it gets: **the number to
# beat**. One layer gets about 30 %, by another trick: by place alone, whatever stands there, it reads mostly the
# letters 4 to 11 back, one for each possible length of a block, and lets them vote. Two layers get **all of it right,
# or miss a fraction of a percent**, on blocks that they have never seen. They have not learned letters. They have
# learned to look.
#
# Look at the green curve once more: for a hundred steps nothing tells it from the others, then it drops. Half of
# the mechanism hardly helps.
#
# ### What they do
#
# **Predict** the two maps. To copy, a position must find "the place after my letter's earlier occurrence". What
# must a *key* say for that, and who tells it?

# %% tags=["demo"]
after_training = maps(two_layers, text_ids)
plot.attention(
    {f"layer {i + 1}": weights[0] for i, weights in enumerate(after_training)},
    list(text),
    list(text),
    title="After training: layer 1 looks one back, layer 2 looks where to copy from",
)

# %% [markdown]
# - **Layer 1** reads the letter just before: the dark line lies one below the diagonal. Its head writes into each
#   position "before me stood a *q*".
# - **Layer 2** asks, at *q*: who has a *q* before it? That is the *u* of the first copy. It reads its
#   letter, *u*, and says it.
#
# Neither can copy alone; the second works on what the first has written. Two stacked heads make an algorithm. That
# is what "deep" is good for, and the two-layer mechanism is the *induction head* of Elhage et al. (2021). The first
# rows of layer 2 have nothing to find, and read just something: a softmax must spend its weight somewhere.
#
# Look at layer 1 from the second *t* on, place 12: the line stops. **Why?** To copy, a key at place 11 or before is
# always enough: in 23 letters, the first place after an earlier copy of a letter is never later. (So layer 2, which
# reads from the second copy at the third *a*, is back at the first copy at the third *n*.) Training teaches what the
# task needs, no more.

# %% tags=["demo"]
score_after = [induction_score(weights, held_x) for weights in maps(two_layers, held_x)]
for i in range(2):
    print(f"layer {i + 1}: induction score {score_before[i]:.2f} before training, {score_after[i]:.2f} after")

# %% [markdown]
# The picture was no lucky draw: over 2,000 held-out texts 99 % of layer 2's weight lies where copying needs it. Layer
# 1 has 10 %, no more than before training: it has another job.
#
# **Predict:** what does the trained model make of a text whose last letter never occurred before, and of two blocks
# that look special to us, whose last letter did?

# %% tags=["demo"]
for start in ("thequickfox", "abcdefgabc", "zyxwvutsrqpz"):
    ids = torch.tensor([[letters.index(letter) for letter in start]])
    with torch.no_grad():
        probs = two_layers(ids)[0, -1].softmax(0)
    print(f"{start} → {letters[probs.argmax()]} ({probs.max():.2f})")

# %% [markdown]
# *abcdefgabc* goes on with *d* and *zyxwvutsrqpz* with *y*, as copying demands. *thequickfox* ends in an *x* that
# has not occurred; what the model says there is made up, and said like anything else: the loss never asked for
# anything where nothing can be known.

# %% [markdown]
# ## Recap
#
# **Q:** What is the product of a matrix of averaging weights with `x` good for?\
# **A:** It moves information between positions: row t says how much position t takes from each. A mean of the past
# is a lower triangle with rows that sum to 1.
#
# **Q:** What are query, key and value?\
# **A:** A query says what a position looks for, a key what a position can be found by, a value what it hands over.
# Scores are dot products of queries with keys; the output is the mean of values, weighted by softmax of the
# scores over √head_size.
#
# **Q:** Why are attention scores divided by the square root of head_size?\
# **A:** A dot product of head_size independent terms of variance 1 has variance head_size. Unscaled, with a large
# head_size, most queries' softmax is saturated from the start: its Jacobian is near 0, and hardly any gradient reaches
# queries and keys.
#
# **Q:** Why must a mask come before softmax?\
# **A:** Masked afterwards, a row does not sum to 1, and the denominator of softmax has run over the keys that
# should be hidden: the outputs depend on the future although the weights above the diagonal are 0.
#
# **Q:** With what is a masked score filled, and what if all keys are masked?\
# **A:** With minus infinity, since a score of 0 gets weight like any other. A row of nothing but that is 0/0, nan;
# such a query gets weights and output 0.
#
# **Q:** How do you test that a function of a sequence is causal?\
# **A:** By its Jacobian: no output row may have a derivative other than 0 in a later input row. Looking at the
# weights is not enough.
#
# **Q:** How many parameters does a head have, and how do they depend on the length of the text?\
# **A:** 3 · n_embd · head_size without bias, for any length. The weight matrix, time × time, is computed for each
# text.
#
# **Q:** What is an induction head, and why does it take two layers?\
# **A:** A head that reads what came after an earlier occurrence of the present token. The keys must say which token
# stood before them, and only a head in an earlier layer can have written that.
#
# **Q:** Why does a bigram table fail on texts of random blocks that repeat?\
# **A:** Over all texts each letter follows each equally often. What follows depends on the text in front of the
# model, and a table of parameters cannot look at it.

# %% [markdown]
# ## Glossary
#
# - **attention**: for each position the mean of the values of all positions, with weights computed from what the
#   positions hold
# - **query, key, value**: what a position looks for, what it is found by, what it hands over
# - **score**: the dot product of a query and a key; divided by √head_size before softmax
# - **attention weights**: softmax of one query's scores over the keys; not parameters
# - **mask**: bool, True = may attend; **causal mask**: a lower triangle, diagonal included
# - **head**: three linear layers for queries, keys and values, and attention
# - **head_size**: the number of elements of a query or key
# - **self-attention**: queries, keys and values from one sequence; **cross-attention**: queries from another
# - **Jacobian**: all derivatives of a function in one matrix, outputs in rows, inputs in columns
# - **saturated**: a softmax with one weight near 1, whose Jacobian is near 0
# - **induction head**: one that reads what came after the present token's earlier occurrence
# - **attention map**: the picture of the weights, queries in rows, keys in columns

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **A late start.** Put 8, 10, 12 other letters before a block of 5. What happens, and which layer fails? (Look
#    where layer 1's line stops.) Can you train a model that does not care?
# 2. **Without the scale.** Train `two_layers` with n_embd 128, with and without the division, and compare the first
#    100 steps. At which size does it begin to hurt?
# 3. **No positions.** Set the vectors of all places to 0 and freeze them. Can the model still learn to copy? (A
#    causal mask is a hint on order. How far does it carry?)

# %% [markdown]
# ## To go deeper
#
# - Vaswani et al., [Attention is all you need] (2017), section 3.2: the formula of exercise 7, and footnote 4 on
#   the scale
# - Andrej Karpathy, [Let's build GPT], from minute 42: averaging by a matrix, and a head
# - 3Blue1Brown, [Attention in transformers, step by step]: queries, keys and values in pictures
# - Elhage et al., [A mathematical framework for transformer circuits] (2021): two layers of attention alone, taken
#   apart
# - Olsson et al., [In-context learning and induction heads] (2022)
# - Dao et al., [FlashAttention] (2022): the same result without the large matrix
#
# [Attention is all you need]: https://arxiv.org/abs/1706.03762
# [Let's build GPT]: https://www.youtube.com/watch?v=kCc8FmEb1nY
# [Attention in transformers, step by step]: https://www.3blue1brown.com/lessons/attention
# [A mathematical framework for transformer circuits]: https://transformer-circuits.pub/2021/framework/index.html
# [In-context learning and induction heads]: https://arxiv.org/abs/2209.11895
# [FlashAttention]: https://arxiv.org/abs/2205.14135
