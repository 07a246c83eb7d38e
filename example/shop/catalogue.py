"""What the shop sells, as a data migration puts it into a fresh database."""

from typing import NamedTuple


class Stocked(NamedTuple):
    collection: str
    slug: str
    name: str
    price_euros: int
    line: str
    story: str
    materials: str
    size: str
    maker: str
    is_new: bool = False


COLLECTIONS = {
    "lamps": ("Lamps", "Paper, opal glass and turned wood. Warm light, set low."),
    "textiles": ("Textiles", "Wool and linen from two looms by the window."),
}

PIECES = [
    Stocked(
        collection="lamps",
        slug="ember",
        name="Ember",
        price_euros=248,
        line="A table lamp for the end of the day",
        story=(
            "The dome is blown in one breath, so no two sit quite alike. It gives a pool of "
            "light the size of an open book and leaves the rest of the room to the evening."
        ),
        materials="Opal glass, walnut, brass",
        size="60 × 66 cm",
        maker="Ines Marchetti",
        is_new=True,
    ),
    Stocked(
        collection="lamps",
        slug="moonrise",
        name="Moonrise",
        price_euros=186,
        line="A paper globe for over the table",
        story=(
            "Mulberry paper on fifteen bamboo hoops. Hung at the height of your eyes when you "
            "sit, it lights the faces and not the ceiling."
        ),
        materials="Mulberry paper, bamboo",
        size="Ø 68 cm",
        maker="Tomo Hayashi",
    ),
    Stocked(
        collection="lamps",
        slug="harbour",
        name="Harbour",
        price_euros=212,
        line="A lantern that goes where you go",
        story=(
            "Ask for it on the way to the shed, the boat or the far end of the garden. One "
            "charge lasts from dusk until well after the last guest."
        ),
        materials="Blackened steel, glass, brass",
        size="40 × 78 cm",
        maker="Joost de Wit",
    ),
    Stocked(
        collection="lamps",
        slug="reed",
        name="Tall Reed",
        price_euros=229,
        line="A pleated shade on a turned foot",
        story=(
            "Seventy-two pleats, folded by hand while the linen is damp. The foot is oak from a "
            "tree that a storm took down, which is why there will only be eighty."
        ),
        materials="Pleated linen, storm-felled oak",
        size="62 × 79 cm",
        maker="Ines Marchetti",
    ),
    Stocked(
        collection="lamps",
        slug="cocoon",
        name="Cocoon",
        price_euros=264,
        line="A floor lamp, quiet as a sleeping cat",
        story=(
            "It stands on three thin legs in the corner that never had enough light, and asks "
            "for nothing but to be switched on."
        ),
        materials="Mulberry paper, steel",
        size="46 × 92 cm",
        maker="Tomo Hayashi",
        is_new=True,
    ),
    Stocked(
        collection="lamps",
        slug="pebble",
        name="Pebble",
        price_euros=128,
        line="A night light with some weight to it",
        story=(
            "Thrown, glazed and fired a street away from the shop. It dims down to a candle and "
            "stays cool enough for a child to hold."
        ),
        materials="Stoneware, opal glass",
        size="50 × 48 cm",
        maker="Maud Ferreira",
    ),
    Stocked(
        collection="textiles",
        slug="fell",
        name="Fell",
        price_euros=174,
        line="A herringbone throw in slate and cream",
        story=(
            "Woven from the wool of hill sheep, washed in rainwater and brushed once. It gets "
            "softer every winter and is mended free of charge, for as long as we are here."
        ),
        materials="Undyed wool",
        size="140 × 200 cm",
        maker="Sorcha Byrne",
    ),
    Stocked(
        collection="textiles",
        slug="tideline",
        name="Tideline",
        price_euros=68,
        line="A cushion in the stripes of an old sail",
        story=(
            "Indigo and cream, in a plain weave you can count. The cover comes off and forgives "
            "red wine."
        ),
        materials="Linen, wool filling",
        size="50 × 50 cm",
        maker="Sorcha Byrne",
        is_new=True,
    ),
    Stocked(
        collection="textiles",
        slug="meadow",
        name="Meadow",
        price_euros=72,
        line="A checked cushion, moss and sage",
        story=(
            "The greens come from weld and a little iron, and they will fade the way hay does. "
            "Shown here with a small Tideline."
        ),
        materials="Wool twill, wool filling",
        size="55 × 55 cm",
        maker="Lotte Vinter",
    ),
    Stocked(
        collection="textiles",
        slug="kiln",
        name="Kiln",
        price_euros=395,
        line="A flat-woven rug the colour of fired clay",
        story=(
            "Six weeks on the loom. The pattern reads differently from each end of the room, "
            "and both of them are right."
        ),
        materials="Wool on linen warp",
        size="170 × 240 cm",
        maker="Lotte Vinter",
    ),
    Stocked(
        collection="textiles",
        slug="birch",
        name="Birch",
        price_euros=46,
        line="A linen towel with a pencil-thin stripe",
        story=(
            "Heavy enough to hang well, thin enough to dry by morning. Hemmed by hand because "
            "the machine was too loud."
        ),
        materials="Washed linen",
        size="70 × 125 cm",
        maker="Sorcha Byrne",
    ),
    Stocked(
        collection="textiles",
        slug="dusk",
        name="Dusk",
        price_euros=158,
        line="A twill blanket for the late shift",
        story=(
            "Madder, marigold and one dark line, in the order in which the sky goes out. Made "
            "for porches, sofas and night trains."
        ),
        materials="Lambswool",
        size="130 × 180 cm",
        maker="Lotte Vinter",
        is_new=True,
    ),
]
