"""Words that the grammar knows by heart: what is neither a thing nor a colour, and why.

English. Which things the model knows is in its file (:mod:`.vocabulary`).
"""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


#: articles, prepositions, pronouns, numbers, ... : they end no sentence's meaning for colours
FUNCTION = words_of(
    "a an the this that these those there here it its itself he him his himself she her "
    "herself they them their themselves we us our you your i me my who whom whose which what "
    "where when how why in on at of to from with without by for into onto over under through "
    "across along around near beside behind between among above below off out up down inside "
    "outside against toward towards past after before during while whilst as like than about "
    "atop alongside underneath beneath next front back top bottom side left right middle "
    "center edge end part other another each both all some any no not many several few more "
    "most much lot lots group number pair couple one two three four five six seven eight nine "
    "ten first second third is are was were be been being has have had having do does did can "
    "will would could just only very so too also still almost together away apart very while "
    "half several something someone somebody thing kind sort type way time if but or because "
    "s t"
)
#: people of any kind are one thing, so that nothing is learned of how a kind of people looks
PEOPLE = words_of(
    "person people man men woman women boy boys girl girls child children kid kids baby "
    "babies toddler toddlers infant lady ladies guy guys gentleman gentlemen adult adults "
    "teenager teenagers teen teens male males female females individual individuals couple "
    "couples crowd crowds family families friend friends mother mom father dad parent parents "
    "son daughter sister brother player players rider riders skater skier surfer runner biker "
    "cyclist swimmer worker workers officer soldier soldiers bride groom grandmother "
    "grandfather audience spectators onlookers team teams teammate couple audience human "
    "humans somebody dancer dancers singer musician musicians climber climbers hiker hikers "
    "skateboarder snowboarder bicyclist motorcyclist performer performers athlete athletes "
    "owner driver wrestler wrestlers fans students"
)
#: how people look: neither learned nor applied
LOOKS = words_of(
    "hair haired hairs skin skinned face faces eye eyes eyed beard bearded mustache moustache "
    "blonde blond blondes brunette redhead redheaded redheads bald brown-haired dark-haired "
    "red-haired red-headed long-haired short-haired dark-skinned curly ponytail pigtails "
    "dreadlocks mohawk freckles complexion lips lip cheek cheeks chin forehead eyebrows nose "
    "teeth body bodies head heads neck arm arms leg legs hand hands finger fingers foot feet "
    "chest belly stomach back shoulder shoulders knee knees asian african african-american "
    "black chinese japanese indian mexican oriental european american armenian caucasian "
    "hispanic latino latina arab arabic jewish race racial ethnic tribal naked nude topless "
    "shirtless fat thin chubby overweight skinny muscular elderly aged pregnant old older "
    "young younger tan-skinned"
) - {"black"}
#: how things are that have nothing to do with colour
QUALITIES = words_of(
    "large little small long big tall high huge low wide short full empty same different "
    "various single lone whole new broken clean open closed ready busy beautiful funny "
    "strange nice great happy sad serious professional public steep narrow flat round square "
    "straight thick heavy soft hard hot cold fast slow deep shallow loose tight different "
    "similar identical opposite larger smaller bigger medium giant massive tiny mini "
    "additional other own real fake plain fancy formal casual traditional typical special "
    "several upside upright nearby distant wild various multiple numerous extra fallen lone "
    "local national very bad good"
)
#: words that belong to the whole picture, not to a place in it
EVERYWHERE = words_of(
    "autumn fall winter summer spring sunset sunrise dawn dusk twilight night nighttime "
    "evening morning afternoon daytime fog foggy mist misty rain rainy storm overcast sunny "
    "sunlight underwater indoor indoors outdoor outdoors candlelight colourful colorful"
)
#: what wears a colour when only the colour is said: "a man in red"
CLOTHES = "clothes"
#: before a colour without a thing they mean clothes
WEARING = words_of("in wearing wears wear dressed clad")
#: between a thing and its colour
COPULA = words_of("is are was were being be looks look :")
#: between colours of one thing
JOINING = frozenset(("and", ",", "&", "or"))
#: words in -ing that are things
THINGS_IN_ING = words_of(
    "building clothing railing ring string swing wing king ceiling wedding crossing painting "
    "awning lighting sling covering earring icing drawing dressing"
)
#: another way to write a word -> the word
SAME = {
    "gray": "grey", "grays": "grey", "greys": "grey", "tshirt": "t-shirt", "tee": "t-shirt",
    "tee-shirt": "t-shirt", "t-shirts": "t-shirt", "leaves": "leaf", "foliage": "leaf",
    "automobile": "car", "auto": "car", "taxi": "car", "cab": "car", "lorry": "truck",
    "trousers": "pants", "jumper": "sweater", "pullover": "sweater", "cardigan": "sweater",
    "overcoat": "coat", "gown": "dress", "frock": "dress", "bike": "bicycle", "tram": "train",
    "streetcar": "train", "trolley": "train", "sofa": "couch", "lawn": "grass", "meadow": "grass",
    "grassy": "grass", "snowy": "snow", "sandy": "sand", "ocean": "sea", "wooden": "wood",
    "rocky": "rock", "boulder": "rock", "puppy": "dog", "kitten": "cat", "clothing": "clothes",
    "outfit": "clothes", "attire": "clothes", "garment": "clothes", "costume": "clothes",
    "woods": "forest", "fall": "autumn", "sunrise": "sunset", "dawn": "dusk", "twilight": "dusk",
    "nighttime": "night", "indoors": "indoor", "outdoors": "outdoor", "colorful": "colourful",
    "brickwork": "brick", "skies": "sky", "people": "person", "curtain": "cloth",
    "rose": "flower", "blossom": "flower", "tulip": "flower", "ship": "boat", "canoe": "boat",
    "lake": "water", "river": "water", "pond": "water", "blouse": "shirt", "tunic": "shirt",
    "bonnet": "hat", "seat": "chair", "motorbike": "motorcycle", "hoodie": "sweatshirt",
    "sidewalk": "pavement", "helmets": "helmet", "scarves": "scarf", "wolves": "wolf",
    "knives": "knife", "mice": "mouse", "geese": "goose", "feet": "foot", "sunlit": "sunny",
}  # fmt: skip
