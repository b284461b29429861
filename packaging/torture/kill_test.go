//go:build torture && linux

package torture_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// killsPerRound is how often one installation is killed before the books are compared. It keeps what
// one round moves below what an outbox keeps.
const killsPerRound = 20

// load moves tabs both ways until it is stopped.
type load struct {
	stop context.CancelFunc
	work sync.WaitGroup
}

// tabsPerRound bounds what is moved in each direction.
const tabsPerRound = 400

func (s *station) load() *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{stop: cancel}
	prefix := s.rnd.Uint32()
	run := func(kind string, pause time.Duration, do func(link string) bool) {
		rnd := rand.New(rand.NewPCG(*seed, uint64(prefix)))
		l.work.Go(func() {
			for n := 0; n < tabsPerRound && ctx.Err() == nil; {
				link := fmt.Sprintf("https://%s.example/%08x/%d?q=%x", kind, prefix, n, rnd.Uint32())
				if do(link) {
					n++
				}
				time.Sleep(pause/2 + rand.N(pause))
			}
		})
	}
	run("in", 30*time.Millisecond, func(link string) bool { s.receive(link); return true })
	run("out", 30*time.Millisecond, func(link string) bool { return s.send(ctx, link) })
	return l
}

func (l *load) end() {
	l.stop()
	l.work.Wait()
}

// A kill at any moment, of starts too, loses nothing and doubles nothing.
func TestKilledAtRandom(t *testing.T) {
	rounds(t, *kills, func(s *station) {
		s.start()
		most := []time.Duration{300 * time.Millisecond, 1500 * time.Millisecond}[s.rnd.IntN(2)] // a start, or work
		time.Sleep(10*time.Millisecond + time.Duration(s.rnd.Int64N(int64(most))))
		s.agent.kill()
	})
}

// So does a kill in the middle of a write or a sync.
func TestKilledAtAWrite(t *testing.T) {
	needs(t, "strace")
	died := 0
	var mu sync.Mutex
	rounds(t, *cuts, func(s *station) {
		call := []string{"fdatasync", "pwrite64"}[s.rnd.IntN(2)]
		s.start("strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace="+call,
			"-e", fmt.Sprintf("inject=%s:signal=KILL:when=%d", call, 1+s.rnd.IntN(12)))
		if s.agent.gone(3*time.Second) && s.agent.killed() {
			mu.Lock()
			died++
			mu.Unlock()
		}
		s.agent.kill()
	})
	t.Cleanup(func() { t.Logf("%d of %d died at the call itself", died, *cuts) })
}

// rounds kills n times, each killsPerRound on an installation of their own, under load.
func rounds(t *testing.T, n int, kill func(s *station)) {
	t.Parallel()
	for round := 1; n > 0; round++ {
		times := min(n, killsPerRound)
		n -= times
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			t.Parallel()
			s := settled(t, lean)
			s.agent.kill()
			l := s.load()
			for range times {
				kill(s)
				totals.kills.Add(1)
			}
			s.up()
			l.end()
			s.calm()
			s.verdict()
			s.down()
		})
	}
}

// needs skips a test whose tool is not there, and says so.
func needs(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not installed: packaging/system-packages.sh torture", program)
	}
}
