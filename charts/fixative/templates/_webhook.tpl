{{/* What both webhooks share; called with the root, the name, the path and the values of one of them. */}}
{{- define "fixative.webhook" -}}
{{- $root := .root -}}
name: {{ .name }}.fixative.dev
admissionReviewVersions: [v1]
sideEffects: None
matchPolicy: Equivalent
failurePolicy: {{ .values.failurePolicy }}
timeoutSeconds: {{ .values.timeoutSeconds }}
clientConfig:
  # Without caBundle the field is whoever's who writes it: neither Helm 3's merge nor Helm 4's apply takes it away.
  {{- if and (eq $root.Values.certificates.source "existingSecret") $root.Values.certificates.caBundle }}
  caBundle: {{ $root.Values.certificates.caBundle | b64enc }}
  {{- end }}
  service:
    name: {{ include "fixative.name" $root }}
    namespace: {{ $root.Release.Namespace }}
    path: /{{ .name }}
    port: 443
namespaceSelector:
  {{- with $root.Values.webhook.namespaceSelector.matchLabels }}
  matchLabels: {{- toYaml . | nindent 4 }}
  {{- end }}
  matchExpressions:
    - key: kubernetes.io/metadata.name
      operator: NotIn
      values: {{- concat (list $root.Release.Namespace "kube-system") $root.Values.webhook.excludeNamespaces | uniq | sortAlpha | toYaml | nindent 8 }}
    {{- with $root.Values.webhook.namespaceSelector.matchExpressions }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- with $root.Values.webhook.objectSelector }}
objectSelector: {{- toYaml . | nindent 2 }}
{{- end }}
# The API server does not even call for what is never judged. `object` is not null: DELETE is not registered.
matchConditions:
  # Who owns it decides: a Pod that is refused is not made anew elsewhere, a repaired ReplicaSet makes endless ones.
  - name: not-owned-by-a-controller
    expression: >-
      !has(object.metadata.ownerReferences)
      || !object.metadata.ownerReferences.exists(owner, has(owner.controller) && owner.controller)
  # What waits for its finalizers must be able to go.
  - name: not-being-deleted
    expression: "!has(object.metadata.deletionTimestamp)"
  # The kubelet runs these whatever the API says.
  - name: not-a-mirror-pod
    expression: "!has(object.metadata.annotations) || !('kubernetes.io/config.mirror' in object.metadata.annotations)"
  {{- with $root.Values.webhook.matchConditions }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
rules: {{- include "fixative.rules" $root | nindent 2 }}
{{- end -}}

{{- define "fixative.rules" -}}
{{- if .Values.webhook.rules -}}
{{ toYaml .Values.webhook.rules }}
{{- else -}}
{{ .Files.Get "files/webhook-rules.yaml" | fromYamlArray | toYaml }}
{{- end -}}
{{- end -}}

{{- define "fixative.webhookAnnotations" -}}
{{- $annotations := .Values.webhook.annotations -}}
{{- if eq .Values.certificates.source "certManager" -}}
{{- $annotations = merge (dict "cert-manager.io/inject-ca-from" (printf "%s/%s" .Release.Namespace (include "fixative.tlsSecret" .))) $annotations -}}
{{- end -}}
{{- with $annotations }}{{ toYaml . }}{{- end -}}
{{- end -}}
