{{- define "gateway.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- define "gateway.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gateway.labels" -}}
{{ include "gateway.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "gateway.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}
{{- end }}

{{- define "gateway.settingsSecret" -}}
{{ .Values.secretSettings.existingSecret | default (printf "%s-settings" (include "gateway.name" .)) }}
{{- end }}

{{- define "gateway.cloudsSecret" -}}
{{ .Values.clouds.existingSecret | default (printf "%s-clouds" (include "gateway.name" .)) }}
{{- end }}

{{/* The time that a stop may take, in seconds: DRAIN_MS, SHUTDOWN_SPREAD_MS and SHUTDOWN_MS, and 15 s for the background work. */}}
{{- define "gateway.graceSeconds" -}}
{{- $settings := .Values.settings -}}
{{- $drain := get $settings "DRAIN_MS" | default 5000 | int -}}
{{- $spread := get $settings "SHUTDOWN_SPREAD_MS" | default 2000 | int -}}
{{- $shutdown := get $settings "SHUTDOWN_MS" | default 10000 | int -}}
{{- add 15 (div (add $drain $spread $shutdown 999) 1000) -}}
{{- end }}
