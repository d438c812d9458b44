# %% right: split_names — one comprehension for each part
def split_names(names):
    def digit(name):
        return str(int.from_bytes(hashlib.sha256(bytes(name, "utf-8")).digest(), "big"))[-1]

    return (
        [name for name in names if digit(name) in "01234567"],
        [name for name in names if digit(name) == "8"],
        [name for name in names if digit(name) == "9"],
    )


# %% right: split_names — a dict of parts
def split_names(names):
    parts = {part: [] for part in ("train", "dev", "test")}
    for name in names:
        last = int(hashlib.sha256(name.encode("utf-8")).hexdigest(), base=16) % 10
        parts[{8: "dev", 9: "test"}.get(last, "train")].append(name)
    return tuple(parts.values())


# %% wrong: split_names — shuffles and cuts  hint="a shuffled list can put the same name into two parts"
def split_names(names):
    shuffled = list(names)
    random.Random(42).shuffle(shuffled)
    a, b = int(0.8 * len(names)), int(0.9 * len(names))
    return shuffled[:a], shuffled[a:b], shuffled[b:]


# %% wrong: split_names — cuts the list as it is  hint="not by its place in the list"
def split_names(names):
    a, b = int(0.8 * len(names)), int(0.9 * len(names))
    return names[:a], names[a:b], names[b:]


# %% wrong: split_names — test before dev  hint="in this order"
def split_names(names):
    parts = [[], [], []]
    for name in names:
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[0 if digit < 8 else 10 - digit].append(name)
    return tuple(parts)


# %% wrong: split_names — the last hexadecimal digit  hint="not the last hexadecimal one"
def split_names(names):
    digits = [int(hashlib.sha256(name.encode()).hexdigest()[-1], 16) for name in names]
    pairs = list(zip(names, digits))
    return [n for n, d in pairs if d not in (8, 9)], [n for n, d in pairs if d == 8], [n for n, d in pairs if d == 9]


# %% wrong: split_names — sorted  hint="keep the order of the names"
def split_names(names):
    parts = [[], [], []]
    for name in sorted(names):
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(digit - 7, 0)].append(name)
    return tuple(parts)


# %% wrong: split_names — each name once  hint="a name that is listed twice counts twice"
def split_names(names):
    parts = [[], [], []]
    for name in dict.fromkeys(names):
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(digit - 7, 0)].append(name)
    return tuple(parts)


# %% wrong: split_names — every tenth place  hint="each name's own digit decides, not its place in the list"
def split_names(names):
    parts = [[], [], []]
    for i, name in enumerate(names):
        parts[max(i % 10 - 7, 0)].append(name)
    return tuple(parts)


# %% wrong: split_names — a list of three  hint="a tuple of three lists: yours is a list"
def split_names(names):
    parts = [[], [], []]
    for name in names:
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(digit - 7, 0)].append(name)
    return parts


# %% wrong: split_names — each name once, in a list of three  hint="each name as often as it is listed, and a tuple"
def split_names(names):
    parts = [[], [], []]
    for name in dict.fromkeys(names):
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(digit - 7, 0)].append(name)
    return parts


# %% wrong: split_names — each name once, in the order of a set  hint="a set has no order"
def split_names(names):
    parts = [[], [], []]
    for name in sorted(set(names)):
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        parts[max(digit - 7, 0)].append(name)
    return tuple(parts)


# %% wrong: split_names — digit 8 is trained on  hint="digit 8 is dev, not train"
def split_names(names):
    train, dev, test = [], [], []
    for name in names:
        digit = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        if digit <= 8:
            train.append(name)
        elif digit == 8:
            dev.append(name)
        else:
            test.append(name)
    return train, dev, test


# %% right: build_vocab — collects with a loop
def build_vocab(names):
    found = []
    for name in names:
        for letter in name:
            if letter not in found:
                found.append(letter)
    found.sort()
    found.insert(0, ".")
    return dict(zip(found, range(len(found)))), found


# %% right: build_vocab — counts the ids itself
def build_vocab(names):
    stoi, itos = {".": 0}, ["."]
    for letter in sorted({letter for name in names for letter in name}):
        stoi[letter] = len(itos)
        itos += [letter]
    return stoi, itos


# %% wrong: build_vocab — the order of appearance  hint="in sorted order after the dot"
def build_vocab(names):
    itos = [".", *dict.fromkeys("".join(names))]
    return {c: i for i, c in enumerate(itos)}, itos


# %% wrong: build_vocab — the alphabet  hint="only characters that occur"
def build_vocab(names):
    itos = list(".abcdefghijklmnopqrstuvwxyz")
    return {c: i for i, c in enumerate(itos)}, itos


# %% wrong: build_vocab — no dot  hint="is missing: it gets id 0"
def build_vocab(names):
    itos = sorted(set("".join(names)))
    return {c: i for i, c in enumerate(itos)}, itos


# %% wrong: build_vocab — the dot at the end  hint="not the last id"
def build_vocab(names):
    itos = sorted(set("".join(names))) + ["."]
    return {c: i for i, c in enumerate(itos)}, itos


# %% wrong: build_vocab — sorts the dot with the rest  hint="even where other characters sort before it"
def build_vocab(names):
    itos = sorted(set("".join(names) + "."))
    return {c: i for i, c in enumerate(itos)}, itos


# %% wrong: build_vocab — itos as a dict  hint="itos is a list"
def build_vocab(names):
    stoi = {c: i + 1 for i, c in enumerate(sorted(set("".join(names))))}
    stoi["."] = 0
    return dict(sorted(stoi.items(), key=lambda item: item[1])), {i: c for c, i in sorted(stoi.items(), key=lambda item: item[1])}


# %% wrong: build_vocab — the other way round  hint="first stoi, then itos"
def build_vocab(names):
    itos = [".", *sorted(set("".join(names)))]
    return itos, {c: i for i, c in enumerate(itos)}


# %% wrong: build_vocab — itos without the dot  hint="itos holds the dot, too"
def build_vocab(names):
    letters = sorted(set("".join(names)))
    return {".": 0, **{c: i + 1 for i, c in enumerate(letters)}}, letters


# %% right: bigrams — name by name with zip
def bigrams(names, stoi):
    xs, ys = [], []
    for name in names:
        word = ["."] + list(name) + ["."]
        for one, two in zip(word, word[1:]):
            xs.append(stoi[one])
            ys.append(stoi[two])
    return torch.tensor(xs), torch.tensor(ys)


# %% right: bigrams — a tensor for each name, joined
def bigrams(names, stoi):
    ids = [torch.tensor([0] + [stoi[c] for c in name] + [0]) for name in names]
    return torch.cat([one[:-1] for one in ids]), torch.cat([one[1:] for one in ids])


# %% wrong: bigrams — letters only  hint="both ends are missing"
def bigrams(names, stoi):
    pairs = [(stoi[a], stoi[b]) for name in names for a, b in zip(name, name[1:])]
    return torch.tensor([a for a, _ in pairs], dtype=torch.int64), torch.tensor([b for _, b in pairs], dtype=torch.int64)


# %% wrong: bigrams — no start  hint="the start is missing"
def bigrams(names, stoi):
    pairs = [(stoi[a], stoi[b]) for name in names for a, b in zip(name, name[1:] + ".")]
    return torch.tensor([a for a, _ in pairs]), torch.tensor([b for _, b in pairs])


# %% wrong: bigrams — no end  hint="the end is missing"
def bigrams(names, stoi):
    pairs = [(stoi[a], stoi[b]) for name in names for a, b in zip("." + name, name)]
    return torch.tensor([a for a, _ in pairs]), torch.tensor([b for _, b in pairs])


# %% wrong: bigrams — runs on from name to name  hint="no pair crosses"
def bigrams(names, stoi):
    ids = torch.tensor([stoi[c] for c in "".join(names)])
    return ids[:-1], ids[1:]


# %% wrong: bigrams — two dots between names  hint="the pair (., .) between two names is none"
def bigrams(names, stoi):
    ids = torch.tensor([stoi[c] for c in "".join("." + name + "." for name in names)])
    return ids[:-1], ids[1:]


# %% wrong: bigrams — turned  hint="x comes first, y follows it"
def bigrams(names, stoi):
    ids = torch.tensor([stoi[c] for c in "." + ".".join(names) + "."])
    return ids[1:], ids[:-1]


# %% wrong: bigrams — one tensor of pairs  hint="not one of shape (n, 2)"
def bigrams(names, stoi):
    ids = torch.tensor([stoi[c] for c in "." + ".".join(names) + "."])
    return torch.stack([ids[:-1], ids[1:]], dim=1)


# %% wrong: bigrams — ids from the alphabet  hint="expected"
def bigrams(names, stoi):
    ids = torch.tensor([0 if c == "." else ord(c) - 96 for c in "." + ".".join(names) + "."])
    return ids[:-1], ids[1:]


# %% wrong: bigrams — floats  hint="ids are integers, int64"
def bigrams(names, stoi):
    ids = torch.tensor([float(stoi[c]) for c in "." + ".".join(names) + "."])
    return ids[:-1], ids[1:]


# %% right: count_bigrams — a loop
def count_bigrams(x, y, vocab_size):
    counts = torch.zeros((vocab_size, vocab_size), dtype=torch.int64)
    for i, j in zip(x.tolist(), y.tolist()):
        counts[i, j] += 1
    return counts


# %% right: count_bigrams — index_put_ that accumulates
def count_bigrams(x, y, vocab_size):
    counts = torch.zeros(vocab_size, vocab_size, dtype=torch.long)
    return counts.index_put_((x, y), torch.ones_like(x), accumulate=True)


# %% right: count_bigrams — a product of one-hot tables
def count_bigrams(x, y, vocab_size):
    one, two = functional.one_hot(x, vocab_size), functional.one_hot(y, vocab_size)
    return one.T @ two


# %% wrong: count_bigrams — adds to a copy  hint="adds one to a place once"
def count_bigrams(x, y, vocab_size):
    counts = torch.zeros(vocab_size, vocab_size, dtype=torch.int64)
    counts[x, y] += 1
    return counts


# %% wrong: count_bigrams — turned  hint="x is the row, y the column"
def count_bigrams(x, y, vocab_size):
    return torch.bincount(y * vocab_size + x, minlength=vocab_size**2).view(vocab_size, vocab_size)


# %% wrong: count_bigrams — floats  hint="counts are whole numbers, int64"
def count_bigrams(x, y, vocab_size):
    counts = torch.zeros(vocab_size, vocab_size)
    for i, j in zip(x, y):
        counts[i, j] += 1
    return counts


# %% wrong: count_bigrams — flat  hint="not flat"
def count_bigrams(x, y, vocab_size):
    return torch.bincount(x * vocab_size + y, minlength=vocab_size**2)


# %% wrong: count_bigrams — bincount stops early  hint="is invalid for input of size"
def count_bigrams(x, y, vocab_size):
    return torch.bincount(x * vocab_size + y).view(vocab_size, vocab_size)


# %% wrong: count_bigrams — both directions  hint="in one direction"
def count_bigrams(x, y, vocab_size):
    counts = torch.zeros(vocab_size, vocab_size, dtype=torch.int64)
    for i, j in zip(x.tolist(), y.tolist()):
        counts[i, j] += 1
        counts[j, i] += 1
    return counts


# %% wrong: count_bigrams — as large as the ids it met  hint="expected"
def count_bigrams(x, y, vocab_size):
    size = int(max(x.max(), y.max())) + 1 if len(x) else 0
    return torch.bincount(x * size + y, minlength=size**2).view(size, size)


# %% right: bigram_probs — row by row
def bigram_probs(counts, smoothing=0.0):
    out = torch.empty(counts.shape)
    for i, row in enumerate(counts):
        weights = row.double() + smoothing
        out[i] = weights / weights.sum()
    return out


# %% right: bigram_probs — functional.normalize
def bigram_probs(counts, smoothing=0.0):
    return functional.normalize(counts.double() + smoothing, p=1, dim=1).float()


# %% right: bigram_probs — in place, on a copy of floats
def bigram_probs(counts, smoothing=0.0):
    table = counts.clone().float()
    table += smoothing
    table /= table.sum(1)[:, None]
    return table


# %% wrong: bigram_probs — no keepdim  hint="the sums lost their dimension"
def bigram_probs(counts, smoothing=0.0):
    table = (counts + smoothing).float()
    return table / table.sum(1)


# %% wrong: bigram_probs — columns  hint="the columns sum to one: "
def bigram_probs(counts, smoothing=0.0):
    table = counts + float(smoothing)
    return table / table.sum(0, keepdim=True)


# %% wrong: bigram_probs — the whole table  hint="not the whole table"
def bigram_probs(counts, smoothing=0.0):
    table = counts + float(smoothing)
    return table / table.sum()


# %% wrong: bigram_probs — no smoothing  hint="smoothing is an argument: yours adds nothing"
def bigram_probs(counts, smoothing=0.0):
    return counts / counts.sum(1, keepdim=True).clamp(min=1)


# %% wrong: bigram_probs — always adds one  hint="without smoothing nothing is added"
def bigram_probs(counts, smoothing=0.0):
    table = counts + 1
    return table / table.sum(1, keepdim=True)


# %% wrong: bigram_probs — sums of the bare counts  hint="rows sum to more than one"
def bigram_probs(counts, smoothing=0.0):
    return (counts + float(smoothing)) / counts.sum(1, keepdim=True)


# %% wrong: bigram_probs — smoothing once in the sum  hint="the row sum grows by vocab_size times that"
def bigram_probs(counts, smoothing=0.0):
    return (counts + float(smoothing)) / (counts.sum(1, keepdim=True) + smoothing)


# %% wrong: bigram_probs — smooths probabilities  hint="not to the probabilities"
def bigram_probs(counts, smoothing=0.0):
    table = counts / counts.sum(1, keepdim=True) + smoothing
    return table / table.sum(1, keepdim=True)


# %% wrong: bigram_probs — only zeros are smoothed  hint="not only to zeros"
def bigram_probs(counts, smoothing=0.0):
    table = torch.where(counts == 0, float(smoothing), counts.float())
    return table / table.sum(1, keepdim=True)


# %% wrong: bigram_probs — in place on integers  hint="in place cannot turn them into fractions"
def bigram_probs(counts, smoothing=0.0):
    counts += smoothing
    counts /= counts.sum(1, keepdim=True)
    return counts


# %% wrong: bigram_probs — softmax of counts  hint="softmax would take exp"
def bigram_probs(counts, smoothing=0.0):
    return (counts + float(smoothing)).softmax(1)


# %% right: negative_log_likelihood — a loop
def negative_log_likelihood(probs, x, y):
    return sum(-torch.log(probs[i, j]) for i, j in zip(x, y)) / len(x)


# %% right: negative_log_likelihood — nll_loss of the logarithms
def negative_log_likelihood(probs, x, y):
    return functional.nll_loss(torch.log(probs)[x], y)


# %% right: negative_log_likelihood — gather
def negative_log_likelihood(probs, x, y):
    picked = probs[x].gather(1, y.unsqueeze(1)).squeeze(1)
    return torch.mean(-torch.log(picked))


# %% wrong: negative_log_likelihood — the sum  hint="not the sum"
def negative_log_likelihood(probs, x, y):
    return -probs[x, y].log().sum()


# %% wrong: negative_log_likelihood — no minus  hint="a loss is positive"
def negative_log_likelihood(probs, x, y):
    return probs[x, y].log().mean()


# %% wrong: negative_log_likelihood — every y after every x  hint="pair x[i] with y[i]"
def negative_log_likelihood(probs, x, y):
    return -probs[x][:, y].log().mean()


# %% wrong: negative_log_likelihood — log of the mean  hint="not the logarithm of the mean"
def negative_log_likelihood(probs, x, y):
    return -probs[x, y].mean().log()


# %% wrong: negative_log_likelihood — row and column turned  hint="x is the row, y the column"
def negative_log_likelihood(probs, x, y):
    return -probs[y, x].log().mean()


# %% wrong: negative_log_likelihood — hides the infinite loss  hint="the answer here is inf"
def negative_log_likelihood(probs, x, y):
    return -probs[x, y].clamp(min=1e-8).log().mean()


# %% wrong: negative_log_likelihood — adds an epsilon  hint="something was added inside the logarithm"
def negative_log_likelihood(probs, x, y):
    return -(probs[x, y] + 1e-8).log().mean()


# %% wrong: negative_log_likelihood — leaves impossible pairs out  hint="leaving it out flatters the model"
def negative_log_likelihood(probs, x, y):
    p = probs[x, y]
    return -p[p > 0].log().mean()


# %% wrong: negative_log_likelihood — over all cells  hint="nan: pick the probabilities first"
def negative_log_likelihood(probs, x, y):
    size = len(probs)
    counts = torch.bincount(x * size + y, minlength=size**2).view(size, size)
    return -(counts * probs.log()).sum() / len(x)


# %% wrong: negative_log_likelihood — bits  hint="yours is in bits"
def negative_log_likelihood(probs, x, y):
    return -probs[x, y].log2().mean()


# %% wrong: negative_log_likelihood — a float  hint="not a float"
def negative_log_likelihood(probs, x, y):
    return -probs[x, y].log().mean().item()


# %% right: sample_names — ids first, then letters
def sample_names(probs, itos, count, generator):
    def ids():
        i = 0
        while i := int(torch.multinomial(probs[i], num_samples=1, generator=generator)):
            yield i

    return ["".join(itos[i] for i in ids()) for _ in range(count)]


# %% right: sample_names — writes all into one string
def sample_names(probs, itos, count, generator):
    text, here = [], 0
    done = 0
    while done < count:
        here = torch.multinomial(probs[here], 1, generator=generator)[0].item()
        text.append(itos[here])
        done += here == 0
    return "".join(text).split(".")[:count]


# %% wrong: sample_names — keeps the dot  hint="the closing dot is no part"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            name += itos[i]
            if i == 0:
                break
        out.append(name)
    return out


# %% wrong: sample_names — the likeliest letter  hint="every call gives the same names"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            i = int(probs[i].argmax())
            if i == 0:
                break
            name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — another generator  hint="draw from the generator that is passed"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            i = torch.multinomial(probs[i], 1).item()
            if i == 0:
                break
            name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — seeds inside  hint="do not seed inside"
def sample_names(probs, itos, count, generator):
    generator = torch.Generator().manual_seed(0)
    out = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — cannot write an empty name  hint="expected"
def sample_names(probs, itos, count, generator):
    out = []
    while len(out) < count:
        i, name = 0, ""
        for _ in range(100):
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
        out.append(name or "a")
    return out


# %% wrong: sample_names — drops empty names  hint="an empty name is a name too, and must be returned"
def sample_names(probs, itos, count, generator):
    out = []
    while len(out) < count:
        i, name = 0, ""
        while True:
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
        if name:
            out.append(name)
    return out


# %% wrong: sample_names — draws again until there is a letter  hint="an empty name is a name too, and must be returned"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        i, name = 0, ""
        while i != 0 or not name:
            i = probs[i].multinomial(1, generator=generator).item()
            if i != 0:
                name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — always from row 0  hint="the row of the next draw is the letter just drawn"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        name = ""
        while i := torch.multinomial(probs[0], 1, generator=generator).item():
            name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — the likeliest letter, and no empty names  hint="no end after 0 draws"
def sample_names(probs, itos, count, generator):
    out = []
    while len(out) < count:
        i, name = int(probs[0].argmax()), ""
        while i != 0:
            name += itos[i]
            i = int(probs[i].argmax())
        if name:
            out.append(name)
    return out


# %% wrong: sample_names — drops the first letter  hint="its first letter is missing"
def sample_names(probs, itos, count, generator):
    out = []
    for _ in range(count):
        name = ""
        i = torch.multinomial(probs[0], 1, generator=generator).item()
        while i != 0:
            i = torch.multinomial(probs[i], 1, generator=generator).item()
            if i != 0:
                name += itos[i]
        out.append(name)
    return out


# %% wrong: sample_names — one string  hint="not one string"
def sample_names(probs, itos, count, generator):
    text = ""
    for _ in range(count):
        i = torch.multinomial(probs[0], 1, generator=generator).item()
        while i != 0:
            text += itos[i]
            i = torch.multinomial(probs[i], 1, generator=generator).item()
    return text


# %% wrong: sample_names — flattens the rows  hint="softmax would flatten them"
def sample_names(probs, itos, count, generator):
    certain = bool(((probs == 0) | (probs == 1)).all())
    out = []
    for _ in range(count):
        i, name = 0, ""
        while True:
            row = probs[i] if certain else probs[i].softmax(0)
            i = torch.multinomial(row, 1, generator=generator).item()
            if i == 0:
                break
            name += itos[i]
        out.append(name)
    return out


# %% right: choose_smoothing — keeps the best so far
def choose_smoothing(counts, dev_x, dev_y, strengths):
    best, least = strengths[0], math.inf
    for s in strengths:
        loss = float(negative_log_likelihood(bigram_probs(counts, s), dev_x, dev_y))
        if loss < least:
            best, least = s, loss
    return best


# %% right: choose_smoothing — min with a key, in float64
def choose_smoothing(counts, dev_x, dev_y, strengths):
    def dev_loss(s):
        table = counts.double() + s
        logs = (table / table.sum(1, keepdim=True)).log()
        return -logs[dev_x, dev_y].sum().item()

    return min(strengths, key=dev_loss)


# %% wrong: choose_smoothing — by the counted pairs  hint="judge by the dev pairs"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    x, y = counts.nonzero().T
    n = counts[x, y]
    return min(strengths, key=lambda s: -(n * bigram_probs(counts, s)[x, y].log()).sum().item())


# %% wrong: choose_smoothing — by the counted pairs, each once  hint="judge by the dev pairs"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    x, y = counts.nonzero(as_tuple=True)
    return min(strengths, key=lambda s: negative_log_likelihood(bigram_probs(counts, s), x, y))


# %% wrong: choose_smoothing — the largest loss  hint="not the largest"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    return max(strengths, key=lambda s: negative_log_likelihood(bigram_probs(counts, s), dev_x, dev_y).item())


# %% wrong: choose_smoothing — the loss  hint="return the strength, not its loss"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    table = [bigram_probs(counts.double(), s) for s in strengths]
    return min(negative_log_likelihood(one.double(), dev_x, dev_y).item() for one in table)


# %% wrong: choose_smoothing — its place  hint="not its place in the list"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    losses = [negative_log_likelihood(bigram_probs(counts, s), dev_x, dev_y).item() for s in strengths]
    return losses.index(min(losses))


# %% wrong: choose_smoothing — stops at the first rise  hint="expected"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    best, least = strengths[0], math.inf
    for s in strengths:
        loss = negative_log_likelihood(bigram_probs(counts, s), dev_x, dev_y).item()
        if loss > least:
            return best
        best, least = s, loss
    return best


# %% wrong: choose_smoothing — one, as usual  hint="expected"
def choose_smoothing(counts, dev_x, dev_y, strengths):
    return 1.0


# %% right: one_step_loss — by hand, with logsumexp
def one_step_loss(W, x, y, weight_decay=0.0):
    z = W[x]
    chosen = z[torch.arange(len(x)), y]
    return (torch.logsumexp(z, 1) - chosen).mean() + weight_decay * W.square().mean()


# %% right: one_step_loss — a matrix product of one-hot rows
def one_step_loss(W, x, y, weight_decay=0.0):
    logits = functional.one_hot(x, len(W)).to(W.dtype) @ W
    log_probs = logits - logits.logsumexp(-1, keepdim=True)
    loss = -(log_probs * functional.one_hot(y, len(W))).sum() / len(x)
    return loss + weight_decay * torch.sum(W * W) / W.numel()


# %% right: one_step_loss — normalises the table once
def one_step_loss(W, x, y, weight_decay=0.0):
    table = torch.log_softmax(W, dim=1)
    return weight_decay * torch.mean(W * W) - table[x, y].mean()


# %% wrong: one_step_loss — the sum  hint="not the sum"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x], y, reduction="sum") + weight_decay * (W**2).mean()


# %% wrong: one_step_loss — no decay  hint="weight_decay makes no difference"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x], y)


# %% wrong: one_step_loss — the sum of the squares  hint="not their sum"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x], y) + weight_decay * (W**2).sum()


# %% wrong: one_step_loss — half the squares  hint="without a half"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x], y) + weight_decay * (W**2).mean() / 2


# %% wrong: one_step_loss — softmax twice  hint="softmax once"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x].softmax(1), y) + weight_decay * (W**2).mean()


# %% wrong: one_step_loss — columns  hint="yours took a column"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[:, x].T, y) + weight_decay * (W**2).mean()


# %% wrong: one_step_loss — exp overflows  hint="exp overflows"
def one_step_loss(W, x, y, weight_decay=0.0):
    counts = W.exp()
    probs = counts / counts.sum(1, keepdim=True)
    return -probs[x, y].log().mean() + weight_decay * (W**2).mean()


# %% wrong: one_step_loss — a float  hint="a float cannot be differentiated"
def one_step_loss(W, x, y, weight_decay=0.0):
    return (functional.cross_entropy(W[x], y) + weight_decay * (W**2).mean()).item()


# %% wrong: one_step_loss — decay without a gradient  hint="decay must reach the gradient"
def one_step_loss(W, x, y, weight_decay=0.0):
    return functional.cross_entropy(W[x], y) + weight_decay * (W.detach() ** 2).mean()


# %% wrong: one_step_loss — only the rows in x  hint="not only of the rows in x"
def one_step_loss(W, x, y, weight_decay=0.0):
    logits = W[x]
    return functional.cross_entropy(logits, y) + weight_decay * (logits**2).mean()


# %% right: train_bigram — backward, and a fresh leaf each step
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W = torch.zeros((vocab_size, vocab_size))
    losses = []
    for _ in range(steps):
        leaf = W.clone().requires_grad_()
        loss = one_step_loss(leaf, x, y, weight_decay)
        loss.backward()
        losses += [float(loss)]
        W = W - lr * leaf.grad
    return W, losses


# %% right: train_bigram — its own loss, W.grad cleared by hand
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W = torch.full((vocab_size, vocab_size), 0.0, requires_grad=True)
    history = []
    for step in range(steps):
        W.grad = None
        value = functional.cross_entropy(W[x], y) + weight_decay * W.pow(2).sum() / vocab_size**2
        value.backward()
        W.data.sub_(lr * W.grad)
        history.append(value.detach().item())
    return W.detach().clone(), history


# %% wrong: train_bigram — gradients pile up  hint="gradients pile up"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            W -= lr * W.grad
    return W.detach(), losses


# %% wrong: train_bigram — uphill  hint="uphill"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W += lr * slope
    return W.detach(), losses


# %% wrong: train_bigram — still attached  hint="it still requires grad"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return W, losses


# %% wrong: train_bigram — losses first  hint="first W, then the losses"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return losses, W.detach()


# %% wrong: train_bigram — keeps losses as tensors  hint="not as tensors"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.detach())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return W.detach(), losses


# %% wrong: train_bigram — no no_grad  hint="a leaf Variable that requires grad"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        W -= lr * slope
    return W.detach(), losses


# %% wrong: train_bigram — decay is not passed on  hint="passed on to the loss"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return W.detach(), losses


# %% wrong: train_bigram — the loss after each step  hint="the loss before each step"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        (slope,) = torch.autograd.grad(one_step_loss(W, x, y, weight_decay), W)
        with torch.no_grad():
            W -= lr * slope
        losses.append(one_step_loss(W, x, y, weight_decay).item())
    return W.detach(), losses


# %% wrong: train_bigram — a random start  hint="expected"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.randn(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= lr * slope
    return W.detach(), losses


# %% wrong: train_bigram — without lr  hint="lr is missing"
def train_bigram(x, y, vocab_size, lr, steps, weight_decay=0.0):
    W, losses = torch.zeros(vocab_size, vocab_size, requires_grad=True), []
    for _ in range(steps):
        loss = one_step_loss(W, x, y, weight_decay)
        losses.append(loss.item())
        (slope,) = torch.autograd.grad(loss, W)
        with torch.no_grad():
            W -= slope
    return W.detach(), losses
