"""Every design token, the CSS that carries them and the Plotly template: one place.

Figures name colours as CSS variables ("var(--c1)"). assets/app.js resolves them when Plotly draws and again
when the theme flips, so one figure serves light and dark.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

LIGHT = {
    "bg": "#F7F7F5", "panel": "#FFFFFF", "sunken": "#F1F1EE", "line": "#E4E4DF", "line-strong": "#C9CAC4",
    "ink": "#17191C", "muted": "#5C636B", "faint": "#666D75",
    "accent": "#0E6F86", "accent-soft": "#E3F0F3", "accent-bar": "#DCEBEF", "on-accent": "#FFFFFF",
    "solid": "#0E6F86", "good": "#0E6F86", "bad": "#AF4D09", "bad-soft": "#FBEDE0", "focus": "#0B5CD5",
    "c1": "#0E6F86", "c2": "#C97412", "c3": "#7433D1", "c4": "#6C302C", "c5": "#B26BD6",
    "prev": "#858C94", "grid": "#ECECE8", "axis": "#666D75",
    "fill": "rgba(14,111,134,.08)", "band": "rgba(14,111,134,.16)",
    "shadow": "0 1px 2px rgba(23,25,28,.05)",
    "pop": "0 12px 32px rgba(23,25,28,.16),0 2px 6px rgba(23,25,28,.08)",
}  # fmt: skip
DARK = {
    "bg": "#0E1012", "panel": "#15181B", "sunken": "#1C2024", "line": "#272C31", "line-strong": "#3E454C",
    "ink": "#E8EAED", "muted": "#A0A8B1", "faint": "#8B939C",
    "accent": "#4CC3DB", "accent-soft": "#12323A", "accent-bar": "#17353D", "on-accent": "#07252C",
    "solid": "#2C9BB1", "good": "#4CC3DB", "bad": "#F29A4A", "bad-soft": "#3A2613", "focus": "#8AB8FF",
    "c1": "#4CC3DB", "c2": "#F0A04B", "c3": "#8068D0", "c4": "#E0428C", "c5": "#9A7A45",
    "prev": "#6E767F", "grid": "#22272B", "axis": "#8B939C",
    "fill": "rgba(76,195,219,.10)", "band": "rgba(76,195,219,.18)",
    "shadow": "none",
    "pop": "0 16px 40px rgba(0,0,0,.55),0 0 0 1px #272C31",
}  # fmt: skip
HEAT = {
    "light": ("#F3F8F9", "#D8EAEE", "#AFD3DB", "#74B2C0", "#4A9BAD", "#0E6F86", "#07485A"),
    "dark": ("#142024", "#15303A", "#17454F", "#1B6272", "#2C9BB1", "#4CC3DB", "#A6E6F2"),
}
"""Background of a heat map's cell, h0 (nothing) to h6; the words on it are on-h0 to on-h6."""
FONT = (
    'Inter,-apple-system,BlinkMacSystemFont,"Segoe UI","PingFang SC","Microsoft YaHei",'
    '"Noto Sans CJK SC",sans-serif'
)
MONO = 'ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'
TEXT_PAIRS = (
    ("ink", "panel"), ("ink", "bg"), ("ink", "sunken"), ("ink", "accent-bar"), ("muted", "panel"),
    ("muted", "bg"), ("muted", "sunken"), ("faint", "panel"), ("faint", "bg"), ("accent", "panel"),
    ("accent", "accent-soft"), ("on-accent", "accent"), ("bad", "panel"), ("bad", "bad-soft"),
)  # fmt: skip
"""Text colour and what it stands on; each pair is at least 4.5 to 1 in both themes (a test holds it)."""
CONFIG = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}


def css() -> str:
    """The tokens as CSS custom properties, light and dark."""
    both = ({**LIGHT, **heat(LIGHT, HEAT["light"])}, {**DARK, **heat(DARK, HEAT["dark"])})
    light, dark = (";".join(f"--{k}:{v}" for k, v in tokens.items()) for tokens in both)
    return (
        f":root{{{light};color-scheme:light;--font:{FONT};--mono:{MONO}}}"
        f":root[data-theme=dark]{{{dark};color-scheme:dark}}"
    )


def heat(tokens: Mapping[str, str], steps: Sequence[str]) -> dict[str, str]:
    """The steps of a heat map as tokens, each with the ink or panel colour that stands out more on it."""
    found: dict[str, str] = {}
    for at, colour in enumerate(steps):
        words = max((tokens["ink"], tokens["panel"]), key=lambda one: contrast(one, colour))
        found |= {f"h{at}": colour, f"on-h{at}": words}
    return found


def _template() -> Any:
    label = {"size": 12, "color": "var(--axis)"}
    axis = {
        "gridcolor": "var(--grid)", "linecolor": "var(--line-strong)", "zeroline": False, "ticks": "",
        "automargin": True, "tickfont": label, "fixedrange": True,
    }  # fmt: skip
    hover = {
        "bgcolor": "var(--panel)", "bordercolor": "var(--line)", "align": "left",
        "font": {"family": FONT, "size": 12, "color": "var(--ink)"},
    }  # fmt: skip
    layout = {
        "font": {"family": FONT, "size": 12, "color": "var(--ink)"},
        "paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "showlegend": False,
        "margin": {"l": 8, "r": 22, "t": 8, "b": 8}, "hovermode": "x unified", "bargap": 0.22,
        "dragmode": False, "hoverlabel": hover, "separators": ".,",
        "xaxis": {**axis, "showgrid": False, "showline": True, "showspikes": False},
        "yaxis": {**axis, "showline": False, "rangemode": "tozero", "nticks": 5, "separatethousands": True},
    }  # fmt: skip
    return go.layout.Template(layout=layout)


TEMPLATE = _template()


def figure(traces: Sequence[Any], **layout: Any) -> Any:
    """A Plotly figure in the house template, built in one go (each later update costs a validation)."""
    return go.Figure(list(traces), {"template": TEMPLATE, **layout})


def contrast(one: str, other: str) -> float:
    """Contrast of two #RRGGBB colours as WCAG defines it, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
