module wrr.test/interop/aegis

go 1.25

require github.com/go-kratos/aegis v0.2.0
