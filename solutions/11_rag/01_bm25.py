# %% [markdown]
# # BM25
#
# **After this lesson** you have written a search engine that ranks passages for a question by the words they share: tokenizer,
# inverted index, BM25, and a precomputed form fast enough for 100,000 passages. You can say what each part of the formula
# is for, measure a ranking with recall, reciprocal rank and nDCG, and you can ask this course questions and get its own passages as answers.
#
# About 150 minutes, with breaks after parts 6 and 8 · 12 exercises, 29 points · builds on: Python's dict and list, NumPy arrays; what the
# logarithm of a probability is (04/01). No neural network: that is lesson 02.
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function or class, its last hint has a line that
# stands in for it. The grader refuses the ready-made versions in `fasttrack.rag`, also where a test cell says *correct*.

# %%
import math
import random
import textwrap
import time
from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np

from fasttrack import plot
from fasttrack.check import bm25 as check
from fasttrack.data import course

# %% [markdown]
# ## Where this sits
#
# A language model answers from its parameters. What is not in them it cannot know, and what is in them nobody can look up. This unit builds
# an assistant that answers questions about this course from the course's own text, and says where it read each thing. It starts with finding:

# %% tags=["demo"]
plot.pipeline(
    {
        "question": "one string",
        "search": "passages, ranked",
        "prompt": "the best few",
        "reader": "an answer",
        "citations": "where it stands",
    },
    here={"search"},
)

# %% [markdown]
# Lesson 02 searches by meaning, with vectors, and lesson 03 does the rest. This one searches by words, with a formula from 1994 that is
# still the first thing to try, and often the last.
#
# ## 1. A question to the whole course
#
# What is searched is the course itself: all prose of all lessons, cut at headings and, where a section is long, between paragraphs. A **passage** has the
# lesson and the heading it stands under, its text, and a link.

# %%
passages = course.passages()
texts = [
    f"{passage.heading}\n{passage.text}" for passage in passages
]  # what is searched: the heading says much
print(len(passages), "passages,", sum(len(text.split()) for text in texts), "words")
print(passages[0].id, "|", passages[0].heading, "|", passages[0].text[:90], "…")

# %% [markdown]
# (Lessons are being added and rewritten, so the numbers in this lesson move. The prose rounds them, and means the time of writing.)
#
# Here is a question, and the search that every editor has, for a piece of text wherever it stands (*are* is found in *square*):

# %%
question = "Why are attention scores divided by the square root of head_size?"
words = question.split()
print(words)
print("the whole question:", sum(question in text for text in texts), "passages")
print("all of its words:  ", sum(all(word in text for word in words) for text in texts), "passages")
print("any of its words:  ", sum(any(word in text for word in words) for text in texts), "passages")

# %% [markdown]
# Nothing, nothing, everything. So a passage must not have to match: it gets a **score**, and the best scores come first. The plainest score counts how many
# words of the passage are words of the question.
#
# **Predict:** what kind of passage comes first?

# %% tags=["demo"]
shared = np.array([sum(word in words for word in text.split()) for text in texts])
for first in np.argsort(-shared, kind="stable")[:3]:
    common = Counter(word for word in texts[first].split() if word in words)
    print(f"{shared[first]:>3}  {passages[first].lesson} | {passages[first].heading} | {dict(common)}")

# %% [markdown]
# Passages with many words such as *the*, *are* and *of*. Three things are wrong with the count, and each is a factor of BM25:
#
# - *the* counts as much as *attention*. A word that is in every passage tells nothing about any of them (part 4).
# - the tenth *of* counts as much as the first *scores* (part 5).
# - a long passage has more of everything (part 5 as well).
#
# And one thing is wrong before any counting: `head_size?` with its question mark is a word of its own.
#
# ## 2. Words
#
# A **term** is what is compared, and a **tokenizer** cuts a text into terms. Those of unit 05 are made for models, which must be able to write
# any text again. A search need not: it throws away what makes two spellings of one word differ, first of all case and punctuation.
#
# ### Exercise 1: tokenize   ·  ★☆☆ · 5 min · 2 points
#
# - `text`: a string in any script
# - returns: a list of strings, the longest runs of letters and digits in `text`, in lower case and in the order of the text, each as often as it occurs
# - letters and digits are what `str.isalnum` says, `é` and `ß` among them. Everything else divides: blanks, punctuation, and the
#   underscore too, so that someone who types *head size* finds `head_size`
# - a text without any: the empty list


# %% exercise: tokenize forbid=["fasttrack.rag.text.tokenize", "fasttrack.rag.text.WORD", "fasttrack.rag.text.analyze"]
def tokenize(text: str) -> list[str]:
    """The runs of letters and digits in `text`, in lower case."""
    ### BEGIN SOLUTION
    spaced = "".join(letter if letter.isalnum() else " " for letter in text.lower())
    return spaced.split()
    ### END SOLUTION


# %%
tokenize(
    "Softmax isn't `head_size`-free: d_k = 64, naïve?"
)  # look: softmax isn t head size free d k 64 naïve

# %% test: tokenize points=2
check.tokenize(tokenize)
### BEGIN HIDDEN TESTS
check.tokenize(tokenize, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I start?</summary>
#
# Replace each character that is neither letter nor digit by a blank, and let `split()` without arguments do the rest. Or use `re.findall`.
# </details>
# <details><summary>head_size stays in one piece</summary>
#
# In a regular expression `\w` is letters, digits *and the underscore*. `[^\W_]` is `\w` without it.
# </details>
# <details><summary>Words in other scripts are lost</summary>
#
# `[a-z]` is 26 letters of many thousand.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.text import tokenize`.
# </details>

# %% [markdown]
# `isn't` falls into `isn` and `t`. That is no harm as long as passages and questions are cut in the same way, which is the one
# rule here: **the same tokenizer on both sides.**

# %%
documents = [tokenize(text) for text in texts]
lengths = [len(document) for document in documents]
vocabulary = set().union(*documents)
print(len(vocabulary), "different terms;", "a passage has", min(lengths), "to", max(lengths), "terms")

# %% [markdown]
# ## 3. The index
#
# To score all passages, must one look at all of them? Only a passage that holds a word of the question can score. A book has an index for that: for
# each word the pages where it stands. A search engine has the same, an **inverted index**: for each term its **postings**, the documents that hold
# it, and how often. (*Document* is the field's word for whatever is searched. Ours are passages.)
#
# ### Exercise 2: inverted index   ·  ★★☆ · 8 min · 3 points
#
# - `documents`: a list of documents, each a list of terms; a document is known by its place in the list, from 0
# - returns: a plain `dict`. For each term that occurs in any document a list of pairs `(document, count)`, both int: a document that
#   holds the term, and how often. Each document once, in increasing order
# - an empty document, or no document at all, is fine


# %% exercise: inverted_index
def inverted_index(documents: list[list[str]]) -> dict[str, list[tuple[int, int]]]:
    """For each term the documents that hold it, in order, each with its count."""
    ### BEGIN SOLUTION
    index = {}
    for place, document in enumerate(documents):
        for term, count in Counter(document).items():
            index.setdefault(term, []).append((place, count))
    return index
    ### END SOLUTION


# %%
tiny = [tokenize(line) for line in ("the cat sat on the mat", "the dog sat", "a cat is a cat is a cat")]
tiny_index = inverted_index(tiny)
tiny_index["cat"], tiny_index["sat"]  # look: [(0, 1), (2, 3)] and [(0, 1), (1, 1)]

# %% test: inverted_index points=3
check.inverted_index(inverted_index)
### BEGIN HIDDEN TESTS
check.inverted_index(inverted_index, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I count the terms of one document?</summary>
#
# `Counter(document)` from `collections`, which is imported above. Its `items()` are pairs of term and count.
# </details>
# <details><summary>KeyError for a new term</summary>
#
# `index.setdefault(term, [])` is the list of a term, made if there was none.
# </details>
# <details><summary>It says a defaultdict, not a dict</summary>
#
# `dict(index)` makes a plain one. A defaultdict makes an entry for each word that is only *looked up*, and a search looks up what anybody types.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def inverted_index(documents):
#     counts, index = Counter((i, term) for i, document in enumerate(documents) for term in document), {}
#     for (i, term), count in counts.items():
#         index[term] = [*index.get(term, []), (i, count)]
#     return index
# ```
# </details>

# %%
index = inverted_index(documents)
for term in tokenize(question):
    print(f"{term:<10} in {len(index.get(term, [])):>4} of {len(documents)} passages")

# %% [markdown]
# There is the difference between *of* and *attention*, and it costs nothing to know: it is the length of a list.
#
# ## 4. What a word is worth
#
# You think of one passage, somebody asks, and you say: "it holds the word *w*". How much have you told them? If $n$ of $N$ passages hold *w*, a passage drawn
# at random does with probability $n/N$, and what is learned is $-\ln(n/N) = \ln(N/n)$ nats: nothing for a word in every passage, a lot for a
# rare one. That is the **inverse document frequency**, idf (Karen Spärck Jones, 1972).
#
# BM25 comes to a neighbour of it another way, from the odds that a passage does *not* hold the word, since a word tells much where not holding it is the rule:
# $\ln\frac{N - n + 1/2}{n + 1/2}$, after Robertson and Spärck Jones. (The halves keep it finite for $n = 0$ and $n = N$.) It has a flaw. **Predict:** what is it for a word in more than half of the passages?

# %% tags=["demo"]
N = 600
n = np.arange(1, N + 1)
plot.curves(
    n,
    {
        "ln(N / n)": np.log(N / n),
        "Robertson, Spärck Jones": np.log((N - n + 0.5) / (n + 0.5)),
    },
    title="What it tells that a passage holds a word",
    xlabel="n, passages that hold the word, of 600",
    ylabel="idf (nats)",
)

# %% [markdown]
# Negative: a passage would be *punished* for holding a word that was asked for. Every implementation mends that in its own way, which is the
# first reason why two of them seldom agree (part 6 has a table). Lucene, the engine inside Elasticsearch and Solr, adds 1 inside the logarithm. So do we:
#
# $$\text{idf}(w) = \ln\left(1 + \frac{N - n + \frac12}{n + \frac12}\right) = \ln\frac{N + 1}{n + \frac12}$$
#
# Add up the bracket, and the other way ends where the first one did: this is $\ln(N/n)$, but for a half and a one.
#
# ### Exercise 3: idf   ·  ★☆☆ · 4 min · 2 points
#
# - `holding`: int, $n$, the number of documents that hold the term, from 0 to `n_documents`
# - `n_documents`: int ≥ 1, $N$
# - returns: a Python float, the idf above, in nats


# %% exercise: idf forbid=["fasttrack.rag.bm25.idf"]
def idf(holding: int, n_documents: int) -> float:
    """What it tells that a document holds a term: Lucene's form, in nats."""
    ### BEGIN SOLUTION
    return math.log(1 + (n_documents - holding + 0.5) / (holding + 0.5))
    ### END SOLUTION


# %%
[round(idf(holding, 600), 3) for holding in (1, 6, 60, 300, 600)]  # look: 5.993, 4.527, 2.296, 0.693, 0.001

# %% test: idf points=2
check.idf(idf)
### BEGIN HIDDEN TESTS
check.idf(idf, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Mine becomes negative</summary>
#
# The 1 stands inside the logarithm, and in front of the whole fraction.
# </details>
# <details><summary>My numbers are larger or smaller by one factor</summary>
#
# Nats are natural logarithms: `math.log`.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `idf = lambda holding, n: math.log((n + 1) / (holding + 0.5))`.
# </details>

# %%
for term in tokenize(question):
    print(f"{term:<10} {idf(len(index.get(term, [])), len(documents)):.2f}")

# %% [markdown]
# No list of unimportant words was needed. The collection itself says what is unimportant in it, and in another one it may be another word: in a course on
# neural networks *layer* says little, in a cookbook a lot.
#
# ## 5. How often, and in how long a text
#
# Is a passage with ten times *mask* ten times as much about masks as one with a single *mask*? The first occurrence tells most: the passage is about masks,
# at least in passing. The second says it was no accident. The tenth says next to nothing. So the count $t$ should **saturate**:
#
# $$\frac{t}{t + k_1}$$
#
# grows from 0 towards 1 and passes $\frac12$ at $t = k_1$. With $k_1 = 0$ a word is there or it is not, and counts play no role. With a huge $k_1$ it is nearly
# proportional to $t$.
#
# Then the length. A long passage holds a word more often for two reasons: it may say more about it, or it may say the same in more words. BM25 takes
# the middle: it compares the length with the mean length, by a share $b$ between 0 and 1,
#
# $$K = k_1 \left(1 - b + b\,\frac{\text{length}}{\text{mean length}}\right)\qquad\qquad \text{weight} = \frac{t}{t + K}$$
#
# so in a passage of twice the mean length one needs more occurrences for the same weight. $b = 0$: length plays no role.
#
# ### Exercise 4: term weight   ·  ★☆☆ · 5 min · 2 points
#
# - `count`: int ≥ 1, $t$, how often the term is in the document
# - `length`: int, the number of terms of the document; `mean_length`: float, the mean of that over all documents
# - `k1`: float ≥ 0, 1.5 by default; `b`: float from 0 to 1, 0.75 by default
# - returns: a Python float, the weight above, between 0 and 1


# %% exercise: term_weight
def term_weight(count: int, length: int, mean_length: float, k1: float = 1.5, b: float = 0.75) -> float:
    """How much of a term's worth a document gets that holds it `count` times."""
    ### BEGIN SOLUTION
    return count / (count + k1 * (1 - b + b * length / mean_length))
    ### END SOLUTION


# %%
[round(term_weight(count, 100, 100.0), 3) for count in (1, 2, 3, 10)]  # look: 0.4, 0.571, 0.667, 0.87

# %% test: term_weight points=2
check.term_weight(term_weight)
### BEGIN HIDDEN TESTS
check.term_weight(term_weight, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>With b = 0 the length should play no role</summary>
#
# Then $K$ must be $k_1$: the bracket is 1 for $b = 0$, and length over mean length for $b = 1$.
# </details>
# <details><summary>My weights are above 1</summary>
#
# Many books and libraries multiply by $k_1 + 1$, so that $t = 1$ in a passage of mean length weighs 1. It is one factor for all, which changes no ranking,
# and Lucene dropped it in version 8. Here it is left out.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def term_weight(count, length, mean_length, k1=1.5, b=0.75):
#     return 1 / (1 + k1 * (1 + b * (length / mean_length - 1)) / count)
# ```
# </details>

# %% tags=["demo"]
times = range(17)
plot.curves(
    times,
    {
        f"k1 = {soon:g}, length = {ratio:g} · mean": [
            0.0 if t == 0 else term_weight(t, int(100 * ratio), 100.0, soon) for t in times
        ]
        for soon, ratio in ((0.5, 1), (1.5, 0.5), (1.5, 1), (1.5, 2), (10, 1))
    },
    title="The weight saturates, later in a long passage",
    xlabel="t, how often the passage holds the term",
    ylabel="weight",
)

# %% [markdown]
# ## 6. BM25
#
# The score of a document is the sum over the terms of the query, each with what it is worth and how much of that the document gets:
#
# $$\text{score}(\text{query}, \text{document}) = \sum_{w \,\in\, \text{query}} \text{idf}(w) \cdot \frac{t_w}{t_w + K}$$
#
# *BM* is "best match", 25 the number of the attempt (Robertson and colleagues, 1994, at TREC, a yearly contest of search engines).
#
# ### Exercise 5: BM25   ·  ★★☆ · 10 min · 3 points
#
# - `query`: a list of terms. One that stands in it twice counts twice; one that no document holds adds nothing
# - `index`: as `inverted_index` makes it; `lengths`: a list with the number of terms of each document, at least one of them not empty
# - `k1`, `b`: as in exercise 4, with the same defaults
# - returns: float64 array `(documents,)`, the score of every document; 0 where it holds no term of the query
# - `index` stays as it is: looking up an unknown term must not add it
#
# Go through the postings of the query's terms, not through the documents. Use your `idf` and `term_weight`.


# %% exercise: bm25 forbid=["fasttrack.rag.bm25.BM25", "fasttrack.rag.bm25.idf"]
def bm25(
    query: list[str],
    index: dict[str, list[tuple[int, int]]],
    lengths: list[int],
    k1: float = 1.5,
    b: float = 0.75,
) -> np.ndarray:
    """The score of every document for a query: float64 (documents,)."""
    ### BEGIN SOLUTION
    scores = np.zeros(len(lengths))
    mean_length = sum(lengths) / len(lengths)
    for term in query:
        postings = index.get(term, [])
        worth = idf(len(postings), len(lengths))
        for document, count in postings:
            scores[document] += worth * term_weight(count, lengths[document], mean_length, k1, b)
    return scores
    ### END SOLUTION


# %%
tiny_lengths = [len(document) for document in tiny]
bm25(["sat", "cat", "zebra"], tiny_index, tiny_lengths).round(3)  # look: 0.366, 0.239, 0.284

# %% test: bm25 points=3
check.bm25(bm25)
### BEGIN HIDDEN TESTS
check.bm25(bm25, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>KeyError: 'zebra'</summary>
#
# `index.get(term, [])` has no postings for a term it does not know, and a loop over none of them does nothing.
# </details>
# <details><summary>Where is n, where is N?</summary>
#
# $n$ is the number of postings of the term, $N$ the number of lengths.
# </details>
# <details><summary>The tests for idf and term_weight pass, this one does not</summary>
#
# Is `mean_length` the mean over *all* documents? Do `k1` and `b` reach `term_weight`? Does a term that stands in the query twice count twice?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It goes through all documents, so it is slow:
#
# ```
# def bm25(query, index, lengths, k1=1.5, b=0.75):
#     counts = {term: dict(index.get(term, [])) for term in query}
#     mean, N = sum(lengths) / len(lengths), len(lengths)
#     return np.array([
#         sum(
#             math.log((N + 1) / (len(counts[w]) + 0.5)) * counts[w][d] / (counts[w][d] + k1 * (1 - b + b * size / mean))
#             for w in query if d in counts[w]
#         )
#         for d, size in enumerate(lengths)
#     ], dtype=float)
# ```
# </details>

# %% [markdown]
# ### Whose BM25?
#
# "BM25" in a paper or a library may be any of these ([Kamphuis et al., 2020] compare eight). Name yours.
#
# | | idf | weight | where |
# |---|---|---|---|
# | **Lucene** (ours) | $\ln(1 + \frac{N-n+1/2}{n+1/2})$ | $\frac{t}{t+K}$ | Lucene from version 8, `bm25s` by default |
# | **Robertson** | $\ln\frac{N-n+1/2}{n+1/2}$, 0 where negative | $\frac{t}{t+K}$ | `bm25s`, `method="robertson"` |
# | **ATIRE** | $\ln\frac Nn$ | $\frac{t\,(k_1+1)}{t+K}$ | `bm25s`, `method="atire"` |
# | **Okapi** | Robertson's; where negative, a quarter of its mean over all terms | $\frac{t\,(k_1+1)}{t+K}$ | `rank_bm25`, class `BM25Okapi` |
#
# All four are in `fasttrack.rag.bm25`, and the course's tests hold them against both libraries to $10^{-6}$. What the libraries also disagree on is defaults:
# $k_1$ is 1.2 in Lucene and 1.5 in the two libraries, $b$ is 0.75 in all three.
#
# ### The best few
#
# ### Exercise 6: top k   ·  ★☆☆ · 6 min · 2 points
#
# - `scores`: float64 array `(documents,)`, none negative
# - `k`: int ≥ 1
# - returns: a list of at most `k` pairs `(document, score)`, a Python int and a Python float, the highest score first; of equal scores the document with the smaller number first
# - a document with score 0 is no result and is left out, even if there are fewer than `k` then


# %% exercise: top_k forbid=["fasttrack.rag.bm25.best", "fasttrack.rag.bm25.BM25"]
def top_k(scores: np.ndarray, k: int) -> list[tuple[int, float]]:
    """The `k` best documents with their scores, best first."""
    ### BEGIN SOLUTION
    order = np.argsort(-scores, kind="stable")[:k]
    return [(int(document), float(scores[document])) for document in order if scores[document] > 0]
    ### END SOLUTION


# %%
top_k(np.array([0.5, 0.0, 2.0, 0.5, 0.0]), 4)  # look: (2, 2.0), (0, 0.5), (3, 0.5), and no fourth

# %% test: top_k points=2
check.top_k(top_k)
### BEGIN HIDDEN TESTS
check.top_k(top_k, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Of equal scores, the wrong one comes first</summary>
#
# Reversing a sorted list reverses equals, too. Sort by `-scores`, and with `kind="stable"`: NumPy's default sort promises no order among equals.
# Python's `sorted` is stable always.
# </details>
# <details><summary>np.int64 is no int</summary>
#
# `int(document)` and `float(score)` make Python numbers of NumPy's.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def top_k(scores, k):
#     return sorted(((d, s) for d, s in enumerate(scores.tolist()) if s), key=lambda pair: (-pair[1], pair[0]))[:k]
# ```
# </details>

# %% [markdown]
# That is a search engine. The question from the beginning:


# %%
def show(hits: Sequence[tuple[int, float]]) -> None:
    """Print hits: score, where it is, how it begins."""
    for place, score in hits:
        start = textwrap.shorten(passages[place].text, 240, placeholder=" …")
        print(f"{score:5.2f}  {passages[place].lesson} | {passages[place].heading}")
        print(textwrap.indent(textwrap.fill(start, 100), " " * 7))


show(top_k(bm25(tokenize(question), index, lengths), 3))

# %% [markdown]
# Which of the three answers the question? (A passage goes by the nearest heading above it, perhaps an exercise's.) An introduction that announces an
# answer holds the words of the question as well as the answer does, and BM25 counts words.
#
# Why does the first one come first? A score of BM25 is a sum, so it can be taken apart. **Predict** which words bring most, and which of the rare ones bring nothing.

# %% tags=["demo"]
best = top_k(bm25(tokenize(question), index, lengths), 3)
query_terms = list(dict.fromkeys(tokenize(question)))
plot.bars(
    query_terms,
    {
        f"rank {1 + i}": [float(bm25([term], index, lengths)[hit[0]]) for term in query_terms]
        for i, hit in enumerate(best)
    },
    title="What each term brings to the three best passages",
    ylabel="part of the score",
)

# %% [markdown]
# Rare words do nearly everything, *the* and *of* next to nothing. The missing bars are rare words too, worth more than most of those that are there: a passage that
# has $\sqrt{}$ in their place, or another form such as *divide*, gets nothing for them. Part 9 mends the second, lesson 02 tries the first. (And *why* is worth about as much as *attention*: few passages hold it, although for
# whoever asks it is not the point. BM25 knows what is rare, not what is meant.)
#
# A good moment for a break.
#
# ## 7. How good is it?
#
# Three results prove nothing, whatever they are. What is needed is many questions, and for each the answer to "which passages are **relevant**?". Such judgements usually cost a
# lot: somebody has to read. Here they were made on the way: each lesson ends in a recap, and each recap card was written so that its answer is in *its* lesson. So
# the passages of that lesson count as relevant, and no others. The cards themselves are not among the passages.

# %%
cards = course.recap()
card = cards[len(cards) // 2]
print(len(cards), "questions, for example:", card.question, "->", card.lesson)

# %% [markdown]
# Know the limits of a judgement before you trust a number. These are coarse: most passages of a lesson do not answer the question, and another lesson may. And they favour us:
# question and lesson are by the same author, who uses the same words. People who do not know the answer ask in other words. What can be measured well is
# which of two searches is better at this.
#
# What goes into a measure is a **ranking** (names of documents, best first) and what is relevant. The simplest measure looks at the first $k$.
#
# ### Exercise 7: recall at k   ·  ★☆☆ · 4 min · 1 point
#
# - `ranking`: a list of names (int or str), best first, none twice
# - `relevant`: a list of names, none twice, at least one
# - `k`: int ≥ 1
# - returns: a Python float, the share of the *relevant* documents that are among the first `k` of the ranking. A ranking may have fewer than `k`


# %% exercise: recall_at_k forbid=["fasttrack.rag.metrics.recall_at_k"]
def recall_at_k(ranking: list, relevant: list, k: int) -> float:
    """The share of the relevant documents that are among the first k."""
    ### BEGIN SOLUTION
    return len(set(ranking[:k]) & set(relevant)) / len(relevant)
    ### END SOLUTION


# %%
recall_at_k(["d", "a", "c", "b"], ["a", "b", "x"], 3)  # look: 1 of 3

# %% test: recall_at_k points=1
check.recall_at_k(recall_at_k)
### BEGIN HIDDEN TESTS
check.recall_at_k(recall_at_k, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>What is it divided by?</summary>
#
# Recall asks: of all that should be found, how much was? Dividing by `k` gives precision: of all that was shown, how much was wanted?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.metrics import recall_at_k`.
# </details>

# %% [markdown]
# Recall at 10 does not care whether the relevant document is first or tenth. A reader does. The **reciprocal rank** looks at the first relevant document alone:
# 1 if it is first, ½ if second, ⅓ if third. Its mean over many questions is MRR, *mean reciprocal rank*.
#
# ### Exercise 8: reciprocal rank   ·  ★☆☆ · 4 min · 1 point
#
# - `ranking`, `relevant`: as in exercise 7
# - returns: a Python float, 1 over the rank of the first relevant document, with ranks counted from 1; 0.0 if none is in the ranking


# %% exercise: reciprocal_rank forbid=["fasttrack.rag.metrics.reciprocal_rank"]
def reciprocal_rank(ranking: list, relevant: list) -> float:
    """1 over the rank of the first relevant document, or 0."""
    ### BEGIN SOLUTION
    for rank, name in enumerate(ranking, 1):
        if name in relevant:
            return 1 / rank
    return 0.0
    ### END SOLUTION


# %%
reciprocal_rank(["d", "a", "c", "b"], ["b", "a"]), reciprocal_rank(["d"], ["b"])  # look: 0.5 and 0.0

# %% test: reciprocal_rank points=1
check.reciprocal_rank(reciprocal_rank)
### BEGIN HIDDEN TESTS
check.reciprocal_rank(reciprocal_rank, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Which of the relevant documents?</summary>
#
# The one that the ranking has first, not the one that `relevant` names first. So the loop runs over the ranking.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.metrics import reciprocal_rank`.
# </details>

# %% [markdown]
# Where many documents are relevant, MRR is blind to all but one. **nDCG**, *normalised discounted cumulative gain* (Järvelin and Kekäläinen, 2002), looks at all of
# the first $k$ places. A relevant document at rank $r$ gains $1/\log_2(r + 1)$: 1 at rank 1, 0.63 at rank 2, 0.5 at rank 3, 0.29 at rank 10. The
# gains are summed, and divided by the largest sum that any ranking could have: relevant documents at all of the first $k$ ranks, as far as there are that many.
#
# ### Exercise 9: nDCG   ·  ★★☆ · 8 min · 3 points
#
# - `ranking`, `relevant`, `k`: as in exercise 7
# - returns: a Python float from 0 to 1: the sum of the gains of the relevant documents among the first `k`, divided by that of the best possible ranking at the same `k`


# %% exercise: ndcg forbid=["fasttrack.rag.metrics.ndcg", "sklearn.metrics.ndcg_score", "sklearn.metrics.dcg_score"]
def ndcg(ranking: list, relevant: list, k: int) -> float:
    """Normalised discounted cumulative gain at k, for documents that are relevant or not."""
    ### BEGIN SOLUTION
    gains = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
    gained = sum(gain for gain, name in zip(gains, ranking, strict=False) if name in relevant)
    return gained / sum(gains[: len(relevant)])
    ### END SOLUTION


# %%
ndcg(["d", "a", "c", "b"], ["a", "b"], 4)  # look: (0.6309 + 0.4307) / (1 + 0.6309) = 0.6509

# %% test: ndcg points=3
check.ndcg(ndcg)
### BEGIN HIDDEN TESTS
check.ndcg(ndcg, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>A perfect ranking does not get 1</summary>
#
# What could the best ranking gain? With 2 relevant documents and $k = 10$, two gains; with 50 relevant ones and $k = 10$, ten.
# </details>
# <details><summary>division by zero</summary>
#
# Ranks begin at 1 here, and $\log_2(1) = 0$: it is $\log_2(r + 1)$. With places from 0 it is $\log_2(\text{place} + 2)$.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.metrics import ndcg`.
# </details>

# %% [markdown]
# Which of them for our questions? A lesson has about thirty passages, so recall at 10 of *passages* could not exceed ⅓. Instead we ask which *lesson* is found: each
# lesson takes the place of its best passage, exactly one lesson is relevant, and recall at $k$ is then the share of questions whose lesson is among the first $k$.
# MRR is of lessons as well. nDCG is of passages, and asks how many of the first ten are from the right lesson.
#
# Two searches are compared card by card. The mean of the differences has a standard error: how far it would move with other cards like these. A difference of less than two of those may be luck.


# %% tags=["demo"]
MEASURES = ("recall@1", "recall@5", "MRR", "nDCG@10")


def measure(search, cards=cards) -> np.ndarray:
    """Four measures of each card: (cards, 4). `search` takes a question to places of passages, best first."""
    of_lesson = defaultdict(list)
    for place, passage in enumerate(passages):
        of_lesson[passage.lesson].append(place)
    rows = []
    for card in cards:
        ranking = search(card.question)
        lessons = list(dict.fromkeys(passages[place].lesson for place in ranking))
        found = [recall_at_k(lessons, [card.lesson], k) for k in (1, 5)]
        rows.append(
            [*found, reciprocal_rank(lessons, [card.lesson]), ndcg(ranking, of_lesson[card.lesson], 10)]
        )
    return np.array(rows)


def table(results: dict[str, np.ndarray]) -> None:
    print(f"{'':<34}" + "".join(f"{name:>10}" for name in MEASURES))
    for name, rows in results.items():
        print(f"{name:<34}" + "".join(f"{value:>10.3f}" for value in rows.mean(0)))


def change(one: str, other: str, results: dict[str, np.ndarray]) -> None:
    """How the reciprocal rank changes, card by card, from one search to another."""
    gains = (results[other] - results[one])[:, 2]
    error = gains.std(ddof=1) / math.sqrt(len(gains))
    print(f"{one} -> {other}: MRR {gains.mean():+.3f}, standard error {error:.3f},", end=" ")
    print(f"{(gains > 0).sum()} cards up, {(gains < 0).sum()} down")


def ranked(scores: np.ndarray) -> list[int]:
    return [place for place, _ in top_k(scores, 100)]


# %% [markdown]
# Against what? A ranking at random says what a number is worth. Then two plain scores: the count of part 1 with our tokenizer, and the number of
# *different* words shared, which is what saturation at $k_1 = 0$ leaves without idf. The latter is the number to beat.
#
# **Predict** the MRR of the four.


# %% tags=["demo"]
def random_search(question):
    return random.Random(question).sample(range(len(passages)), 100)


def count_search(question):
    terms = set(tokenize(question))
    return ranked(np.array([float(sum(term in terms for term in document)) for document in documents]))


def shared_search(question):
    terms = set(tokenize(question))
    return ranked(np.array([float(len(terms.intersection(document))) for document in documents]))


results = {
    "at random": measure(random_search),
    "shared words, each occurrence": measure(count_search),
    "shared words, each once": measure(shared_search),
    "BM25": measure(lambda question: ranked(bm25(tokenize(question), index, lengths))),
}
table(results)

# %% [markdown]
# At the time of writing the MRRs are about 0.17, 0.36, 0.67 and 0.85. Counting occurrences is better than chance, and far behind counting each word once: it finds long passages. BM25 puts the right lesson first
# for three questions of four, and among the first five for all but a few.
#
# ## 8. The neighbour: tf-idf
#
# Older than BM25, and still what scikit-learn has: **tf-idf**. A document is a vector with a place for each term, and in it count × idf. The similarity of
# question and document is the cosine of the angle between their vectors, that is, their dot product divided by both lengths, $\lVert x \rVert = \sqrt{\sum_w x_w^2}$. So a long
# document is scaled down as a whole, and no count saturates. scikit-learn's idf is yet another one:
#
# $$\text{idf}_{\text{sk}}(w) = \ln\frac{1 + N}{1 + n} + 1 \qquad\qquad x_w = t_w \cdot \text{idf}_{\text{sk}}(w)\qquad\qquad \cos = \frac{\sum_w x_w\, q_w}{\lVert x\rVert \,\lVert q \rVert}$$
#
# with $x$ the document's vector and $q$ the query's, whose counts are those of the terms in the query.
#
# ### Exercise 10: tf-idf   ·  ★★★ · 15 min · 3 points
#
# - `query`: a list of terms, possibly with repeats; terms that no document holds are left out of $q$, also of its length
# - `index`: as `inverted_index` makes it; `n_documents`: int ≥ 1, some documents may be empty
# - returns: float64 array `(documents,)`, the cosine of each document with the query; 0 for a document without terms, and everywhere for a query without known ones
#
# Without scikit-learn. (The test compares with it; loading it may take a while.) A cell below asks 240 questions and more: compute idf once for each term, not for each posting.


# %% exercise: tf_idf forbid=["sklearn.feature_extraction.text.TfidfVectorizer", "sklearn.feature_extraction.text.TfidfTransformer"]
def tf_idf(query: list[str], index: dict[str, list[tuple[int, int]]], n_documents: int) -> np.ndarray:
    """The cosine of the query's tf-idf vector with each document's: float64 (documents,)."""
    ### BEGIN SOLUTION
    worth = {term: math.log((1 + n_documents) / (1 + len(found))) + 1 for term, found in index.items()}
    asked = {term: count * worth[term] for term, count in Counter(query).items() if term in index}
    dots, squares = np.zeros(n_documents), np.zeros(n_documents)
    for term, postings in index.items():
        for document, count in postings:
            x = count * worth[term]
            squares[document] += x**2
            dots[document] += x * asked.get(term, 0.0)
    norms = np.sqrt(squares) * math.sqrt(sum(q**2 for q in asked.values()))
    return dots / np.where(norms > 0, norms, 1)
    ### END SOLUTION


# %%
tf_idf(["sat", "cat", "zebra"], tiny_index, 3).round(3)  # look: 0.46, 0.366, 0.378

# %% test: tf_idf points=3
check.tf_idf(tf_idf)
### BEGIN HIDDEN TESTS
check.tf_idf(tf_idf, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The ranking is right, the numbers are too large</summary>
#
# A cosine is at most 1. The length of a document's vector is over *all* its terms, not only those of the query: go through the whole index for it.
# </details>
# <details><summary>Some numbers are nan</summary>
#
# 0/0, for an empty document or a query of unknown words. Divide by 1 there.
# </details>
# <details><summary>How do I get at the terms of a document?</summary>
#
# You need not: go term by term, and add each posting's part to the sum of its document.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def tf_idf(query, index, n_documents):
#     from sklearn.feature_extraction.text import TfidfVectorizer
#     lists = [[] for _ in range(n_documents)]
#     for term, found in index.items():
#         for document, count in found:
#             lists[document] += [term] * count
#     model = TfidfVectorizer(analyzer=lambda terms: terms)
#     return (model.fit_transform(lists) @ model.transform([query]).T).toarray()[:, 0]
# ```
# </details>

# %% tags=["demo"]
results["tf-idf, cosine"] = measure(
    lambda question: ranked(tf_idf(tokenize(question), index, len(documents)))
)  # 10 to 30 seconds: each question goes through the whole index
table({name: results[name] for name in ("shared words, each once", "tf-idf, cosine", "BM25")})
change("tf-idf, cosine", "BM25", results)

# %% [markdown]
# On honest questions the two are close: is the difference more than two standard errors? On dishonest passages they are not. Take a passage that mentions the word *mask* once and deals with something else, and stuff it: append *mask* again
# and again, as pages did in the 1990s to be found. The query is *causal mask attention*. **Predict** how the passage fares against the best of the others, under both scores.

# %% tags=["demo"]
wanted_terms = ["causal", "mask", "attention"]
off_topic = [
    holding
    for holding, times_there in index["mask"]
    if times_there == 1 and not {"causal", "attention"} & set(documents[holding])
]
stuffed = min(off_topic, key=lambda holding: abs(lengths[holding] - 100))
added = [0, 1, 2, 5, 10, 15, 20, 30, 40, 50]
shares = {"tf-idf, cosine": [], "BM25": []}
for times_added in added:
    more = [*documents]
    more[stuffed] = documents[stuffed] + ["mask"] * times_added
    more_index, more_lengths = inverted_index(more), [len(document) for document in more]
    for method, scores in {
        "tf-idf, cosine": tf_idf(wanted_terms, more_index, len(more)),
        "BM25": bm25(wanted_terms, more_index, more_lengths),
    }.items():
        shares[method].append(float(scores[stuffed] / np.delete(scores, stuffed).max()))
plot.curves(
    added,
    shares,
    title="A passage stuffed with one word of three",
    xlabel="occurrences of “mask” that were added",
    ylabel="score / best other score",
)

# %% [markdown]
# Above 1 the stuffed passage comes first. Under tf-idf a handful of *mask* does it here. Both curves flatten, but at different heights. A stuffed vector points ever more in the one direction *mask*, and its cosine
# tends to that direction's share of the query, $q_\text{mask}/\lVert q\rVert$. A passage of real text, with many other words, comes nowhere near that. In BM25 a single term never brings more than its idf, however often it is repeated:
# it wins only where that exceeds what another passage collects with all three words. Here it does not. That is what saturation buys: **breadth beats repetition.**
#
# Time for another break.
#
# ## 9. Stems and stop words
#
# *divide*, *divides* and *divided* are three terms. A **stemmer** cuts endings by rules until related forms agree. It has no dictionary, so a stem need not be a
# word, and some relatives stay apart (look at *division*). And *the*, *of*, *is*: a list of **stop words** to leave out altogether. `STOP_WORDS` has the 33 of Lucene; `stem` is the Snowball stemmer for English.

# %%
from fasttrack.rag.text import STOP_WORDS, stem

print(
    {
        word: stem(word)
        for word in ("divide", "divides", "divided", "division", "scores", "training", "trained", "being")
    }
)
print(sorted(STOP_WORDS)[:12], "…")

# %% [markdown]
# ### Exercise 11: analyze   ·  ★☆☆ · 5 min · 2 points
#
# - `text`: a string
# - returns: the stems of its terms, in order, without the stop words. A term is a stop word if it is in `STOP_WORDS` *before* it is stemmed: *being* is none, though its stem is *be*
#
# Use your `tokenize`, and `STOP_WORDS` and `stem` as they are.


# %% exercise: analyze forbid=["fasttrack.rag.text.analyze", "fasttrack.rag.text.tokenize"]
def analyze(text: str) -> list[str]:
    """The stems of the terms of `text` that are no stop words."""
    ### BEGIN SOLUTION
    return [stem(term) for term in tokenize(text) if term not in STOP_WORDS]
    ### END SOLUTION


# %%
analyze(question)  # look: whi attent score divid squar root head size

# %% test: analyze points=2
check.analyze(analyze)
### BEGIN HIDDEN TESTS
check.analyze(analyze, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>"The" is still there</summary>
#
# The list is in lower case, as what `tokenize` returns.
# </details>
# <details><summary>A word has disappeared that is no stop word</summary>
#
# Its stem is one. Ask whether the term is a stop word, then take its stem.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.text import analyze`.
# </details>

# %% [markdown]
# **Predict:** which of the two helps more, stems or stop words?


# %% tags=["demo"]
def bm25_search(terms_of, k1=1.5, b=0.75):
    """A search by BM25 over all passages, with `terms_of` on both sides."""
    lists = [terms_of(text) for text in texts]
    own_index, own_lengths = inverted_index(lists), [len(document) for document in lists]
    return lambda question: ranked(bm25(terms_of(question), own_index, own_lengths, k1, b))


kinds = {
    "BM25, terms as they are": tokenize,
    "without stop words": lambda text: [term for term in tokenize(text) if term not in STOP_WORDS],
    "stems": lambda text: [stem(term) for term in tokenize(text)],
    "stems, without stop words": analyze,
}
stemmed = {name: measure(bm25_search(terms_of)) for name, terms_of in kinds.items()}
table(stemmed)
for kind in list(kinds)[1:]:
    change("BM25, terms as they are", kind, stemmed)

# %% [markdown]
# Stems probably help a little, where the question says *divided* and the lesson *divide*; they also throw together what differs, so some cards go down. Is it two standard errors? Stop words change hardly anything, one way or the other. idf had already
# made them worth next to nothing. They were invented when memory was dear; what they save is time, for their postings are the longest. (And they can hurt: try to find
# the band *The The*.)
#
# ## 10. Everything before the question
#
# Your `bm25` goes through postings in a Python loop, fast enough for this course. For a hundred thousand passages it is not. Look at the formula again: idf and weight
# depend on term and document, never on the query. The query only says which terms are summed. So compute each term's **part** for each of its documents when the index is
# built, and leave nothing but adding for the query. (That is the idea of BM25S, Xing Han Lù, 2024.) Adding an array to places of another is one call of NumPy.
#
# ### Exercise 12: BM25 class   ·  ★★★ · 20 min · 5 points
#
# - `BM25(documents, k1=1.5, b=0.75)`: `documents` a list of lists of terms, as in exercise 2
# - attribute `size`: int, the number of documents
# - attribute `parts`: a plain `dict`, for each term a pair of arrays of the same length: the documents that hold it, int64 in increasing order, and its part of their scores, float64
# - `scores(query)`: float64 `(size,)`, the same numbers as `bm25`. For each term of the query one addition of arrays, no loop over documents (while building, loops are fine)
# - `search(query, k=10)`: the `k` best as `top_k` gives them
# - no documents, or only empty ones: `scores` is all zeros and `search` finds nothing
#
# `array[places] += values` adds to several places at once, provided that none occurs twice in `places`.


# %% exercise: BM25 forbid=["fasttrack.rag.bm25.BM25", "fasttrack.rag.bm25.columns", "fasttrack.rag.bm25.numbered"]
class BM25:
    """BM25 (Lucene's form) with every term's part of every score computed in advance."""

    def __init__(self, documents: list[list[str]], k1: float = 1.5, b: float = 0.75) -> None:
        ### BEGIN SOLUTION
        self.size = len(documents)
        self.parts = {}
        lengths = [len(document) for document in documents]
        mean_length = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = [term_weight(count, lengths[place], mean_length, k1, b) for place, count in postings]
            self.parts[term] = (np.array([place for place, _ in postings]), worth * np.array(weights))
        ### END SOLUTION

    def scores(self, query: list[str]) -> np.ndarray:
        """The score of every document: float64 (size,)."""
        ### BEGIN SOLUTION
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                places, parts = self.parts[term]
                total[places] += parts
        return total
        ### END SOLUTION

    def search(self, query: list[str], k: int = 10) -> list[tuple[int, float]]:
        """The k best documents with their scores, best first."""
        ### BEGIN SOLUTION
        return top_k(self.scores(query), k)
        ### END SOLUTION


# %%
engine = BM25([analyze(text) for text in texts])
show(engine.search(analyze(question), 3))

# %% test: BM25 points=5
check.BM25(BM25)
### BEGIN HIDDEN TESTS
check.BM25(BM25, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>ZeroDivisionError with no documents</summary>
#
# There is no mean of nothing. Any number will do for `mean_length`, since no term will ask for it.
# </details>
# <details><summary>The dtype is wrong</summary>
#
# `np.array` of Python ints is int64, of floats float64; a list of places must not become floats on the way.
# </details>
# <details><summary>The scores are right, parts are not</summary>
#
# A part is the product of idf and weight: all that a document gets for one occurrence of the term in the query.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `from fasttrack.rag.bm25 import BM25`. (Its attributes are other ones; `scores` and `search` are the same.)
# </details>

# %% tags=["demo"]
queries = [analyze(card.question) for card in cards]
stems_of = [analyze(text) for text in texts]
stem_index, stem_lengths = inverted_index(stems_of), [len(document) for document in stems_of]
clock = {}
for name, search in {
    "postings in a loop": lambda query: top_k(bm25(query, stem_index, stem_lengths), 10),
    "parts computed in advance": lambda query: engine.search(query, 10),
}.items():
    start = time.perf_counter()
    found = [search(query) for query in queries]
    clock[name] = (time.perf_counter() - start) / len(queries)
    print(f"{name:<26} {1e3 * clock[name]:.3f} ms a question")

# %% [markdown]
# `fasttrack.rag.bm25.BM25` goes further: all parts in one array, one after another, instead of a dict of small ones; for the few terms
# that most documents hold, a plain array of all documents; and the best ten without sorting a hundred thousand. `benchmarks/bm25.py` measured it beside both libraries, in one run, on 100,000 synthetic
# passages of 110 words, each query 2 to 12 words of some passage, on a busy two-core machine:
#
# | | a query, median | building the index | memory |
# |---|---|---|---|
# | ours, float32 | 0.18 ms | 6 s | 79 MB |
# | `bm25s`, NumPy, float32 | 0.53 ms | 12 s | 83 MB |
# | `rank_bm25` | 463 ms | 4 s | 269 MB |
#
# `rank_bm25` visits every document for each term of a query. That is a reference to check against, not an engine.
#
# ## 11. Turning k1 and b
#
# Two parameters without a gradient: one tries a grid, which the fast engine makes cheap. Whoever picks the best of 45 settings by some questions and then reports the result on the same questions reports too
# much (lesson 01/03). So pick by the even cards, and look at the odd ones once.

# %% tags=["demo"]
terms_of = [analyze(text) for text in texts]
settings = [(k1, b) for k1 in (0, 0.3, 0.6, 0.9, 1.2, 1.5, 2, 3, 10) for b in (0, 0.25, 0.5, 0.75, 1)]


def lesson_mrr(cards, k1, b):
    tuned = BM25(terms_of, k1, b)
    return measure(lambda question: ranked(tuned.scores(analyze(question))), cards)[:, 2].mean()


mrr = {setting: lesson_mrr(cards[::2], *setting) for setting in settings}
chosen = max(mrr, key=mrr.get)
rows, columns = sorted({k1 for k1, _ in settings}), sorted({b for _, b in settings})
grid = np.array([[mrr[k1, b] - mrr[1.5, 0.75] for b in columns] for k1 in rows])
print(f"chosen by the even cards: k1 {chosen[0]}, b {chosen[1]}, MRR {mrr[chosen]:.3f} there")
print(
    f"on the odd cards: {lesson_mrr(cards[1::2], *chosen):.3f}, with the defaults {lesson_mrr(cards[1::2], 1.5, 0.75):.3f}"
)
plot.heatmap(
    grid,
    rows=[f"k1 = {k1:g}" for k1 in rows],
    columns=[f"{b:g}" for b in columns],
    mark=[(rows.index(1.5), columns.index(0.75))],
    title="MRR compared with the defaults (framed)",
    xlabel="b",
)

# %% [markdown]
# Three edges are bad: counts that hardly saturate ($k_1 = 10$), no counts at all ($k_1 = 0$), no regard to length ($b = 0$). The fourth, $b = 1$, may be as good as the middle. The rest is a plateau, and the defaults are on it. Half of the
# cards cannot tell its settings apart: one that moves from rank 2 to rank 1 changes MRR by nearly half a hundredth. So what the even cards choose is about as good as the defaults on the odd ones, whatever it gained on its own.
# Tune $k_1$ and $b$ last, after stems, headings and the size of passages.
#
# ## 12. What words can find, and what they cannot
#
# Everything together, and the number to beat once more:

# %% tags=["demo"]
final = {
    "at random": results["at random"],
    "shared words, each once": results["shared words, each once"],
    "tf-idf, cosine": results["tf-idf, cosine"],
    "BM25": results["BM25"],
    "BM25, stems": measure(lambda question: [place for place, _ in engine.search(analyze(question), 100)]),
}
table(final)
plot.ladder(
    {name: float(rows[:, 2].mean()) for name, rows in final.items()},
    yours={"tf-idf, cosine", "BM25", "BM25, stems"},
    title="Which lesson does a recap question belong to?",
    xlabel="mean reciprocal rank",
)

# %% [markdown]
# At the time of writing your engine reaches an MRR of about 0.86, where shared words have 0.67 and chance 0.17. And the best known? On the same questions all-MiniLM-L6-v2, a network of 22 million parameters
# trained on a billion pairs of texts that belong together, reaches 0.80 by itself (lesson 02), and the two rankings together 0.88, by a rule of lesson 03. So here words beat meaning, as long as questions are asked in the author's
# words. It is no oddity, either: on the 18 collections of the benchmark BEIR, dense retrievers (networks that search by vectors, as in lesson 02) that had not been trained on the collection often did worse than BM25 ([Thakur et al., 2021]).
#
# What is left are questions whose words the lesson does not use:

# %% tags=["demo"]
misses = []
for card in cards:
    lessons = list(
        dict.fromkeys(passages[place].lesson for place, _ in engine.search(analyze(card.question), 100))
    )
    rank = lessons.index(card.lesson) + 1 if card.lesson in lessons else 0
    misses.append((rank or 99, card.question, card.lesson, lessons[0]))
for rank, asked, wanted, got in sorted(misses, reverse=True)[:5]:
    print(f"rank {rank:>2} of {wanted}: {asked}\n        first came {got}")

# %% [markdown]
# And none of our cards was written by somebody who does not know the words. Ask as such a person would. **Predict** which of these finds what was meant:

# %% tags=["demo"]
for asked in (
    "how do I stop a network from memorising its homework?",  # overfitting
    "the numbers blow up when I go deeper",  # exploding gradients
    "my loss is nan",
):
    print(asked)
    show(engine.search(analyze(asked), 2))

# %% [markdown]
# At the time of writing the first comes to the right lesson, by its harmless words, and the other two to passages that happen to hold *deeper* or *nan*.
# To BM25 two different words have nothing in common, however close their meaning. Lesson 02 gives texts places in a space where they are neighbours. What BM25 does better than anything that
# learned is the opposite case: a name, an identifier, an error message, which has to be met to the letter.
#
# ### Ask the course
#
# What you keep of this lesson. Ask something you wondered about in an earlier one.


# %% tags=["demo"]
def ask(question: str, k: int = 3) -> None:
    """Print the passages of this course that fit a question best, with their links."""
    for place, score in engine.search(analyze(question), k):
        passage = passages[place]
        print(f"{score:.1f}  {passage.link}\n\n{passage.text[:300]} …\n")


ask("What does a pre-norm block have that a post-norm block has not?", 2)

# %% [markdown]
# ## Recap
#
# **Q:** Why does a search engine score passages instead of filtering them by the words of a question?\
# **A:** Hardly any passage holds all words, nearly every one holds some. A score lets a passage miss words and still come first.
#
# **Q:** What is an inverted index, and what does it save?\
# **A:** For each term the documents that hold it, with counts. A query looks only at documents that share a term with it.
#
# **Q:** What does inverse document frequency measure?\
# **A:** How much it tells that a document holds a term: about ln(N/n) nats, near 0 for a term in every document.
#
# **Q:** What is wrong with the idf of Robertson and Spärck Jones for common terms, and how does Lucene mend it?\
# **A:** It is negative for terms in more than half of the documents, which punishes documents for holding them. Lucene adds 1 inside the logarithm.
#
# **Q:** What do k1 and b do in BM25?\
# **A:** k1 says how soon the count of a term saturates: 0 means present or not, a large one proportional to the count. b says how far a document's length is compared with the mean length.
#
# **Q:** How does a passage stuffed with one word of a query fare under BM25 and under tf-idf with cosine?\
# **A:** With BM25 a term never brings more than its idf, so it wins only where that exceeds what others collect with several terms. With tf-idf stuffing turns the whole vector towards the word, and its cosine soon exceeds that of real passages, which point towards many words.
#
# **Q:** Why do two libraries give different BM25 scores for the same documents?\
# **A:** They use other variants: another idf for common terms, a factor k1 + 1 or none, other defaults for k1, other tokenizers.
#
# **Q:** What is the difference between recall at k, mean reciprocal rank and nDCG?\
# **A:** Recall at k is the share of relevant documents among the first k, wherever. Reciprocal rank looks at the first relevant one alone. nDCG counts all among the first k, less the lower they stand, relative to the best possible ranking.
#
# **Q:** Why do stop words matter so little to BM25, and why can stems help?\
# **A:** idf already makes words that are everywhere worth next to nothing. Without stems, forms such as divide and divided have no term in common.
#
# **Q:** How can a BM25 query be reduced to additions?\
# **A:** idf and weight do not depend on the query, so each term's part is computed for each of its documents when the index is built.
#
# **Q:** Which questions does a search by words fail at, and which does it answer better than vectors?\
# **A:** It fails where question and passage use different words for one thing. It is best at names, identifiers and error messages, which must be met to the letter.

# %% [markdown]
# ## Glossary
#
# - **passage**, **document**: the unit that is searched and ranked
# - **term**: what is compared: a word after tokenizing, perhaps a stem
# - **inverted index**: for each term the documents that hold it
# - **postings**: one term's list in the inverted index
# - **idf**: inverse document frequency, what it tells that a document holds a term
# - **saturation**: the more often a term has occurred, the less another occurrence adds
# - **BM25**: idf times saturating, length-corrected term frequency, summed over the query
# - **tf-idf**: count times idf; with cosine, the ranking before BM25
# - **stemmer**: rules that cut words to stems
# - **stop word**: a word so common that it is left out
# - **relevance judgement**: which documents answer a query, decided by people
# - **recall at k**: share of the relevant documents among the first k
# - **MRR**: mean reciprocal rank of the first relevant document
# - **nDCG**: gains discounted by rank, relative to the best ranking

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **Fields.** A word in the heading tells more than one in the text. Repeat headings twice or three times before tokenizing: what does MRR say? BM25F (Zaragoza et al., 2004) does it properly.
# 2. **Typos.** Index runs of three letters instead of words. How much recall is lost on the recap cards, and how much is won when each question has one letter exchanged?
# 3. **Answers as queries.** Take the best three passages, add their rarest terms to the query and search again (*pseudo-relevance feedback*). When does it help, and what happens when the first results were wrong?

# %% [markdown]
# ## To go deeper
#
# - Robertson and Zaragoza, [The probabilistic relevance framework: BM25 and beyond], 2009: where each part of the formula comes from
# - Kamphuis, de Vries, Boytsov and Lin, [Which BM25 do you mean?], 2020: eight variants, and how little they differ in effect
# - Manning, Raghavan and Schütze, [Introduction to information retrieval], chapters 1, 6, 8 and 11
# - Xing Han Lù, [BM25S], 2024: all parts in advance
# - Thakur et al., [BEIR], 2021: BM25 against neural retrievers on 18 collections they were not trained on
#
# [The probabilistic relevance framework: BM25 and beyond]: https://www.staff.city.ac.uk/~sbrp622/papers/foundations_bm25_review.pdf
# [Which BM25 do you mean?]: https://cs.uwaterloo.ca/~jimmylin/publications/Kamphuis_etal_ECIR2020_preprint.pdf
# [Introduction to information retrieval]: https://nlp.stanford.edu/IR-book/
# [BM25S]: https://arxiv.org/abs/2407.03618
# [BEIR]: https://arxiv.org/abs/2104.08663
# [Thakur et al., 2021]: https://arxiv.org/abs/2104.08663
# [Kamphuis et al., 2020]: https://cs.uwaterloo.ca/~jimmylin/publications/Kamphuis_etal_ECIR2020_preprint.pdf
