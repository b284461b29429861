package accounttest

import (
	"net/http"
	"net/url"
	"time"
)

const pushTimeout = 10 * time.Second

type pushJob struct{}
type pushResult struct{}
type eventJob struct{}
type Flow struct{}
type vapidKey struct{}
type parts struct{}

const EventProfileChange = "profile-change"

func (s *Service) deliver([]pushJob) []pushResult { return nil }
func (s *Service) emit([]eventJob)                {}
func (s *Service) part(string) http.Handler       { return nil }
func (s *Service) servePart(w http.ResponseWriter, r *http.Request, h http.Handler) {
	h.ServeHTTP(w, r)
}
func (s *Service) closeParts()                    {}
func (s *Service) matchFlow(url.Values, *account) {}
func pushAll(*account, string, map[string]any, int, *device) []pushJob {
	return nil
}
func (s *Service) eventFor(*account, string, map[string]any) []eventJob { return nil }
func (s *Service) placeholderDevice(c *call, client *Client, token *refreshToken, session *session) {
}
func (s *Service) avatarURL(a *account) string { return s.base + "/v1/avatar/" + a.email[:1] }
func avatarPicture(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
}
func (h *Account) Delete()    {}
func pageRoutes() []route     { return nil }
func accountRoutes() []route  { return nil }
func sessionRoutes() []route  { return nil }
func passwordRoutes() []route { return nil }
func deviceRoutes() []route   { return nil }
func flowRoutes() []route     { return nil }
