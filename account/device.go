package account

import (
	"encoding/json"
	"slices"
	"time"
)

// PushSubscription is where and how a device wants to be alerted: the push
// service's endpoint, and the P-256 public key (65 bytes) and authentication
// secret (16 bytes) for the encryption, both base64url without padding.
type PushSubscription struct {
	Endpoint  string `json:"endpoint"`
	PublicKey string `json:"public_key"`
	AuthKey   string `json:"auth_key"`
}

// Device is a device of the account, as the server listed it.
type Device struct {
	ID           string       `json:"id"`
	DisplayName  string       `json:"display_name"`
	Type         DeviceType   `json:"device_type"`
	Capabilities []Capability `json:"capabilities,omitempty"`
	// PushSubscription is nil while the device cannot be alerted.
	PushSubscription *PushSubscription `json:"push_subscription,omitempty"`
	// PushEndpointExpired says that the push service refused the device's endpoint:
	// it notices commands only when it next asks.
	PushEndpointExpired bool `json:"push_endpoint_expired,omitempty"`
	IsCurrentDevice     bool `json:"is_current_device,omitempty"`
	// LastAccess is when the device last talked to the server; zero when unknown.
	LastAccess time.Time `json:"last_access,omitzero"`
	// Location is where the server believes the device to be, often empty.
	Location Location `json:"location,omitzero"`
	// Commands maps each command the device offers to the sealed keys for it.
	Commands map[string]string `json:"commands,omitempty"`
}

// Location is a place as the server guesses it from network addresses.
type Location struct {
	City    string `json:"city,omitempty"`
	State   string `json:"state,omitempty"`
	Country string `json:"country,omitempty"`
}

// LocalDevice is the server's view of this installation's own record.
type LocalDevice struct {
	ID                  string            `json:"id"`
	DisplayName         string            `json:"display_name"`
	Type                DeviceType        `json:"device_type"`
	Capabilities        []Capability      `json:"capabilities,omitempty"`
	PushSubscription    *PushSubscription `json:"push_subscription,omitempty"`
	PushEndpointExpired bool              `json:"push_endpoint_expired,omitempty"`
}

// DeviceConfig is how this installation wants to appear among the devices.
type DeviceConfig struct {
	Name         string       `json:"name"`
	Type         DeviceType   `json:"device_type"`
	Capabilities []Capability `json:"capabilities,omitempty"`
}

// DeviceType is the form factor a device states for its icon in lists.
type DeviceType string

// The device types of the accounts service. The zero value is DeviceUnknown:
// it is what absent and unheard-of types read as, and it is never sent.
const (
	DeviceUnknown DeviceType = ""
	DeviceDesktop DeviceType = "desktop"
	DeviceMobile  DeviceType = "mobile"
	DeviceTablet  DeviceType = "tablet"
	DeviceVR      DeviceType = "vr"
	DeviceTV      DeviceType = "tv"
)

// ParseDeviceType reads the service's text for a type. "phone" is an old name
// of mobile; everything unheard of is DeviceUnknown.
func ParseDeviceType(text string) DeviceType {
	switch t := DeviceType(text); t {
	case DeviceDesktop, DeviceMobile, DeviceTablet, DeviceVR, DeviceTV:
		return t
	case "phone":
		return DeviceMobile
	default:
		return DeviceUnknown
	}
}

// String is the service's text, or "unknown".
func (t DeviceType) String() string {
	if t == DeviceUnknown {
		return "unknown"
	}
	return string(t)
}

// UnmarshalJSON accepts whatever a server may say: null, a number or an
// unheard-of text are DeviceUnknown.
func (t *DeviceType) UnmarshalJSON(text []byte) error {
	var s string
	if json.Unmarshal(text, &s) != nil {
		s = ""
	}
	*t = ParseDeviceType(s)
	return nil
}

// Capability is something a device can be asked to do by the account's other
// devices.
type Capability string

// The capabilities Mozilla's clients have.
const (
	// CapabilitySendTab opens a page another device sends.
	CapabilitySendTab Capability = "SendTab"
	// CapabilityCloseTabs closes pages another device names.
	CapabilityCloseTabs Capability = "CloseTabs"
)

// The command names under which capabilities appear in a device record.
const (
	commandOpenURI  = "https://identity.mozilla.com/cmd/open-uri"
	commandCloseURI = "https://identity.mozilla.com/cmd/close-uri/v1"
)

// capabilityCommands pairs each capability with its command. The order is that
// in which capabilities are reported.
var capabilityCommands = [...]struct {
	capability Capability
	command    string
}{
	{CapabilitySendTab, commandOpenURI},
	{CapabilityCloseTabs, commandCloseURI},
}

// command is the name under which the capability is published; ok is false for
// one that is not known.
func (c Capability) command() (name string, ok bool) {
	for _, row := range capabilityCommands {
		if row.capability == c {
			return row.command, true
		}
	}
	return "", false
}

// capabilitiesOf derives capabilities from published commands. Commands of
// other applications are left out.
func capabilitiesOf(commands map[string]string) []Capability {
	var out []Capability
	for _, row := range capabilityCommands {
		if _, ok := commands[row.command]; ok {
			out = append(out, row.capability)
		}
	}
	return out
}

// normalCapabilities sorts and removes duplicates, so that equal sets are equal
// slices.
func normalCapabilities(list []Capability) []Capability {
	out := slices.Clone(list)
	slices.Sort(out)
	return slices.Compact(out)
}

// sameCapabilities compares as sets: the service keeps no order.
func sameCapabilities(a, b []Capability) bool {
	return slices.Equal(normalCapabilities(a), normalCapabilities(b))
}
