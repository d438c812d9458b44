# %% right: tokenize — a regular expression
def tokenize(text):
    import re

    return re.findall(r"[^\W_]+", text.lower())


# %% right: tokenize — groups of equal kind
def tokenize(text):
    from itertools import groupby

    return ["".join(run) for is_word, run in groupby(text.lower(), str.isalnum) if is_word]


# %% right: tokenize — splits where something divides
def tokenize(text):
    import re

    return [part for part in re.split(r"[\W_]+", text.lower()) if part]


# %% wrong: tokenize — forgets the case  hint="Mask and mask are one term"
def tokenize(text):
    import re

    return re.findall(r"[^\W_]+", text)


# %% wrong: tokenize — splits at blanks  hint="punctuation is still on the words"
def tokenize(text):
    return text.lower().split()


# %% wrong: tokenize — keeps the underscore  hint="the underscore divides"
def tokenize(text):
    import re

    return re.findall(r"\w+", text.lower())


# %% wrong: tokenize — ASCII alone  hint="letters outside of a to z"
def tokenize(text):
    import re

    return re.findall(r"[a-z0-9]+", text.lower())


# %% wrong: tokenize — punctuation taken from the ends alone  hint="not only at its ends"
def tokenize(text):
    import re

    parts = [re.sub(r"^[\W_]+|[\W_]+$", "", part) for part in text.lower().split()]
    return [part for part in parts if part]


# %% wrong: tokenize — letters alone  hint="digits belong to terms"
def tokenize(text):
    import re

    return re.findall(r"[^\W\d_]+", text.lower())


# %% wrong: tokenize — removes punctuation instead of dividing  hint="yours joins what stands on both sides"
def tokenize(text):
    return "".join(c for c in text.lower() if c.isalnum() or c.isspace()).split()


# %% wrong: tokenize — scikit-learn's pattern, at least two characters  hint="a term of a single character"
def tokenize(text):
    import re

    return re.findall(r"[^\W_]{2,}", text.lower())


# %% wrong: tokenize — a set, sorted  hint="expected"
def tokenize(text):
    import re

    return sorted(set(re.findall(r"[^\W_]+", text.lower())))


# %% wrong: tokenize — empty strings at the ends  hint="empty strings are no terms"
def tokenize(text):
    import re

    return re.split(r"[\W_]+", text.lower())


# %% right: inverted_index — a defaultdict, made plain
def inverted_index(documents):
    index = defaultdict(list)
    for place, document in enumerate(documents):
        for term in set(document):
            index[term].append((place, document.count(term)))
    return dict(index)


# %% right: inverted_index — dicts of counts, turned into lists
def inverted_index(documents):
    counts = {}
    for place, document in enumerate(documents):
        for term in document:
            held = counts.setdefault(term, {})
            held[place] = held.get(place, 0) + 1
    return {term: list(held.items()) for term, held in counts.items()}


# %% wrong: inverted_index — an entry for each occurrence  hint="each document once, with its count"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents):
        for term in document:
            index.setdefault(term, []).append((place, 1))
    return index


# %% wrong: inverted_index — no counts  hint="the counts are missing"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents):
        for term in set(document):
            index.setdefault(term, []).append(place)
    return index


# %% wrong: inverted_index — every count is 1  hint="every count is 1"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents):
        for term in set(document):
            index.setdefault(term, []).append((place, 1))
    return index


# %% wrong: inverted_index — a defaultdict  hint="defaultdict"
def inverted_index(documents):
    index = defaultdict(list)
    for place, document in enumerate(documents):
        for term, count in Counter(document).items():
            index[term].append((place, count))
    return index


# %% wrong: inverted_index — dicts of dicts  hint="postings are lists of pairs"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents):
        for term, count in Counter(document).items():
            index.setdefault(term, {})[place] = count
    return index


# %% wrong: inverted_index — documents from 1  hint="counted from 0"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents, 1):
        for term, count in Counter(document).items():
            index.setdefault(term, []).append((place, count))
    return index


# %% wrong: inverted_index — count first  hint="the other way round"
def inverted_index(documents):
    index = {}
    for place, document in enumerate(documents):
        for term, count in Counter(document).items():
            index.setdefault(term, []).append((count, place))
    return index


# %% right: idf — one fraction
def idf(holding, n_documents):
    return math.log((n_documents + 1) / (holding + 0.5))


# %% right: idf — log1p
def idf(holding, n_documents):
    return math.log1p((n_documents - holding + 0.5) / (holding + 0.5))


# %% wrong: idf — Robertson's, negative for common terms  hint="becomes negative"
def idf(holding, n_documents):
    return math.log((n_documents - holding + 0.5) / (holding + 0.5))


# %% wrong: idf — the plain one  hint="this is ln(N / n)"
def idf(holding, n_documents):
    return math.log(n_documents / holding)


# %% wrong: idf — to base 2  hint="to base 2"
def idf(holding, n_documents):
    return math.log2(1 + (n_documents - holding + 0.5) / (holding + 0.5))


# %% wrong: idf — to base 10  hint="to base 10"
def idf(holding, n_documents):
    return math.log10(1 + (n_documents - holding + 0.5) / (holding + 0.5))


# %% wrong: idf — the 1 outside  hint="inside of the logarithm"
def idf(holding, n_documents):
    return 1 + math.log((n_documents - holding + 0.5) / (holding + 0.5))


# %% wrong: idf — without the halves  hint="the halves are missing"
def idf(holding, n_documents):
    return math.log(1 + (n_documents - holding) / holding)


# %% wrong: idf — a bracket is missing  hint="/ comes before +"
def idf(holding, n_documents):
    return math.log(1 + (n_documents - holding + 0.5) / holding + 0.5)


# %% wrong: idf — turned over  hint="turned over"
def idf(holding, n_documents):
    return math.log(1 + (holding + 0.5) / (n_documents - holding + 0.5))


# %% wrong: idf — a NumPy number  hint="not a float"
def idf(holding, n_documents):
    return np.log1p((n_documents - holding + 0.5) / (holding + 0.5))


# %% right: term_weight — one fraction, count divided out
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return 1 / (1 + k1 * ((1 - b) + b * length / mean_length) / count)


# %% right: term_weight — by steps
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    ratio = length / mean_length
    K = k1 * (1 + b * (ratio - 1))
    return count / (K + count)


# %% wrong: term_weight — with the factor k1 + 1  hint="factor k1 + 1"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count * (k1 + 1) / (count + k1 * (1 - b + b * length / mean_length))


# %% wrong: term_weight — b exchanged  hint="b and 1 - b are exchanged"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count / (count + k1 * (b + (1 - b) * length / mean_length))


# %% wrong: term_weight — the ratio upside down  hint="not the other way round"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count / (count + k1 * (1 - b + b * mean_length / length))


# %% wrong: term_weight — the bracket is missing  hint="factor of the whole bracket"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count / (count + k1 * (1 - b) + b * length / mean_length)


# %% wrong: term_weight — no length  hint="length plays no role"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count / (count + k1)


# %% wrong: term_weight — Lucene's default  hint="the default of k1 is 1.5"
def term_weight(count, length, mean_length, k1=1.2, b=0.75):
    return count / (count + k1 * (1 - b + b * length / mean_length))


# %% wrong: term_weight — without 1 - b  hint="leaves out the 1 - b"
def term_weight(count, length, mean_length, k1=1.5, b=0.75):
    return count / (count + k1 * b * length / mean_length)


# %% right: bm25 — counts the query first, and sums by document
def bm25(query, index, lengths, k1=1.5, b=0.75):
    mean = np.mean(lengths)
    totals = [0.0] * len(lengths)
    for term, times in Counter(query).items():
        if term not in index:
            continue
        for place, count in index[term]:
            part = idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1=k1, b=b)
            totals[place] += times * part
    return np.array(totals)


# %% right: bm25 — an array for each term
def bm25(query, index, lengths, k1=1.5, b=0.75):
    size = np.array(lengths, dtype=float)
    K = k1 * (1 - b + b * size / size.mean())
    scores = np.zeros(len(lengths))
    for term in query:
        counts = np.zeros(len(lengths))
        for place, count in index.get(term, ()):
            counts[place] = count
        held = counts > 0
        scores[held] += idf(int(held.sum()), len(lengths)) * counts[held] / (counts[held] + K[held])
    return scores


# %% wrong: bm25 — a set of terms  hint="counts twice"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in set(query):
        for place, count in index.get(term, []):
            scores[place] += idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — an unknown term breaks it  hint="adds nothing"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        for place, count in index[term]:
            scores[place] += idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — k1 and b do not arrive  hint="do not reach term_weight"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        for place, count in index.get(term, []):
            scores[place] += idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean)
    return scores


# %% wrong: bm25 — sets the score instead of adding  hint="keeps the last one"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        for place, count in index.get(term, []):
            scores[place] = idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — n counts occurrences  hint="not of its occurrences"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        postings = index.get(term, [])
        worth = idf(sum(count for _, count in postings), len(lengths))
        for place, count in postings:
            scores[place] += worth * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — empty documents are left out of the mean  hint="also the empty ones"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), np.mean([length for length in lengths if length])
    for term in query:
        for place, count in index.get(term, []):
            scores[place] += idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — no idf  hint="idf is missing"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        for place, count in index.get(term, []):
            scores[place] += term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — counts without saturation  hint="lets it saturate"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores = np.zeros(len(lengths))
    for term in query:
        for place, count in index.get(term, []):
            scores[place] += idf(len(index[term]), len(lengths)) * count
    return scores


# %% wrong: bm25 — an unknown term is added to the index  hint="changes its input"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = np.zeros(len(lengths)), sum(lengths) / len(lengths)
    for term in query:
        postings = index.setdefault(term, [])
        for place, count in postings:
            scores[place] += idf(len(postings), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% wrong: bm25 — a list  hint="a list, not an array"
def bm25(query, index, lengths, k1=1.5, b=0.75):
    scores, mean = [0.0] * len(lengths), sum(lengths) / len(lengths)
    for term in query:
        for place, count in index.get(term, []):
            scores[place] += idf(len(index[term]), len(lengths)) * term_weight(count, lengths[place], mean, k1, b)
    return scores


# %% right: top_k — sorts pairs
def top_k(scores, k):
    pairs = [(place, score) for place, score in enumerate(scores.tolist()) if score > 0]
    pairs.sort(key=lambda pair: pair[1], reverse=True)  # stable also in reverse
    return pairs[:k]


# %% right: top_k — heapq
def top_k(scores, k):
    import heapq

    best = heapq.nsmallest(k, ((-score, place) for place, score in enumerate(scores.tolist()) if score))
    return [(place, -score) for score, place in best]


# %% wrong: top_k — keeps zeros  hint="score 0 is no result"
def top_k(scores, k):
    order = np.argsort(-scores, kind="stable")[:k]
    return [(int(i), float(scores[i])) for i in order]


# %% wrong: top_k — turns a sorted list round  hint="the smaller number comes first"
def top_k(scores, k):
    order = np.argsort(scores, kind="stable")[::-1]
    return [(int(i), float(scores[i])) for i in order if scores[i] > 0][:k]


# %% wrong: top_k — lowest first  hint="yours begins with the lowest"
def top_k(scores, k):
    order = np.argsort(scores, kind="stable")
    return [(int(i), float(scores[i])) for i in order if scores[i] > 0][:k]


# %% wrong: top_k — argpartition alone  hint="expected"
def top_k(scores, k):
    if k >= len(scores):
        order = np.arange(len(scores))
    else:
        order = np.argpartition(-scores, k)[:k]
    return [(int(i), float(scores[i])) for i in order if scores[i] > 0]


# %% wrong: top_k — NumPy numbers  hint="not an int"
def top_k(scores, k):
    order = np.argsort(-scores, kind="stable")[:k]
    return [(i, scores[i]) for i in order if scores[i] > 0]


# %% wrong: top_k — places without scores  hint="the scores are missing"
def top_k(scores, k):
    return [int(i) for i in np.argsort(-scores, kind="stable")[:k] if scores[i] > 0]


# %% wrong: top_k — partition needs k documents  hint="there may be fewer than k"
def top_k(scores, k):
    chosen = np.argpartition(-scores, k - 1)[:k]
    order = sorted(chosen.tolist(), key=lambda i: (-scores[i], i))
    found = [(i, float(scores[i])) for i in order if scores[i] > 0]
    least = found[-1][1] if len(found) == k else 0
    more = [(i, s) for i, s in enumerate(scores.tolist()) if s > 0 and s >= least]
    return sorted(more, key=lambda pair: (-pair[1], pair[0]))[:k]


# %% right: recall_at_k — counts
def recall_at_k(ranking, relevant, k):
    return sum(name in ranking[:k] for name in relevant) / len(relevant)


# %% right: recall_at_k — a mean of truths
def recall_at_k(ranking, relevant, k):
    first = set(ranking[:k])
    return float(np.mean([name in first for name in relevant]))


# %% wrong: recall_at_k — precision  hint="precision"
def recall_at_k(ranking, relevant, k):
    return len(set(ranking[:k]) & set(relevant)) / k


# %% wrong: recall_at_k — any at all  hint="not whether there is any"
def recall_at_k(ranking, relevant, k):
    return float(any(name in relevant for name in ranking[:k]))


# %% wrong: recall_at_k — the whole ranking  hint="only the first k count"
def recall_at_k(ranking, relevant, k):
    return len(set(ranking) & set(relevant)) / len(relevant)


# %% wrong: recall_at_k — capped  hint="even if k is smaller"
def recall_at_k(ranking, relevant, k):
    return len(set(ranking[:k]) & set(relevant)) / min(k, len(relevant))


# %% wrong: recall_at_k — goes over the end  hint="fewer than k"
def recall_at_k(ranking, relevant, k):
    return sum(ranking[i] in relevant for i in range(k)) / len(relevant)


# %% right: reciprocal_rank — the smallest place
def reciprocal_rank(ranking, relevant):
    places = [ranking.index(name) for name in relevant if name in ranking]
    return 1 / (min(places) + 1) if places else 0.0


# %% right: reciprocal_rank — next
def reciprocal_rank(ranking, relevant):
    wanted = set(relevant)
    return next((1.0 / (i + 1) for i, name in enumerate(ranking) if name in wanted), 0.0)


# %% wrong: reciprocal_rank — ranks from 0  hint="counted from 1"
def reciprocal_rank(ranking, relevant):
    for rank, name in enumerate(ranking):
        if name in relevant:
            return 1 / rank
    return 0.0


# %% wrong: reciprocal_rank — the first that relevant names  hint="not the first that relevant names"
def reciprocal_rank(ranking, relevant):
    for name in relevant:
        if name in ranking:
            return 1 / (ranking.index(name) + 1)
    return 0.0


# %% wrong: reciprocal_rank — all of them  hint="not the sum over all"
def reciprocal_rank(ranking, relevant):
    return float(sum(1 / rank for rank, name in enumerate(ranking, 1) if name in relevant))


# %% wrong: reciprocal_rank — falls off the end  hint="0.0 if no relevant document"
def reciprocal_rank(ranking, relevant):
    for rank, name in enumerate(ranking, 1):
        if name in relevant:
            return 1 / rank


# %% wrong: reciprocal_rank — the rank itself  hint="the rank itself"
def reciprocal_rank(ranking, relevant):
    for rank, name in enumerate(ranking, 1):
        if name in relevant:
            return float(rank)
    return 0.0


# %% wrong: reciprocal_rank — looks for what is not there  hint="no relevant document may be in the ranking"
def reciprocal_rank(ranking, relevant):
    return 1 / (min(ranking.index(name) for name in relevant if name in ranking) + 1)


# %% right: ndcg — two loops
def ndcg(ranking, relevant, k):
    gained = 0.0
    for place in range(min(k, len(ranking))):
        if ranking[place] in relevant:
            gained += 1 / math.log2(place + 2)
    possible = 0.0
    for place in range(min(k, len(relevant))):
        possible += 1 / math.log2(place + 2)
    return gained / possible


# %% right: ndcg — arrays, natural logarithms: the base cancels
def ndcg(ranking, relevant, k):
    discounts = 1 / np.log(np.arange(2, k + 2))
    hits = np.zeros(k)
    first = ranking[:k]
    hits[: len(first)] = [name in relevant for name in first]
    best = np.arange(k) < len(relevant)
    return float((hits * discounts).sum() / (best * discounts).sum())


# %% wrong: ndcg — not normalised  hint="divide by the sum of the best possible"
def ndcg(ranking, relevant, k):
    return float(sum(1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant))


# %% wrong: ndcg — the best ranking is not cut at k  hint="no more than k places"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / math.log2(r + 1) for r in range(1, len(relevant) + 1))


# %% wrong: ndcg — the best ranking is k relevant documents  hint="no more relevant documents than there are"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / math.log2(r + 1) for r in range(1, k + 1))


# %% wrong: ndcg — best order of what was found  hint="also those that yours missed"
def ndcg(ranking, relevant, k):
    gains = [1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant]
    return sum(gains) / sum(1 / math.log2(r + 1) for r in range(1, len(gains) + 1)) if gains else 0.0


# %% wrong: ndcg — 1 over the rank  hint="logarithm of the rank"
def ndcg(ranking, relevant, k):
    gained = sum(1 / r for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / r for r in range(1, min(k, len(relevant)) + 1))


# %% wrong: ndcg — the logarithm of 1  hint="log2 of rank + 1"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log2(r) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / math.log2(r) for r in range(1, min(k, len(relevant)) + 1))


# %% wrong: ndcg — the best ranking is as short as the given one  hint="however short yours is"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    most = min(k, len(relevant), len(ranking))
    return gained / sum(1 / math.log2(r + 1) for r in range(1, most + 1)) if most else 0.0


# %% wrong: ndcg — ln above, log2 below  hint="yours is ln above"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / math.log2(r + 1) for r in range(1, min(k, len(relevant)) + 1))


# %% wrong: ndcg — log2 above, ln below  hint="yours is log2 above"
def ndcg(ranking, relevant, k):
    gained = sum(1 / math.log2(r + 1) for r, name in enumerate(ranking[:k], 1) if name in relevant)
    return gained / sum(1 / math.log(r + 1) for r in range(1, min(k, len(relevant)) + 1))


# %% wrong: ndcg — no discount  hint="the discount is missing"
def ndcg(ranking, relevant, k):
    return sum(name in relevant for name in ranking[:k]) / min(k, len(relevant))


# %% right: tf_idf — a matrix
def tf_idf(query, index, n_documents):
    terms = list(index)
    x, q = np.zeros((n_documents, len(terms))), np.zeros(len(terms))
    for column, term in enumerate(terms):
        worth = math.log((1 + n_documents) / (1 + len(index[term]))) + 1
        for place, count in index[term]:
            x[place, column] = count * worth
        q[column] = query.count(term) * worth
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(q)
    return np.divide(x @ q, norms, out=np.zeros(n_documents), where=norms > 0)


# %% right: tf_idf — a dict for each document
def tf_idf(query, index, n_documents):
    vectors = [{} for _ in range(n_documents)]
    worth = {}
    for term, postings in index.items():
        worth[term] = 1 + math.log(1 + n_documents) - math.log(1 + len(postings))
        for place, count in postings:
            vectors[place][term] = count * worth[term]
    asked = {term: query.count(term) * worth[term] for term in query if term in worth}
    size = math.hypot(*asked.values())
    result = []
    for vector in vectors:
        both = math.hypot(*vector.values()) * size
        result.append(sum(q * vector.get(t, 0.0) for t, q in asked.items()) / both if both else 0.0)
    return np.array(result)


# %% wrong: tf_idf — a dot product  hint="divide by the lengths of both vectors"
def tf_idf(query, index, n_documents):
    dots = np.zeros(n_documents)
    for term, times in Counter(query).items():
        postings = index.get(term, [])
        worth = math.log((1 + n_documents) / (1 + len(postings))) + 1
        for place, count in postings:
            dots[place] += count * times * worth**2
    return dots


# %% wrong: tf_idf — lengths over the query's terms alone  hint="over all its terms"
def tf_idf(query, index, n_documents):
    dots, squares, asked = np.zeros(n_documents), np.zeros(n_documents), 0.0
    for term, times in Counter(query).items():
        if term in index:
            worth = math.log((1 + n_documents) / (1 + len(index[term]))) + 1
            asked += (times * worth) ** 2
            for place, count in index[term]:
                dots[place] += count * times * worth**2
                squares[place] += (count * worth) ** 2
    norms = np.sqrt(squares * asked)
    return dots / np.where(norms > 0, norms, 1)


# %% wrong: tf_idf — nan for nothing  hint="0 divided by 0"
def tf_idf(query, index, n_documents):
    x, q = np.zeros((n_documents, len(index))), np.zeros(len(index))
    for column, (term, postings) in enumerate(index.items()):
        worth = math.log((1 + n_documents) / (1 + len(postings))) + 1
        for place, count in postings:
            x[place, column] = count * worth
        q[column] = query.count(term) * worth
    with np.errstate(invalid="ignore"):
        return x @ q / (np.linalg.norm(x, axis=1) * np.linalg.norm(q))


# %% wrong: tf_idf — unknown terms make the query longer  hint="left out of the query's length"
def tf_idf(query, index, n_documents):
    dots, squares, asked = np.zeros(n_documents), np.zeros(n_documents), Counter(query)
    norm = 0.0
    for term, times in asked.items():
        norm += (times * (math.log((1 + n_documents) / (1 + len(index.get(term, [])))) + 1)) ** 2
    for term, postings in index.items():
        worth = math.log((1 + n_documents) / (1 + len(postings))) + 1
        for place, count in postings:
            squares[place] += (count * worth) ** 2
            dots[place] += count * asked[term] * worth**2
    norms = np.sqrt(squares * norm)
    return dots / np.where(norms > 0, norms, 1)


# %% wrong: tf_idf — without the + 1  hint="the + 1 behind the logarithm"
def tf_idf(query, index, n_documents):
    x, q = np.zeros((n_documents, len(index))), np.zeros(len(index))
    for column, (term, postings) in enumerate(index.items()):
        worth = math.log((1 + n_documents) / (1 + len(postings)))
        for place, count in postings:
            x[place, column] = count * worth
        q[column] = query.count(term) * worth
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(q)
    return x @ q / np.where(norms > 0, norms, 1)


# %% wrong: tf_idf — the idf of part 4  hint="not that of BM25"
def tf_idf(query, index, n_documents):
    x, q = np.zeros((n_documents, len(index))), np.zeros(len(index))
    for column, (term, postings) in enumerate(index.items()):
        worth = math.log((n_documents + 1) / (len(postings) + 0.5))
        for place, count in postings:
            x[place, column] = count * worth
        q[column] = query.count(term) * worth
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(q)
    return x @ q / np.where(norms > 0, norms, 1)


# %% wrong: tf_idf — the query without idf  hint="the query's vector needs its idf"
def tf_idf(query, index, n_documents):
    x, q = np.zeros((n_documents, len(index))), np.zeros(len(index))
    for column, (term, postings) in enumerate(index.items()):
        worth = math.log((1 + n_documents) / (1 + len(postings))) + 1
        for place, count in postings:
            x[place, column] = count * worth
        q[column] = query.count(term)
    norms = np.linalg.norm(x, axis=1) * np.linalg.norm(q)
    return x @ q / np.where(norms > 0, norms, 1)


# %% right: analyze — a loop
def analyze(text):
    found = []
    for term in tokenize(text):
        if term in STOP_WORDS:
            continue
        found.append(stem(term))
    return found


# %% right: analyze — filter and map
def analyze(text):
    return list(map(stem, filter(lambda term: term not in STOP_WORDS, tokenize(text))))


# %% wrong: analyze — stems first  hint="before you take its stem"
def analyze(text):
    return [term for term in map(stem, tokenize(text)) if term not in STOP_WORDS]


# %% wrong: analyze — keeps stop words  hint="the stop words are still there"
def analyze(text):
    return [stem(term) for term in tokenize(text)]


# %% wrong: analyze — no stems  hint="not their stems"
def analyze(text):
    return [term for term in tokenize(text) if term not in STOP_WORDS]


# %% wrong: analyze — turned round  hint="only the stop words are left"
def analyze(text):
    return [stem(term) for term in tokenize(text) if term in STOP_WORDS]


# %% wrong: analyze — blanks instead of tokenize  hint="those of tokenize"
def analyze(text):
    return [stem(term) for term in text.lower().split() if term not in STOP_WORDS]


# %% right: BM25 — NumPy for a term at once
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size = len(documents)
        lengths = np.array([len(document) for document in documents], dtype=float)
        K = k1 * (1 - b + b * lengths / (lengths.mean() or 1)) if self.size else lengths
        self.parts = {}
        for term, postings in inverted_index(documents).items():
            places, counts = np.array(postings, dtype=np.int64).T
            self.parts[term] = places.copy(), idf(len(postings), self.size) * counts / (counts + K[places])

    def scores(self, query):
        nothing = np.array([], dtype=np.int64), np.array([])
        scores = np.zeros(self.size)
        for term in query:
            places, parts = self.parts.get(term, nothing)
            np.add.at(scores, places, parts)
        return scores

    def search(self, query, k=10):
        scores = self.scores(query)
        order = sorted(np.flatnonzero(scores).tolist(), key=lambda place: (-scores[place], place))
        return [(place, float(scores[place])) for place in order[:k]]


# %% right: BM25 — parts from bm25 with queries of one term
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        index = inverted_index(documents)
        for term in index:
            scores = bm25([term], index, [len(document) for document in documents], k1, b)
            places = np.flatnonzero(scores)
            self.parts[term] = (places, scores[places])

    def scores(self, query):
        total = np.zeros(self.size)
        for term, times in Counter(query).items():
            if term in self.parts:
                total[self.parts[term][0]] += times * self.parts[term][1]
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — parts without idf, multiplied in later  hint="idf is missing from the parts"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            places = np.array([place for place, _ in postings])
            self.parts[term] = places, np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                places, parts = self.parts[term]
                total[places] += idf(len(places), self.size) * parts
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — keeps the sum between queries  hint="expected"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        self.total = np.zeros(self.size)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        for term in query:
            if term in self.parts:
                self.total[self.parts[term][0]] += self.parts[term][1]
        return self.total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — no documents, no mean  hint="ZeroDivisionError"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / len(lengths)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                total[self.parts[term][0]] += self.parts[term][1]
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — a loop over documents  hint="adds them all at once"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                for place, part in zip(*self.parts[term]):
                    total[place] += part
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — a loop over places  hint="adds them all at once"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            places, parts = self.parts.get(term, ([], []))
            for i in range(len(places)):
                total[places[i]] += parts[i]
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — the best, not sorted  hint="in the order of the documents: the highest"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                total[self.parts[term][0]] += self.parts[term][1]
        return total

    def search(self, query, k=10):
        return sorted(top_k(self.scores(query), k))


# %% wrong: BM25 — the first with a score  hint="the first k documents that have a score"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                total[self.parts[term][0]] += self.parts[term][1]
        return total

    def search(self, query, k=10):
        return [(i, s) for i, s in enumerate(self.scores(query).tolist()) if s > 0][:k]


# %% wrong: BM25 — an unknown term breaks it  hint="adds nothing"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean, k1, b) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            places, parts = self.parts[term]
            total[places] += parts
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — lists instead of arrays  hint="arrays, not lists"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = [worth * term_weight(c, lengths[p], mean, k1, b) for p, c in postings]
            self.parts[term] = [place for place, _ in postings], weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            for place, part in zip(*self.parts.get(term, ([], []))):
                total[place] += part
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% wrong: BM25 — k1 and b are not passed on  hint="k1 and b are not used"
class BM25:
    def __init__(self, documents, k1=1.5, b=0.75):
        self.size, self.parts = len(documents), {}
        lengths = [len(document) for document in documents]
        mean = sum(lengths) / max(len(lengths), 1)
        for term, postings in inverted_index(documents).items():
            worth = idf(len(postings), self.size)
            weights = np.array([term_weight(c, lengths[p], mean) for p, c in postings])
            self.parts[term] = np.array([place for place, _ in postings]), worth * weights

    def scores(self, query):
        total = np.zeros(self.size)
        for term in query:
            if term in self.parts:
                total[self.parts[term][0]] += self.parts[term][1]
        return total

    def search(self, query, k=10):
        return top_k(self.scores(query), k)


# %% equivalent: top_k — NumPy goes by the first letter of kind
# -    order = np.argsort(-scores, kind="stable")[:k]
# +    order = np.argsort(-scores, kind='stablex')[:k]


# %% equivalent: reciprocal_rank — minus zero equals zero
# -    return 0.0
# +    return -0.0


# %% equivalent: reciprocal_rank — a multiple of zero is zero
# -    return 0.0
# +    return 1.01 * 0.0


# %% equivalent: ndcg — a factor of all gains cancels
# -    gains = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
# +    gains = [2 / math.log2(rank + 1) for rank in range(1, k + 1)]


# %% equivalent: ndcg — the base of the logarithm cancels
# -    gains = [1 / math.log2(rank + 1) for rank in range(1, k + 1)]
# +    gains = [1 / math.log(rank + 1) for rank in range(1, k + 1)]


# %% equivalent: ndcg — zip is not strict by default
# -    gained = sum(gain for gain, name in zip(gains, ranking, strict=False) if name in relevant)
# +    gained = sum(gain for gain, name in zip(gains, ranking) if name in relevant)


# %% equivalent: tf_idf — two arrays of zeros
# -    dots, squares = np.zeros(n_documents), np.zeros(n_documents)
# +    squares, dots = np.zeros(n_documents), np.zeros(n_documents)


# %% equivalent: tf_idf — every idf is at least 1, so norms that are not 0 are at least 1
# -    return dots / np.where(norms > 0, norms, 1)
# +    return dots / np.where(norms > 1, norms, 1)


# %% equivalent: tf_idf — where the norm is 0 the product is 0, whatever divides it
# -    return dots / np.where(norms > 0, norms, 1)
# +    return dots / np.where(norms > 0, norms, 2)
