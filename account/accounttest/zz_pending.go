package accounttest

import (
	"net/http"
)

func (s *Service) avatarURL(a *account) string { return s.base + "/v1/avatar/" + a.email[:1] }
func avatarPicture(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
}
func pageRoutes() []route { return nil }
