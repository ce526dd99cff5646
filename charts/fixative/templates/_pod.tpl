{{- define "fixative.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{- define "fixative.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "fixative.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* fixative.yaml: what `config` says, and the packs of `policies` if it says nothing of packs. */}}
{{- define "fixative.config" -}}
{{- $config := merge (dict) .Values.config (dict "apiVersion" "fixative.dev/v1alpha1" "kind" "Config") -}}
{{- if and .Values.policies (not (hasKey .Values.config "packs")) -}}
{{- $packs := list (dict "name" "immich") -}}
{{- range $name := keys .Values.policies | sortAlpha -}}
{{- $packs = append $packs (dict "path" (printf "/etc/fixative/policies/%s" $name)) -}}
{{- end -}}
{{- $_ := set $config "packs" $packs -}}
{{- end -}}
{{ toYaml $config }}
{{- end -}}

{{/* Where the configuration and the packs are mounted: folders, so that the kubelet changes them under way. */}}
{{- define "fixative.policyMounts" -}}
- {name: config, mountPath: /etc/fixative/config, readOnly: true}
{{- range $name := keys .Values.policies | sortAlpha }}
- {name: policies-{{ $name }}, mountPath: /etc/fixative/policies/{{ $name }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "fixative.policyVolumes" -}}
- name: config
  configMap: {name: {{ include "fixative.name" . }}-config}
{{- range $name := keys .Values.policies | sortAlpha }}
- name: policies-{{ $name }}
  configMap: {name: {{ include "fixative.name" $ }}-policies-{{ $name }}}
{{- end }}
{{- end -}}
