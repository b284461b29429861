//go:build peers

package peers

import (
	"context"
	"encoding/json"
	"testing"
	"time"
)

const (
	// patience bounds how long one effect may take to reach the other side on a busy machine.
	patience = 60 * time.Second
	// glance is how long to wait between two looks at something that tells nobody of its changes.
	glance = 50 * time.Millisecond
)

// until waits for an effect; probe tells whether it is there and what there is instead.
func until(t *testing.T, what string, probe func() (bool, string)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		ok, instead := probe()
		if ok {
			return
		}
		select {
		case <-time.After(glance):
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s; %s", what, instead)
		}
	}
}

func compact(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
