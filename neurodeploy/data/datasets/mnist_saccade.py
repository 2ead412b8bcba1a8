"""MNIST images recorded by the event camera model, as N-MNIST was recorded by a real camera."""

from neurodeploy.data.datasets.dataset import Dataset
from neurodeploy.data.idx_images import SIDE, opener, sources

CLASSES = tuple("0123456789")

DATASET = Dataset(
    name="mnist-saccade",
    sensor=(SIDE, SIDE),
    classes=CLASSES,
    licence="CC BY-SA 3.0",
    citation="LeCun, Bottou, Bengio, Haffner, Proc. IEEE 86(11), 1998, doi:10.1109/5.726791 (images)",
    home="http://yann.lecun.com/exdb/mnist/",
    by_hand="Put train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and "
    "t10k-labels-idx1-ubyte.gz of MNIST into one folder and give it as data.path.",
    opener=opener(CLASSES),
    sources=sources(
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
)
