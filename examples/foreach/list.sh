#!/bin/sh
# list.sh <directory> <count>: the first so many files below a directory, as the context key `files`.
set -eu
files=$(find "$1" -name '*.ts' | LC_ALL=C sort | head -n "$2" | sed 's/.*/"&"/' | paste -sd, -)
printf '{"outcome":"success","context":{"files":[%s]}}\n' "$files"
