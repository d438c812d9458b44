# %% right: numerical_gradient — fills a result, moving one element of a copy back and forth
def numerical_gradient(f, x, h=1e-6):
    out = torch.zeros(x.shape, dtype=x.dtype)
    for index in torch.ones(x.shape).nonzero():
        place = tuple(index.tolist())
        moved = x.clone()
        moved[place] = x[place] + h
        high = f(moved)
        moved[place] = x[place] - h
        out[place] = (high - f(moved)) / (2 * h)
    return out


# %% right: numerical_gradient — directions are the rows of an identity matrix
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.tensor(
        [((f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / 2 / h).item() for s in steps],
        dtype=x.dtype,
    ).reshape(x.shape)


# %% wrong: numerical_gradient — one side only  hint="a one-sided quotient"
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([(f(x + s.reshape(x.shape)) - f(x)) / h for s in steps]).reshape(x.shape)


# %% wrong: numerical_gradient — backward difference  hint="a one-sided quotient, backwards"
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([(f(x) - f(x - s.reshape(x.shape))) / h for s in steps]).reshape(x.shape)


# %% wrong: numerical_gradient — divides by h  hint="the two points are 2h apart"
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / h for s in steps]).reshape(
        x.shape
    )


# %% wrong: numerical_gradient — brackets forgotten  hint="in brackets"
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack(
        [(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / 2 * h for s in steps]
    ).reshape(x.shape)


# %% wrong: numerical_gradient — moves all elements at once  hint="one element at a time"
def numerical_gradient(f, x, h=1e-6):
    return torch.full_like(x, ((f(x + h) - f(x - h)) / (2 * h)).item())


# %% wrong: numerical_gradient — writes to the input  hint="changes its input in place"
def numerical_gradient(f, x, h=1e-6):
    out = torch.zeros(x.shape, dtype=x.dtype)
    for i in range(x.numel()):
        flat = x.reshape(-1)
        flat[i] += h
        up = f(x)
        flat[i] -= 2 * h
        down = f(x)
        out.view(-1)[i] = (up - down) / (2 * h)
    return out


# %% wrong: numerical_gradient — loses the shape  hint="has the shape of x"
def numerical_gradient(f, x, h=1e-6):
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack([(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / (2 * h) for s in steps])


# %% wrong: numerical_gradient — view on a transpose  hint="flatten once with reshape"
def numerical_gradient(f, x, h=1e-6):
    flat = x.view(-1)
    slopes = []
    for i in range(len(flat)):
        up, down = flat.clone(), flat.clone()
        up[i] += h
        down[i] -= h
        slopes.append((f(up.view(x.shape)) - f(down.view(x.shape))) / (2 * h))
    return torch.stack(slopes).view(x.shape)


# %% wrong: numerical_gradient — writes to a copy of its clone  hint="f never saw the step"
def numerical_gradient(f, x, h=1e-6):
    slopes = []
    for i in range(x.numel()):
        up, down = x.clone(), x.clone()
        up.reshape(-1)[i] += h
        down.reshape(-1)[i] -= h
        slopes.append((f(up) - f(down)) / (2 * h))
    return torch.stack(slopes).reshape(x.shape)


# %% wrong: numerical_gradient — two names of one tensor  hint="both sides are the same tensor"
def numerical_gradient(f, x, h=1e-6):
    flat = x.reshape(-1)
    slopes = torch.zeros_like(flat)
    for i in range(len(flat)):
        up = down = flat.clone()
        up[i] += h
        down[i] -= h
        slopes[i] = (f(up.reshape(x.shape)) - f(down.reshape(x.shape))) / (2 * h)
    return slopes.reshape(x.shape)


# %% wrong: numerical_gradient — its own step  hint="h is an argument"
def numerical_gradient(f, x, h=1e-6):
    h = 1e-6
    steps = h * torch.eye(x.numel(), dtype=x.dtype)
    return torch.stack(
        [(f(x + s.reshape(x.shape)) - f(x - s.reshape(x.shape))) / (2 * h) for s in steps]
    ).reshape(x.shape)


# %% right: gradient — torch.autograd.grad
def gradient(f, x):
    leaf = x.detach().clone().requires_grad_(True)
    (slopes,) = torch.autograd.grad(f(leaf), leaf)
    return slopes


# %% right: gradient — a new tensor from the numbers
def gradient(f, x):
    leaf = torch.empty_like(x, requires_grad=True)
    with torch.no_grad():
        leaf.copy_(x)
    torch.autograd.backward(f(leaf))
    return leaf.grad.detach()


# %% right: gradient — on a copy of the numbers
def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


# %% wrong: gradient — switches the caller's x  hint="you switched x itself"
def gradient(f, x):
    x.requires_grad_()
    f(x).backward()
    grad, x.grad = x.grad, None
    return grad


# %% wrong: gradient — leaves the gradient in x.grad  hint="the gradient was left in x.grad"
def gradient(f, x):
    before = x.requires_grad
    x.requires_grad_()
    f(x).backward()
    if not before:
        grad = x.grad
        x.requires_grad_(False)
        return grad
    return x.grad


# %% wrong: gradient — adds to an earlier gradient  hint="backward added to what x.grad held before"
def gradient(f, x):
    before = x.requires_grad
    x.requires_grad_()
    f(x).backward()
    grad = x.grad
    if not before:
        x.requires_grad_(False)
        x.grad = None
    return grad


# %% wrong: gradient — returns what backward returns  hint="nothing is returned"
def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    return f(leaf).backward()


# %% wrong: gradient — forgets to switch recording on  hint="does not require grad, so no graph"
def gradient(f, x):
    leaf = x.detach().clone()
    f(leaf).backward()
    return leaf.grad


# %% wrong: gradient — clones without detaching  hint="is not a start of its own: detach first"
def gradient(f, x):
    leaf = x.clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


# %% wrong: gradient — returns the value  hint="that is f(x)"
def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    value = f(leaf)
    value.backward()
    return value


# %% wrong: gradient — clears the caller's gradient first  hint="you cleared the caller's x.grad"
def gradient(f, x):
    x.grad = None
    leaf = x.detach().clone().requires_grad_()
    f(leaf).backward()
    return leaf.grad


# %% right: leaves_of — recursion
def leaves_of(loss):
    seen, found = [], []

    def visit(node):
        if node is None or any(node is other for other in seen):
            return
        seen.append(node)
        if type(node).__name__ == "AccumulateGrad":
            found.append(node.variable)
        for before, _ in node.next_functions:
            visit(before)

    visit(loss.grad_fn)
    return found


# %% right: leaves_of — collects by the tensor's identity
def leaves_of(loss):
    leaves, todo = {}, [loss.grad_fn]
    while todo:
        node = todo.pop(0)
        leaf = getattr(node, "variable", None)
        if leaf is not None:
            leaves[id(leaf)] = leaf
        todo += [before for before, _ in node.next_functions if before is not None]
    return list(leaves.values())


# %% wrong: leaves_of — does not note where it has been  hint="note where you have been"
def leaves_of(loss):
    found, todo = [], [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node is None:
            continue
        if hasattr(node, "variable"):
            found.append(node.variable)
        todo += [before for before, _ in node.next_functions]
    return found


# %% wrong: leaves_of — one level only  hint="walk on through next_functions"
def leaves_of(loss):
    return [node.variable for node, _ in loss.grad_fn.next_functions if hasattr(node, "variable")]


# %% wrong: leaves_of — trips over inputs that require no grad  hint="has no attribute 'next_functions'"
def leaves_of(loss):
    found, seen, todo = [], set(), [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable)
        todo += [before for before, _ in node.next_functions]
    return found


# %% wrong: leaves_of — follows the first input only  hint="every input of a node, not only the first"
def leaves_of(loss):
    node = loss.grad_fn
    while node is not None and not hasattr(node, "variable"):
        node = node.next_functions[0][0]
    return [node.variable] if node is not None else []


# %% wrong: leaves_of — copies  hint="the leaves themselves"
def leaves_of(loss):
    found, seen, todo = [], set(), [loss.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.append(node.variable.clone())
        todo += [before for before, _ in node.next_functions]
    return found


# %% right: sgd_step — through data, and zeros
def sgd_step(parameters, lr):
    for parameter in parameters:
        if parameter.grad is None:
            continue
        parameter.data.add_(parameter.grad, alpha=-lr)
        parameter.grad.zero_()


# %% right: sgd_step — copies the new numbers in
def sgd_step(parameters, lr):
    for p in parameters:
        if p.grad is not None:
            new = p.detach() - lr * p.grad
            p.detach().copy_(new)
            p.grad = torch.zeros_like(p)


# %% wrong: sgd_step — records the update  hint="leaf Variable that requires grad"
def sgd_step(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            parameter -= lr * parameter.grad
            parameter.grad = None


# %% wrong: sgd_step — a new tensor for a name  hint="the parameter has not changed"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                grad, parameter.grad = parameter.grad, None
                parameter = parameter - lr * grad


# %% wrong: sgd_step — uphill  hint="uphill"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter += lr * parameter.grad
                parameter.grad = None


# %% wrong: sgd_step — no clearing  hint="the next backward will add to it"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= lr * parameter.grad


# %% wrong: sgd_step — clears before it steps  hint="the parameter has not changed"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter.grad.zero_()
                parameter -= lr * parameter.grad


# %% wrong: sgd_step — without lr  hint="lr is missing"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            if parameter.grad is not None:
                parameter -= parameter.grad
                parameter.grad = None


# %% wrong: sgd_step — a parameter without gradient  hint="TypeError"
def sgd_step(parameters, lr):
    with torch.no_grad():
        for parameter in parameters:
            parameter -= lr * parameter.grad
            parameter.grad = None


# %% wrong: sgd_step — switches the parameter off  hint="nothing has to be switched off"
def sgd_step(parameters, lr):
    for parameter in parameters:
        if parameter.grad is not None:
            grad, parameter.grad = parameter.grad, None
            parameter.requires_grad_(False)
            parameter -= lr * grad


# %% right: gradient_descent — with the gradient of exercise 2
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone(), []
    for _ in range(steps):
        losses.append(float(f(place)))
        place = place - lr * gradient(f, place)
    return place, losses


# %% right: gradient_descent — a fresh leaf at each step
def gradient_descent(f, x, lr, steps):
    losses = []
    place = x.detach().clone()
    for _ in range(steps):
        place = place.detach().requires_grad_()
        loss = f(place)
        (slopes,) = torch.autograd.grad(loss, [place])
        losses += [loss.item()]
        place = place - lr * slopes
    return place.detach(), losses


# %% wrong: gradient_descent — never clears  hint="gradients pile up"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            place -= lr * place.grad
    return place.detach(), losses


# %% wrong: gradient_descent — uphill  hint="uphill"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone(), []
    for _ in range(steps):
        losses.append(f(place).item())
        place = place + lr * gradient(f, place)
    return place, losses


# %% wrong: gradient_descent — the loss after each step  hint="the loss before each step"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone(), []
    for _ in range(steps):
        place = place - lr * gradient(f, place)
        losses.append(f(place).item())
    return place, losses


# %% wrong: gradient_descent — keeps losses as tensors  hint="keeps its whole graph alive"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss)
        loss.backward()
        with torch.no_grad():
            place -= lr * place.grad
        place.grad = None
    return place.detach(), losses


# %% wrong: gradient_descent — returns the place only  hint="the place and the list of losses"
def gradient_descent(f, x, lr, steps):
    place = x.detach().clone()
    for _ in range(steps):
        place = place - lr * gradient(f, place)
    return place


# %% wrong: gradient_descent — changes x  hint="changes its input in place"
def gradient_descent(f, x, lr, steps):
    losses = []
    for _ in range(steps):
        losses.append(f(x).item())
        x -= lr * gradient(f, x)
    return x, losses


# %% wrong: gradient_descent — steps in place on a tensor that shares x's memory  hint="changes its input in place"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().requires_grad_(), []
    for _ in range(steps):
        losses.append(f(place).item())
        f(place).backward()
        sgd_step([place], lr)
    return place.detach(), losses


# %% wrong: gradient_descent — returns a place that requires grad  hint="it still hangs on autograd"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            place -= lr * place.grad
        place.grad = None
    return place, losses


# %% wrong: gradient_descent — a non-leaf after the first step  hint="only leaves get one"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss.item())
        loss.backward()
        place = place - lr * place.grad
    return place.detach(), losses


# %% wrong: gradient_descent — one gradient for all steps  hint="it is taken at the new place"
def gradient_descent(f, x, lr, steps):
    place, losses = x.detach().clone(), []
    grad = gradient(f, place)
    for _ in range(steps):
        losses.append(f(place).item())
        place = place - lr * grad
    return place, losses


# %% right: batched_gradient — sums of gradients, divided at the end
def batched_gradient(f, w, x, y, batch_size):
    total = torch.zeros_like(w)
    for start in range(0, len(x), batch_size):
        rows, goals = x[start : start + batch_size], y[start : start + batch_size]
        total = total + len(rows) * gradient(lambda p: f(p, rows, goals), w)
    return total / len(x)


# %% right: batched_gradient — turns each mean into a sum, and divides the gradient in the end
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    for rows, goals in zip(torch.split(x, batch_size), torch.split(y, batch_size)):
        (f(leaf, rows, goals) * rows.shape[0]).backward()
    return leaf.grad / x.shape[0]


# %% wrong: batched_gradient — the mean of the batches  hint="each batch counts by its number of rows"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    batches = list(zip(x.split(batch_size), y.split(batch_size)))
    for rows, goals in batches:
        (f(leaf, rows, goals) / len(batches)).backward()
    return leaf.grad


# %% wrong: batched_gradient — the sum of the batches  hint="the sum of the batches' gradients"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    for rows, goals in zip(x.split(batch_size), y.split(batch_size)):
        f(leaf, rows, goals).backward()
    return leaf.grad


# %% wrong: batched_gradient — all at once  hint="all rows at once"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    f(leaf, x, y).backward()
    return leaf.grad


# %% wrong: batched_gradient — one backward for all batches  hint="go back after each batch"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    total = 0
    for rows, goals in zip(x.split(batch_size), y.split(batch_size)):
        total = total + f(leaf, rows, goals) * len(rows) / len(x)
    total.backward()
    return leaf.grad


# %% wrong: batched_gradient — a new leaf for each batch  hint="only the last batch"
def batched_gradient(f, w, x, y, batch_size):
    for rows, goals in zip(x.split(batch_size), y.split(batch_size)):
        leaf = w.clone().requires_grad_()
        (f(leaf, rows, goals) * len(rows) / len(x)).backward()
    return leaf.grad


# %% wrong: batched_gradient — drops the last, smaller batch  hint="the smaller last batch counts too"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    for start in range(0, len(x) - batch_size + 1, batch_size):
        rows, goals = x[start : start + batch_size], y[start : start + batch_size]
        (f(leaf, rows, goals) * len(rows) / len(x)).backward()
    return leaf.grad


# %% wrong: batched_gradient — takes every batch for a full one  hint="each batch divided by batch_size"
def batched_gradient(f, w, x, y, batch_size):
    leaf = w.clone().requires_grad_()
    for rows, goals in zip(x.split(batch_size), y.split(batch_size)):
        (f(leaf, rows, goals) * batch_size / len(x)).backward()
    return leaf.grad


# %% right: jacobian_vector_product — forward mode by dual numbers
def jacobian_vector_product(f, x, v):
    import torch.autograd.forward_ad as forward

    with forward.dual_level():
        dual = forward.make_dual(x.detach(), v)
        return forward.unpack_dual(f(dual)).tangent


# %% right: jacobian_vector_product — the trick by backward, with u of ones
def jacobian_vector_product(f, x, v):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    u = torch.ones_like(y).requires_grad_()
    y.backward(u, create_graph=True)
    (leaf.grad * v).sum().backward(inputs=[u])
    return u.grad


# %% wrong: jacobian_vector_product — the product from the other side  hint="that is u J"
def jacobian_vector_product(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    (product,) = torch.autograd.grad(f(leaf), leaf, v)
    return product


# %% wrong: jacobian_vector_product — a u of the shape of x  hint="turn it round"
def jacobian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_()
    u = torch.zeros_like(x, requires_grad=True)
    (g,) = torch.autograd.grad(f(x), x, u, create_graph=True)
    (product,) = torch.autograd.grad(g, u, v)
    return product


# %% wrong: jacobian_vector_product — row by row  hint="one pass for each row"
def jacobian_vector_product(f, x, v):
    leaf = x.detach().clone().requires_grad_()
    y = f(leaf)
    return torch.stack([torch.autograd.grad(one, leaf, retain_graph=True)[0] @ v for one in y])


# %% wrong: jacobian_vector_product — a difference quotient  hint="expected"
def jacobian_vector_product(f, x, v):
    h = 1e-4
    return (f(x + h * v) - f(x - h * v)) / (2 * h)


# %% wrong: jacobian_vector_product — a whole step along v  hint="infinitely small step"
def jacobian_vector_product(f, x, v):
    return f(x + v) - f(x)


# %% wrong: jacobian_vector_product — u of the default dtype  hint="u is float32 and f(x) is not"
def jacobian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_()
    y = f(x)
    u = torch.zeros(len(y), requires_grad=True)
    (g,) = torch.autograd.grad(y, x, u, create_graph=True)
    return torch.autograd.grad(g, u, v)[0]


# %% wrong: jacobian_vector_product — v forgotten  hint="v is missing"
def jacobian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_()
    y = f(x)
    u = torch.zeros_like(y, requires_grad=True)
    (g,) = torch.autograd.grad(y, x, u, create_graph=True)
    (product,) = torch.autograd.grad(g.sum(), u)
    return product


# %% wrong: jacobian_vector_product — the first pass is not recorded  hint="create_graph=True"
def jacobian_vector_product(f, x, v):
    x = x.detach().clone().requires_grad_()
    y = f(x)
    u = torch.zeros_like(y, requires_grad=True)
    (g,) = torch.autograd.grad(y, x, u)
    (product,) = torch.autograd.grad(g, u, v)
    return product


# %% right: straight_through_round — a custom Function
class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, grad):
        return grad


def straight_through_round(x):
    return Rounded.apply(x)


# %% right: straight_through_round — the value under no_grad
def straight_through_round(x):
    with torch.no_grad():
        missing = torch.round(x) - x
    return x + missing


# %% wrong: straight_through_round — plain rounding  hint="round has gradient 0"
def straight_through_round(x):
    return x.round()


# %% wrong: straight_through_round — everything detached  hint="nothing is left of x's history"
def straight_through_round(x):
    return (x + (x.round() - x)).detach()


# %% wrong: straight_through_round — rounds under no_grad  hint="keep one x outside detach"
def straight_through_round(x):
    with torch.no_grad():
        return x.round()


# %% wrong: straight_through_round — adds what it should replace  hint="x was added twice"
def straight_through_round(x):
    return x + x.round().detach()


# %% wrong: straight_through_round — the sign of the constant  hint="x + (round(x) - x)"
def straight_through_round(x):
    return x + (x - x.round()).detach()


# %% wrong: straight_through_round — cuts off the fraction  hint="you cut off the fraction"
def straight_through_round(x):
    return x + (x.trunc() - x).detach()


# %% wrong: straight_through_round — always down  hint="yours always goes down"
def straight_through_round(x):
    return x + (x.floor() - x).detach()


# %% wrong: straight_through_round — detaches x only in the difference  hint="x counts twice"
def straight_through_round(x):
    return x + (x.round().detach() - x.detach()) + (x - x.detach())


# %% right: scale_gradient — with detach
def scale_gradient(x, factor):
    return factor * x + ((1 - factor) * x).detach()


# %% right: scale_gradient — a custom Function
class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, grad):
        return ctx.factor * grad, None


def scale_gradient(x, factor):
    return Scaled.apply(x, factor)


# %% wrong: scale_gradient — hooks x itself  hint="the hook sits on x itself"
def scale_gradient(x, factor):
    if x.requires_grad:
        x.register_hook(lambda grad: factor * grad)
    return x


# %% wrong: scale_gradient — scales the values  hint="forward must not change"
def scale_gradient(x, factor):
    return factor * x


# %% wrong: scale_gradient — does not ask whether x requires grad  hint="ask requires_grad first"
def scale_gradient(x, factor):
    y = x.view_as(x)
    y.register_hook(lambda grad: factor * grad)
    return y


# %% wrong: scale_gradient — the hook returns nothing  hint="a hook must return the new gradient"
def scale_gradient(x, factor):
    y = x.view_as(x)
    if y.requires_grad:

        def hook(grad):
            grad = factor * grad

        y.register_hook(hook)
    return y


# %% wrong: scale_gradient — detaches  hint="must come from x itself"
def scale_gradient(x, factor):
    y = x.detach().clone().requires_grad_()
    y.register_hook(lambda grad: factor * grad)
    return y.detach()


# %% wrong: scale_gradient — the hook writes to its argument  hint="changed its argument in place"
def scale_gradient(x, factor):
    y = x.view_as(x)
    if y.requires_grad:
        y.register_hook(lambda grad: grad.mul_(factor))
    return y


# %% wrong: scale_gradient — scales on the way in and on the way out  hint="scaled twice"
def scale_gradient(x, factor):
    y = factor * x + ((1 - factor) * x).detach()
    if y.requires_grad:
        y.register_hook(lambda grad: factor * grad)
    return y


# %% right: clip_gradient — one long vector
def clip_gradient(parameters, max_norm):
    given = [p for p in parameters if p.grad is not None]
    norm = torch.cat([p.grad.flatten() for p in given]).norm().item()
    for p in given:
        p.grad = p.grad * min(1.0, max_norm / norm) if norm else p.grad
    return norm


# %% right: clip_gradient — the norm of norms
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = float(torch.stack([grad.norm() for grad in grads]).norm())
    if norm > max_norm:
        for grad in grads:
            grad.mul_(max_norm).div_(norm)
    return norm


# %% wrong: clip_gradient — each parameter by itself  hint="one norm over all parameters"
def clip_gradient(parameters, max_norm):
    total = 0.0
    for p in parameters:
        if p.grad is not None:
            norm = p.grad.norm().item()
            total += norm**2
            if norm > max_norm:
                p.grad *= max_norm / norm
    return total**0.5


# %% wrong: clip_gradient — lengthens what is short  hint="a small gradient stays as it is"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    for grad in grads:
        grad *= max_norm / norm
    return norm


# %% wrong: clip_gradient — clamps each number  hint="each number was clamped"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    for grad in grads:
        grad.clamp_(-max_norm, max_norm)
    return norm


# %% wrong: clip_gradient — the norm after clipping  hint="the norm before clipping"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    if norm > max_norm:
        for grad in grads:
            grad *= max_norm / norm
    return min(norm, max_norm)


# %% wrong: clip_gradient — torch's epsilon  hint="no epsilon"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    for grad in grads:
        grad *= min(1.0, max_norm / (norm + 1e-6))
    return norm


# %% wrong: clip_gradient — forgets the root  hint="the root of the sum of squares"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).item()
    if norm > max_norm:
        for grad in grads:
            grad *= max_norm / norm
    return norm


# %% wrong: clip_gradient — returns a tensor  hint=".item() makes one"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt()
    if norm > max_norm:
        for grad in grads:
            grad *= max_norm / norm
    return norm


# %% wrong: clip_gradient — new names, old gradients  hint="write to .grad"
def clip_gradient(parameters, max_norm):
    grads = [p.grad for p in parameters if p.grad is not None]
    norm = sum((grad**2).sum() for grad in grads).sqrt().item()
    if norm > max_norm:
        for grad in grads:
            grad = grad * max_norm / norm
    return norm


# %% right: Swish — records forward again in backward
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x / (1 + torch.exp(-beta * x))

    @staticmethod
    def backward(ctx, grad_output):
        with torch.enable_grad():
            x = ctx.saved_tensors[0].detach().requires_grad_()
            y = x * torch.sigmoid(ctx.beta * x)
        (grad,) = torch.autograd.grad(y, x, grad_output)
        return grad, None


# %% right: Swish — the slope in another form
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return torch.sigmoid(x * beta) * x

    @staticmethod
    def backward(ctx, grad_output):
        t = ctx.beta * ctx.saved_tensors[0]
        s = torch.sigmoid(t)
        return s * (1 + t * torch.sigmoid(-t)) * grad_output, None


# %% wrong: Swish — forgets the gradient from above  hint="multiply by the gradient that comes from above"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return s + ctx.beta * x * s * (1 - s), None


# %% wrong: Swish — forgets the inner derivative  hint="the inner derivative is missing"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad_output * (s + x * s * (1 - s)), None


# %% wrong: Swish — half of the product rule  hint="the product rule has two terms"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * torch.sigmoid(ctx.beta * x), None


# %% wrong: Swish — the other half  hint="s alone is missing"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad_output * ctx.beta * x * s * (1 - s), None


# %% wrong: Swish — one gradient too few  hint="incorrect number of gradients"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.sigmoid(beta * x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(ctx.beta * x)
        return grad_output * (s + ctx.beta * x * s * (1 - s))


# %% wrong: Swish — forgets beta  hint="beta is missing in the sigmoid"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.sigmoid(x)
        return grad_output * (s + x * s * (1 - s)), None


# %% wrong: Swish — an exponential that overflows  hint="left the range of a float"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        return x * torch.exp(beta * x) / (1 + torch.exp(beta * x))

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        s = torch.exp(ctx.beta * x) / (1 + torch.exp(ctx.beta * x))
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None


# %% wrong: Swish — saves the sigmoid too  hint="save x alone"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        s = torch.sigmoid(beta * x)
        ctx.save_for_backward(x, s)
        ctx.beta = beta
        return x * s

    @staticmethod
    def backward(ctx, grad_output):
        x, s = ctx.saved_tensors
        return grad_output * (s + ctx.beta * x * s * (1 - s)), None


# %% wrong: Swish — keeps the sigmoid on ctx  hint="save x alone"
class Swish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, beta):
        ctx.save_for_backward(x)
        ctx.beta = beta
        ctx.s = torch.sigmoid(beta * x)
        return x * ctx.s

    @staticmethod
    def backward(ctx, grad_output):
        (x,) = ctx.saved_tensors
        return grad_output * (ctx.s + ctx.beta * x * ctx.s * (1 - ctx.s)), None


# %% equivalent: numerical_gradient — two equal copies
# -        up, down = flat.clone(), flat.clone()
# +        down, up = flat.clone(), flat.clone()


# %% equivalent: batched_gradient — x and y have equally many rows, so both are split alike
# -    for rows, goals in zip(x.split(batch_size), y.split(batch_size), strict=True):
# +    for rows, goals in zip(x.split(batch_size), y.split(batch_size)):


# %% equivalent: batched_gradient — x and y have equally many rows, so nothing is cut off
# -    for rows, goals in zip(x.split(batch_size), y.split(batch_size), strict=True):
# +    for rows, goals in zip(x.split(batch_size), y.split(batch_size), strict=False):


# %% equivalent: jacobian_vector_product — u J is linear in u, so its slope is the same at every u
# -    u = torch.zeros_like(y, requires_grad=True)  # (m,)
# +    u = torch.ones_like(y, requires_grad=True)  # (m,)


# %% equivalent: jacobian_vector_product — u J is linear in u, and y requires grad, too
# -    u = torch.zeros_like(y, requires_grad=True)  # (m,)
# +    u = y  # (m,)


# %% equivalent: clip_gradient — a norm of exactly max_norm is multiplied by 1
# -    if norm > max_norm:
# +    if norm >= max_norm:


# %% wrong: gradient_descent — clones without detaching  hint="is no leaf, detach it first"
def gradient_descent(f, x, lr, steps):
    place, losses = x.clone().requires_grad_(), []
    for _ in range(steps):
        loss = f(place)
        losses.append(loss.item())
        loss.backward()
        sgd_step([place], lr)
    return place.detach(), losses
