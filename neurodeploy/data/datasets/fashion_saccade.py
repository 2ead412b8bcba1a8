"""Fashion-MNIST images recorded by the event camera model."""

from neurodeploy.data.datasets.dataset import Dataset
from neurodeploy.data.idx_images import SIDE, opener, sources

CLASSES = ("t-shirt", "trouser", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "ankle-boot")

DATASET = Dataset(
    name="fashion-saccade",
    sensor=(SIDE, SIDE),
    classes=CLASSES,
    licence="MIT",
    citation="Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747 (images)",
    home="https://github.com/zalandoresearch/fashion-mnist",
    by_hand="Put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
    "t10k-labels-idx1-ubyte.gz of Fashion-MNIST into one folder and give it as data.path.",
    opener=opener(CLASSES),
    sources=sources(
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)
