package ece

// EncryptAs is Encrypt with another record size and padding.
var EncryptAs = encrypt

// DecryptContent opens a body whose input keying material is known by other means,
// as in the examples of RFC 8188, section 3. The key id in the header is ignored.
func DecryptContent(ikm, body []byte) ([]byte, error) {
	h, err := parseHeader(body)
	if err != nil {
		return nil, err
	}
	return openRecords(ikm, h)
}
