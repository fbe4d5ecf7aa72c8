"""The market: appraisal, bids, their ranking, and the terms of an award."""
