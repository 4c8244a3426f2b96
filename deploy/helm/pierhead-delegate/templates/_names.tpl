{{- define "delegate.name" -}}
{{- required "delegateName is needed: a DNS label of at most 63 characters" .Values.delegateName -}}
{{- end -}}
{{- define "delegate.labels" -}}
app.kubernetes.io/name: pierhead-delegate
app.kubernetes.io/instance: {{ include "delegate.name" . }}
{{- end -}}
{{- define "delegate.image" -}}
{{- if .Values.delegateDockerImage -}}
{{ .Values.delegateDockerImage }}
{{- else -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}
{{- define "delegate.secret" -}}
{{- .Values.existingDelegateToken | default (printf "%s-token" (include "delegate.name" .)) -}}
{{- end -}}
