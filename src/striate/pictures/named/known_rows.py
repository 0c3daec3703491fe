"""The named sets, one row each.

Addresses and hashes are those that torchvision 0.29 states, in the file of torchvision/datasets that a
comment names, and no others: what it does not state comes from an archive of the user's own. Sizes are those
of the download, about. A licence is what the authors state.
"""

from __future__ import annotations

from striate.pictures.named import cifar, readers
from striate.pictures.named.digits import digits
from striate.pictures.named.shapes import shapes, wish_of
from striate.pictures.named.shelf import KnownSet, Part, Pictures, Remote

_NONE = "none stated"
_IMAGENET = "ImageNet's terms, not commercial"
_IDX = ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz")  # fmt: skip


def _idx_files(address: str, *sums: str) -> tuple[Remote, ...]:
    return tuple(Remote(n, md5, address + n, "keep") for n, md5 in zip(_IDX, sums, strict=True))


def _kept(*files: Remote) -> tuple[Part, ...]:
    return tuple(Part(remote.name, remote.md5) for remote in files if remote.how == "keep")


_MNIST = _idx_files(  # mnist.py
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "f68b3c2dcbeaaa9fbdd348bbdeb94873", "d53e105ee54ea40749a09fcbcd1e9432",
    "9fb629c4189551a2d022fa330f9573f3", "ec29112dd5afa0611ce80d1b7f02629c",
)  # fmt: skip
_FASHION = _idx_files(  # mnist.py
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d", "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79", "bb300cfdad3c16e7a12a480ee83cd310",
)  # fmt: skip
_SVHN = tuple(  # svhn.py
    Remote(f"{split}_32x32.mat", md5, f"http://ufldl.stanford.edu/housenumbers/{split}_32x32.mat", "keep")
    for split, md5 in (
        ("train", "e26dedcc434d2e4c54c9b2d4a06d8373"), ("test", "eb5a983be6a315427106f1b164d9cef3"),
    )
)  # fmt: skip
_AT = "https://www.robots.ox.ac.uk/~vgg/data/flowers/102/"
_FLOWERS = (  # flowers102.py
    Remote("102flowers.tgz", "52808999861908f626f3c1f4e79d11fa", _AT + "102flowers.tgz"),
    Remote("imagelabels.mat", "e0620be6f572b9609742df49c70aed4d", _AT + "imagelabels.mat", "keep"),
    Remote("setid.mat", "a5357ecc9cb78c4bef273ce3793fc85c", _AT + "setid.mat", "keep"),
)
_PETS = tuple(  # oxford_iiit_pet.py
    Remote(name, md5, f"https://www.robots.ox.ac.uk/~vgg/data/pets/data/{name}")
    for name, md5 in (
        ("images.tar.gz", "5c4f3ee8e5d25df40f4fd59a7f44e54c"),
        ("annotations.tar.gz", "95a8c909bbe2e81eed6a22bccdf3f68f"),
    )
)  # fmt: skip
_IMAGENET_FILES = (  # imagenet.py, which states hashes and no addresses
    Remote("ILSVRC2012_img_train.tar", "1d675b47d978889d74fa0da5fadfb00e", "", "unpack twice", "train"),
    Remote("ILSVRC2012_img_val.tar", "29b22e2961454d5413ddabcf34fc5622", "", "unpack", "val"),
    Remote("ILSVRC2012_devkit_t12.tar.gz", "fa75699e90414af021442c21a62c3abf"),
)  # fmt: skip
_CIFAR10 = (  # cifar.py
    *(Part(f"cifar-10-batches-py/data_batch_{i}", md5) for i, md5 in enumerate((
        "c99cafc152244af753f735de768cd75f", "d4bba439e000b95fd0a9bffe97cbabec",
        "54ebc095f3ab1f0389bbae665268c751", "634d18415352ddfa80567beed471001a",
        "482c414d41f54cd18b22e5b47cb7c3cb"), 1)),
    Part("cifar-10-batches-py/test_batch", "40351d587109b95175f43aff81a1287e"),
    Part("cifar-10-batches-py/batches.meta", "5ff9c542aee3614f3951f8cda6e48888"),
)  # fmt: skip
_CIFAR100 = (  # cifar.py
    Part("cifar-100-python/train", "16019d7e3df5f24257cddd939b257f8d"),
    Part("cifar-100-python/test", "f0ef6b0ae62326f3e7ffdfab6717acfc"),
    Part("cifar-100-python/meta", "7973b15100ade9c7d40fb424638fde48"),
)
_STL10 = (  # stl10.py
    Part("stl10_binary/train_X.bin", "918c2871b30a85fa023e0c44e0bee87f"),
    Part("stl10_binary/train_y.bin", "5a34089d4802c674881badbb80307741"),
    Part("stl10_binary/test_X.bin", "7f263ba9f9e0b06b93213547f721ac82"),
    Part("stl10_binary/test_y.bin", "36f9794fa4beb8a2c72628de14fa638e"),
    Part("stl10_binary/class_names.txt"),
)

ROWS = (
    KnownSet(
        "digits", "handwritten digits, 8x8, grey", 10, Pictures(undivided=1797), 44_239,
        "CC BY 4.0", "Alpaydin, Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998",
        mirror=False, maker=lambda _: digits(),
        note="part of Striate",
    ),
    KnownSet(
        "shapes", "drawn shapes, 32x32 or any size, colour", 10, Pictures(4000, 1000, 1000), 0,
        "Apache-2.0, as Striate", "striate.pictures.named.shapes",
        mirror=False, maker=lambda text: shapes(wish_of(text)),
        note="made on the fly: shapes, shapes:64, shapes:side=64,seed=3,train=10000",
    ),
    KnownSet(
        "mnist", "handwritten digits, 28x28, grey", 10, Pictures(60_000, 0, 10_000), 11_594_722,
        _NONE, "LeCun, Bottou, Bengio, Haffner: Gradient-Based Learning, 1998",
        _MNIST, _kept(*_MNIST), mirror=False, reader=readers.mnist,
    ),
    KnownSet(
        "fashion-mnist", "articles of clothing, 28x28, grey", 10, Pictures(60_000, 0, 10_000), 30_878_645,
        "MIT", "Xiao, Rasul, Vollgraf: Fashion-MNIST, arXiv:1708.07747, 2017",
        _FASHION, _kept(*_FASHION), reader=readers.mnist,
    ),
    KnownSet(
        "cifar10", "animals and vehicles, 32x32, colour", 10, Pictures(50_000, 0, 10_000), 170_498_071,
        _NONE, "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
        (Remote("cifar-10-python.tar.gz", "c58f30108f718f92721af3b95e74349a",  # cifar.py
                "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"),),
        _CIFAR10, reader=cifar.cifar10,
    ),
    KnownSet(
        "cifar100", "things of 100 kinds, 32x32, colour", 100, Pictures(50_000, 0, 10_000), 169_001_437,
        _NONE, "Krizhevsky: Learning Multiple Layers of Features from Tiny Images, 2009",
        (Remote("cifar-100-python.tar.gz", "eb9058c3a382ffc7106e4002c42a8d85",  # cifar.py
                "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz"),),
        _CIFAR100, reader=cifar.cifar100,
    ),
    KnownSet(
        "svhn", "digits of house numbers, 32x32, colour", 10, Pictures(73_257, 0, 26_032), 246_316_178,
        "not commercial use", "Netzer et al.: Reading Digits in Natural Images, 2011",
        _SVHN, _kept(*_SVHN), mirror=False, reader=readers.svhn, needs="scipy.io",
        note="the extra 531,131 pictures are left out",
    ),
    KnownSet(
        "stl10", "animals and vehicles, 96x96, colour", 10, Pictures(5000, 0, 8000), 2_640_397_119,
        _NONE, "Coates, Lee, Ng: An Analysis of Single Layer Networks in Unsupervised Feature Learning, 2011",
        (Remote("stl10_binary.tar.gz", "91f7769df0f17e558f3565bffb0c7dfb",  # stl10.py
                "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz"),),
        _STL10, reader=readers.stl10,
        note="the 100,000 pictures without a label are left out",
    ),
    KnownSet(
        "flowers102", "flowers, photographs", 102, Pictures(1020, 1020, 6149), 344_878_000,
        _NONE, "Nilsback, Zisserman: Automated Flower Classification, 2008",
        _FLOWERS, (*_kept(*_FLOWERS), Part("jpg")), reader=readers.flowers102, needs="scipy.io",
        note="classes are numbers, 001 to 102",
    ),
    KnownSet(
        "oxford-pets", "cats and dogs of 37 breeds, photographs", 37, Pictures(3680, 0, 3669), 811_092_049,
        "CC BY-SA 4.0", "Parkhi, Vedaldi, Zisserman, Jawahar: Cats and Dogs, 2012",
        _PETS, (Part("images"), Part("annotations/trainval.txt"), Part("annotations/test.txt")),
        reader=readers.oxford_pets,
    ),
    KnownSet(
        "food101", "dishes, photographs", 101, Pictures(75_750, 0, 25_250), 4_996_278_331,
        _NONE, "Bossard, Guillaumin, Van Gool: Food-101, 2014",
        (Remote("food-101.tar.gz", "85eeb15f3717b99a5da872d97d918f87",  # food101.py
                "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz"),),
        (Part("food-101/images"), Part("food-101/meta/train.txt"), Part("food-101/meta/test.txt")),
        reader=readers.food101,
    ),
    KnownSet(
        "eurosat", "land seen from satellites, 64x64, colour", 10, Pictures(undivided=27_000), 94_000_000,
        "MIT", "Helber, Bischke, Dengel, Borth: EuroSAT, 2019",
        (Remote("EuroSAT.zip", "c8fa014336c82ac7804f0398fcb19387",  # eurosat.py
                "https://huggingface.co/datasets/torchgeo/eurosat/resolve/"
                "c877bcd43f099cd0196738f714544e355477f3fd/EuroSAT.zip"),),
        (Part("2750"),), reader=readers.eurosat,
    ),
    KnownSet(
        "imagenette", "ten easy classes of ImageNet, photographs", 10, Pictures(9469, 3925), 341_663_724,
        _IMAGENET, "Howard: Imagenette, 2019",
        (Remote("imagenette2-320.tgz", "3df6f0d01a2c9592104656642f5e78a3",  # imagenette.py
                "https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-320.tgz"),),
        (Part("imagenette2-320/train"), Part("imagenette2-320/val")), reader=readers.imagenette,
        note="the form whose shorter side is 320 pixels; the choice of classes is Apache-2.0",
    ),
    KnownSet(
        "tiny-imagenet", "ImageNet made small, 64x64, colour", 200, Pictures(100_000, 10_000), 248_100_043,
        _IMAGENET, "Le, Yang: Tiny ImageNet Visual Recognition Challenge, 2015",
        (Remote("tiny-imagenet-200.zip"),),
        (Part("tiny-imagenet-200/train"), Part("tiny-imagenet-200/val/val_annotations.txt")),
        reader=readers.tiny_imagenet,
        note="torchvision states neither address nor hash, so the archive is taken as you give it",
    ),
    KnownSet(
        "imagenet", "ILSVRC 2012, photographs", 1000, Pictures(1_281_167, 50_000), 154_644_969_425,
        _IMAGENET, "Russakovsky et al.: ImageNet Large Scale Visual Recognition Challenge, 2015",
        _IMAGENET_FILES, (Part("train"), Part("val"), Part("ILSVRC2012_devkit_t12/data/meta.mat")),
        reader=readers.imagenet, needs="scipy.io",
        note="from image-net.org with an account of your own",
    ),
)  # fmt: skip
