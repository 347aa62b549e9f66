# kube-proxy in ipvs mode: who answers with the server alive, killed, its interface gone, restarted, by each method.
. /lab/guest/lab.sh

for backend in nft legacy; do
  make_network
  start_upstreams
  kube_proxy_ipvs $backend
  life "chain, $backend" --fallback chain --iptables-backend $backend
  remove_network
done

make_network
start_upstreams
kube_proxy_ipvs nft
life "steering" --fallback steer --iptables-backend nft
remove_network
