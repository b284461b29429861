package account

import "time"

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
