package errno

import (
	"net/http"
	"testing"
)

// TestErrorTables holds the tables against the numbers Mozilla documents:
// error number and status for every number real clients meet.
func TestErrorTables(t *testing.T) {
	t.Parallel()
	want := map[Space]map[int]int{
		AuthSpace: {
			101: 400, 102: 400, 103: 400, 104: 400, 105: 400, 106: 400, 107: 400, 108: 400, 109: 401, 110: 401,
			111: 401, 112: 411, 113: 413, 114: 429, 115: 401, 116: 410, 120: 400, 123: 400, 124: 400, 125: 400,
			126: 400, 127: 400, 138: 400, 142: 400, 149: 400, 151: 422, 157: 400, 160: 400, 162: 400, 163: 400,
			164: 400, 165: 409, 166: 400, 167: 400, 168: 400, 169: 400, 170: 400, 171: 400, 172: 400, 173: 400,
			174: 400, 175: 400, 182: 400, 183: 400, 201: 503, 202: 403, 203: 500, 204: 503, 210: 400, 222: 400,
			223: 401, 998: 500, 999: 500,
		},
		OAuthSpace: {
			101: 400, 102: 400, 103: 400, 104: 401, 105: 400, 106: 400, 107: 400, 108: 400, 109: 400, 110: 400,
			111: 401, 112: 403, 113: 415, 114: 400, 115: 400, 116: 400, 117: 400, 118: 400, 119: 401, 120: 400,
			121: 400, 122: 400, 201: 503, 202: 503, 999: 500,
		},
		ProfileSpace: {100: 401, 101: 400, 104: 503, 105: 503, 114: 429, 125: 400, 999: 500},
	}
	for sp, numbers := range want {
		if len(Tables[sp]) != len(numbers) {
			t.Errorf("space %d has %d numbers, want %d", sp, len(Tables[sp]), len(numbers))
		}
		for errno, status := range numbers {
			got, header, body := (&Error{Space: sp, Errno: errno}).Reply(true)
			if got != status || body["code"] != status || body["errno"] != errno {
				t.Errorf("space %d, number %d: status %d, body %v, want %d", sp, errno, got, body, status)
			}
			for _, name := range []string{"error", "message", "info"} {
				if text, ok := body[name].(string); !ok || text == "" {
					t.Errorf("space %d, number %d has no %s", sp, errno, name)
				}
			}
			waits := sp == AuthSpace && (errno == 114 || errno == 201 || errno == 202 || errno == 204) || sp == ProfileSpace && errno == 114
			if (header.Get("Retry-After") != "") != waits || (body["retryAfter"] != nil) != waits {
				t.Errorf("space %d, number %d: Retry-After %q, body %v", sp, errno, header.Get("Retry-After"), body["retryAfter"])
			}
		}
	}
}

func TestTranslationToAuthNumbers(t *testing.T) {
	t.Parallel()
	for oauth, want := range map[int][2]int{ // number -> status and number of the auth routes
		101: {400, 162}, 102: {400, 171}, 103: {400, 167}, 104: {401, 110}, 105: {400, 172}, 106: {400, 173},
		107: {400, 174}, 108: {401, 110}, 109: {400, 107}, 110: {400, 168}, 111: {401, 111}, 112: {403, 112},
		114: {400, 163}, 115: {400, 115}, 116: {400, 166}, 117: {400, 175}, 118: {400, 169}, 119: {400, 164},
		120: {400, 170}, 121: {400, 107}, 122: {400, 182}, 201: {503, 201}, 202: {503, 204}, 999: {500, 999},
	} {
		status, header, body := OAuth(oauth).With("x", 1).Translate(false).Reply(true)
		if status != want[0] || body["errno"] != want[1] || body["x"] != 1 {
			t.Errorf("oauth %d becomes %d/%v %v, want %d/%d", oauth, status, body["errno"], body, want[0], want[1])
		}
		if want[0] == http.StatusServiceUnavailable && header.Get("Retry-After") == "" {
			t.Errorf("oauth %d: no wait", oauth)
		}
	}
	if e := Auth(110).Translate(true); e.Errno != 110 || e.Space != AuthSpace {
		t.Errorf("an auth error was translated: %+v", e)
	}
	bare := OAuth(101).With("clientId", "x").With("other", "y").Translate(true)
	if bare.Extras["clientId"] != nil || bare.Extras["other"] != "y" {
		t.Errorf("unexpected extras: %v", bare.Extras)
	}
	if got := From(http.ErrBodyNotAllowed); got.Errno != 999 {
		t.Errorf("a foreign error became %+v", got)
	}
	status, _, body := (&Error{Space: AuthSpace, Errno: 31337}).Reply(false)
	if status != 500 || body["errno"] != 31337 {
		t.Errorf("an unknown number: %d %v", status, body)
	}
	if (&Error{Errno: 5}).Error() == "" {
		t.Error("no text")
	}
}
