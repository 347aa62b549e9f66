# A real kube-proxy in ipvs mode inside the virtual machine; its API server is outside. Lines "ASK …" are wishes that
# the test outside fulfils there.
. /lab/guest/lab.sh

readonly API=10.0.2.2 # QEMU's name for the loopback of the namespace that it runs in

reaches_api() { echo | in_node nc -w 2 $API 6443; }
serves() { in_node ipvsadm -L -n | grep -q -F "$1"; }
has_endpoints() { for one in $ENDPOINTS4 $ENDPOINTS6; do serves "$one" || return 1; done; }
has_no_endpoints() { for one in $ENDPOINTS4 $ENDPOINTS6; do ! serves "$one" || return 1; done; }
asks_service() { [ "$(PATIENCE=1000 who pod udp $SERVICE4)" = cluster ]; }

modprobe -a virtio_pci virtio_net
ip link set eth0 name api0
make_network
start_upstreams
ip link set api0 netns node
ip -n node address add 10.0.2.15/24 dev api0
ip -n node link set api0 up
check "the API server is reached" await 20 reaches_api

mkdir -p /tmp/iptables
for tail in "" -save -restore; do
  for family in iptables ip6tables; do ln -s "/usr/bin/$family-nft$tail" "/tmp/iptables/$family$tail"; done
done
PATH=/tmp/iptables:$PATH nsenter --net=/run/netns/node kube-proxy --kubeconfig /lab/kubeconfig --proxy-mode ipvs \
  --hostname-override node --cluster-cidr $PODS4,$PODS6 --feature-gates IPv6DualStack=true \
  --iptables-sync-period 2s --ipvs-sync-period 2s --conntrack-max-per-core 0 --conntrack-min 0 \
  --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0 >/tmp/kube-proxy.log 2>&1 &
proxy_pid=$!

# It starts iptables, ipset and modprobe some hundred times, which takes long here.
if await 150 has_endpoints; then
  pass "kube-proxy made the virtual services"
else
  fail "kube-proxy made the virtual services" "$(tail -n 3 /tmp/kube-proxy.log)"
  cat /tmp/kube-proxy.log
  exit 1
fi
check "the pod reaches the Service" await 20 asks_service
same "kube-proxy set vs.conntrack" 1 "$(in_node sysctl -n net.ipv4.vs.conntrack)"

for method in chain steer; do
  start_agent --fallback $method --iptables-backend nft
  answered_by "$method: alive" local
  killed_and_back $method
  interface_gone_and_back $method
  stops_to_cluster $method
  in_node node-local-dns cleanup -localip $LOCAL4,$LOCAL6 -interfacename $INTERFACE
done

start_agent --fallback steer --iptables-backend nft
echo "ASK endpoints none"
check "the last endpoint goes" await 60 has_no_endpoints
echo "ASK service"
check "an unrelated Service comes" await 60 serves 10.96.8.8:80
answered_by "without endpoints" local
echo "ASK endpoints all"
check "the endpoints come back" await 60 has_endpoints

kill -KILL $proxy_pid
freeze_agent
kill_server
answered_by "killed, and kube-proxy with it" cluster
thaw_agent
soon_answered_by "restarted" local
stop_agent
