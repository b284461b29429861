package account_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account"
)

// refusal is a status and number of one of the spaces, and what they mean.
type refusal struct {
	status, errno int
	class         error
}

// The numbers that the servers send, with the meaning that this package gives them:
// its own reading, not that of the code.
var refusals = map[string][]refusal{
	"auth": {
		{400, 100, account.ErrOther},
		{400, 101, account.ErrOther},
		{400, 102, account.ErrAccountGone},
		{400, 103, account.ErrOther},
		{400, 104, account.ErrReauthenticate},
		{400, 105, account.ErrOther},
		{400, 106, account.ErrOther},
		{400, 107, account.ErrOther},
		{400, 108, account.ErrOther},
		{401, 109, account.ErrAuthentication},
		{401, 110, account.ErrAuthentication},
		{401, 111, account.ErrAuthentication},
		{411, 112, account.ErrOther},
		{413, 113, account.ErrTooLarge},
		{429, 114, account.ErrUnavailable},
		{401, 115, account.ErrAuthentication},
		{410, 116, account.ErrUnsupported},
		{404, 116, account.ErrUnsupported},
		{400, 120, account.ErrOther},
		{400, 123, account.ErrUnknownDevice},
		{400, 124, account.ErrOther},
		{400, 125, account.ErrBlocked},
		{400, 126, account.ErrReauthenticate},
		{400, 138, account.ErrReauthenticate},
		{422, 151, account.ErrOther},
		{500, 151, account.ErrUnavailable},
		{400, 157, account.ErrUnsupported},
		{400, 160, account.ErrReauthenticate},
		{400, 162, account.ErrClientConfiguration},
		{500, 162, account.ErrClientConfiguration},
		{400, 163, account.ErrScopeNotAllowed},
		{400, 164, account.ErrReauthenticate},
		{409, 165, account.ErrUnavailable},
		{400, 166, account.ErrClientConfiguration},
		{400, 167, account.ErrClientConfiguration},
		{400, 168, account.ErrClientConfiguration},
		{400, 169, account.ErrOther},
		{400, 170, account.ErrReauthenticate},
		{400, 171, account.ErrClientConfiguration},
		{401, 171, account.ErrClientConfiguration},
		{400, 172, account.ErrSignInExpired},
		{400, 173, account.ErrSignInExpired},
		{400, 174, account.ErrSignInExpired},
		{400, 175, account.ErrSignInExpired},
		{400, 182, account.ErrAuthentication},
		{503, 201, account.ErrUnavailable},
		{403, 202, account.ErrUnsupported},
		{503, 202, account.ErrUnsupported},
		{500, 203, account.ErrUnavailable},
		{503, 204, account.ErrUnavailable},
		{403, 208, account.ErrForbidden},
		{429, 216, account.ErrUnavailable},
		{400, 222, account.ErrReauthenticate},
		{401, 223, account.ErrReauthenticate},
		{404, 224, account.ErrUnsupported},
		{401, 227, account.ErrReauthenticate},
		{422, 233, account.ErrOther},
		{401, 238, account.ErrReauthenticate},
		{500, 239, account.ErrUnavailable},
		{500, 998, account.ErrUnavailable},
		{500, 999, account.ErrUnavailable},
		{404, 999, account.ErrUnsupported},
		{405, 999, account.ErrUnsupported},
		{400, 999, account.ErrOther},
		{415, 999, account.ErrOther},
		// Of the oauth space, untranslated.
		{403, 112, account.ErrForbidden},
		{400, 115, account.ErrAuthentication},
		// Unheard of.
		{400, 4711, account.ErrOther},
		{418, 0, account.ErrOther},
		{408, 0, account.ErrUnavailable},
		{408, 999, account.ErrUnavailable},
		{425, 0, account.ErrUnavailable},
		{401, 0, account.ErrAuthentication},
		{502, 0, account.ErrUnavailable},
		{403, 0, account.ErrForbidden},
	},
	"oauth": {
		{400, 101, account.ErrClientConfiguration},
		{400, 102, account.ErrClientConfiguration},
		{400, 103, account.ErrClientConfiguration},
		{401, 104, account.ErrAuthentication},
		{400, 105, account.ErrSignInExpired},
		{400, 106, account.ErrSignInExpired},
		{400, 107, account.ErrSignInExpired},
		{400, 108, account.ErrAuthentication},
		{400, 109, account.ErrOther},
		{400, 110, account.ErrClientConfiguration},
		{401, 111, account.ErrAuthentication},
		{403, 112, account.ErrForbidden},
		{415, 113, account.ErrOther},
		{400, 114, account.ErrScopeNotAllowed},
		{400, 115, account.ErrAuthentication},
		{400, 116, account.ErrClientConfiguration},
		{400, 117, account.ErrSignInExpired},
		{400, 118, account.ErrOther},
		{401, 119, account.ErrReauthenticate},
		{400, 120, account.ErrReauthenticate},
		{400, 121, account.ErrClientConfiguration},
		{400, 122, account.ErrAuthentication},
		{503, 201, account.ErrUnavailable},
		{503, 202, account.ErrUnavailable},
		{500, 999, account.ErrUnavailable},
		{404, 999, account.ErrUnsupported},
	},
	"profile": {
		{401, 100, account.ErrAuthentication},
		{400, 101, account.ErrOther},
		{400, 102, account.ErrOther},
		{500, 103, account.ErrUnavailable},
		{503, 104, account.ErrUnavailable},
		{503, 105, account.ErrUnavailable},
		{429, 114, account.ErrUnavailable},
		{400, 125, account.ErrBlocked},
		{404, 999, account.ErrUnsupported},
		{410, 999, account.ErrUnsupported},
		{500, 999, account.ErrUnavailable},
	},
	"content": {
		{400, 0, account.ErrOther},
		{401, 0, account.ErrAuthentication},
		{403, 0, account.ErrForbidden},
		{404, 0, account.ErrUnsupported},
		{500, 0, account.ErrUnavailable},
	},
}

// spaceOf tells which numbers a route speaks.
func spaceOf(route string) string {
	switch _, path, _ := strings.Cut(route, " "); path {
	case "/v1/introspect", "/v1/destroy":
		return "oauth"
	case "/v1/profile":
		return "profile"
	case "/metrics-flow":
		return "content"
	default:
		return "auth"
	}
}

// refuse answers with a refusal whose body holds more than anybody may see.
func (r refusal) refuse(to *http.Request, retryAfter string) *http.Response {
	text := fmt.Sprintf(`{"code":%d,"errno":%d,"error":%q,"message":%q,"email":%q,"request":{"headers":{"authorization":%q}}}`,
		r.status, r.errno, bodySecret, bodySecret, email, to.Header.Get("Authorization"))
	header := http.Header{"Content-Type": {"application/json"}}
	if retryAfter != "" {
		header.Set("Retry-After", retryAfter)
	}
	return recording{r.status, header, []byte(text)}.response(to)
}

// eachProbe runs f for every probe on a world of its own.
func eachProbe(t *testing.T, f func(t *testing.T, p probe, w *matrixWorld)) {
	for name, p := range probes() {
		if p.device {
			p.keeps = append(p.keeps, deviceChanges...)
			if p.class == nil {
				p.class = deviceClass
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, p, newMatrixWorld(t, p))
		})
	}
}

// failed asserts what holds for a call that met trouble of a class on a route.
func (w *matrixWorld) failed(t *testing.T, p probe, what, route string, class error, tried trial, secrets []string) {
	t.Helper()
	err := tried.err
	if err == nil {
		if p.spares == nil || !p.spares(route, class) {
			t.Errorf("%s: no error, want %v", what, class)
		}
		return
	}
	if !errors.Is(err, class) {
		t.Errorf("%s: %v, want %v", what, err, class)
	}
	checkError(t, what, err, secrets)
	sameState(t, what, tried.a, tried.before, p.keeps)
}

// TestMatrixRefusals meets every status and number on every route of every method.
func TestMatrixRefusals(t *testing.T) {
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		secrets := w.secrets(t)
		for _, route := range w.routes(p.local) {
			space := spaceOf(route)
			if p.local {
				space = "content"
			}
			for _, r := range refusals[space] {
				what := fmt.Sprintf("%s with %d/%d", route, r.status, r.errno)
				tried := w.spoil(t, p, route, func(to *http.Request, _ recording) (*http.Response, error) { return r.refuse(to, ""), nil })
				if tried.spoilt == 0 {
					t.Errorf("%s: the route was not asked", what)
				}
				if corrected, is := p.correction(route, r); is {
					if corrected == nil {
						ok(t, what, tried.err)
						continue
					}
					r.class = corrected
				}
				w.failed(t, p, what, route, r.class, tried, secrets)
			}
		}
	})
}

// TestMatrixWaits meets a server that asks for silence: the error tells until when,
// and the next call of the method asks nothing of that server.
func TestMatrixWaits(t *testing.T) {
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		secrets := w.secrets(t)
		for _, route := range w.routes(p.local) {
			for _, status := range []int{429, 503} {
				what := fmt.Sprintf("%s with %d and a wait", route, status)
				r := refusal{status: status, errno: 201}
				tried := w.spoil(t, p, route, func(to *http.Request, _ recording) (*http.Response, error) { return r.refuse(to, "5"), nil })
				w.failed(t, p, what, route, account.ErrUnavailable, tried, secrets)
				err := tried.err
				var wait *account.BackoffError
				if err != nil && (!errors.As(err, &wait) || !wait.Until.After(w.clock.Now()) || wait.Service == "") {
					t.Errorf("%s: %v does not tell until when", what, err)
				}
				if tried.spoilt != 1 {
					t.Errorf("%s: asked %d times in spite of the wait", what, tried.spoilt)
				}
			}
		}
	})
}

// TestMatrixTransport meets every way in which no answer of the service comes.
func TestMatrixTransport(t *testing.T) {
	page := func(status int) func(*http.Request, recording) (*http.Response, error) {
		return func(to *http.Request, _ recording) (*http.Response, error) {
			return recording{status, http.Header{"Content-Type": {"text/html"}}, []byte("<html>" + bodySecret)}.response(to), nil
		}
	}
	troubles := map[string]func(*http.Request, recording) (*http.Response, error){
		"no connection": func(to *http.Request, _ recording) (*http.Response, error) {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New(bodySecret + to.URL.String())}
		},
		"no name": func(*http.Request, recording) (*http.Response, error) {
			return nil, &net.DNSError{Err: bodySecret, Name: bodySecret, IsNotFound: true}
		},
		"time out": func(*http.Request, recording) (*http.Response, error) { return nil, context.DeadlineExceeded },
		"cut within the answer": func(to *http.Request, good recording) (*http.Response, error) {
			response := good.response(to)
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader("{"), cutReader{}))
			return response, nil
		},
		"captive portal": page(200), "captive portal redirects": func(to *http.Request, _ recording) (*http.Response, error) {
			return recording{302, http.Header{"Location": {"http://portal.example.com/?" + bodySecret}}, nil}.response(to), nil
		},
		"proxy 401": page(401), "proxy 403": page(403), "proxy 404": page(404), "proxy 407": page(407), "proxy 502": page(502),
		"not acceptable": func(to *http.Request, _ recording) (*http.Response, error) {
			return refusal{status: 406, errno: 999}.refuse(to, ""), nil
		},
	}
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		secrets := w.secrets(t)
		for _, route := range w.routes(p.local) {
			for name, trouble := range troubles {
				what := route + " with " + name
				w.failed(t, p, what, route, account.ErrNetwork, w.spoil(t, p, route, trouble), secrets)
			}
			for _, status := range []int{429, 503} { // whoever says so, it is left alone for a while
				what := fmt.Sprintf("%s with a proxy's %d", route, status)
				w.failed(t, p, what, route, account.ErrUnavailable, w.spoil(t, p, route, page(status)), secrets)
			}
		}
	})
}

// cutReader is a connection that breaks.
type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestMatrixAnswers meets successes that are not what was promised. Whatever is not
// tolerated is an error like any other; truncated ones are never taken, except where
// nothing is needed from them.
func TestMatrixAnswers(t *testing.T) {
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		secrets := w.secrets(t)
		for _, route := range w.routes(p.local) {
			good := w.tape.answers[route][0]
			for what, body := range spoiltBodies(t, good.body) {
				what = route + " with " + what
				tried := w.spoil(t, p, route, func(to *http.Request, good recording) (*http.Response, error) {
					good.body = []byte(body)
					return good.response(to), nil
				})
				if tried.err == nil {
					continue
				}
				checkError(t, what, tried.err, secrets)
				if errors.Is(tried.err, account.ErrScopeMissing) {
					continue // a token was exchanged all the same, and the old one is dead
				}
				sameState(t, what, tried.a, tried.before, p.keeps)
			}
			if len(good.body) < 3 || revokes(route) || strings.HasSuffix(route, "invoke_command") || good.status != 200 {
				continue // nothing is needed of these
			}
			for _, short := range []string{string(good.body[:len(good.body)/2]), ""} {
				tried := w.spoil(t, p, route, func(to *http.Request, good recording) (*http.Response, error) {
					good.body = []byte(short)
					return good.response(to), nil
				})
				w.failed(t, p, route+" truncated", route, account.ErrInvalidAnswer, tried, secrets)
			}
		}
	})
}

// spoiltBodies returns an answer with each of its members left out, or of another
// type, and answers that are something else altogether.
func spoiltBodies(t *testing.T, good []byte) map[string]string {
	t.Helper()
	spoilt := map[string]string{
		"null": "null", "a list": "[]", "an object": "{}", "a number": "5", "a text": `"text"`, "a list of nonsense": `[null,5,"x",[],{}]`,
		"two values": string(good) + string(good), "deep nesting": strings.Repeat("[", 20000),
		"too much": `{"x":"` + strings.Repeat("x", 4<<20) + `"}`,
	}
	write := func(v any) string {
		text, err := json.Marshal(v)
		ok(t, "a spoilt answer", err)
		return string(text)
	}
	each := func(object map[string]any, wrap func(any) any) {
		for name, value := range object {
			for _, other := range []any{nil, true, -1e300, 1e18, "text", []any{1}, map[string]any{"x": 1}} {
				object[name] = other
				spoilt[fmt.Sprintf("%s as %v", name, other)] = write(wrap(object))
			}
			delete(object, name)
			spoilt["without "+name] = write(wrap(object))
			object[name] = value
		}
	}
	var value any
	if json.Unmarshal(good, &value) != nil {
		return spoilt
	}
	switch v := value.(type) {
	case map[string]any:
		each(v, func(o any) any { return o })
	case []any:
		if len(v) > 0 {
			if object, is := v[0].(map[string]any); is {
				each(object, func(any) any { return v })
			}
		}
	}
	return spoilt
}

// TestMatrixSaver lets every call meet a saver that fails: a call that would change
// the state fails with what the saver said, and nothing changes.
func TestMatrixSaver(t *testing.T) {
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		saver := new(savedState)
		pl := &player{tape: w.tape}
		a := w.again(t, pl, saver)
		err := w.run(t.Context(), p, a)
		pl.checkTold(t, "all is well", err)
		_, excused := p.correction("", refusal{})
		if err != nil && !excused {
			t.Fatalf("the playback fails: %v", err)
		}
		changes := saver.count() > 0

		saver = new(savedState)
		a, before := w.armed(t, p, &player{tape: w.tape}, saver)
		saver.failWith(errDiskFull)
		err = p.do(t.Context(), w, a)
		var save *account.SaveError
		if changes && (!errors.Is(err, errDiskFull) || !errors.As(err, &save)) || !changes && err != nil && !excused {
			t.Errorf("changes the state: %t, with a failing saver: %v", changes, err)
		}
		sameState(t, "with a failing saver", a, before, nil)
		if string(saver.last()) != "" && p.arm == nil {
			t.Error("something was saved")
		}
	})
}

// TestMatrixGivenUp runs every call with a context that has ended.
func TestMatrixGivenUp(t *testing.T) {
	eachProbe(t, func(t *testing.T, p probe, w *matrixWorld) {
		pl := &player{tape: w.tape}
		a, state := w.armed(t, p, pl, nil)
		before := pl.asked
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		want(t, "a call given up", p.do(ctx, w, a), context.Canceled)
		if pl.asked != before {
			t.Errorf("%d requests were made", pl.asked-before)
		}
		sameState(t, "given up", a, state, nil)
	})
}
