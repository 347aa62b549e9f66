# A node with a pod on it, and another node with the cluster DNS: namespaces pod, node, cluster. To be sourced.
#
#   pod 10.244.1.2 ── node ── cluster 10.244.2.2, where the endpoint of kube-dns answers

readonly LOCAL4=169.254.20.10 LOCAL6=fd00:169:254:20::10
readonly SERVICE4=10.96.0.10 SERVICE6=fd00:96::a
readonly ENDPOINT4=10.244.2.2 ENDPOINT6=fd00:244:2::2
readonly PODS4=10.244.0.0/16 PODS6=fd00:244::/32
export LOCAL4 LOCAL6 SERVICE4 SERVICE6 ENDPOINT4 ENDPOINT6 PODS4 PODS6

in_pod() { ip netns exec pod "$@"; }
in_node() { ip netns exec node "$@"; }
in_cluster() { ip netns exec cluster "$@"; }

# address NAMESPACE DEVICE IPV4/PREFIX IPV6/PREFIX
address() {
  ip -n "$1" address add "$3" dev "$2"
  ip -n "$1" address add "$4" dev "$2" nodad
  ip -n "$1" link set "$2" up
}

make_network() {
  for space in pod node cluster; do
    ip netns add "$space"
    ip -n "$space" link set lo up
  done
  ip -n pod link add eth0 type veth peer name pod0 netns node
  ip -n cluster link add eth0 type veth peer name eth0 netns node
  address pod eth0 10.244.1.2/24 fd00:244:1::2/64
  address node pod0 10.244.1.1/24 fd00:244:1::1/64
  address node eth0 10.0.0.1/24 fd00:10::1/64
  address cluster eth0 10.0.0.2/24 fd00:10::2/64
  address cluster lo $ENDPOINT4/32 $ENDPOINT6/128
  ip -n pod route add default via 10.244.1.1
  ip -n pod route add default via fd00:244:1::1
  ip -n node route add 10.244.2.0/24 via 10.0.0.2
  ip -n node route add fd00:244:2::/64 via fd00:10::2
  ip -n cluster route add default via 10.0.0.1
  ip -n cluster route add default via fd00:10::1
  in_node sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

remove_network() {
  for space in pod node cluster; do
    ip netns pids "$space" | xargs -r kill -KILL
    ip netns delete "$space"
  done
}
