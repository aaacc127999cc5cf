package main

import (
	"context"
	"flag"
	"fmt"

	"go.etcd.io/etcd/client/v3/naming/endpoints"
)

// manage writes and reads a service's endpoints with the real endpoint manager.
func manage(flags *flag.FlagSet, common *settings, args []string) error {
	_ = flags.Parse(args)
	client, err := connect(common)
	if err != nil {
		return err
	}
	ctx := context.Background()
	manager, err := endpoints.NewManager(client, common.service)
	if err != nil {
		return err
	}
	say(map[string]any{"event": "ready"})
	return obey(func(one request) (any, error) {
		switch one.Do {
		case "add":
			metadata, err := metadataOf(one.Metadata)
			if err != nil {
				return nil, err
			}
			return nil, manager.AddEndpoint(ctx, one.Key, endpoints.Endpoint{Addr: one.Addr, Metadata: metadata})
		case "delete":
			return nil, manager.DeleteEndpoint(ctx, one.Key)
		case "list":
			return manager.List(ctx)
		}
		return nil, fmt.Errorf("a manager cannot %q", one.Do)
	})
}
