"""Many runs: workers, storage, resuming, and what the subjects have in common."""
