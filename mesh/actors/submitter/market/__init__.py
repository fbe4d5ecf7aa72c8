"""The market as a submitter sees it: offers, bids and awards."""
