# A node with a pod on it, and another node with the cluster DNS: namespaces pod, node, cluster. To be sourced.
# Addresses as in tests/e2e/lab/node.py.
#
#   pod 10.244.1.2 ── node 192.168.50.1 ── cluster 10.244.2.10 and .11, the endpoints of kube-dns

readonly LOCAL4=169.254.20.10 LOCAL6=fd00:169:254:20::10
readonly SERVICE4=10.96.0.10 SERVICE6=fd00:10:96::a
readonly ENDPOINTS4="10.244.2.10 10.244.2.11" ENDPOINTS6="fd00:10:244:2::a fd00:10:244:2::b"
readonly PODS4=10.244.0.0/16 PODS6=fd00:10:244::/48

# nsenter, not "ip netns exec": ip with its ten libraries takes five times as long, which under emulation is much.
# (busybox would run applets of its own here first: so never "in_node ip"; ip has -n.)
in_pod() { nsenter --net=/run/netns/pod "$@"; }
in_node() { nsenter --net=/run/netns/node "$@"; }
in_cluster() { nsenter --net=/run/netns/cluster "$@"; }

make_network() {
  for space in pod node cluster; do ip netns add $space; done
  ip -batch - <<END
link add eth0 netns pod type veth peer name pod0 netns node
link add eth0 netns cluster type veth peer name eth0 netns node
END
  ip -n pod -batch - <<END
link set lo up
link set eth0 up
address add 10.244.1.2/24 dev eth0
address add fd00:10:244:1::2/64 dev eth0 nodad
route add default via 10.244.1.1
route add default via fd00:10:244:1::1
END
  ip -n cluster -batch - <<END
link set lo up
link set eth0 up
address add 192.168.50.2/24 dev eth0
address add fd00:192:168:50::2/64 dev eth0 nodad
$(for one in $ENDPOINTS4 $ENDPOINTS6; do echo "address add $one dev lo"; done)
route add default via 192.168.50.1
route add default via fd00:192:168:50::1
END
  ip -n node -batch - <<END
link set lo up
link set pod0 up
link set eth0 up
address add 10.244.1.1/24 dev pod0
address add fd00:10:244:1::1/64 dev pod0 nodad
address add 192.168.50.1/24 dev eth0
address add fd00:192:168:50::1/64 dev eth0 nodad
route add 10.244.2.0/24 via 192.168.50.2
route add fd00:10:244:2::/64 via fd00:192:168:50::2
END
  in_node sysctl -q -w net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
}

# Everything that runs in them ends too.
remove_network() {
  for space in pod node cluster; do
    ip netns pids $space | xargs -r kill -KILL
    ip netns delete $space
  done
}
