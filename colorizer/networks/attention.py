"""Self-attention whose cost grows with the picture only linearly.

Every place asks; a fixed grid of places answers. For features x (C channels, T = H·W places), the
same averaged to G x G cells p, and LayerNorm n:

    x' = x + W_o · softmax(q kᵀ / √d) v,   q = W_q n(x),   (k, v) = W_kv n(p)

in heads of d = C / heads channels. Pre-norm and residual as usual since Xiong et al., "On Layer
Normalization in the Transformer Architecture" (ICML 2020); keys and values from an average pool of
fixed size are the linear attention of Wang et al., "PVT v2" (2022), section 3.1. There is no code
of positions: the convolutions around it know where they are.

G = 16 keeps T x 256 scores for any working size; a square of 256 px has 32 x 32 places. W_o starts
at zero, so that the block changes nothing until it has learned to.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from .layout import GRID


class PooledAttention(nn.Module):
    """Residual self-attention over features (N, channels, H, W) of any size.

    Args:
        channels: of the features.
        heads: divide the channels among them.

    Raises:
        ValueError: if ``heads`` does not divide ``channels``.
    """

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        if heads < 1 or channels % heads:
            raise ValueError(f"{heads} heads of attention do not divide {channels} channels")
        self.heads = heads
        self.norm = nn.LayerNorm(channels)
        self.query = nn.Linear(channels, channels)
        self.key_value = nn.Linear(channels, 2 * channels)
        self.project = nn.Linear(channels, channels)
        nn.init.zeros_(self.project.weight)
        nn.init.zeros_(self.project.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, channels, H, W) -> the same shape."""
        query = self._split(self.query(self._tokens(x)))
        cells = self._tokens(functional.adaptive_avg_pool2d(x, GRID))
        key, value = (self._split(part) for part in self.key_value(cells).chunk(2, dim=-1))
        found = functional.scaled_dot_product_attention(query, key, value)
        change: Tensor = self.project(found.transpose(1, 2).flatten(2))
        return x + change.transpose(1, 2).reshape(x.shape)

    def _tokens(self, x: Tensor) -> Tensor:
        """(N, C, h, w) -> normalised (N, h·w, C)."""
        tokens: Tensor = self.norm(x.flatten(2).transpose(1, 2))
        return tokens

    def _split(self, tokens: Tensor) -> Tensor:
        """(N, T, C) -> (N, heads, T, C / heads)."""
        return tokens.reshape(tokens.shape[0], tokens.shape[1], self.heads, -1).transpose(1, 2)
