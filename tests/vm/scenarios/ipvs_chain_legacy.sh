# The same as ipvs_chain by iptables-legacy, which has other code in the kernel for the same rules.
. /lab/guest/lab.sh

make_network
start_upstreams
kube_proxy_ipvs legacy
start_agent --fallback chain --kube-proxy-mode ipvs --iptables-backend legacy
answered_by "alive" local
killed_and_back legacy
interface_gone_and_back legacy
stops_to_cluster legacy
