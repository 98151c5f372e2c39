# SPDX-License-Identifier: MIT
#
# Reads the logs that tests/run.sh kept and prints one line for each case:
#
#   OUTCOME <tab> BUILD <tab> ENTRY <tab> CASE <tab> REASON
#
# OUTCOME is passed, failed or skipped; what passed has no reason. What CMocka printed counts; a program that ended badly
# in any other way, or ran nothing, is one failed case more, so that nothing is lost by being silent.
#
# usage: awk -f ci/results.awk build/posix/results/*.log

BEGIN { OFS = "\t" }

function report(outcome, name, reason) { print outcome, build, entry, name, reason }

# A failure with what was printed last that may be its cause.
function report_failed(name, how) {
  report("failed", name, how (reason == "" ? "" : ": " reason))
  failed++
}

function finish_file() {
  if (file == "") return
  if (running != "") report_failed(running, "did not finish")
  if (failed > 0) return
  if (status != "0") report_failed(entry, status == "" ? "was killed" : "ended with status " status)
  else if (cases == 0) report_failed(entry, "ran nothing")
  else if (!summed_up) report_failed(entry, "did not reach its end")
}

FNR == 1 {
  finish_file()
  file = FILENAME
  part_count = split(FILENAME, parts, "/")
  entry = parts[part_count]
  sub(/\.log$/, "", entry)
  build = part_count > 2 ? parts[part_count - 2] : "."
  running = reason = status = ""
  cases = failed = summed_up = 0
}

{ sub(/\r$/, "") }

/^\[ RUN      \] / {
  if (running != "") report_failed(running, "did not finish")
  running = substr($0, 14)
  reason = ""
  next
}

/^skipped: / { reason = substr($0, 10) }

# The first of what the harness, CMocka, an assert, a sanitizer or valgrind says is mostly the cause of the rest.
reason == "" && /^failed: / { reason = substr($0, 9) }
reason == "" && /^\[  ERROR   \] --- / { reason = substr($0, 18) }
/^\[   LINE   \] --- / && index(reason, " (") == 0 { reason = reason " (" substr($0, 18) ")" }
reason == "" && /Assertion .* failed|runtime error: |Sanitizer: |^==[0-9]+== [A-Z]/ { reason = $0 }

# CMocka names cases once more at the end: only the one that runs counts. It says ERROR when a fixture failed.
substr($0, 14) == running && running != "" {
  if (/^\[       OK \] /) outcome = "passed"
  else if (/^\[  SKIPPED \] /) outcome = "skipped"
  else if (/^\[  (FAILED |ERROR  ) \] /) outcome = "failed"
  else next
  if (outcome == "skipped" && reason == "") reason = "no reason given"
  report(outcome, running, outcome == "passed" ? "" : reason)
  cases++
  if (outcome == "failed") failed++
  running = reason = ""
}

/^\[==========\] .* run/ { summed_up = 1 }

/^exit status / { status = $3 }

END { finish_file() }
