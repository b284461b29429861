package account

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tabferry/tabferry/account/internal/wire"
)

// AccountEvent is what a push message told: a [CommandReceived],
// [ProfileUpdated], [DeviceConnected], [DeviceDisconnected], [AuthStateChanged],
// [AccountDestroyed] or [UnknownEvent].
type AccountEvent interface{ accountEvent() }

// CommandReceived says that a command waits: poll for it. The announcement is a
// hint, which may come late, twice or never.
type CommandReceived struct {
	// Index is the server's number of the command.
	Index int64
	// SenderID is the device that sent it, if the server said.
	SenderID string
	// Seen says that an earlier poll went past it: there is nothing to fetch.
	Seen bool
	// Command is the command itself, if the account was made with
	// [WithCommandFetch]; a poll will deliver it again.
	Command IncomingCommand
}

// ProfileUpdated says that the profile has changed: fetch it.
type ProfileUpdated struct{}

// DeviceConnected says that a device joined the account.
type DeviceConnected struct{ Name string }

// DeviceDisconnected says that a device left the account. If it is this one, Local
// is true, and the account is signed out already.
type DeviceDisconnected struct {
	ID    string
	Local bool
}

// AuthStateChanged says that the password was changed or reset: send an
// [EventCheckAuthorization] to learn whether the sign-in outlived it.
type AuthStateChanged struct{}

// AccountDestroyed says that the account is said to be deleted. Nothing has been
// changed: a message is no proof. Ask [Account.AccountExists] and, if it does not,
// [Account.Forget] it.
type AccountDestroyed struct{}

// UnknownEvent is a message without meaning for this package. Command is empty for
// the empty message that tells of a confirmed account.
type UnknownEvent struct{ Command string }

func (CommandReceived) accountEvent()    {}
func (ProfileUpdated) accountEvent()     {}
func (DeviceConnected) accountEvent()    {}
func (DeviceDisconnected) accountEvent() {}
func (AuthStateChanged) accountEvent()   {}
func (AccountDestroyed) accountEvent()   {}
func (UnknownEvent) accountEvent()       {}

// WithCommandFetch makes [Account.HandlePush] fetch each announced command by its
// index, as Mozilla's component does. The poll delivers the command once more,
// with the same index.
func WithCommandFetch() Option { return func(o *options) { o.commandFetch = true } }

// HandlePush takes the decrypted text of a push message, brings what is known of
// the account up to date, and says what happened. It makes no request, unless the
// account has the option [WithCommandFetch].
//
// Text that is not a message of the accounts service, and the destruction of
// another account than ours, are ErrInvalidPush. A message that is not understood
// is an [UnknownEvent].
//
// No request, or GET /v1/account/device/commands with [WithCommandFetch]; fxa-client
// handle_push_message; docs/protocol/accounts-client.md §9.
func (a *Account) HandlePush(ctx context.Context, payload []byte) (AccountEvent, error) {
	m, err := parsePush(payload)
	switch {
	case err != nil:
		return nil, err
	case m.unknown:
		return UnknownEvent{Command: m.command}, nil
	}
	switch m.command {
	case pushCommandReceived:
		return a.commandAnnounced(ctx, m)
	case pushProfileUpdated:
		return ProfileUpdated{}, a.profileChanged(ctx)
	case pushDeviceConnected:
		a.forgetDevices()
		return DeviceConnected{Name: m.deviceName}, nil
	case pushDeviceDisconnected:
		return a.deviceLeft(ctx, m.deviceID)
	case pushPasswordChanged, pushPasswordReset:
		a.forgetDevices()
		return AuthStateChanged{}, nil
	case pushAccountDestroyed:
		if uid := a.state().uid(); uid == "" || uid != m.uid {
			return nil, fmt.Errorf("destruction of another account: %w", ErrInvalidPush)
		}
		return AccountDestroyed{}, nil
	default:
		return UnknownEvent{Command: m.command}, nil
	}
}

// Announced takes the decrypted text of a push message as [Account.HandlePush] does, but only if it says that a
// command waits; else it returns false, and nothing has happened.
//
// No request; fxa-client handle_push_message; docs/protocol/accounts-client.md §9.
func (a *Account) Announced(payload []byte) (CommandReceived, bool) {
	m, err := parsePush(payload)
	if err != nil || m.unknown || m.command != pushCommandReceived {
		return CommandReceived{}, false
	}
	return a.announced(m), true
}

// announced remembers the announcement, for the reason of what the next poll brings.
func (a *Account) announced(m pushMessage) CommandReceived {
	event := CommandReceived{Index: m.index, SenderID: m.senderID}
	last := a.state().LastCommand
	a.remember(func(mem *memory) {
		known := &mem.commands
		event.Seen = m.index > 0 && m.index <= last && known.received[m.index]
		switch {
		case event.Seen || m.index <= 0:
		case m.index > last:
			known.announced = max(known.announced, m.index)
		case known.low == 0 || m.index < known.low:
			known.low = m.index
		}
	})
	return event
}

func (a *Account) commandAnnounced(ctx context.Context, m pushMessage) (AccountEvent, error) {
	event := a.announced(m)
	if !a.commandFetch {
		return event, nil
	}
	command, err := a.fetchCommand(ctx, m.index)
	if err != nil {
		return nil, err
	}
	event.Command = command
	return event, nil
}

// profileChanged marks the profile as out of date. Who it belongs to stays known.
func (a *Account) profileChanged(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		if t.state.Profile != nil {
			t.state.Profile.Stale = true
		}
		return nil
	})
}

func (a *Account) forgetDevices() {
	a.remember(func(m *memory) {
		m.devices.drop()
		m.clients = cachedClients{}
	})
}

// deviceLeft follows the disconnection of a device, which may be this one.
func (a *Account) deviceLeft(ctx context.Context, id string) (AccountEvent, error) {
	if id == a.state().DeviceID {
		return DeviceDisconnected{ID: id, Local: true}, a.signedOutRemotely(ctx)
	}
	a.forgetDevices()
	gone := func(d Device) bool { return d.ID == id }
	event := DeviceDisconnected{ID: id}
	if !slices.ContainsFunc(a.state().known.devices(), gone) {
		return event, nil
	}
	return event, a.change(ctx, func(_ context.Context, t *tx) error {
		if k := t.state.known; k != nil {
			t.state.known = newKnownDevices(slices.DeleteFunc(slices.Clone(k.list), gone), k.at)
		}
		return nil
	})
}

// signedOutRemotely signs out here after the server did so there. What may have
// outlived it on the server is put up for revocation, which is not tried now.
func (a *Account) signedOutRemotely(ctx context.Context) error {
	return a.change(ctx, func(_ context.Context, t *tx) error {
		t.dropFlows()
		t.revokeAll()
		t.state.wipeForDisconnect()
		t.forgetEverything()
		t.moveTo(Disconnected)
		return nil
	})
}

// errNotThere says that an announced command is not waiting any more.
var errNotThere = newSentinel(ErrOther, "the announced command is not there")

// fetchCommand fetches one command by its index, without counting it as received.
// When the one asked for has expired a server gives the next, which is not it.
func (a *Account) fetchCommand(ctx context.Context, index int64) (IncomingCommand, error) {
	var command IncomingCommand
	err := a.viewDevices(ctx, func(ctx context.Context, s *persisted) error {
		var err error
		command, err = a.oneCommand(ctx, s, index)
		return err
	})
	return command, err
}

func (a *Account) oneCommand(ctx context.Context, s *persisted, index int64) (IncomingCommand, error) {
	token, err := s.refresh()
	if err != nil {
		return nil, err
	}
	page, err := a.wire.Commands(ctx, wire.Bearer(token), index, 1)
	if err != nil {
		return nil, fmt.Errorf("fetch the announced command: %w", err)
	}
	if len(page.Messages) == 0 || page.Messages[0].Index != index {
		return nil, errNotThere
	}
	devices, err := a.listDevices(ctx, s, false)
	if err != nil {
		return nil, err
	}
	m := page.Messages[0]
	in := Incoming{Index: m.Index, SenderID: m.Sender, Reason: ReasonPush}
	if d, ok := findDevice(devices, m.Sender); ok {
		in.Sender = &d
	}
	command, err := decodeCommand(&commandCiphers{state: s}, m, in)
	if err != nil && errors.Is(err, ErrOther) {
		return &UnreadableCommand{Incoming: in, Command: m.Command, Err: err}, nil
	}
	return command, err
}

// The commands of push messages from the accounts service.
const (
	pushCommandReceived    = "fxaccounts:command_received"
	pushProfileUpdated     = "fxaccounts:profile_updated"
	pushDeviceConnected    = "fxaccounts:device_connected"
	pushDeviceDisconnected = "fxaccounts:device_disconnected"
	pushPasswordChanged    = "fxaccounts:password_changed" // #nosec G101 -- a message name
	pushPasswordReset      = "fxaccounts:password_reset"   // #nosec G101 -- a message name
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
		Sender     string  `json:"sender"`
		DeviceName *string `json:"deviceName"`
		ID         string  `json:"id"`
		UID        string  `json:"uid"`
	}
	switch m.command {
	case pushProfileUpdated, pushPasswordChanged, pushPasswordReset:
		return true // whatever they carry
	}
	if len(raw) == 0 || json.Unmarshal(raw, &data) != nil {
		return false
	}
	switch m.command {
	case pushCommandReceived:
		if data.Index == nil || *data.Index < 0 {
			return false
		}
		m.index, m.senderID = *data.Index, data.Sender
		return true
	case pushDeviceConnected:
		if data.DeviceName == nil {
			return false
		}
		m.deviceName = *data.DeviceName
		return true
	case pushDeviceDisconnected:
		m.deviceID = data.ID
		return data.ID != ""
	case pushAccountDestroyed:
		m.uid = data.UID
		return data.UID != ""
	default:
		return false
	}
}
