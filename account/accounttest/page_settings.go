package accounttest

import (
	"net/http"
	"time"

	"github.com/tabferry/tabferry/account/accounttest/internal/member"
	"github.com/tabferry/tabferry/account/accounttest/internal/webpage"
)

func settingsPage(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	s.mu.Lock()
	a := s.browserAccount(r)
	var view webpage.Settings
	if a != nil {
		view = s.settingsView(r, a)
	}
	s.mu.Unlock()
	if a == nil {
		webpage.Show(w, http.StatusOK, "signin.html", s.choice(r, webpage.Choice{
			Title: "Sign in", Action: "/settings/signin", ClientName: "account settings", Email: r.URL.Query().Get("email"),
		}))
		return
	}
	webpage.Show(w, http.StatusOK, "settings.html", view)
}

func (s *Service) settingsView(r *http.Request, a *account) webpage.Settings {
	view := webpage.Settings{Title: "Account settings", Avatar: s.avatarURL(a), Name: a.displayName, Email: a.email, UID: a.uid}
	own := ""
	if cookie, err := r.Cookie(browserCookie); err == nil {
		own = cookie.Value
	}
	now := s.Clock.Now()
	for _, row := range s.attached(a) {
		item := webpage.Client{Name: row.name(), Kind: "application", Seen: ago(now, row.accessed), Key: row.key()}
		switch {
		case row.device != nil:
			item.Kind = row.device.shownType()
		case row.session != nil:
			item.Kind, item.Current = "web session", row.session.id == own
		}
		view.Clients = append(view.Clients, item)
	}
	return view
}

func settingsSignIn(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	if _, err := parseForm(r); err != nil {
		s.showRefusal(w, err)
		return
	}
	s.mu.Lock()
	a, err := s.chooseAccount(r, "")
	if err == nil {
		s.signBrowserIn(w, a)
	}
	s.mu.Unlock()
	if err != nil {
		webpage.Show(w, http.StatusUnauthorized, "signin.html", s.choice(r, webpage.Choice{
			Title: "Sign in", Action: "/settings/signin", ClientName: "account settings", Problem: err.Error(), Email: r.PostForm.Get("email"),
		}))
		return
	}
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

// changeSettings runs a change for the browser's account.
func changeSettings(s *Service, w http.ResponseWriter, r *http.Request, change func(c *call, a *account)) {
	if _, err := parseForm(r); err != nil {
		s.showRefusal(w, err)
		return
	}
	s.act(func(c *call) {
		if a := s.browserAccount(r); a != nil {
			change(c, a)
		}
	})
	http.Redirect(w, r, "/settings", http.StatusSeeOther)
}

func settingsSignOut(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	http.SetCookie(w, &http.Cookie{Name: browserCookie, Path: "/", Expires: time.Unix(1, 0), MaxAge: -1})
	changeSettings(s, w, r, func(_ *call, a *account) {
		if a.browser != nil {
			s.dropSession(a.browser)
			a.browser = nil
		}
	})
}

func settingsName(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	changeSettings(s, w, r, func(c *call, a *account) {
		if name := r.PostForm.Get("name"); (member.Rule{Max: 256, Empty: true}).Fits(name) {
			a.displayName = name
			s.profileChanged(c, a, c.now)
		}
	})
}

func settingsDisconnect(s *Service, w http.ResponseWriter, r *http.Request, _ map[string]string) {
	changeSettings(s, w, r, func(c *call, a *account) {
		for _, row := range s.attached(a) {
			if row.key() != r.PostForm.Get("key") {
				continue
			}
			switch {
			case row.device != nil:
				s.destroyDevice(c, row.device)
			case row.refresh != nil:
				s.dropRefresh(row.refresh)
			case row.session != nil:
				s.dropSession(row.session)
			default:
				s.revoke(a, func(id string) bool { return id == row.client.ID })
			}
		}
	})
}
