package member

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// formNumbers are the members that are numbers in JSON; a form has only texts.
var formNumbers = []string{"ttl", "expires_in", "ppid_seed", "expiry_grace_period"}

// Form decodes a form-encoded body as if it were JSON.
func Form(body []byte) (map[string]json.RawMessage, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fmt.Errorf("form: %w", err)
	}
	obj := map[string]json.RawMessage{}
	for name, values := range form {
		text := values[0]
		if slices.Contains(formNumbers, name) {
			if _, err := strconv.ParseInt(text, 10, 64); err == nil {
				obj[name] = json.RawMessage(text)
				continue
			}
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			return nil, fmt.Errorf("form: %w", err)
		}
		obj[name] = quoted
	}
	return obj, nil
}
