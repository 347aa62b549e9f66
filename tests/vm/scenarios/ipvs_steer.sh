# kube-proxy in ipvs mode, steering: for pods and for the host's own clients. vs.conntrack may be what it likes.
. /lab/guest/lab.sh

make_network
start_upstreams
kube_proxy_ipvs nft
in_node sysctl -q -w net.ipv4.vs.conntrack=0
start_agent --fallback steer --kube-proxy-mode ipvs --iptables-backend nft
answered_by alive local
killed_and_back steer
interface_gone_and_back steer
hung_and_replaced steer
host_killed_and_back steer
in_node sysctl -q -w net.ipv4.vs.conntrack=1
freeze_agent
kill_server
answered_by "steer: killed, vs.conntrack=1" cluster
thaw_agent
soon_answered_by "steer: restarted, vs.conntrack=1" local
stops_to_cluster steer
