# %% [markdown]
# # Pretraining
#
# **After this lesson** you have a trainer of your own that takes a GPT from random numbers to within 10 % of the best that any model can do on its text, in two to four minutes on two
# cores. You can say what each of its parts buys, because you have switched it off. The run survives a crash to the last bit, and the same functions train on a GPU.
#
# About 150 minutes, with a break after part 6 · 10 exercises, 27 points · builds on: 07/01 (the model, its parameters and operations),
# 01/03 (the loop, checkpoints), 01/02 (clipping).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.pretrain`; your test cell does not
# look for them.

# %%
import math
import os
import statistics
import tempfile
import time
from itertools import islice, pairwise
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from fasttrack import plot
from fasttrack.check import pretraining as check
from fasttrack.data import fables
from fasttrack.models.gpt import GPT, GPTConfig
from fasttrack.models.memory import activation_bytes
from fasttrack.pretrain.device import flops_per_token, peak_flops
from fasttrack.pretrain.steps import padded
from fasttrack.progress import Bar

torch.set_num_threads(1)  # part 9 uses two

# %% [markdown]
# ## Where this sits
#
# The model is ready (lesson 01). What turns its random numbers into knowledge is this loop. You write the blue stations:

# %% tags=["demo"]
plot.pipeline(
    {
        "batch": "windows of a text",
        "loss": "nats per token",
        "gradient": "in parts, clipped",
        "rate": "warm-up, cosine",
        "update": "AdamW, Muon",
        "checkpoint": "a file",
    },
    here={"batch", "gradient", "rate", "update", "checkpoint"},
    back=("checkpoint", "batch"),
)

# %% [markdown]
# ## 1. A text whose limit is known
#
# How good can a language model get? On Shakespeare nobody knows: part of every text is free choice, which no model can foresee, and how large that part is cannot be measured. So a loss of 1.5
# may be splendid or poor. Our text is different. **Fables** are little stories from a grammar of ours. Wherever a story could go on in several ways, all are equally likely, so
# the cost of each single token is known:

# %%
example = fables.story(3)
print(example.text, "\n")
for token, least, kind in zip(example.tokens[:16], example.nats, example.kinds, strict=False):
    print(f"{token:<10}{kind:<10}{least:.2f} nats{'':<3}one of {math.exp(least):.0f}")

# %% [markdown]
# The kinds of tokens:
#
# - **free**: here the story chooses. `cooper` is one of 16 trades, and costs at least $\ln 16 = 2.77$ nats
# - **fixed**: nothing else is possible. A reader who knows the grammar pays 0
# - **recalled**: a fact that the story has stated before, like the owner of a kite. To one who paid attention: 0
# - **tracked**: a fact that has changed since it was stated. For one who kept up: 0
#
# The mean of these costs is the **floor**. No model can stay below it on average, whatever its size. (By luck it can on a few stories: a mean over some stories scatters. We therefore compare a model with the floor of *the very stories* it was measured on.)

# %% tags=["demo"]
told = list(fables.stories(400, split="test"))
told_ids = [[0, *fables.encode(story.text), 0] for story in told]  # 0 is <end>, which predicts the first word
floor = sum(sum(story.nats) for story in told) / sum(len(story.tokens) for story in told)
started_at = time.perf_counter()
train_ids = torch.cat([torch.zeros(1, dtype=torch.int64), fables.corpus(3_000_000, seed=1)])
vocab_size = len(fables.vocabulary())
print(f"{len(train_ids):,} tokens to train on, made in {time.perf_counter() - started_at:.1f} s")
print(
    f"{vocab_size} different tokens; a guess at random costs ln {vocab_size} = {math.log(vocab_size):.2f} nats"
)
print(f"floor of {len(told)} held-out stories: {floor:.4f} nats per token")

# %% [markdown]
# The held-out stories differ in one respect: each owner has a thing there that this person never has in training. Whoever has learned by heart what Simon tends to own pays for it here.
#
# Between 6.66 and 0.46 there is room. Here is what **counting** reaches. A bigram (04/01) looks one token back, a trigram two. What was seen rarely leans on the shorter count. (The cell does nothing but count; you may skip its code.)


# %% tags=["demo"]
def runs_of(ids, n):
    """Each run of n tokens as one number: `(len(ids) - n + 1,)`."""
    return ids.unfold(0, n, 1) @ vocab_size ** torch.arange(n - 1, -1, -1)


def look_up(keys, counts, asked):
    """How often each of `asked` was counted."""
    at = torch.searchsorted(keys, asked).clamp(max=len(keys) - 1)
    return torch.where(keys[at] == asked, counts[at], 0)


def by_counting(n):
    """What each token of `held_stream` from the n-th on costs by counts of up to n tokens."""
    probs = torch.tensor(1 / vocab_size)
    for length in range(1, n + 1):
        keys, counts = runs_of(train_ids, length).unique(return_counts=True)
        contexts, which = (keys // vocab_size).unique(return_inverse=True)
        totals = torch.zeros_like(contexts).index_add(0, which, counts)
        asked = runs_of(held_stream, length)[n - length :]
        seen, total = look_up(keys, counts, asked), look_up(contexts, totals, asked // vocab_size)
        probs = (seen + probs) / (total + 1)
    return -probs.log()


held_stream = torch.tensor([0] + [entry for ids in told_ids for entry in ids[1:]])
place_in_story = torch.cat([torch.arange(len(ids) - 1) for ids in told_ids])
counted = {}
for n, which_gram in ((2, "bigram"), (3, "trigram"), (4, "4-gram")):
    each = by_counting(n)
    counted[which_gram] = each.mean().item()
    early = each[place_in_story[n - 2 :] < 64].mean()
    print(
        f"{which_gram:<8} {counted[which_gram]:.3f} nats per token; on the first 64 of each story {early:.3f}"
    )

# %% [markdown]
# A longer memory helps less and less: runs of four are mostly new, and the name that has to be recalled stands thirty words back.
#
# Now a small GPT, two blocks of width 64 with windows of 64 tokens, in the plain loop you know from 01/03: random batches, AdamW, a constant learning rate, 150 updates.
#
# **Predict:** which of the counts will it beat?

# %% tags=["demo"]
story_starts = (train_ids == 0).nonzero()[:, 0]  # the <end> before each story
small = GPTConfig(vocab_size, block_size=64, n_layer=2, n_head=2, n_embd=64)
torch.manual_seed(0)
plain = GPT(small)
plain_optimizer = torch.optim.AdamW(plain.parameters(), lr=3e-3)
for _step in range(150):
    drawn_starts = story_starts[torch.randint(len(story_starts) - 2, (16,))]
    plain_ids = train_ids[drawn_starts[:, None] + torch.arange(65)]  # (16, 65)
    plain_loss = functional.cross_entropy(plain(plain_ids[:, :-1]).flatten(0, 1), plain_ids[:, 1:].flatten())
    plain_optimizer.zero_grad()
    plain_loss.backward()
    plain_optimizer.step()

small_x, small_y = (ids[:, :64] for ids in padded(told_ids))  # the first 64 tokens of each held-out story
small_floor = sum(sum(story.nats[:64]) for story in told) / int((small_y != -100).sum())
with torch.no_grad():
    plain_held = functional.cross_entropy(plain(small_x).flatten(0, 1), small_y.flatten()).item()
print(
    f"{plain_held:.3f} nats per token on the first 64 of each held-out story, whose floor is {small_floor:.3f}"
)

# %% [markdown]
# Better than every count, and still 71 % above the floor. The loop you know works. This lesson is about the rest of the way: what each further part of a trainer does, and how 71 % become less than 10 within minutes.
#
# ## 2. Batches from a stream
#
# A pretraining text is one long row of ids. A training example is a **window** of it, `block_size` tokens long, and its targets are the same window one token later (07/01):
#
# | | | | | |
# |---|---|---|---|---|
# | tokens | 10 | 11 | 12 | 13 |
# | x, beginning at 0, `block_size` 3 | 10 | 11 | 12 | |
# | y | | 11 | 12 | 13 |
#
# Windows are drawn at random, all beginnings equally likely. Nothing is cut up beforehand: a text of $n$ tokens has $n - \text{block\_size}$ windows, which overlap. Why not $n$ or $n - \text{block\_size} + 1$? The last target must be there, too.
#
# For fables we begin windows only where a story begins. In the middle of a story a model is asked to recall what the window has cut off, which it can only guess. So the function takes a list of allowed beginnings. A window that is longer than its story runs over `<end>` into the next one, and the model sees both.
#
# ### Exercise 1: get batch   ·  ★★☆ · 8 min · 3 points
#
# - `tokens`: `(n,)`, any integer dtype; `batch`, `block_size`: ints ≥ 1; `generator`: the `torch.Generator` from which everything random is drawn
# - `starts`: None, or int64 `(m,)`: the places where windows may begin. None means any place
# - returns a pair `x, y`, both int64 `(batch, block_size)`: row by row a random window, and the tokens one place later. A place may be drawn more than once; all that leave room for the window *and* its last target are equally likely, including the last such place
# - if no place leaves room: raises `ValueError` before anything is drawn


# %% exercise: get_batch forbid=["fasttrack.pretrain.steps.get_batch"]
def get_batch(
    tokens: torch.Tensor,
    batch: int,
    block_size: int,
    generator: torch.Generator,
    starts: torch.Tensor | None = None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Random windows of `tokens` and what follows each token: both int64 `(batch, block_size)`."""
    ### BEGIN SOLUTION
    last = len(tokens) - block_size - 1  # the last place that leaves room
    places = torch.arange(max(last + 1, 0)) if starts is None else starts[starts <= last]
    if not len(places):
        raise ValueError(f"{len(tokens)} tokens leave no room for a window of {block_size + 1}")
    begin = places[torch.randint(len(places), (batch,), generator=generator)]  # (batch,)
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()  # (batch, block_size + 1)
    return windows[:, :-1], windows[:, 1:]
    ### END SOLUTION


# %%
few = torch.arange(10, 20)
for ids in get_batch(few, 3, 4, torch.Generator().manual_seed(0)):
    print(ids.tolist())  # look: three rows of four in order; then the same, one later
print(
    get_batch(few, 6, 4, torch.Generator().manual_seed(0), starts=torch.tensor([0, 5, 8]))[0][:, 0].tolist()
)
# look: only 10 and 15. From place 8 no window fits

# %% test: get_batch points=3
check.get_batch(get_batch)
### BEGIN HIDDEN TESTS
check.get_batch(get_batch, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I cut many windows at once?</summary>
#
# An index of shape `(batch, 1)` plus one of shape `(block_size,)` broadcasts to `(batch, block_size)` places. `tokens[places]` has that shape.
# </details>
# <details><summary>The last window is never drawn, or an index is out of range</summary>
#
# `torch.randint(high, …)` leaves out `high`. The last place that leaves room is `n - block_size - 1`: count by hand with `n = 4`, `block_size = 3`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.pretrain.steps import get_batch`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ## 3. Measuring
#
# ### One number
#
# The training loss of a single batch scatters, and it is about text that has just been used. What counts is the mean over held-out text, always the same. Stories have different lengths, so a batch of whole stories is filled up: `padded` (given) puts -100 where a story has ended, and `cross_entropy` leaves those places out.
#
# **Predict:** two batches, one with 100 real targets and a mean loss of 1, one with 10 and a mean loss of 3. What is the mean loss? (Not 2.)
#
# ### Exercise 2: estimate loss   ·  ★★☆ · 8 min · 3 points
#
# - `model`: ids int64 `(batch, time)` to logits `(batch, time, vocab_size)`
# - `batches`: an iterable of pairs `x, y`, int64 `(batch, time)` of any sizes; it can be walked through once. `y` is -100 where there is no target; a batch may have no target at all, but not all of them
# - returns a Python float: the sum of the losses of **all** targets of all batches, divided by their number; nats per token
# - in evaluation mode, without gradients; afterwards the model is in the mode it came in


# %% exercise: estimate_loss forbid=["fasttrack.pretrain.steps.estimate_loss"]
def estimate_loss(model: nn.Module, batches) -> float:
    """The mean loss over all targets, in nats per token."""
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    count = 0
    total = 0.0
    with torch.no_grad():
        for x, y in batches:
            logits = model(x).flatten(0, 1)  # (batch * time, vocab_size)
            total += functional.cross_entropy(logits, y.flatten(), reduction="sum").item()
            count += int((y != -100).sum())
    model.train(was_training)
    return total / count
    ### END SOLUTION


# %%
class Fixed(nn.Module):
    """Logits that prefer token 0 everywhere: it costs 0.31 nats, any other of the four 2.31."""

    def forward(self, ids):
        return torch.tensor([2.0, 0.0, 0.0, 0.0]).expand(*ids.shape, 4)


right_guess = torch.zeros(1, 10, dtype=torch.int64)
wrong_guess = torch.tensor([[1, -100, -100, -100]])
print(estimate_loss(Fixed(), [(right_guess, right_guess), (right_guess[:, :4], wrong_guess)]))
print((10 * 0.3408 + 1 * 2.3408) / 11)  # look: the same, up to rounding

# %% test: estimate_loss points=3
check.estimate_loss(estimate_loss)
### BEGIN HIDDEN TESTS
check.estimate_loss(estimate_loss, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>nan</summary>
#
# The mean over no targets is 0 / 0. Add up sums (`reduction="sum"`) and count targets; divide once, at the end.
# </details>
# <details><summary>The message says that short batches weigh too much</summary>
#
# A mean of means gives the last, half-empty batch the weight of a full one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.pretrain.steps import estimate_loss`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# The two batches of the prediction have a mean loss of $(100 \cdot 1 + 10 \cdot 3) / 110 = 1.18$: each target counts once.
#
# ### Where the loss comes from
#
# One number does not say *what* a model cannot do yet. The floor can: for each token we know what it must cost, so we know what is paid **too much**, and on which kind of token. Take five tokens:
#
# | token | kind | floor | paid | too much |
# |---|---|---|---|---|
# | Once | free | 1.4 | 1.5 | 0.1 |
# | there | fixed | 0 | 0.1 | 0.1 |
# | was | fixed | 0 | 0.2 | 0.2 |
# | Mara | free | 4.6 | 5.1 | 0.5 |
# | red | recalled | 0 | 0.9 | 0.9 |
#
# The floor is 6.0 in all, and 7.8 was paid: 30 % above. Of these 30 %, free tokens have 0.6 / 6 = 10 %, fixed ones 5 %, recalled ones 15 %. Shares of one whole, so they add up.
#
# ### Exercise 3: excess   ·  ★☆☆ · 6 min · 2 points
#
# - `losses`, `nats`: float `(n,)`, what each token cost the model and what it costs at least; `kinds`: list of n strings
# - returns a dict from each kind in `kinds` to a Python float: the sum of `losses - nats` over the tokens of that kind, divided by the sum of **all** `nats`
# - a token that cost less than its floor counts with its minus sign


# %% exercise: excess
def excess(losses: torch.Tensor, nats: torch.Tensor, kinds: list[str]) -> dict[str, float]:
    """How far above the floor a model is, by kind of token, as shares of the floor."""
    ### BEGIN SOLUTION
    least_of_all = nats.sum().item()
    shares = dict.fromkeys(kinds, 0.0)
    for too_much, kind in zip((losses - nats).tolist(), kinds, strict=True):
        shares[kind] += too_much / least_of_all
    return shares
    ### END SOLUTION


# %%
five_paid, five_nats = torch.tensor([1.5, 0.1, 0.2, 5.1, 0.9]), torch.tensor([1.4, 0.0, 0.0, 4.6, 0.0])
five_shares = excess(five_paid, five_nats, ["free", "fixed", "fixed", "free", "recalled"])
print({kind: round(share, 3) for kind, share in five_shares.items()})  # look: 0.1, 0.05, 0.15

# %% test: excess points=2
check.excess(excess)
### BEGIN HIDDEN TESTS
check.excess(excess, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I divide by zero</summary>
#
# Fixed tokens cost 0 at least, so a share of *their* floor does not exist. Divide by the floor of all tokens.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def excess(losses, nats, kinds):
#     above = (losses - nats) / nats.sum()
#     return {kind: above[torch.tensor([k == kind for k in kinds])].sum().item() for kind in set(kinds)}
# ```
# </details>

# %% [markdown]
# Of the plain model's first 64 tokens:


# %% tags=["demo"]
@torch.no_grad()
def costs(model, stories):
    """What each token of the stories costs the model, and at least, and its kind; as far as the model's window goes."""
    paid, least, kinds = [], [], []
    for at in range(0, len(stories), 50):
        some = stories[at : at + 50]
        x, y = padded([[0, *fables.encode(story.text), 0] for story in some])
        x, y = x[:, : model.config.block_size], y[:, : model.config.block_size]
        each = functional.cross_entropy(model(x).transpose(1, 2), y, reduction="none")  # (stories, time)
        paid.append(each[y != -100])  # row by row
        for story in some:
            least += story.nats[: x.shape[1]]
            kinds += story.kinds[: x.shape[1]]
    return torch.cat(paid), torch.tensor(least), kinds


for kind, too_much in sorted(excess(*costs(plain, told)).items(), key=lambda entry: -entry[1]):
    print(f"{kind:<10}{too_much:+.0%} of the floor")

# %% [markdown]
# The shares add up to the 71 %, but for rounding. Nearly half is **recall**: the model does not look back for a name yet, it guesses one. Fixed words still cost something, so the grammar is not learned to the end either. That leaves 21 % for free choices, where the best is to spread the bets evenly over what is possible. Keep an eye on the first line: it is the one that will resist.
#
# ## 4. One update, in parts
#
# ### A batch that does not fit
#
# GPT-2's and GPT-3's batches were of half a million tokens and more. No device holds the activations of so many at once, and none needs to. The gradient of a mean is the mean of gradients:
#
# $$\nabla \frac1B \sum_{i=1}^{B} \ell_i \;=\; \frac1A \sum_{a=1}^{A} \nabla \Big(\frac{A}{B} \sum_{i \in \text{part } a} \ell_i\Big)$$
#
# with $B$ windows in $A$ equal parts. PyTorch's `backward` **adds** to `.grad` (01/02). So: a part forward, its mean loss divided by $A$, backward, the next part; after the last one, one update. This is **gradient accumulation**. It takes $A$ times as many passes, each with a share of the memory.
#
# Two slips are common. Without the division by $A$ the gradient is $A$ times too long. And adding up the *losses*, to call `backward` once at the end, gives the right gradient and saves nothing: all activations wait for it.
#
# ### A gradient that is too long
#
# Now and then a batch is unlike the others, and its gradient ten times as long. One such step can undo a thousand. **Clipping** (01/02) shortens the whole gradient to a norm of at most `clip`, and keeps its direction. It belongs between the last `backward` and `step`: a part's gradient is not the batch's. `nn.utils.clip_grad_norm_(parameters, clip)` does what you wrote in 01/02, and returns the norm before.
#
# ### Exercise 4: train step   ·  ★★★ · 12 min · 4 points
#
# - `model`, `optimizer`: as usual; old gradients may still be there, and must not take part
# - `x`, `y`: int64 `(batch, time)`, no -100 in `y`; `accumulate`: int ≥ 1 that divides `batch`; `clip`: float > 0
# - the batch goes through the model in `accumulate` equal parts of consecutive rows, in order, with a `backward` after each. The gradient is that of the **whole** batch's mean loss (cross-entropy, nats per token)
# - then the gradient of all parameters together is cut to a norm of at most `clip`, and the optimizer takes **one** step
# - returns two Python floats: the mean loss of the whole batch before the update, and the gradient's norm before it was cut


# %% exercise: train_step forbid=["fasttrack.pretrain.steps.train_step"]
def train_step(
    model: nn.Module, optimizer, x: torch.Tensor, y: torch.Tensor, accumulate: int = 1, clip: float = 1.0
) -> tuple[float, float]:
    """One update; the batch's mean loss, and the norm of its gradient before clipping."""
    ### BEGIN SOLUTION
    optimizer.zero_grad()
    total = 0.0
    for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
        loss = functional.cross_entropy(model(part_x).flatten(0, 1), part_y.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()
    ### END SOLUTION


# %%
def one_update(accumulate, clip=1.0):
    """Loss and norm of one update of a tiny model, and the model."""
    torch.manual_seed(0)
    model = GPT(GPTConfig(vocab_size=50, block_size=16, n_layer=2, n_head=2, n_embd=16))
    ids = torch.randint(50, (12, 17))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    return *train_step(model, optimizer, ids[:, :-1], ids[:, 1:], accumulate, clip), model


whole_loss, whole_norm, whole = one_update(accumulate=1)
for accumulate in (2, 4, 12):
    loss, norm, model = one_update(accumulate)
    furthest = max(
        (p - q).abs().max().item() for p, q in zip(model.parameters(), whole.parameters(), strict=True)
    )
    print(f"{accumulate:>2} parts: loss {loss:.4f}, norm {norm:.4f}, largest difference {furthest:.0e}")
    # look: loss and norm always the same, differences of rounding

# %% test: train_step points=4
check.train_step(train_step)
### BEGIN HIDDEN TESTS
check.train_step(train_step, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The norm grows with the number of parts</summary>
#
# Each part's loss is a mean over its own rows. The mean of the whole batch is a sum of `accumulate` such means, each divided by `accumulate`: divide before `backward`.
# </details>
# <details><summary>The loss it returns is too large, or that of one part</summary>
#
# Add up the divided losses, as floats (`.item()`), over the parts.
# </details>
# <details><summary>What goes where?</summary>
#
# Once at the start: `zero_grad`. For each part: forward, loss, backward. Once at the end: clip, step.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.pretrain.steps import train_step`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# What it saves, measured as in 07/01:

# %% tags=["demo"]
memory_x, memory_y = get_batch(train_ids, 32, 64, torch.Generator().manual_seed(0), story_starts)


def kept_for(rows):
    """Megabytes of activations that a part of so many rows keeps for the way back."""

    def forward():
        return functional.cross_entropy(plain(memory_x[:rows]).flatten(0, 1), memory_y[:rows].flatten())

    return activation_bytes(plain, forward) / 1e6


for accumulate in (1, 2, 4, 8):
    print(
        f"a batch of 32 in {accumulate} part{'s' * (accumulate > 1):<2} keeps {kept_for(32 // accumulate):6.1f} MB"
    )

# %% [markdown]
# Memory falls in proportion, the result stays. Here 32 windows fit easily, so accumulation buys nothing but time lost. It becomes indispensable when one device must do the work of many: the largest batch is a choice of the experiment, not of the hardware.
#
# ## 5. How fast, and when
#
# ### Warm-up and cosine
#
# A constant learning rate is a compromise between two ends of a run:
#
# - **at the start**, parameters are random, and AdamW's averages of squares are made of a handful of gradients. Steps of full length in directions that are mostly noise can throw a model somewhere it takes long to leave. So the rate climbs, in equal parts, over the first updates: **warm-up**
# - **at the end**, the model circles around a good point, at a distance that the rate sets: the noise of each batch pushes it as far as the gradient pulls it back. A smaller rate comes closer. So the rate falls, in most runs along half a **cosine**: slowly at first, slowly at the end
#
# With $s$ the update, counted from 0, $w$ updates of warm-up, $S$ updates in all, rates $\eta$ (the peak) and $\eta_{\min}$:
#
# $$\eta_s = \begin{cases} \eta\,\dfrac{s + 1}{w} & s < w \\[2ex] \eta_{\min} + (\eta - \eta_{\min})\,\dfrac{1 + \cos(\pi\,d)}{2}, \quad d = \dfrac{s - w}{S - w} & w \le s < S \\[2ex] \eta_{\min} & s \ge S \end{cases}$$
#
# **Predict** the rate at $s = w - 1$, at $s = w$, and half-way between $w$ and $S$, for $\eta_{\min} = 0$.
#
# ### Exercise 5: lr schedule   ·  ★★☆ · 7 min · 2 points
#
# - `step`: int ≥ 0; `lr`: the peak; `warmup`, `steps`: ints with 0 ≤ `warmup` ≤ `steps`; `min_lr`: float, from 0 to `lr`
# - returns a float: the rate of update `step`, by the formula
# - `warmup` may be 0 (the cosine begins at once), and `warmup` may equal `steps` (there is no cosine)


# %% exercise: lr_schedule forbid=["fasttrack.pretrain.steps.lr_schedule"]
def lr_schedule(step: int, lr: float, warmup: int, steps: int, min_lr: float = 0.0) -> float:
    """The learning rate of update `step`, counted from 0."""
    ### BEGIN SOLUTION
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    done = (step - warmup) / (steps - warmup)  # from 0 to 1
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * done)) / 2
    ### END SOLUTION


# %%
print(
    [round(lr_schedule(step, 1.0, 4, 12), 3) for step in range(14)]
)  # look: 0.25 to 1, 1 again, 0.5 in the middle, 0

# %% tags=["demo"]
plot.runs(
    range(601),
    {"to 0": [lr_schedule(step, 3e-3, 40, 600) for step in range(601)]}
    | {"to a tenth": [lr_schedule(step, 3e-3, 40, 600, 3e-4) for step in range(601)]},
    title="A climb of 40 updates, then half a cosine",
    xlabel="update",
    ylabel="learning rate",
)

# %% test: lr_schedule points=2
check.lr_schedule(lr_schedule)
### BEGIN HIDDEN TESTS
check.lr_schedule(lr_schedule, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# The prediction: $\eta$ at $s = w - 1$, $\eta$ again at $s = w$, and $\eta / 2$ half-way.
#
# <details><summary>ZeroDivisionError</summary>
#
# Ask `step < warmup` first and `step >= steps` second. What is left has `warmup <= step < steps`, and neither denominator is 0.
# </details>
# <details><summary>My first rate is 0</summary>
#
# Then the first update does nothing. Updates count from 0, so the first has one part of `warmup`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.pretrain.steps import lr_schedule`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ## 6. Who decays
#
# AdamW multiplies each parameter by $1 - \eta\lambda$ at each update, besides what the gradient does to it: **weight decay** (01/03). It keeps matrices from growing without need. Not everything that is trained is a matrix:
#
# - a **matrix** (or table) makes features out of features. Smaller entries, smoother function: decay
# - a **vector**, a bias or the gain of a norm, is a scale or a shift. Pulled towards 0, a gain would switch its layer off; there is nothing smooth about that: no decay
#
# Hence two groups in one optimizer, told apart by the number of dimensions, as in nanoGPT. Mind the names: a norm's gain is called `weight`.
#
# AdamW's **betas** say how long it remembers: $\beta_2 = 0.999$, PyTorch's default, averages squared gradients over some 1000 updates, which is longer than our whole run. Language models use 0.95 (GPT-3's), some 20 updates.
#
# ### Exercise 6: configure optimizer   ·  ★★☆ · 10 min · 3 points
#
# - `model`: any `nn.Module`; `lr`, `weight_decay`: floats; `betas`: a pair
# - `leave_out`: an iterable of parameters of the model that this optimizer must not touch (part 7 gives them to another one)
# - returns a `torch.optim.AdamW` with all parameters of the model that require grad and are not left out, each once (one that is used in two places, too), in groups: two dimensions or more decay by `weight_decay`, fewer do not (0.0). All with `lr` and `betas`


# %% exercise: configure_optimizer forbid=["fasttrack.pretrain.steps.configure_optimizer"]
def configure_optimizer(
    model: nn.Module, lr: float, weight_decay: float, betas: tuple[float, float] = (0.9, 0.95), leave_out=()
) -> torch.optim.AdamW:
    """AdamW in two groups: matrices decay, vectors do not."""
    ### BEGIN SOLUTION
    others = {id(parameter) for parameter in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)
    ### END SOLUTION


# %%
grouped = configure_optimizer(nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4)), lr=1e-3, weight_decay=0.1)
for group in grouped.param_groups:
    print(group["weight_decay"], [tuple(parameter.shape) for parameter in group["params"]])
# look: 0.1 for (4, 3), and 0.0 for three vectors of 4

# %% test: configure_optimizer points=3
check.configure_optimizer(configure_optimizer)
### BEGIN HIDDEN TESTS
check.configure_optimizer(configure_optimizer, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Boolean value of Tensor is ambiguous, or sizes that must match</summary>
#
# `parameter in leave_out` compares tensors element by element. Whether it is *the same* parameter is asked by `is`, or by a set of `id(…)`.
# </details>
# <details><summary>How do I make groups?</summary>
#
# The first argument of an optimizer may be a list of dicts, each with `"params"` and whatever it has for itself: `{"params": [...], "weight_decay": 0.0}`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.pretrain.steps import configure_optimizer`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ### Switched off, one by one
#
# Now all parts in one loop. `updates` is a generator: it makes update after update, and hands each loss to whoever asks. One line needs a word: the peak rate is kept in each group, beside `lr`, since a checkpoint restores the group as it was, with the *falling* rate in `lr`.


# %% tags=["demo"]
def updates(
    model, optimizer, generator, total, first=0, warmup=10, decay=True, batch=16, clip=1.0, accumulate=1
):
    """Makes updates `first` to `total - 1`; gives (updates done, loss, norm) after each."""
    for step in range(first, total):
        share = lr_schedule(step, 1.0, warmup, total if decay else 10**9)
        for group in optimizer.param_groups:
            group["lr"] = share * group.setdefault("peak", group["lr"])
        x, y = get_batch(train_ids, batch, model.config.block_size, generator, story_starts)
        yield step + 1, *train_step(model, optimizer, x, y, accumulate, clip)


def adamw(model, lr=1e-2, weight_decay=0.1):
    """The optimizer as most language models have it."""
    return configure_optimizer(model, lr, weight_decay)


# %% tags=["demo"]
def trial(make_optimizer=adamw, seed=0, **settings):
    """150 updates of the small network: its held-out loss as a share above the floor, losses, norms."""
    torch.manual_seed(seed)
    model = GPT(small)
    run = list(updates(model, make_optimizer(model), torch.Generator().manual_seed(seed), 150, **settings))
    above = estimate_loss(model, [(small_x, small_y)]) / small_floor - 1
    return above, [loss for _, loss, _ in run], [norm for *_, norm in run]


def all_decay(model):
    """One group: vectors decay, too."""
    return torch.optim.AdamW(model.parameters(), 1e-2, betas=(0.9, 0.95), weight_decay=0.1)


def of_part_1(model):
    """PyTorch's defaults and a low rate."""
    return torch.optim.AdamW(model.parameters(), lr=3e-3)


def with_two_seeds(choices):
    """A trial of each choice with seeds 0 and 1; prints how far above the floor they end."""
    found = {}
    for name, given in choices.items():
        found[name] = [trial(seed=seed, **given) for seed in (0, 1)]
        both = "".join(f"{above:+8.1%}" for above, *_ in found[name])
        longest = ", ".join(f"{max(norms):.0f}" for *_, norms in found[name])
        print(f"{name:<32}{both} above the floor    longest gradients {longest}")
    return found


trials = with_two_seeds(
    {
        "all of it": {},
        "no warm-up": {"warmup": 0},
        "no clipping": {"clip": math.inf},
        "no decay of the rate": {"decay": False},
        "vectors decay, too": {"make_optimizer": all_decay},
    }
)

# %% [markdown]
# **Predict:** and where is the plain loop of part 1, with a constant rate of 0.003, no warm-up, no clipping?

# %% tags=["demo"]
plain_loop = {"make_optimizer": of_part_1, "warmup": 0, "decay": False, "clip": math.inf}
trials |= with_two_seeds(
    {"the plain loop": plain_loop, "the plain loop, the rate decays": plain_loop | {"decay": True}}
)

# %% [markdown]
# How to read this: with all of it the two seeds differ by 7.5 points, so less than that says nothing. First of all: **the plain loop is as good**, 68 and 70 % where all of it reaches 63 and 71. So in 150 updates the recipe buys no better model. It buys a learning rate of 0.01 instead of 0.003:
#
# - **warm-up** keeps this rate alive: without it, 179 and 184 %. The first updates at the full rate threw the model somewhere from which it was still coming back
# - **clipping** does, too: 87 and 182 % without it. The second of these runs met a gradient of length 72, where clipping would have cut it to 1
# - **decay of the rate** buys nothing yet: 62 and 63 % without it. It pays at the end of a run, when the noise of the batches is what keeps a model from the floor, and this one is far from there. In the plain loop it costs 47 points: what is low already should not fall
# - **decay groups** buy nothing that could be told from chance: 65 and 72 % without. In 150 updates of 0.005 on average a gain loses some 7 % by a decay of 0.1, and the gradient makes up for it
# - **accumulation** is not in the table, since it changes nothing but the memory
#
# That is how it usually is: some customs show in a short run, and others are kept because they cost little and somebody's long run once needed them. Before you believe in an ingredient, switch it off, with two seeds; and before you believe in a recipe, run the plain loop beside it.


# %% tags=["demo"]
def smooth(losses):
    """The mean of 10 losses each."""
    return torch.tensor(losses).unfold(0, 10, 1).mean(1)


plot.runs(
    range(10, 151),
    {
        name: smooth(trials[name][1][1])
        for name in ("all of it", "no warm-up", "no clipping", "the plain loop")
    },
    title="What the first updates break takes more than a hundred to mend",
    xlabel="update",
    ylabel="loss, mean of 10 updates (nats)",
    levels={"the floor": small_floor},
)

# %% [markdown]
# A good place for a break.
#
# ## 7. A plateau, and a better direction
#
# Look at the right half of the picture (of the second seed): the curves have become flat, far above the floor. What is missing there is recall. To copy the owner of the kite, one head has to find the kite further up, and another to have noted beside it whose it is. Neither is of use without the other, so the gradient towards them is faint, and a run stays on this **plateau** until it has found both by small steps.
#
# How faint can a direction be? Any matrix $G$ can be taken apart as $G = U S V^\top$: the columns of $V$ are directions at right angles to each other, and so are those of $U$; along the $i$-th direction $G$ turns the one into the other and stretches it by $S_i \ge 0$, its $i$-th **singular value**. For a gradient these say how far a step reaches in each direction. Here they are, for one matrix of the plain model:

# %% tags=["demo"]
plain.zero_grad()
functional.cross_entropy(plain(memory_x).flatten(0, 1), memory_y.flatten()).backward()
some_gradient = plain.blocks[1].feed_forward.fc.weight.grad.clone()  # (256, 64)
spectrum = torch.linalg.svdvals(some_gradient)  # (64,)
plot.runs(
    range(1, 64),
    {"gradient": (spectrum / spectrum[0])[:63]},
    title="A few directions have nearly all of the gradient",
    xlabel="direction, strongest first",
    ylabel="singular value, the largest is 1",
    yticks=[0.003, 0.01, 0.03, 0.1, 0.3, 1],
    xticks=[1, 2, 4, 8, 16, 32, 64],
)

# %% [markdown]
# Eight directions of 64 are within a factor of three of the strongest; half of all are below a fortieth. (The 64th is left out. It has next to no gradient, since what a layer norm hands on has mean 0.) The strong ones are what most tokens have in common, such as which words are frequent. What only some tokens need, such as *which earlier name to copy*, has to find its place among the weak ones. Any step along $G$ serves the loud directions first. AdamW scales each *entry* of the matrix by itself, and directions are not entries.
#
# What if every direction were equally long? Replace all singular values by 1: $U V^\top$. That is an **orthogonalised** update, the idea of **Muon** (Keller Jordan and others, 2024).
#
# ### Without a decomposition
#
# A singular value decomposition of each matrix at each update would be too slow. There is a cheaper way. An odd polynomial of a matrix acts on each singular value by itself:
#
# $$X = U S V^\top \quad\Rightarrow\quad a X + b\,(XX^\top) X + c\,(XX^\top)^2 X = U\,(aS + bS^3 + cS^5)\,V^\top$$
#
# (Insert it: $X X^\top = U S^2 U^\top$, since $V^\top V = 1$.) So we want a polynomial that, applied again and again, moves every number from 0 to 1 near 1. This is the **Newton–Schulz iteration**. With $a = 3.4445$, $b = -4.7750$, $c = 2.0315$, five rounds do, by matrix products alone:

# %%
singular = torch.tensor([0.01, 0.03, 0.1, 0.3, 0.6, 1.0])
for rounds in range(6):
    print(rounds, [f"{s:.2f}" for s in singular.tolist()])
    singular = 3.4445 * singular - 4.7750 * singular**3 + 2.0315 * singular**5

# %% [markdown]
# Not exactly 1: what starts at 0.005 or more ends between 0.68 and 1.16, and 0.01 is at 0.4 after three rounds. That is good enough for a step, and the large $a$ makes it quick for small values.
#
# Numbers above 1.26 would run away. So $G$ is divided first by something that is never smaller than its largest singular value and is cheap: the **Frobenius norm**, the root of the sum of all its squared entries, which is the root of the sum of all squared singular values.
#
# ### Exercise 7: orthogonalise   ·  ★★☆ · 10 min · 3 points
#
# - `matrix`: float `(rows, columns)`, any two sizes ≥ 1; `steps`: int ≥ 0, the number of rounds
# - $X$ = `matrix` divided by (its Frobenius norm + 1e-7); then `steps` times: $X \leftarrow a X + b\,(XX^\top) X + c\,(XX^\top)^2 X$, with $a = 3.4445$, $b = -4.7750$, $c = 2.0315$
# - returns a new tensor, same shape and dtype. A matrix of zeros gives zeros


# %% exercise: orthogonalise forbid=["torch.optim.Muon", "torch.optim._muon", "torch.linalg.svd", "torch.svd", "numpy.linalg.svd", "torch.linalg.polar"]
def orthogonalise(matrix: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The matrix with all its singular values brought near 1: `(rows, columns)` -> the same shape."""
    ### BEGIN SOLUTION
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T  # (rows, rows)
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x
    ### END SOLUTION


# %%
torch.manual_seed(0)
stretched = torch.randn(4, 3) @ torch.diag(torch.tensor([100.0, 10.0, 1.0]))
print(torch.linalg.svdvals(stretched))
print(torch.linalg.svdvals(orthogonalise(stretched)))  # look: all from 0.68 to 1.16
print(orthogonalise(torch.zeros(2, 2)))  # look: zeros

# %% test: orthogonalise points=3
check.orthogonalise(orthogonalise)
### BEGIN HIDDEN TESTS
check.orthogonalise(orthogonalise, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>nan or huge numbers</summary>
#
# Was it divided by `x.norm()` first? Is $b$ negative?
# </details>
# <details><summary>Singular values stay small</summary>
#
# In each round both products use the $X$ of *this* round: keep `gram = x @ x.T` and use it twice.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It is the exact answer, slower, and the test does not accept it:
#
# ```
# def orthogonalise(matrix, steps=5):
#     u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
#     return u @ vh
# ```
# </details>

# %% tags=["demo"]
plot.runs(
    range(1, 64),
    {
        "gradient": (spectrum / spectrum[0])[:63],
        "orthogonalised": torch.linalg.svdvals(orthogonalise(some_gradient))[:63],
    },
    title="After five rounds, nearly all directions count alike",
    xlabel="direction, strongest first",
    ylabel="singular value",
    yticks=[0.003, 0.01, 0.03, 0.1, 0.3, 1],
    xticks=[1, 2, 4, 8, 16, 32, 64],
)

# %% [markdown]
# **Muon** is this and momentum. Its rules, each with its reason:
#
# - it orthogonalises an **average** of gradients (`lerp_` moves a tensor a share of the way to another): in a single batch's gradient the weak directions are mostly noise
# - the newest gradient is mixed in once more. That is Nesterov's momentum: it follows sooner when the gradient turns
# - the step has the length that **rate and shape** say, however long the gradient was. So one rate suits all matrices, and clipping no longer shortens a step. In an orthogonal 64 × 64 matrix an entry is about 1/8: a rate of 0.02 moves it by 0.0025, as AdamW does at 0.0025
# - with more rows than columns the step is $\sqrt{\text{rows}/\text{columns}}$ times as long: else the same input, spread over more outputs, would change each of them less
# - it is for matrices that mix features. A table's rows are looked up one by one, so directions across them mean little: tables and vectors stay with AdamW
#
# So there are two optimizers, and `Both` lets them pass for one.


# %%
class Muon(torch.optim.Optimizer):
    """Momentum, orthogonalised; for matrices only."""

    def __init__(self, matrices, lr, momentum=0.95, weight_decay=0.01):
        super().__init__(matrices, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for matrix in group["params"]:
                state = self.state[matrix]
                if not state:
                    state["average"] = torch.zeros_like(matrix)
                state["average"].lerp_(matrix.grad, 1 - momentum)
                ahead = matrix.grad.lerp(state["average"], momentum)
                rows, columns = matrix.shape
                # X Xᵀ has rows · rows numbers: with more rows than columns, the transposed matrix is less work
                direction = orthogonalise(ahead.T).T if rows > columns else orthogonalise(ahead)
                matrix.mul_(1 - lr * group["weight_decay"])
                matrix.add_(direction, alpha=-lr * max(1, rows / columns) ** 0.5)


class Both:
    """Several optimizers that pass for one."""

    def __init__(self, *parts):
        self.parts = parts

    @property
    def param_groups(self):
        return [group for part in self.parts for group in part.param_groups]

    def zero_grad(self, set_to_none=True):
        for part in self.parts:
            part.zero_grad(set_to_none)

    def step(self):
        for part in self.parts:
            part.step()

    def state_dict(self):
        return {str(i): part.state_dict() for i, part in enumerate(self.parts)}

    def load_state_dict(self, state):
        for i, part in enumerate(self.parts):
            part.load_state_dict(state[str(i)])


def muon_and_adamw(model, muon_lr=0.02, lr=3e-3, weight_decay=0.01):
    """Muon for the matrices of the blocks, AdamW for all else."""
    matrices = [parameter for parameter in model.blocks.parameters() if parameter.dim() == 2]
    rest = configure_optimizer(model, lr, weight_decay, leave_out=matrices)
    return Both(Muon(matrices, muon_lr, weight_decay=weight_decay), rest)


# %% [markdown]
# **Predict:** where will the small network be after the same 150 updates, and does it still need the warm-up?


# %% tags=["demo"]
def muon_small(model):
    """For the small network, with the rate of the trials above for all that is not Muon's."""
    return muon_and_adamw(model, lr=1e-2)


muon_trials = with_two_seeds(
    {
        "Muon and AdamW": {"make_optimizer": muon_small},
        "no warm-up, no clipping": {"make_optimizer": muon_small, "warmup": 0, "clip": math.inf},
    }
)

# %% [markdown]
# 50 and 51 %: less than AdamW's 63 and 71, and less than the plain loop's 68 and 70. It needs neither warm-up nor clipping, since its step has the length that the rate says, however young the average and however long the gradient. The small network has not left the plateau yet. What Muon is worth shows in part 9.
#
# ## 8. A run that survives
#
# Before a long run there is one more thing. Machines crash, sessions time out, and Colab takes its devices back. In 01/03 you saved model, optimizer, scheduler, generator and epoch. Our schedule is a function of the step, so it has no state: four things are left. What is new is **how** to write. A checkpoint is written over the last one; if the process dies half-way through the writing, both are gone.
#
# The way out: write to another name **in the same folder**, then rename it to the real one. `os.replace(a, b)` either happens or does not; there is no half of it. (This protects against a process that dies. Against a power cut one also calls `os.fsync` on the file before the rename, or the new name may reach the disk before the contents.)
#
# ### Exercise 8: save run   ·  ★★☆ · 8 min · 3 points
#
# - `path`: a `Path`, where an older checkpoint may lie; `model`, `optimizer`: have a `state_dict()`; `generator`: has `get_state()`; `step`: int, the number of updates done
# - afterwards the file at `path` is a dict with the keys `"model"`, `"optimizer"`, `"generator"`, `"step"`: states, not objects. It must load with `torch.load(path, weights_only=True)`
# - at no moment is there less than a whole checkpoint at `path`, the older one or the new one, even if `torch.save` fails in the middle. Everything is written in the folder of `path`: a rename to another disk would be a copy, and not one step
# - afterwards no other file is left beside it (only a save that failed may leave its part)


# %% exercise: save_run forbid=["fasttrack.pretrain.run.Run"]
def save_run(path: Path, model: nn.Module, optimizer, generator: torch.Generator, step: int) -> None:
    """Everything that the run needs to go on, in one file that is never half-written."""
    ### BEGIN SOLUTION
    state = {
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
        "generator": generator.get_state(),
        "step": step,
    }
    half = path.with_name(path.name + ".part")
    torch.save(state, half)
    os.replace(half, path)
    ### END SOLUTION


# %%
folder = Path(tempfile.mkdtemp())
sketch = nn.Linear(2, 2)
sketch_optimizer = torch.optim.AdamW(sketch.parameters())
save_run(folder / "sketch.pt", sketch, sketch_optimizer, torch.Generator(), step=7)
print([file.name for file in folder.iterdir()])  # look: sketch.pt alone
print(
    {key: type(value).__name__ for key, value in torch.load(folder / "sketch.pt", weights_only=True).items()}
)

# %% test: save_run points=3
check.save_run(save_run)
### BEGIN HIDDEN TESTS
check.save_run(save_run, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>A file is left beside it</summary>
#
# It was copied, or the new file got another name than the one that is renamed. `os.replace(new, path)` moves it over the old one.
# </details>
# <details><summary>The older checkpoint is destroyed</summary>
#
# `torch.save(state, path)` empties the file before it writes. And deleting the old one first leaves a moment with none.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test, then run the cell above the test again. The grader still counts the exercise as not written.
#
# ```
# def save_run(path, model, optimizer, generator, step):
#     states = [model.state_dict(), optimizer.state_dict(), generator.get_state(), step]
#     torch.save(dict(zip(["model", "optimizer", "generator", "step"], states)), path)
# ```
# </details>

# %% [markdown]
# ### Exercise 9: load run   ·  ★☆☆ · 5 min · 2 points
#
# - arguments as in exercise 8; `model`, `optimizer` and `generator` are new ones, to be put into the state that the file holds
# - returns the int in the file under `"step"`
# - afterwards the run goes on as if it had never stopped
# - the file may come from a machine with a GPU (`map_location="cpu"`), and one that holds more than plain data is refused (`weights_only=True`)


# %% exercise: load_run forbid=["fasttrack.pretrain.run.Run"]
def load_run(path: Path, model: nn.Module, optimizer, generator: torch.Generator) -> int:
    """Put the state of the file into the objects; how many updates were done."""
    ### BEGIN SOLUTION
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["step"]
    ### END SOLUTION


# %%
other_sketch = nn.Linear(2, 2)
print(
    load_run(
        folder / "sketch.pt", other_sketch, torch.optim.AdamW(other_sketch.parameters()), torch.Generator()
    )
)
print(torch.equal(sketch.weight, other_sketch.weight))  # look: 7, True

# %% test: load_run points=2
check.load_run(load_run)
### BEGIN HIDDEN TESTS
check.load_run(load_run, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The message says that something was not restored</summary>
#
# Three objects have a state: `load_state_dict` for two of them, `set_state` for the generator.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test, then run the cell above the test again. The grader still counts the exercise as not written.
#
# ```
# def load_run(path, model, optimizer, generator):
#     state = torch.load(path, map_location="cpu", weights_only=True)
#     for key, thing in (("model", model), ("optimizer", optimizer)):
#         thing.load_state_dict(state[key])
#     generator.set_state(state["generator"])
#     return state["step"]
# ```
# </details>

# %% [markdown]
# The proof. Twelve updates in one go; six updates, a file, new objects, six more. And the same with one state forgotten each time.
#
# **Predict:** which of the four differ from the unbroken run?


# %% tags=["demo"]
def begun(seed):
    """A model, its optimizer and its generator."""
    torch.manual_seed(seed)
    model = GPT(small)
    return model, muon_and_adamw(model), torch.Generator().manual_seed(seed)


def last_of(model, optimizer, generator, total, first=0):
    """The loss of the last update; the cosine is that of a run of 12."""
    for done, loss, _ in updates(model, optimizer, generator, 12, first):
        if done == total:
            return loss


unbroken = begun(seed=0)
unbroken_loss = last_of(*unbroken, total=12)
broken = begun(seed=0)
last_of(*broken, total=6)
save_run(folder / "run.pt", *broken, step=6)

for forgotten in ("nothing", "model", "optimizer", "generator"):
    resumed = begun(seed=99)  # other parameters, other batches
    fresh = begun(seed=99)
    parts = [
        fresh[i] if forgotten == ("model", "optimizer", "generator")[i] else resumed[i] for i in range(3)
    ]
    step = load_run(folder / "run.pt", *parts)
    loss = last_of(*resumed, total=12, first=step)
    pairs = zip(unbroken[0].parameters(), resumed[0].parameters(), strict=True)
    same = all(torch.equal(p, q) for p, q in pairs)
    print(
        f"forgotten: {forgotten:<12}last loss {loss:.6f}, unbroken {unbroken_loss:.6f}, bit for bit the same: {same}"
    )

# %% [markdown]
# Only the whole state gives the same run, to the last bit. The others are more dangerous than a crash: nothing complains, and the curve has a small kink that nobody can explain a week later.
#
# ## 9. To the floor
#
# Everything is ready. The network of the long run has 4 blocks of width 128 and windows of 128 tokens, which hold the longest story whole: 0.9 million parameters. 600 updates of 32 stories, on two cores.
#
# At some updates we look: the loss on held-out stories, what is paid too much by kind of token, and a sample. The sample is drawn word by word from the model's own distribution (lesson 03 is about better ways). `Bar` shows one line, updated in place. `go_on` trains up to an update and stops, so that the run can be watched in three pieces. By the trials above Muon needs no warm-up; 40 updates of it stay for AdamW's share, and cost as much as 20 at the full rate.
#
# On two cores with nothing else to do the 600 updates take two to four minutes, on busy ones longer. You may interrupt them: `go_on` begins with `load_run`, so when you run its cell again, it goes on from the last look.


# %% tags=["demo"]
@torch.no_grad()
def tell(model, count, generator):
    """`count` texts drawn from the model, each from `<end>` to the next one, or to the end of the window."""
    model.eval()
    ids = torch.zeros(count, 1, dtype=torch.int64)
    ended = torch.zeros(count, dtype=torch.bool)
    while ids.shape[1] < model.config.block_size and not ended.all():
        probs = model(ids)[:, -1].softmax(-1)  # (count, vocab_size)
        ids = torch.cat([ids, torch.multinomial(probs, 1, generator=generator)], 1)
        ended |= ids[:, -1] == 0
    model.train()
    return [fables.decode(row[1:]).partition("\n")[0] for row in ids.tolist()]


LOOKS = (25, 50, 100, 200, 300, 400, 500, 600)
torch.set_num_threads(2)
torch.manual_seed(0)
writer = GPT(GPTConfig(vocab_size, block_size=128, n_layer=4, n_head=4, n_embd=128))
run = writer, muon_and_adamw(writer), torch.Generator().manual_seed(0)
train_losses, step_seconds, looks, samples = [], [], {}, {}
run_file = Path(tempfile.mkdtemp()) / "writer.pt"
save_run(run_file, *run, step=0)


def go_on(until):
    """Train from the last look up to an update, with a look now and then; the last look's sample."""
    first = load_run(run_file, *run)
    del train_losses[first:], step_seconds[first:]
    bar, held = Bar(until), ""
    before = time.perf_counter()
    for done, loss, _ in islice(updates(*run, 600, first, warmup=40, batch=32), max(until - first, 0)):
        step_seconds.append(time.perf_counter() - before)
        train_losses.append(loss)
        if done in LOOKS:
            looks[done] = excess(*costs(writer, told[:100]))
            samples[done] = tell(writer, 1, torch.Generator().manual_seed(1))[0]
            save_run(run_file, *run, step=done)
            held = f"held out {sum(looks[done].values()):+.0%} above the floor after {done}"
        bar(done, f"loss {loss:.3f}  {held}")
        before = time.perf_counter()
    return samples[until]


print(f"{sum(parameter.numel() for parameter in writer.parameters()):,} parameters")

# %% tags=["demo"]
print(go_on(200))

# %% [markdown]
# The grammar is there: every word stands where its kind belongs. But who is Anton, who is ill although nobody of that name was introduced? Mina and Victor, Otto and the pink candle? After 200 updates the model knows what a story sounds like, and not what this one is about. That is the plateau.
#
# **Predict:** what will the same story look like 200 updates later, and after the last 200?

# %% tags=["demo"]
print(go_on(400))

# %% tags=["demo"]
print(go_on(600))
print(f"\n{sum(step_seconds):.0f} s for 600 updates")

# %% tags=["demo"]
writer_loss = estimate_loss(writer, [padded(told_ids[at : at + 50]) for at in range(0, 400, 50)])
print(f"held out {writer_loss:.4f} nats per token, the floor {floor:.4f}: {writer_loss / floor - 1:+.1%}")

# %% [markdown]
# **8.4 % above the floor**, on stories it never saw, after 600 updates. Here is the way there. (A training window holds a story and the first words of the next, where more is chosen freely. So its floor is higher than that of a story, and the training loss stays above the held-out one.)

# %% tags=["demo"]
in_windows = [(one.nats + following.nats)[:128] for one, following in pairwise(told)]
window_floor = sum(map(sum, in_windows)) / sum(map(len, in_windows))
plot.runs(
    range(10, 601),
    {
        "training loss, mean of 10": smooth(train_losses),
        f"floor of a window, {window_floor:.3f}": [window_floor] * 591,
    },
    title="Two plateaus on the way to the floor",
    xlabel="update",
    ylabel="nats per token",
    levels={"trigram": counted["trigram"], "bigram": counted["bigram"]},
    yticks=[0.5, 1, 2, 4, 6],
)

# %% [markdown]
# Twice the loss stands still, and then falls again within a hundred updates: it leaves the first plateau at 150, the second at 350. What is learned there?
#
# What is paid too much, by kind of token, says it:

# %% tags=["demo"]
plot.runs(
    LOOKS,
    {
        kind: [100 * max(looks[done][kind], 1e-4) for done in LOOKS]
        for kind in ("fixed", "free", "recalled", "tracked")
    },
    title="Recall comes last, and then at once",
    xlabel="update",
    ylabel="above the floor, in % of the floor",
    xticks=LOOKS,
    yticks=[0.1, 1, 10, 100, 1000],
)

# %% tags=["demo"]
for done in (25, 50, 100):
    print(f"after {done} updates:\n{samples[done]}\n")

# %% [markdown]
# Fixed words are learned within the first hundred updates. Free choices follow slowly: the model has to find out for each list how long it is. **Recall** stays near 70 % up to update 300, and between 300 and 500 it falls to 6: heads have been found that look a name up. Tracking what has changed is rare in fables, 0.3 % of these tokens; it stays below one percent, and is no better at the end than at 300.
#
# A sample can be judged more strictly than by reading. The grammar can read, too: `fables.parse` accepts a text only if it is a story to its last word, every name and colour as it was introduced.


# %% tags=["demo"]
def accepted(texts):
    """How many of the texts are stories of the grammar, and where the others go wrong."""
    good, slips = 0, []
    for text in texts:
        try:
            fables.parse(text)
            good += 1
        except ValueError as error:
            slips.append(str(error))
    return good, slips


good, slips = accepted(tell(writer, 24, torch.Generator().manual_seed(2)))
print(f"{good} of 24 stories are without a fault")
for slip in slips[:4]:
    print(" ", slip)

# %% [markdown]
# Only one, although the loss is so near to the floor. That is no contradiction. A story has 110 tokens, so 110 chances to slip, and costs $110 \cdot 0.4565 = 50$ nats at least. The model pays 8.4 % more: 4.2 nats. So it gives a story, in the geometric mean, $e^{-4.2} = 1.5\,\%$ of the probability that the grammar gives it; the share of its own texts without a fault is at least that, and may be little more. What slips is often recall: two of these four name a wrong person, and in the last sample above the broom and the kettle had been red. A mean over tokens sounds better than it is, as soon as everything has to be right.
#
# What is the best known? Preset `fables` in `fasttrack.pretrain` is this run with 800 updates, which ends at 4.8 %. `fables_base`, the model that ships with this course, saw four times the text of this run and stands at 4.2 % on 2,000 held-out stories. And 0 is the best there can be.
#
# ## 10. How well is the machine used?
#
# Two numbers describe the speed of a run:
#
# - **tokens per second**, by which one knows how long a corpus will take
# - **model-flops utilisation**, MFU: the operations that the model *needs* for these tokens (about 6 for each parameter, 07/01), divided by those that the device *could* have done in that time. 100 % would be a device that does nothing but the model's matrix products, without a pause
#
# MFU is honest in a way that "the GPU is at 99 %" is not: it does not rise by doing work twice. Large runs reach 30 to 50 % (Chowdhery et al., 2022, report 46 % for PaLM).
#
# The time of a step scatters: a stall of a second is no property of the code. So take the **median**.
#
# ### Exercise 10: speed   ·  ★☆☆ · 5 min · 2 points
#
# - `seconds`: a list of floats, the time of each step, at least one; `tokens`: how many tokens a step trains on
# - `flops_per_token`: operations for a token; `peak_flops`: operations a second that the device can do
# - returns a tuple of two floats: tokens per second in a step of median length (for an even number of steps, the mean of the two middle times), and the share of the peak that this is, from 0 to 1


# %% exercise: speed
def speed(
    seconds: list[float], tokens: int, flops_per_token: float, peak_flops: float
) -> tuple[float, float]:
    """Tokens per second, and model-flops utilisation."""
    ### BEGIN SOLUTION
    rate = tokens / statistics.median(seconds)
    return rate, rate * flops_per_token / peak_flops
    ### END SOLUTION


# %%
print(speed([0.2, 0.2, 0.2, 5.0], tokens=1000, flops_per_token=6e6, peak_flops=1e11))  # look: 5000 and 0.3

# %% test: speed points=2
check.speed(speed)
### BEGIN HIDDEN TESTS
check.speed(speed, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which median?</summary>
#
# `statistics.median` takes the mean of the two in the middle. `torch.median` takes the lower one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next cell needs it. Add a cell below the test: `speed = lambda seconds, tokens, flops, peak: (tokens * len(seconds) / sum(seconds), tokens * len(seconds) / sum(seconds) * flops / peak)`. The grader still counts the exercise as not written.
# </details>

# %% tags=["demo"]
needed = flops_per_token(writer.config, sum(p.numel() for p in writer.parameters()))
peak, source = peak_flops(torch.device("cpu"))
rate, used = speed(step_seconds, 32 * 128, needed, peak)
print(f"{rate:,.0f} tokens per second, {used:.0%} of {peak / 1e9:.0f} billion operations a second ({source})")
print(
    f"a step takes {statistics.median(step_seconds):.3f} s at the median, {max(step_seconds):.3f} s at most"
)

# %% [markdown]
# The peak of this machine is measured here, on one large product; a GPU's is in its data sheet. What is missing to 100 % are norms, softmaxes, the loss over all words, AdamW's and Muon's own work, and products too small to be fast.
#
# ### Half the bits
#
# A float32 has 24 bits of precision. **bfloat16** has the same range and 8 bits, so it takes half the memory, and matrix units of GPUs are some 10 to 20 times as fast with it. **Mixed precision** uses each where it is enough: products in bfloat16; parameters, sums, the loss and the optimizer's state in float32, since a small step $\eta\,\Delta$ added to a large number would be rounded away. In PyTorch that is one line around the forward pass and the loss:


# %% tags=["demo"]
def timed(autocast, steps=4):
    """The median time of forward and backward on one batch, and the loss."""
    x, y = get_batch(train_ids, 32, 128, torch.Generator().manual_seed(5), story_starts)
    times = []
    for _ in range(steps):
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
            loss = functional.cross_entropy(writer(x).flatten(0, 1), y.flatten())
        loss.backward()
        times.append(time.perf_counter() - start)
    writer.zero_grad()
    return statistics.median(times), loss.item()


for name, autocast in {"float32": False, "bfloat16 products": True}.items():
    taken, loss = timed(autocast)
    print(f"{name:<20}{taken:.3f} s, loss {loss:.4f}")
added = torch.tensor(1.0, dtype=torch.bfloat16) + torch.tensor(0.001, dtype=torch.bfloat16)
print("1 + 0.001 in bfloat16:", added.item())

# %% [markdown]
# The losses agree to the third digit: for the products 8 bits are enough. For the parameters they are not, as the last line shows. Whether it is faster depends on the processor: CPUs with bfloat16 units (AMX, from 2023 on) gain, others lose. So here it is a matter of measuring; on a GPU it is a matter of course.
#
# ### The same functions on a GPU
#
# Nothing in `train_step` names a device. What a large run adds, and where it goes:
#
# | what | where | what it buys |
# |---|---|---|
# | `model.to("cuda")`, batches moved as they are drawn | around `updates` | matrix units |
# | `torch.autocast("cuda", torch.bfloat16)` | in `train_step`, around `model(part_x)` and the loss | products many times as fast, half the activations |
# | fused attention, `scaled_dot_product_attention` | in the model (it is there) | the `(time, time)` weights are never written to memory |
# | `torch.compile(model)` | once, after the model is made | norms, gelu and sums in one pass over memory; costs up to a minute at the start |
# | `DistributedDataParallel` | around the model, one process for each GPU | each process takes its share of the batch, gradients are averaged while `backward` runs |
# | `no_sync()` | around all parts but the last, when accumulating | gradients travel once for each update, not once for each part |
#
# All of it is in `fasttrack.pretrain`, which has your functions, typed and under the same checks:
#
# ```
# python -m fasttrack.pretrain --preset fables --out runs/fables               # this lesson's run, a CPU or a GPU
# python -m fasttrack.pretrain --preset fables --out runs/fables --compile     # the same, compiled
# torchrun --nproc-per-node 4 -m fasttrack.pretrain --preset fables --out runs/fables   # four GPUs, or processes
# python -m fasttrack.pretrain --preset shakespeare --out runs/shakespeare     # needs internet, once
# ```
#
# Each prints tokens per second and MFU, and goes on from its checkpoint when it is started again.
#
# **Predict:** a batch of 32 windows on 1 GPU, and on 4 GPUs with 8 windows each. Do both learn the same? Do both need the same time?
#
# They make the same updates, but for rounding: the mean of four means over equal parts is the mean of all. That is accumulation, with parts side by side. Four GPUs are less than four times as fast, as gradients have to travel, and parts of 8 windows are small for a GPU.
#
# ### On a real text
#
# Is the trainer any good where the floor is not known? On tinyshakespeare, by characters, there is a well-known number: nanoGPT's recipe for a CPU has 0.8 million parameters and 2,000 updates of 12 windows of 64. Preset `shakespeare` has the same shape, as many updates, as many tokens:
#
# | | held-out nats per character |
# |---|---|
# | nanoGPT's README, CPU recipe | 1.88 |
# | preset `shakespeare` | 1.76 |
# | nanoGPT on an A100: 10.7 million parameters, 5,000 updates, dropout | 1.47 |
#
# The first two have the same model, but for biases, and both use AdamW. Two settings differ: a peak rate of 0.004 instead of 0.001, and a cosine that ends at 0 instead of a tenth of the peak. How much each of them does, we have not switched off; you can. (nanoGPT's figures are from its README, means over some random batches; the other one is ours, one seed, all held-out characters, measured on two cores.)

# %% [markdown]
# ## Recap
#
# **Q:** What is the entropy floor of fables, and why can a loss be compared with it?\
# **A:** The mean cost of the grammar's free choices, about 0.46 nats per token on held-out stories. All alternatives are equally likely, so each token's least cost is known exactly, and no model can be better on average.
#
# **Q:** How many windows of `block_size` tokens, with their targets, does a text of n tokens have?\
# **A:** n − block_size: the last target must be there, too.
#
# **Q:** Why is a mean of batch means wrong as a held-out loss?\
# **A:** Batches have different numbers of targets. Every target must count once: add up sums, divide once.
#
# **Q:** What is gradient accumulation, and what does it save?\
# **A:** A batch goes through the model in parts, each part's mean loss divided by their number, with backward after each; then one update. The gradient is that of the whole batch; activations are kept for one part only.
#
# **Q:** Where does clipping belong when gradients are accumulated?\
# **A:** After the last backward and before step: it is the whole batch's gradient whose norm is cut.
#
# **Q:** What are warm-up and cosine decay for?\
# **A:** Warm-up keeps the first updates short, while gradients are noise and AdamW's averages are young: it permits a higher rate. The decay brings the model closer at the end, since the distance at which it circles a good point is set by the rate.
#
# **Q:** Which parameters have no weight decay?\
# **A:** Those with fewer than two dimensions: biases and the gains of norms. They are scales and shifts; pulling a gain to 0 switches a layer off.
#
# **Q:** What does Muon do with a matrix's gradient?\
# **A:** It averages it with momentum, and brings all singular values of the average near 1, so that weak directions move as far as strong ones. Five rounds of a polynomial, by Newton and Schulz, do it with matrix products alone.
#
# **Q:** What must a pretraining checkpoint hold?\
# **A:** The states of the model, of the optimizer and of the generator, and the number of updates done. Then the resumed run equals the unbroken one bit for bit.
#
# **Q:** How is a checkpoint written so that a crash cannot destroy it?\
# **A:** Under another name in the same folder, then renamed over the old one by os.replace, which happens whole or not at all.
#
# **Q:** What is model-flops utilisation?\
# **A:** The operations that the model needs for its tokens, about 6 for each parameter and token, divided by what the device could have done in the same time.
#
# **Q:** What does mixed precision keep in float32, and why?\
# **A:** Parameters, sums, the loss and the optimizer's state: bfloat16 has 8 bits, so a small step added to a large number would be rounded away. Products are made in bfloat16.

# %% [markdown]
# ## Glossary
#
# - **pretraining**: training on plain text to predict the next token, before any task
# - **entropy floor**: the least mean loss that a model can have on a text
# - **window**: a row of consecutive tokens, cut from a longer text
# - **gradient accumulation**: adding up the gradients of parts of a batch before one update
# - **warm-up**: the first updates, in which the learning rate climbs
# - **cosine schedule**: a learning rate that falls along half a cosine
# - **decay groups**: the parameters that weight decay applies to, and those that it does not
# - **Muon**: momentum whose steps are orthogonalised; for matrices
# - **Newton–Schulz iteration**: bringing all singular values of a matrix near 1 by a polynomial of it
# - **atomic**: happening as a whole or not at all, as a rename does
# - **model-flops utilisation**, MFU: the share of a device's operations that a model makes use of
# - **mixed precision**: products in fewer bits than sums and parameters
# - **DistributedDataParallel**: copies of a model, one for each process, whose gradients are averaged

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **In one minute.** What is the least time in which you get to 10 %? Shorter windows at first, a smaller network, a larger rate for Muon? `python -m fasttrack.pretrain --preset fables` is a starting point. And where does AdamW alone end after the same 600 updates, `adamw(writer, lr=4e-3)` instead of `muon_and_adamw(writer)`?
# 2. **Four domains.** `fables.corpus(…, domain="sea")` tells of other people and things. Train on the village, and read sea stories: which kinds of tokens carry over?
# 3. **A rank of zero.** Run `torchrun --nproc-per-node 2 -m fasttrack.pretrain --preset fables --steps 20 --out …` on your CPU, and once more with one process. How far apart are the losses? Where does the time go?

# %% [markdown]
# ## To go deeper
#
# - Andrej Karpathy, [Let's reproduce GPT-2], and [nanoGPT]: the same ingredients, on eight A100s
# - Brown and others, [Language models are few-shot learners], 2020: appendix B has the rates, betas, clipping and decay of GPT-3
# - Loshchilov and Hutter, [Decoupled weight decay regularization], 2019: AdamW
# - Keller Jordan, [Muon: an optimizer for hidden layers in neural networks], 2024: where it comes from, and the three coefficients
# - Chowdhery and others, [PaLM], 2022: section 4 and appendix B define MFU
# - Micikevicius and others, [Mixed precision training], 2018
# - Sebastian Raschka, *Build a large language model (from scratch)*, chapter 5 and appendix D
#
# [Let's reproduce GPT-2]: https://www.youtube.com/watch?v=l8pRSuU81PU
# [nanoGPT]: https://github.com/karpathy/nanoGPT
# [Language models are few-shot learners]: https://arxiv.org/abs/2005.14165
# [Decoupled weight decay regularization]: https://arxiv.org/abs/1711.05101
# [Muon: an optimizer for hidden layers in neural networks]: https://kellerjordan.github.io/posts/muon/
# [PaLM]: https://arxiv.org/abs/2204.02311
# [Mixed precision training]: https://arxiv.org/abs/1710.03740
