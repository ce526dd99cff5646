{{/* A Pod of `helm test` that runs the program once; called with the root, the name, the container's name, its arguments,
and the account with which it calls the API server or, where it does not, the policies that it mounts. */}}
{{- define "fixative.test" -}}
{{- $root := .root -}}
apiVersion: v1
kind: Pod
metadata:
  name: {{ .name }}
  namespace: {{ $root.Release.Namespace }}
  labels: {{- include "fixative.testLabels" $root | nindent 4 }}
  annotations:
    helm.sh/hook: test
    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
spec:
  restartPolicy: Never
  {{- if .account }}
  serviceAccountName: {{ .account }}
  {{- else }}
  automountServiceAccountToken: false
  {{- end }}
  enableServiceLinks: false
  {{- with $root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext: {{- include "fixative.podSecurityContext" $root | nindent 4 }}
  containers:
    - name: {{ .container }}
      image: {{ include "fixative.image" $root }}
      imagePullPolicy: {{ $root.Values.image.pullPolicy }}
      args: [{{ .arguments | join ", " }}]
      securityContext: {{- include "fixative.securityContext" $root | nindent 8 }}
      {{- with $root.Values.resources }}
      resources: {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if not .account }}
      volumeMounts: {{- include "fixative.policyMounts" $root | nindent 8 }}
      {{- end }}
  {{- if not .account }}
  volumes: {{- include "fixative.policyVolumes" $root | nindent 4 }}
  {{- end }}
  {{- with $root.Values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $root.Values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "fixative.testLabels" -}}
{{- include "fixative.labels" . | replace "app.kubernetes.io/name: fixative" "app.kubernetes.io/name: fixative-test" -}}
{{- end -}}

{{/* What a test needs is there only while it runs. */}}
{{- define "fixative.testAnnotations" -}}
helm.sh/hook: test
helm.sh/hook-weight: "-1"
helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end -}}
