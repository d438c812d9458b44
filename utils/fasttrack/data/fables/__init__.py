"""Fables: short stories from a grammar of our own, whose entropy is known exactly.

    story(seed)             a Story: text, tokens, facts, questions, and the cost of every single token
    parse(text)             the same Story, found from its text alone
    corpus(n_tokens, seed)  ids for pretraining
    entropy_floor()         the least loss that any model can reach

A story is a walk through a grammar (`rules`). At every choice all alternatives are equally likely, and each starts
with another word, so a choice shows at the very next token: the derivation of a text is unique, and the probability
of a token given those before it is 1 over the product of the numbers of alternatives that it decides between.

Tokens are words as written and punctuation marks; the first is predicted from the `<end>` of the story before, and
each story's own `<end>` is counted. In text `<end>` is a line break, and it counts as one character.

What is held out (`split`): in train no name owns either of its 2 held-out things among 40; in test both owners do.
`Story.logprob` is exact under the story's own split. `Story.nats` and `entropy_floor` are, for test, those of the
grammar without hold-out, a thing being one of all 40 (the second: of 39): to expect less a model would have to know
which pairs are held out. In train it can: that is worth ln(40/38) for each of two things, 0.1 nats a story or 0.2 %
of the floor, and whoever learns that those pairs never occur pays for it on test. No story comes twice (there are
about e^50 in use), so train stories of another seed are the development set. To compare a model with the floor
without sampling error, take its loss on some stories minus the mean of their own `nats`.

Left out: sentences inside sentences, more than two people, anything that knowledge of the world would explain.
"""

from fasttrack.data.fables.floor import Floor, entropy_floor
from fasttrack.data.fables.following import next_tokens
from fasttrack.data.fables.questions import UNSAID, Question
from fasttrack.data.fables.split import Split
from fasttrack.data.fables.stories import Fact, Story, corpus, parse, stories, story
from fasttrack.data.fables.text import detokenize, tokenize
from fasttrack.data.fables.vocab import decode, encode, vocabulary
from fasttrack.data.fables.words import DOMAINS as _DOMAINS

DOMAINS = tuple(_DOMAINS)

__all__ = [
    "DOMAINS",
    "UNSAID",
    "Fact",
    "Floor",
    "Question",
    "Split",
    "Story",
    "corpus",
    "decode",
    "detokenize",
    "encode",
    "entropy_floor",
    "next_tokens",
    "parse",
    "stories",
    "story",
    "tokenize",
    "vocabulary",
]
