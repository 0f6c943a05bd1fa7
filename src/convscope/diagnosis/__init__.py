"""Why a run isn't learning: measurements of its network and data, and findings drawn from them."""
