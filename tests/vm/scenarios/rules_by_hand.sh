# The rules of docs/how-it-works.md, typed in: what the agent's rules are measured against.
. /lab/guest/lab.sh

make_interface() {
  ip -n node -batch - <<END
link add $INTERFACE type dummy
address add $LOCAL4/32 dev $INTERFACE
address add $LOCAL6/128 dev $INTERFACE nodad
END
}

# chain_rules COMMAND BACKEND LOCAL SERVICE-AS-TARGET
chain_rules() {
  in_node "$1-$2-restore" --noflush <<END
*nat
:NODE-LOCAL-DNS - [0:0]
-I PREROUTING -d $3 -p tcp -m tcp --dport 53 -j NODE-LOCAL-DNS
-I PREROUTING -d $3 -p udp -m udp --dport 53 -j NODE-LOCAL-DNS
-A NODE-LOCAL-DNS -m socket -j RETURN
-A NODE-LOCAL-DNS -d $3 -p tcp -m tcp --dport 53 -j DNAT --to-destination $4:53
-A NODE-LOCAL-DNS -d $3 -p udp -m udp --dport 53 -j DNAT --to-destination $4:53
COMMIT
*raw
-A PREROUTING -d $3 -p udp -m udp --dport 53 -m socket --nowildcard -j NOTRACK
-A OUTPUT -s $3 -p udp -m udp --sport 53 -j NOTRACK
COMMIT
END
}

# steering_rules FAMILY LOCAL SERVICE TYPE
steering_rules() {
  in_node nft -f - <<END
table $1 node-local-dns {
  set steered {
    type $4 . inet_proto . inet_service
    flags dynamic,timeout
    timeout 1m
    size 65536
  }
  chain steer {
    type filter hook prerouting priority -310;
    $1 daddr $2 udp dport 53 socket wildcard 0 notrack accept
    $1 daddr $2 udp dport 53 update @steered { $1 saddr . meta l4proto . udp sport } $1 daddr set $3 accept
    $1 daddr $2 tcp dport 53 $1 saddr . meta l4proto . tcp sport @steered tcp flags & (syn|ack) != syn \
      update @steered { $1 saddr . meta l4proto . tcp sport timeout 10m } $1 daddr set $3 accept
    $1 daddr $2 tcp dport 53 socket wildcard 0 accept
    $1 daddr $2 tcp dport 53 tcp flags & (syn|ack) == syn \
      update @steered { $1 saddr . meta l4proto . tcp sport timeout 10m } $1 daddr set $3
  }
  chain answer {
    type filter hook postrouting priority 300;
    $1 saddr $3 meta l4proto { tcp, udp } th sport 53 $1 daddr . meta l4proto . th dport @steered $1 saddr set $2
  }
  chain untrack {
    type filter hook output priority -310;
    $1 saddr $2 udp sport 53 notrack
  }
}
END
}

# The life of a server, seen by new flows and by one socket that goes on asking.
life() {
  start_local_dns
  answered_by "$1: alive" local
  start_stream udp udp $LOCAL4 20
  check "$1: the stream begins at local" await 20 stream_says udp local
  stop_local_dns KILL
  answered_by "$1: killed" cluster
  check "$1: one socket moves to cluster" await 20 stream_says udp cluster
  start_local_dns
  check "$1: one socket comes back to local" await 20 stream_says udp local
  stop_stream udp
  same "$1: one socket saw" "local cluster local" "$stream_saw"
  check "$1: one socket lost few ($stream_lost)" test "$stream_lost" -le $LOST_AT_MOST
  answered_by "$1: restarted" local
  stop_local_dns KILL
  ip -n node link delete $INTERFACE
  answered_by "$1: interface gone" cluster
}

for backend in nft legacy; do
  make_network
  start_upstreams
  kube_proxy_ipvs $backend
  make_interface
  chain_rules iptables $backend $LOCAL4 $SERVICE4
  chain_rules ip6tables $backend $LOCAL6 "[$SERVICE6]"
  life "chain $backend"
  remove_network
done

for tracking in 1 0; do
  make_network
  start_upstreams
  kube_proxy_ipvs nft
  in_node sysctl -q -w net.ipv4.vs.conntrack=$tracking
  make_interface
  steering_rules ip $LOCAL4 $SERVICE4 ipv4_addr
  steering_rules ip6 $LOCAL6 $SERVICE6 ipv6_addr
  life "steering, vs.conntrack=$tracking"
  remove_network
done
