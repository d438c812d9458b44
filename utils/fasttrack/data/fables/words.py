"""What the stories speak of: names and colours everywhere; homes, trades, things and so on for each domain.

Domains share names, colours and the words of the rules, and no home, trade, thing, food, spot or weather: a model
that moves to another domain keeps its grammar and meets new nouns. Every trade and colour starts with a consonant,
so that "a" is always right. Left out: plurals, surnames, words of more than one part.
"""

from __future__ import annotations

from typing import NamedTuple


def pool(words: str) -> tuple[str, ...]:
    """The words of a list."""
    return tuple(words.split())


SHE = pool(
    "Ada Alma Anya Bea Carla Celia Clara Dora Edith Elsa Emma Esther Fatima Flora Freya Greta "
    "Hana Hilda Ida Ines Jana Judith Karin Kira Lena Lucia Lydia Mara Marta Mina Nadia Nina "
    "Nora Olga Paula Petra Rita Rosa Sara Selma Sofia Tara Thea Ursula Vera Wanda Yara Zoe"
)
HE = pool(
    "Abel Adam Anton Boris Bruno Carlo Cyrus Daniel Dario David Edgar Emil Erik Felix Finn Georg "
    "Goran Hans Hugo Igor Ivan Jakob Jonas Karl Kofi Lars Leon Louis Luca Marco Martin Milo "
    "Nils Noah Omar Oscar Otto Pablo Paul Pedro Rafael Remy Simon Stefan Theo Tobias Victor Yusuf"
)
NAMES = SHE + HE
COLOURS = pool("red blue green yellow purple white black brown pink silver grey turquoise")
TIMES = ("morning", "afternoon", "evening", "day")


class Domain(NamedTuple):
    """The nouns of one kind of story, and the few rules that are its own."""

    homes: tuple[str, ...]
    trades: tuple[str, ...]
    things: tuple[str, ...]
    foods: tuple[str, ...]
    spots: tuple[str, ...]
    weather: tuple[str, ...]
    rules: dict[str, tuple[str, ...]]


VILLAGE = Domain(
    homes=pool(
        "mill tower inn barn cottage chapel stable farmhouse "
        "bakery dairy windmill schoolhouse cellar attic granary gatehouse"
    ),
    trades=pool(
        "potter baker weaver smith shepherd tailor miller cooper "
        "carpenter beekeeper farmer teacher doctor painter fiddler gardener"
    ),
    things=pool(
        "kite drum lantern basket ladder kettle blanket bicycle cart wheelbarrow bucket hat scarf coat clock mirror "
        "chair table bell broom spade whistle puppet jug vase teapot bowl candle pillow umbrella "
        "sled ball book box comb ring flute purse apron stool"
    ),
    foods=pool(
        "plums honey cherries pancakes dumplings walnuts cheese soup "
        "porridge pears strawberries gingerbread jam apples muffins raisins"
    ),
    spots=pool("bridge well hedge pond crossroads gate oak fountain"),
    weather=pool("misty windy rainy sunny chilly mild frosty breezy"),
    rules={
        "here": ("in the village",),
        "went": ("walked",),
        "trouble": (
            "a storm had torn the roof off the {A.home}.",
            "the river had filled the {A.home} with water.",
        ),
    },
)
SEA = Domain(
    homes=pool(
        "lighthouse harbour boathouse cabin cove shipyard cave hut "
        "galley fort warehouse tavern wreck grotto watchtower lagoon"
    ),
    trades=pool(
        "sailor fisher captain diver pirate pilot shipwright sailmaker "
        "navigator cook boatswain netmaker ropemaker lookout deckhand whaler"
    ),
    things=pool(
        "canoe anchor compass telescope net paddle sail raft rope hook barrel hammock flag map lamp oar "
        "surfboard shell pearl conch trumpet cutlass bottle chart sextant dinghy buoy mast rudder spyglass "
        "harpoon locket trunk medal pipe spear trident crate bracelet pennant"
    ),
    foods=pool(
        "shrimps oysters crabs mussels seaweed biscuits lobster herrings "
        "sardines coconuts limes bananas chowder rice mangoes pickles"
    ),
    spots=pool("pier beach reef dock sandbank cliff slipway breakwater"),
    weather=pool("stormy salty calm foggy blustery clear hazy drizzly"),
    rules={
        "here": ("by the sea",),
        "went": ("rowed",),
        "trouble": (
            "a great wave had washed over the {A.home}.",
            "the tide had crept into the {A.home}.",
        ),
    },
)
SPACE = Domain(
    homes=pool(
        "dome observatory capsule crater hangar laboratory spaceship module "
        "airlock cockpit bunker biosphere reactor silo outpost starbase"
    ),
    trades=pool(
        "stargazer mechanic botanist geologist chemist rocketeer programmer surveyor "
        "technician commander welder medic physicist mapmaker cadet miner"
    ),
    things=pool(
        "robot rocket helmet rover antenna battery laser satellite shuttle radio camera tablet scanner sensor "
        "jetpack magnet probe drone spacesuit visor wrench toolbox hologram keyboard monitor glove backpack "
        "thermos meteorite crystal beacon gyroscope microscope transmitter receiver cable drill badge "
        "stopwatch joystick"
    ),
    foods=pool(
        "noodles algae jelly peanuts lentils popcorn pudding spinach "
        "tofu mushrooms waffles pizza yoghurt beans carrots chocolate"
    ),
    spots=pool("launchpad ridge canyon boulder gantry ramp hatch gully"),
    weather=pool("starry silent dusty frozen glowing moonlit dim airless"),
    rules={
        "here": ("on the red planet",),
        "went": ("flew",),
        "trouble": (
            "a comet had struck the {A.home}.",
            "the lights had gone out in the {A.home}.",
        ),
    },
)
CASTLE = Domain(
    homes=pool(
        "dungeon armoury library kitchen turret gallery courtyard scullery "
        "treasury ballroom nursery vault pantry dovecote keep barracks"
    ),
    trades=pool(
        "knight jester minstrel page squire herald wizard falconer "
        "guard scribe butler groom fletcher steward tutor poet"
    ),
    things=pool(
        "sword shield crown goblet harp lance banner tapestry throne scroll quill dagger gown cloak mantle sceptre "
        "chalice necklace brooch saddle bridle catapult crossbow gauntlet horn lyre candlestick orb tunic tiara "
        "chessboard portrait statue carpet veil slipper spur staff wand mask"
    ),
    foods=pool(
        "venison figs pheasant tarts almonds custard grapes sausages "
        "pies marzipan dates turnips trout truffles quinces pasties"
    ),
    spots=pool("moat drawbridge portcullis staircase rampart archway battlement maze"),
    weather=pool("solemn festive golden gloomy merry bitter snowy splendid"),
    rules={
        "here": ("at court",),
        "went": ("rode",),
        "trouble": (
            "a dragon had set fire to the {A.home}.",
            "the ghosts had moved into the {A.home}.",
        ),
    },
)
DOMAINS = {"village": VILLAGE, "sea": SEA, "space": SPACE, "castle": CASTLE}
