{{- define "fixative.webhooks" -}}
{{- if or .Values.webhook.mutate.enabled .Values.webhook.validate.enabled -}}true{{- end -}}
{{- end -}}

{{/* Whether the program writes onto the webhook configurations. */}}
{{- define "fixative.writesWebhooks" -}}
{{- if and (include "fixative.webhooks" .) (or (eq .Values.certificates.source "selfManaged") .Values.webhook.recordDigest) -}}true{{- end -}}
{{- end -}}

{{/* Whether the program talks to the API server at all: without it there is no token, no role and no way out. */}}
{{- define "fixative.api" -}}
{{- if or (eq .Values.certificates.source "selfManaged") .Values.facts.enabled (include "fixative.writesWebhooks" .) -}}true{{- end -}}
{{- end -}}

{{/* Binds a Role or ClusterRole to the program's account under the role's name. */}}
{{- define "fixative.roleBinding" }}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}Binding
metadata:
  name: {{ .name }}
  {{- if eq .kind "Role" }}
  namespace: {{ .root.Release.Namespace }}
  {{- end }}
  labels: {{- include "fixative.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: {{ .kind }}, name: {{ .name }}}
subjects:
  - {kind: ServiceAccount, name: {{ include "fixative.serviceAccount" .root }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}
