package account

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tabferry/tabferry/account/internal/ece"
	"github.com/tabferry/tabferry/account/internal/gate"
	"github.com/tabferry/tabferry/account/internal/keys"
	"github.com/tabferry/tabferry/account/internal/plainjson"
	"github.com/tabferry/tabferry/account/internal/wire"
)

// closeTabsTTL is how long a request to close pages may wait, in seconds: two
// days. After that, nobody wants an old page to vanish.
const closeTabsTTL = 172800

// SendOption changes how a tab is sent.
type SendOption func(*sendOptions)

type sendOptions struct{ private bool }

// Private asks the receiver to open the page in a private window.
func Private() SendOption { return func(o *sendOptions) { o.private = true } }

// Delivery is what the server said about a command it accepted. Acceptance means
// that the command waits for the target, for up to 28 days.
type Delivery struct {
	// Known is false when the server, an old one, said nothing beyond acceptance.
	Known bool
	// Notified says that the target's push service took the alert. If not, the
	// target notices the command when it next asks by itself.
	Notified bool
	// NotifyError says why not: noCallback, noKeys, expiredCallback, resetCallback
	// or unknown.
	NotifyError string
}

// SendTab sends a page to a device of the account. It returns once the server has
// accepted the command.
//
// ErrUnknownDevice: no such device. ErrUnsupported: it does not take tabs.
// ErrTooLarge: title and address do not fit the 16384 octets of a request; known
// before anything is sent. ErrUnavailable: also for an answer that says in so many
// words that the command was not taken. The server has no way to recognise a
// repetition: after an ErrNetwork or an ErrInvalidAnswer the tab may have been
// accepted or not.
//
// POST /v1/account/devices/invoke_command; fxa-client send_single_tab;
// docs/protocol/accounts-client.md §8.3, RFC 8188.
func (a *Account) SendTab(ctx context.Context, deviceID, title, url string, opts ...SendOption) (Delivery, error) {
	o := applied[sendOptions](opts)
	if url == "" {
		return Delivery{}, fmt.Errorf("address is empty: %w", ErrInvalidArgument)
	}
	payload := SendTabPayload{Entries: []TabEntry{{Title: title, URL: url, Private: o.private}}}
	var err error
	uid := a.state().countedUID()
	if payload.FlowID, payload.StreamID, err = a.tag(uid, ""); err != nil {
		return Delivery{}, err
	}
	var delivery Delivery
	err = a.viewDevices(ctx, func(ctx context.Context, s *persisted) error {
		out, err := a.addressee(ctx, s, deviceID, commandOpenURI)
		if err != nil {
			return err
		}
		delivery, err = out.invoke(ctx, payload, 0)
		return err
	})
	if err != nil {
		return Delivery{}, err
	}
	a.gate.Sent(uid, gate.Record{Command: telemetrySendTab, FlowID: payload.FlowID, StreamID: payload.StreamID})
	return delivery, nil
}

// CloseTabs asks a device to close the pages with these addresses. Many addresses
// are spread over several commands, shortest first.
//
// unsent lists the addresses the server has not accepted and err why: nil exactly
// when all were accepted. Addresses too long for any command are unsent with
// ErrTooLarge. A failed command does not keep the following ones from being
// tried, unless it was refused by a server that asks to wait or ctx has ended.
//
// POST /v1/account/devices/invoke_command; fxa-client close_tabs;
// docs/protocol/accounts-client.md §8.4.
func (a *Account) CloseTabs(ctx context.Context, deviceID string, urls []string) (unsent []string, err error) {
	_, unsent, err = a.CloseTabsDelivery(ctx, deviceID, urls)
	return unsent, err
}

// CloseTabsDelivery is [Account.CloseTabs] and also says, as [Account.SendTab] does,
// whether the device was alerted. Of several commands the last one accepted counts: one
// alert has the device fetch them all. Without an accepted command the delivery is the
// zero one.
//
// POST /v1/account/devices/invoke_command; not in fxa-client;
// docs/protocol/accounts-client.md §8.4.
func (a *Account) CloseTabsDelivery(ctx context.Context, deviceID string, urls []string) (delivery Delivery, unsent []string, err error) {
	unsent = urls
	err = a.viewDevices(ctx, func(ctx context.Context, s *persisted) error {
		out, err := a.addressee(ctx, s, deviceID, commandCloseURI)
		if err != nil {
			return err
		}
		unsent, err = out.closeTabs(ctx, unsent, s.countedUID(), &delivery)
		return err
	})
	return delivery, unsent, err
}

// closeTabs sends the chunks one after the other.
func (o *outgoing) closeTabs(ctx context.Context, urls []string, uid string, last *Delivery) (unsent []string, err error) {
	chunks, tooLong := chunkURLs(urls, maxCommandPayload)
	var failures []error
	var flow string // one for all, with a stream for each chunk
	for i, chunk := range chunks {
		var stream string
		if flow, stream, err = o.account.tag(uid, flow); err != nil {
			return append(unsent, flatten(chunks[i:], tooLong)...), err
		}
		delivery, err := o.invoke(ctx, CloseTabsPayload{URLs: chunk, FlowID: flow, StreamID: stream}, closeTabsTTL)
		if err == nil {
			*last = delivery
			o.account.gate.Sent(uid, gate.Record{Command: telemetryCloseTabs, FlowID: flow, StreamID: stream})
			continue
		}
		failures = append(failures, err)
		unsent = append(unsent, chunk...)
		var wait *BackoffError
		_, refused := deviceRefusal(err)
		if errors.As(err, &wait) || refused || ctx.Err() != nil {
			unsent = append(unsent, flatten(chunks[i+1:], nil)...)
			break
		}
	}
	if len(tooLong) > 0 {
		unsent = append(unsent, tooLong...)
		failures = append(failures, fmt.Errorf("%d addresses: %w", len(tooLong), ErrTooLarge))
	}
	return unsent, errors.Join(failures...)
}

func flatten(chunks [][]string, rest []string) []string {
	var all []string
	for _, c := range chunks {
		all = append(all, c...)
	}
	return append(all, rest...)
}

// outgoing is a target with all that is needed to send it one kind of command.
type outgoing struct {
	account *Account
	token   string
	target  string
	command string
	keys    keys.CommandPublic
}

// addressee finds a target and opens the keys it published for a command. A
// device that is not in a kept list, or does not offer the command there, is
// looked for in a fresh one before giving up.
func (a *Account) addressee(ctx context.Context, s *persisted, id, command string) (*outgoing, error) {
	token, err := s.refresh()
	if err != nil {
		return nil, err
	}
	syncKey, err := s.syncKey()
	if err != nil {
		return nil, err
	}
	var bundle string
	for _, fresh := range []bool{false, true} {
		list, err := a.listDevices(ctx, s, fresh)
		if err != nil {
			return nil, err
		}
		target, found := findDevice(list, id)
		bundle = target.Commands[command]
		switch {
		case bundle != "":
		case !fresh:
			continue
		case !found:
			return nil, ErrUnknownDevice
		default:
			return nil, fmt.Errorf("the device does not take this command: %w", ErrUnsupported)
		}
		break
	}
	public, err := keys.OpenCommandKeys(keys.ScopedKey(syncKey), bundle)
	if err != nil {
		// The target has not published under today's key yet, or never will.
		return nil, fmt.Errorf("keys of the device: %w: %w", ErrCrypto, err)
	}
	return &outgoing{account: a, token: token, target: id, command: command, keys: public}, nil
}

// invoke encrypts a payload and hands it to the server. ttl is in seconds; 0
// leaves it to the server.
func (o *outgoing) invoke(ctx context.Context, payload any, ttl int64) (Delivery, error) {
	invocation, err := o.seal(payload, ttl)
	if err != nil {
		return Delivery{}, err
	}
	told, err := o.account.wire.Invoke(ctx, wire.Bearer(o.token), invocation)
	if err != nil {
		if errors.Is(err, ErrUnknownDevice) || errors.Is(err, ErrUnsupported) {
			// The list is out of date.
			o.account.remember(func(m *memory) { m.devices.drop() })
		}
		return Delivery{}, fmt.Errorf("send command: %w", err)
	}
	if told.Known && !told.Enqueued {
		return Delivery{}, fmt.Errorf("send command: the server did not take it: %w", ErrUnavailable)
	}
	return Delivery{Known: told.Known, Notified: told.Notified, NotifyError: told.NotifyError}, nil
}

// seal builds the request for a command. The HTTP layer refuses one that is too
// large before anything is sent.
func (o *outgoing) seal(payload any, ttl int64) (wire.Invocation, error) {
	clear, err := encodePayload(payload)
	if err != nil {
		return wire.Invocation{}, fmt.Errorf("%w: %w", ErrInternal, err)
	}
	body, err := ece.Encrypt(o.account.random, o.keys.PublicKey, o.keys.AuthSecret, clear)
	if err != nil {
		return wire.Invocation{}, fmt.Errorf("encrypt command: %w: %w", ErrCrypto, err)
	}
	return wire.Invocation{Target: o.target, Command: o.command, Payload: inEnvelope(body), TTL: ttl}, nil
}

// What stands around the ciphertext of a command.
const (
	envelopeBegin = `{"encrypted":"`
	envelopeEnd   = `"}`
)

// inEnvelope is {"encrypted": base64url}. The alphabet needs no escapes, so that it is written at once: going
// over 12 kB for them took a fifth of sealing a long tab.
func inEnvelope(body []byte) json.RawMessage {
	out := make([]byte, 0, len(envelopeBegin)+base64.RawURLEncoding.EncodedLen(len(body))+len(envelopeEnd))
	out = append(out, envelopeBegin...)
	out = plainjson.AppendBase64(out, body)
	return append(out, envelopeEnd...)
}

const (
	// maxCommandPayload is the server's limit for what one command may carry.
	maxCommandPayload = 16384
	// chunkReserve is what encryption, the identifiers and the request around a
	// list of URLs may take of it, as Mozilla's clients reckon.
	chunkReserve = 1500
)

// chunkLimit is how many octets the JSON array of URLs in one command may have:
// the payload is base64, four characters for three octets.
func chunkLimit(maxPayload int) int { return maxPayload/4*3 - chunkReserve }

// chunkURLs spreads URLs over as few commands as sorting by length allows,
// shortest first. URLs that fit no command are returned as unsent.
func chunkURLs(urls []string, maxPayload int) (chunks [][]string, unsent []string) {
	sorted := slices.Clone(urls)
	slices.SortStableFunc(sorted, func(a, b string) int { return cmp.Compare(len(a), len(b)) })
	limit := chunkLimit(maxPayload)
	for len(sorted) > 0 {
		n := fittingPrefix(sorted, limit)
		if n == 0 {
			// The rest is at least as long as this one.
			return chunks, sorted
		}
		chunks = append(chunks, sorted[:n])
		sorted = sorted[n:]
	}
	return chunks, nil
}

// fittingPrefix is the length of the longest prefix whose JSON array has at
// most limit octets.
func fittingPrefix(urls []string, limit int) int {
	size := len("[]")
	for i, u := range urls {
		text, err := encodePayload(u)
		if err != nil {
			return i
		}
		size += len(text)
		if i > 0 {
			size += len(",")
		}
		if size > limit {
			return i
		}
	}
	return len(urls)
}
