package extension

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/google/go-cmp/cmp"

	"github.com/tabferry/tabferry/account/agent/localapi"
	"github.com/tabferry/tabferry/account/agent/localapi/localapitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const us = familyFirefox + ":" + GeckoID

// browser is the other end of a host's pipes.
type browser struct {
	t      *testing.T
	in     *io.PipeWriter
	out    *io.PipeReader
	ended  chan error
	starts int // of the agent
	shown  []string
}

// open starts a host for a caller, on a scripted agent.
func open(t *testing.T, caller string) (*browser, *localapitest.Agent) {
	t.Helper()
	agent, client := localapitest.New(t)
	agent.Set(signedIn())
	in, to := io.Pipe()
	from, out := io.Pipe()
	b := &browser{t: t, in: to, out: from, ended: make(chan error, 1)}
	go func() {
		b.ended <- Run(t.Context(), Params{
			In: in, Out: out, Caller: caller, Version: "1.2.3", Client: func() *localapi.Client { return client },
			EnsureAgent: func(context.Context) error {
				b.starts++
				agent.Down(false)
				return nil
			},
			ShowWindow: func(_ context.Context, pane string) error { b.shown = append(b.shown, pane); return nil },
		})
	}()
	t.Cleanup(func() {
		_ = to.Close()   // a pipe in memory does not fail
		_ = from.Close() // who writes still is told that nobody reads
		if err := <-b.ended; err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("the host ended: %v", err)
		}
	})
	return b, agent
}

func signedIn() localapi.Snapshot {
	return localapi.Snapshot{
		Version: "1.2.3", Account: localapi.Account{State: localapi.SignedIn, Email: "a@example.com", UID: "secretuid"},
		Settings: localapi.Settings{Language: "fr"},
		Devices: localapi.DeviceList{ListState: localapi.ListState{Known: true}, Items: []localapi.Device{
			{ID: "phone", Name: "Phone", Type: "mobile", CanReceiveTabs: true, LastSentTo: time.Unix(1, 0).UTC()},
			{ID: "me", Name: "Here", This: true, CanReceiveTabs: true},
			{ID: "tablet", Name: "Tablet", CanReceiveTabs: true},
			{ID: "old", Name: "Old", PushOff: true},
		}},
		Callers: []localapi.Caller{{ID: us, Own: true, Decision: localapi.CallerAllowed, Inbox: true, SignIn: true}},
	}
}

// send writes one frame of any text.
func (b *browser) send(text string) {
	b.t.Helper()
	frame := binary.NativeEndian.AppendUint32(nil, uint32(len(text)))
	if _, err := b.in.Write(append(frame, text...)); err != nil {
		b.t.Fatal(err)
	}
}

// read reads one message.
func (b *browser) read() string {
	b.t.Helper()
	var header [4]byte
	if _, err := io.ReadFull(b.out, header[:]); err != nil {
		b.t.Fatal(err)
	}
	text := make([]byte, binary.NativeEndian.Uint32(header[:]))
	if _, err := io.ReadFull(b.out, text); err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

func (b *browser) ask(text string) string {
	b.t.Helper()
	b.send(text)
	return b.read()
}

// code is the code of an answer's refusal.
func code(t *testing.T, text string) string {
	t.Helper()
	var a answer
	if err := json.Unmarshal([]byte(text), &a); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if a.Error == nil {
		return ""
	}
	return string(a.Error.Code)
}

// Every example of a request is answered like this: the shapes that the extension relies on.
func TestAnswers(t *testing.T) {
	for _, c := range []struct{ ask, want, call string }{
		{
			`{"v":1,"id":"a","type":"hello"}`,
			`{"v":1,"id":"a","ok":true,"result":{"version":"1.2.3","protocol":1,"demo":false,"account":"signed_in","language":"fr","allowed":"allowed","optIns":{"inbox":true,"signin":true},"unread":2,"waiting":1}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"look"}`,
		},
		{
			`{"v":1,"id":"a","type":"devices"}`,
			`{"v":1,"id":"a","ok":true,"result":{"devices":[{"id":"phone","name":"Phone","type":"mobile","canReceive":true,"pushOff":false,"lastSentTo":"1970-01-01T00:00:01Z"},{"id":"tablet","name":"Tablet","type":"","canReceive":true,"pushOff":false},{"id":"old","name":"Old","type":"","canReceive":false,"pushOff":true}],"last":"phone","known":true}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"devices"}; Refresh {looking false}`,
		},
		{
			`{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/?q=1","title":"A"},{"url":"http://b.example"}],"to":["tablet","phone","tablet"],"private":true,"hold":true}`,
			`{"v":1,"id":"a","ok":true,"result":{"sends":[{"id":"o1","item":0,"device":"tablet","deviceName":"","state":"waiting"},{"id":"o2","item":0,"device":"phone","deviceName":"","state":"waiting"},{"id":"o3","item":1,"device":"tablet","deviceName":"","state":"waiting"},{"id":"o4","item":1,"device":"phone","deviceName":"","state":"waiting"}]}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"send","links":2}; Send {"links":[{"url":"https://a.example/?q=1","title":"A"},{"url":"http://b.example"}],"devices":["tablet","phone"],"private":true,"hold":true,"caller":"firefox:send@tabferry.github.io"}`,
		},
		{
			`{"v":1,"id":"a","type":"send","text":"see https://a.example/x, and (https://b.example/).","to":"all"}`,
			`{"v":1,"id":"a","ok":true,"result":{"sends":[{"id":"o1","item":0,"device":"phone","deviceName":"","state":"waiting"},{"id":"o2","item":0,"device":"tablet","deviceName":"","state":"waiting"},{"id":"o3","item":1,"device":"phone","deviceName":"","state":"waiting"},{"id":"o4","item":1,"device":"tablet","deviceName":"","state":"waiting"}],"items":[{"url":"https://a.example/x"},{"url":"https://b.example/"}]}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"send","links":2}; Send {"links":[{"url":"https://a.example/x"},{"url":"https://b.example/"}],"devices":["phone","tablet"],"caller":"firefox:send@tabferry.github.io"}`,
		},
		{
			`{"v":1,"id":"a","type":"state","ids":["x","gone"]}`,
			`{"v":1,"id":"a","ok":true,"result":{"sends":[{"id":"x","device":"phone","deviceName":"Phone","title":"T","host":"a.example","state":"failed","reason":"no"}],"missing":["gone"]}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}; Sent gone`,
		},
		{`{"v":1,"id":"a","type":"undo","ids":["x","y"]}`, `{"v":1,"id":"a","ok":true,"result":{"undone":true}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}; Undo x,y`},
		{
			`{"v":1,"id":"a","type":"inbox","op":"list","limit":1}`,
			`{"v":1,"id":"a","ok":true,"result":{"entries":[{"id":"i1","kind":"tab","from":"Phone","title":"T","url":"https://a.example/","host":"a.example","canOpen":true,"private":false,"read":false,"at":"0001-01-01T00:00:00Z"}],"unread":2,"total":3,"more":true}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"inbox"}; Inbox {"Text":"","Before":"","Limit":50,"Unread":false}`,
		},
		{`{"v":1,"id":"a","type":"inbox","op":"read","ids":["i1"]}`, `{"v":1,"id":"a","ok":true,"result":{"unread":2}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"inbox"}; MarkRead i1`},
		{`{"v":1,"id":"a","type":"inbox","op":"count"}`, `{"v":1,"id":"a","ok":true,"result":{"unread":2}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"inbox"}`},
		{`{"v":1,"id":"a","type":"open-window","pane":"send"}`, `{"v":1,"id":"a","ok":true,"result":{"shown":true}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}`},
		{
			`{"v":1,"id":"a","type":"signin"}`,
			`{"v":1,"id":"a","ok":true,"result":{"underWay":true,"origin":"https://accounts.example","redirect":"https://accounts.example/oauth/success/x","started":"1970-01-01T00:00:09Z"}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"signin"}`,
		},
		{`{"v":1,"id":"a","type":"signin-finish","address":"https://x/?code=1&state=2"}`, `{"v":1,"id":"a","ok":true,"result":{"account":"signed_in"}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"signin"}; CompleteSignIn https://x/?code=1&state=2`},
		{
			`{"v":1,"id":"a","type":"callers"}`,
			`{"v":1,"id":"a","ok":true,"result":{"callers":[{"id":"tree@x","name":"Tree","decision":"asked","links":0}]}}`,
			`Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}`,
		},
		{`{"v":1,"id":"a","type":"decide","extension":"tree@x","decision":"allowed"}`, `{"v":1,"id":"a","ok":true,"result":{"decision":"allowed"}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}; ChangeCaller {"id":"firefox:tree@x","decision":"allowed"}`},
		{`{"v":1,"id":"a","type":"opt-in","inbox":false}`, `{"v":1,"id":"a","ok":true,"result":{"optIns":{"inbox":false,"signin":false}}}`, `Admit {"id":"firefox:send@tabferry.github.io","purpose":"own"}; ChangeCaller {"id":"firefox:send@tabferry.github.io","inbox":false}`},
	} {
		b, agent := open(t, us)
		agent.Change(func(s *localapi.Snapshot) {
			s.Outbox = localapi.Outbox{Waiting: 1, Recent: []localapi.OutboxEntry{{ID: "x", ToID: "phone", To: "Phone", Title: "T", Host: "a.example", URL: "https://a.example/?secret", State: localapi.SendFailed, Reason: "no"}}}
			s.Inbox = localapi.Inbox{Unread: 2, Total: 3, Recent: []localapi.InboxEntry{
				{ID: "i0", Kind: localapi.KindUnreadable},
				{ID: "i1", Kind: localapi.KindTab, From: "Phone", Title: "T", URL: "https://a.example/", Host: "a.example", CanOpen: true},
				{ID: "i2", Kind: localapi.KindTab},
			}}
			s.SignIn = &localapi.SignIn{URL: "https://accounts.example/authorize?state=secret", RedirectPrefix: "https://accounts.example/oauth/success/x", Started: time.Unix(9, 0).UTC()}
			s.Callers = append([]localapi.Caller{{ID: "firefox:tree@x", Name: "Tree", Via: us, Decision: localapi.CallerAsked}, {ID: "chromium:other", Via: "chromium:us"}}, s.Callers...)
		})
		if diff := cmp.Diff(c.want, b.ask(c.ask)); diff != "" {
			t.Errorf("%s:\n%s", c.ask, diff)
		}
		if diff := cmp.Diff(c.call, strings.Join(agent.Log(), "; ")); diff != "" {
			t.Errorf("%s asked the agent:\n%s", c.ask, diff)
		}
	}
}

// What is refused asks the agent for nothing that changes something, opens no window, starts no program.
func TestMaliciousInput(t *testing.T) {
	links := strings.Repeat(`{"url":"https://a.example/"},`, 101)
	words := strings.Repeat("https://", 1)
	for i := range 101 {
		words += "x" + strings.Repeat("y", i) + ".example https://"
	}
	many := strings.TrimSuffix(strings.Repeat(`"i",`, 501), ",")
	for _, c := range []struct{ name, text, code string }{
		{"nothing", ``, "bad_message"},
		{"no JSON", `hello`, "bad_message"},
		{"no object", `[1]`, "bad_message"},
		{"null", `null`, "bad_message"},
		{"two objects", `{"v":1,"id":"a","type":"hello"}{}`, "bad_message"},
		{"invalid UTF-8", "{\"v\":1,\"id\":\"a\xff\",\"type\":\"hello\"}", "bad_message"},
		{"a deep nest", strings.Repeat("[", 100_000), "bad_message"},
		{"a deep nest in a field", `{"v":1,"id":"a","type":"send","items":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `,"to":"all"}`, "bad_message"},
		{"no id", `{"v":1,"type":"hello"}`, "bad_message"},
		{"an empty id", `{"v":1,"id":"","type":"hello"}`, "bad_message"},
		{"a long id", `{"v":1,"id":"` + strings.Repeat("x", 65) + `","type":"hello"}`, "bad_message"},
		{"a number for an id", `{"v":1,"id":7,"type":"hello"}`, "bad_message"},
		{"two ids", `{"v":1,"id":"a","id":"b","type":"hello"}`, "bad_message"},
		{"two types", `{"v":1,"id":"a","type":"devices","type":"hello"}`, "bad_message"},
		{"two links in one", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/","url":"https://b.example/"}],"to":"all"}`, "bad_message"},
		{"no version", `{"id":"a","type":"hello"}`, "bad_version"},
		{"another version", `{"v":2,"id":"a","type":"hello"}`, "bad_version"},
		{"no type", `{"v":1,"id":"a"}`, "bad_message"},
		{"an unknown type", `{"v":1,"id":"a","type":"exec"}`, "unknown_type"},
		{"another case", `{"v":1,"id":"a","type":"Hello"}`, "unknown_type"},
		{"quit", `{"v":1,"id":"a","type":"quit"}`, "unknown_type"},
		{"an unknown field", `{"v":1,"id":"a","type":"hello","log":"debug"}`, "bad_message"},
		{"a field of another case", `{"v":1,"id":"a","type":"open-window","Pane":"send"}`, "bad_message"},
		{"a field of another type", `{"v":1,"id":"a","type":"devices","pane":"send"}`, "bad_message"},
		{"a path for a pane", `{"v":1,"id":"a","type":"open-window","pane":"../../bin/sh"}`, "bad_message"},
		{"a flag for a pane", `{"v":1,"id":"a","type":"open-window","pane":"--demo"}`, "bad_message"},
		{"a script", `{"v":1,"id":"a","type":"send","items":[{"url":"javascript:alert(1)"}],"to":"all"}`, "not_a_link"},
		{"a file", `{"v":1,"id":"a","type":"send","items":[{"url":"file:///etc/passwd"}],"to":"all"}`, "not_a_link"},
		{"a data address", `{"v":1,"id":"a","type":"send","items":[{"url":"data:text/html,x"}],"to":"all"}`, "not_a_link"},
		{"a page of the browser", `{"v":1,"id":"a","type":"send","items":[{"url":"about:config"}],"to":"all"}`, "not_a_link"},
		{"a control character", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.ex\u0007ample/"}],"to":"all"}`, "not_a_link"},
		{"a number for a link", `{"v":1,"id":"a","type":"send","items":[{"url":1}],"to":"all"}`, "bad_message"},
		{"a field more in an item", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/","cmd":"x"}],"to":"all"}`, "bad_message"},
		{"text and items", `{"v":1,"id":"a","type":"send","text":"https://a.example","items":[{"url":"https://a.example/"}],"to":"all"}`, "bad_message"},
		{"no links", `{"v":1,"id":"a","type":"send","items":[],"to":"all"}`, "usage"},
		{"no links in a text", `{"v":1,"id":"a","type":"send","text":"nothing here","to":"all"}`, "usage"},
		{"too many links", `{"v":1,"id":"a","type":"send","items":[` + strings.TrimSuffix(links, ",") + `],"to":"all"}`, "too_many"},
		{"too many links in a text", `{"v":1,"id":"a","type":"send","text":"` + words + `end.example","to":"all"}`, "too_many"},
		{"no devices", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}]}`, "usage"},
		{"an empty list of devices", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":[]}`, "usage"},
		{"another word", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":"everyone"}`, "bad_message"},
		{"an object for devices", `{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":{}}`, "bad_message"},
		{"too many sends", `{"v":1,"id":"a","type":"send","items":[` + strings.TrimSuffix(strings.Repeat(`{"url":"https://a.example/"},`, 100), ",") + `],"to":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17","18","19","20","21"]}`, "too_many"},
		{"no ids", `{"v":1,"id":"a","type":"undo","ids":[]}`, "bad_message"},
		{"an empty id of a send", `{"v":1,"id":"a","type":"state","ids":[""]}`, "bad_message"},
		{"too many ids", `{"v":1,"id":"a","type":"state","ids":[` + many + `]}`, "bad_message"},
		{"no operation", `{"v":1,"id":"a","type":"inbox"}`, "bad_message"},
		{"a page of the inbox too large", `{"v":1,"id":"a","type":"inbox","op":"list","limit":51}`, "bad_message"},
		{"a page of nothing", `{"v":1,"id":"a","type":"inbox","op":"list","limit":0}`, "bad_message"},
		{"a long address", `{"v":1,"id":"a","type":"signin-finish","address":"` + strings.Repeat("x", 8193) + `"}`, "usage"},
		{"a decision about us", `{"v":1,"id":"a","type":"decide","extension":"` + GeckoID + `","decision":"allowed"}`, "not_found"},
		{"a decision about somebody else's", `{"v":1,"id":"a","type":"decide","extension":"tree@x","decision":"allowed"}`, "not_found"},
		{"another decision", `{"v":1,"id":"a","type":"decide","extension":"tree@x","decision":"own"}`, "bad_message"},
		{"another extension's state", `{"v":1,"id":"a","type":"state","ids":["x"],"caller":{"id":"tree@x"}}`, "not_allowed"},
		{"another extension's inbox", `{"v":1,"id":"a","type":"inbox","op":"count","caller":{"id":"tree@x"}}`, "not_allowed"},
		{"a bad extension", `{"v":1,"id":"a","type":"devices","caller":{"id":"a b"}}`, "bad_message"},
		{"a page for an extension", `{"v":1,"id":"a","type":"devices","caller":{"id":"https://evil.example/"}}`, "bad_message"},
		{"an extension with more", `{"v":1,"id":"a","type":"devices","caller":{"id":"tree@x","own":true}}`, "bad_message"},
		{"an extension of no kind", `{"v":1,"id":"a","type":"devices","caller":[]}`, "bad_message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, agent := open(t, us)
			text := b.ask(c.text)
			if got := code(t, text); got != c.code {
				t.Errorf("%q, want %q: %s", got, c.code, text)
			}
			for _, secret := range []string{"secretuid", "a@example.com", "/etc/passwd", "evil.example"} {
				if strings.Contains(text, secret) {
					t.Errorf("the answer tells %q: %s", secret, text)
				}
			}
			if got := agent.Log("Send", "ChangeCaller", "CompleteSignIn", "Undo", "MarkRead", "Quit"); len(got) != 0 || b.shown != nil || b.starts != 0 {
				t.Errorf("asked %q, shown %q, started %d", got, b.shown, b.starts)
			}
			if got := code(t, b.ask(`{"v":1,"id":"b","type":"hello"}`)); got != "" {
				t.Errorf("afterwards: %q", got)
			}
		})
	}
}

// An author reads which field is meant, and what it is to be; also before the person has been asked about anything.
func TestBadMessagesSayWhat(t *testing.T) {
	b, agent := open(t, us)
	for text, want := range map[string]string{
		`"type":"hello","id":"b"`:                                   `"id" stands twice`,
		`"type":"hello","start":"no"`:                               "start has a text where true or false is wanted",
		`"type":"devices","caller":{"id":"a@b","name":5}`:           "caller.name has a number where a text is wanted",
		`"type":"send","items":"x","to":"all"`:                      "items has a text where a list is wanted",
		`"type":"inbox","op":"list","limit":1.5`:                    "limit has a number where a whole number is wanted",
		`"type":"inbox","op":"burn"`:                                "op is list, read or count",
		`"type":"state","ids":["` + strings.Repeat("x", 129) + `"]`: "texts of 1 to 128 bytes",
		`"type":"open-window","pane":"kitchen"`:                     "one of send, inbox, devices, pair, account, settings",
	} {
		if answer := b.ask(`{"v":1,"id":"a",` + text + `}`); code(t, answer) != "bad_message" || !strings.Contains(strings.ReplaceAll(answer, `\`, ""), want) {
			t.Errorf("%s: %s\nwant %s", text, answer, want)
		}
	}
	if asked := agent.Log(); len(asked) != 0 {
		t.Errorf("the agent was asked %q", asked)
	}
}

// A length is judged before anything of the frame is read: the host answers and ends.
func TestFrameTooLong(t *testing.T) {
	var out bytes.Buffer
	for _, size := range []uint32{maxRequest + 1, 0xffffffff} {
		out.Reset()
		err := Run(t.Context(), Params{In: bytes.NewReader(binary.NativeEndian.AppendUint32(nil, size)), Out: &out, Caller: us, Client: func() *localapi.Client { return localapi.Dial("/nowhere") }})
		if err != nil || !strings.Contains(out.String(), `"code":"too_large"`) {
			t.Errorf("%d: %v, %q", size, err, out.String())
		}
	}
	err := Run(t.Context(), Params{In: strings.NewReader(""), Out: &out})
	if !errors.Is(err, ErrNoCaller) {
		t.Errorf("without a browser: %v", err)
	}
}

// A title is cut, in whole characters; a long list of entries too, and says so.
func TestCuts(t *testing.T) {
	b, agent := open(t, us)
	b.ask(`{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/","title":"` + strings.Repeat("é", 3000) + `"}],"to":["phone"]}`)
	r := agent.Calls("Send")[0].Args[0].(localapi.SendRequest)
	if got := r.Links[0].Title; len(got) != maxTitle || strings.Trim(got, "é") != "" {
		t.Errorf("%d bytes of the title", len(got))
	}
	var long []localapi.InboxEntry
	for range 30 {
		long = append(long, localapi.InboxEntry{ID: "i", Kind: localapi.KindTab, URL: "https://a.example/" + strings.Repeat("x", 60_000)})
	}
	agent.Answer("Inbox", long)
	text := b.ask(`{"v":1,"id":"a","type":"inbox","op":"list","limit":50}`)
	var a struct{ Result inboxResult }
	if err := json.Unmarshal([]byte(text), &a); err != nil || len(text) >= maxAnswer || len(a.Result.Entries) != 16 || !a.Result.More {
		t.Errorf("%d bytes, %d entries, more: %v; %v", len(text), len(a.Result.Entries), a.Result.More, err)
	}
}

// The agent is started for a request, unless nobody waits for it. What changes something is asked once.
func TestAgentDiesInBetween(t *testing.T) {
	b, agent := open(t, us)
	agent.Down(true)
	if got := code(t, b.ask(`{"v":1,"id":"a","type":"hello","start":false}`)); got != "agent_not_reachable" || b.starts != 0 {
		t.Errorf("not to be started: %q, %d starts", got, b.starts)
	}
	text := b.ask(`{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":["phone"]}`)
	if got := code(t, text); got != "" || b.starts != 1 {
		t.Errorf("started %d times: %s", b.starts, text)
	}
	agent.Script("Send", func(localapitest.Call) (any, error) { agent.Down(true); return nil, nil })
	if got := code(t, b.ask(`{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":["phone"]}`)); got != "agent_not_reachable" {
		t.Errorf("dies while it is asked: %q", got)
	}
	if got := len(agent.Calls("Send")); got != 2 {
		t.Errorf("sent %d times", got)
	}
}

// Refusals of the agent go through; what is no refusal of its own tells nothing.
func TestRefusals(t *testing.T) {
	b, agent := open(t, us)
	agent.Refuse("Admit", &localapi.Error{Code: localapi.CodeRateLimited, Message: "slow down", Hint: "wait", Until: time.Unix(5, 0).UTC()})
	want := `{"v":1,"id":"a","ok":false,"error":{"code":"rate_limited","message":"slow down","hint":"wait","until":"1970-01-01T00:00:05Z"}}`
	if got := b.ask(`{"v":1,"id":"a","type":"devices"}`); got != want {
		t.Error(got)
	}
	agent.Refuse("Admit", nil)
	agent.Refuse("Send", errors.New("disk /home/me is on fire"))
	if text := b.ask(`{"v":1,"id":"a","type":"send","items":[{"url":"https://a.example/"}],"to":["phone"]}`); code(t, text) != "internal" || strings.Contains(text, "fire") {
		t.Error(text)
	}
	agent.Refuse("Admit", &localapi.Error{Code: localapi.CodeLocked, Message: "locked"})
	agent.Change(func(s *localapi.Snapshot) { s.Storage.Locked = true })
	if text := b.ask(`{"v":1,"id":"a","type":"hello"}`); !strings.Contains(text, `"account":"locked"`) {
		t.Error(text)
	}
	if got := code(t, b.ask(`{"v":1,"id":"a","type":"open-window"}`)); got != "" || len(b.shown) != 1 {
		t.Errorf("the window that unlocks: %q", got)
	}
	agent.Refuse("Admit", nil)
	agent.Change(func(s *localapi.Snapshot) { s.Storage.Locked, s.Account.State = false, localapi.SignedOut })
	for _, kind := range []string{`"devices"`, `"send","items":[{"url":"https://a.example/"}],"to":"all"`} {
		if got := code(t, b.ask(`{"v":1,"id":"a","type":`+kind+`}`)); got != "not_signed_in" {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

// An extension that a browser lets start the host although it is not ours speaks for itself alone.
func TestForeignCaller(t *testing.T) {
	b, agent := open(t, "chromium:"+strings.Repeat("a", 32))
	b.ask(`{"v":1,"id":"a","type":"devices"}`)
	if got := agent.Log(); len(got) != 2 || got[0] != `Admit {"id":"chromium:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","purpose":"devices"}` {
		t.Errorf("asked %q", got)
	}
	if got := code(t, b.ask(`{"v":1,"id":"a","type":"devices","caller":{"id":"tree@x"}}`)); got != "not_allowed" || len(agent.Log()) != 0 {
		t.Errorf("for another one: %q", got)
	}
}

func TestWatch(t *testing.T) {
	b, agent := open(t, us)
	if got := b.ask(`{"v":1,"id":"w","type":"watch","start":false}`); got != `{"v":1,"id":"w","ok":true,"result":{}}` {
		t.Fatal(got)
	}
	want := func(events ...string) {
		t.Helper()
		for _, e := range events {
			if got := b.read(); got != `{"event":`+e+`,"v":1}` {
				t.Errorf("got %s, want %s", got, e)
			}
		}
	}
	want(`{"kind":"account","account":"signed_in"}`, `{"kind":"inbox","unread":0}`)
	agent.Change(func(s *localapi.Snapshot) { s.Account.State = localapi.NeedsSignIn })
	want(`{"kind":"account","account":"needs_sign_in"}`)
	agent.Change(func(s *localapi.Snapshot) { s.Inbox.Unread = 2 }, localapi.Event{Kind: localapi.TabsReceived, Entries: make([]localapi.InboxEntry, 2)})
	want(`{"kind":"inbox","unread":2,"received":2}`)
	optIn := func(yes bool) {
		agent.Change(func(s *localapi.Snapshot) {
			s.Callers = slices.Clone(s.Callers)
			s.Callers[0].Inbox = yes
		})
	}
	optIn(false) // in Tabferry's settings
	want(`{"kind":"inbox","unread":0}`)
	optIn(true)
	want(`{"kind":"inbox","unread":2}`)
	agent.Change(func(s *localapi.Snapshot) { s.Devices.Items = s.Devices.Items[:1] })
	want(`{"kind":"devices"}`)
	agent.Change(func(s *localapi.Snapshot) {
		s.Callers = append(s.Callers[:1:1], localapi.Caller{ID: "firefox:tree@x", Via: us, Decision: localapi.CallerAsked})
	})
	want(`{"kind":"callers","asked":1}`)
	agent.Change(func(s *localapi.Snapshot) { s.SignIn = &localapi.SignIn{} })
	want(`{"kind":"signin"}`)
	agent.Change(func(s *localapi.Snapshot) { s.Account.State = localapi.SignedIn })
	want(`{"kind":"account","account":"signed_in"}`)
	b.ask(`{"v":1,"id":"s","type":"send","items":[{"url":"https://a.example/"}],"to":["phone"]}`)
	agent.Change(func(s *localapi.Snapshot) {
		s.Outbox.Recent = []localapi.OutboxEntry{{ID: "o1", ToID: "phone", To: "Phone", State: localapi.SendAlerted}, {ID: "not ours", State: localapi.SendAlerted}}
	})
	want(`{"kind":"send","sends":[{"id":"o1","device":"phone","deviceName":"Phone","state":"alerted"}]}`)
	agent.End()
	want(`{"kind":"gone"}`)
	b.send(`{"v":1,"id":"w","type":"watch"}`)
	if got := b.read(); code(t, got) != "" {
		t.Error(got)
	}
	want(`{"kind":"account","account":"signed_in"}`)
}

func TestInvoked(t *testing.T) {
	const id = "lihlhaglcjoolgimeolffedpipifahlm"
	for _, c := range []struct {
		args []string
		want Start
		ok   bool
	}{
		{[]string{"/usr/bin/tabferry"}, Start{}, false},
		{[]string{"tabferry", "send", "https://a.example"}, Start{}, false},
		{[]string{"tabferry", "/h/io.github.tabferry.tabferry.json", GeckoID}, Start{Caller: us}, true},
		{[]string{`C:\tabferry.exe`, `C:\x\io.github.tabferry.tabferry.json`, "{0a1b}"}, Start{Caller: "firefox:{0a1b}"}, true},
		{[]string{"tabferry", "chrome-extension://" + id + "/", "--parent-window=0"}, Start{Caller: "chromium:" + id}, true},
		{[]string{"tabferry", "chrome-extension://" + id[1:] + "/"}, Start{}, false},
		{[]string{"tabferry", "/h/other.json", GeckoID}, Start{}, false},
		{[]string{"tabferry", "/h/io.github.tabferry.tabferry.json", "a b"}, Start{}, false},
		{[]string{"/x/tabferry-extension-host"}, Start{}, true},
		{[]string{"/x/tabferry-demo-extension-host", "chrome-extension://" + id + "/"}, Start{Caller: "chromium:" + id, Demo: true}, true},
		{[]string{"tabferry", "extension-host", "/h/io.github.tabferry.tabferry.json", GeckoID}, Start{Caller: us}, true},
		{[]string{"tabferry", "--demo", "extension-host"}, Start{Demo: true}, true},
		{nil, Start{}, false},
	} {
		if got, ok := Invoked(c.args); got != c.want || ok != c.ok {
			t.Errorf("%q: %+v, %v", c.args, got, ok)
		}
	}
}

// Every type and every code that the page names is there, and the other way round.
func TestTheProtocolIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/native-messaging.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range kinds() {
		if !bytes.Contains(page, []byte(`"type":"`+name+`"`)) {
			t.Errorf("%s has no example", name)
		}
		for _, f := range k.fields {
			if !bytes.Contains(page, []byte(`"`+f+`":`)) && !bytes.Contains(page, []byte("`"+f+"`")) {
				t.Errorf("%s of %s is not named", f, name)
			}
		}
	}
	for _, line := range strings.Split(string(page), "\n") {
		example, ok := strings.CutPrefix(line, "    ")
		if !ok || !strings.HasPrefix(example, `{"v":1,"id":`) || !strings.Contains(example, `"type"`) {
			continue
		}
		example, _, _ = strings.Cut(example, "  ->")
		if !strings.HasSuffix(strings.TrimSpace(example), "}") {
			continue // goes on in the next line
		}
		if _, err := parse([]byte(strings.TrimSpace(example))); err != nil {
			t.Errorf("%s: %v", example, err)
		}
	}
}

func FuzzReadFrame(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, '{', '}'})
	f.Add([]byte{255, 255, 255, 255})
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, input []byte) {
		r := bytes.NewReader(input)
		var again bytes.Buffer
		for {
			text, err := readFrame(r)
			if err != nil {
				break
			}
			if len(text) > maxRequest {
				t.Fatalf("%d bytes read", len(text))
			}
			if err := writeFrame(&again, text); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.HasPrefix(input, again.Bytes()) { // what was read is written as it was
			t.Errorf("%q became %q", input, again.Bytes())
		}
	})
}

func FuzzParse(f *testing.F) {
	for name := range kinds() {
		f.Add([]byte(`{"v":1,"id":"a","type":"` + name + `","ids":["x"]}`))
	}
	f.Add([]byte(`{"v":1,"id":"a","type":"devices","caller":{"id":"t@x","name":"T"}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := parse(text)
		if len(r.ID) > maxID {
			t.Errorf("an id of %d bytes", len(r.ID))
		}
		var refusal *failure
		if err != nil && (!errors.As(err, &refusal) || refusal.Code == "" || refusal.Message == "") {
			t.Errorf("refused without a word: %v", err)
		}
		if err == nil && (r.kind == nil || r.V != version || r.ID == "" || r.Caller != nil && !r.kind.relayed) {
			t.Errorf("accepted: %+v", r)
		}
	})
}

// TestNewsDoesNotGoBackwards: what a send's own look finds may be older than what the stream has told meanwhile.
func TestNewsDoesNotGoBackwards(t *testing.T) {
	at := func(revision uint64, state localapi.SendState) localapi.Snapshot {
		s := localapi.Snapshot{Revision: revision}
		s.Outbox.Recent = []localapi.OutboxEntry{{ID: "1", State: state}}
		return s
	}
	var w watch
	w.follow(at(1, localapi.SendWaiting).Outbox.Recent)
	if told := w.moved(at(55, localapi.SendAlerted)); len(told) != 1 || told[0].Sends[0].State != localapi.SendAlerted {
		t.Errorf("the stream tells %+v", told)
	}
	for _, revision := range []uint64{53, 55} {
		state := map[uint64]localapi.SendState{53: localapi.SendWaiting, 55: localapi.SendAlerted}[revision]
		if told := w.moved(at(revision, state)); told != nil {
			t.Errorf("revision %d tells %+v", revision, told)
		}
	}
	if told := w.moved(at(56, localapi.SendFailed)); len(told) != 1 {
		t.Errorf("what is newer tells %+v", told)
	}
}
