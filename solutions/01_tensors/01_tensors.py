# %% [markdown]
# # Tensors
#
# **After this lesson** you can say, for any tensor operation, which numbers in memory it reads and whether
# it copies them, and you have written, from such operations alone, the loss that every language model in
# this course is trained on.
#
# About 140 minutes, with a break after part 5 · 11 exercises, 22 points · builds on: Python; NumPy helps.
#
# **How a lesson works.** Run the cells from top to bottom. An exercise is a function that raises
# `NotImplementedError`: replace that line. The cell after it shows what your function does on something
# small; the cell after that is the test, and it says what is wrong. Where a cell asks for a prediction,
# write yours down before you run it.
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where much of what follows needs a function, its last hint
# has a line that stands in for it, so that you can go on and come back.
#
# **Without …** Where one call would make an exercise trivial, the exercise says so: "Without
# `torch.softmax`". The grader refuses that call in every spelling, the checks' own helpers included, and
# names it. Your test cell does not look for it.

# %%
import io
import math
import time
from itertools import zip_longest

import numpy as np
import torch

from fasttrack import plot
from fasttrack.check import tensors as check
from fasttrack.data import names

# %% [markdown]
# ## Where this sits
#
# A language model turns a text into numbers, guesses what comes next, and is told how wrong it was. From
# the ids on, every station is a tensor:

# %% tags=["demo"]
plot.pipeline(
    {
        "text": "emma.",
        "ids": "[5, 13, 13, 1, 0]",
        "model": "parameters",
        "logits": "(time, vocab_size)",
        "log-probs": "(time, vocab_size)",
        "loss": "one number",
    },
    here={"ids", "logits", "log-probs", "loss"},
)

# %% [markdown]
# The blue stations are this lesson:
#
# - **ids**: each character as a whole number. `time` is how many characters the text has, `vocab_size` how
#   many different ones there are.
# - **logits**: for each position, one real number for each character that might come next; the larger, the
#   more likely. Part 8 makes probabilities of them.
# - **log-probs**: the logarithms of these probabilities.
# - **loss**: how improbable the model found what really came. Part 9 builds it.
#
# The box *model* stays almost empty until unit 04; at the end of this lesson it holds 27 numbers, and that
# is enough to beat guessing.
#
# ## 1. A bug without an error message
#
# Here are 100 points near the line $y = 3x - 1$. The next cell fits a line $wx + b$ to them by gradient
# descent on the mean squared error
#
# $$L(w, b) = \frac{1}{n} \sum_{i=1}^{n} (w x_i + b - y_i)^2$$
#
# with $n = 100$ points, inputs $x_i$, targets $y_i$, slope $w$ and intercept $b$, all scalars. The two
# gradient lines are the derivatives of $L$, worked out by hand. (Lesson 02 has PyTorch do that.)
#
# A seeded `torch.Generator` gives the same random numbers on every run; `.item()` makes a Python number of a
# tensor with one element.

# %% tags=["demo"]
generator = torch.Generator().manual_seed(0)
xs = 2 * torch.rand(100, 1, generator=generator)  # (100, 1): 100 points of one feature
ys = 3 * xs[:, 0] - 1 + 0.3 * torch.randn(100, generator=generator)  # (100,)


def fit_line(x, y, steps=400, lr=0.1):
    w, b = 0.0, 0.0
    for step in range(steps):
        error = x * w + b - y
        w -= lr * 2 * (error * x).mean().item()
        b -= lr * 2 * error.mean().item()
        if step % 80 == 0:
            print(f"step {step:3d}   loss {(error**2).mean().item():.3f}")
    return w, b


found = fit_line(xs, ys)

# %% [markdown]
# No error, no warning, and the loss falls and settles.
#
# **Predict:** which slope and intercept has it found?

# %% tags=["demo"]
print(f"slope {found[0]:.2f}, intercept {found[1]:.2f}")
plot.fit(
    xs[:, 0],
    ys,
    {f"found: {found[0]:.2f} x + {found[1]:.2f}": found, "true: 3 x − 1": (3, -1)},
    title="What the bug learns",
)

# %% [markdown]
# A flat line. The loss did go down: the best flat line is the mean of $y$, and that is what was found. Both
# gradients are right. The fault is in the *shape* of `error`, and you will find it in part 5 with what
# comes before it.
#
# Keep this in mind for the whole course: a wrong shape often runs, and often trains. That is why every
# tensor here has its shape beside it.
#
# ## 2. A tensor is a row of numbers and a way to walk it
#
# Memory has no rows and columns. A tensor is a flat **storage** and a recipe for reading it:
#
# | attribute | says |
# |---|---|
# | `shape` | how many elements along each dimension |
# | `stride` | how many places in storage to move for one step along each dimension |
# | `storage_offset` | the place where element `[0, …, 0]` lies |
# | `dtype` | what the bytes of one element mean |
# | `device` | whose memory it is (appendix C) |
#
# New tensors come from numbers you have, `torch.tensor([[1, 2], [3, 4]])`, or from a shape: `zeros(2, 3)`,
# `ones`, `rand`, `randn`. Python ints become int64; with one float among them, all become float32. If you know
# NumPy, appendix A sets its names beside PyTorch's.

# %% tags=["nbval-check-output"]
x = torch.arange(12).reshape(3, 4)
print(x)
print("shape ", tuple(x.shape))
print("stride", x.stride())
print("offset", x.storage_offset())
print("dtype ", x.dtype)
print("device", x.device)

# %% [markdown]
# Stride `(4, 1)`: one row down is 4 places further in storage, one column to the right is 1 place further.
# Arrows of one colour are the same step, in the grid and in storage.

# %% tags=["demo"]
plot.strides({"x": x})

# %% [markdown]
# So where in storage is `x[1, 2]`? One step of 4 and two steps of 1: place 6. The loop checks the rule for
# all twelve elements. (`as_strided(shape, stride)` reads a storage by a recipe of your own, here place by
# place.)

# %% tags=["nbval-check-output"]
storage = x.as_strided((12,), (1,))  # (12,)
for i in range(3):
    for j in range(4):
        assert storage[i * 4 + j * 1] == x[i, j]
print(f"x[1, 2] = {x[1, 2]}, storage[1 * 4 + 2 * 1] = {storage[6]}")

# %% [markdown]
# ### Exercise 1: element offset   ·  ★☆☆ · 3 min · 1 point
#
# Return the place in storage of the element at `index`:
#
# $$\text{offset} + \sum_d \text{index}_d \cdot \text{stride}_d$$
#
# where $d$ runs over the dimensions.
#
# - `index`: tuple of ints ≥ 0, one for each dimension; `stride`: tuple of ints ≥ 0
# - `storage_offset`: int, the place of the first element
# - returns: int
# - a tensor without dimensions has `index` and `stride` `()`
# - an `index` shorter or longer than `stride` raises `ValueError`


# %% exercise: element_offset
def element_offset(index: tuple[int, ...], stride: tuple[int, ...], storage_offset: int = 0) -> int:
    """The place in storage of the element at `index`; ValueError if `index` and `stride` differ in length."""
    ### BEGIN SOLUTION
    return storage_offset + sum(i * step for i, step in zip(index, stride, strict=True))
    ### END SOLUTION


# %%
element_offset((1, 2), x.stride()), element_offset((2, 3), x.stride())  # look: 6, and the last place, 11

# %% test: element_offset points=1
check.element_offset(element_offset)
### BEGIN HIDDEN TESTS
check.element_offset(element_offset, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>It works for two dimensions only</summary>
#
# Pair the entries of `index` and `stride` whatever their number: `zip` does that, and a sum over the pairs
# follows.
# </details>
# <details><summary>No error for an index that is too short</summary>
#
# `zip` stops silently at its shorter argument. It has a keyword that turns this into a `ValueError`.
# </details>

# %% [markdown]
# ## 3. Views and copies
#
# If shape and stride are only a recipe, a new recipe over the same storage is a new tensor. It costs
# nothing: no element moves. Such a tensor is called a **view**.
#
# **Predict:** what are shape and stride of `x.T`, the transpose of `x`? (`data_ptr()` is the address of a
# tensor's first element.)

# %% tags=["nbval-check-output"]
print("x    shape", tuple(x.shape), "stride", x.stride())
print("x.T  shape", tuple(x.T.shape), "stride", x.T.stride())
print("same address:", x.data_ptr() == x.T.data_ptr())

# %% [markdown]
# Transposing swaps two entries of the recipe. Here is `x` with three views of its storage:

# %% tags=["demo"]
plot.strides({"x": x, "x.T": x.T, "x[:, 1:3]": x[:, 1:3], "x[0].expand(3, 4)": x[0].expand(3, 4)})

# %% [markdown]
# - **x.T** reads the same twelve numbers in another order: down is now 1, right is now 4.
# - **x[:, 1:3]** starts at place 1 and skips two places between rows. The dashed places are never read, but
#   they stay in memory.
# - **x[0].expand(3, 4)** has three rows and reads the four places of one. Its row stride is **0**: a step
#   down stays where it is. Part 5 lives on this.
#
# ### Two equal tensors, one of which refuses
#
# `turned` and `fresh` have the same shape, the same dtype and the same elements. **Predict:** what can
# differ?

# %% tags=["nbval-check-output"]
turned = x.T  # (4, 3)
fresh = torch.tensor(turned.tolist())  # (4, 3), built from plain numbers
print("equal: ", torch.equal(turned, fresh))
print("fresh: ", fresh.view(12).tolist())
try:
    print("turned:", turned.view(12).tolist())
except RuntimeError as error:
    print("turned:", str(error).split(" (")[0])

# %% [markdown]
# `view(12)` never copies, so it needs *one* stride that walks all twelve elements in order. For `fresh` that
# is 1. `turned` would have to visit the places 0, 4, 8, 1, 5, …, and no single step does that.
#
# | you write | it gives |
# |---|---|
# | `turned.view(12)` | a view, or an error |
# | `turned.reshape(12)` | a view if one exists, else a copy, without telling you |
# | `turned.contiguous()` | itself if its elements already lie in reading order, else a copy in which they do |

# %% tags=["demo"]
plot.strides({"turned = x.T": turned, "turned.contiguous()": turned.contiguous()})

# %% [markdown]
# The grids are equal. In storage, the copy has moved its numbers into reading order, so stride 1 walks them
# all: it is **contiguous**. Shape and stride are enough to tell.
#
# ### Exercise 2: is contiguous   ·  ★★☆ · 6 min · 2 points
#
# In reading order the last dimension moves fastest. Return whether the elements, taken in reading order, lie
# in places that follow each other, without gap or repetition.
#
# - `shape`: tuple of ints ≥ 1; `stride`: tuple of ints ≥ 0 of the same length
# - returns: bool
# - along a dimension of size 1 no step is ever taken, so its stride may be anything
# - a tensor without dimensions, `()`, is contiguous
#
# Without `torch.Tensor.is_contiguous`.


# %% exercise: is_contiguous forbid=[".is_contiguous", "torch.Tensor.is_contiguous"]
def is_contiguous(shape: tuple[int, ...], stride: tuple[int, ...]) -> bool:
    """Whether a tensor of this shape and stride lies in storage in reading order, without gaps."""
    ### BEGIN SOLUTION
    expected = 1
    for d in reversed(range(len(shape))):
        if shape[d] != 1 and stride[d] != expected:
            return False
        expected *= shape[d]
    return True
    ### END SOLUTION


# %%
for view in (x, x.T, x[1:], x[:, 1:3], x[:, :1]):  # look: only x and x[1:]
    print(
        f"shape {tuple(view.shape)!s:<7} stride {view.stride()!s:<7}",
        is_contiguous(view.shape, view.stride()),
    )

# %% test: is_contiguous points=2
check.is_contiguous(is_contiguous)
### BEGIN HIDDEN TESTS
check.is_contiguous(is_contiguous, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>x[:, 1:3] passes, and it should not</summary>
#
# Its strides fall from left to right and end in 1, and yet two places are skipped after each row. What
# must the stride of the rows be, exactly?
# </details>
# <details><summary>Right for two dimensions, wrong for three</summary>
#
# One step along a dimension passes over everything in the dimensions after it, not only the next one.
# Start at the last dimension and keep a running product.
# </details>
# <details><summary>Wrong where a size is 1</summary>
#
# Its own stride does not matter. The strides of the other dimensions still do.
# </details>

# %% [markdown]
# ### View or copy?
#
# A view has the same storage as its source; `untyped_storage()` is that storage. **Predict** each line before
# you run the cell: *view* or *copy*?

# %% tags=["nbval-check-output"]
tries = {
    "x[1]": x[1],
    "x[:, ::2]": x[:, ::2],
    "x[[0, 2]]": x[[0, 2]],
    "x[x > 5]": x[x > 5],
    "x.reshape(2, 6)": x.reshape(2, 6),
    "x.T.reshape(12)": x.T.reshape(12),
    "x[:, None, :]": x[:, None, :],
    "x + 0": x + 0,
    "x.long()": x.long(),
    "x.float()": x.float(),
}
for code, result in tries.items():
    shared = result.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()
    print(f"{code:<16} {'view' if shared else 'copy'}")

# %% [markdown]
# Integers, slices, `None`, transposes and `expand` give a view: a regular step describes what they read. A
# list or a mask always copies, even where its places happen to be regular, as in `x[[0, 2]]`. Arithmetic
# makes new numbers. `x.long()` is `x` itself, because it was int64 already: a conversion to the dtype that is
# there does nothing.
#
# ### In-place surprises
#
# A view shares its numbers in both directions. **Predict** what `z` holds after each block.

# %% tags=["nbval-check-output"]
z = torch.zeros(2, 3)
first = z[0]
first = first + 1  # a new tensor; the name first now stands for it
print("first = first + 1", z.tolist())

first = z[0]
first += 1  # in place: writes to the storage of z
print("first += 1       ", z.tolist())

z[z > 0].zero_()  # the mask made a copy, and the copy is zeroed
print("z[z > 0].zero_() ", z.tolist())

z[z > 0] = 0  # assignment through a mask writes to z
print("z[z > 0] = 0     ", z.tolist())

# %% [markdown]
# Methods that end in an underscore (`zero_`, `add_`, `clamp_`) and `+=`, `*=`, … write in place. Most
# damage is done across a function call:


# %% tags=["nbval-check-output"]
def center(data):
    data -= data.mean()  # the caller's tensor changes
    return data


heights = torch.tensor([1.0, 2.0, 6.0])
print("centered", center(heights).tolist())
print("heights ", heights.tolist())

# %% [markdown]
# `data = data - data.mean()` would have left `heights` alone. Every check in this course fails a function
# that changes its arguments.
#
# Writing to a broadcast tensor is worse, since several elements are one place in memory. PyTorch refuses:

# %% tags=["nbval-check-output"]
try:
    torch.zeros(3).expand(2, 3).add_(1)
except RuntimeError as error:
    print(str(error).split(". ")[0])

# %% [markdown]
# ## 4. dtype and bytes
#
# A dtype decides three things: how many bytes an element takes, how far apart neighbouring numbers are, and
# how large a number can get.

# %% tags=["nbval-check-output"]
print("dtype           bytes   next after 1.0   largest")
for dtype in (torch.float64, torch.float32, torch.float16, torch.bfloat16):
    info = torch.finfo(dtype)
    print(f"{dtype!s:<15} {dtype.itemsize:>5}   1 + {info.eps:<10.2g}   {info.max:.2g}")
for dtype in (torch.int64, torch.uint8, torch.bool):
    print(f"{dtype!s:<15} {dtype.itemsize:>5}")

# %% [markdown]
# Floats are dense near zero and sparse far out: the gap doubles at each power of two. Both axes below are
# logarithmic.

# %% tags=["demo"]
numbers = 2 ** torch.linspace(-2, 19.99, 2000, dtype=torch.float64)
gaps = {}
for dtype in (torch.bfloat16, torch.float16, torch.float32):
    gap = torch.finfo(dtype).eps * 2 ** numbers.log2().floor()
    gaps[str(dtype).removeprefix("torch.")] = gap.where(numbers <= torch.finfo(dtype).max, torch.nan)
plot.curves(numbers, gaps, title="Distance to the next number", xlabel="number", ylabel="distance", log=True)

# %% [markdown]
# float16 ends at 65,504. bfloat16 reaches as far as float32 and pays with precision: above 256 it has no
# odd numbers.
#
# **Predict** the four results.

# %% tags=["nbval-check-output"]
print(torch.tensor(256, dtype=torch.bfloat16) + 1)
print(torch.tensor(1, dtype=torch.bfloat16) + 0.001)
print(torch.tensor(60_000, dtype=torch.float16) * 2)
print(torch.tensor(200, dtype=torch.uint8) + 100)

# %% [markdown]
# The second line matters most: a parameter of 1.0 in bfloat16 cannot take an update of 0.001. Training
# therefore keeps parameters in float32 and computes in bfloat16 (07/02 does so). Integers do not overflow to
# `inf`: they wrap around, 300 − 256 = 44.
#
# What happens where dtypes meet? **Predict:** which of these three lines runs?

# %% tags=["nbval-check-output"]
single, double, whole = torch.ones(2), torch.ones(2, dtype=torch.float64), torch.tensor([5, 13])
for code in ("single + double", "single @ double", "whole.mean()"):
    try:
        print(f"{code}:", eval(code).dtype)
    except RuntimeError as error:
        print(f"{code}: error, {error}")

# %% [markdown]
# Arithmetic takes the wider dtype and does not tell you; a product of matrices or vectors refuses. The
# float64 comes mostly from NumPy, whose default it is: it doubles the memory, or ends in this error.
# `.float()` where data enters settles both. And token ids are int64 (*Long*), on which no mean is defined.

# %% [markdown]
# ### What a small view keeps alive
#
# `table` holds 256 numbers for each of 10,000 tokens, 10 MB, as the embedding of a language model does (part
# 6). We save **one row** of it, 1 KB of numbers, to a file.
#
# **Predict** the size of the file.


# %%
table = torch.zeros(10_000, 256)  # float32


# %% tags=["demo"]
def saved_bytes(tensor):
    file = io.BytesIO()
    torch.save(tensor, file)
    return file.tell()


print(f"table[0]          {saved_bytes(table[0]):>12,} bytes")
print(f"table[0].clone()  {saved_bytes(table[0].clone()):>12,} bytes")

# %% [markdown]
# A view holds on to its whole storage, in memory and in the file. `clone` the part you keep.
#
# So a tensor has three sizes:
#
# - **storage**: all that it keeps alive, `untyped_storage().nbytes()`. For `table[0]` that is 10 MB, and its
#   shape and stride do not know.
# - **dense**: its elements alone, as a contiguous copy would hold them.
# - **span**: from its first element to its last, with all that lies between and is never read. No storage it
#   lives in can be smaller.
#
# The last two follow from shape, stride and dtype, before anything is allocated.
#
# ### Exercise 3: tensor bytes   ·  ★★☆ · 8 min · 2 points
#
# Return two of the three sizes, in bytes: `(dense, span)`.
#
# - `shape`, `stride`: tuples of ints of the same length, all ≥ 0; `dtype`: name such as `"float32"`,
#   `"bfloat16"`, `"bool"`
# - returns: tuple of two ints
#   - item 0, `dense`: every element once
#   - item 1, `span`: from the first byte of the first element to the last byte of the last element
# - shape `()` is one element; a size of 0 means no elements: `(0, 0)`
#
# `getattr(torch, "float32")` is the dtype `torch.float32`, and a dtype has an `itemsize`.


# %% exercise: tensor_bytes
def tensor_bytes(shape: tuple[int, ...], stride: tuple[int, ...], dtype: str) -> tuple[int, int]:
    """(dense, span): bytes of a contiguous copy, and from the first element to the end of the last."""
    ### BEGIN SOLUTION
    itemsize = getattr(torch, dtype).itemsize
    elements = math.prod(shape)
    if elements == 0:
        return 0, 0
    last = element_offset(tuple(size - 1 for size in shape), stride)
    return elements * itemsize, (last + 1) * itemsize
    ### END SOLUTION


# %%
for part in (table, table[0], table[:, 0], table[0].expand(10_000, 256)):
    print(
        f"shape {tuple(part.shape)!s:<14} stride {part.stride()!s:<10}",
        tensor_bytes(part.shape, part.stride(), "float32"),
    )

# %% test: tensor_bytes points=2
check.tensor_bytes(tensor_bytes)
### BEGIN HIDDEN TESTS
check.tensor_bytes(tensor_bytes, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My span is right for table, and wrong for table[:, 0]</summary>
#
# The number of elements says nothing about the span of a view. Ask instead: at which place in storage is
# the *last* element? You have a function for that.
# </details>
# <details><summary>My span is one element short</summary>
#
# The last element starts at its place and takes room itself.
# </details>
# <details><summary>An empty tensor gets a span</summary>
#
# With a size of 0 there is no last element, and the formula for its place means nothing. Treat that case
# first.
# </details>

# %% [markdown]
# What you should have seen: a column of the table is 40 KB of numbers spread over 10 MB; the broadcast row
# would be 10 MB of numbers and reads 1 KB. The row `table[0]` is small either way, and still keeps 10 MB
# alive.
#
# One more use, before memory runs out rather than after. At each position of a text, GPT-2 gives one logit
# for each of its 50,257 tokens. For 8 texts of 1,024 positions, in float32:

# %%
dense, span = tensor_bytes((8, 1024, 50_257), (1024 * 50_257, 50_257, 1), "float32")
print(f"{dense / 1e9:.2f} GB")

# %% [markdown]
# 1.65 GB, more than three times the model's own 0.50 GB of parameters. In training, the last tensor is
# often the largest.
#
# ## 5. Broadcasting
#
# A column `(3, 1)` plus a row `(4,)`:

# %%
column = torch.tensor([[0], [10], [20]])  # (3, 1)
row = torch.tensor([0, 1, 2, 3])  # (4,)
print(column + row)  # (3, 4)

# %% tags=["demo"]
plot.broadcast(column, row)

# %% [markdown]
# Solid cells are stored, dashed cells are read again with stride 0. The same as a loop:

# %% tags=["nbval-check-output"]
total = torch.empty(3, 4, dtype=torch.int64)
for i in range(3):
    for j in range(4):
        total[i, j] = column[i, 0] + row[j]  # the dimension of size 1 always reads index 0
print(torch.equal(total, column + row))

# %% [markdown]
# The rule, for two shapes:
#
# 1. Write them one above the other, **aligned at the right**.
# 2. Where one has no dimension, put a 1.
# 3. In each place the sizes must be equal, or one of them 1. A 1 stretches to the other size.
#
# ```
# a         5  1  4            a      2  3            a      3  4
# b            3  1            b         2            b      4  3
# result    5  3  4            error: 3 and 2         error: 4 and 3
# ```
#
# Nothing is copied for it. Only a size of 1 stretches: 3 does not stretch to 6.
#
# ### Exercise 4: broadcast shape   ·  ★★☆ · 10 min · 3 points
#
# Write the rule, in plain Python.
#
# - `a`, `b`: tuples of ints ≥ 0, of any length, also `()`
# - returns: tuple of ints, the shape that `a` and `b` broadcast to
# - shapes that do not match raise `ValueError`
# - 0 is a size like any other: 1 stretches to 0, and 3 does not match 0
#
# Without `torch.broadcast_shapes`, in NumPy's spelling too. (`zip_longest` from `itertools` is imported; you
# need not use it.)


# %% exercise: broadcast_shape forbid=["torch.broadcast_shapes", "torch.functional.broadcast_shapes", "torch.broadcast_tensors", "torch.functional.broadcast_tensors", "numpy.broadcast_shapes", "numpy.broadcast_arrays", "numpy.broadcast"]
def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that tensors of shapes `a` and `b` broadcast to; ValueError if they do not match."""
    ### BEGIN SOLUTION
    result = []
    for p, q in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if p != q and p != 1 and q != 1:
            raise ValueError(f"sizes {p} and {q} do not match")
        result.append(q if p == 1 else p)
    return tuple(reversed(result))
    ### END SOLUTION


# %%
for shapes in [((3, 1), (4,)), ((5, 1, 4), (3, 1)), ((), (2, 3)), ((100, 1), (100,))]:
    print(*shapes, "->", broadcast_shape(*shapes))

# %% test: broadcast_shape points=3
check.broadcast_shape(broadcast_shape)
### BEGIN HIDDEN TESTS
check.broadcast_shape(broadcast_shape, seed=7)
check.broadcast_shape(broadcast_shape, seed=8)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>(2, 3) and (2,) pass, and they should not</summary>
#
# They are lined up from the left. Walk both from the end, or pad the shorter one at its front.
# </details>
# <details><summary>(1,) and (0,) give (1,)</summary>
#
# The result is not the larger size. It is the *other* size wherever one is 1.
# </details>
# <details><summary>The sizes come out in the wrong order</summary>
#
# If you walk from the last dimension to the first, so does your list.
# </details>

# %% [markdown]
# `(100, 1)` and `(100,)`, the last line that you looked at, was the bug of part 1. `xs * w + b` has shape
# `(100, 1)` and `ys` has shape `(100,)`:

# %% tags=["demo"]
prediction = 3 * xs - 1  # (100, 1): the true line
error = prediction - ys  # not (100,)
print(tuple(prediction.shape), tuple(ys.shape), tuple(error.shape))
plot.grid(
    error[:6, :6],
    "error, its first 6 of 100 rows and columns",
    row_label="prediction",
    column_label="target",
    mark=[(i, i) for i in range(6)],
)

# %% [markdown]
# Every prediction was compared with *every* target. Only the framed ones are wanted. To please all targets at
# once, the best answer to any $x$ is the mean of $y$: a flat line.
#
# The fix is one dimension: `ys[:, None]` has shape `(100, 1)`. Indexing with `None` puts a dimension of size
# 1 there, without a copy.

# %% tags=["demo"]
fixed = fit_line(xs, ys[:, None])
plot.fit(
    xs[:, 0],
    ys,
    {f"found: {fixed[0]:.2f} x − {-fixed[1]:.2f}": fixed, "true: 3 x − 1": (3, -1)},
    title="After ys[:, None]",
)

# %% [markdown]
# The loss ends at 0.07, close to the variance of the noise, 0.3² = 0.09. Before, it stuck at 2.95, the
# variance of $y$ itself, which is what a flat line leaves. Had you known what to expect, you would have seen
# the bug at once: **know the loss you should get.** Part 10 asks this of a language model.
#
# Broadcasting on purpose is one of the most useful things there are. Here is the smallest case.
#
# ### Exercise 5: outer sum   ·  ★☆☆ · 2 min · 1 point
#
# Every element of `a` plus every element of `b`. A loop passes, too; you need none.
#
# - `a`: `(n,)`, `b`: `(m,)`, of the same dtype
# - returns: `(n, m)` of that dtype, with `a[i] + b[j]` at `[i, j]`


# %% exercise: outer_sum
def outer_sum(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """a[i] + b[j] at [i, j]: `(n,)`, `(m,)` -> `(n, m)`."""
    ### BEGIN SOLUTION
    return a[:, None] + b
    ### END SOLUTION


# %% tags=["demo"]
plot.grid(outer_sum(torch.arange(0, 50, 10), torch.arange(7)), "outer_sum", row_label="a", column_label="b")

# %% test: outer_sum points=1
check.outer_sum(outer_sum)
### BEGIN HIDDEN TESTS
check.outer_sum(outer_sum, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The size of tensor a must match the size of tensor b</summary>
#
# `(n,)` and `(m,)` meet in the same place. Which of the two must move one place to the left, and what does
# `None` do in an index?
# </details>
# <details><summary>My result is transposed</summary>
#
# Rows belong to `a`: it is `a` that becomes a column.
# </details>

# %% [markdown]
# How much does it save to write no loop? Each `+` in a loop goes through Python's interpreter, PyTorch's
# search for the code that fits dtype and device, and an allocation; the broadcast goes through them once.

# %% tags=["demo"]
many = torch.rand(150)

start = time.perf_counter()
slow = torch.stack([torch.stack([many[i] + many[j] for j in range(150)]) for i in range(150)])
loop_seconds = time.perf_counter() - start

outer_sum(many, many)  # the first call pays for setting up
start = time.perf_counter()
fast = outer_sum(many, many)
print(f"loop {1e3 * loop_seconds:.0f} ms, broadcast {1e3 * (time.perf_counter() - start):.3f} ms")

# %% [markdown]
# **Half-way.** A good place for a break. You can say where an element lies, what is copied, and why the line
# came out flat. What follows is a language model's loss, built from these operations.
#
# ## 6. Choosing elements
#
# A text becomes tensors by numbering its characters. In this course's names, 1 to 26 stand for a to z, and
# 0, written as a dot, for the end of a name.

# %% tags=["nbval-check-output"]
letters = ".abcdefghijklmnopqrstuvwxyz"
vocab_size = len(letters)  # 27
ids = torch.tensor([letters.index(letter) for letter in "emma."])  # (5,) int64
print(vocab_size, ids.tolist())

# %% [markdown]
# An id is a label, not an amount: `m` is not thirteen times `a`. To compute with it, give each class its
# own position: a row of zeros with a single 1, **one-hot**.
#
# From here on, functions work for any number of dimensions. What helps with that:
#
# - `dim=-1` is the last dimension, whatever their number, -2 the one before.
# - In an index, `...` stands for all dimensions not named, and `None` adds one of size 1.
# - `unsqueeze(dim)` adds a dimension of size 1, too; `squeeze(dim)` takes it away again.
#
# **Predict** the four shapes. (`torch.eye(n)` is the identity matrix.)

# %% tags=["nbval-check-output"]
block = torch.zeros(2, 3)
print(tuple(block.sum(-1).shape), tuple(block[..., None].shape))
print(tuple(block.unsqueeze(0).shape), tuple(block[..., None].squeeze(-1).shape))
print(torch.eye(3))

# %% [markdown]
# ### Exercise 6: one hot   ·  ★★☆ · 5 min · 2 points
#
# - `targets`: int64 of any shape `(...)`, also `()`, with values from 0 to `vocab_size - 1`
# - `vocab_size`: int; not every class need occur in `targets`
# - returns: float32 `(..., vocab_size)`, all 0 but a 1 at each target
#
# Without `torch.nn.functional.one_hot`. A comparison that broadcasts will do, or rows of `torch.eye`.


# %% exercise: one_hot forbid=["torch.nn.functional.one_hot"]
def one_hot(targets: torch.Tensor, vocab_size: int) -> torch.Tensor:
    """A 1 at each target: int64 `(...)` -> float32 `(..., vocab_size)`."""
    ### BEGIN SOLUTION
    zeros = targets.new_zeros(*targets.shape, vocab_size, dtype=torch.float32)  # (..., vocab_size)
    return zeros.scatter(-1, targets[..., None], 1.0)
    ### END SOLUTION


# %% tags=["demo"]
plot.grid(one_hot(ids, vocab_size), "one_hot of emma.", rows=list("emma."), columns=list(letters))

# %% test: one_hot points=2
check.one_hot(one_hot)
### BEGIN HIDDEN TESTS
check.one_hot(one_hot, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>expected dtype torch.float32</summary>
#
# A comparison gives bool, and PyTorch's own one-hot is int64. Parameters are float32, and matrix products do
# not mix dtypes.
# </details>
# <details><summary>It fails for targets of shape (2, 3) or ()</summary>
#
# `targets[:, None]` is made for one dimension. `...` in an index stands for all dimensions there are.
# </details>
# <details><summary>The last classes are missing</summary>
#
# The largest target in a batch need not be the last class. Only `vocab_size` says how many there are.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `one_hot = lambda t, size: torch.nn.functional.one_hot(t, size).float()`. The grader
# still counts the exercise as not written.
# </details>

# %% [markdown]
# What is it good for? A one-hot row times a matrix is a row of the matrix. **Predict** the two shapes and
# whether the results agree.

# %%
embedding = torch.arange(27 * 2.0).reshape(27, 2)  # (vocab_size, 2): two numbers for each letter
by_product = one_hot(ids, vocab_size) @ embedding  # (5, 27) @ (27, 2)
by_index = embedding[ids]  # (5, 2)
print(tuple(by_product.shape), tuple(by_index.shape), torch.equal(by_product, by_index))

# %% [markdown]
# The product multiplies 27 numbers to keep one. The index reads the row. This lookup is the **embedding**
# layer at the bottom of every language model, and the index is how it is computed.
#
# Indexing with a tensor of ids puts the ids' shape in place of the indexed dimension: `embedding[ids]` is
# `ids.shape + (2,)`.
#
# ### One element from each row
#
# At the top of the model the question is turned round. For each position there is a row of
# log-probabilities, one for each class, and a target class. We want the one number that belongs to it.

# %%
log_probs = torch.tensor([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8]]).log()  # (4, 3)
targets = torch.tensor([0, 2, 1, 0])  # (4,)
print([round(log_probs[i, targets[i]].item(), 2) for i in range(4)])  # the loop

# %% tags=["demo"]
plot.grid(
    log_probs,
    "log-probabilities; framed: the targets",
    row_label="position",
    column_label="class",
    mark=list(enumerate(targets.tolist())),
)

# %% [markdown]
# **Predict** the shape of `log_probs[:, targets]`.

# %% tags=["nbval-check-output"]
print(tuple(log_probs[:, targets].shape))

# %% [markdown]
# Not `(4,)`: the slice `:` keeps all rows, and *every* target is read from *every* row. The wanted numbers
# are its diagonal. (Part 1 again.)
#
# `gather` pairs them up. For a matrix and `dim=1`:
#
# ```
# out[i, j] = input[i, index[i, j]]
# ```
#
# `index` must have as many dimensions as `input`; `out` has the shape of `index`.

# %% [markdown]
# ### Exercise 7: pick   ·  ★★☆ · 6 min · 2 points
#
# - `log_probs`: float `(..., vocab_size)`, possibly not contiguous; entries may be `-inf`, the logarithm of 0
# - `targets`: int64 `(...)`, with values from 0 to `vocab_size - 1`
# - returns: `(...)` of the dtype of `log_probs`: at each position the entry of its target
# - `...` is any number of dimensions, also none, and any of them may be 1


# %% exercise: pick
def pick(log_probs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """The entry of each target: `(..., vocab_size)`, int64 `(...)` -> `(...)`."""
    ### BEGIN SOLUTION
    return log_probs.gather(-1, targets[..., None]).squeeze(-1)
    ### END SOLUTION


# %%
pick(log_probs, targets)  # look: the framed numbers

# %% test: pick points=2
check.pick(pick)
### BEGIN HIDDEN TESTS
check.pick(pick, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Index tensor must have the same number of dimensions as input tensor</summary>
#
# `targets` has one dimension less. Which one, and how do you add it?
# </details>
# <details><summary>expected shape (n,), got (n, 1)</summary>
#
# `out` has the shape of `index`, and you gave `index` one more dimension. Take it away again.
# </details>
# <details><summary>It works, except for a batch of 1</summary>
#
# `squeeze()` removes *every* dimension of size 1. Say which one you mean.
# </details>

# %% [markdown]
# ## 7. einsum: name the dimensions
#
# Every product of tensors is a loop over some indices with a sum over others. `einsum` lets you write just
# the indices. A letter that is missing on the right of the arrow is summed over.
#
# ```
# "ik,kj->ij"      out[i, j] = sum over k of  a[i, k] * b[k, j]
# ```

# %% tags=["nbval-check-output"]
a = torch.arange(6).reshape(2, 3)  # (i, k)
b = torch.arange(12).reshape(3, 4)  # (k, j)
out = torch.zeros(2, 4, dtype=torch.int64)
for i in range(2):
    for j in range(4):
        for k in range(3):
            out[i, j] += a[i, k] * b[k, j]
print(torch.equal(out, torch.einsum("ik,kj->ij", a, b)), torch.equal(out, a @ b))

# %% [markdown]
# | einsum | is |
# |---|---|
# | `"ij->ji"` | transpose |
# | `"ij->i"` | the sum of each row |
# | `"i,i->"` | dot product |
# | `"i,j->ij"` | outer product |
# | `"bik,bkj->bij"` | a matrix product for each `b` |
# | `"bqd,bkd->bqk"` | every query against every key: the scores of attention (06/01) |
# | `"ii->i"` | the diagonal: a repeated letter walks both dimensions together |
#
# **Predict** the shape of the next result, and what is in it.

# %% tags=["demo"]
texts = torch.arange(24.0).reshape(2, 4, 3)  # (batch, time, features)
similarity = torch.einsum("bqd,bkd->bqk", texts, texts)
print(tuple(similarity.shape))
plot.grid(similarity[0], "dot products of the 4 positions of text 0", row_label="q", column_label="k")

# %% [markdown]
# ### Exercise 8: batched trace   ·  ★☆☆ · 3 min · 1 point
#
# The trace of a square matrix is the sum of its diagonal. Return the trace of each matrix of a batch. Other
# ways pass, too, but one `einsum` does it.
#
# - `x`: `(batch, n, n)`, float or int64
# - returns: `(batch,)` of the same dtype


# %% exercise: batched_trace
def batched_trace(x: torch.Tensor) -> torch.Tensor:
    """The sum of each matrix's diagonal: `(batch, n, n)` -> `(batch,)`."""
    ### BEGIN SOLUTION
    return torch.einsum("bii->b", x)
    ### END SOLUTION


# %%
batched_trace(torch.arange(18).reshape(2, 3, 3))  # look: 0 + 4 + 8 and 9 + 13 + 17

# %% test: batched_trace points=1
check.batched_trace(batched_trace)
### BEGIN HIDDEN TESTS
check.batched_trace(batched_trace, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I get the diagonals, not their sums</summary>
#
# A letter that stays on the right of the arrow is kept. Which one should go?
# </details>
# <details><summary>I get one number for the whole batch</summary>
#
# Nothing on the right means: sum over everything. The batch has a letter, too.
# </details>

# %% [markdown]
# ## 8. Reductions, and numbers too large for a float
#
# `x.sum(dim)` removes a dimension. Read `dim` as **the dimension that disappears**. It is the same for `mean`,
# for `amax`, the largest number, and for `argmax`, its index.

# %% tags=["demo"]
plot.reductions(torch.arange(12).reshape(3, 4))

# %% [markdown]
# With `keepdim=True` it stays, with size 1: here, a column. Without it the three sums are a *row*, whatever they are
# sums of. So dividing a matrix by its row sums goes wrong, and on a *square* matrix without any error:
#
# **Predict** the row sums of `wrong`. Are they 1?

# %% tags=["nbval-check-output"]
tally = torch.tensor([[1.0, 3.0], [8.0, 8.0]])  # (2, 2)
wrong = tally / tally.sum(1)  # (2, 2) / (2,)
right = tally / tally.sum(1, keepdim=True)  # (2, 2) / (2, 1)
print("wrong", wrong.sum(1).tolist())
print("right", right.sum(1).tolist())

# %% [markdown]
# `(2,)` is aligned at the right: the sum of row 0 divided *column* 0. Unit 04 meets this one again in a
# model that still produces almost plausible names.
#
# ### From scores to probabilities
#
# A model's last layer gives **logits** $z$, one real number for each of the $V$ classes, shape `(V,)`.
# **Softmax** makes them positive and lets them sum to 1:
#
# $$p_i = \frac{e^{z_i}}{\sum_{j=1}^{V} e^{z_j}}$$
#
# with $p_i$ the probability of class $i$; $p$ has shape `(V,)`. Written as it stands:


# %% tags=["nbval-check-output"]
def naive_softmax(z):
    return z.exp() / z.exp().sum()


print(naive_softmax(torch.tensor([0.0, 1.0, 2.0])))
print(naive_softmax(torch.tensor([1000.0, 1001.0, 1002.0])))

# %% [markdown]
# $e^{89}$ is already more than a float32 can hold, so `exp` gives `inf`, and `inf / inf` is `nan`. At the
# other end $e^{-104}$ is rounded to 0, and $0/0$ is `nan` as well.
#
# But the two inputs above should give the *same* answer. Adding a constant $c$ to all logits multiplies
# numerator and denominator by $e^c$. So we may choose $c = -m$ with $m = \max_j z_j$: the largest exponent
# is then $e^0 = 1$, nothing overflows, and the sum is at least 1.
#
# The same idea for the logarithm of the sum, which the loss needs:
#
# $$\operatorname{logsumexp}(z) = \log \sum_j e^{z_j} = m + \log \sum_j e^{z_j - m}$$
#
# It is a smooth maximum. For two numbers $z$ and 0:

# %% tags=["demo"]
z = torch.linspace(-6, 6, 121)  # (121,)
smooth = torch.logaddexp(z, torch.zeros(121))  # the log-sum-exp of two numbers
plot.curves(
    z,
    {"log(exp(z) + exp(0))": smooth, "max(z, 0)": z.clamp(min=0)},
    xlabel="z",
    ylabel="value",
    title="A smooth maximum",
)

# %% [markdown]
# ### Exercise 9: log-sum-exp   ·  ★★★ · 10 min · 3 points
#
# - `x`: float tensor of any shape; `dim`: int, may be negative (-1 is the last)
# - returns: `logsumexp` over `dim`, in the dtype of `x`; `dim` disappears
# - stable: entries of ±1e4 give finite results, and slices of very different level do not disturb each
#   other
# - single entries may be `-inf`, as models write it where a choice is ruled out: they add $e^{-\infty} = 0$; each
#   slice has a finite entry
#
# Without `torch.logsumexp` and `torch.log_softmax`: use `exp`, `log`, sums and maxima.


# %% exercise: logsumexp forbid=["torch.logsumexp", ".logsumexp", "torch.special.logsumexp", "torch.logcumsumexp", ".logcumsumexp", "torch.log_softmax", ".log_softmax", "torch.nn.functional.log_softmax", "torch.special.log_softmax", "torch.nn.LogSoftmax"]
def logsumexp(x: torch.Tensor, dim: int) -> torch.Tensor:
    """log(sum(exp(x))) over `dim`, without overflow; `dim` disappears."""
    ### BEGIN SOLUTION
    top = x.amax(dim, keepdim=True)
    return (x - top).exp().sum(dim).log() + top.squeeze(dim)
    ### END SOLUTION


# %%
extreme = torch.tensor([[0.0, 0.0], [1000.0, 1000.0], [-1000.0, 0.0]])  # (3, 2)
logsumexp(extreme, dim=1).tolist()  # look: ln 2 = 0.693, 1000 + ln 2, 0

# %% test: logsumexp points=3
check.logsumexp(logsumexp)
### BEGIN HIDDEN TESTS
check.logsumexp(logsumexp, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>I get inf, nan or -inf</summary>
#
# Something went through `exp` that was not yet shifted, or was shifted by a number from another row. Each
# slice along `dim` has its own maximum.
# </details>
# <details><summary>The size of tensor a must match the size of tensor b</summary>
#
# The maximum must broadcast against `x`, so it keeps its dimension. The result must not have it. You need
# both forms.
# </details>
# <details><summary>torch.max gives me two things</summary>
#
# `x.max(dim)` returns values and indices. `x.amax(dim)` returns the values.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `logsumexp = torch.logsumexp`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# ### Exercise 10: softmax   ·  ★★☆ · 5 min · 2 points
#
# - `x`: float tensor of any shape; `dim`: int, may be negative
# - returns: same shape and dtype; positive, summing to 1 along `dim`
# - stable as in exercise 9; an entry of `-inf` gets exactly 0
#
# Without `torch.softmax` and `torch.log_softmax`.


# %% exercise: softmax forbid=["torch.softmax", ".softmax", "torch.nn.functional.softmax", "torch.special.softmax", "torch.nn.Softmax", "torch.nn.functional.softmin", "torch.nn.Softmin", "torch.log_softmax", ".log_softmax", "torch.nn.functional.log_softmax", "torch.special.log_softmax", "torch.nn.LogSoftmax"]
def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    """exp(x) normalised to sum to one along `dim`; same shape and dtype."""
    ### BEGIN SOLUTION
    exps = (x - x.amax(dim, keepdim=True)).exp()
    return exps / exps.sum(dim, keepdim=True)
    ### END SOLUTION


# %%
softmax(torch.tensor([1000.0, 1001.0, 1002.0]), dim=0)  # look: as for 0, 1, 2

# %% test: softmax points=2
check.softmax(softmax)
### BEGIN HIDDEN TESTS
check.softmax(softmax, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My rows don't sum to one, but the shape is right</summary>
#
# Which dimension was summed, and along which one did the division run? See the square matrix at the start
# of this part.
# </details>
# <details><summary>I get nan for large numbers</summary>
#
# Shift before `exp`, as in exercise 9.
# </details>
# <details><summary>I use my logsumexp, and near 1e4 the fourth digit is wrong</summary>
#
# $p_i = e^{z_i - \operatorname{logsumexp}(z)}$ is right on paper. But near 1e4 neighbouring float32 numbers are
# 0.001 apart, and an error of 0.0005 in the exponent is one of 0.05 % in $p_i$. Shift first: then all
# numbers that count are small.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `softmax = torch.softmax`. The grader still counts the exercise as not written.
# </details>

# %% [markdown]
# What do logits mean? Only their differences count: a logit larger by 1 than another has $e \approx 2.7$ times
# its probability. Dividing all logits by a **temperature** before softmax makes the choice sharper (below 1)
# or more even (above 1).

# %% tags=["demo"]
z = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0])  # (5,) logits
plot.bars(
    [f"{logit:g}" for logit in z.tolist()],
    {f"temperature {t:g}": softmax(z / t, dim=0) for t in (0.5, 1, 2)},
    title="softmax(z / temperature)",
    xlabel="logit",
    ylabel="probability",
)

# %% [markdown]
# ## 9. The loss of every language model
#
# The model gives the true next token a probability $p$. How bad is that? **Surprise** is $-\ln p$, measured
# in *nats*: 0 for certainty, more the less the model expected what came.

# %% tags=["demo"]
p = torch.linspace(0.005, 1, 400)
plot.curves(
    p,
    {"surprise": -p.log()},
    xlabel="probability of what came",
    ylabel="−ln p  (nats)",
    title="The price of a probability",
)

# %% [markdown]
# **Cross-entropy** is the mean surprise over all positions:
#
# $$L = -\frac{1}{n} \sum_{i=1}^{n} \ln p_{i,\,t_i}
#     = \frac{1}{n} \sum_{i=1}^{n} \left( \operatorname{logsumexp}(z_i) - z_{i,\,t_i} \right)$$
#
# with $n$ positions, $z_i$ the logits at position $i$, shape `(vocab_size,)`, $t_i$ its target, and $p_i$
# the softmax of $z_i$. The second form takes the logarithm of softmax on paper: no probability is ever
# computed, so none can be rounded to zero and become $\ln 0$.
#
# By hand, for one position with logits 2, 1, 0 and target 0:

# %% tags=["nbval-check-output"]
p = math.exp(2) / (math.exp(2) + math.exp(1) + math.exp(0))
print(f"probability {p:.4f}, surprise {-math.log(p):.4f}")
print(f"log-sum-exp minus logit: {math.log(math.exp(2) + math.exp(1) + math.exp(0)) - 2:.4f}")

# %% [markdown]
# ### Exercise 11: cross-entropy   ·  ★★★ · 8 min · 3 points
#
# Build it from your `logsumexp` and your `pick`, without `torch.nn.functional.cross_entropy`, `nll_loss` and
# `log_softmax`.
#
# - `logits`: float `(..., vocab_size)`, any real numbers, possibly not contiguous
# - `targets`: int64 `(...)`, with values from 0 to `vocab_size - 1`
# - returns: a tensor of shape `()` in the dtype of `logits`: the mean over all positions
# - `...` is any number of dimensions, also none
# - a model that is sure and wrong, by a difference of 1e4 in logits, gets a loss of 1e4, not `inf`


# %% exercise: cross_entropy forbid=["torch.nn.functional.cross_entropy", "torch.nn.CrossEntropyLoss", "torch.nn.functional.nll_loss", "torch.nn.NLLLoss", "torch.log_softmax", ".log_softmax", "torch.nn.functional.log_softmax", "torch.special.log_softmax", "torch.nn.LogSoftmax"]
def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean surprise in nats: `(..., vocab_size)`, int64 `(...)` -> `()`."""
    ### BEGIN SOLUTION
    return (logsumexp(logits, -1) - pick(logits, targets)).mean()
    ### END SOLUTION


# %%
print(cross_entropy(torch.tensor([2.0, 1.0, 0.0]), torch.tensor(0)))  # look: 0.4076, as by hand
print(cross_entropy(torch.zeros(5, vocab_size), ids), math.log(27))  # look: no idea at all costs ln 27

# %% test: cross_entropy points=3
check.cross_entropy(cross_entropy)
### BEGIN HIDDEN TESTS
check.cross_entropy(cross_entropy, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>My loss is negative</summary>
#
# The log of a probability is at most 0. Which of the two terms carries the minus sign?
# </details>
# <details><summary>inf, or a strange ceiling near 20</summary>
#
# You go through probabilities. A tiny one becomes 0 and $\ln 0$ is `-inf`; adding an epsilon caps the loss
# instead. The second form of the equation needs neither.
# </details>
# <details><summary>The value is a little off, and the shapes have three dimensions</summary>
#
# Is the sum over `vocab_size`, the *last* dimension? Is the mean over all positions?
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. The grader still counts the exercise as not written.
#
# ```
# def cross_entropy(logits, targets):
#     rows = logits.reshape(-1, logits.shape[-1])  # (positions, vocab_size)
#     return torch.nn.functional.cross_entropy(rows, targets.reshape(-1))
# ```
# </details>

# %% [markdown]
# PyTorch's own is `torch.nn.functional.cross_entropy`; your test compares with it. Mind its layout: it
# wants the classes in dimension **1**, `(n, vocab_size, time)`, so `(n, time, vocab_size)` has to be
# flattened to `(n * time, vocab_size)` first. If `time` happens to equal `vocab_size`, the wrong layout
# runs without an error.

# %%
generator = torch.Generator().manual_seed(1)
logits = torch.randn(4, 27, 27, generator=generator)  # (n, time, vocab_size) with time = 27
goals = torch.arange(4 * 27).reshape(4, 27) % 27  # (n, time)
their = torch.nn.functional.cross_entropy
print(f"yours            {cross_entropy(logits, goals):.4f}")
print(f"torch, flattened {their(logits.reshape(-1, 27), goals.reshape(-1)):.4f}")
print(f"torch, as it is  {their(logits, goals):.4f}   the classes are in the wrong place")

# %% [markdown]
# ## 10. A first language model
#
# Time for real data: given names, in one long tensor, each followed by a dot.

# %% tags=["demo"]
text = ".".join(names()) + "."
corpus = torch.tensor([letters.index(letter) for letter in text])  # (n,) int64: the ids of all names
print(f"{len(names()):,} names, {len(corpus):,} characters with the dots")
print(text[:70], "…")
print(corpus[:20].tolist(), "…")

# %% [markdown]
# **Model 0** knows nothing: all logits are 0, at every position. `expand` gives it a row of logits for each
# character without storing more than 27 numbers.
#
# **Predict** its loss before you run the cell.

# %% tags=["demo"]
n = len(corpus)
uniform = cross_entropy(torch.zeros(vocab_size).expand(n, vocab_size), corpus)
print(f"uniform: {uniform:.4f} nats per character")

# %% [markdown]
# $\ln 27 = 3.2958$, whatever the text. **That is the number to beat.** It is also what any freshly
# initialised model should score; if one starts at 20, its initialisation is broken (04/03).
#
# **Model 1** counts how often each letter occurs, the dot included. Which logits make softmax return these
# shares? The logarithms of the counts:
#
# $$\operatorname{softmax}(\ln c)_i = \frac{e^{\ln c_i}}{\sum_j e^{\ln c_j}} = \frac{c_i}{\sum_j c_j}$$
#
# with $c$ the counts, shape `(27,)`.

# %% tags=["demo"]
counts = one_hot(corpus, vocab_size).sum(0)  # (27,): a sum over all positions
probabilities = softmax(counts.log(), dim=0)  # (27,)

# %% tags=["demo"]
plot.bars(
    list(letters),
    {"share": probabilities},
    title="How often each letter occurs",
    xlabel="letter",
    ylabel="share",
)

# %% [markdown]
# One character in seven is the dot, since names have about six letters. **Predict:** how far below 3.2958 does
# the loss fall for a model that knows these shares, and nothing else?

# %% tags=["demo"]
unigram = cross_entropy(counts.log().expand(n, vocab_size), corpus)
print(f"letter counts: {unigram:.4f} nats per character, {uniform - unigram:.4f} better than uniform")

# %% [markdown]
# The first model that beats guessing, and the best there is among those that ignore what came before: no
# other 27 logits score lower on this text. (See *Going further*.) What does it write? `torch.multinomial`
# draws ids at random, each as often as its probability says.

# %% tags=["demo"]
generator = torch.Generator().manual_seed(0)
sample = torch.multinomial(probabilities, 80, replacement=True, generator=generator)  # (80,) int64
print("".join(letters[i] for i in sample.tolist()).replace(".", ".  "))

# %% [markdown]
# Plausible letters in no order at all. A letter is chosen without looking at the one before it, and that is
# what the models of unit 04 change. How far they come is known for the public set `names.txt`. Its 32,033
# names are others than these, so letter counts, too, have another loss there:
#
# | model | what it looks at | loss on names.txt | measured on |
# |---|---|---|---|
# | uniform | nothing | 3.2958 | any text |
# | **letter counts** (this lesson) | nothing, but knows the letters | 2.8227 | the names that were counted |
# | bigram (04/01) | one letter back | 2.4540 | the names that were counted |
# | MLP (04/02) | three letters back | 2.1701 | held-out names |
# | WaveNet (04/05) | eight letters back | 1.9937 | held-out names |
#
# The last two are from Karpathy's makemore lectures. An MLP has parameters enough to learn names by heart, so
# only names it never saw count; 27 or 729 counts are too few for that.

# %% tags=["demo"]
plot.ladder(
    {
        "uniform": uniform,
        "letter counts": unigram,
        "letter counts, names.txt": 2.8227,
        "bigram": 2.4540,
        "MLP, held-out names": 2.1701,
        "WaveNet, held-out names": 1.9937,
    },
    yours=["uniform", "letter counts"],
    key=("these names, by your functions", "names.txt, for comparison"),
    title="From guessing to WaveNet",
    xlabel="nats per character (less is better)",
)

# %% [markdown]
# The models change from here on. The loss does not: the function you wrote is the one that trains GPT.
#
# ## Recap
#
# **Q:** What are the stride and the storage offset of a tensor?\
# **A:** The stride says how many places in storage to move for one step along each dimension, the storage
# offset where element [0, …, 0] lies. The element at an index lies at the offset plus the sum of index
# times stride.
#
# **Q:** Why does `x.T.view(12)` fail for a `(3, 4)` tensor while `x.T.reshape(12)` works?\
# **A:** `view` never copies, and no single stride visits the transposed elements in order. `reshape` falls
# back on a copy.
#
# **Q:** Which kinds of indexing return a view, and which a copy?\
# **A:** Integers, slices, `None` and `...` return a view, because a regular step describes them. A list, an
# index tensor or a boolean mask always returns a copy.
#
# **Q:** Why can saving one row of a large embedding table write the whole table to disk?\
# **A:** A row is a view and holds on to its whole storage, which `torch.save` writes. `clone` the row
# first.
#
# **Q:** What is the broadcasting rule?\
# **A:** Align the shapes at the right, fill missing dimensions with 1; in each place the sizes must be
# equal or one of them 1, which stretches with stride 0.
#
# **Q:** Predictions have shape `(n, 1)` and targets `(n,)`. What goes wrong in their difference?\
# **A:** It broadcasts to `(n, n)` and compares every prediction with every target, without an error. A
# linear model then learns the mean of the targets.
#
# **Q:** Why does dividing a square matrix by `x.sum(1)` not normalise its rows?\
# **A:** The sums have shape `(n,)` and align with the columns. `keepdim=True` keeps them as a column `(n,
# 1)`.
#
# **Q:** How do you pick, at each position, the log-probability of its target?\
# **A:** `log_probs.gather(-1, targets[..., None]).squeeze(-1)`. Plain indexing `log_probs[:, targets]`
# reads every target from every row.
#
# **Q:** How is softmax kept from overflowing, and why is that allowed?\
# **A:** Subtract the maximum along `dim` before `exp`. Adding a constant to all logits multiplies numerator
# and denominator alike, so softmax does not change.
#
# **Q:** What is the cross-entropy loss of a language model, in terms of logits?\
# **A:** The mean over all positions of logsumexp of the logits minus the logit of the target: the mean
# surprise −ln p of what came, in nats.
#
# **Q:** Which loss do you expect from an untrained model over 27 characters, and why?\
# **A:** ln 27 = 3.2958 nats per character, because equal logits give each character the probability 1/27.

# %% [markdown]
# ## Glossary
#
# - **storage**: the flat row of elements in memory that one or more tensors read
# - **stride**: places in storage to move for one step along a dimension
# - **view**: a tensor that shares the storage of another
# - **contiguous**: laid out in storage in reading order, last dimension fastest, without gaps
# - **in-place operation**: one that writes its result into the storage of an argument; its method name ends
#   in an underscore
# - **broadcasting**: reading a dimension of size 1 as often as another tensor needs, with stride 0
# - **one-hot**: a vector of zeros with a single 1 at the position of a class
# - **embedding**: a table with one row of numbers for each token, read by index
# - **logits**: real-valued scores, one for each class, before softmax
# - **softmax**: exp, then division by the sum: scores become probabilities
# - **log-sum-exp**: the logarithm of the sum of exponentials, a smooth maximum
# - **temperature**: a number that divides the logits before softmax; below 1 sharper, above 1 more even
# - **surprise**: −ln of the probability given to what happened
# - **nat**: the unit of surprise with the natural logarithm; 1 nat is 1.4427 bits
# - **cross-entropy**: the mean surprise of a model over data
# - **unigram model**: a model that predicts from how often each token occurs, whatever came before

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **One letter back.** Replace the 27 logits by a table `(27, 27)`, one row for each preceding letter,
#    filled from counts of pairs. Index it with the ids, as an embedding. How far below the unigram does
#    your `cross_entropy` fall? What do you do about pairs that never occur?
# 2. **Nothing beats the counts.** Add small random numbers to the 27 logits, 1,000 times, and plot a
#    histogram of the losses. Then prove it: the difference to the best loss is a Kullback–Leibler
#    divergence.
# 3. **Windows without a copy.** A model that looks eight letters back reads overlapping windows of `corpus`,
#    shape `(n - 7, 8)`. With `torch.as_strided` they cost no memory: which strides? What does your
#    `tensor_bytes` say of them?

# %% [markdown]
# ## To go deeper
#
# - Edward Yang, [PyTorch internals]: storage, strides and the dispatcher, by one of its authors
# - PyTorch's own pages on [tensor views] and [broadcasting semantics]
# - Gilbert Strang, [18.06 Linear Algebra]: what the matrix products mean (unit 02)
# - Andrej Karpathy, [makemore, part 1]: bigrams on names.txt, and the keepdim trap in the wild
# - 3Blue1Brown, [Neural networks]: what all these tensors are about to do
#
# [PyTorch internals]: http://blog.ezyang.com/2019/05/pytorch-internals/
# [tensor views]: https://docs.pytorch.org/docs/stable/tensor_view.html
# [broadcasting semantics]: https://docs.pytorch.org/docs/stable/notes/broadcasting.html
# [18.06 Linear Algebra]: https://ocw.mit.edu/courses/18-06-linear-algebra-spring-2010/
# [makemore, part 1]: https://www.youtube.com/watch?v=PaCmpygFfXo
# [Neural networks]: https://www.3blue1brown.com/topics/neural-networks

# %% [markdown]
# ## Appendix A. From NumPy to PyTorch
#
# | NumPy | PyTorch | mind |
# |---|---|---|
# | `np.array([1, 2.5])` | `torch.tensor([1, 2.5])` | float32, where NumPy has float64 |
# | `np.zeros((2, 3))`, `np.ones`, `np.arange` | `torch.zeros(2, 3)`, `torch.ones`, `torch.arange` | |
# | `rng.random`, `rng.standard_normal`, `rng.integers` | `torch.rand`, `torch.randn`, `torch.randint` | the seed: `generator=` |
# | `a.astype(np.float32)` | `t.float()`, `t.to(torch.float32)` | |
# | `np.concatenate([a, b], axis=0)` | `torch.cat([a, b], dim=0)` | along a dimension that is there |
# | `np.stack([a, b], axis=0)` | `torch.stack([a, b], dim=0)` | along a new one |
# | `a.transpose(0, 2, 1)` | `t.permute(0, 2, 1)` | `t.transpose(1, 2)` swaps two; all are views |
# | `a.sum(axis=1, keepdims=True)` | `t.sum(dim=1, keepdim=True)` | |
# | `a.max(axis=1)`, `a.argmax(axis=1)` | `t.amax(dim=1)`, `t.argmax(dim=1)` | `t.max(dim=1)` gives both |
# | `a.copy()` | `t.clone()` | |

# %% tags=["nbval-check-output"]
pair = torch.arange(6).reshape(2, 3)  # (2, 3)
print("cat    ", tuple(torch.cat([pair, pair]).shape), "or", tuple(torch.cat([pair, pair], dim=1).shape))
print("stack  ", tuple(torch.stack([pair, pair]).shape))
print("permute", tuple(torch.zeros(2, 3, 4).permute(2, 0, 1).shape))
print("argmax ", pair.argmax(dim=1).tolist())

# %% [markdown]
# ## Appendix B. Memory shared with NumPy
#
# **Predict:** after `t[0] = 7`, which of `array` and `copied` has changed?

# %% tags=["nbval-check-output"]
array = np.zeros(3)
t = torch.from_numpy(array)  # shares the array's memory
copied = torch.tensor(array)  # copies
t[0] = 7
print("array ", array.tolist())
print("copied", copied.tolist(), copied.dtype)

# %% [markdown]
# | call | memory |
# |---|---|
# | `torch.from_numpy(array)`, `t.numpy()` | shared |
# | `torch.as_tensor(array)` | shared if dtype and device allow it |
# | `torch.tensor(array)`, `t.clone()` | copied |
#
# ## Appendix C. Device
#
# A tensor lives in the memory of one device, and an operation needs all its tensors on the same one. The
# code below runs with or without a GPU:

# %%
if torch.cuda.is_available():
    device = torch.device("cuda")
elif torch.backends.mps.is_available():
    device = torch.device("mps")
else:
    device = torch.device("cpu")

parameters = torch.ones(2, 3, device=device)  # made there: nothing is copied
inputs = torch.arange(3.0).to(device)  # copied there; itself if it is there already
print("result on", (parameters @ inputs).device.type)
print("as NumPy ", (parameters @ inputs).cpu().numpy())  # NumPy reads the CPU's memory only

# %% [markdown]
# Two habits keep a function device-agnostic: make new tensors *from* an argument (`x.new_zeros(3)`,
# `torch.arange(3, device=x.device)`), and move data at the border, not inside.
