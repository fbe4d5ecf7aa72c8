"""An attempt as its submitter follows it: from the hold to the settlement."""
