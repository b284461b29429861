package account

import "slices"

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
