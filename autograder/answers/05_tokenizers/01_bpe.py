# %% right: text_to_ids — looks each byte up in the list
def text_to_ids(text):
    return [BYTE_TOKENS.index(bytes([byte])) for byte in text.encode()]


# %% right: text_to_ids — a dict of bytes, character by character
def text_to_ids(text):
    places = dict(zip(BYTE_TOKENS, range(256)))
    ids = []
    for character in text:
        data = character.encode("utf-8")
        ids.extend(places[data[k : k + 1]] for k in range(len(data)))
    return ids


# %% wrong: text_to_ids — the bytes themselves  hint="these are the bytes themselves"
def text_to_ids(text):
    return list(text.encode("utf-8"))


# %% wrong: text_to_ids — code points  hint="code points of characters"
def text_to_ids(text):
    return [ord(character) for character in text]


# %% wrong: text_to_ids — Latin-1 with question marks  hint="UTF-8, not Latin-1"
def text_to_ids(text):
    return [BYTE_TOKENS.index(bytes([byte])) for byte in text.encode("latin-1", errors="replace")]


# %% wrong: text_to_ids — drops what is no ASCII  hint="was lost"
def text_to_ids(text):
    return [BYTE_TOKENS.index(bytes([byte])) for byte in text.encode("ascii", errors="ignore")]


# %% wrong: text_to_ids — encodes as ASCII  hint="name utf-8"
def text_to_ids(text):
    return [BYTE_TOKENS.index(bytes([byte])) for byte in text.encode("ascii")]


# %% wrong: text_to_ids — looks for a number among bytes  hint="look for bytes([byte])"
def text_to_ids(text):
    return [BYTE_TOKENS.index(byte) for byte in text.encode("utf-8")]


# %% wrong: text_to_ids — UTF-16  hint="not UTF-16"
def text_to_ids(text):
    return [BYTE_TOKENS.index(bytes([byte])) for byte in text.encode("utf-16")]


# %% right: decode — a bytearray that grows
def decode(ids, vocab):
    data = bytearray()
    for i in ids:
        data += vocab[i]
    return str(data, "utf-8", "replace")


# %% right: decode — an incremental decoder, fed token by token
def decode(ids, vocab):
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(vocab[i]) for i in ids) + decoder.decode(b"", final=True)


# %% wrong: decode — token by token  hint="join the bytes first, then decode once"
def decode(ids, vocab):
    return "".join(vocab[i].decode("utf-8", errors="replace") for i in ids)


# %% wrong: decode — strict  hint="must not stop you"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("utf-8")


# %% wrong: decode — ignores what is no UTF-8  hint="they do not vanish"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="ignore")


# %% wrong: decode — Latin-1 never fails  hint="UTF-8, not Latin-1"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("latin-1")


# %% wrong: decode — bytes  hint="text, not bytes"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids)


# %% wrong: decode — escapes  hint="not an escape"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="backslashreplace")


# %% wrong: decode — surrogates  hint="half a surrogate pair"
def decode(ids, vocab):
    return b"".join(vocab[i] for i in ids).decode("utf-8", errors="surrogateescape")


# %% right: pair_counts — Counter of zip
def pair_counts(ids):
    return dict(Counter(zip(ids, ids[1:])))


# %% right: pair_counts — by index
def pair_counts(ids):
    counts = {}
    for i in range(len(ids) - 1):
        pair = (ids[i], ids[i + 1])
        if pair not in counts:
            counts[pair] = 0
        counts[pair] += 1
    return counts


# %% wrong: pair_counts — overlapping pairs counted once  hint="three equal ids are two pairs"
def pair_counts(ids):
    counts, i = {}, 0
    while i + 1 < len(ids):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
        i += 2 if pair[0] == pair[1] else 1
    return counts


# %% wrong: pair_counts — every other place  hint="each id starts a pair"
def pair_counts(ids):
    counts = {}
    for i in range(0, len(ids) - 1, 2):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
    return counts


# %% wrong: pair_counts — one place too far  hint="stop one earlier"
def pair_counts(ids):
    counts = {}
    for i in range(len(ids)):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
    return counts


# %% wrong: pair_counts — one place too few  hint="the last pair is missing"
def pair_counts(ids):
    counts = {}
    for i in range(len(ids) - 2):
        pair = (ids[i], ids[i + 1])
        counts[pair] = counts.get(pair, 0) + 1
    return counts


# %% wrong: pair_counts — no direction  hint="are two pairs"
def pair_counts(ids):
    counts = {}
    for a, b in zip(ids, ids[1:]):
        pair = (min(a, b), max(a, b))
        counts[pair] = counts.get(pair, 0) + 1
    return counts


# %% wrong: pair_counts — whether, not how often  hint="how often, not whether"
def pair_counts(ids):
    return {pair: 1 for pair in zip(ids, ids[1:])}


# %% wrong: pair_counts — single ids  hint="not single ids"
def pair_counts(ids):
    return dict(Counter(ids))


# %% right: merge — looks back at what it has written
def merge(ids, pair, new_id):
    merged, fresh = [], False
    for i in ids:
        if merged and not fresh and (merged[-1], i) == pair:
            merged[-1] = new_id
            fresh = True
        else:
            merged.append(i)
            fresh = False
    return merged


# %% right: merge — a copy, shortened in place
def merge(ids, pair, new_id):
    merged = list(ids)
    i = 0
    while i < len(merged) - 1:
        if tuple(merged[i : i + 2]) == tuple(pair):
            merged[i : i + 2] = [new_id]
        i += 1
    return merged


# %% wrong: merge — every place where the pair begins  hint="used up"
def merge(ids, pair, new_id):
    starts = [i for i in range(len(ids) - 1) if (ids[i], ids[i + 1]) == pair]
    seconds = {i + 1 for i in starts}
    return [new_id if i in starts else ids[i] for i in range(len(ids)) if i in starts or i not in seconds]


# %% wrong: merge — the first only  hint="not only the first"
def merge(ids, pair, new_id):
    for i in range(len(ids) - 1):
        if (ids[i], ids[i + 1]) == pair:
            return ids[:i] + [new_id] + ids[i + 2 :]
    return list(ids)


# %% wrong: merge — from the right  hint="yours merges from the right"
def merge(ids, pair, new_id):
    merged, i = [], len(ids) - 1
    while i >= 0:
        if i > 0 and (ids[i - 1], ids[i]) == pair:
            merged.append(new_id)
            i -= 2
        else:
            merged.append(ids[i])
            i -= 1
    return merged[::-1]


# %% wrong: merge — loses the last id  hint="the last id is missing"
def merge(ids, pair, new_id):
    merged, i = [], 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


# %% wrong: merge — looks beyond the end  hint="the last id has no right neighbour"
def merge(ids, pair, new_id):
    merged, i = [], 0
    while i < len(ids):
        if (ids[i], ids[i + 1]) == pair:
            merged.append(new_id)
            i += 2
        else:
            merged.append(ids[i])
            i += 1
    return merged


# %% wrong: merge — keeps the second id  hint="yours keeps the second"
def merge(ids, pair, new_id):
    return [new_id if tuple(ids[i : i + 2]) == pair else ids[i] for i in range(len(ids))]


# %% wrong: merge — in place  hint="in place"
def merge(ids, pair, new_id):
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) == pair:
            ids[i : i + 2] = [new_id]
        i += 1
    return ids


# %% right: train_naive — sorted
def train_naive(ids, vocab_size):
    merges = []
    while 256 + len(merges) < vocab_size and len(ids) >= 2:
        counts = pair_counts(ids)
        best = sorted(counts, key=lambda pair: (-counts[pair], pair[0], pair[1]))[0]
        ids = merge(ids, best, 256 + len(merges))
        merges.append(best)
    return merges


# %% right: train_naive — the maximum first, then the smallest that has it
def train_naive(ids, vocab_size):
    merges, ids = [], list(ids)
    for k in range(vocab_size - 256):
        counts = pair_counts(ids)
        top = max(counts.values(), default=0)
        if top == 0:
            return merges
        merges += [min(pair for pair in counts if counts[pair] == top)]
        ids = merge(ids, merges[-1], 256 + k)
    return merges


# %% wrong: train_naive — the pair met first  hint="not the one met first"
def train_naive(ids, vocab_size):
    merges = []
    for new_id in range(256, vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = max(counts, key=counts.get)
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges


# %% wrong: train_naive — the largest pair  hint="not the largest"
def train_naive(ids, vocab_size):
    merges = []
    for new_id in range(256, vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = max(counts, key=lambda pair: (counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges


# %% wrong: train_naive — vocab_size merges  hint="vocab_size counts the 256 bytes"
def train_naive(ids, vocab_size):
    merges = []
    for k in range(vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge(ids, best, 256 + k)
        merges.append(best)
    return merges


# %% wrong: train_naive — counts once  hint="counted anew after each merge"
def train_naive(ids, vocab_size):
    counts = pair_counts(ids)
    return sorted(counts, key=lambda pair: (-counts[pair], pair))[: vocab_size - 256]


# %% wrong: train_naive — does not stop  hint="no pair is left: stop earlier"
def train_naive(ids, vocab_size):
    merges = []
    for new_id in range(256, vocab_size):
        counts = pair_counts(ids)
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges


# %% wrong: train_naive — a dict  hint="not a dict"
def train_naive(ids, vocab_size):
    merges = {}
    for new_id in range(256, vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges[best] = new_id
    return merges


# %% wrong: train_naive — the rarest  hint="not the rarest"
def train_naive(ids, vocab_size):
    merges = []
    for new_id in range(256, vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = min(counts, key=lambda pair: (counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges


# %% wrong: train_naive — one merge too few  hint="one merge too few"
def train_naive(ids, vocab_size):
    merges = []
    for new_id in range(257, vocab_size):
        counts = pair_counts(ids)
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        ids = merge(ids, best, new_id)
        merges.append(best)
    return merges


# %% right: build_vocab — by reduction
def build_vocab(merges):
    import functools

    return functools.reduce(lambda vocab, pair: [*vocab, vocab[pair[0]] + vocab[pair[1]]], merges, list(BYTE_TOKENS))


# %% right: build_vocab — a dict on the way
def build_vocab(merges):
    tokens = dict(enumerate(BYTE_TOKENS))
    for i, pair in enumerate(merges):
        tokens[256 + i] = b"".join(tokens[half] for half in pair)
    return [tokens[i] for i in range(len(tokens))]


# %% wrong: build_vocab — bytes in their own order  hint="in GPT-2's order"
def build_vocab(merges):
    vocab = [bytes([i]) for i in range(256)]
    for left, right in merges:
        vocab.append(vocab[left] + vocab[right])
    return vocab


# %% wrong: build_vocab — looks up single bytes only  hint="look both up in the vocabulary so far"
def build_vocab(merges):
    return list(BYTE_TOKENS) + [BYTE_TOKENS[left] + BYTE_TOKENS[right] for left, right in merges]


# %% wrong: build_vocab — right, then left  hint="left, then right"
def build_vocab(merges):
    vocab = list(BYTE_TOKENS)
    for left, right in merges:
        vocab.append(vocab[right] + vocab[left])
    return vocab


# %% wrong: build_vocab — appends to BYTE_TOKENS itself  hint="which cannot grow: start from list(BYTE_TOKENS)"
def build_vocab(merges):
    vocab = BYTE_TOKENS
    for left, right in merges:
        vocab.append(vocab[left] + vocab[right])
    return vocab


# %% wrong: build_vocab — a tuple, joined with a list  hint="list(BYTE_TOKENS) is a list"
def build_vocab(merges):
    vocab = BYTE_TOKENS
    for left, right in merges:
        vocab = vocab + [vocab[left] + vocab[right]]
    return vocab


# %% wrong: build_vocab — a tuple  hint="a list, not a tuple"
def build_vocab(merges):
    vocab = BYTE_TOKENS
    for left, right in merges:
        vocab += (vocab[left] + vocab[right],)
    return vocab


# %% wrong: build_vocab — text  hint="tokens are bytes"
def build_vocab(merges):
    vocab = list(BYTE_TOKENS)
    for left, right in merges:
        vocab.append(vocab[left] + vocab[right])
    return [token.decode("utf-8", errors="replace") for token in vocab]


# %% wrong: build_vocab — without the single bytes  hint="the single bytes come first"
def build_vocab(merges):
    vocab = list(BYTE_TOKENS)
    for left, right in merges:
        vocab.append(vocab[left] + vocab[right])
    return vocab[256:]


# %% right: split_chunks — compiled, by finditer
def split_chunks(text):
    cut = regex.compile(
        "|".join(
            [*("'" + end for end in "s t re ve m ll d".split()), r" ?\p{L}+", r" ?\p{N}+", r" ?[^\s\p{L}\p{N}]+", r"\s+(?!\S)", r"\s+"]
        )
    )
    return [found.group() for found in cut.finditer(text)]


# %% right: split_chunks — contractions in a group that is not captured
def split_chunks(text):
    pattern = r"'(?:[stmd]|re|ve|ll)| ?(?:\p{Letter}+|\p{Number}+|[^\s\p{L}\p{N}]+)|\s+(?!\S)|\s+"
    return regex.findall(pattern, text)


# %% wrong: split_chunks — at white space  hint="split() loses the spaces"
def split_chunks(text):
    return text.split()


# %% wrong: split_chunks — Python's re  hint="use regex.findall"
def split_chunks(text):
    import re

    return re.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — no space before  hint="the space before a word belongs to its chunk"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}+|[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — without the look-ahead  hint="of several spaces the last belongs"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+", text)


# %% wrong: split_chunks — without the last alternative  hint="white space that ends the text"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)", text)


# %% wrong: split_chunks — contractions last  hint="contractions come first"
def split_chunks(text):
    return regex.findall(r" ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|'s|'t|'re|'ve|'m|'ll|'d|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — contractions of any case  hint="contractions are lower case"
def split_chunks(text):
    return regex.findall(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — letters and digits together  hint="digits are not letters"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[\p{L}\p{N}]+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — a to z  hint="a-z are not all"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[a-zA-Z]+| ?\p{N}+| ?[^\sa-zA-Z\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — GPT-4's numbers  hint="GPT-4's pattern"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}{1,3}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — brackets capture  hint="what stands in them, and nothing else"
def split_chunks(text):
    return regex.findall(r"('s|'t|'re|'ve|'m|'ll|'d)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — each alternative in brackets  hint="findall return tuples"
def split_chunks(text):
    return regex.findall(
        r"('s)|('t)|('re)|('ve)|('m)|('ll)|('d)|( ?\p{L}+)|( ?\p{N}+)|( ?[^\s\p{L}\p{N}]+)|(\s+(?!\S))|(\s+)", text
    )


# %% wrong: split_chunks — the spaces are lost  hint="a space is lost"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d|?\p{L}+|?\p{N}+|?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — a to z, in one place  hint="leave the others out altogether"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[a-zA-Z]+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+", text)


# %% wrong: split_chunks — a to z and 0 to 9  hint="a-z and 0-9 are not all"
def split_chunks(text):
    return regex.findall(r"'s|'t|'re|'ve|'m|'ll|'d| ?[a-zA-Z]+| ?[0-9]+| ?[^\sa-zA-Z0-9]+|\s+(?!\S)|\s+", text)


# %% right: PairIndex — Counter and defaultdict
class PairIndex:
    def __init__(self, chunks, times):
        from collections import defaultdict

        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = Counter(), defaultdict(set)
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        chunk = self.chunks[i]
        for pair in zip(chunk, chunk[1:]):
            self.counts[pair] += self.times[i]
            self.where[pair].add(i)

    def remove(self, i):
        chunk = self.chunks[i]
        for pair in zip(chunk, chunk[1:]):
            self.counts[pair] -= self.times[i]
            self.where[pair].discard(i)
            if self.counts[pair] <= 0:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% right: PairIndex — the difference of old and new counts
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks = [list(chunk) for chunk in chunks]
        self.times = times
        self.counts, self.where = {}, {}
        for i in range(len(self.chunks)):
            self.add(i)

    def add(self, i):
        self.change({}, pair_counts(self.chunks[i]), i)

    def remove(self, i):
        self.change(pair_counts(self.chunks[i]), {}, i)

    def change(self, old, new, i):
        for pair in old.keys() | new.keys():
            count = self.counts.get(pair, 0) + (new.get(pair, 0) - old.get(pair, 0)) * self.times[i]
            found = self.where.get(pair, set()) - {i} | ({i} if pair in new else set())
            if count:
                self.counts[pair], self.where[pair] = count, found
            else:
                self.counts.pop(pair)
                self.where.pop(pair)

    def best(self):
        ranked = sorted(self.counts.items(), key=lambda item: (-item[1], item[0]))
        return ranked[0][0] if ranked else None

    def merge(self, pair, new_id):
        for i in tuple(self.where[pair]):
            before = self.chunks[i]
            self.chunks[i] = merge(before, pair, new_id)
            self.change(pair_counts(before), pair_counts(self.chunks[i]), i)


# %% wrong: PairIndex — times forgotten  hint="stands for times[i] chunks"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — a pair counts once in a chunk  hint="times included, not in how many chunks"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair in pair_counts(self.chunks[i]):
            self.counts[pair] = self.counts.get(pair, 0) + self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair in pair_counts(self.chunks[i]):
            self.counts[pair] -= self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — merges before it removes  hint="pairs of the chunk as it was are still counted"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        pass

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — zeros stay  hint="delete a count that falls to 0"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].discard(i)

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — empty sets stay  hint="no entry in where either"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — where is not corrected  hint="where still names chunks that the pair has left"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — goes through all chunks  hint="merge goes through all chunks"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.count()

    def count(self):
        self.counts, self.where = {}, {}
        for i in range(len(self.chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        self.chunks = [merge(chunk, pair, new_id) for chunk in self.chunks]
        self.count()


# %% wrong: PairIndex — best as it comes  hint="not the one met first"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return max(self.counts, key=self.counts.get, default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — works on the caller's list  hint="keep a list of your own"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = chunks, times
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — best without an end  hint="best() returns None"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].discard(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair))

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% wrong: PairIndex — replaces the chunk before it removes  hint="remove meets a pair with the new id"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] = self.counts.get(pair, 0) + n * self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair, n in pair_counts(self.chunks[i]).items():
            self.counts[pair] -= n * self.times[i]
            self.where[pair].remove(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.remove(i)
            self.add(i)


# %% wrong: PairIndex — removes a chunk once for each occurrence  hint="where names the chunk once"
class PairIndex:
    def __init__(self, chunks, times):
        self.chunks, self.times = list(chunks), list(times)
        self.counts, self.where = {}, {}
        for i in range(len(chunks)):
            self.add(i)

    def add(self, i):
        for pair in zip(self.chunks[i], self.chunks[i][1:]):
            self.counts[pair] = self.counts.get(pair, 0) + self.times[i]
            self.where.setdefault(pair, set()).add(i)

    def remove(self, i):
        for pair in zip(self.chunks[i], self.chunks[i][1:]):
            self.counts[pair] -= self.times[i]
            self.where[pair].remove(i)
            if not self.counts[pair]:
                del self.counts[pair], self.where[pair]

    def best(self):
        return min(self.counts, key=lambda pair: (-self.counts[pair], pair), default=None)

    def merge(self, pair, new_id):
        for i in sorted(self.where[pair]):
            self.remove(i)
            self.chunks[i] = merge(self.chunks[i], pair, new_id)
            self.add(i)


# %% right: train_bpe — chunks counted by hand, a while loop
def train_bpe(text, vocab_size):
    times = {}
    for chunk in split_chunks(text):
        times[chunk] = times.get(chunk, 0) + 1
    chunks = sorted(times)
    index = PairIndex([text_to_ids(chunk) for chunk in chunks], [times[chunk] for chunk in chunks])
    merges = []
    while len(merges) < vocab_size - 256 and index.best() is not None:
        merges.append(index.best())
        index.merge(merges[-1], 255 + len(merges))
    return merges


# %% right: train_bpe — every chunk of the text, as often as it comes
def train_bpe(text, vocab_size):
    chunks = [text_to_ids(chunk) for chunk in split_chunks(text)]
    index, merges = PairIndex(chunks, [1] * len(chunks)), []
    for new_id in range(256, vocab_size):
        pair = index.best()
        if not pair:
            return merges
        merges.append(pair)
        index.merge(pair, new_id)
    return merges


# %% wrong: train_bpe — the text is not cut  hint="merges stay inside a chunk"
def train_bpe(text, vocab_size):
    return train_naive(text_to_ids(text), vocab_size)


# %% wrong: train_bpe — distinct chunks, each once  hint="as often as it occurs in the text"
def train_bpe(text, vocab_size):
    chunks = [text_to_ids(chunk) for chunk in dict.fromkeys(split_chunks(text))]
    index, merges = PairIndex(chunks, [1] * len(chunks)), []
    for new_id in range(256, vocab_size):
        pair = index.best()
        if pair is None:
            break
        merges.append(pair)
        index.merge(pair, new_id)
    return merges


# %% wrong: train_bpe — line by line  hint="the whole text is one text"
def train_bpe(text, vocab_size):
    times = Counter(chunk for line in text.splitlines() for chunk in split_chunks(line))
    index = PairIndex([text_to_ids(chunk) for chunk in times], list(times.values()))
    merges = []
    for new_id in range(256, vocab_size):
        pair = index.best()
        if pair is None:
            break
        merges.append(pair)
        index.merge(pair, new_id)
    return merges


# %% wrong: train_bpe — vocab_size merges  hint="vocab_size counts the 256 bytes"
def train_bpe(text, vocab_size):
    times = Counter(split_chunks(text))
    index = PairIndex([text_to_ids(chunk) for chunk in times], list(times.values()))
    merges = []
    while len(merges) < vocab_size and index.best():
        merges.append(index.best())
        index.merge(merges[-1], 255 + len(merges))
    return merges


# %% wrong: train_bpe — does not stop  hint="raised"
def train_bpe(text, vocab_size):
    times = Counter(split_chunks(text))
    index = PairIndex([text_to_ids(chunk) for chunk in times], list(times.values()))
    merges = []
    for new_id in range(256, vocab_size):
        pair = index.best()
        merges.append(pair)
        index.merge(pair, new_id)
    return merges


# %% wrong: train_bpe — raw bytes  hint="expected"
def train_bpe(text, vocab_size):
    times = Counter(split_chunks(text))
    index = PairIndex([list(chunk.encode()) for chunk in times], list(times.values()))
    merges = []
    for new_id in range(256, vocab_size):
        pair = index.best()
        if pair is None:
            break
        merges.append(pair)
        index.merge(pair, new_id)
    return merges


# %% wrong: train_bpe — never merges in the index  hint="expected"
def train_bpe(text, vocab_size):
    times = Counter(split_chunks(text))
    index = PairIndex([text_to_ids(chunk) for chunk in times], list(times.values()))
    merges = []
    for new_id in range(256, vocab_size):
        pair = index.best()
        if pair is None:
            break
        merges.append(pair)
    return merges


# %% right: encode_chunk — one merge at a time, in place on a copy
def encode_chunk(ids, ranks):
    ids = list(ids)
    while True:
        best, place = min(
            ((ranks.get((ids[i], ids[i + 1]), 10**9), i) for i in range(len(ids) - 1)), default=(10**9, 0)
        )
        if best == 10**9:
            return ids
        ids[place : place + 2] = [best]


# %% right: encode_chunk — all merges in the order of their ids
def encode_chunk(ids, ranks):
    ids = list(ids)
    for pair in sorted(ranks, key=ranks.get):
        ids = merge(ids, pair, ranks[pair])
    return ids


# %% wrong: encode_chunk — the leftmost pair  hint="not the leftmost pair"
def encode_chunk(ids, ranks):
    ids = list(ids)
    i = 0
    while i < len(ids) - 1:
        if (ids[i], ids[i + 1]) in ranks:
            ids[i : i + 2] = [ranks[ids[i], ids[i + 1]]]
            i = 0
        else:
            i += 1
    return ids


# %% wrong: encode_chunk — the leftmost pair, everywhere  hint="not the leftmost pair, at all its places"
def encode_chunk(ids, ranks):
    while known := [pair for pair in pair_counts(ids) if pair in ranks]:
        ids = merge(ids, known[0], ranks[known[0]])
    return list(ids)


# %% wrong: encode_chunk — the largest id  hint="not the largest"
def encode_chunk(ids, ranks):
    while known := [pair for pair in pair_counts(ids) if pair in ranks]:
        last = max(known, key=ranks.get)
        ids = merge(ids, last, ranks[last])
    return list(ids)


# %% wrong: encode_chunk — one merge  hint="yours merges one pair"
def encode_chunk(ids, ranks):
    known = [pair for pair in pair_counts(ids) if pair in ranks]
    if not known:
        return list(ids)
    first = min(known, key=ranks.get)
    return merge(ids, first, ranks[first])


# %% wrong: encode_chunk — the order of the dict  hint="ranks is in any order"
def encode_chunk(ids, ranks):
    ids = list(ids)
    for pair, new_id in ranks.items():
        ids = merge(ids, pair, new_id)
    return ids


# %% wrong: encode_chunk — the longest token  hint="the longest token that fits"
def encode_chunk(ids, ranks):
    parts = {(i,): i for i in ids}
    spelt = {i: (i,) for i in range(256)}
    for (left, right), new_id in sorted(ranks.items(), key=lambda item: item[1]):
        spelt[new_id] = spelt[left] + spelt[right]
        parts[spelt[new_id]] = new_id
    out, i = [], 0
    while i < len(ids):
        j = len(ids)
        while tuple(ids[i:j]) not in parts:
            j -= 1
        out.append(parts[tuple(ids[i:j])])
        i = j
    return out


# %% wrong: encode_chunk — a pair that is no merge  hint="a pair that is not in ranks"
def encode_chunk(ids, ranks):
    while len(ids) > 1:
        first = min(pair_counts(ids), key=lambda pair: ranks[pair])
        ids = merge(ids, first, ranks[first])
    return list(ids)


# %% wrong: encode_chunk — min of nothing  hint="a single token has no pair"
def encode_chunk(ids, ranks):
    while True:
        first = min(pair_counts(ids), key=lambda pair: ranks.get(pair, 10**9))
        if first not in ranks:
            return list(ids)
        ids = merge(ids, first, ranks[first])


# %% right: encode — a nested comprehension
def encode(text, merges):
    ranks = dict(zip(merges, range(256, 256 + len(merges))))
    return [i for chunk in split_chunks(text) for i in encode_chunk(text_to_ids(chunk), ranks)]


# %% right: encode — a list that grows, chunk by chunk
def encode(text, merges):
    ranks = {}
    for pair in merges:
        ranks[pair] = 256 + len(ranks)
    ids = []
    for chunk in split_chunks(text):
        ids.extend(encode_chunk(text_to_ids(chunk), ranks))
    return ids


# %% wrong: encode — the text is not cut  hint="cut the text first"
def encode(text, merges):
    return encode_chunk(text_to_ids(text), {pair: 256 + i for i, pair in enumerate(merges)})


# %% wrong: encode — a list for each chunk  hint="not one for each chunk"
def encode(text, merges):
    ranks = {pair: 256 + i for i, pair in enumerate(merges)}
    return [encode_chunk(text_to_ids(chunk), ranks) for chunk in split_chunks(text)]


# %% wrong: encode — ranks from 0  hint="counted from 0"
def encode(text, merges):
    ranks = {pair: 256 + i for i, pair in enumerate(merges)}
    ids = [i for chunk in split_chunks(text) for i in encode_chunk(text_to_ids(chunk), ranks)]
    return [i - 256 if i >= 256 else i for i in ids]


# %% wrong: encode — places in the list for ids  hint="merge number i makes id 256 + i"
def encode(text, merges):
    ranks = {pair: i for i, pair in enumerate(merges)}
    return [i for chunk in split_chunks(text) for i in encode_chunk(text_to_ids(chunk), ranks)]


# %% wrong: encode — distinct chunks only  hint="each chunk as often as it occurs"
def encode(text, merges):
    ranks = {pair: 256 + i for i, pair in enumerate(merges)}
    return [i for chunk in dict.fromkeys(split_chunks(text)) for i in encode_chunk(text_to_ids(chunk), ranks)]


# %% wrong: encode — bytes only  hint="nothing was merged"
def encode(text, merges):
    return text_to_ids(text)


# %% wrong: encode — words without spaces  hint="the spaces are gone"
def encode(text, merges):
    ranks = {pair: 256 + i for i, pair in enumerate(merges)}
    return [i for word in text.split() for i in encode_chunk(text_to_ids(word), ranks)]


# %% wrong: encode — merges as they are  hint="raised"
def encode(text, merges):
    return [i for chunk in split_chunks(text) for i in encode_chunk(text_to_ids(chunk), merges)]


# %% right: encode_special — a walk through the text
def encode_special(text, merges, special, allowed=()):
    longest_first = sorted(allowed, key=len, reverse=True)
    ids, start, i = [], 0, 0
    while i < len(text):
        found = next((name for name in longest_first if text.startswith(name, i)), None)
        if found is None:
            i += 1
            continue
        ids += encode(text[start:i], merges) + [special[found]]
        i += len(found)
        start = i
    return ids + encode(text[start:], merges)


# %% right: encode_special — finditer
def encode_special(text, merges, special, allowed=()):
    ids, end = [], 0
    pattern = "|".join(regex.escape(name) for name in sorted(allowed, reverse=True))
    for found in regex.finditer(pattern, text) if allowed else ():
        ids += [*encode(text[end : found.start()], merges), special[found.group()]]
        end = found.end()
    ids += encode(text[end:], merges)
    return ids


# %% wrong: encode_special — every special string  hint="only what is in allowed becomes special"
def encode_special(text, merges, special, allowed=()):
    names = sorted(special, key=len, reverse=True)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in special else encode(part, merges)
    return ids


# %% wrong: encode_special — cut around what is allowed, then any special part  hint="only what is in allowed becomes special"
def encode_special(text, merges, special, allowed=()):
    if not allowed:
        return encode(text, merges)
    names = sorted(allowed, key=len, reverse=True)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in special else encode(part, merges)
    return ids


# %% wrong: encode_special — none at all  hint="becomes its special id"
def encode_special(text, merges, special, allowed=()):
    return encode(text, merges)


# %% wrong: encode_special — not escaped  hint="| has a meaning in a pattern"
def encode_special(text, merges, special, allowed=()):
    if not allowed:
        return encode(text, merges)
    ids = []
    for k, part in enumerate(regex.split("(" + "|".join(allowed) + ")", text)):
        ids += [special[part]] if k % 2 else encode(part, merges)
    return ids


# %% wrong: encode_special — in the order given  hint="the longer one counts"
def encode_special(text, merges, special, allowed=()):
    if not allowed:
        return encode(text, merges)
    names = sorted(allowed, key=len)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in allowed else encode(part, merges)
    return ids


# %% wrong: encode_special — what was found is lost  hint="the special tokens are missing"
def encode_special(text, merges, special, allowed=()):
    if not allowed:
        return encode(text, merges)
    names = sorted(allowed, key=len, reverse=True)
    ids = []
    for part in regex.split("|".join(map(regex.escape, names)), text):
        ids += encode(part, merges)
    return ids


# %% wrong: encode_special — allowed by default  hint="nothing is allowed unless it is named"
def encode_special(text, merges, special, allowed=None):
    names = sorted(special if allowed is None else allowed, key=len, reverse=True)
    if not names:
        return encode(text, merges)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in names else encode(part, merges)
    return ids


# %% wrong: encode_special — strips the parts  hint="white space around a special token"
def encode_special(text, merges, special, allowed=()):
    if not allowed:
        return encode(text, merges)
    names = sorted(allowed, key=len, reverse=True)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        ids += [special[part]] if part in allowed else encode(part.strip(), merges)
    return ids


# %% wrong: encode_special — an empty pattern  hint="expected"
def encode_special(text, merges, special, allowed=()):
    names = sorted(allowed, key=len, reverse=True)
    ids = []
    for part in regex.split("(" + "|".join(map(regex.escape, names)) + ")", text):
        if part:
            ids += [special[part]] if part in allowed else encode(part, merges)
    return ids


# %% right: compression_ratio — characters, each by its bytes
def compression_ratio(text, ids):
    return sum(len(character.encode()) for character in text) / len(ids)


# %% right: compression_ratio — memory of the encoded text
def compression_ratio(text, ids):
    tokens = len(list(ids))
    return memoryview(bytes(text, "utf-8")).nbytes / tokens


# %% wrong: compression_ratio — characters  hint="bytes, not characters"
def compression_ratio(text, ids):
    return len(text) / len(ids)


# %% wrong: compression_ratio — turned  hint="not tokens for each byte"
def compression_ratio(text, ids):
    return len(ids) / len(text.encode())


# %% wrong: compression_ratio — whole numbers  hint="a fraction"
def compression_ratio(text, ids):
    return len(text.encode()) // len(ids)


# %% wrong: compression_ratio — distinct ids  hint="distinct ids are not the question"
def compression_ratio(text, ids):
    return len(text.encode()) / len(set(ids))


# %% equivalent: text_to_ids — a token of one byte has the same byte first and last
# -    id_of = {token[0]: i for i, token in enumerate(BYTE_TOKENS)}
# +    id_of = {token[-1]: i for i, token in enumerate(BYTE_TOKENS)}


# %% equivalent: train_naive — once no pair is left none comes back: the rest of the loop does nothing
# -            break
# +            continue


# %% equivalent: PairIndex — the two entries are removed in either order
# -                del self.counts[pair], self.where[pair]
# +                del self.where[pair], self.counts[pair]


# %% equivalent: train_bpe — PairIndex makes a list of the times
# -    index = PairIndex([text_to_ids(chunk) for chunk in occurrences], list(occurrences.values()))
# +    index = PairIndex([text_to_ids(chunk) for chunk in occurrences], occurrences.values())


# %% equivalent: train_bpe — once no pair is left none comes back: the rest of the loop does nothing
# -            break
# +            continue


# %% equivalent: encode_chunk — the list that was given is never changed, so a copy holds the same
# -            return list(ids)
# +            return ids


# %% equivalent: encode — without the dict each chunk is encoded again, with the same result
# -        if chunk not in encoded:
# +        if True:


# %% equivalent: encode_special — in reverse alphabetical order, too, a longer string comes before its beginning
# -    names = sorted(allowed, key=len, reverse=True)
# +    names = sorted(allowed, reverse=True)
