# The life of a server under the agent, seen by new flows and by sockets that stay. To be sourced after agent.sh.

# life NAME FLAGS…: the flags are those of `run`.
life() {
  name=$1
  shift
  start_agent --kube-proxy-mode ipvs "$@"
  answered_by "$name: alive" local
  start_stream udp udp $LOCAL4 20
  await 20 stream_says udp local

  freeze_agent
  kill_server
  answered_by "$name: killed" cluster
  check "$name: one UDP socket moves to cluster" await 20 stream_says udp cluster
  start_stream tcp tcp $LOCAL4 100
  check "$name: a TCP connection opens on the fallback" await 20 stream_says tcp cluster
  thaw_agent

  check "$name: one UDP socket comes back to local" await 20 stream_says udp local
  answered_by "$name: restarted" local
  stop_stream udp
  same "$name: one UDP socket saw" "local cluster local" "$stream_saw"
  check "$name: one UDP socket lost few ($stream_lost)" test "$stream_lost" -le $LOST_AT_MOST
  stop_stream tcp
  same "$name: a TCP connection of the fallback survives the return" "cluster, 0 lost" "$stream_saw, $stream_lost lost"

  freeze_agent
  kill_server
  ip -n node link delete $INTERFACE
  answered_by "$name: killed, interface gone" cluster
  thaw_agent
  check "$name: interface and server come back" await 20 pod_sees local
  stop_agent
  same "$name: ends with" 0 "$agent_status"
  answered_by "$name: stopped" cluster
}
