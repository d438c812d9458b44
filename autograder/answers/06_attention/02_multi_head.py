# %% right: split_heads — slices, stacked
def split_heads(x, n_head):
    size, rest = divmod(x.shape[2], n_head)
    if rest:
        raise ValueError("n_head does not divide n_embd")
    return torch.stack([x[..., k * size : (k + 1) * size] for k in range(n_head)], dim=1)


# %% right: split_heads — unflattens
def split_heads(x, n_head):
    if x.size(-1) % n_head != 0:
        raise ValueError(f"{x.size(-1)} / {n_head}")
    return x.unflatten(-1, (n_head, -1)).transpose(1, 2)


# %% wrong: split_heads — reshapes to the final shape  hint="order of memory"
def split_heads(x, n_head):
    batch, time, n_embd = x.shape
    if n_embd % n_head:
        raise ValueError
    return x.reshape(batch, n_head, time, n_embd // n_head)


# %% wrong: split_heads — forgets to exchange  hint="heads' dimension comes before time"
def split_heads(x, n_head):
    batch, time, n_embd = x.shape
    if n_embd % n_head:
        raise ValueError
    return x.reshape(batch, time, n_head, n_embd // n_head)


# %% wrong: split_heads — every n-th column  hint="every n_head-th"
def split_heads(x, n_head):
    batch, time, n_embd = x.shape
    if n_embd % n_head:
        raise ValueError
    return x.reshape(batch, time, n_embd // n_head, n_head).permute(0, 3, 1, 2)


# %% wrong: split_heads — takes n_head for the size  hint="not the size of one"
def split_heads(x, n_head):
    if x.shape[-1] % n_head:
        raise ValueError
    return x.unflatten(-1, (-1, n_head)).transpose(1, 2)


# %% wrong: split_heads — lets reshape refuse  hint="raise ValueError yourself"
def split_heads(x, n_head):
    batch, time, n_embd = x.shape
    return x.reshape(batch, time, n_head, -1).transpose(1, 2)


# %% wrong: split_heads — drops the rest  hint="raises ValueError"
def split_heads(x, n_head):
    size = x.shape[-1] // n_head
    return x[..., : size * n_head].unflatten(-1, (n_head, size)).transpose(1, 2)


# %% right: merge_heads — joins a list
def merge_heads(x):
    return torch.cat(list(x.unbind(1)), dim=-1)


# %% right: merge_heads — permutes, copies, views
def merge_heads(x):
    b, h, t, s = x.shape
    return x.permute(0, 2, 1, 3).contiguous().view(b, t, h * s)


# %% wrong: merge_heads — reshape alone  hint="reshape alone mixes positions"
def merge_heads(x):
    b, h, t, s = x.shape
    return x.reshape(b, t, h * s)


# %% wrong: merge_heads — views what is not in order  hint="view needs memory in order"
def merge_heads(x):
    b, h, t, s = x.shape
    return x.transpose(1, 2).view(b, t, h * s)


# %% wrong: merge_heads — weaves the columns  hint="woven"
def merge_heads(x):
    return x.permute(0, 2, 3, 1).flatten(2)


# %% wrong: merge_heads — adds  hint="not added"
def merge_heads(x):
    return x.sum(dim=1)


# %% wrong: merge_heads — flattens too much  hint="last two dimensions only"
def merge_heads(x):
    return x.transpose(1, 2).flatten(1)


# %% right: multi_head_attention — one head after the other
def multi_head_attention(q, k, v, n_head, mask=None):
    parts = zip(q.chunk(n_head, -1), k.chunk(n_head, -1), v.chunk(n_head, -1))
    return torch.cat([scaled_dot_product_attention(*part, mask) for part in parts], -1)


# %% right: multi_head_attention — heads as rows of the batch
def multi_head_attention(q, k, v, n_head, mask=None):
    rows = [split_heads(one, n_head).flatten(0, 1) for one in (q, k, v)]
    if mask is not None and mask.dim() == 3:
        mask = mask.expand(len(q), -1, -1).repeat_interleave(n_head, 0)
    found = scaled_dot_product_attention(*rows, mask)
    return merge_heads(found.unflatten(0, (len(q), n_head)))


# %% right: multi_head_attention — by PyTorch's function
def multi_head_attention(q, k, v, n_head, mask=None):
    q, k, v = (one.unflatten(-1, (n_head, -1)).movedim(-2, 1) for one in (q, k, v))
    if mask is not None:
        mask = mask[..., None, :, :]
    return nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask).movedim(1, -2).flatten(-2)


# %% wrong: multi_head_attention — the mask without a dimension for heads  hint="met the heads' dimension"
def multi_head_attention(q, k, v, n_head, mask=None):
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    return merge_heads(scaled_dot_product_attention(q, k, v, mask))


# %% wrong: multi_head_attention — takes every mask for one with a batch  hint="has no batch"
def multi_head_attention(q, k, v, n_head, mask=None):
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    return merge_heads(scaled_dot_product_attention(q, k, v, None if mask is None else mask[:, None]))


# %% wrong: multi_head_attention — one head  hint="one head over all columns"
def multi_head_attention(q, k, v, n_head, mask=None):
    return scaled_dot_product_attention(q, k, v, mask)


# %% wrong: multi_head_attention — the root of n_embd  hint="yours by that of n_embd"
def multi_head_attention(q, k, v, n_head, mask=None):
    scale = q.shape[-1] ** 0.5
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    scores = q @ k.mT / scale
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(-3), float("-inf"))
    return merge_heads(scores.softmax(-1).nan_to_num() @ v)


# %% wrong: multi_head_attention — no scale  hint="1 / sqrt(head_size) is missing"
def multi_head_attention(q, k, v, n_head, mask=None):
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    scores = q @ k.mT
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(-3), float("-inf"))
    return merge_heads(scores.softmax(-1).nan_to_num() @ v)


# %% wrong: multi_head_attention — nan where nothing may be read  hint="expected"
def multi_head_attention(q, k, v, n_head, mask=None):
    q, k, v = (split_heads(one, n_head) for one in (q, k, v))
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(-3), float("-inf"))
    return merge_heads(scores.softmax(-1) @ v)


# %% wrong: multi_head_attention — forgets the mask  hint="the mask makes no difference"
def multi_head_attention(q, k, v, n_head, mask=None):
    return merge_heads(scaled_dot_product_attention(*(split_heads(one, n_head) for one in (q, k, v))))


# %% wrong: multi_head_attention — inverts the mask  hint="yours is inverted"
def multi_head_attention(q, k, v, n_head, mask=None):
    if mask is not None:
        mask = ~mask.unsqueeze(-3)
    return merge_heads(scaled_dot_product_attention(*(split_heads(one, n_head) for one in (q, k, v)), mask))


# %% wrong: multi_head_attention — reshapes back at once  hint="exchanged back before you flatten"
def multi_head_attention(q, k, v, n_head, mask=None):
    if mask is not None:
        mask = mask.unsqueeze(-3)
    found = scaled_dot_product_attention(*(split_heads(one, n_head) for one in (q, k, v)), mask)
    return found.reshape(q.shape)


# %% wrong: multi_head_attention — does not merge  hint="the heads are not merged"
def multi_head_attention(q, k, v, n_head, mask=None):
    if mask is not None:
        mask = mask.unsqueeze(-3)
    return scaled_dot_product_attention(*(split_heads(one, n_head) for one in (q, k, v)), mask)


# %% right: MultiHeadAttention — everything by hand
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head != 0:
            raise ValueError("n_head must divide n_embd")
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        batch, time, n_embd = x.shape
        q, k, v = (
            layer(x).view(batch, time, self.n_head, -1).transpose(1, 2)
            for layer in (self.query, self.key, self.value)
        )
        weights = q @ k.transpose(-2, -1) * (n_embd // self.n_head) ** -0.5
        if mask is not None:
            closed = ~mask.unsqueeze(-3)
            weights = weights.masked_fill(closed, -math.inf).softmax(-1).masked_fill(closed, 0)
        else:
            weights = weights.softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(batch, time, n_embd))


# %% right: MultiHeadAttention — a loop over heads
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.n_head = n_head
        self.size, rest = divmod(n_embd, n_head)
        if rest:
            raise ValueError(f"{n_embd} / {n_head}")
        for name in ("proj", "value", "key", "query"):
            setattr(self, name, nn.Linear(n_embd, n_embd))

    def forward(self, x, mask=None):
        parts = zip(*(layer(x).split(self.size, -1) for layer in (self.query, self.key, self.value)))
        return self.proj(torch.cat([scaled_dot_product_attention(q, k, v, mask) for q, k, v in parts], -1))


# %% wrong: MultiHeadAttention — no proj  hint="proj, the layer behind the heads, is missing"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        return multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)


# %% wrong: MultiHeadAttention — does not use proj  hint="the last layer, proj, is missing"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)


# %% wrong: MultiHeadAttention — no biases  hint="all four layers have a bias"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (
            nn.Linear(n_embd, n_embd, bias=False) for _ in range(4)
        )

    def forward(self, x, mask=None):
        return self.proj(multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask))


# %% wrong: MultiHeadAttention — layers of a single head  hint="not head_size"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.query, self.key, self.value = (nn.Linear(n_embd, n_embd // n_head) for _ in range(3))
        self.proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, mask=None):
        return self.proj(scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask))


# %% wrong: MultiHeadAttention — another name for n_head  hint="keep the number of heads in self.n_head"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.heads = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return self.proj(multi_head_attention(self.query(x), self.key(x), self.value(x), self.heads, mask))


# %% wrong: MultiHeadAttention — one head  hint="that is one head over all columns"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return self.proj(scaled_dot_product_attention(self.query(x), self.key(x), self.value(x), mask))


# %% wrong: MultiHeadAttention — forgets the mask  hint="the mask makes no difference"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return self.proj(multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head))


# %% wrong: MultiHeadAttention — exchanges keys and queries  hint="queries and keys are exchanged"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return self.proj(multi_head_attention(self.key(x), self.query(x), self.value(x), self.n_head, mask))


# %% wrong: MultiHeadAttention — refuses too late  hint="__init__ raises ValueError"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return self.proj(multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask))


# %% wrong: MultiHeadAttention — adds x  hint="residual connection comes with lesson 04"
class MultiHeadAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head:
            raise ValueError
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, mask=None):
        return x + self.proj(
            multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)
        )


# %% right: attention_parameters — layer by layer
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    inner = n_head * head_size
    into, back = n_embd * inner, inner * n_embd
    if bias:
        into, back = into + inner, back + n_embd
    return sum(3 * into + back for _ in range(n_layer))


# %% right: attention_parameters — a bias is one row more
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    columns = n_head * head_size
    return n_layer * (3 * (n_embd + bias) * columns + (columns + bias) * n_embd)


# %% wrong: attention_parameters — three matrices  hint="four matrices, not three"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    return n_layer * 3 * (n_embd + bias) * n_head * head_size


# %% wrong: attention_parameters — n_embd throughout  hint="need not be n_embd"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    return n_layer * (4 * n_embd**2 + (4 * n_embd if bias else 0))


# %% wrong: attention_parameters — one layer  hint="times n_layer"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    inner = n_head * head_size
    return 4 * n_embd * inner + (3 * inner + n_embd) * bias


# %% wrong: attention_parameters — no biases  hint="has a bias, too"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    return n_layer * 4 * n_embd * n_head * head_size


# %% wrong: attention_parameters — four equal biases  hint="proj ends in n_embd columns"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    inner = n_head * head_size
    return n_layer * (4 * n_embd * inner + 4 * inner * bias)


# %% wrong: attention_parameters — a single head  hint="columns of a single head"
def attention_parameters(n_layer, n_embd, n_head, head_size, bias=True):
    return n_layer * (4 * n_embd * head_size + (3 * head_size + n_embd) * bias)


# %% right: padding_mask — a loop over rows
def padding_mask(lengths, time):
    return torch.tensor([[at < length for at in range(time)] for length in lengths.tolist()])


# %% right: padding_mask — fills rows
def padding_mask(lengths, time):
    mask = torch.zeros(len(lengths), time, dtype=torch.bool)
    for row, length in zip(mask, lengths):
        row[:length] = True
    return mask


# %% wrong: padding_mask — True for padding  hint="yours marks the padding"
def padding_mask(lengths, time):
    return torch.arange(time) >= lengths[:, None]


# %% wrong: padding_mask — one too many  hint="positions count from 0"
def padding_mask(lengths, time):
    return torch.arange(time) <= lengths[:, None]


# %% wrong: padding_mask — floats  hint="a mask is bool"
def padding_mask(lengths, time):
    return (torch.arange(time) < lengths[:, None]).float()


# %% wrong: padding_mask — as wide as the longest  hint="as many columns as `time` says"
def padding_mask(lengths, time):
    return torch.arange(int(lengths.max())) < lengths[:, None]


# %% wrong: padding_mask — turned  hint="yours is turned"
def padding_mask(lengths, time):
    return torch.arange(time)[:, None] < lengths


# %% wrong: padding_mask — at the left  hint="real positions come first"
def padding_mask(lengths, time):
    return torch.arange(time) >= time - lengths[:, None]


# %% right: causal_padding_mask — positions compared
def causal_padding_mask(padding):
    at = torch.arange(padding.shape[1])
    return (at[None, :] <= at[:, None])[None] & padding[:, None, :]


# %% right: causal_padding_mask — fills columns
def causal_padding_mask(padding):
    batch, time = padding.shape
    mask = torch.ones(batch, time, time, dtype=torch.bool).tril()
    return mask.masked_fill(~padding[:, None], False)


# %% wrong: causal_padding_mask — hides rows  hint="yours hides rows"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]) & padding[:, :, None]


# %% wrong: causal_padding_mask — or  hint="not `or`"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]) | padding[:, None]


# %% wrong: causal_padding_mask — both dimensions  hint="only keys are hidden"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]) & padding[:, None] & padding[:, :, None]


# %% wrong: causal_padding_mask — lines up with the queries  hint="got the padding of sequence i"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]) & padding


# %% wrong: causal_padding_mask — not causal  hint="the causal part is missing"
def causal_padding_mask(padding):
    return padding[:, None].expand(-1, padding.shape[1], -1)


# %% wrong: causal_padding_mask — ahead  hint="it looks ahead"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]).T & padding[:, None]


# %% wrong: causal_padding_mask — keeps the diagonal of padding  hint="only keys of padding are hidden"
def causal_padding_mask(padding):
    return causal_mask(padding.shape[1]) & padding[:, None] | torch.eye(padding.shape[1], dtype=torch.bool)


# %% right: CrossAttention — everything by hand
class CrossAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        if n_embd % n_head != 0:
            raise ValueError("n_head must divide n_embd")
        self.n_head, self.size = n_head, n_embd // n_head
        self.query = nn.Linear(n_embd, n_embd)
        self.key = nn.Linear(n_embd, n_embd)
        self.value = nn.Linear(n_embd, n_embd)
        self.proj = nn.Linear(n_embd, n_embd)

    def forward(self, x, memory, mask=None):
        answers = []
        q, k, v = self.query(x), self.key(memory), self.value(memory)
        for at in range(0, x.shape[-1], self.size):
            block = slice(at, at + self.size)
            answers.append(scaled_dot_product_attention(q[..., block], k[..., block], v[..., block], mask))
        return self.proj(torch.cat(answers, -1))


# %% right: CrossAttention — from its sibling
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        q, k, v = (
            split_heads(layer(one), self.n_head)
            for layer, one in ((self.query, x), (self.key, memory), (self.value, memory))
        )
        if mask is not None:
            mask = mask[..., None, :, :]
        return self.proj(merge_heads(nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)))


# %% wrong: CrossAttention — ignores the memory  hint="yours attends within x"
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        found = multi_head_attention(self.query(x), self.key(x), self.value(x), self.n_head, mask)
        return self.proj(found)


# %% wrong: CrossAttention — the memory asks  hint="yours lets the memory ask x"
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        found = multi_head_attention(self.query(memory), self.key(x), self.value(x), self.n_head, mask)
        return self.proj(found)


# %% wrong: CrossAttention — values of x  hint="the values come from the memory, too"
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        found = multi_head_attention(self.query(x), self.key(memory), self.value(x), self.n_head, mask)
        return self.proj(found)


# %% wrong: CrossAttention — forgets the mask  hint="the mask makes no difference"
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        found = multi_head_attention(self.query(x), self.key(memory), self.value(memory), self.n_head)
        return self.proj(found)


# %% wrong: CrossAttention — no proj  hint="the last layer, proj, is missing"
class CrossAttention(MultiHeadAttention):
    def forward(self, x, memory, mask=None):
        return multi_head_attention(self.query(x), self.key(memory), self.value(memory), self.n_head, mask)


# %% wrong: CrossAttention — refuses nothing  hint="__init__ raises ValueError"
class CrossAttention(nn.Module):
    def __init__(self, n_embd, n_head):
        super().__init__()
        self.n_head = n_head
        self.query, self.key, self.value, self.proj = (nn.Linear(n_embd, n_embd) for _ in range(4))

    def forward(self, x, memory, mask=None):
        return self.proj(
            multi_head_attention(self.query(x), self.key(memory), self.value(memory), self.n_head, mask)
        )


# %% right: head_weights — one head after the other
def head_weights(attention, x, memory, mask=None):
    q, k = attention.query(x), attention.key(memory)
    size = q.shape[-1] // attention.n_head
    heads = zip(q.split(size, -1), k.split(size, -1))
    return torch.stack([attention_weights(*one, mask) for one in heads], 1)


# %% right: head_weights — scores by einsum
def head_weights(attention, x, memory, mask=None):
    q = attention.query(x).unflatten(-1, (attention.n_head, -1))
    k = attention.key(memory).unflatten(-1, (attention.n_head, -1))
    scores = torch.einsum("bqhs,bkhs->bhqk", q, k) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(~mask[..., None, :, :], -math.inf)
    return scores.softmax(-1).nan_to_num()


# %% wrong: head_weights — the mean  hint="not their mean"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    return attention_weights(q, k, mask if mask is None else mask.unsqueeze(-3)).mean(1)


# %% wrong: head_weights — x and memory themselves  hint="use the module's query and key"
def head_weights(attention, x, memory, mask=None):
    q, k = split_heads(x, attention.n_head), split_heads(memory, attention.n_head)
    return attention_weights(q, k, mask if mask is None else mask.unsqueeze(-3))


# %% wrong: head_weights — forgets the mask  hint="the mask makes no difference"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    return attention_weights(q, k)


# %% wrong: head_weights — masks afterwards  hint="mask the scores, not the weights"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    weights = attention_weights(q, k)
    return weights if mask is None else weights * mask.unsqueeze(-3)


# %% wrong: head_weights — the other softmax  hint="softmax runs over the keys"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    scores = q @ k.mT / q.shape[-1] ** 0.5
    if mask is not None:
        scores = scores.masked_fill(~mask.unsqueeze(-3), -math.inf)
    return scores.softmax(-2).nan_to_num()


# %% wrong: head_weights — the mask meets the heads  hint="met the heads' dimension"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    return attention_weights(q, k, mask)


# %% wrong: head_weights — takes every mask for one with a batch  hint="has no batch"
def head_weights(attention, x, memory, mask=None):
    q = split_heads(attention.query(x), attention.n_head)
    k = split_heads(attention.key(memory), attention.n_head)
    return attention_weights(q, k, None if mask is None else mask[:, None])


# %% right: head_contributions — silences the others
def head_contributions(attention, x, memory, mask=None):
    merged = multi_head_attention(
        attention.query(x), attention.key(memory), attention.value(memory), attention.n_head, mask
    )
    size = x.shape[-1] // attention.n_head
    parts = []
    for at in range(0, x.shape[-1], size):
        alone = torch.zeros_like(merged)
        alone[..., at : at + size] = merged[..., at : at + size]
        parts.append(nn.functional.linear(alone, attention.proj.weight))
    return torch.stack(parts, 1)


# %% right: head_contributions — einsum
def head_contributions(attention, x, memory, mask=None):
    q, k, v = (
        split_heads(layer(one), attention.n_head)
        for layer, one in ((attention.query, x), (attention.key, memory), (attention.value, memory))
    )
    found = scaled_dot_product_attention(q, k, v, None if mask is None else mask.unsqueeze(-3))
    columns = attention.proj.weight.unflatten(1, (attention.n_head, -1))
    return torch.einsum("bhts,ehs->bhte", found, columns)


# %% wrong: head_contributions — with the bias  hint="the bias of proj belongs to no head"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v
    blocks = attention.proj.weight.T.reshape(attention.n_head, v.shape[-1], -1)
    return found @ blocks + attention.proj.bias


# %% wrong: head_contributions — rows of the weight  hint="yours meets rows"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v
    return found @ attention.proj.weight.reshape(attention.n_head, v.shape[-1], -1)


# %% wrong: head_contributions — cuts the other way round  hint="cut weight.T head first"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v
    return found @ attention.proj.weight.T.reshape(v.shape[-1], attention.n_head, -1).transpose(0, 1)


# %% wrong: head_contributions — the sum  hint="keep the heads apart"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v
    return nn.functional.linear(merge_heads(found), attention.proj.weight)


# %% wrong: head_contributions — before proj  hint="send them through their columns"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    return head_weights(attention, x, memory, mask) @ v


# %% wrong: head_contributions — time first  hint="heads come before time"
def head_contributions(attention, x, memory, mask=None):
    v = split_heads(attention.value(memory), attention.n_head)
    found = head_weights(attention, x, memory, mask) @ v
    blocks = attention.proj.weight.T.reshape(attention.n_head, v.shape[-1], -1)
    return (found @ blocks).transpose(1, 2)


# %% right: shift_right — pads, then drops
def shift_right(targets, start):
    return nn.functional.pad(targets, (1, -1), value=start)


# %% right: shift_right — rolls a copy, then overwrites
def shift_right(targets, start):
    moved = targets.roll(1, dims=1)
    moved[:, 0] = start
    return moved


# %% wrong: shift_right — keeps the last target  hint="the last target is dropped"
def shift_right(targets, start):
    return nn.functional.pad(targets, (1, 0), value=start)


# %% wrong: shift_right — to the left  hint="the other direction"
def shift_right(targets, start):
    return nn.functional.pad(targets, (-1, 1), value=start)


# %% wrong: shift_right — rolls only  hint="roll is a circle"
def shift_right(targets, start):
    return targets.roll(1, dims=1)


# %% wrong: shift_right — overwrites the first target  hint="yours lost the first one"
def shift_right(targets, start):
    moved = targets.clone()
    moved[:, 0] = start
    return moved


# %% wrong: shift_right — in place  hint="changes its input in place"
def shift_right(targets, start):
    targets[:, 1:] = targets[:, :-1].clone()
    targets[:, 0] = start
    return targets


# %% wrong: shift_right — floats  hint="ids are int64"
def shift_right(targets, start):
    return torch.cat([torch.full((len(targets), 1), float(start)), targets[:, :-1]], 1)


# %% right: greedy_decode — writes into a prepared tensor
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((source.shape[0], steps + 1), start, dtype=torch.int64)
    for t in range(steps):
        ids[:, t + 1] = model.decode(ids[:, : t + 1], memory, padding)[:, t].argmax(1)
    return ids[:, 1:]


# %% right: greedy_decode — a list of columns
def greedy_decode(model, source, padding, start, steps):
    with torch.inference_mode():
        memory = model.encode(source, padding)
        columns = [torch.full((len(source),), start)]
        while len(columns) <= steps:
            logits = model.decode(torch.stack(columns, 1), memory, padding)
            columns.append(logits[:, -1].max(-1).indices)
    return torch.stack(columns[1:], 1)


# %% wrong: greedy_decode — keeps the start  hint="the start id is no part of the answer"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids


# %% wrong: greedy_decode — sees the last id only  hint="yours gets only the last one"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids[:, -1:], memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — the first logits  hint="yours takes the first's"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, 0].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — encodes in the loop  hint="encode it once"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        memory = model.encode(source, padding)
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — records gradients  hint="under torch.no_grad()"
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — keeps no dimension  hint="give the new ones a dimension of size 1"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — one step too many  hint="one id too many"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.full((len(source), 1), start)
    for _ in range(steps + 1):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% wrong: greedy_decode — begins with zero  hint="begin with `start`"
@torch.no_grad()
def greedy_decode(model, source, padding, start, steps):
    memory = model.encode(source, padding)
    ids = torch.zeros(len(source), 1, dtype=torch.int64)
    for _ in range(steps):
        ids = torch.cat([ids, model.decode(ids, memory, padding)[:, -1].argmax(-1)[:, None]], 1)
    return ids[:, 1:]


# %% right: exact_match — a loop over rows
def exact_match(predicted, targets):
    hits = [one == other for one, other in zip(predicted.tolist(), targets.tolist())]
    return sum(hits) / len(hits)


# %% right: exact_match — counts wrong ids
def exact_match(predicted, targets):
    wrong = (predicted != targets).sum(1)
    return float((wrong == 0).double().mean())


# %% wrong: exact_match — the share of ids  hint="the share of right ids"
def exact_match(predicted, targets):
    return (predicted == targets).float().mean().item()


# %% wrong: exact_match — one right id is enough  hint="one right id is not enough"
def exact_match(predicted, targets):
    return (predicted == targets).any(1).float().mean().item()


# %% wrong: exact_match — the number of rows  hint="not their number"
def exact_match(predicted, targets):
    return float((predicted == targets).all(1).sum())


# %% wrong: exact_match — columns  hint="dimension 1, not 0"
def exact_match(predicted, targets):
    return (predicted == targets).all(0).float().mean().item()


# %% wrong: exact_match — a tensor  hint="not a tensor"
def exact_match(predicted, targets):
    return (predicted == targets).all(1).float().mean()
