{{- /* What a schema cannot say: settings that contradict each other. Nothing is installed then, and the message says
       what to change. */ -}}
{{- define "node-local-dns.validate" -}}
{{- $settings := .Values.nodeLocalDns -}}

{{- /* A setting beside nodeLocalDns instead of under it would have no effect, and nobody would know. */ -}}
{{- range $key, $_ := .Values -}}
{{- if hasKey $settings $key -}}
{{- fail (printf "%s has no effect here: set nodeLocalDns.%s" $key $key) -}}
{{- end -}}
{{- if and (ne $key "nodeLocalDns") (eq (lower $key) "nodelocaldns") -}}
{{- fail (printf "%s has no effect: it is spelt nodeLocalDns" $key) -}}
{{- end -}}
{{- end -}}

{{- if eq $settings.mode "transparent" -}}
{{- if eq $settings.kubeProxyMode "ipvs" -}}
{{- fail "nodeLocalDns.mode transparent does not work with kubeProxyMode ipvs: IPVS takes every packet to a Service. Use mode fallback" -}}
{{- end -}}
{{- end -}}

{{- if ne $settings.fallbackMethod "auto" -}}
{{- if ne $settings.mode "fallback" -}}
{{- fail (printf "nodeLocalDns.fallbackMethod %s is for mode fallback, and mode is %s" $settings.fallbackMethod $settings.mode) -}}
{{- end -}}
{{- end -}}
{{- if and (eq $settings.fallbackMethod "chain") (eq $settings.kubeProxyMode "nftables") -}}
{{- fail "nodeLocalDns.fallbackMethod chain does not work with kubeProxyMode nftables. Use steer" -}}
{{- end -}}

{{- $families := include "node-local-dns.families" $settings.localAddresses -}}
{{- with $settings.clusterDNS.addresses -}}
{{- if ne (len .) (len (include "node-local-dns.families" .)) -}}
{{- fail "nodeLocalDns.clusterDNS.addresses: one address of a family at most" -}}
{{- end -}}
{{- if eq $settings.mode "fallback" -}}
{{- if not (contains $families (include "node-local-dns.families" .)) -}}
{{- fail "nodeLocalDns.clusterDNS.addresses: an address is needed for each family of localAddresses, or those of that family have no fallback" -}}
{{- end -}}
{{- range . -}}
{{- if has . $settings.localAddresses -}}
{{- fail (printf "nodeLocalDns.localAddresses: %s is the address of the cluster DNS; that is mode transparent" .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- range $settings.localAddresses -}}
{{- if regexMatch "^[fF][eE][89aAbB]" . -}}
{{- fail (printf "nodeLocalDns.localAddresses: %s is a link-local IPv6 address, which pods cannot use without naming an interface" .) -}}
{{- end -}}
{{- end -}}

{{- if $settings.corefile -}}
{{- $cache := $settings.cache -}}
{{- $cached := or (ne (int $cache.successTTL) 30) (ne (int $cache.denialTTL) 5) (int $cache.prefetch) $cache.serveStale -}}
{{- if or $settings.upstreamServers $settings.forwardZones (ne $settings.logQueries "none") $cached -}}
{{- fail "nodeLocalDns.corefile replaces the whole Corefile: upstreamServers, forwardZones, logQueries and cache would have no effect" -}}
{{- end -}}
{{- end -}}

{{- $zones := dict "in-addr.arpa" true "ip6.arpa" true (include "node-local-dns.cluster-domain" .) true -}}
{{- range $settings.forwardZones -}}
{{- if hasKey $zones .zone -}}
{{- fail (printf "nodeLocalDns.forwardZones: %s is there already" .zone) -}}
{{- end -}}
{{- $_ := set $zones .zone true -}}
{{- end -}}

{{- $made := list "localip" "basecorefile" "conf" "kubednscm" "upstreamsvc" "cluster-domain" "metrics-listen-address" "mode" "fallback" "kube-proxy-mode" "iptables-backend" "cluster-dns" "dns-service" "workers" "cache-memory" "log-level" -}}
{{- range $settings.extraArgs -}}
{{- $flag := regexReplaceAll "^--?([^=]*).*$" . "${1}" -}}
{{- if has $flag $made -}}
{{- fail (printf "nodeLocalDns.extraArgs: %s is made from another setting" .) -}}
{{- end -}}
{{- end -}}

{{- $limit := ($settings.resources | default dict).limits | default dict -}}
{{- $limit = $limit.memory | default "" | toString -}}
{{- $limit = include "node-local-dns.mebibytes" $limit -}}
{{- if $limit -}}
{{- $least := add (include "node-local-dns.mebibytes" $settings.cacheMemory | int64) 64 -}}
{{- if lt (int64 $limit) (int64 $least) -}}
{{- fail (printf "nodeLocalDns.resources.limits.memory has to be %dMi at least: cacheMemory and 64Mi" $least) -}}
{{- end -}}
{{- end -}}

{{- if ne $settings.metrics.monitor "none" -}}
{{- if not $settings.metrics.enabled -}}
{{- if ne $settings.metrics.monitor "auto" -}}
{{- fail (printf "nodeLocalDns.metrics.monitor %s needs metrics.enabled" $settings.metrics.monitor) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
