package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sync/atomic"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"google.golang.org/grpc"
)

type server struct {
	name  string
	calls atomic.Int64
}

func (s *server) unary(_ context.Context, request *echoRequest) (*echoReply, error) {
	s.calls.Add(1)
	return &echoReply{Server: s.name, Payload: request.Payload, Metadata: map[string][]string{}}, nil
}

// serve runs a service that registers itself the way the documentation of naming/endpoints shows.
func serve(flags *flag.FlagSet, common *settings, args []string) error {
	name := flags.String("name", "go", "what the server calls itself in its replies")
	weight := flags.Int("weight", 1, "metadata weight")
	ttl := flags.Int64("ttl", 2, "seconds of the lease")
	_ = flags.Parse(args)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	own := &server{name: *name}
	grpcServer := grpc.NewServer(grpc.ForceServerCodec(jsonCodec{}))
	grpcServer.RegisterService(&echoService, own)
	go func() { _ = grpcServer.Serve(listener) }()

	client, err := connect(common)
	if err != nil {
		return err
	}
	ctx := context.Background()
	manager, err := endpoints.NewManager(client, common.service)
	if err != nil {
		return err
	}
	lease, err := client.Grant(ctx, *ttl)
	if err != nil {
		return err
	}
	alive, err := client.KeepAlive(ctx, lease.ID)
	if err != nil {
		return err
	}
	go func() {
		for range alive {
		}
	}()

	address := listener.Addr().String()
	key := common.service + "/" + address
	register := func(weight int) error {
		endpoint := endpoints.Endpoint{Addr: address, Metadata: map[string]any{"weight": weight}}
		return manager.AddEndpoint(ctx, key, endpoint, clientv3.WithLease(lease.ID))
	}
	if err := register(*weight); err != nil {
		return err
	}
	say(map[string]any{"event": "ready", "address": address})
	return obey(func(one request) (any, error) {
		switch one.Do {
		case "weight":
			var weight int
			if err := json.Unmarshal(one.Weight, &weight); err != nil {
				return nil, err
			}
			return nil, register(weight)
		case "deregister":
			return nil, manager.DeleteEndpoint(ctx, key)
		case "revoke":
			_, err := client.Revoke(ctx, lease.ID)
			return nil, err
		case "calls":
			return own.calls.Load(), nil
		case "shutdown":
			if _, err := client.Revoke(ctx, lease.ID); err != nil {
				return nil, err
			}
			grpcServer.GracefulStop()
			say(map[string]any{"id": one.ID, "result": nil})
			os.Exit(0)
		}
		return nil, fmt.Errorf("a server cannot %q", one.Do)
	})
}
