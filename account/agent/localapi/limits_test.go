package localapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// hung are an agent that hears and never answers, and one that does not even hear.
var hung = map[string]func(t *testing.T) *localapi.Client{
	"hears": func(t *testing.T) *localapi.Client {
		agent, c := localapitest.New(t)
		agent.Set(snapshot(1))
		for _, call := range calls {
			agent.Hold(method(call.want))
		}
		return c
	},
	"is stopped": func(t *testing.T) *localapi.Client {
		pipe := localapi.NewPipe()
		go func() { // the system takes connections for a stopped process, and what is written to it
			for conn, err := pipe.Accept(); err == nil; conn, err = pipe.Accept() {
				go func() { _, _ = io.Copy(io.Discard, conn) }()
			}
		}()
		c := pipe.Client()
		t.Cleanup(func() { _ = pipe.Close() })
		return c
	},
}

// No call outlives its limit, and each says that the agent is there.
func TestEveryCallEndsOnAHungAgent(t *testing.T) {
	for name, open := range hung {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := open(t)
				for _, call := range calls {
					begun := time.Now()
					_, err := call.do(t.Context(), c)
					var e *localapi.Error
					if !errors.As(err, &e) || e.Code != localapi.CodeNotReachable || !localapi.Silent(err) {
						t.Errorf("%s: %v", call.want, err)
					}
					if took := time.Since(begun); took != localapi.AnswerTime && took != localapi.ServerTime {
						t.Errorf("%s took %v", call.want, took)
					}
				}
			})
		})
	}
}

func TestWatchOfAHungAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		for _, err := range hung["is stopped"](t).Watch(t.Context(), localapi.FaceCommand) {
			if took := time.Since(begun); !localapi.Silent(err) || took != localapi.AnswerTime {
				t.Errorf("after %v: %v", took, err)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) {
		// Its first update comes, and no word after it.
		pipe := localapi.NewPipe()
		go func() {
			conn, err := pipe.Accept()
			if err != nil {
				return
			}
			if _, err := http.ReadRequest(bufio.NewReader(conn)); err != nil { // an answer before it is asked for is none
				return
			}
			_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\ndata: {\"snapshot\":{\"revision\":1}}\n\n")
			_, _ = io.Copy(io.Discard, conn)
		}()
		c := pipe.Client()
		defer pipe.Close()
		var last error
		var read time.Time
		for u, err := range c.Watch(t.Context(), localapi.FaceCommand) {
			if last = err; u.Snapshot.Revision == 1 {
				time.Sleep(time.Hour) // a reader may take its time
				read = time.Now()
			}
		}
		if silent := time.Since(read); !localapi.Silent(last) || silent < 4*time.Minute || silent > 10*time.Minute {
			t.Errorf("after %v: %v", silent, last)
		}
	})
}

// Whoever begins and does not go on is hung up on: with the body of a call, with one that nobody asked
// for, with reading the answer, or with the next call.
func TestSlowFacesAreCutOff(t *testing.T) {
	head := func(method, path string) string {
		return method + " " + path + " HTTP/1.1\r\nHost: agent.tabferry.invalid\r\nContent-Type: application/json\r\n"
	}
	for name, said := range map[string]string{
		"half a header":     "POST /v1/signin HT",
		"half a body":       head("POST", "/v1/signin") + "Content-Length: 20\r\n\r\n{",
		"an unasked body":   head("GET", "/v1/snapshot") + "Content-Length: 20\r\n\r\n{",
		"an unasked stream": head("POST", "/v1/quit") + "Transfer-Encoding: chunked\r\n\r\n",
		"no next call":      head("GET", "/v1/snapshot") + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				conn := dialled(t, nil)
				if _, err := io.WriteString(conn, said); err != nil {
					t.Fatal(err)
				}
				begun := time.Now()
				_, _ = io.Copy(io.Discard, conn)
				if held := time.Since(begun); held > 3*time.Minute {
					t.Errorf("it was held for %v", held)
				}
			})
		})
	}
	for _, path := range []string{"/v1/watch?face=window", "/v1/inbox"} {
		t.Run("reads nothing of "+path, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				long := localapi.InboxEntry{Title: strings.Repeat("x", 1<<20)}
				conn := dialled(t, func(a *localapitest.Agent) {
					a.Set(localapi.Snapshot{Inbox: localapi.Inbox{Recent: []localapi.InboxEntry{long}}})
				})
				if _, err := io.WriteString(conn, head("GET", path)+"\r\n"); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				if got, err := io.Copy(io.Discard, conn); got > 1<<20 {
					t.Errorf("the answer waited: %d bytes, %v", got, err)
				}
			})
		})
	}
}

// A call may take longer than its body, and the next one on its connection is new.
func TestSlowCallsAreNotCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn := dialled(t, func(a *localapitest.Agent) {
			a.Await("CompleteSignIn", func(ctx context.Context) {
				select {
				case <-ctx.Done():
				case <-time.After(time.Minute):
				}
			})
		})
		answers := bufio.NewReader(conn)
		for range 2 {
			if _, err := fmt.Fprintf(conn, "POST /v1/signin/complete HTTP/1.1\r\nHost: agent.tabferry.invalid\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"); err != nil {
				t.Fatal(err)
			}
			answer, err := http.ReadResponse(answers, nil)
			if err != nil || answer.StatusCode != http.StatusNoContent {
				t.Fatalf("%v, %v", answer, err)
			}
			time.Sleep(time.Minute)
		}
	})
}

// dialled is a bare connection to an agent.
func dialled(t *testing.T, prepare func(*localapitest.Agent)) net.Conn {
	t.Helper()
	pipe := localapi.NewPipe()
	agent := localapitest.Serve(t, pipe, noLog)
	agent.Set(snapshot(1))
	if prepare != nil {
		prepare(agent)
	}
	conn, err := pipe.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
