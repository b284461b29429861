package localapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
)

// streaming is a transport that answers with one stream.
type streaming []byte

func (s streaming) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}},
		Body: io.NopCloser(bytes.NewReader(s)), Request: r,
	}, nil
}

// FuzzWatch: a stream gives as many updates as lines with whole data stand at its beginning, in order,
// and then one error, and nothing after that.
func FuzzWatch(f *testing.F) {
	for _, text := range []string{
		"", "data: {}\n\n", ": still here\n\ndata: {\"snapshot\":{\"revision\":2}}\n\n", "data: {\n\ndata: {}\n\n", "data:{}\n", "data: null\r\n\r\n",
		"event: x\ndata: {\"events\":[{\"kind\":1}]}\n\n", "data: {\"snapshot\":{\"revision\":-1}}\n", "\ufeffdata: {}\n", "data: {}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var want []uint64
		for _, line := range bytes.Split(stream, []byte("\n")) {
			text, ok := bytes.CutPrefix(line, []byte("data: "))
			if !ok {
				continue
			}
			var u message
			if json.Unmarshal(text, &u) != nil {
				break
			}
			if u.Changes != nil {
				t.Skip("FuzzChanges looks at these")
			}
			want = append(want, u.Snapshot.Revision)
		}
		var got []uint64
		ended := false
		for u, err := range newClient(streaming(stream)).Watch(t.Context(), FaceCommand) {
			if ended {
				t.Fatalf("%q goes on after its end", stream)
			}
			if ended = err != nil; !ended {
				got = append(got, u.Snapshot.Revision)
			}
		}
		if !ended || len(got) != len(want) {
			t.Fatalf("%q gave the revisions %v and ended %v, want %v", stream, got, ended, want)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("%q gave the revisions %v, want %v", stream, got, want)
			}
		}
	})
}
