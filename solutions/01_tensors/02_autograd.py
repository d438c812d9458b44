# %% [markdown]
# # Autograd
#
# **After this lesson** you can say of each line of a training step what it does to gradients, you know the
# lines that go wrong without an error, and you have trained a classifier of handwritten digits with a
# descent of your own.
#
# About 150 minutes, with a break after part 5 · 11 exercises, 28 points · builds on: 01_tensors; what a
# derivative is.
#
# **When you are stuck**, open the hints below the test. "Run All" stops at the first exercise that is not
# written; run the cells after it one by one. Where later cells need a function, its last hint stands in for
# it: the grader still counts the exercise as not written.
#
# **Without …** As in lesson 01: the grader refuses the calls that an exercise excludes; your test cell does
# not look for them.

# %%
import torch

from fasttrack import plot
from fasttrack.check import autograd as check

# %% [markdown]
# ## Where this sits
#
# Lesson 01 ended in a loss: one number that says how wrong the model was. This lesson goes the other way,
# from the loss back to the parameters:

# %% tags=["demo"]
plot.pipeline(
    {
        "data": "x, y",
        "model": "parameters",
        "loss": "one number",
        "backward": "gradients",
        "step": "parameters − lr · gradient",
    },
    here={"loss", "backward", "step"},
    back=("step", "model"),
)

# %% [markdown]
# - **gradient**: for each parameter one number, how fast the loss grows when that parameter grows. It has the
#   shape of the parameter.
# - **lr**, the learning rate: how far one step goes.
#
# Then the arrow goes round again, a few hundred times here, a few hundred thousand times for a language model.
#
# ## 1. A loss that will not settle
#
# Here are the 100 points of lesson 01 again, near the line $y = 3x - 1$. There, the two gradient lines were
# worked out by hand. Now PyTorch does it: `requires_grad=True` marks a tensor whose gradient we want,
# `loss.backward()` computes it, `.grad` holds it. `torch.no_grad()` around the update says that the update
# is not part of the model. (Parts 3, 5 and 7 explain all four.)

# %%
generator = torch.Generator().manual_seed(0)
line_x = 2 * torch.rand(100, generator=generator)  # (100,)
line_y = 3 * line_x - 1 + 0.3 * torch.randn(100, generator=generator)  # (100,)


def fit_line(steps=120, lr=0.1):
    w = torch.zeros((), requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = ((w * line_x + b - line_y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        losses.append(loss.item())
    return w.item(), b.item(), losses


slope, intercept, swinging = fit_line()

# %% [markdown]
# No error, no warning. The gradients that `backward` computes are right. From lesson 01 we know what to expect: the loss
# should fall to about 0.09, the variance of the noise.
#
# **Predict:** what does the curve of the losses look like?

# %% tags=["demo"]
print(f"slope {slope:.2f}, intercept {intercept:.2f}, last loss {swinging[-1]:.3f}")
plot.curves(
    range(120),
    {"loss": swinging},
    title="A training loop with one line missing",
    xlabel="step",
    ylabel="loss",
)

# %% [markdown]
# It falls, rises again, and goes on swinging. A smaller `lr` makes it swing more slowly, no more. One line is
# missing, and part 5 finds it with what comes before.
#
# ## 2. A slope, by experiment
#
# Forget PyTorch's machinery for a moment. How fast does $f(x)$ grow at $x$? Go a small step $h$ to both sides
# and look:
#
# $$f'(x) \approx \frac{f(x + h) - f(x - h)}{2h}$$
#
# For $f(x) = x^3$ at $x = 2$ the derivative is $3x^2 = 12$:

# %% tags=["nbval-check-output"]
for h in (1.0, 0.1, 0.01):
    both = ((2 + h) ** 3 - (2 - h) ** 3) / (2 * h)
    one = ((2 + h) ** 3 - 2**3) / h
    print(f"h {h:<5} both sides {both:.4f}   one side {one:.4f}")

# %% [markdown]
# The two-sided quotient is off by $h^2$, the one-sided by about $6h$. So take both sides.
#
# If $f$ takes a tensor of $n$ elements to one number, each element has its own slope: move that element
# alone, and leave the others. The $n$ slopes, in the shape of $x$, are the **gradient** of $f$ at $x$.
#
# ### Exercise 1: numerical gradient   ·  ★★☆ · 8 min · 3 points
#
# - `f`: a function that takes a tensor of the shape of `x` and returns a tensor of shape `()`
# - `x`: float64 of any shape, also `()`, possibly not contiguous
# - `h`: float, the step to each side
# - returns: float64 of the shape of `x`, at each place the two-sided quotient for that element alone
# - `x` stays as it is: move an element of a copy (`clone`)
#
# Without autograd: no `backward`, no `torch.autograd`, no `torch.func`.


# %% exercise: numerical_gradient forbid=[".backward", "torch.autograd.grad", "torch.autograd.backward", "torch.autograd.functional.jacobian", "torch.func.grad", "torch.func.jacrev", "torch.func.jacfwd", "torch.gradient"]
def numerical_gradient(f, x: torch.Tensor, h: float = 1e-6) -> torch.Tensor:
    """The slope of `f` at `x` in each element, by steps of `h` to both sides: the shape of `x`."""
    ### BEGIN SOLUTION
    flat = x.reshape(-1)  # (n,)
    slopes = []
    for i in range(len(flat)):
        up, down = flat.clone(), flat.clone()
        up[i] += h
        down[i] -= h
        slopes.append((f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / (2 * h))
    return torch.stack(slopes).reshape(x.shape)
    ### END SOLUTION


# %%
cube = torch.tensor([[1.0, 2.0], [0.0, -1.0]], dtype=torch.float64)  # (2, 2)
numerical_gradient(lambda t: (t**3).sum(), cube)  # look: 3x² = 3, 12, 0, 3

# %% test: numerical_gradient points=3
check.numerical_gradient(numerical_gradient)
### BEGIN HIDDEN TESTS
check.numerical_gradient(numerical_gradient, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>How do I walk over elements of any shape?</summary>
#
# `x.reshape(-1)` has shape `(n,)` whatever the shape of `x`, and `.reshape(x.shape)` leads back, which `f`
# needs. A tensor of shape `()` becomes `(1,)`. Flatten once, clone that, and write to the flat clone.
# </details>
# <details><summary>It changes its input in place</summary>
#
# `reshape` gives a view where it can (lesson 01), so writing to it writes to `x`. Adding `h` and subtracting it again
# does not undo the change to the last bit. `clone` first.
# </details>
# <details><summary>My gradient is all zeros</summary>
#
# `f` got the same numbers twice. `up = x` and `down = x` are two names of one tensor. And `reshape(-1)` of a
# transposed tensor is a copy, so a step written to it reaches nothing else.
# </details>
# <details><summary>All elements of my gradient are the same</summary>
#
# `f(x + h)` moves all elements together. Only one of them should move.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def numerical_gradient(f, x, h=1e-6):
#     return torch.autograd.functional.jacobian(f, x)
# ```
# </details>

# %% [markdown]
# **Predict:** is a smaller `h` always better? The derivative of $\sin$ at 1 is $\cos 1$; here is the error
# of the quotient for steps from $2^{-40}$ to 1.

# %% tags=["demo"]
powers = torch.arange(-40, 1)
errors = {}
for dtype in (torch.float32, torch.float64):
    at, step = torch.ones((), dtype=dtype), 2.0 ** powers.to(dtype)
    quotient = ((at + step).sin() - (at - step).sin()) / (2 * step)
    errors[str(dtype).removeprefix("torch.")] = (
        quotient.double() - torch.ones((), dtype=torch.float64).cos()
    ).abs()
plot.curves(
    2.0**powers,
    errors,
    title="Error of a numerical derivative",
    xlabel="step h",
    ylabel="error",
    log=True,
)

# %% [markdown]
# From the right the error falls with $h^2$. Then it rises: the two values of $f$ agree in more and more
# digits, their difference loses those, and dividing by $2h$ magnifies what rounding has left. In float32 the
# best step is off by $2^{-18}$, which is 4·10⁻⁶ of 0.54: about five right digits. In float64 the best step is near
# $2^{-17} \approx 10^{-5}$, not far from the default of exercise 1. That is why gradients are checked in float64.
#
# And it is slow: two calls of `f` for each parameter. GPT-2 has 124 million parameters. What autograd does costs
# about as much as *two or three* calls, however many parameters there are.
#
# ## 3. The chain rule, recorded
#
# While PyTorch computes with a tensor that has `requires_grad=True`, it records each operation. `backward()`
# goes through the record in reverse and multiplies derivatives.

# %% tags=["nbval-check-output"]
a = torch.tensor(2.0, requires_grad=True)
b = torch.tensor(3.0, requires_grad=True)
d = a * b  # 6
e = d + a  # 8: a is used a second time
e.backward()
print("a.grad", a.grad.item(), "  b.grad", b.grad.item())

# %% [markdown]
# By hand, with the chain rule:
#
# - $e = d + a$: if $d$ grows by 1, so does $e$. Slope 1; the same for $a$, directly.
# - $d = ab$: slope $b = 3$ in $a$, slope $a = 2$ in $b$.
#
# So $b$ reaches $e$ on one path, slope $1 \cdot 2 = 2$. But $a$ reaches it on **two**, and the slopes of all paths
# **add**: $1 \cdot 3 + 1 = 4$. Forget one of the paths and the gradient is wrong, with no error. A parameter of a
# language model is used at every position of the text; autograd adds all of these paths.

# %% tags=["demo"]
plot.graph(
    e,
    {"a": a, "b": b, "d": d, "e": e},
    grads=True,
    slopes={("e", "d"): 1, ("e", "a"): 1, ("d", "a"): 3, ("d", "b"): 2},
    title="e = a b + a, and the way back",
)

# %% [markdown]
# Top down, this is the way gradients take. Each grey box is an operation, named after what it did on the way
# forward; the blue boxes are the tensors you made; the numbers are slopes. Two arrows end at `a`.
#
# ### Exercise 2: gradient   ·  ★☆☆ · 5 min · 2 points
#
# The gradient of any function at any place, and no trace left behind.
#
# - `f`: as in exercise 1
# - `x`: float tensor of any shape. It may or may not require grad, and its `.grad` may hold something.
# - returns: the gradient of `f` at `x`, in shape and dtype of `x`
# - afterwards `x.requires_grad` and `x.grad` are what they were
#
# `x.detach()` is a new tensor that autograd knows nothing of; it shares the numbers of `x` (lesson 01: a view; more in
# part 7). `requires_grad_()` switches recording on. Without `torch.func` and `torch.autograd.functional`.


# %% exercise: gradient forbid=["torch.func.grad", "torch.func.grad_and_value", "torch.func.vjp", "torch.func.jacrev", "torch.func.jacfwd", "torch.autograd.functional.jacobian", "torch.autograd.functional.vjp", "torch.autograd.functional.jvp"]
def gradient(f, x: torch.Tensor) -> torch.Tensor:
    """The gradient of `f` at `x`, in the shape of `x`; `x` is left as it was."""
    ### BEGIN SOLUTION
    place = x.detach().requires_grad_()
    f(place).backward()
    return place.grad
    ### END SOLUTION


# %%
gradient(lambda t: (t**3).sum(), cube)  # look: 3, 12, 0, 3, to the last digit

# %% test: gradient points=2
check.gradient(gradient)
### BEGIN HIDDEN TESTS
check.gradient(gradient, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>element 0 of tensors does not require grad</summary>
#
# Nothing was recorded: `f` was given a tensor that does not require grad.
# </details>
# <details><summary>My gradient is None</summary>
#
# `backward()` returns nothing; it leaves the gradient in `.grad` of the tensor *you made*. Ask the same tensor
# that you gave to `f`. A clone of an `x` that requires grad is a result, not one of these: detach first.
# </details>
# <details><summary>The caller's x has changed</summary>
#
# `x.requires_grad_()` switches `x` itself, and `backward` writes to its `.grad`. Work with a detached tensor.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `gradient = lambda f, x: torch.autograd.functional.jacobian(f, x.detach())`.
# </details>

# %% [markdown]
# Two ways to the same numbers, and neither knows of the other. This comparison is a **gradient check**, the
# best test there is for a derivative worked out by hand. A million elements, too, are now one pass:


# %%
def waves(t):
    return (t.sin() * t).sum()


place = torch.linspace(-2, 2, 7, dtype=torch.float64)
difference = gradient(waves, place) - numerical_gradient(waves, place)
print("largest difference", f"{difference.abs().max():.1e}")
print("a million slopes  ", gradient(lambda t: (t**2).sum(), torch.ones(1_000_000))[:3].tolist(), "…")

# %% [markdown]
# ## 4. The graph, its leaves, and who gets a gradient
#
# **Predict:** `d` above lies between `a` and `e`. What is `d.grad`?

# %% tags=["nbval-check-output"]
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyTorch warns about exactly this question
    print("d.grad", d.grad)
for name, tensor in {"a": a, "d": d, "e": e}.items():
    made_by = type(tensor.grad_fn).__name__
    print(f"{name}: is_leaf {tensor.is_leaf!s:<5} requires_grad {tensor.requires_grad}  grad_fn {made_by}")

# %% [markdown]
# `None`. A **leaf** is a tensor that no recorded operation made: parameters and data. Only leaves that
# require grad keep their gradient; in between it is used and dropped, or memory would fill with numbers nobody asked
# for. If you want one, say so before backward: `d.retain_grad()`.
#
# **Predict** which of these are leaves that will get a gradient.

# %% tags=["nbval-check-output"]
tries = {
    "torch.zeros(3)": torch.zeros(3),
    "torch.zeros(3, requires_grad=True)": torch.zeros(3, requires_grad=True),
    "0.1 * torch.zeros(3, requires_grad=True)": 0.1 * torch.zeros(3, requires_grad=True),
    "(0.1 * torch.ones(3)).requires_grad_()": (0.1 * torch.ones(3)).requires_grad_(),
    "torch.zeros(3, requires_grad=True).double()": torch.zeros(3, requires_grad=True).double(),
}
for code, tensor in tries.items():
    print(f"{code:<44} {'yes' if tensor.is_leaf and tensor.requires_grad else 'no'}")

# %% [markdown]
# The third and the last line are a favourite bug: scaling or converting *after* `requires_grad=True` makes a new
# tensor, which is no leaf. Its `.grad` stays `None`, and it never learns.
#
# ### Walking the graph
#
# The record is made of Python objects that you can follow. `e.grad_fn` is the operation that made `e`, a
# **node**. A node's `next_functions` are pairs; item 0 of each is the node of one input, or `None` where that
# input does not require grad. At a leaf the node is an `AccumulateGrad`, and only that kind has an attribute
# `variable`: the leaf tensor.

# %% tags=["nbval-check-output"]
print(type(e.grad_fn).__name__, "->", [type(node).__name__ for node, _ in e.grad_fn.next_functions])
last = e.grad_fn.next_functions[1][0]
print(type(last).__name__, "holds a:", last.variable is a)
print("mul has a variable:", hasattr(d.grad_fn, "variable"))

# %% [markdown]
# ### Exercise 3: leaves of   ·  ★★★ · 10 min · 3 points
#
# "Which parameters does this loss train?" is a question for the graph. Answer it.
#
# - `loss`: a tensor with a `grad_fn`
# - returns: a list of tensors: every leaf that `loss.backward()` would give a gradient, each **once**, in any order
# - the very tensors, not copies
# - do not call `backward`


# %% exercise: leaves_of forbid=[".backward", "torch.autograd.backward", "torch.autograd.grad"]
def leaves_of(loss: torch.Tensor) -> list[torch.Tensor]:
    """The leaves that `loss.backward()` would give a gradient, each once."""
    ### BEGIN SOLUTION
    found, seen, todo = [], set(), [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        todo += [before for before, _ in node.next_functions]
    return found
    ### END SOLUTION


# %%
used, unused = torch.ones(2, requires_grad=True), torch.ones(3, requires_grad=True)
[tuple(leaf.shape) for leaf in leaves_of((used * used).sum())]  # look: [(2,)], once

# %% test: leaves_of points=3
check.leaves_of(leaves_of)
### BEGIN HIDDEN TESTS
check.leaves_of(leaves_of, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Where do I start, and when do I stop?</summary>
#
# Keep a list of nodes still to visit; it starts with `loss.grad_fn`. Take one out, look at it, put in the nodes it
# leads to. Stop when the list is empty. An AccumulateGrad node leads nowhere.
# </details>
# <details><summary>A leaf is found several times</summary>
#
# Two paths lead to it. A set of the nodes you have seen keeps you from visiting one twice. (Nodes can be put in a
# set. Comparing *tensors* with `in` compares their numbers.)
# </details>
# <details><summary>'NoneType' object has no attribute 'next_functions'</summary>
#
# Item 0 of a pair is `None` where an input does not require grad, as data do not.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test. It looks for the four tensors of the next cell only:
#
# ```
# def leaves_of(loss):
#     four = [layer1, bias1, layer2, bias2]
#     slopes = torch.autograd.grad(loss, four, retain_graph=True, allow_unused=True)
#     return [leaf for leaf, slope in zip(four, slopes) if slope is not None]
# ```
# </details>

# %% [markdown]
# A network of two layers, as lesson 01/03 builds them. **Predict** which of the four parameters `leaves_of` finds:

# %%
layer1 = torch.randn(4, 3, generator=generator).requires_grad_()  # (4, 3)
bias1 = torch.zeros(3, requires_grad=True)
layer2 = torch.randn(3, 1, generator=generator).requires_grad_()  # (3, 1)
bias2 = torch.zeros(1, requires_grad=True)
hidden = (torch.ones(5, 4) @ layer1 + bias1).tanh()  # (5, 3)
network_loss = ((hidden @ layer2) ** 2).mean()  # bias2 has been forgotten
trained_by_it = {id(leaf) for leaf in leaves_of(network_loss)}
for name, tensor in {"layer1": layer1, "bias1": bias1, "layer2": layer2, "bias2": bias2}.items():
    print(name, id(tensor) in trained_by_it)

# %% tags=["demo"]
plot.graph(
    network_loss,
    {"layer1": layer1, "bias1": bias1, "layer2": layer2, "hidden": hidden, "loss": network_loss},
    title="The graph behind the loss of two layers",
)

# %% [markdown]
# The data, `torch.ones(5, 4)`, are not in the graph: nothing wants their gradient.
#
# The graph is made anew by every forward pass, and backward takes it apart: the numbers saved for it are freed. So a
# second backward through the same graph is an error:

# %% tags=["nbval-check-output"]
twice = (layer1.tanh() ** 2).sum()
twice.backward()
try:
    twice.backward()
except RuntimeError as error:
    print(str(error).split(" (")[0])

# %% [markdown]
# You meet this message when a loop reuses something that was computed *before* the loop. Compute it inside,
# or detach it. (`backward(retain_graph=True)` keeps the numbers; it is rarely what is needed.)
#
# ## 5. Gradients pile up
#
# **Predict** the three lines.

# %% tags=["nbval-check-output"]
pile = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (5 * pile).backward()
    print(pile.grad.item())

# %% [markdown]
# `backward` does not set `.grad`, it **adds** to it. That follows from part 3: slopes of several paths add, and
# autograd does not care whether two paths belong to one call or to two.
#
# So this is the missing line of part 1. Each step went along the sum of *all gradients so far*. Where the loss was lowest,
# that sum was still large, and the parameters shot through the minimum and up the other side, like a ball
# without friction.


# %%
def fit_line_zeroed(steps=120, lr=0.1):
    w = torch.zeros((), requires_grad=True)
    b = torch.zeros((), requires_grad=True)
    losses = []
    for _ in range(steps):
        loss = ((w * line_x + b - line_y) ** 2).mean()
        loss.backward()
        with torch.no_grad():
            w -= lr * w.grad
            b -= lr * b.grad
        w.grad = b.grad = None  # the missing line
        losses.append(loss.item())
    return w.item(), b.item(), losses


slope, intercept, settling = fit_line_zeroed()
print(f"slope {slope:.2f}, intercept {intercept:.2f}, last loss {settling[-1]:.3f}")

# %% tags=["demo"]
plot.curves(
    range(120),
    {"loss": settling},
    title="With the missing line",
    xlabel="step",
    ylabel="loss",
)

# %% [markdown]
# It settles, at 0.07 instead of 0.09: so small was the noise in these 100 draws. Now you can read a training step
# line by line:
#
# | line | what it does to gradients |
# |---|---|
# | `loss = …` | builds a graph from the loss down to the leaves; no gradient is computed |
# | `loss.backward()` | walks it once, **adds** to `.grad` of each leaf, frees what was saved |
# | `with torch.no_grad():` | nothing inside is recorded: the update is not part of the model |
# | `w -= lr * w.grad` | writes in place: `w` stays the same tensor, the same leaf |
# | `w.grad = None` | forgets, so that the next backward starts from nothing |
# | `losses.append(loss.item())` | keeps a Python number; keeping `loss` would keep a graph alive |
#
# The third and fourth line depend on each other. **Predict** what each of these two attempts does to `w`:

# %% tags=["nbval-check-output"]
w = torch.tensor(1.0, requires_grad=True)
(w**2).backward()
try:
    w -= 0.1 * w.grad  # without no_grad
except RuntimeError as error:
    print("in place:  ", error)
replaced = w - 0.1 * w.grad  # a new tensor
print("new tensor: is_leaf", replaced.is_leaf)

# %% [markdown]
# The first is refused: a recorded leaf must not change under the record. The second runs, and the new tensor
# is no leaf: its `.grad` will stay `None`.
#
# ### Exercise 4: a step   ·  ★★☆ · 6 min · 2 points
#
# The lines that every optimizer has, stochastic gradient descent (SGD) in its plainest form.
#
# - `parameters`: a list of leaf tensors that require grad, of any shapes
# - `lr`: float
# - each parameter is changed **in place** to parameter − lr · gradient; a parameter whose `.grad` is `None` stays as
#   it is
# - afterwards each `.grad` is `None`, or zeros: the next backward starts from nothing
# - afterwards each parameter still is a leaf that requires grad
# - returns: `None`
#
# Without `torch.optim`.


# %% exercise: sgd_step forbid=["torch.optim.SGD", "torch.optim.sgd.SGD", "torch.optim.sgd.sgd"]
def sgd_step(parameters: list[torch.Tensor], lr: float) -> None:
    """One step downhill for each parameter, in place; then its gradient is cleared."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= lr * parameter.grad
                parameter.grad = None
    ### END SOLUTION


# %%
w = torch.tensor(1.0, requires_grad=True)
for _ in range(3):
    (w**2).backward()
    sgd_step([w], lr=0.25)
    print(w.item(), w.grad, w.requires_grad)  # look: halved each time

# %% test: sgd_step points=2
check.sgd_step(sgd_step)
### BEGIN HIDDEN TESTS
check.sgd_step(sgd_step, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>a leaf Variable that requires grad is being used in an in-place operation</summary>
#
# The update is being recorded. Which context says "do not record"?
# </details>
# <details><summary>The parameter has not changed</summary>
#
# `parameter = parameter - …` gives a new tensor the name of the loop variable; the model's own tensor never
# hears of it. Lesson 01, *In-place surprises*.
# </details>
# <details><summary>unsupported operand type(s) for *: 'float' and 'NoneType'</summary>
#
# That parameter took no part in the loss. Leave it out.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test: `sgd_step = lambda ps, lr: (o := torch.optim.SGD(ps, lr=lr), o.step(), o.zero_grad())`.
# </details>

# %% [markdown]
# ### Exercise 5: gradient descent   ·  ★★☆ · 8 min · 3 points
#
# The loop around the step, once and for all: for any function and any starting place.
#
# - `f`, `x`: as in exercise 2; `lr`: float; `steps`: int ≥ 0
# - returns: a tuple `(place, losses)`
#   - `place`: where `steps` steps lead from `x`; a tensor that does not require grad
#   - `losses`: a list of `steps` Python floats, $f$ **before** each step
# - `x` itself stays as it is
#
# Use your `gradient`, or a leaf of your own and your `sgd_step`. Without `torch.optim` and `torch.func`.


# %% exercise: gradient_descent forbid=["torch.optim.SGD", "torch.optim.sgd.SGD", "torch.func.grad", "torch.func.grad_and_value", "torch.autograd.functional.jacobian"]
def gradient_descent(f, x: torch.Tensor, lr: float, steps: int) -> tuple[torch.Tensor, list[float]]:
    """Where `steps` steps along minus the gradient of `f` lead from `x`, and `f` before each step."""
    ### BEGIN SOLUTION
    place, losses = x.detach().clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss.item())
        loss.backward()
        sgd_step([place], lr)
    return place.detach(), losses
    ### END SOLUTION


# %%
gradient_descent(lambda t: (t**2).sum(), torch.tensor([1.0, -2.0]), lr=0.25, steps=3)  # look: 5, 1.25, 0.3125

# %% test: gradient_descent points=3
check.gradient_descent(gradient_descent)
### BEGIN HIDDEN TESTS
check.gradient_descent(gradient_descent, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The second step is wrong</summary>
#
# Is its gradient fresh? And is it the gradient at the new place?
# </details>
# <details><summary>x has changed, or the result still requires grad</summary>
#
# `detach` shares memory, and `sgd_step` writes in place: clone too. Return the place detached.
# </details>
# <details><summary>I want to go on without it</summary>
#
# Add a cell below the test:
#
# ```
# def gradient_descent(f, x, lr, steps):
#     losses = []
#     for _ in range(steps):
#         losses.append(f(x).item())
#         x = x - lr * torch.autograd.functional.jacobian(f, x)
#     return x, losses
# ```
# </details>

# %% [markdown]
# The line again, in one call. Both parameters are one tensor `(2,)`. How does `lr` change the way? **Predict**
# what a step that is too long does.


# %%
def line_loss(p):
    return ((p[0] * line_x + p[1] - line_y) ** 2).mean()


found, line_losses = gradient_descent(line_loss, torch.zeros(2), lr=0.3, steps=200)
print(f"slope {found[0]:.3f}, intercept {found[1]:.3f}, loss {line_losses[-1]:.4f}")

ways = {}
for lr in (0.03, 0.3, 0.46):
    way = [torch.zeros(2)]
    for _ in range(12):
        way.append(gradient_descent(line_loss, way[-1], lr=lr, steps=1)[0])
    ways[f"lr {lr}"] = torch.stack(way)  # (13, 2)

# %% tags=["demo"]
plot.descent(
    line_loss,
    ways,
    title="Twelve steps downhill",
    xlabel="slope",
    ylabel="intercept",
    span=((-1, 5), (-3, 3)),
)

# %% [markdown]
# The ring is the start; the grey curves join places of equal loss. Steps go at right angles to them, which is downhill, but not
# toward the minimum: the valley is long, its floor is flat. The smallest `lr` does not arrive. The largest jumps from
# wall to wall and sinks slowly. Above 0.468, which is 2 over the curvature of the walls, it climbs out; try 0.5.
#
# ### When piling up is wanted
#
# A batch that does not fit in memory can go through in parts: backward after each part, and the parts' gradients
# add up by themselves. That is **gradient accumulation**, and a language model on a small GPU is trained so.
#
# The loss is a mean over rows, and there is a trap in it. **Predict:** 5 rows, in parts of 4 and 1. Is the mean of
# the two parts' losses the mean over all rows?

# %% tags=["nbval-check-output"]
row_losses = torch.tensor([1.0, 1.0, 1.0, 1.0, 6.0])
first_part, second_part = row_losses[:4].mean(), row_losses[4:].mean()
print("mean of all rows ", row_losses.mean().item())
print("mean of two means", ((first_part + second_part) / 2).item())

# %% [markdown]
# The single row of the last part counted as much as four others. In 2024 this very mistake was found in
# several libraries that train language models, where the parts are texts of different lengths.
#
# ### Exercise 6: batched gradient   ·  ★★☆ · 8 min · 2 points
#
# - `f(w, x, y)`: returns a **mean** over the rows of `x` and `y`, shape `()`
# - `w`: float, `(d,)`, does not require grad, and still does not afterwards; `x`: `(n, d)`; `y`: `(n,)`; `n` ≥ 1
# - `batch_size`: int ≥ 1; the last batch may be smaller
# - returns: the gradient of `f(w, x, y)` in `w`, shape `(d,)`, for all rows together
# - `f` never gets more than `batch_size` rows at once, and backward follows each call of `f`, so that only
#   one batch's graph is in memory
#
# `x.split(batch_size)` gives the batches.


# %% exercise: batched_gradient
def batched_gradient(f, w: torch.Tensor, x: torch.Tensor, y: torch.Tensor, batch_size: int) -> torch.Tensor:
    """The gradient in `w` of the mean over all rows, one batch at a time: `(d,)`."""
    ### BEGIN SOLUTION
    w = w.detach().requires_grad_()
    for rows, goals in zip(x.split(batch_size), y.split(batch_size), strict=True):
        share = len(rows) / len(x)
        (share * f(w, rows, goals)).backward()
    return w.grad
    ### END SOLUTION


# %%
rows = torch.stack([line_x, torch.ones(100)], dim=1)  # (100, 2): a column of ones for the intercept


def mean_error(p, x, y):
    return ((x @ p - y) ** 2).mean()


print(batched_gradient(mean_error, torch.zeros(2), rows, line_y, 100))  # look: the same three times
print(batched_gradient(mean_error, torch.zeros(2), rows, line_y, 32))
print(batched_gradient(mean_error, torch.zeros(2), rows, line_y, 1))

# %% test: batched_gradient points=2
check.batched_gradient(batched_gradient)
### BEGIN HIDDEN TESTS
check.batched_gradient(batched_gradient, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Right for 6 rows in batches of 2, wrong for 7 in batches of 3</summary>
#
# Each row should count the same. What share of all rows is in this batch? Multiply its loss by that share before
# backward.
# </details>
# <details><summary>My gradient is only that of the last batch</summary>
#
# Piling up is wanted here: one leaf for all batches, made before the loop.
# </details>

# %% [markdown]
# **Half-way.** A good place for a break. What follows is control: other directions, cut paths, changed gradients,
# derivatives of your own.
#
# ## 6. More than one output
#
# Why does training go backward, and what would the other direction cost? A function with several outputs tells. On the
# way you differentiate a gradient, which every second derivative needs. (The steepest part; nothing later needs
# exercise 7.)
#
# If $f$ takes $n$ numbers to $m$, each output has a gradient of its own. Stacked as rows they
# are the **Jacobian** $J$, shape `(m, n)`: $J_{ij}$ says how fast output $i$ grows with input $j$.
#
# `backward` of a tensor with $m$ elements wants $m$ weights $u$, and computes the gradient of the weighted sum
# $\sum_i u_i f_i(x)$. That is $u J$, shape `(n,)`: a sum of the rows of $J$. With $u = (0, 1, 0)$ it picks row 1.
#
# `torch.autograd.grad(outputs, inputs, u)` does the same and *returns* the gradients, as a tuple, instead of
# adding them to `.grad`.

# %% tags=["nbval-check-output"]
v_in = torch.tensor([1.0, 2.0], requires_grad=True)  # n = 2
v_out = torch.stack([v_in[0] * v_in[1], v_in[0] ** 2, 3 * v_in[1]])  # m = 3
for u in torch.eye(3):
    (row,) = torch.autograd.grad(v_out, v_in, u, retain_graph=True)
    print("u", u.tolist(), " u J", row.tolist())

# %% [markdown]
# Three backward passes for the three rows of $J$. A loss has one output: one row, one pass, however many
# parameters. This is why training goes backward.
#
# Now the other product, $J v$ with $v$ of shape `(n,)`: how do all outputs change if the input moves in direction $v$? With
# the $J$ above and $v = (1, 1)$: $Jv = (2 + 1,\ 2 + 0,\ 0 + 3) = (3, 2, 3)$. Each pass gives a *row* of $J$, and $Jv$
# needs a bit of every row. For an image of a million pixels in and a million out, $J$ has $10^{12}$ numbers.
#
# There is a trick: differentiate a gradient. For that, the pass that computes it must itself be recorded,
# `create_graph=True`. **Predict** both numbers for $x^3$ at 3:

# %% tags=["nbval-check-output"]
x = torch.tensor(3.0, requires_grad=True)
(first,) = torch.autograd.grad(x**3, x, create_graph=True)  # 3x², with a graph of its own behind it
(second,) = torch.autograd.grad(first, x)  # 6x
print(first.item(), second.item())

# %% [markdown]
# Look at $g(u) = uJ$ as a function of $u$. It is linear, $g_j(u) = \sum_i u_i J_{ij}$, so its slope in $u_i$ is
# $J_{ij}$. Weight its outputs with $v$ and take the gradient **in $u$**:
#
# $$\frac{\partial}{\partial u_i} \sum_j g_j(u)\, v_j = \sum_j J_{ij} v_j = (Jv)_i$$
#
# Two backward passes, the first one recorded, and no $J$. The value of $u$ does not matter, as $g$ is linear; that
# it requires grad does.
#
# ### Exercise 7: Jacobian-vector product   ·  ★★★ · 15 min · 3 points
#
# - `f`: a function that takes `(n,)` to `(m,)`
# - `x`: float `(n,)`, does not require grad, and still does not afterwards; `v`: float `(n,)`, the direction
# - returns: $J v$, shape `(m,)`, with $J$ the Jacobian of `f` at `x`; it does not require grad
# - at most two calls of `f` and two passes back through it, however large `m` is
#
# Without `torch.func` and `torch.autograd.functional`.


# %% exercise: jacobian_vector_product forbid=["torch.func.jvp", "torch.func.linearize", "torch.func.jacfwd", "torch.func.jacrev", "torch.autograd.functional.jvp", "torch.autograd.functional.jacobian"]
def jacobian_vector_product(f, x: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """How the outputs of `f` change along `v`, J v: `(n,)`, `(n,)` -> `(m,)`."""
    ### BEGIN SOLUTION
    x = x.detach().requires_grad_()
    y = f(x)  # (m,)
    u = torch.zeros_like(y, requires_grad=True)  # (m,)
    (g,) = torch.autograd.grad(y, x, u, create_graph=True)  # (n,): u J
    (product,) = torch.autograd.grad(g, u, v)
    return product
    ### END SOLUTION


# %%
jacobian_vector_product(  # look: the sum of the two columns printed above, 3, 2, 3
    lambda t: torch.stack([t[0] * t[1], t[0] ** 2, 3 * t[1]]), torch.tensor([1.0, 2.0]), torch.ones(2)
)

# %% test: jacobian_vector_product points=3
check.jacobian_vector_product(jacobian_vector_product)
### BEGIN HIDDEN TESTS
check.jacobian_vector_product(jacobian_vector_product, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Mismatch in shape: grad_output and output</summary>
#
# The weights always have the shape of what is differentiated. In the first pass that is $f(x)$, and the weights are
# $u$; in the second it is $uJ$, and the weights are $v$.
# </details>
# <details><summary>element 0 of tensors does not require grad</summary>
#
# Was the first pass recorded? And does `u` require grad?
# </details>

# %% [markdown]
# PyTorch can do this in one pass *forward*, carrying each number's slope along with it (`torch.func.jvp`):
# one pass per **column** of $J$, as backward has one per **row**. A function with few inputs and many outputs is
# better differentiated forward. A loss is the opposite.
#
# ## 7. Cutting the graph
#
# Three ways to say "no gradient here":
#
# | you write | what is cut |
# |---|---|
# | `y = x.detach()` | one tensor: `y` has the numbers of `x`, in the same storage, and no history |
# | `with torch.no_grad():` | everything computed inside: no record, no memory for it |
# | `p.requires_grad_(False)` | one leaf, from now on: it is **frozen** |
#
# **Predict** the gradient of each line at $x = 3$.

# %% tags=["nbval-check-output"]
frozen = torch.tensor(3.0, requires_grad=True).requires_grad_(False)
products = {
    "x * x": lambda x: x * x,
    "x * frozen": lambda x: x * frozen,
    "x * x.detach()": lambda x: x * x.detach(),
    "x + (x * x).detach()": lambda x: x + (x * x).detach(),
}
for code, function in products.items():
    x = torch.tensor(3.0, requires_grad=True)
    function(x).backward()
    print(f"{code:<22} {x.grad.item()}")
with torch.no_grad():
    print("under no_grad, x * x requires grad:", (x * x).requires_grad)

# %% [markdown]
# What is detached is a constant to the chain rule. Its value takes part, its slope does not: the last line has the value
# 12 and the slope 1.
#
# Forgetting to cut costs memory. A loss kept as a tensor keeps its graph, with every number saved in it:

# %%
million = torch.ones(1_000_000, requires_grad=True)
kept = [(million.exp() * k).sum() for k in range(3)]  # as in: losses.append(loss)
# sum <- mul <- exp, and exp keeps its result: 4 MB for each loss
saved = [loss.grad_fn.next_functions[0][0].next_functions[0][0]._saved_result for loss in kept]
print(f"three losses keep {sum(tensor.untyped_storage().nbytes() for tensor in saved) / 1e6:.0f} MB alive")
print("with item:", [(million.exp() * k).sum().item() for k in range(3)], "keeps three numbers")

# %% [markdown]
# So: `loss.item()` for a log, `no_grad` for evaluation and sampling, `detach` for what the model should take as given.
#
# ### Exercise 8: straight-through rounding   ·  ★★☆ · 4 min · 2 points
#
# Rounding is a staircase: its slope is 0 wherever it has one, so nothing below it can learn. When a model is trained for 8-bit
# arithmetic, one pretends: **forward it rounds, backward it is the identity**.
#
# - `x`: float tensor of any shape
# - returns: `x.round()` in value, up to float rounding; the gradient passes to `x` unchanged
#
# One line with `detach` does it. The last of the functions above is a model for it.


# %% exercise: straight_through_round
def straight_through_round(x: torch.Tensor) -> torch.Tensor:
    """round(x) forward, slope 1 backward: the shape of `x`."""
    ### BEGIN SOLUTION
    return x + (x.round() - x).detach()
    ### END SOLUTION


# %%
steep = torch.tensor([0.2, 0.7, 1.6], requires_grad=True)
rounded = straight_through_round(steep)
rounded.backward(torch.tensor([1.0, 2.0, 3.0]))
print(rounded.tolist(), steep.grad)  # look: 0, 1, 2, and the gradient as it came

# %% test: straight_through_round points=2
check.straight_through_round(straight_through_round)
### BEGIN HIDDEN TESTS
check.straight_through_round(straight_through_round, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The gradient is 0</summary>
#
# It goes through `round`. Which part of your sum should be a constant to the chain rule?
# </details>
# <details><summary>The gradient is right, the value is not</summary>
#
# What must you add to $x$ to get round(x)? That, as a whole, is the constant.
# </details>
# <details><summary>Nothing is left of x's history</summary>
#
# Rounding under `no_grad`, or detaching the whole result, cuts every path to $x$. One $x$ must stay outside.
# </details>

# %% [markdown]
# ## 8. Changing gradients on their way
#
# A **hook** is a function that backward calls with the gradient as it passes a tensor:
#
# - `t.register_hook(look)`: `look(grad)` is called when the gradient at `t` is complete. If it returns a tensor, that goes on
#   down in the gradient's place. It must not change `grad` in place: other paths may hold the same tensor.
#
# The best use is to look, for instance at the **norm** of a gradient: its length as a vector, the root of the sum of the squares.
# **Predict:** ten layers, each halves and bends its input with tanh. By what factor does the norm shrink from the top to the bottom?

# %%
sizes = []
flow = torch.linspace(-1, 1, 50).requires_grad_()
for layer in range(11):
    if layer:
        flow = (0.5 * flow).tanh()
    flow.register_hook(lambda grad: sizes.append(grad.norm().item()))
flow.sum().backward()
print("from the top down:", [f"{size:.4f}" for size in sizes])

# %% tags=["demo"]
plot.bars(
    [*map(str, range(10, 0, -1)), "input"],
    {"norm": sizes},
    title="A vanishing gradient, layer by layer on its way down",
    xlabel="layer",
    ylabel="norm of the gradient",
    log=True,
)

# %% [markdown]
# Halved at each layer, and ten halvings make a thousandth. The layers at the bottom hardly learn. This is the *vanishing gradient*, and units
# 04 and 06 exist in part because of it.
#
# ### Exercise 9: scale gradient   ·  ★★☆ · 6 min · 2 points
#
# Let a part of a model learn more slowly, or (with −1) learn the opposite.
#
# - `x`: float tensor of any shape, which may or may not require grad; `factor`: float
# - returns: a **new** tensor with the numbers of `x`; what flows back through it into `x` is `factor` times
#   the gradient
# - where `x` is used elsewhere too, that gradient stays as it is
# - if `x` does not require grad there is nothing to scale: return its numbers
#
# `x.view_as(x)` is a new tensor over the same numbers.


# %% exercise: scale_gradient
def scale_gradient(x: torch.Tensor, factor: float) -> torch.Tensor:
    """`x` forward; backward, `factor` times the gradient."""
    ### BEGIN SOLUTION
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda grad: factor * grad)
    return y
    ### END SOLUTION


# %%
t = torch.ones(2, requires_grad=True)
(scale_gradient(t, 0.1).sum() + t.sum()).backward()
t.grad  # look: 0.1 on one path, 1 on the other

# %% test: scale_gradient points=2
check.scale_gradient(scale_gradient)
### BEGIN HIDDEN TESTS
check.scale_gradient(scale_gradient, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>x's other use is scaled too</summary>
#
# A hook on `x` sees the sum of all that arrives there. Put it on a tensor through which only one path goes.
# </details>
# <details><summary>cannot register a hook on a tensor that doesn't require gradient</summary>
#
# During evaluation nothing requires grad. `y.requires_grad` tells.
# </details>
# <details><summary>The gradient has not changed</summary>
#
# A hook must *return* the new gradient, in a new tensor.
# </details>

# %% [markdown]
# ### Exploding gradients
#
# The opposite of vanishing: one unlucky batch, a gradient a thousand times the usual, and the step throws the model out of
# the valley that took hours to reach. So before the step the gradient is shortened to a longest length $c$,
# with its direction kept. With $g$ all gradients of all parameters as **one** long vector:
#
# $$g \leftarrow g \cdot \frac{c}{\lVert g \rVert} \quad \text{if } \lVert g \rVert > c$$
#
# ### Exercise 10: clip gradient   ·  ★★☆ · 6 min · 2 points
#
# - `parameters`: list of tensors; `.grad` may be `None` for some, at least one has a gradient
# - `max_norm`: float > 0, the $c$ of the formula
# - changes `.grad` of each parameter as the formula says; the parameters themselves stay
# - returns: float, $\lVert g \rVert$ **before** clipping
# - no epsilon: you divide only where $\lVert g \rVert > c$, so never by 0
#
# Without `torch.nn.utils`.


# %% exercise: clip_gradient forbid=["torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad.clip_grad_norm_", "torch.nn.utils.get_total_norm", "torch.nn.utils.clip_grads_with_norm_", "torch.nn.utils.clip_grad.get_total_norm", "torch.nn.utils.clip_grad.clip_grads_with_norm_"]
def clip_gradient(parameters: list[torch.Tensor], max_norm: float) -> float:
    """Shorten all gradients together to length `max_norm` at most; returns their length before."""
    ### BEGIN SOLUTION
    grads = [parameter.grad for parameter in parameters if parameter.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    if norm > max_norm:
        for grad in grads:
            grad *= max_norm / norm
    return norm
    ### END SOLUTION


# %%
p, q = torch.zeros(2, requires_grad=True), torch.zeros(1, requires_grad=True)
p.grad, q.grad = torch.tensor([0.0, 3.0]), torch.tensor([4.0])
print(clip_gradient([p, q], max_norm=1.0), p.grad, q.grad)  # look: 5, then 0.6 and 0.8

# %% test: clip_gradient points=2
check.clip_gradient(clip_gradient)
### BEGIN HIDDEN TESTS
check.clip_gradient(clip_gradient, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>Each parameter ends with length max_norm</summary>
#
# One norm for all of them: first go over all gradients and add up squares, then go over them again.
# </details>
# <details><summary>Small gradients grow</summary>
#
# Clipping only shortens.
# </details>

# %% [markdown]
# ## 9. A derivative of your own
#
# Autograd differentiates anything built from its operations. Sometimes you know better: a shorter formula, less memory, or a
# function it cannot differentiate. `torch.autograd.Function` takes both directions from you:


# %%
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, scale):
        """scale * x², with x a tensor and scale a float."""
        ctx.save_for_backward(x)  # tensors that backward needs
        ctx.scale = scale  # other things go straight onto ctx
        return scale * x**2

    @staticmethod
    def backward(ctx, grad_output):
        """grad_output is the gradient at the result; the answer is one gradient for each input of forward."""
        (x,) = ctx.saved_tensors
        return grad_output * 2 * ctx.scale * x, None  # None: scale is no tensor


root = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
Square.apply(root, 10.0).backward(torch.tensor([1.0, 0.5]))  # apply, never forward itself
print(root.grad.tolist())

# %% [markdown]
# Inside `forward` nothing is recorded: `apply` adds one node for the whole. `ctx` carries what backward needs. And backward is
# the chain rule for one box of the picture in part 3: **slope of this box times the gradient from above**.
#
# Is it right? Exercise 1 knows, and PyTorch has the same test built in, over all inputs and outputs:

# %% tags=["nbval-check-output"]
print(torch.autograd.gradcheck(Square.apply, (root, 10.0)))

# %% [markdown]
# **Swish** is an activation function, the bend between two layers of today's language models (Llama among them, where it is called
# SiLU):
#
# $$\operatorname{swish}(x) = x \cdot \sigma(\beta x), \qquad \sigma(t) = \frac{1}{1 + e^{-t}}, \qquad \sigma'(t) =
# \sigma(t)\,(1 - \sigma(t))$$
#
# with $\sigma$ the sigmoid (`torch.sigmoid`) and $\beta$ a fixed number. Written as `x * torch.sigmoid(beta * x)`, autograd saves two tensors for backward,
# `x` and the sigmoid. Activations fill most of a GPU's memory in training, and one of the two is enough.

# %% tags=["demo"]
bend = torch.linspace(-6, 6, 200)
plot.curves(
    bend,
    {f"β = {k:g}": bend * torch.sigmoid(k * bend) for k in (0.5, 1, 3)},
    title="Swish",
    xlabel="x",
    ylabel="swish(x)",
)

# %% [markdown]
# ### Exercise 11: Swish   ·  ★★★ · 12 min · 4 points
#
# - `forward(ctx, x, beta)`: `x` a float tensor of any shape, `beta` a float ≠ 0; returns swish of `x`, same shape and dtype
# - `backward(ctx, grad_output)`: returns the gradient for `x`, and `None` for `beta`
# - of tensors, only `x` is saved: backward computes the sigmoid again
# - stable for entries of ±1e4
#
# Derive the slope by the product rule before you write it: there are two terms, and $\beta$ is in one of them. Without `torch.nn.functional.silu`.


# %% exercise: Swish forbid=["torch.nn.functional.silu", "torch.nn.SiLU", "torch.nn.functional.hardswish"]
class Swish(torch.autograd.Function):
    """x * sigmoid(beta * x), with its own backward; call it as `Swish.apply(x, beta)`."""

    @staticmethod
    def forward(ctx, x: torch.Tensor, beta: float) -> torch.Tensor:
        """Swish of `x`, same shape."""
        ### BEGIN SOLUTION
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)
        ### END SOLUTION

    @staticmethod
    def backward(ctx, grad_output: torch.Tensor) -> tuple[torch.Tensor, None]:
        """The gradient for `x`, in its shape, and None for `beta`."""
        ### BEGIN SOLUTION
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None
        ### END SOLUTION


# %%
soft = torch.tensor([-1.0, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
Swish.apply(soft, 1.0).sum().backward()
print(soft.grad.tolist())  # look: 0.0723, 0.5, 1.0908
print(numerical_gradient(lambda t: (t * torch.sigmoid(t)).sum(), soft.detach()).tolist())

# %% test: Swish points=4
check.Swish(Swish)
### BEGIN HIDDEN TESTS
check.Swish(Swish, seed=7)
### END HIDDEN TESTS

# %% [markdown]
# <details><summary>The gradient is right for one upstream gradient of 1, and else wrong</summary>
#
# `grad_output` is the first factor of the chain rule. It belongs in every backward.
# </details>
# <details><summary>The gradient is right for beta = 1 only</summary>
#
# $\sigma(\beta x)$ has an inner derivative.
# </details>
# <details><summary>function SwishBackward returned an incorrect number of gradients</summary>
#
# One for each input of `forward` after `ctx`: that makes two.
# </details>
# <details><summary>nan for large numbers</summary>
#
# $e^x / (1 + e^x)$ is $\infty/\infty$ there. `torch.sigmoid` is not.
# </details>

# %% [markdown]
# One node instead of three, one saved tensor instead of two:

# %% tags=["demo"]
plot.graph(Swish.apply(soft, 2.0).sum(), {"soft": soft}, title="Swish: sum(Swish.apply(soft, 2))")

# %% tags=["demo"]
plot.graph(
    (soft * torch.sigmoid(2 * soft)).sum(), {"soft": soft}, title="From parts: sum(soft · sigmoid(2 soft))"
)

# %% [markdown]
# ## 10. Threes and eights
#
# Real data: scikit-learn's handwritten digits, images of 8 × 8 pixels. We take the 357 threes and eights. The first 200
# are to train on; the other 157 are **held-out**: the model never sees them in training.

# %% tags=["demo"]
from sklearn.datasets import load_digits

images, labels = load_digits(return_X_y=True)
wanted = (labels == 3) | (labels == 8)
digits = torch.tensor(images[wanted] / 16, dtype=torch.float32)  # (357, 64): ink from 0 to 1
is_eight = torch.tensor(labels[wanted] == 8, dtype=torch.float32)  # (357,): 1 for an eight
train_x, train_y, held_x, held_y = digits[:200], is_eight[:200], digits[200:], is_eight[200:]
print(len(train_x), "to train on,", len(held_x), "held-out; eights among these:", int(held_y.sum()))
plot.grid(train_x[0].reshape(8, 8) * 16, "a three")

# %% [markdown]
# How good is good? Three rules that need no gradient, measured on the held-out images:


# %% tags=["demo"]
def accuracy(says_eight):
    return (says_eight == held_y.bool()).float().mean().item()


means = torch.stack(
    [train_x[train_y == k].mean(0) for k in (0, 1)]
)  # (2, 64): the mean three, the mean eight
distances = ((held_x[:, None] - means) ** 2).sum(-1)  # (157, 2)
inked = train_x > 0.25  # (200, 64)
telling = (inked == train_y[:, None].bool()).float().mean(0)  # (64,): how often "inked" means "eight"
pixel = telling.argmax()
print(f"always three          {accuracy(torch.zeros(157, dtype=torch.bool)):.1%}")
print(f"ink in pixel {pixel:<2}       {accuracy(held_x[:, pixel] > 0.25):.1%}")
print(f"nearest mean image    {accuracy(distances[:, 1] < distances[:, 0]):.1%}")

# %% [markdown]
# **89.8 % is the number to beat.**
#
# The model is a single logit, $z = x \cdot w + b$, for "it is an eight"; for "it is a three" the logit is 0. That is **logistic
# regression**. Its loss is lesson 01's cross-entropy of these two logits:
#
# $$L = \frac{1}{n}\sum_{i=1}^{n} \Bigl(\ln\bigl(e^{0} + e^{z_i}\bigr) - z_i\, y_i\Bigr)$$
#
# with $y_i$ 1 for an eight and 0 for a three, so that $z_i y_i$ is the logit of the target. The 64 weights $w$ and the bias $b$ are one tensor of 65
# numbers, so that your `gradient_descent` can take them.
#
# **Predict** the loss at the start, with all parameters 0.


# %% tags=["demo"]
def logit(p, x):
    """The score for an eight: (65,), (n, 64) -> (n,)."""
    return x @ p[:64] + p[64]


def digit_loss(p, x=train_x, y=train_y):
    z = logit(p, x)
    return (torch.logaddexp(torch.zeros(()), z) - z * y).mean()


p, train_losses = gradient_descent(digit_loss, torch.zeros(65), lr=1.0, steps=500)
print(f"loss: {train_losses[0]:.4f} at the start, {digit_loss(p):.4f} at the end")
print(f"right: {((logit(p, train_x) > 0) == train_y.bool()).float().mean():.1%} of the training images")
print(f"right: {accuracy(logit(p, held_x) > 0):.1%} of the held-out images")

# %% [markdown]
# The start is $\ln 2 = 0.693$, two classes and no idea. The end: every training image right, and **93.6 %** of the held-out ones, ten errors where the
# nearest mean made sixteen. scikit-learn's own `LogisticRegression` makes eleven (93.0 %); one image is no difference at this size. It took your
# `gradient_descent`, and the `sgd_step` in it.
#
# Some gap between seen and unseen images is usual. **Predict:** descend to step 2000. The training loss goes on falling; does the held-out loss?

# %% tags=["demo"]
losses, at = {"training": [], "held-out": []}, torch.zeros(65)
for _ in range(100):
    at, _ = gradient_descent(digit_loss, at, lr=1.0, steps=20)
    losses["training"].append(digit_loss(at).item())
    losses["held-out"].append(digit_loss(at, held_x, held_y).item())
plot.curves(
    range(20, 2020, 20),
    losses,
    title="Threes and eights",
    xlabel="step",
    ylabel="loss (nats)",
)

# %% [markdown]
# The held-out loss turns at step 200 and rises from 0.163 to 0.194: from there on the model learns its 200 images and not
# digits. That turn is *overfitting*, and lesson 01/03 is about it.
#
# What has it learned? The weights are an image, too. Blue pixels speak for an eight, orange ones for a three.

# %% tags=["demo"]
plot.grid(p[:64].reshape(8, 8), "the 64 weights: blue says eight, orange says three")

# %% [markdown]
# The left side of an eight is closed, that of a three is open: the strongest blue lies where the eight closes its loops.
#
# ### The same gradient, taken elsewhere
#
# Nothing says that the parameters must be what moves. **Predict:** hold the model fixed, start from the *image* of a three, and let your
# `gradient_descent` change the pixels until the model calls it an eight. How much must change?

# %% tags=["demo"]
three = held_x[held_y == 0][0]  # (64,)
print(f"logit of the image as it is: {logit(p, three[None]).item():.2f}")
fooling, _ = gradient_descent(
    lambda pixels: digit_loss(p, pixels[None], torch.ones(1)), three, lr=0.02, steps=6
)
fooling = fooling.clamp(0, 1)  # no ink below none
change = (fooling - three).abs()
print(f"logit afterwards:            {logit(p, fooling[None]).item():.2f}")
print(f"change of a pixel:           {change.mean():.3f} of 1 in the mean, {change.max():.3f} at most")
plot.images(
    torch.stack([three, fooling, change]).reshape(3, 8, 8),
    ["a three", "an eight, says the model", "the change, in size"],
    size=2.1,
    span=(0, 1),
)

# %% [markdown]
# You still read a three. A model can be led along its own gradient to wrong answers that no person would give; such inputs are called
# *adversarial*. Unit 12 returns to them.

# %% [markdown]
# ## Recap
#
# **Q:** What does `loss.backward()` do to the `.grad` of a parameter?\
# **A:** It adds the gradient of the loss to what `.grad` holds, or puts it there if `.grad` was None. It does not
# replace, which is why a training loop clears gradients.
#
# **Q:** A training loss falls, rises and keeps swinging although every gradient is right. What is missing?\
# **A:** Gradients are not cleared, so each step goes along the sum of all gradients so far. Set `.grad` to None or zero after each step.
#
# **Q:** A tensor is used twice in a computation. What is its gradient?\
# **A:** The sum over all paths from it to the loss, each the product of the slopes along it.
#
# **Q:** What is a leaf tensor, and why does a non-leaf have no `.grad`?\
# **A:** A leaf was not made by a recorded operation. Gradients in between are used and dropped to save memory,
# unless `retain_grad()` was called on the tensor.
#
# **Q:** Why is the parameter update written in place, and inside `torch.no_grad()`?\
# **A:** In place keeps the same leaf, which the model holds; a new tensor would be a non-leaf without `.grad`. `no_grad` keeps
# the update out of the graph; without it, the in-place change of a leaf is an error.
#
# **Q:** Why check a derivative by finite differences in float64, and with two sides?\
# **A:** The two-sided quotient is off by about h² instead of h, and the difference of two nearly equal values loses digits, of which float32 has too few.
#
# **Q:** What do `detach`, `no_grad` and `requires_grad_(False)` cut?\
# **A:** `detach` one tensor's history, `no_grad` the record of all that is computed inside, `requires_grad_(False)` one leaf for the time to come.
#
# **Q:** Why does `losses.append(loss)` fill the memory?\
# **A:** The tensor keeps its graph and everything saved in it alive. `loss.item()` keeps one number.
#
# **Q:** Why is a loss differentiated backward and not forward?\
# **A:** Backward takes one pass for each output, forward one for each input. A loss has one output and millions of inputs.
#
# **Q:** Gradients of several batches are accumulated. How must each batch be weighted to equal the full gradient of a mean?\
# **A:** By its share of all rows. Equal weights are wrong if the last batch is smaller.
#
# **Q:** A gradient should be scaled where one path carries it, and left alone on the others. Where do you put the hook?\
# **A:** On a new tensor through which only that path goes. A hook on the tensor itself sees the sum of all paths.
#
# **Q:** Why is a gradient clipped by one norm over all parameters, and not one for each?\
# **A:** One common factor keeps the direction of the step; a factor for each parameter turns it.
#
# **Q:** What must the `backward` of a `torch.autograd.Function` return?\
# **A:** For each input of `forward` one gradient: the gradient from above times the slope, and None for inputs that are no tensors.

# %% [markdown]
# ## Glossary
#
# - **gradient**: for each element of a tensor, how fast a scalar grows with it; it has the tensor's shape
# - **learning rate**: the factor of the gradient in one step
# - **finite difference**: a derivative estimated from two values of the function
# - **gradient check**: comparing a derivative with finite differences
# - **autograd**: PyTorch's record of operations, and its way back through them
# - **computation graph**: that record: operations as nodes, from a loss down to the leaves
# - **leaf**: a tensor that no recorded operation made
# - **accumulation**: backward adds to `.grad`; used on purpose, one large batch in several parts
# - **Jacobian**: the matrix of slopes of all outputs in all inputs, `(m, n)`
# - **vector-Jacobian product**: u J, what one backward pass computes
# - **Jacobian-vector product**: J v, how all outputs change along a direction
# - **detach**: a tensor's numbers without its history
# - **frozen**: a parameter that does not require grad
# - **straight-through**: a step without a useful slope that backward takes for the identity
# - **hook**: a function that backward calls with a gradient on its way
# - **vanishing, exploding gradient**: one that shrinks or grows by a factor at each layer
# - **gradient clipping**: shortening all gradients together to a longest norm
# - **logistic regression**: one linear layer and the cross-entropy of two classes

# %% [markdown]
# ## Going further
#
# Ungraded, and open.
#
# 1. **The swinging loss, tamed.** The loop of part 1 is a ball without friction. Multiply `w.grad` by 0.9 after each step instead of
#    clearing it. What is the curve now? (You have invented momentum, the heart of most optimizers.)
# 2. **Second derivatives.** With `create_graph=True` your `jacobian_vector_product` gives, for the *gradient* of a loss, products with
#    the matrix of second derivatives. Find the largest curvature of `digit_loss` by power iteration, and from it
#    the largest `lr` that does not diverge.
# 3. **Memory for time.** Write a `Function` that runs any `f` under `no_grad` in forward, and recomputes it with recording in
#    backward. That is *gradient checkpointing*; how much does it save on 50 layers, and what does it cost?

# %% [markdown]
# ## To go deeper
#
# - PyTorch's own pages [Autograd mechanics] and [Extending PyTorch]
# - Andrej Karpathy, [micrograd]: backward in a hundred lines, which unit 03 builds
# - 3Blue1Brown, [Neural networks], chapters 3 and 4: backpropagation, in pictures
# - Michael Nielsen, [Neural Networks and Deep Learning], chapter 2: how backpropagation works
# - Bengio, Léonard and Courville, [Estimating or propagating gradients through stochastic neurons]: straight-through
# - Ramachandran, Zoph and Le, [Searching for activation functions]: where Swish comes from
# - Hugging Face, [Fixing gradient accumulation]: the mistake of exercise 6 at full size, 2024
#
# [Autograd mechanics]: https://docs.pytorch.org/docs/stable/notes/autograd.html
# [Extending PyTorch]: https://docs.pytorch.org/docs/stable/notes/extending.html
# [micrograd]: https://www.youtube.com/watch?v=VMj-3S1tku0
# [Neural networks]: https://www.3blue1brown.com/topics/neural-networks
# [Neural Networks and Deep Learning]: http://neuralnetworksanddeeplearning.com/chap2.html
# [Estimating or propagating gradients through stochastic neurons]: https://arxiv.org/abs/1308.3432
# [Fixing gradient accumulation]: https://huggingface.co/blog/gradient_accumulation
# [Searching for activation functions]: https://arxiv.org/abs/1710.05941
