# %% right: gradient_check — walks over a flat copy, norms by hypot
import math


def gradient_check(f, x, grad, h=1e-5):
    if np.shape(grad) != np.shape(x):
        raise ValueError("shapes differ")
    flat = np.array(x, dtype=np.float64).reshape(-1)
    slopes = []
    for i in range(flat.size):
        pair = []
        for step in (h, -h):
            moved = flat.copy()
            moved[i] += step
            pair.append(f(moved.reshape(x.shape)))
        slopes.append((pair[0] - pair[1]) / (2 * h))
    claim = grad.reshape(-1)
    lengths = math.hypot(*claim) + math.hypot(*slopes)
    return math.hypot(*(claim - slopes)) / lengths if lengths > 0 else 0.0


# %% right: gradient_check — moves a float64 copy there and back
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError("the gradient needs the shape of x")
    work = x.astype(np.float64)
    q = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        kept = work[place]
        work[place] = kept + h
        high = f(work)
        work[place] = kept - h
        low = f(work)
        work[place] = kept
        q[place] = (high - low) / h / 2
    norm = lambda a: np.linalg.norm(a.reshape(-1))
    if not grad.any() and not q.any():
        return 0.0
    return float(norm(q - grad) / (norm(q) + norm(grad)))


# %% wrong: gradient_check — absolute error  hint="that is the absolute error"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    return float(np.sqrt(((grad - q) ** 2).sum()))


# %% wrong: gradient_check — one side only  hint="a one-sided quotient"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up = x.astype(np.float64)
        up[place] += h
        q[place] = (f(up) - f(x.astype(np.float64))) / h
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — stays in float32  hint="the quotients were taken in float32"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — moves the caller's array  hint="changes its input in place"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        high = f(x)
        x[place] -= 2 * h
        q[place] = (high - f(x)) / (2 * h)
        x[place] += h
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — nan for two zeros  hint="0/0 is nan"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size)


# %% wrong: gradient_check — element by element  hint="not the largest error of an element"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    return float((np.abs(grad - q) / (np.abs(grad) + np.abs(q))).max())


# %% wrong: gradient_check — all elements at once  hint="move one element at a time"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — lets shapes broadcast  hint="it raises ValueError"
def gradient_check(f, x, grad, h=1e-5):
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — forgets the brackets  hint="a / 2 * h multiplies by h"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / 2 * h
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return float(np.sqrt(((grad - q) ** 2).sum()) / size) if size else 0.0


# %% wrong: gradient_check — NumPy's own float  hint="float(...) makes a Python float"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        up, down = x.astype(np.float64), x.astype(np.float64)
        up[place] += h
        down[place] -= h
        q[place] = (f(up) - f(down)) / (2 * h)
    size = np.sqrt((grad**2).sum()) + np.sqrt((q**2).sum())
    return np.sqrt(((grad - q) ** 2).sum()) / size if size else 0.0


# %% wrong: gradient_check — one quotient for the whole array  hint="one quotient for each element"
def gradient_check(f, x, grad, h=1e-5):
    if grad.shape != x.shape:
        raise ValueError
    q = (f(x + h) - f(x - h)) / (2 * h)
    size = np.linalg.norm(grad) + np.linalg.norm(q)
    return float(np.linalg.norm(grad - q) / size) if size else 0.0


# %% right: linear_forward — an einsum
def linear_forward(x, w, b):
    return np.einsum("ni,io->no", x, w) + b[None, :]


# %% right: linear_forward — row by row
def linear_forward(x, w, b):
    return np.stack([row @ w + b for row in x])


# %% wrong: linear_forward — no bias  hint="the bias is missing"
def linear_forward(x, w, b):
    return x @ w


# %% wrong: linear_forward — the weight as PyTorch holds it  hint="the shapes say x @ w"
def linear_forward(x, w, b):
    return x @ w.T + b


# %% wrong: linear_forward — subtracts the bias  hint="added, not subtracted"
def linear_forward(x, w, b):
    return x @ w - b


# %% wrong: linear_forward — the factors turned round  hint="the shapes say x @ w"
def linear_forward(x, w, b):
    return w @ x + b


# %% wrong: linear_forward — always float64  hint="dtype float32"
def linear_forward(x, w, b):
    return x.astype(np.float64) @ w + b


# %% right: linear_backward — einsums that keep an index
def linear_backward(grad_out, x, w):
    return (
        np.einsum("no,io->ni", grad_out, w),
        np.einsum("ni,no->io", x, grad_out),
        np.einsum("no->o", grad_out),
    )


# %% right: linear_backward — adds up outer products, row by row
def linear_backward(grad_out, x, w):
    grad_x, grad_w, grad_b = np.zeros_like(x), np.zeros_like(w), np.zeros_like(w[0])
    for r in range(len(x)):
        grad_x[r] = w @ grad_out[r]
        grad_w += np.outer(x[r], grad_out[r])
        grad_b += grad_out[r]
    return grad_x, grad_w, grad_b


# %% wrong: linear_backward — a mean over the batch in the bias  hint="not a mean"
def linear_backward(grad_out, x, w):
    return grad_out @ w.T, x.T @ grad_out, grad_out.mean(0)


# %% wrong: linear_backward — no sum in the bias  hint="sum over the batch"
def linear_backward(grad_out, x, w):
    return grad_out @ w.T, x.T @ grad_out, grad_out


# %% wrong: linear_backward — sums over the outputs  hint="shape"
def linear_backward(grad_out, x, w):
    return grad_out @ w.T, x.T @ grad_out, grad_out.sum(1)


# %% wrong: linear_backward — keeps a dimension  hint="no keepdims"
def linear_backward(grad_out, x, w):
    return grad_out @ w.T, x.T @ grad_out, grad_out.sum(0, keepdims=True)


# %% wrong: linear_backward — forgets the transpose of w  hint="which transposes"
def linear_backward(grad_out, x, w):
    return grad_out @ w, x.T @ grad_out, grad_out.sum(0)


# %% wrong: linear_backward — the weight's gradient transposed  hint="grad_w comes out transposed"
def linear_backward(grad_out, x, w):
    return grad_out @ w.T, grad_out.T @ x, grad_out.sum(0)


# %% wrong: linear_backward — transposes only where the shapes ask for it  hint="In a square case"
def linear_backward(grad_out, x, w):
    grad_x = grad_out @ (w if w.shape[0] == w.shape[1] else w.T)
    return grad_x, x.T @ grad_out, grad_out.sum(0)


# %% wrong: linear_backward — divides by the batch  hint="no 1/n here"
def linear_backward(grad_out, x, w):
    n = len(x)
    return grad_out @ w.T, x.T @ grad_out / n, grad_out.sum(0) / n


# %% wrong: linear_backward — the parameters first  hint="the order is grad_x, grad_w, grad_b"
def linear_backward(grad_out, x, w):
    return x.T @ grad_out, grad_out.sum(0), grad_out @ w.T


# %% right: unbroadcast — dimension by dimension
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(axis=0)
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(axis=dim, keepdims=True)
    return grad


# %% right: unbroadcast — compares shapes padded with ones
def unbroadcast(grad, shape):
    padded = (1,) * (grad.ndim - len(shape)) + tuple(shape)
    repeated = tuple(
        k for k, (small, large) in enumerate(zip(padded, grad.shape, strict=True)) if small != large
    )
    return (
        np.add.reduce(grad, axis=repeated, keepdims=True).reshape(shape) if repeated else grad.reshape(shape)
    )


# %% wrong: unbroadcast — a mean  hint="sum, not mean"
def unbroadcast(grad, shape):
    lead = grad.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(lead + k for k, size in enumerate(shape) if size == 1)
    return grad.mean(axes, keepdims=True).reshape(shape)


# %% wrong: unbroadcast — only the dimensions in front  hint="still has its full shape"
def unbroadcast(grad, shape):
    return grad.sum(tuple(range(grad.ndim - len(shape))))


# %% wrong: unbroadcast — drops dimensions of size 1  hint="a dimension of 1 stays"
def unbroadcast(grad, shape):
    lead = grad.ndim - len(shape)
    return grad.sum(tuple(range(lead)) + tuple(lead + k for k, size in enumerate(shape) if size == 1))


# %% wrong: unbroadcast — takes the first copy  hint="one copy is not the sum of all"
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad[0]
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.take([0], axis=dim)
    return grad


# %% wrong: unbroadcast — aligns shapes from the left  hint="aligns shapes from the right"
def unbroadcast(grad, shape):
    axes = tuple(k for k in range(grad.ndim) if k >= len(shape) or shape[k] == 1)
    return grad.sum(axes, keepdims=True).reshape(shape)


# %% wrong: unbroadcast — sums the dimensions at the end  hint="yours aligns the shapes from the left"
def unbroadcast(grad, shape):
    while grad.ndim > len(shape):
        grad = grad.sum(-1)
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim, keepdims=True)
    return grad


# %% wrong: unbroadcast — leaves new dimensions  hint="still has its full shape"
def unbroadcast(grad, shape):
    lead = grad.ndim - len(shape)
    return grad.sum(tuple(lead + k for k, size in enumerate(shape) if size == 1), keepdims=True)


# %% right: relu_forward — where
def relu_forward(x):
    return np.where(x > 0, x, 0).astype(x.dtype)


# %% right: relu_forward — a copy, cut off
def relu_forward(x):
    out = x.copy()
    out[out < 0] = 0
    return out


# %% wrong: relu_forward — in place  hint="changes its input in place"
def relu_forward(x):
    x[x < 0] = 0
    return x


# %% wrong: relu_forward — one maximum  hint="np.max"
def relu_forward(x):
    return np.max(x, 0.0)


# %% wrong: relu_forward — the mask  hint="the mask of what is positive"
def relu_forward(x):
    return (x > 0).astype(x.dtype)


# %% wrong: relu_forward — the absolute value  hint="the absolute value"
def relu_forward(x):
    return np.abs(x)


# %% right: relu_backward — where
def relu_backward(grad_out, x):
    return np.where(x <= 0, np.zeros_like(grad_out), grad_out)


# %% right: relu_backward — a copy with holes
def relu_backward(grad_out, x):
    grad = grad_out.copy()
    grad[x <= 0] = 0
    return grad


# %% wrong: relu_backward — the sign of the gradient  hint="looks at the sign of the gradient"
def relu_backward(grad_out, x):
    return np.maximum(grad_out, 0)


# %% wrong: relu_backward — slope 1 at zero  hint="x > 0, not x >= 0"
def relu_backward(grad_out, x):
    return grad_out * (x >= 0)


# %% wrong: relu_backward — forgets the gradient from above  hint="grad_out is missing"
def relu_backward(grad_out, x):
    return (x > 0).astype(x.dtype)


# %% wrong: relu_backward — times the output  hint="the slope is 1, not x"
def relu_backward(grad_out, x):
    return grad_out * np.maximum(x, 0)


# %% wrong: relu_backward — in place  hint="changes its input in place"
def relu_backward(grad_out, x):
    grad_out[x <= 0] = 0
    return grad_out


# %% wrong: relu_backward — the sign of x  hint="no slope"
def relu_backward(grad_out, x):
    return grad_out * np.sign(x)


# %% right: softmax_cross_entropy — logaddexp
def softmax_cross_entropy(logits, targets):
    picked = np.take_along_axis(logits, targets[:, None], axis=1)[:, 0]
    return float(np.mean(np.logaddexp.reduce(logits, axis=1) - picked))


# %% right: softmax_cross_entropy — a loop over rows
import math


def softmax_cross_entropy(logits, targets):
    total = 0.0
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        top = max(row)
        total += top + math.log(sum(math.exp(z - top) for z in row)) - row[target]
    return total / len(targets)


# %% wrong: softmax_cross_entropy — a sum  hint="not their sum"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].sum())


# %% wrong: softmax_cross_entropy — overflows  hint="exp overflowed"
def softmax_cross_entropy(logits, targets):
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    log_p = np.where(np.isfinite(log_p), log_p, np.nan)
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% wrong: softmax_cross_entropy — the logarithm of a probability that became 0  hint="compute log-probabilities"
def softmax_cross_entropy(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    p = powers / powers.sum(1, keepdims=True)
    return float(-np.log(p[np.arange(len(targets)), targets]).mean())


# %% wrong: softmax_cross_entropy — one maximum for all rows  hint="not of the whole array"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max()
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% wrong: softmax_cross_entropy — the sign  hint="the sign"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(log_p[np.arange(len(targets)), targets].mean())


# %% wrong: softmax_cross_entropy — columns instead of elements  hint="takes n columns"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-log_p[:, targets].mean())


# %% wrong: softmax_cross_entropy — along the wrong dimension  hint="expected"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(0)
    log_p = z - np.log(np.exp(z).sum(0))
    return float(-log_p[np.arange(len(targets)), targets].mean())


# %% wrong: softmax_cross_entropy — NumPy's own float  hint="float(...) makes a Python float"
def softmax_cross_entropy(logits, targets):
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return -log_p[np.arange(len(targets)), targets].mean()


# %% right: softmax_cross_entropy_backward — subtracts a one-hot matrix
def softmax_cross_entropy_backward(logits, targets):
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    one_hot = np.eye(logits.shape[1], dtype=logits.dtype)[targets]
    return (np.exp(log_p) - one_hot) / len(logits)


# %% right: softmax_cross_entropy_backward — row by row
def softmax_cross_entropy_backward(logits, targets):
    out = np.empty_like(logits)
    for r, target in enumerate(targets):
        powers = np.exp(logits[r] - logits[r].max())
        out[r] = powers / powers.sum()
        out[r, target] -= 1.0
    out /= logits.shape[0]
    return out


# %% wrong: softmax_cross_entropy_backward — no mean  hint="1/n is missing"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    grad = powers / powers.sum(1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= 1
    return grad


# %% wrong: softmax_cross_entropy_backward — the sign  hint="probs - one_hot"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    grad = powers / powers.sum(1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= 1
    return -grad / len(targets)


# %% wrong: softmax_cross_entropy_backward — whole columns  hint="changes n columns"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    grad = powers / powers.sum(1, keepdims=True)
    grad[:, targets] -= 1
    return grad / len(targets)


# %% wrong: softmax_cross_entropy_backward — overflows  hint="exp overflowed"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits)
    grad = powers / powers.sum(1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= 1
    return grad / len(targets)


# %% wrong: softmax_cross_entropy_backward — one maximum for all rows  hint="the maximum of each row"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max())
    grad = powers / powers.sum(1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= 1
    return grad / len(targets)


# %% wrong: softmax_cross_entropy_backward — forgets the targets  hint="the one_hot is missing"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True) / len(targets)


# %% wrong: softmax_cross_entropy_backward — divides the probabilities alone  hint="1/n belongs to the one_hot"
def softmax_cross_entropy_backward(logits, targets):
    powers = np.exp(logits - logits.max(1, keepdims=True))
    grad = powers / powers.sum(1, keepdims=True) / len(targets)
    grad[np.arange(len(targets)), targets] -= 1
    return grad


# %% wrong: softmax_cross_entropy_backward — in place  hint="changes its input in place"
def softmax_cross_entropy_backward(logits, targets):
    logits -= logits.max(1, keepdims=True)
    grad = np.exp(logits)
    grad /= grad.sum(1, keepdims=True)
    grad[np.arange(len(targets)), targets] -= 1
    return grad / len(targets)


# %% right: network_forward — recursion
def network_forward(layers, x):
    (w, b), *rest = layers
    y = x @ w + b
    return network_forward(rest, np.clip(y, 0, None)) if rest else y


# %% right: network_forward — ReLU before every layer but the first
def network_forward(layers, x):
    for k, (w, b) in enumerate(layers):
        h = relu_forward(x) if k > 0 else x
        x = linear_forward(h, w, b)
    return x


# %% wrong: network_forward — ReLU at the end, too  hint="no ReLU after the last layer"
def network_forward(layers, x):
    for w, b in layers:
        x = relu_forward(linear_forward(x, w, b))
    return x


# %% wrong: network_forward — no ReLU at all  hint="ReLU is missing"
def network_forward(layers, x):
    for w, b in layers:
        x = linear_forward(x, w, b)
    return x


# %% wrong: network_forward — ReLU on the images  hint="no ReLU before the first layer"
def network_forward(layers, x):
    for w, b in layers:
        x = linear_forward(relu_forward(x), w, b)
    return x


# %% wrong: network_forward — two layers only  hint="too many values to unpack"
def network_forward(layers, x):
    (w1, b1), (w2, b2) = layers[:3] if len(layers) > 1 else [layers[0], (np.eye(layers[0][0].shape[1]), 0)]
    return relu_forward(x @ w1 + b1) @ w2 + b2 if len(layers) > 1 else x @ w1 + b1


# %% right: loss_and_grads — two lists, and the mask of what came out of ReLU
def loss_and_grads(layers, x, targets):
    hs = [x]
    for w, b in layers[:-1]:
        hs.append(np.maximum(hs[-1] @ w + b, 0))
    logits = hs[-1] @ layers[-1][0] + layers[-1][1]
    g = softmax_cross_entropy_backward(logits, targets)
    grads = []
    for (w, _), h in zip(reversed(layers), reversed(hs), strict=True):
        grads.append((h.T @ g, g.sum(axis=0)))
        g = (g @ w.T) * (h > 0)
    return softmax_cross_entropy(logits, targets), grads[::-1]


# %% right: loss_and_grads — recursion: each layer asks the rest for the gradient
def loss_and_grads(layers, x, targets):
    def through(k, h):
        w, b = layers[k]
        y = linear_forward(h, w, b)
        if k == len(layers) - 1:
            loss, later = softmax_cross_entropy(y, targets), []
            g = softmax_cross_entropy_backward(y, targets)
        else:
            loss, later, g = through(k + 1, relu_forward(y))
            g = relu_backward(g, y)
        g_h, g_w, g_b = linear_backward(g, h, w)
        return loss, [(g_w, g_b), *later], g_h

    return through(0, x)[:2]


# %% wrong: loss_and_grads — the last layer first  hint="turn the list round"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.append((grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — forgets the mask  hint="the mask is missing"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — the mask of the gradient  hint="not from the gradient's sign"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        grad = relu_forward(grad)
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — the gradients alone  hint="return the loss, too"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return grads


# %% wrong: loss_and_grads — lists as pairs  hint="pairs as tuples"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, [grad_w, grad_b])
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — multiplies by n  hint="lack the 1/n of its mean"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = len(x) * softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — ReLU on the logits, too  hint="no ReLU after the last layer"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(x)
        outputs.append(linear_forward(x, w, b))
        x = relu_forward(outputs[-1])
    grad = softmax_cross_entropy_backward(x, targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad = relu_backward(grad, outputs[k])
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
    return softmax_cross_entropy(x, targets), grads


# %% wrong: loss_and_grads — updates on the way back  hint="changes its input in place"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    loss = softmax_cross_entropy(outputs[-1], targets)
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        w, b = layers[k]
        grads.insert(0, (inputs[k].T @ grad, grad.sum(0)))
        w -= 0.1 * grads[0][0]
        b -= 0.1 * grads[0][1]
        grad = grad @ w.T
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return loss, grads


# %% wrong: loss_and_grads — the mask of the wrong ReLU  hint="in loss_and_grads: grad = relu_backward(grad, outputs[k])"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, inputs[k], layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — x as the input of every layer  hint="yours takes x for all"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, x, layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% wrong: loss_and_grads — inputs put aside before ReLU  hint="yours takes what came before ReLU"
def loss_and_grads(layers, x, targets):
    inputs, outputs = [], []
    for w, b in layers:
        inputs.append(relu_forward(outputs[-1]) if outputs else x)
        outputs.append(linear_forward(inputs[-1], w, b))
    grad = softmax_cross_entropy_backward(outputs[-1], targets)
    grads = []
    for k in reversed(range(len(layers))):
        grad, grad_w, grad_b = linear_backward(grad, outputs[k - 1] if k else x, layers[k][0])
        grads.insert(0, (grad_w, grad_b))
        if k:
            grad = relu_backward(grad, outputs[k - 1])
    return softmax_cross_entropy(outputs[-1], targets), grads


# %% right: sgd_step — a loop
def sgd_step(layers, grads, lr):
    out = []
    for k in range(len(layers)):
        out.append(tuple(parameter - lr * grad for parameter, grad in zip(layers[k], grads[k], strict=True)))
    return out


# %% right: sgd_step — in place on copies
def sgd_step(layers, grads, lr):
    fresh = [(w.copy(), b.copy()) for w, b in layers]
    for pair, changes in zip(fresh, grads, strict=True):
        for parameter, change in zip(pair, changes, strict=True):
            np.subtract(parameter, lr * change, out=parameter)
    return fresh


# %% wrong: sgd_step — uphill  hint="uphill"
def sgd_step(layers, grads, lr):
    return [(w + lr * dw, b + lr * db) for (w, b), (dw, db) in zip(layers, grads, strict=True)]


# %% wrong: sgd_step — in place  hint="changes its input in place"
def sgd_step(layers, grads, lr):
    for (w, b), (dw, db) in zip(layers, grads, strict=True):
        w -= lr * dw
        b -= lr * db
    return layers


# %% wrong: sgd_step — leaves the biases  hint="the biases take the step, too"
def sgd_step(layers, grads, lr):
    return [(w - lr * dw, b) for (w, b), (dw, _) in zip(layers, grads, strict=True)]


# %% wrong: sgd_step — forgets lr  hint="lr is missing"
def sgd_step(layers, grads, lr):
    return [(w - dw, b - db) for (w, b), (dw, db) in zip(layers, grads, strict=True)]


# %% wrong: sgd_step — lists as pairs  hint="pairs as tuples"
def sgd_step(layers, grads, lr):
    return [[w - lr * dw, b - lr * db] for (w, b), (dw, db) in zip(layers, grads, strict=True)]


# %% wrong: sgd_step — new names only  hint="nothing has changed"
def sgd_step(layers, grads, lr):
    for (w, b), (dw, db) in zip(layers, grads, strict=True):
        w = w - lr * dw
        b = b - lr * db
    return layers


# %% right: train_epoch — cuts the shuffled rows, and averages by weight
def train_epoch(layers, x, targets, order, batch_size, lr):
    x, targets = x[order], targets[order]
    cuts = list(range(batch_size, len(order), batch_size))
    losses, sizes = [], []
    for rows, goals in zip(np.split(x, cuts), np.split(targets, cuts), strict=True):
        loss, grads = loss_and_grads(layers, rows, goals)
        losses.append(loss)
        sizes.append(len(rows))
        layers = [(w - lr * dw, b - lr * db) for (w, b), (dw, db) in zip(layers, grads, strict=True)]
    return layers, float(np.average(losses, weights=sizes))


# %% right: train_epoch — takes rows from a list until it is empty
def train_epoch(layers, x, targets, order, batch_size, lr):
    waiting, total = list(order), 0.0
    while waiting:
        rows, waiting = waiting[:batch_size], waiting[batch_size:]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        total += len(rows) / len(order) * loss
        layers = sgd_step(layers, grads, lr)
    return layers, total


# %% wrong: train_epoch — every gradient at the start  hint="taken at the first layers"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total, now = 0.0, layers
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        now = sgd_step(now, grads, lr)
        total += loss * len(rows)
    return now, total / len(order)


# %% wrong: train_epoch — drops the last batch  hint="the last, smaller batch counts"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total = count = 0
    for start in range(0, len(order) - batch_size + 1, batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        total += loss * len(rows)
        count += len(rows)
    return layers, total / count


# %% wrong: train_epoch — drops the last batch, and divides by all rows  hint="the last, smaller batch counts"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total = 0.0
    for k in range(len(order) // batch_size):
        rows = order[k * batch_size : (k + 1) * batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        total += loss * len(rows)
    return layers, total / len(order)


# %% wrong: train_epoch — as the rows come  hint="in the given order"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total = 0.0
    for start in range(0, len(order), batch_size):
        rows = slice(start, start + batch_size)
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        total += loss * len(targets[rows])
    return layers, total / len(order)


# %% wrong: train_epoch — shuffles x alone  hint="no longer belong together"
def train_epoch(layers, x, targets, order, batch_size, lr):
    x, total = x[order], 0.0
    for start in range(0, len(order), batch_size):
        rows = slice(start, start + batch_size)
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        total += loss * len(targets[rows])
    return layers, total / len(order)


# %% wrong: train_epoch — the mean of the batches' means  hint="not over batches"
def train_epoch(layers, x, targets, order, batch_size, lr):
    losses = []
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        losses.append(loss)
    return layers, float(np.mean(losses))


# %% wrong: train_epoch — forgets to keep the step  hint="give the loop's variable what sgd_step returns"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total = 0.0
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        sgd_step(layers, grads, lr)
        total += loss * len(rows)
    return layers, total / len(order)


# %% wrong: train_epoch — returns inside the loop  hint="the first batch alone"
def train_epoch(layers, x, targets, order, batch_size, lr):
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        return layers, loss


# %% wrong: train_epoch — the loss alone  hint="length"
def train_epoch(layers, x, targets, order, batch_size, lr):
    total = 0.0
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        loss, grads = loss_and_grads(layers, x[rows], targets[rows])
        layers = sgd_step(layers, grads, lr)
        total += loss * len(rows)
    return (total / len(order),)


# %% right: train_digits — wider, and a rate that falls
def train_digits(x, targets):
    rng = np.random.default_rng(3)
    layers = init_layers([64, 128, 10], rng)
    for epoch in range(40):
        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), 32, 0.5 * (1 - epoch / 40))
    return layers


# %% right: train_digits — three layers
def train_digits(x, targets):
    rng = np.random.default_rng(1)
    layers = init_layers([64, 64, 64, 10], rng)
    for _ in range(40):
        order = np.argsort(rng.random(len(x)))
        layers = train_epoch(layers, x, targets, order, 24, 0.2)[0]
    return layers


# %% wrong: train_digits — never keeps the trained layers  hint="about as good as guessing"
def train_digits(x, targets):
    rng = np.random.default_rng(0)
    layers = init_layers([64, 64, 10], rng)
    for _ in range(3):
        train_epoch(layers, x, targets, rng.permutation(len(x)), 32, 0.3)
    return layers


# %% wrong: train_digits — a rate that is far too large  hint="is lr too large"
def train_digits(x, targets):
    rng = np.random.default_rng(0)
    layers = init_layers([64, 64, 10], rng)
    for _ in range(5):
        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), 32, 5.0)
    return layers


# %% wrong: train_digits — one epoch at a small rate  hint="not even the training images are learned"
def train_digits(x, targets):
    rng = np.random.default_rng(0)
    layers = init_layers([64, 64, 10], rng)
    return train_epoch(layers, x, targets, rng.permutation(len(x)), 32, 0.05)[0]


# %% wrong: train_digits — the losses, too  hint="return the layers alone"
def train_digits(x, targets):
    rng = np.random.default_rng(0)
    layers, losses = init_layers([64, 64, 10], rng), []
    for _ in range(3):
        layers, loss = train_epoch(layers, x, targets, rng.permutation(len(x)), 32, 0.3)
        losses.append(loss)
    return layers, losses


# %% wrong: train_digits — learns 100 images by heart  hint="do all of them take part"
def train_digits(x, targets):
    rng = np.random.default_rng(0)
    layers = init_layers([64, 64, 10], rng)
    for _ in range(100):
        layers, _ = train_epoch(layers, x[:100], targets[:100], rng.permutation(100), 32, 0.3)
    return layers


# %% right: torch_loss_and_grads — modules, weights transposed
def torch_loss_and_grads(layers, x, targets):
    modules = []
    for w, b in layers:
        module = torch.nn.Linear(*w.shape, dtype=torch.float64)
        module.weight.data, module.bias.data = torch.from_numpy(w.T.copy()), torch.from_numpy(b.copy())
        modules += [module, torch.nn.ReLU()]
    loss = torch.nn.CrossEntropyLoss()(
        torch.nn.Sequential(*modules[:-1])(torch.from_numpy(x)), torch.from_numpy(targets)
    )
    loss.backward()
    return loss.item(), [(m.weight.grad.numpy().T, m.bias.grad.numpy()) for m in modules[::2]]


# %% right: torch_loss_and_grads — torch.autograd.grad, leaves in one flat list
def torch_loss_and_grads(layers, x, targets):
    leaves = [torch.from_numpy(a).requires_grad_() for pair in layers for a in pair]
    ws, bs = leaves[::2], leaves[1::2]
    h = torch.from_numpy(x)
    for w, b in zip(ws[:-1], bs[:-1], strict=True):
        h = torch.relu(torch.addmm(b, h, w))
    loss = functional.nll_loss((h @ ws[-1] + bs[-1]).log_softmax(1), torch.from_numpy(targets))
    grads = [grad.numpy() for grad in torch.autograd.grad(loss, leaves)]
    return float(loss), list(zip(grads[::2], grads[1::2], strict=True))


# %% wrong: torch_loss_and_grads — the module's gradients as they are  hint="the gradient of w is the transpose"
def torch_loss_and_grads(layers, x, targets):
    modules = []
    for w, b in layers:
        module = torch.nn.Linear(*w.shape, dtype=torch.float64)
        module.weight.data, module.bias.data = torch.from_numpy(w.T.copy()), torch.from_numpy(b.copy())
        modules += [module, torch.nn.ReLU()]
    loss = torch.nn.CrossEntropyLoss()(
        torch.nn.Sequential(*modules[:-1])(torch.from_numpy(x)), torch.from_numpy(targets)
    )
    loss.backward()
    return loss.item(), [(m.weight.grad.numpy(), m.bias.grad.numpy()) for m in modules[::2]]


# %% wrong: torch_loss_and_grads — tensors instead of arrays  hint=".numpy() gives their arrays"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in layers]
    h = torch.tensor(x)
    for k, (w, b) in enumerate(pairs):
        h = (h.relu() if k else h) @ w + b
    loss = functional.cross_entropy(h, torch.tensor(targets))
    loss.backward()
    return loss.item(), [(w.grad, b.grad) for w, b in pairs]


# %% wrong: torch_loss_and_grads — a sum over the rows  hint="are sums"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in layers]
    h = torch.tensor(x)
    for k, (w, b) in enumerate(pairs):
        h = (h.relu() if k else h) @ w + b
    loss = functional.cross_entropy(h, torch.tensor(targets), reduction="sum")
    loss.backward()
    return loss.item(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]


# %% wrong: torch_loss_and_grads — ReLU at the end, too  hint="no ReLU after the last layer"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in layers]
    h = torch.tensor(x)
    for w, b in pairs:
        h = (h @ w + b).relu()
    loss = functional.cross_entropy(h, torch.tensor(targets))
    loss.backward()
    return loss.item(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]


# %% wrong: torch_loss_and_grads — the loss as a tensor  hint=".item() gives its number"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in layers]
    h = torch.tensor(x)
    for k, (w, b) in enumerate(pairs):
        h = (h.relu() if k else h) @ w + b
    loss = functional.cross_entropy(h, torch.tensor(targets))
    loss.backward()
    return loss.detach(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]


# %% wrong: torch_loss_and_grads — float32  hint="torch.Tensor(a) does not"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.Tensor(w).requires_grad_(), torch.Tensor(b).requires_grad_()) for w, b in layers]
    h = torch.Tensor(x)
    for k, (w, b) in enumerate(pairs):
        h = (h.relu() if k else h) @ w + b
    loss = functional.cross_entropy(h, torch.tensor(targets))
    loss.backward()
    return loss.item(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]


# %% wrong: torch_loss_and_grads — gives tensors to the function for arrays  hint="Can't call numpy() on Tensor"
def torch_loss_and_grads(layers, x, targets):
    pairs = [(torch.tensor(w, requires_grad=True), torch.tensor(b, requires_grad=True)) for w, b in layers]
    loss = functional.cross_entropy(network_forward(pairs, torch.tensor(x)), torch.tensor(targets))
    loss.backward()
    return loss.item(), [(w.grad.numpy(), b.grad.numpy()) for w, b in pairs]


# %% equivalent: gradient_check — two equal copies
# -        up, down = x.astype(np.float64), x.astype(np.float64)
# +        down, up = x.astype(np.float64), x.astype(np.float64)


# %% equivalent: unbroadcast — a sum over several axes, in any order
# -    return grad.sum((*range(in_front), *stretched)).reshape(shape)
# +    return grad.sum((*stretched, *range(in_front))).reshape(shape)


# %% equivalent: loss_and_grads — two empty lists
# -    inputs, outputs = [], []  # of each linear layer
# +    outputs, inputs = [], []  # of each linear layer


# %% equivalent: sgd_step — layers and grads are equally long
# -        (w - lr * grad_w, b - lr * grad_b) for (w, b), (grad_w, grad_b) in zip(layers, grads, strict=True)
# +        (w - lr * grad_w, b - lr * grad_b) for (w, b), (grad_w, grad_b) in zip(layers, grads)


# %% equivalent: sgd_step — layers and grads are equally long, so nothing is cut off
# -        (w - lr * grad_w, b - lr * grad_b) for (w, b), (grad_w, grad_b) in zip(layers, grads, strict=True)
# +        (w - lr * grad_w, b - lr * grad_b) for (w, b), (grad_w, grad_b) in zip(layers, grads, strict=False)


# %% equivalent: train_digits — the lesson has a generator of this name, too
# -    rng = np.random.default_rng(0)
# +    pass


# %% equivalent: train_digits — another seed reads as well
# -    rng = np.random.default_rng(0)
# +    rng = np.random.default_rng(1)


# %% equivalent: train_digits — a unit more reads as well
# -    layers = init_layers([64, 64, 10], rng)
# +    layers = init_layers([64, 65, 10], rng)


# %% equivalent: train_digits — a unit less reads as well
# -    layers = init_layers([64, 64, 10], rng)
# +    layers = init_layers([64, 63, 10], rng)


# %% equivalent: train_digits — an epoch more reads as well
# -    for _ in range(40):
# +    for _ in range(41):


# %% equivalent: train_digits — an epoch less reads as well
# -    for _ in range(40):
# +    for _ in range(39):


# %% equivalent: train_digits — another batch size reads as well
# -        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=32, lr=0.5)
# +        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=33, lr=0.5)


# %% equivalent: train_digits — a smaller batch size reads as well
# -        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=32, lr=0.5)
# +        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=31, lr=0.5)


# %% equivalent: train_digits — a larger rate reads as well
# -        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=32, lr=0.5)
# +        layers, _ = train_epoch(layers, x, targets, rng.permutation(len(x)), batch_size=32, lr=1.0)
