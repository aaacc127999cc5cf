package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	gresolver "google.golang.org/grpc/resolver"
	"google.golang.org/grpc/status"

	naming "go.etcd.io/etcd/client/v3/naming/resolver"
)

// tally is what a run of calls came to.
type tally struct {
	mutex   sync.Mutex
	Calls   int            `json:"calls"`
	Servers map[string]int `json:"servers"`
	Errors  map[string]int `json:"errors"`
}

func newTally() *tally {
	return &tally{Servers: map[string]int{}, Errors: map[string]int{}}
}

func (t *tally) count(server string, err error) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.Calls++
	if err == nil {
		t.Servers[server]++
	} else {
		t.Errors[fmt.Sprintf("%s: %s", status.Code(err), status.Convert(err).Message())]++
	}
}

// call runs a client on etcd:///SERVICE.
func call(flags *flag.FlagSet, common *settings, args []string) error {
	kind := flags.String("resolver", "stock", "stock: etcd's naming/resolver; watch: one on NewWatchChannel")
	config := flags.String("config", "{}", "the service config")
	_ = flags.Parse(args)
	client, err := connect(common)
	if err != nil {
		return err
	}
	var builder gresolver.Builder = watchBuilder{client}
	if *kind == "stock" {
		if builder, err = naming.NewBuilder(client); err != nil {
			return err
		}
	}
	channel, err := grpc.Dial("etcd:///"+common.service, //nolint:staticcheck // NewClient is not in 1.59
		grpc.WithResolvers(builder),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(*config),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(jsonCodec{})))
	if err != nil {
		return err
	}
	one := func(into *tally) {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		var reply echoReply
		err := channel.Invoke(ctx, unaryMethod, &echoRequest{Payload: "from go"}, &reply)
		into.count(reply.Server, err)
	}
	var load *ongoing
	say(map[string]any{"event": "ready"})
	return obey(func(request request) (any, error) {
		switch request.Do {
		case "calls":
			result := newTally()
			for range make([]struct{}, request.Count) {
				one(result)
			}
			return result, nil
		case "start":
			load = start(request.Rate, one)
			return nil, nil
		case "stop":
			return load.stop(), nil
		}
		return nil, fmt.Errorf("a client cannot %q", request.Do)
	})
}

// ongoing is a load in progress: calls at a steady rate that do not wait for each other's answers.
type ongoing struct {
	result *tally
	end    chan struct{}
	done   sync.WaitGroup
}

func start(rate int, one func(*tally)) *ongoing {
	load := &ongoing{result: newTally(), end: make(chan struct{})}
	load.done.Add(1)
	go func() {
		defer load.done.Done()
		ticker := time.NewTicker(time.Second / time.Duration(rate))
		defer ticker.Stop()
		for {
			select {
			case <-load.end:
				return
			case <-ticker.C:
				load.done.Add(1)
				go func() {
					defer load.done.Done()
					one(load.result)
				}()
			}
		}
	}()
	return load
}

func (o *ongoing) stop() *tally {
	close(o.end)
	o.done.Wait()
	return o.result
}
