package account

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tabferry/tabferry/account/internal/ece"
	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// keyResetEvery is the least time between two replacements of command keys. A
// sender with an old copy of our keys may send many commands before it reads the
// new ones, and each replacement makes more of them unreadable.
const keyResetEvery = time.Hour

// resetMark is when command keys were last replaced, on the monotonic clock.
type resetMark struct{ at time.Duration }

// PollCommands fetches the commands that wait for this device, oldest first, until
// none is left. Each page of at most 100 goes to the [Saver], together with the
// new index, in one call; if that fails nothing of the page counts as received and
// a later poll delivers it again. A command is otherwise delivered once.
//
// A command that cannot be read is delivered as an [*UnreadableCommand]. If it was
// encrypted with keys that are not ours, this device's keys for that command are
// replaced and published, at most once a call and once an hour.
//
// Commands returned together with an error have been saved and will not come
// again. Only one poll is under way at a time.
//
// GET /v1/account/device/commands, GET /v1/account/devices for the senders, and POST
// /v1/account/device for new keys; fxa-client poll_device_commands;
// docs/protocol/accounts-client.md §8.5.
func (a *Account) PollCommands(ctx context.Context) ([]IncomingCommand, error) {
	p := poll{account: a}
	err := a.onDeviceRoute(ctx, p.run)
	return p.received, err
}

// poll is one run over the waiting commands.
type poll struct {
	account  *Account
	received []IncomingCommand
	// undecryptable are the commands whose keys did not fit.
	undecryptable []string
	// looked says that the device list was fetched anew for an unknown sender.
	looked bool
}

// run takes page after page, each in a change of its own, so that other changes
// need not wait for the whole of a long queue.
func (p *poll) run(ctx context.Context) error {
	for more := true; more; {
		err := p.account.change(ctx, func(ctx context.Context, t *tx) error {
			var err error
			more, err = p.page(ctx, t)
			return err
		})
		if err != nil {
			return err
		}
	}
	if len(p.undecryptable) == 0 {
		return nil
	}
	return p.account.change(ctx, p.replaceKeys)
}

// page fetches one page and, unless it is empty, saves it with the index that it
// brings us to.
func (p *poll) page(ctx context.Context, t *tx) (more bool, err error) {
	token, err := t.state.refresh()
	if err != nil {
		return false, err
	}
	page, err := t.a.wire.Commands(ctx, wire.Bearer(token), t.state.LastCommand+1, 0)
	if err != nil {
		return false, fmt.Errorf("fetch commands: %w", err)
	}
	if len(page.Messages) == 0 {
		// The server names index 0 then; ours stays, unless a push says otherwise. Its
		// "last" can stay false when the newest commands have expired.
		if page, err = p.beganAgain(ctx, t, token); err != nil || len(page.Messages) == 0 {
			return false, err
		}
	}
	batch, index, err := p.decodePage(ctx, t, page)
	if err != nil {
		return false, err
	}
	if index == t.state.LastCommand {
		return false, fmt.Errorf("commands: the server repeats what was already received: %w", ErrInvalidAnswer)
	}
	t.state.LastCommand = index
	t.received = batch
	t.onCommit(func(m *memory) { m.commands.took(batch, index) })
	if err := t.commit(ctx); err != nil {
		return false, err
	}
	p.received = append(p.received, batch...)
	for _, c := range batch {
		t.a.countReceived(c)
	}
	return !page.Last, nil
}

// beganAgain looks whether the server, restored or exchanged, counts from below our
// index: a push announced a command there which no poll has brought. The page is
// empty when the push was merely late, which shows in that our index is still there.
func (p *poll) beganAgain(ctx context.Context, t *tx, token string) (page wire.Commands, err error) {
	var low int64
	t.a.remember(func(m *memory) { low = m.commands.low })
	if low == 0 {
		return wire.Commands{}, nil
	}
	page, err = t.a.wire.Commands(ctx, wire.Bearer(token), t.state.LastCommand, 1)
	counts := err == nil && len(page.Messages) == 0
	if counts {
		page, err = t.a.wire.Commands(ctx, wire.Bearer(token), low, 0)
	}
	if err != nil {
		return wire.Commands{}, fmt.Errorf("fetch commands: %w", err)
	}
	t.a.remember(func(m *memory) { m.commands.low = 0 })
	if !counts || len(page.Messages) == 0 {
		return wire.Commands{}, nil
	}
	t.state.LastCommand = low - 1
	return page, nil
}

// decodePage reads the messages of a page that were not received before and finds
// the index that the page brings us to.
func (p *poll) decodePage(ctx context.Context, t *tx, page wire.Commands) (batch []IncomingCommand, index int64, err error) {
	devices, err := t.a.listDevices(ctx, t.state, false)
	if err != nil {
		return nil, 0, err
	}
	t.keepDevices(devices)
	var announced int64
	t.a.remember(func(m *memory) { announced = m.commands.announced })
	ciphers := commandCiphers{state: t.state}
	index = t.state.LastCommand
	for _, m := range page.Messages {
		if m.Index <= index {
			continue
		}
		index = m.Index
		in := Incoming{Index: m.Index, SenderID: m.Sender, Reason: reasonFor(m.Index, announced)}
		in.Sender, devices = p.sender(ctx, t, devices, m.Sender)
		batch = append(batch, p.decode(&ciphers, m, in))
	}
	return batch, max(index, page.Index), nil
}

// reasonFor sorts a command by what push messages announced: announced itself or
// newer, older than something announced, or not announced at all.
func reasonFor(index, announced int64) Reason {
	switch {
	case announced == 0:
		return ReasonPoll
	case index >= announced:
		return ReasonPush
	default:
		return ReasonPushMissed
	}
}

// sender looks up who sent a command. A device that is not in the list may have
// joined since it was fetched, so that it is fetched anew, once a poll; failing
// that, the sender is not known, which keeps no command from being received.
func (p *poll) sender(ctx context.Context, t *tx, devices []Device, id string) (*Device, []Device) {
	if id == "" {
		return nil, devices
	}
	d, ok := findDevice(devices, id)
	if !ok && !p.looked {
		p.looked = true
		if list, err := t.a.listDevices(ctx, t.state, true); err == nil {
			t.keepDevices(list)
			devices = list
			d, ok = findDevice(devices, id)
		}
	}
	if !ok {
		return nil, devices
	}
	return &d, devices
}

// decode reads one command; whatever is wrong with it, something is delivered.
func (p *poll) decode(ciphers *commandCiphers, m wire.Command, in Incoming) IncomingCommand {
	c, err := decodeCommand(ciphers, m, in)
	if err == nil {
		return c
	}
	if errors.Is(err, errWrongKeys) && !slices.Contains(p.undecryptable, m.Command) {
		p.undecryptable = append(p.undecryptable, m.Command)
	}
	return &UnreadableCommand{Incoming: in, Command: m.Command, Err: err}
}

// Kinds of unreadable commands.
var (
	errNoKeys      = newSentinel(ErrCrypto, "there are no keys for this command")
	errWrongKeys   = newSentinel(ErrCrypto, "the command was not encrypted with this device's keys")
	errCiphertext  = newSentinel(ErrCrypto, "the command's encryption is malformed")
	errNotACommand = newSentinel(ErrUnsupported, "the command is not known")
)

// decodeCommand decrypts and reads one command.
func decodeCommand(ciphers *commandCiphers, m wire.Command, in Incoming) (IncomingCommand, error) {
	if m.Command != commandOpenURI && m.Command != commandCloseURI {
		return nil, errNotACommand
	}
	k, ok := ciphers.get(m.Command)
	if !ok {
		return nil, errNoKeys
	}
	clear, err := openCommand(k, m.Payload)
	if err != nil {
		return nil, err
	}
	if m.Command == commandOpenURI {
		payload, err := parseSendTab(clear)
		return &TabReceived{Incoming: in, Payload: payload}, err
	}
	payload, err := parseCloseTabs(clear)
	return &TabsClosed{Incoming: in, Payload: payload}, err
}

// openCommand decrypts a command's payload, {"encrypted": base64url}. Base64
// padding is tolerated.
func openCommand(k keys.CommandKeys, payload json.RawMessage) ([]byte, error) {
	text, err := encryptedText(payload)
	if err != nil {
		return nil, err
	}
	text = bytes.TrimRight(text, "=")
	body := make([]byte, base64.RawURLEncoding.DecodedLen(len(text)))
	if _, err := base64.RawURLEncoding.Decode(body, text); err != nil || holds(text, '\r') || holds(text, '\n') {
		return nil, errCiphertext
	}
	clear, err := ece.Decrypt(k.Private, k.AuthSecret, body)
	var refused *ece.DecodeError
	switch {
	case err == nil:
		return clear, nil
	case errors.As(err, &refused) && refused.Kind == ece.KindDecrypt:
		return nil, errWrongKeys
	default:
		return nil, errCiphertext
	}
}

// holds looks for an octet. bytes.ContainsAny would go through 12 kB one by one: four of these took a tenth
// of opening a long tab, and now take nothing.
func holds(text []byte, c byte) bool { return bytes.IndexByte(text, c) >= 0 }

// encryptedText takes the one member out of a payload.
func encryptedText(payload json.RawMessage) ([]byte, error) {
	// The form that every sender writes is cut out rather than parsed: it is long,
	// and parsing would cost as much as decrypting. Anything else that JSON would
	// read differently fails to decode as base64.
	if rest, ok := bytes.CutPrefix(payload, []byte(envelopeBegin)); ok {
		if text, ok := bytes.CutSuffix(rest, []byte(envelopeEnd)); ok && !holds(text, '"') && !holds(text, '\\') {
			return text, nil
		}
	}
	var envelope struct {
		Encrypted *string `json:"encrypted"`
	}
	if err := json.Unmarshal(payload, &envelope); err != nil || envelope.Encrypted == nil {
		return nil, errPayload
	}
	return []byte(*envelope.Encrypted), nil
}

// replaceKeys gives this device new keys for the commands that could not be
// decrypted and publishes them; the other commands keep theirs.
func (p *poll) replaceKeys(ctx context.Context, t *tx) error {
	if len(t.state.Capabilities) == 0 {
		return nil
	}
	now, due := t.a.clock.Monotonic(), false
	t.a.remember(func(m *memory) {
		due = m.commands.lastReset == nil || now-m.commands.lastReset.at >= keyResetEvery
		if due {
			m.commands.lastReset = &resetMark{at: now}
		}
	})
	if !due {
		return nil
	}
	for _, command := range p.undecryptable {
		delete(t.state.CommandKeys, command)
	}
	// publish makes the missing keys and saves them before anybody learns of them.
	update, err := t.publish(ctx, t.state.Capabilities)
	if err != nil {
		return fmt.Errorf("replace command keys: %w", err)
	}
	if _, err := t.updateDevice(ctx, *update); err != nil {
		return fmt.Errorf("replace command keys: %w", err)
	}
	return nil
}
