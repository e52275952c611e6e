"""The registry: names, builders, options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from colorizer import networks
from colorizer.errors import UnknownModel
from colorizer.networks.eccv16 import ECCV16
from colorizer.networks.eccv16_vgg16 import ECCV16VGG16
from colorizer.networks.siggraph17 import SIGGRAPH17


def test_all_networks_are_registered() -> None:
    assert set(networks.REGISTRY) >= {"eccv16", "eccv16-vgg16", "siggraph17"}
    assert isinstance(networks.build("eccv16"), ECCV16)
    assert isinstance(networks.build("eccv16-vgg16", width=8), ECCV16VGG16)
    assert isinstance(networks.build("siggraph17"), SIGGRAPH17)


def test_unknown_name_is_a_typed_error_that_lists_the_known() -> None:
    with pytest.raises(UnknownModel, match=r"no network called 'eccv17'.*eccv16-vgg16"):
        networks.build("eccv17")


def test_unknown_option_is_refused() -> None:
    with pytest.raises(TypeError, match="depth"):
        networks.build("eccv16-vgg16", depth=3)


def test_importing_the_registry_does_not_import_torch(python: Callable[..., Any]) -> None:
    python("-c", "import sys, colorizer.networks; assert 'torch' not in sys.modules")
