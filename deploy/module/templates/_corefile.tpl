{{- /* The Corefile, a template of node-cache's: the agent replaces __PILLAR__…__ when it starts, the server {$…}. */ -}}
{{- define "node-local-dns.corefile" -}}
{{- $settings := .Values.nodeLocalDns -}}
{{- if $settings.corefile -}}
{{ $settings.corefile | trimSuffix "\n" }}
{{- else -}}
{{- $cluster := "__PILLAR__CLUSTER__DNS__" -}}
{{- $upstream := "__PILLAR__UPSTREAM__SERVERS__" -}}
{{- if $settings.upstreamServers -}}
{{- $upstream = join " " $settings.upstreamServers -}}
{{- end -}}
{{- $root := dict "settings" $settings -}}
{{- include "node-local-dns.corefile-zone" (merge (dict "zone" "__PILLAR__DNS__DOMAIN__" "servers" $cluster "tcp" true "health" true "denials" true) $root) }}
{{ include "node-local-dns.corefile-zone" (merge (dict "zone" "in-addr.arpa" "servers" $cluster "tcp" true) $root) }}
{{ include "node-local-dns.corefile-zone" (merge (dict "zone" "ip6.arpa" "servers" $cluster "tcp" true) $root) }}
{{- range $settings.forwardZones }}
{{ include "node-local-dns.corefile-zone" (merge (dict "zone" .zone "servers" (join " " .servers) "tcp" .forceTCP "outside" true) $root) }}
{{- end }}
{{ include "node-local-dns.corefile-zone" (merge (dict "zone" "." "servers" $upstream "outside" true) $root) }}
{{- end -}}
{{- end -}}

{{- define "node-local-dns.corefile-zone" -}}
{{- $cache := .settings.cache -}}
{{- /* Integers: a number of a values file is a float, and a large one would be printed as 1e+06. */ -}}
{{- $success := int $cache.successTTL -}}
{{- /* Not for names of the cluster: it would hand out addresses of pods that are gone. */ -}}
{{- $stale := ternary $cache.serveStale "" (default false .outside) -}}
{{ .zone }}:53 {
    errors
    {{- if ne .settings.logQueries "none" }}
    log{{ if ne .settings.logQueries "all" }} . {
        class {{ ternary "error" "denial error" (eq .settings.logQueries "errors") }}
    }
    {{- end }}
    {{- end }}
    {{- if or .denials (int $cache.prefetch) $stale }}
    cache{{ if not .denials }} {{ $success }}{{ end }} {
        {{- if .denials }}
        success 9984 {{ $success }}
        denial 9984 {{ int $cache.denialTTL }}
        {{- end }}
        {{- if int $cache.prefetch }}
        prefetch {{ int $cache.prefetch }}
        {{- end }}
        {{- with $stale }}
        serve_stale {{ . }}
        {{- end }}
    }
    {{- else }}
    cache {{ $success }}
    {{- end }}
    reload
    loop
    bind __PILLAR__LOCAL__DNS__
    forward . {{ .servers }}{{ if .tcp }} {
        force_tcp
    }
    {{- end }}
    prometheus :9253
    {{- if .health }}
    health {$HEALTH_ADDRESS}
    {{- end }}
}
{{- end -}}
