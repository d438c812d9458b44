# %% right: greedy — with topk
@torch.no_grad()
def greedy(model, ids, max_new_tokens, block_size):
    text = ids.clone()
    while text.shape[1] < ids.shape[1] + max_new_tokens:
        seen = text[:, max(text.shape[1] - block_size, 0) :]
        text = torch.hstack([text, model(seen)[:, -1, :].topk(1).indices])
    return text


# %% right: greedy — row by row
def greedy(model, ids, max_new_tokens, block_size):
    texts = []
    for row in ids.tolist():
        for _ in range(max_new_tokens):
            logits = model(torch.tensor([row[-block_size:]]))[0, -1].tolist()
            row.append(logits.index(max(logits)))
        texts.append(row)
    return torch.tensor(texts)


# %% wrong: greedy — sees the beginning  hint="yours sees the first"
def greedy(model, ids, max_new_tokens, block_size):
    for _ in range(max_new_tokens):
        ids = torch.cat([ids, model(ids[:, :block_size])[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% wrong: greedy — never crops  hint="show the model no more than the last block_size tokens"
def greedy(model, ids, max_new_tokens, block_size):
    for _ in range(max_new_tokens):
        ids = torch.cat([ids, model(ids)[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% wrong: greedy — crops what it returns  hint="not all that you return"
def greedy(model, ids, max_new_tokens, block_size):
    for _ in range(max_new_tokens):
        ids = torch.cat([ids, model(ids[:, -block_size:])[:, -1].argmax(-1, keepdim=True)], 1)
    return ids[:, -block_size:]


# %% wrong: greedy — the new tokens alone  hint="the prompt is part of the answer"
def greedy(model, ids, max_new_tokens, block_size):
    time = ids.shape[1]
    for _ in range(max_new_tokens):
        ids = torch.cat([ids, model(ids[:, -block_size:])[:, -1].argmax(-1, keepdim=True)], 1)
    return ids[:, time:]


# %% wrong: greedy — as a bigram  hint="yours sees the last one alone"
def greedy(model, ids, max_new_tokens, block_size):
    for _ in range(max_new_tokens):
        ids = torch.cat([ids, model(ids[:, -1:])[:, -1].argmax(-1, keepdim=True)], 1)
    return ids


# %% wrong: greedy — the prompt again and again  hint="goes by the prompt alone"
def greedy(model, ids, max_new_tokens, block_size):
    best = model(ids[:, -block_size:])[:, -1].argmax(-1, keepdim=True)
    return torch.cat([ids, best.expand(-1, max_new_tokens)], 1)


# %% right: temperature — a mask for 0
def temperature(logits, t):
    if t > 0:
        return logits * (1 / t)
    if t:
        raise ValueError("negative")
    first = torch.nn.functional.one_hot(logits.argmax(-1), logits.shape[-1]).bool()
    return torch.where(first, logits, float("-inf"))


# %% right: temperature — in place on a clone
def temperature(logits, t):
    if t < 0:
        raise ValueError(t)
    answer = logits.clone()
    if t == 0:
        mask = torch.ones_like(answer, dtype=torch.bool)
        mask.scatter_(-1, logits.max(-1, keepdim=True).indices, False)
        answer[mask] = -math.inf
        return answer
    answer /= t
    return answer


# %% wrong: temperature — multiplies  hint="divide by t"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    return logits * t


# %% wrong: temperature — probabilities  hint="logits, not probabilities"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    return (logits / t).softmax(-1)


# %% wrong: temperature — no case for 0  hint="treat it by itself"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    return logits / t


# %% wrong: temperature — a small number instead of 0  hint="a small t in the place of 0"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    return logits / max(t, 1e-8)


# %% wrong: temperature — adds an epsilon  hint="add nothing to t"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    return logits / (t + 1e-8)


# %% wrong: temperature — keeps all equals  hint="the first alone stays"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    if t == 0:
        return logits.masked_fill(logits < logits.amax(-1, keepdim=True), -math.inf)
    return logits / t


# %% wrong: temperature — the largest of all rows  hint="the largest of each row"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    if t == 0:
        answer = torch.full_like(logits, -math.inf).flatten()
        answer[logits.argmax()] = logits.max()
        return answer.reshape(logits.shape)
    return logits / t


# %% wrong: temperature — asserts  hint="an assert vanishes"
def temperature(logits, t):
    assert t >= 0
    if t == 0:
        best = logits.argmax(-1, keepdim=True)
        return torch.full_like(logits, -math.inf).scatter(-1, best, logits.gather(-1, best))
    return logits / t


# %% wrong: temperature — in place  hint="changes its input in place"
def temperature(logits, t):
    if t < 0:
        raise ValueError
    logits /= t
    return logits


# %% right: top_k — by sorting
def top_k(logits, k):
    if k <= 0:
        raise ValueError("k")
    values = logits.sort(dim=-1, descending=True).values
    last = values[..., min(k, values.shape[-1]) - 1].unsqueeze(-1)
    return torch.where(logits >= last, logits, -torch.inf)


# %% right: top_k — counts the larger ones
def top_k(logits, k):
    if not k >= 1:
        raise ValueError("at least one")
    larger = (logits[..., None, :] > logits[..., :, None]).sum(-1)
    return logits.masked_fill(larger >= k, -torch.inf)


# %% wrong: top_k — exactly k  hint="tokens that equal the last one kept stay"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    best = logits.topk(min(k, logits.shape[-1]))
    return torch.full_like(logits, -math.inf).scatter(-1, best.indices, best.values)


# %% wrong: top_k — forgets large k  hint="topk cannot take more"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.masked_fill(logits < logits.topk(k).values[..., -1:], -math.inf)


# %% wrong: top_k — zeros  hint="a logit of 0 is not cut"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.masked_fill(logits < logits.topk(min(k, logits.shape[-1])).values[..., -1:], 0.0)


# %% wrong: top_k — cuts the k-th, too  hint="the k-th itself stays"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.masked_fill(logits <= logits.topk(min(k, logits.shape[-1])).values[..., -1:], -math.inf)


# %% wrong: top_k — over all rows  hint="each row has its own k largest"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.masked_fill(logits < logits.flatten().topk(min(k, logits.numel())).values[-1], -math.inf)


# %% wrong: top_k — returns the k  hint="keep the shape"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.topk(min(k, logits.shape[-1])).values


# %% wrong: top_k — a large negative number  hint="not with a large negative number"
def top_k(logits, k):
    if k < 1:
        raise ValueError
    return logits.masked_fill(logits < logits.topk(min(k, logits.shape[-1])).values[..., -1:], -1e9)


# %% right: top_p — row by row
def top_p(logits, p):
    if p <= 0 or p > 1:
        raise ValueError("p")
    if p == 1:
        return logits.clone()
    rows = []
    for row in logits.reshape(-1, logits.shape[-1]):
        answer, total = torch.full_like(row, -math.inf), 0.0
        probs = row.softmax(-1)
        for i in probs.argsort(descending=True):
            if total < p:
                answer[i] = row[i]
            total = total + probs[i].item()
        rows.append(answer)
    return torch.stack(rows).reshape(logits.shape)


# %% right: top_p — the mask shifted by one
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    values, order = torch.sort(logits, descending=True, dim=-1)
    enough = (values.softmax(-1).cumsum(-1) >= p) & (p < 1)
    enough = torch.cat([torch.zeros_like(enough[..., :1]), enough[..., :-1]], -1)
    return values.masked_fill(enough, -math.inf).gather(-1, order.argsort(-1))


# %% wrong: top_p — rounding cuts at p = 1  hint="treat p = 1 by itself"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError("p")
    probs, order = logits.softmax(-1).sort(dim=-1, descending=True)
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, probs.cumsum(-1) - probs < p)
    return logits.masked_fill(~keep, -math.inf)


# %% wrong: top_p — one too few  hint="the token that reaches p stays"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs, order = logits.softmax(-1).sort(dim=-1, descending=True)
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, probs.cumsum(-1) < p)
    return logits.masked_fill(~keep, -math.inf)


# %% wrong: top_p — in sorted order  hint="the mask is in sorted order"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs = logits.softmax(-1).sort(dim=-1, descending=True).values
    return logits.masked_fill(probs.cumsum(-1) - probs >= p, -math.inf)


# %% wrong: top_p — never sorts  hint="sort first"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs = logits.softmax(-1)
    return logits.masked_fill(probs.cumsum(-1) - probs >= p, -math.inf)


# %% wrong: top_p — sorts upwards  hint="you sort upwards"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs, order = logits.softmax(-1).sort(dim=-1)
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, probs.cumsum(-1) - probs < p)
    return logits.masked_fill(~keep, -math.inf)


# %% wrong: top_p — a threshold  hint="p is a share of all probability"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    return logits.masked_fill(logits.softmax(-1) < p, -math.inf)


# %% wrong: top_p — returns probabilities  hint="logits, not probabilities"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs, order = logits.softmax(-1).sort(dim=-1, descending=True)
    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, probs.cumsum(-1) - probs < p)
    return logits.masked_fill(~keep, -math.inf).softmax(-1)


# %% wrong: top_p — all equals of the last  hint="only as many as it takes"
def top_p(logits, p):
    if not 0 < p <= 1:
        raise ValueError
    probs = logits.softmax(-1).sort(dim=-1, descending=True).values
    count = (probs.cumsum(-1) - probs < p).sum(-1, keepdim=True)
    least = logits.sort(dim=-1, descending=True).values.gather(-1, count - 1)
    return logits.masked_fill(logits < least, -math.inf)


# %% right: min_p — from the logarithm of the quotient
def min_p(logits, p):
    if p < 0 or p > 1:
        raise ValueError("p")
    quotient = (logits - logits.max(-1, keepdim=True).values).exp()
    return torch.where(quotient >= p, logits, float("-inf"))


# %% right: min_p — a tensor's logarithm, which knows 0
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    gap = torch.tensor(p, dtype=torch.float64).log().item()
    return logits.masked_fill(logits - logits.amax(-1)[..., None] < gap, -torch.inf)


# %% wrong: min_p — a plain threshold  hint="p is a share of the largest probability"
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError
    return logits.masked_fill(logits.softmax(-1) < p, -math.inf)


# %% wrong: min_p — a share of the largest logit  hint="not p times the largest logit"
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError
    return logits.masked_fill(logits < p * logits.amax(-1, keepdim=True), -math.inf)


# %% wrong: min_p — the best of all rows  hint="each row has its own largest probability"
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError
    probs = logits.softmax(-1)
    return logits.masked_fill(probs < p * probs.max(), -math.inf)


# %% wrong: min_p — no logarithm of 0  hint="math.log(0) is an error"
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError("p")
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) + math.log(p), -math.inf)


# %% wrong: min_p — subtracts the logarithm  hint="not subtracted"
def min_p(logits, p):
    if not 0 <= p <= 1:
        raise ValueError
    return logits.masked_fill(logits < logits.amax(-1, keepdim=True) - math.log(p or 1e-300), -math.inf)


# %% wrong: min_p — accepts everything  hint="it raises ValueError"
def min_p(logits, p):
    least = logits.amax(-1, keepdim=True) + (math.log(p) if p > 0 else -math.inf)
    return logits.masked_fill(logits < least, -math.inf)


# %% right: repetition_penalty — by a mask of what has occurred
def repetition_penalty(logits, ids, penalty):
    if not penalty > 0:
        raise ValueError("penalty")
    seen = torch.zeros_like(logits, dtype=torch.bool).scatter(1, ids, True)
    changed = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, changed, logits)


# %% right: repetition_penalty — a loop over sets
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("penalty")
    answer = logits.clone()
    for row, tokens in enumerate(ids.tolist()):
        for token in set(tokens):
            answer[row, token] *= penalty if logits[row, token] < 0 else 1 / penalty
    return answer


# %% wrong: repetition_penalty — as CTRL wrote it  hint="a negative logit divided by the penalty becomes more likely"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    return logits.scatter(-1, ids, logits.gather(-1, ids) / penalty)


# %% wrong: repetition_penalty — turned  hint="yours is turned"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    found = logits.gather(-1, ids)
    return logits.scatter(-1, ids, torch.where(found < 0, found / penalty, found * penalty))


# %% wrong: repetition_penalty — for each occurrence  hint="however often it has occurred"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    answer = logits.clone()
    for row, tokens in enumerate(ids.tolist()):
        for token in tokens:
            answer[row, token] = answer[row, token] * (penalty if answer[row, token] < 0 else 1 / penalty)
    return answer


# %% wrong: repetition_penalty — tokens of all rows  hint="each row has its own tokens"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    answer = logits.clone()
    seen = ids.unique()
    found = answer[:, seen]
    answer[:, seen] = torch.where(found > 0, found / penalty, found * penalty)
    return answer


# %% wrong: repetition_penalty — everything  hint="only tokens that have occurred"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    return torch.where(logits > 0, logits / penalty, logits * penalty)


# %% wrong: repetition_penalty — subtracts  hint="it is not subtracted"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    return logits.scatter(-1, ids, logits.gather(-1, ids) - penalty)


# %% wrong: repetition_penalty — the last token alone  hint="the last token alone"
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError
    last = ids[:, -1:]
    found = logits.gather(-1, last)
    return logits.scatter(-1, last, torch.where(found > 0, found / penalty, found * penalty))


# %% right: generate — counts what is left, and writes into a list of columns
@torch.no_grad()
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=None, stop=None):
    if ids.numel() == 0:
        raise ValueError("an empty prompt")
    mode = model.training
    model.train(False)
    columns = list(ids.unbind(1))
    running = torch.ones(len(ids), dtype=torch.bool)
    while max_new_tokens > 0 and running.any():
        so_far = torch.stack(columns, 1)
        logits = model(so_far[:, -block_size:])[:, -1, :]
        if choose is not None:
            logits = choose(logits, so_far)
        new = torch.multinomial(torch.softmax(logits, 1), 1, generator=generator).squeeze(1)
        if stop is not None:
            new = torch.where(running, new, stop)
            running = running & (new != stop)
        columns.append(new)
        max_new_tokens -= 1
    model.train(mode)
    return torch.stack(columns, 1)


# %% right: generate — a tensor of the full length, cut at the end
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    batch, time = ids.shape
    if time < 1:
        raise ValueError("nothing to go by")
    before = model.training
    model.eval()
    text = torch.cat([ids, ids.new_zeros(batch, max_new_tokens)], 1)
    ended, end = [False] * batch, time
    with torch.no_grad():
        while end < time + max_new_tokens and not (stop is not None and all(ended)):
            z = choose(model(text[:, max(0, end - block_size) : end])[:, -1], text[:, :end])
            new = torch.multinomial(z.softmax(-1), 1, generator=generator)[:, 0].tolist()
            for row in range(batch):
                text[row, end] = stop if ended[row] else new[row]
                ended[row] = ended[row] or new[row] == stop
            end += 1
    model.train(before)
    return text[:, :end]


# %% wrong: generate — never crops  hint="show the model no more than the last block_size tokens"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    for _ in range(max_new_tokens):
        new = torch.multinomial(choose(model(ids)[:, -1], ids).softmax(-1), 1, generator=generator)
        ids = torch.cat([ids, new], 1)
    model.train(mode)
    return ids


# %% wrong: generate — does not care for the mode  hint="call model.eval() first"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    for _ in range(max_new_tokens):
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        ids = torch.cat([ids, torch.multinomial(z.softmax(-1), 1, generator=generator)], 1)
    return ids


# %% wrong: generate — leaves the model in evaluation mode  hint="yours stays in evaluation mode"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    model.eval()
    for _ in range(max_new_tokens):
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        ids = torch.cat([ids, torch.multinomial(z.softmax(-1), 1, generator=generator)], 1)
    return ids


# %% wrong: generate — ignores stop  hint="yours goes on"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    for _ in range(max_new_tokens):
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        ids = torch.cat([ids, torch.multinomial(z.softmax(-1), 1, generator=generator)], 1)
    model.train(mode)
    return ids


# %% wrong: generate — ends with the first row that stops  hint="not the first of them"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    for _ in range(max_new_tokens):
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        new = torch.multinomial(z.softmax(-1), 1, generator=generator)
        ids = torch.cat([ids, new], 1)
        if stop is not None and (new == stop).any():
            break
    model.train(mode)
    return ids


# %% wrong: generate — goes on after the stop  hint="yours goes on"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        new = torch.multinomial(z.softmax(-1), 1, generator=generator)
        ids = torch.cat([ids, new], 1)
        if stop is not None:
            ended |= new[:, 0] == stop
            if ended.all():
                break
    model.train(mode)
    return ids


# %% wrong: generate — a stop in the prompt counts  hint="in the prompt it means nothing"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    for _ in range(max_new_tokens):
        ended = (ids == stop).any(1) if stop is not None else torch.zeros(len(ids), dtype=torch.bool)
        if ended.all():
            break
        z = choose(model(ids[:, -block_size:])[:, -1], ids)
        new = torch.multinomial(z.softmax(-1), 1, generator=generator)
        if stop is not None:
            new = new.masked_fill(ended[:, None], stop)
        ids = torch.cat([ids, new], 1)
    model.train(mode)
    return ids


# %% wrong: generate — greedy  hint="the likeliest token each time is greedy"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        new = choose(model(ids[:, -block_size:])[:, -1], ids).argmax(-1, keepdim=True)
        if stop is not None:
            new = new.masked_fill(ended[:, None], stop)
            ended |= new[:, 0] == stop
        ids = torch.cat([ids, new], 1)
        if ended.all():
            break
    model.train(mode)
    return ids


# %% wrong: generate — forgets the generator  hint="draw from the generator that is passed"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        new = torch.multinomial(choose(model(ids[:, -block_size:])[:, -1], ids).softmax(-1), 1)
        if stop is not None:
            new = new.masked_fill(ended[:, None], stop)
            ended |= new[:, 0] == stop
        ids = torch.cat([ids, new], 1)
        if ended.all():
            break
    model.train(mode)
    return ids


# %% wrong: generate — a choice that sees the window alone  hint="choose gets all ids so far"
def generate(model, ids, max_new_tokens, block_size, generator=None, choose=lambda z, _: z, stop=None):
    if not ids.shape[1]:
        raise ValueError
    mode = model.training
    model.eval()
    ended = torch.zeros(len(ids), dtype=torch.bool)
    for _ in range(max_new_tokens):
        seen = ids[:, -block_size:]
        new = torch.multinomial(choose(model(seen)[:, -1], seen).softmax(-1), 1, generator=generator)
        if stop is not None:
            new = new.masked_fill(ended[:, None], stop)
            ended |= new[:, 0] == stop
        ids = torch.cat([ids, new], 1)
        if ended.all():
            break
    model.train(mode)
    return ids


# %% right: exact_probs — a product of all tokens
def exact_probs(model, ids, length, choose=lambda z, _: z):
    size = model(ids[None]).shape[-1]
    answer = torch.zeros([size] * length, dtype=torch.float64)
    for more in itertools.product(range(size), repeat=length):
        text, prob = ids[None], 1.0
        for token in more:
            prob *= choose(model(text)[:, -1], text).softmax(-1)[0, token].item()
            if prob == 0:
                break
            text = torch.cat([text, torch.tensor([[token]])], 1)
        answer[more] = prob
    return answer


# %% right: exact_probs — recursive
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = choose(model(ids[None])[:, -1], ids[None]).softmax(-1)[0]
    if length == 1:
        return probs
    rest = [
        exact_probs(model, torch.cat([ids, torch.tensor([token])]), length - 1, choose)
        for token in range(len(probs))
    ]
    return torch.stack([p * one for p, one in zip(probs, rest)])


# %% wrong: exact_probs — a table of the default dtype  hint="the dtype is that of the model's logits"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    size = model(ids[None]).shape[-1]
    answer = torch.zeros([size] * length)
    for more in itertools.product(range(size), repeat=length):
        text, prob = ids[None], 1.0
        for token in more:
            prob *= choose(model(text)[:, -1], text).softmax(-1)[0, token].item()
            if prob == 0:
                break
            text = torch.cat([text, torch.tensor([[token]])], 1)
        answer[more] = prob
    return answer


# %% wrong: exact_probs — ignores choose  hint="choose makes no difference"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = model(ids[None])[0, -1].softmax(-1)
    if length == 1:
        return probs
    rest = [exact_probs(model, torch.cat([ids, torch.tensor([i])]), length - 1) for i in range(len(probs))]
    return torch.stack([p * one for p, one in zip(probs, rest)])


# %% wrong: exact_probs — independent draws  hint="the second token depends on the first"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = answer = choose(model(ids[None])[:, -1], ids[None]).softmax(-1)[0]
    for _ in range(length - 1):
        answer = answer[..., None] * probs
    return answer


# %% wrong: exact_probs — a flat answer  hint="one dimension for each new token"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = choose(model(ids[None])[:, -1], ids[None]).softmax(-1)[0]
    if length == 1:
        return probs
    rest = [
        exact_probs(model, torch.cat([ids, torch.tensor([i])]), length - 1, choose) for i in range(len(probs))
    ]
    return torch.cat([p * one for p, one in zip(probs, rest)])


# %% wrong: exact_probs — logarithms  hint="not their logarithms"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = choose(model(ids[None])[:, -1], ids[None]).log_softmax(-1)[0]
    if length == 1:
        return probs
    rest = [
        exact_probs(model, torch.cat([ids, torch.tensor([i])]), length - 1, choose) for i in range(len(probs))
    ]
    return torch.stack([p + one for p, one in zip(probs, rest)])


# %% wrong: exact_probs — the last token's probability  hint="not of its last token alone"
def exact_probs(model, ids, length, choose=lambda z, _: z):
    probs = choose(model(ids[None])[:, -1], ids[None]).softmax(-1)[0]
    if length == 1:
        return probs
    return torch.stack(
        [
            exact_probs(model, torch.cat([ids, torch.tensor([i])]), length - 1, choose)
            for i in range(len(probs))
        ]
    )


# %% right: beam_search — all continuations as one table
@torch.no_grad()
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    open_, size = [(ids.tolist(), 0.0, False)], None
    for _ in range(max_new_tokens):
        candidates = []
        for text, total, over in open_:
            if over:
                candidates.append((text, total, True))
            else:
                row = model(torch.tensor([text])[:, -block_size:])[0, -1].log_softmax(-1).tolist()
                candidates += [([*text, i], total + one, i == stop) for i, one in enumerate(row)]
        candidates.sort(key=lambda entry: entry[1], reverse=True)
        del candidates[beams:]
        open_ = candidates
    return [(torch.tensor(text), total) for text, total, _ in open_]


# %% right: beam_search — keeps the total in a tensor until the end
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    texts, totals = [ids], torch.zeros(1, dtype=torch.float64)
    for _ in range(max_new_tokens):
        new_texts, new_totals = [], []
        for text, total in zip(texts, totals):
            if stop is not None and len(text) > len(ids) and text[-1].item() == stop:
                new_texts.append(text)
                new_totals.append(total[None])
                continue
            logits = model(text[-block_size:][None])[0, -1].double()
            new_totals.append(total + logits - logits.logsumexp(0))
            new_texts += [torch.cat([text, torch.tensor([i])]) for i in range(len(logits))]
        every = torch.cat(new_totals)
        order = every.argsort(descending=True)[:beams]
        texts, totals = [new_texts[i] for i in order], every[order]
    return [(text, total.item()) for text, total in zip(texts, totals)]


# %% wrong: beam_search — follows one  hint="which is greedy"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    total, text = 0.0, ids
    for _ in range(max_new_tokens):
        if stop is not None and len(text) > len(ids) and text[-1] == stop:
            break
        row = model(text[None, -block_size:])[0, -1].log_softmax(-1)
        total += row.max().item()
        text = torch.cat([text, row.argmax()[None]])
    return [(text, total)]


# %% wrong: beam_search — the last step's score alone  hint="yours is that of the last token"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            if stop is not None and len(text) > len(ids) and text[-1] == stop:
                longer.append((text, total))
                continue
            row = model(text[None, -block_size:])[0, -1].log_softmax(-1).tolist()
            longer += [(torch.cat([text, torch.tensor([i])]), one) for i, one in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found


# %% wrong: beam_search — adds logits  hint="not logits"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            if stop is not None and len(text) > len(ids) and text[-1] == stop:
                longer.append((text, total))
                continue
            row = model(text[None, -block_size:])[0, -1].tolist()
            longer += [(torch.cat([text, torch.tensor([i])]), total + one) for i, one in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found


# %% wrong: beam_search — goes on after stop  hint="a text that has ended is not continued"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            row = model(text[None, -block_size:])[0, -1].log_softmax(-1).tolist()
            longer += [(torch.cat([text, torch.tensor([i])]), total + one) for i, one in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found


# %% wrong: beam_search — a stop in the prompt ends it  hint="in the prompt it means nothing"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            if stop is not None and text[-1] == stop:
                longer.append((text, total))
                continue
            row = model(text[None, -block_size:])[0, -1].log_softmax(-1).tolist()
            longer += [(torch.cat([text, torch.tensor([i])]), total + one) for i, one in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found


# %% wrong: beam_search — topk of too many  hint="topk cannot take more tokens than there are"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            if stop is not None and len(text) > len(ids) and text[-1] == stop:
                longer.append((text, total))
                continue
            best = model(text[None, -block_size:])[0, -1].log_softmax(-1).topk(beams)
            longer += [
                (torch.cat([text, i[None]]), total + one)
                for one, i in zip(best.values.tolist(), best.indices)
            ]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found


# %% wrong: beam_search — only the best  hint="the best one alone is not enough"
def beam_search(model, ids, max_new_tokens, block_size, beams, stop=None):
    found = [(ids, 0.0)]
    for _ in range(max_new_tokens):
        longer = []
        for text, total in found:
            if stop is not None and len(text) > len(ids) and text[-1] == stop:
                longer.append((text, total))
                continue
            row = model(text[None, -block_size:])[0, -1].log_softmax(-1).tolist()
            longer += [(torch.cat([text, torch.tensor([i])]), total + one) for i, one in enumerate(row)]
        found = sorted(longer, key=lambda pair: -pair[1])[:beams]
    return found[:1]


# %% right: perplexity — all costs in one tensor
def perplexity(model, texts):
    nats = [
        torch.nn.functional.cross_entropy(
            model(torch.tensor([text]))[0, :-1], torch.tensor(text[1:]), reduction="none"
        )
        for text in texts
        if len(text) >= 2
    ]
    return torch.cat(nats).mean().exp().item()


# %% right: perplexity — a loop over positions
def perplexity(model, texts):
    costs = []
    for text in texts:
        log_probs = torch.log_softmax(model(torch.tensor(text)[None]), -1)[0]
        costs += [-log_probs[t, token].item() for t, token in enumerate(text[1:])]
    return math.exp(math.fsum(costs) / len(costs))


# %% wrong: perplexity — a mean of means  hint="the mean over texts of their means"
def perplexity(model, texts):
    means = [
        torch.nn.functional.cross_entropy(model(torch.tensor([text]))[0, :-1], torch.tensor(text[1:])).item()
        for text in texts
        if len(text) > 1
    ]
    return math.exp(sum(means) / len(means))


# %% wrong: perplexity — counts the first token  hint="divide by the others"
def perplexity(model, texts):
    total = 0.0
    for text in texts:
        log_probs = model(torch.tensor([text]))[0].log_softmax(-1)
        total -= sum(log_probs[t, token].item() for t, token in enumerate(text[1:]))
    return math.exp(total / sum(map(len, texts)))


# %% wrong: perplexity — nats  hint="the exponential is missing"
def perplexity(model, texts):
    costs = []
    for text in texts:
        log_probs = model(torch.tensor([text]))[0].log_softmax(-1)
        costs += [-log_probs[t, token].item() for t, token in enumerate(text[1:])]
    return sum(costs) / len(costs)


# %% wrong: perplexity — targets not shifted  hint="targets are not shifted"
def perplexity(model, texts):
    costs = []
    for text in texts:
        log_probs = model(torch.tensor([text]))[0].log_softmax(-1)
        costs += [-log_probs[t, token].item() for t, token in enumerate(text[:-1])]
    return math.exp(sum(costs) / len(costs))


# %% wrong: perplexity — a tensor  hint="a float, not a tensor"
def perplexity(model, texts):
    costs = []
    for text in texts:
        log_probs = model(torch.tensor([text]))[0].log_softmax(-1)
        costs += [-log_probs[t, token] for t, token in enumerate(text[1:])]
    return torch.stack(costs).mean().exp()


# %% right: distinct_n — counts with a Counter
def distinct_n(texts, n):
    counts = Counter()
    for text in texts:
        counts.update(zip(*(text[i:] for i in range(n))))
    return len(counts) / counts.total() if counts else 0.0


# %% right: distinct_n — with a running number
def distinct_n(texts, n):
    seen, number = set(), 0
    for text in texts:
        start = 0
        while start + n <= len(text):
            seen.add(tuple(text[start : start + n]))
            number += 1
            start += 1
    return len(seen) / max(number, 1)


# %% wrong: distinct_n — texts run together  hint="an n-gram lies within one text"
def distinct_n(texts, n):
    joined = [token for text in texts for token in text]
    grams = [tuple(joined[i : i + n]) for i in range(len(joined) - n + 1)]
    return len(set(grams)) / len(grams) if grams else 0.0


# %% wrong: distinct_n — the last is missing  hint="the last n-gram of each text is missing"
def distinct_n(texts, n):
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n)]
    return len(set(grams)) / len(grams) if grams else 0.0


# %% wrong: distinct_n — short ends  hint="yours at the end of a text are shorter"
def distinct_n(texts, n):
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text))]
    return len(set(grams)) / len(grams) if grams else 0.0


# %% wrong: distinct_n — divides by nothing  hint="where there is no n-gram"
def distinct_n(texts, n):
    grams = [tuple(text[i : i + n]) for text in texts for i in range(len(text) - n + 1)]
    return len(set(grams)) / len(grams)


# %% wrong: distinct_n — text by text  hint="a set over all texts"
def distinct_n(texts, n):
    shares = []
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        if grams:
            shares.append(len(set(grams)) / len(grams))
    return sum(shares) / len(shares) if shares else 0.0


# %% equivalent: greedy — logits are (batch, vocab_size), whose last dimension is 1
# -        ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], 1)
# +        ids = torch.cat([ids, logits.argmax(1, keepdim=True)], 1)


# %% equivalent: top_p — sort goes along the last dimension by itself
# -    probs, order = logits.softmax(-1).sort(dim=-1, descending=True)
# +    probs, order = logits.softmax(-1).sort(descending=True)


# %% equivalent: top_p — order holds every place once, so scatter overwrites all of the start
# -    keep = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before < p)
# +    keep = torch.ones_like(logits, dtype=torch.bool).scatter(-1, order, before < p)


# %% equivalent: min_p — the logarithm of a negative p is a ValueError, too
# -    if not 0 <= p <= 1:
# +    if not -1 <= p <= 1:


# %% equivalent: repetition_penalty — logits are (batch, vocab_size), whose last dimension is 1
# -    found = logits.gather(-1, ids)  # (batch, time)
# +    found = logits.gather(1, ids)  # (batch, time)


# %% equivalent: repetition_penalty — logits are (batch, vocab_size), whose last dimension is 1
# -    return logits.scatter(-1, ids, torch.where(found > 0, found / penalty, found * penalty))
# +    return logits.scatter(1, ids, torch.where(found > 0, found / penalty, found * penalty))


# %% equivalent: repetition_penalty — a logit of 0 stays 0 either way
# -    return logits.scatter(-1, ids, torch.where(found > 0, found / penalty, found * penalty))
# +    return logits.scatter(-1, ids, torch.where(found >= 0, found / penalty, found * penalty))


# %% equivalent: generate — logits are (batch, vocab_size), whose last dimension is 1
# -        drawn = torch.multinomial(logits.softmax(-1), 1, generator=generator)  # (batch, 1)
# +        drawn = torch.multinomial(logits.softmax(1), 1, generator=generator)  # (batch, 1)


# %% equivalent: generate — drawn has one column, the first and the last
# -            ended |= drawn[:, 0] == stop
# +            ended |= drawn[:, -1] == stop


# %% equivalent: exact_probs — logits are (number of texts, vocab_size), whose last dimension is 1
# -        each = choose(model(rows)[:, -1], rows).softmax(-1)  # (number of texts, vocab_size)
# +        each = choose(model(rows)[:, -1], rows).softmax(1)  # (number of texts, vocab_size)


# %% equivalent: beam_search — a batch of one has one row, the first and the last
# -            log_probs = model(text[None, -block_size:])[0, -1].log_softmax(-1)  # (vocab_size,)
# +            log_probs = model(text[None, -block_size:])[-1, -1].log_softmax(-1)  # (vocab_size,)


# %% equivalent: beam_search — one row of logits has one dimension, the first and the last
# -            log_probs = model(text[None, -block_size:])[0, -1].log_softmax(-1)  # (vocab_size,)
# +            log_probs = model(text[None, -block_size:])[0, -1].log_softmax(0)  # (vocab_size,)


# %% equivalent: beam_search — values and indices are equally many
# -            for more, token in zip(best.values.tolist(), best.indices, strict=True):
# +            for more, token in zip(best.values.tolist(), best.indices):


# %% equivalent: beam_search — values and indices are equally many
# -            for more, token in zip(best.values.tolist(), best.indices, strict=True):
# +            for more, token in zip(best.values.tolist(), best.indices, strict=False):


# %% equivalent: perplexity — 0 and 0.0 are the same start of a sum that is divided
# -    nats, count = 0.0, 0
# +    count, nats = 0.0, 0


# %% equivalent: perplexity — 0 and 0.0 are the same start of a sum that is divided
# -    nats, count = 0.0, 0
# +    nats, count = 0, 0.0


# %% equivalent: perplexity — the model is causal, and gather reads as many rows as there are targets
# -            log_probs = model(ids[None, :-1])[0].log_softmax(-1)  # (time - 1, vocab_size)
# +            log_probs = model(ids[None, :])[0].log_softmax(-1)  # (time - 1, vocab_size)


# %% equivalent: perplexity — a batch of one has one row, the first and the last
# -            log_probs = model(ids[None, :-1])[0].log_softmax(-1)  # (time - 1, vocab_size)
# +            log_probs = model(ids[None, :-1])[-1].log_softmax(-1)  # (time - 1, vocab_size)


# %% equivalent: perplexity — one text's logits are (time - 1, vocab_size), whose last dimension is 1
# -            log_probs = model(ids[None, :-1])[0].log_softmax(-1)  # (time - 1, vocab_size)
# +            log_probs = model(ids[None, :-1])[0].log_softmax(1)  # (time - 1, vocab_size)


# %% equivalent: perplexity — math.exp makes a float of a tensor with one element
# -            nats -= log_probs.gather(1, ids[1:, None]).sum().item()
# +            nats -= log_probs.gather(1, ids[1:, None]).sum()
