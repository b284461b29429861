package settings

import (
	"errors"
	"strings"
	"testing"

	"github.com/tabferry/tabferry/account/agent/localapi"
)

// Who chooses a value that there is not reads which there are.
func TestValuesAreNamed(t *testing.T) {
	var policies []string
	for _, p := range localapi.OpenPolicies() {
		policies = append(policies, string(p))
	}
	open, appearance := localapi.DefaultSettings(), localapi.DefaultSettings()
	open.Open, appearance.Appearance = "always", "pink"
	for _, c := range []struct {
		chosen localapi.Settings
		values []string
	}{{open, policies}, {appearance, localapi.Appearances()}} {
		var e *localapi.Error
		if !errors.As(Check(c.chosen), &e) || e.Code != localapi.CodeUsage {
			t.Fatalf("%+v was taken", c.chosen)
		}
		for _, value := range c.values {
			if !strings.Contains(e.Hint, value) {
				t.Errorf("%q does not name %q", e.Hint, value)
			}
		}
	}
}
