// Package aegis plays a recorded trace to aegis's SRE breaker and writes down what it decided.
//
// The breaker is aegis's own, unchanged. Two things are put under the trace's control from outside: the
// time, by testing/synctest, whose clock moves only when the replay sleeps; and the random numbers, by
// putting a source that reads them from the trace into the breaker's private field.
package aegis

import (
	"bytes"
	"encoding/json"
	"math/rand"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/go-kratos/aegis/circuitbreaker"
	"github.com/go-kratos/aegis/circuitbreaker/sre"
)

// tick is the trace's unit of time: an eighth of a millisecond, exact on both sides.
const tick = 125 * time.Microsecond

// trace is the calls of a client in the order in which things happen.
type trace struct {
	// Draws are the random numbers, as integers below 2^53.
	Draws []int64 `json:"draws"`
	// Events: [tick, call, kind], kind 0: the call asks to pass; 1: it succeeded; 2: it failed.
	Events [][3]int64 `json:"events"`
}

type decisions struct {
	// Decisions has one character for each question: "1" passed, "0" refused.
	Decisions string `json:"decisions"`
	// Drawn is how many random numbers were used.
	Drawn int `json:"drawn"`
}

// source gives out the trace's random numbers, and zeros once they are used up: then more were drawn than
// on the other side. rand.Float64 is Int63() / 2^63, so that a number times 2^10 comes out as
// number / 2^53, exactly.
type source struct {
	draws []int64
	drawn int
}

func (s *source) Int63() int64 {
	s.drawn++
	if s.drawn > len(s.draws) {
		return 0
	}
	return s.draws[s.drawn-1] << 10
}

func (s *source) Seed(int64) {}

func TestReplay(t *testing.T) {
	input, output := os.Getenv("WRR_TRACE"), os.Getenv("WRR_DECISIONS")
	if input == "" {
		t.Skip("WRR_TRACE names no trace")
	}
	text, err := os.ReadFile(input)
	if err != nil {
		t.Fatal(err)
	}
	var played trace
	if err := json.Unmarshal(text, &played); err != nil {
		t.Fatal(err)
	}
	var result decisions
	synctest.Test(t, func(*testing.T) { result = replay(played) })
	text, err = json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(output, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

func replay(played trace) decisions {
	breaker := sre.NewBreaker()
	random := &source{draws: played.Draws}
	inject(breaker, rand.New(random))
	start := time.Now()
	passed := map[int64]bool{}
	var text bytes.Buffer
	for _, event := range played.Events {
		time.Sleep(time.Until(start.Add(time.Duration(event[0]) * tick)))
		call := event[1]
		switch event[2] {
		case 0:
			passed[call] = breaker.Allow() == nil
			if passed[call] {
				text.WriteByte('1')
			} else {
				// As Kratos's interceptor does.
				breaker.MarkFailed()
				text.WriteByte('0')
			}
		case 1:
			if passed[call] {
				breaker.MarkSuccess()
			}
		case 2:
			if passed[call] {
				breaker.MarkFailed()
			}
		}
	}
	return decisions{Decisions: text.String(), Drawn: random.drawn}
}

func inject(breaker circuitbreaker.CircuitBreaker, random *rand.Rand) {
	field := reflect.ValueOf(breaker).Elem().FieldByName("r")
	if !field.IsValid() || field.Type() != reflect.TypeOf(random) {
		panic("aegis's breaker has no field r of type *rand.Rand")
	}
	*(**rand.Rand)(unsafe.Pointer(field.UnsafeAddr())) = random
}
