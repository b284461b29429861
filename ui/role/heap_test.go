package role

import (
	"runtime"
	"testing"
)

// work leaves 16 MiB behind.
//
//go:noinline
func work() {
	var held [][]byte
	for range 64 {
		held = append(held, make([]byte, 256<<10))
	}
	runtime.KeepAlive(held)
}

// What work has left in the heap goes back, and a little work afterwards is no reason to collect.
func TestHeapIsGivenBack(t *testing.T) {
	var h heap
	h.giveBack()
	least := heldByHeap()
	work()
	if heldByHeap() < least+8<<20 {
		t.Fatal("nothing was used")
	}
	h.giveBack()
	if now := heldByHeap(); now > least+6<<20 { // what processors keep for the next allocation is not told apart
		t.Errorf("%d bytes are left, %d were before", now, least)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	h.giveBack()
	runtime.ReadMemStats(&after)
	if after.NumForcedGC != before.NumForcedGC {
		t.Error("there was nothing to give, and it was collected for")
	}
}
