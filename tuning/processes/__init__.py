"""Where trials run: in this process, or in workers that it leads."""

from tfgen.tuning.processes.chief import run_with_workers as run_with_workers
from tfgen.tuning.processes.chief_watch import wait_for_chief as wait_for_chief
from tfgen.tuning.processes.cluster import is_chief as is_chief
from tfgen.tuning.processes.cluster import (
    is_for_another_search as is_for_another_search,
)
from tfgen.tuning.processes.cluster import is_worker as is_worker
from tfgen.tuning.processes.gpus import usable_gpus as usable_gpus
from tfgen.tuning.processes.program import own_command as own_command
from tfgen.tuning.processes.this_process import (
    run_in_this_process as run_in_this_process,
)
from tfgen.tuning.processes.worker import run_as_worker as run_as_worker
