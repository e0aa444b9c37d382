"""PDFs, set by typst."""

from lana.adapters.pdf.renderer import TypstRenderer

__all__ = ["TypstRenderer"]
