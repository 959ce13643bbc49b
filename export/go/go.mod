module adain

go 1.26

require (
	github.com/bep/imagemeta v1.0.1
	github.com/yalue/onnxruntime_go v1.27.0
)

require golang.org/x/text v0.41.0 // indirect
