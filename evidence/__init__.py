"""Body-camera evidence: from the recorder's card to the court, checkable by people who trust nobody here."""

__version__ = "0.1.0"
