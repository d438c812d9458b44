# %% right: GPTConfig — asks each size by its name
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        for field in ("vocab_size", "block_size", "n_layer", "n_head", "n_embd"):
            if getattr(self, field) <= 0:
                raise ValueError(field + " must be positive")
        if self.n_embd // self.n_head * self.n_head != self.n_embd:
            raise ValueError("n_embd must be a multiple of n_head")


# %% right: GPTConfig — collects what is wrong
@dataclass
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        wrong = [f for f, value in self.__dict__.items() if not value > 0]
        if not wrong and divmod(self.n_embd, self.n_head)[1]:
            wrong = ["n_embd"]
        if wrong:
            raise ValueError(", ".join(wrong))


# %% wrong: GPTConfig — refuses nothing  hint="0 is let through"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        pass


# %% wrong: GPTConfig — asserts  hint="an assert vanishes"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        for name, size in vars(self).items():
            assert size >= 1, name
        assert self.n_embd % self.n_head == 0, "n_embd"


# %% wrong: GPTConfig — divides before it looks  hint="before you divide by n_head"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        if self.n_embd % self.n_head:
            raise ValueError(f"n_embd {self.n_embd}")
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(f"{name} is {size}")


# %% wrong: GPTConfig — zero is let through  hint="must be at least 1: 0 is let through"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        for name, size in vars(self).items():
            if size < 0:
                raise ValueError(f"{name} is {size}")
        if self.n_head and self.n_embd % self.n_head:
            raise ValueError("n_embd does not divide")


# %% wrong: GPTConfig — does not say which  hint="should name the size that is wrong"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        if min(vars(self).values()) < 1 or self.n_embd % self.n_head:
            raise ValueError("bad sizes")


# %% wrong: GPTConfig — the heads are not looked at  hint="heads do not divide"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        for name, size in vars(self).items():
            if size < 1:
                raise ValueError(name)


# %% wrong: GPTConfig — 1 is refused  hint="these sizes are fine"
@dataclass(frozen=True)
class GPTConfig:
    vocab_size: int
    block_size: int
    n_layer: int
    n_head: int
    n_embd: int

    def __post_init__(self):
        for name, size in vars(self).items():
            if size <= 1:
                raise ValueError(name)
        if self.n_embd % self.n_head:
            raise ValueError("n_embd")


# %% right: embed — two look-ups
def embed(ids, tokens, positions):
    if ids.shape[-1] > len(positions):
        raise ValueError("too long")
    where = torch.arange(ids.shape[-1])
    return functional.embedding(ids, tokens) + functional.embedding(where, positions)


# %% right: embed — a loop over positions
def embed(ids, tokens, positions):
    if ids.size(1) > positions.size(0):
        raise ValueError("too long")
    return torch.stack([tokens[ids[:, t]] + positions[t] for t in range(ids.size(1))], dim=1)


# %% wrong: embed — no position  hint="the position is missing"
def embed(ids, tokens, positions):
    if ids.shape[1] > len(positions):
        raise ValueError("too long")
    return tokens[ids]


# %% wrong: embed — positions from 1  hint="yours are off by one"
def embed(ids, tokens, positions):
    if ids.shape[1] > len(positions):
        raise ValueError("too long")
    return tokens[ids] + positions[(1 + torch.arange(ids.shape[1])) % len(positions)]


# %% wrong: embed — the last rows  hint="not the last"
def embed(ids, tokens, positions):
    if ids.shape[1] > len(positions):
        raise ValueError("too long")
    return tokens[ids] + positions[len(positions) - ids.shape[1] :]


# %% wrong: embed — side by side  hint="not put side by side"
def embed(ids, tokens, positions):
    time = ids.shape[1]
    if time > len(positions):
        raise ValueError("too long")
    return torch.cat([tokens[ids], positions[:time].expand(len(ids), -1, -1)], -1)


# %% wrong: embed — nothing is said when it is too long  hint="say so yourself"
def embed(ids, tokens, positions):
    return tokens[ids] + positions[: ids.shape[1]]


# %% wrong: embed — wraps around  hint="it raises ValueError"
def embed(ids, tokens, positions):
    return tokens[ids] + positions[torch.arange(ids.shape[1]) % len(positions)]


# %% wrong: embed — the whole table  hint="only the first `time` of them take part"
def embed(ids, tokens, positions):
    if ids.shape[1] > len(positions):
        raise ValueError("too long")
    return tokens[ids] + positions


# %% right: GPT — look-ups by the modules, and linear
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.block_size = config.block_size
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList([Block(config.n_embd, config.n_head) for _ in range(config.n_layer)])
        self.norm = nn.LayerNorm(config.n_embd)

    def forward(self, ids):
        time = ids.shape[1]
        if time > self.block_size:
            raise ValueError("too long")
        x = self.embedding(ids) + self.positions(torch.arange(time))
        for block in self.blocks:
            x = block(x, torch.ones(time, time, dtype=torch.bool).tril())
        return functional.linear(self.norm(x), self.embedding.weight)


# %% right: GPT — an output layer that shares its weight
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.head.weight = self.embedding.weight

    def forward(self, ids):
        time = ids.size(1)
        if time > self.positions.num_embeddings:
            raise ValueError("too long")
        x = self.embedding(ids) + self.positions.weight[:time]
        seen = torch.arange(time)
        for k in range(len(self.blocks)):
            x = self.blocks[k](x, seen[:, None] >= seen)
        return self.head(self.norm(x))


# %% wrong: GPT — an output matrix of its own  hint="the output is not tied"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)
        self.head = nn.Linear(config.n_embd, config.vocab_size, bias=False)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.head(self.norm(x))


# %% wrong: GPT — blocks in a plain list  hint="a plain list hides them"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = [Block(config.n_embd, config.n_head) for _ in range(config.n_layer)]
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — no position embedding  hint="the position embedding is missing: a table"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — positions are made and not added  hint="the position embedding is missing"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = self.embedding(ids)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — positions count from 1  hint="positions count from 0: yours are off by one"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        time = ids.shape[1]
        x = self.embedding(ids) + self.positions(torch.arange(1, time + 1))
        for block in self.blocks:
            x = block(x, causal_mask(time))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — the last norm is not used  hint="the last norm is missing"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return x @ self.embedding.weight.T


# %% wrong: GPT — no mask  hint="the causal mask is missing"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x)
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — gelu with erf  hint="yours is the exact one"
class Exact(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc, self.proj = nn.Linear(n, 4 * n), nn.Linear(4 * n, n)

    def forward(self, x):
        return self.proj(functional.gelu(self.fc(x)))


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        for block in self.blocks:
            block.feed_forward = Exact(config.n_embd)
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — its own attention, heads merged without exchanging time and heads  hint="exchange time and n_head"
class Attention(nn.Module):
    def __init__(self, n, n_head):
        super().__init__()
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n, n) for _ in range(4))

    def forward(self, x, mask=None):
        q, k, v = (
            f(x).unflatten(-1, (self.n_head, -1)).transpose(1, 2) for f in (self.query, self.key, self.value)
        )
        return self.proj(functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).reshape(x.shape))


class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        for block in self.blocks:
            block.attention = Attention(config.n_embd, config.n_head)
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — softmax in the model  hint="no softmax in the model"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return (self.norm(x) @ self.embedding.weight.T).softmax(-1)


# %% wrong: GPT — the matrix is detached at the top  hint="learns from its use as output, too"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.data.T


# %% wrong: GPT — one block, used again and again  hint="make a new one for each layer"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList([Block(config.n_embd, config.n_head)] * config.n_layer)
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — the mask is inverted  hint="True means may attend"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, ~causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% wrong: GPT — another name for the last norm  hint="missing   norm.weight"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.last_norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.last_norm(x) @ self.embedding.weight.T


# %% wrong: GPT — longer texts are cut  hint="there are more positions than block_size"
class GPT(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embedding = nn.Embedding(config.vocab_size, config.n_embd)
        self.positions = nn.Embedding(config.block_size, config.n_embd)
        self.blocks = nn.ModuleList(Block(config.n_embd, config.n_head) for _ in range(config.n_layer))
        self.norm = LayerNorm(config.n_embd)

    def forward(self, ids):
        ids = ids[:, -self.positions.num_embeddings :]
        x = embed(ids, self.embedding.weight, self.positions.weight)
        for block in self.blocks:
            x = block(x, causal_mask(ids.shape[1]))
        return self.norm(x) @ self.embedding.weight.T


# %% right: next_token_loss — picks log-probabilities
def next_token_loss(logits, ids):
    log_probs = functional.log_softmax(logits[:, :-1], dim=-1)
    return -torch.gather(log_probs, -1, ids[:, 1:].unsqueeze(-1)).mean()


# %% right: next_token_loss — classes in dimension 1
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits.transpose(1, 2)[..., :-1], ids[..., 1:])


# %% wrong: next_token_loss — not shifted  hint="targets are not shifted"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits.flatten(0, 1), ids.flatten())


# %% wrong: next_token_loss — shifted the wrong way  hint="shifted the wrong way"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits[:, 1:].flatten(0, 1), ids[:, :-1].flatten())


# %% wrong: next_token_loss — rolls the ids  hint="roll brings the first one round"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits.flatten(0, 1), ids.roll(-1, 1).flatten())


# %% wrong: next_token_loss — the sum  hint="the mean, not the sum"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten(), reduction="sum")


# %% wrong: next_token_loss — a float  hint="not a Python number"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()).item()


# %% wrong: next_token_loss — does not flatten  hint="flatten"
def next_token_loss(logits, ids):
    return functional.cross_entropy(logits[:, :-1], ids[:, 1:])


# %% wrong: next_token_loss — the log of a softmax  hint="probability that has become 0"
def next_token_loss(logits, ids):
    probs = logits[:, :-1].softmax(-1)
    return -probs.gather(2, ids[:, 1:, None]).log().mean()


# %% right: init_weights — by kind of module
def init_weights(model, n_layer):
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            std = 0.02 * (2 * n_layer) ** -0.5 if name.split(".")[-1] == "proj" else 0.02
            nn.init.normal_(module.weight, 0.0, std)
        elif isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, 0.0, 0.02)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
    return model


# %% right: init_weights — by hand
def init_weights(model, n_layer):
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "bias" in name:
                p.zero_()
            elif p.ndim > 1:
                p.copy_(torch.randn_like(p) * 0.02)
                if "proj" in name:
                    p /= math.sqrt(2 * n_layer)
    return model


# %% wrong: init_weights — proj is not divided  hint="proj writes to the residual stream"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02)
    return model


# %% wrong: init_weights — one branch for each block  hint="two branches in each block"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02 / math.sqrt(n_layer) if name.endswith("proj.weight") else 0.02)
    return model


# %% wrong: init_weights — no root  hint="divide by the square root"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02 / (2 * n_layer) if name.endswith("proj.weight") else 0.02)
    return model


# %% wrong: init_weights — the variance is 0.02  hint="not the variance"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            variance = 0.02 / (2 * n_layer) if name.endswith("proj.weight") else 0.02
            nn.init.normal_(p, std=math.sqrt(variance))
    return model


# %% wrong: init_weights — uniform  hint="not the bound of a uniform distribution"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            bound = 0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02
            nn.init.uniform_(p, -bound, bound)
    return model


# %% wrong: init_weights — biases are left  hint="biases start at 0"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if p.dim() == 2:
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02)
    return model


# %% wrong: init_weights — the norms too  hint="the gain of a norm stays as it is"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        else:
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02)
    return model


# %% wrong: init_weights — all of a block is divided  hint="only proj is divided"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer) if "blocks" in name else 0.02)
    return model


# %% wrong: init_weights — only attention's proj  hint="proj writes to the residual stream"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(
                p, std=0.02 / math.sqrt(2 * n_layer) if name.endswith("attention.proj.weight") else 0.02
            )
    return model


# %% wrong: init_weights — new parameters  hint="fill the parameters in place"
def init_weights(model, n_layer):
    for name, p in list(model.named_parameters()):
        where, _, last = name.rpartition(".")
        std = 0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02
        fresh = (
            torch.zeros_like(p) if last == "bias" else std * torch.randn_like(p) if p.dim() == 2 else p.data
        )
        setattr(model.get_submodule(where), last, nn.Parameter(fresh))
    return model


# %% wrong: init_weights — returns nothing  hint="the model itself is returned"
def init_weights(model, n_layer):
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02)


# %% wrong: init_weights — a seed of its own  hint="the same under another seed"
def init_weights(model, n_layer):
    torch.manual_seed(1337)
    for name, p in model.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(p)
        elif p.dim() == 2:
            nn.init.normal_(p, std=0.02 / math.sqrt(2 * n_layer) if name.endswith("proj.weight") else 0.02)
    return model


# %% right: count_parameters — the polynomial
def count_parameters(config):
    n = config.n_embd
    return n * (config.vocab_size + config.block_size + 2) + config.n_layer * n * (12 * n + 13)


# %% right: count_parameters — adds up shapes
def count_parameters(config):
    n = config.n_embd
    block = [(n, n), (n,)] * 4 + [(n, 4 * n), (4 * n,), (4 * n, n), (n,)] + [(n,)] * 4
    shapes = [(config.vocab_size, n), (config.block_size, n), *(block * config.n_layer), (n,), (n,)]
    return sum(math.prod(shape) for shape in shapes)


# %% wrong: count_parameters — the output counts again  hint="share one matrix: count it once"
def count_parameters(config):
    n = config.n_embd
    return (2 * config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 13 * n) + 2 * n


# %% wrong: count_parameters — no positions  hint="the table of positions is missing"
def count_parameters(config):
    n = config.n_embd
    return config.vocab_size * n + config.n_layer * (12 * n * n + 13 * n) + 2 * n


# %% wrong: count_parameters — the rule of thumb  hint="neither biases nor norms"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * 12 * n * n


# %% wrong: count_parameters — no last norm  hint="the last norm is missing"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 13 * n)


# %% wrong: count_parameters — no biases  hint="biases of the linear layers are missing"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 4 * n) + 2 * n


# %% wrong: count_parameters — attention without proj  hint="proj is the fourth"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (11 * n * n + 12 * n) + 2 * n


# %% wrong: count_parameters — attention without biases  hint="attention's four biases"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 9 * n) + 2 * n


# %% wrong: count_parameters — the feed-forward network without biases  hint="the feed-forward network's two biases"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 8 * n) + 2 * n


# %% wrong: count_parameters — no bias for the last proj  hint="the bias of one proj"
def count_parameters(config):
    n = config.n_embd
    return (config.vocab_size + config.block_size) * n + config.n_layer * (12 * n * n + 12 * n) + 2 * n


# %% right: count_matrices — squares
def count_matrices(config):
    square = config.n_embd**2 * config.n_layer
    ends = config.n_embd * config.vocab_size
    return dict(
        embedding=ends,
        key=square,
        query=square,
        value=square,
        output=square,
        up=4 * square,
        down=4 * square,
        unembedding=ends,
    )


# %% right: count_matrices — goes through heads and blocks
def count_matrices(config):
    n, size = config.n_embd, config.n_embd // config.n_head
    counts = {"embedding": config.vocab_size * n, "unembedding": n * config.vocab_size}
    for _ in range(config.n_layer):
        for kind in ("up", "down"):
            counts[kind] = counts.get(kind, 0) + n * (4 * n)
        for _ in range(config.n_head):
            for kind in ("key", "query", "value", "output"):
                counts[kind] = counts.get(kind, 0) + n * size
    return counts


# %% wrong: count_matrices — one block  hint="yours is one block's"
def count_matrices(config):
    n = config.n_embd
    four = dict.fromkeys(("key", "query", "value", "output"), n * n)
    return {
        "embedding": config.vocab_size * n,
        **four,
        "up": 4 * n * n,
        "down": 4 * n * n,
        "unembedding": config.vocab_size * n,
    }


# %% wrong: count_matrices — one head  hint="yours is one head's"
def count_matrices(config):
    n, v, heads, blocks = config.n_embd, config.vocab_size, config.n_head, config.n_layer
    square = n * n * blocks // heads
    four = dict.fromkeys(("key", "query", "value", "output"), square)
    return {"embedding": v * n, **four, "up": 4 * square, "down": 4 * square, "unembedding": v * n}


# %% wrong: count_matrices — one head of query, key and value  hint="one head's query, key and value"
def count_matrices(config):
    n, head_size = config.n_embd, config.n_embd // config.n_head
    three = dict.fromkeys(("key", "query", "value"), config.n_layer * n * head_size)
    ends = {"embedding": config.vocab_size * n, "unembedding": config.vocab_size * n}
    both = {"up": config.n_layer * 4 * n * n, "down": config.n_layer * 4 * n * n}
    return {**ends, **three, "output": config.n_layer * n * n, **both}


# %% wrong: count_matrices — one head, and the output too  hint="query, key, value and output"
def count_matrices(config):
    n, head_size = config.n_embd, config.n_embd // config.n_head
    four = dict.fromkeys(("key", "query", "value", "output"), config.n_layer * n * head_size)
    ends = {"embedding": config.vocab_size * n, "unembedding": config.vocab_size * n}
    return {**ends, **four, "up": config.n_layer * 4 * n * n, "down": config.n_layer * 4 * n * n}


# %% wrong: count_matrices — every head is as wide as the stream  hint="head_size is n_embd // n_head"
def count_matrices(config):
    n, v = config.n_embd, config.vocab_size
    square = n * n * config.n_layer
    four = dict.fromkeys(("key", "query", "value", "output"), square * config.n_head)
    return {"embedding": v * n, **four, "up": 4 * square, "down": 4 * square, "unembedding": v * n}


# %% wrong: count_matrices — with biases  hint="matrices only"
def count_matrices(config):
    n, v, blocks = config.n_embd, config.vocab_size, config.n_layer
    four = dict.fromkeys(("key", "query", "value", "output"), blocks * (n * n + n))
    up, down = blocks * (4 * n * n + 4 * n), blocks * (4 * n * n + n)
    return {"embedding": v * n, **four, "up": up, "down": down, "unembedding": v * n}


# %% wrong: count_matrices — the table counts once  hint="a matrix of its own"
def count_matrices(config):
    n, v = config.n_embd, config.vocab_size
    square = n * n * config.n_layer
    four = dict.fromkeys(("key", "query", "value", "output"), square)
    return {"embedding": v * n, **four, "up": 4 * square, "down": 4 * square, "unembedding": 0}


# %% wrong: count_matrices — names in capitals  hint="keys ["
def count_matrices(config):
    n, v = config.n_embd, config.vocab_size
    square = n * n * config.n_layer
    four = dict.fromkeys(("Key", "Query", "Value", "Output"), square)
    return {"Embedding": v * n, **four, "Up": 4 * square, "Down": 4 * square, "Unembedding": v * n}


# %% right: training_flops — six for each number
def training_flops(config, time):
    numbers = config.vocab_size * config.n_embd + 12 * config.n_layer * config.n_embd**2
    return 6 * numbers + 12 * config.n_layer * config.n_embd * time


# %% right: training_flops — product by product
def training_flops(config, time):
    n = config.n_embd
    products = [(n, n)] * 4 + [(n, 4 * n), (4 * n, n), (n, time), (time, n)]
    products = products * config.n_layer + [(n, config.vocab_size)]
    forward = sum(2 * rows * columns for rows, columns in products)
    return forward + 2 * forward


# %% wrong: training_flops — forward alone  hint="that is forward alone"
def training_flops(config, time):
    n = config.n_embd
    return 2 * (12 * config.n_layer * n * n + config.vocab_size * n) + 4 * config.n_layer * n * time


# %% wrong: training_flops — back costs as much as forth  hint="three times the forward pass"
def training_flops(config, time):
    n = config.n_embd
    return 2 * (2 * (12 * config.n_layer * n * n + config.vocab_size * n) + 4 * config.n_layer * n * time)


# %% wrong: training_flops — multiplications only  hint="are two operations"
def training_flops(config, time):
    n = config.n_embd
    return 3 * (12 * config.n_layer * n * n + config.vocab_size * n + 2 * config.n_layer * n * time)


# %% wrong: training_flops — six times the matrices  hint="attention's own products are missing"
def training_flops(config, time):
    n = config.n_embd
    return 6 * (12 * config.n_layer * n * n + config.vocab_size * n)


# %% wrong: training_flops — the rule of thumb  hint="6 N is the rule of thumb"
def training_flops(config, time):
    return 6 * count_parameters(config)


# %% wrong: training_flops — scores only  hint="attention has two products"
def training_flops(config, time):
    n = config.n_embd
    return 6 * (12 * config.n_layer * n * n + config.vocab_size * n) + 6 * config.n_layer * n * time


# %% wrong: training_flops — no output matrix  hint="the output matrix is missing"
def training_flops(config, time):
    n = config.n_embd
    return 6 * 12 * config.n_layer * n * n + 12 * config.n_layer * n * time


# %% wrong: training_flops — the table counts as input, too  hint="looking up a row is not a product"
def training_flops(config, time):
    n = config.n_embd
    return 6 * (12 * config.n_layer * n * n + 2 * config.vocab_size * n) + 12 * config.n_layer * n * time


# %% wrong: training_flops — block_size for time  hint="not block_size"
def training_flops(config, time):
    n = config.n_embd
    return (
        6 * (12 * config.n_layer * n * n + config.vocab_size * n)
        + 12 * config.n_layer * n * config.block_size
    )


# %% wrong: training_flops — the whole sequence  hint="yours is for the sequence"
def training_flops(config, time):
    n = config.n_embd
    return time * (6 * (12 * config.n_layer * n * n + config.vocab_size * n) + 12 * config.n_layer * n * time)


# %% right: split_qkv — slices of the transposed
def split_qkv(joined):
    turned = joined.t()
    n = len(turned) // 3
    return turned[:n], turned[n : 2 * n], turned[2 * n :]


# %% right: split_qkv — moves the dimension
def split_qkv(joined):
    parts = torch.movedim(joined, -1, 0).split(joined.shape[-1] // 3)
    return tuple(part.contiguous() for part in parts)


# %% wrong: split_qkv — not transposed  hint="not transposed"
def split_qkv(joined):
    return joined.chunk(3, -1)


# %% wrong: split_qkv — keys first  hint="queries, keys, values, in this order"
def split_qkv(joined):
    k, q, v = joined.t().chunk(3)
    return q, k, v


# %% wrong: split_qkv — cuts rows  hint="expected"
def split_qkv(joined):
    return tuple(part.t() for part in joined.chunk(3, 0))


# %% wrong: split_qkv — reshapes into rows  hint="cut columns, not rows"
def split_qkv(joined):
    n = joined.shape[-1] // 3
    return tuple(joined.reshape(3, *joined.shape[:-1], n))


# %% wrong: split_qkv — every third column  hint="not every third column"
def split_qkv(joined):
    turned = joined.t()
    return turned[0::3], turned[1::3], turned[2::3]


# %% wrong: split_qkv — one tensor  hint="a tuple of three tensors"
def split_qkv(joined):
    return joined.t().reshape(3, joined.shape[-1] // 3, *joined.shape[:-1])


# %% wrong: split_qkv — values before keys  hint="the last two are exchanged"
def split_qkv(joined):
    q, v, k = joined.t().chunk(3)
    return q, k, v


# %% right: load_gpt2_weights — turns the file first
def load_gpt2_weights(model, state):
    plain = {name.removeprefix("transformer."): tensor for name, tensor in state.items()}
    found = {}
    for name, parameter in model.named_parameters():
        theirs = gpt2_name(name)
        if theirs not in plain:
            raise ValueError("missing: " + theirs)
        tensor = plain[theirs]
        if theirs.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            tensor = tensor.transpose(0, 1)
        if "c_attn" in theirs:
            third = len(tensor) // 3
            place = ("query", "key", "value").index(name.split(".")[-2])
            if len(tensor) != 3 * len(parameter):
                raise ValueError("wrong shape: " + theirs)
            tensor = tensor[place * third : (place + 1) * third]
        if tuple(tensor.shape) != tuple(parameter.shape):
            raise ValueError("wrong shape: " + theirs)
        found[name] = tensor
    for name, parameter in model.named_parameters():
        parameter.data.copy_(found[name])
    return model


# %% right: load_gpt2_weights — by load_state_dict, once everything has been looked at
def load_gpt2_weights(model, state):
    lead = (
        ""
        if "wte.weight" in state or not any(n.startswith("transformer.") for n in state)
        else "transformer."
    )
    mine = {}
    wanted = dict(model.named_parameters())
    for name, p in wanted.items():
        source = lead + gpt2_name(name)
        try:
            value = state[source]
        except KeyError:
            raise ValueError(source) from None
        linear = "attn.c_" in source or "mlp.c_" in source
        if "attn.c_attn" in source:
            parts = dict(zip(("query", "key", "value"), split_qkv(value), strict=True))
            value = parts[name.rsplit(".", 2)[1]]
        elif linear and value.dim() == 2:
            value = value.mT
        if value.shape != p.shape:
            raise ValueError(source)
        mine[name] = value
    model.load_state_dict(mine, strict=False)
    return model


# %% wrong: load_gpt2_weights — attn.c_proj is not transposed  hint="a square matrix fits all the same"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — transposes only what does not fit  hint="a square matrix fits all the same"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = value.chunk(3, -1)[("query", "key", "value").index(name.split(".")[-2])]
        if value.shape != parameter.shape:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — keys, queries, values  hint="it holds what belongs to"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("key", "query", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — copies as it goes  hint="look through all of the checkpoint first"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        with torch.no_grad():
            parameter.copy_(value)
    return model


# %% wrong: load_gpt2_weights — a KeyError  hint="look for the name first"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — no look at shapes  hint="compare shapes yourself"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — one prefix only  hint="with and without"
def load_gpt2_weights(model, state):
    new = {}
    for name, parameter in model.named_parameters():
        source = "transformer." + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — tables are transposed, too  hint="tables are not transposed"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"the checkpoint has no {source}")
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif value.dim() == 2:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(f"{source} has shape {tuple(value.shape)}, not {tuple(parameter.shape)}")
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — tables are transposed, and no shape is told  hint="tables are not transposed"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"the checkpoint has no {source}")
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif value.dim() == 2:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — the first name decides  hint="lm_head.weight never has it"
def load_gpt2_weights(model, state):
    prefix = "transformer." if next(iter(state)).startswith("transformer.") else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"the checkpoint has no {source}")
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(f"{source} has shape {tuple(value.shape)}, not {tuple(parameter.shape)}")
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — all names decide  hint="lm_head.weight never has it"
def load_gpt2_weights(model, state):
    prefix = "transformer." if all(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(f"the checkpoint has no {source}")
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(f"{source} has shape {tuple(value.shape)}, not {tuple(parameter.shape)}")
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
    return model


# %% wrong: load_gpt2_weights — takes over the memory  hint="points at the checkpoint"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    for name, parameter in model.named_parameters():
        parameter.data = new[name]
    return model


# %% wrong: load_gpt2_weights — loads nothing  hint="it was not loaded"
def load_gpt2_weights(model, state):
    return model


# %% wrong: load_gpt2_weights — returns nothing  hint="return the model"
def load_gpt2_weights(model, state):
    prefix = "transformer." if any(name.startswith("transformer.") for name in state) else ""
    new = {}
    for name, parameter in model.named_parameters():
        source = prefix + gpt2_name(name)
        if source not in state:
            raise ValueError(source)
        value = state[source]
        if ".c_attn." in source:
            value = split_qkv(value)[("query", "key", "value").index(name.split(".")[-2])]
        elif ".attn." in source or ".mlp." in source:
            value = value.t()
        if value.shape != parameter.shape:
            raise ValueError(source)
        new[name] = value
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(new[name])
