package role

import (
	"runtime"
	"runtime/debug"
)

// worthGiving is how many bytes the heap of an agent must have grown by for it to be worth two collections, some
// milliseconds of the processor: a tab now and then is not.
const worthGiving = 1 << 19

// heap is that of an agent. The runtime keeps room for the next work in it, for as long as the process lives.
type heap struct {
	left uint64 // of the system's memory, when it was last given back, in bytes
}

// giveBack gives what work has left back to the system.
func (h *heap) giveBack() {
	if heldByHeap() < h.left+worthGiving {
		return
	}
	giveAll()
	h.left = heldByHeap()
}

// giveAll gives what is free back to the system. It collects twice, for the first time empties only half of what is
// kept to be used again.
func giveAll() {
	runtime.GC()
	debug.FreeOSMemory()
}

// heldByHeap is how many bytes of the system's memory the heap has.
func heldByHeap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapSys - m.HeapReleased
}
