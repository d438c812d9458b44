# %% right: new_rows — where over a whole table of draws
def new_rows(table, known, generator):
    kept = table[known]
    draws = torch.randn(table.shape, generator=generator, dtype=table.dtype) * kept.std(dim=0) + kept.mean(
        dim=0
    )
    return torch.where(known[:, None], table, draws)


# %% right: new_rows — row by row
def new_rows(table, known, generator):
    out, kept = table.clone(), table[known]
    centre, spread = kept.mean(0), kept.std(0)
    for i in range(len(table)):
        if not known[i]:
            out[i] = torch.normal(centre, spread, generator=generator)
    return out


# %% wrong: new_rows — all at the mean  hint="equal rows are one word"
def new_rows(table, known, generator):
    out = table.clone()
    out[~known] = table[known].mean(0)
    return out


# %% wrong: new_rows — standard normal  hint="a standard normal row is not like the known ones"
def new_rows(table, known, generator):
    out = table.clone()
    out[~known] = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    return out


# %% wrong: new_rows — one number for all columns  hint="each column has its own mean and standard deviation"
def new_rows(table, known, generator):
    out, kept = table.clone(), table[known]
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    out[~known] = kept.mean() + kept.std() * noise
    return out


# %% wrong: new_rows — one number for the whole table  hint="of the known rows only, and for each column by itself"
def new_rows(table, known, generator):
    out = table.clone()
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    out[~known] = table.mean() + table.std() * noise
    return out


# %% wrong: new_rows — the statistics of all rows  hint="of the known rows only: the unknown ones"
def new_rows(table, known, generator):
    out = table.clone()
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    out[~known] = table.mean(0) + table.std(0) * noise
    return out


# %% wrong: new_rows — the mask is turned round  hint="True means known"
def new_rows(table, known, generator):
    out, kept = table.clone(), table[~known]
    noise = torch.randn(int(known.sum()), table.shape[1], generator=generator, dtype=table.dtype)
    out[known] = kept.mean(0) + kept.std(0) * noise
    return out


# %% wrong: new_rows — writes to the table  hint="write to a clone"
def new_rows(table, known, generator):
    kept = table[known]
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    table[~known] = kept.mean(0) + kept.std(0) * noise
    return table


# %% wrong: new_rows — torch's own chance  hint="draw from the generator that was given"
def new_rows(table, known, generator):
    out, kept = table.clone(), table[known]
    out[~known] = kept.mean(0) + kept.std(0) * torch.randn_like(table[~known])
    return out


# %% wrong: new_rows — the variance  hint="the standard deviation, not the variance"
def new_rows(table, known, generator):
    out, kept = table.clone(), table[known]
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    out[~known] = kept.mean(0) + kept.var(0) * noise
    return out


# %% wrong: new_rows — the new rows alone  hint="return the whole table"
def new_rows(table, known, generator):
    kept = table[known]
    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
    return kept.mean(0) + kept.std(0) * noise


# %% wrong: new_rows — one draw for a row  hint="go together"
def new_rows(table, known, generator):
    out, kept = table.clone(), table[known]
    noise = torch.randn(int((~known).sum()), 1, generator=generator, dtype=table.dtype)
    out[~known] = kept.mean(0) + kept.std(0) * noise
    return out


# %% right: freeze — compares the pieces between dots
def freeze(model, trained):
    wanted = [part.split(".") for part in trained]
    chosen, used = [], set()
    for name, parameter in model.named_parameters():
        steps = name.split(".")
        for k, part in enumerate(wanted):
            if steps[: len(part)] == part:
                used.add(k)
                chosen.append((name, parameter))
    for k, part in enumerate(trained):
        if k not in used:
            raise ValueError("nothing is called " + part)
    names = {name for name, _ in chosen}
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name in names)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


# %% right: freeze — freezes all first, then opens
def freeze(model, trained):
    names = [name for name, _ in model.named_parameters()]
    missing = [part for part in trained if not any((name + ".").startswith(part + ".") for name in names)]
    if missing:
        raise ValueError(f"no parameters under {missing}")
    model.requires_grad_(False)
    for name, parameter in model.named_parameters():
        for part in trained:
            if (name + ".").startswith(part + "."):
                parameter.requires_grad_(True)
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% wrong: freeze — no dots  hint="blocks.1 is not the beginning of blocks.10"
def freeze(model, trained):
    for part in trained:
        if not any(name.startswith(part) for name, _ in model.named_parameters()):
            raise ValueError(part)
    count = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = name.startswith(tuple(trained))
        count += parameter.numel() * parameter.requires_grad
    return count


# %% wrong: freeze — only opens  hint="what is not named has to be frozen"
def freeze(model, trained):
    count = 0
    named = dict(model.named_parameters())
    for part in trained:
        if not any((name + ".").startswith(part + ".") for name in named):
            raise ValueError(part)
    for name, parameter in named.items():
        if any((name + ".").startswith(part + ".") for part in trained):
            parameter.requires_grad = True
        count += parameter.numel() if parameter.requires_grad else 0
    return count


# %% wrong: freeze — only closes  hint="even if it was frozen before"
def freeze(model, trained):
    named = dict(model.named_parameters())
    for part in trained:
        if not any((name + ".").startswith(part + ".") for name in named):
            raise ValueError(part)
    count = 0
    for name, parameter in named.items():
        if not any((name + ".").startswith(part + ".") for part in trained):
            parameter.requires_grad = False
        count += parameter.numel() if parameter.requires_grad else 0
    return count


# %% wrong: freeze — turned round  hint="it is turned round"
def freeze(model, trained):
    count = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = not any((name + ".").startswith(part + ".") for part in trained)
        count += parameter.numel() if parameter.requires_grad else 0
    return count


# %% wrong: freeze — counts tensors  hint="of numbers, not of tensors"
def freeze(model, trained):
    named = dict(model.named_parameters())
    for part in trained:
        if not any((name + ".").startswith(part + ".") for name in named):
            raise ValueError(part)
    count = 0
    for name, parameter in named.items():
        parameter.requires_grad = any((name + ".").startswith(part + ".") for part in trained)
        count += parameter.requires_grad
    return count


# %% wrong: freeze — lets a misspelt name pass  hint="a misspelt name would go unnoticed"
def freeze(model, trained):
    count = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any((name + ".").startswith(part + ".") for part in trained)
        count += parameter.numel() if parameter.requires_grad else 0
    return count


# %% wrong: freeze — changes the model, then raises  hint="look through all parts first"
def freeze(model, trained):
    model.requires_grad_(False)
    for part in trained:
        found = [p for name, p in model.named_parameters() if (name + ".").startswith(part + ".")]
        if not found:
            raise ValueError(part)
        for parameter in found:
            parameter.requires_grad = True
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


# %% wrong: freeze — looks anywhere in the name  hint="a part stands at the beginning"
def freeze(model, trained):
    count = 0
    for part in trained:
        if not any(part in name for name, _ in model.named_parameters()):
            raise ValueError(part)
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(
            ("." + part + ".") in ("." + name + ".") or part in name for part in trained
        )
        count += parameter.numel() if parameter.requires_grad else 0
    return count


# %% right: train_rows — where, in a named function
def train_rows(table, rows):
    def mask(gradient):
        return torch.where(rows.unsqueeze(1), gradient, torch.zeros_like(gradient))

    return table.register_hook(mask)


# %% right: train_rows — writes to a clone
def train_rows(table, rows):
    def mask(gradient):
        gradient = gradient.clone()
        gradient[~rows] = 0
        return gradient

    return table.register_hook(mask)


# %% wrong: train_rows — turned round  hint="turned round"
def train_rows(table, rows):
    return table.register_hook(lambda gradient: gradient * ~rows[:, None])


# %% wrong: train_rows — returns no handle  hint="return the handle"
def train_rows(table, rows):
    table.register_hook(lambda gradient: gradient * rows[:, None])


# %% wrong: train_rows — computes and forgets to return  hint="let it return the new gradient"
def train_rows(table, rows):
    def mask(gradient):
        gradient * rows[:, None]

    return table.register_hook(mask)


# %% wrong: train_rows — freezes the table  hint="goes on learning"
def train_rows(table, rows):
    table.requires_grad_(False)
    return table


# %% wrong: train_rows — writes to the gradient  hint="writes to the gradient it is given"
def train_rows(table, rows):
    def mask(gradient):
        gradient[~rows] = 0
        return gradient

    return table.register_hook(mask)


# %% wrong: train_rows — writes to the gradient and returns nothing  hint="writes to the gradient it is given"
def train_rows(table, rows):
    def mask(gradient):
        gradient.mul_(rows[:, None])

    return table.register_hook(mask)


# %% wrong: train_rows — masks the wrong dimension  hint="rows[:, None]"
def train_rows(table, rows):
    return table.register_hook(lambda gradient: gradient * rows[None, : gradient.shape[1]])


# %% right: discriminative_lrs — stage after stage, the rate divided each time
def discriminative_lrs(model, stages, lr, factor=2.6):
    rest = dict(model.named_parameters())
    groups = []
    for parts in stages:
        mine = [name for name in rest if any((name + ".").startswith(part + ".") for part in parts)]
        groups.append({"params": [rest.pop(name) for name in mine], "lr": lr})
        lr = lr / factor
    if rest:
        raise ValueError("in no stage: " + ", ".join(rest))
    return groups


# %% right: discriminative_lrs — looks for each parameter's stage
def discriminative_lrs(model, stages, lr, factor=2.6):
    def stage(name):
        for k, parts in enumerate(stages):
            for part in parts:
                if name == part or name[: len(part) + 1] == part + ".":
                    return k
        raise ValueError(f"no stage holds {name}")

    places = {name: stage(name) for name, _ in model.named_parameters()}
    return [
        {"params": [p for name, p in model.named_parameters() if places[name] == k], "lr": lr * factor**-k}
        for k in range(len(stages))
    ]


# %% wrong: discriminative_lrs — the bottom is fastest  hint="turned round: the first stage"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for k, parts in enumerate(stages):
        mine = [
            p for n, p in model.named_parameters() if any((n + ".").startswith(part + ".") for part in parts)
        ]
        groups.append({"params": mine, "lr": lr / factor ** (len(stages) - 1 - k)})
    covered = {id(p) for group in groups for p in group["params"]}
    for name, parameter in model.named_parameters():
        if id(parameter) not in covered:
            raise ValueError(name)
    return groups


# %% wrong: discriminative_lrs — multiplies  hint="divide by factor, do not multiply"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for k, parts in enumerate(stages):
        mine = [
            p for n, p in model.named_parameters() if any((n + ".").startswith(part + ".") for part in parts)
        ]
        groups.append({"params": mine, "lr": lr * factor**k})
    return groups


# %% wrong: discriminative_lrs — the first stage is slowed, too  hint="the first stage trains at lr itself"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for parts in stages:
        lr /= factor
        mine = [
            p for n, p in model.named_parameters() if any((n + ".").startswith(part + ".") for part in parts)
        ]
        groups.append({"params": mine, "lr": lr})
    return groups


# %% wrong: discriminative_lrs — dots are not looked at  hint="blocks.1 is not the beginning of blocks.10"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for k, parts in enumerate(stages):
        mine = [p for n, p in model.named_parameters() if n.startswith(tuple(parts))]
        groups.append({"params": mine, "lr": lr / factor**k})
    return groups


# %% wrong: discriminative_lrs — forgets what is in no stage  hint="a misspelt name would go unnoticed"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for k, parts in enumerate(stages):
        mine = [
            p for n, p in model.named_parameters() if any((n + ".").startswith(part + ".") for part in parts)
        ]
        groups.append({"params": mine, "lr": lr / factor**k})
    return groups


# %% wrong: discriminative_lrs — leaves out frozen parameters  hint="a frozen parameter has its place"
def discriminative_lrs(model, stages, lr, factor=2.6):
    groups = []
    for k, parts in enumerate(stages):
        mine = [
            p
            for n, p in model.named_parameters()
            if p.requires_grad and any((n + ".").startswith(part + ".") for part in parts)
        ]
        groups.append({"params": mine, "lr": lr / factor**k})
    return groups


# %% right: gradual_unfreeze — counts stages in a loop
def gradual_unfreeze(model, stages, step, every):
    names, opened = [], 0
    for k, parts in enumerate(stages):
        if k == 0 or step >= k * every:
            names += parts
            opened += 1
    freeze(model, names)
    return opened


# %% right: gradual_unfreeze — without freeze
def gradual_unfreeze(model, stages, step, every):
    count = min(step // every, len(stages) - 1) + 1
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(
            any((name + ".").startswith(part + ".") for parts in stages[:count] for part in parts)
        )
    return count


# %% wrong: gradual_unfreeze — begins with nothing  hint="the first stage trains from step 0 on"
def gradual_unfreeze(model, stages, step, every):
    opened = min(step // every, len(stages))
    freeze(model, sum(stages[:opened], []))
    return opened


# %% wrong: gradual_unfreeze — one stage at a time  hint="open stages stay open"
def gradual_unfreeze(model, stages, step, every):
    opened = min(1 + step // every, len(stages))
    freeze(model, stages[opened - 1])
    return opened


# %% wrong: gradual_unfreeze — from below  hint="from the output down"
def gradual_unfreeze(model, stages, step, every):
    opened = min(1 + step // every, len(stages))
    freeze(model, sum(stages[::-1][:opened], []))
    return opened


# %% wrong: gradual_unfreeze — returns more stages than there are  hint="no more stages than there are"
def gradual_unfreeze(model, stages, step, every):
    opened = 1 + step // every
    freeze(model, sum(stages[:opened], []))
    return opened


# %% wrong: gradual_unfreeze — steps from 1  hint="one update late"
def gradual_unfreeze(model, stages, step, every):
    opened = min(1 + max(step - 1, 0) // every, len(stages))
    freeze(model, sum(stages[:opened], []))
    return opened


# %% wrong: gradual_unfreeze — returns freeze's count  hint="not how many numbers"
def gradual_unfreeze(model, stages, step, every):
    return freeze(model, [part for parts in stages[: 1 + step // every] for part in parts])


# %% wrong: gradual_unfreeze — only opens  hint="nothing is frozen"
def gradual_unfreeze(model, stages, step, every):
    opened = min(1 + step // every, len(stages))
    for name, parameter in model.named_parameters():
        if any((name + ".").startswith(part + ".") for parts in stages[:opened] for part in parts):
            parameter.requires_grad = True
    return opened


# %% right: replay — draws row by row
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    rows = []
    for k in range(batch):
        source = old if k < count else new
        rows.append(source[torch.randint(len(source), (), generator=generator)])
    return torch.stack(rows)


# %% right: replay — multinomial, and shuffled
def replay(new, old, batch, share, generator):
    count = int(batch * share + 0.5)
    parts = []
    if count < batch:
        parts.append(new[torch.multinomial(torch.ones(len(new)), batch - count, True, generator=generator)])
    if count:
        parts.append(old[torch.multinomial(torch.ones(len(old)), count, True, generator=generator)])
    rows = torch.cat(parts)
    return rows[torch.randperm(batch, generator=generator)]


# %% wrong: replay — cuts off  hint="round, do not cut off"
def replay(new, old, batch, share, generator):
    count = int(batch * share)
    i = torch.randint(len(new), (batch - count,), generator=generator)
    j = torch.randint(len(old), (count,), generator=generator)
    return torch.cat([new[i], old[j]])


# %% wrong: replay — the share is that of the new  hint="share is the part of the old corpus"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    i = torch.randint(len(new), (count,), generator=generator)
    j = torch.randint(len(old), (batch - count,), generator=generator)
    return torch.cat([new[i], old[j]])


# %% wrong: replay — the first rows  hint="every row is equally likely"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    i = torch.arange(batch - count) % len(new)
    j = torch.arange(count) % len(old)
    return torch.cat([new[i], old[j]])


# %% wrong: replay — never the last row  hint="every row is equally likely"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    i = torch.randint(len(new) - 1, (batch - count,), generator=generator)
    j = torch.randint(len(old) - 1, (count,), generator=generator)
    return torch.cat([new[i], old[j]])


# %% wrong: replay — the same places in both  hint="each corpus has its own number of rows"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    i = torch.randint(len(new), (batch,), generator=generator)
    return torch.cat([new[i[count:]], old[i[:count]]])


# %% wrong: replay — torch's own chance  hint="draw from the generator that was given"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    return torch.cat([new[torch.randint(len(new), (batch - count,))], old[torch.randint(len(old), (count,))]])


# %% wrong: replay — one row for all  hint="are the same one"
def replay(new, old, batch, share, generator):
    count = round(batch * share)
    i = torch.randint(len(new), (1,), generator=generator).expand(batch - count)
    j = torch.randint(len(old), (1,), generator=generator).expand(count)
    return torch.cat([new[i], old[j]])


# %% wrong: replay — a coin for each row  hint="in every batch"
def replay(new, old, batch, share, generator):
    from_old = torch.rand(batch, generator=generator) < share
    i = torch.randint(len(new), (batch,), generator=generator)
    j = torch.randint(len(old), (batch,), generator=generator)
    return torch.where(from_old[:, None], old[j], new[i])


# %% right: interpolate — lerp
def interpolate(before, after, share):
    return {name: torch.lerp(value, after[name], share) for name, value in before.items()}


# %% right: interpolate — adds a part of the difference
def interpolate(before, after, share):
    between = {}
    for name in before:
        between[name] = before[name] + share * (after[name] - before[name])
    return between


# %% wrong: interpolate — turned round  hint="share 0 is the model before"
def interpolate(before, after, share):
    return {name: share * before[name] + (1 - share) * after[name] for name in before}


# %% wrong: interpolate — before at full weight  hint="before has to weigh 1 - share"
def interpolate(before, after, share):
    return {name: before[name] + share * after[name] for name in before}


# %% wrong: interpolate — zip trusts the order  hint="pair them by name"
def interpolate(before, after, share):
    pairs = zip(before.items(), after.values())
    return {name: (1 - share) * one + share * other for (name, one), other in pairs}


# %% wrong: interpolate — the middle  hint="the middle whatever the share"
def interpolate(before, after, share):
    return {name: (before[name] + after[name]) / 2 for name in before}


# %% wrong: interpolate — in place  hint="in place"
def interpolate(before, after, share):
    for name in before:
        before[name].lerp_(after[name], share)
    return before


# %% wrong: interpolate — the step alone  hint="only what has changed"
def interpolate(before, after, share):
    return {name: share * (after[name] - before[name]) for name in before}


# %% wrong: interpolate — the ends without computing  hint="whoever trains the result"
def interpolate(before, after, share):
    if share == 0:
        return dict(before)
    if share == 1:
        return {name: after[name] for name in before}
    return {name: (1 - share) * before[name] + share * after[name] for name in before}


# %% right: pool_last — gather
def pool_last(hidden, padding):
    last = (padding.sum(dim=1) - 1)[:, None, None].expand(-1, 1, hidden.shape[2])
    return hidden.gather(1, last).squeeze(1)


# %% right: pool_last — a loop over rows
def pool_last(hidden, padding):
    return torch.stack([row[real][-1] for row, real in zip(hidden, padding)])


# %% wrong: pool_last — the last column  hint="padding where the row is shorter"
def pool_last(hidden, padding):
    return hidden[:, -1]


# %% wrong: pool_last — one too far  hint="counted from 0"
def pool_last(hidden, padding):
    return hidden[torch.arange(len(hidden)), padding.sum(1)]


# %% wrong: pool_last — the mean  hint="not the mean over them"
def pool_last(hidden, padding):
    return (hidden * padding[:, :, None]).sum(1) / padding.sum(1, keepdim=True)


# %% wrong: pool_last — every row with every position  hint="Index rows and positions together"
def pool_last(hidden, padding):
    return hidden[:, padding.sum(1) - 1]


# %% wrong: pool_last — True means padding  hint="True is real"
def pool_last(hidden, padding):
    return hidden[torch.arange(len(hidden)), (~padding).int().argmax(1)]


# %% wrong: pool_last — counts where padding is False  hint="yours counts the padding"
def pool_last(hidden, padding):
    return hidden[torch.arange(len(hidden)), (~padding).sum(1) - 1]


# %% wrong: pool_last — the first position  hint="has read nothing but itself"
def pool_last(hidden, padding):
    return hidden[:, 0]


# %% right: Classifier — a head made of zeros, and a loop
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.config.n_embd, n_classes)
        with torch.no_grad():
            for parameter in self.head.parameters():
                parameter.zero_()
        self.padding_id = pad

    def forward(self, ids):
        stream = self.body.hidden(ids)
        ends = (ids != self.padding_id).long().sum(1)
        return self.head(torch.stack([row[end - 1] for row, end in zip(stream, ends)]))


# %% right: Classifier — the head on all positions, then one is picked
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        self.head.weight.data.fill_(0)
        self.head.bias.data.fill_(0)

    def forward(self, ids):
        return pool_last(self.head(self.body.hidden(ids)), ids.ne(self.pad))


# %% wrong: Classifier — a random head  hint="logits of 0 before any training"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)

    def forward(self, ids):
        return self.head(pool_last(self.body.hidden(ids), ids != self.pad))


# %% wrong: Classifier — the last column  hint="the last column is padding"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(self.body.hidden(ids)[:, -1])


# %% wrong: Classifier — the body's logits  hint="body.hidden(ids), not body(ids)"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(pool_last(self.body(ids), ids != self.pad))


# %% wrong: Classifier — the body cannot learn  hint="the body learns, too"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        with torch.no_grad():
            stream = self.body.hidden(ids)
        return self.head(pool_last(stream, ids != self.pad))


# %% wrong: Classifier — a copy of the body  hint="body is the model that was given"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = copy.deepcopy(body), pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(pool_last(self.body.hidden(ids), ids != self.pad))


# %% wrong: Classifier — padding turned round  hint="padding is True where ids are real"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(pool_last(self.body.hidden(ids), ids == self.pad))


# %% wrong: Classifier — always pads with 1  hint="pad is an argument"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body = body
        self.head = nn.Linear(body.config.n_embd, n_classes)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids):
        return self.head(pool_last(self.body.hidden(ids), ids != 1))


# %% wrong: Classifier — no bias  hint="head.bias"
class Classifier(nn.Module):
    def __init__(self, body, n_classes, pad=1):
        super().__init__()
        self.body, self.pad = body, pad
        self.head = nn.Linear(body.config.n_embd, n_classes, bias=False)
        nn.init.zeros_(self.head.weight)

    def forward(self, ids):
        return self.head(pool_last(self.body.hidden(ids), ids != self.pad))


# %% right: features — fills a list by index, under inference mode off
@torch.no_grad()
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.train(False)
    out = []
    for at in range(0, len(ids), batch):
        some = ids[at : at + batch]
        out.append(pool_last(body.hidden(some), some != pad))
    body.train(mode)
    return torch.cat(out, dim=0)


# %% right: features — restores the mode in any case
def features(body, ids, pad=1, batch=64):
    before = body.training
    body.eval()
    rows = []
    try:
        with torch.no_grad():
            for some in torch.split(ids, batch):
                hidden = body.hidden(some)
                rows += [vectors[(one != pad).sum() - 1] for vectors, one in zip(hidden, some)]
    finally:
        if before:
            body.train()
    return torch.stack(rows)


# %% wrong: features — records gradients  hint="torch.no_grad()"
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.eval()
    out = torch.cat([pool_last(body.hidden(part), part != pad) for part in ids.split(batch)]).detach()
    body.train(mode)
    return out


# %% wrong: features — stays in evaluation mode  hint="the mode is not restored"
def features(body, ids, pad=1, batch=64):
    body.eval()
    with torch.no_grad():
        return torch.cat([pool_last(body.hidden(part), part != pad) for part in ids.split(batch)])


# %% wrong: features — always back to training  hint="the mode is not restored"
def features(body, ids, pad=1, batch=64):
    body.eval()
    with torch.no_grad():
        out = torch.cat([pool_last(body.hidden(part), part != pad) for part in ids.split(batch)])
    body.train()
    return out


# %% wrong: features — in whatever mode  hint="evaluation mode: call body.eval()"
def features(body, ids, pad=1, batch=64):
    with torch.no_grad():
        return torch.cat([pool_last(body.hidden(part), part != pad) for part in ids.split(batch)])


# %% wrong: features — all at once  hint="all rows went through the body at once"
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.eval()
    with torch.no_grad():
        out = pool_last(body.hidden(ids), ids != pad)
    body.train(mode)
    return out


# %% wrong: features — full batches only  hint="the last rows do not fill a batch"
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.eval()
    with torch.no_grad():
        parts = [ids[k * batch : (k + 1) * batch] for k in range(len(ids) // batch)]
        out = torch.cat([pool_last(body.hidden(part), part != pad) for part in parts])
    body.train(mode)
    return out


# %% wrong: features — the last batch alone  hint="not of the last one"
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.eval()
    with torch.no_grad():
        for part in ids.split(batch):
            out = pool_last(body.hidden(part), part != pad)
    body.train(mode)
    return out


# %% wrong: features — the last column  hint="pool_last"
def features(body, ids, pad=1, batch=64):
    mode = body.training
    body.eval()
    with torch.no_grad():
        out = torch.cat([body.hidden(part)[:, -1] for part in ids.split(batch)])
    body.train(mode)
    return out


# %% equivalent: new_rows — numbers drawn as float32 become the table's dtype when they are written to it
# -    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
# +    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator)


# %% equivalent: new_rows — randn takes a tensor of one integer for a size
# -    noise = torch.randn(int((~known).sum()), table.shape[1], generator=generator, dtype=table.dtype)
# +    noise = torch.randn((~known).sum(), table.shape[1], generator=generator, dtype=table.dtype)


# %% equivalent: new_rows — a normal distribution around 0 is symmetric
# -    renewed[~known] = rows.mean(0) + rows.std(0) * noise
# +    renewed[~known] = rows.mean(0) - rows.std(0) * noise


# %% equivalent: freeze — any() asks whether it is zero
# -        return name == part or name.startswith(part + ".")
# +        return -(name == part or name.startswith(part + "."))


# %% equivalent: freeze — any() asks whether it is zero; a factor changes nothing
# -        return name == part or name.startswith(part + ".")
# +        return 1.01 * (name == part or name.startswith(part + "."))


# %% equivalent: discriminative_lrs — there is one group for each stage
# -        for group, parts in zip(groups, stages, strict=True):
# +        for group, parts in zip(groups, stages):


# %% equivalent: discriminative_lrs — there is one group for each stage, so strict has nothing to find
# -        for group, parts in zip(groups, stages, strict=True):
# +        for group, parts in zip(groups, stages, strict=False):


# %% equivalent: replay — the order of the rows is left open
# -    return torch.cat([new[i], old[j]])
# +    return torch.cat([old[j], new[i]])
