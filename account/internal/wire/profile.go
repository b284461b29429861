package wire

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// Profile is the answer of the profile server. Which members are there depends on
// the scope of the token.
type Profile struct {
	UID           string `json:"uid"`
	Email         string `json:"email"`
	DisplayName   string `json:"displayName"`
	Locale        string `json:"locale"`
	Avatar        string `json:"avatar"`
	AvatarDefault bool   `json:"avatarDefault"`
	// MetricsEnabled is the person's own choice about usage data; nil when the
	// server does not say.
	MetricsEnabled *bool `json:"metricsEnabled"`
	TwoFactor      *bool `json:"twoFactorAuthentication"`
	// Subscriptions are the capabilities that the person pays for.
	Subscriptions Texts `json:"subscriptions"`

	// ETag is the header as it came, quotes included; empty when there was none.
	ETag string `json:"-"`
	// NotModified says that the profile with the given ETag is still current;
	// everything else is empty then.
	NotModified bool `json:"-"`
}

// Texts is a list of strings that is worth no error: anything else is read as none.
type Texts []string

// UnmarshalJSON reads a list of strings.
func (t *Texts) UnmarshalJSON(text []byte) error {
	var list []string
	if json.Unmarshal(text, &list) != nil {
		list = nil
	}
	*t = list
	return nil
}

// Profile fetches the profile. etag is sent as it was received, when not empty.
func (c *Client) Profile(ctx context.Context, accessToken, etag string) (Profile, error) {
	p, err := c.profile(ctx, accessToken, etag)
	return p, c.out(err)
}

func (c *Client) profile(ctx context.Context, accessToken, etag string) (Profile, error) {
	e, err := c.endpoints(ctx)
	if err != nil {
		return Profile{}, err
	}
	r := request{
		base: BaseProfile, space: SpaceProfile, method: http.MethodGet, url: e.UserInfo,
		cred: Bearer(accessToken), notModified: etag != "",
	}
	if etag != "" {
		r.header = http.Header{"If-None-Match": {etag}}
	}
	var p Profile
	a, err := c.call(ctx, r, &p)
	switch {
	case err != nil:
		return Profile{}, err
	case a.status == http.StatusNotModified:
		return Profile{NotModified: true}, nil
	case p.UID == "":
		return Profile{}, a.missing("uid")
	case p.Email == "":
		return Profile{}, a.missing("email")
	}
	p.ETag = a.header.Get("ETag")
	return p, nil
}

const (
	metricsFlowPath = "metrics-flow"
	// metricsFlowTimeout bounds the one call that a person might wait for without
	// needing its result.
	metricsFlowTimeout = 3 * time.Second
)

// Flow is what ties a sign-in page to what happened before it was opened.
type Flow struct {
	FlowID        string `json:"flowId"`
	FlowBeginTime int64  `json:"flowBeginTime"` // milliseconds
	DeviceID      string `json:"deviceId"`
}

// MetricsFlow begins a metrics flow. The server answers only known origins. How it
// ends is no outcome: what becomes of statistics says nothing to a person, nor does
// the wait that this route keeps for itself.
func (c *Client) MetricsFlow(ctx context.Context, origin string, query url.Values) (Flow, error) {
	var f Flow
	a, err := c.call(ctx, request{
		base: BaseMetrics, method: http.MethodGet, path: metricsFlowPath, query: query,
		header: http.Header{"Origin": {origin}}, timeout: metricsFlowTimeout,
	}, &f)
	switch {
	case err != nil:
		return Flow{}, c.quiet(err)
	case f.FlowID == "":
		return Flow{}, c.quiet(a.missing("flowId"))
	case f.FlowBeginTime == 0:
		return Flow{}, c.quiet(a.missing("flowBeginTime"))
	}
	return f, nil
}
