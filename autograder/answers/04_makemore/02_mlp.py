# %% right: build_dataset — pads each name with dots and slices
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        ids = [stoi[c] for c in "." * block_size + name + "."]
        for end in range(block_size, len(ids)):
            x.append(ids[end - block_size : end])
            y.append(ids[end])
    return torch.tensor(x), torch.tensor(y)


# %% right: build_dataset — windows of a tensor
def build_dataset(names, stoi, block_size):
    windows = []
    for name in names:
        ids = torch.tensor([0] * block_size + [stoi[c] for c in name] + [0])
        windows.append(ids.unfold(0, block_size + 1, 1))
    table = torch.cat(windows)
    return table[:, :-1].clone(), table[:, -1].clone()


# %% wrong: build_dataset — one context for all names  hint="crosses from one name into the next"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    context = [0] * block_size
    for name in names:
        for c in name + ".":
            x.append(context)
            y.append(stoi[c])
            context = context[1:] + [stoi[c]]
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — no example for the end  hint="the end is missing"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for c in name:
            x.append(context)
            y.append(stoi[c])
            context = context[1:] + [stoi[c]]
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — moves the window first  hint="yours holds the target"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for c in name + ".":
            context = context[1:] + [stoi[c]]
            x.append(context)
            y.append(stoi[c])
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — the newest letter on the left  hint="the newest last"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for c in name + ".":
            x.append(context)
            y.append(stoi[c])
            context = [stoi[c]] + context[:-1]
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — changes one list in place  hint="the rows are all the same list"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    context = [0] * block_size
    for name in names:
        context[:] = [0] * block_size
        for c in name + ".":
            x.append(context)
            y.append(stoi[c])
            if c != ".":
                context.append(stoi[c])
                del context[0]
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — one list for each name  hint="the rows of a name are all the same list"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for i in [stoi[c] for c in name]:
            x.append(context)
            y.append(i)
            context.append(i)
            context.pop(0)
        x.append(context)
        y.append(0)
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — one list for each name, and the dot enters it  hint="moved on to the dot: append a copy"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for c in name + ".":
            x.append(context)
            y.append(stoi[c])
            context.append(stoi[c])
            del context[0]
    return torch.tensor(x), torch.tensor(y)


# %% wrong: build_dataset — only full contexts  hint="examples with dots in the context are missing"
def build_dataset(names, stoi, block_size):
    x, y = [], []
    for name in names:
        ids = [stoi[c] for c in name + "."]
        for end in range(block_size, len(ids)):
            x.append(ids[end - block_size : end])
            y.append(ids[end])
    return torch.tensor(x, dtype=torch.int64).view(-1, block_size), torch.tensor(y, dtype=torch.int64)


# %% wrong: build_dataset — ids from the alphabet  hint="expected"
def build_dataset(names, stoi, block_size):
    letters = ".abcdefghijklmnopqrstuvwxyz"
    x, y = [], []
    for name in names:
        context = [0] * block_size
        for c in name + ".":
            x.append(context)
            y.append(letters.find(c))
            context = context[1:] + [letters.find(c)]
    return torch.tensor(x), torch.tensor(y)


# %% right: unseen_share — numbers each context and asks isin
def unseen_share(train_x, x):
    every, number = torch.cat([train_x, x]).unique(dim=0, return_inverse=True)
    known, asked = number[: len(train_x)], number[len(train_x) :]
    return torch.isin(asked, known, invert=True).double().mean().item()


# %% right: unseen_share — a dict of bytes
def unseen_share(train_x, x):
    seen = {}
    for row in train_x.numpy():
        seen[row.tobytes()] = True
    missing = 0
    for row in x.numpy():
        missing += not seen.get(row.tobytes(), False)
    return missing / x.shape[0]


# %% wrong: unseen_share — each context once  hint="also one that is listed twice"
def unseen_share(train_x, x):
    known, asked = set(map(tuple, train_x.tolist())), set(map(tuple, x.tolist()))
    return len(asked - known) / len(asked)


# %% wrong: unseen_share — the share that is known  hint="yours is that of the others"
def unseen_share(train_x, x):
    known = set(map(tuple, train_x.tolist()))
    return sum(tuple(row) in known for row in x.tolist()) / len(x)


# %% wrong: unseen_share — tensors in a set  hint="told apart by identity"
def unseen_share(train_x, x):
    known = set(train_x)
    return sum(row not in known for row in x) / len(x)


# %% wrong: unseen_share — letters one by one  hint="whole contexts, not single letters"
def unseen_share(train_x, x):
    return (~torch.isin(x, train_x)).double().mean().item()


# %% wrong: unseen_share — the order is lost  hint="the order of the letters counts"
def unseen_share(train_x, x):
    known = {tuple(sorted(row)) for row in train_x.tolist()}
    return sum(tuple(sorted(row)) not in known for row in x.tolist()) / len(x)


# %% wrong: unseen_share — a count  hint="a share, not a count"
def unseen_share(train_x, x):
    known = set(map(tuple, train_x.tolist()))
    return sum(tuple(row) not in known for row in x.tolist())


# %% right: split — a comprehension over the parts
def split(names, stoi, block_size):
    return tuple([build_dataset(part, stoi, block_size) for part in split_names(names)])


# %% right: split — by the attributes of the split
def split(names, stoi, block_size):
    parts = split_names(names)
    train = build_dataset(parts.train, stoi, block_size)
    dev = build_dataset(parts.dev, stoi, block_size)
    return train, dev, build_dataset(parts.test, stoi, block_size)


# %% wrong: split — cuts the examples  hint="part the names, not the examples"
def split(names, stoi, block_size):
    x, y = build_dataset(names, stoi, block_size)
    a, b = int(0.8 * len(x)), int(0.9 * len(x))
    return (x[:a], y[:a]), (x[a:b], y[a:b]), (x[b:], y[b:])


# %% wrong: split — by place in the list  hint="not by their place in the list"
def split(names, stoi, block_size):
    a, b = int(0.8 * len(names)), int(0.9 * len(names))
    return tuple(build_dataset(part, stoi, block_size) for part in (names[:a], names[a:b], names[b:]))


# %% wrong: split — test before dev  hint="in this order"
def split(names, stoi, block_size):
    train, dev, test = (build_dataset(part, stoi, block_size) for part in split_names(names))
    return train, test, dev


# %% wrong: split — the names themselves  hint="examples, not names"
def split(names, stoi, block_size):
    return tuple(split_names(names))


# %% wrong: split — a list  hint="a list, not a tuple"
def split(names, stoi, block_size):
    return [build_dataset(part, stoi, block_size) for part in split_names(names)]


# %% right: embed — by a view
def embed(C, x):
    return C[x].view(x.shape[0], x.shape[1] * C.shape[1])


# %% right: embed — one-hot rows times the matrix, then joined
def embed(C, x):
    onehot = functional.one_hot(x, len(C)).to(C.dtype)
    return torch.cat((onehot @ C).unbind(1), dim=1)


# %% wrong: embed — leaves three dimensions  hint="flatten the last two dimensions"
def embed(C, x):
    return C[x]


# %% wrong: embed — adds the embeddings up  hint="side by side, not added up"
def embed(C, x):
    return C[x].sum(1)


# %% wrong: embed — stacks in the wrong dimension  hint="yours mixes contexts"
def embed(C, x):
    return torch.stack([C[x[:, i]] for i in range(x.shape[1])]).reshape(len(x), -1)


# %% wrong: embed — cat in the wrong dimension  hint="cat along dim 1, not 0"
def embed(C, x):
    return torch.cat([C[x[:, i]] for i in range(x.shape[1])])


# %% wrong: embed — number by number instead of letter by letter  hint="letter by letter"
def embed(C, x):
    return C[x].permute(0, 2, 1).reshape(len(x), -1)


# %% wrong: embed — works for three letters only  hint="expected"
def embed(C, x):
    e = C[x]
    return torch.cat([e[:, 0], e[:, min(1, x.shape[1] - 1)], e[:, -1]], 1)


# %% wrong: embed — the graph is cut  hint="does not require grad"
def embed(C, x):
    return C.detach()[x].flatten(1)


# %% right: MLP — parameters in a loop, addmm
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        shapes = {
            "C": (vocab_size, n_embd),
            "W1": (block_size * n_embd, n_hidden),
            "b1": (n_hidden,),
            "W2": (n_hidden, vocab_size),
            "b2": (vocab_size,),
        }
        for name, shape in shapes.items():
            numbers = torch.randn(shape, generator=generator)
            if name != "C":
                numbers.mul_(scale)
            self.register_parameter(name, nn.Parameter(numbers))

    def forward(self, x):
        hidden = torch.addmm(self.b1, embed(self.C, x), self.W1).tanh()
        return torch.addmm(self.b2, hidden, self.W2)


# %% right: MLP — functional.linear and functional.embedding
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn((vocab_size, n_embd), generator=generator))
        self.W1 = nn.Parameter(scale * torch.randn((block_size * n_embd, n_hidden), generator=generator))
        self.b1 = nn.Parameter(scale * torch.randn((n_hidden,), generator=generator))
        self.W2 = nn.Parameter(scale * torch.randn((n_hidden, vocab_size), generator=generator))
        self.b2 = nn.Parameter(scale * torch.randn((vocab_size,), generator=generator))

    def forward(self, x):
        e = functional.embedding(x, self.C).reshape(len(x), -1)
        return functional.linear(functional.linear(e, self.W1.T, self.b1).tanh(), self.W2.T, self.b2)


# %% wrong: MLP — tensors that are no parameters  hint="each is an nn.Parameter"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = torch.randn(vocab_size, n_embd, generator=generator)
        self.W1 = torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale
        self.b1 = torch.randn(n_hidden, generator=generator) * scale
        self.W2 = torch.randn(n_hidden, vocab_size, generator=generator) * scale
        self.b2 = torch.randn(vocab_size, generator=generator) * scale

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — biases of zero  hint="the biases are drawn, too"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.zeros(n_hidden))
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.zeros(vocab_size))

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — scales the embedding, too  hint="scale leaves C alone"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator) * scale)
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — weights first, then biases  hint="in the order C, W1, b1, W2, b2"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — a bias before its matrix  hint="yours draws a bias before its matrix"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — b1 before W1  hint="yours draws b1 before W1"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — b2 before W2  hint="yours draws b2 before W2"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — wraps first, scales afterwards  hint="multiply by scale first, then wrap"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator)) * scale
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator)) * scale
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator)) * scale
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator)) * scale

    def forward(self, x):
        return torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — no tanh  hint="tanh is missing"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return (embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% wrong: MLP — probabilities  hint="logits, not probabilities"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return (torch.tanh(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2).softmax(1)


# %% wrong: MLP — ReLU  hint="a tanh, not a ReLU"
class MLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, generator, scale=1.0):
        super().__init__()
        self.C = nn.Parameter(torch.randn(vocab_size, n_embd, generator=generator))
        self.W1 = nn.Parameter(torch.randn(block_size * n_embd, n_hidden, generator=generator) * scale)
        self.b1 = nn.Parameter(torch.randn(n_hidden, generator=generator) * scale)
        self.W2 = nn.Parameter(torch.randn(n_hidden, vocab_size, generator=generator) * scale)
        self.b2 = nn.Parameter(torch.randn(vocab_size, generator=generator) * scale)

    def forward(self, x):
        return torch.relu(embed(self.C, x) @ self.W1 + self.b1) @ self.W2 + self.b2


# %% right: minibatch_loss — log_softmax and the targets' places
def minibatch_loss(model, x, y, batch_size, generator):
    rows = torch.randint(x.shape[0], size=(batch_size,), generator=generator)
    log_probs = model(x[rows]).log_softmax(-1)
    return -log_probs[torch.arange(batch_size), y[rows]].mean()


# %% right: minibatch_loss — nll_loss, index_select
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(0, len(y), [batch_size], generator=generator)
    logits = model(x.index_select(0, i))
    return functional.nll_loss(functional.log_softmax(logits, dim=1), y.index_select(0, i))


# %% wrong: minibatch_loss — draws twice  hint="x and y need the same rows"
def minibatch_loss(model, x, y, batch_size, generator):
    return functional.cross_entropy(
        model(x[torch.randint(len(x), (batch_size,), generator=generator)]),
        y[torch.randint(len(x), (batch_size,), generator=generator)],
    )


# %% wrong: minibatch_loss — a number  hint="no .item()"
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]), y[i]).item()


# %% wrong: minibatch_loss — under no_grad  hint="no detach()"
@torch.no_grad()
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]), y[i])


# %% wrong: minibatch_loss — softmax before cross_entropy  hint="here softmax was applied before it"
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]).softmax(1), y[i])


# %% wrong: minibatch_loss — a permutation  hint="with replacement"
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randperm(len(x), generator=generator)[:batch_size]
    return functional.cross_entropy(model(x[i]), y[i])


# %% wrong: minibatch_loss — another source of chance  hint="draw from the generator that is passed"
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(len(x), (batch_size,))
    return functional.cross_entropy(model(x[i]), y[i])


# %% wrong: minibatch_loss — all examples  hint="draw batch_size of them"
def minibatch_loss(model, x, y, batch_size, generator):
    return functional.cross_entropy(model(x), y)


# %% wrong: minibatch_loss — the sum  hint="not the sum"
def minibatch_loss(model, x, y, batch_size, generator):
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]), y[i], reduction="sum")


# %% wrong: minibatch_loss — evaluation mode  hint="leave the model in the mode it is in"
def minibatch_loss(model, x, y, batch_size, generator):
    model.eval()
    i = torch.randint(len(x), (batch_size,), generator=generator)
    return functional.cross_entropy(model(x[i]), y[i])


# %% right: train_model — clears after the step, and once at the start
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train(True)
    optimizer.zero_grad()
    history = [0.0] * len(rates)
    for k in range(len(rates)):
        for group in optimizer.param_groups:
            group.update(lr=rates[k])
        loss = minibatch_loss(model, x, y, batch_size, generator)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        history[k] = float(loss)
    return history


# %% right: train_model — gradients by autograd.grad, its own minibatch
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    parameters = list(model.parameters())
    losses = []
    for rate in rates:
        i = torch.randint(len(x), (batch_size,), generator=generator)
        loss = functional.cross_entropy(model(x[i]), y[i])
        for parameter, grad in zip(parameters, torch.autograd.grad(loss, parameters)):
            parameter.grad = grad
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        losses.append(loss.detach().item())
    return losses


# %% wrong: train_model — gradients pile up  hint="gradients of all steps pile up"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: train_model — clears between backward and step  hint="the parameters did not change"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: train_model — rates that the optimiser never sees  hint="the learning rates are never set"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for lr in rates:
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: train_model — only the first group  hint="yours sets the first only"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: train_model — the rate is set after the step  hint="before its step, not after it"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        for group in optimizer.param_groups:
            group["lr"] = rate
    return losses


# %% wrong: train_model — evaluation mode  hint="call model.train() first"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: train_model — keeps tensors  hint="floats, not tensors"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


# %% wrong: train_model — old gradients take part in the first step  hint="gradients from before took part"
def train_model(model, optimizer, x, y, rates, batch_size, generator):
    model.train()
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss = minibatch_loss(model, x, y, batch_size, generator)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


# %% right: lr_range_test — a loop that multiplies
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    factor = (high / low) ** (1 / (steps - 1))
    rates = [low]
    while len(rates) < steps:
        rates.append(rates[-1] * factor)
    copied = copy.deepcopy(model)
    losses = train_model(
        copied, torch.optim.SGD(copied.parameters(), lr=1.0), x, y, rates, batch_size, generator
    )
    return rates, losses


# %% right: lr_range_test — logspace, and parameters put back
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    rates = torch.logspace(math.log10(low), math.log10(high), steps, dtype=torch.float64).tolist()
    sgd = torch.optim.SGD(model.parameters(), lr=low)
    losses = train_model(model, sgd, x, y, rates, batch_size, generator)
    model.load_state_dict(kept)
    return rates, losses


# %% wrong: lr_range_test — moves the model itself  hint="train a copy"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    rates = [low * (high / low) ** (k / (steps - 1)) for k in range(steps)]
    sgd = torch.optim.SGD(model.parameters(), lr=low)
    return rates, train_model(model, sgd, x, y, rates, batch_size, generator)


# %% wrong: lr_range_test — equal amounts  hint="yours grow by equal amounts"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    rates = torch.linspace(low, high, steps, dtype=torch.float64).tolist()
    copied = copy.deepcopy(model)
    sgd = torch.optim.SGD(copied.parameters(), lr=low)
    return rates, train_model(copied, sgd, x, y, rates, batch_size, generator)


# %% wrong: lr_range_test — never reaches high  hint="the last rate is high"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    rates = [low * (high / low) ** (k / steps) for k in range(steps)]
    copied = copy.deepcopy(model)
    sgd = torch.optim.SGD(copied.parameters(), lr=low)
    return rates, train_model(copied, sgd, x, y, rates, batch_size, generator)


# %% wrong: lr_range_test — the optimiser of another model  hint="the model is not trained"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    rates = [low * (high / low) ** (k / (steps - 1)) for k in range(steps)]
    copied = copy.deepcopy(model)
    sgd = torch.optim.SGD(copy.deepcopy(model).parameters(), lr=low)
    return rates, train_model(copied, sgd, x, y, rates, batch_size, generator)


# %% wrong: lr_range_test — exponents instead of rates  hint="not their logarithms"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    exponents = torch.linspace(math.log10(low), math.log10(high), steps, dtype=torch.float64).tolist()
    copied = copy.deepcopy(model)
    sgd = torch.optim.SGD(copied.parameters(), lr=low)
    return exponents, train_model(copied, sgd, x, y, [10**e for e in exponents], batch_size, generator)


# %% wrong: lr_range_test — losses first  hint="first the rates"
def lr_range_test(model, x, y, low, high, steps, batch_size, generator):
    rates = [low * (high / low) ** (k / (steps - 1)) for k in range(steps)]
    copied = copy.deepcopy(model)
    sgd = torch.optim.SGD(copied.parameters(), lr=low)
    return train_model(copied, sgd, x, y, rates, batch_size, generator), rates


# %% right: cosine_rates — by PyTorch
def cosine_rates(lr, steps):
    k = torch.arange(steps, dtype=torch.float64)
    return (lr / 2 + lr / 2 * (torch.pi * k / steps).cos()).tolist()


# %% right: cosine_rates — by the square of a cosine
def cosine_rates(lr, steps):
    rates = []
    for k in range(steps):
        rates.append(lr * math.cos(math.pi * k / (2 * steps)) ** 2)
    return rates


# %% wrong: cosine_rates — no halving  hint="yours starts at twice lr"
def cosine_rates(lr, steps):
    return [lr * (1 + math.cos(math.pi * k / steps)) for k in range(steps)]


# %% wrong: cosine_rates — a whole wave  hint="yours rises again"
def cosine_rates(lr, steps):
    return [lr * (1 + math.cos(2 * math.pi * k / steps)) / 2 for k in range(steps)]


# %% wrong: cosine_rates — negative rates  hint="half of the rates are negative"
def cosine_rates(lr, steps):
    return [lr * math.cos(math.pi * k / steps) for k in range(steps)]


# %% wrong: cosine_rates — down to 0  hint="the last rate is a little above 0"
def cosine_rates(lr, steps):
    return [lr * (1 + math.cos(math.pi * k / max(steps - 1, 1))) / 2 for k in range(steps)]


# %% wrong: cosine_rates — a tensor  hint="a list, not a tensor"
def cosine_rates(lr, steps):
    return lr * (1 + torch.cos(math.pi * torch.arange(steps) / steps)) / 2


# %% right: sample_names — the whole name as ids, the window cut from its end
def sample_names(model, itos, block_size, count, generator):
    was_training = model.training
    model.eval()
    names = []
    for _ in range(count):
        ids = [0] * block_size
        while True:
            with torch.inference_mode():
                logits = model(torch.tensor(ids[-block_size:])[None])[0]
            i = int(torch.multinomial(functional.softmax(logits, dim=0), 1, generator=generator))
            if not i:
                break
            ids.append(i)
        names.append("".join(itos[i] for i in ids[block_size:]))
    if was_training:
        model.train()
    return names


# %% right: sample_names — a tensor that rolls
@torch.no_grad()
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.train(False)
    names = []
    while len(names) < count:
        context, letters = torch.zeros(1, block_size, dtype=torch.int64), []
        drawn = torch.multinomial(model(context).softmax(-1), 1, generator=generator)  # (1, 1)
        while drawn.item() != 0:
            letters.append(itos[drawn.item()])
            context = torch.cat([context[:, 1:], drawn], dim=1)
            drawn = torch.multinomial(model(context).softmax(-1), 1, generator=generator)
        names.append("".join(letters))
    model.train(mode)
    return names


# %% wrong: sample_names — a context for all names  hint="the context of a new name is all dots again"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names, context = [], [0] * block_size
    with torch.no_grad():
        for _ in range(count):
            name = ""
            while True:
                probs = model(torch.tensor([context])).softmax(1)
                i = torch.multinomial(probs, 1, generator=generator).item()
                context = context[1:] + [i]
                if i == 0:
                    break
                name += itos[i]
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — starts from the letters of the name before  hint="every name starts from dots again"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names, context = [], [0] * block_size
    with torch.no_grad():
        for _ in range(count):
            name = ""
            while True:
                probs = model(torch.tensor([context])).softmax(1)
                i = torch.multinomial(probs, 1, generator=generator).item()
                if i == 0:
                    break
                name += itos[i]
                context = context[1:] + [i]
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — enters on the left  hint="the newest letter goes to the right end"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name = [0] * block_size, ""
            while True:
                probs = model(torch.tensor([context])).softmax(1)
                i = torch.multinomial(probs, 1, generator=generator).item()
                if i == 0:
                    break
                name += itos[i]
                context = [i] + context[:-1]
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — overwrites the last letter  hint="the context slides by one"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name = [0] * block_size, ""
            while True:
                probs = model(torch.tensor([context])).softmax(1)
                i = torch.multinomial(probs, 1, generator=generator).item()
                if i == 0:
                    break
                name += itos[i]
                context[-1] = i
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — stays in evaluation mode  hint="yours stays in evaluation mode"
@torch.no_grad()
def sample_names(model, itos, block_size, count, generator):
    model.eval()
    names = []
    for _ in range(count):
        context, name = [0] * block_size, ""
        while True:
            probs = model(torch.tensor([context])).softmax(1)
            i = torch.multinomial(probs, 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
            context = context[1:] + [i]
        names.append(name)
    return names


# %% wrong: sample_names — mode and gradients forgotten  hint="model.eval(), torch.no_grad()"
def sample_names(model, itos, block_size, count, generator):
    names = []
    for _ in range(count):
        context, name = [0] * block_size, ""
        while True:
            probs = model(torch.tensor([context])).softmax(1)
            i = torch.multinomial(probs, 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
            context = context[1:] + [i]
        names.append(name)
    return names


# %% wrong: sample_names — keeps the dot  hint="the closing dot is no part of the name"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name, i = [0] * block_size, "", -1
            while i != 0:
                probs = model(torch.tensor([context])).softmax(1)
                i = torch.multinomial(probs, 1, generator=generator).item()
                name += itos[i]
                context = context[1:] + [i]
            names.append(name)
    model.train(mode)
    return names


# %% wrong: sample_names — the likeliest letter  hint="the likeliest one each time"
def sample_names(model, itos, block_size, count, generator):
    mode = model.training
    model.eval()
    names = []
    with torch.no_grad():
        for _ in range(count):
            context, name = [0] * block_size, ""
            while len(name) < 60:
                i = model(torch.tensor([context])).argmax().item()
                if i == 0:
                    break
                name += itos[i]
                context = context[1:] + [i]
            names.append(name)
    model.train(mode)
    return names


# %% right: nearest — cdist and topk
def nearest(C, i, count):
    distance = torch.cdist(C[i : i + 1], C)[0]
    distance[i] = torch.inf
    return distance.topk(count, largest=False).indices.tolist()


# %% right: nearest — sorted by a key
def nearest(C, i, count):
    others = [j for j in range(len(C)) if j != i]
    return sorted(others, key=lambda j: (C[j] - C[i]).square().sum().item())[:count]


# %% wrong: nearest — the letter itself  hint="leave the letter itself out"
def nearest(C, i, count):
    return (C - C[i]).norm(dim=1).argsort()[:count].tolist()


# %% wrong: nearest — one too few  hint="give as many as asked"
def nearest(C, i, count):
    return (C - C[i]).norm(dim=1).argsort()[1:count].tolist()


# %% wrong: nearest — by cosine  hint="not by the angle"
def nearest(C, i, count):
    order = functional.cosine_similarity(C, C[i : i + 1]).argsort(descending=True).tolist()
    return [j for j in order if j != i][:count]


# %% wrong: nearest — by dot product  hint="not by dot product"
def nearest(C, i, count):
    order = (C @ C[i]).argsort(descending=True).tolist()
    return [j for j in order if j != i][:count]


# %% wrong: nearest — the farthest  hint="the nearest, not the farthest"
def nearest(C, i, count):
    return (C - C[i]).norm(dim=1).argsort(descending=True)[:count].tolist()


# %% wrong: nearest — absolute values  hint="add up squares"
def nearest(C, i, count):
    return (C - C[i]).abs().sum(1).argsort()[1 : count + 1].tolist()


# %% wrong: nearest — a tensor  hint="a list, not a tensor"
def nearest(C, i, count):
    return (C - C[i]).norm(dim=1).argsort()[1 : count + 1]


# %% equivalent: build_dataset — two empty lists: which of them is made first makes no difference
# -    x, y = [], []
# +    y, x = [], []


# %% equivalent: lr_range_test — train_model writes every rate before its step, so the first one of the optimiser is never used
# -    optimizer = torch.optim.SGD(trial.parameters(), lr=low)
# +    optimizer = torch.optim.SGD(trial.parameters())


# %% equivalent: sample_names — a tensor of one id compares, indexes a list and stands in a context as the id itself does
# -                i = torch.multinomial(probs, 1, generator=generator).item()
# +                i = torch.multinomial(probs, 1, generator=generator)
