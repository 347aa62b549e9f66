# DNS servers that tell who answered, and questions to them. To be sourced after network.sh.

readonly UPSTREAM=127.0.0.3 # in the node: what the server on the node forwards to

# dnsmasq_in NAMESPACE LISTEN-ADDRESSES ADDRESS: every question for who.test is answered with ADDRESS.
dnsmasq_in() {
  nsenter --net="/run/netns/$1" dnsmasq --conf-file=/dev/null --keep-in-foreground --user=root --pid-file= --no-resolv \
    --no-hosts --bind-interfaces --listen-address="$2" --address="/who.test/$3" --local-ttl=30 \
    >"/tmp/dnsmasq.$1" 2>&1 &
  await 10 answers "$1" "${2%%,*}"
}

# who.test is 192.0.2.1 to those who ask the node's server and 192.0.2.2 to those who ask the cluster DNS.
start_upstreams() {
  dnsmasq_in cluster "$(echo $ENDPOINTS4 $ENDPOINTS6 | tr ' ' ,)" 192.0.2.2
  dnsmasq_in node $UPSTREAM 192.0.2.1
}

write_corefile() {
  cat >/tmp/Corefile <<END
.:53 {
    bind $LOCAL4 $LOCAL6
    errors
    cache 30
    forward . $UPSTREAM
}
END
}

# server_pid: set to the server started last. For scenarios without the agent.
start_local_dns() {
  write_corefile
  # Not through a function: the pid is to be the server's.
  nsenter --net=/run/netns/node node-local-dns serve --conf /tmp/Corefile --workers 1 >>/tmp/local-dns.log 2>&1 &
  server_pid=$!
  await 10 answers node $LOCAL4
}

stop_local_dns() {
  kill -"${1:-KILL}" "$server_pid"
  wait "$server_pid" 2>/dev/null
}

# who NAMESPACE udp|tcp SERVER…: local, cluster, or why there is no answer, of each. New flows.
who() {
  who_space=$1
  shift
  nsenter --net="/run/netns/$who_space" probe ask who.test "${PATIENCE:-3000}" "$@"
}

# all_say WHO NAMESPACE: new flows, UDP and TCP, IPv4 and IPv6; sets said.
all_say() {
  said=$(who "$2" udp $LOCAL4 tcp $LOCAL4 udp $LOCAL6 tcp $LOCAL6)
  [ "$said" = "$1 $1 $1 $1" ]
}

# answered_by NAME WHO [NAMESPACE]: at once.
answered_by() {
  if all_say "$2" "${3:-pod}"; then pass "$1"; else fail "$1" "'$said', not all $2"; fi
}

# settles_at WHO [NAMESPACE]: three looks in a row. The agent's switch is programs that it starts, which take their time
# here: they may lead away from a server that answers already, and back.
settles_at() {
  settled=0
  for _ in $(seq 100); do
    if PATIENCE=400 all_say "$1" "${2:-pod}"; then settled=$((settled + 1)); else settled=0; fi
    [ $settled -lt 3 ] || return 0
    usleep 100000
  done
  echo "'$said' at last, never for long all $1" >&2
  return 1
}

# soon_answered_by NAME WHO [NAMESPACE]: what needs the agent's work takes some time.
soon_answered_by() { check "$1" settles_at "$2" "${3:-pod}"; }

# Through a kill and a restart, at a question each 20 ms. tests/e2e says exactly what may be lost; an emulated machine on
# a crowded host takes long to end a process, and what waits in its sockets then is lost.
readonly LOST_AT_MOST=10

# answers NAMESPACE SERVER: whoever it is.
answers() { case $(PATIENCE=500 who "$1" udp "$2") in local | cluster) ;; *) return 1 ;; esac; }

# start_stream NAME udp|tcp SERVER MILLISECONDS [NAMESPACE]: one socket that goes on asking.
start_stream() {
  nsenter --net="/run/netns/${5:-pod}" probe stream who.test "$4" "$2" "$3" >"/tmp/stream.$1" 2>&1 &
  echo $! >"/tmp/stream.$1.pid"
}

# stream_says NAME WHO: who answers it now.
stream_says() { [ "$(tail -n 1 "/tmp/stream.$1")" = "$2" ]; }

# stop_stream NAME: sets stream_saw to who answered, in order, and stream_lost to the number of unanswered questions.
stop_stream() {
  kill -TERM "$(cat "/tmp/stream.$1.pid")"
  wait "$(cat "/tmp/stream.$1.pid")"
  stream_saw=$(grep -v ^sent= "/tmp/stream.$1" | tr '\n' ' ' | sed 's/ $//')
  stream_lost=$(sed -n 's/^sent=.* lost=\([0-9]*\) .*/\1/p' "/tmp/stream.$1")
}
