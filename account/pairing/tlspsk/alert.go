package tlspsk

import (
	"errors"
	"fmt"
)

// Alert is a TLS alert description (RFC 8446, section 6).
type Alert uint8

// The alerts this package sends.
const (
	CloseNotify          Alert = 0
	UnexpectedMessage    Alert = 10
	BadRecordMAC         Alert = 20
	RecordOverflow       Alert = 22
	HandshakeFailure     Alert = 40
	IllegalParameter     Alert = 47
	DecodeError          Alert = 50
	DecryptError         Alert = 51
	ProtocolVersion      Alert = 70
	InternalError        Alert = 80
	MissingExtension     Alert = 109
	UnsupportedExtension Alert = 110
	UnknownPSKIdentity   Alert = 115
)

var alertNames = map[Alert]string{
	CloseNotify:          "close_notify",
	UnexpectedMessage:    "unexpected_message",
	BadRecordMAC:         "bad_record_mac",
	RecordOverflow:       "record_overflow",
	HandshakeFailure:     "handshake_failure",
	IllegalParameter:     "illegal_parameter",
	DecodeError:          "decode_error",
	DecryptError:         "decrypt_error",
	ProtocolVersion:      "protocol_version",
	InternalError:        "internal_error",
	MissingExtension:     "missing_extension",
	UnsupportedExtension: "unsupported_extension",
	UnknownPSKIdentity:   "unknown_psk_identity",
}

// String returns the name of the registry, or the number.
func (a Alert) String() string {
	if name, ok := alertNames[a]; ok {
		return name
	}
	return fmt.Sprintf("alert %d", uint8(a))
}

// AlertError says that the connection is dead, and which alert said so.
type AlertError struct {
	Alert Alert
	// Remote is true when the other side sent the alert, false when this side refused something.
	Remote bool
}

func (e *AlertError) Error() string {
	if e.Remote {
		return "tlspsk: the other side reported " + e.Alert.String()
	}
	return "tlspsk: refused: " + e.Alert.String()
}

var (
	// ErrClosed is returned by Receive for anything after the other side's close_notify. Sending
	// is still possible.
	ErrClosed = errors.New("tlspsk: the other side has closed its direction")
	// ErrSendClosed is returned by Send and Close after Close.
	ErrSendClosed = errors.New("tlspsk: this side has closed its direction")
	// ErrNotConnected is returned by Send while the handshake is not over.
	ErrNotConnected = errors.New("tlspsk: the handshake is not over")
	// ErrWiped is returned by every call after Wipe.
	ErrWiped = errors.New("tlspsk: the connection was wiped")
)

// The levels of an alert.
const (
	levelWarning = 1
	levelFatal   = 2
)
