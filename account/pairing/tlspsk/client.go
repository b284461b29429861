package tlspsk

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// Start makes the ClientHello record of a client. It may be called once, and only on a client.
func (c *Conn) Start() ([]byte, error) {
	if c.failed != nil {
		return nil, c.failed
	}
	if !c.client || c.state != waitStart {
		return nil, errors.New("tlspsk: only a client starts, and only once")
	}
	var random [randomSize + maxSessionID]byte
	if _, err := io.ReadFull(c.random, random[:]); err != nil {
		return nil, fmt.Errorf("tlspsk: random source: %w", err)
	}
	c.sessionID = bytes.Clone(random[randomSize:])
	hello := buildClientHello(random[:randomSize], c.sessionID, c.identity)
	c.schedule = newSchedule(c.psk, c.observe)
	clear(c.psk)
	key := c.schedule.binderFinishedKey()
	defer clear(key)
	const bindersSize = 2 + 1 + hashSize
	truncated := sha256.Sum256(hello[:len(hello)-bindersSize])
	copy(hello[len(hello)-hashSize:], verifyData(key, truncated[:]))
	c.transcript.Write(hello)
	c.state = waitServerHello
	return c.out.seal(typeHandshake, hello)
}

func (c *Conn) handleServerHello(m *serverHello, raw []byte) error {
	e := &m.extensions
	switch {
	case m.version != version12, !bytes.Equal(m.sessionID, c.sessionID), m.suite != suite, m.compression != 0:
		return refuse(IllegalParameter)
	case e.versions == nil || !e.hasSelected:
		return refuse(MissingExtension)
	case e.count > 2:
		return refuse(UnsupportedExtension)
	case e.versions[0] != version13, e.selected != 0:
		return refuse(IllegalParameter)
	}
	c.transcript.Write(raw)
	hellos := c.transcript.Sum(nil)
	c.schedule.next("handshake_secret")
	c.clientTraffic = c.schedule.traffic("client_handshake_traffic_secret", "c hs traffic", hellos)
	server := c.schedule.traffic("server_handshake_traffic_secret", "s hs traffic", hellos)
	defer clear(server)
	if err := c.out.setSecret(c.clientTraffic); err != nil {
		return err
	}
	if err := c.in.setSecret(server); err != nil {
		return err
	}
	c.peerFinished = finishedKey(server)
	c.state = waitEncryptedExtensions
	c.keyChanged = true
	return nil
}

func (c *Conn) handleEncryptedExtensions(m *encryptedExtensions, raw []byte) error {
	if m.extensions.count > 0 {
		return refuse(UnsupportedExtension)
	}
	c.transcript.Write(raw)
	c.state = waitFinished
	return nil
}

func (c *Conn) handleServerFinished(m *finished, raw []byte) error {
	if !hmac.Equal(verifyData(c.peerFinished, c.transcript.Sum(nil)), m.verifyData) {
		return refuse(DecryptError)
	}
	c.transcript.Write(raw)
	key := finishedKey(c.clientTraffic)
	defer clear(key)
	fin := buildFinished(verifyData(key, c.transcript.Sum(nil)))
	if err := c.sealTo(typeHandshake, fin); err != nil {
		return err
	}
	client, server := c.applicationSecrets()
	defer clear(client)
	defer clear(server)
	if err := c.out.setSecret(client); err != nil {
		return err
	}
	if err := c.in.setSecret(server); err != nil {
		return err
	}
	c.finishHandshake()
	return nil
}
