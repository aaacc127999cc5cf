package main

import (
	"context"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/naming/endpoints"
	"google.golang.org/grpc/resolver"
)

// watchBuilder is what a Go system needs since etcd's own resolver stopped passing metadata (3.5.27,
// 3.6.8): a resolver on endpoints.NewWatchChannel, which still delivers it.
type watchBuilder struct{ client *clientv3.Client }

func (watchBuilder) Scheme() string { return "etcd" }

func (b watchBuilder) Build(target resolver.Target, conn resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	manager, err := endpoints.NewManager(b.client, strings.TrimPrefix(target.URL.Path, "/"))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	updates, err := manager.NewWatchChannel(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	go follow(updates, conn)
	return watchResolver{cancel}, nil
}

func follow(updates endpoints.WatchChannel, conn resolver.ClientConn) {
	known := map[string]endpoints.Endpoint{}
	for batch := range updates {
		for _, update := range batch {
			if update.Op == endpoints.Delete {
				delete(known, update.Key)
			} else {
				known[update.Key] = update.Endpoint
			}
		}
		var addresses []resolver.Address
		for _, endpoint := range known {
			weight := weightOf(resolver.Address{Metadata: endpoint.Metadata})
			liveWeights.Store(endpoint.Addr, weight)
			// Not as Metadata: grpc-go 1.71 and later panic when they compare two maps.
			addresses = append(addresses, resolver.Address{Addr: endpoint.Addr})
		}
		_ = conn.UpdateState(resolver.State{Addresses: addresses})
	}
}

type watchResolver struct{ cancel context.CancelFunc }

func (watchResolver) ResolveNow(resolver.ResolveNowOptions) {}
func (r watchResolver) Close()                              { r.cancel() }
