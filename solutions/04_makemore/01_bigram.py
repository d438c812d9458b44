# %% [markdown]
# # Bigrams
#
# **After this lesson** you have built the smallest language model that looks at what came before, twice: by counting,
# and as a neural network that arrives at the same numbers. You know why one of the two goes on to GPT, how a model is
# measured without fooling yourself, and a wrong model that the training loss cannot tell from the right one.
#
# About 120 minutes, with a break after part 6 · 10 exercises, 22 points · builds on: 01_tensors (cross-entropy,
# keepdim, gradient descent), 03.
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions of these functions in `fasttrack.makemore` and
# `fasttrack.data`; your test cell does not look for them.

# %%
import hashlib
import math
import random

import torch
from torch.nn import functional

from fasttrack import makemore, plot
from fasttrack.check import bigram as check
from fasttrack.data import DataUnavailable, lecture_split, names

# %% [markdown]
# ## Where this sits
#
# Unit 04 has one problem, inventing given names letter by letter, and five models for it. Each is motivated by what
# the one before could not do, and all are measured on the same held-out names:
#
# | lesson | model | what is new |
# |---|---|---|
# | **04/01** | **bigram** | **one letter back: a table of 27 × 27 numbers** |
# | 04/02 | MLP | several letters back, without a table for all of them |
# | 04/03 | MLP with BatchNorm | a network that trains well because its numbers stay in range |
# | 04/04 | the same | its gradients by hand |
# | 04/05 | WaveNet | many letters back, joined two by two |
#
# What changes from lesson to lesson is the box "model". Everything around it is built here, and stays. Blue is what a
# lesson builds, so here it is all of it:

# %% tags=["demo"]
plot.pipeline(
    {
        "names": "anna",
        "pairs": ".a an nn na a.",
        "model": "P(next | letter)",
        "loss": "nats per character",
        "sampling": "new names",
    },
    here={"names", "pairs", "model", "loss", "sampling"},
)

# %% [markdown]
# ## 1. A model without memory
#
# Lesson 01/01 ended with letter counts: a model that knows how often each letter occurs, and nothing else. A dot ends
# each name. Here it is again, and what it writes:

# %%
every_name = names()
letter_ids = torch.tensor([".abcdefghijklmnopqrstuvwxyz".index(c) for c in ".".join(every_name) + "."])
shares = torch.bincount(letter_ids) / len(letter_ids)  # (27,)
drawn = torch.multinomial(shares, 90, replacement=True, generator=torch.Generator().manual_seed(3))
print(f"{len(every_name):,} names, such as {', '.join(every_name[::4000])}")
print(
    "the model writes:", "".join(".abcdefghijklmnopqrstuvwxyz"[i] for i in drawn.tolist()).replace(".", "  ")
)

# %% [markdown]
# No name looks like that, and you can say why: vowels and consonants come in heaps, a name has one letter or
# fifteen. Whatever it has just written, the model draws from the same 27 shares.
#
# Yet one letter of memory would help. **Predict:** the letter *q* has been written. Which letter comes next,
# and how sure are you? And after *a*, where the dot may come, too?
#
# Answering that for all 27 characters takes 27 rows of 27 probabilities. That is the whole model of this lesson. It is
# called a **bigram** model, since two letters in a row are what it knows.
#
# ## 2. Names to learn from, names to be measured on
#
# Before the first model, the question that decides whether its figures mean anything: **measured on what?** A model
# that knows all names by heart is perfect on them, and useless. So the names are split once, for the whole unit:
#
# - **train**, 80 %: models learn from these
# - **dev**, 10 %: settings are chosen by these (how much smoothing, which learning rate). Lesson 01/03 calls this part
#   *validation*; the lectures on names say dev
# - **test**, 10 %: looked at once, when everything is chosen; why two held-out parts, 01/03 said in its part 2
#
# ### How a split leaks
#
# A split **leaks** if what should be held out is known from training. 01/03 had one way: a scaler
# fitted to all images. Two more:
#
# - **The same item in two parts.** The public list names.txt has 32,033 lines, but 2,539 names stand in it twice. Shuffle
#   and cut it, as its well-known lectures do, and 13 % of the dev names are also train names.
# - **Splitting too fine.** *anna* gives five pairs of letters. Shuffle all pairs of all names and cut, and nearly every name
#   has a part of itself on both sides. Split what is independent: names, not pairs; patients, not X-rays; documents, not lines.
#
# A split **by hash** avoids the first. A hash function turns a name into a number that looks random and is always the
# same. If the number alone says which part the name goes to, a name that is listed twice ends up in one part twice,
# the order of the list makes no difference, and a name added tomorrow moves no other.

# %% tags=["nbval-check-output"]
for name in ("anna", "anna", "annah"):
    number = int(hashlib.sha256(name.encode()).hexdigest(), 16)  # a whole number of up to 78 digits
    print(f"{name:<6} {str(number)[:12]}…{str(number)[-6:]}   last digit {number % 10}")

# %% [markdown]
# Python's own `hash("anna")` will not do: for strings it is another number each time Python starts.
#
# ### Exercise 1: split names   ·  ★☆☆ · 5 min · 2 points
#
# - `names`: a list of strings, in which a name may occur more than once; possibly empty
# - the *digit* of a name: the last decimal digit of its SHA-256, computed as in the cell above
# - returns a tuple of three lists: `train` (digits 0 to 7), `dev` (digit 8), `test` (digit 9)
# - each list keeps the order of `names`; a name that is listed twice is twice in its part


# %% exercise: split_names forbid=["fasttrack.data.split_names", "fasttrack.data.names_split", "fasttrack.data.splits.split_names", "fasttrack.data.splits.names_split"]
def split_names(names: list[str]) -> tuple[list[str], list[str], list[str]]:
    """Train, dev and test names, by the last digit of each name's SHA-256."""
    ### BEGIN SOLUTION
    train: list[str] = []
    dev: list[str] = []
    test: list[str] = []
    for name in names:
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        (train if digit < 8 else dev if digit == 8 else test).append(name)
    return train, dev, test
    ### END SOLUTION


# %%
split_names(["anna", "emma", "olivia", "emma", "noah", "liam", "sofia"])  # look: both emmas in one list

# %% test: split_names points=2
check.split_names(split_names)
### BEGIN HIDDEN TESTS
check.split_names(split_names, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Strings must be encoded before hashing</summary>
#
# `sha256` takes bytes: `name.encode()`.
# </details>
# <details><summary>My parts are right in size, and hold other names</summary>
#
# `hexdigest()` is a number written to base 16. `int(…, 16)` reads it; `% 10` is its last digit to base 10. The last
# hexadecimal digit is another thing.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.data import split_names`. The grader still counts the exercise as not
# written.
# </details>

# %%
train, dev, test = split_names(names())
print(f"{len(train):,} train, {len(dev):,} dev, {len(test):,} test names")
print("in two parts:", len(set(train) & set(dev)) + len(set(train) & set(test)) + len(set(dev) & set(test)))

# %% [markdown]
# This is the split of the whole unit; the later lessons get it from `fasttrack.data.names_split()`, which is under
# the same check as yours.
#
# No name is in two parts. Is a dev name therefore new to the model? **Predict:** how many of the dev names become a
# train name when one letter is changed, added or dropped?


# %% tags=["demo"]
def one_edit_away(name):
    """Every string that differs from `name` in one letter: changed, added or dropped."""
    for i in range(len(name) + 1):
        yield name[:i] + name[i + 1 :]
        for letter in "abcdefghijklmnopqrstuvwxyz":
            yield name[:i] + letter + name[i:]
            yield name[:i] + letter + name[i + 1 :]


known = set(train)
near = [name for name in dev if any(other in known for other in one_edit_away(name))]
print(f"{len(near) / len(dev):.0%} of the dev names are one letter away from a train name")
print("such as", ", ".join(near[::200]))

# %% [markdown]
# Seven in ten: *near-duplicates*, and no mistake here. Names are made like that, and the names a model will
# meet are, too. But it tells what "held-out" means and what not: these scores are about names from the same lists,
# not about names of a language that the lists do not have.
#
# ## 3. From names to pairs
#
# A model computes with numbers, so each character gets an **id**, and the list of characters is the **vocabulary**. One
# character is special: the dot, id 0, stands for "here a name starts" and for "here it ends".
#
# ### Exercise 2: build vocab   ·  ★☆☆ · 3 min · 1 point
#
# - `names`: a list of strings
# - returns a tuple `(stoi, itos)`
# - `itos` (id to string): a list of single characters. Item 0 is `"."`; then come the characters that occur in the names, each
#   once, in the order of `sorted`
# - `stoi` (string to id): a dict with the id of each character in `itos`, `"."` included
# - names may hold characters other than a–z, also ones that sort before the dot (`-`, `'`), but no dot


# %% exercise: build_vocab forbid=["fasttrack.makemore.build_vocab"]
def build_vocab(names: list[str]) -> tuple[dict[str, int], list[str]]:
    """Id of each character, and character of each id; the dot has id 0."""
    ### BEGIN SOLUTION
    itos = [".", *sorted(set("".join(names)))]
    stoi = {character: i for i, character in enumerate(itos)}
    return stoi, itos
    ### END SOLUTION


# %%
build_vocab(["noa", "jo-ann"])  # look: '.' is 0, '-' is 1, 'a' is 2

# %% test: build_vocab points=1
check.build_vocab(build_vocab)
### BEGIN HIDDEN TESTS
check.build_vocab(build_vocab, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The order differs from run to run</summary>
#
# A `set` has no order. `sorted` of a set is a list.
# </details>
# <details><summary>"." is not the first</summary>
#
# Sort the characters of the names alone, then put the dot in front.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import build_vocab`. The grader still counts the exercise as
# not written.
# </details>

# %%
stoi, itos = build_vocab(train)
vocab_size = len(itos)
print(vocab_size, "characters:", "".join(itos))

# %% [markdown]
# The vocabulary comes from the train names. Were a letter missing there, dev and test names with it could not be
# read. That would be a true property of this model, and no reason to peek.
#
# With a dot at both ends, *anna* is `. a n n a .`, and the model has to predict five times: after `.` comes `a`, after `a` comes
# `n`, and so on until after `a` comes `.`. We write what it sees as `x` and what it should predict as `y`:
#
# | x | . | a | n | n | a |
# |---|---|---|---|---|---|
# | **y** | **a** | **n** | **n** | **a** | **.** |
#
# ### Exercise 3: bigrams   ·  ★★☆ · 6 min · 2 points
#
# - `names`: a list of at least one name; no name is empty
# - `stoi`: the id of each character, `"."` among them with id 0. Use it: the ids may be in any order
# - returns a tuple `(x, y)` of two int64 tensors of shape `(n,)`: for each name, in order, its pairs from left to right, with a dot before and
#   after it
# - a name of $k$ letters gives $k + 1$ pairs; no pair joins two names


# %% exercise: bigrams forbid=["fasttrack.makemore.bigrams"]
def bigrams(names: list[str], stoi: dict[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Each character and the one after it, ends included: x, y int64 `(n,)`."""
    ### BEGIN SOLUTION
    ids = torch.tensor([stoi[character] for character in "." + ".".join(names) + "."])
    return ids[:-1], ids[1:]
    ### END SOLUTION


# %%
x, y = bigrams(["anna", "bo"], stoi)
print(x.tolist())  # look: 0 1 14 14 1, then 0 2 15
print(y.tolist())  # look: 1 14 14 1 0, then 2 15 0

# %% test: bigrams points=2
check.bigrams(bigrams)
### BEGIN HIDDEN TESTS
check.bigrams(bigrams, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>A pair of two dots turns up between names</summary>
#
# The dot that ends *anna* and the dot that starts *bo* are two dots for two names. If you join all names to one string, one dot
# between them serves as both.
# </details>
# <details><summary>How do I pair each letter with the next?</summary>
#
# `zip(word, word[1:])`, or slices of one long tensor: all but the last, and all but the first.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import bigrams`. The grader still counts the exercise as not
# written.
# </details>

# %%
train_x, train_y = bigrams(train, stoi)
dev_x, dev_y = bigrams(dev, stoi)
test_x, test_y = bigrams(test, stoi)
print(f"{len(train_x):,} train, {len(dev_x):,} dev, {len(test_x):,} test pairs")

# %% [markdown]
# ## 4. Counting
#
# How often does each letter follow each other one? Count into a table: row `x`, column `y`. The obvious line in PyTorch is a
# trap. **Predict** what it prints, for four pairs of which two are the same:

# %% tags=["nbval-check-output"]
small_x, small_y = torch.tensor([0, 1, 1, 2]), torch.tensor([1, 2, 2, 0])  # (1, 2) occurs twice
counts = torch.zeros(3, 3, dtype=torch.int64)
counts[small_x, small_y] += 1
print(counts)

# %% [markdown]
# The pair (1, 2) occurs twice and is counted once. The line reads `counts[x, y]`, a *copy* with four elements, adds 1 to each,
# and writes the four results back. Both copies of (1, 2) read 0 and wrote 1. Nothing warns you; on real data the
# table would hold only zeros and ones.
#
# ### Exercise 4: count bigrams   ·  ★★☆ · 6 min · 2 points
#
# - `x`, `y`: int64 `(n,)`, ids below `vocab_size`; `n` may be 0
# - returns int64 `(vocab_size, vocab_size)`: in row $i$, column $j$, how often $j$ follows $i$
# - characters that never occur have a row and a column of zeros
#
# A loop will do, and takes a second or two for the train names. There are ways without one: every pair has its own number $x \cdot
# \text{vocab\_size} + y$, and `torch.bincount` counts how often each number occurs; or `index_put_` with `accumulate=True`.


# %% exercise: count_bigrams forbid=["fasttrack.makemore.count_bigrams"]
def count_bigrams(x: torch.Tensor, y: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """How often y follows x: int64 `(vocab_size, vocab_size)`."""
    ### BEGIN SOLUTION
    pair = x * vocab_size + y  # (n,): one number for each pair
    return torch.bincount(pair, minlength=vocab_size**2).reshape(vocab_size, vocab_size)
    ### END SOLUTION


# %%
count_bigrams(small_x, small_y, 3)  # look: a 2 in row 1, column 2

# %% test: count_bigrams points=2
check.count_bigrams(count_bigrams)
### BEGIN HIDDEN TESTS
check.count_bigrams(count_bigrams, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My counts are zeros and ones</summary>
#
# That is the trap above. One pair at a time, or a function that accumulates.
# </details>
# <details><summary>shape '[3, 3]' is invalid for input of size 7</summary>
#
# `bincount` stops at the largest number it has met. `minlength` makes it go on.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import count_bigrams`. The grader still counts the exercise as
# not written.
# </details>

# %%
counts = count_bigrams(train_x, train_y, vocab_size)
row = counts[stoi["q"]]
print("after q:", {itos[j]: int(row[j]) for j in row.argsort(descending=True)[:6].tolist()})
print("pairs that never occur:", int((counts == 0).sum()), "of", counts.numel())

# %% tags=["demo"]
plot.bigrams(counts, itos, title=f"What follows what, in {len(train):,} names")

# %% [markdown]
# Read a row from left to right. Row `.`: how names begin. Column `.`: how they end, most often after *a*, *e* or *n*, hardly ever
# after *q*, *w* or *x*, which are rare anywhere. Which letter ends names most often for its number? That needs part 5. Row *q* knows *u*, *a* and little else. The vowels' rows and columns are dark all along; consonants
# follow vowels.
#
# The white cells, more than a hundred of 729, are pairs that no train name has. They come back in part 8.
#
# ## 5. From counts to probabilities
#
# Each row becomes a distribution: divide it by its sum.
#
# $$P_{ij} = \frac{C_{ij} + s}{\sum_k (C_{ik} + s)}$$
#
# with $C$ the counts, $P_{ij}$ the probability that $j$ follows $i$, both `(vocab_size, vocab_size)`, and a number $s \ge 0$, the **smoothing**: as
# if every pair had been seen $s$ times more. With $s = 0$ a pair that was never seen has probability 0.
#
# ### Exercise 5: bigram probs   ·  ★★☆ · 6 min · 2 points
#
# - `counts`: int64 `(vocab_size, vocab_size)`; it stays as it is
# - `smoothing`: a number ≥ 0, also a fraction; 0 by default. It is above 0 if a row has no counts
# - returns float32 `(vocab_size, vocab_size)`: each **row** sums to 1
#
# Mind the shapes in the division. The table is square, so a wrong one runs without an error (01/01, part 5).


# %% exercise: bigram_probs forbid=["fasttrack.makemore.bigram_probs"]
def bigram_probs(counts: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
    """The probability of each character after each: float32 `(vocab_size, vocab_size)`."""
    ### BEGIN SOLUTION
    smoothed = counts + smoothing
    return smoothed / smoothed.sum(dim=1, keepdim=True)
    ### END SOLUTION


# %%
bigram_probs(torch.tensor([[1, 3], [0, 2]]))  # look: [[0.25, 0.75], [0, 1]]

# %% test: bigram_probs points=2
check.bigram_probs(bigram_probs)
### BEGIN HIDDEN TESTS
check.bigram_probs(bigram_probs, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My columns sum to one, or nothing does</summary>
#
# What is the shape of your sums, and how does it line up with `(vocab_size, vocab_size)`, starting from the right?
# </details>
# <details><summary>My rows sum to more than one</summary>
#
# The sum in the denominator is the sum of what stands above the line, smoothing included.
# </details>
# <details><summary>result type Float can't be cast to the desired output type Long</summary>
#
# `counts += s` and `counts /= …` write fractions into a tensor of integers. Make a new tensor.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import bigram_probs`. The grader still counts the exercise as
# not written.
# </details>

# %%
probs = bigram_probs(counts)
print(
    "after q:",
    {itos[j]: round(probs[stoi["q"], j].item(), 2) for j in probs[stoi["q"]].argsort(descending=True)[:6]},
)
print(
    "after a:",
    {itos[j]: round(probs[stoi["a"], j].item(), 2) for j in probs[stoi["a"]].argsort(descending=True)[:6]},
)
print("ends:   ", {itos[i]: round(probs[i, 0].item(), 2) for i in probs[:, 0].argsort(descending=True)[:6]})

# %% [markdown]
# Compare with your prediction of part 1. After *q* half of the probability goes to *u*, and only half: Quentin is in
# the list, and so are Qabil and Tariq. After *a* nearly everything is possible; likeliest is the dot, the end of the name, with 25 %,
# then *n* and *r*. And part 4's question: *y* ends a name one time in three.
#
# ## 6. How good is it?
#
# As in 01/01: the model is surprised by $-\ln p$ where the letter that came had probability $p$, and the loss is the mean surprise over
# all pairs. For a model of probabilities this is called the **negative log-likelihood**, since $-\sum \ln p = -\ln \prod p$: it is what the probability
# of *all* the data becomes on a logarithmic scale.
#
# $$L = -\frac{1}{n} \sum_{i=1}^{n} \ln P_{x_i y_i}$$
#
# with $n$ pairs $(x_i, y_i)$. Unit: nats per character, the dot counted as a character.
#
# ### Exercise 6: negative log-likelihood   ·  ★★☆ · 5 min · 2 points
#
# - `probs`: float `(vocab_size, vocab_size)`, rows sum to 1; `x`, `y`: int64 `(n,)`, `n` ≥ 1
# - returns: a tensor of shape `()` in the dtype of `probs`
# - if the model gave some pair that occurs the probability 0, the answer is `inf`. Add no epsilon, leave nothing out: a model that called something
#   impossible that happened *is* infinitely wrong


# %% exercise: negative_log_likelihood forbid=["fasttrack.makemore.negative_log_likelihood"]
def negative_log_likelihood(probs: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Mean surprise at y after x, in nats: -> `()`."""
    ### BEGIN SOLUTION
    return -probs[x, y].log().mean()
    ### END SOLUTION


# %%
halves = torch.tensor([[0.5, 0.5], [0.25, 0.75]])
print(
    negative_log_likelihood(halves, torch.tensor([0, 1]), torch.tensor([1, 0]))
)  # look: (ln 2 + ln 4) / 2 = 1.0397

# %% test: negative_log_likelihood points=2
check.negative_log_likelihood(negative_log_likelihood)
### BEGIN HIDDEN TESTS
check.negative_log_likelihood(negative_log_likelihood, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I get a matrix, or a value that depends on too much</summary>
#
# `probs[x, y]` with two index tensors walks both side by side and has shape `(n,)`. `probs[x][:, y]` takes every `y` from every row.
# </details>
# <details><summary>nan instead of inf</summary>
#
# Somewhere 0 is multiplied by `inf`, as in a sum over counts · log-probabilities. Pick the probabilities of the pairs first, then take
# the logarithm.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import negative_log_likelihood`. The grader still counts the exercise as
# not written.
# </details>

# %% [markdown]
# Uniform costs $\ln 27 = 3.2958$, on any text. The letter counts are a table, too, one whose rows are all the same.
#
# **Predict** the loss of the bigram model on its train names: how much of the 2.90 of the letter counts remains when one
# letter is known?

# %%
unigram = (counts.sum(0) / counts.sum()).expand(vocab_size, -1)  # (27, 27): the same row 27 times
print(f"uniform {math.log(vocab_size):.4f}")
print(f"unigram {negative_log_likelihood(unigram, train_x, train_y):.4f}")
print(f"bigram  {negative_log_likelihood(probs, train_x, train_y):.4f}")

# %% [markdown]
# One third of a nat less. In other words: $e^{2.90} = 18$ and $e^{2.56} = 13$, so the model is as unsure as if it had to choose among 13 equally likely
# letters instead of 18. That figure is called **perplexity**.
#
# Where does the loss come from? A name that you would spell without hesitation, as the model sees it:

# %% tags=["demo"]
word = "quentin"
plot.spelling(probs[[0, *(stoi[c] for c in word)]], word, itos, title=f"{word}: where the probability goes")

# %% [markdown]
# Each column is one row of the table; the framed cell is the letter that came. The dearest letter is the first: few names start with *q*. *u* after *q* costs little. *e* after *u* costs
# much again, since after *u* mostly *r*, *n* and *l* come: the model does not know any more that there was a *q*. And the two columns after *n* are
# the same, although one *n* stands in the middle of the name and the other at its end.
#
# ### Two models, one loss
#
# The line that exercise 5 guards against, once more, now with real counts. Without `keepdim=True` the sums have shape `(27,)` and line up with the
# columns.

# %%
trap = counts / counts.sum(1)  # no keepdim
print("row sums   ", [round(v, 2) for v in trap.sum(1)[:8].tolist()], "…")
print("column sums", [round(v, 2) for v in trap.sum(0)[:8].tolist()], "…")

# %% [markdown]
# The columns sum to one. Row `.` hands out more than 600 % in all, row *b* not even 40 %. **Predict:** what is the loss of
# this broken table on the train names, compared with 2.5610? Higher, lower, by how much?

# %% tags=["nbval-check-output"]
for name, table in {"right": probs, "no keepdim": trap}.items():
    print(f"{name:<12}{negative_log_likelihood(table, train_x, train_y):.4f}")

# %% [markdown]
# The same to the last digit. The loss, the number that we judge all models by, does not see it.
#
# Here is why. In whole names each letter is once the first of a pair and once the second, so the sum of row $i$ equals the sum of column $i$; call it $c_i$. The two
# losses are the means of $\ln c_x - \ln C_{xy}$ and $\ln c_y - \ln C_{xy}$ over all pairs, and $x$ and $y$ run through the same letters equally often.
#
# The broken table *is* a model: $C_{ij} / c_j$ is the probability that $i$ came **before** $j$. It reads names from right to left, and it is
# exactly as good at that. But whoever uses its rows to say what comes next uses the wrong table. Normalise its rows, and it shows:

# %%
forward = trap / trap.sum(1, keepdim=True)
print(f"the broken rows, normalised: {negative_log_likelihood(forward, train_x, train_y):.4f}")
print(
    f"0.9 in every cell:           {negative_log_likelihood(torch.full((27, 27), 0.9), train_x, train_y):.4f}"
)

# %% [markdown]
# Worse than the letter counts. And a table that promises 90 % to everything beats all. A loss compares only tables whose rows sum to
# one. One line tells:
# `assert torch.allclose(probs.sum(1), torch.ones(27))`.
#
# This is a good place for a break.
#
# ## 7. Writing names
#
# To write a name, start at the dot, draw the next letter from its row, go to that letter's row, and so on until the dot is drawn.
#
# ### Exercise 7: sample names   ·  ★★☆ · 10 min · 3 points
#
# - `probs`: float `(vocab_size, vocab_size)`, rows sum to 1; `itos`: the character of each id; id 0 is the dot
# - `count`: int ≥ 0, how many names
# - `generator`: every draw is `torch.multinomial(…, 1, generator=generator)`, so that a seed makes it repeatable
# - returns a list of `count` strings, without dots
# - a name may be empty: smoothing allows the dot after the dot


# %% exercise: sample_names
def sample_names(probs: torch.Tensor, itos: list[str], count: int, generator: torch.Generator) -> list[str]:
    """`count` names, drawn letter by letter."""
    ### BEGIN SOLUTION
    names = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
        names.append(name)
    return names
    ### END SOLUTION


# %%
only_bo = torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
sample_names(
    only_bo, [".", "b", "o"], 2, torch.Generator().manual_seed(0)
)  # look: ['bo', 'bo'], the only way through

# %% test: sample_names points=3
check.sample_names(sample_names)
### BEGIN HIDDEN TESTS
check.sample_names(sample_names, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>No end after hundreds of draws</summary>
#
# An empty name is a name too: it counts, and is returned as `""`. And does the row change? The letter just drawn is the row of the next draw. And a new name starts at row 0 again.
# </details>
# <details><summary>The same name comes again and again</summary>
#
# The likeliest letter each time (`argmax`) always leads the same way. Draw. And make no generator inside: the one that is
# passed moves on with every draw.
# </details>
# <details><summary>Empty names fail</summary>
#
# `while i != 0` does not run when `i` starts at 0. Draw first, then ask.
# </details>
# <details><summary>I want to go on without it</summary>
#
# No later exercise needs it; the cells that print samples do. Skip them.
# </details>

# %% [markdown]
# **Predict:** better than part 1, surely. Would you take any of them for a name?

# %%
for label, table in {"bigram": probs, "no keepdim": trap}.items():
    print(f"{label:<12}", ", ".join(sample_names(table, itos, 10, torch.Generator().manual_seed(5))))

# %% [markdown]
# The first row is bad but pronounceable, in places. The second comes from the broken table: long, full of rare letters. `multinomial` did not complain of rows that do
# not sum to one; it takes any positive weights and normalises them itself. So the trap shows in samples, if one looks.
#
# ## 8. A pair that was never seen
#
# Now the dev names, which the model has not counted. **Predict:** how many of their 14,233 pairs does the model call impossible?

# %% tags=["nbval-check-output"]
print("train", f"{negative_log_likelihood(probs, train_x, train_y):.4f}")
print("dev  ", f"{negative_log_likelihood(probs, dev_x, dev_y):.4f}")
unseen = counts[dev_x, dev_y] == 0  # (n,) bool
print(
    int(unseen.sum()),
    "of",
    len(dev_x),
    "dev pairs:",
    [itos[i] + itos[j] for i, j in zip(dev_x[unseen], dev_y[unseen], strict=True)],
)

# %% [markdown]
# Six, which occur in no train name, and the loss is infinite: the model called them impossible, and $-\ln 0 = \infty$. There is no bug to fix here, and no
# epsilon to hide it with. The model is wrong: it takes "never seen" for "cannot be".
#
# The repair is the smoothing $s$ in your `bigram_probs`. It moves a little probability from what was seen to what was not. How much? **Predict** the best
# $s$ for the train names before you run this.

# %%
print("smoothing    train      dev")
for strength in (0.0, 0.01, 0.1, 0.3, 1.0, 10.0, 100.0):
    smoothed = bigram_probs(counts, strength)
    losses = [
        negative_log_likelihood(smoothed, *pairs).item() for pairs in ((train_x, train_y), (dev_x, dev_y))
    ]
    print(f"{strength:9g} {losses[0]:8.4f} {losses[1]:8.4f}")

# %% [markdown]
# By the train names the best smoothing is none, always: the counts fit them as well as any table whose rows sum to one. A setting that guards against the unknown cannot be
# chosen by what is known. That is what the dev names are for. And not the test names: their figure must stay one that nothing was fitted to.
#
# ### Exercise 8: choose smoothing   ·  ★☆☆ · 5 min · 2 points
#
# - `counts`: int64 `(vocab_size, vocab_size)`, of the train names; each row holds a count
# - `dev_x`, `dev_y`: int64 `(n,)`, the dev pairs
# - `strengths`: a list of floats ≥ 0 in any order, at least one
# - returns the float of the list whose smoothed table has the smallest negative log-likelihood on the dev pairs


# %% exercise: choose_smoothing forbid=["fasttrack.makemore.choose_smoothing"]
def choose_smoothing(
    counts: torch.Tensor, dev_x: torch.Tensor, dev_y: torch.Tensor, strengths: list[float]
) -> float:
    """The strength under which the dev pairs are least surprising."""
    ### BEGIN SOLUTION
    return min(
        strengths, key=lambda s: negative_log_likelihood(bigram_probs(counts, smoothing=s), dev_x, dev_y)
    )
    ### END SOLUTION


# %%
choose_smoothing(
    torch.tensor([[9, 1], [5, 5]]), torch.tensor([0, 0]), torch.tensor([1, 0]), [0.0, 1.0, 100.0]
)  # look: 100.0, since dev has halves

# %% test: choose_smoothing points=2
check.choose_smoothing(choose_smoothing)
### BEGIN HIDDEN TESTS
check.choose_smoothing(choose_smoothing, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which functions do I need?</summary>
#
# Two of yours: one makes a table of the counts and a strength, one says how it does on the dev pairs.
# </details>
# <details><summary>It returns a loss, or a place in the list</summary>
#
# `min(losses)` is a loss. `min(strengths, key=…)` compares losses, and returns a strength.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.makemore import choose_smoothing`. The grader still counts the exercise as
# not written.
# </details>

# %%
strengths = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]
strength = choose_smoothing(counts, dev_x, dev_y, strengths)
best = bigram_probs(counts, strength)
print(f"smoothing {strength:g}: dev {negative_log_likelihood(best, dev_x, dev_y):.4f}")

# %% [markdown]
# With 114,656 pairs for 729 cells it makes little difference: strengths from 0.001 to 1 differ by 0.002. **Predict:** with only 100 train
# names, is the best strength larger?

# %% tags=["demo"]
few = random.Random(0).sample(train, 100)
few_x, few_y = bigrams(few, stoi)
few_counts = count_bigrams(few_x, few_y, vocab_size)
by_smoothing = [negative_log_likelihood(bigram_probs(few_counts, s), dev_x, dev_y).item() for s in strengths]
own = [negative_log_likelihood(bigram_probs(few_counts, s), few_x, few_y).item() for s in strengths]
plot.curves(
    [math.log10(s) for s in strengths],
    {"the 100 names": own, "dev names": by_smoothing},
    title="A bigram table from 100 names",
    xlabel="log₁₀ of the smoothing",
    ylabel="nats per character",
)

# %% [markdown]
# The two curves say opposite things. On its own names less smoothing is always better; on others there is a best strength, here again near 0.3. It need
# not be larger: a row with $n$ counts is $\frac{27s}{27s + n}$ uniform, so the same $s$ weighs more where data are few. What grew is the
# price of a wrong $s$: 3.35 at the far left, 2.78 at the best. To its left the model trusts too few counts, to its right it forgets
# them, and comes to 3.2958, uniform. You will meet the pair of curves again in
# 04/02, with other words: overfitting, and regularisation.
#
# Everything is chosen, so the test names may be looked at. Once. Beside it the **standard error**: how far off the mean over so many
# names typically is. It counts by names, since pairs of one name are not independent (part 2).

# %%
test_loss = negative_log_likelihood(best, test_x, test_y).item()
off = -best[test_x, test_y].log() - test_loss  # (n,)
by_name = torch.stack([pairs.sum() for pairs in off.split([len(name) + 1 for name in test])])  # (1976,)
print(f"test {test_loss:.4f} ± {by_name.norm().item() / len(off):.4f} (standard error)")

# %% [markdown]
# Lower than on the dev names, even lower than on the train names. That is chance: 1,976 names measure a mean only to 0.0065. Within a table that is
# measured on the *same* names, differences between models are more certain than that.
#
# ## 9. The same model as a neural network
#
# Counting is done. Why do it once more? Because counting ends here. A table for two letters back has 729
# rows, for five 14 million. A network trained by gradient descent reaches the same numbers where we can check them, and goes on where we
# cannot count.
#
# The smallest network: one linear layer, no bias, 27 inputs and 27 outputs. The input is the letter as a one-hot vector, the outputs are logits, and softmax makes
# probabilities of them:
#
# $$z = \operatorname{onehot}(x)\, W, \qquad P(y \mid x) = \operatorname{softmax}(z)_y$$
#
# with $W$ `(27, 27)`, $\operatorname{onehot}(x)$ `(27,)` and $z$ `(27,)`. **Predict** what a one-hot vector times a matrix is.

# %% tags=["nbval-check-output"]
W = torch.arange(12.0).reshape(3, 4)
one = functional.one_hot(torch.tensor([2, 0]), 3).float()  # (2, 3)
print((one @ W).tolist())
print(W[[2, 0]].tolist())

# %% [markdown]
# It is a row of the matrix. Multiplying by a one-hot vector is looking up, and looking up is cheaper. So $W$ is again a table with a row for each letter,
# only that it holds logits. $e^{W}$ takes the place of the counts, softmax that of dividing by the row sum.
#
# ### Exercise 9: one step loss   ·  ★★☆ · 8 min · 3 points
#
# The loss of this network on all pairs, and a term that will be needed in a moment: the mean of the squares of $W$, times a number.
#
# $$L = -\frac1n \sum_{i=1}^n \ln \operatorname{softmax}(W_{x_i})_{y_i} \;+\; \lambda \cdot \frac{1}{v^2}\sum_{j,k} W_{jk}^2$$
#
# - `W`: float `(v, v)`, logits; may require grad; possibly as large as ±1e4. `x`, `y`: int64 `(n,)`, `n` ≥ 1
# - `weight_decay`: $\lambda$, a float ≥ 0, 0 by default
# - returns: a tensor of shape `()` in the dtype of `W`; its gradient reaches `W` through both terms
#
# `functional.cross_entropy` is allowed; you wrote it yourself in 01/01.


# %% exercise: one_step_loss
def one_step_loss(
    W: torch.Tensor, x: torch.Tensor, y: torch.Tensor, weight_decay: float = 0.0
) -> torch.Tensor:
    """Cross-entropy of the logits W[x] at y, plus weight_decay times the mean square of W: -> `()`."""
    ### BEGIN SOLUTION
    return functional.cross_entropy(W[x], y) + weight_decay * (W**2).mean()
    ### END SOLUTION


# %%
print(
    one_step_loss(torch.zeros(27, 27), train_x, train_y)
)  # look: ln 27 = 3.2958, as every model that knows nothing
print(one_step_loss((counts + 0.3).log(), train_x, train_y))  # look: the smoothed table again, 2.5613

# %% test: one_step_loss points=3
check.one_step_loss(one_step_loss)
### BEGIN HIDDEN TESTS
check.one_step_loss(one_step_loss, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which shape are the logits?</summary>
#
# `W[x]` is `(n, v)`: for each pair the row of its first letter. `cross_entropy` takes that and the targets `(n,)`.
# </details>
# <details><summary>inf or nan for large logits</summary>
#
# `exp` overflows. `log_softmax` and `cross_entropy` do not go through it.
# </details>
# <details><summary>The decay is off by a factor</summary>
#
# The *mean* of the squares of the *whole* of `W`, times `weight_decay`, with no half.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def one_step_loss(W, x, y, weight_decay=0.0):
#     return functional.nll_loss(W.log_softmax(1)[x], y) + weight_decay * W.pow(2).mean()
# ```
# </details>

# %% [markdown]
# ### Exercise 10: train bigram   ·  ★★☆ · 10 min · 3 points
#
# Gradient descent, as in 01/02, on all pairs at once.
#
# - `x`, `y`: int64 `(n,)`; `vocab_size`, `steps`: ints, `steps` ≥ 0; `lr`, `weight_decay`: floats
# - start from `W` = zeros, float32, `(vocab_size, vocab_size)`
# - each of the `steps` steps: your `one_step_loss` with `weight_decay`, its gradient, then $W \leftarrow W - \text{lr} \cdot$ gradient
# - returns `(W, losses)`: the last `W`, which does not require grad, and a list of `steps` Python floats, the loss before each step


# %% exercise: train_bigram
def train_bigram(
    x: torch.Tensor, y: torch.Tensor, vocab_size: int, lr: float, steps: int, weight_decay: float = 0.0
) -> tuple[torch.Tensor, list[float]]:
    """Logits `(vocab_size, vocab_size)` trained on all pairs, and the loss before each step."""
    ### BEGIN SOLUTION
    W = torch.zeros(vocab_size, vocab_size, requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return W.detach(), losses
    ### END SOLUTION


# %%
tiny, tiny_losses = train_bigram(small_x, small_y, 3, lr=1.0, steps=3)
print([round(loss, 3) for loss in tiny_losses])  # look: 1.099 (ln 3), 0.867, 0.698

# %% test: train_bigram points=3
check.train_bigram(train_bigram)
### BEGIN HIDDEN TESTS
check.train_bigram(train_bigram, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>a leaf Variable that requires grad is being used in an in-place operation</summary>
#
# The update is no part of the model: put it under `torch.no_grad()`.
# </details>
# <details><summary>The loss swings, or falls too fast</summary>
#
# `backward` adds to `W.grad`. Clear it in each step, or use `torch.autograd.grad`, which adds to nothing.
# </details>
# <details><summary>unsupported operand type(s) for *: 'float' and 'NoneType', or 'NoneType' object has no attribute 'zero_'</summary>
#
# `W = W - lr * W.grad` makes a new tensor, which is no leaf: its `grad` stays None. Change `W` in place (01/02, part 5).
# </details>
# <details><summary>element 0 of tensors does not require grad and does not have a grad_fn</summary>
#
# The same line under `torch.no_grad()`: the new `W` does not require grad any more.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
#     W, losses = torch.nn.Parameter(torch.zeros(vocab_size, vocab_size)), []
#     optimizer = torch.optim.SGD([W], lr=lr)
#     for _ in range(steps):
#         optimizer.zero_grad()
#         loss = one_step_loss(W, x, y, weight_decay)
#         loss.backward()
#         optimizer.step()
#         losses.append(loss.item())
#     return W.detach(), losses
# ```
# </details>

# %% [markdown]
# A learning rate of 50 is large, and right here: the loss is a mean over pairs, so the gradient of a row is its letter's share of the pairs times what the
# row alone would have, and shares are small. **Predict:** where does the loss go? Can it fall below the counted table?

# %% tags=["demo"]
W, losses = train_bigram(train_x, train_y, vocab_size, lr=50, steps=100)
floor = negative_log_likelihood(probs, train_x, train_y).item()
print(f"network after 100 steps {one_step_loss(W, train_x, train_y):.4f}, counted {floor:.4f}")
plot.curves(
    range(5, 100),
    {"network": losses[5:], "counted": [floor] * 95},
    title="The network comes to what counting gives at once",
    xlabel="step",
    ylabel="nats per character, train",
)

# %% [markdown]
# It comes close, from above, ever more slowly, and never gets below: row by row the counts are the best logits there are (01/01, part 10). To give an unseen pair probability 0 it would
# need the logit $-\infty$.
#
# What is still missing? **Predict** which letters' rows are furthest from their counts: common or rare ones?


# %% tags=["demo"]
def missing(W):
    """For each letter, by how much the network's row is worse than the counted one: (27,)."""
    gap = probs.log() - W.log_softmax(1)
    return torch.where(counts > 0, probs * gap, 0).sum(1)


share = counts.sum(1) / counts.sum()
start, now = missing(torch.zeros(27, 27)), missing(W)
print("letter   share   gap at the start      now   share × now")
for i in (stoi[c] for c in "aenbwxq"):
    print(f"{itos[i]:<8}{share[i]:>6.1%}{start[i]:>19.3f}{now[i]:>9.4f}{share[i] * now[i]:>14.5f}")
print(f"all letters{(share * now).sum():>45.4f}")

# %% [markdown]
# Common letters are done; *x* and *q* still miss a half and a third of their way: the loss gives *a* some 85 times the weight of *q*. What is
# missing in all is spread over many rare letters. A larger `lr` would not help, since *a* would then overshoot
# (try 200). AdamW of 01/03 divides each element's step by the usual size of its gradient, which is what is wanted here:

# %% tags=["demo"]
logits = torch.zeros(vocab_size, vocab_size, requires_grad=True)
optimizer = torch.optim.AdamW([logits], lr=0.1, weight_decay=0.0)
for _ in range(100):
    optimizer.zero_grad()
    one_step_loss(logits, train_x, train_y).backward()
    optimizer.step()
print(f"AdamW, 100 steps: {one_step_loss(logits, train_x, train_y).item():.4f}, counted {floor:.4f}")
print(
    "its names:",
    ", ".join(sample_names(logits.detach().softmax(1), itos, 10, torch.Generator().manual_seed(5))),
)
print("counted:  ", ", ".join(sample_names(probs, itos, 10, torch.Generator().manual_seed(5))))

# %% [markdown]
# The same ten names, from the same random numbers: the same model, found in another way.
#
# ### Weight decay is smoothing
#
# With all logits 0 the network is uniform. **Weight decay**, the term $\lambda \cdot \operatorname{mean}(W^2)$, has the gradient $2 \lambda W / v^2$, so plain descent
# shrinks $W$ by $\text{lr} \cdot 2 \lambda / v^2$ of itself in each step: the decay of 01/03, in another unit. (AdamW's argument `weight_decay`, 0 above, is that of
# 01/03.) It pulls logits towards 0, so it pulls every row
# towards uniform. That is what smoothing does to counts. Both pull hardest where the data say least: a row seen a thousand times has a large gradient to hold against the
# pull, a row seen three times a small one.
#
# **Predict:** train the network on the 100 names of part 8, with more and more decay. What will the loss on the dev names look like?

# %% tags=["demo"]
by_decay = []
for decay in strengths:
    few_logits, _ = train_bigram(few_x, few_y, vocab_size, lr=50, steps=500, weight_decay=decay)
    by_decay.append(one_step_loss(few_logits, dev_x, dev_y).item())
print(f"best: {min(by_smoothing):.4f} by smoothing, {min(by_decay):.4f} by decay")
plot.curves(
    [math.log10(s) for s in strengths],
    {"weight decay": by_decay, "the best smoothing": [min(by_smoothing)] * len(strengths)},
    title="100 names: decay comes to what smoothing reaches",
    xlabel="log₁₀ of the decay",
    ylabel="nats per character, dev",
)

# %% [markdown]
# A valley as in part 8, and at its bottom the same loss to three digits. (That both bottoms lie at 0.3 is chance: the two numbers have
# different units.) On the left it stays lower than smoothing's, for 500 steps cannot drive logits to $-\infty$: stopping early protects, too. What one row looks like under both, at their best:

# %% tags=["demo"]
few_logits, _ = train_bigram(few_x, few_y, vocab_size, lr=50, steps=500, weight_decay=0.3)
letter = stoi["d"]
print(f"{int(few_counts[letter].sum())} pairs start with d in the 100 names")
plot.bars(
    itos,
    {
        "counted": few_counts[letter] / few_counts[letter].sum(),
        "smoothed": bigram_probs(few_counts, 0.3)[letter],
        "weight decay": few_logits.softmax(1)[letter],
    },
    title="What follows d, after 100 names",
    xlabel="next letter",
    ylabel="probability",
)

# %% [markdown]
# They are relatives, not twins. Adding $s$ to every count is, exactly, adding the penalty $-\frac{s}{n} \sum_{j,k} \ln P_{jk}$ to the loss (*Going further* has you show
# it). Weight decay puts a bowl over the logits instead. The advantage of decay: it needs no counts, so it works for every network to come.
#
# ## 10. The table so far
#
# The unit's table: nats per character on the test names, which no model has seen and no choice has been made by. The column on the right
# has figures on the public list names.txt, from the lectures where they have them. These names are others, so compare down a column, not across.

# %% tags=["demo"]
yours = {
    "uniform": math.log(vocab_size),
    "unigram": negative_log_likelihood(unigram, test_x, test_y).item(),
    "bigram": test_loss,
}
print(makemore.table(yours))
print("\n* your own measurement")

# %% tags=["demo"]
plot.ladder(
    makemore.results(yours),
    yours=yours,
    title="Unit 04: every model so far, on the same test names",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# **2.5567 is the number to beat** in 04/02. On names.txt the best model of the lectures, the WaveNet of lesson 5, reaches 1.9937.
#
# ### The public figure
#
# Andrej Karpathy's first makemore lecture counts *all* of names.txt and measures on the same names. Your functions do the same here, if the file can be downloaded
# (228 kB, once):

# %% tags=["demo"]
try:
    public = names("karpathy")
except DataUnavailable:
    print("names.txt is neither on this machine nor to be had: no network.")
else:
    public_stoi, public_itos = build_vocab(public)
    public_x, public_y = bigrams(public, public_stoi)
    public_counts = count_bigrams(public_x, public_y, len(public_itos)).double()
    for s in (0, 1):
        table = (public_counts + s) / (public_counts + s).sum(1, keepdim=True)
        print(f"names.txt, smoothing {s}: {negative_log_likelihood(table, public_x, public_y):.6f}")
    lecture = lecture_split(public)
    learned = set(lecture.train)
    leaked = sum(name in learned for name in lecture.dev) / len(lecture.dev)
    print(f"dev names of the lectures' split that are train names, too: {leaked:.0%}")

# %% [markdown]
# | on all of names.txt | nats per character |
# |---|---|
# | letter counts, the end of a name included | 2.8227 |
# | bigram, counted | **2.4540** |
# | bigram, every count one higher | 2.4546 |
#
# Some public notebooks say 2.4765 for the bigram. It comes from cells that were run out of order. Restart and run all before you believe a figure,
# your own included.
#
# The lectures split names.txt by shuffling lines, so part 2's leak is in the held-out figures of the later ones. `fasttrack.data.lecture_split` gives that
# very split, for comparisons.
#
# ### And English?
#
# Claude Shannon worked it out for English in 1951, from published letter tables, with 27 characters as we have, the space in place of the dot:
#
# | knows | bits | nats |
# |---|---|---|
# | nothing | 4.76 | 3.30 |
# | how often each letter occurs | 4.03 | 2.79 |
# | one letter back | 3.32 | 2.30 |
# | two letters back | 3.1 | 2.15 |
# | a hundred letters back (people, guessing) | 0.6 to 1.3 | 0.4 to 0.9 |
#
# The first steps are like ours. The last row is what a language model is after.
#
# ## 11. Why not count further?
#
# Two letters back is a table with $27^2$ rows, and `bincount` counts it as before: each history becomes one number, written to base 27. **Predict:** with how many letters does counting win on the dev names? The smoothing is
# chosen on them, for each length.


# %% tags=["demo"]
def counted(back, strengths=(0.01, 0.03, 0.1, 0.3, 1.0)):
    """Train and dev loss of a table that looks `back` letters back, and the rows it has seen."""

    def places(names):
        rows = []
        for name in names:
            ids = [0] * back + [stoi[c] for c in name] + [0]
            rows += [ids[i : i + back + 1] for i in range(len(name) + 1)]
        return torch.tensor(rows) @ 27 ** torch.arange(back, -1, -1)  # (n,): history and letter as one number

    train_at, dev_at = places(train), places(dev)
    table = torch.bincount(train_at, minlength=27 ** (back + 1))
    seen = table.view(-1, 27).sum(1)

    def loss(at, s):
        return -((table[at] + s) / (seen[at // 27] + 27 * s)).log().mean().item()

    s = min(strengths, key=lambda s: loss(dev_at, s))
    return loss(train_at, s), loss(dev_at, s), int((seen > 0).sum())


found = [counted(back) for back in range(5)]
for back, (on_train, on_dev, seen) in enumerate(found):
    print(f"{back} back: train {on_train:.3f}  dev {on_dev:.3f}  {seen:,} of {27**back:,} rows ever seen")
plot.curves(
    [str(back) for back in range(5)],
    {"train": [one[0] for one in found], "dev": [one[1] for one in found]},
    title="Counting further back",
    xlabel="letters back",
    ylabel="nats per character",
)

# %% [markdown]
# Up to three letters it pays. Then the train loss goes on falling and the dev loss turns: with four letters back 96 % of the rows have never been seen, two thirds of the others once or twice. A table learns nothing about *ann*
# from *enn*, since to it they are two different row numbers. It cannot know that *a* and *e* behave alike.
#
# That is what this model could not do, and what the next lesson brings: letters as points in a plane, where similar letters lie close, and a network that
# computes with the points instead of looking up rows. And since the network is trained the way yours was, nothing has to be counted.
#
# ## Recap
#
# **Q:** What does a bigram language model know?\
# **A:** For each character the probabilities of the next one: a table with one row for each character, each row summing to one. It sees one character back.
#
# **Q:** What are the train, dev and test parts of a data set for?\
# **A:** Models learn from train, settings such as smoothing are chosen on dev, and test is looked at once, when everything is chosen.
#
# **Q:** How does splitting by a hash of the name keep a split from leaking?\
# **A:** The part depends on the name alone, so a name that is listed twice falls into one part both times, and order or additions move nothing.
#
# **Q:** Why must names be split and not the pairs of letters in them?\
# **A:** Pairs of one name are not independent; shuffled one by one, nearly every name would have some in training and some held-out.
#
# **Q:** Why does `counts[x, y] += 1` count wrongly when a pair occurs twice?\
# **A:** It reads a copy, adds one to each element, and writes back. Both copies of the pair read the same old value. Use bincount, or index_put_ with accumulate=True.
#
# **Q:** What does `counts / counts.sum(1)` do to a square table of bigram counts, and does the loss show it?\
# **A:** The sums line up with the columns, so columns sum to one instead of rows. On whole names the training loss is exactly the same, because row sums equal column sums: it is the model that reads backwards.
#
# **Q:** Why can a bigram model have an infinite loss on held-out names, and what helps?\
# **A:** A pair that was never counted has probability 0 and costs −ln 0. Smoothing adds a little to every count.
#
# **Q:** Why can smoothing not be chosen on the train names?\
# **A:** The bare counts fit the train names best, so the choice is always zero. It is chosen on dev names.
#
# **Q:** Why is a one-hot vector times a matrix a table lookup?\
# **A:** It multiplies one row by 1 and all others by 0, so the product is that row.
#
# **Q:** A one-layer network is trained on letter pairs. Which loss does it approach, and why not less?\
# **A:** That of the counted table: row by row, logarithms of counts are the best logits there are.
#
# **Q:** Why do rows of rare letters train slowly under plain gradient descent?\
# **A:** The loss is a mean over pairs, so a row's gradient is proportional to its letter's share of them.
#
# **Q:** In what sense is weight decay smoothing?\
# **A:** It pulls logits to zero, so each row's distribution to uniform, and most where few counts pull the other way.

# %% [markdown]
# ## Glossary
#
# - **bigram**: two characters in a row; a model that predicts from one character back
# - **train, dev, test**: names to learn from, to choose settings by, to be measured on once
# - **leak**: knowledge of held-out data that reached training or a choice
# - **hash**: a number computed from a string that looks random and is always the same
# - **vocabulary**: the characters a model knows, each with an id
# - **negative log-likelihood**: minus the logarithm of the probability of the data, here as a mean per character
# - **perplexity**: exp of the loss; among how many equally likely characters the model seems to choose
# - **smoothing**: adding a number to every count, so that nothing is impossible
# - **sampling**: drawing each next character from the model's probabilities
# - **weight decay**: a penalty on the squares of parameters, or the shrinking it causes
# - **n-gram**: n characters in a row; a table of them looks n − 1 characters back

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Smoothing, exactly.** Add $-\frac{s}{n} \sum_{j,k} \ln P_{jk}$ to the loss of the network instead of weight decay, with $P$ the softmax of `W`. Show on paper that the
#    minimum is $(C_{jk} + s) / \sum_k (C_{jk} + s)$, and train to it.
# 2. **A better table of three letters.** The table of part 11 gives up when it has not seen a row. Mix instead: a share of the three-letter table, a share of the two-letter one, and so on
#    (*interpolation*; look up Kneser–Ney). How far below 2.32 do you get on the dev names?
# 3. **Backwards.** Build the model that reads names from right to left, properly, and compare: its loss, its names, the letters it is sure of. Is there any way
#    to tell from samples which of the two wrote them?

# %% [markdown]
# ## To go deeper
#
# - Andrej Karpathy, [makemore, part 1]: the same road in a lecture; the [code] is MIT-licensed
# - Claude Shannon, [A mathematical theory of communication], 1948: section 3 writes English from letter tables, by hand and with a book
# - Claude Shannon, [Prediction and entropy of printed English], 1951: how well people predict, and the table of part 10
# - Daniel Jurafsky and James Martin, [Speech and language processing], the chapter on n-gram models: smoothing in full
# - Stanley Chen and Joshua Goodman, [An empirical study of smoothing techniques], 1999: which smoothing, measured
#
# [makemore, part 1]: https://www.youtube.com/watch?v=PaCmpygFfXo
# [code]: https://github.com/karpathy/makemore
# [A mathematical theory of communication]: https://doi.org/10.1002/j.1538-7305.1948.tb01338.x
# [Prediction and entropy of printed English]: https://doi.org/10.1002/j.1538-7305.1951.tb01366.x
# [Speech and language processing]: https://web.stanford.edu/~jurafsky/slp3/
# [An empirical study of smoothing techniques]: https://doi.org/10.1006/csla.1999.0128
