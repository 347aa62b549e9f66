# What kube-proxy does in ipvs mode for the Service kube-dns, with the same names. To be sourced after network.sh.

# kube_proxy_ipvs BACKEND: as kube-proxy leaves a node. It sets vs.conntrack to 1 itself.
kube_proxy_ipvs() {
  ip -n node -batch - <<END
link add kube-ipvs0 type dummy
address add $SERVICE4/32 dev kube-ipvs0
address add $SERVICE6/128 dev kube-ipvs0 nodad
END
  for protocol in u t; do
    echo "-A -$protocol $SERVICE4:53 -s rr"
    for one in $ENDPOINTS4; do echo "-a -$protocol $SERVICE4:53 -r $one:53 -m"; done
    echo "-A -$protocol [$SERVICE6]:53 -s rr"
    for one in $ENDPOINTS6; do echo "-a -$protocol [$SERVICE6]:53 -r [$one]:53 -m"; done
  done | in_node ipvsadm -R
  in_node sysctl -q -w net.ipv4.vs.conntrack=1 net.ipv4.vs.expire_nodest_conn=1 \
    net.ipv4.vs.expire_quiescent_template=1 net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
  masquerade iptables "$1" $SERVICE4 $PODS4
  masquerade ip6tables "$1" $SERVICE6 $PODS6
}

# Clients that are no pods get the node's address on their way to a Service.
masquerade() {
  in_node "$1-$2-restore" --noflush <<END
*nat
:KUBE-SERVICES - [0:0]
:KUBE-POSTROUTING - [0:0]
:KUBE-MARK-MASQ - [0:0]
-A PREROUTING -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A OUTPUT -m comment --comment "kubernetes service portals" -j KUBE-SERVICES
-A POSTROUTING -m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
-A KUBE-POSTROUTING -j MASQUERADE
-A KUBE-SERVICES ! -s $4 -d $3 -p udp --dport 53 -j KUBE-MARK-MASQ
-A KUBE-SERVICES ! -s $4 -d $3 -p tcp --dport 53 -j KUBE-MARK-MASQ
COMMIT
END
}
