#!/bin/sh
# noted.sh <directory> <command …>: runs the command, and notes in <directory>/steps.log that it began and how it ended.
# A line is: began|ended, stage, attempt, process, exit code. A step that was cut off has no second line.
directory=${1:?noted.sh expects the directory of its log}
shift
PATH="$PWD/node_modules/.bin:$PATH"
note() { printf '%s %s %s %s %s\n' "$1" "$SAFEPOINT_STAGE" "$SAFEPOINT_ATTEMPT" "$$" "$2" >>"$directory/steps.log"; }

note began -
"$@"
code=$?
note ended "$code"
exit "$code"
