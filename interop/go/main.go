// Command wrr-go is the Go side of the interoperability tests: real clientv3, real naming packages, real
// grpc-go. It shares no code with the Node side. A test drives it with one JSON request a line on its
// standard input; its end is the end of the process, so that no test leaves one behind.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// settings are what all three roles need.
type settings struct {
	etcd    string
	service string
}

func main() {
	if len(os.Args) < 2 {
		fail(fmt.Errorf("usage: wrr-go serve|call|endpoints [flags]"))
	}
	role, flags := os.Args[1], flag.NewFlagSet(os.Args[1], flag.ExitOnError)
	var common settings
	flags.StringVar(&common.etcd, "etcd", "", "host:port of etcd")
	flags.StringVar(&common.service, "service", "", "name of the service, such as service/user")
	var err error
	switch role {
	case "serve":
		err = serve(flags, &common, os.Args[2:])
	case "call":
		err = call(flags, &common, os.Args[2:])
	case "endpoints":
		err = manage(flags, &common, os.Args[2:])
	default:
		err = fmt.Errorf("unknown role %q", role)
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func connect(common *settings) (*clientv3.Client, error) {
	return clientv3.New(clientv3.Config{
		Endpoints:   []string{common.etcd},
		DialTimeout: 5 * time.Second,
	})
}
