"""What would happen if a configuration were put in force: asked before, answered by the engine itself.

from evenly import config
from evenly.plan import plan

print(plan(config.load("evenly.toml"), config.load("new.toml")))
"""

from evenly.plan.make import plan
from evenly.plan.model import (
    Change,
    ClusterPlan,
    Flow,
    Keys,
    ListenerPlan,
    NodePlan,
    Plan,
    State,
)

__all__ = [
    "Change",
    "ClusterPlan",
    "Flow",
    "Keys",
    "ListenerPlan",
    "NodePlan",
    "Plan",
    "State",
    "plan",
]
