"""The table of any module: counts against torchvision's own, fields against published ones and gradients."""

from __future__ import annotations

import copy
import sys
import warnings
from collections.abc import Callable, Iterator

import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

from torch import Tensor, nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402
from torch.nn.utils import parametrizations, prune  # noqa: E402

from striate.errors import CannotTrace  # noqa: E402
from striate.geometry.shape import Shape  # noqa: E402
from striate.grammar import plain, sliding  # noqa: E402
from striate.grammar.plan import Plan  # noqa: E402
from striate.grammar.sheet import Sheet  # noqa: E402
from striate.grammar.trace import trace  # noqa: E402
from tests.oracles import gradient_box, gradient_field  # noqa: E402

PICTURE = Shape(3, 224, 224)
NO_AUX = {"aux_logits": False, "init_weights": False}
# Parameters, giga-multiply-adds, receptive field: seeing.md 5.1 and 5.2, measured apart from this code.
KNOWN = {
    "alexnet": (61_100_840, 0.714, 195),
    "vgg16": (138_357_544, 15.470, 212),
    "googlenet": (6_624_904, 1.498, 379),
    "inception_v3": (23_834_568, 5.713, 1311),
    "resnet18": (11_689_512, 1.814, 435),
    "resnet34": (21_797_672, 3.664, 899),
    "resnet50": (25_557_032, 4.089, 427),
    "resnet101": (44_549_160, 7.801, 971),
    "resnet152": (60_192_808, 11.514, 1451),
    "mobilenet_v2": (3_504_872, 0.301, 491),
    "efficientnet_b0": (5_288_548, 0.386, None),
    "densenet121": (7_978_856, 2.834, 2071),
    "vit_b_16": (86_567_656, 17.564, None),
}
TIMM = (  # noqa: SIM905 - fifty names read better as text
    "beit_base_patch16_224 cait_xxs24_224 coatnet_0_rw_224 convmixer_768_32 convnext_atto "
    "convnextv2_atto crossvit_tiny_240 cspresnet50 darknet53 davit_tiny densenet121 dla34 dpn68 "
    "edgenext_xx_small efficientformer_l1 ese_vovnet19b_dw eva02_tiny_patch14_224 fastvit_t8 "
    "focalnet_tiny_srf gcresnext26ts gernet_s ghostnet_100 gmlp_s16_224 halonet26t "
    "hrnet_w18_small inception_next_tiny inception_v4 lambda_resnet26t levit_128s "
    "maxvit_nano_rw_256 mixer_s32_224 mixnet_s mobilenetv3_small_100 mobilevit_xxs nfnet_f0 "
    "poolformer_s12 pvt_v2_b0 regnety_002 res2net50_26w_4s resmlp_12_224 resnest14d "
    "resnetv2_50x1_bit skresnet18 swin_tiny_patch4_window7_224 tf_efficientnet_b0 tresnet_m "
    "vit_tiny_patch16_224 volo_d1_224 xception41 xcit_nano_12_p16_224"
).split()


def made(name: str, **options: object) -> nn.Module:
    """A torchvision network without the memory for its weights."""
    with torch.device("meta"):
        return torchvision.models.get_model(name, weights=None, **options)


def weighed(sheet: Sheet, module: nn.Module) -> bool:
    """Whether the rows, shared ones counted once, hold exactly the module's parameters."""
    return sheet.parameters == sum(p.numel() for p in module.parameters())


def names(sheet: Sheet) -> list[str]:
    return [layer.name for layer in sheet.layers]


@pytest.mark.parametrize("name", KNOWN)
def test_parameters_multiply_adds_and_fields_are_the_known_ones(name: str) -> None:
    parameters, giga, reach = KNOWN[name]
    module = made(name, **(NO_AUX if name in {"googlenet", "inception_v3"} else {}))
    sheet = trace(module, Shape(3, 299, 299) if name == "inception_v3" else PICTURE)
    assert sheet.parameters == parameters
    assert round(sheet.macs / 1e9, 3) == giga
    assert sheet.receptive_field == (reach and (reach, reach))
    assert sheet.unsupported == ()
    assert sheet.shared == 0
    ours = torchvision.models.get_model_weights(name).DEFAULT.meta
    if name not in {"vit_b_16", "googlenet", "inception_v3"}:  # another size, or auxiliary heads
        assert (sheet.parameters, giga) == (ours["num_params"], ours["_ops"])


def test_every_row_has_a_name_of_its_own_and_says_its_word() -> None:
    sheet = trace(made("resnet18"), PICTURE)
    assert len(set(names(sheet))) == len(sheet.layers)
    row = next(layer for layer in sheet.layers if layer.name == "layer2.0.downsample.0")
    assert (row.word, row.parameters, row.unseen) == ("conv1s2-128", 64 * 128, (28, 28))
    assert {"layer1.0.add", "layer1.0.relu", "layer1.0.relu:2"} <= set(names(sheet))
    assert sheet.layers[0].word == "conv7s2p3-64"
    assert isinstance(sheet.layers[-2].kind, sliding.Gap)


def test_a_squeeze_and_excite_gate_does_not_end_the_maps() -> None:
    sheet = trace(made("mobilenet_v3_small"), PICTURE)
    gates = [layer for layer in sheet.layers if layer.name.endswith(".avgpool")]
    assert {layer.word for layer in gates} == {"gap"}
    assert all(layer.kind is None for layer in gates)
    assert sheet.receptive_field is None


PLANS = (
    "3x32x32: (conv3p1-64 bn relu)*2 max2 (conv3p1-128 bn relu)*2 max2 gap fc10",
    "3x64x64: conv7s2p3-16 bn relu max3s2p1c stage1=({conv3p1-16 bn relu conv3p1-16 bn} relu) "
    "{conv3s2p1-32 bn relu conv3p1-32 bn} relu se8 se8h gap flatten fc10 drop0.5 fc10",
    "3x33x33: conv5-8 lrn max3s2 [conv1-8 | conv3p1-8 relu | max3s1p1 conv1-4 | id] shuffle2 "
    "part2i2 every2-32 dw3p1 relu6 conv2same-16 hswish scale0.125 maxout2 prelu leaky0.2 elu "
    "selu gelu silu hsigmoid sigmoid tanh softplus mish avg2 avgto3 flatten drop0.3 fc20 bn "
    "relu fc10",
    "1x28x28: conv5b0-6 tanh avg2 conv5-16 tanh local3-8 avg2 fc120 relu fc10",
    "3x32x32: conv3g1-12 bn conv3g4b-24 bn [conv3p1-8 + conv1-8 + conv5p2-8] relu conv3d2-8 "
    "maxto2 gmp fc10",
)  # fmt: skip


@pytest.mark.parametrize("text", PLANS)
def test_the_trace_of_a_built_plan_is_the_plan_s_own_table(text: str) -> None:
    plan = Plan.read(text)
    assert plan.given is not None
    sheet = trace(plan.build(), plan.given, plan.text)
    assert list(sheet.layers) == list(plan.layers)
    assert sheet.table() == plan.sheet.table()


class Focus(nn.Module):
    """Every second pixel, four ways, side by side: tokens of a patch."""

    def __init__(self) -> None:
        super().__init__()
        self.before, self.after = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(16, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.before(x)
        parts = [x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return self.after(torch.cat(parts, 1))


class ChannelsLast(nn.Module):
    """A ConvNeXt block: linear layers on N H W C."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.wide = nn.Conv2d(3, 8, 4, 4), nn.Conv2d(8, 8, 7, padding=3, groups=8)
        self.norm, self.one, self.two = nn.LayerNorm(8), nn.Linear(8, 16), nn.Linear(16, 8)
        self.scale = nn.Parameter(torch.ones(8, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.wide(x).permute(0, 2, 3, 1)
        y = self.two(F.relu(self.one(self.norm(y)))).permute(0, 3, 1, 2)
        return x + self.scale * y


class Shuffled(nn.Module):
    """Halves of the channels, one convolved, interleaved through five dimensions; then tokens and back."""

    def __init__(self) -> None:
        super().__init__()
        self.stem, self.tall = nn.Conv2d(3, 8, 3, 2), nn.Conv2d(4, 4, (5, 1), padding=(2, 0))

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.stem(x).chunk(2, 1)
        x = torch.cat([a, self.tall(b)], 1)
        n, c, h, w = x.shape
        x = x.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w)
        return x.flatten(2).transpose(1, 2).transpose(1, 2).reshape(n, c, h, w)


class Arms(nn.Module):
    """Branches of several strides' worth: they agree on the map, not on the field."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(
            nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=2, dilation=2)
        )
        self.b = nn.Sequential(nn.MaxPool2d(3, 2, 1), nn.Conv2d(3, 4, 1))
        self.c = nn.Conv2d(3, 4, (1, 7), 2, (0, 3))

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.a(x) + self.b(x), self.c(x)], 1)


def even_adaptive() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d((12, 8)))


def strides_and_dilation() -> nn.Module:
    last = nn.Conv2d(4, 4, (3, 5), (1, 2), dilation=(2, 1))
    return nn.Sequential(nn.Conv2d(3, 4, 5, 2, 1), nn.BatchNorm2d(4), nn.ReLU(), last)


def pools_with_ceil() -> nn.Module:
    pools = nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(2, ceil_mode=True)
    return nn.Sequential(nn.Conv2d(3, 4, 3), *pools, nn.Conv2d(4, 4, 3))


def dilated_pool() -> nn.Module:
    pool = nn.MaxPool2d(3, 2, 1, dilation=2)
    return nn.Sequential(nn.Conv2d(3, 2, 1), pool, nn.Conv2d(2, 2, 3))


def even_kernels() -> nn.Module:
    wide = nn.Conv2d(4, 4, (2, 3), padding="same")
    return nn.Sequential(nn.Conv2d(3, 4, 4, padding="same"), wide)


def padding_by_hand() -> nn.Module:
    first = nn.ZeroPad2d((2, 1, 0, 3)), nn.Conv2d(3, 4, 5, 3)
    return nn.Sequential(*first, nn.ReflectionPad2d(1), nn.Conv2d(4, 2, 3))


def squeezenet() -> nn.Module:
    return nn.Sequential(*torchvision.models.squeezenet1_1(weights=None).features[:6])


def mobilenet() -> nn.Module:
    return nn.Sequential(*torchvision.models.mobilenet_v2(weights=None).features[:5])


SMALL: tuple[Callable[[], nn.Module], ...] = (
    strides_and_dilation, pools_with_ceil, dilated_pool, even_kernels, padding_by_hand, even_adaptive,
    Focus, ChannelsLast, Shuffled, Arms, squeezenet, mobilenet,
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("network", SMALL)
def test_fields_are_the_support_of_the_gradient(network: Callable[[], nn.Module]) -> None:
    module, given = network(), Shape(3, 72, 72)
    sheet = trace(module, given)
    last = sheet.layers[-1]
    assert sheet.notes == ()
    assert last.receptive_field == gradient_field(module, given)
    for row, column in ((3, 2), (4, 4), (3, 6)):
        assert last.box(row, column, given) == gradient_box(module, given, row, column)
    # At the border taps lie in the padding, and a map may end before the picture: there the box is a cover.
    for row, column in ((0, 0), (last.output.height - 1, last.output.width - 1)):
        box, true = last.box(row, column, given), gradient_box(module, given, row, column)
        assert all(a <= b for a, b in zip(box[:2], true[:2], strict=True))
        assert all(a >= b for a, b in zip(box[2:], true[2:], strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5"])
def test_fields_of_whole_networks_are_the_support_of_the_gradient(name: str) -> None:
    module = torchvision.models.get_model(name, weights=None)
    body = nn.Sequential(*list(module.children())[: -2 if name == "resnet18" else -1])
    given = Shape(3, 608, 608)
    assert trace(body, given).receptive_field == gradient_field(body, given)


def test_what_is_not_followed_is_told() -> None:
    class Up(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return F.interpolate(x, scale_factor=2)

    sheet = trace(
        nn.Sequential(nn.Conv2d(3, 4, 3), Up(), nn.Conv2d(4, 4, 3), nn.ConvTranspose2d(4, 2, 2, 2)),
        Shape(3, 8, 8),
    )
    assert sheet.layers[1].receptive_field is None
    assert sheet.layers[-1].output == Shape(2, 20, 20)
    assert len(sheet.notes) == 1
    assert "not followed through `upsample_nearest2d`, first in 1" in sheet.notes[0]


def test_padding_that_goes_round_is_told_as_not_followed() -> None:
    sheet = trace(nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"), Shape(3, 8, 8))
    assert sheet.layers[0].receptive_field is None
    assert "not followed" in sheet.notes[0]


def test_norms_over_the_picture_see_the_whole_picture() -> None:
    for norm in (
        nn.GroupNorm(2, 4),
        nn.InstanceNorm2d(4),
        nn.BatchNorm2d(4, track_running_stats=False),
        nn.LayerNorm((4, 6, 6)),
    ):
        sheet = trace(nn.Sequential(nn.Conv2d(3, 4, 3), norm), Shape(3, 8, 8))
        assert [layer.receptive_field for layer in sheet.layers] == [(3, 3), None]
        assert sheet.notes == ()


def test_a_shared_module_is_counted_once() -> None:
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3, padding=1)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(self.conv(x).relu())

    module = Twice()
    sheet = trace(module, Shape(3, 8, 8))
    assert names(sheet) == ["conv", "relu", "conv:2"]
    assert [layer.parameters for layer in sheet.layers] == [84, 0, 84]
    assert (sheet.shared, sheet.parameters) == (84, 84)
    assert sheet.macs == 2 * 81 * 64


def test_tied_weights_are_counted_once() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4))
    module[1].weight = module[0].weight
    sheet = trace(module, Shape(4, flat=True))
    assert (sheet.shared, sheet.parameters) == (16, 24)
    assert weighed(sheet, module)


class ByHand(nn.Module):
    """Functional calls, a parameter used by hand, one that is not used, and a write through a view."""

    def __init__(self) -> None:
        super().__init__()
        self.weight, self.scale = (
            nn.Parameter(torch.ones(6, 3, 3, 3)),
            nn.Parameter(torch.ones(1, 6, 1, 1)),
        )
        self.idle, self.head = nn.Linear(5, 5), nn.Parameter(torch.ones(4, 6))

    def forward(self, x: Tensor) -> Tensor:
        x = F.conv2d(x, self.weight, padding=1)
        out = torch.zeros_like(x)
        out[:, :3] = x[:, 3:]
        out[:, 3:] = x[:, :3]
        x = F.max_pool2d(F.relu(out * self.scale), 2)
        x = torch.cat([x, x], 1)[:, ::2] + x
        return F.linear(x.mean((2, 3)), self.head)


def test_functional_calls_and_parameters_used_by_hand_have_rows() -> None:
    module = ByHand()
    sheet = trace(module, Shape(3, 8, 8))
    assert names(sheet) == [
        "conv2d",
        "mul",
        "relu",
        "max_pool",
        "cat",
        "add",
        "mean",
        "linear",
        "unused",
    ]
    assert [layer.parameters for layer in sheet.layers] == [162, 6, 0, 0, 0, 0, 0, 24, 30]
    assert [layer.word for layer in sheet.layers][:4] == ["conv3p1b0-6", "mul", "relu", "max2"]
    assert sheet.receptive_field == (4, 4)
    assert weighed(sheet, module)
    assert sheet.macs == 162 * 64 + 24
    assert "30 parameters take no part: idle" in sheet.notes[-1]


def test_attention_hides_no_multiply_adds() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
    sheet = trace(
        nn.Sequential(nn.Conv2d(3, 8, 4, 4), nn.Flatten(2), Turned(), layer), Shape(3, 16, 16)
    )
    tokens = 16
    assert sheet.macs == 3 * 8 * 16 * tokens + tokens * (4 * 64 + 2 * 128) + 2 * tokens * tokens * 8
    assert sheet.layers[-1].output == Shape(8, 16, 1)
    assert sheet.unsupported == ()


class Turned(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2)


def test_a_forward_in_inference_mode_is_seen_too() -> None:
    class Wrapped(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.head = nn.Conv2d(3, 4, 3), nn.Linear(4, 2)

        @torch.inference_mode()  # type: ignore[untyped-decorator]
        def forward(self, x: Tensor) -> Tensor:
            return self.head(F.adaptive_avg_pool2d(self.conv(x), 1).flatten(1))

    sheet = trace(Wrapped(), Shape(3, 8, 8))
    assert names(sheet) == ["conv", "adaptive_avg_pool", "head"]
    assert sheet.macs == 108 * 36 + 8


def test_reparametrised_weights_count_as_what_is_learned() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old = nn.utils.weight_norm(nn.Conv2d(3, 4, 3))
    pruned = nn.Conv2d(3, 4, 3)
    prune.l1_unstructured(pruned, "weight", 0.5)
    for conv in (
        old,
        pruned,
        parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
        parametrizations.orthogonal(nn.Conv2d(3, 4, 3)),
    ):
        module = nn.Sequential(conv, nn.ReLU())
        sheet = trace(module, Shape(3, 8, 8))
        assert weighed(sheet, module)
        assert [(layer.name, layer.word) for layer in sheet.layers] == [
            ("0", "conv3-4"),
            ("1", "relu"),
        ]
        assert sheet.layers[0].macs == 108 * 36


def test_an_operator_that_is_not_known_is_told_once() -> None:
    class Fourier(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x: Tensor) -> Tensor:
            return self.conv(torch.fft.rfft2(torch.fft.rfft2(x).abs()).abs())

    sheet = trace(Fourier(), Shape(3, 8, 8))
    assert sheet.unsupported == ("_fft_r2c",)
    assert sheet.layers[-1].receptive_field is None
    assert "_fft_r2c: this operator is not known" in sheet.table()


def test_the_users_module_stays_as_it_was() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.5)
    )
    called: list[int] = []
    handle = module[0].register_forward_hook(lambda *_: called.append(1))
    module[1].eval()
    before = copy.deepcopy(module.state_dict())
    kept = [(id(t), t.device, t.requires_grad) for t in module.state_dict(keep_vars=True).values()]
    random = torch.get_rng_state()
    sheet = trace(module, Shape(3, 8, 8))
    assert all(
        torch.equal(a, b)
        for a, b in zip(before.values(), module.state_dict().values(), strict=True)
    )
    assert kept == [
        (id(t), t.device, t.requires_grad) for t in module.state_dict(keep_vars=True).values()
    ]
    assert [part.training for part in module.modules()] == [True, True, False, True, True]
    assert torch.equal(random, torch.get_rng_state())
    assert [len(part._forward_hooks) for part in module] == [1, 0, 0, 0]
    assert not any(part._forward_pre_hooks for part in module.modules())
    assert called == []
    assert "1 of the module's own were not run" in sheet.notes[-1]
    handle.remove()


def test_large_weights_are_not_copied() -> None:
    module = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 64, 4000, bias=False))
    sheet = trace(module, Shape(3, 64, 64))
    assert sheet.macs == 3 * 64 * 64 * 4000
    assert [layer.word for layer in sheet.layers] == ["flatten", "fc4000b0"]


def test_outputs_may_be_tuples_dictionaries_and_dataclasses() -> None:
    class Many(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)

        def forward(self, x: Tensor) -> dict[str, object]:
            return {"map": self.conv(x), "more": (x, None)}

    assert trace(Many(), Shape(3, 8, 8)).macs == 108 * 36


def test_a_network_that_does_not_fit_is_refused_with_its_own_words() -> None:
    with pytest.raises(CannotTrace) as caught:
        trace(made("vit_b_16"), Shape(3, 100, 100))
    assert "VisionTransformer cannot be run on 3x100x100" in caught.value.text
    assert "Wrong image height" in caught.value.text
    assert "\n" not in caught.value.text
    assert "--input" in caught.value.hint

    with pytest.raises(CannotTrace) as caught:
        trace(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(5, 4, 3)), Shape(3, 8, 8))
    assert caught.value.where == "in 1 (Conv2d)"


def test_a_network_that_looks_at_values_is_refused_with_the_reason() -> None:
    class Looks(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x if x.mean() > 0 else -x

    with pytest.raises(CannotTrace) as caught:
        trace(Looks(), Shape(3, 8, 8))
    assert "looks at the values" in caught.value.hint


def test_torchscript_is_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torch.jit.trace(nn.Conv2d(3, 4, 3), torch.zeros(1, 3, 8, 8))
    with pytest.raises(CannotTrace) as caught:
        trace(nn.Sequential(module), Shape(3, 8, 8))
    assert "TorchScript" in caught.value.text


def test_a_recurrent_layer_is_one_row() -> None:
    module = nn.Sequential(nn.Flatten(2), nn.LSTM(16, 4, batch_first=True))
    sheet = trace(module, Shape(3, 4, 4))
    assert [layer.word for layer in sheet.layers] == ["Flatten", "LSTM"]
    assert weighed(sheet, module)
    assert sheet.macs == 3 * (16 * 16 + 4 * 16)


def test_lazy_layers_are_refused() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = nn.Sequential(nn.LazyConv2d(4, 3))
    with pytest.raises(CannotTrace) as caught:
        trace(module, Shape(3, 8, 8))
    assert "run it once" in caught.value.hint


def test_words_say_no_more_than_is_so() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"),
        nn.BatchNorm2d(4, affine=False),
        nn.GELU(approximate="tanh"),
        nn.AvgPool2d(3, 1, 1, count_include_pad=False),
        nn.Conv2d(4, 4, 3, bias=True),
        nn.BatchNorm2d(4, eps=1e-3, momentum=0.01),
        nn.Softmax(1),
    )
    sheet = trace(module, Shape(3, 8, 8))
    assert [layer.word for layer in sheet.layers] == [
        "Conv2d", "BatchNorm2d", "GELU", "AvgPool2d", "conv3b-4", "bn0.001m0.01", "Softmax",
    ]  # fmt: skip
    assert [layer.kind is None for layer in sheet.layers] == [True] * 4 + [False] * 2 + [True]
    assert isinstance(sheet.layers[5].kind, plain.BatchNorm)


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """First weights are not drawn: drawing them is all the time that large networks take."""
    for name in [n for n in dir(nn.init) if n.endswith("_") and not n.startswith("_")]:
        for owner in [nn.init, *(m for k, m in sys.modules.items() if k.startswith("timm."))]:
            if callable(getattr(owner, name, None)):
                monkeypatch.setattr(owner, name, lambda tensor, *_, **__: tensor)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("name", torchvision.models.list_models(module=torchvision.models))
def test_every_classifier_of_torchvision_agrees_with_its_own_figures(name: str) -> None:
    module = torchvision.models.get_model(name, weights=None)
    weights = list(torchvision.models.get_model_weights(name))
    side = {w: w.transforms().crop_size[0] for w in weights}
    native = {"inception_v3": 299, "vit_h_14": 224}.get(name, side[weights[-1]])
    entry = next(w for w in reversed(weights) if side[w] == native)
    sheet = trace(module, Shape(3, native, native))
    assert weighed(sheet, module)
    assert round(sheet.macs / 1e9, 3) == entry.meta["_ops"]
    assert sheet.unsupported == ()
    assert len(set(names(sheet))) == len(sheet.layers)


@pytest.mark.slow
@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("name", TIMM)
def test_networks_of_timm_are_counted_to_the_last_parameter(name: str) -> None:
    timm = pytest.importorskip("timm")
    module = timm.create_model(name, pretrained=False)
    sheet = trace(module, Shape(*module.default_cfg["input_size"]))
    assert weighed(sheet, module)
    assert sheet.unsupported == ()
    assert len(set(names(sheet))) == len(sheet.layers)
    assert sheet.macs > 10**7
