package ece

// Kind says which check refused an encrypted body.
type Kind string

// The kinds, in the order in which the checks are made.
const (
	// KindHeaders: the headers beside the body are missing or malformed, or
	// name an encoding that is not supported.
	KindHeaders Kind = "headers"
	// KindHeader: the header at the start of an aes128gcm body is cut short or
	// holds an impossible record size or key id.
	KindHeader Kind = "header"
	// KindKey: the sender's key is not a point on P-256, or the receiver's own
	// key or authentication secret is not usable.
	KindKey Kind = "key"
	// KindRecord: the body does not divide into records.
	KindRecord Kind = "record"
	// KindDecrypt: a record fails authentication.
	KindDecrypt Kind = "decrypt"
	// KindPadding: a record's padding or delimiter is wrong.
	KindPadding Kind = "padding"
)

// DecodeError is returned for every body that is refused. Its text holds
// neither keys nor message octets.
type DecodeError struct {
	Kind   Kind
	Reason string
}

func (e *DecodeError) Error() string {
	return "ece: " + string(e.Kind) + ": " + e.Reason
}

func refuse(kind Kind, reason string) error {
	return &DecodeError{Kind: kind, Reason: reason}
}
