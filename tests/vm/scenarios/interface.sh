# A real dummy interface, which no container of CI can have: made, mended, removed; rules stay until cleanup.
. /lab/guest/lab.sh

addresses() { ip -n node -o address show dev $INTERFACE | awk '{ print $4 }' | grep -v '^fe80:' | sort | tr '\n' ' '; }
has_both() { [ "$(addresses)" = "$LOCAL4/32 $LOCAL6/128 " ]; }

make_network
start_upstreams
kube_proxy_ipvs nft
rules_of_node >/tmp/rules.before
start_agent --fallback steer --kube-proxy-mode ipvs --iptables-backend nft

same "kind" dummy "$(ip -n node -d link show $INTERFACE | grep -o -w dummy | head -n 1)"
check "both addresses, alone" has_both
answered_by "made" local

ip -n node address delete $LOCAL4/32 dev $INTERFACE
check "an address taken away comes back" await 10 has_both
ip -n node link delete $INTERFACE
check "an interface deleted comes back" await 10 has_both
soon_answered_by "mended" local

stop_agent
same "ends with" 0 "$agent_status"
check "removed on stop" interface_is_gone
answered_by "stopped" cluster

check "cleanup" in_node node-local-dns cleanup -localip $LOCAL4,$LOCAL6 -interfacename $INTERFACE
rules_of_node >/tmp/rules.after
check "cleanup leaves kube-proxy's rules as they were" cmp /tmp/rules.before /tmp/rules.after
