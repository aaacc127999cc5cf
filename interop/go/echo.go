package main

import (
	"context"
	"encoding/json"

	"google.golang.org/grpc"
)

// The test service of the Node side: JSON on the wire, so that no generated code is needed.
const unaryMethod = "/wrr.test.Echo/Unary"

type echoRequest struct {
	Payload string `json:"payload,omitempty"`
}

type echoReply struct {
	Server   string              `json:"server"`
	Payload  string              `json:"payload"`
	Metadata map[string][]string `json:"metadata"`
	Index    int                 `json:"index"`
}

type jsonCodec struct{}

func (jsonCodec) Name() string                      { return "json" }
func (jsonCodec) Marshal(value any) ([]byte, error) { return json.Marshal(value) }
func (jsonCodec) Unmarshal(bytes []byte, to any) error {
	return json.Unmarshal(bytes, to)
}

// echo is what the service's handlers need.
type echo interface {
	unary(ctx context.Context, request *echoRequest) (*echoReply, error)
}

var echoService = grpc.ServiceDesc{
	ServiceName: "wrr.test.Echo",
	HandlerType: (*echo)(nil),
	Methods: []grpc.MethodDesc{{
		MethodName: "Unary",
		Handler: func(server any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			var request echoRequest
			if err := decode(&request); err != nil {
				return nil, err
			}
			return server.(echo).unary(ctx, &request)
		},
	}},
}
