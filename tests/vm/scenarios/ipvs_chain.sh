# kube-proxy in ipvs mode, the mission's chain with DNAT to the Service, by both backends of iptables.
. /lab/guest/lab.sh

tracked() { [ "$(in_node sysctl -n net.ipv4.vs.conntrack)" = 1 ]; }

for backend in nft legacy; do
  make_network
  start_upstreams
  kube_proxy_ipvs $backend
  in_node sysctl -q -w net.ipv4.vs.conntrack=0
  start_agent --fallback chain --kube-proxy-mode ipvs --iptables-backend $backend
  check "$backend: vs.conntrack is set, without which the chain leads nowhere" await 10 tracked
  answered_by "$backend: alive" local
  killed_and_back $backend
  interface_gone_and_back $backend
  hung_and_replaced $backend
  stops_to_cluster $backend
  remove_network
done
