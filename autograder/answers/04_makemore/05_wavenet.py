# %% right: FlattenConsecutive — joins slices of every n-th position
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        if x.shape[1] % self.n != 0:
            raise ValueError("time is no multiple of n")
        x = torch.cat([x[:, k :: self.n] for k in range(self.n)], -1)
        return x[:, 0] if x.shape[1] == 1 else x


# %% right: FlattenConsecutive — splits the dimension, then flattens
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        groups, rest = divmod(x.size(1), self.n)
        if rest:
            raise ValueError(f"{x.size(1)} / {self.n}")
        x = x.unflatten(1, (groups, self.n)).flatten(2)
        if groups == 1:
            x = x.squeeze(1)
        return x


# %% wrong: FlattenConsecutive — keeps the dimension of size 1  hint="squeeze dimension 1"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        batch, time, channels = x.shape
        if time % self.n:
            raise ValueError
        return x.reshape(batch, time // self.n, self.n * channels)


# %% wrong: FlattenConsecutive — squeezes the batch, too  hint="a batch of one is lost"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        batch, time, channels = x.shape
        if time % self.n:
            raise ValueError
        return x.reshape(batch, time // self.n, self.n * channels).squeeze()


# %% wrong: FlattenConsecutive — view  hint="view needs memory in order"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        batch, time, channels = x.shape
        if time % self.n:
            raise ValueError
        return x.view(batch, time // self.n, self.n * channels).squeeze(1)


# %% wrong: FlattenConsecutive — joins the two halves  hint="neighbours come together"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        if x.shape[1] % self.n:
            raise ValueError
        return torch.cat(x.chunk(self.n, 1), 2).squeeze(1)


# %% wrong: FlattenConsecutive — newest first  hint="the oldest position comes first"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        if x.shape[1] % self.n:
            raise ValueError
        return torch.cat([x[:, k :: self.n] for k in reversed(range(self.n))], -1).squeeze(1)


# %% wrong: FlattenConsecutive — everything at once  hint="only groups of n"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        return x.flatten(1)


# %% wrong: FlattenConsecutive — n groups  hint="not the number of groups"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        return x.reshape(x.shape[0], self.n, -1).squeeze(1)


# %% wrong: FlattenConsecutive — mixes channels of positions  hint="the channels of a position stay together"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        if x.shape[1] % self.n:
            raise ValueError
        return x.unflatten(1, (-1, self.n)).transpose(2, 3).flatten(2).squeeze(1)


# %% wrong: FlattenConsecutive — drops what is left over  hint="raise ValueError"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        groups = x.shape[1] // self.n
        return x[:, : groups * self.n].reshape(x.shape[0], groups, self.n * x.shape[2]).squeeze(1)


# %% wrong: FlattenConsecutive — returns nothing  hint="the return is missing"
class FlattenConsecutive(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.n = n

    def forward(self, x):
        x.reshape(x.shape[0], -1, self.n * x.shape[2]).squeeze(1)


# %% right: Sequential — a module with a ModuleList
class Sequential(nn.Module):
    def __init__(self, layers):
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# %% right: Sequential — reduces over the layers
import functools
import itertools


class Sequential:
    def __init__(self, layers):
        self.layers = tuple(layers)
        self.training = True

    def __call__(self, x):
        return functools.reduce(lambda value, layer: layer(value), self.layers, x)

    def parameters(self):
        return itertools.chain.from_iterable(layer.parameters() for layer in self.layers)

    def train(self, mode=True):
        for layer in self.layers:
            layer.train(mode) if mode else layer.eval()
        self.training = mode
        return self

    def eval(self):
        return self.train(mode=False)


# %% wrong: Sequential — every layer gets x  hint="yours all get x"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            out = layer(x)
        return out

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — returns inside the loop  hint="only the first layer is called"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
            return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — the mode stays in the model  hint="the mode must reach every layer"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — train ignores its argument  hint="pass the mode on"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = True
        for layer in self.layers:
            layer.train()
        return self

    def eval(self):
        self.training = False
        for layer in self.layers:
            layer.eval()
        return self


# %% wrong: Sequential — returns nothing from train and eval  hint="return self"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)

    def eval(self):
        self.train(False)


# %% wrong: Sequential — a list of lists of parameters  hint="one flat list"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [list(layer.parameters()) for layer in self.layers]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — copies of the parameters  hint="yours are copies"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p.clone() for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — the parameters of modules only  hint="that are no sequences"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers if isinstance(layer, nn.Module) for p in layer.parameters()]

    def train(self, mode=True):
        self.training = mode
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — self.training never changes  hint="self.training says which mode"
class Sequential:
    def __init__(self, layers):
        self.layers = layers
        self.training = True

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% wrong: Sequential — no attribute training  hint="has no attribute 'training'"
class Sequential:
    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [p for layer in self.layers for p in layer.parameters()]

    def train(self, mode=True):
        for layer in self.layers:
            layer.train(mode)
        return self

    def eval(self):
        return self.train(False)


# %% right: batch_statistics — as rows
def batch_statistics(x):
    rows = x.reshape(-1, x.shape[-1])
    mean = rows.sum(0) / len(rows)
    return mean, ((rows - mean) ** 2).mean(0)


# %% right: batch_statistics — the mean of the squares less the square of the mean, about a first guess
def batch_statistics(x):
    while x.dim() > 2:
        x = x.flatten(0, 1)
    var, mean = torch.var_mean(x, 0, unbiased=False)
    return mean, var


# %% wrong: batch_statistics — over the batch only  hint="over the batch only: each position"
def batch_statistics(x):
    return x.mean(0), x.var(0, correction=0)


# %% wrong: batch_statistics — over the batch, then averaged over positions  hint="spread between positions is lost"
def batch_statistics(x):
    mean, var = x.mean(0), x.var(0, correction=0)
    while mean.dim() > 1:
        mean, var = mean.mean(0), var.mean(0)
    return mean, var


# %% wrong: batch_statistics — unbiased  hint="correction=0"
def batch_statistics(x):
    rows = x.reshape(-1, x.shape[-1])
    return rows.mean(0), rows.var(0)


# %% wrong: batch_statistics — variance first  hint="the mean first"
def batch_statistics(x):
    return torch.var_mean(x, tuple(range(x.dim() - 1)), correction=0)


# %% wrong: batch_statistics — keeps the dimensions  hint="no keepdim"
def batch_statistics(x):
    dims = tuple(range(x.dim() - 1))
    return x.mean(dims, keepdim=True), x.var(dims, correction=0, keepdim=True)


# %% wrong: batch_statistics — the standard deviation  hint="not its root"
def batch_statistics(x):
    dims = tuple(range(x.dim() - 1))
    return x.mean(dims), x.std(dims, correction=0)


# %% wrong: batch_statistics — channels in the middle, as PyTorch's  hint="channels come last here"
def batch_statistics(x):
    dims = (0, *range(2, x.dim()))
    return x.mean(dims), x.var(dims, correction=0)


# %% wrong: batch_statistics — over channels  hint="yours is over the last"
def batch_statistics(x):
    return x.mean(-1), x.var(-1, correction=0)


# %% wrong: batch_statistics — over everything  hint="over the channels, too"
def batch_statistics(x):
    return x.mean(), x.var(correction=0)


# %% wrong: batch_statistics — exactly three dimensions  hint="Dimension out of range"
def batch_statistics(x):
    return x.mean((0, 1)).flatten(), x.transpose(1, 2).flatten(0, 0).var((0, 2), correction=0)


# %% wrong: batch_statistics — cut off from the graph  hint="does not require grad"
def batch_statistics(x):
    rows = x.detach().reshape(-1, x.shape[-1])
    return rows.mean(0), rows.var(0, correction=0)


# %% right: wavenet — halves the block size
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    if block_size not in [2**k for k in range(1, 20)]:
        raise ValueError("a power of two")
    layers, width, left = [nn.Embedding(vocab_size, n_embd)], n_embd, block_size
    while left != 1:
        layers.extend(
            [
                FlattenConsecutive(2),
                nn.Linear(width * 2, n_hidden, bias=False),
                BatchNorm1d(n_hidden),
                nn.Tanh(),
            ]
        )
        width, left = n_hidden, left // 2
    layers.append(nn.Linear(n_hidden, vocab_size))
    layers[-1].weight.data.mul_(0.1)
    return Sequential(layers)


# %% right: wavenet — a recursion
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    def levels(size, width):
        if size == 1:
            return []
        if size < 1 or size % 2:
            raise ValueError(size)
        block = [
            FlattenConsecutive(2),
            nn.Linear(2 * width, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
        return block + levels(size // 2, n_hidden)

    if block_size == 1:
        raise ValueError(block_size)
    body = levels(block_size, n_embd)
    head = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        head.weight.copy_(head.weight / 10)
    return Sequential([nn.Embedding(vocab_size, n_embd), *body, head])


# %% wrong: wavenet — biases before BatchNorm  hint="needs no bias"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [FlattenConsecutive(2), nn.Linear(2 * inputs, n_hidden), BatchNorm1d(n_hidden), nn.Tanh()]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — one level for everything  hint="the flat model"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential(
        [
            nn.Embedding(vocab_size, n_embd),
            FlattenConsecutive(block_size),
            nn.Linear(block_size * n_embd, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
            last,
        ]
    )


# %% wrong: wavenet — without tanh  hint="tanh after each BatchNorm"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [FlattenConsecutive(2), nn.Linear(2 * inputs, n_hidden, bias=False), BatchNorm1d(n_hidden)]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — relu  hint="tanh, not relu"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.ReLU(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — without BatchNorm  hint="BatchNorm is missing"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [FlattenConsecutive(2), nn.Linear(2 * inputs, n_hidden, bias=False), nn.Tanh()]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — softmax at the end  hint="logits, not probabilities"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last, nn.Softmax(1)])


# %% wrong: wavenet — the last weight as it comes  hint="multiply it by 0.1"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    return Sequential([*layers, nn.Linear(n_hidden, vocab_size)])


# %% wrong: wavenet — rounds the number of levels  hint="it raises ValueError"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(block_size.bit_length() - 1):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — statistics over the batch only  hint="BatchNorm over the batch only"
class OverBatch(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))
        self.running_mean, self.running_var = torch.zeros(channels), torch.ones(channels)

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            mean, var = x.mean(0), x.var(0, correction=0)
        return self.weight * (x - mean) / torch.sqrt(var + 1e-5) + self.bias


def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            OverBatch(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — PyTorch's BatchNorm1d  hint="not nn.BatchNorm1d"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            nn.BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — the last bias is scaled, too  hint="leave its bias as it is"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
        last.bias *= 0.1
    return Sequential([*layers, last])


# %% wrong: wavenet — the last bias is zero  hint="leave its bias as it is"
def wavenet(vocab_size, block_size, n_embd, n_hidden):
    levels = block_size.bit_length() - 1
    if levels < 1 or 2**levels != block_size:
        raise ValueError
    layers = [nn.Embedding(vocab_size, n_embd)]
    for level in range(levels):
        inputs = n_hidden if level else n_embd
        layers += [
            FlattenConsecutive(2),
            nn.Linear(2 * inputs, n_hidden, bias=False),
            BatchNorm1d(n_hidden),
            nn.Tanh(),
        ]
    last = nn.Linear(n_hidden, vocab_size)
    with torch.no_grad():
        last.weight *= 0.1
        last.bias.zero_()
    return Sequential([*layers, last])


# %% right: sample_names — draws into a table, then cuts at the first dot
def sample_names(model, itos, block_size, count, generator):
    was_training = model.training
    model.eval()
    table = torch.zeros(count, block_size, dtype=torch.int64)
    with torch.no_grad():
        while count and not (table[:, block_size:] == 0).any(1).all():
            logits = model(table[:, -block_size:])
            table = torch.cat([table, torch.multinomial(logits.softmax(-1), 1, generator=generator)], 1)
    model.train(was_training)
    spelt = ["".join(itos[i] for i in row) for row in table[:, block_size:].tolist()]
    return [one.split(".")[0] for one in spelt]


# %% right: sample_names — keeps finished rows at the dot
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.train(False)
    x = torch.zeros((count, block_size), dtype=torch.long)
    letters = [[] for _ in range(count)]
    open_names = set(range(count))
    with torch.inference_mode():
        while open_names:
            log_probs = model(x).log_softmax(1)
            i = torch.multinomial(log_probs.exp(), 1, generator=generator)
            x = torch.hstack([x[:, 1:], i])
            for k in sorted(open_names):
                if i[k].item() == 0:
                    open_names.discard(k)
                else:
                    letters[k].append(itos[i[k].item()])
    model.train(mode)
    return ["".join(one) for one in letters]


# %% wrong: sample_names — in whatever mode it comes  hint="call model.eval()"
def sample_names(model, itos, block_size, count, generator):
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += "" if done[k] else itos[i]
    return names


# %% wrong: sample_names — leaves the model in evaluation mode  hint="the mode it was in"
def sample_names(model, itos, block_size, count, generator):
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += "" if done[k] else itos[i]
    return names


# %% wrong: sample_names — with gradients  hint="torch.no_grad()"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    while not all(done):
        drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
        contexts = torch.cat([contexts[:, 1:], drawn], 1)
        for k, i in enumerate(drawn[:, 0].tolist()):
            done[k] = done[k] or i == 0
            names[k] += "" if done[k] else itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — one name after the other  hint="all names at once"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name = [0] * block_size, ""
            while True:
                i = int(torch.multinomial(model(torch.tensor([context])).softmax(1), 1, generator=generator))
                if i == 0:
                    break
                name += itos[i]
                context = [*context[1:], i]
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — the likeliest letter  hint="the likeliest one"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        for _ in range(40):
            if all(done):
                break
            drawn = model(contexts).argmax(1, keepdim=True)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += "" if done[k] else itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — the closing dot stays  hint="the closing dot is no part"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                names[k] += "" if done[k] else itos[i]
                done[k] = done[k] or i == 0
    model.train(mode)
    return names


# %% wrong: sample_names — chance of its own  hint="pass it to torch.multinomial"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += "" if done[k] else itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — letters after the end  hint="letters after the dot were added"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names = [""] * count
    with torch.no_grad():
        for _ in range(12):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            names = [name + itos[i] for name, i in zip(names, drawn[:, 0].tolist())]
    model.train(mode)
    return [name.replace(".", "") for name in names]


# %% wrong: sample_names — waits until all rows draw a dot in the same step  hint="yours waits for all dots at once"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    columns = []
    with torch.no_grad():
        while count:
            ids = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], ids], 1)
            columns.append(ids)
            if (ids == 0).all():
                break
    model.train(mode)
    rows = torch.cat(columns, 1).tolist() if columns else []
    return ["".join(itos[i] for i in row).split(".")[0] for row in rows]


# %% wrong: sample_names — goes on until all are done, and adds all letters  hint="letters after the dot were added"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                if i == 0:
                    done[k] = True
                else:
                    names[k] += itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — adds letters and dots after the end  hint="a name is complete there"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while not all(done):
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — stops with the first dot  hint="it ends with the shortest name"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names = [""] * count
    with torch.no_grad():
        while count:
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            if (drawn == 0).any():
                break
            names = [name + itos[i] for name, i in zip(names, drawn[:, 0].tolist())]
    model.train(mode)
    return names


# %% wrong: sample_names — counts dots, not names with a dot  hint="expected"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, dots = [""] * count, 0
    with torch.no_grad():
        while dots < count:
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            dots += int((drawn == 0).sum())
            names = [name + itos[i] for name, i in zip(names, drawn[:, 0].tolist())]
    model.train(mode)
    return [(name + ".").split(".")[0] for name in names]


# %% wrong: sample_names — one call too many  hint="calls of the model"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, done = [""] * count, [False] * count
    with torch.no_grad():
        while True:
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            if all(done):
                break
            contexts = torch.cat([contexts[:, 1:], drawn], 1)
            for k, i in enumerate(drawn[:, 0].tolist()):
                done[k] = done[k] or i == 0
                names[k] += "" if done[k] else itos[i]
    model.train(mode)
    return names


# %% wrong: sample_names — complete rows leave the batch  hint="stay in the batch"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    contexts = torch.zeros(count, block_size, dtype=torch.int64)
    names, left = [""] * count, list(range(count))
    with torch.no_grad():
        while left:
            drawn = torch.multinomial(model(contexts).softmax(1), 1, generator=generator)
            contexts = torch.cat([contexts[:, 1:], drawn], 1)[drawn[:, 0] != 0]
            ids = drawn[:, 0].tolist()
            for k, i in zip(left, ids):
                names[k] += itos[i] if i else ""
            left = [k for k, i in zip(left, ids) if i]
    model.train(mode)
    return names


# %% right: receptive_field — layer by layer
def receptive_field(kernel_size, dilations):
    field = 1
    for dilation in dilations:
        field += dilation * kernel_size - dilation
    return field


# %% right: receptive_field — the oldest input
def receptive_field(kernel_size, dilations):
    oldest = 0
    for d in reversed(dilations):
        oldest -= d * (kernel_size - 1)
    return -oldest + 1


# %% wrong: receptive_field — without itself  hint="one more"
def receptive_field(kernel_size, dilations):
    return (kernel_size - 1) * sum(dilations)


# %% wrong: receptive_field — the kernel's size instead of its gaps  hint="count the gaps"
def receptive_field(kernel_size, dilations):
    return 1 + kernel_size * sum(dilations)


# %% wrong: receptive_field — a power  hint="add up the gaps"
def receptive_field(kernel_size, dilations):
    return kernel_size ** len(dilations)


# %% wrong: receptive_field — without dilation  hint="the dilations make no difference"
def receptive_field(kernel_size, dilations):
    return 1 + (kernel_size - 1) * len(dilations)


# %% wrong: receptive_field — for a kernel of two  hint="the kernel's size makes no difference"
def receptive_field(kernel_size, dilations):
    return 1 + sum(dilations)


# %% wrong: receptive_field — the field of each layer, added  hint="counted in every layer"
def receptive_field(kernel_size, dilations):
    return 1 + sum((kernel_size - 1) * d + 1 for d in dilations)


# %% right: causal_dilated_conv — adds up one product for each position
def causal_dilated_conv(x, weight, bias, dilation):
    batch, time, channels = x.shape
    n = weight.shape[1] // channels
    out = x.new_zeros(batch, time, weight.shape[0])
    for k in range(n):
        back = (n - 1 - k) * dilation
        if back < time:
            out[:, back:] += x[:, : time - back] @ weight[:, k * channels : (k + 1) * channels].T
    return out if bias is None else out + bias


# %% right: causal_dilated_conv — a loop over positions
def causal_dilated_conv(x, weight, bias, dilation):
    batch, time, channels = x.shape
    n = weight.shape[1] // channels
    zero = torch.zeros(batch, channels, dtype=x.dtype)
    rows = []
    for t in range(time):
        at = [t - k * dilation for k in range(n - 1, -1, -1)]
        seen = torch.cat([x[:, i] if i >= 0 else zero for i in at], 1)
        rows.append(functional.linear(seen, weight, bias))
    return torch.stack(rows, 1)


# %% wrong: causal_dilated_conv — pads at the end  hint="it looks ahead"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, 0, (n - 1) * dilation))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — newest first  hint="the opposite order"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in reversed(range(n))]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — neighbours  hint="yours are neighbours"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, n - 1, 0))
    seen = [padded[:, k : k + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — no padding  hint="time positions in, time positions out"
def causal_dilated_conv(x, weight, bias, dilation):
    n = weight.shape[1] // x.shape[2]
    time = max(0, x.shape[1] - (n - 1) * dilation)
    seen = [x[:, k * dilation : k * dilation + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — round the circle  hint="torch.roll is a circle"
def causal_dilated_conv(x, weight, bias, dilation):
    n = weight.shape[1] // x.shape[2]
    seen = [x.roll((n - 1 - k) * dilation, 1) for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — no bias  hint="the bias is missing"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]
    return torch.cat(seen, 2) @ weight.T


# %% wrong: causal_dilated_conv — for pairs only  hint="yours is always 2"
def causal_dilated_conv(x, weight, bias, dilation):
    before = functional.pad(x, (0, 0, dilation, 0))[:, : x.shape[1]]
    return functional.linear(torch.cat([before, x], 2), weight, bias)


# %% wrong: causal_dilated_conv — padded by the dilation only  hint="not dilation"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias)


# %% wrong: causal_dilated_conv — channels before positions in the result  hint="channels come last"
def causal_dilated_conv(x, weight, bias, dilation):
    time = x.shape[1]
    n = weight.shape[1] // x.shape[2]
    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
    seen = [padded[:, k * dilation : k * dilation + time] for k in range(n)]
    return functional.linear(torch.cat(seen, 2), weight, bias).transpose(1, 2)


# %% right: logits_everywhere — joins positions itself, without padding at each level
def logits_everywhere(model, ids, block_size):
    dots = torch.zeros(len(ids), block_size - 1, dtype=torch.int64)
    x, gap = torch.cat([dots, ids], 1), 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            length = x.shape[1] - (layer.n - 1) * gap
            x = torch.cat([x[:, k * gap : k * gap + length] for k in range(layer.n)], 2)
            gap *= layer.n
        else:
            x = layer(x)
    return x


# %% right: logits_everywhere — pairs of layers
def logits_everywhere(model, ids, block_size):
    layers = list(model.layers)
    x = functional.pad(ids, (block_size - 1, 0))
    x = layers.pop(0)(x)
    dilation = 1
    while len(layers) > 1:
        flatten, linear, norm, tanh = layers[:4]
        x = tanh(norm(causal_dilated_conv(x, linear.weight, linear.bias, dilation)))
        dilation *= flatten.n
        layers = layers[4:]
    return layers[0](x)[:, -ids.shape[1] :]


# %% wrong: logits_everywhere — zeros instead of dots  hint="before the start stand dots"
def logits_everywhere(model, ids, block_size):
    x, n, dilation = ids, 1, 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear) and n > 1:
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            n, dilation = 1, dilation * n
        else:
            x = layer(x)
    return x


# %% wrong: logits_everywhere — rows for the dots, too  hint="the dots in front give rows"
def logits_everywhere(model, ids, block_size):
    x, n, dilation = functional.pad(ids, (2 * (block_size - 1), 0)), 1, 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear) and n > 1:
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            n, dilation = 1, dilation * n
        else:
            x = layer(x)
    return x[:, block_size - 1 :]


# %% wrong: logits_everywhere — no dilation  hint="yours stays 1"
def logits_everywhere(model, ids, block_size):
    x, n = functional.pad(ids, (block_size - 1, 0)), 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear) and n > 1:
            x, n = causal_dilated_conv(x, layer.weight, layer.bias, 1), 1
        else:
            x = layer(x)
    return x[:, block_size - 1 :]


# %% wrong: logits_everywhere — dilation doubled too early  hint="one power ahead"
def logits_everywhere(model, ids, block_size):
    x, n, dilation = functional.pad(ids, (block_size - 1, 0)), 1, 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
            dilation *= n
        elif isinstance(layer, nn.Linear) and n > 1:
            x, n = causal_dilated_conv(x, layer.weight, layer.bias, dilation), 1
        else:
            x = layer(x)
    return x[:, block_size - 1 :]


# %% wrong: logits_everywhere — dilations one, two, three  hint="yours go 1, 2, 3"
def logits_everywhere(model, ids, block_size):
    x, n, dilation = functional.pad(ids, (block_size - 1, 0)), 1, 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear) and n > 1:
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            n, dilation = 1, dilation + 1
        else:
            x = layer(x)
    return x[:, block_size - 1 :]


# %% wrong: logits_everywhere — a batch of all windows  hint="every window anew"
def logits_everywhere(model, ids, block_size):
    padded = functional.pad(ids, (block_size - 1, 0))
    every = padded.unfold(1, block_size, 1).flatten(0, 1)
    return model(every).unflatten(0, ids.shape)


# %% wrong: logits_everywhere — embeds once, then a batch of all windows  hint="every window anew"
def logits_everywhere(model, ids, block_size):
    embedding, *others = model.layers
    x = embedding(functional.pad(ids, (block_size - 1, 0))).unfold(1, block_size, 1)
    x = x.transpose(2, 3).flatten(0, 1)
    for layer in others:
        x = layer(x)
    return x.reshape(*ids.shape, -1)


# %% wrong: logits_everywhere — a loop over windows  hint="every window anew"
def logits_everywhere(model, ids, block_size):
    padded = functional.pad(ids, (block_size - 1, 0))
    return torch.stack([model(padded[:, t : t + block_size]) for t in range(ids.shape[1])], 1)


# %% wrong: logits_everywhere — each row of the batch for itself  hint="each layer is used once"
def logits_everywhere(model, ids, block_size):
    rows = []
    for row in ids:
        x, n, dilation = functional.pad(row[None], (block_size - 1, 0)), 1, 1
        for layer in model.layers:
            if isinstance(layer, FlattenConsecutive):
                n = layer.n
            elif isinstance(layer, nn.Linear) and n > 1:
                x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
                n, dilation = 1, dilation * n
            else:
                x = layer(x)
        rows.append(x[:, block_size - 1 :])
    return torch.cat(rows)


# %% wrong: logits_everywhere — probabilities  hint="logits, not probabilities"
def logits_everywhere(model, ids, block_size):
    x, n, dilation = functional.pad(ids, (block_size - 1, 0)), 1, 1
    for layer in model.layers:
        if isinstance(layer, FlattenConsecutive):
            n = layer.n
        elif isinstance(layer, nn.Linear) and n > 1:
            x = causal_dilated_conv(x, layer.weight, layer.bias, dilation)
            n, dilation = 1, dilation * n
        else:
            x = layer(x)
    return x[:, block_size - 1 :].softmax(2)


# %% equivalent: causal_dilated_conv — zeros behind the last position are in none of the slices
# -    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 0))
# +    padded = functional.pad(x, (0, 0, (n - 1) * dilation, 1))


# %% equivalent: sample_names — a tensor of one number is as good an index, and compares as the number does
# -            for k, (i,) in enumerate(drawn.tolist()):
# +            for k, (i,) in enumerate(drawn):
