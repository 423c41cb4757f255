"""Motion between the frames of a clip: optical flow, how far it can be trusted, warping, and where scenes change."""
