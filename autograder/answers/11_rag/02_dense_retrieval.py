# %% right: cosine — divides by lengths, zero ones by 1
def cosine(a, b):
    def lengths(x):
        found = x.norm(dim=1, keepdim=True)
        return torch.where(found == 0, torch.ones_like(found), found)

    return (a / lengths(a)) @ (b / lengths(b)).T


# %% right: cosine — PyTorch's, on pairs, nan replaced
def cosine(a, b):
    table = torch.einsum("ns,ms->nm", a, b)
    table = table / torch.outer(a.pow(2).sum(1).sqrt(), b.pow(2).sum(1).sqrt())
    return table.nan_to_num()


# %% wrong: cosine — the dot product  hint="divide by both lengths"
def cosine(a, b):
    return a @ b.T


# %% wrong: cosine — one length only  hint="each row of b, too"
def cosine(a, b):
    return functional.normalize(a, dim=1) @ b.T


# %% wrong: cosine — the other length only  hint="each row of a, too"
def cosine(a, b):
    return a @ functional.normalize(b, dim=1).T


# %% wrong: cosine — divides by zero  hint="not nan"
def cosine(a, b):
    return (a / a.norm(dim=1, keepdim=True)) @ (b / b.norm(dim=1, keepdim=True)).T


# %% wrong: cosine — an epsilon  hint="expected"
def cosine(a, b):
    return (a / (a.norm(dim=1, keepdim=True) + 1e-8)) @ (b / (b.norm(dim=1, keepdim=True) + 1e-8)).T


# %% wrong: cosine — the wrong dimension  hint="expected"
def cosine(a, b):
    return functional.normalize(a, dim=0) @ functional.normalize(b, dim=0).T


# %% wrong: cosine — transposed  hint="yours is transposed"
def cosine(a, b):
    return functional.normalize(b, dim=1) @ functional.normalize(a, dim=1).T


# %% wrong: cosine — a distance  hint="larger for more alike"
def cosine(a, b):
    return 1 - functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T


# %% equivalent: cosine — 1 is the dimension that normalize takes by itself
# -    return functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T
# +    return functional.normalize(a) @ functional.normalize(b, dim=1).T


# %% equivalent: cosine — 1 is the dimension that normalize takes by itself, for b, too
# -    return functional.normalize(a, dim=1) @ functional.normalize(b, dim=1).T
# +    return functional.normalize(a, dim=1) @ functional.normalize(b).T


# %% right: lsa — from the eigenvectors of the Gram matrix
def lsa(x, size):
    if size < 1 or size > x.shape[0] or size > x.shape[1]:
        raise ValueError("no room")
    values, vectors = torch.linalg.eigh(x.T @ x)
    return vectors[:, values.argsort(descending=True)[:size]]


# %% right: lsa — NumPy
def lsa(x, size):
    if size not in range(1, min(x.shape) + 1):
        raise ValueError(f"size {size}")
    _, _, right = np.linalg.svd(x.numpy())
    return torch.from_numpy(np.ascontiguousarray(right.T[:, :size]))


# %% wrong: lsa — not transposed  hint="yours is transposed"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x, full_matrices=False).Vh[:size]


# %% wrong: lsa — columns of Vh  hint="its rows are the directions"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x, full_matrices=True).Vh[:, :size]


# %% wrong: lsa — columns of the narrow Vh  hint="its rows are the directions"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x, full_matrices=False).Vh[:, :size]


# %% wrong: lsa — vectors of documents  hint="vectors of the documents"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x, full_matrices=False).U[:, :size]


# %% wrong: lsa — the last directions  hint="keep least"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x, full_matrices=False).Vh[-size:].T


# %% wrong: lsa — eigh, smallest first  hint="column 0"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.eigh(x.T @ x)[1][:, -size:]


# %% wrong: lsa — scaled by the singular values  hint="leave the singular values out"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    _, s, vh = torch.linalg.svd(x, full_matrices=False)
    return vh[:size].T * s[:size]


# %% wrong: lsa — principal components  hint="mean is not taken away"
def lsa(x, size):
    if not 1 <= size <= min(x.shape):
        raise ValueError("size")
    return torch.linalg.svd(x - x.mean(0), full_matrices=False).Vh[:size].T


# %% wrong: lsa — lets every size through  hint="raises ValueError"
def lsa(x, size):
    return torch.linalg.svd(x, full_matrices=False).Vh[:size].T


# %% equivalent: lsa — the sign of a singular vector is free
# -    return torch.linalg.svd(x, full_matrices=False).Vh[:size].T
# +    return -torch.linalg.svd(x, full_matrices=False).Vh[:size].T


# %% equivalent: lsa — the rows that full matrices add come last, and are not taken
# -    return torch.linalg.svd(x, full_matrices=False).Vh[:size].T
# +    return torch.linalg.svd(x).Vh[:size].T


# %% equivalent: lsa — the rows that full matrices add come last, and are not taken, said aloud
# -    return torch.linalg.svd(x, full_matrices=False).Vh[:size].T
# +    return torch.linalg.svd(x, full_matrices=True).Vh[:size].T


# %% right: mean_pool — a loop over texts
def mean_pool(vectors, padding):
    rows = []
    for text, real in zip(vectors, padding):
        rows.append(text[real].mean(0) if real.any() else torch.zeros_like(text[0]))
    return torch.stack(rows)


# %% right: mean_pool — as sentence-transformers guards it
def mean_pool(vectors, padding):
    total = vectors.masked_fill(~padding.unsqueeze(-1), 0.0).sum(1)
    return total / padding.sum(1, keepdim=True).to(vectors.dtype).clamp(min=1e-9)


# %% right: mean_pool — where, then a weighted sum
def mean_pool(vectors, padding):
    kept = torch.where(padding.unsqueeze(2), vectors, torch.zeros_like(vectors))
    count = padding.sum(1)
    count[count == 0] = 1
    return kept.sum(1) / count.unsqueeze(1)


# %% wrong: mean_pool — padding counts  hint="padding counts"
def mean_pool(vectors, padding):
    return vectors.mean(1)


# %% wrong: mean_pool — divides by time  hint="not by time"
def mean_pool(vectors, padding):
    return vectors.masked_fill(~padding[..., None], 0.0).mean(1)


# %% wrong: mean_pool — the sum  hint="the sum, not the mean"
def mean_pool(vectors, padding):
    return vectors.masked_fill(~padding[..., None], 0.0).sum(1)


# %% wrong: mean_pool — the mask turned round  hint="True means real"
def mean_pool(vectors, padding):
    total = vectors.masked_fill(padding[..., None], 0.0).sum(1)
    return total / (~padding).sum(1, keepdim=True).clamp(min=1)


# %% wrong: mean_pool — divides by zero  hint="gives zeros"
def mean_pool(vectors, padding):
    return vectors.masked_fill(~padding[..., None], 0.0).sum(1) / padding.sum(1, keepdim=True)


# %% wrong: mean_pool — multiplies  hint="inf * 0 is nan"
def mean_pool(vectors, padding):
    return (vectors * padding[..., None]).sum(1) / padding.sum(1, keepdim=True).clamp(min=1)


# %% wrong: mean_pool — an epsilon  hint="expected"
def mean_pool(vectors, padding):
    total = vectors.masked_fill(~padding[..., None], 0.0).sum(1)
    return total / (padding.sum(1, keepdim=True) + 1e-6)


# %% right: BiEncoder — the mean written out
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        real = (ids > 0).unsqueeze(-1)
        total = (self.embedding(ids) * real).sum(1)  # its direction is that of the mean
        length = total.norm(dim=1, keepdim=True)
        return total / torch.where(length > 0, length, torch.ones_like(length))


# %% right: BiEncoder — an embedding with a padding index
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        mean = mean_pool(self.embedding.weight[ids], ids.ne(0))
        return mean / mean.norm(dim=1, keepdim=True).clamp(min=1e-30)


# %% wrong: BiEncoder — not normalised  hint="length 1"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        return mean_pool(self.embedding(ids), ids != 0)


# %% wrong: BiEncoder — padding counts  hint="id 0 is padding"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        return functional.normalize(self.embedding(ids).mean(1), dim=1)


# %% wrong: BiEncoder — normalises each word  hint="not each word"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        words = functional.normalize(self.embedding(ids), dim=2)
        return functional.normalize(mean_pool(words, ids != 0), dim=1)


# %% wrong: BiEncoder — normalises each word, and not the mean  hint="of length 1 is shorter"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    def forward(self, ids):
        return mean_pool(functional.normalize(self.embedding(ids), dim=2), ids != 0)


# %% wrong: BiEncoder — a layer too many  hint="one parameter"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        self.out = nn.Linear(n_embd, n_embd)

    def forward(self, ids):
        return functional.normalize(self.out(mean_pool(self.embedding(ids), ids != 0)), dim=1)


# %% wrong: BiEncoder — no gradient  hint="does not require grad"
class BiEncoder(nn.Module):
    def __init__(self, vocab_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)

    @torch.no_grad()
    def forward(self, ids):
        return functional.normalize(mean_pool(self.embedding(ids), ids != 0), dim=1)


# %% equivalent: BiEncoder — 1 is the dimension that normalize takes by itself
# -        return functional.normalize(mean_pool(self.embedding(ids), ids != 0), dim=1)
# +        return functional.normalize(mean_pool(self.embedding(ids), ids != 0))


# %% right: info_nce — by logsumexp
def info_nce(q, p, groups, temperature):
    scores = torch.einsum("is,js->ij", q, p) / temperature
    same = groups.unsqueeze(1).eq(groups)
    same.fill_diagonal_(False)
    scores = scores.masked_fill(same, float("-inf"))
    return (scores.logsumexp(1) - scores.diagonal()).mean()


# %% right: info_nce — a loop over questions
def info_nce(q, p, groups, temperature):
    losses = []
    for i in range(len(q)):
        counted = [j for j in range(len(q)) if j == i or groups[j] != groups[i]]
        scores = p[counted] @ q[i] / temperature
        losses.append(-scores.log_softmax(0)[counted.index(i)])
    return torch.stack(losses).mean()


# %% wrong: info_nce — groups are ignored  hint="same group are counted as wrong"
def info_nce(q, p, groups, temperature):
    return functional.cross_entropy(q @ p.T / temperature, torch.arange(len(q)))


# %% wrong: info_nce — leaves the own passage out  hint="own passage always counts"
def info_nce(q, p, groups, temperature):
    logits = (q @ p.T / temperature).masked_fill(groups[:, None] == groups, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(q)))


# %% wrong: info_nce — fills with 0  hint="fill with -inf"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (q @ p.T / temperature).masked_fill(same, 0.0)
    return functional.cross_entropy(logits, torch.arange(len(q)))


# %% wrong: info_nce — no temperature  hint="it is missing"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (q @ p.T).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(q)))


# %% wrong: info_nce — multiplies by the temperature  hint="do not multiply"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (q @ p.T * temperature).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(q)))


# %% wrong: info_nce — passages choose  hint="not each passage among the questions"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (p @ q.T / temperature).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(q)))


# %% wrong: info_nce — both directions  hint="one direction is enough"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (q @ p.T / temperature).masked_fill(same, -torch.inf)
    own = torch.arange(len(q))
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


# %% wrong: info_nce — the sum  hint="the mean, not the sum"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    logits = (q @ p.T / temperature).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, torch.arange(len(q)), reduction="sum")


# %% wrong: info_nce — exp before the maximum is taken away  hint="expected"
def info_nce(q, p, groups, temperature):
    same = (groups[:, None] == groups) & ~torch.eye(len(q), dtype=torch.bool)
    powers = (q @ p.T / temperature).masked_fill(same, -torch.inf).exp()
    return -(powers.diagonal() / powers.sum(1)).log().mean()


# %% right: exact_search — sorts everything
def exact_search(queries, vectors, k):
    scores, ids = (queries @ vectors.T).sort(dim=1, descending=True)
    return scores[:, :k], ids[:, :k]


# %% right: exact_search — one query at a time
def exact_search(queries, vectors, k):
    found = [torch.topk(vectors @ query, min(k, vectors.shape[0])) for query in queries]
    return torch.stack([one.values for one in found]), torch.stack([one.indices for one in found])


# %% wrong: exact_search — ids first  hint="scores first"
def exact_search(queries, vectors, k):
    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1)
    return ids, scores


# %% wrong: exact_search — the smallest  hint="the smallest come first"
def exact_search(queries, vectors, k):
    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1, largest=False)
    return scores, ids


# %% wrong: exact_search — rising order  hint="rising order"
def exact_search(queries, vectors, k):
    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1)
    return scores.flip(1), ids.flip(1)


# %% wrong: exact_search — normalises  hint="do not normalise"
def exact_search(queries, vectors, k):
    vectors = functional.normalize(vectors, dim=1)
    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1)
    return scores, ids


# %% wrong: exact_search — k as it is  hint="as many as there are"
def exact_search(queries, vectors, k):
    scores, ids = torch.topk(queries @ vectors.T, k, dim=1)
    return scores, ids


# %% equivalent: exact_search — the last dimension, which topk takes by itself, is 1
# -    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)), dim=1)
# +    scores, ids = torch.topk(queries @ vectors.T, min(k, len(vectors)))


# %% right: kmeans — a loop over cells
def kmeans(x, centroids, steps):
    centroids = centroids.clone()
    for _ in range(steps):
        cell = torch.cdist(x, centroids).argmin(dim=1)
        for c in range(len(centroids)):
            if (cell == c).any():
                centroids[c] = x[cell == c].mean(0)
    return centroids


# %% right: kmeans — one-hot
def kmeans(x, centroids, steps):
    for _ in range(steps):
        far = ((x[:, None] - centroids) ** 2).sum(-1)
        member = functional.one_hot(far.argmin(1), len(centroids)).to(x.dtype)
        count = member.sum(0)[:, None]
        centroids = torch.where(count == 0, centroids, member.T @ x / torch.where(count == 0, 1, count))
    return centroids


# %% wrong: kmeans — empty cells become nan  hint="became nan"
def kmeans(x, centroids, steps):
    for _ in range(steps):
        cell = torch.cdist(x, centroids).argmin(1)
        centroids = torch.stack([x[cell == c].mean(0) for c in range(len(centroids))])
    return centroids


# %% wrong: kmeans — empty cells become 0  hint="became 0"
def kmeans(x, centroids, steps):
    for _ in range(steps):
        cell = torch.cdist(x, centroids).argmin(1)
        count = torch.bincount(cell, minlength=len(centroids))[:, None]
        centroids = torch.zeros_like(centroids).index_add(0, cell, x) / count.clamp(min=1)
    return centroids


# %% wrong: kmeans — nearest by dot product  hint="by distance, not by dot product"
def kmeans(x, centroids, steps):
    centroids = centroids.clone()
    for _ in range(steps):
        cell = (x @ centroids.T).argmax(1)
        for c in range(len(centroids)):
            if (cell == c).any():
                centroids[c] = x[cell == c].mean(0)
    return centroids


# %% wrong: kmeans — one round alone  hint="repeat it"
def kmeans(x, centroids, steps):
    centroids = centroids.clone()
    cell = torch.cdist(x, centroids).argmin(1)
    for c in range(len(centroids)):
        if (cell == c).any():
            centroids[c] = x[cell == c].mean(0)
    return centroids


# %% wrong: kmeans — assigns once  hint="expected"
def kmeans(x, centroids, steps):
    centroids = centroids.clone()
    cell = torch.cdist(x, centroids).argmin(1)
    for _ in range(steps):
        for c in range(len(centroids)):
            if (cell == c).any():
                centroids[c] = x[cell == c].mean(0)
    return centroids


# %% wrong: kmeans — writes into its argument  hint="in place"
def kmeans(x, centroids, steps):
    for _ in range(steps):
        cell = torch.cdist(x, centroids).argmin(1)
        for c in range(len(centroids)):
            if (cell == c).any():
                centroids[c] = x[cell == c].mean(0)
    return centroids


# %% right: IVF — a dictionary of cells, a loop
class IVF:
    def __init__(self, vectors, centroids):
        self.x, self.centres = vectors, centroids
        held = {c: [] for c in range(len(centroids))}
        for i, row in enumerate(vectors):
            held[int((row - centroids).norm(dim=1).argmin())].append(i)
        self.lists = [torch.tensor(ids, dtype=torch.int64) for ids in held.values()]

    def search(self, query, k, n_probe):
        order = (self.centres - query).norm(dim=1).argsort()[:n_probe]
        ids = torch.cat([self.lists[int(c)] for c in order])
        scores = self.x[ids] @ query
        best = scores.argsort(descending=True)[:k]
        return scores[best], ids[best]


# %% right: IVF — a mask of probed cells
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        self.cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [torch.where(self.cell == c)[0] for c in range(centroids.shape[0])]

    def search(self, query, k, n_probe):
        far = ((self.centroids - query) ** 2).sum(1)
        near = far.sort().indices[:n_probe]
        ids = torch.isin(self.cell, near).nonzero()[:, 0]
        scores, order = (self.vectors[ids] @ query).sort(descending=True)
        return scores[:k], ids[order[:k]]


# %% wrong: IVF — looks everywhere  hint="every cell"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        scores, ids = torch.topk(self.vectors @ query, min(k, len(self.vectors)))
        return scores, ids


# %% wrong: IVF — one cell only  hint="one cell"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        ids = self.lists[int(torch.cdist(query[None], self.centroids).argmin())]
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, ids[best]


# %% wrong: IVF — places for ids  hint="turn them into ids"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        near = torch.cdist(query[None], self.centroids)[0].topk(n_probe, largest=False).indices
        ids = torch.cat([self.lists[c] for c in near.sort().values.tolist()]).sort().values
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, best


# %% wrong: IVF — cells by dot product  hint="by distance, not by dot product"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = (vectors @ centroids.T).argmax(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        near = torch.cdist(query[None], self.centroids)[0].topk(n_probe, largest=False).indices
        ids = torch.cat([self.lists[c] for c in near.tolist()])
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, ids[best]


# %% wrong: IVF — probes by dot product  hint="nearest by distance, not by dot product"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        near = torch.topk(self.centroids @ query, n_probe).indices
        ids = torch.cat([self.lists[c] for c in near.tolist()])
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, ids[best]


# %% wrong: IVF — the k of the question, whatever is found  hint="as many as there are"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors, self.centroids = vectors, centroids
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in range(len(centroids))]

    def search(self, query, k, n_probe):
        near = torch.cdist(query[None], self.centroids)[0].topk(n_probe, largest=False).indices
        ids = torch.cat([self.lists[c] for c in near.tolist()])
        scores, best = torch.topk(self.vectors[ids] @ query, k)
        return scores, ids[best]


# %% wrong: IVF — empty cells left out  hint="the empty ones, too"
class IVF:
    def __init__(self, vectors, centroids):
        self.vectors = vectors
        cell = torch.cdist(vectors, centroids).argmin(1)
        self.lists = [(cell == c).nonzero().flatten() for c in cell.unique().tolist()]
        self.centroids = centroids[cell.unique()]

    def search(self, query, k, n_probe):
        n_probe = min(n_probe, len(self.lists))
        near = torch.cdist(query[None], self.centroids)[0].topk(n_probe, largest=False).indices
        ids = torch.cat([self.lists[c] for c in near.tolist()])
        scores, best = torch.topk(self.vectors[ids] @ query, min(k, len(ids)))
        return scores, ids[best]


# %% right: create_store — drops an old table, then adds
def create_store(folder, rows):
    seen = set()
    for row in rows:
        if row["id"] in seen:
            raise ValueError(f"{row['id']} is there twice")
        seen.add(row["id"])
    if len({len(row["vector"]) for row in rows}) != 1:
        raise ValueError("the vectors must have one length")
    database = lancedb.connect(folder)
    if "passages" in database.list_tables().tables:
        database.drop_table("passages")
    return database.create_table("passages", data=rows)


# %% right: create_store — by columns, with a schema
def create_store(folder, rows):
    import pyarrow as pa

    sizes = {len(row["vector"]) for row in rows}
    if len(sizes) != 1 or len({row["id"] for row in rows}) != len(rows):
        raise ValueError("ids must differ, vectors must not differ in length")
    text = [(name, pa.string()) for name in ("id", "lesson", "text")]
    schema = pa.schema([*text, ("vector", pa.list_(pa.float32(), sizes.pop()))])
    return lancedb.connect(folder).create_table("passages", rows, schema=schema, mode="overwrite")


# %% wrong: create_store — no overwriting  hint="an earlier table is replaced"
def create_store(folder, rows):
    ids = [row["id"] for row in rows]
    if len(set(ids)) < len(ids):
        raise ValueError("two rows have the same id")
    return lancedb.connect(folder).create_table("passages", rows)


# %% wrong: create_store — adds to what is there  hint="raised"
def create_store(folder, rows):
    database = lancedb.connect(folder)
    if "passages" in database.list_tables().tables:
        table = database.open_table("passages")
        table.add(rows)
        return table
    return database.create_table("passages", rows)


# %% wrong: create_store — equal ids  hint="you must look"
def create_store(folder, rows):
    return lancedb.connect(folder).create_table("passages", rows, mode="overwrite")


# %% wrong: create_store — looks after writing  hint="before you write"
def create_store(folder, rows):
    table = lancedb.connect(folder).create_table("passages", rows, mode="overwrite")
    if len({row["id"] for row in rows}) < len(rows):
        raise ValueError("two rows have the same id")
    return table


# %% wrong: create_store — asserts  hint="an assert vanishes"
def create_store(folder, rows):
    assert len({row["id"] for row in rows}) == len(rows)
    return lancedb.connect(folder).create_table("passages", rows, mode="overwrite")


# %% wrong: create_store — returns nothing  hint="return the table"
def create_store(folder, rows):
    if len({row["id"] for row in rows}) < len(rows):
        raise ValueError("two rows have the same id")
    lancedb.connect(folder).create_table("passages", rows, mode="overwrite")


# %% right: search_store — a condition from LanceDB's own parts
def search_store(table, vector, k, lesson=None):
    from lancedb.expr import col, lit

    query = table.search(vector).metric("cosine")
    if lesson is not None:
        query = query.where(col("lesson") == lit(lesson))
    hits = query.limit(k).to_list()
    return [(hit["id"], 1 - hit["_distance"]) for hit in hits]


# %% right: search_store — computes the cosines itself
def search_store(table, vector, k, lesson=None):
    query = table.search()
    if lesson is not None:
        query = query.where("lesson = '{}'".format(lesson.replace("'", "''")))
    rows = query.limit(table.count_rows()).to_list()
    asked = np.array(vector)
    found = [(row["id"], float(np.dot(row["vector"], asked) / np.linalg.norm(row["vector"]) / np.linalg.norm(asked))) for row in rows]
    return sorted(found, key=lambda pair: pair[1], reverse=True)[:k]


# %% wrong: search_store — LanceDB's own measure  hint="set distance_type"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — the distance  hint="turn it round"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — lesson forgotten  hint="lesson is left out"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — filters too late  hint="filter before the search"
def search_store(table, vector, k, lesson=None):
    hits = table.search(vector).distance_type("cosine").limit(k).to_list()
    return [(hit["id"], 1 - hit["_distance"]) for hit in hits if lesson in (None, hit["lesson"])]


# %% wrong: search_store — quotes as they are  hint="written twice"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where(f"lesson = '{lesson}'")
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — only the apostrophe of a genitive is doubled  hint="became SQL"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'s", "''s") + "'")
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — an empty name searches everything  hint="only None means all"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: search_store — ids alone  hint="pairs (id, cosine)"
def search_store(table, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [hit["id"] for hit in query.to_list()]


# %% equivalent: search_store — LanceDB reads one condition, and ignores a word after its end
# -        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
# +        query = query.where("lesson = '" + lesson.replace("'", "''") + "'x")


# %% right: sync_store — leaves what is equal to the stored rows in the new ones
def sync_store(table, rows):
    stored = {row["id"]: row for row in table.to_arrow().to_pylist()}
    new = {row["id"]: row for row in rows}
    changed = [one for one, row in new.items() if one in stored and (row["text"], row["lesson"]) != (stored[one]["text"], stored[one]["lesson"])]
    kept = [stored[one] if one in stored and one not in changed else row for one, row in new.items()]
    if changed or stored.keys() != new.keys():
        table.add(kept, mode="overwrite")
    return len(changed), len(new.keys() - stored.keys()), len(stored.keys() - new.keys())


# %% right: sync_store — the condition the other way round
def sync_store(table, rows):
    result = (
        table.merge_insert("id")
        .when_not_matched_insert_all()
        .when_not_matched_by_source_delete()
        .when_matched_update_all(where="NOT (source.text = target.text AND source.lesson = target.lesson)")
        .execute(rows)
    )
    return (result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows)


# %% wrong: sync_store — every known row is written again  hint="left alone"
def sync_store(table, rows):
    merge = table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
    result = merge.when_not_matched_by_source_delete().execute(rows)
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


# %% wrong: sync_store — nothing is deleted  hint="must be deleted"
def sync_store(table, rows):
    differs = "target.text != source.text OR target.lesson != source.lesson"
    merge = table.merge_insert("id").when_matched_update_all(where=differs).when_not_matched_insert_all()
    result = merge.execute(rows)
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


# %% wrong: sync_store — lessons are not compared  hint="if its lesson differs, too"
def sync_store(table, rows):
    merge = table.merge_insert("id").when_matched_update_all(where="target.text != source.text")
    result = merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows)
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


# %% wrong: sync_store — texts are not compared  hint="if its text differs, too"
def sync_store(table, rows):
    merge = table.merge_insert("id").when_matched_update_all(where="target.lesson != source.lesson")
    result = merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows)
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


# %% wrong: sync_store — nothing is updated  hint="were not updated"
def sync_store(table, rows):
    merge = table.merge_insert("id").when_not_matched_insert_all().when_not_matched_by_source_delete()
    result = merge.execute(rows)
    return result.num_updated_rows, result.num_inserted_rows, result.num_deleted_rows


# %% wrong: sync_store — not executed  hint="a merge begins with execute"
def sync_store(table, rows):
    differs = "target.text != source.text OR target.lesson != source.lesson"
    merge = table.merge_insert("id").when_matched_update_all(where=differs)
    merge.when_not_matched_insert_all().when_not_matched_by_source_delete()
    return 2, 2, 2


# %% wrong: sync_store — one write after the other  hint="half changed"
def sync_store(table, rows):
    differs = "target.text != source.text OR target.lesson != source.lesson"
    merge = table.merge_insert("id").when_matched_update_all(where=differs)
    result = merge.when_not_matched_insert_all().execute(rows)
    before = table.count_rows()
    table.delete("id NOT IN (" + ", ".join(f"'{row['id']}'" for row in rows) + ")")
    return result.num_updated_rows, result.num_inserted_rows, before - table.count_rows()


# %% wrong: sync_store — the counts in another order  hint="in the order updated, inserted, deleted"
def sync_store(table, rows):
    differs = "target.text != source.text OR target.lesson != source.lesson"
    merge = table.merge_insert("id").when_matched_update_all(where=differs)
    result = merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows)
    return result.num_inserted_rows, result.num_updated_rows, result.num_deleted_rows


# %% wrong: sync_store — returns nothing  hint="return how many"
def sync_store(table, rows):
    differs = "target.text != source.text OR target.lesson != source.lesson"
    merge = table.merge_insert("id").when_matched_update_all(where=differs)
    merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows)


# %% right: hybrid_search — fuses two searches itself
def hybrid_search(table, question, vector, k, lesson=None):
    total = {}
    for query in (table.search(question, query_type="fts"), table.search(vector).distance_type("cosine")):
        if lesson is not None:
            query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
        for rank, hit in enumerate(query.limit(k).to_list(), 1):
            total[hit["id"]] = total.get(hit["id"], 0) + 1 / (60 + rank)
    return sorted(total.items(), key=lambda pair: -pair[1])[:k]


# %% right: hybrid_search — names the reranker, and builds the condition from parts
def hybrid_search(table, question, vector, k, lesson=None):
    from lancedb.expr import col, lit
    from lancedb.rerankers import RRFReranker

    query = table.search(query_type="hybrid").vector(vector).text(question).metric("cosine")
    if lesson is not None:
        query = query.where(col("lesson") == lit(lesson))
    hits = query.rerank(reranker=RRFReranker(60)).limit(k).to_list()
    return [(hit["id"], hit["_relevance_score"]) for hit in hits]


# %% wrong: hybrid_search — by words alone  hint="by words alone"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(question, query_type="fts").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], hit["_score"]) for hit in query.to_list()]


# %% wrong: hybrid_search — by vector alone  hint="by vector alone"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], 1 - hit["_distance"]) for hit in query.to_list()]


# %% wrong: hybrid_search — lesson forgotten  hint="lesson is left out"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(query_type="hybrid").text(question).vector(vector).distance_type("cosine").limit(k)
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


# %% wrong: hybrid_search — LanceDB's own measure  hint="set distance_type"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(query_type="hybrid").text(question).vector(vector).limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


# %% wrong: hybrid_search — an empty name searches everything  hint="only None means all"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(query_type="hybrid").text(question).vector(vector).distance_type("cosine").limit(k)
    if lesson:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


# %% wrong: hybrid_search — question and vector in search  hint="raised"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(vector, query_type="hybrid").distance_type("cosine").limit(k)
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


# %% wrong: hybrid_search — ranks from 0  hint="ranks count from 1"
def hybrid_search(table, question, vector, k, lesson=None):
    total = {}
    for query in (table.search(question, query_type="fts"), table.search(vector).distance_type("cosine")):
        if lesson is not None:
            query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
        for rank, hit in enumerate(query.limit(k).to_list()):
            total[hit["id"]] = total.get(hit["id"], 0) + 1 / (60 + rank)
    return sorted(total.items(), key=lambda pair: -pair[1])[:k]


# %% wrong: hybrid_search — more than k  hint="return k rows"
def hybrid_search(table, question, vector, k, lesson=None):
    total = {}
    for query in (table.search(question, query_type="fts"), table.search(vector).distance_type("cosine")):
        if lesson is not None:
            query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
        for rank, hit in enumerate(query.limit(k).to_list(), 1):
            total[hit["id"]] = total.get(hit["id"], 0) + 1 / (60 + rank)
    return sorted(total.items(), key=lambda pair: -pair[1])


# %% wrong: hybrid_search — ids alone  hint="pairs (id, score)"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(query_type="hybrid").text(question).vector(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
    return [hit["id"] for hit in query.to_list()]


# %% wrong: hybrid_search — quotes as they are  hint="written twice"
def hybrid_search(table, question, vector, k, lesson=None):
    query = table.search(query_type="hybrid").text(question).vector(vector).distance_type("cosine").limit(k)
    if lesson is not None:
        query = query.where(f"lesson = '{lesson}'")
    return [(hit["id"], hit["_relevance_score"]) for hit in query.to_list()]


# %% equivalent: hybrid_search — LanceDB reads one condition, and ignores a word after its end
# -        query = query.where("lesson = '" + lesson.replace("'", "''") + "'")
# +        query = query.where("lesson = '" + lesson.replace("'", "''") + "'x")
