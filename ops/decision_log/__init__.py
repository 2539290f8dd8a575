"""The decision log: what was asked and answered, written beside the decisions and read for audits and what-if questions."""
