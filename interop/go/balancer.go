package main

import (
	"sync"

	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/balancer/base"
	"google.golang.org/grpc/resolver"
)

// policyName is the policy's name in the service config of the Go system.
const policyName = "custom_weighted_round_robin"

// liveWeights holds the weights that the own resolver last saw, by address. `balancer/base` keeps the first
// resolver.Address of each connection, so that its pickers never hear of a later weight: a Go client that
// wants live weights reads them from beside it, as here.
var liveWeights sync.Map

func init() {
	balancer.Register(base.NewBalancerBuilder(policyName, pickerBuilder{}, base.Config{}))
}

type pickerBuilder struct{}

type candidate struct {
	connection balancer.SubConn
	address    string
	weight     int
	credit     int
}

// Build reads weights as such Go systems do: the number under "weight" in the metadata, else 1.
func (pickerBuilder) Build(info base.PickerBuildInfo) balancer.Picker {
	if len(info.ReadySCs) == 0 {
		return base.NewErrPicker(balancer.ErrNoSubConnAvailable)
	}
	picker := &weightedPicker{}
	for connection, details := range info.ReadySCs {
		picker.candidates = append(picker.candidates, &candidate{
			connection: connection,
			address:    details.Address.Addr,
			weight:     weightOf(details.Address),
		})
	}
	return picker
}

func weightOf(address resolver.Address) int {
	metadata, _ := address.Metadata.(map[string]any)
	if weight, ok := metadata["weight"].(float64); ok {
		return int(weight)
	}
	return 1
}

// weightedPicker is nginx's smooth weighted round robin.
type weightedPicker struct {
	mutex      sync.Mutex
	candidates []*candidate
}

func (p *weightedPicker) Pick(balancer.PickInfo) (balancer.PickResult, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	var best *candidate
	total := 0
	for _, each := range p.candidates {
		weight := each.weight
		if live, ok := liveWeights.Load(each.address); ok {
			weight = live.(int)
		}
		if weight <= 0 {
			continue
		}
		each.credit += weight
		total += weight
		if best == nil || each.credit > best.credit {
			best = each
		}
	}
	if best == nil {
		return balancer.PickResult{}, balancer.ErrNoSubConnAvailable
	}
	best.credit -= total
	return balancer.PickResult{SubConn: best.connection}, nil
}
