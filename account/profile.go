package account

// Profile is who is signed in. Records about a person are keyed by UID: the
// e-mail can change.
type Profile struct {
	UID             string `json:"uid"`
	Email           string `json:"email"`
	DisplayName     string `json:"display_name,omitempty"`
	Avatar          string `json:"avatar,omitempty"` // address of the picture
	IsDefaultAvatar bool   `json:"is_default_avatar,omitempty"`
	Locale          string `json:"locale,omitempty"`
	// MetricsEnabled is the person's own choice about usage data; nil when the
	// server does not say, which must be taken for no.
	MetricsEnabled *bool `json:"metrics_enabled,omitempty"`
	// TwoFactor says whether two-step sign-in is on; nil when the server does not say.
	TwoFactor *bool `json:"two_factor,omitempty"`
}
