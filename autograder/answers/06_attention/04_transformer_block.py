# %% right: normalize_vector — loops, and multiplies by the inverse of the root
def normalize_vector(values, eps=1e-5):
    n = len(values)
    mu = math.fsum(values) / n
    centred = [v - mu for v in values]
    inverse = (math.fsum(c * c for c in centred) / n + eps) ** -0.5
    return [c * inverse for c in centred]


# %% right: normalize_vector — Python's own statistics
import statistics


def normalize_vector(values, eps=1e-5):
    mu = statistics.fmean(values)
    root = math.sqrt(statistics.pvariance(values, mu) + eps)
    return [(v - mu) / root for v in values]


# %% wrong: normalize_vector — statistics.variance  hint="yours divides by n - 1"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    variance = sum((v - mu) ** 2 for v in values) / (len(values) - 1)
    return [(v - mu) / math.sqrt(variance + eps) for v in values]


# %% wrong: normalize_vector — epsilon outside the root  hint="is your epsilon inside the root?"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    sigma = math.sqrt(sum((v - mu) ** 2 for v in values) / len(values))
    return [(v - mu) / (sigma + eps) for v in values]


# %% wrong: normalize_vector — stdev, and epsilon beside it  hint="divides by n - 1 and adds eps outside"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    sigma = math.sqrt(sum((v - mu) ** 2 for v in values) / max(len(values) - 1, 1))
    return [(v - mu) / (sigma + eps) for v in values]


# %% wrong: normalize_vector — no epsilon  hint="eps is missing"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    sigma = math.sqrt(sum((v - mu) ** 2 for v in values) / len(values))
    return [(v - mu) / sigma for v in values]


# %% wrong: normalize_vector — a fixed epsilon  hint="eps is an argument"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    variance = sum((v - mu) ** 2 for v in values) / len(values)
    return [(v - mu) / math.sqrt(variance + 1e-5) for v in values]


# %% wrong: normalize_vector — divides by the variance  hint="the variance divides, and not its root"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    variance = sum((v - mu) ** 2 for v in values) / len(values)
    return [(v - mu) / (variance + eps) for v in values]


# %% wrong: normalize_vector — a sum for a mean  hint="yours is their sum"
def normalize_vector(values, eps=1e-5):
    mu = sum(values) / len(values)
    variance = sum((v - mu) ** 2 for v in values)
    return [(v - mu) / math.sqrt(variance + eps) for v in values]


# %% wrong: normalize_vector — a tensor  hint="a list of floats, not a tensor"
def normalize_vector(values, eps=1e-5):
    x = torch.tensor(values, dtype=torch.float64)
    return (x - x.mean()) / (x.var(correction=0) + eps).sqrt()


# %% right: LayerNorm — the mean of squared distances, and a power
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.bias = nn.Parameter(torch.zeros(n_embd))
        self.epsilon = eps

    def forward(self, x):
        d = x - x.mean(dim=-1, keepdim=True)
        return d * (d.pow(2).mean(dim=-1, keepdim=True) + self.epsilon) ** -0.5 * self.weight + self.bias


# %% right: LayerNorm — var_mean, and torch.addcmul
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.register_parameter("bias", nn.Parameter(torch.full((n_embd,), 0.0)))
        self.register_parameter("weight", nn.Parameter(torch.full((n_embd,), 1.0)))
        self.eps = eps

    def forward(self, x):
        var, mean = torch.var_mean(x, -1, unbiased=False)
        normed = (x - mean[..., None]) / (var[..., None] + self.eps).sqrt()
        return torch.addcmul(self.bias, normed, self.weight)


# %% wrong: LayerNorm — epsilon outside the root  hint="is your epsilon inside the root?"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.std(-1, correction=0, keepdim=True) + self.eps) + self.bias


# %% wrong: LayerNorm — the unbiased variance  hint="yours divides by n - 1"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — std and epsilon, the annotated transformer's  hint="divides by n - 1 and adds eps outside"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        mean, std = x.mean(-1, keepdim=True), x.std(-1, keepdim=True)
        return self.weight * (x - mean) / (std + self.eps) + self.bias


# %% wrong: LayerNorm — over the batch  hint="that is BatchNorm"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(0, keepdim=True)
        return self.weight * d / (x.var(0, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — over time  hint="yours is over time"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(1, keepdim=True)
        return self.weight * d / (x.var(1, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — over time and features  hint="so positions are mixed"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean((-2, -1), keepdim=True)
        return self.weight * d / (x.var((-2, -1), correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — one mean for all  hint="not one for the whole tensor"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        return self.weight * (x - x.mean()) / (x.var(correction=0) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — no keepdim  hint="keepdim=True keeps the dimension"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        return self.weight * (x - x.mean(-1)) / (x.var(-1, correction=0) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — eps is written into forward  hint="eps is an argument"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, correction=0, keepdim=True) + 1e-5).sqrt() + self.bias


# %% wrong: LayerNorm — plain tensors  hint="make them nn.Parameter"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = torch.ones(n_embd), torch.zeros(n_embd)

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — the bias is scaled, too  hint="yours scales the bias, too"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * (d / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt() + self.bias)


# %% wrong: LayerNorm — forgets the bias  hint="bias is missing"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt()


# %% wrong: LayerNorm — statistics without a graph  hint="gradients must flow through"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        with torch.no_grad():
            mean, var = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
        return self.weight * (x - mean) / (var + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — the mean without a graph  hint="the mean is part of the graph"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True).detach()
        return self.weight * d / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — the variance without a graph  hint="the variance is part of the graph"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return (
            self.weight * d / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt().detach() + self.bias
        )


# %% wrong: LayerNorm — mean of squares minus square of the mean  hint="loses its digits where the mean is large"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        var = x.square().mean(-1, keepdim=True) - mean.square()
        return self.weight * (x - mean) / (var.clamp(min=0) + self.eps).sqrt() + self.bias


# %% wrong: LayerNorm — centres x in place  hint="it changes x in place"
class LayerNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps = eps
        self.weight, self.bias = nn.Parameter(torch.ones(n_embd)), nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        x -= x.mean(-1, keepdim=True)
        return self.weight * x / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt() + self.bias


# %% right: RMSNorm — by the vector's norm
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.n, self.eps = n_embd, eps

    def forward(self, x):
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
        return x / (length**2 / self.n + self.eps) ** 0.5 * self.weight


# %% right: RMSNorm — einsum
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_embd))
        self.eps = eps

    def forward(self, x):
        squares = torch.einsum("...i,...i->...", x, x).unsqueeze(-1) / x.shape[-1]
        return (x / torch.sqrt(squares + self.eps)).mul(self.weight)


# %% wrong: RMSNorm — subtracts the mean  hint="yours is a LayerNorm"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (d.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()


# %% wrong: RMSNorm — divides by the standard deviation  hint="the mean square, not the variance"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return self.weight * x / (x.var(-1, correction=0, keepdim=True) + self.eps).sqrt()


# %% wrong: RMSNorm — length instead of mean square  hint="yours is their sum"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return self.weight * x / (x.pow(2).sum(-1, keepdim=True) + self.eps).sqrt()


# %% wrong: RMSNorm — epsilon outside  hint="is your epsilon inside the root?"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return self.weight * x / (x.pow(2).mean(-1, keepdim=True).sqrt() + self.eps)


# %% wrong: RMSNorm — LayerNorm's epsilon  hint="eps is 1e-6"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-5):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return self.weight * x / (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()


# %% wrong: RMSNorm — has a bias  hint="RMSNorm has no bias"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))
        self.bias = nn.Parameter(torch.zeros(n_embd))

    def forward(self, x):
        return self.weight * x / (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt() + self.bias


# %% wrong: RMSNorm — forgets the weight  hint="weight"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return x / (x.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()


# %% wrong: RMSNorm — over time  hint="yours is over time"
class RMSNorm(nn.Module):
    def __init__(self, n_embd, eps=1e-6):
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.ones(n_embd))

    def forward(self, x):
        return self.weight * x / (x.pow(2).mean(1, keepdim=True) + self.eps).sqrt()


# %% right: gelu — by a sigmoid: (1 + tanh z) / 2 is the sigmoid of 2 z
def gelu(x):
    return x * torch.sigmoid(2 * (2 / math.pi) ** 0.5 * (x + 0.044715 * x * x * x))


# %% right: gelu — takes the factors apart
def gelu(x):
    k = math.sqrt(2) / math.sqrt(math.pi)
    gate = torch.tanh(k * x * (1 + 0.044715 * x.square())).add(1).div(2)
    return gate.mul(x)


# %% wrong: gelu — the exact form  hint="yours is the exact one, with erf"
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


# %% wrong: gelu — by a sigmoid of 1.702 x  hint="1.702"
def gelu(x):
    return x * torch.sigmoid(1.702 * x)


# %% wrong: gelu — a square for the cube  hint="x³, not x²"
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2)))


# %% wrong: gelu — a digit too few in the constant  hint="the constant is 0.044715: yours is 0.04715"
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.04715 * x**3)))


# %% wrong: gelu — forgets the root  hint="the root of 2/π, not 2/π"
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(2 / math.pi * (x + 0.044715 * x**3)))


# %% wrong: gelu — brackets  hint="multiplies both terms"
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * x + 0.044715 * x**3))


# %% wrong: gelu — twice as large  hint="the factor 1/2 is missing"
def gelu(x):
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# %% wrong: gelu — the gate alone  hint="the factor x is missing"
def gelu(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# %% wrong: gelu — ReLU  hint="that is ReLU"
def gelu(x):
    return x.clamp(min=0)


# %% wrong: gelu — works on plain numbers  hint="expected"
def gelu(x):
    values = [
        0.5 * v * (1 + math.tanh(math.sqrt(2 / math.pi) * (v + 0.044715 * v**3)))
        for v in x.flatten().tolist()
    ]
    return torch.tensor(values).reshape(x.shape)


# %% right: FeedForward — step by step
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        hidden = 4 * n_embd
        self.proj = nn.Linear(hidden, n_embd)
        self.fc = nn.Linear(in_features=n_embd, out_features=hidden, bias=True)

    def forward(self, x):
        h = self.fc(x)
        h = gelu(h)
        return self.proj(h)


# %% right: FeedForward — PyTorch's gelu, of the same form
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, n_embd * 4), nn.Linear(n_embd * 4, n_embd)
        self.bend = nn.GELU("tanh")

    def forward(self, x):
        return functional.linear(self.bend(self.fc(x)), self.proj.weight, self.proj.bias)


# %% wrong: FeedForward — PyTorch's default gelu  hint="yours is the exact one, with erf"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return self.proj(functional.gelu(self.fc(x)))


# %% wrong: FeedForward — ReLU  hint="that is ReLU"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return self.proj(self.fc(x).relu())


# %% wrong: FeedForward — nothing in between  hint="two linear layers in a row are one"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return self.proj(self.fc(x))


# %% wrong: FeedForward — no wider  hint="4 * n_embd units"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, n_embd), nn.Linear(n_embd, n_embd)

    def forward(self, x):
        return self.proj(gelu(self.fc(x)))


# %% wrong: FeedForward — without biases  hint="both layers have a bias"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = (
            nn.Linear(n_embd, 4 * n_embd, bias=False),
            nn.Linear(4 * n_embd, n_embd, bias=False),
        )

    def forward(self, x):
        return self.proj(gelu(self.fc(x)))


# %% wrong: FeedForward — gelu at the end, too  hint="yours comes last, too"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return gelu(self.proj(gelu(self.fc(x))))


# %% wrong: FeedForward — adds x already  hint="no residual here"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.fc, self.proj = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return x + self.proj(gelu(self.fc(x)))


# %% wrong: FeedForward — the names turned  hint="fc widens, proj narrows"
class FeedForward(nn.Module):
    def __init__(self, n_embd):
        super().__init__()
        self.proj, self.fc = nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)

    def forward(self, x):
        return self.fc(gelu(self.proj(x)))


# %% right: residual_stream — a running state
def residual_stream(x, branches):
    states, now = [x], x
    for f in branches:
        now = torch.add(now, f(now))
        states.append(now)
    return states


# %% right: residual_stream — itself, for the rest
def residual_stream(x, branches):
    if not branches:
        return [x]
    first, *rest = branches
    return [x, *residual_stream(first(x) + x, rest)]


# %% wrong: residual_stream — replaces  hint="yours replaces it"
def residual_stream(x, branches):
    states = [x]
    for f in branches:
        states.append(f(states[-1]))
    return states


# %% wrong: residual_stream — in place  hint="works in place"
def residual_stream(x, branches):
    states = [x]
    for f in branches:
        x += f(x)
        states.append(x)
    return states


# %% wrong: residual_stream — all branches read x  hint="yours all read x"
def residual_stream(x, branches):
    states = [x]
    for f in branches:
        states.append(states[-1] + f(x))
    return states


# %% wrong: residual_stream — adds to x every time  hint="yours is added to x"
def residual_stream(x, branches):
    states = [x]
    for f in branches:
        states.append(x + f(states[-1]))
    return states


# %% wrong: residual_stream — without the start  hint="the list begins with x"
def residual_stream(x, branches):
    states = []
    for f in branches:
        x = x + f(x)
        states.append(x)
    return states


# %% wrong: residual_stream — only the end  hint="not only the last"
def residual_stream(x, branches):
    for f in branches:
        x = x + f(x)
    return x


# %% wrong: residual_stream — what each branch adds  hint="not what each branch adds"
def residual_stream(x, branches):
    parts = [x]
    for f in branches:
        parts.append(f(x))
        x = x + parts[-1]
    return parts


# %% right: Block — names for what is in between
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.feed_forward = FeedForward(n_embd)
        self.attention = MultiHeadAttention(n_embd, n_head)
        self.norm2 = LayerNorm(n_embd)
        self.norm1 = LayerNorm(n_embd)

    def forward(self, x, mask=None):
        after_attention = self.attention(self.norm1(x), mask=mask) + x
        read = self.norm2(after_attention)
        return torch.add(after_attention, self.feed_forward(read))


# %% right: Block — by the residual stream
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        def listen(t):
            return self.attention(self.norm1(t), mask)

        for branch in (listen, lambda t: self.feed_forward(self.norm2(t))):
            x = x + branch(x)
        return x


# %% wrong: Block — post-norm  hint="yours is post-norm"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(x + self.feed_forward(x))


# %% wrong: Block — no residual around attention  hint="the residual around attention is missing"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = self.attention(self.norm1(x), mask)
        return x + self.feed_forward(self.norm2(x))


# %% wrong: Block — no residual around the network  hint="the residual around the feed-forward network is missing"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return self.feed_forward(self.norm2(x))


# %% wrong: Block — overwrites the stream by its normalised copy  hint="yours adds to the normalised copy"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = self.norm1(x)
        x = x + self.attention(x, mask)
        x = self.norm2(x)
        return x + self.feed_forward(x)


# %% wrong: Block — forgets the mask  hint="the mask must reach attention"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x))
        return x + self.feed_forward(self.norm2(x))


# %% wrong: Block — the network first  hint="attention first"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.feed_forward(self.norm1(x))
        return x + self.attention(self.norm2(x), mask)


# %% wrong: Block — side by side  hint="one after the other"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        return x + self.attention(self.norm1(x), mask) + self.feed_forward(self.norm2(x))


# %% wrong: Block — one norm for both  hint="two norms"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1 = LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return x + self.feed_forward(self.norm1(x))


# %% wrong: Block — norm1 twice  hint="yours uses norm1 twice"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return x + self.feed_forward(self.norm1(x))


# %% wrong: Block — writes to its input  hint="it changes x in place"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x += self.attention(self.norm1(x), mask)
        x += self.feed_forward(self.norm2(x))
        return x


# %% wrong: Block — no norm  hint="no norm at all"
class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(x, mask)
        return x + self.feed_forward(x)


# %% wrong: Block — its norm divides by n - 1  hint="look there first"
class UnbiasedNorm(nn.LayerNorm):
    def forward(self, x):
        d = x - x.mean(-1, keepdim=True)
        return self.weight * d / (x.var(-1, keepdim=True) + self.eps).sqrt() + self.bias


class Block(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = UnbiasedNorm(n_embd), UnbiasedNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        x = x + self.attention(self.norm1(x), mask)
        return x + self.feed_forward(self.norm2(x))


# %% right: PostNormBlock — inherits
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        summed = x + self.attention(x, mask)
        x = self.norm1(summed)
        return self.norm2(self.feed_forward(x) + x)


# %% right: PostNormBlock — a loop over branches and norms
class PostNormBlock(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.norm1, self.norm2 = LayerNorm(n_embd), LayerNorm(n_embd)
        self.attention, self.feed_forward = MultiHeadAttention(n_embd, n_head), FeedForward(n_embd)

    def forward(self, x, mask=None):
        steps = [(lambda t: self.attention(t, mask=mask), self.norm1), (self.feed_forward, self.norm2)]
        for branch, norm in steps:
            x = norm(torch.add(x, branch(x)))
        return x


# %% wrong: PostNormBlock — pre-norm  hint="yours is pre-norm"
class PostNormBlock(Block):
    pass


# %% wrong: PostNormBlock — normalises the branch alone  hint="yours normalises the branch alone"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = x + self.norm1(self.attention(x, mask))
        return x + self.norm2(self.feed_forward(x))


# %% wrong: PostNormBlock — normalises attention alone  hint="yours normalises what attention gives"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = x + self.norm1(self.attention(x, mask))
        return self.norm2(x + self.feed_forward(x))


# %% wrong: PostNormBlock — normalises the network alone  hint="yours normalises what the feed-forward network gives"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, mask))
        return x + self.norm2(self.feed_forward(x))


# %% wrong: PostNormBlock — without residuals around attention  hint="the sum is norm1(x + attention(x))"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = self.norm1(self.attention(x, mask))
        return self.norm2(x + self.feed_forward(x))


# %% wrong: PostNormBlock — without a residual around the network  hint="the sum is norm2(x + feed_forward(x))"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x, mask))
        return self.norm2(self.feed_forward(x))


# %% wrong: PostNormBlock — forgets the mask  hint="the mask must reach attention"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = self.norm1(x + self.attention(x))
        return self.norm2(x + self.feed_forward(x))


# %% wrong: PostNormBlock — swaps the norms  hint="yours are swapped"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = self.norm2(x + self.attention(x, mask))
        return self.norm1(x + self.feed_forward(x))


# %% wrong: PostNormBlock — one norm at the end  hint="after attention, too"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        x = x + self.attention(x, mask)
        return self.norm2(x + self.feed_forward(x))


# %% wrong: PostNormBlock — norms before and after  hint="expected"
class PostNormBlock(Block):
    def forward(self, x, mask=None):
        return self.norm2(super().forward(x, mask))


# %% right: count_block_parameters — one polynomial
def count_block_parameters(n_embd):
    return n_embd * (12 * n_embd + 13)


# %% right: count_block_parameters — the modules, without memory
def count_block_parameters(n_embd):
    with torch.device("meta"):
        parts = [nn.Linear(n_embd, n_embd) for _ in range(4)]
        parts += [nn.Linear(n_embd, 4 * n_embd), nn.Linear(4 * n_embd, n_embd)]
        parts += [nn.LayerNorm(n_embd), nn.LayerNorm(n_embd)]
    return sum(p.numel() for part in parts for p in part.parameters())


# %% wrong: count_block_parameters — the rule of thumb  hint="biases and norms are missing"
def count_block_parameters(n_embd):
    return 12 * n_embd**2


# %% wrong: count_block_parameters — the norms are missing  hint="the norms are missing"
def count_block_parameters(n_embd):
    return 12 * n_embd**2 + 9 * n_embd


# %% wrong: count_block_parameters — three matrices  hint="proj is the fourth"
def count_block_parameters(n_embd):
    return 11 * n_embd**2 + 12 * n_embd


# %% wrong: count_block_parameters — one norm  hint="there are two norms"
def count_block_parameters(n_embd):
    return 12 * n_embd**2 + 11 * n_embd


# %% wrong: count_block_parameters — the hidden layer's bias  hint="the hidden layer has 4 n_embd of them"
def count_block_parameters(n_embd):
    return 12 * n_embd**2 + 10 * n_embd


# %% wrong: count_block_parameters — query, key and value without a bias  hint="query, key and value have a bias each"
def count_block_parameters(n_embd):
    return 4 * n_embd**2 + n_embd + 8 * n_embd**2 + 5 * n_embd + 4 * n_embd


# %% wrong: count_block_parameters — a float  hint="an int"
def count_block_parameters(n_embd):
    return 12.0 * n_embd**2 + 13 * n_embd


# %% right: gradient_norms — one state at a time
def gradient_norms(layers, x, loss):
    state = x.detach().clone()
    state.requires_grad = True
    states = [state]
    for f in layers:
        state = f(state)
        states.append(state)
    end = loss(state)
    return [
        math.sqrt(torch.autograd.grad(end, s, retain_graph=True)[0].double().square().sum()) for s in states
    ]


# %% right: gradient_norms — the chain rule, layer by layer from the top
def gradient_norms(layers, x, loss):
    with torch.no_grad():
        states = [x.clone()]
        for f in layers:
            states.append(f(states[-1]))
    top = states[-1].requires_grad_()
    (upstream,) = torch.autograd.grad(loss(top), top)
    norms = [upstream.double().norm().item()]
    for f, state in zip(reversed(layers), reversed(states[:-1])):
        place = state.detach().requires_grad_()
        (upstream,) = torch.autograd.grad(f(place), place, upstream)
        norms.insert(0, upstream.double().norm().item())
    return norms


# %% wrong: gradient_norms — backward and retain_grad  hint="leaves gradients behind"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
        states[-1].retain_grad()
    loss(states[-1]).backward()
    return [s.grad.double().norm().item() for s in states]


# %% wrong: gradient_norms — makes the caller's x require grad  hint="detach it first"
def gradient_norms(layers, x, loss):
    states = [x.requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.double().norm().item() for g in torch.autograd.grad(loss(states[-1]), states)]


# %% wrong: gradient_norms — from the top down  hint="the input's gradient first"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.double().norm().item() for g in torch.autograd.grad(loss(states[-1]), states[::-1])]


# %% wrong: gradient_norms — without the input's  hint="before the first layer is missing"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    if not layers:
        return []
    return [g.double().norm().item() for g in torch.autograd.grad(loss(states[-1]), states[1:])]


# %% wrong: gradient_norms — without the output's  hint="after the last layer is missing"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.double().norm().item() for g in torch.autograd.grad(loss(states[-1]), states)][: len(layers)]


# %% wrong: gradient_norms — squares  hint="the root is missing"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.double().square().sum().item() for g in torch.autograd.grad(loss(states[-1]), states)]


# %% wrong: gradient_norms — the norm in float32  hint=".double() before the norm"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.norm().item() for g in torch.autograd.grad(loss(states[-1]), states)]


# %% wrong: gradient_norms — tensors  hint="a list of floats"
def gradient_norms(layers, x, loss):
    states = [x.detach().requires_grad_()]
    for f in layers:
        states.append(f(states[-1]))
    return [g.double().norm() for g in torch.autograd.grad(loss(states[-1]), states)]


# %% wrong: gradient_norms — the size of the stream  hint="yours are norms of the stream"
def gradient_norms(layers, x, loss):
    sizes = [x.detach().double().norm().item()]
    with torch.no_grad():
        for f in layers:
            x = f(x)
            sizes.append(x.double().norm().item())
    return sizes


# %% right: name_rows — cut to size
def name_rows(names, stoi, block_size):
    if any(len(name) + 1 > block_size for name in names):
        raise ValueError("block_size is too small")
    x, y = [], []
    for name in names:
        ids = [stoi[c] for c in name]
        rest = block_size - len(ids) - 1
        x.append([0] + ids + [0] * rest)
        y.append(ids + [0] + [-100] * rest)
    shape = (len(names), block_size)
    return tuple(torch.tensor(rows, dtype=torch.int64).reshape(shape) for rows in (x, y))


# %% right: name_rows — y from x, by a shift and a mask
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size + 1, dtype=torch.long)
    for row, name in zip(x, names):
        if len(name) > block_size - 1:
            raise ValueError(name)
        for k, c in enumerate(name, 1):
            row[k] = stoi[c]
    lengths = torch.tensor([len(name) for name in names], dtype=torch.long)
    after = torch.arange(block_size) > lengths[:, None]
    return x[:, :-1].clone(), x[:, 1:].masked_fill(after, -100)


# %% wrong: name_rows — dots to predict after the end  hint="-100 there, not 0"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.zeros(len(names), block_size, dtype=torch.int64)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(name)
        for k, c in enumerate(name):
            x[row, k + 1] = y[row, k] = stoi[c]
    return x, y


# %% wrong: name_rows — -1 after the end  hint="-100 there, not -1"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -1)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(name)
        for k, c in enumerate(name):
            x[row, k + 1] = y[row, k] = stoi[c]
        y[row, len(name)] = 0
    return x, y


# %% wrong: name_rows — no dot at the end  hint="the last letter is followed by a dot"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(name)
        for k, c in enumerate(name):
            x[row, k + 1] = y[row, k] = stoi[c]
    return x, y


# %% wrong: name_rows — -100 in x, too  hint="-100 belongs to y only"
def name_rows(names, stoi, block_size):
    x = torch.full((len(names), block_size), -100)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(name)
        ids = torch.tensor([0, *(stoi[c] for c in name), 0])
        x[row, : len(ids) - 1], y[row, : len(ids) - 1] = ids[:-1], ids[1:]
    return x, y


# %% wrong: name_rows — x without the first dot  hint="x begins with a dot"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        if len(name) >= block_size:
            raise ValueError(name)
        for k, c in enumerate(name):
            x[row, k] = y[row, k] = stoi[c]
        y[row, len(name)] = 0
    return x, y


# %% wrong: name_rows — cuts long names off  hint="raises ValueError"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        ids = [0, *(stoi[c] for c in name), 0]
        for k in range(min(block_size, len(ids) - 1)):
            x[row, k], y[row, k] = ids[k], ids[k + 1]
    return x, y


# %% wrong: name_rows — does not look at lengths  hint="raise ValueError"
def name_rows(names, stoi, block_size):
    x = torch.zeros(len(names), block_size, dtype=torch.int64)
    y = torch.full((len(names), block_size), -100)
    for row, name in enumerate(names):
        for k, c in enumerate(name):
            x[row, k + 1] = y[row, k] = stoi[c]
        y[row, len(name)] = 0
    return x, y


# %% wrong: name_rows — lists of rows, of an empty list  hint="and dtype=torch.int64"
def name_rows(names, stoi, block_size):
    if any(len(name) >= block_size for name in names):
        raise ValueError("block_size is too small")
    x, y = [], []
    for name in names:
        ids, rest = [stoi[c] for c in name], block_size - len(name) - 1
        x.append([0] + ids + [0] * rest)
        y.append(ids + [0] + [-100] * rest)
    return torch.tensor(x), torch.tensor(y)


# %% wrong: name_rows — the dtype, but no columns for an empty list  hint="an empty list still has block_size columns"
def name_rows(names, stoi, block_size):
    if any(len(name) >= block_size for name in names):
        raise ValueError("block_size is too small")
    both = [[0, *(stoi[c] for c in name), 0] for name in names]
    x = [one[:-1] + [0] * (block_size + 1 - len(one)) for one in both]
    y = [one[1:] + [-100] * (block_size + 1 - len(one)) for one in both]
    return torch.tensor(x, dtype=torch.int64), torch.tensor(y, dtype=torch.int64)


# %% wrong: name_rows — stacks rows  hint="torch.stack needs at least one row"
def name_rows(names, stoi, block_size):
    if any(len(name) >= block_size for name in names):
        raise ValueError("block_size is too small")
    x, y = [], []
    for name in names:
        ids, rest = [stoi[c] for c in name], block_size - len(name) - 1
        x.append(torch.tensor([0] + ids + [0] * rest))
        y.append(torch.tensor(ids + [0] + [-100] * rest))
    return torch.stack(x), torch.stack(y)
