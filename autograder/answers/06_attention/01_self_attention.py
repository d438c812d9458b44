# %% right: mean_of_past — a running sum over a count
def mean_of_past(x):
    counts = torch.arange(1, x.shape[1] + 1, dtype=x.dtype)
    return torch.cumsum(x, dim=1) / counts[None, :, None]


# %% right: mean_of_past — fills a result, from the mean so far
def mean_of_past(x):
    out = torch.empty_like(x)
    total = torch.zeros_like(x[:, 0])
    for t in range(x.shape[1]):
        total = total + x[:, t]
        out[:, t] = total / (t + 1)
    return out


# %% right: mean_of_past — a triangle of ones
def mean_of_past(x):
    lower = torch.tril(torch.ones(x.shape[1], x.shape[1], dtype=x.dtype))
    return torch.einsum("ts,bsn->btn", lower / lower.sum(1, keepdim=True), x)


# %% wrong: mean_of_past — the present is left out  hint="position t itself belongs to its mean"
def mean_of_past(x):
    return torch.stack([x[:, :t].mean(1) for t in range(x.shape[1])], 1)


# %% wrong: mean_of_past — one mean for all  hint="it sees what comes after"
def mean_of_past(x):
    return x.mean(1, keepdim=True).repeat(1, x.shape[1], 1)


# %% wrong: mean_of_past — sums  hint="divide by the number of positions"
def mean_of_past(x):
    return x.cumsum(1)


# %% wrong: mean_of_past — divides by the whole length  hint="not by the length of the sequence"
def mean_of_past(x):
    return x.cumsum(1) / x.shape[1]


# %% wrong: mean_of_past — time is lost  hint="one row for each position"
def mean_of_past(x):
    return x.mean(1)


# %% wrong: mean_of_past — writes into x  hint="changes its input in place"
def mean_of_past(x):
    for t in range(x.shape[1] - 1, -1, -1):
        x[:, t] = x[:, : t + 1].mean(1)
    return x


# %% wrong: mean_of_past — counts from 0  hint="t + 1 positions are averaged at position t"
def mean_of_past(x):
    return x.cumsum(1) / torch.arange(x.shape[1])[:, None]


# %% right: causal_mask — compares two ranges
def causal_mask(time):
    places = torch.arange(time)
    return places[:, None] >= places


# %% right: causal_mask — not the upper triangle
def causal_mask(time):
    return ~torch.triu(torch.ones((time, time), dtype=torch.bool), diagonal=1)


# %% wrong: causal_mask — drops the diagonal  hint="a position must see itself"
def causal_mask(time):
    return torch.ones(time, time, dtype=torch.bool).tril(-1)


# %% wrong: causal_mask — the upper triangle  hint="it looks ahead"
def causal_mask(time):
    return torch.ones(time, time, dtype=torch.bool).triu()


# %% wrong: causal_mask — True means hidden  hint="yours is inverted"
def causal_mask(time):
    return torch.ones(time, time).triu(1).bool()


# %% wrong: causal_mask — numbers  hint="bool, not numbers"
def causal_mask(time):
    return torch.tril(torch.ones(time, time))


# %% right: averaging_weights — divides where there is something to divide by
def averaging_weights(mask):
    count = mask.sum(-1, keepdim=True)
    return torch.where(mask, 1.0 / count, 0.0)


# %% right: averaging_weights — softmax of equal scores
def averaging_weights(mask):
    scores = torch.zeros(mask.shape).masked_fill(mask == False, float("-inf"))  # noqa: E712
    return torch.nan_to_num(torch.softmax(scores, dim=-1))


# %% wrong: averaging_weights — columns  hint="a row belongs to a query"
def averaging_weights(mask):
    return mask.float() / mask.float().sum(-2, keepdim=True)


# %% wrong: averaging_weights — nan where nothing may be seen  hint="0 / 0"
def averaging_weights(mask):
    return mask.float() / mask.sum(-1, keepdim=True)


# %% wrong: averaging_weights — no keepdim  hint="one sum for each row: keepdim=True"
def averaging_weights(mask):
    numbers = mask.float()
    return numbers / numbers.sum(-1).clamp(min=1)


# %% wrong: averaging_weights — all keys count  hint="not by all of them"
def averaging_weights(mask):
    return mask.float() / mask.shape[-1]


# %% wrong: averaging_weights — counts rows, as in a triangle  hint="a mask need not be a triangle"
def averaging_weights(mask):
    return mask / torch.arange(1, mask.shape[-2] + 1)[:, None]


# %% wrong: averaging_weights — softmax of the mask  hint="masked keys get no weight"
def averaging_weights(mask):
    return mask.float().softmax(-1)


# %% wrong: averaging_weights — the mask itself  hint="the weights of a query sum to 1"
def averaging_weights(mask):
    return mask.float()


# %% wrong: averaging_weights — a large negative score  hint="has weights 0, not equal ones"
def averaging_weights(mask):
    return torch.zeros(mask.shape).masked_fill(~mask, -1e9).softmax(-1)


# %% right: attention_scores — einsum
def attention_scores(q, k):
    return torch.einsum("...id,...jd->...ij", q, k)


# %% right: attention_scores — products, then a sum
def attention_scores(q, k):
    return (q[..., :, None, :] * k[..., None, :, :]).sum(-1)


# %% wrong: attention_scores — keys in rows  hint="rows are queries"
def attention_scores(q, k):
    return k @ q.transpose(-2, -1)


# %% wrong: attention_scores — scaled already  hint="the scale comes in exercise 6"
def attention_scores(q, k):
    return q @ k.mT / q.shape[-1] ** 0.5


# %% wrong: attention_scores — softmax already  hint="no softmax yet"
def attention_scores(q, k):
    return (q @ k.mT).softmax(-1)


# %% wrong: attention_scores — turns all dimensions  hint="k.T turns all of them round"
def attention_scores(q, k):
    return q @ k.permute(*range(k.dim() - 1, -1, -1))


# %% wrong: attention_scores — not transposed  hint="k has to be transposed"
def attention_scores(q, k):
    return q @ k


# %% wrong: attention_scores — element by element  hint="multiplied element by element"
def attention_scores(q, k):
    return q * k


# %% right: softmax_jacobian — by the two cases
def softmax_jacobian(weights):
    n = len(weights)
    out = torch.zeros(n, n, dtype=weights.dtype)
    for i in range(n):
        for j in range(n):
            out[i, j] = weights[i] * (1 - weights[i]) if i == j else -weights[i] * weights[j]
    return out


# %% right: softmax_jacobian — each row times what an identity matrix leaves
def softmax_jacobian(weights):
    return weights.unsqueeze(1) * (torch.eye(weights.numel(), dtype=weights.dtype) - weights)


# %% wrong: softmax_jacobian — the diagonal alone  hint="the products of different weights count"
def softmax_jacobian(weights):
    return (weights - weights**2).diag()


# %% wrong: softmax_jacobian — no diagonal  hint="the diagonal is missing"
def softmax_jacobian(weights):
    return -torch.outer(weights, weights)


# %% wrong: softmax_jacobian — plus  hint="minus the products, not plus"
def softmax_jacobian(weights):
    return weights.diag() + torch.outer(weights, weights)


# %% wrong: softmax_jacobian — a vector  hint="one number for each pair"
def softmax_jacobian(weights):
    return weights * (1 - weights)


# %% wrong: softmax_jacobian — an identity matrix  hint="1 on the diagonal has to be w_i"
def softmax_jacobian(weights):
    return torch.eye(len(weights), dtype=weights.dtype) - torch.outer(weights, weights)


# %% wrong: softmax_jacobian — the formula of the diagonal everywhere  hint="stands on the diagonal only"
def softmax_jacobian(weights):
    return weights[:, None] * (1 - weights)


# %% wrong: softmax_jacobian — the sign  hint="the sign is turned"
def softmax_jacobian(weights):
    return torch.outer(weights, weights) - weights.diag()


# %% right: attention_weights — exponentials of allowed scores by hand
def attention_weights(q, k, mask=None):
    scores = torch.einsum("...id,...jd->...ij", q, k) * q.shape[-1] ** -0.5
    if mask is None:
        mask = torch.ones(1, 1, dtype=torch.bool)
    scores = torch.where(mask, scores, float("-inf"))
    highest = scores.amax(-1, keepdim=True).detach()
    e = torch.exp(scores - torch.where(highest.isinf(), 0.0, highest))
    total = e.sum(-1, keepdim=True)
    return e / torch.where(total == 0, 1.0, total)


# %% right: attention_weights — the lowest number instead of -inf, then the mask again
def attention_weights(q, k, mask=None):
    scores = (q / math.sqrt(q.size(-1))) @ k.mT
    if mask is not None:
        scores = scores.masked_fill(mask.logical_not(), torch.finfo(scores.dtype).min)
    weights = torch.softmax(scores, dim=-1)
    return weights if mask is None else weights * mask


# %% right: attention_weights — nan_to_num after a fill
def attention_weights(q, k, mask=None):
    scores = q.matmul(k.transpose(-1, -2)).div(math.sqrt(k.shape[-1]))
    if mask is not None:
        scores = scores.masked_fill(mask == 0, float("-inf"))
    return torch.nan_to_num(torch.softmax(scores, -1), nan=0.0)


# %% wrong: attention_weights — no scale  hint="the scale is missing"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — divides by the head size  hint="not by head_size"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / q.shape[-1]
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — multiplies by the root  hint="yours multiplies"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT * math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — the number of keys for the head size  hint="yours is another number"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(k.shape[-2])
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -math.inf).softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — softmax over the queries  hint="softmax over the queries"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-2)
    return scores.masked_fill(~mask, -math.inf).softmax(-2).nan_to_num(0.0)


# %% wrong: attention_weights — masks after softmax  hint="masked after softmax"
def attention_weights(q, k, mask=None):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    return weights if mask is None else weights.masked_fill(~mask, 0.0)


# %% wrong: attention_weights — masks after softmax and divides again  hint="mask before softmax"
def attention_weights(q, k, mask=None):
    weights = (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)
    if mask is None:
        return weights
    weights = weights.masked_fill(~mask, 0.0)
    total = weights.sum(-1, keepdim=True)
    return weights / torch.where(total == 0, 1.0, total)


# %% wrong: attention_weights — fills with 0  hint="0 is a score like any other"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores * mask).softmax(-1)


# %% wrong: attention_weights — fills with 0, and masks again  hint="a mask after softmax only hides it"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1)
    return (scores * mask).softmax(-1) * mask


# %% wrong: attention_weights — fills with a number that a score can undercut  hint="fill with -inf"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is None:
        return scores.softmax(-1)
    return scores.masked_fill(~mask, -1e4).softmax(-1) * mask


# %% wrong: attention_weights — adds the mask  hint="True is added to the score as 1"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return (scores if mask is None else scores + mask).softmax(-1)


# %% wrong: attention_weights — fills where the mask is True  hint="yours attends to what is masked"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — nan where nothing may be seen  hint="nan: a query that may attend to nothing"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1)


# %% wrong: attention_weights — equal weights where nothing may be seen  hint="not equal ones"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e9)
    return scores.softmax(-1)


# %% wrong: attention_weights — adds a large negative number  hint="not what a large negative score leaves"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores - 1e4 * (~mask)
    return scores.softmax(-1)


# %% wrong: attention_weights — adds -inf, and mends the values only  hint="a filled place hands no gradient back"
def attention_weights(q, k, mask=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + torch.where(mask, 0.0, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0)


# %% wrong: attention_weights — exponentials that overflow  hint="exp of a large score is inf"
def attention_weights(q, k, mask=None):
    e = (q @ k.mT / math.sqrt(q.shape[-1])).exp()
    if mask is not None:
        e = e * mask
    total = e.sum(-1, keepdim=True)
    return e / torch.where(total == 0, 1.0, total)


# %% wrong: attention_weights — the mask is forgotten  hint="the mask makes no difference"
def attention_weights(q, k, mask=None):
    return (q @ k.mT / math.sqrt(q.shape[-1])).softmax(-1)


# %% wrong: attention_weights — scores only  hint="these are scores"
def attention_weights(q, k, mask=None):
    return q @ k.mT / math.sqrt(q.shape[-1])


# %% right: scaled_dot_product_attention — einsum
def scaled_dot_product_attention(q, k, v, mask=None):
    return torch.einsum("...ij,...jd->...id", attention_weights(q, k, mask=mask), v)


# %% right: scaled_dot_product_attention — all by itself
def scaled_dot_product_attention(q, k, v, mask=None):
    s = torch.matmul(q, k.mT) / q.shape[-1] ** 0.5
    if mask is not None:
        s = torch.where(mask, s, -torch.inf)
    return torch.matmul(torch.nan_to_num(torch.softmax(s, dim=-1)), v)


# %% wrong: scaled_dot_product_attention — the mask is not handed on  hint="the mask has to reach"
def scaled_dot_product_attention(q, k, v, mask=None):
    return attention_weights(q, k) @ v


# %% wrong: scaled_dot_product_attention — weights only  hint="these are the weights"
def scaled_dot_product_attention(q, k, v, mask=None):
    return attention_weights(q, k, mask)


# %% wrong: scaled_dot_product_attention — a scale too many  hint="the scale comes before softmax"
def scaled_dot_product_attention(q, k, v, mask=None):
    return (attention_weights(q * math.sqrt(q.shape[-1]), k, mask) / math.sqrt(q.shape[-1])) @ v


# %% wrong: scaled_dot_product_attention — queries and keys change places  hint="queries and keys are exchanged"
def scaled_dot_product_attention(q, k, v, mask=None):
    if q.shape != k.shape:
        return attention_weights(q, k, mask) @ v
    return attention_weights(k, q, mask) @ v


# %% wrong: scaled_dot_product_attention — no scale  hint="the scale is missing"
def scaled_dot_product_attention(q, k, v, mask=None):
    scores = q @ k.mT
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    return scores.softmax(-1).nan_to_num(0.0) @ v


# %% wrong: scaled_dot_product_attention — masks after softmax  hint="masked after softmax"
def scaled_dot_product_attention(q, k, v, mask=None):
    weights = attention_weights(q, k)
    return (weights if mask is None else weights * mask) @ v


# %% right: Head — layers in another order, all by hand
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.value = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.query = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        weights = attention_weights(self.query(x), self.key(x), mask)
        return torch.bmm(weights, self.value(x))


# %% right: Head — layers made in a loop
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        for name in ("query", "key", "value"):
            self.add_module(name, nn.Linear(n_embd, head_size, bias=False))

    def forward(self, x, mask=None):
        q, k, v = (layer(x) for layer in (self.query, self.key, self.value))
        return scaled_dot_product_attention(q, k, v, mask=mask)


# %% wrong: Head — with bias  hint="no bias"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size)
        self.key = nn.Linear(n_embd, head_size)
        self.value = nn.Linear(n_embd, head_size)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)


# %% wrong: Head — sizes exchanged  hint="it maps n_embd numbers to head_size"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(head_size, n_embd, bias=False)
        self.key = nn.Linear(head_size, n_embd, bias=False)
        self.value = nn.Linear(head_size, n_embd, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)


# %% wrong: Head — the mask is dropped  hint="the mask has to reach"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x))


# %% wrong: Head — always causal  hint="the mask is the caller's affair"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        if mask is None:
            mask = causal_mask(x.shape[1])
        return scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask)


# %% wrong: Head — keys ask  hint="queries and keys are exchanged"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.key(x), self.query(x), self.value(x), mask)


# %% wrong: Head — key, value, query  hint="the order is q, k, v"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.key(x), self.value(x), self.query(x), mask)


# %% wrong: Head — the scale twice  hint="the scale is taken twice"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size, bias=False)
        self.key = nn.Linear(n_embd, head_size, bias=False)
        self.value = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        q = self.query(x) / math.sqrt(self.query.out_features)
        return scaled_dot_product_attention(q, self.key(x), self.value(x), mask)


# %% wrong: Head — a list hides the layers  hint="no parameter is registered"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.layers = [nn.Linear(n_embd, head_size, bias=False) for _ in range(3)]

    def forward(self, x, mask=None):
        q, k, v = (layer(x) for layer in self.layers)
        return scaled_dot_product_attention(q, k, v, mask)


# %% wrong: Head — other names  hint="the names that the exercise gives them"
class Head(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.q = nn.Linear(n_embd, head_size, bias=False)
        self.k = nn.Linear(n_embd, head_size, bias=False)
        self.v = nn.Linear(n_embd, head_size, bias=False)

    def forward(self, x, mask=None):
        return scaled_dot_product_attention(self.q(x), self.k(x), self.v(x), mask)


# %% right: influences — torch.func
def influences(f, x):
    slopes = torch.func.jacrev(f)(x)
    return slopes.abs().sum(dim=(1, 3)) > 0


# %% right: influences — one backward pass for each number of the output
def influences(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    out = torch.zeros(len(y), len(x), dtype=torch.bool)
    for t in range(y.shape[0]):
        for j in range(y.shape[1]):
            (slope,) = torch.autograd.grad(y[t, j], leaf, retain_graph=True)
            out[t] |= slope.ne(0).any(1)
    return out


# %% wrong: influences — inputs in rows  hint="yours is turned"
def influences(f, x):
    slopes = torch.autograd.functional.jacobian(f, x)
    return (slopes != 0).any(3).any(1).T


# %% wrong: influences — backward on the sum of a row  hint="cancel"
def influences(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = [torch.autograd.grad(y[t].sum(), leaf, retain_graph=True)[0] for t in range(len(y))]
    return torch.stack(rows).abs().gt(1e-12).any(2)


# %% wrong: influences — backward on the sum of a row, rounding and all  hint="cancel"
def influences(f, x):
    leaf = x.clone().requires_grad_()
    y = f(leaf)
    rows = [torch.autograd.grad(y[t].sum(), leaf, retain_graph=True)[0] for t in range(len(y))]
    return torch.stack(rows).ne(0).any(2)


# %% wrong: influences — adds up slopes  hint="cancel"
def influences(f, x):
    return torch.autograd.functional.jacobian(f, x).sum(3).abs().gt(1e-12).any(1)


# %% wrong: influences — a threshold  hint="a small slope is an influence"
def influences(f, x):
    return torch.autograd.functional.jacobian(f, x).abs().amax((1, 3)) > 1e-6


# %% wrong: influences — positive slopes only  hint="a negative slope"
def influences(f, x):
    return torch.autograd.functional.jacobian(f, x).amax((1, 3)) > 0


# %% wrong: influences — all instead of any  hint="one pair is enough"
def influences(f, x):
    return (torch.autograd.functional.jacobian(f, x) != 0).all(3).all(1)


# %% wrong: influences — leaves x requiring grad  hint="leaves traces"
def influences(f, x):
    x.requires_grad_()
    return torch.autograd.functional.jacobian(f, x).ne(0).any(3).any(1)


# %% right: AttentionOnly — positions as a slice, heads in a loop by index
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.out = nn.Linear(n_embd, vocab_size)
        self.heads = nn.ModuleList()
        for _ in range(n_layer):
            self.heads.append(Head(n_embd, n_embd))
        self.position = nn.Embedding(block_size, n_embd)
        self.token = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        x = self.token.weight[ids] + self.position.weight[None, : ids.size(1)]
        for i in range(len(self.heads)):
            x = self.heads[i](x, causal_mask(ids.size(1))) + x
        return self.out(x)


# %% right: AttentionOnly — recursion over heads
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def through(self, x, layer):
        if layer == len(self.heads):
            return x
        places = torch.arange(x.shape[1])
        return self.through(x + self.heads[layer](x, places[:, None] >= places), layer + 1)

    def forward(self, ids):
        places = torch.arange(ids.shape[1]).expand_as(ids)
        return self.out(self.through(self.token(ids) + self.position(places), 0))


# %% wrong: AttentionOnly — no mask  hint="it looks ahead"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = x + head(x)
        return self.out(x)


# %% wrong: AttentionOnly — replaces instead of adding  hint="what was there before is lost"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — the ids for places  hint="not the ids"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(ids)
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — all places  hint="a text may be shorter than block_size"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(self.position.num_embeddings))
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — all places, and a mask as long  hint="not all of block_size"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(self.position.num_embeddings))
        for head in self.heads:
            x = x + head(x, causal_mask(x.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — no positions  hint="the positions are missing"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids)
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — one head, many times  hint="parameters of its own"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList([Head(n_embd, n_embd)] * n_layer)
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — a plain list of heads  hint="parameters of its own"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = [Head(n_embd, n_embd) for _ in range(n_layer)]
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x)


# %% wrong: AttentionOnly — all heads read the embeddings  hint="reads what the one before it wrote"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        return self.out(x + sum(head(x, causal_mask(ids.shape[1])) for head in self.heads))


# %% wrong: AttentionOnly — no output layer in forward  hint="out makes logits of them"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return x


# %% wrong: AttentionOnly — probabilities  hint="logits, not probabilities"
class AttentionOnly(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_layer):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, n_embd), nn.Embedding(block_size, n_embd)
        self.heads = nn.ModuleList(Head(n_embd, n_embd) for _ in range(n_layer))
        self.out = nn.Linear(n_embd, vocab_size)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1]))
        for head in self.heads:
            x = x + head(x, causal_mask(ids.shape[1]))
        return self.out(x).softmax(-1)


# %% right: induction_score — a loop over places
def induction_score(weights, ids):
    sums = []
    for i, row in enumerate(ids.tolist()):
        for t in range(len(row)):
            keys = [s for s in range(1, t + 1) if row[s - 1] == row[t]]
            if keys:
                sums.append(sum(weights[i, t, s].item() for s in keys))
    return sum(sums) / len(sums) if sums else 0.0


# %% right: induction_score — the mean by a sum and a count
def induction_score(weights, ids):
    before = torch.cat([torch.full_like(ids[:, :1], -1), ids[:, :-1]], 1)  # the token before each place
    keys = (before[:, None, :] == ids[:, :, None]).tril()
    queries = keys.any(-1).sum().item()
    return (weights * keys).sum().item() / max(queries, 1)


# %% wrong: induction_score — the earlier token itself  hint="one step too early"
def induction_score(weights, ids):
    same = (ids[:, :, None] == ids[:, None, :]).tril(-1)
    sums = (weights * same).sum(-1)[same.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — no shift  hint="and the query itself counts"
def induction_score(weights, ids):
    same = (ids[:, :, None] == ids[:, None, :]).tril()
    sums = (weights * same).sum(-1)[same.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — neither shift nor limit  hint="the key stands after the token, not at it"
def induction_score(weights, ids):
    same = ids[:, :, None] == ids[:, None, :]
    return (weights * same).sum(-1)[same.any(-1)].mean().item()


# %% wrong: induction_score — no causal limit  hint="t + 1 is one of them"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0))
    sums = (weights * after).sum(-1)[after.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — strictly before  hint="s = t counts, too"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0)).tril(-1)
    sums = (weights * after).sum(-1)[after.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — strictly before, and nan  hint="in aa the query itself is one"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0)).tril(-1)
    return (weights * after).sum(-1)[after.any(-1)].mean().item()


# %% wrong: induction_score — rolls the last column to the front  hint="nothing stands before place 0"
def induction_score(weights, ids):
    after = (ids[:, :, None] == ids.roll(1, 1)[:, None, :]).tril()
    sums = (weights * after).sum(-1)[after.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — looks ahead  hint="keys after the query do not count"
def induction_score(weights, ids):
    same = (ids[:, :, None] == ids[:, None, :]) & ~torch.eye(ids.shape[1], dtype=torch.bool)
    after = functional.pad(same[:, :, :-1], (1, 0))
    sums = (weights * after).sum(-1)[after.any(-1)]
    return sums.mean().item() if len(sums) else 0.0


# %% wrong: induction_score — over all queries  hint="not over all"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0)).tril()
    return (weights * after).sum(-1).mean().item()


# %% wrong: induction_score — the last occurrence alone  hint="not the last alone"
def induction_score(weights, ids):
    sums = []
    for w, row in zip(weights.tolist(), ids.tolist(), strict=True):
        for t, token in enumerate(row):
            places = [p for p in range(t) if row[p] == token]
            if places:
                sums.append(w[t][places[-1] + 1])
    return sum(sums) / len(sums) if sums else 0.0


# %% wrong: induction_score — nan where no token occurs twice  hint="that is 0.0, not nan"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0)).tril()
    return (weights * after).sum(-1)[after.any(-1)].mean().item()


# %% wrong: induction_score — a mean for each sequence  hint="take all queries together"
def induction_score(weights, ids):
    means = []
    for w, row in zip(weights, ids, strict=True):
        after = functional.pad(row[:, None] == row[None, :-1], (1, 0)).tril()
        sums = (w * after).sum(-1)[after.any(-1)]
        means.append(sums.mean().item() if len(sums) else 0.0)
    return sum(means) / len(means)


# %% wrong: induction_score — a tensor  hint="a float"
def induction_score(weights, ids):
    after = functional.pad(ids[:, :, None] == ids[:, None, :-1], (1, 0)).tril()
    sums = (weights * after).sum(-1)[after.any(-1)]
    return sums.mean() if len(sums) else torch.tensor(0.0)
