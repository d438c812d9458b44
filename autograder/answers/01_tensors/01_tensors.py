# %% right: element_offset — a loop over positions
def element_offset(index, stride, storage_offset=0):
    if len(index) != len(stride):
        raise ValueError("index and stride differ in length")
    place = storage_offset
    for d in range(len(index)):
        place += index[d] * stride[d]
    return place


# %% right: element_offset — NumPy's dot product
def element_offset(index, stride, storage_offset=0):
    return int(np.dot(np.array(index, dtype=np.int64), np.array(stride, dtype=np.int64))) + storage_offset


# %% wrong: element_offset — leaves out the storage offset  hint="storage_offset is missing"
def element_offset(index, stride, storage_offset=0):
    return sum(i * s for i, s in zip(index, stride, strict=True))


# %% wrong: element_offset — pairs the first index with the last stride  hint="paired in reverse"
def element_offset(index, stride, storage_offset=0):
    return storage_offset + sum(i * s for i, s in zip(index, reversed(stride), strict=True))


# %% wrong: element_offset — zip cuts a wrong index short  hint="zip stops silently"
def element_offset(index, stride, storage_offset=0):
    return storage_offset + sum(i * s for i, s in zip(index, stride))


# %% wrong: element_offset — adds the offset at every step  hint="added once"
def element_offset(index, stride, storage_offset=0):
    return sum(storage_offset + i * s for i, s in zip(index, stride, strict=True))


# %% wrong: element_offset — returns a tensor  hint="a tensor, not an int"
def element_offset(index, stride, storage_offset=0):
    return (torch.tensor(index) * torch.tensor(stride)).sum() + storage_offset


# %% wrong: element_offset — written for two dimensions  hint="too many values to unpack"
def element_offset(index, stride, storage_offset=0):
    i, j = index
    down, right = stride
    return storage_offset + i * down + j * right


# %% right: is_contiguous — builds the strides of a new tensor, then compares
def is_contiguous(shape, stride):
    fresh = [1]
    for size in shape[:0:-1]:
        fresh.insert(0, fresh[0] * size)
    return all(size == 1 or step == want for size, step, want in zip(shape, stride, fresh))


# %% right: is_contiguous — walks all elements and looks where they lie
def is_contiguous(shape, stride):
    for place, index in enumerate(np.ndindex(*shape)):
        if sum(i * s for i, s in zip(index, stride)) != place:
            return False
    return True


# %% right: is_contiguous — recursion on the first dimension
def is_contiguous(shape, stride):
    if not shape:
        return True
    follows = shape[0] == 1 or stride[0] == math.prod(shape[1:])
    return follows and is_contiguous(shape[1:], stride[1:])


# %% wrong: is_contiguous — looks only at the order of the strides  hint="places are skipped between the rows"
def is_contiguous(shape, stride):
    return list(stride) == sorted(stride, reverse=True)


# %% wrong: is_contiguous — the last stride only  hint="places are skipped between the rows"
def is_contiguous(shape, stride):
    return not stride or stride[-1] == 1


# %% wrong: is_contiguous — the size of the next dimension, not of all later ones  hint="multiply all their sizes"
def is_contiguous(shape, stride):
    return all(step == size for step, size in zip(stride, (*shape[1:], 1)))


# %% wrong: is_contiguous — forgets that a size of 1 takes no step  hint="a dimension of size 1 is never stepped along"
def is_contiguous(shape, stride):
    return all(step == math.prod(shape[d + 1 :]) for d, step in enumerate(stride))


# %% wrong: is_contiguous — multiplies from the first dimension on  hint="this is how a new matrix lies"
def is_contiguous(shape, stride):
    expected = 1
    for size, step in zip(shape, stride):
        if size != 1 and step != expected:
            return False
        expected *= size
    return True


# %% wrong: is_contiguous — no gaps, but in any order  hint="a transpose is read in jumps"
def is_contiguous(shape, stride):
    return math.prod(shape) == 1 + sum((n - 1) * s for n, s in zip(shape, stride))


# %% wrong: is_contiguous — skips all the later checks at a size of 1  hint="the other counts"
def is_contiguous(shape, stride):
    return 1 in shape or all(step == math.prod(shape[d + 1 :]) for d, step in enumerate(stride))


# %% wrong: is_contiguous — a number for a truth value  hint="an int, not a bool"
def is_contiguous(shape, stride):
    return int(all(n == 1 or s == math.prod(shape[d + 1 :]) for d, (n, s) in enumerate(zip(shape, stride))))


# %% right: tensor_bytes — multiplies step by step
def tensor_bytes(shape, stride, dtype):
    size = torch.empty((), dtype=getattr(torch, dtype)).element_size()
    count, last = 1, 0
    for n, step in zip(shape, stride):
        count *= n
        last += (n - 1) * step
    return (count * size, (last + 1) * size) if count else (0, 0)


# %% right: tensor_bytes — asks torch for a tensor without memory
def tensor_bytes(shape, stride, dtype):
    ghost = torch.empty_strided(shape, stride, dtype=getattr(torch, dtype), device="meta")
    return ghost.numel() * ghost.itemsize, ghost.untyped_storage().nbytes() if ghost.numel() else 0


# %% wrong: tensor_bytes — the span of a dense tensor, whatever the strides  hint="the span follows the strides"
def tensor_bytes(shape, stride, dtype):
    dense = math.prod(shape) * getattr(torch, dtype).itemsize
    return dense, dense


# %% wrong: tensor_bytes — the last element takes no room  hint="the last element takes room too"
def tensor_bytes(shape, stride, dtype):
    size = getattr(torch, dtype).itemsize
    if math.prod(shape) == 0:
        return 0, 0
    return math.prod(shape) * size, sum((n - 1) * s for n, s in zip(shape, stride)) * size


# %% wrong: tensor_bytes — a whole first dimension of steps  hint="reaches past the last element"
def tensor_bytes(shape, stride, dtype):
    size = getattr(torch, dtype).itemsize
    return math.prod(shape) * size, shape[0] * stride[0] * size


# %% wrong: tensor_bytes — n steps for n elements  hint="n - 1 steps apart"
def tensor_bytes(shape, stride, dtype):
    size = getattr(torch, dtype).itemsize
    if math.prod(shape) == 0:
        return 0, 0
    return math.prod(shape) * size, (sum(n * s for n, s in zip(shape, stride)) + 1) * size


# %% wrong: tensor_bytes — n steps for n elements, and no room for the last  hint="n - 1 steps away, and takes room"
def tensor_bytes(shape, stride, dtype):
    size = getattr(torch, dtype).itemsize
    return math.prod(shape) * size, sum(n * s for n, s in zip(shape, stride)) * size


# %% wrong: tensor_bytes — four bytes whatever the dtype  hint="ask the dtype for its itemsize"
def tensor_bytes(shape, stride, dtype):
    if math.prod(shape) == 0:
        return 0, 0
    return math.prod(shape) * 4, (sum((n - 1) * s for n, s in zip(shape, stride)) + 1) * 4


# %% wrong: tensor_bytes — counts elements  hint="you count elements"
def tensor_bytes(shape, stride, dtype):
    if math.prod(shape) == 0:
        return 0, 0
    return math.prod(shape), sum((n - 1) * s for n, s in zip(shape, stride)) + 1


# %% wrong: tensor_bytes — forgets the tensor without elements  hint="a tensor without elements spans nothing"
def tensor_bytes(shape, stride, dtype):
    size = getattr(torch, dtype).itemsize
    return math.prod(shape) * size, (sum((n - 1) * s for n, s in zip(shape, stride)) + 1) * size


# %% right: broadcast_shape — pads at the front, then compares
def broadcast_shape(a, b):
    dims = max(len(a), len(b))
    a = (1,) * (dims - len(a)) + a
    b = (1,) * (dims - len(b)) + b
    for p, q in zip(a, b):
        if p != q and 1 not in (p, q):
            raise ValueError(f"{a} and {b} do not match")
    return tuple(q if p == 1 else p for p, q in zip(a, b))


# %% right: broadcast_shape — negative positions, building from the end
def broadcast_shape(a, b):
    result = ()
    for d in range(1, max(len(a), len(b)) + 1):
        sizes = {shape[-d] for shape in (a, b) if d <= len(shape)} - {1}
        if len(sizes) > 1:
            raise ValueError("sizes clash")
        result = (sizes.pop() if sizes else 1, *result)
    return result


# %% right: broadcast_shape — recursion on the last dimension
def broadcast_shape(a, b):
    if not a or not b:
        return a or b
    *rest_a, p = a
    *rest_b, q = b
    if p != q and p != 1 and q != 1:
        raise ValueError("sizes clash")
    return (*broadcast_shape(tuple(rest_a), tuple(rest_b)), q if p == 1 else p)


# %% wrong: broadcast_shape — aligned at the left  hint="line the shapes up from the right"
def broadcast_shape(a, b):
    result = []
    for p, q in zip_longest(a, b, fillvalue=1):
        if p != q and p != 1 and q != 1:
            raise ValueError("sizes clash")
        result.append(q if p == 1 else p)
    return tuple(result)


# %% wrong: broadcast_shape — the larger size  hint="1 stretches to 0 as well"
def broadcast_shape(a, b):
    result = []
    for p, q in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if p != q and p != 1 and q != 1:
            raise ValueError("sizes clash")
        result.append(max(p, q))
    return tuple(reversed(result))


# %% wrong: broadcast_shape — checks nothing  hint="two sizes above 1 must be equal"
def broadcast_shape(a, b):
    pairs = list(zip_longest(reversed(a), reversed(b), fillvalue=1))
    return tuple(0 if 0 in pair and 1 in pair else max(pair) for pair in reversed(pairs))


# %% wrong: broadcast_shape — zip drops the leading dimensions  hint="the dimensions that only one shape has"
def broadcast_shape(a, b):
    result = []
    for p, q in zip(reversed(a), reversed(b)):
        if p != q and p != 1 and q != 1:
            raise ValueError("sizes clash")
        result.append(q if p == 1 else p)
    return tuple(reversed(result))


# %% wrong: broadcast_shape — leaves the result back to front  hint="turn the result round"
def broadcast_shape(a, b):
    result = []
    for p, q in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if p != q and p != 1 and q != 1:
            raise ValueError("sizes clash")
        result.append(q if p == 1 else p)
    return tuple(result)


# %% wrong: broadcast_shape — an error of another kind  hint="raise a ValueError"
def broadcast_shape(a, b):
    return tuple((torch.empty(a) + torch.empty(b)).shape)


# %% wrong: broadcast_shape — a list  hint="a list, not a tuple"
def broadcast_shape(a, b):
    result = []
    for p, q in zip_longest(a[::-1], b[::-1], fillvalue=1):
        if p != q and p != 1 and q != 1:
            raise ValueError("sizes clash")
        result.insert(0, q if p == 1 else p)
    return result


# %% right: outer_sum — two explicit dimensions
def outer_sum(a, b):
    return a.unsqueeze(1) + b.unsqueeze(0)


# %% right: outer_sum — reshape and expand by hand
def outer_sum(a, b):
    n, m = len(a), len(b)
    return a.reshape(n, 1).expand(n, m) + b.reshape(1, m).expand(n, m)


# %% right: outer_sum — a comprehension
def outer_sum(a, b):
    return torch.stack([x + b for x in a])


# %% wrong: outer_sum — plain addition  hint="a needs a second dimension of size 1"
def outer_sum(a, b):
    return a + b


# %% wrong: outer_sum — adds in place to the narrow column  hint="+= cannot widen a"
def outer_sum(a, b):
    a = a.unsqueeze(1)
    a += b
    return a


# %% wrong: outer_sum — transposed  hint="yours is transposed"
def outer_sum(a, b):
    return a + b[:, None]


# %% wrong: outer_sum — the outer product  hint="that is the outer product"
def outer_sum(a, b):
    return torch.outer(a, b)


# %% wrong: outer_sum — einsum multiplies  hint="that is the outer product"
def outer_sum(a, b):
    return torch.einsum("i,j->ij", a, b)


# %% wrong: outer_sum — always float32  hint="dtype torch.int64"
def outer_sum(a, b):
    out = torch.zeros(len(a), len(b))
    for i in range(len(a)):
        for j in range(len(b)):
            out[i, j] = a[i] + b[j]
    return out


# %% right: one_hot — compares with all classes
def one_hot(targets, vocab_size):
    return (targets.unsqueeze(-1) == torch.arange(vocab_size)).float()


# %% right: one_hot — rows of the identity
def one_hot(targets, vocab_size):
    return torch.eye(vocab_size)[targets]


# %% right: one_hot — a loop over the flat targets
def one_hot(targets, vocab_size):
    flat = torch.zeros(targets.numel(), vocab_size)
    for i, target in enumerate(targets.reshape(-1).tolist()):
        flat[i, target] = 1
    return flat.reshape(*targets.shape, vocab_size)


# %% wrong: one_hot — int64  hint="yours is int64"
def one_hot(targets, vocab_size):
    return (targets[..., None] == torch.arange(vocab_size)).long()


# %% wrong: one_hot — bool  hint="yours is bool"
def one_hot(targets, vocab_size):
    return targets[..., None] == torch.arange(vocab_size)


# %% wrong: one_hot — as many classes as the batch shows  hint="vocab_size says how many columns"
def one_hot(targets, vocab_size):
    return torch.eye(int(targets.max()) + 1)[targets]


# %% wrong: one_hot — made for one dimension  hint="targets may have any number of dimensions"
def one_hot(targets, vocab_size):
    return (targets[:, None] == torch.arange(vocab_size)).float()


# %% wrong: one_hot — sets the columns of all targets in every row  hint="pair row i with target i"
def one_hot(targets, vocab_size):
    out = torch.zeros(*targets.shape, vocab_size)
    out[..., targets.reshape(-1)] = 1
    return out


# %% wrong: one_hot — counts classes from 1  hint="targets count from 0"
def one_hot(targets, vocab_size):
    return (targets[..., None] + 1 == torch.arange(vocab_size)).float()


# %% wrong: one_hot — classes down the rows  hint="yours is transposed"
def one_hot(targets, vocab_size):
    return (targets == torch.arange(vocab_size)[:, None]).float()


# %% wrong: one_hot — one dimension only  hint="keep the shape of targets"
def one_hot(targets, vocab_size):
    flat = targets.reshape(-1)
    out = torch.zeros(len(flat), vocab_size)
    out[torch.arange(len(flat)), flat] = 1
    return out


# %% right: pick — takes rows and columns in pairs
def pick(log_probs, targets):
    rows = log_probs.reshape(-1, log_probs.shape[-1])
    return rows[torch.arange(len(rows)), targets.reshape(-1)].reshape(targets.shape)


# %% right: pick — take_along_dim
def pick(log_probs, targets):
    return torch.take_along_dim(log_probs, targets.unsqueeze(-1), dim=-1).squeeze(-1)


# %% right: pick — masks with a one-hot and sums
def pick(log_probs, targets):
    chosen = targets[..., None] == torch.arange(log_probs.shape[-1])
    return log_probs.masked_fill(~chosen, 0).sum(-1)


# %% wrong: pick — every target from every row  hint="pair position i with target i"
def pick(log_probs, targets):
    return log_probs[:, targets]


# %% wrong: pick — leaves gather's last dimension  hint="drop the dimension that gather leaves"
def pick(log_probs, targets):
    return log_probs.gather(-1, targets[..., None])


# %% wrong: pick — squeezes everything  hint="squeeze without a dim"
def pick(log_probs, targets):
    return log_probs.gather(-1, targets[..., None]).squeeze()


# %% wrong: pick — already negated for the loss  hint="you changed the sign"
def pick(log_probs, targets):
    return -log_probs.gather(-1, targets[..., None])[..., 0]


# %% wrong: pick — one leading dimension only  hint="any number of dimensions"
def pick(log_probs, targets):
    return log_probs[torch.arange(len(targets)), targets]


# %% wrong: pick — view on what may not be contiguous  hint="reshape copies where view refuses"
def pick(log_probs, targets):
    rows = log_probs.view(-1, log_probs.shape[-1])
    return rows.gather(1, targets.reshape(-1, 1)).view(targets.shape)


# %% wrong: pick — multiplies by a one-hot and sums  hint="0 times -inf is nan"
def pick(log_probs, targets):
    return (log_probs * (targets[..., None] == torch.arange(log_probs.shape[-1]))).sum(-1)


# %% wrong: pick — averages already  hint="do not average"
def pick(log_probs, targets):
    return log_probs.gather(-1, targets[..., None]).mean()


# %% right: batched_trace — diagonal, then sum
def batched_trace(x):
    return x.diagonal(dim1=1, dim2=2).sum(-1)


# %% right: batched_trace — one matrix at a time
def batched_trace(x):
    return torch.stack([matrix.trace() for matrix in x])


# %% right: batched_trace — masks with the identity
def batched_trace(x):
    return (x * torch.eye(x.shape[-1], dtype=x.dtype)).sum((-2, -1))


# %% wrong: batched_trace — sums whole matrices  hint="use the same letter twice"
def batched_trace(x):
    return torch.einsum("bij->b", x)


# %% wrong: batched_trace — the diagonals themselves  hint="that is the diagonal itself"
def batched_trace(x):
    return torch.einsum("bii->bi", x)


# %% wrong: batched_trace — one number for all  hint="one number for each matrix"
def batched_trace(x):
    return torch.einsum("bii->", x)


# %% wrong: batched_trace — the diagonal of the first two dimensions  hint="the batch is the first dimension"
def batched_trace(x):
    return x.diagonal().sum(-1)


# %% wrong: batched_trace — one matrix only  hint="RuntimeError"
def batched_trace(x):
    return torch.trace(x)


# %% right: logsumexp — two numbers at a time
def logsumexp(x, dim):
    first, *rest = x.unbind(dim)
    total = first
    for part in rest:
        total = torch.logaddexp(total, part)
    return total


# %% right: logsumexp — maximum from torch.max, detour over unsqueeze
def logsumexp(x, dim):
    top = torch.max(x, dim=dim).values
    total = torch.exp(x - top.unsqueeze(dim)).sum(dim=dim)
    return torch.log(total) + top


# %% wrong: logsumexp — as the formula stands  hint="exp overflowed"
def logsumexp(x, dim):
    return x.exp().sum(dim).log()


# %% wrong: logsumexp — one maximum for the whole tensor  hint="each slice along dim needs its own maximum"
def logsumexp(x, dim):
    top = x.max()
    return (x - top).exp().sum(dim).log() + top


# %% wrong: logsumexp — forgets to add the maximum again  hint="add the maximum again"
def logsumexp(x, dim):
    top = x.amax(dim, keepdim=True)
    return (x - top).exp().sum(dim).log()


# %% wrong: logsumexp — keeps the dimension  hint="dim disappears from the result"
def logsumexp(x, dim):
    top = x.amax(dim, keepdim=True)
    return (x - top).exp().sum(dim, keepdim=True).log() + top


# %% wrong: logsumexp — the maximum lost its dimension  hint="keepdim=True keeps it broadcastable"
def logsumexp(x, dim):
    top = x.amax(dim)
    return (x - top).exp().sum(dim).log() + top


# %% wrong: logsumexp — squeezes every dimension of size 1  hint="squeeze without a dim"
def logsumexp(x, dim):
    top = x.amax(dim, keepdim=True)
    return ((x - top).exp().sum(dim, keepdim=True).log() + top).squeeze()


# %% wrong: logsumexp — adds the maximum as a column to sums in a row  hint="(n, 1) + (n,) gives (n, n)"
def logsumexp(x, dim):
    top = x.amax(dim, keepdim=True)
    return top + (x - top).exp().sum(dim).log()


# %% wrong: logsumexp — takes values and indices for values  hint="x.amax(dim) gives the values"
def logsumexp(x, dim):
    top = x.max(dim)
    return top + (x - top).exp().sum(dim).log()


# %% wrong: logsumexp — always the last dimension  hint="reduce over the dim that is asked for"
def logsumexp(x, dim):
    top = x.amax(-1)
    return (x - top[..., None]).exp().sum(-1).log() + top


# %% wrong: logsumexp — no log  hint="take the log of the sum"
def logsumexp(x, dim):
    return x.exp().sum(dim)


# %% wrong: logsumexp — shifts its input in place  hint="changes its input in place"
def logsumexp(x, dim):
    top = x.amax(dim, keepdim=True)
    x -= top
    return x.exp().sum(dim).log() + top.squeeze(dim)


# %% right: softmax — exp of the normalised logarithm
def softmax(x, dim):
    shifted = x - x.max(dim, keepdim=True).values
    return torch.exp(shifted - shifted.exp().sum(dim, keepdim=True).log())


# %% right: softmax — in place on a copy, last dimension first
def softmax(x, dim):
    rows = x.movedim(dim, -1).clone()
    rows -= rows.amax(-1, keepdim=True)
    rows.exp_()
    rows /= rows.sum(-1, keepdim=True)
    return rows.movedim(-1, dim)


# %% wrong: softmax — as the formula stands  hint="exp left the range of a float"
def softmax(x, dim):
    return x.exp() / x.exp().sum(dim, keepdim=True)


# %% wrong: softmax — one maximum for the whole tensor  hint="each slice along dim needs its own maximum"
def softmax(x, dim):
    exps = (x - x.max()).exp()
    return exps / exps.sum(dim, keepdim=True)


# %% right: softmax — the learner's logsumexp, after the shift
def softmax(x, dim):
    shifted = x - x.amax(dim, keepdim=True)
    return (shifted - logsumexp(shifted, dim).unsqueeze(dim)).exp()


# %% wrong: softmax — the learner's logsumexp, without a shift  hint="too coarse for exp"
def softmax(x, dim):
    return (x - logsumexp(x, dim).unsqueeze(dim)).exp()


# %% wrong: softmax — logsumexp without its dimension  hint="put it back with unsqueeze(dim)"
def softmax(x, dim):
    return (x - logsumexp(x, dim)).exp()


# %% wrong: softmax — the maximum along dim, the sum along the last  hint="but the sum along the last dimension"
def softmax(x, dim):
    exps = (x - x.amax(dim, keepdim=True)).exp()
    return exps / exps.sum(-1, keepdim=True)


# %% wrong: softmax — no keepdim  hint="has lost its dimension"
def softmax(x, dim):
    exps = (x - x.amax(dim, keepdim=True)).exp()
    return exps / exps.sum(dim)


# %% wrong: softmax — over the whole tensor  hint="not over the whole tensor"
def softmax(x, dim):
    exps = (x - x.max()).exp()
    return exps / exps.sum()


# %% wrong: softmax — always the last dimension  hint="normalise along the dim that is asked for"
def softmax(x, dim):
    exps = (x - x.amax(-1, keepdim=True)).exp()
    return exps / exps.sum(-1, keepdim=True)


# %% wrong: softmax — not normalised  hint="the exponentials after the shift"
def softmax(x, dim):
    return (x - x.amax(dim, keepdim=True)).exp()


# %% wrong: softmax — log-probabilities  hint="those are log-probabilities"
def softmax(x, dim):
    shifted = x - x.amax(dim, keepdim=True)
    return shifted - shifted.exp().sum(dim, keepdim=True).log()


# %% wrong: softmax — divides without exp  hint="you divided x by its sum"
def softmax(x, dim):
    return x / x.sum(dim, keepdim=True)


# %% right: cross_entropy — flattens and takes pairs
def cross_entropy(logits, targets):
    rows = logits.reshape(-1, logits.shape[-1])
    rows = rows - rows.amax(1, keepdim=True)
    log_probs = rows - rows.exp().sum(1, keepdim=True).log()
    return -log_probs[torch.arange(len(rows)), targets.reshape(-1)].mean()


# %% right: cross_entropy — a loop over positions
def cross_entropy(logits, targets):
    rows = logits.reshape(-1, logits.shape[-1])
    total = 0
    for row, target in zip(rows, targets.reshape(-1)):
        total = total + torch.logsumexp(row, 0) - row[target]
    return total / len(rows)


# %% right: cross_entropy — the learner's functions, on shifted logits
def cross_entropy(logits, targets):
    log_probs = logits - logsumexp(logits, -1).unsqueeze(-1)
    return pick(log_probs, targets).mean().neg()


# %% wrong: cross_entropy — the sum  hint="not the sum"
def cross_entropy(logits, targets):
    return (logits.logsumexp(-1) - logits.gather(-1, targets[..., None])[..., 0]).sum()


# %% wrong: cross_entropy — no mean  hint="take the mean over all positions"
def cross_entropy(logits, targets):
    return logits.logsumexp(-1) - logits.gather(-1, targets[..., None])[..., 0]


# %% wrong: cross_entropy — the sign  hint="a loss is positive"
def cross_entropy(logits, targets):
    return (logits.gather(-1, targets[..., None])[..., 0] - logits.logsumexp(-1)).mean()


# %% wrong: cross_entropy — logits taken for log-probabilities  hint="normalise first"
def cross_entropy(logits, targets):
    return -logits.gather(-1, targets[..., None]).mean()


# %% wrong: cross_entropy — through probabilities  hint="log(0)"
def cross_entropy(logits, targets):
    probs = logits.softmax(-1)
    return -probs.gather(-1, targets[..., None]).log().mean()


# %% wrong: cross_entropy — an epsilon inside the log  hint="an epsilon"
def cross_entropy(logits, targets):
    probs = logits.softmax(-1).gather(-1, targets[..., None])
    return -(probs + 1e-12).log().mean()


# %% wrong: cross_entropy — no log at all  hint="the log-probability, not the probability"
def cross_entropy(logits, targets):
    return -logits.softmax(-1).gather(-1, targets[..., None]).mean()


# %% wrong: cross_entropy — softmax before a loss that has its own  hint="softmax once"
def cross_entropy(logits, targets):
    probs = logits.softmax(-1)
    return (probs.logsumexp(-1) - pick(probs, targets)).mean()


# %% wrong: cross_entropy — normalises over positions  hint="normalise over vocab_size"
def cross_entropy(logits, targets):
    log_probs = logits - logits.logsumexp(0)
    return -log_probs.gather(-1, targets[..., None]).mean()


# %% wrong: cross_entropy — normalises over dimension 1  hint="1 is that only in a matrix"
def cross_entropy(logits, targets):
    return (logsumexp(logits, 1) - pick(logits, targets)).mean()


# %% wrong: cross_entropy — averages over one dimension of positions  hint="the last dimension of positions only"
def cross_entropy(logits, targets):
    return (logsumexp(logits, -1) - pick(logits, targets)).mean(-1)


# %% wrong: cross_entropy — divides by the length of the batch  hint="not by len(targets)"
def cross_entropy(logits, targets):
    rows = targets.shape[0] if targets.dim() else 1
    return logsumexp(logits, -1).mean() - pick(logits, targets).sum() / rows


# %% wrong: cross_entropy — every target at every position  hint="pair position i with target i"
def cross_entropy(logits, targets):
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    return -log_probs[..., targets].mean()


# %% wrong: cross_entropy — overflows  hint="exp overflowed"
def cross_entropy(logits, targets):
    log_norm = logits.exp().sum(-1).log()
    return (log_norm - logits.gather(-1, targets[..., None])[..., 0]).mean()


# %% equivalent: element_offset — a product does not care which factor comes first
# -    return storage_offset + sum(i * step for i, step in zip(index, stride, strict=True))
# +    return storage_offset + sum(i * step for step, i in zip(index, stride, strict=True))


# %% equivalent: tensor_bytes — the sum of products is the same with index and stride exchanged
# -    last = element_offset(tuple(size - 1 for size in shape), stride)
# +    last = element_offset(stride, tuple(size - 1 for size in shape))


# %% equivalent: tensor_bytes — element_offset only iterates over the index, so a generator will do
# -    last = element_offset(tuple(size - 1 for size in shape), stride)
# +    last = element_offset((size - 1 for size in shape), stride)


# %% equivalent: broadcast_shape — the rule is symmetric in the two sizes
# -    for p, q in zip_longest(reversed(a), reversed(b), fillvalue=1):
# +    for q, p in zip_longest(reversed(a), reversed(b), fillvalue=1):
