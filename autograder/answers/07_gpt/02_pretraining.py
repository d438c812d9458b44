# %% right: get_batch — a loop over windows
def get_batch(tokens, batch, block_size, generator, starts=None):
    room = len(tokens) - block_size
    allowed = [p for p in (range(room) if starts is None else starts.tolist()) if p < room]
    if not allowed:
        raise ValueError("no window fits")
    drawn = [allowed[k] for k in torch.randint(0, len(allowed), (batch,), generator=generator).tolist()]
    x = torch.stack([tokens[p : p + block_size] for p in drawn])
    y = torch.stack([tokens[p + 1 : p + 1 + block_size] for p in drawn])
    return x.to(torch.int64), y.to(torch.int64)


# %% right: get_batch — a view of all windows
def get_batch(tokens, batch, block_size, generator, starts=None):
    if len(tokens) <= block_size:
        raise ValueError("too short")
    windows = tokens.long().unfold(0, block_size + 1, 1)  # (n - block_size, block_size + 1)
    if starts is not None:
        windows = windows[starts[starts < len(windows)]]
    if len(windows) == 0:
        raise ValueError("no start leaves room")
    rows = windows[torch.randint(len(windows), (batch,), generator=generator)]
    return rows[:, :-1], rows[:, 1:]


# %% wrong: get_batch — y is x  hint="y is x itself"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    x = tokens[begin[:, None] + torch.arange(block_size)].long()
    return x, x


# %% wrong: get_batch — the last window is left out  hint="the last window is never drawn"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(max(len(places) - 1, 1), (batch,), generator=generator)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — torch's own generator  hint="draw from the generator that is passed"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (batch,))]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — targets roll round  hint="the last target of a row is the token after the window"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    x = tokens[begin[:, None] + torch.arange(block_size)].long()
    return x, x.roll(-1, dims=1)


# %% wrong: get_batch — keeps the tokens' dtype  hint="ids are int64"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)]
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — starts without room  hint="IndexError"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — one window for the whole batch  hint="all windows of a batch are the same one"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    begin = places[torch.randint(len(places), (1,), generator=generator)].expand(batch)
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — reseeds  hint="two batches in a row are the same"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    if not len(places):
        raise ValueError
    own = torch.Generator().manual_seed(generator.initial_seed())
    begin = places[torch.randint(len(places), (batch,), generator=own)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% wrong: get_batch — no room is not refused  hint="a corpus without room for one window"
def get_batch(tokens, batch, block_size, generator, starts=None):
    n = len(tokens) - block_size
    places = torch.arange(max(n, 0)) if starts is None else starts[starts < n]
    begin = places[torch.randint(len(places), (batch,), generator=generator)]
    windows = tokens[begin[:, None] + torch.arange(block_size + 1)].long()
    return windows[:, :-1], windows[:, 1:]


# %% right: estimate_loss — log-softmax and a mask
@torch.no_grad()
def estimate_loss(model, batches):
    mode = model.training
    model.train(False)
    parts, n = [], 0
    for x, y in batches:
        real = y >= 0
        log_probs = model(x).log_softmax(-1)[real]
        parts.append(-log_probs[torch.arange(len(log_probs)), y[real]].sum())
        n += real.sum().item()
    model.train(mode)
    return (sum(parts) / n).item()


# %% right: estimate_loss — all losses in one row
def estimate_loss(model, batches):
    training, rows = model.training, []
    model.eval()
    with torch.inference_mode():
        for x, y in batches:
            logits = model(x).transpose(1, 2)  # classes in dimension 1
            rows.append(functional.cross_entropy(logits, y, reduction="none")[y != -100])
    if training:
        model.train()
    return torch.cat(rows).mean().item()


# %% wrong: estimate_loss — a mean of means  hint="gives short batches too much"
@torch.no_grad()
def estimate_loss(model, batches):
    mode = model.training
    model.eval()
    means = [
        functional.cross_entropy(model(x).flatten(0, 1), y.flatten()) for x, y in batches if (y >= 0).any()
    ]
    model.train(mode)
    return torch.stack(means).mean().item()


# %% wrong: estimate_loss — in the mode it came in  hint="evaluation mode"
@torch.no_grad()
def estimate_loss(model, batches):
    total, count = 0.0, 0
    for x, y in batches:
        total += functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        count += (y >= 0).sum().item()
    return total / count


# %% wrong: estimate_loss — leaves the model in evaluation mode  hint="the mode is not restored"
@torch.no_grad()
def estimate_loss(model, batches):
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        total += functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        count += (y >= 0).sum().item()
    return total / count


# %% wrong: estimate_loss — always back to training  hint="the mode is not restored"
@torch.no_grad()
def estimate_loss(model, batches):
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        total += functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        count += (y >= 0).sum().item()
    model.train()
    return total / count


# %% wrong: estimate_loss — records gradients  hint="gradients are recorded"
def estimate_loss(model, batches):
    mode = model.training
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        total += functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        count += (y >= 0).sum().item()
    model.train(mode)
    return total / count


# %% wrong: estimate_loss — divides by all places  hint="divide by their number, not by all places"
@torch.no_grad()
def estimate_loss(model, batches):
    mode = model.training
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        total += functional.cross_entropy(model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
        count += y.numel()
    model.train(mode)
    return total / count


# %% wrong: estimate_loss — a batch without targets  hint="a batch without targets has no mean"
@torch.no_grad()
def estimate_loss(model, batches):
    mode = model.training
    model.eval()
    total, count = 0.0, 0
    for x, y in batches:
        n = (y >= 0).sum().item()
        total += n * functional.cross_entropy(model(x).flatten(0, 1), y.flatten()).item()
        count += n
    model.train(mode)
    return total / count


# %% right: excess — masks
def excess(losses, nats, kinds):
    names = sorted(set(kinds))
    index = torch.tensor([names.index(kind) for kind in kinds])
    paid = torch.zeros(len(names), dtype=torch.float64).index_add_(0, index, (losses - nats).double())
    return dict(zip(names, (paid / nats.sum()).tolist()))


# %% right: excess — one kind after the other
def excess(losses, nats, kinds):
    out = {}
    for one in set(kinds):
        here = [i for i, kind in enumerate(kinds) if kind == one]
        out[one] = ((losses[here].sum() - nats[here].sum()) / nats.sum()).item()
    return out


# %% wrong: excess — divides by the kind's own floor  hint="a share of the whole floor, not of what this kind"
def excess(losses, nats, kinds):
    out = {}
    for one in set(kinds):
        here = [i for i, kind in enumerate(kinds) if kind == one]
        least = nats[here].sum().item()
        paid = (losses[here].sum() - nats[here].sum()).item()
        out[one] = paid / least if least else float("inf")
    return out


# %% wrong: excess — nats, not a share  hint="a share of the floor: divide by the sum of nats"
def excess(losses, nats, kinds):
    out = dict.fromkeys(kinds, 0.0)
    for paid, kind in zip((losses - nats).tolist(), kinds):
        out[kind] += paid
    return out


# %% wrong: excess — nats per token  hint="you divided by the number of tokens"
def excess(losses, nats, kinds):
    out = dict.fromkeys(kinds, 0.0)
    for paid, kind in zip((losses - nats).tolist(), kinds):
        out[kind] += paid / len(kinds)
    return out


# %% wrong: excess — a share of what is paid  hint="not of what the model pays"
def excess(losses, nats, kinds):
    out = dict.fromkeys(kinds, 0.0)
    for paid, kind in zip((losses - nats).tolist(), kinds):
        out[kind] += paid / losses.sum().item()
    return out


# %% wrong: excess — the floor is not subtracted  hint="subtract nats"
def excess(losses, nats, kinds):
    out = dict.fromkeys(kinds, 0.0)
    for paid, kind in zip(losses.tolist(), kinds):
        out[kind] += paid / nats.sum().item()
    return out


# %% wrong: excess — luck does not count  hint="counts with its minus sign"
def excess(losses, nats, kinds):
    out = dict.fromkeys(kinds, 0.0)
    for paid, kind in zip((losses - nats).clamp(min=0).tolist(), kinds):
        out[kind] += paid / nats.sum().item()
    return out


# %% equivalent: excess — there are as many kinds as losses: the exercise says so
# -    for too_much, kind in zip((losses - nats).tolist(), kinds, strict=True):
# +    for too_much, kind in zip((losses - nats).tolist(), kinds):


# %% equivalent: excess — there are as many kinds as losses: the exercise says so
# -    for too_much, kind in zip((losses - nats).tolist(), kinds, strict=True):
# +    for too_much, kind in zip((losses - nats).tolist(), kinds, strict=False):


# %% right: train_step — sums of losses, divided by all targets
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    model.zero_grad()
    rows, losses = len(x) // accumulate, []
    for k in range(0, len(x), rows):
        logits = model(x[k : k + rows])
        part = functional.cross_entropy(logits.transpose(1, 2), y[k : k + rows], reduction="sum") / y.numel()
        part.backward()
        losses.append(part.item())
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return sum(losses), float(norm)


# %% right: train_step — scales and clips by hand
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad(set_to_none=True)
    total = 0.0
    for part_x, part_y in zip(torch.tensor_split(x, accumulate), torch.tensor_split(y, accumulate)):
        loss = functional.cross_entropy(model(part_x).flatten(0, 1), part_y.flatten())
        loss.backward()
        total += float(loss)
    grads = [p.grad for p in model.parameters() if p.grad is not None]
    for grad in grads:
        grad /= accumulate
    norm = torch.sqrt(sum((grad**2).sum() for grad in grads)).item()
    if norm > clip:
        for grad in grads:
            grad *= clip / norm
    optimizer.step()
    return total / accumulate, norm


# %% wrong: train_step — the gradient is too long  hint="divide each part's loss by accumulate"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten())
        loss.backward()
        total += loss.item() / accumulate
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — one backward for all parts  hint="call backward for each part"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    parts = zip(x.chunk(accumulate), y.chunk(accumulate))
    loss = sum(functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) for a, b in parts) / accumulate
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item(), norm.item()


# %% wrong: train_step — forgets old gradients  hint="old gradients took part"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — zero_grad for each part  hint="only the last part's gradient is left"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — clips each part  hint="cut once, after the last backward"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — clips each part, and all of it  hint="a part's gradient is not the batch's"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — clips each part by itself  hint="a part's gradient is not the batch's"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total, parameters = 0.0, list(model.parameters())
    summed = [torch.zeros_like(p) for p in parameters]
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        model.zero_grad()
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, clip)
        for one, p in zip(summed, parameters):
            one += p.grad / accumulate
        total += loss.item() / accumulate
    for one, p in zip(summed, parameters):
        p.grad = one
    norm = nn.utils.clip_grad_norm_(parameters, clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — every accumulate-th row  hint="a part is of consecutive rows"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for i in range(accumulate):
        a, b = x[i::accumulate], y[i::accumulate]
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — the last part first  hint="in the order of the batch"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for a, b in reversed(list(zip(x.chunk(accumulate), y.chunk(accumulate)))):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return total, norm.item()


# %% wrong: train_step — clips after the step  hint="the gradients are not cut"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten()) / accumulate
        loss.backward()
        total += loss.item()
    optimizer.step()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    return total, norm.item()


# %% wrong: train_step — the last part's loss  hint="add up over the parts"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten())
        (loss / accumulate).backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item(), norm.item()


# %% wrong: train_step — the whole batch at once  hint="the whole batch went through the model at once"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    optimizer.zero_grad()
    loss = functional.cross_entropy(model(x).flatten(0, 1), y.flatten())
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimizer.step()
    return loss.item(), norm.item()


# %% wrong: train_step — an update for each part  hint="one update for the whole batch"
def train_step(model, optimizer, x, y, accumulate=1, clip=1.0):
    total = 0.0
    for a, b in zip(x.chunk(accumulate), y.chunk(accumulate)):
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(a).flatten(0, 1), b.flatten())
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        total += loss.item() / accumulate
    return total, norm.item()


# %% equivalent: train_step — x and y have as many rows, so as many parts
# -    for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
# +    for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate)):


# %% equivalent: train_step — x and y have as many rows, so as many parts
# -    for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate), strict=True):
# +    for part_x, part_y in zip(x.chunk(accumulate), y.chunk(accumulate), strict=False):


# %% right: lr_schedule — sine of the other half
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return (step + 1) * (lr / warmup)
    if step < steps:
        done = (step - warmup) / (steps - warmup)
        return min_lr + (lr - min_lr) * math.sin(0.5 * math.pi * (1 - done)) ** 2
    return min_lr


# %% right: lr_schedule — cuts the progress off at 1
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if warmup > step:
        return lr / warmup * (step + 1)
    done = min((step - warmup) / (steps - warmup), 1) if steps > warmup else 1
    weight = 0.5 + 0.5 * math.cos(done * math.pi)
    return weight * lr + (1 - weight) * min_lr


# %% wrong: lr_schedule — the first rate is 0  hint="the first update has rate 0"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * step / warmup
    if step >= steps:
        return min_lr
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


# %% wrong: lr_schedule — nanoGPT's warm-up  hint="never reaches lr"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / (warmup + 1)
    if step >= steps:
        return min_lr
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2


# %% wrong: lr_schedule — the cosine began at 0  hint="subtract warmup"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * step / steps)) / 2


# %% wrong: lr_schedule — a whole wave  hint="the angle goes to pi"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    return min_lr + (lr - min_lr) * (1 + math.cos(2 * math.pi * (step - warmup) / (steps - warmup))) / 2


# %% wrong: lr_schedule — comes up again  hint="the cosine must not go on"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / warmup
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1))) / 2


# %% wrong: lr_schedule — min_lr as a stop  hint="not a floor that cuts it off"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    return max(min_lr, lr * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup))) / 2)


# %% wrong: lr_schedule — no room for a cosine  hint="ZeroDivisionError"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    done = min((step - warmup) / (steps - warmup), 1)
    if step < warmup:
        return lr * (step + 1) / warmup
    return min_lr + (lr - min_lr) * (1 + math.cos(math.pi * done)) / 2


# %% wrong: lr_schedule — a straight line  hint="straight line"
def lr_schedule(step, lr, warmup, steps, min_lr=0.0):
    if step < warmup:
        return lr * (step + 1) / warmup
    if step >= steps:
        return min_lr
    return min_lr + (lr - min_lr) * (1 - (step - warmup) / (steps - warmup))


# %% right: configure_optimizer — asks with `is`
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    leave_out = list(leave_out)
    matrices, vectors = [], []
    for parameter in model.parameters():
        if parameter.requires_grad and not any(parameter is other for other in leave_out):
            (vectors if parameter.ndim < 2 else matrices).append(parameter)
    optimizer = torch.optim.AdamW([{"params": matrices}], lr=lr, betas=betas, weight_decay=weight_decay)
    optimizer.add_param_group({"params": vectors, "weight_decay": 0.0})
    return optimizer


# %% right: configure_optimizer — a group for each parameter
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    by_id = {id(p): p for p in model.parameters() if p.requires_grad}
    for parameter in leave_out:
        by_id.pop(id(parameter), None)
    kinds = {True: [], False: []}
    for parameter in by_id.values():
        kinds[len(parameter.shape) > 1].append(parameter)
    groups = [
        dict(params=kinds[many], lr=lr, betas=betas, weight_decay=many * weight_decay) for many in kinds
    ]
    return torch.optim.AdamW(groups)


# %% wrong: configure_optimizer — everything decays  hint="must not decay"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    return torch.optim.AdamW(ours, lr=lr, betas=betas, weight_decay=weight_decay)


# %% wrong: configure_optimizer — goes by the name  hint="called weight, but it is a vector"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for n, p in named if not n.endswith("bias")], "weight_decay": weight_decay},
        {"params": [p for n, p in named if n.endswith("bias")], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — what is called weight decays  hint="not by the name"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for n, p in named if "weight" in n], "weight_decay": weight_decay},
        {"params": [p for n, p in named if "weight" not in n], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — forgets the vectors  hint="the vectors must be trained, too"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others and p.dim() >= 2]
    return torch.optim.AdamW(ours, lr=lr, betas=betas, weight_decay=weight_decay)


# %% wrong: configure_optimizer — compares tensors  hint="compare identities"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    ours = [p for p in model.parameters() if p.requires_grad and p not in list(leave_out)]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — AdamW's own betas  hint="betas are not passed on"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


# %% wrong: configure_optimizer — leave_out is ignored  hint="leave_out is ignored"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    ours = [p for p in model.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — frozen ones too  hint="frozen parameters"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if id(p) not in others]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — the second group decays by default  hint="expected"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2]},
    ]
    return torch.optim.AdamW(groups, lr=lr, betas=betas)


# %% wrong: configure_optimizer — Adam  hint="Adam does not"
def configure_optimizer(model, lr, weight_decay, betas=(0.9, 0.95), leave_out=()):
    others = {id(p) for p in leave_out}
    ours = [p for p in model.parameters() if p.requires_grad and id(p) not in others]
    groups = [
        {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
    ]
    return torch.optim.Adam(groups, lr=lr, betas=betas)


# %% equivalent: configure_optimizer — the order of the groups means nothing
# +        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},
#          {"params": [p for p in ours if p.dim() >= 2], "weight_decay": weight_decay},
# -        {"params": [p for p in ours if p.dim() < 2], "weight_decay": 0.0},


# %% right: orthogonalise — the formula, term by term
def orthogonalise(matrix, steps=5):
    x = matrix / (torch.sqrt((matrix**2).sum()) + 1e-7)
    for _ in range(steps):
        once = (x @ x.T) @ x
        twice = (x @ x.T) @ once
        x = 3.4445 * x - 4.7750 * once + 2.0315 * twice
    return x


# %% right: orthogonalise — columns first
def orthogonalise(matrix, steps=5):
    x = matrix.clone()
    x /= torch.linalg.matrix_norm(x) + 1e-7
    for _ in range(steps):
        inner = x.T @ x  # (columns, columns)
        poly = 3.4445 * torch.eye(len(inner), dtype=x.dtype) - 4.7750 * inner + 2.0315 * inner @ inner
        x = x @ poly
    return x


# %% wrong: orthogonalise — clamps the norm  hint="1e-7 is added to the norm"
def orthogonalise(matrix, steps=5):
    x = matrix / matrix.norm().clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — no division first  hint="divide by the Frobenius norm first"
def orthogonalise(matrix, steps=5):
    x = matrix
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — 0 / 0  hint="1e-7 is added to the norm"
def orthogonalise(matrix, steps=5):
    x = matrix / matrix.norm()
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — comes back transposed  hint="transpose again at the end"
def orthogonalise(matrix, steps=5):
    x = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — b is positive  hint="b is negative"
def orthogonalise(matrix, steps=5):
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — the largest singular value  hint="not by the largest singular value"
def orthogonalise(matrix, steps=5):
    x = matrix / (torch.linalg.matrix_norm(matrix, 2) + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — the third power twice  hint="the last coefficient belongs to the fifth power"
def orthogonalise(matrix, steps=5):
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(steps):
        gram = x @ x.T
        x = 3.4445 * x - 4.7750 * gram @ x + 2.0315 * gram @ x
    return x


# %% wrong: orthogonalise — always five  hint="steps is how often"
def orthogonalise(matrix, steps=5):
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(5):
        gram = x @ x.T
        x = 3.4445 * x + (-4.7750 * gram + 2.0315 * gram @ gram) @ x
    return x


# %% wrong: orthogonalise — Newton's polynomial  hint="are another polynomial"
def orthogonalise(matrix, steps=5):
    x = matrix / (matrix.norm() + 1e-7)
    for _ in range(steps):
        x = 1.5 * x - 0.5 * x @ x.T @ x
    return x


# %% right: save_run — an open file of another name
def save_run(path, model, optimizer, generator, step):
    new = str(path) + "~"
    with open(new, "wb") as file:
        state = {"step": step, "generator": generator.get_state()}
        state["model"], state["optimizer"] = model.state_dict(), optimizer.state_dict()
        torch.save(state, file)
    os.rename(new, path)


# %% right: save_run — a temporary folder beside it
def save_run(path, model, optimizer, generator, step):
    with tempfile.TemporaryDirectory(dir=path.parent) as beside:
        new = Path(beside) / "new"
        keys = ("model", "optimizer", "generator", "step")
        torch.save(
            dict(zip(keys, (model.state_dict(), optimizer.state_dict(), generator.get_state(), step))), new
        )
        new.replace(path)


# %% wrong: save_run — writes over it  hint="the older checkpoint is destroyed"
def save_run(path, model, optimizer, generator, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "generator": generator.get_state(), "step": step}, path)


# %% wrong: save_run — deletes the older one first  hint="only replace it at the end"
def save_run(path, model, optimizer, generator, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    path.unlink(missing_ok=True)
    half = path.with_suffix(".part")
    torch.save({**state, "generator": generator.get_state(), "step": step}, half)
    half.rename(path)


# %% wrong: save_run — copies  hint="a file is left beside the checkpoint"
def save_run(path, model, optimizer, generator, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    half = path.with_name(path.name + ".part")
    torch.save({**state, "generator": generator.get_state(), "step": step}, half)
    path.write_bytes(half.read_bytes())


# %% wrong: save_run — without the optimizer  hint="'optimizer' is missing from the file"
def save_run(path, model, optimizer, generator, step):
    half = path.with_name(path.name + ".part")
    torch.save({"model": model.state_dict(), "generator": generator.get_state(), "step": step}, half)
    os.replace(half, path)


# %% wrong: save_run — objects  hint="save state_dict()s, not the objects"
def save_run(path, model, optimizer, generator, step):
    half = path.with_name(path.name + ".part")
    state = {"model": model, "optimizer": optimizer, "generator": generator.get_state(), "step": step}
    torch.save(state, half)
    os.replace(half, path)


# %% wrong: save_run — torch's own generator  hint="not of torch's own one"
def save_run(path, model, optimizer, generator, step):
    half = path.with_name(path.name + ".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "generator": torch.get_rng_state(), "step": step}, half)
    os.replace(half, path)


# %% wrong: save_run — counts one more  hint="step is the number that is passed"
def save_run(path, model, optimizer, generator, step):
    half = path.with_name(path.name + ".part")
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "generator": generator.get_state(), "step": step + 1}, half)
    os.replace(half, path)


# %% wrong: save_run — never renames  hint="nothing was written to path"
def save_run(path, model, optimizer, generator, step):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    half = path.with_name(path.name + ".part")
    torch.save({**state, "generator": generator.get_state(), "step": step}, half)


# %% wrong: save_run — a temporary file wherever  hint="write in the folder of path"
def save_run(path, model, optimizer, generator, step):
    half = path.name + ".part"
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**state, "generator": generator.get_state(), "step": step}, half)
    os.replace(half, path)


# %% equivalent: save_run — any other name will do
# -    half = path.with_name(path.name + ".part")
# +    half = path.with_name(path.name + '.partx')


# %% right: load_run — in a loop
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location=torch.device("cpu"), weights_only=True)
    for name, thing in {"model": model, "optimizer": optimizer}.items():
        thing.load_state_dict(state[name])
    generator.set_state(state.pop("generator"))
    return state["step"]


# %% right: load_run — copies the parameters by hand
def load_run(path, model, optimizer, generator):
    with open(path, "rb") as file:
        state = torch.load(file, map_location="cpu", weights_only=True)
    with torch.no_grad():
        for name, value in model.state_dict().items():
            value.copy_(state["model"][name])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return int(state["step"])


# %% wrong: load_run — without the optimizer  hint="the optimizer was not restored"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    generator.set_state(state["generator"])
    return state["step"]


# %% wrong: load_run — without the generator  hint="the generator was not restored"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return state["step"]


# %% wrong: load_run — torch's own generator  hint="the generator was not restored"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["generator"])
    return state["step"]


# %% wrong: load_run — a new name for the model's state  hint="the model was not restored"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    weights = model.state_dict()
    weights = state["model"]
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["step"]


# %% wrong: load_run — returns nothing  hint="return the step"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])


# %% wrong: load_run — the step after  hint="counts updates that are done"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["step"] + 1


# %% wrong: load_run — tensors stay where they were  hint="must be read without one"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["step"]


# %% wrong: load_run — runs whatever the file names  hint="a file can hold code"
def load_run(path, model, optimizer, generator):
    state = torch.load(path, map_location="cpu", weights_only=False)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["generator"])
    return state["step"]


# %% equivalent: load_run — True is the default from torch 2.6 on; it is written out for older ones
# -    state = torch.load(path, map_location="cpu", weights_only=True)
# +    state = torch.load(path, map_location="cpu")


# %% right: speed — sorts by hand
def speed(seconds, tokens, flops_per_token, peak_flops):
    ordered, n = sorted(seconds), len(seconds)
    middle = (ordered[(n - 1) // 2] + ordered[n // 2]) / 2
    per_second = tokens / middle
    return per_second, per_second * flops_per_token / peak_flops


# %% right: speed — by a quantile
def speed(seconds, tokens, flops_per_token, peak_flops):
    middle = torch.tensor(seconds, dtype=torch.float64).quantile(0.5).item()
    return tokens / middle, (flops_per_token * tokens) / (peak_flops * middle)


# %% wrong: speed — the mean  hint="one stall weighs too much in a mean"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / (sum(seconds) / len(seconds))
    return rate, rate * flops_per_token / peak_flops


# %% wrong: speed — the best step  hint="the best step is not the usual one"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / min(seconds)
    return rate, rate * flops_per_token / peak_flops


# %% wrong: speed — torch's median  hint="mean of the two in the middle"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / torch.tensor(seconds, dtype=torch.float64).median().item()
    return rate, rate * flops_per_token / peak_flops


# %% wrong: speed — torch's median of float32  hint="mean of the two in the middle"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / torch.tensor(seconds).median().item()
    return rate, rate * flops_per_token / peak_flops


# %% wrong: speed — per cent  hint="a share, not per cent"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / statistics.median(seconds)
    return rate, 100 * rate * flops_per_token / peak_flops


# %% wrong: speed — six times  hint="the 6 is in flops_per_token already"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / statistics.median(seconds)
    return rate, 6 * rate * flops_per_token / peak_flops


# %% wrong: speed — all steps together  hint="the time of a step is not that of all steps"
def speed(seconds, tokens, flops_per_token, peak_flops):
    rate = tokens / sum(seconds)
    return rate, rate * flops_per_token / peak_flops
