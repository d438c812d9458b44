# %% [markdown]
# # Sampling
#
# **After this lesson** you can turn a model's logits into text, and say what each knob of a sampler does to the distribution: temperature, top-k, top-p, min-p,
# repetition penalty, beam search. You test a random function without luck, and you measure what is gained and what is lost by each cut with a judge
# that makes no mistakes: the grammar that the model's stories come from.
#
# About 190 minutes, with a break after part 4 · 11 exercises, 33 points · builds on: 07/01 (GPT), 07/02 (the entropy floor, fables),
# 04/01 (drawing with a generator).
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.sampling`; your test cell does not
# look for them.

# %%
import itertools
import math
from collections import Counter

import torch

from fasttrack import plot
from fasttrack.check import sampling as check
from fasttrack.data import fables
from fasttrack.models.base import fables_base

torch.set_num_threads(1)  # for a model as small as this, a second thread costs more than it brings

# %% [markdown]
# ## Where this sits
#
# Training is over. The model answers with logits, and somebody has to choose a token.

# %% tags=["demo"]
plot.pipeline(
    {
        "ids": "(batch, time)",
        "GPT": "logits",
        "cut": "what may be drawn",
        "draw": "one token each",
        "text": "and again",
    },
    here={"cut", "draw"},
)

# %% [markdown]
# ## 1. The best token, every time
#
# `fables_base()` is a GPT of 926,464 parameters that has read ten million words of village stories. Its loss on stories that it has never seen is 0.474 nats per token. No model can
# have less than 0.455, the entropy of the grammar that tells these stories. So it is **4 % above the best possible**. Few language models you will meet are as near to their limit.

# %%
model = fables_base()  # in evaluation mode
vocabulary = fables.vocabulary()
END = vocabulary.index("<end>")  # 0: ends a story, and so it also stands before the first word of the next
print(f"{len(vocabulary)} words, a context of {model.config.block_size} tokens")
print(fables.story(7))  # look: a story as the grammar tells it

# %% [markdown]
# The obvious way to let it write: take the token with the largest logit, append it, ask again. This is called **greedy** decoding.
#
# **Predict:** every token is the best one. Is the story the best one?
#
# ### Exercise 1: greedy   ·  ★☆☆ · 8 min · 2 points
#
# - `model(ids)`: takes int64 `(batch, time)` and returns logits `(batch, time, vocab_size)`; those at the last position are for the next token. It refuses more than `block_size` positions
# - `ids`: int64 `(batch, time)` with `time` ≥ 1, the prompts. It may be longer than `block_size`: the model then sees the last `block_size` tokens
# - returns: int64 `(batch, time + max_new_tokens)`, each prompt followed by the likeliest token, again and again; what was appended is seen in the next step
# - `max_new_tokens` may be 0


# %% exercise: greedy forbid=["fasttrack.sampling.generate", "fasttrack.sampling.beam_search"]
@torch.no_grad()
def greedy(model, ids: torch.Tensor, max_new_tokens: int, block_size: int) -> torch.Tensor:
    """Continue each row by its likeliest token: `(batch, time)` -> `(batch, time + max_new_tokens)`."""
    ### BEGIN SOLUTION
    for _ in range(max_new_tokens):
        logits = model(ids[:, -block_size:])[:, -1]  # (batch, vocab_size)
        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
    return ids
    ### END SOLUTION


# %%
def first_story(row):
    """The ids of a row's first story, without the <end> before and after it."""
    row = row.tolist()[1:]
    return row[: row.index(END)] if END in row else row


start = torch.tensor([[END]])  # (1, 1): a new story begins
print(fables.decode(greedy(model, start, 12, 256)[0, 1:].tolist()))  # look: a sentence begins well

# %% test: greedy points=2
check.greedy(greedy)
### BEGIN HIDDEN TESTS
check.greedy(greedy, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>"positions, but block_size is …"</summary>
#
# Crop what the model sees, `ids[:, -block_size:]`, and not what you return.
# </details>
# <details><summary>The shapes do not fit in torch.cat</summary>
#
# `argmax(-1)` drops a dimension. With `keepdim=True` it gives `(batch, 1)`, a column to append.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test, and run the cell above the test again:
#
# ```
# from fasttrack import sampling
# def greedy(model, ids, new, block_size):
#     return sampling.generate(model, ids, new, block_size, choose=lambda logits, _: sampling.temperature(logits, 0))
# ```
# </details>

# %% [markdown]
# Now as many tokens as the model can see, which makes two stories and the beginning of a third:

# %% tags=["demo"]
long_text = greedy(model, start, 255, 256)  # (1, 256), a few seconds
print(fables.decode(long_text[0].tolist()))

# %% [markdown]
# Three things to see:
#
# - It is **always this text**: the same call gives the same names, for ever. The grammar has about $e^{50}$ stories.
# - It contains **mistakes**, though each token was the likeliest. Ask the judge: `fables.parse` reads a story back, or names the first word that no story can have there (A and B are the two people).
# - The same names and things **come again** from story to story.

# %% tags=["demo"]
try:
    print(fables.parse(fables.decode(first_story(long_text[0]))))
except ValueError as error:
    print(error)

# %% [markdown]
# **Predict:** does the model expect these names because it has just read them? Look at the least certain places of the second story: the three likeliest tokens with all the text before, and with the first story out of sight.

# %% tags=["demo"]
second = long_text[0].tolist().index(END, 1)  # here the second story begins
with torch.no_grad():
    after_all = model(long_text)[0, second:].softmax(-1)  # (time, vocab_size)
    after_own = model(long_text[:, second:])[0].softmax(-1)  # the same places
for spot in after_all[:100].amax(-1).topk(4, largest=False).indices.sort().values.tolist():
    print("…", fables.decode(long_text[0, second + max(spot - 3, 1) : second + spot + 1].tolist()))
    for word in after_all[spot].topk(3).indices.tolist():
        print(f"    {vocabulary[word]:<10} {after_all[spot, word]:.4f}, alone {after_own[spot, word]:.4f}")

# %% [markdown]
# Hardly. All names are equally likely in the grammar, and the model knows it up to a few percent. A draw would take any of them. `argmax` takes the one that is ahead by a hair, and it is often the same one.
#
# From here on the text is longer than the model's view, and its beginning slides out. **Predict:** what happens?

# %% tags=["demo"]
for given, view in {"all of it": long_text, "the second story on": long_text[:, second:]}.items():
    continued = greedy(model, view, 40, 256)[0, view.shape[1] :]
    print(f"given {given}: {fables.decode(continued.tolist())}\n")

# %% [markdown]
# With the sliding view the text breaks. The model was trained on windows that *begin with a story*. One that begins in the middle of a sentence is a place where it has never been; given the text from a story's beginning, it goes on as before. How the windows of training were cut decides whether a model may be used beyond them.
#
# Large models fail greedily in a worse way: GPT-2 Large ends in a loop in 73.66 % of its long continuations (Holtzman and others, 2020, table 1). There, what has been said does make itself likelier: each repetition of a phrase raises the probability of the next (their figure 4). So drop the idea of the best token. The model was
# trained to give a *distribution*: we should draw from it.
#
# ## 2. One token, drawn
#
# Drawing is `torch.multinomial(logits.softmax(-1), 1)`. All that a sampler does happens one step before: it **changes the logits**. The simplest change is a division by a number $t$, the **temperature**:
#
# $$p_i = \frac{e^{z_i / t}}{\sum_j e^{z_j / t}} \;\propto\; \left(p_i^{(t = 1)}\right)^{1/t}$$
#
# Take logits $(2, 1, 0)$. At $t = 1$ the first token is $e^1 = 2.7$ times as probable as the second. **Predict:** how many times at $t = 0.5$? At $t = 2$? At $t \to 0$?
#
# ### Exercise 2: temperature   ·  ★☆☆ · 8 min · 2 points
#
# - `logits`: float `(..., vocab_size)`, any number of dimensions in front; some may be `-inf` (cut before)
# - `t` > 0: returns the logits divided by `t`. Logits, not probabilities: the softmax comes later
# - `t` = 0: the limit. In each row the largest logit stays as it is, the others become `-inf`; of equally large ones the first stays
# - `t` < 0: raises `ValueError`
# - the input stays unchanged, here and in all functions to come


# %% exercise: temperature forbid=["fasttrack.sampling.temperature"]
def temperature(logits: torch.Tensor, t: float) -> torch.Tensor:
    """Logits `(..., vocab_size)` at temperature `t`; 0 leaves the largest of each row alone."""
    ### BEGIN SOLUTION
    if t < 0:
        raise ValueError(f"temperature: {t} is negative")
    if t == 0:
        best = logits.argmax(-1, keepdim=True)  # (..., 1)
        return torch.full_like(logits, -math.inf).scatter(-1, best, logits.gather(-1, best))
    return logits / t
    ### END SOLUTION


# %%
three = torch.tensor([2.0, 1.0, 0.0])
for t in (0.5, 1, 2, 0):
    probs = temperature(three, t).softmax(-1)
    print(t, [round(p, 3) for p in probs.tolist()], "first : second", round((probs[0] / probs[1]).item(), 2))
# look: 7.39 = e² at 0.5, 2.72 at 1, 1.65 = √e at 2, infinite at 0

# %% test: temperature points=2
check.temperature(temperature)
### BEGIN HIDDEN TESTS
check.temperature(temperature, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>t = 0 gives nan or inf</summary>
#
# It is a case of its own: nothing is divided. Make a tensor full of `-math.inf`, and put one logit of each row back.
# </details>
# <details><summary>Two equal logits stay at t = 0</summary>
#
# Comparing with the maximum keeps all that equal it. `argmax` gives one place, the first. `scatter(-1, places, values)` writes at places, `gather(-1, places)` reads there; both want `keepdim=True`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import temperature`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# $t < 1$ sharpens, $t > 1$ flattens, $t = 1$ is the model's own distribution. Here it is on a real place. A story has begun "Once there was a": the next word is a trade.

# %%
begun = fables.encode("Once there was a")
with torch.no_grad():
    trade_logits = model(torch.tensor([[END, *begun]]))[0, -1]  # (vocab_size,)
for i in trade_logits.topk(5).indices.tolist():
    print(f"{vocabulary[i]:<10} {trade_logits.softmax(-1)[i]:.3f}")

# %% [markdown]
# ### The judge
#
# What should these probabilities be? For natural language nobody knows. Here we do: `fables.next_tokens` walks the grammar and gives **every token that can follow, with its exact probability**.

# %%
exact = fables.next_tokens(["Once", "there", "was", "a"])
print(len(exact), "trades, each", next(iter(exact.values())))
right_ids = torch.tensor([vocabulary.index(token) for token in exact])
print(f"the model's share for all others: {1 - trade_logits.softmax(-1)[right_ids].sum():.5f}")

# %% [markdown]
# 16 trades, equally probable, and the model knows it nearly exactly. But "nearly" is the point: 768 wrong words have a little probability each. That is the **tail**. A share of 0.1 % does no harm once. In a story
# of 110 tokens, drawing 0.1 % each time spoils one story in ten: $1 - 0.999^{110} = 0.10$. And one wrong word is seen by all later steps.
#
# So one would like to cut the tail. Where does it begin?
#
# ## 3. Three ways to cut
#
# To cut a token is to set its logit to $-\infty$. Its probability is then exactly 0, and the softmax shares out the rest. A logit of 0 is *not* a cut: $e^0 = 1$.
#
# ### Top-k
#
# Keep the $k$ most probable tokens (Fan and others, 2018).
#
# ### Exercise 3: top_k   ·  ★☆☆ · 8 min · 2 points
#
# - `logits`: float `(..., vocab_size)`; `k`: int
# - returns: the logits, in which all but the `k` largest of each row are `-inf`. Tokens whose logit *equals* the k-th largest stay, too, so more than `k` may be left
# - `k` larger than the vocabulary: nothing is cut
# - `k` < 1: raises `ValueError`


# %% exercise: top_k forbid=["fasttrack.sampling.top_k"]
def top_k(logits: torch.Tensor, k: int) -> torch.Tensor:
    """Cut all but the `k` most probable tokens of each row, and those that equal the last of them."""
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError(f"top_k: k is {k}; at least one token must stay")
    last = logits.topk(min(k, logits.shape[-1])).values[..., -1:]  # (..., 1)
    return logits.masked_fill(logits < last, -math.inf)
    ### END SOLUTION


# %%
print(top_k(torch.tensor([[3.0, 1.0, 2.0, 0.0], [0.0, 5.0, 5.0, 5.0]]), 2))  # look: 2 stay, and 3

# %% test: top_k points=2
check.top_k(top_k)
### BEGIN HIDDEN TESTS
check.top_k(top_k, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>selected index k out of range</summary>
#
# `topk` cannot find more than there are: ask for `min(k, vocab_size)`.
# </details>
# <details><summary>The comparison broadcasts wrongly</summary>
#
# Keep the dimension of the k-th value: `[..., -1:]` has shape `(..., 1)`, `[..., -1]` has lost it. `masked_fill(mask, value)` writes where a mask is True.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import top_k`.
# </details>

# %% [markdown]
# A fixed number is a strange idea. After "Once there was a" 16 words are right, after "Long" there is one, and for a name there are 96. Top-10 cuts 86 good names and keeps 9 bad successors of "Long".
#
# ### Top-p
#
# Keep as many as it takes to have a *share* $p$ of the probability: the **nucleus** (Holtzman and others, 2020). Sort by probability; keep the fewest tokens from the top whose sum is at least $p$.
#
# | sorted probabilities | 0.5 | 0.3 | 0.15 | 0.05 |
# |---|---|---|---|---|
# | sum of those before | 0 | 0.5 | 0.8 | 0.95 |
#
# With $p = 0.9$ the first three stay: two have 0.8, which is not enough. A token stays if those before it have **less than $p$** together.
#
# ### Exercise 4: top_p   ·  ★★★ · 15 min · 4 points
#
# - `logits`: float `(..., vocab_size)`; `p`: float
# - returns: the logits, in which all tokens outside the nucleus of their row are `-inf`. The nucleus: the fewest most probable tokens whose probabilities sum to at least `p`. Of equally probable ones as many stay as are needed, whichever
# - the most probable token always stays
# - `p` = 1 cuts nothing at all, however long the tail (a sum in float32 reaches 1 before its end)
# - `p` ≤ 0 or `p` > 1: raises `ValueError`
#
# The result is in the order of the vocabulary. `sort` also gives the order; `scatter(-1, order, sorted_mask)` carries a mask back.


# %% exercise: top_p forbid=["fasttrack.sampling.top_p"]
def top_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Cut all but the fewest most probable tokens that together have a probability of `p`."""
    ### BEGIN SOLUTION
    if not 0 < p <= 1:
        raise ValueError(f"top_p: p is {p}; it is a share above 0")
    if p == 1:
        return logits
    probs, order = logits.softmax(-1).sort(dim=-1, descending=True)
    before = probs.cumsum(-1) - probs  # what the more probable tokens have together
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before < p)
    return logits.masked_fill(~keep, -math.inf)
    ### END SOLUTION


# %%
four = torch.tensor([0.15, 0.5, 0.05, 0.3]).log()
for p in (0.9, 0.7, 0.4):
    print(p, [round(x, 3) for x in top_p(four, p).softmax(-1).tolist()])  # look: 3, 2 and 1 tokens stay

# %% test: top_p points=4
check.top_p(top_p)
### BEGIN HIDDEN TESTS
check.top_p(top_p, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>One token too few stays</summary>
#
# `cumsum` counts the token itself. What matters is the sum of those *before* it: subtract its own probability.
# </details>
# <details><summary>p = 1 cuts something</summary>
#
# Only rounding: of 784 tokens the last 150 or so may be too small to change a sum near 1 in float32. Treat `p` = 1 by itself.
# </details>
# <details><summary>The right number of tokens stays, but the wrong ones</summary>
#
# The mask is in sorted order. Position 0 of it belongs to token `order[0]`: carry it back with `scatter`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import top_p`.
# </details>

# %% [markdown]
# Top-p adapts: where the model is certain it keeps one token, where it is not, many. It has a flaw that our stories show well. If 16 words are equally probable, each with 1/16, then $p = 0.9$ keeps 15 of them: **it cuts a tenth
# of the probability even where there is no tail.**
#
# ### Min-p
#
# Compare each token with the best one: keep what is at least $p$ times as probable (Nguyen and others, 2024). Equal tokens all stay; next to a token with 0.99, nothing else does.
#
# ### Exercise 5: min_p   ·  ★★☆ · 8 min · 2 points
#
# - `logits`: float `(..., vocab_size)`; `p`: float
# - returns: the logits, in which every token less than `p` times as probable as the most probable one of its row is `-inf`
# - `p` = 0 cuts nothing; `p` = 1 leaves the most probable token and those with the same logit
# - `p` < 0 or `p` > 1: raises `ValueError`
#
# A quotient of probabilities is a difference of logits: $p_i / p_j = e^{z_i - z_j}$. No softmax is needed, and without it $p = 1$ is exact.


# %% exercise: min_p forbid=["fasttrack.sampling.min_p"]
def min_p(logits: torch.Tensor, p: float) -> torch.Tensor:
    """Cut the tokens less than `p` times as probable as the most probable one of their row."""
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError(f"min_p: p is {p}; it is a share between 0 and 1")
    least = logits.amax(-1, keepdim=True) + (math.log(p) if p else -math.inf)  # (..., 1)
    return logits.masked_fill(logits < least, -math.inf)
    ### END SOLUTION


# %%
for p in (0.05, 0.2, 0.5):
    print(p, [round(x, 3) for x in min_p(four, p).softmax(-1).tolist()])  # look: 4, 3 and 2 tokens stay

# %% test: min_p points=2
check.min_p(min_p)
### BEGIN HIDDEN TESTS
check.min_p(min_p, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>ValueError: math domain error</summary>
#
# The logarithm of 0: with `p` = 0 nothing is cut, so treat it by itself.
# </details>
# <details><summary>Rows influence each other</summary>
#
# Each row has its own best token: `amax(-1, keepdim=True)`, shape `(..., 1)`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import min_p`.
# </details>

# %% [markdown]
# ### What is cut
#
# The three side by side at two places. On the left 16 words are right. On the right only one is: the story has said which bowl is Theo's. Blue is right by the grammar, orange would be wrong (too little to see here, the numbers tell it), and grey is the model's own distribution.
#
# **Predict:** which strategies cut right words on the left? Which leave wrong ones on the right?

# %%
CUTS = {
    "the model's own": lambda logits: logits,
    "temperature 0.7": lambda logits: temperature(logits, 0.7),
    "top-k 10": lambda logits: top_k(logits, 10),
    "top-p 0.9": lambda logits: top_p(logits, 0.9),
    "min-p 0.1": lambda logits: min_p(logits, 0.1),
}


def at_place(tokens):
    """The model's logits after the tokens of a story, and which tokens the grammar allows there."""
    with torch.no_grad():
        ids = torch.tensor([[END, *(vocabulary.index(token) for token in tokens)]])
        logits = model(ids)[0, -1]  # (vocab_size,)
    allowed = torch.zeros(len(vocabulary), dtype=torch.bool)
    allowed[[vocabulary.index(token) for token in fables.next_tokens(tokens)]] = True
    return logits, allowed


# %% tags=["demo"]
bowl = fables.story(0).tokens  # Long ago, Theo the farmer lived in the attic. He had a blue bowl. …
shown, allowed = {}, {}
for words, tokens in {
    "Once there was a …": ("Once", "there", "was", "a"),
    "… Now Theo has the …": bowl[: bowl.index("Now") + 4],
}.items():
    scores_there, allowed[words] = at_place(tokens)
    shown[words] = {name: cut(scores_there).softmax(-1) for name, cut in CUTS.items()}
plot.cuts(shown, allowed=allowed, most=30)

# %% [markdown]
# On the left, top-k 10 throws away six good trades and top-p 0.9 one. On the right, top-k 10 keeps nine wrong words, of very little probability, and temperature 0.7 keeps all: **a temperature cuts nothing**, it makes rare words rarer. Min-p does right in both places. This is a fair field for it: our grammar makes all alternatives
# equally likely, and no natural language does. There, rare words are right, too, and every cut costs some of them.
#
# Cuts can be combined, `top_p(temperature(logits, 0.8), 0.95)`, and the order matters: at another temperature another set has the share $p$. With min-p a temperature before the cut shifts the threshold, too: $p$ at $t$ cuts like $p^t$ at 1.
#
# ## 4. What has been said before
#
# Large models loop, as said: having seen a phrase twice, they expect it a third time. CTRL, a language model by Salesforce (Keskar and others, 2019), divides the logits of all tokens that have occurred by a number $\theta$, 1.2 there. A division makes a positive logit smaller and a **negative one larger**, that is,
# likelier. So the rule that is in use today (in `transformers`, too): divide positive logits, multiply negative ones.
#
# ### Exercise 6: repetition_penalty   ·  ★★☆ · 10 min · 3 points
#
# - `logits`: float `(batch, vocab_size)`; some may be `-inf`. `ids`: int64 `(batch, time)`, the tokens so far of each row; `penalty`: float
# - returns: the logits, in which those of the tokens that occur in *their own row* of `ids` are divided by `penalty` where they are above 0, and multiplied by it where not. Once for each token, however often it occurs
# - `penalty` ≤ 0: raises `ValueError`


# %% exercise: repetition_penalty forbid=["fasttrack.sampling.repetition_penalty"]
def repetition_penalty(logits: torch.Tensor, ids: torch.Tensor, penalty: float) -> torch.Tensor:
    """Make the tokens that `ids` `(batch, time)` holds less likely in `logits` `(batch, vocab_size)`."""
    ### BEGIN SOLUTION
    if penalty <= 0:
        raise ValueError(f"repetition_penalty: {penalty} must be above 0")
    found = logits.gather(-1, ids)  # (batch, time)
    return logits.scatter(-1, ids, torch.where(found > 0, found / penalty, found * penalty))
    ### END SOLUTION


# %%
print(repetition_penalty(torch.tensor([[2.0, -2.0, 1.0]]), torch.tensor([[0, 1, 0]]), 2.0))  # look: 1, -4, 1

# %% test: repetition_penalty points=3
check.repetition_penalty(repetition_penalty)
### BEGIN HIDDEN TESTS
check.repetition_penalty(repetition_penalty, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>A token that occurs twice is punished twice</summary>
#
# Compute the new values from the original logits and write them: writing the same value twice does no harm. Multiplying in place, once for each occurrence, does.
# </details>
# <details><summary>How do I reach each row's own tokens?</summary>
#
# `logits.gather(-1, ids)` reads, at row r and column c, `logits[r, ids[r, c]]`. `scatter(-1, ids, values)` writes there, into a new tensor.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import repetition_penalty`.
# </details>

# %% [markdown]
# Is it a good idea? A logit's zero has no meaning: adding a constant to all logits changes no probability, and yet it changes what this rule does. And texts *must* repeat. The story about Theo has to say "blue bowl" again.
#
# **Predict:** what does a penalty of 1.2 do to the right word after "… Now Theo has the"?

# %%
bowl = fables.story(0).tokens
bowl_ids = torch.tensor([[END, *(vocabulary.index(token) for token in bowl[: bowl.index("Now") + 4])]])
with torch.no_grad():
    bowl_logits = model(bowl_ids)[:, -1]  # (1, vocab_size)
for penalty in (1.0, 1.2, 1.5):
    probs = repetition_penalty(bowl_logits, bowl_ids, penalty).softmax(-1)[0]
    three_best = {vocabulary[i]: round(probs[i].item(), 3) for i in probs.topk(3).indices.tolist()}
    print(penalty, three_best)

# %% [markdown]
# A loss of one percent at 1.2 looks harmless. But a story has some 85 places where the next word is settled, and one percent lost at each would spoil more than half of all stories ($0.99^{85} = 0.43$). The penalty is a patch for loops. It harms whatever repeats for a good reason: names, code, quotations, facts.
#
# ## 5. A whole text
#
# Now all of it in one function. What a real `generate` has to care for, and what is often forgotten:
#
# - **the mode.** Dropout must be off while text is generated, and the model comes back as it was
# - **the block.** The text may grow longer than what the model can see
# - **batches that end at different times.** A row that has drawn its stop token is finished; the others go on, and the tensor stays a rectangle
# - **a generator**, or nobody can repeat the result
#
# ### Exercise 7: generate   ·  ★★★ · 20 min · 5 points
#
# - `ids`: int64 `(batch, time)`; `time` = 0 raises `ValueError`
# - in each step the model sees the last `block_size` tokens; of its logits at the last position, `(batch, vocab_size)`, `choose(logits, ids)` makes new ones, where `ids` are **all** ids so far; one token a row is drawn from their softmax with `torch.multinomial(…, generator=generator)`
# - returns: int64 `(batch, time + new)`, where new is `max_new_tokens`, or less if all rows have stopped
# - `stop`: a token or None. A row that has **drawn** it gets `stop` in all later steps (in the prompt it means nothing); as soon as all rows have, the drawing ends
# - the model is asked in evaluation mode, and comes back in the mode it was in; no gradients


# %% exercise: generate forbid=["fasttrack.sampling.generate"]
@torch.no_grad()
def generate(
    model,
    ids: torch.Tensor,
    max_new_tokens: int,
    block_size: int,
    generator: torch.Generator | None = None,
    choose=lambda logits, ids: logits,
    stop: int | None = None,
) -> torch.Tensor:
    """Continue each row of `ids` `(batch, time)` by draws from what `choose` leaves of the model's distribution."""
    ### BEGIN SOLUTION
    if not ids.shape[1]:
        raise ValueError("generate: the prompt is empty")
    was_training = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        logits = choose(model(ids[:, -block_size:])[:, -1], ids)  # (batch, vocab_size)
        drawn = torch.multinomial(logits.softmax(-1), 1, generator=generator)  # (batch, 1)
        if stop is not None:
            drawn = drawn.masked_fill(ended[:, None], stop)
            ended |= drawn[:, 0] == stop
        ids = torch.cat([ids, drawn], 1)
        if ended.all():
            break
    model.train(was_training)
    return ids
    ### END SOLUTION


# %%
drawn_rows = generate(model, start.repeat(2, 1), 10, 256, torch.Generator().manual_seed(0), stop=END)
for row in drawn_rows:
    print(fables.decode(first_story(row)))  # look: two beginnings

# %% test: generate points=5
check.generate(generate)
### BEGIN HIDDEN TESTS
check.generate(generate, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>A row goes on after its stop</summary>
#
# Keep a bool for each row, `(batch,)`. Before a drawn column is appended, overwrite it where the row has ended: `drawn.masked_fill(ended[:, None], stop)`. Then note the rows that have drawn `stop` now.
# </details>
# <details><summary>The rows come too often or too rarely</summary>
#
# The test counts 3,000 rows and compares with the exact probability of each continuation; six standard deviations are allowed. Draw from the softmax of what `choose` returns, each row by itself.
# </details>
# <details><summary>The model stays in evaluation mode</summary>
#
# Remember `model.training` before `model.eval()`, and give it back with `model.train(…)`, also for `max_new_tokens` = 0.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import generate`.
# </details>

# %% [markdown]
# Four stories, drawn from the model as it is. The judge reads each:


# %% tags=["demo"]
def verdict(ids):
    """What the grammar says about a story."""
    try:
        fables.parse(fables.decode(ids))
    except ValueError as error:
        return str(error).removeprefix("fables.parse: ")
    return "a story"


def tell(count, seed, choose=lambda logits, ids: logits):
    """Stories from the model, as lists of ids without their ends."""
    rows = generate(
        model, start.repeat(count, 1), 170, 256, torch.Generator().manual_seed(seed), choose, stop=END
    )
    return [first_story(row) for row in rows]


for told in tell(4, seed=1):
    print(fables.decode(told), "\n  ->", verdict(told), "\n")

# %% [markdown]
# The sentences are right, one by one, and most stories are wrong as a whole: something is said that does not fit what was said before. Parts 7 and 8 count this. First: how could you know that `generate` is right?
#
# ### Testing what is random
#
# A loop that draws a thousand texts and looks whether they "seem right" catches little. Better: take a model so small that **the probability of every possible text** can be computed, and compare. With a vocabulary of 3 there are 9 continuations of two tokens. By the chain rule
#
# $$P(a, b \mid \text{prompt}) = P(a \mid \text{prompt}) \cdot P(b \mid \text{prompt}, a)$$
#
# ### Exercise 8: exact_probs   ·  ★★★ · 15 min · 4 points
#
# - `ids`: int64 `(time,)`, one prompt, with `time` ≥ 1; `length` ≥ 1, the number of new tokens
# - `choose(logits, ids)`: as in `generate`; it takes logits `(batch, vocab_size)` and all ids so far `(batch, time)`
# - returns: `(vocab_size, …, vocab_size)` with `length` dimensions, in the dtype of the model's logits; entry `[a, b, …]` is the probability that the prompt is continued by tokens a, b, … when each is drawn from the softmax of what `choose` returns. All entries sum to 1
# - a choice may cut every token but one; nothing is drawn here, and no generator is needed


# %% exercise: exact_probs
@torch.no_grad()
def exact_probs(model, ids: torch.Tensor, length: int, choose=lambda logits, ids: logits) -> torch.Tensor:
    """The probability of every continuation: `length` dimensions of size vocab_size."""
    ### BEGIN SOLUTION
    rows, probs = ids[None], None  # (1, time)
    for _ in range(length):
        each = choose(model(rows)[:, -1], rows).softmax(-1)  # (number of texts, vocab_size)
        size = each.shape[1]
        probs = each if probs is None else probs.reshape(-1, 1) * each
        rows = torch.cat([rows.repeat_interleave(size, 0), torch.arange(size).repeat(len(rows))[:, None]], 1)
    return probs.reshape([size] * length)
    ### END SOLUTION


# %%
class Chain(torch.nn.Module):
    """A model whose next token depends on the last one alone: row i has the probabilities after token i."""

    probs = torch.tensor([[0.1, 0.5, 0.4], [0.4, 0.3, 0.3], [0.0, 0.1, 0.9]])

    def forward(self, ids):
        return self.probs.log()[ids]  # (batch, time, vocab_size)


two_steps = exact_probs(Chain(), torch.tensor([0]), 2)
print(two_steps)  # look: [1, 0] is 0.5 · 0.4 = 0.2

# %% test: exact_probs points=4
check.exact_probs(exact_probs)
### BEGIN HIDDEN TESTS
check.exact_probs(exact_probs, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I begin?</summary>
#
# With a loop over `itertools.product(range(vocab_size), repeat=length)`: for each tuple, multiply the probabilities of its tokens, each asked with all ids before it. `vocab_size` is the last dimension of the model's logits, and `torch.zeros(…, dtype=logits.dtype)` has their dtype.
# </details>
# <details><summary>nan where a token was cut</summary>
#
# Multiply probabilities. Where logarithms are added, `-inf` meets 0 somewhere. If `choose` cuts *all* tokens of a text that has probability 0 anyway, the softmax is nan: the test has no such case.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next cells use it; `two_steps` is `Chain.probs[0][:, None] * Chain.probs`.
# </details>

# %% [markdown]
# And now the comparison. A count of $n$ draws with probability $p$ has a standard deviation of $\sqrt{np(1-p)}$, so it is known how far off chance alone can be. The test of `generate` does this.

# %%
ROWS = 10_000
pairs = generate(Chain(), torch.zeros(ROWS, 1, dtype=torch.int64), 2, 8, torch.Generator().manual_seed(1))
counts = Counter(map(tuple, pairs[:, 1:].tolist()))
for pair in itertools.product(range(3), repeat=2):
    p = two_steps[pair].item()
    spread = (ROWS * p * (1 - p)) ** 0.5
    off = (counts[pair] - ROWS * p) / spread if spread else 0.0
    print(f"{pair}: expected {ROWS * p:>5.0f} ± {spread:>3.0f}, counted {counts[pair]:>5}, {off:+.1f} sd")

# %% [markdown]
# Of right counts about one in three is off by more than 1 standard deviation, one in twenty by more than 2, and two in a billion by more than 6. A test that allowed 2 would fail many right answers. This one allows 6.

# %% [markdown]
# ## 6. The most probable text
#
# Look at the table of `two_steps` again. **Predict:** which two tokens does `greedy` give after 0? Which pair is the most probable?

# %%
print("greedy:", greedy(Chain(), torch.tensor([[0]]), 2, 8)[0, 1:].tolist())
place = divmod(two_steps.argmax().item(), 3)
print("most probable:", list(place), f"{two_steps[place]:.2f} against {two_steps.max(1).values[1]:.2f}")

# %% [markdown]
# Greedy takes token 1 (0.5), after which nothing is likely; the less likely token 2 leads to a 0.9. **The likeliest steps do not make the likeliest text.** To be sure one would have to look at all $V^n$ texts. **Beam search** follows the best few: keep `beams` texts; extend
# each by every token; of all these keep the best `beams`, by the sum of log-probabilities.
#
# ### Exercise 9: beam_search   ·  ★★★ · 20 min · 5 points
#
# - `ids`: int64 `(time,)`, one prompt; `beams` ≥ 1; `stop`: a token or None. The model sees the last `block_size` tokens and is in evaluation mode already
# - returns: a list of at most `beams` pairs, best first: all ids of a text, prompt included, as int64 `(time + new,)`, and the log-probability of its new tokens as a float (a sum, natural logarithm, 0.0 for none)
# - in each of `max_new_tokens` steps all continuations of all beams compete, and the best `beams` stay. If there are fewer than `beams`, all stay
# - a text whose last *new* token is `stop` is not extended; it keeps its place and its log-probability as long as no `beams` better ones push it out


# %% exercise: beam_search forbid=["fasttrack.sampling.beam_search"]
@torch.no_grad()
def beam_search(
    model, ids: torch.Tensor, max_new_tokens: int, block_size: int, beams: int, stop: int | None = None
) -> list[tuple[torch.Tensor, float]]:
    """The best continuations that a search of width `beams` finds, with their log-probabilities."""
    ### BEGIN SOLUTION
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, logprob in found:
            if len(text) > len(ids) and text[-1] == stop:
                longer.append((text, logprob))
                continue
            log_probs = model(text[None, -block_size:])[0, -1].log_softmax(-1)  # (vocab_size,)
            best = log_probs.topk(min(beams, len(log_probs)))
            for more, token in zip(best.values.tolist(), best.indices, strict=True):
                longer.append((torch.cat([text, token[None]]), logprob + more))
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found
    ### END SOLUTION


# %%
for text, logprob in beam_search(Chain(), torch.tensor([0]), 2, 8, beams=2):
    print(text.tolist(), f"probability {math.exp(logprob):.2f}")  # look: 0.36 first, then 0.20

# %% test: beam_search points=5
check.beam_search(beam_search)
### BEGIN HIDDEN TESTS
check.beam_search(beam_search, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I begin?</summary>
#
# With a list of one pair, `[(ids, 0.0)]`. In each step build a new list of all extended pairs, sort it by the second entry, keep the first `beams`.
# </details>
# <details><summary>A finished text disappears, or all tokens count as finished</summary>
#
# It enters the new list as it is, once, and competes there. It is finished if its last token is `stop` and was appended by you: a prompt that ends in `stop` is not finished.
# </details>
# <details><summary>It takes too long</summary>
#
# Of each beam, only its own best `beams` tokens can be among the best `beams` of all.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.sampling import beam_search`.
# </details>

# %% [markdown]
# What is the most probable beginning of a story? The first 24 tokens by greedy and by beams, beside drawn ones. A drawn beginning has, on average, about the log-probability $-H$, where $H$ is the entropy of the grammar's first 24 tokens.


# %% tags=["demo"]
def logprob_of(row):
    """The model's log-probability of all tokens of a row after the first."""
    with torch.no_grad():
        log_probs = model(row[None, :-1])[0].log_softmax(-1)  # (time - 1, vocab_size)
    return log_probs.gather(1, row[1:, None]).sum().item()


print(f"greedy   {logprob_of(greedy(model, start, 24, 256)[0]):.1f}")
for beams in (2, 4):
    text, logprob = beam_search(model, start[0], 24, 256, beams)[0]
    print(f"{beams} beams  {logprob:.1f}  {fables.decode(text.tolist()[1:])}")
drawn_beginnings = generate(model, start.repeat(50, 1), 24, 256, torch.Generator().manual_seed(2))
each = torch.tensor([logprob_of(row) for row in drawn_beginnings])
print(f"drawn    {each.mean():.1f} on average, from {each.min():.1f} to {each.max():.1f}")
by_rule = [sum(story.nats[:24]) for story in fables.stories(200, seed=5)]  # what tokens cost by the grammar
print(f"-H       {-sum(by_rule) / len(by_rule):.1f}")

# %% [markdown]
# Greedy does not even reach the average draw: it takes the first word that is ahead by a hair, whatever choices it leads to. Two beams look ahead too little. Four find a text more probable than all 50 drawn ones, and yet it looks ordinary. In this grammar alternatives are equally likely, so the most probable beginning
# is only one with few choices in 24 tokens.
#
# Elsewhere the most probable text is **unlike what is usually said**. It is so for any long row of uncertain draws: of 100 throws of a coin that shows heads with 0.6, the single most probable sequence is 100 heads, and nobody will ever see it. What one sees are
# sequences with about 60, because there are so many of them. Human text is like that, too: people hardly ever say the most probable thing. That is why maximising gives dull text, and why it is right for short answers with one good solution, such as translation, and wrong for stories.
#
# ## 7. Measuring what comes out
#
# **Perplexity** is $e$ to the loss per token: a perplexity of 1.6 means that the model is, on average, as uncertain as between 1.6 equal choices. Measured on what the model wrote itself, it tells how *typical* that is. The goal is the perplexity of real text: lower is too probable and dull, higher is too wild.
#
# ### Exercise 10: perplexity   ·  ★★☆ · 10 min · 2 points
#
# - `texts`: a list of texts, each a list of int ids with at least 1 entry; lengths differ. The first token of a text is given, it is not predicted
# - returns: a float, $\exp$ of the mean negative log-probability, in nats, over **all predicted tokens of all texts**, each counting the same. At least one text has two tokens; a text with one adds nothing
# - the model is in evaluation mode; it cannot be asked about 0 tokens


# %% exercise: perplexity
@torch.no_grad()
def perplexity(model, texts: list[list[int]]) -> float:
    """e to the mean nats per predicted token over all texts."""
    ### BEGIN SOLUTION
    nats, count = 0.0, 0
    for text in texts:
        if len(text) > 1:
            ids = torch.tensor(text)
            log_probs = model(ids[None, :-1])[0].log_softmax(-1)  # (time - 1, vocab_size)
            nats -= log_probs.gather(1, ids[1:, None]).sum().item()
            count += len(text) - 1
    return math.exp(nats / count)
    ### END SOLUTION


# %%
by_grammar = [[END, *fables.encode(story.text), END] for story in fables.stories(50, seed=3)]
print(f"{perplexity(Chain(), [[0, 1, 0]]):.3f}")  # look: 1 / √(0.5 · 0.4) = 2.236
print(f"{perplexity(model, by_grammar):.3f}")  # look: near e to 0.474, which is 1.606

# %% test: perplexity points=2
check.perplexity(perplexity)
### BEGIN HIDDEN TESTS
check.perplexity(perplexity, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It is right for one text and wrong for several</summary>
#
# A mean of means gives a short text's tokens more weight. Add up nats and tokens over all texts, divide once, and take the exponential last.
# </details>
# <details><summary>It is too large, or too small, for every text</summary>
#
# Logits at position t are for token t + 1: a text of n tokens has n - 1 predictions. And it is `log_softmax`, not the logits.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the cell after the next exercise uses it. Add a cell below the test: `def perplexity(model, texts): return float("nan")`.
# </details>

# %% [markdown]
# And **variety**: distinct-n (Li and others, 2016), the share of n-grams that are different. A text that says the same again and again has few different ones.
#
# ### Exercise 11: distinct_n   ·  ★☆☆ · 6 min · 2 points
#
# - `texts`: a list of texts, each a list of ints, of any length; `n` ≥ 1
# - an n-gram: n neighbouring tokens of one text; they overlap, and none runs from one text into the next
# - returns: a float, the number of different n-grams in all texts together over the number of all their n-grams; 0.0 if there is none


# %% exercise: distinct_n
def distinct_n(texts: list[list[int]], n: int) -> float:
    """The share of different n-grams among all n-grams of the texts."""
    ### BEGIN SOLUTION
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0
    ### END SOLUTION


# %%
distinct_n([[1, 2, 1, 2, 1], [1, 2]], 2)  # look: 5 pairs, 2 of them different

# %% test: distinct_n points=2
check.distinct_n(distinct_n)
### BEGIN HIDDEN TESTS
check.distinct_n(distinct_n, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The last n-gram is missing, or the last ones are too short</summary>
#
# A text of m tokens has m - n + 1 n-grams, which begin at 0, …, m - n.
# </details>
# <details><summary>ZeroDivisionError</summary>
#
# Texts shorter than n have no n-grams. The share is then 0.0.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Only the next cell uses it. Add a cell below the test: `def distinct_n(texts, n): return float("nan")`.
# </details>

# %% [markdown]
# Six strategies, five stories of each. Rows of a batch may be cut in different ways, so one call tells all thirty (half a minute on a slow machine):


# %% tags=["demo"]
def by_blocks(cuts, each):
    """A choice that applies every cut to its own `each` rows of the batch."""

    def choose(logits, ids):
        parts = zip(cuts, logits.split(each), ids.split(each), strict=True)
        return torch.cat([cut(part, rows) for cut, part, rows in parts])

    return choose


STRATEGIES = {
    "temperature 0 (greedy)": lambda logits, ids: temperature(logits, 0),
    "temperature 0.7": lambda logits, ids: temperature(logits, 0.7),
    "temperature 1": lambda logits, ids: logits,
    "temperature 1.3": lambda logits, ids: temperature(logits, 1.3),
    "min-p 0.1": lambda logits, ids: min_p(logits, 0.1),
    "penalty 1.2": lambda logits, ids: repetition_penalty(logits, ids, 1.2),
}
written = tell(30, seed=3, choose=by_blocks(STRATEGIES.values(), 5))
for k, name in enumerate(STRATEGIES):
    five = written[5 * k : 5 * k + 5]
    print(
        f"{name:<23} perplexity {perplexity(model, [[END, *text, END] for text in five]):5.2f}",
        f"  distinct-3 {distinct_n(five, 3):.2f}   stories {sum(verdict(text) == 'a story' for text in five)} of 5",
    )
real = [fables.encode(story.text) for story in fables.stories(5, seed=3)]
print(
    f"{'the grammar':<23} perplexity {perplexity(model, [[END, *text, END] for text in real]):5.2f}   distinct-3 {distinct_n(real, 3):.2f}"
)

# %% [markdown]
# (Five stories are too few for the last column; part 8 does better.) Temperature 1.3 and the penalty write texts that the model itself finds odd. Min-p has the perplexity of real stories, and so, by accident, has greedy: alternatives in this grammar are equally likely, so the first of
# them costs as much as any. The variety gives it away: the five stories are one. That is nearly all that distinct-n can tell here. It sees that words come again, not whether they should: the penalty, made against repetition, gains nothing on temperature 1.
#
# In natural language alternatives are *not* equal, and greedy lands far below real text. The same table for GPT-2 Large on open-ended text, from Holtzman and others (2020, table 1). *Repetition* is the share of continuations that end in a loop. The goal is the first row, not the lowest number:
#
# | | perplexity | repetition |
# |---|---|---|
# | **human text** | **12.38** | **0.28 %** |
# | greedy | 1.50 | 73.66 % |
# | beam search, 16 beams | 1.48 | 28.94 % |
# | drawn, temperature 1 | 22.73 | 0.22 % |
# | drawn, temperature 0.9 | 10.25 | 0.66 % |
# | top-k 40 | 6.88 | 0.78 % |
# | top-p 0.95 | 13.13 | 0.36 % |
#
# Both tables have a weakness: a low perplexity is called good because the *model* likes the text. Whether the text is any good, people had to say. We have somebody better.
#
# ## 8. The exact judge
#
# At each place of real stories we know the exact distribution of the next token, $P$, and what a strategy draws from, $Q$. From these two, without drawing anything:
#
# - **wrong**: the probability that $Q$ gives to tokens which the grammar does not allow, added up over a story. So many wrong tokens are to be expected
# - **lost**: the probability, under $P$, of tokens that the strategy has cut. So much of the language can no longer be said
# - **variety**: the entropy of $Q$, added up over a story. The grammar's own is about 50 nats
# - **extra**: what real text costs under $Q$ beyond its entropy, in nats per story; this is the KL divergence of $Q$ from $P$. It is infinite as soon as one right token is cut
#
# No luck is involved but in the choice of the stories, the same for all. (These are places in *right* stories. After a mistake of its own, a model may do worse.)

# %% tags=["demo"]
sample = list(fables.stories(20, seed=99))  # each with its tokens, and nats: what each of them costs
column = {token: i for i, token in enumerate(vocabulary)}
model_logits, exact_rows = [], []
for story in sample:
    whole = torch.tensor([[END, *(column[token] for token in story.tokens)]])
    with torch.no_grad():
        model_logits.append(model(whole[:, :-1])[0])  # (time, vocab_size)
    for i, (token, nats) in enumerate(zip(story.tokens, story.nats, strict=True)):
        follow = fables.next_tokens(story.tokens[:i]) if nats else {token: 1.0}  # 0 nats: no choice
        row = torch.zeros(len(vocabulary))
        row[[column[word] for word in follow]] = torch.tensor(list(follow.values()))
        exact_rows.append(row)
model_logits, P = torch.cat(model_logits), torch.stack(exact_rows)  # both (places, vocab_size)


def entropy(table):
    """Of each row, in nats."""
    return torch.special.entr(table).sum(-1)


def extra(Q):
    """Of each row, what the grammar's tokens cost under Q beyond the entropy, in nats."""
    return -torch.xlogy(P, Q).sum(-1) - entropy(P)


def judged(cut):
    """Wrong tokens, lost probability, variety and extra cost of a strategy, per story."""
    Q = cut(model_logits).softmax(-1)
    return [x.sum().item() / len(sample) for x in (Q[P == 0], P[Q == 0], entropy(Q), extra(Q))]


choices = ((P > 0).sum(-1) > 1).sum()
print(f"a story has {len(P) / len(sample):.1f} tokens, {choices / len(sample):.1f} of them choices,", end=" ")
print(f"which are {entropy(P).sum() / len(sample):.1f} nats")

# %% [markdown]
# **Predict:** at temperature 1 the model is 4 % above the floor. How many wrong tokens will a story of 110 tokens have? By how much will the best cut reduce them?

# %% tags=["demo"]
LADDER = {
    **{f"temperature {t:g}": lambda z, t=t: temperature(z, t) for t in (1.3, 1, 0.9, 0.7, 0.5, 0.3, 0)},
    **{f"top-k {k}": lambda z, k=k: top_k(z, k) for k in (100, 50, 10)},
    **{f"top-p {p:g}": lambda z, p=p: top_p(z, p) for p in (0.98, 0.9, 0.5)},
    **{f"min-p {p:g}": lambda z, p=p: min_p(z, p) for p in (0.02, 0.1, 0.5)},
}
scores = {name: judged(cut) for name, cut in LADDER.items()}
print(f"{'':<16}   wrong    lost  variety   extra")
for name, (wrong, lost, variety, more) in scores.items():
    print(f"{name:<16} {wrong:>7.2f} {lost:>7.2f} {variety:>8.1f} {more:>7.2f}")

# %% tags=["demo"]
SHOWN = (*(f"temperature {t:g}" for t in (1.3, 1, 0.7, 0.3)), "top-k 50", "top-p 0.9", "min-p 0.1")
plot.tradeoff(
    {name: (scores[name][2], scores[name][0]) for name in SHOWN}
    | {"the grammar": (entropy(P).sum().item() / len(sample), 0.0)},
    title="No cut comes near the grammar: the mistakes stay",
    xlabel="variety: entropy of what is drawn (nats per story)",
    ylabel="wrong tokens per story",
)

# %% [markdown]
# Four things that only an exact judge can tell:
#
# - **The tail is a small part of it.** At temperature 1 there are 1.1 wrong tokens a story, and cuts that keep the variety leave 1.0. Top-p 0.5 gets down to 0.75 and gives up a third of the variety for it. Greedy decoding has none at all, and hardly fewer mistakes than min-p.
# - **Min-p suits this grammar**, whose alternatives are equal: at 0.1 little is lost, and the variety is that of the grammar. Top-p 0.9 is as clean and loses four times as much. Top-k 10 loses a quarter of what could be said at the 23 choices of a story, to gain nothing.
# - **A low temperature looks free, and is not.** Lost is 0 for every temperature above 0: nothing is cut. Variety stays, too, because this grammar makes alternatives equal, and sharpening leaves equals equal. `extra` sees the price: at 0.3 the small differences between them have grown, and real stories cost three times as much above their entropy as at 1.
# - **No strategy comes near the grammar.** A sampler can remove what the model holds for improbable. It cannot remove what the model believes.
#
# ### The right temperature
#
# The loss on real stories tells which temperature fits: divide the logits by $t$, and compute what the real tokens cost: `extra` again, here as a share of the entropy. It punishes both kinds of error, wrong tokens and right ones made rare. **Predict:** where is the minimum of a model that is 4 % above the floor?

# %% tags=["demo"]
temperatures = torch.arange(0.6, 1.51, 0.05)
floor_nats = entropy(P).sum() / len(sample)
above = [-(P * (model_logits / t).log_softmax(-1)).sum() / len(sample) / floor_nats - 1 for t in temperatures]
best = temperatures[torch.stack(above).argmin()].item()
print(f"least at {best:.2f}: {min(above):.2%} above the floor of these stories; at 1: {above[8]:.2%}")
plot.runs(
    temperatures,
    {"loss": [100 * one.item() for one in above]},
    at={f"best: {best:.2f}": best},
    title="The temperature that fits is the one it was trained at, nearly",
    xlabel="temperature",
    ylabel="loss above the floor (%)",
)

# %% [markdown]
# Nearly 1, as for every model trained by this loss and not overfitted: the scale of the logits is trained with everything else. The distance to the floor decides how much is paid at 1, not where the minimum is. A table of bigram counts of these stories has almost five times the floor's loss, and its minimum at 1 as well. Such models are *calibrated*: of all that
# they give 0.5 to, about half happens. That holds on average, and excludes no mistakes.
#
# So the rule is: **draw near temperature 1 with a mild min-p or top-p, if you want the language; lower the temperature only if you would rather have one safe answer than a fair sample.** For this grammar 0.3 to 0.5 has a few mistakes fewer at the same variety. Do not count on that where alternatives are unequal: in GPT-2's table above, 0.9 is already below human text.
#
# ### What no sampler repairs
#
# Where are the mistakes? For each story the place with the most wrong probability, and the words before it.

# %% tags=["demo"]
Q = model_logits.softmax(-1)
wrong, above_floor = (Q * (P == 0)).sum(-1), extra(Q)  # both (places,)
begin, worst = 0, []
for story in sample:
    worst.append(begin + wrong[begin : begin + len(story.tokens)].argmax().item())
    i = worst[-1] - begin
    print(f"{wrong[worst[-1]]:.2f} wrong after: … {' '.join(story.tokens[i - 4 : i])}")
    begin += len(story.tokens)
print(f"These {len(worst)} places have {wrong[worst].sum() / wrong.sum():.0%} of all that is wrong, and cost")
print(f"{above_floor[worst].mean():.2f} of the {above_floor.sum() / len(sample):.2f} nats extra a story")

# %% tags=["demo"]
edgar = fables.story(7).tokens  # … One sunny evening, Edgar forgot the turquoise broom by the hedge. …
scores_there, allowed_there = at_place(edgar[: edgar.index("forgot")])
words = "… One sunny evening, Edgar …"
after_cuts = {name: cut(scores_there).softmax(-1) for name, cut in CUTS.items()}
plot.cuts({words: after_cuts}, allowed={words: allowed_there}, most=30)

# %% [markdown]
# Nearly always it is the verb after "One … evening, Edgar". (The large shares after "I love" are the other kind: people here love the food that they were just brought, and the model names any.) Some verbs belong to the person who was introduced *first*, others to the second. The model has learned the verbs, and not whose they are: it takes both kinds for equally likely. That is one bit, $\ln 2 = 0.69$ nats, a large
# part of all that it pays above the floor, and it spoils **half of all stories at this one place**. No temperature and no cut can tell apart what the model takes for equal. Here only training helps, or knowledge from outside.
#
# ### Knowledge from outside
#
# `choose` may cut by any rule. A grammar that says which tokens are allowed next is such a rule: **constrained decoding**. This is how services promise that an answer is valid JSON: at each step, all tokens that would break the format are cut.

# %% tags=["demo"]


def obeying(logits, ids):
    """Cut what the grammar does not allow."""
    keep = torch.zeros_like(logits, dtype=torch.bool)
    for row, text in enumerate(ids[:, 1:].tolist()):
        over = END in text
        follow = ["<end>"] if over else fables.next_tokens([vocabulary[i] for i in text])
        keep[row, [column[token] for token in follow]] = True
    return logits.masked_fill(~keep, -math.inf)


constrained = tell(5, seed=4, choose=obeying)  # slow: the grammar is walked anew for each token
print(sum(verdict(text) == "a story" for text in constrained), "of 5 are stories;", end=" ")
print(f"distinct-3 {distinct_n(constrained, 3):.2f}")
print(fables.decode(constrained[0]))

# %% [markdown]
# A right text is not yet a fair one. Each step is drawn among what is allowed *there*, with no regard to where it leads, so this is not the model's distribution over right stories. For that one would draw whole stories and throw the wrong ones away.
#
# ### The result
#
# | from the same model | right stories |
# |---|---|
# | greedy: always the same story | 0 % |
# | drawn, repetition penalty 1.2 | 18 % |
# | drawn, temperature 1 | 24 % |
# | drawn, min-p 0.1 | 24 % |
# | drawn, temperature 0.7 | 26 % |
# | drawn, top-p 0.9 | 28 % |
# | drawn, temperature 0.3 | 32 % |
# | drawn from what the grammar allows | 100 % |
#
# Each drawn row counts what `verdict` says about `tell(200, seed, choose)`, many minutes of work, so it was done beforehand (400 stories at temperature 1). Two standard deviations are 6 %: neighbours cannot be told apart.
#
# **A number to beat:** 0.96 wrong tokens a story at a variety of at least 49 nats, which temperature 0.5 has, by any `choose` that asks the model only. The best possible is the grammar itself: 0 at 49.5 on these stories.

# %% [markdown]
# ## Recap
#
# **Q:** What does a temperature do to logits, and what is its limit at 0?\
# **A:** It divides them. Below 1 the distribution gets sharper, above 1 flatter; at 0 only the most probable token is left, which is greedy decoding.
#
# **Q:** Why is a token cut by a logit of minus infinity and not of 0?\
# **A:** The softmax of minus infinity is exactly 0. A logit of 0 has a weight of 1, and may even be above others.
#
# **Q:** Which tokens does top-p keep?\
# **A:** The fewest most probable ones whose probabilities sum to at least p, the nucleus. A token stays if the more probable ones have less than p together.
#
# **Q:** How does min-p choose its threshold?\
# **A:** It keeps tokens that are at least p times as probable as the most probable one, so the threshold rises where the model is certain; equals all stay.
#
# **Q:** Why does the repetition penalty divide positive logits and multiply negative ones?\
# **A:** Dividing a negative logit by more than 1 brings it nearer to 0, which makes the token likelier.
#
# **Q:** What must generate do in a batch when some rows have drawn the stop token?\
# **A:** Fill the finished rows up with stop while the others go on, and end when all rows have drawn it.
#
# **Q:** How is a random sampler tested without luck?\
# **A:** On a model so small that the probability of every continuation is computed by the chain rule; counts must agree with it within some standard deviations of the square root of n p (1 − p).
#
# **Q:** Why does greedy decoding not find the most probable text?\
# **A:** The likeliest first step may lead to places where nothing is likely. Beam search follows several texts at once and compares their sums of log-probabilities.
#
# **Q:** Why is the most probable text dull?\
# **A:** It is untypical, as 100 heads are of a coin that shows heads with 0.6. Texts as people write them have about the entropy's log-probability each, and there are very many of them.
#
# **Q:** Which temperature fits a trained language model best, and what does its distance to the entropy floor change?\
# **A:** About 1, wherever it was trained by cross-entropy and is not overfitted. The distance to the floor decides how much real text costs there, not where the minimum is.
#
# **Q:** Which mistakes can no sampling strategy remove?\
# **A:** Those that the model believes in: where it gives wrong tokens as much probability as right ones. Only training, or a rule from outside as in constrained decoding, helps.

# %% [markdown]
# ## Glossary
#
# - **decoding**: making a text from a model's distributions
# - **greedy decoding**: the likeliest token, every time
# - **temperature**: what logits are divided by before the softmax
# - **nucleus**: the fewest most probable tokens that have a share p together
# - **tail**: the many improbable tokens, most of them wrong
# - **repetition penalty**: a rule that makes tokens which have occurred less likely
# - **stop token**: the token that ends a text when it is drawn
# - **beam search**: a search that keeps the few most probable beginnings at each step
# - **perplexity**: e to the loss per token; the number of equal choices that would be as uncertain
# - **distinct-n**: the share of different n-grams
# - **calibrated**: of what gets probability p, the share p happens, on average
# - **constrained decoding**: cutting, at each step, all tokens that a rule forbids

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Draw many, keep one.** Draw 16 stories, and keep the one with the highest log-probability per token under the model. How many are right stories now? What happens to the variety? The one bit at the verb: does its mistake show in what comes after it?
# 2. **Locally typical sampling** (Meister and others, 2022) keeps tokens whose surprise is near the entropy of the place. Write it, judge it: where does it differ from min-p on these stories?
# 3. **Without asking again.** `generate` computes all positions in each step, though only the last is new. Keep keys and values of those before (unit 10 does). How much faster are 170 tokens?

# %% [markdown]
# ## To go deeper
#
# - Holtzman and others, [The curious case of neural text degeneration], 2020: why maximising fails; top-p
# - Fan and others, [Hierarchical neural story generation], 2018: top-k
# - Nguyen and others, [Turning up the heat: min-p sampling], 2024
# - Keskar and others, [CTRL], 2019: section 4.1 is the repetition penalty
# - Meister and others, [Locally typical sampling], 2022: people rarely say the most probable thing
# - Li and others, [A diversity-promoting objective function], 2016: distinct-n
# - Patrick von Platen, [How to generate text]: the same strategies in `transformers`
#
# [The curious case of neural text degeneration]: https://arxiv.org/abs/1904.09751
# [Hierarchical neural story generation]: https://arxiv.org/abs/1805.04833
# [Turning up the heat: min-p sampling]: https://arxiv.org/abs/2407.01082
# [CTRL]: https://arxiv.org/abs/1909.05858
# [Locally typical sampling]: https://arxiv.org/abs/2202.00666
# [A diversity-promoting objective function]: https://arxiv.org/abs/1510.03055
# [How to generate text]: https://huggingface.co/blog/how-to-generate
