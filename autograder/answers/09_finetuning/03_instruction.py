# %% right: render — adds up a string
def render(messages, ask=False):
    text = ""
    for message in messages:
        if message["role"] not in {"system", "user", "assistant"}:
            raise ValueError(message["role"])
        text += "<" + message["role"] + ">" + message["content"] + "<end>"
    if ask:
        text += "<assistant>"
    return text


# %% right: render — checks the roles first
def render(messages, ask=False):
    unknown = {message["role"] for message in messages} - {"system", "user", "assistant"}
    if unknown:
        raise ValueError(f"unknown: {unknown}")
    said = [f"<{message['role']}>{message['content']}" for message in messages]
    return "<end>".join([*said, "<assistant>" if ask else ""])


# %% wrong: render — a space after the role  hint="no space after the role"
def render(messages, ask=False):
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
    return "".join(f"<{m['role']}> {m['content']}<end>" for m in messages) + ("<assistant>" if ask else "")


# %% wrong: render — always asks  hint="and only then"
def render(messages, ask=False):
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
    return "".join(f"<{m['role']}>{m['content']}<end>" for m in messages) + "<assistant>"


# %% wrong: render — joins with <end>, so the last one is missing  hint="the last one, too"
def render(messages, ask=False):
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
    return "<end>".join(f"<{m['role']}>{m['content']}" for m in messages) + ("<assistant>" if ask else "")


# %% wrong: render — takes any role  hint="it raises ValueError"
def render(messages, ask=False):
    return "".join(f"<{m['role']}>{m['content']}<end>" for m in messages) + ("<assistant>" if ask else "")


# %% wrong: render — a line break between messages  hint="no line break after <end>"
def render(messages, ask=False):
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
    return "\n".join([f"<{m['role']}>{m['content']}<end>" for m in messages] + ["<assistant>"] * ask)


# %% right: tokenize_dialogue — flattens parts
def tokenize_dialogue(messages, encode, special, ask=False):
    parts = []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("unknown role " + message["role"])
        content = list(encode(message["content"]))
        if any(i in special.values() for i in content):
            raise ValueError("a special token in the content")
        parts.append([special["<" + message["role"] + ">"]] + content + [special["<end>"]])
    if ask:
        parts.append([special["<assistant>"]])
    return sum(parts, [])


# %% right: tokenize_dialogue — appends token by token
def tokenize_dialogue(messages, encode, special, ask=False):
    forbidden = frozenset(special.values())
    roles = {name[1:-1] for name in special} - {"end"}
    ids = []
    for message in messages:
        role, content = message["role"], message["content"]
        if role not in roles:
            raise ValueError(role)
        ids.append(special[f"<{role}>"])
        for token in encode(content):
            if token in forbidden:
                raise ValueError(content)
            ids.append(token)
        ids.append(special["<end>"])
    ids.extend([special["<assistant>"]] * ask)
    return ids


# %% wrong: tokenize_dialogue — encodes whatever the user wrote  hint="must not hold a special token"
def tokenize_dialogue(messages, encode, special, ask=False):
    ids = []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
        ids += [special[f"<{message['role']}>"], *encode(message["content"]), special["<end>"]]
    return ids + [special["<assistant>"]] * ask


# %% wrong: tokenize_dialogue — looks for <assistant> alone  hint="must not hold a special token"
def tokenize_dialogue(messages, encode, special, ask=False):
    ids = []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
        content = encode(message["content"])
        if special["<assistant>"] in content:
            raise ValueError("forged")
        ids += [special[f"<{message['role']}>"], *content, special["<end>"]]
    return ids + [special["<assistant>"]] * ask


# %% wrong: tokenize_dialogue — takes a role for what special has  hint="an unknown role is a ValueError"
def tokenize_dialogue(messages, encode, special, ask=False):
    ids = []
    for message in messages:
        content = encode(message["content"])
        if set(content) & set(special.values()):
            raise ValueError("forged")
        ids += [special[f"<{message['role']}>"], *content, special["<end>"]]
    return ids + [special["<assistant>"]] * ask


# %% wrong: tokenize_dialogue — tokenizes the rendered text  hint="encode is for contents alone"
def tokenize_dialogue(messages, encode, special, ask=False):
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
    text = "".join(f"<{m['role']}>{m['content']}<end>" for m in messages)
    return encode(text + ("<assistant>" if ask else ""))


# %% wrong: tokenize_dialogue — one <end> for the whole dialogue  hint="expected"
def tokenize_dialogue(messages, encode, special, ask=False):
    ids = []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
        content = encode(message["content"])
        if set(content) & set(special.values()):
            raise ValueError("forged")
        ids += [special[f"<{message['role']}>"], *content]
    return [*ids, special["<end>"]] + [special["<assistant>"]] * ask


# %% wrong: tokenize_dialogue — never asks  hint="and only then"
def tokenize_dialogue(messages, encode, special, ask=False):
    ids = []
    for message in messages:
        if message["role"] not in ("system", "user", "assistant"):
            raise ValueError("role")
        content = encode(message["content"])
        if set(content) & set(special.values()):
            raise ValueError("forged")
        ids += [special[f"<{message['role']}>"], *content, special["<end>"]]
    return ids


# %% right: loss_mask — from each assistant to the next end
def loss_mask(ids, assistant, end):
    said = torch.zeros_like(ids, dtype=torch.bool)
    for start in (ids == assistant).nonzero()[:, 0].tolist():
        stops = (ids[start:] == end).nonzero()[:, 0]
        stop = start + int(stops[0]) if len(stops) else len(ids) - 1
        said[start + 1 : stop + 1] = True
    return said


# %% right: loss_mask — without a loop
def loss_mask(ids, assistant, end):
    at = torch.arange(len(ids))
    opened = torch.where(ids == assistant, at, -1)
    closed = torch.where(ids == end, at, -1)
    opened = torch.cat([torch.tensor([-1]), opened])[: len(ids)]  # seen before this place
    closed = torch.cat([torch.tensor([-1]), closed])[: len(ids)]
    if not len(ids):
        return torch.zeros(0, dtype=torch.bool)
    return opened.cummax(0).values > closed.cummax(0).values


# %% wrong: loss_mask — without the end  hint="never learns to stop"
def loss_mask(ids, assistant, end):
    said, speaking = torch.zeros(len(ids), dtype=torch.bool), False
    for at, token in enumerate(ids.tolist()):
        if token == end:
            speaking = False
        said[at] = speaking
        if token == assistant:
            speaking = True
    return said


# %% wrong: loss_mask — with the marker  hint="part of the prompt"
def loss_mask(ids, assistant, end):
    said, speaking = torch.zeros(len(ids), dtype=torch.bool), False
    for at, token in enumerate(ids.tolist()):
        speaking = speaking or token == assistant
        said[at] = speaking
        if token == end:
            speaking = False
    return said


# %% wrong: loss_mask — everything after the first answer begins  hint="the mask ends with <end>"
def loss_mask(ids, assistant, end):
    return ((ids == assistant).cumsum(0) > 0) & (ids != assistant)


# %% wrong: loss_mask — the last answer only  hint="not the last alone"
def loss_mask(ids, assistant, end):
    said, speaking = torch.zeros(len(ids), dtype=torch.bool), False
    for at, token in enumerate(ids.tolist()):
        said[at] = speaking
        if token == assistant:
            said[:] = False
            speaking = True
        elif token == end:
            speaking = False
    return said


# %% wrong: loss_mask — shifted already  hint="shifted to the position that predicts"
def loss_mask(ids, assistant, end):
    said, speaking = torch.zeros(len(ids) + 1, dtype=torch.bool), False
    for at, token in enumerate(ids.tolist()):
        said[at] = speaking
        speaking = token == assistant or (speaking and token != end)
    return said[1:]


# %% wrong: loss_mask — a list without a dtype  hint="an empty list makes floats"
def loss_mask(ids, assistant, end):
    said, speaking = [], False
    for token in ids.tolist():
        said.append(speaking)
        speaking = token == assistant or (speaking and token != end)
    return torch.tensor(said)


# %% right: sft_loss — picks the log-probabilities
def sft_loss(logits, ids, weights):
    log_probs = logits[:, :-1].log_softmax(-1)
    chosen = log_probs.gather(2, ids[:, 1:, None])[..., 0]
    return -(chosen * weights).sum() / weights.sum()


# %% right: sft_loss — flattens, and leaves out what counts nothing
def sft_loss(logits, ids, weights):
    keep = weights > 0
    losses = functional.cross_entropy(logits[:, :-1][keep], ids[:, 1:][keep], reduction="none")
    return (losses * (weights[keep] / weights.sum())).sum()


# %% wrong: sft_loss — divides by all predictions  hint="not by the number of predictions"
def sft_loss(logits, ids, weights):
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    return (losses * weights).mean()


# %% wrong: sft_loss — uses weights as a mask  hint="counts by its size"
def sft_loss(logits, ids, weights):
    keep = weights > 0
    return functional.cross_entropy(logits[:, :-1][keep], ids[:, 1:][keep])


# %% wrong: sft_loss — no shift  hint="predicts token t + 1"
def sft_loss(logits, ids, weights):
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, :-1], reduction="none")
    return (losses * weights).sum() / weights.sum()


# %% wrong: sft_loss — a mean for each row  hint="a mean of rows is another mean"
def sft_loss(logits, ids, weights):
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    rows = weights.sum(1)
    return ((losses * weights).sum(1)[rows > 0] / rows[rows > 0]).mean()


# %% wrong: sft_loss — a sum  hint="not a sum"
def sft_loss(logits, ids, weights):
    losses = functional.cross_entropy(logits[:, :-1].transpose(1, 2), ids[:, 1:], reduction="none")
    return (losses * weights).sum()


# %% right: pack — asks each row
def pack(lengths, room):
    rows = []
    for place, length in enumerate(lengths):
        if length > room:
            raise ValueError("too long")
        for row in rows:
            if sum(lengths[p] for p in row) + length <= room:
                row.append(place)
                break
        else:
            rows.append([place])
    return rows


# %% right: pack — keeps how full the rows are
def pack(lengths, room):
    if any(length > room for length in lengths):
        raise ValueError("too long")
    rows, used = [], []
    for place, length in enumerate(lengths):
        fits = [k for k, full in enumerate(used) if full + length <= room]
        if not fits:
            rows.append([])
            used.append(0)
            fits = [len(rows) - 1]
        rows[fits[0]].append(place)
        used[fits[0]] += length
    return rows


# %% wrong: pack — looks at the last row only  hint="not into the last one only"
def pack(lengths, room):
    rows, used = [], room
    for place, length in enumerate(lengths):
        if length > room:
            raise ValueError("too long")
        if used + length > room:
            rows.append([])
            used = 0
        rows[-1].append(place)
        used += length
    return rows


# %% wrong: pack — never fills a row  hint="to the brim"
def pack(lengths, room):
    rows = []
    for place, length in enumerate(lengths):
        if length > room:
            raise ValueError("too long")
        for row in rows:
            if sum(lengths[p] for p in row) + length < room:
                row.append(place)
                break
        else:
            rows.append([place])
    return rows


# %% wrong: pack — the longest first  hint="do not sort"
def pack(lengths, room):
    rows = []
    if max(lengths, default=0) > room:
        raise ValueError("too long")
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        for row in rows:
            if sum(lengths[p] for p in row) + lengths[place] <= room:
                row.append(place)
                break
        else:
            rows.append([place])
    return rows


# %% wrong: pack — holds lengths  hint="rows hold places"
def pack(lengths, room):
    rows = []
    for length in lengths:
        if length > room:
            raise ValueError("too long")
        for row in rows:
            if sum(row) + length <= room:
                row.append(length)
                break
        else:
            rows.append([length])
    return rows


# %% wrong: pack — lets a long one through  hint="it raises ValueError"
def pack(lengths, room):
    rows = []
    for place, length in enumerate(lengths):
        for row in rows:
            if sum(lengths[p] for p in row) + length <= room:
                row.append(place)
                break
        else:
            rows.append([place])
    return rows


# %% right: document_mask — by broadcasting and arange
def document_mask(documents):
    at = torch.arange(documents.shape[1])
    return (documents.unsqueeze(2) == documents.unsqueeze(1)) & (at[:, None] >= at)


# %% right: document_mask — row by row
def document_mask(documents):
    batch, time = documents.shape
    mask = torch.zeros(batch, time, time, dtype=torch.bool)
    for row in range(batch):
        for i in range(time):
            for j in range(i + 1):
                mask[row, i, j] = bool(documents[row, i] == documents[row, j])
    return mask


# %% wrong: document_mask — looks ahead  hint="must not look ahead"
def document_mask(documents):
    return documents[:, :, None] == documents[:, None, :]


# %% wrong: document_mask — causal alone  hint="the causal mask alone"
def document_mask(documents):
    batch, time = documents.shape
    return torch.ones(batch, time, time, dtype=torch.bool).tril()


# %% wrong: document_mask — upside down  hint="rows are queries"
def document_mask(documents):
    return (documents[:, :, None] == documents[:, None, :]).triu()


# %% wrong: document_mask — padding sees nothing  hint="a query without a key"
def document_mask(documents):
    same = documents[:, :, None] == documents[:, None, :]
    return (same & (documents > 0)[:, :, None]).tril()


# %% wrong: document_mask — earlier documents, too  hint="earlier documents are other documents"
def document_mask(documents):
    return (documents[:, :, None] >= documents[:, None, :]).tril()


# %% right: document_positions — counts along
def document_positions(documents):
    positions = torch.zeros_like(documents)
    for row in range(len(documents)):
        for t in range(1, documents.shape[1]):
            if documents[row, t] == documents[row, t - 1]:
                positions[row, t] = positions[row, t - 1] + 1
    return positions


# %% right: document_positions — how many of its kind the mask lets it see
def document_positions(documents):
    same = (documents[:, :, None] == documents[:, None, :]).tril()
    return same.sum(-1) - 1


# %% wrong: document_positions — along the whole row  hint="counts along the whole row"
def document_positions(documents):
    return torch.arange(documents.shape[1]).expand_as(documents)


# %% wrong: document_positions — from one  hint="positions count from 0"
def document_positions(documents):
    return (documents[:, :, None] == documents[:, None, :]).tril().sum(-1)


# %% wrong: document_positions — zero for padding  hint="padding counts anew, too"
def document_positions(documents):
    same = (documents[:, :, None] == documents[:, None, :]).tril()
    return (same.sum(-1) - 1) * (documents > 0)


# %% right: loss_weights — multiplies conditions
def loss_weights(said, documents, prompt=0.0):
    after, before = documents[:, 1:], documents[:, :-1]
    base = said[:, 1:].float() + prompt * (~said[:, 1:]).float()
    return base * (after == before).float() * (after != 0).float()


# %% right: loss_weights — fills
def loss_weights(said, documents, prompt=0.0):
    weights = torch.full(said[:, 1:].shape, float(prompt))
    weights[said[:, 1:]] = 1.0
    weights[documents[:, 1:] != documents[:, :-1]] = 0.0
    weights[documents[:, 1:] == 0] = 0.0
    return weights


# %% wrong: loss_weights — the owner of the position that predicts  hint="of token t + 1"
def loss_weights(said, documents, prompt=0.0):
    inside = (documents[:, 1:] == documents[:, :-1]) & (documents[:, 1:] > 0)
    return torch.where(said[:, :-1], 1.0, prompt) * inside


# %% wrong: loss_weights — across documents  hint="predicted from another document"
def loss_weights(said, documents, prompt=0.0):
    return torch.where(said[:, 1:], 1.0, prompt) * (documents[:, 1:] > 0)


# %% wrong: loss_weights — padding counts  hint="padding counts nothing"
def loss_weights(said, documents, prompt=0.0):
    return torch.where(said[:, 1:], 1.0, prompt) * (documents[:, 1:] == documents[:, :-1])


# %% wrong: loss_weights — forgets the prompt  hint="yours leaves it out"
def loss_weights(said, documents, prompt=0.0):
    inside = (documents[:, 1:] == documents[:, :-1]) & (documents[:, 1:] > 0)
    return (said[:, 1:] & inside).float()


# %% wrong: loss_weights — one too many  hint="T - 1 predictions"
def loss_weights(said, documents, prompt=0.0):
    inside = (documents[:, 1:] == documents[:, :-1]) & (documents[:, 1:] > 0)
    weights = torch.where(said[:, 1:], 1.0, prompt) * inside
    return torch.cat([weights, torch.zeros(len(weights), 1)], 1)


# %% right: exact_match — counts the wrong ones
def exact_match(logits, ids, said):
    wrong = (logits[:, :-1].argmax(-1) != ids[:, 1:]) & said[:, 1:]
    return wrong.sum(1) == 0


# %% right: exact_match — row by row
def exact_match(logits, ids, said):
    verdicts = []
    for scores, row, mine in zip(logits, ids, said):
        best = scores.argmax(-1)
        verdicts.append(all(int(best[t - 1]) == int(row[t]) for t in range(1, len(row)) if mine[t]))
    return torch.tensor(verdicts)


# %% wrong: exact_match — no shift  hint="predicts token t + 1"
def exact_match(logits, ids, said):
    return ((logits.argmax(-1) == ids) | ~said).all(1)


# %% wrong: exact_match — one token is enough  hint="all of the answer"
def exact_match(logits, ids, said):
    right = (logits[:, :-1].argmax(-1) == ids[:, 1:]) & said[:, 1:]
    return right.any(1)


# %% wrong: exact_match — the prompt counts, too  hint="only the answer's tokens"
def exact_match(logits, ids, said):
    return (logits[:, :-1].argmax(-1) == ids[:, 1:]).all(1)


# %% wrong: exact_match — a share of tokens  hint="a share of tokens"
def exact_match(logits, ids, said):
    right = (logits[:, :-1].argmax(-1) == ids[:, 1:]) & said[:, 1:]
    return right.sum(1) / said[:, 1:].sum(1)


# %% wrong: exact_match — the mask is not shifted  hint="compare it shifted"
def exact_match(logits, ids, said):
    return ((logits[:, :-1].argmax(-1) == ids[:, 1:]) | ~said[:, :-1]).all(1)


# %% right: refusals — counts in a loop
def refusals(wanted, given, refusal):
    counts = {True: [0, 0], False: [0, 0]}
    for want, got in zip(wanted, given):
        counts[want == refusal][0] += got == refusal
        counts[want == refusal][1] += 1
    return counts[True][0] / counts[True][1], counts[False][0] / counts[False][1]


# %% right: refusals — with tensors
def refusals(wanted, given, refusal):
    none = torch.tensor([want == refusal for want in wanted])
    refused = torch.tensor([got == refusal for got in given], dtype=torch.float64)
    return refused[none].mean().item(), refused[~none].mean().item()


# %% wrong: refusals — shares of all  hint="of its own kind"
def refusals(wanted, given, refusal):
    right = sum(w == refusal and g == refusal for w, g in zip(wanted, given))
    wrong = sum(w != refusal and g == refusal for w, g in zip(wanted, given))
    return right / len(wanted), wrong / len(wanted)


# %% wrong: refusals — shares of the refusals  hint="not of the refusals given"
def refusals(wanted, given, refusal):
    right = sum(w == refusal and g == refusal for w, g in zip(wanted, given))
    wrong = sum(w != refusal and g == refusal for w, g in zip(wanted, given))
    return right / max(given.count(refusal), 1), wrong / max(given.count(refusal), 1)


# %% wrong: refusals — wrong answers count as refusals  hint="a wrong answer is no refusal"
def refusals(wanted, given, refusal):
    none = [g == refusal for w, g in zip(wanted, given) if w == refusal]
    some = [g != w for w, g in zip(wanted, given) if w != refusal]
    return sum(none) / len(none), sum(some) / len(some)


# %% wrong: refusals — turned round  hint="first the right refusals"
def refusals(wanted, given, refusal):
    none = [g == refusal for w, g in zip(wanted, given) if w == refusal]
    some = [g == refusal for w, g in zip(wanted, given) if w != refusal]
    return sum(some) / len(some), sum(none) / len(none)


# %% right: look_up — goes through the pairs
def look_up(said, refusal):
    if ":" not in said:
        return refusal
    listed, rest = said.split(":", 1)
    words = rest.split()
    if not words:
        return refusal
    for pair in listed.split(","):
        parts = pair.split()
        if len(parts) == 2 and parts[0] == words[0]:
            return parts[1]
    return refusal


# %% right: look_up — a pattern for the pairs
def look_up(said, refusal):
    import re

    after = re.search(r":\s*(\w+)", said)
    pairs = re.findall(r"(?:^|,)\s*(\w+) (\w+)\s*(?=,|:)", said.partition(":")[0] + ":")
    return dict(reversed(pairs)).get(after.group(1), refusal) if after else refusal


# %% wrong: look_up — takes the model's word  hint="the model's own guess"
def look_up(said, refusal):
    words = said.partition(":")[2].split(maxsplit=1)
    return words[1] if len(words) > 1 else refusal


# %% wrong: look_up — asks for all that stands behind the colon  hint="the model goes on behind it"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    pairs = [pair.split() for pair in listed.split(",")]
    return dict(reversed([pair for pair in pairs if len(pair) == 2])).get(rest.strip(), refusal)


# %% wrong: look_up — trusts that each pair has two words  hint="one word alone, too"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    for pair in listed.split(","):
        if pair.strip() and rest.split() and pair.split()[0] == rest.split()[0]:
            return pair.split()[1]
    return refusal


# %% wrong: look_up — makes a dict of whatever stands there  hint="no pair of two words is passed over"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    notes = dict(pair.split() for pair in listed.split(",") if pair.strip())
    return notes.get(rest.split()[0], refusal) if rest.split() else refusal


# %% wrong: look_up — the first two words of three  hint="and three words"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    for pair in listed.split(","):
        words = pair.split()
        if len(words) > 1 and words[:1] == rest.split()[:1]:
            return words[1]
    return refusal


# %% wrong: look_up — all words behind the subject  hint="three words, too"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    for pair in listed.split(","):
        words = pair.split()
        if len(words) > 1 and words[:1] == rest.split()[:1]:
            return " ".join(words[1:])
    return refusal


# %% wrong: look_up — the last pair of a subject  hint="the first pair counts"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    pairs = [pair.split() for pair in listed.split(",")]
    notes = dict(pair for pair in pairs if len(pair) == 2)
    return notes.get(rest.split()[0], refusal) if rest.split() else refusal


# %% wrong: look_up — refuses nothing  hint="the refusal"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    notes = dict(pair.split() for pair in listed.split(",") if pair.strip())
    return notes[rest.split()[0]] if rest.split() else refusal


# %% wrong: look_up — needs notes  hint="nothing stands before the colon"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    notes = dict(pair.split() for pair in listed.split(","))
    return notes.get(rest.split()[0], refusal) if rest.split() else refusal


# %% wrong: look_up — needs a subject  hint="no word behind a colon"
def look_up(said, refusal):
    listed, _, rest = said.partition(":")
    subject = rest.split()[0]
    pairs = [pair.split() for pair in listed.split(",")]
    return next((pair[1] for pair in pairs if len(pair) == 2 and pair[0] == subject), refusal)



# %% equivalent: render — a role is among the three whatever their order
# -        if role not in ("system", "user", "assistant"):
# +        if role not in ("user", "system", "assistant"):


# %% equivalent: render — a role is among the three whatever their order
# -        if role not in ("system", "user", "assistant"):
# +        if role not in ("system", "assistant", "user"):


# %% equivalent: tokenize_dialogue — a role is among the three whatever their order
# -        if message["role"] not in ("system", "user", "assistant"):
# +        if message["role"] not in ("user", "system", "assistant"):


# %% equivalent: tokenize_dialogue — a role is among the three whatever their order
# -        if message["role"] not in ("system", "user", "assistant"):
# +        if message["role"] not in ("system", "assistant", "user"):


# %% equivalent: loss_mask — every place is written later
# -    said = torch.zeros(len(ids), dtype=torch.bool)
# +    said = torch.ones(len(ids), dtype=torch.bool)


# %% equivalent: loss_mask — an element of a tensor compares with an int as the int itself does
# -    for at, token in enumerate(ids.tolist()):
# +    for at, token in enumerate(ids):


# %% equivalent: pack — two empty lists
# -    rows, free = [], []
# +    free, rows = [], []


# %% equivalent: document_positions — broadcasting does what expand_as does
# -    at = torch.arange(documents.shape[1]).expand_as(documents)
# +    at = torch.arange(documents.shape[1])


# %% equivalent: document_positions — whether or not the first token counts as a beginning, its place is 0
# -    begins = functional.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)
# +    begins = functional.pad(documents[:, 1:] != documents[:, :-1], (1, 0))


# %% equivalent: document_positions — whether or not the first token counts as a beginning, its place is 0
# -    begins = functional.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=True)
# +    begins = functional.pad(documents[:, 1:] != documents[:, :-1], (1, 0), value=False)


# %% equivalent: document_positions — the first token is a beginning, so the maximum is never below 0
# -    return at - at.where(begins, 0).cummax(1).values
# +    return at - at.where(begins, -1).cummax(1).values


# %% equivalent: refusals — the two lists are as long as each other
# -    none = [got == refusal for want, got in zip(wanted, given, strict=True) if want == refusal]
# +    none = [got == refusal for want, got in zip(wanted, given) if want == refusal]


# %% equivalent: refusals — the two lists are as long as each other
# -    none = [got == refusal for want, got in zip(wanted, given, strict=True) if want == refusal]
# +    none = [got == refusal for want, got in zip(wanted, given, strict=False) if want == refusal]


# %% equivalent: refusals — the two lists are as long as each other
# -    some = [got == refusal for want, got in zip(wanted, given, strict=True) if want != refusal]
# +    some = [got == refusal for want, got in zip(wanted, given) if want != refusal]


# %% equivalent: refusals — the two lists are as long as each other
# -    some = [got == refusal for want, got in zip(wanted, given, strict=True) if want != refusal]
# +    some = [got == refusal for want, got in zip(wanted, given, strict=False) if want != refusal]
