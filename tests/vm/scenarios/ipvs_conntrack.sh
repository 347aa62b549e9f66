# net.ipv4.vs.conntrack=0, as a node may be set: the chain needs 1, so it is set or reported; steering needs nothing.
. /lab/guest/lab.sh

tracking() { in_node sysctl -n net.ipv4.vs.conntrack; }
set_or_reported() { [ "$(tracking)" = 1 ] || grep -q 'vs.conntrack' /tmp/agent.log; }

for method in chain steer; do
  make_network
  start_upstreams
  kube_proxy_ipvs nft
  in_node sysctl -q -w net.ipv4.vs.conntrack=0
  start_agent --kube-proxy-mode ipvs --fallback $method --iptables-backend nft
  [ $method = steer ] || check "chain: vs.conntrack is set, or reported" await 10 set_or_reported
  freeze_agent
  kill_server
  if [ $method = steer ] || [ "$(tracking)" = 1 ]; then answered_by "$method: killed" cluster; fi
  thaw_agent
  check "$method: restarted" await 20 pod_sees local
  stop_agent
  remove_network
done
