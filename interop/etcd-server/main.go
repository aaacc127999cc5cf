// Command etcd-server is etcd's own server, unchanged: etcd publishes no module that `go install` takes.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
