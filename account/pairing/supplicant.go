package pairing

import (
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/tabferry/tabferry/account/pairing/tlspsk"
)

// Times of a supplicant. Nothing but these reveals an authority that is gone, and an authority
// that refuses the request says nothing at all.
const (
	joinTime     = 20 * time.Second // greeting and handshake
	metadataTime = 30 * time.Second
	peopleTime   = 10 * time.Minute // both confirmations
	beginTime    = 30 * time.Second // preparing the request
	redeemTime   = time.Minute
	abandonTime  = 30 * time.Second
)

// Redeemed tells who was signed in.
type Redeemed struct {
	UID, Email string
}

// Redeemer does the account's part of being signed in. See the package comment.
type Redeemer interface {
	// Begin prepares a sign-in and returns the request for it. The address is the secret text of the
	// code.
	Begin(ctx context.Context, address string) (Request, error)
	// Redeem completes the sign-in that Begin prepared.
	Redeem(ctx context.Context, code, state string) (Redeemed, error)
	// Abandon undoes a Redeem: the new tokens are destroyed. It is also called when the pairing
	// ends without one, so that nothing of Begin is left; then there is nothing to destroy.
	Abandon(ctx context.Context) error
}

// SupplicantParams is what a Supplicant needs.
type SupplicantParams struct {
	// Address is the text of the code, as scanned or pasted.
	Address string
	// Server is the content origin of the accounts server in use; the code must be for it.
	Server string
	// Relay's URL is of the same server; it is not in the code.
	Relay    Relay
	Redeemer Redeemer
	// UID is the account held here already, empty when there is none: another one is refused.
	UID string
	// Changed is told of every new Status, in order, from the goroutine of Run. It must not block.
	// It may be nil.
	Changed func(Status)
	// Random is for the handshake; nil means crypto/rand.
	Random io.Reader
}

// Supplicant reads a code and is signed in by the device that shows it. Its methods may be called
// from any goroutine.
type Supplicant struct {
	*flow
	params SupplicantParams
	code   Code
}

// NewSupplicant reads the address; its errors are those of ParseAddress.
func NewSupplicant(params SupplicantParams) (*Supplicant, error) {
	if params.Redeemer == nil {
		return nil, errors.New("pairing: no redeemer")
	}
	code, err := ParseAddress(params.Address, params.Server)
	if err != nil {
		return nil, err
	}
	params.Address = ""
	return &Supplicant{flow: newFlow(params.Changed, Status{State: Joining}), params: params, code: code}, nil
}

// Confirm says yes to the account and the device shown. Errors are ErrNotNow, ErrEnded and ctx's.
// (docs/protocol/pairing.md §7.4)
func (s *Supplicant) Confirm(ctx context.Context) error { return s.call(ctx, Confirming, "") }

// Run does the pairing and returns when everything is over: nil for success, else one of this
// package's errors. The final Status comes first; a goodbye of up to a few seconds and, without
// success, Redeemer.Abandon follow. Run may be called once.
func (s *Supplicant) Run(ctx context.Context) error {
	ctx, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer s.stop()
	defer s.code.wipe()
	session, err := s.join(ctx)
	if err == nil {
		err = session.loop(ctx)
	} else if ctx.Err() != nil {
		err = ErrCancelled
	}
	s.conclude(err) // first, so that it is seen before the farewell takes its time
	s.stop()        // ends the work beside the loop
	var goodbye sync.WaitGroup
	defer goodbye.Wait()
	if session != nil {
		goodbye.Go(func() { session.depart(err) })
	}
	s.working.Wait()
	if err == nil {
		return nil
	}
	return errors.Join(err, s.abandon(ctx)) // beside the goodbye: what was signed in here is gone at once
}

func (s *Supplicant) abandon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTime)
	defer cancel()
	return s.params.Redeemer.Abandon(ctx)
}

// join prepares the sign-in, joins the channel and says hello.
func (s *Supplicant) join(ctx context.Context) (*supplicantSession, error) {
	beginCtx, cancel := context.WithTimeout(ctx, beginTime)
	defer cancel()
	request, err := s.params.Redeemer.Begin(beginCtx, s.code.Address())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrRedeem, err)
	}
	if err := request.check(); err != nil {
		return nil, err
	}
	deadline := time.Now().Add(joinTime)
	dialCtx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	l, err := s.params.Relay.dial(dialCtx, s.code.channelID)
	if err != nil {
		return nil, err
	}
	tls, err := tlspsk.NewClient(tlspsk.Config{PSK: s.code.key, Identity: []byte(l.id), Random: s.params.Random})
	if err != nil {
		l.close()
		return nil, err
	}
	s.code.wipe()
	session := &supplicantSession{
		s: s, ch: &channel{link: l, tls: tls}, request: request,
		timer: time.NewTimer(time.Until(deadline)), onTimer: ErrNoAnswer,
	}
	hello, err := tls.Start()
	if err != nil {
		session.ch.drop()
		return nil, err
	}
	session.ch.sendRecord(hello)
	return session, nil
}

// supplicantSession is a supplicant's life with its channel. It belongs to the goroutine of Run.
type supplicantSession struct {
	s       *Supplicant
	ch      *channel
	request Request

	timer   *time.Timer
	onTimer error

	metadata *Metadata
	code     string // held until the person here has confirmed
	leaving  bool   // the code is in hand: the channel's fate no longer matters
	redeemed bool   // the account is signed in and is the right one
}

func (s *supplicantSession) loop(ctx context.Context) error {
	defer s.timer.Stop()
	for !s.redeemed {
		incoming := s.ch.link.incoming
		if s.leaving {
			incoming = nil
		}
		var err error
		select {
		case <-ctx.Done():
			return ErrCancelled
		case raw, ok := <-incoming:
			err = s.incoming(raw, ok)
		case c := <-s.s.confirms:
			err = s.confirm(c)
		case result := <-s.s.results:
			err = result()
		case <-s.timer.C:
			err = s.onTimer
		}
		if err != nil {
			return err
		}
		s.redeemIfAgreed(ctx)
	}
	return nil
}

func (s *supplicantSession) incoming(raw []byte, ok bool) error {
	if !ok {
		return ErrRelayDropped
	}
	got, err := s.ch.receive(raw)
	if err != nil {
		return err
	}
	if got.connected {
		if err := s.ch.send(nameRequest, s.request); err != nil {
			return err
		}
		s.wait(metadataTime, ErrNotAccepted)
	}
	for _, m := range got.messages {
		if err := s.message(m, got.sender); err != nil {
			return err
		}
	}
	// A close after the code is the ordinary end of a version 1 authority.
	if got.closed && s.code == "" {
		return ErrPeerCancelled
	}
	return nil
}

func (s *supplicantSession) wait(d time.Duration, meaning error) {
	s.timer.Reset(d)
	s.onTimer = meaning
}

func (s *supplicantSession) message(m message, from sender) error {
	switch {
	case m.isCancel():
		return ErrPeerCancelled
	case m.Name == nameMetadata && s.metadata == nil:
		return s.show(m, from)
	case m.Name == nameAuthAuthorize && s.metadata != nil:
		return s.hold(m)
	}
	return fmt.Errorf("%w: a message out of turn", ErrDisturbed)
}

// show shows the account and the device, for the person here to judge.
func (s *supplicantSession) show(m message, from sender) error {
	metadata := Metadata{}
	if len(m.Data) > 0 {
		if err := json.Unmarshal(m.Data, &metadata); err != nil {
			return fmt.Errorf("%w: unreadable message", ErrDisturbed)
		}
	}
	if clean(metadata.Email) == "" {
		return ErrUnnamed
	}
	s.metadata = &metadata
	peer := from.peer()
	peer.DeviceName, peer.Email = clean(metadata.DeviceName), clean(metadata.Email)
	s.wait(peopleTime, ErrNotConfirmed)
	until := time.Now().Add(peopleTime)
	s.s.set(func(st *Status) { st.State, st.Peer, st.Until = Confirming, &peer, until })
	return nil
}

// hold keeps the code until the person here has confirmed too. A second one is ignored.
func (s *supplicantSession) hold(m message) error {
	if s.code != "" {
		return nil
	}
	var a authorization
	if err := json.Unmarshal(m.Data, &a); err != nil || !codeForm().MatchString(a.Code) {
		return fmt.Errorf("%w: unreadable permission", ErrDisturbed)
	}
	if !hmac.Equal([]byte(a.State), []byte(s.request.State)) {
		return fmt.Errorf("%w: a permission for somebody else", ErrDisturbed)
	}
	s.code = a.Code
	s.s.set(func(st *Status) { st.ConfirmedThere = true })
	return nil
}

func (s *supplicantSession) confirm(c confirm) error {
	if s.s.Status().State != Confirming {
		c.reply <- ErrNotNow
		return nil
	}
	s.s.set(func(st *Status) { st.State, st.ConfirmedHere = Waiting, true })
	c.reply <- nil
	return s.ch.send(nameSuppAuthorize, nil)
}

// redeemIfAgreed signs in once the code is here and the person has confirmed.
func (s *supplicantSession) redeemIfAgreed(ctx context.Context) {
	if s.leaving || s.code == "" || !s.s.Status().ConfirmedHere {
		return
	}
	s.leaving = true
	s.timer.Stop()
	s.ch.sayBye()
	s.s.set(func(st *Status) { st.State, st.Until = Redeeming, time.Time{} })
	code, state := s.code, s.request.State
	s.s.work(ctx, redeemTime, func(ctx context.Context) func() error {
		who, err := s.s.params.Redeemer.Redeem(ctx, code, state)
		return func() error { return s.signedIn(who, err) }
	})
}

// signedIn compares the account with the one shown and with the one held here.
func (s *supplicantSession) signedIn(who Redeemed, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRedeem, err)
	}
	if !strings.EqualFold(s.metadata.Email, who.Email) || (s.s.params.UID != "" && s.s.params.UID != who.UID) {
		return ErrOtherAccount
	}
	s.redeemed = true
	return nil
}

// depart leaves the channel in the way that fits the end.
func (s *supplicantSession) depart(err error) {
	if errors.Is(err, ErrRelayDropped) {
		s.ch.drop()
		return
	}
	s.ch.leave(farewell)
}
