#!/bin/sh
# Works in steps: `steps.sh <what> <count>`. A step takes $STEP_SECONDS, two if nothing is said. Says what it did, so
# that steps.log shows what ran, what was cut, and that nothing ran twice.
set -eu
log="${STEPS_LOG:-.safepoint/long-steps.log}"
mkdir -p "$(dirname "$log")"
step=0
while [ "$step" -lt "$2" ]; do
  step=$((step + 1))
  sleep "${STEP_SECONDS:-2}"
  echo "$1 $step/$2" >> "$log"
  echo "$1 $step/$2"
done
