"""How a circuit is simulated: compile, step, record, checkpoint."""

from dystolab.engine.recording import Recording, Trace
from dystolab.engine.simulator import Simulator

__all__ = ["Recording", "Simulator", "Trace"]
