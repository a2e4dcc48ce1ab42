# A tool of the reference pipeline: leaves its traces, and kills its driver where it is told to.
# Usage: crash-tool.sh quick|shaky|writer. Environment: CRASH_EFFECTS, CRASH_POINTS, CRASH_AT, CRASH_DRIVER.

point() {
  echo "$1" >>"$CRASH_POINTS"
  [ "$(wc -l <"$CRASH_POINTS")" -eq "${CRASH_AT:-0}" ] && kill -9 "$CRASH_DRIVER"
}

leave() {
  point "before $1 of $SAFEPOINT_EXECUTION"
  echo "$1 $SAFEPOINT_EXECUTION $$ $(date +%s)" >>"$CRASH_EFFECTS"
  point "after $1 of $SAFEPOINT_EXECUTION"
}

leave start
if [ "$1" = writer ]; then
  # Done soon under a live driver; else it writes for seconds, also in a child that outlives its shell.
  trap '' TERM HUP
  ticks=0
  while [ "$ticks" -lt 5 ] || { [ "$ticks" -lt 200 ] && ! kill -0 "$CRASH_DRIVER" 2>/dev/null; }; do
    (echo "tick $SAFEPOINT_EXECUTION $$ $(date +%s)" >>"$CRASH_EFFECTS")
    sleep 0.02
    ticks=$((ticks + 1))
  done
fi
leave end
echo "$SAFEPOINT_NODE is done"
[ "$1" != shaky ] || [ "$SAFEPOINT_ATTEMPT" -gt 1 ]
