"""The synthetic city: ministry snapshots, field batches, planted errors, and the truth apart from them.

It judges the pipeline and shares no code with it; it draws on reference data alone. Nobody in it exists.

`truth/` holds `persons` and `families` (the world as the officers meet it; codes as numbers),
`occurrences` (file, physical line, whose row, planted kinds), `feedback` (what the second snapshot made of
the first week's changes), `planted.json` and `summary.json`.
"""

from dtsen_pipeline.synthetic.generate import MINIMUM_FAMILIES, Summary, generate
from dtsen_pipeline.synthetic.kinds import KINDS
from dtsen_pipeline.synthetic.shapes import every_shape

__all__ = ["KINDS", "MINIMUM_FAMILIES", "Summary", "every_shape", "generate"]
