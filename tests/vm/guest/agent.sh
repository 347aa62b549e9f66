# The agent in the node's namespace, and what is done to it. To be sourced after dns.sh.

readonly INTERFACE=nodelocaldns

# start_agent FLAGS…: agent_pid is set; its log goes on in /tmp/agent.log.
start_agent() {
  write_corefile
  # Not through a function: the pid is to be the agent's.
  nsenter --net=/run/netns/node node-local-dns run -localip $LOCAL4,$LOCAL6 -conf /tmp/Corefile \
    --cluster-dns $SERVICE4,$SERVICE6 -interfacename $INTERFACE -syncinterval 60 "$@" >>/tmp/agent.log 2>&1 &
  agent_pid=$!
  # A server may answer before all rules are there, if writing them took too long at first.
  if ! await 40 has_rules || ! settles_at local; then cat /tmp/agent.log; fi
}

has_rules() { in_node wget -q -O - http://127.0.0.1:9353/metrics | grep -q '^node_local_dns_network_ready{part="rules"} 1'; }

# Its child, the DNS server; the newest if one is just being replaced.
server_of_agent() { tr ' ' '\n' <"/proc/$agent_pid/task/$agent_pid/children" | grep . | tail -n 1; }

ended() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
stopped() { grep -q '^State:.T' "/proc/$1/status"; }

# freeze_agent: what happens then is done by the rules alone.
freeze_agent() {
  kill -STOP "$agent_pid"
  await 10 stopped "$agent_pid"
}
thaw_agent() { kill -CONT "$agent_pid"; }

kill_server() {
  killed_server=$(server_of_agent)
  kill -KILL "$killed_server"
  await 10 ended "$killed_server"
}

# stop_agent: sets agent_status to its exit code.
stop_agent() {
  kill -TERM "$agent_pid"
  wait "$agent_pid"
  agent_status=$?
  agent_pid=
}

interface_is_there() { ip -n node link show $INTERFACE; }
interface_is_gone() { ! interface_is_there; }

# Everything that our rules could be in, without counters: to compare before and after.
rules_of_node() {
  in_node nft -s list ruleset
  for family in iptables ip6tables; do in_node $family-legacy-save | grep -v '^#' | sed 's/ \[[0-9:]*\]//'; done
}
