"""How a circuit is simulated: compile, step, exchange with a body, record, checkpoint."""

from dystolab.engine.exchange import Body
from dystolab.engine.recording import Recording, Trace
from dystolab.engine.simulator import Simulator

__all__ = ["Body", "Recording", "Simulator", "Trace"]
