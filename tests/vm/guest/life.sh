# The life of a server under the agent, with kube-proxy in ipvs mode, seen by new flows and by sockets that stay. To be
# sourced after agent.sh. Each part needs the agent's server alive and leaves it alive.

began_and_ended_local() { case $stream_saw in local*cluster*local) ;; *) return 1 ;; esac; }

# killed_and_back NAME: the rules alone decide while the agent is frozen.
killed_and_back() {
  start_stream udp udp $LOCAL4 20
  await 20 stream_says udp local
  freeze_agent
  kill_server
  answered_by "$1: killed" cluster
  check "$1: one UDP socket moves to cluster" await 20 stream_says udp cluster
  start_stream tcp tcp $LOCAL4 100
  check "$1: a TCP connection opens on the fallback" await 20 stream_says tcp cluster
  thaw_agent
  check "$1: one UDP socket comes back to local" await 20 stream_says udp local
  soon_answered_by "$1: restarted" local
  stop_stream udp
  check "$1: one UDP socket saw $stream_saw" began_and_ended_local
  check "$1: one UDP socket lost few ($stream_lost)" test "$stream_lost" -le $LOST_AT_MOST
  stop_stream tcp
  same "$1: a TCP connection of the fallback survives the return" "cluster, 0 lost" "$stream_saw, $stream_lost lost"
}

# interface_gone_and_back NAME
interface_gone_and_back() {
  freeze_agent
  kill_server
  ip -n node link delete $INTERFACE
  answered_by "$1: killed, interface gone" cluster
  thaw_agent
  soon_answered_by "$1: interface and server are back" local
}

# hung_and_replaced NAME: it keeps its socket and swallows questions, so the agent has to act.
hung_and_replaced() {
  start_stream hung udp $LOCAL4 20
  await 20 stream_says hung local
  hung=$(server_of_agent)
  kill -STOP "$hung"
  check "$1: a hung server is ended" await 20 ended "$hung"
  soon_answered_by "$1: hung server replaced" local
  check "$1: one UDP socket is answered after the hang" await 20 stream_says hung local
  stop_stream hung
  # 20 ms apart: 1.5 s of silence are 75. Emulation is slow, so four times that.
  check "$1: bounded silence of a hung server ($stream_lost lost)" test "$stream_lost" -le 300
}

# host_killed_and_back NAME: clients in the host's network, whom the socket match cannot serve.
host_killed_and_back() {
  answered_by "$1: host, alive" local node
  start_stream host udp $LOCAL4 20 node
  await 20 stream_says host local
  freeze_agent
  kill_server
  soon_answered_by "$1: host, killed" cluster node
  check "$1: one socket of the host moves to cluster" await 20 stream_says host cluster
  thaw_agent
  soon_answered_by "$1: host, restarted" local node
  check "$1: one socket of the host comes back" await 20 stream_says host local
  stop_stream host
}

# stops_to_cluster NAME
stops_to_cluster() {
  stop_agent
  same "$1: ends with" 0 "$agent_status"
  answered_by "$1: stopped" cluster
}
