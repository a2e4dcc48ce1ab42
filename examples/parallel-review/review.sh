#!/bin/sh
# review.sh <reviewer>: reads the draft and prints its remarks, the last line for the pipeline. The score is how many
# there are, and the remarks are the lines they are about.
set -eu
draft="${DRAFT:-examples/parallel-review/draft.md}"
sleep 0.3

case "$1" in
  # The list of sources was never written: this reviewer fails.
  sources) cat "${draft%.md}.sources" >/dev/null; lines="" ;;
  # Reads slowly, and is stopped when the others are through.
  lawyer) sleep 60; lines="" ;;
  # More than eighteen words of a line without a full stop.
  sentences) lines=$(awk '{ n = split($0, s, /[.!?]/); for (i = 1; i <= n; i++) if (split(s[i], w, " ") > 18) { print NR; next } }' "$draft") ;;
  words) lines=$(grep -nwE 'very|really|basically|actually|just|simply' "$draft" | cut -d: -f1) ;;
  structure) lines=$(awk '/^#+ / { level = length($1); if (level > before + 1) print NR; before = level }' "$draft") ;;
  *) echo "there is no reviewer called $1" >&2; exit 2 ;;
esac

list=$(echo "$lines" | paste -sd, - | sed 's/,/, /g')
count=$(echo "$lines" | grep -c . || true)
printf '{"outcome":"success","context":{"score":%s,"remarks":"lines %s"}}\n' "$count" "$list"
