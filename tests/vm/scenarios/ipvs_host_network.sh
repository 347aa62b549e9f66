# Clients in the host's network, kube-proxy in ipvs mode: the socket match cannot serve them, the agent's switch does.
. /lab/guest/lab.sh

make_network
start_upstreams
kube_proxy_ipvs nft
start_agent --kube-proxy-mode ipvs --fallback steer --iptables-backend nft
answered_by "alive" local node
start_stream host udp $LOCAL4 20 node
await 20 stream_says host local
freeze_agent
kill_server
check "killed: the host gets the cluster DNS" await 20 host_sees cluster
answered_by "killed" cluster node
check "one socket of the host moves to cluster" await 20 stream_says host cluster
thaw_agent
check "restarted: the host gets the local server" await 20 host_sees local
answered_by "restarted" local node
check "one socket of the host comes back" await 20 stream_says host local
stop_stream host
stop_agent
