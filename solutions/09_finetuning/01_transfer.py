# %% [markdown]
# # Transfer
#
# **After this lesson** you can take a model that somebody trained, move it to a new kind of text or to another task, and say what each way costs:
# how far it ends from the best possible loss, how many examples it needs, and how much of the old it forgets. You decide which parameters train, how fast,
# and from when on, and you can take forgetting back.
#
# About 150 minutes, with a break after part 5 · 10 exercises, 27 points · builds on: 07/01 (GPT), 07/02 (pretraining, the floor of the fables),
# 01/02 (hooks), 01/03 (held-out data).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not written; run the cells after it one by one. Where
# later cells need a function, its last hint has a line that stands in for it; the grader still counts the exercise as not written. The grader refuses the
# ready-made versions in `fasttrack.finetune.transfer`; your test cell does not look for them.

# %%
import copy
import time

import torch
from torch import nn

from fasttrack import plot
from fasttrack.check import transfer as check
from fasttrack.data import DataUnavailable, fables
from fasttrack.finetune import finetune
from fasttrack.models import base, hub
from fasttrack.models.gpt import GPT
from fasttrack.pretrain.report import read

torch.set_num_threads(1)  # for a model as small as this, a second thread brings little

# %% [markdown]
# ## Where this sits
#
# Unit 07 trained a model from nothing. Few people ever do that: one pretraining run serves many purposes, and each purpose starts from its result.

# %% tags=["demo"]
plot.pipeline(
    {
        "corpus": "village stories",
        "pretraining": "2,400 updates",
        "base": "0.9 M parameters",
        "examples": "20 to 2,000",
        "fine-tuning": "40 to 100 updates",
    },
    here={"examples", "fine-tuning"},
)

# %% [markdown]
# - **base model**: what pretraining left, here `fables_base`: the GPT of 07/01 with 4 blocks of width 128, trained on ten million tokens of village stories
# - **fine-tuning**: training it further, on other data, for a small part of the updates
# - **transfer**: what the base brings along that training from scratch would have to learn again
#
# ## 1. A model that knows one village
#
# The stories of the fables come in four domains. They share names, colours and every rule of the grammar; homes, trades, things, foods and places are other words in each.

# %% tags=["nbval-check-output"]
for domain in ("village", "sea"):
    print(fables.story(4, domain, "test").text, "\n")

# %% [markdown]
# Somebody who has read ten million tokens of the first kind should have little trouble with the second. `read` of 07/02 gives the loss on held-out stories, and
# the least loss that any model can have on them, the **floor**. What interests us is the difference:


# %%
held = {name: list(fables.stories(40, seed=5, domain=name, split="test")) for name in ("village", "sea")}


def above(model, domain):
    """How far a model is above the floor on held-out stories, in nats per token."""
    reading = read(model, held[domain])
    return reading.loss - reading.floor


# %% [markdown]
# **Predict:** on the village the base is about 0.02 nats per token above the floor of 0.46. How far above it is it on the sea? (A model that gives each of the
# 784 words the same probability has a loss of $\ln 784 = 6.66$.)

# %% tags=["demo"]
for domain in held:
    reading = read(base.fables_base(), held[domain])
    shares = ", ".join(f"{kind} {right_share:.0%}" for kind, right_share in reading.right.items())
    print(f"{domain:<8} loss {reading.loss:.3f}, floor {reading.floor:.3f}   right: {shares}")

# %% [markdown]
# 6.8: **worse than a model that knows nothing.** And not for want of the nouns alone. Of the "fixed" tokens, where the rules leave no choice, it misses half, and nearly all of these are words
# it knows well: one unknown word throws off all that comes after it. (Kinds as in 07/02: "free" is a choice, "recalled" a fact repeated, "tracked" one that has changed.)
#
# Look at the embedding, which in this GPT is also the output matrix: a row for each word. `known` says which words occur in village stories at all.

# %%
vocab_size = len(fables.vocabulary())
known = torch.bincount(fables.corpus(200_000, seed=1), minlength=vocab_size) > 0  # (vocab_size,)
pretrained = base.fables_base().embedding.weight.detach()  # (vocab_size, n_embd)
for name, rows in {"known": pretrained[known], "unknown": pretrained[~known]}.items():
    unit = rows / rows.norm(dim=1, keepdim=True)
    cosines = unit @ unit.T  # (n, n)
    print(
        f"{len(rows)} {name} words: length {rows.norm(dim=1).mean():.2f}, mean cosine of two rows {cosines.mean():.3f}"
    )

# %% tags=["demo"]
places = torch.arange(vocab_size)
some = torch.cat([places[known][60::34][:9], places[~known][20::40][:9]])  # (18,)
unit = pretrained[some] / pretrained[some].norm(dim=1, keepdim=True)
plot.heatmap(
    unit @ unit.T,
    rows=[fables.vocabulary()[i] for i in some],
    columns=[{4: "known", 13: "unknown"}.get(i, "") for i in range(len(some))],
    title="To the base, all words it never read are one word",
    xlabel="cosine of two words' rows, in the same order",
    limit=1.001,
)

# %% [markdown]
# 387 different words (of the three other domains, of questions, and marks such as `<pad>`), one direction. Pretraining did that. At each position, all words that are not the target get the same push but for a factor:
# *away from the stream here*. A word that is never the target gets nothing else, and so all such rows were pushed to the same place: against the stream that the last norm sends out on average (their cosine with it is −0.6). They cannot be told apart when read, they are as improbable as can be when predicted, and at twice the length of other rows they drown what stands beside them.
#
# GPT-2's vocabulary, too, has tokens that hardly occurred in its training text. Their rows also lie together, though near the middle of all rows (Rumbelow and Watkins, 2023).
# And when you add a token of your own to a model, such as the start of a chat turn, its row is nothing but what you put there.
#
# ## 2. Rows for new words
#
# Before any training, give the unknown words rows that look like those of words: from a normal distribution with the mean and the spread that known rows have. Column by column,
# since the columns differ.
#
# With two known rows (1, 10) and (3, 10): column 0 has mean 2 and standard deviation $\sqrt 2$, column 1 has mean 10 and standard deviation 0. A new row is then something like (0.7, 10).
#
# ### Exercise 1: new rows   ·  ★★☆ · 8 min · 2 points
#
# - `table`: float `(vocab_size, n_embd)`; `known`: bool `(vocab_size,)`, True at two words or more; `generator`: a `torch.Generator`
# - returns: a new table of the same shape and dtype. Rows of known words are as they were. Every other element is drawn anew: normal, with the mean and the standard deviation that its column has over
#   the *known* rows (`std(0)` as PyTorch has it)
# - all chance comes from `generator`; `table` stays as it is


# %% exercise: new_rows forbid=["fasttrack.finetune.transfer.new_rows"]
def new_rows(table: torch.Tensor, known: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """The table `(vocab_size, n_embd)`, its unknown rows drawn like the known ones."""
    ### BEGIN SOLUTION
    rows = table[known]  # (known words, n_embd)
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    renewed = table.clone()
    renewed[~known] = rows.mean(0) + rows.std(0) * noise
    return renewed
    ### END SOLUTION


# %%
two_known = torch.tensor([[1.0, 10.0], [9.0, 9.0], [3.0, 10.0]])  # row 1 is unknown
new_rows(
    two_known, torch.tensor([True, False, True]), torch.Generator().manual_seed(0)
)  # look: column 1 is 10

# %% test: new_rows points=2
check.new_rows(new_rows)
### BEGIN HIDDEN TESTS
check.new_rows(new_rows, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The known rows come out changed</summary>
#
# `~known` is the opposite of `known`. A bool mask picks rows: `table[known]` to read, `renewed[~known] = …` to write.
# </details>
# <details><summary>All new rows are the same</summary>
#
# Then they are one word again. Draw as many numbers as there are new elements: `torch.randn(rows, columns, generator=generator)`.
# </details>
# <details><summary>expected m1 and m2 to have the same dtype</summary>
#
# `torch.randn` makes float32 unless it is told: `dtype=table.dtype`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import new_rows`.
# </details>

# %% [markdown]
# **Predict:** no training, 387 rows of random numbers instead of learned ones. What becomes of the loss on the sea, and on the village?


# %%
def renewed_base():
    """fables-base with new rows for the words it does not know, always the same ones."""
    model = base.fables_base()
    with torch.no_grad():
        table = model.embedding.weight
        table.copy_(new_rows(table.detach(), known, torch.Generator().manual_seed(0)))
    return model


# %% tags=["demo"]
for name, start_model in {"as pretrained": base.fables_base(), "with new rows": renewed_base()}.items():
    print(
        f"{name}: above the floor, sea {above(start_model, 'sea'):.3f}, village {above(start_model, 'village'):.3f}"
    )

# %% [markdown]
# Half of the excess is gone and nothing was learned. The village lost almost nothing: the new words now take a little of its probability.
#
# That sounds like a free gain, and for new tokens it is the right first step. (Hewitt, 2021, gives the reason: a row at the mean of the others takes a bounded share of the probability. The spread is what
# lets the model tell the new words apart from the first update on.)
#
# ## 3. Two hundred stories
#
# Now the training. We have 200 stories of the sea and make 40 updates, each on 8 of them.

# %%
PAD = fables.vocabulary().index("<pad>")
index = {token: i for i, token in enumerate(fables.vocabulary())}


def story_rows(domain, n, seed=1):
    """Stories as ids, each after an <end> (0) and padded at its end: int64 (n, 130)."""
    rows = torch.full((n, 130), PAD)  # none is longer than 129 tokens
    for row, told in zip(rows, fables.stories(n, seed=seed, domain=domain), strict=True):
        row[: len(told.tokens) + 1] = torch.tensor([0, *(index[token] for token in told.tokens)])
    return rows


def inputs_and_targets(rows):
    """x and y (batch, time), y one token later and -100, which no loss counts, where a story has ended."""
    rows = rows[:, : int((rows != PAD).sum(1).max())]  # columns in which all stories have ended
    return rows[:, :-1], rows[:, 1:].masked_fill(rows[:, 1:] == PAD, -100)


sea = story_rows("sea", 200)
x, y = inputs_and_targets(sea[:2])
print(tuple(sea.shape), tuple(x.shape), (y != -100).sum(1).tolist())  # look: tokens of the first two stories

# %% [markdown]
# The loop is that of 07/02 in small, and the whole unit uses it: `finetune(model, batch, steps=…, lr=…)`. `batch(step)` gives x and y; the rate climbs for `warmup` updates and then falls to 0 in a straight line; the optimizer is a new AdamW. It gets the parameters
# that require gradients when the loop starts, all at the rate `lr`, or the `groups` of parameters that you hand over (part 5); `lr` is then the rate of groups without one of their own. It returns the losses.


# %%
def batches(rows, size=8):
    """A function of the step that draws `size` stories; the same ones for everybody who asks anew."""
    generator = torch.Generator().manual_seed(0)

    def batch(step):
        return inputs_and_targets(rows[torch.randint(len(rows), (size,), generator=generator)])

    return batch


STEPS = 40
results = {}  # way: (above the floor on the sea, on the village)
losses = {}


def tune(way, model, batch=None, **options):
    """Fine-tune, measure on both domains, note it, and return the model."""
    started = time.time()
    losses[way] = finetune(model, batch or batches(sea), steps=STEPS, warmup=4, **options)
    results[way] = (above(model, "sea"), above(model, "village"))
    print(
        f"{way:<24} above the floor: sea {results[way][0]:.3f}, village {results[way][1]:.3f}   ({time.time() - started:.0f} s)"
    )
    return model


# %% [markdown]
# All ways below that read the sea alone get the same stories in the same batches. The rate differs: what suits a whole base is too low for a few rows. Of three tried, each way has the one that ends nearest to the floor on the sea, or within 0.01 of it
# (full: 0.296 at 3e-3, 0.230 at 6e-3, 0.297 at 1e-2). There are eight such runs of some ten seconds each, longer if the machine has other work.
#
# First the two ends: a model from nothing, and **full** fine-tuning, where every parameter trains.
#
# **Predict:** 320 stories are read in all. How far does each of the two come?

# %% tags=["demo"]
torch.manual_seed(0)
scratch = tune("from scratch", GPT(base.fables_base().config), lr=3e-3)
full = tune("full", renewed_base(), lr=6e-3)

# %% tags=["demo"]
floor = read(full, held["sea"]).floor
plot.runs(
    range(1, STEPS + 1),
    losses,
    title="Forty updates on stories of the sea",
    xlabel="update",
    ylabel="training loss (nats per token)",
    levels={"floor": floor},
)

# %% [markdown]
# From scratch the model has by then found which words are frequent. The fine-tuned one tells stories: it had the grammar, the names, the art of looking up a fact (06/01), and of the 387 words no more than some 110 to learn: those that stories of the sea use.
#
# Look at the village column, though. The base stood at 0.02. **It has forgotten how to tell the stories it came with.** This is called *catastrophic forgetting*: nothing in the loss speaks for the
# village any more. Parts 4 and 5 change what trains, and part 6 repairs what was lost.
#
# ## 4. What trains
#
# ### Frozen parameters
#
# A parameter with `requires_grad=False` is **frozen** (01/02): no gradient, no update, and less work on the way back. We speak of parameters by the beginnings of their names:

# %%
for name, parameter in list(renewed_base().named_parameters())[:6]:
    print(f"{name:<30} {tuple(parameter.shape)}")

# %% [markdown]
# "blocks.1" shall mean all that is in block 1: its name continues with a dot. Mind that "blocks.10.norm1.weight" begins with the same characters and is in another block.
#
# ### Exercise 2: freeze   ·  ★★☆ · 10 min · 3 points
#
# - `model`: any module; `trained`: a list of beginnings of dotted names, such as `["blocks.1", "norm", "embedding.weight"]`
# - a parameter belongs to a beginning if its name is equal to it, or continues it with a dot
# - afterwards exactly the parameters that belong to one of `trained` require gradients, whatever they did before. An empty list freezes all
# - returns: int, how many numbers train (a parameter `(3, 4)` is 12 numbers, and counts once)
# - a beginning that no parameter belongs to: raises `ValueError` with that beginning in its message, and the model is as it was


# %% exercise: freeze forbid=["fasttrack.finetune.transfer.freeze"]
def freeze(model: nn.Module, trained: list[str]) -> int:
    """Let only the parameters train that belong to one of `trained`; how many numbers that are."""

    ### BEGIN SOLUTION
    def belongs(name, part):
        return name == part or name.startswith(part + ".")

    named = dict(model.named_parameters())
    for part in trained:
        if not any(belongs(name, part) for name in named):
            raise ValueError(f"no parameter belongs to {part!r}")
    count = 0
    for name, parameter in named.items():
        parameter.requires_grad = any(belongs(name, part) for part in trained)
        if parameter.requires_grad:
            count += parameter.numel()
    return count
    ### END SOLUTION


# %%
counted = renewed_base()
everything = sum(parameter.numel() for parameter in counted.parameters())
for parts in (["norm"], ["blocks.3"], ["embedding"], ["embedding", "positions", "blocks", "norm"]):
    print(f"{freeze(counted, parts):>8,} of {everything:,} train: {', '.join(parts)}")  # look: 256 to all

# %% test: freeze points=3
check.freeze(freeze)
### BEGIN HIDDEN TESTS
check.freeze(freeze, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>blocks.10 trains with blocks.1</summary>
#
# `name.startswith("blocks.1")` is True for both. With the dot, `startswith("blocks.1.")`, it is not; then a name that is *equal* needs a case of its own.
# </details>
# <details><summary>Something trains that I did not name</summary>
#
# Set `requires_grad` for every parameter, to True or to False. What was frozen or trained before does not matter.
# </details>
# <details><summary>The error comes, and the model has changed</summary>
#
# Look through all beginnings first, in a loop of its own.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import freeze`. Then run the cell above the test again.
# </details>

# %% [markdown]
# ### Some rows of a table
#
# The nouns of the sea are rows of the embedding; the rest of the base knows what to do with nouns. So freeze everything else. But then the *known* rows still train, and they belong to the village. We want 387 rows of
# one tensor to learn and 397 to stay, and `requires_grad` is for whole tensors.
#
# A **hook** (01/02) helps: `tensor.register_hook(f)` calls `f` with the tensor's gradient each time backward has computed it, and what `f` returns takes its place. If the gradient of a row is 0 from the optimizer's first update on, AdamW leaves
# the row where it is. (With a hook in mid-training, the momentum of earlier gradients would move it on; with weight decay it would shrink. `finetune` has none unless asked.)
#
# ### Exercise 3: train rows   ·  ★★☆ · 7 min · 2 points
#
# - `table`: a parameter `(vocab_size, n_embd)`; `rows`: bool `(vocab_size,)`, True = learns
# - from now on the gradient of `table` is 0 in all rows where `rows` is False, and what it was in the others. A hook must not change the gradient it is given; it returns a new one
# - returns: the handle that `register_hook` gives. After its `remove()` all rows have their gradient again


# %% exercise: train_rows forbid=["fasttrack.finetune.transfer.train_rows"]
def train_rows(table: torch.Tensor, rows: torch.Tensor):
    """Let only some rows of a table learn; the handle that ends it."""
    ### BEGIN SOLUTION
    return table.register_hook(lambda gradient: gradient * rows[:, None])
    ### END SOLUTION


# %%
small = nn.Parameter(torch.ones(3, 2))
handle = train_rows(small, torch.tensor([False, True, False]))
(5 * small).sum().backward()
print(small.grad.tolist())  # look: 5 in the middle row
handle.remove()

# %% test: train_rows points=2
check.train_rows(train_rows)
### BEGIN HIDDEN TESTS
check.train_rows(train_rows, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The shapes do not fit</summary>
#
# `rows` is `(vocab_size,)` and the gradient `(vocab_size, n_embd)`. A dimension of size 1 behind (`rows[:, None]`) spreads over the columns (01/01).
# </details>
# <details><summary>The gradient is unchanged</summary>
#
# A hook that returns `None` leaves the gradient as it is. Return the new one.
# </details>
# <details><summary>Another tensor has lost its gradient, too</summary>
#
# In `a + b`, backward hands both the same tensor. `gradient[~rows] = 0` and `mul_` write to it; `*` and `torch.where` make a new one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import train_rows`.
# </details>

# %% [markdown]
# Now the **frozen backbone**: only the rows of new words learn, 49,536 numbers of 926,464. With so little that can go wrong, the rate may be high.
#
# **Predict:** is it better or worse than full fine-tuning on the sea? And on the village?

# %% tags=["demo"]
frozen = renewed_base()
freeze(frozen, ["embedding"])
train_rows(frozen.embedding.weight, ~known)
frozen = tune("frozen, new rows alone", frozen, lr=3e-2)

# %% [markdown]
# Behind full fine-tuning on the sea by less than 0.1, with one number in nineteen, and with half of its loss on the village. That village loss is odd at first sight: no row of a village word has changed, and no block. What it pays
# is probability: the new words stand in the denominator of every softmax, and they have become likelier wherever a noun may stand, in the village, too.
#
# ## 5. How fast, and from when on
#
# Between "all" and "almost nothing" lie two ideas of Howard and Ruder (ULMFiT, 2018), who were among the first to fine-tune a language model for everything. Layers near the output are made for the task, layers near the input are general. So:
#
# - **discriminative rates**: each layer trains a factor slower than the one above it. They used 2.6
# - **gradual unfreezing**: at first only the top trains, while all below is frozen. Then one layer more, and so on: by the time the gradient reaches the lower layers, the top no longer sends them nonsense
#
# Both need the model in **stages**, from the output down. The embedding of a GPT is both ends at once; it makes the logits, so it stands on top:

# %%
stages = [["embedding", "norm"], ["blocks.3"], ["blocks.2"], ["blocks.1"], ["blocks.0"], ["positions"]]

# %% [markdown]
# ### Exercise 4: discriminative rates   ·  ★★☆ · 10 min · 3 points
#
# An optimizer takes a list of **parameter groups**, dicts like `{"params": [tensor, tensor], "lr": 0.01}`.
#
# - `model`: a module; `stages`: a list of lists of beginnings of names, as above; `lr`, `factor`: float
# - returns: a list with one group for each stage, in that order. `"params"` is a list of the parameters that belong to the stage (as in exercise 2, frozen ones as well); `"lr"` is `lr` for the first stage, and for each later one the rate of the stage before, divided by `factor`
# - you may rely on it that no parameter is in two stages, and that every beginning has parameters. A parameter that is in no stage: raises `ValueError` with the parameter's name in its message


# %% exercise: discriminative_lrs forbid=["fasttrack.finetune.transfer.discriminative_lrs"]
def discriminative_lrs(
    model: nn.Module, stages: list[list[str]], lr: float, factor: float = 2.6
) -> list[dict]:
    """One parameter group for each stage, each `factor` slower than the one before."""
    ### BEGIN SOLUTION
    groups = [{"params": [], "lr": lr / factor**k} for k in range(len(stages))]
    for name, parameter in model.named_parameters():
        for group, parts in zip(groups, stages, strict=True):
            if any(name == part or name.startswith(part + ".") for part in parts):
                group["params"].append(parameter)
                break
        else:
            raise ValueError(f"{name} is in no stage")
    return groups
    ### END SOLUTION


# %%
for parts, group in zip(stages, discriminative_lrs(renewed_base(), stages, lr=0.01), strict=True):
    print(
        f"{group['lr']:.6f}  {len(group['params']):>2} tensors  {', '.join(parts)}"
    )  # look: 0.01, 0.003846, …

# %% test: discriminative_lrs points=3
check.discriminative_lrs(discriminative_lrs)
### BEGIN HIDDEN TESTS
check.discriminative_lrs(discriminative_lrs, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>some parameters appear in more than one parameter group</summary>
#
# Names again: "blocks.1" and "blocks.10", "norm" and "normed". A parameter belongs to a beginning if it is equal to it or goes on with a dot.
# </details>
# <details><summary>The second rate is right, the third is not</summary>
#
# Each is the one before divided by `factor`. Stage k, counted from 0, has `lr / factor**k`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import discriminative_lrs`.
# </details>

# %% [markdown]
# ### Exercise 5: gradual unfreezing   ·  ★★☆ · 8 min · 3 points
#
# The function is called before each update.
#
# - `model`, `stages` as in exercise 4; `step`: int, the update that comes next, counted from 0; `every`: int ≥ 1
# - at first only the first stage trains. After each `every` updates one stage more does, until all do: with `every` 10, steps 0 to 9 train one stage, 10 to 19 two
# - afterwards exactly the parameters of the open stages require gradients. It depends on `step` alone, not on earlier calls
# - returns: int, how many stages train now; never more than there are
#
# Your `freeze` does most of it.


# %% exercise: gradual_unfreeze forbid=["fasttrack.finetune.transfer.gradual_unfreeze"]
def gradual_unfreeze(model: nn.Module, stages: list[list[str]], step: int, every: int) -> int:
    """Let train what update `step` may change; how many stages that are."""
    ### BEGIN SOLUTION
    opened = min(1 + step // every, len(stages))
    freeze(model, [part for parts in stages[:opened] for part in parts])
    return opened
    ### END SOLUTION


# %%
thawing = renewed_base()
for step in (0, 9, 10, 25, 500):
    opened = gradual_unfreeze(thawing, stages, step, every=10)
    count = sum(parameter.numel() for parameter in thawing.parameters() if parameter.requires_grad)
    print(f"step {step:>3}: {opened} stages, {count:>7,} numbers train")  # look: 1, 1, 2, 3, 6 stages

# %% test: gradual_unfreeze points=3
check.gradual_unfreeze(gradual_unfreeze)
### BEGIN HIDDEN TESTS
check.gradual_unfreeze(gradual_unfreeze, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>unhashable type: 'list', or startswith first arg must be str</summary>
#
# `stages[:n]` is a list of lists; `freeze` wants one list of names. Two loops in one comprehension flatten it.
# </details>
# <details><summary>A stage opens one update too early or too late</summary>
#
# `step // every` is how many times `every` updates are already done. At step 0 that is none, and one stage trains.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import gradual_unfreeze`. It needs nothing of yours.
# </details>

# %% [markdown]
# `finetune` asks `batch(step)` for data before each update, so that is where to unfreeze. `groups` hands the optimizer all parameters, whatever requires gradients at the start; it passes over those without a gradient.

# %% tags=["demo"]
gradual = renewed_base()
draw = batches(sea)


def unfreeze_and_draw(step):
    gradual_unfreeze(gradual, stages, step, every=5)
    return draw(step)


gradual = tune(
    "gradual unfreezing", gradual, unfreeze_and_draw, groups=[{"params": list(gradual.parameters())}], lr=6e-3
)
discriminative = renewed_base()
discriminative = tune(
    "discriminative rates", discriminative, groups=discriminative_lrs(discriminative, stages, lr=1e-2)
)

# %% [markdown]
# Five ways, 200 examples, 40 updates. That is one column of a larger question: what does each way make of 20 examples, what of 2,000? Fifteen longer runs, 100 updates of 8 stories each, every one at the better of two rates, take some minutes; `python benchmarks/transfer.py` does them all. It printed
# nats per token above the floor on the sea and, in brackets, on the village (of the 2,000 examples, 800 draws reach about 660):
#
# | way | 20 examples | 200 examples | 2,000 examples |
# |---|---|---|---|
# | from scratch | 2.522 (3.623) | 1.360 (2.691) | 1.270 (2.597) |
# | full | 0.972 (0.673) | 0.138 (1.129) | 0.058 (1.016) |
# | frozen, new rows alone | **0.797** (0.236) | **0.119** (0.903) | 0.078 (0.936) |
# | gradual unfreezing | 1.127 (0.857) | 0.151 (1.433) | 0.053 (1.346) |
# | discriminative rates | 1.320 (1.567) | 0.159 (2.289) | **0.043** (2.042) |
#
# What the table says:
#
# - **Twenty examples and a base beat two thousand from scratch**, in every row but that of discriminative rates (1.320 to 1.270). It is updates that the new model lacks: after 100 it has not got round to learning how to look up a fact.
# - **The fewer examples, the fewer parameters should train.** With 20 or 200 the frozen backbone is nearest to the floor: it can learn no more than what the nouns are. With 2,000 it is the last of the four, since there is more to learn than it can change. Full fine-tuning of 20 stories soon knows them by heart; its better rate was the lower one.
# - **The recipes of ULMFiT pay off with 2,000 examples**, where they come nearest, and not before. With 200 or fewer, plain full fine-tuning is ahead of them.
# - **Every way forgets the village**, most of all the one that is nearest on the sea with 2,000 examples. 0.9 nats per token above the floor means three times the floor's loss.
#
# ## 6. What was lost, and how to keep it
#
# The village was at 0.02. Three remedies, from the cheapest.
#
# **A lower rate.** Less movement, less forgetting, and less learning:

# %% tags=["demo"]
slower = tune("full, lower rate", renewed_base(), lr=2e-3)

# %% [markdown]
# **Replay.** Forgetting happens because the loss no longer mentions the old. So mention it: put some of the old corpus into each batch. It needs the old data, or text that the old model writes.
#
# ### Exercise 6: replay   ·  ★★☆ · 8 min · 3 points
#
# - `new`: int64 `(n, time)`, `old`: int64 `(m, time)`: rows of two corpora; `batch`: int; `share`: float from 0 to 1
# - returns: int64 `(batch, time)`, of which `round(batch * share)` rows are rows of `old` and the others of `new`, in any order
# - each is drawn with replacement: every row of its corpus is equally likely each time, so that `batch` may be larger than a corpus
# - all chance comes from `generator`


# %% exercise: replay forbid=["fasttrack.finetune.transfer.replay"]
def replay(
    new: torch.Tensor, old: torch.Tensor, batch: int, share: float, generator: torch.Generator
) -> torch.Tensor:
    """A batch of both corpora `(batch, time)`, a `share` of it from `old`."""
    ### BEGIN SOLUTION
    from_old = round(batch * share)
    i = torch.randint(len(new), (batch - from_old,), generator=generator)
    j = torch.randint(len(old), (from_old,), generator=generator)
    return torch.cat([new[i], old[j]])
    ### END SOLUTION


# %%
ones, twos = torch.full((5, 2), 1), torch.full((5, 2), 2)
replay(ones, twos, 8, 0.2, torch.Generator().manual_seed(0))[:, 0].tolist()  # look: two of eight are old

# %% test: replay points=3
check.replay(replay)
### BEGIN HIDDEN TESTS
check.replay(replay, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The number of old rows is off by one</summary>
#
# `int(1.6)` is 1, `round(1.6)` is 2.
# </details>
# <details><summary>Some rows never come</summary>
#
# `torch.randint(high, shape, generator=generator)` gives numbers from 0 up to and not including `high`. `torch.randperm` draws without replacement: no row comes twice in a batch.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import replay`.
# </details>

# %%
village = story_rows("village", 200)

# %% tags=["demo"]
generator = torch.Generator().manual_seed(0)
replayed = tune(
    "full, 2 of 8 replayed",
    renewed_base(),
    lambda step: inputs_and_targets(replay(sea, village, 8, 0.25, generator)),
    lr=6e-3,
)

# %% [markdown]
# A quarter of each batch, and three quarters of the forgetting are gone. The price is a quarter fewer stories of the sea, and that is about what it costs there. Replay is the remedy that large models are given: InstructGPT, for one, was trained with pretraining text mixed in, for the same reason.
#
# **Going half of the way back.** The third remedy needs no data and no training. Base and fine-tuned model are two points in the same space of 926,464 numbers, and the second was reached from the first by small steps. What is in between?
#
# $$\theta_s = (1 - s)\,\theta_\text{before} + s\,\theta_\text{after}$$
#
# with a share $s$ from 0 to 1. For two models that were trained independently the middle is nonsense. **Predict** what it is here.
#
# ### Exercise 7: interpolate   ·  ★☆☆ · 4 min · 2 points
#
# - `before`, `after`: dicts from names to float tensors, as `state_dict` gives them, with the same names and shapes (maybe in another order); `share`: float from 0 to 1
# - returns: a dict with the same names and new tensors, each on the straight line: `before` at share 0, `after` at share 1
# - `before` and `after` stay as they are


# %% exercise: interpolate forbid=["fasttrack.finetune.transfer.interpolate"]
def interpolate(
    before: dict[str, torch.Tensor], after: dict[str, torch.Tensor], share: float
) -> dict[str, torch.Tensor]:
    """Parameters between two models: `before` at share 0, `after` at share 1."""
    ### BEGIN SOLUTION
    return {name: (1 - share) * value + share * after[name] for name, value in before.items()}
    ### END SOLUTION


# %%
interpolate({"w": torch.tensor([0.0, 10.0])}, {"w": torch.tensor([4.0, 10.0])}, 0.25)  # look: 1 and 10

# %% test: interpolate points=2
check.interpolate(interpolate)
### BEGIN HIDDEN TESTS
check.interpolate(interpolate, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It changes its input in place</summary>
#
# `value *= …` and `lerp_` write to the tensor of the caller. `*` and `lerp` make a new one.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import interpolate`.
# </details>

# %% tags=["demo"]
start, end = renewed_base().state_dict(), full.state_dict()
between, path = copy.deepcopy(full), {}
for share in (0.4, 0.5, 0.7, 0.85, 1.0):
    between.load_state_dict(interpolate(start, end, share))
    path[f"{share:g}"] = (above(between, "sea"), above(between, "village"))
    print(f"share {share:<5} sea {path[f'{share:g}'][0]:.3f}, village {path[f'{share:g}'][1]:.3f}")

# %% [markdown]
# There is no wall between the two. A share of 0.85 costs the sea almost nothing and gives back a third of the village; at 0.7 most of both is there. The first steps back undo what fine-tuning had overdone, and they are free (Wortsman and others, 2022, call it WiSE-FT).
#
# ### All of it together
#
# What has helped: new rows before training; the known rows held fast; replay. They do not exclude each other. Discriminative rates have not, with 200 stories: their fastest stage is the embedding, where the village's words live as well. With those held fast, a fast stage can do less harm. So they get another try, twice as fast on top
# and with factor 10, at which the lower blocks hardly move (both found by trying). **Predict:** which of the two losses gains?

# %% tags=["demo"]
both = renewed_base()
train_rows(both.embedding.weight, ~known)
generator = torch.Generator().manual_seed(0)
both = tune(
    "all together",
    both,
    lambda step: inputs_and_targets(replay(sea, village, 8, 0.25, generator)),
    groups=discriminative_lrs(both, stages, lr=2e-2, factor=10),
)

# %% tags=["demo"]
plot.tradeoff(
    {way: pair for way, pair in results.items() if way != "from scratch"},
    path=path,
    ticks=((0.2, 0.3, 0.5, 1), (0.05, 0.1, 0.2, 0.5, 1, 2)),
    title="Learned and forgotten, after 40 updates on 200 stories",
    xlabel="sea: nats per token above the floor",
    ylabel="village: nats per token above the floor",
)

# %% [markdown]
# Lower left is better. Of the seven ways, "all together" is the nearest to the floor on the sea *and* on the village. Replay and the held rows did it for the village; the rates did it for the sea: with `lr=6e-3` for all instead of the groups, it ends at 0.251 and 0.186. In the picture, only a model halfway back to the base keeps more of the village, and it is more than twice as far from the floor on the sea. The number to beat was full fine-tuning's: 0.230 on the sea, 0.979 on the village. The best that any model can do is 0 on both: the floor is exact.
#
# Two things to keep. The recipe with the famous name alone, discriminative rates, was the worst on the village here. Rules about layers are rules about what those layers hold. And every one of these numbers
# exists because the old task was measured: somebody who had looked at the sea alone would have taken full fine-tuning for a success without a price.
#
# ## 7. Another task, another head
#
# So far the task stayed the same: the next word. Now a question about a whole story: **did a thing change its owner?** It did when something is given away or exchanged, and not when it is lost and found or painted. We cut off the moral, because it would say so.

# %%
MORALS = [text for kind in ("giving", "friends", "work") for text in fables.rules.RULES[kind]]


def without_moral(story):
    """The story's text up to its last sentence."""
    return next(story.text.removesuffix(moral) for moral in MORALS if story.text.endswith(moral)).strip()


def changed_owner(story):
    return any(fact.relation == "owner" for fact in story.changes)


example = fables.story(2, "village", "test")
print(without_moral(example), "\n\nchanged owner:", changed_owner(example))

# %% [markdown]
# The output matrix, which scores 784 words, is of no use for this. Take it off and put another **head** in its place: one linear layer from the stream to two logits. Everything below, the **body**, stays. That is how GPT-1 and BERT were used, before models were asked in words.
#
# ### Which vector?
#
# `model.hidden(ids)` gives the stream after the last norm, `(batch, time, n_embd)`: a vector at each position. The mask is causal, so position $t$ has read what stands up to $t$. Only the **last real position** has read the whole story. Stories have different lengths, and what comes after them is padding.
#
# ### Exercise 8: pool last   ·  ★★☆ · 6 min · 2 points
#
# - `hidden`: float `(batch, time, n_embd)`; `padding`: bool `(batch, time)`, **True = real**; in each row the real positions come first, and there is at least one
# - returns: `(batch, n_embd)`, for each row its vector at the last real position


# %% exercise: pool_last forbid=["fasttrack.finetune.transfer.pool_last"]
def pool_last(hidden: torch.Tensor, padding: torch.Tensor) -> torch.Tensor:
    """The vector at each row's last real position: `(batch, n_embd)`."""
    ### BEGIN SOLUTION
    last = padding.sum(1) - 1  # (batch,)
    return hidden[torch.arange(len(hidden)), last]
    ### END SOLUTION


# %%
places = (
    torch.arange(4.0).reshape(1, 4, 1).repeat(2, 1, 1)
)  # (batch, time, n_embd): each vector is its position
pool_last(places, torch.tensor([[True, True, False, False], [True, True, True, True]]))  # look: 1 and 3

# %% test: pool_last points=2
check.pool_last(pool_last)
### BEGIN HIDDEN TESTS
check.pool_last(pool_last, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My result is (batch, batch, n_embd)</summary>
#
# `hidden[:, last]` takes all of these positions from *every* row. Index with two tensors of the same length, one for the row and one for the position.
# </details>
# <details><summary>How do I find the last real position?</summary>
#
# The real ones come first, so their number says it. Positions are counted from 0.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import pool_last`.
# </details>

# %% [markdown]
# ### Exercise 9: Classifier   ·  ★★★ · 10 min · 4 points
#
# - `Classifier(body, n_classes, pad)`: a module with the attributes `body`, the model that was given itself, and `head`, an `nn.Linear` from `body.config.n_embd` to `n_classes`. No other parameters
# - the head starts with **zeros**, weight and bias. A random head would send random gradients into the body; with zeros the first loss is $\ln(\text{n\_classes})$ exactly, and the body gets no gradient until the head has learned something
# - `forward(ids)`: int64 `(batch, time)`, padded at the end with the id `pad`; returns logits `(batch, n_classes)`: `body.hidden`, `pool_last`, the head
# - gradients reach the body


# %% exercise: Classifier forbid=["fasttrack.finetune.transfer.Classifier"]
class Classifier(nn.Module):
    """A pretrained body with a new head: ids `(batch, time)` -> logits `(batch, n_classes)`."""

    def __init__(self, body: GPT, n_classes: int, pad: int = PAD):
        super().__init__()
        ### BEGIN SOLUTION
        self.body = body
        self.pad = pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        ### END SOLUTION

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The logits of each row."""
        ### BEGIN SOLUTION
        return self.head(pool_last(self.body.hidden(ids), ids != self.pad))
        ### END SOLUTION


# %%
untrained = Classifier(base.fables_base(), 2)
with torch.no_grad():
    print(untrained(village[:3]).tolist())  # look: zeros
print([name for name, _ in untrained.named_parameters() if not name.startswith("body.")])

# %% test: Classifier points=4
check.Classifier(Classifier)
### BEGIN HIDDEN TESTS
check.Classifier(Classifier, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>mat1 and mat2 shapes cannot be multiplied</summary>
#
# `body(ids)` has already been through the old head: `vocab_size` numbers at each position. `body.hidden(ids)` has not.
# </details>
# <details><summary>The logits change when I add padding</summary>
#
# Which position does your head read? And is `padding` True where ids are *real*?
# </details>
# <details><summary>The body is not the one that was given</summary>
#
# `self.body = body`, no copy: whoever made the classifier goes on using that object.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import Classifier`.
# </details>

# %% [markdown]
# ### A body that is read once
#
# With a frozen body in evaluation mode (no dropout), the vector of a story is the same in every epoch. So compute it **once**, and train the head on vectors: a body of 0.9 million parameters, or of 70 billion, is needed for a single pass without gradients. What is left is logistic regression on 128 numbers (01/02).
#
# ### Exercise 10: features   ·  ★★☆ · 8 min · 3 points
#
# - `body`: a module with `hidden(ids)`, in training or in evaluation mode; `ids`: int64 `(n, time)`, padded at the end with `pad`; `batch`: int
# - returns: float `(n, n_embd)`, the `pool_last` of each row
# - the body gets at most `batch` rows at a time, in order (`n` need not be a multiple); it computes in evaluation mode and without recording gradients, and is then back in the mode it was in


# %% exercise: features forbid=["fasttrack.finetune.transfer.features"]
def features(body: nn.Module, ids: torch.Tensor, pad: int = PAD, batch: int = 64) -> torch.Tensor:
    """What a frozen body says of each row: `(n, time)` -> `(n, n_embd)`."""
    ### BEGIN SOLUTION
    was_training = body.training
    body.eval()
    with torch.no_grad():
        parts = [pool_last(body.hidden(part), part != pad) for part in ids.split(batch)]
    body.train(was_training)
    return torch.cat(parts)
    ### END SOLUTION


# %%
vectors = features(base.fables_base(), village[:5], batch=2)
print(tuple(vectors.shape), vectors.requires_grad)  # look: (5, 128) False

# %% test: features points=3
check.features(features)
### BEGIN HIDDEN TESTS
check.features(features, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The last rows are missing</summary>
#
# `ids.split(batch)` gives a shorter last piece where it does not divide.
# </details>
# <details><summary>The mode is not restored</summary>
#
# `body.training` says which it is. Keep it before `eval()`, and hand it to `train(…)` at the end.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.finetune.transfer import features`.
# </details>

# %% [markdown]
# ### The number to beat
#
# The best known simple system for such questions reads no order at all: count the words and the pairs of neighbouring words of a text, and fit a logistic regression to the counts. scikit-learn has both. It is fast, it is strong, and many a large model was published without having been compared with it.
#
# Against it: the same logistic regression on our 128 features. And as a control the features of a GPT that was never trained. We label 20 and 200 stories, eight times each with other stories, and test on 300.
#
# Three questions, each on what the text says: did a thing change its owner? Is it the second friend who begins what happens? Is the first friend a woman?
#
# **Predict** for which of the three pretraining helps.

# %% tags=["demo"]
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from fasttrack.data.fables.words import SHE


def second_begins(story):  # derivation: the choices a story was made by, each with its name
    return dict(story.derivation)["event"] == "1"


def first_is_woman(story):  # "A" is the first friend's name
    return dict(story.derivation)["A"] in SHE


def cut_rows(stories):
    """The stories without moral, as ids: int64 (n, 130)."""
    rows = torch.full((len(stories), 130), PAD)
    for row, story in zip(rows, stories, strict=True):
        ids = [0, *fables.encode(without_moral(story))]
        row[: len(ids)] = torch.tensor(ids)
    return rows[:, : int((rows != PAD).sum(1).max())]


labelled = list(fables.stories(400, seed=11))
tests = list(fables.stories(300, seed=12, split="test"))
torch.manual_seed(0)
bodies = {"features of the base": base.fables_base(), "features, untrained": GPT(base.fables_base().config)}
seen = {
    name: [features(body, cut_rows(told)).numpy() for told in (labelled, tests)]
    for name, body in bodies.items()
}
texts = [np.array([without_moral(story) for story in told]) for told in (labelled, tests)]

# %% tags=["demo"]
accuracy = {}
for question in (changed_owner, second_begins, first_is_woman):
    truth, answers = (np.array([question(story) for story in told]) for told in (labelled, tests))
    print(
        f"{question.__name__}: the commoner answer alone is right in {max(answers.mean(), 1 - answers.mean()):.1%}"
    )
    for n in (20, 200):
        for name in ("words and pairs", *seen):
            train, test = texts if name == "words and pairs" else seen[name]
            counts = [CountVectorizer(ngram_range=(1, 2))] if name == "words and pairs" else []
            scores = []
            for repetition in range(8):
                i = np.random.default_rng(repetition).permutation(len(labelled))[:n]
                with threadpool_limits(1):  # two threads on matrices this small mostly wait for each other
                    fitted = make_pipeline(*counts, LogisticRegression(max_iter=3000)).fit(train[i], truth[i])
                scores.append(fitted.score(test, answers))
            accuracy[question.__name__, n, name] = np.mean(scores)
            print(f"   {n:>3} labels  {name:<22} {np.mean(scores):.1%}")

# %% [markdown]
# And when the body may learn, too? A `Classifier` on 200 labels of the second question, with discriminative rates. The stages are those of part 5, below a new top, and everything is pretrained but the head:

# %% tags=["demo"]
classifier = Classifier(base.fables_base(), 2)
parts = [
    ["head"],
    ["body.norm"],
    *([f"body.blocks.{k}"] for k in (3, 2, 1, 0)),
    ["body.embedding", "body.positions"],
]
inputs = [cut_rows(told) for told in (labelled, tests)]
truth, answers = (torch.tensor([second_begins(story) for story in told]).long() for told in (labelled, tests))
generator = torch.Generator().manual_seed(0)


def labelled_batch(step):
    i = torch.randint(200, (8,), generator=generator)
    return inputs[0][i], truth[i]


head_losses = finetune(
    classifier, labelled_batch, steps=STEPS, groups=discriminative_lrs(classifier, parts, 3e-3, 1.5), warmup=4
)
with torch.no_grad():
    says = torch.cat([classifier(some).argmax(1) for some in inputs[1].split(64)])
print(
    f"first loss {head_losses[0]:.4f}, last {head_losses[-1]:.4f}, right {(says == answers).double().mean():.1%}"
)

# %% tags=["demo"]
plot.bars(
    [f"{question}\n{n} labels" for n in (200, 20) for question in ("owner", "second", "woman")],
    {name: [100 * accuracy[q.__name__, n, name] for n in (200, 20) for q in (changed_owner, second_begins, first_is_woman)] for name in ("words and pairs", *seen)},
    title="Pretraining helps where the next word needed it",
    ylabel="right of 300 (%)",
)  # fmt: skip

# %% [markdown]
# - **Owner.** 20 labels, and the features are right in 300 of 300 stories. The counts are where the commoner answer is, and have 94.9 % with 200. Why so easy? The moral, which was cut off, depends on the same thing. To predict its first word the base *had to* work out at this position whether something was given away.
# - **Second friend.** With 20 labels the features lead, 73.0 % to 65.6 %; with 200 the counts win, 98.1 % to 94.9 %: each of the eleven events has words of its own, and that is all one needs. The features have most of it, since the base needed it earlier in the story. When the body may train, the same 200 labels give 98.7 %, level with the counts.
# - **First friend a woman.** With 200 labels the counts have 82.9 %, since they see names. The features have 56.6 %, no more than those of the untrained model: no word of the moral depends on it, so at this position nothing has to say it. What is not needed may still be there: ask it of the second friend, and the features have 84.5 %.
#
# So the numbers to beat with 20 labels were 77.1, 65.6 and 59.7 %. The features are 23 and 7 points ahead on the first two questions, and 8 behind on the third. "Pretrained features are better" is not a law. What you can count on is what predicting the next word needed, there, at that position.
#
# ## 8. The real GPT-2
#
# Nothing above knows how large the model is. `tune_text` takes the name of a GPT-2 on the model hub, or a folder, freezes all but the embedding and the top blocks, and trains on a text with discriminative rates. First fables-base from its folder, then GPT-2 with 124 million parameters, if the hub can be reached (548 MB, once; the updates then
# take about a minute). It draws no new rows, since no English word is new to GPT-2; fables-base pays for that with its first loss.


# %% tags=["demo"]
def tune_text(name, ids, steps, top=2, time=64, lr=1e-4):
    """Fine-tune embedding and top blocks of a checkpoint on a stream of ids; the model and its losses."""
    model = hub.pretrained_gpt2(name)
    n_layer = model.config.n_layer
    order = [["embedding", "norm"], *([f"blocks.{k}"] for k in reversed(range(n_layer))), ["positions"]]
    trained = freeze(model, [part for parts in order[: 1 + top] for part in parts])
    print(f"{trained:,} of {sum(parameter.numel() for parameter in model.parameters()):,} parameters train")
    windows = ids[: len(ids) // (time + 1) * (time + 1)].reshape(-1, time + 1)  # (n, time + 1)
    picked = torch.Generator().manual_seed(0)

    def batch(step):
        rows = windows[torch.randint(len(windows), (4,), generator=picked)]
        return rows[:, :-1], rows[:, 1:]

    tuned = finetune(model, batch, steps=steps, groups=discriminative_lrs(model, order, lr), warmup=2)
    return model, tuned


_, own = tune_text(base.FOLDER, fables.corpus(5000, seed=2, domain="sea"), steps=10, lr=3e-3)
print(f"fables-base: {own[0]:.2f} to {own[-1]:.2f} nats per token")  # look: it begins without new rows

# %% tags=["demo"]
from tokenizers import Tokenizer

try:
    tokenizer = Tokenizer.from_file(hub.download(hub.SMALLEST, "tokenizer.json"))
    stories = " ".join(story.text for story in fables.stories(60, seed=1, domain="sea"))
    _, own = tune_text(hub.SMALLEST, torch.tensor(tokenizer.encode(stories).ids), steps=20)
    print(f"GPT-2: {own[0]:.2f} to {own[-1]:.2f} nats per token")
except (DataUnavailable, OSError) as error:
    print(f"GPT-2 is not to be had here: {error}")

# %% [markdown]
# To fine-tune *all* of a model of billions of parameters, AdamW needs two more numbers for each of them, and everybody who does it stores a whole model for each task. Lesson 02 changes one percent of the numbers and gets as far.
#
# ## Recap
#
# **Q:** Why can a pretrained model be worse than uniform guessing on new words?\
# **A:** At every position, all words that never occur get the same push but for a factor: away from the stream there. Their rows end in one place: as improbable as can be, and not to be told apart.
#
# **Q:** What do you put into the embedding rows of new tokens?\
# **A:** Numbers drawn with the mean and the standard deviation that each column has over the known rows. At the mean they take a bounded share of the probability; the spread tells them apart.
#
# **Q:** What is the difference between full fine-tuning and a frozen backbone?\
# **A:** In full fine-tuning every parameter trains; with a frozen backbone only what is new does, a head or the rows of new words, and all that was pretrained stays as it was.
#
# **Q:** How can some rows of one tensor be trained and the others not?\
# **A:** By a hook that sets the other rows' gradients to zero. AdamW then leaves them, provided the hook is there from its first update on and there is no weight decay.
#
# **Q:** What are discriminative learning rates?\
# **A:** Each stage of layers trains a factor slower than the one nearer to the output; ULMFiT's factor is 2.6.
#
# **Q:** What is gradual unfreezing for?\
# **A:** At first only the top trains, then one stage more at a time from the output down, so that the lower layers are not changed by the gradients of a top that knows nothing yet.
#
# **Q:** What is catastrophic forgetting, and how is it measured?\
# **A:** Training on new data destroys what was learned before, because the loss no longer speaks for it. Measure the loss on the old held-out data before and after.
#
# **Q:** Which remedies against forgetting need the old data?\
# **A:** Replay does: part of each batch is old. A lower rate, holding old rows fast and interpolating between the models before and after do not.
#
# **Q:** Why does interpolating between the base and the fine-tuned model work?\
# **A:** The second was reached from the first by small steps, so the loss along the straight line between them stays low. Between models that were trained independently it does not.
#
# **Q:** Which vector does a classifier read from a causal model?\
# **A:** That at the last real position: it alone has read the whole text. Padding comes after it.
#
# **Q:** Why does a new head start with zeros?\
# **A:** The first loss is the logarithm of the number of classes, and no random gradient reaches the pretrained body.
#
# **Q:** When can a frozen body be run only once for each example?\
# **A:** When it is in evaluation mode and the examples stay as they are: then its features do not change. They are computed once without gradients, and only the head trains on them.
#
# **Q:** For which questions do pretrained features help?\
# **A:** For those whose answer the pretraining needed at that position. What the next word does not depend on need not be in the vector.

# %% [markdown]
# ## Glossary
#
# - **base model**: the result of pretraining, before any use of it
# - **fine-tuning**: training a base model further on data of one purpose
# - **transfer**: what a model brings from one task or domain to another
# - **domain**: one kind of text, with words and rules of its own
# - **frozen**: a parameter that does not require gradients; **backbone**, **body**: all of a model below its head
# - **head**: the last layer, made for one task
# - **parameter group**: parameters that share the settings of an optimizer
# - **discriminative rates**: learning rates that fall from the output down
# - **gradual unfreezing**: letting one stage more train after some updates
# - **catastrophic forgetting**: the loss of what was learned before
# - **replay**: old examples in new batches
# - **interpolation of models**: parameters on the straight line between two models
# - **features**: the vector a frozen body gives for an example
# - **bag of words**: a text as the counts of its words, without their order

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Distance as a price.** Add to the loss $\frac{\lambda}{2}\lVert\theta - \theta_\text{before}\rVert^2$ (L2-SP; Li and others, 2018), which pulls back to the base. Where does it lie in the picture of part 6, for different $\lambda$?
# 2. **Replay without old data.** Let the base write 200 village stories itself (07/03) before you fine-tune, and replay those. How much of the effect of true replay remains?
# 3. **Two sisters.** Fine-tune one copy for the sea and one for space, each with known rows held fast, and take the new rows of both. Does one model then know three domains? Average the blocks, too ("model soups").

# %% [markdown]
# ## To go deeper
#
# - Howard and Ruder, [Universal language model fine-tuning for text classification], 2018: discriminative rates and gradual unfreezing
# - Yosinski and others, [How transferable are features in deep neural networks?], 2014: which layers are general
# - Kirkpatrick and others, [Overcoming catastrophic forgetting in neural networks], 2017: holding fast what mattered
# - Wortsman and others, [Robust fine-tuning of zero-shot models], 2022: the straight line of exercise 7
# - Kumar and others, [Fine-tuning can distort pretrained features], 2022: train the head first
# - John Hewitt, [Initializing new word embeddings for pretrained language models], 2021
# - Rumbelow and Watkins, [SolidGoldMagikarp], 2023: tokens that GPT-2 hardly ever saw
# - Jeremy Howard, [A hacker's guide to language models]
#
# [Universal language model fine-tuning for text classification]: https://arxiv.org/abs/1801.06146
# [How transferable are features in deep neural networks?]: https://arxiv.org/abs/1411.1792
# [Overcoming catastrophic forgetting in neural networks]: https://arxiv.org/abs/1612.00796
# [Robust fine-tuning of zero-shot models]: https://arxiv.org/abs/2109.01903
# [Fine-tuning can distort pretrained features]: https://arxiv.org/abs/2202.10054
# [Initializing new word embeddings for pretrained language models]: https://nlp.stanford.edu/~johnhew/vocab-expansion.html
# [SolidGoldMagikarp]: https://www.lesswrong.com/posts/aPeJE8bSo6rAFoLqg/solidgoldmagikarp-plus-prompt-generation
# [A hacker's guide to language models]: https://www.youtube.com/watch?v=jkrNMKz9pWU
