# kube-proxy in ipvs mode, the mission's chain with DNAT to the Service, by iptables-nft.
. /lab/guest/lab.sh

tracked() { [ "$(in_node sysctl -n net.ipv4.vs.conntrack)" = 1 ]; }

make_network
start_upstreams
kube_proxy_ipvs nft
in_node sysctl -q -w net.ipv4.vs.conntrack=0
start_agent --fallback chain --kube-proxy-mode ipvs --iptables-backend nft
check "vs.conntrack is set, without which the chain leads nowhere" await 10 tracked
answered_by "alive" local
killed_and_back chain
interface_gone_and_back chain
hung_and_replaced chain
stops_to_cluster chain
