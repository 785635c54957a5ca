"""One behaviour, two faces: the seam's contract, and the wire against what is known of real Azure."""
