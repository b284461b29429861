package widget

import "testing"

func TestPicturesAreReadWithinLimits(t *testing.T) {
	for name, content := range map[string][]byte{"nothing": nil, "no picture": []byte("GIF89a"), "huge": hugePNG()} {
		if DecodeAvatar(content) != nil {
			t.Errorf("%s was decoded", name)
		}
	}
	if letter(" élan") != "É" || letter("…") != "" {
		t.Error("the letter is another one")
	}
}

// hugePNG is the beginning of a PNG file that claims a billion pixels.
func hugePNG() []byte {
	return []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\xff\xff\x00\x00\xff\xff\x08\x00\x00\x00\x00\xd2\xf0\xe7\x3f")
}
