"""Records of work: hashes, locks, whole-file writes, run records, worker processes and subprocesses with a time limit."""

from commresearch.records.cluster import fan_out_on
from commresearch.records.files import WORK, canonical_json, files_below, replace_folder, sha256_of, unwritable, work_folder, write_whole
from commresearch.records.halves import in_two
from commresearch.records.lock import held, in_turn
from commresearch.records.log import LOG_COLUMNS, join_logs, log_lines
from commresearch.records.processes import ProcessResult, ask_process, can_fork, fan_out, may_fork, run_process
from commresearch.records.run_record import RunRecord, course_hash, package_hash, package_versions, rendering_hash
from commresearch.records.spreadsheets import csv_bytes, guarded, guarded_column, guarded_csv, guards_of, unguarded
from commresearch.records.standby import Standby

__all__ = [
    "LOG_COLUMNS", "WORK", "ProcessResult", "RunRecord", "Standby", "ask_process", "can_fork", "canonical_json", "course_hash", "csv_bytes", "fan_out", "fan_out_on", "files_below", "guarded", "guarded_column", "guarded_csv", "guards_of", "held", "in_turn", "in_two", "join_logs", "log_lines", "may_fork", "package_hash", "package_versions", "rendering_hash", "replace_folder", "run_process",
    "sha256_of", "unguarded", "unwritable", "work_folder", "write_whole",
]
