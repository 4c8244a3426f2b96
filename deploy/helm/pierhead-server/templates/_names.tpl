{{- define "pierhead.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- define "pierhead.labels" -}}
app.kubernetes.io/name: pierhead-server
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}
{{- define "pierhead.image" -}}
{{- with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
