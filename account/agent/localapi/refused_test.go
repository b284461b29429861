package localapi_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// refusedAs fails unless an answer is an Error with this status and code, whose message has these words.
func refusedAs(t *testing.T, status int, kind string, body io.Reader, want int, code localapi.Code, words string) {
	t.Helper()
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	var e localapi.Error
	if err := json.Unmarshal(text, &e); err != nil || status != want || kind != "application/json" || e.Code != code || !strings.Contains(e.Message, words) {
		t.Errorf("%d, %s: %s\nwant %d with %s and %q", status, kind, text, want, code, words)
	}
}

// Whatever is wrong with a call, its author reads what, and in the words of the page: what, and where.
func TestWhatIsWrongIsSaid(t *testing.T) {
	const origin, form = "http://agent.tabferry.invalid", "application/json"
	deep := strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
	cases := []struct {
		name, method, path, kind, body string
		change                         func(*http.Request)
		status                         int
		words                          string
	}{
		{"no body", "POST", "/v1/signin", form, "", nil, 400, "has no body"},
		{"white space", "POST", "/v1/signin", form, " \n", nil, 400, "byte 2"},
		{"half an object", "POST", "/v1/signin", form, `{"email"`, nil, 400, "byte 8"},
		{"a mistyped object", "POST", "/v1/signin", form, `{'email': "x"}`, nil, 400, "byte 2"},
		{"two objects", "POST", "/v1/signin", form, `{} {}`, nil, 400, "byte 4"},
		{"a byte order mark", "POST", "/v1/signin", form, "\ufeff{}", nil, 400, "byte 1"},
		{"null", "PUT", "/v1/settings", form, `null`, nil, 400, "must be a JSON object"},
		{"a list", "POST", "/v1/send", form, ` []`, nil, 400, "must be a JSON object"},
		{"a text", "POST", "/v1/send", form, `"links"`, nil, 400, "must be a JSON object"},
		{"Latin-1", "POST", "/v1/devices/rename", form, "{\"name\":\"Zo\xeb\"}", nil, 400, "not UTF-8"},
		{"a number for a text", "POST", "/v1/send", form, `{"links":[{"url":5}]}`, nil, 400, "links.url has a number where a text is wanted"},
		{"a text for a list", "POST", "/v1/send", form, `{"links":"https://a.example/"}`, nil, 400, "links has a text where a list is wanted"},
		{"a list for an object", "POST", "/v1/send", form, `{"to":[]}`, nil, 400, "to has a list where an object is wanted"},
		{"an object for a yes", "POST", "/v1/signout", form, `{"deleteLocalData":{}}`, nil, 400, "deleteLocalData has an object where true or false is wanted"},
		{"a yes for a text", "POST", "/v1/outbox/undo", form, `{"ids":[true]}`, nil, 400, "ids has true or false where a text is wanted"},
		{"half a minute", "POST", "/v1/quiet", form, `{"minutes":0.5}`, nil, 400, "minutes has a number where a whole number is wanted"},
		{"a number beyond all", "POST", "/v1/quiet", form, `{"minutes":1e99}`, nil, 400, "minutes has a number where a whole number is wanted"},
		{"a name twice", "POST", "/v1/send", form, `{"links":[{"url":"https://a.example/","title":"A"}],"links":[{"url":"https://b.example/"}]}`, nil, 400, `"links" stands twice`},
		{"a name twice within", "POST", "/v1/send", form, `{"links":[{"url":"https://a.example/"},{"url":"x","URL":"y"}]}`, nil, 400, `"URL" stands twice`},
		{"too deep", "POST", "/v1/send", form, `{"links":` + deep + `}`, nil, 400, "cannot be read on from byte"},
		{"too large", "POST", "/v1/signin", form, `{"email":"` + strings.Repeat("x", 5<<20) + `"}`, nil, 400, "larger than 4194304 bytes"},
		{"a form", "POST", "/v1/signin", "application/x-www-form-urlencoded", "email=x", nil, 400, "Content-Type must be application/json"},
		{"no kind", "POST", "/v1/signin", "", "{}", nil, 400, "Content-Type must be application/json"},
		{"plain text", "POST", "/v1/signin", "text/plain", `{"email":"x"}`, nil, 400, "Content-Type must be application/json"},
		{"no ids", "POST", "/v1/outbox/undo", form, `{"ids":[]}`, nil, 400, "names no entry"},
		{"two ids for one", "POST", "/v1/devices/disconnect", form, `{"ids":["a","b"]}`, nil, 400, "exactly one entry"},
		{"a wait that wraps around", "POST", "/v1/send", form, `{"waitMillis":18446744073710}`, nil, 400, "waitMillis must be between 0 and 20000"},
		{"a wait below nothing", "POST", "/v1/send", form, `{"waitMillis":-1}`, nil, 400, "waitMillis must be between 0 and 20000"},
		{"devices twice", "POST", "/v1/send", form, `{"devices":["d"],"to":{}}`, nil, 400, "not both"},
		{"no version", "POST", "/v1/renew", form, `{}`, nil, 400, "version"},
		{"an unknown purpose", "POST", "/v1/callers/admit", form, `{"id":"firefox:a@b","purpose":"fun"}`, nil, 400, "purpose is look, devices"},
		{"fewer links than none", "POST", "/v1/callers/admit", form, `{"id":"firefox:a@b","purpose":"send","links":-1}`, nil, 400, "links must not be below 0"},
		{"a change of nothing", "PATCH", "/v1/callers", form, `{"id":"firefox:a@b"}`, nil, 400, "none of decision, inbox and signIn"},
		{"a query that is none", "GET", "/v1/inbox?text=%zz", "", "", nil, 400, "name=value"},
		{"semicolons", "GET", "/v1/inbox?text=a;limit=3", "", "", nil, 400, "name=value"},
		{"a limit twice", "GET", "/v1/inbox?limit=3&limit=4", "", "", nil, 400, "limit stands twice"},
		{"a limit in words", "GET", "/v1/inbox?limit=ten", "", "", nil, 400, "limit must be between 1 and 500"},
		{"a limit of nothing", "GET", "/v1/inbox?limit=0", "", "", nil, 400, "limit must be between 1 and 500"},
		{"a limit too high", "GET", "/v1/inbox?limit=501", "", "", nil, 400, "limit must be between 1 and 500"},
		{"unread in words", "GET", "/v1/inbox?unread=true", "", "", nil, 400, "unread is 1, 0 or missing"},
		{"wait in words", "POST", "/v1/refresh?wait=yes", "", "", nil, 400, "wait is 1, 0 or missing"},
		{"wait without a word", "POST", "/v1/refresh?wait", "", "", nil, 400, "wait is 1, 0 or missing"},
		{"another reason", "POST", "/v1/refresh?why=fun", "", "", nil, 400, "all, looking or missing"},
		{"changes in words", "GET", "/v1/watch?face=command&changes=all", "", "", nil, 400, "changes is 1, 0 or missing"},
		{"an unknown face", "GET", "/v1/watch?face=mirror", "", "", nil, 400, "face is window, tray"},
		{"no face", "GET", "/v1/watch", "", "", nil, 400, "face is window, tray"},
		{"no call", "GET", "/v1/nothing", "", "", nil, 404, "no call /v1/nothing"},
		{"another version", "GET", "/v2/snapshot", "", "", nil, 404, "no call /v2/snapshot"},
		{"no name", "GET", "/v1/outbox/", "", "", nil, 404, "no call /v1/outbox/"},
		{"a path with more slashes", "GET", "/v1//snapshot", "", "", nil, 404, "no call /v1//snapshot"},
		{"another method", "GET", "/v1/send", "", "", nil, 405, "/v1/send is asked with POST"},
		{"a look at an act", "GET", "/v1/quit", "", "", nil, 405, "/v1/quit is asked with POST"},
		{"another of two", "PUT", "/v1/signin", "", "", nil, 405, "/v1/signin is asked with POST or DELETE"},
		{"a method in small letters", "get", "/v1/snapshot", "", "", nil, 405, "/v1/snapshot is asked with GET"},
		{"the host of curl", "GET", "/v1/snapshot", "", "", func(r *http.Request) { r.Host = "localhost" }, 400, "host of every call is agent.tabferry.invalid"},
		{"a page's", "GET", "/v1/snapshot", "", "", func(r *http.Request) { r.Header.Set("Origin", "null") }, 400, "Origin"},
		{"an empty Origin", "GET", "/v1/snapshot", "", "", func(r *http.Request) { r.Header["Origin"] = []string{""} }, 400, "Origin"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			agent, _ := localapitest.New(t)
			r := httptest.NewRequest(c.method, origin+c.path, strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			if c.change != nil {
				c.change(r)
			}
			w := httptest.NewRecorder()
			localapi.Handler(agent, noLog).ServeHTTP(w, r)
			code := localapi.CodeUsage
			if c.status == http.StatusNotFound {
				code = localapi.CodeUnsupported
			}
			refusedAs(t, w.Code, w.Header().Get("Content-Type"), w.Body, c.status, code, c.words)
			if allow := w.Header().Get("Allow"); (allow == "") != (c.status != http.StatusMethodNotAllowed) {
				t.Errorf("Allow: %q", allow)
			}
			if got := agent.Log(); len(got) != 0 {
				t.Errorf("the agent was asked %q", got)
			}
		})
	}
}

// A call that does not come whole is not told that all went well, nor one whose caller says early that it has
// nothing more to say, and still reads.
func TestHalfACallIsNoSuccess(t *testing.T) {
	head := func(path string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: agent.tabferry.invalid\r\nContent-Type: application/json\r\n"
	}
	answer := func(t *testing.T, conn io.ReadWriter, said, words string) {
		t.Helper()
		if _, err := io.WriteString(conn, said); err != nil {
			t.Fatal(err)
		}
		if half, ok := conn.(interface{ CloseWrite() error }); ok {
			if err := half.CloseWrite(); err != nil {
				t.Fatal(err)
			}
		}
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		refusedAs(t, r.StatusCode, r.Header.Get("Content-Type"), r.Body, http.StatusBadRequest, localapi.CodeUsage, words)
	}
	t.Run("late", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			answer(t, dialled(t, nil), head("/v1/quiet")+"Content-Length: 20\r\n\r\n{\"minutes\":", "did not come within 10s")
		})
	})
	t.Run("chunks that are none", func(t *testing.T) {
		answer(t, dialled(t, nil), head("/v1/quiet")+"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "framed wrongly")
	})
	path := filepath.Join(t.TempDir(), "run", "agent.sock")
	l, err := localapi.Listen(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	agent := localapitest.Serve(t, l, noLog)
	agent.Await("Refresh", func(ctx context.Context) { <-ctx.Done() })
	for name, c := range map[string]struct{ said, words string }{
		"broken off":  {head("/v1/quiet") + "Content-Length: 20\r\n\r\n{\"minutes\":", "breaks off after 11 bytes"},
		"closed side": {head("/v1/refresh?wait=1") + "Content-Length: 0\r\n\r\n", "closed from the other side"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("unix", path)
			if err != nil {
				t.Skip("no Unix sockets here:", err)
			}
			defer conn.Close()
			answer(t, conn, c.said, c.words)
		})
	}
}

// A program that sends all of a call before it reads finds the refusal of one that is too large.
func TestTooLargeIsReadToItsEnd(t *testing.T) {
	conn := dialled(t, nil)
	body := strings.Repeat("x", 20<<20)
	if _, err := fmt.Fprintf(conn, "POST /v1/send HTTP/1.1\r\nHost: agent.tabferry.invalid\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	refusedAs(t, r.StatusCode, r.Header.Get("Content-Type"), r.Body, http.StatusBadRequest, localapi.CodeUsage, "larger than")
}
