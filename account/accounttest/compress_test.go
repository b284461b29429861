package accounttest

import (
	"bytes"
	"runtime"
	"testing"
)

// Compressing a reply makes no compressor each time. Under the race detector a pool loses one in four.
func TestCompressorsAreKept(t *testing.T) {
	const times, fresh = 50, 800 << 10
	var s Service
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range times {
		if _, err := s.compress(bytes.Repeat([]byte("a device, "), 200)); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / times; each > fresh/2 {
		t.Errorf("%d bytes for each reply", each)
	}
}
