package signin

import (
	"net/url"

	"github.com/tabferry/tabferry/account"
	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Why a person has to sign in again, as far as we know: first that is little.
var (
	asking = localapi.NewPhrase("signin.asking", "The accounts server ended this sign-in. Tabferry is asking it whether the account still exists.", "")
	ended  = localapi.NewPhrase("signin.ended", "The accounts server ended this sign-in. Perhaps the password was changed, or this computer was signed out elsewhere.", "")
)

// Show writes what the account knows without asking anybody.
func (s *SignIn) Show(shown *localapi.Snapshot) {
	s.describe(shown)
	if shown.Account.State != localapi.NeedsSignIn {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	why := ended
	if s.unexplained {
		why = asking
	}
	shown.Account.Cause, shown.Account.CauseSaid = why.Say().Parts()
}

// describe shows the account as it is now.
func (s *SignIn) describe(shown *localapi.Snapshot) {
	now := localapi.Account{
		State: s.state(shown.SignIn != nil), Server: origin(s.Server), Cause: shown.Account.Cause, CauseSaid: shown.Account.CauseSaid,
		DevicesUnavailable: !s.Account.DevicesAvailable(),
	}
	if id, err := s.Account.CurrentDeviceID(); err == nil {
		now.DeviceID = id
	}
	if _, err := s.Account.SessionToken(); err == nil {
		now.HasSession = true
	}
	if p, _, ok := s.Account.CachedProfile(); ok {
		now.UID, now.Email, now.Name = p.UID, p.Email, p.DisplayName
		now.HasAvatar = p.Avatar != "" && !p.IsDefaultAvatar
		now.MetricsEnabled = p.MetricsEnabled
	}
	shown.Account = now
}

// state is the sign-in state in one word; open says that a sign-in page is.
func (s *SignIn) state(open bool) localapi.AccountState {
	state := s.Account.State()
	switch state.Kind {
	case account.Connected:
		return localapi.SignedIn
	case account.AuthIssues:
		return localapi.NeedsSignIn
	case account.Authenticating:
		if state.From == account.Connected {
			return localapi.SignedIn
		}
		return localapi.SigningIn
	case account.Disconnected:
		if open {
			return localapi.SigningIn
		}
		return localapi.SignedOut
	}
	switch s.Account.AuthState() { // not initialised yet: what is saved
	case account.AuthStateConnected:
		return localapi.SignedIn
	case account.AuthStateAuthIssues:
		return localapi.NeedsSignIn
	default:
		return localapi.SignedOut
	}
}

// show shows the sign-in under way, nil for none, and why the last one came to nothing.
func (s *SignIn) show(signIn *localapi.SignIn, cause localapi.Sentence) {
	s.update(func(shown *localapi.Snapshot) {
		shown.SignIn = signIn
		shown.Account.Cause, shown.Account.CauseSaid = cause.Parts()
	})
}

// Observe shows a change of the account; it is for [account.WithObserver].
func (s *SignIn) Observe(account.State) { s.update(func(*localapi.Snapshot) {}) }

// update edits what is shown, describes the account anew, and tells what a change of the sign-in asks
// for.
func (s *SignIn) update(edit func(shown *localapi.Snapshot)) {
	var was, is localapi.AccountState
	var counted, counts bool
	s.Board.Change(func(shown *localapi.Snapshot) {
		edit(shown)
		allowed := shown.Settings.UsageData
		was, counted = shown.Account.State, allowed && yes(shown.Account.MetricsEnabled)
		s.describe(shown)
		is, counts = shown.Account.State, allowed && yes(shown.Account.MetricsEnabled)
		switch {
		case is == localapi.SignedIn:
			shown.Account.Cause, shown.Account.CauseSaid = "", localapi.Said{}
		case is == localapi.SignedOut, is == localapi.SigningIn && was == localapi.SignedOut:
			shown.Devices, shown.Clients = localapi.DeviceList{}, localapi.ClientList{}
		case was == localapi.SignedIn && is == localapi.NeedsSignIn:
			shown.Account.Cause, shown.Account.CauseSaid = asking.Say().Parts()
		}
	})
	if counted && !counts {
		s.Logger.Info("no account allows usage data now, and what was collected is deleted")
	}
	if was == is {
		return
	}
	s.Logger.Info("the sign-in changed", "from", string(was), "to", string(is))
	if was == localapi.SignedIn && is == localapi.NeedsSignIn {
		s.setUnexplained(true)
		s.Ended()
	}
	s.Changed(was, is)
}

func yes(said *bool) bool { return said != nil && *said }
func (s *SignIn) setUnexplained(yes bool) (was bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, s.unexplained = s.unexplained, yes
	return was
}

// Unexplained is for a start with an ended sign-in of which nobody knows whether its account exists.
func (s *SignIn) Unexplained() { s.setUnexplained(true) }

// Explain asks the person to sign in again, now that the server has said that the account exists.
func (s *SignIn) Explain() {
	if !s.setUnexplained(false) || s.Account.AuthState() != account.AuthStateAuthIssues {
		return
	}
	s.update(func(shown *localapi.Snapshot) {
		shown.Account.Cause, shown.Account.CauseSaid = ended.Say().Parts()
	})
	s.Board.Tell(localapi.Event{Kind: localapi.SignInAgain})
}

// origin is what is shown of a server's address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
