package account

import "encoding/json"

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
