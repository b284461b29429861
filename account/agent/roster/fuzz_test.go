package roster

import (
	"bytes"
	"io"
	"net/http"
	"testing"
)

// answering is a transport with one answer.
type answering func(*http.Request) *http.Response

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) { return a(r), nil }

// FuzzPicture: what a server gives for a picture is taken as it is, if it is small and begins as a PNG or
// a JPEG, or not at all; nobody is led to where plain http goes over the net.
func FuzzPicture(f *testing.F) {
	f.Add(200, "", []byte("\x89PNG\r\n\x1a\n"))
	f.Add(200, "", []byte("\xff\xd8\xff\xe0"))
	f.Add(200, "", []byte("<svg/>"))
	f.Add(302, "http://pictures.example/", []byte("\x89PNG\r\n\x1a\n"))
	f.Add(302, "https://pictures.example/b", []byte(""))
	f.Add(302, "\x00:", []byte("\xff\xd8\xff"))
	f.Fuzz(func(t *testing.T, status int, location string, body []byte) {
		if status < 200 || status > 599 {
			t.Skip("not a status that a server could answer with")
		}
		r := New(Params{UserAgent: "Tabferry", HTTP: &http.Client{Transport: answering(func(r *http.Request) *http.Response {
			if r.URL.Scheme != "https" && r.URL.Hostname() != "localhost" && r.URL.Hostname() != "::1" && r.URL.Hostname()[:4] != "127." {
				t.Errorf("a picture is asked for at %s", r.URL)
			}
			header := http.Header{}
			if location != "" {
				header["Location"] = []string{location}
			}
			return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}
		})}})
		picture, err := r.fetchPicture(t.Context(), "https://pictures.example/a")
		if err != nil {
			return
		}
		if status != http.StatusOK || len(body) > maxAvatar || !bytes.Equal(picture, body) ||
			!bytes.HasPrefix(body, []byte("\x89PNG")) && !bytes.HasPrefix(body, []byte("\xff\xd8\xff")) {
			t.Errorf("status %d, %.20q: taken as %.20q", status, body, picture)
		}
	})
}
