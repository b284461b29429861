// Package tlspsk is the part of TLS 1.3 (RFC 8446) that the Mozilla accounts pairing channel
// speaks: one externally provisioned pre-shared key, mode psk_ke, cipher suite
// TLS_AES_128_GCM_SHA256 and nothing else. There are no certificates, no Diffie-Hellman
// exchange, no early data, no HelloRetryRequest, no KeyUpdate and no tickets of our own.
//
// A [Conn] is a pure state machine: records go in, records and events come out, and it does no
// I/O. Exactly one TLS record travels in one message of the transport below, so Receive takes one
// whole record and every element of Result.Out is one:
//
//	c, err := tlspsk.NewServer(tlspsk.Config{PSK: key, Identity: []byte(channelID)})
//	for record := range incoming {
//		result, err := c.Receive(record)
//		send(result.Out...) // also when err is set: the alert is among them
//		if err != nil {
//			return err // an *AlertError; the connection is dead
//		}
//		for _, event := range result.Events { … }
//	}
//
// # What it promises
//
// A refused record produces at most one alert and nothing ever after: every later call fails
// with the same error and emits nothing. What is tolerated and which alert answers which fault
// equals what desktop Firefox and the accounts pages do (docs/protocol/pairing.md §5), which is
// stricter than RFC 8446 in places: no handshake message may be split over records, a KeyUpdate is a fault, and a received
// fatal alert is answered with the same alert.
//
// psk_ke has no forward secrecy: whoever learns the key can read a recorded session.
//
// Secrets are wiped from their arrays as soon as they are no longer needed, and all of them by
// Wipe. That is a best effort: the expanded AES key schedule lies inside crypto/aes, and Go's
// runtime may have moved a copy of a stack.
//
// A Conn is not safe for concurrent use.
package tlspsk
