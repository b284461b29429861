package extension

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

const (
	// waiting is how many requests wait while one is answered; then the host stops reading.
	waiting = 16
	// partTime is how long the answers to what was read may take once the browser has gone.
	partTime = 10 * time.Second
	// listTime is how long a list of devices is waited for that is being fetched for the first time.
	listTime = 2 * time.Second
)

// ErrNoCaller says that the host was not started by a browser.
var ErrNoCaller = errors.New("the extension host is started by browsers: see `tabferry extension install`")

// Params is what a host is made of. All but Say must be given.
type Params struct {
	// In and Out are the browser's pipes.
	In  io.Reader
	Out io.Writer
	// Caller is the extension that started the host: [Start].
	Caller string
	// Version is the program's version.
	Version string
	// Client reaches the agent, and starts none.
	Client func() *localapi.Client
	// EnsureAgent starts an agent unless one runs, and returns once it answers.
	EnsureAgent func(ctx context.Context) error
	// ShowWindow shows the window with a pane, or opens one.
	ShowWindow func(ctx context.Context, pane string) error
	// Say puts a sentence into a language of the settings, empty for the system's; English if nil.
	Say func(language string, s localapi.Sentence) string
}

// host is one run: one caller, one way to the agent.
type host struct {
	Params
	client   *localapi.Client
	language string // of the newest settings seen

	writing sync.Mutex
	watch   watch
}

// Run answers requests until the input ends, and what was read before then. The answers come in the order
// of the requests.
func Run(ctx context.Context, p Params) error {
	if p.Caller == "" {
		return ErrNoCaller
	}
	h := &host{Params: p}
	h.dial()
	ctx, cancel := context.WithCancel(ctx)
	defer h.watch.end()
	defer cancel()
	frames := read(p.In, func() { time.AfterFunc(partTime, cancel) })
	for {
		select {
		case <-ctx.Done():
			return nil
		case f := <-frames:
			if f.err == nil {
				f.err = h.answer(ctx, f.text)
			}
			switch {
			case f.err == nil:
			case errors.Is(f.err, io.EOF), errors.Is(f.err, io.ErrUnexpectedEOF):
				return nil
			case errors.Is(f.err, errTooLarge):
				return h.write(answer{V: version, Error: &failure{Code: codeTooLarge, Message: "the message is longer than " + strconv.Itoa(maxRequest) + " bytes"}})
			default:
				return f.err
			}
		}
	}
}

// frame is one frame, or why there are no more.
type frame struct {
	text []byte
	err  error
}

// read reads frames; ended is called when the last one has been read. The goroutine ends with the input, or
// with the process: a browser's pipe cannot be left otherwise.
func read(in io.Reader, ended func()) <-chan frame {
	frames := make(chan frame, waiting)
	go func() {
		for {
			text, err := readFrame(in)
			if err != nil {
				ended()
			}
			frames <- frame{text, err}
			if err != nil {
				return
			}
		}
	}()
	return frames
}

func (h *host) dial() {
	h.client = h.Client()
	if h.Say != nil {
		h.client.Speak(h.Say)
	}
}

// answer answers one request. Its error is one of writing.
func (h *host) answer(ctx context.Context, text []byte) error {
	r, err := parse(text)
	var result any
	if err == nil {
		result, err = r.kind.do(h, ctx, &r)
	}
	if err != nil {
		return h.write(answer{V: version, ID: r.ID, Error: h.failure(err)})
	}
	err = h.write(answer{V: version, ID: r.ID, OK: true, Result: result})
	if errors.Is(err, errTooLarge) {
		return h.write(answer{V: version, ID: r.ID, Error: &failure{Code: codeTooLarge, Message: "the answer would have " + strconv.Itoa(maxAnswer) + " bytes or more"}})
	}
	if err != nil {
		return err
	}
	switch r.Type {
	case "watch":
		h.watch.begin(ctx, h) // after the answer
	case "send":
		return h.watch.catchUp(ctx, h)
	}
	return nil
}

// write sends a message to the browser.
func (h *host) write(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	h.writing.Lock()
	defer h.writing.Unlock()
	return writeFrame(h.Out, text)
}

// failure is an error as the browser is told.
func (h *host) failure(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	var e *localapi.Error
	if errors.As(err, &e) {
		return &failure{Code: e.Code, Message: e.Message, Hint: e.Hint, Until: e.Until}
	}
	return h.refuse(failed, localapi.CodeInternal) // its text may hold what is nobody's business
}

// refuse makes a refusal of the host's own, in the person's language.
func (h *host) refuse(p localapi.Phrase, code localapi.Code, args ...string) *failure {
	e := p.Refuse(code, args...)
	f := &failure{Code: code, Message: e.Message, Hint: e.Hint}
	if h.Say != nil {
		f.Message = h.Say(h.language, localapi.Sentence{Text: e.Message, Said: e.Said})
		if f.Hint != "" {
			f.Hint = h.Say(h.language, localapi.Sentence{Text: e.Hint, Said: localapi.Said{Key: e.Said.Key + ".hint", Args: e.Said.Args}})
		}
	}
	return f
}

// admit asks the agent whether the request may be made, and starts an agent for it if there is none. It is
// the first thing every request does, so that what follows need not be tried twice.
func (h *host) admit(ctx context.Context, r *request, p localapi.Purpose, links int) (localapi.Caller, error) {
	ask := localapi.AdmitRequest{ID: h.Caller, Purpose: p, Links: links}
	if r.Caller != nil {
		if !ours(h.Caller) {
			return localapi.Caller{}, h.refuse(notForOthers, localapi.CodeNotAllowed)
		}
		ask.ID, ask.Name, ask.Via = family(h.Caller)+r.Caller.ID, r.Caller.Name, h.Caller
	}
	caller, err := h.client.Admit(ctx, ask)
	if !absent(err) || r.Start != nil && !*r.Start {
		return caller, err
	}
	if h.EnsureAgent(ctx) != nil {
		return caller, err // its own words name paths; ours say what to do
	}
	h.dial() // it may have begun elsewhere
	return h.client.Admit(ctx, ask)
}

// absent reports whether no agent runs.
func absent(err error) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == localapi.CodeNotReachable && !localapi.Silent(e)
}

// isCode reports whether an error is a refusal with this code.
func isCode(err error, code localapi.Code) bool {
	var e *localapi.Error
	return errors.As(err, &e) && e.Code == code
}

// snapshot returns the present state.
func (h *host) snapshot(ctx context.Context) (localapi.Snapshot, error) {
	s, err := h.client.Snapshot(ctx)
	if err == nil {
		h.language = s.Settings.Language
	}
	return s, err
}
