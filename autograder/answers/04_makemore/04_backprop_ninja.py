# %% right: likelihood_backward — one-hot rows
def likelihood_backward(probs, y):
    d = -functional.one_hot(y, probs.shape[1]).to(probs.dtype) / len(y)
    return d, d / probs


# %% right: likelihood_backward — row by row
def likelihood_backward(probs, y):
    dlog_probs, dprobs = torch.zeros_like(probs), torch.zeros_like(probs)
    for r, target in enumerate(y.tolist()):
        dlog_probs[r, target] = -1 / len(y)
        dprobs[r, target] = -1 / (len(y) * probs[r, target])
    return dlog_probs, dprobs


# %% wrong: likelihood_backward — forgets 1/n  hint="1/n is missing"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[torch.arange(len(y)), y] = -1.0
    return d, d / probs


# %% wrong: likelihood_backward — whole columns  hint="one place in each row"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[:, y] = -1 / len(y)
    return d, d / probs


# %% wrong: likelihood_backward — the sign  hint="the sign is turned"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[torch.arange(len(y)), y] = 1 / len(y)
    return d, d / probs


# %% wrong: likelihood_backward — the slope alone  hint="lacks what arrives from above"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[torch.arange(len(y)), y] = -1 / len(y)
    return d, 1 / probs


# %% wrong: likelihood_backward — every element  hint="every element got -1/n"
def likelihood_backward(probs, y):
    d = torch.full_like(probs, -1 / len(y))
    return d, d / probs


# %% wrong: likelihood_backward — multiplies by probs  hint="divide, do not multiply"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[torch.arange(len(y)), y] = -1 / len(y)
    return d, d * probs


# %% wrong: likelihood_backward — the mean over all elements  hint="not over all elements"
def likelihood_backward(probs, y):
    d = torch.zeros_like(probs)
    d[torch.arange(len(y)), y] = -1 / probs.numel()
    return d, d / probs


# %% right: normalization_backward — by the inverse
def normalization_backward(dprobs, counts):
    inv = 1 / counts.sum(dim=1, keepdim=True)
    d_inv = (counts * dprobs).sum(dim=1, keepdim=True)
    d_sum = -d_inv * inv * inv
    return d_inv, d_sum, dprobs * inv + torch.ones_like(counts) * d_sum


# %% right: normalization_backward — row by row
def normalization_backward(dprobs, counts):
    inverses, sums, each = [], [], []
    for d, row in zip(dprobs, counts, strict=True):
        total = row.sum()
        inverses.append((d @ row)[None])
        sums.append((-(d @ row) / total.square())[None])
        each.append(d / total + sums[-1])
    return torch.stack(inverses), torch.stack(sums), torch.stack(each)


# %% wrong: normalization_backward — direct way only  hint="the one through counts_sum is missing"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).sum(1, keepdim=True)
    return a, -a / s**2, dprobs / s


# %% wrong: normalization_backward — overwrites instead of adding  hint="the direct one is missing"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).sum(1, keepdim=True)
    b = -a / s**2
    dcounts = dprobs / s
    dcounts = torch.ones_like(counts) * b
    return a, b, dcounts


# %% wrong: normalization_backward — not summed back  hint="was broadcast along the row"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = dprobs * counts
    b = -a / s**2
    return a, b, dprobs / s + b


# %% wrong: normalization_backward — no sign  hint="the sign is missing"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).sum(1, keepdim=True)
    return a, a / s**2, dprobs / s + a / s**2


# %% wrong: normalization_backward — no square  hint="the square is missing"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).sum(1, keepdim=True)
    return a, -a / s, dprobs / s - a / s


# %% wrong: normalization_backward — the mean of the copies  hint="sum, not mean"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).mean(1, keepdim=True)
    return a, -a / s**2, dprobs / s - a / s**2


# %% wrong: normalization_backward — the slope alone  hint="lacks what arrives from above"
def normalization_backward(dprobs, counts):
    s = counts.sum(1, keepdim=True)
    a = (dprobs * counts).sum(1, keepdim=True)
    return a, -(s**-2), dprobs / s - s**-2


# %% right: exp_backward — one-hot for the largest
def exp_backward(dcounts, logits):
    counts = (logits - logits.amax(1, keepdim=True)).exp()
    d = dcounts * counts
    share = -d.sum(1, keepdim=True)
    return d, share, d + functional.one_hot(logits.argmax(1), logits.shape[1]) * share


# %% right: exp_backward — adds in place on a clone
def exp_backward(dcounts, logits):
    rows, place = torch.arange(len(logits)), logits.argmax(1)
    d = torch.exp(logits - logits[rows, place][:, None]) * dcounts
    share = d.sum(1).neg()
    whole = d.clone()
    whole[rows, place] += share
    return d, share[:, None], whole


# %% wrong: exp_backward — forgets the maximum's way  hint="through the maximum is missing"
def exp_backward(dcounts, logits):
    d = dcounts * (logits - logits.max(1, keepdim=True).values).exp()
    return d, -d.sum(1, keepdim=True), d


# %% wrong: exp_backward — assumes zero  hint="only if the loss does not depend"
def exp_backward(dcounts, logits):
    d = dcounts * (logits - logits.max(1, keepdim=True).values).exp()
    return d, torch.zeros_like(d[:, :1]), d


# %% wrong: exp_backward — the whole row  hint="one place of each row"
def exp_backward(dcounts, logits):
    d = dcounts * (logits - logits.max(1, keepdim=True).values).exp()
    m = -d.sum(1, keepdim=True)
    return d, m, d + m


# %% wrong: exp_backward — the sign of the subtraction  hint="its slope is -1"
def exp_backward(dcounts, logits):
    top, place = logits.max(1, keepdim=True)
    d = dcounts * (logits - top).exp()
    m = d.sum(1, keepdim=True)
    return d, m, d.scatter_add(1, place, m)


# %% wrong: exp_backward — no slope of exp  hint="the slope of exp is exp"
def exp_backward(dcounts, logits):
    place = logits.argmax(1, keepdim=True)
    m = -dcounts.sum(1, keepdim=True)
    return dcounts, m, dcounts.scatter_add(1, place, m)


# %% wrong: exp_backward — exp of the logits  hint="the maximum subtracted"
def exp_backward(dcounts, logits):
    place = logits.argmax(1, keepdim=True)
    d = dcounts * logits.exp()
    m = -d.sum(1, keepdim=True)
    return d, m, d.scatter_add(1, place, m)


# %% wrong: exp_backward — adds to what it returns  hint="to a clone"
def exp_backward(dcounts, logits):
    rows, place = torch.arange(len(logits)), logits.argmax(1)
    d = dcounts * (logits - logits.max(1, keepdim=True).values).exp()
    m = -d.sum(1, keepdim=True)
    dlogits = d
    dlogits[rows, place] += m[:, 0]
    return d, m, dlogits


# %% wrong: exp_backward — replaces  hint="do not replace it"
def exp_backward(dcounts, logits):
    top, place = logits.max(1, keepdim=True)
    d = dcounts * (logits - top).exp()
    m = -d.sum(1, keepdim=True)
    return d, m, d.scatter(1, place, m)


# %% right: cross_entropy_backward — subtracts one place of each row
def cross_entropy_backward(logits, y):
    d = torch.softmax(logits, dim=1)
    d[torch.arange(len(y)), y] -= 1
    d /= len(y)
    return d


# %% right: cross_entropy_backward — softmax from parts, scatter
def cross_entropy_backward(logits, y):
    powers = torch.exp(logits - logits.amax(1, keepdim=True))
    probs = powers / powers.sum(1, keepdim=True)
    ones = torch.zeros_like(logits).scatter(1, y[:, None], 1.0)
    return (probs - ones) / logits.shape[0]


# %% wrong: cross_entropy_backward — no 1/n  hint="1/n is missing"
def cross_entropy_backward(logits, y):
    return logits.softmax(1) - functional.one_hot(y, logits.shape[1])


# %% wrong: cross_entropy_backward — whole columns  hint="whole columns"
def cross_entropy_backward(logits, y):
    d = logits.softmax(1)
    d[:, y] -= 1
    return d / len(y)


# %% wrong: cross_entropy_backward — the sign  hint="softmax minus one-hot"
def cross_entropy_backward(logits, y):
    return (functional.one_hot(y, logits.shape[1]) - logits.softmax(1)) / len(y)


# %% wrong: cross_entropy_backward — overflows  hint="exp of a large logit is infinite"
def cross_entropy_backward(logits, y):
    powers = logits.exp()
    return (powers / powers.sum(1, keepdim=True) - functional.one_hot(y, logits.shape[1])) / len(y)


# %% wrong: cross_entropy_backward — softmax over the batch  hint="softmax over dimension 1"
def cross_entropy_backward(logits, y):
    return (logits.softmax(0) - functional.one_hot(y, logits.shape[1])) / len(y)


# %% wrong: cross_entropy_backward — 1/n for one of two  hint="1/n belongs to the one-hot rows"
def cross_entropy_backward(logits, y):
    return logits.softmax(1) / len(y) - functional.one_hot(y, logits.shape[1])


# %% right: linear_backward — einsum
def linear_backward(dout, x, W):
    dx = torch.einsum("no,io->ni", dout, W)
    dW = torch.einsum("ni,no->io", x, dout)
    return dx, dW, torch.einsum("no->o", dout)


# %% right: linear_backward — adds up the rows
def linear_backward(dout, x, W):
    dW, db = torch.zeros_like(W), torch.zeros_like(W[0])
    for row, d in zip(x, dout, strict=True):
        dW += torch.outer(row, d)
        db += d
    return (W @ dout.T).T, dW, db


# %% wrong: linear_backward — bias not summed  hint="b was broadcast over the rows"
def linear_backward(dout, x, W):
    return dout @ W.T, x.T @ dout, dout


# %% wrong: linear_backward — 1/n again  hint="no 1/n here"
def linear_backward(dout, x, W):
    return dout @ W.T, x.T @ dout / len(x), dout.mean(0)


# %% wrong: linear_backward — mean for the bias  hint="sum, not mean"
def linear_backward(dout, x, W):
    return dout @ W.T, x.T @ dout, dout.mean(0)


# %% wrong: linear_backward — keepdim  hint="no keepdim"
def linear_backward(dout, x, W):
    return dout @ W.T, x.T @ dout, dout.sum(0, keepdim=True)


# %% wrong: linear_backward — the weight transposed  hint="transposed"
def linear_backward(dout, x, W):
    return dout @ W.T, dout.T @ x, dout.sum(0)


# %% right: tanh_backward — as a product
def tanh_backward(dh, h):
    return (1 - h) * (1 + h) * dh


# %% right: tanh_backward — subtracts
def tanh_backward(dh, h):
    return dh - dh * h.square()


# %% wrong: tanh_backward — tanh twice  hint="no tanh here"
def tanh_backward(dh, h):
    return dh * (1 - torch.tanh(h) ** 2)


# %% wrong: tanh_backward — the slope alone  hint="what arrives from above is missing"
def tanh_backward(dh, h):
    return 1 - h**2


# %% wrong: tanh_backward — no square  hint="the square is missing"
def tanh_backward(dh, h):
    return dh * (1 - h)


# %% wrong: tanh_backward — the sigmoid's  hint="logistic sigmoid"
def tanh_backward(dh, h):
    return dh * h * (1 - h)


# %% right: affine_backward — einsum
def affine_backward(dhpreact, bnraw, gain):
    return gain * dhpreact, torch.einsum("nh,nh->h", dhpreact, bnraw), torch.einsum("nh->h", dhpreact)


# %% right: affine_backward — a row of ones
def affine_backward(dhpreact, bnraw, gain):
    ones = torch.ones(len(bnraw), dtype=bnraw.dtype)
    return dhpreact @ torch.diag(gain), ones @ (bnraw * dhpreact), ones @ dhpreact


# %% wrong: affine_backward — not summed back  hint="gain and shift were broadcast"
def affine_backward(dhpreact, bnraw, gain):
    return dhpreact * gain, dhpreact * bnraw, dhpreact


# %% wrong: affine_backward — means  hint="sum, not mean"
def affine_backward(dhpreact, bnraw, gain):
    return dhpreact * gain, (dhpreact * bnraw).mean(0), dhpreact.mean(0)


# %% wrong: affine_backward — keepdim  hint="no keepdim"
def affine_backward(dhpreact, bnraw, gain):
    return dhpreact * gain, (dhpreact * bnraw).sum(0, keepdim=True), dhpreact.sum(0, keepdim=True)


# %% wrong: affine_backward — passes dhpreact through  hint="the slope in bnraw is gain"
def affine_backward(dhpreact, bnraw, gain):
    return dhpreact, (dhpreact * bnraw).sum(0), dhpreact.sum(0)


# %% wrong: affine_backward — gain's gradient without bnraw  hint="the slope in gain is bnraw"
def affine_backward(dhpreact, bnraw, gain):
    return dhpreact * gain, dhpreact.sum(0), dhpreact.sum(0)


# %% right: variance_backward — by the variance itself
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    v = bnvar_inv**-2
    d_inv = (bndiff * dbnraw).sum(0, keepdim=True)
    d_var = d_inv * -0.5 * v**-1.5
    return d_inv, d_var, torch.ones_like(bndiff) / (bndiff.shape[0] - correction) * d_var


# %% right: variance_backward — repeats the row
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    n = len(dbnraw)
    first = torch.einsum("nh,nh->h", dbnraw, bndiff)[None]
    second = -first * bnvar_inv * bnvar_inv * bnvar_inv / 2
    return first, second, (second / (n - correction)).repeat(n, 1)


# %% wrong: variance_backward — always n − 1  hint="n - 1 for n"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv**3 * a
    return a, b, b.expand_as(bndiff) / (len(bndiff) - 1)


# %% wrong: variance_backward — always n  hint="n for n - 1"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv**3 * a
    return a, b, b.expand_as(bndiff) / len(bndiff)


# %% wrong: variance_backward — no 1/n  hint="that factor is missing"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv**3 * a
    return a, b, b * torch.ones_like(bndiff)


# %% wrong: variance_backward — one row for the squares  hint="a sum goes backward to every row"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv**3 * a
    return a, b, b / (len(bndiff) - correction)


# %% wrong: variance_backward — not summed back  hint="was broadcast over the batch"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = dbnraw * bndiff
    b = -0.5 * bnvar_inv**3 * a
    return a, b, b / (len(bndiff) - correction)


# %% wrong: variance_backward — the power of the variance  hint="is already"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv**1.5 * a
    return a, b, b.expand_as(bndiff) / (len(bndiff) - correction)


# %% wrong: variance_backward — the wrong power  hint="the third power"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = -0.5 * bnvar_inv * a
    return a, b, b.expand_as(bndiff) / (len(bndiff) - correction)


# %% wrong: variance_backward — a variance without eps  hint="eps is inside"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    m = len(bndiff) - correction
    v = (bndiff**2).sum(0, keepdim=True) / m
    b = -0.5 * v**-1.5 * a
    return a, b, b.expand_as(bndiff) / m


# %% wrong: variance_backward — the sign  hint="is negative"
def variance_backward(dbnraw, bndiff, bnvar_inv, correction=0):
    a = (dbnraw * bndiff).sum(0, keepdim=True)
    b = 0.5 * bnvar_inv**3 * a
    return a, b, b.expand_as(bndiff) / (len(bndiff) - correction)


# %% right: mean_backward — subtracts a mean
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = bnvar_inv * dbnraw + dbndiff2 * bndiff * 2
    return d, d.sum(0, keepdim=True).neg(), d - d.mean(0, keepdim=True)


# %% right: mean_backward — row by row
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    rows = [r * bnvar_inv[0] + q * c + q * c for r, q, c in zip(dbnraw, dbndiff2, bndiff, strict=True)]
    total = sum(rows)
    return torch.stack(rows), -total[None], torch.stack([row - total / len(rows) for row in rows])


# %% wrong: mean_backward — forgets the square's way  hint="through its square is missing"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv
    m = -d.sum(0, keepdim=True)
    return d, m, d + m / len(d)


# %% wrong: mean_backward — overwrites the direct way  hint="the direct one, into bnraw, is missing"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv
    d = 2 * bndiff * dbndiff2
    m = -d.sum(0, keepdim=True)
    return d, m, d + m / len(d)


# %% wrong: mean_backward — no 1/n  hint="1/n is missing on the way to hprebn"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    m = -d.sum(0, keepdim=True)
    return d, m, d + m


# %% wrong: mean_backward — forgets the mean's way  hint="the one through the mean is missing"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    return d, -d.sum(0, keepdim=True), d


# %% wrong: mean_backward — assumes that the mean never feels the square  hint="the mean feels the square"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    m = -(dbnraw * bnvar_inv).sum(0, keepdim=True)
    return d, m, d + m / len(d)


# %% wrong: mean_backward — the sign of the subtraction  hint="its slope is -1"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    m = d.sum(0, keepdim=True)
    return d, m, d + m / len(d)


# %% wrong: mean_backward — a mean too early  hint="1/n comes on the way to hprebn"
def mean_backward(dbnraw, dbndiff2, bndiff, bnvar_inv):
    d = dbnraw * bnvar_inv + 2 * bndiff * dbndiff2
    m = -d.mean(0, keepdim=True)
    return d, m, d + m


# %% right: batchnorm_backward — the lecture's form
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    n = len(dhpreact)
    along = n / (n - correction) * bnraw * (dhpreact * bnraw).sum(0)
    return gain * bnvar_inv / n * (n * dhpreact - dhpreact.sum(0) - along)


# %% right: batchnorm_backward — step by step
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    bndiff = bnraw / bnvar_inv
    dbnraw = gain * dhpreact
    dbnvar = -0.5 * bnvar_inv**3 * (dbnraw * bndiff).sum(0)
    dbndiff = dbnraw * bnvar_inv + 2 * bndiff * dbnvar / (len(bnraw) - correction)
    return dbndiff - dbndiff.mean(0)


# %% wrong: batchnorm_backward — statistics as constants  hint="taken for constants"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    return dhpreact * gain * bnvar_inv


# %% wrong: batchnorm_backward — no way through the variance  hint="the way through the variance is missing"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d = dhpreact * gain
    return bnvar_inv * (d - d.mean(0))


# %% wrong: batchnorm_backward — no way through the mean  hint="the way through the mean is missing"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d = dhpreact * gain
    return bnvar_inv * (d - bnraw * (d * bnraw).sum(0) / (len(d) - correction))


# %% wrong: batchnorm_backward — always n − 1  hint="n - 1 for n"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d = dhpreact * gain
    return bnvar_inv * (d - d.mean(0) - bnraw * (d * bnraw).sum(0) / (len(d) - 1))


# %% wrong: batchnorm_backward — always n  hint="n for n - 1"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d = dhpreact * gain
    return bnvar_inv * (d - d.mean(0) - bnraw * (d * bnraw).mean(0))


# %% wrong: batchnorm_backward — corrects the mean, too  hint="whatever the correction"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d, m = dhpreact * gain, len(dhpreact) - correction
    return bnvar_inv * (d - d.sum(0) / m - bnraw * (d * bnraw).sum(0) / m)


# %% wrong: batchnorm_backward — sums for means  hint="1/n is missing"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d = dhpreact * gain
    return bnvar_inv * (d - d.sum(0) - bnraw * (d * bnraw).sum(0))


# %% wrong: batchnorm_backward — no gain  hint="gain is missing"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d, m = dhpreact, len(dhpreact) - correction
    return bnvar_inv * (d - d.mean(0) - bnraw * (d * bnraw).sum(0) / m)


# %% wrong: batchnorm_backward — not divided by the deviation  hint="bnvar_inv is missing"
def batchnorm_backward(dhpreact, bnraw, gain, bnvar_inv, correction=0):
    d, m = dhpreact * gain, len(dhpreact) - correction
    return d - d.mean(0) - bnraw * (d * bnraw).sum(0) / m


# %% right: embedding_backward — a loop that adds
def embedding_backward(dembcat, x, vocab_size):
    n, block_size = x.shape
    demb = dembcat.view(n, block_size, -1)
    dC = torch.zeros(vocab_size, demb.shape[2], dtype=dembcat.dtype)
    for r in range(n):
        for k in range(block_size):
            dC[x[r, k]] += demb[r, k]
    return dC


# %% right: embedding_backward — one-hot rows
def embedding_backward(dembcat, x, vocab_size):
    one_hot = functional.one_hot(x, vocab_size).to(dembcat.dtype)
    return torch.einsum("nkv,nke->ve", one_hot, dembcat.reshape(*x.shape, -1))


# %% right: embedding_backward — index_put with accumulate
def embedding_backward(dembcat, x, vocab_size):
    demb = dembcat.unflatten(1, (x.shape[1], -1))
    dC = demb.new_zeros(vocab_size, demb.shape[-1])
    return dC.index_put_((x,), demb, accumulate=True)


# %% wrong: embedding_backward — overwrites  hint="overwrites its row"
def embedding_backward(dembcat, x, vocab_size):
    demb = dembcat.reshape(*x.shape, -1)
    dC = torch.zeros(vocab_size, demb.shape[2], dtype=demb.dtype)
    dC[x] = demb
    return dC


# %% wrong: embedding_backward — += by an index  hint="overwrites its row"
def embedding_backward(dembcat, x, vocab_size):
    demb = dembcat.reshape(*x.shape, -1)
    dC = torch.zeros(vocab_size, demb.shape[2], dtype=demb.dtype)
    dC[x] += demb
    return dC


# %% wrong: embedding_backward — += position by position  hint="at the same position of two contexts"
def embedding_backward(dembcat, x, vocab_size):
    demb = dembcat.reshape(*x.shape, -1)
    dC = torch.zeros(vocab_size, demb.shape[2], dtype=demb.dtype)
    for k in range(x.shape[1]):
        dC[x[:, k]] += demb[:, k]
    return dC


# %% wrong: embedding_backward — cuts the rows wrongly  hint="is cut up wrongly"
def embedding_backward(dembcat, x, vocab_size):
    n, block_size = x.shape
    demb = dembcat.reshape(n, -1, block_size).transpose(1, 2).flatten(0, 1)
    return torch.zeros(vocab_size, demb.shape[1], dtype=demb.dtype).index_add(0, x.flatten(), demb)


# %% wrong: embedding_backward — the mean of the occurrences  hint="sum, not mean"
def embedding_backward(dembcat, x, vocab_size):
    demb = dembcat.reshape(x.numel(), -1)
    dC = torch.zeros(vocab_size, demb.shape[1], dtype=demb.dtype).index_add(0, x.flatten(), demb)
    return dC / torch.bincount(x.flatten(), minlength=vocab_size).clamp(min=1)[:, None]


# %% wrong: embedding_backward — rows for letters that occur  hint="also those that do not occur"
def embedding_backward(dembcat, x, vocab_size):
    one_hot = functional.one_hot(x.flatten()).to(dembcat.dtype)
    return one_hot.T @ dembcat.reshape(len(one_hot), -1)


# %% right: mlp_backward — without the other exercises
def mlp_backward(params, steps, x, y):
    n = len(y)
    d = (steps["probs"] - functional.one_hot(y, len(params["b2"]))) / n
    grads = {"W2": steps["h"].T @ d, "b2": d.sum(0)}
    d = (d @ params["W2"].T) * (1 - steps["h"] ** 2)
    grads |= {"gain": (d * steps["bnraw"]).sum(0), "shift": d.sum(0)}
    d = d * params["gain"]
    d = steps["bnvar_inv"] * (d - d.mean(0) - steps["bnraw"] * (d * steps["bnraw"]).mean(0))
    grads["W1"] = steps["embcat"].T @ d
    demb = (d @ params["W1"].T).reshape(steps["emb"].shape)
    grads["C"] = torch.zeros_like(params["C"]).index_put((x,), demb, accumulate=True)
    return grads


# %% right: mlp_backward — by the long chain
def mlp_backward(params, steps, x, y):
    _, dprobs = likelihood_backward(steps["probs"], y)
    _, _, dcounts = normalization_backward(dprobs, steps["counts"])
    _, _, dlogits = exp_backward(dcounts, steps["logits"])
    dh, dW2, db2 = linear_backward(dlogits, steps["h"], params["W2"])
    d, dgain, dshift = affine_backward(tanh_backward(dh, steps["h"]), steps["bnraw"], params["gain"])
    _, _, dbndiff2 = variance_backward(d, steps["bndiff"], steps["bnvar_inv"])
    _, _, dhprebn = mean_backward(d, dbndiff2, steps["bndiff"], steps["bnvar_inv"])
    dembcat, dW1, _ = linear_backward(dhprebn, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, params["C"].shape[0])
    return dict(C=dC, W1=dW1, gain=dgain, shift=dshift, W2=dW2, b2=db2)


# %% wrong: mlp_backward — no tanh  hint="the slope of tanh is missing"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    _, dgain, dshift = affine_backward(dh, steps["bnraw"], params["gain"])
    d = batchnorm_backward(dh, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    dembcat, dW1, _ = linear_backward(d, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% wrong: mlp_backward — statistics as constants  hint="taken for constants"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    d, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    dembcat, dW1, _ = linear_backward(d * steps["bnvar_inv"], steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% wrong: mlp_backward — BatchNorm gets dbnraw  hint="gain is in there twice"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    dbnraw, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    d = batchnorm_backward(dbnraw, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    dembcat, dW1, _ = linear_backward(d, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% wrong: mlp_backward — the unbiased variance  hint="yours has n - 1"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    _, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    d = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"], 1)
    dembcat, dW1, _ = linear_backward(d, steps["embcat"], params["W1"])
    dC = embedding_backward(dembcat, x, len(params["C"]))
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% wrong: mlp_backward — forgets the embedding  hint="C is missing in the dict"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    _, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    d = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    _, dW1, _ = linear_backward(d, steps["embcat"], params["W1"])
    return {"W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% wrong: mlp_backward — embedding rows overwritten  hint="they do not overwrite"
def mlp_backward(params, steps, x, y):
    dh, dW2, db2 = linear_backward(cross_entropy_backward(steps["logits"], y), steps["h"], params["W2"])
    dhpreact = tanh_backward(dh, steps["h"])
    _, dgain, dshift = affine_backward(dhpreact, steps["bnraw"], params["gain"])
    d = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"])
    dembcat, dW1, _ = linear_backward(d, steps["embcat"], params["W1"])
    dC = torch.zeros_like(params["C"])
    dC[x] += dembcat.reshape(steps["emb"].shape)
    return {"C": dC, "W1": dW1, "gain": dgain, "shift": dshift, "W2": dW2, "b2": db2}


# %% right: train_step — lerp and a loop
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads, stepped = mlp_backward(params, steps, x, y), {}
    for name in params:
        stepped[name] = torch.sub(params[name], grads[name], alpha=lr)
    now = {"mean": steps["hprebn"].mean(0), "var": steps["hprebn"].var(0)}
    return stepped, {k: torch.lerp(running[k], now[k], momentum) for k in running}, float(steps["loss"])


# %% right: train_step — clones, then in place
def train_step(params, running, x, y, lr, momentum=0.1):
    params = {name: value.clone() for name, value in params.items()}
    mean, var = running["mean"].clone(), running["var"].clone()
    steps = forward(params, x, y)
    for name, grad in mlp_backward(params, steps, x, y).items():
        params[name] -= lr * grad
    mean += momentum * (steps["bnmeani"].squeeze(0) - mean)
    var += momentum * (steps["bndiff2"].sum(0) / (len(x) - 1) - var)
    return params, {"mean": mean, "var": var}, steps["loss"].item()


# %% wrong: train_step — uphill  hint="uphill"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["hprebn"].mean(0), "var": steps["hprebn"].var(0)}
    return (
        {k: v + lr * grads[k] for k, v in params.items()},
        {k: torch.lerp(v, now[k], momentum) for k, v in running.items()},
        steps["loss"].item(),
    )


# %% wrong: train_step — the biased variance  hint="takes the unbiased variance"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][0]}
    return (
        {k: v - lr * grads[k] for k, v in params.items()},
        {k: torch.lerp(v, now[k], momentum) for k, v in running.items()},
        steps["loss"].item(),
    )


# %% wrong: train_step — momentum the other way round  hint="momentum is the weight of the new batch"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["hprebn"].mean(0), "var": steps["hprebn"].var(0)}
    return (
        {k: v - lr * grads[k] for k, v in params.items()},
        {k: momentum * v + (1 - momentum) * now[k] for k, v in running.items()},
        steps["loss"].item(),
    )


# %% wrong: train_step — momentum the other way round, and the biased variance  hint="1 - momentum to the old value"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][0]}
    return (
        {k: v - lr * grads[k] for k, v in params.items()},
        {k: momentum * v + (1 - momentum) * now[k] for k, v in running.items()},
        steps["loss"].item(),
    )


# %% wrong: train_step — a tensor for the loss  hint="as a Python float"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["hprebn"].mean(0), "var": steps["hprebn"].var(0)}
    return (
        {k: v - lr * grads[k] for k, v in params.items()},
        {k: torch.lerp(v, now[k], momentum) for k, v in running.items()},
        steps["loss"],
    )


# %% wrong: train_step — in place  hint="changes its input in place"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    for name, grad in mlp_backward(params, steps, x, y).items():
        params[name] -= lr * grad
    now = {"mean": steps["hprebn"].mean(0), "var": steps["hprebn"].var(0)}
    return params, {k: torch.lerp(v, now[k], momentum) for k, v in running.items()}, steps["loss"].item()


# %% wrong: train_step — keeps a dimension  hint="have shape (n_hidden,)"
def train_step(params, running, x, y, lr, momentum=0.1):
    steps = forward(params, x, y)
    grads = mlp_backward(params, steps, x, y)
    now = {"mean": steps["bnmeani"], "var": steps["bnvar"] * len(y) / (len(y) - 1)}
    return (
        {k: v - lr * grads[k] for k, v in params.items()},
        {k: (1 - momentum) * v + momentum * now[k] for k, v in running.items()},
        steps["loss"].item(),
    )


# %% equivalent: mlp_backward — gain and bnvar_inv are both factors of every term, so they may change places
# -    dhprebn = batchnorm_backward(dhpreact, steps["bnraw"], params["gain"], steps["bnvar_inv"])
# +    dhprebn = batchnorm_backward(dhpreact, steps["bnraw"], steps["bnvar_inv"], params["gain"])


# %% equivalent: train_step — the mean has one row, the first and the last
# -    batch = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][0] * n / (n - 1)}  # (n_hidden,) each
# +    batch = {"mean": steps["bnmeani"][-1], "var": steps["bnvar"][0] * n / (n - 1)}  # (n_hidden,) each


# %% equivalent: train_step — the variance has one row, the first and the last
# -    batch = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][0] * n / (n - 1)}  # (n_hidden,) each
# +    batch = {"mean": steps["bnmeani"][0], "var": steps["bnvar"][-1] * n / (n - 1)}  # (n_hidden,) each
