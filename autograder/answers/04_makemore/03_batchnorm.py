# %% right: expected_initial_loss — by logsumexp of equal logits
def expected_initial_loss(vocab_size, logit_std=0.0):
    return torch.zeros(vocab_size, dtype=torch.float64).logsumexp(0).item() + 0.5 * logit_std * logit_std


# %% right: expected_initial_loss — minus the log of the probability
def expected_initial_loss(vocab_size, logit_std=0.0):
    variance = logit_std**2
    return -math.log(1 / vocab_size) + variance / 2


# %% wrong: expected_initial_loss — bits  hint="not base 2"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log2(vocab_size) + logit_std**2 / 2


# %% wrong: expected_initial_loss — the sign  hint="minus the logarithm"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log(1 / vocab_size) + logit_std**2 / 2


# %% wrong: expected_initial_loss — not squared  hint="the square of logit_std"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log(vocab_size) + logit_std / 2


# %% wrong: expected_initial_loss — no half  hint="half of the square"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log(vocab_size) + logit_std**2


# %% wrong: expected_initial_loss — subtracts  hint="added and not subtracted"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log(vocab_size) - logit_std**2 / 2


# %% wrong: expected_initial_loss — the probability  hint="not its loss"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return 1 / vocab_size


# %% wrong: expected_initial_loss — a tensor  hint="a Python float"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return torch.tensor(math.log(vocab_size) + logit_std**2 / 2)


# %% wrong: expected_initial_loss — forgets the spread  hint="logit_std makes no difference"
def expected_initial_loss(vocab_size, logit_std=0.0):
    return math.log(vocab_size)


# %% right: saturation — sums both sides
def saturation(h, limit=0.97):
    beyond = (h > limit).sum() + (h < -limit).sum()
    return beyond.item() / h.numel()


# %% right: saturation — a loop
def saturation(h, limit=0.97):
    flat = h.flatten().tolist()
    return sum(1 for value in flat if not -limit <= value <= limit) / len(flat)


# %% wrong: saturation — one side  hint="at -1, too"
def saturation(h, limit=0.97):
    return (h > limit).float().mean().item()


# %% wrong: saturation — a tensor  hint="a Python float"
def saturation(h, limit=0.97):
    return (h.abs() > limit).float().mean()


# %% wrong: saturation — a count  hint="a share, not a count"
def saturation(h, limit=0.97):
    return (h.abs() > limit).sum().item()


# %% wrong: saturation — the rest  hint="the share within"
def saturation(h, limit=0.97):
    return (h.abs() <= limit).float().mean().item()


# %% wrong: saturation — at the limit  hint="an element at the limit does not count"
def saturation(h, limit=0.97):
    return (h.abs() >= limit).float().mean().item()


# %% wrong: saturation — a fixed limit  hint="limit is an argument"
def saturation(h, limit=0.97):
    return (h.abs() > 0.97).float().mean().item()


# %% wrong: saturation — for each unit  hint="one for each unit"
def saturation(h, limit=0.97):
    return (h.abs() > limit).float().mean(0)


# %% right: dead_units — the largest slope
def dead_units(slope, limit=0.0):
    return slope.abs().reshape(-1, slope.shape[-1]).amax(0) <= limit


# %% right: dead_units — a loop over units
def dead_units(slope, limit=0.0):
    units = []
    for k in range(slope.shape[-1]):
        alive = (slope[..., k] > limit) | (slope[..., k] < -limit)
        units.append(not alive.any().item())
    return torch.tensor(units)


# %% right: dead_units — nobody is alive
def dead_units(slope, limit=0.0):
    while slope.dim() > 1:
        slope = slope.abs().amax(0)
    return ~(slope > limit)


# %% wrong: dead_units — one example is enough  hint="in every example"
def dead_units(slope, limit=0.0):
    return (slope.abs() <= limit).flatten(0, -2).any(0)


# %% wrong: dead_units — the living  hint="turned round"
def dead_units(slope, limit=0.0):
    return (slope.abs() > limit).flatten(0, -2).any(0)


# %% wrong: dead_units — for each example  hint="one for each example"
def dead_units(slope, limit=0.0):
    return (slope.abs() <= limit).flatten(0, -2).all(1)


# %% wrong: dead_units — two dimensions only  hint="all dimensions but the last are examples"
def dead_units(slope, limit=0.0):
    return (slope.abs() <= limit).all(0)


# %% wrong: dead_units — no absolute value  hint="a negative one teaches"
def dead_units(slope, limit=0.0):
    return (slope <= limit).flatten(0, -2).all(0)


# %% wrong: dead_units — strictly below  hint="a slope at the limit counts"
def dead_units(slope, limit=0.0):
    return (slope.abs() < limit).flatten(0, -2).all(0)


# %% wrong: dead_units — on average  hint="not on average"
def dead_units(slope, limit=0.0):
    return slope.abs().flatten(0, -2).mean(0) <= limit


# %% wrong: dead_units — how many  hint="not their number"
def dead_units(slope, limit=0.0):
    return (slope.abs() <= limit).flatten(0, -2).all(0).sum()


# %% right: kaiming_std — if by if
def kaiming_std(fan_in, nonlinearity="linear"):
    if nonlinearity == "linear":
        variance = 1
    elif nonlinearity == "relu":
        variance = 2
    elif nonlinearity == "tanh":
        variance = 25 / 9
    else:
        raise ValueError("linear, tanh or relu")
    return (variance / fan_in) ** 0.5


# %% right: kaiming_std — turns the KeyError round
def kaiming_std(fan_in, nonlinearity="linear"):
    try:
        gain = {"linear": 1.0, "tanh": 5 / 3, "relu": 2**0.5}[nonlinearity]
    except KeyError:
        raise ValueError(f"unknown: {nonlinearity}") from None
    return gain * fan_in**-0.5


# %% wrong: kaiming_std — no root  hint="divide by the root of fan_in"
def kaiming_std(fan_in, nonlinearity="linear"):
    gains = {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    if nonlinearity not in gains:
        raise ValueError(nonlinearity)
    return gains[nonlinearity] / fan_in


# %% wrong: kaiming_std — the variance  hint="the standard deviation is its root"
def kaiming_std(fan_in, nonlinearity="linear"):
    gains = {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    if nonlinearity not in gains:
        raise ValueError(nonlinearity)
    return gains[nonlinearity] ** 2 / fan_in


# %% wrong: kaiming_std — grows with fan-in  hint="the smaller the weights"
def kaiming_std(fan_in, nonlinearity="linear"):
    gains = {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}
    if nonlinearity not in gains:
        raise ValueError(nonlinearity)
    return gains[nonlinearity] * math.sqrt(fan_in)


# %% wrong: kaiming_std — 2 for relu  hint="the root of 2"
def kaiming_std(fan_in, nonlinearity="linear"):
    gains = {"linear": 1.0, "tanh": 5 / 3, "relu": 2.0}
    if nonlinearity not in gains:
        raise ValueError(nonlinearity)
    return gains[nonlinearity] / math.sqrt(fan_in)


# %% wrong: kaiming_std — a KeyError  hint="raise a ValueError with a message"
def kaiming_std(fan_in, nonlinearity="linear"):
    return {"linear": 1.0, "tanh": 5 / 3, "relu": math.sqrt(2)}[nonlinearity] / math.sqrt(fan_in)


# %% wrong: kaiming_std — one for all  hint="the nonlinearity makes no difference"
def kaiming_std(fan_in, nonlinearity="linear"):
    return 1 / math.sqrt(fan_in)


# %% wrong: kaiming_std — anything else is linear  hint="it raises ValueError"
def kaiming_std(fan_in, nonlinearity="linear"):
    return {"tanh": 5 / 3, "relu": math.sqrt(2)}.get(nonlinearity, 1.0) / math.sqrt(fan_in)


# %% right: normalize — means of a flat view
def normalize(x, eps=1e-5):
    flat = x.reshape(-1, x.shape[-1])
    centred = flat - flat.mean(0, keepdim=True)
    var = (centred**2).mean(0, keepdim=True)
    return (centred * (var + eps) ** -0.5).reshape(x.shape)


# %% right: normalize — feature by feature
def normalize(x, eps=1e-5):
    columns = []
    for k in range(x.shape[-1]):
        feature = x[..., k]
        centred = feature - feature.sum() / feature.numel()
        columns.append(centred / torch.sqrt((centred * centred).sum() / feature.numel() + eps))
    return torch.stack(columns, -1)


# %% right: normalize — var_mean
def normalize(x, eps=1e-5):
    var, mean = torch.var_mean(x, dim=list(range(x.ndim - 1)), correction=0)
    return (x - mean) * torch.rsqrt(var + eps)


# %% wrong: normalize — eps outside of the root  hint="is your epsilon inside the root"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    return (x - x.mean(dims)) / (x.std(dims, correction=0) + eps)


# %% wrong: normalize — the unbiased variance  hint="divide by n in the variance"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    return (x - x.mean(dims)) / torch.sqrt(x.var(dims) + eps)


# %% wrong: normalize — LayerNorm  hint="that is LayerNorm"
def normalize(x, eps=1e-5):
    mean, var = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    return (x - mean) / torch.sqrt(var + eps)


# %% wrong: normalize — a mean for each time  hint="a mean for each time"
def normalize(x, eps=1e-5):
    return (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + eps)


# %% wrong: normalize — the whole tensor  hint="not one for the whole tensor"
def normalize(x, eps=1e-5):
    return (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps)


# %% wrong: normalize — no root  hint="the variance divides, and not its root"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    return (x - x.mean(dims)) / (x.var(dims, correction=0) + eps)


# %% wrong: normalize — without eps  hint="eps is missing"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    return (x - x.mean(dims)) / x.std(dims, correction=0)


# %% wrong: normalize — statistics without a graph  hint="gradients must flow through them"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    with torch.no_grad():
        mean, var = x.mean(dims), x.var(dims, correction=0)
    return (x - mean) / torch.sqrt(var + eps)


# %% wrong: normalize — mean of squares minus square of the mean  hint="the digits cancel"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    mean = x.mean(dims)
    return (x - mean) / torch.sqrt((x**2).mean(dims) - mean**2 + eps)


# %% wrong: normalize — in place  hint="it changes its input in place"
def normalize(x, eps=1e-5):
    dims = tuple(range(x.dim() - 1))
    var = x.var(dims, correction=0)
    x -= x.mean(dims)
    return x / torch.sqrt(var + eps)


# %% right: BatchNorm1d — mul_ and add_ on a flat view
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.register_buffer("running_var", torch.full((num_features,), 1.0))
        self.register_buffer("running_mean", torch.full((num_features,), 0.0))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.weight = nn.Parameter(torch.ones(num_features))
        self.settings = (eps, momentum)

    def forward(self, x):
        eps, momentum = self.settings
        flat = x.flatten(0, -2)
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = len(flat)
            if n == 1:
                raise ValueError("a batch of one")
            mean = flat.mean(0)
            var = (flat - mean).square().mean(0)
            self.running_mean.mul_(1 - momentum).add_(momentum * mean.detach())
            self.running_var.mul_(1 - momentum).add_(momentum * flat.detach().var(0))
        return (x - mean) * torch.rsqrt(var + eps) * self.weight + self.bias


# %% right: BatchNorm1d — assigns new running statistics
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if not self.training:
            scale = self.weight / (self.running_var + self.eps).sqrt()
            return x * scale + (self.bias - self.running_mean * scale)
        if x.numel() == x.shape[-1]:
            raise ValueError("more than one example, please")
        dims = list(range(x.ndim))[:-1]
        var, mean = torch.var_mean(x, dims, correction=0, keepdim=True)
        kept = torch.var(x.detach(), dims, correction=1)
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * mean.detach().flatten()
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * kept
        return self.weight * ((x - mean) / (var + self.eps).sqrt()) + self.bias


# %% wrong: BatchNorm1d — the running statistics are parameters  hint="an optimiser would train them"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.running_mean = nn.Parameter(torch.zeros(num_features))
        self.running_var = nn.Parameter(torch.ones(num_features))

    def forward(self, x):
        return self.weight * x + self.bias


# %% wrong: BatchNorm1d — the running statistics are plain attributes  hint="state_dict would forget them"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.running_mean = torch.zeros(num_features)
        self.running_var = torch.ones(num_features)

    def forward(self, x):
        return self.weight * x + self.bias


# %% wrong: BatchNorm1d — weight and bias are buffers  hint="weight and bias are learned"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.register_buffer("weight", torch.ones(num_features))
        self.register_buffer("bias", torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        return self.weight * x + self.bias


# %% wrong: BatchNorm1d — the running variance starts at zero  hint="the running variance starts at 1"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.zeros(num_features))

    def forward(self, x):
        return self.weight * x + self.bias


# %% wrong: BatchNorm1d — normalises by the batch in evaluation  hint="ask self.training"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — trains by the running statistics  hint="in training mode the statistics of the batch normalise"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — momentum turned round  hint="momentum is the share of the new value"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += (1 - self.momentum) * (mean - self.running_mean)
                self.running_var += (1 - self.momentum) * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — keeps the biased variance  hint="it divides by n - 1"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (var - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — normalises by the unbiased variance  hint="that normalises divides by n"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — eps outside of the root  hint="is your epsilon inside the root"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / (torch.sqrt(var) + self.eps) + self.bias


# %% wrong: BatchNorm1d — a fixed eps  hint="eps is an argument"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + 1e-5) + self.bias


# %% wrong: BatchNorm1d — no running statistics  hint="never change"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — the statistics of the batch are cut from the graph  hint="only the running ones do not"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.detach().mean(dims), x.detach().var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — a batch of one is kept  hint="or nan is kept for good"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — the error comes too late  hint="before the running statistics change"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                if n == 1:
                    raise ValueError("a batch of one")
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — a mean for each time  hint="match the broadcast shape"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(0), x.var(0, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — no bias  hint="bias is missing"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps)


# %% wrong: BatchNorm1d — no gain  hint="weight, the gain, is missing"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — the running statistics keep the graph  hint="hold on to the graph"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            self.running_mean = self.running_mean + self.momentum * (mean - self.running_mean)
            self.running_var = self.running_var + self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — evaluation moves the running statistics  hint="evaluation must not touch"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        dims = tuple(range(x.dim() - 1))
        mean, var = x.mean(dims), x.var(dims, correction=0)
        with torch.no_grad():
            self.running_mean += self.momentum * (mean - self.running_mean)
            self.running_var += self.momentum * (x.var(dims) - self.running_var)
        if self.training:
            if x[..., 0].numel() == 1:
                raise ValueError("a batch of one")
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — examples are counted by the batch alone  hint="one example means one over batch and time"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x.shape[0]
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — the kept variance counts the batch alone  hint="n counts all examples"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = len(x)
            if x[..., 0].numel() == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * ((var * n / (n - 1) if n > 1 else var) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — no gain and bias in evaluation  hint="yours are applied in training alone"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            return (x - self.running_mean) / torch.sqrt(self.running_var + self.eps)
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — the bias before the gain  hint="yours adds the bias first"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * ((x - mean) / torch.sqrt(var + self.eps) + self.bias)


# %% wrong: BatchNorm1d — a fixed momentum  hint="momentum is an argument"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, 0.1
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — raises after both have moved  hint="both have moved"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * ((x.var(dims) if n > 1 else var) - self.running_var)
            if n == 1:
                raise ValueError("a batch of one")
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — raises after nan has come in  hint="yours keeps nan"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), x.var(dims, correction=0)
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
            if n == 1:
                raise ValueError("a batch of one")
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% wrong: BatchNorm1d — mean of squares minus square of the mean  hint="the digits cancel"
class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))

    def forward(self, x):
        if self.training:
            n = x[..., 0].numel()
            if n == 1:
                raise ValueError("a batch of one")
            dims = tuple(range(x.dim() - 1))
            mean, var = x.mean(dims), (x**2).mean(dims) - x.mean(dims) ** 2
            with torch.no_grad():
                self.running_mean += self.momentum * (mean - self.running_mean)
                self.running_var += self.momentum * (x.var(dims) - self.running_var)
        else:
            mean, var = self.running_mean, self.running_var
        return self.weight * (x - mean) / torch.sqrt(var + self.eps) + self.bias


# %% right: fold_batchnorm — a diagonal matrix
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = torch.diag(weight * (running_var + eps) ** -0.5)
    return scale @ linear_weight, bias - scale @ running_mean


# %% right: fold_batchnorm — asks what becomes of zero and of the unit vectors
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    def evaluated(x):
        return weight * (x @ linear_weight.T - running_mean) / torch.sqrt(running_var + eps) + bias

    at_zero = evaluated(torch.zeros(linear_weight.shape[1], dtype=linear_weight.dtype))
    units = torch.eye(linear_weight.shape[1], dtype=linear_weight.dtype)
    return (evaluated(units) - at_zero).T, at_zero


# %% right: fold_batchnorm — row by row
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    rows, biases = [], []
    for j in range(len(weight)):
        factor = weight[j] / math.sqrt(running_var[j] + eps)
        rows.append(linear_weight[j] * factor)
        biases.append(bias[j] - running_mean[j] * factor)
    return torch.stack(rows), torch.stack(biases)


# %% wrong: fold_batchnorm — scales columns  hint="an output is a row"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var + eps)
    return scale * linear_weight, bias - scale * running_mean


# %% wrong: fold_batchnorm — forgets the mean  hint="the running mean is missing"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var + eps)
    return scale[:, None] * linear_weight, bias


# %% wrong: fold_batchnorm — does not scale the mean  hint="the running mean must be scaled"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var + eps)
    return scale[:, None] * linear_weight, bias - running_mean


# %% wrong: fold_batchnorm — scales the bias  hint="it is not scaled"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var + eps)
    return scale[:, None] * linear_weight, scale * (bias - running_mean)


# %% wrong: fold_batchnorm — no eps  hint="eps is missing"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var)
    return scale[:, None] * linear_weight, bias - scale * running_mean


# %% wrong: fold_batchnorm — no root  hint="the root is missing"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / (running_var + eps)
    return scale[:, None] * linear_weight, bias - scale * running_mean


# %% wrong: fold_batchnorm — adds the mean  hint="its sign is turned"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = weight / torch.sqrt(running_var + eps)
    return scale[:, None] * linear_weight, bias + scale * running_mean


# %% wrong: fold_batchnorm — no gain  hint="weight, the gain, is missing"
def fold_batchnorm(linear_weight, weight, bias, running_mean, running_var, eps):
    scale = 1 / torch.sqrt(running_var + eps)
    return scale[:, None] * linear_weight, bias - scale * running_mean


# %% right: update_to_data — a difference of logarithms
def update_to_data(before, after):
    found = []
    for old, new in zip(before, after):
        found.append(math.log10((new - old).std().item()) - math.log10(old.std().item()))
    return found


# %% right: update_to_data — by variances
def update_to_data(before, after):
    return [0.5 * math.log10((b - a).var(correction=0) / a.var(correction=0)) for a, b in zip(before, after)]


# %% wrong: update_to_data — the natural logarithm  hint="to base 10"
def update_to_data(before, after):
    return [((b - a).std() / a.std()).log().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — no logarithm  hint="the logarithm of the ratio is missing"
def update_to_data(before, after):
    return [((b - a).std() / a.std()).item() for a, b in zip(before, after)]


# %% wrong: update_to_data — upside down  hint="not the other way round"
def update_to_data(before, after):
    return [(a.std() / (b - a).std()).log10().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — tensors  hint="floats, not tensors"
def update_to_data(before, after):
    return [((b - a).std() / a.std()).log10() for a, b in zip(before, after)]


# %% wrong: update_to_data — norms  hint="standard deviations, not norms"
def update_to_data(before, after):
    return [((b - a).norm() / a.norm()).log10().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — against the tensor after the step  hint="with the tensor before it"
def update_to_data(before, after):
    return [((b - a).std() / b.std()).log10().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — the new value in place of the update  hint="the update is after - before"
def update_to_data(before, after):
    return [(b.std() / a.std()).log10().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — the difference of the deviations  hint="not the difference of the deviations"
def update_to_data(before, after):
    return [((b.std() - a.std()).abs() / a.std()).log10().item() for a, b in zip(before, after)]


# %% wrong: update_to_data — the difference of the deviations with its sign  hint="which may be negative"
def update_to_data(before, after):
    return [((b.std() - a.std()) / a.std()).log10().item() for a, b in zip(before, after)]


# %% right: BatchNormMLP — lists of modules and a loop
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.C = nn.Embedding(vocab_size, n_embd, _weight=torch.randn(vocab_size, n_embd, generator=generator))
        sizes = [block_size * n_embd] + [n_hidden] * n_layer
        self.blocks = nn.ModuleList()
        for n, m in zip(sizes, sizes[1:]):
            linear = nn.Linear(n, m, bias=False)
            linear.weight.data = kaiming_std(n, "tanh") * torch.randn(m, n, generator=generator)
            self.blocks.append(nn.Sequential(linear, BatchNorm1d(m)))
        self.last = nn.Linear(n_hidden, vocab_size)
        with torch.no_grad():
            self.last.weight.copy_(torch.randn(vocab_size, n_hidden, generator=generator) * kaiming_std(n_hidden) / 10)
            self.last.bias.fill_(0.0)

    def forward(self, x):
        h = self.C(x).view(len(x), -1)
        for block in self.blocks:
            h = torch.tanh(block(h))
        return self.last(h)


# %% right: BatchNormMLP — one Sequential
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        parts = [nn.Embedding(vocab_size, n_embd), nn.Flatten(1)]
        for k in range(n_layer):
            n = n_hidden if k else block_size * n_embd
            parts.extend([nn.Linear(n, n_hidden, bias=False), BatchNorm1d(n_hidden), nn.Tanh()])
        parts.append(nn.Linear(n_hidden, vocab_size))
        self.net = nn.Sequential(*parts)
        nn.init.normal_(parts[0].weight, generator=generator)
        for linear in parts[2:-1:3]:
            nn.init.normal_(linear.weight, 0.0, 5 / 3 / math.sqrt(linear.in_features), generator=generator)
        nn.init.normal_(parts[-1].weight, std=0.1 / math.sqrt(n_hidden), generator=generator)
        nn.init.constant_(parts[-1].bias, 0)

    def forward(self, x):
        return self.net(x)


# %% wrong: BatchNormMLP — a bias before BatchNorm  hint="a bias before BatchNorm is useless"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — no BatchNorm  hint="the BatchNorm layers are missing"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — BatchNorm after tanh  hint="BatchNorm stands before tanh"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, nn.Tanh(), BatchNorm1d(n_hidden)]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — relu  hint="tanh, not relu"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.ReLU()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — no nonlinearity  hint="tanh is missing"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden)]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — probabilities  hint="logits, not probabilities"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x))).softmax(1)


# %% wrong: BatchNormMLP — no gain  hint="the gain of tanh"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — the output layer at full size  hint="a tenth"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — PyTorch's own start  hint="PyTorch's own start"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — the global generator  hint="not from torch's global one"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"))
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — the output bias is PyTorch's  hint="the bias of the output layer starts at zero"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — hidden in a list  hint="a Python list hides layers"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = layers
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        h = self.embedding(x)
        for layer in self.hidden:
            h = layer(h)
        return self.output(h)


# %% wrong: BatchNormMLP — the number of units as fan-in  hint="not of units"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(n_hidden, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — all layers but the embedding in a list  hint="only the embedding is registered"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        output = nn.Linear(n_hidden, vocab_size)
        self.layers = [*layers, output]
        nn.init.normal_(output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(output.bias)

    def forward(self, x):
        h = self.embedding(x)
        for layer in self.layers:
            h = layer(h)
        return h


# %% wrong: BatchNormMLP — all layers in a list  hint="all of yours"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(embedding.weight, generator=generator)
        layers, fan_in = [embedding, nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        output = nn.Linear(n_hidden, vocab_size)
        self.layers = [*layers, output]
        nn.init.normal_(output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(output.bias)

    def forward(self, x):
        h = x
        for layer in self.layers:
            h = layer(h)
        return h


# %% wrong: BatchNormMLP — fan-in stays that of the first layer  hint="the number of inputs is n_hidden"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(fan_in, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% wrong: BatchNormMLP — the scale of the first layer for all  hint="n_hidden from the second layer on"
class BatchNormMLP(nn.Module):
    def __init__(self, vocab_size, block_size, n_embd, n_hidden, n_layer, generator):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, n_embd)
        nn.init.normal_(self.embedding.weight, generator=generator)
        layers, fan_in = [nn.Flatten()], block_size * n_embd
        for _ in range(n_layer):
            linear = nn.Linear(fan_in, n_hidden, bias=False)
            nn.init.normal_(linear.weight, std=kaiming_std(block_size * n_embd, "tanh"), generator=generator)
            layers += [linear, BatchNorm1d(n_hidden), nn.Tanh()]
            fan_in = n_hidden
        self.hidden = nn.Sequential(*layers)
        self.output = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.output.weight, std=0.1 * kaiming_std(n_hidden), generator=generator)
        nn.init.zeros_(self.output.bias)

    def forward(self, x):
        return self.output(self.hidden(self.embedding(x)))


# %% equivalent: update_to_data — both lists have the same length, so strict has nothing to refuse
# -    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after, strict=True)]
# +    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after)]


# %% equivalent: update_to_data — both lists have the same length, so strict has nothing to refuse
# -    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after, strict=True)]
# +    return [((b - a).std() / a.std()).log10().item() for a, b in zip(before, after, strict=False)]
