{{/* What the schema cannot say in words: values that do not go together. */}}
{{- define "fixative.checks" -}}
{{- $certificates := .Values.certificates -}}
{{- if eq $certificates.source "existingSecret" -}}
{{- if not $certificates.existingSecret.name -}}
{{- fail "certificates.source is existingSecret: set certificates.existingSecret.name to the Secret with tls.crt and tls.key" -}}
{{- end -}}
{{- if and (include "fixative.webhooks" .) (not $certificates.caBundle) (not .Values.webhook.annotations) -}}
{{- fail "certificates.source is existingSecret: set certificates.caBundle, or webhook.annotations by which something fills it in; without it the API server trusts no answer" -}}
{{- end -}}
{{- else -}}
{{- if $certificates.existingSecret.name -}}
{{- fail (printf "certificates.existingSecret.name is set, but certificates.source is %s: set it to existingSecret, or leave the name out" $certificates.source) -}}
{{- end -}}
{{- if $certificates.caBundle -}}
{{- fail (printf "certificates.caBundle is set, but with certificates.source %s it is written by others: leave it out" $certificates.source) -}}
{{- end -}}
{{- end -}}
{{- if eq (int .Values.ports.webhook) (int .Values.ports.health) -}}
{{- fail (printf "ports.webhook and ports.health are both %v: choose two" .Values.ports.webhook) -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.enabled) -}}
{{- fail "metrics.serviceMonitor reads the Service of metrics.service: set metrics.service.enabled" -}}
{{- end -}}
{{- end -}}
