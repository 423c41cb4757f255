"""Training the networks this project brings along: `python -m core train encoder|decoder`."""
