"""Records of work: hashes, whole-file writes, run records, worker processes and subprocesses with a time limit."""

from commresearch.records.files import canonical_json, sha256_of, write_whole
from commresearch.records.processes import ProcessResult, can_fork, fan_out, run_process
from commresearch.records.run_record import RunRecord, package_versions

__all__ = [
    "ProcessResult", "RunRecord", "can_fork", "canonical_json", "fan_out", "package_versions", "run_process", "sha256_of", "write_whole",
]
