"""Style transfer: the losses, one frame, and clips."""
