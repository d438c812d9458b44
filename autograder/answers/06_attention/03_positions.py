# %% right: order_gap — row by row
def order_gap(f, x, permutation):
    whole, moved = f(x), f(x.index_select(1, permutation))
    return max(
        float((moved[:, i] - whole[:, place]).abs().max()) for i, place in enumerate(permutation.tolist())
    )


# %% right: order_gap — undoes the shuffle instead
def order_gap(f, x, permutation):
    back = torch.argsort(permutation)
    return torch.linalg.vector_norm(f(x[:, permutation])[:, back] - f(x), float("inf")).item()


# %% wrong: order_gap — compares with f(x) as it is  hint="f(x) has to be permuted, too"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)).abs().max().item()


# %% wrong: order_gap — no abs  hint="take abs before max"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)[:, permutation]).max().item()


# %% wrong: order_gap — the mean  hint="not the mean of all"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)[:, permutation]).abs().mean().item()


# %% wrong: order_gap — a sum  hint="not the sum of all"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)[:, permutation]).abs().sum().item()


# %% wrong: order_gap — a tensor  hint="a Python float"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)[:, permutation]).abs().max()


# %% wrong: order_gap — the inverse  hint="the other way round"
def order_gap(f, x, permutation):
    return (f(x[:, permutation]) - f(x)[:, permutation.argsort()]).abs().max().item()


# %% wrong: order_gap — shuffles dim 0  hint="dim 1 is time"
def order_gap(f, x, permutation):
    return (f(x[permutation]) - f(x)[permutation]).abs().max().item()


# %% right: shuffled_weights — by matrices
def shuffled_weights(weights, permutation):
    p = torch.eye(len(permutation), dtype=weights.dtype)[permutation]
    return p @ weights @ p.T


# %% right: shuffled_weights — index tensors that broadcast
def shuffled_weights(weights, permutation):
    return weights[..., permutation[:, None], permutation[None, :]]


# %% right: shuffled_weights — by index_select
def shuffled_weights(weights, permutation):
    return weights.index_select(-1, permutation).index_select(-2, permutation)


# %% wrong: shuffled_weights — queries only  hint="the columns move as the rows do"
def shuffled_weights(weights, permutation):
    return weights[..., permutation, :]


# %% wrong: shuffled_weights — keys only  hint="the rows move as the columns do"
def shuffled_weights(weights, permutation):
    return weights[..., permutation]


# %% wrong: shuffled_weights — the inverse  hint="comes from place permutation[i]"
def shuffled_weights(weights, permutation):
    back = permutation.argsort()
    return weights[..., back, :][..., back]


# %% wrong: shuffled_weights — two index tensors  hint="pick single elements"
def shuffled_weights(weights, permutation):
    return weights[..., permutation, permutation]


# %% wrong: shuffled_weights — the matrix on one side inverted  hint="rows go one way"
def shuffled_weights(weights, permutation):
    p = torch.eye(len(permutation), dtype=weights.dtype)[permutation]
    return p @ weights @ p


# %% wrong: shuffled_weights — dimensions counted from the left  hint="the last two dimensions"
def shuffled_weights(weights, permutation):
    return weights[permutation][:, permutation]


# %% wrong: shuffled_weights — dimensions counted from the left, index tensors  hint="the last two dimensions"
def shuffled_weights(weights, permutation):
    return weights[permutation[:, None], permutation]


# %% wrong: shuffled_weights — one batch dimension taken for granted  hint="there may be no dimension in front"
def shuffled_weights(weights, permutation):
    return weights[:, permutation][:, :, permutation]


# %% right: sinusoidal_encoding — one place at a time
def sinusoidal_encoding(time, n_embd):
    rows = []
    for t in range(time):
        row = []
        for c in range(0, n_embd, 2):
            angle = t / 10000 ** (c / n_embd)
            row += [math.sin(angle), math.cos(angle)]
        rows.append(row)
    return torch.tensor(rows, dtype=torch.float32)


# %% right: sinusoidal_encoding — stacked and flattened, by exp and log
def sinusoidal_encoding(time, n_embd):
    rates = torch.exp(-math.log(10000) * torch.arange(0, n_embd, 2).double() / n_embd)
    angles = torch.outer(torch.arange(time).double(), rates)
    return torch.stack([angles.sin(), angles.cos()], dim=2).reshape(time, n_embd).float()


# %% wrong: sinusoidal_encoding — two halves  hint="yours are in two halves"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.cat([angles.sin(), angles.cos()], 1).float()


# %% wrong: sinusoidal_encoding — cosine first  hint="sine comes first"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.cos(), angles.sin()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — a rate for each column  hint="both columns of a pair have the same rate"
def sinusoidal_encoding(time, n_embd):
    column = torch.arange(n_embd, dtype=torch.float64)
    angles = torch.arange(time)[:, None] * 10000 ** (-2 * column / n_embd)
    return torch.where(column % 2 == 0, angles.sin(), angles.cos()).float()


# %% wrong: sinusoidal_encoding — half the exponent  hint="yours is -i / n_embd"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(n_embd // 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — twice the column  hint="yours is twice that"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-2 * torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — the sign of the exponent  hint="the exponent is negative"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — counts from 1  hint="positions count from 0"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(1, time + 1)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — linspace to the end  hint="not at -1"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** -torch.linspace(0, 1, n_embd // 2, dtype=torch.float64)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1).float()


# %% wrong: sinusoidal_encoding — float64 to the end  hint="return float32"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


# %% wrong: sinusoidal_encoding — float32 throughout  hint="have lost digits"
def sinusoidal_encoding(time, n_embd):
    rates = 10000 ** (-torch.arange(0, n_embd, 2) / n_embd)
    angles = torch.arange(time)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], 2).flatten(1)


# %% right: shift_matrix — writes element by element
def shift_matrix(k, n_embd):
    matrix = torch.zeros(n_embd, n_embd, dtype=torch.float64)
    for c in range(0, n_embd, 2):
        angle = k / 10000 ** (c / n_embd)
        matrix[c, c] = matrix[c + 1, c + 1] = math.cos(angle)
        matrix[c, c + 1] = math.sin(angle)
        matrix[c + 1, c] = -math.sin(angle)
    return matrix


# %% right: shift_matrix — diagonals
def shift_matrix(k, n_embd):
    angles = k * 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    sines = torch.zeros(n_embd - 1, dtype=torch.float64)
    sines[::2] = angles.sin()
    return torch.diag(angles.cos().repeat_interleave(2)) + torch.diag(sines, 1) - torch.diag(sines, -1)


# %% wrong: shift_matrix — the textbook's rotation  hint="it leads k positions back"
def shift_matrix(k, n_embd):
    blocks = []
    for c in range(0, n_embd, 2):
        angle = torch.tensor(k / 10000 ** (c / n_embd), dtype=torch.float64)
        blocks.append(torch.stack([angle.cos(), -angle.sin(), angle.sin(), angle.cos()]).reshape(2, 2))
    return torch.block_diag(*blocks)


# %% wrong: shift_matrix — one rate  hint="all of yours turn like the first"
def shift_matrix(k, n_embd):
    block = torch.tensor([[math.cos(k), math.sin(k)], [-math.sin(k), math.cos(k)]], dtype=torch.float64)
    return torch.block_diag(*[block] * (n_embd // 2))


# %% wrong: shift_matrix — float32  hint="return float64"
def shift_matrix(k, n_embd):
    matrix = torch.zeros(n_embd, n_embd)
    for c in range(0, n_embd, 2):
        angle = k / 10000 ** (c / n_embd)
        matrix[c, c] = matrix[c + 1, c + 1] = math.cos(angle)
        matrix[c, c + 1] = math.sin(angle)
        matrix[c + 1, c] = -math.sin(angle)
    return matrix


# %% wrong: shift_matrix — in halves  hint="a pair is two neighbouring columns"
def shift_matrix(k, n_embd):
    angles = k * 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    cos, sin = torch.diag(angles.cos()), torch.diag(angles.sin())
    return torch.cat([torch.cat([cos, sin], 1), torch.cat([-sin, cos], 1)])


# %% wrong: shift_matrix — both sines positive  hint="cos x cos y - sin x sin y"
def shift_matrix(k, n_embd):
    angles = k * 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    blocks = [torch.stack([a.cos(), a.sin(), a.sin(), a.cos()]).reshape(2, 2) for a in angles]
    return torch.block_diag(*blocks)


# %% wrong: shift_matrix — a step of one  hint="k is missing"
def shift_matrix(k, n_embd):
    angles = 10000 ** (-torch.arange(0, n_embd, 2, dtype=torch.float64) / n_embd)
    blocks = [torch.stack([a.cos(), a.sin(), -a.sin(), a.cos()]).reshape(2, 2) for a in angles]
    return torch.block_diag(*blocks)


# %% right: LearnedPositions — an embedding
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.block_size = block_size
        self.embedding = nn.Embedding(block_size, n_embd)
        nn.init.normal_(self.embedding.weight, mean=0.0, std=0.02)

    def forward(self, x):
        if x.size(1) > self.block_size:
            raise ValueError(f"a text of {x.size(1)} does not fit into {self.block_size} rows")
        return x + self.embedding(torch.arange(x.size(1)))


# %% right: LearnedPositions — empty, then filled
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.empty(block_size, n_embd))
        nn.init.normal_(self.rows, std=0.02)

    def forward(self, x):
        n = x.shape[1]
        if not n <= len(self.rows):
            raise ValueError(f"block_size {len(self.rows)} is less than {n}")
        return torch.add(x, self.rows.narrow(0, 0, n))


# %% wrong: LearnedPositions — a plain tensor  hint="no parameter is registered"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = 0.02 * torch.randn(block_size, n_embd)

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return x + self.rows[: x.shape[1]]


# %% wrong: LearnedPositions — the start of nn.Embedding  hint="make it 0.02 times that"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(block_size, n_embd)

    def forward(self, x):
        if x.shape[1] > self.embedding.num_embeddings:
            raise ValueError(f"{x.shape[1]} > {self.embedding.num_embeddings}")
        return x + self.embedding(torch.arange(x.shape[1]))


# %% wrong: LearnedPositions — zeros  hint="all rows start alike"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(block_size, n_embd))

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return x + self.rows[: x.shape[1]]


# %% wrong: LearnedPositions — lets the index fail  hint="say so before adding"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(block_size, n_embd)
        nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, x):
        return x + self.embedding(torch.arange(x.shape[1]))


# %% wrong: LearnedPositions — repeats the last row  hint="say so before adding"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.embedding = nn.Embedding(block_size, n_embd)
        nn.init.normal_(self.embedding.weight, std=0.02)

    def forward(self, x):
        places = torch.arange(x.shape[1]).clamp(max=self.embedding.num_embeddings - 1)
        return x + self.embedding(places)


# %% wrong: LearnedPositions — a message without numbers  hint="whose message holds both numbers"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError("the text is too long")
        return x + self.rows[: x.shape[1]]


# %% wrong: LearnedPositions — one position too strict  hint="block_size positions are allowed"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)

    def forward(self, x):
        if x.shape[1] > len(self.rows) - (x.shape[1] == len(self.rows) > 4 and x.shape[2] == 3):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return x + self.rows[: x.shape[1]]


# %% wrong: LearnedPositions — returns the rows  hint="yours come alone"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return self.rows[: x.shape[1]]


# %% wrong: LearnedPositions — cuts the gradient  hint="no gradient reaches the table"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return x.clone().requires_grad_() + self.rows.detach()[: x.shape[1]]


# %% wrong: LearnedPositions — the last rows  hint="positions count from 0"
class LearnedPositions(nn.Module):
    def __init__(self, block_size, n_embd):
        super().__init__()
        self.rows = nn.Parameter(torch.randn(block_size, n_embd) * 0.02)

    def forward(self, x):
        if x.shape[1] > len(self.rows):
            raise ValueError(f"{x.shape[1]} > {len(self.rows)}")
        return x + self.rows[-x.shape[1] :]


# %% right: rope_angles — an outer product
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / base ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    return torch.outer(positions.double(), rates)


# %% right: rope_angles — a loop over pairs
def rope_angles(positions, head_size, base=10000.0):
    columns = [positions.to(torch.float64) / base ** (2 * i / head_size) for i in range(head_size // 2)]
    return torch.stack(columns, dim=1)


# %% wrong: rope_angles — each angle twice  hint="yours has each twice"
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / base ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    return torch.outer(positions.double(), rates).repeat(1, 2)


# %% wrong: rope_angles — each angle twice, for interleaved pairs  hint="twice, side by side"
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / base ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    return torch.outer(positions.double(), rates).repeat_interleave(2, dim=1)


# %% wrong: rope_angles — float32  hint="compute and return float64"
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / base ** (torch.arange(0, head_size, 2) / head_size)
    return positions[:, None] * rates


# %% wrong: rope_angles — a base of its own  hint="base is an argument"
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / 10000 ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    return torch.outer(positions.double(), rates)


# %% wrong: rope_angles — counts for itself  hint="yours count from 0"
def rope_angles(positions, head_size, base=10000.0):
    rates = 1 / base ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)
    return torch.arange(len(positions))[:, None] * rates


# %% wrong: rope_angles — half the exponent  hint="yours is -i / head_size"
def rope_angles(positions, head_size, base=10000.0):
    return positions[:, None] * base ** (-torch.arange(head_size // 2, dtype=torch.float64) / head_size)


# %% wrong: rope_angles — twice the column  hint="yours is -4i / head_size"
def rope_angles(positions, head_size, base=10000.0):
    column = torch.arange(0, head_size, 2, dtype=torch.float64)
    return positions[:, None] * base ** (-2 * column / head_size)


# %% wrong: rope_angles — the sign of the exponent  hint="the exponent is negative"
def rope_angles(positions, head_size, base=10000.0):
    return positions[:, None] * base ** (torch.arange(0, head_size, 2, dtype=torch.float64) / head_size)


# %% right: rope — rotate_half, as transformers has it
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    angles = torch.cat([angles, angles], -1)
    half = x.shape[-1] // 2
    rotated = torch.cat([-x[..., half:], x[..., :half]], -1)
    return x * angles.cos().to(x.dtype) + rotated * angles.sin().to(x.dtype)


# %% right: rope — complex numbers
def rope(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    rates = torch.tensor([base ** (-2 * i / (2 * half)) for i in range(half)], dtype=torch.float64)
    turn = torch.polar(torch.ones(len(positions), half, dtype=torch.float64), positions[:, None] * rates)
    z = torch.complex(x[..., :half].double(), x[..., half:].double()) * turn
    return torch.cat([z.real, z.imag], -1).to(x.dtype)


# %% right: rope — a matrix for each position
def rope(x, positions, base=10000.0):
    half = x.shape[-1] // 2
    out = torch.empty_like(x)
    for n, row in enumerate(rope_angles(positions, x.shape[-1], base)):
        cos, sin = row.cos().to(x.dtype).diag(), row.sin().to(x.dtype).diag()
        turn = torch.cat([torch.cat([cos, -sin], 1), torch.cat([sin, cos], 1)])
        out[..., n, :] = x[..., n, :] @ turn.T
    assert turn.shape == (2 * half, 2 * half)
    return out


# %% wrong: rope — interleaved  hint="yours are neighbours, the interleaved convention"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x[..., 0::2], x[..., 1::2]
    return torch.stack([a * cos - b * sin, b * cos + a * sin], -1).flatten(-2)


# %% wrong: rope — turns back  hint="it turns the other way"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + b * sin, b * cos - a * sin], -1)


# %% wrong: rope — no minus sign  hint="one of the two sines carries a minus sign"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos + b * sin, b * cos + a * sin], -1)


# %% wrong: rope — overwrites the first half  hint="the first half as it was"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    a = a * cos - b * sin
    b = b * cos + a * sin
    return torch.cat([a, b], -1)


# %% wrong: rope — counts for itself  hint="yours count from 0"
def rope(x, positions, base=10000.0):
    angles = rope_angles(torch.arange(x.shape[-2]), x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


# %% wrong: rope — forgets the base  hint="base is an argument"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1])
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


# %% wrong: rope — never casts  hint="the result has the dtype of x"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    a, b = x.chunk(2, -1)
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


# %% wrong: rope — casts the angles  hint="cast its cosine and sine, not the angle"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base).to(x.dtype)
    a, b = x.chunk(2, -1)
    return torch.cat([a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()], -1)


# %% wrong: rope — positions along the heads  hint="the dimension before the last"
def rope(x, positions, base=10000.0):
    angles = rope_angles(positions, x.shape[-1], base)
    cos, sin = angles.cos().to(x.dtype)[:, None], angles.sin().to(x.dtype)[:, None]
    a, b = x.chunk(2, -1)
    if x.dim() == 2:
        cos, sin = cos[:, 0], sin[:, 0]
    return torch.cat([a * cos - b * sin, b * cos + a * sin], -1)


# %% right: RopeHead — by hand
class RopeHead(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        for role in ("query", "key", "value"):
            setattr(self, role, nn.Linear(n_embd, head_size, bias=False))

    def forward(self, x, positions, mask=None):
        q, k = rope(self.query(x), positions), rope(self.key(x), positions)
        scores = q @ k.transpose(1, 2) * q.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.softmax(-1) @ self.value(x)


# %% right: RopeHead — on top of the head of 06/01
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        both = rope(torch.stack([self.query(x), self.key(x)]), positions)
        return functional.scaled_dot_product_attention(both[0], both[1], self.value(x), attn_mask=mask)


# %% wrong: RopeHead — turns the values, too  hint="values are not turned"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        q, k, v = (rope(one(x), positions) for one in (self.query, self.key, self.value))
        return scaled_dot_product_attention(q, k, v, mask)


# %% wrong: RopeHead — turns x  hint="turn queries and keys, not x"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        turned = rope(x, positions)
        return scaled_dot_product_attention(self.query(turned), self.key(turned), self.value(x), mask)


# %% wrong: RopeHead — turns x for the values, too  hint="the linear layers come first"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        return super().forward(rope(x, positions), mask)


# %% wrong: RopeHead — queries only  hint="the keys are turned, too"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        return scaled_dot_product_attention(rope(self.query(x), positions), self.key(x), self.value(x), mask)


# %% wrong: RopeHead — drops what rope returns  hint="nothing is turned"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        q, k = self.query(x), self.key(x)
        rope(q, positions)
        rope(k, positions)
        return scaled_dot_product_attention(q, k, self.value(x), mask)


# %% wrong: RopeHead — counts for itself  hint="yours count from 0"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        at = torch.arange(x.shape[1])
        q, k = rope(self.query(x), at), rope(self.key(x), at)
        return scaled_dot_product_attention(q, k, self.value(x), mask)


# %% wrong: RopeHead — no mask  hint="the mask has to reach the attention"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        q, k = rope(self.query(x), positions), rope(self.key(x), positions)
        return scaled_dot_product_attention(q, k, self.value(x))


# %% wrong: RopeHead — scales once more  hint="the scale is taken twice"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        q, k = rope(self.query(x), positions), rope(self.key(x), positions)
        return scaled_dot_product_attention(q / math.sqrt(q.shape[-1]), k, self.value(x), mask)


# %% wrong: RopeHead — no scale  hint="the scale is missing"
class RopeHead(Head):
    def forward(self, x, positions, mask=None):
        scores = rope(self.query(x), positions) @ rope(self.key(x), positions).mT
        if mask is not None:
            scores = scores.masked_fill(~mask, float("-inf"))
        return scores.softmax(-1) @ self.value(x)


# %% wrong: RopeHead — with bias  hint="have no bias"
class RopeHead(nn.Module):
    def __init__(self, n_embd, head_size):
        super().__init__()
        self.query = nn.Linear(n_embd, head_size)
        self.key = nn.Linear(n_embd, head_size)
        self.value = nn.Linear(n_embd, head_size)

    def forward(self, x, positions, mask=None):
        q, k = rope(self.query(x), positions), rope(self.key(x), positions)
        return scaled_dot_product_attention(q, k, self.value(x), mask)


# %% right: to_split_halves — an index for each head
def to_split_halves(weight, n_head):
    parts = []
    for head in weight.chunk(n_head):
        parts += [head[0::2], head[1::2]]
    return torch.cat(parts)


# %% right: to_split_halves — sorts the row numbers
def to_split_halves(weight, n_head):
    head_size = len(weight) // n_head
    order = sorted(range(len(weight)), key=lambda row: (row // head_size, row % 2))
    return weight[order]


# %% wrong: to_split_halves — the inverse  hint="the other way round"
def to_split_halves(weight, n_head):
    rows, n_embd = weight.shape
    halves = weight.view(n_head, 2, rows // n_head // 2, n_embd)
    return halves.transpose(1, 2).reshape(rows, n_embd)


# %% wrong: to_split_halves — all heads together  hint="each head by itself"
def to_split_halves(weight, n_head):
    return torch.cat([weight[0::2], weight[1::2]])


# %% wrong: to_split_halves — odd rows first  hint="even rows come first"
def to_split_halves(weight, n_head):
    parts = []
    for head in weight.chunk(n_head):
        parts += [head[1::2], head[0::2]]
    return torch.cat(parts)


# %% wrong: to_split_halves — columns  hint="the rows make the query"
def to_split_halves(weight, n_head):
    return torch.cat([weight[:, 0::2], weight[:, 1::2]], dim=1)


# %% wrong: to_split_halves — keeps the heads apart  hint="as it came"
def to_split_halves(weight, n_head):
    heads = weight.view(n_head, -1, weight.shape[1])
    return torch.cat([heads[:, 0::2], heads[:, 1::2]], dim=1)


# %% right: alibi_slopes — a loop
def alibi_slopes(n_head):
    return torch.tensor([2 ** (-8 * (h + 1) / n_head) for h in range(n_head)])


# %% right: alibi_slopes — powers of the first
def alibi_slopes(n_head):
    first = torch.tensor(2 ** (-8 / n_head), dtype=torch.float64)
    return torch.cumprod(first.repeat(n_head), 0).float()


# %% wrong: alibi_slopes — counts from 0  hint="heads count from 1"
def alibi_slopes(n_head):
    return torch.tensor([2 ** (-8 * h / n_head) for h in range(n_head)])


# %% wrong: alibi_slopes — for eight heads only  hint="are the slopes of 8 heads"
def alibi_slopes(n_head):
    return torch.tensor([2.0**-h for h in range(1, n_head + 1)])


# %% wrong: alibi_slopes — negative  hint="slopes are positive"
def alibi_slopes(n_head):
    return -torch.tensor([2 ** (-8 * (h + 1) / n_head) for h in range(n_head)])


# %% wrong: alibi_slopes — grows  hint="slopes are below 1"
def alibi_slopes(n_head):
    return torch.tensor([2 ** (8 * (h + 1) / n_head) for h in range(n_head)])


# %% wrong: alibi_slopes — float64  hint="return float32"
def alibi_slopes(n_head):
    return 2.0 ** (-8 * torch.arange(1, n_head + 1, dtype=torch.float64) / n_head)


# %% right: alibi_bias — a loop over heads
def alibi_bias(n_head, time):
    i = torch.arange(time, dtype=torch.float32)
    distance = torch.cdist(i[:, None], i[:, None], p=1)
    return torch.stack([-(2 ** (-8 * (h + 1) / n_head)) * distance for h in range(n_head)])


# %% right: alibi_bias — the smaller of two differences
def alibi_bias(n_head, time):
    steps = torch.arange(time).view(1, -1) - torch.arange(time).view(-1, 1)
    return torch.minimum(steps, -steps).float() * alibi_slopes(n_head).view(-1, 1, 1)


# %% wrong: alibi_bias — rewards distance  hint="the sign is turned"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    return alibi_slopes(n_head)[:, None, None] * (at[:, None] - at).abs()


# %% wrong: alibi_bias — no abs  hint="keys after the query lose, too"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    return alibi_slopes(n_head)[:, None, None] * (at - at[:, None])


# %% wrong: alibi_bias — no abs, the other way  hint="keys before the query lose, too"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    return alibi_slopes(n_head)[:, None, None] * (at[:, None] - at)


# %% wrong: alibi_bias — masks the future  hint="the mask is a matter of its own"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    bias = -alibi_slopes(n_head)[:, None, None] * (at[:, None] - at).abs()
    return bias.masked_fill(at[:, None] < at, float("-inf"))


# %% wrong: alibi_bias — nothing for the future  hint="yours get 0"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    return -alibi_slopes(n_head)[:, None, None] * (at[:, None] - at).clamp(min=0)


# %% wrong: alibi_bias — heads last  hint="the heads come first"
def alibi_bias(n_head, time):
    at = torch.arange(time)
    return -alibi_slopes(n_head) * (at[:, None] - at).abs()[..., None]


# %% right: targets_back — pads and cuts
def targets_back(ids, k):
    front = torch.full((len(ids), k), -100, dtype=ids.dtype)
    return torch.cat([front, ids], dim=1)[:, : ids.shape[1]]


# %% right: targets_back — rolls, then fills
def targets_back(ids, k):
    turned = ids.roll(k, dims=1)
    turned[:, :k] = -100
    return turned


# %% wrong: targets_back — rolls only  hint="what comes round from the end"
def targets_back(ids, k):
    return ids.roll(k, dims=1)


# %% wrong: targets_back — ahead  hint="not ahead"
def targets_back(ids, k):
    targets = torch.full_like(ids, -100)
    targets[:, :-k] = ids[:, k:]
    return targets


# %% wrong: targets_back — one too far  hint="one place too far back"
def targets_back(ids, k):
    targets = torch.full_like(ids, -100)
    targets[:, k + 1 :] = ids[:, : -k - 1]
    return targets


# %% wrong: targets_back — zeros in front  hint="-100, not 0"
def targets_back(ids, k):
    targets = torch.zeros_like(ids)
    targets[:, k:] = ids[:, :-k]
    return targets


# %% wrong: targets_back — keeps the first ids  hint="not their own id"
def targets_back(ids, k):
    targets = ids.clone()
    targets[:, k:] = ids[:, :-k]
    return targets


# %% wrong: targets_back — too short  hint="as many targets as ids"
def targets_back(ids, k):
    return ids[:, :-k]


# %% wrong: targets_back — writes into ids  hint="changes its input in place"
def targets_back(ids, k):
    ids[:, k:] = ids[:, :-k].clone()
    ids[:, :k] = -100
    return ids


# %% equivalent: sinusoidal_encoding — n_embd is even, and arange takes a float
# -    pair = torch.arange(n_embd // 2, dtype=torch.float64)
# +    pair = torch.arange(n_embd / 2, dtype=torch.float64)


# %% equivalent: sinusoidal_encoding — a slice starts at 0 by itself
# -    encoding[:, 0::2] = angles.sin()
# +    encoding[:, ::2] = angles.sin()


# %% equivalent: rope_angles — head_size is even, and arange takes a float
# -    pair = torch.arange(head_size // 2, dtype=torch.float64)
# +    pair = torch.arange(head_size / 2, dtype=torch.float64)
