module github.com/adain-project/adain/export/go

go 1.26.0

require (
	github.com/bep/imagemeta v1.0.1
	github.com/yalue/onnxruntime_go v1.27.0
	golang.org/x/image v0.48.0
)

require golang.org/x/text v0.44.0 // indirect
