# %% right: low_rank — the root of the singular values in both factors
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    roots = s[:rank].sqrt()
    return u[:, :rank] * roots, roots[:, None] * vh[:rank]


# %% right: low_rank — the right singular vectors by the eigenvectors of a square
def low_rank(matrix, rank):
    _, vectors = torch.linalg.eigh((matrix.T @ matrix).double())
    a = vectors[:, -rank:].T.to(matrix.dtype)
    return matrix @ a.T, a


# %% wrong: low_rank — without the singular values  hint="singular values are missing"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank], vh[:rank]


# %% wrong: low_rank — the singular values in both  hint="in it twice"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank] * s[:rank], s[:rank, None] * vh[:rank]


# %% wrong: low_rank — the roots in one factor  hint="into both factors, not into one"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank] * s[:rank].sqrt(), vh[:rank]


# %% wrong: low_rank — the last terms  hint="keep the first"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, -rank:] * s[-rank:], vh[-rank:]


# %% wrong: low_rank — a first  hint="b comes first"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return vh[:rank], u[:, :rank] * s[:rank]


# %% wrong: low_rank — columns of vh  hint="the rows of vh are the v_i"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return u[:, :rank] * s[:rank], vh[:, :rank].T


# %% wrong: low_rank — columns of vh, of whatever length  hint="the rows of vh are the v_i"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    if len(matrix) < matrix.shape[1]:
        return u[:, :rank] * s[:rank], vh[:, :rank].T
    return u[:, :rank] * s[:rank], vh[:rank]


# %% wrong: low_rank — the product itself  hint="a tuple of two tensors"
def low_rank(matrix, rank):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    return (u[:, :rank] * s[:rank]) @ vh[:rank]


# %% right: rank_for — a loop
def rank_for(matrix, share):
    squares = [value**2 for value in torch.linalg.svdvals(matrix).tolist()]
    held, rank = 0.0, 0
    while held < share * sum(squares):
        held += squares[rank]
        rank += 1
    return rank


# %% right: rank_for — what is left of the squared norm
def rank_for(matrix, share):
    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
    for rank in range(1, len(s) + 1):
        rest = matrix - (u[:, :rank] * s[:rank]) @ vh[:rank]
        if rest.square().sum() <= (1 - share) * matrix.square().sum() + 1e-12:
            return rank
    return len(s)


# %% wrong: rank_for — not squared  hint="the squared norm is the sum of the squared"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix)
    return int((s.cumsum(0) < share * s.sum()).sum()) + 1


# %% wrong: rank_for — one too few  hint="one too few"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix) ** 2
    return int((s.cumsum(0) < share * s.sum()).sum())


# %% wrong: rank_for — one too many  hint="one too many"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix) ** 2
    return int((s.cumsum(0) < share * s.sum()).sum()) + 2


# %% wrong: rank_for — the root of the share  hint="no root"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix) ** 2
    return int(((s.cumsum(0) / s.sum()).sqrt() < share).sum()) + 1


# %% wrong: rank_for — more than the share, not at least  hint="exactly `share` are enough"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix) ** 2
    return int((s.cumsum(0) <= share * s.sum()).sum()) + 1


# %% wrong: rank_for — a tensor  hint="a plain int, not a tensor"
def rank_for(matrix, share):
    s = torch.linalg.svdvals(matrix) ** 2
    return (s.cumsum(0) < share * s.sum()).sum() + 1


# %% right: LoRALinear — two linear layers' weights, one product after the other
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank <= 0:
            raise ValueError("rank")
        for parameter in base.parameters():
            parameter.requires_grad = False
        self.base = base
        down = nn.Linear(base.in_features, rank, bias=False, dtype=base.weight.dtype)
        self.lora_a = down.weight
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank, dtype=base.weight.dtype))
        self.scaling = alpha / rank

    def forward(self, x):
        low = nn.functional.linear(x, self.lora_a)
        return self.base(x) + nn.functional.linear(low, self.lora_b) * self.scaling


# %% right: LoRALinear — einsum, and the product scaled first
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if not rank >= 1:
            raise ValueError(f"rank {rank}")
        self.base, self.rank, self.alpha, self.scaling = base, rank, alpha, alpha / rank
        base.weight.requires_grad_(False)
        if base.bias is not None:
            base.bias.requires_grad_(False)
        start = torch.rand(rank, base.in_features, dtype=base.weight.dtype) * 2 - 1
        self.lora_a = nn.Parameter(start / base.in_features**0.5)
        self.lora_b = nn.Parameter(torch.zeros_like(base.weight[:, :1].expand(-1, rank)))

    def forward(self, x):
        added = torch.einsum("...i,ri,or->...o", x, self.lora_a, self.lora_b)
        return self.base(x) + added * self.alpha / self.rank


# %% wrong: LoRALinear — both zero  hint="both are 0"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(base.weight.new_zeros(rank, base.in_features))
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — A is the one at zero  hint="it is lora_b that starts at 0"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(base.weight.new_zeros(rank, base.in_features))
        self.lora_b = nn.Parameter(base.weight.new_empty(base.out_features, rank).uniform_(-0.1, 0.1))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — both random  hint="must start as its base"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.lora_b = nn.Parameter(torch.randn(base.out_features, rank, dtype=base.weight.dtype))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — the base learns, too  hint="freeze the base"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base, alpha / rank
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank, dtype=base.weight.dtype).weight.detach())
        self.lora_b = nn.Parameter(base.weight.detach().new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — no scaling  hint="yours is 1"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base = base.requires_grad_(False)
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank, dtype=base.weight.dtype).weight.detach())
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — alpha, not divided  hint="yours is alpha"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank, dtype=base.weight.dtype).weight.detach())
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — normal numbers of size 1 in A  hint="the bound is 1 / sqrt(in), not 1"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(torch.randn(rank, base.in_features, dtype=base.weight.dtype))
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — matrices the other way round  hint="lora_a is (rank, in)"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(torch.rand(base.in_features, rank, dtype=base.weight.dtype) * 0.01)
        self.lora_b = nn.Parameter(base.weight.new_zeros(rank, base.out_features))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a @ self.lora_b


# %% wrong: LoRALinear — plain tensors  hint="not registered"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = torch.rand(rank, base.in_features, dtype=base.weight.dtype, requires_grad=True)
        self.lora_b = torch.zeros(base.out_features, rank, dtype=base.weight.dtype, requires_grad=True)

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — always float32  hint="where the weight is float64"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank).weight.detach())
        self.lora_b = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — any rank  hint="the rank must be at least 1"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank, dtype=base.weight.dtype).weight.detach())
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T


# %% wrong: LoRALinear — the bias twice  hint="the bias is added once"
class LoRALinear(nn.Module):
    def __init__(self, base, rank, alpha):
        super().__init__()
        if rank < 1:
            raise ValueError("rank")
        self.base, self.scaling = base.requires_grad_(False), alpha / rank
        self.lora_a = nn.Parameter(nn.Linear(base.in_features, rank, dtype=base.weight.dtype).weight.detach())
        self.lora_b = nn.Parameter(base.weight.new_zeros(base.out_features, rank))

    def forward(self, x):
        out = self.base(x) + self.scaling * x @ self.lora_a.T @ self.lora_b.T
        return out if self.base.bias is None else out + self.base.bias


# %% right: inject_lora — splits names at their dots
def inject_lora(model, targets, rank, alpha):
    def meant(name, target):
        parts, last = name.split("."), target.split(".")
        return parts[len(parts) - len(last) :] == last and len(parts) >= len(last)

    layers = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, nn.Linear)]
    for target in targets:
        if all(not meant(name, target) for name, _ in layers):
            raise ValueError(target)
    chosen = [(name, layer) for name, layer in layers if any(meant(name, target) for target in targets)]
    for parameter in model.parameters():
        parameter.requires_grad = False
    for name, layer in chosen:
        model.set_submodule(name, LoRALinear(layer, rank, alpha))
    return [name for name, _ in chosen]


# %% right: inject_lora — freezes by name at the end, sets attributes of parents
def inject_lora(model, targets, rank, alpha):
    names, missing = [], set(targets)
    for name, layer in list(model.named_modules()):
        hit = [t for t in targets if isinstance(layer, nn.Linear) and (name == t or name.endswith("." + t))]
        missing -= set(hit)
        names += [name] * bool(hit)
    if missing:
        raise ValueError(f"not there: {sorted(missing)}")
    for name in names:
        path, _, last = name.rpartition(".")
        parent = model.get_submodule(path)
        setattr(parent, last, LoRALinear(getattr(parent, last), rank, alpha))
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("lora_" in name)
    return names


# %% wrong: inject_lora — part of a name  hint="whole parts"
def inject_lora(model, targets, rank, alpha):
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and any(t in n for t in targets)]
    for target in targets:
        if not any(target in name for name in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — the end of a name, dots or not  hint="does not end in `proj`"
def inject_lora(model, targets, rank, alpha):
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.endswith(tuple(targets))]
    for target in targets:
        if not any(name.endswith(target) for name in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — the last part alone  hint="several parts"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [name for name in linear if name.split(".")[-1] in targets]
    for target in targets:
        if not any(name.split(".")[-1] == target for name in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — the whole name  hint="inner.fc ends in fc"
def inject_lora(model, targets, rank, alpha):
    names = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and n in targets]
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — an attribute with a dot  hint="under a name with a dot"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    for target in targets:
        if not any(f".{n}".endswith(f".{target}") for n in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        setattr(model, name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — the rest still learns  hint="norms too"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — freezes last  hint="freeze the model first"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    model.requires_grad_(False)
    return names


# %% wrong: inject_lora — a typing error passes  hint="must not pass in silence"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — refuses after it has begun  hint="look at all targets first"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    model.requires_grad_(False)
    for target in targets:
        if not any(f".{n}".endswith(f".{target}") for n in names):
            raise ValueError(target)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — any module that is called so  hint="only linear layers count"
def inject_lora(model, targets, rank, alpha):
    names = [n for n, m in model.named_modules() if any(f".{n}".endswith(f".{t}") for t in targets)]
    for target in targets:
        if not any(f".{n}".endswith(f".{target}") for n in names):
            raise ValueError(target)
    for name in names:
        model.get_submodule(name).in_features
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))
    return names


# %% wrong: inject_lora — passes the scaling as alpha  hint="pass alpha on"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    for target in targets:
        if not any(f".{n}".endswith(f".{target}") for n in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha / rank))
    return names


# %% wrong: inject_lora — returns nothing  hint="return the list of names"
def inject_lora(model, targets, rank, alpha):
    linear = [n for n, m in model.named_modules() if isinstance(m, nn.Linear)]
    names = [n for n in linear if any(f".{n}".endswith(f".{t}") for t in targets)]
    for target in targets:
        if not any(f".{n}".endswith(f".{target}") for n in names):
            raise ValueError(target)
    model.requires_grad_(False)
    for name in names:
        model.set_submodule(name, LoRALinear(model.get_submodule(name), rank, alpha))


# %% right: trainable — a loop
def trainable(model):
    trained = total = 0
    for parameter in model.parameters():
        total += math.prod(parameter.shape)
        trained += math.prod(parameter.shape) if parameter.requires_grad else 0
    return trained, total


# %% right: trainable — each object once, by its identity
def trainable(model):
    unique = {id(p): p for _, p in model.named_parameters(remove_duplicate=False)}.values()
    return sum(len(p.flatten()) for p in unique if p.requires_grad), sum(len(p.flatten()) for p in unique)


# %% wrong: trainable — counts tensors  hint="not the tensors"
def trainable(model):
    flags = [p.requires_grad for p in model.parameters()]
    return sum(flags), len(flags)


# %% wrong: trainable — a shared matrix twice  hint="a shared matrix counts once"
def trainable(model):
    both = [p for _, p in model.named_parameters(remove_duplicate=False)]
    return sum(p.numel() for p in both if p.requires_grad), sum(p.numel() for p in both)


# %% wrong: trainable — exchanged  hint="trained ones first"
def trainable(model):
    total = sum(p.numel() for p in model.parameters())
    return total, sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% wrong: trainable — trained and frozen  hint="not the frozen ones, come second"
def trainable(model):
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    return trained, sum(p.numel() for p in model.parameters() if not p.requires_grad)


# %% wrong: trainable — buffers, too  hint="buffers are no parameters"
def trainable(model):
    trained = sum(p.numel() for p in model.parameters() if p.requires_grad)
    total = sum(p.numel() for p in model.parameters()) + sum(b.numel() for b in model.buffers())
    return trained, total


# %% right: merge — a new layer, filled
def merge(model):
    layers = {n: m for n, m in list(model.named_modules()) if isinstance(m, LoRALinear)}
    for name, layer in layers.items():
        out, inside = layer.base.weight.shape
        weight = layer.base.weight + layer.scaling * torch.einsum("or,ri->oi", layer.lora_b, layer.lora_a)
        new = nn.Linear(inside, out, bias=layer.base.bias is not None, dtype=weight.dtype)
        new.weight = nn.Parameter(weight.detach())
        if layer.base.bias is not None:
            new.bias = nn.Parameter(layer.base.bias.detach().clone())
        model.set_submodule(name, new)
    return layers


# %% right: merge — walks through the parents
def merge(model, prefix=""):
    taken = {}
    for name, child in list(model.named_children()):
        if isinstance(child, LoRALinear):
            new = copy.deepcopy(child.base)
            rows = [w + child.scaling * (b @ child.lora_a) for w, b in zip(child.base.weight, child.lora_b)]
            new.weight.data = torch.stack(rows).detach()
            setattr(model, name, new) if not isinstance(model, nn.ModuleDict) else model.__setitem__(
                name, new
            )
            taken[prefix + name] = child
        else:
            taken |= merge(child, prefix + name + ".")
    return taken


# %% wrong: merge — into the base  hint="add nothing to the base in place"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        with torch.no_grad():
            layer.base.weight += layer.scaling * layer.lora_b @ layer.lora_a
        model.set_submodule(name, layer.base)
    return taken


# %% wrong: merge — without the scaling  hint="scaling alpha / rank is missing"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight += layer.lora_b @ layer.lora_a
        model.set_submodule(name, plain)
    return taken


# %% wrong: merge — the product alone  hint="base's weight is missing"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight.copy_(layer.scaling * layer.lora_b @ layer.lora_a)
        model.set_submodule(name, plain)
    return taken


# %% wrong: merge — forgets the bias  hint="biases are those of a new layer"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        b = layer.base
        plain = nn.Linear(b.in_features, b.out_features, b.bias is not None, dtype=b.weight.dtype)
        with torch.no_grad():
            plain.weight.copy_(b.weight + layer.scaling * layer.lora_b @ layer.lora_a)
        model.set_submodule(name, plain)
    return taken


# %% wrong: merge — a new layer of float32  hint="give it the base's dtype"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        b = layer.base
        plain = nn.Linear(b.in_features, b.out_features, b.bias is not None)
        with torch.no_grad():
            plain.weight.copy_(b.weight + layer.scaling * layer.lora_b @ layer.lora_a)
            if b.bias is not None:
                plain.bias.copy_(b.bias)
        model.set_submodule(name, plain)
    return taken


# %% wrong: merge — an attribute with a dot  hint="under a name with a dot"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight += layer.scaling * layer.lora_b @ layer.lora_a
        setattr(model, name, plain)
    return taken


# %% wrong: merge — only computes  hint="the LoRALinears are still there"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for layer in taken.values():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight += layer.scaling * layer.lora_b @ layer.lora_a
    return taken


# %% wrong: merge — returns the new layers  hint="they are the layers that were there"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight += layer.scaling * layer.lora_b @ layer.lora_a
        model.set_submodule(name, plain)
        taken[name] = plain
    return taken


# %% wrong: merge — returns nothing  hint="returns a dict"
def merge(model):
    taken = {n: m for n, m in model.named_modules() if isinstance(m, LoRALinear)}
    for name, layer in taken.items():
        plain = copy.deepcopy(layer.base)
        with torch.no_grad():
            plain.weight += layer.scaling * layer.lora_b @ layer.lora_a
        model.set_submodule(name, plain)


# %% right: unmerge — by hand, along the path
def unmerge(model, taken_out):
    for name, layer in taken_out.items():
        path, _, last = name.rpartition(".")
        model.get_submodule(path).add_module(last, layer)


# %% right: unmerge — sorted
def unmerge(model, taken_out):
    for name in sorted(taken_out):
        model.set_submodule(name, taken_out[name])
    return None


# %% wrong: unmerge — in the dict of attributes  hint="under a name with a dot"
def unmerge(model, taken_out):
    for name, layer in taken_out.items():
        model.__dict__[name] = layer


# %% wrong: unmerge — setattr with a path  hint="under a name with a dot"
def unmerge(model, taken_out):
    for name, layer in taken_out.items():
        setattr(model, name, layer)


# %% wrong: unmerge — empties the dict  hint="leave the dict as it is"
def unmerge(model, taken_out):
    while taken_out:
        name, layer = taken_out.popitem()
        model.set_submodule(name, layer)


# %% wrong: unmerge — subtracts  hint="the layers that the dict holds"
def unmerge(model, taken_out):
    for name, layer in taken_out.items():
        with torch.no_grad():
            model.get_submodule(name).weight -= layer.scaling * layer.lora_b @ layer.lora_a


# %% wrong: unmerge — copies of the layers  hint="no copies"
def unmerge(model, taken_out):
    for name, layer in taken_out.items():
        model.set_submodule(name, copy.deepcopy(layer))


# %% right: lora_state — walks through the layers
def lora_state(model):
    state = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALinear):
            state[name + ".lora_a"] = layer.lora_a.detach().clone()
            state[name + ".lora_b"] = layer.lora_b.detach().clone()
    return state


# %% right: lora_state — from the state dict
def lora_state(model):
    kept = {}
    for name, value in model.state_dict().items():
        if name.split(".")[-1] in ("lora_a", "lora_b"):
            kept[name] = torch.empty_like(value).copy_(value)
    return kept


# %% wrong: lora_state — all of the model  hint="lora_a and lora_b alone"
def lora_state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


# %% wrong: lora_state — what requires gradients  hint="lora_a and lora_b alone"
def lora_state(model):
    return {name: p.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


# %% wrong: lora_state — shares memory  hint="clone them"
def lora_state(model):
    return {name: p.detach() for name, p in model.named_parameters() if "lora_" in name}


# %% wrong: lora_state — parameters  hint="detach them"
def lora_state(model):
    return {name: p.clone() for name, p in model.named_parameters() if "lora_" in name}


# %% wrong: lora_state — short names  hint="full names"
def lora_state(model):
    return {
        name.split(".")[-1]: p.detach().clone() for name, p in model.named_parameters() if "lora_" in name
    }


# %% right: load_lora — walks through the layers
def load_lora(model, state):
    own = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoRALinear):
            own[name + ".lora_a"], own[name + ".lora_b"] = layer.lora_a, layer.lora_b
    for name in set(own) | set(state):
        if name not in own or name not in state or own[name].shape != state[name].shape:
            raise ValueError(f"{name} does not fit")
    for name in own:
        own[name].data.copy_(state[name])


# %% right: load_lora — looks, then load_state_dict
def load_lora(model, state):
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters() if "lora_" in name}
    given = {name: tuple(value.shape) for name, value in state.items()}
    if wrong := [name for name in {**shapes, **given} if shapes.get(name) != given.get(name)]:
        raise ValueError(", ".join(wrong))
    model.load_state_dict(state, strict=False)


# %% wrong: load_lora — not strict  hint="nothing is raised"
def load_lora(model, state):
    model.load_state_dict(state, strict=False)


# %% wrong: load_lora — strict  hint="raised"
def load_lora(model, state):
    model.load_state_dict(state)


# %% wrong: load_lora — new parameters  hint="yours were replaced"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name in own.keys() ^ state.keys():
        raise ValueError(name)
    for name in own:
        if own[name].shape != state[name].shape:
            raise ValueError(name)
    for name, value in state.items():
        path, _, last = name.rpartition(".")
        setattr(model.get_submodule(path), last, nn.Parameter(value.clone()))


# %% wrong: load_lora — points at the adapter's tensors  hint="do not point at them"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name in own.keys() ^ state.keys():
        raise ValueError(name)
    for name in own:
        if own[name].shape != state[name].shape:
            raise ValueError(name)
    for name, value in state.items():
        own[name].data = value


# %% wrong: load_lora — no look at the shapes  hint="compare"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name in own.keys() ^ state.keys():
        raise ValueError(name)
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(state[name])


# %% wrong: load_lora — looks while it copies  hint="half an adapter is worse than none"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name in own.keys() ^ state.keys():
        raise ValueError(name)
    with torch.no_grad():
        for name, parameter in own.items():
            if parameter.shape != state[name].shape:
                raise ValueError(name)
            parameter.copy_(state[name])


# %% wrong: load_lora — what is too many is not seen  hint="nothing is raised"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name, parameter in own.items():
        if name not in state or parameter.shape != state[name].shape:
            raise ValueError(name)
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(state[name])


# %% wrong: load_lora — a name that is missing is a KeyError  hint="compare the names first"
def load_lora(model, state):
    own = {name: p for name, p in model.named_parameters() if "lora_" in name}
    for name, parameter in own.items():
        if parameter.shape != state[name].shape:
            raise ValueError(name)
    if len(own) < len(state):
        raise ValueError(f"too many: {sorted(state.keys() - own.keys())}")
    with torch.no_grad():
        for name, parameter in own.items():
            parameter.copy_(state[name])


# %% right: mixed_lora — a loop over rows
def mixed_lora(x, which, a, b, scaling):
    rows = []
    for row, one in zip(x, which.tolist()):
        nothing = row.new_zeros(len(row), b.shape[1])
        rows.append(nothing if one < 0 else scaling * row @ a[one].T @ b[one].T)
    return torch.stack(rows)


# %% right: mixed_lora — all adapters, then a choice
def mixed_lora(x, which, a, b, scaling):
    every = torch.einsum("bti,nri,nor->nbto", x, a, b) * scaling
    mask = which[None, :] == torch.arange(len(a))[:, None]
    return (every * mask[:, :, None, None]).sum(0)


# %% wrong: mixed_lora — -1 is the last one  hint="it picks the last one"
def mixed_lora(x, which, a, b, scaling):
    return scaling * x @ a[which].mT @ b[which].mT


# %% wrong: mixed_lora — -1 is the first one  hint="yours gets the first one"
def mixed_lora(x, which, a, b, scaling):
    which = which.clamp(min=0)
    return scaling * x @ a[which].mT @ b[which].mT


# %% wrong: mixed_lora — no scaling  hint="scaling is missing"
def mixed_lora(x, which, a, b, scaling):
    return x @ a[which].mT @ b[which].mT * (which >= 0)[:, None, None]


# %% wrong: mixed_lora — one adapter for all  hint="uses the first for all"
def mixed_lora(x, which, a, b, scaling):
    return scaling * x @ a[0].T @ b[0].T


# %% wrong: mixed_lora — all adapters together  hint="adds all of them"
def mixed_lora(x, which, a, b, scaling):
    return scaling * torch.einsum("bti,nri,nor->bto", x, a, b)


# %% equivalent: low_rank — the columns and rows beyond the smaller side are cut off afterwards
# -    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
# +    u, s, vh = torch.linalg.svd(matrix)


# %% equivalent: low_rank — the columns and rows beyond the smaller side are cut off afterwards
# -    u, s, vh = torch.linalg.svd(matrix, full_matrices=False)
# +    u, s, vh = torch.linalg.svd(matrix, full_matrices=True)


# %% equivalent: rank_for — singular values have one dimension, the first and the last
# -    return int((squares.cumsum(0) < share * squares.sum()).sum()) + 1
# +    return int((squares.cumsum(-1) < share * squares.sum()).sum()) + 1


# %% equivalent: lora_state — endswith asks for any of its endings, in whatever order
# -        if name.endswith((".lora_a", ".lora_b"))
# +        if name.endswith((".lora_b", ".lora_a"))


# %% equivalent: load_lora — endswith asks for any of its endings, in whatever order
# -    own = {name: p for name, p in model.named_parameters() if name.endswith((".lora_a", ".lora_b"))}
# +    own = {name: p for name, p in model.named_parameters() if name.endswith((".lora_b", ".lora_a"))}


# %% equivalent: load_lora — the keys of one dict can be compared with another dict
# -    for name in own.keys() ^ state.keys():
# +    for name in own ^ state.keys():


# %% equivalent: load_lora — the keys of one dict can be compared with another dict
# -    for name in own.keys() ^ state.keys():
# +    for name in own.keys() ^ state:
