package events_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/accounttest"
)

// flood is how many bad tokens come.
const flood = 50_000

// TestFlood: 50,000 bad tokens, from one address and from as many, leave nothing behind that grows, and a
// good token from elsewhere is taken meanwhile and afterwards.
func TestFlood(t *testing.T) { // alone: it looks at the heap
	s := newStage(t)
	foreign := s.good(func(e *accounttest.EventToken) { e.ForeignKey = true })
	s.expect("good at first", http.StatusOK, s.good())
	heap := func() int64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	before := heap()
	codes := map[int]int{}
	bad := func(i int, address string) {
		token := foreign // costs a verification
		if i%4 > 0 {
			token = fmt.Sprintf("%s.%d.%s", strings.Split(foreign, ".")[0], i, strings.Repeat("x", i%300))
		}
		codes[s.post(token, address).Code]++
	}
	for i := range flood / 2 {
		bad(i, "198.51.100.1")
		if i%5000 == 0 {
			s.expect("good meanwhile", http.StatusOK, s.good())
		}
	}
	if codes[http.StatusUnauthorized] != 60 || codes[http.StatusTooManyRequests] != flood/2-60 {
		t.Errorf("one address: %v", codes)
	}
	if got := s.post(foreign, "198.51.100.1"); got.Code != http.StatusTooManyRequests || got.Header().Get("Retry-After") != "1" {
		t.Errorf("the one address: %d %v", got.Code, got.Header())
	}
	s.service.Clock.Advance(2 * time.Second) // two more attempts
	if got := s.post(s.good(), "198.51.100.1"); got.Code != http.StatusOK {
		t.Errorf("a good one of the same address later: %d", got.Code)
	}
	for i := range flood / 2 {
		bad(i, "10."+strconv.Itoa(i>>16)+"."+strconv.Itoa(i>>8&255)+"."+strconv.Itoa(i&255))
	}
	if codes[http.StatusUnauthorized] != 60+flood/2 {
		t.Errorf("many addresses: %v", codes)
	}
	s.expect("good afterwards", http.StatusOK, s.good())
	addresses, ids := s.receiver.Kept()
	if addresses > 4096 || ids > 10 {
		t.Errorf("%d addresses and %d ids are kept", addresses, ids)
	}
	s.log.Reset()
	if grown := heap() - before; grown > 4<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	}
}

// TestGoodTokensAreNotCounted: a broker delivers as much as it likes.
func TestGoodTokensAreNotCounted(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for i := range 500 {
		s.expect("good "+strconv.Itoa(i), http.StatusOK, s.good())
	}
	if addresses, ids := s.receiver.Kept(); addresses != 0 || ids != 500 {
		t.Errorf("%d addresses and %d ids are kept", addresses, ids)
	}
}
