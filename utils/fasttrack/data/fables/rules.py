"""The grammar, as one would tell the stories. Each entry is a rule: its alternatives are equally likely.

Two friends A and B, A's thing X and B's thing Y. In braces stands either the name of another rule or a slot:

    {A} {X}                who or what it is: chosen at its first mention, repeated at every later one
    {A.home} {X.colour}    a fact: stated at its first mention (a free choice), recalled at every later one
    {X.colour!}            a new value, other than the present one: the state of the world changes
    {X.owner=B}            B's name, and from here on the thing is B's; in square brackets the same without a word
    {A.she} {A.her} {A.him} {A.She} {A.Her}    she or he, her or his, her or him, as the name asks

The one law: **the alternatives of a rule start with different words**, so every choice shows at the very next
word. A reader never has to look ahead, a story has exactly one derivation, and the chance of each word given those
before it is known (`fasttrack.data.fables.grammar.overlaps` finds offenders).
"""

from __future__ import annotations

RULES: dict[str, tuple[str, ...]] = {
    "story": ("{opening} {friend} One {weather} {time}, {event}",),
    "opening": (
        "Once there was a {A.trade} named {A}. {A.She} lived in the {A.home} and {own_a}",
        "In the {A.home} lived {A}, a {A.trade}. {A.She} {own_a}",
        "Long ago, {A} the {A.trade} lived in the {A.home}. {A.She} {own_a}",
        "Everyone {here} knew {A} the {A.trade}, who lived in the {A.home} and {own_a}",
    ),
    "own_a": (
        "had a {X.colour} {X}[X.owner=A].",
        "loved {A.food} and owned a {X.colour} {X}[X.owner=A].",
    ),
    "friend": (
        "{A.Her} friend {B}, a {B.trade}, lived in the {B.home} and {own_b}",
        "Nearby, in the {B.home}, lived {B} the {B.trade}. {B.She} {own_b}",
        "{B} the {B.trade} was {A.her} neighbour. {B.She} lived in the {B.home} and {own_b}",
        "The {B.home} was the home of {B}, a {B.trade}, who {own_b}",
    ),
    "own_b": (
        "had a {Y.colour} {Y}[Y.owner=B].",
        "loved {B.food} and owned a {Y.colour} {Y}[Y.owner=B].",
    ),
    "event": ("{A} {deed_a}", "{B} {deed_b}"),
    # What happens to A, or A begins.
    "deed_a": (
        "{went} to the {B.home} with the {X.colour} {X}. {gift} {end} {giving}",
        "brought some {B.food} to the {B.home}, for {B} loved {B.food}. {feast} {end} {friends}",
        "painted the {X.colour} {X} {X.colour!}. {admire} {end} {work}",
        "met {B} by the {spot}. {swap} {end} {giving}",
        "forgot the {X.colour} {X} by the {spot}[X.found=spot]. {B} found it and took it to the {A.home}. "
        "{return} {end} {friends}",
        "heard that {trouble} {A.She} saved the {X.colour} {X} and {went} to the {B.home}. {shelter} {end} {friends}",
    ),
    "gift": (
        "{B} liked the {X} so much that {A} gave it to {B.him}[X.owner=B].",
        "“Take it,” said {A}, “it is yours now.” {B} was happy to have the {X}[X.owner=B].",
        "It was the birthday of {B}, so {A} gave {B.him} the {X}[X.owner=B].",
    ),
    "feast": (
        "They ate until the sun went down.",
        "“You remembered!” said {B}.",
    ),
    "admire": (
        "“It looks like new,” said {B}.",
        "{B} came from the {B.home} to see it.",
    ),
    "swap": (
        "They made a trade: {Y.owner=A} took the {Y.colour} {Y}, and {X.owner=B} took the {X.colour} {X}.",
        "“Will you trade your {Y} for my {X}?” asked {A}. “Gladly,” said {B}[X.owner=B][Y.owner=A].",
    ),
    "return": (
        "“Is this yours?” asked {B}.",
        "{A} had looked for it all day.",
    ),
    "shelter": (
        "“Stay with me,” said {B} the {B.trade}.",
        "{B} the {B.trade} made room for {A.him}.",
    ),
    # What happens to B, or B begins.
    "deed_b": (
        "could not find the {Y.colour} {Y}. {A} came from the {A.home} to help "
        "and found it by the {spot}[Y.found=spot]. {thanks} {end} {friends}",
        "dropped the {Y.colour} {Y}, and it broke. {A} took it to the {A.home} and mended it. {thanks} {end} {work}",
        "asked {A}, “Will you teach me to be a {A.trade}?” They worked in the {A.home} until it was dark. {end} {work}",
        "wanted to thank {A}, so {B.she} gave {A.him} the {Y.colour} {Y}[Y.owner=A]. {proud} {end} {giving}",
        "was ill, so {A} came to the {B.home} with some {B.food}. “I love {B.food},” said {B}. {end} {friends}",
    ),
    "thanks": (
        "{B} danced for joy.",
        "“What would I do without you?” said {B}.",
    ),
    "proud": (
        "{A} took it home to the {A.home}.",
        "“I will keep it in the {A.home},” said {A}.",
    ),
    # How it ends.
    "end": ("{people} {things}",),
    "people": (
        "{A} is still a {A.trade} in the {A.home}, and {B} is still a {B.trade} in the {B.home}.",
        "Today {A} the {A.trade} lives in the {A.home}, and {B} the {B.trade} lives in the {B.home}.",
        "They are still friends, {A} the {A.trade} of the {A.home} and {B} the {B.trade} of the {B.home}.",
    ),
    "things": (
        "The {X.colour} {X} belongs to {X.owner}, and the {Y.colour} {Y} belongs to {Y.owner}.",
        "Now {X.owner} has the {X.colour} {X}, and {Y.owner} has the {Y.colour} {Y}.",
        "If you meet {X.owner}, ask to see the {X.colour} {X}; {Y.owner} has the {Y.colour} {Y}.",
    ),
    # What it teaches.
    "giving": (
        "A gift makes two people glad.",
        "What you give away stays with you.",
        "Open hands are never empty.",
    ),
    "friends": (
        "A friend is a warm house.",
        "Trouble shared is half the trouble.",
        "Kind deeds need no reason.",
    ),
    "work": (
        "Good work speaks for itself.",
        "Patience mends what haste has broken.",
        "Every skill begins with a question.",
    ),
}
