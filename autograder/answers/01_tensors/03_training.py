# %% right: Standardizer — sums by hand, and a copy of the statistics in NumPy
class Standardizer:
    def fit(self, x):
        n = len(x)
        self.mean = x.sum(0) / n
        deviation = x - self.mean
        self.std = (deviation * deviation).sum(0).div(n).sqrt()
        self.std[(x == x[0]).all(0)] = 1
        return self

    def transform(self, x):
        return x.sub(self.mean).div(self.std)


# %% right: Standardizer — torch.var_mean, features one at a time
class Standardizer:
    def fit(self, x):
        self.columns = []
        for column in x.T:
            variance, mean = torch.var_mean(column, correction=0)
            changes = bool((column != column[0]).any())
            self.columns.append((mean, variance.sqrt() if changes else torch.ones_like(mean)))
        return self

    def transform(self, x):
        return torch.stack([(column - m) / s for column, (m, s) in zip(x.T, self.columns)], dim=1)


# %% wrong: Standardizer — fit returns nothing  hint="return self"
class Standardizer:
    def fit(self, x):
        self.mean = x.mean(0)
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, x.std(0, correction=0))

    def transform(self, x):
        return (x - self.mean) / self.std


# %% wrong: Standardizer — 0 / 0 for a constant feature  hint="divide by 1 there"
class Standardizer:
    def fit(self, x):
        self.mean, self.std = x.mean(0), x.std(0, correction=0)
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


# %% wrong: Standardizer — an epsilon on every std  hint="an epsilon of 1e-08"
class Standardizer:
    def fit(self, x):
        self.mean, self.std = x.mean(0), x.std(0, correction=0)
        return self

    def transform(self, x):
        return (x - self.mean) / (self.std + 1e-8)


# %% wrong: Standardizer — the new data's own statistics  hint="transform measures the new data"
class Standardizer:
    def fit(self, x):
        return self

    def transform(self, x):
        std = x.std(0, correction=0)
        return (x - x.mean(0)) / torch.where(x.amax(0) == x.amin(0), 1.0, std)


# %% wrong: Standardizer — n - 1  hint="correction=0"
class Standardizer:
    def fit(self, x):
        self.mean, std = x.mean(0), x.std(0)
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, std)
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


# %% wrong: Standardizer — one mean for the whole table  hint="not for the whole table"
class Standardizer:
    def fit(self, x):
        self.mean, self.std = x.mean(), x.std(correction=0)
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


# %% wrong: Standardizer — divides by the variance  hint="not by the variance"
class Standardizer:
    def fit(self, x):
        self.mean = x.mean(0)
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, x.var(0, correction=0))
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


# %% wrong: Standardizer — scales the training data in place  hint="transform changes its input in place"
class Standardizer:
    def fit(self, x):
        self.mean = x.mean(0)
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, x.std(0, correction=0))
        return self

    def transform(self, x):
        x -= self.mean
        x /= self.std
        return x


# %% wrong: Standardizer — transform keeps its answer to itself  hint="its return is missing"
class Standardizer:
    def fit(self, x):
        self.mean = x.mean(0)
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, x.std(0, correction=0))
        return self

    def transform(self, x):
        self.scaled = (x - self.mean) / self.std


# %% wrong: Standardizer — fit centres its input in place  hint="fit changes its input in place"
class Standardizer:
    def fit(self, x):
        self.mean = x.mean(0)
        x -= self.mean
        self.std = torch.where(x.amax(0) == x.amin(0), 1.0, x.square().mean(0).sqrt())
        return self

    def transform(self, x):
        return (x - self.mean) / self.std


# %% right: Classifier — a ModuleList and functions
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(sizes[k], sizes[k + 1]) for k in range(len(sizes) - 1)])
        self.dropout = dropout

    def forward(self, x):
        x = x.reshape(len(x), -1)
        for linear in self.linears[:-1]:
            x = functional.dropout(linear(x).clamp(min=0), self.dropout, self.training)
        return self.linears[-1](x)


# %% right: Classifier — the last layer apart
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        *hidden, last = [nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])]
        self.body = nn.Sequential(*(nn.Sequential(layer, nn.ReLU(), nn.Dropout(dropout)) for layer in hidden))
        self.head = last

    def forward(self, x):
        return self.head(self.body(x.flatten(1)))


# %% wrong: Classifier — layers in a Python list  hint="a Python list hides layers"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        self.linears = [nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])]
        self.dropout = nn.Dropout(dropout)

    def forward(self, x):
        x = x.flatten(1)
        for linear in self.linears[:-1]:
            x = self.dropout(linear(x).relu())
        return self.linears[-1](x)


# %% wrong: Classifier — hidden layers in a Python list  hint="only the last layer is registered"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        self.hidden = [nn.Linear(n, m) for n, m in zip(sizes[:-2], sizes[1:-1])]
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(*sizes[-2:])

    def forward(self, x):
        x = x.flatten(1)
        for linear in self.hidden:
            x = self.dropout(linear(x).relu())
        return self.out(x)


# %% wrong: Classifier — ReLU after the last layer  hint="no ReLU after the last layer"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        layers = [nn.Flatten()]
        for n, m in zip(sizes, sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — no ReLU at all  hint="one linear map"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        self.layers = nn.Sequential(nn.Flatten(), *[nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — softmax at the end  hint="logits, not probabilities"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        layers = [nn.Flatten()]
        for n, m in zip(sizes, sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers[:-2], nn.Softmax(1))

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — not flattened  hint="shapes cannot be multiplied"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        layers = []
        for n, m in zip(sizes, sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU(), nn.Dropout(dropout)]
        self.layers = nn.Sequential(*layers[:-2])

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — dropout is forgotten  hint="dropout is never applied"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        layers = [nn.Flatten()]
        for n, m in zip(sizes, sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU()]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — dropout on the logits  hint="not to the logits"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        layers = [nn.Flatten()]
        for n, m in zip(sizes, sizes[1:]):
            layers += [nn.Linear(n, m), nn.ReLU(), nn.Dropout(dropout)]
        del layers[-2]
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


# %% wrong: Classifier — dropout in evaluation, too  hint="dropout is active in evaluation mode"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        super().__init__()
        self.linears = nn.ModuleList([nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])])
        self.dropout = dropout

    def forward(self, x):
        x = x.flatten(1)
        for linear in self.linears[:-1]:
            x = functional.dropout(linear(x).relu(), self.dropout)
        return self.linears[-1](x)


# %% wrong: Classifier — forgets the base class  hint="before Module.__init__() call"
class Classifier(nn.Module):
    def __init__(self, sizes, dropout=0.0):
        self.layers = nn.Sequential(*[nn.Linear(n, m) for n, m in zip(sizes, sizes[1:])])

    def forward(self, x):
        return self.layers(x)


# %% right: overfit_one_batch — zero_grad first, the model's own
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    history = []
    while len(history) < steps:
        model.zero_grad()
        loss = nn.CrossEntropyLoss()(model(x), targets)
        history.append(float(loss.detach()))
        loss.backward()
        optimizer.step()
    return history


# %% right: overfit_one_batch — gradients asked for and put in place
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train(True)
    history = torch.zeros(steps, dtype=torch.float64)
    for step in range(steps):
        loss = -model(x).log_softmax(1)[torch.arange(len(x)), targets].mean()
        for parameter, grad in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters()))):
            parameter.grad = grad
        optimizer.step()
        history[step] = loss.detach()
    return history.tolist()


# %% wrong: overfit_one_batch — never zero_grad  hint="gradients pile up"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: overfit_one_batch — zero_grad only at the end of a step  hint="gradients from before took part"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


# %% wrong: overfit_one_batch — zero_grad between backward and step  hint="the gradients were cleared before step"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: overfit_one_batch — no step  hint="or step was not called"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        losses.append(loss.item())
    return losses


# %% wrong: overfit_one_batch — tensors in the list  hint="floats, not tensors"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return losses


# %% wrong: overfit_one_batch — stays in evaluation mode  hint="call model.train() first"
def overfit_one_batch(model, optimizer, x, targets, steps):
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% wrong: overfit_one_batch — the loss after the update  hint="before each update"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        functional.cross_entropy(model(x), targets).backward()
        optimizer.step()
        losses.append(functional.cross_entropy(model(x), targets).item())
    return losses


# %% wrong: overfit_one_batch — softmax before the loss  hint="it applies softmax itself"
def overfit_one_batch(model, optimizer, x, targets, steps):
    model.train()
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x).softmax(1), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# %% right: DigitsDataset — pairs made beforehand
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.pairs = list(zip(images, labels))
        self.transform = transform

    def __len__(self):
        return len(self.pairs)

    def __getitem__(self, i):
        image, label = self.pairs[i]
        return (self.transform(image) if self.transform else image), label


# %% right: DigitsDataset — an identity for no transform
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.data = torch.utils.data.TensorDataset(images, labels)
        self.transform = transform or (lambda image: image)

    def __len__(self):
        return self.data.tensors[0].shape[0]

    def __getitem__(self, i):
        image, label = self.data[i]
        return self.transform(image), label


# %% wrong: DigitsDataset — never transforms  hint="the transform is never applied"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels = images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


# %% wrong: DigitsDataset — transforms everything at the start  hint="not all of them at the start"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels = transform(images) if transform else images, labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


# %% wrong: DigitsDataset — transforms each image, once and for all  hint="would be frozen"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels = [transform(x) if transform else x for x in images], labels

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.images[i], self.labels[i]


# %% wrong: DigitsDataset — label first  hint="the image first"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.labels[i], self.images[i]


# %% wrong: DigitsDataset — begins again at the end  hint="a loop must end"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        i = i % len(self)
        image = self.images[i]
        return (self.transform(image) if self.transform else image), self.labels[i]


# %% wrong: DigitsDataset — the label as a Python int  hint="an int, not a tensor"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        return (self.transform(image) if self.transform else image), self.labels[i].item()


# %% wrong: DigitsDataset — always transforms  hint="'NoneType' object is not callable"
class DigitsDataset(Dataset):
    def __init__(self, images, labels, transform=None):
        self.images, self.labels, self.transform = images, labels, transform

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        return self.transform(self.images[i]), self.labels[i]


# %% right: collate_pad — functional.pad for each sequence
def collate_pad(batch, padding=0):
    sequences, labels = zip(*batch)
    longest = max(map(len, sequences))
    rows = [functional.pad(ids, (0, longest - len(ids)), value=padding) for ids in sequences]
    return torch.stack(rows), torch.tensor([len(ids) for ids in sequences]), torch.tensor(labels)


# %% right: collate_pad — Python lists
def collate_pad(batch, padding=0):
    rows = [ids.tolist() for ids, _ in batch]
    lengths = [len(row) for row in rows]
    full = [row + [padding] * (max(lengths) - len(row)) for row in rows]
    table = torch.tensor(full, dtype=torch.int64)
    return table, torch.tensor(lengths), torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — always pads with 0  hint="not with 0"
def collate_pad(batch, padding=0):
    lengths = torch.tensor([len(ids) for ids, _ in batch])
    ids = torch.zeros(len(batch), int(lengths.max()), dtype=torch.int64)
    for row, (sequence, _) in zip(ids, batch):
        row[: len(sequence)] = sequence
    return ids, lengths, torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — float zeros  hint="dtype torch.int64"
def collate_pad(batch, padding=0):
    lengths = torch.tensor([len(ids) for ids, _ in batch])
    ids = torch.zeros(len(batch), int(lengths.max())) + padding
    for row, (sequence, _) in zip(ids, batch):
        row[: len(sequence)] = sequence
    return ids, lengths, torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — pads on the left  hint="at the end of a sequence"
def collate_pad(batch, padding=0):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.stack([functional.pad(ids, (longest - len(ids), 0), value=padding) for ids, _ in batch])
    return ids, torch.tensor([len(s) for s, _ in batch]), torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — cuts to the shortest  hint="do not cut down"
def collate_pad(batch, padding=0):
    shortest = min(len(ids) for ids, _ in batch)
    ids = torch.stack([ids[:shortest] for ids, _ in batch])
    return ids, torch.tensor([len(s) for s, _ in batch]), torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — no lengths  hint="the lengths are missing"
def collate_pad(batch, padding=0):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.stack([functional.pad(ids, (0, longest - len(ids)), value=padding) for ids, _ in batch])
    return ids, torch.tensor([label for _, label in batch])


# %% wrong: collate_pad — lengths after padding  hint="those before padding"
def collate_pad(batch, padding=0):
    longest = max(len(ids) for ids, _ in batch)
    ids = torch.stack([functional.pad(ids, (0, longest - len(ids)), value=padding) for ids, _ in batch])
    return ids, torch.tensor([len(row) for row in ids]), torch.tensor([label for _, label in batch])


# %% right: accuracy — counts in a loop
def accuracy(logits, targets):
    hits = sum(int(row.argmax()) == int(target) for row, target in zip(logits, targets))
    return hits / len(targets)


# %% right: accuracy — the largest logit is at the target
def accuracy(logits, targets):
    chosen = logits.gather(1, targets[:, None]).squeeze(1)
    return (chosen == logits.amax(1)).sum().item() / targets.shape[0]


# %% right: accuracy — a mean of float32
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).float().mean().item()


# %% right: accuracy — tensors divided
def accuracy(logits, targets):
    right = (logits.argmax(dim=-1) == targets).sum()
    return (right / len(targets)).item()


# %% wrong: accuracy — a count  hint="a share, not a count"
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).sum().item()


# %% wrong: accuracy — per cent  hint="per cent"
def accuracy(logits, targets):
    return 100 * (logits.argmax(1) == targets).double().mean().item()


# %% wrong: accuracy — a tensor  hint="a tensor, not a float"
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).double().mean()


# %% wrong: accuracy — along the batch  hint="dim=1, not dim=0"
def accuracy(logits, targets):
    return (logits.argmax(0) == targets).double().mean().item()


# %% wrong: accuracy — the mean of bools  hint="a comparison gives bool"
def accuracy(logits, targets):
    return (logits.argmax(1) == targets).mean().item()


# %% wrong: accuracy — compares probabilities with targets  hint="must match the size"
def accuracy(logits, targets):
    return (logits.softmax(1) == targets).double().mean().item()


# %% wrong: accuracy — the error rate  hint="the share of errors"
def accuracy(logits, targets):
    return (logits.argmax(1) != targets).double().mean().item()


# %% right: train_epoch — all losses in one list
def train_epoch(model, loader, optimizer):
    model.train(True)
    every = []
    for x, targets in loader:
        optimizer.zero_grad()
        losses = functional.cross_entropy(model(x), targets, reduction="none")
        losses.mean().backward()
        optimizer.step()
        every += losses.tolist()
    return sum(every) / len(every)


# %% right: train_epoch — one batch at a time, by exercise 3
def train_epoch(model, loader, optimizer):
    sums = [(overfit_one_batch(model, optimizer, x, y, 1)[0] * len(y), len(y)) for x, y in loader]
    return sum(loss for loss, _ in sums) / sum(n for _, n in sums)


# %% wrong: train_epoch — the mean over batches  hint="not over batches"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        total += loss.item()
    return total / len(loader)


# %% wrong: train_epoch — no zero_grad  hint="gradients of all batches pile up"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — zero_grad after the step  hint="gradients from before the epoch"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — forgets model.train()  hint="call model.train() first"
def train_epoch(model, loader, optimizer):
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — returns in the loop  hint="only the first batch"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
        return total / len(targets)


# %% wrong: train_epoch — never steps  hint="or step was not called"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — the loss of the last batch  hint="not the loss of the last batch"
def train_epoch(model, loader, optimizer):
    model.train()
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
    return loss.item()


# %% wrong: train_epoch — zero_grad between backward and step  hint="the gradients were cleared before step"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        loss = functional.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — the loss after the update  hint="before its update, not after it"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        functional.cross_entropy(model(x), targets).backward()
        optimizer.step()
        total += functional.cross_entropy(model(x), targets).item() * len(targets)
    return total / len(loader.dataset)


# %% wrong: train_epoch — softmax before the loss  hint="it applies softmax itself"
def train_epoch(model, loader, optimizer):
    model.train()
    total = 0.0
    for x, targets in loader:
        optimizer.zero_grad()
        loss = functional.cross_entropy(functional.softmax(model(x), dim=1), targets)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(targets)
    return total / len(loader.dataset)


# %% right: evaluate — all logits at once
@torch.no_grad()
def evaluate(model, loader):
    mode = model.training
    model.eval()
    pairs = [(model(x), y) for x, y in loader]
    model.train(mode)
    logits, targets = (torch.cat(parts) for parts in zip(*pairs))
    return functional.cross_entropy(logits, targets).item(), accuracy(logits, targets)


# %% right: evaluate — sums, in inference mode
def evaluate(model, loader):
    was_training, totals = model.training, torch.zeros(3, dtype=torch.float64)
    model.train(False)
    with torch.inference_mode():
        for x, y in loader:
            logits = model(x)
            hits = (logits.argmax(1) == y).sum()
            loss = functional.cross_entropy(logits, y, reduction="sum")
            totals += torch.stack([loss.double(), hits.double(), torch.tensor(float(len(y))).double()])
    if was_training:
        model.train()
    return (totals[0] / totals[2]).item(), (totals[1] / totals[2]).item()


# %% right: evaluate — tensors divided, batch by batch
def evaluate(model, loader):
    mode, losses, right = model.training, [], 0
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            logits = model(x)
            losses += functional.cross_entropy(logits, y, reduction="none")
            right += (logits.argmax(1) == y).sum()
    model.train(mode)
    return torch.stack(losses).mean().item(), (right / len(losses)).item()


# %% wrong: evaluate — the model stays in evaluation mode  hint="yours stays in evaluation mode"
def evaluate(model, loader):
    model.eval()
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            loss += functional.cross_entropy(model(x), y).item() * len(y)
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    return loss / count, right / count


# %% wrong: evaluate — always back to training mode  hint="yours is always in training mode"
def evaluate(model, loader):
    model.eval()
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            loss += functional.cross_entropy(model(x), y).item() * len(y)
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    model.train()
    return loss / count, right / count


# %% wrong: evaluate — dropout is on  hint="call model.eval() first"
def evaluate(model, loader):
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            loss += functional.cross_entropy(model(x), y).item() * len(y)
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    return loss / count, right / count


# %% wrong: evaluate — records the graph  hint="under torch.no_grad()"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    loss = right = count = 0
    for x, y in loader:
        loss += functional.cross_entropy(model(x), y).item() * len(y)
        right += (model(x).argmax(1) == y).sum().item()
        count += len(y)
    model.train(mode)
    return loss / count, right / count


# %% wrong: evaluate — the mean over batches  hint="not over batches"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    losses, rights = [], []
    with torch.no_grad():
        for x, y in loader:
            losses.append(functional.cross_entropy(model(x), y).item())
            rights.append((model(x).argmax(1) == y).double().mean().item())
    model.train(mode)
    return sum(losses) / len(losses), sum(rights) / len(rights)


# %% wrong: evaluate — accuracy first  hint="the loss first"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            loss += functional.cross_entropy(model(x), y).item() * len(y)
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    model.train(mode)
    return right / count, loss / count


# %% wrong: evaluate — the mean of the batches' accuracies  hint="not the mean of the batches' accuracies"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    loss, count, rights = 0.0, 0, []
    with torch.no_grad():
        for x, y in loader:
            loss += functional.cross_entropy(model(x), y).item() * len(y)
            rights.append(accuracy(model(x), y))
            count += len(y)
    model.train(mode)
    return loss / count, sum(rights) / len(rights)


# %% wrong: evaluate — the mean of the batches' losses  hint="not the mean of the batches' losses"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    losses, right, count = [], 0, 0
    with torch.no_grad():
        for x, y in loader:
            losses.append(functional.cross_entropy(model(x), y).item())
            right += (model(x).argmax(1) == y).sum().item()
            count += len(y)
    model.train(mode)
    return sum(losses) / len(losses), right / count


# %% wrong: evaluate — softmax before the loss  hint="it applies softmax itself"
def evaluate(model, loader):
    mode = model.training
    model.eval()
    loss = right = count = 0
    with torch.no_grad():
        for x, y in loader:
            probs = model(x).softmax(1)
            loss += functional.cross_entropy(probs, y).item() * len(y)
            right += (probs.argmax(1) == y).sum().item()
            count += len(y)
    model.train(mode)
    return loss / count, right / count


# %% right: random_shift — a window cut out of each padded image
def random_shift(images, generator, pixels=1):
    width = images.shape[2]
    padded = functional.pad(images, (pixels, pixels))
    starts = torch.randint(2 * pixels + 1, (len(images),), generator=generator).tolist()
    return torch.stack([image[:, start : start + width] for image, start in zip(padded, starts)])


# %% right: random_shift — every possible shift, then a choice
def random_shift(images, generator, pixels=1):
    width = images.shape[2]
    padded = functional.pad(images, (pixels, pixels))
    every = torch.stack([padded[:, :, k : k + width] for k in range(2 * pixels + 1)])
    which = (torch.rand(len(images), generator=generator) * (2 * pixels + 1)).long()
    return every[which, torch.arange(len(images))]


# %% wrong: random_shift — rolls  hint="comes back on the other"
def random_shift(images, generator, pixels=1):
    offsets = torch.randint(-pixels, pixels + 1, (len(images),), generator=generator)
    return torch.stack([torch.roll(image, int(offset), 1) for image, offset in zip(images, offsets)])


# %% wrong: random_shift — one step for the whole batch  hint="draw one step for each image"
def random_shift(images, generator, pixels=1):
    start = int(torch.randint(2 * pixels + 1, (), generator=generator))
    return functional.pad(images, (pixels, pixels))[:, :, start : start + images.shape[2]].clone()


# %% wrong: random_shift — never the largest step  hint="leaves out its upper end"
def random_shift(images, generator, pixels=1):
    starts = torch.randint(2 * pixels, (len(images),), generator=generator).tolist()
    padded = functional.pad(images, (pixels, pixels))
    return torch.stack([image[:, s : s + images.shape[2]] for image, s in zip(padded, starts)])


# %% wrong: random_shift — the global generator  hint="draw from the generator that is passed"
def random_shift(images, generator, pixels=1):
    starts = torch.randint(2 * pixels + 1, (len(images),)).tolist()
    padded = functional.pad(images, (pixels, pixels))
    return torch.stack([image[:, s : s + images.shape[2]] for image, s in zip(padded, starts)])


# %% wrong: random_shift — up and down  hint="up or down"
def random_shift(images, generator, pixels=1):
    starts = torch.randint(2 * pixels + 1, (len(images),), generator=generator).tolist()
    padded = functional.pad(images, (0, 0, pixels, pixels))
    return torch.stack([image[s : s + images.shape[1]] for image, s in zip(padded, starts)])


# %% wrong: random_shift — in both directions  hint="move sideways only"
def random_shift(images, generator, pixels=1):
    starts = torch.randint(2 * pixels + 1, (len(images), 2), generator=generator).tolist()
    padded = functional.pad(images, (pixels,) * 4)
    n, h, w = images.shape
    return torch.stack([image[a : a + h, b : b + w] for image, (a, b) in zip(padded, starts)])


# %% wrong: random_shift — changes its input  hint="in place"
def random_shift(images, generator, pixels=1):
    steps = torch.randint(-pixels, pixels + 1, (len(images),), generator=generator)
    padded = functional.pad(images, (pixels, pixels))
    for k, step in enumerate(steps.tolist()):
        images[k] = padded[k, :, pixels - step : pixels - step + images.shape[2]]
    return images


# %% wrong: random_shift — seeds the generator inside  hint="both calls shift alike"
def random_shift(images, generator, pixels=1):
    generator.manual_seed(0)
    starts = torch.randint(2 * pixels + 1, (len(images),), generator=generator).tolist()
    padded = functional.pad(images, (pixels, pixels))
    return torch.stack([image[:, s : s + images.shape[2]] for image, s in zip(padded, starts)])


# %% right: EarlyStopping — a deep copy, and the epoch of the best
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.epoch, self.best_epoch = patience, min_delta, 0, 0
        self.best_loss, self.best = math.inf, None

    def step(self, loss, model):
        self.epoch += 1
        if self.best_loss - self.min_delta > loss:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best = copy.deepcopy(model.state_dict())
        return self.epoch - self.best_epoch >= self.patience

    def restore(self, model):
        model.load_state_dict(self.best)


import copy
import math


# %% right: EarlyStopping — counts down, keeps the parameters as a list
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience = self.left = patience
        self.min_delta, self.best_loss = min_delta, float("inf")

    def step(self, loss, model):
        self.left -= 1
        if loss < self.best_loss - self.min_delta:
            self.left, self.best_loss = self.patience, loss
            self.kept = [parameter.detach().clone() for parameter in model.parameters()]
        return self.left <= 0

    @torch.no_grad()
    def restore(self, model):
        for parameter, kept in zip(model.parameters(), self.kept):
            parameter.copy_(kept)


# %% wrong: EarlyStopping — the state is not copied  hint="copy the tensors"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best_loss, self.waited = patience, min_delta, float("inf"), 0

    def step(self, loss, model):
        if loss < self.best_loss - self.min_delta:
            self.best_loss, self.state, self.waited = loss, model.state_dict(), 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% wrong: EarlyStopping — a copy of the dict alone  hint="copy the tensors"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best_loss, self.waited = patience, min_delta, float("inf"), 0

    def step(self, loss, model):
        if loss < self.best_loss - self.min_delta:
            self.best_loss, self.state, self.waited = loss, dict(model.state_dict()), 0
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% wrong: EarlyStopping — one epoch late  hint="not one later"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best_loss, self.waited = patience, min_delta, float("inf"), 0

    def step(self, loss, model):
        if loss < self.best_loss - self.min_delta:
            self.best_loss, self.waited = loss, 0
            self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited > self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% wrong: EarlyStopping — the count is never reset  hint="starts the count anew"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best_loss, self.waited = patience, min_delta, float("inf"), 0

    def step(self, loss, model):
        if loss < self.best_loss - self.min_delta:
            self.best_loss = loss
            self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% wrong: EarlyStopping — equal counts as better  hint="an equal loss is no improvement"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.min_delta, self.best_loss, self.waited = patience, min_delta, float("inf"), 0

    def step(self, loss, model):
        if loss <= self.best_loss - self.min_delta:
            self.best_loss, self.waited = loss, 0
            self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% wrong: EarlyStopping — min_delta is ignored  hint="larger than min_delta"
class EarlyStopping:
    def __init__(self, patience, min_delta=0.0):
        self.patience, self.best_loss, self.waited = patience, float("inf"), 0

    def step(self, loss, model):
        if loss < self.best_loss:
            self.best_loss, self.waited = loss, 0
            self.state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self, model):
        model.load_state_dict(self.state)


# %% right: save_checkpoint — a loop over the objects
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    objects = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: thing.state_dict() for name, thing in objects.items()}
    torch.save(state | {"generator": generator.get_state(), "epoch": epoch}, path)


# %% right: save_checkpoint — through a file of another name
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    import os

    state = dict(epoch=epoch, generator=generator.get_state(), scheduler=scheduler.state_dict())
    state["optimizer"], state["model"] = optimizer.state_dict(), model.state_dict()
    with open(f"{path}.new", "wb") as file:
        torch.save(state, file)
    os.replace(f"{path}.new", path)


# %% wrong: save_checkpoint — pickles the objects  hint="save state_dict()s, not the objects"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    state = {"model": model, "optimizer": optimizer, "scheduler": scheduler.state_dict()}
    torch.save({**state, "generator": generator.get_state(), "epoch": epoch}, path)


# %% wrong: save_checkpoint — forgets the optimizer  hint="'optimizer' is missing"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    state = {"model": model.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save({**state, "generator": generator.get_state(), "epoch": epoch}, path)


# %% wrong: save_checkpoint — forgets the generator  hint="'generator' is missing"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    torch.save({**state, "epoch": epoch}, path)


# %% wrong: save_checkpoint — saves the model alone  hint="a dict with five keys"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    torch.save(model.state_dict(), path)


# %% wrong: save_checkpoint — makes the dict and keeps it  hint="nothing was written"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}
    state |= {"generator": generator.get_state(), "epoch": epoch}


# %% wrong: save_checkpoint — counts the epoch on  hint="the number that is passed"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    objects = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: thing.state_dict() for name, thing in objects.items()}
    torch.save(state | {"generator": generator.get_state(), "epoch": epoch + 1}, path)


# %% wrong: save_checkpoint — the global generator's state  hint="not of torch's global one"
def save_checkpoint(path, model, optimizer, scheduler, generator, epoch):
    objects = {"model": model, "optimizer": optimizer, "scheduler": scheduler}
    state = {name: thing.state_dict() for name, thing in objects.items()}
    torch.save(state | {"generator": torch.get_rng_state(), "epoch": epoch}, path)


# %% right: load_checkpoint — a loop over the objects
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    for name, thing in {"model": model, "optimizer": optimizer, "scheduler": scheduler}.items():
        thing.load_state_dict(state[name])
    generator.set_state(state.pop("generator"))
    return state.pop("epoch")


# %% right: load_checkpoint — from an open file
def load_checkpoint(path, model, optimizer, scheduler, generator):
    with open(path, "rb") as file:
        state = torch.load(file, map_location=torch.device("cpu"), weights_only=True)
    generator.set_state(state["generator"])
    scheduler.load_state_dict(state["scheduler"])
    optimizer.load_state_dict(state["optimizer"])
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(state["model"][name])
    return state["epoch"]


# %% wrong: load_checkpoint — the model alone  hint="only the model was restored"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    return state["epoch"]


# %% wrong: load_checkpoint — not the optimizer  hint="the optimizer was not restored"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    return state["epoch"]


# %% wrong: load_checkpoint — not the scheduler  hint="the scheduler was not restored"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["epoch"]


# %% wrong: load_checkpoint — not the generator  hint="the generator was not restored"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator = torch.Generator().set_state(state["generator"])
    return state["epoch"]


# %% wrong: load_checkpoint — returns nothing  hint="return the epoch"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])


# %% wrong: load_checkpoint — runs whatever the file names  hint="weights_only=True"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    return state["epoch"]


# %% wrong: load_checkpoint — leaves tensors where they were  hint="map_location"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    generator.set_state(state["generator"])
    return state["epoch"]


# %% wrong: load_checkpoint — restores the global generator  hint="the generator was not restored"
def load_checkpoint(path, model, optimizer, scheduler, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    scheduler.load_state_dict(state["scheduler"])
    torch.set_rng_state(state["generator"])
    return state["epoch"]


# %% equivalent: Classifier — dropout and ReLU both act on each element alone and keep zeros: their order does not matter
# -            layers += [nn.Linear(n, m), nn.ReLU(), nn.Dropout(dropout)]
# +            layers += [nn.Linear(n, m), nn.Dropout(dropout), nn.ReLU()]


# %% equivalent: load_checkpoint — True is the default from torch 2.6 on; it is written out for older ones
# -    state = torch.load(path, map_location="cpu", weights_only=True)
# +    state = torch.load(path, map_location="cpu")
