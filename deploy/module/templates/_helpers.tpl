{{- /* Names and settings that several templates use. Only functions that Helm 2.16 has; its `and` and `or` evaluate
       every argument, so what may be nil is looked at in steps. */ -}}

{{- /* Not the release's: the Service kube-dns-upstream works only beside the pods of the cluster DNS, and the pods get
       its address from their environment only in its own namespace. Deckhouse installs from a namespace of its own. */ -}}
{{- define "node-local-dns.namespace" -}}
kube-system
{{- end -}}

{{- /* "yes" in Deckhouse, empty in Antiopa and with plain Helm. */ -}}
{{- define "node-local-dns.deckhouse" -}}
{{- $global := .Values.global | default dict -}}
{{- $images := $global.modulesImages | default dict -}}
{{- if or (hasKey $global "deckhouseVersion") (hasKey $images "digests") -}}
yes
{{- end -}}
{{- end -}}

{{- define "node-local-dns.labels" -}}
k8s-app: node-local-dns
{{ include "node-local-dns.release-labels" . }}
{{- end -}}

{{- /* Of objects only, never of pods: a label with a version would replace every pod with each release. */ -}}
{{- define "node-local-dns.release-labels" -}}
app.kubernetes.io/name: node-local-dns
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- if include "node-local-dns.deckhouse" . }}
heritage: deckhouse
module: node-local-dns
{{- end }}
{{- end -}}

{{- define "node-local-dns.image" -}}
{{- $image := .Values.nodeLocalDns.image -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $image.repository $image.digest }}
{{- else -}}
{{ printf "%s:%s" $image.repository ($image.tag | default .Chart.AppVersion) }}
{{- end -}}
{{- end -}}

{{- define "node-local-dns.cluster-domain" -}}
{{- $discovery := (.Values.global | default dict).discovery | default dict -}}
{{- .Values.nodeLocalDns.clusterDomain | default $discovery.clusterDomain | default "cluster.local" -}}
{{- end -}}

{{- define "node-local-dns.cluster-dns-service" -}}
{{- $inDeckhouse := include "node-local-dns.deckhouse" . -}}
{{- .Values.nodeLocalDns.clusterDNS.service | default (ternary "d8-kube-dns" "kube-dns" (eq $inDeckhouse "yes")) -}}
{{- end -}}

{{- /* The variable in which a pod finds the address of that Service. */ -}}
{{- define "node-local-dns.cluster-dns-variable" -}}
{{- printf "%s_SERVICE_HOST" (include "node-local-dns.cluster-dns-service" . | upper | replace "-" "_") -}}
{{- end -}}

{{- /* Ports of a Service that leads to the cluster DNS. Deckhouse's pods listen on another port than 53; it has names. */ -}}
{{- define "node-local-dns.cluster-dns-ports" -}}
{{- $inDeckhouse := include "node-local-dns.deckhouse" . -}}
{{- $ports := .Values.nodeLocalDns.clusterDNS.targetPorts -}}
- name: dns
  protocol: UDP
  port: 53
  targetPort: {{ $ports.udp | default (ternary "dns" "53" (eq $inDeckhouse "yes")) }}
- name: dns-tcp
  protocol: TCP
  port: 53
  targetPort: {{ $ports.tcp | default (ternary "dns-tcp" "53" (eq $inDeckhouse "yes")) }}
{{- end -}}

{{- define "node-local-dns.cluster-dns-pods" -}}
{{- if .Values.nodeLocalDns.clusterDNS.podSelector -}}
{{ toYaml .Values.nodeLocalDns.clusterDNS.podSelector }}
{{- else -}}
k8s-app: kube-dns
{{- end -}}
{{- end -}}

{{- /* "4", "6" or "46": the families of a list of addresses. */ -}}
{{- define "node-local-dns.families" -}}
{{- $families := dict -}}
{{- range . -}}
{{- $_ := set $families (ternary "6" "4" (contains ":" .)) true -}}
{{- end -}}
{{- keys $families | sortAlpha | join "" -}}
{{- end -}}

{{- /* Two families, and nobody said which addresses the cluster DNS has: a Service for each, since the environment
       tells only the first address of a Service. */ -}}
{{- define "node-local-dns.two-upstreams" -}}
{{- $settings := .Values.nodeLocalDns -}}
{{- if eq (include "node-local-dns.families" $settings.localAddresses) "46" -}}
{{- if not (or $settings.clusterDNS.addresses (eq $settings.mode "cilium")) -}}
yes
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "node-local-dns.health-address" -}}
{{- $first := first .Values.nodeLocalDns.localAddresses -}}
{{- if eq .Values.nodeLocalDns.mode "cilium" -}}
:8080
{{- else if contains ":" $first -}}
{{ printf "[%s]:8080" $first }}
{{- else -}}
{{ printf "%s:8080" $first }}
{{- end -}}
{{- end -}}

{{- /* "yes" if the Prometheus operator's objects can be made. The answer of an API server, or of helm template's
       --api-versions. */ -}}
{{- define "node-local-dns.monitoring-known" -}}
{{- if .Capabilities.APIVersions.Has "monitoring.coreos.com/v1" -}}
yes
{{- end -}}
{{- end -}}

{{- define "node-local-dns.monitoring-namespace" -}}
{{- $inDeckhouse := include "node-local-dns.deckhouse" . -}}
{{- $otherwise := ternary "d8-monitoring" (include "node-local-dns.namespace" .) (eq $inDeckhouse "yes") -}}
{{- .Values.nodeLocalDns.metrics.namespace | default $otherwise -}}
{{- end -}}

{{- define "node-local-dns.monitoring-labels" -}}
{{- $labels := .Values.nodeLocalDns.metrics.labels | default dict -}}
{{- include "node-local-dns.labels" . }}
{{- if include "node-local-dns.deckhouse" . }}
{{- if not (hasKey $labels "prometheus") }}
prometheus: main
{{- end }}
{{- end }}
{{- range $key, $value := $labels }}
{{ $key }}: {{ $value | quote }}
{{- end }}
{{- end -}}

{{- /* Mebibytes of "64MiB" or "192Mi"; nothing for other units. */ -}}
{{- define "node-local-dns.mebibytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 -}}
{{- if hasSuffix "Gi" (trimSuffix "B" .) -}}
{{ mul $number 1024 }}
{{- else if hasSuffix "Mi" (trimSuffix "B" .) -}}
{{ $number }}
{{- else if hasSuffix "Ki" (trimSuffix "B" .) -}}
{{ div $number 1024 }}
{{- end -}}
{{- end -}}

{{- /* 1 or "10%". */ -}}
{{- define "node-local-dns.surge" -}}
{{- if kindIs "string" . -}}
{{ . | quote }}
{{- else -}}
{{ int . }}
{{- end -}}
{{- end -}}
