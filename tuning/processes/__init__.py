"""Where trials run: in this process, or in workers that it leads."""

from tfgen.tuning.processes.chief import run_with_workers as run_with_workers
from tfgen.tuning.processes.chief_contact import (
    wait_for_chief as wait_for_chief,
)
from tfgen.tuning.processes.environment import is_chief as is_chief
from tfgen.tuning.processes.environment import (
    is_for_another_search as is_for_another_search,
)
from tfgen.tuning.processes.environment import is_worker as is_worker
from tfgen.tuning.processes.environment import own_command as own_command
from tfgen.tuning.processes.environment import usable_gpus as usable_gpus
from tfgen.tuning.processes.trial_loop import run_as_worker as run_as_worker
from tfgen.tuning.processes.trial_loop import (
    run_in_this_process as run_in_this_process,
)
