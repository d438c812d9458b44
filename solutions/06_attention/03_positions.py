# %% [markdown]
# # Positions
#
# **After this lesson** you can show and prove that attention does not see the order of a text, you have written the four
# ways in which models are told (sinusoids, a learned table, rotations, distances), and you have measured which of them
# still work on texts longer than those of the training.
#
# About 160 minutes, with a break after part 5 · 12 exercises, 30 points · builds on: 06/01 (attention, masks, `Head`),
# 06/02 (many heads), 01/03 (modules).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.models.positions`; your test cell does not
# look for them.

# %%
import math

import torch
from torch import nn
from torch.nn import functional

from fasttrack import plot
from fasttrack.check import positions as check
from fasttrack.models.attention import Head, attention_weights, causal_mask, scaled_dot_product_attention

torch.set_num_threads(1)  # for tensors as small as these, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# Between the embedding of the tokens and the scores of attention. Two of the four ways add something to the embeddings, the
# other two change the scores:

# %% tags=["demo"]
plot.pipeline(
    {
        "tokens": "ids",
        "embedding": "+ positions",
        "scores": "q · k, by distance",
        "attention": "a mean of values",
        "logits": "a score each",
    },
    here={"embedding", "scores"},
)

# %% [markdown]
# ## 1. Attention cannot read
#
# Four words, each with a random vector of 8 numbers, and one head of lesson 06/01 with random parameters, no mask. The words
# stand in two orders:

# %%
torch.manual_seed(1)
vectors = dict(zip(["the", "dog", "bites", "man"], torch.randn(4, 8, dtype=torch.float64), strict=True))
reader = Head(8, 8).double()


def embedded(text: str) -> torch.Tensor:
    """The vectors of the words of a text: `(1, time, 8)`."""
    return torch.stack([vectors[word] for word in text.split()])[None]


news, no_news = "man bites dog", "dog bites man"

# %% [markdown]
# **Predict:** the word *bites* reads its two neighbours and itself. By how much does what it gets differ between the two texts?

# %% tags=["nbval-check-output"]
with torch.no_grad():
    in_news, in_no_news = reader(embedded(news)), reader(embedded(no_news))  # (1, 3, 8) each
print("bites: largest difference", round((in_news[0, 1] - in_no_news[0, 1]).abs().max().item(), 9))
print("man:   largest difference", round((in_news[0, 0] - in_no_news[0, 2]).abs().max().item(), 9))

# %% [markdown]
# By nothing. Each word gets the same vector in both texts; only the rows have changed places. A model that is built of such layers cannot tell
# who bit whom, however many layers it has and however long it trains.
#
# Let a **permutation** be a tensor of places: `permutation[i]` says which old place moves to place `i`, so
# `x[:, permutation]` is the shuffled sequence. What we have just seen says: shuffling before `f` is the same as
# shuffling after it, with $\pi$ for the permutation, $\pi(i)$ for `permutation[i]`:
#
# $$f(x)[\pi] = f(x[\pi]).$$
#
# Such an `f` is called **permutation equivariant**. How far a function is from it is a number that you can measure:
#
# ### Exercise 1: order gap   ·  ★☆☆ · 6 min · 2 points
#
# - `f`: a function from `(batch, time, n_embd)` to a tensor with the same first two dimensions
# - `x`: float `(batch, time, n_embd)`; `permutation`: int64 `(time,)`
# - returns: a Python float, the largest absolute difference between any element of `f` of the shuffled sequence and the same
#   element of the shuffled `f(x)`


# %% exercise: order_gap
def order_gap(f, x: torch.Tensor, permutation: torch.Tensor) -> float:
    """How much it matters whether positions, dim 1, are shuffled before `f` or after it."""
    ### BEGIN SOLUTION
    before = f(x[:, permutation])
    after = f(x)[:, permutation]
    return (before - after).abs().max().item()
    ### END SOLUTION


# %%
swap = torch.tensor([2, 1, 0])
two_steps = torch.tensor([[[1.0], [2.0], [4.0]]])  # (1, 3, 1)
print("squares     ", order_gap(lambda x: x**2, two_steps, swap))  # look: 0, each place for itself
print("running sums", order_gap(lambda x: x.cumsum(1), two_steps, swap))  # look: 6

# %% test: order_gap points=2
check.order_gap(order_gap)
### BEGIN HIDDEN TESTS
check.order_gap(order_gap, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It is not 0 for squares</summary>
#
# You compare with `f(x)` as it is. Its rows have to be shuffled, too; then row `i` of both belongs to the same
# old place.
# </details>
# <details><summary>index out of range</summary>
#
# `x[permutation]` indexes dim 0, the batch. `x[:, permutation]` leaves the batch alone.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `order_gap = lambda f, x, p: float(torch.dist(f(x[:, p]), f(x)[:, p], torch.inf))`.
# </details>

# %% [markdown]
# Now measure. The last line is a head with the causal mask of 06/01. **Predict** which lines are 0.

# %%
generator = torch.Generator().manual_seed(0)
sequence = torch.randn(2, 10, 8, generator=generator, dtype=torch.float64)  # (batch, time, n_embd)
order = torch.randperm(10, generator=generator)
two_heads = nn.Sequential(Head(8, 8), nn.Tanh(), Head(8, 8)).double()
with torch.no_grad():
    print(f"one head         {order_gap(reader, sequence, order):.1e}")
    print(f"two layers       {order_gap(two_heads, sequence, order):.1e}")
    print(f"with causal mask {order_gap(lambda x: reader(x, causal_mask(10)), sequence, order):.1e}")

# %% [markdown]
# The first two are 0 up to rounding. The causal mask does break the symmetry: position 0 sees one key, position 1 two. From that a deep
# model can learn to count, a little (Haviv et al., 2022). Part 8 measures how far one layer gets.
#
# ### The proof
#
# A measurement on one permutation is no proof. The proof follows the matrices, step by step. Shuffle the rows of $x$, and the rows of
# $Q$, $K$ and $V$ are shuffled alike, since a linear layer works on each row alone. What becomes of the weights?
#
# ### Exercise 2: shuffled weights   ·  ★★☆ · 10 min · 2 points
#
# Given the attention weights of a sequence, say what they are for the shuffled sequence, without computing attention again.
#
# - `weights`: float `(..., time, time)`, the weights without a mask; any number of dimensions in front, also none
# - `permutation`: int64 `(time,)`
# - returns: the weights of the sequence `x[..., permutation, :]`, same shape and dtype
#
# Ask it of one place: who is query `i` of the shuffled sequence, and who is key `j`?


# %% exercise: shuffled_weights
def shuffled_weights(weights: torch.Tensor, permutation: torch.Tensor) -> torch.Tensor:
    """Attention weights after shuffling the sequence: `(..., time, time)`, as `weights`."""
    ### BEGIN SOLUTION
    return weights[..., permutation, :][..., permutation]
    ### END SOLUTION


# %%
three = torch.tensor([[0.1, 0.2, 0.7], [0.3, 0.3, 0.4], [0.5, 0.4, 0.1]])
shuffled_weights(three, torch.tensor([1, 2, 0]))  # look: the first row is 0.3, 0.4, 0.3

# %% test: shuffled_weights points=2
check.shuffled_weights(shuffled_weights)
### BEGIN HIDDEN TESTS
check.shuffled_weights(shuffled_weights, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where does element (i, j) come from?</summary>
#
# Query `i` is the word that stood at `permutation[i]`, key `j` the word that stood at `permutation[j]`. Their score depends
# on the two words, and softmax divides by a sum over the same words as before.
# </details>
# <details><summary>Only a row of numbers is left</summary>
#
# `w[p, p]` walks along both index tensors at once and picks the elements `w[p[0], p[0]]`, `w[p[1], p[1]]`, … Index the rows first, then the
# columns of what you got.
# </details>
# <details><summary>It fails with a batch</summary>
#
# Count dimensions from the right: an ellipsis, `...`, stands for all those in front.
# </details>

# %% [markdown]
# The same as a picture. What *bites* takes from *man* stands in row 2: on the left in column 1, on the right in column 3. Below are these two numbers, then the
# pictures of both texts: the number has moved and has not changed.


# %% tags=["demo"]
def weights_of(text: str) -> torch.Tensor:
    return attention_weights(reader.query(embedded(text)), reader.key(embedded(text)))[0].detach()


print(f"bites from man: left {weights_of(news)[1, 0]:.3f}, right {weights_of(no_news)[1, 2]:.3f}")
plot.attention(
    {text: weights_of(text) for text in (news, no_news)},
    ["1", "2", "3"],
    ["1", "2", "3"],
    title="The same weights at other places",
)

# %% [markdown]
# The last step: output $i$ is $\sum_j A_{ij} v_j$. After the shuffle it is $\sum_j A_{\pi(i)\pi(j)} v_{\pi(j)}$, the same terms as those of old
# place $\pi(i)$, in another order. A sum does not care about order. So output $i$ is the old output $\pi(i)$, for *every* permutation, which was to be
# shown. The sum is the culprit: attention is a mean over a **set**.
#
# Convolutions and recurrent networks never had this problem. WaveNet (04/05) has a parameter for each place in its window. Attention gave that up to
# look up things by what they are, and now has to be told where they are.
#
# ## 2. Which numbers?
#
# The plainest idea: append the position's number to the vector, or add it. Two attempts that fail:
#
# - **Add $t$ itself.** Embeddings are of size 1. At position 500 the number drowns the word.
# - **Add $t$ over the length.** Then "one step" is 0.1 in a text of ten words and 0.001 in one of a thousand. The same
#   distance looks different in every text.
#
# We want bounded numbers, a different vector for each position, and a step that is the same everywhere. Computers count with
# bounded numbers, too: in bits.

# %% tags=["nbval-check-output"]
for t in range(8):
    print(t, [t >> bit & 1 for bit in (0, 1, 2)])

# %% [markdown]
# The first column flips at every step, the second at every other, the third at every fourth. Bounded, all different, and
# coarse columns tell far places apart while fine ones tell neighbours apart. What is missing is smoothness: from 3 to 4 all bits flip,
# from 4 to 5 one does.
#
# ## 3. Sinusoids
#
# Replace each flipping bit by a turning hand. Slow hands and fast ones, as on a clock. A hand's tip has two coordinates, sine and cosine, so each
# hand, or **pair**, fills two columns. That is the encoding of the first transformer (Vaswani et al., 2017): for position $t$ and pair $i$,
#
# $$p_{t,\,2i} = \sin(t\,\theta_i) \qquad p_{t,\,2i+1} = \cos(t\,\theta_i) \qquad \theta_i = 10000^{-2i/n_\text{embd}}$$
#
# Pair 0 turns by 1 radian a position; each later pair turns more slowly by a constant factor. With 4 pairs ($n_\text{embd} = 8$) the factor
# is 10. (Drawn as in geometry: angle 0 points right, hands turn anticlockwise, the sine is the height of the tip.)

# %% tags=["demo"]
turns = torch.arange(9)[None] * 10.0 ** -torch.arange(4.0)[:, None]  # (4, 9)
plot.dials(
    turns,
    rows=["pair 0", "pair 1", "pair 2", "pair 3"],
    columns=[str(t) for t in range(9)],
    title="Four hands, each ten times slower than the one above",
    xlabel="position",
)

# %% [markdown]
# After six positions the fastest hand is nearly back at the start; the slowest has hardly moved. Together they tell all positions apart.
#
# ### Exercise 3: sinusoidal encoding   ·  ★★☆ · 12 min · 3 points
#
# - `time`: int ≥ 1; `n_embd`: int ≥ 2, even
# - returns: float32 `(time, n_embd)`; row $t$ is position $t$, from 0. Even columns are sines, odd ones cosines, as in the formula
# - compute the angles in float64 and round at the end. A float32 holds seven digits: of an angle of 4000 radians it keeps three after the point
#
# The word "pair" is worth a second look: columns 0 and 1 have the **same** $\theta_0$, columns 2 and 3 the same $\theta_1$.


# %% exercise: sinusoidal_encoding forbid=["fasttrack.models.positions.sinusoidal_encoding", "fasttrack.models.positions.rope_angles"]
def sinusoidal_encoding(time: int, n_embd: int) -> torch.Tensor:
    """A vector for each position: float32 `(time, n_embd)`, sines in even columns, cosines in odd ones."""
    ### BEGIN SOLUTION
    pair = torch.arange(n_embd // 2, dtype=torch.float64)
    angles = torch.arange(time)[:, None] * 10000 ** (-2 * pair / n_embd)  # (time, n_embd // 2)
    encoding = torch.empty(time, n_embd)
    encoding[:, 0::2] = angles.sin()
    encoding[:, 1::2] = angles.cos()
    return encoding
    ### END SOLUTION


# %%
sinusoidal_encoding(3, 4)  # look: rows (0, 1, 0, 1), (0.84, 0.54, 0.01, 1.00), (0.91, -0.42, 0.02, 1.00)

# %% test: sinusoidal_encoding points=3
check.sinusoidal_encoding(sinusoidal_encoding)
### BEGIN HIDDEN TESTS
check.sinusoidal_encoding(sinusoidal_encoding, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I fill every other column?</summary>
#
# A slice with a step, `table[:, 0::2] = …`, writes to columns 0, 2, 4. Or stack sines and cosines as a new last dimension
# and flatten it.
# </details>
# <details><summary>The first rows are right, later ones are off by a little</summary>
#
# The angles are float32. A float64 tensor anywhere in the product makes the product float64: `torch.arange(…, dtype=torch.float64)`.
# </details>
# <details><summary>Columns 2 and 3 are wrong, 0 and 1 are right</summary>
#
# With $i$ the number of the *pair*, the exponent is $-2i/n_\text{embd}$. With $c$ the number of the even column it is $-c/n_\text{embd}$. Twice the
# column is too much.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# from fasttrack.models.positions import sinusoidal_encoding
# ```
# </details>

# %% [markdown]
# A table of 24 positions and 16 numbers, lying on its side:

# %% tags=["demo"]
plot.heatmap(
    sinusoidal_encoding(24, 16).T,
    rows=[f"{name} {hand}" for hand in range(8) for name in ("sin", "cos")],
    columns=[str(t) for t in range(24)],
    title="Each column is a position: fast pairs on top, slow ones below",
    xlabel="position",
)

# %% [markdown]
# Read it from left to right in one row: the top rows swing from step to step, the lower ones stay nearly constant over the whole text.
# And the orders of part 1 can be told apart now: added to the embeddings, positions open the gap.

# %%
marks = sinusoidal_encoding(10, 8).double()
with torch.no_grad():
    print(f"with positions {order_gap(lambda x: reader(x + marks), sequence, order):.2f}")

# %% [markdown]
# ## 4. A step is a rotation
#
# Why sine *and* cosine? A single sine would be bounded and smooth, too. The authors' reason: with both, the vector of position $t + k$ is a
# **linear function** of the vector of position $t$, and it is the same function for every $t$. A linear layer can therefore learn "three back" once, for the
# whole text.
#
# The sum formulas say how a hand at angle $\alpha$ moves on by $\beta$:
#
# $$\sin(\alpha + \beta) = \sin\alpha\cos\beta + \cos\alpha\sin\beta \qquad \cos(\alpha + \beta) = \cos\alpha\cos\beta - \sin\alpha\sin\beta$$
#
# Take $\alpha = t\,\theta_i$ and $\beta = k\,\theta_i$. What stands with $\sin\alpha$ and $\cos\alpha$ on the right depends on $k$ only.
#
# ### Exercise 4: shift matrix   ·  ★★★ · 15 min · 3 points
#
# - `k`: int, may be negative or 0; `n_embd`: int ≥ 2, even
# - returns: float64 `(n_embd, n_embd)`, the matrix $M$ with $M\,p_t = p_{t+k}$ for every position $t$, where $p_t$ is a row of
#   `sinusoidal_encoding`, taken as a column
# - pairs do not mix: $M$ is zero except in blocks of 2 × 2 along the diagonal


# %% exercise: shift_matrix
def shift_matrix(k: int, n_embd: int) -> torch.Tensor:
    """The matrix that leads from the encoding of any position to that of the position `k` later."""
    ### BEGIN SOLUTION
    blocks = []
    for i in range(n_embd // 2):
        angle = k * 10000 ** (-2 * i / n_embd)
        cos, sin = math.cos(angle), math.sin(angle)
        blocks.append(torch.tensor([[cos, sin], [-sin, cos]], dtype=torch.float64))
    return torch.block_diag(*blocks)
    ### END SOLUTION


# %%
table = sinusoidal_encoding(100, 8).double()
for t in (0, 20, 90):
    print(
        f"from {t:>2} to {t + 3}: off by {(shift_matrix(3, 8) @ table[t] - table[t + 3]).abs().max():.0e}"
    )  # look: below 1e-06

# %% test: shift_matrix points=3
check.shift_matrix(shift_matrix)
### BEGIN HIDDEN TESTS
check.shift_matrix(shift_matrix, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>What is one block?</summary>
#
# Write the two sum formulas below each other. The two factors of $\sin\alpha$ are the block's first column, those of $\cos\alpha$ its
# second.
# </details>
# <details><summary>It leads to t − k</summary>
#
# The block is transposed: the minus sign stands with the other sine. (The inverse of a rotation is its transpose.)
# </details>
# <details><summary>How do I put blocks along a diagonal?</summary>
#
# `torch.block_diag(first, second, …)`, or write into `matrix[2*i : 2*i + 2, 2*i : 2*i + 2]`.
# </details>

# %% [markdown]
# $M$ is a rotation in each pair's plane. (The sine stands first here, so its blocks are the transpose of the usual rotation matrix, which part 6
# has.) Rotations keep lengths and angles, so the dot product of two positions' vectors depends on their distance
# only:
#
# $$p_t \cdot p_{t+k} = \sum_i \cos(k\,\theta_i)$$
#
# **Predict:** draw the dot product of position 100 with every position, and that of position 250. What is different between the two curves?

# %% tags=["demo"]
wide = sinusoidal_encoding(400, 64)
plot.curves(
    range(400),
    {f"with position {t}": wide @ wide[t] for t in (100, 250)},
    title="How similar each position is to two of them",
    xlabel="position",
    ylabel="dot product",
)

# %% [markdown]
# The place, and nothing else. The nearest positions are the most similar, and all far ones are about equally strange.
#
# This holds for $p_t \cdot p_s$. What attention computes is $(x_t + p_t)W_q \cdot (x_s + p_s)W_k$. Multiplied out, that is four terms: word with word, word
# with place, place with word, place with place. Only the last can be a function of the distance, and only if training makes
# $W_q W_k^\top$ such. The model *can* learn distances. Nothing forces it to.
#
# ## 5. A learned table
#
# GPT-2 and BERT do without the formula: one more embedding, indexed by position, trained like any other parameter. The authors of the transformer tried
# this, too, and found "nearly identical" results.
#
# ### Exercise 5: LearnedPositions   ·  ★★☆ · 10 min · 3 points
#
# A `nn.Module`.
#
# - `__init__(block_size, n_embd)`: one parameter, shape `(block_size, n_embd)`, under any name; its elements start as normal numbers with standard
#   deviation 0.02 (as GPT-2's in transformers), so that positions do not drown the words at the start
# - `forward(x)`: `x` float `(batch, time, n_embd)`; returns `x` plus row $t$ of the table at position $t$, same shape
# - more than `block_size` positions: raises `ValueError` with a message that holds both numbers, as in
#   `5 positions, but block_size is 3`. `block_size` positions are allowed


# %% exercise: LearnedPositions forbid=["fasttrack.models.positions.LearnedPositions"]
class LearnedPositions(nn.Module):
    """Adds a trained row to each position: `(batch, time, n_embd)` -> the same."""

    def __init__(self, block_size: int, n_embd: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.table = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)
        ### END SOLUTION

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """`x` plus the first rows of the table; ValueError if there are too few."""
        ### BEGIN SOLUTION
        time, block_size = x.shape[1], self.table.shape[0]
        if time > block_size:
            raise ValueError(f"{time} positions, but block_size is {block_size}")
        return x + self.table[:time]
        ### END SOLUTION


# %%
places = LearnedPositions(3, 2)
print(places(torch.zeros(1, 2, 2)).shape, [tuple(one.shape) for one in places.parameters()])
try:
    places(torch.zeros(1, 5, 2))
except ValueError as error:
    print(error)  # look: both numbers

# %% test: LearnedPositions points=3
check.LearnedPositions(LearnedPositions)
### BEGIN HIDDEN TESTS
check.LearnedPositions(LearnedPositions, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My module has no parameters</summary>
#
# A plain tensor as an attribute is not registered. `nn.Parameter(tensor)` is, and so is the weight of an `nn.Embedding`. See 01/03.
# </details>
# <details><summary>The start is too large</summary>
#
# `nn.Embedding` and `torch.randn` draw with standard deviation 1. Multiply, or call `nn.init.normal_(…, std=0.02)`.
# </details>
# <details><summary>The size of tensor a must match the size of tensor b</summary>
#
# Take as many rows as `x` has positions, from the start of the table.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.positions import LearnedPositions`.
# </details>

# %% [markdown]
# Why an error, and not a table that is larger than needed? **Predict:** a table of 24 rows, texts of 16 positions. What have rows 16 to 23
# learned after one step?

# %% tags=["demo"]
places = LearnedPositions(24, 8)
texts = torch.randn(32, 16, 8)  # (batch, time, n_embd)
(Head(8, 8)(places(texts), causal_mask(16)) ** 2).mean().backward()
(learned_rows,) = places.parameters()
plot.bars(
    [str(t) for t in range(24)],
    {"gradient": learned_rows.grad.norm(dim=1)},
    title="Rows that no text reaches get no gradient",
    xlabel="row of the table",
    ylabel="size of the gradient",
)

# %% [markdown]
# Nothing, ever. They stay the random numbers they were at the start. A text of 24 positions would run without an error and with eight positions of noise.
# For a learned table, `block_size` is a wall. GPT-2's stands at 1024.
#
# (That the bars fall is no accident, either: row 0 is read by 16 queries, row 15 by one. And the first queries have few keys to share their weight among:
# all that query 0 reads is row 0.)
#
# ## 6. Rotate instead of adding
#
# Back to what we want: a score that depends on the two words and on their **distance**. Part 4 had the tool. A rotation by $t\,\theta$ of the
# query and by $s\,\theta$ of the key: then the angle between them has changed by $(t - s)\,\theta$, and the dot product sees angles only. In one plane, with $R_\alpha$ the
# rotation by $\alpha$:
#
# $$R_\alpha = \begin{pmatrix} \cos\alpha & -\sin\alpha \\ \sin\alpha & \cos\alpha \end{pmatrix} \qquad
# (R_{t\theta}\,q) \cdot (R_{s\theta}\,k) = q \cdot R_{(s - t)\theta}\,k$$
#
# No table, no extra term, no parameter: distance is built in. That is **RoPE**, rotary position embedding (Su et al., 2021), and it is in Llama, Mistral, Qwen, Gemma and
# DeepSeek.
#
# `head_size` numbers make `head_size / 2` planes, and each plane has a rate of its own, as in part 3, with a **base** in place of 10000:
#
# $$\text{angle}_{t,i} = t\,\theta_i \qquad \theta_i = \text{base}^{-2i/\text{head size}}$$
#
# ### Exercise 6: RoPE angles   ·  ★☆☆ · 6 min · 2 points
#
# - `positions`: int64 `(time,)`, any numbers ≥ 0, in any order
# - `head_size`: int ≥ 2, even; `base`: float
# - returns: float64 `(time, head_size // 2)`, in row $n$ the angles of `positions[n]`, one for each pair
#
# Why float64? Models read texts of 100,000 tokens. Near 100,000 radians, neighbouring float32 numbers are 0.008 apart and bfloat16 numbers 512. Until
# 2024 transformers could compute them in the dtype of the model (pull request 29285).


# %% exercise: rope_angles forbid=["fasttrack.models.positions.rope_angles"]
def rope_angles(positions: torch.Tensor, head_size: int, base: float = 10000.0) -> torch.Tensor:
    """How far each pair is turned at each position, in radians: float64 `(time, head_size // 2)`."""
    ### BEGIN SOLUTION
    pair = torch.arange(head_size // 2, dtype=torch.float64)
    return positions[:, None] * base ** (-2 * pair / head_size)
    ### END SOLUTION


# %%
rope_angles(torch.tensor([0, 1, 50]), 4)  # look: (0, 0), (1, 0.01), (50, 0.5)

# %% test: rope_angles points=2
check.rope_angles(rope_angles)
### BEGIN HIDDEN TESTS
check.rope_angles(rope_angles, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My angles are float32</summary>
#
# `torch.arange(0, head_size, 2) / head_size` is float32. Give `arange` a `dtype`.
# </details>
# <details><summary>Which shape is what?</summary>
#
# Positions as a column `(time, 1)` times rates as a row `(head_size // 2,)`: broadcasting makes the table.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.positions import rope_angles`.
# </details>

# %% [markdown]
# ### Which elements are a pair?
#
# Two conventions are in use:
#
# | convention | pairs of a vector of 8 | who |
# |---|---|---|
# | interleaved | (0, 1), (2, 3), (4, 5), (6, 7) | the paper, GPT-J, Llama as Meta published it |
# | **split halves** | (0, 4), (1, 5), (2, 6), (3, 7) | GPT-NeoX, Llama and most others in transformers |
#
# A model trained with either works. A model trained with one and run with the other talks nonsense, without an error. **Here, and in the rest of this course, it
# is split halves**: element $i$ and element $i + \text{head size}/2$.
#
# With $a$ the first half of a vector and $b$ the second, both `head_size // 2` long:
#
# $$a' = a\cos\alpha - b\sin\alpha \qquad b' = b\cos\alpha + a\sin\alpha$$
#
# ### Exercise 7: RoPE   ·  ★★☆ · 12 min · 4 points
#
# - `x`: queries or keys, float `(..., time, head_size)`, `head_size` even, any number of dimensions in front
# - `positions`: int64 `(time,)`; `base`: float
# - returns: `x` with each pair turned by its angle, split halves, same shape and dtype as `x`
# - angles, cosines and sines are float64; then cast cosines and sines to the dtype of `x`


# %% exercise: rope forbid=["fasttrack.models.positions.rope"]
def rope(x: torch.Tensor, positions: torch.Tensor, base: float = 10000.0) -> torch.Tensor:
    """Turn the pairs (i, i + head_size / 2) of `x` by their angles: `(..., time, head_size)` -> the same."""
    ### BEGIN SOLUTION
    angles = rope_angles(positions, x.shape[-1], base)  # (time, head_size // 2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, dim=-1)  # (..., time, head_size // 2) each
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)
    ### END SOLUTION


# %%
quarter = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])  # three times the same vector
rope(quarter, torch.arange(3))  # look: (1, 0), (0.54, 0.84), (-0.42, 0.91), one radian a position

# %% test: rope points=4
check.rope(rope)
### BEGIN HIDDEN TESTS
check.rope(rope, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where are the halves?</summary>
#
# `x.chunk(2, dim=-1)` parts the last dimension in the middle. `x[..., 0::2]` and `x[..., 1::2]` would be the interleaved convention.
# </details>
# <details><summary>The result is float64, and x was not</summary>
#
# float32 times float64 is float64. Cast the cosine and the sine with `.to(x.dtype)`.
# </details>
# <details><summary>Vectors change their length</summary>
#
# A rotation does not. Look at the signs: exactly one of the two sine terms is subtracted. And both lines need the *old* halves.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.positions import rope`.
# </details>

# %% [markdown]
# Now the promise. One query and one key, placed at pairs of positions that are 5 apart, from the start of a text to far out. **Predict:** how do
# the four scores compare?

# %%
query, key = torch.randn(2, 16, generator=generator, dtype=torch.float64)
for t in (5, 100, 10_000, 1_000_000):
    turned_query = rope(query[None], torch.tensor([t]))  # (1, 16)
    turned_key = rope(key[None], torch.tensor([t - 5]))
    print(f"query at {t:>7}, key at {t - 5:>6}: {(turned_query @ turned_key.T).item():.9f}")

# %% [markdown]
# Equal to the ninth digit. For a whole text: one vector as query and key at all of 24 positions, so that nothing but the places is left in the scores.

# %% tags=["demo"]
same, at = query.expand(24, 16), torch.arange(24)
added = same + sinusoidal_encoding(24, 16)
scores_added, scores_rotated = added @ added.T, rope(same, at) @ rope(same, at).T  # (24, 24)
plot.heatmaps(
    {
        "sinusoids added": scores_added - scores_added.mean(),
        "rotated": scores_rotated - scores_rotated.mean(),
    },
    title="Scores of one vector with itself at 24 positions, less their mean",
    xlabel="position of the key",
    ylabel="position of the query",
)

# %% [markdown]
# Right: every diagonal has one colour. A diagonal is one distance. Left: the scores also depend on where in the text the two stand.
#
# ### Into the head
#
# **Predict:** values carry what is read. Should they be turned?
#
# ### Exercise 8: RopeHead   ·  ★★☆ · 10 min · 3 points
#
# The `Head` of 06/01 with RoPE in it.
#
# - `__init__(n_embd, head_size)`: three linear layers without bias, `query`, `key`, `value`, each from `n_embd` to `head_size`
# - `forward(x, positions, mask=None)`: `x` float `(batch, time, n_embd)`, `positions` int64 `(time,)`, `mask` bool `(time, time)`, True = may attend, or
#   `None`
# - queries and keys are turned by `positions`, base 10000; values are not: what is read at a place should not depend on where the place is
# - returns: `(batch, time, head_size)`, by `scaled_dot_product_attention(q, k, v, mask)`, which is imported above


# %% exercise: RopeHead
class RopeHead(nn.Module):
    """One head of attention whose scores see distances: `(batch, time, n_embd)` -> `(batch, time, head_size)`."""

    def __init__(self, n_embd: int, head_size: int) -> None:
        super().__init__()
        ### BEGIN SOLUTION
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)
        ### END SOLUTION

    def forward(
        self, x: torch.Tensor, positions: torch.Tensor, mask: torch.Tensor | None = None
    ) -> torch.Tensor:
        """Attention among the positions of `x`, which stand at `positions` of the text."""
        ### BEGIN SOLUTION
        q = rope(self.query(x), positions)
        k = rope(self.key(x), positions)
        return scaled_dot_product_attention(q, k, self.value(x), mask)
        ### END SOLUTION


# %%
rotary = RopeHead(8, 4).double()
with torch.no_grad():
    early = rotary(sequence, torch.arange(10), causal_mask(10))
    late = rotary(sequence, 5000 + torch.arange(10), causal_mask(10))
print(tuple(early.shape), f"moved by 5000 positions: {(early - late).abs().max():.0e}")  # look: rounding
print(f"order gap {order_gap(lambda x: rotary(x, torch.arange(10)), sequence, order):.2f}")  # look: not 0

# %% test: RopeHead points=3
check.RopeHead(RopeHead)
### BEGIN HIDDEN TESTS
check.RopeHead(RopeHead, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My output depends on where the text begins</summary>
#
# Either the values are turned, too, or only one of queries and keys is, or `x` is turned before the linear layers.
# </details>
# <details><summary>positions seem to have no effect</summary>
#
# `rope` returns new tensors; keep what it returns. And pass on the `positions` that you were given, not `torch.arange(time)`: a chat that goes on at
# position 5000 has to say so.
# </details>

# %% [markdown]
# ### A checkpoint in the other convention
#
# Meta's Llama files were trained with interleaved pairs; transformers runs split halves. No retraining is needed. The elements of a query come from the rows of
# its linear layer, so it is enough to put the rows in another order, in the query layer and the key layer alike. A dot product does not care about the
# order of its terms (part 1, once more), as long as both vectors have the same.
#
# ### Exercise 9: to split halves   ·  ★★★ · 12 min · 3 points
#
# - `weight`: float `(n_head * head_size, n_embd)`, the weight of a query or key layer that was trained for interleaved pairs (0, 1), (2, 3), …;
#   rows of head 0 first, then those of head 1, …
# - `n_head`: int; `head_size` is even
# - returns: same shape, rows in the order for split halves: **within each head**, first the rows 0, 2, 4, … of that head, then its rows 1, 3, 5, …


# %% exercise: to_split_halves
def to_split_halves(weight: torch.Tensor, n_head: int) -> torch.Tensor:
    """Rows of a query or key layer, from interleaved pairs to split halves: `(n_head * head_size, n_embd)`."""
    ### BEGIN SOLUTION
    rows, n_embd = weight.shape
    pairs = weight.view(n_head, rows // n_head // 2, 2, n_embd)  # head, pair, which of the two
    return pairs.transpose(1, 2).reshape(rows, n_embd)
    ### END SOLUTION


# %%
to_split_halves(torch.arange(8)[:, None], n_head=2).flatten().tolist()  # look: 0, 2, 1, 3, then 4, 6, 5, 7

# %% test: to_split_halves points=3
check.to_split_halves(to_split_halves)
### BEGIN HIDDEN TESTS
check.to_split_halves(to_split_halves, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It is right for one head and wrong for two</summary>
#
# The rows of each head stay together. Give heads a dimension of their own before you take every other row.
# </details>
# <details><summary>It goes the wrong way</summary>
#
# Row $2i$ of a head goes to place $i$, row $2i + 1$ to place $i + \text{head size}/2$. With `view(n_head, pairs, 2, n_embd)` the two of a pair are next to
# each other: which two dimensions have to change places?
# </details>
# <details><summary>view size is not compatible</summary>
#
# After `transpose` memory is no longer in order. `reshape` copies where it must.
# </details>
# <details><summary>I want to go on without it</summary>
#
# The next cell has one head only, and for one head this will do: `to_split_halves = lambda w, _: torch.cat([w[::2], w[1::2]])`.
# </details>

# %% [markdown]
# Does it hold what it promises? The next cell turns interleaved pairs with complex numbers (that is how Meta's code does it), once with the
# original layers, and compares with your `rope` on the reordered ones. The last line forgets to reorder.


# %%
def interleaved_rope(x: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    pairs = torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())  # (..., time, head_size // 2)
    angles = rope_angles(positions, x.shape[-1])
    return torch.view_as_real(pairs * torch.polar(torch.ones_like(angles), angles)).flatten(-2)


w_query, w_key = torch.randn(2, 16, 8, generator=generator, dtype=torch.float64)  # one head of 16, n_embd 8
text, at = sequence[0], torch.arange(10)  # (10, 8)
scores = interleaved_rope(text @ w_query.T, at) @ interleaved_rope(text @ w_key.T, at).T
moved = rope(text @ to_split_halves(w_query, 1).T, at) @ rope(text @ to_split_halves(w_key, 1).T, at).T
mixed = rope(text @ w_query.T, at) @ rope(text @ w_key.T, at).T
print(
    f"reordered: off by {(moved - scores).abs().max():.0e}   not reordered: off by {(mixed - scores).abs().max():.1f}"
)

# %% [markdown]
# ### The base
#
# A pair is back at its start after $2\pi/\theta_i$ positions, its **wavelength**. For heads of 128, as in Llama 3, which was first
# trained on texts of 8,192 tokens:

# %% tags=["nbval-check-output"]
for base in (10_000, 500_000):
    waves = 2 * math.pi * base ** (torch.arange(0, 128, 2) / 128)  # (64,)
    print(
        f"base {base:>7,}: from {waves[0]:.1f} to {waves[-1]:>9,.0f} positions; {(waves > 8192).sum()} pairs above 8,192"
    )

# %% [markdown]
# A pair whose wavelength is longer than every text of the training has been seen in a part of its circle only. A longer text turns it to angles that are new
# to the model: that is where RoPE breaks. A model trained with the larger base has more such pairs, so the base alone is no cure. It helps in two ways:
#
# - **Raised after training**, it slows the slow pairs most, and brings their angles on a longer text back among those they were trained on. *Position interpolation* (Chen et
#   al., 2023) does so by dividing all positions. Both want a little more training.
# - **Large from the start**, as in Llama 3 (500,000; Grattafiori et al., 2024), it leaves pairs that have not come round after 128,000 tokens, so that no two distances look alike
#   to them. With 10,000 all come round. The model was then trained on longer and longer texts, up to 128,000.
#
# How does the score fall with distance? Take a query and a key whose elements are all 1, 64 of them:

# %% tags=["demo"]
steps = torch.arange(0, 400)
flat = torch.ones(400, 64, dtype=torch.float64)
plot.curves(
    steps,
    {
        f"base {base:,}": rope(flat, steps, base) @ rope(flat[:1], steps[:1], base)[0]
        for base in (10_000, 500_000)
    },
    title="Equal vectors, further and further apart",
    xlabel="distance",
    ylabel="score before the scale",
)

# %% [markdown]
# The further, the lower, in waves; with the larger base more slowly, since more pairs have hardly turned. This holds for *equal* vectors. A trained head has other
# queries and keys, and can have its peak at any distance it likes: part 8 has one that peaks at 3.
#
# ## 7. Only distance: ALiBi
#
# The shortest of the four (Press et al., 2021): leave the vectors alone and take from each score a penalty that grows with the distance. **Attention with
# linear biases.** Head $h$ has a fixed slope $m_h$:
#
# $$\text{score}_{ij} = \frac{q_i \cdot k_j}{\sqrt{\text{head size}}} - m_h\,|i - j|, \qquad m_h = 2^{-8h/n_\text{head}}, \quad h = 1 \dots n_\text{head}$$
#
# After softmax a score that is lower by $m|i-j|$ is a weight multiplied by $e^{-m|i-j|}$: each head forgets at its own pace. Nothing is trained.
#
# ### Exercise 10: ALiBi slopes   ·  ★☆☆ · 3 min · 1 point
#
# - `n_head`: int ≥ 1
# - returns: float32 `(n_head,)`, the slopes $m_1$ to $m_{n_\text{head}}$, for any number of heads by the same formula
#
# (Where `n_head` is no power of two, the authors' code takes slopes from the next powers of two instead. We stay with the paper's formula.)


# %% exercise: alibi_slopes forbid=["fasttrack.models.positions.alibi_slopes", "fasttrack.models.positions.alibi_bias"]
def alibi_slopes(n_head: int) -> torch.Tensor:
    """What a step of distance costs in each head: float32 `(n_head,)`."""
    ### BEGIN SOLUTION
    heads = torch.arange(1, n_head + 1)
    return 2.0 ** (-8 * heads / n_head)
    ### END SOLUTION


# %%
alibi_slopes(4)  # look: 1/4, 1/16, 1/64, 1/256

# %% test: alibi_slopes points=1
check.alibi_slopes(alibi_slopes)
### BEGIN HIDDEN TESTS
check.alibi_slopes(alibi_slopes, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My first slope is 1</summary>
#
# Heads count from 1 here. The first slope equals the ratio of the sequence.
# </details>
# <details><summary>Integers to negative integer powers are not allowed</summary>
#
# Write the 2 as a float.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.positions import alibi_slopes`.
# </details>

# %% [markdown]
# ### Exercise 11: ALiBi bias   ·  ★★☆ · 6 min · 2 points
#
# - `n_head`, `time`: int ≥ 1
# - returns: float32 `(n_head, time, time)`; element $(h, i, j)$ is minus the slope of head $h$ times the distance of query $i$ and key $j$
# - keys after the query get their distance, too. A causal mask is a matter of its own, and not every model has one


# %% exercise: alibi_bias forbid=["fasttrack.models.positions.alibi_bias"]
def alibi_bias(n_head: int, time: int) -> torch.Tensor:
    """What is added to the scores: float32 `(n_head, time, time)`, 0 on the diagonal, falling to both sides."""
    ### BEGIN SOLUTION
    at = torch.arange(time)
    distance = (at[:, None] - at).abs()  # (time, time)
    return -alibi_slopes(n_head)[:, None, None] * distance
    ### END SOLUTION


# %%
alibi_bias(2, 3)  # look: slopes 1/16 and 1/256, zeros on the diagonals

# %% test: alibi_bias points=2
check.alibi_bias(alibi_bias)
### BEGIN HIDDEN TESTS
check.alibi_bias(alibi_bias, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I get a table of distances?</summary>
#
# Positions as a column minus positions as a row, then the absolute value.
# </details>
# <details><summary>The shapes do not fit</summary>
#
# Slopes are `(n_head,)`, distances `(time, time)`. Slopes need two dimensions of size 1 behind them: `[:, None, None]`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.models.positions import alibi_bias`.
# </details>

# %% [markdown]
# Three of eight heads, without any content: all queries and keys are zero, the bias alone decides, under the causal mask.

# %% tags=["demo"]
paces = (alibi_bias(8, 12)[[0, 2, 4]]).masked_fill(~causal_mask(12), -torch.inf).softmax(-1)  # (3, 12, 12)
labels = [str(t) for t in range(12)]
plot.attention(
    {f"slope 1/{n}": weights for n, weights in zip((2, 8, 32), paces, strict=True)},
    labels,
    labels,
    title="ALiBi: each head forgets at its own pace",
)

# %% [markdown]
# A steep head reads its neighbours, a flat one the whole text. Position 16, or 16,000, is nothing new: a penalty for a larger distance follows
# the same line. That was the point. The paper is called *Train short, test long*: its model of 1.3 billion parameters, trained on 1,024
# tokens, reached on 2,048 the perplexity of a sinusoidal model trained on 2,048 (figures: Press et al.).
#
# What did that cost? **Predict:** can an ALiBi head attend to exactly the third token back, and to no other?
#
# ## 8. Trained short, tested long
#
# Two tasks, random letters from an alphabet of 16:
#
# - **three back**: at each position, say the letter three places before. It needs an exact distance.
# - **latest vowel**: four of the letters are vowels. At each position, say the latest vowel so far. It needs an order: nearest first.
#
# ### Exercise 12: targets back   ·  ★☆☆ · 5 min · 2 points
#
# - `ids`: int64 `(batch, time)`; `k`: int ≥ 1, may be larger than `time`
# - returns: int64 `(batch, time)`: at position $t$ the id at position $t - k$; at the first $k$ positions −100, which `cross_entropy` leaves out
# - `ids` stays as it is


# %% exercise: targets_back
def targets_back(ids: torch.Tensor, k: int) -> torch.Tensor:
    """At each position the id that stood `k` places before, -100 where there is none: as `ids`."""
    ### BEGIN SOLUTION
    targets = torch.full_like(ids, -100)
    targets[:, k:] = ids[:, :-k]
    return targets
    ### END SOLUTION


# %%
targets_back(torch.tensor([[5, 6, 7, 8, 9]]), 3)  # look: -100 three times, then 5, 6

# %% test: targets_back points=2
check.targets_back(targets_back)
### BEGIN HIDDEN TESTS
check.targets_back(targets_back, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The last ids appear at the start</summary>
#
# `roll` turns the row in a circle. Fill the first `k` places afterwards, or start from a tensor full of −100 and write the rest.
# </details>
# <details><summary>The shapes do not fit where k is larger than time</summary>
#
# A slice that ends at `-k` is empty then, and so is one that starts at `k`. One that ends at `time - k` is not: a negative end counts from the right.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `targets_back = lambda ids, k: functional.pad(ids, (k, 0), value=-100)[:, : ids.shape[1]]`.
# </details>

# %% [markdown]
# The second task, and texts for both:


# %%
alphabet, n_vowels, back = "aeiobcdfghjklmnp", 4, 3
n_letters = len(alphabet)


def latest_vowel(ids: torch.Tensor) -> torch.Tensor:
    """At each position the latest id below `n_vowels`, -100 before the first: `(batch, time)`."""
    when = torch.where(ids < n_vowels, torch.arange(ids.shape[1]), -1).cummax(1).values  # (batch, time)
    return ids.gather(1, when.clamp(min=0)).masked_fill(when < 0, -100)


tasks = {"three back": lambda ids: targets_back(ids, back), "latest vowel": latest_vowel}
example = torch.randint(n_letters, (1, 12), generator=generator)


def spelled(ids: torch.Tensor) -> str:
    return "".join("-" if i < 0 else alphabet[i] for i in ids.tolist())


print("letters     ", spelled(example[0]))
for name, targets_of in tasks.items():
    print(f"{name:<12}", spelled(targets_of(example)[0]))

# %% [markdown]
# One layer of attention with four heads, the same for all. What differs is the one line that each way of telling positions needs. Four
# of your pieces are in here:


# %% tags=["demo"]
class Reader(nn.Module):
    """Letters to logits through one layer of causal attention: int64 `(batch, time)` -> `(batch, time, n_letters)`."""

    def __init__(self, scheme: str, block_size: int, n_embd: int = 32, n_head: int = 4) -> None:
        super().__init__()
        self.scheme, self.n_head = scheme, n_head
        self.token = nn.Embedding(n_letters, n_embd)
        self.places = LearnedPositions(block_size, n_embd) if scheme == "learned" else nn.Identity()
        self.norm, self.last_norm = nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)  # built in 06/04
        self.qkv = nn.Linear(n_embd, 3 * n_embd, bias=False)
        self.proj, self.out = nn.Linear(n_embd, n_embd), nn.Linear(n_embd, n_letters)

    def weights_and_values(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        time = x.shape[1]
        heads = self.qkv(self.norm(x)).unflatten(-1, (3, self.n_head, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = heads  # (batch, n_head, time, head_size) each
        if self.scheme == "rope":
            q, k = rope(q, torch.arange(time)), rope(k, torch.arange(time))
        scores = q @ k.mT / math.sqrt(q.shape[-1])  # (batch, n_head, time, time)
        if self.scheme == "alibi":
            scores = scores + alibi_bias(self.n_head, time)
        return scores.masked_fill(~causal_mask(time), -torch.inf).softmax(-1), v

    def embed(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.places(self.token(ids))  # (batch, time, n_embd)
        return x + sinusoidal_encoding(*x.shape[1:]) if self.scheme == "sinusoidal" else x

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.embed(ids)
        weights, values = self.weights_and_values(x)
        x = x + self.proj((weights @ values).transpose(1, 2).flatten(2))
        return self.out(self.last_norm(x))


# %% [markdown]
# All train on texts of 32 letters, 400 steps each, from the same texts; the learning rate rises for 20 steps and then falls to 0. Then they read texts of 32 to 256 letters; we count
# only the **last 16 positions** of each, so that a longer text means further out and nothing else. Ten models, about half a minute.
#
# A blind guess at *three back* is right in 6 %. At *latest vowel*, a letter that is a vowel is its own answer; who reads only that and guesses elsewhere has
# 1/4 + 3/4 · 1/4 = 44 %. **Predict** two numbers before you run this: how many of the five solve *three back* at 32, and how many of those at 64?

# %% tags=["demo"]
schemes = ["none", "learned", "sinusoidal", "rope", "alibi"]
trained_on, lengths = 32, [32, 40, 48, 64, 96, 128, 256]


def trained(scheme: str, targets_of, steps: int = 400) -> Reader:
    torch.manual_seed(0)
    model = Reader(scheme, block_size=trained_on)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    texts = torch.Generator().manual_seed(1)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-2 * min(1, (step + 1) / 20) * (1 - step / steps)
        ids = torch.randint(n_letters, (16, trained_on), generator=texts)
        loss = functional.cross_entropy(model(ids).flatten(0, 1), targets_of(ids).flatten())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def share_right(model: Reader, targets_of, length: int) -> float:
    """Right answers at the last 16 positions of 128 fresh texts; nan where the model refuses the length."""
    ids = torch.randint(n_letters, (128, length), generator=torch.Generator().manual_seed(length))
    try:
        with torch.no_grad():
            said = model(ids)[:, -16:].argmax(-1)
    except ValueError:
        return math.nan
    return (said == targets_of(ids)[:, -16:]).float().mean().item()


models = {
    (task, scheme): trained(scheme, targets_of) for task, targets_of in tasks.items() for scheme in schemes
}
shares = {
    (task, scheme): [share_right(model, tasks[task], length) for length in lengths]
    for (task, scheme), model in models.items()
}
for task in tasks:
    print(f"{task:<14}" + "".join(f"{length:>7}" for length in lengths))
    for scheme in schemes:
        row = "".join("  error" if math.isnan(share) else f"{share:7.0%}" for share in shares[task, scheme])
        print(f"  {scheme:<12}{row}")

# %% tags=["demo"]
plot.runs(
    lengths,
    {scheme: shares["three back", scheme] for scheme in schemes if scheme != "learned"},
    title="Three back: solved at 32, mostly lost at 64",
    xlabel="length of the text (dotted line at the bottom: a guess)",
    ylabel="share right",
    at={"trained on 32; the learned table ends": trained_on},
    levels={"": 1 / n_letters},
    xticks=lengths,
)

# %% tags=["demo"]
plot.runs(
    lengths,
    {scheme: shares["latest vowel", scheme] for scheme in schemes if scheme != "learned"},
    title="Latest vowel: ALiBi keeps it, sinusoids and RoPE lose it",
    xlabel="length of the text (upper dotted line: its own letter, else a guess)",
    ylabel="share right",
    at={"trained on 32; the learned table ends": trained_on},
    levels={"": 7 / 16, "always the same vowel": 1 / n_vowels},
    xticks=lengths,
)

# %% [markdown]
# **The number to beat** on each line is that of `none`; the best possible is 100 %, which a program of one line reaches at every length. `none` can count:
# answering with the letter, or vowel, that occurs most often gives 17 % and 62 % at 32, 9 % and 49 % at 256.
#
# 1. **At the trained length**, what can express a task solves it. The head without positions and the ALiBi heads cannot pick out
#    *exactly the third*: the one sees a set, the others favour, of two equal letters, the nearer. That answers the question of part 7. (ALiBi's 24 %
#    is more than a guess among 16 letters: it knows the latest few and guesses among those.)
# 2. **Beyond it** the learned table stops. RoPE and sinusoids hold for a few positions. RoPE is at a guess by twice the length, sinusoids get
#    there more slowly. On *latest vowel* both fall below `none` at 96. "RoPE generalises to any length" is not what we measured.
# 3. **ALiBi keeps what it can do**, at eight times the length.
#
# Other seeds move single numbers, most of all between 40 and 64. Who holds and who falls stays the same.
#
# Larger models show the same: with RoPE or sinusoids, texts longer than those of the training need extra work. And it depends on the task: on small tasks of
# reasoning, deep models with a causal mask and *without* positions did best beyond their length (Kazemnejad et al., 2023). Which scheme extrapolates is a question to
# measure, each time.
#
# Why RoPE? Its scores depend on the two letters and their distance, and distance 3 is the same in a longer text. The scores can be drawn. Averaged over all letters as query and
# key, here is the head that reads three back, at each distance:


# %% tags=["demo"]
def mean_scores(model: Reader, distances: int) -> torch.Tensor:
    """Mean score of a RoPE model's heads at each distance, over all pairs of letters: `(n_head, distances)`."""
    q, k, _ = model.qkv(model.norm(model.token.weight)).unflatten(-1, (3, model.n_head, -1)).mean(0)
    at = torch.arange(distances)
    turned = rope(q[:, None].expand(-1, distances, -1), at)  # (n_head, distances, head_size)
    return (turned @ rope(k[:, None], at[:1]).mT)[..., 0].detach() / math.sqrt(q.shape[-1])


peaks = mean_scores(models["three back", "rope"], 128)
sharpest = (peaks[:, back] - peaks[:, :trained_on].mean(1)).argmax()
scores_by_distance = peaks[sharpest]
nearby = scores_by_distance[:trained_on].topk(2).values[1]
print(f"score at distance 3: {scores_by_distance[back]:.1f}; the next up to distance 31: {nearby:.1f}")
beyond = [d for d in range(trained_on, 128) if scores_by_distance[d] > scores_by_distance[back]]
print("higher than at 3:", *beyond)
plot.curves(
    range(128),
    {"score": scores_by_distance},
    title="The head that reads three back: trained up to distance 31",
    xlabel="distance",
    ylabel="mean score",
)

# %% [markdown]
# There is the peak at 3. It is a sum of four waves (`head_size` is 8), of lengths 6, 63, 628 and 6,283. Training made sure that at 3 the sum is higher than at any other
# distance *up to 31*. Nothing was asked of the rest, and only the fast wave has shown its whole circle by then (part 6). At the printed distances the fast wave is high again and
# the slower ones are where training never saw them: the sum is higher than at 3, and softmax goes there. The distance is built in; which distances are *far* is not.
#
# The maps of this head before and after training, on a text of 12, beside an ALiBi head:

# %% tags=["demo"]
shown = torch.randint(n_letters, (1, 12), generator=torch.Generator().manual_seed(3))
names = list(spelled(shown[0]))
panels = {}
with torch.no_grad():
    torch.manual_seed(0)
    for name, model, head in (
        ("rope, before training", Reader("rope", trained_on), sharpest),
        ("rope, after", models["three back", "rope"], sharpest),
        ("alibi, after", models["three back", "alibi"], 0),
    ):
        panels[name] = model.weights_and_values(model.embed(shown))[0][0, head]
plot.attention(panels, names, names, title="Three back: one head on twelve letters")

# %% [markdown]
# In the middle a line three places below the diagonal. (The first three rows have no target and may read anything.) Where this head misses a row, another of the four has it: on
# 40 such texts there was always one that gave the third letter back at least 97 %. On the right what ALiBi made of the same task: a smear over the recent past.
#
# ### Which one, then?
#
# | | parameters | sees | beyond the trained length | used in |
# |---|---|---|---|---|
# | sinusoidal | none | place, added | falls | the first transformer, 2017 |
# | learned | `block_size · n_embd` | place, added | error | GPT-2, BERT |
# | RoPE | none | distance, in the scores | falls, unless base or positions are changed | Llama, Mistral, Qwen |
# | ALiBi | none | distance, as a penalty | holds | BLOOM, MPT |
#
# Unit 07 builds GPT-2, with the learned table.

# %% [markdown]
# ## Recap
#
# **Q:** Why can attention without positions not tell "dog bites man" from "man bites dog"?\
# **A:** Scores depend on pairs of words only, and the output is a sum over all keys, which does not care about order. Shuffling the input shuffles the
# output and changes nothing else.
#
# **Q:** What does permutation equivariant mean?\
# **A:** Shuffling positions before the function gives the same as shuffling them after it.
#
# **Q:** Does a causal mask carry information about positions?\
# **A:** Yes, a little: position t sees t + 1 keys, and later layers can count from that.
#
# **Q:** Why does a sinusoidal encoding use sine and cosine of each angle?\
# **A:** With both, the encoding of position t + k is a fixed rotation of that of position t, the same for every t, so that a linear layer can express
# "k further".
#
# **Q:** What happens to a learned position table on a text longer than block_size?\
# **A:** There is no row to add, so it raises an error. A row that no training text reached would hold its random start, since it never got a gradient.
#
# **Q:** What does RoPE do to queries, keys and values?\
# **A:** It turns each pair of elements of queries and keys by an angle in proportion to the position. Of the positions, scores then see the distance
# only. Values stay as they are.
#
# **Q:** Which two conventions of RoPE pairs are there, and what if they are mixed up?\
# **A:** Interleaved pairs (0, 1), (2, 3) and split halves (i, i + head_size / 2). A model run with the other one gives wrong scores without an error; reordering
# the rows of the query and key layers within each head converts it.
#
# **Q:** Why are RoPE's angles computed in float64 or float32 and not in the dtype of the model?\
# **A:** Near 100,000 radians float32 numbers are 0.008 apart, bfloat16 numbers 512: in bfloat16 late positions would get random angles.
#
# **Q:** What does a larger base do in RoPE?\
# **A:** Slow pairs turn more slowly. Raised after training, it brings angles of longer texts back among those that were trained; large from the start, it keeps
# pairs that do not come round within a long text. It does not replace training on long texts.
#
# **Q:** What is ALiBi, and what can it not express?\
# **A:** A penalty of slope times distance on each score, with a fixed slope for each head. It holds on longer texts, but a head cannot pick out exactly the
# third key back: of two equal words the nearer has the higher score.

# %% [markdown]
# ## Glossary
#
# - **permutation equivariant**: a function that commutes with shuffling its positions
# - **sinusoidal encoding**: a fixed vector for each position, sines and cosines of angles that grow with it
# - **learned positions**: a trained row for each position, added to the embedding
# - **absolute, relative position**: where a token stands; how far two tokens stand apart
# - **RoPE**, rotary position embedding: queries and keys turned by angles in proportion to their positions
# - **base**: what the rates of RoPE's pairs are powers of
# - **wavelength**: after how many positions a pair is back at its start
# - **interleaved, split halves**: which elements of a vector RoPE takes for a pair
# - **ALiBi**: attention with linear biases, a penalty on scores that grows with distance
# - **extrapolation**: working on texts longer than those of the training

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Two layers.** Give `Reader` a second layer. Which of the five gain on *three back* at 32, and which at 64? Can ALiBi count to three now?
# 2. **Position interpolation.** At test time divide the positions by 2, so that a text of 64 fits into the angles of 32 (`rope` takes float positions
#    as they are). Why does *three back* fail at first, and how many training steps repair it?
# 3. **Random places.** Train with positions drawn from 0 to 255, sorted, 32 of them. Now all rows of a learned table get a gradient and all distances are seen. What does
#    that do to the picture? (Ruoss et al., 2023, *Randomized Positional Encodings*.)

# %% [markdown]
# ## To go deeper
#
# - Vaswani et al., [Attention is all you need], section 3.5: sinusoids, and the comparison with a learned table
# - Su et al., [RoFormer]: RoPE; interleaved pairs
# - Press, Smith and Lewis, [Train short, test long]: ALiBi
# - Amirhossein Kazemnejad, [Transformer architecture: the positional encoding]: from bits to sinusoids
# - Kazemnejad et al., [The impact of positional encoding on length generalization in transformers]
# - Haviv et al., [Transformer language models without positional encodings still learn positional information]
# - Chen et al., [Extending context window of large language models via positional interpolation]
# - Lilian Weng, [The transformer family 2.0]: many more ways than these four
# - Brian Kitano, [Llama from scratch]: RoPE inside a small Llama
#
# [Attention is all you need]: https://arxiv.org/abs/1706.03762
# [RoFormer]: https://arxiv.org/abs/2104.09864
# [Train short, test long]: https://arxiv.org/abs/2108.12409
# [Transformer architecture: the positional encoding]: https://kazemnejad.com/blog/transformer_architecture_positional_encoding/
# [The impact of positional encoding on length generalization in transformers]: https://arxiv.org/abs/2305.19466
# [Transformer language models without positional encodings still learn positional information]: https://arxiv.org/abs/2203.16634
# [Extending context window of large language models via positional interpolation]: https://arxiv.org/abs/2306.15595
# [The transformer family 2.0]: https://lilianweng.github.io/posts/2023-01-27-the-transformer-family-v2/
# [Llama from scratch]: https://blog.briankitano.com/llama-from-scratch/
