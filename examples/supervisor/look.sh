# Searches a heap for $1. $2 is what the run was told; untold, it is any heap.
sleep 0.2
case "$2" in
  *third*) printf 'the %s is in the third heap' "$1" ;;
  *) printf 'hay' ;;
esac
