# DNS servers that tell who answered, and questions to them. To be sourced after network.sh.

readonly UPSTREAM=127.0.0.3 # in the node: what the server on the node forwards to

# dnsmasq_in NAMESPACE LISTEN-ADDRESSES ADDRESS: every question for who.test is answered with ADDRESS.
dnsmasq_in() {
  ip netns exec "$1" dnsmasq --conf-file=/dev/null --keep-in-foreground --user=root --pid-file= --no-resolv \
    --no-hosts --bind-interfaces --listen-address="$2" --address="/who.test/$3" --local-ttl=30 \
    >"/tmp/dnsmasq.$1" 2>&1 &
  await 10 ip netns exec "$1" probe ask udp "${2%%,*}" who.test 500
}

# who.test is 192.0.2.1 to those who ask the node's server and 192.0.2.2 to those who ask the cluster DNS.
start_upstreams() {
  dnsmasq_in cluster $ENDPOINT4,$ENDPOINT6 192.0.2.2
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
  ip netns exec node node-local-dns serve --conf /tmp/Corefile --workers 1 >>/tmp/local-dns.log 2>&1 &
  server_pid=$!
  await 10 in_node probe ask udp $LOCAL4 who.test 500
}

stop_local_dns() {
  kill -"${1:-KILL}" "$server_pid"
  wait "$server_pid" 2>/dev/null
}

named() {
  case $1 in
    192.0.2.1) echo local ;;
    192.0.2.2) echo cluster ;;
    *) echo "$1" ;;
  esac
}

# who NAMESPACE udp|tcp SERVER: local, cluster, or why there is no answer.
who() { named "$(ip netns exec "$1" probe ask "$2" "$3" who.test "${4:-3000}")"; }

# answered_by NAME WHO [NAMESPACE]: new flows, both protocols, both families (or those of $FAMILIES).
answered_by() {
  for family in ${FAMILIES:-4 6}; do
    if [ "$family" = 4 ]; then server=$LOCAL4; else server=$LOCAL6; fi
    for protocol in udp tcp; do
      same "$1, IPv$family $protocol" "$2" "$(who "${3:-pod}" $protocol $server)"
    done
  done
}

# start_stream NAME udp|tcp SERVER MILLISECONDS [NAMESPACE]: one socket that goes on asking.
start_stream() {
  ip netns exec "${5:-pod}" probe stream "$2" "$3" who.test "$4" >"/tmp/stream.$1" 2>&1 &
  echo $! >"/tmp/stream.$1.pid"
}

# stream_says NAME WHO: who answers it now.
stream_says() { [ "$(named "$(tail -n 1 "/tmp/stream.$1")")" = "$2" ]; }

# stop_stream NAME: prints who answered, in order, and what was lost.
stop_stream() {
  kill -TERM "$(cat "/tmp/stream.$1.pid")"
  wait "$(cat "/tmp/stream.$1.pid")"
  sed -e 's/^192.0.2.1$/local/' -e 's/^192.0.2.2$/cluster/' "/tmp/stream.$1" | tr '\n' ' ' | sed 's/ $//'
}
