# A server that hangs keeps its socket and swallows questions: it is taken out, the fallback answers, a new one comes.
. /lab/guest/lab.sh

for method in chain steer; do
  make_network
  start_upstreams
  kube_proxy_ipvs nft
  start_agent --kube-proxy-mode ipvs --fallback $method --iptables-backend nft
  start_stream udp udp $LOCAL4 20
  await 20 stream_says udp local
  hung=$(server_of_agent)
  kill -STOP "$hung"
  check "$method: the hung server is ended" await 10 ended "$hung"
  check "$method: another server answers" await 20 pod_sees local
  check "$method: the pod's one socket is answered again" await 20 stream_says udp local
  stop_stream udp
  # 20 ms apart: 2 s of silence are 100; twice that for a machine that only emulates.
  check "$method: bounded silence ($stream_lost questions lost)" test "$stream_lost" -le 200
  stop_agent
  remove_network
done
