package accounttest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tabferry/tabferry/account/accounttest/internal/crypt"
	"github.com/tabferry/tabferry/account/accounttest/internal/errno"
	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/oauthscope"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

// metricsChoice is the account's data collection switch as profiles show it.
type metricsChoice uint8

const (
	metricsOn metricsChoice = iota
	metricsOff
	metricsUnsaid // an old server
)

func profileRoutes() []route {
	return []route{
		{method: "GET", path: "/v1/profile", space: errno.ProfileSpace, handle: (*Service).handleProfile},
		{method: "GET", path: "/v1/uid", space: errno.ProfileSpace, handle: profileField("profile:uid", "uid")},
		{method: "GET", path: "/v1/email", space: errno.ProfileSpace, handle: profileField("profile:email", "email")},
		{method: "GET", path: "/v1/avatar", space: errno.ProfileSpace, handle: (*Service).handleAvatar},
		{method: "GET", path: "/v1/display_name", space: errno.ProfileSpace, handle: (*Service).handleDisplayName},
		{method: "POST", path: "/v1/display_name", space: errno.ProfileSpace, handle: (*Service).handleSetDisplayName},
		{method: "GET", path: "/v1/avatar/{name}", space: errno.ContentSpace, page: avatarPicture},
	}
}

// profile returns the members of a profile that the scopes allow.
func (s *Service) profile(a *account, scopes []string) map[string]any {
	out := map[string]any{}
	allows := func(scope string) bool {
		return oauthscope.Implied(scopes, scope) || scope == "profile:email" && oauthscope.Implied(scopes, "email")
	}
	if allows("profile:uid") {
		out["uid"] = a.uid
	}
	if allows("profile:email") {
		out["email"] = a.email
	}
	if allows("profile:locale") {
		out["locale"] = a.locale
	}
	if allows("profile:display_name") && a.displayName != "" {
		out["displayName"] = a.displayName
	}
	if allows("profile:avatar") {
		out["avatar"] = s.avatarURL(a)
		out["avatarDefault"] = a.avatar == nil
	}
	if allows("profile:amr") {
		out["amrValues"] = a.amr()
		out["twoFactorAuthentication"] = a.otp != ""
	}
	if allows("profile:subscriptions") {
		out["subscriptions"] = append([]string{}, a.capabilities...)
	}
	if a.metrics != metricsUnsaid {
		out["metricsEnabled"] = a.metrics == metricsOn
	}
	if oauthscope.Implied(scopes, "openid") {
		out["sub"] = a.uid
	}
	if a.disabled {
		out["accountDisabledAt"] = a.profileChangedAt.UnixMilli()
	}
	if a.locked {
		out["accountLockedAt"] = a.profileChangedAt.UnixMilli()
	}
	return out
}

// amr is how the account's person proves who they are (RFC 8176 has the field, the values are Mozilla's).
func (a *account) amr() []string {
	if a.otp != "" {
		return []string{"pwd", "email", "otp"}
	}
	return []string{"pwd", "email"}
}

func (s *Service) profileAuth(c *call, wanted string) (*accessToken, error) {
	token, err := s.accessAuth(c)
	if err != nil {
		return nil, err
	}
	held := oauthscope.Implied(token.scopes, wanted)
	if wanted == "" { // any profile scope will do
		for _, scope := range token.scopes {
			held = held || scope == "profile" || strings.HasPrefix(scope, "profile:") || scope == "email" || scope == "openid"
		}
	}
	if !held {
		return nil, errno.Profile(100).With("reason", "Token has not the scope")
	}
	return token, nil
}

func (s *Service) handleProfile(c *call) (any, error) {
	token, err := s.profileAuth(c, "")
	if err != nil {
		return nil, err
	}
	out := s.profile(token.account, token.scopes)
	text, err := json.Marshal(out)
	if err != nil {
		return nil, errors.Join(err, errno.Profile(999))
	}
	tag := crypt.SHA256Hex(string(text))[:32]
	c.reply.Set("ETag", `"`+tag+`"`)
	c.reply.Set("Last-Modified", token.account.profileChangedAt.UTC().Format(http.TimeFormat))
	c.reply.Set("Cache-Control", "private, no-cache")
	for candidate := range strings.SplitSeq(c.r.Header.Get("If-None-Match"), ",") {
		if bareTag(candidate) == tag {
			c.code = http.StatusNotModified
			return emptyReply{}, nil
		}
	}
	return out, nil
}

// bareTag strips what clients and compressing proxies put around an ETag.
func bareTag(tag string) string {
	tag = strings.TrimPrefix(strings.TrimSpace(tag), "W/")
	return strings.TrimSuffix(strings.Trim(tag, `"`), "-gzip")
}

func profileField(scope, name string) func(*Service, *call) (any, error) {
	return func(s *Service, c *call) (any, error) {
		token, err := s.profileAuth(c, scope)
		if err != nil {
			return nil, err
		}
		return map[string]any{name: s.profile(token.account, token.scopes)[name]}, nil
	}
}

func (s *Service) handleAvatar(c *call) (any, error) {
	token, err := s.profileAuth(c, "profile:avatar")
	if err != nil {
		return nil, err
	}
	return map[string]any{"avatar": s.avatarURL(token.account), "avatarDefault": token.account.avatar == nil, "id": token.account.uid}, nil
}

func (s *Service) handleDisplayName(c *call) (any, error) {
	token, err := s.profileAuth(c, "profile:display_name")
	if err != nil {
		return nil, err
	}
	if token.account.displayName == "" {
		c.code = http.StatusNoContent
		return emptyReply{}, nil
	}
	return map[string]any{"displayName": token.account.displayName}, nil
}

func (s *Service) handleSetDisplayName(c *call) (any, error) {
	token, err := s.profileAuth(c, "profile:display_name:write")
	if err != nil {
		return nil, err
	}
	p := c.params()
	name := p.Need("displayName", member.Rule{Max: 256, Empty: true})
	if err := p.Done(); err != nil {
		return nil, err
	}
	token.account.displayName = name
	s.profileChanged(c, token.account, c.now)
	return struct{}{}, nil
}

// profileChanged tells devices and web sites.
func (s *Service) profileChanged(c *call, a *account, now time.Time) {
	a.profileChangedAt = now
	c.pushes = append(c.pushes, s.pushTo(a.devices, "fxaccounts:profile_updated", nil, ttlNow)...)
	c.events = append(c.events, s.eventFor(a, EventProfileChange, map[string]any{"email": a.email})...)
}

func (s *Service) avatarURL(a *account) string {
	if a.avatar != nil {
		return s.profileBase() + "/v1/avatar/" + crypt.SHA256Hex(string(a.avatar))[:32]
	}
	letter, _ := utf8.DecodeRuneInString(a.email)
	if letter = unicode.ToLower(letter); letter > unicode.MaxASCII || !unicode.IsLetter(letter) && !unicode.IsDigit(letter) {
		letter = 'x'
	}
	return s.profileBase() + "/v1/avatar/" + string(letter)
}

func avatarPicture(s *Service, w http.ResponseWriter, r *http.Request, vars map[string]string) {
	name := vars["name"]
	var picture []byte
	if len(name) == 1 {
		picture = webpage.Avatar(name[0])
	} else {
		s.mu.Lock()
		for _, a := range s.accounts {
			if a.avatar != nil && crypt.SHA256Hex(string(a.avatar))[:32] == name {
				picture = a.avatar
			}
		}
		s.mu.Unlock()
	}
	if picture == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/png")
	w.Header().Set("Cache-Control", "public, max-age=3600")
	_, _ = w.Write(picture) // the browser may be gone
}
