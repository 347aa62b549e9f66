# Checks: each prints one line that the host counts. To be sourced.

pass() { echo "PASS $1"; }
fail() { echo "FAIL $1: $2"; }

# check NAME COMMAND…: the command is to succeed; else its last line of output says why.
check() {
  check_name=$1
  shift
  if check_output=$("$@" 2>&1); then
    pass "$check_name"
  else
    fail "$check_name" "$(echo "$check_output" | tail -n 1) ($*)"
  fi
}

# same NAME WANTED SEEN
same() {
  if [ "$2" = "$3" ]; then
    pass "$1"
  else
    fail "$1" "'$3', not '$2'"
  fi
}

# await SECONDS COMMAND…: looks until it succeeds. Long waits only make a failure slow: emulation is slow too.
await() {
  read -r await_now _ </proc/uptime
  await_until=$((${await_now%.*} + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    read -r await_now _ </proc/uptime
    if [ "${await_now%.*}" -ge "$await_until" ]; then
      echo "waited in vain for: $*" >&2
      return 1
    fi
    usleep 50000
  done
}
