package wire_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// schemes notes how credentials were shown.
func (s *server) schemes() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []string
	for _, r := range s.seen {
		switch h := r.Header.Get("Authorization"); {
		case strings.HasPrefix(h, "Bearer fxs_"):
			list = append(list, "typed")
		case strings.HasPrefix(h, "Bearer "):
			list = append(list, "bearer")
		case strings.HasPrefix(h, "Hawk "):
			list = append(list, "hawk")
		}
	}
	return strings.Join(list, " ")
}

func TestTypedBearer(t *testing.T) {
	s, client := serve(t, answers(`[]`))
	if _, err := client.AttachedClients(t.Context(), session()); err != nil {
		t.Fatal(err)
	}
	if r, _ := s.last(); r.Header.Get("Authorization") != "Bearer fxs_"+secret {
		t.Errorf("header is %q", r.Header.Get("Authorization"))
	}
	if _, err := client.Devices(t.Context(), wire.Bearer(secret), time.Time{}); err != nil {
		t.Fatal(err)
	}
	if r, _ := s.last(); r.Header.Get("Authorization") != "Bearer "+secret {
		t.Errorf("header is %q", r.Header.Get("Authorization"))
	}
	if _, err := client.AccountExists(t.Context(), "u"); err == nil {
		t.Error("a list was taken for an object")
	}
	if r, _ := s.last(); r.Header.Get("Authorization") != "" {
		t.Error("a request without credential shows one")
	}
}

// old is a server that knows Hawk only.
func old(errno int) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Hawk ") {
			answers(`[]`)(w, r)
			return
		}
		refuse(401, errno)(w, r)
	}
}

// TestHawk is used by itself on servers that know nothing else, is remembered, and is given up by servers
// that were renewed. A session that is dead costs one request where the form is known.
func TestHawk(t *testing.T) {
	renewed := func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Hawk ") {
			refuse(401, 110)(w, r)
			return
		}
		answers(`[]`)(w, r)
	}
	for _, c := range []struct {
		name    string
		known   bool // from an earlier process
		answers []http.HandlerFunc
		schemes string
		ok      bool
		hawk    bool // in the end
	}{
		{"newer server", false, []http.HandlerFunc{answers(`[]`), answers(`[]`)}, "typed typed", true, false},
		{"old server", false, []http.HandlerFunc{old(110), old(110), old(110)}, "typed hawk typed hawk hawk", true, true},
		{"old server, 109", false, []http.HandlerFunc{old(109), old(109)}, "typed hawk typed hawk", true, true},
		{"newer server, refused once", false, []http.HandlerFunc{old(110), answers(`[]`), answers(`[]`)}, "typed hawk typed typed", true, false},
		{"old server, restarted", true, []http.HandlerFunc{old(110)}, "hawk", true, true},
		{"server that was renewed", true, []http.HandlerFunc{renewed, renewed}, "hawk typed typed", true, false},
		{"dead session", false, []http.HandlerFunc{refuse(401, 110)}, "typed hawk", false, false},
		{"dead session of a newer server", false, []http.HandlerFunc{answers(`[]`), refuse(401, 110)}, "typed typed", false, false},
		{"dead session of an old server", true, []http.HandlerFunc{refuse(401, 110)}, "hawk typed", false, true},
		{"another refusal", false, []http.HandlerFunc{refuse(400, 138)}, "typed", false, false},
		{"another 401", false, []http.HandlerFunc{refuse(401, 223)}, "typed", false, false},
		{"busy", false, []http.HandlerFunc{refuse(503, 201)}, "typed", false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := serve(t, nil)
			client := s.client(t, func(p *wire.Params) { p.Hawk = c.known })
			var err error
			for _, answer := range c.answers {
				s.set(answer)
				_, err = client.AttachedClients(t.Context(), session())
			}
			if (err == nil) != c.ok || client.Hawk() != c.hawk {
				t.Errorf("gave %v, takes Hawk only: %t", err, client.Hawk())
			}
			if got := s.schemes(); got != c.schemes {
				t.Errorf("showed %q, want %q", got, c.schemes)
			}
		})
	}
}

// TestHawkRepairs corrects the clock, or takes another nonce, once.
func TestHawkRepairs(t *testing.T) {
	for _, c := range []struct {
		name    string
		errno   int
		times   int
		schemes string
		ok      bool
	}{
		{"clock", 111, 1, "typed hawk hawk", true},
		{"clock, for ever", 111, 9, "typed hawk hawk", false},
		{"nonce", 115, 1, "typed hawk hawk", true},
		{"nonce, for ever", 115, 9, "typed hawk hawk", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			left := c.times
			s, _ := serve(t, nil)
			ahead := s.clock.Now().Add(time.Hour).Unix()
			s.set(func(w http.ResponseWriter, r *http.Request) {
				switch h := r.Header.Get("Authorization"); {
				case !strings.HasPrefix(h, "Hawk "):
					refuse(401, 110)(w, r)
				case left > 0:
					left--
					reply(w, 401, map[string]any{"errno": c.errno, "serverTime": ahead})
				case c.errno == 111 && !strings.Contains(h, `ts="`+itoa(ahead)+`"`):
					refuse(500, 999)(w, r)
				default:
					answers(`[]`)(w, r)
				}
			})
			client := s.client(t, func(*wire.Params) {})
			_, err := client.AttachedClients(t.Context(), session())
			if (err == nil) != c.ok {
				t.Errorf("gave %v", err)
			}
			if got := s.schemes(); got != c.schemes {
				t.Errorf("showed %q, want %q", got, c.schemes)
			}
			var e *wire.StatusError
			if !c.ok && (!errors.As(err, &e) || e.Errno != c.errno) {
				t.Errorf("gave %v", err)
			}
		})
	}
}

func itoa(n int64) string {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(b)
}
