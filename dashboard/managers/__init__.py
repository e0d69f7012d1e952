"""The managers' pages: the chain, its stores, incidents and sensors. Walls load nothing of this."""
