{{/* Name of all objects. 52 leaves room for what is put behind it. */}}
{{- define "fixative.name" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride -}}
{{- else if contains "fixative" .Release.Name -}}
{{- .Release.Name | replace "." "-" | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-fixative" (.Release.Name | replace "." "-" | trunc 43 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "fixative.selector" -}}
app.kubernetes.io/name: fixative
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* The name is a constant: by it all webhook configurations of any release are found in an emergency. */}}
{{- define "fixative.labels" -}}
{{ include "fixative.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name (replace "+" "_" .Chart.Version) }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "fixative.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "fixative.name" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end -}}

{{/* The Secret with the serving certificate. */}}
{{- define "fixative.tlsSecret" -}}
{{- if eq .Values.certificates.source "existingSecret" -}}
{{ .Values.certificates.existingSecret.name }}
{{- else -}}
{{ include "fixative.name" . }}-tls
{{- end -}}
{{- end -}}
