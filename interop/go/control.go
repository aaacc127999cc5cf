package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// request is one line from the test.
type request struct {
	ID       int             `json:"id"`
	Do       string          `json:"do"`
	Key      string          `json:"key"`
	Addr     string          `json:"addr"`
	Weight   json.RawMessage `json:"weight"`
	Metadata json.RawMessage `json:"metadata"`
	Count    int             `json:"count"`
	Rate     int             `json:"rate"`
}

var printing sync.Mutex

func say(message map[string]any) {
	line, err := json.Marshal(message)
	if err != nil {
		fail(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

// obey answers requests, one after the other, until the input ends.
func obey(answer func(request) (any, error)) error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var one request
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			return err
		}
		result, err := answer(one)
		if err != nil {
			say(map[string]any{"id": one.ID, "error": err.Error()})
			continue
		}
		say(map[string]any{"id": one.ID, "result": result})
	}
	return lines.Err()
}

// metadataOf decodes what a Go program would hold in a map[string]any: a weight given as 5 becomes the
// int 5, as in `Metadata: map[string]any{"weight": 5}`.
func metadataOf(raw json.RawMessage) (any, error) {
	if raw == nil {
		return nil, nil
	}
	var value any
	if err := json.Unmarshal(raw, &value); err != nil {
		return nil, err
	}
	if fields, ok := value.(map[string]any); ok {
		if weight, ok := fields["weight"].(float64); ok && weight == float64(int(weight)) {
			fields["weight"] = int(weight)
		}
	}
	return value, nil
}
