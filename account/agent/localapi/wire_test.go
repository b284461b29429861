package localapi_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

// wire is what the calls of the table look like on the socket, in its order. Scripts and older faces
// rely on it: lines may be added, never changed.
var wire = []string{
	`GET /v1/snapshot`,
	`GET /v1/summary`,
	`DELETE /v1/earlier`,
	`DELETE /v1/damaged`,
	`POST /v1/events/fetch`,
	`POST /v1/refresh`,
	`POST /v1/refresh?why=looking`,
	`POST /v1/refresh?wait=1&why=missing`,
	`POST /v1/signin/shown {"form":"email"}`,
	`POST /v1/signin {"email":"a@example.com"}`,
	`POST /v1/signin/complete {"address":"https://x/?code=1\u0026state=2"}`,
	`DELETE /v1/signin`,
	`POST /v1/signout {"deleteLocalData":true}`,
	`POST /v1/send {"links":[{"url":"https://a.example/?q=\u003c\u0026\u003e","title":"T"}],"devices":["d1","d2"],"private":true,"hold":true}`,
	`POST /v1/outbox/undo {"ids":["a","b"]}`,
	`POST /v1/outbox/retry {"ids":["a"]}`,
	`POST /v1/outbox/delete {"ids":["a"]}`,
	`GET /v1/outbox/a%2F..%2Fb`,
	`GET /v1/outbox`,
	`GET /v1/inbox?`,
	`GET /v1/inbox?before=x&limit=500&text=a+b%26c&unread=1`,
	`POST /v1/inbox/read {"ids":["a"]}`,
	`POST /v1/inbox/delete {"ids":["a"]}`,
	`POST /v1/callers/admit {"id":"firefox:a@b","name":"A","via":"firefox:c@d","purpose":"send","links":3}`,
	`PATCH /v1/callers {"id":"firefox:a@b","decision":"denied","inbox":true}`,
	`POST /v1/devices/rename {"name":"Zoë's box"}`,
	`POST /v1/devices/disconnect {"ids":["d"]}`,
	`POST /v1/clients/disconnect {"ids":["c"]}`,
	`GET /v1/avatar`,
	`GET /v1/pages/manage_account`,
	`POST /v1/unlock {"passphrase":"open"}`,
	`POST /v1/protect {"passphrase":"open","protection":"passphrase"}`,
	`PUT /v1/settings {"startAtLogin":true,"open":"from","openFrom":["d"],"notifications":false,"grouped":false,"language":"de","usageData":false}`,
	`POST /v1/quiet {"minutes":60}`,
	`POST /v1/window/show {"pane":"inbox"}`,
	`POST /v1/desktop {"display":":7","authority":"/a","wayland":"/w","bus":"unix:path=/b"}`,
	`POST /v1/renew {"version":"0.2.0"}`,
	`POST /v1/quit`,
	`GET /v1/diagnostics`,
	`POST /v1/pair/show`,
	`GET /v1/pair/code`,
	`POST /v1/pair/join {"address":"https://example.com/pair#x"}`,
	`POST /v1/pair/confirm {"totp":"123456"}`,
	`DELETE /v1/pair`,
}

func TestCallsOnTheWire(t *testing.T) {
	var got []string
	pipe := localapi.NewPipe()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %s", r.Method, r.RequestURI, body)))
		w.WriteHeader(http.StatusTeapot)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(pipe) // ends with Close
	}()
	c := pipe.Client()
	for _, call := range calls {
		if _, err := call.do(t.Context(), c); err == nil || !strings.Contains(err.Error(), "418") {
			t.Errorf("%s: %v", call.want, err)
		}
	}
	if err := server.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if !slices.Equal(got, wire) {
		t.Errorf("on the wire:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(wire, "\n"))
	}
}

func TestAnswersOnTheWire(t *testing.T) {
	agent := throughHandler(t)
	for path, want := range map[string]string{
		"GET /v1/pair/code":           `200 application/json {"url":"https://example.com/pair#x"}`,
		"GET /v1/pages/pair_phone":    `200 application/json {"url":"https://example.com/phone"}`,
		"POST /v1/window/show":        `200 application/json {"shown":true}`,
		"GET /v1/diagnostics":         "200 text/plain; charset=utf-8 all is well",
		"GET /v1/avatar":              "200 application/octet-stream \x89PNG",
		"GET /v1/outbox":              `200 application/json []`,
		"POST /v1/refresh":            "204",
		"POST /v1/devices/disconnect": `400 application/json {"code":"usage","message":"the call must name exactly one entry"}`,
	} {
		if got := agent(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

// throughHandler returns a way to make calls by hand to an agent that has something to answer.
func throughHandler(t *testing.T) func(route string) string {
	agent, _ := localapitest.New(t)
	agent.Answer("PairingCode", "https://example.com/pair#x")
	agent.Answer("PageURL", "https://example.com/phone")
	agent.Answer("ShowWindow", true)
	agent.Answer("Diagnostics", "all is well")
	agent.Answer("Avatar", []byte("\x89PNG"))
	h := localapi.Handler(agent, noLog)
	return func(route string) string {
		method, path, _ := strings.Cut(route, " ")
		r := httptest.NewRequest(method, "http://agent.tabferry.invalid"+path, strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return strings.TrimSpace(fmt.Sprintf("%d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body))
	}
}

// What the page calls a list is one, also of nothing: in a snapshot, an answer, a stream and its changes.
func TestListsOfNothing(t *testing.T) {
	agent, _ := localapitest.New(t)
	agent.Answer("FetchEvents", []localapi.AccountEvent(nil))
	agent.Answer("Outbox", []localapi.OutboxEntry(nil))
	agent.Answer("Inbox", []localapi.InboxEntry(nil))
	h := localapi.Handler(agent, noLog)
	for _, c := range [][2]string{{"GET", "snapshot"}, {"POST", "events/fetch"}, {"GET", "outbox"}, {"GET", "inbox"}} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(c[0], "http://agent.tabferry.invalid/v1/"+c[1], nil))
		if w.Code != http.StatusOK || strings.Contains(w.Body.String(), "null") {
			t.Errorf("%s: %d %s", c[1], w.Code, w.Body)
		}
	}
	var served *localapitest.Agent
	conn := dialled(t, func(a *localapitest.Agent) {
		served = a
		a.Set(localapi.Snapshot{Revision: 2, Devices: localapi.DeviceList{Items: []localapi.Device{{ID: "d"}}}})
	})
	if _, err := io.WriteString(conn, "GET /v1/watch?face=command&changes=1 HTTP/1.1\r\nHost: agent.tabferry.invalid\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	r, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(r.Body)
	for _, want := range []string{`"recent":[]`, `"items":[]`} { // all of it, and then that the device has gone
		for lines.Scan() && lines.Text() == "" {
		}
		if text := lines.Text(); !strings.Contains(text, want) || strings.Contains(text, "null") {
			t.Errorf("the stream says %s", text)
		}
		served.Set(localapi.Snapshot{Revision: 3})
	}
}
