package tlspsk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
)

// handleClientHello answers with the whole flight of the server.
func (c *Conn) handleClientHello(m *clientHello, raw []byte) error {
	selected, err := c.selectIdentity(m)
	if err != nil {
		return err
	}
	c.schedule = newSchedule(c.psk, c.observe)
	clear(c.psk)
	if err := c.verifyBinder(m, raw, selected); err != nil {
		return err
	}
	random := make([]byte, randomSize)
	if _, err := io.ReadFull(c.random, random); err != nil {
		return fmt.Errorf("tlspsk: random source: %w", err)
	}
	hello := buildServerHello(random, m.sessionID, selected)
	c.transcript.Write(raw)
	c.transcript.Write(hello)
	if err := c.sealTo(typeHandshake, hello); err != nil {
		return err
	}
	if len(m.sessionID) > 0 {
		// A client that sent a session id expects middlebox compatibility (RFC 8446, appendix D.4).
		if err := c.sealTo(typeChangeCipherSpec, []byte{1}); err != nil {
			return err
		}
	}
	if err := c.sendServerFinished(); err != nil {
		return err
	}
	c.state = waitFinished
	c.keyChanged = true
	return nil
}

// selectIdentity checks the offer and returns the index of our identity in it.
func (c *Conn) selectIdentity(m *clientHello) (int, error) {
	e := &m.extensions
	switch {
	case m.version < 0x0301:
		return 0, refuse(ProtocolVersion)
	case !slices.Contains(m.suites, suite):
		return 0, refuse(HandshakeFailure)
	case !bytes.Equal(m.compression, []byte{0}):
		return 0, refuse(IllegalParameter)
	case e.versions == nil:
		return 0, refuse(MissingExtension)
	case !slices.Contains(e.versions, version13):
		return 0, refuse(ProtocolVersion)
	case e.identities == nil || e.modes == nil:
		return 0, refuse(MissingExtension)
	case !slices.Contains(e.modes, modePSK):
		return 0, refuse(HandshakeFailure)
	}
	selected := slices.IndexFunc(e.identities, func(id []byte) bool { return bytes.Equal(id, c.identity) })
	if selected < 0 {
		return 0, refuse(UnknownPSKIdentity)
	}
	return selected, nil
}

func (c *Conn) verifyBinder(m *clientHello, raw []byte, selected int) error {
	key := c.schedule.binderFinishedKey()
	defer clear(key)
	truncated := sha256.Sum256(raw[:len(raw)-m.extensions.bindersSize])
	if !hmac.Equal(verifyData(key, truncated[:]), m.extensions.binders[selected]) {
		return refuse(DecryptError)
	}
	return nil
}

// sendServerFinished sends EncryptedExtensions and Finished in one record and moves on to the
// application keys for sending.
func (c *Conn) sendServerFinished() error {
	hellos := c.transcript.Sum(nil)
	c.schedule.next("handshake_secret")
	client := c.schedule.traffic("client_handshake_traffic_secret", "c hs traffic", hellos)
	server := c.schedule.traffic("server_handshake_traffic_secret", "s hs traffic", hellos)
	defer clear(client)
	defer clear(server)
	if err := c.out.setSecret(server); err != nil {
		return err
	}
	if err := c.in.setSecret(client); err != nil {
		return err
	}
	flight := buildEncryptedExtensions()
	c.transcript.Write(flight)
	key := finishedKey(server)
	defer clear(key)
	fin := buildFinished(verifyData(key, c.transcript.Sum(nil)))
	c.transcript.Write(fin)
	if err := c.sealTo(typeHandshake, append(flight, fin...)); err != nil {
		return err
	}
	c.peerFinished = finishedKey(client)
	clientApp, serverApp := c.applicationSecrets()
	defer clear(serverApp)
	c.pendingReceive = clientApp
	return c.out.setSecret(serverApp)
}

// applicationSecrets returns the traffic secrets of both directions, from the transcript up to the
// server's Finished, and ends the key schedule.
func (c *Conn) applicationSecrets() (client, server []byte) {
	transcript := c.transcript.Sum(nil)
	c.schedule.next("master_secret")
	client = c.schedule.traffic("client_application_traffic_secret_0", "c ap traffic", transcript)
	server = c.schedule.traffic("server_application_traffic_secret_0", "s ap traffic", transcript)
	c.schedule.wipe()
	return client, server
}

func (c *Conn) handleClientFinished(m *finished) error {
	if !hmac.Equal(verifyData(c.peerFinished, c.transcript.Sum(nil)), m.verifyData) {
		return refuse(DecryptError)
	}
	if err := c.in.setSecret(c.pendingReceive); err != nil {
		return err
	}
	c.finishHandshake()
	return nil
}

func (c *Conn) finishHandshake() {
	c.wipeHandshake()
	c.state = connected
	c.keyChanged = true
	c.event(Event{Kind: Connected})
}
