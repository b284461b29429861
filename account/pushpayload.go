package account

import (
	"bytes"
	"encoding/json"
)

// The commands of push messages from the accounts service.
const (
	pushCommandReceived    = "fxaccounts:command_received"
	pushProfileUpdated     = "fxaccounts:profile_updated"
	pushDeviceConnected    = "fxaccounts:device_connected"
	pushDeviceDisconnected = "fxaccounts:device_disconnected"
	pushPasswordChanged    = "fxaccounts:password_changed" //nolint:gosec // a message name
	pushPasswordReset      = "fxaccounts:password_reset"   //nolint:gosec // a message name
	pushAccountDestroyed   = "fxaccounts:account_destroyed"
)

// pushMessage is a decrypted push message, understood but without effect yet.
// Only the members its command has are set.
type pushMessage struct {
	// command is "" for the empty message that says an account was verified, and
	// for a known command whose data is not understood: unknown is set then.
	command    string
	unknown    bool
	index      int64
	senderID   string
	deviceName string
	deviceID   string
	uid        string
}

// parsePush reads the text of a push message. Text that is not a JSON object
// with a command is ErrInvalidPush; the empty text is an unknown message; so is
// a command that is not ours or whose data has another shape than expected.
func parsePush(payload []byte) (pushMessage, error) {
	if len(bytes.TrimSpace(payload)) == 0 {
		return pushMessage{unknown: true}, nil
	}
	var envelope struct {
		Command *string         `json:"command"`
		Data    json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(payload, &envelope); err != nil || envelope.Command == nil {
		return pushMessage{}, ErrInvalidPush
	}
	m := pushMessage{command: *envelope.Command}
	m.unknown = !m.readData(envelope.Data)
	return m, nil
}

// readData fills in what the command carries; false when it is not one of ours
// or the data has another shape.
func (m *pushMessage) readData(raw json.RawMessage) bool {
	var data struct {
		Index      *int64  `json:"index"`
		Sender     *string `json:"sender"`
		DeviceName *string `json:"deviceName"`
		ID         *string `json:"id"`
		UID        *string `json:"uid"`
	}
	understood := len(raw) != 0 && json.Unmarshal(raw, &data) == nil
	switch m.command {
	case pushProfileUpdated, pushPasswordChanged, pushPasswordReset:
		return true
	case pushCommandReceived:
		if !understood || data.Index == nil || *data.Index < 0 {
			return false
		}
		m.index = *data.Index
		if data.Sender != nil {
			m.senderID = *data.Sender
		}
	case pushDeviceConnected:
		if !understood || data.DeviceName == nil {
			return false
		}
		m.deviceName = *data.DeviceName
	case pushDeviceDisconnected:
		if !understood || data.ID == nil || *data.ID == "" {
			return false
		}
		m.deviceID = *data.ID
	case pushAccountDestroyed:
		if !understood || data.UID == nil || *data.UID == "" {
			return false
		}
		m.uid = *data.UID
	default:
		return false
	}
	return true
}
