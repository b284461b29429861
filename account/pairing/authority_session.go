package pairing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// authoritySession is an authority's life with one channel. It belongs to the goroutine of Run.
type authoritySession struct {
	a  *Authority
	ch *channel

	timer   *time.Timer
	onTimer error // what it means when the timer fires
	ends    time.Time

	joined    bool
	request   *Request
	shown     bool      // the peer is shown: state Asked
	verified  time.Time // when a two-step code was accepted
	pending   *confirm  // a confirmation whose two-step code is being checked
	granting  bool
	delivered bool // the code is on its way: from here on the channel's fate does not matter
}

// loop serves the channel until the pairing ends or the code has to be renewed.
func (s *authoritySession) loop(ctx context.Context) error {
	defer s.timer.Stop()
	for !s.delivered {
		var err error
		select {
		case <-ctx.Done():
			return ErrCancelled
		case raw, ok := <-s.ch.link.incoming:
			err = s.incoming(ctx, raw, ok)
		case c := <-s.a.confirms:
			s.confirm(ctx, c)
		case result := <-s.a.results:
			err = result()
		case <-s.timer.C:
			err = s.onTimer
		}
		if err != nil {
			return err
		}
		s.grantIfAgreed(ctx)
	}
	return nil
}

func (s *authoritySession) incoming(ctx context.Context, raw []byte, ok bool) error {
	if !ok {
		if !s.joined {
			return errRenew // the relay restarted or the network went away: a new code heals it
		}
		return ErrRelayDropped
	}
	got, err := s.ch.receive(raw)
	if err != nil {
		return err
	}
	if !s.joined {
		s.joined = true
		s.ends = time.Now().Add(PairingLife)
		s.wait(requestTime, ErrNoAnswer)
		s.a.set(func(st *Status) { st.Joined, st.Until, st.RenewalsLeft = true, s.ends, 0 })
	}
	for _, m := range got.messages {
		if err := s.message(ctx, m, got.sender); err != nil {
			return err
		}
	}
	if got.closed {
		return ErrPeerCancelled
	}
	return nil
}

// wait sets the one timer.
func (s *authoritySession) wait(d time.Duration, meaning error) {
	s.timer.Reset(d)
	s.onTimer = meaning
}

func (s *authoritySession) message(ctx context.Context, m message, from sender) error {
	switch {
	case m.isCancel():
		return ErrPeerCancelled
	case m.Name == nameRequest && s.request == nil:
		return s.asked(ctx, m, from)
	case m.Name == nameSuppAuthorize && s.request != nil:
		s.a.set(func(st *Status) { st.ConfirmedThere = true })
		return nil
	}
	return fmt.Errorf("%w: a message out of turn", ErrDisturbed)
}

// asked checks the request, answers with the metadata and shows the peer.
func (s *authoritySession) asked(ctx context.Context, m message, from sender) error {
	var r Request
	if err := json.Unmarshal(m.Data, &r); err != nil {
		return fmt.Errorf("%w: unreadable", ErrRequestRefused)
	}
	if err := r.check(); err != nil {
		return err
	}
	s.request = &r
	if err := s.ch.send(nameMetadata, s.a.params.Metadata); err != nil {
		return err
	}
	s.wait(time.Until(s.ends), ErrTimedOut)
	peer := from.peer()
	peer.Application, peer.Known = r.ClientID, false
	if name, ok := knownClients[r.ClientID]; ok {
		peer.Application, peer.Known = name, true
	}
	peer.Email = clean(s.a.params.Metadata.Email)
	if s.a.params.TwoStep == nil {
		s.show(peer, false)
		return nil
	}
	s.a.work(ctx, twoStepTime, func(ctx context.Context) func() error {
		required, err := s.a.params.TwoStep.Required(ctx)
		return func() error {
			s.show(peer, err == nil && required)
			return nil
		}
	})
	return nil
}

func (s *authoritySession) show(peer Peer, twoStep bool) {
	s.shown = true
	s.a.setCode(nil)
	s.a.set(func(st *Status) { st.State, st.Peer, st.NeedsTwoStep = Asked, &peer, twoStep })
}

// confirm handles the local yes.
func (s *authoritySession) confirm(ctx context.Context, c confirm) {
	status := s.a.Status()
	switch {
	case !s.shown || s.granting || s.pending != nil || status.ConfirmedHere:
		c.reply <- ErrNotNow
	case !status.NeedsTwoStep:
		s.a.set(func(st *Status) { st.ConfirmedHere, st.Err = true, nil })
		c.reply <- nil
	case c.twoStep == "":
		c.reply <- ErrTwoStepNeeded
	case !twoStepForm().MatchString(c.twoStep):
		c.reply <- s.refused(ErrTwoStepWrong)
	default:
		s.pending = &c
		s.a.work(ctx, twoStepTime, func(ctx context.Context) func() error {
			err := s.a.params.TwoStep.Verify(ctx, c.twoStep)
			return func() error {
				s.twoStepChecked(err)
				return nil
			}
		})
	}
}

func (s *authoritySession) twoStepChecked(err error) {
	c := s.pending
	s.pending = nil
	if err != nil {
		if !errors.Is(err, ErrTwoStepWrong) {
			err = fmt.Errorf("%w: %w", ErrTwoStepUnchecked, err)
		}
		c.reply <- s.refused(err)
		return
	}
	s.verified = time.Now()
	s.a.set(func(st *Status) { st.ConfirmedHere, st.NeedsTwoStep, st.Err = true, false, nil })
	c.reply <- nil
}

// refused shows why a confirmation did not count.
func (s *authoritySession) refused(err error) error {
	s.a.set(func(st *Status) { st.Err = err })
	return err
}

// grantIfAgreed asks the server once both persons have said yes. Waiting for both suits version 1
// supplicants, which may confirm last, and version 2 ones, which sign in with the code at once.
func (s *authoritySession) grantIfAgreed(ctx context.Context) {
	status := s.a.Status()
	if s.granting || !status.ConfirmedHere || !status.ConfirmedThere {
		return
	}
	if !s.verified.IsZero() && time.Since(s.verified) > twoStepAge {
		s.verified = time.Time{}
		s.a.set(func(st *Status) { st.ConfirmedHere, st.NeedsTwoStep, st.Err = false, true, ErrTwoStepNeeded })
		return
	}
	s.granting = true
	s.a.set(func(st *Status) { st.State = Granting })
	request := *s.request
	s.a.work(ctx, grantTime, func(ctx context.Context) func() error {
		grant, err := s.a.params.Granter.Grant(ctx, request)
		return func() error { return s.deliver(grant, err) }
	})
}

func (s *authoritySession) deliver(grant Grant, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %w", ErrGrant, err)
	}
	if !codeForm().MatchString(grant.Code) {
		return fmt.Errorf("%w: the code has a strange form", ErrGrant)
	}
	data := authorization{Code: grant.Code, State: s.request.State, Redirect: grant.Redirect}
	if err := s.ch.send(nameAuthAuthorize, data); err != nil {
		return err
	}
	s.delivered = true
	return nil
}

// depart leaves the channel in the way that fits the end.
func (s *authoritySession) depart(err error) {
	switch {
	case !s.joined, errors.Is(err, ErrRelayDropped):
		s.ch.drop() // nobody is there to be told
		return
	case err == nil:
		// A version 1 supplicant takes a close before its own end for a failure, so it goes first.
		s.ch.awaitBye(farewell)
		s.ch.sayBye()
		s.ch.drop()
		return
	case s.ch.tls.Connected() && !errors.Is(err, ErrPeerCancelled):
		// The other side is told in the words of version 2; version 1 reads the close_notify.
		if sendErr := s.ch.send(nameCancel, nil); sendErr != nil {
			s.ch.drop()
			return
		}
	}
	s.ch.leave(farewell)
}
